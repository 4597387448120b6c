package oauth

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// The sections of a client's document.
const (
	coreSection     = "coreOAuth2ClientConfig"
	advancedSection = "advancedOAuth2ClientConfig"
	openIDSection   = "coreOpenIDClientConfig"
	keysSection     = "signEncOAuth2ClientConfig"
)

// kind is what a member of a registration holds.
type kind int

const (
	aText kind = iota
	aFlag
	aWhole
	aList
	aLocalized // with members of its own for languages, as in client_name#de
	onlyShown  // in answers, never taken
)

// metadatum is a member of a registration, with where AM keeps it.
type metadatum struct {
	name               string
	kind               kind
	section, attribute string
	initial            any // nil is none, which is absent from answers
	// admits tells which texts are good, nil for all.
	admits func(Provider, string) bool
}

// metadata are the members that are known, in the order of AM's answers.
func metadata() []metadatum {
	plain := func(good func(string) bool) func(Provider, string) bool {
		return func(_ Provider, value string) bool { return good(value) }
	}
	among := func(name string) func(Provider, string) bool {
		return func(p Provider, value string) bool { return slices.Contains(p.Supported[name], value) }
	}
	granted := func(p Provider, value string) bool { return slices.Contains(p.GrantTypes, value) }
	oneOf := func(values ...string) func(Provider, string) bool {
		return func(_ Provider, value string) bool { return slices.Contains(values, value) }
	}
	return []metadatum{
		{"authorization_signed_response_alg", aText, keysSection, "authorizationResponseSigningAlgorithm", "RS256", among("supportedAuthorizationResponseSigningAlgorithms")},
		{"request_object_encryption_alg", aText, keysSection, "requestParameterEncryptedAlg", "", among("supportedRequestParameterEncryptionAlgorithms")},
		{"request_object_signing_alg", aText, keysSection, "requestParameterSignedAlg", "", among("supportedRequestParameterSigningAlgorithms")},
		{"userinfo_signed_response_alg", aText, keysSection, "userinfoSignedResponseAlg", "", among("supportedUserInfoSigningAlgorithms")},
		{"userinfo_encrypted_response_alg", aText, keysSection, "userinfoEncryptedResponseAlg", "", among("supportedUserInfoEncryptionAlgorithms")},
		{"userinfo_encrypted_response_enc", aText, keysSection, "userinfoEncryptedResponseEncryptionAlgorithm", "", among("supportedUserInfoEncryptionEnc")},
		{"introspection_signed_response_alg", aText, keysSection, "tokenIntrospectionSignedResponseAlg", "RS256", among("supportedTokenIntrospectionResponseSigningAlgorithms")},
		{"introspection_encrypted_response_alg", aText, keysSection, "tokenIntrospectionEncryptedResponseAlg", "RSA-OAEP-256", among("supportedTokenIntrospectionResponseEncryptionAlgorithms")},
		{"introspection_encrypted_response_enc", aText, keysSection, "tokenIntrospectionEncryptedResponseEncryptionAlgorithm", "A128CBC-HS256", among("supportedTokenIntrospectionResponseEncryptionEnc")},
		{"id_token_signed_response_alg", aText, keysSection, "idTokenSignedResponseAlg", "RS256", among("supportedIDTokenSigningAlgorithms")},
		{"id_token_encryption_enabled", aFlag, keysSection, "idTokenEncryptionEnabled", false, nil},
		{"id_token_encrypted_response_alg", aText, keysSection, "idTokenEncryptionAlgorithm", "RSA-OAEP-256", among("supportedIDTokenEncryptionAlgorithms")},
		{"id_token_encrypted_response_enc", aText, keysSection, "idTokenEncryptionMethod", "A128CBC-HS256", among("supportedIDTokenEncryptionMethods")},
		{"default_max_age", aWhole, openIDSection, "defaultMaxAge", 1, nil},
		{"default_max_age_enabled", aFlag, openIDSection, "defaultMaxAgeEnabled", false, nil},
		{"token_endpoint_auth_method", aText, advancedSection, "tokenEndpointAuthMethod", authBasic, oneOf(authBasic, authPost, authKey, authNone, "tls_client_auth", "self_signed_tls_client_auth")},
		{"token_endpoint_auth_signing_alg", aText, keysSection, "tokenEndpointAuthSigningAlgorithm", "RS256", among("supportedTokenEndpointAuthenticationSigningAlgorithms")},
		{"public_key_selector", aText, keysSection, "publicKeyLocation", keysByCertificate, oneOf(keysBySet, keysByURI, keysByCertificate)},
		{"grant_types", aList, advancedSection, "grantTypes", []string{grantCode}, granted},
		{"response_types", aList, advancedSection, "responseTypes", []string{"code"}, responseType},
		{"subject_type", aText, advancedSection, "subjectType", "public", among("supportedSubjectTypes")},
		{"require_pushed_authorization_requests", aFlag, advancedSection, "require_pushed_authorization_requests", false, nil},
		{"authorization_code_lifetime", onlyShown, coreSection, "authorizationCodeLifetime", 0, nil},
		{"access_token_lifetime", onlyShown, coreSection, "accessTokenLifetime", 0, nil},
		{"refresh_token_lifetime", onlyShown, coreSection, "refreshTokenLifetime", 0, nil},
		{"jwt_token_lifetime", onlyShown, openIDSection, "jwtTokenLifetime", 0, nil},
		{"user_info_response_format_selector", onlyShown, keysSection, "userinfoResponseFormat", "JSON", nil},
		{"token_intro_response_format_selector", onlyShown, keysSection, "tokenIntrospectionResponseFormat", "JSON", nil},
		{"tls_client_certificate_bound_access_tokens", aFlag, keysSection, "mTLSCertificateBoundAccessTokens", false, nil},
		{"backchannel_logout_session_required", aFlag, openIDSection, "backchannel_logout_session_required", false, nil},
		{"backchannel_logout_uri", aText, openIDSection, "backchannel_logout_uri", nil, plain(isSafeResource)},
		{"jwks_cache_timeout", onlyShown, keysSection, "jwksCacheTimeout", 3600000, nil},
		{"jwks_cache_miss_cache_time", onlyShown, keysSection, "jwkStoreCacheMissCacheTime", 60000, nil},
		{"redirect_uris", aList, coreSection, "redirectionUris", []string{}, plain(isSafeRedirect)},
		{"post_logout_redirect_uris", aList, openIDSection, "postLogoutRedirectUri", nil, plain(isSafeRedirect)},
		{"request_uris", aList, advancedSection, "requestUris", nil, plain(isSafeResource)},
		{"default_acr_values", aList, openIDSection, "defaultAcrValues", nil, nil},
		{"contacts", aList, advancedSection, "contacts", nil, nil},
		{"software_id", aText, advancedSection, "softwareIdentity", nil, nil},
		{"software_version", aText, advancedSection, "softwareVersion", nil, nil},
		{"sector_identifier_uri", aText, advancedSection, "sectorIdentifierUri", nil, plain(isSafeResource)},
		{"jwks_uri", aText, keysSection, "jwksUri", nil, plain(isSafeResource)},
		{"client_uri", aLocalized, advancedSection, "clientUri", nil, plain(isSafePage)},
		{"logo_uri", aLocalized, advancedSection, "logoUri", nil, plain(isSafeResource)},
		{"policy_uri", aLocalized, advancedSection, "policyUri", nil, plain(isSafePage)},
		{"tos_uri", aLocalized, advancedSection, "tosURI", nil, plain(isSafePage)},
		{"client_name", aLocalized, coreSection, "clientName", nil, nil},
	}
}

// responseType admits combinations of what the provider has.
func responseType(p Provider, value string) bool {
	parts := strings.Fields(value)
	return len(parts) > 0 && !slices.ContainsFunc(parts, func(part string) bool { return !slices.Contains(p.ResponseTypes, part) })
}

func invalidMetadata(format string, args ...any) *Error {
	return badRequest("invalid_client_metadata", fmt.Sprintf(format, args...))
}

// sections are those of a client's document, by name.
type sections map[string]map[string]any

func (s sections) set(section, attribute string, value any) {
	if s[section] == nil {
		s[section] = map[string]any{}
	}
	s[section][attribute] = value
}

// readMetadata makes attributes of what a client sent. What it left out, or sent
// empty, gets its initial value; what is unknown is ignored.
func readMetadata(provider Provider, sent map[string]any) (sections, *Error) {
	into := sections{}
	for _, m := range metadata() {
		if m.kind == onlyShown {
			continue
		}
		value, failed := m.read(provider, sent)
		if failed != nil {
			return nil, failed
		}
		into.set(m.section, m.attribute, value)
	}
	if failed := readScopes(provider, sent, into); failed != nil {
		return nil, failed
	}
	if failed := readKeys(sent, into); failed != nil {
		return nil, failed
	}
	return into, checkMetadata(sent, into)
}

func (m metadatum) read(provider Provider, sent map[string]any) (any, *Error) {
	value := sent[m.name]
	invalid := invalidMetadata("The value of %s is not valid", m.name)
	if m.name == "redirect_uris" || m.name == "post_logout_redirect_uris" {
		invalid.Code = "invalid_redirect_uri"
	}
	unset := m.kind != aLocalized && (value == nil || value == "")
	switch {
	case unset && m.kind == aList && m.initial == nil:
		return []string{}, nil
	case unset:
		return m.initial, nil
	}
	good := false
	var texts []string
	switch m.kind {
	case aFlag:
		_, good = value.(bool)
	case aWhole:
		number, isNumber := value.(json.Number)
		count, err := number.Int64()
		good = isNumber && err == nil && count >= 0
	case aText:
		var one string
		one, good = value.(string)
		texts = []string{one}
	case aList:
		texts, good = asTexts(value)
		value = texts
	case aLocalized:
		if texts, good = m.readLocalized(sent); good {
			value = m.spell(sent)
		}
	}
	if !good || m.admits != nil && slices.ContainsFunc(texts, func(one string) bool { return !m.admits(provider, one) }) {
		return nil, invalid
	}
	return value, nil
}

func asTexts(value any) (texts []string, ok bool) {
	members, ok := value.([]any)
	texts = []string{}
	for _, member := range members {
		one, isText := member.(string)
		texts, ok = append(texts, one), ok && isText
	}
	return texts, ok
}

// languageTag is how the name of a member for a language ends.
var languageTag = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)

// translations are the texts of a member, by language in lower case, "" for none.
func (m metadatum) translations(sent map[string]any) map[string]any {
	found := map[string]any{}
	for name, value := range sent {
		base, language, tagged := strings.Cut(name, "#")
		if base == m.name && value != nil && value != "" && (!tagged || languageTag.MatchString(language)) {
			found[strings.ToLower(language)] = value
		}
	}
	return found
}

func (m metadatum) readLocalized(sent map[string]any) (texts []string, ok bool) {
	for _, value := range m.translations(sent) {
		one, isText := value.(string)
		if !isText {
			return nil, false
		}
		texts = append(texts, one)
	}
	return texts, true
}

// spell writes translations as AM keeps them: de|Name.
func (m metadatum) spell(sent map[string]any) []string {
	found, all := m.translations(sent), []string{}
	for _, language := range slices.Sorted(maps.Keys(found)) {
		if language == "" {
			all = append(all, found[""].(string))
			continue
		}
		all = append(all, language+"|"+found[language].(string))
	}
	return all
}

// readScopes takes a text or a list; without either a client gets the provider's
// default scopes.
func readScopes(provider Provider, sent map[string]any, into sections) *Error {
	var scopes []string
	switch value := sent["scope"].(type) {
	case string:
		scopes = strings.Fields(value)
	case nil:
	default:
		return invalidMetadata("The value of scope is not valid")
	}
	if sent["scopes"] != nil && len(scopes) == 0 {
		var ok bool
		if scopes, ok = asTexts(sent["scopes"]); !ok {
			return invalidMetadata("The value of scopes is not valid")
		}
	}
	if len(scopes) == 0 {
		scopes = provider.DefaultScopes
	}
	for _, scope := range scopes {
		if !slices.Contains(provider.Scopes, scope) {
			return invalidMetadata("The scope %q is not supported", scope)
		}
	}
	into.set(coreSection, "scopes", append([]string{}, scopes...))
	return nil
}

// readKeys takes public keys only.
func readKeys(sent map[string]any, into sections) *Error {
	set := sent["jwks"]
	if uri := into[keysSection]["jwksUri"]; uri != nil {
		if set != nil {
			return invalidMetadata("A client has either jwks or jwks_uri")
		}
		into.set(keysSection, "publicKeyLocation", keysByURI)
	}
	if set == nil {
		into.set(keysSection, "jwkSet", nil)
		return nil
	}
	encoded, err := json.Marshal(set)
	var keys jose.JSONWebKeySet
	if err != nil || json.Unmarshal(encoded, &keys) != nil || len(keys.Keys) == 0 {
		return invalidMetadata("The value of jwks is not valid")
	}
	for _, key := range keys.Keys {
		if !key.Valid() || !key.IsPublic() {
			return invalidMetadata("The value of jwks must hold public keys only")
		}
	}
	into.set(keysSection, "jwkSet", string(encoded))
	into.set(keysSection, "publicKeyLocation", keysBySet)
	return nil
}

// checkMetadata checks what must fit together.
func checkMetadata(sent map[string]any, into sections) *Error {
	grants := into[advancedSection]["grantTypes"].([]string)
	redirects := into[coreSection]["redirectionUris"].([]string)
	if (slices.Contains(grants, grantCode) || slices.Contains(grants, "implicit")) && len(redirects) == 0 {
		return badRequest("invalid_redirect_uri", "At least one redirect_uri is required")
	}
	application, named := sent["application_type"]
	if named && application != "web" && application != "native" {
		return invalidMetadata("The value of application_type is not valid")
	}
	into.set(coreSection, "loopbackInterfaceRedirection", application != "web" && slices.ContainsFunc(redirects, isLoopbackRedirect))
	method := into[advancedSection]["tokenEndpointAuthMethod"]
	hasKeys := into[keysSection]["jwkSet"] != nil || into[keysSection]["jwksUri"] != nil
	signing, _ := into[keysSection]["tokenEndpointAuthSigningAlgorithm"].(string)
	if method == authKey && !hasKeys && !strings.HasPrefix(signing, "HS") {
		return invalidMetadata("The method %s needs jwks or jwks_uri", authKey)
	}
	into.set(coreSection, "clientType", "Confidential")
	if method != authNone {
		return nil
	}
	into.set(coreSection, "clientType", "Public")
	for _, m := range metadata() {
		if algorithm, _ := into[m.section][m.attribute].(string); strings.HasSuffix(m.name, "_alg") && strings.HasPrefix(algorithm, "HS") {
			return invalidMetadata("A client without a secret can't use %s %s", m.name, algorithm)
		}
	}
	return nil
}
