package tokenstore

import (
	"context"
	"sync"
)

type memory struct {
	mu     sync.Mutex
	logins map[string]Login
	locks  map[string]chan struct{} // full while locked
}

// NewMemory returns a store that forgets when the process ends.
func NewMemory() Store { return &memory{logins: map[string]Login{}, locks: map[string]chan struct{}{}} }

func (m *memory) Load(_ context.Context, key string) (Login, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l, ok := m.logins[key]; ok {
		return l, nil
	}
	return Login{}, ErrNotFound
}

func (m *memory) Save(_ context.Context, key string, login Login) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.logins[key] = login
	return nil
}

func (m *memory) Delete(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.logins, key)
	return nil
}

func (m *memory) Lock(ctx context.Context, key string) (func(), error) {
	m.mu.Lock()
	lock, ok := m.locks[key]
	if !ok {
		lock = make(chan struct{}, 1)
		m.locks[key] = lock
	}
	m.mu.Unlock()
	select {
	case lock <- struct{}{}:
		return func() { <-lock }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (m *memory) String() string { return "memory, until the process ends" }
