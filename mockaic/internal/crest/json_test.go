package crest_test

import (
	"errors"
	"strings"
	"testing"

	"aicmcp/mockaic/internal/crest"
)

const invalidJSON = "The request could not be processed because the provided content is not valid JSON"

func TestDecodeJSON(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"\ufeff {\"a\":1,\"a\":2.0} ", `{"a":2.0}`},
		{`null`, `null`},
		{`1e999999999`, `1e999999999`},
		{`"\ud800"`, `"` + "\ufffd" + `"`},
		{strings.Repeat("[", 512) + strings.Repeat("]", 512), strings.Repeat("[", 512) + strings.Repeat("]", 512)},
	} {
		if got := encode(t, decode(t, []byte(test.text))); got != test.want {
			t.Errorf("%.40s is %.40s, want %.40s", test.text, got, test.want)
		}
	}
	const prefix = "The request could not be processed because "
	for text, want := range map[string]string{
		"":                         prefix + "it did not contain any JSON content",
		"\ufeff \t\r\n":            prefix + "it did not contain any JSON content",
		`{"a":1}}`:                 prefix + "there is trailing data after the JSON content",
		`{"a":1} //`:               prefix + "there is trailing data after the JSON content",
		`{'a':1}`:                  invalidJSON,
		`[1,]`:                     invalidJSON,
		`NaN`:                      invalidJSON,
		`{"a`:                      invalidJSON,
		"\"\t\"":                   invalidJSON,
		strings.Repeat("[", 513):   invalidJSON,
		strings.Repeat("[", 1<<20): invalidJSON,
	} {
		_, err := crest.DecodeJSON([]byte(text))
		if errorCode(err) != 400 || err.Error() != want {
			t.Errorf("%.40q: error %v, want %s", text, err, want)
		}
		if want == invalidJSON && err.(*crest.Error).Detail == nil {
			t.Errorf("%.40q: no detail", text)
		}
	}
}

func TestEqual(t *testing.T) {
	values := []string{
		`null`, `true`, `false`, `0`, `1`, `1.0`, `-0.0`, `0.0`, `"1"`, `""`, `[]`, `{}`, `[1,2]`, `[2,1]`, `[1]`,
		`{"a":1,"b":[2]}`, `{"a":1}`, `{"a":null}`, `{"b":null}`, `12345678901234567890`, `1e999999999`,
	}
	for i, a := range values {
		for j, b := range values {
			if got := crest.Equal(decode(t, []byte(a)), decode(t, []byte(b))); got != (i == j) {
				t.Errorf("%s equals %s: %v", a, b, got)
			}
		}
	}
	for a, b := range map[string]string{`1e1`: `10.0`, `-0`: `0`, `{"a":1,"b":2}`: `{"b":2,"a":1}`} {
		if !crest.Equal(decode(t, []byte(a)), decode(t, []byte(b))) {
			t.Errorf("%s and %s differ", a, b)
		}
	}
}

func TestErrorf(t *testing.T) {
	cause := errors.New("a < b")
	e := crest.Errorf(409, "outer: %w", cause)
	if !errors.Is(e, cause) || e.Error() != "outer: a < b" {
		t.Errorf("error %v", e)
	}
	if got, want := encode(t, &crest.Error{Code: 499}), `{"code":499,"reason":"Resource Exception","message":"Resource Exception"}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
