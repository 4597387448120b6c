package idm

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"aicmcp/mockaic/internal/store"
)

// checkPassword holds a new password against the directory's validators, as
// config/fieldPolicy/{type} lists them. One that is encoded already passes.
func (s *Service) checkPassword(w candidateWrite, value any, f *failures) {
	password, ok := value.(string)
	document := w.tx.Get(configs, "fieldPolicy/"+w.t.name)
	if !ok || document == nil || isEncoded(password) && w.t.allowsEncoded(w.tx) {
		return
	}
	validators, _ := document["validator"].([]any)
	for _, entry := range validators {
		validator, _ := entry.(map[string]any)
		if enabled, set := validator["enabled"].(bool); set && !enabled {
			continue
		}
		kind, _ := validator["type"].(string)
		if check, known := passwordValidators[kind]; known {
			check(w.object, password, validator, f)
		}
	}
}

// allowsEncoded is the directory's default unless the policy says otherwise.
func (t *objectType) allowsEncoded(tx *store.Tx) bool {
	allowed, set := tx.Get(configs, "fieldPolicy/"+t.name)["allowPreEncodedPasswords"].(bool)
	return !set || allowed
}

var passwordValidators = map[string]func(object store.Object, password string, validator map[string]any, f *failures){
	"length-based": func(_ store.Object, password string, validator map[string]any, f *failures) {
		length, least, most := len([]rune(password)), number(validator["minPasswordLength"]), number(validator["maxPasswordLength"])
		if length < least || most > 0 && length > most {
			f.add(passwordKey, "LENGTH_BASED", map[string]any{"min-password-length": jsonNumber(least), "max-password-length": jsonNumber(most)})
		}
	},
	"attribute-value": func(object store.Object, password string, validator map[string]any, f *failures) {
		attributes, _ := stringList(validator["matchAttribute"])
		for _, attribute := range attributes {
			value, _ := object[attribute].(string)
			if value != "" && resembles(password, value, validator) {
				f.add(passwordKey, "ATTRIBUTE_VALUE", map[string]any{
					"match-attribute": anyList(attributes), "min-substring-length": jsonNumber(number(validator["minSubstringLength"])),
					"test-reversed-password": validator["testReversedPassword"] == true, "check-substrings": validator["checkSubstrings"] == true,
				})
				return
			}
		}
	},
	"character-set": func(_ store.Object, password string, validator map[string]any, f *failures) {
		sets, _ := stringList(validator["characterSet"])
		if !hasCharacterSets(password, sets, number(validator["minCharacterSets"]), validator["allowUnclassifiedCharacters"] != false) {
			f.add(passwordKey, "CHARACTER_SET", map[string]any{
				"character-set": anyList(sets), "min-character-sets": jsonNumber(number(validator["minCharacterSets"])),
				"allow-unclassified-characters": validator["allowUnclassifiedCharacters"] != false,
			})
		}
	},
	"repeated-characters": func(_ store.Object, password string, validator map[string]any, f *failures) {
		most, run, before := number(validator["maxConsecutiveLength"]), 0, rune(-1)
		if validator["caseSensitiveValidation"] != true {
			password = strings.ToLower(password)
		}
		for _, r := range password {
			if r != before {
				run, before = 0, r
			}
			if run++; most > 0 && run > most {
				f.add(passwordKey, "REPEATED_CHARACTERS", map[string]any{"max-consecutive-length": jsonNumber(most), "case-sensitive-validation": validator["caseSensitiveValidation"] == true})
				return
			}
		}
	},
	"unique-characters": func(_ store.Object, password string, validator map[string]any, f *failures) {
		if validator["caseSensitiveValidation"] != true {
			password = strings.ToLower(password)
		}
		seen := map[rune]bool{}
		for _, r := range password {
			seen[r] = true
		}
		if least := number(validator["minUniqueCharacters"]); len(seen) < least {
			f.add(passwordKey, "UNIQUE_CHARACTERS", map[string]any{"min-unique-characters": jsonNumber(least), "case-sensitive-validation": validator["caseSensitiveValidation"] == true})
		}
	},
}

// resembles tells whether a password is, or is part of, an attribute's value,
// forwards or backwards; with checkSubstrings also the reverse, by any substring
// of the value that is long enough.
func resembles(password, value string, validator map[string]any) bool {
	password, value = strings.ToLower(password), strings.ToLower(value)
	forms := []string{password}
	if validator["testReversedPassword"] == true {
		backwards := []rune(password)
		slices.Reverse(backwards)
		forms = append(forms, string(backwards))
	}
	least := max(1, number(validator["minSubstringLength"]))
	letters := []rune(value)
	for _, form := range forms {
		if form == value {
			return true
		}
		if validator["checkSubstrings"] != true {
			continue
		}
		for i := 0; i+least <= len(letters); i++ {
			if strings.Contains(form, string(letters[i:i+least])) {
				return true
			}
		}
	}
	return false
}

// hasCharacterSets reads sets such as "1:abc": how many characters of the set a
// password must have. Of the sets with 0, minimum must occur.
func hasCharacterSets(password string, sets []string, minimum int, unclassified bool) bool {
	found, classified := 0, 0
	for _, entry := range sets {
		count, characters, _ := strings.Cut(entry, ":")
		need, _ := strconv.Atoi(count)
		have := countRunes(password, func(r rune) bool { return strings.ContainsRune(characters, r) })
		if classified += have; have > 0 {
			found++
		}
		if have < need {
			return false
		}
	}
	return found >= minimum && (unclassified || classified == len([]rune(password)))
}

func number(value any) int {
	text, _ := value.(json.Number)
	n, _ := strconv.Atoi(text.String())
	return n
}

func jsonNumber(n int) json.Number { return json.Number(strconv.Itoa(n)) }

func anyList(texts []string) []any {
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	return list
}
