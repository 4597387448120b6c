package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"
	"golang.org/x/oauth2"

	"aicmcp/cmd/internal/node"
	"aicmcp/mockaic"
)

// mcpClients has the packages of the clients that run on Node, and oldestNode is what
// they need.
var (
	mcpClients = filepath.Join("..", "..", "testdata", "clients", "mcp")
	oldestNode = node.Version{Major: 22, Minor: 19}
)

// away is how long the clients' person is, which is longer than a token lives.
const away = 2 * time.Hour

var person = mockaic.Person{UserName: "demo", Password: mockaic.Password}

var remoteTools = []string{"create_new_todo", "delete_todo", "get_my_todo_list", "peek_api_token_claims", "toggle_todo_status", "who_am_I"}

// remoteClients do what their person wants at a site. Halfway something happens.
var remoteClients = map[string]func(t *testing.T, s *site, halfway func()){
	"Go SDK":           useGo,
	"TypeScript SDK 1": func(t *testing.T, s *site, halfway func()) { useTypeScript(t, "1", s, halfway) },
	"TypeScript SDK 2": func(t *testing.T, s *site, halfway func()) { useTypeScript(t, "2", s, halfway) },
}

func TestClientsFindTheirWay(t *testing.T) {
	for name, use := range remoteClients {
		t.Run(name, func(t *testing.T) { use(t, startSite(t, 1), func() {}) })
	}
}

// useTypeScript runs a client of a major version of the TypeScript SDK.
func useTypeScript(t *testing.T, sdk string, s *site, halfway func()) {
	t.Helper()
	if testing.Short() {
		t.Skip("it runs on Node")
	}
	command := node.Command(t.Context(), t, oldestNode, mcpClients, "check.js")
	s.behind.Store(int64(away))
	mux := http.NewServeMux()
	mux.HandleFunc("/callback", welcome)
	mux.HandleFunc("/visit", func(w http.ResponseWriter, r *http.Request) {
		address, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		page, err := person.Visit(r.Context(), string(address))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		_, _ = io.WriteString(w, page.URL.String())
	})
	mux.HandleFunc("/later", func(http.ResponseWriter, *http.Request) { s.behind.Store(0) })
	mux.HandleFunc("/halfway", func(http.ResponseWriter, *http.Request) { halfway() })
	around := httptest.NewServer(mux)
	t.Cleanup(around.Close)
	command.Env = append(command.Env, "SERVER="+s.resource, "TEST="+around.URL, "SDK="+sdk)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
}

func welcome(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "You are logged in.") }

// goClient is an application on the Go SDK.
type goClient struct {
	*mcp.ClientSession
	t       *testing.T
	handler *auth.AuthorizationCodeHandler
	asked   [][]string // scopes, at each login
	expired []string   // access tokens
}

// connectGo connects to a site of which the client knows the URL only.
func connectGo(t *testing.T, s *site) *goClient {
	t.Helper()
	application := httptest.NewServer(http.HandlerFunc(welcome))
	t.Cleanup(application.Close)
	// AIC lets a client ask only for scopes that it registered with, and this SDK
	// registers with none of its own accord.
	metadata, err := oauthex.GetProtectedResourceMetadata(t.Context(), strings.Replace(s.resource, "/mcp", "/.well-known/oauth-protected-resource/mcp", 1), s.resource, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &goClient{t: t}
	c.handler, err = auth.NewAuthorizationCodeHandler(&auth.AuthorizationCodeHandlerConfig{
		DynamicClientRegistrationConfig: &auth.DynamicClientRegistrationConfig{Metadata: &oauthex.ClientRegistrationMetadata{
			ClientName: "Go client", RedirectURIs: []string{application.URL}, TokenEndpointAuthMethod: "none",
			GrantTypes: []string{"authorization_code", "refresh_token"}, Scope: strings.Join(metadata.ScopesSupported, " "),
		}},
		AuthorizationCodeFetcher: c.login,
		AcceptUnadvertisedIss:    true, // AIC sends iss, and does not say that it does
		NewTokenSource: func(ctx context.Context, config *oauth2.Config, token *oauth2.Token) (oauth2.TokenSource, error) {
			if s.behind.Swap(0) > 0 { // the person comes back
				token.Expiry = token.Expiry.Add(-away)
				c.expired = append(c.expired, token.AccessToken)
			}
			return config.TokenSource(ctx, token), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.ClientSession, err = mcp.NewClient(&mcp.Implementation{Name: "check", Version: "1"}, nil).Connect(t.Context(), &mcp.StreamableClientTransport{
		Endpoint: s.resource, OAuthHandler: c.handler,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("end of the session: %v", err)
		}
	})
	return c
}

func (c *goClient) login(ctx context.Context, args *auth.AuthorizationArgs) (*auth.AuthorizationResult, error) {
	address, err := url.Parse(args.URL)
	if err != nil {
		return nil, err
	}
	scopes := strings.Fields(address.Query().Get("scope"))
	slices.Sort(scopes)
	c.asked = append(c.asked, scopes)
	page, err := person.Visit(ctx, args.URL)
	if err != nil {
		return nil, err
	}
	end := page.URL.Query()
	if end.Get("code") == "" {
		return nil, fmt.Errorf("the login ended at %s", page.URL)
	}
	return &auth.AuthorizationResult{Code: end.Get("code"), State: end.Get("state"), Iss: end.Get("iss")}, nil
}

// token is what it sends.
func (c *goClient) token() string {
	c.t.Helper()
	source, err := c.handler.TokenSource(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	token, err := source.Token()
	if err != nil {
		c.t.Fatal(err)
	}
	return token.AccessToken
}

// call calls a tool that has to succeed.
func (c *goClient) call(name string, arguments map[string]any) map[string]any {
	c.t.Helper()
	result, err := c.CallTool(c.t.Context(), &mcp.CallToolParams{Name: name, Arguments: arguments})
	if err != nil {
		c.t.Fatalf("%s: %v", name, err)
	}
	answer, _ := result.StructuredContent.(map[string]any)
	if result.IsError || answer == nil {
		c.t.Fatalf("%s: %v", name, answer)
	}
	return answer
}

func useGo(t *testing.T, s *site, halfway func()) {
	t.Helper()
	s.behind.Store(int64(away))
	c := connectGo(t, s)
	if version := c.InitializeResult().ProtocolVersion; version != "2026-07-28" {
		t.Errorf("it speaks %s", version)
	}
	if want := [][]string{{"openid", "profile", "todo_api:read"}}; !reflect.DeepEqual(c.asked, want) {
		t.Fatalf("a stranger asked for %v", c.asked)
	}
	if len(c.expired) != 1 || c.token() == c.expired[0] {
		t.Error("the token that had expired was not renewed")
	}
	var names []string
	for tool, err := range c.Tools(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, tool.Name)
	}
	if slices.Sort(names); !slices.Equal(names, remoteTools) {
		t.Errorf("the tools are %q", names)
	}
	own, _ := c.call("who_am_I", nil)["claims"].(map[string]any)
	acting, _ := c.call("peek_api_token_claims", nil)["claims"].(map[string]any)
	act, _ := acting["act"].(map[string]any)
	if own["aud"] != s.resource || acting["aud"] != s.api || acting["sub"] != own["sub"] || act["sub"] != mockaic.MCPClientID {
		t.Errorf("the caller's token: %v\nthe token for the API: %v", own, acting)
	}
	if todos := c.call("get_my_todo_list", nil)["todos"]; !reflect.DeepEqual(todos, []any{}) {
		t.Errorf("somebody's to-dos: %v", todos)
	}

	milk := c.call("create_new_todo", map[string]any{"text": "Buy milk"})["todo"].(map[string]any)
	if want := []string{"openid", "profile", "todo_api:read", "todo_api:write"}; len(c.asked) != 2 || !slices.Equal(c.asked[1], want) {
		t.Errorf("to write, it asked for %v", c.asked[1:])
	}
	halfway()
	c.call("toggle_todo_status", map[string]any{"todoId": milk["id"], "completed": true})
	milk["completed"] = true
	if todos := c.call("get_my_todo_list", nil)["todos"]; !reflect.DeepEqual(todos, []any{milk}) {
		t.Errorf("the list: %v", todos)
	}
	c.call("delete_todo", map[string]any{"todoId": milk["id"]})
	if todos := c.call("get_my_todo_list", nil)["todos"]; !reflect.DeepEqual(todos, []any{}) || len(c.asked) != 2 {
		t.Errorf("in the end there are %v, and it asked for %v", todos, c.asked)
	}
}

// TestClientsThatReplaceTheirScopesKeepThem looks at what clients are told that lack a
// scope: those of old versions ask for no more than that.
func TestClientsThatReplaceTheirScopesKeepThem(t *testing.T) {
	s := startSite(t, 1)
	token := connectGo(t, s).token()
	for version, want := range map[string]string{
		"":           "openid profile todo_api:read todo_api:write",
		"2025-11-25": "openid profile todo_api:read todo_api:write",
		"2026-07-28": "todo_api:write",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.resource, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"create_new_todo"}}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		if version != "" {
			r.Header.Set("Mcp-Protocol-Version", version)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		challenges, err := oauthex.ParseWWWAuthenticate(response.Header.Values("WWW-Authenticate"))
		if err != nil || response.StatusCode != http.StatusForbidden || len(challenges) != 1 || challenges[0].Params["scope"] != want {
			t.Errorf("version %q: %s %v, %v", version, response.Status, challenges, err)
		}
	}
}

// TestInspector gives the command line of the MCP Inspector a token.
func TestInspector(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs on Node")
	}
	const script = "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js"
	s, home := startSite(t, 1), t.TempDir()
	token := connectGo(t, s).token()
	inspect := func(answer any, arguments ...string) error {
		t.Helper()
		arguments = append([]string{"--cli", s.resource, "--transport", "http", "--header", "Authorization: Bearer " + token, "--method"}, arguments...)
		command := node.Command(t.Context(), t, oldestNode, mcpClients, script, arguments...)
		command.Env = append(command.Env, "HOME="+home)
		output, err := command.Output()
		if err != nil {
			return err
		}
		return json.Unmarshal(output, answer)
	}
	var list struct{ Tools []struct{ Name string } }
	if err := inspect(&list, "tools/list", "--strict"); err != nil { // which complains of schemas, too
		t.Fatal(complaint(err))
	}
	var names []string
	for _, tool := range list.Tools {
		names = append(names, tool.Name)
	}
	if !slices.Equal(names, remoteTools) {
		t.Errorf("the tools are %q", names)
	}
	var result struct {
		StructuredContent struct{ Todos []any }
	}
	if err := inspect(&result, "tools/call", "--tool-name", "get_my_todo_list"); err != nil || result.StructuredContent.Todos == nil {
		t.Errorf("%v, %s", result, complaint(err))
	}
	err := inspect(&result, "tools/call", "--tool-name", "create_new_todo", "--tool-arg", "text=Buy milk")
	if want := `openid profile todo_api:read todo_api:write`; !strings.Contains(complaint(err), want) {
		t.Errorf("a write with a token to read: %s", complaint(err))
	}
}

// complaint is what a command said when it failed.
func complaint(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Sprintf("%v: %s", err, exit.Stderr)
	}
	return fmt.Sprint(err)
}
