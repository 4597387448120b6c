package logs

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"aicmcp/mockaic/internal/route"
)

var start = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)

func event(i int) map[string]any {
	return map[string]any{
		"eventName": "access", "userId": fmt.Sprint("user-", i), "client": map[string]any{"ip": "127.0.0.1", "port": 1000 + i%1000},
		"request":  map[string]any{"operation": "READ", "protocol": "CREST"},
		"response": map[string]any{"status": "SUCCESSFUL", "statusCode": "200", "elapsedTime": 1, "elapsedTimeUnits": "MILLISECONDS"},
	}
}

func all(l *Log) []entry {
	found, _ := l.find(selection{sources: sources, after: position{at: math.MinInt64}, until: math.MaxInt64}, math.MaxInt)
	return found
}

// However much is written, the log stays within its bound and keeps the newest.
func TestTheLogIsARing(t *testing.T) {
	l := &Log{Limit: 64 << 10}
	for i := range 5000 {
		l.Write(route.IDMAccess, start.Add(time.Duration(i)), "tx", event(i))
		if l.size > l.Limit {
			t.Fatalf("after %d events: %d bytes", i, l.size)
		}
	}
	left := all(l)
	if n := len(left); n < 100 || left[n-1].sequence != 5000 || left[0].sequence != uint64(5000-n+1) {
		t.Errorf("%d events are left, from %d to %d", n, left[0].sequence, left[n-1].sequence)
	}
	l.Write(route.IDMCore, start, "", strings.Repeat("x", 100<<10))
	if left := all(l); len(left) != 1 || len(left[0].payload) != 100<<10 {
		t.Errorf("an event above the limit: %d are left", len(left))
	}
	l.Write(route.IDMAccess, start, "tx", event(0))
	if left := all(l); len(left) != 1 || l.size > l.Limit {
		t.Errorf("after it: %d are left in %d bytes", len(left), l.size)
	}
}

// A clock that goes back puts events where they belong, and loses none.
func TestEventsAreInTheOrderOfTheirTimes(t *testing.T) {
	l := &Log{Limit: 4 << 20}
	for i := range 3000 {
		l.Write(route.IDMAccess, start.Add(time.Duration(i*7919%3000)*time.Second), fmt.Sprint(i), event(i))
	}
	for _, most := range []int{10, 3000} {
		after, seen := position{at: math.MinInt64}, 0
		for {
			found, more := l.find(selection{sources: sources, after: after, until: math.MaxInt64}, most)
			for _, e := range found {
				if !after.before(e.position()) {
					t.Fatalf("%v after %v", e.position(), after)
				}
				after = e.position()
				seen++
			}
			if !more {
				break
			}
		}
		if seen != 3000 {
			t.Errorf("%d events by pages of %d", seen, most)
		}
	}
}

func TestReadersAndWritersDoNotDisturbEachOther(t *testing.T) {
	l := &Log{Limit: 64 << 10}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 3000 {
			l.Write(route.AMAccess, start.Add(time.Duration(i)), "tx", event(i))
		}
	}()
	for {
		for _, e := range all(l) {
			if !strings.HasPrefix(string(e.payload), `{"_id":"`) || !strings.HasSuffix(string(e.payload), "}") {
				t.Fatalf("a torn event: %s", e.payload)
			}
		}
		select {
		case <-done:
			return
		default:
		}
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
		l.Write(route.IDMAccess, start.Add(time.Duration(i)), "0123456789-0123456789", event(i))
	}
	full := heap()
	b.ReportAllocs()
	for b.Loop() {
		i++
		l.Write(route.IDMAccess, start.Add(time.Duration(i)), "0123456789-0123456789", event(i))
	}
	b.ReportMetric(heap()/full, "growth")
	runtime.KeepAlive(l)
}
