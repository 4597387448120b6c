package delegate

import (
	"fmt"
	"slices"
	"strings"
)

// Missing returns those of the needed scopes that none at hand includes. A scope
// includes itself, and one that ends in ":*" all that begin with what is before
// the asterisk: "fr:idc:esv:*" includes "fr:idc:esv:read".
func Missing(have, need []string) []string {
	var missing []string
	for _, scope := range need {
		if !slices.ContainsFunc(have, func(had string) bool { return includes(had, scope) }) {
			missing = append(missing, scope)
		}
	}
	return missing
}

func includes(had, scope string) bool {
	if had == scope {
		return true
	}
	family, all := strings.CutSuffix(had, "*")
	return all && strings.HasSuffix(family, ":") && len(scope) > len(family) && strings.HasPrefix(scope, family)
}

// sorted is a set of scopes in a fixed order. One that holds a blank would be
// two in a request.
func sorted(scopes []string) ([]string, error) {
	if len(scopes) == 0 {
		return nil, fmt.Errorf("no scopes are asked for")
	}
	for _, scope := range scopes {
		if !isScope(scope) {
			return nil, fmt.Errorf("%q is no scope", scope)
		}
	}
	set := slices.Clone(scopes)
	slices.Sort(set)
	return slices.Compact(set), nil
}

// isScope is the scope-token of RFC 6749 3.3.
func isScope(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return r <= ' ' || r > '~' || r == '"' || r == '\\'
	}) < 0
}
