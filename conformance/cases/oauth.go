package cases

import (
	"encoding/base64"
	"fmt"
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

// pathOf is the path of an address.
func pathOf(t *c.T, address string) string {
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatalf("%q is no address", address)
	}
	return parsed.Path
}
