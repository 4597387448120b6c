package server_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const (
	scriptsPath = "/am/json/realms/root/realms/alpha/scripts"
	scriptID    = "23143919-6b78-40c3-b25e-beca19b229e0"
)

// scriptDoc is a script as a tenant has it.
func scriptDoc(name, source, language, context, evaluator string) string {
	return fmt.Sprintf(`{"_id":%q,"name":%q,"description":"null","script":%q,"default":false,"language":%q,"context":%q,"createdBy":"null","creationDate":0,"lastModifiedBy":"id=a,ou=user,ou=am-config","lastModifiedDate":1700000000123,"evaluatorVersion":%q}`,
		scriptID, name, base64.StdEncoding.EncodeToString([]byte(source)), language, context, evaluator)
}

const notFound = `{"code":404,"reason":"Not Found","message":"Script with UUID x could not be found in realm /alpha"}`

func startScripts(t *testing.T) (*session, *frontedTenant) {
	return startFronted(t, map[string]string{
		"GET " + scriptsPath: "QUERY script", "GET " + scriptsPath + "/*": "GET script", "PUT " + scriptsPath + "/*": "PUT script", "DELETE " + scriptsPath + "/*": "DELETE script",
	})
}

// script is a script as the tenant has it, nil if it has none.
func (tn *frontedTenant) script(id string) map[string]any {
	tn.t.Helper()
	return direct(tn.t, tn.Tenant, "GET", scriptsPath+"/"+id, "")
}

func (tn *frontedTenant) putScript(id, name, source, language, context string) {
	tn.t.Helper()
	direct(tn.t, tn.Tenant, "PUT", scriptsPath+"/"+id, text(tn.t, map[string]any{
		"name": name, "script": base64.StdEncoding.EncodeToString([]byte(source)), "language": language, "context": context,
	}))
}

func TestScriptsAreListed(t *testing.T) {
	page := `{"result":[{"_id":"2","name":"b","description":"null","language":"JAVASCRIPT","context":"AUTHENTICATION_TREE_DECISION_NODE","evaluatorVersion":"2.0","default":true},{"_id":"1","name":"a","description":"First","language":"GROOVY","context":"OAUTH2_MAY_ACT"}],"resultCount":2,"pagedResultsCookie":null,"totalPagedResultsPolicy":"NONE","totalPagedResults":-1,"remainingPagedResults":0}`
	s := start(t, map[string]http.HandlerFunc{
		"GET " + scriptsPath:                            answer(200, page),
		"GET /am/json/realms/root/realms/bravo/scripts": answer(200, `{}`),
	})
	_, text := s.ok("listScripts", `{"realm":"alpha"}`)
	if want := `"scripts":[{"context":"OAUTH2_MAY_ACT","description":"First","id":"1","language":"GROOVY","name":"a"},{"context":"AUTHENTICATION_TREE_DECISION_NODE","default":true,"evaluatorVersion":"2.0","id":"2","language":"JAVASCRIPT","name":"b"}]`; !strings.Contains(text, want) {
		t.Errorf("text is %s", text)
	}
	r := s.last(1)
	if q, _ := url.ParseQuery(r.query); q.Get("_queryFilter") != `context eq "AUTHENTICATION_TREE_DECISION_NODE"` || strings.Contains(q.Get("_fields"), "script,") || r.header.Get("Accept-Api-Version") != "protocol=2.0,resource=1.0" {
		t.Errorf("asked %v", r)
	}
	s.ok("listScripts", `{"realm":"alpha","context":"ALL"}`)
	if q, _ := url.ParseQuery(s.last(2).query); q.Get("_queryFilter") != "true" {
		t.Errorf("asked %v", q)
	}
	s.fails("listScripts", `{"realm":"alpha","context":"x\" or true or \"x"}`, "context must be the name of a context")
	s.fails("listScripts", `{"realm":"root"}`, "realm must be one of alpha, bravo")
	s.fails("listScripts", `{"realm":"bravo"}`, "no list of results")
	s.last(3)
}

func TestTheScriptsOfATenant(t *testing.T) {
	s, tn := startScripts(t)
	tn.putScript("1", "a decision", "a", "JAVASCRIPT", "AUTHENTICATION_TREE_DECISION_NODE")
	tn.putScript("2", "a library", "a", "JAVASCRIPT", "LIBRARY")
	for arguments, want := range map[string]string{`{"realm":"alpha"}`: "a decision", `{"realm":"alpha","context":"LIBRARY"}`: "a library"} {
		doc, shown := s.ok("listScripts", arguments)
		for _, e := range doc["scripts"].([]any) {
			if at(e, "context") != at(tn.script(fmt.Sprint(at(e, "id"))), "context") {
				t.Errorf("%s: %v", arguments, e)
			}
		}
		if strings.Contains(shown, "a decision") == strings.Contains(shown, "a library") || !strings.Contains(shown, want) {
			t.Errorf("%s: %s", arguments, shown)
		}
	}
	all, _ := s.ok("listScripts", `{"realm":"alpha","context":"ALL"}`)
	if n := len(direct(t, tn.Tenant, "GET", scriptsPath+"?_queryFilter=true", "")["result"].([]any)); all["resultCount"] != float64(n) {
		t.Errorf("%v scripts of %d", all["resultCount"], n)
	}
	// What a tenant has of its own.
	s.fails("getAMScript", `{"realm":"alpha","scriptId":"1f389a3d-21cf-417c-a6d3-42ea620071f0"}`, "403", "not available", "the tenant's own")
	s.fails("deleteScript", `{"realm":"alpha","scriptId":"01e1a3c0-038b-4c16-956a-6c9d89328cff"}`, "409", "default script")
	if doc, _ := s.ok("getAMScript", `{"realm":"alpha","scriptId":"01e1a3c0-038b-4c16-956a-6c9d89328cff"}`); doc["default"] != true || doc["script"] == "" || doc["createdBy"] != nil {
		t.Errorf("a default script: %v", doc)
	}
}

func TestManyScriptsAreCut(t *testing.T) {
	var scripts []string
	for i := range 2000 {
		scripts = append(scripts, fmt.Sprintf(`{"_id":"%d","name":"script %d","context":"C","language":"JAVASCRIPT"}`, i, i))
	}
	s := start(t, map[string]http.HandlerFunc{"GET " + scriptsPath: answer(200, `{"result":[`+strings.Join(scripts, ",")+`]}`)})
	doc, text := s.ok("listScripts", `{"realm":"alpha"}`)
	if n := len(doc["scripts"].([]any)); n < 300 || len(text) > 64<<10 || doc["resultCount"] != float64(n) || !strings.Contains(fmt.Sprint(doc["notice"]), "context") {
		t.Errorf("%d scripts, count %v, notice %v", n, doc["resultCount"], doc["notice"])
	}
}

func TestAScriptIsShownDecoded(t *testing.T) {
	s := start(t, map[string]http.HandlerFunc{
		"GET " + scriptsPath + "/" + scriptID: answer(200, scriptDoc("é", "outcome = '<日本>';\n", "JAVASCRIPT", "AUTHENTICATION_TREE_DECISION_NODE", "1.0")),
		"GET " + scriptsPath + "/binary":      answer(200, `{"_id":"binary","name":"x","script":"//4=","language":"JAVASCRIPT","context":"C"}`),
		"GET " + scriptsPath + "/other":       answer(200, `{"_id":"else","script":"eA=="}`),
		"GET " + scriptsPath + "/internal":    answer(403, `{"code":403,"reason":"Forbidden","message":"This operation is not available in PingOne Advanced Identity Cloud."}`),
		"GET " + scriptsPath + "/missing":     answer(404, notFound),
	})
	doc, _ := s.ok("getAMScript", `{"realm":"alpha","scriptId":"`+scriptID+`"}`)
	for name, want := range map[string]any{
		"id": scriptID, "name": "é", "script": "outcome = '<日本>';\n", "description": nil, "createdBy": nil, "creationDate": nil,
		"lastModifiedBy": "id=a,ou=user,ou=am-config", "lastModifiedDate": "2023-11-14T22:13:20Z", "evaluatorVersion": "1.0",
	} {
		if doc[name] != want {
			t.Errorf("%s is %v", name, doc[name])
		}
	}
	if doc, _ := s.ok("getAMScript", `{"realm":"alpha","scriptId":"binary"}`); doc["script"] != "//4=" || doc["note"] == nil {
		t.Errorf("a script that is no text: %v", doc)
	}
	s.fails("getAMScript", `{"realm":"alpha","scriptId":"other"}`, "another _id")
	s.fails("getAMScript", `{"realm":"alpha","scriptId":"internal"}`, "403", "not available", "the tenant's own")
	if e := s.fails("getAMScript", `{"realm":"alpha","scriptId":"missing"}`, "404", "could not be found", "listScripts"); e["parameter"] != "scriptId" || e["transactionId"] == nil {
		t.Errorf("error is %v", e)
	}
	s.fails("getAMScript", `{"realm":"alpha","scriptId":"../x"}`, "scriptId must be the ID of a script")
	s.last(5)
}

func TestAScriptIsCreatedChangedAndDeleted(t *testing.T) {
	s, tn := startScripts(t)
	made, _ := s.ok("createScript", `{"realm":"alpha","name":"A \"b\"","script":"var a = '<é>';\nlet b = 1;"}`)
	r := s.last(1)
	id, _ := made["id"].(string)
	var body map[string]any
	if err := json.Unmarshal([]byte(r.body), &body); err != nil {
		t.Fatal(err)
	}
	source, err := base64.StdEncoding.DecodeString(fmt.Sprint(body["script"]))
	if err != nil || string(source) != "var a = '<é>';\nlet b = 1;" || body["context"] != "AUTHENTICATION_TREE_DECISION_NODE" || body["evaluatorVersion"] != "2.0" || body["language"] != "JAVASCRIPT" || body["name"] != `A "b"` {
		t.Errorf("sent %v, %v", body, err)
	}
	if r.line != "PUT "+scriptsPath+"/"+id || r.header.Get("Accept-Api-Version") != "protocol=2.0,resource=1.0" || fmt.Sprint(made["warnings"]) != "[line 2, column 1: let does not parse there; use var]" {
		t.Errorf("made %v by %v", made, r)
	}

	// What is not named stays.
	changed, _ := s.ok("updateScript", `{"realm":"alpha","scriptId":"`+id+`","description":""}`)
	r = s.last(3)
	body = object(t, r.body)
	if body["name"] != `A "b"` || body["_rev"] != nil || body["description"] != "" || body["script"] != base64.StdEncoding.EncodeToString(source) || body["createdBy"] == nil || changed["warnings"] != nil {
		t.Errorf("sent %v, answered %v", body, changed)
	}
	s.ok("updateScript", `{"realm":"alpha","scriptId":"`+id+`","name":"C","script":"var c;"}`)
	s.last(5)
	if stored := tn.script(id); stored["name"] != "C" || stored["script"] != "dmFyIGM7" || stored["evaluatorVersion"] != "2.0" {
		t.Errorf("stored %v", stored)
	}
	s.fails("updateScript", `{"realm":"alpha","scriptId":"`+id+`"}`, "script is required unless")
	s.last(5)
	s.fails("updateScript", `{"realm":"alpha","scriptId":"missing","name":"x"}`, "404", "listScripts")
	deleted, _ := s.ok("deleteScript", `{"realm":"alpha","scriptId":"`+id+`"}`)
	if r := s.last(7); deleted["deletedId"] != id || r.line != "DELETE "+scriptsPath+"/"+id || tn.script(id) != nil {
		t.Errorf("deleted %v by %v", deleted, r)
	}
	s.fails("deleteScript", `{"realm":"alpha","scriptId":"`+id+`"}`, "404", "listScripts")
}

func TestAScriptThatDoesNotParseIsNotSent(t *testing.T) {
	s, tn := startScripts(t)
	e := s.fails("createScript", `{"realm":"alpha","name":"x","script":"var a;\nvar é = ;"}`, "line 2, column 9", "Unexpected token ;")
	if e["parameter"] != "script" || e["retryable"] != false {
		t.Errorf("error is %v", e)
	}
	s.fails("createScript", `{"realm":"alpha","name":"x","script":""}`, "script must not be empty")
	s.fails("createScript", `{"realm":"alpha","name":" ","script":"a"}`, "name must not be blank")
	s.last(0)
	for language, refused := range map[string]bool{"JAVASCRIPT": true, "GROOVY": false} {
		tn.putScript("1", "x", "y", language, "OIDC_CLAIMS")
		_, n := s.since(0)
		arguments := `{"realm":"alpha","scriptId":"1","script":"def a = [b: 1]; println \"$a\""}`
		if refused {
			s.fails("updateScript", arguments, "line 1, column 5")
		} else {
			s.ok("updateScript", arguments)
		}
		if asked, _ := s.since(n); refused != (len(asked) == 1) {
			t.Errorf("%s: asked %v", language, asked)
		}
	}
}

func TestANameClashTellsWhoHasTheName(t *testing.T) {
	s, tn := startScripts(t)
	tn.putScript("other", `x" or true or name eq "y`, "a", "JAVASCRIPT", "LIBRARY")
	tn.putScript("1", "one", "a", "JAVASCRIPT", "LIBRARY")
	e := s.fails("createScript", `{"realm":"alpha","name":"x\" or true or name eq \"y","script":"a"}`, "409", "already exist", "unique", `ID "other", of the context "LIBRARY"`, "updateScript")
	if e["parameter"] != "name" {
		t.Errorf("error is %v", e)
	}
	s.fails("updateScript", `{"realm":"alpha","scriptId":"1","name":"x\" or true or name eq \"y"}`, "409", `"other"`)
	tn.before["QUERY script"] = answer(503, "")
	s.fails("createScript", `{"realm":"alpha","name":"one","script":"a"}`, "409", "listScripts")
}

func TestAScriptInUseIsNotDeleted(t *testing.T) {
	s, tn := startScripts(t)
	tn.putScript("used", "x", "a", "JAVASCRIPT", "OIDC_CLAIMS")
	tn.putClient("user", `{"overrideOAuth2ClientConfig":{"oidcClaimsScript":"used"}}`)
	s.fails("deleteScript", `{"realm":"alpha","scriptId":"used"}`, "409", "1 place", "OAuth clients")
	tn.change("user", "overrideOAuth2ClientConfig", "oidcClaimsScript", "[Empty]")
	s.ok("deleteScript", `{"realm":"alpha","scriptId":"used"}`)
}

func TestScriptFailures(t *testing.T) {
	bad := answer(400, `{"code":400,"reason":"Bad Request","message":"no &#39;such&#39;"}`)
	s := start(t, map[string]http.HandlerFunc{
		"PUT " + scriptsPath + "/*":    bad,
		"DELETE " + scriptsPath + "/1": bad,
		"DELETE " + scriptsPath + "/2": answer(403, `{"code":403,"reason":"Forbidden","message":"This operation is not available in PingOne Advanced Identity Cloud."}`),
		"DELETE " + scriptsPath + "/4": answer(500, `{"code":500,"reason":"Internal Server Error","message":"x"}`),
		"GET " + scriptsPath + "/4":    answer(200, `{"_id":"4","script":""}`),
		"GET " + scriptsPath:           answer(503, ``),
		"GET " + contextPath("bravo"):  answer(200, `{"_id":"SCRIPTED_DECISION_NODE","allowLists":{"1.0":["b","a"]}}`),
	})
	s.fails("createScript", `{"realm":"alpha","name":"x","script":"a"}`, "400", "no 'such'", "Nothing was changed")
	s.fails("deleteScript", `{"realm":"alpha","scriptId":"1"}`, "400", "uses it", "getJourney")
	s.fails("deleteScript", `{"realm":"alpha","scriptId":"2"}`, "403", "not available", "may not do this", "in use")
	s.fails("deleteScript", `{"realm":"alpha","scriptId":"4"}`, "500", "not known whether", "getAMScript")
	if e := s.fails("listScripts", `{"realm":"alpha"}`, "503", "wait"); e["retryable"] != true {
		t.Errorf("error is %v", e)
	}
	s.fails("getScriptedDecisionNodeBindings", `{"realm":"bravo"}`, "lists no bindings")
}

func TestWritesOfScriptsWhoseAnswersAreLost(t *testing.T) {
	s, tn := startScripts(t)
	arguments := `{"realm":"alpha","name":"x","script":"a"}`
	expect := func(n int, want ...string) {
		t.Helper()
		asked, _ := s.since(n)
		var lines []string
		for _, r := range asked {
			method, _, _ := strings.Cut(r.line, " ")
			lines = append(lines, method)
		}
		if fmt.Sprint(lines) != fmt.Sprint(want) {
			t.Errorf("asked %v, want %v", lines, want)
		}
	}
	// Of a write without an answer there is no more than the ID that was sent.
	ok := func(name, arguments string) map[string]any {
		t.Helper()
		doc, text := s.call(name, arguments)
		if doc["error"] != nil || doc["transactionId"] == nil {
			t.Errorf("%s: %s", name, text)
		}
		return doc
	}
	for _, kind := range []string{"PUT script", "DELETE script"} {
		tn.after[kind] = lost
	}
	made := ok("createScript", arguments)
	expect(0, "PUT", "GET")
	id := fmt.Sprint(made["id"])
	ok("updateScript", `{"realm":"alpha","scriptId":"`+id+`","script":"b"}`)
	expect(2, "GET", "PUT", "GET")
	ok("deleteScript", `{"realm":"alpha","scriptId":"`+id+`"}`)
	expect(5, "DELETE", "GET")

	tn.before, tn.after = tn.after, tn.before
	s.fails("createScript", arguments, "not known whether", "listScripts")
	expect(7, "PUT", "GET")
	tn.putScript(id, "x", "y", "JAVASCRIPT", "LIBRARY")
	if e := s.fails("updateScript", `{"realm":"alpha","scriptId":"`+id+`","script":"b"}`, "not known whether"); e["retryable"] != false {
		t.Errorf("error is %v", e)
	}
	expect(9, "GET", "PUT", "GET")
	s.fails("deleteScript", `{"realm":"alpha","scriptId":"`+id+`"}`, "not known whether")
	expect(12, "DELETE", "GET")
}

func contextPath(realm string) string {
	return "/am/json/realms/root/realms/" + realm + "/contexts/SCRIPTED_DECISION_NODE"
}

func TestBindingsAreSignatures(t *testing.T) {
	s := start(t, map[string]http.HandlerFunc{"GET " + contextPath("alpha"): answer(200, `{"_id":"SCRIPTED_DECISION_NODE","bindings":[
		{"name":"utils","javaScriptType":"object","javaClass":"x","elements":[{"elementType":"field","name":"crypto","javaScriptType":"object","javaClass":"y","elements":[{"elementType":"method","name":"randomUUID","parameters":[],"returnType":"string"}]}]},
		{"name":"realm","javaScriptType":"string"},
		{"name":"nodeState","javaScriptType":"object","elements":[{"elementType":"method","name":"putShared","parameters":[{"name":"key","javaScriptType":"string"},{"name":"value","javaScriptType":"unknown"}],"returnType":"object"},{"elementType":"method","name":"keys"}]}],
		"allowLists":["java.util.List","java.lang.Math","java.util.List"],"evaluatorVersions":{"JAVASCRIPT":["2.0"]}}`)})
	_, text := s.ok("getScriptedDecisionNodeBindings", `{"realm":"alpha"}`)
	for _, want := range []string{
		`"bindings":[{"members":["keys()","putShared(key: string, value: unknown): object"],"name":"nodeState","type":"object"},{"name":"realm","type":"string"},{"members":["crypto.randomUUID(): string"],"name":"utils","type":"object"}]`,
		`"allowedClasses":["java.lang.Math","java.util.List"]`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
	s.last(1)
}

func TestTheBindingsOfATenant(t *testing.T) {
	s, _ := startFronted(t, map[string]string{"GET " + contextPath("bravo"): "GET context"})
	doc, shown := s.ok("getScriptedDecisionNodeBindings", `{"realm":"bravo"}`)
	for _, want := range []string{`"goTo(outcome: string): object"`, `"name":"callbacksBuilder"`, `"name":"nodeState"`, `"name":"openidm"`} {
		if !strings.Contains(shown, want) {
			t.Errorf("%s is not in %s", want, shown)
		}
	}
	if doc["notice"] != nil {
		t.Errorf("the bindings of a tenant are cut: %v", doc["notice"])
	}
}

func TestChangesOfAScriptAtOnceKeepEachOther(t *testing.T) {
	s, tn := startScripts(t)
	tn.putScript("1", "x", "a", "JAVASCRIPT", "LIBRARY")
	var all sync.WaitGroup
	for _, change := range []string{`"name":"y"`, `"description":"d"`, `"script":"b"`} {
		all.Go(func() {
			res, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: "updateScript", Arguments: json.RawMessage(`{"realm":"alpha","scriptId":"1",` + change + `}`)})
			if err != nil || res.IsError {
				t.Errorf("%s: %v, %v", change, res, err)
			}
		})
	}
	all.Wait()
	if got := tn.script("1"); got["name"] != "y" || got["description"] != "d" || got["script"] != "Yg==" {
		t.Errorf("stored %v", got)
	}
}
