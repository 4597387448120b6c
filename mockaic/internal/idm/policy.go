package idm

import (
	"fmt"
	"net/http"
	"slices"
	"sort"
	"strings"

	"github.com/dlclark/regexp2"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/store"
)

// The messages of a refused write: PATCH words it differently from the others.
const (
	patchRefused = "Failed policy validation"
	writeRefused = "Policy validation failed"
)

// policyUse is a policy of a property with its parameters.
type policyUse struct {
	id      string
	params  map[string]any
	pattern *regexp2.Regexp // of regexpMatches
}

func parsePolicies(definition map[string]any) ([]policyUse, error) {
	entries, ok := definition["policies"].([]any)
	if !ok && definition["policies"] != nil {
		return nil, fmt.Errorf("policies must be an array")
	}
	var uses []policyUse
	for i, entry := range entries {
		policy, ok := entry.(map[string]any)
		id, named := policy["policyId"].(string)
		if !ok || !named {
			return nil, fmt.Errorf("policies/%d must be an object with a policyId", i)
		}
		params, _ := policy["params"].(map[string]any)
		use := policyUse{id: id, params: params}
		if rule, known := policyRules[id]; known && rule.valid != nil {
			if err := rule.valid(params); err != nil {
				return nil, fmt.Errorf("policies/%d: %w", i, err)
			}
		}
		if id == "regexpMatches" {
			var err error
			if use.pattern, err = javaScript(params); err != nil {
				return nil, fmt.Errorf("policies/%d: %w", i, err)
			}
		}
		uses = append(uses, use)
	}
	return uses, nil
}

// failures collects what a write breaks, in the order found.
type failures []any

func (f *failures) add(property, requirement string, params map[string]any) {
	failed := map[string]any{"policyRequirement": requirement}
	if params != nil {
		failed["params"] = params
	}
	*f = append(*f, map[string]any{"policyRequirements": []any{failed}, "property": property})
}

func (f failures) err(message string) error {
	if len(f) == 0 {
		return nil
	}
	return &crest.Error{Code: http.StatusForbidden, Message: message, Detail: f.result()}
}

// result is the body that says whether a value passes.
func (f failures) result() map[string]any {
	failed := []any(f)
	if failed == nil {
		failed = []any{}
	}
	return map[string]any{"result": len(f) == 0, "failedPolicyRequirements": failed}
}

// candidateWrite is an object as it would be stored.
type candidateWrite struct {
	tx     *store.Tx
	t      *objectType
	id     string
	object store.Object
	// required says that required properties have to be there.
	required bool
	slow     *bool // a pattern took too long
}

// check holds an object against the policies of the properties among names.
func (s *Service) check(w candidateWrite, names []string) failures {
	var f failures
	w.slow = new(bool)
	for _, name := range names {
		p, known := w.t.properties[name]
		if !known && !slices.Contains(w.t.required, name) {
			continue
		}
		value, present := w.object[name]
		if !present {
			if w.required && slices.Contains(w.t.required, name) {
				f.add(name, "REQUIRED", nil)
			}
			continue
		}
		if value == nil && p.nullable {
			continue
		}
		if !w.checkKind(name, p, value, &f) {
			continue
		}
		if len(p.enum) > 0 && value != nil && !slices.ContainsFunc(p.enum, func(allowed any) bool { return crest.Equal(allowed, value) }) {
			f.add(name, "VALID_ENUM_VALUE", map[string]any{"enumValues": p.enum})
		}
		for _, use := range p.policies {
			if rule, known := policyRules[use.id]; known {
				rule.check(s, w, name, value, use, &f)
			}
		}
		if name == passwordKey && w.t.hasPassword() {
			s.checkPassword(w, value, &f)
		}
	}
	return f
}

// checkKind notes a value that is not of the type its property has.
func (w candidateWrite) checkKind(name string, p propertyType, value any, f *failures) bool {
	if len(p.kinds) == 0 || slices.ContainsFunc(p.kinds, func(kind string) bool { return isKind(value, kind) }) {
		return true
	}
	kinds := make([]any, len(p.kinds))
	for i, kind := range p.kinds {
		kinds[i] = kind
	}
	if value == nil {
		f.add(name, "NOT_NULL", nil)
		if !slices.Contains(w.t.required, name) {
			return false
		}
	}
	f.add(name, "VALID_TYPE", map[string]any{"invalidType": kindOf(value), "validTypes": kinds})
	return false
}

// checkNames refuses properties that the type does not have, where the directory
// keeps them as attributes: the JSON part of an entry takes any.
func (t *objectType) checkNames(object store.Object, names []string) error {
	if _, kind, _ := strings.Cut(t.name, "_"); kind != "user" {
		return nil
	}
	var unknown []string
	for _, name := range names {
		if _, present := object[name]; !present || name == "_id" || name == "_rev" {
			continue
		}
		if _, ok := t.properties[name]; !ok {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	return crest.Errorf(http.StatusBadRequest, "The request could not be processed because %s has no property %s", t.collection, quoteList(unknown))
}

func sortedNames(object map[string]any) []string {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
