package oauth

import (
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"
)

func TestATableForgetsOnlyWhatItMay(t *testing.T) {
	now := time.Unix(1000, 0)
	later := now.Add(time.Minute)
	kept := table[int]{limit: 2}
	if !kept.add("a", 1, now, later) || !kept.add("b", 2, now, now.Add(time.Second)) {
		t.Fatal("no room at first")
	}
	if kept.add("c", 3, now, later) {
		t.Error("room for a third")
	}
	if _, ok := kept.get("a", now); !ok {
		t.Error("the first is forgotten")
	}
	if !kept.add("c", 3, now.Add(time.Second), later) {
		t.Error("no room where one has expired")
	}
	kept.put("d", 4, now, later)
	if _, ok := kept.get("d", now); !ok || len(kept.entries) != 2 {
		t.Errorf("%v", kept.entries)
	}
}

// robots is a provider with a client that acts for itself.
func robots(t *testing.T) (*Service, func(endpoint string, form url.Values) map[string]any) {
	t.Helper()
	now := time.Unix(1_800_000_000, 0)
	s, err := New(Options{
		BaseURL: func(r *http.Request) string { return "http://" + r.Host }, Chance: rand.Reader, Now: func() time.Time { return now },
		Clients: []Client{{ID: "c", Type: "Confidential", Secret: "s", Scopes: []string{"x"}, GrantTypes: []string{grantClient}}},
		Logger:  slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, func(endpoint string, form url.Values) map[string]any {
		t.Helper()
		form.Set("client_id", "c")
		form.Set("client_secret", "s")
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/am/oauth2"+endpoint, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		var answer map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		return answer
	}
}

// Revoked tokens stay revoked however many there are.
func TestRevokedTokensAreNotForgotten(t *testing.T) {
	s, ask := robots(t)
	s.denied.limit = 2
	var all []string
	for range 5 {
		all = append(all, ask("/access_token", url.Values{"grant_type": {grantClient}, "scope": {"x"}})["access_token"].(string))
	}
	for _, token := range all {
		if ask("/introspect", url.Values{"token": {token}})["active"] != true {
			t.Fatal("not active at first")
		}
		ask("/token/revoke", url.Values{"token": {token}})
	}
	for i, token := range all {
		if ask("/introspect", url.Values{"token": {token}})["active"] != false {
			t.Errorf("the token %d is good again", i)
		}
	}
}

// An assertion that can't be noted is refused: it would be good again.
func TestAssertionsAreNotForgotten(t *testing.T) {
	s, _ := robots(t)
	s.assertions.limit = 1
	now := s.options.Now()
	claims := func(id string) jwt.Claims {
		return jwt.Claims{Issuer: "c", ID: id, Expiry: jwt.NewNumericDate(now.Add(time.Minute))}
	}
	if fresh, failed := s.firstUse(claims("1"), now); !fresh || failed != nil {
		t.Fatalf("the first: %v %v", fresh, failed)
	}
	if fresh, failed := s.firstUse(claims("2"), now); fresh || failed == nil || failed.Status != http.StatusServiceUnavailable {
		t.Errorf("no room: %v %v", fresh, failed)
	}
	if fresh, failed := s.firstUse(claims("1"), now); fresh || failed != nil {
		t.Errorf("the first again: %v %v", fresh, failed)
	}
	if fresh, failed := s.firstUse(claims("2"), now.Add(time.Minute)); !fresh || failed != nil {
		t.Errorf("room again: %v %v", fresh, failed)
	}
}
