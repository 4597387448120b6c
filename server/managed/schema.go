package managed

import (
	"context"
	"slices"
	"strings"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

type schemaInput struct {
	ObjectType string `json:"objectType"`
	Full       bool   `json:"includeFullDefinition,omitempty" jsonschema:"the whole definition, hooks included, instead of a summary"`
}

type schemaOutput struct {
	Name        string              `json:"name"`
	Title       string              `json:"title,omitempty"`
	Description string              `json:"description,omitempty"`
	Required    []string            `json:"required"`
	Properties  map[string]property `json:"properties,omitempty"`
	Definition  aic.Object          `json:"definition,omitempty" jsonschema:"the whole definition as the tenant has it"`
}

type property struct {
	Type         any      `json:"type,omitempty" jsonschema:"JSON type or types"`
	Title        string   `json:"title,omitempty"`
	Description  string   `json:"description,omitempty"`
	Required     bool     `json:"required,omitempty"`
	Items        any      `json:"items,omitempty" jsonschema:"type of the elements"`
	Enum         []any    `json:"enum,omitempty"`
	Relationship []string `json:"relationship,omitempty" jsonschema:"collections that it refers to"`
	Policies     []string `json:"policies,omitempty"`
	Virtual      bool     `json:"virtual,omitempty" jsonschema:"computed, cannot be written"`
	Private      bool     `json:"private,omitempty" jsonschema:"not returned"`
}

var schema = tool.Define(tool.Spec{
	Name:        "getManagedObjectSchema",
	Title:       "Get Managed Object Schema",
	Description: "Properties of a type: types, required ones, policies. Call it before a query, create or patch.",
	Scopes:      []tool.Scope{aic.IDM},
	Effect:      tool.ReadOnly,
	Params:      tool.Params{"objectType": typeRules},
	Less:        "Leave out includeFullDefinition for the summary.",
}, func(ctx context.Context, c *aic.Client, in schemaInput) (schemaOutput, error) {
	all, err := definitions(ctx, c)
	if err != nil {
		return schemaOutput{}, err
	}
	i := slices.IndexFunc(all, func(d aic.Object) bool { return aic.String(d, "name") == in.ObjectType })
	if i < 0 {
		return schemaOutput{}, unknownType("objectType", all)
	}
	s := object(all[i], "schema")
	out := schemaOutput{
		Name:        in.ObjectType,
		Title:       aic.String(s, "title"),
		Description: aic.String(s, "description"),
		Required:    stringsOf(s["required"]),
	}
	if in.Full {
		out.Definition = all[i]
		return out, nil
	}
	out.Properties = map[string]property{}
	for name, v := range object(s, "properties") {
		if p, ok := v.(map[string]any); ok {
			out.Properties[name] = summary(p, slices.Contains(out.Required, name))
		}
	}
	return out, nil
})

func summary(p aic.Object, required bool) property {
	out := property{
		Type:     p["type"],
		Title:    aic.String(p, "title"),
		Required: required,
		Virtual:  p["isVirtual"] == true,
		Private:  aic.String(p, "scope") == "private",
		Policies: policies(p),
	}
	if d := aic.String(p, "description"); d != out.Title {
		out.Description = d
	}
	out.Enum, _ = p["enum"].([]any)
	target := p
	if items := object(p, "items"); items != nil {
		out.Items = items["type"]
		target = items
	}
	collections, _ := target["resourceCollection"].([]any)
	for _, e := range collections {
		if collection, ok := e.(map[string]any); ok {
			out.Relationship = append(out.Relationship, aic.String(collection, "path"))
		}
	}
	return out
}

// policies writes each policy as its ID and what its parameters demand.
func policies(p aic.Object) []string {
	var out []string
	entries, _ := p["policies"].([]any)
	for _, e := range entries {
		policy, _ := e.(map[string]any)
		id := aic.String(policy, "policyId")
		if id == "" {
			continue
		}
		var params []string
		for k, v := range object(policy, "params") {
			if data, err := rest.Encode(v); err == nil && len(data) < 200 {
				params = append(params, k+"="+string(data))
			}
		}
		if len(params) > 0 {
			slices.Sort(params)
			id += "(" + strings.Join(params, ", ") + ")"
		}
		out = append(out, id)
	}
	return out
}
