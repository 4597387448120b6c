package esv

import (
	"context"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type getInput struct {
	ID string `json:"variableId"`
}

var get = tool.Define(tool.Spec{
	Name:        "getVariable",
	Title:       "Get Environment Variable",
	Description: "Read an environment variable, its value decoded. Find IDs with queryESVs.",
	Scopes:      []tool.Scope{aic.ESVRead},
	Effect:      tool.ReadOnly,
	Params:      tool.Params{"variableId": idRules},
	Less:        "There is no way to read a part of a value.",
}, func(ctx context.Context, c *aic.Client, in getInput) (variable, error) {
	doc, err := c.ReadVariable(ctx, in.ID)
	if err != nil {
		return variable{}, explain(err)
	}
	return variableFrom(in.ID, doc), nil
})
