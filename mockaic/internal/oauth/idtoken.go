package oauth

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"time"
)

const openID = "openid"

// idClaims are those of AM's ID tokens, in AM's order.
type idClaims struct {
	AccessTokenHash string `json:"at_hash"`
	Subject         string `json:"sub"`
	TrackingID      string `json:"auditTrackingId"`
	SubjectName     string `json:"subname"`
	Issuer          string `json:"iss"`
	TokenName       string `json:"tokenName"`
	Audience        string `json:"aud"`
	Party           string `json:"azp"`
	ContextClass    string `json:"acr"`
	Nonce           string `json:"nonce,omitempty"`
	AuthTime        int64  `json:"auth_time"`
	Realm           string `json:"realm"`
	Expires         int64  `json:"exp"`
	TokenType       string `json:"tokenType"`
	IssuedAt        int64  `json:"iat"`
}

const idTokenLifetime = time.Hour

// issueIDToken says who granted an access token; it says nothing without the
// scope openid.
func (s *Service) issueIDToken(r *http.Request, client *Client, g refreshToken, access string) (string, error) {
	if !slices.Contains(g.scopes, openID) {
		return "", nil
	}
	key, err := s.key()
	if err != nil {
		return "", err
	}
	c, err := s.openToken(access)
	if err != nil {
		return "", err
	}
	half := sha256.Sum256([]byte(access))
	now := s.options.Now()
	return key.sign(idClaims{
		AccessTokenHash: base64.RawURLEncoding.EncodeToString(half[:len(half)/2]), // OpenID Connect Core 3.1.3.6
		Subject:         g.subject,
		TrackingID:      c.TrackingID,
		SubjectName:     g.subject,
		Issuer:          s.issuer(r),
		TokenName:       "id_token",
		Audience:        client.ID,
		Party:           client.ID,
		ContextClass:    "0",
		Nonce:           g.nonce,
		AuthTime:        g.authTime.Unix(),
		Realm:           realmOf(r),
		Expires:         now.Add(idTokenLifetime).Unix(),
		TokenType:       "JWTToken",
		IssuedAt:        now.Unix(),
	})
}
