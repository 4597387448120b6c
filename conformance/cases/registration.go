package cases

import (
	"encoding/base64"
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
	}, {
		ID:    "provider/register/document",
		Title: "the answer tells the values of all that was left out, none of them null, and has the scopes in two ways",
		Level: c.Should, Needs: appsAndUsers, Ref: refRegister + ", the sample of an answer", Writes: true,
		Run: func(t *c.T) {
			res := newRegistrar(t).made(registration(t))
			checkHolds(t, "answer", object{
				"authorization_signed_response_alg": "RS256", "request_object_encryption_alg": "", "request_object_signing_alg": "",
				"userinfo_signed_response_alg": "", "userinfo_encrypted_response_alg": "", "userinfo_encrypted_response_enc": "",
				"introspection_signed_response_alg": "RS256", "introspection_encrypted_response_alg": "RSA-OAEP-256",
				"introspection_encrypted_response_enc": "A128CBC-HS256", "id_token_signed_response_alg": "RS256", "id_token_encryption_enabled": false,
				"id_token_encrypted_response_alg": "RSA-OAEP-256", "id_token_encrypted_response_enc": "A128CBC-HS256", "default_max_age": 1,
				"default_max_age_enabled": false, "application_type": "web", "public_key_selector": "x509", "authorization_code_lifetime": 0,
				"access_token_lifetime": 0, "refresh_token_lifetime": 0, "jwt_token_lifetime": 0, "user_info_response_format_selector": "JSON",
				"token_intro_response_format_selector": "JSON", "tls_client_certificate_bound_access_tokens": false,
				"backchannel_logout_session_required": false, "jwks_cache_timeout": 3600000, "jwks_cache_miss_cache_time": 60000,
				"require_pushed_authorization_requests": false,
			}, res.Body)
			t.Equal("scopes", sortedWords(res.Text("scope")), sortedTexts(res.List("scopes")))
			t.Lacks("answer", res.Body, "client_id_issued_at", "jwks")
			for name, value := range without(res.Body) {
				t.True("the member "+name+" is not null", value != nil)
			}
		},
	}, {
		ID:    "provider/register/inspector",
		Title: "a client registers as MCP's clients in browsers do, with an empty scope, and then logs people in",
		Level: c.Must, Needs: appsAndUsers, Ref: "how MCP Inspector registers", Writes: true,
		Run: func(t *c.T) {
			const uri = "http://localhost:6274/oauth/callback"
			r := newRegistrar(t)
			body := object{
				"redirect_uris": []string{uri}, "token_endpoint_auth_method": "none", "grant_types": []string{grantCode, grantRefresh},
				"response_types": []string{"code"}, "client_name": t.Fresh("app"), "client_uri": "https://github.com/modelcontextprotocol/inspector",
				"scope": "", "application_type": "native",
			}
			res := r.made(body)
			checkHolds(t, "answer", without(body, "scope", "client_name"), res.Body)
			t.Lacks("answer", res.Body, "client_secret", "jwks", "jwks_uri")
			a := &app{t: t, provider: inAlphaProvider, id: res.Text("client_id"), redirect: uri, person: r.person, cookie: r.cookie, token: r.token}
			request := a.request()
			request.params.Set("scope", "openid")
			granted := a.decide(request, "allow")
			back := request.back(granted)
			if back == nil {
				t.Fatalf("the answer does not lead to the client but to %q", granted.Header.Get("Location"))
			}
			tokens := a.redeem(request, back.Query().Get("code"))
			checkTokens(t, tokens)
			t.True("there is a refresh token", tokens.Text("refresh_token") != "")
		},
	}, {
		ID:    "provider/register/open",
		Title: "where the settings open it, anybody registers a client",
		Level: c.Should, Needs: []c.Feature{c.Clients, c.ProviderSettings}, Ref: refRegister, Writes: true,
		Run: func(t *c.T) {
			setProvider(t, "clientDynamicRegistrationConfig", "allowDynamicRegistration", true)
			res := t.Post(inAlphaProvider+"/register", registration(t), c.Anonymous())
			id := res.Text("client_id")
			removeLater(t, res)
			t.Status(http.StatusCreated, res)
			// The client is known by its secret: what is refused is its grant.
			checkOAuthError(t, redeem(t, id, res.Text("client_secret")), http.StatusBadRequest, "unauthorized_client", "")
			checkStranger(t, id, freshSecret(t))
		},
	}, {
		ID:    "provider/register/languages",
		Title: "a name may be in several languages, whose tags come back in lower case",
		Level: c.Should, Needs: appsAndUsers, Ref: refRegister, Writes: true,
		Run: func(t *c.T) {
			body := with(with(registration(t), "client_name#ja-Jpan-JP", "クライアント名"), "client_name#de", "Ein Name")
			res := newRegistrar(t).made(body)
			checkHolds(t, "answer", object{"client_name": body["client_name"], "client_name#ja-jpan-jp": "クライアント名", "client_name#de": "Ein Name"}, res.Body)
			t.Lacks("answer", res.Body, "client_name#ja-Jpan-JP")
		},
	}, {
		ID:    "provider/register/scopes",
		Title: "scopes may come as a text or as a list, and only such as the provider has",
		Level: c.Should, Needs: appsAndUsers, Ref: refRegister, Writes: true,
		Run: func(t *c.T) {
			r := newRegistrar(t)
			for _, body := range []object{with(registration(t), "scope", "openid profile"), with(registration(t), "scopes", []string{"openid", "profile"})} {
				res := r.made(body)
				t.Equal("scope", sortedWords("openid profile"), sortedWords(res.Text("scope")))
				t.Equal("scopes", sortedWords("openid profile"), sortedTexts(res.List("scopes")))
			}
			res := r.register(with(registration(t), "scope", "openid conformance:nothing"))
			t.Status(http.StatusBadRequest, res)
			t.Equal("error", "invalid_client_metadata", res.At("error"))
		},
	}, {
		ID:    "provider/register/keys",
		Title: "a client that sends a private key, or a public one that wants algorithms of a secret, is refused",
		Level: c.Should, Needs: appsAndUsers, Ref: refRegister + "; " + refRegisterErrors, Writes: true,
		Run: func(t *c.T) {
			r, k := newRegistrar(t), newKey(t)
			byKey := with(registration(t), "token_endpoint_auth_method", "private_key_jwt")
			private := with(k.public(keyID), "d", base64.RawURLEncoding.EncodeToString(k.private.D.Bytes()))
			for what, body := range map[string]object{
				"a private key":         with(byKey, "jwks", object{"keys": []object{private}}),
				"no key at all":         byKey,
				"a secret that is none": with(with(registration(t), "token_endpoint_auth_method", "none"), "id_token_signed_response_alg", "HS256"),
			} {
				res := r.register(body)
				t.Equal("status for "+what, http.StatusBadRequest, res.Status)
				t.Equal("error for "+what, "invalid_client_metadata", res.At("error"))
			}
			r.made(with(byKey, "jwks", object{"keys": []object{k.public(keyID)}}))
		},
	}, {
		ID:    "provider/register/statement",
		Title: "a software statement that nobody vouches for is refused: an unsigned one, and one by an unknown key",
		Level: c.Must, Needs: appsAndUsers, Ref: "RFC 7591 2.3 and 3.2.2; " + refForgedTokens, Writes: true,
		Run: func(t *c.T) {
			r := newRegistrar(t)
			claims := object{"iss": "https://attacker.example.com", "software_id": "conformance", "redirect_uris": []string{"https://attacker.example.com/"}}
			statements := forgeriesOf(t, keyID, claims, nil)
			statements["no token"] = noToken
			for what, statement := range statements {
				res := r.register(with(registration(t), "software_statement", statement))
				t.Equal("status for "+what, http.StatusBadRequest, res.Status)
				t.Contains("error for "+what, "software_statement", res.Text("error"))
				t.Lacks("refusal", res.Body, "client_id")
			}
			r.made(registration(t))
		},
	}, {
		ID:    "provider/register/replace",
		Title: "a change is a replacement: what it leaves out is as if it had never been said, but the ID and the secret stay",
		Level: c.Should, Needs: appsAndUsers, Ref: refManage, Writes: true,
		Run: func(t *c.T) {
			r := newRegistrar(t)
			made := r.made(with(with(registration(t), "client_uri", "https://conformance.example.com/"), "grant_types", []string{grantCode, grantRefresh}))
			res := r.manage(http.MethodPut, made, with(registration(t), "client_secret", freshSecret(t)))
			t.Status(http.StatusOK, res)
			t.Lacks("registration", res.Body, "client_uri")
			t.Equal("grant_types", []string{grantCode}, res.At("grant_types"))
			t.Equal("client_id", made.At("client_id"), res.At("client_id"))
			t.Equal("client_secret", made.At("client_secret"), r.manageBy(http.MethodGet, made, res, nil).At("client_secret"))
		},
	}, {
		ID:    "provider/register/spent-token",
		Title: "after a change the token of before opens nothing",
		Level: c.Should, Needs: appsAndUsers, Ref: "RFC 7592 5; documented: AM, a change answers another token", Writes: true,
		Run: func(t *c.T) {
			r := newRegistrar(t)
			made := r.made(registration(t))
			changed := r.manage(http.MethodPut, made, registration(t))
			t.Status(http.StatusOK, changed)
			t.Status(http.StatusOK, r.manageBy(http.MethodGet, made, changed, nil))
			refused := r.manage(http.MethodGet, made, nil)
			t.Status(http.StatusUnauthorized, refused)
			t.Equal("error", "invalid_token", refused.At("error"))
		},
	}, {
		ID:    "provider/register/tokens-stay",
		Title: "the tokens of a client outlive its removal, and its registration's token does not pass for one",
		Level: c.Should, Needs: appsAndUsers, Ref: "documented: AM, removal of a registration", Writes: true,
		Run: func(t *c.T) {
			r := newRegistrar(t)
			made := r.made(with(registration(t), "grant_types", []string{grantCode, grantClient}))
			form := formOf("grant_type", grantClient, "scope", "openid")
			res := t.Post(r.provider+"/access_token", form, basic(t, made.Text("client_id"), made.Text("client_secret")))
			checkTokens(t, res)
			r.checkBadToken(made.Text("registration_access_token"))
			t.Status(http.StatusNoContent, r.manage(http.MethodDelete, made, nil))
			t.Status(http.StatusOK, r.tokenInfo(res.Text("access_token")))
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
	removeLater(r.t, res)
	return res
}

// removeLater has the client removed in the end that an answer says is registered.
func removeLater(t *c.T, res *c.Response) {
	if id := res.Text("client_id"); id != "" {
		t.Secret(res.Text("client_secret"), res.Text("registration_access_token"))
		t.Cleanup(func() { clients.at(url.PathEscape(id)).remove(t) })
	}
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
	return r.manageBy(method, made, made, body)
}

// manageBy asks for a registration by the token that a later answer gave.
func (r registrar) manageBy(method string, made, later *c.Response, body any) *c.Response {
	r.t.Secret(later.Text("registration_access_token"))
	return r.t.Send(method, made.Text("registration_client_uri"), body, c.Bearer(later.Text("registration_access_token")))
}

// withPortIn is an address of the tenant with its port, which may be left out.
func withPortIn(t *c.T, address string) string {
	found := ofTenant(t, "the address", address)
	return withPort(t) + found.RequestURI()
}
