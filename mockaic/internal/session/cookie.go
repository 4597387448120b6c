package session

import (
	"net"
	"net/http"
	"strings"

	"aicmcp/mockaic/internal/route"
)

// CookieName is that of the tenant's cookie.
func (s *Store) CookieName() string { return s.options.CookieName }

// TokenOf is the token that a request has in the tenant's cookie, or in a header
// of the same name, as scripts send it.
func (s *Store) TokenOf(r *http.Request) string {
	if cookie, err := r.Cookie(s.options.CookieName); err == nil {
		return cookie.Value
	}
	return r.Header.Get(s.options.CookieName)
}

// MayBeForged tells of a request that the page of another site could have sent with
// the person's cookie: one that changes something and has none of the headers that
// such a page can't set.
func (s *Store) MayBeForged(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	_, err := r.Cookie(s.options.CookieName)
	return err == nil && r.Header.Get("X-Requested-With") == "" && r.Header.Get("Accept-API-Version") == ""
}

// Current returns the session of a request in a realm, and uses it.
func (s *Store) Current(r *http.Request, realm string) (Session, bool) {
	found, ok := s.Find(s.TokenOf(r))
	if !ok || found.Realm != realm {
		return Session{}, false
	}
	return s.Use(found.Token)
}

// SetCookie gives the token to the browser.
func (s *Store) SetCookie(w http.ResponseWriter, r *http.Request, token string) {
	s.setCookie(w, r, s.options.CookieName, token)
}

// SetServerCookie names the server that a load balancer shall stay with.
func (s *Store) SetServerCookie(w http.ResponseWriter, r *http.Request) {
	s.setCookie(w, r, "amlbcookie", "01")
}

// setCookie writes attributes in AM's order. Over plain HTTP, where browsers would
// drop such a cookie, it is for this site only.
func (s *Store) setCookie(w http.ResponseWriter, r *http.Request, name, value string) {
	text := name + "=" + value + "; Path=/"
	if domain := route.HostOf(r.Host); strings.Contains(domain, ".") && net.ParseIP(domain) == nil {
		text += "; Domain=" + domain
	}
	if strings.HasPrefix(s.options.BaseURL(r), "https:") {
		text += "; Secure; HttpOnly; SameSite=none"
	} else {
		text += "; HttpOnly; SameSite=lax"
	}
	w.Header().Add("Set-Cookie", text)
}
