package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"strings"
)

// Same tells whether two values are equal as JSON documents.
func Same(a, b any) bool {
	x, errX := normal(a)
	y, errY := normal(b)
	return errX == nil && errY == nil && same(x, y)
}

func same(a, b any) bool {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for name := range x {
			other, there := y[name]
			if !there || !same(x[name], other) {
				return false
			}
		}
		return true
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !same(x[i], y[i]) {
				return false
			}
		}
		return true
	case json.Number:
		y, ok := b.(json.Number)
		return ok && (x == y || sameNumber(x.String(), y.String()))
	}
	return a == b
}

// sameNumber compares exactly. Numbers that would take much memory to hold are
// compared as text.
func sameNumber(a, b string) bool {
	const longest = 64
	if len(a) > longest || len(b) > longest || farExponent(a) || farExponent(b) {
		return a == b
	}
	x, okX := new(big.Rat).SetString(a)
	y, okY := new(big.Rat).SetString(b)
	return okX && okY && x.Cmp(y) == 0
}

func farExponent(number string) bool {
	_, exponent, found := strings.Cut(strings.ToLower(number), "e")
	return found && len(strings.TrimLeft(exponent, "+-0")) > 3
}

// normal is v as decoding its JSON gives it.
func normal(v any) (any, error) {
	data, err := encode(v)
	if err != nil {
		return nil, err
	}
	return decode(data)
}

func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(buf.Bytes(), "\n"), nil
}

// decode reads exactly one JSON value, numbers kept as they are written.
func decode(data []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON value")
	}
	return v, nil
}
