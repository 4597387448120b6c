package aic

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"aicmcp/server/rest"
)

// register is a tenant that holds one document, which anybody may overwrite.
// The way there and the way back take time, which passes in a bubble only.
type register struct {
	mu       sync.Mutex
	doc      []byte
	requests []string
	latency  func() time.Duration
	// hold delays a write on its way, lose loses the answer to one, after
	// runs when one was done.
	hold  func() time.Duration
	lose  bool
	after func(r *register)
	// stale is how far reads lag behind the writes.
	stale   time.Duration
	first   []byte
	written []version
	// blind is how reads fail after a write.
	blind error
}

type version struct {
	doc  []byte
	from time.Time
}

func (r *register) way() {
	if r.latency != nil {
		r.mu.Lock()
		d := r.latency()
		r.mu.Unlock()
		time.Sleep(d)
	}
}

func (r *register) RoundTrip(req *http.Request) (*http.Response, error) {
	r.way()
	if req.Method != http.MethodGet && r.hold != nil {
		time.Sleep(r.hold())
	}
	status, body, err := r.answer(req)
	r.way()
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), Request: req}, nil
}

func (r *register) answer(req *http.Request) (int, []byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, req.Method)
	if req.Method == http.MethodGet {
		if r.blind != nil && len(r.written) > 0 {
			return 0, nil, r.blind
		}
		for _, v := range slices.Backward(r.written) {
			if time.Since(v.from) < r.stale {
				continue
			}
			return 200, v.doc, nil
		}
		if len(r.written) > 0 && r.stale > 0 {
			return 200, r.first, nil
		}
		return 200, r.doc, nil
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return 0, nil, err
	}
	if len(r.written) == 0 {
		r.first = r.doc
	}
	r.doc = body
	if r.after != nil {
		r.after(r)
	}
	r.written = append(r.written, version{r.doc, time.Now()})
	if r.lose {
		return 0, nil, errors.New("connection reset")
	}
	return 200, body, nil
}

func (r *register) log() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.requests, " ")
}

func (r *register) things(t *testing.T) []any {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var doc Object
	if err := rest.Decode(r.doc, &doc); err != nil {
		t.Fatal(err)
	}
	things, _ := doc["things"].([]any)
	return things
}

// writer is a client with locks of its own, as each process has them.
func (r *register) writer(t *testing.T, change ...func(*Options)) *Client {
	t.Helper()
	opts := Options{
		BaseURL:    &url.URL{Scheme: "http", Host: "tenant.example"},
		HTTPClient: &http.Client{Transport: r},
		Token:      func(context.Context) (string, error) { return secretToken, nil },
	}
	for _, f := range change {
		f(&opts)
	}
	c, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// adding puts a thing into the document.
func adding(name string) func(Object) (ConfigEdit, error) {
	return func(doc Object) (ConfigEdit, error) {
		if !has(doc, name) {
			things, _ := doc["things"].([]any)
			doc["things"] = append(things, name)
		}
		return ConfigEdit{Document: doc, Shows: func(doc Object) bool { return has(doc, name) }}, nil
	}
}

func has(doc Object, name string) bool {
	things, _ := doc["things"].([]any)
	return slices.Contains(things, any(name))
}

func newRegister() *register { return &register{doc: []byte(`{"things":[]}`)} }

// compete lets two processes with 40 writers each add things, and counts what
// happened. Latencies are up to 450 ms each way.
func compete(t *testing.T, seed uint64, change func(*Options)) (succeeded, collided, lost int) {
	t.Helper()
	r := newRegister()
	chance := rand.New(rand.NewPCG(seed, 1))
	r.latency = func() time.Duration { return time.Duration(chance.Int64N(int64(450 * time.Millisecond))) }
	var mu sync.Mutex
	var kept []string
	var wg sync.WaitGroup
	for process := range 2 {
		c := r.writer(t, change)
		for i := range 40 {
			wg.Go(func() {
				name := fmt.Sprintf("%d-%d", process, i)
				_, err := c.ChangeConfig(t.Context(), ThemeConfig, adding(name))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					kept = append(kept, name)
				case errors.Is(err, ErrOverwritten):
					collided++
				default:
					t.Errorf("%s: %v", name, err)
				}
			})
		}
	}
	wg.Wait()
	things := r.things(t)
	for _, name := range kept {
		if !slices.Contains(things, any(name)) {
			lost++
		}
	}
	return len(kept), collided, lost
}

func TestNothingThatWasReportedAsSuccessIsLost(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			succeeded, collided, lost := compete(t, seed, func(*Options) {})
			if lost > 0 || succeeded == 0 || collided == 0 {
				t.Errorf("seed %d: %d succeeded, %d collided, %d lost", seed, succeeded, collided, lost)
			}
		})
	}
}

// The pause is what it takes: a writer that looks at once loses some.
func TestALookAtOnceMissesLosses(t *testing.T) {
	total := 0
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			_, _, lost := compete(t, seed, func(o *Options) {
				hasty := rest.DefaultRetry()
				hasty.Sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
				o.Retry = &hasty
			})
			total += lost
		})
	}
	if total == 0 {
		t.Error("nothing was lost: the test above shows nothing")
	}
}

func TestWritersOfOneProcessDoNotCollide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRegister()
		r.latency = func() time.Duration { return 100 * time.Millisecond }
		locks := &Locks{}
		began := time.Now()
		var wg sync.WaitGroup
		for i := range 10 {
			c := r.writer(t, func(o *Options) { o.Locks = locks })
			wg.Go(func() {
				if _, err := c.ChangeConfig(t.Context(), ThemeConfig, adding(fmt.Sprint(i))); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := len(r.things(t)); n != 10 {
			t.Errorf("%d things", n)
		}
		// They wait for each other's requests, not for each other's pauses.
		if took := time.Since(began); took > 10*600*time.Millisecond+3*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

func TestChangeConfig(t *testing.T) {
	overwrite := func(doc string) func(*register) {
		return func(r *register) { r.doc = []byte(doc) }
	}
	for name, tc := range map[string]struct {
		register  *register
		change    func(o *Options)
		want      string // in the error, empty for success
		unknown   bool
		collision bool
		late      bool
		requests  string
	}{
		"undisturbed": {requests: "GET PUT GET GET"},
		"somebody adds another": {
			register: &register{after: overwrite(`{"things":["x","theirs"]}`)},
			requests: "GET PUT GET GET",
		},
		"somebody undoes it": {
			register: &register{after: overwrite(`{"things":["theirs"]}`)},
			want:     "it is not there", unknown: true, collision: true, requests: "GET PUT" + strings.Repeat(" GET", 8+3),
		},
		"reads lag behind":     {register: &register{stale: time.Second}, requests: "GET PUT GET GET GET GET"},
		"reads lag far behind": {register: &register{stale: 7 * time.Second}, requests: "GET PUT" + strings.Repeat(" GET", 8+2)},
		"the write is late": {
			register: &register{hold: func() time.Duration { return 3 * time.Second }},
			late:     true, requests: "GET PUT GET GET",
		},
		"the answer is lost": {register: &register{lose: true}, requests: "GET PUT GET GET"},
		"the answer and the write are lost": {
			register: &register{lose: true, after: overwrite(`{"things":[]}`)},
			want:     "broke before the answer", unknown: true, requests: "GET PUT" + strings.Repeat(" GET", 8+3),
		},
		"a login comes in between": {
			change: func(o *Options) {
				asked := 0
				o.Token = func(context.Context) (string, error) {
					if asked++; asked == 2 {
						time.Sleep(time.Minute)
					}
					return secretToken, nil
				}
			},
			requests: "GET GET PUT GET GET",
		},
		"reads take too long": {
			register: &register{latency: func() time.Duration { return time.Second }},
			late:     true, requests: "GET GET GET PUT GET GET",
		},
		"nothing to do": {register: &register{doc: []byte(`{"things":["x"]}`)}, requests: "GET"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := tc.register
				if r == nil {
					r = &register{}
				}
				if r.doc == nil {
					r.doc = newRegister().doc
				}
				c := r.writer(t, func(o *Options) {
					if tc.change != nil {
						tc.change(o)
					}
				})
				changed, err := c.ChangeConfig(t.Context(), ThemeConfig, adding("x"))
				if got := r.log(); got != tc.requests {
					t.Errorf("requests %s, want %s", got, tc.requests)
				}
				if tc.want == "" {
					if err != nil || !has(changed.Document, "x") || changed.Late != tc.late {
						t.Errorf("changed %v, error %v", changed, err)
					}
					return
				}
				if err == nil || !strings.Contains(err.Error(), tc.want) || rest.IsUnknown(err) != tc.unknown || errors.Is(err, ErrOverwritten) != tc.collision {
					t.Errorf("error %v", err)
				}
			})
		})
	}
}

// A patch undoes nobody, however long it takes, and its answer can say anything.
func TestAPatchIsNeverLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRegister()
		r.hold = func() time.Duration { return 3 * time.Second }
		r.after = func(r *register) { r.doc = []byte(`{"things":["x"]}`) }
		operations := []PatchOperation{{Operation: "add", Field: "/things/-", Value: "x"}}
		changed, err := r.writer(t).ChangeConfig(t.Context(), ManagedConfig, func(Object) (ConfigEdit, error) {
			return ConfigEdit{Operations: operations, Shows: func(doc Object) bool { return has(doc, "x") }}, nil
		})
		if err != nil || changed.Late || !has(changed.Document, "x") || r.log() != "GET PATCH GET GET" {
			t.Errorf("changed %v, error %v, after %s", changed, err, r.log())
		}
	})
}

func TestAnAcceptedWriteThatCannotBeLookedAtIsUnknown(t *testing.T) {
	failed := errors.New("login failed")
	for name, change := range map[string]func(*register, *Options){
		"no answer": func(r *register, _ *Options) { r.blind = failed },
		"no login": func(r *register, o *Options) {
			o.Token = func(context.Context) (string, error) {
				if strings.Contains(r.log(), "PUT") {
					return "", failed
				}
				return secretToken, nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRegister()
				ctx, trace := rest.WithTrace(t.Context())
				_, err := r.writer(t, func(o *Options) { change(r, o) }).ChangeConfig(ctx, ThemeConfig, adding("x"))
				var e *rest.Error
				if !errors.As(err, &e) || !e.Unknown || !e.OwnWords || e.Retryable || e.Status != 0 || !errors.Is(err, failed) ||
					!strings.Contains(e.Message, "could not be looked at afterwards") || e.TransactionID == "" || e.TransactionID != trace.Transaction() {
					t.Errorf("error %#v, transaction %s", err, trace.Transaction())
				}
			})
		})
	}
}

// Reads may show an old state for a while: writers of one process lose nothing
// to each other all the same.
func TestReadsThatLagLoseNothingWithinAProcess(t *testing.T) {
	for _, lag := range []time.Duration{500 * time.Millisecond, 1900 * time.Millisecond, 2200 * time.Millisecond, 3 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			r := newRegister()
			r.stale = lag
			r.latency = func() time.Duration { return 100 * time.Millisecond }
			c := r.writer(t)
			var wg sync.WaitGroup
			for i := range 6 {
				wg.Go(func() {
					if _, err := c.ChangeConfig(t.Context(), ThemeConfig, adding(fmt.Sprint(i))); err != nil {
						t.Errorf("lag %s: %v", lag, err)
					}
				})
			}
			wg.Wait()
			if n := len(r.things(t)); n != 6 {
				t.Errorf("lag %s: %d things", lag, n)
			}
		})
	}
}

// Each of these writes the document of the types, too.
func TestWritersOfTypesWaitForEachOther(t *testing.T) {
	for name, write := range map[string]func(context.Context, *Client) error{
		"feature": func(ctx context.Context, c *Client) error { _, err := c.InstallFeature(ctx, "groups"); return err },
		"agents":  func(ctx context.Context, c *Client) error { _, err := c.EnableAIAgent(ctx); return err },
		"property": func(ctx context.Context, c *Client) error {
			_, err := c.PutSchemaProperty(ctx, "x", "y", Object{}, func(error) error { return nil })
			return err
		},
		"deletion": func(ctx context.Context, c *Client) error {
			_, err := c.DeleteSchemaProperty(ctx, "x", "y")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRegister()
				c := r.writer(t)
				unlock, err := c.locks.lock(t.Context(), ManagedConfig)
				if err != nil {
					t.Fatal(err)
				}
				defer unlock()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if err := write(ctx, c); !errors.Is(err, context.DeadlineExceeded) || r.log() != "" {
					t.Errorf("error %v after %s", err, r.log())
				}
			})
		})
	}
}

func TestAPlanThatFailsWritesNothing(t *testing.T) {
	r := newRegister()
	refused := errors.New("no")
	_, err := r.writer(t).ChangeConfig(t.Context(), ThemeConfig, func(Object) (ConfigEdit, error) { return ConfigEdit{}, refused })
	if !errors.Is(err, refused) || r.log() != "GET" {
		t.Errorf("error %v after %s", err, r.log())
	}
}

func TestWaitingForAWriterCanBeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRegister()
		r.latency = func() time.Duration { return 100 * time.Millisecond }
		c := r.writer(t)
		unlock, err := c.locks.lock(t.Context(), ManagedConfig)
		if err != nil {
			t.Fatal(err)
		}
		defer unlock() // another document has another lock
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := c.ChangeConfig(t.Context(), ThemeConfig, adding("first")); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err = c.ChangeConfig(ctx, ThemeConfig, adding("second"))
		if !errors.Is(err, context.DeadlineExceeded) || rest.IsUnknown(err) {
			t.Errorf("error %v", err)
		}
		wg.Wait()
	})
}
