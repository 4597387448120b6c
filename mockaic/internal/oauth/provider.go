package oauth

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"aicmcp/mockaic/internal/provider"
)

// Provider is how a realm's provider is set for a client.
type Provider provider.Settings

// endless is how long something lasts that does not end.
const endless = 100 * 365 * 24 * time.Hour

// rootProvider is that of the root realm, which nobody can set.
func rootProvider() Provider {
	return Provider{
		AccessTokenLifetime: time.Hour, RefreshTokenLifetime: 7 * 24 * time.Hour, CodeLifetime: 2 * time.Minute, IDTokenLifetime: time.Hour,
		IssueRefreshToken: true, RenewRefreshToken: true, Stateless: true, SigningAlgorithm: "RS256", CodeVerifier: "false",
		GrantTypes: []string{
			"implicit", "urn:ietf:params:oauth:grant-type:saml2-bearer", grantRefresh, grantPassword, grantClient, grantDevice, grantCode,
			"urn:openid:params:grant-type:ciba", "urn:ietf:params:oauth:grant-type:uma-ticket", grantJWT, grantExchange,
		},
		Scopes:                []string{"address", "phone", "openid", "profile", "fr:idm:*", "am-introspect-all-tokens", "email"},
		ClientsCanSkipConsent: true, Discovery: true,
		DeviceCodeLifetime: 5 * time.Minute, DevicePollInterval: 5 * time.Second,
		UserCodeLength: 8, UserCodeCharacters: "234567ACDEFGHJKLMNPQRSTWXYZabcdefhijkmnopqrstwxyz",
		RequestURILifetime: 90 * time.Second,
		LeastMaxAge:        60,
		ClaimsInIDToken:    true, StoreOperations: true, IDTokenInfoNeedsClient: true,
		ClientIDInTokens: true, SubjectNameInTokens: true, CredentialsInQuery: true,
	}
}

// provider tells how the realm of a request treats a client. Nil is no client.
func (s *Service) provider(r *http.Request, client *Client) Provider {
	p, realm := rootProvider(), realmOf(r)
	if client == nil {
		client = &Client{}
	}
	if realm != root {
		p, _ = s.options.Registry.Provider(strings.TrimPrefix(realm, "/"), client.ID)
	}
	own := func(lifetime *time.Duration, seconds int) {
		if seconds != 0 {
			*lifetime = time.Duration(seconds) * time.Second
		}
		if *lifetime < 0 {
			*lifetime = endless
		}
	}
	own(&p.AccessTokenLifetime, client.AccessTokenLifetime)
	own(&p.RefreshTokenLifetime, client.RefreshTokenLifetime)
	own(&p.CodeLifetime, client.CodeLifetime)
	own(&p.IDTokenLifetime, client.IDTokenLifetime)
	if client.RefreshTokenGrace > 0 {
		p.RefreshTokenGrace = time.Duration(client.RefreshTokenGrace) * time.Second
	}
	return p
}

// needsVerifier tells whether a client must use PKCE.
func (p Provider) needsVerifier(client *Client) bool {
	switch p.CodeVerifier {
	case "true":
		return true
	case "public":
		return client.Type == "Public"
	case "passwordless":
		return client.Type == "Public" && client.Secret == ""
	}
	return false
}

// grantedScopes are those of the request, which the client must have, or its
// defaults, or those of the provider's that it may have.
func (p Provider) grantedScopes(client *Client, requested string) ([]string, *Error) {
	scopes := strings.Fields(requested)
	if len(scopes) == 0 {
		if len(client.DefaultScopes) > 0 {
			return client.DefaultScopes, nil
		}
		return slices.DeleteFunc(slices.Clone(p.DefaultScopes), func(scope string) bool { return !slices.Contains(client.Scopes, scope) }), nil
	}
	slices.Sort(scopes)
	scopes = slices.Compact(scopes)
	return scopes, checkScopes(scopes, client.Scopes)
}

// checkScopes refuses what is not among the allowed scopes.
func checkScopes(scopes, allowed []string) *Error {
	unknown := slices.DeleteFunc(slices.Clone(scopes), func(scope string) bool { return slices.Contains(allowed, scope) })
	if len(unknown) > 0 {
		return badRequest("invalid_scope", "Unknown/invalid scope(s): ["+strings.Join(unknown, ", ")+"]")
	}
	return nil
}

// audience is that of a token that an exchange gives a client: the client and, where
// the provider listens to them, those that it asks for. The parameter resource is
// ignored on every grant.
func (p Provider) audience(client *Client, requested []string) ([]string, *Error) {
	audience := []string{client.ID}
	if !p.AudienceInExchange {
		return audience, nil
	}
	for _, one := range requested {
		if !slices.Contains(client.Audiences, one) {
			return nil, badRequest("invalid_request", "Invalid audience requested.")
		}
		if !slices.Contains(audience, one) {
			audience = append(audience, one)
		}
	}
	return audience, nil
}
