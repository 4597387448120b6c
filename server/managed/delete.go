package managed

import (
	"context"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type deleteInput struct {
	ObjectType string `json:"objectType"`
	ObjectID   string `json:"objectId" jsonschema:"its _id"`
	Revision   string `json:"revision,omitempty" jsonschema:"delete only if this is its current _rev"`
}

type deleteOutput struct {
	ID     string     `json:"deletedId"`
	Object aic.Object `json:"object,omitempty" jsonschema:"as it was"`
}

var remove = tool.Define(tool.Spec{
	Name:        "deleteManagedObject",
	Title:       "Delete Managed Object",
	Description: "Delete an object for good. Read it first to be sure it is the right one.",
	Scopes:      []tool.Scope{aic.IDM},
	Effect:      tool.Destructive,
	Params: tool.Params{
		"objectType": typeRules,
		"objectId":   idRules,
		"revision":   revisionRules,
	},
	Less: "The object was deleted.",
}, func(ctx context.Context, c *aic.Client, in deleteInput) (deleteOutput, error) {
	deleted, err := c.DeleteManaged(ctx, in.ObjectType, in.ObjectID, in.Revision)
	if err != nil {
		return deleteOutput{}, explain(err, true)
	}
	return deleteOutput{ID: in.ObjectID, Object: deleted}, nil
})
