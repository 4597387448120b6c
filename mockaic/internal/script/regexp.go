package script

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/dlclark/regexp2/v2"
	"github.com/dop251/goja"
)

// maxPattern bounds the source of a regular expression, in bytes, and maxPatterns
// how many of them are kept.
const (
	maxPattern  = 8 << 10
	maxPatterns = 200
)

type patternKey struct{ source, flags string }

// pattern is a regular expression that a script uses. The engine's own would be
// matched without a limit of time.
type pattern struct {
	compiled                *regexp2.Regexp
	global, sticky, unicode bool
}

var largePattern = fmt.Sprintf("Invalid regular expression: it is longer than %d, or nested more than %d deep", maxPattern, maxNesting)

func isLarge(pattern string) bool { return len(pattern) > maxPattern || isDeep(pattern) }

func (r *run) checkPattern(source string) {
	if isLarge(source) {
		r.throw("SyntaxError", "%s", largePattern)
	}
}

// pattern compiles a regular expression.
func (r *run) pattern(expression *goja.Object) *pattern {
	key := patternKey{expression.Get("source").String(), expression.Get("flags").String()}
	if known := r.patterns[key]; known != nil {
		return known
	}
	r.checkPattern(key.source)
	options := regexp2.RegexOptions(regexp2.ECMAScript)
	for flag, option := range map[string]regexp2.RegexOptions{"i": regexp2.IgnoreCase, "m": regexp2.Multiline, "s": regexp2.Singleline, "u": regexp2.Unicode} {
		if strings.Contains(key.flags, flag) {
			options |= option
		}
	}
	compiled, err := regexp2.Compile(key.source, options)
	if err != nil {
		r.throw("SyntaxError", "Invalid regular expression: %s", key.source)
	}
	compiled.MatchTimeout = r.options.Match
	made := &pattern{
		compiled: compiled, global: strings.Contains(key.flags, "g"),
		sticky: strings.Contains(key.flags, "y"), unicode: strings.Contains(key.flags, "u"),
	}
	if len(r.patterns) == maxPatterns {
		clear(r.patterns)
	}
	r.patterns[key] = made
	return made
}

// exec is RegExp.prototype.exec.
func (r *run) exec(this, argument goja.Value) goja.Value {
	r.tick()
	expression, ok := this.(*goja.Object)
	if !ok || expression.ClassName() != "RegExp" {
		r.throw("TypeError", "RegExp.prototype.exec was called for what is no regular expression")
	}
	p, text := r.pattern(expression), r.text(argument)
	r.measure(text)
	moves := p.global || p.sticky
	from := max(0, expression.Get("lastIndex").ToInteger())
	if !moves {
		from = 0
	}
	match := r.match(p, text, from)
	if match == nil {
		if moves {
			r.setLastIndex(expression, 0)
		}
		return goja.Null()
	}
	if moves {
		r.setLastIndex(expression, match.end)
	}
	return match.value(r, text)
}

func (r *run) setLastIndex(expression *goja.Object, index int) {
	if err := expression.Set("lastIndex", index); err != nil {
		panic(err)
	}
}

// found is a match, in units of UTF-16.
type found struct {
	start, end int
	groups     []foundGroup
}

type foundGroup struct {
	name       string
	start, end int // start is -1 if it is no part of the match
}

func (r *run) match(p *pattern, text goja.String, from int64) *found {
	if from > int64(text.Length()) {
		return nil
	}
	letters, places := r.searched.of(text, p.unicode)
	start := int(from)
	if p.unicode {
		start, _ = slices.BinarySearch(places, start)
	}
	matched, err := p.compiled.FindRunesMatchStartingAt(letters, start)
	if err != nil {
		r.throw("RangeError", "The regular expression takes too long for this fake tenant")
	}
	if matched == nil || p.sticky && matched.RuneIndex != start {
		return nil
	}
	place := func(index int) int {
		if p.unicode {
			return places[index]
		}
		return index
	}
	f := &found{start: place(matched.RuneIndex), end: place(matched.RuneIndex + matched.RuneLength)}
	for _, group := range matched.Groups() {
		g := foundGroup{name: group.Name, start: -1}
		if len(group.Captures) > 0 {
			g.start, g.end = place(group.RuneIndex), place(group.RuneIndex+group.RuneLength)
		}
		f.groups = append(f.groups, g)
	}
	return f
}

// searched is the last text that was searched, taken apart.
type searched struct {
	text    goja.String
	unicode bool
	letters []rune
	places  []int // of the letters, unless these are units
}

func (s *searched) of(text goja.String, unicode bool) (letters []rune, places []int) {
	if s.text == nil || s.unicode != unicode || !s.text.SameAs(text) {
		s.text, s.unicode, s.places = text, unicode, nil
		if unicode {
			s.letters, s.places = codePoints(text)
		} else {
			s.letters = units(text)
		}
	}
	return s.letters, s.places
}

func units(text goja.String) []rune {
	letters := make([]rune, text.Length())
	for i := range letters {
		letters[i] = rune(text.CharAt(i))
	}
	return letters
}

// codePoints joins surrogates, and tells where each letter, and the end, is.
func codePoints(text goja.String) (letters []rune, places []int) {
	for i := 0; i < text.Length(); i++ {
		letter := rune(text.CharAt(i))
		places = append(places, i)
		if utf16.IsSurrogate(letter) && i+1 < text.Length() {
			if pair := utf16.DecodeRune(letter, rune(text.CharAt(i+1))); pair != '\uFFFD' {
				letter = pair
				i++
			}
		}
		letters = append(letters, letter)
	}
	return letters, append(places, text.Length())
}

// value is the match as scripts get it.
func (f *found) value(r *run, text goja.String) goja.Value {
	parts := make([]any, len(f.groups))
	named := r.vm.CreateObject(nil)
	hasNames := false
	for i, group := range f.groups {
		part := goja.Undefined()
		if group.start >= 0 {
			part = text.Substring(group.start, group.end)
		}
		parts[i] = part
		if group.name != "" && group.name != strconv.Itoa(i) {
			hasNames = true
			check(named.Set(group.name, part))
		}
	}
	match := r.vm.NewArray(parts...)
	check(match.Set("index", f.start))
	check(match.Set("input", text))
	groups := goja.Undefined()
	if hasNames {
		groups = named
	}
	check(match.Set("groups", groups))
	return match
}
