package cases

import (
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	c "aicmcp/conformance"
)

var toolsAndScripts = []c.Feature{c.Tools, c.Scripts}

// scriptTools are the cases about the tools for scripts.
var scriptTools = []c.Case{
	{
		ID:    "tools/scripts/bindings",
		Title: "getScriptedDecisionNodeBindings tells all that a script finds, with signatures, and the classes it may use",
		Level: c.Must, Needs: toolsAndScripts, Ref: refTools,
		Run: func(t *c.T) {
			context := contexts.at(nextDecisionNode).read(t)
			answer := t.Call("getScriptedDecisionNodeBindings", args{"realm": "alpha"})
			t.Succeeded(answer)
			t.Equal("number of bindings", len(context.List("bindings")), len(c.List(answer.Body, "bindings")))
			t.Equal("number of classes", len(context.List("allowLists")), len(c.List(answer.Body, "allowedClasses")))
			for _, binding := range context.List("bindings") {
				told := named(t, c.List(answer.Body, "bindings"), c.Text(binding, "name"))
				t.Equal("type of "+c.Text(binding, "name"), c.At(binding, "javaScriptType"), c.At(told, "type"))
			}
			t.Contains("members of httpClient", "send(uri: string", joined(named(t, c.List(answer.Body, "bindings"), "httpClient"), "members"))
			t.True("there is a note", answer.String("note") != "")
		},
	}, {
		ID:    "tools/scripts/create",
		Title: "createScript stores a next-generation script for decision nodes, its source in base64",
		Level: c.Must, Needs: toolsAndScripts, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			source := "// <ä> & \"quotes\"\r\naction.goTo('true');\n"
			answer := scriptByTool(t, args{"name": t.Fresh("script"), "description": "made by a tool", "script": source})
			t.Succeeded(answer)
			stored := scripts.at(answer.String("id")).read(t)
			checkHolds(t, "the script", object{
				"name": answer.At("name"), "description": "made by a tool", "script": inBase64(source), "language": "JAVASCRIPT",
				"context": decisionNode, "evaluatorVersion": "2.0",
			}, stored.Body)
			t.Lacks("answer", answer.Body, "script", "warnings")
			t.True("the transaction is named", answer.String("transactionId") != "")
		},
	}, {
		ID:    "tools/scripts/syntax",
		Title: "a source that is no JavaScript is refused with line and column, and nothing is stored",
		Level: c.Must, Needs: toolsAndScripts, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			script := scripts.at(uuid.NewString())
			script.made(t, newScript(t, "action.goTo('a');"))
			before := script.read(t)
			const bad = "var a = 1;\nvar ä = ;\n"
			name := t.Fresh("script")
			for _, answer := range []*c.Answer{
				scriptByTool(t, args{"name": name, "script": bad}),
				t.Call("updateScript", args{"realm": "alpha", "scriptId": before.At("_id"), "script": bad}),
			} {
				checkParameter(t, answer, "script")
				t.Contains("text", "line 2, column 9", answer.Text)
				t.Equal("retryable", false, c.At(answer.Structured, "error", "retryable"))
			}
			t.Equal("scripts of that name", []any{}, scripts.find(t, eq("name", name)).At("result"))
			script.checkUnchanged(t, before)
		},
	}, {
		ID:    "tools/scripts/warnings",
		Title: "what AM's engine does not take is warned of with its place, and the script is stored all the same",
		Level: c.Must, Needs: toolsAndScripts, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			source := "var a = [1];\nlet b = a;\n"
			answer := scriptByTool(t, args{"name": t.Fresh("script"), "script": source})
			t.Succeeded(answer)
			warning := joined(answer.Body, "warnings")
			t.Contains("warnings", "line 2, column 1", warning)
			t.Contains("warnings", "let", warning)
			t.Equal("script", inBase64(source), scripts.at(answer.String("id")).read(t).At("script"))
		},
	}, {
		ID:    "tools/scripts/clash",
		Title: "a name that is taken is refused, and the refusal names the script that has it",
		Level: c.Must, Needs: toolsAndScripts, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			first, second := newScript(t, "action.goTo('a');"), newScript(t, "action.goTo('b');")
			first["context"] = "LIBRARY"
			owner, other := uuid.NewString(), scripts.at(uuid.NewString())
			scripts.at(owner).made(t, first)
			other.made(t, second)
			before := other.read(t)
			for _, answer := range []*c.Answer{
				scriptByTool(t, args{"name": first["name"], "script": "action.goTo('c');"}),
				t.Call("updateScript", args{"realm": "alpha", "scriptId": before.At("_id"), "name": first["name"]}),
			} {
				checkRefusal(t, answer, http.StatusConflict)
				t.Equal("parameter", "name", c.At(answer.Structured, "error", "parameter"))
				hint := c.Text(answer.Structured, "error", "hint")
				t.Contains("hint", owner, hint)
				t.Contains("hint", "LIBRARY", hint)
			}
			other.checkUnchanged(t, before)
			t.Equal("scripts of that name", []string{owner}, column(scripts.find(t, eq("name", first["name"].(string))), "_id"))
		},
	}, {
		ID:    "tools/scripts/quotes",
		Title: "quotes in a name do not change the queries of the tools",
		Level: c.Should, Needs: toolsAndScripts, Ref: refBounds, Writes: true,
		Run: func(t *c.T) {
			name := t.Fresh("script") + `" or true or name eq "\`
			made := scriptByTool(t, args{"name": name, "script": "action.goTo('a');"})
			t.Succeeded(made)
			t.Equal("name stored", name, scripts.at(made.String("id")).read(t).At("name"))
			again := scriptByTool(t, args{"name": name, "script": "action.goTo('a');"})
			checkRefusal(t, again, http.StatusConflict)
			t.Contains("hint", made.String("id"), c.Text(again.Structured, "error", "hint"))
		},
	}, {
		ID:    "tools/scripts/get",
		Title: "getAMScript gives the source decoded, and dates for people",
		Level: c.Must, Needs: toolsAndScripts, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			const source = "action.goTo('ä');\r\n// <b>"
			id := uuid.NewString()
			scripts.at(id).made(t, with(newScript(t, source), "description", nil))
			stored, answer := scripts.at(id).read(t), t.Call("getAMScript", args{"realm": "alpha", "scriptId": id})
			t.Succeeded(answer)
			checkHolds(t, "the answer", object{
				"id": id, "name": stored.At("name"), "context": decisionNode, "language": "JAVASCRIPT", "evaluatorVersion": "2.0", "script": source,
				"createdBy": stored.At("createdBy"), "creationDate": time.UnixMilli(stored.Number("creationDate")).UTC().Format(time.RFC3339),
			}, answer.Body)
			t.Lacks("answer", answer.Body, "description", "default", "note")
		},
	}, {
		ID:    "tools/scripts/get-shipped",
		Title: "a default script is shown without an author and dates that nobody knows; one of the tenant's own is refused",
		Level: c.Must, Needs: toolsAndScripts, Ref: refFaults,
		Run: func(t *c.T) {
			stored := scripts.at(shipped[5].id).read(t)
			answer := t.Call("getAMScript", args{"realm": "alpha", "scriptId": shipped[5].id})
			t.Succeeded(answer)
			t.Equal("default", true, answer.At("default"))
			t.Equal("script", stored.Text("script"), inBase64(answer.String("script")))
			for _, member := range signed {
				t.Differs(member, "null", answer.At(member))
			}
			refused := t.Call("getAMScript", args{"realm": "alpha", "scriptId": internal[0]})
			checkRefusal(t, refused, http.StatusForbidden)
			t.Contains("text", unavailable, refused.Text)
		},
	}, {
		ID:    "tools/scripts/missing",
		Title: "a script that is not there is refused with 404 and a hint to the list, by all tools",
		Level: c.Must, Needs: toolsAndScripts, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			id := uuid.NewString()
			scripts.at(shipped[0].id).read(t)
			for tool, more := range map[string]args{"getAMScript": {}, "updateScript": {"name": t.Fresh("script")}, "deleteScript": {}} {
				more["realm"], more["scriptId"] = "alpha", id
				answer := t.Call(tool, more)
				checkRefusal(t, answer, http.StatusNotFound)
				t.Equal("parameter", "scriptId", c.At(answer.Structured, "error", "parameter"))
				t.Contains("message", noScript(id, "alpha"), c.Text(answer.Structured, "error", "message"))
				t.Contains("hint", "listScripts", c.Text(answer.Structured, "error", "hint"))
			}
		},
	}, {
		ID:    "tools/scripts/list",
		Title: "listScripts lists the scripts of decision nodes, of another context, or all, without their sources",
		Level: c.Must, Needs: toolsAndScripts, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			body := newScript(t, "action.goTo('a');")
			id := uuid.NewString()
			scripts.at(id).made(t, body)
			all := scripts.find(t, "true").List("result")
			for context, filter := range map[string]string{"": decisionNode, "LIBRARY": "LIBRARY", "ALL": ""} {
				call := args{"realm": "alpha"}
				if context != "" {
					call["context"] = context
				}
				answer := t.Call("listScripts", call)
				t.Succeeded(answer)
				want := 0
				for _, script := range all {
					if filter == "" || c.Text(script, "context") == filter {
						want++
					}
				}
				told := c.List(answer.Body, "scripts")
				t.Equal("number of scripts of "+context, want, len(told))
				t.Equal("resultCount", want, answer.At("resultCount"))
				for _, script := range told {
					t.Lacks("script", script, "script")
				}
				if context != "LIBRARY" {
					t.Equal("script", object{
						"id": id, "name": body["name"], "description": body["description"], "context": decisionNode, "language": "JAVASCRIPT", "evaluatorVersion": "2.0",
					}, named(t, told, body["name"].(string)))
				}
			}
		},
	}, {
		ID:    "tools/scripts/update",
		Title: "updateScript changes what it is told, and keeps the rest",
		Level: c.Must, Needs: toolsAndScripts, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			script := scripts.at(uuid.NewString())
			script.made(t, newScript(t, "action.goTo('a');"))
			name := t.Fresh("script")
			for _, change := range []struct {
				argument args
				member   string
				value    any
			}{
				{args{"script": "action.goTo('b');"}, "script", inBase64("action.goTo('b');")},
				{args{"description": ""}, "description", ""},
				{args{"name": name}, "name", name},
			} {
				before := script.read(t)
				change.argument["realm"], change.argument["scriptId"] = "alpha", before.At("_id")
				answer := t.Call("updateScript", change.argument)
				t.Succeeded(answer)
				after := script.read(t)
				t.Equal("script", without(with(before.Body, change.member, change.value), "lastModifiedDate"), without(after.Body, "lastModifiedDate"))
				t.Equal("name told", after.At("name"), answer.At("name"))
			}
		},
	}, {
		ID:    "tools/scripts/update-groovy",
		Title: "a script in Groovy is not taken for JavaScript",
		Level: c.Must, Needs: toolsAndScripts, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			body := newScript(t, "return rawProfile")
			body["context"], body["language"], body["evaluatorVersion"] = shipped[4].context, shipped[4].language, shipped[4].evaluator
			script := scripts.at(uuid.NewString())
			id := script.made(t, body).At("_id")
			const source = `def a = [b: 1]; println "$a"`
			t.Succeeded(t.Call("updateScript", args{"realm": "alpha", "scriptId": id, "script": source}))
			t.Equal("script", inBase64(source), script.read(t).At("script"))
		},
	}, {
		ID:    "tools/scripts/delete",
		Title: "deleteScript deletes one script, and tells which",
		Level: c.Must, Needs: toolsAndScripts, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			script, other := scripts.at(uuid.NewString()), scripts.at(uuid.NewString())
			id := script.made(t, newScript(t, "action.goTo('a');")).At("_id")
			other.made(t, newScript(t, "action.goTo('a');"))
			before := other.read(t)
			answer := t.Call("deleteScript", args{"realm": "alpha", "scriptId": id})
			t.Succeeded(answer)
			t.Equal("deletedId", id, answer.At("deletedId"))
			t.Status(http.StatusNotFound, script.get(t))
			other.checkUnchanged(t, before)
		},
	}, {
		ID:    "tools/scripts/in-use",
		Title: "a script that is in use is not deleted, and the refusal tells what may use it",
		Level: c.Should, Needs: []c.Feature{c.Tools, c.Scripts, c.Clients}, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			script := scripts.at(uuid.NewString())
			usedScript(t, script)
			before := script.read(t)
			answer := t.Call("deleteScript", args{"realm": "alpha", "scriptId": before.At("_id")})
			t.Refused(answer)
			t.Contains("hint", "OAuth clients", c.Text(answer.Structured, "error", "hint"))
			script.checkUnchanged(t, before)
		},
	}, {
		ID:    "tools/scripts/arguments",
		Title: "an ID cannot lead to another resource, a context cannot change a query, and blank names and unknown realms are refused",
		Level: c.Must, Needs: toolsAndScripts, Ref: refBounds, Writes: true,
		Run: func(t *c.T) {
			script := scripts.at(uuid.NewString())
			id := script.made(t, newScript(t, "action.goTo('a');")).Text("_id")
			before := script.read(t)
			for _, bad := range []string{"../scripts/" + id, "x%2F.." + id, id + "/", id + "?x=y", id + "#x", "..", "", "*"} {
				checkParameter(t, t.Call("getAMScript", args{"realm": "alpha", "scriptId": bad}), "scriptId")
				checkParameter(t, t.Call("deleteScript", args{"realm": "alpha", "scriptId": bad}), "scriptId")
				checkParameter(t, t.Call("updateScript", args{"realm": "alpha", "scriptId": bad, "name": "x"}), "scriptId")
			}
			checkParameter(t, t.Call("listScripts", args{"realm": "alpha", "context": `x" or true or context eq "x`}), "context")
			checkParameter(t, scriptByTool(t, args{"name": " ", "script": "x();"}), "name")
			checkParameter(t, scriptByTool(t, args{"name": t.Fresh("script"), "script": ""}), "script")
			checkParameter(t, t.Call("updateScript", args{"realm": "alpha", "scriptId": id}), "script")
			for _, realm := range []string{"root", "", "alpha/../bravo"} {
				checkParameter(t, t.Call("getAMScript", args{"realm": realm, "scriptId": id}), "realm")
			}
			script.checkUnchanged(t, before)
		},
	},
}

// scriptByTool creates a script of alpha through the tool. It is removed in the end.
func scriptByTool(t *c.T, call args) *c.Answer {
	call["realm"] = "alpha"
	var answer *c.Answer
	t.Cleanup(func() {
		if answer != nil && answer.String("id") != "" {
			scripts.at(answer.String("id")).remove(t)
			return
		}
		removeScripts(t, call["name"].(string))
	})
	answer = t.Call("createScript", call)
	return answer
}

// removeScripts deletes what became of a script of a name of ours, if anything did,
// and nothing else, even if the target's filters do not work.
func removeScripts(t *c.T, name string) {
	page := scripts.get(t, c.Query("_queryFilter", eq("name", name), "_fields", "_id,name"))
	if page.Status != http.StatusOK && page.Status != http.StatusNotFound {
		t.Fatalf("the script %s may be left behind: the query for it answered %d", name, page.Status)
	}
	for _, script := range page.List("result") {
		if id := c.Text(script, "_id"); id != "" && c.Text(script, "name") == name {
			scripts.at(id).remove(t)
		}
	}
}

// joined is a list of texts as one, a line each.
func joined(doc any, path ...any) string {
	var lines []string
	for _, line := range c.List(doc, path...) {
		text, _ := line.(string)
		lines = append(lines, text)
	}
	return strings.Join(lines, "\n")
}
