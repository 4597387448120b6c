package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"sync"
	"testing"

	"aicmcp/mockaic/internal/store"
)

func open(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.New(store.Options{Chance: strings.NewReader(strings.Repeat("0123456789abcdef", 64))})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFailedChangeLeavesNothingBehind(t *testing.T) {
	s := open(t)
	if err := s.Change(func(tx *store.Tx) error {
		tx.Put("c", "kept", store.Object{"n": 1})
		tx.Put("c", "gone", store.Object{"n": 1})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	failure := errors.New("refused")
	broken := func(tx *store.Tx) {
		tx.Put("c", "kept", store.Object{"n": 2})
		tx.Put("c", "kept", store.Object{"n": 3})
		tx.Put("c", "new", store.Object{"n": 2})
		tx.Delete("c", "gone")
	}
	check := func(how string) {
		t.Helper()
		s.View(func(tx *store.Tx) {
			if got := tx.Get("c", "kept")["n"]; got != 1 {
				t.Errorf("%s: kept is %v", how, got)
			}
			if tx.Get("c", "gone") == nil || tx.Get("c", "new") != nil || tx.Len("c") != 2 {
				t.Errorf("%s: objects appeared or vanished: %v", how, tx.All("c"))
			}
		})
	}
	if err := s.Change(func(tx *store.Tx) error { broken(tx); return failure }); !errors.Is(err, failure) {
		t.Fatalf("error is %v", err)
	}
	check("error")
	func() {
		defer func() { _ = recover() }()
		_ = s.Change(func(tx *store.Tx) error { broken(tx); panic("bug") })
	}()
	check("panic")
}

func TestEveryWriteHasItsOwnRevision(t *testing.T) {
	s := open(t)
	seen := map[any]bool{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				_ = s.Change(func(tx *store.Tx) error {
					rev := tx.Put("c", fmt.Sprint(i, j), nil)["_rev"]
					mu.Lock()
					defer mu.Unlock()
					if seen[rev] {
						t.Errorf("revision %v was given twice", rev)
					}
					seen[rev] = true
					return nil
				})
			}
		})
	}
	wg.Wait()
}

func TestObjectsComeBackAsTheyWere(t *testing.T) {
	s := open(t)
	for i, object := range []store.Object{
		nil,
		{"a": nil, "b": true, "c": json.Number("1.0"), "d": "text", "e": []any{}, "f": []any{nil, store.Object{"x": []any{}}}, "g": store.Object{}},
		{"a": store.Object{"b": store.Object{"c": []any{store.Object{}}}, "d": nil}},
		{"b": store.Object{"a": strings.Repeat("long", 100)}, "_id": "other", "_rev": json.Number("5")},
	} {
		id := fmt.Sprint(i)
		want := maps.Clone(object)
		if want == nil {
			want = store.Object{}
		}
		want["_id"], want["_rev"] = id, "7"
		change(t, s, func(tx *store.Tx) {
			if put := tx.PutRevision("c", id, object, "7"); !reflect.DeepEqual(put, want) {
				t.Errorf("%v, want %v", put, want)
			}
		})
		s.View(func(tx *store.Tx) {
			if got := tx.Get("c", id); !reflect.DeepEqual(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}

func TestViewCannotWrite(t *testing.T) {
	s := open(t)
	defer func() {
		if recover() == nil {
			t.Error("a write within View went through")
		}
	}()
	s.View(func(tx *store.Tx) { tx.Put("c", "x", nil) })
}

// A change tells of each object once, with the states before and after all of it.
func TestAChangeTellsWhatItDid(t *testing.T) {
	s := open(t)
	seed := func(tx *store.Tx) error {
		tx.Put("a", "kept", store.Object{"n": 1})
		tx.Put("a", "gone", store.Object{"n": 1})
		tx.Put("a", "twice", store.Object{"n": 1})
		return nil
	}
	if err := s.Change(seed); err != nil {
		t.Fatal(err)
	}
	differences, err := s.ChangeAndTell(func(tx *store.Tx) error {
		tx.Put("a", "twice", store.Object{"n": 2})
		tx.Put("b", "new", store.Object{"n": 1})
		tx.Delete("a", "gone")
		tx.Delete("a", "never")
		tx.Put("a", "twice", store.Object{"n": 3})
		tx.Put("b", "brief", store.Object{})
		tx.Delete("b", "brief")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	member := func(r store.Record) any {
		if r == nil {
			return nil
		}
		value, _ := r.Member("n")
		return value
	}
	var got []string
	for _, d := range differences {
		got = append(got, fmt.Sprint(d.Collection, "/", d.ID, " ", member(d.Before), " ", member(d.After)))
	}
	if want := "[a/twice 1 3 b/new <nil> 1 a/gone 1 <nil>]"; fmt.Sprint(got) != want {
		t.Errorf("told %v, want %s", got, want)
	}
	failure := errors.New("no")
	if differences, err := s.ChangeAndTell(func(tx *store.Tx) error { tx.Put("a", "x", nil); return failure }); !errors.Is(err, failure) || differences != nil {
		t.Errorf("a change that failed told %v, %v", differences, err)
	}
}
