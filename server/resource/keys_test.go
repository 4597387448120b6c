package resource_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"aicmcp/server/resource"
)

// by is a token that was signed with a key of the name.
func by(t testing.TB, r *rig, kid string, key any) string {
	t.Helper()
	body, err := json.Marshal(r.claims(map[string]any{"exp": start.Add(24 * time.Hour).Unix()}))
	if err != nil {
		t.Fatal(err)
	}
	return sign(t, jose.RS256, key, fmt.Sprintf(`{"kid":%q}`, kid), string(body))
}

func TestKeysAreFetchedOnce(t *testing.T) {
	r := newRig(t, nil)
	if r.count(keysPath)+r.count(discoveryPath) != 0 {
		t.Error("asked before there was a token")
	}
	token := r.token(t, nil)
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if _, err := r.Verify(t.Context(), token); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if k, d := r.count(keysPath), r.count(discoveryPath); k != 1 || d != 1 {
		t.Errorf("%d fetches of keys, %d of discovery", k, d)
	}
	if err := r.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestForgedKIDsMakeOneFetch(t *testing.T) {
	r := newRig(t, nil)
	if _, err := r.Verify(t.Context(), r.token(t, nil)); err != nil {
		t.Fatal(err)
	}
	flood := func() {
		var group sync.WaitGroup
		for n := range 50 {
			token := by(t, r, fmt.Sprintf("forged-%d", n), r.other)
			group.Go(func() {
				if _, err := r.Verify(t.Context(), token); !errors.Is(err, resource.BadSignature) {
					t.Error(err)
				}
			})
		}
		group.Wait()
	}
	r.advance(9 * time.Second)
	flood()
	if n := r.count(keysPath); n != 1 {
		t.Errorf("%d fetches within the pause", n)
	}
	r.advance(time.Second)
	flood()
	flood()
	if k, d := r.count(keysPath), r.count(discoveryPath); k != 2 || d != 1 {
		t.Errorf("%d fetches of keys, %d of discovery after the pause", k, d)
	}
}

func TestRotationWithOverlap(t *testing.T) {
	r := newRig(t, nil)
	older, newer := by(t, r, "rsa", r.rsa), by(t, r, "new", r.other)
	good := func(name, token string) {
		t.Helper()
		if _, err := r.Verify(t.Context(), token); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	good("before", older)
	r.publish(jwk("rsa", &r.rsa.PublicKey), jwk("new", &r.other.PublicKey))
	r.advance(time.Minute)
	good("newer", newer)
	good("older", older)
	if n := r.count(keysPath); n != 2 {
		t.Errorf("%d fetches", n)
	}
}

// The keys are renewed beside the requests, and one that is gone is not good any more.
func TestOldKeysAreRenewedInTheBackground(t *testing.T) {
	r := newRig(t, nil)
	older, newer := by(t, r, "rsa", r.rsa), by(t, r, "new", r.other)
	if _, err := r.Verify(t.Context(), older); err != nil {
		t.Fatal(err)
	}
	held := make(chan struct{})
	r.publish(jwk("new", &r.other.PublicKey))
	r.set(func() { r.held = held })
	r.advance(5 * time.Minute)
	if _, err := r.Verify(t.Context(), older); err != nil { // while the issuer does not answer
		t.Fatal(err)
	}
	for range 2 { // that one began the second fetch
		<-r.reached
	}
	close(held)
	if _, err := r.Verify(t.Context(), newer); err != nil { // waits for the fetch that is under way
		t.Fatal(err)
	}
	if _, err := r.Verify(t.Context(), older); !errors.Is(err, resource.BadSignature) {
		t.Errorf("signed with a key that is gone: %v", err)
	}
	if n := r.count(keysPath); n != 2 {
		t.Errorf("%d fetches", n)
	}
}

func TestWhoGoesDoesNotTakeTheFetchAlong(t *testing.T) {
	r := newRig(t, nil)
	held := make(chan struct{})
	r.set(func() { r.held = held })
	token := r.token(t, nil)
	gone, cancel := context.WithCancel(t.Context())
	first, second := make(chan error), make(chan error)
	go func() { _, err := r.Verify(gone, token); first <- err }()
	<-r.reached
	go func() { _, err := r.Verify(t.Context(), token); second <- err }()
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("who has gone: %v", err)
	}
	close(held)
	if err := <-second; err != nil {
		t.Errorf("who waits: %v", err)
	}
	if n := r.count(keysPath); n != 1 {
		t.Errorf("%d fetches", n)
	}
}

func TestKeysAreKeptWhileTheIssuerIsAway(t *testing.T) {
	r := newRig(t, nil)
	token := by(t, r, "rsa", r.rsa)
	if _, err := r.Verify(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	r.set(func() { r.status = http.StatusBadGateway })
	r.advance(59 * time.Minute)
	if _, err := r.Verify(t.Context(), token); err != nil {
		t.Errorf("kept: %v", err)
	}
	var away *resource.Unavailable
	if _, err := r.Verify(t.Context(), by(t, r, "new", r.other)); !errors.As(err, &away) {
		t.Errorf("an unknown key, which may be new: %v", err)
	}
	r.advance(time.Minute)
	if _, err := r.Verify(t.Context(), token); !errors.As(err, &away) || !strings.Contains(err.Error(), "502 Bad Gateway") || away.RetryAfter != 5*time.Second {
		t.Errorf("too old: %v", err)
	}
	if err := r.Ready(t.Context()); err == nil {
		t.Error("ready without keys")
	}
	asked := r.count(discoveryPath)
	if _, err := r.Verify(t.Context(), token); !errors.As(err, &away) || r.count(discoveryPath) != asked {
		t.Errorf("asked again at once: %v", err)
	}
	r.set(func() { r.status = 0 })
	r.advance(5 * time.Second)
	if _, err := r.Verify(t.Context(), token); err != nil {
		t.Errorf("back: %v", err)
	}
	if !strings.Contains(r.logged(), "the issuer's keys can't be had") {
		t.Errorf("log: %s", r.logged())
	}
}

func TestKeysThatCanNotBeUsed(t *testing.T) {
	r := newRig(t, func(o *resource.Options) { o.Algorithms = []string{"RS256", "RS512", "ES256"} })
	body, err := json.Marshal(r.claims(nil))
	if err != nil {
		t.Fatal(err)
	}
	text := string(body)
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	rs256 := sign(t, jose.RS256, r.rsa, `{"kid":"k"}`, text)
	for name, c := range map[string]struct {
		keys  []any
		token string
		good  bool
	}{
		"for encryption":         {[]any{jose.JSONWebKey{KeyID: "k", Key: &r.rsa.PublicKey, Use: "enc"}}, rs256, false},
		"of another algorithm":   {[]any{jose.JSONWebKey{KeyID: "k", Key: &r.rsa.PublicKey, Algorithm: "RS512"}}, rs256, false},
		"without use and alg":    {[]any{jose.JSONWebKey{KeyID: "k", Key: &r.rsa.PublicKey}}, rs256, true},
		"several of one kid":     {[]any{jose.JSONWebKey{KeyID: "k", Key: &r.ec.PublicKey}, jose.JSONWebKey{KeyID: "k", Key: &r.rsa.PublicKey, Algorithm: "RS512"}, jose.JSONWebKey{KeyID: "k", Key: &r.rsa.PublicKey, Algorithm: "RS256"}}, rs256, true},
		"of another curve":       {[]any{jwk("k", &r.ec384.PublicKey)}, sign(t, jose.ES384, r.ec384, `{"kid":"k"}`, text), false},
		"symmetric":              {[]any{jwk("k", []byte("0123456789012345678901234567890123456789"))}, rs256, false},
		"private":                {[]any{jwk("k", r.rsa)}, rs256, false},
		"beside unknown types":   {[]any{map[string]any{"kty": "new", "kid": "n"}, "x", jwk("k", &r.rsa.PublicKey)}, rs256, true},
		"of another kid":         {[]any{jwk("K", &r.rsa.PublicKey)}, rs256, false},
		"in standard base64":     {[]any{jwk("MYv/TlhD38w0GVgX3sohEWb6th0=", &r.rsa.PublicKey)}, sign(t, jose.RS256, r.rsa, `{"kid":"MYv/TlhD38w0GVgX3sohEWb6th0="}`, text), true},
		"without a kid":          {[]any{jwk("", &r.rsa.PublicKey)}, sign(t, jose.RS256, r.rsa, `{"kid":""}`, text), false},
		"short":                  {[]any{jwk("k", &short.PublicKey)}, sign(t, jose.RS256, short, `{"kid":"k"}`, text), false},
		"ES256 of the same kid":  {[]any{jwk("k", &r.rsa.PublicKey), jwk("k", &r.ec.PublicKey)}, sign(t, jose.ES256, r.ec, `{"kid":"k"}`, text), true},
		"another key of the kid": {[]any{jwk("k", &r.other.PublicKey)}, rs256, false},
	} {
		// Another key, so that the set is not empty.
		r.publish(append(c.keys, jwk("rest", &r.other.PublicKey))...)
		fresh := newRigOf(t, r.issuer, func(o *resource.Options) { o.Algorithms = r.options.Algorithms })
		_, err := fresh.Verify(t.Context(), c.token)
		if good := err == nil; good != c.good || !good && !errors.Is(err, resource.BadSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A fault of the issuer is no fault of the token.
func TestIssuersThatMakeNoSense(t *testing.T) {
	for want, change := range map[string]func(*issuer){
		"which must be the same string": func(i *issuer) { i.discovery["issuer"] = i.name() + "/" },
		`is of the issuer ""`:           func(i *issuer) { delete(i.discovery, "issuer") },
		"jwks_uri has no address":       func(i *issuer) { delete(i.discovery, "jwks_uri") },
		"must use https":                func(i *issuer) { i.discovery["jwks_uri"] = "http://keys.example.com/" },
		"introspection_endpoint":        func(i *issuer) { i.discovery["introspection_endpoint"] = "file:///x" },
		"token_endpoint":                func(i *issuer) { i.discovery["token_endpoint"] = "" },
		"no keys at":                    func(i *issuer) { i.jwks = `{"keys":[]}` },
		"302 Found":                     func(i *issuer) { i.status = http.StatusFound },
		"is longer than":                func(i *issuer) { i.jwks = `{"keys":[],"x":"` + strings.Repeat("x", 1<<20) + `"}` },
		"has 101 keys":                  func(i *issuer) { i.jwks = `{"keys":[` + strings.Repeat("1,", 100) + `1]}` },
		"can't be read":                 func(i *issuer) { i.jwks = `<html>` },
	} {
		r := newRig(t, nil)
		r.set(func() { change(r.issuer) })
		var away *resource.Unavailable
		if _, err := r.Verify(t.Context(), r.token(t, nil)); !errors.As(err, &away) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// An issuer with https is not made to trust what anybody on this machine may serve.
func TestAnIssuerOverTLSHasNoPlainEndpoints(t *testing.T) {
	var document map[string]any
	site := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(document) }))
	t.Cleanup(site.Close)
	plain := newIssuer(t)
	document = maps.Clone(plain.discovery)
	document["issuer"] = site.URL
	s, err := resource.New(resource.Options{URL: self, Issuer: site.URL, HTTPClient: site.Client()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verify(t.Context(), plain.token(t, nil)); err == nil || !strings.Contains(err.Error(), "must use https, as the issuer does") {
		t.Error(err)
	}
	if n := plain.count(keysPath); n != 0 {
		t.Errorf("%d fetches", n)
	}
}

func TestKeysAreObserved(t *testing.T) {
	var seen []bool
	r := newRig(t, func(o *resource.Options) {
		o.ObserveKeys = func(_ context.Context, hit bool) { seen = append(seen, hit) }
	})
	good, forged := r.token(t, nil), by(t, r, "forged", r.issuer.rsa)
	for _, token := range []string{good, good, forged, good} {
		_, err := r.Verify(t.Context(), token)
		if (err != nil) != (token == forged) {
			t.Error(err)
		}
	}
	if want := []bool{false, true, false, true}; !slices.Equal(seen, want) {
		t.Errorf("%v, want %v", seen, want)
	}
}
