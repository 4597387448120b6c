package mockaic_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"aicmcp/mockaic"
)

// session logs somebody in and returns the token.
func (l *loginClient) session(values ...any) string {
	l.t.Helper()
	token, _ := l.logIn(values...).object(l.t)["tokenId"].(string)
	if token == "" {
		l.t.Fatal("no login")
	}
	return token
}

func (l *loginClient) act(action string, body any) answer {
	l.t.Helper()
	return l.post("/sessions/?_action="+action, map[string]string{"Accept-API-Version": "resource=4.0"}, body)
}

func TestWhatASessionTells(t *testing.T) {
	clock := newClock()
	mock := start(t, mockaic.Clock(clock.Now))
	id := create(t, mock, users, settled)["_id"].(string)
	l := newLogin(t, mock)
	token := l.session("jane", "S3cret!!")
	clock.advance(10 * time.Minute)
	ask := map[string]any{"tokenId": token}
	got := l.act("getSessionInfo", ask)
	about := got.object(t)
	for name, want := range map[string]any{
		"username": id, "universalId": "id=" + id + ",ou=user,o=alpha,ou=services,ou=am-config", "realm": "/alpha",
		"latestAccessTime": "2026-05-04T03:02:01Z", "maxIdleExpirationTime": "2026-05-04T03:32:01Z", "maxSessionExpirationTime": "2026-05-04T05:02:01Z",
	} {
		if about[name] != want {
			t.Errorf("%s: %v", name, about[name])
		}
	}
	properties, _ := about["properties"].(map[string]any)
	if context, _ := properties["AMCtxId"].(string); !regexp.MustCompile(`^[0-9a-f-]{36}-\d+$`).MatchString(context) || len(about) != 7 {
		t.Errorf("%s", got.body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json;charset=UTF-8", "Content-Api-Version": "resource=4.0", "Cache-Control": "private", "X-Frame-Options": "DENY",
		"Content-Security-Policy": "frame-ancestors 'self', default-src 'none';frame-ancestors 'none';sandbox",
	} {
		if got.header.Get(name) != want {
			t.Errorf("%s: %s", name, got.header.Get(name))
		}
	}
	if got := l.act("getSessionInfoAndResetIdleTime", ask).object(t); got["latestAccessTime"] != "2026-05-04T03:12:01Z" || got["maxSessionExpirationTime"] != "2026-05-04T05:02:01Z" {
		t.Errorf("reset: %v", got)
	}
	if got := l.act("refresh", ask); encode(t, got.object(t)) != `{"idletime":0,"maxidletime":30,"maxsessiontime":120,"maxtime":6600,"realm":"/alpha","uid":"`+id+`"}` {
		t.Errorf("refresh: %s", got.body)
	}
	if got := l.act("validate", ask).object(t); got["valid"] != true || got["uid"] != id || got["realm"] != "/alpha" || got["sessionUid"] != properties["AMCtxId"] {
		t.Errorf("validate: %v", got)
	}
	if got := l.act("getSessionProperties", ask); string(got.body) != "{}" {
		t.Errorf("properties: %s", got.body)
	}
	expect(t, l.act("updateSessionProperties", map[string]any{"tokenId": token, "theme": "dark"}), 403, "Forbidden")
	expect(t, l.act("nothing", ask), 400, "Action nothing is not supported")

	// The cookie does as well, and a header of its name.
	name := get(t, mock, "/am/json/serverinfo/*")["cookieName"].(string)
	for _, headers := range []map[string]string{{"Cookie": name + "=" + token}, {name: token}} {
		got := l.post("/users?_action=idFromSession", headers, map[string]any{})
		if about := got.object(t); about["id"] != id || about["realm"] != "/alpha" || about["successURL"] != "/enduser/?realm=/alpha" || about["dn"] == nil {
			t.Errorf("%v: %d %s", headers, got.status, got.body)
		}
	}
	other := newLogin(t, mock)
	other.realm = "/bravo"
	if got := other.act("validate", ask); string(got.body) != `{"valid":false}` {
		t.Errorf("another realm's: %s", got.body)
	}
	if got := l.act("logout", ask); string(got.body) != `{"result":"Successfully logged out"}` {
		t.Errorf("%s", got.body)
	}
	if got := l.act("logout", ask); string(got.body) != `{"result":"Token has expired"}` {
		t.Errorf("%s", got.body)
	}
	if got := l.act("validate", ask); string(got.body) != `{"valid":false}` {
		t.Errorf("%s", got.body)
	}
	expect(t, l.act("getSessionInfo", ask), 401, "Access Denied")
}

func TestUseKeepsASessionAlive(t *testing.T) {
	clock := newClock()
	mock := start(t, mockaic.Clock(clock.Now))
	create(t, mock, users, settled)
	l := newLogin(t, mock)
	for action, valid := range map[string]bool{"validate": true, "validate&refresh=false": false, "getSessionInfo": false, "refresh": true} {
		ask := map[string]any{"tokenId": l.session("jane", "S3cret!!")}
		clock.advance(20 * time.Minute)
		l.act(action, ask)
		clock.advance(20 * time.Minute)
		if got := l.act("validate", ask).object(t)["valid"]; got != valid {
			t.Errorf("%s: %v", action, got)
		}
	}
}

func TestOthersSessionsAreTheAdministrators(t *testing.T) {
	mock := start(t)
	id := create(t, mock, users, settled)["_id"].(string)
	l := newLogin(t, mock)
	token := l.session("jane", "S3cret!!")
	find := alpha + "/sessions?_queryFilter=" + url.QueryEscape(`username eq "`+id+`" and realm eq "/alpha"`)
	found := get(t, mock, find)["result"].([]any)
	if len(found) != 1 {
		t.Fatalf("found: %v", found)
	}
	one := found[0].(map[string]any)
	handle, _ := one["sessionHandle"].(string)
	if !strings.HasPrefix(handle, "shandle:") || one["universalId"] == nil || strings.Contains(encode(t, one), token) {
		t.Errorf("found: %v", one)
	}
	if got := call(t, mock, "GET", find, map[string]string{"Authorization": "Bearer x"}, ""); got.status != 401 {
		t.Errorf("a wrong bearer: %d %s", got.status, got.body)
	}
	handles := map[string]any{"sessionHandles": []any{handle, "shandle:none"}}
	expect(t, l.act("logoutByHandle", handles), 403, "Forbidden")
	bearer := map[string]string{"Authorization": "Bearer dev"}
	if got := l.post("/sessions?_action=logoutByHandle", bearer, handles); encode(t, got.object(t)["result"]) != encode(t, map[string]any{handle: true, "shandle:none": false}) {
		t.Errorf("%d %s", got.status, got.body)
	}
	l.session("jane", "S3cret!!")
	// An administrator's session will do.
	root := newLogin(t, mock)
	root.realm = "/realms/root"
	name := get(t, mock, "/am/json/serverinfo/*")["cookieName"].(string)
	administrator := map[string]string{name: root.session(admin.UserName, admin.Password)}
	if got := l.post("/sessions?_action=logoutByUser", administrator, map[string]any{"username": id}); string(got.body) != `{"result":true}` {
		t.Errorf("%d %s", got.status, got.body)
	}
	if found := get(t, mock, find)["result"].([]any); len(found) != 0 {
		t.Errorf("still there: %v", found)
	}
}

// A session of the JSON API is one for OAuth, too, by cookie or by header.
func TestASessionGivesACode(t *testing.T) {
	a := newApp(t)
	root := newLogin(t, a.mock)
	root.realm = "/realms/root"
	token := root.session(admin.UserName, admin.Password)
	name := call(t, a.mock, "GET", "/am/json/serverinfo/*", nil, "").object(t)["cookieName"].(string)
	address, form := strings.TrimPrefix(a.authorizeURL(nil), a.mock.URL), url.Values{"decision": {"allow"}, "csrf": {token}}.Encode()
	for _, headers := range []map[string]string{{"Cookie": name + "=" + token}, {name: token}} {
		headers["Content-Type"] = "application/x-www-form-urlencoded"
		a.received = nil
		call(t, a.mock, "POST", address, headers, form)
		if a.received.Get("code") == "" {
			t.Errorf("%v gets no code", headers)
		}
	}
}

// infoOf is what an event tells of a node or a journey.
func infoOf(t *testing.T, e event) map[string]any {
	t.Helper()
	entries, _ := e.at(t, "entries").([]any)
	if len(entries) == 0 {
		return nil
	}
	info, _ := entries[0].(map[string]any)["info"].(map[string]any)
	return info
}

func TestLoginsAndLogoutsAreLogged(t *testing.T) {
	mock := start(t, mockaic.LogRate(1000))
	id := create(t, mock, users, settled)["_id"].(string)
	l := newLogin(t, mock)
	first := l.begin()
	last := l.reply(first, "jane", "S3cret!!")
	out := l.act("logout", map[string]any{"tokenId": last.object(t)["tokenId"]})
	var lines []string
	for _, a := range []answer{first, last, out} {
		for _, e := range traced(t, mock, a.header.Get("X-Forgerock-Transactionid")) {
			if e.Source == "am-authentication" || e.Source == "am-activity" {
				line := e.at(t, "eventName").(string)
				if info := infoOf(t, e); info["nodeType"] != nil {
					line += fmt.Sprint(" ", info["nodeType"], " ", info["nodeOutcome"], " ", info["treeName"])
				}
				lines = append(lines, line)
			}
		}
	}
	want := `AM-NODE-LOGIN-COMPLETED PageNode outcome Login
AM-NODE-LOGIN-COMPLETED IdentityStoreDecisionNode TRUE Login
AM-NODE-LOGIN-COMPLETED IncrementLoginCountNode outcome Login
AM-NODE-LOGIN-COMPLETED LoginCountDecisionNode false ProgressiveProfile
AM-NODE-LOGIN-COMPLETED InnerTreeEvaluatorNode true Login
AM-TREE-LOGIN-COMPLETED
AM-SESSION-CREATED
AM-SESSION-LOGGED_OUT
AM-LOGOUT`
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("logged\n%s", got)
	}
	// The events name the nodes of the journey as it is stored.
	tree := get(t, mock, trees+"/Login")["nodes"].(map[string]any)
	for _, e := range traced(t, mock, last.header.Get("X-Forgerock-Transactionid")) {
		if info := infoOf(t, e); info["treeName"] == "Login" && info["nodeId"] != nil && tree[info["nodeId"].(string)] == nil {
			t.Errorf("no such node: %v", info)
		}
		if e.at(t, "eventName") == "AM-TREE-LOGIN-COMPLETED" && e.at(t, "userId") != "id="+id+",ou=user,o=alpha,ou=services,ou=am-config" {
			t.Errorf("%s", e.Payload)
		}
	}
}

// A page of another site can send a browser's cookie, but no header of its own.
func TestActionsByCookieNeedAHeader(t *testing.T) {
	mock := start(t)
	create(t, mock, users, settled)
	l := newLogin(t, mock)
	token := l.session("jane", "S3cret!!")
	name := get(t, mock, "/am/json/serverinfo/*")["cookieName"].(string)
	valid := func() bool { return l.act("validate", map[string]any{"tokenId": token}).object(t)["valid"] == true }
	path := "/am/json/realms/root/realms/alpha/sessions?_action=logout"
	with := func(headers map[string]string) answer {
		request, err := http.NewRequestWithContext(t.Context(), "POST", mock.URL+path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		for name, value := range headers {
			request.Header.Set(name, value)
		}
		return visit(t, mock.Client(), request)
	}
	cookie := name + "=" + token
	if got := with(map[string]string{"Cookie": cookie}); got.status != 403 || !valid() {
		t.Errorf("a bare cookie: %d %s", got.status, got.body)
	}
	path = "/am/json/realms/root/realms/alpha/authenticate"
	if got := with(map[string]string{"Cookie": cookie}); got.status != 403 {
		t.Errorf("a login with a bare cookie: %d %s", got.status, got.body)
	}
	if got := with(map[string]string{}); got.status != 200 {
		t.Errorf("a login without a cookie: %d %s", got.status, got.body)
	}
	path = "/am/json/realms/root/realms/alpha/sessions?_action=getSessionInfo"
	for _, headers := range []map[string]string{{name: token}, {"Cookie": cookie, "X-Requested-With": "XMLHttpRequest"}, {"Cookie": cookie, "Accept-API-Version": "resource=4.0"}} {
		if got := with(headers); got.status != 200 {
			t.Errorf("%v: %d %s", headers, got.status, got.body)
		}
	}
}
