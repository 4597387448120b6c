package mockaic_test

import (
	"encoding/base64"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const idType = "urn:ietf:params:oauth:token-type:id_token"

// newExchanger is a tenant whose administrators log in to AICMCPClient. Its tokens
// may be exchanged by "agent", whose own tokens "second" may exchange, if the
// administrator acts.
func newExchanger(t *testing.T) *app {
	t.Helper()
	a := newApp(t)
	id := claimsOf(t, a.redeem(a.code()).AccessToken)["sub"].(string)
	dir := t.TempDir()
	seed(t, dir, "clients.json", `[
		{"clientId":"AICMCPClient","clientType":"Public","redirectionUris":["`+a.redirect+`"],"scopes":["openid","fr:idm:*"],"grantTypes":["authorization_code"],"isConsentImplied":true,"mayAct":{"client_id":"agent"}},
		{"clientId":"agent","clientType":"Public","scopes":["fr:am:*","payments"],"grantTypes":["`+tokenExchange+`","refresh_token"],"mayAct":{"client_id":"second","sub":"`+id+`"}},
		{"clientId":"second","clientType":"Confidential","userpassword":"s","scopes":["payments"],"defaultScopes":["payments"],"grantTypes":["`+tokenExchange+`"],"accessTokenLifetime":60}]`)
	if err := a.mock.Import(dir); err != nil {
		t.Fatal(err)
	}
	return a
}

// trade is an exchange with these parameters beside those of an ordinary one.
func (a *app) trade(change url.Values) tokens {
	a.t.Helper()
	form := url.Values{"grant_type": {tokenExchange}, "client_id": {"agent"}, "subject_token_type": {accessTokenType}}
	maps.Copy(form, change)
	return a.token(form)
}

// login is the access token and the ID token of the administrator.
func (a *app) login() (access, identity string) {
	a.t.Helper()
	a.visit(admin, a.authorizeURL(url.Values{"scope": {"openid fr:idm:*"}}))
	got := call(a.t, a.mock, "POST", "/am/oauth2/access_token", map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Authorization": "none"}, url.Values{
		"grant_type": {"authorization_code"}, "client_id": {client}, "code": {a.received.Get("code")}, "redirect_uri": {a.redirect}, "code_verifier": {verifier},
	}.Encode())
	answer := expect(a.t, got, 200, "")
	return answer["access_token"].(string), answer["id_token"].(string)
}

func TestImpersonationAndDelegation(t *testing.T) {
	a := newExchanger(t)
	own, _ := a.login()
	who := claimsOf(t, own)["sub"]

	// The scopes are the acting client's, not the subject token's.
	first := a.trade(url.Values{"subject_token": {own}, "scope": {"payments"}, "audience": {"https://api.example.com"}, "resource": {"https://api.example.com"}})
	if first.Status != 200 || first.Scope != "payments" || first.ExpiresIn != 3599 || first.RefreshToken == "" {
		t.Fatalf("%+v", first)
	}
	claims := claimsOf(t, first.AccessToken)
	if claims["sub"] != who || claims["aud"] != "agent" || claims["client_id"] != "agent" || claims["act"] != nil || claims["grant_type"] != tokenExchange {
		t.Errorf("impersonation: %v", claims)
	}

	second := url.Values{"client_id": {"second"}, "client_secret": {"s"}, "subject_token": {first.AccessToken}}
	if got := a.trade(second); got.ErrorDescription != "Invalid token exchange." {
		t.Errorf("without the actor that may_act names: %+v", got)
	}
	second.Set("actor_token", own)
	if got := a.trade(second); got.ErrorDescription != "Invalid token exchange." {
		t.Errorf("without the type of the actor token: %+v", got)
	}
	second.Set("actor_token_type", accessTokenType)
	delegated := a.trade(second)
	if delegated.Status != 200 || delegated.Scope != "payments" || delegated.ExpiresIn != 59 || delegated.RefreshToken != "" {
		t.Fatalf("%+v", delegated)
	}
	claims = claimsOf(t, delegated.AccessToken)
	if act := claims["act"].(map[string]any); act["sub"] != who || act["act"] != nil || claims["may_act"] != nil {
		t.Errorf("delegation: %v", claims)
	}
}

// A chain of actors has the present one outside.
func TestActorsAreChained(t *testing.T) {
	a := newExchanger(t)
	own, _ := a.login()
	actor := url.Values{"subject_token": {own}, "scope": {"payments"}, "actor_token": {own}, "actor_token_type": {accessTokenType}}
	first := a.trade(actor)
	claims := claimsOf(t, first.AccessToken)
	if at(t, claims, "act/sub") != claims["sub"] || at(t, claims, "may_act/client_id") != "second" {
		t.Fatalf("%+v %v", first, claims)
	}
	actor.Set("subject_token", first.AccessToken)
	actor.Set("client_id", "second")
	actor.Set("client_secret", "s")
	second := a.trade(actor)
	if claims := claimsOf(t, second.AccessToken); at(t, claims, "act/act/sub") != claims["sub"] {
		t.Errorf("%v", claims)
	}
	// Who acts is still told after a refresh.
	again := a.token(url.Values{"grant_type": {"refresh_token"}, "client_id": {"agent"}, "refresh_token": {first.RefreshToken}})
	if claims := claimsOf(t, again.AccessToken); at(t, claims, "act/sub") != claims["sub"] {
		t.Errorf("refreshed: %v", claims)
	}
}

// misSigned is a token with nothing wrong but its signature.
func misSigned(t *testing.T, token string) string {
	t.Helper()
	cut := strings.LastIndexByte(token, '.') + 1
	signature, err := base64.RawURLEncoding.DecodeString(token[cut:])
	if err != nil || len(signature) == 0 {
		t.Fatalf("the signature can't be read: %v", err)
	}
	signature[0] ^= 1
	return token[:cut] + base64.RawURLEncoding.EncodeToString(signature)
}

func TestExchangesThatAreRefused(t *testing.T) {
	a := newExchanger(t)
	own, idToken := a.login()
	final := a.trade(url.Values{"subject_token": {own}}).AccessToken
	for name, change := range map[string]url.Values{
		"no token":                     {},
		"no type":                      {"subject_token": {own}, "subject_token_type": {""}},
		"an unknown type":              {"subject_token": {own}, "subject_token_type": {"urn:ietf:params:oauth:token-type:jwt"}},
		"an unknown requested type":    {"subject_token": {own}, "requested_token_type": {"urn:ietf:params:oauth:token-type:refresh_token"}},
		"a forged token":               {"subject_token": {misSigned(t, own)}},
		"no token at all":              {"subject_token": {"x"}},
		"an ID token as access token":  {"subject_token": {idToken}},
		"an access token as ID token":  {"subject_token": {own}, "subject_token_type": {idType}},
		"an ID token without may_act":  {"subject_token": {idToken}, "subject_token_type": {idType}},
		"a client that may not":        {"subject_token": {own}, "client_id": {"second"}, "client_secret": {"s"}},
		"a token that names others":    {"subject_token": {final}},
		"an actor token that is none":  {"subject_token": {own}, "actor_token": {"x"}, "actor_token_type": {accessTokenType}},
		"a type without actor token":   {"subject_token": {own}, "actor_token_type": {accessTokenType}},
		"an actor token of wrong type": {"subject_token": {own}, "actor_token": {idToken}, "actor_token_type": {accessTokenType}},
	} {
		if got := a.trade(change); got.Status != 400 || got.Error != "invalid_request" || got.ErrorDescription != "Invalid token exchange." {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := a.trade(url.Values{"subject_token": {own}, "scope": {"fr:idm:*"}}); got.Error != "invalid_scope" {
		t.Errorf("a scope that the client has not: %+v", got)
	}
	if got := a.trade(url.Values{"subject_token": {own}, "actor_token": {idToken}, "actor_token_type": {idType}}); got.Status != 200 || at(t, claimsOf(t, got.AccessToken), "act/sub") == nil {
		t.Errorf("an ID token as actor: %+v", got)
	}
	if got := a.trade(url.Values{"subject_token": {own}, "requested_token_type": {idType}}); got.Status != 501 {
		t.Errorf("an ID token: %+v", got)
	}
	a.clock.advance(time.Hour)
	for name, change := range map[string]url.Values{
		"expired":       {"subject_token": {own}},
		"expired actor": {"subject_token": {final}, "actor_token": {idToken}, "actor_token_type": {idType}},
	} {
		if got := a.trade(change); got.ErrorDescription != "Invalid token exchange." {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// trade is an exchange by "agent".
func (p *portal) trade(kind, subject, scope string) (int, map[string]any) {
	p.t.Helper()
	got := call(p.t, p.mock, "POST", p.spelling+"/access_token", map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Authorization": "none"}, url.Values{
		"grant_type": {tokenExchange}, "client_id": {"agent"}, "subject_token": {subject}, "subject_token_type": {kind}, "scope": {scope},
	}.Encode())
	return got.status, got.object(p.t)
}

// An ID token that is signed with a secret is good only if it is the client's, which can
// make such tokens itself.
func TestIDTokensAreExchanged(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.actor("agent")
	p.configure("coreOAuth2Config", "oidcMayActScript", p.newScript(mayAct, "token.setMayAct({client_id: 'agent'})"))
	p.setClient(map[string]any{"signEncOAuth2ClientConfig/idTokenSignedResponseAlg": "HS256"})
	own := p.tokens()["id_token"].(string)
	_, claims := partsOf(t, own)
	status, got := p.trade(idType, own, "orders")
	if status != 200 {
		t.Fatalf("%d %v", status, got)
	}
	if acting := claimsOf(t, got["access_token"]); acting["sub"] != claims["sub"] || acting["client_id"] != "agent" || acting["auth_time"] != claims["auth_time"] {
		t.Errorf("%v", acting)
	}
	for _, name := range []string{"auth_time", "exp", "iat"} {
		claims[name] = int64(claims[name].(float64))
	}
	forged := assertion(t, jose.HS256, []byte("0123456789012345678901234567890123456789"), claims)
	if status, got := p.trade(idType, forged, "orders"); status != 400 || got["error_description"] != "Invalid token exchange." {
		t.Errorf("a forged one: %d %v", status, got)
	}
	claims["sub"] = "somebody"
	byClient := signedWith(assertion(t, jose.HS256, []byte("0123456789012345678901234567890123456789"), claims), []byte("s e"))
	if status, got := p.trade(idType, byClient, "orders"); status != 400 || got["error_description"] != "Invalid token exchange." {
		t.Errorf("one that the client made with its secret: %d %v", status, got)
	}
	p.setClient(map[string]any{"signEncOAuth2ClientConfig/idTokenSignedResponseAlg": "RS256"})
	if status, got := p.trade(idType, own, "orders"); status != 400 || got["error_description"] != "Invalid token exchange." {
		t.Errorf("signed with a secret that the client uses no more: %d %v", status, got)
	}
}

// Nobody logged in for a client that acts for itself.
func TestExchangesOfTokensWithoutALogin(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.actor("agent")
	p.configure("advancedOAuth2Config", "grantTypes", []string{"client_credentials", tokenExchange})
	p.allow("client_credentials")
	p.mayActBy(mayAct, "token.setMayAct({client_id: 'agent'});")
	change(t, p.mock, clients+"/agent", map[string]any{"coreOAuth2ClientConfig/scopes": []string{"openid"}, "signEncOAuth2ClientConfig/idTokenSignedResponseAlg": "RS256"})
	status, own := p.redeem(url.Values{"grant_type": {"client_credentials"}})
	if status != 200 {
		t.Fatalf("%d %v", status, own)
	}
	_, got := p.trade(accessTokenType, own["access_token"].(string), "openid")
	for _, name := range []string{"access_token", "id_token"} {
		if _, claims := partsOf(t, got[name]); claims["sub"] != "portal" || claims["auth_time"] != nil {
			t.Errorf("%s: %v", name, claims)
		}
	}
}

func TestExchangeIsForProvidersThatHaveIt(t *testing.T) {
	mock := start(t)
	send(t, mock, "PUT", clients+"/agent", `{"coreOAuth2ClientConfig":{"clientType":"Public","scopes":["x"]},"advancedOAuth2ClientConfig":{"grantTypes":["`+tokenExchange+`"]}}`)
	ask := func() map[string]any {
		return call(t, mock, "POST", "/am/oauth2/alpha/access_token", map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Authorization": "none"},
			url.Values{"grant_type": {tokenExchange}, "client_id": {"agent"}, "subject_token": {"x"}, "subject_token_type": {accessTokenType}}.Encode()).object(t)
	}
	if got := ask(); got["error"] != "unsupported_grant_type" {
		t.Errorf("%v", got)
	}
	setProvider(t, mock, "alpha", map[string]any{"advancedOAuth2Config/grantTypes": []string{tokenExchange}})
	if got := ask(); got["error_description"] != "Invalid token exchange." {
		t.Errorf("%v", got)
	}
}

// A grant lasts as long as the longest of its tokens, whoever exchanges one.
func TestExchangesDoNotEndAGrant(t *testing.T) {
	a := newApp(t)
	dir := t.TempDir()
	seed(t, dir, "clients.json", `[
		{"clientId":"AICMCPClient","clientType":"Public","redirectionUris":["`+a.redirect+`"],"scopes":["fr:idm:*"],"grantTypes":["authorization_code","refresh_token"],"isConsentImplied":true,"mayAct":{"client_id":"agent"}},
		{"clientId":"agent","clientType":"Public","scopes":["payments"],"defaultScopes":["payments"],"grantTypes":["`+tokenExchange+`","refresh_token"],"accessTokenLifetime":60,"refreshTokenLifetime":60}]`)
	if err := a.mock.Import(dir); err != nil {
		t.Fatal(err)
	}
	a.visit(admin, a.authorizeURL(url.Values{"scope": {"fr:idm:*"}}))
	own := a.redeem(a.received.Get("code"))
	if got := a.trade(url.Values{"subject_token": {own.AccessToken}}); got.Status != 200 || got.RefreshToken == "" {
		t.Fatalf("%+v", got)
	}
	a.clock.advance(10 * time.Minute)
	if got := a.token(url.Values{"grant_type": {"refresh_token"}, "client_id": {client}, "refresh_token": {own.RefreshToken}}); got.Status != 200 {
		t.Errorf("the refresh token of the login: %+v", got)
	}
}

func TestATokenOfAnExchangeLastsAsItSays(t *testing.T) {
	a := newApp(t)
	dir := t.TempDir()
	seed(t, dir, "clients.json", `[
		{"clientId":"AICMCPClient","clientType":"Public","redirectionUris":["`+a.redirect+`"],"scopes":["fr:idm:*"],"grantTypes":["authorization_code"],"isConsentImplied":true,"mayAct":{"client_id":"agent"}},
		{"clientId":"agent","clientType":"Public","scopes":["fr:idm:*"],"grantTypes":["`+tokenExchange+`"],"accessTokenLifetime":2592000}]`)
	if err := a.mock.Import(dir); err != nil {
		t.Fatal(err)
	}
	a.visit(admin, a.authorizeURL(url.Values{"scope": {"fr:idm:*"}}))
	long := a.trade(url.Values{"subject_token": {a.redeem(a.received.Get("code")).AccessToken}, "scope": {"fr:idm:*"}})
	a.clock.advance(29 * 24 * time.Hour)
	if status := a.idmStatus(long.AccessToken); status != 200 {
		t.Errorf("after 29 of 30 days: %d", status)
	}
}
