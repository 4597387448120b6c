package oauth

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// loginCookie ties a login form to the browser that it was sent to.
const loginCookie = "mockaic-login"

type loginPage struct {
	Realm, Goto, Token, UserName, Message string
}

// serveLogin is the hosted login page of a realm.
func (s *Service) serveLogin(w http.ResponseWriter, r *http.Request) {
	if !allow(w, r, http.MethodGet, http.MethodPost) {
		return
	}
	query := r.URL.Query()
	below := strings.Trim(query.Get("realm"), "/")
	if below != "" && !slices.Contains(s.options.Realms, below) {
		s.showErrorPage(w, r, http.StatusNotFound, "There is no such realm.")
		return
	}
	r = withRealm(r, root+below)
	page := loginPage{Realm: root + below, Goto: s.localGoto(r, query.Get("goto"))}
	if r.Method == http.MethodGet {
		s.showLogin(w, r, http.StatusOK, page)
		return
	}
	if err := parseForm(w, r); err != nil {
		s.showErrorPage(w, r, http.StatusBadRequest, "The form could not be read.")
		return
	}
	cookie, err := r.Cookie(loginCookie)
	if err != nil || subtle.ConstantTimeCompare([]byte(cookie.Value), []byte(r.PostForm.Get("csrf"))) != 1 {
		page.Message = "This page was open for too long or in another browser. Please log in again."
		s.showLogin(w, r, http.StatusBadRequest, page)
		return
	}
	page.UserName = r.PostForm.Get("username")
	person, ok := s.options.Identities.Authenticate(below, page.UserName, r.PostForm.Get("password"))
	s.logLogin(r, page.UserName, person, ok)
	if !ok {
		page.Message = "Authentication Failed: the user name or the password is wrong."
		s.showLogin(w, r, http.StatusForbidden, page)
		return
	}
	s.startSession(w, r, person.ID, person.Name)
	if page.Goto == "" {
		s.showPage(w, r, http.StatusOK, "welcome.html", person, "")
		return
	}
	redirect(w, page.Goto)
}

func (s *Service) showLogin(w http.ResponseWriter, r *http.Request, status int, page loginPage) {
	if cookie, err := r.Cookie(loginCookie); err == nil && len(cookie.Value) == 27 {
		page.Token = cookie.Value
	} else {
		page.Token = s.random(idBytes)
		http.SetCookie(w, &http.Cookie{
			Name: loginCookie, Value: page.Token, Path: "/am/XUI", HttpOnly: true,
			SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(s.options.BaseURL(r), "https:"),
		})
	}
	s.showPage(w, r, status, "login.html", page, "")
}

// localGoto accepts only addresses of this tenant, so that a login page cannot
// be made to send people elsewhere.
func (s *Service) localGoto(r *http.Request, target string) string {
	base, err := url.Parse(s.options.BaseURL(r))
	if err != nil {
		return ""
	}
	parsed, err := url.Parse(target)
	if err != nil || target == "" || parsed.User != nil {
		return ""
	}
	resolved := base.ResolveReference(parsed)
	if resolved.Scheme != base.Scheme || resolved.Host != base.Host || strings.HasPrefix(resolved.Path, "//") {
		return ""
	}
	return resolved.String()
}
