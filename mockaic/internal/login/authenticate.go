package login

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/journey"
	"aicmcp/mockaic/internal/route"
)

// stepBody is a step, as it is sent and, with values filled in, sent back.
type stepBody struct {
	AuthID      string             `json:"authId"`
	Callbacks   []journey.Callback `json:"callbacks"`
	Stage       string             `json:"stage,omitempty"`
	Header      string             `json:"header,omitempty"`
	Description string             `json:"description,omitempty"`
}

// loginBody says that a journey has ended well.
type loginBody struct {
	Token      *string `json:"tokenId,omitempty"` // nil without a session
	SuccessURL string  `json:"successUrl"`
	Realm      string  `json:"realm"`
}

func (s *Service) serveAuthenticate(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	s.options.Headers(h)
	for name, value := range map[string]string{
		"Content-Security-Policy": "frame-ancestors 'self'", "X-Frame-Options": "SAMEORIGIN",
		"Content-API-Version": "resource=2.1", "Content-Type": "application/json", // without a charset (recorded)
	} {
		h.Set(name, value)
	}
	body, err := s.authenticate(w, r)
	status := http.StatusOK
	if err != nil {
		var refusal *crest.Error
		if !errors.As(err, &refusal) {
			s.options.Logger.ErrorContext(r.Context(), "login failed", "path", r.URL.Path, "error", err)
			refusal = crest.Errorf(http.StatusInternalServerError, "Internal Server Error")
		}
		if trail := route.TrailOf(r.Context()); trail.Reason == "" {
			trail.Reason = refusal.Error()
		}
		status, body = refusal.Code, refusal
	}
	if err := route.WriteJSON(w, status, body, false); err != nil {
		s.options.Logger.DebugContext(r.Context(), "answer not written", "path", r.URL.Path, "error", err)
	}
}

func (s *Service) authenticate(w http.ResponseWriter, r *http.Request) (any, error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, crest.Errorf(http.StatusMethodNotAllowed, "Method Not Allowed")
	}
	realm, err := s.realmOf(r)
	if err != nil {
		return nil, err
	}
	query := r.URL.Query()
	q := journey.Request{
		Realm: realm, BaseURL: s.options.BaseURL(r), Parameters: query, Header: r.Header, RemoteAddr: r.RemoteAddr,
		NoSession: query.Get("noSession") == "true",
	}
	if q.Service, err = serviceOf(query); err != nil {
		return nil, err
	}
	step, err := readStep(w, r, s.options.MaxBody)
	if err != nil {
		return nil, err
	}
	q.AuthID, q.Sent = step.AuthID, step.Callbacks
	current, loggedIn := s.options.Sessions.Current(r, realm)
	if loggedIn && q.AuthID == "" && query.Get("ForceAuth") != "true" {
		name, must := s.options.Runner.MustRun(realm, q.Service)
		if !must && (q.Service == "" || name == current.Service) {
			return loginBody{new(string), s.options.Runner.SuccessURL(realm), realm}, nil
		}
	}
	answer, err := s.options.Runner.Run(r.Context(), q)
	if err != nil {
		return nil, err
	}
	if answer.AuthID != "" {
		s.options.Sessions.SetServerCookie(w, r)
		return stepBody{answer.AuthID, answer.Callbacks, answer.Stage, answer.Header, answer.Description}, nil
	}
	login := loginBody{nil, answer.SuccessURL, answer.Realm}
	if answer.Token == "" {
		return login, nil
	}
	login.Token = &answer.Token
	if loggedIn {
		s.options.Sessions.Stop(r.Context(), current.Token)
		login.Token = new(string) // the cookie alone carries it
	}
	s.options.Sessions.SetCookie(w, r, answer.Token)
	s.options.Sessions.SetServerCookie(w, r)
	return login, nil
}

// serviceOf is the journey that the parameters name; "" is the realm's default.
func serviceOf(query url.Values) (string, error) {
	if query.Has("suspendedId") {
		return "", crest.Errorf(http.StatusNotImplemented, "suspended journeys are not implemented by this fake tenant")
	}
	switch kind := query.Get("authIndexType"); kind {
	case "", "service":
		return query.Get("authIndexValue"), nil
	default:
		return "", crest.Errorf(http.StatusNotImplemented, "the authIndexType %q is not implemented by this fake tenant", route.CutText(kind))
	}
}

// readStep reads a body, which may be empty.
func readStep(w http.ResponseWriter, r *http.Request, limit int64) (stepBody, error) {
	var step stepBody
	if header := r.Header.Get("Content-Type"); header != "" {
		if media, _, err := mime.ParseMediaType(header); err != nil || media != "application/json" {
			return step, crest.Errorf(http.StatusUnsupportedMediaType, "Unsupported Media Type")
		}
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return step, crest.Errorf(http.StatusRequestEntityTooLarge, "The request body is larger than the permitted %d bytes", limit)
	}
	if err != nil {
		return step, crest.Errorf(http.StatusBadRequest, "The request body could not be read")
	}
	if strings.TrimSpace(string(text)) == "" {
		return step, nil
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	if err := decoder.Decode(&step); err != nil {
		return step, crest.Errorf(http.StatusBadRequest, "Invalid JSON request body")
	}
	return step, nil
}
