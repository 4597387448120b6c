package tool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"

	"aicmcp/server/rest"
)

// Failure is a failed call as its caller sees it. It is also an error, for
// tools and connectors that know better than failureOf what to say.
type Failure struct {
	Status    int    `json:"status,omitempty"`
	Code      int    `json:"code,omitempty" jsonschema:"the answer's own code"`
	Reason    string `json:"reason"`
	Message   string `json:"message,omitempty"`
	Detail    any    `json:"detail,omitempty"`
	Parameter string `json:"parameter,omitempty" jsonschema:"the parameter to blame"`
	// Findings are all that is wrong with an argument that has many parts.
	Findings      []string `json:"findings,omitempty" jsonschema:"all that is wrong"`
	Hint          string   `json:"hint,omitempty" jsonschema:"what to do next"`
	Retryable     bool     `json:"retryable" jsonschema:"whether the same call can succeed later"`
	TransactionID string   `json:"transactionId,omitempty"`
	// answered says that the API refused, quoted that Message is its text.
	answered, quoted bool
	api              string
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

// Unusable is the failure of an answer of success that makes no sense. The
// message is this server's own.
func Unusable(message string) *Failure {
	return &Failure{Reason: rest.ReasonUnusable, Message: message}
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

const reasonInternal = "Internal error"

// failureOf tells what a caller may know of err.
func failureOf(err error) *Failure {
	var (
		f   *Failure
		e   *rest.Error
		h   *hinted
		out Failure
	)
	switch {
	case errors.As(err, &e): // its cause, for logs, can be a Failure
		out = Failure{
			Status:        e.Status,
			Code:          e.Code,
			Reason:        e.Reason,
			Message:       e.Message,
			Detail:        e.Detail,
			Retryable:     e.Retryable && (!e.Unknown || e.Repeatable),
			TransactionID: e.TransactionID,
			Hint:          advice(e),
			answered:      e.Status != 0 && e.Reason != rest.ReasonUnusable,
			quoted:        !e.OwnWords,
			api:           apiOf(e),
		}
	case errors.As(err, &f):
		out = *f
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
	return &out
}

// apiOf is what messages call the API that failed.
func apiOf(e *rest.Error) string { return cmp.Or(e.API, rest.DefaultAPI) }

// advice says what to do about an API's answer when the tool itself has
// nothing better to say.
func advice(e *rest.Error) string {
	switch {
	case e.Unknown && (e.Status == http.StatusPreconditionFailed || e.Status == http.StatusNotFound):
		return "An earlier attempt of this very call may be what changed it: read the object and compare before repeating."
	case e.Unknown && e.Retryable && e.Repeatable:
		return "It is not known whether the change took effect, but it cannot take effect twice: " + wait(e) + ", then call again."
	case e.Unknown && e.RetryAfter > 0:
		return "It is not known whether the change took effect: " + wait(e) + ", then read the object, or query for it, before trying again."
	case e.Unknown:
		return "It is not known whether the change took effect: read the object, or query for it, before trying again."
	case e.Hint != "":
		return e.Hint
	case e.Status == http.StatusUnauthorized:
		return sentenceCase(apiOf(e)) + " does not accept this server's token: the account, or this server, may lack rights."
	case e.Status == http.StatusForbidden:
		return "The account that is logged in may not do this."
	case e.Status == http.StatusPreconditionFailed:
		return "The object has changed in the meantime: read it again and use its new revision."
	case e.Status == http.StatusTooManyRequests:
		return sentenceCase(apiOf(e)) + " limits the rate of requests: " + wait(e) + ", then call again."
	case e.Retryable:
		return "This can pass: " + wait(e) + ", then call again."
	}
	return ""
}

func wait(e *rest.Error) string {
	if e.RetryAfter > 0 {
		return fmt.Sprintf("wait %d s, as %s asks", int64(math.Ceil(e.RetryAfter.Seconds())), apiOf(e))
	}
	return "wait a while"
}

// sentenceCase is the name of an API where a sentence begins.
func sentenceCase(api string) string { return strings.ToUpper(api[:1]) + api[1:] }

// sentence is the failure as text. What the API said is quoted, so that
// it cannot be taken for this server's own words.
func (f *Failure) sentence() string {
	var b strings.Builder
	message := f.Message
	if f.answered {
		if f.quoted {
			message = Quote(message)
		}
		standard := http.StatusText(f.Status)
		fmt.Fprintf(&b, "%s answered %s", sentenceCase(f.api), strings.TrimSpace(fmt.Sprint(f.Status, " ", standard)))
		if f.Reason != standard {
			fmt.Fprintf(&b, ", %s", Quote(cutString(f.Reason, 100)))
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
		if q, err := rest.Encode(f.Detail); err == nil {
			fmt.Fprintf(&b, " Detail: %s.", q)
		}
	}
	for i, finding := range f.Findings {
		fmt.Fprintf(&b, " (%d) %s.", i+1, finding)
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

// Quote writes a text of an API as JSON does, so that it shows where it
// ends.
func Quote(s string) string {
	q, _ := rest.Encode(s)
	return string(q)
}

// cutString shortens s to most bytes of JSON.
func cutString(s string, most int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if size(s) <= most {
		return s
	}
	left := most - len(`"…"`)
	for i, r := range s {
		if left -= size(string(r)) - len(`""`); left < 0 {
			return s[:i] + "…"
		}
	}
	return s
}
