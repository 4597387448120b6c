package oauth

import (
	"net/http"
	"slices"
)

func (s *Service) serveDiscovery(w http.ResponseWriter, r *http.Request) {
	if !allow(w, r, http.MethodGet) {
		return
	}
	issuer, p := s.issuer(r), s.provider(r, nil)
	if !p.Discovery {
		writeError(w, r, &Error{Status: http.StatusNotFound, Code: "not_found", Description: "Discovery is switched off"})
		return
	}
	signing := []string{"PS384", "ES384", "RS384", "HS256", "HS512", "ES256", "RS256", "HS384", "ES512", "PS256", "PS512", "RS512"}
	signingAll := append(signing[:len(signing):len(signing)], "EdDSA")
	userInfo := []string{"ES384", "HS256", "HS512", "ES256", "RS256", "HS384", "ES512"}
	wrapping := []string{"ECDH-ES+A256KW", "ECDH-ES+A192KW", "RSA-OAEP", "ECDH-ES+A128KW", "RSA-OAEP-256", "A128KW", "A256KW", "ECDH-ES", "dir", "A192KW"}
	encryption := []string{"A256GCM", "A192GCM", "A128GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"}
	authentication := []string{"client_secret_post", "private_key_jwt", "self_signed_tls_client_auth", "tls_client_auth", "none", "client_secret_basic"}
	document := map[string]any{
		"issuer":                                issuer,
		"authorization_endpoint":                issuer + "/authorize",
		"token_endpoint":                        issuer + "/access_token",
		"userinfo_endpoint":                     issuer + "/userinfo",
		"introspection_endpoint":                issuer + "/introspect",
		"revocation_endpoint":                   issuer + "/token/revoke",
		"pushed_authorization_request_endpoint": issuer + "/par",
		"jwks_uri":                              issuer + "/connect/jwk_uri",
		"end_session_endpoint":                  issuer + "/connect/endSession",
		"check_session_iframe":                  issuer + "/connect/checkSession",
		"registration_endpoint":                 issuer + "/register",

		"response_types_supported": slices.DeleteFunc([]string{"code token id_token", "code", "code id_token", "device_code", "id_token", "code token", "token", "token id_token"}, func(combined string) bool {
			return len(p.ResponseTypes) > 0 && !responseType(p, combined)
		}),
		"response_modes_supported": []string{"fragment.jwt", "form_post", "form_post.jwt", "jwt", "fragment", "query.jwt", "query"},
		// Token exchange is not announced even where it works.
		"grant_types_supported": slices.DeleteFunc(listed(p.GrantTypes), func(grant string) bool { return grant == grantExchange }),

		"token_endpoint_auth_methods_supported":            authentication,
		"revocation_endpoint_auth_methods_supported":       authentication,
		"token_endpoint_auth_signing_alg_values_supported": signing,
		"code_challenge_methods_supported":                 []string{"plain", "S256"},
		"scopes_supported":                                 listed(p.Scopes),
		"claims_supported":                                 []string{},
		"acr_values_supported":                             listed(p.MappedClasses),
		"claims_parameter_supported":                       false,
		"prompt_values_supported":                          []string{"none", "login", "consent"},
		"request_parameter_supported":                      true,
		"request_uri_parameter_supported":                  true,
		"require_request_uri_registration":                 true,
		"require_pushed_authorization_requests":            p.RequirePushedRequests,
		"tls_client_certificate_bound_access_tokens":       true,
		"backchannel_logout_supported":                     true,
		"backchannel_logout_session_supported":             true,
		"subject_types_supported":                          []string{"public", "pairwise"},
		"version":                                          "3.0",
	}
	for _, family := range []struct {
		prefix  string
		signing []string
	}{
		{"id_token", signing},
		{"userinfo", userInfo},
		{"request_object", signing},
		{"authorization", signingAll},
		{"introspection", signingAll},
		{"rcs_request", signing},
		{"rcs_response", signing},
	} {
		document[family.prefix+"_signing_alg_values_supported"] = family.signing
		document[family.prefix+"_encryption_alg_values_supported"] = wrapping
		document[family.prefix+"_encryption_enc_values_supported"] = encryption
	}
	writeJSON(w, http.StatusOK, document)
}

func (s *Service) serveKeys(w http.ResponseWriter, r *http.Request) {
	if !allow(w, r, http.MethodGet) {
		return
	}
	keys, err := s.keys.all()
	if err != nil {
		s.fail(w, r, "signing keys", err)
		return
	}
	shown := make([]map[string]any, len(keys))
	for i, key := range keys {
		if shown[i], err = key.public(); err != nil {
			s.fail(w, r, "signing keys", err)
			return
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"keys": shown})
}

// listed is a list of its own that is [] if it is empty.
func listed(texts []string) []string { return append([]string{}, texts...) }

// allow answers 405 unless the method is one of methods.
func allow(w http.ResponseWriter, r *http.Request, methods ...string) bool {
	for _, method := range methods {
		if r.Method == method {
			return true
		}
	}
	for _, method := range methods {
		w.Header().Add("Allow", method)
	}
	writeError(w, r, &Error{Status: http.StatusMethodNotAllowed, Code: "method_not_allowed", Description: "The method " + r.Method + " is not allowed here"})
	return false
}

func (s *Service) fail(w http.ResponseWriter, r *http.Request, what string, err error) {
	s.options.Logger.ErrorContext(r.Context(), what, "error", err)
	writeError(w, r, &Error{Status: http.StatusInternalServerError, Code: "server_error", Description: "Internal Server Error"})
}
