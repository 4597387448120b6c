package mockaic

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"aicmcp/mockaic/internal/am"
	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/esv"
	"aicmcp/mockaic/internal/idm"
	"aicmcp/mockaic/internal/journey"
	"aicmcp/mockaic/internal/login"
	"aicmcp/mockaic/internal/logs"
	"aicmcp/mockaic/internal/oauth"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/session"
	"aicmcp/mockaic/internal/store"
)

// Tenant is a running fake. It is an http.Handler; all its methods may be used
// concurrently.
type Tenant struct {
	// URL is where a tenant that was made by Start listens, such as
	// "http://127.0.0.1:40123".
	URL string
	// Chance is the seed of all that depends on chance.
	Chance uint64

	settings settings
	journal  atomic.Pointer[route.Journal]
	faults   faults
	client   *http.Client
	// generation counts the logs that the tenant had: a reset begins a new one.
	generation atomic.Int64

	changing sync.Mutex // held while current is replaced
	current  atomic.Pointer[content]
}

// content is what the tenant holds, with the services that answer from it.
type content struct {
	clock      *clock
	chance     io.Reader
	store      *store.Store
	clients    []oauth.Client
	identities *idm.Service
	access     *am.Service
	esvs       *esv.Service
	log        *logs.Log
	logs       *logs.Service

	sessions              *session.Store
	openidm, am, platform http.Handler
	oauth                 *oauth.Service
	cors                  *route.CORS // of all below /am
	login                 *login.Service
}

const (
	maxBody       = 10 << 20
	maxStep       = 1 << 20 // of a login
	journalLength = 1000
	// Longer identifiers of clients are replaced, so that the journal stays bounded.
	maxTransactionID = 256
	maxJournalPath   = 512
)

// New makes a tenant that does not listen. It fails when the seed data is
// broken or an option does not make sense.
func New(options ...Option) (*Tenant, error) {
	s := settings{seed: "demo", now: time.Now, restartTime: defaultRestartTime, logRate: defaultLogRate, logger: slog.New(slog.DiscardHandler)}
	for _, option := range options {
		option(&s)
	}
	if !s.chanceSet {
		var random [8]byte
		if _, err := rand.Read(random[:]); err != nil {
			return nil, fmt.Errorf("choose a seed of chance: %w", err)
		}
		s.chance = binary.NativeEndian.Uint64(random[:])
	}
	if s.publicURL != "" {
		address, err := checkPublicURL(s.publicURL)
		if err != nil {
			return nil, err
		}
		s.publicURL = address
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	t := &Tenant{Chance: s.chance, settings: s}
	t.forgetRequests()
	first, err := t.first()
	if err != nil {
		return nil, err
	}
	t.current.Store(first)
	return t, nil
}

// first is the content that the tenant has at its start.
func (t *Tenant) first() (*content, error) {
	seed, err := loadSeed(t.settings.seed, t.Chance, t.settings.remote)
	if err == nil {
		var first *content
		log := &logs.Log{Limit: t.settings.logBytes, Generation: t.generation.Add(1), Instance: uuid.NewSHA1(uuid.NameSpaceOID, strconv.AppendUint(nil, t.Chance, 10)).String()}
		if first, err = t.build(seed, &clock{base: t.settings.now}, newChance(t.Chance), log); err == nil {
			return first, nil
		}
	}
	return nil, fmt.Errorf("seed %s: %w", t.settings.seed, err)
}

// build puts the services together.
func (t *Tenant) build(seed *seedData, clock *clock, chance io.Reader, log *logs.Log) (*content, error) {
	s := t.settings
	if err := s.changeClients(seed.clients); err != nil {
		return nil, err
	}
	documents, err := newStore(s.chance, chance, seed.digest)
	if err != nil {
		return nil, err
	}
	identities, err := idm.New(idm.Options{
		Store: documents, Chance: chance, Now: clock.now, Matching: s.matching, Seed: s.chance,
	})
	if err != nil {
		return nil, err
	}
	if err := identities.Import(seed.data); err != nil {
		return nil, err
	}
	cookie, err := randomHex(chance, 15)
	if err != nil {
		return nil, err
	}
	access := am.New(am.Options{
		Store: documents, Now: clock.now, Realms: idm.Realms, Matching: s.matching, Seed: s.chance, CookieName: cookie, Directory: people{identities},
	})
	if err := access.Import(seed.access); err != nil {
		return nil, err
	}
	if seed.agents {
		if err := access.EnableAgents(context.Background()); err != nil {
			return nil, err
		}
	}
	sessions := session.New(session.Options{Chance: chance, Now: clock.now, BaseURL: t.baseURL, CookieName: cookie})
	journeys, err := journey.New(journey.Options{
		Trees: access, People: accounts{identities}, Chance: chance, Now: clock.now, Matching: s.matching,
		StartSession: func(ctx context.Context, login journey.Login) string {
			return sessions.Start(ctx, session.Login(login)).Token
		},
	})
	if err != nil {
		return nil, err
	}
	provider, err := oauth.New(oauth.Options{
		BaseURL: t.baseURL, PublicURL: s.publicURL, Chance: chance, Now: clock.now, Identities: people{identities},
		Realms: idm.Realms, Clients: seed.clients, Registry: registry{access}, KeyHosts: s.keyHosts, Scripts: registry{access}, ScriptTime: s.scriptTime, Sessions: sessions, Journeys: journeys, DevToken: s.devToken, Logger: s.logger,
	})
	if err != nil {
		return nil, err
	}
	esvs := esv.New(esv.Options{
		Store: documents, Now: clock.now, Seed: s.chance, RestartTime: s.restartTime, MaxBody: maxBody, Logger: s.logger,
		Authorize: func(r *http.Request) (route.Caller, error) { return provider.Authorize(r) },
		Used:      esv.UsedIn(isConfiguration),
	})
	if err := esvs.Import(seed.esvs); err != nil {
		return nil, err
	}
	readers := logs.New(logs.Options{
		Log: log, Store: documents, Now: clock.now, Chance: chance, PerMinute: s.logRate, Logger: s.logger,
		Authorize: func(r *http.Request) (route.Caller, error) { return provider.Authorize(r) },
	})
	if err := readers.Import(seed.keys); err != nil {
		return nil, err
	}
	c := &content{
		clock: clock, chance: chance, store: documents, clients: seed.clients,
		identities: identities, access: access, esvs: esvs, log: log, logs: readers, oauth: provider, sessions: sessions,
	}
	c.cors = &route.CORS{Entries: access.CORS, Any: s.anyOrigin}
	c.openidm = &route.CREST{
		Mount:        "/openidm",
		Authorize:    authenticated(func(r *http.Request) (route.Caller, error) { return provider.Authorize(r, idm.Scope) }),
		Serve:        identities.Serve,
		Headers:      idm.SetHeaders,
		ErrorVersion: "1.0",
		ContentType:  "application/json;charset=utf-8",
		MaxBody:      maxBody,
		BaseURL:      t.location,
		Logger:       s.logger,
	}
	c.am = &route.CREST{
		Mount: "/am/json",
		Authorize: func(r *http.Request) (route.Caller, error) {
			if am.IsPublic(r) {
				return route.Caller{}, nil
			}
			return provider.Authorize(r, am.Scope)
		},
		Serve:       access.Serve,
		Headers:     am.SetHeaders,
		BareVersion: true,
		ContentType: "application/json;charset=UTF-8",
		MaxBody:     maxBody,
		BaseURL:     t.location,
		Logger:      s.logger,
	}
	c.login = login.New(login.Options{
		Runner: journeys, Sessions: sessions, Realms: idm.Realms, BaseURL: t.baseURL, Headers: am.SetHeaders, MaxBody: maxStep, Logger: s.logger,
		Authorize: func(r *http.Request) (route.Caller, error) { return provider.Authorize(r, am.Scope) },
	})
	c.platform = &platform{
		authorize: provider.Authorize,
		install:   func(ctx context.Context) error { return identities.EnsureFeature(ctx, agentsFeature) },
		enable:    access.EnableAgents,
		logger:    s.logger,
	}
	return c, nil
}

// isConfiguration tells the collections whose documents may hold placeholders.
func isConfiguration(collection string) bool {
	return collection == "config" || strings.HasPrefix(collection, "am/")
}

// authenticated logs the bearers that authorize refuses, as IDM does.
func authenticated(authorize func(*http.Request) (route.Caller, error)) func(*http.Request) (route.Caller, error) {
	return func(r *http.Request) (route.Caller, error) {
		caller, err := authorize(r)
		if err != nil {
			route.TrailOf(r.Context()).Write(route.IDMAuthentication, map[string]any{
				"eventName": "authentication", "method": "OAUTH", "provider": nil, "result": "FAILED", "principal": []string{},
				"entries": []any{map[string]any{"moduleId": "rsFilter", "result": "FAILED", "reason": map[string]any{"message": err.Error()}}},
			})
		}
		return caller, err
	}
}

// newStore makes a store whose revisions are no other's: not those of a tenant
// with the same chance, which the seed may have been exported from.
func newStore(order uint64, chance io.Reader, digest []byte) (*store.Store, error) {
	identity := make([]byte, sha256.Size)
	if _, err := io.ReadFull(chance, identity); err != nil {
		return nil, fmt.Errorf("identify the store: %w", err)
	}
	sum := sha256.Sum256(append(identity, digest...))
	return store.New(store.Options{
		Chance: io.MultiReader(bytes.NewReader(sum[:16]), chance), // a UUID takes 16 bytes
		Order:  crest.Order(order), Indexed: idm.Indexed, Fold: crest.Fold,
	})
}

// clock is the clock of the option, moved by Advance.
type clock struct {
	base   func() time.Time
	offset atomic.Int64 // nanoseconds
}

func (c *clock) now() time.Time { return c.base().Add(time.Duration(c.offset.Load())) }

// changeClients applies the options that concern OAuth clients.
func (s *settings) changeClients(clients []oauth.Client) error {
	find := func(id string) (*oauth.Client, error) {
		for i := range clients {
			if clients[i].ID == id {
				return &clients[i], nil
			}
		}
		return nil, fmt.Errorf("the seed has no OAuth client %q", id)
	}
	for id, uris := range s.redirects {
		client, err := find(id)
		if err != nil {
			return err
		}
		for _, uri := range uris {
			if !slices.Contains(client.RedirectURIs, uri) {
				client.RedirectURIs = append(client.RedirectURIs, uri)
			}
		}
	}
	for _, id := range s.loopback {
		client, err := find(id)
		if err != nil {
			return err
		}
		client.LoopbackRedirects = true
	}
	return nil
}

// TB is the part of testing.TB that Start needs.
type TB interface {
	Helper()
	Cleanup(func())
	Failed() bool
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
}

// Start runs a tenant on a free port of the loopback interface until the test
// ends. If the test fails, the seed of chance is logged.
func Start(tb TB, options ...Option) *Tenant {
	tb.Helper()
	t, err := New(options...)
	if err != nil {
		tb.Fatalf("mockaic: %v", err)
		return nil
	}
	server := httptest.NewServer(t)
	t.URL = server.URL
	t.client = server.Client()
	t.client.Timeout = time.Minute
	tb.Cleanup(func() {
		server.Close()
		if tb.Failed() {
			tb.Logf("mockaic: the seed of chance was %d", t.Chance)
		}
	})
	return t
}

// Client returns an HTTP client for a tenant that was made by Start, else nil.
// It sends no token of its own.
func (t *Tenant) Client() *http.Client { return t.client }

// Request is an answered request, as the journal keeps it.
type Request = route.Entry

// Requests returns the last requests, oldest first. They hold no query strings,
// headers or bodies.
func (t *Tenant) Requests() []Request { return t.journal.Load().Entries() }

func (t *Tenant) forgetRequests() { t.journal.Store(&route.Journal{Size: journalLength}) }

// ServeHTTP answers as the tenant does.
func (t *Tenant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	current := t.current.Load()
	started, begun := current.clock.now(), t.settings.now()
	transaction := transactionID(r, current.chance)
	header := w.Header()
	header.Set("X-Forgerock-Transactionid", transaction)
	header.Set("X-Robots-Tag", "none")
	if !onLoopbackTLS(r) {
		header.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains; preload;")
	}
	trail := &route.Trail{Write: func(source route.Source, event any) {
		current.log.Write(source, current.clock.now, transaction, event)
	}}
	r = r.WithContext(route.WithTrail(r.Context(), trail))
	logs.Attempt(trail, r)
	recorder := &statusRecorder{ResponseWriter: w, answered: func(status int) {
		elapsed := t.settings.now().Sub(begun)
		logs.Outcome(trail, r, status, elapsed)
		path := r.URL.Path
		if len(path) > maxJournalPath {
			path = path[:maxJournalPath]
		}
		t.journal.Load().Add(Request{
			Time: started, Method: r.Method, Path: path, Status: status,
			Duration: elapsed, TransactionID: transaction,
		})
	}}
	defer func() {
		if defect := recover(); defect != nil {
			t.settings.logger.ErrorContext(r.Context(), "defect", "path", r.URL.Path, "panic", defect)
			if recorder.status == 0 {
				writeError(recorder, http.StatusInternalServerError, "Internal Server Error")
			}
		}
		if recorder.status == 0 {
			recorder.WriteHeader(http.StatusOK)
		}
	}()
	if fault, ok := t.faults.take(r); ok {
		fault.write(recorder)
		return
	}
	current.ServeHTTP(recorder, r)
}

// absent are the APIs of a tenant that this fake has not yet.
var absent = []string{"/am", "/environment", "/platform", "/enduser", "/scim", "/iga", "/sso"}

func (c *content) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if below(r, "/am") && c.cors.Handle(w, r) {
		return
	}
	switch {
	case below(r, "/am/json") && c.sessions.MayBeForged(r):
		am.SetHeaders(w.Header())
		writeError(w, http.StatusForbidden, "Forbidden: a request with the session cookie needs the header Accept-API-Version or X-Requested-With")
	case below(r, "/openidm"):
		c.openidm.ServeHTTP(w, r)
	case c.login.Serves(r):
		c.login.ServeHTTP(w, r)
	case below(r, "/am/json"):
		c.am.ServeHTTP(w, r)
	case below(r, "/feature"), r.URL.Path == "/environment/aiagent":
		c.platform.ServeHTTP(w, r)
	case slices.ContainsFunc(esv.Paths, func(path string) bool { return below(r, path) }):
		c.esvs.ServeHTTP(w, r)
	case below(r, "/monitoring"), below(r, "/keys"):
		c.logs.ServeHTTP(w, r)
	case below(r, "/am/oauth2"), below(r, "/am/UI"), below(r, "/am/XUI"), below(r, "/login"):
		c.oauth.ServeHTTP(w, r)
	case r.URL.Path == "/":
		http.Redirect(w, r, "/login/", http.StatusMovedPermanently)
	default:
		for _, prefix := range absent {
			if below(r, prefix) {
				writeError(w, http.StatusNotImplemented, r.URL.Path+" is not implemented by this fake tenant")
				return
			}
		}
		writeError(w, http.StatusNotFound, "Not Found")
	}
}

func below(r *http.Request, prefix string) bool {
	rest, ok := strings.CutPrefix(r.URL.Path, prefix)
	return ok && (rest == "" || rest[0] == '/')
}

func writeError(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	// A client that went away needs no answer.
	_ = route.WriteJSON(w, status, crest.Errorf(status, "%s", message), false)
}

// statusRecorder tells of the status before the caller can see it, so that who
// has an answer finds it in the journal.
type statusRecorder struct {
	http.ResponseWriter
	status   int
	answered func(status int)
}

func (r *statusRecorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
		r.answered(status)
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *statusRecorder) Write(data []byte) (int, error) {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	return r.ResponseWriter.Write(data)
}

// transactionID is the client's, if it is one, or made by the tenant.
func transactionID(r *http.Request, chance io.Reader) string {
	id := r.Header.Get("X-Forgerock-Transactionid")
	printable := strings.IndexFunc(id, func(c rune) bool { return c <= ' ' || c > '~' }) < 0
	if id != "" && len(id) <= maxTransactionID && printable {
		return id
	}
	made, err := uuid.NewRandomFromReader(chance)
	if err != nil {
		panic(fmt.Errorf("the source of chance failed: %w", err))
	}
	return made.String()
}

// baseURL is the tenant's address as the request spelled it, with the port, as
// AM writes it.
func (t *Tenant) baseURL(r *http.Request) string {
	if t.settings.publicURL != "" {
		return t.settings.publicURL
	}
	scheme, port := "http", "80"
	if r.TLS != nil {
		scheme, port = "https", "443"
	}
	host := r.Host
	if _, _, err := net.SplitHostPort(host); err != nil {
		host = net.JoinHostPort(strings.Trim(host, "[]"), port)
	}
	return scheme + "://" + host
}

// location is the address for Location headers, which leave a default port out.
func (t *Tenant) location(r *http.Request) string {
	address := t.baseURL(r)
	if rest, ok := strings.CutSuffix(address, ":443"); ok && strings.HasPrefix(address, "https:") {
		return rest
	}
	if rest, ok := strings.CutSuffix(address, ":80"); ok && strings.HasPrefix(address, "http:") {
		return rest
	}
	return address
}

func checkPublicURL(text string) (string, error) {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" ||
		strings.Trim(parsed.Path, "/") != "" || parsed.RawQuery != "" || parsed.Fragment != "" || parsed.User != nil {
		return "", fmt.Errorf("the public URL %q must be a scheme and a host, such as https://tenant.example.com", text)
	}
	host := parsed.Host
	if parsed.Port() == "" {
		host = net.JoinHostPort(parsed.Hostname(), map[string]string{"http": "80", "https": "443"}[parsed.Scheme])
	}
	return parsed.Scheme + "://" + host, nil
}

// onLoopbackTLS tells whether the answer would pin a developer's localhost to
// HTTPS for a year.
func onLoopbackTLS(r *http.Request) bool {
	if r.TLS == nil {
		return false
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// chance is a seeded source of random bytes that goroutines can share.
type chance struct {
	mu     sync.Mutex
	source *mathrand.ChaCha8
}

func newChance(seed uint64) *chance {
	return &chance{source: mathrand.NewChaCha8(sha256.Sum256([]byte(strconv.FormatUint(seed, 10))))}
}

func (c *chance) Read(data []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.source.Read(data)
}

func randomHex(chance io.Reader, digits int) (string, error) {
	data := make([]byte, digits)
	if _, err := io.ReadFull(chance, data); err != nil {
		return "", errors.Join(errors.New("the source of chance failed"), err)
	}
	return fmt.Sprintf("%x", data)[:digits], nil
}
