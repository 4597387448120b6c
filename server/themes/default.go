package themes

import (
	"context"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type defaultInput struct {
	Realm string `json:"realm"`
	Theme string `json:"themeIdentifier" jsonschema:"ID or name"`
}

type defaultOutput struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Before []any  `json:"before" jsonschema:"IDs of what was the default"`
	outcome
}

var makeDefault = tool.Define(tool.Spec{
	Name:        "setDefaultTheme",
	Title:       "Set Default Theme",
	Description: "Make a theme its realm's only default: that of all journeys that have no theme of their own.",
	Scopes:      []tool.Scope{aic.IDM},
	Effect:      tool.Idempotent,
	Params:      tool.Params{"realm": realmRules, "themeIdentifier": identifierRules},
	Less:        "The default was set.",
}, func(ctx context.Context, c *aic.Client, in defaultInput) (defaultOutput, error) {
	var out defaultOutput
	told, err := change(ctx, c, in.Realm, func(themes []any) ([]any, target, error) {
		i, err := find(themes, in.Theme)
		if err != nil {
			return nil, target{}, err
		}
		out = defaultOutput{ID: aic.String(themes[i], "_id"), Name: aic.String(themes[i], "name"), Before: defaults(themes)}
		setDefault(themes, i)
		return themes, target{out.ID, aic.Object{"isDefault": true}}, nil
	})
	if err != nil {
		return defaultOutput{}, err
	}
	out.outcome = told
	return out, nil
})
