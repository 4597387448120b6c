package idm

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"aicmcp/mockaic/internal/store"
)

// Export returns all that IDM holds, in the order of IDs. The answer lives as
// long as tx does.
func (s *Service) Export(tx *store.Tx) (Data, error) {
	types, err := s.types.all(tx)
	if err != nil {
		return Data{}, fmt.Errorf("stored type definitions: %w", err)
	}
	x := exporter{tx, types}
	data := Data{Configs: map[string]store.Object{}, Objects: map[string]Objects{}, Earlier: map[string]Objects{}}
	for _, document := range tx.All(configs) {
		data.Configs[document["_id"].(string)] = withoutIdentity(document)
	}
	data.Earlier[relationships] = x.earlierEdges()
	for _, path := range tx.Collections() {
		if strings.HasPrefix(path, "managed/") || strings.HasPrefix(path, "internal/") {
			data.Objects[path] = x.objects(path)
			data.Earlier[path] = x.earlier(path)
		}
	}
	return data, nil
}

type exporter struct {
	tx    *store.Tx
	types map[string]*objectType
}

// properties are those of a type, which may be gone.
func (x exporter) properties(path string) map[string]propertyType {
	if t := x.types[path]; t != nil {
		return t.properties
	}
	return nil
}

// objects are those of a collection with their private properties, and with
// their relationships as references.
func (x exporter) objects(path string) Objects {
	properties := x.properties(path)
	return func(yield func(store.Object, error) bool) {
		records := make([]store.Record, 0, x.tx.Len(path))
		for _, record := range x.tx.Collection(path).Ascend(0, "") {
			records = append(records, record)
		}
		slices.SortFunc(records, func(a, b store.Record) int { return strings.Compare(textOf(a, "_id"), textOf(b, "_id")) })
		for _, record := range records {
			stored, id := record.Object(), textOf(record, "_id")
			object := make(store.Object, len(stored))
			for name, value := range stored {
				if !properties[name].relationship {
					object[name] = value
				}
			}
			for name, value := range x.tx.Get(private(path), id) {
				if properties[name].keptPrivate() {
					object[name] = value
				}
			}
			x.addReferences(object, path, id)
			if !yield(object, nil) {
				return
			}
		}
	}
}

func (x exporter) addReferences(object store.Object, path, id string) {
	var edges []edge
	for _, e := range edgesOf(x.tx, path, id) {
		home, ok := x.home(x.tx.Get(relationships, e.id))
		// An edge from an object to itself is found at both of its ends.
		if ok && home.here == e.here && !slices.ContainsFunc(edges, func(other edge) bool { return other.id == e.id }) {
			edges = append(edges, home)
		}
	}
	sortEdges(edges)
	for _, e := range edges {
		reference := e.reference()
		delete(reference, "_refResourceCollection")
		delete(reference, "_refResourceId")
		name := e.here.property
		list, _ := object[name].([]any)
		object[name] = append(list, reference)
	}
	for _, e := range edges {
		name := e.here.property
		if list, _ := object[name].([]any); len(list) == 1 && !x.properties(path)[name].many {
			object[name] = list[0]
		}
	}
}

// home is an edge as seen from the end at which an export writes it: one whose
// type says all about it that the reference does not.
func (x exporter) home(stored store.Object) (edge, bool) {
	for _, fromFirst := range []bool{true, false} {
		e := edgeFrom(stored, fromFirst)
		p := x.properties(e.here.collection)[e.here.property]
		if p.relationship && slices.Contains(p.targets, e.there.collection) && e.there.property == p.reverse &&
			x.tx.Get(e.here.collection, e.here.id) != nil && x.tx.Get(e.there.collection, e.there.id) != nil {
			return e, true
		}
	}
	return edge{}, false
}

// earlier are the values of a collection that an import could not tell from
// others by the type: those of properties that have become relationships, and
// what is hidden although no definition says so any more.
func (x exporter) earlier(path string) Objects {
	properties := x.properties(path)
	return inOrder(func(yield func(store.Object)) {
		for _, record := range x.tx.Collection(path).Ascend(0, "") {
			stored, id := record.Object(), textOf(record, "_id")
			values, hidden := map[string]any{}, map[string]any{}
			for name, value := range stored {
				if properties[name].relationship {
					values[name] = value
				}
			}
			for name, value := range x.tx.Get(private(path), id) {
				if name != "_id" && name != "_rev" && !properties[name].keptPrivate() {
					hidden[name] = value
				}
			}
			object := store.Object{"_id": id}
			if len(values) > 0 {
				object["shown"] = values
			}
			if len(hidden) > 0 {
				object["hidden"] = hidden
			}
			if len(object) > 1 {
				yield(object)
			}
		}
	})
}

// keptPrivate tells whether an object's values of a property are kept apart.
func (p propertyType) keptPrivate() bool { return p.private && !p.relationship }

// earlierEdges are the edges that no type has a place for.
func (x exporter) earlierEdges() Objects {
	return inOrder(func(yield func(store.Object)) {
		for _, record := range x.tx.Collection(relationships).Ascend(0, "") {
			stored := record.Object()
			if _, ok := x.home(stored); ok {
				continue
			}
			e := edgeFrom(stored, true)
			object := store.Object{"_id": e.id, "_rev": e.revision, "first": e.here.earlier(), "second": e.there.earlier()}
			if len(e.properties) > 0 {
				object["_refProperties"] = e.properties
			}
			if e.conditional {
				object[grantType] = conditional
			}
			yield(object)
		}
	})
}

// inOrder sorts objects, of which there are few, by their IDs.
func inOrder(find func(yield func(store.Object))) Objects {
	return func(yield func(store.Object, error) bool) {
		var found []store.Object
		find(func(object store.Object) { found = append(found, object) })
		slices.SortFunc(found, func(a, b store.Object) int { return strings.Compare(a["_id"].(string), b["_id"].(string)) })
		for _, object := range found {
			if !yield(object, nil) {
				return
			}
		}
	}
}

func textOf(record store.Record, name string) string {
	value, _ := record.Member(name)
	text, _ := value.(string)
	return text
}

// earlier is an end in the form that parseEarlierEnd reads.
func (e end) earlier() map[string]any {
	object := map[string]any{"_ref": referencePath(e.collection, e.id)}
	if e.property != "" {
		object["property"] = e.property
	}
	return object
}

func parseEarlierEnd(value any) (end, error) {
	object, _ := value.(map[string]any)
	reference, _ := object["_ref"].(string)
	property, _ := object["property"].(string)
	cut := strings.LastIndex(reference, "/")
	if cut < 1 {
		return end{}, errors.New("must have a _ref such as managed/alpha_user/ID")
	}
	id, err := url.PathUnescape(reference[cut+1:])
	if err != nil {
		return end{}, fmt.Errorf("_ref: %w", err)
	}
	return end{reference[:cut], id, property}, nil
}
