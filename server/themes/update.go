package themes

import (
	"context"
	"maps"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type updateInput struct {
	Realm   string     `json:"realm"`
	Theme   string     `json:"themeIdentifier" jsonschema:"ID or name"`
	Updates aic.Object `json:"themeUpdates" jsonschema:"the fields to change, with their new values"`
}

var update = tool.Define(tool.Spec{
	Name:        "updateTheme",
	Title:       "Update Theme",
	Description: "Change fields of a theme; the others stay. Call getThemeSchema first for the fields.",
	Scopes:      []tool.Scope{aic.IDM},
	Effect:      tool.Idempotent,
	NoSecrets:   true,
	Params:      tool.Params{"realm": realmRules, "themeIdentifier": identifierRules},
	Less:        "The theme was changed; read it with getTheme.",
}, func(ctx context.Context, c *aic.Client, in updateInput) (written, error) {
	updates, others, err := checked("themeUpdates", in.Updates)
	if err != nil {
		return written{}, err
	}
	if len(updates) == 0 {
		return written{}, tool.Invalid("themeUpdates", "names no field to change", nothingSent)
	}
	var out written
	told, err := change(ctx, c, in.Realm, func(themes []any) ([]any, target, error) {
		i, err := find(themes, in.Theme)
		if err != nil {
			return nil, target{}, err
		}
		theme, _ := themes[i].(map[string]any)
		if err := inherited("themeUpdates", theme, updates, others); err != nil {
			return nil, target{}, err
		}
		if name := aic.String(updates, "name"); name != "" {
			err = nameFree(themes, name, "themeUpdates", i)
		}
		maps.Copy(theme, updates)
		out = written{ID: aic.String(theme, "_id"), Theme: theme}
		return themes, target{out.ID, updates}, err
	})
	if err != nil {
		return written{}, err
	}
	out.outcome = told
	return out, nil
})
