package conformance

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"
)

// Outcome is what came of a case.
type Outcome string

// The outcomes.
const (
	Pass Outcome = "pass"
	Fail Outcome = "fail"
	Warn Outcome = "warn"
	Skip Outcome = "skip"
	// Error means that the suite could not judge: no answer from the target,
	// a defect of the case, or something that it left behind.
	Error Outcome = "error"
)

// Result is the outcome of one case.
type Result struct {
	ID      string  `json:"id"`
	Title   string  `json:"title"`
	Level   Level   `json:"level"`
	Ref     string  `json:"ref"`
	Outcome Outcome `json:"outcome"`
	// Known says that the baseline has the failure.
	Known bool `json:"known,omitempty"`
	// Reason tells why a case was skipped or could not be judged.
	Reason   string    `json:"reason,omitempty"`
	Failures []Failure `json:"failures,omitempty"`
	// Log holds what went over the wire, unless the case passed.
	Log      []Exchange    `json:"log,omitempty"`
	Duration time.Duration `json:"durationNanoseconds"`
}

// Failure is something that is not as it must be.
type Failure struct {
	What     string `json:"what"`
	Expected string `json:"expected,omitempty"`
	Actual   string `json:"actual,omitempty"`
}

func (f Failure) String() string {
	if f.Expected == "" && f.Actual == "" {
		return f.What
	}
	return fmt.Sprintf("%s: expected %s, got %s", f.What, f.Expected, f.Actual)
}

// cleanupTimeout bounds what a case does to clean up, also after its own time
// is over.
const cleanupTimeout = time.Minute

// Run runs a case against a target.
func Run(ctx context.Context, target Target, c Case) Result {
	result := Result{ID: c.ID, Title: c.Title, Level: c.Level, Ref: c.Ref}
	if reason := target.skips(c); reason != "" {
		result.Outcome, result.Reason = Skip, reason
		return result
	}
	started := time.Now()
	t := perform(ctx, target, c.Waits, c.Run)
	result.Duration = time.Since(started)
	result.Failures = t.failures
	switch {
	case t.broken != nil:
		result.Outcome, result.Reason = Error, t.secrets.redact(t.broken.Error())
	case len(t.failures) > 0 && c.Level == Should:
		result.Outcome = Warn
	case len(t.failures) > 0:
		result.Outcome = Fail
	case t.checks == 0:
		result.Outcome, result.Reason = Error, "the case checks nothing"
	default:
		result.Outcome = Pass
		return result
	}
	result.Log = t.exchanges()
	return result
}

// Do runs fn as a case is run and returns what went wrong. It is for what
// prepares a target.
func Do(ctx context.Context, target Target, fn func(*T)) error {
	t := perform(ctx, target, 0, fn)
	var errs []error
	for _, f := range t.failures {
		errs = append(errs, errors.New(f.String()))
	}
	if t.broken != nil {
		errs = append(errs, t.broken)
	}
	if err := errors.Join(errs...); err != nil {
		return errors.New(t.secrets.redact(err.Error()))
	}
	return nil
}

func perform(ctx context.Context, target Target, waits time.Duration, fn func(*T)) *T {
	t := newT(target)
	if err := target.Check(); err != nil {
		t.broken = err
		return t
	}
	timeout := target.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	limited, cancel := context.WithTimeout(ctx, timeout+waits)
	defer cancel()
	t.ctx = limited
	t.guard(func() { fn(t) })

	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	t.ctx = last
	t.cleanUp()
	return t
}

// cleanUp runs the cleanups. What is left behind is an error of the run,
// whatever the case's level and the baseline say.
func (t *T) cleanUp() {
	failed, checks := len(t.failures), t.checks
	for len(t.cleanups) > 0 {
		cleanup := t.cleanups[len(t.cleanups)-1]
		t.cleanups = t.cleanups[:len(t.cleanups)-1]
		t.guard(cleanup)
	}
	for _, f := range t.failures[failed:] {
		t.broken = errors.Join(t.broken, errors.New(f.String()))
	}
	t.failures, t.checks = t.failures[:failed], checks
}

// stopped is the panic that ends a case whose failure is written down.
type stopped struct{}

// breakdown is the panic that ends a case that cannot be judged.
type breakdown struct{ err error }

// guard runs fn and writes down how it ended.
func (t *T) guard(fn func()) {
	defer func() {
		switch p := recover().(type) {
		case nil, stopped:
		case breakdown:
			t.broken = errors.Join(t.broken, p.err)
		default:
			stack := strings.Join(strings.Split(string(debug.Stack()), "\n"), " | ")
			t.broken = errors.Join(t.broken, fmt.Errorf("the case panicked: %v (%s)", p, bounded(stack, 1500)))
		}
	}()
	fn()
}
