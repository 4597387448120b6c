package mockaic_test

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
)

func TestObjectsOfJavaHoldNoLoops(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	const begin = "var Json = org.forgerock.json.JsonValue, actor = Json.json(Json.object(Json.field('client_id', 'agent'), Json.field('act', Json.object(Json.field('sub', 's')))));"
	p.mayActBy("OAUTH2_MAY_ACT", begin+"actor.put('self', actor); actor.get('self'); token.setMayAct(actor);")
	agent := map[string]any{"client_id": "agent", "act": map[string]any{"sub": "s"}}
	want := map[string]any{"client_id": "agent", "act": map[string]any{"sub": "s"}, "self": agent}
	if got := p.claims()["may_act"]; !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	for source, logged := range map[string]string{
		"for (;;) { actor.put('left', actor); actor.put('right', actor); }":                         "bytes were put into a JsonValue",
		"for (;;) { var outer = Json.json(Json.object()); outer.put('in', actor); actor = outer; }": "bytes were put into a JsonValue",
		"Json.object('client_id')": "object takes what field makes",
	} {
		p.mayActBy("OAUTH2_MAY_ACT", begin+source)
		if status, answer := p.login(); status != 500 || answer["error_description"] != mayActFailed {
			t.Errorf("%s: %d %v", source, status, answer)
		}
		// Other tests of the process take memory, too.
		if lines := coreEvents(t, p.mock); !strings.Contains(lines, logged) && !strings.Contains(lines, "takes too much memory") {
			t.Errorf("%s: %s", source, lines)
		}
	}
}

func TestWhatScriptsMakeOfATokenIsChecked(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	for source, logged := range map[string]string{
		"accessToken.setField('exp', 'soon')":            "the claim exp can be no string",
		"accessToken.setAuthLevel({})":                   "the claim auth_level can be no object",
		"accessToken.setField('aud', 5)":                 "the claim aud can be no number",
		"accessToken.setMayAct('agent')":                 "the claim may_act can be no string",
		"accessToken.setField(undefined, 1)":             "the name is no text",
		"accessToken.addExtraData({}, 1)":                "the name is no text",
		"accessToken.setField('x', 'x'.repeat(1e6))":     "what the script made has more than",
		"accessToken.addExtraData('x', 'x'.repeat(1e6))": "what the script made has more than",
		"for (var i = 0; i < 1e4; i++) { accessToken.setField('n' + i, accessToken.getField('sub')); }": "what the script made has more than",
		"accessToken.setField('x', function () {})":                                                     "a function is no value",
		"var a = []; a.push(a); accessToken.setField('x', a)":                                           "circular",
		"var a = []; a.length = 4e9; scopes.contains(a)":                                                "are too many",
		"var o = {}; o.toJSON = accessToken.setScope.bind(null, o); accessToken.setScope(o)":            "TypeError: TypeError",
	} {
		p.modifyBy(modification, source)
		if status, answer := p.login(); status != 500 || answer["error_description"] != modificationFail {
			t.Errorf("%s: %d %v", source, status, answer)
		}
		if lines := coreEvents(t, p.mock); !strings.Contains(lines, logged) {
			t.Errorf("%s: %s", source, lines)
		}
	}
	p.modifyBy(modification, "1")
	p.mayActBy(mayAct, "token.setMayAct({client_id: 'x'.repeat(1e6)})")
	if status, answer := p.login(); status != 500 || answer["error_description"] != mayActFailed {
		t.Errorf("%d %v", status, answer)
	}
}

func TestScriptsMaySetOddClaims(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.modifyBy(modification, `accessToken.setField('__proto__', {a: 1});
		accessToken.setField('none', undefined); accessToken.setField('nan', 0 / 0); accessToken.setField('date', new Date(0));
		accessToken.setField('same', accessToken.getField('__proto__').a + accessToken.toMap().get('__proto__').a);
		accessToken.setField('scope', 'openid more');`)
	status, tokens := p.login()
	if status != 200 || tokens["scope"] != "openid more" || tokens["id_token"] == nil {
		t.Fatalf("%d %v", status, tokens)
	}
	own := claimsOf(t, tokens["access_token"])
	for claim, want := range map[string]any{
		"__proto__": map[string]any{"a": float64(1)}, "none": nil, "nan": nil, "date": "1970-01-01T00:00:00.000Z", "same": float64(2), "scope": "openid more",
	} {
		if got, there := own[claim]; !there || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v", claim, got)
		}
	}
	info := call(t, p.mock, "GET", "/am/oauth2/alpha/tokeninfo", map[string]string{"Authorization": "Bearer " + tokens["access_token"].(string)}, "")
	if told := info.object(t); info.status != 200 || told["more"] != "" {
		t.Errorf("%d %v", info.status, told)
	}
}

func TestScriptsOfRequestsShareNothing(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.modifyBy(modification, `accessToken.setField('seen', [typeof seen, typeof {}.leaked, clientProperties.allowedScopes.join(), requestProperties.requestParams.size(), [].join === own].join());
		var own = Array.prototype.join = function () { return 'mine'; };
		seen = 1; Object.prototype.leaked = 1; clientProperties.allowedScopes.push('admin'); clientProperties.customProperties.x = 'y';
		scopes.push('fr:idm:*'); requestProperties.requestParams.x = ['y']; logger.info = utils = null;
		Object.defineProperty(accessToken, 'setField', {value: null});`)
	for range 2 {
		if got := p.claims(); got["seen"] != "undefined,undefined,openid,profile,3,false" || !reflect.DeepEqual(got["scope"], []any{"openid", "profile"}) {
			t.Errorf("%v", got)
		}
	}
}

func TestScriptsDoNotSeeSecretsOfRequests(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.modifyBy(modification, `accessToken.setField('seen', JSON.stringify(requestProperties));`)
	name := get(t, p.mock, "/am/json/serverinfo/*")["cookieName"].(string)
	form := codeForm(p, p.ask(p.address()))
	form.Set("__proto__", "odd")
	form.Set("password", "hidden")
	headers := map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Authorization": "Basic " + inBase64("portal:s+e"),
		"Proxy-Authorization": "hidden", "Cookie": name + "=hidden", name: "hidden", "X-Shown": "shown",
	}
	got := call(t, p.mock, http.MethodPost, p.spelling+"/access_token", headers, form.Encode())
	if got.status != 200 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	seen, _ := claimsOf(t, got.object(t)["access_token"])["seen"].(string)
	if strings.Contains(seen, "hidden") || strings.Contains(seen, "Authorization") || !strings.Contains(seen, `"X-Shown":["shown"]`) || !strings.Contains(seen, `"__proto__":["odd"]`) {
		t.Errorf("%s", seen)
	}
}

func TestACodeOutlivesAFailingScriptAndARefreshTokenDoesNot(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.modifyBy(modification, "throw 'no'")
	form := codeForm(p, p.ask(p.address()))
	for range 2 {
		if status, answer := p.redeem(form); status != 500 || answer["error_description"] != modificationFail {
			t.Fatalf("%d %v", status, answer)
		}
	}
	p.modifyBy(modification, "1")
	status, tokens := p.redeem(form)
	if status != 200 {
		t.Fatalf("%d %v", status, tokens)
	}
	refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens["refresh_token"].(string)}}
	p.modifyBy(modification, "throw 'not again'")
	if status, answer := p.redeem(refresh); status != 500 || answer["error_description"] != modificationFail {
		t.Errorf("%d %v", status, answer)
	}
	p.modifyBy(modification, "2")
	if status, answer := p.redeem(refresh); status != 400 || answer["error"] != "invalid_grant" {
		t.Errorf("%d %v", status, answer)
	}
	if status, answer := p.redeem(form); status != 400 || answer["error"] != "invalid_grant" {
		t.Errorf("%d %v", status, answer)
	}
}
