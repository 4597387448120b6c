package oauth

import (
	"net/http"
	"strings"
	"time"

	"aicmcp/mockaic/internal/route"
)

// session is a login of a person in a browser.
type session struct {
	realm   string
	subject string
	name    string // for display
	started time.Time
	seen    time.Time
}

// startSession logs a person in and sets the tenant's cookie.
func (s *Service) startSession(w http.ResponseWriter, r *http.Request, subject, name string) {
	now := s.options.Now()
	// A server-side session of AM: random, then where it is kept.
	token := s.random(idBytes) + ".*AAJTSQACMDEAAlNLABx" + s.random(21) + "..*"
	s.mu.Lock()
	s.sessions.put(token, session{realmOf(r), subject, name, now, now}, now, now.Add(sessionLifetime))
	s.mu.Unlock()
	trail := route.TrailOf(r.Context())
	trail.Write(route.AMActivity, map[string]any{
		"eventName": "AM-SESSION-CREATED", "component": "Session", "realm": realmOf(r), "operation": "CREATE",
		"objectId": sessionID(trail), "userId": universalID(realmOf(r), subject), "runAs": universalID(realmOf(r), subject), "trackingIds": trail.TrackingIDs,
	})
	cookie := &http.Cookie{Name: s.options.CookieName, Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if strings.HasPrefix(s.options.BaseURL(r), "https:") {
		cookie.Secure, cookie.SameSite = true, http.SameSiteNoneMode
	}
	http.SetCookie(w, cookie)
}

// currentSession finds a session in the request's realm by the tenant's cookie, or by a header of
// the same name, as scripts send it.
func (s *Service) currentSession(r *http.Request) (token string, found session, ok bool) {
	if cookie, err := r.Cookie(s.options.CookieName); err == nil {
		token = cookie.Value
	} else {
		token = r.Header.Get(s.options.CookieName)
	}
	now := s.options.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok = s.sessions.get(token, now)
	if !ok || now.Sub(found.seen) >= sessionIdle {
		s.sessions.remove(token)
		return "", session{}, false
	}
	if found.realm != realmOf(r) {
		return "", session{}, false
	}
	found.seen = now
	s.sessions.update(token, found)
	return token, found, true
}
