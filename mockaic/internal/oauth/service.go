package oauth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"aicmcp/mockaic/internal/journey"
	"aicmcp/mockaic/internal/script"
	"aicmcp/mockaic/internal/session"
)

// Identity is someone who can log in.
type Identity struct {
	ID       string
	UserName string
	Name     string // for display
}

// Identities are those who get tokens.
type Identities interface {
	Administrator(id string) (Identity, bool)
	// ServiceAccount finds an account that is active.
	ServiceAccount(id string) (ServiceAccount, bool)
	// Profile is the managed object of a user of a realm, which is written with its
	// slash.
	Profile(realm, id string) (map[string]any, bool)
}

// Registry has the providers of the realms below the root realm.
type Registry interface {
	// Client finds a client that may be used.
	Client(realm, id string) (Client, bool)
	// Provider tells how a realm's provider is set for a client; "" is no client.
	Provider(realm, clientID string) (Provider, bool)

	// RegisterClient stores a client under a new ID, RegisteredClient finds one that
	// is active, and ReplaceClient changes or deletes it. Clients are AM's documents,
	// with plain values.
	RegisterClient(ctx context.Context, realm string, fill func(id string) map[string]any) error
	RegisteredClient(realm, id string) map[string]any
	ReplaceClient(ctx context.Context, realm, id string, follow func(before map[string]any) (map[string]any, error)) error
}

// Options are what a Service needs. All are required but PublicURL, Realms, KeyHosts,
// Scripts, ScriptTime and DevToken.
type Options struct {
	BaseURL    func(*http.Request) string // scheme, host and port, always with the port
	PublicURL  string                     // that BaseURL always returns; "" is as requests are spelled
	Chance     io.Reader                  // safe for concurrent use
	Now        func() time.Time
	Identities Identities
	Realms     []string // below the root realm
	Clients    []Client // of the root realm
	Registry   Registry
	KeyHosts   []string      // where keys of clients may be fetched, besides this machine
	Scripts    Scripts       // of the realms
	ScriptTime time.Duration // that one may take
	Sessions   *session.Store
	Journeys   *journey.Runner
	DevToken   string // a bearer that may do everything, on loopback only
	Logger     *slog.Logger
}

// Service is the authorization server.
type Service struct {
	options Options
	clients map[string]*Client
	keys    keyring
	routes  map[string]http.HandlerFunc
	login   http.Handler
	engine  *script.Engine

	fetcher    *http.Client
	sealingKey []byte // of service accounts' tokens

	mu         sync.Mutex
	codes      table[code]
	grants     table[grant]
	refresh    table[refreshToken]
	opaque     table[json.RawMessage] // the claims of access tokens that are no JWTs
	denied     table[struct{}]        // revoked access tokens, by ID
	operations table[string]          // sessions, by their names in ID tokens
	devices    table[device]
	userCodes  table[string] // to device codes
	pushed     table[pushed]
	assertions table[struct{}] // that were used, by a digest of issuer and identifier
	fetched    table[keySet]   // the keys of clients, by address
	shared     table[struct{}] // ID tokens that are signed with a secret of a client
	consents   table[[]string] // subject and client to the scopes consented to
}

// New checks the clients and returns the service.
func New(options Options) (*Service, error) {
	s := &Service{options: options, clients: map[string]*Client{}, fetcher: newFetcher()}
	s.assertions.limit, s.fetched.limit = maxAssertions, maxFetched
	s.engine = script.New(script.Options{Time: options.ScriptTime, Now: options.Now, Chance: options.Chance})
	for i := range options.Clients {
		client := &options.Clients[i]
		if err := client.check(); err != nil {
			return nil, err
		}
		if s.clients[client.ID] != nil {
			return nil, fmt.Errorf("OAuth client %s is defined twice", client.ID)
		}
		s.clients[client.ID] = client
	}
	const size = 32 // of a key for A128CBC-HS256, RFC 7518 5.2.3
	s.sealingKey = make([]byte, size)
	if _, err := rand.Read(s.sealingKey); err != nil {
		return nil, fmt.Errorf("make a key for tokens: %w", err)
	}
	s.keys.now, s.keys.mac = options.Now, make([]byte, macSize)
	if _, err := rand.Read(s.keys.mac); err != nil {
		return nil, fmt.Errorf("make a key for signatures: %w", err)
	}
	s.routes = map[string]http.HandlerFunc{
		"/.well-known/openid-configuration": s.serveDiscovery,
		"/connect/jwk_uri":                  s.serveKeys,
		"/authorize":                        s.serveAuthorize,
		"/access_token":                     s.serveToken,
		"/register":                         s.serveRegister,
		"/connect/register":                 s.serveRegister,
		"/introspect":                       s.serveIntrospect,
		"/tokeninfo":                        s.serveTokenInfo,
		"/userinfo":                         s.serveUserInfo,
		"/idtokeninfo":                      s.serveIDTokenInfo,
		"/token/revoke":                     s.serveRevoke,
		"/connect/endSession":               s.serveEndSession,
		"/par":                              s.servePushed,
		"/device/code":                      s.serveDeviceCode,
		"/device/user":                      http.NewCrossOriginProtection().Handler(http.HandlerFunc(s.serveUserCode)).ServeHTTP,
	}
	s.login = http.NewCrossOriginProtection().Handler(http.HandlerFunc(s.serveLogin))
	return s, nil
}

// absent are the endpoints of a tenant that this fake has not yet.
var absent = []string{"/connect/checkSession", "/bc-authorize", "/resource_set", "/.well-known/oauth-authorization-server/aiagent", "/aiagent/register"}

// ServeHTTP answers everything below /am that has to do with OAuth and login.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	switch {
	case path == "/am/XUI" || path == "/am/XUI/" || path == "/login" || path == "/login/":
		s.login.ServeHTTP(w, r)
		return
	case path == "/am/XUI/mockaic.css":
		serveStyle(w, r)
		return
	case path == "/am/UI/Login":
		redirect(w, s.options.BaseURL(r)+"/am/XUI/?"+r.URL.RawQuery)
		return
	}
	endpoint, realm := s.splitRealm(path, r.URL.Query().Get("realm"))
	if realm != root {
		below := strings.TrimPrefix(realm, "/")
		known := slices.Contains(s.options.Realms, below)
		if known {
			_, known = s.options.Registry.Provider(below, "")
		}
		if !known {
			writeError(w, r, &Error{Status: http.StatusNotFound, Code: "not_found", Description: "No OpenID Connect provider for realm " + realm})
			return
		}
		r = withRealm(r, realm)
	}
	if serve := s.routes[endpoint]; serve != nil {
		serve(w, r)
		return
	}
	if slices.Contains(absent, endpoint) {
		notImplemented(w, r, "the OAuth endpoint "+endpoint)
		return
	}
	writeError(w, r, &Error{Status: http.StatusNotFound, Code: "not_found", Description: "There is no such endpoint"})
}

func notImplemented(w http.ResponseWriter, r *http.Request, what string) {
	writeError(w, r, &Error{Status: http.StatusNotImplemented, Code: "not_implemented", Description: what + " is not implemented by this fake tenant"})
}

// splitRealm takes the realm out of the three spellings of a provider's path:
// /realms/root/realms/alpha/X, /alpha/X, and X?realm=/alpha.
func (s *Service) splitRealm(path, query string) (endpoint, realm string) {
	endpoint = strings.TrimPrefix(path, "/am/oauth2")
	if rest, ok := strings.CutPrefix(endpoint, "/realms/root"); ok {
		realm = ""
		for {
			name, found := strings.CutPrefix(rest, "/realms/")
			if !found {
				break
			}
			var sub string
			sub, rest, _ = strings.Cut(name, "/")
			rest, realm = "/"+rest, realm+"/"+sub
		}
		if realm == "" {
			realm = "/"
		}
		return rest, realm
	}
	for _, name := range s.options.Realms {
		if rest, ok := strings.CutPrefix(endpoint, "/"+name+"/"); ok {
			return "/" + rest, "/" + name
		}
	}
	if query != "" {
		return endpoint, "/" + strings.Trim(query, "/")
	}
	return endpoint, "/"
}

// issuer is spelled as the request was.
func (s *Service) issuer(r *http.Request) string {
	base, realm := s.options.BaseURL(r)+"/am/oauth2", strings.TrimPrefix(realmOf(r), "/")
	switch {
	case strings.HasPrefix(r.URL.Path, "/am/oauth2/realms/root/"):
		base += "/realms/root"
		if realm != "" {
			base += "/realms/" + realm
		}
	case realm != "":
		base += "/" + realm
	}
	return base
}

// random returns n random bytes in base64url. Codes, grants and token IDs of
// AM are 20 bytes, 27 characters.
func (s *Service) random(n int) string {
	bytes := make([]byte, n)
	if _, err := io.ReadFull(s.options.Chance, bytes); err != nil {
		panic(fmt.Errorf("the tenant's source of chance failed: %w", err))
	}
	return base64.RawURLEncoding.EncodeToString(bytes)
}

const idBytes = 20
