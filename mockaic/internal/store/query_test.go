package store_test

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"aicmcp/mockaic/internal/store"
)

// place puts several objects at the same place.
func place(id string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(id))
	return h.Sum64() % 16
}

func indexed(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.New(store.Options{
		Order: place,
		Indexed: func(collection string) []string {
			if collection == "plain" {
				return nil
			}
			return []string{"_id", "name", "tags"}
		},
		Fold: strings.ToLower,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func change(t testing.TB, s *store.Store, write func(tx *store.Tx)) {
	t.Helper()
	if err := s.Change(func(tx *store.Tx) error { write(tx); return nil }); err != nil {
		t.Fatal(err)
	}
}

func id(object store.Object) string { return object["_id"].(string) }

// has reports whether a property fits, as an index on it says.
func has(value any, fits func(string) bool) bool {
	members, ok := value.([]any)
	if !ok {
		members = []any{value}
	}
	return slices.ContainsFunc(members, func(member any) bool {
		text, ok := member.(string)
		return ok && fits(strings.ToLower(text))
	})
}

// Whatever is written, in one change or in many, queries find what a search of
// all objects finds.
func TestQueriesAgreeWithASearch(t *testing.T) {
	s := indexed(t)
	model := map[string]store.Object{}
	random := rand.New(rand.NewPCG(1, 2))
	name := func() string { return []string{"Ann", "ann", "Anna", "bob", "Émile", ""}[random.IntN(6)] }
	value := func() any {
		switch random.IntN(5) {
		case 0:
			return nil
		case 1:
			return []any{name(), name(), true}
		default:
			return name()
		}
	}
	for range 300 {
		change(t, s, func(tx *store.Tx) {
			for range random.IntN(4) {
				key := fmt.Sprintf("Id%d", random.IntN(60))
				if random.IntN(3) == 0 {
					tx.Delete("c", key)
					delete(model, key)
					continue
				}
				model[key] = tx.Put("c", key, store.Object{"name": value(), "tags": value()})
			}
			checkQueries(t, tx.Collection("c"), model)
		})
		s.View(func(tx *store.Tx) { checkQueries(t, tx.Collection("c"), model) })
		if t.Failed() {
			return
		}
	}
}

func checkQueries(t *testing.T, c store.Collection, model map[string]store.Object) {
	t.Helper()
	search := func(fits func(store.Object) bool) []string {
		found := []string{}
		for key, object := range model {
			if fits(object) {
				found = append(found, key)
			}
		}
		slices.SortFunc(found, func(a, b string) int { return cmp.Or(cmp.Compare(place(a), place(b)), strings.Compare(a, b)) })
		return found
	}
	all := search(func(store.Object) bool { return true })
	if got := walk(t, c.Ascend(0, "")); !slices.Equal(got, all) || c.Len() != len(all) {
		t.Errorf("all are %v, want %v", got, all)
	}
	for i, key := range all {
		if got := walk(t, c.Ascend(place(key), key)); !slices.Equal(got, all[i:]) {
			t.Errorf("from %s on are %v, want %v", key, got, all[i:])
		}
	}
	for _, property := range []string{"_id", "name", "tags"} {
		for _, text := range []string{"ann", "ANN", "émile", "", "id7", "i"} {
			want := search(func(o store.Object) bool {
				return has(o[property], func(s string) bool { return s == strings.ToLower(text) })
			})
			if got := walk(t, c.Equal(property, text, 0, "")); !slices.Equal(got, want) {
				t.Errorf("%s equal to %q are %v, want %v", property, text, got, want)
			}
			if len(want) > 1 {
				if got := walk(t, c.Equal(property, text, place(want[1]), want[1])); !slices.Equal(got, want[1:]) {
					t.Errorf("%s equal to %q from %s on are %v, want %v", property, text, want[1], got, want[1:])
				}
			}
			want = search(func(o store.Object) bool {
				return has(o[property], func(s string) bool { return strings.HasPrefix(s, strings.ToLower(text)) })
			})
			slices.Sort(want)
			got := walk(t, c.Prefix(property, text))
			slices.Sort(got)
			if got = slices.Compact(got); !slices.Equal(got, want) {
				t.Errorf("%s beginning with %q are %v, want %v", property, text, got, want)
			}
		}
	}
}

func walk(t *testing.T, objects iter.Seq2[uint64, store.Record]) []string {
	t.Helper()
	found := []string{}
	for order, record := range objects {
		object := record.Object()
		if member, ok := record.Member("_id"); !ok || member != object["_id"] {
			t.Errorf("%v has the _id %v", object, member)
		}
		if _, ok := record.Member("none"); ok {
			t.Errorf("%v has a member none", object)
		}
		if order != place(id(object)) {
			t.Errorf("%s is at %d", id(object), order)
		}
		found = append(found, id(object))
	}
	return found
}

func TestWritesWhileWalking(t *testing.T) {
	s := indexed(t)
	change(t, s, func(tx *store.Tx) {
		for i := range 500 {
			tx.Put("c", fmt.Sprint(i), store.Object{"name": "same"})
		}
		c, seen := tx.Collection("c"), 0
		for _, record := range c.Equal("name", "same", 0, "") {
			seen++
			old := id(record.Object())
			tx.Delete("c", old)
			tx.Put("c", "new"+old, store.Object{"name": "same"})
		}
		for _, record := range c.Ascend(0, "") {
			seen++
			tx.Delete("c", id(record.Object()))
		}
		if seen != 1000 || c.Len() != 0 {
			t.Errorf("%d objects seen, %d left", seen, c.Len())
		}
	})
}

func TestIndexes(t *testing.T) {
	s := indexed(t)
	s.View(func(tx *store.Tx) {
		if c := tx.Collection("c"); !c.Indexed("name") || c.Indexed("other") || tx.Collection("plain").Indexed("name") {
			t.Error("the wrong properties are indexed")
		}
		defer func() {
			if recover() == nil {
				t.Error("a lookup without an index went through")
			}
		}()
		tx.Collection("plain").Equal("name", "x", 0, "")
	})
}

// Each reader sees all that a change did or nothing of it, while a writer is in
// the midst of the next one.
func TestReadersBesideAWriter(t *testing.T) {
	s := indexed(t)
	const objects = 200
	write := func(round int) {
		change(t, s, func(tx *store.Tx) {
			for i := range objects {
				tx.Put("c", fmt.Sprint(round%2, "-", i), store.Object{"name": fmt.Sprint("round", round)})
				tx.Delete("c", fmt.Sprint((round+1)%2, "-", i))
			}
		})
	}
	write(0)
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				s.View(func(tx *store.Tx) {
					c := tx.Collection("c")
					var name string
					seen := 0
					for _, record := range c.Ascend(0, "") {
						object := record.Object()
						if seen++; name == "" {
							name = object["name"].(string)
						}
						if object["name"] != name || tx.Get("c", id(object)) == nil {
							t.Errorf("%v beside %s", object, name)
						}
					}
					found := 0
					for range c.Equal("name", name, 0, "") {
						found++
					}
					if seen != objects || found != objects || tx.Len("c") != objects {
						t.Errorf("%d objects seen, %d found, %d counted", seen, found, tx.Len("c"))
					}
				})
			}
		})
	}
	for round := range 50 {
		write(round + 1)
	}
	close(stop)
	readers.Wait()
}

// A view that lasts does not keep a writer waiting.
func TestViewOutlastsChanges(t *testing.T) {
	s := indexed(t)
	change(t, s, func(tx *store.Tx) { tx.Put("c", "a", store.Object{"name": "old"}) })
	s.View(func(tx *store.Tx) {
		change(t, s, func(tx *store.Tx) {
			tx.Put("c", "a", store.Object{"name": "new"})
			tx.Put("d", "b", nil)
		})
		if tx.Get("c", "a")["name"] != "old" || tx.Len("d") != 0 || len(walk(t, tx.Collection("c").Equal("name", "new", 0, ""))) != 0 {
			t.Error("a view saw a later change")
		}
	})
}
