package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"aicmcp/server/tokenstore"
)

// browserLogin is the authorization code grant with PKCE.
func (s *Source) browserLogin(ctx context.Context) (tokenstore.Login, error) {
	var none tokenstore.Login
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.process, cancel)()

	if s.port != 0 {
		// It may be the one of a login to another tenant.
		defer s.lock(ctx, fmt.Sprint("port ", s.port))()
	}
	listeners, port, err := listen(ctx, s.port)
	if err != nil {
		return none, &Error{
			Op: "login", Err: errors.Join(ErrPortBusy, err),
			Description: fmt.Sprintf("port %d on localhost cannot be listened on, so the browser's answer cannot be received; end the program that uses it, or choose another port with REDIRECT_URI_PORT", s.port),
		}
	}
	verifier := oauth2.GenerateVerifier()
	redirect := fmt.Sprintf("http://localhost:%d", port)
	cb := newCallback(port, rand.Text(), s.issuer())
	stop := cb.serve(listeners)
	defer stop()

	target := s.endpoint("authorize") + "?" + url.Values{
		"response_type":         {"code"},
		"client_id":             {s.client},
		"redirect_uri":          {redirect},
		"scope":                 {strings.Join(s.scopes, " ")},
		"state":                 {cb.state},
		"code_challenge":        {oauth2.S256ChallengeFromVerifier(verifier)},
		"code_challenge_method": {"S256"},
	}.Encode()
	s.announce(ctx, target)
	defer s.announced("")

	var code string
	select {
	case got := <-cb.answers:
		if got.err != nil {
			return none, got.err
		}
		code = got.code
	case <-s.after(s.timeout):
		return none, &Error{
			Op: "login", Err: ErrTimeout,
			Description: fmt.Sprintf("nobody logged in within %s; call again to get a new login page", readable(s.timeout)),
		}
	case <-ctx.Done():
		return none, ctx.Err()
	}
	login, err := s.grant(ctx, "login", url.Values{
		"grant_type":    {"authorization_code"},
		"client_id":     {s.client},
		"code":          {code},
		"redirect_uri":  {redirect},
		"code_verifier": {verifier},
	})
	cb.finish(err)
	if err == nil {
		s.log.InfoContext(ctx, "logged in", "login", login)
	}
	return login, err
}

// remind shows the login that is under way once more: who began it gave up, and
// its page may have been closed.
func (s *Source) remind(ctx context.Context) {
	s.mu.Lock()
	page := s.page
	s.mu.Unlock()
	if page != "" {
		s.announce(ctx, page)
	}
}

func (s *Source) announced(page string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.page = page
}

// announce shows the URL always: the browser may open elsewhere, or not.
func (s *Source) announce(ctx context.Context, target string) {
	s.announced(target)
	fmt.Fprintf(s.notify, "\nLog in to %s in your browser:\n\n  %s\n\n", s.base.Host, target)
	if s.openURL == nil {
		return
	}
	if err := s.openURL(target); err != nil {
		s.log.WarnContext(ctx, "no browser opened; open the address above yourself", "error", err)
	}
}

func (s *Source) issuer() string { return s.base.Scheme + "://" + s.base.Host + "/am/oauth2" }

// sameIssuer compares issuers; AIC writes the default port, a URL does not.
func sameIssuer(a, b string) bool {
	x, errX := url.Parse(a)
	y, errY := url.Parse(b)
	return errX == nil && errY == nil &&
		strings.EqualFold(x.Scheme, y.Scheme) &&
		strings.EqualFold(x.Hostname(), y.Hostname()) &&
		portOf(x) == portOf(y) &&
		strings.TrimSuffix(x.Path, "/") == strings.TrimSuffix(y.Path, "/")
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case strings.EqualFold(u.Scheme, "http"):
		return "80"
	}
	return "443"
}

func readable(d time.Duration) string {
	if d%time.Minute == 0 && d > time.Minute {
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	return d.String()
}

// refusal is the error of a redirect that carries one.
func refusal(q url.Values) error {
	e := &Error{Op: "login", Code: clean(q.Get("error")), Description: clean(q.Get("error_description"))}
	if e.Code == "access_denied" && e.Description == "" {
		e.Description = "access was denied in the browser"
	}
	return e
}
