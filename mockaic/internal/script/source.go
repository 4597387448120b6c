package script

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"regexp"
	"strings"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"
)

// The parser's stack grows with how deep a source is nested, and a stack that is
// full ends the process. Its time grows with the square of the number of arrow
// functions.
const (
	maxNesting = 400
	maxArrows  = 2000
	maxChain   = 4000
)

// The time of parsing doubles with each parameter list of an arrow function within
// another, so that there may be few that are more than a list of names.
const maxParameterLists = 8

var plainArrow = regexp.MustCompile(`(?:[\pL\pN_$]|\([\pL\pN_$, \t]*\))[ \t]*=>`)

// compile makes a program of a source that is not too much for the parser.
func (r *run) compile(name, source string) (*goja.Program, error) {
	if err := r.checkSource(source); err != nil {
		return nil, err
	}
	// The parser would read the files that a comment names as source maps.
	parsed, err := parser.ParseFile(nil, name, source, 0, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, syntaxError(err)
	}
	if err := r.inspect(reflect.ValueOf(parsed.Body), 0); err != nil {
		return nil, err
	}
	program, err := goja.CompileAST(parsed, false)
	if err != nil {
		return nil, syntaxError(err)
	}
	return program, nil
}

func (r *run) checkSource(source string) error {
	if len(source) > r.options.Source {
		return &Error{Message: fmt.Sprintf("SyntaxError: the source has more than %d bytes", r.options.Source)}
	}
	arrows := strings.Count(source, "=>")
	if arrows > maxArrows {
		return &Error{Message: fmt.Sprintf("SyntaxError: the source has more than %d arrow functions", maxArrows)}
	}
	if arrows-len(plainArrow.FindAllStringIndex(source, -1)) > maxParameterLists {
		return &Error{Message: fmt.Sprintf("SyntaxError: the source has more than %d arrow functions with other parameters than names in one line", maxParameterLists)}
	}
	if isDeep(source) {
		return &Error{Message: fmt.Sprintf("SyntaxError: the source is nested more than %d deep", maxNesting)}
	}
	return nil
}

// isDeep takes brackets within texts and comments for brackets.
func isDeep(source string) bool {
	depth := 0
	for i := range len(source) {
		switch source[i] {
		case '(', '[', '{':
			if depth++; depth > maxNesting {
				return true
			}
		case ')', ']', '}':
			depth = max(0, depth-1)
		}
	}
	return false
}

func syntaxError(err error) error {
	var list parser.ErrorList
	var compiler *goja.CompilerSyntaxError
	switch {
	case errors.As(err, &list) && len(list) > 0:
		return &Error{Message: "SyntaxError: " + list[0].Message, Line: list[0].Position.Line, Column: list[0].Position.Column}
	case errors.As(err, &compiler) && compiler.File != nil:
		at := compiler.File.Position(compiler.Offset)
		return &Error{Message: "SyntaxError: " + compiler.Message, Line: at.Line, Column: at.Column}
	}
	return &Error{Message: err.Error()}
}

// inspect refuses what its node refuses. It also refuses long chains, such as of
// additions, as the compiler's time grows with the square of their length.
func (r *run) inspect(node reflect.Value, depth int) error {
	switch node.Kind() {
	case reflect.Interface, reflect.Pointer:
		if node.IsNil() {
			return nil
		}
		if err := r.inspectNode(node.Interface()); err != nil {
			return err
		}
		return r.inspect(node.Elem(), depth)
	case reflect.Slice:
		for i := range node.Len() {
			if err := r.inspect(node.Index(i), depth); err != nil {
				return err
			}
		}
	case reflect.Struct:
		if depth++; depth > maxChain {
			return &Error{Message: fmt.Sprintf("SyntaxError: the source has chains of more than %d expressions or statements", maxChain)}
		}
		for i := range node.NumField() {
			if node.Type().Field(i).IsExported() {
				if err := r.inspect(node.Field(i), depth); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// inspectNode refuses literals of BigInt, without which there are none: their
// operations take any time and memory. It refuses what takes the members of a text
// apart in one instruction, which can't be stopped; AM has no such syntax.
func (r *run) inspectNode(node any) error {
	switch node := node.(type) {
	case *ast.NumberLiteral:
		if _, isBig := node.Value.(*big.Int); isBig {
			return &Error{Message: "SyntaxError: BigInt is not provided by this fake tenant"}
		}
	case *ast.RegExpLiteral:
		if isLarge(node.Pattern) {
			return &Error{Message: "SyntaxError: " + largePattern}
		}
	case *ast.TemplateLiteral:
		if node.Tag == nil {
			halve(node)
		}
	case *ast.ObjectLiteral:
		for _, property := range node.Value {
			if _, isSpread := property.(*ast.SpreadElement); isSpread {
				return noSpread()
			}
		}
	case *ast.ObjectPattern:
		if node.Rest != nil {
			return noSpread()
		}
	}
	return nil
}

func noSpread() error {
	return &Error{Message: "SyntaxError: ... in an object is not provided by this fake tenant"}
}

// halve makes a template of two templates, and so on, until none has more than two
// expressions: one instruction would make a text of all of them.
func halve(template *ast.TemplateLiteral) {
	const most = 2
	if len(template.Expressions) <= most {
		return
	}
	middle := len(template.Expressions) / 2
	part := func(elements []*ast.TemplateElement, expressions []ast.Expression) ast.Expression {
		return &ast.TemplateLiteral{OpenQuote: template.OpenQuote, CloseQuote: template.CloseQuote, Elements: elements, Expressions: expressions}
	}
	nothing := &ast.TemplateElement{Idx: template.OpenQuote, Valid: true}
	first := part(template.Elements[:middle+1:middle+1], template.Expressions[:middle:middle])
	second := part(append([]*ast.TemplateElement{nothing}, template.Elements[middle+1:]...), template.Expressions[middle:])
	template.Elements = []*ast.TemplateElement{nothing, nothing, nothing}
	template.Expressions = []ast.Expression{first, second}
}
