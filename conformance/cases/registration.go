package cases

import (
	"net/http"
	"net/url"

	c "aicmcp/conformance"
)

const (
	refRegister       = "documented: AM, dynamic client registration; RFC 7591"
	refManage         = "documented: AM, dynamic client registration; RFC 7592"
	refRegisterErrors = "RFC 7591 3.2.2; the texts were not recorded"
)

// registrationScope is that of tokens by which clients can be registered.
const registrationScope = "dynamic_client_registration"

// registrationCases are the cases about clients that register themselves, by the token
// of a person who may.
var registrationCases = []c.Case{
	{
		ID:    "provider/register/answer",
		Title: "a client that is registered is told its ID, its secret, and how to change it",
		Level: c.Should, Needs: appsAndUsers, Ref: refRegister, Writes: true,
		Run: func(t *c.T) {
			r := newRegistrar(t)
			res := r.made(registration(t))
			id := res.Text("client_id")
			t.True("client_id is a UUID", uuidForm.MatchString(id))
			checkHolds(t, "answer", object{
				"client_secret_expires_at": 0, "token_endpoint_auth_method": "client_secret_basic", "client_type": "Confidential",
				"grant_types": []string{grantCode}, "response_types": []string{"code"}, "subject_type": "public",
				"redirect_uris": []string{"https://conformance.example.com/callback"},
			}, res.Body)
			t.Equal("registration_client_uri", withPort(t)+inAlphaProvider+"/register?client_id="+id, withPortIn(t, res.Text("registration_client_uri")))
			t.Has("answer", res.Body, "registration_access_token", "scope", "scopes")
			t.Lacks("answer", res.Body, "logo_uri", "policy_uri", "tos_uri", "jwks_uri")
			t.Equal("Cache-Control", "no-store", res.Header.Get("Cache-Control"))
			t.Equal("client in the configuration", "Confidential", clients.at(id).read(t).At(coreSection, "clientType", "value"))
		},
	}, {
		ID:    "provider/register/known",
		Title: "a client that was registered is known by its secret",
		Level: c.Should, Needs: appsAndUsers, Ref: refRegister, Writes: true,
		Run: func(t *c.T) {
			res := newRegistrar(t).made(with(registration(t), "grant_types", []string{grantCode, grantRefresh}))
			checkKnown(t, res.Text("client_id"), res.Text("client_secret"))
			checkStranger(t, res.Text("client_id"), freshSecret(t))
		},
	}, {
		ID:    "provider/register/public",
		Title: "a client that authenticates by nothing is public, and gets no secret",
		Level: c.Should, Needs: appsAndUsers, Ref: refRegister, Writes: true,
		Run: func(t *c.T) {
			res := newRegistrar(t).made(with(registration(t), "token_endpoint_auth_method", "none"))
			checkHolds(t, "answer", object{"client_type": "Public", "token_endpoint_auth_method": "none"}, res.Body)
			t.Lacks("answer", res.Body, "client_secret")
		},
	}, {
		ID:    "provider/register/native",
		Title: "a native client registers loopback addresses, and one of a scheme of its own",
		Level: c.Should, Needs: appsAndUsers, Ref: "how MCP clients register; RFC 8252 7", Writes: true,
		Run: func(t *c.T) {
			uris := []string{"http://127.0.0.1:33418/", "http://localhost:33418/callback", "com.example.conformance:/callback"}
			body := with(with(registration(t), "redirect_uris", uris), "application_type", "native")
			res := newRegistrar(t).made(with(body, "token_endpoint_auth_method", "none"))
			t.Equal("redirect_uris", uris, res.At("redirect_uris"))
			t.Equal("application_type", "native", res.At("application_type"))
		},
	}, {
		ID:    "provider/register/ignored",
		Title: "an ID and a secret of the client's own choice, and what nobody knows, are passed over",
		Level: c.Should, Needs: appsAndUsers, Ref: refRegister, Writes: true,
		Run: func(t *c.T) {
			id, secret := t.Fresh("app"), freshSecret(t)
			body := with(with(registration(t), "client_id", id), "client_secret", secret)
			res := newRegistrar(t).made(with(body, "conformance", true))
			t.Differs("client_id", id, res.At("client_id"))
			t.Differs("client_secret", secret, res.At("client_secret"))
			t.Lacks("answer", res.Body, "conformance")
		},
	}, {
		ID:    "provider/register/dangerous",
		Title: "redirects to scripts, with fragments or to any host are refused",
		Level: c.Should, Needs: appsAndUsers, Ref: refRegisterErrors, Writes: true,
		Run: func(t *c.T) {
			r := newRegistrar(t)
			for _, uri := range []string{"javascript:alert(1)", "data:text/html,x", "https://conformance.example.com/#x", "https://*.example.com/callback", "/callback", ""} {
				res := r.register(with(registration(t), "redirect_uris", []string{uri}))
				t.Status(http.StatusBadRequest, res)
				t.Equal("error for "+uri, "invalid_redirect_uri", res.At("error"))
			}
			r.made(registration(t))
		},
	}, {
		ID:    "provider/register/metadata",
		Title: "what cannot be a client is refused",
		Level: c.Should, Needs: appsAndUsers, Ref: refRegisterErrors, Writes: true,
		Run: func(t *c.T) {
			r := newRegistrar(t)
			for member, value := range map[string]any{"token_endpoint_auth_method": "conformance", "subject_type": "conformance", "id_token_signed_response_alg": "none"} {
				res := r.register(with(registration(t), member, value))
				t.Status(http.StatusBadRequest, res)
				t.Equal("error for "+member, "invalid_client_metadata", res.At("error"))
			}
			r.made(registration(t))
		},
	}, {
		ID:    "provider/register/scope",
		Title: "a token without the scope for it registers nothing",
		Level: c.Should, Needs: append([]c.Feature{c.Realms}, appsAndUsers...), Ref: refRegistration, Writes: true,
		Run: func(t *c.T) {
			if oauthProvider.get(t).At("clientDynamicRegistrationConfig", "allowDynamicRegistration") != false {
				checkTokens(t, makeApp(t).logIn().tokens()) // whoever asks may register
				return
			}
			a := makeApp(t).logIn()
			res := registrar{a, a.tokens().Text("access_token")}.register(registration(t))
			t.Lacks("refusal", res.Body, "client_id")
			t.Status(http.StatusBadRequest, res)
			t.Equal("error", "access_denied", res.At("error"))
		},
	}, {
		ID:    "provider/register/read",
		Title: "a client reads its registration by its own token, without that token",
		Level: c.Should, Needs: appsAndUsers, Ref: refManage, Writes: true,
		Run: func(t *c.T) {
			r := newRegistrar(t)
			made := r.made(registration(t))
			res := r.manage(http.MethodGet, made, nil)
			t.Status(http.StatusOK, res)
			t.Equal("registration", without(made.Body, "registration_client_uri", "registration_access_token"), res.Body)
		},
	}, {
		ID:    "provider/register/change",
		Title: "a client changes its registration, but not its ID, and gets another token for the next time",
		Level: c.Should, Needs: appsAndUsers, Ref: refManage, Writes: true,
		Run: func(t *c.T) {
			r := newRegistrar(t)
			made := r.made(registration(t))
			uris := []string{"https://conformance.example.com/other"}
			res := r.manage(http.MethodPut, made, with(registration(t), "redirect_uris", uris))
			t.Status(http.StatusOK, res)
			t.Equal("redirect_uris", uris, res.At("redirect_uris"))
			t.Equal("client_id", made.At("client_id"), res.At("client_id"))
			t.True("there is a token", res.Text("registration_access_token") != "")
			t.Differs("token", made.At("registration_access_token"), res.At("registration_access_token"))
		},
	}, {
		ID:    "provider/register/remove",
		Title: "a client removes itself, and is unknown then",
		Level: c.Should, Needs: appsAndUsers, Ref: refManage, Writes: true,
		Run: func(t *c.T) {
			r := newRegistrar(t)
			made := r.made(registration(t))
			t.Status(http.StatusNoContent, r.manage(http.MethodDelete, made, nil))
			t.Status(http.StatusNotFound, clients.at(made.Text("client_id")).get(t))
			t.Status(http.StatusUnauthorized, r.manage(http.MethodGet, made, nil))
		},
	}, {
		ID:    "provider/register/other-token",
		Title: "the token of one registration opens no other",
		Level: c.Must, Needs: appsAndUsers, Ref: refManage, Writes: true,
		Run: func(t *c.T) {
			r := newRegistrar(t)
			mine, other := r.made(registration(t)), r.made(registration(t))
			for _, method := range []string{http.MethodGet, http.MethodDelete} {
				res := t.Send(method, r.provider+"/register", nil, c.Bearer(mine.Text("registration_access_token")), c.Query("client_id", other.Text("client_id")))
				t.True("it is refused", res.Status == http.StatusUnauthorized || res.Status == http.StatusForbidden)
				t.Lacks("refusal", res.Body, "client_id", "client_secret")
			}
			clients.at(other.Text("client_id")).read(t)
		},
	},
}

// registrar has a token that registers clients.
type registrar struct {
	*app
	bearer string
}

func newRegistrar(t *c.T) registrar {
	a := makeApp(t, setting(coreSection, "scopes", []string{registrationScope})).logIn()
	r := a.request()
	r.params.Set("scope", registrationScope)
	res := a.redeem(r, a.code(r))
	checkTokens(t, res)
	return registrar{a, res.Text("access_token")}
}

// registration is a client as clients tell of themselves. Its name is fresh.
func registration(t *c.T) object {
	return object{"client_name": t.Fresh("app"), "redirect_uris": []string{"https://conformance.example.com/callback"}}
}

// register registers a client, which is removed in the end.
func (r registrar) register(body object) *c.Response {
	res := r.t.Post(r.provider+"/register", body, c.Bearer(r.bearer))
	if id := res.Text("client_id"); id != "" {
		r.t.Secret(res.Text("client_secret"), res.Text("registration_access_token"))
		r.t.Cleanup(func() { clients.at(url.PathEscape(id)).remove(r.t) })
	}
	return res
}

// made registers a client and stops the case if that fails.
func (r registrar) made(body object) *c.Response {
	res := r.register(body)
	r.t.Status(http.StatusCreated, res)
	if res.Text("client_id") == "" {
		r.t.Fatalf("the answer has no client_id: %s", res.Raw)
	}
	return res
}

// manage asks for a registration by its own token.
func (r registrar) manage(method string, made *c.Response, body any) *c.Response {
	return r.t.Send(method, made.Text("registration_client_uri"), body, c.Bearer(made.Text("registration_access_token")))
}

// withPortIn is an address of the tenant with its port, which may be left out.
func withPortIn(t *c.T, address string) string {
	found := ofTenant(t, "the address", address)
	return withPort(t) + found.RequestURI()
}
