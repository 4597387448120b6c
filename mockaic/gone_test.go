package mockaic_test

import (
	"net/url"
	"testing"
	"time"

	"aicmcp/mockaic"
)

func TestWhoIsGoneGetsNoMoreTokens(t *testing.T) {
	for how, leave := range map[string]func(mock *mockaic.Tenant, id string){
		"inactive": func(mock *mockaic.Tenant, id string) {
			patch(t, mock, users+"/"+id, 200, `[{"operation":"replace","field":"/accountStatus","value":"inactive"}]`)
		},
		"gone": func(mock *mockaic.Tenant, id string) { send(t, mock, "DELETE", users+"/"+id, "") },
	} {
		p := newPortal(t, "/am/oauth2/alpha")
		p.allow("authorization_code", "refresh_token", deviceGrant)
		p.actor("agent")
		p.setProvider(map[string]any{"advancedOAuth2Config/grantTypes": []string{"authorization_code", "refresh_token", deviceGrant, tokenExchange}})
		p.mayActBy(mayAct, "token.setMayAct({client_id: 'agent'});")
		tokens := p.tokens()
		access, refresh := tokens["access_token"].(string), tokens["refresh_token"].(string)
		code := p.ask(p.address())
		device := p.device(url.Values{"scope": {"openid"}})
		p.visit(janeInBrowser, device["verification_uri_complete"].(string))
		if got := p.bearing("GET", "/userinfo", access); got.status != 200 {
			t.Fatalf("before: %d %s", got.status, got.body)
		}
		if status, got := p.exchange("agent", access); status != 200 {
			t.Fatalf("before: %d %v", status, got)
		}
		leave(p.mock, claimsOf(t, access)["sub"].(string))

		if got := p.bearing("GET", "/userinfo", access); got.status != 401 || got.object(t)["error"] != "invalid_token" {
			t.Errorf("%s, userinfo: %d %s", how, got.status, got.body)
		}
		for name, form := range map[string]url.Values{
			"refresh": {"grant_type": {"refresh_token"}, "refresh_token": {refresh}},
			"code":    codeForm(p, code),
			"device":  {"grant_type": {deviceGrant}, "device_code": {device["device_code"].(string)}},
		} {
			if status, got := p.redeem(form); status != 400 || got["error"] != "invalid_grant" {
				t.Errorf("%s, %s: %d %v", how, name, status, got)
			}
		}
		if status, got := p.exchange("agent", access); status != 400 || got["error_description"] != "Invalid token exchange." {
			t.Errorf("%s, exchange: %d %v", how, status, got)
		}
		p.goes(how+", the session", p.address(), "login")
		p.goes(how+", the session, silently", p.address()+"&prompt=none", "login_required")
		another := p.device(nil)
		if got := open(t, p.browser, "POST", p.mock.URL+p.spelling+"/device/user", url.Values{"user_code": {another["user_code"].(string)}}); got.StatusCode != 302 {
			t.Errorf("%s, a device: %d", how, got.StatusCode)
		}
	}
}

func TestAnAdministratorWhoIsGoneGetsNoMoreTokens(t *testing.T) {
	a := newApp(t)
	login := a.redeem(a.code())
	own := a.exchange(login.AccessToken, "fr:idm:*").AccessToken
	path := "/openidm/managed/teammember/" + claimsOf(t, own)["sub"].(string)
	got := call(t, a.mock, "PATCH", path, map[string]string{"Content-Type": "application/json", "Authorization": "Bearer " + own}, `[{"operation":"replace","field":"/accountStatus","value":"inactive"}]`)
	if got.status != 200 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if got := a.token(url.Values{"grant_type": {"refresh_token"}, "client_id": {client}, "refresh_token": {login.RefreshToken}}); got.Error != "invalid_grant" {
		t.Errorf("refresh: %+v", got)
	}
	if got := a.exchange(login.AccessToken, "fr:idm:*"); got.ErrorDescription != "Invalid token exchange." {
		t.Errorf("exchange: %+v", got)
	}
}

// A spent refresh token is refused, and what came of it stays good.
func TestASpentRefreshTokenIsRefused(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	refresh := func(token any) (int, map[string]any) {
		return p.redeem(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token.(string)}})
	}
	spent := p.tokens()["refresh_token"]
	_, next := refresh(spent)
	for range 2 {
		if status, got := refresh(spent); status != 400 || got["error"] != "invalid_grant" || got["error_description"] != "grant is invalid" {
			t.Errorf("spent: %d %v", status, got)
		}
	}
	if got := p.post("/introspect", url.Values{"token": {next["access_token"].(string)}}).object(t); got["active"] != true {
		t.Errorf("what came of it: %v", got)
	}
	status, next := refresh(next["refresh_token"])
	if status != 200 {
		t.Fatalf("the next: %d %v", status, next)
	}

	// Within a grace period it is good again, counted from its first use.
	for where, set := range map[string]func(){
		"provider": func() { p.setProvider(map[string]any{"advancedOAuth2Config/refreshTokenGracePeriod": 60}) },
		"client": func() {
			p.setProvider(map[string]any{"advancedOAuth2Config/refreshTokenGracePeriod": 0})
			p.setClient(map[string]any{"advancedOAuth2ClientConfig/refreshTokenGracePeriod": 60})
		},
	} {
		set()
		spent = next["refresh_token"]
		_, next = refresh(spent)
		for range 2 {
			p.clock.advance(29 * time.Second)
			if status, got := refresh(spent); status != 200 || got["refresh_token"] == spent {
				t.Errorf("%s, in the grace period: %d %v", where, status, got)
			}
		}
		p.clock.advance(2 * time.Second)
		if status, got := refresh(spent); status != 400 {
			t.Errorf("%s, after the grace period: %d %v", where, status, got)
		}
	}
}
