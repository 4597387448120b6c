package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"aicmcp/mockaic"
)

// The OAuth clients of the realm alpha. What is odd in the secret must be escaped in
// a Basic header.
const (
	clientSecret  = "s+ /%:é"
	tokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	deviceCode    = "urn:ietf:params:oauth:grant-type:device_code"
)

var oauthClients = []struct {
	id, kind, authentication string
	scopes, grants           []string
}{
	{"portal", "Confidential", "client_secret_basic", []string{"openid", "profile", "email"}, []string{"authorization_code", "refresh_token"}},
	{"spa", "Public", "none", []string{"openid", "profile"}, []string{"authorization_code", "refresh_token"}},
	{"television", "Public", "none", []string{"openid", "profile"}, []string{deviceCode, "refresh_token"}},
	{"nightly", "Confidential", "client_secret_post", []string{"reports"}, []string{"client_credentials"}},
	{"agent", "Confidential", "client_secret_basic", []string{"orders"}, []string{tokenExchange}},
}

// realm is a realm of a tenant that this command serves over HTTPS, set up for
// clients that know nothing of the project.
type realm struct {
	address  string // of the tenant
	issuer   string
	caFile   string
	redirect string // where the clients get their codes
	browser  *http.Client
	person   mockaic.Person
}

func startRealm(t *testing.T) *realm {
	t.Helper()
	r := &realm{caFile: filepath.Join(t.TempDir(), "ca.pem")}
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"--http", "", "--https", "127.0.0.1:0", "--ca-file", r.caFile, "--dev-token", "dev", "--json"}, writer, io.Discard)
		writer.Close()
	}()
	t.Cleanup(func() {
		cancel()
		if status := <-done; status != 0 {
			t.Errorf("the tenant ended with status %d", status)
		}
	})
	var at addresses
	if err := json.NewDecoder(reader).Decode(&at); err != nil {
		t.Fatal(err)
	}
	r.address, r.issuer = at.HTTPS, at.HTTPS+"/am/oauth2/realms/root/realms/alpha"

	text, err := os.ReadFile(r.caFile)
	roots := x509.NewCertPool()
	if err != nil || !roots.AppendCertsFromPEM(text) {
		t.Fatalf("CA file: %v", err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	t.Cleanup(transport.CloseIdleConnections)
	r.browser = &http.Client{Transport: transport}
	r.person = mockaic.Person{UserName: "demo", Password: mockaic.Password, Transport: transport}

	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "Back in the application")
	}))
	t.Cleanup(application.Close)
	r.redirect = application.URL + "/callback"
	r.setUp(t)
	return r
}

// setUp does what people do in the console of a tenant.
func (r *realm) setUp(t *testing.T) {
	t.Helper()
	const alpha = "/am/json/realms/root/realms/alpha"
	script := r.call(t, http.MethodPost, alpha+"/scripts?_action=create", map[string]any{
		"name": "The agent may act", "language": "JAVASCRIPT", "context": "OAUTH2_MAY_ACT_NEXT_GEN",
		"script": base64.StdEncoding.EncodeToString([]byte("token.setMayAct({client_id: 'agent'});")),
	})
	const provider = alpha + "/realm-config/services/oauth-oidc"
	settings := r.call(t, http.MethodGet, provider, nil)
	set := func(group, name string, value any) { settings[group].(map[string]any)[name] = value }
	set("coreOAuth2Config", "accessTokenMayActScript", script["_id"])
	set("advancedOAuth2Config", "tokenSigningAlgorithm", "RS256")
	set("clientDynamicRegistrationConfig", "allowDynamicRegistration", true)
	set("deviceCodeConfig", "devicePollInterval", 1)
	grants := settings["advancedOAuth2Config"].(map[string]any)["grantTypes"].([]any)
	if !slices.Contains(grants, any(tokenExchange)) {
		set("advancedOAuth2Config", "grantTypes", append(grants, tokenExchange))
	}
	delete(settings, "_rev")
	r.call(t, http.MethodPut, provider, settings)

	for _, c := range oauthClients {
		core := map[string]any{"clientType": c.kind, "scopes": c.scopes, "defaultScopes": c.scopes, "redirectionUris": []string{r.redirect}}
		if c.kind == "Confidential" {
			core["userpassword"] = clientSecret
		}
		r.call(t, http.MethodPut, alpha+"/realm-config/agents/OAuth2Client/"+c.id, map[string]any{
			"coreOAuth2ClientConfig": core,
			"advancedOAuth2ClientConfig": map[string]any{
				"grantTypes": c.grants, "responseTypes": []string{"code"}, "tokenEndpointAuthMethod": c.authentication, "isConsentImplied": true,
			},
			"signEncOAuth2ClientConfig": map[string]any{"idTokenSignedResponseAlg": "RS256"},
		})
	}
}

func (r *realm) call(t *testing.T, method, path string, document map[string]any) map[string]any {
	t.Helper()
	var body bytes.Buffer
	if document != nil {
		if err := json.NewEncoder(&body).Encode(document); err != nil {
			t.Fatal(err)
		}
	}
	request, err := http.NewRequestWithContext(t.Context(), method, r.address+path, &body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer dev")
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept-API-Version", "protocol=2.1,resource=1.0")
	response, err := r.browser.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	if err := json.Unmarshal(text, &answer); err != nil || response.StatusCode >= 300 {
		t.Fatalf("%s %s: %s %s %v", method, path, response.Status, text, err)
	}
	return answer
}

// visit lets the person go through the pages from address on, and returns the address
// where that ends.
func (r *realm) visit(ctx context.Context, address string) (string, error) {
	page, err := r.person.Visit(ctx, address)
	if err != nil {
		return "", err
	}
	if page.Status != http.StatusOK {
		return "", fmt.Errorf("%s answers %d: %s", page.URL, page.Status, page.Text)
	}
	return page.URL.String(), nil
}
