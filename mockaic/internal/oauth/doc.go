// Package oauth is the OAuth 2.0 authorization server of a tenant's root
// realm: discovery, keys, the authorization endpoint with its login and consent
// pages, the token endpoint with a file per grant, and the check of bearer
// tokens that the tenant's other APIs rely on.
package oauth
