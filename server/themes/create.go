package themes

import (
	"context"
	"maps"

	"github.com/google/uuid"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type createInput struct {
	Realm string     `json:"realm"`
	Data  aic.Object `json:"themeData" jsonschema:"name, and the fields that differ from the defaults"`
}

var create = tool.Define(tool.Spec{
	Name:        "createTheme",
	Title:       "Create Theme",
	Description: "Create a theme. Call getThemeSchema first for the fields. It becomes the default of a realm that has none.",
	Scopes:      []tool.Scope{aic.IDM},
	Effect:      tool.Additive,
	NoSecrets:   true,
	Params:      tool.Params{"realm": realmRules},
	Less:        "The theme was created; read it with getTheme.",
}, func(ctx context.Context, c *aic.Client, in createInput) (written, error) {
	data, others, err := checked("themeData", in.Data)
	if err != nil {
		return written{}, err
	}
	if len(others) > 0 {
		return written{}, undeclared("themeData", others[0], "is not a field of a theme")
	}
	if data["name"] == nil {
		return written{}, tool.Invalid("themeData.name", "is required", nothingSent)
	}
	theme := aic.Object{}
	for _, f := range fields() {
		if f.Required {
			theme[f.Name] = f.Default
		}
	}
	for name, v := range data {
		theme[name] = v
	}
	id := uuid.NewString()
	theme["_id"] = id
	told, err := change(ctx, c, in.Realm, func(themes []any) ([]any, target, error) {
		theme["isDefault"] = len(defaults(themes)) == 0
		fields := maps.Clone(theme)
		delete(fields, "isDefault") // another theme may become the default
		return append(themes, theme), target{id, fields}, nameFree(themes, aic.String(theme, "name"), "themeData", -1)
	})
	if err != nil {
		return written{}, err
	}
	return written{id, theme, told}, nil
})
