package journey

import (
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"

	"aicmcp/mockaic/internal/crest"
)

// Headers that a name and a password may come in.
const (
	userHeader     = "X-OpenAM-Username"
	passwordHeader = "X-OpenAM-Password"
)

// decodeHeader reads a value that may be encoded as in mails, RFC 2047.
func decodeHeader(value string) string {
	if text, err := new(mime.WordDecoder).DecodeHeader(value); err == nil {
		return text
	}
	return value
}

// step is a visit to a node.
type step struct {
	*execution
	id     string
	node   Node
	config map[string]any
	// sent are the node's callbacks as the client answered them; nil at the first
	// visit.
	sent []Callback

	stage, header, description string // of a page
}

// behaviour is what the nodes of a type do: they end with an outcome, or ask.
type behaviour struct {
	run func(*step) (outcome string, callbacks []Callback, err error)
	// reads names the transient state that such nodes need.
	reads []string
}

// The outcomes of most nodes.
const done = "outcome"

func decision(right bool) string {
	if right {
		return "true"
	}
	return "false"
}

// behaviours are those of all types that run, but for inner journeys.
func behaviours() map[string]behaviour {
	all := collecting()
	maps.Copy(all, deciding())
	maps.Copy(all, acting())
	return all
}

func (x *execution) behaviourOf(nodeType string) (behaviour, error) {
	found, ok := x.behaviours[nodeType]
	if !ok {
		return behaviour{}, notRun(nodeType)
	}
	return found, nil
}

func notRun(what string) error {
	return crest.Errorf(http.StatusNotImplemented, "the node type %s is not run by this fake tenant", what)
}

func isNotRun(err error) bool {
	var refusal *crest.Error
	return errors.As(err, &refusal) && refusal.Code == http.StatusNotImplemented
}

// answered tells whether what was sent is for callbacks of these types. It is not
// at the first visit, nor where the node was another one when it asked.
func (s *step) answered(kinds ...string) bool {
	return slices.EqualFunc(s.sent, kinds, func(sent Callback, kind string) bool { return sent.Type == kind })
}

// setting is a text of the node's configuration.
func (s *step) setting(name string) string {
	text, _ := s.config[name].(string)
	return text
}

func (s *step) list(name string) (all []string) {
	values, _ := s.config[name].([]any)
	for _, value := range values {
		if text, ok := value.(string); ok {
			all = append(all, text)
		}
	}
	return all
}

// localized is a text of the configuration by locale: English, or what there is.
func (s *step) localized(name, other string) string {
	texts, _ := s.config[name].(map[string]any)
	locales := append([]string{"en", "en_US", "en-US"}, slices.Sorted(maps.Keys(texts))...)
	for _, locale := range locales {
		if text, ok := texts[locale].(string); ok {
			return text
		}
	}
	return other
}

// resource is the collection of the journey's users.
func (s *step) resource() string {
	if tree := s.tree(); tree.Resource != "" {
		return tree.Resource
	}
	return s.users()
}

// identity finds the user's object as nodes of identity management do.
func (s *step) identity() (Account, error) {
	by := s.setting("identityAttribute")
	value, _ := s.state().attribute(by).(string)
	var account Account
	found := false
	switch {
	case value != "":
		account, found = s.options.People.AccountBy(s.resource(), by, value)
	case s.state().userName() == "":
		return Account{}, fmt.Errorf("nobody is known to %s %s", s.node.Type, s.id)
	default:
		account, found = s.named(s.resource(), by)
	}
	if !found {
		return Account{}, fmt.Errorf("%s %s finds nobody", s.node.Type, s.id)
	}
	return account, nil
}

// valueAt is what an object has at a path.
func valueAt(object map[string]any, path string) any {
	pointer := strings.Split(strings.Trim(path, "/"), "/")
	var value any = object
	for _, name := range pointer {
		group, _ := value.(map[string]any)
		value = group[name]
	}
	return value
}
