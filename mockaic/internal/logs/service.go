package logs

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

// The scope that opens the logs to a person's bearer.
const scopeMonitoring = "fr:idc:monitoring:*"

// Options are what a Service needs.
type Options struct {
	Log       *Log
	Store     *store.Store
	Now       func() time.Time
	Chance    io.Reader // safe for concurrent use
	Authorize func(*http.Request) (route.Caller, error)
	// PerMinute is how many requests the log API answers in a minute.
	PerMinute int
	Logger    *slog.Logger
}

// Service answers /monitoring/logs and /keys.
type Service struct {
	options Options

	mu     sync.Mutex
	minute time.Time // when the current minute of the rate limit began
	used   int
}

// New returns the service.
func New(options Options) *Service { return &Service{options: options} }

func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	status := http.StatusOK
	body, err := s.serve(w, r)
	if err != nil {
		refusal := crest.Errorf(http.StatusInternalServerError, "Internal Server Error")
		if !errors.As(err, &refusal) {
			s.options.Logger.ErrorContext(r.Context(), "request failed", "path", r.URL.Path, "error", err)
		}
		route.TrailOf(r.Context()).Reason = refusal.Error()
		status, body = refusal.Code, map[string]any{"code": refusal.Code, "message": refusal.Error()}
	}
	if body == nil {
		w.Header().Del("Content-Type")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if err := route.WriteJSON(w, status, body, false); err != nil {
		s.options.Logger.WarnContext(r.Context(), "answer not written", "path", r.URL.Path, "error", err)
	}
}

func (s *Service) serve(w http.ResponseWriter, r *http.Request) (any, error) {
	path := strings.Trim(r.URL.Path, "/")
	if path == "keys" || strings.HasPrefix(path, "keys/") {
		return s.serveKeys(r, strings.TrimPrefix(strings.TrimPrefix(path, "keys"), "/"))
	}
	if err := s.admit(r); err != nil {
		return nil, err
	}
	if err := s.limit(w); err != nil {
		return nil, err
	}
	if r.Method != http.MethodGet {
		return nil, refuse(http.StatusNotFound, "path %s was not found", r.URL.Path)
	}
	params, err := crest.ParseParams(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	switch path {
	case "monitoring/logs":
		return s.query(r.Context(), params, false)
	case "monitoring/logs/tail":
		return s.query(r.Context(), params, true)
	case "monitoring/logs/sources":
		return listSources(), nil
	}
	return nil, refuse(http.StatusNotFound, "path %s was not found", r.URL.Path)
}

// admit lets in who has an API key, or a person whose bearer has the scope. A
// service account is nobody here, whatever its scopes (recorded).
func (s *Service) admit(r *http.Request) error {
	if id, secret := r.Header.Get("X-Api-Key"), r.Header.Get("X-Api-Secret"); id != "" || secret != "" {
		if !s.keyMatches(id, secret) {
			return refuse(http.StatusUnauthorized, "Unauthorized")
		}
		return nil
	}
	caller, err := s.authorize(r)
	if err != nil || !caller.Administrator && !caller.Developer {
		return refuse(http.StatusUnauthorized, "Unauthorized")
	}
	if !caller.Developer && !slices.Contains(caller.Scopes, scopeMonitoring) {
		return refuse(http.StatusForbidden, "insufficient scope")
	}
	return nil
}

func (s *Service) authorize(r *http.Request) (route.Caller, error) {
	caller, err := s.options.Authorize(r)
	route.TrailOf(r.Context()).Caller = caller
	return caller, err
}

// limit counts a request, and refuses it if it is one too many for the minute.
func (s *Service) limit(w http.ResponseWriter) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now()
	if !now.Before(s.minute.Add(time.Minute)) || now.Before(s.minute) {
		s.minute, s.used = now, 0
	}
	reset := s.minute.Add(time.Minute)
	w.Header().Set("X-Ratelimit-Limit", strconv.Itoa(s.options.PerMinute))
	w.Header().Set("X-Ratelimit-Remaining", strconv.Itoa(max(0, s.options.PerMinute-s.used)))
	w.Header().Set("X-Ratelimit-Reset", strconv.FormatInt(reset.Unix(), 10))
	if s.used >= s.options.PerMinute {
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(reset.Sub(now).Seconds()+0.999))))
		return refuse(http.StatusTooManyRequests, "Too Many Requests")
	}
	s.used++
	return nil
}
