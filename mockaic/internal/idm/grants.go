package idm

import (
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
	types, err := s.types.all(tx)
	if err != nil {
		return err
	}
	for _, name := range t.names {
		for path, field := range t.properties[name].conditions {
			granter := types[path]
			if granter == nil {
				continue
			}
			for _, record := range tx.Collection(path).Ascend(0, "") {
				if condition, _ := record.Member(field); condition == nil {
					continue
				}
				if err := s.grant(tx, granter, record.Object(), field, t, id, name); err != nil {
					return err
				}
			}
		}
	}
	after := tx.Get(t.collection, id)
	for _, g := range t.grantees {
		if crest.Equal(before[g.field], after[g.field]) {
			continue
		}
		for _, record := range tx.Collection(g.t.collection).Ascend(0, "") {
			id, _ := record.Member("_id")
			if err := s.grant(tx, t, after, g.field, g.t, id.(string), g.name); err != nil {
				return err
			}
		}
	}
	return nil
}

// grant makes or removes the conditional relationship of a property with the
// object that has the condition.
func (s *Service) grant(tx *store.Tx, granter *objectType, object store.Object, field string, t *objectType, id, name string) error {
	here := endOf(t.collection, id, name)
	there := endOf(granter.collection, object["_id"].(string), t.properties[name].reverse)
	edges := edgesAt(tx, here)
	i := slices.IndexFunc(edges, func(e edge) bool { return e.there == there && e.properties[grantType] == conditional })
	fulfilled := s.fulfils(tx, t, id, object[field])
	switch {
	case fulfilled && i < 0:
		_, err := s.addLink(tx, t, here, reference{there: there, properties: map[string]any{grantType: conditional}}, "/"+name)
		return err
	case !fulfilled && i >= 0:
		edges[i].remove(tx)
	}
	return nil
}

// fulfils tells whether a condition, which is a query filter, holds for an object.
func (s *Service) fulfils(tx *store.Tx, t *objectType, id string, condition any) bool {
	text, _ := condition.(string)
	object := tx.Get(t.collection, id)
	if text == "" || object == nil {
		return false
	}
	filter, err := crest.ParseFilter(text)
	return err == nil && filter.Match(object, s.matching)
}
