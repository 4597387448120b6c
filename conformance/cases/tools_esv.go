package cases

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	c "aicmcp/conformance"
)

var toolsAndESVs = []c.Feature{c.Tools, c.ESVs}

// esvTools are the cases about the tools for ESVs.
var esvTools = []c.Case{
	{
		ID:    "tools/esv/create",
		Title: "setVariable makes variables of every type from JSON values",
		Level: c.Must, Needs: toolsAndESVs, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			for _, one := range typed {
				id := newESV(t, "variable")
				answer := setByTool(t, id, one.value, args{"type": one.kind, "description": "made by a tool"})
				t.Succeeded(answer)
				checkHolds(t, "the answer", object{"id": id, "created": true, "expressionType": one.kind, "loaded": false}, answer.Body)
				t.True("the transaction is named", answer.String("transactionId") != "")
				checkHolds(t, "the variable", object{
					"expressionType": one.kind, "valueBase64": inBase64(one.text), "description": "made by a tool",
				}, readESV(t, variables, id).Body)
			}
		},
	}, {
		ID:    "tools/esv/get",
		Title: "getVariable gives values of every type as JSON, and the names that scripts and configuration use",
		Level: c.Must, Needs: toolsAndESVs, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			for _, one := range typed {
				id := newESV(t, "variable")
				putESV(t, variables, id, newVariable(one.kind, one.text))
				stored, dotted := readESV(t, variables, id), strings.ReplaceAll(id, "-", ".")
				answer := t.Call("getVariable", args{"variableId": id})
				t.Succeeded(answer)
				checkHolds(t, "the answer", object{
					"id": id, "value": one.value, "expressionType": one.kind, "loaded": false, "note": nil, "description": stored.At("description"),
					"inScripts": dotted, "inConfiguration": "&{" + dotted + "}", "lastChangedBy": stored.At("lastChangedBy"), "lastChangeDate": stored.At("lastChangeDate"),
				}, answer.Body)
			}
		},
	}, {
		ID:    "tools/esv/change",
		Title: "setVariable of a variable that is there needs no type, and keeps the description that is not named",
		Level: c.Must, Needs: toolsAndESVs, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			for _, one := range typed {
				id := newESV(t, "variable")
				putESV(t, variables, id, newVariable(one.kind, one.text))
				answer := setByTool(t, id, one.other, nil)
				t.Succeeded(answer)
				checkHolds(t, "the answer", object{"created": false, "expressionType": one.kind, "description": "made by a conformance test"}, answer.Body)
				checkHolds(t, "the variable", object{"expressionType": one.kind, "description": "made by a conformance test"}, readESV(t, variables, id).Body)
				t.Equal("value", one.other, valueByTool(t, id))
			}
		},
	}, {
		ID:    "tools/esv/description",
		Title: "setVariable changes the description that is named, be it to none",
		Level: c.Must, Needs: toolsAndESVs, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			id := newESV(t, "variable")
			putESV(t, variables, id, newVariable("string", "a"))
			for _, text := range []string{"another", ""} {
				t.Succeeded(setByTool(t, id, "b", args{"description": text}))
				checkHolds(t, "the variable", object{"description": text, "valueBase64": inBase64("b")}, readESV(t, variables, id).Body)
			}
		},
	}, {
		ID:    "tools/esv/exact-number",
		Title: "a number of 2^53+1 goes through the tools digit by digit, there and back",
		Level: c.Must, Needs: toolsAndESVs, Ref: refExact, Writes: true,
		Run: func(t *c.T) {
			const exact = "9007199254740993"
			id := newESV(t, "variable")
			t.Succeeded(setByTool(t, id, json.Number(exact), args{"type": "int"}))
			t.Equal("value stored", inBase64(exact), readESV(t, variables, id).At("valueBase64"))
			t.Equal("value read", json.Number(exact), valueByTool(t, id))
		},
	}, {
		ID:    "tools/esv/restart-needed",
		Title: "setVariable says that a restart is needed, and how many ESVs wait for it",
		Level: c.Must, Needs: toolsAndESVs, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			answer := setByTool(t, newESV(t, "variable"), "a", nil)
			t.Succeeded(answer)
			t.Contains("note", "restart", answer.String("note"))
			secrets, variables := countESVs(t, true)
			t.True("something waits", variables > 0)
			t.Equal("what waits", object{"secrets": secrets, "variables": variables}, answer.At("pending"))
		},
	}, {
		ID:    "tools/esv/type-default",
		Title: "a new variable needs a type, unless its value is a string",
		Level: c.Must, Needs: toolsAndESVs, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			id := newESV(t, "variable")
			for _, value := range []any{1, true, []any{"a"}, object{}} {
				checkParameter(t, setByTool(t, id, value, nil), "type")
				checkESVError(t, t.Get(at(variables, id)), http.StatusNotFound, noVariable)
			}
			t.Succeeded(setByTool(t, id, "1", nil))
			t.Equal("type", "string", readESV(t, variables, id).At("expressionType"))
		},
	}, {
		ID:    "tools/esv/type-fixed",
		Title: "another type than the variable's is refused with a hint, and nothing is changed",
		Level: c.Must, Needs: toolsAndESVs, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			id := newESV(t, "variable")
			putESV(t, variables, id, newVariable("string", "1"))
			before := readESV(t, variables, id)
			answer := setByTool(t, id, 1, args{"type": "int"})
			checkParameter(t, answer, "type")
			t.Contains("text", "string", answer.Text)
			t.Contains("hint", "deleteVariable", c.Text(answer.Structured, "error", "hint"))
			checkESVUnchanged(t, variables, before)
		},
	}, {
		ID:    "tools/esv/misfit",
		Title: "a value that is not of the type is refused, and nothing is made or changed",
		Level: c.Must, Needs: toolsAndESVs, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			for _, one := range typed {
				id, fresh := newESV(t, "variable"), newESV(t, "variable")
				putESV(t, variables, id, newVariable(one.kind, one.text))
				before := readESV(t, variables, id)
				for _, misfit := range []any{one.misfit, nil} {
					checkParameter(t, setByTool(t, id, misfit, nil), "value")
					checkParameter(t, setByTool(t, fresh, misfit, args{"type": one.kind}), "value")
				}
				checkESVUnchanged(t, variables, before)
				checkESVError(t, t.Get(at(variables, fresh)), http.StatusNotFound, noVariable)
			}
		},
	}, {
		ID:    "tools/esv/longest-value",
		Title: "a value of more than 65535 bytes is refused, and nothing is changed",
		Level: c.Must, Needs: toolsAndESVs, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			id := newESV(t, "variable")
			putESV(t, variables, id, newVariable("string", "a"))
			before := readESV(t, variables, id)
			checkParameter(t, setByTool(t, id, strings.Repeat("x", longestValue+1), nil), "value")
			checkESVUnchanged(t, variables, before)
		},
	}, {
		ID:    "tools/esv/list",
		Title: "queryESVs lists variables of every type with their values as JSON",
		Level: c.Must, Needs: toolsAndESVs, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			part, values := t.Fresh("list"), object{}
			for _, one := range typed {
				id := "esv-" + part + "-" + one.kind
				putESV(t, variables, id, newVariable(one.kind, one.text))
				values[id] = object{"value": one.value, "type": one.kind, "loaded": false}
			}
			answer := t.Call("queryESVs", args{"type": "variable", "queryTerm": part})
			t.Succeeded(answer)
			t.Equal("resultCount", len(typed), answer.At("resultCount"))
			listed := object{}
			for _, one := range c.List(answer.Body, "esvs") {
				listed[c.Text(one, "id")] = object{"value": c.At(one, "value"), "type": c.At(one, "type"), "loaded": c.At(one, "loaded")}
			}
			t.Equal("variables", values, listed)
		},
	}, {
		ID:    "tools/esv/list-long",
		Title: "queryESVs shortens long values and says so; getVariable gives them whole",
		Level: c.Must, Needs: toolsAndESVs, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			id, long := newESV(t, "variable"), strings.Repeat("long ", 200)
			putESV(t, variables, id, newVariable("string", long))
			answer := t.Call("queryESVs", args{"type": "variable", "queryTerm": id})
			t.Succeeded(answer)
			t.Equal("ID", id, answer.At("esvs", 0, "id"))
			t.True("the value is short", len(answer.String("esvs", 0, "value")) < len(long)/2)
			t.Contains("note", "getVariable", answer.String("esvs", 0, "note"))
			t.Equal("value", long, valueByTool(t, id))
		},
	}, {
		ID:    "tools/esv/pages",
		Title: "queryESVs sorts, and leads from page to page",
		Level: c.Must, Needs: toolsAndESVs, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			for kind, collection := range map[string]string{"variable": variables, "secret": secrets} {
				f := newESVs(t, collection, 3)
				call := args{"type": kind, "queryTerm": f.part, "sortKeys": "-_id", "pageSize": 2}
				first := t.Call("queryESVs", call)
				t.Succeeded(first)
				t.Equal("resultCount of the first page", 2, first.At("resultCount"))
				call["pagedResultsCookie"] = first.String("pagedResultsCookie")
				second := t.Call("queryESVs", call)
				t.Succeeded(second)
				t.Equal("names", backwards(f.ids), membersOf(slices.Concat(c.List(first.Body, "esvs"), c.List(second.Body, "esvs")), "id"))
				t.Equal("cookie of the last page", nil, second.At("pagedResultsCookie"))
			}
		},
	}, {
		ID:    "tools/esv/secret",
		Title: "a secret is listed with its versions and never with its value, and is no variable",
		Level: c.Must, Needs: toolsAndESVs, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			id, value := newESV(t, "secret"), freshValue(t)
			putESV(t, secrets, id, newSecret(t, "generic", value))
			listed := t.Call("queryESVs", args{"type": "secret", "queryTerm": id})
			t.Succeeded(listed)
			secret := listed.At("esvs", 0)
			checkHolds(t, "the secret", object{
				"id": id, "type": "generic", "description": "made by a conformance test", "loaded": false, "activeVersion": "1", "useInPlaceholders": true,
			}, secret)
			t.Lacks("secret", secret, "value", "valueBase64")
			read := t.Call("getVariable", args{"variableId": id})
			checkRefusal(t, read, http.StatusNotFound)
			for _, answer := range []*c.Answer{listed, read} {
				t.True("the answer does not hold the value", !holds(answer, value) && !holds(answer, inBase64(value)))
			}
		},
	}, {
		ID:    "tools/esv/delete",
		Title: "deleteVariable deletes one variable and tells what it was",
		Level: c.Must, Needs: toolsAndESVs, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			other := newESV(t, "variable")
			putESV(t, variables, other, newVariable("string", "a"))
			before := readESV(t, variables, other)
			for _, one := range typed {
				id := newESV(t, "variable")
				putESV(t, variables, id, newVariable(one.kind, one.text))
				answer := t.Call("deleteVariable", args{"variableId": id})
				t.Succeeded(answer)
				t.Equal("deletedId", id, answer.At("deletedId"))
				checkHolds(t, "the variable told", object{"id": id, "value": one.value, "expressionType": one.kind}, answer.At("variable"))
				checkESVError(t, t.Get(at(variables, id)), http.StatusNotFound, noVariable)
			}
			checkESVUnchanged(t, variables, before)
		},
	}, {
		ID:    "tools/esv/missing",
		Title: "a variable that is not there is refused with 404, the tenant's message, a hint and the transaction",
		Level: c.Must, Needs: toolsAndESVs, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			id := newESV(t, "none")
			checkESVError(t, t.Get(at(variables, id)), http.StatusNotFound, noVariable)
			for _, name := range []string{"getVariable", "deleteVariable"} {
				answer := t.Call(name, args{"variableId": id})
				checkRefusal(t, answer, http.StatusNotFound)
				t.Equal("message", noVariable, c.At(answer.Structured, "error", "message"))
				transaction := c.Text(answer.Structured, "error", "transactionId")
				t.True("the transaction is named in words too", transaction != "" && strings.Contains(answer.Text, transaction))
				t.Contains("hint", "queryESVs", c.Text(answer.Structured, "error", "hint"))
			}
		},
	}, {
		ID:    "tools/esv/in-use",
		Title: "deleteVariable of a variable in use is refused with a hint to what can refer to it",
		Level: c.Must, Needs: []c.Feature{c.Tools, c.ESVs, c.Config}, Ref: refInUse, Writes: true,
		Run: func(t *c.T) {
			id := newESV(t, "variable")
			putESV(t, variables, id, newVariable("string", "a"))
			before := readESV(t, variables, id)
			useInTemplate(t, id)
			answer := t.Call("deleteVariable", args{"variableId": id})
			t.Refused(answer)
			t.Contains("hint", "&{"+strings.ReplaceAll(id, "-", ".")+"}", c.Text(answer.Structured, "error", "hint"))
			checkESVUnchanged(t, variables, before)
		},
	}, {
		ID:    "tools/esv/term-injection",
		Title: "a queryTerm is a part of a name, whatever is in it, and never a filter",
		Level: c.Must, Needs: toolsAndESVs, Ref: refBounds, Writes: true,
		Run: func(t *c.T) {
			for kind, collection := range map[string]string{"variable": variables, "secret": secrets} {
				f := newESVs(t, collection, 2)
				found := t.Call("queryESVs", args{"type": kind, "queryTerm": f.part})
				t.Succeeded(found)
				t.Equal("names", f.ids, membersOf(c.List(found.Body, "esvs"), "id"))
				for _, term := range []string{
					`x" or true or /_id eq "x`, `x" or /_id co "` + f.part, `x\" or true or \"`, `x\`, `"`, f.part + `" or /_id co "x`, "x&_queryFilter=true", "' or true or '",
				} {
					answer := t.Call("queryESVs", args{"type": kind, "queryTerm": term})
					t.Succeeded(answer)
					t.Equal("names that have "+term, []any{}, membersOf(c.List(answer.Body, "esvs"), "id"))
				}
			}
		},
	}, {
		ID:    "tools/esv/name-injection",
		Title: "a variableId cannot lead to another resource, be it by slashes, dots or a query",
		Level: c.Must, Needs: toolsAndESVs, Ref: refBounds, Writes: true,
		Run: func(t *c.T) {
			id, secret := newESV(t, "variable"), newESV(t, "secret")
			putESV(t, variables, id, newVariable("string", "a"))
			putESV(t, secrets, secret, newSecret(t, "generic", freshValue(t)))
			variableBefore, secretBefore := readESV(t, variables, id), readESV(t, secrets, secret)
			for _, name := range []string{"../secrets/" + secret, "..%2Fsecrets%2F" + secret, "x/../" + id, id + "/", id + "?x=y", id + "#x", "./" + id, "..", "", strings.ToUpper(id)} {
				checkParameter(t, t.Call("getVariable", args{"variableId": name}), "variableId")
				checkParameter(t, t.Call("deleteVariable", args{"variableId": name}), "variableId")
				checkParameter(t, t.Call("setVariable", args{"variableId": name, "value": "b"}), "variableId")
			}
			checkESVUnchanged(t, variables, variableBefore)
			checkESVUnchanged(t, secrets, secretBefore)
		},
	}, {
		ID:    "tools/esv/arguments",
		Title: "a kind of ESV or a size of pages that there is not is refused",
		Level: c.Must, Needs: toolsAndESVs, Ref: refBounds,
		Run: func(t *c.T) {
			checkReady(t)
			checkParameter(t, t.Call("queryESVs", args{"type": "esv"}), "type")
			for _, size := range []int{0, -1, 101} {
				checkParameter(t, t.Call("queryESVs", args{"type": "variable", "pageSize": size}), "pageSize")
			}
		},
	},
}

// setByTool sets a variable. It is removed in the end.
func setByTool(t *c.T, id string, value any, more args) *c.Answer {
	t.Cleanup(func() { remove(t, at(variables, id)) })
	call := args{"variableId": id, "value": value}
	for name, argument := range more {
		call[name] = argument
	}
	return t.Call("setVariable", call)
}

// valueByTool is the value of a variable as a tool reads it.
func valueByTool(t *c.T, id string) any {
	answer := t.Call("getVariable", args{"variableId": id})
	t.Succeeded(answer)
	t.Equal("ID read", id, answer.At("id"))
	return answer.At("value")
}

// checkParameter checks that an argument is refused by the tool itself: the
// refusal names it, and has no status of the tenant's.
func checkParameter(t *c.T, a *c.Answer, parameter string) {
	t.Refused(a)
	t.Equal("parameter", parameter, c.At(a.Structured, "error", "parameter"))
	t.Contains("text", parameter, a.Text)
	t.Equal("status", nil, c.At(a.Structured, "error", "status"))
}
