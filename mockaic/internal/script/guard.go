package script

import (
	"github.com/dop251/goja"
)

// guarding puts a check in front of every built-in function that it can reach.
type guarding struct {
	run          *run
	seen         map[*goja.Object]bool
	constructors map[*goja.Object]*goja.Object // what takes their place
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

// member is what takes the place of a property's value.
func (g *guarding) member(of, descriptor *goja.Object, name string) goja.Value {
	if descriptor == nil {
		return nil
	}
	value, ok := descriptor.Get("value").(*goja.Object)
	if !ok {
		return nil
	}
	if constructor := g.constructors[value]; constructor != nil {
		return constructor
	}
	if g.seen[value] {
		return nil
	}
	call, isFunction := goja.AssertFunction(value)
	if !isFunction || !descriptor.Get("configurable").ToBoolean() {
		g.visit(value)
		return nil
	}
	if value.Get("prototype") != nil {
		return g.constructor(value, call)
	}
	return g.wrap(name, value, func(c *goja.FunctionCall) {
		if this, ok := c.This.(*goja.Object); ok && of == g.texts {
			c.This = g.run.text(this)
		}
		g.run.measure(c.This)
		g.run.measure(c.Arguments...)
	}, call)
}

// constructor takes the place of a built-in constructor, and guards its members. The
// engine has no instanceof for what takes a constructor's place.
func (g *guarding) constructor(original *goja.Object, call goja.Callable) goja.Value {
	r := g.run
	construct, _ := goja.AssertConstructor(original)
	hasInstance := r.function("[Symbol.hasInstance]", r.vm.ToValue(1), func(c goja.FunctionCall) goja.Value {
		return r.vm.ToValue(r.vm.InstanceOf(c.Argument(0), original))
	})
	var guarded *goja.Object
	guarded = r.vm.ToValue(r.vm.NewProxy(original, &goja.ProxyTrapConfig{
		Apply: func(_ *goja.Object, this goja.Value, arguments []goja.Value) goja.Value {
			return r.within(func() goja.Value {
				r.measure(arguments...)
				return must(call(this, arguments...))
			})
		},
		Construct: func(_ *goja.Object, arguments []goja.Value, newTarget *goja.Object) *goja.Object {
			if newTarget == guarded {
				newTarget = original
			}
			return r.within(func() goja.Value {
				r.measure(arguments...)
				return must(construct(newTarget, arguments...))
			}).(*goja.Object)
		},
		GetSym: func(_ *goja.Object, symbol *goja.Symbol, receiver goja.Value) goja.Value {
			if symbol == goja.SymHasInstance && receiver == guarded {
				return hasInstance
			}
			return original.GetSymbol(symbol)
		},
	})).(*goja.Object)
	g.constructors[original], g.seen[guarded] = guarded, true
	g.visit(original)
	return guarded
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

// wrap puts a check in front of a function.
func (g *guarding) wrap(name string, function *goja.Object, look func(*goja.FunctionCall), call goja.Callable) goja.Value {
	r := g.run
	wrapped := r.function(name, function.Get("length"), func(c goja.FunctionCall) goja.Value {
		return r.within(func() goja.Value {
			look(&c)
			return must(call(c.This, c.Arguments...))
		})
	})
	g.seen[wrapped] = true
	return wrapped
}

const tooDeep = "Too deep recursion"

// within runs a function that is not the script's own. It ends those of a script that
// was stopped: the engine may call them in a loop. And it bounds how deep they are in
// each other: Go's stack would end the process, not the script.
func (r *run) within(f func() goja.Value) goja.Value {
	r.tick()
	if r.depth == maxDepth {
		r.throw("RangeError", tooDeep)
	}
	r.depth++
	defer func() { r.depth-- }()
	return f()
}

// binding makes a function of the caller's, or of a binding.
func (r *run) binding(f func(goja.FunctionCall) goja.Value) goja.Value {
	return r.vm.ToValue(func(c goja.FunctionCall) goja.Value {
		return r.within(func() goja.Value {
			r.measure(c.Arguments...)
			return f(c)
		})
	})
}

// function makes a built-in function, which has yet to be guarded.
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
func (r *run) measure(values ...goja.Value) {
	for _, value := range values {
		switch value := value.(type) {
		case goja.String:
			r.bound(int64(value.Length()))
		case *goja.Object:
			r.bound(r.length(value))
		}
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
