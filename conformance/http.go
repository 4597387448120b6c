package conformance

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Response is an answer of the target.
type Response struct {
	Method string
	Status int
	Header http.Header
	// Body is the decoded JSON, numbers as json.Number; nil if the body is
	// something else.
	Body any
	Raw  []byte

	path string
}

// At walks into the body.
func (r *Response) At(path ...any) any { return At(r.Body, path...) }

// Text is At for a string.
func (r *Response) Text(path ...any) string { return Text(r.Body, path...) }

// Number is At for an integer.
func (r *Response) Number(path ...any) int64 { return Number(r.Body, path...) }

// List is At for an array.
func (r *Response) List(path ...any) []any { return List(r.Body, path...) }

// Request is what is to be sent.
type Request struct {
	Method string
	// Path is a path below the target's address, or an address of the target or of its
	// remote MCP server. That one never gets the target's bearer.
	Path   string
	Query  url.Values
	Header http.Header
	// Body is nil, or text, bytes or a form to send as they are, or what
	// JSON is made of.
	Body any
	// Anonymous leaves the bearer out.
	Anonymous bool
	// Cookies are sent and kept.
	Cookies http.CookieJar
	// Once takes 429 and 503 for answers like others.
	Once bool
}

// Option changes a request.
type Option func(*Request)

// Header sets a header, Host among them; an empty value removes it.
func Header(name, value string) Option {
	return func(r *Request) {
		if value == "" {
			r.Header[http.CanonicalHeaderKey(name)] = nil
			return
		}
		r.Header.Set(name, value)
	}
}

// IfMatch makes the request conditional on a revision.
func IfMatch(revision string) Option { return Header("If-Match", `"`+revision+`"`) }

// IfNoneMatchAny makes a PUT create and never replace.
func IfNoneMatchAny() Option { return Header("If-None-Match", "*") }

// Query adds parameters, given as name, value, name, value.
func Query(pairs ...string) Option {
	return func(r *Request) {
		for i := 0; i+1 < len(pairs); i += 2 {
			r.Query.Add(pairs[i], pairs[i+1])
		}
	}
}

// Anonymous leaves the bearer out.
func Anonymous() Option { return func(r *Request) { r.Anonymous = true } }

// Bearer sends another bearer than the target's.
func Bearer(token string) Option { return Header("Authorization", "Bearer "+token) }

// Once takes 429 and 503 for answers like others, instead of asking again later.
func Once() Option { return func(r *Request) { r.Once = true } }

// Cookies sends the jar's cookies and keeps those that come back.
func Cookies(jar http.CookieJar) Option { return func(r *Request) { r.Cookies = jar } }

// Get sends a GET request.
func (t *T) Get(path string, options ...Option) *Response {
	return t.Send(http.MethodGet, path, nil, options...)
}

// Post sends a POST request.
func (t *T) Post(path string, body any, options ...Option) *Response {
	return t.Send(http.MethodPost, path, body, options...)
}

// Put sends a PUT request.
func (t *T) Put(path string, body any, options ...Option) *Response {
	return t.Send(http.MethodPut, path, body, options...)
}

// Patch sends a PATCH request.
func (t *T) Patch(path string, body any, options ...Option) *Response {
	return t.Send(http.MethodPatch, path, body, options...)
}

// Delete sends a DELETE request.
func (t *T) Delete(path string, options ...Option) *Response {
	return t.Send(http.MethodDelete, path, nil, options...)
}

const (
	// maxBody bounds an answer.
	maxBody = 8 << 20
	// maxTries bounds how often a request is sent to a target that has no time
	// for it, maxWait how long is waited in between.
	maxTries = 4
	maxWait  = 61 * time.Second // limits are counted by the minute
)

// Send sends a request and reads the whole answer. Redirects are not followed.
// If there is no answer, or the target has no time for the request, the case
// cannot be judged.
func (t *T) Send(method, path string, body any, options ...Option) *Response {
	r := Request{Method: method, Path: path, Body: body, Query: url.Values{}, Header: http.Header{}}
	for _, option := range options {
		option(&r)
	}
	payload, contentType, err := r.payload()
	if err != nil {
		t.Breakf("encode the body of %s %s: %w", method, path, err)
	}
	address, err := t.address(r.Path, r.Query)
	if err != nil {
		t.Breakf("%s %s: %w", method, path, err)
	}
	for try := 1; ; try++ {
		request, err := http.NewRequestWithContext(t.ctx, method, address.String(), bytes.NewReader(payload))
		if err != nil {
			t.Breakf("%s %s: %w", method, path, err)
		}
		// The transport must not repeat a request by itself.
		request.GetBody = nil
		if contentType != "" {
			request.Header.Set("Content-Type", contentType)
		}
		if !r.Anonymous && t.Target.Bearer != "" && t.isTenant(address) {
			request.Header.Set("Authorization", "Bearer "+t.Target.Bearer)
		}
		maps.Copy(request.Header, r.Header)
		request.Host = request.Header.Get("Host") // empty is the address's
		t.secrets.learnRequest(request, payload)
		res := t.exchange(request, r.Cookies, payload)
		res.path = address.Path
		if r.Once || !busy(res.Status) {
			return res
		}
		t.waitFor(res, try)
	}
}

// busy tells whether a status says that the target has no time.
func busy(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}

// waitFor waits as long as a busy target asks for, and stops the case where
// that is too long or too often. A write that met a 503 may have taken effect,
// so it is not repeated.
func (t *T) waitFor(res *Response, tries int) {
	wait := retryAfter(res.Header.Get("Retry-After"))
	write := res.Status == http.StatusServiceUnavailable && res.Method != http.MethodGet
	if write || wait > maxWait || tries == maxTries {
		t.Breakf("the target has no time for %s %s: it answered %d (Retry-After: %s) to attempt %d",
			res.Method, res.path, res.Status, wait, tries)
	}
	select {
	case <-time.After(wait):
	case <-t.ctx.Done():
		t.Breakf("the case's time was over while the target had none for %s %s: %w", res.Method, res.path, context.Cause(t.ctx))
	}
}

// retryAfter reads the header, in seconds or as a date. It is a second if there
// is nothing to read.
func retryAfter(text string) time.Duration {
	if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 {
		return min(time.Duration(seconds), 1<<20) * time.Second
	}
	if date, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(date))
	}
	return time.Second
}

func (t *T) exchange(request *http.Request, cookies http.CookieJar, payload []byte) *Response {
	client := http.Client{}
	if t.Target.HTTPClient != nil {
		client = *t.Target.HTTPClient
	}
	client.Jar = cookies
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	started := time.Now()
	answer, err := client.Do(request)
	if err != nil {
		t.note(Exchange{Request: t.line(request), Sent: quoted(request.Header.Get("Content-Type"), payload), Error: err.Error(), Duration: time.Since(started)})
		if cause := context.Cause(t.ctx); cause != nil {
			t.Breakf("the case's time was over at %s %s: %w", request.Method, request.URL.Path, cause)
		}
		t.Breakf("no answer to %s %s: %w", request.Method, request.URL.Path, err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxBody+1))
	res := &Response{Method: request.Method, Status: answer.StatusCode, Header: answer.Header, Raw: data}
	t.secrets.learnResponse(answer, data)
	t.note(Exchange{
		Request: t.line(request), Sent: quoted(request.Header.Get("Content-Type"), payload),
		Status: answer.StatusCode, Received: quoted(answer.Header.Get("Content-Type"), data),
		TransactionID: answer.Header.Get("X-Forgerock-Transactionid"), Duration: time.Since(started),
	})
	switch {
	case err != nil:
		t.Breakf("the answer to %s %s broke off: %w", request.Method, request.URL.Path, err)
	case len(data) > maxBody:
		t.Breakf("the answer to %s %s is longer than %d bytes", request.Method, request.URL.Path, maxBody)
	}
	if body, err := decode(data); err == nil {
		res.Body = body
	}
	return res
}

func (t *T) line(r *http.Request) string { return r.Method + " " + r.URL.RequestURI() }

// payload is the body as it is sent, and its content type.
func (r *Request) payload() ([]byte, string, error) {
	switch body := r.Body.(type) {
	case nil:
		return nil, "", nil
	case string:
		return []byte(body), "application/json", nil
	case []byte:
		return body, "application/json", nil
	case url.Values:
		return []byte(body.Encode()), "application/x-www-form-urlencoded", nil
	}
	data, err := encode(r.Body)
	return data, "application/json", err
}

// isTenant tells of the target's addresses.
func (t *T) isTenant(address *url.URL) bool {
	base, err := url.Parse(t.Target.BaseURL)
	return err == nil && SameOrigin(base, address)
}

// isMCP tells of the addresses of the target's remote MCP server.
func (t *T) isMCP(address *url.URL) bool {
	server, err := url.Parse(t.Target.MCP)
	return err == nil && t.Target.MCP != "" && SameOrigin(server, address)
}

// address is where a request goes. Nothing is sent to other hosts than the
// target's and its MCP server's, since it could carry secrets along.
func (t *T) address(path string, query url.Values) (*url.URL, error) {
	base, err := url.Parse(t.Target.BaseURL)
	if err != nil {
		return nil, err
	}
	address, err := url.Parse(path)
	if err != nil {
		return nil, err
	}
	if address.IsAbs() {
		if !t.isTenant(address) && !t.isMCP(address) {
			return nil, errForeign(address.Host)
		}
	} else {
		if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
			return nil, errPath(path)
		}
		address.Scheme, address.Host = base.Scheme, base.Host
	}
	if len(query) > 0 {
		if address.RawQuery != "" {
			address.RawQuery += "&"
		}
		address.RawQuery += query.Encode()
	}
	return address, nil
}

type errForeign string

func (e errForeign) Error() string {
	return "the address is not of the target but of " + string(e)
}

type errPath string

func (e errPath) Error() string { return "the path " + string(e) + " does not begin with one slash" }

// SameOrigin compares scheme, host and port. A default port may be left out.
func SameOrigin(a, b *url.URL) bool {
	return strings.EqualFold(a.Scheme, b.Scheme) && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case strings.EqualFold(u.Scheme, "https"):
		return "443"
	}
	return "80"
}
