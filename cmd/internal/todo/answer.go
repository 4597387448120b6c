package todo

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
)

// answer is what is written; a nil body is none.
type answer struct {
	status int
	header map[string]string
	body   any
}

// failure is an error that the caller is told.
type failure struct {
	Code    string `json:"error"`
	Message string `json:"message"`

	status int
	header map[string]string
	cause  error // is only logged
}

func (f *failure) Error() string {
	if f.cause != nil {
		return f.Code + ": " + f.cause.Error()
	}
	return f.Code
}

func (f *failure) Unwrap() error { return f.cause }

func invalid(message string) *failure {
	return &failure{status: http.StatusBadRequest, Code: "invalid_request", Message: message}
}

func unauthorized(status int, code, message, challenge string) *failure {
	return &failure{status: status, Code: code, Message: message, header: map[string]string{"WWW-Authenticate": challenge}}
}

// failureOf says what to tell the caller about an error.
func failureOf(err error) *failure {
	var f *failure
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, ErrText):
		return invalid(err.Error())
	case errors.Is(err, ErrNotFound):
		return &failure{status: http.StatusNotFound, Code: "not_found", Message: ErrNotFound.Error()}
	case errors.Is(err, ErrFull):
		return &failure{status: http.StatusConflict, Code: "list_full", Message: ErrFull.Error()}
	}
	return &failure{status: http.StatusInternalServerError, Code: "server_error", Message: "the server failed; try again later", cause: err}
}

// answer writes what the action answers, and logs it.
func (h *handler) answer(serve action) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		started := h.Now()
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		given, err := serve(r)
		if err != nil {
			f := failureOf(err)
			given, err = answer{f.status, f.header, f}, f
		}
		h.write(r.Context(), w, given)
		level := slog.LevelInfo
		if given.status >= http.StatusInternalServerError && r.Context().Err() == nil {
			level = slog.LevelError
		}
		// The pattern stands for the path, which may hold anything.
		attributes := []slog.Attr{slog.String("method", r.Method), slog.String("route", r.Pattern), slog.Int("status", given.status), slog.Duration("took", h.Now().Sub(started))}
		if err != nil {
			attributes = append(attributes, slog.Any("error", err))
		}
		h.Logger.LogAttrs(r.Context(), level, "request", attributes...)
	}
}

func (h *handler) write(ctx context.Context, w http.ResponseWriter, given answer) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	for name, value := range given.header {
		header.Set(name, value)
	}
	if given.body == nil {
		w.WriteHeader(given.status)
		return
	}
	header.Set("Content-Type", "application/json")
	w.WriteHeader(given.status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(given.body); err != nil {
		h.Logger.WarnContext(ctx, "the answer could not be written", "error", err)
	}
}
