package am

import (
	"context"
	"maps"
	"slices"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

// change runs a write of a request, and logs what it did.
func (s *Service) change(ctx context.Context, write func(*store.Tx) error) error {
	differences, err := s.store.ChangeAndTell(write)
	if err != nil {
		return err
	}
	trail := route.TrailOf(ctx)
	for _, d := range differences {
		fields := changedFields(d.Before, d.After)
		event := map[string]any{
			"eventName": "AM-CONFIG-CHANGE", "component": "Config", "realm": "/" + d.ID,
			"objectId":      "ou=default,ou=OrganizationConfig,ou=1.0,ou=OAuth2Provider,ou=services,o=" + d.ID + ",ou=services,ou=am-config",
			"operation":     "MODIFY",
			"changedFields": fields,
		}
		switch {
		case d.Before == nil:
			event["operation"] = "CREATE"
		case d.After == nil:
			event["operation"] = "DELETE"
		case len(fields) == 0:
			continue // it was only written again
		}
		if trail.Caller.ID != "" {
			event["userId"], event["runAs"] = route.UniversalID(trail.Caller.ID), route.UniversalID(trail.Caller.ID)
		}
		trail.Write(route.AMConfig, event)
	}
	return nil
}

// changedFields names the settings that are different: those of the provider are
// grouped.
func changedFields(before, after store.Record) []string {
	fields := map[string]bool{}
	for _, pair := range [][2]store.Object{{object(before), object(after)}, {object(after), object(before)}} {
		for group, settings := range pair[0] {
			if group == "_id" || group == "_rev" {
				continue
			}
			grouped, _ := settings.(map[string]any)
			other, _ := pair[1][group].(map[string]any)
			for name, value := range grouped {
				if !crest.Equal(value, other[name]) {
					fields[name] = true
				}
			}
		}
	}
	names := slices.AppendSeq(make([]string, 0, len(fields)), maps.Keys(fields)) // an array in JSON, if empty
	slices.Sort(names)
	return names
}

func object(r store.Record) store.Object {
	if r == nil {
		return nil
	}
	return r.Object()
}
