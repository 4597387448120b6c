package idm

import (
	"fmt"
	"maps"
	"slices"

	"aicmcp/mockaic/internal/store"
)

// virtualSources is the queryConfig of a virtual property: from which related
// objects it is computed.
type virtualSources struct {
	paths   [][]string // of relationships, each a chain of property names
	fields  []string   // of the objects at the end; nil is a bare reference
	flatten bool       // the values themselves, not objects that hold them
}

func parseSources(value any) (virtualSources, error) {
	config, ok := value.(map[string]any)
	if !ok {
		if value != nil {
			return virtualSources{}, fmt.Errorf("must be an object")
		}
		return virtualSources{}, nil
	}
	var v virtualSources
	var err error
	if v.fields, err = stringList(config["referencedObjectFields"]); err != nil {
		return v, fmt.Errorf("referencedObjectFields %w", err)
	}
	v.flatten, _ = config["flattenProperties"].(bool)
	// One chain, or several.
	chains, _ := config["referencedRelationshipFields"].([]any)
	if chain, err := stringList(config["referencedRelationshipFields"]); err == nil {
		if chain != nil {
			v.paths = [][]string{chain}
		}
		return v, nil
	}
	for _, entry := range chains {
		chain, err := stringList(entry)
		if err != nil {
			return v, fmt.Errorf("referencedRelationshipFields %w", err)
		}
		v.paths = append(v.paths, chain)
	}
	return v, nil
}

// computation is the making of virtual properties, which can depend on others,
// as an organization's parents do. Each is made once, and one that is needed to
// make itself, as in a circle of organizations, is left out there.
type computation map[virtualKey]any

type virtualKey struct{ collection, id, property string }

// virtual computes a property of an object.
func (s *Service) virtual(tx *store.Tx, t *objectType, id, name string, c computation) any {
	key := virtualKey{t.collection, id, name}
	if value, known := c[key]; known {
		return value
	}
	c[key] = nil
	p := t.properties[name]
	var found []any
	seen := map[string]bool{}
	for _, chain := range p.sources.paths {
		for _, end := range s.follow(tx, t, id, chain) {
			if reference := end.path(); !seen[reference] {
				seen[reference] = true
				found = append(found, s.virtualValues(tx, p.sources, end, c)...)
			}
		}
	}
	if p.sources.flatten {
		found = distinct(found)
	}
	c[key] = p.valueOf(found)
	return c[key]
}

// valueOf gives what was found the type of the property.
func (p propertyType) valueOf(found []any) any {
	switch {
	case slices.Equal(p.kinds, []string{"array"}):
		if found == nil {
			return []any{}
		}
		return found
	case len(found) > 0:
		return found[0]
	case slices.Equal(p.kinds, []string{"object"}):
		return map[string]any{}
	}
	return nil
}

// target is an object at the end of a chain of relationships.
type target struct {
	collection, id string
}

func (t target) path() string { return referencePath(t.collection, t.id) }

// follow returns the objects that a chain of relationships leads to.
func (s *Service) follow(tx *store.Tx, t *objectType, id string, chain []string) []target {
	ends := []target{{t.collection, id}}
	for _, property := range chain {
		var next []target
		seen := map[target]bool{}
		for _, from := range ends {
			for _, e := range edgesAt(tx, end{from.collection, from.id, property}) {
				to := target{e.there.collection, e.there.id}
				if !seen[to] && s.effective(tx, e) {
					seen[to] = true
					next = append(next, to)
				}
			}
		}
		ends = next
	}
	return ends
}

// virtualValues is what one related object adds to a virtual property.
func (s *Service) virtualValues(tx *store.Tx, sources virtualSources, end target, c computation) []any {
	t, err := s.types.lookup(tx, end.collection)
	object := tx.Get(end.collection, end.id)
	if err != nil || t == nil || object == nil {
		return nil
	}
	if sources.fields == nil {
		return []any{map[string]any{
			"_ref": end.path(), "_refResourceCollection": end.collection, "_refResourceId": end.id,
		}}
	}
	values := map[string]any{}
	var flat []any
	for _, name := range sources.fields {
		if name == "*" {
			for own, value := range object {
				if p := t.properties[own]; p.byDefault() && !p.virtual && !p.relationship {
					values[own] = value
				}
			}
			continue
		}
		value, present := object[name]
		if t.properties[name].virtual {
			value, present = s.virtual(tx, t, end.id, name, c), true
		}
		if !present || value == nil {
			continue
		}
		values[name] = value
		if list, ok := value.([]any); ok {
			flat = append(flat, list...)
		} else {
			flat = append(flat, value)
		}
	}
	if sources.flatten {
		return flat
	}
	values["_id"], values["_rev"] = end.id, object["_rev"]
	values["_ref"], values["_refResourceCollection"], values["_refResourceId"] = end.path(), end.collection, end.id
	return []any{values}
}

func distinct(values []any) []any {
	var out []any
	seen := map[string]bool{}
	for _, value := range values {
		if text, ok := value.(string); ok {
			if seen[text] {
				continue
			}
			seen[text] = true
		}
		out = append(out, value)
	}
	return out
}

// withVirtual adds the virtual properties that a filter, a sort key or a
// projection may ask for, to an object or to a copy of it.
func (s *Service) withVirtual(tx *store.Tx, t *objectType, object store.Object, wanted func(propertyType, string) bool) store.Object {
	id, own, c := object["_id"].(string), true, computation{}
	set := func(name string, value any) {
		if own {
			object, own = maps.Clone(object), false
		}
		if object[name] = value; value == nil {
			delete(object, name)
		}
	}
	for _, name := range t.names {
		p := t.properties[name]
		if _, stored := object[name]; stored && (p.virtual || p.relationship) {
			set(name, nil) // from a time when the property was another
		}
		if !p.virtual || !wanted(p, name) {
			continue
		}
		if value := s.virtual(tx, t, id, name, c); value != nil {
			set(name, value)
		}
	}
	return object
}
