package logs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"aicmcp/mockaic/internal/route"
)

var start = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)

// at is a clock that stands still.
func at(d time.Duration) func() time.Time { return func() time.Time { return start.Add(d) } }

func event(i int) map[string]any {
	return map[string]any{
		"eventName": "access", "userId": fmt.Sprint("user-", i), "client": map[string]any{"ip": "127.0.0.1", "port": 1000 + i%1000},
		"request":  map[string]any{"operation": "READ", "protocol": "CREST"},
		"response": map[string]any{"status": "SUCCESSFUL", "statusCode": "200", "elapsedTime": 1, "elapsedTimeUnits": "MILLISECONDS"},
	}
}

// allOf selects all events, in the order of their times.
func allOf() selection {
	return selection{sources: sources, since: math.MinInt64, until: math.MaxInt64, after: position{at: math.MinInt64}, most: math.MaxInt}
}

func find(t *testing.T, l *Log, s selection) ([]entry, *position) {
	t.Helper()
	found, next, err := l.find(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return found, next
}

// However much is written, the log stays within its bound and keeps the newest.
func TestTheLogIsARing(t *testing.T) {
	l := &Log{Limit: 64 << 10}
	for i := range 5000 {
		l.Write(route.IDMAccess, at(time.Duration(i)), "tx", event(i))
		if l.size > l.Limit {
			t.Fatalf("after %d events: %d bytes", i, l.size)
		}
	}
	left, _ := find(t, l, allOf())
	if n := len(left); n < 100 || left[n-1].sequence != 5000 || left[0].sequence != uint64(5000-n+1) {
		t.Errorf("%d events are left, from %d to %d", n, left[0].sequence, left[n-1].sequence)
	}
}

// Nothing that a client sends makes an event longer than the bound.
func TestLongEventsAreShortened(t *testing.T) {
	long := strings.Repeat("ä\u0001", 50_000)
	many := make([]any, 100)
	wide := map[string]any{}
	for i := range many {
		many[i] = long[:300]
		wide[fmt.Sprint(i, long[:300])] = map[string]any{"a": many, "b": map[string]any{"c": many}}
	}
	transaction := strings.Repeat("t", 256)
	l := &Log{Limit: 64 << 10}
	for _, e := range []any{
		long,
		map[string]any{"eventName": "access", "message": long},
		map[string]any{"eventName": "access", "changedFields": many},
		map[string]any{"eventName": "access", "detail": wide},
		map[string]any{"eventName": "access", "detail": map[string]any{"a": wide, "b": wide, "c": []any{wide, wide}}},
	} {
		source := route.IDMActivity
		if _, line := e.(string); line {
			source = route.IDMCore
		}
		if object, ok := e.(map[string]any); ok {
			object["response"] = map[string]any{"statusCode": "403"}
		}
		l.Write(source, at(0), transaction, e)
		all, _ := find(t, l, allOf())
		last := all[len(all)-1]
		if len(last.payload) > maxEvent+3 || l.size > l.Limit {
			t.Errorf("an event has %d bytes, the log %d", len(last.payload), l.size)
		}
		if last.text {
			continue
		}
		var payload map[string]any
		if err := json.Unmarshal(last.payload, &payload); err != nil || payload["eventName"] != "access" || payload["transactionId"] != transaction ||
			fmt.Sprint(payload["response"]) != "map[statusCode:403]" {
			t.Errorf("an event became %.200s: %v", last.payload, err)
		}
	}
}

// A clock that goes back puts events where they belong, and loses none.
func TestEventsAreInTheOrderOfTheirTimes(t *testing.T) {
	l := &Log{Limit: 4 << 20}
	for i := range 3000 {
		l.Write(route.IDMAccess, at(time.Duration(i*7919%3000)*time.Second), fmt.Sprint(i), event(i))
	}
	for _, most := range []int{10, 3000} {
		s, seen := allOf(), 0
		for s.most = most; ; {
			found, next := find(t, l, s)
			for _, e := range found {
				if !s.after.before(e.position()) {
					t.Fatalf("%v after %v", e.position(), s.after)
				}
				s.after = e.position()
				seen++
			}
			if next == nil {
				break
			}
			if *next != s.after {
				t.Fatalf("goes on at %v after %v", *next, s.after)
			}
		}
		if seen != 3000 {
			t.Errorf("%d events by pages of %d", seen, most)
		}
	}
}

// A reader who follows what is written sees each event once, whoever writes at
// the same time and wherever the clock goes.
func TestFollowersMissNothing(t *testing.T) {
	l := &Log{Limit: 8 << 20}
	var writers sync.WaitGroup
	const each = 500
	for w := range 4 {
		writers.Go(func() {
			for i := range each {
				l.Write(route.AMAccess, at(time.Duration(i*7919%each)*time.Second), "tx", event(w))
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	seen := map[uint64]int{}
	s := allOf()
	s.asWritten, s.most = true, 100
	for ended := false; ; {
		found, next := find(t, l, s)
		for _, e := range found {
			seen[e.sequence]++
			if !strings.HasPrefix(string(e.payload), `{"_id":"`) || !strings.HasSuffix(string(e.payload), "}") {
				t.Fatalf("a torn event: %s", e.payload)
			}
		}
		if s.after = *next; ended && len(found) == 0 {
			break
		}
		select {
		case <-done:
			ended = true
		default:
		}
	}
	if len(seen) != 4*each {
		t.Errorf("%d of %d events were seen", len(seen), 4*each)
	}
	for sequence, times := range seen {
		if times != 1 {
			t.Errorf("event %d was seen %d times", sequence, times)
		}
	}
}

// Readers of a log that turns see no event twice, and none that is torn.
func TestReadersOfATurningLog(t *testing.T) {
	l := &Log{Limit: 64 << 10}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 3000 {
			l.Write(route.AMAccess, at(time.Duration(i)), "tx", event(i))
		}
	}()
	for ended := false; !ended; {
		select {
		case <-done:
			ended = true
		default:
		}
		found, _ := find(t, l, allOf())
		for i, e := range found {
			if i > 0 && e.sequence != found[i-1].sequence+1 {
				t.Fatalf("event %d follows %d", e.sequence, found[i-1].sequence)
			}
			if !strings.HasPrefix(string(e.payload), `{"_id":"`) || !strings.HasSuffix(string(e.payload), "}") {
				t.Fatalf("a torn event: %s", e.payload)
			}
		}
	}
}

func TestReadingStopsWithItsRequest(t *testing.T) {
	l := &Log{}
	l.Write(route.AMAccess, at(0), "tx", event(1))
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, _, err := l.find(ctx, allOf()); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// BenchmarkWrite shows what an event costs, and that a log which has been full for
// long takes no more memory than when it first was: growth is the heap at the end
// in relation to that moment.
func BenchmarkWrite(b *testing.B) {
	heap := func() float64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return float64(stats.HeapAlloc)
	}
	l := &Log{}
	i := 0
	for ; l.size < DefaultLimit-maxSegment; i++ {
		l.Write(route.IDMAccess, at(time.Duration(i)), "0123456789-0123456789", event(i))
	}
	full := heap()
	b.ReportAllocs()
	for b.Loop() {
		i++
		l.Write(route.IDMAccess, at(time.Duration(i)), "0123456789-0123456789", event(i))
	}
	b.ReportMetric(heap()/full, "growth")
	runtime.KeepAlive(l)
}
