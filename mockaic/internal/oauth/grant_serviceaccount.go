package oauth

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
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
	account, failed := s.assertedAccount(r)
	if failed != nil {
		return nil, failed
	}
	scopes, failed := account.grantedScopes(r.PostForm.Get("scope"))
	if failed != nil {
		return nil, failed
	}
	now := s.options.Now()
	access, err := s.issueAccessToken(r, client, grantJWT, s.newGrant(client, now), account.ID, scopes, now)
	if err != nil {
		return nil, err
	}
	return &tokenResponse{
		AccessToken: access, Scope: strings.Join(scopes, " "), TokenType: "Bearer",
		ExpiresIn: int64(client.lifetime().Seconds()) - 1,
	}, nil
}

// assertedAccount checks the assertion of a token request. The texts of its
// refusals are those recorded for other issuers.
func (s *Service) assertedAccount(r *http.Request) (ServiceAccount, *Error) {
	refuse := func(why string) (ServiceAccount, *Error) { return ServiceAccount{}, badRequest("invalid_grant", why) }
	assertion := r.PostForm.Get("assertion")
	if assertion == "" {
		return ServiceAccount{}, badRequest("invalid_request", "Missing parameter, 'assertion'")
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
	case !slices.ContainsFunc(claims.Audience, func(audience string) bool { return s.isTokenEndpoint(r, audience) }):
		return refuse("incorrect audience in JWT")
	case claims.Expiry == nil:
		return refuse("JWT must have an expiry")
	case !now.Before(claims.Expiry.Time()), claims.NotBefore != nil && now.Before(claims.NotBefore.Time()):
		return refuse("JWT has expired or is not valid yet")
	case claims.Expiry.Time().Sub(now) > maxAssertionAge:
		return refuse("JWT expires too far in the future")
	case !s.firstUse(claims, now):
		return refuse("JWT has been used before")
	}
	return account, nil
}

// firstUse notes an assertion that has an identifier.
func (s *Service) firstUse(claims jwt.Claims, now time.Time) bool {
	if claims.ID == "" {
		return true
	}
	key := claims.Issuer + "\n" + claims.ID
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, used := s.assertions.get(key, now); used {
		return false
	}
	s.assertions.put(key, struct{}{}, now, claims.Expiry.Time())
	return true
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
		given.Path == r.URL.Path && given.RawQuery == "" && given.Fragment == ""
}

// signed tells whether one of the account's keys made the signature.
func (a ServiceAccount) signed(token *jwt.JSONWebToken) bool {
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(a.JWKS), &set); err != nil {
		return false
	}
	for _, key := range set.Keys {
		if key.Valid() && key.IsPublic() && token.Claims(key.Key, &jwt.Claims{}) == nil {
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

// seal makes a service account's access token: encrypted, so that clients cannot
// read it (recorded).
func (s *Service) seal(c claims) (string, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("encode a token's claims: %w", err)
	}
	encrypter, err := jose.NewEncrypter(jose.A128CBC_HS256, jose.Recipient{Algorithm: jose.DIRECT, Key: s.sealingKey}, (&jose.EncrypterOptions{}).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("encrypt a token: %w", err)
	}
	sealed, err := encrypter.Encrypt(text)
	if err != nil {
		return "", fmt.Errorf("encrypt a token: %w", err)
	}
	return sealed.CompactSerialize()
}

func (s *Service) unseal(token string) (claims, error) {
	var c claims
	sealed, err := jose.ParseEncryptedCompact(token, []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A128CBC_HS256})
	if err != nil {
		return c, fmt.Errorf("not an encrypted JWT: %w", err)
	}
	text, err := sealed.Decrypt(s.sealingKey)
	if err != nil {
		return c, fmt.Errorf("decrypt a token: %w", err)
	}
	return c, json.Unmarshal(text, &c)
}

// accountCaller is who a service account's token stands for.
func (s *Service) accountCaller(c *claims) (route.Caller, bool) {
	account, ok := s.options.Identities.ServiceAccount(c.Subject)
	return route.Caller{ID: account.ID, Name: account.Name, Client: c.ClientID, Scopes: c.Scope, ServiceAccount: true}, ok
}
