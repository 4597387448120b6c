package cases

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	c "aicmcp/conformance"
)

const (
	provider    = "/am/oauth2"
	authorize   = provider + "/authorize"
	accessToken = provider + "/access_token"

	grantCode     = "authorization_code"
	grantRefresh  = "refresh_token"
	grantExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	tokenType     = "urn:ietf:params:oauth:token-type:access_token"
	samlType      = "urn:ietf:params:oauth:token-type:saml2"

	badGrant = "The provided access grant is invalid, expired, or revoked."

	// justNow is how many seconds a login and the requests after it may take.
	justNow = 120
)

var oauth = []c.Case{
	{
		ID:    "oauth/discovery/members",
		Title: "discovery names the issuer with its port and the endpoints below it",
		Level: c.Must, Needs: []c.Feature{c.OAuth}, Ref: refDiscovery,
		Run: func(t *c.T) {
			checkDiscovery(t, provider)
		},
	}, {
		ID:    "oauth/discovery/long-path",
		Title: "discovery by the long spelling of the root realm names issuer and endpoints in that spelling",
		Level: c.Should, Needs: []c.Feature{c.OAuth}, Ref: "inferred for the root realm from " + refDiscovery,
		Run: func(t *c.T) {
			checkDiscovery(t, provider+"/realms/root")
		},
	}, {
		ID:    "oauth/discovery/supported",
		Title: "discovery announces the code flow with S256 and public clients",
		Level: c.Must, Needs: []c.Feature{c.OAuth}, Ref: refDiscovery,
		Run: func(t *c.T) {
			res := t.Get(provider+"/.well-known/openid-configuration", c.Anonymous())
			t.Status(http.StatusOK, res)
			for member, value := range map[string]string{
				"code_challenge_methods_supported": "S256", "response_types_supported": "code", "grant_types_supported": grantCode,
				"token_endpoint_auth_methods_supported": "none", "id_token_signing_alg_values_supported": "RS256", "subject_types_supported": "public",
			} {
				t.True(member+" has "+value, slices.Contains(res.List(member), any(value)))
			}
			t.Equal("version", "3.0", res.At("version"))
		},
	}, {
		ID:    "oauth/discovery/absent",
		Title: "discovery does not announce what a tenant does not, though some of it works",
		Level: c.Should, Needs: []c.Feature{c.OAuth}, Ref: refDiscovery,
		Run: func(t *c.T) {
			res := t.Get(provider+"/.well-known/openid-configuration", c.Anonymous())
			t.Status(http.StatusOK, res)
			t.Lacks("discovery", res.Body, "device_authorization_endpoint", "authorization_response_iss_parameter_supported",
				"client_id_metadata_document_supported", "service_documentation")
			t.True("there are grant types", len(res.List("grant_types_supported")) > 0)
			t.True("token exchange is not among them", !slices.Contains(res.List("grant_types_supported"), any(grantExchange)))
		},
	}, {
		ID:    "oauth/jwks/shape",
		Title: "the key set holds public signing keys with IDs in padded standard base64",
		Level: c.Must, Needs: []c.Feature{c.OAuth}, Ref: refJWKS,
		Run: func(t *c.T) {
			res := t.Get(provider+"/connect/jwk_uri", c.Anonymous())
			t.Status(http.StatusOK, res)
			signing := 0
			for _, key := range res.List("keys") {
				t.Has("key", key, "kty", "kid", "use")
				t.Lacks("key", key, "d", "p", "q", "dp", "dq", "qi", "k", "alg")
				digest, err := base64.StdEncoding.DecodeString(c.Text(key, "kid"))
				t.True("kid is standard base64 of 20 bytes", err == nil && len(digest) == 20)
				if c.Text(key, "kty") == "RSA" && c.Text(key, "use") == "sig" {
					signing++
				}
			}
			t.True("there is an RSA signing key", signing > 0)
		},
	}, {
		ID:    "oauth/authorize/unknown-client",
		Title: "an unknown client gets a page that says so, and no redirect",
		Level: c.Must, Needs: []c.Feature{c.OAuth}, Ref: refErrorPage,
		Run: func(t *c.T) {
			a := newAuthorization(t)
			a.params.Set("client_id", t.Fresh("client"))
			checkErrorPage(t, a.ask(c.Anonymous()))
		},
	}, {
		ID:    "oauth/authorize/unregistered-redirect",
		Title: "a redirect URI that is not registered gets a page, and no redirect",
		Level: c.Must, Needs: []c.Feature{c.OAuth}, Ref: refErrorPage,
		Run: func(t *c.T) {
			registered := t.Target.OAuth.RedirectURI
			for _, uri := range []string{"https://attacker.example.com/", registered + "/conformance", registered + ".example.com", "javascript:alert(1)"} {
				a := newAuthorization(t)
				a.params.Set("redirect_uri", uri)
				checkErrorPage(t, a.ask(c.Anonymous()))
			}
		},
	}, {
		ID:    "oauth/authorize/login",
		Title: "who is not logged in is sent to the tenant's login page, with the way back",
		Level: c.Must, Needs: []c.Feature{c.OAuth}, Ref: refLogin,
		Run: func(t *c.T) {
			a := newAuthorization(t)
			res := a.ask(c.Anonymous())
			t.Status(http.StatusFound, res)
			location := ofTenant(t, "Location", res.Header.Get("Location"))
			t.True("Location "+location.Path+" is the tenant's login page", strings.HasPrefix(location.Path, "/am/"))
			back := ofTenant(t, "goto", location.Query().Get("goto"))
			t.Equal("path of goto", authorize, back.Path)
			t.Equal("state in goto", a.params.Get("state"), back.Query().Get("state"))
		},
	}, {
		ID:    "oauth/authorize/prompt-none",
		Title: "prompt=none without a login is told to the client as login_required",
		Level: c.Should, Needs: []c.Feature{c.OAuth}, Ref: refPrompt,
		Run: func(t *c.T) {
			a := newAuthorization(t)
			a.params.Set("prompt", "none")
			checkErrorRedirect(t, a, a.ask(c.Anonymous()), "login_required")
		},
	}, {
		ID:    "oauth/authorize/prompt-login",
		Title: "prompt=login asks a person who is logged in to log in again",
		Level: c.Must, Needs: []c.Feature{c.OAuth, c.FormLogin}, Ref: refPrompt,
		Run: func(t *c.T) {
			a := newAuthorization(t)
			a.params.Set("prompt", "consent")
			v := newVisitor(a)
			v.consentPage()
			a.params.Set("prompt", "login")
			t.True("there is a login form", v.openLogin().form().has("password"))
		},
	}, {
		ID:    "oauth/authorize/token-response",
		Title: "a client of the code flow gets no token by response_type=token",
		Level: c.Should, Needs: []c.Feature{c.OAuth}, Ref: "RFC 9700 2.1.2: no access tokens by redirect; a tenant may allow them to a client",
		Run: func(t *c.T) {
			a := newAuthorization(t)
			a.params.Set("response_type", "token")
			checkNotAuthorized(t, a, a.ask(c.Anonymous()))
		},
	}, {
		ID:    "oauth/authorize/challenge-method",
		Title: "a code challenge method that does not exist is refused",
		Level: c.Should, Needs: []c.Feature{c.OAuth}, Ref: "RFC 7636 4.4.1",
		Run: func(t *c.T) {
			a := newAuthorization(t)
			a.params.Set("code_challenge_method", "S512")
			checkNotAuthorized(t, a, a.ask(c.Anonymous()))
		},
	}, {
		ID:    "oauth/authorize/unknown-scope",
		Title: "a scope that the client does not have is told to it as invalid_scope",
		Level: c.Should, Needs: []c.Feature{c.OAuth}, Ref: refAuthorize,
		Run: func(t *c.T) {
			a := newAuthorization(t)
			a.params.Set("scope", "conformance:nothing")
			checkErrorRedirect(t, a, a.ask(c.Anonymous()), "invalid_scope")
		},
	}, {
		ID:    "oauth/authorize/deny",
		Title: "who denies is sent back with access_denied and the state, and without a code",
		Level: c.Must, Needs: []c.Feature{c.OAuth, c.FormLogin}, Ref: refAuthorize,
		Run: func(t *c.T) {
			a := newAuthorization(t)
			a.params.Set("prompt", "consent")
			back := a.logIn("deny")
			t.Equal("error", "access_denied", back.Get("error"))
			t.Equal("state", a.params.Get("state"), back.Get("state"))
			t.Equal("code", "", back.Get("code"))
		},
	}, {
		ID:    "oauth/authorize/no-csrf",
		Title: "consent without the page's csrf value is refused",
		Level: c.Must, Needs: []c.Feature{c.OAuth, c.FormLogin}, Ref: refCSRF,
		Run: func(t *c.T) { checkForgedConsent(t, nil) },
	}, {
		ID:    "oauth/authorize/wrong-csrf",
		Title: "consent with another csrf value than the page's is refused",
		Level: c.Must, Needs: []c.Feature{c.OAuth, c.FormLogin}, Ref: refCSRF,
		Run: func(t *c.T) { checkForgedConsent(t, []string{t.Fresh("csrf")}) },
	}, {
		ID:    "oauth/authorize/wrong-password",
		Title: "a wrong password leads to no code",
		Level: c.Must, Needs: []c.Feature{c.OAuth, c.FormLogin}, Ref: refAuthorize,
		Run: func(t *c.T) {
			v := newVisitor(newAuthorization(t))
			page := v.openLogin()
			res := v.submit(page, t.Target.Username, t.Fresh("password"))
			t.True("the answer is no redirect to the client", !v.atClient(res))
			t.True("who asks for a code is sent to log in still", v.openLogin().form().has("password"))
		},
	}, {
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

// withPort is the tenant's address with its port, as its issuer has it.
func withPort(t *c.T) string {
	base, err := url.Parse(t.Target.BaseURL)
	if err != nil {
		t.Breakf("address of the target: %w", err)
	}
	if base.Port() != "" {
		return base.Scheme + "://" + base.Host
	}
	return base.Scheme + "://" + base.Host + map[string]string{"https": ":443", "http": ":80"}[base.Scheme]
}

// ask sends a form to the token endpoint.
func ask(t *c.T, form url.Values) *c.Response { return t.Post(accessToken, form, c.Anonymous()) }

func refresh(t *c.T, token string) *c.Response {
	return ask(t, url.Values{"grant_type": {grantRefresh}, "client_id": {t.Target.OAuth.LoginID}, "refresh_token": {token}})
}

func exchange(t *c.T, subject, subjectType, scope string) *c.Response {
	return exchangeFor(t, tokenType, subject, subjectType, scope)
}

// exchangeFor asks for a token of another type than an access token.
func exchangeFor(t *c.T, requestedType, subject, subjectType, scope string) *c.Response {
	return ask(t, url.Values{
		"grant_type": {grantExchange}, "client_id": {t.Target.OAuth.ExchangeID}, "subject_token": {subject},
		"subject_token_type": {subjectType}, "requested_token_type": {requestedType}, "scope": {scope},
	})
}

// useToken makes a request that needs the scope of /openidm.
func useToken(t *c.T, token string) *c.Response {
	return t.Get(roles, c.Query("_queryFilter", "true", "_pageSize", "1"), c.Bearer(token))
}

// checkTokens checks an answer of the token endpoint that gives tokens, and
// stops the case if it gives none.
func checkTokens(t *c.T, res *c.Response) {
	t.Status(http.StatusOK, res)
	if res.Text("access_token") == "" {
		t.Fatalf("the answer has no access token: %s", res.Raw)
	}
	t.Equal("token_type", "Bearer", res.At("token_type"))
	t.True("expires_in is positive", res.Number("expires_in") > 0)
	t.Equal("Cache-Control", "no-store", res.Header.Get("Cache-Control"))
	t.Equal("Content-Type", "application/json;charset=UTF-8", res.Header.Get("Content-Type"))
}

// checkOAuthError checks a refusal of the token endpoint. An empty description
// may be anything.
func checkOAuthError(t *c.T, res *c.Response, status int, code, description string) {
	t.Status(status, res)
	t.Equal("error", code, res.At("error"))
	t.True("there is a description", res.Text("error_description") != "")
	if description != "" {
		t.Equal("error_description", description, res.At("error_description"))
	}
	t.Lacks("refusal", res.Body, "access_token", "refresh_token")
	t.Equal("Cache-Control", "no-store", res.Header.Get("Cache-Control"))
}

// checkNoTokens checks that the token endpoint refuses, whatever it says.
func checkNoTokens(t *c.T, res *c.Response) {
	t.True(fmt.Sprintf("the status %d is 400 or 401", res.Status), res.Status == http.StatusBadRequest || res.Status == http.StatusUnauthorized)
	t.Has("refusal", res.Body, "error", "error_description")
	t.Lacks("refusal", res.Body, "access_token", "refresh_token")
}

// checkBetween checks that a number is in a range, its ends included.
func checkBetween(t *c.T, what string, least, got, most int64) {
	t.True(fmt.Sprintf("%s, %d, is from %d to %d", what, got, least, most), least <= got && got <= most)
}

func checkDiscovery(t *c.T, path string) {
	res := t.Get(path+"/.well-known/openid-configuration", c.Anonymous())
	t.Status(http.StatusOK, res)
	issuer := withPort(t) + path
	t.Equal("issuer", issuer, res.At("issuer"))
	for member, end := range map[string]string{
		"authorization_endpoint": "/authorize", "token_endpoint": "/access_token", "jwks_uri": "/connect/jwk_uri",
		"userinfo_endpoint": "/userinfo", "introspection_endpoint": "/introspect", "revocation_endpoint": "/token/revoke",
		"end_session_endpoint": "/connect/endSession", "registration_endpoint": "/register",
	} {
		t.Equal(member, issuer+end, res.At(member))
	}
}

// ofTenant reads an address, which must be the tenant's.
func ofTenant(t *c.T, what, address string) *url.URL {
	base, err := url.Parse(t.Target.BaseURL)
	if err != nil {
		t.Breakf("address of the target: %w", err)
	}
	found, err := base.Parse(address)
	if err != nil || address == "" || !c.SameOrigin(base, found) {
		t.Fatalf("%s is no address of the tenant: %q", what, address)
	}
	return found
}

// checkForgedConsent sends the consent form with other csrf values than the
// page's.
func checkForgedConsent(t *c.T, csrf []string) {
	a := newAuthorization(t)
	a.params.Set("prompt", "consent")
	v := newVisitor(a)
	p := v.consentPage()
	f := p.form()
	t.True("the form has a csrf value", f.values.Get("csrf") != "")
	f.values["csrf"] = csrf
	f.values.Set("decision", "allow")
	checkErrorPage(t, v.send(p, f).Response)
}

// checkNotAuthorized checks that a request is refused before any login, by a
// page or by telling the client.
func checkNotAuthorized(t *c.T, a *authorization, res *c.Response) {
	back := a.back(res)
	if back == nil {
		checkErrorPage(t, res)
		return
	}
	told := back.Query()
	if fragment, err := url.ParseQuery(back.Fragment); err == nil && fragment.Has("error") {
		told = fragment
	}
	t.True("there is an error", told.Get("error") != "")
	t.Equal("code", "", told.Get("code"))
	t.Equal("access_token", "", told.Get("access_token"))
}

// checkErrorPage checks that the authorization endpoint shows a fault itself.
func checkErrorPage(t *c.T, res *c.Response) {
	if res.Status != http.StatusUnauthorized {
		t.Status(http.StatusBadRequest, res)
	}
	t.Equal("Location", "", res.Header.Get("Location"))
	media, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	t.Equal("media type", "text/html", media)
}

// checkErrorRedirect checks that a fault is told to the client.
func checkErrorRedirect(t *c.T, a *authorization, res *c.Response, code string) {
	t.Status(http.StatusFound, res)
	back := a.back(res)
	if back == nil {
		t.Fatalf("the redirect does not go to the client but to %q", res.Header.Get("Location"))
	}
	t.Equal("error", code, back.Query().Get("error"))
	t.Equal("state", a.params.Get("state"), back.Query().Get("state"))
	t.Equal("code", "", back.Query().Get("code"))
}

// jwt is a signed token, taken apart.
type jwt struct {
	header, claims any
	signed         string
	signature      []byte
}

func parseToken(t *c.T, text string) jwt {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		t.Fatalf("the token is no signed JWT: it has %d parts", len(parts))
	}
	token := jwt{signed: parts[0] + "." + parts[1]}
	var err error
	if token.header, err = decodePart(parts[0]); err != nil {
		t.Fatalf("header of the token: %v", err)
	}
	if token.claims, err = decodePart(parts[1]); err != nil {
		t.Fatalf("claims of the token: %v", err)
	}
	if token.signature, err = base64.RawURLEncoding.DecodeString(parts[2]); err != nil {
		t.Fatalf("signature of the token: %v", err)
	}
	return token
}

func decodePart(part string) (any, error) {
	data, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.UseNumber()
	var v any
	return v, decoder.Decode(&v)
}

// signedBy checks an RS256 signature by a key of a key set.
func (j jwt) signedBy(key any) bool {
	n, errN := base64.RawURLEncoding.DecodeString(c.Text(key, "n"))
	e, errE := base64.RawURLEncoding.DecodeString(c.Text(key, "e"))
	exponent := new(big.Int).SetBytes(e)
	if errN != nil || errE != nil || len(n) < 128 || !exponent.IsInt64() {
		return false
	}
	digest := sha256.Sum256([]byte(j.signed))
	public := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent.Int64())}
	return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], j.signature) == nil
}

// forged is a token with another claim under the old signature.
func forged(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return token + "x"
	}
	claims, err := decodePart(parts[1])
	members, ok := claims.(object)
	if err != nil || !ok {
		return token + "x"
	}
	members["conformance"] = true
	data, err := json.Marshal(members)
	if err != nil {
		return token + "x"
	}
	parts[1] = base64.RawURLEncoding.EncodeToString(data)
	return strings.Join(parts, ".")
}

func sortedWords(text string) []string { return slices.Sorted(slices.Values(strings.Fields(text))) }

func sortedTexts(values []any) []string {
	var texts []string
	for _, v := range values {
		text, _ := v.(string)
		texts = append(texts, text)
	}
	slices.Sort(texts)
	return texts
}
