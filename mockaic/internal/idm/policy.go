package idm

import (
	"encoding/json"
	"net/http"
	"slices"
	"sort"
	"strings"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/store"
)

// The messages of a refused write: PATCH words it differently from the others.
const (
	patchRefused = "Failed policy validation"
	writeRefused = "Policy validation failed"
)

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
	return &crest.Error{
		Code:    http.StatusForbidden,
		Message: message,
		Detail:  map[string]any{"result": false, "failedPolicyRequirements": []any(f)},
	}
}

// checkRequired notes which of names are required and missing.
func (t *objectType) checkRequired(object store.Object, names []string, f *failures) {
	for _, name := range t.required {
		if _, ok := object[name]; !ok && slices.Contains(names, name) {
			f.add(name, "REQUIRED", nil)
		}
	}
}

// checkID notes the characters that the type does not allow in an _id.
func (t *objectType) checkID(id string, f *failures) {
	for _, forbidden := range t.properties["_id"].forbidden {
		if strings.Contains(id, forbidden) {
			f.add("_id", "CANNOT_CONTAIN_CHARACTERS", map[string]any{"forbiddenChars": strings.Join(t.properties["_id"].forbidden, "")})
			return
		}
	}
}

// checkTypes notes the values that are not of the type their property has.
func (t *objectType) checkTypes(object store.Object, names []string, f *failures) {
	for _, name := range names {
		value, present := object[name]
		p, known := t.properties[name]
		if !present || !known {
			continue
		}
		valid := slices.ContainsFunc(p.kinds, func(kind string) bool { return isKind(value, kind) })
		if len(p.kinds) == 0 || valid {
			continue
		}
		kinds := make([]any, len(p.kinds))
		for i, kind := range p.kinds {
			kinds[i] = kind
		}
		if value == nil {
			f.add(name, "NOT_NULL", nil)
			if !slices.Contains(t.required, name) {
				continue
			}
		}
		f.add(name, "VALID_TYPE", map[string]any{"invalidType": kindOf(value), "validTypes": kinds})
	}
}

// checkNames refuses properties that the type does not have, and those that
// this fake cannot store faithfully.
func (t *objectType) checkNames(object store.Object, names []string) error {
	var unknown []string
	for _, name := range names {
		if t.properties[name].relationship {
			return notImplemented("writing the relationship property " + name)
		}
		if _, present := object[name]; !present || t.open || name == "_id" || name == "_rev" {
			continue
		}
		if _, ok := t.properties[name]; !ok {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	return crest.Errorf(http.StatusBadRequest, "The request could not be processed because managed/%s has no property %s", t.name, quoteList(unknown))
}

// checkUnique notes values that another object of the type has already.
func (t *objectType) checkUnique(tx *store.Tx, object store.Object, id string, names []string, f *failures) {
	for _, name := range names {
		requirement := ""
		for _, policy := range t.properties[name].policies {
			switch policy {
			case "valid-username":
				requirement = "VALID_USERNAME"
			case "unique":
				requirement = "UNIQUE"
			}
		}
		value, ok := object[name].(string)
		if requirement == "" || !ok {
			continue
		}
		for _, other := range tx.All(collection(t.name)) {
			if taken, ok := other[name].(string); ok && other["_id"] != id && strings.EqualFold(taken, value) {
				f.add(name, requirement, nil)
				break
			}
		}
	}
}

func quoteList(names []string) string {
	return "'" + strings.Join(names, "', '") + "'"
}

func isKind(value any, kind string) bool {
	if kind == "integer" {
		number, ok := value.(json.Number)
		return ok && !strings.ContainsAny(number.String(), ".eE")
	}
	if kind == "relationship" {
		return value == nil || kindOf(value) == "object"
	}
	return kindOf(value) == kind
}

func kindOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return "number"
}

func sortedNames(object map[string]any) []string {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
