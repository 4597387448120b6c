package managed

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

// nameRules are those of a new type, which a directory has to hold too.
var nameRules = tool.Rules(tool.Pattern(`^[a-zA-Z0-9_]+$`, "must consist of letters, digits and _"))

// definitionsIn lists the definitions in the document of all types.
func definitionsIn(doc aic.Object) []aic.Object {
	entries, _ := doc["objects"].([]any)
	var out []aic.Object
	for _, e := range entries {
		if d, ok := e.(map[string]any); ok && aic.String(d, "name") != "" {
			out = append(out, d)
		}
	}
	return out
}

// position is where the type stands in the document, -1 if nowhere.
func position(doc aic.Object, name string) int {
	entries, _ := doc["objects"].([]any)
	return slices.IndexFunc(entries, func(e any) bool {
		d, _ := e.(map[string]any)
		return aic.String(d, "name") == name
	})
}

// definition returns the type's definition, nil if there is none.
func definition(doc aic.Object, name string) aic.Object {
	i := position(doc, name)
	if i < 0 {
		return nil
	}
	entries, _ := doc["objects"].([]any)
	d, _ := entries[i].(map[string]any)
	return d
}

func unknownType(parameter string, all []aic.Object) error {
	var names []string
	for _, d := range all {
		names = append(names, tool.Quote(aic.String(d, "name")))
	}
	slices.Sort(names)
	f := &tool.Failure{
		Reason:    "Not Found",
		Message:   "this tenant has no managed object type of that name",
		Parameter: parameter,
		Hint:      "Call listManagedObjects for the types that it has.",
	}
	if len(names) > 0 && len(names) <= 50 {
		f.Hint = "It has these types, which listManagedObjects describes: " + strings.Join(names, ", ") + "."
	}
	return f
}

func explainDefinition(err error) error {
	var e *rest.Error
	switch {
	case errors.Is(err, aic.ErrOverwritten):
		return tool.WithHint(err, "", "Read the type with getManagedObjectSchema and includeFullDefinition, compare, and repeat what is missing. If types came or went meanwhile, a patch may have changed another type: compare those too. Ask whether somebody else is changing types at the moment.")
	case !errors.As(err, &e):
		return err
	case e.Unknown:
		return tool.WithHint(err, "", "It is not known whether the change took effect: look with getManagedObjectSchema and includeFullDefinition before trying again.")
	case e.Status == http.StatusBadRequest:
		return tool.WithHint(err, "", "The tenant does not take this definition: compare it with an existing one, from getManagedObjectSchema with includeFullDefinition.")
	}
	return err
}

// isRelationship reports whether a property's definition is that of a
// relationship, or of a list of them.
func isRelationship(property any) bool {
	p, _ := property.(map[string]any)
	return namesRelationship(p["type"]) || namesRelationship(object(p, "items")["type"])
}

func namesRelationship(kind any) bool {
	kinds, many := kind.([]any)
	if !many {
		kinds = []any{kind}
	}
	return slices.Contains(kinds, any("relationship"))
}

// holdsRelationship reports whether a value is or contains the definition of a
// relationship, however deep.
func holdsRelationship(v any) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, holdsRelationship)
	case map[string]any:
		if isRelationship(v) {
			return true
		}
		for _, e := range v {
			if holdsRelationship(e) {
				return true
			}
		}
	}
	return false
}

// brokenDefault names a property whose default is not of its type, "" if there
// is none. A tenant takes such a definition, and then no longer knows the type.
func brokenDefault(properties aic.Object) string {
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		property := object(properties, name)
		initial, kinds := property["default"], stringsOf(property["type"])
		if kind := aic.String(property, "type"); kind != "" {
			kinds = []string{kind}
		}
		if initial != nil && len(kinds) > 0 && !slices.ContainsFunc(kinds, func(kind string) bool { return aic.IsOf(kind, initial) }) {
			return name
		}
	}
	return ""
}
