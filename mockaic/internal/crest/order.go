package crest

import (
	"cmp"
	"slices"
)

// entry is an object with its keys. The last key is its id, so that no two entries are equal.
type entry struct {
	object Record
	place  uint64 // in the collection
	keys   []key
}

// order compares entries by their keys, or by their places first if there are no sort keys.
type order struct {
	sorted     bool
	descending []bool // for each key
	matching   Matching
}

func (q *Query) order(m Matching) order {
	o := order{sorted: len(q.SortKeys) > 0, matching: m}
	for _, k := range q.SortKeys {
		o.descending = append(o.descending, k.Descending)
	}
	o.descending = append(o.descending, false)
	return o
}

// keys appends the keys of an object with an id to those given.
func (o order) keys(keys []key, id string, object any, by []SortKey) []key {
	for _, k := range by {
		keys = append(keys, sortKey(object, k.Field, o.matching))
	}
	if o.sorted {
		id = codeUnits(id) // a collection compares bytes
	}
	return append(keys, key{rank: rankString, text: id})
}

func identifier(object Record) string {
	v, _ := object.Member("_id")
	id, _ := v.(string)
	return id
}

func (o order) compare(a, b entry) int {
	if !o.sorted && a.place != b.place {
		return cmp.Compare(a.place, b.place)
	}
	for i := range a.keys {
		if c := o.compareKey(i, a.keys[i], b.keys[i]); c != 0 {
			return c
		}
	}
	return 0
}

// compareKey compares the keys number i of two entries.
func (o order) compareKey(i int, a, b key) int {
	c := a.compare(b)
	if o.descending[i] && a.rank != rankMissing && b.rank != rankMissing {
		return -c
	}
	return c
}

// shortlist holds the first entries, at most limit, of those that were added.
type shortlist struct {
	order
	limit   int
	entries []entry
	heaped  bool  // whether entries are a heap with the last one on top
	room    []key // for the keys of further entries
}

// roomFor is how many entries get room for their keys at once, at most.
const roomFor = 64

// add takes an entry whose keys will be overwritten.
func (s *shortlist) add(e entry) {
	if len(s.entries) < s.limit {
		n := len(e.keys)
		if len(s.room) < n {
			s.room = make([]key, n*min(len(s.entries)+1, roomFor))
		}
		copy(s.room, e.keys)
		e.keys, s.room = s.room[:n:n], s.room[n:]
		s.entries = append(s.entries, e)
		return
	}
	if s.limit == 0 {
		return
	}
	if !s.heaped {
		s.heaped = true
		for i := s.limit/2 - 1; i >= 0; i-- {
			s.siftDown(i)
		}
	}
	if last := s.entries[0]; s.compare(e, last) < 0 {
		copy(last.keys, e.keys)
		s.entries[0] = entry{e.object, e.place, last.keys}
		s.siftDown(0)
	}
}

func (s *shortlist) siftDown(i int) {
	heap := s.entries
	for {
		kid := 2*i + 1
		if kid >= len(heap) {
			return
		}
		if kid+1 < len(heap) && s.compare(heap[kid+1], heap[kid]) > 0 {
			kid++
		}
		if s.compare(heap[kid], heap[i]) <= 0 {
			return
		}
		heap[i], heap[kid] = heap[kid], heap[i]
		i = kid
	}
}

// sort returns the entries in order, but for the first ones, and ends the use of s.
func (s *shortlist) sort(without int) []entry {
	slices.SortFunc(s.entries, s.compare)
	return s.entries[min(without, len(s.entries)):]
}
