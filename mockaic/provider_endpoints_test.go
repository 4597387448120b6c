package mockaic_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// membersOf are the names of an object's members in their order.
func membersOf(t *testing.T, text []byte) (names []string) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	if _, err := decoder.Token(); err != nil {
		t.Fatal(err)
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name.(string))
		var value any
		if err := decoder.Decode(&value); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

func TestIDTokensVouchForWhatComesWithThem(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	got := p.ask(p.address() + "&state=s/1")
	_, tokens := p.redeem(codeForm(p, got))
	half := func(text string) string {
		digest := sha256.Sum256([]byte(text))
		return base64.RawURLEncoding.EncodeToString(digest[:16])
	}
	_, id := partsOf(t, tokens["id_token"])
	for name, want := range map[string]any{
		"at_hash": half(tokens["access_token"].(string)), "c_hash": half(got.Get("code")), "s_hash": half("s/1"), "acr": "0", "nonce": "n-1",
		"azp": "portal", "aud": "portal", "realm": "/alpha", "tokenName": "id_token", "tokenType": "JWTToken", "name": "Jane Roe",
	} {
		if id[name] != want {
			t.Errorf("%s is %v, want %v", name, id[name], want)
		}
	}
	if sid, err := base64.StdEncoding.DecodeString(id["sid"].(string)); err != nil || len(sid) != 32 || len(id["org.forgerock.openidconnect.ops"].(string)) != 27 {
		t.Errorf("%v", id)
	}
	part, err := base64.RawURLEncoding.DecodeString(strings.Split(tokens["id_token"].(string), ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields("at_hash c_hash s_hash sub auditTrackingId subname iss tokenName sid aud azp acr nonce org.forgerock.openidconnect.ops auth_time realm exp iat tokenType name given_name family_name")
	if names := membersOf(t, part); !slices.Equal(names, want) {
		t.Errorf("the claims come as %v", names)
	}
	_, refreshed := p.redeem(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens["refresh_token"].(string)}})
	_, later := partsOf(t, refreshed["id_token"])
	if later["c_hash"] != nil || later["s_hash"] != nil || later["sid"] != id["sid"] || later["nonce"] != "n-1" {
		t.Errorf("after a refresh: %v", later)
	}
}

func TestIntrospection(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	tokens := p.tokens()
	token := url.Values{"token": {tokens["access_token"].(string)}}
	p.clock.advance(100 * time.Second)
	got := p.post("/introspect", token)
	want := strings.Fields("active scope realm client_id user_id username token_type exp sub subname iss auth_level authGrantId auditTrackingId expires_in")
	if names := membersOf(t, got.body); got.status != 200 || !slices.Equal(names, want) {
		t.Fatalf("%d %v", got.status, names)
	}
	_, own := partsOf(t, tokens["access_token"])
	told := got.object(t)
	for _, name := range []string{"sub", "exp", "authGrantId", "auditTrackingId", "iss", "realm"} {
		if told[name] != own[name] {
			t.Errorf("%s is %v, want %v", name, told[name], own[name])
		}
	}
	if told["expires_in"] != 3500.0 || told["scope"] != "openid profile" || told["aud"] != nil {
		t.Errorf("%v", told)
	}
	if got := p.post("/introspect", url.Values{"token": {tokens["refresh_token"].(string)}}).object(t); got["active"] != true || got["authGrantId"] != own["authGrantId"] {
		t.Errorf("the refresh token: %v", got)
	}
	for _, bad := range []string{"garbage", "a.b.c", tokens["access_token"].(string) + "x", tokens["id_token"].(string), forge(t, tokens["access_token"].(string))} {
		if got := p.post("/introspect", url.Values{"token": {bad}}); got.status != 200 || string(got.body) != `{"active":false}` {
			t.Errorf("%s: %d %s", bad, got.status, got.body)
		}
	}
	if got := p.post("/introspect", nil); got.status != 400 {
		t.Errorf("no token: %d", got.status)
	}
	send(t, p.mock, "PUT", clients+"/api", `{"coreOAuth2ClientConfig":{"userpassword":"x"},"advancedOAuth2ClientConfig":{}}`)
	asApi := func() answer {
		return call(t, p.mock, "POST", p.spelling+"/introspect", map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Authorization": "Basic " + inBase64("api:x")}, token.Encode())
	}
	if got := asApi(); string(got.body) != `{"active":false}` {
		t.Errorf("a token of another client: %s", got.body)
	}
	change(t, p.mock, clients+"/api", map[string]any{"coreOAuth2ClientConfig/scopes": []string{"am-introspect-all-tokens"}})
	if got := asApi(); got.object(t)["active"] != true {
		t.Errorf("with the scope for it: %s", got.body)
	}
	for _, c := range []struct{ authorization, more string }{{"none", "&client_id=portal"}, {"Basic " + inBase64("portal:wrong"), ""}} {
		got := call(t, p.mock, "POST", p.spelling+"/introspect", map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Authorization": c.authorization}, token.Encode()+c.more)
		if got.object(t)["error"] != "invalid_client" {
			t.Errorf("%v: %d %s", c, got.status, got.body)
		}
	}
	p.clock.advance(time.Hour)
	if got := p.post("/introspect", token); string(got.body) != `{"active":false}` {
		t.Errorf("expired: %s", got.body)
	}
}

// forge is a token without a signature.
func forge(t *testing.T, token string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	return base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"none"}`)) + "." + parts[1] + "."
}

func TestIntrospectionAsAJWT(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	token := p.tokens()["access_token"].(string)
	for _, accept := range []string{"application/jwt", "application/token-introspection+jwt"} {
		got := call(t, p.mock, "POST", p.spelling+"/introspect", map[string]string{
			"Content-Type": "application/x-www-form-urlencoded", "Authorization": "Basic " + inBase64("portal:s+e"), "Accept": accept,
		}, url.Values{"token": {token}}.Encode())
		header, claims := partsOf(t, string(got.body))
		if got.status != 200 || got.header.Get("Content-Type") != "application/token-introspection+jwt" || header["typ"] != "token-introspection+jwt" ||
			claims["aud"] != "portal" || claims["token_introspection"].(map[string]any)["active"] != true {
			t.Errorf("%s: %d %v %v", accept, got.status, header, claims)
		}
	}
}

// bearing asks an endpoint of the provider with a bearer.
func (p *portal) bearing(method, endpoint, token string) answer {
	p.t.Helper()
	return call(p.t, p.mock, method, p.spelling+endpoint, map[string]string{"Authorization": "Bearer " + token}, "")
}

func TestTokenInfoAndUserInfo(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.setClient(map[string]any{"coreOAuth2ClientConfig/scopes": []string{"openid", "profile", "email", "phone", "address"}})
	tokens := p.tokensOf(strings.Replace(p.address(), "openid+profile", "openid+profile+email+phone+address", 1))
	token := tokens["access_token"].(string)
	p.clock.advance(100 * time.Second)
	_, own := partsOf(t, token)
	told := p.bearing("GET", "/tokeninfo", token).object(t)
	for name, value := range own {
		if name != "expires_in" && encode(t, told[name]) != encode(t, value) {
			t.Errorf("%s is %v, want %v", name, told[name], value)
		}
	}
	if told["access_token"] != token || told["openid"] != "" || told["profile"] != "" || told["expires_in"] != 3500.0 {
		t.Errorf("%v", told)
	}
	got := p.bearing("GET", "/userinfo", token)
	want := fmt.Sprintf(`{"name":"Jane Roe","family_name":"Roe","given_name":"Jane","email":"jane@example.com","sub":%q,"subname":%q}`, own["sub"], own["sub"])
	if got.status != 200 || string(got.body) != want {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := p.bearing("POST", "/userinfo", token); got.status != 200 {
		t.Errorf("POST: %d %s", got.status, got.body)
	}
	for _, endpoint := range []string{"/tokeninfo", "/userinfo"} {
		if got := call(t, p.mock, "GET", p.spelling+endpoint+"?access_token="+token, map[string]string{"Authorization": "none"}, ""); got.status != 200 {
			t.Errorf("%s, in the query: %d %s", endpoint, got.status, got.body)
		}
		if got := p.bearing("GET", endpoint+"?access_token="+token, token); got.status != 400 || got.object(t)["error"] != "invalid_request" {
			t.Errorf("%s, in both ways: %d %s", endpoint, got.status, got.body)
		}
		got := p.bearing("GET", endpoint, forge(t, token))
		if got.status != 401 || string(got.body) != `{"error_description":"The access token provided is expired, revoked, malformed, or invalid for other reasons.","error":"invalid_token"}` {
			t.Errorf("%s, forged: %d %s", endpoint, got.status, got.body)
		}
		elsewhere := &portal{p.app, "/am/oauth2/bravo", p.browser}
		if got := elsewhere.bearing("GET", endpoint, token); got.status != 401 {
			t.Errorf("%s, in another realm: %d %s", endpoint, got.status, got.body)
		}
		if got := call(t, p.mock, "GET", p.spelling+endpoint, map[string]string{"Authorization": "none"}, ""); got.status != 401 {
			t.Errorf("%s, without a token: %d %s", endpoint, got.status, got.body)
		}
	}
	narrow := p.tokensOf(strings.Replace(p.address(), "openid+profile", "profile", 1))
	if got := p.bearing("GET", "/userinfo", narrow["access_token"].(string)); got.status != 403 || got.object(t)["error"] != "insufficient_scope" {
		t.Errorf("without openid: %d %s", got.status, got.body)
	}
}

func TestTokenInfoOfAServiceAccount(t *testing.T) {
	r := newRobot(t, "fr:idm:*")
	token := r.assert("fr:idm:*", nil).AccessToken
	told := call(t, r.mock, "GET", "/am/oauth2/tokeninfo", map[string]string{"Authorization": "Bearer " + token}, "").object(t)
	if told["sub"] != r.id || told["subname"] != r.id || told["client_id"] != "service-account" || told["fr:idm:*"] != "" {
		t.Errorf("%v", told)
	}
}

func TestRevocation(t *testing.T) {
	for _, stateless := range []bool{true, false} {
		p := newPortal(t, "/am/oauth2/alpha")
		p.setProvider(map[string]any{"coreOAuth2Config/statelessTokensEnabled": stateless})
		active := func(token any) bool {
			return p.post("/introspect", url.Values{"token": {token.(string)}}).object(t)["active"] == true
		}
		tokens := p.tokens()
		send(t, p.mock, "PUT", clients+"/other", `{"coreOAuth2ClientConfig":{"clientType":"Public"},"advancedOAuth2ClientConfig":{}}`)
		got := call(t, p.mock, "POST", p.spelling+"/token/revoke", map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Authorization": "none"},
			url.Values{"client_id": {"other"}, "token": {tokens["access_token"].(string)}}.Encode())
		if got.status != 200 || !active(tokens["access_token"]) {
			t.Errorf("by another client: %d %s", got.status, got.body)
		}
		for range 2 { // unknown then
			if got := p.post("/token/revoke", url.Values{"token": {tokens["access_token"].(string)}, "token_type_hint": {"access_token"}}); got.status != 200 || string(got.body) != "{}" {
				t.Errorf("%d %s", got.status, got.body)
			}
		}
		if active(tokens["access_token"]) || !active(tokens["refresh_token"]) {
			t.Error("an access token goes alone")
		}
		_, refreshed := p.redeem(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens["refresh_token"].(string)}})
		p.post("/token/revoke", url.Values{"token": {refreshed["refresh_token"].(string)}})
		if active(refreshed["access_token"]) || active(refreshed["refresh_token"]) {
			t.Error("a refresh token takes its grant with it")
		}
		if status, got := p.redeem(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshed["refresh_token"].(string)}}); status != 400 || got["error"] != "invalid_grant" {
			t.Errorf("%d %v", status, got)
		}
		if got := p.post("/token/revoke", nil); got.status != 400 || got.object(t)["error_description"] != "Missing parameter: token" {
			t.Errorf("no token: %d %s", got.status, got.body)
		}
		got = call(t, p.mock, "POST", p.spelling+"/token/revoke", map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Authorization": "Basic " + inBase64("portal:x")}, "token=x")
		if got.status != 400 || got.object(t)["error"] != "invalid_client" || got.header.Get("WWW-Authenticate") != "" {
			t.Errorf("the wrong secret: %d %s", got.status, got.body)
		}
	}
}

func TestARevokedTokenIsNoneForTheTenantsAPIs(t *testing.T) {
	a := newApp(t)
	token := a.exchange(a.redeem(a.code()).AccessToken, "fr:idm:*").AccessToken
	got := call(t, a.mock, "POST", "/am/oauth2/token/revoke", map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Authorization": "none"},
		url.Values{"client_id": {exchange}, "token": {token}}.Encode())
	if got.status != 200 || a.idmStatus(token) != 401 {
		t.Errorf("%d, then %d", got.status, a.idmStatus(token))
	}
}

func TestIDTokenInfo(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	for _, algorithm := range []string{"RS256", "HS256"} {
		p.setClient(map[string]any{"signEncOAuth2ClientConfig/idTokenSignedResponseAlg": algorithm})
		token := p.tokens()["id_token"].(string)
		_, own := partsOf(t, token)
		if got := p.post("/idtokeninfo", url.Values{"id_token": {token}}); got.status != 200 || encode(t, got.object(t)) != encode(t, own) {
			t.Errorf("%s: %d %s", algorithm, got.status, got.body)
		}
		if got := p.post("/idtokeninfo", url.Values{"id_token": {token}, "claims": {"sub,nonce,none"}}).object(t); len(got) != 2 || got["sub"] != own["sub"] {
			t.Errorf("%s: %v", algorithm, got)
		}
		for _, bad := range []string{forge(t, token), token + "x", "x"} {
			if got := p.post("/idtokeninfo", url.Values{"id_token": {bad}}); got.status != 400 {
				t.Errorf("%s: %d %s", bad, got.status, got.body)
			}
		}
	}
	if got := p.post("/idtokeninfo", nil); got.status != 400 || got.object(t)["error_description"] != "no id_token in request" {
		t.Errorf("no token: %d %s", got.status, got.body)
	}
	alone := func() answer {
		return call(t, p.mock, "POST", p.spelling+"/idtokeninfo", map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Authorization": "none"},
			url.Values{"id_token": {p.tokens()["id_token"].(string)}}.Encode())
	}
	if got := alone(); got.status != 400 || got.object(t)["error"] != "invalid_client" {
		t.Errorf("without a client: %d %s", got.status, got.body)
	}
	p.setProvider(map[string]any{"advancedOIDCConfig/idTokenInfoClientAuthenticationEnabled": false})
	if got := alone(); got.status != 200 {
		t.Errorf("without a client where none is needed: %d %s", got.status, got.body)
	}
}

func TestLogoutByIDToken(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.setClient(map[string]any{"coreOpenIDClientConfig/postLogoutRedirectUri": []string{"https://app.example.com/bye?x=1"}})
	end := func(query url.Values) *http.Response {
		return open(t, visitor(t), "GET", p.mock.URL+p.spelling+"/connect/endSession?"+query.Encode(), nil)
	}
	loggedIn := func() bool {
		return strings.HasPrefix(open(t, p.browser, "GET", p.address(), nil).Header.Get("Location"), p.redirect)
	}
	tokens := p.tokens()
	hint := tokens["id_token"].(string)
	if got := end(nil); got.StatusCode != 400 {
		t.Errorf("no hint: %d", got.StatusCode)
	}
	if got := end(url.Values{"id_token_hint": {forge(t, hint)}}); got.StatusCode != 400 {
		t.Errorf("a forged hint: %d", got.StatusCode)
	}
	if got := end(url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {"https://evil.example"}}); got.StatusCode != 400 || !loggedIn() {
		t.Errorf("an unregistered URI: %d", got.StatusCode)
	}
	if got := end(url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {"https://app.example.com/bye?x=1"}, "state": {"s&1"}}); got.StatusCode != 302 || got.Header.Get("Location") != "https://app.example.com/bye?state=s%261&x=1" {
		t.Errorf("%d %s", got.StatusCode, got.Header.Get("Location"))
	}
	if loggedIn() {
		t.Error("still logged in")
	}
	if got := p.bearing("GET", "/userinfo", tokens["access_token"].(string)); got.status != 200 {
		t.Errorf("tokens stay good: %d", got.status)
	}
	again := p.tokens()["id_token"].(string)
	if got := end(url.Values{"id_token_hint": {again}}); got.StatusCode != 204 || loggedIn() {
		t.Errorf("without a URI: %d", got.StatusCode)
	}
}

func TestPushedRequests(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	address, err := url.Parse(p.address())
	if err != nil {
		t.Fatal(err)
	}
	params := address.Query()
	params.Set("state", "s-2")
	params.Set("prompt", "login")
	push := func(form url.Values) answer { return p.post("/par", form) }
	got := push(params)
	told := got.object(t)
	if got.status != 201 || told["expires_in"] != 90.0 || encode(t, membersOf(t, got.body)) != `["request_uri","expires_in"]` {
		t.Fatalf("%d %s", got.status, got.body)
	}
	name := func(told map[string]any) string {
		return p.mock.URL + p.spelling + "/authorize?" + url.Values{"client_id": {"portal"}, "request_uri": {told["request_uri"].(string)}}.Encode()
	}
	p.visit(janeInBrowser, name(told)) // the prompt asks for one login, not for many
	answer := p.received
	if answer.Get("state") != "s-2" || answer.Get("code") == "" {
		t.Fatalf("%v", answer)
	}
	if status, tokens := p.redeem(codeForm(p, answer)); status != 200 || tokens["scope"] != "openid profile" {
		t.Errorf("%d %v", status, tokens)
	}
	p.setProvider(map[string]any{"advancedOAuth2Config/requirePushedAuthorizationRequests": true, "advancedOAuth2Config/parRequestUriLifetime": 10, "consent/clientsCanSkipConsent": false})
	if got := p.ask(p.address()); got.Get("error") != "invalid_request" {
		t.Errorf("not pushed: %v", got)
	}
	params.Del("prompt")
	told = push(params).object(t)
	if told["expires_in"] != 10.0 {
		t.Errorf("%v", told)
	}
	page := p.visit(janeInBrowser, name(told))
	if p.received.Get("code") == "" {
		t.Errorf("with consent: %d %s", page.Status, page.Text)
	}
	p.clock.advance(10 * time.Second)
	if got := open(t, p.browser, "GET", name(told), nil); got.StatusCode != 400 {
		t.Errorf("expired: %d", got.StatusCode)
	}
	for change, want := range map[string]string{"redirect_uri=https://evil.example": "invalid_request", "scope=zeal": "invalid_scope", "request_uri=x": "invalid_request", "response_type=": "invalid_request"} {
		form := url.Values{}
		for key, values := range params {
			form[key] = values
		}
		key, value, _ := strings.Cut(change, "=")
		form.Set(key, value)
		if got := push(form); got.status != 400 || got.object(t)["error"] != want {
			t.Errorf("%s: %d %s", change, got.status, got.body)
		}
	}
}

// What the person decides on the consent page no client can push in advance.
func TestNoConsentIsPushed(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.setProvider(map[string]any{"consent/clientsCanSkipConsent": false})
	address, err := url.Parse(p.address())
	if err != nil {
		t.Fatal(err)
	}
	params := address.Query()
	params.Set("save_consent", "on")
	named := url.Values{"client_id": {"portal"}, "request_uri": {p.post("/par", params).object(t)["request_uri"].(string)}}
	session := p.enter()
	allowed := open(t, p.browser, "POST", p.mock.URL+p.spelling+"/authorize?"+named.Encode(), url.Values{"decision": {"allow"}, "csrf": {session}})
	if allowed.StatusCode != 302 {
		t.Fatalf("allowed: %d", allowed.StatusCode)
	}
	if got := open(t, p.browser, "GET", p.address(), nil); got.StatusCode != 200 {
		t.Errorf("a consent is remembered that nobody asked to: %d", got.StatusCode)
	}
}
