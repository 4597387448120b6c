package cases

import (
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	c "aicmcp/conformance"
)

var typesNeeded = []c.Feature{c.Types, c.Config}

// types are the cases about definitions of managed object types.
var types = []c.Case{
	{
		ID:    "types/stock/order",
		Title: "config/managed lists the stock types in the order of a tenant",
		Level: c.Must, Needs: []c.Feature{c.Config, c.Managed}, Ref: refConfig,
		Run: func(t *c.T) {
			var want, got []string
			for _, kind := range stockKinds {
				want = append(want, "alpha_"+kind, "bravo_"+kind)
			}
			for _, definition := range readDefinitions(t) {
				if name := c.Text(definition, "name"); slices.Contains(want, name) {
					got = append(got, name)
				}
			}
			t.Equal("names of the stock types", want, got)
		},
	}, {
		ID:    "types/stock/twins",
		Title: "a type and its twin in the other realm differ in names and the paths of relationships only",
		Level: c.Should, Needs: []c.Feature{c.Config, c.Managed}, Ref: refConfig + "; an administrator may have changed one of the two",
		Run: func(t *c.T) {
			definitions := readDefinitions(t)
			renamed := strings.NewReplacer("alpha", "bravo", "Alpha", "Bravo")
			for _, kind := range stockKinds {
				twin := findDefinition(t, definitions, "bravo_"+kind)
				t.Equal("definition of bravo_"+kind, inTexts(renamed, findDefinition(t, definitions, "alpha_"+kind)), twin)
			}
		},
	}, {
		ID:    "types/added/answer",
		Title: "PATCH adds a type to the end of the list and answers the whole document, without a revision",
		Level: c.Must, Needs: typesNeeded, Ref: refConfig, Writes: true,
		Run: func(t *c.T) {
			definition := newType(object{"name": ofKind("string")}, "name")
			name := c.Text(definition, "name")
			t.Cleanup(func() { removeType(t, name) })
			res := appendTypes(t, definition)
			t.Status(http.StatusOK, res)
			t.Equal("_id", "managed", res.At("_id"))
			t.Lacks("the answer", res.Body, "_rev")
			t.Equal("ETag", "", res.Header.Get("ETag"))
			checkDefinition(t, definition, definitionIn(res, name))
			t.Equal("name of the last type", name, res.Text("objects", len(res.List("objects"))-1, "name"))
			awaitType(t, name, http.StatusOK)
			checkDefinition(t, definition, definitionOf(t, name))
		},
	}, {
		ID:    "types/added/usable",
		Title: "objects of a type that was added are created, read, found, changed and deleted",
		Level: c.Must, Needs: typesNeeded, Ref: refTypes, Writes: true,
		Run: func(t *c.T) {
			badges := addType(t, object{"name": ofKind("string"), "level": ofKind("number")}, "name")
			body := object{"name": t.Fresh("badge"), "level": 3}
			id, before := stored(t, badges, body)
			t.Equal("object", body, content(before.Body))
			t.Equal("IDs found", []string{id}, column(query(t, badges, "level eq 3"), "_id"))
			res := t.Patch(at(badges, id), []object{op("replace", "/level", 4)}, c.IfMatch(before.Text("_rev")))
			t.Status(http.StatusOK, res)
			t.Differs("revision", before.At("_rev"), res.At("_rev"))
			t.Equal("level", 4, read(t, at(badges, id)).At("level"))
			t.Status(http.StatusOK, t.Delete(at(badges, id)))
			checkError(t, t.Get(at(badges, id)), http.StatusNotFound)
		},
	}, {
		ID:    "types/added/revision",
		Title: "objects of a type with a schema have a revision of the form UUID-number, as their ETag too",
		Level: c.Must, Needs: typesNeeded, Ref: refRevision, Writes: true,
		Run: func(t *c.T) {
			badges := addType(t, object{"name": ofKind("string")})
			id, created := create(t, badges, object{"name": t.Fresh("badge")})
			checkRevision(t, created.Text("_rev"))
			res := read(t, at(badges, id))
			t.Equal("ETag", `"`+res.Text("_rev")+`"`, res.Header.Get("ETag"))
		},
	}, {
		ID:    "types/refused/name-taken",
		Title: "a second type of a name is refused with 400, and the first stays as it is",
		Level: c.Should, Needs: typesNeeded, Ref: refBadType, Writes: true,
		Run: func(t *c.T) {
			name := typeOf(addType(t, object{"name": ofKind("string")}))
			before := definitionOf(t, name)
			second := newType(object{"other": ofKind("string")})
			second["name"] = name
			checkError(t, appendTypes(t, second), http.StatusBadRequest)
			var left []any
			for _, definition := range readDefinitions(t) {
				if c.Text(definition, "name") == name {
					left = append(left, definition)
				}
			}
			t.Equal("definitions of that name", []any{before}, left)
		},
	}, {
		ID:    "types/refused/broken",
		Title: "a definition whose schema, properties or policies are none is refused with 400",
		Level: c.Should, Needs: typesNeeded, Ref: refBadType, Writes: true,
		Run: func(t *c.T) {
			for _, broken := range []object{
				{"schema": "text"},
				{"schema": object{"type": "object", "properties": []any{}}},
				{"schema": object{"type": "object", "properties": object{"name": object{"type": "string", "policies": "none"}}}},
				{"schema": object{"type": "object", "properties": object{"name": "string"}}},
			} {
				broken["name"] = newType(nil)["name"]
				name := c.Text(broken, "name")
				t.Cleanup(func() { removeType(t, name) })
				checkError(t, appendTypes(t, broken), http.StatusBadRequest)
				for _, definition := range readDefinitions(t) {
					t.Differs("name of a type", name, c.Text(definition, "name"))
				}
			}
		},
	}, {
		ID:    "types/wrong-default",
		Title: "a default that is not of its property's type makes the whole type answer 404",
		Level: c.Must, Needs: typesNeeded, Ref: refTypes, Writes: true,
		Run: func(t *c.T) {
			level := ofKind("number")
			level["default"] = "high"
			good, bad := newType(object{"name": ofKind("string")}), newType(object{"name": ofKind("string"), "level": level})
			for _, definition := range []object{good, bad} {
				t.Cleanup(func() { removeType(t, c.Text(definition, "name")) })
			}
			res := appendTypes(t, good, bad)
			t.Status(http.StatusOK, res)
			checkDefinition(t, bad, definitionIn(res, c.Text(bad, "name")))
			// Once the one is served, the other would be.
			awaitType(t, c.Text(good, "name"), http.StatusOK)
			checkError(t, queryType(t, c.Text(bad, "name")), http.StatusNotFound)
			checkError(t, post(t, "/openidm/managed/"+c.Text(bad, "name"), object{"name": t.Fresh("badge"), "level": 1}), http.StatusNotFound)
		},
	}, {
		ID:    "types/removed",
		Title: "the objects of a type that is taken out are 404, and are there again when it is brought back",
		Level: c.Must, Needs: typesNeeded, Ref: refTypes, Writes: true,
		Run: func(t *c.T) {
			badges := addType(t, object{"name": ofKind("string")}, "name")
			name := typeOf(badges)
			definition := definitionOf(t, name).(object)
			id, before := stored(t, badges, object{"name": t.Fresh("badge")})
			bringBack := func() {
				if anyDefinition(t, name) == nil {
					defineTypes(t, definition)
				}
			}
			t.Cleanup(bringBack)
			t.Equal("definition left", nil, takeOut(t, definition))
			awaitType(t, name, http.StatusNotFound)
			checkError(t, t.Get(at(badges, id)), http.StatusNotFound)
			checkError(t, t.Delete(at(badges, id)), http.StatusNotFound)
			bringBack()
			checkUnchanged(t, at(badges, id), before)
		},
	}, {
		ID:    "types/unknown",
		Title: "nothing is created, changed or deleted in a type that is not there: all is 404",
		Level: c.Should, Needs: []c.Feature{c.Config, c.Managed}, Ref: "inferred from the 404 of a type that was taken out", Writes: true,
		Run: func(t *c.T) {
			definitionOf(t, "alpha_role")
			nothing, id := "/openidm/managed/"+c.Text(newType(nil), "name"), uuid.NewString()
			for _, res := range []*c.Response{
				post(t, nothing, newRole(t)), put(t, nothing, id, newRole(t)), put(t, nothing, id, newRole(t), c.IfNoneMatchAny()),
				t.Patch(at(nothing, id), []object{op("add", "/name", "a")}), t.Delete(at(nothing, id)),
			} {
				checkError(t, res, http.StatusNotFound)
			}
		},
	}, {
		ID:    "types/required/create",
		Title: "a create without a required property is 403 REQUIRED, for each that is missing",
		Level: c.Must, Needs: typesNeeded, Ref: refPolicy, Writes: true,
		Run: func(t *c.T) {
			badges := addType(t, object{"name": ofKind("string"), "level": ofKind("number"), "owner": ofKind("string")}, "name", "level")
			res := post(t, badges, object{"owner": "somebody"})
			checkPolicy(t, res, createRefused, "name", "REQUIRED", nil)
			checkPolicy(t, res, createRefused, "level", "REQUIRED", nil)
			t.Equal("number of failures", 2, len(res.List("detail", "failedPolicyRequirements")))
			t.Equal("objects", []any{}, query(t, badges, "true").At("result"))
			create(t, badges, object{"name": t.Fresh("badge"), "level": 1})
		},
	}, {
		ID:    "types/required/replace",
		Title: "PUT may leave a required property out, which is gone then; PATCH may not remove it",
		Level: c.Must, Needs: typesNeeded, Ref: refRequired, Writes: true,
		Run: func(t *c.T) {
			badges := addType(t, object{"name": ofKind("string"), "level": ofKind("number")}, "name", "level")
			id, before := stored(t, badges, object{"name": t.Fresh("badge"), "level": 1})
			checkPolicy(t, t.Patch(at(badges, id), []object{op("remove", "/level", nil)}), patchRefused, "level", "REQUIRED", nil)
			checkUnchanged(t, at(badges, id), before)
			t.Status(http.StatusOK, t.Put(at(badges, id), object{"name": before.At("name")}))
			t.Equal("object", object{"name": before.At("name")}, content(read(t, at(badges, id)).Body))
		},
	}, {
		ID:    "types/default/create",
		Title: "a default is set on create, before the policies look for required properties",
		Level: c.Must, Needs: typesNeeded, Ref: refDefaults, Writes: true,
		Run: func(t *c.T) {
			level, tags := ofKind("number"), ofKind("array")
			level["default"], tags["default"] = 7, []any{"new"}
			tags["items"] = ofKind("string")
			badges := addType(t, object{"name": ofKind("string"), "level": level, "tags": tags}, "name", "level")
			body := object{"name": t.Fresh("badge")}
			id, created := create(t, badges, body)
			body["level"], body["tags"] = 7, []any{"new"}
			t.Equal("object answered", body, content(created.Body))
			t.Equal("object stored", body, content(read(t, at(badges, id)).Body))
		},
	}, {
		ID:    "types/default/update",
		Title: "a default is never set again: neither by PUT nor by PATCH",
		Level: c.Must, Needs: typesNeeded, Ref: refDefaults, Writes: true,
		Run: func(t *c.T) {
			level := ofKind("number")
			level["default"] = 7
			badges := addType(t, object{"name": ofKind("string"), "level": level})
			body := object{"name": t.Fresh("badge")}
			id, created := create(t, badges, body)
			t.Equal("level created", 7, created.At("level"))
			t.Status(http.StatusOK, t.Patch(at(badges, id), []object{op("remove", "/level", nil)}))
			t.Equal("object after PATCH", body, content(read(t, at(badges, id)).Body))
			t.Status(http.StatusOK, t.Put(at(badges, id), object{"name": "other"}))
			t.Equal("object after PUT", object{"name": "other"}, content(read(t, at(badges, id)).Body))
		},
	}, {
		ID:    "types/null/create",
		Title: "null on create is 403 NOT_NULL, and VALID_TYPE besides where the property is required",
		Level: c.Must, Needs: typesNeeded, Ref: refNull, Writes: true,
		Run: func(t *c.T) {
			badges := addType(t, object{"name": ofKind("string"), "owner": ofKind("string")}, "name")
			res := post(t, badges, object{"_id": uuid.NewString(), "name": nil, "owner": nil})
			checkPolicy(t, res, createRefused, "owner", "NOT_NULL", nil)
			checkPolicy(t, res, createRefused, "name", "NOT_NULL", nil)
			checkPolicy(t, res, createRefused, "name", "VALID_TYPE", object{"invalidType": "null", "validTypes": []string{"string"}})
			t.Equal("objects", []any{}, query(t, badges, "true").At("result"))
		},
	}, {
		ID:    "types/null/allowed",
		Title: "null is a value where the schema lists the type null",
		Level: c.Should, Needs: typesNeeded, Ref: "recorded on tenants: the stock schema has properties of the types number and null; what they take is inferred", Writes: true,
		Run: func(t *c.T) {
			badges := addType(t, object{"name": ofKind("string"), "weight": object{"type": []string{"number", "null"}, "title": "weight"}})
			id, _ := create(t, badges, object{"name": t.Fresh("badge"), "weight": nil})
			t.Equal("weight", nil, read(t, at(badges, id)).At("weight"))
			t.Status(http.StatusOK, t.Patch(at(badges, id), []object{op("replace", "/weight", 5)}))
			t.Equal("weight set", 5, read(t, at(badges, id)).At("weight"))
			checkPolicy(t, t.Patch(at(badges, id), []object{op("replace", "/weight", "five")}), patchRefused, "weight", "VALID_TYPE",
				object{"invalidType": "string", "validTypes": []string{"number", "null"}})
		},
	},
}

// checkDefinition checks that a definition is as it was sent. The tenant may add
// to it.
func checkDefinition(t *c.T, sent object, got any) {
	t.Equal("name", sent["name"], c.At(got, "name"))
	checkHolds(t, "the schema", sent["schema"].(object), c.At(got, "schema"))
}

// stockKinds are the types that every realm has, in the order of config/managed.
var stockKinds = []string{"user", "role", "assignment", "organization", "group", "application"}

// inTexts is a document with its texts and member names replaced.
func inTexts(replacer *strings.Replacer, doc any) any {
	switch v := doc.(type) {
	case string:
		return replacer.Replace(v)
	case []any:
		list := make([]any, len(v))
		for i, element := range v {
			list[i] = inTexts(replacer, element)
		}
		return list
	case object:
		renamed := object{}
		for name, value := range v {
			renamed[replacer.Replace(name)] = inTexts(replacer, value)
		}
		return renamed
	}
	return doc
}
