package oauth

import (
	"net/http"
	"net/url"
	"slices"
)

// serveEndSession logs out who an ID token is about: OpenID Connect RP-Initiated
// Logout 1.0. Tokens stay good.
func (s *Service) serveEndSession(w http.ResponseWriter, r *http.Request) {
	if !allow(w, r, http.MethodGet, http.MethodPost) {
		return
	}
	params := r.URL.Query()
	if r.Method == http.MethodPost {
		if failed := parseForm(w, r); failed != nil {
			writeError(w, r, failed)
			return
		}
		params = r.Form
	}
	hint := params.Get("id_token_hint")
	if hint == "" {
		writeError(w, r, badRequest("bad_request", "The endSession endpoint requires an id_token_hint parameter"))
		return
	}
	c, _, client := s.idTokenOf(r, hint)
	if client == nil {
		writeError(w, r, badRequest("bad_request", "The id_token_hint is not an ID token of this realm"))
		return
	}
	target := params.Get("post_logout_redirect_uri")
	if target != "" && !slices.Contains(client.PostLogoutURIs, target) {
		writeError(w, r, badRequest("redirect_uri_mismatch", "The redirection URI provided does not match a pre-registered value."))
		return
	}
	s.mu.Lock()
	session, ok := s.operations.get(c.Operations, s.options.Now())
	s.operations.remove(c.Operations)
	s.mu.Unlock()
	if ok {
		s.options.Sessions.Stop(r.Context(), session)
	}
	if target == "" {
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if state := params.Get("state"); state != "" {
		parsed, err := url.Parse(target)
		if err != nil {
			s.fail(w, r, "logout", err)
			return
		}
		query := parsed.Query()
		query.Set("state", state)
		parsed.RawQuery = query.Encode()
		target = parsed.String()
	}
	redirect(w, target)
}
