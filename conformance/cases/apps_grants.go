package cases

import (
	"net/http"
	"net/url"
	"regexp"

	c "aicmcp/conformance"
)

const (
	refClientGrant   = "documented: AM, the client credentials grant; live-verified on tenants: the claims of its tokens"
	refPasswordGrant = "documented: AM, the resource owner password credentials grant"
	refDevice        = "documented: AM, the device flow; RFC 8628"
	refGrantWords    = "documented: AM, the errors of access_token"
)

// grantCases are the cases about grants without a redirect.
var grantCases = []c.Case{
	{
		ID:    "provider/client-credentials/answer",
		Title: "a client gets a token for itself, with no refresh token and nobody's login",
		Level: c.Must, Needs: appsNeeded, Ref: refClientGrant, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			res := a.ask("grant_type", grantClient, "scope", "read write")
			checkTokens(t, res)
			t.Lacks("answer", res.Body, "refresh_token", "id_token")
			t.Equal("scope", sortedWords("read write"), sortedWords(res.Text("scope")))
			token := a.checkToken(res.Text("access_token"), grantClient, a.id)
			t.Lacks("claims", token.claims, "auth_time", "auth_level")
			t.Equal("scope claim", sortedWords("read write"), sortedTexts(c.List(token.claims, "scope")))
		},
	}, {
		ID:    "provider/client-credentials/default-scope",
		Title: "a client that asks for no scope gets its default",
		Level: c.Should, Needs: appsNeeded, Ref: "documented: AM, the default scopes of a client", Writes: true,
		Run: func(t *c.T) {
			res := makeApp(t).ask("grant_type", grantClient)
			checkTokens(t, res)
			t.Equal("scope", "read", res.At("scope"))
		},
	}, {
		ID:    "provider/client-credentials/public",
		Title: "a public client gets no token for itself",
		Level: c.Should, Needs: appsNeeded, Ref: refGrantWords, Writes: true,
		Run: func(t *c.T) {
			res := makeApp(t, public).ask("grant_type", grantClient, "scope", "read")
			checkOAuthError(t, res, http.StatusBadRequest, "unauthorized_client", "Public clients can't use client credentials grant.")
		},
	}, {
		ID:    "provider/client-credentials/scope",
		Title: "a scope that the client has not is refused by its name",
		Level: c.Should, Needs: appsNeeded, Ref: refScopeWords, Writes: true,
		Run: func(t *c.T) {
			res := makeApp(t).ask("grant_type", grantClient, "scope", "read conformance:nothing")
			checkOAuthError(t, res, http.StatusBadRequest, "invalid_scope", "Unknown/invalid scope(s): [conformance:nothing]")
		},
	}, {
		ID:    "provider/client-credentials/grant",
		Title: "a client whose profile has not this grant may not use it",
		Level: c.Must, Needs: appsNeeded, Ref: refGrantWords + "; RFC 6749 5.2", Writes: true,
		Run: func(t *c.T) {
			res := makeApp(t, grants(grantCode)).ask("grant_type", grantClient, "scope", "read")
			checkOAuthError(t, res, http.StatusBadRequest, "unauthorized_client", "")
		},
	}, {
		ID:    "provider/password/answer",
		Title: "name and password of a user lead to tokens of that user",
		Level: c.Should, Needs: appsAndUsers, Ref: refPasswordGrant, Writes: true,
		Run: func(t *c.T) {
			a, p := makeApp(t), newPerson(t)
			res := a.ask("grant_type", grantPassword, "username", p.userName, "password", p.password, "scope", "openid profile read")
			checkTokens(t, res)
			t.True("there is a refresh token", res.Text("refresh_token") != "")
			t.Has("claims", a.checkToken(res.Text("access_token"), grantPassword, p.id).claims, "auth_time")
		},
	}, {
		ID:    "provider/password/wrong",
		Title: "a wrong password is refused, as is a name that nobody has",
		Level: c.Should, Needs: appsAndUsers, Ref: refPasswordGrant, Writes: true,
		Run: func(t *c.T) {
			a, p := makeApp(t), newPerson(t)
			for _, name := range []string{p.userName, t.Fresh("user")} {
				res := a.ask("grant_type", grantPassword, "username", name, "password", freshSecret(t), "scope", "read")
				checkOAuthError(t, res, http.StatusBadRequest, "invalid_grant", "")
			}
		},
	}, {
		ID:    "provider/password/missing",
		Title: "a request without name or password misses it",
		Level: c.Should, Needs: appsNeeded, Ref: refGrantWords, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			checkOAuthError(t, a.ask("grant_type", grantPassword, "username", t.Fresh("user")), http.StatusBadRequest, "invalid_request", "")
			checkOAuthError(t, a.ask("grant_type", grantPassword, "password", freshSecret(t)), http.StatusBadRequest, "invalid_request", "")
		},
	}, {
		ID:    "provider/device/answer",
		Title: "a device gets a code to show, an address with its port, an interval and a lifetime",
		Level: c.Should, Needs: appsNeeded, Ref: refDevice, Writes: true,
		Run: func(t *c.T) {
			res := makeApp(t, public).device()
			t.True("the code that people type has eight characters of AM's", regexp.MustCompile(`^[2-7ACDEFGHJKLMNPQRSTWXYZabcdefhijkmnopqrstwxyz]{8}$`).MatchString(res.Text("user_code")))
			address := withPort(t) + inAlphaProvider + "/device/user"
			t.Equal("verification_uri", address, res.At("verification_uri"))
			t.Equal("verification_uri_complete", address+"?user_code="+res.Text("user_code"), res.At("verification_uri_complete"))
			t.Equal("interval", 5, res.At("interval"))
			t.Equal("expires_in", 300, res.At("expires_in"))
		},
	}, {
		ID:    "provider/device/pending",
		Title: "a device that polls before anybody has decided is told to wait, and one that polls too often to slow down",
		Level: c.Should, Needs: appsNeeded, Ref: refDevice, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, public)
			code := a.device().Text("device_code")
			checkOAuthError(t, a.poll(code), http.StatusForbidden, "authorization_pending", "The user has not yet completed authorization")
			checkOAuthError(t, a.poll(code), http.StatusBadRequest, "slow_down", "The polling interval has not elapsed since the last request")
		},
	}, {
		ID:    "provider/device/allowed",
		Title: "who is logged in and allows the device gives it tokens, once",
		Level: c.Should, Needs: appsAndUsers, Ref: refDevice, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, public, explicitConsent).logIn()
			given := a.device()
			res := a.decideDevice(given.Text("user_code"), "allow")
			t.Status(http.StatusOK, res)
			t.Contains("Content-Type", "text/html", res.Header.Get("Content-Type"))
			tokens := a.poll(given.Text("device_code"))
			checkTokens(t, tokens)
			t.True("there is a refresh token", tokens.Text("refresh_token") != "")
			a.checkToken(tokens.Text("access_token"), grantDevice, a.person.id)
			checkDeclined(t, a.poll(given.Text("device_code")))
		},
	}, {
		ID:    "provider/device/implied-consent",
		Title: "who need not consent only has to type the code",
		Level: c.Should, Needs: appsAndUsers, Ref: refDevice, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, public).logIn()
			given := a.device()
			t.Status(http.StatusOK, t.Post(a.provider+"/device/user", formOf("user_code", given.Text("user_code")), c.Anonymous(), a.browser()))
			checkTokens(t, a.poll(given.Text("device_code")))
		},
	}, {
		ID:    "provider/device/denied",
		Title: "a device that was denied is told so",
		Level: c.Should, Needs: appsAndUsers, Ref: refDevice, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, public, explicitConsent).logIn()
			given := a.device()
			t.Status(http.StatusOK, a.decideDevice(given.Text("user_code"), "deny"))
			checkDeclined(t, a.poll(given.Text("device_code")))
		},
	}, {
		ID:    "provider/device/csrf",
		Title: "a decision about a device without the session's token as csrf is refused",
		Level: c.Should, Needs: appsAndUsers, Ref: refCSRF, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, public, explicitConsent).logIn()
			given := a.device()
			form := formOf("user_code", given.Text("user_code"), "decision", "allow", "csrf", t.Fresh("csrf"))
			checkErrorPage(t, t.Post(a.provider+"/device/user", form, c.Anonymous(), a.browser()))
			checkOAuthError(t, a.poll(given.Text("device_code")), http.StatusForbidden, "authorization_pending", "")
		},
	}, {
		ID:    "provider/device/login",
		Title: "who is not logged in is sent to the login, and back to the device's page",
		Level: c.Should, Needs: appsNeeded, Ref: refDevice, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, public)
			address, err := url.Parse(a.device().Text("verification_uri_complete"))
			if err != nil || address.Path == "" {
				t.Fatalf("verification_uri_complete is no address")
			}
			res := t.Get(address.RequestURI(), c.Anonymous())
			t.Status(http.StatusFound, res)
			location := ofTenant(t, "Location", res.Header.Get("Location"))
			t.Equal("path", "/am/UI/Login", location.Path)
			t.Equal("realm", "/alpha", location.Query().Get("realm"))
			t.Contains("goto", "/device/user?user_code=", location.Query().Get("goto"))
		},
	}, {
		ID:    "provider/device/unknown",
		Title: "a device code that was never given, or was given to another client, is declined",
		Level: c.Should, Needs: appsNeeded, Ref: "known from AM's ancestor", Writes: true,
		Run: func(t *c.T) {
			a, other := makeApp(t, public), makeApp(t, public)
			code := a.device().Text("device_code")
			checkDeclined(t, a.poll(t.Fresh("code")))
			checkDeclined(t, other.poll(code))
			checkOAuthError(t, a.poll(code), http.StatusForbidden, "authorization_pending", "")
		},
	}, {
		ID:    "provider/device/user-code",
		Title: "a code that no device shows is asked for again",
		Level: c.Should, Needs: appsAndUsers, Ref: refDevice, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, public).logIn()
			a.device()
			res := a.decideDevice("conform0", "allow")
			t.Status(http.StatusOK, res)
			t.Contains("page", "user_code", string(res.Raw))
		},
	}, {
		ID:    "provider/device/verifier",
		Title: "a device that gave a challenge has to have its verifier",
		Level: c.Should, Needs: appsAndUsers, Ref: "documented: AM, the device flow with PKCE", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, public).logIn()
			for _, right := range []bool{false, true} {
				r := a.request()
				given := a.device("code_challenge", r.params.Get("code_challenge"), "code_challenge_method", "S256")
				t.Status(http.StatusOK, a.decideDevice(given.Text("user_code"), "allow"))
				if !right {
					checkNoTokens(t, a.poll(given.Text("device_code"), "code_verifier", a.request().verifier))
					continue
				}
				checkTokens(t, a.poll(given.Text("device_code"), "code_verifier", r.verifier))
			}
		},
	}, {
		ID:    "provider/device/grant",
		Title: "a client without this grant gets no code for a device, nor a scope that it has not",
		Level: c.Should, Needs: appsNeeded, Ref: refGrantWords, Writes: true,
		Run: func(t *c.T) {
			checkNoTokens(t, makeApp(t, public, grants(grantCode)).post("/device/code", "scope", "read"))
			checkOAuthError(t, makeApp(t, public).post("/device/code", "scope", "conformance:nothing"), http.StatusBadRequest, "invalid_scope", "")
			checkOAuthError(t, t.Post(inAlphaProvider+"/device/code", formOf("client_id", t.Fresh("app")), c.Anonymous()), http.StatusBadRequest, "invalid_client", "")
		},
	},
}

// device asks for codes for a device.
func (a *app) device(pairs ...string) *c.Response {
	res := a.post("/device/code", append([]string{"scope", "openid profile read"}, pairs...)...)
	a.t.Status(http.StatusOK, res)
	a.t.Secret(res.Text("device_code"), res.Text("user_code"))
	if res.Text("device_code") == "" || res.Text("user_code") == "" {
		a.t.Fatalf("the answer has no codes: %s", res.Raw)
	}
	return res
}

func (a *app) poll(code string, pairs ...string) *c.Response {
	return a.ask(append([]string{"grant_type", grantDevice, "device_code", code}, pairs...)...)
}

// decideDevice sends what the page for a device's code sends.
func (a *app) decideDevice(userCode, decision string) *c.Response {
	form := formOf("user_code", userCode, "decision", decision, "csrf", a.token, "scope", "openid profile read")
	return a.t.Post(a.provider+"/device/user", form, c.Anonymous(), a.browser())
}

// checkDeclined checks what a device is told whose code is none.
func checkDeclined(t *c.T, res *c.Response) {
	checkOAuthError(t, res, http.StatusForbidden, "authorization_declined", "The user has declined authorization")
}
