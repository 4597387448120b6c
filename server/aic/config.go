package aic

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
)

// Documents of /openidm/config.
const (
	ManagedConfig = "managed"
	ThemeConfig   = "ui/themerealm"
)

// Config reads a document of the configuration.
func (c *Client) Config(ctx context.Context, id string) (Object, error) {
	doc, _, err := c.object(ctx, readConfig(id))
	return doc, err
}

func readConfig(id string) request {
	return request{method: http.MethodGet, path: "/openidm/config/" + id, repeatable: true}
}

// ConfigEdit is a write of a document: operations on it or, without any, the
// whole of it.
type ConfigEdit struct {
	Operations []PatchOperation
	Document   Object
}

// ConfigChange is a change of a document.
type ConfigChange struct {
	// Plan makes the write from the document, which it may change in place. It
	// must not wait for anything, and add JSON types only. It is called again
	// if the document has got too old.
	Plan func(doc Object) (ConfigEdit, error)
	// Part is what the change is about, such as one theme; nil if the
	// document has no such thing. It is called after Plan only.
	Part func(doc Object) any
}

// ErrOverwritten is the cause of an Error that reports a collision of writes.
var ErrOverwritten = errors.New("changed by somebody else at the same time")

const (
	// planTries is how often a change is planned before the tenant counts as
	// too slow.
	planTries = 3
	// watchTries is how often a document that looks as it did before the write
	// is read: the configuration is not read-your-writes consistent.
	watchTries = 3
)

// ChangeConfig changes a document of the configuration and returns it as it was
// right after the write.
//
// These documents have no revision, so a tenant accepts a write over whatever
// is there. Two callers that read the same state can both write, and the later
// one undoes the earlier without either being told. This is done about it:
//
//   - Writers that share Locks go one after the other.
//   - A write begins at most half of Retry.Settle after the read that it was
//     planned from began, or else the document is read and the change planned
//     anew. The read is the last thing before the write: another one in between
//     would leave the same gap open, from it to the write.
//   - Retry.Settle after the write the document is read again, and the change
//     must still be there. A look at once would miss the writer who read before
//     us and writes after our look.
//   - A write that took so long that somebody else may have had this look
//     already, before we wrote over them, is reported too.
//
// So among writers that keep these rules nothing that was reported as success
// is lost to a write that did not report a collision, as long as their clocks
// run at the same speed. No rule binds the others: the admin console, a script,
// or a request that the network holds back longer than Retry.Settle after its
// sender gave up. What they undo before our look is noticed, what they undo
// later is not; and whether we undid something of theirs cannot be seen, for
// the tenant's answer to a write does not tell what was there before.
//
// A document that is to stay as it is, is not written.
func (c *Client) ChangeConfig(ctx context.Context, id string, change ConfigChange) (Object, error) {
	w, err := c.writeConfig(ctx, id, change)
	if w.document == nil || err != nil && !isUnknown(err) {
		return nil, err
	}
	if w.nothing {
		return w.document, nil
	}
	want := change.Part(w.document)
	for try := 1; ; try++ {
		if err := c.retry.Sleep(ctx, c.retry.Settle); err != nil {
			return nil, interrupted(err, "", true)
		}
		doc, _, readErr := c.object(ctx, readConfig(id))
		if readErr != nil && err == nil {
			return nil, unwatched(readErr)
		}
		if readErr != nil {
			return nil, err
		}
		now := change.Part(doc)
		switch {
		case equal(now, want) && w.late:
			return nil, collision("the change is there, but it took so long that it may have undone a change that somebody else made at the same time")
		case equal(now, want):
			return w.document, nil
		case equal(now, w.before) && try < watchTries:
			continue
		case err != nil:
			return nil, err
		case equal(now, w.before):
			return nil, collision("the tenant accepted the change, but it is not there any more: somebody else wrote the same document at the same time")
		}
		return nil, collision("the tenant accepted the change, but somebody else changed the same thing at the same time")
	}
}

// configWrite is a write that was made, or may have been.
type configWrite struct {
	before   any    // the part that is about to change
	document Object // the whole afterwards
	nothing  bool   // there was nothing to write
	late     bool
}

// writeConfig reads, plans and writes. With an error, it returns the write if
// that may have taken effect all the same.
func (c *Client) writeConfig(ctx context.Context, id string, change ConfigChange) (configWrite, error) {
	unlock, err := c.locks.lock(ctx, id)
	if err != nil {
		return configWrite{}, interrupted(err, "", false)
	}
	defer unlock()
	for try := 1; ; try++ {
		doc, a, err := c.object(ctx, readConfig(id))
		if err != nil {
			return configWrite{}, err
		}
		var draft Object
		if err := Decode(a.body, &draft); err != nil {
			return configWrite{}, err
		}
		edit, err := change.Plan(draft)
		if err != nil {
			return configWrite{}, err
		}
		w := configWrite{before: change.Part(doc), document: edit.Document}
		if edit.Operations == nil && equal(edit.Document, doc) {
			w.nothing = true
			return w, nil
		}
		r := request{
			method: http.MethodPut,
			path:   "/openidm/config/" + id,
			header: anyRevision(),
			body:   edit.Document,
			expiry: a.asked.Add(c.retry.Settle / 2),
		}
		if edit.Operations != nil {
			r.method, r.body = http.MethodPatch, edit.Operations
		}
		answered, _, err := c.object(ctx, r)
		if errors.Is(err, errExpired) && try < planTries {
			continue
		}
		// To a PUT the answer, which can be lost, repeats the document.
		if edit.Operations != nil {
			w.document = answered
		}
		w.late = c.retry.Now().After(a.asked.Add(c.retry.Settle))
		return w, err
	}
}

func anyRevision() http.Header { return http.Header{"If-Match": {"*"}} }

func isUnknown(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Unknown
}

// unwatched is the error of a write that was accepted, but could not be looked
// at afterwards.
func unwatched(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	watched := *e
	watched.Unknown, watched.Repeatable = true, false
	return &watched
}

func collision(message string) error {
	return &Error{
		Reason: "Collision", Message: message, OwnWords: true, Unknown: true, Err: ErrOverwritten,
	}
}

// Locks let the writers of a document go one after the other. The zero value
// is ready. Clients of the same tenant should share one.
type Locks struct {
	mu   sync.Mutex
	held map[string]chan struct{}
}

// lock waits for its turn, or for the end of ctx.
func (l *Locks) lock(ctx context.Context, name string) (unlock func(), err error) {
	l.mu.Lock()
	if l.held == nil {
		l.held = map[string]chan struct{}{}
	}
	turn := l.held[name]
	if turn == nil {
		turn = make(chan struct{}, 1)
		l.held[name] = turn
	}
	l.mu.Unlock()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// errExpired is the cause of the error of a request that was not sent in time.
var errExpired = errors.New("not sent: what it rests on has got too old")

func expired(r request, now time.Time) *Error {
	if r.expiry.IsZero() || !now.After(r.expiry) {
		return nil
	}
	return &Error{
		Reason: "Too slow", Message: "the tenant takes so long to answer that a change cannot be made safely", OwnWords: true,
		Retryable: true, Repeatable: true, Err: errExpired,
	}
}
