package tool

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"aicmcp/server/aic"
)

// Failure is a failed call as its caller sees it. It is also an error, for
// tools and connectors that know better than failureOf what to say.
type Failure struct {
	Status        int    `json:"status,omitempty" jsonschema:"HTTP status of the tenant's answer"`
	Code          int    `json:"code,omitempty" jsonschema:"the answer's own code"`
	Reason        string `json:"reason"`
	Message       string `json:"message,omitempty"`
	Detail        any    `json:"detail,omitempty" jsonschema:"as the tenant sent it"`
	Parameter     string `json:"parameter,omitempty" jsonschema:"the parameter to blame"`
	Hint          string `json:"hint,omitempty" jsonschema:"what to do next"`
	Retryable     bool   `json:"retryable" jsonschema:"whether the same call can succeed later"`
	TransactionID string `json:"transactionId,omitempty"`
	// quoted says that Message is a tenant's text.
	quoted bool
}

func (f *Failure) Error() string {
	if f.Message == "" {
		return f.Reason
	}
	return f.Reason + ": " + f.Message
}

// Invalid is the failure of an argument that the schema cannot check.
func Invalid(parameter, message, hint string) *Failure {
	return &Failure{Reason: "Invalid arguments", Message: parameter + " " + message, Parameter: parameter, Hint: hint}
}

// hinted carries a tool's own advice along with an error.
type hinted struct {
	error
	hint, parameter string
}

func (h *hinted) Unwrap() error { return h.error }

// WithHint adds advice, and the parameter to blame if any, to err.
func WithHint(err error, parameter, format string, args ...any) error {
	return &hinted{err, fmt.Sprintf(format, args...), parameter}
}

const (
	reasonInternal = "Internal error"
	// reasonUnusable is aic's reason for an answer of success that makes no
	// sense; its message is aic's own.
	reasonUnusable = "Unusable answer"
)

// failureOf tells what a caller may know of err.
func failureOf(err error) *Failure {
	var (
		f   *Failure
		e   *aic.Error
		h   *hinted
		out Failure
	)
	switch {
	case errors.As(err, &f):
		out = *f
	case errors.As(err, &e):
		out = Failure{
			Status:        e.Status,
			Code:          e.Code,
			Reason:        e.Reason,
			Message:       e.Message,
			Detail:        e.Detail,
			Retryable:     e.Retryable && !e.Unknown,
			TransactionID: e.TransactionID,
			Hint:          advice(e),
			quoted:        e.Status != 0 && e.Reason != reasonUnusable,
		}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		out = Failure{Reason: "Interrupted", Message: "the call was cancelled"}
	default:
		out = Failure{Reason: reasonInternal, Message: "this server could not do it; its log says why"}
	}
	if errors.As(err, &h) {
		out.Hint = h.hint
		if out.Parameter == "" {
			out.Parameter = h.parameter
		}
	}
	if data, err := compact(out.Detail); err != nil || len(data) > maxDetail {
		out.Detail = "left out: too long"
	}
	return &out
}

// maxDetail bounds a tenant's detail in a failure.
const maxDetail = 8 << 10

// advice says what to do about a tenant's answer when the tool itself has
// nothing better to say.
func advice(e *aic.Error) string {
	switch {
	case e.Unknown:
		return "It is not known whether the change took effect: read the object, or query for it, before trying again."
	case e.Status == http.StatusUnauthorized:
		return "The login is no longer accepted. Call again to log in anew; if that does not help, the account lacks the rights."
	case e.Status == http.StatusForbidden:
		return "The account that is logged in may not do this; calling again will not help."
	case e.Status == http.StatusPreconditionFailed:
		return "The object has changed in the meantime: read it again and use its new revision."
	case e.Status == http.StatusTooManyRequests:
		return "The tenant limits the rate of requests: " + wait(e) + ", then call again."
	case e.Retryable:
		return "This can pass: " + wait(e) + ", then call again."
	}
	return ""
}

func wait(e *aic.Error) string {
	if e.RetryAfter > 0 {
		return fmt.Sprintf("wait %s, as the tenant asks", e.RetryAfter)
	}
	return "wait a while"
}

// sentence is the failure as text. What the tenant said is quoted, so that
// it cannot be taken for this server's own words.
func (f *Failure) sentence() string {
	var b strings.Builder
	message := f.Message
	if f.quoted {
		message = quote(message)
		standard := http.StatusText(f.Status)
		fmt.Fprintf(&b, "The tenant answered %s", strings.TrimSpace(fmt.Sprint(f.Status, " ", standard)))
		if f.Reason != standard {
			fmt.Fprintf(&b, ", %s", quote(cutString(f.Reason, 100)))
		}
	} else {
		b.WriteString(f.Reason)
	}
	if f.Message != "" {
		fmt.Fprintf(&b, ": %s", message)
	}
	if !strings.HasSuffix(b.String(), ".") {
		b.WriteByte('.')
	}
	if f.Detail != nil {
		if q, err := compact(f.Detail); err == nil {
			fmt.Fprintf(&b, " Detail: %s.", q)
		}
	}
	if f.Hint != "" {
		b.WriteByte(' ')
		b.WriteString(f.Hint)
	}
	if f.Retryable {
		b.WriteString(" Retrying can help.")
	} else {
		b.WriteString(" Retrying the same call will not help.")
	}
	if f.TransactionID != "" {
		fmt.Fprintf(&b, " Transaction ID: %s.", f.TransactionID)
	}
	return b.String()
}

// quote writes a string as JSON does, so that it shows where it ends.
func quote(s string) string {
	q, _ := compact(s)
	return string(q)
}

func cutString(s string, most int) string {
	if len(s) <= most {
		return s
	}
	s = s[:most]
	for !utf8.ValidString(s) && s != "" {
		s = s[:len(s)-1]
	}
	return s + "…"
}
