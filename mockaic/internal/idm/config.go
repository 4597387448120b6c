package idm

import (
	"fmt"
	"maps"
	"net/http"
	"strings"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

const configVersion = "1.0"

// serveConfig answers /openidm/config: of its documents, managed.
func (s *Service) serveConfig(r *route.Request) (*route.Response, error) {
	path := r.Path[1:]
	if r.NewID != "" {
		path = append(path[:len(path):len(path)], r.NewID)
	}
	id := strings.Join(path, "/")
	if id != managedDoc {
		return nil, notImplemented("/openidm/config/" + id)
	}
	var document store.Object
	matches := func(tx *store.Tx) error {
		if r.IfMatch != nil && *r.IfMatch != tx.Get(configs, managedDoc)["_rev"] {
			return crest.Errorf(http.StatusPreconditionFailed, "The configuration managed does not have the required version")
		}
		return nil
	}
	switch r.Operation {
	case route.Read:
		s.store.View(func(tx *store.Tx) { document = tx.Get(configs, managedDoc) })
	case route.Update, route.Upsert:
		err := s.store.Change(func(tx *store.Tx) (err error) {
			if err := matches(tx); err != nil {
				return err
			}
			document, err = s.putTypes(tx, r.Body.(map[string]any))
			return err
		})
		if err != nil {
			return nil, err
		}
	case route.Create:
		return nil, crest.Errorf(http.StatusPreconditionFailed, "The configuration managed exists already")
	case route.Patch:
		err := s.store.Change(func(tx *store.Tx) error {
			if err := matches(tx); err != nil {
				return err
			}
			patched, _, err := crest.Apply(tx.Get(configs, managedDoc), r.Patch)
			if err != nil {
				return err
			}
			document, err = s.putTypes(tx, patched)
			return err
		})
		if err != nil {
			return nil, err
		}
	case route.Delete:
		return nil, notImplemented("DELETE of /openidm/config/managed")
	default:
		return nil, notImplemented(fmt.Sprintf("the %s operation on /openidm/config/managed", r.Operation))
	}
	return &route.Response{Object: withoutRevision(document), Version: configVersion}, nil
}

// putTypes replaces the definitions. What a new definition makes private, or no
// longer private, moves in the objects that are there.
func (s *Service) putTypes(tx *store.Tx, document store.Object) (store.Object, error) {
	types, err := parseTypes(document)
	if err != nil {
		return nil, err
	}
	for name, t := range types {
		for _, object := range tx.All(collection(name)) {
			id := object["_id"].(string)
			if !t.misplaced(object, tx.Get(private(name), id)) {
				continue
			}
			if _, err := s.put(tx, t, id, withoutIdentity(s.whole(tx, t, id))); err != nil {
				return nil, err
			}
		}
	}
	return tx.Put(configs, managedDoc, document), nil
}

// misplaced reports whether a value is shown that must not be, or the reverse.
func (t *objectType) misplaced(public, hidden store.Object) bool {
	for name := range public {
		if t.properties[name].private {
			return true
		}
	}
	for name := range hidden {
		if p, defined := t.properties[name]; defined && !p.private {
			return true
		}
	}
	return false
}

// withoutRevision hides what configuration answers don't carry.
func withoutRevision(document store.Object) store.Object {
	document = maps.Clone(document)
	delete(document, "_rev")
	return document
}

// lookupType returns the type that a request names.
func (s *Service) lookupType(tx *store.Tx, name string) (*objectType, error) {
	t, err := s.types.lookup(tx, name)
	if err != nil {
		return nil, fmt.Errorf("stored type definitions: %w", err)
	}
	if t == nil {
		return nil, crest.Errorf(http.StatusNotFound, "Resource 'managed/%s' not found", name)
	}
	return t, nil
}
