package idm

import (
	"net/http"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

const managedVersion = "1.0"

// serveManaged answers /openidm/managed/{type}[/{id}].
func (s *Service) serveManaged(r *route.Request) (*route.Response, error) {
	path := r.Path[1:]
	if r.NewID != "" && len(path) > 1 {
		path = append(path[:len(path):len(path)], r.NewID) // what is created is no object
	}
	if len(path) > 0 && (path[0] == "teammember" || path[0] == "svcacct") {
		// Recorded for callers who lack the privilege; it comes before the
		// existence check. Which callers have it is not known.
		return nil, crest.Errorf(http.StatusForbidden, route.AccessDenied)
	}
	switch len(path) {
	case 0:
		return nil, route.NotFound(r.Path)
	case 1:
		return s.serveCollection(r, path[0])
	case 2:
		return s.serveObject(r, path[0], path[1])
	}
	return s.serveBelowObject(r, path)
}

func (s *Service) serveCollection(r *route.Request, name string) (*route.Response, error) {
	switch r.Operation {
	case route.Query:
		return s.query(r, name)
	case route.Create, route.Upsert:
		return s.create(r, name)
	}
	if err := s.checkType(name); err != nil {
		return nil, err
	}
	switch r.Operation {
	case route.Update:
		// A PUT with If-Match names the object as the last element.
		return nil, route.NotFound(r.Path)
	case route.Action:
		return nil, unknownAction(r.Action)
	}
	return nil, crest.Errorf(http.StatusBadRequest, "The resource collection %s cannot be %s", name, participle[r.Operation])
}

var participle = map[route.Operation]string{
	route.Read: "read", route.Update: "updated", route.Patch: "patched",
	route.Delete: "deleted", route.Create: "created", route.Upsert: "created", route.Query: "queried",
}

func unknownAction(name string) error {
	if name == "patch" || name == "triggerSyncCheck" {
		return notImplemented("_action=" + name)
	}
	return crest.Errorf(http.StatusBadRequest, "Action %s is not supported", name)
}

func (s *Service) checkType(name string) (err error) {
	s.store.View(func(tx *store.Tx) { _, err = s.lookupType(tx, name) })
	return err
}

func (s *Service) serveObject(r *route.Request, name, id string) (*route.Response, error) {
	switch r.Operation {
	case route.Read:
		return s.read(r, name, id)
	case route.Update:
		return s.update(r, name, id)
	case route.Patch:
		return s.patch(r, name, id)
	case route.Delete:
		return s.remove(r, name, id)
	}
	if err := s.checkType(name); err != nil {
		return nil, err
	}
	if r.Operation == route.Action {
		return nil, unknownAction(r.Action)
	}
	return nil, crest.Errorf(http.StatusBadRequest, "The resource instance %s cannot be %s", id, participle[r.Operation])
}

// serveBelowObject answers what is addressed as a property of an object.
func (s *Service) serveBelowObject(r *route.Request, path []string) (*route.Response, error) {
	var err error
	relationship := false
	s.store.View(func(tx *store.Tx) {
		var t *objectType
		if t, err = s.lookupType(tx, path[0]); err == nil {
			relationship = t.properties[path[2]].relationship
		}
	})
	if err != nil {
		return nil, err
	}
	if relationship {
		return nil, notImplemented("the relationship endpoint " + path[2])
	}
	if r.Operation == route.Create || r.Operation == route.Upsert {
		return nil, crest.Errorf(http.StatusBadRequest, "The resource instance %s cannot be created", path[1])
	}
	return nil, route.NotFound(path[1:])
}

func (s *Service) query(r *route.Request, name string) (*route.Response, error) {
	var page *crest.Page
	var err error
	s.store.View(func(tx *store.Tx) {
		var t *objectType
		if t, err = s.lookupType(tx, name); err != nil {
			return
		}
		if r.Options.Fields, err = t.expandFields(r.Options.Fields); err != nil {
			return
		}
		if page, err = r.Query.Run(tx.Collection(collection(name)), crest.RunOptions{Matching: s.matching, Seed: s.seed}); err != nil {
			return
		}
		for i, object := range page.Result {
			page.Result[i] = withRelationships(tx, t, object, r.Options.Fields)
		}
	})
	if err != nil {
		return nil, err
	}
	version := ""
	if len(page.Result) == 0 {
		version = managedVersion // recorded: only pages without objects name it
	}
	return &route.Response{Page: page, Version: version}, nil
}

func (s *Service) read(r *route.Request, name, id string) (*route.Response, error) {
	var object store.Object
	var err error
	s.store.View(func(tx *store.Tx) {
		var t *objectType
		if t, err = s.lookupType(tx, name); err != nil {
			return
		}
		if r.Options.Fields, err = t.expandFields(r.Options.Fields); err != nil {
			return
		}
		if object = tx.Get(collection(name), id); object == nil {
			err = noSuchEntry(name, id)
			return
		}
		object = withRelationships(tx, t, object, r.Options.Fields)
	})
	if err != nil {
		return nil, err
	}
	return &route.Response{Object: object}, nil
}
