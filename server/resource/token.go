package resource

import (
	"context"
	"log/slog"
	"slices"
	"time"
)

// Token is what a verified access token says.
type Token struct {
	Subject, ClientID string
	Scopes            []string
	Expires           time.Time
	// Claims are all claims, or what introspection answered. Numbers are
	// json.Number. Requests with the same token share them: don't change them.
	Claims map[string]any
}

// Require returns an *InsufficientScope unless the token has all of the scopes.
func (t *Token) Require(scopes ...string) error {
	for _, scope := range scopes {
		if !slices.Contains(t.Scopes, scope) {
			return &InsufficientScope{Scopes: scopes}
		}
	}
	return nil
}

// Caller is who sent a request.
type Caller struct {
	Token  *Token
	Bearer Bearer
}

type callerKey struct{}

// CallerOf returns who sent the request that a context is of, nil outside a handler
// that Protect stands in front of.
func CallerOf(ctx context.Context) *Caller {
	caller, _ := ctx.Value(callerKey{}).(*Caller)
	return caller
}

// Bearer is an access token as it was sent. Nothing prints it; Reveal does.
type Bearer struct {
	// A pointer, because packages that print unexported fields print no more of it
	// than its address.
	secret *string
}

const hidden = "[bearer]"

// NewBearer hides a token.
func NewBearer(token string) Bearer { return Bearer{&token} }

// Reveal returns the token, empty for the zero value.
func (b Bearer) Reveal() string {
	if b.secret == nil {
		return ""
	}
	return *b.secret
}

// String keeps the token out of texts.
func (b Bearer) String() string { return hidden }

// LogValue keeps the token out of logs.
func (b Bearer) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText keeps the token out of JSON and the like.
func (b Bearer) MarshalText() ([]byte, error) { return []byte(hidden), nil }
