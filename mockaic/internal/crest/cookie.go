package crest

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
)

// maxCookieText is how many bytes of a string a cookie holds.
const maxCookieText = 64

// position is where an entry is in the order of a query, as a cookie tells it, so that it stays right when objects come and go.
type position struct {
	place uint64 // in the collection
	marks []mark
}

// mark is a key of the last object of a page, as its cookie holds it. Of a long string it is the beginning and a hash of the whole:
// that is enough to find the key again as long as the object is still there.
type mark struct {
	key
	cut  bool
	hash uint64
}

// formatCookie names the position of an entry.
func formatCookie(e entry, binding uint64) string {
	b := binary.BigEndian.AppendUint64(nil, binding)
	b = binary.BigEndian.AppendUint64(b, e.place)
	for _, k := range e.keys {
		b = append(b, byte(k.rank))
		switch {
		case k.rank != rankString:
			b = binary.BigEndian.AppendUint64(b, k.bits)
		case len(k.text) <= maxCookieText:
			b = append(b, byte(len(k.text)))
			b = append(b, k.text...)
		default:
			b = append(b, maxCookieText+1)
			b = append(b, k.text[:maxCookieText]...)
			b = binary.BigEndian.AppendUint64(b, hash(k.text))
		}
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func parseCookie(cookie string, binding uint64, keys int) (*position, error) {
	invalid := Errorf(400, "The value '%s' for parameter '_pagedResultsCookie' is not a cookie of this query", cookie)
	b, err := base64.RawURLEncoding.Strict().DecodeString(cookie)
	if err != nil {
		invalid.Err = err
		return nil, invalid
	}
	ok := true
	take := func(n int) []byte {
		if n > len(b) {
			ok = false
			return make([]byte, n)
		}
		head := b[:n]
		b = b[n:]
		return head
	}
	if binary.BigEndian.Uint64(take(8)) != binding {
		return nil, invalid
	}
	p := &position{binary.BigEndian.Uint64(take(8)), make([]mark, keys)}
	for i := range p.marks {
		k := &p.marks[i]
		k.rank = rank(take(1)[0])
		if k.rank != rankString {
			k.bits = binary.BigEndian.Uint64(take(8))
			continue
		}
		n := int(take(1)[0])
		k.cut = n > maxCookieText
		k.text = string(take(min(n, maxCookieText)))
		if k.cut {
			k.hash = binary.BigEndian.Uint64(take(8))
		}
	}
	if !ok || len(b) > 0 {
		return nil, invalid
	}
	return p, nil
}

// parseIndexCookie reads the cookies that the reference implementation gives out: the index of the next result and the sort keys.
func (q *Query) parseIndexCookie() (int, bool) {
	text, err := base64.StdEncoding.DecodeString(q.Cookie)
	if err != nil || len(q.SortKeys) == 0 {
		return 0, false
	}
	keys := make([]string, len(q.SortKeys))
	for i, k := range q.SortKeys {
		keys[i] = k.String()
	}
	number, sorted, _ := strings.Cut(string(text), ":")
	index, err := strconv.Atoi(number)
	return index, err == nil && index >= 0 && sorted == strings.Join(keys, ",")
}

func (m mark) is(k key) bool {
	if m.cut && k.rank == rankString {
		return strings.HasPrefix(k.text, m.text) && hash(k.text) == m.hash
	}
	return k == m.key
}

// id returns the id of the object or, if that is cut, its beginning.
func (p *position) id() string { return p.marks[len(p.marks)-1].text }

func (p *position) cut() bool {
	return slices.ContainsFunc(p.marks, func(m mark) bool { return m.cut })
}

func (p *position) is(keys []key) bool { return slices.EqualFunc(p.marks, keys, mark.is) }

func (p *position) setKeys(keys []key) {
	for i, k := range keys {
		p.marks[i] = mark{key: k}
	}
}

// follows reports whether an entry is behind a position. Where a key of the position is cut and the object is gone, all entries with
// that beginning are taken to be behind it: better to return some again than to lose one.
func (o order) follows(e entry, p *position) bool {
	if !o.sorted && e.place != p.place {
		return e.place > p.place
	}
	for i, m := range p.marks {
		k := e.keys[i]
		if m.cut && k.rank == rankString && strings.HasPrefix(k.text, m.text) {
			return true
		}
		if c := o.compareKey(i, k, m.key); c != 0 {
			return c > 0
		}
	}
	return false
}
