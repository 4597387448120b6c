package oauth

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Where the public keys of a client are.
const (
	keysBySet         = "jwks"
	keysByURI         = "jwks_uri"
	keysByCertificate = "x509"
)

// keySet is a client's public keys, with when they were fetched.
type keySet struct {
	keys []jose.JSONWebKey
	at   time.Time
}

// parseKeys leaves out keys that are not understood, RFC 7517 section 5, and those
// that are not public.
func parseKeys(text string) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal([]byte(text), &set); err != nil {
		return nil, fmt.Errorf("decode a JWK set: %w", err)
	}
	var keys []jose.JSONWebKey
	for _, member := range set.Keys {
		var key jose.JSONWebKey
		if json.Unmarshal(member, &key) == nil && key.Valid() && key.IsPublic() && (key.Use == "" || key.Use == "sig") {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// verify reads the claims of a token that one of the keys has signed.
func (k keySet) verify(token *jwt.JSONWebToken, claims *jwt.Claims) bool {
	header := token.Headers[0]
	return slices.ContainsFunc(k.keys, func(key jose.JSONWebKey) bool {
		return (header.KeyID == "" || key.KeyID == "" || key.KeyID == header.KeyID) &&
			(key.Algorithm == "" || key.Algorithm == header.Algorithm) && token.Claims(key.Key, claims) == nil
	})
}

// clientKeys finds the keys where the client says that they are. Anew asks for keys
// that may have come meanwhile.
func (s *Service) clientKeys(r *http.Request, client *Client, anew bool) (keySet, *Error) {
	failed := badRequest("invalid_client", "Client authentication failed")
	var found keySet
	var err error
	switch client.KeyLocation {
	case keysBySet:
		found.keys, err = parseKeys(client.KeySet)
	case keysByCertificate:
		found.keys, err = parseCertificate(client.Certificate)
	case keysByURI:
		if !s.mayFetch(client.KeySetURI) {
			failed.Description = "Client authentication failed: this fake tenant fetches the keys of clients from addresses of its own machine, and from hosts that its option KeyHosts names"
			return keySet{}, failed
		}
		found, err = s.fetchKeys(r.Context(), client, anew)
	}
	if err != nil {
		s.options.Logger.WarnContext(r.Context(), "keys of an OAuth client", "location", client.KeyLocation, "error", err)
		return keySet{}, failed
	}
	return found, nil
}

func parseCertificate(text string) ([]jose.JSONWebKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, fmt.Errorf("the certificate is not in PEM")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read a certificate: %w", err)
	}
	return []jose.JSONWebKey{{Key: certificate.PublicKey}}, nil
}

// mayFetch tells whether keys are fetched from an address.
func (s *Service) mayFetch(address string) bool {
	parsed, err := url.Parse(address)
	if err != nil || parsed.User != nil {
		return false
	}
	switch parsed.Scheme {
	case "http":
		return isLoopback(parsed.Hostname())
	case "https":
		return isLoopback(parsed.Hostname()) || slices.Contains(s.options.KeyHosts, parsed.Hostname())
	}
	return false
}

const (
	maxKeySet    = 64 << 10
	fetchTimeout = 5 * time.Second
)

// newFetcher follows no redirects, which could lead anywhere.
func newFetcher() *http.Client {
	return &http.Client{
		Timeout:       fetchTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// fetchKeys keeps what it fetched as long as the client says.
func (s *Service) fetchKeys(ctx context.Context, client *Client, anew bool) (keySet, error) {
	now := s.options.Now()
	s.mu.Lock()
	kept, ok := s.fetched.get(client.KeySetURI, now)
	s.mu.Unlock()
	lifetime := client.KeyLifetime
	if anew {
		lifetime = client.KeyMissLifetime
	}
	if ok && now.Before(kept.at.Add(lifetime)) {
		return kept, nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, client.KeySetURI, nil)
	if err != nil {
		return keySet{}, fmt.Errorf("fetch keys: %w", err)
	}
	response, err := s.fetcher.Do(request)
	if err != nil {
		return keySet{}, fmt.Errorf("fetch keys: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return keySet{}, fmt.Errorf("fetch keys: the answer is %s", response.Status)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxKeySet))
	if err != nil {
		return keySet{}, fmt.Errorf("fetch keys: %w", err)
	}
	keys, err := parseKeys(string(text))
	if err != nil {
		return keySet{}, err
	}
	fresh := keySet{keys, now}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fetched.put(client.KeySetURI, fresh, now, now.Add(max(client.KeyLifetime, client.KeyMissLifetime)))
	return fresh, nil
}
