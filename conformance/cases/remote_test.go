package cases

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	c "aicmcp/conformance"
	"aicmcp/mockaic"
	"aicmcp/server"
	"aicmcp/server/delegate"
	"aicmcp/server/resource"
)

// remoteTarget is a remote MCP server in front of a tenant and a Todo API.
type remoteTarget struct {
	tenant *mockaic.Tenant
	// url is where the server is, or what stands in front of it.
	url   string
	todos *todoAPI
}

// What a request may take is as Serve has it, but for the times.
const (
	slowestHeaders, slowestBody = time.Second, 2 * time.Second
	mostHeader                  = 64 << 10
)

// startRemote starts all three.
func startRemote(t *testing.T, change func(*server.RemoteOptions, *resource.Options)) remoteTarget {
	t.Helper()
	endpoint := httptest.NewUnstartedServer(nil)
	r := remoteTarget{url: "http://" + endpoint.Listener.Addr().String() + "/mcp", todos: &todoAPI{}}
	r.start(t)
	endpoint.Config = &http.Server{
		Handler: r.server(t, change), ReadHeaderTimeout: slowestHeaders, ReadTimeout: slowestBody, IdleTimeout: time.Minute, MaxHeaderBytes: mostHeader,
	}
	endpoint.Start()
	t.Cleanup(endpoint.Close)
	return r
}

// start starts the tenant and the Todo API.
func (r *remoteTarget) start(t *testing.T) {
	t.Helper()
	api := httptest.NewServer(r.todos)
	t.Cleanup(api.Close)
	r.todos.url = api.URL
	r.tenant = mockaic.Start(t, mockaic.RemoteMCP(r.url, api.URL), mockaic.DevToken(devToken), mockaic.RestartTime(0), mockaic.LogRate(noLimit))
}

// server is the MCP server, whose settings may be changed.
func (r *remoteTarget) server(t *testing.T, change func(*server.RemoteOptions, *resource.Options)) http.Handler {
	t.Helper()
	issuer := r.tenant.URL + "/am/oauth2/alpha"
	client, err := delegate.NewSecretClient(mockaic.MCPClientID, mockaic.MCPClientSecret)
	if err != nil {
		t.Fatal(err)
	}
	delegator, err := delegate.New(delegate.Options{Issuer: issuer, Client: client, HTTPClient: r.tenant.Client()})
	if err != nil {
		t.Fatal(err)
	}
	options := server.RemoteOptions{Delegator: delegator, HTTPClient: r.tenant.Client()}
	scopes := []string{"openid", "profile"}
	for _, d := range server.Downstreams() {
		base, audience := r.todos.url, r.todos.url
		if d.NoAudience {
			base, audience = r.tenant.URL, ""
		}
		address, err := url.Parse(base)
		if err != nil {
			t.Fatal(err)
		}
		options.Downstreams = append(options.Downstreams, server.Configured{
			Downstream: d, BaseURL: address, Target: delegate.Target{Name: d.Name, Resource: audience, Scopes: d.Scopes()},
		})
		scopes = append(scopes, d.Scopes()...)
	}
	guard := resource.Options{
		URL: r.url, Issuer: issuer, Scopes: scopes, AskedScopes: []string{"openid", "profile", readTodos}, HTTPClient: r.tenant.Client(),
		Introspection: resource.Introspection{Mode: resource.IntrospectAll, Authenticate: delegator.Authenticate},
	}
	if change != nil {
		change(&options, &guard)
	}
	if options.Resource, err = resource.New(guard); err != nil {
		t.Fatal(err)
	}
	remote, err := server.NewRemote(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	return remote.Handler()
}

// TestRemoteTokensByThemselves shows that the server needs nobody to tell it which tokens
// are good, but for those that were revoked.
func TestRemoteTokensByThemselves(t *testing.T) {
	target := remoteOnly(startRemote(t, func(_ *server.RemoteOptions, guard *resource.Options) {
		guard.Introspection = resource.Introspection{}
	}))
	for _, oneCase := range remoteTokens {
		t.Run(oneCase.ID, func(t *testing.T) {
			if !slices.Contains(oneCase.Needs, c.RemoteIntrospection) {
				report(t, c.Baseline{}, c.Run(t.Context(), target, oneCase))
			}
		})
	}
}

// remoteOnly is a target for the cases about its remote MCP server.
func remoteOnly(r remoteTarget) c.Target {
	return c.Target{
		BaseURL: r.tenant.URL, HTTPClient: r.tenant.Client(), Bearer: devToken, MCP: r.url,
		Features: append([]c.Feature{c.Clients, c.Managed, c.Logins, c.Scripts}, c.Remote()...),
	}
}

// todoAPI stands in for the Todo API. It takes tokens for what they say, if they are for
// it, and remembers what else came.
type todoAPI struct {
	url string

	mu    sync.Mutex
	lists map[string][]object
	next  int
	// strange are tokens that should not have come here.
	strange []string
}

func (a *todoAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	_, payload, _ := strings.Cut(token, ".")
	payload, _, _ = strings.Cut(payload, ".")
	read, _ := decodePart(payload)
	claims, _ := read.(object)
	scope := readTodos
	if r.Method != http.MethodGet {
		scope = writeTodos
	}
	user, _ := claims["sub"].(string)
	if claims["aud"] != a.url || claims["act"] == nil || claims["may_act"] != nil || !slices.Contains(textsIn(claims["scope"]), scope) {
		a.strange = append(a.strange, fmt.Sprintf("%s %s: %v", r.Method, r.URL.Path, claims))
		answerJSON(w, http.StatusUnauthorized, object{"error": "invalid_token"})
		return
	}
	if a.lists == nil {
		a.lists = map[string][]object{}
	}
	var sent object
	// A request without a body changes nothing.
	_ = json.NewDecoder(r.Body).Decode(&sent)
	id := strings.TrimPrefix(r.URL.Path, "/api/todos/")
	place := slices.IndexFunc(a.lists[user], func(todo object) bool { return todo["id"] == id })
	switch {
	case r.Method == http.MethodGet:
		answerJSON(w, http.StatusOK, object{"todos": append([]object{}, a.lists[user]...)})
	case r.Method == http.MethodPost:
		a.next++
		todo := object{"id": fmt.Sprint(a.next), "text": sent["text"], "completed": false, "created": time.Unix(0, 0)}
		a.lists[user] = append(a.lists[user], todo)
		answerJSON(w, http.StatusCreated, todo)
	case place < 0:
		answerJSON(w, http.StatusNotFound, object{"error": "not_found"})
	case r.Method == http.MethodPatch:
		a.lists[user][place]["completed"] = sent["completed"]
		answerJSON(w, http.StatusOK, a.lists[user][place])
	default:
		a.lists[user] = slices.Delete(a.lists[user], place, place+1)
		w.WriteHeader(http.StatusNoContent)
	}
}

// checkLeftBehind reports tokens that reached the API though they were not made for it,
// and what is still on a list.
func (a *todoAPI) checkLeftBehind(t *testing.T) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, token := range a.strange {
		t.Errorf("a token came to the Todo API that is not for it: %s", token)
	}
	for user, todos := range a.lists {
		if len(todos) > 0 {
			t.Errorf("%d to-dos of %s were left behind", len(todos), user)
		}
	}
}
