package crest

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// List is a collection without indexes, for what is computed.
type List struct{ members []member }

type member struct {
	place  uint64
	id     string
	object plain
}

// plain is a record that is a map.
type plain map[string]any

func (p plain) Member(name string) (any, bool) {
	value, ok := p[name]
	return value, ok
}

func (p plain) Object() map[string]any { return p }

func (m member) compare(place uint64, id string) int {
	return cmp.Or(cmp.Compare(m.place, place), strings.Compare(m.id, id))
}

// NewList returns objects as a collection in the order that place gives.
func NewList(objects []map[string]any, place func(id string) uint64) List {
	l := List{make([]member, len(objects))}
	for i, object := range objects {
		id := identifier(plain(object))
		l.members[i] = member{place(id), id, object}
	}
	slices.SortStableFunc(l.members, func(a, b member) int { return a.compare(b.place, b.id) })
	return l
}

// Len returns the number of objects.
func (l List) Len() int { return len(l.members) }

// Ascend walks through the objects from a place and an id on.
func (l List) Ascend(place uint64, id string) iter.Seq2[uint64, Record] {
	return func(yield func(uint64, Record) bool) {
		first, _ := slices.BinarySearchFunc(l.members, id, func(m member, id string) int { return m.compare(place, id) })
		for _, m := range l.members[first:] {
			if !yield(m.place, m.object) {
				return
			}
		}
	}
}

// Indexed is false: a list has to be searched.
func (l List) Indexed(string) bool { return false }

// Equal finds nothing, as there is no index.
func (l List) Equal(string, string, uint64, string) iter.Seq2[uint64, Record] {
	return func(func(uint64, Record) bool) {}
}

// Prefix finds nothing, as there is no index.
func (l List) Prefix(string, string) iter.Seq2[uint64, Record] {
	return func(func(uint64, Record) bool) {}
}
