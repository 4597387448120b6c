package managed

import (
	"context"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type getInput struct {
	ObjectType string `json:"objectType"`
	ObjectID   string `json:"objectId" jsonschema:"its _id"`
	Fields     string `json:"fields,omitempty" jsonschema:"comma-separated; default all but relationships (*_ref)"`
}

type getOutput struct {
	Object aic.Object `json:"object"`
}

var get = tool.Define(tool.Spec{
	Name:        "getManagedObject",
	Title:       "Get Managed Object",
	Description: "Read one object. Its _rev is the revision that patchManagedObject wants.",
	Scopes:      []tool.Scope{aic.IDM},
	Effect:      tool.ReadOnly,
	Params:      tool.Params{"objectType": typeRules, "objectId": idRules},
	Less:        "Call again with fields.",
}, func(ctx context.Context, c *aic.Client, in getInput) (getOutput, error) {
	doc, err := c.ReadManaged(ctx, in.ObjectType, in.ObjectID, in.Fields)
	if err != nil {
		return getOutput{}, blame(explain(err, true), map[string]string{"fields": in.Fields})
	}
	return getOutput{doc}, nil
})
