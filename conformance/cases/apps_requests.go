package cases

import (
	"crypto/sha1" // of certificates, RFC 7517 4.8
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	c "aicmcp/conformance"
)

const (
	refDocument  = "recorded of the realm alpha, and documented: the discovery document"
	refKeySet    = "documented: AM, the key set, with a certificate for each key; RFC 7517"
	refSpellings = "recorded on tenants and documented: three spellings of a realm's provider"
	refPARDemand = "documented: AM, require_pushed_authorization_requests of a client; RFC 9126 6"
)

// Lists of the discovery document.
const (
	signatureAlgorithms = "ES256 ES384 ES512 HS256 HS384 HS512 PS256 PS384 PS512 RS256 RS384 RS512"
	keyAlgorithms       = "A128KW A192KW A256KW ECDH-ES ECDH-ES+A128KW ECDH-ES+A192KW ECDH-ES+A256KW RSA-OAEP RSA-OAEP-256 dir"
	contentAlgorithms   = "A128CBC-HS256 A128GCM A192CBC-HS384 A192GCM A256CBC-HS512 A256GCM"
	authMethods         = "client_secret_basic client_secret_post none private_key_jwt self_signed_tls_client_auth tls_client_auth"
)

// requestCases are the cases about where the provider of alpha is, what it tells of
// itself, and how it is asked.
var requestCases = []c.Case{
	{
		ID:    "provider/discovery/document",
		Title: "discovery tells the algorithms, methods and modes that tenants have",
		Level: c.Should, Needs: appsNeeded, Ref: refDocument,
		Run: func(t *c.T) {
			res := t.Get(inAlphaProvider+"/.well-known/openid-configuration", c.Anonymous())
			t.Status(http.StatusOK, res)
			lists := map[string]string{
				"response_modes_supported":              "form_post form_post.jwt fragment fragment.jwt jwt query query.jwt",
				"token_endpoint_auth_methods_supported": authMethods, "revocation_endpoint_auth_methods_supported": authMethods,
				"token_endpoint_auth_signing_alg_values_supported": signatureAlgorithms,
				"code_challenge_methods_supported":                 "S256 plain", "subject_types_supported": "pairwise public",
				"userinfo_signing_alg_values_supported": "ES256 ES384 ES512 HS256 HS384 HS512 RS256",
				"claims_supported":                      "", "acr_values_supported": "",
			}
			for _, family := range []string{"id_token", "request_object", "rcs_request", "rcs_response"} {
				lists[family+"_signing_alg_values_supported"] = signatureAlgorithms
			}
			for _, family := range []string{"authorization", "introspection"} {
				lists[family+"_signing_alg_values_supported"] = signatureAlgorithms + " EdDSA"
			}
			for _, family := range []string{"id_token", "userinfo", "request_object", "authorization", "introspection", "rcs_request", "rcs_response"} {
				lists[family+"_encryption_alg_values_supported"], lists[family+"_encryption_enc_values_supported"] = keyAlgorithms, contentAlgorithms
			}
			for member, want := range lists {
				t.Equal(member, sortedWords(want), sortedTexts(res.List(member)))
			}
			checkHolds(t, "discovery", object{
				"claims_parameter_supported": false, "request_parameter_supported": true, "request_uri_parameter_supported": true,
				"require_request_uri_registration": true, "tls_client_certificate_bound_access_tokens": true, "backchannel_logout_supported": true,
				"backchannel_logout_session_supported": true, "version": "3.0", "check_session_iframe": withPort(t) + inAlphaProvider + "/connect/checkSession",
				"pushed_authorization_request_endpoint": withPort(t) + inAlphaProvider + "/par",
			}, res.Body)
			t.Lacks("discovery", res.Body, "device_authorization_endpoint", "authorization_response_iss_parameter_supported", "client_id_metadata_document_supported",
				"introspection_endpoint_auth_methods_supported", "dpop_signing_alg_values_supported", "service_documentation")
		},
	}, {
		ID:    "provider/discovery/settings",
		Title: "discovery follows the provider's settings: its grants but for token exchange, and its scopes",
		Level: c.Should, Needs: append([]c.Feature{c.Realms}, appsNeeded...), Ref: refDocument,
		Run: func(t *c.T) {
			res := t.Get(inAlphaProvider+"/.well-known/openid-configuration", c.Anonymous())
			t.Status(http.StatusOK, res)
			advanced := oauthProvider.read(t).At("advancedOAuth2Config")
			exchange := func(grant string) bool { return grant == grantExchange }
			t.Equal("grants", slices.DeleteFunc(sortedTexts(c.List(advanced, "grantTypes")), exchange), sortedTexts(res.List("grant_types_supported")))
			var scopes []string
			for _, scope := range sortedTexts(c.List(advanced, "supportedScopes")) {
				name, _, _ := strings.Cut(scope, "|")
				scopes = append(scopes, name)
			}
			slices.Sort(scopes)
			t.Equal("scopes", scopes, sortedTexts(res.List("scopes_supported")))
		},
	}, {
		ID:    "provider/discovery/switched-off",
		Title: "discovery can be switched off",
		Level: c.Should, Needs: []c.Feature{c.Clients, c.ProviderSettings}, Ref: "documented: AM, oidcDiscoveryEndpointEnabled", Writes: true,
		Run: func(t *c.T) {
			checkDiscovery(t, inAlphaProvider)
			setProvider(t, "coreOIDCConfig", "oidcDiscoveryEndpointEnabled", false)
			t.Status(http.StatusNotFound, t.Get(inAlphaProvider+"/.well-known/openid-configuration", c.Anonymous()))
		},
	}, {
		ID:    "provider/discovery/spellings",
		Title: "the realm may be spelled in three ways, the older ones included",
		Level: c.Must, Needs: appsNeeded, Ref: refSpellings, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			for _, address := range []string{inAlphaProvider + "/access_token", provider + "/alpha/access_token", accessToken + "?realm=/alpha", accessToken + "?realm=alpha"} {
				form := formOf("grant_type", grantClient, "scope", "read")
				res := t.Post(address, form, a.credentials(form))
				checkTokens(t, res)
				t.Equal("realm of a token from "+address, "/alpha", c.At(parseToken(t, res.Text("access_token")).claims, "realm"))
			}
		},
	}, {
		ID:    "provider/jwks/certificates",
		Title: "the key set has keys of RSA and of three curves, each with its certificate and that one's hash, and an ID of its own",
		Level: c.Should, Needs: appsNeeded, Ref: refKeySet,
		Run: func(t *c.T) {
			res := t.Get(inAlphaProvider+"/connect/jwk_uri", c.Anonymous())
			t.Status(http.StatusOK, res)
			kinds, ids := map[string]bool{}, map[string]bool{}
			for _, key := range res.List("keys") {
				kinds[strings.TrimSpace(c.Text(key, "kty")+" "+c.Text(key, "crv"))], ids[c.Text(key, "kid")] = true, true
				t.Lacks("key", key, "d", "k", "alg")
				t.Equal("number of certificates", 1, len(c.List(key, "x5c")))
				der, err := base64.StdEncoding.DecodeString(c.Text(key, "x5c", 0))
				t.True("the certificate is standard base64", err == nil)
				_, err = x509.ParseCertificate(der)
				t.True("the certificate can be read", err == nil)
				digest := sha1.Sum(der)
				t.Equal("x5t", base64.RawURLEncoding.EncodeToString(digest[:]), c.At(key, "x5t"))
			}
			for _, kind := range []string{"RSA", "EC P-256", "EC P-384", "EC P-521"} {
				t.True("there is a key of "+kind, kinds[kind])
			}
			t.Equal("number of IDs", len(res.List("keys")), len(ids))
		},
	}, {
		ID:    "provider/authorize/error-issuer",
		Title: "errors lead back with iss, too, so that no other server's error is taken for this one's",
		Level: c.Must, Needs: appsNeeded, Ref: refMixUp, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			for name, value := range map[string]string{"scope": "conformance:nothing", "prompt": "none", "response_type": "conformance"} {
				r := a.request()
				r.params.Set(name, value)
				back := r.back(a.visit(r))
				if back == nil {
					t.Fatalf("the fault of %s is not told to the client", name)
				}
				t.True("there is an error", back.Query().Get("error") != "")
				t.Equal("iss", withPort(t)+inAlphaProvider, back.Query().Get("iss"))
				t.Equal("client_id", a.id, back.Query().Get("client_id"))
			}
		},
	}, {
		ID:    "provider/authorize/unencoded",
		Title: "a form whose values are not encoded is understood",
		Level: c.Must, Needs: appsAndUsers, Ref: "recorded on tenants: how frodo asks", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, explicitConsent).logIn()
			r := a.request()
			body := "redirect_uri=" + a.redirect + "&scope=openid profile read&response_type=code&client_id=" + a.id + "&csrf=" + a.token +
				"&decision=allow&code_challenge=" + r.params.Get("code_challenge") + "&code_challenge_method=S256"
			res := t.Post(a.provider+"/authorize", body, c.Anonymous(), a.browser(), c.Header("Content-Type", "application/x-www-form-urlencoded"))
			t.Status(http.StatusFound, res)
			checkRedirectOrder(t, res, "code", "iss", "client_id")
			back := r.back(res)
			if back == nil {
				t.Fatalf("the answer does not lead to the client")
			}
			checkTokens(t, a.redeem(r, back.Query().Get("code")))
		},
	}, {
		ID:    "provider/authorize/pushed-only",
		Title: "a client that has to push its requests gets no code without",
		Level: c.Should, Needs: appsAndUsers, Ref: refPARDemand, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, setting(advancedSection, "require_pushed_authorization_requests", true)).logIn()
			r := a.request()
			checkNotAuthorized(t, r, a.visit(r, a.browser()))
			res := a.visit(a.named(a.push(a.request())), a.browser())
			t.Status(http.StatusFound, res)
			checkRedirectOrder(t, res, "code", "iss", "state", "client_id")
		},
	}, {
		ID:    "provider/authorize/stray-parameters",
		Title: "what is added to the address of a pushed request changes nothing of it",
		Level: c.Must, Needs: appsAndUsers, Ref: refPushed, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			r := a.request()
			r.params.Set("scope", "read")
			named := a.named(a.push(r))
			named.params.Set("scope", "openid profile read write")
			named.params.Set("redirect_uri", "https://attacker.example.com/")
			named.params.Set("code_challenge", a.request().params.Get("code_challenge"))
			named.params.Set("state", t.Fresh("state"))
			res := a.visit(named, a.browser())
			back := r.back(res)
			if back == nil {
				checkErrorPage(t, res)
				return
			}
			t.Equal("state", r.params.Get("state"), back.Query().Get("state"))
			tokens := a.redeem(r, back.Query().Get("code"))
			checkTokens(t, tokens)
			t.Equal("scope", "read", tokens.At("scope"))
		},
	}, {
		ID:    "provider/code/injected",
		Title: "a code that another person's login gave is of no use in one's own: the verifier is another",
		Level: c.Must, Needs: appsAndUsers, Ref: "RFC 9700 2.1.1 and 4.5: injected codes", Writes: true,
		Run: func(t *c.T) {
			victim := makeApp(t, public).logIn()
			attacker := *victim
			attacker.logIn()
			mine, theirs := attacker.request(), victim.request()
			attacker.code(mine)
			checkOAuthError(t, victim.redeem(mine, victim.code(theirs)), http.StatusBadRequest, "invalid_grant", badGrant)
			checkNoTokens(t, victim.redeem(mine, victim.code(theirs), "code_verifier", ""))
			checkTokens(t, victim.redeem(theirs, victim.code(theirs)))
		},
	}, {
		ID:    "provider/code/nothing-null",
		Title: "no answer with tokens has a member that is null",
		Level: c.Must, Needs: appsAndUsers, Ref: "how MCP clients read them: null is no text", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			first := a.tokens()
			for what, res := range map[string]*c.Response{
				"a code": first, "a refresh": a.refresh(first.Text("refresh_token"), "resource", "https://api.example.com/"), "a client": a.ask("grant_type", grantClient),
			} {
				checkTokens(t, res)
				for name, value := range without(res.Body) {
					t.True("the member "+name+" of the answer to "+what+" is not null", value != nil)
				}
			}
		},
	}, {
		ID:    "provider/client/query",
		Title: "credentials in the address are taken where the provider's settings say so",
		Level: c.Should, Needs: append([]c.Feature{c.Realms}, appsNeeded...), Ref: "documented: AM, allowClientCredentialsInTokenRequestQueryParameters", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, setting(coreSection, "scopes", []string{"read"}))
			form := url.Values{"grant_type": {grantRefresh}, "refresh_token": {noToken}}
			res := t.Post(a.provider+"/access_token", form, c.Anonymous(), c.Query("client_id", a.id, "client_secret", a.secret))
			if oauthProvider.get(t).At("advancedOAuth2Config", "allowClientCredentialsInTokenRequestQueryParameters") == true {
				checkProven(t, res)
			} else {
				checkBadClient(t, res)
			}
			checkBadClient(t, t.Post(a.provider+"/access_token", form, c.Anonymous(), c.Query("client_id", a.id, "client_secret", freshSecret(t))))
		},
	}, {
		ID:    "provider/assertion/by-secret",
		Title: "a client proves itself by a JWT that it signed with its secret, if that is its algorithm",
		Level: c.Should, Needs: appsNeeded, Ref: refAssertion, Writes: true,
		Run: func(t *c.T) {
			long := freshSecret(t) + freshSecret(t) // RFC 7518 3.2
			a := makeApp(t, func(client object) { client[coreSection].(object)[clientSecret] = long },
				setting(advancedSection, "tokenEndpointAuthMethod", "private_key_jwt"), setting(signingSection, "tokenEndpointAuthSigningAlgorithm", "HS256"))
			k, header := newKey(t), object{"typ": "JWT", "alg": "HS256"}
			checkProven(t, a.assert(signHS256(t, []byte(a.secret), header, k.claims(t, a))))
			checkBadClient(t, a.assert(signHS256(t, []byte(freshSecret(t)+freshSecret(t)), header, k.claims(t, a))))
			checkBadClient(t, a.assert(k.sign(t, object{"typ": "JWT", "alg": "RS256"}, k.claims(t, a))))
			checkBadClient(t, a.assert(unsealed(t, object{"typ": "JWT", "alg": "none"}, k.claims(t, a))+"."))
		},
	}, {
		ID:    "provider/assertion/foreign",
		Title: "an assertion that the client's key did not sign is refused, whatever its header says",
		Level: c.Must, Needs: appsNeeded, Ref: refForgedTokens, Writes: true,
		Run: func(t *c.T) {
			k := newKey(t)
			a := makeApp(t, k.registered())
			for what, assertion := range forgeriesOf(t, keyID, k.claims(t, a), append(publicForms(t, k.public(keyID)), []byte(a.secret))) {
				res := a.assert(assertion)
				t.Equal("error for "+what, "invalid_client", res.At("error"))
				checkNoTokens(t, res)
			}
			checkProven(t, a.assert(k.assertion(t, a)))
		},
	}, {
		ID:    "provider/assertion/replay",
		Title: "an assertion proves a client once",
		Level: c.Should, Needs: appsNeeded, Ref: "RFC 7523 3: jti; not seen on tenants", Writes: true,
		Run: func(t *c.T) {
			k := newKey(t)
			a := makeApp(t, k.registered())
			assertion := k.assertion(t, a)
			checkProven(t, a.assert(assertion))
			checkBadClient(t, a.assert(assertion))
		},
	}, {
		ID:    "provider/assertion/lifetime",
		Title: "an assertion may be good for half an hour at most",
		Level: c.Should, Needs: appsNeeded, Ref: refAssertion, Writes: true,
		Run: func(t *c.T) {
			k, now := newKey(t), time.Now().Unix()
			a := makeApp(t, k.registered())
			checkProven(t, a.assert(k.assertion(t, a, "exp", now+25*60)))
			checkBadClient(t, a.assert(k.assertion(t, a, "exp", now+35*60)))
		},
	}, {
		ID:    "provider/error/signing-algorithm",
		Title: "a client that was written without its section of algorithms gets no tokens, and is told why",
		Level: c.Should, Needs: appsAndUsers, Ref: "live-verified on tenants: the refusal", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, func(client object) { delete(client, signingSection) }).logIn()
			r := a.request()
			checkOAuthError(t, a.redeem(r, a.code(r)), http.StatusBadRequest, "invalid_request", "Unknown Signing Algorithm")
		},
	}, {
		ID:    "provider/error/methods",
		Title: "endpoints that take forms answer 405 to GET",
		Level: c.Should, Needs: appsNeeded, Ref: refToken,
		Run: func(t *c.T) {
			for _, endpoint := range []string{"/access_token", "/par", "/device/code", "/token/revoke"} {
				t.Status(http.StatusMethodNotAllowed, t.Get(inAlphaProvider+endpoint, c.Anonymous()))
			}
		},
	}, {
		ID:    "provider/error/twice",
		Title: "a parameter that comes twice in a form is refused",
		Level: c.Should, Needs: appsNeeded, Ref: "RFC 6749 3.2", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			checkTokens(t, a.ask("grant_type", grantClient, "scope", "read"))
			checkOAuthError(t, a.ask("grant_type", grantClient, "scope", "read", "scope", "write"), http.StatusBadRequest, "invalid_request", "")
		},
	}, {
		ID:    "provider/error/grant-words",
		Title: "a grant that the client has not is refused in AM's words, as a missing code is",
		Level: c.Should, Needs: appsNeeded, Ref: refGrantWords + "; known from AM's ancestor", Writes: true,
		Run: func(t *c.T) {
			res := makeApp(t, grants(grantCode)).ask("grant_type", grantClient, "scope", "read")
			checkOAuthError(t, res, http.StatusBadRequest, "unauthorized_client", "The client is not authorized to request an authorization code using this method.")
			a := makeApp(t)
			checkOAuthError(t, a.ask("grant_type", grantCode, "redirect_uri", a.redirect), http.StatusBadRequest, "invalid_request", "Missing parameter, 'code'")
		},
	}, {
		ID:    "provider/error/provider-grant",
		Title: "a grant that the provider's settings have not is supported for no client",
		Level: c.Should, Needs: []c.Feature{c.Clients, c.ProviderSettings}, Ref: refGrantWords, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			a.ownToken()
			setProvider(t, "advancedOAuth2Config", "grantTypes", []string{grantCode, grantRefresh})
			checkOAuthError(t, a.ask("grant_type", grantClient, "scope", "read"), http.StatusBadRequest, "unsupported_grant_type", "Grant type is not supported")
		},
	}, {
		ID:    "provider/device/legacy",
		Title: "the grant of devices has an older name, and the address an older one, too",
		Level: c.Should, Needs: appsNeeded, Ref: "documented: AM, the device flow; a public collection of requests for tenants", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, public)
			given := a.device()
			t.Equal("verification_url", given.At("verification_uri"), given.At("verification_url"))
			res := a.ask("grant_type", "http://oauth.net/grant_type/device/1.0", "device_code", given.Text("device_code"))
			checkOAuthError(t, res, http.StatusForbidden, "authorization_pending", "")
		},
	},
}
