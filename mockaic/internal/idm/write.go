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
func (s *Service) create(r *route.Request, name string) (*route.Response, error) {
	var answer *route.Response
	err := s.store.Change(func(tx *store.Tx) error {
		t, err := s.lookupType(tx, name)
		if err != nil {
			return err
		}
		content := r.Body.(map[string]any)
		id, err := newID(tx, t, r.NewID, content)
		if err != nil {
			return err
		}
		if tx.Get(collection(name), id) != nil {
			if r.Operation == route.Upsert {
				answer, err = s.replace(tx, t, id, content)
				return err
			}
			return entryExists(name, id)
		}
		object, err := s.insert(tx, t, id, content)
		if err != nil {
			return err
		}
		answer = &route.Response{
			Status: http.StatusCreated, Object: object,
			Location: "/openidm/managed/" + url.PathEscape(name) + "/" + url.PathEscape(id),
		}
		return nil
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

// insert checks and stores a new object.
func (s *Service) insert(tx *store.Tx, t *objectType, id string, content store.Object) (store.Object, error) {
	object := t.withoutVirtual(content)
	names := sortedNames(object)
	if err := t.checkNames(object, names); err != nil {
		return nil, err
	}
	t.addDefaults(object)
	names = sortedNames(object)
	var failed failures
	t.checkRequired(object, t.required, &failed)
	t.checkID(id, &failed)
	t.checkTypes(object, names, &failed)
	t.checkUnique(tx, object, id, names, &failed)
	if err := failed.err(writeRefused); err != nil {
		return nil, err
	}
	return s.put(tx, t, id, object)
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

func (s *Service) update(r *route.Request, name, id string) (*route.Response, error) {
	var answer *route.Response
	err := s.store.Change(func(tx *store.Tx) error {
		t, err := s.lookupType(tx, name)
		if err != nil {
			return err
		}
		if err := checkRevision(tx, r, name, id); err != nil {
			return err
		}
		answer, err = s.replace(tx, t, id, r.Body.(map[string]any))
		return err
	})
	return answer, err
}

// replace puts content in the place of an object. Required properties may be
// left out: they are checked on create only (recorded).
func (s *Service) replace(tx *store.Tx, t *objectType, id string, content store.Object) (*route.Response, error) {
	object := t.withoutVirtual(content)
	names := sortedNames(object)
	if err := t.checkNames(object, names); err != nil {
		return nil, err
	}
	var failed failures
	t.checkTypes(object, names, &failed)
	t.checkUnique(tx, object, id, names, &failed)
	if err := failed.err(writeRefused); err != nil {
		return nil, err
	}
	// What is never returned can't be sent back by who read the object: it stays.
	for name, value := range withoutIdentity(tx.Get(private(t.name), id)) {
		if _, given := object[name]; !given {
			object[name] = value
		}
	}
	return s.putIfChanged(tx, t, id, object)
}

func (s *Service) patch(r *route.Request, name, id string) (*route.Response, error) {
	var answer *route.Response
	err := s.store.Change(func(tx *store.Tx) error {
		t, err := s.lookupType(tx, name)
		if err != nil {
			return err
		}
		if err := checkRevision(tx, r, name, id); err != nil {
			return err
		}
		operations := slices.DeleteFunc(r.Patch, t.concernsVirtual)
		touched := touchedBy(operations)
		after, _, err := crest.Apply(s.whole(tx, t, id), operations)
		if err != nil {
			return err
		}
		object := withoutIdentity(after)
		if err := t.checkNames(object, touched); err != nil {
			return err
		}
		var failed failures
		t.checkRequired(object, touched, &failed)
		t.checkTypes(object, touched, &failed)
		t.checkUnique(tx, object, id, touched, &failed)
		if err := failed.err(patchRefused); err != nil {
			return err
		}
		if t.hasPassword() && slices.ContainsFunc(operations, removesPassword) && s.passwords.forget(tx, collection(name), id) {
			stored, err := s.put(tx, t, id, object)
			answer = &route.Response{Object: stored}
			return err
		}
		answer, err = s.putIfChanged(tx, t, id, object)
		return err
	})
	return answer, err
}

// concernsVirtual reports whether an operation would change what the tenant
// computes, or copy it.
func (t *objectType) concernsVirtual(op crest.Operation) bool {
	return len(op.Field) > 0 && t.properties[op.Field[0]].virtual || len(op.From) > 0 && t.properties[op.From[0]].virtual
}

// removesPassword leaves removals by value out: a hash equals no value.
func removesPassword(op crest.Operation) bool {
	return op.Name == "remove" && op.Value == nil && len(op.Field) == 1 && op.Field[0] == passwordKey
}

// touchedBy lists the top-level properties that a patch may change.
func touchedBy(operations []crest.Operation) []string {
	touched := map[string]any{}
	for _, op := range operations {
		for _, pointer := range []crest.Pointer{op.Field, op.From} {
			if len(pointer) > 0 {
				touched[pointer[0]] = nil
			}
		}
	}
	return sortedNames(touched)
}

func (s *Service) remove(r *route.Request, name, id string) (*route.Response, error) {
	var object store.Object
	err := s.store.Change(func(tx *store.Tx) error {
		if _, err := s.lookupType(tx, name); err != nil {
			return err
		}
		if err := checkRevision(tx, r, name, id); err != nil {
			return err
		}
		object = tx.Get(collection(name), id)
		tx.Delete(collection(name), id)
		tx.Delete(private(name), id)
		s.passwords.forget(tx, collection(name), id)
		removeEdges(tx, collection(name), id)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &route.Response{Object: object}, nil
}

// checkRevision makes sure that the object is there and, where the request
// says so, has the revision that the caller saw.
func checkRevision(tx *store.Tx, r *route.Request, name, id string) error {
	object := tx.Get(collection(name), id)
	if object == nil {
		return noSuchEntry(name, id)
	}
	if r.IfMatch != nil && *r.IfMatch != object["_rev"] {
		return crest.Errorf(http.StatusPreconditionFailed, "The resource with ID '%s' could not be updated because it does not have the required version", id)
	}
	return nil
}

// whole is the object with its private properties, as a patch sees it. The
// password is not among them: only its hash exists.
func (s *Service) whole(tx *store.Tx, t *objectType, id string) store.Object {
	object := maps.Clone(tx.Get(collection(t.name), id))
	for name, value := range tx.Get(private(t.name), id) {
		if name != "_id" && name != "_rev" {
			object[name] = value
		}
	}
	return object
}

func (s *Service) putIfChanged(tx *store.Tx, t *objectType, id string, object store.Object) (*route.Response, error) {
	_, newPassword := object[passwordKey]
	before := withoutIdentity(s.whole(tx, t, id))
	if crest.Equal(before, object) && !(newPassword && t.hasPassword()) {
		return &route.Response{Object: tx.Get(collection(t.name), id), NotModified: true}, nil
	}
	stored, err := s.put(tx, t, id, object)
	if err != nil {
		return nil, err
	}
	return &route.Response{Object: stored}, nil
}

// put stores an object, its private properties and its password apart.
func (s *Service) put(tx *store.Tx, t *objectType, id string, object store.Object) (store.Object, error) {
	public, hidden := store.Object{}, store.Object{}
	before := tx.Get(private(t.name), id)
	for name, value := range object {
		_, wasHidden := before[name]
		_, defined := t.properties[name]
		switch {
		case name == passwordKey && t.hasPassword():
			text, _ := value.(string)
			if err := s.passwords.set(tx, s.chance, collection(t.name), id, text); err != nil {
				return nil, err
			}
		case t.properties[name].private, wasHidden && !defined:
			hidden[name] = value
		default:
			public[name] = value
		}
	}
	if len(hidden) > 0 {
		tx.Put(private(t.name), id, hidden)
	} else {
		tx.Delete(private(t.name), id)
	}
	if t.open {
		return tx.PutRevision(collection(t.name), id, public, nextCount(tx.Get(collection(t.name), id))), nil
	}
	return tx.Put(collection(t.name), id, public), nil
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

func (t *objectType) hasPassword() bool { return t.properties[passwordKey].private }

func withoutIdentity(object store.Object) store.Object {
	object = maps.Clone(object)
	delete(object, "_id")
	delete(object, "_rev")
	return object
}

// withoutVirtual leaves out what the tenant computes, whatever a client sends.
func (t *objectType) withoutVirtual(content store.Object) store.Object {
	object := withoutIdentity(content)
	for name := range object {
		if t.properties[name].virtual {
			delete(object, name)
		}
	}
	return object
}
