package script

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// Generation is that of a script's bindings.
type Generation int

// The generations of AM.
const (
	NextGen Generation = iota
	Legacy
)

// Script is what an Engine runs.
type Script struct {
	Name       string
	ID         string
	Source     string
	Context    string
	Generation Generation
	// Classes are the Java classes that a legacy script finds, by their full names.
	Classes map[string]*Object
	// Log gets what the script logs, once it has ended or was left behind.
	Log func(level, message string)
}

// Logger is the name that AM logs the script's messages under.
func (s Script) Logger() string {
	return fmt.Sprintf("scripts.%s.%s.(%s)", s.Context, s.ID, s.Name)
}

// Options are the limits of an Engine, and what its scripts depend on. Zero values
// stand for the defaults.
type Options struct {
	Time      time.Duration // of a run, 5 s
	Match     time.Duration // of a match of a regular expression, 1 s
	Source    int           // bytes, 128 KiB
	CallDepth int           // 500
	Runaways  int           // 4
	Memory    uint64        // bytes that the process may grow by, 256 MiB
	Now       func() time.Time
	Chance    io.Reader // safe for concurrent use
}

// Engine runs scripts. It may be used concurrently.
type Engine struct {
	options Options

	mu       sync.Mutex
	runaways int
}

// Errors of runs that were stopped, or not begun.
var (
	ErrDeadline = errors.New("the script did not end in time")
	ErrMemory   = errors.New("the script takes too much memory")
	ErrRunaways = errors.New("too many scripts did not end in time and are still running")
)

// Error is what a script threw, or why it can't be run. Line and Column are 0 where
// they are unknown.
type Error struct {
	Message      string
	Line, Column int
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	return fmt.Sprintf("%s (line %d, column %d)", e.Message, e.Line, e.Column)
}

// New returns an engine.
func New(options Options) *Engine {
	setDefault(&options.Time, 5*time.Second)
	setDefault(&options.Match, time.Second)
	setDefault(&options.Source, 128<<10)
	setDefault(&options.CallDepth, 500)
	setDefault(&options.Runaways, 4)
	setDefault(&options.Memory, 256<<20)
	return &Engine{options: options}
}

func setDefault[T comparable](value *T, initial T) {
	var none T
	if *value == none {
		*value = initial
	}
}

// Run runs a script that finds the bindings, and returns its last value. Bindings
// are nil, booleans, texts, numbers, slices and maps of these, [Function], *[Object],
// [Map] and [List].
func (e *Engine) Run(ctx context.Context, s Script, bindings map[string]any) (any, error) {
	e.mu.Lock()
	full := e.runaways >= e.options.Runaways
	e.mu.Unlock()
	if full {
		return nil, ErrRunaways
	}
	ctx, cancel := context.WithTimeout(ctx, e.options.Time)
	defer cancel()
	r := newRun(e.options, s)
	watched := &watched{engine: e, done: make(chan struct{})}
	var value any
	var err error
	go func() {
		defer watched.end()
		value, err = r.execute(bindings)
	}()
	defer r.handLogs(s.Log)
	stop := func(reason error) (any, error) {
		r.stop(reason)
		watched.leave()
		return nil, reason
	}
	looks := time.NewTicker(memoryInterval)
	defer looks.Stop()
	for before := heap(); ; {
		select {
		case <-watched.done:
			return value, err
		case <-ctx.Done():
			return stop(ErrDeadline)
		case <-looks.C:
			if hasGrown(before, e.options.Memory) {
				return stop(ErrMemory)
			}
		}
	}
}

// watched is a running script, which may become a runaway.
type watched struct {
	engine      *Engine
	done        chan struct{}
	ended, left bool // guarded by the engine's mu
}

func (w *watched) end() {
	w.engine.mu.Lock()
	defer w.engine.mu.Unlock()
	w.ended = true
	if w.left {
		w.engine.runaways--
	}
	close(w.done)
}

// leave counts the script as a runaway until it ends.
func (w *watched) leave() {
	w.engine.mu.Lock()
	defer w.engine.mu.Unlock()
	if !w.ended {
		w.left = true
		w.engine.runaways++
	}
}
