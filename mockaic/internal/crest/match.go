package crest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Matching tells whether case counts where strings are compared and sorted.
type Matching int

// The ways to compare strings.
const (
	IgnoreCase Matching = iota
	Exact
)

// String returns the name of m.
func (m Matching) String() string {
	switch m {
	case IgnoreCase:
		return "ignore-case"
	case Exact:
		return "exact"
	default:
		return fmt.Sprintf("Matching(%d)", int(m))
	}
}

// ParseMatching is the inverse of [Matching.String].
func ParseMatching(name string) (Matching, error) {
	for _, m := range [...]Matching{IgnoreCase, Exact} {
		if name == m.String() {
			return m, nil
		}
	}
	return 0, fmt.Errorf("unknown matching %q: want %q or %q", name, IgnoreCase, Exact)
}

// Match reports whether f is true of an object, which may be a [Record].
func (f *Filter) Match(object any, m Matching) bool { return f.root.match(object, m) }

func (n *node) match(object any, m Matching) bool {
	switch n.kind {
	case constant:
		return n.value
	case present:
		_, ok := n.field.Lookup(object)
		return ok
	case comparison:
		v, ok := n.field.Lookup(object)
		if !ok {
			return false
		}
		members, ok := v.([]any)
		if !ok {
			return n.compare(v, m)
		}
		// An array stands for its members, but only on one level: compare is false of arrays.
		for _, member := range members {
			if n.compare(member, m) {
				return true
			}
		}
		return false
	case element:
		v, _ := n.field.Lookup(object)
		members, _ := v.([]any)
		for _, member := range members {
			if isMap(member) && n.kids[0].match(member, m) {
				return true
			}
		}
		return false
	case not:
		return !n.kids[0].match(object, m)
	case and:
		for i := range n.kids {
			if !n.kids[i].match(object, m) {
				return false
			}
		}
		return true
	default: // or
		for i := range n.kids {
			if n.kids[i].match(object, m) {
				return true
			}
		}
		return false
	}
}

// compare is false wherever the types of v and of the literal differ.
func (n *node) compare(v any, m Matching) bool {
	switch v := v.(type) {
	case bool:
		return n.want.key.rank == rankBool && n.holds(cmp.Compare(boolKey(v).bits, n.want.key.bits))
	case json.Number:
		return n.want.key.rank == rankNumber && n.holds(cmp.Compare(numberKey(double(v)).bits, n.want.key.bits))
	case string:
		return n.want.key.rank == rankString && n.compareString(v, m)
	default:
		return false
	}
}

func (n *node) compareString(s string, m Matching) bool {
	if m == Exact {
		switch n.op {
		case opCo:
			return strings.Contains(s, n.want.text)
		case opSw:
			return strings.HasPrefix(s, n.want.text)
		case opIn:
			_, found := slices.BinarySearch(n.want.set, s)
			return found
		default:
			return n.holds(strings.Compare(codeUnits(s), n.want.exact))
		}
	}
	switch n.op {
	case opCo:
		return containsLower(s, n.want.lower, n.want.ascii)
	case opSw:
		return hasPrefixLower(s, n.want.lower, n.want.ascii)
	case opIn:
		_, found := slices.BinarySearchFunc(n.want.folds, s, func(folded, s string) int { return -compareFolded(s, folded) })
		return found
	default:
		return n.holds(compareFolded(s, n.want.fold))
	}
}

// holds applies the operator to the order of a value and the literal. On numbers and bools co and sw mean equality.
func (n *node) holds(order int) bool {
	switch n.op {
	case opGt:
		return order > 0
	case opGe:
		return order >= 0
	case opLt:
		return order < 0
	case opLe:
		return order <= 0
	default:
		return order == 0
	}
}
