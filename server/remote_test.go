package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gkampitakis/go-snaps/snaps"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"aicmcp/mockaic"
	"aicmcp/server"
)

// site is a tenant, an API, and the server for remote clients between them.
type site struct {
	t      *testing.T
	mock   *mockaic.Tenant
	api    *downstream
	server string // its URL, and its resource
	issuer string
	log    *safeBuffer
	// redirects are where people are sent back to.
	redirects *httptest.Server
	back      chan url.Values
	// stop ends the server, whose error comes through done.
	stop context.CancelFunc
	done chan error
}

// downstream is an API that keeps what it was asked.
type downstream struct {
	*httptest.Server
	mu      sync.Mutex
	bearers []string
	status  int // if not 0, of the next answer
	// arrived gets a message for each request, which waits for release, if it is set.
	arrived, release chan struct{}
}

func (d *downstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	d.bearers = append(d.bearers, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	status := d.status
	d.status = 0
	d.mu.Unlock()
	if d.release != nil {
		d.arrived <- struct{}{}
		<-d.release
	}
	w.Header().Set("Content-Type", "application/json")
	switch {
	case status != 0:
		w.WriteHeader(status)
		fmt.Fprint(w, `{"error":"list_full","message":"the list is full"}`)
	case r.Method == http.MethodGet:
		fmt.Fprint(w, `{"todos":[{"id":"1","text":"Rest","completed":false,"created":"2026-01-02T03:04:05Z"}]}`)
	case r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	default:
		fmt.Fprint(w, `{"id":"2","text":"Work","completed":true,"created":"2026-01-02T03:04:05Z"}`)
	}
}

func (d *downstream) tokens() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.bearers)
}

// openSite starts them. The tenant is the demo, unless options say otherwise.
func openSite(t *testing.T, env map[string]string, options ...mockaic.Option) *site {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, api: &downstream{}, server: "http://" + listener.Addr().String() + "/mcp", log: &safeBuffer{}, back: make(chan url.Values, 1)}
	s.api.Server = httptest.NewServer(s.api)
	t.Cleanup(s.api.Close)
	s.redirects = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { s.back <- r.URL.Query() }))
	t.Cleanup(s.redirects.Close)
	if len(options) == 0 {
		options = []mockaic.Option{mockaic.RemoteMCP(s.server, s.api.URL)}
	}
	s.mock = mockaic.Start(t, append(options, mockaic.DevToken("dev"))...)
	s.issuer = s.mock.URL + "/am/oauth2/alpha"
	settings := server.NewRemoteSettings(func(name string) string {
		if value, ok := env[name]; ok {
			return strings.NewReplacer("TENANT", s.mock.URL).Replace(value)
		}
		return map[string]string{
			"AIC_MCP_RESOURCE": s.server, "AIC_MCP_ISSUER": s.issuer, "AIC_MCP_TODO_URL": s.api.URL,
			"AIC_MCP_CLIENT_SECRET": mockaic.MCPClientSecret, "AIC_MCP_RATE": "100000",
		}[name]
	})
	config, err := settings.Config()
	if err != nil {
		t.Fatal(err)
	}
	s.issuer = config.Issuer
	remote, err := server.NewRemoteFrom(t.Context(), config, slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	s.stop, s.done = stop, make(chan error, 1)
	go func() {
		s.done <- remote.Serve(ctx, listener, nil)
		close(s.done)
	}()
	t.Cleanup(func() {
		stop()
		if err := <-s.done; err != nil {
			t.Error(err)
		}
	})
	return s
}

// register makes an OAuth client as MCP clients do.
func (s *site) register(scopes string) string {
	s.t.Helper()
	body := fmt.Sprintf(`{"redirect_uris":[%q],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"scope":%q}`, s.redirects.URL, scopes)
	res, err := http.Post(s.issuer+"/register", "application/json", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	id, _ := decoded(s.t, res)["client_id"].(string)
	return id
}

// login gets a client a token of someone.
func (s *site) login(client, user, scopes string) string {
	s.t.Helper()
	query := url.Values{"response_type": {"code"}, "client_id": {client}, "redirect_uri": {s.redirects.URL}, "scope": {scopes}, "resource": {s.server}}
	if _, err := (mockaic.Person{UserName: user, Password: mockaic.Password}).Visit(s.t.Context(), s.issuer+"/authorize?"+query.Encode()); err != nil {
		s.t.Fatal(err)
	}
	res, err := http.PostForm(s.issuer+"/access_token", url.Values{
		"grant_type": {"authorization_code"}, "code": {(<-s.back).Get("code")}, "redirect_uri": {s.redirects.URL}, "client_id": {client}, "resource": {s.server},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	token, _ := decoded(s.t, res)["access_token"].(string)
	return token
}

func decoded(t *testing.T, res *http.Response) map[string]any {
	t.Helper()
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := json.Unmarshal(data, &object); err != nil || res.StatusCode >= 300 {
		t.Fatalf("%s: %d %s", res.Request.URL.Path, res.StatusCode, data)
	}
	return object
}

// bearing adds a token to what a client sends.
type bearing struct{ token string }

func (b bearing) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return http.DefaultTransport.RoundTrip(r)
}

func (s *site) connect(token string, options *mcp.ClientOptions) *mcp.ClientSession {
	s.t.Helper()
	session, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, options).Connect(s.t.Context(), &mcp.StreamableClientTransport{
		Endpoint: s.server, HTTPClient: &http.Client{Transport: bearing{token}}, DisableStandaloneSSE: true,
	}, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { session.Close() })
	return session
}

func callTool(t *testing.T, session *mcp.ClientSession, name string, arguments map[string]any) (map[string]any, bool) {
	t.Helper()
	result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: name, Arguments: arguments})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	answer, _ := result.StructuredContent.(map[string]any)
	return answer, result.IsError
}

func claimsIn(t *testing.T, token string) map[string]any {
	t.Helper()
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := parsed.UnsafeClaimsWithoutVerification(&claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

const everyTodoScope = "openid todo_api:read todo_api:write"

func TestTheServerActsForItsCaller(t *testing.T) {
	s := openSite(t, nil)
	own := s.login(s.register(everyTodoScope), "demo", everyTodoScope)
	session := s.connect(own, nil)
	todos, _ := callTool(t, session, "get_my_todo_list", nil)
	if fmt.Sprint(todos["todos"]) != "[map[completed:false created:2026-01-02T03:04:05Z id:1 text:Rest]]" {
		t.Errorf("%v", todos)
	}
	for _, c := range []struct {
		tool      string
		arguments map[string]any
		scope     string
	}{
		{"create_new_todo", map[string]any{"text": "Work"}, "todo_api:write"},
		{"toggle_todo_status", map[string]any{"todoId": "2", "completed": true}, "todo_api:write"},
		{"delete_todo", map[string]any{"todoId": "2"}, "todo_api:write"},
		{"get_my_todo_list", nil, "todo_api:read"},
	} {
		if answer, failed := callTool(t, session, c.tool, c.arguments); failed {
			t.Errorf("%s: %v", c.tool, answer)
		}
		tokens := s.api.tokens()
		claims := claimsIn(t, tokens[len(tokens)-1])
		if claims["aud"] != s.api.URL || claims["sub"] != claimsIn(t, own)["sub"] || fmt.Sprint(claims["act"]) != "map[sub:mcp_server]" || fmt.Sprint(claims["scope"]) != "["+c.scope+"]" {
			t.Errorf("%s: the API got %v", c.tool, claims)
		}
	}
	tokens := s.api.tokens()
	if slices.Contains(tokens, own) || len(tokens) != 5 {
		t.Errorf("the API got %d tokens, the caller's own among them: %t", len(tokens), slices.Contains(tokens, own))
	}
	// Two sets of scopes are two exchanges; the rest came from the cache.
	asked := 0
	for _, r := range s.mock.Requests() {
		if r.Path == "/am/oauth2/alpha/access_token" {
			asked++
		}
	}
	if asked != 1+1+2 {
		t.Errorf("%d requests for tokens: the login's, the actor's and two exchanges are 4", asked)
	}
	for _, secret := range append(tokens, own, mockaic.MCPClientSecret) {
		if strings.Contains(s.log.String(), secret) {
			t.Error("the log has a token or a secret")
		}
	}
}

func TestCallersAreToldOfBothTokens(t *testing.T) {
	s := openSite(t, nil)
	token := s.login(s.register(everyTodoScope), "demo", "openid todo_api:read")
	session, own := s.connect(token, nil), claimsIn(t, token)
	who, failed := callTool(t, session, "who_am_I", nil)
	if claims := at(who, "claims"); failed || !reflect.DeepEqual(claims, any(own)) {
		t.Errorf("%v, want %v", who, own)
	}
	peek, failed := callTool(t, session, "peek_api_token_claims", map[string]any{"api": "todo"})
	if failed || at(peek, "claims", "aud") != s.api.URL || at(peek, "claims", "sub") != own["sub"] || fmt.Sprint(at(peek, "claims", "scope")) != "[todo_api:read]" || at(peek, "api") != "todo" {
		t.Errorf("%v", peek)
	}
	if answer, failed := callTool(t, session, "peek_api_token_claims", map[string]any{"api": "other"}); !failed || at(answer, "error", "parameter") != "api" {
		t.Errorf("%v", answer)
	}
	if n := len(s.api.tokens()); n != 0 {
		t.Errorf("the API was asked %d times", n)
	}
}

// What is listed depends on who asks: no cache may share it.
func TestListsAreForOneCaller(t *testing.T) {
	s := openSite(t, nil)
	token := s.login(s.register(everyTodoScope), "demo", everyTodoScope)
	_, answer := s.post(token, `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"test","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}`, func(r *http.Request) {
		r.Header.Set("Mcp-Protocol-Version", "2026-07-28")
		r.Header.Set("Mcp-Method", "tools/list")
	})
	if !strings.Contains(answer, `"cacheScope":"private"`) || !strings.Contains(answer, "create_new_todo") {
		t.Errorf("%s", answer)
	}
}

func TestErrorsOfAnAPIAreToldAsItsOwn(t *testing.T) {
	s := openSite(t, nil)
	session := s.connect(s.login(s.register(everyTodoScope), "demo", everyTodoScope), nil)
	s.api.status = http.StatusConflict
	answer, failed := callTool(t, session, "create_new_todo", map[string]any{"text": "Work"})
	failure, _ := answer["error"].(map[string]any)
	if !failed || failure["status"] != float64(409) || failure["reason"] != "list_full" || failure["message"] != "the list is full" {
		t.Errorf("%v", answer)
	}
	// A token that the API refuses is replaced once.
	s.api.status = http.StatusUnauthorized
	if answer, failed := callTool(t, session, "get_my_todo_list", nil); failed {
		t.Errorf("%v", answer)
	}
	tokens := s.api.tokens()
	if last := tokens[len(tokens)-2:]; last[0] == last[1] {
		t.Error("the refused token was sent again")
	}
	for _, id := range []string{"..", "a/b?c", ""} {
		before := len(s.api.tokens())
		answer, failed := callTool(t, session, "delete_todo", map[string]any{"todoId": id})
		if id != "a/b?c" && (!failed || len(s.api.tokens()) != before) {
			t.Errorf("%q: %v", id, answer)
		}
	}
}

func TestRemoteSchemas(t *testing.T) {
	s := openSite(t, nil)
	session := s.connect(s.login(s.register("openid"), "demo", "openid"), nil)
	res, err := session.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Tools) != 6 {
		t.Errorf("%d tools", len(res.Tools))
	}
	for _, tl := range res.Tools {
		snaps.WithConfig(snaps.Dir("../testdata/schemas"), snaps.Filename(tl.Name)).MatchStandaloneJSON(t, tl)
	}
	if c, err := json.Marshal(session.InitializeResult().Capabilities); err != nil || string(c) != `{"tools":{}}` {
		t.Errorf("capabilities are %s, %v", c, err)
	}
}

func TestCallersAreKeptApart(t *testing.T) {
	s := openSite(t, nil)
	client := s.register(everyTodoScope)
	create(t, s.mock, "second", "second@example.com")
	first, second := s.login(client, "demo", everyTodoScope), s.login(client, "second", everyTodoScope)
	subjects := map[string]string{}
	var wg sync.WaitGroup
	var mu sync.Mutex
	for _, token := range []string{first, second} {
		session := s.connect(token, nil)
		for range 20 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "peek_api_token_claims"})
				if err != nil {
					t.Error(err)
					return
				}
				answer, _ := result.StructuredContent.(map[string]any)
				claims, _ := answer["claims"].(map[string]any)
				mu.Lock()
				defer mu.Unlock()
				subjects[token+" "+fmt.Sprint(claims["sub"])] = ""
			}()
		}
	}
	wg.Wait()
	if len(subjects) != 2 {
		t.Errorf("two callers saw %d subjects", len(subjects))
	}
	for pair := range subjects {
		if token, subject, _ := strings.Cut(pair, " "); claimsIn(t, token)["sub"] != subject {
			t.Error("a caller saw another's")
		}
	}
}

// create makes a user of alpha with the password of all.
func create(t *testing.T, mock *mockaic.Tenant, name, mail string) {
	t.Helper()
	body := fmt.Sprintf(`{"userName":%q,"givenName":"A","sn":"B","mail":%q,"password":%q}`, name, mail, mockaic.Password)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, mock.URL+"/openidm/managed/alpha_user?_action=create", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer dev")
	req.Header.Set("Content-Type", "application/json")
	res, err := mock.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	decoded(t, res)
}

// post sends one message as it is.
func (s *site) post(token, body string, change func(*http.Request)) (*http.Response, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.server, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if change != nil {
		change(req)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res, string(data)
}

func callMessage(name, arguments, meta string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":%q,"arguments":%s,"_meta":%s}}`, name, arguments, meta)
}

func TestAClientIsToldWhatAToolNeeds(t *testing.T) {
	s := openSite(t, nil)
	token := s.login(s.register(everyTodoScope), "demo", "openid todo_api:read")
	for name, body := range map[string]string{
		"a call":           callMessage("create_new_todo", `{"text":"x"}`, "{}"),
		"one of a batch":   "[" + callMessage("who_am_I", "{}", "{}") + "," + callMessage("create_new_todo", `{"text":"x"}`, "{}") + "]",
		"one that streams": callMessage("create_new_todo", `{"text":"x"}`, `{"progressToken":1}`),
	} {
		res, answer := s.post(token, body, nil)
		challenge := res.Header.Get("WWW-Authenticate")
		if res.StatusCode != http.StatusForbidden || !strings.Contains(challenge, `error="insufficient_scope", scope="openid todo_api:read todo_api:write", resource_metadata="`) {
			t.Errorf("%s: %d %s %s", name, res.StatusCode, challenge, answer)
		}
	}
	if n := len(s.api.tokens()); n != 0 {
		t.Errorf("the API was asked %d times", n)
	}
	if res, answer := s.post(token, callMessage("get_my_todo_list", "{}", "{}"), nil); res.StatusCode != http.StatusOK || !strings.Contains(answer, "Rest") {
		t.Errorf("%d %s", res.StatusCode, answer)
	}
	if res, _ := s.post("", callMessage("who_am_I", "{}", "{}"), nil); res.StatusCode != http.StatusUnauthorized || !strings.Contains(res.Header.Get("WWW-Authenticate"), `scope="openid profile todo_api:read todo_api:write"`) {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
}

func TestAnswersAreStreamedWhereProgressIsAskedFor(t *testing.T) {
	s := openSite(t, nil)
	token := s.login(s.register(everyTodoScope), "demo", everyTodoScope)
	res, answer := s.post(token, callMessage("get_my_todo_list", "{}", `{"progressToken":"p"}`), nil)
	if res.Header.Get("Content-Type") != "text/event-stream" || !strings.Contains(answer, `"method":"notifications/progress"`) || !strings.Contains(answer, "Rest") {
		t.Errorf("%v %s", res.Header, answer)
	}
	res, answer = s.post(token, callMessage("get_my_todo_list", "{}", "{}"), nil)
	if res.Header.Get("Content-Type") != "application/json" || !strings.Contains(answer, "Rest") {
		t.Errorf("%v %s", res.Header, answer)
	}
}

func TestCallersSeeTheTenantToolsTheyCanUse(t *testing.T) {
	s := openSite(t, map[string]string{"AIC_MCP_AIC_URL": "TENANT"})
	for scopes, want := range map[string]func(names []string) bool{
		"openid": func(names []string) bool { return len(names) == 6 },
		"openid fr:idm:*": func(names []string) bool {
			return slices.Contains(names, "getThemes") && !slices.Contains(names, "listJourneys") && !slices.Contains(names, "getOidcApp")
		},
	} {
		res, answer := s.post(s.login(s.register("openid fr:idm:*"), "demo", scopes), `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`, nil)
		var list struct {
			Result struct {
				Tools []struct{ Name string }
			}
		}
		if err := json.Unmarshal([]byte(answer), &list); err != nil {
			t.Fatalf("%d %s", res.StatusCode, answer)
		}
		var names []string
		for _, tool := range list.Result.Tools {
			names = append(names, tool.Name)
		}
		if !want(names) {
			t.Errorf("%s: %v", scopes, names)
		}
	}
}

func TestToolsThatTheSettingsForbidAreNotThere(t *testing.T) {
	s := openSite(t, map[string]string{"AIC_MCP_TODO_SCOPES": "todo_api:read"})
	token := s.login(s.register(everyTodoScope), "demo", "openid todo_api:read")
	if _, answer := s.post(token, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`, nil); !strings.Contains(answer, "get_my_todo_list") || strings.Contains(answer, "create_new_todo") {
		t.Errorf("%s", answer)
	}
	if res, answer := s.post(token, callMessage("create_new_todo", `{"text":"x"}`, "{}"), nil); res.StatusCode != http.StatusOK || !strings.Contains(answer, "unknown tool") {
		t.Errorf("%d %v %s", res.StatusCode, res.Header, answer)
	}
}

func TestTheTenantItselfIsADownstream(t *testing.T) {
	dir := t.TempDir()
	clients := `[
		{"clientId":"console","clientType":"Public","redirectionUris":["http://127.0.0.1"],"loopbackInterfaceRedirection":true,"isConsentImplied":true,
		 "scopes":["fr:idm:*"],"grantTypes":["authorization_code"],"mayAct":{"client_id":"mcp_server","sub":"mcp_server"}},
		{"clientId":"mcp_server","clientType":"Confidential","userpassword":"` + mockaic.MCPClientSecret + `","scopes":["fr:idm:*"],
		 "grantTypes":["client_credentials","urn:ietf:params:oauth:grant-type:token-exchange"]}]`
	if err := os.WriteFile(filepath.Join(dir, "clients.json"), []byte(clients), 0o600); err != nil {
		t.Fatal(err)
	}
	s := openSite(t, map[string]string{
		"AIC_MCP_ISSUER": "TENANT/am/oauth2", "AIC_MCP_AIC_URL": "TENANT", "AIC_MCP_AIC_SCOPES": "fr:idm:*", "AIC_MCP_OWN_CLIENTS": "console", "AIC_MCP_TODO_URL": "",
	}, mockaic.Seed(dir))
	session := s.connect(s.login("console", "admin@example.com", "fr:idm:*"), nil)
	answer, failed := callTool(t, session, "listManagedObjects", nil)
	if types, _ := answer["types"].([]any); failed || len(types) == 0 {
		t.Errorf("%v", answer)
	}
}

func TestTheGuardStandsBeforeTheEndpoint(t *testing.T) {
	s := openSite(t, nil)
	token := s.login(s.register(everyTodoScope), "demo", everyTodoScope)
	who := callMessage("who_am_I", "{}", "{}")
	for name, c := range map[string]struct {
		change func(*http.Request)
		status int
	}{
		"as it should be": {nil, 200},
		"another host":    {func(r *http.Request) { r.Host = "evil.example.com" }, 403},
		"another origin":  {func(r *http.Request) { r.Header.Set("Origin", "https://evil.example.com") }, 403},
		"too long": {func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(make([]byte, 2<<20))), -1
		}, 413},
		"no JSON":    {func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader("{")), 1 }, 400},
		"GET":        {func(r *http.Request) { r.Method, r.Body, r.ContentLength = "GET", nil, 0 }, 405},
		"in a query": {func(r *http.Request) { r.URL.RawQuery = "access_token=" + token; r.Header.Del("Authorization") }, 400},
		"tampered":   {func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token+"x") }, 401},
	} {
		if res, answer := s.post(token, who, c.change); res.StatusCode != c.status {
			t.Errorf("%s: %d %s", name, res.StatusCode, answer)
		}
	}
}

func TestAServerWithoutAuthorizationActsForNobody(t *testing.T) {
	settings := server.NewRemoteSettings(func(name string) string {
		return map[string]string{"AIC_MCP_TODO_URL": "http://127.0.0.1:1"}[name]
	})
	settings.Set("without-authorization", "true")
	config, err := settings.Config()
	if err != nil {
		t.Fatal(err)
	}
	remote, err := server.NewRemoteFrom(t.Context(), config, nil)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(remote.Handler())
	t.Cleanup(web.Close)
	s := &site{t: t, server: web.URL + "/mcp"}
	for _, tool := range []string{"who_am_I", "peek_api_token_claims", "get_my_todo_list"} {
		if res, answer := s.post("", callMessage(tool, "{}", "{}"), nil); res.StatusCode != 200 || !strings.Contains(answer, "without authorization") || !strings.Contains(answer, `"isError":true`) {
			t.Errorf("%s: %d %s", tool, res.StatusCode, answer)
		}
	}
	if res, answer := s.post("", callMessage("who_am_I", "{}", "{}"), func(r *http.Request) { r.Header.Set("Origin", "https://evil.example.com") }); res.StatusCode != 403 {
		t.Errorf("%d %s", res.StatusCode, answer)
	}
}

func TestReadinessDependsOnTheIssuer(t *testing.T) {
	s := openSite(t, nil)
	base := strings.TrimSuffix(s.server, "/mcp")
	status := func(path string) int {
		res, err := http.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	s.mock.Inject(mockaic.Fault{Path: "*/.well-known/openid-configuration", Status: 500})
	if healthy, ready := status("/healthz"), status("/readyz"); healthy != 200 || ready != 503 {
		t.Errorf("healthy %d, ready %d", healthy, ready)
	}
}
