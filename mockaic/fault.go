package mockaic

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
)

// Fault makes requests fail.
type Fault struct {
	Method     string        // "" is any
	Path       string        // * stands for any text; "" is any path
	Status     int           // 0 is 503
	RetryAfter time.Duration // 0 leaves the header out
	Times      int           // how many requests fail; 0 is 1
}

type faults struct {
	mu      sync.Mutex
	pending []Fault
}

// Inject makes the next requests that match fail. Faults that match the same
// request take effect in the order of their injection. It panics when the
// status is not one of an error, which is a mistake in the test.
func (t *Tenant) Inject(fault Fault) {
	if fault.Status == 0 {
		fault.Status = http.StatusServiceUnavailable
	}
	if fault.Status < 400 || fault.Status > 599 {
		panic(fmt.Sprintf("mockaic: a fault with status %d is not a failure", fault.Status))
	}
	fault.Times = max(fault.Times, 1)
	t.faults.mu.Lock()
	defer t.faults.mu.Unlock()
	t.faults.pending = append(t.faults.pending, fault)
}

func (f *faults) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pending = nil
}

// take uses up one occurrence of the first fault that matches.
func (f *faults) take(r *http.Request) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.pending {
		fault := &f.pending[i]
		if fault.Method != "" && fault.Method != r.Method || fault.Path != "" && !glob(fault.Path, r.URL.Path) {
			continue
		}
		taken := *fault
		fault.Times--
		if fault.Times == 0 {
			f.pending = append(f.pending[:i], f.pending[i+1:]...)
		}
		return taken, true
	}
	return Fault{}, false
}

// glob matches text against a pattern in which * stands for any text.
func glob(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	first, last := parts[0], parts[len(parts)-1]
	if !strings.HasPrefix(text, first) || !strings.HasSuffix(text[len(first):], last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		at := strings.Index(text, part)
		if at < 0 {
			return false
		}
		text = text[at+len(part):]
	}
	return true
}

func (f Fault) write(w http.ResponseWriter) {
	if f.RetryAfter > 0 {
		seconds := int((f.RetryAfter + time.Second - 1) / time.Second)
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
	}
	w.Header().Set("Content-Type", "application/json")
	// A client that went away needs no answer.
	_ = route.WriteJSON(w, f.Status, crest.Errorf(f.Status, "%s", crest.Reason(f.Status)), false)
}
