package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// echo answers with what it was sent, and with a header that it was sent.
func echo(t *testing.T) Target {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		body := map[string]any{"method": r.Method, "path": r.URL.Path, "bearer": r.Header.Get("Authorization") != "", "n": json.Number("9007199254740993")}
		if err := json.NewEncoder(w).Encode(body); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(srv.Close)
	return Target{BaseURL: srv.URL, HTTPClient: srv.Client(), Bearer: "a-secret-bearer", Features: []Feature{Managed}}
}

func aCase(run func(*T)) Case {
	return Case{ID: "a/b/c", Title: "title", Level: Must, Needs: []Feature{Managed}, Ref: "ref", Run: run}
}

func TestOutcomes(t *testing.T) {
	target := echo(t)
	gone := target
	gone.BaseURL = "http://127.0.0.1:1"
	pass := func(t *T) { t.Status(200, t.Get("/x")) }
	fail := func(t *T) { t.Equal("n", 1, t.Get("/x").At("n")) }
	tests := map[string]struct {
		target Target
		c      Case
		want   Outcome
		reason string
	}{
		"pass":               {target, aCase(pass), Pass, ""},
		"fail":               {target, aCase(fail), Fail, ""},
		"warn":               {target, Case{ID: "a/b", Level: Should, Run: fail}, Warn, ""},
		"fatal":              {target, aCase(func(t *T) { t.Fatalf("so %d", 1) }), Fail, ""},
		"status stops":       {target, aCase(func(t *T) { t.Status(404, t.Get("/x")); panic("not reached") }), Fail, ""},
		"feature missing":    {target, Case{ID: "a/b", Level: Must, Needs: []Feature{OAuth}, Run: pass}, Skip, "oauth"},
		"read-only":          {Target{BaseURL: target.BaseURL, ReadOnly: true}, Case{ID: "a/b", Level: Must, Writes: true, Run: pass}, Skip, "read-only"},
		"nothing checked":    {target, aCase(func(t *T) { t.Get("/x") }), Error, "checks nothing"},
		"no answer":          {gone, aCase(pass), Error, "no answer"},
		"panic":              {target, aCase(func(*T) { panic("oh") }), Error, "oh"},
		"panic in goroutine": {target, aCase(func(t *T) { t.Together(func() { panic("oh") }, func() {}) }), Error, "oh"},
		"fatal in goroutine": {target, aCase(func(t *T) { t.Together(func() { t.Fatalf("so") }, func() {}) }), Fail, ""},
		"other host":         {target, aCase(func(t *T) { t.Get("https://example.com/") }), Error, "not of the target"},
		"relative path":      {target, aCase(func(t *T) { t.Get("x") }), Error, "one slash"},
		"no session":         {target, aCase(func(t *T) { t.Call("tool", nil) }), Error, "no MCP session"},
		"bad target":         {Target{BaseURL: "ftp://x"}, Case{ID: "a/b", Level: Must, Run: pass}, Error, "not an address"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := Run(t.Context(), test.target, test.c)
			if got.Outcome != test.want || !strings.Contains(got.Reason, test.reason) {
				t.Errorf("got %s (%s), want %s (%s)", got.Outcome, got.Reason, test.want, test.reason)
			}
			if (got.Outcome == Fail || got.Outcome == Warn) != (len(got.Failures) > 0) {
				t.Errorf("%s with failures %v", got.Outcome, got.Failures)
			}
		})
	}
}

func TestTimeout(t *testing.T) {
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			<-release
		}
	}))
	defer srv.Close()
	defer close(release)
	cleaned := 0
	got := Run(t.Context(), Target{BaseURL: srv.URL, Timeout: 20 * time.Millisecond, Features: []Feature{Managed}}, aCase(func(t *T) {
		t.Cleanup(func() { cleaned = t.Delete("/x").Status })
		t.Get("/x")
	}))
	if got.Outcome != Error || !strings.Contains(got.Reason, "time was over") {
		t.Errorf("got %s: %s", got.Outcome, got.Reason)
	}
	if cleaned != http.StatusOK {
		t.Errorf("the cleanup got %d", cleaned)
	}
}

func TestCleanupOrder(t *testing.T) {
	var order []int
	got := Run(t.Context(), echo(t), aCase(func(t *T) {
		t.Cleanup(func() { order = append(order, 1) })
		t.Cleanup(func() { order = append(order, 2); t.Fatalf("left behind") })
		t.True("yes", true)
	}))
	if !slices.Equal(order, []int{2, 1}) || got.Outcome != Error || !strings.Contains(got.Reason, "left behind") {
		t.Errorf("order %v, outcome %s: %s", order, got.Outcome, got.Reason)
	}
}

// TestLeftBehindIsNeverHidden shows it for a recommendation that the baseline has.
func TestLeftBehindIsNeverHidden(t *testing.T) {
	soft := aCase(func(t *T) {
		t.Cleanup(func() { t.Fatalf("left behind") })
		t.True("no", false)
	})
	soft.Level = Should
	results := []Result{Run(t.Context(), echo(t), soft)}
	baseline, err := ReadBaseline(strings.NewReader("a/b/c # known"))
	if err != nil {
		t.Fatal(err)
	}
	baseline.Apply([]Case{soft}, results)
	if report := NewReport("x", results, nil); !report.Broken() {
		t.Errorf("got %+v", results)
	}
}

// TestBusyTarget counts how often a target without time is asked.
func TestBusyTarget(t *testing.T) {
	for name, test := range map[string]struct {
		method, retryAfter string
		status, times      int
		want               Outcome
		requests           int
	}{
		"for a while":         {http.MethodPost, "0", http.StatusTooManyRequests, 2, Pass, 3},
		"for long":            {http.MethodGet, "0", http.StatusTooManyRequests, 100, Error, maxTries},
		"asks for too much":   {http.MethodGet, "3600", http.StatusTooManyRequests, 100, Error, 1},
		"reads are repeated":  {http.MethodGet, "0", http.StatusServiceUnavailable, 1, Pass, 2},
		"writes are not":      {http.MethodPost, "0", http.StatusServiceUnavailable, 1, Error, 1},
		"a date that is over": {http.MethodGet, "Mon, 02 Jan 2006 15:04:05 GMT", http.StatusServiceUnavailable, 1, Pass, 2},
	} {
		t.Run(name, func(t *testing.T) {
			requests := 0
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if requests++; requests <= test.times {
					w.Header().Set("Retry-After", test.retryAfter)
					w.WriteHeader(test.status)
				}
			}))
			defer srv.Close()
			got := Run(t.Context(), Target{BaseURL: srv.URL, Features: []Feature{Managed}}, aCase(func(t *T) { t.Status(200, t.Send(test.method, "/x", nil)) }))
			if got.Outcome != test.want || requests != test.requests {
				t.Errorf("got %s (%s) after %d requests, want %s after %d", got.Outcome, got.Reason, requests, test.want, test.requests)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": time.Second, "soon": time.Second, "-1": time.Second, "7": 7 * time.Second, "99999999999999999999": time.Second,
		"Mon, 02 Jan 2006 15:04:05 GMT": 0,
	} {
		if got := retryAfter(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestRedact(t *testing.T) {
	for _, text := range []string{
		`{"Access_Token":"hush"}`, `{"accessToken": "hush"}`, `{"PASSWORD":"hush"}`, `{"pass_word":"hu\"hush"}`, `"{\"refresh_token\":\"hush\"}"`,
		"/x?Code=hush&state=shown", "http://localhost:3000#access_token=hush&token_type=Bearer", "http://localhost:3000/#state=x&id_token=hush",
	} {
		if got := (&secrets{}).redact(text); strings.Contains(got, "hush") || !strings.Contains(got, redacted) {
			t.Errorf("%s is shown as %s", text, got)
		}
	}
	var s secrets
	s.add(`a "quoted" secret`)
	if got := s.redact(`{"text":"{\"note\":\"a \\\"quoted\\\" secret\"}","plain":"a \"quoted\" secret"}`); strings.Contains(got, "quoted") {
		t.Errorf("got %s", got)
	}
	if got := s.redact(`{"code":404,"message":"code is shown"}`); strings.Contains(got, redacted) {
		t.Errorf("got %s", got)
	}
}

func TestDo(t *testing.T) {
	target := echo(t)
	if err := Do(t.Context(), target, func(t *T) { t.Status(200, t.Get("/x")) }); err != nil {
		t.Error(err)
	}
	err := Do(t.Context(), target, func(t *T) { t.Equal("token", "x", "a-secret-bearer") })
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
	cancelled, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	if err := Do(cancelled, target, func(t *T) { t.Get("/x") }); err == nil || !strings.Contains(err.Error(), "enough") {
		t.Errorf("got %v", err)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://example.com/", http.StatusFound)
	}))
	defer srv.Close()
	got := Run(t.Context(), Target{BaseURL: srv.URL, Features: []Feature{Managed}}, aCase(func(t *T) { t.Status(302, t.Get("/x")) }))
	if got.Outcome != Pass {
		t.Errorf("got %s: %s", got.Outcome, got.Reason)
	}
}

// TestSecretsAreRedacted lets a case fail at a server that answers all kinds
// of secrets.
func TestSecretsAreRedacted(t *testing.T) {
	const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "cookie-hush"})
		w.Header().Set("Location", "http://localhost:3000?code=code-hush&state=shown")
		w.Header().Set("Content-Type", "application/json")
		body := `{"code":404,"access_token":"opaque-hush","nested":{"password":"pass\"word-hush"},"jwt":"` + jwt + `","echo":"` + r.FormValue("x") + `"}`
		if _, err := w.Write([]byte(body)); err != nil {
			t.Error(err)
		}
	}))
	defer srv.Close()
	target := Target{BaseURL: srv.URL, Bearer: "bearer-hush", Password: "login-hush", Features: []Feature{Managed}}
	result := Run(t.Context(), target, aCase(func(t *T) {
		res := t.Post("/a?code=url-hush", url.Values{"password": {"form hush"}, "client_id": {"shown"}, "x": {"bearer-hush login-hush"}})
		t.Secret("other-hush")
		t.Equal("answer", "other-hush cookie-hush code-hush", res.Body)
		t.Status(500, res)
	}))
	for _, report := range []func(*strings.Builder) error{
		func(b *strings.Builder) error { return NewReport("x", []Result{result}, nil).WriteText(b) },
		func(b *strings.Builder) error { return NewReport("x", []Result{result}, nil).WriteJSON(b) },
		func(b *strings.Builder) error { return NewReport("x", []Result{result}, nil).WriteJUnit(b) },
	} {
		var b strings.Builder
		if err := report(&b); err != nil {
			t.Fatal(err)
		}
		if text := b.String(); strings.Contains(text, "hush") || strings.Contains(text, jwt[:20]) {
			t.Errorf("a secret is in the report:\n%s", text)
		}
	}
	if result.Outcome != Fail || len(result.Log) != 1 || !strings.Contains(result.Log[0].Received, `"code":404`) {
		t.Errorf("got %+v", result)
	}
}

func TestLogIsBounded(t *testing.T) {
	target := echo(t)
	result := Run(t.Context(), target, aCase(func(t *T) {
		t.Post("/x", strings.Repeat("x", 10*maxQuoted))
		for range maxExchanges {
			t.Get("/x")
		}
		t.Fatalf("so")
	}))
	if len(result.Log) != maxExchanges || len(result.Log[0].Sent) > 2*maxQuoted {
		t.Errorf("%d exchanges, %d bytes", len(result.Log), len(result.Log[0].Sent))
	}
}

func TestSame(t *testing.T) {
	for _, test := range []struct {
		a, b any
		want bool
	}{
		{1, 1.0, true},
		{json.Number("1e2"), 100, true},
		{json.Number("9007199254740993"), json.Number("9007199254740992"), false},
		{int64(9007199254740993), json.Number("9007199254740993"), true},
		{json.Number("1e999999999"), json.Number("1e999999998"), false},
		{1, "1", false},
		{nil, map[string]any{}, false},
		{[]string{"a"}, []any{"a"}, true},
		{[]string{"a", "b"}, []any{"b", "a"}, false},
		{map[string]any{"a": 1, "b": nil}, map[string]any{"b": nil, "a": 1}, true},
		{map[string]any{"a": nil}, map[string]any{"b": nil}, false},
		{"<&>", "<&>", true},
	} {
		if got := Same(test.a, test.b); got != test.want {
			t.Errorf("Same(%v, %v) is %t", test.a, test.b, got)
		}
	}
}

func TestAt(t *testing.T) {
	doc, err := decode([]byte(`{"a":[{"b":"x","n":7}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if Text(doc, "a", 0, "b") != "x" || Number(doc, "a", 0, "n") != 7 || Number(doc, "a", 0, "b") != -1 ||
		At(doc, "a", 1) != nil || At(doc, "b", "c") != nil || Text(doc, "a") != "" || len(List(doc, "a")) != 1 {
		t.Error("At does not lead to the values")
	}
}

func TestSelect(t *testing.T) {
	cases := []Case{{ID: "a/b/c"}, {ID: "a/bc/d"}, {ID: "x/y"}}
	for pattern, want := range map[string][]string{
		"a": {"a/b/c", "a/bc/d"}, "a/b": {"a/b/c"}, "a/b/": {"a/b/c"}, "a/*/d": {"a/bc/d"}, "x/y": {"x/y"}, "*/*": {"x/y"},
	} {
		selected, err := Select(cases, pattern)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
		}
		var got []string
		for _, c := range selected {
			got = append(got, c.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s selects %v, want %v", pattern, got, want)
		}
	}
	for _, pattern := range []string{"b", "a/b/x", "[", ""} {
		if _, err := Select(cases, pattern); err == nil {
			t.Errorf("%q is accepted", pattern)
		}
	}
}

func TestValidate(t *testing.T) {
	good := aCase(func(*T) {})
	if err := Validate([]Case{good}); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Case){
		"address": func(c *Case) { c.ID = "Managed create" }, "one word": func(c *Case) { c.ID = "managed" },
		"title": func(c *Case) { c.Title = "" }, "ref": func(c *Case) { c.Ref = "" }, "level": func(c *Case) { c.Level = 0 },
		"needs": func(c *Case) { c.Needs = nil }, "run": func(c *Case) { c.Run = nil }, "taken": func(*Case) {},
	} {
		other := good
		other.ID = "a/b/d"
		if name == "taken" {
			other.ID = good.ID
		}
		change(&other)
		if err := Validate([]Case{good, other}); err == nil {
			t.Errorf("%s: no mistake is reported", name)
		}
	}
}

// TestAdvance shows that a clock that was moved is moved back before what the case made
// is removed.
func TestAdvance(t *testing.T) {
	target := echo(t)
	target.Features = append(target.Features, Clock)
	ticks := aCase(func(t *T) { t.Advance(time.Minute) })
	if got := Run(t.Context(), target, ticks); got.Outcome != Error || !strings.Contains(got.Reason, "needs a clock") {
		t.Errorf("without a clock: %+v", got)
	}
	var moved, atCleanup time.Duration
	target.Advance = func(_ context.Context, d time.Duration) error { moved += d; return nil }
	got := Run(t.Context(), target, aCase(func(t *T) {
		t.Cleanup(func() { atCleanup = moved })
		t.Advance(time.Minute)
		t.Advance(time.Hour)
		t.Equal("moved", "1h1m0s", moved.String())
		panic("the end")
	}))
	if got.Outcome != Error || len(got.Failures) > 0 || atCleanup != 0 || moved != 0 {
		t.Errorf("%+v, %s at the cleanup, %s afterwards", got, atCleanup, moved)
	}
	target.Advance = func(context.Context, time.Duration) error { return errors.New("it is stuck") }
	if got := Run(t.Context(), target, ticks); got.Outcome != Error || !strings.Contains(got.Reason, "it is stuck") {
		t.Errorf("a clock that is stuck: %+v", got)
	}
}

// TestPoll runs on the clock of synctest's bubble.
func TestPoll(t *testing.T) {
	for name, test := range map[string]struct {
		doneAt, limit, waits, timeout time.Duration
		want                          Outcome
		tries                         int
		took                          time.Duration
		reason                        string
	}{
		"at once":          {0, time.Minute, time.Minute, 0, Pass, 1, 0, ""},
		"later":            {time.Second, time.Minute, time.Minute, 0, Pass, 3, 1500 * time.Millisecond, ""},
		"at the limit":     {time.Minute, time.Minute, time.Minute, 0, Pass, 11, time.Minute, ""},
		"never":            {time.Hour, time.Minute, time.Minute, 0, Fail, 11, time.Minute, "waited 1m0s in vain for the end"},
		"waits are extra":  {5 * time.Minute, 5 * time.Minute, 5 * time.Minute, time.Second, Pass, 35, 5 * time.Minute, ""},
		"without the time": {time.Hour, time.Hour, 0, time.Second, Error, 2, time.Second, "waited for the end"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				started, tries := time.Now(), 0
				got := Run(t.Context(), Target{BaseURL: "http://localhost", Features: []Feature{Managed}, Timeout: test.timeout}, Case{
					ID: "a/b", Level: Must, Needs: []Feature{Managed}, Waits: test.waits,
					Run: func(t *T) {
						t.Poll(test.limit, "the end", func() bool { tries++; return time.Since(started) >= test.doneAt })
					},
				})
				said := got.Reason
				for _, f := range got.Failures {
					said += f.What
				}
				if got.Outcome != test.want || tries != test.tries || time.Since(started) != test.took || !strings.Contains(said, test.reason) {
					t.Errorf("%s after %d tries and %s: %s", got.Outcome, tries, time.Since(started), said)
				}
			})
		})
	}
}
