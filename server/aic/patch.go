package aic

import (
	"encoding/json"
	"math/big"
	"slices"
	"strings"

	"aicmcp/server/rest"
)

// MarshalJSON writes the value only where there is one.
func (p PatchOperation) MarshalJSON() ([]byte, error) {
	doc := map[string]any{"operation": p.Operation, "field": p.Field}
	if p.Value != nil {
		doc["value"] = p.Value
	}
	if p.From != "" {
		doc["from"] = p.From
	}
	return rest.Encode(doc)
}

// applied reports whether the object can be seen to be as the operations want
// it: each gives a field a value, and the field has it. Nothing else shows: an
// absent field may be a private one, and an increment, a move, a copy or an
// appended element cannot be told from somebody else's.
func applied(doc Object, ops []PatchOperation) bool {
	for _, op := range ops {
		if op.Operation != "add" && op.Operation != "replace" {
			return false
		}
		if now, present := lookup(doc, op.Field); !present || !Equal(now, op.Value) {
			return false
		}
	}
	return true
}

// asking lists the default fields and those that the operations change, which
// may not be among them.
func asking(ops []PatchOperation) string {
	fields := []string{"*"}
	for _, op := range ops {
		first, _, _ := strings.Cut(strings.TrimPrefix(op.Field, "/"), "/")
		if first != "" && !slices.Contains(fields, first) {
			fields = append(fields, first)
		}
	}
	return strings.Join(fields, ",")
}

// lookup resolves a CREST pointer through objects.
func lookup(doc any, pointer string) (any, bool) {
	segments, err := ParsePointer(pointer)
	if err != nil {
		return nil, false
	}
	for _, key := range segments {
		object, _ := doc.(map[string]any)
		var ok bool
		if doc, ok = object[key]; !ok {
			return nil, false
		}
	}
	return doc, true
}

// Equal compares two JSON values, numbers by what they are worth.
func Equal(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		b, ok := b.(json.Number)
		if !ok {
			return false
		}
		if a == b {
			return true
		}
		// Exponents can make a rational number enormous.
		if len(a)+len(b) > 100 || strings.ContainsAny(string(a+b), "eE") {
			return false
		}
		x, okX := new(big.Rat).SetString(string(a))
		y, okY := new(big.Rat).SetString(string(b))
		return okX && okY && x.Cmp(y) == 0
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !Equal(a[i], b[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k := range a {
			v, ok := b[k]
			if !ok || !Equal(a[k], v) {
				return false
			}
		}
		return true
	}
	switch b.(type) {
	case json.Number, []any, map[string]any:
		return false
	}
	return a == b
}
