package delegate_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"aicmcp/mockaic"
	"aicmcp/server/delegate"
)

func TestACallIsDelegated(t *testing.T) {
	r := newRig(t)
	jane := r.login("jane", "todo:read", "todo:write")
	if own := r.claims(jane.Token); own["may_act"] == nil || own["act"] != nil {
		t.Fatalf("the caller's own: %v", own)
	}
	token := r.get(jane, todo, "todo:read")
	got := r.claims(token.AccessToken)
	if got["sub"] != jane.Subject || got["aud"] != todoAPI || !reflect.DeepEqual(got["scope"], []any{"todo:read"}) ||
		got["iss"] != r.issuer() || got["act"].(map[string]any)["sub"] != server || got["may_act"] != nil {
		t.Errorf("%v", got)
	}
	if want := time.Unix(int64(got["exp"].(float64)), 0); token.Expires.After(want) || want.Sub(token.Expires) > time.Second || !slices.Equal(token.Scopes, []string{"todo:read"}) {
		t.Errorf("%v %v, want %v", token.Scopes, token.Expires, want)
	}
	if !reflect.DeepEqual(token.Claims(), got) {
		t.Errorf("Claims: %v", token.Claims())
	}

	form := r.wire.sent(exchanged)[0]
	actor := form.Get("actor_token")
	form.Del("actor_token")
	const kind = "urn:ietf:params:oauth:token-type:access_token"
	if want := (url.Values{
		"grant_type": {exchanged}, "subject_token": {jane.Token}, "subject_token_type": {kind}, "actor_token_type": {kind},
		"requested_token_type": {kind}, "scope": {"todo:read"}, "resource": {todoAPI},
	}); !reflect.DeepEqual(form, want) {
		t.Errorf("%v", form)
	}
	if own := r.claims(actor); own["sub"] != server || !reflect.DeepEqual(own["scope"], []any{"todo:read", "todo:write"}) {
		t.Errorf("the actor: %v", own)
	}
	// It is a good one, not just one that looks good.
	seen := r.post("/introspect", server, secret, url.Values{"token": {token.AccessToken}})
	if seen["active"] != true || seen["scope"] != "todo:read" {
		t.Errorf("%v", seen)
	}
	r.requests(1, 1)
}

func TestTheServerProvesItselfByAKey(t *testing.T) {
	r := newRig(t)
	jane := r.login("jane", "todo:read")
	for name, c := range keys(t) {
		r.set(clients+server, map[string]any{
			"advancedOAuth2ClientConfig/tokenEndpointAuthMethod":          "private_key_jwt",
			"signEncOAuth2ClientConfig/publicKeyLocation":                 "jwks",
			"signEncOAuth2ClientConfig/jwkSet":                            c.public,
			"signEncOAuth2ClientConfig/tokenEndpointAuthSigningAlgorithm": c.algorithm,
		})
		client, err := delegate.NewKeyClient(server, c.private)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		d := r.delegator(func(o *delegate.Options) { o.Client = client })
		if _, err := d.Token(t.Context(), jane, todo, []string{"todo:read"}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		// Any other endpoint can be asked the same way.
		form, header := url.Values{"token": {jane.Token}}, http.Header{}
		if err := d.Authenticate(t.Context(), form, header); err != nil {
			t.Fatal(err)
		}
		response, err := http.PostForm(r.issuer()+"/introspect", form)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != 200 || len(header) > 0 {
			t.Errorf("%s: introspection: %d", name, response.StatusCode)
		}
	}
}

func TestTargets(t *testing.T) {
	r := newRig(t)
	jane := r.login("jane", "todo:read", "fr:idc:esv:*")
	// The tenant's own APIs expect no audience. A family of scopes includes its members.
	tenant := delegate.Target{Name: "tenant", Scopes: []string{"fr:idc:esv:read", "fr:idc:esv:update"}}
	if got := r.claims(r.get(jane, tenant, "fr:idc:esv:update", "fr:idc:esv:read").AccessToken); got["aud"] != server || len(got["scope"].([]any)) != 2 {
		t.Errorf("%v", got)
	}
	if form := r.wire.sent(exchanged)[0]; form.Has("resource") || form.Has("audience") || form.Get("scope") != "fr:idc:esv:read fr:idc:esv:update" {
		t.Errorf("%v", form)
	}
	slash := todo
	slash.Resource += "/"
	r.scripts(mayAct, strings.ReplaceAll(modify, "asked[0]", "'"+todoAPI+"'"))
	r.get(jane, slash, "todo:read")

	// A provider that heeds audiences does so instead of a script.
	r.scripts(mayAct, "")
	r.set(provider, map[string]any{"pluginsConfig/accessTokenModificationPluginType": "JAVA", "advancedOAuth2Config/acceptAudienceParametersInTokenExchangeRequests": true})
	asking := todo
	asking.AudienceParameter = true
	_, err := r.Token(t.Context(), jane, asking, []string{"todo:read"})
	var refused *delegate.Error
	if !errors.As(err, &refused) || !strings.Contains(refused.Fix, "allowed resource server audience values") {
		t.Fatalf("an audience that is not listed: %v", err)
	}
	r.set(clients+server, map[string]any{"advancedOAuth2ClientConfig/allowedResourceServerAudienceValues": []string{todoAPI}})
	if got := r.claims(r.get(jane, asking, "todo:read").AccessToken); !reflect.DeepEqual(got["aud"], []any{server, todoAPI}) {
		t.Errorf("%v", got)
	}
}

// A token that only the issuer can read is judged by what the issuer says of it.
func TestOpaqueTokens(t *testing.T) {
	r := newRig(t)
	jane := r.login("jane", "todo:read", "todo:write")
	r.set(provider, map[string]any{"coreOAuth2Config/statelessTokensEnabled": false})
	token := r.get(jane, todo, "todo:read")
	if strings.Contains(token.AccessToken, ".") || token.Claims() != nil || !token.Expires.Equal(jane.Expires.Add(-time.Second)) {
		t.Errorf("%v", token)
	}
}

func TestScopesAreCheckedBeforeAnythingIsAsked(t *testing.T) {
	r := newRig(t)
	jane := r.login("jane", "todo:read", "fr:idc:esv:*")
	for name, c := range map[string]struct {
		scopes              []string
		lacking, notAllowed []string
	}{
		"the caller lacks one":    {[]string{"todo:read", "todo:write"}, []string{"todo:write"}, nil},
		"the target forbids one":  {[]string{"fr:idc:esv:read"}, nil, []string{"fr:idc:esv:read"}},
		"nobody knows one":        {[]string{"other"}, []string{"other"}, []string{"other"}},
		"a family of its members": {[]string{"todo:*"}, []string{"todo:*"}, []string{"todo:*"}},
	} {
		_, err := r.Token(t.Context(), jane, todo, c.scopes)
		var e *delegate.ScopeError
		if !errors.As(err, &e) || !slices.Equal(e.Lacking, c.lacking) || !slices.Equal(e.NotAllowed, c.notAllowed) || !strings.Contains(err.Error(), c.scopes[len(c.scopes)-1]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, scopes := range map[string][]string{"none": nil, "empty": {""}, "two in one": {"fr:idc:esv:read todo:write"}, "a quote": {`fr:idc:esv:"`}} {
		everything := delegate.Target{Name: "everything", Scopes: []string{"fr:idc:esv:*"}}
		if _, err := r.Token(t.Context(), jane, everything, scopes); err == nil {
			t.Errorf("%s: %q is accepted", name, scopes)
		}
	}
	for name, caller := range map[string]delegate.Caller{
		"no token": {Subject: "x", Expires: jane.Expires, Scopes: jane.Scopes}, "no subject": {Token: "x", Expires: jane.Expires, Scopes: jane.Scopes},
	} {
		if _, err := r.Token(t.Context(), caller, todo, []string{"todo:read"}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	jane.Expires = r.clock.Now()
	if _, err := r.Token(t.Context(), jane, todo, []string{"todo:read"}); !errors.Is(err, delegate.ErrExpired) {
		t.Errorf("expired: %v", err)
	}
	if n := len(r.wire.forms); n > 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestMissing(t *testing.T) {
	for _, c := range []struct {
		have, need string
		missing    bool
	}{
		{"a", "a", false},
		{"fr:idc:esv:*", "fr:idc:esv:read", false},
		{"fr:idc:esv:*", "fr:idc:esv:*", false},
		{"fr:idc:*", "fr:idc:esv:read", false},
		{"fr:idc:esv:read", "fr:idc:esv:*", true},
		{"fr:idc:esv:*", "fr:idc:esv", true},
		{"fr:idc:esv:*", "fr:idc:esv:", true},
		{"fr:idc:esv:*", "fr:idc:esvs:read", true},
		{"fr:idc:esv*", "fr:idc:esv:read", true},
		{"*", "a", true},
		{"a", "A", true},
		{"", "a", true},
	} {
		if got := delegate.Missing([]string{"x", c.have}, []string{c.need}); (len(got) > 0) != c.missing {
			t.Errorf("%q and %q: %q", c.have, c.need, got)
		}
	}
	if got := delegate.Missing([]string{"b"}, []string{"c", "b", "a"}); !slices.Equal(got, []string{"c", "a"}) {
		t.Errorf("%q", got)
	}
}

func TestTokensAreKept(t *testing.T) {
	r := newRig(t)
	jane, joe := r.login("jane", "todo:read", "todo:write"), r.login("joe", "todo:read")
	first := r.get(jane, todo, "todo:read", "todo:write")
	for _, scopes := range [][]string{{"todo:write", "todo:read"}, {"todo:read", "todo:write", "todo:read"}} {
		if r.get(jane, todo, scopes...) != first {
			t.Errorf("%q: another token", scopes)
		}
	}
	r.requests(1, 1)
	if r.hits.hit != 2 || r.hits.miss != 1 {
		t.Errorf("observed %d hits, %d misses", r.hits.hit, r.hits.miss)
	}
	other := todo
	other.Name = "other"
	others := []*delegate.Token{first, r.get(jane, todo, "todo:read"), r.get(joe, todo, "todo:read"), r.get(jane, other, "todo:read"), r.get(r.login("jane", "todo:read"), todo, "todo:read")}
	for i, token := range others {
		for _, earlier := range others[:i] {
			if token.AccessToken == earlier.AccessToken {
				t.Errorf("%d is shared", i)
			}
		}
	}
	r.requests(2, 5)

	discovered := 0
	for _, request := range r.mock.Requests() {
		if strings.HasSuffix(request.Path, "/.well-known/openid-configuration") {
			discovered++
		}
	}
	if discovered != 1 {
		t.Errorf("the discovery document was asked for %d times", discovered)
	}

	r.Invalidate(first)
	next := r.get(jane, todo, "todo:read", "todo:write")
	if next.AccessToken == first.AccessToken {
		t.Error("a token is used that its target refused")
	}
	r.Invalidate(first) // late, by another call
	if r.get(jane, todo, "todo:read", "todo:write") != next {
		t.Error("a good token was dropped")
	}
	r.requests(2, 6)
}

func TestTokensAreKeptUntilShortlyBeforeTheyExpire(t *testing.T) {
	r := newRig(t)
	jane := r.login("jane", "todo:read")
	r.clock.advance(30 * time.Minute)
	token := r.get(jane, todo, "todo:read")
	if !token.Expires.Equal(jane.Expires) {
		t.Errorf("the token outlives the caller's: %v, %v", token.Expires, jane.Expires)
	}
	r.clock.advance(29*time.Minute + 29*time.Second)
	if r.get(jane, todo, "todo:read") != token {
		t.Error("31 s before the end: another token")
	}
	r.clock.advance(time.Second)
	r.get(jane, todo, "todo:read")
	r.requests(1, 2) // the actor's lasts for half an hour more
	r.clock.advance(30 * time.Second)
	if _, err := r.Token(t.Context(), jane, todo, []string{"todo:read"}); !errors.Is(err, delegate.ErrExpired) {
		t.Errorf("%v", err)
	}

	// Its own end comes first, and what lives a minute is good for most of it.
	r.set(clients+server, map[string]any{"coreOAuth2ClientConfig/accessTokenLifetime": 61})
	jane = r.login("jane", "todo:read")
	token = r.get(jane, todo, "todo:read")
	r.clock.advance(53 * time.Second)
	if r.get(jane, todo, "todo:read") != token {
		t.Error("53 of 60 s: another token")
	}
	r.clock.advance(time.Second)
	if r.get(jane, todo, "todo:read") == token {
		t.Error("54 of 60 s: the same token")
	}
	r.requests(1, 4)
}

func TestTheCacheIsBounded(t *testing.T) {
	r := newRig(t, func(o *delegate.Options) { o.Capacity = 2 })
	jane := r.login("jane", "todo:read", "todo:write")
	scopes := [][]string{{"todo:read"}, {"todo:write"}, {"todo:read", "todo:write"}}
	for _, set := range scopes {
		r.get(jane, todo, set...)
	}
	r.get(jane, todo, scopes[2]...)
	r.get(jane, todo, scopes[1]...)
	r.requests(1, 3)
	r.get(jane, todo, scopes[0]...) // the one that gave way
	r.requests(1, 4)
}

// An actor token that is no longer good is replaced once, however the caller stands.
func TestARevokedActorTokenIsReplaced(t *testing.T) {
	r := newRig(t)
	jane := r.login("jane", "todo:read", "todo:write")
	revoke := func() {
		actors := r.wire.sent(exchanged)
		r.post("/token/revoke", server, secret, url.Values{"token": {actors[len(actors)-1].Get("actor_token")}})
	}
	r.get(jane, todo, "todo:read")
	r.clock.advance(time.Minute)
	revoke()
	r.get(jane, todo, "todo:write")
	r.requests(2, 3)

	// One that was made just now is not suspected.
	revoke()
	_, err := r.Token(t.Context(), jane, todo, []string{"todo:read", "todo:write"})
	if err == nil {
		t.Error("a revoked actor")
	}
	r.requests(2, 4)

	// Nor is any when the caller's token says itself why it is refused.
	r.clock.advance(time.Minute)
	r.scripts("token.setMayAct({client_id: 'portal'});", modify)
	r.get(jane, todo, "todo:read", "todo:write")
	r.requests(3, 6)
	r.clock.advance(time.Minute)
	if _, err = r.Token(t.Context(), r.login("joe", "todo:read"), todo, []string{"todo:read"}); err == nil {
		t.Error("a token that names another client")
	}
	r.requests(3, 7)

	// A caller whose token is revoked costs one more actor token, and is refused.
	r.scripts(mayAct, modify)
	joe := r.login("joe", "todo:read")
	r.post("/token/revoke", "portal", "portal", url.Values{"token": {joe.Token}})
	var refused *delegate.Error
	if _, err = r.Token(t.Context(), joe, todo, []string{"todo:read"}); !errors.As(err, &refused) || !strings.Contains(err.Error(), "revoked") || refused.Retryable {
		t.Errorf("%v", err)
	}
	r.requests(4, 9)
}

func TestWhatMustBeSetAtTheTenant(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(r *rig)
		want string // in the error
	}{
		"no may-act script":      {func(r *rig) { r.scripts("", modify) }, "has no claim may_act"},
		"may_act names another":  {func(r *rig) { r.scripts("token.setMayAct({client_id: 'x'});", modify) }, "names another client"},
		"may_act names a person": {func(r *rig) { r.scripts("token.setMayAct({client_id: 'mcp_server', sub: 'x'});", modify) }, "names another client"},
		"no exchange at provider": {func(r *rig) {
			r.set(provider, map[string]any{"advancedOAuth2Config/grantTypes": []string{"password", "client_credentials"}})
		}, "provider's grant types must have " + exchanged},
		"no exchange of the client": {func(r *rig) {
			r.set(clients+server, map[string]any{"advancedOAuth2ClientConfig/grantTypes": []string{"client_credentials"}})
		}, "must be Confidential and have the grant type " + exchanged},
		"no client_credentials": {func(r *rig) {
			r.set(clients+server, map[string]any{"advancedOAuth2ClientConfig/grantTypes": []string{exchanged}})
		}, "must be Confidential and have the grant type client_credentials"},
		"another secret": {func(r *rig) { r.set(clients+server, map[string]any{"coreOAuth2ClientConfig/userpassword": "changed"}) }, "check the ID \"mcp_server\" and the secret or key"},
		"a scope is not listed": {func(r *rig) {
			r.set(clients+server, map[string]any{"coreOAuth2ClientConfig/scopes": []string{"todo:read"}})
		}, "must have these among its scopes"},
		"a may-act script that fails": {func(r *rig) {
			r.scripts("if (clientProperties.clientId === 'mcp_server') { throw 'x'; } "+mayAct, modify)
		}, "may-act script fails"},
		"a modification script that fails": {func(r *rig) { r.scripts(mayAct, "if (clientProperties.clientId === 'mcp_server') { throw 'x'; }") }, "modification script fails"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			c.set(r)
			_, err := r.Token(t.Context(), r.login("jane", "todo:read"), todo, []string{"todo:read"})
			var refused *delegate.Error
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) || refused.Retryable || refused.TransactionID == "" {
				t.Errorf("%v", err)
			}
			r.discreet(fmt.Sprintf("%v %+v", err, err))
		})
	}
}

// What scripts of the tenant do to a token is noticed before the token is used.
func TestTokensThatAreNotUsed(t *testing.T) {
	for claim, script := range map[string]string{
		"aud":            "",
		"aud elsewhere":  "accessToken.setField('aud', 'https://todo.example.com/api2');",
		"sub":            "accessToken.setField('sub', 'somebody');",
		"act":            "accessToken.setField('act', {sub: 'somebody'});",
		"act of another": "accessToken.setField('act', {sub: 'mcp_server', client_id: 'x'});",
		"act without":    "accessToken.setField('act', {act: {sub: 'mcp_server'}});",
		"iss":            "accessToken.setField('iss', 'https://issuer.example.com');",
		"scope":          "accessToken.setScope(['todo:read', 'todo:write']);",
		"scope less":     "accessToken.setScope([]);",
		"scope in one":   "accessToken.setScope(['todo:read todo:write']);",
		"exp":            "accessToken.setField('exp', accessToken.getField('iat'));",
	} {
		t.Run(claim, func(t *testing.T) {
			r := newRig(t)
			source := "if (requestProperties.requestParams.actor_token) {" + script + "}"
			if !strings.HasPrefix(claim, "aud") {
				source = modify + source
			}
			r.scripts(mayAct, source)
			for range 2 { // and nothing is kept
				_, err := r.Token(t.Context(), r.login("jane", "todo:read", "todo:write"), todo, []string{"todo:read"})
				var wrong *delegate.Mismatch
				if !errors.As(err, &wrong) || wrong.Claim != strings.Fields(claim)[0] || wrong.Target != "todo" || wrong.Fix == "" || !strings.Contains(err.Error(), wrong.Fix) {
					t.Errorf("%v", err)
				}
				r.discreet(fmt.Sprintf("%v %+v", err, err))
			}
			r.requests(1, 2)
		})
	}
}

func TestAnOverloadedIssuer(t *testing.T) {
	r := newRig(t)
	jane := r.login("jane", "todo:read")
	for _, status := range []int{429, 500, 503} {
		r.mock.Inject(mockaic.Fault{Method: "POST", Status: status, RetryAfter: 7 * time.Second})
		_, err := r.Token(t.Context(), jane, todo, []string{"todo:read"})
		var failed *delegate.Error
		if !errors.As(err, &failed) || failed.Status != status || !failed.Retryable || failed.RetryAfter != 7*time.Second || !strings.Contains(err.Error(), "7s") {
			t.Errorf("%d: %v", status, err)
		}
	}
	r.get(jane, todo, "todo:read") // no error is kept
}

func TestNothingSecretIsPrinted(t *testing.T) {
	r := newRig(t)
	jane := r.login("jane", "todo:read")
	token := r.get(jane, todo, "todo:read")
	private := keys(t)["EC"].private
	byKey, err := delegate.NewKeyClient(server, private)
	if err != nil {
		t.Fatal(err)
	}
	bySecret, err := delegate.NewSecretClient(server, secret)
	if err != nil {
		t.Fatal(err)
	}
	var key map[string]string
	if err := json.Unmarshal(private, &key); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	text, structured := slog.New(slog.NewTextHandler(&out, nil)), slog.New(slog.NewJSONHandler(&out, nil))
	for _, v := range []any{jane, &jane, token, *token, byKey, *byKey, bySecret, *bySecret, []delegate.Caller{jane}, struct{ T *delegate.Token }{token}} {
		text.Info("x", "v", v)
		structured.Info("x", "v", v)
		fmt.Fprintf(&out, "%v %+v %#v %s %q", v, v, v, v, v)
		asJSON, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(asJSON)
	}
	r.discreet(out.String())
	if strings.Contains(out.String(), token.AccessToken) || strings.Contains(out.String(), key["d"]) || !strings.Contains(out.String(), "OAuth client mcp_server") {
		t.Errorf("%s", out.String())
	}
}

func BenchmarkCacheHit(b *testing.B) {
	r := newRig(b)
	jane := r.login("jane", "todo:read", "todo:write")
	r.get(jane, todo, "todo:read")
	scopes, ctx := []string{"todo:read"}, b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Token(ctx, jane, todo, scopes); err != nil {
			b.Fatal(err)
		}
	}
}
