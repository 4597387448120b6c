package delegate

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
)

// margin is how long before its end a token is not used any more: it covers clocks
// that differ and a request that is slow.
const margin = 30 * time.Second

// key is the digest of all that a token depends on, so that the cache holds no
// token of a caller.
type key [sha256.Size]byte

// keyOf tells apart any two lists of parts: each is preceded by its length.
func keyOf(parts ...string) key {
	size := 0
	for _, part := range parts {
		size += 8 + len(part)
	}
	all := make([]byte, 0, size)
	for _, part := range parts {
		all = binary.BigEndian.AppendUint64(all, uint64(len(part)))
		all = append(all, part...)
	}
	return sha256.Sum256(all)
}

// cache keeps tokens until shortly before they expire; the one that was used
// least recently gives way to a new one.
type cache struct {
	now     func() time.Time
	tokens  *lru.Cache[key, *Token]
	flights singleflight.Group
}

func newCache(capacity int, now func() time.Time) (*cache, error) {
	tokens, err := lru.New[key, *Token](capacity)
	if err != nil {
		return nil, err
	}
	return &cache{now: now, tokens: tokens}, nil
}

// usable is the token under a key, nil if there is none with some life left.
func (c *cache) usable(k key) *Token {
	t, ok := c.tokens.Get(k)
	if ok && c.now().Before(t.until) {
		return t
	}
	if ok {
		c.drop(t)
	}
	return nil
}

// get returns the token under a key, a hit, or the one that fetch gets. However many
// ask for it at once, there is one fetch.
func (c *cache) get(ctx context.Context, k key, op string, limit time.Duration, fetch func(context.Context) (*Token, error)) (t *Token, hit bool, err error) {
	if t := c.usable(k); t != nil {
		return t, true, nil
	}
	t, err = shared(ctx, &c.flights, string(k[:]), op, limit, func(ctx context.Context) (*Token, error) {
		// Another fetch may have ended since the look above.
		if t := c.usable(k); t != nil {
			return t, nil
		}
		t, err := fetch(ctx)
		if err != nil {
			return nil, err
		}
		t.key = k
		c.tokens.Add(k, t)
		return t, nil
	})
	return t, false, err
}

// drop forgets a token, if it still is the one under its key.
func (c *cache) drop(t *Token) {
	if kept, ok := c.tokens.Peek(t.key); ok && kept == t {
		c.tokens.Remove(t.key)
	}
}

// shared makes callers that want the same thing wait for one attempt. It is bounded
// by the limit, and no caller's end ends it; who is cancelled just waits no more.
func shared[T any](ctx context.Context, flights *singleflight.Group, key, op string, limit time.Duration, attempt func(context.Context) (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	result := flights.DoChan(key, func() (any, error) {
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
		defer cancel()
		value, err := attempt(own)
		if errors.Is(err, context.DeadlineExceeded) {
			// It is the attempt that took too long, not the caller's call.
			err = &Error{Op: op, Description: "the issuer did not answer in time", Retryable: true}
		}
		return value, err
	})
	select {
	case <-ctx.Done():
		return none, ctx.Err()
	case r := <-result:
		value, _ := r.Val.(T)
		return value, r.Err
	}
}
