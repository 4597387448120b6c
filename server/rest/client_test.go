package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
)

const (
	secretToken       = "s3cr3t-bearer-token"
	transactionHeader = "X-Request-Id"
)

// rig is a client on a fake transport, with a clock that only sleeping moves.
type rig struct {
	mu sync.Mutex // guards what calls change
	*Client
	http   *httpmock.MockTransport
	slept  []time.Duration
	tokens int
	log    bytes.Buffer
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{http: httpmock.NewMockTransport()}
	retry := DefaultRetry()
	retry.Jitter = func() float64 { return 0 }
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	retry.Now = func() time.Time {
		r.mu.Lock()
		defer r.mu.Unlock()
		return now
	}
	retry.Sleep = func(_ context.Context, d time.Duration) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.slept = append(r.slept, d)
		now = now.Add(d)
		return nil
	}
	base, err := url.Parse("https://api.example/v1/")
	if err != nil {
		t.Fatal(err)
	}
	r.Client, err = New(Options{
		API:        "the Todo API",
		BaseURL:    base,
		HTTPClient: &http.Client{Transport: r.http},
		Token: func(context.Context) (string, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.tokens++
			return fmt.Sprintf("%s-%d", secretToken, r.tokens), nil
		},
		Invalidate: func(string) {},
		Retry:      &retry,

		TransactionHeader: transactionHeader,
		Hints:             map[int]string{401: "Log in again."},
		Logger:            slog.New(slog.NewTextHandler(&r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if strings.Contains(r.log.String(), secretToken) {
			t.Errorf("the log holds a token:\n%s", r.log.String())
		}
	})
	return r
}

// answers gives one after the other; the last is repeated.
func answers(list ...httpmock.Responder) httpmock.Responder {
	var n atomic.Int32
	return func(r *http.Request) (*http.Response, error) {
		i := min(int(n.Add(1)), len(list)) - 1
		return list[i](r)
	}
}

func reply(status int, body string, header ...string) httpmock.Responder {
	return func(r *http.Request) (*http.Response, error) {
		res := httpmock.NewStringResponse(status, body)
		res.Request = r
		for i := 0; i+1 < len(header); i += 2 {
			res.Header.Set(header[i], header[i+1])
		}
		return res, nil
	}
}

func reset(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
}

func fails(t *testing.T, err error) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error is %v, want an *Error", err)
	}
	if e.API == "" {
		t.Errorf("the error names no API: %+v", e)
	}
	return e
}

const items = "https://api.example/v1/items"

func TestReadsAreRepeated(t *testing.T) {
	for name, fault := range map[string]httpmock.Responder{
		"429":       reply(429, `{"code":429,"message":"Too Many Requests"}`, "Retry-After", "3"),
		"503":       reply(503, ``, "Retry-After", "Thu, 01 Jan 2026 00:00:03 GMT"),
		"502":       reply(502, `<html>bad gateway</html>`),
		"reset":     reset,
		"half body": func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.http.RegisterResponder("GET", items+"/1", answers(fault, reply(200, `{"_id":"1","n":9007199254740993}`)))
			doc, err := read(t.Context(), r.Client)
			if err != nil {
				t.Fatal(err)
			}
			if doc["n"] != json.Number("9007199254740993") {
				t.Errorf("n is %v", doc["n"])
			}
			if len(r.slept) != 1 {
				t.Fatalf("slept %v, want once", r.slept)
			}
			if (name == "429" || name == "503") && r.slept[0] != 3*time.Second {
				t.Errorf("slept %v, want 3s", r.slept[0])
			}
		})
	}
}

func TestRetryIsBounded(t *testing.T) {
	r := newRig(t)
	r.http.RegisterResponder("GET", items+"/1", reply(503, `{"code":503,"reason":"Service Unavailable","message":"busy"}`))
	_, err := read(t.Context(), r.Client)
	e := fails(t, err)
	if e.Status != 503 || !e.Retryable {
		t.Errorf("error is %+v", e)
	}
	if n := r.http.GetTotalCallCount(); n != 4 {
		t.Errorf("%d requests, want 4", n)
	}
	if want := []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second}; fmt.Sprint(r.slept) != fmt.Sprint(want) {
		t.Errorf("slept %v, want %v", r.slept, want)
	}
}

func TestRetryAfterBeyondWhatIsObeyed(t *testing.T) {
	for _, tc := range []struct {
		header string
		slept  int
		says   time.Duration
	}{
		{"3600", 0, time.Hour},
		{"21", 0, 21 * time.Second},                           // more than MaxWait
		{"15", 2, 15 * time.Second},                           // a third one would be more than Budget
		{"99999999999999999999999", 0, 1 << 31 * time.Second}, // more than 64 bits
	} {
		r := newRig(t)
		r.http.RegisterResponder("GET", items+"/1", reply(429, `{"code":429,"message":"slow down"}`, "Retry-After", tc.header))
		e := fails(t, second(read(t.Context(), r.Client)))
		if len(r.slept) != tc.slept || e.RetryAfter != tc.says || !strings.Contains(e.Error(), "(the Todo API asks to wait "+tc.says.String()+")") {
			t.Errorf("%s: slept %v, error %v", tc.header, r.slept, e)
		}
	}
}

// An attempt takes time too.
func TestABudgetThatAnAttemptUsedUp(t *testing.T) {
	r := newRig(t)
	r.http.RegisterResponder("GET", items+"/1", func(*http.Request) (*http.Response, error) {
		_ = r.retry.Sleep(t.Context(), time.Minute)
		return nil, os.ErrDeadlineExceeded
	})
	e := fails(t, second(read(t.Context(), r.Client)))
	if n := r.http.GetTotalCallCount(); n != 1 || !e.Retryable || e.Message != "the Todo API did not answer in time" {
		t.Errorf("%d requests, %v", n, e)
	}
}

func second[T any](_ T, err error) error { return err }

func read(ctx context.Context, c *Client) (Object, error) {
	doc, _, err := c.Object(ctx, Request{Method: "GET", Path: "/items/1", Repeatable: true})
	return doc, err
}

func create(ctx context.Context, c *Client) (Object, error) {
	doc, _, err := c.Object(ctx, Request{Method: "POST", Path: "/items", Body: Object{"a": 1}})
	return doc, err
}

// patch writes to a revision, so that it can be repeated.
func patch(ctx context.Context, c *Client) (Object, error) {
	doc, _, err := c.Object(ctx, Request{
		Method: "PATCH", Path: "/items/1", Header: http.Header{"If-Match": {`"r"`}}, Body: []Object{}, Repeatable: true,
	})
	return doc, err
}

func TestCreateIsNeverSentTwice(t *testing.T) {
	for name, fault := range map[string]httpmock.Responder{
		"429":   reply(429, `{}`, "Retry-After", "0"),
		"503":   reply(503, `{}`),
		"504":   reply(504, ``),
		"reset": reset,
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.http.RegisterResponder("POST", items, func(req *http.Request) (*http.Response, error) {
				if req.GetBody != nil {
					t.Error("net/http could send the body again")
				}
				return fault(req)
			})
			e := fails(t, second(create(t.Context(), r.Client)))
			if n := r.http.GetTotalCallCount(); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
			if e.Unknown != (name != "429") {
				t.Errorf("the outcome is called unknown: %t", e.Unknown)
			}
		})
	}
}

// dial returns a client of the server at address, which does not wait.
func dial(t *testing.T, address string, hc *http.Client) *Client {
	t.Helper()
	base, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	retry := DefaultRetry()
	retry.Sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	c, err := New(Options{BaseURL: base, HTTPClient: hc, Retry: &retry, Token: func(context.Context) (string, error) { return "t", nil }})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A server that takes a request and gives no answer to it. Its clients have
// used the connection before, so that net/http itself would try again.
func TestRequestsWhoseAnswerIsLost(t *testing.T) {
	hijacked := func(answer string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, answer)
			_ = conn.Close()
		}
	}
	for name, tc := range map[string]struct {
		http2 bool
		lose  http.HandlerFunc
	}{
		"closed":         {false, hijacked("")},
		"malformed":      {false, hijacked("HTTP/1.1 what?\r\n\r\n")},
		"half a body":    {false, hijacked("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")},
		"a reset stream": {true, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			seen := map[string]int{}
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if (r.ProtoMajor == 2) != tc.http2 {
					t.Errorf("protocol is %s", r.Proto)
				}
				mu.Lock()
				seen[r.Method]++
				n := seen[r.Method]
				mu.Unlock()
				if r.Method == http.MethodGet && n != 2 {
					_, _ = io.WriteString(w, `{"_id":"1"}`)
					return
				}
				tc.lose(w, r)
			}))
			srv.EnableHTTP2 = tc.http2
			srv.Config.ErrorLog = log.New(io.Discard, "", 0)
			srv.StartTLS()
			defer srv.Close()
			c := dial(t, srv.URL, srv.Client())
			for range 2 {
				if _, err := read(t.Context(), c); err != nil {
					t.Fatal(err)
				}
			}
			created := fails(t, second(create(t.Context(), c)))
			if !created.Unknown || created.Repeatable {
				t.Errorf("create: %+v", created)
			}
			patched := fails(t, second(patch(t.Context(), c)))
			if !patched.Unknown || !patched.Repeatable || !patched.Retryable {
				t.Errorf("patch: %+v", patched)
			}
			// net/http may repeat a read once more by itself.
			if seen["GET"] < 3 || seen["POST"] != 1 || seen["PATCH"] != 4 {
				t.Errorf("requests: %v", seen)
			}
		})
	}
}

func TestAPIsThatCannotBeReached(t *testing.T) {
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	defer untrusted.Close()
	closed := httptest.NewServer(nil)
	closed.Close()
	refuses := httptest.NewServer(http.NotFoundHandler())
	defer refuses.Close()
	proxy, err := url.Parse(refuses.URL)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*Client{
		"certificate": dial(t, untrusted.URL, nil),
		"no listener": dial(t, closed.URL, nil),
		"proxy":       dial(t, "https://api.example/v1/", &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy)}}),
	} {
		e := fails(t, second(create(t.Context(), c)))
		if e.Unknown || e.Retryable != (name != "certificate") || !strings.HasPrefix(e.Message, "the API cannot be reached") {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

func TestTheQueryIsNotLogged(t *testing.T) {
	r := newRig(t)
	r.http.RegisterResponder("GET", items, reset)
	e := fails(t, second(r.Anything(t.Context(), Request{Method: "GET", Path: "/items", Query: url.Values{"filter": {"private"}}})))
	if strings.Contains(r.log.String(), "private") || strings.Contains(e.Err.Error(), "private") {
		t.Errorf("error is %v, log is %s", e.Err, r.log.String())
	}
}

func TestALoginThatFailsAfterADoubtfulAttempt(t *testing.T) {
	r := newRig(t)
	r.http.RegisterResponder("PATCH", items+"/1", reset)
	token := r.token
	r.token = func(ctx context.Context) (string, error) {
		if r.tokens == 1 {
			return "", errors.New("nothing was done")
		}
		return token(ctx)
	}
	if e := fails(t, second(patch(t.Context(), r.Client))); !e.Unknown || !strings.HasPrefix(e.Message, "the connection to the Todo API broke") {
		t.Errorf("error is %v", e)
	}
}

func TestUnauthorizedIsTriedOnceMore(t *testing.T) {
	r := newRig(t)
	var bearers []string
	r.http.RegisterResponder("POST", items, func(req *http.Request) (*http.Response, error) {
		bearers = append(bearers, req.Header.Get("Authorization"))
		return reply(401, `{"code":401,"reason":"Unauthorized","message":"Access Denied"}`)(req)
	})
	e := fails(t, second(create(t.Context(), r.Client)))
	if e.Status != 401 || e.Hint != "Log in again." || len(bearers) != 2 || bearers[0] == bearers[1] {
		t.Errorf("error %v after %d requests", e, len(bearers))
	}
}

func TestErrorBodies(t *testing.T) {
	for _, tc := range []struct {
		name, body, reason, message string
		code                        int
	}{
		{"IDM", `{"code":404,"reason":"Not Found","message":"entry &#39;uuid&#61;X&#39; does not exist"}`, "Not Found", "entry 'uuid=X' does not exist", 404},
		{"environment", "{\"code\":606,\"message\":\"bad encoding\"}\n", "Not Found", "bad encoding", 606},
		{"OAuth", `{"error_description":"no","error":"invalid_scope"}`, "invalid_scope", "no", 0},
		{"HTML", `<!doctype html><title>403</title>`, "Not Found", "the answer is an HTML page, probably from a proxy or firewall in front of the Todo API", 0},
		{"empty", ``, "Not Found", "the answer has no body", 0},
		{"garbage", `oops`, "Not Found", "the answer is not a JSON object (4 bytes)", 0},
		{"array", `[1]`, "Not Found", "the answer is not a JSON object (3 bytes)", 0},
		{"wrong types", `{"code":"x","reason":1,"message":{}}`, "Not Found", "the answer gives no reason", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t)
			r.http.RegisterResponder("GET", items+"/1", reply(404, tc.body, transactionHeader, "tx-7"))
			e := fails(t, second(read(t.Context(), r.Client)))
			if e.Reason != tc.reason || e.Message != tc.message || e.Code != tc.code || e.TransactionID != "tx-7" {
				t.Errorf("got %+v", e)
			}
		})
	}
}

func TestUnusableSuccess(t *testing.T) {
	for _, body := range []string{"", "  \n", "null", "[]", `{"a":1}{"b":2}`, `{"a":`, "<html>"} {
		r := newRig(t)
		r.http.RegisterResponder("GET", items+"/1", reply(200, body))
		e := fails(t, second(read(t.Context(), r.Client)))
		if e.Reason != ReasonUnusable || e.TransactionID == "" || !strings.HasPrefix(e.Message, "the Todo API reported success, but the answer ") {
			t.Errorf("%q: %+v", body, e)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	r := newRig(t)
	r.http.RegisterResponder("GET", items+"/1", reply(302, ``, "Location", "https://evil.example/"))
	if e := fails(t, second(read(t.Context(), r.Client))); e.Status != 302 || r.http.GetTotalCallCount() != 1 {
		t.Errorf("error %v after %d requests", e, r.http.GetTotalCallCount())
	}
}

func TestWaitsObeyTheContext(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	r.retry.Sleep = func(ctx context.Context, _ time.Duration) error { cancel(); return sleep(ctx, time.Hour) }
	r.http.RegisterResponder("GET", items+"/1", reply(503, ``))
	_, err := read(ctx, r.Client)
	if e := fails(t, err); !errors.Is(err, context.Canceled) || r.http.GetTotalCallCount() != 1 || e.Message != "the call was cancelled before the Todo API answered" {
		t.Errorf("error %v after %d requests", err, r.http.GetTotalCallCount())
	}
}

func TestPause(t *testing.T) {
	r := DefaultRetry()
	for _, jitter := range []float64{0, 0.999} {
		r.Jitter = func() float64 { return jitter }
		for next := 2; next < 12; next++ {
			if d := r.pause(next); d < r.Base/2 || d > r.Max {
				t.Errorf("pause(%d) is %s", next, d)
			}
		}
	}
}
