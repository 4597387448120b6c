package crest

import (
	"encoding/json"
	"slices"
)

const (
	// maxPatched bounds the size of a patched object in bytes. Copies share their value with the source, so that a short patch can
	// describe an object of exponential or, where it contains itself, of infinite size.
	maxPatched = 8 << 20
	// valueSize is what a value counts besides the text of strings, numbers and names. It makes the size reflect memory.
	valueSize = 16
)

// list is an array of an object that is being patched. The indirection lets an array be changed wherever it is shared.
type list struct{ items []any }

// thaw copies a JSON value and turns arrays into lists.
func thaw(v any) any {
	switch v := v.(type) {
	case map[string]any:
		c := make(map[string]any, len(v))
		for name, member := range v {
			c[name] = thaw(member)
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i, member := range v {
			c[i] = thaw(member)
		}
		return &list{c}
	default:
		return v
	}
}

// freeze is the inverse of thaw. It also undoes sharing, and fails if the result is too large or too deep. The size starts at zero.
func freeze(v any, depth int, size *int) (any, error) {
	if depth > maxDepth && (isMap(v) || isList(v)) {
		return nil, Errorf(400, "The patched object would contain itself or nest deeper than %d levels", maxDepth)
	}
	*size += sizeOf(v)
	if *size > maxPatched {
		return nil, Errorf(413, "The patched object would be larger than %d bytes", maxPatched)
	}
	switch v := v.(type) {
	case map[string]any:
		c := make(map[string]any, len(v))
		for name, member := range v {
			*size += len(name)
			frozen, err := freeze(member, depth+1, size)
			if err != nil {
				return nil, err
			}
			c[name] = frozen
		}
		return c, nil
	case *list:
		c := make([]any, len(v.items))
		for i, member := range v.items {
			frozen, err := freeze(member, depth+1, size)
			if err != nil {
				return nil, err
			}
			c[i] = frozen
		}
		return c, nil
	default:
		return v, nil
	}
}

// sizeOf counts the members of a container, but not what is in them, so that it can be asked before room for them is made.
func sizeOf(v any) int {
	switch v := v.(type) {
	case map[string]any:
		return valueSize * len(v)
	case *list:
		return valueSize * len(v.items)
	case string:
		return len(v)
	case json.Number:
		return len(v)
	default:
		return 0
	}
}

func isMap(v any) bool {
	_, ok := v.(map[string]any)
	return ok
}

func isList(v any) bool {
	_, ok := v.(*list)
	return ok
}

// weight estimates the steps of comparing with v. Parsing long numbers counts, too.
func weight(v any) int {
	n := 1
	switch v := v.(type) {
	case map[string]any:
		for _, member := range v {
			n += weight(member)
		}
	case []any:
		for _, member := range v {
			n += weight(member)
		}
	case json.Number:
		n += len(v) / 16
	}
	return n
}

// thawedEqual is Equal(freeze(v), want). It ends even if v contains itself, because want does not.
func thawedEqual(v, want any) bool {
	switch v := v.(type) {
	case map[string]any:
		want, ok := want.(map[string]any)
		if !ok || len(v) != len(want) {
			return false
		}
		for name, member := range want {
			if other, found := v[name]; !found || !thawedEqual(other, member) {
				return false
			}
		}
		return true
	case *list:
		want, ok := want.([]any)
		return ok && slices.EqualFunc(v.items, want, thawedEqual)
	default:
		return Equal(v, want)
	}
}
