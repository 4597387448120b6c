package conformance

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Exchange is one request and its answer, or one call of a tool, as reports
// show it.
type Exchange struct {
	Request       string        `json:"request"`
	Sent          string        `json:"sent,omitempty"`
	Status        int           `json:"status,omitempty"`
	Received      string        `json:"received,omitempty"`
	Error         string        `json:"error,omitempty"`
	TransactionID string        `json:"transactionId,omitempty"`
	Duration      time.Duration `json:"durationNanoseconds"`
}

const (
	// maxQuoted bounds what a report quotes of a body or a value.
	maxQuoted = 2 << 10
	// maxExchanges bounds a case's log; later exchanges are left out.
	maxExchanges = 100
	redacted     = "[redacted]"
)

func (t *T) note(e Exchange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.log) < maxExchanges {
		t.log = append(t.log, e)
	}
}

// exchanges is the log without what must not be shown. It is redacted at the
// end, when all secrets are known.
func (t *T) exchanges() []Exchange {
	log := slices.Clone(t.log)
	for i := range log {
		e := &log[i]
		e.Request = bounded(t.secrets.redact(e.Request), maxQuoted)
		e.Sent = bounded(t.secrets.redact(e.Sent), maxQuoted)
		e.Received = bounded(t.secrets.redact(e.Received), maxQuoted)
		e.Error = bounded(t.secrets.redact(e.Error), maxQuoted)
		e.TransactionID = bounded(t.secrets.redact(e.TransactionID), 300)
	}
	return log
}

// quoted is a body as the log keeps it: text if it is JSON or a form, or else
// a description, since pages can hold anything.
func quoted(contentType string, body []byte) string {
	if len(body) == 0 {
		return ""
	}
	media, _, _ := mime.ParseMediaType(contentType)
	if media == "application/json" || media == "application/x-www-form-urlencoded" {
		return string(body)
	}
	return fmt.Sprintf("(%d bytes of %q)", len(body), media)
}

// secretNames match the names of members and parameters whose values are not
// shown, in any case, with or without underscores.
var secretNames = spellings("accessToken", "refreshToken", "idToken", "subjectToken", "actorToken", "assertion",
	"clientSecret", "clientAssertion", "code", "codeVerifier", "csrf", "password", "tokenId", "authId")

func spellings(names ...string) string {
	for i, name := range names {
		names[i] = strings.Join(strings.Split(name, ""), "_?")
	}
	return "(?i:" + strings.Join(names, "|") + ")"
}

var (
	// secretMember finds such a member with a string value in JSON text. A
	// code that is a number is CREST's and is shown.
	secretMember = regexp.MustCompile(`("` + secretNames + `"\s*:\s*)"((?:[^"\\]|\\.)*)"`)
	// quotedMember finds it in JSON text that is itself a JSON string.
	quotedMember = regexp.MustCompile(`(\\+"` + secretNames + `\\+"\s*:\s*)\\+"(.*?)\\+"`)
	// secretParameter finds such a parameter in a query, a fragment or a form.
	secretParameter = regexp.MustCompile(`((?:^|[?&#])` + secretNames + `=)([^&#\s"]+)`)
	// signedToken finds JWTs, wherever they are.
	signedToken = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)+`)
)

// secrets are values that were seen where secrets are.
type secrets struct {
	mu     sync.Mutex
	values []string
}

// add remembers values. Short ones would blot out unrelated text.
func (s *secrets) add(values ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range values {
		if len(v) < 6 {
			continue
		}
		escaped := inJSON(v)
		for _, spelling := range []string{v, url.QueryEscape(v), escaped, inJSON(escaped)} {
			if !slices.Contains(s.values, spelling) {
				s.values = append(s.values, spelling)
			}
		}
	}
}

// inJSON is a text as it stands in a JSON string.
func inJSON(text string) string {
	data, err := encode(text)
	if err != nil {
		return text
	}
	return string(data[1 : len(data)-1])
}

func (s *secrets) learnRequest(r *http.Request, payload []byte) {
	if _, credentials, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok {
		s.add(credentials)
	}
	s.learnText(r.URL.RequestURI())
	s.learnText(string(payload))
}

func (s *secrets) learnResponse(r *http.Response, body []byte) {
	for _, cookie := range r.Cookies() {
		s.add(cookie.Value)
	}
	s.learnText(r.Header.Get("Location"))
	s.learnText(string(body))
}

func (s *secrets) learnText(text string) {
	for _, match := range secretMember.FindAllStringSubmatch(text, -1) {
		s.add(match[2])
		if plain, err := decode([]byte(`"` + match[2] + `"`)); err == nil {
			s.add(plain.(string))
		}
	}
	for _, match := range quotedMember.FindAllStringSubmatch(text, -1) {
		s.add(match[2])
	}
	for _, match := range secretParameter.FindAllStringSubmatch(text, -1) {
		s.add(match[2])
		if plain, err := url.QueryUnescape(match[2]); err == nil {
			s.add(plain)
		}
	}
}

// redact replaces what must not be shown.
func (s *secrets) redact(text string) string {
	s.mu.Lock()
	values := slices.Clone(s.values)
	s.mu.Unlock()
	// The longest go first: one secret can be part of another.
	slices.SortFunc(values, func(a, b string) int { return len(b) - len(a) })
	for _, v := range values {
		text = strings.ReplaceAll(text, v, redacted)
	}
	text = secretMember.ReplaceAllString(text, `$1"`+redacted+`"`)
	text = quotedMember.ReplaceAllString(text, `$1\"`+redacted+`\"`)
	text = secretParameter.ReplaceAllString(text, "${1}"+redacted)
	return signedToken.ReplaceAllString(text, redacted)
}
