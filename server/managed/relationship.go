package managed

import (
	"context"
	"errors"
	"net/http"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

type patchRelationshipInput struct {
	ObjectType string     `json:"objectType"`
	Property   string     `json:"propertyName"`
	Action     string     `json:"action"`
	Definition aic.Object `json:"propertyDefinition,omitempty" jsonschema:"for add and update, whole, e.g. {\"title\":\"Badge\",\"type\":\"relationship\",\"reverseRelationship\":true,\"reversePropertyName\":\"custom_owner\",\"resourceCollection\":[{\"path\":\"managed/badge\",\"query\":{\"fields\":[\"number\"],\"queryFilter\":\"true\"},\"reverseProperty\":{\"title\":\"Owner\",\"type\":\"array\"}}]}; for many, {\"type\":\"array\",\"items\":...}"`
}

type patchRelationshipOutput struct {
	ObjectType string     `json:"objectType"`
	Property   string     `json:"propertyName"`
	Action     string     `json:"action"`
	Definition aic.Object `json:"propertyDefinition,omitempty" jsonschema:"as it is now or, removed, as it was"`
}

var patchRelationship = tool.Define(tool.Spec{
	Name:        "patchManagedObjectRelationship",
	Title:       "Patch Managed Object Relationship",
	Description: "Add, replace or remove a custom relationship property of a type, with its reverse property.",
	Scopes:      []tool.Scope{aic.IDM},
	Effect:      tool.Destructive,
	NoSecrets:   true,
	Params: tool.Params{
		"objectType":   typeRules,
		"propertyName": tool.Rules(tool.Pattern(`^custom_[a-zA-Z0-9_-]+$`, "must begin with custom_, and consist of letters, digits, _ and -")),
		"action":       tool.Rules(tool.Enum("add", "update", "remove")),
	},
	Less: "The relationship was changed; read it with getManagedObjectSchema.",
}, func(ctx context.Context, c *aic.Client, in patchRelationshipInput) (patchRelationshipOutput, error) {
	if err := in.check(); err != nil {
		return patchRelationshipOutput{}, err
	}
	out := patchRelationshipOutput{ObjectType: in.ObjectType, Property: in.Property, Action: in.Action}
	var err error
	if in.Action == "remove" {
		out.Definition, err = c.DeleteSchemaProperty(ctx, in.ObjectType, in.Property)
		return out, in.explain(err)
	}
	out.Definition, err = c.PutSchemaProperty(ctx, in.ObjectType, in.Property, in.Definition, in.allow)
	return out, in.explain(err)
})

// allow tells add from update, for which the tenant takes the same request.
func (in patchRelationshipInput) allow(readErr error) error {
	var e *rest.Error
	missing := errors.As(readErr, &e) && e.Status == http.StatusNotFound
	switch {
	case in.Action == "add" && readErr == nil:
		return &tool.Failure{
			Reason: "Conflict", Message: "the type has a relationship of that name already", Parameter: "propertyName",
			Hint: "To replace it, use the action update. Nothing was changed.",
		}
	case in.Action == "add" && missing:
		return nil
	}
	return readErr
}

func (in patchRelationshipInput) check() error {
	const nothing = "Nothing was sent to the tenant."
	switch {
	case in.Action == "remove" && in.Definition != nil:
		return tool.Invalid("propertyDefinition", "is not for remove", "Leave it out. "+nothing)
	case in.Action == "remove":
		return nil
	case in.Definition == nil:
		return tool.Invalid("propertyDefinition", "is required for "+in.Action, "Give the whole definition. "+nothing)
	case !isRelationship(in.Definition):
		return tool.Invalid("propertyDefinition", "is no relationship: its type must be relationship, or array with items of that type",
			"For other properties call patchManagedObjectDefinition. "+nothing)
	}
	return nil
}

func (in patchRelationshipInput) explain(err error) error {
	var e *rest.Error
	if !errors.As(err, &e) || e.Unknown {
		return explainDefinition(err)
	}
	switch e.Status {
	case http.StatusNotFound:
		if in.Action == "add" {
			return tool.WithHint(err, "objectType", "Call listManagedObjects for the types that there are.")
		}
		return tool.WithHint(err, "propertyName", "Call getManagedObjectSchema for the relationships that the type has, or listManagedObjects if the type is in doubt; to make a new one, use the action add.")
	case http.StatusBadRequest:
		if in.Action == "remove" {
			return tool.WithHint(err, "propertyName", "Properties that are no relationships cannot be removed here: call patchManagedObjectDefinition for them. getManagedObjectSchema lists the relationships.")
		}
		return tool.WithHint(err, "propertyDefinition", "Compare it with a relationship that is there, from getManagedObjectSchema with includeFullDefinition. Where reverseRelationship is true, every write needs a reverseProperty in resourceCollection, which the definition does not show.")
	}
	return err
}
