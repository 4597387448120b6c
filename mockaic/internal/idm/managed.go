package idm

import (
	"net/http"
	"slices"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

const managedVersion = "1.0"

// serveObjects answers a collection of objects, such as managed/alpha_user, and
// what is below it.
func (s *Service) serveObjects(r *route.Request, path string, below []string) (*route.Response, error) {
	if r.NewID != "" && len(below) > 0 {
		below = append(slices.Clip(below), r.NewID) // what is created is no object
	}
	if err := allow(r, path, below); err != nil {
		return nil, err
	}
	if err := s.checkFields(path, r.Options.Fields); err != nil {
		return nil, err
	}
	switch len(below) {
	case 0:
		return s.serveCollection(r, path)
	case 1:
		return s.serveObject(r, path, below[0])
	}
	return s.serveBelowObject(r, path, below)
}

// allow refuses callers without the privilege, before anything is looked up
// (recorded for teammember and svcacct): the people who run the tenant are for
// themselves only, its service accounts for them and for the developer's token. A
// service account may read itself.
func allow(r *route.Request, path string, below []string) error {
	itself := r.Caller.ServiceAccount && r.Operation == route.Read && slices.Equal(below, []string{r.Caller.ID})
	if closed(path) && !r.Caller.Administrator && !(path == serviceAccounts && (r.Caller.Developer || itself)) {
		return crest.Errorf(http.StatusForbidden, route.AccessDenied)
	}
	return nil
}

// closed tells whether only some callers may see a collection.
func closed(path string) bool {
	return path == administrators || path == "managed/teammembermeta" || path == serviceAccounts
}

func (s *Service) serveCollection(r *route.Request, path string) (*route.Response, error) {
	switch r.Operation {
	case route.Query:
		return s.query(r, path)
	case route.Create, route.Upsert:
		return s.create(r, path)
	}
	if err := s.checkType(path); err != nil {
		return nil, err
	}
	switch r.Operation {
	case route.Update:
		// A PUT with If-Match names the object as the last element.
		return nil, route.NotFound(r.Path)
	case route.Action:
		if r.Action == "patch" {
			return s.patchFound(r, path)
		}
		return nil, unknownAction(r.Action)
	}
	return nil, crest.Errorf(http.StatusBadRequest, "The resource collection %s cannot be %s", last(path), participle[r.Operation])
}

var participle = map[route.Operation]string{
	route.Read: "read", route.Update: "updated", route.Patch: "patched",
	route.Delete: "deleted", route.Create: "created", route.Upsert: "created", route.Query: "queried",
}

func unknownAction(name string) error {
	if name == "triggerSyncCheck" {
		return notImplemented("_action=" + name)
	}
	return crest.Errorf(http.StatusBadRequest, "Action %s is not supported", name)
}

func (s *Service) checkType(path string) (err error) {
	s.store.View(func(tx *store.Tx) { _, err = s.lookupType(tx, path) })
	return err
}

func (s *Service) serveObject(r *route.Request, path, id string) (*route.Response, error) {
	switch r.Operation {
	case route.Read:
		return s.read(r, path, id)
	case route.Update:
		return s.update(r, path, id)
	case route.Patch:
		return s.patch(r, path, id)
	case route.Delete:
		return s.remove(r, path, id)
	}
	if err := s.checkType(path); err != nil {
		return nil, err
	}
	if r.Operation == route.Action {
		if r.Action != "patch" {
			return nil, unknownAction(r.Action)
		}
		operations, err := crest.ParsePatch(r.Body)
		if err != nil {
			return nil, err
		}
		r.Patch = operations
		route.TrailOf(r.Context()).Change = route.Patch
		return s.patch(r, path, id)
	}
	return nil, crest.Errorf(http.StatusBadRequest, "The resource instance %s cannot be %s", id, participle[r.Operation])
}

// patchFound answers _action=patch on a collection: the one object that the
// query finds is patched.
func (s *Service) patchFound(r *route.Request, path string) (*route.Response, error) {
	operations, err := crest.ParsePatch(r.Body)
	if err != nil {
		return nil, err
	}
	if r.Query == nil {
		return nil, crest.Errorf(http.StatusBadRequest, "The action patch needs a _queryFilter that selects the object")
	}
	var answer *route.Response
	err = s.change(r.Context(), func(tx *store.Tx) error {
		t, err := s.lookupType(tx, path)
		if err != nil {
			return err
		}
		r.Query.PageSize, r.Query.CountPolicy = 2, crest.CountNone
		page, err := s.find(tx, t, r.Query)
		if err != nil {
			return err
		}
		switch len(page.Result) {
		case 0:
			return crest.Errorf(http.StatusNotFound, "Query returned no results")
		case 1:
			id := page.Result[0]["_id"].(string)
			trail := route.TrailOf(r.Context())
			trail.Change, trail.Object = route.Patch, path+"/"+id
			answer, err = s.applyPatch(tx, t, id, operations, r.Options.Fields)
			return err
		}
		return crest.Errorf(http.StatusInternalServerError, "Query result must yield one matching object")
	})
	return answer, err
}

// serveBelowObject answers what is addressed as a property of an object.
func (s *Service) serveBelowObject(r *route.Request, path string, below []string) (*route.Response, error) {
	var err error
	relationship := false
	s.store.View(func(tx *store.Tx) {
		var t *objectType
		if t, err = s.lookupType(tx, path); err == nil {
			relationship = t.properties[below[1]].relationship
		}
	})
	if err != nil {
		return nil, err
	}
	if relationship {
		return s.serveRelationship(r, path, below[0], below[1], below[2:])
	}
	if r.Operation == route.Create || r.Operation == route.Upsert {
		return nil, crest.Errorf(http.StatusBadRequest, "The resource instance %s cannot be created", below[0])
	}
	return nil, route.NotFound(append([]string{last(path)}, below...))
}

func (s *Service) query(r *route.Request, path string) (*route.Response, error) {
	var page *crest.Page
	var err error
	s.store.View(func(tx *store.Tx) {
		var t *objectType
		if t, err = s.lookupType(tx, path); err != nil {
			return
		}
		if page, err = s.find(tx, t, r.Query); err != nil {
			return
		}
		x := &expansion{tx: tx}
		for i, object := range page.Result {
			if page.Result[i], err = s.view(x, t, object, r.Query.Fields, false); err != nil {
				return
			}
		}
	})
	if err != nil {
		return nil, err
	}
	version := ""
	if len(page.Result) == 0 {
		version = managedVersion // recorded: only pages without objects name it
	}
	return &route.Response{Page: page, Projected: true, Version: version}, nil
}

func (s *Service) read(r *route.Request, path, id string) (*route.Response, error) {
	return s.onObject(r, path, id, func(tx *store.Tx, t *objectType) (*route.Response, error) {
		object, err := s.view(&expansion{tx: tx}, t, tx.Get(path, id), r.Options.Fields, true)
		return &route.Response{Object: object, Projected: true}, err
	})
}

// onObject serves a request for an object that has to be there, at the revision
// that the request asks for.
func (s *Service) onObject(r *route.Request, path, id string, serve func(*store.Tx, *objectType) (*route.Response, error)) (*route.Response, error) {
	return s.answer(r, func(tx *store.Tx) (*route.Response, error) {
		t, err := s.lookupType(tx, path)
		if err != nil {
			return nil, err
		}
		if err := checkRevision(tx, r.IfMatch, t, id); err != nil {
			return nil, err
		}
		return serve(tx, t)
	})
}
