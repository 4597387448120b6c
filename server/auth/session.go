package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"aicmcp/server/tokenstore"
)

// Session is what can be told of a login.
type Session struct {
	// Subject is the account's ID, Name another name that the tenant gives it.
	Subject, Name string
	Scopes        []string
	Expiry        time.Time
	// Renewable says that nobody has to log in when it expires.
	Renewable bool
	// Refused says that the tenant no longer accepts the access token.
	Refused bool
}

// Session tells about the stored login: as the tenant does, or else as its token
// does, if that can be read. Without one its error is ErrNotFound.
func (s *Source) Session(ctx context.Context) (Session, error) {
	login, err := s.load(ctx)
	if err != nil {
		return Session{}, err
	}
	session := Session{Expiry: login.Expiry, Renewable: login.RefreshToken != ""}
	var told map[string]any
	if usable(login, s.now()) {
		told, err = s.tokenInfo(ctx, login.AccessToken)
	}
	if err != nil {
		s.log.DebugContext(ctx, "the tenant does not tell about the token", "error", err)
	}
	session.Refused = refusedToken(err)
	if told == nil {
		told = claims(login.AccessToken)
	}
	session.Subject, session.Name = text(told["sub"]), text(told["subname"])
	switch scopes := told["scope"].(type) {
	case string:
		session.Scopes = strings.Fields(clean(scopes))
	case []any:
		for _, scope := range scopes {
			session.Scopes = append(session.Scopes, text(scope))
		}
	}
	return session, nil
}

// ErrBusy says that another process has locked the login.
var ErrBusy = errors.New("another process is logging in or renewing")

// CheckStore tries the store's lock, and whether what is in it can be used. It
// waits for the lock as long as ctx lives, then its error is ErrBusy.
func (s *Source) CheckStore(ctx context.Context) error {
	unlock, err := s.store.Lock(ctx, s.key())
	if errors.Is(err, context.DeadlineExceeded) {
		return ErrBusy
	}
	if err != nil {
		return err
	}
	defer unlock()
	_, err = s.load(ctx)
	if errors.Is(err, tokenstore.ErrNotFound) {
		return nil
	}
	return err
}

// Renew makes sure that the tenant accepts the login at hand. A service account
// needs none.
func (s *Source) Renew(ctx context.Context) error {
	if s.account != nil {
		return nil
	}
	login, err := s.subject(ctx)
	if err != nil || login.isNew {
		return err
	}
	if _, err := s.tokenInfo(ctx, login.AccessToken); refusedToken(err) {
		_, err = s.replace(ctx, login.Login, true)
		return err
	}
	return nil
}

func text(v any) string {
	s, _ := v.(string)
	return clean(s)
}

// tokenInfoTimeout is short: a person may be waiting, and the token tells, too.
const tokenInfoTimeout = 10 * time.Second

func (s *Source) tokenInfo(ctx context.Context, token string) (map[string]any, error) {
	ctx, cancel := context.WithTimeout(ctx, tokenInfoTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.endpoint("tokeninfo"), nil)
	if err != nil {
		return nil, fmt.Errorf("tokeninfo: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/json")
	res, err := s.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("tokeninfo: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, &Error{Op: "tokeninfo", Status: res.StatusCode, Description: "it answered " + statusText(res.StatusCode)}
	}
	var told map[string]any
	if err := json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(&told); err != nil {
		return nil, fmt.Errorf("tokeninfo: %w", err)
	}
	return told, nil
}

// refusedToken reports whether the error is tokeninfo's for a token that the
// tenant does not accept.
func refusedToken(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusUnauthorized
}

// claims are what a JWT says of itself, unverified: good for people to read. A
// token that is none, or is encrypted, has none.
func claims(token string) map[string]any {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil
	}
	var told map[string]any
	if json.Unmarshal(data, &told) != nil {
		return nil
	}
	return told
}

// Logout forgets the login, here and in the store, and returns it, to be
// revoked. A renewal that is under way ends first, or it would store what it got.
func (s *Source) Logout(ctx context.Context) (tokenstore.Login, error) {
	unlock := s.lock(ctx, s.key())
	defer unlock()
	if err := ctx.Err(); err != nil {
		return tokenstore.Login{}, err
	}
	login, err := s.load(ctx)
	if errors.Is(err, tokenstore.ErrNotFound) || errors.Is(err, tokenstore.ErrUnusable) {
		err = nil
	}
	s.mu.Lock()
	s.login, s.stored, s.kept = tokenstore.Login{}, true, false
	s.mu.Unlock()
	s.exchanged.clear()
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return login, errors.Join(err, s.store.Delete(ctx, s.key()))
}

// Revoke makes the tenant forget a login: the refresh token, with which go the
// access tokens of the same grant, or else the access token.
func (s *Source) Revoke(ctx context.Context, login tokenstore.Login) error {
	form := url.Values{"client_id": {s.client}, "token": {login.RefreshToken}, "token_type_hint": {"refresh_token"}}
	if login.RefreshToken == "" {
		form.Set("token", login.AccessToken)
		form.Set("token_type_hint", "access_token")
	}
	_, _, err := s.post(ctx, "revocation", revocationEndpoint, form)
	return err
}
