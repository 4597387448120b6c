package scripts

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"
)

// The engine of AM's scripts is Rhino 1.7.14, whose ECMAScript 6 has gaps: some
// syntax ends a script, some is silently wrong, some names do not exist.
const (
	noLet          = "let does not parse there; use var"
	noForOf        = "for...of does not parse there; use an index or forEach"
	noShorthand    = "a property without a value ({x}) does not parse there; write {x: x}"
	noDestructure  = "destructuring does not parse there; read the members one by one"
	noDefault      = "default values of parameters do not parse there; set them in the function"
	noConstInHead  = "const in the head of a loop does not parse there; use var"
	noConstTwice   = "the same const twice in a function does not parse there; use var"
	topConst       = "a const outside of functions reads as undefined there; use var"
	loopConst      = "a const in a loop keeps its first value there; use var"
	noClass        = "classes do not parse there; use functions"
	noSpread       = "... does not parse there; use concat, apply or Object.assign"
	noAsync        = "async and await do not parse there; calls wait by themselves"
	noOptional     = "?. and ?? do not parse there; compare with null"
	noGlobal       = "%s does not exist there"
	noLegacyGlobal = "%s exists in legacy scripts only, not in next-generation ones"
	noNextGlobal   = "%s exists in next-generation scripts only, not in legacy ones"
)

var (
	missingGlobals = []string{"Map", "Set", "WeakMap", "WeakSet", "Symbol", "Promise", "Proxy", "Reflect", "console", "setTimeout", "setInterval", "Buffer", "fetch"}
	legacyGlobals  = []string{"sharedState", "transientState", "JavaImporter", "Packages", "java", "javax", "org"}
	nextGlobals    = []string{"openidm", "utils", "callbacksBuilder", "requestCookies", "require"}
)

const (
	maxWarnings = 20
	legacy      = "1.0"
)

// lint says what AM's engine is known to refuse in a source that is JavaScript,
// each kind once, with the place of its first and the number of them.
func lint(program *ast.Program, source, context, evaluator string) []string {
	l := linter{source: source, found: map[string]map[int]bool{}, declared: map[string]bool{}, asked: map[*ast.Identifier]bool{}}
	inspect(reflect.ValueOf(program.Body), l.declare)
	l.globals = map[string]string{}
	for _, name := range missingGlobals {
		l.globals[name] = noGlobal
	}
	if context == decisionContext {
		names, why := legacyGlobals, noLegacyGlobal
		if evaluator == legacy {
			names, why = nextGlobals, noNextGlobal
		}
		for _, name := range names {
			l.globals[name] = why
		}
	}
	l.scope(program.Body, context == decisionContext)
	inspect(reflect.ValueOf(program.Body), l.node)
	return l.warnings()
}

type linter struct {
	source   string
	found    map[string]map[int]bool // where each kind is
	declared map[string]bool
	asked    map[*ast.Identifier]bool // for being there, by typeof
	globals  map[string]string
}

func (l *linter) note(kind string, at file.Idx) {
	if l.found[kind] == nil {
		l.found[kind] = map[int]bool{}
	}
	l.found[kind][int(at)-1] = true
}

func (l *linter) warnings() []string {
	type warning struct {
		kind         string
		first, count int
	}
	var all []warning
	for kind, places := range l.found {
		all = append(all, warning{kind, slices.Min(slices.Collect(maps.Keys(places))), len(places)})
	}
	slices.SortFunc(all, func(a, b warning) int { return cmp.Or(a.first-b.first, strings.Compare(a.kind, b.kind)) })
	var out []string
	for i, w := range all {
		if i == maxWarnings {
			return append(out, fmt.Sprintf("and %d more kinds", len(all)-i))
		}
		line, column := position(l.source, w.first)
		place := fmt.Sprintf("line %d, column %d", line, column)
		if w.count > 1 {
			place += fmt.Sprintf(" and %d more", w.count-1)
		}
		out = append(out, place+": "+w.kind)
	}
	return out
}

// declare collects the names that a source declares, wherever.
func (l *linter) declare(n any) {
	switch n := n.(type) {
	case *ast.Binding:
		if id, ok := n.Target.(*ast.Identifier); ok {
			l.declared[string(id.Name)] = true
		}
	case *ast.FunctionLiteral:
		if n.Name != nil {
			l.declared[string(n.Name.Name)] = true
		}
	case *ast.AssignExpression:
		if id, ok := n.Left.(*ast.Identifier); ok {
			l.declared[string(id.Name)] = true
		}
	case *ast.CatchStatement:
		if id, ok := n.Parameter.(*ast.Identifier); ok {
			l.declared[string(id.Name)] = true
		}
	}
}

// node notes what a node is, whatever is around it.
func (l *linter) node(n any) {
	switch n := n.(type) {
	case *ast.LexicalDeclaration:
		if n.Token == token.LET {
			l.note(noLet, n.Idx)
		}
	case *ast.ForLoopInitializerLexicalDecl:
		l.head(n.LexicalDeclaration.Token == token.CONST, n.LexicalDeclaration.Idx)
	case *ast.ForDeclaration:
		l.head(n.IsConst, n.Idx)
	case *ast.ForOfStatement:
		l.note(noForOf, n.For)
		l.loop(n.Body)
	case *ast.ForInStatement:
		l.loop(n.Body)
	case *ast.ForStatement:
		l.loop(n.Body)
	case *ast.WhileStatement:
		l.loop(n.Body)
	case *ast.DoWhileStatement:
		l.loop(n.Body)
	case *ast.FunctionLiteral:
		l.scope(n.Body.List, false)
		l.function(n.ParameterList, n.Async, n.Function)
	case *ast.ArrowFunctionLiteral:
		if body, ok := n.Body.(*ast.BlockStatement); ok {
			l.scope(body.List, false)
		}
		l.function(n.ParameterList, n.Async, n.Start)
	case ast.Expression:
		l.expression(n)
	}
}

func (l *linter) expression(n ast.Expression) {
	switch n := n.(type) {
	case *ast.ObjectLiteral:
		for _, p := range n.Value {
			if short, ok := p.(*ast.PropertyShort); ok {
				l.note(noShorthand, short.Name.Idx)
			}
		}
	case *ast.ObjectPattern, *ast.ArrayPattern:
		l.note(noDestructure, n.Idx0())
	case *ast.SpreadElement:
		l.note(noSpread, n.Expression.Idx0())
	case *ast.ClassLiteral:
		l.note(noClass, n.Class)
	case *ast.AwaitExpression:
		l.note(noAsync, n.Await)
	case *ast.OptionalChain:
		l.note(noOptional, n.Expression.Idx0())
	case *ast.BinaryExpression:
		if n.Operator == token.COALESCE {
			l.note(noOptional, n.Left.Idx0())
		}
	case *ast.UnaryExpression:
		if id, ok := n.Operand.(*ast.Identifier); ok && n.Operator == token.TYPEOF {
			l.asked[id] = true
		}
	case *ast.Identifier:
		if why := l.globals[string(n.Name)]; why != "" && !l.declared[string(n.Name)] && !l.asked[n] {
			l.note(fmt.Sprintf(why, n.Name), n.Idx)
		}
	}
}

func (l *linter) head(isConst bool, at file.Idx) {
	if isConst {
		l.note(noConstInHead, at)
	} else {
		l.note(noLet, at)
	}
}

func (l *linter) function(parameters *ast.ParameterList, async bool, at file.Idx) {
	if async {
		l.note(noAsync, at)
	}
	if parameters == nil {
		return
	}
	for _, p := range parameters.List {
		if p.Initializer != nil {
			l.note(noDefault, p.Target.Idx0())
		}
	}
	if parameters.Rest != nil {
		l.note(noSpread, parameters.Rest.Idx0())
	}
}

// loop notes the constants of a loop's body.
func (l *linter) loop(body ast.Statement) {
	within(reflect.ValueOf(body), func(d *ast.LexicalDeclaration) {
		if d.Token == token.CONST {
			l.note(loopConst, d.Idx)
		}
	})
}

// scope notes constants that a function, or the script itself, declares twice and,
// of the script itself, those that stand in no function.
func (l *linter) scope(body []ast.Statement, top bool) {
	seen := map[string]bool{}
	within(reflect.ValueOf(body), func(d *ast.LexicalDeclaration) {
		if d.Token != token.CONST {
			return
		}
		if top {
			l.note(topConst, d.Idx)
		}
		for _, b := range d.List {
			id, ok := b.Target.(*ast.Identifier)
			if ok && seen[string(id.Name)] {
				l.note(noConstTwice, id.Idx)
			} else if ok {
				seen[string(id.Name)] = true
			}
		}
	})
}

// within finds the declarations of a function's body, not those of functions in
// it.
func within(v reflect.Value, f func(*ast.LexicalDeclaration)) {
	walk(v, func(n any) bool {
		switch n := n.(type) {
		case *ast.FunctionLiteral, *ast.ArrowFunctionLiteral, *ast.ClassLiteral:
			return false
		case *ast.LexicalDeclaration:
			f(n)
		}
		return true
	})
}

// inspect calls f with each node.
func inspect(v reflect.Value, f func(n any)) {
	walk(v, func(n any) bool {
		f(n)
		return true
	})
}

// walk calls f with each node below v, each as a pointer, and goes below those
// that f says yes to. What nodes repeat (the variables of a function) is left
// out.
func walk(v reflect.Value, f func(n any) bool) {
	switch v.Kind() {
	case reflect.Interface:
		walk(v.Elem(), f)
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), f)
		}
	case reflect.Pointer:
		if !v.IsNil() && v.Elem().Kind() == reflect.Struct && f(v.Interface()) {
			fields(v.Elem(), f)
		}
	case reflect.Struct:
		fields(v, f)
	}
}

func fields(v reflect.Value, f func(n any) bool) {
	for i := range v.NumField() {
		if v.Type().Field(i).Name != "DeclarationList" {
			walk(v.Field(i), f)
		}
	}
}
