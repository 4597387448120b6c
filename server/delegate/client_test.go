package delegate_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"aicmcp/server/delegate"
)

// pair is a key as a JWK, and its public half as a set.
type pair struct {
	private   []byte
	public    string
	verifies  any
	algorithm string
}

func keys(t *testing.T) map[string]pair {
	t.Helper()
	pairs := map[string]pair{}
	add := func(name, algorithm string, key, public any, own jose.JSONWebKey) {
		own.Key = key
		private, err := json.Marshal(own)
		if err != nil {
			t.Fatal(err)
		}
		own.Key = public
		set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{own}})
		if err != nil {
			t.Fatal(err)
		}
		pairs[name] = pair{private, string(set), public, algorithm}
	}
	number, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	add("RSA", "RS256", number, number.Public(), jose.JSONWebKey{})
	add("RSA with a name and an algorithm", "PS256", number, number.Public(), jose.JSONWebKey{KeyID: "k", Algorithm: "PS256"})
	for name, curve := range map[string]elliptic.Curve{"EC": elliptic.P256(), "EC of 384 bits": elliptic.P384()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		algorithm := map[int]string{256: "ES256", 384: "ES384"}[curve.Params().BitSize]
		add(name, algorithm, key, key.Public(), jose.JSONWebKey{})
	}
	return pairs
}

func TestAssertions(t *testing.T) {
	now := time.Unix(1_000, 0)
	for name, c := range keys(t) {
		client, err := delegate.NewKeyClient("the id", c.private)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		seen := map[string]bool{}
		for range 2 {
			form, header := url.Values{"grant_type": {"x"}}, http.Header{}
			if err := client.Authenticate(form, header, "https://issuer.example:443/token", now); err != nil {
				t.Fatal(err)
			}
			if len(header) > 0 || len(form) != 3 || form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
				t.Errorf("%s: %v %v", name, header, form)
			}
			signed, err := jwt.ParseSigned(form.Get("client_assertion"), []jose.SignatureAlgorithm{jose.SignatureAlgorithm(c.algorithm)})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			var claims jwt.Claims
			if err := signed.Claims(c.verifies, &claims); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if claims.Issuer != "the id" || claims.Subject != "the id" || len(claims.Audience) != 1 || claims.Audience[0] != "https://issuer.example:443/token" ||
				claims.Expiry.Time().Sub(now) != 2*time.Minute || len(claims.ID) < 20 || seen[claims.ID] {
				t.Errorf("%s: %+v", name, claims)
			}
			seen[claims.ID] = true
		}
	}
}

// RFC 6749 2.3.1: what has a colon or a percent sign survives.
func TestSecretsAreFormEncoded(t *testing.T) {
	client, err := delegate.NewSecretClient("a:b c", "p%:é")
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	if err := client.Authenticate(nil, header, "", time.Time{}); err != nil {
		t.Fatal(err)
	}
	if got, want := header.Get("Authorization"), "Basic YSUzQWIrYzpwJTI1JTNBJUMzJUE5"; got != want { // a%3Ab+c:p%25%3A%C3%A9
		t.Errorf("%s", got)
	}
}

func TestClientsThatCannotBe(t *testing.T) {
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]jose.JSONWebKey{
		"a short key":           {Key: short},
		"a key of another kind": {Key: edwards},
		"a secret":              {Key: []byte("0123456789012345678901234567890123456789")},
		"a public key":          {Key: curve.Public()},
		"another algorithm":     {Key: curve, Algorithm: "RS256"},
		"no algorithm at all":   {Key: curve, Algorithm: "none"},
	} {
		text, err := json.Marshal(key)
		if err != nil {
			t.Fatal(err)
		}
		var members map[string]string
		if err := json.Unmarshal(text, &members); err != nil {
			t.Fatal(err)
		}
		_, err = delegate.NewKeyClient("x", text)
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		for _, secret := range []string{members["d"], members["k"]} {
			if secret != "" && strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, text := range []string{"", "{}", "-----BEGIN PRIVATE KEY-----", "[]", `{"kty":"oct"}`} {
		if _, err := delegate.NewKeyClient("x", []byte(text)); err == nil || text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := delegate.NewSecretClient("x", ""); err == nil {
		t.Error("no secret")
	}
	if _, err := delegate.NewSecretClient("", "x"); err == nil {
		t.Error("no ID")
	}
	if _, err := delegate.NewKeyClient("", keys(t)["EC"].private); err == nil {
		t.Error("no ID, with a key")
	}
}
