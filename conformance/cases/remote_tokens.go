package cases

import (
	"net/http"
	"time"

	c "aicmcp/conformance"
)

// remoteTokens are the cases about whose tokens a remote MCP server takes.
var remoteTokens = []c.Case{
	{
		ID:    "remote/token/good",
		Title: "who registers, logs in and asks for a token for the server is let in, also with a slash at the end of its name",
		Level: c.Must, Needs: remotePeople, Ref: refRemoteTokens, Writes: true,
		Run: func(t *c.T) {
			r := findRemote(t)
			a := r.register()
			for _, resource := range []string{t.Target.MCP, t.Target.MCP + "/"} {
				token := r.tokensFor(a, resource, []string{"openid", "profile"}).Text("access_token")
				claims := caller{t, token}.own()
				t.Equal("claims", parseToken(t, token).claims, claims)
				t.Equal("sub", a.person.id, c.At(claims, "sub"))
			}
		},
	}, {
		ID:    "remote/token/audience",
		Title: "a token for something else is refused: for its client, for a neighbour, for several others, for nothing; one for the server among others is taken",
		Level: c.Must, Needs: remoteScripts, Ref: refRemoteTokens, Writes: true,
		Run: func(t *c.T) {
			a := findRemote(t).claimedTokens()
			taken, _ := a.claiming(object{"aud": []string{attacker, t.Target.MCP}})
			checkTaken(t, taken)
			slashed, _ := a.claiming(object{"aud": t.Target.MCP + "/"})
			checkTaken(t, slashed)
			for what, audience := range map[string]any{
				"another server": attacker + "/mcp", "the client": a.id, "a neighbour": t.Target.MCP + ".attacker.example.com", "what is below": t.Target.MCP + "/other",
				"the host only": beside(t, "", false), "others": []string{attacker, a.id}, "nobody": []string{}, "the name in a text": "for " + t.Target.MCP,
			} {
				token, _ := a.claiming(object{"aud": audience})
				checkBadBearer(t, "a token for "+what, token)
			}
		},
	}, {
		ID:    "remote/token/unasked",
		Title: "a token that was not asked for the server is refused",
		Level: c.Must, Needs: remotePeople, Ref: refRemoteTokens, Writes: true,
		Run: func(t *c.T) {
			r := findRemote(t)
			a := r.register()
			checkTaken(t, r.tokens(a, "openid", "profile").Text("access_token"))
			for _, resource := range []string{"", attacker + "/mcp"} {
				checkBadBearer(t, "a token for the resource "+resource, r.tokensFor(a, resource, []string{"openid"}).Text("access_token"))
			}
		},
	}, {
		ID:    "remote/token/issuer",
		Title: "a token of another issuer is refused: another realm's, be it signed with the same key, and other spellings",
		Level: c.Must, Needs: remoteScripts, Ref: refRemoteTokens, Writes: true,
		Run: func(t *c.T) {
			r := findRemote(t)
			a := r.claimedTokens()
			good, _ := a.claiming(object{"iss": r.issuer})
			checkTaken(t, good)
			for _, issuer := range []string{
				withPort(t) + "/am/oauth2/bravo", withPort(t) + "/am/oauth2", r.issuer + "/", r.issuer + "x", attacker + "/am/oauth2/alpha", "",
			} {
				token, _ := a.claiming(object{"iss": issuer})
				checkBadBearer(t, "the issuer "+issuer, token)
			}
		},
	}, {
		ID:    "remote/token/expired",
		Title: "a token that has expired is refused",
		Level: c.Must, Needs: remoteScripts, Ref: refRemoteTokens, Writes: true,
		Run: func(t *c.T) {
			checkClaimedTime(t, "exp", +10*time.Minute, -10*time.Minute, -1000*time.Hour)
		},
	}, {
		ID:    "remote/token/not-yet-valid",
		Title: "a token is refused before its time",
		Level: c.Must, Needs: remoteScripts, Ref: refRemoteTokens + "; RFC 7519 4.1.5", Writes: true,
		Run: func(t *c.T) {
			checkClaimedTime(t, "nbf", -10*time.Minute, +10*time.Minute, +1000*time.Hour)
		},
	}, {
		ID:    "remote/token/forged",
		Title: "a token that the issuer did not sign is refused, whatever its header says: none, HS256 with the public key, foreign keys, tampered claims",
		Level: c.Must, Needs: remotePeople, Ref: refRemoteTokens + "; " + refForgedTokens, Writes: true,
		Run: func(t *c.T) {
			r := findRemote(t)
			a := r.register()
			good := r.tokens(a, "openid", "profile").Text("access_token")
			checkTaken(t, good)
			for what, token := range a.forgeries(good) {
				checkBadBearer(t, what, token)
			}
			checkTaken(t, good)
		},
	}, {
		ID:    "remote/token/kind",
		Title: "other tokens do not pass for an access token: ID tokens, refresh tokens, sessions",
		Level: c.Must, Needs: remotePeople, Ref: refRemoteTokens, Writes: true,
		Run: func(t *c.T) {
			r := findRemote(t)
			a := r.register()
			res := r.tokens(a, "openid", "profile")
			checkTaken(t, res.Text("access_token"))
			for _, kind := range []string{"id_token", "refresh_token"} {
				if res.Text(kind) == "" {
					t.Fatalf("the tenant gives no %s", kind)
				}
				checkBadBearer(t, kind, res.Text(kind))
			}
			checkRefused(t, "a session", caller{t, a.token}.whoAmI())
		},
	}, {
		ID:    "remote/token/query",
		Title: "a token in the query is not taken, nor one in a form",
		Level: c.Must, Needs: remotePeople, Ref: "RFC 9700 4.3.2; MCP 2026-07-28, authorization: never in the query", Writes: true,
		Run: func(t *c.T) {
			r := findRemote(t)
			k := r.caller("openid", "profile")
			t.Has("who the caller is", k.own(), "sub")
			nobody := caller{t: t}
			checkRefused(t, "a token in the query", nobody.whoAmI(c.Query("access_token", k.token)))
			checkRefused(t, "a token in the query, too", k.whoAmI(c.Query("access_token", k.token)))
			checkRefused(t, "a token in a form", nobody.post(formOf("access_token", k.token)))
		},
	}, {
		ID:    "remote/token/revoked",
		Title: "a token that was revoked is refused at once",
		Level: c.Must, Needs: append([]c.Feature{c.RemoteIntrospection}, remotePeople...), Ref: "RFC 7009; RFC 7662", Writes: true,
		Run: func(t *c.T) {
			r := findRemote(t)
			a := r.register()
			token, other := r.tokens(a, "openid", "profile").Text("access_token"), r.tokens(a, "openid", "profile").Text("access_token")
			checkTaken(t, token)
			checkRevoked(t, a.post("/token/revoke", "token", token))
			checkBadBearer(t, "a revoked token", token)
			checkTaken(t, other)
		},
	},
}

// checkClaimedTime checks that tokens with one time in their claim are taken, and such with
// others refused. Times are relative to now.
func checkClaimedTime(t *c.T, claim string, taken time.Duration, refused ...time.Duration) {
	a := findRemote(t).claimedTokens()
	at := func(d time.Duration) string {
		token, _ := a.claiming(object{claim: time.Now().Add(d).Unix()})
		return token
	}
	checkTaken(t, at(taken))
	for _, d := range refused {
		checkBadBearer(t, "a token with "+claim+" "+d.String()+" from now", at(d))
	}
}

// checkRefused checks that a request is not served, by 400 or 401.
func checkRefused(t *c.T, what string, res *c.Response) {
	t.True("the status for "+what+" is 400 or 401", res.Status == http.StatusBadRequest || res.Status == http.StatusUnauthorized)
	t.Lacks("the answer to "+what, res.Body, "result")
}
