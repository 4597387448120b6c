package oauth

import "time"

// Limits of what a client can make the tenant remember.
const (
	tableLimit    = 20_000
	maxAssertions = 200_000 // small entries, which must not make room for others
	maxFetched    = 100     // up to 64 KiB each
)

// table holds what expires, up to a bound.
type table[V any] struct {
	limit   int // 0 is tableLimit
	entries map[string]tableEntry[V]
}

type tableEntry[V any] struct {
	value   V
	expires time.Time
}

// hasRoom makes room for one entry of what has expired.
func (t *table[V]) hasRoom(now time.Time) bool {
	if t.entries == nil {
		t.entries = map[string]tableEntry[V]{}
	}
	if t.limit == 0 {
		t.limit = tableLimit
	}
	if len(t.entries) >= t.limit {
		for k, entry := range t.entries {
			if !now.Before(entry.expires) {
				delete(t.entries, k)
			}
		}
	}
	return len(t.entries) < t.limit
}

// put makes room for the entry. It is for what may be forgotten: what was granted
// is not good any more then.
func (t *table[V]) put(key string, value V, now, expires time.Time) {
	if !t.hasRoom(now) {
		for k := range t.entries {
			delete(t.entries, k)
			break
		}
	}
	t.entries[key] = tableEntry[V]{value, expires}
}

// add is put for what must not be forgotten before it expires. It reports whether
// there was room.
func (t *table[V]) add(key string, value V, now, expires time.Time) bool {
	if !t.hasRoom(now) {
		return false
	}
	t.entries[key] = tableEntry[V]{value, expires}
	return true
}

func (t *table[V]) get(key string, now time.Time) (V, bool) {
	entry, ok := t.entries[key]
	if !ok || !now.Before(entry.expires) {
		var none V
		return none, false
	}
	return entry.value, true
}

func (t *table[V]) update(key string, value V) {
	if entry, ok := t.entries[key]; ok {
		entry.value = value
		t.entries[key] = entry
	}
}

// extend postpones the expiry of an entry, unless that is later already.
func (t *table[V]) extend(key string, expires time.Time) {
	if entry, ok := t.entries[key]; ok && entry.expires.Before(expires) {
		entry.expires = expires
		t.entries[key] = entry
	}
}

// shorten brings the expiry of an entry forward, unless that is earlier already.
func (t *table[V]) shorten(key string, expires time.Time) {
	if entry, ok := t.entries[key]; ok && entry.expires.After(expires) {
		entry.expires = expires
		t.entries[key] = entry
	}
}

func (t *table[V]) remove(key string) { delete(t.entries, key) }
