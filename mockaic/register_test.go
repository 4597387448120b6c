package mockaic_test

import (
	"fmt"
	"maps"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"aicmcp/mockaic"
)

const register = "/am/oauth2/realms/root/realms/alpha/register"

// openRegistration is a tenant whose realm alpha lets anybody register.
func openRegistration(t *testing.T) *mockaic.Tenant {
	t.Helper()
	mock := start(t)
	setProvider(t, mock, "alpha", map[string]any{"clientDynamicRegistrationConfig/allowDynamicRegistration": true})
	return mock
}

func registering(t *testing.T, mock *mockaic.Tenant, body string) answer {
	t.Helper()
	return call(t, mock, "POST", register, map[string]string{"Content-Type": "application/json", "Authorization": "none"}, body)
}

// manage is a request at the address that a registration was answered with.
func manage(t *testing.T, mock *mockaic.Tenant, method string, registered map[string]any, body string) answer {
	t.Helper()
	path := strings.TrimPrefix(registered["registration_client_uri"].(string), mock.URL)
	return call(t, mock, method, path, map[string]string{
		"Content-Type": "application/json", "Authorization": fmt.Sprint("Bearer ", registered["registration_access_token"]),
	}, body)
}

// inspectorBody is what MCP Inspector sends.
const inspectorBody = `{"redirect_uris":["http://localhost:6274/oauth/callback"],"token_endpoint_auth_method":"none",
	"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"client_name":"MCP Inspector",
	"client_uri":"https://github.com/modelcontextprotocol/inspector","scope":"","application_type":"native"}`

func TestRegistrationOfAnMCPClient(t *testing.T) {
	mock := openRegistration(t)
	made := registering(t, mock, inspectorBody)
	client := expect(t, made, 201, "")
	for name, want := range map[string]any{
		"token_endpoint_auth_method": "none", "client_type": "Public", "application_type": "native", "client_name": "MCP Inspector",
		"client_uri": "https://github.com/modelcontextprotocol/inspector", "scope": "address phone openid profile email", "subject_type": "public",
		"id_token_signed_response_alg": "RS256", "default_max_age": 1.0, "public_key_selector": "x509", "jwks_cache_timeout": 3600000.0,
		"registration_client_uri": mock.URL + register + "?client_id=" + client["client_id"].(string),
	} {
		if client[name] != want {
			t.Errorf("%s: %v", name, client[name])
		}
	}
	for _, absent := range []string{"client_secret", "client_secret_expires_at", "client_id_issued_at", "jwks_uri", "logo_uri", "tos_uri", "policy_uri", "sector_identifier_uri", "backchannel_logout_uri", "jwks"} {
		if value, ok := client[absent]; ok {
			t.Errorf("%s: %v", absent, value)
		}
	}
	if made.header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(string(made.body), `{"authorization_signed_response_alg":"RS256","request_object_encryption_alg":""`) {
		t.Errorf("%v %s", made.header, made.body)
	}
	last := -1
	for _, name := range []string{"default_max_age_enabled", "application_type", "client_type", "client_id", "registration_client_uri", "registration_access_token", "token_endpoint_auth_method", "public_key_selector", "scope", "scopes", "grant_types", "redirect_uris", "client_uri", "client_name"} {
		place := strings.Index(string(made.body), `"`+name+`":`)
		if place < last || place < 0 {
			t.Errorf("%s is not in its place: %s", name, made.body)
		}
		last = place
	}
	// It is known everywhere at once.
	shown := get(t, mock, clients+"/"+client["client_id"].(string))
	if at(t, shown, "coreOAuth2ClientConfig/loopbackInterfaceRedirection/value") != true || at(t, shown, "coreOAuth2ClientConfig/status/value") != "Active" || shown["applicationType"] != nil {
		t.Errorf("%v", shown)
	}
	for uri, status := range map[string]int{
		"http://localhost:6274/oauth/callback": 302, "http://localhost:50123/oauth/callback": 302,
		"http://127.0.0.1:6274/oauth/callback": 400, "http://localhost:6274/other": 400, "https://localhost:6274/oauth/callback": 400,
	} {
		address := mock.URL + "/am/oauth2/alpha/authorize?" + url.Values{"response_type": {"code"}, "client_id": {client["client_id"].(string)}, "redirect_uri": {uri}, "scope": {"openid"}}.Encode()
		if got := open(t, visitor(t), "GET", address, nil); got.StatusCode != status {
			t.Errorf("%s: %d", uri, got.StatusCode)
		}
	}
}

func TestRegistrationOfAWebsite(t *testing.T) {
	mock := openRegistration(t)
	client := expect(t, registering(t, mock, `{"redirect_uris":["https://app.example.com/cb"],"client_name":"Shop","client_name#ja-Jpan-JP":"店","scope":"openid email",
		"contacts":["a@example.com"],"logo_uri":"","client_id":"mine","client_secret":"mine","access_token_lifetime":1,"unknown":{"x":1}}`), 201, "")
	if client["client_id"] == "mine" || client["client_secret"] == "mine" || client["client_secret_expires_at"] != 0.0 || client["client_type"] != "Confidential" ||
		client["token_endpoint_auth_method"] != "client_secret_basic" || client["client_name#ja-jpan-jp"] != "店" || client["client_name"] != "Shop" ||
		client["scope"] != "openid email" || client["access_token_lifetime"] != 0.0 || client["application_type"] != "web" {
		t.Errorf("%v", client)
	}
	if grants := client["grant_types"].([]any); len(grants) != 1 || grants[0] != "authorization_code" {
		t.Errorf("%v", grants)
	}
	// Its secret is good.
	got := call(t, mock, "POST", "/am/oauth2/alpha/access_token", map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Authorization": "Basic " + inBase64(client["client_id"].(string)+":"+client["client_secret"].(string)),
	}, "grant_type=authorization_code&code=x")
	if answer := got.object(t); answer["error"] != "invalid_grant" {
		t.Errorf("%v", answer)
	}
}

func TestAClientManagesItsRegistration(t *testing.T) {
	mock := openRegistration(t)
	client := expect(t, registering(t, mock, `{"redirect_uris":["https://app.example.com/cb"],"client_name":"Shop","logo_uri":"https://app.example.com/logo"}`), 201, "")
	id := client["client_id"].(string)
	read := expect(t, manage(t, mock, "GET", client, ""), 200, "")
	want := maps.Clone(client)
	delete(want, "registration_client_uri")
	delete(want, "registration_access_token")
	if encode(t, read) != encode(t, want) {
		t.Errorf("read: %v", read)
	}

	// What an administrator set stays.
	document := get(t, mock, clients+"/"+id)
	delete(document, "_rev")
	document["advancedOAuth2ClientConfig"].(map[string]any)["isConsentImplied"] = true
	document["coreOAuth2ClientConfig"].(map[string]any)["accessTokenLifetime"] = 77
	send(t, mock, "PUT", clients+"/"+id, encode(t, document))
	changed := expect(t, manage(t, mock, "PUT", client, `{"client_id":"`+id+`","redirect_uris":["https://app.example.com/other"],"client_secret":"mine"}`), 200, "")
	if changed["client_id"] != id || changed["client_secret"] != client["client_secret"] || changed["logo_uri"] != nil || changed["client_name"] != nil ||
		fmt.Sprint(changed["redirect_uris"]) != "[https://app.example.com/other]" || changed["registration_access_token"] == client["registration_access_token"] {
		t.Errorf("changed: %v", changed)
	}
	if shown := get(t, mock, clients+"/"+id); at(t, shown, "advancedOAuth2ClientConfig/isConsentImplied/value") != true || at(t, shown, "coreOAuth2ClientConfig/accessTokenLifetime/value") != 77.0 {
		t.Errorf("%v", shown)
	}
	for name, got := range map[string]answer{
		"the former token":  manage(t, mock, "GET", client, ""),
		"a change with it":  manage(t, mock, "PUT", client, inspectorBody),
		"a removal with it": manage(t, mock, "DELETE", client, ""),
		"another client":    call(t, mock, "GET", register+"?client_id=other", map[string]string{"Authorization": fmt.Sprint("Bearer ", changed["registration_access_token"])}, ""),
		"no client":         call(t, mock, "GET", register, map[string]string{"Authorization": fmt.Sprint("Bearer ", changed["registration_access_token"])}, ""),
		"no token":          call(t, mock, "DELETE", register+"?client_id="+id, map[string]string{"Authorization": "none"}, ""),
		"an empty token":    call(t, mock, "DELETE", register+"?client_id="+id, map[string]string{"Authorization": "Bearer "}, ""),
		"another realm":     call(t, mock, "GET", "/am/oauth2/bravo/register?client_id="+id, map[string]string{"Authorization": fmt.Sprint("Bearer ", changed["registration_access_token"])}, ""),
	} {
		if answer := got.object(t); got.status != 401 || answer["error"] != "invalid_token" || got.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	if got := manage(t, mock, "PUT", changed, `{"client_id":"other","redirect_uris":["https://app.example.com/other"]}`); got.status != 400 {
		t.Errorf("another client_id: %d", got.status)
	}
	public := expect(t, manage(t, mock, "PUT", changed, inspectorBody), 200, "")
	if public["client_secret"] != nil || public["client_type"] != "Public" {
		t.Errorf("without a secret: %v", public)
	}
	confidential := expect(t, manage(t, mock, "PUT", public, `{"redirect_uris":["https://app.example.com/cb"]}`), 200, "")
	if secret := confidential["client_secret"]; secret == nil || secret == client["client_secret"] {
		t.Errorf("with a secret again: %v", confidential)
	}
	gone := manage(t, mock, "DELETE", confidential, "")
	if gone.status != 204 || len(gone.body) != 0 {
		t.Errorf("%d %s", gone.status, gone.body)
	}
	if got := call(t, mock, "GET", clients+"/"+id, nil, ""); got.status != 404 {
		t.Errorf("%d", got.status)
	}
	if got := manage(t, mock, "GET", confidential, ""); got.status != 401 {
		t.Errorf("%d", got.status)
	}
}

func TestRegistrationIsClosed(t *testing.T) {
	mock := start(t)
	for _, authorization := range []string{"none", "Bearer x", "Bearer ", "Basic eDp5"} {
		got := call(t, mock, "POST", register, map[string]string{"Content-Type": "application/json", "Authorization": authorization}, inspectorBody)
		if string(got.body) != `{"error_description":"Access Token not valid","error":"access_denied"}` || got.status != 400 {
			t.Errorf("%s: %d %s", authorization, got.status, got.body)
		}
	}
	expect(t, call(t, mock, "POST", register, jsonHeader, inspectorBody), 201, "") // by the developer's token
	const rootRegister = "/am/oauth2/register"
	if got := call(t, mock, "POST", rootRegister, jsonHeader, inspectorBody); got.status != 501 {
		t.Errorf("the root realm: %d %s", got.status, got.body)
	}
	without := map[string]string{"Content-Type": "application/json", "Authorization": "none"}
	if got := call(t, mock, "POST", rootRegister, without, inspectorBody); string(got.body) != `{"error_description":"Access Token not valid","error":"access_denied"}` || got.status != 400 {
		t.Errorf("the root realm, without a token: %d %s", got.status, got.body)
	}
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		if got := call(t, mock, method, rootRegister+"?client_id=AICMCPClient", map[string]string{"Content-Type": "application/json", "Authorization": "Bearer x"}, inspectorBody); got.status != 401 {
			t.Errorf("the root realm, %s: %d %s", method, got.status, got.body)
		}
	}
}

func TestRegistrationByAToken(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	document := get(t, p.mock, clients+"/portal")
	delete(document, "_rev")
	document["coreOAuth2ClientConfig"].(map[string]any)["scopes"] = []string{"openid", "dynamic_client_registration"}
	send(t, p.mock, "PUT", clients+"/portal", encode(t, document))
	tokenOf := func(scope string) string {
		p.visit(janeInBrowser, strings.Replace(p.address(), "openid+profile", url.QueryEscape(scope), 1))
		status, tokens := p.redeem(url.Values{"grant_type": {"authorization_code"}, "code": {p.received.Get("code")}, "redirect_uri": {p.redirect}})
		if status != 200 {
			t.Fatalf("%d %v", status, tokens)
		}
		return tokens["access_token"].(string)
	}
	good := tokenOf("dynamic_client_registration")
	for name, c := range map[string]struct {
		path, token string
		want        int
	}{
		"the scope":         {register, good, 201},
		"the other address": {"/am/oauth2/alpha/connect/register", good, 201},
		"another scope":     {register, tokenOf("openid"), 400},
		"another realm":     {strings.Replace(register, "alpha", "bravo", 1), good, 400},
		"an administrator":  {register, p.app.redeem(p.app.code()).AccessToken, 400},
	} {
		if got := call(t, p.mock, "POST", c.path, map[string]string{"Content-Type": "application/json", "Authorization": "Bearer " + c.token}, inspectorBody); got.status != c.want {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	setProvider(t, p.mock, "alpha", map[string]any{"clientDynamicRegistrationConfig/dynamicClientRegistrationScope": "registrar", "clientDynamicRegistrationConfig/generateRegistrationAccessTokens": false, "clientDynamicRegistrationConfig/allowDynamicRegistration": true})
	client := expect(t, registering(t, p.mock, inspectorBody), 201, "")
	if client["registration_access_token"] != nil || client["registration_client_uri"] != nil {
		t.Errorf("%v", client)
	}
	setProvider(t, p.mock, "alpha", map[string]any{"clientDynamicRegistrationConfig/allowDynamicRegistration": false})
	if got := call(t, p.mock, "POST", register, map[string]string{"Content-Type": "application/json", "Authorization": "Bearer " + good}, inspectorBody); got.status != 400 {
		t.Errorf("another scope is needed: %d", got.status)
	}
}

func TestRedirectsThatAreRegistered(t *testing.T) {
	mock := openRegistration(t)
	for _, uri := range []string{
		"https://app.example.com/cb?x=1", "http://127.0.0.1:6276/oauth/callback", "http://[::1]:1/", "http://localhost/", "cursor://anysphere.cursor-retrieval/oauth/callback",
		"com.example.app:/oauth2redirect", "vscode://vscode.github-authentication/did-authenticate", "urn:ietf:wg:oauth:2.0:oob",
	} {
		if got := registering(t, mock, `{"redirect_uris":[`+encode(t, uri)+`]}`); got.status != 201 {
			t.Errorf("%s: %d %s", uri, got.status, got.body)
		}
	}
	for _, uri := range []any{
		"javascript:alert(1)", "JavaScript:alert(1)", "java\tscript:alert(1)", " javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "blob:https://a.example.com/1",
		"https://app.example.com/#", "https://app.example.com/cb#here", "https://*.example.com/cb", "https://app.example.com/*", "http://localhost:*/cb",
		"/callback", "callback", "//app.example.com/cb", "", "https://", "https:///cb", "https:app.example.com", "https://user@app.example.com/", "https://a:b@app.example.com/",
		"https://app.example.com\\@evil.example.com/", "https://app.example.com /", "https://app.example.com/\r\nX: y", "https://аpp.example.com/", 1, nil,
		[]string{"https://app.example.com"},
	} {
		got := registering(t, mock, `{"redirect_uris":["https://app.example.com/good",`+encode(t, uri)+`]}`)
		if answer := got.object(t); got.status != 400 || answer["error"] != "invalid_redirect_uri" {
			t.Errorf("%v: %d %s", uri, got.status, got.body)
		}
	}
	// A website has no loopback address whose port changes.
	web := expect(t, registering(t, mock, `{"application_type":"web","redirect_uris":["http://localhost:3000/cb"]}`), 201, "")
	if shown := get(t, mock, clients+"/"+web["client_id"].(string)); at(t, shown, "coreOAuth2ClientConfig/loopbackInterfaceRedirection/value") != false {
		t.Errorf("%v", shown)
	}
}

func TestMetadataThatIsRefused(t *testing.T) {
	mock := openRegistration(t)
	private := jwks(t, newKey(t))
	public := jwks(t, newKey(t).Public())
	secret := jwks(t, []byte("0123456789012345"))
	for member, code := range map[string]string{
		`"scope":"openid fr:am:*"`:                       "invalid_client_metadata",
		`"scope":7`:                                      "invalid_client_metadata",
		`"scopes":["fr:am:*"]`:                           "invalid_client_metadata",
		`"grant_types":["authorization_code","x"]`:       "invalid_client_metadata",
		`"grant_types":"authorization_code"`:             "invalid_client_metadata",
		`"response_types":["code x"]`:                    "invalid_client_metadata",
		`"token_endpoint_auth_method":"x"`:               "invalid_client_metadata",
		`"token_endpoint_auth_method":"private_key_jwt"`: "invalid_client_metadata",
		`"token_endpoint_auth_method":"none","id_token_signed_response_alg":"HS256"`: "invalid_client_metadata",
		`"id_token_signed_response_alg":"none"`:                                      "invalid_client_metadata",
		`"userinfo_encrypted_response_alg":"RSA1_5"`:                                 "invalid_client_metadata",
		`"subject_type":"secret"`:                                                    "invalid_client_metadata",
		`"application_type":"tv"`:                                                    "invalid_client_metadata",
		`"default_max_age":-1`:                                                       "invalid_client_metadata",
		`"default_max_age":"1"`:                                                      "invalid_client_metadata",
		`"id_token_encryption_enabled":"true"`:                                       "invalid_client_metadata",
		`"client_name":{}`:                                                           "invalid_client_metadata",
		`"client_name#de":1`:                                                         "invalid_client_metadata",
		`"client_uri":"javascript:alert(1)"`:                                         "invalid_client_metadata",
		`"logo_uri":"http://app.example.com/logo"`:                                   "invalid_client_metadata",
		`"logo_uri#de":"data:image/svg+xml,x"`:                                       "invalid_client_metadata",
		`"jwks_uri":"http://169.254.169.254/keys"`:                                   "invalid_client_metadata",
		`"jwks_uri":"file:///keys"`:                                                  "invalid_client_metadata",
		`"jwks_uri":"https://app.example.com/keys","jwks":` + public:                 "invalid_client_metadata",
		`"jwks":` + private:                                                          "invalid_client_metadata",
		`"jwks":` + secret:                                                           "invalid_client_metadata",
		`"jwks":{"keys":[]}`:                                                         "invalid_client_metadata",
		`"jwks":"x"`:                                                                 "invalid_client_metadata",
		`"post_logout_redirect_uris":["javascript:alert(1)"]`:                        "invalid_redirect_uri",
		`"redirect_uris":[]`:                                                         "invalid_redirect_uri",
		`"redirect_uris":"https://app.example.com"`:                                  "invalid_redirect_uri",
		`"software_statement":"x.y.z"`:                                               "unapproved_software_statement",
	} {
		body := `{"redirect_uris":["https://app.example.com/cb"],` + member + `}`
		got := registering(t, mock, body)
		if answer := got.object(t); got.status != 400 || answer["error"] != code || answer["error_description"] == "" {
			t.Errorf("%s: %d %s", member, got.status, got.body)
		}
	}
	for _, body := range []string{"", "[]", "{", "null", `"x"`, strings.Repeat(" ", 65<<10)} {
		if got := registering(t, mock, body); got.status != 400 {
			t.Errorf("%.10s: %d %s", body, got.status, got.body)
		}
	}
	if got := call(t, mock, "POST", register, map[string]string{"Content-Type": "text/plain", "Authorization": "none"}, inspectorBody); got.status != 400 {
		t.Errorf("as a page may send it: %d", got.status)
	}
	for _, method := range []string{"PATCH", "OPTIONS"} {
		if got := call(t, mock, method, register, nil, ""); got.status != 405 {
			t.Errorf("%s: %d", method, got.status)
		}
	}
	if page := get(t, mock, clients+"?_queryFilter=true"); page["resultCount"] != 0.0 {
		t.Errorf("something was stored: %v", page)
	}
	setProvider(t, mock, "alpha", map[string]any{"clientDynamicRegistrationConfig/dynamicClientRegistrationSoftwareStatementRequired": true})
	if answer := registering(t, mock, inspectorBody).object(t); answer["error"] != "invalid_software_statement" {
		t.Errorf("%v", answer)
	}
}

func TestARegisteredClientSigns(t *testing.T) {
	k := newKeyed(t)
	setProvider(t, k.mock, "alpha", map[string]any{"clientDynamicRegistrationConfig/allowDynamicRegistration": true})
	client := expect(t, registering(t, k.mock, `{"redirect_uris":["https://app.example.com/cb"],"token_endpoint_auth_method":"private_key_jwt","token_endpoint_auth_signing_alg":"ES256",
		"grant_types":["authorization_code","refresh_token"],"jwks":`+jwks(t, k.key.Public())+`}`), 201, "")
	if client["public_key_selector"] != "jwks" || client["token_endpoint_auth_signing_alg"] != "ES256" {
		t.Errorf("%v", client)
	}
	id := client["client_id"]
	k.expect("its key", k.send(assertion(t, jose.ES256, k.key, k.claims(map[string]any{"iss": id, "sub": id}))), known)
	k.expect("another key", k.send(assertion(t, jose.ES256, newKey(t), k.claims(map[string]any{"iss": id, "sub": id}))), refused)
}

func TestRegistrationsAreLoggedAndExported(t *testing.T) {
	mock := openRegistration(t)
	made := registering(t, mock, inspectorBody)
	client := expect(t, made, 201, "")
	found := false
	for _, e := range traced(t, mock, made.header.Get("X-Forgerock-Transactionid")) {
		if strings.Contains(string(e.Payload), client["registration_access_token"].(string)) {
			t.Errorf("a token is logged: %s", e.Payload)
		}
		entry, _ := e.at(t, "objectId").(string)
		found = found || e.Source == "am-config" && e.at(t, "operation") == "CREATE" && strings.Contains(entry, client["client_id"].(string))
	}
	if !found {
		t.Error("the registration is not logged")
	}
	dir := t.TempDir()
	if err := mock.Export(dir); err != nil {
		t.Fatal(err)
	}
	if err := mock.Import(dir); err != nil {
		t.Fatal(err)
	}
	if got := manage(t, mock, "GET", client, ""); got.status != 200 || got.object(t)["application_type"] != "native" {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// Of changes with the same token only one is made.
func TestChangesOfARegistrationSideBySide(t *testing.T) {
	mock := openRegistration(t)
	client := expect(t, registering(t, mock, inspectorBody), 201, "")
	var done sync.WaitGroup
	var made atomic.Int32
	for range 8 {
		done.Go(func() {
			if manage(t, mock, "PUT", client, inspectorBody).status == 200 {
				made.Add(1)
			}
		})
	}
	done.Wait()
	if made.Load() != 1 {
		t.Errorf("%d changes were made", made.Load())
	}
}
