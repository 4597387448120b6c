package managed

import (
	"context"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type createInput struct {
	ObjectType string     `json:"objectType"`
	Data       aic.Object `json:"objectData" jsonschema:"the new object's properties"`
}

// written is what a write of an object returns.
type written struct {
	ID       string     `json:"id"`
	Revision string     `json:"revision,omitempty" jsonschema:"for patchManagedObject"`
	Object   aic.Object `json:"object"`
}

func writtenFrom(doc aic.Object) written {
	return written{ID: aic.String(doc, "_id"), Revision: aic.String(doc, "_rev"), Object: doc}
}

var create = tool.Define(tool.Spec{
	Name:        "createManagedObject",
	Title:       "Create Managed Object",
	Description: "Create an object. Call getManagedObjectSchema first for the required properties.",
	Scopes:      []tool.Scope{aic.IDM},
	Effect:      tool.Additive,
	Params:      tool.Params{"objectType": typeRules},
	Less:        "The object was created; read the rest with getManagedObject and fields.",
}, func(ctx context.Context, c *aic.Client, in createInput) (written, error) {
	doc, err := c.CreateManaged(ctx, in.ObjectType, in.Data)
	if err != nil {
		return written{}, explain(err, false)
	}
	return writtenFrom(doc), nil
})
