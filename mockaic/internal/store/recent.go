package store

import "hash/maphash"

const (
	recentTexts = 4096
	// maxRecent is the length in bytes above which strings hardly repeat.
	maxRecent = 64
)

// recent remembers strings, so that the names of properties and the values that
// many objects have are kept once. A string takes the place of another one with
// the same hash. The zero value is ready.
type recent struct {
	seed  maphash.Seed
	texts []any
}

// share returns text as a value, the same as before if it is remembered.
func (r *recent) share(text string) any {
	if len(text) > maxRecent {
		return text
	}
	if r.texts == nil {
		r.seed, r.texts = maphash.MakeSeed(), make([]any, recentTexts)
	}
	slot := &r.texts[maphash.String(r.seed, text)%recentTexts]
	if *slot != text {
		*slot = text
	}
	return *slot
}
