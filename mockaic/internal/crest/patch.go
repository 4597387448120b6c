package crest

import (
	"encoding/json"
	"strings"
)

// Operation is one operation of a patch.
type Operation struct {
	Name  string // in lower case
	Field Pointer
	From  Pointer // nil unless Name is "move" or "copy"
	Value any     // nil if absent
}

const notPatch = unprocessable + "the provided content is not a valid JSON patch"

// ParsePatch parses the body of a patch request. It checks all operations, but does not need the object. Its errors are of type
// [*Error].
func ParsePatch(body any) ([]Operation, error) {
	elements, ok := body.([]any)
	if !ok {
		return nil, Errorf(400, unprocessable+"the provided content is not a JSON array of patch operations")
	}
	ops := make([]Operation, len(elements))
	for i, element := range elements {
		members, ok := element.(map[string]any)
		if !ok {
			return nil, Errorf(400, notPatch)
		}
		op, err := parseOperation(members, i)
		if err != nil {
			return nil, Errorf(400, notPatch+": %w", err)
		}
		ops[i] = op
	}
	return ops, nil
}

func parseOperation(members map[string]any, index int) (Operation, error) {
	name, err := stringMember(members, index, "operation")
	if err != nil {
		return Operation{}, err
	}
	field, err := pointerMember(members, index, "field")
	if err != nil {
		return Operation{}, err
	}
	from, err := pointerMember(members, index, "from")
	if err != nil {
		return Operation{}, err
	}
	switch {
	case name == nil:
		return Operation{}, Errorf(400, "Cannot instantiate PatchOperation with null 'operation' value")
	case field == nil:
		return Operation{}, Errorf(400, "Cannot instantiate PatchOperation with null 'field' value")
	}
	op := Operation{Name: strings.ToLower(*name), Field: field, From: from, Value: members["value"]}
	return op, op.check(*name)
}

// check applies the rules on which operations have a value and which have a source.
func (op Operation) check(sentName string) error {
	switch op.Name {
	case "add", "replace", "increment", "transform":
		if op.Value == nil {
			return Errorf(400, "No value field provided for '%s' operation", op.Name)
		}
	case "remove":
	case "move", "copy":
		if len(op.From) == 0 {
			return Errorf(400, "No from field provided for '%s' operation", op.Name)
		}
		if op.Value != nil {
			return Errorf(400, "'%s' does not accept value field", op.Name)
		}
		return nil
	default:
		return Errorf(400, "Invalid patch operation type %s", sentName)
	}
	if op.From != nil {
		return Errorf(400, "'%s' does not accept from field", op.Name)
	}
	if _, ok := op.Value.(json.Number); op.Name == "increment" && !ok {
		return Errorf(400, "Non-numeric value provided for increment operation")
	}
	return nil
}

// stringMember returns nil for a member that is null or missing.
func stringMember(members map[string]any, index int, name string) (*string, error) {
	switch v := members[name].(type) {
	case nil:
		return nil, nil
	case string:
		return &v, nil
	default:
		return nil, Errorf(400, "/%d/%s: Expecting a java.lang.String", index, name)
	}
}

// pointerMember returns nil for a member that is null or missing, which the root is not.
func pointerMember(members map[string]any, index int, name string) (Pointer, error) {
	text, err := stringMember(members, index, name)
	if text == nil || err != nil {
		return nil, err
	}
	p, err := ParsePointer(*text)
	if err != nil {
		return nil, Errorf(400, "/%d/%s: %w", index, name, err)
	}
	return p, nil
}
