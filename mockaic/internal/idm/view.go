package idm

import (
	"maps"
	"net/http"
	"slices"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/store"
)

// fieldSet is what _fields asks of an object of a type.
type fieldSet struct {
	standard bool // what a read without _fields returns
	plain    []crest.Pointer
	// related has an entry for each relationship that is asked for, with what is
	// asked of the object behind it; an empty list is the bare reference.
	related map[string][]crest.Pointer
}

// maxHops bounds how far _fields follows relationships: two that lead back and
// forth multiply what is returned with every step.
const maxHops = 2

// checkFields refuses fields that follow too many relationships.
func (s *Service) checkFields(path string, fields []crest.Pointer) (err error) {
	s.store.View(func(tx *store.Tx) {
		var types map[string]*objectType
		if types, err = s.types.all(tx); err != nil {
			return
		}
		for _, field := range fields {
			if types[path] != nil && hops(types, types[path], field) > maxHops {
				err = crest.Errorf(http.StatusBadRequest, "The field '%s' follows more than %d relationships", field, maxHops)
			}
		}
	})
	return err
}

// hops counts the relationships that a field follows.
func hops(types map[string]*objectType, t *objectType, field crest.Pointer) int {
	switch {
	case len(field) == 1 && field[0] == "*_ref":
		return 1
	case len(field) == 0 || !t.properties[field[0]].relationship:
		return 0
	}
	most := 0
	for _, path := range t.properties[field[0]].targets {
		if other := types[path]; other != nil {
			most = max(most, hops(types, other, field[1:]))
		}
	}
	return 1 + most
}

func (t *objectType) parseFields(fields []crest.Pointer) fieldSet {
	set := fieldSet{standard: len(fields) == 0, related: map[string][]crest.Pointer{}}
	for _, field := range fields {
		switch {
		case len(field) == 0 || len(field) == 1 && field[0] == "*":
			set.standard = true
		case len(field) == 1 && field[0] == "*_ref":
			for _, name := range t.names {
				if t.properties[name].relationship {
					set.related[name] = append(set.related[name], nil)
				}
			}
		case t.properties[field[0]].relationship || field[0] == metaKey && t.meta != "":
			set.related[field[0]] = append(set.related[field[0]], field[1:])
		default:
			set.plain = append(set.plain, field)
		}
	}
	return set
}

// maxBehind bounds the objects behind relationships that one answer has, and
// the references in them: two hops from a page of objects can be very many.
const maxBehind = 1_000_000

// expansion is the making of an answer that may have objects behind
// relationships.
type expansion struct {
	tx    *store.Tx
	depth int // of the object that is being made
	found int
}

func (x *expansion) count(more int) error {
	if x.found += more; x.found > maxBehind {
		return crest.Errorf(http.StatusRequestEntityTooLarge, "The answer would have more than %d objects behind relationships: ask for fewer objects or fields", maxBehind)
	}
	return nil
}

// view is an object as a client sees it. Complete answers, which those to
// single objects without _fields are, show what the directory has not set.
func (s *Service) view(x *expansion, t *objectType, object store.Object, fields []crest.Pointer, complete bool) (store.Object, error) {
	if t.open {
		return crest.Project(object, fields), nil
	}
	set := t.parseFields(fields)
	result := store.Object{}
	if set.standard {
		all := s.withVirtual(x.tx, t, object, func(p propertyType, _ string) bool { return p.byDefault() })
		for name, value := range all {
			if p, defined := t.properties[name]; !defined || !p.asked || complete {
				result[name] = value
			}
		}
		if complete && len(fields) == 0 {
			for _, name := range t.names {
				p := t.properties[name]
				if _, present := result[name]; !present && p.native && !p.relationship && !p.private && name != "_id" {
					result[name] = p.empty()
				}
			}
		}
	}
	if len(set.plain) > 0 {
		wanted := s.withVirtual(x.tx, t, object, func(_ propertyType, name string) bool {
			return slices.ContainsFunc(set.plain, func(field crest.Pointer) bool { return field[0] == name })
		})
		maps.Copy(result, crest.Project(wanted, set.plain))
	}
	if set.standard {
		for _, name := range t.names {
			if p := t.properties[name]; p.relationship && p.byDefault() {
				set.related[name] = append(set.related[name], nil)
			}
		}
	}
	for name, inner := range set.related {
		if name == metaKey {
			result[name] = s.metaReference(x.tx, t, object, inner)
			continue
		}
		var err error
		if result[name], err = s.related(x, t, object["_id"].(string), name, inner); err != nil {
			return nil, err
		}
	}
	result["_id"], result["_rev"] = object["_id"], object["_rev"]
	return result, nil
}

// related is the value of a relationship property, with what is asked of the
// objects behind it.
func (s *Service) related(x *expansion, t *objectType, id, name string, fields []crest.Pointer) (any, error) {
	fields = slices.DeleteFunc(slices.Clone(fields), func(field crest.Pointer) bool { return len(field) == 0 || field[0] == "_ref" })
	list := []any{}
	edges := t.edges(x.tx, id, name)
	if x.depth > 0 && len(fields) == 0 {
		if err := x.count(len(edges)); err != nil {
			return nil, err
		}
	}
	for _, e := range edges {
		reference := e.reference()
		if len(fields) > 0 {
			expanded, err := s.behind(x, e, fields)
			if err != nil {
				return nil, err
			}
			maps.Copy(expanded, reference)
			reference = expanded
		}
		list = append(list, reference)
	}
	switch {
	case t.properties[name].many:
		return list, nil
	case len(list) == 0:
		return nil, nil
	}
	return list[0], nil
}

// behind is the object at the far end of an edge.
func (s *Service) behind(x *expansion, e edge, fields []crest.Pointer) (store.Object, error) {
	t, err := s.types.lookup(x.tx, e.there.collection)
	object := x.tx.Get(e.there.collection, e.there.id)
	if err != nil || t == nil || object == nil {
		return store.Object{}, nil // its type is gone, or broken
	}
	if err := x.count(1); err != nil {
		return nil, err
	}
	x.depth++
	defer func() { x.depth-- }()
	return s.view(x, t, object, fields, false)
}

// candidate is an object as filters and sort keys see it.
func (s *Service) candidate(tx *store.Tx, t *objectType, object store.Object, mentioned map[string]bool) store.Object {
	object = s.withVirtual(tx, t, object, func(_ propertyType, name string) bool { return mentioned[name] })
	own := true
	for name := range mentioned {
		if !t.properties[name].relationship {
			continue
		}
		value := references(tx, t, object["_id"].(string), name)
		if value == nil {
			continue
		}
		if own {
			object, own = maps.Clone(object), false
		}
		object[name] = value
	}
	return object
}
