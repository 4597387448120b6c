package mockaic_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"aicmcp/mockaic"
)

func TestWritesOfObjectsAreLogged(t *testing.T) {
	clock := newClock()
	mock := start(t, mockaic.Clock(clock.Now), mockaic.LogRate(1000))
	created, events := traceOf(t, mock, "POST", users+"?_action=create", jane)
	id := created.object(t)["_id"].(string)
	if got := outline(t, events); !strings.Contains(got, "idm-activity activity managed/alpha_user/"+id+" CREATE") || !strings.HasSuffix(got, "idm-access access") {
		t.Errorf("create:\n%s", got)
	}
	activity := events[slices.IndexFunc(events, func(e event) bool { return e.at(t, "objectId") == "managed/alpha_user/"+id })]
	for path, want := range map[string]any{
		"passwordChanged": true, "status": "SUCCESS", "userId": "developer", "runAs": "developer", "topic": "activity", "level": "INFO", "source": "audit",
		"revision": created.object(t)["_rev"], "timestamp": "2026-05-04T03:02:01.000Z", "transactionId": created.header.Get("X-Forgerock-Transactionid"),
	} {
		if got := activity.at(t, path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	if strings.Contains(string(activity.Payload), "S3cret") || !strings.Contains(string(activity.Payload), `"/userName"`) {
		t.Errorf("the event is %s", activity.Payload)
	}
	_, events = traceOf(t, mock, "PATCH", users+"/"+id, `[{"operation":"replace","field":"/city","value":"Oslo"},{"operation":"remove","field":"/mail"}]`)
	if len(events) < 1 || events[0].at(t, "status") != "FAILURE" || events[0].at(t, "objectId") != "managed/alpha_user/"+id || events[0].at(t, "operation") != "PATCH" ||
		!strings.Contains(string(events[0].Payload), `"policyRequirement":"REQUIRED"`) {
		t.Errorf("a policy failure: %v", events)
	}
	_, events = traceOf(t, mock, "PATCH", users+"/"+id, `[{"operation":"replace","field":"/city","value":"Oslo"}]`)
	if got := fmt.Sprint(events[0].at(t, "operation"), events[0].at(t, "changedFields"), events[0].at(t, "passwordChanged")); got != "PATCH[/city] false" {
		t.Errorf("patch: %s", got)
	}
	role := create(t, mock, "/openidm/managed/alpha_role", `{"name":"r"}`)["_id"].(string)
	_, events = traceOf(t, mock, "PATCH", users+"/"+id, `[{"operation":"add","field":"/roles/-","value":{"_ref":"managed/alpha_role/`+role+`"}}]`)
	if got := outline(t, events); !strings.Contains(got, "idm-activity activity managed/alpha_user/"+id+"/roles/") {
		t.Errorf("a role:\n%s", got)
	}
	_, events = traceOf(t, mock, "DELETE", users+"/"+id, "")
	if got := outline(t, events); !strings.Contains(got, "idm-activity activity managed/alpha_user/"+id+" DELETE") {
		t.Errorf("delete:\n%s", got)
	}
	// What was refused is told by what it would have done, and to what.
	jane := create(t, mock, users, jane)["_id"].(string)
	for _, c := range [][4]string{
		{"PUT", users + "/" + jane, `{"userName":"jane","givenName":"Jane","sn":"Roe","mail":"no mail"}`, "UPDATE"},
		{"POST", users + "?_action=patch&_queryFilter=userName+eq+%22jane%22", `[{"operation":"replace","field":"/mail","value":"no mail"}]`, "PATCH"},
		{"POST", users + "/" + jane + "?_action=patch", `[{"operation":"replace","field":"/mail","value":"no mail"}]`, "PATCH"},
	} {
		_, events = traceOf(t, mock, c[0], c[1], c[2])
		if got, want := outline(t, events[:1]), "idm-activity activity managed/alpha_user/"+jane+" "+c[3]; got != want {
			t.Errorf("%s %s: %s, want %s", c[0], c[1], got, want)
		}
	}
	_, events = traceOf(t, mock, "POST", users+"/"+jane+"?_action=patch", `[{"operation":"replace","field":"/city","value":"Rome"}]`)
	if got := outline(t, events[:1]); !strings.HasSuffix(got, " PATCH") {
		t.Errorf("_action=patch: %s", got)
	}
	_, events = traceOf(t, mock, "DELETE", users+"/"+jane, "")
	for _, e := range events {
		if e.at(t, "passwordChanged") == true {
			t.Errorf("a deletion: %s", e.Payload)
		}
	}
	_, events = traceOf(t, mock, "PUT", users+"/no-such?_fields=userName", `{"_id":"no-such","userName":"x"}`)
	if got := outline(t, events); !strings.Contains(got, "idm-activity activity managed/alpha_user/no-such CREATE") || events[0].at(t, "message") != "Policy validation failed" {
		t.Errorf("a refused create:\n%s", got)
	}
	access := events[len(events)-1]
	if access.at(t, "response/statusCode") != "403" || access.at(t, "response/status") != "FAILED" || access.at(t, "response/detail/reason") != "Policy validation failed" ||
		access.at(t, "request/operation") != "CREATE" || access.at(t, "http/request/method") != "PUT" || access.at(t, "client/ip") != "127.0.0.1" {
		t.Errorf("access: %s", access.Payload)
	}
}

func TestWritesOfConfigurationAreLogged(t *testing.T) {
	mock := start(t, mockaic.LogRate(1000))
	_, events := traceOf(t, mock, "PUT", "/openidm/config/mine", `{"a":1}`)
	if got := outline(t, events); got != "idm-config CONFIG mine CREATE\nidm-access access" {
		t.Errorf("config:\n%s", got)
	}
	_, events = traceOf(t, mock, "PUT", "/openidm/config/mine", `{"a":2,"b":1}`)
	if got := fmt.Sprint(events[0].at(t, "changedFields"), events[0].at(t, "operation")); got != "[/a /b]UPDATE" {
		t.Errorf("changed %s", got)
	}
	const provider = "/am/json/realms/root/realms/alpha/realm-config/services/oauth-oidc"
	settings := get(t, mock, provider)
	settings["coreOAuth2Config"].(map[string]any)["accessTokenLifetime"] = 60
	_, events = traceOf(t, mock, "PUT", provider, encode(t, settings))
	var names []string
	for _, e := range events {
		names = append(names, fmt.Sprint(e.at(t, "eventName"), e.at(t, "response/status"), e.at(t, "request/operation"), e.at(t, "realm")))
	}
	// Recorded: a PUT that may create is logged as a create that fails, and an update.
	if got := strings.Join(names, " "); got != "AM-ACCESS-ATTEMPT<nil>CREATE/alpha AM-CONFIG-CHANGE<nil> <nil>/alpha AM-ACCESS-OUTCOMEFAILEDCREATE/alpha AM-ACCESS-ATTEMPT<nil>UPDATE/alpha AM-ACCESS-OUTCOMESUCCESSFULUPDATE/alpha" {
		t.Errorf("provider: %s", got)
	}
	if got := fmt.Sprint(events[1].at(t, "operation"), events[1].at(t, "changedFields")); got != "MODIFY[accessTokenLifetime]" {
		t.Errorf("provider: %s", got)
	}
	if _, events = traceOf(t, mock, "PUT", provider, encode(t, settings)); len(events) != 4 {
		t.Errorf("the same settings again:\n%s", outline(t, events))
	}
	_, events = traceOf(t, mock, "GET", variables+"/esv-none", "")
	if got := outline(t, events); got != "environment-access ESV-ACCESS-OUTCOME" || events[0].at(t, "response/statusCode") != 404.0 || events[0].at(t, "response/detail/reason") != "The variable does not exist" {
		t.Errorf("variable: %s %s", got, events[0].Payload)
	}
}

// Secrets in requests are in no log.
func TestLogsHoldNoSecrets(t *testing.T) {
	a := newApp(t, mockaic.DevToken("dev"), mockaic.LogRate(1000))
	login := a.redeem(a.code())
	a.exchange(login.AccessToken, "fr:idm:*")
	call(t, a.mock, "GET", users+"?_queryFilter=true", map[string]string{"Authorization": "Bearer " + login.AccessToken, "Cookie": "x=cookie-secret"}, "")
	call(t, a.mock, "POST", users+"?_action=create&access_token=parameter-secret", jsonHeader, jane)
	send(t, a.mock, "PUT", secrets+"/esv-key", secret("generic", "value-secret", true))
	send(t, a.mock, "PUT", variables+"/esv-key", variable("string", "value-secret"))
	key := call(t, a.mock, "POST", "/keys?_action=create", jsonHeader, `{"name":"k"}`).object(t)
	page := logged(t, a.mock, url.Values{"source": {allSources}})
	if len(page.Result) < 15 {
		t.Fatalf("%d events", len(page.Result))
	}
	text := encode(t, page.Result)
	for _, hidden := range []string{
		login.AccessToken, login.RefreshToken, verifier, mockaic.Password, "S3cret!!", "cookie-secret", "parameter-secret", "value-secret", inBase64("value-secret"),
		key["api_key_secret"].(string), a.received.Get("code"),
	} {
		if strings.Contains(text, hidden) {
			t.Errorf("%s is in the logs", hidden)
		}
	}
}

func TestALoginIsLoggedStepByStep(t *testing.T) {
	a := newApp(t, mockaic.DevToken("dev"), mockaic.LogRate(1000))
	wrong := admin
	wrong.Password = "nope"
	if _, err := wrong.Visit(t.Context(), a.authorizeURL(nil)); err == nil {
		t.Fatal("a wrong password logs in")
	}
	a.redeem(a.code())
	var names []string
	for _, e := range logged(t, a.mock, url.Values{"source": {"am-authentication,am-activity"}}).Result {
		var payload struct {
			EventName, Result, UserID string
			Entries                   []struct{ Info map[string]any }
		}
		if err := json.Unmarshal(e.Payload, &payload); err != nil {
			t.Fatal(err)
		}
		name := payload.EventName + payload.Result
		if len(payload.Entries) > 0 && payload.Entries[0].Info["nodeType"] != nil {
			name = fmt.Sprint(payload.Entries[0].Info["nodeType"], "=", payload.Entries[0].Info["nodeOutcome"])
		}
		names = append(names, name)
	}
	want := "PageNode=outcome DataStoreDecisionNode=false AM-TREE-LOGIN-COMPLETEDFAILED " +
		"PageNode=outcome DataStoreDecisionNode=true AM-TREE-LOGIN-COMPLETEDSUCCESSFUL AM-SESSION-CREATED"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("logged\n%s, want\n%s", got, want)
	}
	page := logged(t, a.mock, url.Values{"source": {"am-access"}, "_queryFilter": {`/payload/request/detail/grant_type eq "authorization_code"`}})
	if len(page.Result) != 1 || page.Result[0].at(t, "component") != "OAuth" || page.Result[0].at(t, "response/status") != "SUCCESSFUL" ||
		page.Result[0].at(t, "userId") != "id=8a2d0f5c-3f43-4c8e-9f0e-6d1f1f6f0a01,ou=user,ou=am-config" || page.Result[0].at(t, "request/detail/client_id") != client {
		t.Errorf("token request: %s", encode(t, page.Result))
	}
	refused := call(t, a.mock, "POST", "/am/oauth2/access_token", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, "grant_type=authorization_code&client_id="+client+"&code=x")
	events := traced(t, a.mock, refused.header.Get("X-Forgerock-Transactionid"))
	if got := events[len(events)-1].at(t, "response/detail/reason"); !strings.Contains(fmt.Sprint(got), "invalid_grant") {
		t.Errorf("a refused code: %s", encode(t, events))
	}
	denied := call(t, a.mock, "GET", "/openidm/config/managed", map[string]string{"Authorization": "Bearer x.y.z"}, "")
	events = traced(t, a.mock, denied.header.Get("X-Forgerock-Transactionid"))
	if got := outline(t, events); got != "am-core\nidm-authentication authentication\nidm-access access" || !strings.Contains(string(events[0].Payload), "bearer is refused") {
		t.Errorf("a refused bearer:\n%s", encode(t, events))
	}
}

// A client with a secret logs in with each request for a token.
func TestLoginsOfClientsAreLogged(t *testing.T) {
	dir := t.TempDir()
	seed(t, dir, "clients.json", `[{"clientId":"c","clientType":"Confidential","userpassword":"s3cret","scopes":[],"grantTypes":["refresh_token"]}]`)
	mock := start(t, mockaic.Seed(dir), mockaic.LogRate(1000))
	for secret, want := range map[string]string{"s3cret": "SUCCESSFUL", "wrong": "FAILED"} {
		form := url.Values{"grant_type": {"refresh_token"}, "client_id": {"c"}, "client_secret": {secret}, "refresh_token": {"x"}}
		got := call(t, mock, "POST", "/am/oauth2/access_token", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, form.Encode())
		var logins []string
		for _, e := range traced(t, mock, got.header.Get("X-Forgerock-Transactionid")) {
			if e.Source == "am-authentication" {
				logins = append(logins, fmt.Sprint(e.at(t, "eventName"), " ", e.at(t, "result"), e.at(t, "principal")))
			}
		}
		if got := strings.Join(logins, ", "); got != "AM-LOGIN-MODULE-COMPLETED "+want+"[c], AM-LOGIN-COMPLETED "+want+"[c]" {
			t.Errorf("%s: %s", secret, got)
		}
	}
}

// The access log names people and clients by their realm.
func TestTheAccessLogNamesTheRealmsUsers(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha", mockaic.LogRate(1000))
	p.allow("authorization_code", "client_credentials")
	p.setClient(map[string]any{"coreOAuth2ClientConfig/scopes": []string{"openid", "profile"}})
	id := claimsOf(t, p.tokens()["access_token"].(string))["sub"].(string)
	userIDs := func(source, filter string) string {
		ids := map[string]bool{}
		for _, e := range logged(t, p.mock, url.Values{"source": {source}, "_queryFilter": {filter}}).Result {
			ids[fmt.Sprint(e.at(t, "userId"))] = true
		}
		return fmt.Sprint(ids)
	}
	own := "id=" + id + ",ou=user,o=alpha,ou=services,ou=am-config"
	for _, filter := range []string{
		`/payload/request/detail/grant_type eq "authorization_code"`,
		`/payload/request/detail/response_type eq "code" and /payload/userId pr`,
	} {
		if got := userIDs("am-access", filter); got != fmt.Sprint(map[string]bool{own: true}) {
			t.Errorf("%s: %s", filter, got)
		}
	}
	if got := userIDs("am-authentication", `/payload/eventName eq "AM-LOGIN-COMPLETED" and /payload/userId pr`); got != fmt.Sprint(map[string]bool{"id=portal,ou=agent,o=alpha,ou=services,ou=am-config": true}) {
		t.Errorf("the client: %s", got)
	}
	if got := userIDs("am-access", `/payload/component eq "Config" and /payload/userId pr`); got != fmt.Sprint(map[string]bool{"id=developer,ou=user,ou=am-config": true}) {
		t.Errorf("the developer: %s", got)
	}
}
