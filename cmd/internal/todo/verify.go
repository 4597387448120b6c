package todo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/sync/singleflight"
)

// Verifier checks access tokens with the keys that the issuer publishes. It
// looks for them when it first needs them, so that the issuer may start later.
type Verifier struct {
	issuer, resource string
	client           *http.Client

	keys      atomic.Pointer[oidc.RemoteKeySet]
	discovery singleflight.Group
}

// NewVerifier returns one for the tokens of an issuer whose audience is the resource,
// with or without a slash at its end.
func NewVerifier(issuer, resource string, transport http.RoundTripper) *Verifier {
	return &Verifier{issuer: issuer, resource: resource, client: &http.Client{
		Transport:     boundedTransport{transport},
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Verify is Options.Verify.
func (v *Verifier) Verify(ctx context.Context, raw string) (Caller, error) {
	remote, err := v.discover(ctx)
	if err != nil {
		return Caller{}, fmt.Errorf("discover the issuer: %w", err)
	}
	keys := &fetchedKeys{remote: remote}
	config := &oidc.Config{SkipClientIDCheck: true, SupportedSigningAlgs: []string{oidc.RS256}}
	token, err := oidc.NewVerifier(v.issuer, keys, config).Verify(ctx, raw)
	if keys.unavailable != nil {
		return Caller{}, fmt.Errorf("fetch the issuer's keys: %w", keys.unavailable)
	}
	if err != nil {
		return Caller{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if !slices.ContainsFunc(token.Audience, func(audience string) bool {
		return strings.TrimSuffix(audience, "/") == strings.TrimSuffix(v.resource, "/")
	}) {
		return Caller{}, fmt.Errorf("%w: its audience is %q, not %q", ErrRefused, token.Audience, v.resource)
	}
	var claims struct {
		Scope scopes `json:"scope"`
	}
	if err := token.Claims(&claims); err != nil {
		return Caller{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return Caller{Subject: token.Subject, Scopes: claims.Scope}, nil
}

func (v *Verifier) discover(ctx context.Context) (*oidc.RemoteKeySet, error) {
	if keys := v.keys.Load(); keys != nil {
		return keys, nil
	}
	// One request serves all who wait, whoever of them gives up.
	found := v.discovery.DoChan("", func() (any, error) {
		ctx := oidc.ClientContext(context.WithoutCancel(ctx), v.client)
		provider, err := oidc.NewProvider(ctx, v.issuer)
		if err != nil {
			return nil, err
		}
		var metadata struct {
			KeysURL string `json:"jwks_uri"`
		}
		if err := provider.Claims(&metadata); err != nil {
			return nil, err
		}
		if metadata.KeysURL == "" {
			return nil, errors.New("its metadata has no jwks_uri")
		}
		v.keys.Store(oidc.NewRemoteKeySet(ctx, metadata.KeysURL))
		return nil, nil
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case result := <-found:
		return v.keys.Load(), result.Err
	}
}

// fetchedKeys keeps apart that the keys could not be fetched and that none fits.
type fetchedKeys struct {
	remote      *oidc.RemoteKeySet
	unavailable error
}

func (k *fetchedKeys) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := k.remote.VerifySignature(ctx, jwt)
	// Of a RemoteKeySet's errors only that of a failed fetch wraps another.
	if errors.Unwrap(err) != nil {
		k.unavailable = err
	}
	return payload, err
}

// scopes are an array in AIC's access tokens, and one string in those of RFC 9068.
type scopes []string

func (s *scopes) UnmarshalJSON(text []byte) error {
	var joined string
	if json.Unmarshal(text, &joined) == nil {
		*s = strings.Fields(joined)
		return nil
	}
	return json.Unmarshal(text, (*[]string)(s))
}

// boundedTransport cuts answers off. Those that are not 200 end up in errors.
type boundedTransport struct{ http.RoundTripper }

func (t boundedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	limit := int64(1 << 20)
	if response.StatusCode != http.StatusOK {
		limit = 500
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(response.Body, limit), response.Body}
	return response, nil
}
