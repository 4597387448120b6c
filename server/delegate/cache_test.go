package delegate

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// Of three who wait for one token, one gives up and one comes late.
func TestOneFetchForAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := newCache(10, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		fetches, release := 0, make(chan error)
		ask := func(ctx context.Context) <-chan error {
			done := make(chan error, 1)
			go func() {
				token, _, err := c.get(ctx, keyOf("x"), "op", time.Hour, func(ctx context.Context) (*Token, error) {
					fetches++
					if err := <-release; err != nil {
						return nil, err
					}
					return kept("t", nil, time.Now().Add(time.Hour), time.Now()), ctx.Err()
				})
				if err == nil && token.AccessToken != "t" {
					err = errors.New("no token")
				}
				done <- err
			}()
			synctest.Wait()
			return done
		}
		impatient, cancel := context.WithCancel(t.Context())
		first, second := ask(impatient), ask(t.Context())
		cancel()
		synctest.Wait()
		select {
		case err := <-first:
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		default:
			t.Error("who was cancelled still waits")
		}
		third := ask(t.Context())
		if fetches != 1 {
			t.Errorf("%d fetches", fetches)
		}
		release <- nil
		for _, done := range []<-chan error{second, third, ask(t.Context())} {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if fetches != 1 {
			t.Errorf("%d fetches", fetches)
		}

		// A failure is told to all who waited for it, and to nobody later.
		c.tokens.Purge()
		failure := errors.New("no")
		first, second = ask(t.Context()), ask(t.Context())
		release <- failure
		if a, b := <-first, <-second; !errors.Is(a, failure) || !errors.Is(b, failure) {
			t.Error(a, b)
		}
		third = ask(t.Context())
		release <- nil
		if err := <-third; err != nil || fetches != 3 {
			t.Errorf("%v, %d fetches", err, fetches)
		}

		c.tokens.Purge()
		if err := <-ask(impatient); !errors.Is(err, context.Canceled) || fetches != 3 {
			t.Errorf("cancelled before: %v, %d fetches", err, fetches)
		}
	})
}

func TestKeysAreOfAllParts(t *testing.T) {
	seen := map[key][]string{}
	for _, parts := range [][]string{{"ab", "c"}, {"a", "bc"}, {"abc"}, {"abc", ""}, {"", "abc"}, {"a", "b", "c"}, {}, {""}, {"", ""}, {"a", "b"}, {"a\x00\x00\x00\x00\x00\x00\x00\x00b"}} {
		if other, there := seen[keyOf(parts...)]; there {
			t.Errorf("%q and %q", parts, other)
		}
		seen[keyOf(parts...)] = parts
	}
}

// overtaken is a context of a caller whom something overtakes after it looked into
// the cache, and before it asks.
type overtaken struct {
	context.Context
	by func()
}

func (o overtaken) Err() error {
	o.by()
	return o.Context.Err()
}

func TestAFetchThatHasJustEndedIsEnough(t *testing.T) {
	c, err := newCache(10, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	made := kept("t", nil, time.Now().Add(time.Hour), time.Now())
	ctx := overtaken{t.Context(), func() { c.tokens.Add(keyOf("x"), made) }}
	token, hit, err := c.get(ctx, keyOf("x"), "op", time.Hour, func(context.Context) (*Token, error) {
		return nil, errors.New("a second fetch")
	})
	if err != nil || token != made || hit {
		t.Errorf("%v %v", hit, err)
	}
}
