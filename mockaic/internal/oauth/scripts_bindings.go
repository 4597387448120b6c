package oauth

import (
	"net/http"
	"net/url"
	"strings"

	"aicmcp/mockaic/internal/script"
)

// commonBindings are what both kinds of token scripts find.
func (s *Service) commonBindings(r *http.Request, t tokenScript, generation script.Generation) map[string]any {
	client, custom, cookie := t.client, script.Map{}, s.options.Sessions.CookieName()
	for name, value := range t.of.CustomProperties {
		custom[name] = value
	}
	bindings := map[string]any{
		"realm":      realmOf(r),
		"cookieName": cookie,
		"scopes":     listOf(t.scopes),
		"clientProperties": script.Map{
			"clientId": client.ID, "allowedGrantTypes": listOf(client.GrantTypes), "allowedResponseTypes": listOf(t.of.ResponseTypes),
			"allowedScopes": listOf(client.Scopes), "redirectUris": listOf(client.RedirectURIs), "customProperties": custom,
		},
		"requestProperties": script.Map{
			"requestUri": s.options.BaseURL(r) + r.URL.Path, "realm": realmOf(r),
			"requestParams": paramsOf(r.Form), "requestHeaders": headersOf(r.Header, cookie),
		},
		"identity":   identityBinding(generation),
		"session":    nil,
		"httpClient": script.NotProvided("httpClient", "send"),
		"systemEnv":  script.NotProvided("systemEnv", "getProperty"),
	}
	if generation == script.Legacy {
		return bindings
	}
	for name, methods := range map[string]string{
		"openidm":      "create read update patch delete query action",
		"secrets":      "getGenericSecret getDecryptionKey getEncryptionKey getSigningKey getVerificationKey",
		"policy":       "evaluate",
		"jwtAssertion": "generateJwt",
		"jwtValidator": "validateJwtClaims",
	} {
		bindings[name] = script.NotProvided(name, strings.Fields(methods)...)
	}
	return bindings
}

// identityBinding is there and has nothing at the token endpoint (checked on a
// tenant).
func identityBinding(generation script.Generation) map[string]any {
	empty := script.Function(func([]any) (any, error) { return script.List{}, nil })
	if generation == script.Legacy {
		identity := script.NotProvided("identity", "setAttributes", "store")
		identity["getAttribute"] = empty
		return identity
	}
	identity := script.NotProvided("identity", "setAttribute", "addAttribute", "store")
	identity["getAttributeValues"] = empty
	identity["exists"] = script.Function(func([]any) (any, error) { return false, nil })
	for _, name := range []string{"getName", "getUniversalId"} {
		identity[name] = script.Function(func([]any) (any, error) { return nil, nil })
	}
	return identity
}

// paramsOf are the parameters of a request, without what is secret.
func paramsOf(form url.Values) script.Map {
	params := mapOf(form)
	delete(params, "password")
	delete(params, "client_secret")
	return params
}

// headersOf are the headers of a request, without those that have a secret of the
// client or of somebody's session in them, which AM takes from a header too.
func headersOf(header http.Header, cookie string) script.Map {
	headers := mapOf(header)
	for _, secret := range []string{"Authorization", "Proxy-Authorization", "Cookie", cookie} {
		delete(headers, http.CanonicalHeaderKey(secret))
	}
	return headers
}

func mapOf(values map[string][]string) script.Map {
	lists := script.Map{}
	for name, all := range values {
		lists[name] = listOf(all)
	}
	return lists
}

func listOf(texts []string) script.List {
	list := script.List{}
	for _, text := range texts {
		list = append(list, text)
	}
	return list
}
