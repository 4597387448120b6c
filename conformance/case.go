package conformance

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
	"time"
)

// Level says what it means when a case does not hold.
type Level int

// A Must that does not hold fails the run; a Should only warns.
const (
	Must Level = iota + 1
	Should
)

func (l Level) String() string {
	switch l {
	case Must:
		return "must"
	case Should:
		return "should"
	}
	return fmt.Sprintf("Level(%d)", int(l))
}

// MarshalText writes the level as its word.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// Feature is a part of a tenant that a target claims to have.
type Feature string

// The features that cases need.
const (
	// Managed is /openidm/managed with the stock types of the alpha realm.
	Managed Feature = "managed"
	// OpenType is a managed object type that accepts any property.
	OpenType Feature = "open-type"
	// Config is /openidm/config.
	Config Feature = "config"
	// Types is that managed object types can be added to config/managed, and
	// taken out again.
	Types Feature = "types"
	// Themes are those of the hosted pages, all kept in one document.
	Themes Feature = "themes"
	// OAuth is the provider of the root realm.
	OAuth Feature = "oauth"
	// FormLogin is a person who can log in through pages that work as plain
	// HTML forms.
	FormLogin Feature = "form-login"
	// TokenExchange is a client that may exchange the login client's tokens.
	TokenExchange Feature = "exchange"
	// Scripts are those of the realms alpha and bravo, and the contexts of scripts,
	// which the target's bearer may read and write.
	Scripts Feature = "scripts"
	// Clients are the OAuth clients of the realms alpha and bravo, which the target's
	// bearer may read and write, and their provider.
	Clients Feature = "oauth-clients"
	// ProviderSettings is that the settings of alpha's OAuth provider may be changed for
	// the time of a case, which all clients of the realm notice.
	ProviderSettings Feature = "provider-settings"
	// CORS are the entries of the tenant's CORS service, which the target's bearer may
	// read and write.
	CORS Feature = "cors"
	// ServiceAccounts is that the target's bearer may make service accounts, as an
	// administrator's may.
	ServiceAccounts Feature = "service-accounts"
	// Realms is that the target's bearer may read what AM tells about realms, their
	// settings and their users.
	Realms Feature = "realms"
	// Journeys are those of the alpha realm, with their nodes, which the target's bearer may
	// read and write.
	Journeys Feature = "journeys"
	// Logins is that users of alpha log in by the journey Login that tenants come
	// with, and that it is the realm's default.
	Logins Feature = "logins"
	// NodeDesigner is where node types of one's own are made, for all realms.
	NodeDesigner Feature = "node-designer"
	// ESVs are the environment's secrets and variables, at /environment.
	ESVs Feature = "esvs"
	// Restart is that the tenant's services may be restarted. That takes minutes,
	// disturbs everybody, and makes all changes of ESVs effective, other people's
	// too.
	Restart Feature = "restart"
	// Logs are those of the tenant, at /monitoring/logs, which the target's bearer
	// may read.
	Logs Feature = "logs"
	// LogKeys is that the target's bearer may make API keys for the logs, as an
	// administrator's may.
	LogKeys Feature = "log-keys"
	// Clock is that the target's clock can be moved, as a fake's can.
	Clock Feature = "clock"
	// Tools is an MCP server in front of the tenant.
	Tools Feature = "tools"
	// RemoteMCP is an MCP server over HTTP whose callers bring access tokens that alpha
	// issues. Clients of it register themselves.
	RemoteMCP Feature = "remote-mcp"
	// RemoteTodo is that the remote MCP server acts for its callers at the Todo API, first
	// of all its APIs.
	RemoteTodo Feature = "remote-todo"
	// RemoteTenant is that the remote MCP server offers the tenant's tools, to those whose
	// tokens open the tenant's APIs.
	RemoteTenant Feature = "remote-tenant"
	// RemoteIntrospection is that the remote MCP server notices that a token was revoked.
	RemoteIntrospection Feature = "remote-introspection"
	// RemoteRate is that the remote MCP server answers 429 to who sends some hundred
	// requests at once.
	RemoteRate Feature = "remote-rate"
)

// Features lists all features.
func Features() []Feature {
	return []Feature{
		Managed, OpenType, Config, Types, Themes, OAuth, FormLogin, TokenExchange, Scripts, Clients, ProviderSettings, CORS, ServiceAccounts,
		Realms, Journeys, Logins, NodeDesigner, ESVs, Restart, Logs, LogKeys, Clock, Tools,
		RemoteMCP, RemoteTodo, RemoteTenant, RemoteIntrospection, RemoteRate,
	}
}

// OnRequest lists the features that no run of the command claims unless it is
// told to: their cases disturb whoever uses the tenant, or an MCP server has them only
// if it is set up so.
func OnRequest() []Feature {
	return []Feature{Restart, ProviderSettings, RemoteTenant, RemoteIntrospection, RemoteRate}
}

// Remote lists the features that need a remote MCP server.
func Remote() []Feature {
	return []Feature{RemoteMCP, RemoteTodo, RemoteTenant, RemoteIntrospection, RemoteRate}
}

// Case is one requirement and how to see whether it is met.
type Case struct {
	// ID is the case's address, such as "managed/create/required-missing".
	// It is never changed and never given to another case.
	ID    string
	Title string
	Level Level
	Needs []Feature
	// Ref is where the requirement comes from.
	Ref string
	// Writes says that the case changes data of the tenant.
	Writes bool
	// Waits is how long the case may wait for the tenant: by T.Poll, or because of
	// its limit of requests. The case has this time besides that which every case
	// has.
	Waits time.Duration
	Run   func(*T)
}

var address = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*)+$`)

// Validate reports every mistake in the declarations of cases.
func Validate(cases []Case) error {
	var mistakes []error
	seen := map[string]bool{}
	for i, c := range cases {
		mistake := func(format string, args ...any) {
			mistakes = append(mistakes, fmt.Errorf("case %d (%s): %s", i, c.ID, fmt.Sprintf(format, args...)))
		}
		switch {
		case !address.MatchString(c.ID):
			mistake("the ID is not an address of lower-case words such as area/subject/behaviour")
		case seen[c.ID]:
			mistake("the ID is taken")
		}
		seen[c.ID] = true
		if c.Title == "" || c.Ref == "" {
			mistake("the title or the reference is missing")
		}
		if c.Level != Must && c.Level != Should {
			mistake("the level is missing")
		}
		if len(c.Needs) == 0 {
			mistake("it needs no feature")
		}
		if c.Run == nil {
			mistake("it has no Run")
		}
	}
	return errors.Join(mistakes...)
}

// Select returns the cases that a pattern matches, in their order. A pattern
// is an address, the beginning of one up to a slash, or a glob in which * does
// not match a slash. Without patterns all cases are selected; a pattern that
// matches none is an error.
func Select(cases []Case, patterns ...string) ([]Case, error) {
	if len(patterns) == 0 {
		return cases, nil
	}
	used := make([]bool, len(patterns))
	var selected []Case
	for _, c := range cases {
		chosen := false
		for i, pattern := range patterns {
			ok, err := matches(pattern, c.ID)
			if err != nil {
				return nil, err
			}
			if ok {
				used[i], chosen = true, true
			}
		}
		if chosen {
			selected = append(selected, c)
		}
	}
	for i, pattern := range patterns {
		if !used[i] {
			return nil, fmt.Errorf("no case matches %q", pattern)
		}
	}
	return selected, nil
}

func matches(pattern, id string) (bool, error) {
	if strings.HasPrefix(id, strings.TrimSuffix(pattern, "/")+"/") {
		return true, nil
	}
	ok, err := path.Match(pattern, id)
	if err != nil {
		return false, fmt.Errorf("pattern %q: %w", pattern, err)
	}
	return ok, nil
}
