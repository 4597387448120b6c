package mockaic

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"aicmcp/mockaic/internal/am"
	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/idm"
	"aicmcp/mockaic/internal/route"
)

// agentsFeature is IDM's half of AI agents.
const agentsFeature = "aiagent"

// platform answers what spans IDM and AM: /feature and /environment/aiagent.
type platform struct {
	authorize func(*http.Request, ...string) (route.Caller, error)
	install   func(context.Context) error // IDM's half, if it is not there
	enable    func(context.Context) error // AM's
	logger    *slog.Logger
}

func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	serve := p.serveFeatures
	scopes := []string{}
	if below(r, "/environment") {
		serve, scopes = p.serveAgents, []string{am.Scope, idm.Scope}
	}
	caller, err := p.authorize(r, scopes...)
	route.TrailOf(r.Context()).Caller = caller
	if err == nil {
		err = serve(w, r)
	}
	if err != nil {
		p.refuse(w, r, err)
	}
}

// refuse answers as /environment does: without a reason.
func (p *platform) refuse(w http.ResponseWriter, r *http.Request, err error) {
	refusal := crest.Errorf(http.StatusInternalServerError, "Internal Server Error")
	if !errors.As(err, &refusal) {
		p.logger.ErrorContext(r.Context(), "request failed", "path", r.URL.Path, "error", err)
	}
	route.TrailOf(r.Context()).Reason = refusal.Error()
	w.Header().Set("Content-Type", "application/json")
	// A client that went away needs no answer.
	_ = route.WriteJSON(w, refusal.Code, map[string]any{"code": refusal.Code, "message": refusal.Error()}, false)
}

// serveFeatures lists the features of the platform, which are not IDM's.
func (p *platform) serveFeatures(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Path != "/feature" && r.URL.Path != "/feature/" {
		return crest.Errorf(http.StatusNotFound, "path %s was not found", r.URL.Path)
	}
	if r.Method != http.MethodGet {
		return crest.Errorf(http.StatusNotImplemented, "%s of %s is not implemented by this fake tenant", r.Method, r.URL.Path)
	}
	body, err := json.Marshal(map[string]any{"result": []any{
		map[string]any{"_id": "service-accounts", "installedVersion": "1", "availableVersions": []any{"1"}},
	}})
	if err != nil {
		return fmt.Errorf("list the features: %w", err)
	}
	digest := sha256.Sum256(body)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("ETag", fmt.Sprintf(`W/"%x-%s"`, len(body), base64.RawStdEncoding.EncodeToString(digest[:20])))
	w.Header().Set("X-Frame-Options", "SAMEORIGIN")
	return route.WriteJSON(w, http.StatusOK, json.RawMessage(body), false)
}

// serveAgents enables AI agents: IDM's feature, and AM's part in all realms.
// Both can be done again.
func (p *platform) serveAgents(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost || r.URL.Query().Get("_action") != "enable" {
		return crest.Errorf(http.StatusNotImplemented, "%s of %s is not implemented by this fake tenant, but for _action=enable", r.Method, r.URL.Path)
	}
	if err := p.install(r.Context()); err != nil {
		return err
	}
	if err := p.enable(r.Context()); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return route.WriteJSON(w, http.StatusOK, map[string]any{}, false)
}
