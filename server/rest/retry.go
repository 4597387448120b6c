package rest

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Retry says how often and how patiently a request is repeated. Which ones
// may be repeated at all is the request's own affair.
type Retry struct {
	// Tries counts the first attempt too.
	Tries int
	// Base is the first pause; it doubles each time, up to Max.
	Base, Max time.Duration
	// MaxWait is the longest Retry-After that is obeyed.
	MaxWait time.Duration
	// Budget is how long after the first attempt the last may begin.
	Budget time.Duration
	Sleep  func(ctx context.Context, d time.Duration) error
	// Jitter returns a number in [0,1).
	Jitter func() float64
	Now    func() time.Time
}

// DefaultRetry is four tries within about half a minute of waiting.
func DefaultRetry() Retry {
	return Retry{
		Tries:   4,
		Base:    500 * time.Millisecond,
		Max:     8 * time.Second,
		MaxWait: 20 * time.Second,
		Budget:  40 * time.Second,
		Sleep:   sleep,
		Jitter:  rand.Float64,
		Now:     time.Now,
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pause returns how long to wait before try number next (2 for the second).
// The upper half of the interval is random, so that callers spread out.
func (r Retry) pause(next int) time.Duration {
	d := r.Base
	for range next - 2 {
		d = min(2*d, r.Max)
	}
	return d/2 + time.Duration(r.Jitter()*float64(d/2))
}

// retryAfter reads a Retry-After header, seconds or an HTTP date; 0 if it
// asks for nothing.
func (r Retry) retryAfter(h http.Header) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	// Beyond 64 bits n is the greatest number.
	if n, err := strconv.ParseUint(v, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		const most = 1 << 31
		return time.Duration(min(n, most)) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(t.Sub(r.Now()), 0)
	}
	return 0
}
