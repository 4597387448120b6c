package resource

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/time/rate"
)

// Options configure a Server. URL and Issuer are required.
type Options struct {
	// URL names the resource: what clients send requests to, and what tokens have
	// as their audience.
	URL string
	// Issuer is compared as a string with what the issuer says of itself and with
	// iss in tokens. AIC's has a port: https://tenant:443/am/oauth2/alpha.
	Issuer string

	// OwnClients are the IDs of clients that get tokens for nothing but this resource.
	// AIC makes a token's client its audience, unless a script sets another: without
	// one, only these clients' tokens are accepted.
	OwnClients []string

	// Name and Documentation, an address, are for people.
	Name, Documentation string
	// Scopes are all that the resource knows of; clients may ask for them all.
	Scopes []string
	// AskedScopes are those that a client without a good token is told to ask for:
	// Scopes if nil.
	AskedScopes []string

	// Algorithms that tokens may be signed with, RS256 if nil. Those with a shared
	// secret are never among them.
	Algorithms []string
	// Skew is how far the issuer's clock may be ahead: a minute if 0, not at all if
	// negative. A token expires by this server's clock.
	Skew          time.Duration
	Introspection Introspection

	// KeysFresh is how old the issuer's keys get before they are fetched again
	// beside the requests: 5 minutes if 0. KeysKept is how old they may get if the
	// issuer can't be asked: an hour if 0. KeysPause is the least time between two
	// fetches, however many tokens name unknown keys: 10 seconds if 0.
	KeysFresh, KeysKept, KeysPause time.Duration

	// Hosts are further names, without a port, that requests may be sent to: what a
	// proxy makes of the resource's own.
	Hosts []string
	// Origins are those of the pages that may send requests, besides the resource's.
	Origins []string
	// MaxBody is the length of a request's body in bytes: 1 MiB if 0.
	MaxBody int64
	// MaxRequests are under way at most: 1024 if 0. One subject can have an eighth of
	// them.
	MaxRequests int
	// Rate is how many requests a second a caller, which is a subject with a client,
	// may send for long, 20 if 0; Burst how many at once, twice that if 0.
	// rate.Inf sets no limit.
	Rate  rate.Limit
	Burst int

	HTTPClient *http.Client
	Logger     *slog.Logger
	Now        func() time.Time
	// ObserveKeys is told of each token whether the key for it was at hand.
	ObserveKeys func(ctx context.Context, hit bool)
}

// Server protects one resource. It is safe for concurrent use.
type Server struct {
	resource      *url.URL
	issuer        *issuer
	keys          *keys
	introspection *introspection

	algorithms []jose.SignatureAlgorithm
	skew       time.Duration
	asked      []string
	ownClients []string
	metadata   []byte // of RFC 9728
	hosts      []string
	origins    []string
	maxBody    int64
	slots      chan struct{}
	callers    *callers
	underWay   underWay

	log *slog.Logger
	now func() time.Time
}

// New returns a Server. Its error has a line for each mistake in the options.
func New(opts Options) (*Server, error) {
	s := &Server{
		skew: orDefault(opts.Skew, time.Minute), asked: opts.AskedScopes, ownClients: opts.OwnClients, maxBody: orDefault(opts.MaxBody, 1<<20),
		log: opts.Logger, now: opts.Now,
	}
	s.skew = max(s.skew, 0)
	if s.asked == nil {
		s.asked = opts.Scopes
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	var mistakes []error
	mistake := func(err error) {
		if err != nil {
			mistakes = append(mistakes, err)
		}
	}
	var err error
	s.resource, err = secureURL("the resource", opts.URL)
	mistake(err)
	if s.resource != nil {
		if want := strings.TrimRight(s.resource.String(), "/"); opts.URL != want {
			mistake(fmt.Errorf("the resource %q must be spelled %q: clients and tokens repeat it as it is", opts.URL, want))
		}
		if p := strings.TrimSuffix(s.resource.Path, "/"); p != "" && p != path.Clean(p) {
			mistake(fmt.Errorf("the resource %q must have a path without //, . and ..: requests are redirected from there", opts.URL))
		}
	}
	address, err := secureURL("the issuer", opts.Issuer)
	mistake(err)
	if opts.Documentation != "" {
		_, err := absoluteURL("the documentation", opts.Documentation)
		mistake(err)
	}
	mistake(checkScopes(opts.Scopes))
	mistake(checkScopes(opts.AskedScopes))
	s.algorithms, err = algorithms(opts.Algorithms)
	mistake(err)
	mistake(opts.Introspection.check())
	s.callers, err = newCallers(opts.Rate, opts.Burst)
	mistake(err)
	for _, n := range []struct {
		name  string
		value int64
	}{
		{"the length of a body", opts.MaxBody},
		{"the number of requests under way", int64(opts.MaxRequests)},
		{"the time that keys are fresh", int64(opts.KeysFresh)},
		{"the time that keys are kept", int64(opts.KeysKept)},
		{"the pause between fetches of keys", int64(opts.KeysPause)},
	} {
		if n.value < 0 {
			mistake(fmt.Errorf("%s must not be negative", n.name))
		}
	}
	if s.resource != nil {
		s.hosts, err = hosts(s.resource, opts.Hosts)
		mistake(err)
		s.origins, err = origins(s.resource, opts.Origins)
		mistake(err)
	}
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}

	if s.metadata, err = protectedMetadata(opts); err != nil {
		return nil, err
	}
	s.slots = make(chan struct{}, orDefault(opts.MaxRequests, 1024))
	s.underWay = underWay{most: max(1, cap(s.slots)/8), of: map[string]int{}}
	s.issuer = newIssuer(opts.Issuer, address, opts.HTTPClient, s.now, s.log)
	s.keys = newKeys(s.issuer, opts)
	s.introspection = newIntrospection(s.issuer, opts.Introspection)
	return s, nil
}

// Ready fetches the issuer's keys if there are none yet, and tells why there are none.
func (s *Server) Ready(ctx context.Context) error {
	_, err := s.keys.usable(ctx)
	return err
}

func orDefault[T time.Duration | int | int64](value, fallback T) T {
	if value == 0 {
		return fallback
	}
	return value
}

// algorithms are those that are verified with a public key.
func algorithms(names []string) ([]jose.SignatureAlgorithm, error) {
	if names == nil {
		return []jose.SignatureAlgorithm{jose.RS256}, nil
	}
	if len(names) == 0 {
		return nil, errors.New("no algorithm is allowed that tokens may be signed with")
	}
	var list []jose.SignatureAlgorithm
	for _, name := range names {
		a := jose.SignatureAlgorithm(name)
		if !slices.Contains(publicAlgorithms, a) {
			return nil, fmt.Errorf("the algorithm %q can't be allowed: there are %s", name, joined(publicAlgorithms))
		}
		list = append(list, a)
	}
	return list, nil
}

// joined lists strings of any type.
func joined[T ~string](list []T) string {
	var text []string
	for _, s := range list {
		text = append(text, string(s))
	}
	return strings.Join(text, ", ")
}

// checkScopes takes the scope-tokens of RFC 6749, section 3.3.
func checkScopes(scopes []string) error {
	for _, scope := range scopes {
		bad := func(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\\' }
		if scope == "" || strings.ContainsFunc(scope, bad) {
			return fmt.Errorf("%q can't be a scope: a scope has no spaces, quotes, backslashes, and only ASCII", scope)
		}
	}
	return nil
}

// Path is where the resource is on its host.
func (s *Server) Path() string { return s.resource.EscapedPath() }
