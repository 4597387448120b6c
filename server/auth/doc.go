// Package auth logs a person in to a tenant, in their browser or by a code that
// they enter on any device, and trades that login for tokens that can do no more
// than the call at hand needs. A service account gets such tokens by its key.
//
// source.go decides when to log in, refresh or exchange; pkce.go, device.go and
// serviceaccount.go are the ways in, exchange.go the token endpoint's grants;
// flight.go lets many callers wait for one result.
package auth
