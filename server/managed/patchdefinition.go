package managed

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type patchDefinitionInput struct {
	Name       string                `json:"objectName"`
	Operations []definitionOperation `json:"operations"`
}

type definitionOperation struct {
	Operation string `json:"operation"`
	Field     string `json:"field" jsonschema:"relative to the type, e.g. /schema/properties/email or /schema/order/-"`
	Value     any    `json:"value,omitempty" jsonschema:"for add and replace, or the element to remove"`
}

type patchDefinitionOutput struct {
	Name    string         `json:"name"`
	Changed []changedField `json:"changed" jsonschema:"each field that an operation leads to"`
}

type changedField struct {
	Field string `json:"field"`
	Value any    `json:"value,omitempty" jsonschema:"as the tenant has it now; none if it is gone"`
}

var patchDefinition = tool.Define(tool.Spec{
	Name:        "patchManagedObjectDefinition",
	Title:       "Patch Managed Object Type",
	Description: "Change a type's definition, all operations or none, but for relationships: see patchManagedObjectRelationship. Read it first: getManagedObjectSchema with includeFullDefinition.",
	Scopes:      []tool.Scope{aic.IDM},
	Effect:      tool.Destructive,
	NoSecrets:   true,
	Params: tool.Params{
		"objectName":           typeRules,
		"operations":           tool.Rules(tool.Items(1, 100)),
		"operations.operation": tool.Rules(tool.Enum("add", "remove", "replace")),
		"operations.field":     tool.Rules(tool.Pattern(`[^/]`, "must name a field")),
	},
	Less: "The type was changed; read it with getManagedObjectSchema.",
}, func(ctx context.Context, c *aic.Client, in patchDefinitionInput) (patchDefinitionOutput, error) {
	var touched touches
	changed, err := c.ChangeConfig(ctx, aic.ManagedConfig, func(doc aic.Object) (aic.ConfigEdit, error) {
		i := position(doc, in.Name)
		if i < 0 {
			return aic.ConfigEdit{}, unknownType("objectName", definitionsIn(doc))
		}
		var err error
		if touched, err = in.touched(definition(doc, in.Name)); err != nil {
			return aic.ConfigEdit{}, err
		}
		return aic.ConfigEdit{
			Operations: touched.on(i),
			// Should types have come or gone between the read and the
			// write, the operations have gone to another one.
			Shows: func(doc aic.Object) bool { return position(doc, in.Name) == i && touched.in(definition(doc, in.Name)) },
		}, nil
	})
	if err != nil {
		return patchDefinitionOutput{}, explainDefinition(err)
	}
	out := patchDefinitionOutput{Name: in.Name}
	for _, t := range touched {
		field := aic.Pointer(t.place()...)
		if !slices.ContainsFunc(out.Changed, func(c changedField) bool { return c.Field == field }) {
			out.Changed = append(out.Changed, changedField{field, follow(definition(changed.Document, in.Name), t.place())})
		}
	}
	return out, nil
})

// touch is an operation and where it leads.
type touch struct {
	definitionOperation
	path []string
}

type touches []touch

// touched resolves the operations on the type's definition. What it refuses, it
// refuses before anything is sent.
func (in patchDefinitionInput) touched(d aic.Object) (touches, error) {
	var out touches
	for n, o := range in.Operations {
		at := fmt.Sprintf("operations[%d]", n)
		path, err := aic.ParsePointer(o.Field)
		if err != nil || len(path) == 0 || slices.Contains(path, "") {
			return nil, tool.Invalid(at+".field", "is no pointer such as /schema/properties/email", nothingChanged)
		}
		if err := o.check(at, d, path); err != nil {
			return nil, err
		}
		made := slices.ContainsFunc(out, func(earlier touch) bool { return overlap(earlier.place(), path) })
		if o.Operation == "remove" && !made && follow(d, path) == nil {
			return nil, tool.Invalid(at+".field", "is not there, so it cannot be removed", "Read the type with getManagedObjectSchema and includeFullDefinition. Nothing was changed.")
		}
		out = append(out, touch{o, path})
	}
	if name := brokenDefault(out.properties(d)); name != "" {
		return nil, tool.Invalid("operations", "leave the property "+tool.Quote(name)+" with a default that is not of its type",
			"The tenant would take that and then no longer know the type, with all its objects: change both in one call. Nothing was changed.")
	}
	return out, nil
}

// properties returns the types and defaults, as they will be, of the properties
// that the operations are about.
func (ts touches) properties(d aic.Object) aic.Object {
	before, after := object(object(d, "schema"), "properties"), aic.Object{}
	for _, t := range ts {
		value, _ := t.Value.(map[string]any)
		switch inside, path := t.inside("schema", "properties"), t.path; {
		case len(path) == 1 && path[0] == "schema":
			after = with(nil, object(value, "properties"))
		case inside && len(path) == 2:
			after = with(nil, value)
		case inside && len(path) == 3:
			after[path[2]] = t.Value
		case inside && len(path) == 4:
			property, changed := after[path[2]].(map[string]any)
			if !changed {
				property = object(before, path[2])
			}
			after[path[2]] = with(property, aic.Object{path[3]: t.Value}) // null is no default
		}
	}
	return after
}

func (t touch) inside(place ...string) bool {
	return len(t.path) >= len(place) && slices.Equal(t.path[:len(place)], place)
}

// with returns a copy of an object with more members.
func with(o, more aic.Object) aic.Object {
	out := aic.Object{}
	maps.Copy(out, o)
	maps.Copy(out, more)
	return out
}

// on makes the operations for the document of all types, where the type's
// definition is at position i.
func (ts touches) on(i int) []aic.PatchOperation {
	var out []aic.PatchOperation
	for _, t := range ts {
		field := append([]string{"objects", strconv.Itoa(i)}, t.path...)
		out = append(out, aic.PatchOperation{Operation: t.Operation, Field: aic.Pointer(field...), Value: t.Value})
	}
	return out
}

// in reports whether the operations show in a definition. Of those that lead to
// the same place the last one counts.
func (ts touches) in(d aic.Object) bool {
	for i, t := range ts {
		again := slices.ContainsFunc(ts[i+1:], func(later touch) bool { return overlap(t.place(), later.place()) })
		if !again && !t.in(d) {
			return false
		}
	}
	return true
}

func (t touch) in(d aic.Object) bool {
	now := follow(d, t.place())
	elements, _ := now.([]any)
	held := slices.ContainsFunc(elements, func(e any) bool { return aic.Equal(e, t.Value) })
	switch {
	case t.Operation != "remove":
		return held || aic.Equal(now, t.Value)
	case t.Value == nil:
		return now == nil
	}
	return !held && !aic.Equal(now, t.Value)
}

// place is what has another value afterwards: to append changes the list.
func (t touch) place() []string {
	if last := len(t.path) - 1; t.path[last] == "-" {
		return t.path[:last]
	}
	return t.path
}

// overlap reports whether one path leads to the other or through it.
func overlap(a, b []string) bool {
	n := min(len(a), len(b))
	return slices.Equal(a[:n], b[:n])
}

const (
	nothingChanged = "Correct the operation and call again; nothing was changed."
	elsewhere      = "Relationships have two ends and are kept by another API: call patchManagedObjectRelationship. Nothing was changed."
)

// check refuses what the tenant would refuse, or what would break the type.
func (o definitionOperation) check(at string, d aic.Object, path []string) error {
	last := path[len(path)-1]
	target := follow(d, path[:len(path)-1])
	switch {
	case o.Operation != "remove" && o.Value == nil:
		return tool.Invalid(at+".value", "is required for "+o.Operation+", and may not be null: to take a field away, use remove", nothingChanged)
	case path[0] == "name":
		return tool.Invalid(at+".field", "is the type's name, which cannot change: its objects would be lost from sight", "Create another type with createManagedObjectDefinition. Nothing was changed.")
	case isIndex(last) && isList(target):
		return tool.Invalid(at+".field", "ends in a position in a list, which the tenant does not take", "Use replace for the whole list, add with - for the position to append, or remove with the element as value. Nothing was changed.")
	case stepsIntoType(d, path):
		return tool.Invalid(at+".field", "leads into a property's type, which is replaced as a whole", "Use replace with the whole list of types. Nothing was changed.")
	case slices.Contains(path[:len(path)-1], "-") || last == "-" && (o.Operation != "add" || target != nil && !isList(target)):
		return tool.Invalid(at+".field", "has a - that is not the place to append to a list with add", nothingChanged)
	case blocked(d, path) != "":
		return tool.Invalid(at+".field", "leads through "+tool.Quote(blocked(d, path))+", which has no such fields", nothingChanged)
	case holdsRelationship(o.Value) || last == "type" && namesRelationship(o.Value):
		return tool.Invalid(at+".value", "defines a relationship", elsewhere)
	}
	return untouched(at, d, path)
}

// blocked returns the element of a path behind which there is nothing to step
// to: a plain value, or a list whose positions are numbers.
func blocked(d aic.Object, path []string) string {
	for i, key := range path[:len(path)-1] {
		switch follow(d, path[:i+1]).(type) {
		case nil, map[string]any:
		case []any:
			if next := path[i+1]; next != "-" && !isIndex(next) {
				return key
			}
		default:
			return key
		}
	}
	return ""
}

// stepsIntoType reports whether a path goes on behind the type of a property,
// where relationship as an element would make it one. A property that is called
// type has an object for its definition.
func stepsIntoType(d aic.Object, path []string) bool {
	for i, key := range path[:len(path)-1] {
		if _, isProperty := follow(d, path[:i+1]).(map[string]any); key == "type" && !isProperty {
			return true
		}
	}
	return false
}

// describing are the members of a relationship that only say how it is shown.
var describing = []string{"title", "description", "viewable", "searchable", "userEditable"}

// untouched refuses a path to an existing relationship, to something that
// contains one, or to what makes it one.
func untouched(at string, d aic.Object, path []string) error {
	for i := range path {
		v := follow(d, path[:i+1])
		if isRelationship(v) && (i+2 != len(path) || !slices.Contains(describing, path[i+1])) {
			return tool.Invalid(at+".field", "is, or belongs to, the relationship "+tool.Quote(path[i]), elsewhere)
		}
	}
	if holdsRelationship(follow(d, path)) {
		return tool.Invalid(at+".field", "contains relationships", "Name the properties that you mean one by one. "+elsewhere)
	}
	return nil
}

// follow steps through objects and lists, to nil where there is nothing.
func follow(v any, path []string) any {
	for _, key := range path {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

func isIndex(s string) bool {
	_, err := strconv.ParseUint(s, 10, 32)
	return err == nil
}

func isList(v any) bool {
	_, ok := v.([]any)
	return ok
}
