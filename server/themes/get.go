package themes

import (
	"context"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type getInput struct {
	Realm string `json:"realm"`
	Theme string `json:"themeIdentifier" jsonschema:"ID or name"`
}

type getOutput struct {
	Theme aic.Object `json:"theme"`
}

var get = tool.Define(tool.Spec{
	Name:        "getTheme",
	Title:       "Get Theme",
	Description: "Read one theme with all its fields.",
	Scopes:      []tool.Scope{aic.IDM},
	Effect:      tool.ReadOnly,
	Params:      tool.Params{"realm": realmRules, "themeIdentifier": identifierRules},
	Less:        "Call getThemes with the fields that you need.",
}, func(ctx context.Context, c *aic.Client, in getInput) (getOutput, error) {
	is := aic.Literal(in.Theme)
	themes, err := query(ctx, c, in.Realm, "_id eq "+is+" or name eq "+is, "")
	if err != nil {
		return getOutput{}, err
	}
	i, err := find(themes, in.Theme)
	if err != nil {
		return getOutput{}, err
	}
	return getOutput{themes[i].(map[string]any)}, nil
})
