// Package am is the access management half of a tenant: the configuration of its
// realms, and what it tells about itself and its users.
package am

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"aicmcp/mockaic/internal/am/nodetype"
	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

// Scope is what a bearer token needs for everything below /am/json.
const Scope = "fr:am:*"

// Options are what a Service needs.
type Options struct {
	Store     *store.Store
	Now       func() time.Time
	Realms    []string // below the root realm
	Matching  crest.Matching
	Seed      uint64 // of the order of queries without sort keys
	Directory Directory
	// CookieName is that of the session cookie.
	CookieName string
}

// Service answers /am/json.
type Service struct {
	options        Options
	endpoints      []endpoint
	clientSections []clientSection
	described      func() map[string]map[string]any // what scripts find
	types          *nodetype.Catalogue
	administrators administrators
}

// New returns the service for realms without any configuration.
func New(options Options) *Service {
	s := &Service{options: options, clientSections: clientSections(), described: sync.OnceValue(describe), types: nodetype.New(), administrators: newAdministrators()}
	s.endpoints = slices.Concat(s.realmEndpoints(), s.userEndpoints(), s.globalEndpoints())
	return s
}

// endpoint is a kind of resource. Of its path, below a realm or the tenant, an
// element * stands for any.
type endpoint struct {
	path   string
	global bool
	serve  func(*call) (*route.Response, error)
}

// call is a request at an endpoint.
type call struct {
	*route.Request
	realm string   // without its slash; "" is the root realm
	names []string // what stands for the * of the path
}

func (s *Service) realmEndpoints() []endpoint {
	return []endpoint{
		{path: "realm-config/services/oauth-oidc", serve: s.settings(oauthProvider)},
		{path: "realm-config/authentication", serve: s.settings(authentication)},
		{path: "realm-config/authentication/chains", serve: s.serveChains},
		{path: "realm-config/authentication/modules", serve: s.serveModules},
		{path: "realm-config/agents/" + clientKind, serve: s.serveClients},
		{path: "realm-config/agents/" + clientKind + "/*", serve: s.serveClient},
		{path: treePath + "/" + treeKind, serve: versioned(s.serveTrees)},
		{path: treePath + "/" + treeKind + "/*", serve: versioned(s.serveTree)},
		{path: treePath + "/" + nodeKind, serve: versioned(s.serveNodes)},
		{path: treePath + "/" + nodeKind + "/*", serve: versioned(s.serveNodeType)},
		{path: treePath + "/" + nodeKind + "/*/*", serve: versioned(s.serveNode)},
		{path: treePath + "/" + nodeKind + "/*/*/*", serve: versioned(s.serveNode)},
		{path: "scripts", serve: s.serveScripts},
		{path: "scripts/*", serve: s.serveScript},
	}
}

func (s *Service) globalEndpoints() []endpoint {
	return []endpoint{
		{path: "serverinfo/version", global: true, serve: s.serveVersion},
		{path: "serverinfo/*", global: true, serve: s.serveInfo},
		{path: "global-config/realms", global: true, serve: s.serveRealms},
		{path: "global-config/realms/*", global: true, serve: s.serveRealm},
		{path: designPath, global: true, serve: versioned(s.serveDesigns)},
		{path: designPath + "/*", global: true, serve: versioned(s.serveDesign)},
		{path: corsPath, global: true, serve: s.serveCORSEntries},
		{path: corsPath + "/*", global: true, serve: s.serveCORSEntry},
		{path: "contexts/*", global: true, serve: s.serveContext},
		{path: scriptingContexts, global: true, serve: s.serveContextSettings},
		{path: scriptingContexts + "/*", global: true, serve: s.serveContextSetting},
		{path: scriptingContexts + "/*/engineConfiguration", global: true, serve: s.serveEngine},
	}
}

var publicPath = regexp.MustCompile(`^/am/json(/realms/[^/]+)*(/[^/]+)?/serverinfo/(\*|%2[Aa])$`)

// IsPublic tells of what is answered without a token: what a login page has to
// know before anybody is logged in.
func IsPublic(r *http.Request) bool {
	return r.Method == http.MethodGet && publicPath.MatchString(r.URL.EscapedPath())
}

// Serve answers one request below /am/json.
func (s *Service) Serve(r *route.Request) (*route.Response, error) {
	path := r.Path
	if r.NewID != "" {
		path = append(slices.Clip(path), r.NewID)
	}
	realm, rest := s.splitRealm(path)
	for _, e := range s.endpoints {
		names, ok := e.match(rest)
		switch {
		case !ok:
			continue
		case realm != "" && !slices.Contains(s.options.Realms, realm):
			return nil, notFound()
		case realm == "" && !e.global:
			// Recorded for all of the root realm's configuration.
			return nil, unavailable()
		}
		return e.serve(&call{r, realm, names})
	}
	if realm == "" && len(rest) > 0 && (rest[0] == "realm-config" || rest[0] == "scripts") {
		return nil, unavailable()
	}
	return nil, notImplemented("/am/json/" + strings.Join(path, "/"))
}

// match reports whether a path is the endpoint's, and what stands for each *.
func (e endpoint) match(path []string) (names []string, ok bool) {
	elements := strings.Split(e.path, "/")
	if len(elements) != len(path) {
		return nil, false
	}
	for i, element := range elements {
		if element == "*" {
			names = append(names, path[i])
		} else if element != path[i] {
			return nil, false
		}
	}
	return names, true
}

// splitRealm reads the spellings of a realm: realms/root/realms/alpha,
// realms/alpha and alpha. The root realm is "".
func (s *Service) splitRealm(path []string) (realm string, rest []string) {
	nested := false
	for len(path) >= 2 && path[0] == "realms" {
		if nested || path[1] != "root" {
			realm = strings.TrimPrefix(realm+"/"+path[1], "/")
		}
		path, nested = path[2:], true
	}
	if !nested && len(path) > 1 && !s.begins(path[0]) {
		return path[0], path[1:]
	}
	return realm, path
}

// begins tells whether the path of an endpoint begins with an element.
func (s *Service) begins(element string) bool {
	return slices.ContainsFunc(s.endpoints, func(e endpoint) bool {
		first, _, _ := strings.Cut(e.path, "/")
		return first == element
	})
}

func notFound() error { return crest.Errorf(http.StatusNotFound, "Not Found") }

// unavailable is the answer of what stands in front of AM.
func unavailable() error {
	return &route.Refusal{
		Err:  crest.Errorf(http.StatusForbidden, "This operation is not available in PingOne Advanced Identity Cloud."),
		Bare: true, CacheControl: "no-cache",
	}
}

func notImplemented(what string) error {
	return crest.Errorf(http.StatusNotImplemented, "%s is not implemented by this fake tenant", what)
}

// refused is the answer to an operation that an endpoint of this fake lacks.
func (c *call) refused(resource string) error {
	operation := string(c.Operation)
	if c.Operation == route.Action {
		operation = fmt.Sprintf("%s %s", operation, c.Action)
	}
	return notImplemented(fmt.Sprintf("the %s operation on %s", operation, resource))
}

// SetHeaders sets what every answer of AM's JSON API carries.
func SetHeaders(h http.Header) {
	h.Set("Cache-Control", "private")
	h.Set("Content-Security-Policy", "frame-ancestors 'self', default-src 'none';frame-ancestors 'none';sandbox")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Expires", "0")
	h.Set("Pragma", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
}
