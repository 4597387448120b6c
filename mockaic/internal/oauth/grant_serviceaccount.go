package oauth

import (
	"cmp"
	"crypto/aes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	josecipher "github.com/go-jose/go-jose/v4/cipher"
	"github.com/go-jose/go-jose/v4/jwt"

	"aicmcp/mockaic/internal/route"
)

const (
	grantJWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	// serviceAccountLifetime is that of a service account's access tokens.
	serviceAccountLifetime = 15 * time.Minute
	// maxAssertionAge is how far ahead an assertion may expire (documented).
	maxAssertionAge = 15 * time.Minute
)

// serviceAccountClient is the client of all service accounts. No profile of it
// can be read or changed.
var serviceAccountClient = Client{
	ID: "service-account", Type: "Public", GrantTypes: []string{grantJWT},
	AccessTokenLifetime: int(serviceAccountLifetime / time.Second),
}

// ServiceAccount is an account that is not a person's.
type ServiceAccount struct {
	ID     string
	Name   string
	Scopes []string
	JWKS   string // its public keys, a JWK set as text
}

// assertionAlgorithms are what a service account may sign with.
var assertionAlgorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512,
}

// grantServiceAccount is RFC 7523 section 2.1: the assertion is the service
// account's own.
func (s *Service) grantServiceAccount(r *http.Request, client *Client) (*tokenResponse, error) {
	account, assertion, failed := s.assertedAccount(r)
	if failed != nil {
		return nil, failed
	}
	scopes, failed := account.grantedScopes(r.PostForm.Get("scope"))
	if failed != nil {
		return nil, failed
	}
	// Clients send the same assertion again with fewer scopes (recorded).
	now := s.options.Now()
	fresh, failed := s.firstUse(assertion, now)
	if failed != nil {
		return nil, failed
	}
	if !fresh {
		return nil, badRequest("invalid_grant", "JWT has been used before")
	}
	access, err := s.issueAccessToken(r, client, grantJWT, refreshToken{grantID: s.newGrant(r, client), subject: account.ID, authTime: now}, scopes)
	if err != nil {
		return nil, err
	}
	return &tokenResponse{
		AccessToken: access.token, Scope: strings.Join(scopes, " "), TokenType: "Bearer",
		ExpiresIn: s.expiresIn(r, client),
	}, nil
}

// assertedAccount checks the assertion of a token request. The texts of its
// refusals are those recorded for other issuers.
func (s *Service) assertedAccount(r *http.Request) (ServiceAccount, jwt.Claims, *Error) {
	refuse := func(why string) (ServiceAccount, jwt.Claims, *Error) {
		return ServiceAccount{}, jwt.Claims{}, badRequest("invalid_grant", why)
	}
	assertion := r.PostForm.Get("assertion")
	if assertion == "" {
		return ServiceAccount{}, jwt.Claims{}, badRequest("invalid_request", "Missing parameter, 'assertion'")
	}
	token, err := jwt.ParseSigned(assertion, assertionAlgorithms)
	if err != nil {
		return refuse("The assertion is not a signed JWT")
	}
	var claims jwt.Claims
	if err := token.UnsafeClaimsWithoutVerification(&claims); err != nil {
		return refuse("The assertion is not a signed JWT")
	}
	account, ok := s.options.Identities.ServiceAccount(claims.Issuer)
	if !ok || claims.Subject != claims.Issuer {
		return refuse("Unknown JWT issuer")
	}
	if !account.signed(token) {
		return refuse("JWT signature is invalid")
	}
	now := s.options.Now()
	switch {
	case !s.answersFor(r):
		return refuse("incorrect audience in JWT: " + strangeHost)
	case !slices.ContainsFunc(claims.Audience, func(audience string) bool { return s.isTokenEndpoint(r, audience) }):
		return refuse("incorrect audience in JWT")
	case claims.Expiry == nil:
		return refuse("JWT must have an expiry")
	case !now.Before(claims.Expiry.Time()), claims.NotBefore != nil && now.Before(claims.NotBefore.Time()):
		return refuse("JWT has expired or is not valid yet")
	case claims.Expiry.Time().Sub(now) > maxAssertionAge:
		return refuse("JWT expires too far in the future")
	}
	return account, claims, nil
}

// firstUse notes an assertion that has an identifier. It fails if there is no room to
// note it, as the assertion could be used again then.
func (s *Service) firstUse(claims jwt.Claims, now time.Time) (bool, *Error) {
	if claims.ID == "" {
		return true, nil
	}
	key := sha256.Sum256([]byte(claims.Issuer + "\n" + claims.ID))
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, used := s.assertions.get(string(key[:]), now); used {
		return false, nil
	}
	if !s.assertions.add(string(key[:]), struct{}{}, now, claims.Expiry.Time()) {
		return false, &Error{
			Status: http.StatusServiceUnavailable, Code: "temporarily_unavailable",
			Description: "Too many assertions have been used that have not expired yet; try again later",
		}
	}
	return true, nil
}

// strangeHost says why an assertion that may be good is refused.
const strangeHost = "this fake tenant takes assertions at localhost, at the address of its machine, or at its option PublicURL"

// answersFor tells whether a request was sent to one of the tenant's own names.
// Audiences are spelled as requests are, so that otherwise an assertion that was made
// for somebody else's host would be good here, with that host's name.
func (s *Service) answersFor(r *http.Request) bool {
	if s.options.PublicURL != "" {
		return true // all requests are taken as sent to it
	}
	host := strings.Trim(route.HostOf(r.Host), "[]")
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return isLoopback(host) || strings.HasSuffix(host, ".localhost") || ok && route.HostOf(local.String()) == host
}

// isTokenEndpoint compares with the address that the request was sent to, whose
// default port may be there or not.
func (s *Service) isTokenEndpoint(r *http.Request, audience string) bool {
	given, err := url.Parse(audience)
	if err != nil {
		return false
	}
	base, err := url.Parse(s.options.BaseURL(r))
	if err != nil {
		return false
	}
	port := given.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[given.Scheme]
	}
	return given.Scheme == base.Scheme && strings.EqualFold(given.Hostname(), base.Hostname()) && port == base.Port() &&
		given.EscapedPath() == r.URL.EscapedPath() && given.User == nil && !strings.ContainsAny(audience, "?#")
}

// signed tells whether one of the account's keys made the signature.
func (a ServiceAccount) signed(token *jwt.JSONWebToken) bool {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal([]byte(a.JWKS), &set); err != nil {
		return false
	}
	for _, text := range set.Keys {
		// Keys that are not understood are to be ignored, RFC 7517 section 5.
		var key jose.JSONWebKey
		if json.Unmarshal(text, &key) != nil || !key.Valid() || !key.IsPublic() || key.Use != "" && key.Use != "sig" ||
			key.Algorithm != "" && key.Algorithm != token.Headers[0].Algorithm {
			continue
		}
		if token.Claims(key.Key, &jwt.Claims{}) == nil {
			return true
		}
	}
	return false
}

// grantedScopes is all that is asked for, or a refusal that names what the
// account lacks (recorded).
func (a ServiceAccount) grantedScopes(requested string) ([]string, *Error) {
	scopes := strings.Fields(requested)
	slices.Sort(scopes)
	scopes = slices.Compact(scopes)
	lacking := slices.DeleteFunc(slices.Clone(scopes), func(scope string) bool { return slices.Contains(a.Scopes, scope) })
	if len(lacking) > 0 {
		return nil, badRequest("invalid_scope", "Unsupported scope for service account: "+strings.Join(lacking, ","))
	}
	return scopes, nil
}

const (
	// sealedHeader has its members in the recorded order, which go-jose would sort.
	sealedHeader = `{"typ":"JWT","enc":"A128CBC-HS256","alg":"dir"}`
	// sealedTag is how long the authentication tag is, in bytes (RFC 7518, section 5.2.3).
	sealedTag = 16
)

// seal makes a service account's access token: encrypted, so that clients cannot
// read it (recorded). RFC 7516, sections 5.1 and 7.1.
func (s *Service) seal(c claims) (string, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("encode a token's claims: %w", err)
	}
	aead, err := josecipher.NewCBCHMAC(s.sealingKey, aes.NewCipher)
	if err != nil {
		return "", fmt.Errorf("encrypt a token: %w", err)
	}
	nonce := make([]byte, aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return "", fmt.Errorf("encrypt a token: %w", err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	header := encode([]byte(sealedHeader))
	sealed := aead.Seal(nil, nonce, text, []byte(header))
	tag := len(sealed) - sealedTag
	return strings.Join([]string{header, "", encode(nonce), encode(sealed[:tag]), encode(sealed[tag:])}, "."), nil
}

func (s *Service) unseal(token string) (json.RawMessage, error) {
	sealed, err := jose.ParseEncryptedCompact(token, []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A128CBC_HS256})
	if err != nil {
		return nil, fmt.Errorf("not an encrypted JWT: %w", err)
	}
	text, err := sealed.Decrypt(s.sealingKey)
	if err != nil {
		return nil, fmt.Errorf("decrypt a token: %w", err)
	}
	return text, nil
}

// accountCaller is who a service account's token stands for.
func (s *Service) accountCaller(c *claims) (route.Caller, bool) {
	account, ok := s.options.Identities.ServiceAccount(c.Subject)
	return route.Caller{ID: account.ID, Name: cmp.Or(account.Name, account.ID), Client: c.client(), Scopes: c.Scope, ServiceAccount: true}, ok
}
