package journeys

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type typesInput struct {
	Realm string `json:"realm"`
	Query string `json:"query,omitempty" jsonschema:"only types with this in ID, name or a tag"`
}

type typesOutput struct {
	Types []nodeType `json:"nodeTypes"`
	Count int        `json:"resultCount"`
}

var listTypes = tool.Define(tool.Spec{
	Name:        "listNodeTypes",
	Title:       "List Node Types",
	Description: "List the types of nodes that journeys can have. getNodeTypeDetails tells how to configure one.",
	Scopes:      scopes,
	Effect:      tool.ReadOnly,
	Params:      tool.Params{"realm": realmRules, "query": tool.Rules(tool.Length(1, 100))},
	Count:       "resultCount",
	Less:        "Call again with query, such as password, mfa or utilities.",
}, func(ctx context.Context, c *aic.Client, in typesInput) (typesOutput, error) {
	types, err := readTypes(ctx, c, in.Realm)
	if err != nil {
		return typesOutput{}, err
	}
	out := typesOutput{Types: []nodeType{}}
	for _, t := range types {
		if t.matches(in.Query) {
			out.Types = append(out.Types, t)
		}
	}
	out.Count = len(out.Types)
	slices.SortFunc(out.Types, func(a, b nodeType) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
})

func (t nodeType) matches(query string) bool {
	query = strings.ToLower(query)
	return slices.ContainsFunc(append([]string{t.ID, t.Name}, t.Tags...), func(s string) bool {
		return strings.Contains(strings.ToLower(s), query)
	})
}
