// Package login is how people get into a tenant over its JSON API: journeys, step
// by step, and the sessions that they lead to. It is apart from the configuration
// of journeys, in package am, which runners read.
package login

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/journey"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/session"
)

// Options are what a Service needs.
type Options struct {
	Runner   *journey.Runner
	Sessions *session.Store
	Realms   []string // below the root realm
	BaseURL  func(*http.Request) string
	// Authorize checks a bearer that may manage other people's sessions.
	Authorize func(*http.Request) (route.Caller, error)
	Headers   func(http.Header) // sets what AM's answers carry
	MaxBody   int64
	Logger    *slog.Logger
}

// Service answers what of /am/json has to do with logins.
type Service struct {
	options  Options
	sessions http.Handler
}

// mount is where the service is.
const mount = "/am/json"

// New returns the service.
func New(options Options) *Service {
	s := &Service{options: options}
	s.sessions = &route.CREST{
		Mount: mount, Authorize: s.authorize, Serve: s.serveSessions, Headers: func(h http.Header) {
			options.Headers(h)
			h.Set("X-Frame-Options", "DENY")
		},
		BareVersion: true, ContentType: "application/json;charset=UTF-8", MaxBody: options.MaxBody, BaseURL: options.BaseURL, Logger: options.Logger,
	}
	return s
}

// The resources of the service, below a realm.
const (
	authenticate = "authenticate"
	sessions     = "sessions"
	users        = "users"
)

// Serves tells whether a request is for the service.
func (s *Service) Serves(r *http.Request) bool {
	path, ok := strings.CutPrefix(r.URL.Path, mount+"/")
	elements := strings.Split(strings.TrimSuffix(path, "/"), "/")
	realm, resource := elements[:len(elements)-1], elements[len(elements)-1]
	switch {
	case !ok, resource == users && r.URL.Query().Get("_action") != idFromSession:
		return false
	case len(realm) == 1 && !slices.Contains(s.options.Realms, realm[0]):
		return resource == authenticate
	case len(realm) > 1 && (len(realm)%2 != 0 || realm[len(realm)-2] != "realms"):
		return false
	}
	return resource == authenticate || resource == sessions || resource == users
}

func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(strings.TrimSuffix(r.URL.Path, "/"), "/"+authenticate) {
		s.serveAuthenticate(w, r)
		return
	}
	s.sessions.ServeHTTP(w, r)
}

// realmOf reads the spellings of a realm: realms/root/realms/alpha, realms/alpha
// and alpha before the resource, and the parameter realm. It comes with its slash.
func (s *Service) realmOf(r *http.Request) (string, error) {
	path := strings.Split(strings.Trim(strings.TrimPrefix(r.URL.Path, mount), "/"), "/")
	path = path[:len(path)-1]
	name := strings.Trim(r.URL.Query().Get("realm"), "/")
	if len(path) == 1 && path[0] != "realms" {
		name, path = path[0], nil
	}
	for nested := false; len(path) >= 2 && path[0] == "realms"; nested = true {
		if !nested {
			name = ""
		}
		if nested || path[1] != "root" {
			name = strings.TrimPrefix(name+"/"+path[1], "/")
		}
		path = path[2:]
	}
	if len(path) > 0 || name != "" && !slices.Contains(s.options.Realms, name) {
		return "", crest.Errorf(http.StatusBadRequest, "Invalid Domain")
	}
	return "/" + name, nil
}
