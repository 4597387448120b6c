package resource_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"aicmcp/mockaic"
	"aicmcp/server/resource"
)

const (
	alphaConfig = "/am/json/realms/root/realms/alpha"
	provider    = alphaConfig + "/realm-config/services/oauth-oidc"
	clients     = alphaConfig + "/realm-config/agents/OAuth2Client"
	alpha       = "/am/oauth2/alpha"
)

// tenant is a fake one whose realm alpha makes tokens for the resource, and a server
// that trusts it.
type tenant struct {
	*mockaic.Tenant
	*resource.Server
	t *testing.T
}

// newTenant has the client app, which gets tokens for itself, and the client server,
// which may introspect. The aud of tokens is what app asks for as resource, if it does.
func newTenant(t *testing.T, change func(*resource.Options)) tenant {
	t.Helper()
	clock := func() time.Time { return start }
	n := tenant{Tenant: mockaic.Start(t, mockaic.DevToken("dev"), mockaic.Clock(clock)), t: t}
	n.configure("coreOAuth2Config", map[string]any{"accessTokenLifetime": 3600, "statelessTokensEnabled": true})
	n.configure("advancedOAuth2Config", map[string]any{"tokenSigningAlgorithm": "RS256"})
	const script = `var wanted = requestProperties.requestParams.resource; if (wanted) { accessToken.setField('aud', wanted[0]); }`
	made := n.send("POST", alphaConfig+"/scripts?_action=create", map[string]any{
		"name": "audience", "script": base64.StdEncoding.EncodeToString([]byte(script)), "language": "JAVASCRIPT", "context": "OAUTH2_ACCESS_TOKEN_MODIFICATION_NEXT_GEN",
	})
	n.configure("pluginsConfig", map[string]any{"accessTokenModificationPluginType": "SCRIPTED", "accessTokenModificationScript": made["_id"]})
	for id, scopes := range map[string][]string{"app": {"read", "write"}, "other": {"read"}, "server": {"am-introspect-all-tokens"}} {
		n.send("PUT", clients+"/"+id, map[string]any{
			"coreOAuth2ClientConfig":     map[string]any{"clientType": "Confidential", "userpassword": "secret of " + id, "scopes": scopes},
			"advancedOAuth2ClientConfig": map[string]any{"grantTypes": []string{"client_credentials"}},
		})
	}
	options := resource.Options{URL: self, Issuer: n.URL + alpha, Now: clock, HTTPClient: n.Client(), Scopes: []string{"read", "write"}}
	if change != nil {
		change(&options)
	}
	var err error
	if n.Server, err = resource.New(options); err != nil {
		t.Fatal(err)
	}
	return n
}

// configure sets attributes of a section of alpha's provider.
func (n tenant) configure(section string, changes map[string]any) {
	n.t.Helper()
	document := n.send("GET", provider, nil)
	delete(document, "_rev")
	maps.Copy(document[section].(map[string]any), changes)
	n.send("PUT", provider, document)
}

func (n tenant) send(method, path string, body any) map[string]any {
	n.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		n.t.Fatal(err)
	}
	return n.do(method, path, http.Header{"Authorization": {"Bearer dev"}, "Content-Type": {"application/json"}, "Accept-API-Version": {"protocol=2.1,resource=1.0"}}, string(text))
}

// form sends a form as a client.
func (n tenant) form(client, endpoint string, form url.Values) map[string]any {
	n.t.Helper()
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	basic(client, "secret+of+"+client)(nil, header)
	return n.do("POST", alpha+endpoint, header, form.Encode())
}

func (n tenant) do(method, path string, header http.Header, body string) map[string]any {
	n.t.Helper()
	var reader io.Reader
	if method != "GET" {
		reader = strings.NewReader(body)
	}
	request, err := http.NewRequestWithContext(n.t.Context(), method, n.URL+path, reader)
	if err != nil {
		n.t.Fatal(err)
	}
	request.Header = header
	answer, err := n.Client().Do(request)
	if err != nil {
		n.t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 {
		n.t.Fatalf("%s %s: %d %s %v", method, path, answer.StatusCode, data, err)
	}
	var object map[string]any
	if err := json.Unmarshal(data, &object); err != nil {
		n.t.Fatalf("%s %s: %v", method, path, err)
	}
	return object
}

// token is what a client gets for itself, for a resource if one is named.
func (n tenant) token(client, resource string) string {
	n.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"read"}}
	if resource != "" {
		form.Set("resource", resource)
	}
	return n.form(client, "/access_token", form)["access_token"].(string)
}

func (n tenant) verify(name, token string, fault error) *resource.Token {
	n.t.Helper()
	verified, err := n.Verify(n.t.Context(), token)
	if fault == nil && err != nil || fault != nil && !errors.Is(err, fault) {
		n.t.Errorf("%s: %v, want %v", name, err, fault)
	}
	return verified
}

// introspecting asks the tenant about tokens, as the client server.
func introspecting(mode resource.IntrospectionMode) func(*resource.Options) {
	return func(o *resource.Options) {
		o.OwnClients = []string{"app"}
		o.Introspection = resource.Introspection{Mode: mode, Authenticate: func(_ context.Context, form url.Values, header http.Header) error {
			basic("server", "secret+of+server")(form, header)
			return nil
		}}
	}
}

func TestTokensOfATenant(t *testing.T) {
	n := newTenant(t, nil)
	good := n.token("app", self)
	token := n.verify("for the resource", good, nil)
	if token.Subject != "app" || token.ClientID != "app" || !slices.Equal(token.Scopes, []string{"read"}) || !token.Expires.Equal(start.Add(time.Hour)) || token.Claims["realm"] != "/alpha" {
		t.Errorf("%+v", token)
	}
	n.verify("with a slash", n.token("app", self+"/"), nil)
	n.verify("for another resource", n.token("app", "https://other.example"), resource.WrongAudience)
	n.verify("for the client", n.token("app", ""), resource.WrongAudience)
	asked := len(n.Requests())
	n.verify("again", good, nil)
	if got := n.Requests()[asked:]; len(got) != 0 {
		t.Errorf("a warm verification asked the tenant: %v", got)
	}
	n.configure("advancedOAuth2Config", map[string]any{"tokenSigningAlgorithm": "HS256"})
	n.verify("HS256", n.token("app", self), resource.BadSignature)
	n.configure("advancedOAuth2Config", map[string]any{"tokenSigningAlgorithm": "ES256"})
	n.verify("ES256", n.token("app", self), resource.BadSignature)
	both, err := resource.New(resource.Options{URL: self, Issuer: n.URL + alpha, Now: func() time.Time { return start }, Algorithms: []string{"ES256", "RS256"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{"ES256": n.token("app", self), "RS256": good} {
		if _, err := both.Verify(t.Context(), token); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The issuer is that of one spelling of the realm.
func TestSpellingsOfARealm(t *testing.T) {
	n := newTenant(t, func(o *resource.Options) {
		o.Issuer = strings.Replace(o.Issuer, alpha, "/am/oauth2/realms/root/realms/alpha", 1)
	})
	n.verify("of the other spelling", n.token("app", self), resource.WrongIssuer)
}

func TestATenantRotatesItsKeys(t *testing.T) {
	clock := start
	n := newTenant(t, func(o *resource.Options) { o.Now = func() time.Time { return clock } })
	older := n.token("app", self)
	n.verify("before", older, nil)
	if err := n.RotateKeys(); err != nil {
		t.Fatal(err)
	}
	newer := n.token("app", self)
	n.verify("within the pause", newer, resource.BadSignature)
	clock = clock.Add(10 * time.Second)
	n.verify("newer", newer, nil)
	n.verify("older", older, nil)
}

func TestOpaqueTokensOfATenant(t *testing.T) {
	n := newTenant(t, introspecting(resource.IntrospectOpaque))
	n.configure("coreOAuth2Config", map[string]any{"statelessTokensEnabled": false})
	opaque := n.token("app", self)
	if strings.Contains(opaque, ".") {
		t.Fatal("not opaque")
	}
	token := n.verify("of app", opaque, nil)
	if token.Subject != "app" || token.ClientID != "app" || !slices.Equal(token.Scopes, []string{"read"}) || !token.Expires.Equal(start.Add(time.Hour)) {
		t.Errorf("%+v", token)
	}
	// Although it was made for the resource: the tenant does not tell.
	n.verify("of a client that is not listed", n.token("other", self), resource.WrongAudience)
	n.form("app", "/token/revoke", url.Values{"token": {opaque}})
	n.verify("revoked", opaque, resource.Inactive)
	n.verify("made up", "AAAAAAAAAAAAAAAAAAAAAAAAAAA", resource.Inactive)
}

func TestRevokedJWTsOfATenant(t *testing.T) {
	for mode, fault := range map[resource.IntrospectionMode]error{resource.IntrospectNone: nil, resource.IntrospectAll: resource.Inactive} {
		n := newTenant(t, introspecting(mode))
		token := n.token("app", self)
		n.verify("good", token, nil)
		n.form("app", "/token/revoke", url.Values{"token": {token}})
		n.verify(fmt.Sprintf("revoked, %q", mode), token, fault)
	}
}

func TestATenantThatIsAway(t *testing.T) {
	n := newTenant(t, introspecting(resource.IntrospectAll))
	token := n.token("app", self)
	n.Inject(mockaic.Fault{Path: "*/connect/jwk_uri"})
	var away *resource.Unavailable
	if _, err := n.Verify(t.Context(), token); !errors.As(err, &away) {
		t.Errorf("keys: %v", err)
	}
	n = newTenant(t, introspecting(resource.IntrospectAll))
	token = n.token("app", self)
	n.Inject(mockaic.Fault{Path: "*/introspect", Status: 500})
	if _, err := n.Verify(t.Context(), token); !errors.As(err, &away) {
		t.Errorf("introspection: %v", err)
	}
	n.verify("back", token, nil)
}

func TestMetadataOfATenant(t *testing.T) {
	n := newTenant(t, nil)
	site := httptest.NewServer(n.Metadata())
	t.Cleanup(site.Close)
	got := send(t, site, "GET", "/.well-known/oauth-authorization-server/mcp", nil, nil)
	var document map[string]any
	if err := json.Unmarshal([]byte(got.body), &document); err != nil {
		t.Fatal(err)
	}
	if got.status != 200 || document["issuer"] != n.URL+alpha || document["registration_endpoint"] != n.URL+alpha+"/register" ||
		fmt.Sprint(document["code_challenge_methods_supported"]) != "[plain S256]" || document["claims_supported"] != nil {
		t.Errorf("%d %s", got.status, got.body)
	}
}
