package idm

import (
	"strings"
	"time"

	"aicmcp/mockaic/internal/store"
)

// effective tells whether what a relationship grants counts now. A role can be
// limited to intervals, and so can its grant to a user, if the property of the
// user says relationshipGrantTemporalConstraintsEnforced.
func (s *Service) effective(tx *store.Tx, e edge) bool {
	if !s.current(tx.Get(e.there.collection, e.there.id)[constraintsKey]) {
		return false
	}
	t, err := s.types.lookup(tx, e.here.collection)
	return err != nil || t == nil || !t.properties[e.here.property].temporal || s.current(e.properties[constraintsKey])
}

const constraintsKey = "temporalConstraints"

// current tells whether one of the constraints, which are intervals written
// START/END in ISO 8601, holds now, or there are none.
func (s *Service) current(value any) bool {
	constraints, _ := value.([]any)
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
