package am

import (
	"cmp"
	"slices"
	"strings"
)

// scriptContext is a place where scripts run.
type scriptContext struct {
	contextRow
	languages  []string
	evaluators []string // versions for JavaScript; Groovy's is 1.0
}

// contextRow declares a context.
type contextRow struct {
	runs              generation
	id, defaultScript string
	// adds are the bindings beyond the common ones. A question mark stands after
	// those that the context does not describe.
	adds string
	// allowed and engine are the lists of classes that scripts may use: what the
	// context says, and what its engine has.
	allowed, engine string
	limits          limits
}

type generation int

const (
	scripting      generation = iota // JavaScript and Groovy, of the first generation
	javascriptOnly                   // JavaScript of the first generation; Groovy runs but is not offered
	nextGen                          // JavaScript of the next generation
)

// limits are those of an engine: its most and fewest threads and its queue.
type limits struct {
	most, core, queue int
	fixed             bool // no ESV sets them
}

// The recorded limits.
var (
	none   = limits{} // without an engine
	wide   = limits{100, 10, 50, false}
	narrow = limits{50, 10, 10, false}
	busy   = limits{100, 50, 50, false}
	fixed  = limits{50, 10, 10, true}
)

// contextRows are the recorded contexts. Where the classes or the limits of one
// are not recorded, they are those of the others of its generation.
var contextRows = []contextRow{
	{scripting, "AUTHENTICATION_CLIENT_SIDE", "", "", "", "", none},
	{scripting, "AUTHENTICATION_SERVER_SIDE", "7e3d7067-d50f-4674-8c76-a3e13a810c33", "", "c", "q", narrow},
	{scripting, "AUTHENTICATION_TREE_DECISION_NODE", "01e1a3c0-038b-4c16-956a-6c9d89328cff", "", "d", "r", busy},
	{nextGen, "CACHE_LOADER", "ac40a394-b3cd-400f-b2aa-b6b2e4a8be8e", "", "a", "s", busy},
	{scripting, "CONFIG_PROVIDER_NODE", "5e854779-6ec1-4c39-aeba-0477e0986646", "", "e", "t", wide},
	{nextGen, "CONFIG_PROVIDER_NODE_NEXT_GEN", "", "samlApplication callbacks idRepository existingSession action callbacksBuilder requestCookies journey requestParameters oauthApplication locales requestHeaders nodeState resumedFromSuspend", "a", "b", wide},
	{nextGen, "DEVICE_MATCH_NODE", "11e1a3c0-038b-4c16-956a-6c9d89328d00", "samlApplication deviceProfilesDao callbacks idRepository action callbacksBuilder requestCookies journey requestParameters oauthApplication locales requestHeaders nodeState resumedFromSuspend", "f", "u", wide},
	{nextGen, "LIBRARY", "", "", "a", "b", fixed},
	{nextGen, "NODE_DESIGNER", "", "samlApplication callbacks idRepository existingSession action callbacksBuilder requestCookies journey requestParameters cacheManager oauthApplication locales requestHeaders nodeState resumedFromSuspend properties", "a", "b", wide},
	{scripting, "OAUTH2_ACCESS_TOKEN_MODIFICATION", "d22f9a0c-426a-4466-b95e-d0f125b0d5fa", "", "g", "v", narrow},
	{nextGen, "OAUTH2_ACCESS_TOKEN_MODIFICATION_NEXT_GEN", "", "requestProperties clientProperties accessToken identity scopes", "a", "b", busy},
	{scripting, "OAUTH2_AUTHORIZE_ENDPOINT_DATA_PROVIDER", "", "", "h", "w", wide},
	{nextGen, "OAUTH2_AUTHORIZE_ENDPOINT_DATA_PROVIDER_NEXT_GEN", "", "", "a", "b", wide},
	{nextGen, "OAUTH2_DYNAMIC_CLIENT_REGISTRATION", "4b6b7e8e-cf03-46c8-949f-c5742dbd6bc5", "softwareStatement requestProperties operation clientIdentity", "a", "b", wide},
	{scripting, "OAUTH2_EVALUATE_SCOPE", "", "", "k", "w", wide},
	{nextGen, "OAUTH2_EVALUATE_SCOPE_NEXT_GEN", "", "accessToken identity", "a", "b", wide},
	{scripting, "OAUTH2_MAY_ACT", "", "", "i", "w", wide},
	{nextGen, "OAUTH2_MAY_ACT_NEXT_GEN", "", "requestProperties clientProperties session token identity scopes", "a", "b", wide},
	{scripting, "OAUTH2_SCRIPTED_JWT_ISSUER", "400e48ba-3f13-4144-ac7b-f824ea8e98c5", "", "j", "w", wide},
	{nextGen, "OAUTH2_SCRIPTED_JWT_ISSUER_NEXT_GEN", "", "issuer idRepository", "a", "b", narrow},
	{scripting, "OAUTH2_VALIDATE_SCOPE", "", "", "k", "x", wide},
	{nextGen, "OAUTH2_VALIDATE_SCOPE_NEXT_GEN", "", "scopeValidatorHelper availableScopes requestedScopes allowedScopes defaultScopes", "a", "b", wide},
	{scripting, "OIDC_CLAIMS", "36863ffb-40ec-48b9-94b1-9a99f71cc3b5", "", "k", "w", busy},
	{nextGen, "OIDC_CLAIMS_NEXT_GEN", "", "requestProperties clientProperties claimsLocales requestedClaims identity claims scopes", "a", "b", wide},
	{nextGen, "OIDC_NODE", "", "requestHeaders nodeState jwtClaims existingSession", "a", "a", fixed},
	{nextGen, "PINGONE_VERIFY_COMPLETION_DECISION_NODE", "", "verifyTransactionsHelper nodeState action", "a", "b", wide},
	{scripting, "POLICY_CONDITION", "9de3eb62-f131-4fac-a294-7bd170fd4acb", "", "k", "q", narrow},
	{nextGen, "POLICY_CONDITION_NEXT_GEN", "", "advice responseAttributes session resourceURI ttl environment identity authorized username", "a", "b", wide},
	{scripting, "SAML2_IDP_ADAPTER", "", "", "l", "y", narrow},
	{nextGen, "SAML2_IDP_ADAPTER_NEXTGEN", "7c399b7e-e596-4447-aa7a-071af55e892c", "request responseHelper? session? ssoResponse faultDetail idpAdapterScriptHelper reqId relayState faultCode response requestHelper authnRequest hostedEntityId", "a", "b", wide},
	{scripting, "SAML2_IDP_ATTRIBUTE_MAPPER", "", "", "m", "q", narrow},
	{nextGen, "SAML2_IDP_ATTRIBUTE_MAPPER_NEXT_GEN", "0c1d7319-5a82-4359-8839-094121404832", "session? idpAttributeMapperScriptHelper remoteEntityId hostedEntityId", "a", "a", fixed},
	{nextGen, "SAML2_NAMEID_MAPPER", "", "nameIDScriptHelper identity nameIDFormat remoteEntityId hostedEntityId", "n", "b", wide},
	{nextGen, "SAML2_SP_ACCOUNT_MAPPER", "", "assertion accountMapperHelper hostedEntityId", "a", "b", wide},
	{javascriptOnly, "SAML2_SP_ADAPTER", "", "", "o", "z", narrow},
	{nextGen, "SAML2_SP_ADAPTER_NEXTGEN", "91bd046e-0221-41ed-8890-6858c1efd998", "request isFederation session? ssoResponse? binding userID idpEntityId requestHelper spAdapterScriptHelper authnRequest hostedEntityId responseHelper failureCode profile authnRequestHelper response", "a", "b", wide},
	{nextGen, "SCRIPTED_DECISION_NODE", "11e1a3c0-038b-4c16-956a-6c9d89328cff", "samlApplication callbacks idRepository action callbacksBuilder requestCookies journey requestParameters cacheManager oauthApplication locales requestHeaders nodeState resumedFromSuspend", "a", "b", wide},
	{scripting, "SOCIAL_IDP_PROFILE_TRANSFORMATION", "1d475815-72cb-42eb-aafd-4026989d28a7", "", "p", "A", wide},
	{nextGen, "SOCIAL_IDP_PROFILE_TRANSFORMATION_NEXT_GEN", "", "requestParameters requestHeaders rawProfile nodeState existingSession selectedIdp", "a", "b", wide},
	{nextGen, "SOCIAL_PROVIDER_HANDLER_NODE", "", "requestParameters normalizedProfile requestHeaders nodeState existingSession selectedIdp", "a", "b", wide},
}

// commonBindings are those of all contexts of the next generation.
const commonBindings = "httpClient jwtAssertion utils logger scriptName realm jwtValidator openidm secrets cookieName policy"

// hiddenContext is the one that lists call hidden.
const hiddenContext = "NODE_DESIGNER"

func findContext(id string) (scriptContext, bool) {
	at := slices.IndexFunc(contextRows, func(row contextRow) bool { return row.id == id })
	if at < 0 {
		return scriptContext{}, false
	}
	return contextRows[at].context(), true
}

func (row contextRow) context() scriptContext {
	c := scriptContext{row, []string{javascript}, []string{"1.0"}}
	switch row.runs {
	case scripting:
		c.languages = []string{javascript, groovy}
	case nextGen:
		c.evaluators = []string{"2.0"}
	}
	if c.defaultScript == "" {
		c.defaultScript = noScript
	}
	return c
}

// bindings are the names of what a script finds; those that are not described
// have a question mark.
func (c scriptContext) bindings() []string {
	if c.runs != nextGen {
		return nil
	}
	names := strings.Fields(c.adds + " " + commonBindings)
	size := slots(len(names))
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(slot(a, size), slot(b, size)) })
	return names
}

// slots is the size of Java's hash table for n names, whose order AM's answers
// have: at most three quarters of it are taken.
func slots(n int) uint32 {
	size := 16
	for 4*n > 3*size {
		size *= 2
	}
	return uint32(size)
}

// slot is the place of a name in such a table.
func slot(name string, size uint32) uint32 {
	var hash uint32
	for _, letter := range strings.TrimSuffix(name, "?") {
		hash = 31*hash + uint32(letter)
	}
	return (hash ^ hash>>16) & (size - 1)
}
