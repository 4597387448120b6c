package cases

import (
	"net/http"
	"slices"
	"strconv"

	c "aicmcp/conformance"
)

// flock is a set of objects that a case made, told from others by their group.
type flock struct {
	t     *c.T
	group string
}

// newFlock creates objects. Each has a name, by which the cases know it.
func newFlock(t *c.T, objects ...object) flock {
	f := flock{t, t.Fresh("flock")}
	for _, o := range objects {
		f.add(o)
	}
	return f
}

func (f flock) add(o object) (id string) {
	o["group"] = f.group
	id, _ = create(f.t, open(f.t), o)
	return id
}

// numbered creates objects with n = 0, 1, ... and names to match.
func numbered(t *c.T, count int) flock {
	f := newFlock(t)
	for n := range count {
		f.add(object{"name": "n" + strconv.Itoa(n), "n": n})
	}
	return f
}

// find queries the flock.
func (f flock) find(filter string, pairs ...string) *c.Response {
	return query(f.t, open(f.t), eq("group", f.group)+" and ("+filter+")", pairs...)
}

// finds checks whose names a filter matches, in any order.
func (f flock) finds(filter string, names ...string) {
	got := []string{}
	for _, name := range column(f.find(filter), "name") {
		text, _ := name.(string)
		got = append(got, text)
	}
	slices.Sort(got)
	slices.Sort(names)
	f.t.Equal("names found by "+filter, append([]string{}, names...), got)
}

// refuses checks that a filter is refused.
func (f flock) refuses(filter string) *c.Response {
	res := f.t.Get(open(f.t), c.Query("_queryFilter", filter))
	checkError(f.t, res, http.StatusBadRequest)
	return res
}

// walk follows the cookies from page to page through the flock.
func (f flock) walk(size int, between func(page int), pairs ...string) (names []any) {
	return walk(f.t, open(f.t), eq("group", f.group), "name", size, between, pairs...)
}

// walk follows the cookies from page to page and lists a member of all that it
// finds. A function may do something in between.
func walk(t *c.T, collection, filter, member string, size int, between func(page int), pairs ...string) (values []any) {
	pairs = append([]string{"_pageSize", strconv.Itoa(size)}, pairs...)
	cookie := ""
	for page := 1; page <= 20; page++ {
		more := pairs
		if cookie != "" {
			more = append(slices.Clone(pairs), "_pagedResultsCookie", cookie)
		}
		res := query(t, collection, filter, more...)
		t.True("a page holds at most the page size", len(res.List("result")) <= size)
		values = append(values, column(res, member)...)
		if res.At("pagedResultsCookie") == nil {
			return values
		}
		if cookie = res.Text("pagedResultsCookie"); cookie == "" {
			t.Fatalf("the cookie is neither null nor a text: %s", res.Raw)
		}
		if between != nil {
			between(page)
		}
	}
	t.Fatalf("there is no end to the pages")
	return nil
}

var querying = []c.Case{
	{
		ID:    "query/envelope/members",
		Title: "the envelope has its six members, and no count unless asked for",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refEnvelope, Writes: true,
		Run: func(t *c.T) {
			f := numbered(t, 2)
			res := f.find("true")
			t.Has("envelope", res.Body, "result")
			t.Equal("envelope without result", object{
				"resultCount": 2, "pagedResultsCookie": nil, "totalPagedResultsPolicy": "NONE",
				"totalPagedResults": -1, "remainingPagedResults": -1,
			}, without(res.Body, "result"))
			t.Equal("number of results", 2, len(res.List("result")))
		},
	}, {
		ID:    "query/envelope/empty",
		Title: "a query without a hit is a normal, empty page",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refEnvelope, Writes: true,
		Run: func(t *c.T) {
			f := numbered(t, 1)
			f.finds("true", "n0")
			res := f.find(`name eq "nobody"`)
			t.Equal("result", []any{}, res.At("result"))
			t.Equal("resultCount", 0, res.At("resultCount"))
			t.Equal("pagedResultsCookie", nil, res.At("pagedResultsCookie"))
		},
	}, {
		ID:    "query/envelope/objects",
		Title: "a result is the object as a read gives it",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: "documented (CREST): results are objects of the collection; whether all of a read's properties come along was not recorded", Writes: true,
		Run: func(t *c.T) {
			f := newFlock(t)
			id := f.add(object{"name": "a", "n": 1})
			t.Equal("result", []any{read(t, at(open(t), id)).Body}, f.find("true").At("result"))
		},
	}, {
		ID:    "query/fields/limited",
		Title: "_fields limits each result to the fields, _id and _rev",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refRead, Writes: true,
		Run: func(t *c.T) {
			f := newFlock(t)
			id := f.add(object{"name": "a", "other": 1})
			entry := c.At(f.find("true", "_fields", "name").Body, "result", 0)
			t.Equal("result", object{"_id": id, "name": "a"}, without(entry, "_rev"))
			t.True("_rev is there", c.Text(entry, "_rev") != "")
		},
	}, {
		ID:    "query/filter/eq",
		Title: "eq finds equal texts and no others",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refFilter, Writes: true,
		Run: func(t *c.T) {
			f := newFlock(t, object{"name": "a", "s": "Fox"}, object{"name": "b", "s": "foxes"}, object{"name": "c"})
			f.finds(`s eq "Fox"`, "a")
			f.finds(`/s eq "foxes"`, "b")
			f.finds(`s eq "ox"`)
		},
	}, {
		ID:    "query/filter/user-attributes",
		Title: "the directory compares a user's attributes without regard to case",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: refMatching, Writes: true,
		Run: func(t *c.T) {
			user := newUser(t)
			user["givenName"] = "MiXeD"
			id, _ := create(t, users, user)
			for _, filter := range []string{`givenName eq "mixed"`, `givenName sw "MIX"`, `givenName co "IXE"`} {
				res := query(t, users, eq("userName", user["userName"].(string))+" and "+filter)
				t.Equal("users found by "+filter, []any{id}, column(res, "_id"))
			}
			res := query(t, users, eq("userName", user["userName"].(string))+` and givenName eq "mixe"`)
			t.Equal("users of another name", []any{}, column(res, "_id"))
		},
	}, {
		ID:    "query/filter/co-sw",
		Title: "co finds parts and sw beginnings",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refFilter, Writes: true,
		Run: func(t *c.T) {
			f := newFlock(t, object{"name": "a", "s": "red fox"}, object{"name": "b", "s": "foxglove"}, object{"name": "c", "s": "hen"})
			f.finds(`s co "fox"`, "a", "b")
			f.finds(`s sw "fox"`, "b")
			f.finds(`s co "cow"`)
		},
	}, {
		ID:    "query/filter/ignore-case",
		Title: "texts of a type without a schema are compared without regard to case too",
		Level: c.Should, Needs: []c.Feature{c.OpenType}, Ref: refMatching, Writes: true,
		Run: func(t *c.T) {
			f := newFlock(t, object{"name": "a", "s": "Red Fox"}, object{"name": "b", "s": "hen"})
			f.finds(`s eq "rED fOX"`, "a")
			f.finds(`s co "FOX"`, "a")
			f.finds(`s sw "rED"`, "a")
		},
	}, {
		ID:    "query/filter/and-or",
		Title: "and binds closer than or, and parentheses bind closer yet",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refFilter, Writes: true,
		Run: func(t *c.T) {
			f := newFlock(t, object{"name": "a", "x": 1, "y": 1}, object{"name": "b", "x": 1, "y": 2}, object{"name": "c", "x": 2, "y": 2})
			f.finds(`x eq 1 or x eq 2 and y eq 1`, "a", "b")
			f.finds(`(x eq 1 or x eq 2) and y eq 1`, "a")
			f.finds(`x eq 1 AND y eq 2 OR x eq 2`, "b", "c")
		},
	}, {
		ID:    "query/filter/three-terms",
		Title: "and and or join more than two terms",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refFilter, Writes: true,
		Run: func(t *c.T) {
			f := newFlock(t, object{"name": "a", "x": 1, "y": 1, "z": 1}, object{"name": "b", "x": 1, "y": 1, "z": 2},
				object{"name": "c", "x": 2, "y": 1, "z": 1}, object{"name": "d", "x": 1, "y": 2, "z": 1}, object{"name": "e"})
			f.finds(`x eq 1 and y eq 1 and z eq 1`, "a")
			f.finds(`x eq 2 or y eq 2 or z eq 2`, "b", "c", "d")
		},
	}, {
		ID:    "query/filter/not",
		Title: "! turns a filter round, and so finds objects without the field too",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: "documented: ! negates; that objects without the field are found is the reference implementation's", Writes: true,
		Run: func(t *c.T) {
			f := newFlock(t, object{"name": "a", "x": 1}, object{"name": "b", "x": 2}, object{"name": "c"})
			f.finds(`!(x eq 1)`, "b", "c")
			f.finds(`!(!(x eq 1))`, "a")
		},
	}, {
		ID:    "query/filter/presence",
		Title: "pr finds objects that have the field",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refFilter, Writes: true,
		Run: func(t *c.T) {
			f := newFlock(t, object{"name": "a", "x": 1, "in": object{"k": "v"}}, object{"name": "b"})
			f.finds(`x pr`, "a")
			f.finds(`in/k pr`, "a")
			f.finds(`!(x pr)`, "b")
		},
	}, {
		ID:    "query/filter/presence-empty",
		Title: "a field is there even if it holds null, false or an empty text",
		Level: c.Should, Needs: []c.Feature{c.OpenType}, Ref: refReference, Writes: true,
		Run: func(t *c.T) {
			f := newFlock(t, object{"name": "a", "x": nil}, object{"name": "b", "x": false}, object{"name": "c", "x": ""}, object{"name": "d"})
			f.finds(`x pr`, "a", "b", "c")
		},
	}, {
		ID:    "query/filter/texts",
		Title: "gt, ge, lt and le compare texts by their order",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refFilter, Writes: true,
		Run: func(t *c.T) {
			f := newFlock(t, object{"name": "apple"}, object{"name": "banana"}, object{"name": "cherry"})
			f.finds(`name gt "banana"`, "cherry")
			f.finds(`name ge "banana"`, "banana", "cherry")
			f.finds(`name lt "banana"`, "apple")
			f.finds(`name le "banana"`, "apple", "banana")
		},
	}, {
		ID:    "query/filter/numbers",
		Title: "gt, ge, lt and le compare numbers as numbers",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refFilter, Writes: true,
		Run: func(t *c.T) {
			f := newFlock(t, object{"name": "a", "n": 9}, object{"name": "b", "n": 10}, object{"name": "c", "n": 10.5}, object{"name": "d", "n": -100})
			f.finds(`n gt 9`, "b", "c")
			f.finds(`n ge 9`, "a", "b", "c")
			f.finds(`n lt 10`, "a", "d")
			f.finds(`n le 10`, "a", "b", "d")
			f.finds(`n gt 10.25`, "c")
		},
	}, {
		ID:    "query/filter/booleans",
		Title: "true and false are values of their own",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refFilter, Writes: true,
		Run: func(t *c.T) {
			f := newFlock(t, object{"name": "a", "on": true}, object{"name": "b", "on": false}, object{"name": "c"})
			f.finds(`on eq true`, "a")
			f.finds(`on eq false`, "b")
		},
	}, {
		ID:    "query/filter/lists",
		Title: "a comparison with a list is true if an element meets it",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refReference, Writes: true,
		Run: func(t *c.T) {
			f := newFlock(t, object{"name": "a", "tags": []any{"x", "y"}}, object{"name": "b", "tags": []any{"z"}}, object{"name": "c", "tags": []any{}})
			f.finds(`tags eq "y"`, "a")
			f.finds(`tags sw "z" or tags eq "x"`, "a", "b")
		},
	}, {
		ID:    "query/filter/types",
		Title: "a text is never equal to a number that looks like it",
		Level: c.Should, Needs: []c.Feature{c.OpenType}, Ref: refReference, Writes: true,
		Run: func(t *c.T) {
			f := newFlock(t, object{"name": "a", "v": "42"}, object{"name": "b", "v": 42})
			f.finds(`v eq "42"`, "a")
			f.finds(`v eq 42`, "b")
		},
	}, {
		ID:    "query/filter/literal",
		Title: "quotes, backslashes and operators in an escaped value are only text",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refFilter, Writes: true,
		Run: func(t *c.T) {
			values := []string{`say "hi"`, `C:\temp\`, `x" or true or name eq "`, `a' or 'b`, `100% *(&)+`, `Ä日本`}
			f := newFlock(t)
			for _, v := range values {
				f.add(object{"name": v, "s": v})
			}
			for _, v := range values {
				f.finds(eq("s", v), v)
			}
			f.finds(eq("s", `" or true or s eq "`))
		},
	}, {
		ID:    "query/filter/single-quotes",
		Title: "a text may stand in single quotes",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: "recorded on tenants for /openidm/config, documented for managed objects", Writes: true,
		Run: func(t *c.T) {
			f := newFlock(t, object{"name": "a"}, object{"name": "b"})
			f.finds(`name eq 'a'`, "a")
		},
	}, {
		ID:    "query/filter/malformed",
		Title: "a filter that is none is 400",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refBadFilter, Writes: true,
		Run: func(t *c.T) {
			f := newFlock(t, object{"name": "a"})
			f.finds("true", "a")
			for _, filter := range []string{`name eq`, `name eq "a`, `(name pr`, `name eq a`, `name = "a"`, `not (name pr)`, `name pr and`, `name eq "a" "b"`, ``} {
				f.refuses(filter)
			}
		},
	}, {
		ID:    "query/filter/unknown-operator",
		Title: "an operator that does not exist is 400 and named",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refBadFilter, Writes: true,
		Run: func(t *c.T) {
			f := newFlock(t, object{"name": "a"})
			res := f.refuses(`name ne "b"`)
			t.Contains("message", "unrecognized or unsupported filter operator", res.Text("message"))
			t.Contains("message", "ne", res.Text("message"))
		},
	}, {
		ID:    "query/sort/ascending-descending",
		Title: "_sortKeys orders by a field, numbers as numbers, - turns it round",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refSort, Writes: true,
		Run: func(t *c.T) {
			f := newFlock(t, object{"name": "c", "n": 10}, object{"name": "a", "n": 9}, object{"name": "b", "n": 100})
			for keys, want := range map[string][]string{
				"name": {"a", "b", "c"}, "+name": {"a", "b", "c"}, "-name": {"c", "b", "a"}, "n": {"a", "c", "b"}, "-/n": {"b", "c", "a"},
			} {
				t.Equal("names by "+keys, want, column(f.find("true", "_sortKeys", keys), "name"))
			}
		},
	}, {
		ID:    "query/sort/two-keys",
		Title: "a second sort key decides where the first is equal",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refSort, Writes: true,
		Run: func(t *c.T) {
			f := newFlock(t, object{"name": "a", "n": 2}, object{"name": "b", "n": 1}, object{"name": "c", "n": 1})
			t.Equal("names", []string{"c", "b", "a"}, column(f.find("true", "_sortKeys", "n,-name"), "name"))
		},
	}, {
		ID:    "query/sort/missing-last",
		Title: "objects without the field come last, in both directions",
		Level: c.Should, Needs: []c.Feature{c.OpenType}, Ref: refReference, Writes: true,
		Run: func(t *c.T) {
			f := newFlock(t, object{"name": "none"}, object{"name": "a", "n": 1}, object{"name": "b", "n": 2})
			t.Equal("names", []string{"a", "b", "none"}, column(f.find("true", "_sortKeys", "n"), "name"))
			t.Equal("names, descending", []string{"b", "a", "none"}, column(f.find("true", "_sortKeys", "-n"), "name"))
		},
	}, {
		ID:    "query/sort/ignore-case",
		Title: "texts are ordered without regard to case",
		Level: c.Should, Needs: []c.Feature{c.OpenType}, Ref: refMatching, Writes: true,
		Run: func(t *c.T) {
			f := newFlock(t, object{"name": "Cherry"}, object{"name": "apple"}, object{"name": "Banana"})
			t.Equal("names", []string{"apple", "Banana", "Cherry"}, column(f.find("true", "_sortKeys", "name"), "name"))
		},
	}, {
		ID:    "query/page/walk",
		Title: "a walk by cookies visits each object once, and the last cookie is null",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refPaging, Writes: true,
		Run: func(t *c.T) {
			f := numbered(t, 5)
			t.Equal("names", []string{"n0", "n1", "n2", "n3", "n4"}, f.walk(2, nil, "_sortKeys", "n"))
			t.Equal("names in one page", 5, len(f.walk(5, nil, "_sortKeys", "n")))
		},
	}, {
		ID:    "query/page/unsorted",
		Title: "a walk without sort keys visits each object once as well",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refPaging, Writes: true,
		Run: func(t *c.T) {
			seen := map[any]int{}
			for _, name := range numbered(t, 5).walk(2, nil) {
				seen[name]++
			}
			t.Equal("visits", object{"n0": 1, "n1": 1, "n2": 1, "n3": 1, "n4": 1}, counts(seen))
		},
	}, {
		ID:    "query/page/changes",
		Title: "objects that come and go between pages do not make others be missed or seen twice",
		Level: c.Should, Needs: []c.Feature{c.OpenType}, Ref: "no promise of a tenant is known; a cookie that names a place by its sort keys, as documented examples do, has this property", Writes: true,
		Run: func(t *c.T) {
			f := newFlock(t)
			first := f.add(object{"name": "n0", "n": 0})
			for n := 1; n < 6; n++ {
				f.add(object{"name": "n" + strconv.Itoa(n), "n": n})
			}
			names := f.walk(2, func(page int) {
				if page == 1 {
					t.Status(http.StatusOK, t.Delete(at(open(t), first)))
					f.add(object{"name": "early", "n": -1})
				}
			}, "_sortKeys", "n")
			t.Equal("names", []string{"n0", "n1", "n2", "n3", "n4", "n5"}, names)
		},
	}, {
		ID:    "query/page/exactly-full",
		Title: "a last page that is exactly full has no cookie",
		Level: c.Should, Needs: []c.Feature{c.OpenType}, Ref: refPaging, Writes: true,
		Run: func(t *c.T) {
			f := numbered(t, 4)
			pages := 1
			t.Equal("number of names", 4, len(f.walk(2, func(int) { pages++ }, "_sortKeys", "n")))
			t.Equal("pages", 2, pages)
			t.Equal("cookie of the only page", nil, f.find("true", "_sortKeys", "n", "_pageSize", "4").At("pagedResultsCookie"))
		},
	}, {
		ID:    "query/page/foreign-cookie",
		Title: "a cookie of another query is refused with 400",
		Level: c.Should, Needs: []c.Feature{c.OpenType}, Ref: "inferred: a cookie names a place in the order of its own query", Writes: true,
		Run: func(t *c.T) {
			f := numbered(t, 3)
			cookie := f.find("true", "_sortKeys", "n", "_pageSize", "1").Text("pagedResultsCookie")
			t.True("there is a cookie", cookie != "")
			checkError(t, t.Get(open(t), c.Query("_queryFilter", eq("group", f.group), "_sortKeys", "-name", "_pageSize", "1",
				"_pagedResultsCookie", cookie)), http.StatusBadRequest)
		},
	}, {
		ID:    "query/page/offset",
		Title: "an offset counts results",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refOffset, Writes: true,
		Run: func(t *c.T) {
			f := numbered(t, 5)
			res := f.find("true", "_sortKeys", "n", "_pageSize", "2", "_pagedResultsOffset", "3")
			t.Equal("names", []string{"n3", "n4"}, column(res, "name"))
		},
	}, {
		ID:    "query/page/count",
		Title: "a count that says EXACT is exact",
		Level: c.Should, Needs: []c.Feature{c.OpenType}, Ref: refCount, Writes: true,
		Run: func(t *c.T) {
			f := numbered(t, 3)
			res := f.find("true", "_pageSize", "2", "_totalPagedResultsPolicy", "EXACT")
			t.Equal("results", 2, len(res.List("result")))
			switch policy := res.Text("totalPagedResultsPolicy"); policy {
			case "EXACT":
				t.Equal("totalPagedResults", 3, res.At("totalPagedResults"))
			case "ESTIMATE", "NONE":
				// Tenants may fall back to these, without a promise on the number.
			default:
				t.Fatalf("there is no count policy %q", policy)
			}
		},
	}, {
		ID:    "query/params/exclusive",
		Title: "two kinds of query, or a cookie with an offset, are 400",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refParams, Writes: true,
		Run: func(t *c.T) {
			f := numbered(t, 3)
			cookie := f.find("true", "_pageSize", "1", "_sortKeys", "n").Text("pagedResultsCookie")
			t.True("there is a cookie", cookie != "")
			both := t.Get(open(t), c.Query("_queryFilter", "true", "_queryId", "query-all"))
			checkError(t, both, http.StatusBadRequest)
			t.Contains("message", "mutually exclusive", both.Text("message"))
			checkError(t, t.Get(open(t), c.Query("_queryFilter", "true", "_pageSize", "1", "_pagedResultsCookie", cookie, "_pagedResultsOffset", "1")), http.StatusBadRequest)
		},
	}, {
		ID:    "query/params/malformed",
		Title: "a page size, a count policy or a sort key that is none is 400",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refParams, Writes: true,
		Run: func(t *c.T) {
			f := numbered(t, 1)
			f.finds("true", "n0")
			for _, pair := range [][2]string{{"_pageSize", "many"}, {"_pagedResultsOffset", "1.5"}, {"_totalPagedResultsPolicy", "SOME"}, {"_sortKeys", "a,,b"}} {
				res := t.Get(open(t), c.Query("_queryFilter", "true", pair[0], pair[1]))
				checkError(t, res, http.StatusBadRequest)
			}
		},
	}, {
		ID:    "query/params/unknown",
		Title: "an unknown parameter with an underscore is 400, one without is ignored",
		Level: c.Should, Needs: []c.Feature{c.OpenType}, Ref: refBinding, Writes: true,
		Run: func(t *c.T) {
			f := numbered(t, 1)
			t.Equal("names", []string{"n0"}, column(f.find("true", "conformance", "1"), "name"))
			checkError(t, t.Get(open(t), c.Query("_queryFilter", "true", "_conformance", "1")), http.StatusBadRequest)
		},
	},
}

// counts makes a document of counted texts.
func counts(seen map[any]int) object {
	doc := object{}
	for name, n := range seen {
		text, _ := name.(string)
		doc[text] = n
	}
	return doc
}
