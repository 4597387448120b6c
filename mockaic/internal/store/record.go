package store

import (
	"cmp"
	"hash/maphash"
	"strings"
)

// Record is a stored object that is not a map yet: it takes a fraction of the
// space.
type Record = interface {
	// Member returns a property, which is shared and must not be modified. An
	// object comes as a Record, too, unless it is in an array.
	Member(name string) (any, bool)
	// Object returns a map of the properties. Arrays are shared.
	Object() Object
}

// record is an object of a collection.
type record struct {
	place uint64
	id    string
	members
}

// members are the properties of an object. Their names are shared with other
// objects.
type members struct {
	shape  shape
	values []any
}

// shape is the names of an object's properties, each with the index of its
// value.
type shape map[string]int

// noMembers stands for all empty arrays.
var noMembers any = []any{}

func (m *members) Member(name string) (any, bool) {
	i, ok := m.shape[name]
	if !ok {
		return nil, false
	}
	return m.values[i], true
}

func (m *members) Object() Object {
	object := make(Object, len(m.values))
	for name, i := range m.shape {
		value := m.values[i]
		if nested, ok := value.(*members); ok {
			value = nested.Object()
		}
		object[name] = value
	}
	return object
}

func (r *record) before(other *record) bool {
	return cmp.Or(cmp.Compare(r.place, other.place), strings.Compare(r.id, other.id)) < 0
}

// sharing makes members. It remembers what it saw, so that shapes and the texts
// that many objects have are kept once. The zero value is ready.
type sharing struct {
	seed   maphash.Seed
	shapes map[uint64]shape // by the sum of the hashes of the names
	texts  []any            // by hash; a text takes the place of an older one
}

const (
	// maxShapes bounds what is remembered of types that have no schema.
	maxShapes = 1024
	maxTexts  = 4096
	// maxText is the length in bytes above which texts hardly repeat.
	maxText = 64
)

func (s *sharing) members(object Object) members {
	if s.shapes == nil {
		s.seed, s.shapes, s.texts = maphash.MakeSeed(), map[uint64]shape{}, make([]any, maxTexts)
	}
	m := members{s.shape(object), make([]any, len(object))}
	for name, value := range object {
		switch typed := value.(type) {
		case string:
			value = s.text(typed)
		case Object:
			nested := s.members(typed)
			value = &nested
		case []any:
			if len(typed) == 0 {
				value = noMembers
			}
		}
		m.values[m.shape[name]] = value
	}
	return m
}

func (s *sharing) shape(object Object) shape {
	var sum uint64
	for name := range object {
		sum += maphash.String(s.seed, name)
	}
	if known := s.shapes[sum]; known != nil && known.fits(object) {
		return known
	}
	if len(s.shapes) == maxShapes {
		clear(s.shapes)
	}
	made := make(shape, len(object))
	for name := range object {
		made[name] = len(made)
	}
	s.shapes[sum] = made
	return made
}

func (s shape) fits(object Object) bool {
	for name := range object {
		if _, ok := s[name]; !ok {
			return false
		}
	}
	return len(s) == len(object)
}

// text returns a text as a value, the same as before if it is remembered.
func (s *sharing) text(text string) any {
	if len(text) > maxText {
		return text
	}
	slot := &s.texts[maphash.String(s.seed, text)%maxTexts]
	if *slot != text {
		*slot = text
	}
	return *slot
}
