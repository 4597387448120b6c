package idm

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/store"
)

// end is one side of a relationship: a property of an object.
type end struct{ collection, id, property string }

// edges is the collection of the edges at one object. Each edge is kept at both
// of its ends, under the same ID, so that neither has to be searched for.
func edges(collection, id string) string { return "edges/" + collection + "/" + id }

func (e end) edges() string { return edges(e.collection, e.id) }

// addEdge relates two objects.
func addEdge(tx *store.Tx, first, second end) {
	id := tx.NewID()
	tx.Put(first.edges(), id, first.to(second))
	if first.edges() != second.edges() || first.property != second.property {
		tx.Put(second.edges(), id+mirror(first, second), second.to(first))
	}
}

// mirror tells the two ends of an edge apart when both are at one object.
func mirror(first, second end) string {
	if first.edges() == second.edges() {
		return "-reverse"
	}
	return ""
}

func (e end) to(target end) store.Object {
	return store.Object{"property": e.property, "targetCollection": target.collection, "targetID": target.id}
}

// removeEdges forgets the relationships of an object that is deleted.
func removeEdges(tx *store.Tx, collection, id string) {
	for _, edge := range tx.All(edges(collection, id)) {
		edgeID := edge["_id"].(string)
		tx.Delete(edges(collection, id), edgeID)
		tx.Delete(edges(edge["targetCollection"].(string), edge["targetID"].(string)), edgeID)
	}
}

// expandFields names the relationships that *_ref stands for.
func (t *objectType) expandFields(fields []crest.Pointer) ([]crest.Pointer, error) {
	var expanded []crest.Pointer
	seen := map[string]bool{}
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			expanded = append(expanded, crest.Pointer{name})
		}
	}
	for _, field := range fields {
		switch {
		case len(field) == 1 && field[0] == "*_ref":
			for _, name := range t.names {
				if t.properties[name].relationship {
					add(name)
				}
			}
		case len(field) == 1 && t.properties[field[0]].relationship:
			add(field[0])
		case len(field) > 1 && t.properties[field[0]].relationship:
			return nil, notImplemented("expanding a relationship as in _fields=" + strings.TrimPrefix(field.String(), "/"))
		default:
			expanded = append(expanded, field)
		}
	}
	if len(fields) > 0 && len(expanded) == 0 {
		// No field at all would mean all of them; _id comes along anyway.
		return []crest.Pointer{{"_id"}}, nil
	}
	return expanded, nil
}

// withRelationships adds the relationship properties among fields, as
// references. Without fields an object has none.
func withRelationships(tx *store.Tx, t *objectType, object store.Object, fields []crest.Pointer) store.Object {
	own := true
	for _, field := range fields {
		if len(field) != 1 || !t.properties[field[0]].relationship {
			continue
		}
		if own {
			object, own = maps.Clone(object), false
		}
		object[field[0]] = references(tx, t, object["_id"].(string), field[0])
	}
	return object
}

// references lists the objects that a property relates to, in a stable order.
func references(tx *store.Tx, t *objectType, id, name string) any {
	list := []any{}
	found := tx.All(edges(collection(t.name), id))
	slices.SortFunc(found, func(a, b store.Object) int {
		return strings.Compare(a["_id"].(string), b["_id"].(string))
	})
	for _, edge := range found {
		if edge["property"] != name {
			continue
		}
		list = append(list, map[string]any{
			"_ref":                   fmt.Sprint(edge["targetCollection"], "/", edge["targetID"]),
			"_refResourceCollection": edge["targetCollection"],
			"_refResourceId":         edge["targetID"],
			"_refProperties":         map[string]any{"_id": edge["_id"], "_rev": edge["_rev"]},
		})
	}
	if t.properties[name].many {
		return list
	}
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// relate makes an edge of a reference in imported data, which may name an edge
// from both of its ends.
func relate(tx *store.Tx, r reference, seen map[[2]end]bool) error {
	refused := func(why string) error {
		return fmt.Errorf("%s of managed/%s/%s %s", r.name, r.t.name, r.id, why)
	}
	object, _ := r.value.(map[string]any)
	path, _ := object["_ref"].(string)
	cut := strings.LastIndex(path, "/")
	if cut < 0 {
		return refused("must be a reference with a _ref such as managed/alpha_role/ID")
	}
	property := r.t.properties[r.name]
	here := end{collection(r.t.name), r.id, r.name}
	there := end{path[:cut], path[cut+1:], property.reverse}
	if !slices.Contains(property.targets, there.collection) {
		return refused("cannot relate to " + there.collection)
	}
	if tx.Get(there.collection, there.id) == nil {
		return refused("relates to " + path + ", which does not exist")
	}
	if seen[[2]end{here, there}] || seen[[2]end{there, here}] {
		return nil
	}
	seen[[2]end{here, there}] = true
	addEdge(tx, here, there)
	return nil
}
