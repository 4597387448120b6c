package idm

import (
	"net/http"
	"slices"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

func (s *Service) patch(r *route.Request, path, id string) (*route.Response, error) {
	return s.onObject(r, path, id, func(tx *store.Tx, t *objectType) (*route.Response, error) {
		return s.applyPatch(tx, t, id, r.Patch, r.Options.Fields)
	})
}

func (s *Service) applyPatch(tx *store.Tx, t *objectType, id string, operations []crest.Operation, fields []crest.Pointer) (*route.Response, error) {
	operations = slices.DeleteFunc(operations, t.concernsVirtual)
	hidden := withoutIdentity(tx.Get(private(t.collection), id))
	for _, op := range operations {
		if len(op.From) > 0 && (t.properties[op.From[0]].private || hidden[op.From[0]] != nil) {
			return nil, crest.Errorf(http.StatusBadRequest, "The property '%s' is private: it cannot be copied or moved", op.From[0])
		}
	}
	operations, ofEdges := t.edgeOperations(operations)
	touched := touchedBy(operations)
	before := s.whole(tx, t, id)
	for _, name := range touched {
		if !t.properties[name].relationship {
			continue
		}
		if value := references(tx, t, id, name); value != nil {
			before[name] = value
		}
	}
	operations, err := t.removals(before, operations)
	if err != nil {
		return nil, err
	}
	object, _, err := crest.Apply(before, operations)
	if err != nil {
		return nil, err
	}
	if err := t.checkNames(object, touched); err != nil {
		return nil, err
	}
	failed := s.check(candidateWrite{tx: tx, t: t, id: id, object: object, required: true}, touched)
	if err := failed.err(patchRefused); err != nil {
		return nil, err
	}
	object = withoutIdentity(object)
	related, err := s.patchEdges(tx, t, id, ofEdges)
	if err != nil {
		return nil, err
	}
	set, err := s.setRelationships(tx, t, id, object, touched)
	if err != nil {
		return nil, err
	}
	forgotten := t.hasPassword() && slices.ContainsFunc(operations, removesPassword) && forgetPassword(tx, t.collection, id)
	return s.putIfChanged(tx, t, id, t.stored(object), related || set || forgotten, fields)
}

// edgeOperations takes out the operations that add one relationship or remove
// one, so that those of a property with thousands need not be read. Operations
// on relationships stay together: both ends can be of the same object.
func (t *objectType) edgeOperations(operations []crest.Operation) (others, ofEdges []crest.Operation) {
	single := func(op crest.Operation) bool {
		if len(op.Field) == 0 || op.From != nil {
			return false
		}
		_, named := op.Value.(map[string]any)
		return op.Name == "add" && len(op.Field) == 2 && op.Field[1] == "-" || op.Name == "remove" && len(op.Field) == 1 && named
	}
	for _, op := range operations {
		if single(op) && t.plainEdges(op.Field[0]) {
			ofEdges = append(ofEdges, op)
		} else {
			others = append(others, op)
		}
	}
	if slices.ContainsFunc(touchedBy(others), func(name string) bool { return t.properties[name].relationship }) {
		return operations, nil
	}
	return others, ofEdges
}

// plainEdges tells whether a property is a relationship with several targets of
// which nothing is demanded.
func (t *objectType) plainEdges(name string) bool {
	p := t.properties[name]
	return p.relationship && p.many && len(p.policies) == 0 && !slices.Contains(t.required, name)
}

// patchEdges carries out what edgeOperations took out. What is not there need
// not be removed, and what a condition grants stays.
func (s *Service) patchEdges(tx *store.Tx, t *objectType, id string, operations []crest.Operation) (changed bool, err error) {
	for _, op := range operations {
		name := op.Field[0]
		here := end{t.collection, id, name}
		if op.Name == "remove" {
			wanted := op.Value.(map[string]any)
			properties, _ := wanted["_refProperties"].(map[string]any)
			edgeID, _ := properties["_id"].(string)
			if e, found := findEdge(tx, here, edgeID); found && !e.conditional && sameReference(e.reference(), wanted) {
				e.remove(tx)
				changed = true
			}
			continue
		}
		l, err := t.parseReference(name, op.Value, "/"+name)
		if err != nil {
			return false, err
		}
		l.conditional = false
		if _, err := s.addLink(tx, here, l, "/"+name); err != nil {
			return false, err
		}
		changed = true
	}
	return changed, nil
}

// removals makes what a client says of a relationship to remove, by its _ref and
// the _id among its _refProperties, the element that the patch will look for.
func (t *objectType) removals(before store.Object, operations []crest.Operation) ([]crest.Operation, error) {
	operations = slices.Clone(operations)
	for i, op := range operations {
		if op.Name != "remove" || len(op.Field) == 0 || !t.properties[op.Field[0]].relationship {
			continue
		}
		many := t.properties[op.Field[0]].many
		if many && len(op.Field) == 1 && op.Value == nil {
			return nil, crest.Errorf(http.StatusBadRequest, "Cannot delete collection: %s", op.Field)
		}
		wanted, ok := op.Value.(map[string]any)
		if !ok {
			continue
		}
		present := []any{before[op.Field[0]]}
		if many {
			present, _ = before[op.Field[0]].([]any)
		}
		for _, element := range present {
			if reference, _ := element.(map[string]any); reference != nil && sameReference(reference, wanted) {
				operations[i].Value = reference
				operations[i].Field = op.Field[:1]
			}
		}
	}
	return operations, nil
}

func sameReference(reference, wanted map[string]any) bool {
	has, _ := reference["_refProperties"].(map[string]any)
	want, _ := wanted["_refProperties"].(map[string]any)
	return want["_id"] != nil && want["_id"] == has["_id"] && wanted["_ref"] == reference["_ref"]
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
