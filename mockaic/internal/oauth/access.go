package oauth

import (
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/uuid"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
)

// claims are those of AM's client-based access tokens, in AM's order.
type claims struct {
	Subject     string         `json:"sub"`
	Storage     string         `json:"cts"`
	AuthLevel   int            `json:"auth_level"`
	TrackingID  string         `json:"auditTrackingId"`
	SubjectName string         `json:"subname"`
	Issuer      string         `json:"iss"`
	TokenName   string         `json:"tokenName"`
	TokenType   string         `json:"token_type"`
	GrantID     string         `json:"authGrantId"`
	ClientID    string         `json:"client_id"`
	Audience    string         `json:"aud"`
	NotBefore   int64          `json:"nbf"`
	GrantType   string         `json:"grant_type"`
	Scope       []string       `json:"scope"`
	AuthTime    int64          `json:"auth_time"`
	Realm       string         `json:"realm"`
	Expires     int64          `json:"exp"`
	IssuedAt    int64          `json:"iat"`
	ExpiresIn   int64          `json:"expires_in"` // the lifetime, not what is left
	ID          string         `json:"jti"`
	MayAct      map[string]any `json:"may_act,omitempty"`
}

// grant is what a user agreed to once; the tokens that follow from it can be
// revoked together.
type grant struct{ revoked bool }

// issueAccessToken makes an access token of a grant for a client.
func (s *Service) issueAccessToken(r *http.Request, client *Client, grantType, grantID, subject string, scopes []string, authTime time.Time) (string, error) {
	tracking, err := uuid.NewRandomFromReader(s.options.Chance)
	if err != nil {
		return "", fmt.Errorf("make a tracking ID: %w", err)
	}
	trail := route.TrailOf(r.Context())
	trail.Subject, trail.TrackingIDs = subject, append(trail.TrackingIDs, tracking.String())
	now := s.options.Now()
	lifetime := client.lifetime()
	if scopes == nil {
		scopes = []string{}
	}
	c := claims{
		Subject:     subject,
		Storage:     "OAUTH2_STATELESS_GRANT",
		TrackingID:  tracking.String(),
		SubjectName: subject,
		Issuer:      s.issuer(r),
		TokenName:   "access_token",
		TokenType:   "Bearer",
		GrantID:     grantID,
		ClientID:    client.ID,
		Audience:    client.ID,
		NotBefore:   now.Unix(),
		GrantType:   grantType,
		Scope:       scopes,
		AuthTime:    authTime.Unix(),
		Realm:       realmOf(r),
		Expires:     now.Add(lifetime).Unix(),
		IssuedAt:    now.Unix(),
		ExpiresIn:   int64(lifetime.Seconds()),
		ID:          s.random(idBytes),
		MayAct:      client.MayAct,
	}
	if grantType == grantJWT {
		return s.seal(c)
	}
	key, err := s.key()
	if err != nil {
		return "", err
	}
	return key.sign(c)
}

// openToken returns the claims of a token that this tenant made.
func (s *Service) openToken(token string) (claims, error) {
	var c claims
	if strings.Count(token, ".") == 4 { // five parts, RFC 7516 7.1
		return s.unseal(token)
	}
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return c, fmt.Errorf("not a signed JWT: %w", err)
	}
	key, err := s.key()
	if err != nil {
		return c, err
	}
	if err := parsed.Claims(&key.private.PublicKey, &c); err != nil {
		return c, fmt.Errorf("check the signature: %w", err)
	}
	return c, nil
}

// parseAccessToken checks that a token is one of this tenant's, unexpired and
// not revoked, of a realm.
func (s *Service) parseAccessToken(token, realm string) (*claims, error) {
	c, err := s.openToken(token)
	if err != nil {
		return nil, err
	}
	now := s.options.Now()
	switch {
	// The signature says that the token is this tenant's. Its issuer may be spelled
	// in several ways: localhost and 127.0.0.1, http and https, with and without
	// realms/root.
	case c.TokenName != "access_token" || c.Realm != realm:
		return nil, fmt.Errorf("not an access token of the realm %s", realm)
	case now.Unix() < c.NotBefore || now.Unix() >= c.Expires:
		return nil, fmt.Errorf("expired, or not valid yet")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if g, ok := s.grants.get(c.GrantID, now); !ok || g.revoked {
		return nil, fmt.Errorf("revoked")
	}
	return &c, nil
}

// Authorize checks that the bearer of a request to one of the tenant's APIs has
// the scopes. The error is the answer that the API gives.
func (s *Service) Authorize(r *http.Request, scopes ...string) (route.Caller, error) {
	denied := crest.Errorf(http.StatusUnauthorized, "Access Denied")
	headers := r.Header.Values("Authorization")
	if len(headers) != 1 {
		return route.Caller{}, denied
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return route.Caller{}, denied
	}
	if s.isDevToken(r, token) {
		return route.Caller{ID: "developer", Name: "developer", Developer: true}, nil
	}
	c, err := s.parseAccessToken(token, root)
	if err != nil {
		s.options.Logger.DebugContext(r.Context(), "bearer refused", "path", r.URL.Path, "reason", err)
		route.TrailOf(r.Context()).Debug("WARN", "org.forgerock.openam.oauth2", "The bearer is refused: "+err.Error())
		return route.Caller{}, denied
	}
	for _, scope := range scopes {
		if !slices.Contains(c.Scope, scope) {
			return route.Caller{}, crest.Errorf(http.StatusForbidden, route.AccessDenied)
		}
	}
	if c.ClientID == serviceAccountClient.ID {
		if caller, ok := s.accountCaller(c); ok {
			return caller, nil
		}
		return route.Caller{}, denied
	}
	person, ok := s.options.Identities.Administrator(c.Subject)
	if !ok {
		// Recorded: IDM answers 500 for a subject that is no managed object.
		return route.Caller{}, crest.Errorf(http.StatusInternalServerError, "Access Denied")
	}
	return route.Caller{ID: c.Subject, Name: person.UserName, Client: c.ClientID, Scopes: c.Scope, Administrator: true}, nil
}

// isDevToken accepts the developer's token from this machine only.
func (s *Service) isDevToken(r *http.Request, token string) bool {
	if s.options.DevToken == "" || subtle.ConstantTimeCompare([]byte(token), []byte(s.options.DevToken)) != 1 {
		return false
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil || !isLoopback(host) {
		return false
	}
	// Behind a proxy the peer is local though the caller is not.
	for _, forwarded := range []string{"Forwarded", "X-Forwarded-For", "Via"} {
		if r.Header.Get(forwarded) != "" {
			return false
		}
	}
	return true
}
