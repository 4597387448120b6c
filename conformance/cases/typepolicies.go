package cases

import (
	"net/http"

	c "aicmcp/conformance"
)

// typePolicies are the cases about the policies of custom properties.
var typePolicies = []c.Case{
	{
		ID:    "types/policies/enum",
		Title: "a value that enum does not list is 403 VALID_ENUM_VALUE with the values",
		Level: c.Must, Needs: typesNeeded, Ref: refPolicies, Writes: true,
		Run: func(t *c.T) {
			colour := ofKind("string")
			colour["enum"] = []string{"red", "green"}
			badges := addType(t, object{"name": ofKind("string"), "colour": colour})
			params := object{"enumValues": []string{"red", "green"}}
			checkPolicy(t, post(t, badges, object{"name": t.Fresh("badge"), "colour": "blue"}), createRefused, "colour", "VALID_ENUM_VALUE", params)
			id, before := stored(t, badges, object{"name": t.Fresh("badge"), "colour": "green"})
			checkPolicy(t, t.Patch(at(badges, id), []object{op("replace", "/colour", "blue")}), patchRefused, "colour", "VALID_ENUM_VALUE", params)
			checkUnchanged(t, at(badges, id), before)
		},
	}, {
		ID:    "types/policies/enum-written",
		Title: "enum counts for properties that are written only: an object without it can be created and changed",
		Level: c.Must, Needs: typesNeeded, Ref: refWritten, Writes: true,
		Run: func(t *c.T) {
			definition := newType(object{"name": ofKind("string"), "colour": ofKind("string")})
			name := c.Text(definition, "name")
			t.Cleanup(func() { removeType(t, name) })
			defineTypes(t, definition)
			badges := "/openidm/managed/" + name
			create(t, badges, object{"name": t.Fresh("badge")})
			id, _ := create(t, badges, object{"name": t.Fresh("badge"), "colour": "blue"})
			limitColours(t, name)
			t.Status(http.StatusOK, t.Patch(at(badges, id), []object{op("replace", "/name", "other")}))
			t.Equal("object", object{"name": "other", "colour": "blue"}, content(read(t, at(badges, id)).Body))
			checkPolicy(t, t.Patch(at(badges, id), []object{op("replace", "/colour", "yellow")}), patchRefused, "colour", "VALID_ENUM_VALUE",
				object{"enumValues": []string{"red"}})
		},
	}, {
		ID:    "types/policies/length",
		Title: "a text that is too short is MIN_LENGTH, one too long MAX_LENGTH, each with its bound",
		Level: c.Must, Needs: typesNeeded, Ref: refPolicies, Writes: true,
		Run: func(t *c.T) {
			code := withPolicy("minimum-length", object{"minLength": 3})
			code["policies"] = append(code["policies"].([]object), object{"policyId": "maximum-length", "params": object{"maxLength": 5}})
			badges := addType(t, object{"name": ofKind("string"), "code": code})
			id, before := stored(t, badges, object{"name": t.Fresh("badge"), "code": "äöü"})
			checkRule(t, badges, "code", "ab", "MIN_LENGTH", object{"minLength": 3})
			checkRule(t, badges, "code", "abcdef", "MAX_LENGTH", object{"maxLength": 5})
			checkPolicy(t, t.Patch(at(badges, id), []object{op("replace", "/code", "ab")}), patchRefused, "code", "MIN_LENGTH", object{"minLength": 3})
			checkUnchanged(t, at(badges, id), before)
			t.Status(http.StatusOK, t.Patch(at(badges, id), []object{op("replace", "/code", "abcde")}))
		},
	}, {
		ID:    "types/policies/pattern",
		Title: "a text that regexpMatches does not match is MATCH_REGEXP with the expression and its flags",
		Level: c.Must, Needs: typesNeeded, Ref: refPolicies, Writes: true,
		Run: func(t *c.T) {
			params := object{"regexp": "^[a-c]+$", "flags": "i"}
			badges := addType(t, object{"name": ofKind("string"), "code": withPolicy("regexpMatches", params)})
			create(t, badges, object{"name": t.Fresh("badge"), "code": "abC"})
			checkRule(t, badges, "code", "abd", "MATCH_REGEXP", params)
		},
	}, {
		ID:    "types/policies/characters",
		Title: "a character that is forbidden is CANNOT_CONTAIN_CHARACTERS with all of them, joined",
		Level: c.Must, Needs: typesNeeded, Ref: refPolicies, Writes: true,
		Run: func(t *c.T) {
			badges := addType(t, object{"name": ofKind("string"), "code": withPolicy("cannot-contain-characters", object{"forbiddenChars": []string{"#", ";"}})})
			create(t, badges, object{"name": t.Fresh("badge"), "code": "a:b"})
			checkRule(t, badges, "code", "a;b", "CANNOT_CONTAIN_CHARACTERS", object{"forbiddenChars": "#;"})
		},
	}, {
		ID:    "types/policies/counts",
		Title: "too few capitals or digits are AT_LEAST_X_CAPITAL_LETTERS and AT_LEAST_X_NUMBERS, with the counts",
		Level: c.Must, Needs: typesNeeded, Ref: refPolicies, Writes: true,
		Run: func(t *c.T) {
			badges := addType(t, object{
				"name": ofKind("string"), "code": withPolicy("at-least-X-capitals", object{"numCaps": 2}),
				"number": withPolicy("at-least-X-numbers", object{"numNums": 3}),
			})
			create(t, badges, object{"name": t.Fresh("badge"), "code": "aBC", "number": "1a2b3"})
			checkRule(t, badges, "code", "aBc", "AT_LEAST_X_CAPITAL_LETTERS", object{"numCaps": 2})
			checkRule(t, badges, "number", "12", "AT_LEAST_X_NUMBERS", object{"numNums": 3})
		},
	}, {
		ID:    "types/policies/duplicates",
		Title: "a list with an element twice is CANNOT_CONTAIN_DUPLICATES with that element",
		Level: c.Must, Needs: typesNeeded, Ref: refPolicies, Writes: true,
		Run: func(t *c.T) {
			tags := ofKind("array")
			tags["items"], tags["policies"] = ofKind("string"), []object{{"policyId": "cannot-contain-duplicates"}}
			badges := addType(t, object{"name": ofKind("string"), "tags": tags})
			create(t, badges, object{"name": t.Fresh("badge"), "tags": []string{"a", "b"}})
			checkRule(t, badges, "tags", []string{"a", "b", "a"}, "CANNOT_CONTAIN_DUPLICATES", object{"duplicateValue": "a"})
		},
	}, {
		ID:    "types/policies/unique",
		Title: "a value that another object has is UNIQUE, its own is not",
		Level: c.Must, Needs: typesNeeded, Ref: refPolicies, Writes: true,
		Run: func(t *c.T) {
			badges := addType(t, object{"name": ofKind("string"), "code": withPolicy("unique", object{})})
			id, _ := create(t, badges, object{"name": t.Fresh("badge"), "code": "one"})
			checkRule(t, badges, "code", "one", "UNIQUE", nil)
			t.Status(http.StatusOK, t.Put(at(badges, id), object{"name": "other", "code": "one"}))
		},
	}, {
		ID:    "types/policies/numbers",
		Title: "a number out of its bounds is MINIMUM_NUMBER_VALUE or MAXIMUM_NUMBER_VALUE",
		Level: c.Should, Needs: typesNeeded, Ref: "documented: the policies minimumNumber and maximumNumber; the names of what they demand are inferred", Writes: true,
		Run: func(t *c.T) {
			level := ofKind("number")
			level["policies"] = []object{{"policyId": "minimumNumber", "params": object{"minimum": 1}}, {"policyId": "maximumNumber", "params": object{"maximum": 9.5}}}
			badges := addType(t, object{"name": ofKind("string"), "level": level})
			create(t, badges, object{"name": t.Fresh("badge"), "level": 9.5})
			checkRule(t, badges, "level", 0, "MINIMUM_NUMBER_VALUE", object{"minimum": 1})
			checkRule(t, badges, "level", 10, "MAXIMUM_NUMBER_VALUE", object{"maximum": 9.5})
		},
	}, {
		ID:    "types/policies/several",
		Title: "a text that fails several policies of its property is told of each",
		Level: c.Must, Needs: typesNeeded, Ref: refPolicy, Writes: true,
		Run: func(t *c.T) {
			code := withPolicy("minimum-length", object{"minLength": 3})
			code["policies"] = append(code["policies"].([]object), object{"policyId": "at-least-X-numbers", "params": object{"numNums": 1}})
			badges := addType(t, object{"name": ofKind("string"), "code": code})
			res := post(t, badges, object{"name": t.Fresh("badge"), "code": "a"})
			checkPolicy(t, res, createRefused, "code", "MIN_LENGTH", object{"minLength": 3})
			checkPolicy(t, res, createRefused, "code", "AT_LEAST_X_NUMBERS", object{"numNums": 1})
		},
	},
}

// checkRule checks that no object is created whose property has the value.
func checkRule(t *c.T, collection, property string, value any, requirement string, params any) {
	body := object{"name": t.Fresh("badge"), property: value}
	checkPolicy(t, post(t, collection, body), createRefused, property, requirement, params)
	t.Equal("objects of that name", []any{}, query(t, collection, eq("name", body["name"].(string))).At("result"))
}

// limitColours gives the property colour of a type an enum, in place: another
// writer's types stay as they are.
func limitColours(t *c.T, name string) {
	definition := definitionOf(t, name)
	schema, _ := c.At(definition, "schema").(object)
	properties, _ := c.At(schema, "properties").(object)
	colour := ofKind("string")
	colour["enum"] = []string{"red"}
	limited := object{"name": name, "schema": with(schema, "properties", with(properties, "colour", colour))}
	res := t.Patch(managedConfig, []object{op("remove", "/objects", definition), op("add", "/objects/-", limited)})
	t.Status(http.StatusOK, res)
	eventually(t, func() bool {
		for _, res := range everywhere(t, func() *c.Response { return t.Get("/openidm/schema/managed/" + name) }) {
			if res.At("properties", "colour", "enum") == nil {
				return false
			}
		}
		return true
	})
}

// with is a document with one member changed.
func with(doc any, member string, value any) object {
	changed := without(doc)
	changed[member] = value
	return changed
}
