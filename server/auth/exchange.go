package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/google/uuid"

	"aicmcp/server/tokenstore"
)

const (
	exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange"
	accessToken   = "urn:ietf:params:oauth:token-type:access_token"

	maxAnswer = 1 << 20
	// margin is how long before its end a token is not used any more: it
	// covers clocks that differ and a request that is slow.
	margin = 30 * time.Second
	// defaultLifetime is for an answer without expires_in.
	defaultLifetime = 5 * time.Minute
)

// plainID is a transaction ID, or a code, that can be shown as it is.
var plainID = regexp.MustCompile(`^[A-Za-z0-9._:/-]{1,200}$`)

// endpoint is one of the authorization server's.
type endpoint struct{ path, name string }

var (
	tokenEndpoint      = endpoint{"access_token", "token endpoint"}
	deviceEndpoint     = endpoint{"device/code", "device endpoint"}
	revocationEndpoint = endpoint{"token/revoke", "revocation endpoint"}
)

// post sends a form, and returns an answer of 200 with its transaction ID.
func (s *Source) post(ctx context.Context, op string, to endpoint, form url.Values) (answer []byte, id string, err error) {
	id = uuid.NewString()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint(to.path), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, id, &Error{Op: op, Description: "the request could not be made", Err: err}
	}
	// Grants use up codes and refresh tokens: net/http must not repeat one.
	req.GetBody = nil
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("X-ForgeRock-TransactionId", id)
	res, err := s.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, id, ctx.Err()
		}
		s.log.WarnContext(ctx, to.name+" cannot be reached", "op", op, "error", err)
		return nil, id, &Error{Op: op, Description: "the tenant cannot be reached: check the address, the network and the certificate", TransactionID: id, Err: err}
	}
	defer res.Body.Close()
	if got := res.Header.Get("X-ForgeRock-TransactionId"); plainID.MatchString(got) {
		id = got
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, id, &Error{Op: op, Status: res.StatusCode, Description: "the tenant's answer broke off", TransactionID: id, Err: err}
	}
	s.log.DebugContext(ctx, to.name+" answered", "op", op, "status", res.StatusCode, "transactionId", id)
	if res.StatusCode == http.StatusOK {
		return data, id, nil
	}
	var refusal struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	err = json.Unmarshal(data, &refusal)
	e := &Error{Op: op, Status: res.StatusCode, Code: clean(withhold(refusal.Error, form)), Description: clean(withhold(refusal.Description, form)), TransactionID: id}
	if err != nil || e.Code == "" {
		e.Description = fmt.Sprintf("the %s answered %s without saying why", to.name, statusText(res.StatusCode))
	}
	if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && seconds > 0 {
		e.Description += fmt.Sprintf("; it asks to wait %d s", seconds)
	}
	return nil, id, e
}

// grant asks the token endpoint.
func (s *Source) grant(ctx context.Context, op string, form url.Values) (tokenstore.Login, error) {
	var none tokenstore.Login
	began := s.now()
	data, id, err := s.post(ctx, op, tokenEndpoint, form)
	if err != nil {
		return none, err
	}
	var answer struct {
		AccessToken  string   `json:"access_token"`
		RefreshToken string   `json:"refresh_token"`
		TokenType    string   `json:"token_type"`
		ExpiresIn    lifetime `json:"expires_in"`
	}
	err = json.Unmarshal(data, &answer)
	if err != nil || answer.AccessToken == "" || answer.TokenType != "" && !strings.EqualFold(answer.TokenType, "Bearer") {
		return none, &Error{Op: op, Status: http.StatusOK, Description: "the token endpoint's answer holds no bearer token", TransactionID: id}
	}
	good := answer.ExpiresIn.or(defaultLifetime)
	return tokenstore.Login{
		AccessToken:  answer.AccessToken,
		RefreshToken: answer.RefreshToken,
		// A short-lived token would never be used with the full margin.
		Expiry: began.Add(good - min(margin, good/10)),
	}, nil
}

// lifetime is a number of seconds, or of what a server writes instead of one: an
// answer that is good otherwise is not to fail for it.
type lifetime time.Duration

func (l *lifetime) UnmarshalJSON(data []byte) error {
	n, err := strconv.ParseFloat(strings.Trim(string(data), `"`), 64)
	if err == nil && n > 0 {
		*l = lifetime(min(n, 1<<31) * float64(time.Second))
	}
	return nil
}

// or is the lifetime, or else the fallback: nothing lives for no time at all.
func (l lifetime) or(fallback time.Duration) time.Duration {
	if l == 0 {
		return fallback
	}
	return time.Duration(l)
}

func (s *Source) exchange(ctx context.Context, subject tokenstore.Login, scopes []string) (tokenstore.Login, error) {
	return s.grant(ctx, "exchange", url.Values{
		"grant_type":           {exchangeGrant},
		"client_id":            {s.exchangeClient},
		"subject_token":        {subject.AccessToken},
		"subject_token_type":   {accessToken},
		"requested_token_type": {accessToken},
		"scope":                {strings.Join(scopes, " ")},
	})
}

func (s *Source) refresh(ctx context.Context, old tokenstore.Login) (tokenstore.Login, error) {
	if old.RefreshToken == "" {
		return tokenstore.Login{}, errors.New("no refresh token")
	}
	login, err := s.grant(ctx, "refresh", url.Values{
		"grant_type":    {"refresh_token"},
		"client_id":     {s.client},
		"refresh_token": {old.RefreshToken},
	})
	if err == nil && login.RefreshToken == "" {
		login.RefreshToken = old.RefreshToken
	}
	return login, err
}

// statusText is "502 Bad Gateway".
func statusText(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

// withhold takes what is secret in a form out of a server's text, which might
// repeat it.
func withhold(s string, form url.Values) string {
	for _, name := range []string{"code", "code_verifier", "device_code", "refresh_token", "subject_token", "assertion", "token"} {
		if secret := form.Get(name); secret != "" {
			s = strings.ReplaceAll(s, secret, "[withheld]")
		}
	}
	return s
}

// clean bounds a server's text and takes line breaks and other controls out.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	if len(s) > 500 {
		s = strings.ToValidUTF8(s[:500], "") + "…"
	}
	return s
}

// cache holds exchanged tokens by scope set.
type cache struct {
	mu     sync.Mutex
	tokens map[string]tokenstore.Login
}

// maxCached is far more scope sets than there are tools.
const maxCached = 64

func scopeKey(scopes []string) (sorted []string, key string) {
	sorted = slices.Clone(scopes)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	return sorted, strings.Join(sorted, " ")
}

func (c *cache) get(key string, now time.Time) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, ok := c.tokens[key]
	if !ok || !usable(t, now) {
		delete(c.tokens, key)
		return "", false
	}
	return t.AccessToken, true
}

func (c *cache) put(key string, t tokenstore.Login) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tokens == nil {
		c.tokens = map[string]tokenstore.Login{}
	}
	if len(c.tokens) >= maxCached {
		clear(c.tokens)
	}
	c.tokens[key] = t
}

// drop forgets the token if it still is the one under the key.
func (c *cache) drop(key, token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tokens[key].AccessToken == token {
		delete(c.tokens, key)
	}
}

func (c *cache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.tokens)
}

// usable reports whether a token has some life left.
func usable(t tokenstore.Login, now time.Time) bool {
	return t.AccessToken != "" && now.Before(t.Expiry)
}
