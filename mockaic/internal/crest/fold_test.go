package crest

import (
	"strings"
	"testing"
)

// The searches that do not allocate agree with their definition, and the folds with the searches.
func TestLower(t *testing.T) {
	texts := []string{
		"", "a", "A", "aB", "xab", "b", "İ", "ı", "i", "I", "K", "k", "K1", "ΑΣ", "ΑΣΑ", "ας", "ß", "SS", "é", "É", "xİx",
		"i̇", "😀k", "😀K", "ſ", "s", "ab" + strings.Repeat("ab", maxScanned),
	}
	for _, s := range texts {
		for _, text := range texts {
			low := lower(text)
			contains, begins := strings.Contains(lower(s), low), strings.HasPrefix(lower(s), low)
			if got := containsLower(s, low, isASCII(low)); got != contains {
				t.Errorf("%q contains %q: %v", s, text, got)
			}
			if got := hasPrefixLower(s, low, isASCII(low)); got != begins {
				t.Errorf("%q begins with %q: %v", s, text, got)
			}
			if begins && isASCII(text) && !strings.HasPrefix(Fold(s), Fold(text)) {
				t.Errorf("%q begins with %q but not their folds", s, text)
			}
		}
	}
}
