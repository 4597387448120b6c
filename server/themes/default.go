package themes

import (
	"context"
	"fmt"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type defaultInput struct {
	Realm string `json:"realm"`
	Theme string `json:"themeIdentifier" jsonschema:"ID or name"`
}

type defaultOutput struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Before   []any  `json:"before" jsonschema:"IDs of what was the default"`
	Repaired string `json:"repaired,omitempty" jsonschema:"what was wrong with the realm's default, and no longer is"`
	Warning  string `json:"warning,omitempty" jsonschema:"what to check, when the tenant was slow"`
}

var setDefault = tool.Define(tool.Spec{
	Name:        "setDefaultTheme",
	Title:       "Set Default Theme",
	Description: "Make a theme its realm's only default: that of all journeys that have no theme of their own.",
	Scopes:      []tool.Scope{tool.IDM},
	Effect:      tool.Idempotent,
	Params:      tool.Params{"realm": realmRules, "themeIdentifier": identifierRules},
	Less:        "The default was set.",
}, func(ctx context.Context, c *aic.Client, in defaultInput) (defaultOutput, error) {
	var out defaultOutput
	warning, err := change(ctx, c, in.Realm, func(themes []any) any { return defaults(themes) }, func(themes []any) ([]any, error) {
		i, err := find(themes, in.Theme)
		if err != nil {
			return nil, err
		}
		out = defaultOutput{ID: aic.String(themes[i], "_id"), Name: aic.String(themes[i], "name"), Before: defaults(themes)}
		switch n := len(out.Before); {
		case n == 0:
			out.Repaired = "the realm had no default theme"
		case n > 1:
			out.Repaired = fmt.Sprintf("the realm had %d default themes", n)
		}
		for at, e := range themes {
			if theme, ok := e.(map[string]any); ok {
				theme["isDefault"] = at == i
			}
		}
		return themes, nil
	})
	if err != nil {
		return defaultOutput{}, err
	}
	out.Warning = warning
	return out, nil
})
