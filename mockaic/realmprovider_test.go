package mockaic_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"aicmcp/mockaic"
)

// portal is an OAuth client of the realm alpha, made by the API.
type portal struct {
	*app
	spelling string // of the provider's path
	browser  *http.Client
}

func newPortal(t *testing.T, spelling string, options ...mockaic.Option) *portal {
	t.Helper()
	a := newApp(t, append(options, mockaic.DevToken("dev"))...)
	create(t, a.mock, users, jane)
	send(t, a.mock, "PUT", clients+"/portal", fmt.Sprintf(`{
		"coreOAuth2ClientConfig":{"clientType":"Confidential","userpassword":"s e","scopes":["openid","profile|Your name"],"defaultScopes":["openid"],"redirectionUris":[%q]},
		"advancedOAuth2ClientConfig":{"grantTypes":["authorization_code","refresh_token"],"isConsentImplied":true},
		"signEncOAuth2ClientConfig":{}}`, a.redirect))
	setProvider(t, a.mock, "alpha", map[string]any{"advancedOAuth2Config/tokenSigningAlgorithm": "RS256"})
	return &portal{a, spelling, visitor(t)}
}

func (p *portal) address() string {
	return p.mock.URL + p.spelling + "/authorize?" + url.Values{
		"response_type": {"code"}, "client_id": {"portal"}, "redirect_uri": {p.redirect}, "scope": {"openid profile"}, "nonce": {"n-1"},
	}.Encode()
}

func (p *portal) redeem(form url.Values) (int, map[string]any) {
	p.t.Helper()
	got := call(p.t, p.mock, "POST", p.spelling+"/access_token", map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Authorization": "Basic " + inBase64("portal:s+e"),
	}, form.Encode())
	return got.status, got.object(p.t)
}

var janeInBrowser = mockaic.Person{UserName: "jane", Password: "S3cret!!"}

func TestAUserOfARealmLogsInToAClientMadeByTheAPI(t *testing.T) {
	for _, spelling := range []string{"/am/oauth2/realms/root/realms/alpha", "/am/oauth2/alpha"} {
		p := newPortal(t, spelling)
		p.visit(janeInBrowser, p.address())
		status, tokens := p.redeem(url.Values{"grant_type": {"authorization_code"}, "code": {p.received.Get("code")}, "redirect_uri": {p.redirect}})
		if status != 200 || tokens["scope"] != "openid profile" || tokens["refresh_token"] == nil {
			t.Fatalf("%s: %d %v", spelling, status, tokens)
		}
		metadata := get(t, p.mock, spelling+"/.well-known/openid-configuration")
		var keys jose.JSONWebKeySet
		path := strings.TrimPrefix(metadata["jwks_uri"].(string), p.mock.URL)
		if err := json.Unmarshal(call(t, p.mock, "GET", path, nil, "").body, &keys); err != nil {
			t.Fatal(err)
		}
		claims := map[string]map[string]any{}
		for _, name := range []string{"id_token", "access_token"} {
			parsed, err := jwt.ParseSigned(tokens[name].(string), []jose.SignatureAlgorithm{jose.RS256})
			if err != nil {
				t.Fatal(err)
			}
			var own map[string]any
			if err := parsed.Claims(keys.Key(parsed.Headers[0].KeyID)[0].Public(), &own); err != nil {
				t.Fatal(err)
			}
			if own["iss"] != metadata["issuer"] || own["iss"] != p.mock.URL+spelling || own["realm"] != "/alpha" || own["aud"] != "portal" || own["tokenName"] != name {
				t.Errorf("%s: %v", name, own)
			}
			claims[name] = own
		}
		half := sha256.Sum256([]byte(tokens["access_token"].(string)))
		if own := claims["id_token"]; own["nonce"] != "n-1" || own["sub"] != claims["access_token"]["sub"] || own["at_hash"] != base64.RawURLEncoding.EncodeToString(half[:16]) || p.received.Get("iss") != own["iss"] {
			t.Errorf("the ID token: %v", own)
		}
		// It is no token for the tenant's own APIs.
		if status := p.idmStatus(tokens["access_token"].(string)); status != 401 {
			t.Errorf("IDM: %d", status)
		}
	}
}

func TestAClientIsGoneWithItsDocument(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.visit(janeInBrowser, p.address())
	status, tokens := p.redeem(url.Values{"grant_type": {"authorization_code"}, "code": {p.received.Get("code")}, "redirect_uri": {p.redirect}})
	if status != 200 {
		t.Fatalf("%d %v", status, tokens)
	}
	refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens["refresh_token"].(string)}}

	document := get(t, p.mock, clients+"/portal")
	delete(document, "_rev")
	core := document["coreOAuth2ClientConfig"].(map[string]any)
	core["status"] = "Inactive"
	send(t, p.mock, "PUT", clients+"/portal", encode(t, document))
	if status, answer := p.redeem(refresh); status != 401 || answer["error"] != "invalid_client" {
		t.Errorf("inactive: %d %v", status, answer)
	}
	core["status"] = "Active"
	send(t, p.mock, "PUT", clients+"/portal", encode(t, document)) // which keeps the secret
	if status, tokens = p.redeem(refresh); status != 200 {
		t.Errorf("active again: %d %v", status, tokens)
	}
	send(t, p.mock, "DELETE", clients+"/portal", "")
	refresh.Set("refresh_token", tokens["refresh_token"].(string))
	if status, answer := p.redeem(refresh); status != 401 || answer["error"] != "invalid_client" {
		t.Errorf("deleted: %d %v", status, answer)
	}
	if page := p.visit(janeInBrowser, p.address()); page.Status != 400 || p.received != nil {
		t.Errorf("deleted: %d %s", page.Status, page.Text)
	}
}

func TestRealmsDoNotMix(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	if _, err := admin.Visit(t.Context(), p.address()); err == nil {
		t.Error("an administrator logs in to alpha")
	}
	if _, err := janeInBrowser.Visit(t.Context(), p.authorizeURL(nil)); err == nil {
		t.Error("a user of alpha logs in to the root realm")
	}
	// A session of one realm is none in the other.
	browser := visitor(t)
	p.logIn(browser)
	if got := open(t, browser, "GET", p.address(), nil); got.StatusCode != 302 || !strings.Contains(got.Header.Get("Location"), "/am/UI/Login?realm=/alpha") {
		t.Errorf("%d %s", got.StatusCode, got.Header.Get("Location"))
	}
	// Nor is a client.
	for _, spelling := range []string{"/am/oauth2/bravo", "/am/oauth2"} {
		if page := p.visit(janeInBrowser, strings.Replace(p.address(), "/am/oauth2/alpha", spelling, 1)); page.Status != 400 {
			t.Errorf("%s: %d", spelling, page.Status)
		}
	}
	p.visit(janeInBrowser, p.address())
	elsewhere := &portal{p.app, "/am/oauth2/bravo", visitor(t)}
	send(t, p.mock, "PUT", strings.Replace(clients, "alpha", "bravo", 1)+"/portal", `{"coreOAuth2ClientConfig":{"userpassword":"s e"},"advancedOAuth2ClientConfig":{}}`)
	if status, answer := elsewhere.redeem(url.Values{"grant_type": {"authorization_code"}, "code": {p.received.Get("code")}, "redirect_uri": {p.redirect}}); status != 400 || answer["error"] != "invalid_grant" {
		t.Errorf("a code of alpha in bravo: %d %v", status, answer)
	}
	send(t, p.mock, "DELETE", alpha+"/realm-config/services/oauth-oidc", "")
	if got := call(t, p.mock, "GET", "/am/oauth2/alpha/.well-known/openid-configuration", nil, ""); got.status != 404 {
		t.Errorf("without a provider: %d", got.status)
	}
}

// A realm that is named in the query is so for the consent form, too.
func TestConsentUnderEverySpelling(t *testing.T) {
	for _, spelling := range []string{"/am/oauth2/authorize?realm=/alpha&", "/am/oauth2/authorize?realm=alpha&prompt=consent&", "/am/oauth2/alpha/authorize?", "/am/oauth2/realms/root/realms/alpha/authorize?"} {
		p := newPortal(t, "/am/oauth2/alpha")
		document := get(t, p.mock, clients+"/portal")
		delete(document, "_rev")
		document["advancedOAuth2ClientConfig"].(map[string]any)["isConsentImplied"] = false
		send(t, p.mock, "PUT", clients+"/portal", encode(t, document))
		page := p.visit(janeInBrowser, strings.Replace(p.address(), "/am/oauth2/alpha/authorize?", spelling, 1))
		if p.received.Get("code") == "" {
			t.Errorf("%s: %d %s", spelling, page.Status, page.Text)
		}
	}
}

// Whoever has the same ID in another realm has consented to nothing there.
func TestConsentIsOfARealm(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	inBravo := func(path string) string { return strings.Replace(path, "alpha", "bravo", 1) }
	id := get(t, p.mock, users+"?_queryFilter=true")["result"].([]any)[0].(map[string]any)["_id"].(string)
	send(t, p.mock, "PUT", inBravo(users)+"/"+id, jane)
	send(t, p.mock, "PUT", inBravo(clients)+"/portal", fmt.Sprintf(`{
		"coreOAuth2ClientConfig":{"clientType":"Public","scopes":["openid","profile"],"redirectionUris":[%q]},
		"advancedOAuth2ClientConfig":{"grantTypes":["authorization_code"]}}`, p.redirect))
	for _, realm := range []string{"alpha", "bravo"} {
		setProvider(t, p.mock, realm, map[string]any{"consent/clientsCanSkipConsent": false})
	}
	allow := url.Values{"decision": {"allow"}, "csrf": {p.enter()}, "save_consent": {"on"}}
	if got := open(t, p.browser, "POST", p.address(), allow); got.StatusCode != 302 {
		t.Fatalf("in alpha: %d", got.StatusCode)
	}
	request, err := http.NewRequestWithContext(t.Context(), "POST", p.mock.URL+"/am/json/realms/root/realms/bravo/authenticate", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-OpenAM-Username", "jane")
	request.Header.Set("X-OpenAM-Password", "S3cret!!")
	request.Header.Set("Accept-API-Version", "resource=2.0, protocol=1.0")
	visit(t, p.browser, request)
	if got := open(t, p.browser, "GET", inBravo(p.address()), nil); got.StatusCode != 200 {
		t.Errorf("not asked in bravo: %d %s", got.StatusCode, got.Header.Get("Location"))
	}
}

// A client whose type is not said, or is a placeholder, is none that needs no secret.
func TestOnlyPublicClientsNeedNoSecret(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	document := get(t, p.mock, clients+"/portal")
	delete(document, "_rev")
	for _, kind := range []any{nil, map[string]any{"$string": "&{esv.kind}"}} {
		document["coreOAuth2ClientConfig"].(map[string]any)["clientType"] = kind
		send(t, p.mock, "PUT", clients+"/portal", encode(t, document))
		p.visit(janeInBrowser, p.address())
		form := url.Values{"grant_type": {"authorization_code"}, "client_id": {"portal"}, "code": {p.received.Get("code")}, "redirect_uri": {p.redirect}}
		got := call(t, p.mock, "POST", p.spelling+"/access_token", map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Authorization": "none"}, form.Encode())
		if answer := got.object(t); got.status != 400 || answer["error"] != "invalid_client" {
			t.Errorf("%v: %d %s", kind, got.status, got.body)
		}
		if status, tokens := p.redeem(url.Values{"grant_type": {"authorization_code"}, "code": {p.received.Get("code")}, "redirect_uri": {p.redirect}}); status != 200 {
			t.Errorf("%v, with the secret: %d %v", kind, status, tokens)
		}
	}
}

// register gives the client of the portal another redirect URI.
func (p *portal) register(uri string) {
	p.t.Helper()
	document := get(p.t, p.mock, clients+"/portal")
	delete(document, "_rev")
	document["coreOAuth2ClientConfig"].(map[string]any)["redirectionUris"] = []string{uri}
	document["advancedOAuth2ClientConfig"].(map[string]any)["isConsentImplied"] = false
	send(p.t, p.mock, "PUT", clients+"/portal", encode(p.t, document))
	p.redirect = uri
}

func TestRedirectsAreAbsoluteAndWithoutAFragment(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	for _, uri := range []string{"", "/callback", "//elsewhere/callback", "callback", "https://app.example.com/#here"} {
		p.register(uri)
		if got := open(t, visitor(t), "GET", p.address(), nil); got.StatusCode != 400 || got.Header.Get("Location") != "" {
			t.Errorf("%q: %d %s", uri, got.StatusCode, got.Header.Get("Location"))
		}
	}
}
