package rest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"strings"
	"time"
	"unicode"
)

// ReasonUnusable is the reason of an Error for an answer of success that makes no
// sense. Its message is not the API's.
const ReasonUnusable = "Unusable answer"

// Error is an API's refusal, or the lack of a usable answer.
type Error struct {
	// API is what messages call the other side; DefaultAPI if empty.
	API string
	// Status is the HTTP status, 0 if there was no answer.
	Status int
	// Code is the body's own code, which can differ from the status.
	Code    int
	Reason  string
	Message string
	// OwnWords says that Message is not the API's.
	OwnWords bool
	// Detail is the body's detail: an object, a string or nil.
	Detail        any
	TransactionID string
	// Retryable says that the same request may succeed later.
	Retryable bool
	// Repeatable says that sending the same request again does no harm: it
	// reads, or it writes to the one revision that it names.
	Repeatable bool
	// Unknown says that a write may or may not have taken effect, in this
	// attempt or an earlier one.
	Unknown bool
	// RetryAfter is what the API asked to wait, if it did.
	RetryAfter time.Duration
	// Hint is what to do about it, if there is more to say than HTTP tells.
	Hint string
	// Err is the cause, for logs; it is not meant for a reader.
	Err error
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.Status != 0 {
		fmt.Fprintf(&b, "%d ", e.Status)
	}
	b.WriteString(e.Reason)
	if e.Message != "" && e.Message != e.Reason {
		fmt.Fprintf(&b, ": %s", e.Message)
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, " (%s asks to wait %s)", cmp.Or(e.API, DefaultAPI), e.RetryAfter)
	}
	if e.TransactionID != "" {
		fmt.Fprintf(&b, " (transaction %s)", e.TransactionID)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// errorFrom reads an error answer: CREST's {code,reason,message,detail}, of which
// some may be missing, or OAuth's {error,error_description}, whose text some call
// message. Anything else (a proxy's HTML, an empty body) is described, not quoted.
func errorFrom(api string, status int, body []byte) *Error {
	e := &Error{
		API:       api,
		Status:    status,
		Reason:    http.StatusText(status),
		Retryable: status == http.StatusTooManyRequests || status >= 502 && status <= 504,
	}
	if e.Reason == "" {
		e.Reason = "HTTP status " + fmt.Sprint(status)
	}
	var doc map[string]any
	if Decode(body, &doc) != nil || doc == nil {
		e.Message, e.OwnWords = describe(api, body), true
		return e
	}
	if n, ok := doc["code"].(json.Number); ok {
		if code, err := n.Int64(); err == nil {
			e.Code = int(code)
		}
	}
	if s := text(doc["reason"]); s != "" {
		e.Reason = s
	}
	e.Message = text(doc["message"])
	e.Detail = unescaped(doc["detail"])
	if s := text(doc["error"]); s != "" {
		e.Reason = s
		e.Message = cmp.Or(text(doc["error_description"]), e.Message)
	}
	if e.Message == "" && e.Detail == nil {
		e.Message, e.OwnWords = "the answer gives no reason", true
	}
	return e
}

// describe says what kind of body an error answer had, without repeating it.
func describe(api string, body []byte) string {
	trimmed := bytes.TrimSpace(body)
	switch {
	case len(trimmed) == 0:
		return "the answer has no body"
	case trimmed[0] == '<':
		return "the answer is an HTML page, probably from a proxy or firewall in front of " + api
	}
	return fmt.Sprintf("the answer is not a JSON object (%d bytes)", len(body))
}

// text returns a server's text, HTML entities resolved (AIC escapes its messages
// for HTML) and control characters removed.
func text(v any) string {
	s, ok := v.(string)
	if !ok {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, html.UnescapeString(s))
}

func unescaped(v any) any {
	switch v := v.(type) {
	case string:
		return text(v)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = unescaped(e)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = unescaped(e)
		}
		return out
	}
	return v
}

// Status is the status of an API's certain refusal, 0 for anything else.
func Status(err error) int {
	var e *Error
	if errors.As(err, &e) && !e.Unknown {
		return e.Status
	}
	return 0
}

// IsUnknown reports whether it is not known if a request took effect.
func IsUnknown(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Unknown
}
