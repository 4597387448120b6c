package aic

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
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

const (
	transactionHeader = "X-ForgeRock-TransactionId"
	maxBody           = 16 << 20
)

// plainID is a transaction ID that can be shown as it is.
var plainID = regexp.MustCompile(`^[A-Za-z0-9._:/-]{1,200}$`)

type request struct {
	method string
	// path is escaped already.
	path   string
	query  url.Values
	header http.Header
	body   any
	// repeatable says that sending it twice does no harm.
	repeatable bool
	// ifUndone has it sent again as long as no attempt can have taken effect, such
	// as after a 429.
	ifUndone bool
	// harmless marks a POST that changes nothing.
	harmless bool
}

func (r request) writes() bool { return r.method != http.MethodGet && !r.harmless }

type answer struct {
	status      int
	body        []byte
	transaction string
	asked       time.Time // when the attempt that was answered began
}

// do sends the request, again if it may be, and returns an answer of 2xx.
// Errors of the tenant, or of the way there, are *Error.
func (c *Client) do(ctx context.Context, r request) (*answer, error) {
	var payload []byte
	if r.body != nil {
		var err error
		if payload, err = Encode(r.body); err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
	}
	id := uuid.NewString()
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
		var a *answer
		if a, failure = c.send(ctx, r, payload, token, id); failure == nil {
			return a, nil
		}
		failure.Repeatable = r.repeatable
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
		if !failure.Retryable || !r.repeatable && !(r.ifUndone && !doubtful) || try >= c.retry.Tries || failure.RetryAfter > c.retry.MaxWait {
			return nil, failure
		}
		wait := max(c.retry.pause(try+1), failure.RetryAfter)
		if c.retry.Now().Sub(began)+wait > c.retry.Budget {
			return nil, failure
		}
		c.log.DebugContext(ctx, "request is sent again", "method", r.method, "path", r.path,
			"try", try+1, "wait", wait, "status", failure.Status, "transactionId", failure.TransactionID)
		if err := c.retry.Sleep(ctx, wait); err != nil {
			return nil, interrupted(err, id, doubtful)
		}
	}
}

// send sends the request once.
func (c *Client) send(ctx context.Context, r request, payload []byte, token, id string) (*answer, *Error) {
	u := *c.base
	u.RawQuery = r.query.Encode()
	target := u.Scheme + "://" + u.Host + r.path
	if u.RawQuery != "" {
		target += "?" + u.RawQuery
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
	req, err := http.NewRequestWithContext(traced, r.method, target, body)
	if err != nil {
		return nil, &Error{Reason: "Invalid request", Message: "the request cannot be put into HTTP", Err: err}
	}
	for k, v := range r.header {
		req.Header[k] = v
	}
	if payload != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if !r.repeatable {
		// Without GetBody net/http cannot send the body a second time on
		// a fresh connection, which it otherwise does by itself.
		req.GetBody = nil
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set(transactionHeader, id)

	start, asked := time.Now(), c.retry.Now()
	traceSent(ctx)
	res, err := c.http.Do(req)
	if err != nil {
		traceTransaction(ctx, id, r.writes())
		return nil, c.unanswered(ctx, r, id, unsent.Load(), err)
	}
	defer res.Body.Close()
	if got := res.Header.Get(transactionHeader); plainID.MatchString(got) {
		id = got
	}
	traceTransaction(ctx, id, r.writes())
	data, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	c.log.DebugContext(ctx, "tenant answered", "method", r.method, "path", r.path, "status", res.StatusCode,
		"bytes", len(data), "duration", time.Since(start), "transactionId", id)
	if err != nil {
		return nil, c.unanswered(ctx, r, id, false, err)
	}
	if len(data) > maxBody {
		return nil, &Error{
			Status: res.StatusCode, Reason: "Answer too long", TransactionID: id,
			Message: fmt.Sprintf("the answer is longer than %d MiB", maxBody>>20),
			Unknown: r.writes(),
		}
	}
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		return &answer{status: res.StatusCode, body: data, transaction: id, asked: asked}, nil
	}
	e := errorFrom(res.StatusCode, data)
	e.TransactionID = id
	e.RetryAfter = c.retry.retryAfter(res.Header)
	// A gateway that gives up does not say how far the request got, and scripts
	// that run after a write can fail.
	e.Unknown = r.writes() && e.Status >= 500 && e.Status != http.StatusNotImplemented
	return nil, e
}

// unanswered is the error of a request that got no (whole) answer.
func (c *Client) unanswered(ctx context.Context, r request, id string, unsent bool, err error) *Error {
	unknown := r.writes() && !unsent
	if cause := ctx.Err(); cause != nil {
		return interrupted(cause, id, unknown)
	}
	// A *url.Error repeats the query, which holds the tenant's data.
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	c.log.DebugContext(ctx, "no answer from the tenant", "method", r.method, "path", r.path, "transactionId", id, "error", err)
	var untrusted *tls.CertificateVerificationError
	e := &Error{Reason: "No answer", TransactionID: id, Err: err, Unknown: unknown, Retryable: !errors.As(err, &untrusted)}
	var timeout interface{ Timeout() bool }
	switch {
	case unsent:
		e.Message = "the tenant cannot be reached: check the address, the network and the certificate"
	case errors.As(err, &timeout) && timeout.Timeout():
		e.Message = "the tenant did not answer in time"
	default:
		e.Message = "the connection to the tenant broke before the answer was complete"
	}
	return e
}

func interrupted(cause error, id string, unknown bool) *Error {
	return &Error{
		Reason: "Interrupted", Message: "the call was cancelled before the tenant answered",
		TransactionID: id, Unknown: unknown, Err: cause,
	}
}

// object sends the request and reads the answer as a JSON object.
func (c *Client) object(ctx context.Context, r request) (Object, *answer, error) {
	a, err := c.do(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	var doc Object
	if err := Decode(a.body, &doc); err != nil || doc == nil {
		message := "the tenant reported success, but " + describe(a.body)
		return nil, nil, unusable(r, a, message, err)
	}
	return doc, a, nil
}

// anything sends the request and reads the answer as JSON of any kind, nil if
// there is none.
func (c *Client) anything(ctx context.Context, r request) (any, error) {
	a, err := c.do(ctx, r)
	if err != nil || len(bytes.TrimSpace(a.body)) == 0 {
		return nil, err
	}
	var v any
	if err := Decode(a.body, &v); err != nil {
		return nil, unusable(r, a, "the tenant reported success, but "+describe(a.body), err)
	}
	return v, nil
}

func unusable(r request, a *answer, message string, err error) *Error {
	return &Error{
		Status:        a.status,
		Reason:        "Unusable answer",
		Message:       message,
		TransactionID: a.transaction,
		Unknown:       r.writes(),
		Err:           err,
	}
}
