package todo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The scopes that access tokens need.
const (
	ScopeRead  = "todo_api:read"
	ScopeWrite = "todo_api:write"
)

// maxBody holds a text of MaxText characters, each as two escapes of six bytes.
const maxBody = 16 << 10

// Caller is whom an access token speaks for.
type Caller struct {
	Subject string
	Scopes  []string
}

// ErrRefused is what Options.Verify returns, wrapped, for a token that is not good here.
var ErrRefused = errors.New("the access token was refused")

// Options are what a handler needs.
type Options struct {
	Store *Store
	// Verify tells whom a token speaks for. An error that doesn't wrap
	// ErrRefused means that nobody can tell now. Errors are logged: they must
	// not hold the token.
	Verify func(ctx context.Context, token string) (Caller, error)
	Now    func() time.Time // time.Now if nil
	Logger *slog.Logger     // none if nil
}

// NewHandler serves the API.
func NewHandler(options Options) http.Handler {
	h := &handler{options}
	if h.Now == nil {
		h.Now = time.Now
	}
	if h.Logger == nil {
		h.Logger = slog.New(slog.DiscardHandler)
	}
	mux := http.NewServeMux()
	allowed := map[string][]string{}
	handle := func(method, path string, serve action) {
		mux.HandleFunc(method+" "+path, h.answer(serve))
		allowed[path] = append(allowed[path], method)
	}
	handle("GET", "/healthz", h.health)
	handle("GET", "/api/todos", h.protect(ScopeRead, h.list))
	handle("POST", "/api/todos", h.protect(ScopeWrite, h.create))
	handle("PATCH", "/api/todos/{id}", h.protect(ScopeWrite, h.change))
	handle("DELETE", "/api/todos/{id}", h.protect(ScopeWrite, h.remove))
	for path, methods := range allowed {
		mux.HandleFunc(path, h.answer(otherMethod(methods)))
	}
	mux.HandleFunc("/", h.answer(otherPath))
	return mux
}

type handler struct{ Options }

// action answers a request. Errors that are no failure are faults of the server.
type action func(r *http.Request) (answer, error)

func (h *handler) health(*http.Request) (answer, error) {
	if err := h.Store.Ping(); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: map[string]string{"status": "ok"}}, nil
}

func (h *handler) list(_ *http.Request, user string) (answer, error) {
	todos, err := h.Store.List(user)
	return answer{status: http.StatusOK, body: map[string][]Todo{"todos": todos}}, err
}

func (h *handler) create(r *http.Request, user string) (answer, error) {
	given, err := members(r, "text")
	if err != nil {
		return answer{}, err
	}
	text, err := member[string](given, "text")
	if err != nil {
		return answer{}, err
	}
	if text == nil {
		return answer{}, invalid(`the member "text" is missing`)
	}
	todo, err := h.Store.Add(user, *text, h.Now())
	return answer{status: http.StatusCreated, body: todo, header: map[string]string{"Location": "/api/todos/" + todo.ID}}, err
}

func (h *handler) change(r *http.Request, user string) (answer, error) {
	given, err := members(r, "completed", "text")
	if err != nil {
		return answer{}, err
	}
	if len(given) == 0 {
		return answer{}, invalid(`there is nothing to change: give "completed", "text" or both`)
	}
	var change Change
	if change.Completed, err = member[bool](given, "completed"); err != nil {
		return answer{}, err
	}
	if change.Text, err = member[string](given, "text"); err != nil {
		return answer{}, err
	}
	todo, err := h.Store.Change(user, r.PathValue("id"), change)
	return answer{status: http.StatusOK, body: todo}, err
}

func (h *handler) remove(r *http.Request, user string) (answer, error) {
	return answer{status: http.StatusNoContent}, h.Store.Delete(user, r.PathValue("id"))
}

func otherMethod(methods []string) action {
	if slices.Contains(methods, "GET") {
		methods = append(methods, "HEAD")
	}
	allow := strings.Join(slices.Sorted(slices.Values(methods)), ", ")
	return func(r *http.Request) (answer, error) {
		return answer{}, &failure{
			status: http.StatusMethodNotAllowed, Code: "method_not_allowed",
			Message: fmt.Sprintf("%q is not among the methods here: %s", r.Method, allow),
			header:  map[string]string{"Allow": allow},
		}
	}
}

func otherPath(*http.Request) (answer, error) {
	return answer{}, &failure{
		status: http.StatusNotFound, Code: "not_found",
		Message: "there is nothing at this path; todos are at /api/todos and /api/todos/{id}",
	}
}

// bearer is RFC 6750 section 2.1; the scheme is RFC 9110's, in any case.
var bearer = regexp.MustCompile(`^(?i:bearer) +([A-Za-z0-9._~+/-]+=*)$`)

// protect lets callers with the scope pass, as the user that their token is for.
func (h *handler) protect(scope string, serve func(r *http.Request, user string) (answer, error)) action {
	return func(r *http.Request) (answer, error) {
		credentials := r.Header.Values("Authorization")
		if len(credentials) > 1 {
			return answer{}, unauthorized(http.StatusBadRequest, "invalid_request", "there must be one Authorization header", `Bearer error="invalid_request"`)
		}
		if len(credentials) == 0 || !strings.HasPrefix(strings.ToLower(credentials[0]), "bearer") {
			return answer{}, unauthorized(http.StatusUnauthorized, "unauthorized", "an access token is needed: send it as Authorization: Bearer TOKEN", "Bearer")
		}
		refused := unauthorized(http.StatusUnauthorized, "invalid_token", "the access token is malformed, tampered with, expired, or of another issuer or audience", `Bearer error="invalid_token"`)
		token := bearer.FindStringSubmatch(credentials[0])
		if token == nil {
			return answer{}, refused
		}
		caller, err := h.Verify(r.Context(), token[1])
		switch {
		case errors.Is(err, ErrRefused):
			refused.cause = err
			return answer{}, refused
		case err != nil:
			return answer{}, &failure{
				status: http.StatusServiceUnavailable, Code: "temporarily_unavailable",
				Message: "access tokens cannot be checked now; try again later", cause: err,
			}
		case caller.Subject == "":
			refused.cause = errors.New("the access token names no subject")
			return answer{}, refused
		case !slices.Contains(caller.Scopes, scope):
			return answer{}, unauthorized(http.StatusForbidden, "insufficient_scope", "the access token needs the scope "+scope, fmt.Sprintf(`Bearer error="insufficient_scope", scope=%q`, scope))
		}
		return serve(r, caller.Subject)
	}
}

// members reads the members of the JSON object that the request brings.
func members(r *http.Request, known ...string) (map[string]any, error) {
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := parameters["charset"]
	if err != nil || kind != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, &failure{status: http.StatusUnsupportedMediaType, Code: "unsupported_media_type", Message: "the body must be JSON in UTF-8, and Content-Type must be application/json"}
	}
	text, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &failure{status: http.StatusRequestEntityTooLarge, Code: "content_too_large", Message: fmt.Sprintf("the body must not exceed %d bytes", tooLarge.Limit)}
	case err != nil:
		return nil, &failure{status: http.StatusBadRequest, Code: "invalid_request", Message: "the body could not be read", cause: err}
	}
	var given map[string]any
	err = json.Unmarshal(text, &given)
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongType) || err == nil && given == nil:
		return nil, invalid("the body must be a JSON object")
	case err != nil:
		return nil, invalid("the body is not valid JSON: " + err.Error())
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(known, name) {
			return nil, invalid(fmt.Sprintf("the member %q is unknown; known are: %s", name, strings.Join(known, ", ")))
		}
	}
	return given, nil
}

// member is nil for a member that is not given.
func member[T string | bool](given map[string]any, name string) (*T, error) {
	value, ok := given[name]
	if !ok {
		return nil, nil
	}
	typed, ok := value.(T)
	if !ok {
		return nil, invalid(fmt.Sprintf("the member %q must be a %T", name, typed))
	}
	return &typed, nil
}
