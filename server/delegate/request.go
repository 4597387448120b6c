package delegate

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	transactionHeader = "X-ForgeRock-TransactionId"
	maxAnswer         = 1 << 20
	// defaultLifetime is for an answer without expires_in.
	defaultLifetime = 5 * time.Minute
)

// plainID is a transaction ID that can be shown as it is.
var plainID = regexp.MustCompile(`^[A-Za-z0-9._:/-]{1,200}$`)

// answer is the token endpoint's.
type answer struct {
	AccessToken     string      `json:"access_token"`
	IssuedTokenType string      `json:"issued_token_type"`
	TokenType       string      `json:"token_type"`
	Scope           string      `json:"scope"`
	ExpiresIn       json.Number `json:"expires_in"`

	asked time.Time
}

// expires is counted from before the request.
func (a *answer) expires() time.Time {
	lifetime := defaultLifetime
	if n, err := a.ExpiresIn.Int64(); err == nil {
		lifetime = time.Duration(min(max(n, 0), 1<<31)) * time.Second
	}
	return a.asked.Add(lifetime)
}

// grant asks the token endpoint for a bearer token.
func (d *Delegator) grant(ctx context.Context, op string, form url.Values) (*answer, error) {
	a := &answer{asked: d.now()}
	endpoint, err := d.tokenEndpoint(ctx)
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	if err := d.client.Authenticate(form, header, endpoint, d.now()); err != nil {
		return nil, &Error{Op: op, Description: err.Error()}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, &Error{Op: op, Description: "the request could not be made", Err: err}
	}
	req.Header = header
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	data, id, err := d.send(req, op)
	if err != nil {
		return nil, d.discreet(err, form)
	}
	if err := json.Unmarshal(data, a); err != nil || a.AccessToken == "" || !strings.EqualFold(a.TokenType, "Bearer") {
		return nil, &Error{Op: op, Status: http.StatusOK, Description: "the token endpoint's answer holds no bearer token", TransactionID: id}
	}
	return a, nil
}

// send returns an answer of 200 with its transaction ID.
func (d *Delegator) send(req *http.Request, op string) (data []byte, id string, err error) {
	ctx := req.Context()
	id = uuid.NewString()
	req.Header.Set("Accept", "application/json")
	req.Header.Set(transactionHeader, id)
	res, err := d.http.Do(req)
	if err != nil {
		return nil, id, unanswered(ctx, op, id, "the issuer cannot be reached: check the address, the network and the certificate", err)
	}
	defer res.Body.Close()
	if got := res.Header.Get(transactionHeader); plainID.MatchString(got) {
		id = got
	}
	data, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return nil, id, unanswered(ctx, op, id, "the issuer's answer broke off", err)
	}
	d.log.DebugContext(ctx, "issuer answered", "op", op, "status", res.StatusCode, "transactionId", id)
	if res.StatusCode != http.StatusOK {
		return nil, id, d.refusal(op, id, res, data)
	}
	if len(data) > maxAnswer {
		return nil, id, &Error{Op: op, Status: res.StatusCode, Description: fmt.Sprintf("the issuer's answer is longer than %d KiB", maxAnswer>>10), TransactionID: id}
	}
	return data, id, nil
}

// unanswered is the error of a request that got no (whole) answer.
func unanswered(ctx context.Context, op, id, description string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	var untrusted *tls.CertificateVerificationError
	return &Error{Op: op, Description: description, TransactionID: id, Retryable: !errors.As(err, &untrusted), Err: err}
}

func (d *Delegator) refusal(op, id string, res *http.Response, data []byte) *Error {
	var said struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	e := &Error{Op: op, Status: res.StatusCode, TransactionID: id, RetryAfter: d.retryAfter(res.Header)}
	if err := json.Unmarshal(data, &said); err != nil || said.Error == "" {
		e.Description = strings.TrimSpace(fmt.Sprintf("the issuer answered %d %s without saying why", res.StatusCode, http.StatusText(res.StatusCode)))
	} else {
		e.Code, e.Description = clean(said.Error), clean(said.Description)
	}
	e.Fix = e.fix(d.client.ID)
	e.tokensRefused = op == opExchange && res.StatusCode == http.StatusBadRequest &&
		(e.Code == "invalid_grant" || e.Code == "invalid_request" && e.Description == vague)
	scriptFailed := e.Code == "server_error" && e.Fix != ""
	e.Retryable = res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500 && res.StatusCode != http.StatusNotImplemented && !scriptFailed
	return e
}

// retryAfter reads a Retry-After header, seconds or a date; 0 if it asks for
// nothing.
func (d *Delegator) retryAfter(header http.Header) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Duration(min(max(seconds, 0), 1<<31)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(d.now()), 0)
	}
	return 0
}

// discreet takes out of a refusal what an issuer may have repeated of the request.
func (d *Delegator) discreet(err error, form url.Values) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	for _, secret := range []string{form.Get("subject_token"), form.Get("actor_token"), form.Get("client_assertion"), d.client.secret} {
		if secret != "" {
			e.Code = strings.ReplaceAll(e.Code, secret, "[hidden]")
			e.Description = strings.ReplaceAll(e.Description, secret, "[hidden]")
		}
	}
	return e
}
