package resource_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"aicmcp/server/resource"
)

const metadataURL = `resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp"`

func TestChallenges(t *testing.T) {
	r := newRig(t, func(o *resource.Options) { o.AskedScopes = []string{"read"} })
	site := r.site(t, nil)
	expired := r.token(t, map[string]any{"exp": start.Add(-time.Hour).Unix()})
	foreign := r.token(t, map[string]any{"aud": "https://other.example"})
	nothing := `{"error":"invalid_token","error_description":"the request bears no access token"}`
	malformed := `Bearer error="invalid_request", error_description="the header Authorization must be Bearer, a space, and the access token", ` + metadataURL
	for name, c := range map[string]struct {
		path          string
		authorization []string
		status        int
		challenge     string
		body          string
	}{
		"nothing":          {"", nil, 401, `Bearer ` + metadataURL + `, scope="read"`, nothing},
		"another scheme":   {"", []string{"Basic " + expired}, 401, `Bearer ` + metadataURL + `, scope="read"`, nothing},
		"an empty header":  {"", []string{""}, 401, `Bearer ` + metadataURL + `, scope="read"`, nothing},
		"expired":          {"", []string{"Bearer " + expired}, 401, `Bearer error="invalid_token", error_description="the access token has expired", ` + metadataURL + `, scope="read"`, `{"error":"invalid_token","error_description":"the access token has expired"}`},
		"lower case":       {"", []string{"bearer " + expired}, 401, `Bearer error="invalid_token", error_description="the access token has expired", ` + metadataURL + `, scope="read"`, ""},
		"another audience": {"", []string{"Bearer " + foreign}, 401, `Bearer error="invalid_token", error_description="the access token is not for this resource", ` + metadataURL + `, scope="read"`, ""},
		"no token":         {"", []string{"Bearer"}, 400, malformed, ""},
		"a space":          {"", []string{"Bearer  "}, 400, malformed, ""},
		"two tokens":       {"", []string{"Bearer " + expired + " " + expired}, 400, malformed, ""},
		"two in a list":    {"", []string{"Bearer " + expired + ", Bearer " + expired}, 400, malformed, ""},
		"two headers":      {"", []string{"Bearer " + expired, "Bearer " + expired}, 400, `Bearer error="invalid_request", error_description="there must be one header Authorization only", ` + metadataURL, ""},
		"in the query":     {"?access_token=" + expired, nil, 400, `Bearer error="invalid_request", error_description="an access token must be sent in the header Authorization, never in the query", ` + metadataURL, ""},
		"in both":          {"?access_token=", []string{"Bearer " + r.token(t, nil)}, 400, `Bearer error="invalid_request", error_description="an access token must be sent in the header Authorization, never in the query", ` + metadataURL, ""},
		"a bad query":      {"?a=%zz", []string{"Bearer " + r.token(t, nil)}, 400, `Bearer error="invalid_request", error_description="the query can't be read", ` + metadataURL, ""},
	} {
		header := http.Header{}
		if c.authorization != nil {
			header["Authorization"] = c.authorization
		}
		got := send(t, site, "POST", "/mcp"+c.path, header, strings.NewReader("{}"))
		if got.status != c.status || got.header.Get("WWW-Authenticate") != c.challenge || c.body != "" && got.body != c.body {
			t.Errorf("%s: %d %s %s", name, got.status, got.header.Get("WWW-Authenticate"), got.body)
		}
		if got.header.Get("Cache-Control") != "no-store" || got.header.Get("Content-Type") != "application/json" || !json.Valid([]byte(got.body)) {
			t.Errorf("%s: %v %s", name, got.header, got.body)
		}
	}
	mustNotHold(t, r.logged(), expired)
	if !strings.Contains(r.logged(), "exp was 1h0m0s ago") {
		t.Errorf("log: %s", r.logged())
	}
}

func TestInsufficientScope(t *testing.T) {
	r := newRig(t, nil)
	site := r.site(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if err := resource.CallerOf(req.Context()).Token.Require("read", `odd"\`+"\r\nX: y\u00e9"); err != nil {
			r.Refuse(w, req, err)
		}
	}))
	got := send(t, site, "POST", "/mcp", bearing(r.token(t, nil)), nil)
	want := `Bearer error="insufficient_scope", scope="read odd\"\\??X: y?", ` + metadataURL + `, error_description="the access token lacks a scope that the operation needs"`
	if got.status != 403 || got.header.Get("WWW-Authenticate") != want || got.body != `{"error":"insufficient_scope","error_description":"the access token lacks a scope that the operation needs"}` {
		t.Errorf("%d %s %s", got.status, got.header.Get("WWW-Authenticate"), got.body)
	}
}

func TestTheIssuerIsAway(t *testing.T) {
	r := newRig(t, nil)
	r.status = http.StatusBadGateway
	got := send(t, r.site(t, nil), "POST", "/mcp", bearing(r.token(t, nil)), nil)
	if got.status != 503 || got.header.Get("Retry-After") != "5" || got.header.Get("WWW-Authenticate") != "" || got.body != `{"error":"temporarily_unavailable","error_description":"access tokens can't be verified at the moment"}` {
		t.Errorf("%+v", got)
	}
}

func TestTheHandlerKnowsItsCaller(t *testing.T) {
	r := newRig(t, nil)
	text := r.token(t, nil)
	var log bytes.Buffer
	site := r.site(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		caller := resource.CallerOf(req.Context())
		if caller.Token.Subject != "jane" || caller.Bearer.Reveal() != text || req.Header.Get("Authorization") != "" {
			t.Errorf("%v %v", caller.Token, req.Header)
		}
		hidden := struct {
			B resource.Bearer
			b resource.Bearer
		}{caller.Bearer, caller.Bearer}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
			fmt.Fprintf(&log, verb+verb+verb+verb, caller.Bearer, &caller.Bearer, caller, hidden)
		}
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "bearer", caller.Bearer, "caller", caller, "hidden", hidden)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "bearer", caller.Bearer, "caller", caller, "hidden", hidden)
		if err := json.NewEncoder(&log).Encode([]any{caller, hidden}); err != nil {
			t.Error(err)
		}
	}))
	if got := send(t, site, "GET", "/mcp", bearing(text), nil); got.status != 200 || !strings.Contains(log.String(), "[bearer]") {
		t.Errorf("%+v %s", got, log.String())
	}
	mustNotHold(t, log.String(), text)
	for _, want := range []string{`bearer=[bearer]`, `"bearer":"[bearer]"`, `"Bearer":"[bearer]"`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%s is not printed", want)
		}
	}
	if (resource.Bearer{}).Reveal() != "" || resource.CallerOf(t.Context()) != nil {
		t.Error("zero values")
	}
}

func TestHostsAndOrigins(t *testing.T) {
	remote := newRig(t, func(o *resource.Options) {
		o.Origins = []string{"http://localhost:6274", "https://Page.example:443"}
		o.Hosts = []string{"backend"}
	})
	local := newRig(t, func(o *resource.Options) { o.URL = "http://localhost:8080/mcp" })
	for _, c := range []struct {
		r       *rig
		host    string
		origins []string
		status  int
	}{
		{remote, "mcp.example.com", nil, 200},
		{remote, "MCP.example.com:443", nil, 200},
		{remote, "backend:8080", nil, 200},
		{remote, "localhost", nil, 403},
		{remote, "127.0.0.1:8080", nil, 403},
		{remote, "mcp.example.com.evil.example", nil, 403},
		{remote, "evil.example", nil, 403},
		{remote, "mcp.example.com", []string{"https://mcp.example.com"}, 200},
		{remote, "mcp.example.com", []string{"http://localhost:6274"}, 200},
		{remote, "mcp.example.com", []string{"https://page.example"}, 200},
		{remote, "mcp.example.com", []string{"http://page.example"}, 403},
		{remote, "mcp.example.com", []string{"http://mcp.example.com"}, 403},
		{remote, "mcp.example.com", []string{"https://mcp.example.com:8443"}, 403},
		{remote, "mcp.example.com", []string{"https://evil.example"}, 403},
		{remote, "mcp.example.com", []string{"https://localhost"}, 403},
		{remote, "mcp.example.com", []string{"null"}, 403},
		{remote, "mcp.example.com", []string{""}, 403},
		{remote, "mcp.example.com", []string{"https://mcp.example.com", "https://evil.example"}, 403},
		{local, "localhost:8080", []string{"http://127.0.0.1:8080"}, 200},
		{local, "127.0.0.1:8080", []string{"http://[::1]:8080"}, 200},
		{local, "[::1]:8080", []string{"http://localhost:8080"}, 200},
		{local, "[::1]", nil, 200},
		{local, "localhost:8080", []string{"http://localhost:6274"}, 403},
		{local, "rebound.example:8080", []string{"http://rebound.example:8080"}, 403},
	} {
		header := bearing(c.r.token(t, map[string]any{"aud": c.r.options.URL}))
		header["Host"] = []string{c.host}
		if c.origins != nil {
			header["Origin"] = c.origins
		}
		got := send(t, c.r.site(t, nil), "POST", "/mcp", header, nil)
		if got.status != c.status || got.header.Get("Vary") != "Origin" && c.host == "mcp.example.com" {
			t.Errorf("%s %q: %d %s", c.host, c.origins, got.status, got.body)
		}
		if c.status == 403 && !strings.HasPrefix(got.body, `{"error":"forbidden"`) {
			t.Errorf("%s", got.body)
		}
		allowed := got.header.Get("Access-Control-Allow-Origin")
		if want := c.status == 200 && c.origins != nil; want != (allowed != "") || want && allowed != c.origins[0] {
			t.Errorf("%s %q may be read by %q", c.host, c.origins, allowed)
		}
	}
}

func TestPagesMaySendRequests(t *testing.T) {
	r := newRig(t, func(o *resource.Options) { o.Origins = []string{"http://localhost:6274"} })
	site := r.site(t, nil)
	page := http.Header{
		"Origin": {"http://localhost:6274"}, "Access-Control-Request-Method": {"POST"},
		"Access-Control-Request-Headers": {"authorization, content-type,Mcp-Param-Region", "mcp-param-a, mcp-param-(bad), x-other, mcp-param-"},
	}
	got := send(t, site, "OPTIONS", "/mcp", page, nil)
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin":  "http://localhost:6274",
		"Access-Control-Allow-Methods": "GET, POST, DELETE, OPTIONS",
		"Access-Control-Allow-Headers": "Authorization, Content-Type, Accept, Mcp-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name, Last-Event-ID, mcp-param-region, mcp-param-a, mcp-param-",
		"Access-Control-Max-Age":       "7200",
	} {
		if got.status != 204 || got.header.Get(name) != want {
			t.Errorf("%d %s is %q", got.status, name, got.header.Get(name))
		}
	}
	page["Access-Control-Request-Headers"] = []string{strings.Repeat("mcp-param-x,", 1000)}
	if got := send(t, site, "OPTIONS", "/mcp", page, nil); strings.Count(got.header.Get("Access-Control-Allow-Headers"), "mcp-param-x") != 50 {
		t.Errorf("%d names", strings.Count(got.header.Get("Access-Control-Allow-Headers"), "mcp-param-x"))
	}
	// The page may read why it was refused.
	delete(page, "Access-Control-Request-Method")
	refused := send(t, site, "POST", "/mcp", page, nil)
	if refused.status != 401 || refused.header.Get("Access-Control-Allow-Origin") != "http://localhost:6274" || refused.header.Get("Access-Control-Expose-Headers") != "WWW-Authenticate, Mcp-Session-Id, Retry-After" {
		t.Errorf("%+v", refused)
	}
	if got := send(t, site, "OPTIONS", "/mcp", page, nil); got.status != 401 {
		t.Errorf("no preflight: %d", got.status)
	}
	page["Access-Control-Request-Method"] = []string{"POST"}
	page["Origin"] = []string{"https://evil.example"}
	if got := send(t, site, "OPTIONS", "/mcp", page, nil); got.status != 403 || got.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%+v", got)
	}
}

func TestBodiesAreBounded(t *testing.T) {
	r := newRig(t, func(o *resource.Options) { o.MaxBody = 10 })
	site := r.site(t, nil)
	for _, c := range []struct {
		body   io.Reader
		status int
	}{
		{strings.NewReader("0123456789"), 200},
		{strings.NewReader("0123456789x"), 413},
		{io.MultiReader(strings.NewReader("0123456789")), 200}, // of a length that is not told
		{io.MultiReader(strings.NewReader("0123456789x")), 413},
		{nil, 200},
	} {
		got := send(t, site, "POST", "/mcp", bearing(r.token(t, nil)), c.body)
		if got.status != c.status || c.status == 413 && got.body != `{"error":"invalid_request","error_description":"the body is longer than 10 bytes"}` {
			t.Errorf("%d %s", got.status, got.body)
		}
		if c.status == 200 && c.body != nil && got.body != `jane inspector "0123456789"` {
			t.Error(got.body)
		}
	}
	if got := send(t, site, "POST", "/mcp", nil, strings.NewReader("0123456789x")); got.status != 401 {
		t.Errorf("without a token: %d", got.status)
	}
}

func TestRatesOfCallers(t *testing.T) {
	r := newRig(t, func(o *resource.Options) { o.Rate, o.Burst = 0.4, 2 })
	site := r.site(t, nil)
	jane, other := r.token(t, nil), r.token(t, map[string]any{"client_id": "other"})
	ask := func(token string, status int, wait string) {
		t.Helper()
		got := send(t, site, "POST", "/mcp", bearing(token), nil)
		if got.status != status || got.header.Get("Retry-After") != wait {
			t.Errorf("%d, after %q: %s", got.status, got.header.Get("Retry-After"), got.body)
		}
	}
	ask(jane, 200, "")
	ask(r.token(t, map[string]any{"jti": "another token"}), 200, "")
	ask(jane, 429, "3") // 2.5 s
	ask(jane, 429, "3") // what is refused does not count
	ask(other, 200, "")
	r.advance(2400 * time.Millisecond)
	ask(jane, 429, "1")
	r.advance(100 * time.Millisecond)
	ask(jane, 200, "")
	ask(jane, 429, "3")
	free := newRig(t, func(o *resource.Options) { o.Rate = rate.Inf })
	freeSite := free.site(t, nil)
	for range 200 {
		if got := send(t, freeSite, "POST", "/mcp", bearing(free.token(t, nil)), nil); got.status != 200 {
			t.Fatalf("%+v", got)
		}
	}
}

func TestRequestsUnderWayAreBounded(t *testing.T) {
	r := newRig(t, func(o *resource.Options) { o.MaxRequests = 1 })
	inside, leave := make(chan bool), make(chan bool)
	site := r.site(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { inside <- true; <-leave }))
	token := bearing(r.token(t, nil))
	first := make(chan answer)
	go func() { first <- send(t, site, "POST", "/mcp", token, nil) }()
	<-inside
	if got := send(t, site, "POST", "/mcp", token, nil); got.status != 503 || got.header.Get("Retry-After") != "1" {
		t.Errorf("%+v", got)
	}
	leave <- true
	if got := <-first; got.status != 200 {
		t.Errorf("%+v", got)
	}
	go func() { <-inside; leave <- true }()
	if got := send(t, site, "POST", "/mcp", token, nil); got.status != 200 {
		t.Errorf("%+v", got)
	}
}

func TestOneCallerCannotTakeAllPlaces(t *testing.T) {
	r := newRig(t, func(o *resource.Options) { o.MaxRequests = 16 })
	inside, leave := make(chan bool), make(chan bool)
	site := r.site(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { inside <- true; <-leave }))
	answers := make(chan answer)
	begin := func(claims map[string]any) {
		token := bearing(r.token(t, claims))
		go func() { answers <- send(t, site, "POST", "/mcp", token, nil) }()
		<-inside
	}
	begin(nil)
	begin(map[string]any{"client_id": "second"})
	third := bearing(r.token(t, map[string]any{"client_id": "third"}))
	if got := send(t, site, "POST", "/mcp", third, nil); got.status != 429 || got.header.Get("Retry-After") != "1" {
		t.Errorf("%+v", got)
	}
	begin(map[string]any{"sub": "joe"})
	leave <- true
	if got := <-answers; got.status != 200 {
		t.Errorf("%+v", got)
	}
	close(leave)
	<-answers
	<-answers
	go func() { <-inside }()
	if got := send(t, site, "POST", "/mcp", third, nil); got.status != 200 {
		t.Errorf("a place that was left is not free: %+v", got)
	}
}
