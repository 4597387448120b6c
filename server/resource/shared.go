package resource

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// fetchTimeout bounds one question to the issuer.
const fetchTimeout = 10 * time.Second

// shared is what many callers want of the issuer. It is fetched once for all who ask
// at the same time, and not again too soon.
type shared[T any] struct {
	fetch func(context.Context) (T, error)
	now   func() time.Time
	// failed is told of each fetch that failed.
	failed func(error)
	flight singleflight.Group

	mu    sync.Mutex
	value T
	at    time.Time // when value was asked for; zero if there is none yet
	tried time.Time // when the last fetch began
	err   error     // of the last fetch
}

// last returns what was fetched last, if it is younger than the age, and how old it is.
func (s *shared[T]) last(younger time.Duration) (value T, age time.Duration, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at.IsZero() {
		return value, 0, false
	}
	if age = s.now().Sub(s.at); age >= younger {
		return value, age, false
	}
	return s.value, age, true
}

// outcome is that of the last fetch, if it began less than the pause ago.
func (s *shared[T]) outcome(pause time.Duration) (value T, err error, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tried.IsZero() || s.now().Sub(s.tried) >= pause {
		return value, nil, false
	}
	return s.value, s.err, true
}

// renew fetches the value, unless that was tried less than the pause ago: then the
// outcome of that counts. A fetch goes on when who began it has gone.
func (s *shared[T]) renew(ctx context.Context, pause time.Duration) (T, error) {
	var none T
	select {
	case result := <-s.begin(ctx, pause):
		if result.Err != nil {
			return none, result.Err
		}
		return result.Val.(T), nil
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// begin is renew without waiting.
func (s *shared[T]) begin(ctx context.Context, pause time.Duration) <-chan singleflight.Result {
	return s.flight.DoChan("", func() (any, error) {
		if value, err, ok := s.outcome(pause); ok {
			return value, err
		}
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
		defer cancel()
		began := s.now()
		value, err := s.fetch(own)
		if err != nil {
			s.failed(err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.tried, s.err = began, err
		if err == nil {
			s.value, s.at = value, began
		}
		return s.value, err
	})
}
