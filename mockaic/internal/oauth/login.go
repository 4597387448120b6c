package oauth

import (
	"cmp"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/journey"
)

// loginCookie ties a login form to the browser that it was sent to.
const loginCookie = "mockaic-login"

// tooLate is said of a form that can't be taken any more.
const tooLate = "This page was open for too long or in another browser. Please log in again."

// hosted is a visit to the login page of a realm.
type hosted struct {
	*Service
	w       http.ResponseWriter
	r       *http.Request
	request journey.Request
	target  string // where to go after the login; "" is a page of its own
}

// serveLogin is the hosted login page of a realm. It goes through any journey, a
// page for each step.
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
	if kind := query.Get("authIndexType"); kind != "" && kind != "service" || query.Has("suspendedId") {
		s.showErrorPage(w, r, http.StatusNotImplemented, "This login is not implemented by this fake tenant.")
		return
	}
	base := s.options.BaseURL(r)
	h := &hosted{Service: s, w: w, r: r, target: journey.CheckLocalURL(base, query.Get("goto")), request: journey.Request{
		Realm: root + below, BaseURL: base, Service: cmp.Or(query.Get("service"), query.Get("authIndexValue")),
		Parameters: query, Header: http.Header{}, RemoteAddr: r.RemoteAddr,
	}}
	if r.Method == http.MethodGet {
		h.begin(http.StatusOK, "")
		return
	}
	if err := parseForm(w, r); err != nil {
		s.showErrorPage(w, r, http.StatusBadRequest, "The form could not be read.")
		return
	}
	cookie, err := r.Cookie(loginCookie)
	if err != nil || subtle.ConstantTimeCompare([]byte(cookie.Value), []byte(r.PostForm.Get("csrf"))) != 1 {
		h.begin(http.StatusBadRequest, tooLate)
		return
	}
	h.goOn()
}

// begin shows the first step of the journey.
func (h *hosted) begin(status int, message string) {
	answer, err := h.options.Journeys.Run(h.r.Context(), h.request)
	if err != nil {
		h.end(err)
		return
	}
	h.show(status, answer, message)
}

// goOn answers the step that the form is for; a form that names none is for the
// first one.
func (h *hosted) goOn() {
	asked, err := h.asked()
	if err != nil {
		h.fail(err)
		return
	}
	again := h.request
	h.request.Sent = fromForm(asked, h.r.PostForm)
	answer, err := h.options.Journeys.Run(h.r.Context(), h.request)
	h.request = again
	h.request.AuthID = ""
	if err != nil {
		h.fail(err)
		return
	}
	status, message := http.StatusOK, ""
	if answer.Problem != "" {
		status, message = http.StatusForbidden, failureText(answer.Problem)
	}
	h.show(status, answer, message)
}

func (h *hosted) asked() ([]journey.Callback, error) {
	h.request.AuthID = h.r.PostForm.Get("authId")
	if h.request.AuthID != "" {
		return h.options.Journeys.Asked(h.request.AuthID, h.request.Realm)
	}
	first, err := h.options.Journeys.Run(h.r.Context(), h.request)
	if err != nil {
		return nil, err
	}
	h.request.AuthID = first.AuthID
	return first.Callbacks, nil
}

// end shows why there is no step to show.
func (h *hosted) end(err error) {
	var refusal *crest.Error
	if !errors.As(err, &refusal) {
		h.Service.fail(h.w, h.r, "login page", err)
		return
	}
	h.showErrorPage(h.w, h.r, refusal.Code, refusal.Message)
}

// fail begins again where the login failed, and says why.
func (h *hosted) fail(err error) {
	var refusal *crest.Error
	if !errors.As(err, &refusal) || refusal.Code != http.StatusUnauthorized {
		h.end(err)
		return
	}
	detail, _ := refusal.Detail.(map[string]any)
	if target, _ := detail["failureUrl"].(string); target != "" {
		redirect(h.w, target)
		return
	}
	h.request.AuthID = ""
	if detail["errorCode"] != nil {
		h.begin(http.StatusForbidden, tooLate)
		return
	}
	h.begin(http.StatusForbidden, failureText(refusal.Message))
}

func failureText(message string) string {
	if message == "Login failure" {
		message = "the user name or the password is wrong."
	}
	return "Authentication Failed: " + message
}

// show asks what a step asks, or ends the login.
func (h *hosted) show(status int, answer *journey.Answer, message string) {
	if answer.AuthID != "" {
		h.showStep(status, answer, message)
		return
	}
	if answer.Token != "" {
		h.options.Sessions.SetCookie(h.w, h.r, answer.Token)
	}
	if answer.Chosen {
		redirect(h.w, answer.SuccessURL)
		return
	}
	h.showPage(h.w, h.r, http.StatusOK, "welcome.html", answer, "")
}

func (h *hosted) showStep(status int, answer *journey.Answer, message string) {
	page := loginPage{Realm: answer.Realm, Title: answer.Header, AuthID: answer.AuthID, Message: message, Action: h.address(h.request.Service)}
	if page.Title == "" {
		page.Title = "Log in"
	}
	page.Description = h.prose(answer.Description)
	if !page.add(answer.Callbacks, h.r.PostForm) {
		h.showErrorPage(h.w, h.r, http.StatusNotImplemented, "This step of the login can't be shown by this fake tenant's page.")
		return
	}
	if cookie, err := h.r.Cookie(loginCookie); err == nil && len(cookie.Value) == 27 {
		page.Token = cookie.Value
	} else {
		page.Token = h.random(idBytes)
		http.SetCookie(h.w, &http.Cookie{
			Name: loginCookie, Value: page.Token, Path: "/am/XUI", HttpOnly: true,
			SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(h.options.BaseURL(h.r), "https:"),
		})
	}
	h.showPage(h.w, h.r, status, "login.html", page, "")
}

// address is that of the login page for a journey; "" is the realm's default.
func (h *hosted) address(service string) string {
	query := "realm=" + h.request.Realm
	if h.target != "" {
		query += "&goto=" + url.QueryEscape(h.target)
	}
	if fallback := h.request.Parameters.Get("gotoOnFail"); fallback != "" {
		query += "&gotoOnFail=" + url.QueryEscape(fallback)
	}
	if service != "" {
		query += "&authIndexType=service&authIndexValue=" + url.QueryEscape(service)
	}
	return "/am/XUI/?" + query
}
