package oauth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // for crypto.Hash
	_ "crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// algorithm is one of RFC 7518 section 3.1.
type algorithm struct {
	name, family string // HS, RS, PS or ES
	hash         crypto.Hash
	key          string // the type of the key, "" for HS
	size         int    // of each half of a signature of the family ES
}

func algorithmOf(name string) (algorithm, bool) {
	a := algorithm{name: name}
	if len(name) != len("HS256") {
		return a, false
	}
	family, bits := name[:2], name[2:]
	known := false
	a.family = family
	a.hash, known = map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[bits]
	switch family {
	case "HS":
	case "RS", "PS":
		a.key = keyRSA
	case "ES":
		a.key = map[string]string{"256": keyP256, "384": keyP384, "512": keyP521}[bits]
		a.size = map[string]int{"256": 32, "384": 48, "512": 66}[bits]
	default:
		known = false
	}
	return a, known
}

func (a algorithm) digest(text string) []byte {
	h := a.hash.New()
	h.Write([]byte(text))
	return h.Sum(nil)
}

// half is what OpenID Connect Core 3.1.3.6 makes of a token that an ID token vouches
// for; of nothing it makes nothing.
func (a algorithm) half(token string) string {
	if token == "" {
		return ""
	}
	digest := a.digest(token)
	return base64.RawURLEncoding.EncodeToString(digest[:len(digest)/2])
}

type jwtHeader struct {
	Type      string `json:"typ"`
	KeyID     string `json:"kid,omitempty"`
	Algorithm string `json:"alg"`
}

// sign makes a JWT whose members come in the order that AM writes, which JOSE
// libraries don't keep. The secret is for algorithms that need one.
func (s *Service) sign(a algorithm, secret []byte, kind string, claims any) (string, error) {
	header := jwtHeader{Type: kind, Algorithm: a.name}
	var key *signingKey
	if a.key != "" {
		var err error
		if key, err = s.keys.current(a.key); err != nil {
			return "", err
		}
		header.KeyID = key.id
	}
	encodedHeader, err := json.Marshal(header)
	if err != nil {
		return "", fmt.Errorf("encode a token's header: %w", err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encode a token's claims: %w", err)
	}
	signed := base64.RawURLEncoding.EncodeToString(encodedHeader) + "." + base64.RawURLEncoding.EncodeToString(payload)
	signature, err := a.sign(signed, key, secret)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

func (a algorithm) mac(signed string, secret []byte) []byte {
	h := hmac.New(a.hash.New, secret)
	h.Write([]byte(signed))
	return h.Sum(nil)
}

func (a algorithm) sign(signed string, key *signingKey, secret []byte) ([]byte, error) {
	if a.family == "HS" {
		if len(secret) == 0 {
			return nil, errors.New("there is no secret")
		}
		return a.mac(signed, secret), nil
	}
	switch private := key.private.(type) {
	case *rsa.PrivateKey:
		if a.family == "PS" {
			return rsa.SignPSS(rand.Reader, private, a.hash, a.digest(signed), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		}
		return rsa.SignPKCS1v15(rand.Reader, private, a.hash, a.digest(signed))
	case *ecdsa.PrivateKey:
		first, second, err := ecdsa.Sign(rand.Reader, private, a.digest(signed))
		if err != nil {
			return nil, err
		}
		return append(first.FillBytes(make([]byte, a.size)), second.FillBytes(make([]byte, a.size))...), nil
	}
	return nil, fmt.Errorf("no key is for %s", a.name)
}

// verify returns the claims of a JWT that this tenant signed. The secret is that of
// the algorithms HS; without it they are refused.
func (s *Service) verify(token string, secret []byte) (json.RawMessage, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errors.New("not a signed JWT")
	}
	decoded := make([][]byte, len(parts))
	for i, part := range parts {
		var err error
		if decoded[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			return nil, fmt.Errorf("not a signed JWT: %w", err)
		}
	}
	var header jwtHeader
	if err := json.Unmarshal(decoded[0], &header); err != nil {
		return nil, fmt.Errorf("not a signed JWT: %w", err)
	}
	a, known := algorithmOf(header.Algorithm)
	if !known {
		return nil, errors.New("signed with an unknown algorithm")
	}
	if !s.signed(a, header.KeyID, parts[0]+"."+parts[1], decoded[2], secret) {
		return nil, errors.New("the signature is not this tenant's")
	}
	return decoded[1], nil
}

func (s *Service) signed(a algorithm, keyID, signed string, signature, secret []byte) bool {
	if a.family == "HS" {
		return len(secret) > 0 && hmac.Equal(a.mac(signed, secret), signature)
	}
	key, ok := s.keys.find(keyID)
	if !ok {
		return false
	}
	switch public := key.private.Public().(type) {
	case *rsa.PublicKey:
		switch a.family {
		case "RS":
			return rsa.VerifyPKCS1v15(public, a.hash, a.digest(signed), signature) == nil
		case "PS":
			return rsa.VerifyPSS(public, a.hash, a.digest(signed), signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		}
	case *ecdsa.PublicKey:
		return a.key == public.Params().Name && len(signature) == 2*a.size &&
			ecdsa.Verify(public, a.digest(signed), new(big.Int).SetBytes(signature[:a.size]), new(big.Int).SetBytes(signature[a.size:]))
	}
	return false
}

// unknownAlgorithm is what a tenant says of an algorithm that it can't sign with.
func unknownAlgorithm() *Error { return badRequest("invalid_request", "Unknown Signing Algorithm") }

// claimsOf reads the claims of an ID token whose signature nobody has checked yet.
func claimsOf(token string) (c idClaims, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c, errors.New("not a signed JWT")
	}
	text, err := base64.RawURLEncoding.Strict().DecodeString(parts[1])
	if err != nil {
		return c, fmt.Errorf("not a signed JWT: %w", err)
	}
	return c, json.Unmarshal(text, &c)
}
