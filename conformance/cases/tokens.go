package cases

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	c "aicmcp/conformance"
)

// Cases of the token endpoint, a grant after the other, and of what it issues.
var issuing = []c.Case{
	{
		ID:    "oauth/code/exchange",
		Title: "login and consent lead to a code, with state, iss and client_id, and it to tokens",
		Level: c.Must, Needs: []c.Feature{c.OAuth, c.FormLogin}, Ref: refPKCE,
		Run: func(t *c.T) {
			a := newAuthorization(t)
			back := a.logIn("allow")
			t.True("the code has at least 27 characters", len(back.Get("code")) >= 27)
			t.Equal("state", a.params.Get("state"), back.Get("state"))
			t.Equal("client_id", a.params.Get("client_id"), back.Get("client_id"))
			t.Equal("iss", withPort(t)+provider, back.Get("iss"))
			res := a.redeem(back.Get("code"))
			checkTokens(t, res)
			t.True("there is a refresh token", res.Text("refresh_token") != "")
			t.Equal("scope", sortedWords(a.params.Get("scope")), sortedWords(res.Text("scope")))
			t.Status(http.StatusOK, useToken(t, res.Text("access_token")))
		},
	}, {
		ID:    "oauth/code/single-use",
		Title: "a code that comes a second time is refused, and what it gave is revoked",
		Level: c.Must, Needs: []c.Feature{c.OAuth, c.FormLogin, c.Managed}, Ref: refCode,
		Run: func(t *c.T) {
			a := newAuthorization(t)
			code := a.logIn("allow").Get("code")
			first := a.redeem(code)
			checkTokens(t, first)
			t.Status(http.StatusOK, useToken(t, first.Text("access_token")))
			checkOAuthError(t, a.redeem(code), http.StatusBadRequest, "invalid_grant", "")
			t.Status(http.StatusUnauthorized, useToken(t, first.Text("access_token")))
			checkOAuthError(t, refresh(t, first.Text("refresh_token")), http.StatusBadRequest, "invalid_grant", "")
		},
	}, {
		ID:    "oauth/code/wrong-verifier",
		Title: "a code is refused with another verifier than its challenge's",
		Level: c.Must, Needs: []c.Feature{c.OAuth, c.FormLogin}, Ref: refPKCE,
		Run: func(t *c.T) {
			a := newAuthorization(t)
			code := a.logIn("allow").Get("code")
			a.verifier = newAuthorization(t).verifier
			checkOAuthError(t, a.redeem(code), http.StatusBadRequest, "invalid_grant", badGrant)
		},
	}, {
		ID:    "oauth/code/no-verifier",
		Title: "a code with a challenge is refused without a verifier",
		Level: c.Must, Needs: []c.Feature{c.OAuth, c.FormLogin}, Ref: refPKCE,
		Run: func(t *c.T) {
			a := newAuthorization(t)
			code := a.logIn("allow").Get("code")
			a.verifier = ""
			checkOAuthError(t, a.redeem(code), http.StatusBadRequest, "invalid_request", "code_verifier parameter required")
		},
	}, {
		ID:    "oauth/code/other-redirect",
		Title: "a code is refused with another redirect URI than it was sent to",
		Level: c.Must, Needs: []c.Feature{c.OAuth, c.FormLogin}, Ref: refCode,
		Run: func(t *c.T) {
			a := newAuthorization(t)
			code := a.logIn("allow").Get("code")
			a.params.Set("redirect_uri", "https://attacker.example.com/")
			checkNoTokens(t, a.redeem(code))
		},
	}, {
		ID:    "oauth/code/no-redirect",
		Title: "a code is refused without the redirect URI that it was sent to",
		Level: c.Must, Needs: []c.Feature{c.OAuth, c.FormLogin}, Ref: refCode,
		Run: func(t *c.T) {
			a := newAuthorization(t)
			code := a.logIn("allow").Get("code")
			a.params.Del("redirect_uri")
			checkNoTokens(t, a.redeem(code))
		},
	}, {
		ID:    "oauth/code/other-client",
		Title: "a code is refused to another client than it was given to",
		Level: c.Must, Needs: []c.Feature{c.OAuth, c.FormLogin, c.TokenExchange}, Ref: refCode,
		Run: func(t *c.T) {
			a := newAuthorization(t)
			code := a.logIn("allow").Get("code")
			a.params.Set("client_id", t.Target.OAuth.ExchangeID)
			checkNoTokens(t, a.redeem(code))
		},
	}, {
		ID:    "oauth/code/challenge-as-verifier",
		Title: "under S256 the challenge itself is no verifier",
		Level: c.Must, Needs: []c.Feature{c.OAuth, c.FormLogin}, Ref: refPKCE,
		Run: func(t *c.T) {
			a := newAuthorization(t)
			code := a.logIn("allow").Get("code")
			a.verifier = a.params.Get("code_challenge")
			checkOAuthError(t, a.redeem(code), http.StatusBadRequest, "invalid_grant", "")
		},
	}, {
		ID:    "oauth/code/unknown",
		Title: "a code that was never given is refused",
		Level: c.Must, Needs: []c.Feature{c.OAuth}, Ref: refToken,
		Run: func(t *c.T) {
			checkOAuthError(t, newAuthorization(t).redeem(t.Fresh("code")), http.StatusBadRequest, "invalid_grant", "")
		},
	}, {
		ID:    "oauth/token/method",
		Title: "the token endpoint answers 405 to GET",
		Level: c.Must, Needs: []c.Feature{c.OAuth}, Ref: refToken,
		Run: func(t *c.T) {
			t.Status(http.StatusMethodNotAllowed, t.Get(accessToken, c.Anonymous(), c.Query("grant_type", grantCode)))
		},
	}, {
		ID:    "oauth/token/json-body",
		Title: "a JSON body is refused by its content type",
		Level: c.Must, Needs: []c.Feature{c.OAuth}, Ref: refToken,
		Run: func(t *c.T) {
			res := t.Post(accessToken, object{"grant_type": grantCode}, c.Anonymous())
			checkOAuthError(t, res, http.StatusBadRequest, "invalid_request", "Invalid Content Type")
		},
	}, {
		ID:    "oauth/token/no-grant-type",
		Title: "a request without a grant type is refused",
		Level: c.Must, Needs: []c.Feature{c.OAuth}, Ref: refToken,
		Run: func(t *c.T) {
			res := ask(t, url.Values{"client_id": {t.Target.OAuth.LoginID}})
			checkOAuthError(t, res, http.StatusBadRequest, "invalid_request", "Grant type is not set")
		},
	}, {
		ID:    "oauth/token/unknown-grant",
		Title: "a grant type that does not exist is refused",
		Level: c.Must, Needs: []c.Feature{c.OAuth}, Ref: refToken,
		Run: func(t *c.T) {
			res := ask(t, url.Values{"client_id": {t.Target.OAuth.LoginID}, "grant_type": {"conformance"}})
			checkOAuthError(t, res, http.StatusBadRequest, "unsupported_grant_type", "Grant type is not supported")
		},
	}, {
		ID:    "oauth/token/unknown-client",
		Title: "an unknown client is 400 when named in the form, 401 with a challenge when by Basic",
		Level: c.Must, Needs: []c.Feature{c.OAuth}, Ref: refToken,
		Run: func(t *c.T) {
			id := t.Fresh("client")
			form := url.Values{"grant_type": {grantCode}, "code": {"x"}, "client_id": {id}}
			checkOAuthError(t, ask(t, form), http.StatusBadRequest, "invalid_client", "Client authentication failed")
			form.Del("client_id")
			basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":secret"))
			res := t.Post(accessToken, form, c.Anonymous(), c.Header("Authorization", basic))
			checkOAuthError(t, res, http.StatusUnauthorized, "invalid_client", "Client authentication failed")
			t.Contains("WWW-Authenticate", "Basic realm=", res.Header.Get("WWW-Authenticate"))
		},
	}, {
		ID:    "oauth/token/claims",
		Title: "an access token is an RS256 JWT with the tenant's claims",
		Level: c.Must, Needs: []c.Feature{c.OAuth, c.FormLogin}, Ref: refClaims,
		Run: func(t *c.T) {
			a := newAuthorization(t)
			res := a.tokens()
			token := parseToken(t, res.Text("access_token"))
			t.Equal("typ", "JWT", c.At(token.header, "typ"))
			t.Equal("alg", "RS256", c.At(token.header, "alg"))
			for claim, want := range map[string]any{
				"iss": withPort(t) + provider, "aud": a.params.Get("client_id"), "realm": "/", "tokenName": "access_token",
				"token_type": "Bearer", "grant_type": grantCode, "cts": "OAUTH2_STATELESS_GRANT", "subname": c.At(token.claims, "sub"),
			} {
				t.Equal(claim, want, c.At(token.claims, claim))
			}
			t.Has("claims", token.claims, "auditTrackingId", "authGrantId", "jti", "nbf", "auth_time", "auth_level")
			t.Equal("scope", sortedWords(a.params.Get("scope")), sortedTexts(c.List(token.claims, "scope")))
			t.True("sub is set", c.Text(token.claims, "sub") != "")
			issued, lifetime := c.Number(token.claims, "iat"), c.Number(token.claims, "expires_in")
			t.Equal("exp - iat", lifetime, c.Number(token.claims, "exp")-issued)
			checkBetween(t, "expires_in of the answer", lifetime-justNow, res.Number("expires_in"), lifetime)
			checkBetween(t, "auth_time", issued-justNow, c.Number(token.claims, "auth_time"), issued)
		},
	}, {
		ID:    "oauth/token/distinct",
		Title: "two access tokens of one grant have different IDs",
		Level: c.Must, Needs: []c.Feature{c.OAuth, c.FormLogin}, Ref: "RFC 7519 4.1.7: jti is unique",
		Run: func(t *c.T) {
			first := newAuthorization(t).tokens()
			second := refresh(t, first.Text("refresh_token"))
			checkTokens(t, second)
			jti := func(res *c.Response) string { return c.Text(parseToken(t, res.Text("access_token")).claims, "jti") }
			t.True("there is a jti", jti(first) != "")
			t.Differs("jti", jti(first), jti(second))
		},
	}, {
		ID:    "oauth/token/signature",
		Title: "an access token is signed by the key of the key set that it names",
		Level: c.Must, Needs: []c.Feature{c.OAuth, c.FormLogin}, Ref: refClaims,
		Run: func(t *c.T) {
			token := parseToken(t, newAuthorization(t).tokens().Text("access_token"))
			keys := t.Get(provider+"/connect/jwk_uri", c.Anonymous()).List("keys")
			i := slices.IndexFunc(keys, func(key any) bool { return c.Text(key, "kid") == c.Text(token.header, "kid") })
			if i < 0 {
				t.Fatalf("the key set lacks the key %q", c.Text(token.header, "kid"))
			}
			t.True("the signature is good", token.signedBy(keys[i]))
		},
	}, {
		ID:    "oauth/refresh/rotation",
		Title: "a refresh gives new tokens, and the old refresh token is spent",
		Level: c.Must, Needs: []c.Feature{c.OAuth, c.FormLogin, c.Managed}, Ref: refRefresh,
		Run: func(t *c.T) {
			first := newAuthorization(t).tokens()
			second := refresh(t, first.Text("refresh_token"))
			checkTokens(t, second)
			t.Differs("access token", first.At("access_token"), second.At("access_token"))
			t.Differs("refresh token", first.At("refresh_token"), second.At("refresh_token"))
			t.Status(http.StatusOK, useToken(t, second.Text("access_token")))
			checkOAuthError(t, refresh(t, first.Text("refresh_token")), http.StatusBadRequest, "invalid_grant", "")
		},
	}, {
		ID:    "oauth/refresh/wider-scope",
		Title: "a refresh for more scopes than were granted is refused",
		Level: c.Must, Needs: []c.Feature{c.OAuth, c.FormLogin}, Ref: refRefresh,
		Run: func(t *c.T) {
			a := newAuthorization(t)
			scopes := t.Target.OAuth.Scopes
			a.params.Set("scope", scopes[0])
			res := ask(t, url.Values{
				"grant_type": {grantRefresh}, "client_id": {t.Target.OAuth.LoginID},
				"refresh_token": {a.tokens().Text("refresh_token")}, "scope": {scopes[0] + " " + scopes[1]},
			})
			checkOAuthError(t, res, http.StatusBadRequest, "invalid_scope", "")
		},
	}, {
		ID:    "oauth/refresh/narrower-scope",
		Title: "a refresh for fewer scopes gives a token with these only",
		Level: c.Must, Needs: []c.Feature{c.OAuth, c.FormLogin}, Ref: refRefresh,
		Run: func(t *c.T) {
			narrow := t.Target.OAuth.Scopes[1]
			res := ask(t, url.Values{
				"grant_type": {grantRefresh}, "client_id": {t.Target.OAuth.LoginID},
				"refresh_token": {newAuthorization(t).tokens().Text("refresh_token")}, "scope": {narrow},
			})
			checkTokens(t, res)
			t.Equal("scope", narrow, res.At("scope"))
			t.Equal("scope claim", []string{narrow}, c.At(parseToken(t, res.Text("access_token")).claims, "scope"))
		},
	}, {
		ID:    "oauth/refresh/other-client",
		Title: "a refresh token is refused to another client than it was given to",
		Level: c.Must, Needs: []c.Feature{c.OAuth, c.FormLogin, c.TokenExchange}, Ref: refRefresh,
		Run: func(t *c.T) {
			token := newAuthorization(t).tokens().Text("refresh_token")
			checkNoTokens(t, ask(t, url.Values{
				"grant_type": {grantRefresh}, "client_id": {t.Target.OAuth.ExchangeID}, "refresh_token": {token},
			}))
		},
	}, {
		ID:    "oauth/refresh/unknown",
		Title: "a refresh token that was never given is refused",
		Level: c.Must, Needs: []c.Feature{c.OAuth}, Ref: refRefresh,
		Run: func(t *c.T) {
			checkOAuthError(t, refresh(t, t.Fresh("refresh")), http.StatusBadRequest, "invalid_grant", "")
		},
	}, {
		ID:    "oauth/exchange/narrow",
		Title: "an exchange gives a token of the acting client with the scopes asked for and no more",
		Level: c.Must, Needs: []c.Feature{c.OAuth, c.FormLogin, c.TokenExchange, c.Managed}, Ref: refExchange,
		Run: func(t *c.T) {
			subject, scope := newAuthorization(t).tokens().Text("access_token"), t.Target.OAuth.Scopes[0]
			res := exchange(t, subject, tokenType, scope)
			checkTokens(t, res)
			t.Equal("issued_token_type", tokenType, res.At("issued_token_type"))
			t.Equal("scope", scope, res.At("scope"))
			t.Lacks("answer", res.Body, "refresh_token")
			claims := parseToken(t, res.Text("access_token")).claims
			t.Equal("scope claim", []string{scope}, c.At(claims, "scope"))
			t.Equal("aud", t.Target.OAuth.ExchangeID, c.At(claims, "aud"))
			t.Equal("sub", c.At(parseToken(t, subject).claims, "sub"), c.At(claims, "sub"))
			t.Lacks("claims", claims, "act", "may_act")
			t.Status(http.StatusOK, useToken(t, res.Text("access_token")))
		},
	}, {
		ID:    "oauth/exchange/under-scoped",
		Title: "a token without the scope of /openidm is refused there with 403",
		Level: c.Should, Needs: []c.Feature{c.OAuth, c.FormLogin, c.TokenExchange, c.Managed}, Ref: refScope,
		Run: func(t *c.T) {
			scope := t.Target.OAuth.Scopes[1]
			res := exchange(t, newAuthorization(t).tokens().Text("access_token"), tokenType, scope)
			checkTokens(t, res)
			t.Equal("scope", scope, res.At("scope"))
			checkError(t, useToken(t, res.Text("access_token")), http.StatusForbidden)
		},
	}, {
		ID:    "oauth/exchange/foreign-scope",
		Title: "an exchange gives no scope that the acting client does not have",
		Level: c.Must, Needs: []c.Feature{c.OAuth, c.FormLogin, c.TokenExchange}, Ref: refExchange,
		Run: func(t *c.T) {
			const foreign = "conformance:nothing"
			scope := t.Target.OAuth.Scopes[0]
			subject := newAuthorization(t).tokens().Text("access_token")
			checkTokens(t, exchange(t, subject, tokenType, scope))
			res := exchange(t, subject, tokenType, scope+" "+foreign)
			if res.Status != http.StatusOK {
				checkNoTokens(t, res)
				return
			}
			t.True("the scope is not in the answer", !slices.Contains(strings.Fields(res.Text("scope")), foreign))
			t.True("the scope is not in the token", !slices.Contains(c.List(parseToken(t, res.Text("access_token")).claims, "scope"), any(foreign)))
		},
	}, {
		ID:    "oauth/exchange/uniform-error",
		Title: "whatever is wrong with an exchange, the answer is the same",
		Level: c.Must, Needs: []c.Feature{c.OAuth, c.FormLogin, c.TokenExchange}, Ref: refExchange,
		Run: func(t *c.T) {
			subject, scope := newAuthorization(t).tokens().Text("access_token"), t.Target.OAuth.Scopes[0]
			narrowed := exchange(t, subject, tokenType, scope)
			checkTokens(t, narrowed)
			for what, res := range map[string]*c.Response{
				"no token":                exchange(t, "garbage", tokenType, scope),
				"a forged token":          exchange(t, forged(subject), tokenType, scope),
				"a token without may_act": exchange(t, narrowed.Text("access_token"), tokenType, scope),
				"another token type":      exchange(t, subject, samlType, scope),
				"a request for another":   exchangeFor(t, samlType, subject, tokenType, scope),
			} {
				t.Equal("answer to "+what, object{"error": "invalid_request", "error_description": "Invalid token exchange."}, res.Body)
				t.Equal("status for "+what, http.StatusBadRequest, res.Status)
			}
		},
	}, {
		ID:    "oauth/bearer/forged",
		Title: "a token whose claims were changed is 401 at /openidm",
		Level: c.Must, Needs: []c.Feature{c.OAuth, c.FormLogin, c.Managed}, Ref: refBearer,
		Run: func(t *c.T) {
			token := newAuthorization(t).tokens().Text("access_token")
			t.Status(http.StatusOK, useToken(t, token))
			checkError(t, useToken(t, forged(token)), http.StatusUnauthorized)
		},
	},
}
