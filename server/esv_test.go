package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"aicmcp/mockaic"
	"aicmcp/server"
	"aicmcp/server/auth"
)

const (
	variablesPath = "/environment/variables"
	countPath     = "/environment/count"
	developer     = "a-developers-token"
)

// environment asks the tenant for something below /environment, as somebody
// else.
func (v *visitedTenant) environment(method, path, body string) map[string]any {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.URL+"/environment/"+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+developer)
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer response.Body.Close()
	var doc map[string]any
	if err := json.NewDecoder(response.Body).Decode(&doc); err != nil && err != io.EOF || response.StatusCode != http.StatusOK {
		v.t.Fatalf("%s %s: %d, %v, %v", method, path, response.StatusCode, doc, err)
	}
	return doc
}

func TestAVariableOfEveryTypeIsSetReadChangedAndDeleted(t *testing.T) {
	v := visit(t)
	v.must("queryESVs", map[string]any{"type": "variable"})
	for _, tc := range []struct{ kind, first, second, misfit string }{
		{"string", `"a \"b\" é"`, `""`, `1`},
		{"bool", `false`, `true`, `"no"`},
		{"int", `42`, `-7`, `"12a"`},
		{"number", `1.25`, `-3`, `"x"`},
		{"array", `["a",1,null]`, `[]`, `{}`},
		{"object", `{"a":{"b":[1]}}`, `{}`, `[]`},
		{"list", `["a","b"]`, `["c"]`, `["a,b"]`},
		{"keyvaluelist", `{"a":"b"}`, `{}`, `"x"`},
		{"base64encodedinlined", `"aGk="`, `""`, `"%"`},
	} {
		id := "esv-of-type-" + tc.kind
		path := variablesPath + "/" + id
		n := len(v.Requests())
		made := v.must("setVariable", map[string]any{"variableId": id, "value": json.RawMessage(tc.first), "type": tc.kind, "description": "First"})
		if asked := v.asked(n); !slices.Equal(asked[len(asked)-3:], []string{"GET " + path + " 404", "PUT " + path + " 200", "GET " + countPath + " 200"}) {
			t.Errorf("asked %v", asked)
		}
		if made["created"] != true || made["expressionType"] != tc.kind || made["loaded"] != false || !strings.Contains(fmt.Sprint(made["note"]), "restarted") || at(made, "pending", "variables") != 2.0 { // the demo tenant has one
			t.Errorf("%s: made %v", tc.kind, made)
		}
		if put := v.Requests()[len(v.Requests())-2]; made["transactionId"] != put.TransactionID {
			t.Errorf("transaction %v, not that of the write, %s", made["transactionId"], put.TransactionID)
		}
		got := v.must("getVariable", map[string]any{"variableId": id})
		if value, err := json.Marshal(got["value"]); err != nil || string(value) != tc.first || got["note"] != nil ||
			got["inConfiguration"] != "&{esv.of.type."+tc.kind+"}" || got["lastChangedBy"] != "admin@example.com" || got["lastChangeDate"] == nil {
			t.Errorf("%s: got %v", tc.kind, got)
		}
		v.refused("setVariable", map[string]any{"variableId": id, "value": json.RawMessage(tc.misfit)}, "Invalid arguments", "value")
		// What is not named stays.
		changed := v.must("setVariable", map[string]any{"variableId": id, "value": json.RawMessage(tc.second)})
		if changed["created"] != false || changed["expressionType"] != tc.kind || changed["description"] != "First" {
			t.Errorf("%s: changed %v", tc.kind, changed)
		}
		list := v.must("queryESVs", map[string]any{"type": "variable", "queryTerm": tc.kind})["esvs"].([]any)
		if value, err := json.Marshal(at(list[0], "value")); err != nil || len(list) != 1 || string(value) != tc.second || at(list[0], "type") != tc.kind || at(list[0], "id") != id {
			t.Errorf("%s: listed %v", tc.kind, list)
		}
		deleted := v.must("deleteVariable", map[string]any{"variableId": id})
		if value, err := json.Marshal(at(deleted, "variable", "value")); err != nil || string(value) != tc.second || deleted["deletedId"] != id {
			t.Errorf("%s: deleted %v", tc.kind, deleted)
		}
		v.refused("getVariable", map[string]any{"variableId": id}, "404", "queryESVs", "does not exist")
	}
}

func TestATypeIsChosenOnce(t *testing.T) {
	v := visit(t)
	v.must("queryESVs", map[string]any{"type": "variable"})
	v.refused("setVariable", map[string]any{"variableId": "esv-x", "value": 1}, "type is required for a new variable")
	v.refused("setVariable", map[string]any{"variableId": "esv-x", "value": nil}, "deleteVariable")
	if made := v.must("setVariable", map[string]any{"variableId": "esv-x", "value": "1"}); made["expressionType"] != "string" {
		t.Errorf("made %v", made)
	}
	if failure := v.refused("setVariable", map[string]any{"variableId": "esv-x", "value": 1, "type": "int"}, `"string" and cannot be changed`, "deleteVariable"); failure["parameter"] != "type" {
		t.Errorf("failure %v", failure)
	}
	v.must("setVariable", map[string]any{"variableId": "esv-x", "value": "2", "type": "string", "description": ""})
	for _, id := range []string{"x", "esv-", "esv-X", "esv-a.b", "esv-" + strings.Repeat("x", 125)} {
		n := len(v.Requests())
		v.refused("setVariable", map[string]any{"variableId": id, "value": "x"}, "variableId must be esv-")
		v.refused("getVariable", map[string]any{"variableId": id}, "variableId must be esv-")
		v.expect(n)
	}
	// A value that cannot be right is refused without a question.
	n := len(v.Requests())
	v.refused("setVariable", map[string]any{"variableId": "esv-y", "value": "12a", "type": "int"}, "value is a string that is not an int")
	v.refused("setVariable", map[string]any{"variableId": "esv-y", "value": strings.Repeat("x", 65536), "type": "string"}, "65536 bytes")
	v.expect(n)
}

func TestVariablesAreListedPageByPage(t *testing.T) {
	v := visit(t)
	long := strings.Repeat("long ", 100)
	v.must("queryESVs", map[string]any{"type": "variable"})
	for i := range 5 {
		v.must("setVariable", map[string]any{"variableId": fmt.Sprint("esv-page-", i), "value": long})
	}
	var ids []any
	arguments := map[string]any{"type": "variable", "queryTerm": "page", "pageSize": 2, "sortKeys": " -_id "}
	for {
		page := v.must("queryESVs", arguments)
		for _, e := range page["esvs"].([]any) {
			ids = append(ids, at(e, "id"))
			if value, _ := at(e, "value").(string); len(value) > 300 || !strings.HasSuffix(value, "…") || !strings.Contains(fmt.Sprint(at(e, "note")), "getVariable") {
				t.Errorf("listed %v", e)
			}
		}
		if page["pagedResultsCookie"] == nil {
			break
		}
		arguments["pagedResultsCookie"] = page["pagedResultsCookie"]
	}
	if got := fmt.Sprint(ids); got != "[esv-page-4 esv-page-3 esv-page-2 esv-page-1 esv-page-0]" {
		t.Errorf("listed %s", got)
	}
	if page := v.must("queryESVs", map[string]any{"type": "variable", "queryTerm": `x" or true or /_id eq "x`}); page["resultCount"] != 0.0 {
		t.Errorf("a term is a filter: %v", page)
	}
	if failure := v.refused("queryESVs", map[string]any{"type": "secret", "pagedResultsCookie": "broken"}, "400"); failure["parameter"] != "pagedResultsCookie" {
		t.Errorf("failure %v", failure)
	}
	v.Inject(mockaic.Fault{Path: variablesPath, Status: 400})
	if failure := v.refused("queryESVs", map[string]any{"type": "variable", "sortKeys": "x"}, "lastChangeDate"); failure["parameter"] != "sortKeys" {
		t.Errorf("failure %v", failure)
	}
	v.refused("queryESVs", map[string]any{"type": "variable", "pageSize": 101}, "at most 100")
}

func TestASecretIsListedWithoutItsValue(t *testing.T) {
	v := visit(t, mockaic.DevToken(developer))
	v.environment("PUT", "secrets/esv-hidden", `{"valueBase64":"aHVzaC1odXNo","description":"Quiet","encoding":"generic","useInPlaceholders":true}`)
	list := v.must("queryESVs", map[string]any{"type": "secret", "queryTerm": "hidden"})
	text := fmt.Sprint(list)
	if strings.Contains(text, "hush") || strings.Contains(text, "aHVzaC1odXNo") || strings.Contains(text, "value") {
		t.Errorf("the list tells: %s", text)
	}
	secret := list["esvs"].([]any)[0]
	for name, want := range map[string]any{
		"id": "esv-hidden", "description": "Quiet", "type": "generic", "loaded": false, "activeVersion": "1", "loadedVersion": nil, "useInPlaceholders": true,
	} {
		if got := at(secret, name); got != want {
			t.Errorf("%s is %v", name, got)
		}
	}
	v.refused("getVariable", map[string]any{"variableId": "esv-hidden"}, "a secret is no variable")
	made := v.must("setVariable", map[string]any{"variableId": "esv-open", "value": "x"})
	if at(made, "pending", "secrets") != 1.0 {
		t.Errorf("made %v", made)
	}
}

func TestAVariableInUseIsNotDeleted(t *testing.T) {
	v := visit(t)
	v.must("queryManagedObjects", demoUser)
	v.setThemes("alpha", object(t, `{"_id":"t","name":"T","isDefault":true,"logo":"&{esv.logo.address}"}`))
	v.must("setVariable", map[string]any{"variableId": "esv-logo-address", "value": "https://example.com/logo.svg"})
	_, failure := v.call("deleteVariable", map[string]any{"variableId": "esv-logo-address"})
	if failure["retryable"] != false || !strings.Contains(fmt.Sprint(failure["hint"]), "&{esv.logo.address}") || failure["transactionId"] == nil {
		t.Errorf("failure %v", failure)
	}
	_, failure = v.call("deleteVariable", map[string]any{"variableId": "esv-absent"})
	if failure["status"] != 404.0 || failure["parameter"] != "variableId" || !strings.Contains(fmt.Sprint(failure["hint"]), "queryESVs") {
		t.Errorf("failure %v", failure)
	}
}

func TestWritesOfVariablesWhoseAnswersAreLost(t *testing.T) {
	v := visit(t)
	v.must("setVariable", map[string]any{"variableId": "esv-warm", "value": "x"})
	path := variablesPath + "/esv-lost"
	v.loseOne("PUT")
	n := len(v.Requests())
	made := v.must("setVariable", map[string]any{"variableId": "esv-lost", "value": "x"})
	v.expect(n, "GET "+path+" 404", "PUT "+path+" 200", "GET "+path+" 200", "GET "+countPath+" 200")
	if made["created"] != true {
		t.Errorf("made %v", made)
	}
	v.must("deleteVariable", map[string]any{"variableId": "esv-warm"})
	v.loseOne("DELETE")
	n = len(v.Requests())
	deleted := v.must("deleteVariable", map[string]any{"variableId": "esv-lost"})
	v.expect(n, "DELETE "+path+" 200", "GET "+path+" 404")
	if deleted["deletedId"] != "esv-lost" || deleted["variable"] != nil {
		t.Errorf("deleted %v", deleted)
	}
	// A delete that failed on the way may still be under way.
	v.must("setVariable", map[string]any{"variableId": "esv-lost", "value": "x"})
	v.Inject(mockaic.Fault{Method: "DELETE", Path: path, Status: 502})
	_, failure := v.call("deleteVariable", map[string]any{"variableId": "esv-lost"})
	if failure["status"] != 502.0 || failure["retryable"] != false || !strings.Contains(fmt.Sprint(failure["hint"]), "not known whether") {
		t.Errorf("failure %v", failure)
	}
}

// A write whose answer is lost is not sent again over what somebody else wrote.
func TestALostWriteUndoesNothing(t *testing.T) {
	v := visit(t, mockaic.DevToken(developer))
	v.must("setVariable", map[string]any{"variableId": "esv-x", "value": "before"})
	v.afterwards = func() {
		v.environment("PUT", "variables/esv-x", `{"valueBase64":"b3RoZXI=","description":"by another"}`)
	}
	v.loseOne("PUT")
	_, failure := v.call("setVariable", map[string]any{"variableId": "esv-x", "value": "mine"})
	if failure["retryable"] != false || !strings.Contains(fmt.Sprint(failure["hint"]), "not known whether") {
		t.Errorf("failure %v", failure)
	}
	if got := v.must("getVariable", map[string]any{"variableId": "esv-x"}); got["value"] != "other" || got["description"] != "by another" {
		t.Errorf("the variable is %v", got)
	}
}

func TestFailuresOfVariablesSayWhatIsKnown(t *testing.T) {
	v := visit(t)
	v.must("setVariable", map[string]any{"variableId": "esv-warm", "value": "x"})
	again := map[string]any{"variableId": "esv-warm", "value": "y"}
	for _, tc := range []struct {
		method, path string
		status       int
		hint         string
	}{
		{"PUT", variablesPath + "/*", 400, "does not take this value"},
		{"PUT", variablesPath + "/*", 403, "may not do this"},
		{"PUT", variablesPath + "/*", 500, "not known whether"},
		{"GET", variablesPath + "/*", 403, "may not do this"},
		{"GET", variablesPath + "/*", 500, ""},
	} {
		v.Inject(mockaic.Fault{Method: tc.method, Path: tc.path, Status: tc.status})
		_, failure := v.call("setVariable", again)
		if failure["status"] != float64(tc.status) || !strings.Contains(fmt.Sprint(failure["hint"]), tc.hint) || failure["transactionId"] == nil {
			t.Errorf("%v: failure %v", tc, failure)
		}
	}
	// What was surely not done is done again.
	v.Inject(mockaic.Fault{Method: "PUT", Path: variablesPath + "/*", Status: 429, RetryAfter: time.Second})
	n := len(v.Requests())
	v.must("setVariable", map[string]any{"variableId": "esv-warm", "value": "z"})
	v.expect(n, "GET "+variablesPath+"/esv-warm 200", "PUT "+variablesPath+"/esv-warm 429", "PUT "+variablesPath+"/esv-warm 200", "GET "+countPath+" 200")
	// The variable is set, whatever else the tenant cannot tell.
	v.Inject(mockaic.Fault{Path: countPath, Status: 500})
	if set := v.must("setVariable", again); set["pending"] != nil || !strings.Contains(fmt.Sprint(set["note"]), "did not tell") {
		t.Errorf("set %v", set)
	}
}

func TestVariablesSetAtOnceKeepTheirDescription(t *testing.T) {
	v := visit(t)
	v.must("setVariable", map[string]any{"variableId": "esv-busy", "value": "0", "description": "Kept"})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			arguments := map[string]any{"variableId": "esv-busy", "value": fmt.Sprint(i)}
			if i == 4 {
				arguments["description"] = "Changed"
			}
			v.must("setVariable", arguments)
		})
	}
	wg.Wait()
	if got := v.must("getVariable", map[string]any{"variableId": "esv-busy"}); got["description"] != "Changed" {
		t.Errorf("got %v", got)
	}
}

// What no fake holds: values that are not what their type says, and answers
// that make no sense.
func TestOddVariables(t *testing.T) {
	listed := `{"result":[{"_id":"esv-a","expressionType":"int","valueBase64":"MTJh","loaded":true},{"_id":"esv-b","expressionType":"","valueBase64":"YQ=="}],"resultCount":2,"pagedResultsCookie":null}`
	s := start(t, map[string]http.HandlerFunc{
		"GET /environment/variables":          answer(200, listed),
		"GET /environment/secrets":            answer(200, `{"result":[{"_id":"esv-s","valueBase64":"aHVzaA==","value":"hush","encoding":"pem"}]}`),
		"GET /environment/variables/esv-a":    answer(200, `{"_id":"esv-a","expressionType":"int","valueBase64":"MTJh","description":"d","loaded":true}`),
		"GET /environment/variables/esv-big":  answer(200, `{"_id":"esv-big","expressionType":"int","valueBase64":"OTAwNzE5OTI1NDc0MDk5Mw=="}`),
		"GET /environment/variables/esv-b":    answer(200, `{"_id":"esv-b","expressionType":"","valueBase64":"YQ=="}`),
		"PUT /environment/variables/esv-b":    answer(200, `{"_id":"esv-b","expressionType":"","valueBase64":"YQ=="}`),
		"GET /environment/count":              answer(200, `{"secrets":"many"}`),
		"GET /environment/variables/esv-c":    answer(200, `{"_id":"esv-d"}`),
		"DELETE /environment/variables/esv-c": answer(200, `<html>`),
		"DELETE /environment/variables/esv-429": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "30")
			answer(429, `{"code":429,"message":"Too Many Requests"}`)(w, r)
		},
	})
	doc, text := s.ok("queryESVs", `{"type":"variable"}`)
	if !strings.Contains(text, `"value":"12a"`) || !strings.Contains(text, "not what its type says") || doc["resultCount"] != 2.0 {
		t.Errorf("text is %s", text)
	}
	if got := s.last(1).query; got != "_pageSize=50&_queryFilter=true" {
		t.Errorf("query is %s", got)
	}
	s.ok("queryESVs", `{"type":"variable","queryTerm":"a\"b\\","pageSize":7,"sortKeys":"-_id, loaded","pagedResultsCookie":"c"}`)
	if got := s.last(2).query; got != "_pageSize=7&_pagedResultsCookie=c&_queryFilter=%2F_id+co+%22a%5C%22b%5C%5C%22&_sortKeys=-_id%2Cloaded" {
		t.Errorf("query is %s", got)
	}
	if _, text := s.ok("queryESVs", `{"type":"secret"}`); strings.Contains(text, "hush") || strings.Contains(text, "aHVzaA") {
		t.Errorf("text is %s", text)
	}
	s.ok("getVariable", `{"variableId":"esv-a"}`)
	if _, text := s.ok("getVariable", `{"variableId":"esv-big"}`); !strings.Contains(text, `"value":9007199254740993`) {
		t.Errorf("text is %s", text)
	}
	// One that is older than types stays without.
	s.fails("setVariable", `{"variableId":"esv-b","value":1}`, "value is a number, not a string")
	s.fails("setVariable", `{"variableId":"esv-b","value":1,"type":"int"}`, "cannot be changed")
	doc, _ = s.ok("setVariable", `{"variableId":"esv-b","value":"é","type":"string"}`)
	if doc["pending"] != nil {
		t.Errorf("result is %v", doc)
	}
	if r := s.tenant.requests[len(s.tenant.requests)-2]; r.body != `{"description":"","valueBase64":"w6k="}` {
		t.Errorf("request is %v", r)
	}
	s.fails("getVariable", `{"variableId":"esv-c"}`, "another _id")
	s.fails("deleteVariable", `{"variableId":"esv-c"}`, "HTML page", "not known whether")
	s.fails("deleteVariable", `{"variableId":"esv-429"}`, "wait 30 s", "Transaction ID: tx-")
}

func TestATokenForVariablesCarriesTheirScopesOnly(t *testing.T) {
	v := visit(t)
	v.must("queryESVs", map[string]any{"type": "variable"})
	v.must("setVariable", map[string]any{"variableId": "esv-x", "value": "x"})
	want := map[string][]string{"queryESVs": {"fr:idc:esv:read"}, "setVariable": {"fr:idc:esv:read", "fr:idc:esv:update"}}
	if got := scopesOf(t, v.bearers[0]); !slices.Equal(got, want["queryESVs"]) {
		t.Errorf("a query carries %v", got)
	}
	if got := scopesOf(t, v.bearers[len(v.bearers)-1]); !slices.Equal(got, want["setVariable"]) {
		t.Errorf("a write carries %v", got)
	}
	if login := scopesOf(t, v.grants[1].Get("subject_token")); len(login) != len(server.Scopes()) || v.grants[1].Get("client_id") != auth.DefaultExchangeClientID {
		t.Errorf("the login has the scopes %v", login)
	}
}
