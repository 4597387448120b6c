package auth

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
)

const (
	assertionGrant       = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	serviceAccountClient = "service-account"
	// assertionLifetime leaves room for clocks that differ by two minutes.
	assertionLifetime = 180 * time.Second
	// minBits is RFC 7518's, section 3.3.
	minBits     = 2048
	unsupported = "Unsupported scope for service account: "
)

// ServiceAccount is an account that logs in with a key of its own.
type ServiceAccount struct {
	ID  string
	key *rsa.PrivateKey
}

// NewServiceAccount takes the key as a JWK. Its errors don't repeat the key.
func NewServiceAccount(id string, jwk []byte) (*ServiceAccount, error) {
	var key jose.JSONWebKey
	if err := json.Unmarshal(jwk, &key); err != nil {
		return nil, errors.New("must be a private key as a JWK")
	}
	private, ok := key.Key.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("must be a private RSA key as a JWK")
	}
	if private.N.BitLen() < minBits {
		return nil, fmt.Errorf("must be an RSA key of at least %d bits, not %d", minBits, private.N.BitLen())
	}
	return &ServiceAccount{ID: id, key: private}, nil
}

// String keeps the key out of what is printed.
func (a *ServiceAccount) String() string { return "service account " + a.ID }

// GoString keeps the key out of %#v.
func (a *ServiceAccount) GoString() string { return a.String() }

// LogValue keeps the key out of logs.
func (a *ServiceAccount) LogValue() slog.Value { return slog.StringValue(a.String()) }

// assertion is RFC 7523's. It says nothing of when it was made, so a clock that
// is ahead does no harm.
func (a *ServiceAccount) assertion(audience string, now time.Time) (string, error) {
	claims, err := json.Marshal(struct {
		Issuer   string `json:"iss"`
		Subject  string `json:"sub"`
		Audience string `json:"aud"`
		Expiry   int64  `json:"exp"`
		ID       string `json:"jti"`
	}{a.ID, a.ID, audience, now.Add(assertionLifetime).Unix(), uuid.NewString()})
	if err != nil {
		return "", fmt.Errorf("make an assertion: %w", err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: a.key}, nil)
	if err != nil {
		return "", fmt.Errorf("make an assertion: %w", err)
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		return "", fmt.Errorf("make an assertion: %w", err)
	}
	return signed.CompactSerialize()
}

// assert gets a token for the scopes, all or none of them.
func (s *Source) assert(ctx context.Context, scopes []string, key string) (string, error) {
	assertion, err := s.account.assertion(s.audience(), s.now())
	if err != nil {
		return "", err
	}
	token, err := s.grant(ctx, "assertion", url.Values{
		"grant_type": {assertionGrant},
		"client_id":  {serviceAccountClient},
		"assertion":  {assertion},
		"scope":      {strings.Join(scopes, " ")},
	})
	if err != nil {
		return "", err
	}
	s.exchanged.put(key, token)
	return token.AccessToken, nil
}

// audience is the token endpoint as the tenant spells it: with the port.
func (s *Source) audience() string {
	u := *s.base
	u.Host = net.JoinHostPort(u.Hostname(), portOf(&u))
	return u.Scheme + "://" + u.Host + "/am/oauth2/" + tokenEndpoint.path
}

// Lacking names the scopes that a service account was refused for.
func (e *Error) Lacking() []string {
	list, ok := strings.CutPrefix(e.Description, unsupported)
	if !ok || e.Code != "invalid_scope" {
		return nil
	}
	return strings.Split(list, ",")
}
