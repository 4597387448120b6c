package resource

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// IntrospectionMode says which tokens the issuer is asked about.
type IntrospectionMode string

// The modes. IntrospectAll notices that a JWT was revoked, for the price of a request
// to the issuer with each one to the resource.
const (
	IntrospectNone   IntrospectionMode = ""
	IntrospectOpaque IntrospectionMode = "opaque" // those that are no JWT
	IntrospectAll    IntrospectionMode = "all"
)

// maxQuestions of either kind are under way at most. About signed tokens they wait.
// Opaque ones anybody can make up: beyond that these are refused, so that they flood
// neither the issuer nor the places of others.
const maxQuestions = 32

// Introspection (RFC 7662) asks the issuer about tokens, each time anew.
//
// AIC does not tell the audience of a token (unless the client of the resource server
// gets its answers signed), and a token that does not prove what it is for is not
// accepted. So opaque tokens are taken only from the clients in Options.OwnClients. Nor does AIC tell access
// tokens from refresh tokens: who holds one of these can use it until it expires.
type Introspection struct {
	Mode IntrospectionMode
	// Authenticate adds to a request what proves that this server is a client of the
	// issuer: to its header, as client_secret_basic does, or to its form, as
	// private_key_jwt does.
	Authenticate func(ctx context.Context, form url.Values, header http.Header) error
}

func (o Introspection) check() error {
	switch o.Mode {
	case IntrospectNone:
		return nil
	case IntrospectOpaque, IntrospectAll:
		if o.Authenticate == nil {
			return fmt.Errorf("introspection %q needs a client of the issuer to authenticate as", o.Mode)
		}
		return nil
	}
	return fmt.Errorf("there is no introspection %q: there are %q and %q", o.Mode, IntrospectOpaque, IntrospectAll)
}

type introspection struct {
	mode         IntrospectionMode
	issuer       *issuer
	authenticate func(context.Context, url.Values, http.Header) error

	signed, opaque chan struct{}
}

func newIntrospection(i *issuer, opts Introspection) *introspection {
	return &introspection{opts.Mode, i, opts.Authenticate, make(chan struct{}, maxQuestions), make(chan struct{}, maxQuestions)}
}

// askSigned asks about a token whose signature is good.
func (n *introspection) askSigned(ctx context.Context, token string) (map[string]any, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	select {
	case n.signed <- struct{}{}:
		defer func() { <-n.signed }()
	case <-ctx.Done():
		return nil, &Unavailable{RetryAfter: retryPause, Err: fmt.Errorf("introspection: %w", ctx.Err())}
	}
	return n.ask(ctx, token)
}

// askOpaque asks about a token of which nothing is known.
func (n *introspection) askOpaque(ctx context.Context, token string) (map[string]any, error) {
	select {
	case n.opaque <- struct{}{}:
		defer func() { <-n.opaque }()
	default:
		return nil, &Unavailable{RetryAfter: retryPause, Err: errors.New("introspection: too many opaque tokens are asked about")}
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	return n.ask(ctx, token)
}

// ask returns what the issuer says of an active token.
func (n *introspection) ask(ctx context.Context, token string) (map[string]any, error) {
	answer, err := n.answer(ctx, token)
	if err != nil {
		return nil, &Unavailable{RetryAfter: retryPause, Err: fmt.Errorf("introspection: %w", err)}
	}
	active, ok := answer["active"].(bool)
	switch {
	case !ok:
		return nil, &Unavailable{RetryAfter: retryPause, Err: errors.New("introspection: the answer does not tell whether the token is active")}
	case !active:
		return nil, invalid(Inactive, "introspection says so: it is unknown, expired or revoked, or this server's client may not ask about it")
	}
	return answer, nil
}

func (n *introspection) answer(ctx context.Context, token string) (map[string]any, error) {
	found, err := n.issuer.discovery(ctx)
	if err != nil {
		return nil, err
	}
	if found.introspection == "" {
		return nil, errors.New("the issuer's discovery document names no introspection_endpoint")
	}
	form := url.Values{"token": {token}, "token_type_hint": {"access_token"}}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	if err := n.authenticate(ctx, form, header); err != nil {
		return nil, fmt.Errorf("authenticate to the issuer: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, found.introspection, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header = header
	data, err := n.issuer.do(request)
	if err != nil {
		return nil, err
	}
	answer, err := readObject(data)
	if err != nil {
		return nil, fmt.Errorf("the answer's members: %w", err)
	}
	return answer, nil
}
