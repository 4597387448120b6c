package script

import (
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// text is a value as a text.
func (r *run) text(value goja.Value) goja.String {
	if text, ok := value.(goja.String); ok {
		return text
	}
	return r.vm.ToValue(value.String()).(goja.String)
}

// textOf is the text that a function of texts is called for.
func (r *run) textOf(this goja.Value) goja.String {
	if goja.IsUndefined(this) || goja.IsNull(this) {
		r.throw("TypeError", "There is no text in %s", this)
	}
	text := r.text(this)
	r.bound(int64(text.Length()))
	return text
}

func repeatText(r *run, original goja.Callable, c goja.FunctionCall) goja.Value {
	text, times := r.textOf(c.This), c.Argument(0).ToInteger()
	if text.Length() > 0 {
		r.bound(times)
		r.bound(int64(text.Length()) * times)
	}
	return must(original(text, r.vm.ToValue(times)))
}

func padText(r *run, original goja.Callable, c goja.FunctionCall) goja.Value {
	length := c.Argument(0).ToInteger()
	r.bound(length)
	arguments := []goja.Value{r.vm.ToValue(length)}
	if filler := c.Argument(1); !goja.IsUndefined(filler) {
		arguments = append(arguments, r.text(filler))
	}
	return must(original(r.textOf(c.This), arguments...))
}

func concatTexts(r *run, original goja.Callable, c goja.FunctionCall) goja.Value {
	text := r.textOf(c.This)
	total := int64(text.Length())
	for i, argument := range c.Arguments {
		part := r.text(argument)
		c.Arguments[i] = part
		total += int64(part.Length())
	}
	r.bound(total)
	return must(original(text, c.Arguments...))
}

// replaceInText replaces by a function, which counts what it adds.
func replaceInText(r *run, original goja.Callable, c goja.FunctionCall) goja.Value {
	text := r.textOf(c.This)
	substitute, isFunction := goja.AssertFunction(c.Argument(1))
	template := ""
	if !isFunction {
		template = c.Argument(1).String()
	}
	total := int64(0)
	by := func(match goja.FunctionCall) goja.Value {
		r.tick()
		var added goja.String
		if isFunction {
			added = r.text(must(substitute(goja.Undefined(), match.Arguments...)))
		} else {
			added = r.text(r.vm.ToValue(r.expand(template, text, match.Arguments)))
		}
		total += int64(added.Length())
		r.bound(total)
		return added
	}
	return must(original(text, c.Argument(0), r.vm.ToValue(by)))
}

// expand puts parts of a match in the places that a template has for them,
// ECMAScript 22.1.3.19.1. The match is what a function that replaces is called with.
func (r *run) expand(template string, text goja.String, match []goja.Value) string {
	var groups *goja.Object
	if named, ok := match[len(match)-1].(*goja.Object); ok {
		groups, match = named, match[:len(match)-1]
	}
	matched := r.text(match[0])
	at := int(match[len(match)-2].ToInteger())
	captures := match[1 : len(match)-2]
	var expanded strings.Builder
	for {
		before, after, found := strings.Cut(template, "$")
		expanded.WriteString(before)
		if !found {
			return expanded.String()
		}
		r.bound(int64(expanded.Len()))
		template = after
		switch {
		case strings.HasPrefix(after, "$"):
			expanded.WriteByte('$')
			template = after[1:]
		case strings.HasPrefix(after, "&"):
			expanded.WriteString(matched.String())
			template = after[1:]
		case strings.HasPrefix(after, "`"):
			expanded.WriteString(text.Substring(0, at).String())
			template = after[1:]
		case strings.HasPrefix(after, "'"):
			expanded.WriteString(text.Substring(min(at+matched.Length(), text.Length()), text.Length()).String())
			template = after[1:]
		case groups != nil && strings.HasPrefix(after, "<") && strings.Contains(after, ">"):
			name, rest, _ := strings.Cut(after[1:], ">")
			writeCapture(&expanded, groups.Get(name))
			template = rest
		default:
			n, digits := captureNumber(after, len(captures))
			if digits == 0 {
				expanded.WriteByte('$')
				continue
			}
			writeCapture(&expanded, captures[n-1])
			template = after[digits:]
		}
	}
}

func writeCapture(b *strings.Builder, capture goja.Value) {
	if capture != nil && !goja.IsUndefined(capture) {
		b.WriteString(capture.String())
	}
}

// captureNumber reads the number of a capture, of two digits if there is one.
func captureNumber(text string, captures int) (n, digits int) {
	for digits = 2; digits > 0; digits-- {
		if len(text) < digits || strings.Trim(text[:digits], "0123456789") != "" {
			continue
		}
		if n, err := strconv.Atoi(text[:digits]); err == nil && n >= 1 && n <= captures {
			return n, digits
		}
	}
	return 0, 0
}
