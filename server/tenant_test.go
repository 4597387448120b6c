package server_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"aicmcp/mockaic"
	"aicmcp/server"
	"aicmcp/server/auth"
	"aicmcp/server/rest"
)

// These tests run the server against a whole tenant: a person logs in at its
// pages, and its journal tells what was asked.

// visitedTenant is a tenant with a server and a client in front of it.
type visitedTenant struct {
	*mockaic.Tenant
	t       *testing.T
	session *mcp.ClientSession

	mu      sync.Mutex
	now     time.Time
	waits   []time.Duration
	grants  []url.Values // forms sent to the token endpoint
	bearers []string     // sent to IDM
	lost    func(*http.Request) bool
	// These run once, before or after the next write of a configuration.
	meanwhile, afterwards func()
}

func (v *visitedTenant) clock() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now
}

func (v *visitedTenant) advance(d time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now = v.now.Add(d)
}

// RoundTrip watches what the server sends, and loses the answers to requests
// that lost picks.
func (v *visitedTenant) RoundTrip(r *http.Request) (*http.Response, error) {
	v.mu.Lock()
	if strings.HasSuffix(r.URL.Path, "/access_token") {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			v.t.Error(err)
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			v.t.Error(err)
		}
		v.grants = append(v.grants, form)
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(strings.NewReader(string(body)))
	} else {
		v.bearers = append(v.bearers, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	}
	lose := v.lost != nil && v.lost(r)
	var meanwhile, afterwards func()
	if r.Method != http.MethodGet && slices.ContainsFunc([]string{"/openidm/config/", "/openidm/schema/", "/environment/"}, func(api string) bool { return strings.HasPrefix(r.URL.Path, api) }) {
		meanwhile, afterwards = v.meanwhile, v.afterwards
		v.meanwhile, v.afterwards = nil, nil
	}
	v.mu.Unlock()
	if meanwhile != nil {
		meanwhile()
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if afterwards != nil {
		afterwards()
	}
	if lose && err == nil {
		response.Body.Close()
		return nil, fmt.Errorf("connection reset: %w", io.ErrUnexpectedEOF)
	}
	return response, err
}

func visit(t *testing.T, options ...mockaic.Option) *visitedTenant {
	t.Helper()
	v := &visitedTenant{t: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	options = append(options, mockaic.Clock(v.clock), mockaic.LoopbackRedirects(auth.DefaultClientID), mockaic.Chance(7))
	v.Tenant = mockaic.Start(t, options...)
	base, err := url.Parse(v.URL)
	if err != nil {
		t.Fatal(err)
	}
	person := mockaic.Person{UserName: "admin@example.com", Password: mockaic.Password}
	client := &http.Client{Transport: v}
	bearers, err := auth.New(auth.Options{
		BaseURL: base, HTTPClient: client, Now: v.clock,
		Scopes: server.Scopes(),
		OpenURL: func(address string) error {
			go func() {
				if _, err := person.Visit(t.Context(), address); err != nil {
					t.Errorf("log in: %v", err)
				}
			}()
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	retry := rest.DefaultRetry()
	retry.Now = v.clock
	retry.Sleep = func(ctx context.Context, d time.Duration) error {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.waits = append(v.waits, d)
		return ctx.Err()
	}
	connector, err := server.NewConnector(server.ConnectorOptions{BaseURL: base, HTTPClient: client, Bearers: bearers, Retry: &retry})
	if err != nil {
		t.Fatal(err)
	}
	srv, err := server.New(t.Context(), server.Options{Connector: connector})
	if err != nil {
		t.Fatal(err)
	}
	here, there := mcp.NewInMemoryTransports()
	if _, err := srv.Connect(t.Context(), there, nil); err != nil {
		t.Fatal(err)
	}
	if v.session, err = mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), here, nil); err != nil {
		t.Fatal(err)
	}
	return v
}

// call returns the answer, and the error in it if there is one.
func (v *visitedTenant) call(tool string, arguments map[string]any) (answer, failure map[string]any) {
	v.t.Helper()
	result, err := v.session.CallTool(v.t.Context(), &mcp.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		v.t.Fatalf("%s: %v", tool, err)
	}
	answer, _ = result.StructuredContent.(map[string]any)
	failure, _ = answer["error"].(map[string]any)
	if result.IsError != (failure != nil) {
		v.t.Errorf("%s: isError is %t: %v", tool, result.IsError, answer)
	}
	return answer, failure
}

func (v *visitedTenant) must(tool string, arguments map[string]any) map[string]any {
	v.t.Helper()
	answer, failure := v.call(tool, arguments)
	if failure != nil {
		v.t.Fatalf("%s: %v", tool, failure)
	}
	return answer
}

// asked lists the tenant's journal from entry n on.
func (v *visitedTenant) asked(n int) []string {
	var lines []string
	for _, request := range v.Requests()[n:] {
		lines = append(lines, fmt.Sprint(request.Method, " ", request.Path, " ", request.Status))
	}
	return lines
}

func (v *visitedTenant) expect(from int, want ...string) {
	v.t.Helper()
	if got := v.asked(from); !slices.Equal(got, want) {
		v.t.Errorf("the tenant was asked\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

const (
	usersPath = "/openidm/managed/alpha_user"
	tokenPath = "POST /am/oauth2/access_token"
)

var demoUser = map[string]any{"objectType": "alpha_user", "queryFilter": `userName eq "demo"`}

func TestAWarmCallCostsOneRequest(t *testing.T) {
	v := visit(t)
	v.must("queryManagedObjects", demoUser)
	n := len(v.Requests())
	v.must("queryManagedObjects", demoUser)
	v.must("listManagedObjects", nil)
	v.expect(n, "GET "+usersPath+" 200", "GET /openidm/config/managed 200")
}

func TestATokenCarriesTheScopesOfItsToolOnly(t *testing.T) {
	v := visit(t)
	v.must("queryManagedObjects", demoUser)
	if len(v.grants) != 2 || v.grants[1].Get("scope") != "fr:idm:*" || v.grants[1].Get("client_id") != auth.DefaultExchangeClientID {
		t.Fatalf("grants %v", v.grants)
	}
	login := v.grants[1].Get("subject_token")
	if got := scopesOf(t, login); len(got) != len(server.Scopes()) {
		t.Errorf("the login has the scopes %v", got)
	}
	for _, bearer := range v.bearers {
		if got := scopesOf(t, bearer); bearer == login || !slices.Equal(got, []string{"fr:idm:*"}) {
			t.Errorf("IDM was sent a token with %v", got)
		}
	}
}

func scopesOf(t *testing.T, token string) []string {
	t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct{ Scope []string }
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims.Scope
}

func TestManyCallsWaitForOneLogin(t *testing.T) {
	v := visit(t)
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() { v.must("queryManagedObjects", demoUser) })
	}
	wg.Wait()
	logins, exchanges := 0, 0
	for _, form := range v.grants {
		switch form.Get("grant_type") {
		case "authorization_code":
			logins++
		case "urn:ietf:params:oauth:grant-type:token-exchange":
			exchanges++
		}
	}
	if logins != 1 || exchanges != 1 {
		t.Errorf("%d logins and %d exchanges", logins, exchanges)
	}
}

func TestALoginIsRefreshedBeforeThePersonIsAsked(t *testing.T) {
	v := visit(t)
	v.must("queryManagedObjects", demoUser)
	v.advance(time.Hour)
	n := len(v.Requests())
	v.must("queryManagedObjects", demoUser)
	v.expect(n, tokenPath+" 200", tokenPath+" 200", "GET "+usersPath+" 200")
	if got := v.grants[2].Get("grant_type"); got != "refresh_token" {
		t.Errorf("the login was renewed by %s", got)
	}
}

func TestATokenThatIDMRefusesIsReplacedOnce(t *testing.T) {
	v := visit(t)
	v.must("queryManagedObjects", demoUser)
	n := len(v.Requests())
	v.Inject(mockaic.Fault{Path: "/openidm/*", Status: 401})
	v.must("queryManagedObjects", demoUser)
	v.expect(n, "GET "+usersPath+" 401", tokenPath+" 200", "GET "+usersPath+" 200")

	n = len(v.Requests())
	v.Inject(mockaic.Fault{Path: "/openidm/*", Status: 401, Times: 2})
	if _, failure := v.call("queryManagedObjects", demoUser); failure["status"] != 401.0 {
		t.Errorf("failure %v", failure)
	}
	v.expect(n, "GET "+usersPath+" 401", tokenPath+" 200", "GET "+usersPath+" 401")
}

func TestAnExchangeThatIsRefusedMeansOneLoginMore(t *testing.T) {
	v := visit(t)
	v.must("queryManagedObjects", demoUser)
	v.advance(50 * time.Minute) // the login is good for a while, but the tenant forgets it
	v.Inject(mockaic.Fault{Path: "/openidm/*", Status: 401})
	v.Inject(mockaic.Fault{Path: "/am/oauth2/access_token", Status: 401})
	v.must("queryManagedObjects", demoUser)
	var types []string
	for _, form := range v.grants[2:] {
		types = append(types, strings.TrimPrefix(form.Get("grant_type"), "urn:ietf:params:oauth:grant-type:"))
	}
	if !slices.Equal(types, []string{"token-exchange", "authorization_code", "token-exchange"}) {
		t.Errorf("grants after the refusal: %v", types)
	}
}

func TestRetryAfterIsObeyedForReadsOnly(t *testing.T) {
	v := visit(t)
	v.must("queryManagedObjects", demoUser)
	n := len(v.Requests())
	v.Inject(mockaic.Fault{Method: "GET", Path: "/openidm/*", Status: 429, RetryAfter: 3 * time.Second})
	v.Inject(mockaic.Fault{Method: "GET", Path: "/openidm/*", Status: 503, RetryAfter: 5 * time.Second})
	v.must("queryManagedObjects", demoUser)
	v.expect(n, "GET "+usersPath+" 429", "GET "+usersPath+" 503", "GET "+usersPath+" 200")
	if len(v.waits) != 2 || v.waits[0] < 3*time.Second || v.waits[1] < 5*time.Second {
		t.Errorf("waited %v", v.waits)
	}
	n = len(v.Requests())
	v.Inject(mockaic.Fault{Method: "POST", Path: "/openidm/*", Status: 503, RetryAfter: time.Second})
	_, failure := v.call("createManagedObject", map[string]any{"objectType": "alpha_user", "objectData": map[string]any{"userName": "x", "givenName": "X", "sn": "X", "mail": "x@example.com"}})
	if failure["status"] != 503.0 {
		t.Errorf("failure %v", failure)
	}
	v.expect(n, "POST "+usersPath+" 503")
}

// someone creates a user and returns what a write needs.
func (v *visitedTenant) someone() (id, revision string) {
	v.t.Helper()
	created := v.must("createManagedObject", map[string]any{"objectType": "alpha_user", "objectData": map[string]any{
		"userName": "lost", "givenName": "Lo", "sn": "St", "mail": "lost@example.com",
	}})
	return created["id"].(string), created["revision"].(string)
}

// loseOne loses the answer to the next request with the method.
func (v *visitedTenant) loseOne(method string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.lost = func(r *http.Request) bool {
		if r.Method != method || strings.HasPrefix(r.URL.Path, "/am/") {
			return false
		}
		v.lost = nil
		return true
	}
}

func TestAWriteWhoseAnswerIsLostIsSettled(t *testing.T) {
	v := visit(t)
	id, revision := v.someone()
	v.loseOne("PATCH")
	n := len(v.Requests())
	patched := v.must("patchManagedObject", map[string]any{
		"objectType": "alpha_user", "objectId": id, "revision": revision,
		"operations": []any{map[string]any{"operation": "replace", "field": "/sn", "value": "Found"}},
	})
	path := usersPath + "/" + id
	v.expect(n, "PATCH "+path+" 200", "PATCH "+path+" 412", "GET "+path+" 200")
	object := patched["object"].(map[string]any)
	if object["sn"] != "Found" || patched["revision"] != object["_rev"] {
		t.Errorf("patched %v", patched)
	}

	v.loseOne("DELETE")
	n = len(v.Requests())
	v.must("deleteManagedObject", map[string]any{"objectType": "alpha_user", "objectId": id, "revision": patched["revision"]})
	v.expect(n, "DELETE "+path+" 200", "DELETE "+path+" 404", "GET "+path+" 404")
}

func TestACreateWhoseAnswerIsLostIsNotRepeated(t *testing.T) {
	v := visit(t)
	v.must("queryManagedObjects", demoUser)
	v.loseOne("POST")
	n := len(v.Requests())
	_, failure := v.call("createManagedObject", map[string]any{"objectType": "alpha_user", "objectData": map[string]any{
		"userName": "once", "givenName": "O", "sn": "N", "mail": "once@example.com",
	}})
	v.expect(n, "POST "+usersPath+" 201")
	if failure == nil || failure["retryable"] != false || !strings.Contains(fmt.Sprint(failure), "not known whether") {
		t.Errorf("failure %v", failure)
	}
}

func TestAConflictThatARepeatedWriteMeetsIsReported(t *testing.T) {
	v := visit(t)
	id, revision := v.someone()
	v.Inject(mockaic.Fault{Method: "PATCH", Path: usersPath + "/*", Status: 503})
	n := len(v.Requests())
	_, failure := v.call("patchManagedObject", map[string]any{
		"objectType": "alpha_user", "objectId": id, "revision": "not-" + revision,
		"operations": []any{map[string]any{"operation": "replace", "field": "/sn", "value": "Never"}},
	})
	path := usersPath + "/" + id
	v.expect(n, "PATCH "+path+" 503", "PATCH "+path+" 412", "GET "+path+" 200")
	if failure["status"] != 412.0 || failure["retryable"] != false || !strings.Contains(fmt.Sprint(failure["hint"]), "earlier attempt of this very call") {
		t.Errorf("failure %v", failure)
	}
}

// What cannot be read back is not called settled.
func TestALostPasswordChangeIsNotSettled(t *testing.T) {
	v := visit(t)
	id, revision := v.someone()
	v.loseOne("PATCH")
	n := len(v.Requests())
	_, failure := v.call("patchManagedObject", map[string]any{
		"objectType": "alpha_user", "objectId": id, "revision": revision,
		"operations": []any{map[string]any{"operation": "replace", "field": "/password", "value": "N3w-Passw0rd!"}},
	})
	path := usersPath + "/" + id
	v.expect(n, "PATCH "+path+" 200", "PATCH "+path+" 412", "GET "+path+" 200")
	if failure["status"] != 412.0 || !strings.Contains(fmt.Sprint(failure["hint"]), "earlier attempt of this very call") {
		t.Errorf("failure %v", failure)
	}
}
