// Package oauth is the OAuth 2.0 authorization servers of a tenant's realms:
// discovery, keys, the authorization endpoint with its login and consent
// pages, the token endpoint with a file per grant, dynamic registration of
// clients, what tells of tokens and ends them, and the check of bearer tokens that
// the tenant's other APIs rely on. A Provider says how a realm's server is set.
//
// Of what a client registers, nothing is called but its jwksUri, and that only on
// this machine or at Options.KeyHosts.
package oauth
