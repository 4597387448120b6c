package themes

import (
	"context"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type schemaInput struct {
	Group string `json:"group,omitempty" jsonschema:"only this part; default all"`
}

type schemaOutput struct {
	Kinds     map[kind]string `json:"kinds" jsonschema:"what a value of each kind must be"`
	Fields    []field         `json:"fields"`
	Protected []string        `json:"protected" jsonschema:"fields that cannot be given"`
}

var schema = tool.Define(tool.Spec{
	Name:        "getThemeSchema",
	Title:       "Get Theme Schema",
	Description: "The fields of a theme: what they do, values, defaults. Call it before createTheme and updateTheme.",
	Scopes:      []tool.Scope{aic.IDM},
	Effect:      tool.ReadOnly,
	Params:      tool.Params{"group": tool.Rules(tool.Enum(groups...))},
	Less:        "Call again with group.",
}, func(_ context.Context, _ *aic.Client, in schemaInput) (schemaOutput, error) {
	out := schemaOutput{Kinds: map[kind]string{}, Fields: []field{}, Protected: []string{"_id", "isDefault: see setDefaultTheme"}}
	for _, f := range fields() {
		if in.Group == "" || f.Group == in.Group {
			out.Fields = append(out.Fields, f)
			out.Kinds[f.Kind] = kinds[f.Kind]
		}
	}
	return out, nil
})
