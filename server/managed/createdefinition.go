package managed

import (
	"context"
	"maps"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type createDefinitionInput struct {
	Name       string     `json:"objectName"`
	Definition aic.Object `json:"objectDefinition" jsonschema:"e.g. {\"schema\":{\"type\":\"object\",\"title\":\"Badge\",\"properties\":{\"number\":{\"type\":\"string\"}},\"order\":[\"number\"],\"required\":[\"number\"]}}"`
}

type createDefinitionOutput struct {
	Name       string     `json:"name"`
	Definition aic.Object `json:"definition" jsonschema:"as the tenant has it now"`
}

var createDefinition = tool.Define(tool.Spec{
	Name:        "createManagedObjectDefinition",
	Title:       "Create Managed Object Type",
	Description: "Define a new managed object type. Add relationships afterwards, with patchManagedObjectRelationship.",
	Scopes:      []tool.Scope{aic.IDM},
	Effect:      tool.Additive,
	NoSecrets:   true,
	Params:      tool.Params{"objectName": nameRules},
	Less:        "The type was created; read it with getManagedObjectSchema.",
}, func(ctx context.Context, c *aic.Client, in createDefinitionInput) (createDefinitionOutput, error) {
	if object(object(in.Definition, "schema"), "properties") == nil {
		return createDefinitionOutput{}, tool.Invalid("objectDefinition", "has no object schema.properties",
			"Give schema.properties an object with the definition of each property. Nothing was sent to the tenant.")
	}
	if holdsRelationship(in.Definition) {
		return createDefinitionOutput{}, tool.Invalid("objectDefinition", "defines a relationship",
			"Leave it out and add it afterwards: relationships have two ends and are kept by another API, patchManagedObjectRelationship. Nothing was sent to the tenant.")
	}
	if name := brokenDefault(object(object(in.Definition, "schema"), "properties")); name != "" {
		return createDefinitionOutput{}, tool.Invalid("objectDefinition", "gives the property "+tool.Quote(name)+" a default that is not of its type",
			"The tenant would take it and then not know the type: correct the default. Nothing was sent to the tenant.")
	}
	value := maps.Clone(in.Definition)
	value["name"] = in.Name
	changed, err := c.ChangeConfig(ctx, aic.ManagedConfig, func(doc aic.Object) (aic.ConfigEdit, error) {
		if position(doc, in.Name) >= 0 {
			return aic.ConfigEdit{}, &tool.Failure{
				Reason:    "Conflict",
				Message:   "this tenant has a managed object type of that name already",
				Parameter: "objectName",
				Hint:      "To change it, call patchManagedObjectDefinition; otherwise choose another name.",
			}
		}
		return aic.ConfigEdit{
			Operations: []aic.PatchOperation{{Operation: "add", Field: "/objects/-", Value: value}},
			Shows:      func(doc aic.Object) bool { return position(doc, in.Name) >= 0 },
		}, nil
	})
	if err != nil {
		return createDefinitionOutput{}, explainDefinition(err)
	}
	return createDefinitionOutput{in.Name, definition(changed.Document, in.Name)}, nil
})
