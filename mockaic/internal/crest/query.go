package crest

import (
	"encoding/binary"
	"hash/fnv"
	"slices"
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

// Mentions reports whether the filter or a sort key names a field that is among fields. Of a filter on array elements the field of the
// array counts.
func (q *Query) Mentions(fields func(Pointer) bool) bool {
	return q.Filter != nil && q.Filter.root.mentions(fields) ||
		slices.ContainsFunc(q.SortKeys, func(k SortKey) bool { return fields(k.Field) })
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
