package journeys

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

// verifier holds configurations against the schemas of their types. What it finds
// never repeats a value, which may be a secret.
type verifier struct{ findings []string }

// verify returns what is wrong with a configuration.
func verify(config, schema aic.Object) []string {
	var v verifier
	v.object("", schema, config)
	return v.findings
}

func (v *verifier) find(path, format string, args ...any) {
	v.findings = append(v.findings, fmt.Sprintf("config%s %s", path, fmt.Sprintf(format, args...)))
}

func (v *verifier) object(path string, schema, config aic.Object) {
	known, _ := schema["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(config)) {
		property, is := known[name].(map[string]any)
		if !is {
			v.unknown(path, name, known)
		} else if config[name] != nil {
			v.value(path+"."+name, property, config[name])
		}
	}
	required, _ := schema["required"].([]any)
	for _, r := range required {
		name, _ := r.(string)
		property, _ := known[name].(map[string]any)
		if name != "" && config[name] == nil && property["default"] == nil {
			v.find(path+"."+name, "is missing")
		}
	}
}

func (v *verifier) unknown(path, name string, known map[string]any) {
	names := slices.Sorted(maps.Keys(known))
	switch more := nearest(name, names); {
	case len(more) > 0:
		v.find(path, "has no attribute %s: perhaps %s is meant", tool.Quote(name), quoted(more))
	case len(names) == 0:
		v.find(path, "has no attribute %s: nodes of this type have none", tool.Quote(name))
	default:
		v.find(path, "has no attribute %s: there are %s", tool.Quote(name), quoted(names))
	}
}

func (v *verifier) value(path string, schema aic.Object, value any) {
	if isPlaceholder(value) {
		return
	}
	kind := aic.String(schema, "type")
	if kind != "" && !aic.IsOf(kind, value) {
		v.find(path, "must be of the type %s", kind)
		return
	}
	if enum, ok := schema["enum"].([]any); ok && !slices.ContainsFunc(enum, func(e any) bool { return aic.Equal(e, value) }) {
		v.find(path, "must be one of %s", listed(enum))
		return
	}
	switch value := value.(type) {
	case []any:
		items, _ := schema["items"].(map[string]any)
		for i, e := range value {
			v.value(fmt.Sprintf("%s[%d]", path, i), items, e)
		}
	case map[string]any:
		_, closed := schema["properties"].(map[string]any)
		patterns, isMap := schema["patternProperties"].(map[string]any)
		switch {
		case isMap && len(patterns) == 1:
			for pattern := range patterns {
				members, _ := patterns[pattern].(map[string]any)
				for _, name := range slices.Sorted(maps.Keys(value)) {
					v.value(path+"."+tool.Quote(name), members, value[name])
				}
			}
		case closed && !isMap:
			v.object(path, schema, value)
		}
	}
}

// isPlaceholder reports whether AM takes the value from a variable, as it does with
// {"$int":"&{esv.retries}"}.
func isPlaceholder(value any) bool {
	object, _ := value.(map[string]any)
	for name := range object {
		return len(object) == 1 && strings.HasPrefix(name, "$")
	}
	return false
}

// brief is a schema without what is there for forms only.
func brief(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = brief(e)
		}
		return out
	case map[string]any:
		out := aic.Object{}
		for name, e := range v {
			_, isText := e.(string)
			_, isNumber := e.(json.Number)
			_, isOptions := v["enum"]
			switch {
			case name == "exampleValue" && (isText || e == nil), name == "propertyOrder" && (isNumber || e == nil),
				isOptions && (name == "options" || name == "enumNames"):
			default:
				out[name] = brief(e)
			}
		}
		return out
	}
	return v
}
