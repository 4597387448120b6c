// Package aic is a client for the REST APIs of a PingOne Advanced Identity
// Cloud tenant. A file per API; transport.go sends, retry.go decides what is
// sent again, errors.go says what went wrong.
package aic
