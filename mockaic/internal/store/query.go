package store

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/tidwall/btree"
)

// Collection is a collection as a transaction sees it. Its iterators give the
// place of an object, as Options.Order does, and the object. They show nothing
// that is written after they began.
type Collection struct {
	tx   *Tx
	name string
}

// Collection returns the objects under a name.
func (t *Tx) Collection(name string) Collection { return Collection{t, name} }

// Len counts the objects.
func (c Collection) Len() int { return c.tx.Len(c.name) }

// Indexed reports whether objects can be looked up by a property.
func (c Collection) Indexed(property string) bool {
	return slices.Contains(c.tx.store.options.Indexed(c.name), property)
}

// Ascend walks through the objects from a place and an id on, in order.
func (c Collection) Ascend(place uint64, id string) iter.Seq2[uint64, Record] {
	return func(yield func(uint64, Record) bool) {
		content, ok := c.tx.state.Get(c.name)
		if !ok {
			return
		}
		still(c, content.records).Ascend(&record{place: place, id: id}, func(r *record) bool {
			return yield(r.place, r)
		})
	}
}

// still returns a tree that does not change while it is walked through.
func still[T any](c Collection, tree *btree.BTreeG[T]) *btree.BTreeG[T] {
	if c.tx.changed[c.name] == nil {
		return tree
	}
	return tree.Copy()
}

// Equal walks, from a place and an id on and in order, through the objects
// whose property is a string that the index does not tell from value, or an
// array that has such a member. Without an index by property it panics.
func (c Collection) Equal(property, value string, place uint64, id string) iter.Seq2[uint64, Record] {
	folded := c.tx.store.options.Fold(value)
	return c.lookUp(property, posting{folded, &record{place: place, id: id}}, func(text string) bool { return text == folded })
}

// Prefix is like Equal for strings that begin with value. The objects come in
// the order of these strings, and more than once if several members do.
func (c Collection) Prefix(property, value string) iter.Seq2[uint64, Record] {
	folded := c.tx.store.options.Fold(value)
	return c.lookUp(property, posting{folded, new(record)}, func(text string) bool { return strings.HasPrefix(text, folded) })
}

func (c Collection) lookUp(property string, from posting, fits func(string) bool) iter.Seq2[uint64, Record] {
	if !c.Indexed(property) {
		panic(fmt.Sprintf("store: %s has no index by %s", c.name, property))
	}
	return func(yield func(uint64, Record) bool) {
		content, ok := c.tx.state.Get(c.name)
		if !ok {
			return
		}
		at := slices.IndexFunc(content.indexes, func(i index) bool { return i.property == property })
		still(c, content.indexes[at].postings).Ascend(from, func(p posting) bool {
			return fits(p.text) && yield(p.place, p.record)
		})
	}
}
