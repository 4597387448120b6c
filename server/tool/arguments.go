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

	"aicmcp/server/rest"
)

// input is a tool's input schema.
type input struct {
	*jsonschema.Schema
	// must says what a pattern demands.
	must map[*jsonschema.Schema]string
}

// arguments reads and checks a call's arguments, for a tool that asks the API.
// Messages name the parameter and never repeat a value, which may be a secret.
func (in input) arguments(raw json.RawMessage, api string) (map[string]any, *Failure) {
	args := map[string]any{}
	if len(raw) > 0 && string(raw) != "null" {
		if err := rest.Decode(raw, &args); err != nil {
			return nil, &Failure{Reason: "Invalid arguments", Message: "the arguments are not a JSON object"}
		}
	}
	c := checker{must: in.must}
	c.check(in.Schema, "", args)
	if len(c.found) == 0 {
		return args, nil
	}
	first := c.found[0]
	f := &Failure{Reason: "Invalid arguments", Parameter: first.parameter}
	for i, p := range c.found {
		if i > 0 {
			f.Message += "; "
		}
		if i == 5 {
			f.Message += fmt.Sprintf("and %d more", len(c.found)-i)
			break
		}
		f.Message += p.parameter + " " + p.message
	}
	f.Hint = "Correct the arguments and call again; nothing was sent to " + api + "."
	return nil, f
}

type problem struct{ parameter, message string }

type checker struct {
	must  map[*jsonschema.Schema]string
	found []problem
}

func (c *checker) add(parameter, format string, args ...any) {
	c.found = append(c.found, problem{parameter, fmt.Sprintf(format, args...)})
}

// check covers the keywords that Params can set and inference produces.
func (c *checker) check(s *jsonschema.Schema, path string, v any) {
	if s.Type != "" && !isType(s.Type, v) {
		c.add(path, "must be %s", article(s.Type))
		return
	}
	if len(s.Enum) > 0 && !slices.ContainsFunc(s.Enum, func(e any) bool { return e == v }) {
		c.add(path, "must be one of %s", list(s.Enum))
		return
	}
	switch v := v.(type) {
	case string:
		c.checkString(s, path, v)
	case json.Number:
		c.checkNumber(s, path, v)
	case []any:
		if s.MinItems != nil && len(v) < *s.MinItems {
			c.add(path, "must have at least %d element(s)", *s.MinItems)
		}
		if s.MaxItems != nil && len(v) > *s.MaxItems {
			c.add(path, "must have at most %d elements", *s.MaxItems)
		}
		if s.Items != nil {
			for i, e := range v {
				c.check(s.Items, fmt.Sprintf("%s[%d]", path, i), e)
			}
		}
	case map[string]any:
		c.checkObject(s, path, v)
	}
}

func (c *checker) checkString(s *jsonschema.Schema, path, v string) {
	n := utf8.RuneCountInString(v)
	switch {
	case n == 0 && (s.MinLength != nil && *s.MinLength > 0 || !matches(s.Pattern, v)):
		c.add(path, "must not be empty")
	case s.MinLength != nil && n < *s.MinLength:
		c.add(path, "must have at least %d characters", *s.MinLength)
	case s.MaxLength != nil && n > *s.MaxLength:
		c.add(path, "must have at most %d characters", *s.MaxLength)
	case !matches(s.Pattern, v):
		c.add(path, "%s", c.must[s])
	}
}

func matches(pattern, v string) bool {
	return pattern == "" || regexp.MustCompile(pattern).MatchString(v)
}

func (c *checker) checkNumber(s *jsonschema.Schema, path string, v json.Number) {
	if s.Minimum == nil && s.Maximum == nil {
		return
	}
	f, err := v.Float64()
	switch {
	case err != nil:
		c.add(path, "is out of range")
	case s.Minimum != nil && f < *s.Minimum:
		c.add(path, "must be at least %v", *s.Minimum)
	case s.Maximum != nil && f > *s.Maximum:
		c.add(path, "must be at most %v", *s.Maximum)
	}
}

func (c *checker) checkObject(s *jsonschema.Schema, path string, v map[string]any) {
	prefix := path
	if prefix != "" {
		prefix += "."
	}
	for _, name := range s.Required {
		if _, ok := v[name]; !ok {
			c.add(prefix+name, "is required")
		}
	}
	closed := s.AdditionalProperties != nil && s.AdditionalProperties.Not != nil
	for _, name := range slices.Sorted(maps.Keys(v)) {
		p, known := s.Properties[name]
		switch {
		case known && v[name] == nil && p.Type != "" && !slices.Contains(s.Required, name):
			// Many models write null for "not given"; it means something
			// only where a value may have any type.
			delete(v, name)
		case known:
			c.check(p, prefix+name, v[name])
			// 50.0 is an integer in JSON Schema, but not in Go.
			if n, ok := v[name].(json.Number); ok && p.Type == "integer" && integral(n) {
				whole, _, _ := strings.Cut(string(n), ".")
				v[name] = json.Number(whole)
			}
		case closed:
			c.addUnknown(s, prefix+printable(name), name)
		case s.AdditionalProperties != nil:
			c.check(s.AdditionalProperties, prefix+printable(name), v[name])
		}
	}
}

func (c *checker) addUnknown(s *jsonschema.Schema, path, name string) {
	known := slices.Sorted(maps.Keys(s.Properties))
	more := Nearest(name, known)
	switch {
	case more != "":
	case len(known) == 0:
		more = "; there are none"
	default:
		more = "; there are " + strings.Join(known, ", ")
	}
	c.add(path, "is not a parameter%s", more)
}

// Nearest says which of the known names is probably meant by one that is not
// known, or nothing.
func Nearest(name string, known []string) string {
	fold := func(s string) string {
		return strings.ReplaceAll(strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(s)), "colour", "color")
	}
	for _, k := range known {
		if fold(k) == fold(name) {
			return ": perhaps " + k + " is meant"
		}
	}
	return ""
}

// printable bounds a name that a caller made up.
func printable(name string) string { return Quote(cutString(name, 60)) }

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
