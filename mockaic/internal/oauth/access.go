package oauth

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
)

// claims are those of AM's client-based access tokens, in AM's order.
type claims struct {
	Subject     string         `json:"sub"`
	Storage     string         `json:"cts,omitempty"`
	AuthLevel   *int           `json:"auth_level,omitempty"`
	TrackingID  string         `json:"auditTrackingId"`
	SubjectName string         `json:"subname,omitempty"`
	Issuer      string         `json:"iss"`
	TokenName   string         `json:"tokenName"`
	TokenType   string         `json:"token_type"`
	GrantID     string         `json:"authGrantId"`
	ClientID    string         `json:"client_id,omitempty"`
	Audience    audience       `json:"aud"`
	NotBefore   int64          `json:"nbf"`
	GrantType   string         `json:"grant_type"`
	Scope       scopeList      `json:"scope"`
	AuthTime    int64          `json:"auth_time,omitempty"`
	Realm       string         `json:"realm"`
	Expires     int64          `json:"exp"`
	IssuedAt    int64          `json:"iat"`
	ExpiresIn   int64          `json:"expires_in"` // the lifetime, not what is left
	ID          string         `json:"jti"`
	MayAct      map[string]any `json:"may_act,omitempty"`
	Act         any            `json:"act,omitempty"`
}

// client is the client that a token was made for.
func (c *claims) client() string {
	if c.ClientID == "" && len(c.Audience) > 0 {
		return c.Audience[0]
	}
	return c.ClientID
}

// audience is a text if it is one.
type audience []string

func (a audience) MarshalJSON() ([]byte, error) {
	if len(a) == 1 {
		return json.Marshal(a[0])
	}
	return json.Marshal([]string(a))
}

func (a *audience) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(a))
}

// scopeList may be a text, too, where a script made it one.
type scopeList []string

func (s *scopeList) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*s = strings.Fields(one)
		return nil
	}
	return json.Unmarshal(text, (*[]string)(s))
}

// grant is what a user agreed to once; the tokens that follow from it can be
// revoked together.
type grant struct{ revoked bool }

// issued is a new access token, with what its scripts add to the answer.
type issued struct {
	token  string
	scopes []string
	extra  map[string]any
}

// issueAccessToken makes an access token of a grant for a client.
func (s *Service) issueAccessToken(r *http.Request, client *Client, grantType string, g refreshToken, scopes []string) (issued, error) {
	tracking, err := uuid.NewRandomFromReader(s.options.Chance)
	if err != nil {
		return issued{}, fmt.Errorf("make a tracking ID: %w", err)
	}
	trail := route.TrailOf(r.Context())
	trail.Subject, trail.TrackingIDs = g.subject, append(trail.TrackingIDs, tracking.String())
	now, p := s.options.Now(), s.provider(r, client)
	lifetime := p.AccessTokenLifetime
	if scopes == nil {
		scopes = []string{}
	}
	c := claims{
		Subject:    g.subject,
		TrackingID: tracking.String(),
		Issuer:     s.issuer(r),
		TokenName:  "access_token",
		TokenType:  "Bearer",
		GrantID:    g.grantID,
		Audience:   g.audience,
		NotBefore:  now.Unix(),
		GrantType:  grantType,
		Scope:      scopes,
		Realm:      realmOf(r),
		Expires:    now.Add(lifetime).Unix(),
		IssuedAt:   now.Unix(),
		ExpiresIn:  int64(lifetime.Seconds()),
		ID:         s.random(idBytes),
		MayAct:     client.MayAct,
		Act:        g.actor,
	}
	if c.Audience == nil {
		c.Audience = audience{client.ID}
	}
	if p.Stateless {
		c.Storage = "OAUTH2_STATELESS_GRANT"
	}
	if p.SubjectNameInTokens {
		c.SubjectName = g.subject
	}
	if p.ClientIDInTokens || !p.Stateless {
		c.ClientID = client.ID
	}
	if !g.authTime.IsZero() {
		c.AuthTime, c.AuthLevel = g.authTime.Unix(), &g.authLevel
	}
	if grantType == grantJWT {
		sealed, err := s.seal(c)
		return issued{token: sealed, scopes: scopes}, err
	}
	changed, err := s.runTokenScripts(r, client, c)
	if err != nil {
		return issued{}, err
	}
	token, err := s.makeToken(p, changed.claims, now.Add(lifetime))
	return issued{token: token, scopes: changed.scopes, extra: changed.extra}, err
}

// makeToken makes an access token: a JWT, or the name of one that is kept here.
func (s *Service) makeToken(p Provider, claims any, expires time.Time) (string, error) {
	if p.Stateless {
		a, known := algorithmOf(p.SigningAlgorithm)
		if !known {
			return "", unknownAlgorithm()
		}
		return s.sign(a, s.keys.mac, "JWT", claims)
	}
	text, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encode a token's claims: %w", err)
	}
	token, now := s.random(idBytes), s.options.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opaque.put(token, text, now, expires)
	return token, nil
}

// openToken returns the claims of a token that this tenant made, also as they stand
// in it.
func (s *Service) openToken(token string) (c claims, text json.RawMessage, err error) {
	switch strings.Count(token, ".") {
	case 0:
		s.mu.Lock()
		defer s.mu.Unlock()
		kept, ok := s.opaque.get(token, s.options.Now())
		if !ok {
			return c, nil, errors.New("not known")
		}
		text = kept
	case 4: // five parts, RFC 7516 7.1
		text, err = s.unseal(token)
	default:
		text, err = s.verify(token, s.keys.mac)
	}
	if err != nil {
		return c, nil, err
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, nil, fmt.Errorf("decode a token's claims: %w", err)
	}
	return c, text, nil
}

// parseAccessToken checks that a token is one of this tenant's, unexpired and
// not revoked, of a realm.
func (s *Service) parseAccessToken(token, realm string) (*claims, error) {
	c, _, err := s.openToken(token)
	if err != nil {
		return nil, err
	}
	return &c, s.checkAccessToken(&c, realm)
}

func (s *Service) checkAccessToken(c *claims, realm string) error {
	now := s.options.Now()
	switch {
	// The signature says that the token is this tenant's. Its issuer may be spelled
	// in several ways: localhost and 127.0.0.1, http and https, with and without
	// realms/root.
	case c.TokenName != "access_token" || c.Realm != realm:
		return fmt.Errorf("not an access token of the realm %s", realm)
	case now.Unix() < c.NotBefore || now.Unix() >= c.Expires:
		return errors.New("expired, or not valid yet")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, ok := s.grants.get(c.GrantID, now)
	if _, denied := s.denied.get(c.ID, now); !ok || g.revoked || denied {
		return errors.New("revoked")
	}
	return nil
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
	if c.client() == serviceAccountClient.ID {
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
	return route.Caller{ID: c.Subject, Name: person.UserName, Client: c.client(), Scopes: c.Scope, Administrator: true}, nil
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
