// Package mockaic is a fake PingOne Advanced Identity Cloud (AIC) tenant, kept
// in memory and served over real HTTP, for tests, demos and development.
//
// In a test:
//
//	mock := mockaic.Start(t, mockaic.DevToken("dev"))
//	client := NewClient(mock.URL, "dev")
//
// [Start] runs a tenant until the test ends; [New] makes one that is an
// http.Handler only. Options choose its data, clock and chance.
// [Tenant.Inject] makes requests fail, [Tenant.Requests] tells what was asked,
// and [Person] plays the human in front of the login pages.
//
// # What is faked
//
//   - /openidm/managed/{type}: create, read, query, replace, patch, delete, with
//     revisions and conditional requests, for every type in
//     /openidm/config/managed, which can be read, replaced and patched
//   - policies on these: required, types, not null, unique names, characters that
//     an _id may not have
//   - /am/oauth2 of the root realm: discovery, JWKS, the authorization endpoint
//     with login and consent pages, authorization_code with PKCE, refresh_token
//     with rotation, token exchange by impersonation; tokens are good under every
//     name that the tenant is reached by
//
// # What is not
//
// These answer 501 and say so:
//
//   - relationship endpoints, relationships in a write, and their expansion in
//     _fields (references of the seed can be read, as in _fields=roles or *_ref)
//   - other documents of /openidm/config, and all else of IDM: schema, policy,
//     info, internal, script, ui, feature, endpoint, sync and so on
//   - _action=patch, DELETE of config/managed, _queryId, _queryExpression,
//     multipart bodies of more than one part
//   - the OAuth providers of the realms alpha and bravo; other grants; actor
//     tokens; introspection, tokeninfo, userinfo, revocation, registration, device
//     and PAR endpoints
//   - /am/json, /environment, /monitoring, /keys, /feature, /platform
//
// The authorization endpoint answers request objects, the parameter claims and
// response modes other than query with the error invalid_request. There are no
// ID tokens: a client with the scope openid is refused at the start.
//
// Not there yet, and not noticed by an error: virtual properties such as
// effectiveRoles have no value, and what a client writes to them is dropped;
// policies other than those above are not enforced, so that the _id of a user
// may be another than a UUID; any resource version may be asked for; the order
// of an object's members is not kept (JSON gives it no meaning); the tenant
// enforces no quota and writes no logs.
//
// # Unkind by default
//
// A query without sort keys gives an arbitrary order, the same for the same
// [Chance]; cookies are opaque and hold for their query only; unknown types,
// properties and parameters that begin with an underscore are refused. So a
// client that works here relies on nothing that a tenant does not promise.
//
// # What doubtful behaviour rests on
//
// Recordings of tenants come first, then what was checked on live tenants, the
// documentation, the results of the CREST reference implementation, and last
// inference. Inferred are:
//
//   - 403 "Access denied" for a bearer without the scope of an API
//   - 400 for a property that a type does not have
//   - 413 for bodies above 10 MiB
//   - the names of directory entries for types outside the realms
//   - that errors at the authorization endpoint go to the redirection URI once
//     client and URI are known to be good; before, an error page is shown
//   - that a type without a schema counts its objects' revisions up from 0, as
//     the reference implementation does, and begins anew for an object that was
//     deleted and created again: recorded revisions, a UUID and a number, are all
//     of types with a schema
//   - that _countOnly is known at every protocol version
//   - that /openidm/managed/teammember and svcacct are closed to everybody:
//     recorded for callers without the privilege
//
// The tenant leaves Strict-Transport-Security out on HTTPS to a loopback name,
// where it would lock a developer's other servers out of plain HTTP for a year.
//
// # Seed directories
//
// [Seed] takes a directory with any of these files; what is missing is stock:
//
//	config/managed.json     the document of /openidm/config/managed
//	managed/TYPE.json       an array of objects; relationship properties hold
//	                        references such as {"_ref": "managed/alpha_role/ID"}
//	administrators.json     an array of people who may log in: userName, password
//	clients.json            an array of OAuth clients: clientId, clientType
//	                        (Public or Confidential), redirectionUris, scopes,
//	                        grantTypes, mayAct ({"client_id": who may exchange})
package mockaic
