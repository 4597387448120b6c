package idm

import (
	"strings"
	"time"

	"aicmcp/mockaic/internal/store"
)

// effective tells whether what a relationship grants counts now: a role can be
// limited to intervals, written START/END in ISO 8601.
func (s *Service) effective(tx *store.Tx, to target, _ string) bool {
	constraints, _ := tx.Get(to.collection, to.id)["temporalConstraints"].([]any)
	if len(constraints) == 0 {
		return true
	}
	now := s.now()
	for _, entry := range constraints {
		constraint, _ := entry.(map[string]any)
		text, _ := constraint["duration"].(string)
		first, last, _ := strings.Cut(text, "/")
		start, startErr := time.Parse(time.RFC3339, first)
		end, endErr := time.Parse(time.RFC3339, last)
		if startErr == nil && endErr == nil && !now.Before(start) && now.Before(end) {
			return true
		}
	}
	return false
}
