package idm

import (
	"maps"
	"net/http"
	"net/url"
	"strings"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

// serveRelationship answers {type}/{id}/{property} and below it, an edge.
func (s *Service) serveRelationship(r *route.Request, path, id, name string, below []string) (*route.Response, error) {
	if len(below) > 1 {
		return nil, route.NotFound(r.Path[1:])
	}
	return s.answer(r, func(tx *store.Tx) (*route.Response, error) {
		t, err := s.lookupType(tx, path)
		if err != nil {
			return nil, err
		}
		if tx.Get(path, id) == nil {
			return nil, noSuchEntry(t.name, id)
		}
		at := end{path, id, name}
		switch {
		case len(below) == 1 && t.properties[name].many:
			return s.serveEdge(tx, r, t, at, below[0])
		case len(below) == 1:
			return nil, route.NotFound(r.Path[1:])
		case t.properties[name].many:
			return s.serveEdges(tx, r, t, at)
		default:
			return s.serveSingleton(tx, r, t, at)
		}
	})
}

// serveEdges answers the collection of a property's relationships.
func (s *Service) serveEdges(tx *store.Tx, r *route.Request, t *objectType, at end) (*route.Response, error) {
	switch r.Operation {
	case route.Query:
		return s.queryEdges(tx, r, t.edges(tx, at.id, at.property))
	case route.Create, route.Upsert:
		l, err := t.parseReference(at.property, r.Body, "/"+at.property)
		if err != nil {
			return nil, err
		}
		l.conditional = false
		e, err := s.addLink(tx, at, l, "/"+at.property)
		if err != nil {
			return nil, err
		}
		s.touch(tx, t, at.id)
		if err := s.receiveAtBoth(tx, e); err != nil {
			return nil, err
		}
		object, err := s.edgeView(&expansion{tx: tx}, e, r.Options.Fields)
		if err != nil {
			return nil, err
		}
		return &route.Response{
			Status: http.StatusCreated, Object: object, Projected: true,
			Location: strings.Join([]string{"/openidm", at.collection, url.PathEscape(at.id), at.property, url.PathEscape(e.id)}, "/"),
		}, nil
	case route.Action:
		return nil, unknownAction(r.Action)
	}
	return nil, crest.Errorf(http.StatusBadRequest, "The resource collection %s cannot be %s", at.property, participle[r.Operation])
}

// serveEdge answers one relationship of several.
func (s *Service) serveEdge(tx *store.Tx, r *route.Request, t *objectType, at end, id string) (*route.Response, error) {
	e, found := findEdge(tx, at, id)
	switch r.Operation {
	case route.Read, route.Update, route.Upsert, route.Delete, route.Patch:
	case route.Create:
		if found {
			return nil, crest.Errorf(http.StatusPreconditionFailed, "The relationship %s exists already", id)
		}
		return nil, crest.Errorf(http.StatusBadRequest, "The ID of a relationship is the tenant's choice")
	case route.Action:
		return nil, unknownAction(r.Action)
	default:
		return nil, crest.Errorf(http.StatusBadRequest, "The resource instance %s cannot be %s", id, participle[r.Operation])
	}
	if !found {
		return nil, crest.Errorf(http.StatusNotFound, "Not Found")
	}
	if r.IfMatch != nil {
		if err := e.checkRevision(*r.IfMatch); err != nil {
			return nil, err
		}
	}
	return s.changeEdge(tx, r, t, at, e)
}

func (e edge) checkRevision(wanted string) error {
	if wanted == e.revision {
		return nil
	}
	return crest.Errorf(http.StatusPreconditionFailed, "The resource with ID '%s' could not be updated because it does not have the required version", e.id)
}

// serveSingleton answers the relationship of a property that has one at most.
func (s *Service) serveSingleton(tx *store.Tx, r *route.Request, t *objectType, at end) (*route.Response, error) {
	edges := t.edges(tx, at.id, at.property)
	if r.IfMatch != nil {
		if len(edges) == 0 {
			return nil, crest.Errorf(http.StatusNotFound, "Not Found")
		}
		if err := edges[0].checkRevision(*r.IfMatch); err != nil {
			return nil, err
		}
	}
	switch r.Operation {
	case route.Update, route.Upsert, route.Create:
		if r.Operation == route.Create && len(edges) > 0 {
			return nil, crest.Errorf(http.StatusPreconditionFailed, "The relationship %s exists already", at.property)
		}
		l, err := t.parseReference(at.property, r.Body, "/"+at.property)
		if err != nil {
			return nil, err
		}
		changed, err := s.setRelationship(tx, t, at.id, at.property, []reference{l}, "/"+at.property)
		if err != nil {
			return nil, err
		}
		e := t.edges(tx, at.id, at.property)[0]
		if changed {
			s.touch(tx, t, at.id)
			if err := s.receiveAtBoth(tx, e); err != nil {
				return nil, err
			}
		}
		object, err := s.edgeView(&expansion{tx: tx}, e, r.Options.Fields)
		if err != nil {
			return nil, err
		}
		answer := &route.Response{Object: object, Projected: true, NotModified: !changed}
		if len(edges) == 0 {
			answer.Status = http.StatusCreated
			answer.Location = strings.Join([]string{"/openidm", at.collection, url.PathEscape(at.id), at.property}, "/")
		}
		return answer, nil
	case route.Read, route.Delete, route.Patch:
		if len(edges) == 0 {
			return nil, crest.Errorf(http.StatusNotFound, "Not Found")
		}
		return s.changeEdge(tx, r, t, at, edges[0])
	case route.Action:
		return nil, unknownAction(r.Action)
	}
	return nil, crest.Errorf(http.StatusBadRequest, "The resource instance %s cannot be %s", at.property, participle[r.Operation])
}

// changeEdge reads, removes or changes a relationship that is there. Of a
// relationship a client may change what is in _refProperties.
func (s *Service) changeEdge(tx *store.Tx, r *route.Request, t *objectType, at end, e edge) (*route.Response, error) {
	before, err := s.edgeView(&expansion{tx: tx}, e, r.Options.Fields)
	if err != nil {
		return nil, err
	}
	var body any = r.Body
	switch r.Operation {
	case route.Read:
		return &route.Response{Object: before, Projected: true}, nil
	case route.Delete:
		e.remove(tx)
		s.touch(tx, t, at.id)
		if err := s.receiveAtBoth(tx, e); err != nil {
			return nil, err
		}
		return &route.Response{Object: before, Projected: true}, nil
	case route.Patch:
		patched, _, err := crest.Apply(e.reference(), r.Patch)
		if err != nil {
			return nil, err
		}
		body = patched
	}
	l, err := t.parseReference(at.property, body, "/"+at.property)
	if err != nil {
		return nil, err
	}
	if l.there.collection != e.there.collection || l.there.id != e.there.id {
		return nil, crest.Errorf(http.StatusBadRequest, "A relationship cannot be made to refer to another object: remove it and add a new one")
	}
	if crest.Equal(orEmpty(e.properties), orEmpty(l.properties)) {
		return &route.Response{Object: before, Projected: true, NotModified: true}, nil
	}
	s.touch(tx, t, at.id)
	after, err := s.edgeView(&expansion{tx: tx}, e.setProperties(tx, l.properties), r.Options.Fields)
	if err != nil {
		return nil, err
	}
	return &route.Response{Object: after, Projected: true}, nil
}

// edgeView is a relationship as its endpoint shows it: the reference, and what
// is asked of the object behind it.
func (s *Service) edgeView(x *expansion, e edge, fields []crest.Pointer) (store.Object, error) {
	var behind []crest.Pointer
	for _, field := range fields {
		if len(field) > 0 && ofFarEnd(field) {
			behind = append(behind, field)
		}
	}
	view := store.Object{}
	if len(behind) > 0 {
		var err error
		if view, err = s.behind(x, e, behind); err != nil {
			return nil, err
		}
	}
	if revision := x.tx.Get(e.there.collection, e.there.id)["_rev"]; revision != nil {
		view["_refResourceRev"] = revision
	}
	maps.Copy(view, e.reference())
	view["_id"], view["_rev"] = e.id, e.revision
	return view, nil
}

// ofFarEnd tells whether a field is not one of the edge itself.
func ofFarEnd(field crest.Pointer) bool {
	return len(field) == 0 || field[0] == "_refResourceRev" || !strings.HasPrefix(field[0], "_ref") && field[0] != "_id" && field[0] != "_rev"
}

func (s *Service) queryEdges(tx *store.Tx, r *route.Request, edges []edge) (*route.Response, error) {
	var all []store.Object
	byID := map[string]edge{}
	bare := !r.Query.Mentions(ofFarEnd)
	x := &expansion{tx: tx}
	for _, e := range edges {
		byID[e.id] = e
		if bare {
			object := e.reference()
			object["_id"], object["_rev"] = e.id, e.revision
			all = append(all, object)
		} else {
			object, err := s.edgeView(x, e, []crest.Pointer{{"*"}})
			if err != nil {
				return nil, err
			}
			all = append(all, object)
		}
	}
	page, err := s.run(r.Query, all)
	if err != nil {
		return nil, err
	}
	for i, object := range page.Result {
		if page.Result[i], err = s.edgeView(x, byID[object["_id"].(string)], r.Query.Fields); err != nil {
			return nil, err
		}
	}
	version := ""
	if len(page.Result) == 0 {
		version = managedVersion
	}
	return &route.Response{Page: page, Projected: true, Version: version}, nil
}
