package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const (
	clientsPath = "/am/json/realms/root/realms/alpha/realm-config/agents/OAuth2Client"
	appsPath    = "/openidm/managed/alpha_application"
)

// appTenant keeps the OAuth clients and applications of a realm as a tenant does.
type appTenant struct {
	t       *testing.T
	mu      sync.Mutex
	clients map[string]map[string]any
	apps    map[string]map[string]any
	n       int
	// before and after take the place of an answer, by "METHOD client" or
	// "METHOD app", before or after the request is served.
	before, after map[string]http.HandlerFunc
}

// lost breaks the connection.
func lost(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func startApps(t *testing.T) (*session, *appTenant) {
	tn := &appTenant{t: t, clients: map[string]map[string]any{}, apps: map[string]map[string]any{}, before: map[string]http.HandlerFunc{}, after: map[string]http.HandlerFunc{}}
	handlers := map[string]http.HandlerFunc{"GET " + appsPath: tn.serve("QUERY app", tn.query), "POST " + appsPath: tn.serve("POST app", tn.makeApp)}
	for method, h := range map[string]func(*http.Request) (int, any){"GET": tn.readClient, "PUT": tn.putClient, "DELETE": tn.deleteClient} {
		handlers[method+" "+clientsPath+"/*"] = tn.serve(method+" client", h)
	}
	for method, h := range map[string]func(*http.Request) (int, any){"GET": tn.readApp, "PATCH": tn.patchApp, "DELETE": tn.deleteApp} {
		handlers[method+" "+appsPath+"/*"] = tn.serve(method+" app", h)
	}
	s := start(t, handlers)
	s.settle = func() {
		tn.mu.Lock()
		defer tn.mu.Unlock()
	}
	return s, tn
}

func (tn *appTenant) serve(kind string, h func(*http.Request) (int, any)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		tn.mu.Lock()
		defer tn.mu.Unlock()
		if f := tn.before[kind]; f != nil {
			f(w, r)
			return
		}
		status, doc := h(r)
		if f := tn.after[kind]; f != nil {
			f(w, r)
			return
		}
		data, err := json.Marshal(doc)
		if err != nil {
			tn.t.Error(err)
		}
		answer(status, string(data))(w, r)
	}
}

func refusal(status int, message string) (int, any) {
	return status, map[string]any{"code": status, "reason": http.StatusText(status), "message": message}
}

func lastSegment(r *http.Request) string {
	escaped := r.URL.EscapedPath()
	id, _ := url.PathUnescape(escaped[strings.LastIndex(escaped, "/")+1:])
	return id
}

func (tn *appTenant) readClient(r *http.Request) (int, any) {
	doc := tn.clients[lastSegment(r)]
	if doc == nil {
		return refusal(404, "Not Found")
	}
	doc = maps.Clone(doc)
	core := maps.Clone(doc["coreOAuth2ClientConfig"].(map[string]any))
	delete(core, "userpassword")
	doc["coreOAuth2ClientConfig"] = core
	return 200, doc
}

func (tn *appTenant) putClient(r *http.Request) (int, any) {
	id, now := lastSegment(r), tn.clients[lastSegment(r)]
	if r.Header.Get("Accept-Api-Version") != "protocol=2.1,resource=1.0" {
		tn.t.Errorf("version %q", r.Header.Get("Accept-Api-Version"))
	}
	match := strings.Trim(r.Header.Get("If-Match"), `"`)
	if r.Header.Get("If-None-Match") == "*" && now != nil || match != "" && (now == nil || now["_rev"] != match) {
		return refusal(412, "changed")
	}
	var doc map[string]any
	if err := json.NewDecoder(r.Body).Decode(&doc); err != nil {
		return refusal(400, err.Error())
	}
	for name, section := range doc {
		fields, ok := section.(map[string]any)
		if !ok || strings.HasPrefix(name, "_") {
			return refusal(400, "Invalid attribute specified.")
		}
		for field, v := range fields {
			wrapper, _ := v.(map[string]any)
			if _, wrapped := wrapper["inherited"]; wrapped == (name == "overrideOAuth2ClientConfig" || field == "userpassword") {
				return refusal(400, "bad "+field)
			}
		}
	}
	tn.n++
	doc["_id"], doc["_rev"], doc["_type"] = id, fmt.Sprint(-tn.n), map[string]any{"_id": "OAuth2Client", "name": "OAuth2 Clients", "collection": true}
	tn.clients[id] = doc
	status := 200
	if now == nil {
		status = 201
	}
	return status, doc // the answer holds a secret that came in
}

func (tn *appTenant) deleteClient(r *http.Request) (int, any) {
	doc := tn.clients[lastSegment(r)]
	if doc == nil {
		return refusal(404, "Not Found")
	}
	delete(tn.clients, lastSegment(r))
	return 200, doc
}

func (tn *appTenant) query(r *http.Request) (int, any) {
	filter := r.URL.Query().Get("_queryFilter")
	found := []any{}
	for _, id := range slices.Sorted(maps.Keys(tn.apps)) {
		name, _ := tn.apps[id]["name"].(string)
		literal := `name eq "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
		if filter == "true" || strings.EqualFold(filter, literal) {
			found = append(found, tn.apps[id])
		}
	}
	return 200, map[string]any{"result": found, "resultCount": len(found), "pagedResultsCookie": nil, "totalPagedResultsPolicy": "NONE", "totalPagedResults": -1, "remainingPagedResults": -1}
}

func (tn *appTenant) makeApp(r *http.Request) (int, any) {
	var doc map[string]any
	if err := json.NewDecoder(r.Body).Decode(&doc); err != nil || r.URL.RawQuery != "_action=create" {
		return refusal(400, fmt.Sprint(err))
	}
	tn.n++
	id := fmt.Sprint("app-", tn.n)
	doc["_id"], doc["_rev"] = id, fmt.Sprint("rev-", tn.n)
	tn.apps[id] = doc
	return 201, doc
}

func (tn *appTenant) readApp(r *http.Request) (int, any) {
	if doc := tn.apps[lastSegment(r)]; doc != nil {
		return 200, doc
	}
	return refusal(404, "Not Found")
}

func (tn *appTenant) patchApp(r *http.Request) (int, any) {
	doc := tn.apps[lastSegment(r)]
	if doc["_rev"] != strings.Trim(r.Header.Get("If-Match"), `"`) {
		return refusal(412, "changed")
	}
	var ops []struct {
		Operation, Field string
		Value            any
	}
	if err := json.NewDecoder(r.Body).Decode(&ops); err != nil {
		return refusal(400, err.Error())
	}
	tn.n++
	doc["_rev"] = fmt.Sprint("rev-", tn.n)
	for _, o := range ops {
		if o.Operation == "remove" {
			delete(doc, o.Field[1:])
		} else {
			doc[o.Field[1:]] = o.Value
		}
	}
	return 200, doc
}

func (tn *appTenant) deleteApp(r *http.Request) (int, any) {
	doc := tn.apps[lastSegment(r)]
	if doc == nil {
		return refusal(404, "Not Found")
	}
	delete(tn.apps, lastSegment(r))
	return 200, doc
}

// asked lists what was asked from the nth request on: method and half.
func (s *session) asked(n int) (list []string, total int) {
	requests, total := s.since(n)
	for _, r := range requests {
		method, path, _ := strings.Cut(r.line, " ")
		half := "app"
		if strings.HasPrefix(path, clientsPath) {
			half = "client"
		}
		list = append(list, method+" "+half)
	}
	return list, total
}

func (s *session) expect(n int, want ...string) int {
	s.t.Helper()
	got, total := s.asked(n)
	if !slices.Equal(got, want) {
		s.t.Errorf("asked %v, want %v", got, want)
	}
	return total
}

// attempt calls a tool whose answer may have no ID of the tenant's.
func (s *session) attempt(name, arguments string) map[string]any {
	s.t.Helper()
	doc, shown := s.call(name, arguments)
	if doc["error"] != nil {
		s.t.Errorf("%s: %s", name, shown)
	}
	return doc
}

const (
	newApp = `{"realm":"alpha","name":"My \"App\"","clientId":"my/client","owners":[{"_ref":"managed/alpha_user/u1"}],"oauth2Client":{
		"coreOAuth2ClientConfig":{"redirectionUris":["https://example.com/cb"],"userpassword":{"inherited":false,"value":"S3cret-Word"},"clientType":{"inherited":false,"value":"Confidential"}},
		"advancedOAuth2ClientConfig":{"tokenEndpointAuthMethod":"client_secret_basic","grantTypes":["authorization_code"]},
		"overrideOAuth2ClientConfig":{"providerOverridesEnabled":false,"scopesPolicySet":{"inherited":false,"value":"oauth2Scopes"}}}}`
	plainApp  = `{"realm":"alpha","name":"Plain","clientId":"plain","owners":[{"_ref":"managed/alpha_user/u1"}]}`
	thePlain  = `{"realm":"alpha","name":"Plain"}`
	theOrphan = `{"realm":"alpha","name":"Plain","clientId":"plain"}`
)

func TestAnApplicationIsCreatedReadChangedAndDeleted(t *testing.T) {
	s, tn := startApps(t)
	made, shown := s.ok("createOidcApp", newApp)
	asked, n := s.asked(0)
	slices.Sort(asked[:2])
	if fmt.Sprint(asked) != "[GET app GET client PUT client POST app]" {
		t.Errorf("asked %v", asked)
	}
	stored := tn.clients["my/client"]
	for path, want := range map[string]string{
		"coreOAuth2ClientConfig.userpassword":                `"S3cret-Word"`,
		"coreOAuth2ClientConfig.clientName":                  `{"inherited":false,"value":["My \"App\""]}`,
		"coreOAuth2ClientConfig.scopes":                      `{"inherited":false,"value":["openid"]}`,
		"coreOAuth2ClientConfig.redirectionUris":             `{"inherited":false,"value":["https://example.com/cb"]}`,
		"coreOAuth2ClientConfig.clientType":                  `{"inherited":false,"value":"Confidential"}`,
		"signEncOAuth2ClientConfig.idTokenSignedResponseAlg": `{"inherited":false,"value":"RS256"}`,
		"overrideOAuth2ClientConfig.scopesPolicySet":         `"oauth2Scopes"`,
		"advancedOAuth2ClientConfig.tokenEndpointAuthMethod": `{"inherited":false,"value":"client_secret_basic"}`,
	} {
		section, field, _ := strings.Cut(path, ".")
		if got := text(t, at(stored, section, field)); got != want {
			t.Errorf("%s is %s", path, got)
		}
	}
	app := tn.apps[fmt.Sprint(at(made, "managedApplication", "_id"))]
	if text(t, app["owners"]) != `[{"_ref":"managed/alpha_user/u1"}]` || text(t, app["ssoEntities"]) != `{"oidcId":"my/client"}` || app["name"] != `My "App"` {
		t.Errorf("application %v", app)
	}
	if made["clientId"] != "my/client" || strings.Contains(shown, "S3cret") || strings.Contains(shown, "userpassword") || strings.Contains(shown, "redacted") || at(made, "oauth2Client", "advancedOAuth2ClientConfig", "tokenEndpointAuthMethod") != "client_secret_basic" {
		t.Errorf("made %s", shown)
	}

	const named = `"realm":"alpha","name":"My \"App\""`
	stored["coreOAuth2ClientConfig"].(map[string]any)["softwareVersion"] = map[string]any{"inherited": false}
	stored["advancedOAuth2ClientConfig"].(map[string]any)["updateAccessToken"] = map[string]any{"inherited": false, "value": "hush-hush"}
	stored["coreOpenIDClientConfig"] = map[string]any{"claims": map[string]any{"inherited": true, "value": []any{"a"}}}
	got, shown := s.ok("getOidcApp", `{`+named+`}`)
	n = s.expect(n, "GET app", "GET client")
	if strings.Contains(shown, "hush") || strings.Contains(shown, "S3cret") || strings.Contains(shown, "softwareVersion") || fmt.Sprint(got["inherited"]) != "[coreOpenIDClientConfig.claims]" || at(got, "oauth2Client", "coreOpenIDClientConfig", "claims").([]any)[0] != "a" {
		t.Errorf("got %s", shown)
	}

	// What is not named stays, a token that is not shown too.
	s.ok("updateOidcApp", `{`+named+`,"oauth2Client":{"coreOAuth2ClientConfig":{"redirectionUris":["https://example.com/other"],"status":{"inherited":false,"value":"Inactive"},"scopes":null},"overrideOAuth2ClientConfig":{"providerOverridesEnabled":true}}}`)
	requests, _ := s.since(n)
	n = s.expect(n, "GET app", "GET client", "PUT client")
	body := object(t, requests[2].body)
	if requests[2].ifMatch != fmt.Sprintf("%q", stored["_rev"]) || body["_id"] != nil || body["_rev"] != nil || body["_type"] != nil {
		t.Errorf("sent %v", requests[2])
	}
	for path, want := range map[string]string{
		"coreOAuth2ClientConfig.redirectionUris":              `{"inherited":false,"value":["https://example.com/other"]}`,
		"coreOAuth2ClientConfig.status":                       `{"inherited":false,"value":"Inactive"}`,
		"coreOAuth2ClientConfig.scopes":                       `{"inherited":false}`,
		"coreOAuth2ClientConfig.clientName":                   `{"inherited":false,"value":["My \"App\""]}`,
		"coreOAuth2ClientConfig.softwareVersion":              `{"inherited":false}`,
		"coreOAuth2ClientConfig.userpassword":                 `null`,
		"advancedOAuth2ClientConfig.updateAccessToken":        `{"inherited":false,"value":"hush-hush"}`,
		"coreOpenIDClientConfig.claims":                       `{"inherited":true,"value":["a"]}`,
		"overrideOAuth2ClientConfig.providerOverridesEnabled": `true`,
		"overrideOAuth2ClientConfig.scopesPolicySet":          `"oauth2Scopes"`,
	} {
		section, field, _ := strings.Cut(path, ".")
		if got := text(t, at(body, section, field)); got != want {
			t.Errorf("%s is %s", path, got)
		}
	}
	if _, sent := body["coreOAuth2ClientConfig"].(map[string]any)["userpassword"]; sent {
		t.Error("a secret that was not given is sent")
	}
	// The same again changes nothing, and is not sent.
	s.ok("updateOidcApp", `{`+named+`,"oauth2Client":{"coreOAuth2ClientConfig":{"status":"Inactive"}}}`)
	n = s.expect(n, "GET app", "GET client")

	both := `{` + named + `,"oauth2Client":{"coreOAuth2ClientConfig":{"status":"Active"}},"managedApplication":{"_rev":%q,"operations":[{"operation":"replace","field":"/description","value":"New"}]}}`
	changed, _ := s.ok("updateOidcApp", fmt.Sprintf(both, app["_rev"]))
	n = s.expect(n, "GET app", "GET client", "PATCH app", "PUT client")
	if at(changed, "managedApplication", "description") != "New" || at(changed, "oauth2Client", "coreOAuth2ClientConfig", "status") != "Active" {
		t.Errorf("changed %v", changed)
	}
	if e := s.fails("updateOidcApp", fmt.Sprintf(both, "rev-0"), "is not the current one", "getOidcApp"); e["parameter"] != "managedApplication._rev" {
		t.Errorf("error is %v", e)
	}
	n = s.expect(n, "GET app")

	list, _ := s.ok("listOidcApps", `{"realm":"alpha"}`)
	if text(t, list["applications"]) != `[{"clientId":"my/client","description":"New","id":"`+fmt.Sprint(app["_id"])+`","name":"My \"App\"","templateName":"custom"}]` {
		t.Errorf("list %v", list)
	}
	n = s.expect(n, "GET app")
	done, _ := s.ok("deleteOidcApp", `{`+named+`}`)
	s.expect(n, "GET app", "DELETE client", "DELETE app")
	if done["oauth2Client"] != "deleted" || done["managedApplication"] != "deleted" || len(tn.apps)+len(tn.clients) != 0 {
		t.Errorf("done %v, left %v %v", done, tn.apps, tn.clients)
	}
	s.fails("deleteOidcApp", `{`+named+`}`, "no application with that name", "listOidcApps", "clientId")
}

func TestWhatIsTakenIsNotCreated(t *testing.T) {
	s, tn := startApps(t)
	s.ok("createOidcApp", plainApp)
	_, n := s.since(0)
	for _, tc := range []struct{ name, clientID, parameter string }{{"plain", "other", "name"}, {"Other", "plain", "clientId"}} {
		e := s.fails("createOidcApp", fmt.Sprintf(`{"realm":"alpha","name":%q,"clientId":%q,"owners":[{"_ref":"managed/alpha_user/u"}]}`, tc.name, tc.clientID), "already", "Nothing was changed")
		if e["parameter"] != tc.parameter {
			t.Errorf("error is %v", e)
		}
	}
	requests, n := s.since(n)
	for _, r := range requests {
		if !strings.HasPrefix(r.line, "GET ") {
			t.Errorf("asked %v", r)
		}
	}
	for arguments, want := range map[string]string{
		`"owners":[{"_ref":"managed/bravo_user/u"}]`:   "owners[0]._ref is no user of the realm",
		`"owners":[{"_ref":"managed/alpha_user/.."}]`:  "owners[0]._ref must refer to a user",
		`"owners":[{"_ref":"managed/alpha_user/a/b"}]`: "owners[0]._ref must refer to a user",
		`"owners":[]`: "at least 1",
		`"owners":[{"_ref":"managed/alpha_user/u"}],"oauth2Client":{"core":{}}`:                      `"core", which is no section`,
		`"owners":[{"_ref":"managed/alpha_user/u"}],"oauth2Client":{"_rev":{}}`:                      `"_rev", which is no section`,
		`"owners":[{"_ref":"managed/alpha_user/u"}],"oauth2Client":{"coreOAuth2ClientConfig":["x"]}`: "must be an object of fields",
	} {
		s.fails("createOidcApp", `{"realm":"alpha","name":"Other","clientId":"other",`+arguments+`}`, want)
	}
	s.fails("createOidcApp", `{"realm":"alpha","name":"Other","clientId":"..","owners":[{"_ref":"managed/alpha_user/u"}]}`, "clientId must not be blank")
	s.expect(n)
	if len(tn.apps) != 1 || len(tn.clients) != 1 {
		t.Errorf("left %v %v", tn.apps, tn.clients)
	}
}

func TestTheFirstHalfIsTakenBack(t *testing.T) {
	s, tn := startApps(t)
	tn.before["POST app"] = answer(403, `{"code":403,"reason":"Forbidden","message":"Policy validation failed","detail":{"result":false,"failedPolicyRequirements":[]}}`)
	s.fails("createOidcApp", plainApp, "403", "Policy validation failed", "taken back", "owners")
	if len(tn.clients) != 0 {
		t.Errorf("left %v", tn.clients)
	}
	tn.before["DELETE client"] = answer(500, `{"code":500,"reason":"Internal Server Error","message":"x"}`)
	s.fails("createOidcApp", plainApp, "403", `"plain" was made first and could not be taken back`, "deleteOidcApp")
	if len(tn.clients) != 1 {
		t.Errorf("left %v", tn.clients)
	}
	delete(tn.before, "DELETE client")
	done, _ := s.ok("deleteOidcApp", theOrphan)
	if done["oauth2Client"] != "deleted" || done["managedApplication"] != "already gone" || len(tn.clients) != 0 {
		t.Errorf("done %v", done)
	}
	// A secret that the tenant repeats is not told.
	tn.before["PUT client"] = answer(400, `{"code":400,"reason":"Bad Request","message":"S3cret-Word is too short for client_secret_basic"}`)
	e := s.fails("createOidcApp", newApp, "400", "client_secret_basic", "getOidcAppSchema")
	if strings.Contains(fmt.Sprint(e), "S3cret") {
		t.Errorf("error is %v", e)
	}
}

func TestWritesOfApplicationsWhoseAnswersAreLost(t *testing.T) {
	s, tn := startApps(t)
	n := 0
	skip := func() { _, n = s.since(0) }
	tn.after["PUT client"], tn.after["POST app"] = lost, lost
	made := s.attempt("createOidcApp", plainApp)
	asked, total := s.asked(n)
	if n = total; fmt.Sprint(asked[2:]) != "[PUT client GET client POST app GET app]" || at(made, "managedApplication", "name") != "Plain" || made["clientId"] != "plain" {
		t.Errorf("asked %v, made %v", asked, made)
	}
	s.attempt("updateOidcApp", `{"realm":"alpha","name":"Plain","oauth2Client":{"coreOAuth2ClientConfig":{"status":"Inactive"}}}`)
	n = s.expect(n, "GET app", "GET client", "PUT client", "GET client")
	// Whether a secret was written cannot be seen.
	s.fails("updateOidcApp", `{"realm":"alpha","name":"Plain","oauth2Client":{"coreOAuth2ClientConfig":{"userpassword":"S3cret-Word"}}}`, "not known whether")
	n = s.expect(n, "GET app", "GET client", "PUT client")
	tn.after["DELETE client"], tn.after["DELETE app"] = lost, lost
	s.attempt("deleteOidcApp", thePlain)
	n = s.expect(n, "GET app", "DELETE client", "GET client", "DELETE app", "GET app")
	if len(tn.apps)+len(tn.clients) != 0 {
		t.Errorf("left %v %v", tn.apps, tn.clients)
	}

	clear(tn.after)
	tn.before["PUT client"] = lost
	s.fails("createOidcApp", plainApp, "not known whether", "deleteOidcApp")
	skip()
	delete(tn.before, "PUT client")
	tn.before["POST app"] = lost
	s.fails("createOidcApp", plainApp, "taken back")
	if len(tn.clients) != 0 {
		t.Errorf("left %v", tn.clients)
	}
	tn.before["POST app"] = func(w http.ResponseWriter, r *http.Request) {
		tn.before["QUERY app"] = answer(503, "")
		lost(w, r)
	}
	s.fails("createOidcApp", plainApp, "not known whether the managed object was made", "deleteOidcApp")
	if len(tn.clients) != 1 {
		t.Errorf("left %v", tn.clients)
	}
	clear(tn.before)
	s.ok("deleteOidcApp", theOrphan)

	s.ok("createOidcApp", plainApp)
	skip()
	tn.before["PUT client"] = lost
	e := s.fails("updateOidcApp", `{"realm":"alpha","name":"Plain","oauth2Client":{"coreOAuth2ClientConfig":{"status":"Inactive"}}}`, "not known whether", "getOidcApp")
	n = s.expect(n, "GET app", "GET client", "PUT client", "GET client")
	if e["retryable"] != false {
		t.Errorf("error is %v", e)
	}
	tn.before["DELETE client"] = lost
	s.fails("deleteOidcApp", thePlain, "not known whether the OAuth client was deleted", "again for the rest")
	n = s.expect(n, "GET app", "DELETE client", "GET client")
	delete(tn.before, "DELETE client")
	tn.before["DELETE app"] = answer(500, `{"code":500,"reason":"Internal Server Error","message":"x"}`)
	s.fails("deleteOidcApp", thePlain, "500", "OAuth client is deleted", "again for the rest")
	n = s.expect(n, "GET app", "DELETE client", "DELETE app", "GET app")
	clear(tn.before)
	if done, _ := s.ok("deleteOidcApp", thePlain); done["oauth2Client"] != "already gone" || done["managedApplication"] != "deleted" {
		t.Errorf("done %v", done)
	}
	s.expect(n, "GET app", "DELETE client", "DELETE app")
}

// A call that is cancelled while a half is made takes back what it has made.
func TestACancelledCreateLeavesNothing(t *testing.T) {
	for _, during := range []string{"PUT client", "POST app"} {
		s, tn := startApps(t)
		ctx, cancel := context.WithCancel(t.Context())
		back := make(chan struct{})
		hang := func(_ http.ResponseWriter, r *http.Request) {
			cancel()
			<-r.Context().Done()
		}
		if during == "PUT client" {
			tn.after[during] = hang
		} else {
			tn.before[during] = hang
		}
		tn.after["DELETE client"] = func(w http.ResponseWriter, r *http.Request) {
			answer(200, `{"_id":"plain"}`)(w, r)
			close(back)
		}
		if res, err := s.CallTool(ctx, &mcp.CallToolParams{Name: "createOidcApp", Arguments: json.RawMessage(plainApp)}); err == nil && !res.IsError {
			t.Error("a cancelled call succeeds")
		}
		select {
		case <-back:
		case <-time.After(20 * time.Second):
			t.Fatalf("%s: nothing is taken back", during)
		}
		s.settle()
		if len(tn.clients)+len(tn.apps) != 0 {
			t.Errorf("%s: left %v %v", during, tn.clients, tn.apps)
		}
	}
}

func TestChangesThatCollide(t *testing.T) {
	s, tn := startApps(t)
	s.ok("createOidcApp", plainApp)
	tn.before["PUT client"] = answer(412, `{"code":412,"reason":"Precondition Failed","message":"changed"}`)
	change := `"oauth2Client":{"coreOAuth2ClientConfig":{"status":"Inactive"}}`
	s.fails("updateOidcApp", `{"realm":"alpha","name":"Plain",`+change+`}`, "412", "at the same time", "getOidcApp")
	rev := tn.apps["app-2"]["_rev"]
	patch := fmt.Sprintf(`"managedApplication":{"_rev":%q,"operations":[{"operation":"replace","field":"description","value":"x"}]}`, rev)
	s.fails("updateOidcApp", `{"realm":"alpha","name":"Plain",`+change+`,`+patch+`}`, "412", "was changed already", "oauth2Client alone")
	tn.before["PATCH app"] = answer(412, `{"code":412,"reason":"Precondition Failed","message":"changed"}`)
	rev = tn.apps["app-2"]["_rev"]
	patch = fmt.Sprintf(`"managedApplication":{"_rev":%q,"operations":[{"operation":"replace","field":"description","value":"x"}]}`, rev)
	_, n := s.since(0)
	s.fails("updateOidcApp", `{"realm":"alpha","name":"Plain",`+change+`,`+patch+`}`, "412", "Nothing was changed")
	n = s.expect(n, "GET app", "GET client", "PATCH app")
	for arguments, want := range map[string]string{
		``:                   "must say what shall change",
		`,"oauth2Client":{}`: "must say what shall change",
		`,"managedApplication":{"_rev":"1","operations":[{"operation":"replace","field":"/ssoEntities/oidcId","value":"x"}]}`: "ties the two halves",
		`,"managedApplication":{"_rev":"1","operations":[{"operation":"replace","field":"%73soEntities","value":{}}]}`:        "ties the two halves",
		`,"managedApplication":{"_rev":"1","operations":[{"operation":"remove","field":"/_id"}]}`:                             "ties the two halves",
		`,"managedApplication":{"_rev":"1","operations":[{"operation":"add","field":"/url"}]}`:                                "value is required for add",
		`,"managedApplication":{"_rev":"1","operations":[{"operation":"move","field":"/url"}]}`:                               "must be one of add, remove, replace",
		`,"managedApplication":{"_rev":"1","operations":[{"operation":"remove","field":"/"}]}`:                                "must name a field",
		`,"managedApplication":{"_rev":"a\nb","operations":[{"operation":"remove","field":"/url"}]}`:                          "must be a _rev",
	} {
		s.fails("updateOidcApp", `{"realm":"alpha","name":"Plain"`+arguments+`}`, want)
	}
	s.expect(n)
}

func TestOneNameForManyApplications(t *testing.T) {
	s, tn := startApps(t)
	tn.apps["1"] = map[string]any{"_id": "1", "_rev": "r", "name": "Twin", "ssoEntities": map[string]any{"oidcId": "a"}}
	tn.apps["2"] = map[string]any{"_id": "2", "_rev": "r", "name": "Twin", "ssoEntities": map[string]any{"oidcId": "b"}}
	tn.apps["3"] = map[string]any{"_id": "3", "_rev": "r", "name": "Bookmark", "ssoEntities": map[string]any{}}
	tn.apps["4"] = map[string]any{"_id": "4", "_rev": "r", "name": "Broken", "ssoEntities": map[string]any{"oidcId": "gone"}}
	tn.clients["a"] = map[string]any{"_id": "a", "_rev": "1", "coreOAuth2ClientConfig": map[string]any{}}
	s.fails("deleteOidcApp", `{"realm":"alpha","name":"Twin"}`, "2 applications have that name", `"1", "2"`)
	s.fails("getOidcApp", `{"realm":"alpha","name":"bookmark"}`, "Capitals count", `"Bookmark"`)
	if doc, _ := s.ok("getOidcApp", `{"realm":"alpha","name":"Bookmark"}`); !strings.Contains(fmt.Sprint(doc["note"]), "no OIDC application") {
		t.Errorf("got %v", doc)
	}
	if doc, _ := s.ok("getOidcApp", `{"realm":"alpha","name":"Broken"}`); !strings.Contains(fmt.Sprint(doc["note"]), "gone") || doc["clientId"] != "gone" {
		t.Errorf("got %v", doc)
	}
	s.fails("updateOidcApp", `{"realm":"alpha","name":"Broken","oauth2Client":{"coreOAuth2ClientConfig":{"status":"Active"}}}`, "404", "create it anew")
	s.fails("updateOidcApp", `{"realm":"alpha","name":"Bookmark","oauth2Client":{"coreOAuth2ClientConfig":{"status":"Active"}}}`, "without an OAuth client")
	s.fails("deleteOidcApp", `{"realm":"alpha","name":"Bookmark"}`, "without an OAuth client", "deleteManagedObject")
	s.fails("deleteOidcApp", `{"realm":"alpha","name":"Broken","clientId":"a"}`, "is not that of the application")
	// The client of another application is no orphan.
	s.fails("deleteOidcApp", `{"realm":"alpha","name":"Nope","clientId":"a"}`, "of another application", `"Twin"`)
	if len(tn.apps) != 4 || len(tn.clients) != 1 {
		t.Errorf("left %v %v", tn.apps, tn.clients)
	}
	list, _ := s.ok("listOidcApps", `{"realm":"alpha"}`)
	if list["resultCount"] != 3.0 || list["otherApplications"] != 1.0 {
		t.Errorf("list %v", list)
	}
	tn.before["QUERY app"] = answer(400, `{"code":400,"reason":"Bad Request","message":"x"}`)
	if e := s.fails("listOidcApps", `{"realm":"alpha","queryFilter":"name ne 1"}`, "400", "eq co sw"); e["parameter"] != "queryFilter" {
		t.Errorf("error is %v", e)
	}
	if e := s.fails("listOidcApps", `{"realm":"alpha","queryFilter":"name ne 1","pagedResultsCookie":"c"}`, "400"); e["parameter"] != "pagedResultsCookie" {
		t.Errorf("error is %v", e)
	}
	tn.before["QUERY app"] = answer(200, `{"result":["x"]}`)
	s.fails("getOidcApp", `{"realm":"alpha","name":"x"}`, "no object")
}

// An ID or a name that means something in a path or a filter is that of one
// client and one application.
func TestNamesAndClientIDsAreTakenAsTheyAre(t *testing.T) {
	s, tn := startApps(t)
	s.ok("createOidcApp", plainApp)
	for _, attack := range attacks {
		arguments, err := json.Marshal(map[string]any{"realm": "alpha", "name": attack, "clientId": attack, "owners": []any{map[string]any{"_ref": "managed/alpha_user/u"}}})
		if err != nil {
			t.Fatal(err)
		}
		made, _ := s.call("createOidcApp", string(arguments))
		if made["error"] != nil {
			if len(tn.clients)+len(tn.apps) != 2 {
				t.Fatalf("%.60q: %v, left %v %v", attack, made["error"], tn.clients, tn.apps)
			}
			continue
		}
		if len(tn.clients) != 2 || len(tn.apps) != 2 || tn.clients[attack] == nil {
			t.Fatalf("%.60q: %v %v", attack, tn.clients, tn.apps)
		}
		name, err := json.Marshal(map[string]any{"realm": "alpha", "name": attack})
		if err != nil {
			t.Fatal(err)
		}
		if read, _ := s.ok("getOidcApp", string(name)); read["clientId"] != attack || at(read, "managedApplication", "name") != attack {
			t.Errorf("%.60q: %v", attack, read)
		}
		// Without its application the client is found by its ID.
		maps.DeleteFunc(tn.apps, func(_ string, app map[string]any) bool { return app["name"] == attack })
		orphan, err := json.Marshal(map[string]any{"realm": "alpha", "name": attack, "clientId": attack})
		if err != nil {
			t.Fatal(err)
		}
		if s.ok("deleteOidcApp", string(orphan)); len(tn.clients) != 1 || tn.clients["plain"] == nil {
			t.Fatalf("%.60q: left %v", attack, tn.clients)
		}
	}
}

func TestManyApplicationsAreCut(t *testing.T) {
	s, tn := startApps(t)
	for i := range 250 {
		id := fmt.Sprint(i)
		tn.apps[id] = map[string]any{"_id": id, "name": "app " + id, "description": strings.Repeat("x", 500), "ssoEntities": map[string]any{"oidcId": id}}
	}
	doc, shown := s.ok("listOidcApps", `{"realm":"alpha","pageSize":250}`)
	if n := len(doc["applications"].([]any)); n < 50 || n > 130 || len(shown) > 64<<10 || doc["resultCount"] != float64(n) || doc["notice"] == nil {
		t.Errorf("%d applications, notice %v", n, doc["notice"])
	}
	s.fails("listOidcApps", `{"realm":"alpha","pageSize":251}`, "at most 250")
}

func TestKeysThatAreSecretAreNotShown(t *testing.T) {
	s, tn := startApps(t)
	s.ok("createOidcApp", plainApp)
	signing := tn.clients["plain"]["signEncOAuth2ClientConfig"].(map[string]any)
	for keys, secret := range map[string]bool{
		`{"keys":[{"kty":"RSA","n":"hush","e":"AQAB"}]}`:            false,
		`{"keys":[{"kty":"RSA","n":"x"},{"kty":"oct","k":"hush"}]}`: true,
		`{"kty":"EC","d":"hush"}`:                                   true,
		`no "keys" hush`:                                            false,
	} {
		signing["jwkSet"] = map[string]any{"inherited": false, "value": keys}
		doc, shown := s.ok("getOidcApp", thePlain)
		if strings.Contains(shown, "hush") == secret {
			t.Errorf("%s: %s", keys, shown)
		}
		if shown := at(doc, "oauth2Client", "signEncOAuth2ClientConfig", "jwkSet"); secret {
			s.fails("updateOidcApp", fmt.Sprintf(`{"realm":"alpha","name":"Plain","oauth2Client":{"signEncOAuth2ClientConfig":{"jwkSet":%q}}}`, shown), "not shown")
			s.ok("updateOidcApp", `{"realm":"alpha","name":"Plain","oauth2Client":{"coreOAuth2ClientConfig":{"scopes":["`+fmt.Sprint(len(keys))+`"]}}}`)
			signing = tn.clients["plain"]["signEncOAuth2ClientConfig"].(map[string]any)
			if text(t, at(signing, "jwkSet", "value")) != text(t, keys) {
				t.Errorf("stored %v", signing["jwkSet"])
			}
		}
	}
}

func TestTheSchemaOfApplications(t *testing.T) {
	amSchema := `{"type":"object","properties":{
		"coreOAuth2ClientConfig":{"type":"object","title":"Core","properties":{
			"status":{"title":"Status","description":"Long","propertyOrder":1,"type":"object","properties":{"inherited":{"type":"boolean","required":true},"value":{"type":"string","enum":["Active","Inactive"],"required":false}}},
			"scopes":{"title":"Scopes","type":"object","properties":{"inherited":{"type":"boolean"},"value":{"type":"array","items":{"type":"string"}}}}}},
		"overrideOAuth2ClientConfig":{"type":"object","properties":{"scopesPolicySet":{"title":"Policy Set","description":"Long","type":"string"}}}}}`
	handlers := map[string]http.HandlerFunc{
		"GET /openidm/schema/managed/alpha_application": answer(200, `{"properties":{"name":{"type":"string","title":"Name","viewable":true},"owners":{"type":"array","items":{"type":"relationship"}}},"required":["name"],"resourceCollection":"managed/alpha_application"}`),
		"POST " + clientsPath: func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.RawQuery {
			case "_action=schema":
				answer(200, amSchema)(w, r)
			case "_action=template":
				answer(200, `{"coreOAuth2ClientConfig":{"status":{"inherited":false,"value":"Active"},"userpassword":"hush","scopes":[]},"overrideOAuth2ClientConfig":{"scopesPolicySet":"oauth2Scopes","x":null}}`)(w, r)
			default:
				answer(400, `{}`)(w, r)
			}
		},
		"POST /am/json/realms/root/realms/bravo/realm-config/agents/OAuth2Client": answer(200, `{}`),
		"GET /openidm/schema/managed/bravo_application":                           answer(200, `{}`),
	}
	s := start(t, handlers)
	doc, shown := s.ok("getOidcAppSchema", `{"realm":"alpha"}`)
	for _, want := range []string{
		`"status":{"title":"Status","type":"string","values":["Active","Inactive"]}`, `"scopes":{"elements":"string","title":"Scopes","type":"array"}`,
		`"scopesPolicySet":{"title":"Policy Set","type":"string"}`, `"name":{"title":"Name","type":"string"}`, `"requiredOfApplication":["name"]`,
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("%s is not in %s", want, shown)
		}
	}
	if doc["defaults"] != nil {
		t.Errorf("defaults %v", doc["defaults"])
	}
	s.last(2)
	doc, shown = s.ok("getOidcAppSchema", `{"realm":"alpha","summary":false,"sections":["coreOAuth2ClientConfig"],"includeDefaults":true}`)
	if text(t, doc["defaults"]) != `{"coreOAuth2ClientConfig":{"scopes":[],"status":"Active"}}` || !strings.Contains(shown, `"propertyOrder":1`) || strings.Contains(shown, "overrideOAuth2ClientConfig") || !strings.Contains(shown, "viewable") {
		t.Errorf("text is %s", shown)
	}
	s.last(5)
	s.fails("getOidcAppSchema", `{"realm":"alpha","sections":["core"]}`, "sections[0] must be one of")
	s.fails("getOidcAppSchema", `{"realm":"bravo"}`, "is no schema")
}
