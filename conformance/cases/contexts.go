package cases

import (
	"net/http"
	"slices"
	"strings"

	c "aicmcp/conformance"
)

var (
	contexts        = api{"/am/json/contexts", "protocol=2.0,resource=1.0"}
	contextSettings = api{"/am/json/global-config/services/scripting/contexts", "protocol=2.0,resource=1.0"}
)

const nextDecisionNode = "SCRIPTED_DECISION_NODE"

// decisionBindings are what a next-generation script of a decision node finds.
const decisionBindings = "samlApplication logger callbacks idRepository jwtAssertion utils action callbacksBuilder openidm requestCookies cookieName " +
	"policy httpClient journey requestParameters cacheManager secrets oauthApplication locales requestHeaders nodeState resumedFromSuspend scriptName realm jwtValidator"

// scriptContexts are the cases about what scripts find and may use.
var scriptContexts = []c.Case{
	{
		ID:    "contexts/read/decision-node",
		Title: "a context tells the bindings, the classes and the evaluators of its scripts, and has no revision",
		Level: c.Must, Needs: scriptsNeeded, Ref: refContext,
		Run: func(t *c.T) {
			res := contexts.at(nextDecisionNode).read(t)
			t.Equal("members", object{"_id": nextDecisionNode, "evaluatorVersions": object{"JAVASCRIPT": []string{"2.0"}}}, without(res.Body, "bindings", "allowLists"))
			checkUntagged(t, res)
			t.Equal("Content-API-Version", "resource=1.0", res.Header.Get("Content-API-Version"))
			t.True("java.lang.Object is allowed", slices.Contains(res.List("allowLists"), any("java.lang.Object")))
			for _, class := range res.List("allowLists") {
				name, _ := class.(string)
				t.True(name+" is the name of a class", strings.Contains(name, "."))
			}
		},
	}, {
		ID:    "contexts/read/bindings",
		Title: "a script of a decision node finds 25 things, or more on later releases",
		Level: c.Must, Needs: scriptsNeeded, Ref: refContext,
		Run: func(t *c.T) {
			found := bindingsOf(t)
			for _, name := range strings.Fields(decisionBindings) {
				t.Has("bindings", found, name)
			}
			for name, kind := range map[string]string{"nodeState": "object", "action": "object", "realm": "string", "scriptName": "string", "cookieName": "string", "resumedFromSuspend": "boolean"} {
				t.Equal("type of "+name, kind, c.At(found[name], "javaScriptType"))
			}
		},
	}, {
		ID:    "contexts/read/elements",
		Title: "objects tell their methods with parameters and results, and their fields, which have their own",
		Level: c.Must, Needs: scriptsNeeded, Ref: refContext,
		Run: func(t *c.T) {
			found := bindingsOf(t)
			for _, name := range []string{"nodeState", "action", "httpClient", "utils", "logger"} {
				t.True(name+" has elements", len(c.List(found[name], "elements")) > 0)
			}
			methods := 0
			for name, binding := range found {
				methods += checkElements(t, name, c.List(binding, "elements"))
			}
			t.True("there are methods", methods > 0)
			send := named(t, c.List(found["httpClient"], "elements"), "send")
			t.Has("parameter", c.At(send, "parameters", 0), "name", "javaScriptType")
			t.True("utils has crypto, which has methods", len(c.List(named(t, c.List(found["utils"], "elements"), "crypto"), "elements")) > 0)
		},
	}, {
		ID:    "contexts/read/legacy",
		Title: "a context of legacy scripts has no bindings, and knows Groovy too",
		Level: c.Must, Needs: scriptsNeeded, Ref: refContext,
		Run: func(t *c.T) {
			res := contexts.at(decisionNode).read(t)
			t.Equal("bindings", []any{}, res.At("bindings"))
			t.Equal("evaluatorVersions", object{"JAVASCRIPT": []string{"1.0"}, "GROOVY": []string{"1.0"}}, res.At("evaluatorVersions"))
			t.True("classes are allowed", len(res.List("allowLists")) > 0)
		},
	}, {
		ID:    "contexts/read/realm",
		Title: "a context reads the same below a realm",
		Level: c.Should, Needs: scriptsNeeded, Ref: "how the vendor's own MCP server reads contexts; not recorded",
		Run: func(t *c.T) {
			res := contexts.at(nextDecisionNode).read(t)
			t.Equal("context", res.Body, api{inAlpha + "/contexts", contexts.version}.at(nextDecisionNode).read(t).Body)
		},
	}, {
		ID:    "contexts/list/envelope",
		Title: "the list of contexts is not counted, and tells the languages and the default script of each",
		Level: c.Must, Needs: scriptsNeeded, Ref: refContextList,
		Run: func(t *c.T) {
			page := contextSettings.find(t, "true")
			checkEnvelope(t, page, uncounted, -1, -1)
			for _, context := range page.List("result") {
				t.Has("context", context, "_id", "_rev", "languages", "defaultScript")
				t.Equal("_type", object{"_id": "contexts", "name": "scriptContext", "collection": true}, c.At(context, "_type"))
			}
			for id, want := range map[string]object{
				nextDecisionNode:             {"languages": []string{"JAVASCRIPT"}, "defaultScript": shipped[1].id, "isHidden": false},
				decisionNode:                 {"languages": []string{"JAVASCRIPT", "GROOVY"}, "defaultScript": shipped[0].id},
				"AUTHENTICATION_CLIENT_SIDE": {"defaultScript": "[Empty]"},
				"NODE_DESIGNER":              {"languages": []string{"JAVASCRIPT"}, "isHidden": true},
			} {
				checkHolds(t, id, want, listed(t, page, id))
			}
		},
	}, {
		ID:    "contexts/list/default-scripts",
		Title: "the default script of every context is a script of the realm, or none",
		Level: c.Must, Needs: scriptsNeeded, Ref: refContextList,
		Run: func(t *c.T) {
			all, some := scripts.find(t, "true"), 0
			for _, context := range contextSettings.find(t, "true").List("result") {
				if id := c.Text(context, "defaultScript"); id != "[Empty]" {
					t.Equal("default of "+id, true, c.At(listed(t, all, id), "default"))
					some++
				}
			}
			t.True("there are default scripts", some > 0)
		},
	}, {
		ID:    "contexts/engine/configuration",
		Title: "the engine of a context tells its limits, which ESVs can set, and its classes",
		Level: c.Must, Needs: scriptsNeeded, Ref: refEngine,
		Run: func(t *c.T) {
			res := contextSettings.at(decisionNode).below("engineConfiguration").read(t)
			checkHolds(t, "the engine", object{
				"_id": "engineConfiguration", "propertyNamePrefix": "esv.", "useSecurityManager": true, "serverTimeout": 0, "idleTimeout": 60,
				"_type": object{"_id": "engineConfiguration", "name": "Scripting engine configuration", "collection": false},
			}, res.Body)
			checkTag(t, res)
			for _, limit := range []string{"maxThreads", "coreThreads", "queueSize"} {
				text := res.Text(limit, "$int")
				t.True(limit+", "+text+", is a placeholder with a default", strings.HasPrefix(text, "&{") && strings.Contains(text, "|"))
			}
			t.True("classes are allowed", len(res.List("whiteList")) > 0)
			t.True("java.lang.Class is forbidden", slices.Contains(res.List("blackList"), any("java.lang.Class")))
		},
	}, {
		ID:    "contexts/engine/missing",
		Title: "scripts of browsers have a context without an engine: 404",
		Level: c.Must, Needs: scriptsNeeded, Ref: refEngine,
		Run: func(t *c.T) {
			const browsers = "AUTHENTICATION_CLIENT_SIDE"
			contexts.at(browsers).read(t)
			checkError(t, contextSettings.at(browsers).below("engineConfiguration").get(t), http.StatusNotFound)
		},
	},
}

// bindingsOf is what a next-generation script of a decision node finds, by name.
func bindingsOf(t *c.T) object {
	found := object{}
	for _, binding := range contexts.at(nextDecisionNode).read(t).List("bindings") {
		t.Has("binding", binding, "name", "javaScriptType")
		found[c.Text(binding, "name")] = binding
	}
	return found
}

// checkElements checks the form of what an object has, and counts the methods.
func checkElements(t *c.T, of string, elements []any) (methods int) {
	for _, element := range elements {
		name := of + "." + c.Text(element, "name")
		if c.Text(element, "elementType") == "method" {
			t.Has(name, element, "name", "parameters", "returnType")
			for _, parameter := range c.List(element, "parameters") {
				t.Has("parameter of "+name, parameter, "name", "javaScriptType")
			}
			methods++
			continue
		}
		t.Has(name, element, "elementType", "name", "javaScriptType")
		methods += checkElements(t, name, c.List(element, "elements"))
	}
	return methods
}
