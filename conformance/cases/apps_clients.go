package cases

import (
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	c "aicmcp/conformance"
)

const (
	refClientAuth   = "documented: AM, client authentication; RFC 6749 2.3"
	refAssertion    = "documented: AM, client authentication by JWT; RFC 7523 3"
	refPushed       = "documented: AM, par; RFC 9126"
	refRegistration = "known from AM's ancestor: the refusal; documented: registration is closed unless the provider's settings open it"
)

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// clientAuthCases are the cases about how clients prove who they are.
var clientAuthCases = []c.Case{
	{
		ID:    "provider/client/form",
		Title: "a secret may be sent in the form where the client is set so",
		Level: c.Should, Needs: appsNeeded, Ref: refClientAuth, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, setting(advancedSection, "tokenEndpointAuthMethod", "client_secret_post"))
			form := formOf("grant_type", grantRefresh, "refresh_token", noToken, "client_id", a.id, "client_secret", a.secret)
			checkProven(t, t.Post(a.provider+"/access_token", form, c.Anonymous()))
		},
	}, {
		ID:    "provider/client/method",
		Title: "a client of OpenID Connect has to use the method that is set for it",
		Level: c.Should, Needs: appsNeeded, Ref: refClientAuth, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			checkProven(t, a.refresh(noToken))
			form := formOf("grant_type", grantRefresh, "refresh_token", noToken, "client_id", a.id, "client_secret", a.secret)
			res := t.Post(a.provider+"/access_token", form, c.Anonymous())
			checkOAuthError(t, res, http.StatusBadRequest, "invalid_client", "Invalid authentication method for accessing this endpoint.")
		},
	}, {
		ID:    "provider/client/plain-oauth",
		Title: "a client that knows nothing of OpenID Connect may use either method of a secret",
		Level: c.Should, Needs: appsNeeded, Ref: refClientAuth, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, setting(coreSection, "scopes", []string{"read"}))
			checkProven(t, a.refresh(noToken))
			form := formOf("grant_type", grantRefresh, "refresh_token", noToken, "client_id", a.id, "client_secret", a.secret)
			checkProven(t, t.Post(a.provider+"/access_token", form, c.Anonymous()))
		},
	}, {
		ID:    "provider/client/wrong-secret",
		Title: "a wrong secret is 401 with a challenge by Basic, and 400 in the form",
		Level: c.Should, Needs: appsNeeded, Ref: refToken, Writes: true,
		Run: func(t *c.T) {
			a, wrong := makeApp(t), freshSecret(t)
			checkProven(t, a.refresh(noToken))
			form := formOf("grant_type", grantRefresh, "refresh_token", noToken)
			res := t.Post(a.provider+"/access_token", form, basic(t, a.id, wrong))
			checkOAuthError(t, res, http.StatusUnauthorized, "invalid_client", "Client authentication failed")
			t.Contains("WWW-Authenticate", "Basic realm=", res.Header.Get("WWW-Authenticate"))
			form.Set("client_id", a.id)
			form.Set("client_secret", wrong)
			res = t.Post(a.provider+"/access_token", form, c.Anonymous())
			checkOAuthError(t, res, http.StatusBadRequest, "invalid_client", "")
			t.Equal("WWW-Authenticate", "", res.Header.Get("WWW-Authenticate"))
		},
	}, {
		ID:    "provider/client/twice",
		Title: "credentials that are sent in two ways are refused",
		Level: c.Should, Needs: appsNeeded, Ref: refClientAuth, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			checkProven(t, a.refresh(noToken))
			res := a.ask("grant_type", grantRefresh, "refresh_token", noToken, "client_id", a.id, "client_secret", a.secret)
			checkOAuthError(t, res, http.StatusBadRequest, "invalid_request", "")
		},
	}, {
		ID:    "provider/client/escaped",
		Title: "ID and secret are form-encoded in Basic",
		Level: c.Should, Needs: appsNeeded, Ref: "RFC 6749 2.3.1; documented: AM, client authentication", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, func(client object) { client[coreSection].(object)[clientSecret] = freshSecret(t) + " %+:/é" })
			t.Secret(a.secret)
			checkProven(t, a.refresh(noToken))
		},
	}, {
		ID:    "provider/assertion/answer",
		Title: "a client proves itself by a JWT that its own key signed, for the token endpoint or the issuer",
		Level: c.Should, Needs: appsNeeded, Ref: refAssertion, Writes: true,
		Run: func(t *c.T) {
			k := newKey(t)
			a := makeApp(t, k.registered())
			for _, audience := range []string{withPort(t) + a.provider + "/access_token", withPort(t) + a.provider} {
				checkProven(t, a.assert(k.assertion(t, a, "aud", audience)))
			}
		},
	}, {
		ID:    "provider/assertion/claims",
		Title: "an assertion that has expired, holds not yet or for too long, has no end, or is another's or for another is refused",
		Level: c.Should, Needs: appsNeeded, Ref: refAssertion, Writes: true,
		Run: func(t *c.T) {
			k, now := newKey(t), time.Now().Unix()
			a := makeApp(t, k.registered())
			for claim, values := range map[string][]any{
				"exp": {now - 3600, now + 24*3600, nil}, "nbf": {now + 3600}, "iss": {t.Fresh("app"), nil}, "sub": {t.Fresh("app"), nil},
				"aud": {"https://attacker.example.com/", withPort(t) + inBravoProvider + "/access_token", nil},
			} {
				for _, value := range values {
					checkBadClient(t, a.assert(k.assertion(t, a, claim, value)))
				}
			}
			checkProven(t, a.assert(k.assertion(t, a)))
		},
	}, {
		ID:    "provider/assertion/forged",
		Title: "an assertion without a signature, by another key, or by HS256 with the public key for a secret is refused",
		Level: c.Must, Needs: appsNeeded, Ref: refForgedTokens, Writes: true,
		Run: func(t *c.T) {
			k, stranger := newKey(t), newKey(t)
			a := makeApp(t, k.registered())
			claims := k.claims(t, a)
			checkBadClient(t, a.assert(unsigned(t, k.assertion(t, a))))
			checkBadClient(t, a.assert(forged(k.assertion(t, a))))
			for _, header := range []object{
				{"alg": "RS256", "kid": keyID}, {"alg": "RS256", "kid": "other"}, {"alg": "RS256"}, {"alg": "RS256", "jwk": stranger.public("other")},
			} {
				checkBadClient(t, a.assert(stranger.sign(t, header, claims)))
			}
			for _, secret := range publicForms(t, k.public(keyID)) {
				checkBadClient(t, a.assert(signHS256(t, secret, object{"alg": "HS256", "kid": keyID}, claims)))
			}
			checkProven(t, a.assert(k.assertion(t, a)))
		},
	}, {
		ID:    "provider/assertion/secret",
		Title: "a client that has a key proves itself by no secret",
		Level: c.Should, Needs: appsNeeded, Ref: refClientAuth, Writes: true,
		Run: func(t *c.T) {
			k := newKey(t)
			a := makeApp(t, k.registered())
			checkProven(t, a.assert(k.assertion(t, a)))
			checkBadClient(t, a.refresh(noToken))
		},
	}, {
		ID:    "provider/assertion/other-client",
		Title: "an assertion of one client is none of another, that it is named with",
		Level: c.Must, Needs: appsNeeded, Ref: refAssertion, Writes: true,
		Run: func(t *c.T) {
			k := newKey(t)
			a, other := makeApp(t, k.registered()), makeApp(t, newKey(t).registered())
			form := assertionForm(k.assertion(t, a))
			form.Set("client_id", other.id)
			checkBadClient(t, t.Post(a.provider+"/access_token", form, c.Anonymous()))
			checkProven(t, a.assert(k.assertion(t, a)))
		},
	}, {
		ID:    "provider/par/answer",
		Title: "a request that was pushed is asked for by its address alone",
		Level: c.Should, Needs: appsAndUsers, Ref: refPushed, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			r := a.request()
			pushed := a.push(r)
			t.Equal("expires_in", 90, pushed.At("expires_in"))
			t.Equal("Cache-Control", "no-store", pushed.Header.Get("Cache-Control"))
			res := a.visit(a.named(pushed), a.browser())
			back := r.back(res)
			if back == nil {
				t.Fatalf("the answer does not lead to the client but to %q", res.Header.Get("Location"))
			}
			t.Equal("state", r.params.Get("state"), back.Query().Get("state"))
			checkTokens(t, a.redeem(r, back.Query().Get("code")))
		},
	}, {
		ID:    "provider/par/changed",
		Title: "what the browser adds to a request that was pushed does not count",
		Level: c.Should, Needs: appsAndUsers, Ref: refPushed, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			r := a.request()
			named := a.named(a.push(r))
			named.params.Set("redirect_uri", "https://attacker.example.com/")
			named.params.Set("scope", "write")
			res := a.visit(named, a.browser())
			if res.Status != http.StatusFound {
				checkErrorPage(t, res)
				return
			}
			back := r.back(res)
			if back == nil {
				t.Fatalf("the answer leads elsewhere: %q", res.Header.Get("Location"))
			}
			tokens := a.redeem(r, back.Query().Get("code"))
			checkTokens(t, tokens)
			t.Equal("scope", sortedWords("openid profile read"), sortedWords(tokens.Text("scope")))
		},
	}, {
		ID:    "provider/par/other-client",
		Title: "a request that one client pushed is none of another's, and one that nobody pushed is none",
		Level: c.Must, Needs: appsAndUsers, Ref: refPushed, Writes: true,
		Run: func(t *c.T) {
			a, other := makeApp(t).logIn(), makeApp(t)
			named := a.named(a.push(a.request()))
			named.params.Set("client_id", other.id)
			checkNotAuthorized(t, named, a.visit(named, a.browser()))
			named.params.Set("client_id", a.id)
			named.params.Set("request_uri", t.Fresh("request"))
			checkNotAuthorized(t, named, a.visit(named, a.browser()))
		},
	}, {
		ID:    "provider/par/refused",
		Title: "a request is checked when it is pushed: the client, its redirect URI and its scopes",
		Level: c.Should, Needs: appsNeeded, Ref: refPushed, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			a.push(a.request())
			for name, value := range map[string]string{"redirect_uri": "https://attacker.example.com/", "scope": "conformance:nothing", "request_uri": "urn:conformance"} {
				r := a.request()
				r.params.Set(name, value)
				checkNoTokens(t, t.Post(a.provider+"/par", r.params, basic(t, a.id, a.secret)))
			}
			checkOAuthError(t, t.Post(a.provider+"/par", a.request().params, basic(t, a.id, freshSecret(t))), http.StatusUnauthorized, "invalid_client", "")
			t.Status(http.StatusMethodNotAllowed, t.Get(a.provider+"/par", c.Anonymous()))
		},
	}, {
		ID:    "provider/register/closed",
		Title: "nobody registers a client without a token unless the provider's settings say so",
		Level: c.Should, Needs: []c.Feature{c.Clients, c.Realms}, Ref: refRegistration, Writes: true,
		Run: func(t *c.T) {
			// A client that nothing would accept, so that none is left behind where it is open.
			body := object{"redirect_uris": []string{"javascript:alert(1)"}, "client_name": t.Fresh("app")}
			open, ok := oauthProvider.get(t).At("clientDynamicRegistrationConfig", "allowDynamicRegistration").(bool)
			t.True("the setting is there", ok)
			for _, bearer := range []c.Option{c.Anonymous(), c.Bearer(noToken)} {
				res := t.Post(inAlphaProvider+"/register", body, bearer)
				t.Lacks("refusal", res.Body, "client_id", "client_secret")
				if !open {
					t.Status(http.StatusBadRequest, res)
					t.Equal("refusal", object{"error": "access_denied", "error_description": "Access Token not valid"}, res.Body)
					continue
				}
				checkBetween(t, "status", 400, int64(res.Status), 401)
				t.Has("refusal", res.Body, "error")
			}
		},
	}, {
		ID:    "provider/register/no-client",
		Title: "nobody reads or removes a client by its registration without the token for it",
		Level: c.Should, Needs: appsNeeded, Ref: "documented: AM, dynamic client registration", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			for _, method := range []string{http.MethodGet, http.MethodDelete} {
				for _, bearer := range []c.Option{c.Anonymous(), c.Bearer(noToken)} {
					res := t.Send(method, a.provider+"/register", nil, bearer, c.Query("client_id", a.id))
					t.Status(http.StatusUnauthorized, res)
					t.Equal("error", "invalid_token", res.At("error"))
				}
			}
			checkProven(t, a.refresh(noToken))
		},
	},
}

// noToken is what no token looks like. With it for a refresh token a client is refused
// only after the client has proved itself.
const noToken = "not-a-token"

// checkProven checks that a client has proved itself.
func checkProven(t *c.T, res *c.Response) {
	checkOAuthError(t, res, http.StatusBadRequest, "invalid_grant", "")
}

// checkBadClient checks that a client has not proved itself.
func checkBadClient(t *c.T, res *c.Response) {
	checkNoTokens(t, res)
	t.Equal("error", "invalid_client", res.At("error"))
}

// push sends a request ahead.
func (a *app) push(r *authorization) *c.Response {
	res := a.t.Post(a.provider+"/par", r.params, basic(a.t, a.id, a.secret))
	a.t.Status(http.StatusCreated, res)
	if res.Text("request_uri") == "" {
		a.t.Fatalf("the answer has no request_uri: %s", res.Raw)
	}
	return res
}

// named is a request that was pushed, as the browser names it.
func (a *app) named(pushed *c.Response) *authorization {
	r := a.request()
	r.params = formOf("client_id", a.id, "request_uri", pushed.Text("request_uri"))
	return r
}

// assert asks for tokens with an assertion.
func (a *app) assert(assertion string) *c.Response {
	return a.t.Post(a.provider+"/access_token", assertionForm(assertion), c.Anonymous())
}

func assertionForm(assertion string) url.Values {
	return formOf("grant_type", grantRefresh, "refresh_token", noToken, "client_assertion_type", assertionType, "client_assertion", assertion)
}

// claims are those of a good assertion.
func (k *key) claims(t *c.T, a *app) object {
	return object{
		"iss": a.id, "sub": a.id, "aud": withPort(t) + a.provider + "/access_token", "exp": time.Now().Unix() + 180, "jti": uuid.NewString(),
	}
}

// assertion is a good one but for some of its claims, given as name, value. Nil leaves
// one out.
func (k *key) assertion(t *c.T, a *app, pairs ...any) string {
	return k.sign(t, object{"typ": "JWT", "kid": keyID, "alg": "RS256"}, changed(k.claims(t, a), pairs))
}

// registered makes a client one that has the key.
func (k *key) registered() change {
	return func(client object) {
		setting(advancedSection, "tokenEndpointAuthMethod", "private_key_jwt")(client)
		setting(signingSection, "publicKeyLocation", "jwks")(client)
		setting(signingSection, "jwkSet", k.set())(client)
		setting(signingSection, "tokenEndpointAuthSigningAlgorithm", "RS256")(client)
	}
}
