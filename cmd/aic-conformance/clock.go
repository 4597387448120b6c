package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// advance moves the clock of a fake tenant by its admin API.
func (s *settings) advance(client *http.Client) func(context.Context, time.Duration) error {
	return func(ctx context.Context, d time.Duration) error {
		body := strings.NewReader(fmt.Sprintf(`{"advance":%q}`, d))
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.clock, body)
		if err != nil {
			return fmt.Errorf("--clock: %w", err)
		}
		r.Header.Set("Content-Type", "application/json")
		answer, err := client.Do(r)
		if err != nil {
			return fmt.Errorf("--clock: %w", err)
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("--clock: %s answered %d; it must be the address of a clock, such as http://127.0.0.1:9090/clock", s.clock, answer.StatusCode)
		}
		return nil
	}
}
