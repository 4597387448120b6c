package crest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxParentheses is how deep the parentheses of a filter may nest, as in the CREST reference.
const maxParentheses = 63

// Filter is a parsed query filter. It may be used by several goroutines at once.
type Filter struct {
	root node
	bare bool
}

// Rooted tells whether every field of the filter begins with a slash, which some APIs demand.
func (f *Filter) Rooted() bool { return !f.bare }

type nodeKind uint8

const (
	constant nodeKind = iota
	present
	comparison
	element
	not
	and
	or
)

type node struct {
	kind  nodeKind
	kids  []node  // of element, not, and, or
	value bool    // of a constant
	field Pointer // of present, comparison and element
	op    operator
	want  literal
}

type operator string

const (
	opEq operator = "eq"
	opCo operator = "co"
	opSw operator = "sw"
	opGt operator = "gt"
	opGe operator = "ge"
	opLt operator = "lt"
	opLe operator = "le"
	opIn operator = "in"
)

// literal is the value of a comparison, in the forms that the comparisons need.
type literal struct {
	text  string // as in the canonical form, without quotes
	key   key    // rank and bits, for bools and numbers
	exact string // for order when case counts
	fold  string // for order when case is ignored
	lower string // for co and sw when case is ignored
	ascii bool   // whether lower is ASCII
	set   []string
	folds []string
}

type unknownOperator string

func (op unknownOperator) Error() string {
	return "unrecognized or unsupported filter operator '" + string(op) + "'"
}

// ParseFilter parses a filter of the CREST grammar with IDM's operator in and with the filters on array elements of newer releases, as
// in emails[type eq "work"]. Its errors are of type [*Error] and have code 400.
func ParseFilter(text string) (*Filter, error) {
	p := filterParser{text: strings.ToValidUTF8(text, "\ufffd")}
	root, err := p.parse()
	if unknown := unknownOperator(""); errors.As(err, &unknown) {
		return nil, &Error{Code: 400, Err: err}
	}
	if err != nil {
		return nil, Errorf(400, "Invalid query filter '%s': %w", text, err)
	}
	return &Filter{root, p.bare}, nil
}

type tokenKind uint8

const (
	endToken tokenKind = iota
	wordToken
	stringToken
	openToken
	closeToken
	bracketToken // the end of a filter on array elements
)

type filterParser struct {
	text     string // what is left to read after the current token
	kind     tokenKind
	token    string
	start    string // what is left to read from the current token on
	depth    int
	brackets int // how many filters on array elements are open
	bare     bool
}

// next reads the next token. Only the space separates tokens; other white space is part of words.
func (p *filterParser) next() error {
	p.text = strings.TrimLeft(p.text, " ")
	if p.text == "" {
		p.kind, p.token = endToken, ""
		return nil
	}
	p.start = p.text
	switch c := p.text[0]; {
	case c == '(':
		p.kind, p.token, p.text = openToken, "(", p.text[1:]
	case c == ')':
		p.kind, p.token, p.text = closeToken, ")", p.text[1:]
	case c == ']' && p.brackets > 0:
		p.kind, p.token, p.text = bracketToken, "]", p.text[1:]
	case c == '"' || c == '\'':
		return p.quoted(c)
	default:
		end := p.wordEnd()
		p.kind, p.token, p.text = wordToken, p.text[:end], p.text[end:]
	}
	return nil
}

// wordEnd finds the end of the word that the text begins with. Brackets are part of words, but for the one that closes a filter.
func (p *filterParser) wordEnd() int {
	open := 0
	for i := range len(p.text) {
		switch p.text[i] {
		case ' ', '(', ')':
			return i
		case '[':
			open++
		case ']':
			if open > 0 {
				open--
			} else if p.brackets > 0 {
				return i
			}
		}
	}
	return len(p.text)
}

// quoted reads a string. A backslash makes the next character literal and has no other meaning.
func (p *filterParser) quoted(quote byte) error {
	var b strings.Builder
	for i := 1; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == quote:
			p.kind, p.token, p.text = stringToken, b.String(), p.text[i+1:]
			return nil
		case c == '\\' && i+1 < len(p.text):
			i++
			b.WriteByte(p.text[i])
		default:
			b.WriteByte(c)
		}
	}
	return errors.New("a string is not closed")
}

func (p *filterParser) parse() (node, error) {
	if err := p.next(); err != nil {
		return node{}, err
	}
	root, err := p.list(or)
	if err != nil {
		return node{}, err
	}
	if p.kind != endToken {
		return node{}, p.unexpected()
	}
	return root, nil
}

func (p *filterParser) unexpected() error {
	if p.kind == endToken {
		return errors.New("unexpected end")
	}
	return fmt.Errorf("unexpected '%s'", p.token)
}

func (p *filterParser) is(keyword string) bool {
	return p.kind == wordToken && strings.EqualFold(p.token, keyword)
}

// list reads operands that are joined by "or" or by "and".
func (p *filterParser) list(kind nodeKind) (node, error) {
	keyword := "or"
	operand := func() (node, error) { return p.list(and) }
	if kind == and {
		keyword, operand = "and", p.negation
	}
	n, err := operand()
	if err != nil || !p.is(keyword) {
		return n, err
	}
	n = node{kind: kind, kids: []node{n}}
	for p.is(keyword) {
		if err := p.next(); err != nil {
			return node{}, err
		}
		kid, err := operand()
		if err != nil {
			return node{}, err
		}
		n.kids = append(n.kids, kid)
	}
	return n, nil
}

func (p *filterParser) negation() (node, error) {
	if !p.is("!") {
		return p.primary()
	}
	if err := p.next(); err != nil {
		return node{}, err
	}
	kid, err := p.primary()
	if err != nil {
		return node{}, err
	}
	return node{kind: not, kids: []node{kid}}, nil
}

func (p *filterParser) primary() (node, error) {
	switch {
	case p.kind == openToken:
		return p.group()
	case p.is("true"):
		return node{kind: constant, value: true}, p.next()
	case p.is("false"):
		return node{kind: constant}, p.next()
	case p.kind == wordToken:
		return p.test()
	default:
		return node{}, p.unexpected()
	}
}

func (p *filterParser) group() (node, error) {
	n, err := p.nested(closeToken)
	if err != nil {
		return node{}, err
	}
	return n, p.next()
}

// nested reads a filter up to a token that closes it.
func (p *filterParser) nested(end tokenKind) (node, error) {
	if p.depth++; p.depth > maxParentheses {
		return node{}, fmt.Errorf("parentheses nest deeper than %d levels", maxParentheses)
	}
	if err := p.next(); err != nil {
		return node{}, err
	}
	n, err := p.list(or)
	if err != nil {
		return node{}, err
	}
	if p.kind != end {
		return node{}, p.unexpected()
	}
	p.depth--
	return n, nil
}

// elementFilter returns the index of the bracket in a word that opens a filter on the elements of the field before it, or -1. A word
// that closes its brackets itself is a field, because a filter does not fit in there: emails[0]/value is one.
func elementFilter(word string) int {
	at, open := -1, 0
	for i := range len(word) {
		switch word[i] {
		case '[':
			if open == 0 {
				at = i
			}
			open++
		case ']':
			open = max(0, open-1)
		}
	}
	if open == 0 || strings.Trim(word[:at], "/") == "" {
		return -1
	}
	return at
}

func (p *filterParser) element(at int) (node, error) {
	field, err := ParsePointer(p.token[:at])
	if err != nil {
		return node{}, err
	}
	p.text = p.start[at+1:]
	p.brackets++
	n, err := p.nested(bracketToken)
	if err != nil {
		return node{}, err
	}
	p.brackets--
	return node{kind: element, field: field, kids: []node{n}}, p.next()
}

func (p *filterParser) test() (node, error) {
	p.bare = p.bare || !strings.HasPrefix(p.token, "/")
	if at := elementFilter(p.token); at >= 0 {
		return p.element(at)
	}
	field, err := ParsePointer(p.token)
	if err != nil {
		return node{}, err
	}
	if err := p.next(); err != nil {
		return node{}, err
	}
	if p.is("pr") {
		return node{kind: present, field: field}, p.next()
	}
	if p.kind != wordToken || !isOperator(p.token) {
		return node{}, p.unexpected()
	}
	name := p.token
	if err := p.next(); err != nil {
		return node{}, err
	}
	want, err := p.literal()
	if err != nil {
		return node{}, err
	}
	n := node{kind: comparison, field: field, op: operator(strings.ToLower(name)), want: want}
	switch n.op {
	case opEq, opCo, opSw, opGt, opGe, opLt, opLe:
	case opIn:
		if err := n.want.parseSet(); err != nil {
			return node{}, err
		}
	default:
		return node{}, unknownOperator(name)
	}
	return n, p.next()
}

// isOperator reports whether a word has the syntax of an operator, known or not.
func isOperator(word string) bool {
	for _, r := range word {
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == '.') {
			return false
		}
	}
	return true
}

func (p *filterParser) literal() (literal, error) {
	switch {
	case p.kind == stringToken:
		s := p.token
		low := lower(s)
		return literal{text: s, key: key{rank: rankString}, exact: codeUnits(s), fold: fold(s), lower: low, ascii: isASCII(low)}, nil
	case p.is("true"):
		return literal{text: "true", key: boolKey(true)}, nil
	case p.is("false"):
		return literal{text: "false", key: boolKey(false)}, nil
	case p.kind != wordToken:
		return literal{}, p.unexpected()
	case !strings.Contains(p.token, "."):
		i, err := strconv.ParseInt(p.token, 10, 64)
		if err != nil {
			return literal{}, fmt.Errorf("'%s' is not a value", p.token)
		}
		return literal{text: strconv.FormatInt(i, 10), key: numberKey(float64(i))}, nil
	default:
		// ParseFloat alone would take hexadecimal digits too.
		f, err := strconv.ParseFloat(p.token, 64)
		if err != nil || strings.Trim(p.token, "0123456789+-.eE") != "" {
			return literal{}, fmt.Errorf("'%s' is not a value", p.token)
		}
		return literal{text: formatDouble(f), key: numberKey(f)}, nil
	}
}

// parseSet turns a string that holds a JSON array of strings into the operand of in.
func (l *literal) parseSet() error {
	var members []*string
	if l.key.rank != rankString || json.Unmarshal([]byte(l.text), &members) != nil {
		return errors.New("the operator in needs a quoted JSON array of strings")
	}
	for _, s := range members {
		if s == nil {
			return errors.New("the operator in needs a quoted JSON array of strings")
		}
		l.set = append(l.set, *s)
		l.folds = append(l.folds, fold(*s))
	}
	slices.Sort(l.set)
	slices.Sort(l.folds)
	l.set, l.folds = slices.Compact(l.set), slices.Compact(l.folds)
	return nil
}

func (n *node) mentions(fields func(Pointer) bool) bool {
	switch n.kind {
	case constant:
		return false
	case present, comparison, element:
		return fields(n.field)
	default:
		return slices.ContainsFunc(n.kids, func(kid node) bool { return kid.mentions(fields) })
	}
}

// String returns the canonical form. Quotes within strings are not escaped in it.
func (f *Filter) String() string {
	var b strings.Builder
	f.root.write(&b)
	return b.String()
}

func (n *node) write(b *strings.Builder) {
	switch n.kind {
	case constant:
		b.WriteString(strconv.FormatBool(n.value))
	case present:
		b.WriteString(n.field.String() + " pr")
	case comparison:
		b.WriteString(n.field.String() + " " + string(n.op) + " ")
		if n.want.key.rank == rankString {
			b.WriteString(`"` + n.want.text + `"`)
		} else {
			b.WriteString(n.want.text)
		}
	case element:
		b.WriteString(n.field.String() + "[")
		if n.kids[0].kind == constant {
			b.WriteString("(" + strconv.FormatBool(n.kids[0].value) + ")") // without parentheses it would be part of the field
		} else {
			n.kids[0].write(b)
		}
		b.WriteByte(']')
	case not:
		b.WriteString("! (")
		n.kids[0].write(b)
		b.WriteByte(')')
	case and, or:
		separator := " and "
		if n.kind == or {
			separator = " or "
		}
		for i := range n.kids {
			if i == 0 {
				b.WriteByte('(')
			} else {
				b.WriteString(separator)
			}
			n.kids[i].write(b)
		}
		b.WriteByte(')')
	}
}
