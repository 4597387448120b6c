// Package am is the access management side of a tenant's configuration.
package am

import (
	"encoding/json"
	"strings"
)

// StockProvider is the OAuth2 provider of a realm of a new tenant, the document
// of {realm}/realm-config/services/oauth-oidc, from recordings 70ef785bc495 and
// 44608184edc9. The scripts are the alpha realm's. aiAgentsConfig is recorded
// with the agents enabled and all its members only; without the feature there is
// nothing that they could name.
func StockProvider() map[string]any {
	return map[string]any{
		"_id":                             "",
		"_type":                           map[string]any{"_id": "oauth-oidc", "name": "OAuth2 Provider", "collection": false},
		"advancedOAuth2Config":            advancedOAuth2(),
		"advancedOIDCConfig":              advancedOIDC(),
		"aiAgentsConfig":                  map[string]any{"aiAgentsEnabled": false},
		"cibaConfig":                      ciba(),
		"clientDynamicRegistrationConfig": registration(),
		"consent":                         consent(),
		"coreOAuth2Config":                coreOAuth2(),
		"coreOIDCConfig":                  coreOIDC(),
		"deviceCodeConfig":                deviceCode(),
		"pluginsConfig":                   plugins(),
	}
}

const (
	signing        = "PS384 ES384 RS384 HS256 HS512 ES256 RS256 HS384 ES512 PS256 PS512 RS512"
	responses      = signing + " EdDSA"
	encryption     = "ECDH-ES+A256KW ECDH-ES+A192KW RSA-OAEP ECDH-ES+A128KW RSA-OAEP-256 A128KW A256KW ECDH-ES dir A192KW"
	contents       = "A256GCM A192GCM A128GCM A128CBC-HS256 A192CBC-HS384 A256CBC-HS512"
	noScript       = "[Empty]"
	scopeValidator = "org.forgerock.openam.oauth2.OpenAMScopeValidator"
	accessToken    = "urn:ietf:params:oauth:token-type:access_token"
	idToken        = "urn:ietf:params:oauth:token-type:id_token"
	exchange       = "org.forgerock.oauth2.core.tokenexchange."
)

// words is a JSON array of the words of text.
func words(text string) []any {
	list := []any{}
	for word := range strings.FieldsSeq(text) {
		list = append(list, word)
	}
	return list
}

// algorithms adds the algorithms that a kind of JWT may be encrypted and signed with.
func algorithms(section map[string]any, kind, methods, signatures string) {
	section["supported"+kind+"EncryptionAlgorithms"] = words(encryption)
	section["supported"+kind+methods] = words(contents)
	section["supported"+kind+"SigningAlgorithms"] = words(signatures)
}

func advancedOIDC() map[string]any {
	section := map[string]any{
		"alwaysAddClaimsToToken":                 true,
		"amrMappings":                            map[string]any{},
		"authorisedIdmDelegationClients":         []any{},
		"authorisedOpenIdConnectSSOClients":      []any{},
		"claimsParameterSupported":               false,
		"defaultACR":                             []any{},
		"idTokenInfoClientAuthenticationEnabled": true,
		"includeAllKtyAlgCombinationsInJwksUri":  false,
		"jwtSigningKidHeaderMappings":            map[string]any{},
		"loaMapping":                             map[string]any{},
		"minMaxAge":                              json.Number("60"),
		"storeOpsTokens":                         true,
		"supportedTokenEndpointAuthenticationSigningAlgorithms": words(signing),
		"useForceAuthnForMaxAge":                                false,
		"useForceAuthnForPromptLogin":                           false,
	}
	const methods = "EncryptionEnc"
	algorithms(section, "AuthorizationResponse", methods, responses)
	algorithms(section, "RequestParameter", methods, signing)
	algorithms(section, "TokenIntrospectionResponse", methods, responses)
	algorithms(section, "UserInfo", methods, "ES384 HS256 HS512 ES256 RS256 HS384 ES512")
	return section
}

func advancedOAuth2() map[string]any {
	return map[string]any{
		"acceptAudienceParametersInTokenExchangeRequests":     false,
		"allowClientCredentialsInTokenRequestQueryParameters": true,
		"allowedAudienceValues":                               []any{},
		"authenticationAttributes":                            words("uid"),
		"codeVerifierEnforced":                                "false", // a string, as recorded
		"defaultScopes":                                       words("address phone openid profile email"),
		"displayNameAttribute":                                "cn",
		"enableApplicationContext":                            false,
		"expClaimRequiredInRequestObject":                     false,
		"grantTypes": words("implicit urn:ietf:params:oauth:grant-type:saml2-bearer refresh_token password client_credentials " +
			"urn:ietf:params:oauth:grant-type:device_code authorization_code urn:openid:params:grant-type:ciba " +
			"urn:ietf:params:oauth:grant-type:uma-ticket urn:ietf:params:oauth:grant-type:jwt-bearer"),
		"hashSalt":                                   "&{am.oidc.client.subject.identifier.hash.salt}",
		"includeClientIdClaimInStatelessTokens":      true,
		"includeSubnameInTokenClaims":                true,
		"macaroonTokenFormat":                        "V2",
		"maxAgeOfRequestObjectNbfClaim":              json.Number("0"),
		"maxDifferenceBetweenRequestObjectNbfAndExp": json.Number("0"),
		"moduleMessageEnabledInPasswordGrant":        false,
		"nbfClaimRequiredInRequestObject":            false,
		"parRequestUriLifetime":                      json.Number("90"),
		"passwordGrantAuthService":                   "Login",
		"persistentClaims":                           []any{},
		"refreshTokenGracePeriod":                    json.Number("0"),
		"requestObjectProcessing":                    "OIDC",
		"requirePushedAuthorizationRequests":         false,
		"responseTypeClasses": words("code|org.forgerock.oauth2.core.AuthorizationCodeResponseTypeHandler " +
			"device_code|org.forgerock.oauth2.core.TokenResponseTypeHandler " +
			"token|org.forgerock.oauth2.core.TokenResponseTypeHandler " +
			"id_token|org.forgerock.openidconnect.IdTokenResponseTypeHandler"),
		"supportedScopes": []any{
			"email|Your email address", "openid|", "address|Your postal address", "phone|Your telephone number(s)",
			"profile|Your personal information", "fr:idm:*", "am-introspect-all-tokens",
		},
		"supportedSubjectTypes":                   words("public pairwise"),
		"tlsCertificateBoundAccessTokensEnabled":  true,
		"tlsCertificateRevocationCheckingEnabled": false,
		"tlsClientCertificateHeaderFormat":        "BASE64_ENCODED_CERT",
		"tokenCompressionEnabled":                 false,
		"tokenEncryptionEnabled":                  false,
		"tokenExchangeClasses": []any{
			accessToken + "=>" + accessToken + "|" + exchange + "accesstoken.AccessTokenToAccessTokenExchanger",
			idToken + "=>" + idToken + "|" + exchange + "idtoken.IdTokenToIdTokenExchanger",
			accessToken + "=>" + idToken + "|" + exchange + "accesstoken.AccessTokenToIdTokenExchanger",
			idToken + "=>" + accessToken + "|" + exchange + "idtoken.IdTokenToAccessTokenExchanger",
		},
		"tokenSigningAlgorithm": "HS256",
		"tokenValidatorClasses": []any{
			idToken + "|" + exchange + "idtoken.OidcIdTokenValidator",
			accessToken + "|" + exchange + "accesstoken.OAuth2AccessTokenValidator",
		},
	}
}

func registration() map[string]any {
	return map[string]any{
		"allowDynamicRegistration":                           false,
		"dynamicClientRegistrationScope":                     "dynamic_client_registration",
		"dynamicClientRegistrationScript":                    noScript,
		"dynamicClientRegistrationSoftwareStatementRequired": false,
		"generateRegistrationAccessTokens":                   true,
		"requiredSoftwareStatementAttestedAttributes":        words("redirect_uris"),
	}
}

func coreOIDC() map[string]any {
	section := map[string]any{
		"jwtTokenLifetime":             json.Number("3600"),
		"oidcDiscoveryEndpointEnabled": true,
		"overrideableOIDCClaims":       []any{},
		"supportedClaims":              []any{},
	}
	algorithms(section, "IDToken", "EncryptionMethods", signing)
	return section
}

func coreOAuth2() map[string]any {
	return map[string]any{
		"accessTokenLifetime":               json.Number("3600"),
		"accessTokenMayActScript":           noScript,
		"codeLifetime":                      json.Number("120"),
		"issueRefreshToken":                 true,
		"issueRefreshTokenOnRefreshedToken": true,
		"macaroonTokensEnabled":             false,
		"oidcMayActScript":                  noScript,
		"refreshTokenLifetime":              json.Number("604800"),
		"scopesPolicySet":                   "oauth2Scopes",
		"statelessTokensEnabled":            true,
		"usePolicyEngineForScope":           false,
	}
}

func consent() map[string]any {
	section := map[string]any{"clientsCanSkipConsent": true, "enableRemoteConsent": false}
	const methods = "EncryptionMethods"
	algorithms(section, "RcsRequest", methods, signing)
	algorithms(section, "RcsResponse", methods, signing)
	return section
}

func deviceCode() map[string]any {
	return map[string]any{
		"deviceCodeLifetime":                         json.Number("300"),
		"devicePollInterval":                         json.Number("5"),
		"deviceUserCodeCharacterSet":                 "234567ACDEFGHJKLMNPQRSTWXYZabcdefhijkmnopqrstwxyz",
		"deviceUserCodeLength":                       json.Number("8"),
		"realmAllowUnauthorisedAccessToUserCodeForm": false,
	}
}

func plugins() map[string]any {
	return map[string]any{
		"accessTokenEnricherClass":                scopeValidator,
		"accessTokenModificationPluginType":       "SCRIPTED",
		"accessTokenModificationScript":           "39c08084-1238-43e8-857f-2e11005eac49",
		"accessTokenModifierClass":                scopeValidator,
		"authorizeEndpointDataProviderClass":      scopeValidator,
		"authorizeEndpointDataProviderPluginType": "JAVA",
		"authorizeEndpointDataProviderScript":     noScript,
		"evaluateScopeClass":                      scopeValidator,
		"evaluateScopePluginType":                 "JAVA",
		"evaluateScopeScript":                     noScript,
		"oidcClaimsClass":                         scopeValidator,
		"oidcClaimsPluginType":                    "SCRIPTED",
		"oidcClaimsScript":                        "cf3515f0-8278-4ee3-a530-1bad7424c416",
		"userCodeGeneratorClass":                  "org.forgerock.oauth2.core.plugins.registry.DefaultUserCodeGenerator",
		"validateScopeClass":                      scopeValidator,
		"validateScopePluginType":                 "JAVA",
		"validateScopeScript":                     noScript,
	}
}

func ciba() map[string]any {
	return map[string]any{
		"cibaAuthReqIdLifetime":          json.Number("600"),
		"cibaMinimumPollingInterval":     json.Number("2"),
		"supportedCibaSigningAlgorithms": words("ES256 PS256"),
	}
}
