package oauth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // x5t and AM's kid are SHA-1 by definition
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"maps"
	"math/big"
	"sync"
	"time"
)

const keyBits = 2048

// macSize is that of the tenant's secret key.
const macSize = 32

// signingKey is a key with the certificate that AM publishes with it.
type signingKey struct {
	private     crypto.Signer
	certificate []byte // DER
	id          string
}

// Types of keys.
const keyRSA, keyP256, keyP384, keyP521 = "RSA", "P-256", "P-384", "P-521"

func generateKey(kind string) (crypto.Signer, error) {
	switch kind {
	case keyP256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case keyP384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case keyP521:
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	}
	return rsa.GenerateKey(rand.Reader, keyBits)
}

func newSigningKey(kind string, now time.Time) (*signingKey, error) {
	private, err := generateKey(kind)
	if err != nil {
		return nil, fmt.Errorf("make a signing key: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "mockaic token signing"},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(10, 0, 0),
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, fmt.Errorf("certify the signing key: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return nil, fmt.Errorf("identify the signing key: %w", err)
	}
	digest := sha1.Sum(public)
	return &signingKey{private, certificate, base64.StdEncoding.EncodeToString(digest[:])}, nil
}

// public is the key as the JWKS shows it. AM names no alg.
func (k *signingKey) public() (map[string]any, error) {
	thumbprint := sha1.Sum(k.certificate)
	shown := map[string]any{
		"kid": k.id,
		"use": "sig",
		"x5t": base64.RawURLEncoding.EncodeToString(thumbprint[:]),
		"x5c": []string{base64.StdEncoding.EncodeToString(k.certificate)},
	}
	switch public := k.private.Public().(type) {
	case *rsa.PublicKey:
		maps.Copy(shown, map[string]any{
			"kty": "RSA", "n": base64.RawURLEncoding.EncodeToString(public.N.Bytes()),
			"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(public.E)).Bytes()),
		})
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		if err != nil {
			return nil, fmt.Errorf("encode the key %s: %w", k.id, err)
		}
		const uncompressed = 1 // byte before the coordinates
		size := (len(point) - uncompressed) / 2
		maps.Copy(shown, map[string]any{
			"kty": "EC", "crv": public.Params().Name,
			"x": base64.RawURLEncoding.EncodeToString(point[uncompressed : uncompressed+size]),
			"y": base64.RawURLEncoding.EncodeToString(point[uncompressed+size:]),
		})
	}
	return shown, nil
}

// keyring has the keys of a tenant. Making them takes long next to everything else at
// a tenant's start, and many tests never log in.
type keyring struct {
	now func() time.Time
	mac []byte

	mu   sync.Mutex
	keys map[string][]*signingKey // by type, the newest first
}

// current is the key of a type that signs now.
func (k *keyring) current(kind string) (*signingKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.keys[kind]) == 0 {
		if err := k.add(kind); err != nil {
			return nil, err
		}
	}
	return k.keys[kind][0], nil
}

// add makes a new key of a type. The caller holds k.mu.
func (k *keyring) add(kind string) error {
	made, err := newSigningKey(kind, k.now())
	if err != nil {
		return err
	}
	if k.keys == nil {
		k.keys = map[string][]*signingKey{}
	}
	k.keys[kind] = append([]*signingKey{made}, k.keys[kind]...)
	return nil
}

// find returns a key that the tenant has or had.
func (k *keyring) find(id string) (*signingKey, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, all := range k.keys {
		for _, key := range all {
			if key.id == id {
				return key, true
			}
		}
	}
	return nil, false
}

// all returns the keys of all types.
func (k *keyring) all() (keys []*signingKey, err error) {
	for _, kind := range []string{keyRSA, keyP256, keyP384, keyP521} {
		if _, err := k.current(kind); err != nil {
			return nil, err
		}
		k.mu.Lock()
		keys = append(keys, k.keys[kind]...)
		k.mu.Unlock()
	}
	return keys, nil
}

// RotateKeys makes new keys for signatures. What older ones signed stays good.
func (s *Service) RotateKeys() error {
	if _, err := s.keys.all(); err != nil {
		return err
	}
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	for kind := range s.keys.keys {
		if err := s.keys.add(kind); err != nil {
			return err
		}
	}
	return nil
}
