package tool

import (
	"cmp"
	"encoding/json"
	"html"
	"regexp"
	"slices"
	"strings"

	"aicmcp/server/rest"
)

// secrets are the passwords and the like among a call's arguments, which are
// kept out of its result. A success may hold the same value elsewhere for good
// reason (a password "active"), so there the members that were given as secrets
// are hidden. A failure's texts repeat what was sent, so they are searched.
type secrets struct {
	names  map[string]bool
	keyed  []string
	search *strings.Replacer
}

const (
	redacted = "[redacted]"
	// minSearched is the length from which a secret is searched for; a
	// shorter one would hit ordinary text.
	minSearched = 4
)

var (
	nameWords  = regexp.MustCompile(`[A-Z]+[a-z0-9]*|[a-z0-9]+`)
	secretWord = regexp.MustCompile(`^(?:.*password|.*secret|passwd|passphrase|pwd|credentials?|token|answer|pin|otp|apikey)$`)
	// aboutSecret are words that make a name one of something about a secret.
	aboutSecret = []string{"expired", "expiry", "expiration", "count", "policy", "changed", "time", "date", "type", "length", "status", "enabled", "required"}
	keyKinds    = []string{"api", "private", "access"}
)

// isSecretName goes by the words of a name such as accessToken or client_secret.
func isSecretName(name string) bool {
	words := nameWords.FindAllString(name, -1)
	for i := range words {
		words[i] = strings.ToLower(words[i])
	}
	if len(words) == 0 || slices.Contains(aboutSecret, words[len(words)-1]) {
		return false
	}
	for i, word := range words {
		if secretWord.MatchString(word) || word == "key" && i > 0 && slices.Contains(keyKinds, words[i-1]) {
			return true
		}
	}
	return false
}

// secret tells the secret members of the arguments by their names.
func (s Spec) secret() func(name string) bool {
	if s.Secrets == nil {
		return isSecretName
	}
	return func(name string) bool { return slices.Contains(s.Secrets, name) }
}

// secretsIn collects what lies below a member, or in the value of a patch of a
// field, whose name says that it is secret. The names in keyed members say nothing.
func secretsIn(args map[string]any, isSecret func(name string) bool, keyed ...string) secrets {
	names := map[string]bool{}
	var forms []string
	var walk func(v any, secret bool)
	walk = func(v any, secret bool) {
		switch v := v.(type) {
		case string:
			if secret {
				forms = append(forms, formsOf(v)...)
			}
		case json.Number:
			if secret {
				forms = append(forms, string(v))
			}
		case []any:
			for _, e := range v {
				walk(e, secret)
			}
		case map[string]any:
			field, _ := v["field"].(string)
			patched := false
			for segment := range strings.SplitSeq(field, "/") {
				if isSecret(segment) {
					names[segment], patched = true, true
				}
			}
			for k, e := range v {
				if inner, is := e.(map[string]any); is && slices.Contains(keyed, k) {
					for _, e := range inner {
						walk(e, secret)
					}
					continue
				}
				named := isSecret(k)
				if named {
					names[k] = true
				}
				walk(e, secret || named || patched && k == "value")
			}
		}
	}
	walk(args, false)
	forms = slices.DeleteFunc(forms, func(s string) bool {
		return len(s) < minSearched || s == "true" || s == "false" || s == "null"
	})
	// The longest first: one may contain another.
	slices.SortFunc(forms, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	var pairs []string
	for _, s := range slices.Compact(forms) {
		pairs = append(pairs, s, redacted)
	}
	return secrets{names, keyed, strings.NewReplacer(pairs...)}
}

// formsOf lists how a text may hold s: as it is, with the HTML entities that
// an API's texts are rid of, or as part of a JSON text.
func formsOf(s string) []string {
	forms := []string{s, html.UnescapeString(s)}
	for _, encode := range []func(any) ([]byte, error){rest.Encode, json.Marshal} {
		if data, err := encode(s); err == nil {
			forms = append(forms, string(data[1:len(data)-1]))
		}
	}
	return forms
}

// hide replaces the members that were given as secrets.
func (s secrets) hide(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			s.hide(e)
		}
	case map[string]any:
		for k, e := range v {
			inner, is := e.(map[string]any)
			switch {
			case is && slices.Contains(s.keyed, k):
				for _, e := range inner {
					s.hide(e)
				}
			case s.names[k] && e != nil:
				v[k] = redacted
			default:
				s.hide(e)
			}
		}
	}
}

// text is t without the secrets.
func (s secrets) text(t string) string {
	if s.search == nil {
		return t
	}
	return s.search.Replace(t)
}

// value is v without the secrets in its texts and numbers. What identifies an
// object stays.
func (s secrets) value(v any) any {
	switch v := v.(type) {
	case string:
		return s.text(v)
	case json.Number:
		if t := s.text(string(v)); t != string(v) {
			return t
		}
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = s.value(e)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			switch k {
			case "id", "_id", "revision", "_rev":
				out[k] = e
			default:
				out[s.text(k)] = s.value(e)
			}
		}
		return out
	}
	return v
}
