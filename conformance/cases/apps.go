package cases

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"

	c "aicmcp/conformance"
)

const (
	inAlphaProvider = provider + "/realms/root/realms/alpha"
	inBravoProvider = provider + "/realms/root/realms/bravo"

	grantClient   = "client_credentials"
	grantPassword = "password"
	grantDevice   = "urn:ietf:params:oauth:grant-type:device_code"
)

var (
	appsNeeded   = clientsNeeded
	appsAndUsers = []c.Feature{c.Clients, c.Managed, c.Logins}
)

// app is an OAuth client of a realm, made by the case, and the browser of a person who
// is logged in to alpha.
type app struct {
	t *c.T
	// provider is the path of the realm's.
	provider             string
	id, secret, redirect string
	person               person
	cookie, token        string
}

// change changes a client before it is written.
type change func(client object)

// setting is an attribute of a client.
func setting(section, name string, value any) change {
	return func(client object) { client[section].(object)[name] = own(value) }
}

// public makes a client one without a secret.
func public(client object) {
	delete(client[coreSection].(object), clientSecret)
	setting(coreSection, "clientType", "Public")(client)
	setting(advancedSection, "tokenEndpointAuthMethod", "none")(client)
}

func explicitConsent(client object) { setting(advancedSection, "isConsentImplied", false)(client) }

func grants(types ...string) change { return setting(advancedSection, "grantTypes", types) }

// makeApp makes a confidential client of alpha with all grants, whose users need not
// consent, unless it is changed.
func makeApp(t *c.T, changes ...change) *app {
	a := &app{t: t, provider: inAlphaProvider, id: t.Fresh("app")}
	clients.at(a.id).made(t, a.body(changes))
	return a
}

// twin makes a client of bravo of the same ID and secret.
func (a *app) twin(changes ...change) *app {
	other := *a
	other.provider = inBravoProvider
	body := other.body(changes)
	body[coreSection].(object)[clientSecret], other.secret = a.secret, a.secret
	clients.in("/realms/root/realms/bravo").at(a.id).made(a.t, body)
	return &other
}

func (a *app) body(changes []change) object {
	body := newClient(a.t)
	for _, change := range append([]change{
		grants(grantCode, grantRefresh, grantClient, grantPassword, grantDevice),
		setting(advancedSection, "isConsentImplied", true),
		setting(advancedSection, "responseTypes", []string{"code"}),
		setting(coreSection, "scopes", []string{"openid", "profile", "email", "read", "write"}),
		setting(coreSection, "defaultScopes", []string{"read"}),
	}, changes...) {
		change(body)
	}
	core := body[coreSection].(object)
	a.secret, _ = core[clientSecret].(string)
	if uris, ok := c.At(core, "redirectionUris", "value").([]string); ok && len(uris) > 0 {
		a.redirect = uris[0]
	}
	return body
}

// logIn makes the person and logs in.
func (a *app) logIn() *app {
	a.person = newPerson(a.t)
	a.token, a.cookie = a.person.session(a.t), cookieName(a.t)
	return a
}

// browser presents the person's session.
func (a *app) browser() c.Option { return inCookie(a.cookie, a.token) }

// request is what the app asks for a code with.
func (a *app) request() *authorization {
	r := newAuthorization(a.t)
	r.params.Set("client_id", a.id)
	r.params.Set("redirect_uri", a.redirect)
	r.params.Set("scope", "openid profile read")
	r.params.Set("nonce", rand.Text())
	return r
}

// visit asks as a browser does, by GET.
func (a *app) visit(r *authorization, options ...c.Option) *c.Response {
	return a.t.Get(a.provider+"/authorize?"+r.params.Encode(), append([]c.Option{c.Anonymous()}, options...)...)
}

// decide asks as programs do, by POST of all that a consent page would send.
func (a *app) decide(r *authorization, decision string) *c.Response {
	form := url.Values{"decision": {decision}, "csrf": {a.token}}
	for name, values := range r.params {
		form[name] = values
	}
	return a.t.Post(a.provider+"/authorize", form, c.Anonymous(), a.browser())
}

// code gets a code.
func (a *app) code(r *authorization) string {
	res := a.visit(r, a.browser())
	a.t.Status(http.StatusFound, res)
	back := r.back(res)
	if back == nil || back.Query().Get("code") == "" {
		a.t.Fatalf("the answer leads to the client with no code but to %q", res.Header.Get("Location"))
	}
	return back.Query().Get("code")
}

// credentials are those of the app: by Basic, or in the form for a public one.
func (a *app) credentials(form url.Values) c.Option {
	if a.secret == "" {
		form.Set("client_id", a.id)
		return c.Anonymous()
	}
	return basic(a.t, a.id, a.secret)
}

func basic(t *c.T, id, secret string) c.Option {
	credentials := inBase64(url.QueryEscape(id) + ":" + url.QueryEscape(secret))
	t.Secret(credentials)
	return c.Header("Authorization", "Basic "+credentials)
}

// post sends a form to an endpoint, as the app.
func (a *app) post(endpoint string, pairs ...string) *c.Response {
	form := formOf(pairs...)
	return a.t.Post(a.provider+endpoint, form, a.credentials(form))
}

// formOf is a form of parameters, given as name, value, name, value.
func formOf(pairs ...string) url.Values {
	form := url.Values{}
	for pair := range slices.Chunk(pairs, 2) {
		form.Add(pair[0], pair[1])
	}
	return form
}

func (a *app) ask(pairs ...string) *c.Response { return a.post("/access_token", pairs...) }

// redeem asks for tokens with a code. Later pairs replace what belongs to the code.
func (a *app) redeem(r *authorization, code string, pairs ...string) *c.Response {
	form := formOf("grant_type", grantCode, "code", code, "redirect_uri", a.redirect, "code_verifier", r.verifier)
	for name, values := range formOf(pairs...) {
		form[name] = values
	}
	return a.t.Post(a.provider+"/access_token", form, a.credentials(form))
}

// tokens goes all the way to the tokens.
func (a *app) tokens() *c.Response {
	r := a.request()
	res := a.redeem(r, a.code(r))
	checkTokens(a.t, res)
	return res
}

func (a *app) refresh(token string, pairs ...string) *c.Response {
	return a.ask(append([]string{"grant_type", grantRefresh, "refresh_token", token}, pairs...)...)
}

// ownToken is a token that the app gets for itself.
func (a *app) ownToken() string {
	res := a.ask("grant_type", grantClient, "scope", "read")
	checkTokens(a.t, res)
	return res.Text("access_token")
}

// tokenInfo asks about an access token, by itself.
func (a *app) tokenInfo(token string) *c.Response {
	return a.t.Get(a.provider+"/tokeninfo", c.Bearer(token))
}

func (a *app) userInfo(token string) *c.Response {
	return a.t.Get(a.provider+"/userinfo", c.Bearer(token))
}

// checkBadToken checks that a token opens neither tokeninfo nor userinfo.
func (a *app) checkBadToken(token string) {
	a.t.Secret(token)
	res := a.tokenInfo(token)
	a.t.Status(http.StatusUnauthorized, res)
	a.t.Equal("refusal", object{"error": "invalid_token", "error_description": badToken}, res.Body)
	a.t.Status(http.StatusUnauthorized, a.userInfo(token))
}

const badToken = "The access token provided is expired, revoked, malformed, or invalid for other reasons."

// checkRedirectOrder checks in which order parameters lead back to the client.
func checkRedirectOrder(t *c.T, res *c.Response, names ...string) {
	_, query, _ := strings.Cut(res.Header.Get("Location"), "?")
	var found []string
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		found = append(found, name)
	}
	t.Equal("parameters", names, found)
}
