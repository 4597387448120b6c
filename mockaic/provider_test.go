package mockaic_test

import (
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"aicmcp/mockaic"
)

// TestAStrangerVerifiesATokenByDiscovery uses only what the tenant publishes.
func TestAStrangerVerifiesATokenByDiscovery(t *testing.T) {
	a := newApp(t)
	token := a.redeem(a.code()).AccessToken
	for _, spelling := range []string{"/am/oauth2", "/am/oauth2/realms/root"} {
		metadata := call(t, a.mock, "GET", spelling+"/.well-known/openid-configuration", nil, "").object(t)
		if metadata["issuer"] != a.mock.URL+spelling {
			t.Errorf("issuer %v", metadata["issuer"])
		}
		path := strings.TrimPrefix(metadata["jwks_uri"].(string), a.mock.URL)
		var keys jose.JSONWebKeySet
		if err := json.Unmarshal(call(t, a.mock, "GET", path, nil, "").body, &keys); err != nil {
			t.Fatal(err)
		}
		parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			t.Fatal(err)
		}
		matching := keys.Key(parsed.Headers[0].KeyID)
		if len(matching) != 1 || len(matching[0].Certificates) != 1 || matching[0].Algorithm != "" {
			t.Fatalf("keys %+v", keys)
		}
		var claims map[string]any
		if err := parsed.Claims(matching[0].Public(), &claims); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]any{
			"iss": a.mock.URL + "/am/oauth2", "aud": client, "client_id": client, "realm": "/", "tokenName": "access_token",
			"token_type": "Bearer", "grant_type": "authorization_code", "expires_in": 3600.0, "cts": "OAUTH2_STATELESS_GRANT",
			"iat": float64(a.clock.Now().Unix()), "exp": float64(a.clock.Now().Unix() + 3600),
		} {
			if claims[name] != want {
				t.Errorf("claim %s is %v, want %v", name, claims[name], want)
			}
		}
		if claims["sub"] != claims["subname"] || len(claims["jti"].(string)) != 27 || len(claims["scope"].([]any)) != 2 {
			t.Errorf("claims %v", claims)
		}
	}
}

func TestTokenEndpointErrors(t *testing.T) {
	dir := t.TempDir()
	seed(t, dir, "clients.json", `[
		{"clientId":"AICMCPClient","clientType":"Public","redirectionUris":["http://localhost:3000"],"scopes":["fr:idm:*"],"grantTypes":["refresh_token"]},
		{"clientId":"c:1","clientType":"Confidential","userpassword":"s e","scopes":["fr:idm:*"],"grantTypes":["refresh_token"]}]`)
	mock := mockaic.Start(t, mockaic.Seed(dir))
	const form = "application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		method, contentType, authorization, body string
		status                                   int
		code, description                        string
	}{
		"GET":                 {"GET", form, "", "", 405, "method_not_allowed", ""},
		"JSON":                {"POST", "application/json", "", "{}", 400, "invalid_request", "Invalid Content Type"},
		"no grant type":       {"POST", form, "", "client_id=AICMCPClient", 400, "invalid_request", "Grant type is not set"},
		"unknown grant type":  {"POST", form, "", "grant_type=x&client_id=AICMCPClient", 400, "unsupported_grant_type", "Grant type is not supported"},
		"grant not here yet":  {"POST", form, "", "grant_type=urn:openid:params:grant-type:ciba&client_id=AICMCPClient", 501, "unsupported_grant_type", ""},
		"not the client's":    {"POST", form, "", "grant_type=authorization_code&client_id=AICMCPClient&code=x", 400, "unauthorized_client", ""},
		"unknown client":      {"POST", form, "", "grant_type=refresh_token&client_id=x", 400, "invalid_client", "Client authentication failed"},
		"unknown, Basic":      {"POST", form, "eDp5", "grant_type=refresh_token", 401, "invalid_client", "Client authentication failed"},
		"two ways":            {"POST", form, "YyUzQTE6cytl", "grant_type=refresh_token&client_secret=x", 400, "invalid_request", ""},
		"twice":               {"POST", form, "", "grant_type=refresh_token&grant_type=refresh_token", 400, "invalid_request", ""},
		"wrong secret":        {"POST", form, "", "grant_type=refresh_token&client_id=c:1&client_secret=x", 400, "invalid_client", ""},
		"right secret":        {"POST", form, "", "grant_type=refresh_token&client_id=c:1&client_secret=s+e", 400, "invalid_request", "Missing parameter, 'refresh_token'"},
		"right secret, Basic": {"POST", form, "YyUzQTE6cytl", "grant_type=refresh_token", 400, "invalid_request", "Missing parameter, 'refresh_token'"},
		"any secret, public":  {"POST", form, "QUlDTUNQQ2xpZW50OmRvZXNub3RtYXR0ZXI=", "grant_type=refresh_token&refresh_token=x", 400, "invalid_grant", "grant is invalid"},
	} {
		headers := map[string]string{"Content-Type": c.contentType, "Authorization": "none"}
		if c.authorization != "" {
			headers["Authorization"] = "Basic " + c.authorization
		}
		got := call(t, mock, c.method, "/am/oauth2/access_token", headers, c.body)
		answer := got.object(t)
		if got.status != c.status || answer["error"] != c.code || c.description != "" && answer["error_description"] != c.description {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
		if got.header.Get("Content-Type") != "application/json;charset=UTF-8" || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: headers %v", name, got.header)
		}
		if challenged := got.header.Get("WWW-Authenticate") != ""; challenged != (got.status == 401) {
			t.Errorf("%s: WWW-Authenticate %q", name, got.header.Get("WWW-Authenticate"))
		}
	}
}

// visitor is a browser that stays open.
func visitor(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func open(t *testing.T, browser *http.Client, method, address string, form url.Values) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := browser.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response
}

// logIn gives the browser a session and returns its token, which is also what
// the consent form carries against forgery.
func (a *app) logIn(browser *http.Client) string {
	a.t.Helper()
	login := a.mock.URL + "/am/XUI/?realm=/"
	page, err := url.Parse(login)
	if err != nil {
		a.t.Fatal(err)
	}
	open(a.t, browser, "GET", login, nil)
	csrf := ""
	for _, cookie := range browser.Jar.Cookies(page) {
		if cookie.Name == "mockaic-login" {
			csrf = cookie.Value
		}
	}
	answer := open(a.t, browser, "POST", login, url.Values{"csrf": {csrf}, "username": {admin.UserName}, "password": {admin.Password}})
	for _, cookie := range answer.Cookies() {
		if cookie.HttpOnly && len(cookie.Name) == 15 {
			return cookie.Value
		}
	}
	a.t.Fatalf("no session cookie: %v", answer.Header)
	return ""
}

func TestConsentIsRemembered(t *testing.T) {
	a := newApp(t)
	browser := visitor(t)
	session := a.logIn(browser)
	address := a.authorizeURL(nil)
	if got := open(t, browser, "GET", address, nil); got.StatusCode != 200 {
		t.Fatalf("the consent page: %d", got.StatusCode)
	}
	for name, form := range map[string]url.Values{
		"a guess":        {"decision": {"allow"}, "csrf": {"guess"}},
		"no token":       {"decision": {"allow"}},
		"a strange word": {"decision": {"perhaps"}, "csrf": {session}},
	} {
		if got := open(t, browser, "POST", address, form); got.StatusCode != 400 {
			t.Errorf("%s: %d", name, got.StatusCode)
		}
	}
	if got := open(t, browser, "GET", address+"&decision=allow", nil); got.StatusCode != 400 {
		t.Errorf("a link decides: %d", got.StatusCode)
	}
	if got := open(t, browser, "POST", address, url.Values{"decision": {"allow"}, "csrf": {session}, "save_consent": {"on"}}); got.StatusCode != 302 {
		t.Fatalf("allowed: %d", got.StatusCode)
	}
	if got := open(t, browser, "GET", address, nil); got.StatusCode != 302 || !strings.Contains(got.Header.Get("Location"), "code=") {
		t.Errorf("asked again: %d", got.StatusCode)
	}
	if got := open(t, browser, "GET", a.authorizeURL(url.Values{"scope": {"fr:idm:* fr:idc:esv:*"}}), nil); got.StatusCode != 200 {
		t.Errorf("a further scope was granted unasked: %d", got.StatusCode)
	}
	if got := open(t, browser, "GET", a.authorizeURL(url.Values{"prompt": {"consent"}}), nil); got.StatusCode != 200 {
		t.Errorf("prompt=consent: %d", got.StatusCode)
	}
}

// What a redirect URI holds is no part of the policy but as a source.
func TestThePolicyOfTheConsentPage(t *testing.T) {
	for uri, want := range map[string]string{
		"https://app.example.com:8443/x": "https://app.example.com:8443",
		"http://[::1]:3000/":             "http:",
		"com.example.app:/back":          "com.example.app:",
		"https://a;script-src/":          "https:",
		"https://a,b/":                   "https:",
		"https://ä.example/":             "https:",
	} {
		a := newApp(t, mockaic.RedirectURI(client, uri))
		browser := visitor(t)
		a.logIn(browser)
		got := open(t, browser, "GET", a.authorizeURL(url.Values{"redirect_uri": {uri}}), nil)
		if policy := got.Header.Get("Content-Security-Policy"); got.StatusCode != 200 || !strings.HasSuffix(policy, "; form-action 'self' "+want) {
			t.Errorf("%s: %d %s", uri, got.StatusCode, policy)
		}
	}
}

func TestSessionsExpire(t *testing.T) {
	a := newApp(t)
	browser := visitor(t)
	a.logIn(browser)
	loggedIn := func() bool {
		return open(t, browser, "GET", a.authorizeURL(nil), nil).StatusCode == 200
	}
	for range 5 { // never idle for long
		a.clock.advance(20 * time.Minute)
		if !loggedIn() {
			t.Fatal("the session ended early")
		}
	}
	for _, age := range []string{"10000000000", "9223372036854775807"} {
		if got := open(t, browser, "GET", a.authorizeURL(url.Values{"max_age": {age}}), nil); got.StatusCode != 200 {
			t.Errorf("max_age=%s: %d", age, got.StatusCode)
		}
	}
	if got := open(t, browser, "GET", a.authorizeURL(url.Values{"max_age": {"60"}}), nil); got.StatusCode != 302 || !strings.Contains(got.Header.Get("Location"), "/am/UI/Login") {
		t.Errorf("max_age: %d %s", got.StatusCode, got.Header.Get("Location"))
	}
	a.clock.advance(20 * time.Minute)
	if loggedIn() {
		t.Error("the session outlives two hours")
	}
	a.logIn(browser)
	a.clock.advance(30 * time.Minute)
	if loggedIn() {
		t.Error("the session outlives half an hour of nothing")
	}
}

func TestARefreshTokenKeepsTheGrantsScopes(t *testing.T) {
	a := newApp(t)
	login := a.redeem(a.code())
	refresh := func(token, scope string) tokens {
		return a.token(url.Values{"grant_type": {"refresh_token"}, "client_id": {client}, "refresh_token": {token}, "scope": {scope}})
	}
	narrow := refresh(login.RefreshToken, "fr:idm:* fr:idm:*")
	if narrow.Scope != "fr:idm:*" {
		t.Fatalf("narrowed to %q", narrow.Scope)
	}
	wide := refresh(narrow.RefreshToken, "")
	if wide.Scope != "fr:am:* fr:idm:*" {
		t.Errorf("afterwards %q", wide.Scope)
	}
	if got := refresh(wide.RefreshToken, "fr:idc:esv:*"); got.Error != "invalid_scope" {
		t.Errorf("more than was granted: %+v", got)
	}
	last := wide
	for range 5 { // each is good for seven days
		a.clock.advance(6 * 24 * time.Hour)
		last = refresh(last.RefreshToken, "")
	}
	if status := a.idmStatus(a.exchange(last.AccessToken, "fr:idm:*").AccessToken); status != 200 {
		t.Errorf("after a month of refreshing: %d", status)
	}
}

func TestATokenIsGoodUnderEveryNameOfTheTenant(t *testing.T) {
	a := newApp(t)
	scoped := a.exchange(a.redeem(a.code()).AccessToken, "fr:idm:*").AccessToken
	request, err := http.NewRequestWithContext(t.Context(), "GET", strings.Replace(a.mock.URL, "127.0.0.1", "localhost", 1)+"/openidm/config/managed", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+scoped)
	response, err := a.mock.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != 200 {
		t.Errorf("under another name: %s", response.Status)
	}
}

func TestClientsThatCannotBeServedAreRefused(t *testing.T) {
	for want, client := range map[string]string{
		"grantTypes": `{"clientId":"x","clientType":"Public","scopes":[]}`,
		"userpasswo": `{"clientId":"x","clientType":"Confidential","grantTypes":["refresh_token"]}`,
		"fragment":   `{"clientId":"x","clientType":"Public","grantTypes":["refresh_token"],"redirectionUris":["http://x/#y"]}`,
		"negative":   `{"clientId":"x","clientType":"Public","grantTypes":["refresh_token"],"accessTokenLifetime":-1}`,
		"clientId":   `{"clientType":"Public"}`,
		"unknown":    `{"clientId":"x","colour":"red"}`,
	} {
		dir := t.TempDir()
		seed(t, dir, "clients.json", "["+client+"]")
		if _, err := mockaic.New(mockaic.Seed(dir)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
