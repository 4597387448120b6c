package aic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
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
}

type answer struct {
	status      int
	body        []byte
	transaction string
	// doubtful says that an earlier attempt of the same request may have
	// taken effect.
	doubtful bool
}

// do sends the request, again if it may be, and returns an answer of 2xx or
// an *Error. The answer is not nil where there was one, also with an error.
func (c *Client) do(ctx context.Context, r request) (*answer, error) {
	var payload []byte
	if r.body != nil {
		var err error
		if payload, err = encode(r.body); err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
	}
	id := uuid.NewString()
	var waited time.Duration
	var renewed, doubtful bool
	for try := 1; ; try++ {
		token, err := c.token(ctx)
		if err != nil {
			return nil, err
		}
		a, header, err := c.send(ctx, r, payload, token, id)
		if err == nil {
			a.doubtful = doubtful
			return a, nil
		}
		if a != nil {
			a.doubtful = doubtful
		}
		var failure *Error
		if !errors.As(err, &failure) {
			return a, err
		}
		// A 401 comes from the guard at the door: nothing was done, so
		// any request may be sent again, once, with a new token.
		if failure.Status == http.StatusUnauthorized && c.invalidate != nil && !renewed {
			renewed = true
			try--
			c.invalidate(token)
			continue
		}
		// A gateway that gives up does not say how far the request got.
		if failure.Retryable && failure.Status != http.StatusTooManyRequests {
			doubtful = true
		}
		failure.Unknown = failure.Unknown || failure.Retryable && doubtful && r.method != http.MethodGet
		if d, ok := c.retry.retryAfter(header); ok {
			failure.RetryAfter = d
		}
		if !failure.Retryable || !r.repeatable || try >= c.retry.Tries || failure.RetryAfter > c.retry.MaxWait {
			return a, failure
		}
		wait := max(c.retry.pause(try+1), failure.RetryAfter)
		if waited += wait; waited > c.retry.Budget {
			return a, failure
		}
		c.log.DebugContext(ctx, "request is sent again", "method", r.method, "path", r.path,
			"try", try+1, "wait", wait, "status", failure.Status, "transactionId", failure.TransactionID)
		if err := c.retry.Sleep(ctx, wait); err != nil {
			return a, interrupted(err, id)
		}
	}
}

// send sends the request once.
func (c *Client) send(ctx context.Context, r request, payload []byte, token, id string) (*answer, http.Header, error) {
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
	req, err := http.NewRequestWithContext(ctx, r.method, target, body)
	if err != nil {
		return nil, nil, fmt.Errorf("make request: %w", err)
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

	start := time.Now()
	traceSent(ctx)
	res, err := c.http.Do(req)
	if err != nil {
		traceTransaction(ctx, id)
		return nil, nil, c.unanswered(ctx, r, id, err)
	}
	defer res.Body.Close()
	if got := res.Header.Get(transactionHeader); plainID.MatchString(got) {
		id = got
	}
	traceTransaction(ctx, id)
	data, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	c.log.DebugContext(ctx, "tenant answered", "method", r.method, "path", r.path, "status", res.StatusCode,
		"bytes", len(data), "duration", time.Since(start), "transactionId", id)
	a := &answer{status: res.StatusCode, body: data, transaction: id}
	if err != nil {
		return nil, nil, c.unanswered(ctx, r, id, err)
	}
	if len(data) > maxBody {
		return a, nil, &Error{
			Status: res.StatusCode, Reason: "Answer too long", TransactionID: id,
			Message: fmt.Sprintf("the answer is longer than %d MiB", maxBody>>20),
		}
	}
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		return a, nil, nil
	}
	e := errorFrom(res.StatusCode, data)
	e.TransactionID = id
	return a, res.Header, e
}

// unanswered is the error of a request that got no (whole) answer.
func (c *Client) unanswered(ctx context.Context, r request, id string, err error) error {
	if cause := ctx.Err(); cause != nil {
		return interrupted(cause, id)
	}
	c.log.DebugContext(ctx, "no answer from the tenant", "method", r.method, "path", r.path, "transactionId", id, "error", err)
	e := &Error{Reason: "No answer", TransactionID: id, Err: err, Unknown: r.method != http.MethodGet}
	var timeout interface{ Timeout() bool }
	switch {
	case broken(err):
		e.Message = "the connection to the tenant broke before the answer was complete"
		e.Retryable = true
	case errors.As(err, &timeout) && timeout.Timeout():
		e.Message = "the tenant did not answer in time"
	default:
		e.Message = "the tenant cannot be reached: check the address, the network and the certificate"
		e.Unknown = false
	}
	return e
}

func interrupted(cause error, id string) error {
	return &Error{
		Reason: "Interrupted", Message: "the call was cancelled before the tenant answered",
		TransactionID: id, Err: cause,
	}
}

// object sends the request and reads the answer as a JSON object.
func (c *Client) object(ctx context.Context, r request) (Object, *answer, error) {
	a, err := c.do(ctx, r)
	if err != nil {
		return nil, a, err
	}
	var doc Object
	if err := decode(a.body, &doc); err != nil || doc == nil {
		message := "the tenant reported success, but " + describe(a.body)
		return nil, a, unusable(r, a, message, err)
	}
	return doc, a, nil
}

func unusable(r request, a *answer, message string, err error) *Error {
	return &Error{
		Status:        a.status,
		Reason:        "Unusable answer",
		Message:       message,
		TransactionID: a.transaction,
		Unknown:       r.method != http.MethodGet,
		Err:           err,
	}
}

// decode reads exactly one JSON value, numbers kept as they are written.
func decode(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("more than one JSON value")
	}
	return nil
}

func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(buf.Bytes(), "\n"), nil
}
