package store

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/tidwall/btree"
)

// collection is copied before it is changed, which shares the trees' nodes.
type collection struct {
	objects *btree.BTreeG[entry]
	indexes []index
}

// index finds objects by a property.
type index struct {
	property string
	postings *btree.BTreeG[posting]
}

type entry struct {
	order  uint64
	id     string
	object Object
}

func (e entry) before(other entry) bool {
	return cmp.Or(cmp.Compare(e.order, other.order), strings.Compare(e.id, other.id)) < 0
}

// posting stands for a string that an object has in an indexed property.
type posting struct {
	text   string // folded
	order  uint64
	object Object
}

func (p posting) before(other posting) bool {
	if c := strings.Compare(p.text, other.text); c != 0 {
		return c < 0
	}
	if p.order != other.order {
		return p.order < other.order
	}
	return identifier(p.object) < identifier(other.object)
}

func identifier(object Object) string {
	id, _ := object["_id"].(string)
	return id
}

func newCollection(indexed []string) *collection {
	unlocked := btree.Options{NoLocks: true}
	c := &collection{objects: btree.NewBTreeGOptions(entry.before, unlocked)}
	for _, property := range indexed {
		c.indexes = append(c.indexes, index{property, btree.NewBTreeGOptions(posting.before, unlocked)})
	}
	return c
}

func (c *collection) copy() *collection {
	own := &collection{c.objects.Copy(), slices.Clone(c.indexes)}
	for i := range own.indexes {
		own.indexes[i].postings = own.indexes[i].postings.Copy()
	}
	return own
}

func (c *collection) put(o *Options, id string, object Object) {
	e := entry{o.Order(id), id, object}
	before, _ := c.objects.Set(e)
	c.post(o, e.order, before.object, object)
}

func (c *collection) remove(o *Options, id string) {
	e, _ := c.objects.Delete(entry{order: o.Order(id), id: id})
	c.post(o, e.order, e.object, nil)
}

// post brings the indexes up to date. An object that is nil is not there.
func (c *collection) post(o *Options, order uint64, before, after Object) {
	for _, index := range c.indexes {
		for text := range texts(before[index.property]) {
			index.postings.Delete(posting{o.Fold(text), order, before})
		}
		for text := range texts(after[index.property]) {
			index.postings.Set(posting{o.Fold(text), order, after})
		}
	}
}

// texts are the strings that a value is indexed by: itself or the members of an
// array.
func texts(value any) iter.Seq[string] {
	return func(yield func(string) bool) {
		switch value := value.(type) {
		case string:
			yield(value)
		case []any:
			for _, member := range value {
				if text, ok := member.(string); ok && !yield(text) {
					return
				}
			}
		}
	}
}
