package crest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// maxDepth bounds how deep objects and arrays nest, in request bodies and in the results of patches.
const maxDepth = 512

const unprocessable = "The request could not be processed because "

// DecodeJSON parses the body of a request. Of members with the same name the last one counts.
func DecodeJSON(data []byte) (any, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if nestsDeeper(data, maxDepth) {
		return nil, invalidJSON("nesting is deeper than " + strconv.Itoa(maxDepth) + " levels")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	switch err := dec.Decode(&v); {
	case errors.Is(err, io.EOF):
		return nil, Errorf(400, unprocessable+"it did not contain any JSON content")
	case err != nil:
		return nil, invalidJSON(err.Error())
	}
	if rest := data[dec.InputOffset():]; len(bytes.TrimLeft(rest, " \t\r\n")) > 0 {
		return nil, Errorf(400, unprocessable+"there is trailing data after the JSON content")
	}
	return v, nil
}

// Normalize turns Go's numbers, structs and slices into the JSON values that DecodeJSON makes.
func Normalize(value any) (any, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("normalize: %w", err)
	}
	return DecodeJSON(text.Bytes())
}

func invalidJSON(detail string) *Error {
	return &Error{Code: 400, Message: unprocessable + "the provided content is not valid JSON", Detail: detail}
}

// nestsDeeper reports whether brackets outside of strings nest deeper than limit. The text need not be valid.
func nestsDeeper(data []byte, limit int) bool {
	depth, inString := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			inString = !inString
		case inString && c == '\\':
			i++
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > limit {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// Clone returns a deep copy.
func Clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		c := make(map[string]any, len(v))
		for name, member := range v {
			c[name] = Clone(member)
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i, member := range v {
			c[i] = Clone(member)
		}
		return c
	default:
		return v
	}
}

// Equal reports deep equality that respects types: 1, 1.0 and "1" differ, while 1.0 and 1e0 are equal.
func Equal(a, b any) bool {
	switch a := a.(type) {
	case nil:
		return b == nil
	case bool:
		b, ok := b.(bool)
		return ok && a == b
	case string:
		b, ok := b.(string)
		return ok && a == b
	case json.Number:
		b, ok := b.(json.Number)
		return ok && equalNumbers(a, b)
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !Equal(a[i], b[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for name := range a {
			if other, ok := b[name]; !ok || !Equal(a[name], other) {
				return false
			}
		}
		return true
	default:
		return false
	}
}

func equalNumbers(a, b json.Number) bool {
	switch {
	case a == b:
		return true
	case isInteger(a) != isInteger(b):
		return false
	case isInteger(a):
		return isZero(a) && isZero(b) // JSON has one text for each integer, but for 0 and -0
	default:
		return math.Float64bits(double(a)) == math.Float64bits(double(b))
	}
}

func isZero(n json.Number) bool { return n == "0" || n == "-0" }

// isInteger reports whether n is an integer by its notation: 1.0 and 1e2 are not.
func isInteger(n json.Number) bool { return !strings.ContainsAny(string(n), ".eE") }

// double returns n as the nearest double. What lies outside the range of doubles is infinite.
func double(n json.Number) float64 {
	if isZero(n) {
		return 0 // the integer -0 is not the double -0.0
	}
	f, _ := strconv.ParseFloat(string(n), 64)
	return f
}

// formatDouble prints f as Java does. The text is valid JSON if f is finite.
func formatDouble(f float64) string {
	if abs := math.Abs(f); abs != 0 && (abs < 1e-3 || abs >= 1e7) {
		mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
		n, _ := strconv.Atoi(exponent)
		return withFraction(mantissa) + "E" + strconv.Itoa(n)
	}
	return withFraction(strconv.FormatFloat(f, 'f', -1, 64))
}

func withFraction(digits string) string {
	if strings.Contains(digits, ".") {
		return digits
	}
	return digits + ".0"
}
