package cases

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	c "aicmcp/conformance"
)

// broken are servers that answer everything alike.
var broken = map[string]http.HandlerFunc{
	"an empty object": func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, http.StatusOK, object{})
	},
	"an empty page": func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, http.StatusOK, object{
			"result": []any{}, "resultCount": 0, "pagedResultsCookie": nil,
			"totalPagedResultsPolicy": "NONE", "totalPagedResults": -1, "remainingPagedResults": -1,
		})
	},
	"not found": func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, http.StatusNotFound, object{"code": 404, "reason": "Not Found", "message": "Not Found"})
	},
	"the request's own body": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
		// The client notices if the copy breaks off.
		_, _ = io.Copy(w, r.Body)
	},
}

func answerJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(status)
	// A client that went away needs no answer.
	_ = json.NewEncoder(w).Encode(body)
}

// TestNoCasePassesOnBrokenServers shows that every case can fail.
func TestNoCasePassesOnBrokenServers(t *testing.T) {
	for name, handler := range broken {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(handler)
			defer srv.Close()
			target := c.Target{
				BaseURL: srv.URL, HTTPClient: srv.Client(), Bearer: devToken, Features: c.Features(), OpenType: "conformance_type",
				Username: "admin@example.com", Password: "a password", OAuth: c.DefaultOAuthClients(), Timeout: 10 * time.Second,
				Advance: func(context.Context, time.Duration) error { return nil }, MCP: srv.URL + "/mcp",
			}
			target.Session = newSession(t, target)
			for _, oneCase := range All() {
				result := c.Run(t.Context(), target, oneCase)
				switch result.Outcome {
				case c.Pass, c.Skip:
					t.Errorf("%s: %s", oneCase.ID, result.Outcome)
				case c.Error:
					t.Errorf("%s cannot be judged: %s", oneCase.ID, result.Reason)
				}
			}
			if _, _, err := AddOpenType(t.Context(), target); err == nil {
				t.Error("AddOpenType reports success")
			}
		})
	}
}
