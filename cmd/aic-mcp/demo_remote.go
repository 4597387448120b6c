package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	sdkauth "github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"

	"aicmcp/cmd/internal/todo"
	"aicmcp/mockaic"
	"aicmcp/server"
)

// three are a tenant, an API that its tokens protect, and the MCP server that acts for
// its callers there, each on a port of its own.
type three struct {
	tenant                 *mockaic.Tenant
	todos                  *todo.Store
	tenantURL, api, server string
}

// startThree serves them until ctx ends.
func startThree(ctx context.Context, folder string, log *slog.Logger) (_ *three, err error) {
	var listeners [3]net.Listener
	for i := range listeners {
		if listeners[i], err = (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { listeners[i].Close() })
	}
	address := func(i int) string { return "http://" + listeners[i].Addr().String() }
	t := &three{tenantURL: address(0), api: address(1), server: address(2) + "/mcp"}
	issuer := t.tenantURL + "/am/oauth2/alpha"

	t.tenant, err = mockaic.New(mockaic.Chance(demoChance), mockaic.RemoteMCP(t.server, t.api))
	if err != nil {
		return nil, err
	}
	if t.todos, err = todo.Open(filepath.Join(folder, "todo.db")); err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { t.todos.Close() })
	api := todo.NewHandler(todo.Options{Store: t.todos, Verify: todo.NewVerifier(issuer, t.api, http.DefaultTransport).Verify, Logger: log})

	settings := server.NewRemoteSettings(func(name string) string {
		return map[string]string{
			"AIC_MCP_RESOURCE": t.server, "AIC_MCP_ISSUER": issuer, "AIC_MCP_TODO_URL": t.api,
			"AIC_MCP_CLIENT_ID": mockaic.MCPClientID, "AIC_MCP_CLIENT_SECRET": mockaic.MCPClientSecret,
		}[name]
	})
	config, err := settings.Config()
	if err != nil {
		return nil, err
	}
	remote, err := server.NewRemoteFrom(ctx, config, log)
	if err != nil {
		return nil, err
	}
	for i, handler := range []http.Handler{t.tenant, api, remote.Handler()} {
		s := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
		go func() {
			if err := s.Serve(listeners[i]); ctx.Err() == nil {
				log.Error("a server of the demo stopped", "error", err)
			}
		}()
	}
	return t, nil
}

// delegateRemotely shows an MCP client that knows nothing but the server's URL, and what
// the server does for it at an API.
func delegateRemotely(ctx context.Context, out io.Writer) error {
	folder, err := os.MkdirTemp("", "aic-mcp-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	servers, err := startThree(ctx, folder, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	t, err := newRemoteTour(ctx, out, servers)
	if err != nil {
		return err
	}
	return t.take(ctx)
}

type remoteTour struct {
	narrator
	*three
	client  *http.Client
	session *mcp.ClientSession
	own     map[string]any // claims of the caller's token
	refused int            // requests, for the scopes of the token
}

func newRemoteTour(ctx context.Context, out io.Writer, servers *three) (*remoteTour, error) {
	t := &remoteTour{narrator: narrator{out: out}, three: servers}
	t.client = &http.Client{Transport: traffic{t}}
	redirect, back, err := catchRedirects(ctx)
	if err != nil {
		return nil, err
	}
	t.say("A tenant, an API that its tokens protect, and an MCP server between them.")
	t.say("A client comes that knows nothing but the MCP server's URL.")
	t.say("\n    tenant  %s, in memory", t.tenantURL)
	t.say("    API     %s, the Todo API", t.api)
	t.say("    server  %s", t.server)
	scopes, err := t.knock(ctx)
	if err != nil {
		return nil, err
	}
	person := mockaic.Person{UserName: "demo", Password: mockaic.Password}
	handler, err := sdkauth.NewAuthorizationCodeHandler(&sdkauth.AuthorizationCodeHandlerConfig{
		DynamicClientRegistrationConfig: &sdkauth.DynamicClientRegistrationConfig{Metadata: &oauthex.ClientRegistrationMetadata{
			RedirectURIs: []string{redirect}, ClientName: "Demo MCP client", TokenEndpointAuthMethod: "none",
			GrantTypes: []string{"authorization_code", "refresh_token"}, Scope: strings.Join(scopes, " "),
		}},
		AuthorizationCodeFetcher: func(ctx context.Context, args *sdkauth.AuthorizationArgs) (*sdkauth.AuthorizationResult, error) {
			address, err := url.Parse(args.URL)
			if err != nil {
				return nil, err
			}
			t.say("    … the person's browser opens %s", address.Path)
			t.say("      and they log in as %s, and allow: %s", person.UserName, address.Query().Get("scope"))
			if _, err := person.Visit(ctx, args.URL); err != nil {
				return nil, fmt.Errorf("log in: %w", err)
			}
			select {
			case query := <-back:
				if refused := query.Get("error"); refused != "" {
					return nil, fmt.Errorf("the tenant refused: %s: %s", refused, query.Get("error_description"))
				}
				return &sdkauth.AuthorizationResult{Code: query.Get("code"), State: query.Get("state"), Iss: query.Get("iss")}, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		},
		// The client asks for no more than it needs, until the server says that it
		// needs more.
		ScopeFilter: func(discovered []string) []string {
			if !slices.Contains(discovered, "openid") {
				return discovered
			}
			return slices.DeleteFunc(slices.Clone(discovered), func(scope string) bool { return strings.HasSuffix(scope, ":write") })
		},
		AcceptUnadvertisedIss: true, // AIC sends iss, and does not say that it does
		Client:                t.client,
	})
	if err != nil {
		return nil, err
	}
	t.step++
	t.say("\n%2d  the client connects", t.step)
	t.session, err = mcp.NewClient(&mcp.Implementation{Name: "demo", Version: server.Version()}, nil).Connect(ctx, &mcp.StreamableClientTransport{
		Endpoint: t.server, HTTPClient: t.client, OAuthHandler: handler, DisableStandaloneSSE: true,
	}, nil)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return t, nil
}

// knock asks without a token, and learns from the refusal which scopes there are.
func (t *remoteTour) knock(ctx context.Context) ([]string, error) {
	t.step++
	t.say("\n%2d  the client knocks", t.step)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.server, strings.NewReader("{}"))
	if err != nil {
		return nil, err
	}
	response, err := t.client.Do(request)
	if err != nil {
		return nil, err
	}
	response.Body.Close()
	challenges, err := oauthex.ParseWWWAuthenticate(response.Header.Values("WWW-Authenticate"))
	if err != nil || len(challenges) == 0 {
		return nil, t.check(false, "the server tells where to read on: %v", err)
	}
	metadata, err := oauthex.GetProtectedResourceMetadata(ctx, challenges[0].Params["resource_metadata"], t.server, t.client)
	if err != nil {
		return nil, err
	}
	return metadata.ScopesSupported, t.check(slices.Contains(metadata.AuthorizationServers, t.tenantURL+"/am/oauth2/alpha"),
		"its tokens are issued by %s", strings.Join(metadata.AuthorizationServers, ", "))
}

// catchRedirects is where the person's browser is sent back to.
func catchRedirects(ctx context.Context) (address string, back <-chan url.Values, err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	queries := make(chan url.Values, 1)
	s := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case queries <- r.URL.Query():
		default:
		}
		fmt.Fprintln(w, "You are logged in.")
	})}
	context.AfterFunc(ctx, func() { s.Close() })
	go s.Serve(listener)
	return "http://" + listener.Addr().String() + "/callback", queries, nil
}

// traffic tells what the client sends, and how it is answered.
type traffic struct{ t *remoteTour }

func (tr traffic) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	whom := "server"
	if strings.HasPrefix(tr.t.tenantURL, r.URL.Scheme+"://"+r.URL.Host) {
		whom = "tenant"
	}
	tr.t.say("    → %s  %-4s %s: %d", whom, r.Method, r.URL.Path, res.StatusCode)
	if challenge := res.Header.Get("WWW-Authenticate"); challenge != "" {
		tr.t.say("      %s", challenge)
	}
	if res.StatusCode == http.StatusForbidden {
		tr.t.refused++
	}
	return res, nil
}

func (t *remoteTour) take(ctx context.Context) error {
	for _, part := range []func(context.Context) error{t.list, t.compare, t.read, t.write, t.finish} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	t.say("\nAll %d steps did what they said.", t.step)
	t.say("Next: aic-mcp http serves your own clients; see README.md.")
	return nil
}

// call calls a tool that has to succeed.
func (t *remoteTour) call(ctx context.Context, name string, arguments map[string]any) (map[string]any, error) {
	t.step++
	t.say("\n%2d  %s %s", t.step, name, compactJSON(arguments))
	result, err := t.session.CallTool(ctx, &mcp.CallToolParams{Name: name, Arguments: arguments})
	if err != nil {
		return nil, fmt.Errorf("step %d, %s: %w", t.step, name, err)
	}
	answer, _ := result.StructuredContent.(map[string]any)
	if result.IsError {
		return nil, fmt.Errorf("step %d, %s: %s", t.step, name, compactJSON(answer))
	}
	return answer, nil
}

func (t *remoteTour) list(ctx context.Context) error {
	t.step++
	t.say("\n%2d  tools/list", t.step)
	names, err := toolNames(ctx, t.session)
	if err != nil {
		return fmt.Errorf("step %d: %w", t.step, err)
	}
	return t.check(len(names) == 6, "six tools: %s", strings.Join(names, ", "))
}

// compare puts the caller's token and the one for the API side by side.
func (t *remoteTour) compare(ctx context.Context) error {
	who, err := t.call(ctx, "who_am_I", map[string]any{})
	if err != nil {
		return err
	}
	t.own = object(who, "claims")
	t.say("    the caller is %v", t.own["sub"])
	peek, err := t.call(ctx, "peek_api_token_claims", map[string]any{})
	if err != nil {
		return err
	}
	acting := object(peek, "claims")
	t.say("    %-8s  %-48s  %s", "", "the caller's token", "the token for the API")
	for _, claim := range []string{"sub", "aud", "may_act", "act", "scope"} {
		t.say("    %-8s  %-48s  %s", claim, shownClaim(t.own[claim]), shownClaim(acting[claim]))
	}
	for _, c := range []struct {
		ok   bool
		what string
	}{
		{acting["sub"] == t.own["sub"], "both are of the same person"},
		{t.own["may_act"] != nil && acting["may_act"] == nil && object(acting, "act")["sub"] == mockaic.MCPClientID, "the first says who may act, the second who does"},
		{t.own["aud"] == t.server && acting["aud"] == t.api, "each is good at one place only"},
		{compactJSON(acting["scope"]) == `["todo_api:read"]`, "the second can read, and nothing more"},
	} {
		if err := t.check(c.ok, "%s", c.what); err != nil {
			return err
		}
	}
	return nil
}

func shownClaim(claim any) string {
	if claim == nil {
		return "–"
	}
	if text, ok := claim.(string); ok {
		return text
	}
	return compactJSON(claim)
}

func (t *remoteTour) read(ctx context.Context) error {
	answer, err := t.call(ctx, "get_my_todo_list", map[string]any{})
	if err != nil {
		return err
	}
	return t.check(len(list(answer, "todos")) == 0, "the list is empty")
}

// write needs a scope that the caller's token lacks: the client asks its person.
func (t *remoteTour) write(ctx context.Context) error {
	for _, text := range []string{"Read the README", "Try a tenant of one's own"} {
		answer, err := t.call(ctx, "create_new_todo", map[string]any{"text": text})
		if err != nil {
			return err
		}
		if err := t.kept(object(answer, "todo"), false); err != nil {
			return err
		}
	}
	return t.check(t.refused == 1, "the first write was refused until the person had allowed it, the second not")
}

// kept looks at what the API has stored for the person.
func (t *remoteTour) kept(answer map[string]any, completed bool) error {
	all, err := t.todos.List(fmt.Sprint(t.own["sub"]))
	if err != nil {
		return err
	}
	at := slices.IndexFunc(all, func(stored todo.Todo) bool { return stored.ID == answer["id"] })
	if at < 0 {
		return t.check(false, "the API keeps %v", answer["text"])
	}
	stored := all[at]
	return t.check(stored.Text == answer["text"] && stored.Completed == completed, "the API keeps %q, completed: %t", stored.Text, stored.Completed)
}

func (t *remoteTour) finish(ctx context.Context) error {
	answer, err := t.call(ctx, "get_my_todo_list", map[string]any{})
	if err != nil {
		return err
	}
	todos := list(answer, "todos")
	if err := t.check(len(todos) == 2, "there are two"); err != nil {
		return err
	}
	first, _ := todos[0].(map[string]any)
	changed, err := t.call(ctx, "toggle_todo_status", map[string]any{"todoId": first["id"], "completed": true})
	if err != nil {
		return err
	}
	if err := t.kept(object(changed, "todo"), true); err != nil {
		return err
	}
	if _, err := t.call(ctx, "delete_todo", map[string]any{"todoId": first["id"]}); err != nil {
		return err
	}
	left, err := t.todos.List(fmt.Sprint(t.own["sub"]))
	if err != nil {
		return err
	}
	return t.check(len(left) == 1 && left[0].ID != first["id"], "the API keeps %s", plural(len(left), "to-do"))
}
