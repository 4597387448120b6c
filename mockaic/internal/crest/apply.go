package crest

import (
	"slices"
	"strconv"
)

// maxPatchSteps bounds the visits of list members, which take time proportional to the lists for each operation.
const maxPatchSteps = 1 << 26

// Apply applies the rules of IDM's managed objects, not those of the generic CREST backend. It leaves doc untouched. On success
// it returns a new object that shares nothing mutable with doc or ops, and whether any operation counts as a modification,
// which some do although they change nothing. Errors are of type [*Error].
func Apply(doc map[string]any, ops []Operation) (after map[string]any, modified bool, err error) {
	p := patcher{root: thaw(doc).(map[string]any)}
	for _, op := range ops {
		if err := p.apply(op); err != nil {
			return nil, false, err
		}
	}
	if !p.modified {
		return Clone(doc).(map[string]any), false, nil
	}
	size := 0
	result, err := freeze(p.root, 1, &size)
	if err != nil {
		return nil, false, err
	}
	return result.(map[string]any), true, nil
}

type patcher struct {
	root     map[string]any
	modified bool
	steps    int
}

func (p *patcher) apply(op Operation) error {
	target := op.Field
	if op.Name == "move" || op.Name == "copy" {
		target = op.From
	}
	if err := p.refusePosition(target); err != nil {
		return err
	}
	switch op.Name {
	case "add", "replace":
		p.modified = true
		return p.put(op.Field, thaw(op.Value))
	case "remove":
		return p.remove(op.Field, op.Value)
	case "increment":
		p.modified = true
		return p.increment(op.Field, op.Value)
	case "move", "copy":
		return p.transfer(op)
	default:
		return Errorf(400, "The patch operation '%s' is not supported", op.Name)
	}
}

// refusePosition refuses to address a member of a list. Like IDM it looks at one digit only, so that position 10 passes.
func (p *patcher) refusePosition(field Pointer) error {
	if len(field) == 0 {
		return nil
	}
	parent, leaf := split(field)
	if len(leaf) != 1 || !isIndex(leaf) {
		return nil
	}
	if v, _ := p.find(parent); isList(v) {
		return Errorf(400, "Position-based operation is not allowed: %s", field)
	}
	return nil
}

func split(field Pointer) (parent Pointer, leaf string) {
	n := len(field) - 1
	return field[:n], field[n]
}

// fault is what the reference reports where it throws an exception that it does not handle.
func fault(at Pointer, reason string) *Error {
	return Errorf(500, "%s: %s", at, reason)
}

func outOfRange(at Pointer, key string) *Error {
	return fault(at, "List index out of range: "+strconv.Itoa(arrayIndex(key)))
}

const (
	noValue     = "Expecting a value"
	noContainer = "Expecting a Map or List"
)

// spend counts steps and fails if a patch takes too many.
func (p *patcher) spend(steps int) error {
	if p.steps += steps; p.steps > maxPatchSteps {
		return Errorf(413, "The patch visits the members of arrays too often")
	}
	return nil
}

func (p *patcher) find(field Pointer) (any, bool) {
	var v any = p.root
	for _, key := range field {
		member, ok := child(v, key)
		if !ok {
			return nil, false
		}
		v = member
	}
	return v, true
}

func child(v any, key string) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		member, ok := v[key]
		return member, ok
	case *list:
		if i := arrayIndex(key); i >= 0 && i < len(v.items) {
			return v.items[i], true
		}
	}
	return nil, false
}

// put sets field to v. It makes what is missing on the way, but no members of lists, and overwrites what is there.
func (p *patcher) put(field Pointer, v any) error {
	if len(field) == 0 {
		return fault(field, noValue)
	}
	var parent any = p.root
	for i, key := range field[:len(field)-1] {
		member, found := child(parent, key)
		if member == nil {
			next := field[i+1]
			if isIndex(key) || isIndex(next) {
				return fault(nil, noValue)
			}
			switch parent := parent.(type) {
			case map[string]any:
				if found {
					return fault(field[:i], "Map key "+key+" already exists")
				}
				if member = any(map[string]any{}); next == "-" {
					member = &list{}
				}
				parent[key] = member
			case *list:
				return outOfRange(field[:i], key)
			default:
				return fault(field[:i], noContainer)
			}
		}
		parent = member
	}
	at, leaf := split(field)
	switch parent := parent.(type) {
	case map[string]any:
		parent[leaf] = v
	case *list:
		i := arrayIndex(leaf)
		if leaf == "-" {
			i = len(parent.items)
		}
		switch {
		case i >= 0 && i < len(parent.items):
			parent.items[i] = v
		case i == len(parent.items):
			parent.items = append(parent.items, v)
		default:
			return outOfRange(at, leaf)
		}
	default:
		return fault(at, noContainer)
	}
	return nil
}

// insert adds v as a new member of what must exist.
func (p *patcher) insert(field Pointer, v any) error {
	if len(field) == 0 {
		return fault(field, noValue)
	}
	at, leaf := split(field)
	parent, _ := p.find(at)
	switch parent := parent.(type) {
	case nil:
		return fault(at, noValue)
	case map[string]any:
		if _, found := parent[leaf]; found {
			return fault(at, "Map key "+leaf+" already exists")
		}
		parent[leaf] = v
	case *list:
		i := arrayIndex(leaf)
		if leaf == "-" {
			i = len(parent.items)
		}
		if i < 0 || i > len(parent.items) {
			return outOfRange(at, leaf)
		}
		if err := p.spend(len(parent.items) - i); err != nil {
			return err
		}
		parent.items = slices.Insert(parent.items, i, v)
	default:
		return fault(at, noContainer)
	}
	return nil
}

// transfer moves or copies. A copied object or array is the same one as its source until the patch is done, as in IDM.
func (p *patcher) transfer(op Operation) error {
	if len(op.From) == 0 {
		return fault(op.From, noValue)
	}
	v, _ := p.find(op.From)
	if v == nil {
		return nil
	}
	p.modified = true
	if op.Name == "move" {
		if err := p.delete(op.From); err != nil {
			return err
		}
	}
	return p.insert(op.Field, v)
}

// remove removes field, or, with a value, the members of a list or the field that equal it.
func (p *patcher) remove(field Pointer, value any) error {
	if len(field) == 0 {
		return fault(field, noValue)
	}
	v, _ := p.find(field)
	if v == nil {
		return nil
	}
	if l, ok := v.(*list); ok && value != nil {
		p.modified = true
		if err := p.spend(len(l.items) * weight(value)); err != nil {
			return err
		}
		l.items = slices.DeleteFunc(l.items, func(member any) bool { return thawedEqual(member, value) })
		return nil
	}
	if value != nil && !thawedEqual(v, value) {
		return nil
	}
	p.modified = true
	return p.delete(field)
}

// delete removes what find has found.
func (p *patcher) delete(field Pointer) error {
	at, leaf := split(field)
	parent, _ := p.find(at)
	switch parent := parent.(type) {
	case map[string]any:
		delete(parent, leaf)
	case *list:
		if err := p.spend(len(parent.items)); err != nil {
			return err
		}
		i := arrayIndex(leaf)
		parent.items = slices.Delete(parent.items, i, i+1)
	}
	return nil
}
