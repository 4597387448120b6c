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

func endOf(edge store.Object, side string) end {
	object := edge[side].(map[string]any)
	return end{object["collection"].(string), object["id"].(string), object["property"].(string)}
}

func (e end) object() map[string]any {
	return map[string]any{"collection": e.collection, "id": e.id, "property": e.property}
}

// addEdge relates two objects. The edge is seen from both ends.
func addEdge(tx *store.Tx, first, second end) {
	tx.Put(relations, tx.NewID(), store.Object{"first": first.object(), "second": second.object()})
}

// removeEdges forgets the relationships of an object that is deleted.
func removeEdges(tx *store.Tx, collection, id string) {
	for _, edge := range tx.All(relations) {
		for _, side := range []string{"first", "second"} {
			if e := endOf(edge, side); e.collection == collection && e.id == id {
				tx.Delete(relations, edge["_id"].(string))
			}
		}
	}
}

// expandFields names the relationships that *_ref stands for.
func (t *objectType) expandFields(fields []crest.Pointer) ([]crest.Pointer, error) {
	var expanded []crest.Pointer
	for _, field := range fields {
		switch {
		case len(field) == 1 && field[0] == "*_ref":
			for _, name := range t.names {
				if t.properties[name].relationship {
					expanded = append(expanded, crest.Pointer{name})
				}
			}
		case len(field) > 1 && t.properties[field[0]].relationship:
			return nil, notImplemented("expanding a relationship as in _fields=" + strings.TrimPrefix(field.String(), "/"))
		default:
			expanded = append(expanded, field)
		}
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
	here := end{collection(t.name), id, name}
	list := []any{}
	edges := tx.All(relations)
	slices.SortFunc(edges, func(a, b store.Object) int {
		return strings.Compare(a["_id"].(string), b["_id"].(string))
	})
	for _, edge := range edges {
		for side, other := range map[string]string{"first": "second", "second": "first"} {
			if endOf(edge, side) != here {
				continue
			}
			target := endOf(edge, other)
			list = append(list, map[string]any{
				"_ref":                   target.collection + "/" + target.id,
				"_refResourceCollection": target.collection,
				"_refResourceId":         target.id,
				"_refProperties":         map[string]any{"_id": edge["_id"], "_rev": edge["_rev"]},
			})
		}
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
