package delegate_test

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"aicmcp/mockaic"
	"aicmcp/server/delegate"
)

// outcome is what a call of Token ends with.
type outcome struct {
	token *delegate.Token
	err   error
}

// ask calls Token in the background.
func (r *rig) ask(ctx context.Context, caller delegate.Caller, scopes ...string) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		token, err := r.Token(ctx, caller, todo, scopes)
		done <- outcome{token, err}
	}()
	return done
}

// gate holds requests of a grant back until it is opened.
func (r *rig) gate(grant string) (reached <-chan struct{}, open func()) {
	arrived, opened := make(chan struct{}, 100), make(chan struct{})
	r.wire.hold(func(form url.Values) {
		if form.Get("grant_type") == grant {
			arrived <- struct{}{}
			<-opened
		}
	})
	open = sync.OnceFunc(func() { close(opened) })
	r.t.Cleanup(open)
	return arrived, open
}

// Who is cancelled ends at once, and nobody else.
func TestACancelledCallerEndsAlone(t *testing.T) {
	for _, grant := range []string{"client_credentials", exchanged} {
		r := newRig(t)
		jane, joe := r.login("jane", "todo:read"), r.login("joe", "todo:read")
		reached, open := r.gate(grant)
		ctx, cancel := context.WithCancel(t.Context())
		first := r.ask(ctx, jane, "todo:read")
		<-reached // Jane's call began the request that the others wait for
		second, third := r.ask(t.Context(), jane, "todo:read"), r.ask(t.Context(), joe, "todo:read")
		cancel()
		if got := <-first; !errors.Is(got.err, context.Canceled) || got.token != nil {
			t.Errorf("%s: cancelled: %+v", grant, got)
		}
		open()
		again, others := <-second, <-third
		if again.err != nil || others.err != nil {
			t.Fatalf("%s: %v, %v", grant, again.err, others.err)
		}
		if r.claims(again.token.AccessToken)["sub"] != jane.Subject || r.claims(others.token.AccessToken)["sub"] != joe.Subject {
			t.Errorf("%s: tokens of others", grant)
		}
		r.requests(1, 2)

		// What a cancelled call began was not in vain.
		if r.get(jane, todo, "todo:read") != again.token {
			t.Errorf("%s: another token", grant)
		}
		if _, err := r.Token(ctx, r.login("jane", "todo:read"), todo, []string{"todo:read"}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: cancelled before: %v", grant, err)
		}
		r.requests(1, 2)
	}
}

// One whose exchange fails takes nobody along.
func TestACallerFailsAlone(t *testing.T) {
	r := newRig(t)
	joe := r.login("joe", "todo:read")
	r.scripts("", modify)
	jane := r.login("jane", "todo:read") // she may not
	r.scripts(mayAct, modify)
	reached, open := r.gate(exchanged)
	failing := r.ask(t.Context(), jane, "todo:read")
	<-reached
	going := r.ask(t.Context(), joe, "todo:read")
	<-reached
	open()
	if got := <-failing; got.err == nil {
		t.Error("an exchange that the tenant refuses")
	}
	if got := <-going; got.err != nil || r.claims(got.token.AccessToken)["sub"] != joe.Subject {
		t.Errorf("%+v", got)
	}
	// A caller who puts another's name on a token gets nothing of the other's.
	jane.Subject = joe.Subject
	if _, err := r.Token(t.Context(), jane, todo, []string{"todo:read"}); err == nil {
		t.Error("under another's name")
	}
	joe.Subject = jane.Subject + "x"
	var wrong *delegate.Mismatch
	if _, err := r.Token(t.Context(), joe, todo, []string{"todo:read"}); !errors.As(err, &wrong) || wrong.Claim != "sub" {
		t.Errorf("%v", err)
	}
}

// However many ask at once, each gets its own, by one request per token.
func TestCallersAtOnce(t *testing.T) {
	r := newRig(t)
	var callers []delegate.Caller
	for range 2 {
		callers = append(callers, r.login("jane", "todo:read", "todo:write"), r.login("joe", "todo:read", "todo:write"))
	}
	scopes := [][]string{{"todo:read"}, {"todo:write"}, {"todo:write", "todo:read"}}
	got := make([][]*delegate.Token, len(callers)*len(scopes))
	var mu sync.Mutex
	var all errgroup.Group
	for range 8 {
		for i, caller := range callers {
			for j, set := range scopes {
				all.Go(func() error {
					token, err := r.Token(t.Context(), caller, todo, set)
					mu.Lock()
					defer mu.Unlock()
					got[i*len(scopes)+j] = append(got[i*len(scopes)+j], token)
					return err
				})
			}
		}
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for n, tokens := range got {
		for _, token := range tokens {
			if token != tokens[0] {
				t.Errorf("%d: different tokens", n)
			}
		}
		if seen[tokens[0].AccessToken] || r.claims(tokens[0].AccessToken)["sub"] != callers[n/len(scopes)].Subject {
			t.Errorf("%d: somebody else's token", n)
		}
		seen[tokens[0].AccessToken] = true
	}
	r.requests(1, len(got))
}

// Calls that find the actor refused at the same time share the new one.
func TestARevokedActorTokenIsReplacedOnceForAll(t *testing.T) {
	r := newRig(t)
	jane, joe := r.login("jane", "todo:read"), r.login("joe", "todo:read")
	r.get(r.login("joe", "todo:write"), todo, "todo:write")
	r.clock.advance(time.Minute)
	r.post("/token/revoke", server, secret, url.Values{"token": {r.wire.sent(exchanged)[0].Get("actor_token")}})
	reached, open := r.gate(exchanged)
	first, second := r.ask(t.Context(), jane, "todo:read"), r.ask(t.Context(), joe, "todo:read")
	<-reached
	<-reached
	open()
	for _, done := range []<-chan outcome{first, second} {
		if got := <-done; got.err != nil {
			t.Error(got.err)
		}
	}
	r.requests(2, 5)
}

// An issuer that is down for one request fails that one only.
func TestAFailureIsNotKept(t *testing.T) {
	r := newRig(t)
	jane := r.login("jane", "todo:read")
	for _, path := range []string{"*/openid-configuration", "*/access_token", "*/access_token"} {
		r.mock.Inject(mockaic.Fault{Path: path})
	}
	var failed *delegate.Error
	for _, op := range []string{"discovery", "actor token", "actor token"} {
		if _, err := r.Token(t.Context(), jane, todo, []string{"todo:read"}); !errors.As(err, &failed) || failed.Op != op || !failed.Retryable {
			t.Errorf("%s: %v", op, err)
		}
	}
	r.get(jane, todo, "todo:read")
}
