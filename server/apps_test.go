package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"aicmcp/mockaic"
)

const (
	clientsPath = "/am/json/realms/root/realms/alpha/realm-config/agents/OAuth2Client"
	appsPath    = "/openidm/managed/alpha_application"
)

// frontedTenant is a tenant of which answers can be lost or replaced.
type frontedTenant struct {
	*mockaic.Tenant
	t  *testing.T
	mu sync.Mutex
	// before and after take the place of an answer, by its kind ("PUT client"),
	// before or after the request is served.
	before, after map[string]http.HandlerFunc
}

// lost breaks the connection.
func lost(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// startFronted takes the kinds of answers by "METHOD path".
func startFronted(t *testing.T, kinds map[string]string) (*session, *frontedTenant) {
	mock, err := mockaic.New(mockaic.DevToken(bearer), mockaic.Chance(7))
	if err != nil {
		t.Fatal(err)
	}
	tn := &frontedTenant{Tenant: mock, t: t, before: map[string]http.HandlerFunc{}, after: map[string]http.HandlerFunc{}}
	handlers := map[string]http.HandlerFunc{}
	for line, kind := range kinds {
		handlers[line] = tn.serve(kind)
	}
	s := start(t, handlers)
	s.settle = func() {
		tn.mu.Lock()
		defer tn.mu.Unlock()
	}
	return s, tn
}

func (tn *frontedTenant) serve(kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		tn.mu.Lock()
		defer tn.mu.Unlock()
		if f := tn.before[kind]; f != nil {
			f(w, r)
			return
		}
		forwarded := httptest.NewRecorder()
		tn.ServeHTTP(forwarded, r)
		if f := tn.after[kind]; f != nil {
			f(w, r)
			return
		}
		answer(forwarded.Code, forwarded.Body.String())(w, r)
	}
}

func startApps(t *testing.T) (*session, *frontedTenant) {
	s, tn := startFronted(t, map[string]string{
		"GET " + appsPath: "QUERY app", "POST " + appsPath: "POST app",
		"GET " + appsPath + "/*": "GET app", "PATCH " + appsPath + "/*": "PATCH app", "DELETE " + appsPath + "/*": "DELETE app",
		"GET " + clientsPath + "/*": "GET client", "PUT " + clientsPath + "/*": "PUT client", "DELETE " + clientsPath + "/*": "DELETE client",
	})
	removeApps(t, tn.Tenant)
	direct(t, tn.Tenant, "PUT", "/openidm/managed/alpha_user/u1", `{"userName":"u1","givenName":"U","sn":"1","mail":"u1@example.com"}`)
	return s, tn
}

// client is an OAuth client as the tenant has it, nil if it has none.
func (tn *frontedTenant) client(id string) map[string]any {
	tn.t.Helper()
	return direct(tn.t, tn.Tenant, "GET", clientsPath+"/"+url.PathEscape(id), "")
}

func (tn *frontedTenant) putClient(id, body string) {
	tn.t.Helper()
	direct(tn.t, tn.Tenant, "PUT", clientsPath+"/"+url.PathEscape(id), body)
}

// change writes one value of an OAuth client.
func (tn *frontedTenant) change(id, section, field string, value any) {
	tn.t.Helper()
	doc := tn.client(id)
	for _, name := range []string{"_id", "_rev", "_type"} {
		delete(doc, name)
	}
	if doc[section] == nil {
		doc[section] = map[string]any{}
	}
	doc[section].(map[string]any)[field] = value
	tn.putClient(id, text(tn.t, doc))
}

// app is the application of that name, nil if there is none.
func (tn *frontedTenant) app(name string) map[string]any {
	tn.t.Helper()
	for _, e := range tn.all(appsPath) {
		if at(e, "name") == name {
			return e.(map[string]any)
		}
	}
	return nil
}

func (tn *frontedTenant) putApp(id, name, clientID string) {
	tn.t.Helper()
	entities := map[string]any{}
	if clientID != "" {
		entities["oidcId"] = clientID
	}
	body := text(tn.t, map[string]any{"name": name, "templateName": "custom", "templateVersion": "1.0", "ssoEntities": entities})
	direct(tn.t, tn.Tenant, "PUT", appsPath+"/"+id, body)
}

func (tn *frontedTenant) all(path string) []any {
	tn.t.Helper()
	return direct(tn.t, tn.Tenant, "GET", path+"?_queryFilter=true&_fields=*,owners", "")["result"].([]any)
}

// left reports an error unless the tenant has this many of both halves.
func (tn *frontedTenant) left(clients, apps int) {
	tn.t.Helper()
	if c, a := tn.all(clientsPath), tn.all(appsPath); len(c) != clients || len(a) != apps {
		tn.t.Errorf("left are %d clients and %d applications, want %d and %d: %v %v", len(c), len(a), clients, apps, c, a)
	}
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
	requests, _ := s.since(2)
	if got := at(object(t, requests[0].body), "coreOAuth2ClientConfig", "userpassword"); got != "S3cret-Word" {
		t.Errorf("the secret is sent as %v", got)
	}
	stored := tn.client("my/client")
	for path, want := range map[string]string{
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
	app := tn.app(`My "App"`)
	if owners := app["owners"].([]any); len(owners) != 1 || at(owners[0], "_ref") != "managed/alpha_user/u1" || text(t, app["ssoEntities"]) != `{"oidcId":"my/client"}` || app["_id"] != at(made, "managedApplication", "_id") {
		t.Errorf("application %v", app)
	}
	if made["clientId"] != "my/client" || strings.Contains(shown, "S3cret") || strings.Contains(shown, "userpassword") || strings.Contains(shown, "redacted") || at(made, "oauth2Client", "advancedOAuth2ClientConfig", "tokenEndpointAuthMethod") != "client_secret_basic" {
		t.Errorf("made %s", shown)
	}

	const named = `"realm":"alpha","name":"My \"App\""`
	tn.change("my/client", "advancedOAuth2ClientConfig", "updateAccessToken", map[string]any{"inherited": false, "value": "hush-hush"})
	tn.change("my/client", "coreOpenIDClientConfig", "claims", map[string]any{"inherited": true, "value": []any{"a"}})
	stored = tn.client("my/client")
	got, shown := s.ok("getOidcApp", `{`+named+`}`)
	n = s.expect(n, "GET app", "GET client")
	if strings.Contains(shown, "hush") || strings.Contains(shown, "S3cret") || strings.Contains(shown, "softwareVersion") || fmt.Sprint(got["inherited"]) != "[coreOpenIDClientConfig.claims]" || at(got, "oauth2Client", "coreOpenIDClientConfig", "claims").([]any)[0] != "a" {
		t.Errorf("got %s", shown)
	}

	// What is not named stays, a token that is not shown too.
	s.ok("updateOidcApp", `{`+named+`,"oauth2Client":{"coreOAuth2ClientConfig":{"redirectionUris":["https://example.com/other"],"status":{"inherited":false,"value":"Inactive"},"scopes":null},"overrideOAuth2ClientConfig":{"providerOverridesEnabled":true}}}`)
	requests, _ = s.since(n)
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
		"advancedOAuth2ClientConfig.softwareVersion":          `{"inherited":false}`,
		"coreOAuth2ClientConfig.userpassword":                 `null`,
		"advancedOAuth2ClientConfig.updateAccessToken":        `{"inherited":false,"value":"hush-hush"}`,
		"coreOpenIDClientConfig.claims":                       `{"inherited":true,"value":["a"]}`,
		"overrideOAuth2ClientConfig.providerOverridesEnabled": `true`,
		"overrideOAuth2ClientConfig.scopesPolicySet":          `"oauth2Scopes"`,
		"coreOAuth2ClientConfig.loopbackInterfaceRedirection": `{"inherited":false,"value":false}`,
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
	s.expect(n, "GET app", "GET app", "DELETE client", "DELETE app")
	if done["oauth2Client"] != "deleted" || done["managedApplication"] != "deleted" {
		t.Errorf("done %v", done)
	}
	tn.left(0, 0)
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
	tn.left(1, 1)
}

func TestAClientOfTwoApplicationsIsNotDeletedWithOne(t *testing.T) {
	s, tn := startApps(t)
	s.ok("createOidcApp", plainApp)
	tn.putApp("2", `Other "one"`, "plain")
	s.fails("deleteOidcApp", thePlain, `"Other \"one\""`, "deleteManagedObject", "alpha_application", "Nothing was changed")
	tn.left(1, 2)
	direct(t, tn.Tenant, "DELETE", appsPath+"/2", "")
	// Nor an OAuth client alone, however many applications there are.
	for i := range 1000 {
		tn.putApp(fmt.Sprint("many-", i), fmt.Sprint("many ", i), fmt.Sprint("client ", i))
	}
	_, n := s.since(0)
	for i := range 3 {
		s.fails("deleteOidcApp", fmt.Sprintf(`{"realm":"alpha","name":"Nope","clientId":"client %d"}`, 499*i), "of another application")
		n = s.expect(n, "GET app", "GET app", "GET app")
	}
	for i := range 1000 {
		direct(t, tn.Tenant, "DELETE", fmt.Sprint(appsPath, "/many-", i), "")
	}
	s.ok("deleteOidcApp", thePlain)
	tn.left(0, 0)
}

func TestOneNameForManyApplications(t *testing.T) {
	s, tn := startApps(t)
	tn.putApp("1", "Twin", "a")
	tn.putApp("2", "Second", "b")
	tn.putApp("3", "Bookmark", "")
	tn.putApp("4", "Broken", "gone")
	tn.putClient("a", `{"coreOAuth2ClientConfig":{}}`)
	// A tenant keeps the names of applications unique; this one did not.
	twins := answer(200, `{"result":[{"_id":"1","name":"Twin","ssoEntities":{"oidcId":"a"}},{"_id":"2","name":"Twin","ssoEntities":{"oidcId":"b"}}]}`)
	tn.before["QUERY app"] = twins
	s.fails("deleteOidcApp", `{"realm":"alpha","name":"Twin"}`, "2 applications have that name", `"1", "2"`)
	delete(tn.before, "QUERY app")
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
	tn.left(1, 4)
	list, _ := s.ok("listOidcApps", `{"realm":"alpha"}`)
	if list["resultCount"] != 3.0 || list["otherApplications"] != 1.0 {
		t.Errorf("list %v", list)
	}
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
	arguments := func(of map[string]any) string {
		of["realm"] = "alpha"
		return text(t, of)
	}
	for _, attack := range attacks {
		made, _ := s.call("createOidcApp", arguments(map[string]any{"name": attack, "clientId": attack, "owners": []any{map[string]any{"_ref": "managed/alpha_user/u1"}}}))
		if made["error"] != nil {
			tn.left(1, 1)
			continue
		}
		tn.left(2, 2)
		if tn.client(attack) == nil {
			t.Fatalf("%.60q: %v", attack, tn.all(clientsPath))
		}
		if read, _ := s.ok("getOidcApp", arguments(map[string]any{"name": attack})); read["clientId"] != attack || at(read, "managedApplication", "name") != attack {
			t.Errorf("%.60q: %v", attack, read)
		}
		// Without its application the client is found by its ID.
		direct(t, tn.Tenant, "DELETE", appsPath+"/"+url.PathEscape(fmt.Sprint(tn.app(attack)["_id"])), "")
		s.ok("deleteOidcApp", arguments(map[string]any{"name": attack, "clientId": attack}))
		if tn.left(1, 1); tn.client("plain") == nil {
			t.Fatalf("%.60q: left %v", attack, tn.all(clientsPath))
		}
	}
}

func TestManyApplicationsAreCut(t *testing.T) {
	s, tn := startApps(t)
	for i := range 250 {
		direct(t, tn.Tenant, "PUT", fmt.Sprint(appsPath, "/", i), fmt.Sprintf(`{"name":"app %d","description":%q,"templateName":"custom","templateVersion":"1.0","ssoEntities":{"oidcId":"%d"}}`, i, strings.Repeat("x", 500), i))
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
	for keys, secret := range map[string]bool{
		`{"keys":[{"kty":"RSA","n":"hush","e":"AQAB"}]}`:            false,
		`{"keys":[{"kty":"RSA","n":"x"},{"kty":"oct","k":"hush"}]}`: true,
		`{"kty":"EC","d":"hush"}`:                                   true,
		`no "keys" hush`:                                            false,
	} {
		tn.change("plain", "signEncOAuth2ClientConfig", "jwkSet", keys)
		doc, shown := s.ok("getOidcApp", thePlain)
		if strings.Contains(shown, "hush") == secret {
			t.Errorf("%s: %s", keys, shown)
		}
		if shown := at(doc, "oauth2Client", "signEncOAuth2ClientConfig", "jwkSet"); secret {
			s.fails("updateOidcApp", fmt.Sprintf(`{"realm":"alpha","name":"Plain","oauth2Client":{"signEncOAuth2ClientConfig":{"jwkSet":%q}}}`, shown), "not shown")
			s.ok("updateOidcApp", `{"realm":"alpha","name":"Plain","oauth2Client":{"coreOAuth2ClientConfig":{"scopes":["`+fmt.Sprint(len(keys))+`"]}}}`)
			if stored := at(tn.client("plain"), "signEncOAuth2ClientConfig", "jwkSet", "value"); stored != keys {
				t.Errorf("stored %v", stored)
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

// Each field that the schema has can be set to its default.
func TestTheSchemaOfATenantFitsItsClients(t *testing.T) {
	s, tn := startFronted(t, map[string]string{
		"GET /openidm/schema/managed/alpha_application": "GET schema", "POST " + clientsPath: "POST clients", "POST " + appsPath: "POST app",
		"GET " + appsPath: "QUERY app", "GET " + clientsPath + "/*": "GET client", "PUT " + clientsPath + "/*": "PUT client",
	})
	direct(t, tn.Tenant, "PUT", "/openidm/managed/alpha_user/u1", `{"userName":"u1","givenName":"U","sn":"1","mail":"u1@example.com"}`)
	doc, _ := s.ok("getOidcAppSchema", `{"realm":"alpha","includeDefaults":true}`)
	if doc["notice"] != nil {
		t.Errorf("the short schema of a tenant is cut: %v", doc["notice"])
	}
	for section, values := range doc["defaults"].(map[string]any) {
		for field := range values.(map[string]any) {
			if at(doc, "oauth2Client", section, field) == nil {
				t.Errorf("%s.%s is not in the schema", section, field)
			}
		}
	}
	s.ok("createOidcApp", text(t, map[string]any{
		"realm": "alpha", "name": "Full", "clientId": "full", "owners": []any{map[string]any{"_ref": "managed/alpha_user/u1"}}, "oauth2Client": doc["defaults"],
	}))
	full, _ := s.ok("getOidcApp", `{"realm":"alpha","name":"Full"}`)
	if got, want := text(t, full["oauth2Client"]), text(t, doc["defaults"]); got != want {
		t.Errorf("stored %s\nwant %s", got, want)
	}
}
