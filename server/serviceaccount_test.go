package server_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"aicmcp/mockaic"
	"aicmcp/server"
	"aicmcp/server/auth"
)

// newServiceAccount makes an account of the scopes, and its key as a JWK.
func newServiceAccount(t *testing.T, tenant *mockaic.Tenant, devToken string, scopes ...string) (id string, jwk []byte) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey}}})
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]any{"name": "ci", "accountStatus": "Active", "scopes": scopes, "jwks": string(set)})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tenant.URL+"/openidm/managed/svcacct?_action=create", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+devToken)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var account struct {
		ID string `json:"_id"`
	}
	if err := json.NewDecoder(res.Body).Decode(&account); err != nil || account.ID == "" {
		t.Fatalf("status %d, %v", res.StatusCode, err)
	}
	if jwk, err = json.Marshal(jose.JSONWebKey{Key: key, KeyID: "k"}); err != nil {
		t.Fatal(err)
	}
	return account.ID, jwk
}

// employ puts a server with a service account before a new tenant; the server's
// clock is off by skew.
func employ(t *testing.T, skew time.Duration, scopes ...string) *visitedTenant {
	t.Helper()
	v := &visitedTenant{t: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	v.Tenant = mockaic.Start(t, mockaic.DevToken("dev"), mockaic.Clock(v.clock))
	base, err := url.Parse(v.URL)
	if err != nil {
		t.Fatal(err)
	}
	account, err := auth.NewServiceAccount(newServiceAccount(t, v.Tenant, "dev", scopes...))
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: v}
	source, err := auth.New(auth.Options{
		Way: auth.ServiceAccounts, Account: account, BaseURL: base, HTTPClient: client, Scopes: server.Scopes(),
		Now: func() time.Time { return v.clock().Add(skew) },
	})
	if err != nil {
		t.Fatal(err)
	}
	connector, err := server.NewConnector(server.ConnectorOptions{BaseURL: base, HTTPClient: client, Bearers: source, Robot: true})
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

func TestAServiceAccountWorks(t *testing.T) {
	for _, skew := range []time.Duration{0, 2 * time.Minute, -2 * time.Minute} {
		t.Run(skew.String(), func(t *testing.T) {
			v := employ(t, skew, "fr:idm:*", "fr:am:*", "fr:idc:esv:read")
			for range 2 {
				v.must("queryManagedObjects", demoUser)
			}
			v.must("listScripts", map[string]any{"realm": "alpha"})
			v.must("queryESVs", map[string]any{"type": "variable"})
			var asked []string
			for _, form := range v.grants {
				asked = append(asked, form.Get("scope"))
				if form.Get("client_id") != "service-account" || strings.Count(form.Get("assertion"), ".") != 2 {
					t.Errorf("asked with %v", form)
				}
			}
			if got := fmt.Sprint(asked); got != "[fr:idm:* fr:am:* fr:idc:esv:read]" {
				t.Errorf("scopes %s", got)
			}
			v.advance(14*time.Minute + 35*time.Second) // its tokens last 15 minutes
			v.must("queryManagedObjects", demoUser)
			if len(v.grants) != 4 {
				t.Errorf("%d grants", len(v.grants))
			}
		})
	}
}

func TestWhatAServiceAccountCannotDo(t *testing.T) {
	v := employ(t, 0, "fr:idm:*")
	_, failure := v.call("getLogSources", nil)
	if !strings.Contains(fmt.Sprint(failure["message"]), "closed to service accounts") || failure["retryable"] != false || len(v.grants) != 0 {
		t.Errorf("logs: %v", failure)
	}
	_, failure = v.call("setVariable", map[string]any{"variableId": "esv-x", "value": "x"})
	text := fmt.Sprint(failure["message"], failure["hint"])
	if !strings.Contains(text, "fr:idc:esv:read,fr:idc:esv:update") || !strings.Contains(text, "queryESVs, getVariable, setVariable, deleteVariable.") || strings.Contains(text, "listScripts") {
		t.Errorf("without the scope: %v", failure)
	}
	v.must("queryManagedObjects", demoUser)

	v = employ(t, 4*time.Minute, "fr:idm:*")
	v.must("queryManagedObjects", demoUser)
	v = employ(t, -4*time.Minute, "fr:idm:*")
	if _, failure = v.call("queryManagedObjects", demoUser); !strings.Contains(fmt.Sprint(failure["hint"]), "clock") {
		t.Errorf("a clock that is far behind: %v", failure)
	}
}
