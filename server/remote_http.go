package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"aicmcp/server/delegate"
	"aicmcp/server/resource"
)

const (
	// Healthy answers as long as the process does, ready as long as it can do
	// its work.
	healthyPath = "/healthz"
	readyPath   = "/readyz"
	// defaultEndpoint is where the server is that no resource names.
	defaultEndpoint = "/mcp"
	maxRequestBody  = 1 << 20
	// maxBatch are the messages of one request, which the limit of rates counts as one.
	maxBatch = 10
)

// Handler serves the MCP endpoint, which is at the path of the resource, and what
// clients and operators look for beside it.
func (r *Remote) Handler() http.Handler {
	mux := http.NewServeMux()
	if r.opts.Resource != nil {
		mux.Handle("/.well-known/", r.opts.Resource.Metadata())
		mux.Handle(exactly(r.opts.Resource.Path()), r.opts.Resource.Protect(r.endpoint()))
	} else {
		// Open to programs on this machine, not to pages of other origins.
		mux.Handle(defaultEndpoint, http.NewCrossOriginProtection().Handler(r.endpoint()))
	}
	mux.HandleFunc("GET "+healthyPath, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET "+readyPath, r.ready)
	return mux
}

// exactly is the pattern of one path.
func exactly(path string) string {
	if path == "" || strings.HasSuffix(path, "/") {
		path = strings.TrimSuffix(path, "/") + "/{$}"
	}
	return path
}

// ready says whether tokens can be verified.
func (r *Remote) ready(w http.ResponseWriter, req *http.Request) {
	if r.opts.Resource != nil {
		if err := r.opts.Resource.Ready(req.Context()); err != nil {
			r.log.WarnContext(req.Context(), "not ready", "error", err)
			http.Error(w, "the issuer's keys can't be had", http.StatusServiceUnavailable)
			return
		}
	}
	_, _ = io.WriteString(w, "ok\n")
}

// endpoint answers with JSON, or with events (SSE) if progress is asked for. Without
// sessions, any instance can answer any request.
func (r *Remote) endpoint() http.Handler {
	options := mcp.StreamableHTTPOptions{
		Stateless: true, JSONResponse: true, MaxRequestBodyBytes: maxRequestBody, PropagateRequestCancellation: true, Logger: r.log,
		// What guards the resource checks hosts.
		DisableLocalhostProtection: r.opts.Resource != nil,
	}
	serve := func(*http.Request) *mcp.Server { return r.server }
	plain := mcp.NewStreamableHTTPHandler(serve, &options)
	options.JSONResponse = false
	events := mcp.NewStreamableHTTPHandler(serve, &options)
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		var all []message
		if req.Method == http.MethodPost {
			body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxRequestBody))
			if err != nil {
				status := http.StatusBadRequest
				if errors.As(err, new(*http.MaxBytesError)) {
					status = http.StatusRequestEntityTooLarge
				}
				http.Error(w, "the body can't be read: it is cut off, or longer than 1 MiB", status)
				return
			}
			if all, err = messagesIn(body); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			req.Body = io.NopCloser(bytes.NewReader(body))
		}
		if lacking := r.lacking(req, all); lacking != nil {
			r.opts.Resource.Refuse(w, req, lacking)
			return
		}
		if slices.ContainsFunc(all, func(m message) bool { return m.Params.Meta.ProgressToken != nil }) {
			events.ServeHTTP(w, req)
			return
		}
		plain.ServeHTTP(w, req)
	})
}

// scopesAddUp is the first protocol version whose clients ask for the scopes that they
// have beside those of a challenge. Others ask for those of the challenge alone.
const scopesAddUp = "2026-07-28"

// lacking tells a client which scopes a tool needs that its token lacks, before the
// call is served: as a refusal of the request, it makes clients ask for them. What a
// token allows is for the delegator to check.
func (r *Remote) lacking(req *http.Request, all []message) error {
	caller := resource.CallerOf(req.Context())
	if caller == nil {
		return nil
	}
	for _, m := range all {
		needed := r.tools[m.Params.Name].scopes
		if m.Method != "tools/call" || len(delegate.Missing(caller.Token.Scopes, needed)) == 0 {
			continue
		}
		if req.Header.Get("Mcp-Protocol-Version") < scopesAddUp {
			needed = slices.Concat(caller.Token.Scopes, delegate.Missing(caller.Token.Scopes, needed))
		}
		return &resource.InsufficientScope{Scopes: needed}
	}
	return nil
}

// message is what is read of a JSON-RPC message before it is served.
type message struct {
	Method string `json:"method"`
	Params struct {
		Name string `json:"name"`
		Meta struct {
			ProgressToken any `json:"progressToken"`
		} `json:"_meta"`
	} `json:"params"`
}

// messagesIn are those of a body, one or a batch. The SDK overlooks what follows JSON;
// what is JSON but no message is for it to refuse.
func messagesIn(body []byte) ([]message, error) {
	if !json.Valid(body) {
		return nil, errors.New("the body is not JSON")
	}
	var batch []json.RawMessage
	if json.Unmarshal(body, &batch) != nil {
		batch = []json.RawMessage{body}
	}
	if len(batch) > maxBatch {
		return nil, fmt.Errorf("a batch can have %d messages at most", maxBatch)
	}
	all := make([]message, len(batch))
	for i, text := range batch {
		// Members of other types are left out.
		_ = json.Unmarshal(text, &all[i])
	}
	return all, nil
}
