package cases

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"

	c "aicmcp/conformance"
)

const (
	refAlphaClaims  = "recorded on tenants: the claims of access tokens"
	refIDToken      = "documented: AM, ID tokens; recorded on tenants: RS256"
	refIntrospect   = "documented: AM, introspect"
	refTokenInfo    = "live-verified on tenants: tokeninfo, and its refusal"
	refUserInfo     = "documented: AM, userinfo; OpenID Connect Core 1.0, 5.3"
	refRevoke       = "documented: AM, token/revoke; RFC 7009"
	refEndSession   = "documented: AM, connect/endSession; OpenID Connect RP-Initiated Logout 1.0"
	refForgedTokens = "RFC 8725 3.1, 3.2 and 3.12: algorithms are the server's choice, keys are its own, and tokens of another kind are none"
)

// tokenCases are the cases about what tokens hold, and about those who tell of them.
var tokenCases = []c.Case{
	{
		ID:    "provider/token/claims",
		Title: "an access token of alpha has the tenant's claims, and the times of its login",
		Level: c.Must, Needs: appsAndUsers, Ref: refAlphaClaims, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			token := a.checkToken(a.tokens().Text("access_token"), grantCode, a.person.id)
			t.Has("claims", token.claims, "auth_time", "auth_level")
			t.Equal("scope", sortedWords("openid profile read"), sortedTexts(c.List(token.claims, "scope")))
			t.Lacks("claims", token.claims, "act", "may_act", "code", "secret")
		},
	}, {
		ID:    "provider/token/signature",
		Title: "an access token is signed as the provider is set: by a key of the key set, or by HS256 without a key's ID",
		Level: c.Must, Needs: append([]c.Feature{c.Realms}, appsAndUsers...), Ref: refAlphaClaims, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			token := parseToken(t, a.tokens().Text("access_token"))
			algorithm := oauthProvider.get(t).Text("advancedOAuth2Config", "tokenSigningAlgorithm")
			t.Equal("alg", algorithm, c.At(token.header, "alg"))
			if algorithm == "HS256" {
				t.Lacks("header", token.header, "kid")
				return
			}
			t.True("the signature is good", token.signedBy(a.key(c.Text(token.header, "kid"))))
		},
	}, {
		ID:    "provider/id-token/claims",
		Title: "an ID token is for its client, of its user and this login, with the nonce and the hashes",
		Level: c.Should, Needs: appsAndUsers, Ref: refIDToken, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			r := a.request()
			code := a.code(r)
			res := a.redeem(r, code)
			checkTokens(t, res)
			claims := parseToken(t, res.Text("id_token")).claims
			checkHolds(t, "claims", object{
				"sub": a.person.id, "subname": a.person.id, "iss": withPort(t) + a.provider, "tokenName": "id_token", "aud": a.id, "azp": a.id, "acr": "0",
				"nonce": r.params.Get("nonce"), "realm": "/alpha", "tokenType": "JWTToken", "at_hash": half(res.Text("access_token")),
				"c_hash": half(code), "s_hash": half(r.params.Get("state")),
			}, claims)
			t.Has("claims", claims, "auth_time", "auditTrackingId", "sid")
			t.True("it expires", c.Number(claims, "exp") > c.Number(claims, "iat"))
		},
	}, {
		ID:    "provider/id-token/signature",
		Title: "an ID token is signed by the key of the realm's key set that it names",
		Level: c.Must, Needs: appsAndUsers, Ref: refIDToken, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			token := parseToken(t, a.tokens().Text("id_token"))
			t.Equal("typ", "JWT", c.At(token.header, "typ"))
			t.Equal("alg", "RS256", c.At(token.header, "alg"))
			t.True("the signature is good", token.signedBy(a.key(c.Text(token.header, "kid"))))
		},
	}, {
		ID:    "provider/id-token/absent",
		Title: "without the scope openid there is no ID token",
		Level: c.Must, Needs: appsAndUsers, Ref: "OpenID Connect Core 1.0, 3.1.2.1", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			r := a.request()
			r.params.Set("scope", "read")
			res := a.redeem(r, a.code(r))
			checkTokens(t, res)
			t.Lacks("answer", res.Body, "id_token")
		},
	}, {
		ID:    "provider/id-token/profile",
		Title: "an ID token has the claims of its scopes",
		Level: c.Should, Needs: appsAndUsers, Ref: "recorded on tenants: alwaysAddClaimsToToken is true; documented: what scopes give", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			r := a.request()
			r.params.Set("scope", "openid profile email")
			claims := parseToken(t, a.redeem(r, a.code(r)).Text("id_token")).claims
			user := read(t, at(users, a.person.id))
			checkHolds(t, "claims", object{"given_name": user.At("givenName"), "family_name": user.At("sn"), "email": user.At("mail")}, claims)
		},
	}, {
		ID:    "provider/introspect/active",
		Title: "a client introspects its own token: whose it is, for whom, and how long",
		Level: c.Should, Needs: appsAndUsers, Ref: refIntrospect, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			token := a.tokens().Text("access_token")
			res := a.post("/introspect", "token", token)
			t.Status(http.StatusOK, res)
			checkHolds(t, "answer", object{
				"active": true, "realm": "/alpha", "client_id": a.id, "user_id": a.person.id, "username": a.person.id, "sub": a.person.id,
				"subname": a.person.id, "token_type": "Bearer", "iss": withPort(t) + a.provider, "exp": c.At(parseToken(t, token).claims, "exp"),
			}, res.Body)
			t.Equal("scope", sortedWords("openid profile read"), sortedWords(res.Text("scope")))
			t.Has("answer", res.Body, "auth_level", "authGrantId", "auditTrackingId")
			t.Lacks("answer", res.Body, "aud")
			checkBetween(t, "expires_in", 1, res.Number("expires_in"), 60)
		},
	}, {
		ID:    "provider/introspect/order",
		Title: "the members of an introspection have an order",
		Level: c.Should, Needs: appsNeeded, Ref: refIntrospect, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			res := a.post("/introspect", "token", a.ownToken())
			t.Equal("active", true, res.At("active"))
			checkOrder(t, string(res.Raw), "active", "scope", "realm", "client_id", "user_id", "username", "token_type", "exp", "sub", "iss", "authGrantId", "expires_in")
		},
	}, {
		ID:    "provider/introspect/others",
		Title: "of another client's token nothing is told, unless the client may introspect all",
		Level: c.Should, Needs: appsNeeded, Ref: refIntrospect, Writes: true,
		Run: func(t *c.T) {
			a, other := makeApp(t), makeApp(t)
			inspector := makeApp(t, setting(coreSection, "scopes", []string{"read", "am-introspect-all-tokens"}))
			token := a.ownToken()
			t.Equal("own answer", true, a.post("/introspect", "token", token).At("active"))
			checkInactive(t, other.post("/introspect", "token", token))
			t.Equal("inspector's answer", true, inspector.post("/introspect", "token", token).At("active"))
		},
	}, {
		ID:    "provider/introspect/inactive",
		Title: "what is no token is inactive, and no more is said",
		Level: c.Should, Needs: appsNeeded, Ref: refIntrospect + "; RFC 7662 2.2", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			token := a.ownToken()
			for _, bad := range []string{noToken, forged(token), unsigned(t, token)} {
				checkInactive(t, a.post("/introspect", "token", bad))
			}
		},
	}, {
		ID:    "provider/introspect/client",
		Title: "who is no client, or has a wrong secret, introspects nothing",
		Level: c.Must, Needs: appsNeeded, Ref: refIntrospect + "; RFC 7662 2.1", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			form := url.Values{"token": {a.ownToken()}}
			res := t.Post(a.provider+"/introspect", form, basic(t, a.id, freshSecret(t)))
			checkOAuthError(t, res, http.StatusUnauthorized, "invalid_client", "")
			checkOAuthError(t, t.Post(a.provider+"/introspect", form, c.Anonymous()), http.StatusBadRequest, "invalid_client", "")
		},
	}, {
		ID:    "provider/introspect/other-realm",
		Title: "a token of alpha is inactive in bravo",
		Level: c.Should, Needs: appsNeeded, Ref: refRealmBounds, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			token := a.ownToken()
			t.Equal("in alpha", true, a.post("/introspect", "token", token).At("active"))
			checkInactive(t, a.twin().post("/introspect", "token", token))
		},
	}, {
		ID:    "provider/tokeninfo/answer",
		Title: "tokeninfo tells the claims of a token, and has a member for each of its scopes",
		Level: c.Must, Needs: appsAndUsers, Ref: refTokenInfo, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			token := a.tokens().Text("access_token")
			res := a.tokenInfo(token)
			t.Status(http.StatusOK, res)
			checkHolds(t, "answer", object{"access_token": token, "sub": a.person.id, "realm": "/alpha", "client_id": a.id, "token_type": "Bearer"}, res.Body)
			t.Has("answer", res.Body, "openid", "profile", "read", "grant_type", "authGrantId", "expires_in")
			t.Equal("by parameter", res.At("sub"), t.Get(a.provider+"/tokeninfo", c.Anonymous(), c.Query("access_token", token)).At("sub"))
		},
	}, {
		ID:    "provider/tokeninfo/invalid",
		Title: "what is no token is refused to the letter",
		Level: c.Must, Needs: appsNeeded, Ref: refTokenInfo,
		Run: func(t *c.T) {
			res := t.Get(inAlphaProvider+"/tokeninfo", c.Bearer(noToken))
			t.Status(http.StatusUnauthorized, res)
			t.Equal("refusal", object{"error": "invalid_token", "error_description": badToken}, res.Body)
			checkOrder(t, string(res.Raw), "error_description", "error")
		},
	}, {
		ID:    "provider/tokeninfo/twice",
		Title: "a token in the header and in a parameter is refused",
		Level: c.Should, Needs: appsNeeded, Ref: "known from AM's ancestor; RFC 6750 2", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			token := a.ownToken()
			t.Status(http.StatusOK, a.tokenInfo(token))
			res := t.Get(a.provider+"/tokeninfo", c.Bearer(token), c.Query("access_token", token))
			checkOAuthError(t, res, http.StatusBadRequest, "invalid_request", "")
		},
	}, {
		ID:    "provider/userinfo/answer",
		Title: "userinfo tells who the user is, as far as the token's scopes go",
		Level: c.Should, Needs: appsAndUsers, Ref: refUserInfo, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			res := a.userInfo(a.tokens().Text("access_token"))
			t.Status(http.StatusOK, res)
			user := read(t, at(users, a.person.id))
			t.Equal("answer", object{
				"name": user.Text("givenName") + " " + user.Text("sn"), "given_name": user.At("givenName"), "family_name": user.At("sn"),
				"sub": a.person.id, "subname": a.person.id,
			}, res.Body)
		},
	}, {
		ID:    "provider/userinfo/scope",
		Title: "a token without the scope openid is not enough for userinfo",
		Level: c.Should, Needs: appsAndUsers, Ref: refUserInfo, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			r := a.request()
			r.params.Set("scope", "profile read")
			res := a.redeem(r, a.code(r))
			checkTokens(t, res)
			checkOAuthError(t, a.userInfo(res.Text("access_token")), http.StatusForbidden, "insufficient_scope", "")
		},
	}, {
		ID:    "provider/userinfo/no-token",
		Title: "userinfo without a token is 401",
		Level: c.Should, Needs: appsNeeded, Ref: refUserInfo,
		Run: func(t *c.T) {
			checkOAuthError(t, t.Get(inAlphaProvider+"/userinfo", c.Anonymous()), http.StatusUnauthorized, "invalid_token", "")
		},
	}, {
		ID:    "provider/bearer/forged",
		Title: "a token that was changed, that says that it needs no signature, or is signed by another's key is none",
		Level: c.Must, Needs: appsAndUsers, Ref: refForgedTokens, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			token := a.tokens().Text("access_token")
			t.Status(http.StatusOK, a.tokenInfo(token))
			a.checkBadToken(forged(token))
			a.checkBadToken(unsigned(t, token))
			claims := parseToken(t, token).claims
			stranger := newKey(t)
			kid := c.At(parseToken(t, a.tokens().Text("id_token")).header, "kid")
			for _, id := range []any{kid, "conformance"} {
				a.checkBadToken(stranger.sign(t, object{"typ": "JWT", "kid": id, "alg": "RS256"}, claims))
			}
			a.checkBadToken(stranger.sign(t, object{"typ": "JWT", "alg": "RS256", "jwk": stranger.public("conformance")}, claims))
		},
	}, {
		ID:    "provider/bearer/key-confusion",
		Title: "a token that is signed by HS256 with a public key for a secret is none",
		Level: c.Must, Needs: appsAndUsers, Ref: refForgedTokens, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			res := a.tokens()
			t.Status(http.StatusOK, a.tokenInfo(res.Text("access_token")))
			kid := c.Text(parseToken(t, res.Text("id_token")).header, "kid")
			claims := parseToken(t, res.Text("access_token")).claims
			for _, secret := range publicForms(t, a.key(kid)) {
				for _, header := range []object{{"typ": "JWT", "alg": "HS256"}, {"typ": "JWT", "kid": kid, "alg": "HS256"}} {
					a.checkBadToken(signHS256(t, secret, header, claims))
				}
			}
		},
	}, {
		ID:    "provider/bearer/secret-confusion",
		Title: "a client's secret signs no access token",
		Level: c.Must, Needs: appsAndUsers, Ref: refForgedTokens, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			token := a.tokens().Text("access_token")
			t.Status(http.StatusOK, a.tokenInfo(token))
			a.checkBadToken(signHS256(t, []byte(a.secret), object{"typ": "JWT", "alg": "HS256"}, parseToken(t, token).claims))
		},
	}, {
		ID:    "provider/bearer/kind",
		Title: "an ID token and a refresh token are no access tokens",
		Level: c.Must, Needs: appsAndUsers, Ref: refForgedTokens, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			res := a.tokens()
			t.Status(http.StatusOK, a.tokenInfo(res.Text("access_token")))
			a.checkBadToken(res.Text("id_token"))
			a.checkBadToken(res.Text("refresh_token"))
			a.checkBadToken(a.token)
		},
	}, {
		ID:    "provider/bearer/other-realm",
		Title: "a token of alpha is none in bravo, nor in the root realm",
		Level: c.Should, Needs: appsAndUsers, Ref: refRealmBounds, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			token := a.tokens().Text("access_token")
			t.Status(http.StatusOK, a.tokenInfo(token))
			for _, path := range []string{inBravoProvider, provider} {
				t.Status(http.StatusUnauthorized, t.Get(path+"/tokeninfo", c.Bearer(token)))
				t.Status(http.StatusUnauthorized, t.Get(path+"/userinfo", c.Bearer(token)))
			}
		},
	}, {
		ID:    "provider/bearer/tenant",
		Title: "an application's token does not open the tenant's own APIs",
		Level: c.Should, Needs: appsAndUsers, Ref: "documented: the tenant's APIs take tokens of its own clients", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, setting(coreSection, "scopes", []string{"openid", "profile", "read", "fr:idm:*", "fr:am:*"})).logIn()
			r := a.request()
			r.params.Set("scope", "openid fr:am:*")
			res := a.redeem(r, a.code(r))
			checkTokens(t, res)
			refused := t.Get(clients.at(a.id).path, c.Bearer(res.Text("access_token")), c.Header("Accept-API-Version", clients.version))
			t.True("AM refuses it", refused.Status == http.StatusUnauthorized || refused.Status == http.StatusForbidden)
		},
	}, {
		ID:    "provider/revoke/access-token",
		Title: "an access token that is revoked is good no more; its refresh token is",
		Level: c.Should, Needs: appsAndUsers, Ref: refRevoke, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			res := a.tokens()
			t.Status(http.StatusOK, a.tokenInfo(res.Text("access_token")))
			checkRevoked(t, a.post("/token/revoke", "token", res.Text("access_token")))
			a.checkBadToken(res.Text("access_token"))
			checkInactive(t, a.post("/introspect", "token", res.Text("access_token")))
			checkTokens(t, a.refresh(res.Text("refresh_token")))
		},
	}, {
		ID:    "provider/revoke/refresh-token",
		Title: "with a refresh token all tokens of its grant are revoked",
		Level: c.Should, Needs: appsAndUsers, Ref: refRevoke, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			res := a.tokens()
			t.Status(http.StatusOK, a.tokenInfo(res.Text("access_token")))
			checkRevoked(t, a.post("/token/revoke", "token", res.Text("refresh_token"), "token_type_hint", "refresh_token"))
			checkOAuthError(t, a.refresh(res.Text("refresh_token")), http.StatusBadRequest, "invalid_grant", "")
			a.checkBadToken(res.Text("access_token"))
		},
	}, {
		ID:    "provider/revoke/unknown",
		Title: "what is no token is revoked without a word, and nothing cannot be",
		Level: c.Should, Needs: appsNeeded, Ref: refRevoke, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			checkRevoked(t, a.post("/token/revoke", "token", noToken))
			checkOAuthError(t, a.post("/token/revoke"), http.StatusBadRequest, "invalid_request", "Missing parameter: token")
		},
	}, {
		ID:    "provider/revoke/others",
		Title: "a client does not revoke the tokens of another",
		Level: c.Must, Needs: appsAndUsers, Ref: "RFC 7009 2.1", Writes: true,
		Run: func(t *c.T) {
			a, other := makeApp(t).logIn(), makeApp(t)
			res := a.tokens()
			for _, name := range []string{"access_token", "refresh_token"} {
				t.True("it is 200 or 400", other.post("/token/revoke", "token", res.Text(name)).Status <= http.StatusBadRequest)
			}
			t.Status(http.StatusOK, a.tokenInfo(res.Text("access_token")))
			checkTokens(t, a.refresh(res.Text("refresh_token")))
		},
	}, {
		ID:    "provider/revoke/client",
		Title: "a wrong secret is 400 here",
		Level: c.Should, Needs: appsNeeded, Ref: refRevoke, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			form := formOf("token", noToken, "client_id", a.id, "client_secret", freshSecret(t))
			checkOAuthError(t, t.Post(a.provider+"/token/revoke", form, c.Anonymous()), http.StatusBadRequest, "invalid_client", "")
		},
	}, {
		ID:    "provider/end-session/answer",
		Title: "a logout by ID token is 204, and the session is over",
		Level: c.Should, Needs: appsAndUsers, Ref: refEndSession, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			res := a.endSession("id_token_hint", a.tokens().Text("id_token"))
			t.Status(http.StatusNoContent, res)
			checkInvalid(t, sessions, a.token)
		},
	}, {
		ID:    "provider/end-session/redirect",
		Title: "a logout leads to the address that is registered for it, with the state, and to no other",
		Level: c.Should, Needs: appsAndUsers, Ref: refEndSession, Writes: true,
		Run: func(t *c.T) {
			const after = "https://conformance.example.com/goodbye"
			a := makeApp(t, setting(openIDSection, "postLogoutRedirectUri", []string{after})).logIn()
			hint := a.tokens().Text("id_token")
			refused := a.endSession("id_token_hint", hint, "post_logout_redirect_uri", "https://attacker.example.com/")
			checkOAuthError(t, refused, http.StatusBadRequest, "redirect_uri_mismatch", "")
			t.Equal("Location", "", refused.Header.Get("Location"))
			res := a.endSession("id_token_hint", hint, "post_logout_redirect_uri", after, "state", "x y")
			t.Status(http.StatusFound, res)
			location, err := url.Parse(res.Header.Get("Location"))
			if err != nil {
				t.Fatalf("Location is no address: %v", err)
			}
			t.Equal("address", after, location.Scheme+"://"+location.Host+location.Path)
			t.Equal("state", "x y", location.Query().Get("state"))
			checkInvalid(t, sessions, a.token)
		},
	}, {
		ID:    "provider/end-session/hint",
		Title: "a logout without an ID token, or with another token, is refused",
		Level: c.Should, Needs: appsAndUsers, Ref: refEndSession, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			res := a.tokens()
			checkOAuthError(t, a.endSession(), http.StatusBadRequest, "bad_request", "")
			for _, hint := range []string{res.Text("access_token"), forged(res.Text("id_token")), unsigned(t, res.Text("id_token")), noToken} {
				checkBetween(t, "status", 400, int64(a.endSession("id_token_hint", hint).Status), 401)
			}
			t.Equal("the session is valid", true, sessions.ask(t, "validate", a.token).At("valid"))
		},
	},
}

// key is a public key of the app's realm.
func (a *app) key(id string) any {
	for _, key := range a.t.Get(a.provider+"/connect/jwk_uri", c.Anonymous()).List("keys") {
		if c.Text(key, "kid") == id && id != "" {
			return key
		}
	}
	a.t.Fatalf("the key set has no key %q", id)
	return nil
}

func (a *app) endSession(pairs ...string) *c.Response {
	return a.t.Get(a.provider+"/connect/endSession", c.Anonymous(), c.Query(pairs...))
}

// half is the hash of a value in an ID token that is signed by RS256.
func half(value string) string {
	digest := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(digest[:len(digest)/2])
}

func checkInactive(t *c.T, res *c.Response) {
	t.Status(http.StatusOK, res)
	t.Equal("introspection", object{"active": false}, res.Body)
}

func checkRevoked(t *c.T, res *c.Response) {
	t.Status(http.StatusOK, res)
	t.Equal("answer", object{}, res.Body)
}
