package scripts

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"

	"aicmcp/server/tool"
)

const (
	// maxSource bounds a source, in characters. The parser's stack grows with
	// how deep a source is nested, and a stack that is full ends the process.
	maxSource = 128 << 10
	maxDepth  = 400
	// maxArrows bounds arrow functions: the parser's time grows with the square
	// of their number.
	maxArrows = 4000
	// maxTwice bounds how deep parameters of arrow functions and operands of
	// yield may be in each other: the parser's time can double with each.
	maxTwice = 6
	// maxLabels bounds labels within each other: the parser notes each pair of
	// the same name.
	maxLabels = 500
	// maxParse is how long parsing may take. It cannot be stopped.
	maxParse = 5 * time.Second
	// maxErrors is how many errors of syntax a message tells.
	maxErrors = 3
)

// check refuses a source that is not JavaScript, and warns of what AM's engine
// is known to refuse.
func check(source, context, evaluator string) (warnings []string, err error) {
	if err := simple(source); err != nil {
		return nil, err
	}
	program, err := parse(source)
	if err != nil {
		return nil, err
	}
	return lint(program, source, context, evaluator), nil
}

func parse(source string) (*ast.Program, error) {
	type parsed struct {
		program *ast.Program
		err     error
	}
	done := make(chan parsed, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- parsed{err: refused(fmt.Sprintf("cannot be parsed: the parser fails with %T", p))}
			}
		}()
		program, err := parser.ParseFile(nil, "", source, parser.IgnoreRegExpErrors, parser.WithDisableSourceMaps)
		done <- parsed{program, err}
	}()
	timer := time.NewTimer(maxParse)
	defer timer.Stop()
	select {
	case p := <-done:
		var list parser.ErrorList
		if errors.As(p.err, &list) {
			return nil, refused(syntax(list, source))
		}
		return p.program, p.err
	case <-timer.C:
		return nil, refused("takes too long to parse")
	}
}

// syntax tells the first errors of a source.
func syntax(list parser.ErrorList, source string) string {
	lines := newline.Split(source, -1)
	// The parser can meet the same one more than once.
	list = slices.CompactFunc(list, func(a, b *parser.Error) bool { return *a == *b })
	var faults []string
	for i, e := range list {
		if i == maxErrors {
			faults = append(faults, fmt.Sprintf("and %d more", len(list)-i))
			break
		}
		column := e.Position.Column
		if n := e.Position.Line - 1; n >= 0 && n < len(lines) {
			column = characters(lines[n], column-1) + 1
		}
		faults = append(faults, fmt.Sprintf("line %d, column %d: %s", e.Position.Line, column, e.Message))
	}
	return "does not parse as JavaScript: " + strings.Join(faults, "; ")
}

func refused(message string) error {
	return tool.Invalid("script", message, "Correct the source and call again; AM's engine takes ECMAScript 5 and a part of 6. The script was not written.")
}

// newline separates lines as the parser counts them.
var newline = regexp.MustCompile("\r\n|[\r\n\u2028\u2029]")

// position is where a byte of the source is, for people.
func position(source string, offset int) (line, column int) {
	before := source[:min(max(offset, 0), len(source))]
	line = 1
	for _, at := range newline.FindAllStringIndex(before, -1) {
		line++
		column = at[1]
	}
	return line, utf8.RuneCountInString(before[column:]) + 1
}

// characters counts those in the first bytes of a line.
func characters(line string, bytes int) int {
	return utf8.RuneCountInString(line[:min(max(bytes, 0), len(line))])
}

var (
	arrow = regexp.MustCompile(`^\s*=>`)
	// label is one that stands within another, or in what it is mistaken for.
	label = regexp.MustCompile(`(?:[:)]|\b(?:else|do)\b)\s*[^\s:(){}\[\],;?.]+\s*:`)
)

// simple refuses what would cost the parser too much.
func simple(source string) error {
	code := bare(source)
	switch {
	case strings.Count(code, "=>") > maxArrows:
		return refused("has too many arrow functions")
	case labels(code) > maxLabels:
		return refused("has too many labels")
	}
	open := []group{{}}
	for i, r := range code {
		last := &open[len(open)-1]
		switch r {
		case '(', '[', '{':
			if open = append(open, group{closer: closers[r], above: last.above}); len(open) > maxDepth {
				return refused(fmt.Sprintf("is nested more than %d deep", maxDepth))
			}
		case 'y':
			if strings.HasPrefix(code[i:], "yield") && !last.yields {
				last.yields = true
				last.above++
			}
		case ')', ']', '}':
			if r != last.closer {
				line, column := position(source, i)
				return refused(fmt.Sprintf("does not parse as JavaScript: line %d, column %d: Unexpected token %c", line, column, r))
			}
			inside := last.inside
			if last.yields || r == ')' && arrow.MatchString(code[i+1:]) {
				inside++
			}
			open = open[:len(open)-1]
			last = &open[len(open)-1]
			last.inside = max(last.inside, inside)
		}
		if last.above+last.inside > maxTwice {
			return refused("has parameters of arrow functions, or operands of yield, too many in each other")
		}
	}
	return nil
}

var closers = map[rune]rune{'(': ')', '[': ']', '{': '}'}

// group is what an open bracket begins.
type group struct {
	closer rune
	yields bool
	// above and inside are how deep what is parsed twice is nested, with the
	// group itself and in the groups inside.
	above, inside int
}

// labels counts labels that may be within others. Each match ends with the colon
// that the next can begin with.
func labels(code string) (n int) {
	for {
		at := label.FindStringIndex(code)
		if at == nil {
			return n
		}
		n++
		code = code[at[1]-1:]
	}
}
