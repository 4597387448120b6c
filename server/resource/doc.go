// Package resource is an OAuth 2.0 resource server for one resource and one issuer:
// it lets requests through to a handler if they bear an access token that the issuer
// made for the resource, and tells clients how to get one. It knows nothing of what
// the handler does.
//
// verify.go and claims.go decide about tokens, with keys.go and introspect.go, which
// ask the issuer; issuer.go and shared.go say how it is asked, and how often at most.
// guard.go stands in front of the handler, with origin.go and limit.go; challenge.go
// writes refusals (RFC 6750), metadata.go the documents of RFC 9728 and RFC 8414.
//
// Nothing is kept but what the issuer was asked last, which tokens its keys signed,
// and the rates of callers. A token whose signature is remembered is still checked
// for its times, audience and issuer, and asked about if introspection is on. All is
// of one process: several servers of the same resource need not know each other,
// and each counts rates for itself.
package resource
