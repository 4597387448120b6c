package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"aicmcp/server/tokenstore"
)

// Way is how a login is got.
type Way string

// The ways to log in.
const (
	Browser         Way = "browser"
	Device          Way = "device"
	ServiceAccounts Way = "service-account"
)

// Options configure a Source. BaseURL and Scopes are required.
type Options struct {
	// Way is Browser if empty.
	Way Way
	// Account logs in if Way is ServiceAccounts.
	Account *ServiceAccount
	// Unattended says that nobody is there to log in: what would ask them fails
	// with ErrUnattended.
	Unattended bool
	// Context ends a login that is under way; it should end with the process.
	// The calls that wait for a login may end sooner. Background if nil.
	Context context.Context
	// BaseURL is the tenant's address, without a path.
	BaseURL *url.URL
	// Scopes are asked for at login: the union of what all tools need.
	Scopes []string
	// ClientID logs people in; ExchangeClientID scopes tokens down.
	ClientID, ExchangeClientID string
	// RedirectPort receives the browser's answer; 0 takes any free port,
	// which the tenant's client must allow.
	RedirectPort int
	// HTTPClient is one that waits a minute for an answer if nil.
	HTTPClient *http.Client
	// Store keeps the login; it is kept in memory if nil.
	Store tokenstore.Store
	// OpenURL opens a browser. If nil, the URL is only shown.
	OpenURL func(string) error
	// Notify is where people read the login URL, as a rule stderr.
	Notify io.Writer
	Logger *slog.Logger
	Now    func() time.Time
	// After is time.After, for tests to replace.
	After func(time.Duration) <-chan time.Time
	// LoginTimeout is five minutes if zero.
	LoginTimeout time.Duration
}

// The clients that Ping registers in each tenant for this purpose.
const (
	DefaultClientID         = "AICMCPClient"
	DefaultExchangeClientID = "AICMCPExchangeClient"
)

// Source supplies bearers for calls, logging a person in when it must. It is
// safe for concurrent use.
type Source struct {
	base           *url.URL
	scopes         []string
	client         string
	exchangeClient string
	port           int
	http           *http.Client
	store          tokenstore.Store
	openURL        func(string) error
	notify         io.Writer
	log            *slog.Logger
	now            func() time.Time
	after          func(time.Duration) <-chan time.Time
	timeout        time.Duration

	account *ServiceAccount
	// logIn gets a login from a person, supply a token for scopes.
	logIn  func(ctx context.Context) (tokenstore.Login, error)
	supply func(ctx context.Context, scopes []string, key string) (string, error)

	process   context.Context
	exchanged cache
	tokens    flights[string]
	renewals  flights[renewed]

	mu     sync.Mutex
	login  tokenstore.Login
	stored bool // whether the store has been asked
	kept   bool // whether login is in the store
	// unexchangeable is an access token that was refused when it was new: the
	// fault is not its age, so another login would not help.
	unexchangeable string
	// page is the address of the login that is under way in a browser, attempt
	// the one by device code.
	page    string
	attempt *attempt
}

// New returns a Source for one tenant.
func New(opts Options) (*Source, error) {
	if opts.BaseURL == nil {
		return nil, errors.New("auth: no base URL")
	}
	if len(opts.Scopes) == 0 {
		return nil, errors.New("auth: no scopes")
	}
	s := &Source{
		base:           opts.BaseURL,
		client:         orElse(opts.ClientID, DefaultClientID),
		exchangeClient: orElse(opts.ExchangeClientID, DefaultExchangeClientID),
		port:           opts.RedirectPort,
		store:          opts.Store,
		openURL:        opts.OpenURL,
		notify:         opts.Notify,
		log:            opts.Logger,
		now:            opts.Now,
		after:          opts.After,
		timeout:        opts.LoginTimeout,
		process:        opts.Context,
		// A person may need longer than a client waits for a call.
		renewals: flights[renewed]{last: true},
	}
	s.logIn, s.supply = s.browserLogin, s.obtain
	switch opts.Way {
	case Browser, "":
	case Device:
		s.logIn = s.deviceLogin
	case ServiceAccounts:
		if opts.Account == nil {
			return nil, errors.New("auth: no service account")
		}
		s.account, s.supply = opts.Account, s.assert
	default:
		return nil, fmt.Errorf("auth: there is no way %q to log in", opts.Way)
	}
	if opts.Unattended || opts.Way == ServiceAccounts {
		s.logIn = noLogin
	}
	if s.process == nil {
		s.process = context.Background()
	}
	s.scopes, _ = scopeKey(opts.Scopes)
	hc := http.Client{Timeout: time.Minute}
	if opts.HTTPClient != nil {
		hc = *opts.HTTPClient
	}
	// Tokens and codes are for the token endpoint only, not for wherever
	// it might redirect to.
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s.http = &hc
	if s.store == nil {
		s.store = tokenstore.NewMemory()
	}
	if s.notify == nil {
		s.notify = io.Discard
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.after == nil {
		s.after = time.After
	}
	if s.timeout == 0 {
		s.timeout = 5 * time.Minute
	}
	return s, nil
}

func orElse(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

func (s *Source) endpoint(name string) string {
	return s.base.Scheme + "://" + s.base.Host + "/am/oauth2/" + name
}

// key is what the login is stored under.
func (s *Source) key() string { return s.base.Scheme + "://" + s.base.Host + " " + s.client }

// Token returns a bearer with exactly these scopes.
func (s *Source) Token(ctx context.Context, scopes []string) (string, error) {
	scopes, key := scopeKey(scopes)
	if token, ok := s.exchanged.get(key, s.now()); ok {
		return token, nil
	}
	return s.tokens.do(ctx, key, func(ctx context.Context) (string, error) {
		if token, ok := s.exchanged.get(key, s.now()); ok {
			return token, nil
		}
		return s.supply(ctx, scopes, key)
	})
}

// Invalidate forgets an exchanged token that an API refused.
func (s *Source) Invalidate(scopes []string, token string) {
	_, key := scopeKey(scopes)
	s.exchanged.drop(key, token)
}

// obtain exchanges the login for a token. If the tenant no longer accepts a
// login from earlier, it is renewed.
func (s *Source) obtain(ctx context.Context, scopes []string, key string) (string, error) {
	subject, err := s.subject(ctx)
	if err != nil {
		return "", err
	}
	// The login at hand may be followed by one that another process left, and
	// that by a new one.
	for range 3 {
		var token tokenstore.Login
		token, err = s.exchange(ctx, subject.Login, scopes)
		if err == nil {
			s.exchanged.put(key, token)
			return token.AccessToken, nil
		}
		var refused *Error
		if !errors.As(err, &refused) || !refused.stale() {
			return "", err
		}
		if subject.isNew {
			s.rememberRefused(subject.Login)
			return "", err
		}
		if s.wasRefusedNew(subject.Login) {
			// Only what a person did elsewhere since can help.
			login, ok := s.adopt(ctx, subject.Login)
			if !ok {
				return "", err
			}
			subject = renewed{Login: login}
			continue
		}
		s.log.InfoContext(ctx, "the tenant no longer accepts the login", "transactionId", refused.TransactionID)
		var renewErr error
		if subject, renewErr = s.replace(ctx, subject.Login, refused.Status != http.StatusUnauthorized); renewErr != nil {
			return "", renewErr
		}
	}
	return "", err
}

func (s *Source) wasRefusedNew(login tokenstore.Login) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unexchangeable == login.AccessToken
}

func (s *Source) rememberRefused(login tokenstore.Login) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unexchangeable = login.AccessToken
}

// renewed is a login, and whether it was got just now: not from the store.
type renewed struct {
	tokenstore.Login
	isNew bool
}

// subject returns a login that has not expired.
func (s *Source) subject(ctx context.Context) (renewed, error) {
	login := s.current(ctx)
	if usable(login, s.now()) {
		return renewed{Login: login}, nil
	}
	return s.replace(ctx, login, true)
}

// current is the login at hand, from the store the first time.
func (s *Source) current(ctx context.Context) tokenstore.Login {
	s.mu.Lock()
	login, stored := s.login, s.stored
	s.mu.Unlock()
	if stored || login.AccessToken != "" {
		return login
	}
	loaded, err := s.load(ctx)
	if err != nil {
		s.warn(ctx, err)
	}
	if ctx.Err() != nil {
		return login
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stored && s.login.AccessToken == "" && err == nil {
		s.login, s.kept = loaded, true
	}
	s.stored = true
	return s.login
}

// replace renews a login: by what another process stored, by its refresh token
// if refresh is set, or by the person.
func (s *Source) replace(ctx context.Context, old tokenstore.Login, refresh bool) (renewed, error) {
	if s.renewals.abandoned("") {
		s.remind(ctx)
	}
	return s.renewals.do(ctx, "", func(ctx context.Context) (renewed, error) {
		// Another call may have replaced it while this one was busy.
		if now := s.current(ctx); now.AccessToken != old.AccessToken && usable(now, s.now()) {
			return renewed{Login: now}, nil
		}
		defer s.lock(ctx, s.key())()
		if login, ok := s.adopt(ctx, old); ok {
			return renewed{Login: login}, nil
		}
		stored, err := s.load(ctx)
		switch {
		case err == nil && stored.RefreshToken != "" && stored.Expiry.After(old.Expiry):
			// Another process has used up the refresh token long ago.
			old, refresh = stored, true
		case errors.Is(err, tokenstore.ErrNotFound) && s.wasKept():
			// Somebody has logged out. What they wanted gone must not come back.
			refresh = false
		}
		if refresh && old.RefreshToken != "" {
			login, err := s.refresh(ctx, old)
			if err == nil {
				s.keepIfPossible(ctx, login)
				return renewed{login, true}, nil
			}
			var refused *Error
			if !errors.As(err, &refused) || !refused.final() {
				// It may work the next time: no reason to bother the person.
				return renewed{}, err
			}
			if login, ok := s.adopt(ctx, old); ok {
				return renewed{Login: login}, nil
			}
			s.log.InfoContext(ctx, "refresh token is no longer accepted", "error", err)
		}
		login, err := s.logIn(ctx)
		if err != nil {
			return renewed{}, err
		}
		s.keepIfPossible(ctx, login)
		return renewed{login, true}, nil
	})
}

// adopt takes over a login that another process has stored since: with a
// refresh token that is good once only, the old one is of no more use.
func (s *Source) adopt(ctx context.Context, old tokenstore.Login) (tokenstore.Login, bool) {
	login, err := s.load(ctx)
	if err != nil || login.AccessToken == old.AccessToken || !usable(login, s.now()) {
		return tokenstore.Login{}, false
	}
	s.mu.Lock()
	s.login, s.stored, s.kept = login, true, true
	s.mu.Unlock()
	return login, true
}

func (s *Source) wasKept() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept
}

// lock keeps other processes from renewing the login at the same time: what the
// first of them gets, the others adopt. A lock that cannot be had costs at most
// a renewal too many.
func (s *Source) lock(ctx context.Context, key string) (unlock func()) {
	// Another process may be waiting for its person.
	ctx, cancel := context.WithTimeout(ctx, s.timeout+time.Minute)
	defer cancel()
	defer context.AfterFunc(s.process, cancel)()
	notice := time.AfterFunc(time.Second, func() {
		s.log.InfoContext(ctx, "another aic-mcp is logging in or renewing; waiting for it")
	})
	defer notice.Stop()
	unlock, err := s.store.Lock(ctx, key)
	if err == nil {
		return unlock
	}
	if s.process.Err() == nil {
		s.log.WarnContext(ctx, "other processes cannot be kept from logging in at the same time", "error", err)
	}
	return func() {}
}

// storeTimeout bounds a keychain that asks its owner something.
const storeTimeout = 10 * time.Second

func (s *Source) load(ctx context.Context) (tokenstore.Login, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return s.store.Load(ctx, s.key())
}

// keep makes login the current one.
func (s *Source) keep(ctx context.Context, login tokenstore.Login) error {
	s.mu.Lock()
	s.login, s.stored, s.kept = login, true, false
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if err := s.store.Save(ctx, s.key(), login); err != nil {
		return err
	}
	s.mu.Lock()
	s.kept = true
	s.mu.Unlock()
	return nil
}

// keepIfPossible is keep for a call: failing to store the login costs one at
// the next start, not this call.
func (s *Source) keepIfPossible(ctx context.Context, login tokenstore.Login) {
	if err := s.keep(ctx, login); err != nil {
		s.log.WarnContext(ctx, "the login cannot be stored; it is good until this process ends", "error", err)
	}
}

// Login logs the person in now, whatever is stored, and fails if the login
// cannot be stored. A login that another process got meanwhile will do.
func (s *Source) Login(ctx context.Context) error {
	_, err := s.renewals.do(ctx, "", func(ctx context.Context) (renewed, error) {
		before, err := s.load(ctx)
		if err != nil {
			s.warn(ctx, err)
		}
		defer s.lock(ctx, s.key())()
		s.exchanged.clear()
		if login, ok := s.adopt(ctx, before); ok {
			return renewed{Login: login}, nil
		}
		login, err := s.logIn(ctx)
		if err == nil {
			err = s.keep(ctx, login)
		}
		return renewed{login, true}, err
	})
	var pending *Pending
	if !errors.As(err, &pending) {
		return err
	}
	a := pending.attempt
	select {
	case <-a.done:
		return errors.Join(s.finish(a), a.unkept)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func noLogin(context.Context) (tokenstore.Login, error) {
	return tokenstore.Login{}, &Error{Op: "login", Err: ErrUnattended, Description: "nobody has logged in"}
}

// warn tells that what is stored cannot be used.
func (s *Source) warn(ctx context.Context, err error) {
	if !errors.Is(err, tokenstore.ErrNotFound) && ctx.Err() == nil {
		s.log.WarnContext(ctx, "stored login cannot be used", "error", err)
	}
}

// Fixed supplies one bearer that was obtained elsewhere.
type Fixed struct{ token string }

// Static returns a source of one fixed bearer, whatever the scopes.
func Static(token string) *Fixed { return &Fixed{token} }

// Token returns the bearer.
func (f *Fixed) Token(context.Context, []string) (string, error) { return f.token, nil }

// Invalidate does nothing: there is no other bearer.
func (f *Fixed) Invalidate([]string, string) {}

// String keeps the bearer out of what is printed.
func (f *Fixed) String() string { return "fixed bearer" }

// GoString keeps the bearer out of %#v.
func (f *Fixed) GoString() string { return f.String() }

// LogValue keeps the bearer out of logs.
func (f *Fixed) LogValue() slog.Value { return slog.StringValue(f.String()) }
