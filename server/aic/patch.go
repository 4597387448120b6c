package aic

import (
	"encoding/json"
	"math/big"
	"net/url"
	"strconv"
	"strings"
)

// MarshalJSON writes the value only where there is one, null included.
func (p PatchOperation) MarshalJSON() ([]byte, error) {
	doc := map[string]any{"operation": p.Operation, "field": p.Field}
	if p.HasValue {
		doc["value"] = p.Value
	}
	if p.From != "" {
		doc["from"] = p.From
	}
	return encode(doc)
}

// applied reports whether the object is as the operations want it. It says
// yes only where that can be seen: a field set to a value, or removed.
func applied(doc Object, ops []PatchOperation) bool {
	for _, op := range ops {
		now, present := lookup(doc, op.Field)
		switch {
		case (op.Operation == "replace" || op.Operation == "add") && op.HasValue:
			if op.Value == nil && !present {
				continue
			}
			if !present || !equal(now, op.Value) {
				return false
			}
		case op.Operation == "remove" && !op.HasValue:
			if present && now != nil {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// lookup resolves a CREST pointer: slashes optional at both ends, segments
// percent-encoded, no way through arrays but by index.
func lookup(doc any, pointer string) (any, bool) {
	pointer = strings.TrimSuffix(strings.TrimPrefix(pointer, "/"), "/")
	if pointer == "" {
		return doc, true
	}
	for segment := range strings.SplitSeq(pointer, "/") {
		key, err := url.PathUnescape(segment)
		if err != nil {
			return nil, false
		}
		switch v := doc.(type) {
		case map[string]any:
			var ok bool
			if doc, ok = v[key]; !ok {
				return nil, false
			}
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(v) {
				return nil, false
			}
			doc = v[i]
		default:
			return nil, false
		}
	}
	return doc, true
}

func equal(a, b any) bool {
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
			if !equal(a[i], b[i]) {
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
			if !ok || !equal(a[k], v) {
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
