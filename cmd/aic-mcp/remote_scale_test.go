package main

import "testing"

// TestInstancesServeOneClient lets clients work through a load balancer that knows
// nothing of sessions. One of two instances goes away while they are at work.
func TestInstancesServeOneClient(t *testing.T) {
	for name, use := range remoteClients {
		t.Run(name, func(t *testing.T) {
			s := startSite(t, 2)
			gone, left := s.instances[0], s.instances[1]
			var before, beforeLeft int64
			use(t, s, func() {
				gone.kill()
				before, beforeLeft = gone.served.Load(), left.served.Load()
			})
			if before < 3 || beforeLeft < 3 {
				t.Errorf("at first they served %d and %d requests", before, beforeLeft)
			}
			if gone.served.Load() != before || left.served.Load() < beforeLeft+4 {
				t.Errorf("then they served %d and %d requests", gone.served.Load()-before, left.served.Load()-beforeLeft)
			}
		})
	}
}
