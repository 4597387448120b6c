package idm

import (
	"fmt"
	"html"
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

const managedVersion = "1.0"

// serveManaged answers /openidm/managed/{type}[/{id}].
func (s *Service) serveManaged(r *route.Request) (*route.Response, error) {
	path := r.Path[1:]
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
		if page, err = r.Query.Run(tx.All(collection(name)), s.matching, s.seed); err != nil {
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
	object := withoutIdentity(content)
	names := sortedNames(object)
	if err := t.checkUnknown(object, names); err != nil {
		return nil, err
	}
	if err := t.checkWritable(names); err != nil {
		return nil, err
	}
	t.addDefaults(object)
	names = sortedNames(object)
	var failed failures
	t.checkRequired(object, &failed)
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
	object := withoutIdentity(content)
	names := sortedNames(object)
	if err := t.checkUnknown(object, names); err != nil {
		return nil, err
	}
	if err := t.checkWritable(names); err != nil {
		return nil, err
	}
	var failed failures
	t.checkTypes(object, names, &failed)
	t.checkUnique(tx, object, id, names, &failed)
	if err := failed.err(writeRefused); err != nil {
		return nil, err
	}
	// What is never returned can't be sent back by who read the object: it stays.
	hidden := tx.Get(private(t.name), id)
	for _, name := range t.names {
		if _, given := object[name]; !given && t.properties[name].private && hidden[name] != nil && name != passwordKey {
			object[name] = hidden[name]
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
		touched := touchedBy(r.Patch)
		if err := t.checkWritable(touched); err != nil {
			return err
		}
		after, _, err := crest.Apply(s.whole(tx, t, id), r.Patch)
		if err != nil {
			return err
		}
		object := withoutIdentity(after)
		if err := t.checkUnknown(object, touched); err != nil {
			return err
		}
		var failed failures
		for _, property := range t.required {
			if _, present := object[property]; !present && slices.Contains(touched, property) {
				failed.add(property, "REQUIRED", nil)
			}
		}
		t.checkTypes(object, touched, &failed)
		t.checkUnique(tx, object, id, touched, &failed)
		if err := failed.err(patchRefused); err != nil {
			return err
		}
		if slices.ContainsFunc(r.Patch, removesPassword) && t.hasPassword() {
			s.passwords.forget(tx, collection(name), id)
		}
		answer, err = s.putIfChanged(tx, t, id, object)
		return err
	})
	return answer, err
}

func removesPassword(op crest.Operation) bool {
	return op.Name == "remove" && len(op.Field) == 1 && op.Field[0] == passwordKey
}

// touchedBy lists the top-level properties that a patch may change.
func touchedBy(operations []crest.Operation) []string {
	var names []string
	for _, op := range operations {
		for _, pointer := range []crest.Pointer{op.Field, op.From} {
			if len(pointer) > 0 && !slices.Contains(names, pointer[0]) {
				names = append(names, pointer[0])
			}
		}
	}
	return names
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

// checkWritable refuses what this fake cannot store faithfully yet.
func (t *objectType) checkWritable(names []string) error {
	for _, name := range names {
		if t.properties[name].relationship {
			return notImplemented("writing the relationship property " + name)
		}
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
	for name, value := range object {
		switch {
		case name == passwordKey && t.hasPassword():
			text, _ := value.(string)
			if err := s.passwords.set(tx, s.chance, collection(t.name), id, text); err != nil {
				return nil, err
			}
		case t.properties[name].private:
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
// it was changed, as in the reference implementation's generic store. Tenants'
// answers have been recorded for types with a schema only.
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

// entryName is how the directory below IDM names an object.
func entryName(typeName, id string) string {
	organization := ""
	kind := typeName
	for _, realm := range Realms {
		if rest, ok := strings.CutPrefix(typeName, realm+"_"); ok {
			kind, organization = rest, ",o="+realm
		}
	}
	return fmt.Sprintf("fr-idm-uuid=%s,ou=%s%s,o=root,ou=identities", id, kind, organization)
}

// The directory's messages come out escaped for HTML, "=" included (recorded).
func directoryText(format string, args ...any) string {
	return strings.ReplaceAll(html.EscapeString(fmt.Sprintf(format, args...)), "=", "&#61;")
}

func noSuchEntry(typeName, id string) error {
	return &crest.Error{Code: http.StatusNotFound, Message: "No Such Entry: " +
		directoryText("The search base entry '%s' does not exist", entryName(typeName, id))}
}

func entryExists(typeName, id string) error {
	return &crest.Error{Code: http.StatusPreconditionFailed, Message: "Entry Already Exists: " +
		directoryText("The entry '%s' cannot be added because an entry with that name already exists", entryName(typeName, id))}
}
