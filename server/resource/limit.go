package resource

import (
	"fmt"
	"math"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

const (
	defaultRate = 20
	// maxCallers are remembered; who was not heard of for longest begins anew.
	maxCallers = 10_000
)

// callers limits how often each of them sends requests.
type callers struct {
	rate     rate.Limit
	burst    int
	limiters *lru.Cache[callerID, *rate.Limiter]
}

type callerID struct{ subject, client string }

func newCallers(limit rate.Limit, burst int) (*callers, error) {
	if limit == 0 {
		limit = defaultRate
	}
	if burst == 0 && limit != rate.Inf {
		burst = int(math.Ceil(2 * float64(limit)))
	}
	if limit < 0 || burst < 0 || math.IsNaN(float64(limit)) {
		return nil, fmt.Errorf("a caller can't send %v requests a second, %d at once", float64(limit), burst)
	}
	limiters, err := lru.New[callerID, *rate.Limiter](maxCallers)
	if err != nil {
		return nil, err
	}
	return &callers{limit, burst, limiters}, nil
}

// wait counts a request, and returns how long its caller must wait instead if it is
// one too many.
func (c *callers) wait(token *Token, now time.Time) time.Duration {
	if c.rate == rate.Inf {
		return 0
	}
	id := callerID{token.Subject, token.ClientID}
	limiter, ok := c.limiters.Get(id)
	if !ok {
		limiter = rate.NewLimiter(c.rate, c.burst)
		if before, ok, _ := c.limiters.PeekOrAdd(id, limiter); ok {
			limiter = before
		}
	}
	place := limiter.ReserveN(now, 1)
	wait := place.DelayFrom(now)
	if wait > 0 {
		place.CancelAt(now)
	}
	return wait
}

// underWay counts the requests of each subject that are not answered yet. Who
// registers many clients has no more places for that.
type underWay struct {
	most int

	mu sync.Mutex
	of map[string]int
}

// enter tells whether the subject has a place left, and takes it.
func (u *underWay) enter(subject string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.of[subject] >= u.most {
		return false
	}
	u.of[subject]++
	return true
}

func (u *underWay) leave(subject string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.of[subject]--; u.of[subject] == 0 {
		delete(u.of, subject)
	}
}
