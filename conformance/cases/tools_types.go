package cases

import (
	"net/http"
	"slices"

	c "aicmcp/conformance"
)

var (
	toolsAndTypes   = []c.Feature{c.Tools, c.Types, c.Config}
	toolsAndManaged = []c.Feature{c.Tools, c.Config, c.Managed}
)

// typeTools are the cases about the tools for definitions of types.
var typeTools = []c.Case{
	{
		ID:    "tools/definitions/create",
		Title: "createManagedObjectDefinition adds a type, which the tenant serves and the other tools know",
		Level: c.Must, Needs: toolsAndTypes, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			answer, definition := defineByTool(t, object{"name": ofKind("string")}, "name")
			name := c.Text(definition, "name")
			t.Succeeded(answer)
			t.Equal("name", name, answer.At("name"))
			checkDefinition(t, definition, answer.At("definition"))
			awaitType(t, name, http.StatusOK)
			t.Equal("definition told", definitionOf(t, name), answer.At("definition"))
			made := createByTool(t, "/openidm/managed/"+name, object{"name": t.Fresh("badge")})
			t.Succeeded(made)
			read(t, at("/openidm/managed/"+name, made.String("id")))
		},
	}, {
		ID:    "tools/definitions/create-taken",
		Title: "a second type of a name is refused, and the first stays as it is",
		Level: c.Must, Needs: toolsAndTypes, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			name := typeOf(addType(t, object{"name": ofKind("string")}))
			before := readDefinitions(t)
			answer := t.Call("createManagedObjectDefinition", args{"objectName": name, "objectDefinition": newType(object{"other": ofKind("string")})})
			checkConflict(t, answer, "objectName")
			t.Contains("hint", "patchManagedObjectDefinition", c.Text(answer.Structured, "error", "hint"))
			t.Equal("definitions", before, readDefinitions(t))
		},
	}, {
		ID:    "tools/definitions/create-without-properties",
		Title: "a definition without properties is refused before anything is sent",
		Level: c.Must, Needs: toolsAndTypes, Ref: refBounds, Writes: true,
		Run: func(t *c.T) {
			before := readDefinitions(t)
			t.True("there are types", len(before) > 0)
			name := c.Text(newType(nil), "name")
			t.Cleanup(func() { removeType(t, name) })
			answer := t.Call("createManagedObjectDefinition", args{"objectName": name, "objectDefinition": object{"schema": object{"type": "object"}}})
			t.Refused(answer)
			t.Equal("parameter", "objectDefinition", c.At(answer.Structured, "error", "parameter"))
			t.Equal("definitions", before, readDefinitions(t))
		},
	}, {
		ID:    "tools/definitions/create-name",
		Title: "a name with anything but letters, digits and _ is refused",
		Level: c.Must, Needs: toolsAndTypes, Ref: refBounds, Writes: true,
		Run: func(t *c.T) {
			before := readDefinitions(t)
			t.True("there are types", len(before) > 0)
			for _, name := range []string{"", "conformance-x", "conformance/x", "conformance x", "conformance_x?", "../conformance"} {
				answer := t.Call("createManagedObjectDefinition", args{"objectName": name, "objectDefinition": newType(object{"name": ofKind("string")})})
				t.Refused(answer)
				t.Contains("text", "objectName", answer.Text)
			}
			t.Equal("definitions", before, readDefinitions(t))
		},
	}, {
		ID:    "tools/definitions/patch",
		Title: "patchManagedObjectDefinition changes one type as it is told, and no other",
		Level: c.Must, Needs: toolsAndTypes, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			name := typeOf(addType(t, object{"name": ofKind("string")}, "name"))
			before := readDefinitions(t)
			answer := t.Call("patchManagedObjectDefinition", args{"objectName": name, "operations": []object{
				op("add", "/schema/properties/level", ofKind("number")), op("add", "/schema/order/-", "level"), op("replace", "/schema/title", "Changed"),
			}})
			t.Succeeded(answer)
			was := findDefinition(t, before, name)
			want := with(with(c.At(was, "schema"), "title", "Changed"), "order", []string{"name", "level"})
			want["properties"] = object{"name": ofKind("string"), "level": ofKind("number")}
			t.Equal("fields told", []object{
				{"field": "/schema/properties/level", "value": ofKind("number")},
				{"field": "/schema/order", "value": []string{"name", "level"}},
				{"field": "/schema/title", "value": "Changed"},
			}, answer.At("changed"))
			after := readDefinitions(t)
			t.Equal("definition", with(was, "schema", want), findDefinition(t, after, name))
			t.Equal("the other definitions", otherThan(before, name), otherThan(after, name))
		},
	}, {
		ID:    "tools/definitions/patch-relationship",
		Title: "a patch that would define a relationship, or rename the type, is refused before anything is sent",
		Level: c.Must, Needs: toolsAndTypes, Ref: refBounds, Writes: true,
		Run: func(t *c.T) {
			name := typeOf(addType(t, object{"name": ofKind("string")}))
			before := readDefinitions(t)
			for _, operation := range []object{
				op("add", "/schema/properties/custom_owner", object{"type": "relationship", "resourceCollection": []object{{"path": "managed/alpha_user"}}}),
				op("replace", "/schema/properties/name/type", "relationship"), op("replace", "/name", "conformance_other"), op("remove", "/name", nil),
			} {
				answer := t.Call("patchManagedObjectDefinition", args{"objectName": name, "operations": []object{op("replace", "/schema/title", "x"), operation}})
				t.Refused(answer)
				t.Contains("parameter", "operations[1]", c.Text(answer.Structured, "error", "parameter"))
			}
			t.Equal("definitions", before, readDefinitions(t))
		},
	}, {
		ID:    "tools/definitions/unknown-type",
		Title: "a type that is not there is refused with a hint to the types, by patch and by delete",
		Level: c.Must, Needs: toolsAndManaged, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			before := readDefinitions(t)
			findDefinition(t, before, "alpha_user")
			nothing := c.Text(newType(nil), "name")
			for tool, extra := range map[string]args{
				"patchManagedObjectDefinition": {"operations": []object{op("replace", "/schema/title", "x")}}, "deleteManagedObjectDefinition": {},
			} {
				extra["objectName"] = nothing
				answer := t.Call(tool, extra)
				t.Refused(answer)
				t.Equal("parameter", "objectName", c.At(answer.Structured, "error", "parameter"))
				t.Contains("hint", "listManagedObjects", c.Text(answer.Structured, "error", "hint"))
			}
			t.Equal("definitions", before, readDefinitions(t))
		},
	}, {
		ID:    "tools/definitions/delete",
		Title: "deleteManagedObjectDefinition takes a type out and tells what it was, so that it can be brought back",
		Level: c.Must, Needs: toolsAndTypes, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			badges := addType(t, object{"name": ofKind("string")}, "name")
			name := typeOf(badges)
			before := readDefinitions(t)
			answer := t.Call("deleteManagedObjectDefinition", args{"objectName": name})
			t.Succeeded(answer)
			t.Equal("deletedName", name, answer.At("deletedName"))
			t.Equal("definition told", findDefinition(t, before, name), answer.At("definition"))
			t.Equal("definitions", otherThan(before, name), readDefinitions(t))
			awaitType(t, name, http.StatusNotFound)
			t.Succeeded(t.Call("createManagedObjectDefinition", args{"objectName": name, "objectDefinition": answer.At("definition")}))
			awaitType(t, name, http.StatusOK)
			t.Equal("definition", findDefinition(t, before, name), definitionOf(t, name))
		},
	}, {
		ID:    "tools/definitions/delete-referred",
		Title: "a type that another one refers to is not deleted, and the refusal names the relationship",
		Level: c.Must, Needs: toolsAndTypes, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			w := wearers(t)
			w.made()
			before := readDefinitions(t)
			answer := t.Call("deleteManagedObjectDefinition", args{"objectName": w.badge})
			checkConflict(t, answer, "objectName")
			t.Contains("message", w.person+"."+w.badges, c.Text(answer.Structured, "error", "message"))
			t.Equal("definitions", before, readDefinitions(t))
		},
	}, {
		ID:    "tools/relationships/add",
		Title: "patchManagedObjectRelationship makes a relationship with both ends",
		Level: c.Must, Needs: toolsAndTypes, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			w := wearers(t)
			answer := w.call("add", w.definition())
			t.Succeeded(answer)
			t.Equal("propertyName", w.badges, answer.At("propertyName"))
			w.await(func(property any) bool { return property != nil })
			t.Equal("definition told", c.At(definitionOf(t, w.person), "schema", "properties", w.badges), without(answer.At("propertyDefinition"), "_id", "_rev"))
			t.Has("properties of the other type", c.At(definitionOf(t, w.badge), "schema", "properties"), w.wearer)
			checkConflict(t, w.call("add", w.definition()), "propertyName")
		},
	}, {
		ID:    "tools/relationships/update",
		Title: "patchManagedObjectRelationship changes a relationship that is there, and makes none that is not",
		Level: c.Must, Needs: toolsAndTypes, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			w := wearers(t)
			changed := with(w.definition(), "title", "Changed")
			refused := w.call("update", changed)
			checkRefusal(t, refused, http.StatusNotFound)
			t.Contains("hint", "add", c.Text(refused.Structured, "error", "hint"))
			t.Lacks("properties", c.At(definitionOf(t, w.person), "schema", "properties"), w.badges)
			w.made()
			t.Succeeded(w.call("update", changed))
			w.await(func(property any) bool { return c.Text(property, "title") == "Changed" })
			t.Equal("title", "Changed", c.At(definitionOf(t, w.person), "schema", "properties", w.badges, "title"))
		},
	}, {
		ID:    "tools/relationships/remove",
		Title: "patchManagedObjectRelationship removes a relationship with both ends, and tells what it was",
		Level: c.Must, Needs: toolsAndTypes, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			w := wearers(t)
			w.made()
			definition := c.At(definitionOf(t, w.person), "schema", "properties", w.badges)
			answer := w.call("remove", nil)
			t.Succeeded(answer)
			t.Equal("definition told", definition, without(answer.At("propertyDefinition"), "_id", "_rev"))
			w.await(func(property any) bool { return property == nil })
			t.Lacks("properties of the one type", c.At(definitionOf(t, w.person), "schema", "properties"), w.badges)
			t.Lacks("properties of the other", c.At(definitionOf(t, w.badge), "schema", "properties"), w.wearer)
			checkRefusal(t, w.call("remove", nil), http.StatusNotFound)
		},
	}, {
		ID:    "tools/relationships/no-counterpart",
		Title: "a relationship without a description of its counterpart is refused with a hint to reverseProperty",
		Level: c.Must, Needs: toolsAndTypes, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			w := wearers(t)
			definition := w.definition()
			definition["items"].(object)["resourceCollection"] = []object{{"path": "managed/" + w.badge}}
			answer := w.call("add", definition)
			checkRefusal(t, answer, http.StatusBadRequest)
			t.Equal("parameter", "propertyDefinition", c.At(answer.Structured, "error", "parameter"))
			t.Contains("hint", "reverseProperty", c.Text(answer.Structured, "error", "hint"))
			t.Lacks("properties", c.At(definitionOf(t, w.person), "schema", "properties"), w.badges)
		},
	}, {
		ID:    "tools/relationships/arguments",
		Title: "a property whose name does not begin with custom_, or that is no relationship, is refused",
		Level: c.Must, Needs: toolsAndTypes, Ref: refBounds, Writes: true,
		Run: func(t *c.T) {
			w := wearers(t)
			before := readDefinitions(t)
			for _, name := range []string{"badges", "custom_", "custom_a/b", "../custom_a", "custom_a?b"} {
				other := w
				other.badges = name
				t.Refused(other.call("add", w.definition()))
				t.Refused(other.call("remove", nil))
			}
			t.Refused(w.call("add", ofKind("string")))
			t.Refused(w.call("add", nil))
			t.Equal("definitions", before, readDefinitions(t))
		},
	},
}

// defineByTool defines a type through the tool. It is removed in the end.
func defineByTool(t *c.T, properties object, required ...string) (*c.Answer, object) {
	definition := newType(properties, required...)
	name := c.Text(definition, "name")
	t.Cleanup(func() { removeType(t, name) })
	return t.Call("createManagedObjectDefinition", args{"objectName": name, "objectDefinition": without(definition, "name")}), definition
}

// call changes the relationship of two types through the tool.
func (w relation) call(action string, definition object) *c.Answer {
	call := args{"objectType": w.person, "propertyName": w.badges, "action": action}
	if definition != nil {
		call["propertyDefinition"] = definition
	}
	return w.t.Call("patchManagedObjectRelationship", call)
}

// otherThan is the definitions of all types but one.
func otherThan(definitions []any, name string) []any {
	return slices.DeleteFunc(slices.Clone(definitions), func(definition any) bool { return c.Text(definition, "name") == name })
}

// checkConflict checks that a tool refuses what is at odds with what is there.
func checkConflict(t *c.T, a *c.Answer, parameter string) {
	t.Refused(a)
	t.Equal("reason", "Conflict", c.At(a.Structured, "error", "reason"))
	t.Equal("parameter", parameter, c.At(a.Structured, "error", "parameter"))
}
