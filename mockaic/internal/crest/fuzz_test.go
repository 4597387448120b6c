package crest_test

import (
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"aicmcp/mockaic/internal/crest"
)

// The canonical form parses to a filter with the same canonical form and the same matches, where it can: it does not escape
// quotes in strings nor parentheses and brackets in pointers, has more parentheses than the text, and loses an empty last key of a pointer.
func FuzzParseFilter(f *testing.F) {
	type row struct {
		vector
		Filter string
	}
	for _, row := range readVectors[row](f, "crest-filter.jsonl") {
		f.Add(row.Filter)
	}
	f.Add(`userName in '["heidi.1"]' or age ne 5`)
	for _, filter := range []string{
		`emails[type eq "work" and value co "w"]`, `emails[ (true)]`, `!(objs[n[k pr] or ! (k eq "v1]")])`, `a[b[c]/d pr]or x`, `[a pr]`, `/[a pr]`, `a[0]b[c pr]`,
	} {
		f.Add(filter)
	}
	objects := collection(f)
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := crest.ParseFilter(text)
		if err != nil {
			if errorCode(err) != 400 {
				t.Errorf("error %v", err)
			}
			return
		}
		canonical := filter.String()
		lossy := regexp.MustCompile(`[\\']|%2[89]|%5[BbDd]|//`)
		if lossy.MatchString(text) || strings.Count(canonical, "(")+strings.Count(canonical, "[") > 63 {
			return
		}
		again, err := crest.ParseFilter(canonical)
		if err != nil {
			t.Fatalf("%q from %q: %v", canonical, text, err)
		}
		if again.String() != canonical {
			t.Errorf("%q becomes %q", canonical, again)
		}
		for _, object := range objects {
			for _, m := range []crest.Matching{crest.IgnoreCase, crest.Exact} {
				if filter.Match(object, m) != again.Match(object, m) {
					t.Errorf("%q and %q differ on %v", text, canonical, object["_id"])
				}
			}
		}
	})
}

func FuzzParsePointer(f *testing.F) {
	type row struct {
		vector
		Pointer string
	}
	for _, row := range readVectors[row](f, "crest-pointer.jsonl") {
		f.Add(row.Pointer)
	}
	doc := decode(f, readFile(f, "crest-pointer-doc.json"))
	f.Fuzz(func(t *testing.T, text string) {
		p, err := crest.ParsePointer(text)
		if err != nil {
			if errorCode(err) != 400 {
				t.Errorf("error %v", err)
			}
			return
		}
		p.Lookup(doc)
		if len(p) > 0 && p[len(p)-1] == "" {
			return // prints like a pointer without the last key
		}
		if again, err := crest.ParsePointer(p.String()); err != nil || !slices.Equal(again, p) {
			t.Errorf("%q prints as %s, which is %q, %v", []string(p), p, []string(again), err)
		}
	})
}

func FuzzApplyPatch(f *testing.F) {
	type row struct {
		vector
		Before json.RawMessage
		Ops    json.RawMessage
	}
	for _, row := range readVectors[row](f, "crest-patch-idm.jsonl") {
		f.Add([]byte(row.Before), []byte(row.Ops))
	}
	f.Add([]byte(`{"o":{},"l":[1]}`), []byte(`[{"operation":"copy","from":"o","field":"o/o"},{"operation":"copy","from":"l","field":"l/-"}]`))
	f.Fuzz(func(t *testing.T, before, patch []byte) {
		v, _ := crest.DecodeJSON(before)
		doc, ok := v.(map[string]any)
		if !ok {
			return
		}
		body, err := crest.DecodeJSON(patch)
		if err != nil {
			return
		}
		ops, err := crest.ParsePatch(body)
		if err != nil {
			if errorCode(err) != 400 {
				t.Errorf("error %v", err)
			}
			return
		}
		saved := crest.Clone(doc)
		after, modified, err := crest.Apply(doc, ops)
		if !crest.Equal(doc, saved) {
			t.Errorf("Apply changed its argument to %v", doc)
		}
		if err != nil {
			if !slices.Contains([]int{400, 413, 500}, errorCode(err)) {
				t.Errorf("error %v", err)
			}
			return
		}
		if !modified && !crest.Equal(after, doc) {
			t.Errorf("an unmodified object became %v", after)
		}
		text := encode(t, after)
		if len(text) > 6*8<<20 {
			t.Errorf("%d bytes", len(text))
		}
		if again := decode(t, []byte(text)); !crest.Equal(again, after) {
			t.Errorf("%s is not the text of %v", text, after)
		}
	})
}

// A walk of the pages visits each match exactly once, in the order of the query that is not paged.
func FuzzQuery(f *testing.F) {
	for _, row := range readVectors[queryVector](f, "crest-query.jsonl") {
		f.Add(row.Query, uint64(1))
	}
	for _, filter := range lookups {
		f.Add("_pageSize=3&_queryFilter="+url.QueryEscape(filter), uint64(2))
	}
	objects := collection(f)
	f.Fuzz(func(t *testing.T, raw string, seed uint64) {
		p, err := crest.ParseParams(raw)
		if err != nil {
			return
		}
		q, err := p.Query()
		if err != nil {
			if code := errorCode(err); code != 400 && code != 501 {
				t.Errorf("error %v", err)
			}
			return
		}
		searched, indexed := stored(t, seed, objects), stored(t, seed, objects, properties...)
		for _, m := range []crest.Matching{crest.IgnoreCase, crest.Exact} {
			o := crest.RunOptions{Matching: m, Seed: seed}
			page, err := run(indexed, q, o)
			if same, _ := run(searched, q, o); !reflect.DeepEqual(page, same) {
				t.Errorf("with indexes %v, without %v", page, same)
			}
			if err != nil && (q.Cookie == "" || errorCode(err) != 400) {
				t.Errorf("error %v", err)
			}
			whole := *q
			whole.PageSize, whole.Offset, whole.CountOnly, whole.Cookie = 0, 0, false, ""
			all, err := run(searched, &whole, o)
			if err != nil {
				t.Fatal(err)
			}
			matches := slices.DeleteFunc(slices.Clone(objects), func(o map[string]any) bool { return !q.Filter.Match(o, m) })
			want := ids(all.Result)
			if got := slices.Sorted(slices.Values(want)); !slices.Equal(got, ids(matches)) {
				t.Errorf("%v, want %v", got, ids(matches))
			}
			walk := whole
			walk.PageSize = 1 + q.PageSize%17
			var got []string
			for range len(objects) + 1 {
				page, err := run(indexed, &walk, o)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, ids(page.Result)...)
				if walk.Cookie = page.Cookie; walk.Cookie == "" {
					break
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("the walk by %d visits %v, want %v", walk.PageSize, got, want)
			}
		}
	})
}

// ParseParams agrees with the standard library on what it accepts.
func FuzzParseParams(f *testing.F) {
	for _, row := range readVectors[queryVector](f, "crest-query.jsonl") {
		f.Add(row.Query)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		p, err := crest.ParseParams(raw)
		values, urlErr := url.ParseQuery(raw)
		if strings.Contains(raw, ";") { // refused by the standard library only
			return
		}
		if (err == nil) != (urlErr == nil) {
			t.Fatalf("error %v, want %v", err, urlErr)
		}
		if err != nil {
			if e := new(crest.Error); !errors.As(err, &e) {
				t.Errorf("error %v", err)
			}
			return
		}
		for name := range maps.Keys(values) {
			if _, ok := p.Get(strings.ToValidUTF8(name, "\ufffd")); !ok {
				t.Errorf("%q is lost", name)
			}
		}
	})
}
