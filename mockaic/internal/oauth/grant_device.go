package oauth

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"aicmcp/mockaic/internal/session"
)

// legacyDevice is what the grant was called before RFC 8628.
const legacyDevice = "http://oauth.net/grant_type/device/1.0"

// device is a device that waits until somebody types its code.
type device struct {
	realm, clientID, userCode string
	nonce, challenge, method  string
	scopes                    []string
	expires, polled           time.Time
	by                        session.Session // who allowed it; there is a token in it then
}

// pollTolerance is how much too early a device may poll that counts the interval from
// the last answer: clocks and networks are not that exact.
const pollTolerance = 500 * time.Millisecond

// serveDeviceCode gives a device a code to show, RFC 8628 section 3.1. AM asks for a
// response_type in some versions; it may be there or not.
func (s *Service) serveDeviceCode(w http.ResponseWriter, r *http.Request) {
	if !allow(w, r, http.MethodPost) {
		return
	}
	client, failed := s.formOfClient(w, r)
	if failed != nil {
		writeError(w, r, failed)
		return
	}
	p, form := s.provider(r, client), r.PostForm
	if !slices.Contains(p.GrantTypes, grantDevice) {
		writeError(w, r, badRequest("unsupported_grant_type", "Grant type is not supported"))
		return
	}
	if !slices.Contains(client.GrantTypes, grantDevice) {
		writeError(w, r, badRequest("unauthorized_client", "The client is not authorized to request an authorization code using this method."))
		return
	}
	if problem := checkSize(form); problem != "" {
		writeError(w, r, badRequest("invalid_request", problem))
		return
	}
	scopes, failed := p.grantedScopes(client, form.Get("scope"))
	if failed == nil {
		failed = checkChallenge(p, client, form)
	}
	if failed == nil {
		failed = checkAbsent(p, form)
	}
	if failed != nil {
		writeError(w, r, failed)
		return
	}
	userCode, err := s.userCode(r, p)
	if err != nil {
		s.fail(w, r, "user code", err)
		return
	}
	now, code := s.options.Now(), s.random(idBytes)
	d := device{
		realm: realmOf(r), clientID: client.ID, userCode: userCode, scopes: scopes, expires: now.Add(p.DeviceCodeLifetime),
		nonce: form.Get("nonce"), challenge: form.Get("code_challenge"), method: form.Get("code_challenge_method"),
	}
	s.mu.Lock()
	// What is over is told from what never was for as long again.
	s.devices.put(code, d, now, d.expires.Add(p.DeviceCodeLifetime))
	s.userCodes.put(userCodeKey(r, userCode), code, now, d.expires)
	s.mu.Unlock()
	page := s.issuer(r) + "/device/user"
	writeJSON(w, http.StatusOK, struct {
		DeviceCode      string `json:"device_code"`
		UserCode        string `json:"user_code"`
		Verification    string `json:"verification_uri"`
		Complete        string `json:"verification_uri_complete"`
		Interval        int64  `json:"interval"`
		ExpiresIn       int64  `json:"expires_in"`
		VerificationURL string `json:"verification_url"` // the older name
	}{code, userCode, page, page + "?user_code=" + url.QueryEscape(userCode), int64(p.DevicePollInterval.Seconds()), int64(p.DeviceCodeLifetime.Seconds()), page})
}

func userCodeKey(r *http.Request, userCode string) string { return realmOf(r) + "\n" + userCode }

// userCode is one that nobody else in the realm has.
func (s *Service) userCode(r *http.Request, p Provider) (string, error) {
	characters := []rune(p.UserCodeCharacters)
	const most, tries = 256, 10
	if len(characters) == 0 || len(characters) > most || p.UserCodeLength < 1 || p.UserCodeLength > most {
		return "", fmt.Errorf("no code has %d of %d characters", p.UserCodeLength, len(characters))
	}
	limit := most - most%len(characters) // so that no character is likelier than another
	for range tries {
		var code strings.Builder
		for written := 0; written < p.UserCodeLength; {
			var chosen [1]byte
			if _, err := io.ReadFull(s.options.Chance, chosen[:]); err != nil {
				return "", fmt.Errorf("choose a code: %w", err)
			}
			if int(chosen[0]) < limit {
				code.WriteRune(characters[int(chosen[0])%len(characters)])
				written++
			}
		}
		s.mu.Lock()
		_, taken := s.userCodes.get(userCodeKey(r, code.String()), s.options.Now())
		s.mu.Unlock()
		if !taken {
			return code.String(), nil
		}
	}
	return "", fmt.Errorf("there are too few codes of %d characters", p.UserCodeLength)
}

// grantDevice answers a device that polls.
func (s *Service) grantDevice(r *http.Request, client *Client) (*tokenResponse, error) {
	code := r.PostForm.Get("device_code")
	if code == "" {
		return nil, badRequest("invalid_request", "Missing parameter, 'device_code'")
	}
	d, failed := s.poll(r, client, code)
	if failed != nil {
		return nil, failed
	}
	if failed := checkVerifier(d.challenge, d.method, r.PostForm.Get("code_verifier")); failed != nil {
		return nil, failed
	}
	s.mu.Lock()
	_, waits := s.devices.get(code, s.options.Now())
	s.devices.remove(code)
	s.mu.Unlock()
	if !waits {
		return nil, declined()
	}
	return s.issue(r, client, grantDevice, s.granted(d.by, s.newGrant(r, client), d.scopes, d.nonce), d.scopes)
}

func declined() *Error {
	return &Error{Status: http.StatusForbidden, Code: "authorization_declined", Description: "The user has declined authorization"}
}

// poll returns a device that somebody has allowed.
func (s *Service) poll(r *http.Request, client *Client, code string) (device, *Error) {
	now, interval := s.options.Now(), s.provider(r, client).DevicePollInterval
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.devices.get(code, now)
	switch {
	case !ok || d.clientID != client.ID || d.realm != realmOf(r):
		return device{}, declined()
	case !now.Before(d.expires):
		return device{}, &Error{Status: http.StatusUnauthorized, Code: "expired_token", Description: "The request contains a token no longer valid."}
	case now.Sub(d.polled) < interval-pollTolerance:
		return device{}, badRequest("slow_down", "The polling interval has not elapsed since the last request")
	case d.by.Token == "":
		d.polled = now
		s.devices.update(code, d)
		return device{}, &Error{Status: http.StatusForbidden, Code: "authorization_pending", Description: "The user has not yet completed authorization"}
	}
	return d, nil
}
