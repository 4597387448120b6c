package auth

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func newKey(t *testing.T, bits int) (*rsa.PrivateKey, []byte) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := json.Marshal(jose.JSONWebKey{Key: key, KeyID: "k", Algorithm: "RS256"})
	if err != nil {
		t.Fatal(err)
	}
	return key, jwk
}

func newAccount(t *testing.T) (*ServiceAccount, *rsa.PrivateKey) {
	t.Helper()
	key, jwk := newKey(t, 2048)
	account, err := NewServiceAccount("sa", jwk)
	if err != nil {
		t.Fatal(err)
	}
	return account, key
}

// Header and claims are those that are recorded.
func TestAssertion(t *testing.T) {
	account, key := newAccount(t)
	now := time.Unix(1000, 0)
	for base, audience := range map[string]string{
		"https://tenant.example": "https://tenant.example:443/am/oauth2/access_token",
		"http://127.0.0.1:8080":  "http://127.0.0.1:8080/am/oauth2/access_token",
		"https://[::1]:8443":     "https://[::1]:8443/am/oauth2/access_token",
	} {
		u, err := url.Parse(base)
		if err != nil {
			t.Fatal(err)
		}
		s, err := New(Options{Way: ServiceAccounts, Account: account, BaseURL: u, Scopes: []string{"a"}})
		if err != nil {
			t.Fatal(err)
		}
		text, err := account.assertion(s.audience(), now)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(text, "eyJhbGciOiJSUzI1NiJ9.") { // {"alg":"RS256"}
			t.Errorf("header of %s", text)
		}
		signed, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			t.Fatal(err)
		}
		claims, err := signed.Verify(&key.PublicKey)
		if want := fmt.Sprintf(`{"iss":"sa","sub":"sa","aud":%q,"exp":1180,"jti":"`, audience); err != nil || !strings.HasPrefix(string(claims), want) {
			t.Errorf("claims are %s, %v", claims, err)
		}
	}
}

func TestAServiceAccountIsNotPrinted(t *testing.T) {
	account, key := newAccount(t)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "account", account)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "account", account)
	out := log.String() + fmt.Sprintf("%v %+v %#v %s %q", account, account, account, account, account)
	if !strings.Contains(out, "service account sa") || strings.Contains(out, key.D.String()) {
		t.Errorf("printed: %s", out)
	}
}

func TestServiceAccountsDontLogIn(t *testing.T) {
	account, _ := newAccount(t)
	s, err := New(Options{Way: ServiceAccounts, Account: account, BaseURL: &url.URL{Scheme: "https", Host: "x.example"}, Scopes: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Login(t.Context()); err == nil {
		t.Error("a login")
	}
	for _, opts := range []Options{{Way: ServiceAccounts}, {Way: "magic"}} {
		opts.BaseURL, opts.Scopes = s.base, s.scopes
		if _, err := New(opts); err == nil {
			t.Errorf("%q is accepted", opts.Way)
		}
	}
}

func TestLackingScopes(t *testing.T) {
	for description, want := range map[string]string{
		"Unsupported scope for service account: a:*,b": "[a:* b]",
		"Unknown/invalid scope(s): [a]":                "[]",
	} {
		e := &Error{Op: "assertion", Code: "invalid_scope", Description: description}
		if got := fmt.Sprint(e.Lacking()); got != want {
			t.Errorf("%s: %s", description, got)
		}
	}
}

func TestAKeyThatCannotBeUsed(t *testing.T) {
	_, weak := newKey(t, 1024)
	if _, err := NewServiceAccount("sa", weak); err == nil || !strings.Contains(err.Error(), "at least 2048 bits, not 1024") {
		t.Errorf("a short key: %v", err)
	}
	_, good := newKey(t, 2048)
	torn := strings.Replace(string(good), `"d":"`, `"d":"BBBB`, 1)
	if _, err := NewServiceAccount("sa", []byte(torn)); err == nil || strings.Contains(err.Error(), "BBBB") {
		t.Errorf("a key that is not one: %v", err)
	}
}
