package oauth

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // x5t and AM's kid are SHA-1 by definition
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"time"
)

const keyBits = 2048

// signingKey is an RSA key with the certificate that AM publishes with it.
type signingKey struct {
	private     *rsa.PrivateKey
	certificate []byte // DER
	id          string
}

func newSigningKey(chance io.Reader, now time.Time) (*signingKey, error) {
	private, err := rsa.GenerateKey(chance, keyBits)
	if err != nil {
		return nil, fmt.Errorf("make a signing key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "mockaic token signing"},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(10, 0, 0),
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		return nil, fmt.Errorf("certify the signing key: %w", err)
	}
	digest := sha1.Sum(x509.MarshalPKCS1PublicKey(&private.PublicKey))
	return &signingKey{private, certificate, base64.StdEncoding.EncodeToString(digest[:])}, nil
}

// public is the key as the JWKS shows it. AM names no alg.
func (k *signingKey) public() map[string]any {
	thumbprint := sha1.Sum(k.certificate)
	return map[string]any{
		"kty": "RSA",
		"kid": k.id,
		"use": "sig",
		"x5t": base64.RawURLEncoding.EncodeToString(thumbprint[:]),
		"x5c": []string{base64.StdEncoding.EncodeToString(k.certificate)},
		"n":   base64.RawURLEncoding.EncodeToString(k.private.N.Bytes()),
		"e":   base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.private.E)).Bytes()),
	}
}

type jwtHeader struct {
	Type      string `json:"typ"`
	KeyID     string `json:"kid"`
	Algorithm string `json:"alg"`
}

// sign makes a JWT whose members come in the order that AM writes, which JOSE
// libraries don't keep.
func (k *signingKey) sign(claims any) (string, error) {
	header, err := json.Marshal(jwtHeader{"JWT", k.id, "RS256"})
	if err != nil {
		return "", fmt.Errorf("encode a token's header: %w", err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encode a token's claims: %w", err)
	}
	signed := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(payload)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, k.private, crypto.SHA256, digest[:])
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}
