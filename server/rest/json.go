package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// Object is a document of an API. Numbers in it are json.Number, so that they
// come back exactly as they were.
type Object = map[string]any

// Decode reads exactly one JSON value, numbers kept as they are written.
func Decode(data []byte, v any) error {
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

// Encode writes JSON for a reader: no indentation, nothing escaped for HTML.
func Encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(buf.Bytes(), "\n"), nil
}
