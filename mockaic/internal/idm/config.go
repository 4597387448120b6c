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
	switch r.Operation {
	case route.Read:
		s.store.View(func(tx *store.Tx) { document = tx.Get(configs, managedDoc) })
	case route.Update, route.Upsert:
		err := s.store.Change(func(tx *store.Tx) (err error) {
			document, err = putTypes(tx, r.Body.(map[string]any))
			return err
		})
		if err != nil {
			return nil, err
		}
	case route.Create:
		return nil, crest.Errorf(http.StatusPreconditionFailed, "The configuration managed exists already")
	case route.Patch:
		err := s.store.Change(func(tx *store.Tx) error {
			patched, _, err := crest.Apply(tx.Get(configs, managedDoc), r.Patch)
			if err != nil {
				return err
			}
			document, err = putTypes(tx, patched)
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

func putTypes(tx *store.Tx, document store.Object) (store.Object, error) {
	if _, err := parseTypes(document); err != nil {
		return nil, err
	}
	return tx.Put(configs, managedDoc, document), nil
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
