package tool

import (
	"context"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// Scope is an OAuth scope of an API.
type Scope string

// Effect is what a tool does to what its API keeps. Its zero value is invalid,
// so that a tool cannot come by one by accident.
type Effect int

// The effects, from harmless to not.
const (
	_           Effect = iota
	ReadOnly           // changes nothing
	Additive           // only adds
	Idempotent         // changes; a second identical call changes nothing more
	Destructive        // may take away
)

func (e Effect) String() string {
	switch e {
	case ReadOnly:
		return "read-only"
	case Additive:
		return "additive"
	case Idempotent:
		return "idempotent"
	case Destructive:
		return "destructive"
	}
	return "invalid"
}

func (e Effect) annotations() *mcp.ToolAnnotations {
	no := false
	destructive := e == Idempotent || e == Destructive
	return &mcp.ToolAnnotations{
		ReadOnlyHint:    e == ReadOnly,
		DestructiveHint: &destructive,
		IdempotentHint:  e == ReadOnly || e == Idempotent,
		OpenWorldHint:   &no,
	}
}

// Connector supplies a client that acts with the scopes, and no more.
type Connector[C any] interface {
	Client(ctx context.Context, scopes []Scope) (C, error)
}

// defaultAPI is what texts call an API that a Spec does not name.
const defaultAPI = "the tenant"

// Spec declares a tool.
type Spec struct {
	Name        string
	Title       string
	Description string
	// API is what the texts of schemas and arguments call the API that the
	// tool asks; "the tenant" if empty.
	API    string
	Scopes []Scope
	// Unscoped says that the tool needs no scopes.
	Unscoped bool
	Effect   Effect
	// Params refines the inferred input schema, by parameter; a dot steps
	// into an object or an array's elements ("operations.operation").
	Params Params
	// NoSecrets says that the arguments declare things: what is called
	// password in them is a property, not somebody's password.
	NoSecrets bool
	// Secrets names the members of the arguments that are secret, where the
	// words of names mislead. Without it they are guessed from those.
	Secrets []string
	// Keyed names members of arguments and results whose own members have IDs for
	// names, which say nothing of secrets.
	Keyed []string
	// Cursor names the output member that leads to the next page. It is
	// left out of a page that lost elements.
	Cursor string
	// Count names the output member that counts the elements of the page.
	Count string
	// Less says how to ask for a shorter result.
	Less string
}

// Params maps a parameter to the rules of its schema.
type Params map[string][]Rule

// Rule refines the schema of one parameter of the input.
type Rule func(in input, s *jsonschema.Schema)

// Rules is for readable declarations of Params.
func Rules(rules ...Rule) []Rule { return rules }

// Enum allows only these values.
func Enum(values ...any) Rule { return func(_ input, s *jsonschema.Schema) { s.Enum = values } }

// Pattern demands a regular expression. For people, must says what it means:
// "must ...".
func Pattern(p, must string) Rule {
	return func(in input, s *jsonschema.Schema) { s.Pattern, in.must[s] = p, must }
}

// Range bounds a number.
func Range(least, most float64) Rule {
	return func(_ input, s *jsonschema.Schema) { s.Minimum, s.Maximum = &least, &most }
}

// Length bounds a string.
func Length(least, most int) Rule {
	return func(_ input, s *jsonschema.Schema) { s.MinLength, s.MaxLength = &least, &most }
}

// Items bounds an array.
func Items(least, most int) Rule {
	return func(_ input, s *jsonschema.Schema) { s.MinItems, s.MaxItems = &least, &most }
}

// Each applies rules to the elements of an array.
func Each(rules ...Rule) Rule {
	return func(in input, s *jsonschema.Schema) {
		for _, rule := range rules {
			rule(in, s.Items)
		}
	}
}

// Default tells a reader what happens when the parameter is left out.
func Default(json string) Rule {
	return func(_ input, s *jsonschema.Schema) { s.Default = []byte(json) }
}
