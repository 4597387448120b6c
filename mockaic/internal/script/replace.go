package script

import (
	"fmt"
	"strings"

	"github.com/dop251/goja"
)

// replacement takes the place of a built-in function, which it may call.
type replacement func(r *run, original goja.Callable, c goja.FunctionCall) goja.Value

// replacements are of the functions that looking at what they are given does not
// bound.
var replacements = map[string]map[string]replacement{
	"Array.prototype": {
		"concat": concatArrays, "sort": sortArray,
		"join": func(r *run, _ goja.Callable, c goja.FunctionCall) goja.Value {
			separator := ","
			if given := c.Argument(0); !goja.IsUndefined(given) {
				separator = given.String()
			}
			return r.join(c.This, separator)
		},
		"toLocaleString": func(r *run, _ goja.Callable, c goja.FunctionCall) goja.Value { return r.join(c.This, ",") },
	},
	"String.prototype": {
		"repeat": repeatText, "padStart": padText, "padEnd": padText, "concat": concatTexts,
		"replace": replaceInText, "replaceAll": replaceInText,
	},
	"RegExp.prototype": {
		"exec": func(r *run, _ goja.Callable, c goja.FunctionCall) goja.Value { return r.exec(c.This, c.Argument(0)) },
		"test": func(r *run, _ goja.Callable, c goja.FunctionCall) goja.Value {
			return r.vm.ToValue(!goja.IsNull(r.exec(c.This, c.Argument(0))))
		},
	},
	"JSON": {"stringify": stringify},
}

// replace puts the replacements in their places, below the guards.
func (r *run) replace() error {
	for path, functions := range replacements {
		holder := r.member(strings.Split(path, ".")...).ToObject(r.vm)
		for name, replacement := range functions {
			value := holder.Get(name)
			original, ok := goja.AssertFunction(value)
			if !ok {
				return fmt.Errorf("the engine has no %s.%s", path, name)
			}
			function := r.function(name, value.ToObject(r.vm).Get("length"), func(c goja.FunctionCall) goja.Value {
				return replacement(r, original, c)
			})
			if err := holder.Set(name, function); err != nil {
				return err
			}
		}
	}
	evaluate := r.function("eval", r.vm.ToValue(1), func(c goja.FunctionCall) goja.Value {
		source, isText := c.Argument(0).(goja.String)
		if !isText {
			return c.Argument(0)
		}
		return r.evaluate(source.String())
	})
	if err := r.vm.GlobalObject().Set("eval", evaluate); err != nil {
		return err
	}
	if err := r.replaceConstructor("Function", func(c goja.ConstructorCall) goja.Value {
		parameters := make([]string, len(c.Arguments))
		for i, argument := range c.Arguments {
			parameters[i] = argument.String()
		}
		body := ""
		if last := len(parameters) - 1; last >= 0 {
			body, parameters = parameters[last], parameters[:last]
		}
		return r.evaluate("(function anonymous(" + strings.Join(parameters, ",") + "\n) {\n" + body + "\n})")
	}); err != nil {
		return err
	}
	expressions := r.member("RegExp")
	return r.replaceConstructor("RegExp", func(c goja.ConstructorCall) goja.Value {
		if source, isText := c.Argument(0).(goja.String); isText {
			r.checkPattern(source.String())
		}
		return must(r.vm.New(expressions, c.Arguments...))
	})
}

// replaceConstructor puts a constructor in front of a built-in one.
func (r *run) replaceConstructor(name string, construct func(goja.ConstructorCall) goja.Value) error {
	prototype := r.member(name, "prototype").ToObject(r.vm)
	constructor := r.vm.ToValue(func(c goja.ConstructorCall) *goja.Object {
		return construct(c).ToObject(r.vm)
	}).ToObject(r.vm)
	if err := constructor.Set("prototype", prototype); err != nil {
		return err
	}
	if err := constructor.DefineDataProperty("name", r.vm.ToValue(name), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE); err != nil {
		return err
	}
	if err := prototype.DefineDataProperty("constructor", constructor, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE); err != nil {
		return err
	}
	return r.vm.GlobalObject().DefineDataProperty(name, constructor, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
}

// evaluate runs a source in the global scope.
func (r *run) evaluate(source string) goja.Value {
	program, err := r.compile("eval", source)
	if err != nil {
		r.throw("SyntaxError", "%s", strings.TrimPrefix(err.Error(), "SyntaxError: "))
	}
	return must(r.vm.RunProgram(program))
}
