package idm

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

const configVersion = "1.0"

// serveConfig answers /openidm/config. A document's ID may have slashes.
func (s *Service) serveConfig(r *route.Request) (*route.Response, error) {
	path := r.Path[1:]
	if r.NewID != "" {
		path = append(slices.Clip(path), r.NewID)
	}
	if len(path) == 0 {
		return s.serveConfigs(r)
	}
	id := strings.Join(path, "/")
	if path[0] == "fidc" { // recorded; the tenant keeps its federation to itself
		return nil, crest.Errorf(http.StatusForbidden, route.AccessDenied)
	}
	return s.answer(r, func(tx *store.Tx) (*route.Response, error) {
		before := tx.Get(configs, id)
		switch r.Operation {
		case route.Create:
			if before != nil {
				return nil, crest.Errorf(http.StatusPreconditionFailed, "The configuration %s exists already", id)
			}
		case route.Upsert:
		default:
			if before == nil {
				return nil, crest.Errorf(http.StatusNotFound, "Not Found")
			}
			if r.IfMatch != nil && *r.IfMatch != before["_rev"] {
				return nil, crest.Errorf(http.StatusPreconditionFailed, "The configuration %s does not have the required version", id)
			}
		}
		document, err := s.changeConfig(tx, r, id, before)
		if err != nil {
			return nil, err
		}
		answer := &route.Response{Object: withoutRevision(document), Version: configVersion}
		if before == nil {
			// Recorded: the type of a document of several is there twice.
			answer.Status = http.StatusCreated
			answer.Location = "/openidm/config/" + escapePath(append(slices.Clone(path[:len(path)-1]), path...))
		}
		return answer, nil
	})
}

func escapePath(elements []string) string {
	escaped := make([]string, len(elements))
	for i, element := range elements {
		escaped[i] = url.PathEscape(element)
	}
	return strings.Join(escaped, "/")
}

// changeConfig carries a request out and returns the document to answer with.
func (s *Service) changeConfig(tx *store.Tx, r *route.Request, id string, before store.Object) (store.Object, error) {
	switch r.Operation {
	case route.Read:
		return before, nil
	case route.Create, route.Update, route.Upsert:
		document := r.Body.(map[string]any)
		// Recorded: an _id that is not the document's own becomes its id, but only in
		// a document that is there already.
		if other, ok := document["_id"].(string); ok && other != id && before != nil && document["id"] == nil {
			document["id"] = other
		}
		return s.putConfig(tx, id, document)
	case route.Patch:
		patched, _, err := crest.Apply(before, r.Patch)
		if err != nil {
			return nil, err
		}
		return s.putConfig(tx, id, patched)
	case route.Delete:
		tx.Delete(configs, id)
		return before, nil
	}
	return nil, crest.Errorf(http.StatusBadRequest, "The resource instance %s cannot be %s", id, participle[r.Operation])
}

// putConfig stores a document. Any object is accepted under any ID (recorded),
// but for the definitions of managed objects.
func (s *Service) putConfig(tx *store.Tx, id string, document store.Object) (store.Object, error) {
	document = withoutIdentity(document)
	if id == managedDoc {
		return s.putTypes(tx, document)
	}
	return tx.Put(configs, id, document), nil
}

// serveConfigs answers the collection of all documents.
func (s *Service) serveConfigs(r *route.Request) (*route.Response, error) {
	if r.Operation != route.Query {
		return nil, crest.Errorf(http.StatusBadRequest, "The resource collection config cannot be %s", participle[r.Operation])
	}
	query := *r.Query
	if len(query.SortKeys) == 0 {
		query.SortKeys = []crest.SortKey{{Field: crest.Pointer{"_id"}}} // recorded
	}
	var page *crest.Page
	var err error
	s.store.View(func(tx *store.Tx) {
		var documents []store.Object
		for _, document := range tx.All(configs) {
			documents = append(documents, withoutRevision(document))
		}
		page, err = s.run(&query, documents)
		if err == nil && !query.CountOnly {
			// Recorded: these are counted, asked or not.
			count := query
			count.CountOnly, count.Cookie, count.Offset = true, "", 0
			var counted *crest.Page
			if counted, err = s.run(&count, documents); err == nil {
				page.Policy, page.Total = counted.Policy, counted.Total
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return &route.Response{Page: page, Version: configVersion}, nil
}

// putTypes replaces the definitions. What a new definition makes private, or no
// longer private, moves in the objects that are there. The objects of a type
// that is gone stay where they are: nobody can reach them until there is a type
// of that name again.
func (s *Service) putTypes(tx *store.Tx, document store.Object) (store.Object, error) {
	types, err := parseTypes(document)
	if err != nil {
		return nil, err
	}
	before, err := s.types.all(tx)
	if err != nil {
		return nil, err
	}
	for _, path := range slices.Sorted(maps.Keys(types)) {
		t := types[path]
		if former := before[path]; former != nil && slices.Equal(former.names, t.names) && slices.Equal(former.privates(), t.privates()) {
			continue
		}
		for _, object := range tx.All(path) {
			if err := s.move(tx, t, object); err != nil {
				return nil, err
			}
		}
	}
	stored := tx.Put(configs, managedDoc, document)
	after, err := s.types.all(tx)
	if err != nil {
		return nil, err
	}
	for _, path := range slices.Sorted(maps.Keys(types)) {
		if before[path] == nil {
			continue
		}
		if err := s.regrant(tx, before[path], after[path]); err != nil {
			return nil, err
		}
	}
	return stored, nil
}

// privates names the properties that are never returned.
func (t *objectType) privates() []string {
	return slices.DeleteFunc(slices.Clone(t.names), func(name string) bool { return !t.properties[name].keptPrivate() })
}

// move hides the values of an object that must not be shown any more, and shows
// those that are not private any more. To clients the object has not changed,
// so its revision stays. A password stays hidden: only its hash is there.
func (s *Service) move(tx *store.Tx, t *objectType, object store.Object) error {
	id, revision := object["_id"].(string), object["_rev"].(string)
	before := withoutIdentity(tx.Get(private(t.collection), id))
	public, hidden := withoutIdentity(object), maps.Clone(before)
	moved := false
	for name, value := range withoutIdentity(object) {
		if !t.properties[name].keptPrivate() {
			continue
		}
		if text, ok := value.(string); ok && name == passwordKey {
			encoded, err := s.encodePassword(text)
			if err != nil {
				return err
			}
			value = encoded
		}
		hidden[name], moved = value, true
		delete(public, name)
	}
	for name, value := range before {
		if p, defined := t.properties[name]; defined && !p.keptPrivate() && name != passwordKey {
			public[name], moved = value, true
			delete(hidden, name)
		}
	}
	if !moved {
		return nil
	}
	tx.PutRevision(t.collection, id, public, revision)
	if len(hidden) > 0 {
		tx.Put(private(t.collection), id, hidden)
	} else {
		tx.Delete(private(t.collection), id)
	}
	return nil
}

// withoutRevision hides what configuration answers don't carry.
func withoutRevision(document store.Object) store.Object {
	document = maps.Clone(document)
	delete(document, "_rev")
	return document
}

func notImplemented(what string) error {
	return crest.Errorf(http.StatusNotImplemented, "%s is not implemented by this fake tenant", what)
}

func last(path string) string { return path[strings.LastIndex(path, "/")+1:] }
