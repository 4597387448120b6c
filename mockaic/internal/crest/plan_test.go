package crest_test

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"testing"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/store"
)

// properties are those of the collection that the tests have indexes by.
var properties = []string{"_id", "userName", "sn", "tags", "n", "kelvin", "dotI", "sigma", "surr", "mixed"}

// lookups are filters that indexes can answer, in whole or in part.
var lookups = []string{
	`_id eq "u05"`, `_id eq "U05"`, `_id in '["u01","U02","none"]'`, `_id sw "u1"`, `userName sw "B"`, `sn eq "STRASSE"`, `sn eq "straße"`,
	`tags eq "admin"`, `tags sw "a" and tags sw "b"`, `tags in '["Admin","user"]' or sn sw "o"`, `mixed eq "TRUE" or mixed eq "1"`,
	`kelvin sw "k"`, `kelvin eq "K"`, `dotI sw "i"`, `dotI sw "İ"`, `sigma eq "ΣΑΣ"`, `surr sw "😀"`, `n eq "1" or n eq 1`, `sn in '[]'`,
	`sn sw "" and _id sw "u3"`, `_id sw "u" and (sn co "a" or sn sw "m")`, `! (_id eq "u05")`, `_id eq "u05" and false`,
}

// stored returns a store with the objects in the order of a seed and indexes by some properties.
func stored(t testing.TB, seed uint64, objects []map[string]any, indexed ...string) *store.Store {
	t.Helper()
	s, err := store.New(store.Options{
		Order: crest.Order(seed), Fold: crest.Fold,
		Indexed: func(string) []string { return indexed },
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Change(func(tx *store.Tx) error {
		for _, object := range objects {
			revision, _ := object["_rev"].(string)
			tx.PutRevision("c", object["_id"].(string), object, revision)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func run(s *store.Store, q *crest.Query, o crest.RunOptions) (page *crest.Page, err error) {
	s.View(func(tx *store.Tx) { page, err = q.Run(tx.Collection("c"), o) })
	return page, err
}

// counting counts the objects that a query looks at.
type counting struct {
	store.Collection
	visits *int
}

func (c counting) count(objects iter.Seq2[uint64, crest.Record]) iter.Seq2[uint64, crest.Record] {
	return func(yield func(uint64, crest.Record) bool) {
		for place, object := range objects {
			*c.visits++
			if !yield(place, object) {
				return
			}
		}
	}
}

func (c counting) Ascend(place uint64, id string) iter.Seq2[uint64, crest.Record] {
	return c.count(c.Collection.Ascend(place, id))
}

func (c counting) Equal(property, value string, place uint64, id string) iter.Seq2[uint64, crest.Record] {
	return c.count(c.Collection.Equal(property, value, place, id))
}

func (c counting) Prefix(property, value string) iter.Seq2[uint64, crest.Record] {
	return c.count(c.Collection.Prefix(property, value))
}

// A query looks at few objects where an index or the order allows it.
func TestObjectsLookedAt(t *testing.T) {
	var objects []map[string]any
	for i := range 2000 {
		objects = append(objects, map[string]any{
			"_id": fmt.Sprintf("id%04d", i), "name": fmt.Sprintf("Name%d", i), "kind": []string{"odd", "even"}[i%2],
			"n": json.Number(fmt.Sprint(i)), "tags": []any{"t" + fmt.Sprint(i), "T" + fmt.Sprint(i)},
		})
	}
	s := stored(t, 3, objects, "_id", "name", "kind", "tags")
	for _, test := range []struct {
		query         string
		results, most int
	}{
		{`_id eq "ID0007"`, 1, 1},
		{`_id in '["id0001","id0002","id0001","none"]'`, 2, 2},
		{`_id sw "id000"`, 10, 10},
		{`name eq "name5"`, 1, 1},
		{`name eq "name5" or n eq 6`, 2, 2000},
		{`name eq "name5" or tags eq "t6"`, 2, 2},
		{`kind eq "odd" and name sw "name10" and n ge 0`, 56, 1001 + 111 + 111},
		{`name eq "name5" and kind eq "even"`, 1, 4},
		{`kind eq "odd" and name sw "x"`, 0, 1002},
		{`name sw "name10" and n ge 0`, 111, 111},
		{`kind eq "odd" and (name sw "name10" or name eq "Name5")`, 56, 1001 + 112 + 112},
		{`tags sw "t7" and n lt 100`, 11, 222},
		{`true`, 2000, 2000},
		{`true&_pageSize=10`, 10, 11},
		{`true&_pageSize=10&_totalPagedResultsPolicy=EXACT`, 10, 11},
		{`true&_countOnly=true`, 0, 0},
		{`kind eq "odd"&_pageSize=10`, 10, 11},
		{`name sw "name"&_pageSize=10`, 10, 160},
		{`name sw "name170" and n ge 0&_pageSize=2`, 2, 30},
		{`name sw "name"&_pageSize=10&_totalPagedResultsPolicy=EXACT`, 10, 2000},
		{`name sw "name"&_pageSize=10&_sortKeys=name`, 10, 2000},
	} {
		q := parseQuery(t, test.query)
		visits := 0
		s.View(func(tx *store.Tx) {
			page, err := q.Run(counting{tx.Collection("c"), &visits}, crest.RunOptions{Seed: 3})
			if err != nil || len(page.Result) != test.results {
				t.Errorf("%s: %v, %v", test.query, page, err)
			}
		})
		if visits > test.most {
			t.Errorf("%s: %d objects looked at, want at most %d", test.query, visits, test.most)
		}
	}
}

func parseQuery(t testing.TB, filter string) *crest.Query {
	t.Helper()
	p, err := crest.ParseParams("_queryFilter=" + filter)
	if err != nil {
		t.Fatalf("%s: %v", filter, err)
	}
	q, err := p.Query()
	if err != nil {
		t.Fatalf("%s: %v", filter, err)
	}
	return q
}

// Indexes change no result, however the query is paged, sorted and counted.
func TestIndexesChangeNothing(t *testing.T) {
	objects := collection(t)
	searched, indexed := stored(t, 5, objects), stored(t, 5, objects, properties...)
	for _, filter := range lookups {
		for _, more := range []string{"", "&_pageSize=2", "&_pageSize=2&_totalPagedResultsPolicy=EXACT", "&_sortKeys=-sn&_pageSize=3", "&_countOnly=true", "&_pageSize=2&_pagedResultsOffset=1"} {
			for _, m := range []crest.Matching{crest.IgnoreCase, crest.Exact} {
				q, o := parseQuery(t, filter+more), crest.RunOptions{Matching: m, Seed: 5}
				for {
					want, err := run(searched, q, o)
					if err != nil {
						t.Fatal(err)
					}
					got, err := run(indexed, q, o)
					if err != nil || encode(t, got) != encode(t, want) {
						t.Errorf("%s%s, %s: %s, %v, want %s", filter, more, m, encode(t, got), err, encode(t, want))
					}
					q.Offset = 0
					if q.Cookie = want.Cookie; q.Cookie == "" {
						break
					}
				}
			}
		}
	}
}

// What a view adds can be filtered and sorted by, but is not in the page.
func TestView(t *testing.T) {
	s := stored(t, 0, []map[string]any{{"_id": "a", "sn": "x"}, {"_id": "b", "sn": "x"}, {"_id": "c", "sn": "y"}}, "sn")
	view := func(object map[string]any) map[string]any {
		object = maps.Clone(object)
		object["virtual"] = map[string]string{"a": "2", "b": "1", "c": "0"}[object["_id"].(string)]
		return object
	}
	q := parseQuery(t, `virtual pr and sn eq "X"&_sortKeys=virtual&_pageSize=1`)
	for _, want := range []string{"b", "a"} {
		page, err := run(s, q, crest.RunOptions{View: view})
		if err != nil || !slices.Equal(ids(page.Result), []string{want}) {
			t.Fatalf("%v, %v, want %s", page, err, want)
		}
		if page.Result[0]["virtual"] != nil {
			t.Errorf("%v is not as stored", page.Result[0])
		}
		q.Cookie = page.Cookie
	}
	if q.Cookie != "" {
		t.Error("a cookie after the last page")
	}
}

func TestMentions(t *testing.T) {
	fields := func(p crest.Pointer) bool { return p[0] == "roles" }
	for query, want := range map[string]bool{
		`true`:                                   false,
		`sn eq "roles" and ! (sn co "x")`:        false,
		`sn eq "x" or ! (roles/0 pr)`:            true,
		`roles[x eq "y"]`:                        true,
		`other[roles eq "y"]`:                    false,
		`true&_sortKeys=sn,-roles`:               true,
		`(a pr and (b pr or /roles/0 eq 5))`:     true,
		`true&_fields=roles&_sortKeys=sn`:        false,
		`userName in '["roles"]'&_sortKeys=-_id`: false,
	} {
		if got := parseQuery(t, query).Mentions(fields); got != want {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	if (&crest.Query{}).Mentions(fields) {
		t.Error("an empty query mentions a field")
	}
}
