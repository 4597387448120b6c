// Package store keeps a tenant's documents in memory: named collections of
// JSON objects with revisions, changed in transactions. Readers work on
// snapshots, so that they never wait for a writer nor a writer for them.
package store

import (
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/tidwall/btree"
)

// Object is one stored document. It carries its own _id and, once stored, its
// _rev. What is in objects handed out by the store is shared and must not be
// modified.
type Object = map[string]any

// Options say how a store names, orders and indexes objects. The zero value is
// usable.
type Options struct {
	// Chance is what identifiers are made of; nil stands for crypto/rand.
	Chance io.Reader
	// Order gives the place of an object among the others of its collection.
	// Objects of the same place are in the order of their ids, and so are all
	// objects if it is nil.
	Order func(id string) uint64
	// Indexed names the properties of a collection to look up objects by. It is
	// asked when the collection gets its first object; nil stands for none.
	Indexed func(collection string) []string
	// Fold maps strings that an index shall not tell apart to the same string. If
	// it is nil, an index tells all of them apart.
	Fold func(string) string
}

// Store is a set of collections. The zero value is not usable; call New.
type Store struct {
	options  Options
	current  atomic.Pointer[collections]
	revision string // the part of every revision that tells stores apart

	writer sync.Mutex // guards what follows, and options.Chance
	writes uint64
	shared sharing
}

// collections is a state of the whole store. There may be very many.
type collections = btree.Map[string, *collection]

// New returns an empty store.
func New(options Options) (*Store, error) {
	if options.Chance == nil {
		options.Chance = rand.Reader
	}
	if options.Order == nil {
		options.Order = func(string) uint64 { return 0 }
	}
	if options.Indexed == nil {
		options.Indexed = func(string) []string { return nil }
	}
	if options.Fold == nil {
		options.Fold = func(text string) string { return text }
	}
	instance, err := uuid.NewRandomFromReader(options.Chance)
	if err != nil {
		return nil, fmt.Errorf("identify the store: %w", err)
	}
	s := &Store{options: options, revision: instance.String()}
	s.current.Store(new(collections))
	return s, nil
}

// View runs read with a consistent view of all collections, which stays as it
// is whatever is written meanwhile.
func (s *Store) View(read func(*Tx)) {
	read(&Tx{store: s, state: s.current.Load()})
}

// Change runs write while no other Change runs. What it changed is seen by
// others once it has returned, and by nobody if it fails or panics.
func (s *Store) Change(write func(*Tx) error) error {
	s.writer.Lock()
	defer s.writer.Unlock()
	tx := &Tx{store: s, state: s.current.Load().Copy(), changed: map[string]*collection{}}
	if err := write(tx); err != nil {
		return err
	}
	s.current.Store(tx.state)
	return nil
}

// Tx is the store as one View or Change sees it. It is not valid afterwards.
type Tx struct {
	store   *Store
	state   *collections
	changed map[string]*collection // the collections that are this Change's own; nil within View
	follow  *follow                // nil unless within ChangeAndTell
}

// Get returns the object, or nil.
func (t *Tx) Get(collection, id string) Object {
	c, ok := t.state.Get(collection)
	if !ok {
		return nil
	}
	found, ok := c.records.Get(&record{place: t.store.options.Order(id), id: id})
	if !ok {
		return nil
	}
	return found.Object()
}

// Len counts the objects of a collection.
func (t *Tx) Len(collection string) int {
	if c, ok := t.state.Get(collection); ok {
		return c.records.Len()
	}
	return 0
}

// Collections names the collections that have objects, sorted.
func (t *Tx) Collections() []string { return t.state.Keys() }

// All returns the objects of a collection in the order of the store.
func (t *Tx) All(collection string) []Object {
	all := make([]Object, 0, t.Len(collection))
	for _, record := range t.Collection(collection).Ascend(0, "") {
		all = append(all, record.Object())
	}
	return all
}

// Put stores an object under id with a new revision and returns it as stored.
// Nested values are shared with the argument.
func (t *Tx) Put(collection, id string, object Object) Object {
	return t.PutRevision(collection, id, object, t.NewRevision())
}

// PutRevision is Put with a revision of the caller's choice.
func (t *Tx) PutRevision(collection, id string, object Object, revision string) Object {
	c := t.own(collection)
	stored := make(Object, len(object)+2)
	maps.Copy(stored, object)
	stored["_id"] = id
	stored["_rev"] = revision
	r := &record{t.store.options.Order(id), id, t.store.shared.members(stored)}
	t.follow.note(collection, id, c.put(t.store.options.Fold, r), r)
	return stored
}

// Delete removes the object if it is there.
func (t *Tx) Delete(collection, id string) {
	c := t.own(collection)
	before := c.remove(t.store.options.Fold, &record{place: t.store.options.Order(id), id: id})
	t.follow.note(collection, id, before, nil)
	if c.records.Len() == 0 {
		t.state.Delete(collection)
		delete(t.changed, collection)
	}
}

// NewID returns a random UUID.
func (t *Tx) NewID() string {
	t.mustWrite() // the source of chance is guarded by the lock of writers
	id, err := uuid.NewRandomFromReader(t.store.options.Chance)
	if err != nil {
		panic(fmt.Errorf("the tenant's source of chance failed: %w", err))
	}
	return id.String()
}

func (t *Tx) mustWrite() {
	if t.changed == nil {
		panic("store: write within View")
	}
}

// own returns a collection that this Change alone sees, a copy when it is
// written to for the first time.
func (t *Tx) own(name string) *collection {
	t.mustWrite()
	if c := t.changed[name]; c != nil {
		return c
	}
	c, ok := t.state.Get(name)
	if ok {
		c = c.copy()
	} else {
		c = newCollection(t.store.options.Indexed(name))
	}
	t.changed[name] = c
	t.state.Set(name, c)
	return c
}

// NewRevision returns a fresh revision, which no object has.
func (t *Tx) NewRevision() string {
	t.mustWrite()
	t.store.writes++
	return fmt.Sprintf("%s-%d", t.store.revision, t.store.writes)
}
