package crest

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Pointer is a JSON pointer of CREST, which is not RFC 6901: segments are escaped by percent-encoding as in the fragment of a URI,
// and the slashes at both ends are optional. The empty pointer is the root.
type Pointer []string

// ParsePointer parses a pointer. Its errors are of type [*Error].
func ParsePointer(text string) (Pointer, error) {
	segments := strings.Split(strings.ToValidUTF8(text, "\ufffd"), "/")
	if segments[0] == "" {
		segments = segments[1:]
	}
	if n := len(segments); n > 0 && segments[n-1] == "" {
		segments = segments[:n-1]
	}
	p := make(Pointer, len(segments))
	for i, segment := range segments {
		key, err := unescapeSegment(segment)
		if err != nil {
			return nil, err
		}
		p[i] = key
	}
	return p, nil
}

func unescapeSegment(segment string) (string, error) {
	escaped := false
	index := 1 // in UTF-16 code units, after the '#'
	for i, r := range segment {
		switch {
		case r == '%':
			if len(segment) < i+3 || !isHex(segment[i+1]) || !isHex(segment[i+2]) {
				return "", Errorf(400, "Malformed escape pair at index %d: #%s", index, segment)
			}
			escaped = true
		case !fragmentChar(r):
			return "", Errorf(400, "Illegal character in fragment at index %d: #%s", index, segment)
		}
		index++
		if r > 0xffff {
			index++
		}
	}
	if !escaped {
		return segment, nil
	}
	key := make([]byte, 0, len(segment))
	for i := 0; i < len(segment); i++ {
		c := segment[i]
		if c == '%' {
			c = unhex(segment[i+1])<<4 | unhex(segment[i+2])
			i += 2
		}
		key = append(key, c)
	}
	return strings.ToValidUTF8(string(key), "\ufffd"), nil
}

// fragmentChar reports whether r may stand in the fragment of a URI. Like Java's URI parser it goes beyond RFC 2396 in allowing
// all characters outside of ASCII but spaces and controls.
func fragmentChar(r rune) bool {
	if r >= utf8.RuneSelf {
		return !unicode.In(r, unicode.Cc, unicode.Zs, unicode.Zl, unicode.Zp)
	}
	return r > ' ' && r != 0x7f && !strings.ContainsRune("\"#%<>\\^`{|}", r)
}

// String returns the canonical text. A last key that is empty cannot be told from a trailing slash.
func (p Pointer) String() string {
	if len(p) == 0 {
		return "/"
	}
	var b strings.Builder
	for _, key := range p {
		b.WriteByte('/')
		for i := 0; i < len(key); i++ {
			c := key[i]
			if c < utf8.RuneSelf && c != '/' && fragmentChar(rune(c)) {
				b.WriteByte(c)
				continue
			}
			const hex = "0123456789ABCDEF"
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

// Lookup returns the value at p. A member that is null is present. The root may be a [Record].
func (p Pointer) Lookup(v any) (any, bool) {
	for _, key := range p {
		switch parent := v.(type) {
		case map[string]any:
			member, ok := parent[key]
			if !ok {
				return nil, false
			}
			v = member
		case []any:
			i := arrayIndex(key)
			if i < 0 || i >= len(parent) {
				return nil, false
			}
			v = parent[i]
		case Record:
			member, ok := parent.Member(key)
			if !ok {
				return nil, false
			}
			v = member
		default:
			return nil, false
		}
	}
	return v, true
}

// isIndex reports whether key is made of digits only.
func isIndex(key string) bool {
	for i := range len(key) {
		if key[i] < '0' || key[i] > '9' {
			return false
		}
	}
	return key != ""
}

// arrayIndex returns the index that key names, or -1 if it is none. Leading zeros are allowed.
func arrayIndex(key string) int {
	if !isIndex(key) {
		return -1
	}
	i, _ := strconv.Atoi(key) // past the range Atoi returns the largest int, which no array reaches
	return i
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&0xf + 9
}
