package script

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// stringify is JSON.stringify.
func stringify(r *run, _ goja.Callable, c goja.FunctionCall) goja.Value {
	w := jsonWriter{run: r}
	if replacer, ok := c.Argument(1).(*goja.Object); ok {
		w.replacer, _ = goja.AssertFunction(replacer)
		if w.replacer == nil && replacer.ClassName() == "Array" {
			w.names = []string{}
			known := map[string]bool{}
			for i := range r.length(replacer) {
				name := replacer.Get(strconv.FormatInt(i, 10)).String()
				if !known[name] {
					known[name], w.names = true, append(w.names, name)
				}
			}
		}
	}
	const widest = 10 // ECMAScript 25.5.2
	switch space := c.Argument(2); {
	case goja.IsString(space):
		text := space.(goja.String)
		w.indent = text.Substring(0, min(widest, text.Length())).String()
	case goja.IsNumber(space):
		w.indent = strings.Repeat(" ", int(min(widest, max(0, space.ToInteger()))))
	}
	holder := r.vm.NewObject()
	if err := holder.Set("", c.Argument(0)); err != nil {
		panic(err)
	}
	if !w.write(holder, "", c.Argument(0)) {
		return goja.Undefined()
	}
	return r.vm.ToValue(w.text.String())
}

// jsonWriter writes a value as JSON.
type jsonWriter struct {
	run      *run
	replacer goja.Callable
	names    []string // of the members to write, or nil for all
	indent   string
	within   []*goja.Object
	text     bytes.Buffer
}

// write tells whether JSON has such a value.
func (w *jsonWriter) write(holder *goja.Object, name string, value goja.Value) bool {
	w.run.tick()
	w.run.bound(int64(w.text.Len()))
	value = w.prepare(holder, name, value)
	object, isObject := value.(*goja.Object)
	switch {
	case !isObject:
		return w.plain(value)
	case object.ClassName() == "Function":
		return false
	case slices.Contains(w.within, object):
		w.run.throw("TypeError", "Converting circular structure to JSON")
	case len(w.within) == maxDepth:
		w.run.throw("RangeError", "The value is nested more than %d deep", maxDepth)
	}
	w.within = append(w.within, object)
	if object.ClassName() == "Array" {
		w.array(object)
	} else {
		w.object(object)
	}
	w.within = w.within[:len(w.within)-1]
	return true
}

// prepare is what toJSON and a replacer make of a value, unwrapped.
func (w *jsonWriter) prepare(holder *goja.Object, name string, value goja.Value) goja.Value {
	if value == nil {
		value = goja.Undefined()
	}
	key := w.run.vm.ToValue(name)
	if object, ok := value.(*goja.Object); ok {
		if toJSON, ok := goja.AssertFunction(object.Get("toJSON")); ok {
			value = must(toJSON(object, key))
		}
	}
	if w.replacer != nil {
		value = must(w.replacer(holder, key, value))
	}
	if object, ok := value.(*goja.Object); ok {
		switch object.ClassName() {
		case "Number":
			return object.ToNumber()
		case "String":
			return w.run.text(object)
		case "Boolean":
			return w.run.vm.ToValue(object.Export())
		}
	}
	return value
}

func (w *jsonWriter) plain(value goja.Value) bool {
	_, isBoolean := value.Export().(bool)
	switch text, isText := value.(goja.String); {
	case goja.IsUndefined(value):
		return false
	case isText:
		w.run.measure(text)
		w.quote(text)
	case goja.IsNumber(value) && (math.IsNaN(value.ToFloat()) || math.IsInf(value.ToFloat(), 0)):
		w.text.WriteString("null")
	case goja.IsNumber(value), goja.IsNull(value), isBoolean:
		w.text.WriteString(value.String())
	default: // a symbol
		return false
	}
	return true
}

func (w *jsonWriter) array(array *goja.Object) {
	length := w.run.length(array)
	w.run.bound(length)
	w.text.WriteByte('[')
	for i := range length {
		w.separate(i == 0)
		name := strconv.FormatInt(i, 10)
		if !w.write(array, name, array.Get(name)) {
			w.text.WriteString("null")
		}
	}
	w.close(length == 0, ']')
}

func (w *jsonWriter) object(object *goja.Object) {
	names := w.names
	if names == nil {
		names = object.Keys()
	}
	w.text.WriteByte('{')
	empty := true
	for _, name := range names {
		before := w.text.Len()
		w.separate(empty)
		w.quote(w.run.vm.ToValue(name).(goja.String))
		w.text.WriteByte(':')
		if w.indent != "" {
			w.text.WriteByte(' ')
		}
		if w.write(object, name, object.Get(name)) {
			empty = false
			continue
		}
		w.text.Truncate(before)
	}
	w.close(empty, '}')
}

func (w *jsonWriter) separate(first bool) {
	if !first {
		w.text.WriteByte(',')
	}
	w.line(len(w.within))
}

func (w *jsonWriter) close(empty bool, bracket byte) {
	if !empty {
		w.line(len(w.within) - 1)
	}
	w.text.WriteByte(bracket)
}

func (w *jsonWriter) line(depth int) {
	if w.indent != "" {
		w.text.WriteString("\n" + strings.Repeat(w.indent, depth))
	}
}

func (w *jsonWriter) quote(text goja.String) {
	const short = "\b\f\n\r\t\"\\"
	w.text.WriteByte('"')
	for _, letter := range text.String() {
		switch at := strings.IndexRune(short, letter); {
		case at >= 0:
			w.text.WriteByte('\\')
			w.text.WriteByte(`bfnrt"\`[at])
		case letter < ' ':
			fmt.Fprintf(&w.text, `\u%04x`, letter)
		default:
			w.text.WriteRune(letter)
		}
	}
	w.text.WriteByte('"')
}
