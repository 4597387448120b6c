package script

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
)

// run is one script in its runtime. All but stop and handLogs belongs to the
// goroutine that executes it.
type run struct {
	options Options
	script  Script
	vm      *goja.Runtime
	errors  map[string]*goja.Object // the constructors of errors
	// describe is Object.getOwnPropertyDescriptor.
	describe goja.Callable
	patterns map[patternKey]*pattern
	searched searched
	depth    int            // of built-in functions in each other
	joining  []*goja.Object // arrays that are being made texts of
	hosts    map[*goja.Object]*Object
	stopped  atomic.Bool
	reason   error // set before stopped

	mu   sync.Mutex
	logs []logEntry
}

func newRun(options Options, s Script) *run {
	return &run{
		options: options, script: s, vm: goja.New(),
		patterns: map[patternKey]*pattern{}, hosts: map[*goja.Object]*Object{},
	}
}

// stop makes the script end with an error that it can't catch.
func (r *run) stop(reason error) {
	r.reason = reason
	r.stopped.Store(true)
	r.vm.Interrupt(reason)
}

func (r *run) execute(bindings map[string]any) (value any, err error) {
	defer func() {
		if defect := recover(); defect != nil {
			value, err = nil, r.failure(fmt.Errorf("%v", defect))
		}
	}()
	program, err := r.compile(r.script.Name, r.script.Source)
	if err != nil {
		return nil, err
	}
	r.vm.SetMaxCallStackSize(r.options.CallDepth)
	r.vm.SetParserOptions(parser.WithDisableSourceMaps)
	r.dependOnOptions()
	if err := r.restrict(); err != nil {
		return nil, fmt.Errorf("prepare the engine: %w", err)
	}
	r.common()
	r.bind(bindings)
	last, err := r.vm.RunProgram(program)
	if err != nil {
		return nil, r.failure(err)
	}
	// A value that is none outside of the script, such as a function, is no failure.
	value, _ = r.export(last)
	return value, nil
}

// failure says why the script ended.
func (r *run) failure(err error) error {
	var (
		interrupted *goja.InterruptedError
		overflow    *goja.StackOverflowError
		thrown      *goja.Exception
		own         *Error
	)
	switch {
	case errors.As(err, &own):
		return own
	case r.stopped.Load():
		return r.reason
	case errors.As(err, &interrupted):
		return &Error{Message: "the script was interrupted"}
	case errors.As(err, &overflow):
		return located("RangeError: "+tooDeep, &overflow.Exception)
	case errors.As(err, &thrown):
		return located(message(thrown.Value()), thrown)
	}
	return &Error{Message: "the engine failed: " + cut(err.Error())}
}

func located(message string, thrown *goja.Exception) *Error {
	failure := &Error{Message: message}
	for _, frame := range thrown.Stack() {
		if at := frame.Position(); at.Line > 0 {
			failure.Line, failure.Column = at.Line, at.Column
			break
		}
	}
	return failure
}

// message is what was thrown, as a text.
func message(thrown goja.Value) (text string) {
	defer func() {
		if recover() != nil {
			text = "an error that is no text"
		}
	}()
	return cut(thrown.String())
}

const maxMessage = 2048

func cut(text string) string {
	if len(text) > maxMessage {
		text = text[:maxMessage] + "..."
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// throw raises an error of the script.
func (r *run) throw(kind, format string, args ...any) {
	thrown, err := r.vm.New(r.errors[kind], r.vm.ToValue(fmt.Sprintf(format, args...)))
	if err != nil {
		panic(err)
	}
	panic(thrown)
}

// tick ends a built-in function whose script was stopped.
func (r *run) tick() {
	if r.stopped.Load() {
		panic(r.vm.ToValue("stopped"))
	}
}

// common binds what every script of a generation finds.
func (r *run) common() {
	bindings := map[string]any{"scriptName": r.script.Name}
	if r.script.Generation == NextGen {
		bindings["utils"] = r.utils()
	}
	r.bind(bindings)
	check(r.vm.GlobalObject().Set("logger", r.logger()))
	if r.script.Generation == Legacy {
		r.bindJava()
	}
}
