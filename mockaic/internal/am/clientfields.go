package am

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"aicmcp/mockaic/internal/am/nodetype"
	"aicmcp/mockaic/internal/crest"
)

// clientSection is a group of an OAuth client's attributes.
type clientSection struct {
	name, title string
	plain       bool // its values are never wrapped
	fields      []clientField
}

type clientField struct {
	name, kind string
	initial    any  // nil is unset
	optional   bool // not in single reads when unset, nor added to what a client sends
	newer      bool // optional, and not in lists when unset either: those recorded lack it
	choices    []string
}

// clientSections declares the attributes. A line has the name, the kind, the
// value that an attribute has when it is left out ("-" is none), and flags: a
// choice of values with bars between them, and "optional" or "newer".
func clientSections() []clientSection {
	sections := []clientSection{
		{name: "overrideOAuth2ClientConfig", title: "OAuth2 Provider Overrides", plain: true, fields: clientFields(`
			acceptAudienceParametersInTokenExchangeRequests bool false optional
			accessTokenMayActScript text [Empty]
			accessTokenModificationPluginType text PROVIDER PROVIDER|SCRIPTED|JAVA
			accessTokenModificationScript text [Empty]
			accessTokenModifierClass text - optional
			authorizeEndpointDataProviderClass text org.forgerock.oauth2.core.plugins.registry.DefaultEndpointDataProvider
			authorizeEndpointDataProviderPluginType text PROVIDER PROVIDER|SCRIPTED|JAVA
			authorizeEndpointDataProviderScript text [Empty]
			clientsCanSkipConsent bool false
			customLoginUrlTemplate text - optional
			enableApplicationContext bool false optional
			enableRemoteConsent bool false
			evaluateScopeClass text org.forgerock.oauth2.core.plugins.registry.DefaultScopeEvaluator
			evaluateScopePluginType text PROVIDER PROVIDER|SCRIPTED|JAVA
			evaluateScopeScript text [Empty]
			issueRefreshToken bool true
			issueRefreshTokenOnRefreshedToken bool true
			oidcClaimsClass text - optional
			oidcClaimsPluginType text PROVIDER PROVIDER|SCRIPTED|JAVA
			oidcClaimsScript text [Empty]
			oidcMayActScript text [Empty]
			overrideableOIDCClaims list []
			providerOverridesEnabled bool false
			remoteConsentServiceId text -
			scopesPolicySet text oauth2Scopes
			statelessTokensEnabled bool false
			tlsClientCertificateChainValidationEnabled bool false newer
			tokenEncryptionEnabled bool false
			useForceAuthnForMaxAge bool false
			usePolicyEngineForScope bool false
			useTokenIntrospectionClaimForJWT bool false newer
			validateScopeClass text org.forgerock.oauth2.core.plugins.registry.DefaultScopeValidator
			validateScopePluginType text PROVIDER PROVIDER|SCRIPTED|JAVA
			validateScopeScript text [Empty]`)},
		{name: "advancedOAuth2ClientConfig", title: "Advanced", fields: clientFields(`
			acceptedJwtIssuers list [] optional
			allowedResourceServerAudienceValues list [] optional
			clientUri list []
			contacts list []
			customProperties list []
			descriptions list []
			grantTypes list ["authorization_code"]
			introspectionPolicySets list [] optional
			isConsentImplied bool false
			javascriptOrigins list []
			logoUri list []
			mixUpMitigation bool false
			name list []
			policyUri list []
			refreshTokenGracePeriod int 0
			requestUris list []
			require_pushed_authorization_requests bool false
			responseTypes list ["code","token","id_token","code token","token id_token","code id_token","code token id_token","device_code","device_code id_token"]
			sectorIdentifierUri text -
			softwareIdentity text -
			softwareVersion text -
			subjectType text public
			tlsCaSecretLabelIdentifier text - newer
			tokenEndpointAuthMethod text client_secret_basic
			tokenExchangeAuthLevel int 0
			tosURI list []
			treeName text [Empty] optional
			updateAccessToken text -`)},
		{name: "signEncOAuth2ClientConfig", title: "Signing and Encryption", fields: clientFields(`
			authorizationResponseEncryptionAlgorithm text -
			authorizationResponseEncryptionMethod text -
			authorizationResponseSigningAlgorithm text RS256
			clientJwtPublicKey text -
			idTokenEncryptionAlgorithm text RSA-OAEP-256
			idTokenEncryptionEnabled bool false
			idTokenEncryptionMethod text A128CBC-HS256
			idTokenPublicEncryptionKey text -
			idTokenSignedResponseAlg text RS256
			jwkSet text -
			jwkStoreCacheMissCacheTime int 60000
			jwksCacheTimeout int 3600000
			jwksUri text -
			mTLSCertificateBoundAccessTokens bool false
			mTLSSubjectDN text -
			mTLSTrustedCert text -
			publicKeyLocation text jwks_uri
			requestParameterEncryptedAlg text -
			requestParameterEncryptedEncryptionAlgorithm text A128CBC-HS256
			requestParameterSignedAlg text -
			tokenEndpointAuthSigningAlgorithm text RS256
			tokenIntrospectionEncryptedResponseAlg text RSA-OAEP-256
			tokenIntrospectionEncryptedResponseEncryptionAlgorithm text A128CBC-HS256
			tokenIntrospectionResponseFormat text JSON
			tokenIntrospectionSignedResponseAlg text RS256
			userinfoEncryptedResponseAlg text -
			userinfoEncryptedResponseEncryptionAlgorithm text A128CBC-HS256
			userinfoResponseFormat text JSON
			userinfoSignedResponseAlg text -`)},
		{name: "coreOpenIDClientConfig", title: "OpenID Connect", fields: clientFields(`
			backchannel_logout_session_required bool false
			backchannel_logout_uri text -
			claims list []
			clientSessionUri text -
			defaultAcrValues list []
			defaultMaxAge int 600
			defaultMaxAgeEnabled bool false
			jwtTokenLifetime int 0
			postLogoutRedirectUri list []`)},
		{name: "coreOAuth2ClientConfig", title: "Core", fields: clientFields(`
			accessTokenLifetime int 0
			agentgroup text - optional
			authorizationCodeLifetime int 0
			authorizationDetailTypes list [] newer
			clientName list []
			clientType text Confidential Public|Confidential
			defaultScopes list []
			loopbackInterfaceRedirection bool false
			redirectionUris list []
			refreshTokenLifetime int 0
			scopes list []
			secretLabelIdentifier text -
			status text Active Active|Inactive
			userpassword secret - optional`)},
		{name: "coreUmaClientConfig", title: "UMA", fields: clientFields(`
			claimsRedirectionUris list []`)},
	}
	return sections
}

func clientFields(table string) (fields []clientField) {
	for line := range strings.Lines(table) {
		line = strings.TrimSpace(line)
		name, rest, found := strings.Cut(line, " ")
		if !found {
			continue
		}
		kind, rest, _ := strings.Cut(rest, " ")
		rest, newer := strings.CutSuffix(rest, " newer")
		rest, optional := strings.CutSuffix(rest, " optional")
		field := clientField{name: name, kind: kind, optional: optional || newer, newer: newer}
		if initial, choices, ok := strings.Cut(rest, " "); ok && kind == "text" {
			rest, field.choices = initial, strings.Split(choices, "|")
		}
		field.initial = initialValue(kind, rest)
		fields = append(fields, field)
	}
	return fields
}

func initialValue(kind, text string) any {
	switch {
	case text == "-":
		return nil
	case kind == "bool":
		return text == "true"
	case kind == "int":
		return json.Number(text)
	case kind == "list":
		value, err := crest.DecodeJSON([]byte(text))
		if err != nil {
			panic("am: the table of OAuth clients has the list " + text)
		}
		return value
	}
	return text
}

// isWrapped tells whether the API shows the value with where it comes from.
func (s clientSection) isWrapped(f clientField) bool {
	return !s.plain && f.kind != "secret" && f.name != "agentgroup"
}

func (s clientSection) field(name string) (clientField, bool) {
	i := slices.IndexFunc(s.fields, func(f clientField) bool { return f.name == name })
	if i < 0 {
		return clientField{}, false
	}
	return s.fields[i], true
}

// check refuses a value that is not of the attribute's kind.
func (f clientField) check(value any) error {
	ok := false
	switch f.kind {
	case "bool":
		_, ok = value.(bool)
	case "int":
		number, isNumber := value.(json.Number)
		ok = isNumber && !strings.ContainsAny(number.String(), ".eE")
	case "list":
		var members []any
		members, ok = value.([]any)
		for _, member := range members {
			if _, isText := member.(string); !isText {
				ok = false
			}
		}
	default:
		var text string
		text, ok = value.(string)
		ok = ok && (len(f.choices) == 0 || slices.Contains(f.choices, text))
	}
	// A placeholder stands for a value of any kind.
	if placeholder, isMap := value.(map[string]any); isMap && len(placeholder) == 1 {
		for name := range placeholder {
			ok = ok || strings.HasPrefix(name, "$")
		}
	}
	if !ok {
		return crest.Errorf(http.StatusBadRequest, "Data validation failed for the attribute, %s", nodetype.Title(f.name))
	}
	return nil
}

// clientSchema is the JSON schema of a client.
func clientSchema(sections []clientSection) map[string]any {
	groups := map[string]any{}
	for i, section := range sections {
		properties := map[string]any{}
		for j, field := range section.fields {
			properties[field.name] = field.schema(j, section.isWrapped(field))
		}
		groups[section.name] = map[string]any{"type": "object", "title": section.title, "propertyOrder": number(i), "properties": properties}
	}
	return map[string]any{"type": "object", "properties": groups}
}

func (f clientField) schema(order int, wrapped bool) map[string]any {
	value := map[string]any{"type": map[string]string{"bool": "boolean", "int": "integer", "list": "array", "secret": "string", "text": "string"}[f.kind], "required": false}
	if f.kind == "list" {
		value["items"] = map[string]any{"type": "string"}
	}
	if f.kind == "secret" {
		value["format"] = "password"
	}
	if f.choices != nil {
		value["enum"] = f.choices
	}
	property := value
	if wrapped {
		property = map[string]any{"type": "object", "properties": map[string]any{
			"inherited": map[string]any{"type": "boolean", "required": true}, "value": value,
		}}
	}
	property["title"], property["description"], property["propertyOrder"], property["exampleValue"] = nodetype.Title(f.name), "", number(order), ""
	return property
}
