package mockaic_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"aicmcp/mockaic"
)

// loginClient logs in over the JSON API, without a bearer.
type loginClient struct {
	t      *testing.T
	mock   *mockaic.Tenant
	realm  string // such as "/realms/root/realms/alpha"
	query  string
	cookie string
}

func newLogin(t *testing.T, mock *mockaic.Tenant) *loginClient {
	t.Helper()
	return &loginClient{t: t, mock: mock, realm: "/realms/root/realms/alpha"}
}

func (l *loginClient) post(path string, headers map[string]string, body any) answer {
	l.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		l.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(l.t.Context(), "POST", l.mock.URL+"/am/json"+l.realm+path, bytes.NewReader(text))
	if err != nil {
		l.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept-API-Version", "resource=2.0, protocol=1.0")
	if l.cookie != "" {
		request.Header.Set("Cookie", l.cookie)
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := l.mock.Client().Do(request)
	if err != nil {
		l.t.Fatal(err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, read}
}

// begin starts the journey of the query.
func (l *loginClient) begin() answer {
	l.t.Helper()
	return l.post("/authenticate"+l.query, nil, map[string]any{})
}

// reply sends a step back with values for its callbacks, in their order; nil leaves
// a value as it is.
func (l *loginClient) reply(to answer, values ...any) answer {
	l.t.Helper()
	step := to.object(l.t)
	callbacks, _ := step["callbacks"].([]any)
	for i, value := range values {
		if value != nil {
			callbacks[i].(map[string]any)["input"].([]any)[0].(map[string]any)["value"] = value
		}
	}
	return l.post("/authenticate"+l.query, nil, step)
}

func (l *loginClient) logIn(values ...any) answer {
	l.t.Helper()
	return l.reply(l.begin(), values...)
}

// asks names the callbacks of a step.
func asks(t *testing.T, a answer) string {
	t.Helper()
	var kinds []string
	callbacks, _ := a.object(t)["callbacks"].([]any)
	for _, callback := range callbacks {
		kinds = append(kinds, strings.TrimSuffix(callback.(map[string]any)["type"].(string), "Callback"))
	}
	return strings.Join(kinds, " ")
}

func isLoggedIn(t *testing.T, a answer) bool {
	t.Helper()
	token, _ := a.object(t)["tokenId"].(string)
	return a.status == 200 && token != ""
}

// settled is somebody whom the third login asks nothing.
var settled = strings.Replace(jane, "{", `{"preferences":{"updates":true,"marketing":true},`, 1)

const signInPage = `[{"type":"NameCallback","output":[{"name":"prompt","value":"User Name"}],"input":[{"name":"IDToken1","value":""}],"_id":0},` +
	`{"type":"PasswordCallback","output":[{"name":"prompt","value":"Password"}],"input":[{"name":"IDToken2","value":""}],"_id":1}]`

func TestALoginStepByStep(t *testing.T) {
	clock := newClock()
	mock := start(t, mockaic.Clock(clock.Now))
	id := create(t, mock, users, settled)["_id"].(string)
	for _, realm := range []string{"/realms/root/realms/alpha", "/realms/alpha", "/alpha"} {
		l := newLogin(t, mock)
		l.realm = realm
		first := l.begin()
		if first.status != 200 || !strings.Contains(string(first.body), `","callbacks":`+signInPage+`,"header":"Sign In","description":"New here?`) {
			t.Fatalf("%s: %d %s", realm, first.status, first.body)
		}
		for name, want := range map[string]string{
			"Content-Type": "application/json", "Content-Api-Version": "resource=2.1", "Cache-Control": "private", "Pragma": "no-cache", "Expires": "0",
			"X-Frame-Options": "SAMEORIGIN", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "frame-ancestors 'self'",
			"Set-Cookie": "amlbcookie=01; Path=/; HttpOnly; SameSite=lax",
		} {
			if got := strings.Join(first.header.Values(name), "|"); got != want {
				t.Errorf("%s: %s", name, got)
			}
		}
		last := l.reply(first, "jane", "S3cret!!")
		done := last.object(t)
		token, _ := done["tokenId"].(string)
		if last.status != 200 || string(last.body) != `{"tokenId":"`+token+`","successUrl":"/enduser/?realm=/alpha","realm":"/alpha"}` ||
			!regexp.MustCompile(`^[\w-]{27}\.\*AAJTSQACMDIAAlNLAB[wx][\w-]+\.\.\*$`).MatchString(token) {
			t.Fatalf("%d %s", last.status, last.body)
		}
		cookies := last.header.Values("Set-Cookie")
		if len(cookies) != 2 || !strings.HasSuffix(cookies[0], "="+token+"; Path=/; HttpOnly; SameSite=lax") || !strings.HasPrefix(cookies[1], "amlbcookie=") {
			t.Errorf("cookies: %v", cookies)
		}
	}
	meta := get(t, mock, users+"/"+id+"?_fields=_meta/*")["_meta"].(map[string]any)
	if meta["loginCount"] != 3.0 || meta["createDate"] == nil {
		t.Errorf("counted: %v", meta)
	}
}

func TestCookiesOverHTTPSAreTheTenants(t *testing.T) {
	mock := start(t, mockaic.PublicURL("https://tenant.example.com"))
	create(t, mock, users, jane)
	l := newLogin(t, mock)
	request, err := http.NewRequestWithContext(t.Context(), "POST", mock.URL+"/am/json/alpha/authenticate", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "tenant.example.com"
	response, err := l.mock.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if got := response.Header.Get("Set-Cookie"); got != "amlbcookie=01; Path=/; Domain=tenant.example.com; Secure; HttpOnly; SameSite=none" {
		t.Error(got)
	}
}

func TestAuthIDs(t *testing.T) {
	clock := newClock()
	mock := start(t, mockaic.Clock(clock.Now))
	create(t, mock, users, settled)
	l := newLogin(t, mock)
	claimsOf := func(a answer) map[string]any {
		parts := strings.Split(a.object(t)["authId"].(string), ".")
		header, _ := base64.RawURLEncoding.DecodeString(parts[0])
		if string(header) != `{"typ":"JWT","alg":"HS256"}` {
			t.Errorf("header: %s", header)
		}
		text, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err != nil {
			t.Fatal(err)
		}
		return answer{body: text}.object(t)
	}
	c := claimsOf(l.begin())
	if c["realm"] != "/alpha" || c["exp"].(float64)-c["iat"].(float64) != 300 || c["authIndexValue"] != nil || c["whitelist-state"] == nil ||
		!regexp.MustCompile(`^[0-9a-v]{26}$`).MatchString(c["otk"].(string)) || !strings.HasPrefix(c["sessionId"].(string), "*AAJTSQACMDEABHR5cGUACEpXVF9BVVRI") {
		t.Errorf("claims: %v", c)
	}
	l.query = "?authIndexType=service&authIndexValue=Login"
	if c := claimsOf(l.begin()); c["authIndexType"] != "service" || c["authIndexValue"] != "Login" {
		t.Errorf("claims: %v", c)
	}
	root := newLogin(t, mock)
	root.realm = "/realms/root"
	if c := claimsOf(root.begin()); c["realm"] != "/" || c["exp"].(float64)-c["iat"].(float64) != 86400 || c["whitelist-lock-expiry"] != "0" || c["whitelist-state"] == nil {
		t.Errorf("claims: %v", c)
	}

	timedOut := func(what string, got answer) {
		t.Helper()
		if got.status != 401 || string(got.body) != `{"code":401,"reason":"Unauthorized","message":"Session has timed out","detail":{"errorCode":"110"}}` {
			t.Errorf("%s: %d %s", what, got.status, got.body)
		}
	}
	first := l.begin()
	if !isLoggedIn(t, l.reply(first, "jane", "S3cret!!")) {
		t.Fatal("no login")
	}
	timedOut("a step that was answered", l.reply(first, "jane", "S3cret!!"))
	first = l.begin()
	root.realm = "/bravo"
	timedOut("another realm's", root.reply(first, "jane", "S3cret!!"))
	clock.advance(5 * time.Minute)
	timedOut("expired", l.reply(first, "jane", "S3cret!!"))

	send(t, mock, "PUT", alpha+"/realm-config/authentication", `{"authenticationSessionsWhitelist":false,"authenticationSessionsMaxDuration":7}`)
	first = l.begin()
	if c := claimsOf(first); c["whitelist-state"] != nil || c["exp"].(float64)-c["iat"].(float64) != 420 {
		t.Errorf("claims: %v", c)
	}
	for range 2 {
		if !isLoggedIn(t, l.reply(first, "jane", "S3cret!!")) {
			t.Error("without an allowlist a step may be answered again")
		}
	}
	step := first.object(t)
	authID := step["authId"].(string)
	parts := strings.Split(authID, ".")
	forged := base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"none"}`)) + "." + parts[1] + "."
	for wrong, message := range map[string]string{
		"garbage": "Failed to parse JWT, ", "a.b.c": "Failed to parse JWT, ", authID + "x": "", forged: "AuthId JWT Signature not valid",
		parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])): "AuthId JWT Signature not valid",
	} {
		step["authId"] = wrong
		if got := l.post("/authenticate", nil, step); got.status != 400 || !strings.Contains(string(got.body), message) {
			t.Errorf("%.20s: %d %s", wrong, got.status, got.body)
		}
	}
}

func TestCallbacksMustComeBack(t *testing.T) {
	mock := start(t)
	create(t, mock, users, jane)
	send(t, mock, "PUT", alpha+"/realm-config/authentication", `{"authenticationSessionsWhitelist":false}`)
	l := newLogin(t, mock)
	first := l.begin()
	authID := first.object(t)["authId"]
	name := map[string]any{"type": "NameCallback", "input": []any{map[string]any{"name": "IDToken1", "value": "jane"}}}
	word := map[string]any{"type": "PasswordCallback", "input": []any{map[string]any{"name": "IDToken2", "value": "S3cret!!"}}}
	for message, callbacks := range map[string][]any{
		"Incorrect number of callbacks found in JSON response": {name},
		"Required callback not found in JSON response":         {word, name},
	} {
		got := l.post("/authenticate", nil, map[string]any{"authId": authID, "callbacks": callbacks})
		if got.status != 400 || got.object(t)["message"] != message {
			t.Errorf("%d %s", got.status, got.body)
		}
	}
	if got := l.post("/authenticate", nil, map[string]any{"authId": authID, "callbacks": []any{name, word}}); !isLoggedIn(t, got) {
		t.Errorf("without outputs: %d %s", got.status, got.body)
	}
	if got := l.post("/authenticate", map[string]string{"Content-Type": "text/plain"}, nil); got.status != 415 {
		t.Errorf("plain text: %d %s", got.status, got.body)
	}
	if got := call(t, mock, "GET", "/am/json/alpha/authenticate", nil, ""); got.status != 405 || got.header.Get("Allow") != "POST" {
		t.Errorf("GET: %d %s", got.status, got.body)
	}
	if got := call(t, mock, "POST", "/am/json/alpha/authenticate", jsonHeader, "{"); got.status != 400 {
		t.Errorf("half a body: %d %s", got.status, got.body)
	}
	if got := call(t, mock, "POST", "/am/json/alpha/authenticate", nil, ""); asks(t, got) != "Name Password" {
		t.Errorf("no body: %d %s", got.status, got.body)
	}
}

// A user name may look like the ID of somebody else.
func TestANameThatIsAnothersID(t *testing.T) {
	mock := start(t)
	id := create(t, mock, users, settled)["_id"].(string)
	other := create(t, mock, users, strings.NewReplacer(`"jane"`, `"`+id+`"`, "S3cret!!", "Oth3r!!!").Replace(settled))["_id"].(string)
	l := newLogin(t, mock)
	for attribute, want := range map[string]bool{"userName": true, "mail": false} {
		putJourney(t, mock, attribute, "", nodeSpec{"UsernameCollectorNode", "outcome>1", ""}, nodeSpec{"PasswordCollectorNode", "outcome>2", ""},
			nodeSpec{"DataStoreDecisionNode", "true>3 false>failure", ""},
			nodeSpec{"AttributeCollectorNode", "outcome>4", `{"attributesToCollect":["city"],"identityAttribute":"` + attribute + `"}`},
			nodeSpec{"PatchObjectNode", "PATCHED>success FAILURE>failure", `{"identityResource":"managed/alpha_user","identityAttribute":"` + attribute + `","patchAsObject":true}`})
		l.query = "?authIndexType=service&authIndexValue=" + attribute
		if got := l.reply(l.reply(l.logIn(id), "Oth3r!!!"), "Bergen"); isLoggedIn(t, got) != want {
			t.Errorf("%s: %d %s", attribute, got.status, got.body)
		}
	}
	for id, want := range map[string]any{id: nil, other: "Bergen"} {
		if got := get(t, mock, users+"/"+id)["city"]; got != want {
			t.Errorf("%s lives in %v", id, got)
		}
	}
	l.query = ""
	for name, want := range map[string]string{"jane": id, id: other} {
		word := map[string]string{"jane": "S3cret!!", id: "Oth3r!!!"}[name]
		token := l.logIn(name, word).object(t)["tokenId"]
		if got := l.post("/sessions?_action=getSessionInfo", nil, map[string]any{"tokenId": token}).object(t)["username"]; got != want {
			t.Errorf("%s is logged in as %v", name, got)
		}
	}
}

func TestCredentialsInHeaders(t *testing.T) {
	mock := start(t)
	create(t, mock, users, strings.Replace(jane, `"jane"`, `"jäne"`, 1))
	l := newLogin(t, mock)
	headers := map[string]string{"X-OpenAM-Username": "=?UTF-8?B?" + base64.StdEncoding.EncodeToString([]byte("jäne")) + "?=", "X-OpenAM-Password": "S3cret!!"}
	if got := l.post("/authenticate", headers, map[string]any{}); !isLoggedIn(t, got) {
		t.Errorf("%d %s", got.status, got.body)
	}
	// Each header counts once, so that a wrong password does not lock the account.
	headers["X-OpenAM-Password"] = "wrong"
	if got := l.post("/authenticate", headers, map[string]any{}); asks(t, got) != "Name Password" {
		t.Errorf("%d %s", got.status, got.body)
	}
	if !isLoggedIn(t, l.logIn("jäne", "S3cret!!")) {
		t.Error("the account is locked")
	}
	// A node may take them, too.
	putJourney(t, mock, "Zero", "", nodeSpec{"ZeroPageLoginNode", "true>1 false>2", `{"allowWithoutReferer":false,"referrerWhiteList":["https://app.example.com"]}`},
		nodeSpec{"DataStoreDecisionNode", "true>success false>failure", ""}, nodeSpec{"ChoiceCollectorNode", "a>0 b>0", `{"choices":["a","b"],"defaultChoice":"a","prompt":"?"}`})
	l.query, headers["X-OpenAM-Password"] = "?authIndexType=service&authIndexValue=Zero", "S3cret!!"
	for referer, want := range map[string]bool{"": false, "https://evil.example/": false, "https://app.example.com/in": true} {
		headers["Referer"] = referer
		if got := l.post("/authenticate"+l.query, headers, map[string]any{}); isLoggedIn(t, got) != want {
			t.Errorf("from %q: %d %s", referer, got.status, got.body)
		}
	}
	l.query = ""
	l.realm = "/realms/root"
	administrator := map[string]string{"X-OpenAM-Username": "admin@example.com", "X-OpenAM-Password": mockaic.Password}
	got := l.post("/authenticate", administrator, map[string]any{})
	if done := got.object(t); got.status != 200 || done["successUrl"] != "/platform" || done["realm"] != "/" || done["tokenId"] == "" {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestWrongPasswordsLockTheAccount(t *testing.T) {
	mock := start(t)
	id := create(t, mock, users, settled)["_id"].(string)
	l := newLogin(t, mock)
	refused := func(got answer, message string) {
		t.Helper()
		if got.status != 401 || string(got.body) != `{"code":401,"reason":"Unauthorized","message":"`+message+`","detail":{"failureUrl":""}}` {
			t.Fatalf("%d %s", got.status, got.body)
		}
	}
	last := l.begin()
	for range 3 {
		if last = l.reply(last, "jane", "wrong"); asks(t, last) != "Name Password" {
			t.Fatalf("%d %s", last.status, last.body)
		}
	}
	// The count outlives the journey, and a login ends it.
	if !isLoggedIn(t, l.logIn("jane", "S3cret!!")) {
		t.Fatal("no login")
	}
	for range 5 {
		if got := l.logIn("jane", "wrong"); asks(t, got) != "Name Password" {
			t.Fatalf("%d %s", got.status, got.body)
		}
	}
	refused(l.logIn("jane", "wrong"), "Login failure")
	if status := get(t, mock, users+"/"+id)["accountStatus"]; status != "inactive" {
		t.Errorf("the account is %v", status)
	}
	refused(l.logIn("jane", "S3cret!!"), "User Locked Out.")
	patch(t, mock, users+"/"+id, 200, `[{"operation":"replace","field":"/accountStatus","value":"active"}]`)
	if !isLoggedIn(t, l.logIn("jane", "S3cret!!")) {
		t.Error("the account is still locked")
	}
	// A name that nobody has looks like a wrong password until there is nobody to lock.
	last = l.begin()
	for range 5 {
		if last = l.reply(last, "nobody", "wrong"); asks(t, last) != "Name Password" {
			t.Fatalf("%d %s", last.status, last.body)
		}
	}
	refused(l.reply(last, "nobody", "wrong"), "Login failure")
}

func TestJourneysThatDoNotRun(t *testing.T) {
	mock := start(t)
	create(t, mock, users, jane)
	putJourney(t, mock, "Off", `"enabled":false`, nodeSpec{kind: "UsernameCollectorNode", ways: "outcome>success"})
	putJourney(t, mock, "Inner", `"innerTreeOnly":true`, nodeSpec{kind: "UsernameCollectorNode", ways: "outcome>success"})
	putJourney(t, mock, "Suspends", "", nodeSpec{kind: "EmailSuspendNode", ways: "outcome>success"})
	putJourney(t, mock, "Broken", "", nodeSpec{kind: "UsernameCollectorNode", ways: "other>success"})
	putJourney(t, mock, "Nobody", "", nodeSpec{kind: "SetStateNode", ways: "outcome>success", config: `{"attributes":{}}`})
	putJourney(t, mock, "Endless", "", nodeSpec{kind: "SetStateNode", ways: "outcome>0", config: `{"attributes":{}}`})
	putJourney(t, mock, "Deep", "", nodeSpec{kind: "InnerTreeEvaluatorNode", ways: "true>success false>failure", config: `{"tree":"Deep"}`})
	l := newLogin(t, mock)
	for query, want := range map[string]string{
		"authIndexType=service&authIndexValue=Nothing":      `{"code":400,"reason":"Bad Request","message":"No Configuration found"}`,
		"authIndexType=service&authIndexValue=Off":          `{"code":400,"reason":"Bad Request","message":"No Configuration found"}`,
		"authIndexType=service&authIndexValue=Inner":        `{"code":400,"reason":"Bad Request","message":"No Configuration found"}`,
		"authIndexType=service&authIndexValue=Suspends":     `{"code":501,"reason":"Not Implemented","message":"the node type EmailSuspendNode is not run by this fake tenant"}`,
		"authIndexType=service&authIndexValue=Nobody":       `{"code":401,"reason":"Unauthorized","message":"Login failure","detail":{"failureUrl":""}}`,
		"authIndexType=service&authIndexValue=Endless":      `{"code":401,"reason":"Unauthorized","message":"Login failure","detail":{"failureUrl":""}}`,
		"authIndexType=service&authIndexValue=Deep":         `{"code":401,"reason":"Unauthorized","message":"Login failure","detail":{"failureUrl":""}}`,
		"authIndexType=composite_advice&authIndexValue=<A>": `{"code":501,"reason":"Not Implemented","message":"the authIndexType \"composite_advice\" is not implemented by this fake tenant"}`,
		"suspendedId=x": `{"code":501,"reason":"Not Implemented","message":"suspended journeys are not implemented by this fake tenant"}`,
	} {
		l.query = "?" + query
		if got := l.begin(); string(got.body) != want {
			t.Errorf("%s: %d %s", query, got.status, got.body)
		}
	}
	l.query = "?authIndexType=service&authIndexValue=Broken"
	if got := l.logIn("jane"); got.status != 401 {
		t.Errorf("%d %s", got.status, got.body)
	}
	l.query = ""
	for _, realm := range []string{"/realms/root/realms/charlie", "/charlie", "/realms/alpha/realms/bravo", "/realms/root/realms/root"} {
		l.realm = realm
		if got := l.begin(); got.status != 400 || got.object(t)["message"] != "Invalid Domain" {
			t.Errorf("%s: %d %s", realm, got.status, got.body)
		}
	}
}

func TestWhereALoginLeads(t *testing.T) {
	mock := start(t)
	create(t, mock, users, settled)
	l := newLogin(t, mock)
	for query, want := range map[string]string{
		"?goto=" + url.QueryEscape(mock.URL+"/enduser/home"): mock.URL + "/enduser/home",
		"?goto=https%3A%2F%2Fevil.example%2F":                "/enduser/?realm=/alpha",
		"?goto=%2F%2Fevil.example%2F":                        "/enduser/?realm=/alpha",
		"?realm=/alpha&locale=de":                            "/enduser/?realm=/alpha",
	} {
		l.query = query
		if got := l.logIn("jane", "S3cret!!"); got.object(t)["successUrl"] != want {
			t.Errorf("%s: %s", query, got.body)
		}
	}
	l.query = "?noSession=true"
	got := l.logIn("jane", "S3cret!!")
	if string(got.body) != `{"successUrl":"/enduser/?realm=/alpha","realm":"/alpha"}` || got.header.Get("Set-Cookie") != "" {
		t.Errorf("%s %v", got.body, got.header)
	}
	putJourney(t, mock, "Elsewhere", "",
		nodeSpec{kind: "SetSuccessUrlNode", ways: "outcome>1", config: `{"successUrl":"https://app.example.com/in"}`},
		nodeSpec{kind: "SetFailureUrlNode", ways: "outcome>2", config: `{"failureUrl":"https://app.example.com/out"}`},
		nodeSpec{kind: "UsernameCollectorNode", ways: "outcome>3"},
		nodeSpec{kind: "PasswordCollectorNode", ways: "outcome>4"},
		nodeSpec{kind: "DataStoreDecisionNode", ways: "true>success false>failure"})
	l.query = "?authIndexType=service&authIndexValue=Elsewhere"
	if got := l.reply(l.logIn("jane"), "S3cret!!"); got.object(t)["successUrl"] != "https://app.example.com/in" {
		t.Errorf("%s", got.body)
	}
	if got := l.reply(l.logIn("jane"), "wrong"); string(got.body) != `{"code":401,"reason":"Unauthorized","message":"Login failure","detail":{"failureUrl":"https://app.example.com/out"}}` {
		t.Errorf("%s", got.body)
	}
}

func TestWhoIsLoggedInNeedNotLogInAgain(t *testing.T) {
	mock := start(t)
	create(t, mock, users, settled)
	putJourney(t, mock, "Other", "",
		nodeSpec{kind: "UsernameCollectorNode", ways: "outcome>1"}, nodeSpec{kind: "PasswordCollectorNode", ways: "outcome>2"},
		nodeSpec{kind: "DataStoreDecisionNode", ways: "true>success false>failure"})
	l := newLogin(t, mock)
	done := l.logIn("jane", "S3cret!!")
	l.cookie, _, _ = strings.Cut(done.header.Get("Set-Cookie"), ";")
	const again = `{"tokenId":"","successUrl":"/enduser/?realm=/alpha","realm":"/alpha"}`
	for query, asked := range map[string]bool{
		"": false, "?authIndexType=service&authIndexValue=Login": false, "?ForceAuth=true": true, "?authIndexType=service&authIndexValue=Other": true,
	} {
		l.query = query
		if got := l.begin(); asked != (got.object(t)["authId"] != nil) || !asked && string(got.body) != again {
			t.Errorf("%s: %s", query, got.body)
		}
	}
	// What carries the session is the cookie.
	l.query = "?authIndexType=service&authIndexValue=Other"
	got := l.reply(l.logIn("jane"), "S3cret!!")
	if string(got.body) != again || !strings.Contains(got.header.Get("Set-Cookie"), ".*AAJTS") || strings.Contains(got.header.Get("Set-Cookie"), l.cookie) {
		t.Errorf("%s %v", got.body, got.header)
	}
	l.query, l.realm = "", "/bravo"
	if got := l.begin(); got.object(t)["authId"] == nil {
		t.Errorf("a session of another realm is one here: %s", got.body)
	}
}

func TestTheThirdLoginAsksForPreferences(t *testing.T) {
	mock := start(t)
	id := create(t, mock, users, jane)["_id"].(string)
	l := newLogin(t, mock)
	for range 2 {
		if !isLoggedIn(t, l.logIn("jane", "S3cret!!")) {
			t.Fatal("no login")
		}
	}
	got := l.logIn("jane", "S3cret!!")
	want := `"callbacks":[{"type":"BooleanAttributeInputCallback","output":[{"name":"name","value":"preferences/updates"},{"name":"prompt","value":"Send me news and updates"},` +
		`{"name":"required","value":false},{"name":"policies","value":{}},{"name":"failedPolicies","value":[]},{"name":"validateOnly","value":false},{"name":"value","value":false}],` +
		`"input":[{"name":"IDToken1","value":false},{"name":"IDToken1validateOnly","value":false}],"_id":0},`
	if !strings.Contains(string(got.body), want) || !strings.HasSuffix(string(got.body), `"header":"Please select your preferences"}`) {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if got := l.reply(got, true, false); !isLoggedIn(t, got) {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if kept := encode(t, get(t, mock, users+"/"+id)["preferences"]); kept != `{"marketing":false,"updates":true}` {
		t.Errorf("kept: %s", kept)
	}
	if !isLoggedIn(t, l.logIn("jane", "S3cret!!")) {
		t.Error("the fourth login asks, too")
	}
}

// nodeSpec is a node of a journey of a test. Its ways lead to success, failure or
// the number of another node.
type nodeSpec struct{ kind, ways, config string }

func nodeID(journey string, number any) string {
	return fmt.Sprintf("a1f2c3d4-%04x-4b44-8d41-%012v", len(journey), number)
}

// putJourney makes a journey that begins with the first node. More are further
// members of it.
func putJourney(t *testing.T, mock *mockaic.Tenant, name, more string, specs ...nodeSpec) {
	t.Helper()
	described := map[string]any{}
	for i, spec := range specs {
		var config map[string]any
		if err := json.Unmarshal([]byte(strings.Replace("{}"+spec.config, "{}{", "{", 1)), &config); err != nil {
			t.Fatal(err)
		}
		ways := map[string]any{}
		for way := range strings.FieldsSeq(spec.ways) {
			outcome, target, _ := strings.Cut(way, ">")
			ways[outcome] = nodeID(name, target)
			if target == "success" {
				ways[outcome] = success
			} else if target == "failure" {
				ways[outcome] = failure
			}
		}
		described[nodeID(name, i)] = map[string]any{"nodeType": spec.kind, "displayName": spec.kind, "connections": ways, "config": config}
	}
	body := encode(t, map[string]any{"entryNodeId": nodeID(name, 0), "identityResource": "managed/alpha_user", "nodes": described})
	if more != "" {
		body = "{" + more + "," + body[1:]
	}
	expect(t, call(t, mock, "PUT", trees+"/"+name, api("1.0"), body), 201, "")
}

func TestNodesAskAndDecide(t *testing.T) {
	mock := start(t)
	id := create(t, mock, users, jane)["_id"].(string)
	credentials := []nodeSpec{{kind: "UsernameCollectorNode", ways: "outcome>1"}, {kind: "PasswordCollectorNode", ways: "outcome>2"}}
	passes := func(name string, decide nodeSpec, want bool, replies ...any) {
		t.Helper()
		putJourney(t, mock, name, "", append(credentials, decide)...)
		l := newLogin(t, mock)
		l.query = "?authIndexType=service&authIndexValue=" + name
		got := l.reply(l.logIn("jane"), "S3cret!!")
		for _, reply := range replies {
			got = l.reply(got, reply.([]any)...)
		}
		if isLoggedIn(t, got) != want || !want && got.status != 401 {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	const both = "true>success false>failure"
	passes("Active", nodeSpec{"AccountActiveDecisionNode", both, ""}, true)
	passes("HasMail", nodeSpec{"AttributePresentDecisionNode", both, `{"presentAttribute":"mail"}`}, true)
	passes("HasCity", nodeSpec{"AttributePresentDecisionNode", both, `{"presentAttribute":"city"}`}, false)
	passes("IsJane", nodeSpec{"AttributeValueDecisionNode", both, `{"comparisonAttribute":"givenName","comparisonValue":"Jane"}`}, true)
	passes("IsJim", nodeSpec{"AttributeValueDecisionNode", both, `{"comparisonAttribute":"givenName","comparisonValue":"Jim"}`}, false)
	passes("Filter", nodeSpec{"QueryFilterDecisionNode", both, `{"queryFilter":"givenName sw \"Ja\" and !(/city pr)"}`}, true)
	passes("NoFilter", nodeSpec{"QueryFilterDecisionNode", both, `{"queryFilter":"givenName sw"}`}, false)
	passes("Never", nodeSpec{"LoginCountDecisionNode", both, `{"amount":1,"interval":"EVERY"}`}, false)
	passes("Level", nodeSpec{"AuthLevelDecisionNode", both, `{"authLevelRequirement":1}`}, false)
	passes("Choice", nodeSpec{"ChoiceCollectorNode", "red>failure blue>success", `{"choices":["red","blue"],"defaultChoice":"blue","prompt":"Colour?"}`}, true, []any{nil})
	passes("Chosen", nodeSpec{"ChoiceCollectorNode", "red>failure blue>success", `{"choices":["red","blue"],"defaultChoice":"blue","prompt":"Colour?"}`}, false, []any{0})
	passes("NoChoice", nodeSpec{"ChoiceCollectorNode", "red>failure blue>success", `{"choices":["red","blue"],"defaultChoice":"blue","prompt":"Colour?"}`}, false, []any{7})
	passes("Message", nodeSpec{"MessageNode", both, `{"message":{"en":"Go on?"},"messageYes":{"en":"Yes"},"messageNo":{"en":"No"}}`}, true, []any{nil, 0})
	passes("MessageNo", nodeSpec{"MessageNode", both, `{"message":{"en":"Go on?"},"messageYes":{"en":"Yes"},"messageNo":{"en":"No"}}`}, false, []any{nil, nil})
	passes("Required", nodeSpec{"AttributeCollectorNode", "outcome>success", `{"attributesToCollect":["city"],"required":true,"identityAttribute":"userName"}`}, true, []any{""}, []any{"Oslo"})
	passes("Unknown", nodeSpec{"AttributeCollectorNode", "outcome>success", `{"attributesToCollect":["shoeSize"],"identityAttribute":"userName"}`}, false)

	// A password that was asked for survives a further step where a node reads it.
	putJourney(t, mock, "Survives", "", nodeSpec{"UsernameCollectorNode", "outcome>1", ""}, nodeSpec{"PasswordCollectorNode", "outcome>2", ""},
		nodeSpec{"ChoiceCollectorNode", "a>3 b>3", `{"choices":["a","b"],"defaultChoice":"a","prompt":"?"}`}, nodeSpec{"DataStoreDecisionNode", both, ""})
	l := newLogin(t, mock)
	l.query = "?authIndexType=service&authIndexValue=Survives"
	choice := l.reply(l.logIn("jane"), "S3cret!!")
	if !strings.Contains(string(choice.body), `{"type":"ChoiceCallback","output":[{"name":"prompt","value":"?"},{"name":"choices","value":["a","b"]},{"name":"defaultChoice","value":0}],"input":[{"name":"IDToken1","value":0}]}`) {
		t.Errorf("%s", choice.body)
	}
	if got := l.reply(choice, 1); !isLoggedIn(t, got) {
		t.Errorf("%d %s", got.status, got.body)
	}

	// An error in an inner journey has a way of its own where the node says so.
	putJourney(t, mock, "Fails", "", nodeSpec{"AttributePresentDecisionNode", both, `{"identityAttribute":"mail"}`})
	putJourney(t, mock, "Catches", "", nodeSpec{"InnerTreeEvaluatorNode", both + " error>1", `{"tree":"Fails","displayErrorOutcome":true}`},
		nodeSpec{"UsernameCollectorNode", "outcome>success", ""})
	l.query = "?authIndexType=service&authIndexValue=Catches"
	if got := l.logIn("jane"); !isLoggedIn(t, got) {
		t.Errorf("%d %s", got.status, got.body)
	}

	// Nobody inactive logs in, whatever the journey asks.
	patch(t, mock, users+"/"+id, 200, `[{"operation":"replace","field":"/accountStatus","value":"inactive"}]`)
	if got := l.logIn("jane"); got.status != 401 || got.object(t)["message"] != "User Account Inactive" {
		t.Errorf("%d %s", got.status, got.body)
	}
}
