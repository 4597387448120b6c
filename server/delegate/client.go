package delegate

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
)

const (
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	// assertionLifetime leaves room for clocks that differ by a minute.
	assertionLifetime = 2 * time.Minute
	minRSABits        = 2048
)

// Client is the server's own OAuth client, as the issuer has it registered. It
// proves who it is by a secret or by a key.
type Client struct {
	ID     string
	secret string
	signer jose.Signer
}

// NewSecretClient is a client that uses client_secret_basic.
func NewSecretClient(id, secret string) (*Client, error) {
	if id == "" || secret == "" {
		return nil, errors.New("an OAuth client needs an ID and a secret")
	}
	return &Client{ID: id, secret: secret}, nil
}

// NewKeyClient is a client that uses private_key_jwt with a key as a JWK: RSA of
// 2048 bits at least, or EC. Its errors don't repeat the key.
func NewKeyClient(id string, jwk []byte) (*Client, error) {
	if id == "" {
		return nil, errors.New("an OAuth client needs an ID")
	}
	var key jose.JSONWebKey
	if err := json.Unmarshal(jwk, &key); err != nil || !key.Valid() {
		return nil, errors.New("the key of an OAuth client must be a JWK")
	}
	algorithm, err := algorithmOf(key)
	if err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, fmt.Errorf("the key of an OAuth client can't sign with %s", algorithm)
	}
	return &Client{ID: id, signer: signer}, nil
}

// algorithmOf is the one that the key names, or the usual one of its kind.
func algorithmOf(key jose.JSONWebKey) (jose.SignatureAlgorithm, error) {
	var usual jose.SignatureAlgorithm
	switch private := key.Key.(type) {
	case *rsa.PrivateKey:
		if private.N.BitLen() < minRSABits {
			return "", fmt.Errorf("the RSA key of an OAuth client must have at least %d bits", minRSABits)
		}
		usual = jose.RS256
	case *ecdsa.PrivateKey:
		usual = map[int]jose.SignatureAlgorithm{256: jose.ES256, 384: jose.ES384, 521: jose.ES512}[private.Params().BitSize]
	}
	if usual == "" {
		return "", errors.New("the key of an OAuth client must be a private RSA or EC key")
	}
	if key.Algorithm != "" {
		return jose.SignatureAlgorithm(key.Algorithm), nil
	}
	return usual, nil
}

// Authenticate adds what proves the client's identity to a request for one of the
// issuer's endpoints: a header, or parameters. Whichever endpoint is asked, the
// audience of an assertion is the token endpoint (RFC 7523 3).
func (c *Client) Authenticate(form url.Values, header http.Header, tokenEndpoint string, now time.Time) error {
	if c.signer == nil {
		// RFC 6749 2.3.1: both are form-encoded first.
		r := http.Request{Header: header}
		r.SetBasicAuth(url.QueryEscape(c.ID), url.QueryEscape(c.secret))
		return nil
	}
	assertion, err := c.assertion(tokenEndpoint, now)
	if err != nil {
		return fmt.Errorf("make the assertion of the client %s: %w", c.ID, err)
	}
	form.Set("client_assertion_type", assertionType)
	form.Set("client_assertion", assertion)
	return nil
}

// assertion says nothing of when it was made, so a clock that is ahead does no
// harm.
func (c *Client) assertion(audience string, now time.Time) (string, error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(struct {
		Issuer   string `json:"iss"`
		Subject  string `json:"sub"`
		Audience string `json:"aud"`
		Expiry   int64  `json:"exp"`
		ID       string `json:"jti"`
	}{c.ID, c.ID, audience, now.Add(assertionLifetime).Unix(), id.String()})
	if err != nil {
		return "", err
	}
	signed, err := c.signer.Sign(claims)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// String keeps the secret out of what is printed.
func (c Client) String() string { return "OAuth client " + c.ID }

// GoString keeps the secret out of %#v.
func (c Client) GoString() string { return c.String() }

// LogValue keeps the secret out of logs.
func (c Client) LogValue() slog.Value { return slog.StringValue(c.String()) }
