package script

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// maxDepth bounds the depth of what is walked through, and of functions that are not
// the script's own: Go's stack would end the process, not the script.
const maxDepth = 400

func concatArrays(r *run, original goja.Callable, c goja.FunctionCall) goja.Value {
	total := int64(0)
	for _, part := range append([]goja.Value{c.This}, c.Arguments...) {
		if object, ok := part.(*goja.Object); ok {
			total += max(1, r.length(object))
		}
	}
	r.bound(total)
	return must(original(c.This, c.Arguments...))
}

// sortArray compares in a way that can be stopped.
func sortArray(r *run, original goja.Callable, c goja.FunctionCall) goja.Value {
	if !goja.IsUndefined(c.Argument(0)) {
		return must(original(c.This, c.Arguments...))
	}
	compare := func(pair goja.FunctionCall) goja.Value {
		r.tick()
		left, right := r.text(pair.Argument(0)), r.text(pair.Argument(1))
		return r.vm.ToValue(left.CompareTo(right))
	}
	return must(original(c.This, r.vm.ToValue(compare)))
}

// join makes a text of an array, and "" of one within itself.
func (r *run) join(this goja.Value, separator string) goja.Value {
	array := this.ToObject(r.vm)
	if slices.Contains(r.joining, array) {
		return r.vm.ToValue("")
	}
	if len(r.joining) == maxDepth {
		r.throw("RangeError", "Arrays are nested more than %d deep", maxDepth)
	}
	r.joining = append(r.joining, array)
	defer func() { r.joining = r.joining[:len(r.joining)-1] }()
	length := r.length(array)
	r.bound(length)
	var text strings.Builder
	for i := range length {
		r.tick()
		if i > 0 {
			text.WriteString(separator)
		}
		if value := array.Get(strconv.FormatInt(i, 10)); value != nil && !goja.IsUndefined(value) && !goja.IsNull(value) {
			text.WriteString(value.String())
		}
		r.bound(int64(text.Len()))
	}
	return r.vm.ToValue(text.String())
}
