package resource

import (
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// errNoToken is a request without credentials, which is told nothing but what to get
// (RFC 6750, section 3.1).
var errNoToken = errors.New("the request bears no access token")

// Refuse answers a request with the error of a token, or of an operation that needs
// other scopes, and tells the client what to do (RFC 6750, section 3).
func (s *Server) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	var badToken *InvalidToken
	var badRequest *InvalidRequest
	var scopes *InsufficientScope
	var unavailable *Unavailable
	status, code, description := http.StatusInternalServerError, "server_error", "the request failed"
	var challenge parameters
	switch {
	case errors.Is(err, errNoToken):
		status, code, description = http.StatusUnauthorized, "invalid_token", errNoToken.Error()
		challenge.add("resource_metadata", s.MetadataURL())
		challenge.add("scope", strings.Join(s.asked, " "))
	case errors.As(err, &badToken):
		status, code, description = http.StatusUnauthorized, "invalid_token", string(badToken.Fault)
		challenge.add("error", code)
		challenge.add("error_description", description)
		challenge.add("resource_metadata", s.MetadataURL())
		challenge.add("scope", strings.Join(s.asked, " "))
	case errors.As(err, &scopes):
		status, code, description = http.StatusForbidden, "insufficient_scope", "the access token lacks a scope that the operation needs"
		challenge.add("error", code)
		challenge.add("scope", strings.Join(scopes.Scopes, " "))
		challenge.add("resource_metadata", s.MetadataURL())
		challenge.add("error_description", description)
	case errors.As(err, &badRequest):
		status, code, description = http.StatusBadRequest, "invalid_request", badRequest.Description
		challenge.add("error", code)
		challenge.add("error_description", description)
		challenge.add("resource_metadata", s.MetadataURL())
	case errors.As(err, &unavailable):
		status, code, description = http.StatusServiceUnavailable, "temporarily_unavailable", "access tokens can't be verified at the moment"
		w.Header().Set("Retry-After", seconds(unavailable.RetryAfter))
	}
	if challenge != nil {
		w.Header().Set("WWW-Authenticate", "Bearer "+strings.Join(challenge, ", "))
	}
	s.note(r, status, err)
	writeError(w, status, code, description)
}

// note tells an operator why a request is refused.
func (s *Server) note(r *http.Request, status int, reason any) {
	level := slog.LevelInfo
	if status >= http.StatusInternalServerError {
		level = slog.LevelWarn
	}
	s.log.Log(r.Context(), level, "request refused", "method", r.Method, "from", r.RemoteAddr, "status", status, "error", reason)
}

// parameters are those of a challenge.
type parameters []string

// add leaves out what is empty.
func (p *parameters) add(name, value string) {
	if value != "" {
		*p = append(*p, name+"="+quote(value))
	}
}

// quote writes a quoted-string (RFC 9110, section 5.6.4). What has no place in one,
// such as the end of a line, becomes a question mark.
func quote(text string) string {
	var quoted strings.Builder
	quoted.WriteByte('"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			quoted.WriteByte('\\')
		case c < ' ' || c > '~':
			c = '?'
		}
		quoted.WriteRune(c)
	}
	quoted.WriteByte('"')
	return quoted.String()
}

// seconds is a value of Retry-After, which is never 0.
func seconds(wait time.Duration) string {
	return strconv.Itoa(max(1, int(math.Ceil(wait.Seconds()))))
}

func writeError(w http.ResponseWriter, status int, code, description string) {
	body, err := encode(struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}{code, description})
	if err != nil {
		http.Error(w, code, status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // who went away needs no answer
}
