package idm

import (
	"cmp"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/store"
)

// relationships is the collection of all edges. The store indexes both of their
// ends.
const relationships = "relationships"

// Indexed names the properties that objects of a collection are looked up by.
func Indexed(collection string) []string {
	switch {
	case collection == relationships:
		return []string{"first", "second"}
	case strings.HasPrefix(collection, "managed/"):
		return []string{"_id", "userName", "mail", "sn", "givenName", "name", "condition"}
	}
	return nil
}

// end is one side of a relationship: a property of an object. The property is
// empty where the object does not show the relationship.
type end struct{ collection, id, property string }

// key has an order in which all ends of one object are neighbours.
func (e end) key() string { return e.collection + "\n" + e.id + "\n" + e.property }

func parseEnd(key string) end {
	collection, rest, _ := strings.Cut(key, "\n")
	cut := strings.LastIndex(rest, "\n")
	return end{collection, rest[:cut], rest[cut+1:]}
}

// edge is a relationship as one of its ends sees it.
type edge struct {
	id, revision string
	here, there  end
	properties   map[string]any // of the client
	conditional  bool           // made by the tenant, see grants
}

func edgeFrom(object store.Object, fromFirst bool) edge {
	first, second := parseEnd(object["first"].(string)), parseEnd(object["second"].(string))
	if !fromFirst {
		first, second = second, first
	}
	e := edge{id: object["_id"].(string), revision: object["_rev"].(string), here: first, there: second}
	e.properties, _ = object["properties"].(map[string]any)
	e.conditional = object[conditional] == true
	return e
}

// object is an edge as the store keeps it.
func (e edge) object() store.Object {
	object := store.Object{"first": e.here.key(), "second": e.there.key()}
	if len(e.properties) > 0 {
		object["properties"] = e.properties
	}
	if e.conditional {
		object[conditional] = true
	}
	return object
}

// edgesAt lists the relationships of one property, in the order of their making.
func edgesAt(tx *store.Tx, at end) []edge {
	found := slices.Collect(eachAt(tx, at))
	sortEdges(found)
	return found
}

// edges lists the relationships of a property that lead where its definition
// says. There may be others from a time when it said something else.
func (t *objectType) edges(tx *store.Tx, id, name string) []edge {
	return slices.DeleteFunc(edgesAt(tx, end{t.collection, id, name}), func(e edge) bool {
		return !slices.Contains(t.properties[name].targets, e.there.collection)
	})
}

// eachAt walks through the relationships of one property.
func eachAt(tx *store.Tx, at end) iter.Seq[edge] {
	return func(yield func(edge) bool) {
		for _, side := range []string{"first", "second"} {
			for _, record := range tx.Collection(relationships).Equal(side, at.key(), 0, "") {
				object := record.Object()
				// An edge between two ends that are the same is found twice.
				if object[side] != at.key() || side == "second" && object["first"] == object["second"] {
					continue
				}
				if !yield(edgeFrom(object, side == "first")) {
					return
				}
			}
		}
	}
}

// between lists the relationships of two ends as seen from here. It takes as
// long as the end with fewer relationships demands: a role may have a million
// members, who have a few roles each.
func between(tx *store.Tx, here, there end) []edge {
	near, stopNear := iter.Pull(eachAt(tx, here))
	defer stopNear()
	far, stopFar := iter.Pull(eachAt(tx, there))
	defer stopFar()
	var fromHere, fromThere []edge
	for {
		e, more := near()
		if !more {
			return fromHere
		}
		if e.there == there {
			fromHere = append(fromHere, e)
		}
		if e, more = far(); !more {
			return fromThere
		}
		if e.there == here {
			e.here, e.there = e.there, e.here
			fromThere = append(fromThere, e)
		}
	}
}

// edgesOf lists all relationships of an object, whether it shows them or not.
func edgesOf(tx *store.Tx, collection, id string) []edge {
	return slices.DeleteFunc(edgesFrom(tx, collection+"\n"+id+"\n"), func(e edge) bool {
		return e.here.collection != collection || e.here.id != id
	})
}

// edgesFrom lists the relationships whose near end has a key that begins with
// prefix when case is ignored.
func edgesFrom(tx *store.Tx, prefix string) []edge {
	var found []edge
	for _, side := range []string{"first", "second"} {
		for _, record := range tx.Collection(relationships).Prefix(side, prefix) {
			found = append(found, edgeFrom(record.Object(), side == "first"))
		}
	}
	return found
}

// sortEdges puts edges in the order of their making: identifiers end in a count.
func sortEdges(edges []edge) {
	slices.SortFunc(edges, func(a, b edge) int {
		return cmp.Or(cmp.Compare(len(a.id), len(b.id)), strings.Compare(a.id, b.id))
	})
}

// findEdge returns the relationship of a property with that ID.
func findEdge(tx *store.Tx, at end, id string) (edge, bool) {
	object := tx.Get(relationships, id)
	if object == nil {
		return edge{}, false
	}
	for _, fromFirst := range []bool{true, false} {
		if e := edgeFrom(object, fromFirst); e.here == at {
			return e, true
		}
	}
	return edge{}, false
}

// connect relates two ends and returns the edge.
func connect(tx *store.Tx, e edge) edge {
	return edgeFrom(tx.Put(relationships, tx.NewRevision(), e.object()), true)
}

// setProperties replaces the _refProperties of an edge.
func (e edge) setProperties(tx *store.Tx, properties map[string]any) edge {
	e.properties = properties
	return edgeFrom(tx.Put(relationships, e.id, e.object()), true)
}

func (e edge) remove(tx *store.Tx) { tx.Delete(relationships, e.id) }

// removeEdges forgets the relationships of an object that is deleted.
func removeEdges(tx *store.Tx, collection, id string) {
	for _, e := range edgesOf(tx, collection, id) {
		e.remove(tx)
	}
}

// referencePath is the _ref of an object. The ID in it is URL-encoded.
func referencePath(collection, id string) string { return collection + "/" + url.PathEscape(id) }

// reference is the edge as a property of the object at its near end.
func (e edge) reference() map[string]any {
	properties := map[string]any{"_id": e.id, "_rev": e.revision}
	maps.Copy(properties, e.properties)
	if e.conditional {
		properties[grantType] = conditional
	}
	return map[string]any{
		"_ref":                   referencePath(e.there.collection, e.there.id),
		"_refResourceCollection": e.there.collection,
		"_refResourceId":         e.there.id,
		"_refProperties":         properties,
	}
}

// references is the value of a relationship property.
func references(tx *store.Tx, t *objectType, id, name string) any {
	list := []any{}
	for _, e := range t.edges(tx, id, name) {
		list = append(list, e.reference())
	}
	if t.properties[name].many {
		return list
	}
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// reference is one that a client sent.
type reference struct {
	there       end
	edgeID      string // of the relationship that is meant, if there is one
	properties  map[string]any
	conditional bool // says _grantType, which only the tenant and an import may
}

// parseReference reads a reference. at is where it stands, for messages.
func (t *objectType) parseReference(name string, value any, at string) (reference, error) {
	object, ok := value.(map[string]any)
	if !ok {
		return reference{}, crest.Errorf(http.StatusBadRequest, "'%v' is invalid as a relationship reference", value)
	}
	path, _ := object["_ref"].(string)
	if path == "" {
		holder, _ := object["_refResourceCollection"].(string)
		id, _ := object["_refResourceId"].(string)
		path = referencePath(holder, id)
	}
	cut := strings.LastIndex(path, "/")
	var l reference
	if cut > 0 {
		id, err := url.PathUnescape(path[cut+1:])
		if err == nil && id != "" {
			l.there = end{path[:cut], id, t.properties[name].reverse}
		}
	}
	if !slices.Contains(t.properties[name].targets, l.there.collection) {
		return reference{}, crest.Errorf(http.StatusBadRequest, "The relationship reference '%s' on '%s' is not of %s", path, at, strings.Join(t.properties[name].targets, " or "))
	}
	if properties, ok := object["_refProperties"].(map[string]any); ok {
		l.edgeID, _ = properties["_id"].(string)
		l.properties = withoutIdentity(properties)
		l.conditional = l.properties[grantType] == conditional
		delete(l.properties, grantType)
	}
	return l, nil
}

// setRelationship makes links the relationships of a property, and tells
// whether that changed anything. What is there already stays as it is, and so
// does what a condition grants, unless the property can have only one.
func (s *Service) setRelationship(tx *store.Tx, t *objectType, id, name string, links []reference, at string) (changed bool, err error) {
	left := map[end][]edge{}
	for _, e := range t.edges(tx, id, name) {
		left[e.there] = append(left[e.there], e)
	}
	for _, same := range []func(reference, edge) bool{reference.names, reference.equals, reference.covers} {
		links = slices.DeleteFunc(slices.Clone(links), func(l reference) bool {
			i := slices.IndexFunc(left[l.there], func(e edge) bool { return same(l, e) })
			if i < 0 {
				return false
			}
			if e := left[l.there][i]; l.properties != nil && !l.equals(e) {
				e.setProperties(tx, l.properties)
				changed = true
			}
			left[l.there] = slices.Delete(left[l.there], i, i+1)
			return true
		})
	}
	// A grant that was read and has ended since is not a client's to make.
	links = slices.DeleteFunc(links, func(l reference) bool { return l.conditional && l.edgeID != "" })
	for _, same := range left {
		for _, e := range same {
			if !e.conditional || !t.properties[name].many && len(links) > 0 {
				e.remove(tx)
				changed = true
			}
		}
	}
	for _, l := range links {
		l.conditional = false
		if _, err := s.addLink(tx, end{t.collection, id, name}, l, at); err != nil {
			return false, err
		}
	}
	return changed || len(links) > 0, nil
}

// names tells whether a reference has the _id of an edge.
func (l reference) names(e edge) bool { return l.edgeID == e.id }

// equals tells whether a reference to the far end of an edge has its
// _refProperties. What a condition granted must be named, since the same object
// can be granted outright as well.
func (l reference) equals(e edge) bool {
	return (l.edgeID == "" && !e.conditional || l.names(e)) && crest.Equal(orEmpty(e.properties), orEmpty(l.properties))
}

// covers tells whether a reference says no more of an edge than where it leads.
func (l reference) covers(e edge) bool {
	return l.edgeID == "" && l.properties == nil && !e.conditional
}

func orEmpty(properties map[string]any) any {
	if properties == nil {
		return map[string]any{}
	}
	return properties
}

// addLink relates an object to one more. Both ends allow it, or it is refused.
func (s *Service) addLink(tx *store.Tx, here end, l reference, at string) (edge, error) {
	far := referencePath(l.there.collection, l.there.id)
	other, err := s.types.lookup(tx, l.there.collection)
	if err != nil {
		return edge{}, err
	}
	if other == nil || other.defect != "" || tx.Get(l.there.collection, l.there.id) == nil {
		return edge{}, crest.Errorf(http.StatusBadRequest, "The referenced relationship '%s' on '%s', does not exist", far, at)
	}
	if p := other.properties[l.there.property]; p.relationship && !p.many {
		// The other end has one at most, and the directory keeps it there, as an
		// attribute: the new one takes the place of the old.
		for _, e := range edgesAt(tx, l.there) {
			if e.there != here || e.conditional != l.conditional || !crest.Equal(orEmpty(e.properties), orEmpty(l.properties)) {
				e.remove(tx)
			}
		}
	}
	for _, e := range between(tx, here, l.there) {
		if e.conditional == l.conditional && crest.Equal(orEmpty(e.properties), orEmpty(l.properties)) {
			return edge{}, crest.Errorf(http.StatusPreconditionFailed, "Managed object '%s' has already been assigned relationship '%s'.", referencePath(here.collection, here.id), far)
		}
	}
	return connect(tx, edge{here: here, there: l.there, properties: l.properties, conditional: l.conditional}), nil
}

// referencesIn reads the value of a relationship property.
func (t *objectType) referencesIn(name string, value any) ([]reference, error) {
	values := []any{}
	if t.properties[name].many {
		values, _ = value.([]any)
	} else if value != nil {
		values = []any{value}
	}
	links := make([]reference, 0, len(values))
	for _, element := range values {
		l, err := t.parseReference(name, element, "/"+name)
		if err != nil {
			return nil, err
		}
		links = append(links, l)
	}
	return links, nil
}
