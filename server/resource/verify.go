package resource

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// maxToken is the length of a token, in bytes.
const maxToken = 16 << 10

// Verify tells what a token says, if the issuer made it for this resource and it is
// good now. A token with two dots counts as a signed JWT, any other as opaque. The
// error is an *InvalidToken or an *Unavailable.
func (s *Server) Verify(ctx context.Context, token string) (*Token, error) {
	switch {
	case len(token) > maxToken:
		return nil, invalid(Malformed, "it is longer than %d bytes", maxToken)
	case !isBearer(token):
		return nil, invalid(Malformed, "it has characters that no token has, or none at all")
	case strings.Count(token, ".") != 2:
		return s.verifyOpaque(ctx, token)
	}
	claims, err := s.signedClaims(ctx, token)
	if err != nil {
		return nil, err
	}
	verified, err := s.accept(claims)
	if err != nil {
		return nil, err
	}
	if s.introspection.mode == IntrospectAll {
		if _, err := s.introspection.askSigned(ctx, token); err != nil {
			return nil, err
		}
	}
	return verified, nil
}

func (s *Server) verifyOpaque(ctx context.Context, token string) (*Token, error) {
	if s.introspection.mode == IntrospectNone {
		if strings.Count(token, ".") == 4 {
			return nil, invalid(WrongKind, "it is encrypted: the issuer must sign access tokens only, or introspection must be on")
		}
		return nil, invalid(Malformed, "it is no signed JWT, and introspection is off")
	}
	claims, err := s.introspection.askOpaque(ctx, token)
	if err != nil {
		return nil, err
	}
	return s.acceptIntrospected(claims)
}

// signedClaims are those of a JWS that a key of the issuer signed. All that is
// decided here follows from the token and the keys, so that it need not be decided
// again while these are the same.
func (s *Server) signedClaims(ctx context.Context, token string) (map[string]any, error) {
	sum := digest(sha256.Sum256([]byte(token)))
	if claims, ok := s.keys.signed(ctx, sum); ok {
		return claims, nil
	}
	signed, err := jose.ParseSignedCompact(token, s.algorithms)
	// go-jose's texts can repeat what stands in the token.
	if other := (*jose.ErrUnexpectedSignatureAlgorithm)(nil); errors.As(err, &other) && other.Got != "" {
		return nil, invalid(BadSignature, "it is signed with %s: allowed is %s", named(other.Got), joined(s.algorithms))
	}
	if err != nil {
		return nil, invalid(Malformed, "it is no JWS in the compact serialization with one header that can be read")
	}
	header := signed.Signatures[0].Protected
	if _, critical := header.ExtraHeaders["crit"]; critical {
		return nil, invalid(Malformed, "its header has crit, of which nothing is known")
	}
	if typ, ok := header.ExtraHeaders[jose.HeaderType]; ok && !isAccessTokenType(typ) {
		return nil, invalid(WrongKind, "its typ is neither JWT nor at+jwt")
	}
	if header.KeyID == "" {
		return nil, invalid(BadSignature, "its header has no kid")
	}
	key, set, err := s.keys.find(ctx, header.KeyID, jose.SignatureAlgorithm(header.Algorithm))
	if errors.Is(err, errUnknownKey) {
		return nil, invalid(BadSignature, "the issuer has no key with its kid that fits its algorithm")
	}
	if err != nil {
		return nil, err
	}
	payload, err := signed.Verify(key)
	if err != nil {
		return nil, invalid(BadSignature, "the issuer's key did not make it")
	}
	claims, err := readObject(payload)
	if err != nil {
		return nil, invalid(Malformed, "its claims: %s", err)
	}
	set.signed.Add(sum, claims)
	return claims, nil
}

// isAccessTokenType allows what AIC writes and what RFC 9068 wants.
func isAccessTokenType(typ any) bool {
	text, _ := typ.(string)
	return slices.Contains([]string{"jwt", "at+jwt", "application/at+jwt"}, strings.ToLower(text))
}

// named is an algorithm that may be shown.
func named(algorithm jose.SignatureAlgorithm) string {
	secret := []jose.SignatureAlgorithm{jose.HS256, jose.HS384, jose.HS512}
	switch {
	case slices.Contains(secret, algorithm):
		return string(algorithm) + ", with a secret that only the issuer knows (AIC's provider has tokenSigningAlgorithm)"
	case algorithm == "none":
		return "nothing (none)"
	case slices.Contains(publicAlgorithms, algorithm):
		return string(algorithm)
	}
	return "an unknown algorithm"
}

// isBearer tells of the b64token of RFC 6750, section 2.1.
func isBearer(token string) bool {
	body := strings.TrimRight(token, "=")
	other := func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && !strings.ContainsRune("-._~+/", c)
	}
	return body != "" && !strings.ContainsFunc(body, other)
}
