package store

import (
	"iter"
	"slices"
	"strings"

	"github.com/tidwall/btree"
)

// collection is copied before it is changed, which shares the trees' nodes.
type collection struct {
	records *btree.BTreeG[*record]
	indexes []index
}

// index finds records by a property.
type index struct {
	property string
	postings *btree.BTreeG[posting]
}

// posting stands for a string that a record has in an indexed property.
type posting struct {
	text string // folded
	*record
}

func (p posting) before(other posting) bool {
	if c := strings.Compare(p.text, other.text); c != 0 {
		return c < 0
	}
	return p.record.before(other.record)
}

func newCollection(indexed []string) *collection {
	unlocked := btree.Options{NoLocks: true}
	c := &collection{records: btree.NewBTreeGOptions((*record).before, unlocked)}
	for _, property := range indexed {
		c.indexes = append(c.indexes, index{property, btree.NewBTreeGOptions(posting.before, unlocked)})
	}
	return c
}

func (c *collection) copy() *collection {
	own := &collection{c.records.Copy(), slices.Clone(c.indexes)}
	for i := range own.indexes {
		own.indexes[i].postings = own.indexes[i].postings.Copy()
	}
	return own
}

// put returns the record whose place r takes, or nil.
func (c *collection) put(fold func(string) string, r *record) *record {
	before, replaced := c.records.Set(r)
	for _, index := range c.indexes {
		if replaced {
			index.remove(fold, before)
		}
		for text := range r.texts(index.property) {
			index.postings.Set(posting{fold(text), r})
		}
	}
	return before
}

// remove removes the record that has the place and the id of r, and returns it;
// nil if there is none.
func (c *collection) remove(fold func(string) string, r *record) *record {
	before, found := c.records.Delete(r)
	if !found {
		return nil
	}
	for _, index := range c.indexes {
		index.remove(fold, before)
	}
	return before
}

func (i index) remove(fold func(string) string, r *record) {
	for text := range r.texts(i.property) {
		i.postings.Delete(posting{fold(text), r})
	}
}

// texts are the strings that a record is indexed by: the property itself or the
// members of an array.
func (r *record) texts(property string) iter.Seq[string] {
	return func(yield func(string) bool) {
		value, _ := r.Member(property)
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
