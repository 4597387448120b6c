package themes

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

type listInput struct {
	Realm  string `json:"realm"`
	Fields string `json:"fields,omitempty" jsonschema:"comma-separated; default name,isDefault,linkedTrees"`
}

type listOutput struct {
	Themes []aic.Object `json:"themes"`
	Count  int          `json:"resultCount"`
}

const defaultFields = "name,isDefault,linkedTrees"

var list = tool.Define(tool.Spec{
	Name:        "getThemes",
	Title:       "Get Themes",
	Description: "List the themes of a realm, with their IDs, names and journeys.",
	Scopes:      []tool.Scope{aic.IDM},
	Effect:      tool.ReadOnly,
	Params:      tool.Params{"realm": realmRules},
	Count:       "resultCount",
	Less:        "Call again with fewer fields.",
}, func(ctx context.Context, c *aic.Client, in listInput) (listOutput, error) {
	if strings.Trim(in.Fields, ", ") == "" {
		in.Fields = defaultFields
	}
	themes, err := query(ctx, c, in.Realm, "true", in.Fields)
	if err != nil {
		return listOutput{}, blame(err)
	}
	out := listOutput{Themes: []aic.Object{}, Count: len(themes)}
	for _, e := range themes {
		out.Themes = append(out.Themes, e.(map[string]any))
	}
	return out, nil
})

// query returns the themes that match, each an object.
func query(ctx context.Context, c *aic.Client, realm, filter, fields string) ([]any, error) {
	page, err := c.QueryThemes(ctx, realm, filter, fields)
	if err != nil {
		return nil, explain(err)
	}
	result, ok := page["result"].([]any)
	for _, e := range result {
		_, isObject := e.(map[string]any)
		ok = ok && isObject
	}
	if !ok {
		return nil, tool.Unusable("the tenant's answer to the query has no list of themes")
	}
	return result, nil
}

// blame adds to a 400 that the fields, all that a caller can get wrong, are.
func blame(err error) error {
	var e *rest.Error
	if errors.As(err, &e) && e.Status == http.StatusBadRequest {
		return tool.WithHint(err, "fields", "Fields are names, comma-separated; getThemeSchema lists them.")
	}
	return err
}
