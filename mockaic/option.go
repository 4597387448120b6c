package mockaic

import (
	"fmt"
	"log/slog"
	"time"

	"aicmcp/mockaic/internal/crest"
)

// Option changes how a tenant is made.
type Option func(*settings)

type settings struct {
	seed      string
	now       func() time.Time
	chance    uint64
	chanceSet bool
	matching  Matching
	devToken  string
	publicURL string
	redirects map[string][]string
	loopback  []string
	anyOrigin bool
	keyHosts  []string
	remote    *remoteMCP
	logger    *slog.Logger

	restartTime time.Duration
	scriptTime  time.Duration // 0 is the default of the engine
	logBytes    int           // 0 is the package's default
	logRate     int           // requests a minute
}

const (
	defaultRestartTime = time.Minute
	defaultLogRate     = 60
)

// minLogBytes keeps room for the events of a few requests.
const minLogBytes = 64 << 10

// check refuses settings that make no sense.
func (s *settings) check() error {
	switch {
	case s.logBytes != 0 && s.logBytes < minLogBytes:
		return fmt.Errorf("the logs can't do with %d bytes: the least is %d", s.logBytes, minLogBytes)
	case s.logRate < 1:
		return fmt.Errorf("a rate of %d requests a minute closes the logs", s.logRate)
	case s.scriptTime < 0:
		return fmt.Errorf("a script can't take %s", s.scriptTime)
	case s.remote != nil && s.seed != "demo":
		return fmt.Errorf("the seed %s says itself which MCP server it is for: only the demo takes RemoteMCP", s.seed)
	case s.restartTime < 0:
		return fmt.Errorf("a restart can't take %s", s.restartTime)
	}
	return s.remote.check()
}

// Seed chooses what the tenant holds at its start: "demo" (the default), which
// is some 60 users with roles, groups and organizations in the realms alpha and
// bravo, and alpha ready for a remote MCP server; "empty", with nothing but the administrator and the OAuth clients; or
// a directory, as Tenant.Export describes it.
func Seed(name string) Option { return func(s *settings) { s.seed = name } }

// Clock makes the tenant take the time from now; Tenant.Advance moves it on.
func Clock(now func() time.Time) Option { return func(s *settings) { s.now = now } }

// Chance fixes what depends on chance: identifiers, codes, the demo data, the
// order of queries without sort keys. The signing key, and so the tokens, are
// new for every tenant. A tenant without this option takes a seed of its own;
// Tenant.Chance tells which.
func Chance(seed uint64) Option {
	return func(s *settings) { s.chance, s.chanceSet = seed, true }
}

// Matching is how filters and sort keys compare strings.
type Matching = crest.Matching

// IgnoreCase, the default, is how a tenant's directory compares. Exact compares
// code units.
const (
	IgnoreCase = crest.IgnoreCase
	Exact      = crest.Exact
)

// StringMatching sets how strings are compared.
func StringMatching(m Matching) Option { return func(s *settings) { s.matching = m } }

// DevToken makes the tenant accept token as a bearer with every scope, from
// callers on the loopback interface only.
func DevToken(token string) Option { return func(s *settings) { s.devToken = token } }

// PublicURL is the address that clients know the tenant by, for a tenant behind
// a proxy. Without it, addresses are spelled as each request was.
func PublicURL(address string) Option { return func(s *settings) { s.publicURL = address } }

// RedirectURI registers further redirection URIs of an OAuth client.
func RedirectURI(clientID string, uris ...string) Option {
	return func(s *settings) {
		if s.redirects == nil {
			s.redirects = map[string][]string{}
		}
		s.redirects[clientID] = append(s.redirects[clientID], uris...)
	}
}

// LoopbackRedirects sets loopbackInterfaceRedirection of an OAuth client: its
// redirects to a loopback address may have any port.
func LoopbackRedirects(clientID string) Option {
	return func(s *settings) { s.loopback = append(s.loopback, clientID) }
}

// AnyOrigin lets pages of all origins read the answers below /am, without
// credentials. Otherwise pages are let in by the entries of the tenant's CORS
// service, of which a new tenant has none.
func AnyOrigin() Option { return func(s *settings) { s.anyOrigin = true } }

// KeyHosts names hosts from which the tenant fetches the keys that an OAuth client
// has at its jwksUri, over HTTPS. Without it the tenant asks loopback addresses of
// this machine only, so that who may register a client can't make it call others.
func KeyHosts(hosts ...string) Option {
	return func(s *settings) { s.keyHosts = append(s.keyHosts, hosts...) }
}

// RemoteMCP sets the URL of the MCP server that the demo is ready for, and those of
// the APIs that it may call on behalf of its callers. What is left out is
// DefaultMCPServer or DefaultAPI.
func RemoteMCP(server string, apis ...string) Option {
	return func(s *settings) { s.remote = &remoteMCP{server, apis} }
}

// RestartTime sets how long the restart takes that /environment/startup begins,
// by the tenant's clock: a minute without this option. Meanwhile the tenant goes
// on answering; values that wait for a restart are loaded at its end.
func RestartTime(d time.Duration) Option { return func(s *settings) { s.restartTime = d } }

// ScriptTime sets how long a script may take, in real time: 5 s without this option,
// or with 0.
func ScriptTime(d time.Duration) Option { return func(s *settings) { s.scriptTime = d } }

// LogBytes bounds what the tenant's logs take, in bytes: the oldest events give
// way to new ones. Without this option, or with 0, they take 32 MiB at most.
func LogBytes(n int) Option { return func(s *settings) { s.logBytes = n } }

// LogRate sets how many requests a minute /monitoring/logs answers, 60 without
// this option. Tenants have limits of their own.
func LogRate(perMinute int) Option { return func(s *settings) { s.logRate = perMinute } }

// Logger receives what the tenant has to say about itself. It never receives
// tokens or passwords.
func Logger(logger *slog.Logger) Option { return func(s *settings) { s.logger = logger } }

// ParseMatching reads "ignore-case" or "exact".
func ParseMatching(text string) (Matching, error) { return crest.ParseMatching(text) }
