package auth

import (
	"errors"
	"net/url"
	"testing"
	"time"

	"aicmcp/mockaic"
)

// TestDeviceLoginAtTheFake has people allow, deny and forget a device whose polls
// come at the interval.
func TestDeviceLoginAtTheFake(t *testing.T) {
	for name, tc := range map[string]struct {
		visits, denies bool
		want           error
	}{
		"allowed":   {visits: true},
		"denied":    {visits: true, denies: true, want: ErrDeclined},
		"forgotten": {want: ErrTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			r := newDeviceRig(t, func(o *Options) {
				base, err := url.Parse(mockaic.Start(t, mockaic.Clock(o.Now)).URL)
				if err != nil {
					t.Fatal(err)
				}
				o.BaseURL = base
			})
			_, err := r.Token(t.Context(), []string{"fr:idm:*"})
			var p *Pending
			if !errors.As(err, &p) {
				t.Fatal(err)
			}
			r.tick()
			next := <-r.timers // the first poll has been answered
			if tc.visits {
				person := mockaic.Person{UserName: "admin@example.com", Password: mockaic.Password, Denies: tc.denies}
				if page, err := person.Visit(t.Context(), p.URL); err != nil || page.Status != 200 {
					t.Fatalf("%v, %v", page, err)
				}
			}
			r.pass(next)
			for !tc.visits && r.now().Before(p.Expires) {
				r.tick()
			}
			r.ended(t, p)
			if err := r.Await(t.Context(), time.Hour); !errors.Is(err, tc.want) {
				t.Errorf("error is %v", err)
			}
			if tc.want == nil {
				r.get(t, "fr:idm:*")
			}
		})
	}
}
