// Package cases holds the cases of the conformance suite, a file per area.
package cases

import (
	"slices"

	c "aicmcp/conformance"
)

// All lists every case.
func All() []c.Case {
	return slices.Concat(managed, patching, querying, crest, config, oauth, tools)
}

// Where requirements come from.
const (
	refCreate  = "PingOne Advanced Identity Cloud API, managed objects: a create answers 201 with the object, its Location and its revision as ETag; seen on tenants"
	refReplay  = "CREST, conditional requests: If-None-Match: * makes a PUT create only, If-Match names the revision to replace; a miss is 412; seen on tenants"
	refText    = "seen on tenants: the directory's own message is passed on, escaped for HTML, = included"
	refPolicy  = "IDM, policies: a refused write is 403 with detail.failedPolicyRequirements; create says \"Policy validation failed\", patch \"Failed policy validation\"; seen on tenants"
	refRead    = "CREST, read: _id and _rev always come along with _fields; ETag is the quoted revision; seen on tenants"
	refUpsert  = "seen on tenants: a PUT without conditions creates with 201 or replaces with 200; one that changes nothing keeps the revision and says X-Not-Modified: true"
	refDelete  = "CREST, delete: the answer is the object as it was; seen on tenants"
	refPatch   = "IDM, \"Patch a resource\": operations run in order, all or none, on the revision that If-Match names; seen on tenants and in the open-source ancestor"
	refFilter  = "CREST, query filter expressions, and IDM, \"Query filters\"; seen on tenants"
	refQuery   = "CREST, query parameters and the result envelope; seen on tenants"
	refPaging  = "CREST, paging: a cookie leads to the next page and is null exactly when there is none"
	refBinding = "CREST HTTP binding of the open-source reference implementation"
	refErrors  = "CREST, errors: {code, reason, message[, detail]}, the code equal to the status; seen on tenants"
	refHeaders = "seen on tenants: constant headers of every /openidm answer"
	refBearer  = "seen on tenants: a bearer that is missing or not accepted is 401 with the message \"Access Denied\", and no WWW-Authenticate"
	refConfig  = "IDM, managed object configuration at config/managed; seen on tenants"

	refDiscovery = "OpenID Connect Discovery 1.0; on a tenant the issuer is spelled as the request was and always has its port"
	refJWKS      = "RFC 7517; AM, \"Manage JWK_URI\": standard base64 key IDs with padding, no alg"
	refAuthorize = "RFC 6749 4.1.2.1: faults of the client or its redirect URI are shown, never redirected; AM, /oauth2/authorize"
	refPKCE      = "RFC 7636 with S256; AM answers code, iss, state and client_id; seen on tenants"
	refCode      = "RFC 6749 4.1.2 and 10.5: a code is good once, a second use revokes what the first one gave"
	refToken     = "RFC 6749 5.2; AM, /oauth2/access_token"
	refRefresh   = "RFC 6749 6; AM issues a new refresh token by default, and the old one is spent"
	refExchange  = "RFC 8693; seen on tenants: the scopes are the acting client's, and every fault gets the same answer"
	refClaims    = "seen on tenants: RS256 access tokens of the root realm; RFC 7515, RFC 7519"

	refTools  = "this project's tools: the result is what the tenant has, read back over HTTP"
	refFaults = "this project's tools: a failure is isError with status, reason, message and a hint, in words and as an object"
	refBounds = "this project's tools: arguments cannot lead to another resource than they name"
	refExact  = "RFC 8259 6: a JSON number has no bounds of its own; a tool passes it on digit by digit"
)
