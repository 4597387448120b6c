package tokenstore

import (
	"context"
	"sync"
)

type memory struct {
	mu     sync.Mutex
	logins map[string]Login
}

// NewMemory returns a store that forgets when the process ends.
func NewMemory() Store { return &memory{logins: map[string]Login{}} }

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
