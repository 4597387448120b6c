package mockaic_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"aicmcp/mockaic"
)

const (
	alpha        = "/am/json/realms/root/realms/alpha"
	scripts      = alpha + "/scripts"
	decisionTree = "AUTHENTICATION_TREE_DECISION_NODE"
)

func decision(name, text string) string {
	return fmt.Sprintf(`{"name":%q,"description":null,"script":%q,"language":"JAVASCRIPT","context":%q}`, name, inBase64(text), decisionTree)
}

// expect checks the status of an answer and, of an error, the message.
func expect(t *testing.T, got answer, status int, text string) map[string]any {
	t.Helper()
	object := got.object(t)
	if got.status != status || text != "" && object["message"] != text {
		t.Errorf("%d %s, want %d %s", got.status, got.body, status, text)
	}
	return object
}

func TestAScriptsLife(t *testing.T) {
	clock := newClock()
	mock := start(t, mockaic.Clock(clock.Now))
	const path = scripts + "/58c824ae-84ed-4724-82cd-db128fc3f6d"
	made := call(t, mock, "PUT", path, jsonHeader, strings.Replace(decision("check", "outcome = 'ü';"), "{", `{"default":true,"createdBy":"me","creationDate":7,"colour":"red",`, 1))
	object := expect(t, made, 201, "")
	revision, _ := object["_rev"].(string)
	if revision == "" || made.header.Get("ETag") != `"`+revision+`"` || made.header.Get("Location") != mock.URL+path || made.header.Get("Content-API-Version") != "resource=1.1" {
		t.Errorf("created: %s %v", made.body, made.header)
	}
	delete(object, "_rev")
	born := float64(clock.Now().UnixMilli())
	want := map[string]any{
		"_id": "58c824ae-84ed-4724-82cd-db128fc3f6d", "name": "check", "description": nil, "script": inBase64("outcome = 'ü';"), "default": false,
		"language": "JAVASCRIPT", "context": decisionTree, "evaluatorVersion": "1.0",
		"createdBy": object["createdBy"], "lastModifiedBy": object["createdBy"], "creationDate": born, "lastModifiedDate": born,
	}
	if encode(t, object) != encode(t, want) {
		t.Errorf("created: %v", object)
	}
	read := call(t, mock, "GET", path, nil, "")
	if encode(t, read.object(t)) != encode(t, want) || read.header.Get("ETag") != "" {
		t.Errorf("read: %s %v", read.body, read.header)
	}

	clock.advance(1000000000)
	changed := call(t, mock, "PUT", path, jsonHeader, decision("check", "outcome = 'b';"))
	object = expect(t, changed, 200, "")
	if object["_rev"] != nil || changed.header.Get("ETag")+changed.header.Get("Location") != "" || object["creationDate"] != born || object["lastModifiedDate"] != born+1000 {
		t.Errorf("changed: %s %v", changed.body, changed.header)
	}
	gone := call(t, mock, "DELETE", path, nil, "")
	if gone.status != 200 || strings.TrimSpace(string(gone.body)) != `{"_id":"58c824ae-84ed-4724-82cd-db128fc3f6d"}` {
		t.Errorf("deleted: %d %s", gone.status, gone.body)
	}
	const missing = "Script with UUID 58c824ae-84ed-4724-82cd-db128fc3f6d could not be found in realm /alpha"
	expect(t, call(t, mock, "GET", path, nil, ""), 404, missing)
	refused := call(t, mock, "DELETE", path, nil, "")
	expect(t, refused, 404, missing)
	if got := refused.header.Get("Content-API-Version"); got != "resource=1.1" {
		t.Errorf("refused by version %q", got)
	}
	expect(t, call(t, mock, "PUT", path, map[string]string{"Content-Type": "application/json", "If-Match": "*"}, decision("check", "")), 400, "The script needs the attribute script")
	expect(t, call(t, mock, "PUT", path, map[string]string{"Content-Type": "application/json", "If-Match": "*"}, decision("check", "x")), 404, missing)
}

func TestScriptsAreNamedOncePerRealm(t *testing.T) {
	mock := start(t)
	made := create(t, mock, scripts, decision("one", "x"))
	if made["_id"] == "" || made["_rev"] == "" {
		t.Errorf("created: %v", made)
	}
	expect(t, call(t, mock, "POST", scripts+"?_action=create", jsonHeader, decision("one", "x")), 409, "Script with name one already exist in realm /alpha")
	create(t, mock, strings.Replace(scripts, "alpha", "bravo", 1), decision("one", "x"))
	send(t, mock, "PUT", scripts+"/"+made["_id"].(string), decision("one", "y"))
}

func TestScriptsThatATenantCannotStore(t *testing.T) {
	mock := start(t)
	good := decision("bad", "x")
	for name, body := range map[string]string{
		"no name":          strings.Replace(good, `"name"`, `"title"`, 1),
		"no text":          strings.Replace(good, `"script"`, `"source"`, 1),
		"not in base64":    strings.Replace(good, inBase64("x"), "%%%", 1),
		"unknown context":  strings.Replace(good, decisionTree, "KITCHEN", 1),
		"unknown language": strings.Replace(good, "JAVASCRIPT", "COBOL", 1),
		"description":      strings.Replace(good, "null", "[]", 1),
	} {
		if got := call(t, mock, "POST", scripts+"?_action=create", jsonHeader, body); got.status != 400 {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}

func TestShippedScripts(t *testing.T) {
	mock := start(t)
	page := get(t, mock, scripts+"?_queryFilter="+url.QueryEscape(`default eq true and language eq "GROOVY"`))
	if count := page["resultCount"].(float64); count < 20 || page["remainingPagedResults"] != 0.0 || page["totalPagedResults"] != -1.0 || page["totalPagedResultsPolicy"] != "NONE" {
		t.Errorf("the default scripts: %v", count)
	}
	const apple = scripts + "/484e6246-dbc6-4288-97e6-54e55431402e"
	script := get(t, mock, apple)
	if script["default"] != true || script["createdBy"] != "null" || script["creationDate"] != 0.0 {
		t.Errorf("a default script: %v", script)
	}
	// Recorded: the answer to a write calls it no default script, and the next read does.
	if got := expect(t, call(t, mock, "PUT", apple, jsonHeader, encode(t, script)), 200, ""); got["default"] != false {
		t.Errorf("written: %v", got)
	}
	if got := get(t, mock, apple); got["default"] != true || got["creationDate"] != 0.0 || got["lastModifiedDate"] == 0.0 {
		t.Errorf("read again: %v", got)
	}
	expect(t, call(t, mock, "DELETE", apple, nil, ""), 409, "")
	const internal = "c234ba0b-58a1-4cfd-9567-09edde980745"
	expect(t, call(t, mock, "GET", scripts+"/"+internal, nil, ""), 403, "This operation is not available in PingOne Advanced Identity Cloud.")
	if got := get(t, mock, scripts+"?_queryFilter="+url.QueryEscape(`_id eq "`+internal+`"`)); got["resultCount"] != 1.0 {
		t.Errorf("the internal script in the list: %v", got)
	}
	closed := call(t, mock, "GET", "/am/json/realms/root/scripts?_queryFilter=true", nil, "")
	expect(t, closed, 403, "This operation is not available in PingOne Advanced Identity Cloud.")
	if closed.header.Get("Cache-Control") != "no-cache" || closed.header.Get("Expires") != "" {
		t.Errorf("the root realm: %v", closed.header)
	}
	for _, spelling := range []string{"/am/json/alpha", "/am/json/realms/alpha"} {
		send(t, mock, "GET", spelling+"/scripts?_queryFilter=true", "")
	}
	expect(t, call(t, mock, "GET", "/am/json/charlie/scripts?_queryFilter=true", nil, ""), 404, "Not Found")
}

func TestAScriptInUseStays(t *testing.T) {
	mock := start(t)
	const path, provider = scripts + "/39c08084-1238-43e8-857f-2e11005eac49", alpha + "/realm-config/services/oauth-oidc"
	expect(t, call(t, mock, "DELETE", path, nil, ""), 409, "")
	settings := get(t, mock, provider)
	settings["pluginsConfig"].(map[string]any)["accessTokenModificationScript"] = "[Empty]"
	send(t, mock, "PUT", provider, encode(t, settings))
	send(t, mock, "DELETE", path, "")
}

func TestWritesOfScriptsAreLogged(t *testing.T) {
	mock := start(t, mockaic.LogRate(1000))
	_, events := traceOf(t, mock, "PUT", scripts+"/s", decision("logged", "x"))
	if got := fmt.Sprint(events[1].at(t, "eventName"), events[1].at(t, "operation"), events[1].at(t, "realm"), events[1].at(t, "objectId")); got != "AM-CONFIG-CHANGECREATE/alphaou=s,ou=scriptConfigurations,ou=default,ou=OrganizationConfig,ou=1.0,ou=ScriptingService,ou=services,o=alpha,ou=services,ou=am-config" {
		t.Errorf("created: %s", got)
	}
}
