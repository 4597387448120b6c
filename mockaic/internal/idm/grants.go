package idm

import (
	"iter"
	"maps"
	"slices"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/store"
)

// conditional marks a relationship that the tenant made because of a condition,
// such as a role's, that its other end fulfils.
const (
	grantType   = "_grantType"
	conditional = "conditional"
)

// grant is a property whose relationships follow from a condition of their other
// end.
type grant struct {
	to   *objectType // has the property
	name string
	by   *objectType // has the condition
	when string      // the property with the condition
}

// linkGrants notes with each type what its objects grant and get by conditions.
// Types that are broken take no part.
func linkGrants(types map[string]*objectType) {
	for _, place := range slices.Sorted(maps.Keys(types)) {
		t := types[place]
		for _, name := range t.names {
			conditions := t.properties[name].conditions
			for _, path := range slices.Sorted(maps.Keys(conditions)) {
				by := types[path]
				if by == nil || by.defect != "" || t.defect != "" {
					continue
				}
				g := grant{t, name, by, conditions[path]}
				by.gives = append(by.gives, g)
				t.gets = append(t.gets, g)
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
	for _, g := range t.gives {
		if crest.Equal(before[g.when], after[g.when]) {
			continue
		}
		fulfils := s.condition(g.to, after[g.when])
		for _, record := range tx.Collection(g.to.collection).Ascend(0, "") {
			object := record.Object()
			if _, err := s.grant(tx, g, object["_id"].(string), id, fulfils(tx, object)); err != nil {
				return err
			}
		}
	}
	return nil
}

// maxRounds bounds how long conditions are followed that depend on what others
// grant. They may contradict each other.
const maxRounds = 8

// receive makes and removes what the conditions of others grant an object.
func (s *Service) receive(tx *store.Tx, t *objectType, id string) error {
	for range maxRounds {
		if changed, err := s.receiveOnce(tx, t, id); err != nil || !changed {
			return err
		}
	}
	return nil
}

func (s *Service) receiveOnce(tx *store.Tx, t *objectType, id string) (changed bool, err error) {
	object := tx.Get(t.collection, id)
	for _, g := range t.gets {
		for granter, condition := range conditionsIn(tx, g.by.collection, g.when) {
			made, err := s.grant(tx, g, id, granter, s.condition(t, condition)(tx, object))
			if err != nil {
				return false, err
			}
			changed = changed || made
		}
	}
	return changed, nil
}

// conditionsIn walks through the conditions of the objects of a collection, with
// the IDs of these objects.
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

// grant makes or removes the conditional relationship between an object and the
// one that has the condition, and tells whether that changed anything. A property
// that can have only one keeps the one it has.
func (s *Service) grant(tx *store.Tx, g grant, id, granter string, fulfilled bool) (changed bool, err error) {
	p := g.to.properties[g.name]
	here, there := end{g.to.collection, id, g.name}, end{g.by.collection, granter, p.reverse}
	granted := false
	for _, e := range between(tx, here, there) {
		if !e.conditional {
			continue
		}
		if granted = fulfilled; !fulfilled {
			e.remove(tx)
			changed = true
		}
	}
	if granted || !fulfilled || !p.many && len(g.to.edges(tx, id, g.name)) > 0 {
		return changed, nil
	}
	_, err = s.addLink(tx, here, reference{there: there, conditional: true}, "/"+g.name)
	return true, err
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

// receiveAtBoth evaluates the conditions for the objects at the ends of an edge
// that a client made or removed.
func (s *Service) receiveAtBoth(tx *store.Tx, e edge) error {
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

// regrant takes back what properties granted whose conditions are defined
// otherwise now, and grants what the new ones say.
func (s *Service) regrant(tx *store.Tx, before, after *objectType) error {
	var changed []string
	for _, name := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(before.names, after.names)))) {
		if !maps.Equal(before.properties[name].conditions, after.properties[name].conditions) {
			changed = append(changed, name)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	for _, object := range tx.All(after.collection) {
		id := object["_id"].(string)
		for _, name := range changed {
			for _, e := range edgesAt(tx, end{after.collection, id, name}) {
				if e.conditional {
					e.remove(tx)
				}
			}
		}
		if err := s.receive(tx, after, id); err != nil {
			return err
		}
	}
	return nil
}
