package idm

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

// maxChangedFields bounds what an event says of a large change.
const maxChangedFields = 100

// change runs a write of a request, and logs what it did.
func (s *Service) change(ctx context.Context, write func(*store.Tx) error) error {
	differences, err := s.store.ChangeAndTell(write)
	if err != nil {
		return err
	}
	trail := route.TrailOf(ctx)
	passwords := map[string]bool{} // of which objects
	for _, d := range differences {
		if path, hidden := strings.CutPrefix(d.Collection, private("")); hidden && d.After != nil && !crest.Equal(member(d.Before, passwordKey), member(d.After, passwordKey)) {
			passwords[path+"/"+d.ID] = true
		}
	}
	for _, d := range differences {
		switch {
		case d.Collection == configs:
			trail.Write(route.IDMConfig, configEvent(trail, d))
		case d.Collection == relationships:
			first := parseEnd(edgeMember(d, "first"))
			logActivity(trail, first.collection+"/"+first.id+"/"+first.property+"/"+d.ID, d, false)
		case !strings.HasPrefix(d.Collection, private("")):
			path := d.Collection + "/" + d.ID
			logActivity(trail, path, d, passwords[path])
		}
	}
	return nil
}

func edgeMember(d store.Difference, name string) string {
	text, _ := member(d.Before, name).(string)
	if d.After != nil {
		text, _ = member(d.After, name).(string)
	}
	return text
}

func member(r store.Record, name string) any {
	if r == nil {
		return nil
	}
	value, _ := r.Member(name)
	return value
}

// operationOf is what a difference is called. One object may be patched while
// others change with it.
func operationOf(trail *route.Trail, d store.Difference) string {
	switch {
	case d.Before == nil:
		return "CREATE"
	case d.After == nil:
		return "DELETE"
	case cmp.Or(trail.Change, trail.Operation) == route.Patch:
		return "PATCH"
	}
	return "UPDATE"
}

// logActivity leaves out what was only written again, as sidecars are.
func logActivity(trail *route.Trail, path string, d store.Difference, password bool) {
	fields := changedFields(d)
	if d.Before != nil && d.After != nil && len(fields) == 0 && !password {
		return
	}
	event := activity(trail, path, operationOf(trail, d), "SUCCESS", "")
	event["changedFields"] = fields
	event["passwordChanged"] = password
	event["revision"] = member(d.After, "_rev")
	trail.Write(route.IDMActivity, event)
}

func activity(trail *route.Trail, path, operation, status, message string) map[string]any {
	return map[string]any{
		"eventName": "activity", "objectId": route.CutText(path), "operation": operation, "status": status, "message": message,
		"changedFields": []string{}, "passwordChanged": false, "revision": nil,
		"userId": trail.Caller.ID, "runAs": trail.Caller.ID,
	}
}

func configEvent(trail *route.Trail, d store.Difference) map[string]any {
	return map[string]any{
		"eventName": "CONFIG", "objectId": route.CutText(d.ID), "operation": operationOf(trail, d), "changedFields": changedFields(d), "revision": nil,
		"userId": trail.Caller.ID, "runAs": trail.Caller.ID,
	}
}

// changedFields names the properties that are different, and no values.
func changedFields(d store.Difference) []string {
	before, after := store.Object{}, store.Object{}
	if d.Before != nil {
		before = withoutIdentity(d.Before.Object())
	}
	if d.After != nil {
		after = withoutIdentity(d.After.Object())
	}
	fields := []string{}
	names := slices.Sorted(maps.Keys(before))
	for name := range after {
		if _, both := before[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if !crest.Equal(before[name], after[name]) && len(fields) < maxChangedFields {
			fields = append(fields, "/"+route.CutText(name))
		}
	}
	return fields
}

// logRefusal logs that an object was not written as a request asked for.
func logRefusal(r *route.Request, err error) {
	var refusal *crest.Error
	logged := []int{http.StatusBadRequest, http.StatusForbidden, http.StatusPreconditionFailed}
	if !errors.As(err, &refusal) || !slices.Contains(logged, refusal.Code) || r.Operation == route.Read || r.Operation == route.Query {
		return
	}
	if r.Path[0] != "managed" && r.Path[0] != "internal" {
		return
	}
	path := strings.Join(r.Path, "/")
	trail := route.TrailOf(r.Context())
	switch object, _ := r.Body.(map[string]any); {
	case trail.Object != "":
		path = trail.Object
	case r.NewID != "":
		path += "/" + r.NewID
	case r.Operation == route.Create:
		if id, ok := object["_id"].(string); ok {
			path += "/" + id
		}
	}
	operation := cmp.Or(trail.Change, r.Operation)
	if operation == route.Upsert {
		operation = route.Create
	}
	event := activity(trail, path, strings.ToUpper(string(operation)), "FAILURE", route.CutText(refusal.Error()))
	if refusal.Detail != nil {
		event["detail"] = refusal.Detail
	}
	trail.Write(route.IDMActivity, event)
}
