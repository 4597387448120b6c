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

// mark is a key of the last object of a page, as its cookie holds it. Of a long string it is the beginning and a hash of the whole:
// that is enough to find the key again as long as the object is still there.
type mark struct {
	key
	cut  bool
	hash uint64
}

// formatCookie names the position after an object by the object's keys, so that it stays right when objects come and go.
func formatCookie(keys []key, binding uint64) string {
	b := binary.BigEndian.AppendUint64(nil, binding)
	for _, k := range keys {
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

func parseCookie(cookie string, binding uint64, keys int) ([]mark, error) {
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
	position := make([]mark, keys)
	for i := range position {
		k := &position[i]
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
	return position, nil
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

// after returns the entries behind a position, in place. Where a key of the position is cut and the object is gone, all entries
// with that beginning are taken to be behind it: better to return some again than to lose one.
func (o order) after(entries []entry, position []mark) []entry {
	if slices.ContainsFunc(position, func(m mark) bool { return m.cut }) {
		for _, e := range entries {
			if slices.EqualFunc(position, e.keys, mark.is) {
				for i, k := range e.keys {
					position[i] = mark{key: k}
				}
				break
			}
		}
	}
	return slices.DeleteFunc(entries, func(e entry) bool {
		for i, m := range position {
			k := e.keys[i]
			if m.cut && k.rank == rankString && strings.HasPrefix(k.text, m.text) {
				return false
			}
			if c := o.compareKey(i, k, m.key); c != 0 {
				return c < 0
			}
		}
		return true
	})
}
