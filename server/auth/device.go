package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/oauth2"

	"aicmcp/server/tokenstore"
)

const (
	deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"
	// defaultInterval is RFC 8628's, section 3.2, slowDown that of 3.5.
	defaultInterval = 5 * time.Second
	slowDown        = 5 * time.Second
	// maxBackoff bounds the interval that polls without an answer grow to.
	maxBackoff = time.Minute
)

// Pending is a login that waits for a person, who may be anywhere. It is the
// error of calls that need the login.
type Pending struct {
	// ID is this login's.
	ID string
	// Tenant is the host to log in to.
	Tenant string
	// URL is what to open, as a rule with the code in it.
	URL string
	// Code is what the page there shows or asks for.
	Code    string
	Expires time.Time
	attempt *attempt
}

func (p *Pending) Error() string { return "nobody has logged in yet" }

// attempt is a login by device code.
type attempt struct {
	pending  *Pending
	code     string
	verifier string
	interval time.Duration
	done     chan struct{} // closed when err is known
	err      error
	// unkept is why the login could not be stored.
	unkept error
}

// deviceLogin is RFC 8628 with PKCE. It does not wait: while the person has not
// logged in, its error is a *Pending, of the same code as long as that lives.
func (s *Source) deviceLogin(ctx context.Context) (tokenstore.Login, error) {
	var none tokenstore.Login
	s.mu.Lock()
	a := s.attempt
	s.mu.Unlock()
	if a != nil {
		select {
		case <-a.done:
			// Nobody may have waited for how it ended.
			if err := s.finish(a); err != nil && !errors.Is(err, ErrTimeout) {
				return none, err
			}
			// It may have ended well a moment ago.
			if login := s.current(ctx); usable(login, s.now()) {
				return login, nil
			}
		default:
			return none, a.pending
		}
	}
	a, err := s.requestCode(ctx)
	if err != nil {
		return none, err
	}
	s.mu.Lock()
	s.attempt = a
	s.mu.Unlock()
	fmt.Fprintf(s.notify, "\nLog in to %s with the code %s, on any device, at:\n\n  %s\n\n", s.base.Host, a.pending.Code, a.pending.URL)
	go func() {
		defer close(a.done)
		login, err := s.poll(s.process, a)
		if err == nil {
			s.log.InfoContext(ctx, "logged in", "login", login)
			if a.unkept = s.keep(s.process, login); a.unkept != nil {
				s.log.WarnContext(ctx, "the login cannot be stored; it is good until this process ends", "error", a.unkept)
			}
		}
		a.err = err
	}()
	return none, a.pending
}

// finish forgets an attempt that has ended.
func (s *Source) finish(a *attempt) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.attempt == a {
		s.attempt = nil
	}
	return a.err
}

// Await waits for the login that is under way, if there is one, but no longer
// than patience. Its error is a *Pending if that was not enough.
func (s *Source) Await(ctx context.Context, patience time.Duration) error {
	s.mu.Lock()
	a := s.attempt
	s.mu.Unlock()
	if a == nil {
		return nil
	}
	select {
	case <-a.done:
		return s.finish(a)
	case <-s.after(patience):
		return a.pending
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Source) requestCode(ctx context.Context) (*attempt, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.process, cancel)()
	a := &attempt{verifier: oauth2.GenerateVerifier(), done: make(chan struct{})}
	began := s.now()
	data, id, err := s.post(ctx, "login", deviceEndpoint, url.Values{
		"client_id":             {s.client},
		"scope":                 {strings.Join(s.scopes, " ")},
		"code_challenge":        {oauth2.S256ChallengeFromVerifier(a.verifier)},
		"code_challenge_method": {"S256"},
	})
	if err != nil {
		return nil, err
	}
	var answer struct {
		DeviceCode string   `json:"device_code"`
		UserCode   string   `json:"user_code"`
		URI        string   `json:"verification_uri"`
		Complete   string   `json:"verification_uri_complete"`
		Interval   lifetime `json:"interval"`
		ExpiresIn  lifetime `json:"expires_in"`
	}
	err = json.Unmarshal(data, &answer)
	page := orElse(answer.Complete, answer.URI)
	if err != nil || answer.DeviceCode == "" || !plainID.MatchString(answer.UserCode) || !webPage(page) {
		return nil, &Error{Op: "login", Status: http.StatusOK, Description: "the device endpoint's answer holds no usable code, or no page to enter it at", TransactionID: id}
	}
	a.code = answer.DeviceCode
	a.interval = max(answer.Interval.or(defaultInterval), time.Second)
	a.pending = &Pending{
		ID: uuid.NewString(), Tenant: s.base.Host, URL: page, Code: answer.UserCode,
		Expires: began.Add(answer.ExpiresIn.or(defaultLifetime)),
		attempt: a,
	}
	return a, nil
}

// webPage reports whether a browser shows the address as a page, and nothing in
// it breaks out of a line of text.
func webPage(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && !strings.ContainsAny(address, " \t\r\n\"<>")
}

// poll asks until the person has logged in.
func (s *Source) poll(ctx context.Context, a *attempt) (tokenstore.Login, error) {
	var none tokenstore.Login
	for {
		select {
		case <-s.after(min(a.interval, a.pending.Expires.Sub(s.now()))):
		case <-ctx.Done():
			return none, ctx.Err()
		}
		if !s.now().Before(a.pending.Expires) {
			return none, &Error{Op: "login", Err: ErrTimeout, Description: "nobody logged in while the code was good; call again to get a new one"}
		}
		login, err := s.grant(ctx, "login", url.Values{
			"grant_type":    {deviceGrant},
			"client_id":     {s.client},
			"device_code":   {a.code},
			"code_verifier": {a.verifier},
		})
		var refused *Error
		if !errors.As(err, &refused) {
			return login, err
		}
		switch {
		case refused.Code == "authorization_pending":
		case refused.Code == "slow_down":
			a.interval += slowDown
		case refused.Code == "expired_token":
			refused.Err = ErrTimeout
			return none, refused
		case refused.Code == "access_denied", refused.Code == "authorization_declined":
			refused.Err = ErrDeclined
			return none, refused
		case refused.Code == "" && (refused.Status == 0 || refused.Status == http.StatusTooManyRequests || refused.Status >= 500):
			// RFC 8628 section 3.5: to be asked less often.
			a.interval = max(a.interval, min(2*a.interval, maxBackoff))
		default:
			return none, refused
		}
	}
}
