package am

import "strings"

// scriptContext is a place where scripts run.
type scriptContext struct {
	id            string
	languages     []string
	evaluators    []string // versions for JavaScript; Groovy's is 1.0
	groovy        bool     // has an evaluator for Groovy
	defaultScript string
	bindings      []string // beyond the common ones; nil for contexts of the first generation
}

// contextRow declares a context: what it runs, its name, its default script and
// the bindings that it has beyond the common ones.
type contextRow struct {
	runs                    generation
	id, defaultScript, adds string
}

type generation int

const (
	scripting      generation = iota // JavaScript and Groovy, of the first generation
	javascriptOnly                   // JavaScript of the first generation; Groovy runs but is not offered
	nextGen                          // JavaScript of the next generation
)

// contextRows are the recorded contexts.
var contextRows = []contextRow{
	{scripting, "AUTHENTICATION_CLIENT_SIDE", "", ""},
	{scripting, "AUTHENTICATION_SERVER_SIDE", "7e3d7067-d50f-4674-8c76-a3e13a810c33", ""},
	{scripting, "AUTHENTICATION_TREE_DECISION_NODE", "01e1a3c0-038b-4c16-956a-6c9d89328cff", ""},
	{nextGen, "CACHE_LOADER", "ac40a394-b3cd-400f-b2aa-b6b2e4a8be8e", ""},
	{scripting, "CONFIG_PROVIDER_NODE", "5e854779-6ec1-4c39-aeba-0477e0986646", ""},
	{nextGen, "CONFIG_PROVIDER_NODE_NEXT_GEN", "", "action callbacks callbacksBuilder existingSession idRepository journey locales nodeState oauthApplication requestCookies requestHeaders requestParameters resumedFromSuspend samlApplication"},
	{nextGen, "DEVICE_MATCH_NODE", "11e1a3c0-038b-4c16-956a-6c9d89328d00", "action callbacks callbacksBuilder deviceProfilesDao idRepository journey locales nodeState oauthApplication requestCookies requestHeaders requestParameters resumedFromSuspend samlApplication"},
	{nextGen, "LIBRARY", "", ""},
	{nextGen, "NODE_DESIGNER", "", "action cacheManager callbacks callbacksBuilder existingSession idRepository journey locales nodeState oauthApplication properties requestCookies requestHeaders requestParameters resumedFromSuspend samlApplication"},
	{scripting, "OAUTH2_ACCESS_TOKEN_MODIFICATION", "d22f9a0c-426a-4466-b95e-d0f125b0d5fa", ""},
	{nextGen, "OAUTH2_ACCESS_TOKEN_MODIFICATION_NEXT_GEN", "", "accessToken clientProperties identity requestProperties scopes"},
	{scripting, "OAUTH2_AUTHORIZE_ENDPOINT_DATA_PROVIDER", "", ""},
	{nextGen, "OAUTH2_AUTHORIZE_ENDPOINT_DATA_PROVIDER_NEXT_GEN", "", ""},
	{nextGen, "OAUTH2_DYNAMIC_CLIENT_REGISTRATION", "4b6b7e8e-cf03-46c8-949f-c5742dbd6bc5", "clientIdentity operation requestProperties softwareStatement"},
	{scripting, "OAUTH2_EVALUATE_SCOPE", "", ""},
	{nextGen, "OAUTH2_EVALUATE_SCOPE_NEXT_GEN", "", "accessToken identity"},
	{scripting, "OAUTH2_MAY_ACT", "", ""},
	{nextGen, "OAUTH2_MAY_ACT_NEXT_GEN", "", "clientProperties identity requestProperties scopes session token"},
	{scripting, "OAUTH2_SCRIPTED_JWT_ISSUER", "400e48ba-3f13-4144-ac7b-f824ea8e98c5", ""},
	{nextGen, "OAUTH2_SCRIPTED_JWT_ISSUER_NEXT_GEN", "", "idRepository issuer"},
	{scripting, "OAUTH2_VALIDATE_SCOPE", "", ""},
	{nextGen, "OAUTH2_VALIDATE_SCOPE_NEXT_GEN", "", "allowedScopes availableScopes defaultScopes requestedScopes scopeValidatorHelper"},
	{scripting, "OIDC_CLAIMS", "36863ffb-40ec-48b9-94b1-9a99f71cc3b5", ""},
	{nextGen, "OIDC_CLAIMS_NEXT_GEN", "", "claims claimsLocales clientProperties identity requestProperties requestedClaims scopes"},
	{nextGen, "OIDC_NODE", "", "existingSession jwtClaims nodeState requestHeaders"},
	{nextGen, "PINGONE_VERIFY_COMPLETION_DECISION_NODE", "", "action nodeState verifyTransactionsHelper"},
	{scripting, "POLICY_CONDITION", "9de3eb62-f131-4fac-a294-7bd170fd4acb", ""},
	{nextGen, "POLICY_CONDITION_NEXT_GEN", "", "advice authorized environment identity resourceURI responseAttributes session ttl username"},
	{scripting, "SAML2_IDP_ADAPTER", "", ""},
	{nextGen, "SAML2_IDP_ADAPTER_NEXTGEN", "7c399b7e-e596-4447-aa7a-071af55e892c", "authnRequest faultCode faultDetail hostedEntityId idpAdapterScriptHelper relayState reqId request requestHelper response responseHelper session ssoResponse"},
	{scripting, "SAML2_IDP_ATTRIBUTE_MAPPER", "", ""},
	{nextGen, "SAML2_IDP_ATTRIBUTE_MAPPER_NEXT_GEN", "0c1d7319-5a82-4359-8839-094121404832", "hostedEntityId idpAttributeMapperScriptHelper remoteEntityId session"},
	{nextGen, "SAML2_NAMEID_MAPPER", "", "hostedEntityId identity nameIDFormat nameIDScriptHelper remoteEntityId"},
	{nextGen, "SAML2_SP_ACCOUNT_MAPPER", "", "accountMapperHelper assertion hostedEntityId"},
	{javascriptOnly, "SAML2_SP_ADAPTER", "", ""},
	{nextGen, "SAML2_SP_ADAPTER_NEXTGEN", "91bd046e-0221-41ed-8890-6858c1efd998", "authnRequest authnRequestHelper binding failureCode hostedEntityId idpEntityId isFederation profile request requestHelper response responseHelper session spAdapterScriptHelper ssoResponse userID"},
	{nextGen, "SCRIPTED_DECISION_NODE", "11e1a3c0-038b-4c16-956a-6c9d89328cff", "action cacheManager callbacks callbacksBuilder idRepository journey locales nodeState oauthApplication requestCookies requestHeaders requestParameters resumedFromSuspend samlApplication"},
	{scripting, "SOCIAL_IDP_PROFILE_TRANSFORMATION", "1d475815-72cb-42eb-aafd-4026989d28a7", ""},
	{nextGen, "SOCIAL_IDP_PROFILE_TRANSFORMATION_NEXT_GEN", "", "existingSession nodeState rawProfile requestHeaders requestParameters selectedIdp"},
	{nextGen, "SOCIAL_PROVIDER_HANDLER_NODE", "", "existingSession nodeState normalizedProfile requestHeaders requestParameters selectedIdp"},
}

// commonBindings are those of all contexts of the next generation.
const commonBindings = "httpClient jwtAssertion utils logger scriptName realm jwtValidator openidm secrets cookieName policy"

// scriptContexts returns the contexts by ID.
func scriptContexts() map[string]scriptContext {
	contexts := make(map[string]scriptContext, len(contextRows))
	for _, row := range contextRows {
		c := scriptContext{id: row.id, languages: []string{javascript}, evaluators: []string{"1.0"}, groovy: row.runs != nextGen, defaultScript: row.defaultScript}
		switch row.runs {
		case scripting:
			c.languages = []string{javascript, groovy}
		case nextGen:
			c.evaluators = []string{"2.0"}
			c.bindings = strings.Fields(commonBindings + " " + row.adds)
		}
		if c.defaultScript == "" {
			c.defaultScript = noScript
		}
		contexts[row.id] = c
	}
	return contexts
}
