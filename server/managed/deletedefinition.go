package managed

import (
	"context"
	"maps"
	"slices"
	"strings"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type removeDefinitionInput struct {
	Name string `json:"objectName"`
}

type removeDefinitionOutput struct {
	Name       string     `json:"deletedName"`
	Note       string     `json:"note"`
	Definition aic.Object `json:"definition" jsonschema:"as it was"`
	Warning    string     `json:"warning,omitempty" jsonschema:"what to check, when the tenant was slow"`
}

// lateWarning is for a write that may have undone somebody else's.
const lateWarning = "The tenant took so long that a change which somebody else made to types at the same time may be undone: compare the other types, by getManagedObjectSchema with includeFullDefinition, with what they should be."

var removeDefinition = tool.Define(tool.Spec{
	Name:        "deleteManagedObjectDefinition",
	Title:       "Delete Managed Object Type",
	Description: "Delete a type's definition. Its objects are not deleted but out of reach: delete them first. Refused while other types refer to it.",
	Scopes:      []tool.Scope{aic.IDM},
	Effect:      tool.Destructive,
	Params:      tool.Params{"objectName": typeRules},
	Less:        "The type was deleted.",
}, func(ctx context.Context, c *aic.Client, in removeDefinitionInput) (removeDefinitionOutput, error) {
	var was aic.Object
	changed, err := c.ChangeConfig(ctx, aic.ManagedConfig, func(doc aic.Object) (aic.ConfigEdit, error) {
		if was = definition(doc, in.Name); was == nil {
			return aic.ConfigEdit{}, unknownType("objectName", definitionsIn(doc))
		}
		if users := referring(doc, in.Name); len(users) > 0 {
			return aic.ConfigEdit{}, &tool.Failure{
				Reason:    "Conflict",
				Message:   "other types have relationships with this one: " + strings.Join(users, ", "),
				Parameter: "objectName",
				Hint:      "Remove these first: those that begin with custom_ with patchManagedObjectRelationship, action remove. Stock relationships cannot go, and neither can the types that they lead to. Nothing was changed.",
			}
		}
		// The tenant takes no patch that removes by position.
		entries, _ := doc["objects"].([]any)
		i := position(doc, in.Name)
		doc["objects"] = slices.Delete(slices.Clone(entries), i, i+1)
		return aic.ConfigEdit{Document: doc, Shows: func(doc aic.Object) bool { return position(doc, in.Name) < 0 }}, nil
	})
	if err != nil {
		return removeDefinitionOutput{}, explainDefinition(err)
	}
	out := removeDefinitionOutput{
		Name:       in.Name,
		Note:       "Objects of this type were not deleted: they are in the directory still, out of reach until a type of this name is defined again.",
		Definition: was,
	}
	if holdsRelationship(was) {
		out.Note += " createManagedObjectDefinition can restore the type but for its relationships, which have to be left out."
	} else {
		out.Note += " createManagedObjectDefinition can restore the type from its definition."
	}
	if changed.Late {
		out.Warning = lateWarning
	}
	return out, nil
})

// referring lists the relationship properties of other types that lead to the
// named one, as "type.property".
func referring(doc aic.Object, name string) []string {
	var out []string
	for _, d := range definitionsIn(doc) {
		if aic.String(d, "name") == name {
			continue
		}
		properties := object(object(d, "schema"), "properties")
		for _, property := range slices.Sorted(maps.Keys(properties)) {
			p, _ := properties[property].(map[string]any)
			if isRelationship(p) && (refersTo(p, name) || refersTo(object(p, "items"), name)) {
				out = append(out, tool.Quote(aic.String(d, "name")+"."+property))
			}
		}
	}
	return out
}

func refersTo(p aic.Object, name string) bool {
	collections, _ := p["resourceCollection"].([]any)
	return slices.ContainsFunc(collections, func(e any) bool {
		collection, _ := e.(map[string]any)
		return aic.String(collection, "path") == "managed/"+name
	})
}
