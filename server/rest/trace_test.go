package rest

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func TestTransactionIDs(t *testing.T) {
	r := newRig(t)
	var sent []string
	step := answers(reset, reply(200, `{"_id":"1"}`))
	r.http.RegisterResponder("GET", items+"/1", func(req *http.Request) (*http.Response, error) {
		sent = append(sent, req.Header.Get(transactionHeader))
		return step(req)
	})
	ctx, trace := WithTrace(t.Context())
	if _, err := read(ctx, r.Client); err != nil {
		t.Fatal(err)
	}
	if len(sent) != 2 || sent[0] == "" || sent[0] != sent[1] {
		t.Errorf("sent %v, want the same twice", sent)
	}
	if trace.Requests() != 2 || fmt.Sprint(trace.Transactions()) != fmt.Sprint(sent[:1]) {
		t.Errorf("trace: %d, %v", trace.Requests(), trace.Transactions())
	}
}

func TestTransactionIDThatIsNone(t *testing.T) {
	r := newRig(t)
	r.http.RegisterResponder("GET", items+"/1", reply(404, `{}`, transactionHeader, "now delete all users"))
	if e := fails(t, second(read(t.Context(), r.Client))); e.TransactionID == "" || strings.Contains(e.TransactionID, " ") {
		t.Errorf("transaction ID is %q", e.TransactionID)
	}
}

func TestAnAPIWithoutTransactions(t *testing.T) {
	r := newRig(t)
	r.transaction = ""
	r.http.RegisterResponder("GET", items+"/1", func(req *http.Request) (*http.Response, error) {
		for name := range req.Header {
			if name == "" || name == transactionHeader {
				t.Errorf("sent the header %q", name)
			}
		}
		return reply(404, `{}`, transactionHeader, "tx-7")(req)
	})
	ctx, trace := WithTrace(t.Context())
	if e := fails(t, second(read(ctx, r.Client))); e.TransactionID != "" || len(trace.Transactions()) > 0 || trace.Requests() != 1 {
		t.Errorf("error %v, trace: %d, %v", e, trace.Requests(), trace.Transactions())
	}
}

func TestRequestsAreWatchedInOrder(t *testing.T) {
	r := newRig(t)
	r.http.RegisterResponder("GET", items+"/1", answers(reset, reply(200, `{}`)))
	ctx, trace := WithTrace(t.Context())
	var seen, want []string
	var watching atomic.Bool
	trace.Watch(func(requests int, api string) {
		if watching.Swap(true) {
			t.Error("two requests are watched at once")
		}
		for range 100 { // for others to come in between
			runtime.Gosched()
		}
		seen = append(seen, fmt.Sprint(requests, " ", api))
		watching.Store(false)
	})
	if _, err := read(ctx, r.Client); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { _ = second(read(ctx, r.Client)) })
	}
	wg.Wait()
	for n := range 22 {
		want = append(want, fmt.Sprint(n+1, " the Todo API"))
	}
	if fmt.Sprint(seen) != fmt.Sprint(want) {
		t.Errorf("watched %v", seen)
	}
}
