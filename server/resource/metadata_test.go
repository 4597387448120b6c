package resource_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"aicmcp/server/resource"
)

func TestMetadataOfTheResource(t *testing.T) {
	r := newRig(t, func(o *resource.Options) { o.Name = `To & "Do"`; o.Documentation = "https://docs.example.com/" })
	site := r.site(t, nil)
	want := `{"resource":"https://mcp.example.com/mcp","authorization_servers":["` + r.name() + `"],"scopes_supported":["read","write"],` +
		`"bearer_methods_supported":["header"],"resource_name":"To & \"Do\"","resource_documentation":"https://docs.example.com/"}`
	for _, path := range []string{"/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"} {
		// The document is the same whatever the host was called.
		got := send(t, site, "GET", path, http.Header{"Host": {"evil.example"}, "Origin": {"https://page.example"}}, nil)
		if got.status != 200 || got.body != want {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
		for name, value := range map[string]string{"Content-Type": "application/json", "Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=300"} {
			if got.header.Get(name) != value {
				t.Errorf("%s: %s is %q", path, name, got.header.Get(name))
			}
		}
		if head := send(t, site, "HEAD", path, nil, nil); head.status != 200 || head.body != "" || head.header.Get("Content-Length") != got.header.Get("Content-Length") {
			t.Errorf("HEAD %s: %+v", path, head)
		}
		asked := send(t, site, "OPTIONS", path, http.Header{"Origin": {"https://page.example"}, "Access-Control-Request-Method": {"GET"}, "Access-Control-Request-Headers": {"mcp-protocol-version"}}, nil)
		if asked.status != 204 || asked.header.Get("Access-Control-Allow-Origin") != "*" || asked.header.Get("Access-Control-Allow-Headers") != "Mcp-Protocol-Version" ||
			asked.header.Get("Access-Control-Allow-Methods") != "GET, HEAD, OPTIONS" {
			t.Errorf("preflight: %+v", asked)
		}
		refused := send(t, site, "POST", path, nil, strings.NewReader("{}"))
		if refused.status != 405 || refused.header.Get("Allow") != "GET, HEAD, OPTIONS" || refused.header.Get("Content-Type") != "application/json" {
			t.Errorf("POST: %+v", refused)
		}
	}
	for _, path := range []string{"/.well-known/oauth-protected-resource/", "/.well-known/oauth-protected-resource/mcp/", "/.well-known/oauth-protected-resource/other", "/.well-known/oauth-protected-resources", "/.well-known/openid-configuration"} {
		if got := send(t, site, "GET", path, nil, nil); got.status != 404 || got.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	if r.count(discoveryPath) != 0 {
		t.Error("the issuer was asked")
	}
}

func TestMetadataOfAResourceWithoutAPath(t *testing.T) {
	r := newRig(t, func(o *resource.Options) { o.URL = "http://127.0.0.1:8080"; o.Scopes = nil })
	got := send(t, r.site(t, nil), "GET", "/.well-known/oauth-protected-resource", nil, nil)
	if want := `{"resource":"http://127.0.0.1:8080","authorization_servers":["` + r.name() + `"],"bearer_methods_supported":["header"]}`; got.body != want {
		t.Errorf("%s", got.body)
	}
	if got := r.MetadataURL(); got != "http://127.0.0.1:8080/.well-known/oauth-protected-resource" {
		t.Error(got)
	}
}

func TestMetadataOfTheIssuer(t *testing.T) {
	r := newRig(t, nil)
	r.discovery["registration_endpoint"] = nil
	r.discovery["scopes_supported"] = []string{}
	r.discovery["service_documentation"] = ""
	r.discovery["userinfo_endpoint"] = "https://x.example/userinfo"
	r.discovery["code_challenge_methods_supported"] = []string{"plain", "S256"}
	r.discovery["require_pushed_authorization_requests"] = false
	site := r.site(t, nil)
	want := `{"issuer":"` + r.name() + `","authorization_endpoint":"` + r.URL + `/authorize","token_endpoint":"` + r.URL + `/token","jwks_uri":"` + r.URL + `/keys",` +
		`"response_types_supported":["code"],"code_challenge_methods_supported":["plain","S256"],"introspection_endpoint":"` + r.URL + `/introspect","require_pushed_authorization_requests":false}`
	for _, path := range []string{"/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server/mcp"} {
		got := send(t, site, "GET", path, nil, nil)
		if got.status != 200 || got.body != want || got.header.Get("Content-Type") != "application/json" || got.header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %+v", path, got)
		}
	}
	if n := r.count(discoveryPath); n != 1 {
		t.Errorf("%d fetches", n)
	}
	r.set(func() { r.status = http.StatusInternalServerError })
	r.advance(5*time.Minute - 1)
	if got := send(t, site, "GET", "/.well-known/oauth-authorization-server", nil, nil); got.status != 200 {
		t.Errorf("cached: %d", got.status)
	}
	r.advance(1)
	for range 10 {
		got := send(t, site, "GET", "/.well-known/oauth-authorization-server", nil, nil)
		if got.status != 502 || got.body != `{"error":"temporarily_unavailable","error_description":"the issuer can't be asked for its metadata"}` || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%+v", got)
		}
	}
	if n := r.count(discoveryPath); n != 2 {
		t.Errorf("%d fetches", n)
	}
}

func TestMistakesInOptions(t *testing.T) {
	_, err := resource.New(resource.Options{
		URL: "https://mcp.example.com/mcp/", Issuer: "http://tenant.example/am", Scopes: []string{"a b"}, Algorithms: []string{"HS256"},
		Hosts: []string{"h:1"}, Origins: []string{"https://page.example/"}, MaxBody: -1, Burst: -1, Documentation: "docs",
		Introspection: resource.Introspection{Mode: "some"},
	})
	want := []string{
		`the resource "https://mcp.example.com/mcp/" must be spelled "https://mcp.example.com/mcp"`, `the issuer "http://tenant.example/am" must use https`,
		`the documentation "docs"`, `"a b" can't be a scope`, `"HS256" can't be allowed`, `there is no introspection "some"`, `a caller can't send`,
		`the length of a body must not be negative`, `the host "h:1"`, `the origin "https://page.example/"`,
	}
	if err == nil {
		t.Fatal("none")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d lines: %v", len(lines), err)
	}
	for n, line := range lines {
		if !strings.HasPrefix(line, want[n]) && !strings.Contains(line, want[n]) {
			t.Errorf("%s, want %s", line, want[n])
		}
	}
	for _, url := range []string{"", "mcp.example.com", "https://", "https://u:p@mcp.example.com", "https://mcp.example.com/?a", "https://mcp.example.com#a", "HTTPS://mcp.example.com", "https://mcp.example.com/a b", "ftp://x", "http://mcp.example.com", "https://mcp.example.com//mcp", "https://mcp.example.com/a/../mcp", "https://mcp.example.com/%2e/mcp"} {
		if _, err := resource.New(resource.Options{URL: url, Issuer: "https://tenant:443/am/oauth2/alpha"}); err == nil {
			t.Errorf("%q is a resource", url)
		}
	}
	for _, origin := range []string{"*", "null", "https://*", "page.example", "https://page.example/x", "https://u@page.example"} {
		if _, err := resource.New(resource.Options{URL: self, Issuer: "https://tenant:443/am/oauth2/alpha", Origins: []string{origin}}); err == nil {
			t.Errorf("%q is an origin", origin)
		}
	}
}
