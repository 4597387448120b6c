package oauth

import (
	"net/http"

	"aicmcp/mockaic/internal/route"
)

// Error is an error answer of RFC 6749 5.2, with AM's spelling and order of
// members.
type Error struct {
	Status      int    `json:"-"`
	Challenge   string `json:"-"` // WWW-Authenticate
	Description string `json:"error_description"`
	Code        string `json:"error"`
	State       string `json:"state,omitempty"` // of the request
}

func (e *Error) Error() string { return e.Code + ": " + e.Description }

func badRequest(code, description string) *Error {
	return &Error{Status: http.StatusBadRequest, Code: code, Description: description}
}

// invalidGrant is what AM says of every code and token that is not good.
func invalidGrant() *Error {
	return badRequest("invalid_grant", "The provided access grant is invalid, expired, or revoked.")
}

func writeError(w http.ResponseWriter, r *http.Request, err *Error) {
	refused(r, err)
	if err.Challenge != "" {
		w.Header().Set("WWW-Authenticate", err.Challenge)
	}
	answer := *err
	if answer.State = r.Form.Get("state"); len(answer.State) > maxParam {
		answer.State = ""
	}
	writeJSON(w, err.Status, answer)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	h := w.Header()
	h.Set("Content-Type", "application/json;charset=UTF-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "frame-ancestors 'self'")
	// A client that went away needs no answer.
	_ = route.WriteJSON(w, status, body, false)
}
