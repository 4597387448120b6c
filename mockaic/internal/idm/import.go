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
	// Types is the document config/managed.
	Types store.Object
	// Objects holds the managed objects by type. They are checked like those
	// that a client creates; their relationship properties hold references.
	Objects map[string][]store.Object
	// Administrators are the people who may log in to the root realm.
	Administrators []store.Object
}

// Import stores data, all of it or, if something in it is wrong, none.
func (s *Service) Import(data Data) error {
	types, err := Normalize(data.Types)
	if err != nil {
		return fmt.Errorf("config/managed: %w", err)
	}
	document, ok := types.(map[string]any)
	if !ok {
		return fmt.Errorf("config/managed: not a JSON object")
	}
	return s.store.Change(func(tx *store.Tx) error {
		if _, err := s.putTypes(tx, document); err != nil {
			return fmt.Errorf("config/managed: %w", err)
		}
		for i, person := range data.Administrators {
			if err := s.importAdministrator(tx, person); err != nil {
				return fmt.Errorf("administrator %d: %w", i, err)
			}
		}
		return s.importObjects(tx, data.Objects)
	})
}

func (s *Service) importAdministrator(tx *store.Tx, person store.Object) error {
	person = maps.Clone(person)
	password, _ := person[passwordKey].(string)
	userName, _ := person["userName"].(string)
	if password == "" || userName == "" {
		return fmt.Errorf("userName and password are required")
	}
	delete(person, passwordKey)
	if person["accountStatus"] == nil {
		person["accountStatus"] = "active"
	}
	id, _ := person["_id"].(string)
	if id == "" {
		id = tx.NewID()
	}
	tx.Put(administrators, id, person)
	return s.passwords.set(tx, s.chance, administrators, id, password)
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

// reference is a relationship that waits until both of its ends are there.
type reference struct {
	t        *objectType
	id, name string
	value    any
}

func (s *Service) importObjects(tx *store.Tx, objects map[string][]store.Object) error {
	var references []reference
	for _, name := range slices.Sorted(maps.Keys(objects)) {
		t, err := s.lookupType(tx, name)
		if err != nil {
			return err
		}
		for i, raw := range objects[name] {
			value, err := Normalize(raw)
			if err != nil {
				return fmt.Errorf("%s %d: %w", name, i, err)
			}
			content, ok := value.(map[string]any)
			if !ok {
				return fmt.Errorf("%s %d: not a JSON object", name, i)
			}
			id, err := newID(tx, t, "", content)
			if err != nil {
				return fmt.Errorf("%s %d: %w", name, i, err)
			}
			if tx.Get(collection(name), id) != nil {
				return fmt.Errorf("%s %d: the _id %s is taken", name, i, id)
			}
			references = append(references, t.cutReferences(id, content)...)
			if _, err := s.insert(tx, t, id, content); err != nil {
				return fmt.Errorf("%s %s: %w", name, id, withDetail(err))
			}
		}
	}
	seen := map[[2]end]bool{}
	for _, r := range references {
		if err := relate(tx, r, seen); err != nil {
			return err
		}
	}
	return nil
}

// cutReferences takes the relationships out of an object that is imported:
// what they point to may come later.
func (t *objectType) cutReferences(id string, content store.Object) []reference {
	var cut []reference
	for _, name := range sortedNames(content) {
		if !t.properties[name].relationship {
			continue
		}
		values, many := content[name].([]any)
		if !many && content[name] != nil {
			values = []any{content[name]}
		}
		for _, value := range values {
			cut = append(cut, reference{t, id, name, value})
		}
		delete(content, name)
	}
	return cut
}
