package logs

import (
	"cmp"
	"maps"
	"slices"

	"aicmcp/mockaic/internal/crest"
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

// uncut are the members by which events are found. They are bounded as they are.
var uncut = []string{"_id", "eventName", "mdc", "objectId", "response", "timestamp", "transactionId", "userId"}

// shorten makes the payload of an event that is too long: the texts and lists of
// its members are cut, the longest first, and if that is not enough, left out.
func shorten(payload []byte) []byte {
	value, err := crest.DecodeJSON(payload)
	event, ok := value.(map[string]any)
	if err != nil || !ok {
		return payload // encode made it
	}
	sizes := map[string]int{}
	for name, member := range event {
		sizes[name] = len(encode(map[string]any{name: member}))
	}
	longest := slices.SortedFunc(maps.Keys(event), func(a, b string) int {
		return cmp.Or(cmp.Compare(sizes[b], sizes[a]), cmp.Compare(a, b))
	})
	longest = slices.DeleteFunc(longest, func(name string) bool { return slices.Contains(uncut, name) })
	text := payload
	for _, mend := range []func(name string){
		func(name string) { event[name] = shorter(event[name], 0) },
		func(name string) { delete(event, name) },
	} {
		for _, name := range longest {
			if len(text) <= maxEvent {
				return text
			}
			mend(name)
			text = encode(event)
		}
	}
	return text
}

func shorter(value any, depth int) any {
	switch v := value.(type) {
	case string:
		return route.Cut(v, shortText)
	case []any:
		if depth == shortDepth {
			return []any{}
		}
		v = slices.Clone(v[:min(len(v), shortList)])
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
