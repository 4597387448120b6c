// Package session keeps the sessions of a tenant: who is logged in, known by a
// token that browsers hold in a cookie.
package session

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"aicmcp/mockaic/internal/route"
)

// Lifetimes of a session that its login does not set.
const (
	defaultLifetime = 2 * time.Hour
	defaultIdle     = 30 * time.Minute
)

// limit bounds what logins can make the tenant remember.
const limit = 20_000

// Login is what a session follows from.
type Login struct {
	Realm      string // with its slash
	UserID     string
	Name       string // of the user, for display
	Service    string // the journey
	AuthLevel  int
	Properties map[string]string
	// Lifetime and Idle are how long the session lasts, at most and unused; 0 is as
	// usual.
	Lifetime, Idle time.Duration
}

// Session is somebody who is logged in.
type Session struct {
	Login
	Token         string
	Handle        string // names the session to others than its owner
	Context       string // AM's identifier of the session in logs
	Started, Seen time.Time
}

// UniversalID is AM's name of the user.
func (s Session) UniversalID() string { return route.UniversalIDIn(s.Realm, s.UserID) }

// IdleEnd is when the session ends if it is not used.
func (s Session) IdleEnd() time.Time { return s.Seen.Add(s.Idle) }

// End is when the session ends at last.
func (s Session) End() time.Time { return s.Started.Add(s.Lifetime) }

// Options are what a Store needs.
type Options struct {
	Chance  io.Reader // safe for concurrent use
	Now     func() time.Time
	BaseURL func(*http.Request) string
	// CookieName is that of the cookie, and of a header that stands for it.
	CookieName string
}

// Store holds the sessions.
type Store struct {
	options Options
	server  string // the part of all contexts that tells tenants apart

	mu       sync.Mutex
	sessions map[string]Session
	count    int
}

// New returns a store without sessions.
func New(options Options) *Store {
	s := &Store{options: options, sessions: map[string]Session{}}
	s.server = s.uuid()
	return s
}

// Start makes a session.
func (s *Store) Start(ctx context.Context, login Login) Session {
	now := s.options.Now()
	login.Lifetime, login.Idle = cmp.Or(login.Lifetime, defaultLifetime), cmp.Or(login.Idle, defaultIdle)
	login.Properties = maps.Clone(login.Properties)
	made := Session{Login: login, Token: s.token(), Handle: "shandle:" + s.token(), Started: now, Seen: now}
	s.mu.Lock()
	s.makeRoom(now)
	s.count++
	made.Context = fmt.Sprintf("%s-%d", s.server, s.count)
	s.sessions[made.Token] = made
	s.mu.Unlock()
	logEvent(ctx, "AM-SESSION-CREATED", "CREATE", made)
	return made
}

// makeRoom forgets what is over and, if that is not enough, some of the others.
func (s *Store) makeRoom(now time.Time) {
	if len(s.sessions) < limit {
		return
	}
	maps.DeleteFunc(s.sessions, func(_ string, one Session) bool { return !one.alive(now) })
	for token := range s.sessions {
		if len(s.sessions) < limit {
			return
		}
		delete(s.sessions, token)
	}
}

func (s Session) alive(now time.Time) bool { return now.Before(s.IdleEnd()) && now.Before(s.End()) }

// Find returns a session without using it.
func (s *Store) Find(token string) (Session, bool) { return s.find(token, false) }

// Use returns a session, which is not idle then.
func (s *Store) Use(token string) (Session, bool) { return s.find(token, true) }

func (s *Store) find(token string, use bool) (Session, bool) {
	now := s.options.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.sessions[token]
	switch {
	case !ok:
		return Session{}, false
	case !found.alive(now):
		delete(s.sessions, token)
		return Session{}, false
	case use:
		found.Seen = now
		s.sessions[token] = found
	}
	return found, true
}

// All returns the sessions of a realm, the oldest first.
func (s *Store) All(realm string) []Session {
	now := s.options.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Session
	for _, one := range s.sessions {
		if one.Realm == realm && one.alive(now) {
			all = append(all, one)
		}
	}
	slices.SortFunc(all, func(a, b Session) int {
		return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.Token, b.Token))
	})
	return all
}

// Stop ends a session at its user's wish, and tells whether there was one.
func (s *Store) Stop(ctx context.Context, token string) bool {
	now := s.options.Now()
	s.mu.Lock()
	ended, ok := s.sessions[token]
	delete(s.sessions, token)
	s.mu.Unlock()
	if !ok || !ended.alive(now) {
		return false
	}
	logEvent(ctx, "AM-SESSION-LOGGED_OUT", "DELETE", ended)
	route.TrailOf(ctx).Write(route.AMAuthentication, map[string]any{
		"eventName": "AM-LOGOUT", "component": "Authentication", "realm": ended.Realm, "result": "SUCCESSFUL",
		"principal": []string{ended.UserID}, "userId": ended.UniversalID(), "trackingIds": []string{ended.Context}, "entries": []any{},
	})
	return true
}

func logEvent(ctx context.Context, name, operation string, one Session) {
	trail := route.TrailOf(ctx)
	trail.TrackingIDs = append(trail.TrackingIDs, one.Context)
	trail.Write(route.AMActivity, map[string]any{
		"eventName": name, "component": "Session", "realm": one.Realm, "operation": operation,
		"objectId": one.Context, "userId": one.UniversalID(), "runAs": one.UniversalID(), "trackingIds": slices.Clone(trail.TrackingIDs),
	})
}

// token names a session that is kept on the server: random, then where it is.
func (s *Store) token() string {
	const size = 20
	return base64.RawURLEncoding.EncodeToString(s.random(size)) + ".*" +
		Extension("SI", "02", "SK", base64.StdEncoding.EncodeToString(s.random(size)), "type", "CTS", "S1", "01") + "*"
}

// cookieBase64 has no characters that cookies would need quotes for.
var cookieBase64 = base64.URLEncoding.WithPadding('.')

// Extension encodes names and values as AM does in its tokens: each text after its
// length.
func Extension(texts ...string) string {
	var data []byte
	for _, text := range texts {
		data = binary.BigEndian.AppendUint16(data, uint16(len(text)))
		data = append(data, text...)
	}
	return cookieBase64.EncodeToString(data)
}

func (s *Store) random(size int) []byte {
	data := make([]byte, size)
	if _, err := io.ReadFull(s.options.Chance, data); err != nil {
		panic(fmt.Errorf("the tenant's source of chance failed: %w", err))
	}
	return data
}

func (s *Store) uuid() string {
	made, err := uuid.NewRandomFromReader(s.options.Chance)
	if err != nil {
		panic(fmt.Errorf("the tenant's source of chance failed: %w", err))
	}
	return made.String()
}
