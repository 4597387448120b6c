package rest

import (
	"context"
	"slices"
	"sync"
)

// Trace collects what was asked of APIs on behalf of one call.
type Trace struct {
	mu       sync.Mutex
	requests int
	ids      []string
	wrote    bool
	main     string
	watch    func(requests int, api string)
}

type traceKey struct{}

// WithTrace returns a context whose requests are recorded in the Trace. A
// context that has one already keeps it.
func WithTrace(ctx context.Context) (context.Context, *Trace) {
	if t, ok := ctx.Value(traceKey{}).(*Trace); ok {
		return ctx, t
	}
	t := new(Trace)
	return context.WithValue(ctx, traceKey{}, t), t
}

// Requests is the number of requests sent, repeated ones included.
func (t *Trace) Requests() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.requests
}

// Transactions lists the transaction IDs, in order, each once.
func (t *Trace) Transactions() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.ids)
}

// Transaction is the transaction ID to ask for in the API's logs: that of
// the last write or, without one, of the last request.
func (t *Trace) Transaction() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.main
}

// Watch has f told of each request when it is sent: how many there were with it,
// and what messages call the API. The calls come one after the other, in order;
// f must not use the Trace.
func (t *Trace) Watch(f func(requests int, api string)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.watch = f
}

func traceSent(ctx context.Context, api string) {
	t, ok := ctx.Value(traceKey{}).(*Trace)
	if !ok {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests++
	if t.watch != nil {
		t.watch(t.requests, api)
	}
}

func traceTransaction(ctx context.Context, id string, writes bool) {
	t, ok := ctx.Value(traceKey{}).(*Trace)
	if !ok || id == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !slices.Contains(t.ids, id) {
		t.ids = append(t.ids, id)
	}
	if writes || !t.wrote {
		t.main, t.wrote = id, writes
	}
}
