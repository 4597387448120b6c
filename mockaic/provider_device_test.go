package mockaic_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"aicmcp/mockaic"
)

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

// newDevice is the portal with the device grant.
func newDevice(t *testing.T, implied bool) *portal {
	t.Helper()
	p := newPortal(t, "/am/oauth2/realms/root/realms/alpha")
	p.setClient(map[string]any{"advancedOAuth2ClientConfig/grantTypes": []string{deviceGrant, "refresh_token"}, "advancedOAuth2ClientConfig/isConsentImplied": implied})
	return p
}

func (p *portal) device(form url.Values) map[string]any {
	p.t.Helper()
	got := p.post("/device/code", form)
	if got.status != 200 {
		p.t.Fatalf("device code: %d %s", got.status, got.body)
	}
	return got.object(p.t)
}

func (p *portal) poll(device map[string]any, more url.Values) (int, map[string]any) {
	p.t.Helper()
	form := url.Values{"grant_type": {deviceGrant}, "device_code": {device["device_code"].(string)}}
	for name, values := range more {
		form[name] = values
	}
	return p.redeem(form)
}

// polls demands the refusal of a poll.
func (p *portal) polls(device map[string]any, status int, code string) {
	p.t.Helper()
	if got, answer := p.poll(device, nil); got != status || answer["error"] != code {
		p.t.Errorf("%d %v, want %d %s", got, answer, status, code)
	}
}

func TestADeviceLogsIn(t *testing.T) {
	for _, implied := range []bool{true, false} {
		p := newDevice(t, implied)
		device := p.device(url.Values{"scope": {"openid profile"}, "nonce": {"n-2"}})
		page := p.mock.URL + p.spelling + "/device/user"
		userCode, _ := device["user_code"].(string)
		for name, want := range map[string]any{
			"verification_uri": page, "verification_url": page, "verification_uri_complete": page + "?user_code=" + userCode, "interval": 5.0, "expires_in": 300.0,
		} {
			if device[name] != want {
				t.Errorf("%s is %v", name, device[name])
			}
		}
		if len(userCode) != 8 || strings.Trim(userCode, "234567ACDEFGHJKLMNPQRSTWXYZabcdefhijkmnopqrstwxyz") != "" {
			t.Errorf("the code %q", userCode)
		}
		p.polls(device, 403, "authorization_pending")
		p.polls(device, 400, "slow_down")
		p.clock.advance(5 * time.Second)
		p.polls(device, 403, "authorization_pending")
		seen := p.visit(janeInBrowser, device["verification_uri_complete"].(string))
		if seen.Status != 200 || !strings.Contains(seen.Text, "Your device is connected") {
			t.Fatalf("implied %v: %d %s", implied, seen.Status, seen.Text)
		}
		p.clock.advance(5 * time.Second)
		status, tokens := p.poll(device, nil)
		if status != 200 || tokens["scope"] != "openid profile" || tokens["refresh_token"] == nil {
			t.Fatalf("%d %v", status, tokens)
		}
		_, id := partsOf(t, tokens["id_token"])
		_, own := partsOf(t, tokens["access_token"])
		if id["nonce"] != "n-2" || id["name"] != "Jane Roe" || own["grant_type"] != deviceGrant {
			t.Errorf("%v, %v", id, own)
		}
		p.polls(device, 403, "authorization_declined")
		if again := p.visit(janeInBrowser, device["verification_uri_complete"].(string)); !strings.Contains(again.Text, "There is no such code") {
			t.Errorf("the code again: %s", again.Text)
		}
	}
}

func TestADeviceIsDenied(t *testing.T) {
	p := newDevice(t, false)
	device := p.device(nil)
	denying := janeInBrowser
	denying.Denies = true
	if seen := p.visit(denying, device["verification_uri_complete"].(string)); !strings.Contains(seen.Text, "You denied the access") {
		t.Errorf("%d %s", seen.Status, seen.Text)
	}
	p.polls(device, 403, "authorization_declined")
}

func TestDeviceCodesExpire(t *testing.T) {
	p := newDevice(t, true)
	p.setProvider(map[string]any{
		"deviceCodeConfig/deviceCodeLifetime": 60, "deviceCodeConfig/devicePollInterval": 10, "deviceCodeConfig/deviceUserCodeLength": 12, "deviceCodeConfig/deviceUserCodeCharacterSet": "01",
	})
	device := p.device(nil)
	if code := device["user_code"].(string); device["expires_in"] != 60.0 || device["interval"] != 10.0 || len(code) != 12 || strings.Trim(code, "01") != "" {
		t.Errorf("%v", device)
	}
	p.clock.advance(time.Minute)
	p.polls(device, 401, "expired_token")
	if seen := p.visit(janeInBrowser, device["verification_uri_complete"].(string)); !strings.Contains(seen.Text, "There is no such code") {
		t.Errorf("%d %s", seen.Status, seen.Text)
	}
}

func TestDevicePollsAtTheIntervalAreNotTooFast(t *testing.T) {
	p := newDevice(t, true)
	device := p.device(nil)
	for range 3 {
		p.polls(device, 403, "authorization_pending")
		p.clock.advance(4900 * time.Millisecond) // 5 s by a clock that is not exact
	}
}

func TestADeviceMayUsePKCE(t *testing.T) {
	p := newDevice(t, true)
	p.setProvider(map[string]any{"advancedOAuth2Config/codeVerifierEnforced": "true"})
	if got := p.post("/device/code", nil); got.status != 400 || got.object(t)["error_description"] != "Missing parameter, 'code_challenge'" {
		t.Errorf("without a challenge: %d %s", got.status, got.body)
	}
	device := p.device(url.Values{"code_challenge": {verifier}})
	p.visit(janeInBrowser, device["verification_uri_complete"].(string))
	p.polls(device, 400, "invalid_request")
	if status, answer := p.poll(device, url.Values{"code_verifier": {strings.ToUpper(verifier)}}); status != 400 || answer["error"] != "invalid_grant" {
		t.Errorf("%d %v", status, answer)
	}
	if status, answer := p.poll(device, url.Values{"code_verifier": {verifier}}); status != 200 {
		t.Errorf("%d %v", status, answer)
	}
}

func TestTheDevicePageHoldsAgainstForgery(t *testing.T) {
	p := newDevice(t, false)
	device := p.device(nil)
	page := p.mock.URL + p.spelling + "/device/user"
	if got := open(t, p.browser, "GET", page+"?user_code=x", nil); got.StatusCode != 302 || !strings.Contains(got.Header.Get("Location"), "/am/UI/Login?realm=/alpha&goto="+url.QueryEscape(page+"?user_code=x")) {
		t.Errorf("not logged in: %d %s", got.StatusCode, got.Header.Get("Location"))
	}
	session := p.enter()
	code := device["user_code"].(string)
	for name, form := range map[string]url.Values{
		"a guess": {"user_code": {code}, "decision": {"allow"}, "csrf": {"guess"}}, "no token": {"user_code": {code}, "decision": {"allow"}},
		"a strange word": {"user_code": {code}, "decision": {"perhaps"}, "csrf": {session}},
	} {
		if got := open(t, p.browser, "POST", page, form); got.StatusCode != 400 {
			t.Errorf("%s: %d", name, got.StatusCode)
		}
	}
	if got := open(t, p.browser, "GET", page+"?user_code="+code+"&decision=allow&csrf="+url.QueryEscape(session), nil); got.StatusCode != 200 {
		t.Errorf("a link: %d", got.StatusCode)
	}
	request, err := http.NewRequestWithContext(t.Context(), "POST", page, strings.NewReader(url.Values{"user_code": {code}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", "https://evil.example")
	if got := visit(t, p.browser, request); got.status != 403 {
		t.Errorf("another site: %d", got.status)
	}
	p.polls(device, 403, "authorization_pending")
	request, err = http.NewRequestWithContext(t.Context(), "GET", page+"?user_code="+url.QueryEscape(`"><script>`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := visit(t, p.browser, request); strings.Contains(string(got.body), "<script>") {
		t.Errorf("not escaped: %s", got.body)
	}
	if got := open(t, p.browser, "POST", page, url.Values{"user_code": {code}, "decision": {"allow"}, "csrf": {session}}); got.StatusCode != 200 {
		t.Errorf("allowed: %d", got.StatusCode)
	}
	p.clock.advance(5 * time.Second)
	if status, answer := p.poll(device, nil); status != 200 {
		t.Errorf("%d %v", status, answer)
	}
}

func TestOnlyItsClientRedeemsADeviceCode(t *testing.T) {
	p := newDevice(t, true)
	device := p.device(nil)
	p.visit(janeInBrowser, device["verification_uri_complete"].(string))
	send(t, p.mock, "PUT", clients+"/other", fmt.Sprintf(`{
		"coreOAuth2ClientConfig":{"clientType":"Public","scopes":["openid"]},"advancedOAuth2ClientConfig":{"grantTypes":[%q]},"signEncOAuth2ClientConfig":{}}`, deviceGrant))
	form := url.Values{"grant_type": {deviceGrant}, "client_id": {"other"}, "device_code": {device["device_code"].(string)}}
	got := call(t, p.mock, "POST", p.spelling+"/access_token", map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Authorization": "none"}, form.Encode())
	if got.status != 403 || got.object(t)["error"] != "authorization_declined" {
		t.Errorf("%d %s", got.status, got.body)
	}
	p.setClient(map[string]any{"advancedOAuth2ClientConfig/grantTypes": []string{"authorization_code"}})
	if got := p.post("/device/code", nil); got.status != 400 || got.object(t)["error"] != "unauthorized_client" {
		t.Errorf("without the grant: %d %s", got.status, got.body)
	}
}

func TestAnAdministratorsDevice(t *testing.T) {
	a := newApp(t)
	got := call(t, a.mock, "POST", "/am/oauth2/device/code", map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Authorization": "none"},
		url.Values{"client_id": {client}, "scope": {"fr:idm:*"}}.Encode())
	device := got.object(t)
	if got.status != 200 || device["verification_uri"] != a.mock.URL+"/am/oauth2/device/user" {
		t.Fatalf("%d %s", got.status, got.body)
	}
	page := a.visit(mockaic.Person{UserName: admin.UserName, Password: admin.Password}, device["verification_uri_complete"].(string))
	tokens := a.token(url.Values{"grant_type": {"http://oauth.net/grant_type/device/1.0"}, "client_id": {client}, "device_code": {device["device_code"].(string)}})
	if tokens.Status != 200 || tokens.Scope != "fr:idm:*" {
		t.Fatalf("%+v after %s", tokens, page.Text)
	}
	if status := a.idmStatus(a.exchange(tokens.AccessToken, "fr:idm:*").AccessToken); status != 200 {
		t.Errorf("IDM: %d", status)
	}
}
