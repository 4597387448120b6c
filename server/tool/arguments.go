package tool

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/jsonschema-go/jsonschema"
)

// arguments reads and checks a call's arguments. Messages name the parameter
// and never repeat a value, which may be a secret.
func arguments(s *jsonschema.Schema, raw json.RawMessage) (map[string]any, *Failure) {
	args := map[string]any{}
	if len(raw) > 0 && string(raw) != "null" {
		if err := decode(raw, &args); err != nil {
			return nil, &Failure{Reason: "Invalid arguments", Message: "the arguments are not a JSON object"}
		}
	}
	for name, v := range args {
		// Many models write null for "not given".
		if v == nil && !slices.Contains(s.Required, name) {
			delete(args, name)
		}
	}
	var found problems
	found.check(s, "", args)
	if len(found) == 0 {
		return args, nil
	}
	first := found[0]
	f := &Failure{Reason: "Invalid arguments", Parameter: first.parameter}
	for i, p := range found {
		if i > 0 {
			f.Message += "; "
		}
		if i == 5 {
			f.Message += fmt.Sprintf("and %d more", len(found)-i)
			break
		}
		f.Message += p.parameter + " " + p.message
	}
	f.Hint = "Correct the arguments and call again; nothing was sent to the tenant."
	return nil, f
}

type problem struct{ parameter, message string }

type problems []problem

func (ps *problems) add(parameter, format string, args ...any) {
	*ps = append(*ps, problem{parameter, fmt.Sprintf(format, args...)})
}

// check covers the keywords that Params can set and inference produces.
func (ps *problems) check(s *jsonschema.Schema, path string, v any) {
	if s.Type != "" && !isType(s.Type, v) {
		ps.add(path, "must be %s", article(s.Type))
		return
	}
	if len(s.Enum) > 0 && !slices.ContainsFunc(s.Enum, func(e any) bool { return e == v }) {
		ps.add(path, "must be one of %s", list(s.Enum))
		return
	}
	switch v := v.(type) {
	case string:
		ps.checkString(s, path, v)
	case json.Number:
		ps.checkNumber(s, path, v)
	case []any:
		if s.MinItems != nil && len(v) < *s.MinItems {
			ps.add(path, "must have at least %d elements", *s.MinItems)
		}
		if s.MaxItems != nil && len(v) > *s.MaxItems {
			ps.add(path, "must have at most %d elements", *s.MaxItems)
		}
		if s.Items != nil {
			for i, e := range v {
				ps.check(s.Items, fmt.Sprintf("%s[%d]", path, i), e)
			}
		}
	case map[string]any:
		ps.checkObject(s, path, v)
	}
}

func (ps *problems) checkString(s *jsonschema.Schema, path, v string) {
	n := utf8.RuneCountInString(v)
	switch {
	case s.MinLength != nil && n < *s.MinLength && *s.MinLength == 1:
		ps.add(path, "must not be empty")
	case s.MinLength != nil && n < *s.MinLength:
		ps.add(path, "must have at least %d characters", *s.MinLength)
	case s.MaxLength != nil && n > *s.MaxLength:
		ps.add(path, "must have at most %d characters", *s.MaxLength)
	case s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(v):
		ps.add(path, "must match %s", s.Pattern)
	}
}

func (ps *problems) checkNumber(s *jsonschema.Schema, path string, v json.Number) {
	if s.Minimum == nil && s.Maximum == nil {
		return
	}
	f, err := v.Float64()
	switch {
	case err != nil:
		ps.add(path, "is out of range")
	case s.Minimum != nil && f < *s.Minimum:
		ps.add(path, "must be at least %v", *s.Minimum)
	case s.Maximum != nil && f > *s.Maximum:
		ps.add(path, "must be at most %v", *s.Maximum)
	}
}

func (ps *problems) checkObject(s *jsonschema.Schema, path string, v map[string]any) {
	prefix := path
	if prefix != "" {
		prefix += "."
	}
	for _, name := range s.Required {
		if _, ok := v[name]; !ok {
			ps.add(prefix+name, "is required")
		}
	}
	closed := s.AdditionalProperties != nil && s.AdditionalProperties.Not != nil
	for _, name := range slices.Sorted(maps.Keys(v)) {
		p, known := s.Properties[name]
		switch {
		case known:
			ps.check(p, prefix+name, v[name])
			// 50.0 is an integer in JSON Schema, but not in Go.
			if n, ok := v[name].(json.Number); ok && p.Type == "integer" && integral(n) {
				whole, _, _ := strings.Cut(string(n), ".")
				v[name] = json.Number(whole)
			}
		case closed:
			ps.add(prefix+printable(name), "is not a parameter%s", nearest(s, name))
		}
	}
}

func nearest(s *jsonschema.Schema, name string) string {
	fold := func(s string) string {
		return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(s))
	}
	for known := range s.Properties {
		if fold(known) == fold(name) {
			return "; did you mean " + known + "?"
		}
	}
	if len(s.Properties) == 0 {
		return "; there are none"
	}
	return "; there are " + strings.Join(slices.Sorted(maps.Keys(s.Properties)), ", ")
}

// printable bounds a name that a caller made up.
func printable(name string) string { return quote(cutString(name, 60)) }

func isType(want string, v any) bool {
	switch v := v.(type) {
	case nil:
		return want == "null"
	case bool:
		return want == "boolean"
	case string:
		return want == "string"
	case []any:
		return want == "array"
	case map[string]any:
		return want == "object"
	case json.Number:
		return want == "number" || want == "integer" && integral(v)
	}
	return false
}

// integral allows 50.0, which JSON Schema counts as an integer; without
// exponents the rational number cannot get big.
func integral(n json.Number) bool {
	if strings.ContainsAny(string(n), "eE") || len(n) > 40 {
		return false
	}
	r, ok := new(big.Rat).SetString(string(n))
	return ok && r.IsInt() && r.Num().IsInt64()
}

func article(t string) string {
	switch t {
	case "array", "object", "integer":
		return "an " + t
	}
	return "a " + t
}

func list(values []any) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprint(v)
	}
	return strings.Join(words, ", ")
}
