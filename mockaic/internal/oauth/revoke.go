package oauth

import (
	"net/http"
	"time"
)

// serveRevoke makes a token invalid; a refresh token goes with all tokens of its
// grant. What is no token of the client's is passed over.
func (s *Service) serveRevoke(w http.ResponseWriter, r *http.Request) {
	if !allow(w, r, http.MethodPost) {
		return
	}
	client, failed := s.formOfClient(w, r)
	if failed != nil {
		if failed.Code == "invalid_client" { // documented, also for credentials in the header
			failed.Status, failed.Challenge = http.StatusBadRequest, ""
		}
		writeError(w, r, failed)
		return
	}
	token := r.PostForm.Get("token")
	if token == "" {
		writeError(w, r, badRequest("invalid_request", "Missing parameter: token"))
		return
	}
	s.revoke(r, client, token)
	writeJSON(w, http.StatusOK, struct{}{})
}

func (s *Service) revoke(r *http.Request, client *Client, token string) {
	c, _, err := s.openToken(token)
	now := s.options.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if kept, ok := s.refresh.get(token, now); ok && kept.clientID == client.ID && kept.realm == realmOf(r) {
		s.refresh.remove(token)
		s.revokeGrant(kept.grantID)
		return
	}
	if err == nil && c.client() == client.ID && c.Realm == realmOf(r) {
		if !s.denied.add(c.ID, struct{}{}, now, time.Unix(c.Expires, 0)) {
			s.revokeGrant(c.GrantID) // more than was asked for, as there is no room to note the token alone
		}
	}
}
