package crest

import (
	"cmp"
	"encoding/json"
	"math"
	"strings"
)

// SortKey names a field to sort by.
type SortKey struct {
	Field      Pointer
	Descending bool
}

// String returns the canonical text.
func (k SortKey) String() string {
	if k.Descending {
		return "-" + k.Field.String()
	}
	return "+" + k.Field.String()
}

// maxSortKeys bounds the memory of a sort, which holds all keys of all objects.
const maxSortKeys = 32

// ParseSortKeys parses a list of sort keys. Its errors are of type [*Error].
func ParseSortKeys(text string) ([]SortKey, error) {
	var keys []SortKey
	elements := splitList(text)
	if len(elements) > maxSortKeys {
		return nil, Errorf(400, "more than %d sort keys", maxSortKeys)
	}
	for _, element := range elements {
		if element == "" {
			return nil, Errorf(400, "a sort key is empty")
		}
		k := SortKey{Descending: element[0] == '-'}
		if element[0] == '-' || element[0] == '+' {
			element = element[1:] // a second sign belongs to the pointer
		}
		field, err := ParsePointer(element)
		if err != nil {
			return nil, err
		}
		k.Field = field
		keys = append(keys, k)
	}
	return keys, nil
}

// splitList splits at commas. Trailing commas are dropped, but text without a comma is one element even if it is empty.
func splitList(text string) []string {
	if !strings.Contains(text, ",") {
		return []string{text}
	}
	text = strings.TrimRight(text, ",")
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

type rank uint8

// Values of different types sort in this order, and missing ones come last in both directions.
const (
	rankBool rank = iota
	rankNumber
	rankString
	rankArray
	rankObject
	rankMissing
)

// key is a value in a form that is cheap to compare: by rank, then bits, then text.
type key struct {
	rank rank
	bits uint64
	text string
}

func (k key) compare(other key) int {
	return cmp.Or(cmp.Compare(k.rank, other.rank), cmp.Compare(k.bits, other.bits), strings.Compare(k.text, other.text))
}

func boolKey(b bool) key {
	k := key{rank: rankBool}
	if b {
		k.bits = 1
	}
	return k
}

// numberKey orders all doubles, and -0.0 before 0.0.
func numberKey(f float64) key {
	bits := math.Float64bits(f)
	if bits>>63 == 1 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	return key{rank: rankNumber, bits: bits}
}

// sortKey returns the key of the value that p finds in object. An array sorts as its least member. A null, like an array of nulls
// or of nothing, sorts as if it were missing.
func sortKey(object any, p Pointer, m Matching) key {
	v, _ := p.Lookup(object)
	members, ok := v.([]any)
	if !ok {
		return valueKey(v, m)
	}
	least := key{rank: rankMissing}
	for _, member := range members {
		if k := valueKey(member, m); k.compare(least) < 0 {
			least = k
		}
	}
	return least
}

func valueKey(v any, m Matching) key {
	switch v := v.(type) {
	case bool:
		return boolKey(v)
	case json.Number:
		return numberKey(double(v))
	case string:
		if m == Exact {
			return key{rank: rankString, text: codeUnits(v)}
		}
		return key{rank: rankString, text: fold(v)}
	case []any:
		return key{rank: rankArray}
	case map[string]any, Record:
		return key{rank: rankObject}
	default:
		return key{rank: rankMissing}
	}
}
