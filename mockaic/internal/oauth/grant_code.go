package oauth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"regexp"

	"aicmcp/mockaic/internal/session"
)

// code is an authorization code: what a user granted to a client.
type code struct {
	realm       string
	clientID    string
	nonce       string
	redirectURI string // as sent in the authorization request, "" if it was left out
	challenge   string
	method      string
	scopes      []string
	state       string
	session     session.Session
	grantID     string
	used        bool
}

var verifierForm = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`) // RFC 7636 4.1

func (s *Service) grantCode(r *http.Request, client *Client) (*tokenResponse, error) {
	value := r.PostForm.Get("code")
	if value == "" {
		return nil, badRequest("invalid_request", "Missing parameter, 'code'")
	}
	c, failed := s.redeem(r, value, client)
	if failed != nil {
		return nil, failed
	}
	if c.redirectURI != "" && r.PostForm.Get("redirect_uri") != c.redirectURI {
		return nil, invalidGrant()
	}
	if failed := checkVerifier(c.challenge, c.method, r.PostForm.Get("code_verifier")); failed != nil {
		return nil, failed
	}
	g := s.granted(c.session, c.grantID, c.scopes, c.nonce)
	g.code, g.state = value, c.state
	response, err := s.issue(r, client, grantCode, g, c.scopes)
	if err != nil {
		s.restore(value, c)
	}
	return response, err
}

// restore lets a code be used again that gave no tokens: AM takes it out of use when
// it has made one. If it came again meanwhile it stays what was stolen.
func (s *Service) restore(value string, c code) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g, ok := s.grants.get(c.grantID, s.options.Now()); ok && !g.revoked {
		c.used = false
		s.codes.update(value, c)
	}
}

// redeem takes a code out of use. A code that comes a second time has been
// stolen: the tokens it gave are revoked (RFC 6749 4.1.2).
func (s *Service) redeem(r *http.Request, value string, client *Client) (code, *Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.codes.get(value, s.options.Now())
	if !ok || c.clientID != client.ID || c.realm != realmOf(r) {
		return code{}, invalidGrant()
	}
	if c.used {
		s.revokeGrant(c.grantID)
		return code{}, invalidGrant()
	}
	c.used = true
	s.codes.update(value, c)
	return c, nil
}

// granted is what somebody who is logged in grants.
func (s *Service) granted(by session.Session, grantID string, scopes []string, nonce string) refreshToken {
	return refreshToken{
		grantID: grantID, nonce: nonce, subject: by.UserID, scopes: scopes, authTime: by.Started, authLevel: by.AuthLevel,
		session: by.Token, operations: s.random(idBytes),
	}
}

// checkVerifier refuses a verifier of a code without a challenge, too: somebody took
// the challenge out of the request (RFC 9700 4.8.2).
func checkVerifier(challenge, method, verifier string) *Error {
	switch {
	case challenge == "" && verifier == "":
		return nil
	case challenge == "":
		return invalidGrant()
	case verifier == "":
		return badRequest("invalid_request", "code_verifier parameter required")
	}
	if !verifierForm.MatchString(verifier) {
		return invalidGrant()
	}
	if method == "S256" {
		digest := sha256.Sum256([]byte(verifier))
		verifier = base64.RawURLEncoding.EncodeToString(digest[:])
	}
	if subtle.ConstantTimeCompare([]byte(verifier), []byte(challenge)) != 1 {
		return invalidGrant()
	}
	return nil
}
