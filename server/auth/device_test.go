package auth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"aicmcp/server/tokenstore"
)

// deviceTenant adds RFC 8628 to the tenant, with the faults that tests want.
type deviceTenant struct {
	*tenant
	codes []url.Values // the requests for a code
	polls []string     // the answers to polls, in turn; then they succeed
	// answer is to a request for a code, status its status.
	answer string
	status int
}

const deviceAnswer = `{"device_code":"device-secret-%[2]d","user_code":"ABCD%[2]d","verification_uri":"%[1]s/am/oauth2/device/user","verification_uri_complete":"%[1]s/am/oauth2/device/user?user_code=ABCD%[2]d","interval":5,"expires_in":300}`

func (d *deviceTenant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "bad", 400)
		return
	}
	f := r.PostForm
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case r.URL.Path == "/am/oauth2/device/code":
		d.codes = append(d.codes, f)
		w.WriteHeader(d.status)
		_, _ = fmt.Fprintf(w, d.answer, d.URL, len(d.codes))
	case f.Get("grant_type") == deviceGrant:
		d.forms = append(d.forms, f)
		d.poll(w, f)
	default:
		d.mu.Unlock()
		defer d.mu.Lock()
		d.tenant.ServeHTTP(w, r)
	}
}

func (d *deviceTenant) poll(w http.ResponseWriter, f url.Values) {
	sum := sha256.Sum256([]byte(f.Get("code_verifier")))
	n := len(d.codes)
	if f.Get("device_code") != fmt.Sprint("device-secret-", n) || d.codes[n-1].Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) {
		refuse(w, 400, "invalid_grant", "wrong code or verifier")
		return
	}
	answer := ""
	if len(d.polls) > 0 {
		answer, d.polls = d.polls[0], d.polls[1:]
	}
	var status int
	switch n, _ := fmt.Sscanf(answer, "%d %s", &status, &answer); n {
	case 2:
		refuse(w, status, answer, "The user has not yet completed authorization")
	case 1:
		w.WriteHeader(status)
	default:
		out := map[string]any{"token_type": "Bearer", "expires_in": d.lifetime - 1}
		d.login(out)
		_ = json.NewEncoder(w).Encode(out)
	}
}

// timer is one that a source has set.
type timer struct {
	d    time.Duration
	fire chan time.Time
}

// deviceRig is a source that logs in by device code, whose timers the test fires.
type deviceRig struct {
	*rig
	device *deviceTenant
	timers chan timer
}

func newDeviceRig(t *testing.T, change func(*Options)) *deviceRig {
	t.Helper()
	d := &deviceTenant{tenant: &tenant{good: map[string]bool{}, lifetime: 3600}, answer: deviceAnswer, status: 200}
	d.Server = httptest.NewServer(d)
	t.Cleanup(d.Close)
	base, err := url.Parse(d.URL)
	if err != nil {
		t.Fatal(err)
	}
	r := &deviceRig{device: d, timers: make(chan timer, 10)}
	process, end := context.WithCancel(t.Context())
	t.Cleanup(end)
	r.rig = newRig(t, func(o *Options) {
		o.Context = process
		o.BaseURL, o.Way = base, Device
		o.After = func(d time.Duration) <-chan time.Time {
			c := make(chan time.Time, 1)
			r.timers <- timer{d, c}
			return c
		}
		if change != nil {
			change(o)
		}
	})
	r.tenant = d.tenant
	return r
}

// tick lets the time pass that the source waits for next.
func (r *deviceRig) tick() time.Duration {
	return r.pass(<-r.timers)
}

// pass lets a timer's time pass.
func (r *deviceRig) pass(next timer) time.Duration {
	r.advance(next.d)
	next.fire <- r.now()
	return next.d
}

func (r *deviceRig) pending(t *testing.T) *Pending {
	t.Helper()
	_, err := r.Token(t.Context(), []string{"a"})
	var p *Pending
	if !errors.As(err, &p) {
		t.Fatalf("error is %v", err)
	}
	return p
}

func (r *deviceRig) ended(t *testing.T, p *Pending) {
	t.Helper()
	select {
	case <-p.attempt.done:
	case <-t.Context().Done():
		t.Fatal("the login goes on")
	}
}

func TestDeviceLogin(t *testing.T) {
	r := newDeviceRig(t, nil)
	r.device.polls = []string{"403 authorization_pending", "400 authorization_pending", "400 slow_down", "503", "403 authorization_pending"}
	p := r.pending(t)
	if p.URL != r.device.URL+"/am/oauth2/device/user?user_code=ABCD1" || p.Code != "ABCD1" || !p.Expires.Equal(r.now().Add(300*time.Second)) {
		t.Errorf("%+v", p)
	}
	if again := r.pending(t); again != p {
		t.Errorf("the next call shows another code: %+v", again)
	}
	var waits []time.Duration
	for range 6 {
		waits = append(waits, r.tick())
	}
	if !slices.Equal(waits, []time.Duration{5e9, 5e9, 5e9, 10e9, 20e9, 20e9}) {
		t.Errorf("polled after %v", waits)
	}
	r.ended(t, p)
	if err := r.Await(t.Context(), time.Hour); err != nil {
		t.Error(err)
	}
	r.get(t, "a")
	f := r.device.codes[0]
	if len(r.device.codes) != 1 || f.Get("code_challenge_method") != "S256" || f.Get("client_id") != "AICMCPClient" || f.Get("scope") != "fr:idc:esv:* fr:idm:*" || f.Has("response_type") {
		t.Errorf("codes were asked for with %v", r.device.codes)
	}
	if n := r.tenant.grants(); n["device_code"] != 6 || n["token-exchange"] != 1 {
		t.Errorf("grants are %v", n)
	}
	if login, err := r.store.Load(t.Context(), r.key()); err != nil || login.RefreshToken == "" {
		t.Errorf("stored is %v, %v", login, err)
	}
}

func TestADeviceLoginThatFails(t *testing.T) {
	for answer, want := range map[string]error{
		"403 authorization_declined": ErrDeclined,
		"400 access_denied":          ErrDeclined,
		"401 expired_token":          ErrTimeout,
		"400 invalid_client":         nil,
	} {
		r := newDeviceRig(t, nil)
		r.device.polls = []string{answer}
		p := r.pending(t)
		r.tick()
		r.ended(t, p)
		err := r.Await(t.Context(), time.Hour)
		var e *Error
		if !errors.As(err, &e) || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v", answer, err)
		}
		if next := r.pending(t); next.Code != "ABCD2" {
			t.Errorf("%s: then %+v", answer, next)
		}
	}
}

// A call after the fact learns that the login was declined, the next one can try.
func TestADeclinedDeviceLoginIsTold(t *testing.T) {
	r := newDeviceRig(t, nil)
	r.device.polls = []string{"403 authorization_declined"}
	p := r.pending(t)
	r.tick()
	r.ended(t, p)
	if _, err := r.Token(t.Context(), []string{"a"}); !errors.Is(err, ErrDeclined) {
		t.Errorf("error is %v", err)
	}
	r.pending(t)
}

func TestADeviceCodeExpires(t *testing.T) {
	r := newDeviceRig(t, nil)
	r.device.polls = slices.Repeat([]string{"403 authorization_pending"}, 100)
	p := r.pending(t)
	for range 60 {
		r.tick()
	}
	r.ended(t, p)
	if n := r.tenant.grants()["device_code"]; n != 59 {
		t.Errorf("%d polls", n)
	}
	if next := r.pending(t); next.Code != "ABCD2" {
		t.Errorf("then %+v", next)
	}
}

// No poll comes sooner than the tenant allows.
func TestALongIntervalIsKept(t *testing.T) {
	r := newDeviceRig(t, nil)
	r.device.answer = strings.Replace(deviceAnswer, `"interval":5`, `"interval":"70"`, 1)
	r.device.polls = []string{"503", "400 slow_down"}
	p := r.pending(t)
	var waits []time.Duration
	for range 3 {
		waits = append(waits, r.tick())
	}
	if !slices.Equal(waits, []time.Duration{70e9, 70e9, 75e9}) {
		t.Errorf("polled after %v", waits)
	}
	r.ended(t, p)
}

// A tenant that asks for patience does not keep a dead code on show.
func TestADeviceCodeEndsBetweenPolls(t *testing.T) {
	r := newDeviceRig(t, nil)
	r.device.polls = slices.Repeat([]string{"503"}, 7)
	p := r.pending(t)
	for r.now().Before(p.Expires) {
		r.tick()
	}
	if !r.now().Equal(p.Expires) {
		t.Errorf("shown for %s too long", r.now().Sub(p.Expires))
	}
	r.ended(t, p)
	if next := r.pending(t); next.Code != "ABCD2" {
		t.Errorf("then %+v", next)
	}
}

func TestAwaitHasItsLimits(t *testing.T) {
	r := newDeviceRig(t, nil)
	if err := r.Await(t.Context(), time.Hour); err != nil {
		t.Errorf("without a login: %v", err)
	}
	p := r.pending(t)
	poll := <-r.timers
	got := make(chan error)
	go func() { got <- r.Await(t.Context(), time.Minute) }()
	if d := r.tick(); d != time.Minute {
		t.Errorf("waited %s", d)
	}
	if err := <-got; err != error(p) {
		t.Errorf("after its patience: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Await(ctx, time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	poll.fire <- r.now()
	r.ended(t, p)
}

func TestADeviceLoginEndsWithTheProcess(t *testing.T) {
	process, end := context.WithCancel(t.Context())
	r := newDeviceRig(t, func(o *Options) { o.Context = process })
	p := r.pending(t)
	end()
	r.ended(t, p)
	if n := r.tenant.grants()["device_code"]; n != 0 {
		t.Errorf("%d polls", n)
	}
}

func TestTheCommandWaitsForADeviceLogin(t *testing.T) {
	r := newDeviceRig(t, nil)
	done := make(chan error)
	go func() { done <- r.Login(t.Context()) }()
	r.tick()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := r.store.Load(t.Context(), r.key()); err != nil {
		t.Errorf("stored: %v", err)
	}
	r.get(t, "a")
}

func TestDeviceEndpointThatMisbehaves(t *testing.T) {
	for _, answer := range []string{
		"", "[]", `{"user_code":"A","verification_uri":"https://x.example/"}`, `{"device_code":"A","verification_uri":"https://x.example/"}`,
		`{"device_code":"A","user_code":"A"}`, `{"device_code":"A","user_code":"A","verification_uri":"javascript:alert(1)"}`,
		`{"device_code":"A","user_code":"A","verification_uri":"https://x.example/ or not"}`,
	} {
		r := newDeviceRig(t, nil)
		r.device.answer = answer + "%.0[1]s%.0[2]d"
		var e *Error
		if _, err := r.Token(t.Context(), []string{"a"}); !errors.As(err, &e) || e.Op != "login" {
			t.Errorf("%s: %v", answer, err)
		}
	}
	r := newDeviceRig(t, nil)
	r.device.status = 501
	var e *Error
	if _, err := r.Token(t.Context(), []string{"a"}); !errors.As(err, &e) || e.Status != 501 || !strings.Contains(e.Description, "device endpoint") {
		t.Errorf("501: %v", err)
	}
}

func TestADeviceLoginThatHasJustEndedIsUsed(t *testing.T) {
	r := newDeviceRig(t, nil)
	p := r.pending(t)
	r.tick()
	r.ended(t, p)
	if login, err := r.deviceLogin(t.Context()); err != nil || login.AccessToken == "" || len(r.device.codes) != 1 {
		t.Errorf("%v, %v", login, err)
	}
}

// What another process got by a browser is good for this one.
func TestADeviceLoginIsNotNeededWhereThereIsALogin(t *testing.T) {
	r := newDeviceRig(t, nil)
	r.device.polls = slices.Repeat([]string{"403 authorization_pending"}, 3)
	r.pending(t)
	r.device.mu.Lock()
	r.device.good["access-elsewhere"] = true
	r.device.mu.Unlock()
	if err := r.store.Save(t.Context(), r.key(), tokenstore.Login{AccessToken: "access-elsewhere", Expiry: r.now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	r.get(t, "a")
}
