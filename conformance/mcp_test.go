package conformance

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestMCPServerGetsNoBearer shows that requests reach the remote MCP server, for the host
// that is named, and that the tenant's bearer does not.
func TestMCPServerGetsNoBearer(t *testing.T) {
	target := echo(t)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"bearer":%q,"host":%q,"path":%q}`, r.Header.Get("Authorization"), r.Host, r.URL.Path)
	}))
	defer srv.Close()
	target.MCP, target.Features = srv.URL+"/mcp", append(target.Features, RemoteMCP)
	got := Run(t.Context(), target, aCase(func(t *T) {
		t.Equal("bearer of the tenant", true, t.Get("/x").At("bearer"))
		res := t.Post(t.Target.MCP, nil, Header("Host", "elsewhere.example.com"))
		t.Equal("answer", map[string]any{"bearer": "", "host": "elsewhere.example.com", "path": "/mcp"}, res.Body)
		t.Equal("another bearer", "Bearer other", t.Get(srv.URL+"/other", Bearer("other")).At("bearer"))
		t.Equal("host", strings.TrimPrefix(srv.URL, "http://"), t.Get(srv.URL+"/other").At("host"))
	}))
	if got.Outcome != Pass {
		t.Errorf("%+v", got)
	}
	target.MCP = ""
	if got := Run(t.Context(), target, aCase(func(t *T) { t.True("", true) })); got.Outcome != Error || !strings.Contains(got.Reason, "is not an address") {
		t.Errorf("without an address: %+v", got)
	}
	target.Features = []Feature{Managed}
	if got := Run(t.Context(), target, aCase(func(t *T) { t.Get(srv.URL + "/x") })); got.Outcome != Error || !strings.Contains(got.Reason, "not of the target") {
		t.Errorf("a server that the target does not name: %+v", got)
	}
}

// TestOnce shows that a case can have the refusal of a busy target.
func TestOnce(t *testing.T) {
	requests := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests++
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer srv.Close()
	got := Run(t.Context(), Target{BaseURL: srv.URL, Features: []Feature{Managed}}, aCase(func(t *T) { t.Status(http.StatusTooManyRequests, t.Get("/", Once())) }))
	if got.Outcome != Pass || requests != 1 {
		t.Errorf("%d requests, %+v", requests, got)
	}
}

func TestUnfinished(t *testing.T) {
	answers := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	for name, test := range map[string]struct {
		limit, patience time.Duration
		beginning       string
		status          int
		ended           bool
	}{
		"answered":      {0, time.Minute, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", http.StatusTeapot, true},
		"hung up":       {20 * time.Millisecond, time.Minute, "GET / HTTP/1.1\r\nHost: h\r\n", 0, true},
		"still waiting": {0, 50 * time.Millisecond, "GET / HTTP/1.1\r\nHost: h\r\n", 0, false},
	} {
		for _, start := range []func(*httptest.Server){(*httptest.Server).Start, (*httptest.Server).StartTLS} {
			srv := httptest.NewUnstartedServer(answers)
			srv.Config.ReadHeaderTimeout = test.limit
			start(srv)
			target := Target{BaseURL: "http://localhost", MCP: srv.URL + "/mcp", HTTPClient: srv.Client(), Features: []Feature{Managed}, Patience: test.patience}
			err := Do(t.Context(), target, func(t *T) {
				status, ended := t.Unfinished(t.Target.MCP, test.beginning)
				t.Equal("status", test.status, status)
				t.Equal("ended", test.ended, ended)
			})
			if err != nil {
				t.Errorf("%s at %s: %v", name, srv.URL, err)
			}
			srv.Close()
		}
	}
}
