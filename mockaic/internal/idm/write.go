package idm

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

// create answers POST, and PUT when it may create.
func (s *Service) create(r *route.Request, path string) (*route.Response, error) {
	var answer *route.Response
	err := s.change(r.Context(), func(tx *store.Tx) error {
		t, err := s.lookupType(tx, path)
		if err != nil {
			return err
		}
		content := r.Body.(map[string]any)
		id, err := newID(tx, t, r.NewID, content)
		if err != nil {
			return err
		}
		if tx.Get(path, id) != nil {
			if r.Operation == route.Upsert {
				route.TrailOf(r.Context()).Change = route.Update
				answer, err = s.replace(tx, t, id, content, r.Options.Fields)
				return err
			}
			return entryExists(t.name, id)
		}
		object, err := s.insert(tx, t, id, content, nil)
		if err != nil {
			return err
		}
		if err := s.grants(tx, t, id, nil); err != nil {
			return err
		}
		answer = &route.Response{Status: http.StatusCreated, Projected: true, Location: "/openidm/" + path + "/" + url.PathEscape(id)}
		answer.Object, err = s.view(&expansion{tx: tx}, t, object, r.Options.Fields, true)
		return err
	})
	return answer, err
}

// newID is the requested ID, the one in the body, or a fresh one. A group is
// named by its ID.
func newID(tx *store.Tx, t *objectType, requested string, content store.Object) (string, error) {
	if requested != "" {
		return requested, nil
	}
	if id, present := content["_id"]; present && id != nil {
		text, ok := id.(string)
		if !ok || text == "" {
			return "", crest.Errorf(http.StatusBadRequest, "The _id of a new object must be a non-empty string")
		}
		return text, nil
	}
	if _, kind, _ := strings.Cut(t.name, "_"); kind == "group" && !t.open {
		if groupName, ok := content["name"].(string); ok && groupName != "" {
			return groupName, nil
		}
	}
	return tx.NewID(), nil
}

// insert checks and stores a new object. The relationships of the properties in
// later are made by the caller afterwards, as are those that conditions grant.
func (s *Service) insert(tx *store.Tx, t *objectType, id string, content store.Object, later []string) (store.Object, error) {
	object := t.withoutVirtual(content)
	if err := t.checkNames(object, sortedNames(object)); err != nil {
		return nil, err
	}
	t.addDefaults(object)
	object["_id"] = id
	names := slices.DeleteFunc(union(sortedNames(object), t.required), func(name string) bool { return slices.Contains(later, name) })
	failed := s.check(candidateWrite{tx: tx, t: t, id: id, object: object, required: true}, names)
	if err := failed.err(writeRefused); err != nil {
		return nil, err
	}
	stored, err := s.put(tx, t, id, t.stored(object))
	if err != nil {
		return nil, err
	}
	_, err = s.setRelationships(tx, t, id, object, sortedNames(object))
	return stored, err
}

// setRelationships makes the relationships among names what the object says, and
// tells whether that changed any.
func (s *Service) setRelationships(tx *store.Tx, t *objectType, id string, object store.Object, names []string) (changed bool, err error) {
	for _, name := range names {
		if !t.properties[name].relationship {
			continue
		}
		links, err := t.referencesIn(name, object[name])
		if err != nil {
			return false, err
		}
		set, err := s.setRelationship(tx, t, id, name, links, "/"+name)
		if err != nil {
			return false, err
		}
		changed = changed || set
	}
	return changed, nil
}

// addDefaults sets the properties that a new object was not given. {{name}} in
// a default stands for another property.
func (t *objectType) addDefaults(object store.Object) {
	for _, name := range t.names {
		initial := t.properties[name].initial
		if _, present := object[name]; present || initial == nil {
			continue
		}
		template, ok := initial.(string)
		if !ok || !strings.Contains(template, "{{") {
			object[name] = initial
			continue
		}
		var pairs []string
		for other, value := range object {
			if text, ok := value.(string); ok {
				pairs = append(pairs, "{{"+other+"}}", text)
			}
		}
		if text := strings.NewReplacer(pairs...).Replace(template); !strings.Contains(text, "{{") {
			object[name] = text
		}
	}
}

func (s *Service) update(r *route.Request, path, id string) (*route.Response, error) {
	return s.onObject(r, path, id, func(tx *store.Tx, t *objectType) (*route.Response, error) {
		return s.replace(tx, t, id, r.Body.(map[string]any), r.Options.Fields)
	})
}

// replace puts content in the place of an object. Required properties may be
// left out: they are checked on create only (recorded). So may relationships,
// which then stay; and null says that a property of the directory is unset, as
// it does in what the client has read.
func (s *Service) replace(tx *store.Tx, t *objectType, id string, content store.Object, fields []crest.Pointer) (*route.Response, error) {
	object := t.withoutVirtual(content)
	maps.DeleteFunc(object, func(name string, value any) bool {
		p := t.properties[name]
		return value == nil && p.native && !p.nullable && !p.relationship && !slices.Contains(t.required, name)
	})
	if t.collection == roleCollection { // recorded
		t.addDefaults(object)
	}
	names := sortedNames(object)
	stored := tx.Get(t.collection, id)
	changed := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		value, present := stored[name]
		return present && crest.Equal(value, object[name])
	})
	if err := t.checkNames(object, changed); err != nil {
		return nil, err
	}
	failed := s.check(candidateWrite{tx: tx, t: t, id: id, object: object}, names)
	if err := failed.err(writeRefused); err != nil {
		return nil, err
	}
	// What is never returned can't be sent back by who read the object: it stays.
	for name, value := range withoutIdentity(tx.Get(private(t.collection), id)) {
		if _, given := object[name]; !given && name != passwordKey {
			object[name] = value
		}
	}
	related, err := s.setRelationships(tx, t, id, object, names)
	if err != nil {
		return nil, err
	}
	return s.putIfChanged(tx, t, id, t.stored(object), related, fields)
}

func (s *Service) remove(r *route.Request, path, id string) (*route.Response, error) {
	return s.onObject(r, path, id, func(tx *store.Tx, t *objectType) (*route.Response, error) {
		object, err := s.view(&expansion{tx: tx}, t, tx.Get(path, id), r.Options.Fields, true)
		if err != nil {
			return nil, err
		}
		tx.Delete(path, id)
		tx.Delete(private(path), id)
		tx.Delete(retries(path), id)
		removeEdges(tx, path, id)
		s.untouch(tx, t, id)
		return &route.Response{Object: object, Projected: true}, nil
	})
}

// checkRevision makes sure that the object is there and, where the request
// says so, has the revision that the caller saw.
func checkRevision(tx *store.Tx, wanted *string, t *objectType, id string) error {
	object := tx.Get(t.collection, id)
	if object == nil {
		return noSuchEntry(t.name, id)
	}
	if wanted != nil && *wanted != object["_rev"] {
		return crest.Errorf(http.StatusPreconditionFailed, "The resource with ID '%s' could not be updated because it does not have the required version", id)
	}
	return nil
}

// whole is the object with its private properties, as a patch sees it. The
// password is not among them: only its hash exists.
func (s *Service) whole(tx *store.Tx, t *objectType, id string) store.Object {
	object := maps.Clone(tx.Get(t.collection, id))
	for name, value := range tx.Get(private(t.collection), id) {
		if name != "_id" && name != "_rev" && name != passwordKey {
			object[name] = value
		}
	}
	return object
}

// putIfChanged stores an object unless it is as it was. changed says that
// something besides its properties is new.
func (s *Service) putIfChanged(tx *store.Tx, t *objectType, id string, object store.Object, changed bool, fields []crest.Pointer) (*route.Response, error) {
	_, newPassword := object[passwordKey]
	stored, unchanged := tx.Get(t.collection, id), false
	if !changed && crest.Equal(withoutIdentity(s.whole(tx, t, id)), object) && !(newPassword && t.hasPassword()) {
		unchanged = true
	} else {
		before := stored
		var err error
		if stored, err = s.put(tx, t, id, object); err != nil {
			return nil, err
		}
		if err := s.grants(tx, t, id, before); err != nil {
			return nil, err
		}
	}
	object, err := s.view(&expansion{tx: tx}, t, stored, fields, true)
	if err != nil {
		return nil, err
	}
	return &route.Response{Object: object, Projected: true, NotModified: unchanged}, nil
}

// put stores an object, its private properties and its password apart.
func (s *Service) put(tx *store.Tx, t *objectType, id string, object store.Object) (store.Object, error) {
	public, hidden := store.Object{}, store.Object{}
	before := tx.Get(private(t.collection), id)
	if kept := before[passwordKey]; kept != nil {
		hidden[passwordKey] = kept
	}
	for name, value := range object {
		_, wasHidden := before[name]
		_, defined := t.properties[name]
		switch {
		case name == "_id" || name == "_rev":
		case name == passwordKey && (t.hasPassword() || wasHidden && !defined):
			text, ok := value.(string)
			if !ok {
				return nil, crest.Errorf(http.StatusBadRequest, "The password must be a string")
			}
			encode := s.hashed
			if t.allowsEncoded(tx) {
				encode = s.encodePassword
			}
			encoded, err := encode(text)
			if err != nil {
				return nil, err
			}
			hidden[passwordKey] = encoded
		case t.properties[name].private, wasHidden && !defined:
			hidden[name] = value
		default:
			public[name] = value
		}
	}
	if len(hidden) > 0 {
		tx.Put(private(t.collection), id, hidden)
	} else {
		tx.Delete(private(t.collection), id)
	}
	s.touch(tx, t, id)
	if t.open {
		return tx.PutRevision(t.collection, id, public, nextCount(tx.Get(t.collection, id))), nil
	}
	return tx.Put(t.collection, id, public), nil
}

// nextCount is the revision of an object of a type without a schema: how often
// it was changed since it was created, as in the reference implementation's
// generic store. Tenants' answers have been recorded for types with a schema only.
func nextCount(current store.Object) string {
	if current == nil {
		return "0"
	}
	text, _ := current["_rev"].(string)
	count, err := strconv.ParseUint(text, 10, 64)
	if err != nil { // the type had a schema when the object was stored
		return "0"
	}
	return strconv.FormatUint(count+1, 10)
}

// withoutIdentity is a copy, which is not nil.
func withoutIdentity(object store.Object) store.Object {
	if object == nil {
		return store.Object{}
	}
	object = maps.Clone(object)
	delete(object, "_id")
	delete(object, "_rev")
	return object
}

// withoutVirtual leaves out what the tenant computes, whatever a client sends.
func (t *objectType) withoutVirtual(content store.Object) store.Object {
	object := withoutIdentity(content)
	maps.DeleteFunc(object, func(name string, _ any) bool {
		return t.properties[name].virtual || name == metaKey && t.meta != ""
	})
	return object
}

// stored is what the store keeps of an object: no relationships, and no empty
// arrays where the directory has attributes, which are then unset.
func (t *objectType) stored(object store.Object) store.Object {
	object = maps.Clone(object)
	maps.DeleteFunc(object, func(name string, value any) bool {
		list, many := value.([]any)
		return t.properties[name].relationship || t.properties[name].native && many && len(list) == 0
	})
	return object
}
