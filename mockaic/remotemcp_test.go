package mockaic_test

import (
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"aicmcp/mockaic"
)

// TestTheDemoIsReadyForARemoteMCPServer plays a client that registers itself and the
// server that acts for its person.
func TestTheDemoIsReadyForARemoteMCPServer(t *testing.T) {
	const server, api = "https://mcp.example.com/mcp", "https://todo.example.com"
	a := newApp(t, mockaic.Seed("demo"), mockaic.RemoteMCP(server, api))
	registered := call(t, a.mock, "POST", alphaProvider+"/register", map[string]string{"Content-Type": "application/json"}, `{"redirect_uris":["`+a.redirect+`"],
		"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"scope":"openid todo_api:read todo_api:write"}`)
	client, _ := registered.object(t)["client_id"].(string)
	if registered.status != http.StatusCreated || client == "" {
		t.Fatalf("%d %s", registered.status, registered.body)
	}
	own := a.callersToken(client, server)
	claims := claimsOf(t, own)
	if claims["aud"] != server || !reflect.DeepEqual(claims["may_act"], map[string]any{"client_id": mockaic.MCPClientID, "sub": mockaic.MCPClientID}) {
		t.Errorf("the caller's token: %v", claims)
	}
	if other := claimsOf(t, a.callersToken(client, api)); other["aud"] != client || other["may_act"] != nil {
		t.Errorf("a token that a client wants for the API: %v", other)
	}

	actor := a.asMCPServer(url.Values{"grant_type": {"client_credentials"}, "scope": {"todo_api:read"}})
	acting := claimsOf(t, a.asMCPServer(url.Values{
		"grant_type":    {tokenExchange},
		"subject_token": {own}, "subject_token_type": {accessTokenType},
		"actor_token": {actor}, "actor_token_type": {accessTokenType},
		"scope": {"todo_api:read"}, "resource": {api + "/"},
	}))
	act, _ := acting["act"].(map[string]any)
	if acting["aud"] != api || acting["sub"] != claims["sub"] || act["sub"] != mockaic.MCPClientID || acting["may_act"] != nil ||
		!reflect.DeepEqual(acting["scope"], []any{"todo_api:read"}) {
		t.Errorf("the token for the API: %v", acting)
	}
}

// TestARefreshKeepsTheAudience plays clients that name the resource when they refresh a
// token, and those that don't.
func TestARefreshKeepsTheAudience(t *testing.T) {
	const server = "https://mcp.example.com/mcp"
	for _, c := range []struct {
		scope, resource string
		kept            bool
	}{
		{"openid todo_api:read", server, true},
		{"openid todo_api:read", "", true},
		{"openid", server, true},
		{"openid", "", false},
		{"openid todo_api:read", "https://todo.example.com", false},
	} {
		a := newApp(t, mockaic.Seed("demo"), mockaic.RemoteMCP(server, "https://todo.example.com"))
		registered := call(t, a.mock, "POST", alphaProvider+"/register", map[string]string{"Content-Type": "application/json"}, `{"redirect_uris":["`+a.redirect+`"],
			"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"scope":"`+c.scope+`"}`)
		client, _ := registered.object(t)["client_id"].(string)
		first := a.tokensFor(client, server, c.scope)
		refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first["refresh_token"].(string)}, "client_id": {client}}
		if c.resource != "" {
			refresh.Set("resource", c.resource)
		}
		claims := claimsOf(t, a.accessToken(refresh, ""))
		if kept := claims["aud"] == server; kept != c.kept || kept != (claims["may_act"] != nil) {
			t.Errorf("refreshed with the scopes %q for %q: %v", c.scope, c.resource, claims)
		}
	}
}

const alphaProvider = "/am/oauth2/alpha"

// callersToken is what a client gets for the demo's person and a resource.
func (a *app) callersToken(client, resource string) string {
	a.t.Helper()
	return a.tokensFor(client, resource, "openid todo_api:read todo_api:write")["access_token"].(string)
}

func (a *app) tokensFor(client, resource, scope string) map[string]any {
	a.t.Helper()
	a.visit(mockaic.Person{UserName: "demo", Password: mockaic.Password}, a.mock.URL+alphaProvider+"/authorize?"+url.Values{
		"response_type": {"code"}, "client_id": {client}, "redirect_uri": {a.redirect}, "scope": {scope}, "resource": {resource},
	}.Encode())
	return a.tokens(url.Values{
		"grant_type": {"authorization_code"}, "code": {a.received.Get("code")}, "redirect_uri": {a.redirect}, "client_id": {client}, "resource": {resource},
	}, "")
}

func (a *app) asMCPServer(form url.Values) string {
	a.t.Helper()
	return a.accessToken(form, "Basic "+inBase64(mockaic.MCPClientID+":"+mockaic.MCPClientSecret))
}

func (a *app) accessToken(form url.Values, authorization string) string {
	a.t.Helper()
	return a.tokens(form, authorization)["access_token"].(string)
}

func (a *app) tokens(form url.Values, authorization string) map[string]any {
	a.t.Helper()
	headers := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	if authorization != "" {
		headers["Authorization"] = authorization
	}
	got := call(a.t, a.mock, "POST", alphaProvider+"/access_token", headers, form.Encode())
	answer := got.object(a.t)
	if _, ok := answer["access_token"].(string); got.status != http.StatusOK || !ok {
		a.t.Fatalf("%d %s", got.status, got.body)
	}
	return answer
}

func TestOnlyTheDemoTakesTheURLs(t *testing.T) {
	_, err := mockaic.New(mockaic.Seed("empty"), mockaic.RemoteMCP("https://mcp.example.com"))
	if err == nil || !strings.Contains(err.Error(), "only the demo") {
		t.Error(err)
	}
}

func TestTheURLsAreWhole(t *testing.T) {
	for _, option := range []mockaic.Option{
		mockaic.RemoteMCP("mcp.example.com/mcp"), mockaic.RemoteMCP("localhost:8200/mcp"), mockaic.RemoteMCP("https://mcp.example.com/#mcp"), mockaic.RemoteMCP("", "todo"),
	} {
		if _, err := mockaic.New(option); err == nil || !strings.Contains(err.Error(), "must have whole URLs") {
			t.Error(err)
		}
	}
}

func TestTheInspectorIsLetIn(t *testing.T) {
	mock := mockaic.Start(t)
	req, err := http.NewRequestWithContext(t.Context(), "OPTIONS", mock.URL+"/am/oauth2/alpha/access_token", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Origin": "http://localhost:6274", "Access-Control-Request-Method": "POST",
		"Access-Control-Request-Headers": "authorization,content-type,mcp-protocol-version",
	} {
		req.Header.Set(name, value)
	}
	res, err := mock.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	allowed := strings.Split(strings.ToLower(res.Header.Get("Access-Control-Allow-Headers")), ",")
	if res.Header.Get("Access-Control-Allow-Origin") != "http://localhost:6274" || !slices.Contains(allowed, "mcp-protocol-version") {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
}
