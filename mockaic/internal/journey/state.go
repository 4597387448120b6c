package journey

import "strings"

// state is what the nodes of a journey know. Shared and Secure go with a step to
// the client, sealed; what is transient is gone then, unless a node to come reads it.
type state struct {
	Shared    map[string]any `json:"shared"`
	Secure    map[string]any `json:"secure,omitempty"`
	transient map[string]any
}

const (
	usernameKey   = "username"
	passwordKey   = "password"
	attributesKey = "objectAttributes"
	levelKey      = "authLevel"
	errorKey      = "errorMessage"
	lockoutKey    = "lockoutMessage"
	successURLKey = "successUrl"
	failureURLKey = "failureUrl"
	universalKey  = "universalId"
)

func newState(realm string) state {
	return state{map[string]any{"realm": realm, levelKey: 0}, map[string]any{}, map[string]any{}}
}

func (s *state) get(key string) any {
	for _, from := range []map[string]any{s.transient, s.Secure, s.Shared} {
		if value, ok := from[key]; ok {
			return value
		}
	}
	return nil
}

func (s *state) text(key string) string {
	text, _ := s.get(key).(string)
	return text
}

func (s *state) put(key string, value any) { s.Shared[key] = value }

// object merges what the stores have under a key.
func (s *state) object(key string) map[string]any {
	merged := map[string]any{}
	for _, from := range []map[string]any{s.Shared, s.Secure, s.transient} {
		value, _ := from[key].(map[string]any)
		merge(merged, value)
	}
	return merged
}

func merge(into, from map[string]any) {
	for name, value := range from {
		group, isGroup := value.(map[string]any)
		present, both := into[name].(map[string]any)
		switch {
		case isGroup && both:
			merge(present, group)
		case isGroup:
			fresh := map[string]any{}
			merge(fresh, group)
			into[name] = fresh
		default:
			into[name] = value
		}
	}
}

// storeAttribute keeps an attribute of the user's object, whose name is a path.
func (s *state) storeAttribute(name string, value any) { storeAttribute(s.Shared, name, value) }

func storeAttribute(in map[string]any, name string, value any) {
	attributes, _ := in[attributesKey].(map[string]any)
	if attributes == nil {
		attributes = map[string]any{}
		in[attributesKey] = attributes
	}
	path := strings.Split(name, "/")
	for _, element := range path[:len(path)-1] {
		next, _ := attributes[element].(map[string]any)
		if next == nil {
			next = map[string]any{}
			attributes[element] = next
		}
		attributes = next
	}
	attributes[path[len(path)-1]] = value
}

// attribute reads what storeAttribute kept.
func (s *state) attribute(name string) any {
	var value any = s.object(attributesKey)
	for element := range strings.SplitSeq(name, "/") {
		group, _ := value.(map[string]any)
		value = group[element]
	}
	return value
}

// keep makes of what is transient only what is read later, and secure.
func (s *state) keep(reads map[string]bool) {
	for key, value := range s.transient {
		if !reads[key] {
			continue
		}
		group, isGroup := value.(map[string]any)
		if before, both := s.Secure[key].(map[string]any); isGroup && both {
			merge(before, group)
		} else {
			s.Secure[key] = value
		}
	}
	clear(s.transient)
}

// userName is who logs in, as far as it is known.
func (s *state) userName() string { return s.text(usernameKey) }
