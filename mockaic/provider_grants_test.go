package mockaic_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

func (p *portal) allow(grants ...string) {
	p.t.Helper()
	p.setClient(map[string]any{"advancedOAuth2ClientConfig/grantTypes": grants})
}

func TestAClientActsForItself(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.allow("client_credentials", "refresh_token")
	status, tokens := p.redeem(url.Values{"grant_type": {"client_credentials"}, "scope": {"profile"}})
	if status != 200 || tokens["refresh_token"] != nil || tokens["id_token"] != nil || tokens["scope"] != "profile" || tokens["expires_in"] != 3599.0 {
		t.Fatalf("%d %v", status, tokens)
	}
	_, own := partsOf(t, tokens["access_token"])
	_, level := own["auth_level"]
	_, time := own["auth_time"]
	if own["sub"] != "portal" || own["grant_type"] != "client_credentials" || level || time {
		t.Errorf("%v", own)
	}
	if status, got := p.redeem(url.Values{"grant_type": {"client_credentials"}, "scope": {"zeal profile admire"}}); status != 400 || got["error_description"] != "Unknown/invalid scope(s): [admire, zeal]" {
		t.Errorf("other scopes: %d %v", status, got)
	}
	p.setClient(map[string]any{"coreOAuth2ClientConfig/clientType": "Public"})
	if status, got := p.redeem(url.Values{"grant_type": {"client_credentials"}}); status != 400 || got["error"] != "unauthorized_client" || got["error_description"] != "Public clients can't use client credentials grant." {
		t.Errorf("a public client: %d %v", status, got)
	}
}

func TestPasswordsAreCheckedByAJourney(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.allow("password", "refresh_token")
	create(t, p.mock, users, `{"userName":"joão","givenName":"J","sn":"S","mail":"j@example.com","password":"Pässw0rd!"}`)
	log := func(name, password string, more url.Values) (int, map[string]any) {
		form := url.Values{"grant_type": {"password"}, "username": {name}, "password": {password}, "scope": {"openid profile"}}
		for key, values := range more {
			form[key] = values
		}
		return p.redeem(form)
	}
	status, tokens := log("jane", "S3cret!!", nil)
	if status != 200 || tokens["refresh_token"] == nil || tokens["scope"] != "openid profile" {
		t.Fatalf("%d %v", status, tokens)
	}
	_, own := partsOf(t, tokens["access_token"])
	_, id := partsOf(t, tokens["id_token"])
	if own["grant_type"] != "password" || own["sub"] != id["sub"] || id["name"] != "Jane Roe" || own["auth_time"] != own["iat"] {
		t.Errorf("%v, %v", own, id)
	}
	if status, got := log("joão", "Pässw0rd!", nil); status != 200 {
		t.Errorf("letters beyond ASCII: %d %v", status, got)
	}
	for _, password := range []string{"wrong", "=?UTF-8?b?UzNjcmV0ISE=?="} {
		if status, got := log("jane", password, nil); status != 400 || got["error"] != "invalid_grant" {
			t.Errorf("%s: %d %v", password, status, got)
		}
	}
	if status, got := log("jane", "", nil); status != 400 || got["error"] != "invalid_request" {
		t.Errorf("no password: %d %v", status, got)
	}
	putJourney(t, p.mock, "Asks", "", nodeSpec{"UsernameCollectorNode", "outcome>1", ""}, nodeSpec{"PasswordCollectorNode", "outcome>2", ""},
		nodeSpec{"DataStoreDecisionNode", "true>3 false>failure", ""}, nodeSpec{"ChoiceCollectorNode", "a>success b>success", `{"choices":["a","b"],"defaultChoice":"a","prompt":"?"}`})
	if status, got := log("jane", "S3cret!!", url.Values{"auth_chain": {"Asks"}}); status != 500 || got["error"] != "server_error" {
		t.Errorf("a journey that asks: %d %v", status, got)
	}
	p.setProvider(map[string]any{"advancedOAuth2Config/passwordGrantAuthService": "Asks"})
	if status, got := log("jane", "S3cret!!", nil); status != 500 {
		t.Errorf("such a journey of the provider: %d %v", status, got)
	}
	if status, got := log("jane", "S3cret!!", url.Values{"auth_chain": {"Login"}}); status != 200 {
		t.Errorf("another journey: %d %v", status, got)
	}
}

func TestCredentialsInTheQueryAsTheProviderIsSet(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.allow("client_credentials")
	p.setClient(map[string]any{"advancedOAuth2ClientConfig/tokenEndpointAuthMethod": "client_secret_post"})
	ask := func() answer {
		return call(t, p.mock, "POST", p.spelling+"/access_token?client_id=portal&client_secret=s+e",
			map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Authorization": "none"}, "grant_type=client_credentials")
	}
	if got := ask(); got.status != 200 {
		t.Errorf("allowed: %d %s", got.status, got.body)
	}
	p.setProvider(map[string]any{"advancedOAuth2Config/allowClientCredentialsInTokenRequestQueryParameters": false})
	if got := ask(); got.status != 400 || got.object(t)["error"] != "invalid_client" {
		t.Errorf("not allowed: %d %s", got.status, got.body)
	}
}

// The provider listens to audiences, and the client may have one of them.
func TestAudiencesAsTheProviderIsSet(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	if status, got := p.redeem(url.Values{"grant_type": {tokenExchange}}); status != 400 || got["error"] != "unsupported_grant_type" {
		t.Errorf("not enabled: %d %v", status, got)
	}
	p.actor("agent")
	p.mayActBy(mayAct, "token.setMayAct({client_id: 'agent'});")
	change(t, p.mock, clients+"/agent", map[string]any{"advancedOAuth2ClientConfig/allowedResourceServerAudienceValues": []string{"https://api.example.com"}})
	subject := p.tokens()["access_token"].(string)
	exchange := func(audiences ...string) (int, map[string]any) {
		form := url.Values{
			"grant_type": {tokenExchange}, "client_id": {"agent"}, "subject_token": {subject}, "subject_token_type": {accessTokenType}, "audience": audiences,
		}
		got := call(t, p.mock, "POST", p.spelling+"/access_token", map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Authorization": "none"}, form.Encode())
		return got.status, got.object(t)
	}
	audience := func(want any, audiences ...string) {
		t.Helper()
		status, got := exchange(audiences...)
		if status != 200 {
			t.Fatalf("%d %v", status, got)
		}
		if _, own := partsOf(t, got["access_token"]); encode(t, own["aud"]) != encode(t, want) {
			t.Errorf("aud: %v", own["aud"])
		}
	}
	audience("agent", "https://other.example.com")
	p.setProvider(map[string]any{"advancedOAuth2Config/acceptAudienceParametersInTokenExchangeRequests": true})
	audience("agent")
	audience([]string{"agent", "https://api.example.com"}, "https://api.example.com")
	for _, unlisted := range []string{"", "https://other.example.com", "https://api.example.com/"} {
		if status, got := exchange(unlisted); status != 400 || got["error_description"] != "Invalid audience requested." {
			t.Errorf("%q: %d %v", unlisted, status, got)
		}
	}
}

func TestACodeIsOfOneClientOneRedirectAndOneUse(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	form := codeForm(p, p.ask(p.address()))
	form.Set("redirect_uri", p.redirect+"/other")
	if status, got := p.redeem(form); status != 400 || got["error"] != "invalid_grant" {
		t.Errorf("another redirect: %d %v", status, got)
	}
	form = codeForm(p, p.ask(p.address()))
	_, tokens := p.redeem(form)
	if status, got := p.redeem(form); status != 400 || got["error"] != "invalid_grant" {
		t.Errorf("again: %d %v", status, got)
	}
	if got := p.post("/introspect", url.Values{"token": {tokens["access_token"].(string)}}).object(t); got["active"] != false {
		t.Errorf("the access token of a code that was stolen: %v", got)
	}
	if status, _ := p.redeem(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens["refresh_token"].(string)}}); status != 400 {
		t.Errorf("its refresh token: %d", status)
	}
}

func TestAnswersHaveTheirMembersInOrder(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	got := p.post("/access_token", codeForm(p, p.ask(p.address())))
	var names []string
	for _, part := range strings.Split(string(got.body), `":`) {
		names = append(names, part[strings.LastIndex(part, `"`)+1:])
	}
	want := []string{"access_token", "refresh_token", "scope", "id_token", "token_type", "expires_in", "nonce"}
	if names = names[:len(names)-1]; !slices.Equal(names, want) {
		t.Errorf("%v", names)
	}
	refused := p.post("/access_token", url.Values{"grant_type": {"x"}})
	if string(refused.body) != `{"error_description":"Grant type is not supported","error":"unsupported_grant_type"}` {
		t.Errorf("%s", refused.body)
	}
}
