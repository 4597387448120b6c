package tool

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// secrets are the passwords and the like among a call's arguments. They are
// taken out of whatever is answered, also where the tenant repeats them.
type secrets []string

const redacted = "[redacted]"

var secretName = regexp.MustCompile(`(?i)passw|secret|credential|private_?key`)

// secretsIn collects the strings below a member, or in the value of a patch
// of a field, whose name says that it is secret.
func secretsIn(v any) secrets {
	var found secrets
	var walk func(v any, secret bool)
	walk = func(v any, secret bool) {
		switch v := v.(type) {
		case string:
			if secret && v != "" {
				found = append(found, v)
			}
		case []any:
			for _, e := range v {
				walk(e, secret)
			}
		case map[string]any:
			field, _ := v["field"].(string)
			for k, e := range v {
				walk(e, secret || secretName.MatchString(k) || k == "value" && secretName.MatchString(field))
			}
		}
	}
	walk(v, false)
	// The longest first: one may contain another.
	slices.SortFunc(found, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(found)
}

// minContained is the length from which a secret is looked for inside longer
// strings; a shorter one would hit ordinary words.
const minContained = 6

func (s secrets) text(t string) string {
	for _, secret := range s {
		if t == secret {
			return redacted
		}
		if len(secret) < minContained {
			continue
		}
		t = strings.ReplaceAll(t, secret, redacted)
		// The tenant may repeat it as part of a JSON text.
		if q, err := json.Marshal(secret); err == nil {
			t = strings.ReplaceAll(t, string(q[1:len(q)-1]), redacted)
		}
	}
	return t
}

func (s secrets) value(v any) any {
	if len(s) == 0 {
		return v
	}
	switch v := v.(type) {
	case string:
		return s.text(v)
	case []any:
		for i, e := range v {
			v[i] = s.value(e)
		}
	case map[string]any:
		s.redact(v)
	}
	return v
}

func (s secrets) redact(doc map[string]any) {
	for k, v := range doc {
		doc[k] = s.value(v)
	}
}
