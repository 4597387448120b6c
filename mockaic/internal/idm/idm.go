package idm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

// Scope is what a bearer token needs for everything below /openidm.
const Scope = "fr:idm:*"

// Options are what a Service needs.
type Options struct {
	Store    *store.Store
	Chance   io.Reader
	Matching crest.Matching
	Seed     uint64 // fixes the order of queries without sort keys
}

// Service answers /openidm.
type Service struct {
	store     *store.Store
	chance    io.Reader
	matching  crest.Matching
	seed      uint64
	types     typeCache
	passwords passwords
}

// New returns the service. The store holds no types until Import.
func New(options Options) *Service {
	return &Service{
		store: options.Store, chance: options.Chance,
		matching: options.Matching, seed: options.Seed,
	}
}

// Serve answers one request below /openidm.
func (s *Service) Serve(r *route.Request) (*route.Response, error) {
	if len(r.Path) > 0 {
		switch r.Path[0] {
		case "managed":
			return s.serveManaged(r)
		case "config":
			return s.serveConfig(r)
		case "schema", "policy", "info", "internal", "script", "ui", "feature", "endpoint", "sync", "recon", "scheduler", "workflow", "audit", "health", "notification", "privilege", "consent", "external", "file", "identityProviders", "maintenance", "cluster", "repo", "selfservice", "system", "util":
			return nil, notImplemented("/openidm/" + r.Path[0])
		}
	}
	return nil, route.NotFound(r.Path)
}

func notImplemented(what string) error {
	return crest.Errorf(http.StatusNotImplemented, "%s is not implemented by this fake tenant", what)
}

// SetHeaders sets what every answer of IDM carries.
func SetHeaders(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none';frame-ancestors 'none';sandbox")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Expires", "0")
	h.Set("Pragma", "no-cache")
	h.Set("Vary", "Origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
}

// Normalize turns Go numbers, structs and slices into the JSON values that
// requests would have brought.
func Normalize(value any) (any, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("normalize: %w", err)
	}
	return crest.DecodeJSON(text.Bytes())
}
