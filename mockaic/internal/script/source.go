package script

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"
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
	if err := inspect(reflect.ValueOf(parsed.Body), 0); err != nil {
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
	if strings.Count(source, "=>") > maxArrows {
		return &Error{Message: fmt.Sprintf("SyntaxError: the source has more than %d arrow functions", maxArrows)}
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

// inspect refuses literals of BigInt, without which there are none: their operations
// take any time and memory. It also refuses long chains, such as of additions, as the
// compiler's time grows with the square of their length.
func inspect(node reflect.Value, depth int) error {
	switch node.Kind() {
	case reflect.Interface, reflect.Pointer:
		if node.IsNil() {
			return nil
		}
		if literal, ok := node.Interface().(*ast.NumberLiteral); ok {
			if _, isBig := literal.Value.(*big.Int); isBig {
				return &Error{Message: "SyntaxError: BigInt is not provided by this fake tenant"}
			}
			return nil
		}
		return inspect(node.Elem(), depth)
	case reflect.Slice:
		for i := range node.Len() {
			if err := inspect(node.Index(i), depth); err != nil {
				return err
			}
		}
	case reflect.Struct:
		if depth++; depth > maxChain {
			return &Error{Message: fmt.Sprintf("SyntaxError: the source has chains of more than %d expressions or statements", maxChain)}
		}
		for i := range node.NumField() {
			if node.Type().Field(i).IsExported() {
				if err := inspect(node.Field(i), depth); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
