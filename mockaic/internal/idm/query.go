package idm

import (
	"cmp"
	"iter"
	"net/http"
	"slices"
	"strings"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/store"
)

// find runs a query over the objects of a type. What it returns is as stored.
func (s *Service) find(tx *store.Tx, t *objectType, q *crest.Query) (*crest.Page, error) {
	for _, key := range q.SortKeys {
		if len(key.Field) > 0 && key.Field[0] == metaKey && t.meta != "" {
			// Recorded: the directory can't sort by what another object holds.
			return nil, crest.Errorf(http.StatusInternalServerError, "Internal Server Error")
		}
	}
	options := crest.RunOptions{Matching: s.matching, Seed: s.seed}
	mentioned := map[string]bool{}
	q.Mentions(func(field crest.Pointer) bool {
		for _, name := range t.names {
			if p := t.properties[name]; (p.virtual || p.relationship) && (len(field) == 0 || field[0] == name) {
				mentioned[name] = true
			}
		}
		return false
	})
	if len(mentioned) > 0 {
		options.View = func(object map[string]any) map[string]any { return s.candidate(tx, t, object, mentioned) }
	}
	return q.Run(related{tx.Collection(t.collection), tx, t, s.place}, options)
}

// run runs a query over objects that no collection holds.
func (s *Service) run(q *crest.Query, objects []store.Object) (*crest.Page, error) {
	return q.Run(crest.NewList(objects, s.place), crest.RunOptions{Matching: s.matching, Seed: s.seed})
}

func (s *Service) place(id string) uint64 { return crest.Order(s.seed)(id) }

// related looks the objects of a type up also by what they are related to, as in
// manager/_refResourceId.
type related struct {
	store.Collection
	tx    *store.Tx
	t     *objectType
	place func(id string) uint64
}

const refID = "/_refResourceId"

func (c related) Indexed(property string) bool {
	if name, ok := strings.CutSuffix(property, refID); ok {
		return c.t.properties[name].relationship
	}
	return c.Collection.Indexed(property)
}

// Equal follows the relationships from their far end.
func (c related) Equal(property, value string, place uint64, id string) iter.Seq2[uint64, map[string]any] {
	name, ok := strings.CutSuffix(property, refID)
	if !ok {
		return c.Collection.Equal(property, value, place, id)
	}
	type found struct {
		place  uint64
		id     string
		object map[string]any
	}
	var all []found
	for _, target := range c.t.properties[name].targets {
		for _, edge := range edgesFrom(c.tx, target+"\n"+value+"\n") {
			if edge.there.collection != c.t.collection || edge.there.property != name {
				continue
			}
			f := found{c.place(edge.there.id), edge.there.id, c.tx.Get(c.t.collection, edge.there.id)}
			if f.object != nil && (f.place > place || f.place == place && f.id >= id) {
				all = append(all, f)
			}
		}
	}
	slices.SortFunc(all, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.place, b.place), strings.Compare(a.id, b.id))
	})
	all = slices.CompactFunc(all, func(a, b found) bool { return a.id == b.id })
	return func(yield func(uint64, map[string]any) bool) {
		for _, f := range all {
			if !yield(f.place, f.object) {
				return
			}
		}
	}
}

func (c related) Prefix(property, value string) iter.Seq2[uint64, map[string]any] {
	name, ok := strings.CutSuffix(property, refID)
	if !ok {
		return c.Collection.Prefix(property, value)
	}
	return func(yield func(uint64, map[string]any) bool) {
		for _, target := range c.t.properties[name].targets {
			for _, edge := range edgesFrom(c.tx, target+"\n"+value) {
				object := c.tx.Get(c.t.collection, edge.there.id)
				if edge.there.collection != c.t.collection || edge.there.property != name || object == nil {
					continue
				}
				if !yield(c.place(edge.there.id), object) {
					return
				}
			}
		}
	}
}

// forEqual visits the objects whose property may be equal to a text when case
// is ignored, until visit returns false.
func forEqual(tx *store.Tx, path, name, text string, visit func(store.Object) bool) {
	objects := tx.Collection(path)
	found := objects.Ascend(0, "")
	if objects.Indexed(name) {
		found = objects.Equal(name, text, 0, "")
	}
	for _, object := range found {
		if !visit(object) {
			return
		}
	}
}
