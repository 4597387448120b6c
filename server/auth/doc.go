// Package auth logs a person in to a tenant in their browser, and trades that
// login for tokens that can do no more than the call at hand needs.
//
// source.go decides when to log in, refresh or exchange; pkce.go is the login,
// exchange.go the token endpoint's grants, flight.go lets many callers wait
// for one result.
package auth
