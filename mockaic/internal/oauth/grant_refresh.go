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
	authTime time.Time
}

// grantRefresh rotates: the refresh token that was sent is spent.
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
	var unknown []string
	for _, scope := range narrower {
		if !slices.Contains(token.scopes, scope) {
			unknown = append(unknown, scope)
		}
	}
	if len(unknown) > 0 {
		return refreshToken{}, badRequest("invalid_scope", "Unknown/invalid scope(s): ["+strings.Join(unknown, ", ")+"]")
	}
	s.refresh.remove(value)
	return token, nil
}
