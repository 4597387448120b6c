package am

import (
	"context"
	"maps"
	"slices"
	"strings"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

// change runs a write of a request, and logs what it did.
func (s *Service) change(ctx context.Context, write func(*store.Tx) error) error {
	differences, err := s.options.Store.ChangeAndTell(write)
	if err != nil {
		return err
	}
	trail := route.TrailOf(ctx)
	for _, d := range differences {
		realm, name := entryOf(d)
		fields := changedFields(d.Before, d.After)
		event := map[string]any{
			"eventName": "AM-CONFIG-CHANGE", "component": "Config", "realm": "/" + realm,
			"objectId": name, "operation": "MODIFY", "changedFields": fields,
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

// services are the names that AM's configuration directory has for kinds.
var services = map[string]string{
	oauthProvider.kind:  "ou=default,ou=OrganizationConfig,ou=1.0,ou=OAuth2Provider,ou=services,o=",
	authentication.kind: "ou=default,ou=OrganizationConfig,ou=1.0,ou=iPlanetAMAuthService,ou=services,o=",
	clientKind:          "ou=OAuth2Client,ou=default,ou=OrganizationConfig,ou=1.0,ou=AgentService,ou=services,o=",
	treeKind:            "ou=default,ou=OrganizationConfig,ou=1.0,ou=authenticationTreesService,ou=services,o=",
	corsKind:            "ou=configuration,ou=default,ou=GlobalConfig,ou=1.0,ou=CorsService,ou=services",
	designKind:          "ou=nodeTypes,ou=default,ou=GlobalConfig,ou=1.0,ou=NodeDesignerService,ou=services",
	scriptKind:          "ou=scriptConfigurations,ou=default,ou=OrganizationConfig,ou=1.0,ou=ScriptingService,ou=services,o=",
}

// entryOf names the entry of the configuration directory that a document is.
func entryOf(d store.Difference) (realm, name string) {
	_, rest, _ := strings.Cut(d.Collection, "/")
	before, kind, _ := strings.Cut(rest, "/")
	const root = ",ou=services,ou=am-config"
	switch {
	case before == "services":
		return d.ID, services[kind] + d.ID + root
	case kind == designKind, kind == corsKind:
		return "", "ou=" + route.CutText(d.ID) + "," + services[kind] + ",ou=am-config"
	case kind == nodeKind:
		// The nodes of each type are a service of their own.
		typeID, id, _ := strings.Cut(d.ID, "/")
		return before, "ou=" + route.CutText(id) + ",ou=default,ou=OrganizationConfig,ou=1.0,ou=" + typeID + ",ou=services,o=" + before + root
	}
	return before, "ou=" + route.CutText(d.ID) + "," + services[kind] + before + root
}

// changedFields names the attributes that are different: some kinds have them in
// groups.
func changedFields(before, after store.Record) []string {
	fields := map[string]bool{}
	left, right := attributes(before), attributes(after)
	for _, pair := range [][2]store.Object{{left, right}, {right, left}} {
		for name, value := range pair[0] {
			if other, ok := pair[1][name]; !ok || !crest.Equal(value, other) {
				fields[name] = true
			}
		}
	}
	names := slices.AppendSeq(make([]string, 0, len(fields)), maps.Keys(fields)) // an array in JSON, if empty
	slices.Sort(names)
	return names
}

// attributes are the members of a document, and of its groups.
func attributes(r store.Record) store.Object {
	all := store.Object{}
	if r == nil {
		return all
	}
	for name, value := range r.Object() {
		group, grouped := value.(map[string]any)
		switch {
		case strings.HasPrefix(name, "_"), name == inherited:
		case grouped:
			maps.Copy(all, group)
		default:
			all[name] = value
		}
	}
	return all
}
