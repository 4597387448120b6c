package delegate

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ErrExpired says that the caller's own token has expired.
var ErrExpired = errors.New("the caller's token has expired")

// ScopeError is scopes that were not asked for, because they would not be given.
type ScopeError struct {
	Target string
	// Lacking are those that the caller's token has not.
	Lacking []string
	// NotAllowed are those that the target's declaration has not.
	NotAllowed []string
}

func (e *ScopeError) Error() string {
	var parts []string
	if len(e.Lacking) > 0 {
		parts = append(parts, "the caller's token lacks the scopes "+strings.Join(e.Lacking, " "))
	}
	if len(e.NotAllowed) > 0 {
		parts = append(parts, fmt.Sprintf("the scopes %s are not allowed for %s", strings.Join(e.NotAllowed, " "), e.Target))
	}
	return strings.Join(parts, "; ")
}

// Error is a request to the issuer that did not succeed.
type Error struct {
	// Op is what was tried: "discovery", "actor token" or "exchange".
	Op string
	// Status is the HTTP status, 0 if there was no answer.
	Status int
	// Code is OAuth's error code, if there is one.
	Code        string
	Description string
	// Fix is what has to be set, and where, if that can be told.
	Fix           string
	TransactionID string
	// Retryable says that the same request may succeed later.
	Retryable bool
	// RetryAfter is what the issuer asked to wait, if it did.
	RetryAfter time.Duration
	// Err is the cause, for logs. It never holds a token.
	Err error

	// tokensRefused says that the issuer did not like one of the two tokens.
	tokensRefused bool
}

func (e *Error) Error() string {
	parts := []string{e.Op + " failed"}
	for _, part := range []string{e.Code, e.Description} {
		switch {
		case part == "":
		case e.Code != "": // the issuer's words
			parts = append(parts, strconv.Quote(part))
		default:
			parts = append(parts, part)
		}
	}
	if e.Fix != "" {
		parts = append(parts, e.Fix)
	}
	text := strings.Join(parts, ": ")
	if e.RetryAfter > 0 {
		text += fmt.Sprintf(" (the issuer asks to wait %s)", e.RetryAfter)
	}
	if e.TransactionID != "" {
		text += fmt.Sprintf(" (transaction %s)", e.TransactionID)
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// fix says what has to be set at a tenant that refuses like this.
func (e *Error) fix(client string) string {
	grant := map[string]string{opActor: "client_credentials", opExchange: exchangeGrant}[e.Op]
	switch {
	case e.Op == opDiscovery && e.Status == http.StatusNotFound:
		return "the issuer must be the address below which .well-known/openid-configuration is served"
	case e.Code == "invalid_client":
		return fmt.Sprintf("check the ID %q and the secret or key of the server's own OAuth client: the client must exist in the issuer's realm and be active, with token endpoint authentication method client_secret_basic and this secret, or private_key_jwt and the public key in its JWKs with the algorithm that the key signs with", client)
	case e.Code == "unauthorized_client":
		return fmt.Sprintf("the client %q must be Confidential and have the grant type %s", client, grant)
	case e.Code == "unsupported_grant_type":
		return fmt.Sprintf("the OAuth2 provider's grant types must have %s", grant)
	case e.Code == "invalid_scope":
		return fmt.Sprintf("the client %q must have these among its scopes", client)
	case e.Code == "invalid_target", e.Description == "Invalid audience requested.":
		return fmt.Sprintf("the allowed resource server audience values of the client %q must have the downstream's resource, spelled like that, or the downstream must be declared without the parameter audience", client)
	case e.Description == "Error running may_act script":
		return "the may-act script fails: the tenant's log am-core says why"
	case e.Description == "Error running access token modification plugin":
		return "the access token modification script fails: the tenant's log am-core says why"
	}
	return ""
}

// Mismatch is a token that the issuer made and that must not be used, as it is not
// the one that was asked for.
type Mismatch struct {
	Target string
	// Claim is where they differ: a claim of the token, or a member of the answer.
	Claim   string
	Problem string
	// Fix is what has to be set, and where.
	Fix string
}

func (e *Mismatch) Error() string {
	text := fmt.Sprintf("the exchanged token for %s is not used: %s %s", e.Target, e.Claim, e.Problem)
	if e.Fix != "" {
		text += ": " + e.Fix
	}
	return text
}

// clean bounds a server's text and takes line breaks out.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	if len(s) > 500 {
		s = strings.ToValidUTF8(s[:500], "") + "…"
	}
	return s
}
