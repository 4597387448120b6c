package crest

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fold maps strings that a filter does not tell apart when case is ignored to the same string. A string that a filter takes for the
// beginning of another one, and that is ASCII, is then the beginning of the other one in any case.
func Fold(s string) string { return fold(s) }

// fold returns a string whose byte order is the order of s when case is ignored: each character is mapped to upper and then to
// lower case without a locale. Both steps are needed, for instance for the final and the medial sigma.
func fold(s string) string { return codeUnits(strings.Map(foldRune, s)) }

func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	return unicode.ToLower(unicode.ToUpper(r))
}

// compareFolded compares fold(s) with folded, which is a result of fold, and allocates only where s is not ASCII.
func compareFolded(s, folded string) int {
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= utf8.RuneSelf:
			return strings.Compare(fold(s[i:]), folded[i:])
		case i == len(folded):
			return 1
		}
		if f := byte(foldRune(rune(c))); f != folded[i] {
			if f < folded[i] {
				return -1
			}
			return 1
		}
	}
	if len(s) < len(folded) {
		return -1
	}
	return 0
}

// codeUnits encodes each UTF-16 code unit of s as UTF-8 encodes a character (CESU-8), so that byte order is code unit order.
// This changes only characters above U+FFFF.
func codeUnits(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r > 0xffff }) {
		return s
	}
	b := make([]byte, 0, len(s)+len(s)/2)
	for _, r := range s {
		if r <= 0xffff {
			b = utf8.AppendRune(b, r)
			continue
		}
		r -= 0x10000
		for _, unit := range [2]rune{0xd800 + r>>10, 0xdc00 + r&0x3ff} {
			b = append(b, 0xe0|byte(unit>>12), 0x80|byte(unit>>6)&0x3f, 0x80|byte(unit)&0x3f)
		}
	}
	return string(b)
}

// lower is the full, context-sensitive lower case of the Unicode standard for English, which is what Java applies to whole
// strings. It differs from strings.ToLower for the dotted capital I and for a sigma at the end of a word.
func lower(s string) string {
	if !strings.ContainsAny(s, "İΣ") {
		return strings.ToLower(s)
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == 'İ':
			b.WriteString("i\u0307")
		case r == 'Σ' && endsWord(s[:i], s[i+len("Σ"):]):
			b.WriteRune('ς')
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// beginsASCII reports whether s begins with an ASCII text in lower case, whatever the case of s. Then lower(s) does, too.
func beginsASCII(s, text string) bool {
	if len(s) < len(text) {
		return false
	}
	for i := range len(text) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != text[i] {
			return false
		}
	}
	return true
}

// maxScanned bounds the texts that are searched for byte by byte, which takes time proportional to their length.
const maxScanned = 64

// containsLower reports whether lower(s) contains text. It allocates only where s is not ASCII or the text is long.
func containsLower(s, text string, ascii bool) bool {
	if ascii && len(text) > maxScanned {
		return strings.Contains(lower(s), text)
	}
	for i := 0; ascii && i+len(text) <= len(s); i++ {
		if beginsASCII(s[i:], text) {
			return true
		}
	}
	return !isASCII(s) && strings.Contains(lower(s), text)
}

// hasPrefixLower reports whether lower(s) begins with text. It allocates only where s is not ASCII.
func hasPrefixLower(s, text string, ascii bool) bool {
	if ascii && beginsASCII(s, text) {
		return true
	}
	return !isASCII(s) && strings.HasPrefix(lower(s), text)
}

// endsWord reports whether a letter between before and after is the last one of a word of several letters.
func endsWord(before, after string) bool {
	last, _ := utf8.DecodeLastRuneInString(strings.TrimRightFunc(before, unicode.IsMark))
	next, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(after, unicode.IsMark))
	return unicode.IsLetter(last) && !unicode.IsLetter(next)
}
