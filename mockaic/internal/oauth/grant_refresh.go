package oauth

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// refreshToken is what a refresh token stands for.
type refreshToken struct {
	realm    string
	clientID string
	nonce    string // for ID tokens
	grantID  string
	subject  string
	scopes   []string
	audience []string // of access tokens; nil is the client
	actor    any      // who acts for the subject, and for whom that one acted; nil is nobody
	// authTime is when the subject logged in; clients that act for themselves don't.
	authTime   time.Time
	authLevel  int
	session    string // the token of the session
	operations string // names the session to ID tokens
	// code and state are those that the first ID token vouches for.
	code, state string
}

// grantRefresh rotates where the provider does: the refresh token that was sent is
// spent, but for its grace period. One that comes later is refused, and takes nothing
// with it.
func (s *Service) grantRefresh(r *http.Request, client *Client) (*tokenResponse, error) {
	value := r.PostForm.Get("refresh_token")
	if value == "" {
		return nil, badRequest("invalid_request", "Missing parameter, 'refresh_token'")
	}
	narrower := strings.Fields(r.PostForm.Get("scope"))
	slices.Sort(narrower)
	narrower = slices.Compact(narrower)
	token, failed := s.spend(r, value, client, narrower)
	if failed != nil {
		return nil, failed
	}
	if len(narrower) == 0 {
		narrower = token.scopes
	}
	return s.issue(r, client, grantRefresh, token, narrower)
}

func (s *Service) spend(r *http.Request, value string, client *Client, narrower []string) (refreshToken, *Error) {
	p := s.provider(r, client)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now()
	token, ok := s.refresh.get(value, now)
	if !ok || token.realm != realmOf(r) {
		return refreshToken{}, badRequest("invalid_grant", "grant is invalid")
	}
	if token.clientID != client.ID {
		return refreshToken{}, badRequest("invalid_grant", "Token was issued to a different client")
	}
	if g, ok := s.grants.get(token.grantID, now); !ok || g.revoked {
		return refreshToken{}, badRequest("invalid_grant", "grant is invalid")
	}
	if failed := checkScopes(narrower, token.scopes); failed != nil {
		return refreshToken{}, failed
	}
	if p.RenewRefreshToken {
		s.refresh.shorten(value, now.Add(p.RefreshTokenGrace))
	}
	return token, nil
}
