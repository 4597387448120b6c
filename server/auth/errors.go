package auth

import (
	"errors"
	"net/http"
	"strings"
)

// Error is a login or a grant that did not succeed.
type Error struct {
	// Op is what was tried: "login", "refresh", "exchange", "assertion",
	// "revocation" or "tokeninfo".
	Op string
	// Status is the HTTP status, 0 if there was no answer.
	Status int
	// Code is OAuth's error code, if there is one.
	Code          string
	Description   string
	TransactionID string
	// Err is the cause, for logs. It never holds a token.
	Err error
}

func (e *Error) Error() string {
	parts := []string{e.Op + " failed"}
	if e.Code != "" {
		parts = append(parts, e.Code)
	}
	if e.Description != "" {
		parts = append(parts, e.Description)
	}
	return strings.Join(parts, ": ")
}

func (e *Error) Unwrap() error { return e.Err }

// Causes of an Error that has no answer behind it.
var (
	ErrTimeout    = errors.New("nobody logged in within the time allowed")
	ErrDeclined   = errors.New("the login was declined")
	ErrUnattended = errors.New("there is nobody to log in")
	ErrPortBusy   = errors.New("the port for the login's answer is in use")
)

// final reports whether the tenant itself refused, so that the same request
// will not succeed later. A gateway's answer carries no OAuth error.
func (e *Error) final() bool {
	return e.Code != "" && (e.Status == http.StatusBadRequest || e.Status == http.StatusUnauthorized)
}

// stale reports whether an exchange failed as it does for a subject token
// that is expired or revoked. AM says that with a 400 whose text is the same
// for every other fault of an exchange, too.
func (e *Error) stale() bool {
	return e.Status == http.StatusUnauthorized && !e.aboutClient() ||
		e.Status == http.StatusBadRequest && e.Code == "invalid_request" && e.Description == "Invalid token exchange."
}

// aboutClient reports whether the client, and not the login, was refused.
func (e *Error) aboutClient() bool {
	return e.Code == "invalid_client" || e.Code == "unauthorized_client"
}
