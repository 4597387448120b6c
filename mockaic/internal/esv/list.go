package esv

import (
	"fmt"
	"net/http"
	"strconv"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/store"
)

// maxPage is the largest _pageSize.
const maxPage = 100

// list answers a query: its members are in alphabetical order, unlike CREST's.
func (s *Service) list(q *request, collection string) (answer, error) {
	query := &crest.Query{SortKeys: []crest.SortKey{{Field: crest.Pointer{"_id"}}}}
	var err error
	if filter, given := q.params.Get("_queryFilter"); given {
		if query.Filter, err = crest.ParseFilter(filter); err != nil {
			return nil, refuse(http.StatusBadRequest, "The value of _queryFilter could not be parsed as a valid query filter")
		}
	}
	if keys, given := q.params.Get("_sortKeys"); given {
		if query.SortKeys, err = crest.ParseSortKeys(keys); err != nil || len(query.SortKeys) == 0 {
			return nil, refuse(http.StatusBadRequest, "The value of _sortKeys could not be parsed as a list of sort keys")
		}
	}
	if size, given := q.params.Get("_pageSize"); given {
		if query.PageSize, err = pageSize(size); err != nil {
			return nil, err
		}
	}
	query.Cookie, _ = q.params.Get("_pagedResultsCookie")
	var objects []store.Object
	s.options.Store.View(func(tx *store.Tx) {
		for _, object := range tx.All(collection) {
			if !q.onlyPending() || object["loaded"] == false {
				objects = append(objects, shown(object))
			}
		}
	})
	page, err := query.Run(crest.NewList(objects, crest.Order(s.options.Seed)), crest.RunOptions{Seed: s.options.Seed})
	if err != nil {
		return nil, err
	}
	var cookie any
	if page.Cookie != "" {
		cookie = page.Cookie
	}
	return map[string]any{
		"pagedResultsCookie": cookie, "remainingPagedResults": -1, "result": page.Result,
		"resultCount": len(page.Result), "totalPagedResults": -1, "totalPagedResultsPolicy": "NONE",
	}, nil
}

func pageSize(value string) (int, error) {
	n, err := strconv.Atoi(value)
	why := ""
	switch {
	case err != nil:
		why = fmt.Sprintf("value %s: an invalid integer", value)
	case n > maxPage:
		why = fmt.Sprintf("number must be at most %d", maxPage)
	case n < 0:
		why = "number must be at least 0"
	}
	if why != "" {
		return 0, refuse(http.StatusBadRequest, fmt.Sprintf("parameter %q in query has an error: %s", "_pageSize", why))
	}
	return n, nil
}

// onlyPending tells whether a request asks for what waits for a restart.
func (q *request) onlyPending() bool {
	value, _ := q.params.Get("_onlyPending")
	return value == "true"
}

func (s *Service) count(q *request) (answer, error) {
	counts := map[string]any{}
	s.options.Store.View(func(tx *store.Tx) {
		for name, collection := range map[string]string{"variables": variables, "secrets": secrets} {
			n := 0
			for _, object := range tx.All(collection) {
				if !q.onlyPending() || object["loaded"] == false {
					n++
				}
			}
			counts[name] = n
		}
	})
	return counts, nil
}
