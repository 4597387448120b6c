package crest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Error is a CREST error, which is also the body of an error response.
type Error struct {
	Code    int
	Reason  string // "" stands for the standard reason of Code
	Message string // "" stands for the message of Err, else the reason
	Detail  any    // nil is left out of the body
	Err     error  // the cause; not part of the body
}

// Errorf returns an error with a message. A %w verb sets the cause.
func Errorf(code int, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), Err: errors.Unwrap(err)}
}

// Error returns the message as sent to the client.
func (e *Error) Error() string {
	switch {
	case e.Message != "":
		return e.Message
	case e.Err != nil:
		return e.Err.Error()
	default:
		return e.reason()
	}
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// MarshalJSON returns the body of an error response.
func (e *Error) MarshalJSON() ([]byte, error) {
	return encode(struct {
		Code    int    `json:"code"`
		Reason  string `json:"reason"`
		Message string `json:"message"`
		Detail  any    `json:"detail,omitempty"`
	}{e.Code, e.reason(), e.Error(), e.Detail})
}

func (e *Error) reason() string {
	if e.Reason != "" {
		return e.Reason
	}
	return Reason(e.Code)
}

// Reason returns the CREST reason of a status code. It differs from HTTP's text for a few codes.
func Reason(code int) string {
	switch code {
	case 400:
		return "Bad Request"
	case 401:
		return "Unauthorized"
	case 402:
		return "Payment Required"
	case 403:
		return "Forbidden"
	case 404:
		return "Not Found"
	case 405:
		return "Method Not Allowed"
	case 406:
		return "Not Acceptable"
	case 407:
		return "Proxy Authentication Required"
	case 408:
		return "Request Time-out"
	case 409:
		return "Conflict"
	case 410:
		return "Gone"
	case 411:
		return "Length Required"
	case 412:
		return "Precondition Failed"
	case 413:
		return "Request Entity Too Large"
	case 414:
		return "Request-URI Too Large"
	case 415:
		return "Unsupported Media Type"
	case 416:
		return "Requested range not satisfiable"
	case 417:
		return "Expectation Failed"
	case 428:
		return "Precondition Required"
	case 500:
		return "Internal Server Error"
	case 501:
		return "Not Implemented"
	case 502:
		return "Bad Gateway"
	case 503:
		return "Service Unavailable"
	case 504:
		return "Gateway Time-out"
	case 505:
		return "HTTP Version not supported"
	default:
		return "Resource Exception"
	}
}

// encode is json.Marshal without the escaping of <, > and &, which CREST servers do not do.
func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}
