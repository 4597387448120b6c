// Package journey runs the journeys of a tenant: a login goes from node to node,
// and comes back to the client whenever a node asks something. What each type of
// node does stands in the files node_*.go.
package journey

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/store"
)

// The nodes where every journey ends.
const (
	successNode = "70e691a5-1e33-4ac3-a356-e7b6d60d92e0"
	failureNode = "e301438c-0bd0-429c-ab0c-66126501069a"
)

// Bounds of one request.
const (
	maxNodes = 100
	maxDepth = 10
)

// Trees has the journeys. Realms are written without their slash; "" is the root
// realm.
type Trees interface {
	// Tree finds a journey that is enabled.
	Tree(realm, name string) (Tree, bool)
	// NodeConfig is how a node is configured.
	NodeConfig(realm, nodeType, id string) (map[string]any, bool)
	Settings(realm string) Settings
}

// Tree is a journey.
type Tree struct {
	Name, Entry, Resource         string // Resource is the collection of its users
	InnerOnly, NoSession, MustRun bool
	Timeout                       time.Duration // of a step; 0 is the realm's
	Lifetime, Idle                time.Duration // of the session; 0 is as usual
	Nodes                         map[string]Node
}

// Node is a node of a journey. Ways leads from its outcomes to other nodes.
type Node struct {
	Type, Version, Name string
	Ways                map[string]string
}

// Settings say how a realm authenticates.
type Settings struct {
	Default                string // the journey that runs if none is named
	Timeout                time.Duration
	SingleUse              bool // whether a step can be answered only once
	SuccessURL, FailureURL string
}

// Account is a managed object that somebody may log in with.
type Account struct {
	Object   store.Object
	ID       string
	UserName string
	Name     string // for display
	Active   bool
	Logins   int
}

// People has the accounts, by collection.
type People interface {
	AccountBy(collection, property, value string) (Account, bool)
	Account(collection, id string) (Account, bool)
	// CheckPassword tells whether a password is that of an account; "" is none.
	CheckPassword(collection, id, password string) bool
	ChangeAccount(ctx context.Context, collection, id string, properties map[string]any) error
	CountLogin(ctx context.Context, collection, id string) error
	// Retry counts a failed login of an account, and reports whether there may be
	// another.
	Retry(collection, id, counter string, limit int) (bool, error)
	ForgetRetries(collection, id string) error
	PropertySchema(collection string, path []string) (map[string]any, bool)
}

// Login is what a session follows from.
type Login struct {
	Realm          string // with its slash
	UserID, Name   string
	Service        string
	AuthLevel      int
	Properties     map[string]string
	Lifetime, Idle time.Duration // 0 is as usual
}

// Options are what a Runner needs.
type Options struct {
	Trees  Trees
	People People
	// StartSession makes a session and returns its token.
	StartSession func(context.Context, Login) string
	Chance       io.Reader // safe for concurrent use
	Now          func() time.Time
	Matching     crest.Matching
}

// Runner runs journeys.
type Runner struct {
	options    Options
	behaviours map[string]behaviour
	keys       keys
	open       openSteps
}

// New returns a runner. Steps that were answered to by another one are not its own.
func New(options Options) (*Runner, error) {
	r := &Runner{options: options, behaviours: behaviours(), open: openSteps{limit: maxOpen}}
	for _, key := range [][]byte{r.keys.signing[:], r.keys.sealing[:]} {
		if _, err := rand.Read(key); err != nil {
			return nil, fmt.Errorf("make a key for steps: %w", err)
		}
	}
	return r, nil
}

// Request begins a journey or, with AuthID, goes on with one.
type Request struct {
	Realm   string // with its slash
	BaseURL string // of the tenant, as the client spelled it
	// Service names the journey; "" is the realm's default.
	Service string
	AuthID  string
	Sent    []Callback
	// NoSession asks for a login that leaves no session.
	NoSession  bool
	Parameters url.Values
	Header     http.Header
	RemoteAddr string
}

// Answer is a step that asks something, if it has an AuthID, or a login.
type Answer struct {
	AuthID                     string
	Callbacks                  []Callback
	Stage, Header, Description string
	// Problem is why the same is asked again, if a node said so.
	Problem string

	Token string // "" without a session
	// SuccessURL is where a login leads. Chosen says that the client or the journey
	// chose it, not the realm.
	SuccessURL string
	Chosen     bool
	Realm      string
	UserID     string
	Name       string
}

// CheckLocalURL returns the address that a client wants to go to, if that is the
// tenant's own: no login may send people elsewhere.
func CheckLocalURL(baseURL, target string) string {
	base, err := url.Parse(baseURL)
	if err != nil {
		return ""
	}
	parsed, err := url.Parse(target)
	if err != nil || target == "" || parsed.User != nil {
		return ""
	}
	resolved := base.ResolveReference(parsed)
	if resolved.Scheme != base.Scheme || resolved.Host != base.Host || len(resolved.Path) > 1 && resolved.Path[:2] == "//" {
		return ""
	}
	return resolved.String()
}
