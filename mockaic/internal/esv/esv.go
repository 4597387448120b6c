package esv

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

// The scopes of the API. The deprecated one is IDM's: it opens all of it to
// service accounts (documented).
const (
	scopeAll        = "fr:idc:esv:*"
	scopeRead       = "fr:idc:esv:read"
	scopeUpdate     = "fr:idc:esv:update"
	scopeRestart    = "fr:idc:esv:restart"
	scopeDeprecated = "fr:idm:*"
)

// Paths are what a Service answers, with all that is below. The last is a path
// that no tenant has (recorded).
var Paths = []string{"/environment/variables", "/environment/secrets", "/environment/count", "/environment/startup", "/environment/esv"}

// Options are what a Service needs.
type Options struct {
	Store *store.Store
	Now   func() time.Time
	// Authorize finds out who sends a request, and with which scopes.
	Authorize func(*http.Request) (route.Caller, error)
	Seed      uint64 // fixes what cookies are good for
	// RestartTime is how long a restart takes.
	RestartTime time.Duration
	// Used names what refers to an ESV by a placeholder, or "".
	Used    func(tx *store.Tx, id string) string
	MaxBody int64
	Logger  *slog.Logger
}

// Service answers Paths.
type Service struct{ options Options }

// New returns the service.
func New(options Options) *Service { return &Service{options} }

// refusal is an error of this API: a code, which can differ from the status, and
// a message. It has no reason.
type refusal struct {
	status, code int
	message      string
}

func (r *refusal) Error() string { return r.message }

func refuse(status int, message string) error { return &refusal{status, status, message} }

// request is what a handler gets.
type request struct {
	*http.Request
	caller route.Caller
	params crest.Params
	path   []string // below variables or secrets
	sent   []byte   // the body
}

// answer is the body of a response; nil is an empty one.
type answer any

func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := s.serve(w, r)
	status := http.StatusOK
	if err != nil {
		status, body = s.explain(r, err)
	}
	if body == nil {
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := route.WriteJSON(w, status, body, false); err != nil {
		s.options.Logger.WarnContext(r.Context(), "answer not written", "path", r.URL.Path, "error", err)
	}
}

func (s *Service) explain(r *http.Request, err error) (int, answer) {
	var own *refusal
	var other *crest.Error
	switch {
	case errors.As(err, &own):
	case errors.As(err, &other):
		own = &refusal{other.Code, other.Code, other.Error()}
	default:
		s.options.Logger.ErrorContext(r.Context(), "request failed", "path", r.URL.Path, "error", err)
		own = &refusal{http.StatusInternalServerError, http.StatusInternalServerError, "Internal Server Error"}
	}
	route.TrailOf(r.Context()).Reason = own.message
	return own.status, map[string]any{"code": own.code, "message": own.message}
}

func (s *Service) serve(w http.ResponseWriter, r *http.Request) (answer, error) {
	caller, err := s.options.Authorize(r)
	route.TrailOf(r.Context()).Caller = caller
	if err != nil {
		return nil, err
	}
	path := strings.Split(strings.Trim(strings.TrimPrefix(r.URL.Path, "/environment"), "/"), "/")
	if err := allowed(caller, need(r, path)); err != nil {
		return nil, err
	}
	params, err := crest.ParseParams(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	if err := checkVersion(r.Header.Get("Accept-API-Version")); err != nil {
		return nil, err
	}
	// A body may take its time: it is read before anything is locked.
	sent, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.options.MaxBody))
	if err != nil {
		return nil, refuse(http.StatusRequestEntityTooLarge, "request body is too large or could not be read")
	}
	if err := s.Settle(); err != nil {
		return nil, err
	}
	q := &request{Request: r, caller: caller, params: params, path: path[1:], sent: sent}
	switch {
	case path[0] == "variables":
		return s.serveVariables(q)
	case path[0] == "secrets":
		return s.serveSecrets(q)
	case path[0] == "count" && len(path) == 1 && r.Method == http.MethodGet:
		return s.count(q)
	case path[0] == "startup" && len(path) == 1:
		return s.serveStartup(q)
	}
	return nil, notFound(r)
}

// transact runs work on the store, which it may change unless q is a read.
func (s *Service) transact(q *request, work func(*store.Tx) error) (err error) {
	if q.Method != http.MethodGet {
		return s.options.Store.Change(work)
	}
	s.options.Store.View(func(tx *store.Tx) { err = work(tx) })
	return err
}

var versionForm = regexp.MustCompile(`^(protocol=[12]\.[01]|resource=[12]\.0)$`)

// checkVersion accepts what clients send: both versions of the resources, which
// answer alike. What a tenant says to others is inferred.
func checkVersion(header string) error {
	if header == "" {
		return nil
	}
	for part := range strings.SplitSeq(header, ",") {
		if !versionForm.MatchString(strings.TrimSpace(part)) {
			return refuse(http.StatusBadRequest, "Unsupported Accept-API-Version: "+header)
		}
	}
	return nil
}

func notFound(r *http.Request) error {
	return refuse(http.StatusNotFound, "path "+r.URL.Path+" was not found")
}

// need is the scope that a request takes besides those that open everything.
func need(r *http.Request, path []string) string {
	switch {
	case r.Method == http.MethodGet:
		return scopeRead
	case path[0] == "startup":
		return scopeRestart
	}
	return scopeUpdate
}

func allowed(caller route.Caller, scope string) error {
	has := func(scope string) bool { return slices.Contains(caller.Scopes, scope) }
	if caller.Developer || has(scope) || has(scopeAll) || caller.ServiceAccount && has(scopeDeprecated) {
		return nil
	}
	return refuse(http.StatusForbidden, "insufficient scope")
}

// action returns the _action of a POST.
func (q *request) action() string {
	name, _ := q.params.Get("_action")
	return name
}

// timestamp is how the API writes a time: UTC, without trailing zeros.
func timestamp(at time.Time) string {
	return at.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano)
}
