package idm

import (
	"iter"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/store"
)

// conditional marks a relationship that the tenant made because of a condition,
// such as a role's, that its other end fulfils.
const (
	grantType   = "_grantType"
	conditional = "conditional"
)

// grantee is a property of a type whose relationships follow from a condition of
// their other end.
type grantee struct {
	t           *objectType
	name, field string
}

// linkGrants notes with each type who is granted what by its conditions.
func linkGrants(types map[string]*objectType) {
	for _, t := range types {
		for _, name := range t.names {
			for path, field := range t.properties[name].conditions {
				if granter := types[path]; granter != nil {
					granter.grantees = append(granter.grantees, grantee{t, name, field})
				}
			}
		}
	}
}

// grants keeps the conditional relationships of an object right after a write:
// those that it gets by the conditions of others, and those that it gives by
// its own.
func (s *Service) grants(tx *store.Tx, t *objectType, id string, before store.Object) error {
	if err := s.receive(tx, t, id); err != nil {
		return err
	}
	after := tx.Get(t.collection, id)
	for _, g := range t.grantees {
		if crest.Equal(before[g.field], after[g.field]) {
			continue
		}
		fulfils := s.condition(g.t, after[g.field])
		for _, record := range tx.Collection(g.t.collection).Ascend(0, "") {
			object := record.Object()
			here := end{g.t.collection, object["_id"].(string), g.name}
			there := end{t.collection, id, g.t.properties[g.name].reverse}
			if err := s.grant(tx, here, there, fulfils(tx, object)); err != nil {
				return err
			}
		}
	}
	return nil
}

// receive makes and removes what the conditions of others grant an object.
func (s *Service) receive(tx *store.Tx, t *objectType, id string) error {
	types, err := s.types.all(tx)
	if err != nil {
		return err
	}
	object := tx.Get(t.collection, id)
	for _, name := range t.names {
		for path, field := range t.properties[name].conditions {
			if types[path] == nil {
				continue
			}
			here := end{t.collection, id, name}
			for granter, condition := range conditionsIn(tx, path, field) {
				there := end{path, granter, t.properties[name].reverse}
				if err := s.grant(tx, here, there, s.condition(t, condition)(tx, object)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// conditionsIn walks through the objects of a collection that have a condition,
// by ID.
func conditionsIn(tx *store.Tx, path, field string) iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		objects := tx.Collection(path)
		found := objects.Ascend(0, "")
		if objects.Indexed(field) {
			found = objects.Prefix(field, "")
		}
		for _, record := range found {
			if condition, _ := record.Member(field); condition != nil && !yield(textOf(record, "_id"), condition) {
				return
			}
		}
	}
}

// grant makes or removes the conditional relationship of two ends.
func (s *Service) grant(tx *store.Tx, here, there end, fulfilled bool) error {
	granted := false
	for _, e := range between(tx, here, there) {
		if !e.conditional {
			continue
		}
		if granted = fulfilled; !fulfilled {
			e.remove(tx)
		}
	}
	if granted || !fulfilled {
		return nil
	}
	_, err := s.addLink(tx, here, reference{there: there, conditional: true}, "/"+here.property)
	return err
}

// condition returns what tells whether a condition, which is a query filter,
// holds for an object of a type. One that can't be read holds for none.
func (s *Service) condition(t *objectType, condition any) func(*store.Tx, store.Object) bool {
	text, _ := condition.(string)
	filter, err := crest.ParseFilter(text)
	if text == "" || err != nil {
		return func(*store.Tx, store.Object) bool { return false }
	}
	mentioned := t.computed(&crest.Query{Filter: filter})
	return func(tx *store.Tx, object store.Object) bool {
		if len(mentioned) > 0 {
			object = s.candidate(tx, t, object, mentioned)
		}
		return filter.Match(object, s.matching)
	}
}

// grantAgain gives the ends of an edge that a client removed what conditions
// grant them nevertheless.
func (s *Service) grantAgain(tx *store.Tx, e edge) error {
	if !e.conditional {
		return nil
	}
	for _, at := range []end{e.here, e.there} {
		t, err := s.types.lookup(tx, at.collection)
		if err != nil {
			return err
		}
		if t == nil || tx.Get(at.collection, at.id) == nil {
			continue
		}
		if err := s.receive(tx, t, at.id); err != nil {
			return err
		}
	}
	return nil
}
