package mockaic_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"aicmcp/mockaic"
)

const (
	client   = "AICMCPClient"
	exchange = "AICMCPExchangeClient"
	verifier = "0123456789012345678901234567890123456789abc"
)

// clock is a tenant's time, moved by the test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// app is an OAuth client that receives redirects.
type app struct {
	t        *testing.T
	mock     *mockaic.Tenant
	clock    *clock
	redirect string
	received url.Values // the query of the last redirect
}

func newApp(t *testing.T, options ...mockaic.Option) *app {
	t.Helper()
	a := &app{t: t, clock: newClock()}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.received = r.URL.Query()
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<title>app</title><p id=done>Back in the application"))
	}))
	t.Cleanup(server.Close)
	a.redirect = server.URL + "/callback"
	options = append([]mockaic.Option{mockaic.Clock(a.clock.Now), mockaic.RedirectURI(client, a.redirect), mockaic.Seed("empty")}, options...)
	a.mock = mockaic.Start(t, options...)
	return a
}

func (a *app) authorizeURL(change url.Values) string {
	digest := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"response_type": {"code"}, "client_id": {client}, "redirect_uri": {a.redirect}, "scope": {"fr:idm:* fr:am:*"},
		"state": {"s/1"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(digest[:])}, "code_challenge_method": {"S256"},
	}
	for name, values := range change {
		query[name] = values
		if values == nil {
			delete(query, name)
		}
	}
	return a.mock.URL + "/am/oauth2/authorize?" + query.Encode()
}

var admin = mockaic.Person{UserName: "admin@example.com", Password: mockaic.Password}

func (a *app) visit(person mockaic.Person, address string) *mockaic.Page {
	a.t.Helper()
	a.received = nil
	page, err := person.Visit(a.t.Context(), address)
	if err != nil {
		a.t.Fatalf("visit: %v", err)
	}
	return page
}

func (a *app) code() string {
	a.t.Helper()
	a.visit(admin, a.authorizeURL(nil))
	return a.received.Get("code")
}

type tokens struct {
	Status           int
	AccessToken      string `json:"access_token"`
	RefreshToken     string `json:"refresh_token"`
	Scope            string `json:"scope"`
	ExpiresIn        int    `json:"expires_in"`
	Error            string `json:"error"`
	ErrorDescription string `json:"error_description"`
}

func (a *app) token(form url.Values) tokens {
	a.t.Helper()
	got := call(a.t, a.mock, "POST", "/am/oauth2/access_token", map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Authorization": "none",
	}, form.Encode())
	var answer tokens
	if err := json.Unmarshal(got.body, &answer); err != nil {
		a.t.Fatalf("token answer %s: %v", got.body, err)
	}
	answer.Status = got.status
	return answer
}

func (a *app) redeem(code string) tokens {
	a.t.Helper()
	return a.token(url.Values{
		"grant_type": {"authorization_code"}, "client_id": {client}, "code": {code},
		"redirect_uri": {a.redirect}, "code_verifier": {verifier},
	})
}

func (a *app) exchange(subject, scope string) tokens {
	a.t.Helper()
	return a.token(url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "client_id": {exchange}, "scope": {scope},
		"subject_token": {subject}, "subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"},
		"requested_token_type": {"urn:ietf:params:oauth:token-type:access_token"},
	})
}

func (a *app) idmStatus(token string) int {
	a.t.Helper()
	return call(a.t, a.mock, "GET", "/openidm/config/managed", map[string]string{"Authorization": "Bearer " + token}, "").status
}

func TestCodeFlowEndsInAnAPICall(t *testing.T) {
	a := newApp(t)
	login := a.redeem(a.code())
	if login.Status != 200 || login.AccessToken == "" || login.RefreshToken == "" || login.ExpiresIn != 3599 {
		t.Fatalf("login: %+v", login)
	}
	if got := a.received; got.Get("state") != "s/1" || got.Get("iss") != a.mock.URL+"/am/oauth2" || got.Get("client_id") != client {
		t.Errorf("redirect carried %v", got)
	}
	scoped := a.exchange(login.AccessToken, "fr:idm:*")
	if scoped.Status != 200 || scoped.Scope != "fr:idm:*" || scoped.RefreshToken != "" {
		t.Fatalf("exchange: %+v", scoped)
	}
	if status := a.idmStatus(scoped.AccessToken); status != 200 {
		t.Errorf("IDM answered %d", status)
	}
	other := a.exchange(login.AccessToken, "fr:am:*")
	if status := a.idmStatus(other.AccessToken); status != 403 {
		t.Errorf("IDM answered %d to a token without its scope", status)
	}
	a.clock.advance(time.Hour)
	if status := a.idmStatus(scoped.AccessToken); status != 401 {
		t.Errorf("IDM answered %d to an expired token", status)
	}
	if late := a.exchange(login.AccessToken, "fr:idm:*"); late.Error != "invalid_request" || late.ErrorDescription != "Invalid token exchange." {
		t.Errorf("exchange of an expired token: %+v", late)
	}
	renewed := a.token(url.Values{"grant_type": {"refresh_token"}, "client_id": {client}, "refresh_token": {login.RefreshToken}})
	if renewed.Status != 200 || renewed.RefreshToken == login.RefreshToken {
		t.Fatalf("refresh: %+v", renewed)
	}
	if again := a.token(url.Values{"grant_type": {"refresh_token"}, "client_id": {client}, "refresh_token": {login.RefreshToken}}); again.Error != "invalid_grant" {
		t.Errorf("a spent refresh token: %+v", again)
	}
}

func TestCodeIsGoodOnceAndForTwoMinutes(t *testing.T) {
	a := newApp(t)
	code := a.code()
	first := a.redeem(code)
	if status := a.idmStatus(first.AccessToken); status != 200 {
		t.Fatalf("first use: IDM answered %d", status)
	}
	if second := a.redeem(code); second.Error != "invalid_grant" {
		t.Errorf("second use: %+v", second)
	}
	if status := a.idmStatus(first.AccessToken); status != 401 {
		t.Errorf("the tokens of a replayed code still work: %d", status)
	}
	code = a.code()
	a.clock.advance(2 * time.Minute)
	if late := a.redeem(code); late.Error != "invalid_grant" {
		t.Errorf("expired code: %+v", late)
	}
}

func TestCodeIsBoundToItsRequest(t *testing.T) {
	a := newApp(t)
	for name, change := range map[string]url.Values{
		"verifier":     {"code_verifier": {strings.Repeat("x", 43)}},
		"redirect URI": {"redirect_uri": {"http://localhost:3000"}},
		"client":       {"client_id": {exchange}},
	} {
		form := url.Values{
			"grant_type": {"authorization_code"}, "client_id": {client}, "code": {a.code()},
			"redirect_uri": {a.redirect}, "code_verifier": {verifier},
		}
		for key, values := range change {
			form[key] = values
		}
		if got := a.token(form); got.Status != 400 || got.AccessToken != "" {
			t.Errorf("another %s: %+v", name, got)
		}
	}
	missing := a.token(url.Values{"grant_type": {"authorization_code"}, "client_id": {client}, "code": {a.code()}, "redirect_uri": {a.redirect}})
	if missing.ErrorDescription != "code_verifier parameter required" {
		t.Errorf("no verifier: %+v", missing)
	}
	a.visit(admin, a.authorizeURL(url.Values{"code_challenge": nil, "code_challenge_method": nil}))
	if downgraded := a.redeem(a.received.Get("code")); downgraded.Error != "invalid_grant" {
		t.Errorf("a verifier without a challenge: %+v", downgraded)
	}
}

func TestOnlyTheNamedClientMayExchange(t *testing.T) {
	a := newApp(t)
	login := a.redeem(a.code())
	scoped := a.exchange(login.AccessToken, "fr:idm:*")
	for name, subject := range map[string]string{"a token without may_act": scoped.AccessToken, "garbage": "x.y.z", "nothing": ""} {
		if got := a.exchange(subject, "fr:idm:*"); got.ErrorDescription != "Invalid token exchange." {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := a.exchange(login.AccessToken, "openid fr:idm:*"); got.Error != "invalid_scope" || got.ErrorDescription != "Unknown/invalid scope(s): [openid]" {
		t.Errorf("a scope that the client lacks: %+v", got)
	}
}

func TestAuthorizeNeverRedirectsToStrangers(t *testing.T) {
	a := newApp(t)
	for name, change := range map[string]url.Values{
		"unknown client":      {"client_id": {"nobody"}},
		"unregistered URI":    {"redirect_uri": {"https://evil.example/"}},
		"other loopback port": {"redirect_uri": {"http://localhost:3001"}},
		"other path":          {"redirect_uri": {a.redirect + "/x"}},
	} {
		page := a.visit(admin, a.authorizeURL(change))
		if page.Status != 400 || !strings.Contains(page.Text, "OAuth2 Error Page") || !strings.HasPrefix(page.URL.String(), a.mock.URL) {
			t.Errorf("%s: %d at %s", name, page.Status, page.URL)
		}
	}
	for want, change := range map[string]url.Values{
		"invalid_scope":             {"scope": {"root"}},
		"unsupported_response_type": {"response_type": {"token"}},
		"invalid_request":           {"code_challenge": {"short"}},
		"login_required":            {"prompt": {"none"}},
	} {
		a.visit(admin, a.authorizeURL(change))
		if a.received.Get("error") != want || a.received.Get("state") != "s/1" {
			t.Errorf("want %s: %v", want, a.received)
		}
	}
	denying := admin
	denying.Denies = true
	a.visit(denying, a.authorizeURL(nil))
	if a.received.Get("error") != "access_denied" || a.received.Get("code") != "" {
		t.Errorf("denied: %v", a.received)
	}
}

func TestLoginRefusesWrongPasswordsAndForeignForms(t *testing.T) {
	a := newApp(t)
	for _, person := range []mockaic.Person{
		{UserName: "admin@example.com", Password: "wrong"}, {UserName: "nobody", Password: mockaic.Password}, {UserName: "demo", Password: mockaic.Password},
	} {
		page, err := person.Visit(t.Context(), a.authorizeURL(nil))
		if err == nil || page.Status != 403 || !strings.Contains(page.Text, "Authentication Failed") {
			t.Errorf("%s: %v %v", person.UserName, page.Status, err)
		}
	}
	form := url.Values{"username": {"admin@example.com"}, "password": {mockaic.Password}, "csrf": {"guess"}}
	got := call(t, a.mock, "POST", "/am/XUI/?realm=/", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, form.Encode())
	if got.status != 400 || got.header.Get("Set-Cookie") != "" && strings.Contains(got.header.Get("Set-Cookie"), "AAJTS") {
		t.Errorf("a form from elsewhere: %d %v", got.status, got.header)
	}
	got = call(t, a.mock, "POST", "/am/XUI/?realm=/", map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "cross-site"}, form.Encode())
	if got.status != 403 {
		t.Errorf("a cross-site form: %d", got.status)
	}
	page := a.visit(admin, a.mock.URL+"/am/XUI/?realm=/&goto=https%3A%2F%2Fevil.example%2F")
	if !strings.HasPrefix(page.URL.String(), a.mock.URL) {
		t.Errorf("the login page sent the person to %s", page.URL)
	}
}

func TestLoopbackRedirectsMayHaveAnyPort(t *testing.T) {
	a := newApp(t, mockaic.LoopbackRedirects(client))
	port := strings.TrimSuffix(strings.TrimPrefix(a.redirect, "http://127.0.0.1:"), "/callback")
	a.visit(admin, a.authorizeURL(url.Values{"redirect_uri": {"http://localhost:" + port}}))
	if a.received.Get("code") == "" {
		t.Errorf("no code: %v", a.received)
	}
}

func TestPromptLoginEnds(t *testing.T) {
	a := newApp(t)
	jar := mockaic.Person{UserName: admin.UserName, Password: admin.Password}
	if page := a.visit(jar, a.authorizeURL(url.Values{"prompt": {"login"}})); page.Status != 200 {
		t.Errorf("prompt=login does not end: %d at %s", page.Status, page.URL)
	}
}

func TestForeignTokensAreRefused(t *testing.T) {
	a, other := newApp(t), newApp(t)
	login := other.redeem(other.code())
	foreign := other.exchange(login.AccessToken, "fr:idm:*").AccessToken
	parts := strings.Split(foreign, ".")
	unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"none"}`)) + "." + parts[1] + "."
	for name, token := range map[string]string{"another tenant's": foreign, "unsigned": unsigned, "garbage": "abc", "empty": ""} {
		got := call(t, a.mock, "GET", "/openidm/config/managed", map[string]string{"Authorization": "Bearer " + token}, "")
		if got.status != 401 || strings.TrimSpace(string(got.body)) != `{"code":401,"reason":"Unauthorized","message":"Access Denied"}` {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}

// What may be used once is used once by requests at the same time, too.
func TestOnceIsOnceSideBySide(t *testing.T) {
	a := newApp(t)
	code := a.code()
	login := a.redeem(a.code())
	k := newKeyed(t)
	k.register(map[string]any{"publicKeyLocation": "jwks", "jwkSet": jwks(t, k.key.Public()), "tokenEndpointAuthSigningAlgorithm": "ES256"})
	signed := assertion(t, jose.ES256, k.key, k.claims(map[string]any{"jti": "1"}))
	for name, use := range map[string]func() bool{
		"a code": func() bool { return a.redeem(code).Status == 200 },
		"a refresh token": func() bool {
			return a.token(url.Values{"grant_type": {"refresh_token"}, "client_id": {client}, "refresh_token": {login.RefreshToken}}).Status == 200
		},
		"an assertion": func() bool { return k.send(signed)["error"] == known },
	} {
		var done sync.WaitGroup
		var taken atomic.Int32
		for range 8 {
			done.Go(func() {
				if use() {
					taken.Add(1)
				}
			})
		}
		done.Wait()
		if taken.Load() != 1 {
			t.Errorf("%s was taken %d times", name, taken.Load())
		}
	}
}
