package cases

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	c "aicmcp/conformance"
)

const (
	refResource       = "RFC 9728 2 and 3; MCP 2025-11-25 and 2026-07-28, authorization"
	refRemoteServer   = "RFC 8414; how MCP clients of 2025-06-18 look for an authorization server"
	refChallenge      = "RFC 6750 3; RFC 9728 5.1; MCP 2026-07-28, authorization"
	refRemoteTokens   = "MCP 2026-07-28, authorization: tokens are validated as RFC 6750, RFC 8707 and RFC 9068 4 say"
	refNoPassThrough  = "MCP 2026-07-28, authorization: no pass-through of tokens; RFC 8693 4.1 and 4.4"
	refStepUp         = "MCP 2026-07-28, authorization: insufficient scope, and step-up"
	refTransport      = "MCP 2026-07-28, transports: streamable HTTP"
	refEarlier        = "MCP 2025-11-25, lifecycle and transports"
	refRemoteBounds   = "this project's remote MCP server: what a request may be and take"
	protocol20260728  = "2026-07-28"
	protocol20251125  = "2025-11-25"
	wellKnownResource = "/.well-known/oauth-protected-resource"
	wellKnownServer   = "/.well-known/oauth-authorization-server"
	attacker          = "https://attacker.example.com"
)

var (
	remoteNeeded = []c.Feature{c.RemoteMCP}
	// remotePeople register clients and log in.
	remotePeople = []c.Feature{c.RemoteMCP, c.Clients, c.Managed, c.Logins}
	// remoteScripts say what stands in tokens.
	remoteScripts = append([]c.Feature{c.Scripts}, remotePeople...)
	remoteTodos   = append([]c.Feature{c.RemoteTodo}, remotePeople...)
)

// remote is the target's remote MCP server, as a client finds it.
type remote struct {
	t        *c.T
	metadata *c.Response
	// issuer is spelled as the server does, discovery what is found there.
	issuer    string
	discovery *c.Response
}

// beside is an address of the remote MCP server, and below that its own path if asked for.
func beside(t *c.T, path string, ownPath bool) string {
	server, err := url.Parse(t.Target.MCP)
	if err != nil {
		t.Breakf("address of the MCP server: %w", err)
	}
	if ownPath {
		path += strings.TrimSuffix(server.EscapedPath(), "/")
	}
	return server.Scheme + "://" + server.Host + path
}

// findRemote goes from the server's address to its issuer, which must be the target's.
func findRemote(t *c.T) *remote {
	r := &remote{t: t, metadata: t.Get(beside(t, wellKnownResource, true), c.Anonymous())}
	t.Status(http.StatusOK, r.metadata)
	r.issuer = r.metadata.Text("authorization_servers", 0)
	ofTenant(t, "the issuer that the server names", r.issuer)
	r.discovery = t.Get(r.issuer+"/.well-known/openid-configuration", c.Anonymous())
	t.Status(http.StatusOK, r.discovery)
	return r
}

// scopes are those that the server says there are, as far as the issuer has them for
// clients that register themselves.
func (r *remote) scopes() []string {
	issued := sortedTexts(r.discovery.List("scopes_supported"))
	return slices.DeleteFunc(sortedTexts(r.metadata.List("scopes_supported")), func(scope string) bool {
		return !slices.Contains(issued, scope)
	})
}

// register makes a client as MCP clients do it, by themselves, and logs a new person in.
func (r *remote) register() *app {
	const redirect = "http://127.0.0.1:33418/callback"
	endpoint := ofTenant(r.t, "registration_endpoint", r.discovery.Text("registration_endpoint"))
	res := r.t.Post(endpoint.String(), object{
		"client_name": r.t.Fresh("app"), "redirect_uris": []string{redirect}, "token_endpoint_auth_method": "none", "application_type": "native",
		"grant_types": []string{grantCode, grantRefresh}, "response_types": []string{"code"}, "scope": strings.Join(r.scopes(), " "),
	}, c.Anonymous())
	removeLater(r.t, res)
	r.t.Status(http.StatusCreated, res)
	return (&app{t: r.t, provider: r.provider(), id: res.Text("client_id"), redirect: redirect}).logIn()
}

// provider is the path of the issuer, by which it spells itself in tokens.
func (r *remote) provider() string { return ofTenant(r.t, "issuer", r.issuer).Path }

// tokens are what the person lets a client have for the server, with some scopes.
func (r *remote) tokens(a *app, scopes ...string) *c.Response {
	return r.tokensFor(a, r.t.Target.MCP, scopes)
}

func (r *remote) tokensFor(a *app, resource string, scopes []string) *c.Response {
	request := a.request()
	request.params.Set("scope", strings.Join(scopes, " "))
	request.params.Set("resource", resource)
	res := a.decide(request, "allow")
	back := request.back(res)
	if back == nil || back.Query().Get("code") == "" {
		r.t.Fatalf("the client gets no code but status %d: %s", res.Status, res.Header.Get("Location"))
	}
	given := a.redeem(request, back.Query().Get("code"), "resource", resource)
	checkTokens(r.t, given)
	return given
}

// caller is a new person, whose client has a token for the server with some scopes.
func (r *remote) caller(scopes ...string) caller {
	return caller{r.t, r.tokens(r.register(), scopes...).Text("access_token")}
}

// claimedTokens is a client whose access tokens have whatever claims it asks for: the
// tenant signs them all the same.
func (r *remote) claimedTokens() *app {
	const script = "var given = JSON.parse(String(requestProperties.requestParams.conformance[0]));" +
		"Object.keys(given).forEach(function (name) { accessToken.setField(name, given[name]); });"
	a := makeApp(r.t, modifiedBy(tokenScript(r.t, modifyContext, script)))
	a.provider = r.provider()
	return a.logIn()
}

// claiming is a token of such a client for the server, and other claims.
func (a *app) claiming(claims object) (token string, all any) {
	given := object{"aud": a.t.Target.MCP}
	for name, value := range claims {
		given[name] = value
	}
	text, err := json.Marshal(given)
	if err != nil {
		a.t.Breakf("encode claims: %w", err)
	}
	request := a.request()
	res := a.redeem(request, a.code(request), "conformance", string(text))
	checkTokens(a.t, res)
	token = res.Text("access_token")
	all = parseToken(a.t, token).claims
	for name, value := range given {
		if !c.Same(value, c.At(all, name)) {
			a.t.Breakf("the tenant's scripts don't set the claim %s", name)
		}
	}
	return token, all
}

// caller sends requests to the server. Without a token it is nobody.
type caller struct {
	t     *c.T
	token string
}

// send sends a request of the newest protocol, which needs no session.
func (k caller) send(method string, params object, options ...c.Option) *c.Response {
	k.t.Secret(k.token)
	params = with(params, "_meta", object{
		"io.modelcontextprotocol/protocolVersion":    protocol20260728,
		"io.modelcontextprotocol/clientInfo":         object{"name": "aic-conformance", "version": "1"},
		"io.modelcontextprotocol/clientCapabilities": object{},
	})
	headers := []c.Option{c.Header("Mcp-Protocol-Version", protocol20260728), c.Header("Mcp-Method", method)}
	if name, ok := params["name"].(string); ok {
		headers = append(headers, c.Header("Mcp-Name", name))
	}
	return k.post(object{"jsonrpc": "2.0", "id": 1, "method": method, "params": params}, append(headers, options...)...)
}

// post sends a message as it is.
func (k caller) post(message any, options ...c.Option) *c.Response {
	all := []c.Option{c.Anonymous(), c.Header("Accept", "application/json, text/event-stream")}
	if k.token != "" {
		all = append(all, c.Bearer(k.token))
	}
	return k.t.Post(k.t.Target.MCP, message, append(all, options...)...)
}

// whoAmI asks for the claims of the caller's own token, which needs no scope.
func (k caller) whoAmI(options ...c.Option) *c.Response {
	return k.send("tools/call", object{"name": "who_am_I", "arguments": object{}}, options...)
}

// own are the claims of the caller's token.
func (k caller) own() any { return k.claims(k.whoAmI()) }

// acting are those of the token with which the server acts for the caller.
func (k caller) acting() any { return k.claims(k.call("peek_api_token_claims", object{})) }

func (k caller) claims(res *c.Response) any {
	claims := c.At(k.result(res), "claims")
	if _, ok := claims.(object); !ok {
		k.t.Fatalf("the tool tells no claims: %s", res.Raw)
	}
	return claims
}

func (k caller) call(tool string, arguments object) *c.Response {
	return k.send("tools/call", object{"name": tool, "arguments": arguments})
}

// result is what a tool answers. The case stops if it failed.
func (k caller) result(res *c.Response) any {
	result := resultOf(k.t, res)
	if c.At(result, "isError") == true {
		k.t.Fatalf("the tool failed: %s", res.Raw)
	}
	return c.At(result, "structuredContent")
}

// toolList are the tools that the server offers the caller, by name.
func (k caller) toolList() map[string]any {
	list := c.List(resultOf(k.t, k.send("tools/list", object{})), "tools")
	if len(list) == 0 {
		k.t.Fatalf("the server offers no tools")
	}
	byName := map[string]any{}
	for _, tool := range list {
		byName[c.Text(tool, "name")] = tool
	}
	return byName
}

// resultOf is the result in an answer, which is JSON or a stream of events. The case
// stops if there is none.
func resultOf(t *c.T, res *c.Response) any {
	t.Status(http.StatusOK, res)
	message := res.Body
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		for line := range strings.Lines(string(res.Raw)) {
			if data, ok := strings.CutPrefix(line, "data:"); ok {
				decoder := json.NewDecoder(strings.NewReader(data))
				decoder.UseNumber()
				if err := decoder.Decode(&message); err != nil {
					t.Fatalf("an event is no JSON: %v", err)
				}
			}
		}
	}
	if c.At(message, "result") == nil {
		t.Fatalf("the answer has no result: %s", res.Raw)
	}
	return c.At(message, "result")
}

// checkTaken checks that the server takes a token.
func checkTaken(t *c.T, token string) {
	t.Has("who the caller is", caller{t, token}.own(), "sub")
}

// checkBadBearer checks that the server refuses a token, and says how to get another.
func checkBadBearer(t *c.T, what, token string) {
	res := caller{t, token}.whoAmI()
	t.Equal("status for "+what, http.StatusUnauthorized, res.Status)
	challenge := challengeOf(res)
	t.Equal("error for "+what, "invalid_token", challenge["error"])
	t.Equal("resource_metadata for "+what, beside(t, wellKnownResource, true), challenge["resource_metadata"])
	t.True("nothing is told of "+what, !strings.Contains(string(res.Raw), `"claims"`))
}

// checkInsufficient checks that the server wants more scopes than a token has.
func checkInsufficient(t *c.T, res *c.Response, scopes []string) {
	t.Status(http.StatusForbidden, res)
	challenge := challengeOf(res)
	t.Equal("error", "insufficient_scope", challenge["error"])
	t.Equal("resource_metadata", beside(t, wellKnownResource, true), challenge["resource_metadata"])
	asked := sortedWords(challenge["scope"])
	for _, scope := range scopes {
		t.True(fmt.Sprintf("the challenge asks for %s: %v", scope, asked), slices.Contains(asked, scope))
	}
}

var challengeParameter = regexp.MustCompile(`([A-Za-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))`)

// challengeOf are the parameters of a challenge for a bearer. It is nil without one.
func challengeOf(res *c.Response) map[string]string {
	scheme, rest, _ := strings.Cut(res.Header.Get("WWW-Authenticate"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return nil
	}
	parameters := map[string]string{}
	for _, match := range challengeParameter.FindAllStringSubmatch(rest, -1) {
		parameters[match[1]] = match[2] + match[3]
	}
	return parameters
}
