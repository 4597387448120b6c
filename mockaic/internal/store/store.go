// Package store keeps a tenant's documents in memory: named collections of
// JSON objects with revisions, changed in transactions.
package store

import (
	"fmt"
	"io"
	"maps"
	"sync"

	"github.com/google/uuid"
)

// Object is one stored document. It carries its own _id and, once stored, its
// _rev. Objects handed out by the store are shared and must not be modified.
type Object = map[string]any

// Store is a set of collections. The zero value is not usable; call New.
type Store struct {
	mu          sync.RWMutex
	collections map[string]map[string]Object
	revision    string // the part of every revision that tells stores apart
	writes      uint64
	chance      io.Reader
}

// New returns an empty store that takes its identifiers from chance.
func New(chance io.Reader) (*Store, error) {
	instance, err := uuid.NewRandomFromReader(chance)
	if err != nil {
		return nil, fmt.Errorf("identify the store: %w", err)
	}
	return &Store{
		collections: map[string]map[string]Object{},
		revision:    instance.String(),
		chance:      chance,
	}, nil
}

// View runs read with a consistent view of all collections.
func (s *Store) View(read func(*Tx)) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	read(&Tx{store: s})
}

// Change runs write alone. What it changed is undone when it fails or panics.
func (s *Store) Change(write func(*Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	tx := &Tx{store: s, writable: true}
	done := false
	defer func() {
		if !done {
			tx.rollback()
		}
	}()
	if err := write(tx); err != nil {
		return err
	}
	done = true
	return nil
}

// Tx is the store as one View or Change sees it. It is not valid afterwards.
type Tx struct {
	store    *Store
	writable bool
	undo     []undo
}

type undo struct {
	collection, id string
	before         Object // nil: there was none
}

// Get returns the object, or nil.
func (t *Tx) Get(collection, id string) Object {
	return t.store.collections[collection][id]
}

// Len counts the objects of a collection.
func (t *Tx) Len(collection string) int {
	return len(t.store.collections[collection])
}

// All returns the objects of a collection in no particular order.
func (t *Tx) All(collection string) []Object {
	all := make([]Object, 0, len(t.store.collections[collection]))
	for _, object := range t.store.collections[collection] {
		all = append(all, object)
	}
	return all
}

// Put stores a copy of object under id with a new revision and returns the
// copy. Nested values are shared with the argument.
func (t *Tx) Put(collection, id string, object Object) Object {
	return t.PutRevision(collection, id, object, fmt.Sprintf("%s-%d", t.store.revision, t.store.writes+1))
}

// PutRevision is Put with a revision of the caller's choice.
func (t *Tx) PutRevision(collection, id string, object Object, revision string) Object {
	t.mustWrite()
	t.store.writes++
	stored := maps.Clone(object)
	if stored == nil {
		stored = Object{}
	}
	stored["_id"] = id
	stored["_rev"] = revision
	t.remember(collection, id)
	t.store.set(collection, id, stored)
	return stored
}

// Delete removes the object if it is there.
func (t *Tx) Delete(collection, id string) {
	t.mustWrite()
	t.remember(collection, id)
	t.store.remove(collection, id)
}

// remove drops a collection with its last object: there may be very many.
func (s *Store) remove(collection, id string) {
	delete(s.collections[collection], id)
	if len(s.collections[collection]) == 0 {
		delete(s.collections, collection)
	}
}

func (s *Store) set(collection, id string, object Object) {
	objects := s.collections[collection]
	if objects == nil {
		objects = map[string]Object{}
		s.collections[collection] = objects
	}
	objects[id] = object
}

// NewID returns a random UUID.
func (t *Tx) NewID() string {
	t.mustWrite() // the source of chance is guarded by the write lock
	id, err := uuid.NewRandomFromReader(t.store.chance)
	if err != nil {
		panic(fmt.Errorf("the tenant's source of chance failed: %w", err))
	}
	return id.String()
}

func (t *Tx) mustWrite() {
	if !t.writable {
		panic("store: write within View")
	}
}

func (t *Tx) remember(collection, id string) {
	t.undo = append(t.undo, undo{collection, id, t.store.collections[collection][id]})
}

func (t *Tx) rollback() {
	for i := len(t.undo) - 1; i >= 0; i-- {
		u := t.undo[i]
		if u.before == nil {
			t.store.remove(u.collection, u.id)
			continue
		}
		t.store.set(u.collection, u.id, u.before)
	}
}
