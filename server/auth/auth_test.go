package auth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// tenant is a small authorization server of this test's own.
type tenant struct {
	*httptest.Server
	mu        sync.Mutex
	issued    int
	codes     map[string]url.Values // code -> authorize request
	good      map[string]bool       // live subject and refresh tokens
	forms     []url.Values
	lifetime  int
	noRefresh bool
	status    int    // for refused exchanges, 400 if 0
	iss       string // sent with the code
	broken    func(w http.ResponseWriter, form url.Values) bool
}

func newTenant(t *testing.T) *tenant {
	tn := &tenant{codes: map[string]url.Values{}, good: map[string]bool{}, lifetime: 3600}
	tn.Server = httptest.NewServer(tn)
	tn.iss = tn.URL + "/am/oauth2"
	t.Cleanup(tn.Close)
	return tn
}

func (tn *tenant) token(kind string) string {
	tn.issued++
	return fmt.Sprintf("%s-secret-%d", kind, tn.issued)
}

func (tn *tenant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	switch r.URL.Path {
	case "/am/oauth2/authorize":
		q := r.URL.Query()
		code := tn.token("code")
		tn.codes[code] = q
		http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {code}, "iss": {tn.iss}, "state": {q.Get("state")}, "client_id": {q.Get("client_id")}}.Encode(), http.StatusFound)
	case "/am/oauth2/access_token":
		if err := r.ParseForm(); err != nil {
			http.Error(w, "bad", 400)
			return
		}
		tn.forms = append(tn.forms, r.PostForm)
		if tn.broken != nil && tn.broken(w, r.PostForm) {
			return
		}
		tn.grant(w, r.PostForm)
	case "/am/oauth2/tokeninfo":
		if !tn.good[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")] {
			refuse(w, 401, "invalid_token", "expired or revoked")
			return
		}
		_, _ = io.WriteString(w, "{}")
	default:
		http.NotFound(w, r)
	}
}

func (tn *tenant) grant(w http.ResponseWriter, f url.Values) {
	out := map[string]any{"token_type": "Bearer", "expires_in": tn.lifetime - 1, "scope": f.Get("scope")}
	switch f.Get("grant_type") {
	case "authorization_code":
		q, ok := tn.codes[f.Get("code")]
		delete(tn.codes, f.Get("code"))
		sum := sha256.Sum256([]byte(f.Get("code_verifier")))
		if !ok || q.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) || q.Get("code_challenge_method") != "S256" ||
			q.Get("redirect_uri") != f.Get("redirect_uri") || q.Get("client_id") != f.Get("client_id") {
			refuse(w, 400, "invalid_grant", "The provided access grant is invalid, expired, or revoked.")
			return
		}
		tn.login(out)
	case "refresh_token":
		if !tn.good[f.Get("refresh_token")] {
			refuse(w, 400, "invalid_grant", "grant is invalid")
			return
		}
		delete(tn.good, f.Get("refresh_token"))
		tn.login(out)
	case exchangeGrant:
		if !tn.good[f.Get("subject_token")] {
			refuse(w, orInt(tn.status, 400), "invalid_request", "Invalid token exchange.")
			return
		}
		out["access_token"] = tn.token("exchanged")
		out["issued_token_type"] = accessToken
	default:
		refuse(w, 400, "unsupported_grant_type", "Grant type is not supported")
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	_ = json.NewEncoder(w).Encode(out)
}

func (tn *tenant) login(out map[string]any) {
	access := tn.token("access")
	tn.good[access] = true
	out["access_token"] = access
	if !tn.noRefresh {
		refresh := tn.token("refresh")
		tn.good[refresh] = true
		out["refresh_token"] = refresh
	}
}

func refuse(w http.ResponseWriter, status int, code, description string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": description})
}

func orInt(n, fallback int) int {
	if n == 0 {
		return fallback
	}
	return n
}

// grants counts the token requests by grant type.
func (tn *tenant) grants() map[string]int {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	n := map[string]int{}
	for _, f := range tn.forms {
		n[strings.TrimPrefix(f.Get("grant_type"), "urn:ietf:params:oauth:grant-type:")]++
	}
	return n
}

// revoke makes all tokens of the kind useless.
func (tn *tenant) revoke(kind string) {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	for t := range tn.good {
		if strings.HasPrefix(t, kind) {
			delete(tn.good, t)
		}
	}
}

// rig is a source under test, with its clock, and a browser that follows.
type rig struct {
	*Source
	tenant *tenant
	mu     sync.Mutex
	clock  time.Time
	log    bytes.Buffer
	logMu  sync.Mutex
	opened chan string
	pages  chan string
}

func (r *rig) Write(p []byte) (int, error) {
	r.logMu.Lock()
	defer r.logMu.Unlock()
	return r.log.Write(p)
}

func (r *rig) advance(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clock = r.clock.Add(d)
}

// browser loads a page as a browser would and returns its text.
func (r *rig) browser(t *testing.T, target string) string {
	res, err := http.Get(target)
	if err != nil {
		t.Errorf("browser: %v", err)
		return ""
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil {
		t.Errorf("browser: %v", err)
	}
	return string(page)
}

func newRig(t *testing.T, change func(*Options)) *rig {
	t.Helper()
	r := &rig{tenant: newTenant(t), clock: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), opened: make(chan string, 10), pages: make(chan string, 10)}
	base, err := url.Parse(r.tenant.URL)
	if err != nil {
		t.Fatal(err)
	}
	opts := Options{
		BaseURL: base,
		Scopes:  []string{"fr:idm:*", "fr:idc:esv:*"},
		OpenURL: func(u string) error {
			r.opened <- u
			go func() { r.pages <- r.browser(t, u) }()
			return nil
		},
		Logger: slog.New(slog.NewTextHandler(r, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now: func() time.Time {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.clock
		},
	}
	if change != nil {
		change(&opts)
	}
	if r.Source, err = New(opts); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.logMu.Lock()
		defer r.logMu.Unlock()
		if strings.Contains(r.log.String(), "-secret-") {
			t.Errorf("a token is in the log:\n%s", r.log.String())
		}
	})
	return r
}

func (r *rig) get(t *testing.T, scopes ...string) string {
	t.Helper()
	token, err := r.Token(t.Context(), scopes)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (r *rig) expect(t *testing.T, logins, refreshes, exchanges int) {
	t.Helper()
	n := r.tenant.grants()
	if n["authorization_code"] != logins || n["refresh_token"] != refreshes || n["token-exchange"] != exchanges {
		t.Errorf("grants are %v, want %d logins, %d refreshes, %d exchanges", n, logins, refreshes, exchanges)
	}
}

func TestLoginThenExchange(t *testing.T) {
	r := newRig(t, nil)
	first := r.get(t, "fr:idm:*")
	if again := r.get(t, "fr:idm:*"); again != first {
		t.Error("the second call got another token")
	}
	r.expect(t, 1, 0, 1)
	q, _ := url.Parse(<-r.opened)
	if got := q.Query().Get("scope"); got != "fr:idc:esv:* fr:idm:*" {
		t.Errorf("login asked for %q", got)
	}
	if redirect := q.Query().Get("redirect_uri"); !strings.HasPrefix(redirect, "http://localhost:") || strings.HasSuffix(redirect, "/") {
		t.Errorf("redirect URI is %q", redirect)
	}
	if page := <-r.pages; !strings.Contains(page, "You are logged in") {
		t.Errorf("page is %s", page)
	}
	form := r.tenant.forms[1]
	if form.Get("scope") != "fr:idm:*" || form.Get("client_id") != "AICMCPExchangeClient" || form.Get("client_secret") != "" ||
		form.Get("subject_token_type") != accessToken || form.Get("requested_token_type") != accessToken {
		t.Errorf("exchange was %v", form)
	}
}

func TestOneLoginForManyCalls(t *testing.T) {
	r := newRig(t, nil)
	var g errgroup.Group
	for i := range 20 {
		g.Go(func() error {
			_, err := r.Token(t.Context(), []string{[]string{"fr:idm:*", "fr:idc:esv:*"}[i%2]})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	r.expect(t, 1, 0, 2)
}

func TestInvalidate(t *testing.T) {
	r := newRig(t, nil)
	first := r.get(t, "a")
	r.Invalidate([]string{"a"}, "another token")
	if r.get(t, "a") != first {
		t.Error("another token's refusal dropped this one")
	}
	r.Invalidate([]string{"a"}, first)
	if r.get(t, "a") == first {
		t.Error("a refused token was used again")
	}
	r.expect(t, 1, 0, 2)
}

func TestSecondCallerSurvivesTheFirst(t *testing.T) {
	gate := make(chan struct{})
	r := newRig(t, nil)
	follow := r.openURL
	r.openURL = func(u string) error {
		go func() { <-gate; _ = follow(u) }()
		r.opened <- u
		return nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { _, err := r.Token(ctx, []string{"a"}); first <- err }()
	<-r.opened // the first is logging in
	second := make(chan error, 1)
	go func() { _, err := r.Token(t.Context(), []string{"b"}); second <- err }()
	r.waitFor(t, "", 2)
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("first: %v", err)
	}
	close(gate)
	if err := <-second; err != nil {
		t.Errorf("second: %v", err)
	}
	r.expect(t, 1, 0, 1)
}

// waitFor returns when n callers wait for the renewal.
func (r *rig) waitFor(t *testing.T, key string, n int) {
	t.Helper()
	for t.Context().Err() == nil {
		r.renewals.mu.Lock()
		f := r.renewals.running[key]
		ok := f != nil && f.waiters >= n
		r.renewals.mu.Unlock()
		if ok {
			return
		}
	}
}

// A client gives a call up sooner than a person logs in.
func TestALoginOutlivesTheCallsThatWaitForIt(t *testing.T) {
	r := newRig(t, nil)
	follow := r.openURL
	r.openURL = func(u string) error { r.opened <- u; return nil }
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { _, err := r.Token(ctx, []string{"a"}); first <- err }()
	address := <-r.opened
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("first: %v", err)
	}
	second := make(chan error, 1)
	go func() { _, err := r.Token(t.Context(), []string{"b"}); second <- err }()
	r.waitFor(t, "", 1)
	if err := follow(address); err != nil {
		t.Fatal(err)
	}
	if err := <-second; err != nil {
		t.Errorf("second: %v", err)
	}
	r.expect(t, 1, 0, 1)
}

func TestALoginEndsWithTheProcess(t *testing.T) {
	process, end := context.WithCancel(t.Context())
	r := newRig(t, func(o *Options) { o.Context = process })
	r.openURL = func(u string) error { r.opened <- u; return nil }
	done := make(chan error, 1)
	go func() { _, err := r.Token(t.Context(), []string{"a"}); done <- err }()
	<-r.opened
	end()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func TestTokenEndpointThatMisbehaves(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter){
		"HTML error": func(w http.ResponseWriter) { w.WriteHeader(502); _, _ = io.WriteString(w, "<html>") },
		"empty":      func(http.ResponseWriter) {},
		"no token":   func(w http.ResponseWriter) { _, _ = io.WriteString(w, `{"token_type":"Bearer"}`) },
		"wrong type": func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, `{"access_token":"x-secret-x","token_type":"mac"}`)
		},
		"a refusal that repeats what it got": func(w http.ResponseWriter) { refuse(w, 400, "invalid_grant", "not good: code-secret-1") },
		"without end": func(w http.ResponseWriter) {
			for range 3 {
				_, _ = w.Write(make([]byte, maxAnswer))
			}
		},
		"redirect": func(w http.ResponseWriter) { w.Header().Set("Location", "https://evil.example/"); w.WriteHeader(307) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nil)
			r.tenant.broken = func(w http.ResponseWriter, _ url.Values) bool { answer(w); return true }
			_, err := r.Token(t.Context(), []string{"a"})
			var e *Error
			if !errors.As(err, &e) || strings.Contains(err.Error(), "-secret-") {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestCacheIsBounded(t *testing.T) {
	r := newRig(t, nil)
	for i := range 3 * maxCached {
		r.get(t, fmt.Sprint("scope", i))
	}
	if n := len(r.exchanged.tokens); n > maxCached {
		t.Errorf("%d tokens are cached", n)
	}
}

func TestStatic(t *testing.T) {
	f := Static("x-secret-x")
	if token, err := f.Token(t.Context(), nil); err != nil || token != "x-secret-x" {
		t.Errorf("%q, %v", token, err)
	}
	if s := fmt.Sprintf("%v %+v %#v %s", f, f, f, f); strings.Contains(s, "secret") {
		t.Errorf("printed: %s", s)
	}
}

func TestALoginThatWasLeftIsShownAgain(t *testing.T) {
	r := newRig(t, nil)
	follow := r.openURL
	r.openURL = func(u string) error { r.opened <- u; return nil }
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { _, err := r.Token(ctx, []string{"a"}); first <- err }()
	address := <-r.opened
	cancel()
	<-first
	for !r.renewals.abandoned("") && t.Context().Err() == nil {
		runtime.Gosched() // the call is given up a moment after its caller
	}
	second := make(chan error, 1)
	go func() { _, err := r.Token(t.Context(), []string{"b"}); second <- err }()
	if again := <-r.opened; again != address {
		t.Errorf("another page was opened: %s", again)
	}
	if err := follow(address); err != nil {
		t.Fatal(err)
	}
	if err := <-second; err != nil {
		t.Error(err)
	}
}
