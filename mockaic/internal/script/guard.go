package script

import (
	"github.com/dop251/goja"
)

// guarding puts a check in front of every built-in function that it can reach.
type guarding struct {
	run  *run
	seen map[*goja.Object]bool
	// texts is String.prototype, whose functions take anything for a text.
	texts goja.Value
	err   error
}

func (g *guarding) visit(object *goja.Object) {
	if object == nil || g.seen[object] || g.err != nil {
		return
	}
	g.seen[object] = true
	g.visit(object.Prototype())
	for _, name := range object.GetOwnPropertyNames() {
		descriptor := g.describe(object, g.run.vm.ToValue(name))
		if wrapped := g.member(object, descriptor, name); wrapped != nil {
			g.note(object.DefineDataProperty(name, wrapped, goja.FLAG_NOT_SET, goja.FLAG_NOT_SET, goja.FLAG_NOT_SET))
		} else if getter := g.accessor(descriptor, "get"); getter != nil {
			g.note(object.DefineAccessorProperty(name, getter, g.accessor(descriptor, "set"), goja.FLAG_NOT_SET, goja.FLAG_NOT_SET))
		}
	}
	for _, symbol := range []*goja.Symbol{goja.SymIterator, goja.SymMatch, goja.SymMatchAll, goja.SymReplace, goja.SymSearch, goja.SymSplit} {
		if wrapped := g.member(object, g.describe(object, symbol), ""); wrapped != nil {
			g.note(object.DefineDataPropertySymbol(symbol, wrapped, goja.FLAG_NOT_SET, goja.FLAG_NOT_SET, goja.FLAG_NOT_SET))
		}
	}
}

func (g *guarding) note(err error) {
	if g.err == nil {
		g.err = err
	}
}

func (g *guarding) describe(object *goja.Object, key goja.Value) *goja.Object {
	value, err := g.run.describe(goja.Undefined(), object, key)
	g.note(err)
	descriptor, _ := value.(*goja.Object)
	return descriptor
}

// member is what takes the place of a property's value. Constructors stay: what
// they make of a text or an array is bounded where it is used.
func (g *guarding) member(of, descriptor *goja.Object, name string) goja.Value {
	if descriptor == nil {
		return nil
	}
	value, ok := descriptor.Get("value").(*goja.Object)
	if !ok || g.seen[value] {
		return nil
	}
	call, isFunction := goja.AssertFunction(value)
	if !isFunction || value.Get("prototype") != nil || !descriptor.Get("configurable").ToBoolean() {
		g.visit(value)
		return nil
	}
	return g.wrap(name, value, func(c *goja.FunctionCall) {
		if this, ok := c.This.(*goja.Object); ok && of == g.texts {
			c.This = g.run.text(this)
		}
		g.run.measure(c.This)
		for _, argument := range c.Arguments {
			g.run.measure(argument)
		}
	}, call)
}

// accessor is what takes the place of a function that gets or sets a property.
func (g *guarding) accessor(descriptor *goja.Object, kind string) goja.Value {
	if descriptor == nil || !descriptor.Get("configurable").ToBoolean() {
		return nil
	}
	value, ok := descriptor.Get(kind).(*goja.Object)
	if !ok || g.seen[value] {
		return nil
	}
	call, _ := goja.AssertFunction(value)
	return g.wrap(kind, value, func(*goja.FunctionCall) {}, call)
}

// wrap puts a check in front of a function. Built-in functions that call each other
// without end would end the process, as they take Go's stack.
func (g *guarding) wrap(name string, function *goja.Object, look func(*goja.FunctionCall), call goja.Callable) goja.Value {
	r := g.run
	wrapped := r.function(name, function.Get("length"), func(c goja.FunctionCall) goja.Value {
		r.tick()
		if r.depth++; r.depth > maxDepth {
			r.depth--
			r.throw("RangeError", tooDeep)
		}
		defer func() { r.depth-- }()
		look(&c)
		return must(call(c.This, c.Arguments...))
	})
	g.seen[wrapped] = true
	return wrapped
}

const tooDeep = "Too deep recursion"

// function makes a built-in function.
func (r *run) function(name string, length goja.Value, f func(goja.FunctionCall) goja.Value) *goja.Object {
	function := r.vm.ToValue(f).(*goja.Object)
	for property, value := range map[string]goja.Value{"name": r.vm.ToValue(name), "length": length} {
		if err := function.DefineDataProperty(property, value, goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE); err != nil {
			panic(err)
		}
	}
	return function
}

// must passes on what a script threw.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// measure refuses texts and arrays that would keep a built-in function busy.
func (r *run) measure(value goja.Value) {
	switch value := value.(type) {
	case goja.String:
		r.bound(int64(value.Length()))
	case *goja.Object:
		r.bound(r.length(value))
	}
}

func (r *run) bound(length int64) {
	if length > maxLength {
		r.throw("RangeError", "More than %d characters or elements are too many for this fake tenant", maxLength)
	}
}

// length is the length of what may be taken for an array. It has to be a plain
// value: what is computed could be another when it is asked for again.
func (r *run) length(object *goja.Object) int64 {
	if object.ClassName() == "Array" {
		return object.Get("length").ToInteger()
	}
	for at := object; at != nil; at = at.Prototype() {
		r.tick()
		descriptor, ok := must(r.describe(goja.Undefined(), at, r.vm.ToValue("length"))).(*goja.Object)
		if !ok {
			continue
		}
		value := descriptor.Get("value")
		if _, isObject := value.(*goja.Object); value == nil || isObject {
			r.throw("TypeError", "A length that is computed is not supported by this fake tenant")
		}
		return value.ToInteger()
	}
	return 0
}
