package rest

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

const maxBody = 16 << 20

// plainID is a transaction ID that can be shown as it is.
var plainID = regexp.MustCompile(`^[A-Za-z0-9._:/-]{1,200}$`)

// Request is what is asked of an API. Method and Path are required.
type Request struct {
	Method string
	// Path is escaped already.
	Path   string
	Query  url.Values
	Header http.Header
	// Body is sent as JSON, unless it is nil.
	Body any
	// Repeatable says that sending it twice does no harm.
	Repeatable bool
	// IfUndone has it sent again as long as no attempt can have taken effect, such
	// as after a 429.
	IfUndone bool
	// Harmless marks a POST that changes nothing.
	Harmless bool
}

func (r Request) writes() bool { return r.Method != http.MethodGet && !r.Harmless }

// Answer is an answer of success.
type Answer struct {
	Status        int
	Body          []byte
	TransactionID string
	Asked         time.Time // when the attempt that was answered began

	api   string
	wrote bool
}

// Unusable is the error of an answer that makes no sense. The problem is put
// after "reported success, but".
func (a *Answer) Unusable(problem string, err error) *Error {
	return &Error{
		API:           a.api,
		Status:        a.Status,
		Reason:        ReasonUnusable,
		Message:       a.api + " reported success, but " + problem,
		TransactionID: a.TransactionID,
		Unknown:       a.wrote,
		Err:           err,
	}
}

// Do sends the request, again if it may be, and returns an answer of 2xx.
// Errors of the API, or of the way there, are *Error.
func (c *Client) Do(ctx context.Context, r Request) (*Answer, error) {
	var payload []byte
	if r.Body != nil {
		var err error
		if payload, err = Encode(r.Body); err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
	}
	var id string
	if c.transaction != "" {
		id = uuid.NewString()
	}
	began := c.retry.Now()
	var failure *Error
	var renewed bool
	var doubtful bool // an attempt may have taken effect
	for try := 1; ; try++ {
		token, err := c.token(ctx)
		if err != nil && doubtful {
			// That the login failed says less than how the attempt did.
			return nil, failure
		}
		if err != nil {
			return nil, err
		}
		var a *Answer
		if a, failure = c.send(ctx, r, payload, token, id); failure == nil {
			return a, nil
		}
		failure.Repeatable = r.Repeatable
		doubtful = doubtful || failure.Unknown
		failure.Unknown = doubtful
		// A 401 comes from the guard at the door: nothing was done, so
		// any request may be sent again, once, with a new token.
		if failure.Status == http.StatusUnauthorized && c.invalidate != nil && !renewed {
			renewed = true
			try--
			c.invalidate(token)
			continue
		}
		if !failure.Retryable || !r.Repeatable && !(r.IfUndone && !doubtful) || try >= c.retry.Tries || failure.RetryAfter > c.retry.MaxWait {
			return nil, failure
		}
		wait := max(c.retry.pause(try+1), failure.RetryAfter)
		if c.retry.Now().Sub(began)+wait > c.retry.Budget {
			return nil, failure
		}
		c.log.DebugContext(ctx, "request is sent again", "method", r.Method, "path", r.Path,
			"try", try+1, "wait", wait, "status", failure.Status, "transactionId", failure.TransactionID)
		if err := c.retry.Sleep(ctx, wait); err != nil {
			return nil, c.Interrupted(err, id, doubtful)
		}
	}
}

// send sends the request once.
func (c *Client) send(ctx context.Context, r Request, payload []byte, token, id string) (*Answer, *Error) {
	target := c.base.Scheme + "://" + c.base.Host + strings.TrimSuffix(c.base.EscapedPath(), "/") + r.Path
	if query := r.Query.Encode(); query != "" {
		target += "?" + query
	}
	var body io.Reader
	if payload != nil {
		body = bytes.NewReader(payload)
	}
	// Set while net/http looks for a connection: without one, nothing was
	// written. What it sends again by itself was not taken the first time.
	var unsent atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { unsent.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { unsent.Store(false) },
	})
	req, err := http.NewRequestWithContext(traced, r.Method, target, body)
	if err != nil {
		return nil, &Error{API: c.api, Reason: "Invalid request", Message: "the request cannot be put into HTTP", Err: err}
	}
	for k, v := range r.Header {
		req.Header[k] = v
	}
	if payload != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if !r.Repeatable {
		// Without GetBody net/http cannot send the body a second time on
		// a fresh connection, which it otherwise does by itself.
		req.GetBody = nil
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	if c.transaction != "" {
		req.Header.Set(c.transaction, id)
	}

	start, asked := time.Now(), c.retry.Now()
	traceSent(ctx, c.api)
	res, err := c.http.Do(req)
	if err != nil {
		traceTransaction(ctx, id, r.writes())
		return nil, c.unanswered(ctx, r, id, unsent.Load(), err)
	}
	defer res.Body.Close()
	if got := res.Header.Get(c.transaction); plainID.MatchString(got) {
		id = got
	}
	traceTransaction(ctx, id, r.writes())
	data, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	c.log.DebugContext(ctx, "request was answered", "api", c.api, "method", r.Method, "path", r.Path, "status", res.StatusCode,
		"bytes", len(data), "duration", time.Since(start), "transactionId", id)
	if err != nil {
		return nil, c.unanswered(ctx, r, id, false, err)
	}
	if len(data) > maxBody {
		return nil, &Error{
			API: c.api, Status: res.StatusCode, Reason: "Answer too long", TransactionID: id,
			Message: fmt.Sprintf("the answer is longer than %d MiB", maxBody>>20),
			Unknown: r.writes(),
		}
	}
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		return &Answer{Status: res.StatusCode, Body: data, TransactionID: id, Asked: asked, api: c.api, wrote: r.writes()}, nil
	}
	e := errorFrom(c.api, res.StatusCode, data)
	e.TransactionID = id
	e.Hint = c.hints[e.Status]
	e.RetryAfter = c.retry.retryAfter(res.Header)
	// A gateway that gives up does not say how far the request got, and what
	// runs after a write can fail.
	e.Unknown = r.writes() && e.Status >= 500 && e.Status != http.StatusNotImplemented
	return nil, e
}

// unanswered is the error of a request that got no (whole) answer.
func (c *Client) unanswered(ctx context.Context, r Request, id string, unsent bool, err error) *Error {
	unknown := r.writes() && !unsent
	if cause := ctx.Err(); cause != nil {
		return c.Interrupted(cause, id, unknown)
	}
	// A *url.Error repeats the query, which holds the API's data.
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	c.log.DebugContext(ctx, "request was not answered", "api", c.api, "method", r.Method, "path", r.Path, "transactionId", id, "error", err)
	var untrusted *tls.CertificateVerificationError
	e := &Error{API: c.api, Reason: "No answer", TransactionID: id, Err: err, Unknown: unknown, Retryable: !errors.As(err, &untrusted)}
	var timeout interface{ Timeout() bool }
	switch {
	case unsent:
		e.Message = c.api + " cannot be reached: check the address, the network and the certificate"
	case errors.As(err, &timeout) && timeout.Timeout():
		e.Message = c.api + " did not answer in time"
	default:
		e.Message = "the connection to " + c.api + " broke before the answer was complete"
	}
	return e
}

// Interrupted is the error of a call that was cancelled while it waited for the
// API, or for its turn to ask it.
func (c *Client) Interrupted(cause error, transactionID string, unknown bool) *Error {
	return &Error{
		API: c.api, Reason: "Interrupted", Message: "the call was cancelled before " + c.api + " answered",
		TransactionID: transactionID, Unknown: unknown, Err: cause,
	}
}

// Object sends the request and reads the answer as a JSON object.
func (c *Client) Object(ctx context.Context, r Request) (Object, *Answer, error) {
	a, err := c.Do(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	var doc Object
	if err := Decode(a.Body, &doc); err != nil || doc == nil {
		return nil, nil, a.Unusable(describe(c.api, a.Body), err)
	}
	return doc, a, nil
}

// Anything sends the request and reads the answer as JSON of any kind, nil if
// there is none.
func (c *Client) Anything(ctx context.Context, r Request) (any, error) {
	a, err := c.Do(ctx, r)
	if err != nil || len(bytes.TrimSpace(a.Body)) == 0 {
		return nil, err
	}
	var v any
	if err := Decode(a.Body, &v); err != nil {
		return nil, a.Unusable(describe(c.api, a.Body), err)
	}
	return v, nil
}
