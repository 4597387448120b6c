package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"aicmcp/mockaic"
)

// latency is how long a slow tenant takes for each request.
const latency = 50 * time.Millisecond

// slow is a tenant without a network, each of whose answers takes its time.
type slow struct {
	tenant http.Handler

	mu          sync.Mutex
	lines       map[string]int
	flying, top int // requests under way, now and at most
}

func (s *slow) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.lines[strings.TrimPrefix(r.URL.Path, treesPath)+" "+r.URL.Query().Get("_action")]++
	s.flying++
	s.top = max(s.top, s.flying)
	s.mu.Unlock()
	time.Sleep(latency)
	s.mu.Lock()
	s.flying--
	s.mu.Unlock()
	return s.serve(r), nil
}

func (s *slow) serve(r *http.Request) *http.Response {
	arrived := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), r.Body)
	arrived.Header = r.Header
	arrived.RemoteAddr = "127.0.0.1:1"
	w := httptest.NewRecorder()
	s.tenant.ServeHTTP(w, arrived)
	return w.Result()
}

// newSlow is a slow tenant with a journey of n nodes.
func newSlow(t testing.TB, n int) *slow {
	t.Helper()
	mock, err := mockaic.New(mockaic.DevToken(bearer), mockaic.Chance(7))
	if err != nil {
		t.Fatal(err)
	}
	s := &slow{tenant: mock, lines: map[string]int{}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "https://tenant.example.com"+treesPath+"/trees/Long", strings.NewReader(longJourney(n)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+bearer)
	r.Header.Set("Content-Type", "application/json")
	if response := s.serve(r); response.StatusCode != http.StatusCreated {
		t.Fatalf("the journey is not taken: %s", response.Status)
	}
	return s
}

func (s *slow) get(t testing.TB, session *mcp.ClientSession) {
	t.Helper()
	res, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "getJourney", Arguments: json.RawMessage(`{"realm":"alpha","journeyName":"Long"}`)})
	if err != nil {
		t.Fatal(err)
	}
	if text := res.Content[0].(*mcp.TextContent).Text; res.IsError || strings.Contains(text, `"error"`) {
		t.Fatalf("%.500s", text)
	}
}

// Whatever its size, a journey is there after three waits for the tenant, with no
// more than eight requests at once and none sent twice.
func TestAJourneyTakesThreeWaits(t *testing.T) {
	for _, n := range []int{1, 4, 5, 8, 9, 30, 200} {
		s := newSlow(t, n)
		synctest.Test(t, func(t *testing.T) {
			session := serve(t, "https://tenant.example.com", &http.Client{Transport: s})
			began := time.Now()
			s.get(t, session)
			if waits := time.Since(began) / latency; waits > 3 {
				t.Errorf("%d nodes take %d waits", n, waits)
			}
			if err := session.Close(); err != nil {
				t.Error(err)
			}
		})
		if s.top > 8 {
			t.Errorf("%d nodes: %d requests at once", n, s.top)
		}
		for line, times := range s.lines {
			if times > 1 {
				t.Errorf("%d nodes: %s is asked %d times", n, line, times)
			}
		}
	}
}

// BenchmarkGetJourney reports how many times the latency of the tenant a call takes.
func BenchmarkGetJourney(b *testing.B) {
	s := newSlow(b, 30)
	session := serve(b, "https://tenant.example.com", &http.Client{Transport: s})
	for b.Loop() {
		s.get(b, session)
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(latency), "latencies/op")
}
