// Package rest is a client of one JSON API over HTTP, as one caller: client.go
// says how to reach it, transport.go sends, retry.go decides what is sent again,
// errors.go says what went wrong, trace.go what was asked.
package rest
