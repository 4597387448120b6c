package route

import (
	"context"
	"net"
	"strings"
	"unicode/utf8"
)

// Source is one of a tenant's logs.
type Source string

// The logs that something is written to.
const (
	AMAccess          Source = "am-access"
	AMActivity        Source = "am-activity"
	AMAuthentication  Source = "am-authentication"
	AMConfig          Source = "am-config"
	AMCore            Source = "am-core"
	EnvironmentAccess Source = "environment-access"
	IDMAccess         Source = "idm-access"
	IDMActivity       Source = "idm-activity"
	IDMAuthentication Source = "idm-authentication"
	IDMConfig         Source = "idm-config"
	IDMCore           Source = "idm-core"
)

// Trail is what a request leaves in the tenant's logs. It belongs to the
// goroutine that serves the request.
type Trail struct {
	// Write adds an event to a log: a JSON object, less what all events of the log
	// have, or for a log of lines a string.
	Write func(source Source, event any)

	// The rest is found out while the request is served, for the event that says
	// how it ended.

	Caller    Caller
	Operation Operation
	// Change is what is done to an object, where that is not Operation: an action
	// may patch, and a PUT that may create may replace. Object is its path, where
	// the request does not name it.
	Change Operation
	Object string
	// Details are those of an OAuth request, such as client_id.
	Details map[string]any
	// Subject is the identifier of whom an OAuth request is about.
	Subject string
	// TrackingIDs tell which sessions and tokens are concerned.
	TrackingIDs []string
	// Reason is why the request was refused.
	Reason string
}

// Debug writes to AM's debug log, as its classes do.
func (t *Trail) Debug(level, logger, message string) {
	t.Write(AMCore, map[string]any{
		"context": "default", "level": level, "logger": logger, "message": CutText(message), "thread": "http-nio-8080-exec-1",
	})
}

type trailKey struct{}

// WithTrail is a context of a request that leaves the trail.
func WithTrail(ctx context.Context, t *Trail) context.Context {
	return context.WithValue(ctx, trailKey{}, t)
}

// TrailOf returns the trail of a request, or one that leads nowhere.
func TrailOf(ctx context.Context) *Trail {
	if t, ok := ctx.Value(trailKey{}).(*Trail); ok {
		return t
	}
	return &Trail{Write: func(Source, any) {}}
}

// UniversalID is AM's name of an identity of the root realm, in its logs.
func UniversalID(id string) string { return "id=" + id + ",ou=user,ou=am-config" }

// UniversalIDIn is AM's name of a user of a realm, which is written with its slash.
func UniversalIDIn(realm, id string) string { return nameIn(realm, "user", id) }

// AgentIDIn is AM's name of an OAuth client of a realm.
func AgentIDIn(realm, id string) string { return nameIn(realm, "agent", id) }

func nameIn(realm, kind, id string) string {
	below := ""
	if realm != "/" {
		below = ",o=" + strings.TrimPrefix(realm, "/") + ",ou=services"
	}
	return "id=" + CutText(id) + ",ou=" + kind + below + ",ou=am-config"
}

// maxText bounds every text of an event that a client chose, in bytes.
const maxText = 512

// CutText bounds a client's text for the logs.
func CutText(text string) string { return Cut(text, maxText) }

// Cut bounds a text in bytes, without parting a character.
func Cut(text string, most int) string {
	if len(text) > most {
		for most > 0 && !utf8.RuneStart(text[most]) {
			most--
		}
		text = text[:most] + "..."
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// HostOf is the host of an address with a port, or the address.
func HostOf(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return address
}
