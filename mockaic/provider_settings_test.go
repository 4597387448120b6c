package mockaic_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"hash"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"aicmcp/mockaic"
)

// setProvider changes attributes of a realm's provider, which are named
// GROUP/ATTRIBUTE.
func setProvider(t *testing.T, mock *mockaic.Tenant, realm string, changes map[string]any) {
	t.Helper()
	path := "/am/json/realms/root/realms/" + realm + "/realm-config/services/oauth-oidc"
	change(t, mock, path, changes)
}

// change replaces attributes of a document.
func change(t *testing.T, mock *mockaic.Tenant, path string, changes map[string]any) {
	t.Helper()
	document := get(t, mock, path)
	delete(document, "_rev")
	for name, value := range changes {
		group, attribute, _ := strings.Cut(name, "/")
		members, ok := document[group].(map[string]any)
		if !ok {
			members = map[string]any{}
			document[group] = members
		}
		members[attribute] = value
	}
	send(t, mock, "PUT", path, encode(t, document))
}

// setClient changes attributes of the portal's client.
func (p *portal) setClient(changes map[string]any) {
	p.t.Helper()
	change(p.t, p.mock, clients+"/portal", changes)
}

func (p *portal) setProvider(changes map[string]any) {
	p.t.Helper()
	setProvider(p.t, p.mock, "alpha", changes)
}

// post sends a form to an endpoint of the provider, as the client.
func (p *portal) post(endpoint string, form url.Values) answer {
	p.t.Helper()
	return call(p.t, p.mock, "POST", p.spelling+endpoint, map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Authorization": "Basic " + inBase64("portal:s+e"),
	}, form.Encode())
}

// enter gives the portal's browser jane's session and returns its token.
func (p *portal) enter() string {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), "POST", p.mock.URL+"/am/json/realms/root/realms/alpha/authenticate", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("X-OpenAM-Username", "jane")
	request.Header.Set("X-OpenAM-Password", "S3cret!!")
	request.Header.Set("Accept-API-Version", "resource=2.0, protocol=1.0")
	got := visit(p.t, p.browser, request)
	token, _ := got.object(p.t)["tokenId"].(string)
	if token == "" {
		p.t.Fatalf("login: %d %s", got.status, got.body)
	}
	return token
}

// ask sends the portal's browser to an address, where it logs in if it must, and
// returns what came to the redirection URI.
func (p *portal) ask(address string) url.Values {
	p.t.Helper()
	for range 2 {
		got := open(p.t, p.browser, "GET", address, nil)
		location := got.Header.Get("Location")
		if strings.Contains(location, "/am/UI/Login") {
			p.enter()
			continue
		}
		_, query, _ := strings.Cut(location, "?")
		if values, err := url.ParseQuery(query); err == nil && strings.HasPrefix(location, p.redirect) {
			return values
		}
		p.t.Fatalf("%s: %d %s", address, got.StatusCode, location)
	}
	p.t.Fatal("the login is asked for again")
	return nil
}

func codeForm(p *portal, answer url.Values) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {answer.Get("code")}, "redirect_uri": {p.redirect}}
}

// tokens are what jane grants.
func (p *portal) tokens() map[string]any {
	p.t.Helper()
	return p.tokensOf(p.address())
}

func (p *portal) tokensOf(address string) map[string]any {
	p.t.Helper()
	answer := p.ask(address)
	status, tokens := p.redeem(codeForm(p, answer))
	if status != 200 {
		p.t.Fatalf("login: %d %v, redirected with %v", status, tokens, answer)
	}
	return tokens
}

// partsOf are header and claims of a JWT, unverified.
func partsOf(t *testing.T, token any) (header, claims map[string]any) {
	t.Helper()
	text, _ := token.(string)
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		t.Fatalf("no JWT: %v", token)
	}
	for i, into := range []*map[string]any{&header, &claims} {
		decoded, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(decoded, into); err != nil {
			t.Fatal(err)
		}
	}
	return header, claims
}

func TestTokensLastAsTheProviderOrTheClientIsSet(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.setProvider(map[string]any{
		"coreOAuth2Config/accessTokenLifetime": 100, "coreOAuth2Config/refreshTokenLifetime": 200, "coreOAuth2Config/codeLifetime": 10, "coreOIDCConfig/jwtTokenLifetime": 50,
	})
	check := func(access, identity float64) map[string]any {
		t.Helper()
		tokens := p.tokens()
		_, own := partsOf(t, tokens["access_token"])
		_, id := partsOf(t, tokens["id_token"])
		if tokens["expires_in"] != access-1 || own["expires_in"] != access || own["exp"].(float64)-own["iat"].(float64) != access || id["exp"].(float64)-id["iat"].(float64) != identity {
			t.Errorf("%v, %v, %v", tokens["expires_in"], own, id)
		}
		return tokens
	}
	tokens := check(100, 50)
	p.clock.advance(200 * time.Second)
	refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens["refresh_token"].(string)}}
	if status, got := p.redeem(refresh); status != 400 || got["error"] != "invalid_grant" {
		t.Errorf("an old refresh token: %d %v", status, got)
	}
	late := codeForm(p, p.ask(p.address()))
	p.clock.advance(10 * time.Second)
	if status, got := p.redeem(late); status != 400 || got["error"] != "invalid_grant" {
		t.Errorf("an old code: %d %v", status, got)
	}
	p.setClient(map[string]any{
		"coreOAuth2ClientConfig/accessTokenLifetime": 30, "coreOAuth2ClientConfig/refreshTokenLifetime": -1, "coreOpenIDClientConfig/jwtTokenLifetime": 20,
	})
	tokens = check(30, 20)
	p.clock.advance(10 * 365 * 24 * time.Hour)
	refresh.Set("refresh_token", tokens["refresh_token"].(string))
	if status, got := p.redeem(refresh); status != 200 {
		t.Errorf("an endless refresh token: %d %v", status, got)
	}
}

func TestRefreshTokensAsTheProviderIsSet(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	refresh := func(token any) (int, map[string]any) {
		return p.redeem(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token.(string)}})
	}
	first := p.tokens()
	if _, next := refresh(first["refresh_token"]); next["refresh_token"] == nil || next["refresh_token"] == first["refresh_token"] {
		t.Errorf("rotation: %v", next)
	}
	if status, got := refresh(first["refresh_token"]); status != 400 || got["error"] != "invalid_grant" {
		t.Errorf("a spent refresh token: %d %v", status, got)
	}
	p.setProvider(map[string]any{"coreOAuth2Config/issueRefreshTokenOnRefreshedToken": false})
	kept := p.tokens()
	for range 2 {
		if status, next := refresh(kept["refresh_token"]); status != 200 || next["refresh_token"] != nil {
			t.Errorf("without rotation: %d %v", status, next)
		}
	}
	p.setProvider(map[string]any{"coreOAuth2Config/issueRefreshToken": false})
	if got := p.tokens(); got["refresh_token"] != nil {
		t.Errorf("none is issued: %v", got)
	}
	p.setClient(map[string]any{"overrideOAuth2ClientConfig/providerOverridesEnabled": true, "overrideOAuth2ClientConfig/clientsCanSkipConsent": true})
	// All overrides of a client come with that, tokens that are no JWTs too.
	if got := p.tokens(); got["refresh_token"] == nil || strings.Contains(got["access_token"].(string), ".") {
		t.Errorf("the client overrides that: %v", got)
	}
}

func TestTokensAreSignedAsTheProviderIsSet(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	for _, algorithm := range []string{"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"} {
		p.setProvider(map[string]any{"advancedOAuth2Config/tokenSigningAlgorithm": algorithm})
		p.setClient(map[string]any{"signEncOAuth2ClientConfig/idTokenSignedResponseAlg": algorithm})
		tokens := p.tokens()
		for _, name := range []string{"access_token", "id_token"} {
			header, _ := partsOf(t, tokens[name])
			if _, hasKey := header["kid"]; header["alg"] != algorithm || header["typ"] != "JWT" || hasKey == strings.HasPrefix(algorithm, "HS") {
				t.Errorf("%s: %v", name, header)
			}
		}
		verifyByDiscovery(t, p, tokens, algorithm)
		if got := p.post("/introspect", url.Values{"token": {tokens["access_token"].(string)}}).object(t); got["active"] != true {
			t.Errorf("%s: %v", algorithm, got)
		}
	}
	p.setProvider(map[string]any{"advancedOAuth2Config/tokenSigningAlgorithm": "none"})
	if status, got := p.redeem(codeForm(p, p.ask(p.address()))); status != 400 || got["error_description"] != "Unknown Signing Algorithm" {
		t.Errorf("none: %d %v", status, got)
	}
}

// verifyByDiscovery verifies tokens with the published keys, and ID tokens with the
// client's secret where that signs.
func verifyByDiscovery(t *testing.T, p *portal, tokens map[string]any, algorithm string) {
	t.Helper()
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(call(t, p.mock, "GET", p.spelling+"/connect/jwk_uri", nil, "").body, &keys); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"access_token", "id_token"} {
		parsed, err := jwt.ParseSigned(tokens[name].(string), []jose.SignatureAlgorithm{jose.SignatureAlgorithm(algorithm)})
		if err != nil {
			t.Errorf("%s: %v", algorithm, err)
			continue
		}
		var key any
		switch {
		case !strings.HasPrefix(algorithm, "HS"):
			key = keys.Key(parsed.Headers[0].KeyID)[0].Public()
		case name == "access_token":
			continue // the key is the tenant's own
		default:
			mac := hmac.New(map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New}[algorithm], []byte("s e"))
			signed, signature := tokens[name].(string), ""
			signed, signature = signed[:strings.LastIndex(signed, ".")], signed[strings.LastIndex(signed, ".")+1:]
			mac.Write([]byte(signed))
			if base64.RawURLEncoding.EncodeToString(mac.Sum(nil)) != signature {
				t.Errorf("%s: the signature is not made with the client's secret", algorithm)
			}
			continue
		}
		if err := parsed.Claims(key, &map[string]any{}); err != nil {
			t.Errorf("%s %s: %v", algorithm, name, err)
		}
	}
}

func TestOpaqueTokens(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.setProvider(map[string]any{"coreOAuth2Config/statelessTokensEnabled": false})
	tokens := p.tokens()
	token := tokens["access_token"].(string)
	if len(token) != 27 || strings.Contains(token, ".") {
		t.Fatalf("not opaque: %s", token)
	}
	got := p.post("/introspect", url.Values{"token": {token}}).object(t)
	if got["active"] != true || got["client_id"] != "portal" || got["scope"] != "openid profile" {
		t.Errorf("introspection: %v", got)
	}
	p.clock.advance(time.Hour)
	if got := p.post("/introspect", url.Values{"token": {token}}).object(t); got["active"] != false {
		t.Errorf("after an hour: %v", got)
	}
}

func TestPKCEIsDemandedAsTheProviderIsSet(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	for _, c := range []struct {
		enforced, kind string
		demanded       bool
	}{
		{"false", "Public", false}, {"public", "Public", true}, {"public", "Confidential", false}, {"true", "Confidential", true}, {"passwordless", "Confidential", false},
	} {
		p.setProvider(map[string]any{"advancedOAuth2Config/codeVerifierEnforced": c.enforced})
		p.setClient(map[string]any{"coreOAuth2ClientConfig/clientType": c.kind})
		got := p.ask(p.address())
		refused := got.Get("error") == "invalid_request" && got.Get("error_description") == "Missing parameter, 'code_challenge'"
		if refused != c.demanded || got.Has("code") == c.demanded {
			t.Errorf("%v: %v", c, got)
		}
		if got := p.ask(p.address() + "&code_challenge=" + verifier); !got.Has("code") {
			t.Errorf("%v, with a challenge: %v", c, got)
		}
	}
}

func TestGrantsScopesAndConsentAsTheProviderIsSet(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.setClient(map[string]any{"coreOAuth2ClientConfig/defaultScopes": []string{}})
	p.setProvider(map[string]any{"advancedOAuth2Config/defaultScopes": []string{"email|Mail", "profile|You"}})
	tokens := p.tokensOf(strings.Replace(p.address(), "openid+profile", "", 1))
	if tokens["scope"] != "profile" {
		t.Errorf("default scopes: %v", tokens)
	}
	p.setProvider(map[string]any{"consent/clientsCanSkipConsent": false})
	if got := open(t, p.browser, "GET", p.address(), nil); got.StatusCode != 200 {
		t.Errorf("consent is implied: %d", got.StatusCode)
	}
	p.setProvider(map[string]any{"consent/clientsCanSkipConsent": true, "advancedOAuth2Config/grantTypes": []string{"authorization_code"}})
	if got := open(t, p.browser, "GET", p.address(), nil); got.StatusCode != 302 {
		t.Errorf("consent: %d", got.StatusCode)
	}
	if status, got := p.redeem(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}}); status != 400 || got["error"] != "unsupported_grant_type" {
		t.Errorf("a grant that the provider has not: %d %v", status, got)
	}
	metadata := get(t, p.mock, p.spelling+"/.well-known/openid-configuration")
	if encode(t, metadata["grant_types_supported"]) != `["authorization_code"]` {
		t.Errorf("discovery: %v", metadata["grant_types_supported"])
	}
	p.setProvider(map[string]any{"coreOIDCConfig/oidcDiscoveryEndpointEnabled": false})
	if got := call(t, p.mock, "GET", p.spelling+"/.well-known/openid-configuration", nil, ""); got.status != 404 {
		t.Errorf("discovery is off: %d", got.status)
	}
	p.setClient(map[string]any{"advancedOAuth2ClientConfig/responseTypes": []string{"token"}})
	if got := p.ask(p.address()); got.Get("error") != "unsupported_response_type" {
		t.Errorf("a response type that the client has not: %v", got)
	}
}

func TestClaimsAsTheProviderIsSet(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	_, id := partsOf(t, p.tokens()["id_token"])
	if id["name"] != "Jane Roe" || id["given_name"] != "Jane" || id["family_name"] != "Roe" || id["email"] != nil || id["locale"] != nil {
		t.Errorf("the ID token: %v", id)
	}
	p.setProvider(map[string]any{
		"advancedOIDCConfig/alwaysAddClaimsToToken": false, "advancedOAuth2Config/includeClientIdClaimInStatelessTokens": false, "advancedOAuth2Config/includeSubnameInTokenClaims": false,
	})
	tokens := p.tokens()
	_, id = partsOf(t, tokens["id_token"])
	_, own := partsOf(t, tokens["access_token"])
	for name, claims := range map[string]map[string]any{"the ID token": id, "the access token": own} {
		for _, claim := range []string{"name", "client_id", "subname"} {
			if claims[claim] != nil {
				t.Errorf("%s: %v", name, claims)
			}
		}
	}
	got := p.post("/introspect", url.Values{"token": {tokens["access_token"].(string)}}).object(t)
	if got["client_id"] != "portal" {
		t.Errorf("introspection: %v", got)
	}
}

func TestTheDemoTenantSignsWithPublicKeys(t *testing.T) {
	mock := mockaic.Start(t, mockaic.DevToken("dev"))
	for _, realm := range []string{"alpha", "bravo"} {
		settings := get(t, mock, "/am/json/realms/root/realms/"+realm+"/realm-config/services/oauth-oidc")["advancedOAuth2Config"].(map[string]any)
		grants := settings["grantTypes"].([]any)
		if settings["tokenSigningAlgorithm"] != "RS256" || !slices.Contains(grants, any("urn:ietf:params:oauth:grant-type:token-exchange")) || !slices.Contains(grants, any("urn:ietf:params:oauth:grant-type:device_code")) {
			t.Errorf("%s: %v", realm, settings)
		}
	}
}

func TestPeopleReadWhatScopesMean(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.setClient(map[string]any{"advancedOAuth2ClientConfig/isConsentImplied": false, "coreOAuth2ClientConfig/scopes": []string{"openid", "email", "profile|Your name", "orders|en|See your <orders>"}})
	p.enter()
	address := p.mock.URL + p.spelling + "/authorize?" + url.Values{
		"response_type": {"code"}, "client_id": {"portal"}, "redirect_uri": {p.redirect}, "scope": {"openid email profile orders"},
	}.Encode()
	request, err := http.NewRequestWithContext(t.Context(), "GET", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	page := string(visit(t, p.browser, request).body)
	for _, want := range []string{
		"<li><code>openid</code>", "<li>Your email address<br><code>email</code>", "<li>Your name<br><code>profile</code>", "<li>See your &lt;orders&gt;<br><code>orders</code>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is missing in %s", want, page)
		}
	}
}
