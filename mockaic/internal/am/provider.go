package am

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"aicmcp/mockaic/internal/provider"
)

// OAuthProvider tells how the provider of a realm treats a client, which may override
// some settings. What is not set is as in a new tenant.
func (s *Service) OAuthProvider(realm, clientID string) (provider.Settings, bool) {
	stored := s.view(oauthProvider.collection(), realm)
	if stored == nil {
		return provider.Settings{}, false
	}
	settings := completeProvider(stored)
	core, advanced := groupOf(settings, "coreOAuth2Config"), groupOf(settings, "advancedOAuth2Config")
	oidc, advancedOIDC := groupOf(settings, "coreOIDCConfig"), groupOf(settings, "advancedOIDCConfig")
	device, consent := groupOf(settings, "deviceCodeConfig"), groupOf(settings, "consent")
	register := groupOf(settings, "clientDynamicRegistrationConfig")
	p := provider.Settings{
		AccessTokenLifetime:  core.seconds("accessTokenLifetime"),
		RefreshTokenLifetime: core.seconds("refreshTokenLifetime"),
		CodeLifetime:         core.seconds("codeLifetime"),
		IDTokenLifetime:      oidc.seconds("jwtTokenLifetime"),

		IssueRefreshToken:     core.flag("issueRefreshToken"),
		RenewRefreshToken:     core.flag("issueRefreshTokenOnRefreshedToken"),
		Stateless:             core.flag("statelessTokensEnabled"),
		SigningAlgorithm:      advanced.text("tokenSigningAlgorithm"),
		CodeVerifier:          advanced.text("codeVerifierEnforced"),
		GrantTypes:            texts(advanced["grantTypes"]),
		Scopes:                scopeNames(advanced["supportedScopes"]),
		DefaultScopes:         scopeNames(advanced["defaultScopes"]),
		ClientsCanSkipConsent: consent.flag("clientsCanSkipConsent"),
		Discovery:             oidc.flag("oidcDiscoveryEndpointEnabled"),
		PasswordJourney:       advanced.text("passwordGrantAuthService"),

		DeviceCodeLifetime: device.seconds("deviceCodeLifetime"),
		DevicePollInterval: device.seconds("devicePollInterval"),
		UserCodeLength:     device.whole("deviceUserCodeLength"),
		UserCodeCharacters: device.text("deviceUserCodeCharacterSet"),
		OpenUserCodeForm:   device.flag("realmAllowUnauthorisedAccessToUserCodeForm"),

		RefreshTokenGrace: max(0, advanced.seconds("refreshTokenGracePeriod")),
		LeastMaxAge:       max(0, advancedOIDC.whole("minMaxAge")),
		MappedClasses:     slices.Sorted(maps.Keys(groupOf(advancedOIDC, "loaMapping"))),

		RequestURILifetime:    advanced.seconds("parRequestUriLifetime"),
		RequirePushedRequests: advanced.flag("requirePushedAuthorizationRequests"),

		ClaimsInIDToken:        advancedOIDC.flag("alwaysAddClaimsToToken"),
		StoreOperations:        advancedOIDC.flag("storeOpsTokens"),
		IDTokenInfoNeedsClient: advancedOIDC.flag("idTokenInfoClientAuthenticationEnabled"),
		ClientIDInTokens:       advanced.flag("includeClientIdClaimInStatelessTokens"),
		SubjectNameInTokens:    advanced.flag("includeSubnameInTokenClaims"),
		CredentialsInQuery:     advanced.flag("allowClientCredentialsInTokenRequestQueryParameters"),
		AudienceInExchange:     advanced.flag("acceptAudienceParametersInTokenExchangeRequests"),

		OpenRegistration:       register.flag("allowDynamicRegistration"),
		RegistrationTokens:     register.flag("generateRegistrationAccessTokens"),
		NeedsSoftwareStatement: register.flag("dynamicClientRegistrationSoftwareStatementRequired"),
		RegistrationScope:      register.text("dynamicClientRegistrationScope"),
		ResponseTypes:          scopeNames(advanced["responseTypeClasses"]),
		Supported:              supported(advanced, oidc, advancedOIDC),
	}
	if p.PasswordJourney == noScript {
		p.PasswordJourney = ""
	}
	client := s.view(collection(realm, clientKind), clientID)
	p.ScopeTexts = scopeTexts(advanced["supportedScopes"])
	maps.Copy(p.ScopeTexts, scopeTexts(groupOf(client, "coreOAuth2ClientConfig")["scopes"]))
	if own := groupOf(client, "overrideOAuth2ClientConfig"); own.flag("providerOverridesEnabled") {
		p.IssueRefreshToken = own.flag("issueRefreshToken")
		p.RenewRefreshToken = own.flag("issueRefreshTokenOnRefreshedToken")
		p.Stateless = own.flag("statelessTokensEnabled")
		p.ClientsCanSkipConsent = own.flag("clientsCanSkipConsent")
		p.AudienceInExchange = own.flag("acceptAudienceParametersInTokenExchangeRequests")
	}
	return p, true
}

// supported are the lists of groups that say what clients may register.
func supported(groups ...group) map[string][]string {
	lists := map[string][]string{}
	for _, g := range groups {
		for name, value := range g {
			if strings.HasPrefix(name, "supported") {
				lists[name] = scopeNames(value)
			}
		}
	}
	return lists
}

// group is a group of attributes.
type group map[string]any

func groupOf(document map[string]any, name string) group {
	members, _ := document[name].(map[string]any)
	return members
}

// completeProvider has what a new tenant has where settings lack something.
func completeProvider(stored map[string]any) map[string]any {
	completed := StockProvider()
	for name := range completed {
		if members := groupOf(completed, name); members != nil {
			maps.Copy(members, groupOf(stored, name))
		}
	}
	return completed
}

func (g group) flag(name string) bool { return g[name] == true }

func (g group) text(name string) string {
	text, _ := g[name].(string)
	return text
}

// whole is a number between 0 and the largest of 32 bits, or -1; what is no whole
// number is 0.
func (g group) whole(name string) int {
	number, _ := g[name].(json.Number)
	n, _ := number.Int64()
	return int(min(max(-1, n), math.MaxInt32))
}

func (g group) seconds(name string) time.Duration { return time.Duration(g.whole(name)) * time.Second }

// SignWithPublicKeys lets the providers of realms sign so that anybody can check it,
// and exchange tokens.
func (d Data) SignWithPublicKeys(realms []string) {
	for _, realm := range realms {
		advanced := groupOf(d.Settings[realm+"/"+oauthProvider.kind], "advancedOAuth2Config")
		advanced["tokenSigningAlgorithm"] = "RS256"
		grants, _ := advanced["grantTypes"].([]any)
		advanced["grantTypes"] = append(grants, "urn:ietf:params:oauth:grant-type:token-exchange")
	}
}
