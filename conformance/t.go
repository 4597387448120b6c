package conformance

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// T is a case's access to its target. A case may use it from several
// goroutines by means of Together only.
type T struct {
	// Target is what the case runs against.
	Target Target

	ctx     context.Context
	secrets *secrets

	mu       sync.Mutex
	cleanups []func()
	log      []Exchange
	failures []Failure
	checks   int
	broken   error
}

func newT(target Target) *T {
	t := &T{Target: target, secrets: &secrets{}}
	t.secrets.add(target.Bearer, target.Password)
	return t
}

// Advance moves the target's clock on, until the case is over.
func (t *T) Advance(d time.Duration) {
	t.move(d)
	t.Cleanup(func() { t.move(-d) })
}

func (t *T) move(d time.Duration) {
	if t.Target.Advance == nil {
		t.Breakf("the target has no clock to move")
	}
	if err := t.Target.Advance(t.ctx, d); err != nil {
		t.Breakf("move the target's clock by %s: %w", d, err)
	}
}

// Context ends when the case's time is over.
func (t *T) Context() context.Context { return t.ctx }

// Prefix is how fresh names begin, so that what a broken run left behind can be
// found.
const Prefix = "conformance-"

// Fresh returns a name that nothing has yet.
func (t *T) Fresh(word string) string {
	return Prefix + word + "-" + strings.ToLower(rand.Text()[:12])
}

// Cleanup has fn called when the case is over, the last one first. It may use
// the T, and runs even if the case fails or its time is over.
func (t *T) Cleanup(fn func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cleanups = append(t.cleanups, fn)
}

// Secret keeps values out of reports.
func (t *T) Secret(values ...string) { t.secrets.add(values...) }

// Together runs the functions at the same time and waits for all of them. If
// one stops the case, the case stops.
func (t *T) Together(fns ...func()) {
	ends := make([]any, len(fns))
	var group sync.WaitGroup
	for i, fn := range fns {
		group.Go(func() {
			defer func() { ends[i] = recover() }()
			fn()
		})
	}
	group.Wait()
	for _, p := range ends {
		if p != nil {
			panic(p)
		}
	}
}

// The pauses of Poll: the first, and the longest.
const (
	firstPause   = 500 * time.Millisecond
	longestPause = 10 * time.Second
)

// Poll asks whether something has come about, at once and then again and again
// with longer and longer pauses. If it has not when the limit is over, the case
// fails. What Poll waited for belongs into a sentence: "the restart to end".
func (t *T) Poll(limit time.Duration, what string, done func() bool) {
	end := time.Now().Add(limit)
	for pause := firstPause; !done(); pause = min(2*pause, longestPause) {
		left := time.Until(end)
		if left <= 0 {
			t.Fatalf("waited %s in vain for %s", limit, what)
		}
		select {
		case <-time.After(min(pause, left)):
		case <-t.ctx.Done():
			t.Breakf("the case's time was over while it waited for %s: %w", what, context.Cause(t.ctx))
		}
	}
	t.True("waited for "+what, true)
}

// Fatalf writes a failure down and stops the case.
func (t *T) Fatalf(format string, args ...any) {
	t.check(false, Failure{What: fmt.Sprintf(format, args...)})
	panic(stopped{})
}

// Breakf stops the case because it cannot be judged.
func (t *T) Breakf(format string, args ...any) {
	panic(breakdown{fmt.Errorf(format, args...)})
}

// Status checks the status of an answer. The case stops if it is another one,
// since all that follows rests on it.
func (t *T) Status(want int, res *Response) {
	what := fmt.Sprintf("status of %s %s", res.Method, res.path)
	if !t.check(res.Status == want, Failure{what, fmt.Sprint(want), fmt.Sprintf("%d %s", res.Status, res.Raw)}) {
		panic(stopped{})
	}
}

// Equal checks that got, as JSON, is want. Numbers are compared by value,
// however big.
func (t *T) Equal(what string, want, got any) {
	t.check(Same(want, got), Failure{what, asJSON(want), asJSON(got)})
}

// Differs checks that two values are not the same.
func (t *T) Differs(what string, from, got any) {
	t.check(!Same(from, got), Failure{what, "anything but " + asJSON(from), asJSON(got)})
}

// True checks a condition.
func (t *T) True(what string, ok bool) {
	t.check(ok, Failure{what, "true", "false"})
}

// Contains checks that text has a part.
func (t *T) Contains(what, part, text string) {
	t.check(strings.Contains(text, part), Failure{what, "a text with " + asJSON(part), asJSON(text)})
}

// Has checks that doc is an object with the members, whatever their values.
func (t *T) Has(what string, doc any, members ...string) {
	object, _ := doc.(map[string]any)
	missing := slices.DeleteFunc(slices.Clone(members), func(m string) bool { _, ok := object[m]; return ok })
	t.check(object != nil && len(missing) == 0, Failure{what, "an object with " + strings.Join(members, ", "), asJSON(doc)})
}

// Lacks checks that doc is an object without the members.
func (t *T) Lacks(what string, doc any, members ...string) {
	object, ok := doc.(map[string]any)
	for _, m := range members {
		if _, there := object[m]; there {
			ok = false
		}
	}
	t.check(ok, Failure{what, "an object without " + strings.Join(members, ", "), asJSON(doc)})
}

// check counts a check and writes a failed one down.
func (t *T) check(ok bool, f Failure) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.checks++
	if !ok {
		f.Expected = bounded(t.secrets.redact(f.Expected), maxQuoted)
		f.Actual = bounded(t.secrets.redact(f.Actual), maxQuoted)
		f.What = bounded(t.secrets.redact(f.What), maxQuoted)
		t.failures = append(t.failures, f)
	}
	return ok
}

// asJSON writes a value for a reader.
func asJSON(v any) string {
	if data, ok := v.([]byte); ok {
		return string(data)
	}
	data, err := encode(v)
	if err != nil {
		return fmt.Sprintf("%v", v)
	}
	return string(data)
}

// bounded cuts a text to about size bytes.
func bounded(s string, size int) string {
	if len(s) <= size {
		return s
	}
	return strings.ToValidUTF8(s[:size], "") + fmt.Sprintf("… (%d bytes)", len(s))
}

// At walks into a decoded document by member names and indexes. It is nil
// where there is nothing.
func At(doc any, path ...any) any {
	for _, step := range path {
		switch s := step.(type) {
		case string:
			object, _ := doc.(map[string]any)
			doc = object[s]
		case int:
			list, _ := doc.([]any)
			if s < 0 || s >= len(list) {
				return nil
			}
			doc = list[s]
		default:
			panic(fmt.Sprintf("At: a step must be a string or an int, not %T", step))
		}
	}
	return doc
}

// Text is At for a string; it is empty where there is none.
func Text(doc any, path ...any) string {
	s, _ := At(doc, path...).(string)
	return s
}

// Number is At for an integer; it is -1 where there is none.
func Number(doc any, path ...any) int64 {
	number, _ := At(doc, path...).(json.Number)
	n, err := number.Int64()
	if err != nil {
		return -1
	}
	return n
}

// List is At for an array; it is nil where there is none.
func List(doc any, path ...any) []any {
	list, _ := At(doc, path...).([]any)
	return list
}
