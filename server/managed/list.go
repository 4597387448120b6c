package managed

import (
	"context"
	"slices"
	"strings"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type listInput struct{}

type listOutput struct {
	Types []typeSummary `json:"types"`
}

type typeSummary struct {
	Name        string   `json:"name"`
	Title       string   `json:"title,omitempty"`
	Description string   `json:"description,omitempty"`
	Required    []string `json:"required" jsonschema:"required properties"`
	Properties  int      `json:"properties" jsonschema:"number of properties"`
}

var list = tool.Define(tool.Spec{
	Name:        "listManagedObjects",
	Title:       "List Managed Object Types",
	Description: "List the tenant's managed object types, such as alpha_user. Call it first when unsure which types exist.",
	Scopes:      []tool.Scope{aic.IDM},
	Effect:      tool.ReadOnly,
	Less:        "Call getManagedObjectSchema for one type.",
}, func(ctx context.Context, c *aic.Client, _ listInput) (listOutput, error) {
	definitions, err := definitions(ctx, c)
	if err != nil {
		return listOutput{}, err
	}
	out := listOutput{Types: []typeSummary{}}
	for _, d := range definitions {
		s := object(d, "schema")
		out.Types = append(out.Types, typeSummary{
			Name:        aic.String(d, "name"),
			Title:       aic.String(s, "title"),
			Description: aic.String(s, "description"),
			Required:    stringsOf(s["required"]),
			Properties:  len(object(s, "properties")),
		})
	}
	slices.SortFunc(out.Types, func(a, b typeSummary) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
})

// definitions reads the definitions of all types.
func definitions(ctx context.Context, c *aic.Client) ([]aic.Object, error) {
	doc, err := c.Config(ctx, aic.ManagedConfig)
	if err != nil {
		return nil, err
	}
	out := definitionsIn(doc)
	if len(out) == 0 {
		return nil, tool.Unusable("the tenant's managed object configuration lists no types")
	}
	return out, nil
}
