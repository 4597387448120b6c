package aic

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"aicmcp/server/rest"
)

// Documents of /openidm/config.
const (
	ManagedConfig = "managed"
	ThemeConfig   = "ui/themerealm"
)

// Config reads a document of the configuration.
func (c *Client) Config(ctx context.Context, id string) (Object, error) {
	doc, _, err := c.api.Object(ctx, readConfig(id))
	return doc, err
}

func readConfig(id string) rest.Request {
	return rest.Request{Method: http.MethodGet, Path: "/openidm/config/" + id, Repeatable: true}
}

// ConfigEdit is a write of a document: operations on it or, without any, the
// whole of it.
type ConfigEdit struct {
	Operations []PatchOperation
	Document   Object
	// Shows reports whether a document has the change in it.
	Shows func(doc Object) bool
}

// Changed is what has become of a change.
type Changed struct {
	// Document has the change in it, and perhaps later ones of others.
	Document Object
	// Late says that the whole document was written so long after it was read
	// that a change that somebody else made meanwhile may be undone.
	Late bool
}

// ErrOverwritten is the cause of a rest.Error that reports a collision of writes.
var ErrOverwritten = errors.New("changed by somebody else at the same time")

const (
	// settle is how long a change may take, and how long after it the document
	// is looked at again.
	settle = 2 * time.Second
	// planTries is how often a change is planned before a slow tenant gets
	// one that was planned too long ago.
	planTries = 3
	// visibleTries is how often a document is read under the lock, with
	// visiblePause in between, until it shows the change.
	visibleTries = 8
	visiblePause = 500 * time.Millisecond
	// settledTries is how often a document that does not show the change is
	// read after the pause: another node may answer each time.
	settledTries = 3
)

// ChangeConfig changes a document of the configuration. The plan makes the
// write from the document, which it may change in place. It must not wait for
// anything, and add JSON types only. It is called again if the document has got
// too old.
//
// These documents have no revision, so a tenant accepts a write over whatever
// is there. Two callers that read the same state can both write, and the later
// one undoes the earlier without either being told. This is done about it:
//
//   - Writers that share Locks go one after the other, the next not before a
//     read shows what the last one wrote: reads of the configuration can lag.
//   - A write begins at most half of the time to settle after the read that it was
//     planned from began, or else the document is read and the change planned
//     anew, a few times. The read is the last thing before the write: another
//     one in between would leave the same gap open, from it to the write.
//   - The time to settle after the write the document is read again, and the change
//     must still be there. A look at once would miss the writer who read before
//     us and writes after our look.
//   - A write of a whole document that took so long that somebody else may have
//     had this look already, before we wrote over them, is reported as late. A
//     patch undoes nobody.
//
// So among writers that keep these rules nothing that was reported as success
// is lost to a write that reported neither a collision nor that it was late, as
// long as their clocks run at the same speed and reads show what was written.
// Where reads lag this holds within a process only, and up to the few seconds
// of the looks under the lock: one process cannot see what another has just
// written. No rule binds the others: the admin console, a script, or a request
// that the network holds back longer than the time to settle after its sender gave
// up. What they undo before our look is noticed, what they undo later is not;
// and whether we undid something of theirs cannot be seen, for the tenant's
// answer to a write does not tell what was there before.
//
// A document that is to stay as it is, is not written.
func (c *Client) ChangeConfig(ctx context.Context, id string, plan func(doc Object) (ConfigEdit, error)) (Changed, error) {
	return c.watched(ctx, id, func() (configWrite, error) { return c.writeConfig(ctx, id, plan) })
}

// configWrite is a write that was made, or may have been.
type configWrite struct {
	Changed
	shows       func(doc Object) bool // nil if there was nothing to write
	transaction string
}

// watched writes while nobody with the same Locks does, and looks what becomes
// of it. It is what the document shows that counts, not the write's answer,
// which can be lost.
func (c *Client) watched(ctx context.Context, id string, write func() (configWrite, error)) (Changed, error) {
	w, err := c.writeAlone(ctx, id, write)
	if err != nil && !rest.IsUnknown(err) {
		return Changed{}, err
	}
	if w.shows == nil {
		return w.Changed, err
	}
	lookErr := c.retry.Sleep(ctx, settle)
	if lookErr == nil {
		w.Document, lookErr = c.look(ctx, id, w.shows, settledTries, settle)
	}
	switch {
	case w.Document != nil:
		return w.Changed, nil
	case err != nil:
		return Changed{}, err
	case lookErr != nil:
		return Changed{}, &rest.Error{
			API: tenant, Reason: "Not confirmed", Message: "the tenant accepted the change, but it could not be looked at afterwards", OwnWords: true,
			TransactionID: w.transaction, Unknown: true, Err: lookErr,
		}
	}
	return Changed{}, &rest.Error{
		API: tenant, Reason: "Collision", Message: "the tenant accepted the change, but it is not there: somebody else wrote the same document at the same time", OwnWords: true,
		TransactionID: w.transaction, Unknown: true, Err: ErrOverwritten,
	}
}

// writeAlone writes under the lock, and keeps that until the change shows.
func (c *Client) writeAlone(ctx context.Context, id string, write func() (configWrite, error)) (configWrite, error) {
	unlock, err := c.lock(ctx, id)
	if err != nil {
		return configWrite{}, err
	}
	defer unlock()
	w, err := write()
	if w.shows != nil && (err == nil || rest.IsUnknown(err)) {
		// What this look fails to find is for the next one to report.
		_, _ = c.look(ctx, id, w.shows, visibleTries, visiblePause)
	}
	return w, err
}

// look reads the document until it shows the change, and returns it, or nil
// if it does not.
func (c *Client) look(ctx context.Context, id string, shows func(doc Object) bool, tries int, pause time.Duration) (Object, error) {
	for try := 1; ; try++ {
		doc, _, err := c.api.Object(ctx, readConfig(id))
		switch {
		case err != nil:
			return nil, err
		case shows(doc):
			return doc, nil
		case try == tries:
			return nil, nil
		}
		if err := c.retry.Sleep(ctx, pause); err != nil {
			return nil, err
		}
	}
}

// writeConfig reads, plans and writes.
func (c *Client) writeConfig(ctx context.Context, id string, plan func(doc Object) (ConfigEdit, error)) (configWrite, error) {
	for try := 1; ; try++ {
		doc, read, err := c.api.Object(ctx, readConfig(id))
		if err != nil {
			return configWrite{}, err
		}
		var draft Object
		if err := rest.Decode(read.Body, &draft); err != nil {
			return configWrite{}, err
		}
		edit, err := plan(draft)
		if err != nil {
			return configWrite{}, err
		}
		if edit.Operations == nil && Equal(edit.Document, doc) {
			return configWrite{Changed: Changed{Document: doc}}, nil
		}
		// A token may take a person at a login page.
		if _, err := c.token(ctx); err != nil {
			return configWrite{}, err
		}
		if c.retry.Now().After(read.Asked.Add(settle/2)) && try < planTries {
			continue
		}
		r := rest.Request{Method: http.MethodPut, Path: "/openidm/config/" + id, Header: anyRevision(), Body: edit.Document}
		if edit.Operations != nil {
			r.Method, r.Body = http.MethodPatch, edit.Operations
		}
		w := configWrite{shows: edit.Shows}
		a, err := c.api.Do(ctx, r)
		if err == nil {
			w.transaction = a.TransactionID
		}
		w.Late = edit.Operations == nil && c.retry.Now().After(read.Asked.Add(settle))
		return w, err
	}
}

func anyRevision() http.Header { return http.Header{"If-Match": {"*"}} }

// lock waits for its turn to write the document.
func (c *Client) lock(ctx context.Context, id string) (unlock func(), err error) {
	if unlock, err = c.locks.lock(ctx, id); err != nil {
		return nil, c.api.Interrupted(err, "", false)
	}
	return unlock, nil
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
