package idm

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/store"
)

// Data is all that IDM holds: what a tenant starts with, and what an export of
// it is.
type Data struct {
	// Configs are the documents of /openidm/config by ID.
	Configs map[string]store.Object
	// Objects holds the objects by collection, such as managed/alpha_user. Their
	// relationship properties hold references. An object without a _rev is checked
	// like one that a client creates; one with a _rev is taken as it is, since it is
	// from an export, and so are its relationships that have an _id and a _rev.
	Objects map[string]Objects
	// Earlier holds what the definitions in Configs have no place for, because it
	// was stored under others: values by collection and, under "relationships",
	// edges.
	Earlier map[string]Objects
}

// Objects are objects that are read one by one. An error ends them.
type Objects = iter.Seq2[store.Object, error]

// List makes Objects of objects that were written in Go.
func List(objects []store.Object) Objects {
	return func(yield func(store.Object, error) bool) {
		for _, object := range objects {
			normal, err := normalObject(object)
			if !yield(normal, err) || err != nil {
				return
			}
		}
	}
}

func normalObject(value any) (store.Object, error) {
	normal, err := crest.Normalize(value)
	if err != nil {
		return nil, err
	}
	object, ok := normal.(map[string]any)
	if !ok {
		return nil, errors.New("not a JSON object")
	}
	return object, nil
}

// Import stores data, all of it or, if something in it is wrong, none.
func (s *Service) Import(data Data) error {
	return s.store.Change(func(tx *store.Tx) error {
		for _, id := range slices.Sorted(maps.Keys(data.Configs)) {
			document, err := normalObject(data.Configs[id])
			if err == nil {
				_, err = s.putConfig(tx, id, document)
			}
			if err != nil {
				return fmt.Errorf("config/%s: %w", id, err)
			}
		}
		return s.importObjects(tx, data)
	})
}

// importer puts the objects of an import into a store that has their types.
type importer struct {
	*Service
	tx       *store.Tx
	types    map[string]*objectType
	sidecars map[string]bool // the collections of sidecars
	wait     []pending
	inserted []target
	edges    int // how many relationships were taken as they are
}

// pending is a relationship of an object, which waits until its other end is
// there.
type pending struct {
	t        *objectType
	id, name string
	value    any // as it was read
}

func (s *Service) importObjects(tx *store.Tx, data Data) error {
	types, err := s.types.all(tx)
	if err != nil {
		return err
	}
	i := importer{Service: s, tx: tx, types: types, sidecars: map[string]bool{}}
	for _, t := range types {
		i.sidecars[t.meta] = true
	}
	for _, path := range slices.Sorted(maps.Keys(data.Objects)) {
		count := 0
		for content, err := range data.Objects[path] {
			if err == nil {
				err = i.add(path, content)
			}
			if err != nil {
				return fmt.Errorf("%s %s: %w", path, nameOf(content, count), err)
			}
			count++
		}
	}
	if err := i.checkEdges(); err != nil {
		return err
	}
	for _, p := range i.wait {
		if err := s.relate(tx, p); err != nil {
			return fmt.Errorf("%s %s: %w", p.t.collection, p.id, err)
		}
	}
	for _, object := range i.inserted {
		if err := s.grants(tx, types[object.collection], object.id, nil); err != nil {
			return fmt.Errorf("%s %s: %w", object.collection, object.id, err)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(data.Earlier)) {
		count := 0
		for content, err := range data.Earlier[path] {
			if err == nil {
				err = i.addEarlier(path, content)
			}
			if err != nil {
				return fmt.Errorf("earlier/%s %s: %w", path, nameOf(content, count), err)
			}
			count++
		}
	}
	return nil
}

// nameOf tells an object of an import from the others, by its _id or its place.
func nameOf(content store.Object, place int) string {
	if id, ok := content["_id"].(string); ok {
		return id
	}
	return fmt.Sprint(place)
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

// add stores one object.
func (i *importer) add(path string, content store.Object) error {
	if _, exported := content["_rev"]; exported {
		return i.restore(path, content)
	}
	t, err := i.lookupType(i.tx, path)
	if err != nil {
		return err
	}
	id, err := newID(i.tx, t, "", content)
	if err != nil {
		return err
	}
	if i.tx.Get(path, id) != nil {
		return fmt.Errorf("the _id %s is taken", id)
	}
	for name, value := range content {
		if _, list := value.([]any); list && t.properties[name].relationship && !t.properties[name].many {
			return fmt.Errorf("/%s: the property has one relationship at most, not an array", name)
		}
	}
	cut := t.cutReferences(id, content)
	later := make([]string, len(cut))
	for n, p := range cut {
		later[n] = p.name
	}
	if _, err = i.insert(i.tx, t, id, content, later); err != nil {
		return withDetail(err)
	}
	if len(t.gives)+len(t.gets) > 0 {
		i.inserted = append(i.inserted, target{path, id})
	}
	for _, p := range cut {
		if err := i.relateOrWait(p); err != nil {
			return err
		}
	}
	return nil
}

// relateOrWait makes an edge if both of its ends are there.
func (i *importer) relateOrWait(p pending) error {
	wanted, err := p.t.parseReference(p.name, p.value, "/"+p.name)
	if err != nil {
		return err
	}
	if i.tx.Get(wanted.there.collection, wanted.there.id) == nil {
		i.wait = append(i.wait, p)
		return nil
	}
	return i.relate(i.tx, p)
}

// cutReferences takes the relationships out of an object that is imported:
// what they point to may come later.
func (t *objectType) cutReferences(id string, content store.Object) []pending {
	var cut []pending
	for _, name := range sortedNames(content) {
		if !t.properties[name].relationship {
			continue
		}
		values, many := content[name].([]any)
		if !many && content[name] != nil {
			values = []any{content[name]}
		}
		for _, value := range values {
			cut = append(cut, pending{t, id, name, value})
		}
		delete(content, name)
	}
	return cut
}

// relate makes an edge of a reference in imported data, which may name an edge
// from both of its ends.
func (s *Service) relate(tx *store.Tx, p pending) error {
	wanted, err := p.t.parseReference(p.name, p.value, "/"+p.name)
	if err != nil {
		return err
	}
	here := end{p.t.collection, p.id, p.name}
	for _, e := range between(tx, here, wanted.there) {
		if e.conditional == wanted.conditional && (wanted.properties == nil || crest.Equal(orEmpty(e.properties), orEmpty(wanted.properties))) {
			return nil
		}
	}
	_, err = s.addLink(tx, here, wanted, "/"+p.name)
	return err
}

// restore stores an object of an export as it was. Its type may be gone.
func (i *importer) restore(path string, content store.Object) error {
	id, revision, err := identityOf(content)
	if err != nil {
		return err
	}
	// The sidecar of an object that has just been created gives way to the export's.
	if i.tx.Get(path, id) != nil && !i.sidecars[path] {
		return fmt.Errorf("the _id %s is taken", id)
	}
	t := i.types[path]
	if t == nil {
		t = &objectType{collection: path}
	}
	for _, p := range t.cutReferences(id, content) {
		if err := i.restoreEdge(p); err != nil {
			return err
		}
	}
	public, hidden := withoutIdentity(content), store.Object{}
	for name, value := range public {
		if !t.properties[name].keptPrivate() {
			continue
		}
		if text, ok := value.(string); ok && name == passwordKey {
			if value, err = i.encodePassword(text); err != nil {
				return err
			}
		}
		hidden[name] = value
		delete(public, name)
	}
	i.tx.PutRevision(path, id, public, revision)
	if len(hidden) > 0 {
		i.tx.Put(private(path), id, hidden)
	}
	return nil
}

// identityOf reads what an object or a relationship of an export must have.
func identityOf(content map[string]any) (id, revision string, err error) {
	id, _ = content["_id"].(string)
	revision, _ = content["_rev"].(string)
	if id == "" || revision == "" {
		return "", "", errors.New("what has a _rev must have an _id, and both must be non-empty strings")
	}
	return id, revision, nil
}

// restoreEdge stores a relationship under the ID that it had. One without an ID
// was added to the export by hand.
func (i *importer) restoreEdge(p pending) error {
	reference, _ := p.value.(map[string]any)
	properties, _ := reference["_refProperties"].(map[string]any)
	if properties["_rev"] == nil {
		return i.relateOrWait(p)
	}
	id, revision, err := identityOf(properties)
	if err != nil {
		return fmt.Errorf("/%s: %w", p.name, err)
	}
	l, err := p.t.parseReference(p.name, p.value, "/"+p.name)
	if err != nil {
		return err
	}
	here := end{p.t.collection, p.id, p.name}
	i.edges++
	return i.putEdge(id, revision, edge{here: here, there: l.there, properties: l.properties, conditional: l.conditional})
}

// putEdge stores a relationship, which an import may name from both of its ends.
func (i *importer) putEdge(id, revision string, e edge) error {
	object := e.object()
	if before := i.tx.Get(relationships, id); before != nil {
		if before["first"] == object["second"] && before["second"] == object["first"] {
			return nil
		}
		return fmt.Errorf("there is another relationship with the _id %s", id)
	}
	i.tx.PutRevision(relationships, id, object, revision)
	return nil
}

// checkEdges makes sure that relationships that were taken as they are lead to
// objects.
func (i *importer) checkEdges() error {
	if i.edges == 0 {
		return nil
	}
	for _, record := range i.tx.Collection(relationships).Ascend(0, "") {
		e := edgeFrom(record.Object(), true)
		if i.tx.Get(e.there.collection, e.there.id) == nil {
			return fmt.Errorf("%s %s: the object %s, which %s refers to, does not exist",
				e.here.collection, e.here.id, referencePath(e.there.collection, e.there.id), e.here.property)
		}
	}
	return nil
}

// addEarlier adds what Data.Earlier holds.
func (i *importer) addEarlier(path string, content store.Object) error {
	if path == relationships {
		id, revision, err := identityOf(content)
		if err != nil {
			return err
		}
		first, err := parseEarlierEnd(content["first"])
		if err != nil {
			return fmt.Errorf("first %w", err)
		}
		second, err := parseEarlierEnd(content["second"])
		if err != nil {
			return fmt.Errorf("second %w", err)
		}
		e := edge{here: first, there: second, conditional: content[grantType] == conditional}
		e.properties, _ = content["_refProperties"].(map[string]any)
		return i.putEdge(id, revision, e)
	}
	id, _ := content["_id"].(string)
	object := i.tx.Get(path, id)
	if object == nil {
		return errors.New("there is no such object")
	}
	if values, ok := content["shown"].(map[string]any); ok {
		object = withoutIdentity(object)
		maps.Copy(object, values)
		revision, _ := i.tx.Get(path, id)["_rev"].(string)
		i.tx.PutRevision(path, id, object, revision)
	}
	if values, ok := content["hidden"].(map[string]any); ok {
		hidden := store.Object{}
		maps.Copy(hidden, i.tx.Get(private(path), id))
		maps.Copy(hidden, values)
		i.tx.Put(private(path), id, withoutIdentity(hidden))
	}
	return nil
}
