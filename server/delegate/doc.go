// Package delegate acts for a caller at downstream APIs: it trades the caller's
// token, together with one of the server's own, for a token that one API takes and
// that can do no more than the call at hand needs (RFC 8693, delegation).
//
// client.go is the server's own OAuth client; discovery.go and request.go ask the
// issuer; actor.go and exchange.go are the two grants, check.go looks at what came
// back; cache.go keeps tokens, and lets many callers wait for one request; scopes.go
// says which scope includes which.
package delegate
