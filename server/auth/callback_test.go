package auth

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"aicmcp/server/tokenstore"
)

// closable is a connection that knows whether it was closed.
type closable struct {
	net.Conn
	closed bool
}

func (c *closable) Close() error {
	c.closed = true
	return nil
}

func TestSpareConnectionsAreNotWaitedFor(t *testing.T) {
	s := &spareConns{open: map[net.Conn]bool{}}
	spare, used, late := &closable{}, &closable{}, &closable{}
	s.track(spare, http.StateNew)
	s.track(used, http.StateNew)
	s.track(used, http.StateActive)
	s.close()
	s.track(late, http.StateNew)
	if !spare.closed || used.closed || !late.closed {
		t.Errorf("closed: spare %t, used %t, late %t", spare.closed, used.closed, late.closed)
	}
}

func TestLoginTimesOut(t *testing.T) {
	r := newRig(t, func(o *Options) {
		o.OpenURL = nil
		o.After = func(d time.Duration) <-chan time.Time {
			if d != 5*time.Minute {
				t.Errorf("limit is %s", d)
			}
			c := make(chan time.Time, 1)
			c <- time.Time{}
			return c
		}
	})
	_, err := r.Token(t.Context(), []string{"a"})
	if !errors.Is(err, ErrTimeout) || !strings.Contains(err.Error(), "5 minutes") {
		t.Errorf("error is %v", err)
	}
}

func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r := newRig(t, func(o *Options) { o.RedirectPort = l.Addr().(*net.TCPAddr).Port })
	if _, err := r.Token(t.Context(), []string{"a"}); !errors.Is(err, ErrPortBusy) || !strings.Contains(err.Error(), "REDIRECT_URI_PORT") {
		t.Errorf("error is %v", err)
	}
}

// Processes for several tenants take turns at the port.
func TestThePortOfAnotherLogin(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	dir := t.TempDir()
	unlock, err := tokenstore.NewFile(dir).Lock(t.Context(), fmt.Sprint("port ", port))
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, func(o *Options) { o.RedirectPort, o.Store = port, tokenstore.NewFile(dir) })
	got := make(chan error, 1)
	go func() { _, err := r.Token(t.Context(), []string{"a"}); got <- err }()
	r.waitFor(t, "", 1)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	unlock()
	if err := <-got; err != nil {
		t.Errorf("error is %v", err)
	}
}

// The callback, request by request: what must not end the login does not.
func TestCallback(t *testing.T) {
	target := make(chan string, 1)
	r := newRig(t, func(o *Options) { o.OpenURL = func(u string) error { target <- u; return nil } })
	done := make(chan error, 1)
	go func() { _, err := r.Token(t.Context(), []string{"a"}); done <- err }()
	u, _ := url.Parse(<-target)
	redirect, _ := url.Parse(u.Query().Get("redirect_uri"))
	state := u.Query().Get("state")

	ask := func(method, host, path, query string) (int, string, http.Header) {
		t.Helper()
		req, err := http.NewRequest(method, "http://127.0.0.1:"+redirect.Port()+path+"?"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(body), res.Header
	}
	good := redirect.Host
	valid := url.Values{"state": {state}, "code": {"x"}}.Encode()
	for _, tc := range []struct {
		name, method, host, path, query string
		want                            int
	}{
		{"rebound name", "GET", "evil.example:" + redirect.Port(), "/", valid, 421},
		{"no port", "GET", "localhost", "/", valid, 421},
		{"POST", "POST", good, "/", valid, 405},
		{"other path", "GET", good, "/favicon.ico", "", 404},
		{"no state", "GET", good, "/", "code=x", 400},
		{"wrong state", "GET", good, "/", "code=x&state=" + state + "x", 400},
		{"error without state", "GET", good, "/", "error=access_denied", 400},
	} {
		status, _, h := ask(tc.method, tc.host, tc.path, tc.query)
		if status != tc.want {
			t.Errorf("%s: status %d, want %d", tc.name, status, tc.want)
		}
		if !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: headers %v", tc.name, h)
		}
	}
	status, page, h := ask("GET", good, "/", url.Values{"state": {state}, "error": {"access_denied"}, "error_description": {"<b>no</b>"}}.Encode())
	if status != 200 || !strings.Contains(page, "Access denied") || strings.Contains(page, "<b>no") {
		t.Errorf("page is %d %s", status, page)
	}
	_, css, _ := strings.Cut(page, "<style>")
	css, _, _ = strings.Cut(css, "</style>")
	sum := sha256.Sum256([]byte(css))
	if !strings.Contains(h.Get("Content-Security-Policy"), base64.StdEncoding.EncodeToString(sum[:])) {
		t.Error("the policy does not allow the page's own style")
	}
	err := <-done
	var e *Error
	if !errors.As(err, &e) || e.Code != "access_denied" {
		t.Errorf("error is %v", err)
	}
}

func TestIssuer(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		same bool
	}{
		{"https://h:443/am/oauth2", "https://h/am/oauth2", true},
		{"https://H/am/oauth2", "https://h/am/oauth2", true},
		{"http://h:80/am/oauth2", "http://h/am/oauth2", true},
		{"https://h:8443/am/oauth2", "https://h/am/oauth2", false},
		{"http://h/am/oauth2", "https://h/am/oauth2", false},
		{"https://h.evil/am/oauth2", "https://h/am/oauth2", false},
		{"https://h/am/oauth2/alpha", "https://h/am/oauth2", false},
		{"://", "https://h/am/oauth2", false},
	} {
		if sameIssuer(tc.a, tc.b) != tc.same {
			t.Errorf("%s, %s: want %t", tc.a, tc.b, tc.same)
		}
	}
	r := newRig(t, nil)
	r.tenant.iss = "https://evil.example/am/oauth2"
	if _, err := r.Token(t.Context(), []string{"a"}); err == nil || !strings.Contains(err.Error(), "another authorization server") {
		t.Errorf("error is %v", err)
	}
}

func TestRefusedCodeIsShown(t *testing.T) {
	r := newRig(t, nil)
	r.tenant.broken = func(w http.ResponseWriter, _ url.Values) bool {
		refuse(w, 400, "invalid_grant", "too late")
		return true
	}
	if _, err := r.Token(t.Context(), []string{"a"}); err == nil || !strings.Contains(err.Error(), "invalid_grant: too late") {
		t.Errorf("error is %v", err)
	}
	if page := <-r.pages; !strings.Contains(page, "Login failed") || !strings.Contains(page, "too late") {
		t.Errorf("page is %s", page)
	}
}
