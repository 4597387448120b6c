package oauth

import (
	"crypto/subtle"
	"net/http"
	"net/url"

	"aicmcp/mockaic/internal/session"
)

type devicePage struct {
	Action, UserCode, Message string
	Done                      string // what happened, in the end
}

// serveUserCode is where people type the code that a device shows, RFC 8628
// section 3.3.
func (s *Service) serveUserCode(w http.ResponseWriter, r *http.Request) {
	if !allow(w, r, http.MethodGet, http.MethodPost) {
		return
	}
	params := r.URL.Query()
	if r.Method == http.MethodPost {
		if failed := parseForm(w, r); failed != nil {
			s.showErrorPage(w, r, http.StatusBadRequest, failed.Description)
			return
		}
		params = r.Form
	}
	if problem := checkSize(params); problem != "" {
		s.showErrorPage(w, r, http.StatusBadRequest, problem)
		return
	}
	userCode := params.Get("user_code")
	current, loggedIn := s.loggedIn(r)
	switch {
	case !loggedIn && (userCode != "" && r.Method == http.MethodPost || !s.provider(r, nil).OpenUserCodeForm):
		query := url.Values{}
		for _, name := range []string{"user_code", "realm"} {
			if params.Get(name) != "" {
				query.Set(name, params.Get(name))
			}
		}
		s.redirectToLogin(w, r, query.Encode(), "")
		return
	case userCode == "" || r.Method == http.MethodGet:
		s.showUserCode(w, r, http.StatusOK, userCode, "")
		return
	}
	code, d, client := s.waiting(r, userCode)
	if client == nil {
		s.showUserCode(w, r, http.StatusOK, "", "There is no such code, or it has been used or has expired. Look at your device again.")
		return
	}
	s.decideDevice(w, r, params, current, code, d, client)
}

// waiting finds a device by the code that it shows.
func (s *Service) waiting(r *http.Request, userCode string) (code string, d device, client *Client) {
	now := s.options.Now()
	s.mu.Lock()
	code, ok := s.userCodes.get(userCodeKey(r, userCode), now)
	if ok {
		d, ok = s.devices.get(code, now)
	}
	s.mu.Unlock()
	if !ok || d.by.Token != "" {
		return "", device{}, nil
	}
	return code, d, s.client(r, d.clientID)
}

func (s *Service) decideDevice(w http.ResponseWriter, r *http.Request, params url.Values, current session.Session, code string, d device, client *Client) {
	a := &authorization{params: url.Values{"user_code": {d.userCode}}, client: client, scopes: d.scopes}
	implied := client.ConsentImplied && s.provider(r, client).ClientsCanSkipConsent
	decision := params.Get("decision")
	switch {
	case decision == "" && (implied || s.hasConsented(current, a)):
	case decision == "":
		s.showConsent(w, r, a, current)
		return
	case subtle.ConstantTimeCompare([]byte(params.Get("csrf")), []byte(current.Token)) != 1:
		s.showErrorPage(w, r, http.StatusBadRequest, "The form was not sent by this tenant's page.")
		return
	case decision == "deny":
		s.endDevice(r, code, d, nil)
		s.showPage(w, r, http.StatusOK, "device.html", devicePage{Done: "You denied the access. You can close this page."}, "; form-action 'none'")
		return
	case decision != "allow":
		s.showErrorPage(w, r, http.StatusBadRequest, "The decision must be allow or deny.")
		return
	case params.Get("save_consent") == "on":
		s.saveConsent(current, a)
	}
	s.endDevice(r, code, d, &current)
	s.showPage(w, r, http.StatusOK, "device.html", devicePage{Done: "Your device is connected. You can close this page and go back to it."}, "; form-action 'none'")
}

// endDevice takes the code of a device out of use. A device that nobody allowed is
// forgotten.
func (s *Service) endDevice(r *http.Request, code string, d device, by *session.Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.userCodes.remove(userCodeKey(r, d.userCode))
	if by == nil {
		s.devices.remove(code)
		return
	}
	if now, ok := s.devices.get(code, s.options.Now()); ok && now.by.Token == "" {
		now.by = *by
		s.devices.update(code, now)
	}
}

func (s *Service) showUserCode(w http.ResponseWriter, r *http.Request, status int, userCode, message string) {
	s.showPage(w, r, status, "device.html", devicePage{Action: formAction(r), UserCode: userCode, Message: message}, "; form-action 'self'")
}
