package am

import (
	"encoding/json"
	"strings"
	"time"
)

// OAuthClient is what an OAuth provider has to know of a client. A lifetime is in
// seconds; 0 is the provider's.
type OAuthClient struct {
	ID, Name, Type, Secret                          string
	RedirectURIs, Scopes, DefaultScopes, GrantTypes []string
	ConsentImplied, LoopbackRedirects               bool
	AccessTokenLifetime                             int
	MayAct                                          map[string]any

	RefreshTokenLifetime, CodeLifetime, IDTokenLifetime int
	ResponseTypes, PostLogoutURIs, Audiences            []string
	IDTokenAlgorithm                                    string
	RequirePushedRequests                               bool

	RefreshTokenGrace int  // seconds
	DefaultMaxAge     *int // seconds, of logins; nil is any

	// KeyLocation says which of the keys counts: jwks, jwks_uri or x509.
	AuthMethod, AuthAlgorithm, KeyLocation, KeySet, KeySetURI, Certificate string
	KeyLifetime, KeyMissLifetime                                           time.Duration // of keys from KeySetURI
}

// OAuthClient finds an active client of a realm.
func (s *Service) OAuthClient(realm, id string) (OAuthClient, bool) {
	stored := s.view(collection(realm, clientKind), id)
	core, advanced := groupOf(stored, "coreOAuth2ClientConfig"), groupOf(stored, "advancedOAuth2ClientConfig")
	oidc, signing := groupOf(stored, "coreOpenIDClientConfig"), groupOf(stored, "signEncOAuth2ClientConfig")
	if core["status"] != "Active" {
		return OAuthClient{}, false
	}
	client := OAuthClient{
		ID: id, RedirectURIs: texts(core["redirectionUris"]), GrantTypes: texts(advanced["grantTypes"]),
		Scopes: scopeNames(core["scopes"]), DefaultScopes: scopeNames(core["defaultScopes"]),
		Type: core.text("clientType"), ConsentImplied: advanced.flag("isConsentImplied"),
		LoopbackRedirects:    core.flag("loopbackInterfaceRedirection"),
		AccessTokenLifetime:  max(0, core.whole("accessTokenLifetime")),
		RefreshTokenLifetime: core.whole("refreshTokenLifetime"), CodeLifetime: max(0, core.whole("authorizationCodeLifetime")),
		IDTokenLifetime: max(0, oidc.whole("jwtTokenLifetime")),
		ResponseTypes:   texts(advanced["responseTypes"]), PostLogoutURIs: texts(oidc["postLogoutRedirectUri"]),
		Audiences:             texts(advanced["allowedResourceServerAudienceValues"]),
		IDTokenAlgorithm:      signing.text("idTokenSignedResponseAlg"),
		RequirePushedRequests: advanced.flag("require_pushed_authorization_requests"),
		AuthMethod:            advanced.text("tokenEndpointAuthMethod"), AuthAlgorithm: signing.text("tokenEndpointAuthSigningAlgorithm"),
		KeyLocation: signing.text("publicKeyLocation"), KeySet: signing.text("jwkSet"),
		KeySetURI: signing.text("jwksUri"), Certificate: signing.text("clientJwtPublicKey"),
		KeyLifetime: signing.milliseconds("jwksCacheTimeout"), KeyMissLifetime: signing.milliseconds("jwkStoreCacheMissCacheTime"),
	}
	client.RefreshTokenGrace = max(0, advanced.whole("refreshTokenGracePeriod"))
	if oldest := max(0, oidc.whole("defaultMaxAge")); oidc.flag("defaultMaxAgeEnabled") {
		client.DefaultMaxAge = &oldest
	}
	client.Secret, _ = stored[clientSecret].(string)
	if names := texts(core["clientName"]); len(names) > 0 {
		client.Name = names[0]
	}
	return client, true
}

const maxKeyLifetime = 24 * time.Hour

func (g group) milliseconds(name string) time.Duration {
	number, _ := g[name].(json.Number)
	count, _ := number.Int64() // what is no number is no time
	return time.Duration(min(max(0, count), maxKeyLifetime.Milliseconds())) * time.Millisecond
}

func texts(value any) (all []string) {
	members, _ := value.([]any)
	for _, member := range members {
		if text, ok := member.(string); ok {
			all = append(all, text)
		}
	}
	return all
}

// scopeTexts are what scopes are called: "email|Your address", or, with a language,
// "email|en|Your address".
func scopeTexts(value any) map[string]string {
	called := map[string]string{}
	for _, entry := range texts(value) {
		name, rest, _ := strings.Cut(entry, "|")
		if text := rest[strings.LastIndex(rest, "|")+1:]; text != "" && called[name] == "" {
			called[name] = text
		}
	}
	return called
}

// scopeNames leaves out what scopes are called, as in "email|Your address", or what
// handles a value.
func scopeNames(value any) []string {
	names := texts(value)
	for i, name := range names {
		names[i], _, _ = strings.Cut(name, "|")
	}
	return names
}
