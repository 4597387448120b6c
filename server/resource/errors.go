package resource

import (
	"fmt"
	"strings"
	"time"
)

// Fault is why a token is not accepted, as far as its bearer may know.
type Fault string

func (f Fault) Error() string { return string(f) }

// The faults of tokens.
const (
	Malformed     Fault = "the access token is malformed"
	BadSignature  Fault = "the signature of the access token can't be accepted"
	WrongIssuer   Fault = "the access token is not from the issuer of this resource"
	WrongAudience Fault = "the access token is not for this resource"
	WrongKind     Fault = "the token is not a bearer access token"
	Expired       Fault = "the access token has expired"
	NotYetValid   Fault = "the access token is not valid yet"
	Inactive      Fault = "the access token is not active"
)

// InvalidToken is a token that is not accepted: 401. errors.Is finds its Fault.
type InvalidToken struct {
	Fault Fault
	// Detail is for logs. It says nothing of a token whose signature is not good,
	// and never repeats the text of one.
	Detail string
}

func (e *InvalidToken) Error() string { return string(e.Fault) + ": " + e.Detail }

func (e *InvalidToken) Unwrap() error { return e.Fault }

func invalid(fault Fault, format string, args ...any) error {
	return &InvalidToken{fault, fmt.Sprintf(format, args...)}
}

// InsufficientScope is a token that is good, but not for an operation: 403.
type InsufficientScope struct {
	// Scopes are all that the operation needs, those too that the token has.
	Scopes []string
}

func (e *InsufficientScope) Error() string {
	return "the operation needs the scopes " + strings.Join(e.Scopes, " ")
}

// InvalidRequest is a request that bears a token in no way that is accepted: 400.
type InvalidRequest struct {
	// Description is for the caller.
	Description string
}

func (e *InvalidRequest) Error() string { return e.Description }

// Unavailable says that the issuer can't be asked, so that nothing is known of the
// token: 503.
type Unavailable struct {
	RetryAfter time.Duration
	Err        error
}

func (e *Unavailable) Error() string { return "tokens can't be verified: " + e.Err.Error() }

func (e *Unavailable) Unwrap() error { return e.Err }
