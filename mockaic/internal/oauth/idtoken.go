package oauth

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
)

const openID = "openid"

// idClaims are those of AM's ID tokens, in AM's order.
type idClaims struct {
	AccessTokenHash string `json:"at_hash"`
	CodeHash        string `json:"c_hash,omitempty"`
	StateHash       string `json:"s_hash,omitempty"`
	Subject         string `json:"sub"`
	TrackingID      string `json:"auditTrackingId"`
	SubjectName     string `json:"subname,omitempty"`
	Issuer          string `json:"iss"`
	TokenName       string `json:"tokenName"`
	SessionID       string `json:"sid,omitempty"`
	Audience        string `json:"aud"`
	Party           string `json:"azp"`
	ContextClass    string `json:"acr"`
	Nonce           string `json:"nonce,omitempty"`
	Operations      string `json:"org.forgerock.openidconnect.ops,omitempty"`
	AuthTime        int64  `json:"auth_time,omitempty"`
	Realm           string `json:"realm"`
	Expires         int64  `json:"exp"`
	IssuedAt        int64  `json:"iat"`
	TokenType       string `json:"tokenType"`
	MayAct          any    `json:"may_act,omitempty"`
	Act             any    `json:"act,omitempty"`
	profile
}

// issueIDToken says who granted an access token; it says nothing without the
// scope openid.
func (s *Service) issueIDToken(r *http.Request, client *Client, g refreshToken, access string) (string, error) {
	if !slices.Contains(g.scopes, openID) {
		return "", nil
	}
	p := s.provider(r, client)
	name := client.IDTokenAlgorithm
	if name == "" && realmOf(r) == root {
		name = "RS256" // recorded
	}
	a, known := algorithmOf(name)
	if !known || a.family == "HS" && client.Secret == "" {
		return "", unknownAlgorithm()
	}
	c, _, err := s.openToken(access)
	if err != nil {
		return "", err
	}
	mayAct, err := s.runIDTokenMayAct(r, client, g.scopes)
	if err != nil {
		return "", err
	}
	now := s.options.Now()
	claims := idClaims{
		AccessTokenHash: a.half(access),
		CodeHash:        a.half(g.code),
		StateHash:       a.half(g.state),
		Subject:         g.subject,
		TrackingID:      c.TrackingID,
		Issuer:          s.issuer(r),
		TokenName:       "id_token",
		SessionID:       sessionID(g.session),
		Audience:        client.ID,
		Party:           client.ID,
		ContextClass:    "0",
		Nonce:           g.nonce,
		Realm:           realmOf(r),
		Expires:         now.Add(p.IDTokenLifetime).Unix(),
		IssuedAt:        now.Unix(),
		TokenType:       "JWTToken",
		MayAct:          mayAct,
		Act:             g.actor,
	}
	if !g.authTime.IsZero() {
		claims.AuthTime = g.authTime.Unix()
	}
	if p.SubjectNameInTokens {
		claims.SubjectName = g.subject
	}
	if p.StoreOperations && g.session != "" {
		claims.Operations = g.operations
		if current, ok := s.options.Sessions.Find(g.session); ok {
			s.mu.Lock()
			s.operations.put(g.operations, g.session, now, current.End())
			s.mu.Unlock()
		}
	}
	if p.ClaimsInIDToken {
		claims.profile = s.profileOf(r, g.subject, g.scopes)
	}
	token, err := s.sign(a, []byte(client.Secret), "JWT", claims)
	if err == nil && a.family == "HS" {
		s.mu.Lock()
		s.shared.put(token, struct{}{}, now, now.Add(p.IDTokenLifetime))
		s.mu.Unlock()
	}
	return token, err
}

// made tells whether this tenant signed an ID token, and not a client with its secret.
func (s *Service) made(token string) bool {
	if _, err := s.verify(token, nil); err == nil {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.shared.get(token, s.options.Now())
	return ok
}

// sessionID names a session to clients, for the logout.
func sessionID(token string) string {
	if token == "" {
		return ""
	}
	digest := sha256.Sum256([]byte(token))
	return base64.StdEncoding.EncodeToString(digest[:])
}

// idTokenOf returns the claims of an ID token of the request's realm, expired or
// not, and the client that it is for. The claims come also as they stand in the token.
func (s *Service) idTokenOf(r *http.Request, token string) (c idClaims, text []byte, client *Client) {
	unverified, err := claimsOf(token)
	if err != nil {
		return c, nil, nil
	}
	if client = s.client(r, unverified.Audience); client == nil {
		return c, nil, nil
	}
	var secret []byte // no key for tokens that are signed by a private one
	if a, _ := algorithmOf(client.IDTokenAlgorithm); a.family == "HS" {
		secret = []byte(client.Secret)
	}
	text, err = s.verify(token, secret)
	if err != nil || unverified.TokenName != "id_token" || unverified.Realm != realmOf(r) {
		return c, nil, nil
	}
	return unverified, text, client
}
