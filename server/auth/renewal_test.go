package auth

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"aicmcp/server/tokenstore"
)

func TestRefreshBeforeExpiry(t *testing.T) {
	r := newRig(t, nil)
	r.get(t, "a")
	r.advance(3599*time.Second - margin - time.Second)
	r.get(t, "a")
	r.expect(t, 1, 0, 1)
	r.advance(2 * time.Second)
	r.get(t, "a")
	r.expect(t, 1, 1, 2)
}

func TestLoginAgainWithoutRefreshToken(t *testing.T) {
	r := newRig(t, nil)
	r.tenant.noRefresh = true
	r.get(t, "a")
	r.advance(time.Hour)
	r.get(t, "a")
	r.expect(t, 2, 0, 2)
}

func TestRevokedSubject(t *testing.T) {
	for _, tc := range []struct {
		name            string
		status          int
		revoke          []string
		logins, renewed int
	}{
		{"400, refresh token good", 400, []string{"access"}, 1, 1},
		{"400, refresh token revoked", 400, []string{"access", "refresh"}, 2, 1},
		{"401 logs in", 401, []string{"access"}, 2, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t, nil)
			r.tenant.status = tc.status
			r.get(t, "a")
			for _, kind := range tc.revoke {
				r.tenant.revoke(kind)
			}
			r.get(t, "b")
			r.expect(t, tc.logins, tc.renewed, 3)
		})
	}
}

func TestFreshLoginIsNotRepeated(t *testing.T) {
	r := newRig(t, nil)
	r.tenant.broken = func(w http.ResponseWriter, f url.Values) bool {
		if f.Get("grant_type") != exchangeGrant {
			return false
		}
		refuse(w, 400, "invalid_request", "Invalid token exchange.")
		return true
	}
	_, err := r.Token(t.Context(), []string{"a"})
	var e *Error
	if !errors.As(err, &e) || e.Op != "exchange" || e.Description != "Invalid token exchange." {
		t.Errorf("error is %v", err)
	}
	r.expect(t, 1, 0, 1)
	// Nor by the next call: the tenant would say the same for ever.
	if _, err := r.Token(t.Context(), []string{"b"}); !errors.As(err, &e) {
		t.Errorf("error is %v", err)
	}
	r.expect(t, 1, 0, 2)
	r.tenant.mu.Lock()
	r.tenant.broken = nil
	r.tenant.mu.Unlock()
	r.get(t, "b")
	r.expect(t, 1, 0, 3)
}

func TestOtherExchangeErrorsDoNotLogIn(t *testing.T) {
	r := newRig(t, nil)
	r.get(t, "a")
	r.tenant.broken = func(w http.ResponseWriter, _ url.Values) bool {
		refuse(w, 400, "invalid_scope", "Unknown/invalid scope(s): [b]")
		return true
	}
	if _, err := r.Token(t.Context(), []string{"b"}); err == nil {
		t.Error("no error")
	}
	r.expect(t, 1, 0, 2)
}

func TestAPassingFaultAtRefreshDoesNotBotherThePerson(t *testing.T) {
	for name, fault := range map[string]func(http.ResponseWriter){
		"429":            func(w http.ResponseWriter) { w.Header().Set("Retry-After", "7"); w.WriteHeader(429) },
		"503":            func(w http.ResponseWriter) { w.WriteHeader(503) },
		"403 of a proxy": func(w http.ResponseWriter) { w.WriteHeader(403); _, _ = io.WriteString(w, "<html>") },
		"a torn 200":     func(w http.ResponseWriter) { _, _ = io.WriteString(w, `{"access_tok`) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nil)
			r.get(t, "a")
			r.advance(time.Hour)
			r.tenant.mu.Lock()
			r.tenant.broken = func(w http.ResponseWriter, f url.Values) bool {
				if f.Get("grant_type") != "refresh_token" {
					return false
				}
				r.tenant.broken = nil
				fault(w)
				return true
			}
			r.tenant.mu.Unlock()
			_, err := r.Token(t.Context(), []string{"a"})
			if err == nil || name == "429" && !strings.Contains(err.Error(), "wait 7 s") {
				t.Errorf("error is %v", err)
			}
			r.get(t, "a")
			r.expect(t, 1, 2, 2)
		})
	}
}

func TestStoredLoginIsUsed(t *testing.T) {
	store := tokenstore.NewMemory()
	r := newRig(t, func(o *Options) { o.Store = store })
	r.get(t, "a")
	again, err := New(Options{BaseURL: r.base, Scopes: r.scopes, Store: store, Now: r.now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Token(t.Context(), []string{"a"}); err != nil {
		t.Fatal(err)
	}
	r.expect(t, 1, 0, 2)

	if _, err := again.Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Load(t.Context(), again.key()); !errors.Is(err, tokenstore.ErrNotFound) {
		t.Errorf("after logout: %v", err)
	}
}

// Another process has used up the refresh token and stored what it got.
func TestLoginOfAnotherProcessIsAdopted(t *testing.T) {
	store := tokenstore.NewMemory()
	r := newRig(t, func(o *Options) { o.Store = store })
	other, err := New(Options{BaseURL: r.base, Scopes: r.scopes, Store: store, Now: r.now})
	if err != nil {
		t.Fatal(err)
	}
	r.get(t, "a")
	if _, err := other.Token(t.Context(), []string{"a"}); err != nil {
		t.Fatal(err)
	}
	r.advance(time.Hour)
	r.get(t, "a")
	if _, err := other.Token(t.Context(), []string{"a"}); err != nil {
		t.Fatal(err)
	}
	r.expect(t, 1, 1, 4)
}

// Two processes share a store, and the tenant forgets all logins: what one of
// them gets anew, by itself or by the command login, helps the other.
func TestALoginOfAnotherProcessThatIsRefusedIsNotTheEnd(t *testing.T) {
	store := tokenstore.NewMemory()
	a := newRig(t, func(o *Options) { o.Store = store })
	a.get(t, "a")
	b := newRig(t, func(o *Options) { o.Store = store; o.BaseURL = a.base })
	if err := b.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.tenant.revoke("")
	a.get(t, "b") // adopts, is refused, logs in
	// logins: a, b, and a again
	if n := a.tenant.grants()["authorization_code"]; n != 3 {
		t.Errorf("%d logins", n)
	}
}

func TestALoginElsewhereEndsAStalemate(t *testing.T) {
	store := tokenstore.NewMemory()
	r := newRig(t, func(o *Options) { o.Store = store })
	r.tenant.broken = func(w http.ResponseWriter, f url.Values) bool {
		if f.Get("grant_type") != exchangeGrant {
			return false
		}
		refuse(w, 400, "invalid_request", "Invalid token exchange.")
		return true
	}
	if _, err := r.Token(t.Context(), []string{"a"}); err == nil {
		t.Fatal("no error")
	}
	r.tenant.revoke("")
	other := newRig(t, func(o *Options) { o.Store = store; o.BaseURL = r.base })
	if err := other.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.tenant.mu.Lock()
	r.tenant.broken = nil
	r.tenant.mu.Unlock()
	r.get(t, "a")
	if n := r.tenant.grants()["authorization_code"]; n != 2 {
		t.Errorf("%d logins", n)
	}
}

func TestAClientThatIsRefusedIsNoReasonToLogIn(t *testing.T) {
	r := newRig(t, nil)
	r.get(t, "a")
	r.tenant.mu.Lock()
	r.tenant.broken = func(w http.ResponseWriter, _ url.Values) bool {
		refuse(w, 401, "invalid_client", "Client authentication failed")
		return true
	}
	r.tenant.mu.Unlock()
	if _, err := r.Token(t.Context(), []string{"b"}); err == nil {
		t.Error("no error")
	}
	r.expect(t, 1, 0, 2)
}

// Two processes with 200 calls each, at the moment when the login and all tokens
// end.
func TestOneRefreshForAllCallsOfAllProcesses(t *testing.T) {
	dir := t.TempDir()
	r := newRig(t, func(o *Options) { o.Store = tokenstore.NewFile(dir) })
	other, err := New(Options{BaseURL: r.base, Scopes: r.scopes, Store: tokenstore.NewFile(dir), Now: r.now})
	if err != nil {
		t.Fatal(err)
	}
	r.get(t, "a")
	if _, err := other.Token(t.Context(), []string{"a"}); err != nil {
		t.Fatal(err)
	}
	r.advance(time.Hour)
	burst(t, r.Source, other)
	r.expect(t, 1, 1, 4)
}

func TestOneLoginForAllCallsOfAllProcesses(t *testing.T) {
	dir := t.TempDir()
	r := newRig(t, func(o *Options) { o.Store = tokenstore.NewFile(dir) })
	other, err := New(Options{BaseURL: r.base, Scopes: r.scopes, Store: tokenstore.NewFile(dir), Now: r.now, OpenURL: r.openURL})
	if err != nil {
		t.Fatal(err)
	}
	burst(t, r.Source, other)
	r.expect(t, 1, 0, 2)
}

func burst(t *testing.T, sources ...*Source) {
	t.Helper()
	var g errgroup.Group
	for _, s := range sources {
		for range 200 {
			g.Go(func() error {
				_, err := s.Token(t.Context(), []string{"a"})
				return err
			})
		}
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}

// A process that was idle for long has a refresh token that others have used up.
func TestTheStoredRefreshTokenIsTheOneToUse(t *testing.T) {
	store := tokenstore.NewMemory()
	r := newRig(t, func(o *Options) { o.Store = store })
	other, err := New(Options{BaseURL: r.base, Scopes: r.scopes, Store: store, Now: r.now})
	if err != nil {
		t.Fatal(err)
	}
	r.get(t, "a")
	if _, err := other.Token(t.Context(), []string{"a"}); err != nil {
		t.Fatal(err)
	}
	r.advance(time.Hour)
	r.get(t, "a")
	r.advance(time.Hour)
	if _, err := other.Token(t.Context(), []string{"a"}); err != nil {
		t.Fatal(err)
	}
	r.expect(t, 1, 2, 4)
}

func TestAnUnusableEntryIsIgnoredWithAWarning(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token.json")
	if err := os.WriteFile(path, []byte(`{"key":"https://other.example AICMCPClient","accessToken":"x-secret-x"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, func(o *Options) { o.Store = tokenstore.NewFileAt(path) })
	r.get(t, "a")
	r.expect(t, 1, 0, 1)
	r.logMu.Lock()
	defer r.logMu.Unlock()
	if log := r.log.String(); !strings.Contains(log, "level=WARN") || !strings.Contains(log, "no login of this tenant") {
		t.Errorf("log: %s", log)
	}
}

// A renewal that is under way ends before the logout, which takes what it stored.
func TestLogoutWaitsForARenewal(t *testing.T) {
	dir := t.TempDir()
	r := newRig(t, func(o *Options) { o.Store = tokenstore.NewFile(dir) })
	r.get(t, "a")
	r.advance(time.Hour)
	refreshing, goOn := make(chan struct{}), make(chan struct{})
	r.tenant.broken = func(_ http.ResponseWriter, f url.Values) bool {
		if f.Get("grant_type") == "refresh_token" {
			close(refreshing)
			<-goOn
		}
		return false
	}
	renewed := make(chan error)
	go func() { renewed <- r.Renew(t.Context()) }()
	<-refreshing
	other, err := New(Options{BaseURL: r.base, Scopes: r.scopes, Store: lockWatch{tokenstore.NewFile(dir), goOn}})
	if err != nil {
		t.Fatal(err)
	}
	login, err := other.Logout(t.Context())
	select {
	case <-goOn:
	default:
		t.Error("the logout did not wait")
		close(goOn)
	}
	if err != nil || !strings.HasPrefix(login.AccessToken, "access-secret-") {
		t.Errorf("forgot %v, %v", login, err)
	}
	if err := <-renewed; err != nil {
		t.Error(err)
	}
	if stored, err := r.store.Load(t.Context(), r.key()); !errors.Is(err, tokenstore.ErrNotFound) {
		t.Errorf("after the logout there is %v, %v", stored, err)
	}
}

// lockWatch is a store that tells when somebody wants its lock.
type lockWatch struct {
	tokenstore.Store
	wanted chan struct{}
}

func (l lockWatch) Lock(ctx context.Context, key string) (func(), error) {
	close(l.wanted)
	return l.Store.Lock(ctx, key)
}

// A process that has the login in memory does not bring it back.
func TestALogoutElsewhereIsRespected(t *testing.T) {
	store := tokenstore.NewMemory()
	r := newRig(t, func(o *Options) { o.Store = store })
	r.get(t, "a")
	other, err := New(Options{BaseURL: r.base, Scopes: r.scopes, Store: store, Now: r.now})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.advance(time.Hour)
	r.get(t, "a")
	r.expect(t, 2, 0, 2)
}

// unwritable is a store that cannot save.
type unwritable struct{ tokenstore.Store }

func (unwritable) Save(context.Context, string, tokenstore.Login) error {
	return errors.New("read-only file system")
}

func TestALoginThatCannotBeStoredIsRenewedAllTheSame(t *testing.T) {
	r := newRig(t, func(o *Options) { o.Store = unwritable{tokenstore.NewMemory()} })
	r.get(t, "a")
	r.advance(time.Hour)
	r.get(t, "a")
	r.expect(t, 1, 1, 2)
}

func TestLifetimes(t *testing.T) {
	for text, want := range map[string]time.Duration{
		`3599`: 3599 * time.Second, `"3599"`: 3599 * time.Second, `3599.0`: 3599 * time.Second, `1e3`: 1000 * time.Second,
		`9999999999999999999999`: 1 << 31 * time.Second,
		`0`:                      time.Hour, `-5`: time.Hour, `null`: time.Hour, `"soon"`: time.Hour, `true`: time.Hour, `{}`: time.Hour, `"NaN"`: time.Hour,
	} {
		var answer struct{ In lifetime }
		if err := json.Unmarshal([]byte(`{"In":`+text+`}`), &answer); err != nil || answer.In.or(time.Hour) != want {
			t.Errorf("%s: %s, %v", text, answer.In.or(time.Hour), err)
		}
	}
}
