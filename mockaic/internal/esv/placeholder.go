package esv

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"aicmcp/mockaic/internal/store"
)

// unused refuses to delete what configuration refers to.
func (s *Service) unused(tx *store.Tx, id, what string) error {
	if user := s.options.Used(tx, id); user != "" {
		return refuse(http.StatusBadRequest, fmt.Sprintf("Failed to delete %s, it is referenced by a placeholder in %s", what, user))
	}
	return nil
}

// placeholder is how configuration refers to an ESV: esv-my-var is &{esv.my.var}.
func placeholder(id string) string { return "&{" + strings.ReplaceAll(id, "-", ".") }

// UsedIn returns a function for Options.Used that searches the documents of some
// collections.
func UsedIn(searched func(collection string) bool) func(*store.Tx, string) string {
	return func(tx *store.Tx, id string) string {
		for _, collection := range tx.Collections() {
			if !searched(collection) {
				continue
			}
			for _, object := range tx.All(collection) {
				if mentions(object, placeholder(id)) {
					return fmt.Sprintf("%s/%s", collection, object["_id"])
				}
			}
		}
		return ""
	}
}

// mentions looks for a placeholder, which ends with } or, before a default, |.
func mentions(value any, start string) bool {
	switch v := value.(type) {
	case string:
		return strings.Contains(v, start+"}") || strings.Contains(v, start+"|")
	case []any:
		return slices.ContainsFunc(v, func(element any) bool { return mentions(element, start) })
	case map[string]any:
		for _, member := range v {
			if mentions(member, start) {
				return true
			}
		}
	}
	return false
}
