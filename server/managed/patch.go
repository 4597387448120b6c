package managed

import (
	"context"
	"encoding/json"
	"fmt"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type patchInput struct {
	ObjectType string      `json:"objectType"`
	ObjectID   string      `json:"objectId" jsonschema:"its _id"`
	Revision   string      `json:"revision" jsonschema:"its current _rev"`
	Operations []operation `json:"operations"`
}

type operation struct {
	Operation string `json:"operation" jsonschema:"test is not supported"`
	Field     string `json:"field" jsonschema:"e.g. /mail; /roles/- appends"`
	Value     any    `json:"value,omitempty" jsonschema:"for add, replace, increment, or the element to remove"`
	From      string `json:"from,omitempty" jsonschema:"source of move and copy"`
}

var patch = tool.Define(tool.Spec{
	Name:        "patchManagedObject",
	Title:       "Patch Managed Object",
	Description: "Change fields of an object, all or none. Read it first: the change is refused if revision is not its current one.",
	Scopes:      []tool.Scope{aic.IDM},
	Effect:      tool.Destructive,
	Params: tool.Params{
		"objectType":           typeRules,
		"objectId":             idRules,
		"revision":             revisionRules,
		"operations":           tool.Rules(tool.Items(1, 100)),
		"operations.operation": tool.Rules(tool.Enum("add", "remove", "replace", "increment", "move", "copy", "test")),
		"operations.field":     tool.Rules(tool.Pattern(`.`, "must name a field")),
	},
	Less: "The object was changed; read the rest with getManagedObject and fields.",
}, func(ctx context.Context, c *aic.Client, in patchInput) (written, error) {
	ops := make([]aic.PatchOperation, 0, len(in.Operations))
	for i, o := range in.Operations {
		if err := o.check(fmt.Sprintf("operations[%d]", i)); err != nil {
			return written{}, err
		}
		ops = append(ops, aic.PatchOperation{Operation: o.Operation, Field: o.Field, Value: o.Value, From: o.From})
	}
	doc, err := c.PatchManaged(ctx, in.ObjectType, in.ObjectID, in.Revision, ops)
	if err != nil {
		return written{}, explain(err, true)
	}
	return writtenFrom(doc), nil
})

// check refuses what the tenant would refuse, or worse, ignore.
func (o operation) check(at string) error {
	nothing := "Correct the operation and call again; nothing was sent to the tenant."
	switch o.Operation {
	case "test":
		return tool.Invalid(at+".operation", "is test, which the tenant does not have",
			"Leave it out: revision already guarantees that the object is the one that you read. Nothing was sent to the tenant.")
	case "add", "replace", "increment":
		if o.Value == nil {
			return tool.Invalid(at+".value", "is required for "+o.Operation+", and may not be null: to take a field away, use remove", nothing)
		}
	case "move", "copy":
		if o.From == "" {
			return tool.Invalid(at+".from", "is required for "+o.Operation, nothing)
		}
	}
	if o.Operation == "increment" {
		if _, ok := o.Value.(json.Number); !ok {
			return tool.Invalid(at+".value", "must be a number for increment", nothing)
		}
	}
	return nil
}
