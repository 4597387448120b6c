package mockaic_test

import (
	"net/url"
	"strings"
	"testing"

	"aicmcp/mockaic"
)

func TestWhatATenantTellsAboutItself(t *testing.T) {
	a := newApp(t, mockaic.DevToken("dev"))
	a.code() // leaves the session cookie
	stranger := map[string]string{"Authorization": "none"}
	got := call(t, a.mock, "GET", "/am/json/serverinfo/*", stranger, "")
	info := expect(t, got, 200, "")
	if got.header.Get("Cache-Control") != "no-store" || got.header.Get("ETag") != `"`+info["_rev"].(string)+`"` || got.header.Get("Content-API-Version") != "resource=2.0" {
		t.Errorf("headers %v", got.header)
	}
	if info["cookieName"] == "" || info["realm"] != "/" || info["forgotPassword"] != "false" || info["secureCookie"] != true {
		t.Errorf("serverinfo: %v", info)
	}
	if got := get(t, a.mock, alpha+"/serverinfo/*"); got["realm"] != "/alpha" || got["cookieName"] != info["cookieName"] {
		t.Errorf("serverinfo of alpha: %v", got)
	}
	got = call(t, a.mock, "GET", "/am/json/serverinfo/*", map[string]string{"Accept-API-Version": "resource=1.1"}, "")
	if got.header.Get("Content-API-Version") != "resource=1.1" {
		t.Errorf("an older version: %v", got.header)
	}
	expect(t, call(t, a.mock, "GET", "/am/json/serverinfo/nothing", nil, ""), 404, "Not Found")
	expect(t, call(t, a.mock, "GET", "/am/json/serverinfo/version", stranger, ""), 401, "")
	if got := get(t, a.mock, "/am/json/serverinfo/version"); !strings.Contains(got["fullVersion"].(string), got["revision"].(string)) {
		t.Errorf("version: %v", got)
	}
}

// What is told to strangers is at the end of no other path.
func TestOnlyServerInfoIsPublic(t *testing.T) {
	mock := start(t)
	stranger := map[string]string{"Authorization": "none"}
	for _, path := range []string{"/serverinfo/*", "/serverinfo/%2A", "/alpha/serverinfo/*", "/realms/root/serverinfo/*", "/realms/root/realms/alpha/serverinfo/*"} {
		expect(t, call(t, mock, "GET", "/am/json"+path, stranger, ""), 200, "")
	}
	send(t, mock, "PUT", scripts+"/serverinfo%2F*", decision("hidden", "x"))
	for _, path := range []string{scripts + "/serverinfo%2F*", nodes + "/serverinfo/*", trees + "/serverinfo/*"} {
		expect(t, call(t, mock, "GET", path, stranger, ""), 401, "")
	}
}

func TestRealms(t *testing.T) {
	mock := start(t)
	page := get(t, mock, "/am/json/global-config/realms/?_queryFilter="+url.QueryEscape(`parentPath eq "/"`))
	if page["resultCount"] != 2.0 || page["remainingPagedResults"] != -1.0 {
		t.Errorf("realms: %v", page)
	}
	realm := get(t, mock, "/am/json/global-config/realms/L2FscGhh")
	if realm["name"] != "alpha" || realm["parentPath"] != "/" || realm["active"] != true {
		t.Errorf("alpha: %v", realm)
	}
	expect(t, call(t, mock, "GET", "/am/json/global-config/realms/x", nil, ""), 404, "Not Found")
}

func TestRealmsThatAreNotThere(t *testing.T) {
	mock := start(t)
	for _, realm := range []string{"realms/root/realms/alpha/realms/bravo", "realms/alpha/realms/alpha", "realms/root/realms/root/realms/alpha", "realms/root/realms/charlie", "charlie"} {
		expect(t, call(t, mock, "GET", "/am/json/"+realm+"/scripts?_queryFilter=true", nil, ""), 404, "Not Found")
	}
}

// It is so also of what this fake knows nothing of.
func TestTheRootRealmsConfigurationIsWithheld(t *testing.T) {
	mock := start(t)
	for _, path := range []string{"/realm-config/services/SocialIdentityProviders", "/realm-config", "/scripts/x/y"} {
		for _, realm := range []string{"", "/realms/root"} {
			expect(t, call(t, mock, "GET", "/am/json"+realm+path, nil, ""), 403, "This operation is not available in PingOne Advanced Identity Cloud.")
		}
	}
}

func TestAuthenticationOfARealm(t *testing.T) {
	mock := start(t)
	const path = alpha + "/realm-config/authentication"
	settings := get(t, mock, path)
	if settings["_id"] != "" || at(t, settings, "_type/_id") != "EMPTY" || at(t, settings, "core/orgConfig") != "Login" || encode(t, at(t, settings, "postauthprocess/loginSuccessUrl")) != `["/enduser/?realm=/alpha"]` {
		t.Errorf("at first: %v", settings)
	}
	settings["core"].(map[string]any)["orgConfig"] = "MyLogin"
	got := call(t, mock, "PUT", path, map[string]string{"Content-Type": "application/json", "Accept-API-Version": "protocol=1.0,resource=2.0"}, encode(t, settings))
	changed := expect(t, got, 200, "")
	if changed["_rev"] == settings["_rev"] || got.header.Get("ETag") != `"`+changed["_rev"].(string)+`"` || got.header.Get("Content-API-Version") != "resource=2.0" {
		t.Errorf("changed: %v %v", changed, got.header)
	}
	if got := at(t, get(t, mock, path), "core/orgConfig"); got != "MyLogin" {
		t.Errorf("afterwards: %v", got)
	}
	if got := at(t, get(t, mock, strings.Replace(path, "alpha", "bravo", 1)), "core/orgConfig"); got != "Login" {
		t.Errorf("in the other realm: %v", got)
	}
	expect(t, call(t, mock, "GET", "/am/json/realms/root/realm-config/authentication", nil, ""), 403, "This operation is not available in PingOne Advanced Identity Cloud.")
}

func TestWhatIsLeftOutOfAProvidersGroupGetsItsInitialValue(t *testing.T) {
	mock := start(t)
	got := expect(t, call(t, mock, "PUT", alpha+"/realm-config/services/oauth-oidc", jsonHeader, `{"coreOAuth2Config":{"codeLifetime":7}}`), 200, "")
	if at(t, got, "coreOAuth2Config/codeLifetime") != 7.0 || at(t, got, "coreOAuth2Config/accessTokenLifetime") != 3600.0 || got["consent"] != nil {
		t.Errorf("provider: %v", got)
	}
}

func TestWhatWasBeforeJourneys(t *testing.T) {
	mock := start(t)
	if page := get(t, mock, alpha+"/realm-config/authentication/chains?_queryFilter=true"); page["resultCount"] != 0.0 {
		t.Errorf("chains: %v", page)
	}
	got := call(t, mock, "POST", alpha+"/realm-config/authentication/modules?_action=nextdescendents", jsonHeader, "{}")
	if modules := expect(t, got, 200, ""); len(modules) != 1 || len(modules["result"].([]any)) != 8 {
		t.Errorf("modules: %s", got.body)
	}
	expect(t, call(t, mock, "POST", "/am/json/realms/root/realm-config/authentication/modules?_action=nextdescendents", jsonHeader, "{}"), 403, "")
}
