package cases

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	c "aicmcp/conformance"
)

var esvCollections = []string{variables, secrets}

// esvLists are the cases about the lists of variables and secrets, which are
// asked for in the same way.
var esvLists = []c.Case{
	{
		ID:    "esv/list/envelope",
		Title: "a list without parameters has all on one page, and is not counted",
		Level: c.Must, Needs: esvsNeeded, Ref: refESVList,
		Run: func(t *c.T) {
			checkReady(t)
			for _, collection := range esvCollections {
				res := t.Get(collection)
				t.Status(http.StatusOK, res)
				t.True("there is a list", res.List("result") != nil)
				t.Equal("page", object{
					"resultCount": len(res.List("result")), "pagedResultsCookie": nil, "totalPagedResultsPolicy": "NONE",
					"totalPagedResults": -1, "remainingPagedResults": -1,
				}, without(res.Body, "result"))
			}
		},
	}, {
		ID:    "esv/list/member-order",
		Title: "the members of a list are in alphabetical order",
		Level: c.Should, Needs: esvsNeeded, Ref: "recorded on tenants: the order of the members; JSON gives it no meaning", Writes: true,
		Run: func(t *c.T) {
			f := newESVs(t, variables, 1)
			text := string(f.find().Raw)
			checkOrder(t, text, "pagedResultsCookie", "remainingPagedResults", "result", "resultCount", "totalPagedResults", "totalPagedResultsPolicy")
			checkOrder(t, text, "_id", "description", "expressionType", "lastChangeDate", "lastChangedBy", "loaded", "valueBase64")
		},
	}, {
		ID:    "esv/list/whole",
		Title: "a list has each variable and secret as a read of it has",
		Level: c.Must, Needs: esvsNeeded, Ref: refESVList, Writes: true,
		Run: func(t *c.T) {
			for _, collection := range esvCollections {
				f := newESVs(t, collection, 2)
				list := t.Get(collection).List("result")
				for _, id := range f.ids {
					i := slices.IndexFunc(list, func(one any) bool { return c.Text(one, "_id") == id })
					if i < 0 {
						t.Fatalf("%s is not listed", id)
					}
					t.Equal("ESV in the list", readESV(t, collection, id).Body, list[i])
				}
			}
		},
	}, {
		ID:    "esv/list/sorted",
		Title: "a list without sort keys is in the order of the names",
		Level: c.Must, Needs: esvsNeeded, Ref: refESVList, Writes: true,
		Run: func(t *c.T) {
			for _, collection := range esvCollections {
				f := newESVs(t, collection, 4)
				t.Equal("names", f.ids, column(f.find(), "_id"))
			}
		},
	}, {
		ID:    "esv/list/filter",
		Title: "a filter on /_id finds those whose names have the text, and true all",
		Level: c.Must, Needs: esvsNeeded, Ref: refESVQuery, Writes: true,
		Run: func(t *c.T) {
			for _, collection := range esvCollections {
				f := newESVs(t, collection, 3)
				t.Equal("names with their common part", f.ids, column(f.find(), "_id"))
				t.Equal("names with one's own part", f.ids[1:2], column(query(t, collection, `/_id co "`+f.part+`-1"`), "_id"))
				t.Equal("names that nobody has", []any{}, column(query(t, collection, `/_id co "`+f.part+`-x"`), "_id"))
				all := column(query(t, collection, "true"), "_id")
				for _, id := range f.ids {
					t.True(id+" is among all", slices.Contains(all, any(id)))
				}
			}
		},
	}, {
		ID:    "esv/list/sort-keys",
		Title: "_sortKeys orders a list, with a minus in descending order",
		Level: c.Must, Needs: esvsNeeded, Ref: refESVQuery, Writes: true,
		Run: func(t *c.T) {
			for _, collection := range esvCollections {
				f := newESVs(t, collection, 3)
				t.Equal("names", f.ids, column(f.find("_sortKeys", "_id"), "_id"))
				t.Equal("names in descending order", backwards(f.ids), column(f.find("_sortKeys", "-_id"), "_id"))
			}
		},
	}, {
		ID:    "esv/list/page-size",
		Title: "a page of 100 can be asked for, and one of 101 cannot",
		Level: c.Must, Needs: esvsNeeded, Ref: refPageSize,
		Run: func(t *c.T) {
			for _, collection := range esvCollections {
				query(t, collection, "true", "_pageSize", "100")
				checkESVError(t, t.Get(collection, c.Query("_queryFilter", "true", "_pageSize", "101")), http.StatusBadRequest,
					`parameter "_pageSize" in query has an error: number must be at most 100`)
			}
		},
	}, {
		ID:    "esv/list/pages",
		Title: "cookies lead from page to page, each name comes once, and the last page has no cookie",
		Level: c.Must, Needs: esvsNeeded, Ref: refESVQuery, Writes: true,
		Run: func(t *c.T) {
			for _, collection := range esvCollections {
				f := newESVs(t, collection, 5)
				t.Equal("names on all pages", f.ids, f.walk(2))
				t.Equal("names in descending order", backwards(f.ids), f.walk(3, "_sortKeys", "-_id"))
			}
		},
	}, {
		ID:    "esv/list/pending",
		Title: "_onlyPending lists what waits for a restart",
		Level: c.Must, Needs: esvsNeeded, Ref: "documented: _onlyPending of the lists; recorded on tenants for the count", Writes: true,
		Run: func(t *c.T) {
			waits, body := newESVs(t, secrets, 2), newSecret(t, "generic", freshValue(t))
			body["useInPlaceholders"] = false
			putESV(t, secrets, "esv-"+waits.part+"-loaded", body)
			t.Equal("number of secrets", 3, len(waits.find().List("result")))
			t.Equal("secrets that wait", waits.ids, column(waits.find("_onlyPending", "true"), "_id"))
			f := newESVs(t, variables, 1)
			t.Equal("variables that wait", f.ids, column(f.find("_onlyPending", "true"), "_id"))
		},
	},
}

// esvFlock are some variables or secrets whose names have a part in common.
type esvFlock struct {
	t          *c.T
	collection string
	part       string
	ids        []string // in alphabetical order
}

// newESVs makes variables or secrets, the last one first.
func newESVs(t *c.T, collection string, count int) esvFlock {
	f := esvFlock{t, collection, t.Fresh("flock"), make([]string, count)}
	for i := count - 1; i >= 0; i-- {
		f.ids[i] = fmt.Sprintf("esv-%s-%d", f.part, i)
		body := newVariable("int", strconv.Itoa(i))
		if collection == secrets {
			body = newSecret(t, "generic", freshValue(t))
		}
		putESV(t, collection, f.ids[i], body)
	}
	return f
}

func (f esvFlock) filter() string { return `/_id co "` + f.part + `"` }

func (f esvFlock) find(pairs ...string) *c.Response {
	return query(f.t, f.collection, f.filter(), pairs...)
}

// walk follows the cookies from page to page.
func (f esvFlock) walk(size int, pairs ...string) []any {
	return walk(f.t, f.collection, f.filter(), "_id", size, nil, pairs...)
}

func backwards(ids []string) []string {
	ids = slices.Clone(ids)
	slices.Reverse(ids)
	return ids
}

// checkOrder checks that the first occurrences of some members follow one another
// in a JSON text.
func checkOrder(t *c.T, text string, members ...string) {
	var places []int
	for _, member := range members {
		places = append(places, strings.Index(text, `"`+member+`":`))
	}
	t.True("all members are there", places[0] >= 0 && !slices.Contains(places, -1))
	t.Equal("places of the members", slices.Sorted(slices.Values(places)), places)
}
