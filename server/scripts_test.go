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

// scriptStore is the realm's scripts, as a tenant keeps them, by ID.
type scriptStore struct {
	mu   sync.Mutex
	docs map[string]map[string]any
	// lose loses the answers to writes before or after they are done.
	loseBefore, loseAfter bool
}

func (s *scriptStore) put(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	if s.loseBefore {
		panic(http.ErrAbortHandler)
	}
	var doc map[string]any
	_ = json.NewDecoder(r.Body).Decode(&doc)
	doc["_id"] = id
	_, had := s.docs[id]
	s.docs[id] = doc
	if s.loseAfter {
		panic(http.ErrAbortHandler)
	}
	data, _ := json.Marshal(doc)
	status := http.StatusCreated
	if had {
		status = http.StatusOK
	}
	answer(status, string(data))(w, r)
}

func (s *scriptStore) get(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	doc, ok := s.docs[r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]]
	if !ok {
		answer(404, notFound)(w, r)
		return
	}
	data, _ := json.Marshal(doc)
	answer(200, string(data))(w, r)
}

func (s *scriptStore) remove(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	if s.loseBefore {
		panic(http.ErrAbortHandler)
	}
	delete(s.docs, id)
	if s.loseAfter {
		panic(http.ErrAbortHandler)
	}
	answer(200, `{"_id":"`+id+`"}`)(w, r)
}

func startScripts(t *testing.T) (*session, *scriptStore) {
	store := &scriptStore{docs: map[string]map[string]any{}}
	s := start(t, map[string]http.HandlerFunc{
		"PUT " + scriptsPath + "/*": store.put, "GET " + scriptsPath + "/*": store.get, "DELETE " + scriptsPath + "/*": store.remove,
	})
	s.settle = func() {
		store.mu.Lock()
		defer store.mu.Unlock()
	}
	return s, store
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
	s, store := startScripts(t)
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

	// What is not named stays, members that nobody knows too.
	store.docs[id]["custom"] = "kept"
	store.docs[id]["_rev"] = "1"
	changed, _ := s.ok("updateScript", `{"realm":"alpha","scriptId":"`+id+`","description":""}`)
	r = s.last(3)
	body = object(t, r.body)
	if body["custom"] != "kept" || body["name"] != `A "b"` || body["_rev"] != nil || body["description"] != "" || body["script"] != base64.StdEncoding.EncodeToString(source) || changed["warnings"] != nil {
		t.Errorf("sent %v, answered %v", body, changed)
	}
	s.ok("updateScript", `{"realm":"alpha","scriptId":"`+id+`","name":"C","script":"var c;"}`)
	if body := object(t, s.last(5).body); body["name"] != "C" || body["script"] != "dmFyIGM7" {
		t.Errorf("sent %v", body)
	}
	s.fails("updateScript", `{"realm":"alpha","scriptId":"`+id+`"}`, "script is required unless")
	s.last(5)
	s.fails("updateScript", `{"realm":"alpha","scriptId":"missing","name":"x"}`, "404", "listScripts")
	deleted, _ := s.ok("deleteScript", `{"realm":"alpha","scriptId":"`+id+`"}`)
	if r := s.last(7); deleted["deletedId"] != id || r.line != "DELETE "+scriptsPath+"/"+id || len(store.docs) != 0 {
		t.Errorf("deleted %v by %v", deleted, r)
	}
}

func TestAScriptThatDoesNotParseIsNotSent(t *testing.T) {
	s, store := startScripts(t)
	e := s.fails("createScript", `{"realm":"alpha","name":"x","script":"var a;\nvar é = ;"}`, "line 2, column 9", "Unexpected token ;")
	if e["parameter"] != "script" || e["retryable"] != false {
		t.Errorf("error is %v", e)
	}
	s.fails("createScript", `{"realm":"alpha","name":"x","script":""}`, "script must not be empty")
	s.fails("createScript", `{"realm":"alpha","name":" ","script":"a"}`, "name must not be blank")
	s.last(0)
	for language, refused := range map[string]bool{"JAVASCRIPT": true, "GROOVY": false} {
		store.docs["1"] = object(t, scriptDoc("x", "y", language, "OIDC_CLAIMS", "1.0"))
		store.docs["1"]["_id"] = "1"
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
	clash := answer(409, `{"code":409,"reason":"Conflict","message":"Script with name x already exist in realm /alpha"}`)
	found := answer(200, `{"result":[{"_id":"other","name":"x","context":"LIBRARY"}]}`)
	s := start(t, map[string]http.HandlerFunc{
		"PUT " + scriptsPath + "/*": clash, "GET " + scriptsPath: found,
		"GET " + scriptsPath + "/1":                       answer(200, `{"_id":"1","name":"x","script":"eA==","language":"JAVASCRIPT","context":"LIBRARY"}`),
		"PUT /am/json/realms/root/realms/bravo/scripts/*": clash,
	})
	e := s.fails("createScript", `{"realm":"alpha","name":"x\" or true or name eq \"y","script":"a"}`, "409", "already exist", "unique", `ID "other", of the context "LIBRARY"`, "updateScript")
	if q, _ := url.ParseQuery(s.last(2).query); q.Get("_queryFilter") != `name eq "x\" or true or name eq \"y"` || e["parameter"] != "name" {
		t.Errorf("asked %v, error is %v", q, e)
	}
	s.fails("updateScript", `{"realm":"alpha","scriptId":"1","name":"x"}`, "409", `"other"`)
	s.fails("createScript", `{"realm":"bravo","name":"x","script":"a"}`, "409", "listScripts")
}

func TestScriptFailures(t *testing.T) {
	bad := answer(400, `{"code":400,"reason":"Bad Request","message":"no &#39;such&#39;"}`)
	s := start(t, map[string]http.HandlerFunc{
		"PUT " + scriptsPath + "/*":    bad,
		"DELETE " + scriptsPath + "/1": bad,
		"DELETE " + scriptsPath + "/2": answer(403, `{"code":403,"reason":"Forbidden","message":"This operation is not available in PingOne Advanced Identity Cloud."}`),
		"DELETE " + scriptsPath + "/3": answer(404, notFound),
		"DELETE " + scriptsPath + "/4": answer(500, `{"code":500,"reason":"Internal Server Error","message":"x"}`),
		"GET " + scriptsPath + "/4":    answer(200, `{"_id":"4","script":""}`),
		"DELETE " + scriptsPath + "/5": answer(409, `{"code":409,"reason":"Conflict","message":"in use"}`),
		"GET " + scriptsPath:           answer(503, ``),
		"GET " + contextPath("bravo"):  answer(200, `{"_id":"SCRIPTED_DECISION_NODE","allowLists":{"1.0":["b","a"]}}`),
	})
	s.fails("createScript", `{"realm":"alpha","name":"x","script":"a"}`, "400", "no 'such'", "Nothing was changed")
	s.fails("deleteScript", `{"realm":"alpha","scriptId":"1"}`, "400", "uses it", "getJourney")
	s.fails("deleteScript", `{"realm":"alpha","scriptId":"2"}`, "403", "not available", "may not do this", "in use")
	s.fails("deleteScript", `{"realm":"alpha","scriptId":"3"}`, "404", "listScripts")
	s.fails("deleteScript", `{"realm":"alpha","scriptId":"4"}`, "500", "not known whether", "getAMScript")
	s.fails("deleteScript", `{"realm":"alpha","scriptId":"5"}`, "409", "in use", "OAuth clients")
	if e := s.fails("listScripts", `{"realm":"alpha"}`, "503", "wait"); e["retryable"] != true {
		t.Errorf("error is %v", e)
	}
	s.fails("getScriptedDecisionNodeBindings", `{"realm":"bravo"}`, "lists no bindings")
}

func TestWritesOfScriptsWhoseAnswersAreLost(t *testing.T) {
	s, store := startScripts(t)
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
	store.loseAfter = true
	made := ok("createScript", arguments)
	expect(0, "PUT", "GET")
	id := fmt.Sprint(made["id"])
	ok("updateScript", `{"realm":"alpha","scriptId":"`+id+`","script":"b"}`)
	expect(2, "GET", "PUT", "GET")
	ok("deleteScript", `{"realm":"alpha","scriptId":"`+id+`"}`)
	expect(5, "DELETE", "GET")

	store.loseAfter, store.loseBefore = false, true
	s.fails("createScript", arguments, "not known whether", "listScripts")
	expect(7, "PUT", "GET")
	store.docs[id] = object(t, scriptDoc("x", "y", "JAVASCRIPT", "LIBRARY", "2.0"))
	store.docs[id]["_id"] = id
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
