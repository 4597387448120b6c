package tool

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// at finds the schema of a parameter.
func at(s *jsonschema.Schema, path string) (*jsonschema.Schema, error) {
	for name := range strings.SplitSeq(path, ".") {
		if s.Items != nil {
			s = s.Items
		}
		next, ok := s.Properties[name]
		if !ok {
			return nil, fmt.Errorf("no parameter %q", path)
		}
		s = next
	}
	return s, nil
}

// tidy undoes what inference does to slices and pointers (types like
// ["null","array"], which some clients cannot read), and gives schemas of anything a
// word, without which they are written as true, which others refuse.
func tidy(s *jsonschema.Schema) {
	if s == nil {
		return
	}
	if len(s.Types) > 0 {
		s.Types = slices.DeleteFunc(s.Types, func(t string) bool { return t == "null" })
		if len(s.Types) == 1 {
			s.Type, s.Types = s.Types[0], nil
		}
	}
	for _, p := range s.Properties {
		tidy(p)
	}
	tidy(s.Items)
	for _, p := range append(slices.Collect(maps.Values(s.Properties)), s.Items) {
		if p != nil && reflect.ValueOf(*p).IsZero() {
			p.Description = "any JSON value"
		}
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Not == nil {
		tidy(s.AdditionalProperties)
	}
}

// outputSchema is the schema of Out's members or, instead of them, an error. The
// descriptions tell what is the API's.
func outputSchema[Out any](api string) (*jsonschema.Schema, error) {
	s, err := jsonschema.For[Out](nil)
	if err != nil {
		return nil, err
	}
	if s.Type != "object" || s.Properties == nil {
		return nil, fmt.Errorf("the output is not a struct")
	}
	failure, err := jsonschema.For[Failure](nil)
	if err != nil {
		return nil, err
	}
	tidy(s)
	tidy(failure)
	failure.Properties["status"].Description = "HTTP status of " + api + "'s answer"
	failure.Properties["detail"].Description = "as " + api + " sent it"
	failure.Description = "instead of all else when the call failed"
	for name, p := range map[string]*jsonschema.Schema{
		"error":         failure,
		"notice":        {Type: "string", Description: "what was left out of a long result"},
		"transactionId": {Type: "string", Description: api + "'s log entries for this call carry it"},
	} {
		if _, taken := s.Properties[name]; taken {
			return nil, fmt.Errorf("the output has its own %q", name)
		}
		s.Properties[name] = p
	}
	s.PropertyOrder = append(s.PropertyOrder, "notice", "transactionId", "error")
	s.AnyOf = []*jsonschema.Schema{{Required: s.Required}, {Required: []string{"error"}}}
	if len(s.Required) == 0 {
		s.AnyOf = nil
	}
	s.Required = nil
	return s, nil
}
