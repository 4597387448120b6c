package scripts

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type bindingsInput struct {
	Realm string `json:"realm"`
}

type bindingsOutput struct {
	Bindings []binding `json:"bindings"`
	Classes  []string  `json:"allowedClasses" jsonschema:"Java classes that scripts may use"`
	Note     string    `json:"note"`
}

type binding struct {
	Name    string   `json:"name"`
	Type    string   `json:"type,omitempty"`
	Members []string `json:"members,omitempty"`
}

// bindingsContext describes what next-generation decision scripts can use.
const bindingsContext = "SCRIPTED_DECISION_NODE"

var bindings = tool.Define(tool.Spec{
	Name:        "getScriptedDecisionNodeBindings",
	Title:       "Get Scripted Decision Node Bindings",
	Description: "The variables, methods and classes that scripts of scripted decision nodes can use. Call it before createScript.",
	Scopes:      []tool.Scope{aic.AM},
	Effect:      tool.ReadOnly,
	Params:      tool.Params{"realm": realmRules},
	Less:        "There is no way to ask for a part of them.",
}, func(ctx context.Context, c *aic.Client, in bindingsInput) (bindingsOutput, error) {
	doc, err := c.ScriptContext(ctx, in.Realm, bindingsContext)
	if err != nil {
		return bindingsOutput{}, err
	}
	elements, ok := doc["bindings"].([]any)
	if !ok {
		return bindingsOutput{}, tool.Unusable("the tenant's answer lists no bindings: its release may be older than next-generation scripts")
	}
	out := bindingsOutput{
		Bindings: []binding{},
		Classes:  classes(doc["allowLists"]),
		Note:     "The engine is Rhino: write var and function, no let, for-of, destructuring or classes. An outcome is set with action.goTo.",
	}
	for _, e := range elements {
		out.Bindings = append(out.Bindings, binding{
			Name: aic.String(e, "name"), Type: aic.String(e, "javaScriptType"), Members: members(e, "", 0),
		})
	}
	slices.SortFunc(out.Bindings, func(a, b binding) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
})

// maxNested is how deep the members of members are followed.
const maxNested = 5

// members lists the signatures of an object's methods, those of its members too.
func members(object any, prefix string, depth int) []string {
	o, _ := object.(map[string]any)
	elements, _ := o["elements"].([]any)
	var out []string
	for _, e := range elements {
		name := prefix + aic.String(e, "name")
		nested, _ := e.(map[string]any)
		switch below, _ := nested["elements"].([]any); {
		case aic.String(e, "elementType") == "method":
			out = append(out, signature(name, nested))
		case len(below) > 0 && depth < maxNested:
			out = append(out, members(e, name+".", depth+1)...)
		default:
			out = append(out, typed(name, aic.String(e, "javaScriptType")))
		}
	}
	slices.Sort(out)
	return out
}

func signature(name string, method aic.Object) string {
	parameters, _ := method["parameters"].([]any)
	words := make([]string, len(parameters))
	for i, p := range parameters {
		words[i] = typed(aic.String(p, "name"), aic.String(p, "javaScriptType"))
	}
	return typed(name+"("+strings.Join(words, ", ")+")", aic.String(method, "returnType"))
}

func typed(name, kind string) string {
	if kind == "" {
		return name
	}
	return name + ": " + kind
}

// classes reads an allow list, which older releases keep by evaluator version.
func classes(v any) []string {
	out := []string{}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
	case map[string]any:
		for _, version := range slices.Sorted(maps.Keys(v)) {
			out = append(out, classes(v[version])...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
