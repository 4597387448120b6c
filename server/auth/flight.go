package auth

import (
	"context"
	"sync"
)

// flights makes callers that want the same thing share one attempt. An attempt
// survives the caller that began it, and is cancelled when the last one has
// gone, unless it is to last: then callers who come later find it.
type flights[T any] struct {
	last    bool
	mu      sync.Mutex
	running map[string]*flight[T]
}

type flight[T any] struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiters int
	value   T
	err     error
}

// abandoned reports whether an attempt is running that nobody waits for.
func (fs *flights[T]) abandoned(key string) bool {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f := fs.running[key]
	return f != nil && f.waiters == 0
}

func (fs *flights[T]) do(ctx context.Context, key string, fn func(context.Context) (T, error)) (T, error) {
	fs.mu.Lock()
	if fs.running == nil {
		fs.running = map[string]*flight[T]{}
	}
	f, ok := fs.running[key]
	if !ok {
		own, cancel := context.WithCancel(context.WithoutCancel(ctx))
		f = &flight[T]{done: make(chan struct{}), cancel: cancel}
		fs.running[key] = f
		go func() {
			defer cancel()
			f.value, f.err = fn(own)
			fs.mu.Lock()
			if fs.running[key] == f {
				delete(fs.running, key)
			}
			fs.mu.Unlock()
			close(f.done)
		}()
	}
	f.waiters++
	fs.mu.Unlock()

	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
	}
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f.waiters--; f.waiters == 0 && !fs.last {
		f.cancel()
		// Who comes now must not join an attempt that is being cancelled.
		if fs.running[key] == f {
			delete(fs.running, key)
		}
	}
	var zero T
	return zero, ctx.Err()
}
