package idm

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/store"
)

// Data is what a tenant starts with.
type Data struct {
	// Configs are the documents of /openidm/config by ID.
	Configs map[string]store.Object
	// Objects holds the objects by collection, such as managed/alpha_user. They are
	// checked like those that a client creates; their relationship properties hold
	// references.
	Objects map[string][]store.Object
}

// Import stores data, all of it or, if something in it is wrong, none.
func (s *Service) Import(data Data) error {
	return s.store.Change(func(tx *store.Tx) error {
		for _, id := range slices.Sorted(maps.Keys(data.Configs)) {
			document, err := normalObject(data.Configs[id])
			if err == nil {
				_, err = s.putConfig(tx, id, document)
			}
			if err != nil {
				return fmt.Errorf("config/%s: %w", id, err)
			}
		}
		return s.importObjects(tx, data.Objects)
	})
}

func normalObject(value any) (store.Object, error) {
	normal, err := Normalize(value)
	if err != nil {
		return nil, err
	}
	object, ok := normal.(map[string]any)
	if !ok {
		return nil, errors.New("not a JSON object")
	}
	return object, nil
}

// withDetail makes the detail of a refusal part of its text.
func withDetail(err error) error {
	var refusal *crest.Error
	if !errors.As(err, &refusal) || refusal.Detail == nil {
		return err
	}
	detail, encodeErr := json.Marshal(refusal.Detail)
	if encodeErr != nil {
		return err
	}
	return fmt.Errorf("%w: %s", err, detail)
}

// pending is a relationship that waits until both of its ends are there.
type pending struct {
	t        *objectType
	id, name string
	value    any
}

func (s *Service) importObjects(tx *store.Tx, objects map[string][]store.Object) error {
	var wait []pending
	for _, path := range slices.Sorted(maps.Keys(objects)) {
		t, err := s.lookupType(tx, path)
		if err != nil {
			return err
		}
		for i, raw := range objects[path] {
			content, err := normalObject(raw)
			if err != nil {
				return fmt.Errorf("%s %d: %w", path, i, err)
			}
			id, err := newID(tx, t, "", content)
			if err != nil {
				return fmt.Errorf("%s %d: %w", path, i, err)
			}
			if tx.Get(path, id) != nil {
				return fmt.Errorf("%s %d: the _id %s is taken", path, i, id)
			}
			cut := t.cutReferences(id, content)
			wait = append(wait, cut...)
			later := make([]string, len(cut))
			for i, p := range cut {
				later[i] = p.name
			}
			if _, err := s.insert(tx, t, id, content, later); err != nil {
				return fmt.Errorf("%s %s: %w", path, id, withDetail(err))
			}
		}
	}
	for _, p := range wait {
		if err := s.relate(tx, p); err != nil {
			return fmt.Errorf("%s %s: %w", p.t.collection, p.id, err)
		}
	}
	return nil
}

// cutReferences takes the relationships out of an object that is imported:
// what they point to may come later.
func (t *objectType) cutReferences(id string, content store.Object) []pending {
	var cut []pending
	for _, name := range sortedNames(content) {
		if !t.properties[name].relationship {
			continue
		}
		values, many := content[name].([]any)
		if !many && content[name] != nil {
			values = []any{content[name]}
		}
		for _, value := range values {
			cut = append(cut, pending{t, id, name, value})
		}
		delete(content, name)
	}
	return cut
}

// relate makes an edge of a reference in imported data, which may name an edge
// from both of its ends.
func (s *Service) relate(tx *store.Tx, p pending) error {
	wanted, err := p.t.parseReference(p.name, p.value, "/"+p.name)
	if err != nil {
		return err
	}
	here := endOf(p.t.collection, p.id, p.name)
	for _, e := range edgesAt(tx, here) {
		if e.there == wanted.there {
			return nil
		}
	}
	_, err = s.addLink(tx, p.t, here, wanted, "/"+p.name)
	return err
}
