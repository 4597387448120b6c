package todo

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Store keeps the lists of all users in a file. What its methods have done is
// on disk when they return. They are safe for concurrent use.
type Store struct {
	db *bbolt.DB
}

// usersBucket holds a bucket for each user, in which todos are kept by ID.
var usersBucket = []byte("users")

// Open opens the file, or makes it. One process at a time can have it open.
func Open(file string) (_ *Store, err error) {
	// Over damages, such as a file that was cut off, the database package panics
	// or reads where nothing is.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if damage := recover(); damage != nil {
			err = fmt.Errorf("the database %s is damaged: %v", file, damage)
		}
	}()
	// The shortest timeout: without one, Open waits for the other process.
	db, err := bbolt.Open(file, 0o600, &bbolt.Options{Timeout: 1})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("%s is in use by another process", file)
	case err != nil:
		return nil, fmt.Errorf("open the database %s: %w", file, err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		users, err := tx.CreateBucketIfNotExists(usersBucket)
		if err != nil {
			return err
		}
		// Damage is to show now, not in the middle of a request.
		return users.ForEachBucket(func(user []byte) error {
			return users.Bucket(user).ForEach(func(_, value []byte) error {
				_, err := decode(value)
				return err
			})
		})
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the database %s is damaged: %w", file, err), db.Close())
	}
	return &Store{db}, nil
}

// Close waits for what is under way.
func (s *Store) Close() error { return s.db.Close() }

// Ping tells whether the store can be read.
func (s *Store) Ping() error {
	return s.db.View(func(*bbolt.Tx) error { return nil })
}

// List is the user's todos, open ones first, then the older.
func (s *Store) List(user string) ([]Todo, error) {
	todos := []Todo{}
	err := s.db.View(func(tx *bbolt.Tx) error {
		list := tx.Bucket(usersBucket).Bucket([]byte(user))
		if list == nil {
			return nil
		}
		return list.ForEach(func(_, value []byte) error {
			todo, err := decode(value)
			todos = append(todos, todo)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list todos: %w", err)
	}
	slices.SortFunc(todos, func(a, b Todo) int {
		if a.Completed != b.Completed {
			if b.Completed {
				return -1
			}
			return 1
		}
		// IDs of one millisecond ascend.
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
	return todos, nil
}

// Add puts a todo on the user's list. Its errors may wrap ErrText or ErrFull.
func (s *Store) Add(user, text string, now time.Time) (Todo, error) {
	todo := Todo{Text: text, Created: now.UTC().Truncate(time.Millisecond)}
	if err := checkText(text); err != nil {
		return Todo{}, err
	}
	err := s.db.Update(func(tx *bbolt.Tx) error {
		list, err := tx.Bucket(usersBucket).CreateBucketIfNotExists([]byte(user))
		if err != nil {
			return err
		}
		if count(list) >= MaxTodos {
			return ErrFull
		}
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		todo.ID = id.String()
		return put(list, todo)
	})
	if err != nil {
		return Todo{}, fmt.Errorf("add a todo: %w", err)
	}
	return todo, nil
}

// Change changes a todo of the user and returns it. Its errors may wrap ErrText
// or ErrNotFound.
func (s *Store) Change(user, id string, change Change) (Todo, error) {
	if change.Text != nil {
		if err := checkText(*change.Text); err != nil {
			return Todo{}, err
		}
	}
	var todo Todo
	err := s.db.Update(func(tx *bbolt.Tx) (err error) {
		list, value := find(tx, user, id)
		if value == nil {
			return ErrNotFound
		}
		if todo, err = decode(value); err != nil {
			return err
		}
		if change.Completed != nil {
			todo.Completed = *change.Completed
		}
		if change.Text != nil {
			todo.Text = *change.Text
		}
		return put(list, todo)
	})
	if err != nil {
		return Todo{}, fmt.Errorf("change a todo: %w", err)
	}
	return todo, nil
}

// Delete takes a todo off the user's list. Its errors may wrap ErrNotFound.
func (s *Store) Delete(user, id string) error {
	err := s.db.Update(func(tx *bbolt.Tx) error {
		list, value := find(tx, user, id)
		if value == nil {
			return ErrNotFound
		}
		return list.Delete([]byte(id))
	})
	if err != nil {
		return fmt.Errorf("delete a todo: %w", err)
	}
	return nil
}

// find returns nil for the value of a todo that the user has not.
func find(tx *bbolt.Tx, user, id string) (list *bbolt.Bucket, value []byte) {
	list = tx.Bucket(usersBucket).Bucket([]byte(user))
	if list == nil {
		return nil, nil
	}
	return list, list.Get([]byte(id))
}

func count(list *bbolt.Bucket) (n int) {
	cursor := list.Cursor()
	for key, _ := cursor.First(); key != nil; key, _ = cursor.Next() {
		n++
	}
	return n
}

func put(list *bbolt.Bucket, todo Todo) error {
	value, err := json.Marshal(todo)
	if err != nil {
		return err
	}
	return list.Put([]byte(todo.ID), value)
}

func decode(value []byte) (todo Todo, err error) {
	if err := json.Unmarshal(value, &todo); err != nil {
		return Todo{}, fmt.Errorf("read a stored todo: %w", err)
	}
	return todo, nil
}
