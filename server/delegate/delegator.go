package delegate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	defaultCapacity = 10_000
	// maxActors is far more downstreams than a server has.
	maxActors = 256

	// How long each may take, with what it waits for.
	discoveryTime = 10 * time.Second
	actorTime     = 15 * time.Second
	exchangeTime  = 30 * time.Second
)

// Options are those of New.
type Options struct {
	// Issuer is spelled as in its discovery document.
	Issuer string
	Client *Client
	// HTTPClient asks the issuer. Neither its cookies nor its redirects are used.
	HTTPClient *http.Client
	Now        func() time.Time
	// Capacity is how many exchanged tokens are kept; 0 is 10,000.
	Capacity int
	Logger   *slog.Logger
	// Observe is told of each token that is asked for whether it was at hand.
	Observe func(ctx context.Context, target string, hit bool)
}

// Delegator trades tokens of callers for tokens for downstream APIs. It may be used
// concurrently.
type Delegator struct {
	issuer  string
	client  *Client
	http    *http.Client
	now     func() time.Time
	log     *slog.Logger
	observe func(ctx context.Context, target string, hit bool)

	discovering singleflight.Group
	endpoint    atomic.Pointer[string]
	actors      *cache
	tokens      *cache
}

// New makes a Delegator. It asks nothing of the issuer yet.
func New(o Options) (*Delegator, error) {
	if err := checkAddress(o.Issuer); err != nil {
		return nil, fmt.Errorf("the issuer %q %w", o.Issuer, err)
	}
	if strings.Contains(o.Issuer, "?") {
		return nil, fmt.Errorf("the issuer %q must have no query", o.Issuer)
	}
	if o.Client == nil {
		return nil, errors.New("an OAuth client of the server's own is needed")
	}
	if o.Capacity < 0 {
		return nil, fmt.Errorf("a cache can't hold %d tokens", o.Capacity)
	}
	d := &Delegator{issuer: o.Issuer, client: o.Client, http: &http.Client{}, now: o.Now, log: o.Logger, observe: o.Observe}
	if d.now == nil {
		d.now = time.Now
	}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	if d.observe == nil {
		d.observe = func(context.Context, string, bool) {}
	}
	if o.HTTPClient != nil {
		*d.http = *o.HTTPClient
	}
	d.http.Jar = nil
	d.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	var err error
	if d.actors, err = newCache(maxActors, d.now); err != nil {
		return nil, err
	}
	d.tokens, err = newCache(cmp.Or(o.Capacity, defaultCapacity), d.now)
	return d, err
}

// Caller is who a tool is called by, as its verified token says.
type Caller struct {
	// Token is the raw one. It goes to the issuer and nowhere else.
	Token   string `json:"-"`
	Subject string
	Expires time.Time
	Scopes  []string
}

// String keeps the token out of what is printed.
func (c Caller) String() string { return "caller " + strconv.Quote(c.Subject) }

// GoString keeps the token out of %#v.
func (c Caller) GoString() string { return c.String() }

// LogValue keeps the token out of logs.
func (c Caller) LogValue() slog.Value { return slog.StringValue(c.String()) }

// Target is a downstream API.
type Target struct {
	Name string
	// Resource is the audience that the API expects. The APIs of a tenant itself
	// expect none: then it is empty.
	Resource string
	// Scopes are those that may be asked for there. The server's own client must
	// have them.
	Scopes []string
	// AudienceParameter says to send Resource as the parameter audience, too. A
	// provider that is set to heed it refuses those that its client does not list;
	// any other heeds it as little as resource.
	AudienceParameter bool
}

// Token is for one caller at one target with some scopes. It is shared by calls that
// ask for the same, and must not be changed.
type Token struct {
	AccessToken string `json:"-"`
	Scopes      []string
	// Expires is when the target begins to refuse it.
	Expires time.Time

	key   key
	made  time.Time
	until time.Time // when it is no longer taken from a cache
}

// String keeps the token out of what is printed.
func (t Token) String() string { return "token that expires " + t.Expires.UTC().Format(time.RFC3339) }

// GoString keeps the token out of %#v.
func (t Token) GoString() string { return t.String() }

// LogValue keeps the token out of logs.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

// Claims are those of the token, for people to read: nil if it is no JWT.
func (t Token) Claims() map[string]any {
	members, _, err := decode(t.AccessToken)
	if err != nil {
		return nil
	}
	return members
}

// kept is a token with the time until which it is used. A short-lived one would
// never be used with the full margin.
func kept(token string, scopes []string, expires, made time.Time) *Token {
	return &Token{AccessToken: token, Scopes: scopes, Expires: expires, made: made, until: expires.Add(-min(margin, expires.Sub(made)/10))}
}

// Token is one that acts for the caller at the target, with exactly these scopes. It
// is an error that the caller's token or the target's declaration lacks one of
// them (ScopeError), that the caller's token has expired (ErrExpired), that the
// issuer gives none (Error) or another than was asked for (Mismatch).
func (d *Delegator) Token(ctx context.Context, caller Caller, target Target, scopes []string) (*Token, error) {
	scopes, err := d.allowed(caller, target, scopes)
	if err != nil {
		return nil, err
	}
	k := keyOf(append([]string{caller.Token, caller.Subject, target.Name, target.Resource, strconv.FormatBool(target.AudienceParameter)}, scopes...)...)
	t, hit, err := d.tokens.get(ctx, k, opExchange, exchangeTime, func(ctx context.Context) (*Token, error) {
		return d.exchange(ctx, caller, target, scopes)
	})
	d.observe(ctx, target.Name, hit)
	return t, err
}

// allowed are the scopes as a set, if the caller may have them all at the target.
func (d *Delegator) allowed(caller Caller, target Target, scopes []string) ([]string, error) {
	if caller.Token == "" || caller.Subject == "" {
		return nil, errors.New("the caller has no token or no subject")
	}
	if !d.now().Before(caller.Expires) {
		return nil, ErrExpired
	}
	scopes, err := sorted(scopes)
	if err != nil {
		return nil, fmt.Errorf("a token for %s: %w", target.Name, err)
	}
	refused := &ScopeError{Target: target.Name, Lacking: Missing(caller.Scopes, scopes), NotAllowed: Missing(target.Scopes, scopes)}
	if len(refused.Lacking)+len(refused.NotAllowed) > 0 {
		return nil, refused
	}
	return scopes, nil
}

// Invalidate forgets a token that its target refused, so that the next call gets
// another.
func (d *Delegator) Invalidate(t *Token) { d.tokens.drop(t) }

// Authenticate adds to a request for another of the issuer's endpoints what proves
// the identity of the server's own client.
func (d *Delegator) Authenticate(ctx context.Context, form url.Values, header http.Header) error {
	endpoint, err := d.tokenEndpoint(ctx)
	if err != nil {
		return err
	}
	return d.client.Authenticate(form, header, endpoint, d.now())
}
