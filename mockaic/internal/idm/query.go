package idm

import (
	"iter"
	"net/http"
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
	mentioned := t.computed(q)
	if len(mentioned) > 0 {
		options.View = func(object map[string]any) map[string]any { return s.candidate(tx, t, object, mentioned) }
	}
	return q.Run(related{tx.Collection(t.collection), tx, t, s.place}, options)
}

// computed names the properties that a query looks at and that are not stored
// with an object.
func (t *objectType) computed(q *crest.Query) map[string]bool {
	mentioned := map[string]bool{}
	q.Mentions(func(field crest.Pointer) bool {
		for _, name := range t.names {
			if p := t.properties[name]; (p.virtual || p.relationship) && (len(field) == 0 || field[0] == name) {
				mentioned[name] = true
			}
		}
		return false
	})
	return mentioned
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
	if p := c.t.properties[property]; p.virtual || p.relationship {
		return false // what is indexed is from a time when it was stored
	}
	return c.Collection.Indexed(property)
}

// Equal follows the relationships from their far end.
func (c related) Equal(property, value string, place uint64, id string) iter.Seq2[uint64, crest.Record] {
	name, ok := strings.CutSuffix(property, refID)
	if !ok {
		return c.Collection.Equal(property, value, place, id)
	}
	return c.farEnds(name, value+"\n").Ascend(place, id)
}

func (c related) Prefix(property, value string) iter.Seq2[uint64, crest.Record] {
	name, ok := strings.CutSuffix(property, refID)
	if !ok {
		return c.Collection.Prefix(property, value)
	}
	return c.farEnds(name, value).Ascend(0, "")
}

// farEnds are the objects that a property relates to those whose ID begins so.
func (c related) farEnds(name, prefix string) crest.List {
	found := map[string]bool{}
	var objects []map[string]any
	for _, target := range c.t.properties[name].targets {
		for _, e := range edgesFrom(c.tx, target+"\n"+prefix) {
			if e.there.collection != c.t.collection || e.there.property != name || found[e.there.id] {
				continue
			}
			found[e.there.id] = true
			if object := c.tx.Get(c.t.collection, e.there.id); object != nil {
				objects = append(objects, object)
			}
		}
	}
	return crest.NewList(objects, c.place)
}

// forEqual visits the objects whose property may be equal to a text when case
// is ignored, until visit returns false.
func forEqual(tx *store.Tx, path, name, text string, visit func(store.Record) bool) {
	objects := tx.Collection(path)
	found := objects.Ascend(0, "")
	if objects.Indexed(name) {
		found = objects.Equal(name, text, 0, "")
	}
	for _, record := range found {
		if !visit(record) {
			return
		}
	}
}
