package script

import (
	"encoding/binary"
	"io"
	"strings"

	"github.com/dop251/goja"
)

// maxLength bounds the texts and arrays that built-in functions take and make.
const maxLength = 1 << 20

// globals are what scripts find of the language.
var globals = strings.Fields(`Object Function Array String Boolean Number Date RegExp Math JSON
	Error EvalError RangeError ReferenceError SyntaxError TypeError URIError
	NaN Infinity undefined globalThis eval parseInt parseFloat isNaN isFinite
	decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape`)

// absent are members that AM's engine lacks, or that would give what is not there.
var absent = map[string]string{
	"Object":           "getOwnPropertySymbols groupBy",
	"Array":            "fromAsync",
	"Array.prototype":  "at flat flatMap findLast findLastIndex toReversed toSorted toSpliced with group groupToMap",
	"String":           "raw",
	"RegExp.prototype": "compile",
}

// roots reach the built-in objects that have no name. The constructors that functions
// of other kinds would give are taken away there.
const roots = `(function () {
	var prototype = Object.getPrototypeOf;
	var kinds = [function* () {}, async function () {}];
	for (var i = 0; i < kinds.length; i++) {
		delete prototype(kinds[i]).constructor;
	}
	delete Promise.prototype.constructor;
	return [
		prototype([][Symbol.iterator]()), prototype(''[Symbol.iterator]()), prototype('a'.matchAll(/a/g)),
		prototype(kinds[0]), prototype(kinds[0]()), prototype(prototype(kinds[0]())),
		prototype(kinds[1]), Promise.prototype, Symbol.prototype
	];
})()`

func (r *run) dependOnOptions() {
	if r.options.Now != nil {
		r.vm.SetTimeSource(goja.Now(r.options.Now))
	}
	if r.options.Chance != nil {
		r.vm.SetRandSource(func() float64 {
			var eight [8]byte
			if _, err := io.ReadFull(r.options.Chance, eight[:]); err != nil {
				panic(err)
			}
			return float64(binary.NativeEndian.Uint64(eight[:])>>11) / (1 << 53)
		})
	}
}

// restrict leaves a script what AM has, and bounds that.
func (r *run) restrict() error {
	global := r.vm.GlobalObject()
	r.errors = map[string]*goja.Object{}
	for _, kind := range []string{"Error", "RangeError", "SyntaxError", "TypeError"} {
		r.errors[kind] = global.Get(kind).ToObject(r.vm)
	}
	r.describe, _ = goja.AssertFunction(r.member("Object", "getOwnPropertyDescriptor"))
	unnamed, err := r.vm.RunString(roots)
	if err != nil {
		return err
	}
	for path, names := range absent {
		for name := range strings.FieldsSeq(names) {
			if err := r.member(strings.Split(path, ".")...).ToObject(r.vm).Delete(name); err != nil {
				return err
			}
		}
	}
	known := map[string]bool{}
	for _, name := range globals {
		known[name] = true
	}
	for _, name := range global.GetOwnPropertyNames() {
		if !known[name] {
			if err := global.Delete(name); err != nil {
				return err
			}
		}
	}
	if err := r.replace(); err != nil {
		return err
	}
	g := guarding{run: r, seen: map[*goja.Object]bool{}, constructors: map[*goja.Object]*goja.Object{}, texts: r.member("String", "prototype")}
	g.visit(unnamed.ToObject(r.vm))
	g.visit(global)
	return g.err
}

func (r *run) member(path ...string) goja.Value {
	value := goja.Value(r.vm.GlobalObject())
	for _, name := range path {
		value = value.ToObject(r.vm).Get(name)
	}
	return value
}
