package crest_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/store"
)

type queryVector struct {
	vector
	Query     string
	Status    int
	IDs       []string
	Envelope  map[string]any
	Quirks    []string
	More      *bool
	Unordered bool
	Body      map[string]any
	Error     *struct {
		Code    int
		Reason  string
		Message string
	}
	MessageScope string
	Matched      int
	Pages        [][]string
	Truncated    bool
	Total        json.Number `json:"totalPagedResults"`
}

func (v queryVector) params(t *testing.T) crest.Params {
	t.Helper()
	p, err := crest.ParseParams(v.Query)
	if err != nil {
		t.Fatalf("%s: %s: %v", v.ID, v.Query, err)
	}
	return p
}

// run is what an HTTP layer makes of a query: it adds a cookie, if there is one, and projects the results.
func (v queryVector) run(t *testing.T, objects *store.Store, cookie string) (*crest.Page, error) {
	t.Helper()
	q, err := v.params(t).Query()
	if err != nil {
		return nil, err
	}
	if cookie != "" {
		q.Cookie = cookie
	}
	page, err := run(objects, q, crest.RunOptions{Seed: 1})
	if err != nil {
		return nil, err
	}
	for i, object := range page.Result {
		page.Result[i] = crest.Project(object, q.Fields)
	}
	return page, nil
}

func TestQueryVectors(t *testing.T) {
	objects := stored(t, 1, collection(t))
	rows := slices.DeleteFunc(readVectors[queryVector](t, "crest-query.jsonl"), func(row queryVector) bool {
		// IDM knows both, the generic reference knows neither.
		values, _ := url.ParseQuery(row.Query)
		fields := strings.Split(strings.Join(values["_fields"], ","), ",")
		return values.Has("_countOnly") || slices.ContainsFunc(fields, func(f string) bool { return strings.Trim(f, "/") == "*" })
	})
	eachClass(t, rows, func(t *testing.T, row queryVector) {
		if row.Class == "walk" {
			row.testWalk(t, objects)
			return
		}
		page, err := row.run(t, objects, "")
		if row.Status != 200 {
			if errorCode(err) != row.Status || row.MessageScope != "backend" && err.Error() != row.Error.Message {
				t.Errorf("%s: %s: error %v, want %v", row.ID, row.Query, err, row.Error)
			}
			return
		}
		if err != nil {
			t.Errorf("%s: %s: %v", row.ID, row.Query, err)
			return
		}
		row.testPage(t, page)
	})
}

func (v queryVector) testPage(t *testing.T, page *crest.Page) {
	t.Helper()
	body := decode(t, []byte(encode(t, page))).(map[string]any)
	if v.Body != nil && !crest.Equal(body, v.Body) {
		t.Errorf("%s: %s:\ngot  %s\nwant %s", v.ID, v.Query, encode(t, body), encode(t, v.Body))
	}
	if v.IDs != nil {
		got, want := ids(page.Result), slices.Clone(v.IDs)
		if v.Unordered {
			slices.Sort(got)
			slices.Sort(want)
		}
		// Without an order the choice of what is on a part of the whole is free.
		free := v.Unordered && len(want) < v.Matched && len(got) == len(want)
		if !slices.Equal(got, want) && !free {
			t.Errorf("%s: %s: %v, want %v", v.ID, v.Query, got, want)
		}
	}
	if v.Envelope != nil {
		for name, want := range v.Envelope {
			if name != "pagedResultsCookie" && !slices.Contains(v.Quirks, name) && !crest.Equal(body[name], want) {
				t.Errorf("%s: %s: %s is %v, want %v", v.ID, v.Query, name, body[name], want)
			}
		}
		if len(body) != len(v.Envelope)+1 {
			t.Errorf("%s: %s: members %v", v.ID, v.Query, body)
		}
	}
	if v.More != nil && (page.Cookie != "") != *v.More {
		t.Errorf("%s: %s: cookie %q, want one: %v", v.ID, v.Query, page.Cookie, *v.More)
	}
}

func (v queryVector) testWalk(t *testing.T, objects *store.Store) {
	t.Helper()
	var pages [][]string
	cookie, matched := "", 0
	for range len(collection(t)) + 1 {
		page, err := v.run(t, objects, cookie)
		if err != nil {
			t.Errorf("%s: %s: %v", v.ID, v.Query, err)
			return
		}
		if v.Total != "" && v.Total.String() != encode(t, page.Total) {
			t.Errorf("%s: %s: total %d, want %s", v.ID, v.Query, page.Total, v.Total)
		}
		matched += len(page.Result)
		pages = append(pages, ids(page.Result))
		if cookie = page.Cookie; cookie == "" {
			break
		}
	}
	if v.Truncated {
		pages = pages[:min(len(pages), len(v.Pages))]
	}
	if cookie != "" || matched != v.Matched || !slices.EqualFunc(pages, v.Pages, slices.Equal) {
		t.Errorf("%s: %s: %d matches %v, want %d matches %v", v.ID, v.Query, matched, pages, v.Matched, v.Pages)
	}
}
