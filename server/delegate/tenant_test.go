package delegate_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"aicmcp/mockaic"
	"aicmcp/server/delegate"
)

const (
	realm     = "/am/json/realms/root/realms/alpha"
	clients   = realm + "/realm-config/agents/OAuth2Client/"
	provider  = realm + "/realm-config/services/oauth-oidc"
	server    = "mcp_server"
	secret    = "s3cret +/%&:é of the server"
	todoAPI   = "https://todo.example.com/api"
	exchanged = "urn:ietf:params:oauth:grant-type:token-exchange"

	mayAct = `if (clientProperties.clientId !== 'mcp_server') { token.setMayAct({client_id: 'mcp_server', sub: 'mcp_server'}); }`
	modify = `var asked = requestProperties.requestParams.resource;
		if (asked) { accessToken.setField('aud', asked[0]); }`
)

var todo = delegate.Target{Name: "todo", Resource: todoAPI, Scopes: []string{"todo:read", "todo:write"}}

// rig is a tenant that is set up for delegation, with a Delegator.
type rig struct {
	*delegate.Delegator
	t     testing.TB
	mock  *mockaic.Tenant
	clock *clock
	wire  *wire
	log   *buffer
	hits  *counter
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

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

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// counter counts what Observe is told.
type counter struct {
	mu        sync.Mutex
	hit, miss int
}

func (c *counter) observe(_ context.Context, _ string, hit bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if hit {
		c.hit++
	} else {
		c.miss++
	}
}

// wire is the way to the tenant. It keeps the forms that went over it.
type wire struct {
	mu     sync.Mutex
	forms  []url.Values
	header []http.Header
	// held is called before a form goes on.
	held func(url.Values)
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost {
		body, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(body)
		if err != nil {
			return nil, err
		}
		form, err := url.ParseQuery(string(text))
		if err != nil {
			return nil, err
		}
		w.mu.Lock()
		w.forms, w.header = append(w.forms, form), append(w.header, r.Header.Clone())
		held := w.held
		w.mu.Unlock()
		if held != nil {
			held(form)
		}
	}
	return http.DefaultTransport.RoundTrip(r)
}

func (w *wire) hold(held func(url.Values)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = held
}

// sent are the forms of a grant.
func (w *wire) sent(grant string) []url.Values {
	w.mu.Lock()
	defer w.mu.Unlock()
	var forms []url.Values
	for _, form := range w.forms {
		if form.Get("grant_type") == grant {
			forms = append(forms, form)
		}
	}
	return forms
}

func newRig(t testing.TB, change ...func(*delegate.Options)) *rig {
	t.Helper()
	r := &rig{t: t, clock: &clock{now: time.Date(2026, 7, 28, 12, 0, 0, 0, time.UTC)}, wire: &wire{}, log: &buffer{}, hits: &counter{}}
	r.mock = mockaic.Start(t, mockaic.DevToken("dev"), mockaic.Clock(r.clock.Now))
	for _, name := range []string{"jane", "joe"} {
		r.send("POST", "/openidm/managed/alpha_user?_action=create", map[string]any{"userName": name, "givenName": name, "sn": "Roe", "mail": name + "@example.com", "password": mockaic.Password})
	}
	r.send("PUT", clients+"portal", map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"clientType": "Confidential", "userpassword": "portal", "scopes": []string{"todo:read", "todo:write", "fr:idc:esv:*"}},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"password"}},
	})
	r.send("PUT", clients+server, map[string]any{
		"coreOAuth2ClientConfig":     map[string]any{"clientType": "Confidential", "userpassword": secret, "scopes": []string{"todo:read", "todo:write", "fr:idc:esv:read", "fr:idc:esv:update"}},
		"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials", exchanged}},
	})
	r.scripts(mayAct, modify)
	r.Delegator = r.delegator(change...)
	t.Cleanup(func() {
		r.discreet(r.log.String())
	})
	return r
}

func (r *rig) issuer() string { return r.mock.URL + "/am/oauth2/realms/root/realms/alpha" }

// delegator is another one at the same tenant.
func (r *rig) delegator(change ...func(*delegate.Options)) *delegate.Delegator {
	r.t.Helper()
	client, err := delegate.NewSecretClient(server, secret)
	if err != nil {
		r.t.Fatal(err)
	}
	o := delegate.Options{
		Issuer: r.issuer(), Client: client, HTTPClient: &http.Client{Transport: r.wire}, Now: r.clock.Now, Observe: r.hits.observe,
		Logger: slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, c := range change {
		c(&o)
	}
	d, err := delegate.New(o)
	if err != nil {
		r.t.Fatal(err)
	}
	return d
}

// discreet fails if a text holds a secret or one of the tokens that were sent.
func (r *rig) discreet(text string) {
	r.t.Helper()
	secrets := []string{secret, url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte(server + ":" + url.QueryEscape(secret)))}
	r.wire.mu.Lock()
	defer r.wire.mu.Unlock()
	for _, form := range r.wire.forms {
		for _, name := range []string{"subject_token", "actor_token", "client_assertion"} {
			if form.Has(name) {
				secrets = append(secrets, form.Get(name))
			}
		}
	}
	for _, s := range secrets {
		if strings.Contains(text, s) {
			r.t.Errorf("%s is shown: %s", s, text)
		}
	}
}

// send changes the tenant by its API.
func (r *rig) send(method, path string, body any) map[string]any {
	r.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		r.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(r.t.Context(), method, r.mock.URL+path, bytes.NewReader(text))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer dev")
	request.Header.Set("Content-Type", "application/json")
	return r.do(request)
}

func (r *rig) do(request *http.Request) map[string]any {
	r.t.Helper()
	response, err := r.mock.Client().Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	var document map[string]any
	if err := json.NewDecoder(response.Body).Decode(&document); err != nil || response.StatusCode >= 300 {
		r.t.Fatalf("%s %s: %d %v %v", request.Method, request.URL, response.StatusCode, document, err)
	}
	return document
}

// set changes attributes ("group/name") of a document.
func (r *rig) set(path string, attributes map[string]any) {
	r.t.Helper()
	document := r.send("GET", path, nil)
	delete(document, "_rev")
	for name, value := range attributes {
		group, attribute, _ := strings.Cut(name, "/")
		members, ok := document[group].(map[string]any)
		if !ok {
			members = map[string]any{}
			document[group] = members
		}
		members[attribute] = value
	}
	r.send("PUT", path, document)
}

// scripts sets the two scripts of the provider; "" is none.
func (r *rig) scripts(mayAct, modification string) {
	r.t.Helper()
	add := func(context, source string) string {
		if source == "" {
			return "[Empty]"
		}
		made := r.send("POST", realm+"/scripts?_action=create", map[string]any{
			"name": fmt.Sprintf("%s %d", context, len(r.mock.Requests())), "context": context, "language": "JAVASCRIPT", "script": base64.StdEncoding.EncodeToString([]byte(source)),
		})
		return made["_id"].(string)
	}
	r.set(provider, map[string]any{
		"coreOAuth2Config/accessTokenMayActScript":    add("OAUTH2_MAY_ACT_NEXT_GEN", mayAct),
		"pluginsConfig/accessTokenModificationScript": add("OAUTH2_ACCESS_TOKEN_MODIFICATION_NEXT_GEN", modification),
	})
}

// post asks one of the issuer's endpoints as a client.
func (r *rig) post(path, client, secret string, form url.Values) map[string]any {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), "POST", r.issuer()+path, strings.NewReader(form.Encode()))
	if err != nil {
		r.t.Fatal(err)
	}
	request.SetBasicAuth(url.QueryEscape(client), url.QueryEscape(secret))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r.do(request)
}

// login is a caller with the scopes.
func (r *rig) login(name string, scopes ...string) delegate.Caller {
	r.t.Helper()
	answer := r.post("/access_token", "portal", "portal", url.Values{
		"grant_type": {"password"}, "username": {name}, "password": {mockaic.Password}, "scope": {strings.Join(scopes, " ")},
	})
	token := answer["access_token"].(string)
	claims := r.claims(token)
	return delegate.Caller{Token: token, Subject: claims["sub"].(string), Expires: time.Unix(int64(claims["exp"].(float64)), 0), Scopes: scopes}
}

func (r *rig) claims(token string) map[string]any {
	r.t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		r.t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		r.t.Fatal(err)
	}
	return claims
}

// get is a token that has to be there.
func (r *rig) get(caller delegate.Caller, target delegate.Target, scopes ...string) *delegate.Token {
	r.t.Helper()
	token, err := r.Token(r.t.Context(), caller, target, scopes)
	if err != nil {
		r.t.Fatal(err)
	}
	return token
}

// requests compares how many of each grant were sent.
func (r *rig) requests(actors, exchanges int) {
	r.t.Helper()
	if a, e := len(r.wire.sent("client_credentials")), len(r.wire.sent(exchanged)); a != actors || e != exchanges {
		r.t.Errorf("%d requests for actor tokens, %d exchanges; want %d and %d", a, e, actors, exchanges)
	}
}
