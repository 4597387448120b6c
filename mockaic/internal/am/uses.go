package am

import (
	"strings"

	"aicmcp/mockaic/internal/store"
)

// countUses counts where the configuration of a realm refers to a script: as a
// text that is its ID.
func countUses(tx *store.Tx, realm, id string) (places int) {
	for _, name := range tx.Collections() {
		switch {
		case name == collection(realm, scriptKind):
		case strings.HasPrefix(name, "am/"+realm+"/"):
			for _, document := range tx.All(name) {
				places += count(without(document, "_id"), id)
			}
		case strings.HasPrefix(name, "am/services/"):
			places += count(without(tx.Get(name, realm), "_id"), id)
		}
	}
	return places
}

// count counts the texts in a value that are the same as one.
func count(value any, text string) (n int) {
	switch value := value.(type) {
	case string:
		if value == text {
			n++
		}
	case map[string]any:
		for _, member := range value {
			n += count(member, text)
		}
	case []any:
		for _, member := range value {
			n += count(member, text)
		}
	}
	return n
}
