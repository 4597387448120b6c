package logs

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// field is a field of a filter without its leading slash.
type field struct {
	at   int // where it begins
	name string
}

// known reports whether the field can be nothing but a member of a log entry. The
// members source and timestamp are in payloads, too.
func (f field) known() bool {
	return f.name == "payload" || strings.HasPrefix(f.name, "payload/") || f.name == "type"
}

// suggestion is the pointer that is most likely meant.
func (f field) suggestion() string {
	segments := strings.FieldsFunc(f.name, func(r rune) bool { return r == '.' || r == '/' })
	if len(segments) > 0 && segments[0] == "payload" {
		segments = segments[1:]
	}
	return "/" + strings.Join(append([]string{"payload"}, segments...), "/")
}

func insertSlashes(filter string, bare []field) string {
	var b strings.Builder
	done := 0
	for _, f := range bare {
		b.WriteString(filter[done:f.at] + "/")
		done = f.at
	}
	b.WriteString(filter[done:])
	return b.String()
}

// bareFields lists the fields of a filter that lack their leading slash. It is
// not ok if the filter cannot be read: what is a field in it then, is anybody's
// guess. Operators are not looked at, so that it reads those that it does not
// know.
func bareFields(filter string) (bare []field, ok bool) {
	s := scanner{filter: filter}
	depth, operand := 0, true
	for {
		t := s.next()
		switch {
		case t.kind == end && !operand && depth == 0:
			return bare, true
		case operand && t.kind == '(':
			depth++
		case operand && t.kind == '!':
		case operand && t.kind == word && !t.joins():
			if !s.comparison(t) {
				return nil, false
			}
			if !strings.HasPrefix(t.text, "/") && !t.is("true", "false") {
				bare = append(bare, field{t.at, t.text})
			}
			operand = false
		case !operand && t.kind == ')' && depth > 0:
			depth--
		case !operand && t.joins():
			operand = true
		default: // broken, or out of place
			return nil, false
		}
	}
}

// comparison reads what follows a field: an operator and a value, pr alone, or
// nothing if the field is a literal or holds a filter on an array's elements.
func (s *scanner) comparison(t token) bool {
	if t.is("true", "false") || strings.HasSuffix(t.text, "]") && s.atEnd() {
		return true
	}
	operator := s.next()
	if operator.kind != word || operator.joins() {
		return false
	}
	if operator.is("pr") {
		return true
	}
	value := s.next()
	return value.kind == word || value.kind == text
}

// atEnd reports whether an expression ends here.
func (s *scanner) atEnd() bool {
	ahead := *s
	t := ahead.next()
	return t.kind == end || t.kind == ')' || t.joins()
}

// The kinds of tokens, besides the characters ( ) and !.
const (
	end    = 0
	word   = 'w'
	text   = '"'
	broken = '?'
)

type token struct {
	kind rune
	at   int
	text string
}

// is reports whether the token is one of the keywords, in any case.
func (t token) is(keywords ...string) bool {
	return t.kind == word && slices.ContainsFunc(keywords, func(k string) bool { return strings.EqualFold(t.text, k) })
}

func (t token) joins() bool { return t.is("and", "or") }

type scanner struct {
	filter string
	at     int
}

func (s *scanner) next() token {
	for s.at < len(s.filter) {
		r, size := utf8.DecodeRuneInString(s.filter[s.at:])
		if !unicode.IsSpace(r) {
			break
		}
		s.at += size
	}
	begin := s.at
	if begin == len(s.filter) {
		return token{kind: end, at: begin}
	}
	kind := rune(s.filter[begin])
	ok := true
	switch kind {
	case '(', ')', '!':
		s.at++
	case '"', '\'':
		kind, ok = text, s.skipString()
	default:
		kind, ok = word, s.skipWord()
	}
	if !ok {
		kind = broken
	}
	return token{kind, begin, s.filter[begin:s.at]}
}

// skipString reports whether the string ends. A backslash makes the next
// character literal.
func (s *scanner) skipString() bool {
	quote := s.filter[s.at]
	for s.at++; s.at < len(s.filter); s.at++ {
		switch s.filter[s.at] {
		case '\\':
			s.at++
		case quote:
			s.at++
			return true
		}
	}
	s.at = len(s.filter)
	return false
}

// skipWord takes what stands in brackets, a filter on an array's elements with
// fields of its own, as a part of the word. It reports whether they match.
func (s *scanner) skipWord() bool {
	depth := 0
	for s.at < len(s.filter) {
		r, size := utf8.DecodeRuneInString(s.filter[s.at:])
		switch {
		case r == '[':
			depth++
		case r == ']':
			depth--
			if depth < 0 {
				return false
			}
		case depth > 0 && (r == '"' || r == '\''):
			if !s.skipString() {
				return false
			}
			continue
		case depth == 0 && (unicode.IsSpace(r) || strings.ContainsRune(`()"'`, r)):
			return true
		}
		s.at += size
	}
	return depth == 0
}
