package cases

import (
	"net/http"
	"strings"

	c "aicmcp/conformance"
)

const (
	refHeadless    = "recorded on tenants: a code without pages, by the session's cookie, a decision and the session's token as csrf"
	refRedirect    = "recorded on tenants: the redirect back to a client, its parameters in their order and its headers"
	refExactURI    = "live-verified on tenants: redirect URIs are compared as texts; RFC 9700 2.1"
	refLoopback    = "documented: AM, loopbackInterfaceRedirection of a client; RFC 8252 7.3"
	refIgnored     = "live-verified on tenants: resource and audience are ignored by all grants but token exchange"
	refTokenAnswer = "recorded on tenants: the members of an answer with tokens, in their order"
	refScopeWords  = "known from AM's ancestor: the descriptions; their like were live-verified on tenants"
	refConsent     = "documented: AM, consent of a client's users"
	refMixUp       = "RFC 9207; recorded on tenants: iss and client_id are always sent back"
	refRealmBounds = "inferred: realms have providers of their own"
)

// codeCases are the cases about the authorization endpoint of alpha, and about codes.
var codeCases = []c.Case{
	{
		ID:    "provider/authorize/redirect",
		Title: "who is logged in and need not consent is sent back with code, iss, state and client_id, in this order",
		Level: c.Must, Needs: appsAndUsers, Ref: refRedirect, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			r := a.request()
			res := a.visit(r, a.browser())
			t.Status(http.StatusFound, res)
			checkRedirectOrder(t, res, "code", "iss", "state", "client_id")
			back := r.back(res)
			if back == nil {
				t.Fatalf("the redirect does not go to the client but to %q", res.Header.Get("Location"))
			}
			t.True("the code has at least 27 characters", len(back.Query().Get("code")) >= 27)
			t.Equal("iss", withPort(t)+inAlphaProvider, back.Query().Get("iss"))
			t.Equal("state", r.params.Get("state"), back.Query().Get("state"))
			t.Equal("client_id", a.id, back.Query().Get("client_id"))
		},
	}, {
		ID:    "provider/authorize/headers",
		Title: "the redirect has no content, is not to be stored, and clears the cookie of the request",
		Level: c.Must, Needs: appsAndUsers, Ref: refRedirect, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			res := a.visit(a.request(), a.browser())
			t.Status(http.StatusFound, res)
			for name, want := range map[string]string{"Content-Type": "", "Cache-Control": "no-store", "Pragma": "no-cache", "Content-Length": "0"} {
				t.Equal(name, want, res.Header.Get(name))
			}
			cookies := cookiesOf(res)
			t.Equal("number of cookies", 1, len(cookies))
			for _, cookie := range cookies {
				t.Equal("cookie", "OAUTH_REQUEST_ATTRIBUTES", cookie.Name)
				t.Equal("its end", int64(0), cookie.Expires.Unix())
			}
		},
	}, {
		ID:    "provider/authorize/no-state",
		Title: "a request without state gets none back",
		Level: c.Must, Needs: appsAndUsers, Ref: refRedirect, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			r := a.request()
			r.params.Del("state")
			res := a.visit(r, a.browser())
			t.Status(http.StatusFound, res)
			checkRedirectOrder(t, res, "code", "iss", "client_id")
		},
	}, {
		ID:    "provider/authorize/headless",
		Title: "a program that has a session consents without a page",
		Level: c.Must, Needs: appsAndUsers, Ref: refHeadless, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, explicitConsent).logIn()
			r := a.request()
			res := a.decide(r, "allow")
			t.Status(http.StatusFound, res)
			checkRedirectOrder(t, res, "code", "iss", "state", "client_id")
		},
	}, {
		ID:    "provider/authorize/session-header",
		Title: "a session in a header named like the cookie will do",
		Level: c.Must, Needs: appsAndUsers, Ref: refHeadless, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			res := a.visit(a.request(), c.Header(a.cookie, a.token))
			t.Status(http.StatusFound, res)
			checkRedirectOrder(t, res, "code", "iss", "state", "client_id")
		},
	}, {
		ID:    "provider/authorize/csrf",
		Title: "a decision without the session's token as csrf, or with another one, is refused by a page",
		Level: c.Must, Needs: appsAndUsers, Ref: refCSRF, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, explicitConsent).logIn()
			for _, csrf := range []string{"", t.Fresh("csrf"), a.token + "x"} {
				r := a.request()
				r.params.Set("decision", "allow")
				r.params.Set("csrf", csrf)
				checkErrorPage(t, t.Post(a.provider+"/authorize", r.params, c.Anonymous(), a.browser()))
			}
		},
	}, {
		ID:    "provider/authorize/consent-page",
		Title: "who has not consented is asked, by a page that names the scopes",
		Level: c.Should, Needs: appsAndUsers, Ref: refConsent, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, explicitConsent).logIn()
			res := a.visit(a.request(), a.browser())
			t.Status(http.StatusOK, res)
			t.Contains("Content-Type", "text/html", res.Header.Get("Content-Type"))
			t.Contains("page", "profile", string(res.Raw))
		},
	}, {
		ID:    "provider/authorize/save-consent",
		Title: "a consent that is saved is not asked for again, but for more scopes it is",
		Level: c.Should, Needs: appsAndUsers, Ref: refConsent, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, explicitConsent).logIn()
			r := a.request()
			r.params.Set("save_consent", "on")
			t.Status(http.StatusFound, a.decide(r, "allow"))
			r.params.Del("save_consent")
			t.Status(http.StatusFound, a.visit(r, a.browser()))
			r.params.Set("scope", "openid profile read write")
			t.Status(http.StatusOK, a.visit(r, a.browser()))
		},
	}, {
		ID:    "provider/authorize/deny",
		Title: "a program that denies is sent back with access_denied, and with iss and client_id",
		Level: c.Must, Needs: appsAndUsers, Ref: refAuthorize + "; RFC 9207", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, explicitConsent).logIn()
			r := a.request()
			res := a.decide(r, "deny")
			checkErrorRedirect(t, r, res, "access_denied")
			t.Equal("iss", withPort(t)+inAlphaProvider, r.back(res).Query().Get("iss"))
			t.Equal("client_id", a.id, r.back(res).Query().Get("client_id"))
		},
	}, {
		ID:    "provider/authorize/prompt-none",
		Title: "prompt=none is answered without a page: login_required, consent_required, or a code",
		Level: c.Should, Needs: appsAndUsers, Ref: refPrompt, Writes: true,
		Run: func(t *c.T) {
			strict, lenient := makeApp(t, explicitConsent).logIn(), makeApp(t)
			r := strict.request()
			r.params.Set("prompt", "none")
			checkErrorRedirect(t, r, strict.visit(r), "login_required")
			checkErrorRedirect(t, r, strict.visit(r, strict.browser()), "consent_required")
			r = lenient.request()
			r.params.Set("prompt", "none")
			res := lenient.visit(r, strict.browser())
			t.Status(http.StatusFound, res)
			checkRedirectOrder(t, res, "code", "iss", "state", "client_id")
		},
	}, {
		ID:    "provider/authorize/login",
		Title: "who is not logged in is sent to the login of the realm, with the request in goto, its port included",
		Level: c.Must, Needs: appsNeeded, Ref: refLogin, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			r := a.request()
			res := a.visit(r)
			t.Status(http.StatusFound, res)
			location := ofTenant(t, "Location", res.Header.Get("Location"))
			t.Equal("path", "/am/UI/Login", location.Path)
			t.Equal("realm", "/alpha", location.Query().Get("realm"))
			t.True("goto begins with the tenant and its port", strings.HasPrefix(location.Query().Get("goto"), withPort(t)+inAlphaProvider+"/authorize?"))
			back := ofTenant(t, "goto", location.Query().Get("goto"))
			t.Equal("state in goto", r.params.Get("state"), back.Query().Get("state"))
			t.Equal("challenge in goto", r.params.Get("code_challenge"), back.Query().Get("code_challenge"))
		},
	}, {
		ID:    "provider/authorize/service",
		Title: "the journey that a request names is that of the login",
		Level: c.Should, Needs: appsNeeded, Ref: refLogin, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			r := a.request()
			r.params.Set("service", "Registration")
			res := a.visit(r)
			t.Status(http.StatusFound, res)
			t.Equal("service", "Registration", ofTenant(t, "Location", res.Header.Get("Location")).Query().Get("service"))
		},
	}, {
		ID:    "provider/authorize/logged-out",
		Title: "a session that has ended is none",
		Level: c.Must, Needs: appsAndUsers, Ref: refLogin, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			a.code(a.request())
			t.Equal("logout", "Successfully logged out", sessions.ask(t, "logout", a.token).At("result"))
			res := a.visit(a.request(), a.browser())
			t.Status(http.StatusFound, res)
			t.Equal("path", "/am/UI/Login", ofTenant(t, "Location", res.Header.Get("Location")).Path)
		},
	}, {
		ID:    "provider/authorize/other-realm",
		Title: "a session of alpha is none in bravo",
		Level: c.Should, Needs: appsAndUsers, Ref: refRealmBounds, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			a.code(a.request())
			other := a.twin()
			res := other.visit(other.request(), other.browser())
			t.Status(http.StatusFound, res)
			t.Equal("realm of the login", "/bravo", ofTenant(t, "Location", res.Header.Get("Location")).Query().Get("realm"))
		},
	}, {
		ID:    "provider/authorize/issuer-spelling",
		Title: "the issuer is spelled as the request was: in the redirect, in tokens, and in discovery",
		Level: c.Must, Needs: appsAndUsers, Ref: refDiscovery, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			a.provider = provider + "/alpha"
			r := a.request()
			back := r.back(a.visit(r, a.browser()))
			if back == nil {
				t.Fatalf("the answer does not lead to the client")
			}
			t.Equal("iss of the redirect", withPort(t)+a.provider, back.Query().Get("iss"))
			res := a.redeem(r, back.Query().Get("code"))
			checkTokens(t, res)
			t.Equal("iss of the token", withPort(t)+a.provider, c.At(parseToken(t, res.Text("access_token")).claims, "iss"))
			checkDiscovery(t, a.provider)
		},
	}, {
		ID:    "provider/authorize/redirect-tricks",
		Title: "an address that only resembles the client's gets a page, and nobody is sent there",
		Level: c.Must, Needs: appsAndUsers, Ref: refExactURI, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			for _, uri := range []string{
				"https://conformance.example.com/callback/", "https://conformance.example.com/callback/../other", "https://conformance.example.com/callback?x=1",
				"https://conformance.example.com/callback#x", "https://conformance.example.com/%63allback", "https://conformance.example.com/Callback",
				"https://conformance.example.com:8443/callback", "http://conformance.example.com/callback", "https://conformance.example.com.attacker.example.com/callback",
				"https://conformance.example.com@attacker.example.com/callback", "https://attacker.example.com/?https://conformance.example.com/callback",
				`https://attacker.example.com\@conformance.example.com/callback`, "//conformance.example.com/callback", "/callback",
				"javascript:alert(1)//https://conformance.example.com/callback", "data:text/html,x", "https://conformance.example.com/callback ",
			} {
				r := a.request()
				r.params.Set("redirect_uri", uri)
				checkErrorPage(t, a.visit(r, a.browser()))
			}
			a.code(a.request())
		},
	}, {
		ID:    "provider/authorize/loopback",
		Title: "a loopback address may have any port where the client says so, and only there",
		Level: c.Should, Needs: appsAndUsers, Ref: refLoopback, Writes: true,
		Run: func(t *c.T) {
			uris := setting(coreSection, "redirectionUris", []string{"http://127.0.0.1:3000/callback"})
			strict := makeApp(t, uris).logIn()
			flexible := makeApp(t, uris, setting(coreSection, "loopbackInterfaceRedirection", true))
			flexible.token, flexible.cookie = strict.token, strict.cookie
			for uri, allowed := range map[string]bool{
				"http://127.0.0.1:54321/callback": true, "http://127.0.0.1:3000/callback": true,
				"http://127.0.0.1:54321/other": false, "http://127.0.0.1.example.com:3000/callback": false, "https://attacker.example.com:3000/callback": false,
			} {
				flexible.redirect = uri
				r := flexible.request()
				if !allowed {
					checkErrorPage(t, flexible.visit(r, flexible.browser()))
					continue
				}
				t.True(uri+" gets a code", flexible.code(r) != "")
			}
			strict.redirect = "http://127.0.0.1:54321/callback"
			checkErrorPage(t, strict.visit(strict.request(), strict.browser()))
		},
	}, {
		ID:    "provider/authorize/redirect-default",
		Title: "a client with one redirect URI need not name it, one with two has to",
		Level: c.Should, Needs: appsAndUsers, Ref: "documented: AM, the parameters of authorize", Writes: true,
		Run: func(t *c.T) {
			one := makeApp(t).logIn()
			r := one.request()
			r.params.Del("redirect_uri")
			res := one.visit(r, one.browser())
			t.Status(http.StatusFound, res)
			t.True("it leads to the client", strings.HasPrefix(res.Header.Get("Location"), one.redirect+"?code="))
			two := makeApp(t, setting(coreSection, "redirectionUris", []string{one.redirect, "https://conformance.example.com/other"}))
			r.params.Set("client_id", two.id)
			checkErrorPage(t, two.visit(r, one.browser()))
		},
	}, {
		ID:    "provider/authorize/error-page",
		Title: "what must not be told to a client is told by the page that OAuth has for errors",
		Level: c.Must, Needs: appsNeeded, Ref: refErrorPage, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			r := a.request()
			r.params.Set("client_id", t.Fresh("app"))
			res := a.visit(r)
			checkErrorPage(t, res)
			t.Contains("page", "<title>OAuth2 Error Page</title>", string(res.Raw))
		},
	}, {
		ID:    "provider/authorize/other-realm-client",
		Title: "a client of alpha is unknown in bravo",
		Level: c.Should, Needs: appsNeeded, Ref: refRealmBounds, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			t.Status(http.StatusFound, a.visit(a.request()))
			a.provider = inBravoProvider
			checkErrorPage(t, a.visit(a.request()))
		},
	}, {
		ID:    "provider/authorize/scope",
		Title: "scopes that the client does not have are told to it, all of them",
		Level: c.Should, Needs: appsNeeded, Ref: refScopeWords, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			r := a.request()
			r.params.Set("scope", "read conformance:one conformance:two")
			res := a.visit(r)
			checkErrorRedirect(t, r, res, "invalid_scope")
			description := r.back(res).Query().Get("error_description")
			t.True("description "+description, strings.HasPrefix(description, "Unknown/invalid scope(s): ["))
			t.Contains("description", "conformance:one", description)
			t.Contains("description", "conformance:two", description)
		},
	}, {
		ID:    "provider/authorize/response-type",
		Title: "a response type that does not exist is told to the client",
		Level: c.Should, Needs: appsNeeded, Ref: refAuthorize, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			r := a.request()
			r.params.Set("response_type", "conformance")
			checkErrorRedirect(t, r, a.visit(r), "unsupported_response_type")
		},
	}, {
		ID:    "provider/authorize/grant",
		Title: "a client without the code grant is told that it may not",
		Level: c.Should, Needs: appsNeeded, Ref: refAuthorize, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, grants(grantClient))
			r := a.request()
			checkNotAuthorized(t, r, a.visit(r))
		},
	}, {
		ID:    "provider/authorize/twice",
		Title: "a parameter that comes twice is refused",
		Level: c.Should, Needs: appsNeeded, Ref: "RFC 6749 3.1", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			for _, name := range []string{"scope", "redirect_uri", "client_id"} {
				r := a.request()
				r.params.Add(name, r.params.Get(name))
				checkNotAuthorized(t, r, a.visit(r))
			}
		},
	}, {
		ID:    "provider/authorize/ignored",
		Title: "resource, audience and what nobody knows change nothing",
		Level: c.Must, Needs: appsAndUsers, Ref: refIgnored, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			r := a.request()
			for _, name := range []string{"resource", "audience", "conformance"} {
				r.params.Set(name, "https://api.example.com/")
			}
			res := a.redeem(r, a.code(r), "resource", "https://api.example.com/")
			checkTokens(t, res)
			t.Equal("aud", a.id, c.At(parseToken(t, res.Text("access_token")).claims, "aud"))
		},
	}, {
		ID:    "provider/authorize/json",
		Title: "a request in JSON is refused, and PUT is 405",
		Level: c.Should, Needs: appsNeeded, Ref: "live-verified on tenants", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			t.Status(http.StatusFound, a.visit(a.request()))
			t.Status(http.StatusBadRequest, t.Post(a.provider+"/authorize", object{"client_id": a.id}, c.Anonymous()))
			t.Status(http.StatusMethodNotAllowed, t.Put(a.provider+"/authorize", a.request().params, c.Anonymous()))
		},
	}, {
		ID:    "provider/code/answer",
		Title: "a code leads to tokens, whose answer has its members in their order, and the time that is left",
		Level: c.Must, Needs: appsAndUsers, Ref: refTokenAnswer, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			res := a.tokens()
			checkOrder(t, string(res.Raw), "access_token", "scope", "id_token", "token_type", "expires_in")
			t.Equal("scope", sortedWords("openid profile read"), sortedWords(res.Text("scope")))
			checkBetween(t, "expires_in", 1, res.Number("expires_in"), 60)
			t.Equal("Pragma", "no-cache", res.Header.Get("Pragma"))
		},
	}, {
		ID:    "provider/code/public",
		Title: "a public client proves itself by the verifier alone, and a secret that it sends does not matter",
		Level: c.Must, Needs: appsAndUsers, Ref: "recorded on tenants: a public client that sends a secret which does not matter", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, public).logIn()
			a.tokens()
			r := a.request()
			form := formOf("grant_type", grantCode, "code", a.code(r), "redirect_uri", a.redirect, "code_verifier", r.verifier)
			checkTokens(t, t.Post(a.provider+"/access_token", form, basic(t, a.id, "doesnotmatter")))
		},
	}, {
		ID:    "provider/code/single-use",
		Title: "a code that comes a second time is refused, and what it gave is revoked",
		Level: c.Must, Needs: appsAndUsers, Ref: refCode, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			r := a.request()
			code := a.code(r)
			first := a.redeem(r, code)
			checkTokens(t, first)
			checkOAuthError(t, a.redeem(r, code), http.StatusBadRequest, "invalid_grant", "")
			checkOAuthError(t, a.refresh(first.Text("refresh_token")), http.StatusBadRequest, "invalid_grant", "")
		},
	}, {
		ID:    "provider/code/other-client",
		Title: "a code is refused to another client, whatever it knows",
		Level: c.Must, Needs: appsAndUsers, Ref: refCode, Writes: true,
		Run: func(t *c.T) {
			a, thief := makeApp(t).logIn(), makeApp(t)
			r := a.request()
			checkOAuthError(t, thief.redeem(r, a.code(r)), http.StatusBadRequest, "invalid_grant", "")
		},
	}, {
		ID:    "provider/code/other-realm",
		Title: "a code of alpha is none in bravo, for a client of the same name",
		Level: c.Should, Needs: appsAndUsers, Ref: refRealmBounds, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			r := a.request()
			checkOAuthError(t, a.twin().redeem(r, a.code(r)), http.StatusBadRequest, "invalid_grant", "")
		},
	}, {
		ID:    "provider/code/other-redirect",
		Title: "a code is refused with another redirect URI than it was sent to, also one of the client's",
		Level: c.Must, Needs: appsAndUsers, Ref: refCode, Writes: true,
		Run: func(t *c.T) {
			const other = "https://conformance.example.com/other"
			a := makeApp(t, setting(coreSection, "redirectionUris", []string{"https://conformance.example.com/callback", other})).logIn()
			for _, uri := range []string{other, "https://attacker.example.com/", ""} {
				r := a.request()
				checkNoTokens(t, a.redeem(r, a.code(r), "redirect_uri", uri))
			}
		},
	}, {
		ID:    "provider/code/wrong-verifier",
		Title: "a code is refused with a verifier that is not its challenge's, be it the challenge itself",
		Level: c.Must, Needs: appsAndUsers, Ref: refPKCE, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			r := a.request()
			for _, verifier := range []string{a.request().verifier, r.params.Get("code_challenge"), "short", r.verifier + " "} {
				checkOAuthError(t, a.redeem(r, a.code(r), "code_verifier", verifier), http.StatusBadRequest, "invalid_grant", badGrant)
			}
			checkTokens(t, a.redeem(r, a.code(r)))
		},
	}, {
		ID:    "provider/code/no-verifier",
		Title: "a code with a challenge is refused without a verifier, a client's secret notwithstanding",
		Level: c.Must, Needs: appsAndUsers, Ref: refPKCE, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			r := a.request()
			checkOAuthError(t, a.redeem(r, a.code(r), "code_verifier", ""), http.StatusBadRequest, "invalid_request", "code_verifier parameter required")
		},
	}, {
		ID:    "provider/code/plain",
		Title: "a challenge without a method is plain, and then S256 is none",
		Level: c.Should, Needs: appsAndUsers, Ref: "RFC 7636 4.3; documented: AM, the default of code_challenge_method", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			r := a.request()
			r.params.Del("code_challenge_method")
			checkOAuthError(t, a.redeem(r, a.code(r)), http.StatusBadRequest, "invalid_grant", "")
			r.params.Set("code_challenge", r.verifier)
			checkTokens(t, a.redeem(r, a.code(r)))
		},
	}, {
		ID:    "provider/code/downgrade",
		Title: "a verifier for a code that was asked for without a challenge is refused: somebody took the challenge away",
		Level: c.Should, Needs: appsAndUsers, Ref: "RFC 9700 2.1.1 and 4.8.2; not seen on tenants", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			r := a.request()
			r.params.Del("code_challenge")
			r.params.Del("code_challenge_method")
			checkNoTokens(t, a.redeem(r, a.code(r)))
			checkTokens(t, a.redeem(r, a.code(r), "code_verifier", ""))
		},
	}, {
		ID:    "provider/code/wrong-secret",
		Title: "a code is refused to a confidential client without its secret",
		Level: c.Must, Needs: appsAndUsers, Ref: refToken, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			r := a.request()
			form := formOf("grant_type", grantCode, "code", a.code(r), "redirect_uri", a.redirect, "code_verifier", r.verifier, "client_id", a.id)
			res := t.Post(a.provider+"/access_token", form, c.Anonymous())
			checkOAuthError(t, res, http.StatusBadRequest, "invalid_client", "Client authentication failed")
		},
	}, {
		ID:    "provider/code/unknown",
		Title: "a code that was never given is refused, and a request without one misses it",
		Level: c.Must, Needs: appsNeeded, Ref: refToken, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			checkOAuthError(t, a.redeem(a.request(), t.Fresh("code")), http.StatusBadRequest, "invalid_grant", "")
			checkOAuthError(t, a.ask("grant_type", grantCode, "redirect_uri", a.redirect), http.StatusBadRequest, "invalid_request", "")
		},
	}, {
		ID:    "provider/code/session-ends",
		Title: "tokens outlive the session that they came from",
		Level: c.Should, Needs: appsAndUsers, Ref: "documented: AM, a logout does not revoke tokens", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			first := a.tokens()
			t.Equal("logout", "Successfully logged out", sessions.ask(t, "logout", a.token).At("result"))
			checkTokens(t, a.refresh(first.Text("refresh_token")))
		},
	},
}

// checkToken checks an access token of the app in alpha.
func (a *app) checkToken(token, grant, subject string) jwt {
	t := a.t
	parsed := parseToken(t, token)
	t.Equal("typ", "JWT", c.At(parsed.header, "typ"))
	checkHolds(t, "claims", object{
		"sub": subject, "aud": a.id, "iss": withPort(t) + a.provider, "realm": "/alpha", "tokenName": "access_token", "token_type": "Bearer",
		"grant_type": grant, "cts": "OAUTH2_STATELESS_GRANT", "expires_in": 60,
	}, parsed.claims)
	t.Has("claims", parsed.claims, "auditTrackingId", "authGrantId", "jti", "nbf", "scope")
	t.Equal("exp - iat", 60, c.Number(parsed.claims, "exp")-c.Number(parsed.claims, "iat"))
	return parsed
}
