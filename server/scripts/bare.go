package scripts

import (
	"slices"
	"strings"
	"unicode/utf8"
)

var (
	// operators are words after which a slash begins a regular expression.
	operators = []string{"return", "typeof", "case", "in", "of", "instanceof", "new", "delete", "void", "throw", "else", "do", "yield", "await"}
	// heads are words with a head in brackets that a statement follows.
	heads = []string{"if", "while", "for", "with"}
)

// bare is a source with blanks in the place of comments, and quotes in that of
// texts and regular expressions, so that what is left is code.
func bare(source string) string {
	b := blanker{source: source, out: []byte(source), regex: true}
	for b.at < len(source) {
		b.step()
	}
	return string(b.out)
}

// bracket is an open one: (, [, { or, for the end of a template's text, $.
type bracket struct {
	kind byte
	head bool
}

type blanker struct {
	source string
	out    []byte
	at     int
	open   []bracket
	// regex tells whether a slash would begin a regular expression.
	regex bool
	// last is the word before, if there is only a blank between.
	last string
}

func (b *blanker) step() {
	rest := b.source[b.at:]
	c := rest[0]
	switch {
	case strings.HasPrefix(rest, "//"), b.at == 0 && strings.HasPrefix(rest, "#!"):
		b.fill(' ', lineEnd(rest))
		return
	case strings.HasPrefix(rest, "/*"):
		comment, _, _ := strings.Cut(rest[2:], "*/")
		b.fill(' ', min(len("/*")+len(comment)+len("*/"), len(rest)))
		return
	case c <= ' ':
		b.at++
		return
	case isWord(c):
		b.word()
		return
	case c == '"', c == '\'':
		b.fill('"', closed(rest, c))
		b.regex = false
	case c == '/' && b.regex:
		b.fill('"', closed(rest, c))
		b.regex = false
	case c == '`':
		b.template()
	case strings.HasPrefix(rest, "++"), strings.HasPrefix(rest, "--"):
		b.at += 2
	default:
		b.punctuation(c)
	}
	b.last = ""
}

// fill writes c in the place of the next n bytes.
func (b *blanker) fill(c byte, n int) {
	for i := range n {
		b.out[b.at+i] = c
	}
	b.at += n
}

func (b *blanker) word() {
	start := b.at
	for b.at < len(b.source) && isWord(b.source[b.at]) {
		b.at++
	}
	word := b.source[start:b.at]
	if start > 0 && b.source[start-1] == '.' {
		word = "." + word
	}
	b.regex = slices.Contains(operators, word)
	if word == "await" && b.last == "for" {
		word = "for"
	}
	b.last = word
}

func (b *blanker) punctuation(c byte) {
	b.at++
	b.regex = true
	switch c {
	case '(', '[', '{':
		b.open = append(b.open, bracket{c, slices.Contains(heads, b.last)})
	case ')', ']', '}':
		var closed bracket
		if n := len(b.open); n > 0 {
			closed, b.open = b.open[n-1], b.open[:n-1]
		}
		if closed.kind == '$' {
			b.text()
		} else {
			b.regex = c == '}' || closed.head
		}
	}
}

// template fills a template's text, to its end or a value in it.
func (b *blanker) template() {
	b.fill('"', 1)
	b.text()
}

func (b *blanker) text() {
	for b.at < len(b.source) {
		rest := b.source[b.at:]
		switch {
		case strings.HasPrefix(rest, "${"):
			b.fill('"', 1)
			b.at++ // the bracket counts
			b.open = append(b.open, bracket{kind: '$'})
			b.regex = true
			return
		case rest[0] == '`':
			b.fill('"', 1)
			b.regex = false
			return
		}
		b.fill('"', escaped(rest))
	}
}

// escaped is the length of what begins s: with a backslash, two characters.
func escaped(s string) int {
	if s[0] != '\\' || len(s) == 1 {
		return 1
	}
	_, n := utf8.DecodeRuneInString(s[1:])
	return 1 + n
}

// closed is the length of a text, or of a regular expression, that s begins with.
// None goes over the end of a line.
func closed(s string, quote byte) int {
	class := false
	for i := 1; i < len(s); i += escaped(s[i:]) {
		switch {
		case s[i] == '\n' || s[i] == '\r':
			return i
		case quote == '/' && s[i] == '[':
			class = true
		case quote == '/' && s[i] == ']':
			class = false
		case s[i] == quote && !class:
			return i + 1
		}
	}
	return len(s)
}

func lineEnd(s string) int {
	if at := newline.FindStringIndex(s); at != nil {
		return at[0]
	}
	return len(s)
}

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$' || c == '\\' || c >= utf8.RuneSelf
}
