package todo_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"aicmcp/cmd/internal/todo"
)

const resource = "https://todo.example.com"

// issuer signs whatever it is told to. While it, or its keys, are away it answers 502.
type issuer struct {
	url         string
	key         *rsa.PrivateKey
	away        atomic.Bool
	keysAway    atomic.Bool
	discoveries atomic.Int32
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{key: key}
	server := httptest.NewServer(i)
	t.Cleanup(server.Close)
	i.url = server.URL
	return i
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if i.away.Load() || i.keysAway.Load() && r.URL.Path == "/keys" {
		http.Error(w, "away", http.StatusBadGateway)
		return
	}
	var document any
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		i.discoveries.Add(1)
		document = map[string]any{"issuer": i.url, "jwks_uri": i.url + "/keys", "id_token_signing_alg_values_supported": []string{"HS256", "RS256", "RS512"}}
	case "/keys":
		document = jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.key.Public(), KeyID: "1", Use: "sig"}}}
	default:
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(document)
}

// claims are those of a good token with these changes; nil takes a claim away.
func (i *issuer) claims(change map[string]any) map[string]any {
	claims := map[string]any{
		"iss": i.url, "aud": resource, "sub": "ann", "exp": time.Now().Add(time.Hour).Unix(), "nbf": time.Now().Unix(), "scope": []string{todo.ScopeRead, todo.ScopeWrite},
	}
	maps.Copy(claims, change)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}

func (i *issuer) token(t *testing.T, change map[string]any) string {
	t.Helper()
	return signed(t, jose.RS256, i.key, "1", i.claims(change))
}

func signed(t *testing.T, algorithm jose.SignatureAlgorithm, key any, id string, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", id))
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	object, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	text, err := object.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestGoodTokens(t *testing.T) {
	i := newIssuer(t)
	for name, c := range map[string]struct {
		change map[string]any
		scopes []string
	}{
		"as it should be":           {nil, []string{todo.ScopeRead, todo.ScopeWrite}},
		"audience with a slash":     {map[string]any{"aud": resource + "/"}, []string{todo.ScopeRead, todo.ScopeWrite}},
		"one of several audiences":  {map[string]any{"aud": []string{"mcp_server", resource}}, []string{todo.ScopeRead, todo.ScopeWrite}},
		"scopes in one string":      {map[string]any{"scope": "a  b"}, []string{"a", "b"}},
		"no scope":                  {map[string]any{"scope": nil}, nil},
		"no time to begin to count": {map[string]any{"nbf": nil, "scope": []string{}}, nil},
	} {
		for _, own := range []string{resource, resource + "/"} {
			caller, err := todo.NewVerifier(i.url, own, http.DefaultTransport).Verify(t.Context(), i.token(t, c.change))
			if err != nil || caller.Subject != "ann" || !slices.Equal(caller.Scopes, c.scopes) {
				t.Errorf("%s at %s: %+v %v", name, own, caller, err)
			}
		}
	}
}

func TestTokensThatAreRefused(t *testing.T) {
	i, other := newIssuer(t), newIssuer(t)
	good := i.token(t, nil)
	parts := strings.Split(good, ".")
	encode := base64.RawURLEncoding.EncodeToString
	richer, err := json.Marshal(i.claims(map[string]any{"sub": "ben"}))
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&i.key.PublicKey)})
	verifier := todo.NewVerifier(i.url, resource, http.DefaultTransport)
	for name, token := range map[string]string{
		"no token":                   "x",
		"a prefix":                   parts[0] + "." + parts[1] + ".",
		"expired":                    i.token(t, map[string]any{"exp": time.Now().Add(-time.Second).Unix()}),
		"without expiry":             i.token(t, map[string]any{"exp": nil}),
		"not yet valid":              i.token(t, map[string]any{"nbf": time.Now().Add(time.Hour).Unix()}),
		"another audience":           i.token(t, map[string]any{"aud": "https://mcp.example.com"}),
		"a longer audience":          i.token(t, map[string]any{"aud": resource + "/x"}),
		"no audience":                i.token(t, map[string]any{"aud": nil}),
		"another issuer":             i.token(t, map[string]any{"iss": i.url + "/"}),
		"no issuer":                  i.token(t, map[string]any{"iss": nil}),
		"scopes of wrong type":       i.token(t, map[string]any{"scope": 5}),
		"another's key":              signed(t, jose.RS256, other.key, "1", i.claims(nil)),
		"an unknown key":             signed(t, jose.RS256, other.key, "2", i.claims(nil)),
		"another algorithm":          signed(t, jose.RS512, i.key, "1", i.claims(nil)),
		"the public key as a secret": signed(t, jose.HS256, public, "1", i.claims(nil)),
		"algorithm none":             encode([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + parts[1] + ".",
		"tampered":                   parts[0] + "." + encode(richer) + "." + parts[2],
	} {
		if caller, err := verifier.Verify(t.Context(), token); !errors.Is(err, todo.ErrRefused) || strings.Contains(fmt.Sprint(err), token) && token != "x" {
			t.Errorf("%s: %+v %v", name, caller, err)
		}
	}
	if caller, err := verifier.Verify(t.Context(), good); err != nil || caller.Subject != "ann" {
		t.Errorf("the good one: %+v %v", caller, err)
	}
	if n := i.discoveries.Load(); n != 1 {
		t.Errorf("%d discoveries", n)
	}
}

// TestIssuerThatIsAway tells outages from bad tokens, and gets over them.
func TestIssuerThatIsAway(t *testing.T) {
	i := newIssuer(t)
	verifier := todo.NewVerifier(i.url, resource, http.DefaultTransport)
	refuse := func(what string) {
		t.Helper()
		if caller, err := verifier.Verify(t.Context(), i.token(t, nil)); err == nil || errors.Is(err, todo.ErrRefused) || !strings.Contains(err.Error(), "502") {
			t.Errorf("%s: %+v %v", what, caller, err)
		}
	}
	i.away.Store(true)
	refuse("discovery")
	i.away.Store(false)
	i.keysAway.Store(true)
	refuse("keys")
	i.keysAway.Store(false)
	if _, err := verifier.Verify(t.Context(), i.token(t, nil)); err != nil {
		t.Error(err)
	}
	i.away.Store(true)
	if _, err := verifier.Verify(t.Context(), i.token(t, nil)); err != nil {
		t.Errorf("with keys that are known: %v", err)
	}

	wrong := todo.NewVerifier(i.url+"/", resource, http.DefaultTransport)
	i.away.Store(false)
	if _, err := wrong.Verify(t.Context(), i.token(t, nil)); err == nil || errors.Is(err, todo.ErrRefused) || !strings.Contains(err.Error(), "issuer") {
		t.Errorf("an issuer that names itself otherwise: %v", err)
	}
}
