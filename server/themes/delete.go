package themes

import (
	"context"
	"slices"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type deleteInput struct {
	Realm string `json:"realm"`
	Theme string `json:"themeIdentifier" jsonschema:"ID or name"`
}

type deleteOutput struct {
	ID    string     `json:"deletedId"`
	Theme aic.Object `json:"theme" jsonschema:"as it was"`
	outcome
}

var remove = tool.Define(tool.Spec{
	Name:        "deleteTheme",
	Title:       "Delete Theme",
	Description: "Delete a theme for good; its journeys get the realm's default. The default itself is refused: call setDefaultTheme first.",
	Scopes:      []tool.Scope{aic.IDM},
	Effect:      tool.Destructive,
	Params:      tool.Params{"realm": realmRules, "themeIdentifier": identifierRules},
	Less:        "The theme was deleted.",
}, func(ctx context.Context, c *aic.Client, in deleteInput) (deleteOutput, error) {
	var out deleteOutput
	told, err := change(ctx, c, in.Realm, func(themes []any) ([]any, target, error) {
		i, err := find(themes, in.Theme)
		if err != nil {
			return nil, target{}, err
		}
		theme, _ := themes[i].(map[string]any)
		if theme["isDefault"] == true && len(defaults(themes)) == 1 {
			return nil, target{}, &tool.Failure{
				Reason: "Conflict", Message: "the theme is its realm's default, which cannot be deleted", Parameter: "themeIdentifier",
				Hint: "Make another theme the default with setDefaultTheme first. Nothing was changed.",
			}
		}
		out = deleteOutput{ID: aic.String(theme, "_id"), Theme: theme}
		return slices.Delete(themes, i, i+1), target{id: out.ID}, nil
	})
	if err != nil {
		return deleteOutput{}, err
	}
	out.outcome = told
	return out, nil
})
