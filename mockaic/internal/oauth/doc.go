// Package oauth is the OAuth 2.0 authorization servers of a tenant's realms:
// discovery, keys, the authorization endpoint with its login and consent
// pages, the token endpoint with a file per grant, and the check of bearer
// tokens that the tenant's other APIs rely on.
package oauth
