package crest

import (
	"encoding/binary"
	"hash/fnv"
)

// Query is a query request.
type Query struct {
	Filter      *Filter // nil matches everything
	Fields      []Pointer
	SortKeys    []SortKey
	PageSize    int // 0 is not paged
	Offset      int // of the first result among those that follow the cookie, if any
	Cookie      string
	CountPolicy CountPolicy
	CountOnly   bool
	PrettyPrint bool
}

// CountPolicy tells whether and how the results of a paged query are counted.
type CountPolicy int

// The count policies. An estimate is answered with the exact number.
const (
	CountNone CountPolicy = iota
	CountEstimate
	CountExact
)

// String returns the name of c in requests and results.
func (c CountPolicy) String() string {
	switch c {
	case CountEstimate:
		return "ESTIMATE"
	case CountExact:
		return "EXACT"
	default:
		return "NONE"
	}
}

// Page is the result of a query.
type Page struct {
	Result    []map[string]any
	Cookie    string // of the next page; "" if this is the last one
	Policy    CountPolicy
	Total     int // -1 if not counted
	Remaining int // always -1: CREST servers do not tell
}

// MarshalJSON returns the body of the response to a query.
func (p *Page) MarshalJSON() ([]byte, error) {
	result := p.Result
	if result == nil {
		result = []map[string]any{}
	}
	var cookie *string
	if p.Cookie != "" {
		cookie = &p.Cookie
	}
	return encode(struct {
		Result    []map[string]any `json:"result"`
		Count     int              `json:"resultCount"`
		Cookie    *string          `json:"pagedResultsCookie"`
		Policy    string           `json:"totalPagedResultsPolicy"`
		Total     int              `json:"totalPagedResults"`
		Remaining int              `json:"remainingPagedResults"`
	}{result, len(result), cookie, p.Policy.String(), p.Total, p.Remaining})
}

// Run filters, orders and pages objects, each of which has its id in the string member _id. The page shares their values and does
// not apply Fields.
//
// Objects with equal sort keys are in ascending order of their ids. Without sort keys the order is arbitrary, but the same
// whenever seed is the same. Errors are of type [*Error].
func (q *Query) Run(objects []map[string]any, m Matching, seed uint64) (*Page, error) {
	page := &Page{Result: []map[string]any{}, Total: -1, Remaining: -1}
	var matches []map[string]any
	for _, object := range objects {
		if q.Filter == nil || q.Filter.Match(object, m) {
			matches = append(matches, object)
		}
	}
	paged := q.PageSize > 0
	if q.CountOnly || paged && q.CountPolicy != CountNone {
		page.Policy, page.Total = CountExact, len(matches)
	}
	if q.CountOnly {
		// That a count comes without results and always exact is inferred from the documentation of CREST 2.2.
		return page, nil
	}

	offset := max(0, q.Offset)
	by, entries := q.order(), q.entries(matches, m, seed)
	want, binding := len(entries), uint64(0)
	if paged {
		binding = q.binding(m, seed)
		if index, ok := q.parseIndexCookie(); ok {
			offset = min(index, len(entries))
		} else if q.Cookie != "" {
			position, err := parseCookie(q.Cookie, binding, len(by.descending))
			if err != nil {
				return nil, err
			}
			entries = by.after(entries, position)
		}
		want = offset + q.PageSize + 1
	}
	entries = by.first(entries, min(want, len(entries)))
	entries = entries[min(offset, len(entries)):]
	if paged && len(entries) > q.PageSize {
		entries = entries[:q.PageSize]
		page.Cookie = formatCookie(entries[q.PageSize-1].keys, binding)
	}
	for _, e := range entries {
		page.Result = append(page.Result, e.object)
	}
	return page, nil
}

// order belongs to the keys of entries.
func (q *Query) order() order {
	descending := make([]bool, 0, len(q.SortKeys)+2)
	for _, k := range q.SortKeys {
		descending = append(descending, k.Descending)
	}
	if len(q.SortKeys) == 0 {
		descending = append(descending, false)
	}
	return order{append(descending, false)}
}

func (q *Query) entries(objects []map[string]any, m Matching, seed uint64) []entry {
	width := max(1, len(q.SortKeys)) + 1
	keys := make([]key, 0, width*len(objects))
	entries := make([]entry, len(objects))
	for i, object := range objects {
		id, _ := object["_id"].(string)
		for _, k := range q.SortKeys {
			keys = append(keys, sortKey(object, k.Field, m))
		}
		if len(q.SortKeys) == 0 {
			keys = append(keys, key{rank: rankNumber, bits: Order(seed)(id)})
		}
		keys = append(keys, key{rank: rankString, text: codeUnits(id)})
		entries[i] = entry{object, keys[i*width : (i+1)*width]}
	}
	return entries
}

// binding identifies the order and the selection that a cookie belongs to.
func (q *Query) binding(m Matching, seed uint64) uint64 {
	text := m.String()
	for _, k := range q.SortKeys {
		text += "\n" + k.String()
	}
	if len(q.SortKeys) == 0 {
		text += string(binary.BigEndian.AppendUint64(nil, seed))
	}
	if q.Filter != nil {
		text += "\n" + q.Filter.String()
	}
	return hash(text)
}

// Order returns the order of queries without sort keys: arbitrary, but the same for the same seed.
func Order(seed uint64) func(id string) uint64 {
	return func(id string) uint64 { return scramble(hash(id) ^ seed) }
}

func hash(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}

// scramble is the finalizer of SplitMix64. FNV alone gives neighbours to ids that differ in the last character only.
func scramble(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
