package idm

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

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
	Now      func() time.Time
	Matching crest.Matching
	Seed     uint64 // fixes the order of queries without sort keys
}

// Service answers /openidm.
type Service struct {
	store    *store.Store
	chance   io.Reader
	now      func() time.Time
	matching crest.Matching
	seed     uint64
	types    typeCache
}

const (
	serviceAccounts = "managed/svcacct"
	roleCollection  = "internal/role"
)

// New returns the service. The store holds no types until Import.
func New(options Options) (*Service, error) {
	s := &Service{
		store: options.Store, chance: options.Chance, now: options.Now,
		matching: options.Matching, seed: options.Seed,
	}
	s.types.hidden = map[string]*objectType{}
	for path, definition := range hiddenDefinitions() {
		t, err := parseType(path, definition)
		if err != nil {
			return nil, fmt.Errorf("the tenant's own types: %w", err)
		}
		s.types.hidden[path] = t
	}
	return s, nil
}

// hiddenDefinitions are the types that the tenant has without config/managed,
// by collection.
func hiddenDefinitions() map[string]map[string]any {
	types := map[string]map[string]any{roleCollection: internalRoleType()}
	for _, entry := range HiddenTypes() {
		definition := entry.(map[string]any)
		types[collection(definition["name"].(string))] = definition
	}
	return types
}

// Serve answers one request below /openidm.
func (s *Service) Serve(r *route.Request) (*route.Response, error) {
	if len(r.Path) == 0 {
		return nil, route.NotFound(r.Path)
	}
	response, err := s.serve(r)
	if err != nil {
		logRefusal(r, err)
	}
	return response, err
}

func (s *Service) serve(r *route.Request) (*route.Response, error) {
	switch r.Path[0] {
	case "managed":
		if len(r.Path) == 1 {
			return nil, route.NotFound(r.Path)
		}
		return s.serveObjects(r, collection(r.Path[1]), r.Path[2:])
	case "internal":
		if len(r.Path) > 1 && r.Path[1] == "role" {
			return s.serveObjects(r, roleCollection, r.Path[2:])
		}
		return nil, notImplemented("/openidm/" + strings.Join(r.Path, "/"))
	case "config":
		return s.serveConfig(r)
	case "schema":
		return s.serveSchema(r)
	case "policy":
		return s.servePolicy(r)
	case "feature":
		return s.serveFeature(r)
	case "info":
		return s.serveInfo(r)
	case "ui":
		return s.serveUI(r)
	case "script", "endpoint", "sync", "recon", "scheduler", "workflow", "audit", "health", "notification", "privilege", "consent", "external", "file", "identityProviders", "maintenance", "cluster", "repo", "selfservice", "system", "util":
		return nil, notImplemented("/openidm/" + r.Path[0])
	}
	return nil, route.NotFound(r.Path)
}

// answer makes the answer to a request in one transaction, which only reads if
// the request does.
func (s *Service) answer(r *route.Request, serve func(*store.Tx) (*route.Response, error)) (*route.Response, error) {
	var answer *route.Response
	var err error
	if r.Operation == route.Read || r.Operation == route.Query {
		s.store.View(func(tx *store.Tx) { answer, err = serve(tx) })
	} else {
		err = s.change(r.Context(), func(tx *store.Tx) error {
			answer, err = serve(tx)
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	return answer, nil
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
