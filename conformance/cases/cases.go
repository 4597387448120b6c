// Package cases holds the cases of the conformance suite, a file per area.
package cases

import (
	"slices"

	c "aicmcp/conformance"
)

// All lists every case.
func All() []c.Case {
	return slices.Concat(managed, patching, stock, querying, crest, config, types, typePolicies, schemas, views, relationships, relationshipPatches, edges, virtuals, policies, policyService, actions,
		documents, theming, features, internals, metas, oauth, issuing,
		tools, typeTools, themeTools, featureTools)
}

// Where requirements come from. "Recorded" is traffic of tenants, "live-verified"
// what others tried on tenants and wrote down, "documented" the vendor's or
// CREST's documentation. The reference implementation of CREST and IDM's
// ancestor are open source; tenants may differ from both.
const (
	refCreate     = "recorded on tenants: a create is 201 with the object, its absolute Location, and its revision as ETag"
	refCreateOnly = "recorded on tenants: PUT with If-None-Match: * is 201, or 412 with the directory's message if the object is there"
	refBodyID     = "live-verified on tenants: POST takes an _id in the body, and is 412 if that is taken"
	refUpsert     = "recorded on tenants: PUT without conditions is 201 with Location for a new object, 200 for one that is there"
	refUnchanged  = "recorded on tenants: a write that changes nothing keeps the revision and says X-Not-Modified: true"
	refStale      = "documented (CREST): If-Match names the revision to change or delete, * any; a miss is 412, a missing object 404. No such refusal was recorded"
	refRead       = "recorded on tenants: with _fields an answer has these, _id and _rev; ETag is the quoted revision"
	refDelete     = "recorded on tenants: DELETE answers the object as it was, and its revision as ETag"
	refLife       = "recorded on tenants: writes of applications and groups; documented for users; inferred for the rest"
	refMissing    = "recorded on tenants for a read of a user: the directory's message is passed on, escaped for HTML, = included"
	refWords      = "inferred: recorded were a read of a user and a PUT of another type; other operations and types are taken to use the same words"
	refPolicy     = "live-verified on tenants for creates and replacements, recorded for PATCH: 403 with detail.failedPolicyRequirements, one entry for each failure"
	refUnique     = "documented: the policy valid-username of userName includes its uniqueness; a tenant's answer was not recorded"
	refDefaults   = "live-verified on tenants: a default is set on create, and never on an update"
	refRequired   = "live-verified on tenants: a replacement that leaves a required property out is 200, and the value is gone"
	refPatch      = "documented: IDM, \"Patch a resource\". Of the operations only replace and add were recorded on tenants"
	refBadPatch   = "live-verified on tenants: an invalid patch is 400; that this one is invalid is known from IDM's ancestor"
	refAncestor   = "IDM's open-source ancestor; neither documented nor seen on tenants"

	refEnvelope  = "recorded on tenants: the envelope of a query, with the policy NONE and -1 where no count was asked for"
	refFilter    = "documented: CREST, query filter expressions, and IDM, \"Construct queries\". Only eq, sw and true were recorded on tenants"
	refBadFilter = "live-verified on tenants: a filter that cannot be parsed is 400, and an unknown operator is named"
	refMatching  = "inferred: objects are kept in a directory, which compares by rules that ignore case"
	refReference = "the reference implementation of CREST; not seen on tenants"
	refSort      = "documented (CREST): _sortKeys; not recorded on tenants"
	refPaging    = "documented (CREST) and live-verified on tenants, not recorded: a cookie leads to the next page, null ends the walk"
	refOffset    = "documented (CREST): _pagedResultsOffset; not recorded on tenants"
	refCount     = "documented (CREST): _totalPagedResultsPolicy; live-verified on tenants: the answer may fall back to ESTIMATE or NONE"
	refParams    = "documented (CREST): which parameters exclude each other and what values they have; the status is the reference implementation's"

	refBinding     = "HTTP binding of the reference implementation of CREST; not seen on tenants"
	refErrors      = "recorded on tenants: errors are {code, reason, message[, detail]}, the code equal to the status"
	refHeaders     = "recorded on tenants: constant headers of every /openidm answer"
	refBearer      = "recorded on tenants: a bearer that is not accepted is 401 with the message \"Access Denied\", and no WWW-Authenticate"
	refNoBearer    = "inferred from the recorded refusal of a bearer; no request without one was recorded"
	refConfig      = "recorded on tenants: IDM, managed object configuration at config/managed"
	refUnset       = "documented: managing groups, the answer to the create of a user"
	refUserSchema  = "recorded on tenants: the stock schema has scope private for password, cn and lastSync; relationships are returned only when asked for"
	refLeftOut     = "recorded on tenants: _fields leaves out what was never set; a relationship that is empty is []"
	refPatchAnswer = "recorded on tenants: PATCH is 200 with the object after the change, without relationships, and its ETag"
	refAPIVersion  = "recorded on tenants: answers with managed objects have no Content-API-Version, empty pages and errors have one"
	refPassword    = "documented: a user's password is write-only"

	refReferenceForm = "recorded on tenants: the four members of a relationship's value"
	refBothEnds      = "recorded on tenants: the stock schema names the counterpart of each relationship; documented: both ends show it"
	refFields        = "documented: IDM, _fields: *_ref stands for all relationships, PROPERTY/* and PROPERTY/NAME expand one"
	refEdges         = "documented: IDM, \"Manage relationships\""
	refEdgePage      = "recorded on tenants: the page of an object's relationships and the members of its elements"
	refPatchEdges    = "documented: IDM, patches of relationships. Recorded on tenants was replace"
	refPolicyBody    = "recorded on tenants: the whole body of the refusal of such a patch"
	refDangling      = "inferred from IDM's ancestor, which refuses a relationship to what is not there; not seen on tenants"

	refVirtual        = "recorded on tenants: the queryConfig of the stock schema's virtual properties; documented: they follow the relationships"
	refTemporal       = "documented: temporalConstraints of a role are intervals START/END in which it is effective"
	refOrganizations  = "documented: IDM, organizations, and the virtual properties of their hierarchy"
	refPolicyPatch    = "live-verified on tenants: a patch that removes a required property is REQUIRED; recorded: the form of the body"
	refUserPolicy     = "recorded on tenants: the policies of the stock schema; documented: what they demand"
	refPasswordPolicy = "recorded on tenants: the field policy; the codes are those that the vendor's pages know"
	refPolicyService  = "documented: IDM, policies over REST"
	refPatchAction    = "documented: IDM, _action=patch on an object, and on a collection with a filter"
	refIn             = "documented: IDM, \"Construct queries\"; live-verified on tenants: refused without quotes"

	refConfigList   = "recorded on tenants: a query of the configuration is counted, sorted by _id ignoring case, and has no revisions"
	refConfigPut    = "recorded on tenants: PUT of a configuration is 201 or 200, without ETag and _rev; _id is corrected; Location has the type twice"
	refConfigDelete = "recorded on tenants: DELETE of a configuration is 200 with all of it; one that is not there is 404 \"Not Found\""
	refThemes       = "recorded on tenants: config/ui/themerealm, read and written as a whole"
	refThemeService = "how the vendor's own MCP server reads themes; not recorded"
	refFeatures     = "documented: IDM, /openidm/feature"
	refInfo         = "documented: IDM, /openidm/info"
	refInternal     = "recorded on tenants: queries, reads and replacements of internal roles"
	refMeta         = "live-verified on tenants: _meta of a user, and queries of alpha_usermeta; other types have none"
	refMetaQuery    = "live-verified on tenants: a filter on _meta matches nothing, a sort key on it is 500"

	refSchema   = "recorded on tenants for alpha_aiagent: the schema of config/managed and resourceCollection"
	refProperty = "documented: relationship properties are managed at schema/managed/TYPE/properties/custom_NAME, version 2.0"
	refTypes    = "live-verified on tenants: a type that is defined is served, one with a default of the wrong type is 404, and one that is taken out orphans its objects"
	refBadType  = "inferred: a configuration that cannot be used is refused; no such write was recorded"
	refWritten  = "live-verified on tenants: enum is enforced for the properties that are written"
	refNull     = "live-verified on tenants: null on create is NOT_NULL, and VALID_TYPE besides where the property is required"
	refPolicies = "documented: IDM, \"Default policies\", with the names of what they demand and their parameters"
	refRevision = "recorded on tenants: the revision of managed objects is UUID-number"
	refOpen     = "what the feature open-type means; IDM's ancestor stores properties that a schema does not list, a tenant was not seen to"

	refDiscovery = "recorded of the realm alpha and documented: the issuer is spelled as the request was and always has its port"
	refJWKS      = "RFC 7517; documented: key IDs in standard base64 with padding, no alg"
	refAuthorize = "RFC 6749 4.1.2.1: faults of the client or its redirect URI are shown, never redirected"
	refErrorPage = "recorded on tenants: the authorization endpoint's error page, with the status 400 or 401; RFC 6749 4.1.2.1"
	refLogin     = "live-verified on tenants: who is not logged in gets a 302 to the login, with the request in goto"
	refPrompt    = "OpenID Connect Core 1.0, 3.1.2.1 and 3.1.2.6; AM documents prompt"
	refPKCE      = "RFC 7636 with S256; recorded on tenants: the redirect back has code, iss, the state if there was one, and client_id"
	refCSRF      = "documented: a decision is posted with csrf, the session's token; known from AM's ancestor: 400 without it or with a wrong one"
	refCode      = "RFC 6749 4.1.2, 4.1.3 and 10.5: a code is good once, for its client and redirect URI; a second use revokes what the first one gave"
	refToken     = "RFC 6749 5.2; the texts are documented by AM or known from its ancestor"
	refRefresh   = "RFC 6749 6; documented: AM issues a new refresh token by default, and the old one is spent"
	refExchange  = "RFC 8693; live-verified on tenants: the scopes are the acting client's, and every fault of a token gets the same answer"
	refClaims    = "recorded on tenants: the claims of an RS256 access token of the root realm; RFC 7515, RFC 7519"
	refScope     = "documented: /openidm needs a scope of its own; the refusal of a token without it was not recorded"

	refTools  = "this project's tools: the result is what the tenant has, read back over HTTP"
	refFaults = "this project's tools: a failure is isError with status, reason, message and a hint, in words and as an object"
	refBounds = "this project's tools: arguments cannot lead to another resource than they name"
	refExact  = "RFC 8259 6: a JSON number has no bounds of its own; a tool passes it on digit by digit"
)
