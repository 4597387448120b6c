package crest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"aicmcp/mockaic/internal/crest"
)

// A walk stays right when objects come and go between its pages: what was there all the time is seen exactly once.
func TestPagingWithChanges(t *testing.T) {
	long := strings.Repeat("x", 10_000)
	for _, query := range []string{"", "&_sortKeys=s", "&_sortKeys=-s", "&_sortKeys=n,-s", "&_sortKeys=-missing", "&_sortKeys=list"} {
		objects := make(map[string]map[string]any)
		add := func(id string, i int) {
			objects[id] = map[string]any{
				"_id": id, "s": long + fmt.Sprint(i%7), "n": json.Number(fmt.Sprint(i % 3)), "list": []any{nil, i%2 == 0},
			}
		}
		for i := range 50 {
			add(fmt.Sprintf("k%02d", i), i)
		}
		stay := slices.Sorted(maps.Keys(objects))
		p, _ := crest.ParseParams("_queryFilter=_id+sw+%22k%22+or+_id+sw+%22t%22&_pageSize=4" + query)
		q, err := p.Query()
		if err != nil {
			t.Fatal(err)
		}
		seen := make(map[string]int)
		for step := 0; ; step++ {
			add(fmt.Sprintf("t%02d", step), step)
			delete(objects, fmt.Sprintf("t%02d", step-2))
			page, err := run(stored(t, 42, slices.Collect(maps.Values(objects))), q, crest.RunOptions{Seed: 42})
			if err != nil {
				t.Fatalf("%s: %v", query, err)
			}
			for _, id := range ids(page.Result) {
				seen[id]++
			}
			if q.Cookie = page.Cookie; q.Cookie == "" {
				break
			}
			if len(q.Cookie) > 400 {
				t.Errorf("%s: a cookie of %d bytes", query, len(q.Cookie))
			}
			if step > 100 {
				t.Fatalf("%s: endless", query)
			}
		}
		for _, id := range stay {
			if seen[id] != 1 {
				t.Errorf("%s: %s seen %d times", query, id, seen[id])
			}
		}
	}
}

// Where the last object of a page is gone and its key does not fit into the cookie, no object may be lost.
func TestCookieOfDeletedObject(t *testing.T) {
	long := strings.Repeat("x", 100)
	objects := []map[string]any{
		{"_id": "a", "s": long + "1"}, {"_id": "b", "s": long + "2"}, {"_id": "c", "s": long + "3"}, {"_id": "d", "s": "y"},
	}
	q := crest.Query{SortKeys: []crest.SortKey{{Field: crest.Pointer{"s"}}}, PageSize: 2}
	exact := crest.RunOptions{Matching: crest.Exact}
	page, err := run(stored(t, 0, objects), &q, exact)
	if err != nil || !slices.Equal(ids(page.Result), []string{"a", "b"}) {
		t.Fatalf("%v, %v", page, err)
	}
	q.Cookie, q.PageSize = page.Cookie, 9
	page, err = run(stored(t, 0, objects[2:]), &q, exact)
	if err != nil || !slices.Equal(ids(page.Result), []string{"c", "d"}) {
		t.Errorf("%v, %v", page, err)
	}
}

func TestForeignCookies(t *testing.T) {
	objects := collection(t)
	first := crest.Query{PageSize: 5}
	page, err := run(stored(t, 1, objects), &first, crest.RunOptions{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	run := func(q crest.Query, m crest.Matching, seed uint64) error {
		q.PageSize = 5
		_, err := run(stored(t, seed, objects), &q, crest.RunOptions{Matching: m, Seed: seed})
		return err
	}
	if err := run(crest.Query{Cookie: page.Cookie}, crest.IgnoreCase, 1); err != nil {
		t.Error(err)
	}
	some, _ := crest.ParseFilter("age gt 20")
	for name, err := range map[string]error{
		"another seed":   run(crest.Query{Cookie: page.Cookie}, crest.IgnoreCase, 2),
		"other matching": run(crest.Query{Cookie: page.Cookie}, crest.Exact, 1),
		"another filter": run(crest.Query{Cookie: page.Cookie, Filter: some}, crest.IgnoreCase, 1),
		"another order":  run(crest.Query{Cookie: page.Cookie, SortKeys: make([]crest.SortKey, 1)}, crest.IgnoreCase, 1),
		"garbage":        run(crest.Query{Cookie: "garbage"}, crest.IgnoreCase, 1),
		"not base64":     run(crest.Query{Cookie: "!!!!"}, crest.IgnoreCase, 1),
		"cut":            run(crest.Query{Cookie: page.Cookie[:len(page.Cookie)-4]}, crest.IgnoreCase, 1),
		"longer":         run(crest.Query{Cookie: page.Cookie + "AAAA"}, crest.IgnoreCase, 1),
	} {
		if errorCode(err) != 400 {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
