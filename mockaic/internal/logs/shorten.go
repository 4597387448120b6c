package logs

import (
	"encoding/json"
	"maps"
	"slices"

	"aicmcp/mockaic/internal/route"
)

// What a shortened event keeps: so many bytes of a text, elements of a list,
// members of an object, and levels.
const (
	shortText    = 128
	shortList    = 10
	shortMembers = 30
	shortDepth   = 6
)

// shorten makes the payload of an event that is too long: its texts and lists are
// cut, and if that is not enough, only its plain members stay.
func shorten(payload []byte) []byte {
	var event map[string]any
	if err := json.Unmarshal(payload, &event); err != nil {
		return []byte("{}") // encode made it
	}
	short, _ := shorter(event, 0).(map[string]any)
	if text := encode(short); len(text) <= maxEvent {
		return text
	}
	maps.DeleteFunc(short, func(_ string, value any) bool {
		switch value.(type) {
		case map[string]any, []any:
			return true
		}
		return false
	})
	return encode(short)
}

func shorter(value any, depth int) any {
	switch v := value.(type) {
	case string:
		return route.Cut(v, shortText)
	case []any:
		if depth == shortDepth {
			return []any{}
		}
		v = v[:min(len(v), shortList)]
		for i := range v {
			v[i] = shorter(v[i], depth+1)
		}
		return v
	case map[string]any:
		short := map[string]any{}
		if depth == shortDepth {
			return short
		}
		names := slices.Sorted(maps.Keys(v))
		for _, name := range names[:min(len(names), shortMembers)] {
			short[route.Cut(name, shortText)] = shorter(v[name], depth+1)
		}
		return short
	}
	return value
}
