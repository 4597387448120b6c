package oauth

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// members are those of a JSON object whose order is kept; new ones come last.
type members struct {
	order  []string
	values map[string]any
}

func newMembers() *members { return &members{values: map[string]any{}} }

func (m *members) add(name string, value any) {
	if _, known := m.values[name]; !known {
		m.order = append(m.order, name)
	}
	m.values[name] = value
}

func readMembers(text []byte) (*members, error) {
	m := &members{}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&m.values); err != nil {
		return nil, fmt.Errorf("decode members: %w", err)
	}
	decoder = json.NewDecoder(bytes.NewReader(text))
	if _, err := decoder.Token(); err != nil { // the brace
		return nil, fmt.Errorf("decode members: %w", err)
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, fmt.Errorf("decode members: %w", err)
		}
		m.order = append(m.order, name.(string))
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, fmt.Errorf("decode members: %w", err)
		}
	}
	return m, nil
}

func (m *members) MarshalJSON() ([]byte, error) {
	var text bytes.Buffer
	names := slices.Clone(m.order)
	for _, name := range slices.Sorted(maps.Keys(m.values)) {
		if !slices.Contains(m.order, name) {
			names = append(names, name)
		}
	}
	text.WriteByte('{')
	for _, name := range names {
		value, ok := m.values[name]
		if !ok {
			continue
		}
		encoded, err := json.Marshal(map[string]any{name: value})
		if err != nil {
			return nil, fmt.Errorf("encode the member %s: %w", name, err)
		}
		if text.Len() > 1 {
			text.WriteByte(',')
		}
		text.Write(encoded[1 : len(encoded)-1])
	}
	text.WriteByte('}')
	return text.Bytes(), nil
}
