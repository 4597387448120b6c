package mockaic_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"aicmcp/mockaic"
)

const (
	modification     = "OAUTH2_ACCESS_TOKEN_MODIFICATION_NEXT_GEN"
	mayAct           = "OAUTH2_MAY_ACT_NEXT_GEN"
	provider         = alpha + "/realm-config/services/oauth-oidc"
	tokenExchange    = "urn:ietf:params:oauth:grant-type:token-exchange"
	accessTokenType  = "urn:ietf:params:oauth:token-type:access_token"
	mayActFailed     = "Error running may_act script"
	modificationFail = "Error running access token modification plugin"
)

// newScript makes a script of alpha.
func (p *portal) newScript(context, source string) (id string) {
	p.t.Helper()
	body := fmt.Sprintf(`{"name":%q,"script":%q,"language":"JAVASCRIPT","context":%q}`, "script "+inBase64(source), inBase64(source), context)
	return create(p.t, p.mock, scripts, body)["_id"].(string)
}

// configure sets an attribute of alpha's provider.
func (p *portal) configure(group, name string, value any) {
	p.t.Helper()
	document := get(p.t, p.mock, provider)
	document[group].(map[string]any)[name] = value
	delete(document, "_rev")
	send(p.t, p.mock, "PUT", provider, encode(p.t, document))
}

func (p *portal) modifyBy(context, source string) {
	p.t.Helper()
	p.configure("pluginsConfig", "accessTokenModificationScript", p.newScript(context, source))
}

func (p *portal) mayActBy(context, source string) {
	p.t.Helper()
	p.configure("coreOAuth2Config", "accessTokenMayActScript", p.newScript(context, source))
}

// login makes jane log in to the portal.
func (p *portal) login() (int, map[string]any) {
	p.t.Helper()
	return p.redeem(codeForm(p, p.ask(p.address())))
}

// claims are those of the token that a login gives.
func (p *portal) claims() map[string]any {
	p.t.Helper()
	status, tokens := p.login()
	if status != 200 {
		p.t.Fatalf("%d %v", status, tokens)
	}
	return claimsOf(p.t, tokens["access_token"])
}

func claimsOf(t *testing.T, token any) map[string]any {
	t.Helper()
	text, _ := token.(string)
	parsed, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := parsed.UnsafeClaimsWithoutVerification(&claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// coreEvents are the events of am-core.
func coreEvents(t *testing.T, mock *mockaic.Tenant) string {
	t.Helper()
	var text strings.Builder
	for _, e := range logged(t, mock, url.Values{"source": {"am-core"}}).Result {
		text.Write(e.Payload)
	}
	return text.String()
}

// actor makes a client that exchanges tokens.
func (p *portal) actor(id string) {
	p.t.Helper()
	p.configure("advancedOAuth2Config", "grantTypes", []string{"authorization_code", "refresh_token", tokenExchange})
	send(p.t, p.mock, "PUT", clients+"/"+id, `{"coreOAuth2ClientConfig":{"clientType":"Public","scopes":["orders"],"defaultScopes":["orders"]},
		"advancedOAuth2ClientConfig":{"grantTypes":["`+tokenExchange+`"]}}`)
}

func (p *portal) exchange(id, token string) (int, map[string]any) {
	p.t.Helper()
	got := call(p.t, p.mock, "POST", p.spelling+"/access_token", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, url.Values{
		"grant_type": {tokenExchange}, "client_id": {id}, "subject_token": {token}, "subject_token_type": {accessTokenType}, "scope": {"orders"},
	}.Encode())
	return got.status, got.object(p.t)
}

func TestScriptsSetAudienceAndActor(t *testing.T) {
	p := newPortal(t, "/am/oauth2/realms/root/realms/alpha")
	p.actor("agent")
	p.actor("stranger")
	p.mayActBy(mayAct, "token.setMayAct({client_id: 'agent'});")
	p.modifyBy(modification, "accessToken.setField('aud', [accessToken.getClientId(), 'https://mcp.example.com']);")
	status, tokens := p.login()
	if status != 200 {
		t.Fatalf("%d %v", status, tokens)
	}
	own := claimsOf(t, tokens["access_token"])
	if want := []any{"portal", "https://mcp.example.com"}; !reflect.DeepEqual(own["aud"], want) {
		t.Errorf("aud: %v", own["aud"])
	}
	if want := map[string]any{"client_id": "agent"}; !reflect.DeepEqual(own["may_act"], want) {
		t.Errorf("may_act: %v", own["may_act"])
	}
	if status, answer := p.exchange("stranger", tokens["access_token"].(string)); status != 400 || answer["error_description"] != "Invalid token exchange." {
		t.Errorf("stranger: %d %v", status, answer)
	}
	status, answer := p.exchange("agent", tokens["access_token"].(string))
	if status != 200 || answer["scope"] != "orders" {
		t.Fatalf("agent: %d %v", status, answer)
	}
	if acting := claimsOf(t, answer["access_token"]); acting["sub"] != own["sub"] || !reflect.DeepEqual(acting["aud"], []any{"agent", "https://mcp.example.com"}) {
		t.Errorf("%v", acting)
	}
	// A refreshed token is made by the scripts too.
	status, tokens = p.redeem(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens["refresh_token"].(string)}})
	if status != 200 || claimsOf(t, tokens["access_token"])["may_act"] == nil {
		t.Errorf("refreshed: %d %v", status, tokens)
	}
}

func TestIDTokensHaveAnActorOfTheirOwn(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.configure("coreOAuth2Config", "oidcMayActScript", p.newScript(mayAct, "token.setMayAct({client_id: 'agent', sub: 'x'})"))
	_, tokens := p.login()
	if got := claimsOf(t, tokens["id_token"])["may_act"]; !reflect.DeepEqual(got, map[string]any{"client_id": "agent", "sub": "x"}) {
		t.Errorf("%v", got)
	}
	if got := claimsOf(t, tokens["access_token"])["may_act"]; got != nil {
		t.Errorf("%v", got)
	}
}

func TestLegacyScriptsMakeTheActorInJava(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.mayActBy("OAUTH2_MAY_ACT", `(function () {
		var java = JavaImporter(org.forgerock.json.JsonValue);
		var actor = java.JsonValue.json(java.JsonValue.object());
		actor.put('client_id', 'agent');
		token.setMayAct(actor);
		token.setField('aud', requestProperties.requestParams.get('client_id') === null ? 'https://mcp.example.com' : 'x');
	}());`)
	p.modifyBy("OAUTH2_ACCESS_TOKEN_MODIFICATION", "accessToken.setField('legacy', scopes.contains('openid'));")
	if own := p.claims(); !reflect.DeepEqual(own["may_act"], map[string]any{"client_id": "agent"}) || own["legacy"] != true || own["aud"] != "https://mcp.example.com" {
		t.Errorf("%v", own)
	}
}

func TestWhatModificationScriptsFind(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	document := get(t, p.mock, clients+"/portal")
	delete(document, "_rev")
	document["advancedOAuth2ClientConfig"].(map[string]any)["customProperties"] = []string{"team=blue"}
	send(t, p.mock, "PUT", clients+"/portal", encode(t, document))
	p.modifyBy(modification, `accessToken.setField('seen', {
		uri: requestProperties.requestUri, realm: requestProperties.get('realm') + realm,
		grant: requestProperties.requestParams.grant_type[0], header: requestProperties.requestHeaders['Content-Type'][0],
		secret: requestProperties.requestParams.client_secret === undefined,
		client: clientProperties.get('clientId'), team: clientProperties.get('customProperties').get('team'),
		grants: clientProperties.allowedGrantTypes, scopes: scopes.join(' '), names: identity.getAttributeValues('mail').length,
		owner: accessToken.getResourceOwnerId() === accessToken.getField('sub'), session: session, script: typeof scriptName,
		id: utils.crypto.randomUUID().length, left: accessToken.getExpiryTime() / 1000 - accessToken.getField('iat')
	});
	accessToken.removeAuthLevel();
	accessToken.setFields({a: 1, b: ['x']});
	accessToken.addExtraData('hint', 'h');
	accessToken.addExtraJsonData('access_token', 'mine');
	accessToken.setScope(['openid']);
	logger.info('changed for {}', clientProperties.clientId);`)
	status, tokens := p.login()
	if status != 200 || tokens["hint"] != "h" || tokens["scope"] != "openid" {
		t.Fatalf("%d %v", status, tokens)
	}
	own := claimsOf(t, tokens["access_token"])
	want := map[string]any{
		"uri": p.mock.URL + "/am/oauth2/alpha/access_token", "realm": "/alpha/alpha", "grant": "authorization_code", "header": "application/x-www-form-urlencoded",
		"secret": true, "client": "portal", "team": "blue", "grants": []any{"authorization_code", "refresh_token"}, "scopes": "openid profile", "names": float64(0),
		"owner": true, "session": nil, "script": "string", "id": float64(36), "left": float64(3600),
	}
	if !reflect.DeepEqual(own["seen"], want) {
		t.Errorf("%v", own["seen"])
	}
	if _, there := own["auth_level"]; there || own["a"] != float64(1) || !reflect.DeepEqual(own["scope"], []any{"openid"}) {
		t.Errorf("%v", own)
	}
	if lines := coreEvents(t, p.mock); !strings.Contains(lines, "changed for portal") || !strings.Contains(lines, "scripts."+modification+".") {
		t.Errorf("nothing is logged: %s", lines)
	}
}

func TestFailingScriptsGiveNoToken(t *testing.T) {
	for _, c := range []struct{ kind, context, source, want, logged string }{
		{"modify", modification, "accessToken.getSubject();", modificationFail, "TypeError"},
		{"modify", modification, "var x = ;", modificationFail, "SyntaxError"},
		{"modify", modification, "httpClient.send('https://example.com');", modificationFail, "httpClient.send is not provided by this fake tenant"},
		{"modify", "OAUTH2_ACCESS_TOKEN_MODIFICATION", "openidm.read('managed/alpha_user/1');", modificationFail, "openidm is not defined"},
		{"modify", "OAUTH2_ACCESS_TOKEN_MODIFICATION", "new java.util.HashMap();", modificationFail, "java.util.HashMap is not provided"},
		{"mayAct", "OAUTH2_MAY_ACT", "token.setMayAct({client_id: 'agent'});", mayActFailed, "JsonValue"},
		{"mayAct", mayAct, "token.setMayAct('agent');", mayActFailed, "is no object"},
		{"mayAct", mayAct, "throw 'no';", mayActFailed, "no"},
	} {
		p := newPortal(t, "/am/oauth2/alpha")
		if c.kind == "modify" {
			p.modifyBy(c.context, c.source)
		} else {
			p.mayActBy(c.context, c.source)
		}
		status, answer := p.login()
		if want := map[string]any{"error": "server_error", "error_description": c.want}; status != 500 || !reflect.DeepEqual(answer, want) {
			t.Errorf("%s: %d %v", c.source, status, answer)
		}
		if lines := coreEvents(t, p.mock); !strings.Contains(lines, c.logged) {
			t.Errorf("%s: %s", c.source, lines)
		}
	}
}

func TestScriptsThatCannotRunGiveNoToken(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	for id, logged := range map[string]string{
		"c735de08-f8f2-4e69-aa4a-2d8d3d438323": "scripts in GROOVY are not run by this fake tenant",
		"00000000-0000-0000-0000-000000000000": "there is no script",
	} {
		p.configure("coreOAuth2Config", "accessTokenMayActScript", id)
		if status, answer := p.login(); status != 500 || answer["error_description"] != mayActFailed {
			t.Errorf("%s: %d %v", id, status, answer)
		}
		if lines := coreEvents(t, p.mock); !strings.Contains(lines, logged) {
			t.Errorf("%s: %s", id, lines)
		}
	}
	p.configure("coreOAuth2Config", "accessTokenMayActScript", "[Empty]")
	p.configure("pluginsConfig", "accessTokenModificationPluginType", "JAVA")
	p.claims()
}

func TestAnEndlessScriptIsLeft(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha", mockaic.ScriptTime(1))
	p.modifyBy(modification, "for (;;) {}")
	status, answer := p.login()
	if status != 500 || answer["error_description"] != modificationFail {
		t.Errorf("%d %v", status, answer)
	}
	if lines := coreEvents(t, p.mock); !strings.Contains(lines, "did not end in time") {
		t.Errorf("%s", lines)
	}
}

func TestAClientOverridesItsProvidersScripts(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	p.modifyBy(modification, "accessToken.setField('by', 'provider');")
	p.mayActBy(mayAct, "token.setMayAct({client_id: 'provider'});")
	own := p.newScript(modification, "accessToken.setField('by', 'client');")
	actor := p.newScript(mayAct, "token.setMayAct({client_id: 'client'});")
	for _, c := range []struct {
		overrides string
		by, actor any
	}{
		{`{}`, "provider", "provider"},
		{fmt.Sprintf(`{"accessTokenModificationPluginType":"SCRIPTED","accessTokenModificationScript":%q}`, own), "provider", "provider"},
		{fmt.Sprintf(`{"providerOverridesEnabled":true,"clientsCanSkipConsent":true,"statelessTokensEnabled":true,"accessTokenModificationPluginType":"SCRIPTED","accessTokenModificationScript":%q,"accessTokenMayActScript":%q}`, own, actor), "client", "client"},
		{`{"providerOverridesEnabled":true,"clientsCanSkipConsent":true,"statelessTokensEnabled":true}`, "provider", nil}, // a plugin is the provider's, a script none
		{`{"providerOverridesEnabled":true,"clientsCanSkipConsent":true,"statelessTokensEnabled":true,"accessTokenModificationPluginType":"JAVA"}`, nil, nil},
	} {
		document := get(t, p.mock, clients+"/portal")
		delete(document, "_rev")
		var overrides any
		if err := json.Unmarshal([]byte(c.overrides), &overrides); err != nil {
			t.Fatal(err)
		}
		document["overrideOAuth2ClientConfig"] = overrides
		send(t, p.mock, "PUT", clients+"/portal", encode(t, document))
		claims := p.claims()
		actor, _ := claims["may_act"].(map[string]any)
		if claims["by"] != c.by || actor["client_id"] != c.actor {
			t.Errorf("%s: by %v, for %v", c.overrides, claims["by"], actor)
		}
	}
}

// A realm's script says nothing of other realms.
func TestAScriptMakesNoTokenOfAnotherRealm(t *testing.T) {
	p := newPortal(t, "/am/oauth2/alpha")
	own := claimsOf(t, p.app.redeem(p.code()).AccessToken)
	change := fmt.Sprintf("accessToken.setResourceOwnerId(%q); accessToken.setAuthGrantId(%q); accessToken.setScope(['fr:idm:*']);", own["sub"], own["authGrantId"])
	p.modifyBy(modification, change+"accessToken.setRealm('/')")
	_, tokens := p.login()
	if status := p.idmStatus(tokens["access_token"].(string)); status != 401 {
		t.Errorf("an administrator's token: %d", status)
	}
	p.modifyBy(modification, change+"accessToken.setField('Realm', '/')")
	_, tokens = p.login()
	if status := p.idmStatus(tokens["access_token"].(string)); status != 401 {
		t.Errorf("an administrator's token, in another case: %d", status)
	}
	change = fmt.Sprintf("accessToken.setResourceOwnerId(%q); accessToken.setField('aud', %q); accessToken.setMayAct({client_id: %q});", own["sub"], client, exchange)
	p.modifyBy(modification, change+"accessToken.setRealm('/'); accessToken.setTokenName('id_token')")
	_, tokens = p.login()
	form := url.Values{
		"grant_type": {tokenExchange}, "client_id": {exchange}, "scope": {"fr:idm:*"},
		"subject_token": {tokens["access_token"].(string)}, "subject_token_type": {idType},
	}
	if got := p.token(form); got.Status != 400 {
		t.Errorf("an administrator's ID token: %+v", got)
	}
}
