package cases

import (
	"crypto/hmac"
	"crypto/sha256"
	"net/http"
	"net/url"
	"regexp"

	c "aicmcp/conformance"
)

const (
	refIDTokenInfo = "documented: AM, idtokeninfo; the text of a missing token is known from AM's ancestor"
	refOverrides   = "live-verified on tenants: a client that overrides its provider; documented: opaque tokens"
)

// infoCases are the cases about who tells of tokens, and about tokens as clients can set
// them.
var infoCases = []c.Case{
	{
		ID:    "provider/idtokeninfo/answer",
		Title: "idtokeninfo tells the claims of an ID token, or those of them that are asked for",
		Level: c.Should, Needs: appsAndUsers, Ref: refIDTokenInfo, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			token := a.tokens().Text("id_token")
			claims := parseToken(t, token).claims
			res := a.post("/idtokeninfo", "id_token", token)
			t.Status(http.StatusOK, res)
			t.Equal("claims", claims, res.Body)
			res = a.post("/idtokeninfo", "id_token", token, "claims", "sub,iss,conformance")
			t.Status(http.StatusOK, res)
			t.Equal("two claims", object{"sub": c.At(claims, "sub"), "iss": c.At(claims, "iss")}, res.Body)
			t.Status(http.StatusMethodNotAllowed, t.Get(a.provider+"/idtokeninfo", c.Anonymous()))
		},
	}, {
		ID:    "provider/idtokeninfo/missing",
		Title: "a request without an ID token is told so",
		Level: c.Should, Needs: appsNeeded, Ref: refIDTokenInfo, Writes: true,
		Run: func(t *c.T) {
			checkOAuthError(t, makeApp(t).post("/idtokeninfo"), http.StatusBadRequest, "invalid_request", "no id_token in request")
		},
	}, {
		ID:    "provider/idtokeninfo/client",
		Title: "who is no client is told nothing of an ID token, nor is another client than the one that it is for",
		Level: c.Must, Needs: append([]c.Feature{c.Realms}, appsAndUsers...), Ref: refIDTokenInfo, Writes: true,
		Run: func(t *c.T) {
			a, other := makeApp(t).logIn(), makeApp(t)
			token := a.tokens().Text("id_token")
			checkNoTokens(t, other.post("/idtokeninfo", "id_token", token))
			if oauthProvider.get(t).At("advancedOIDCConfig", "idTokenInfoClientAuthenticationEnabled") == false {
				return // anybody may ask
			}
			form := url.Values{"id_token": {token}}
			checkOAuthError(t, t.Post(a.provider+"/idtokeninfo", form, c.Anonymous()), http.StatusBadRequest, "invalid_client", "")
			checkOAuthError(t, t.Post(a.provider+"/idtokeninfo", form, basic(t, a.id, freshSecret(t))), http.StatusUnauthorized, "invalid_client", "")
		},
	}, {
		ID:    "provider/idtokeninfo/forged",
		Title: "nothing is told of an ID token that the tenant did not sign, nor of a token of another kind or realm",
		Level: c.Must, Needs: appsAndUsers, Ref: refIDTokenInfo + "; " + refForgedTokens, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			res := a.tokens()
			tried := a.forgeries(res.Text("id_token"), a.secret)
			tried["an access token"], tried["a refresh token"], tried["no token"] = res.Text("access_token"), res.Text("refresh_token"), noToken
			for what, token := range tried {
				refused := a.post("/idtokeninfo", "id_token", token)
				t.Equal("status for "+what, http.StatusBadRequest, refused.Status)
				t.Lacks("answer to "+what, refused.Body, "sub")
			}
			checkNoTokens(t, a.twin().post("/idtokeninfo", "id_token", res.Text("id_token")))
			t.Status(http.StatusOK, a.post("/idtokeninfo", "id_token", res.Text("id_token")))
		},
	}, {
		ID:    "provider/end-session/forged",
		Title: "nobody is logged out by an ID token that the tenant did not sign, whatever its header says",
		Level: c.Must, Needs: appsAndUsers, Ref: refEndSession + "; " + refForgedTokens, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			hint := a.tokens().Text("id_token")
			for what, token := range a.forgeries(hint, a.secret) {
				t.Equal("status for "+what, http.StatusBadRequest, a.endSession("id_token_hint", token).Status)
				t.Equal("the session is valid after "+what, true, sessions.ask(t, "validate", a.token).At("valid"))
			}
			t.Status(http.StatusNoContent, a.endSession("id_token_hint", hint))
		},
	}, {
		ID:    "provider/end-session/other-realm",
		Title: "an ID token of alpha logs nobody out in bravo",
		Level: c.Should, Needs: appsAndUsers, Ref: refRealmBounds, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			hint := a.tokens().Text("id_token")
			checkBetween(t, "status", 400, int64(a.twin().endSession("id_token_hint", hint).Status), 401)
			t.Equal("the session is valid", true, sessions.ask(t, "validate", a.token).At("valid"))
			t.Status(http.StatusNoContent, a.endSession("id_token_hint", hint))
		},
	}, {
		ID:    "provider/introspect/forged",
		Title: "a token that the tenant did not sign is inactive, whatever its header says",
		Level: c.Must, Needs: appsNeeded, Ref: refIntrospect + "; " + refForgedTokens, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			token := a.ownToken()
			for what, bad := range a.forgeries(token, a.secret) {
				t.Equal("introspection of "+what, object{"active": false}, a.post("/introspect", "token", bad).Body)
			}
			t.Equal("the token itself", true, a.post("/introspect", "token", token).At("active"))
		},
	}, {
		ID:    "provider/introspect/jwt",
		Title: "who accepts a JWT gets the introspection as one, signed by the realm, for the client that asks",
		Level: c.Should, Needs: appsNeeded, Ref: refIntrospect + "; RFC 9701", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			form := url.Values{"token": {a.ownToken()}}
			for _, accept := range []string{"application/jwt", "application/token-introspection+jwt"} {
				res := t.Post(a.provider+"/introspect", form, basic(t, a.id, a.secret), c.Header("Accept", accept))
				t.Status(http.StatusOK, res)
				t.Contains("Content-Type", "jwt", res.Header.Get("Content-Type"))
				token := parseToken(t, string(res.Raw))
				t.True("the signature is good", token.signedBy(a.key(c.Text(token.header, "kid"))))
				checkHolds(t, "claims", object{"iss": withPort(t) + a.provider, "aud": a.id}, token.claims)
				t.Equal("active", true, c.At(token.claims, "token_introspection", "active"))
			}
		},
	}, {
		ID:    "provider/introspect/any-realm",
		Title: "only a client that may introspect the tokens of all realms is told of another realm's",
		Level: c.Should, Needs: appsNeeded, Ref: refIntrospect, Writes: true,
		Run: func(t *c.T) {
			inRealm := setting(coreSection, "scopes", []string{"read", "am-introspect-all-tokens"})
			everywhere := setting(coreSection, "scopes", []string{"read", "am-introspect-all-tokens-any-realm"})
			own, all := makeApp(t, inRealm), makeApp(t, everywhere)
			token := makeApp(t).ownToken()
			t.Equal("in alpha", true, own.post("/introspect", "token", token).At("active"))
			checkInactive(t, own.twin(inRealm).post("/introspect", "token", token))
			res := all.twin(everywhere).post("/introspect", "token", token)
			checkHolds(t, "answer in bravo", object{"active": true, "realm": "/alpha"}, res.Body)
			t.Lacks("answer in bravo", res.Body, "expires_in")
		},
	}, {
		ID:    "provider/introspect/refresh-token",
		Title: "a refresh token is introspected by its client, and by no other",
		Level: c.Should, Needs: appsAndUsers, Ref: refIntrospect, Writes: true,
		Run: func(t *c.T) {
			a, other := makeApp(t).logIn(), makeApp(t)
			token := a.tokens().Text("refresh_token")
			checkHolds(t, "answer", object{"active": true, "client_id": a.id, "sub": a.person.id, "realm": "/alpha"}, a.post("/introspect", "token", token).Body)
			checkInactive(t, other.post("/introspect", "token", token))
			checkTokens(t, a.refresh(token))
			checkInactive(t, a.post("/introspect", "token", token))
		},
	}, {
		ID:    "provider/tokeninfo/post",
		Title: "tokeninfo and userinfo answer to POST as they do to GET",
		Level: c.Should, Needs: appsAndUsers, Ref: refTokenInfo + "; " + refUserInfo, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			token := a.tokens().Text("access_token")
			for _, endpoint := range []string{"/tokeninfo", "/userinfo"} {
				res := t.Post(a.provider+endpoint, nil, c.Bearer(token))
				t.Status(http.StatusOK, res)
				t.Equal("sub by POST of "+endpoint, a.person.id, res.At("sub"))
			}
		},
	}, {
		ID:    "provider/token/order",
		Title: "header and claims of an access token have an order",
		Level: c.Should, Needs: appsAndUsers, Ref: "recorded on tenants: the order of the claims; client_id was not there then", Writes: true,
		Run: func(t *c.T) {
			token := makeApp(t).logIn().tokens().Text("access_token")
			names := claimNames(t, token)
			var recorded []string
			for _, name := range names {
				if name != "client_id" {
					recorded = append(recorded, name)
				}
			}
			t.Equal("claims", []string{
				"sub", "cts", "auth_level", "auditTrackingId", "subname", "iss", "tokenName", "token_type", "authGrantId", "aud", "nbf",
				"grant_type", "scope", "auth_time", "realm", "exp", "iat", "expires_in", "jti",
			}, recorded)
			for _, name := range []string{"authGrantId", "jti"} {
				t.True(name+" is 27 characters of base64url", shortID.MatchString(c.Text(parseToken(t, token).claims, name)))
			}
		},
	}, {
		ID:    "provider/token/opaque",
		Title: "a client may have tokens that are opaque: 27 characters, of which the tenant knows what they say",
		Level: c.Must, Needs: appsAndUsers, Ref: refOverrides, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, overriding(object{"statelessTokensEnabled": false})).logIn()
			res := a.tokens()
			token := res.Text("access_token")
			t.True("the token is 27 characters of base64url", shortID.MatchString(token))
			checkHolds(t, "introspection", object{"active": true, "client_id": a.id, "sub": a.person.id}, a.post("/introspect", "token", token).Body)
			checkHolds(t, "tokeninfo", object{"access_token": token, "sub": a.person.id, "realm": "/alpha"}, a.tokenInfo(token).Body)
			t.Status(http.StatusOK, a.userInfo(token))
			t.Status(http.StatusUnauthorized, t.Get(inBravoProvider+"/tokeninfo", c.Bearer(token)))
			checkRevoked(t, a.post("/token/revoke", "token", token))
			a.checkBadToken(token)
		},
	}, {
		ID:    "provider/id-token/secret",
		Title: "an ID token of a client that is set to HS256 is signed with the client's secret, and names no key",
		Level: c.Should, Needs: appsAndUsers, Ref: "documented: AM, idTokenSignedResponseAlg; OpenID Connect Core 1.0, 10.1", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, setting(signingSection, "idTokenSignedResponseAlg", "HS256")).logIn()
			token := parseToken(t, a.tokens().Text("id_token"))
			t.Equal("header", object{"typ": "JWT", "alg": "HS256"}, token.header)
			mac := hmac.New(sha256.New, []byte(a.secret))
			mac.Write([]byte(token.signed))
			t.True("the signature is good", hmac.Equal(mac.Sum(nil), token.signature))
		},
	},
}

// shortID is what codes, opaque tokens and the IDs of tokens and grants look like.
var shortID = regexp.MustCompile(`^[A-Za-z0-9_-]{27}$`)
