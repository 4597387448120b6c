package auth

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"aicmcp/server/tokenstore"
)

// about is a source whose login is stored, before a server that answers.
func about(t *testing.T, login tokenstore.Login, answer http.HandlerFunc) *Source {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	base, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Options{BaseURL: base, Scopes: []string{"a"}, Unattended: true, Now: func() time.Time { return time.Unix(1000, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	if login.AccessToken != "" {
		if err := s.store.Save(t.Context(), s.key(), login); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func jwtOf(payload string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".sig"
}

func TestSession(t *testing.T) {
	tells := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/am/oauth2/tokeninfo" || !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		_, _ = fmt.Fprint(w, `{"sub":"told","subname":"jane","scope":["a","b"],"expires_in":1}`)
	}
	refuses := func(w http.ResponseWriter, _ *http.Request) { refuse(w, 401, "invalid_token", "expired or revoked") }
	silent := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(501) }
	token := jwtOf(`{"sub":"read","scope":["a"]}`)
	soon, past := time.Unix(2000, 0), time.Unix(500, 0)
	for name, tc := range map[string]struct {
		login  tokenstore.Login
		answer http.HandlerFunc
		want   string
	}{
		"the tenant tells":     {tokenstore.Login{AccessToken: token, RefreshToken: "r", Expiry: soon}, tells, "told jane [a b] true false"},
		"the token tells":      {tokenstore.Login{AccessToken: token, Expiry: soon}, silent, "read  [a] false false"},
		"the tenant refuses":   {tokenstore.Login{AccessToken: token, RefreshToken: "r", Expiry: soon}, refuses, "read  [a] true true"},
		"expired":              {tokenstore.Login{AccessToken: token, Expiry: past}, tells, "read  [a] false false"},
		"a string of scopes":   {tokenstore.Login{AccessToken: jwtOf(`{"sub":"x","scope":"a b"}`), Expiry: soon}, silent, "x  [a b] false false"},
		"odd claims":           {tokenstore.Login{AccessToken: jwtOf(`{"sub":7,"scope":[1]}`), Expiry: soon}, silent, "  [] false false"},
		"an opaque token":      {tokenstore.Login{AccessToken: "opaque", Expiry: soon}, silent, "  [] false false"},
		"an encrypted token":   {tokenstore.Login{AccessToken: "a.b.c.d.e", Expiry: soon}, silent, "  [] false false"},
		"what is no JWT":       {tokenstore.Login{AccessToken: "a.!.c", Expiry: soon}, silent, "  [] false false"},
		"what is no JSON":      {tokenstore.Login{AccessToken: jwtOf("x"), Expiry: soon}, silent, "  [] false false"},
		"an answer of nothing": {tokenstore.Login{AccessToken: token, Expiry: soon}, func(http.ResponseWriter, *http.Request) {}, "read  [a] false false"},
	} {
		session, err := about(t, tc.login, tc.answer).Session(t.Context())
		if got := fmt.Sprint(session.Subject, " ", session.Name, " ", session.Scopes, " ", session.Renewable, " ", session.Refused); err != nil || got != tc.want || !session.Expiry.Equal(tc.login.Expiry) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := about(t, tokenstore.Login{}, silent).Session(t.Context()); !errors.Is(err, tokenstore.ErrNotFound) {
		t.Errorf("without a login: %v", err)
	}
}

func TestLogoutAndRevoke(t *testing.T) {
	var form url.Values
	takes := func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/am/oauth2/token/revoke" || r.ParseForm() != nil {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		form = r.PostForm
	}
	for want, login := range map[string]tokenstore.Login{
		"client_id=AICMCPClient&token=r&token_type_hint=refresh_token": {AccessToken: "a", RefreshToken: "r"},
		"client_id=AICMCPClient&token=a&token_type_hint=access_token":  {AccessToken: "a"},
	} {
		form = nil
		s := about(t, login, takes)
		forgotten, err := s.Logout(t.Context())
		if err != nil || forgotten != login {
			t.Errorf("forgot %v, %v", forgotten, err)
		}
		if err := s.Revoke(t.Context(), forgotten); err != nil || form.Encode() != want {
			t.Errorf("%s: sent %s, %v", want, form.Encode(), err)
		}
	}
	err := about(t, tokenstore.Login{}, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(501) }).Revoke(t.Context(), tokenstore.Login{AccessToken: "a"})
	var e *Error
	if !errors.As(err, &e) || e.Status != 501 || !strings.Contains(e.Description, "revocation endpoint") {
		t.Errorf("a tenant without it: %v", err)
	}
}

func TestNobodyIsAskedUnattended(t *testing.T) {
	s := about(t, tokenstore.Login{}, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s was asked", r.URL) })
	if _, err := s.Token(t.Context(), []string{"a"}); !errors.Is(err, ErrUnattended) {
		t.Errorf("error is %v", err)
	}
}

// What the clock says is good can be revoked.
func TestRenewAsksTheTenant(t *testing.T) {
	r := newRig(t, nil)
	r.get(t, "a")
	if err := r.Renew(t.Context()); err != nil {
		t.Error(err)
	}
	r.expect(t, 1, 0, 1)
	r.tenant.revoke("access")
	if err := r.Renew(t.Context()); err != nil {
		t.Error(err)
	}
	r.expect(t, 1, 1, 1)
	r.tenant.revoke("")
	r.logIn = noLogin
	if err := r.Renew(t.Context()); !errors.Is(err, ErrUnattended) {
		t.Errorf("error is %v", err)
	}
}
