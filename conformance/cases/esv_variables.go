package cases

import (
	"net/http"
	"strings"

	c "aicmcp/conformance"
)

// typed has values of each type that a variable can have: the text of one, as it
// is stored, the value that tools make of it, another value, one that is not of
// the type, and a text that is not. For some types every text is a value.
var typed = []struct {
	kind, text   string
	value, other any
	misfit       any
	misfitted    string
}{
	{"string", `a "text", ä & more`, `a "text", ä & more`, "", 1, ""},
	{"list", "one,two,3", []any{"one", "two", "3"}, []any{"four"}, []any{"a,b"}, ""},
	{"array", `["one",2,[null]]`, []any{"one", 2, []any{nil}}, []any{}, object{}, `{"not":"an array"}`},
	{"object", `{"a":[{"b":3}]}`, object{"a": []any{object{"b": 3}}}, object{}, []any{}, `["not an object"]`},
	{"keyvaluelist", `{"a":"b"}`, object{"a": "b"}, object{}, "text", `"text"`},
	{"bool", "false", false, true, "maybe", "maybe"},
	{"int", "12345", 12345, -7, "12a", "12a"},
	{"number", "123.45", 123.45, -1, "1,5", "1,5"},
	{"base64encodedinlined", "aW5saW5lZA==", "aW5saW5lZA==", "YQ==", "%", "%"},
}

const (
	noVariable   = "The variable does not exist"
	typeMissing  = "Variable type required; expressionType cannot be empty when creating new variables"
	typeUnknown  = `request body has an error: doesn't match schema #/components/schemas/esvVariableCreateUpdateRequest: Error at "/expressionType": value is not one of the allowed values ["string","list","array","object","bool","int","number","base64encodedinlined","keyvaluelist"]`
	typeFixed    = "Changing the type of an existing variable is not permitted"
	noSuchName   = `string doesn't match the regular expression "^esv-[a-z0-9_-]{1,124}$"`
	variableName = `parameter "variableId" in path has an error: ` + noSuchName
	// longestValue is how many bytes a value has at most.
	longestValue = 65535
)

// esvVariables are the cases about single variables.
var esvVariables = []c.Case{
	{
		ID:    "esv/variables/create",
		Title: "PUT of a new variable is 200 with the variable, which is not loaded",
		Level: c.Must, Needs: esvsNeeded, Ref: refVariable, Writes: true,
		Run: func(t *c.T) {
			id, body := newESV(t, "variable"), newVariable("string", "a value")
			res := putESV(t, variables, id, body)
			t.Equal("variable", with(with(body, "_id", id), "loaded", false), without(res.Body, "lastChangeDate", "lastChangedBy"))
			checkChange(t, res.Body)
			after := readESV(t, variables, id)
			t.Equal("variable read", without(res.Body, "lastChangeDate"), without(after.Body, "lastChangeDate"))
			checkChange(t, after.Body)
		},
	}, {
		ID:    "esv/variables/update",
		Title: "PUT of a variable that is there is 200 too, and replaces its value and description",
		Level: c.Must, Needs: esvsNeeded, Ref: refVariable, Writes: true,
		Run: func(t *c.T) {
			id := newESV(t, "variable")
			putESV(t, variables, id, newVariable("int", "1"))
			res := putESV(t, variables, id, object{"expressionType": "int", "valueBase64": inBase64("2"), "description": "another"})
			checkHolds(t, "the variable", object{"expressionType": "int", "valueBase64": inBase64("2"), "description": "another", "loaded": false}, res.Body)
			checkChange(t, res.Body)
			t.Equal("variable read", without(res.Body, "lastChangeDate"), without(readESV(t, variables, id).Body, "lastChangeDate"))
		},
	}, {
		ID:    "esv/variables/own-members",
		Title: "members that the tenant sets itself are ignored in a PUT",
		Level: c.Must, Needs: esvsNeeded, Ref: refVariable, Writes: true,
		Run: func(t *c.T) {
			id := newESV(t, "variable")
			body := newVariable("string", "a")
			body["_id"], body["loaded"], body["lastChangedBy"], body["lastChangeDate"] = "esv-other", true, "nobody", "2001-01-01T00:00:00Z"
			res := putESV(t, variables, id, body)
			t.Equal("loaded", false, res.At("loaded"))
			t.Differs("lastChangedBy", "nobody", res.At("lastChangedBy"))
			t.Differs("lastChangeDate", "2001-01-01T00:00:00Z", res.At("lastChangeDate"))
		},
	}, {
		ID:    "esv/variables/types",
		Title: "variables of every type are taken, and their values kept to the letter",
		Level: c.Must, Needs: esvsNeeded, Ref: refVariableTypes, Writes: true,
		Run: func(t *c.T) {
			for _, one := range typed {
				id := newESV(t, "variable")
				res := putESV(t, variables, id, newVariable(one.kind, one.text))
				for _, doc := range []any{res.Body, readESV(t, variables, id).Body} {
					t.Equal("type", one.kind, c.At(doc, "expressionType"))
					t.Equal("value of the type "+one.kind, inBase64(one.text), c.At(doc, "valueBase64"))
				}
			}
		},
	}, {
		ID:    "esv/variables/misfit",
		Title: "a value that is not of the type is refused, and nothing is changed",
		Level: c.Should, Needs: esvsNeeded, Ref: refVariableValue, Writes: true,
		Run: func(t *c.T) {
			for _, one := range typed {
				if one.misfitted == "" {
					continue
				}
				id := newESV(t, "variable")
				putESV(t, variables, id, newVariable(one.kind, one.text))
				before := readESV(t, variables, id)
				t.Status(http.StatusBadRequest, put(t, variables, id, newVariable(one.kind, one.misfitted)))
				checkESVUnchanged(t, variables, before)
			}
		},
	}, {
		ID:    "esv/variables/not-base64",
		Title: "a value that is not in base64 is refused, and nothing is changed",
		Level: c.Should, Needs: esvsNeeded, Ref: "inferred: valueBase64 holds base64", Writes: true,
		Run: func(t *c.T) {
			id := newESV(t, "variable")
			putESV(t, variables, id, newVariable("string", "a"))
			before := readESV(t, variables, id)
			t.Status(http.StatusBadRequest, put(t, variables, id, object{"expressionType": "string", "valueBase64": "%"}))
			checkESVUnchanged(t, variables, before)
		},
	}, {
		ID:    "esv/variables/longest-value",
		Title: "a value has 65535 bytes at most",
		Level: c.Should, Needs: esvsNeeded, Ref: "documented: the size of values; no refusal of a longer one was recorded", Writes: true,
		Run: func(t *c.T) {
			id, longest := newESV(t, "variable"), strings.Repeat("x", longestValue)
			t.True("the longest value is kept", putESV(t, variables, id, newVariable("string", longest)).Text("valueBase64") == inBase64(longest))
			res := put(t, variables, id, newVariable("string", longest+"x"))
			t.True("a longer one is refused", res.Status >= 400 && res.Status < 500)
			t.True("the variable is as it was", readESV(t, variables, id).Text("valueBase64") == inBase64(longest))
		},
	}, {
		ID:    "esv/variables/type-missing",
		Title: "a new variable without a type is refused",
		Level: c.Must, Needs: esvsNeeded, Ref: refVariableErrors, Writes: true,
		Run: func(t *c.T) {
			id := newESV(t, "variable")
			checkESVError(t, put(t, variables, id, without(newVariable("", "a"), "expressionType")), http.StatusBadRequest, typeMissing)
			checkESVError(t, t.Get(at(variables, id)), http.StatusNotFound, noVariable)
		},
	}, {
		ID:    "esv/variables/type-unknown",
		Title: "a type that is none is refused with the list of those that are",
		Level: c.Must, Needs: esvsNeeded, Ref: refVariableErrors, Writes: true,
		Run: func(t *c.T) {
			id := newESV(t, "variable")
			checkESVError(t, put(t, variables, id, newVariable("date", "2026-01-01")), http.StatusBadRequest, typeUnknown)
			checkESVError(t, t.Get(at(variables, id)), http.StatusNotFound, noVariable)
		},
	}, {
		ID:    "esv/variables/type-fixed",
		Title: "the type of a variable cannot be changed",
		Level: c.Must, Needs: esvsNeeded, Ref: refTypeFixed, Writes: true,
		Run: func(t *c.T) {
			id := newESV(t, "variable")
			putESV(t, variables, id, newVariable("string", "1"))
			before := readESV(t, variables, id)
			checkESVError(t, put(t, variables, id, newVariable("int", "1")), http.StatusBadRequest, typeFixed)
			checkESVUnchanged(t, variables, before)
		},
	}, {
		ID:    "esv/variables/type-kept",
		Title: "a variable that is there keeps its type if it is not named",
		Level: c.Must, Needs: esvsNeeded, Ref: "recorded on tenants: the type is required for a new variable only", Writes: true,
		Run: func(t *c.T) {
			id := newESV(t, "variable")
			putESV(t, variables, id, newVariable("int", "1"))
			res := putESV(t, variables, id, without(newVariable("", "2"), "expressionType"))
			checkHolds(t, "the variable", object{"expressionType": "int", "valueBase64": inBase64("2")}, res.Body)
		},
	}, {
		ID:    "esv/variables/type-anew",
		Title: "a variable that was deleted can be made anew at once, with another type",
		Level: c.Must, Needs: esvsNeeded, Ref: refTypeFixed, Writes: true,
		Run: func(t *c.T) {
			id := newESV(t, "variable")
			putESV(t, variables, id, newVariable("string", "1"))
			t.Status(http.StatusOK, t.Delete(at(variables, id)))
			t.Equal("type", "int", putESV(t, variables, id, newVariable("int", "1")).At("expressionType"))
		},
	}, {
		ID:    "esv/variables/delete",
		Title: "DELETE is 200 with the variable as it was, which is 404 from then on",
		Level: c.Must, Needs: esvsNeeded, Ref: refVariable, Writes: true,
		Run: func(t *c.T) {
			id := newESV(t, "variable")
			putESV(t, variables, id, newVariable("string", "a"))
			before := readESV(t, variables, id)
			res := t.Delete(at(variables, id))
			t.Status(http.StatusOK, res)
			t.Equal("variable", without(before.Body, "lastChangeDate"), without(res.Body, "lastChangeDate"))
			checkESVError(t, t.Get(at(variables, id)), http.StatusNotFound, noVariable)
			checkESVError(t, t.Delete(at(variables, id)), http.StatusNotFound, noVariable)
		},
	}, {
		ID:    "esv/variables/missing",
		Title: "a variable that is not there is 404 to read, to delete and to describe",
		Level: c.Must, Needs: esvsNeeded, Ref: refVariableErrors, Writes: true,
		Run: func(t *c.T) {
			path := at(variables, newESV(t, "none"))
			for _, res := range []*c.Response{t.Get(path), t.Delete(path), t.Post(path, object{"description": "a"}, setDescription)} {
				checkESVError(t, res, http.StatusNotFound, noVariable)
			}
		},
	}, {
		ID:    "esv/variables/names",
		Title: "a name is esv- and up to 124 small letters, digits, hyphens and underscores",
		Level: c.Must, Needs: esvsNeeded, Ref: refESVName,
		Run: func(t *c.T) {
			longest := newESV(t, "x")
			longest += strings.Repeat("x", len("esv-")+124-len(longest))
			for _, name := range []string{"conformance", "esv-", "esv-Upper", "esv-a.b", "ESV-a", longest + "x"} {
				checkESVError(t, t.Get(at(variables, name)), http.StatusBadRequest, variableName)
			}
			for _, name := range []string{newESV(t, "0_-"), longest} {
				checkESVError(t, t.Get(at(variables, name)), http.StatusNotFound, noVariable)
			}
		},
	}, {
		ID:    "esv/variables/description",
		Title: "setDescription is 200 with an empty answer, and changes the description only",
		Level: c.Must, Needs: esvsNeeded, Ref: refDescription, Writes: true,
		Run: func(t *c.T) {
			id := newESV(t, "variable")
			putESV(t, variables, id, newVariable("string", "a"))
			checkDescribed(t, variables, id)
		},
	}, {
		ID:    "esv/variables/in-use",
		Title: "a variable that a placeholder in the configuration refers to cannot be deleted",
		Level: c.Must, Needs: []c.Feature{c.ESVs, c.Config}, Ref: refInUse, Writes: true,
		Run: func(t *c.T) {
			id := newESV(t, "variable")
			putESV(t, variables, id, newVariable("string", "nobody"))
			before := readESV(t, variables, id)
			name := useInTemplate(t, id)
			res := t.Delete(at(variables, id))
			t.True("the deletion is refused", res.Status >= 400 && res.Status < 500)
			checkESVUnchanged(t, variables, before)
			t.Status(http.StatusOK, t.Delete(template(name)))
			t.Status(http.StatusOK, t.Delete(at(variables, id)))
		},
	},
}

// useInTemplate makes an e-mail template with a placeholder for a variable. Both
// can be removed in the end, the template first.
func useInTemplate(t *c.T, id string) (name string) {
	name = t.Fresh("template")
	body := newTemplate()
	body["from"] = "&{" + strings.ReplaceAll(id, "-", ".") + "|nobody}@example.com"
	t.Status(http.StatusCreated, putTemplate(t, name, body))
	return name
}
