package mockaic_test

import (
	"strings"
	"testing"

	"aicmcp/mockaic"
)

const (
	corsEntries = "/am/json/global-config/services/CorsService/configuration"
	inspector   = "http://localhost:6274"
	discovery   = "/am/oauth2/alpha/.well-known/openid-configuration"
)

func crossing(t *testing.T, mock *mockaic.Tenant, method, path string, headers ...string) answer {
	t.Helper()
	sent := map[string]string{"Origin": inspector, "Authorization": "none"}
	for i := 0; i < len(headers); i += 2 {
		sent[headers[i]] = headers[i+1]
	}
	return call(t, mock, method, path, sent, "")
}

func allowed(a answer) string { return a.header.Get("Access-Control-Allow-Origin") }

func TestCORSFollowsItsEntries(t *testing.T) {
	mock := start(t)
	if got := crossing(t, mock, "GET", discovery); got.status != 200 || allowed(got) != "" || got.header.Get("Vary") != "" {
		t.Errorf("without an entry: %d %v", got.status, got.header)
	}
	made := call(t, mock, "PUT", corsEntries+"/mcp", jsonHeader, `{"acceptedOrigins":["`+inspector+`"],"acceptedHeaders":["Authorization","content-type"],"exposedHeaders":["WWW-Authenticate"]}`)
	entry := expect(t, made, 201, "")
	if at(t, entry, "_type/_id") != "configuration" || entry["maxAge"] != 600.0 || entry["enabled"] != true || len(entry["acceptedMethods"].([]any)) != 2 {
		t.Errorf("%v", entry)
	}
	for _, path := range []string{discovery, "/am/oauth2/alpha/none", "/am/json/serverinfo/*", "/am/json/alpha/realm-config/services/oauth-oidc"} {
		got := crossing(t, mock, "GET", path)
		if allowed(got) != inspector || got.header.Get("Access-Control-Expose-Headers") != "WWW-Authenticate" || got.header.Get("Vary") != "Origin" || got.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %d %v", path, got.status, got.header)
		}
	}
	const wanted, names = "Access-Control-Request-Method", "Access-Control-Request-Headers"
	got := crossing(t, mock, "OPTIONS", "/am/oauth2/alpha/access_token", wanted, "POST", names, "content-type, authorization")
	if got.status != 200 || allowed(got) != inspector || got.header.Get("Access-Control-Allow-Methods") != "POST,GET" ||
		got.header.Get("Access-Control-Allow-Headers") != "Authorization,content-type" || got.header.Get("Access-Control-Max-Age") != "600" {
		t.Errorf("a preflight: %d %v", got.status, got.header)
	}
	for name, got := range map[string]answer{
		"a header that is not accepted": crossing(t, mock, "OPTIONS", discovery, wanted, "GET", names, "mcp-protocol-version"),
		"a method that is not accepted": crossing(t, mock, "OPTIONS", discovery, wanted, "DELETE"),
		"another port":                  crossing(t, mock, "GET", discovery, "Origin", "http://localhost:6275"),
		"another scheme":                crossing(t, mock, "GET", discovery, "Origin", "https://localhost:6274"),
		"a longer host":                 crossing(t, mock, "GET", discovery, "Origin", inspector+".example.com"),
		"no origin of its own":          crossing(t, mock, "GET", discovery, "Origin", "null"),
		"a preflight elsewhere":         crossing(t, mock, "OPTIONS", discovery, "Origin", "https://evil.example.com", wanted, "GET"),
		"IDM":                           crossing(t, mock, "GET", "/openidm/info/ping"),
		"a path like AM's":              crossing(t, mock, "GET", "/ambush"),
	} {
		if allowed(got) != "" {
			t.Errorf("%s: %d %v", name, got.status, got.header)
		}
	}
	send(t, mock, "PUT", corsEntries+"/mcp", `{"acceptedOrigins":["`+inspector+`"],"allowCredentials":true}`)
	if got := crossing(t, mock, "GET", discovery); got.header.Get("Access-Control-Allow-Credentials") != "true" {
		t.Errorf("with credentials: %v", got.header)
	}
	send(t, mock, "PUT", corsEntries+"/mcp", `{"acceptedOrigins":["*"],"allowCredentials":true}`)
	if got := crossing(t, mock, "GET", discovery); allowed(got) != "*" || got.header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("all origins: %v", got.header)
	}
	send(t, mock, "PUT", corsEntries+"/mcp", `{"enabled":false,"acceptedOrigins":["*"]}`)
	if got := crossing(t, mock, "GET", discovery); allowed(got) != "" {
		t.Errorf("disabled: %v", got.header)
	}
	expect(t, call(t, mock, "DELETE", corsEntries+"/mcp", nil, ""), 200, "")
	expect(t, call(t, mock, "GET", corsEntries+"/mcp", nil, ""), 404, "")
}

func TestCORSEntriesAreChecked(t *testing.T) {
	mock := start(t)
	for _, body := range []string{
		`{}`, `{"acceptedOrigins":"x"}`, `{"acceptedOrigins":["https://a.example.com/"]}`, `{"acceptedOrigins":["a.example.com"]}`,
		`{"acceptedOrigins":[],"maxAge":"1"}`, `{"acceptedOrigins":[],"origins":[]}`,
	} {
		expect(t, call(t, mock, "PUT", corsEntries+"/x", jsonHeader, body), 400, "")
	}
	for _, action := range []string{"template", "schema"} {
		expect(t, call(t, mock, "POST", corsEntries+"?_action="+action, jsonHeader, "{}"), 501, "")
	}
	expect(t, call(t, mock, "PUT", corsEntries+"/x", map[string]string{"Authorization": "none", "Content-Type": "application/json"}, `{"acceptedOrigins":["*"]}`), 401, "")
	if page := get(t, mock, corsEntries+"?_queryFilter=true"); page["resultCount"] != 0.0 {
		t.Errorf("%v", page)
	}
}

func TestCORSEntriesAreExported(t *testing.T) {
	mock := start(t)
	send(t, mock, "PUT", corsEntries+"/mcp", `{"acceptedOrigins":["`+inspector+`"]}`)
	dir := t.TempDir()
	if err := mock.Export(dir); err != nil {
		t.Fatal(err)
	}
	copied := start(t, mockaic.Seed(dir))
	if got := crossing(t, copied, "GET", discovery); allowed(got) != inspector {
		t.Errorf("%v", got.header)
	}
	seed(t, dir, "am/root/CorsService.json", `[{"_id":"x","acceptedOrigins":["https://"]}]`)
	if _, err := mockaic.New(mockaic.Seed(dir)); err == nil || !strings.Contains(err.Error(), "CorsService") {
		t.Errorf("a broken seed: %v", err)
	}
}

func TestAnyOriginComesWithoutCredentials(t *testing.T) {
	mock := start(t, mockaic.AnyOrigin())
	got := crossing(t, mock, "OPTIONS", "/am/oauth2/alpha/register", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type,mcp-protocol-version")
	if got.status != 200 || allowed(got) != "*" || got.header.Get("Access-Control-Allow-Methods") != "POST" ||
		got.header.Get("Access-Control-Allow-Headers") != "content-type,mcp-protocol-version" || got.header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("%d %v", got.status, got.header)
	}
	if got := crossing(t, mock, "GET", discovery); allowed(got) != "*" || got.header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("%v", got.header)
	}
	if got := crossing(t, mock, "GET", "/openidm/info/ping"); allowed(got) != "" {
		t.Errorf("IDM: %v", got.header)
	}
}
