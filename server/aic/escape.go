package aic

import (
	"net/url"
	"strings"
)

// Literal writes s as exactly one string of a query filter, where a backslash
// makes the next character literal and has no other meaning.
func Literal(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// ParsePointer splits a CREST pointer: slashes optional at both ends, segments
// percent-encoded. The root has none.
func ParsePointer(pointer string) ([]string, error) {
	pointer = strings.TrimSuffix(strings.TrimPrefix(pointer, "/"), "/")
	if pointer == "" {
		return nil, nil
	}
	segments := strings.Split(pointer, "/")
	for i, s := range segments {
		key, err := url.PathUnescape(s)
		if err != nil {
			return nil, err
		}
		segments[i] = key
	}
	return segments, nil
}

// Pointer is the CREST pointer of the segments, each escaped as one.
func Pointer(segments ...string) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(s))
	}
	return b.String()
}
