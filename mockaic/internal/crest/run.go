package crest

import "iter"

// Record is an object that need not be a map. Objects that are its members may be records, too, but not those in arrays.
type Record = interface {
	Member(name string) (any, bool)
	Object() map[string]any
}

// Collection is what a query selects from: objects that each have their id in the string member _id, in an order of the collection by
// place and then by id. Its iterators give the place of an object and the object.
type Collection interface {
	Len() int
	// Ascend walks through the objects from a place and an id on, in order.
	Ascend(place uint64, id string) iter.Seq2[uint64, Record]
	// Indexed reports whether Equal and Prefix can look up objects by a property, or by one of an object in it, as in a/b.
	Indexed(property string) bool
	// Equal walks, from a place and an id on and in order, through all objects whose property has the same [Fold] as value, or is an
	// array with such a member.
	Equal(property, value string, place uint64, id string) iter.Seq2[uint64, Record]
	// Prefix walks through all objects whose property, folded, begins with the folded value. It may visit an object several times.
	Prefix(property, value string) iter.Seq2[uint64, Record]
}

// RunOptions tell how to run a query.
type RunOptions struct {
	Matching Matching
	// Seed identifies the order of the collection. The cookies of a query without sort keys hold for this order only.
	Seed uint64
	// View, unless it is nil, returns an object as it is to be filtered and sorted, for instance with more properties. It must not
	// change the properties that are indexed. The page has the object itself.
	View func(map[string]any) map[string]any
}

// Run filters, orders and pages a collection. The page shares the objects' values and does not apply Fields.
//
// Objects with equal sort keys are in ascending order of their ids. Without sort keys the order is that of the collection. Errors are
// of type [*Error].
func (q *Query) Run(c Collection, o RunOptions) (*Page, error) {
	r := run{q, c, o, q.order(o.Matching)}
	page := &Page{Result: []map[string]any{}, Total: -1, Remaining: -1}
	paged := q.PageSize > 0
	counted := q.CountOnly || paged && q.CountPolicy != CountNone
	all := q.Filter == nil || q.Filter.root.kind == constant && q.Filter.root.value
	if q.CountOnly {
		// That a count comes without results and always exact is inferred from the documentation of CREST 2.2.
		page.Policy, page.Total = CountExact, c.Len()
		if !all {
			page.Total = r.count()
		}
		return page, nil
	}

	offset := min(max(0, q.Offset), c.Len())
	limit, binding := c.Len(), uint64(0)
	var after *position
	if paged {
		binding = q.binding(o.Matching, o.Seed)
		if index, ok := q.parseIndexCookie(); ok {
			offset = min(index, c.Len())
		} else if q.Cookie != "" {
			var err error
			if after, err = parseCookie(q.Cookie, binding, len(r.order.descending)); err != nil {
				return nil, err
			}
			r.complete(after)
		}
		limit = offset + q.PageSize + 1
	}
	entries, total := r.first(limit, offset, after, counted && !all)
	if paged && len(entries) > q.PageSize {
		entries = entries[:q.PageSize]
		page.Cookie = formatCookie(entries[q.PageSize-1], binding)
	}
	for _, e := range entries {
		page.Result = append(page.Result, e.object.Object())
	}
	if counted {
		page.Policy, page.Total = CountExact, total
		if all {
			page.Total = c.Len()
		}
	}
	return page, nil
}

type run struct {
	*Query
	collection Collection
	options    RunOptions
	order      order
}

// view returns an object as it is to be filtered and sorted.
func (r *run) view(object Record) any {
	if r.options.View != nil {
		return r.options.View(object.Object())
	}
	return object
}

func (r *run) match(seen any) bool {
	return r.Filter == nil || r.Filter.Match(seen, r.options.Matching)
}

func (r *run) count() int {
	total := 0
	objects, _ := r.candidates(nil, 0)
	for _, object := range objects {
		if r.match(r.view(object)) {
			total++
		}
	}
	return total
}

// first returns the first entries after a position, at most limit with those to skip, and counts all matches if it is to.
func (r *run) first(limit, skip int, after *position, count bool) (entries []entry, total int) {
	list := shortlist{order: r.order, limit: limit}
	from, needed := after, limit
	if count {
		from = nil
	}
	if count || r.PageSize == 0 {
		needed = 0
	}
	objects, ordered := r.candidates(from, needed)
	var keys []key
	for place, object := range objects {
		seen := r.view(object)
		if !r.match(seen) {
			continue
		}
		total++
		if ordered && len(list.entries) == limit {
			continue // only counting is left to do
		}
		keys = r.order.keys(keys[:0], identifier(object), seen, r.SortKeys)
		e := entry{object, place, keys}
		if after != nil && !r.order.follows(e, after) {
			continue
		}
		list.add(e)
		if ordered && !count && len(list.entries) == limit {
			break
		}
	}
	return list.sort(skip), total
}

// complete replaces the keys of a position that are cut, if the object is still there.
func (r *run) complete(p *position) {
	if !p.cut() {
		return
	}
	for place, object := range r.collection.Ascend(p.place, "") {
		if place != p.place {
			return
		}
		if keys := r.order.keys(nil, identifier(object), r.view(object), r.SortKeys); p.is(keys) {
			p.setKeys(keys)
			return
		}
	}
}
