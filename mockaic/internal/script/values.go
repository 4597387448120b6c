package script

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/dop251/goja"
)

// Function is a function that a script finds. What it is given is nil, a boolean, a
// text, a [json.Number], a slice or a map of these, or an *[Object]; its result is as
// bindings are. An error is thrown.
type Function func(args []any) (any, error)

// Object is a Java object that a script finds: its members, and what its maker
// knows it by.
type Object struct {
	Members map[string]any
	Value   any
}

// Map is a map that a script reads by members and by the methods of Java.
type Map map[string]any

// List is an array that has some of Java's methods too.
type List []any

// bind puts what a script finds into its global scope.
func (r *run) bind(bindings map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(bindings)) {
		check(r.vm.GlobalObject().Set(name, r.give(bindings[name])))
	}
}

// give makes a value of the script of one of its caller.
func (r *run) give(value any) goja.Value {
	switch value := value.(type) {
	case nil:
		return goja.Null()
	case json.Number:
		if whole, err := value.Int64(); err == nil {
			return r.vm.ToValue(whole)
		}
		number, _ := value.Float64() // beyond all numbers is infinity
		return r.vm.ToValue(number)
	case Function:
		return r.host(value)
	case *Object:
		return r.object(value)
	case Map:
		return r.javaMap(value)
	case List:
		return r.javaList(value)
	case map[string]any:
		object := r.vm.NewObject()
		for _, name := range slices.Sorted(maps.Keys(value)) {
			define(object, name, r.give(value[name]))
		}
		return object
	case []any:
		return r.vm.NewArray(r.gives(value)...)
	case []string:
		values := make([]any, len(value))
		for i, text := range value {
			values[i] = text
		}
		return r.vm.NewArray(values...)
	}
	return r.vm.ToValue(value)
}

// define sets a member, which may have any name: to set __proto__ would change what
// the object inherits.
func define(object *goja.Object, name string, value goja.Value) {
	check(object.DefineDataProperty(name, value, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
}

func (r *run) gives(values []any) []any {
	given := make([]any, len(values))
	for i, value := range values {
		given[i] = r.give(value)
	}
	return given
}

func (r *run) host(f Function) goja.Value {
	return r.binding(func(c goja.FunctionCall) goja.Value {
		arguments := make([]any, len(c.Arguments))
		for i, argument := range c.Arguments {
			value, err := r.export(argument)
			if err != nil {
				r.throw("TypeError", "%v", err)
			}
			arguments[i] = value
		}
		result, err := f(arguments)
		if err != nil {
			r.throw("Error", "%v", err)
		}
		return r.give(result)
	})
}

func (r *run) object(o *Object) goja.Value {
	for known, host := range r.hosts {
		if host == o {
			return known
		}
	}
	object := r.vm.NewObject()
	r.hosts[object] = o
	for _, name := range slices.Sorted(maps.Keys(o.Members)) {
		check(object.Set(name, r.give(o.Members[name])))
	}
	return object
}

// methods adds functions that are no members for a loop.
func (r *run) methods(object *goja.Object, methods map[string]func(goja.Value) any) *goja.Object {
	for name, method := range methods {
		function := r.binding(func(c goja.FunctionCall) goja.Value { return r.vm.ToValue(method(c.Argument(0))) })
		check(object.DefineDataProperty(name, function, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	}
	return object
}

func (r *run) javaMap(m Map) goja.Value {
	object := r.give(map[string]any(m)).ToObject(r.vm)
	return r.methods(object, map[string]func(goja.Value) any{
		"get": func(name goja.Value) any {
			if _, ok := m[name.String()]; !ok {
				return goja.Null()
			}
			return object.Get(name.String())
		},
		"containsKey": func(name goja.Value) any { _, ok := m[name.String()]; return ok },
		"isEmpty":     func(goja.Value) any { return len(m) == 0 },
		"size":        func(goja.Value) any { return len(m) },
		"keySet": func(goja.Value) any {
			names := List{}
			for _, name := range slices.Sorted(maps.Keys(m)) {
				names = append(names, name)
			}
			return r.javaList(names)
		},
	})
}

func (r *run) javaList(list List) goja.Value {
	array := r.vm.NewArray(r.gives(list)...)
	return r.methods(array, map[string]func(goja.Value) any{
		"get": func(index goja.Value) any { return array.Get(index.String()) },
		"contains": func(value goja.Value) any {
			_, isObject := value.(*goja.Object)
			plain, _ := r.export(value)
			return !isObject && slices.Contains(list, plain)
		},
		"isEmpty": func(goja.Value) any { return len(list) == 0 },
		"size":    func(goja.Value) any { return len(list) },
		"toArray": func(goja.Value) any { return array },
	})
}

// export makes a value of the caller of one of the script.
func (r *run) export(value goja.Value) (any, error) {
	switch value := value.(type) {
	case nil:
		return nil, nil
	case goja.String:
		return value.String(), nil
	case *goja.Object:
		if host := r.hosts[value]; host != nil {
			return host, nil
		}
		return r.exportJSON(value)
	}
	if goja.IsNumber(value) {
		if number := value.ToFloat(); math.IsNaN(number) || math.IsInf(number, 0) {
			return nil, nil
		}
		return json.Number(value.String()), nil
	}
	if truth, ok := value.Export().(bool); ok {
		return truth, nil
	}
	return nil, nil
}

// exportJSON walks through a value in a way that is bounded.
func (r *run) exportJSON(object *goja.Object) (any, error) {
	w := jsonWriter{run: r}
	var exists bool
	if thrown := r.vm.Try(func() { exists = w.write(r.vm.NewObject(), "", object) }); thrown != nil {
		return nil, fmt.Errorf("%s", message(thrown.Value()))
	}
	if !exists {
		return nil, fmt.Errorf("a function is no value")
	}
	decoder := json.NewDecoder(strings.NewReader(w.text.String()))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("decode what the script gave: %w", err)
	}
	return value, nil
}
