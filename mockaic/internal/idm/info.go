package idm

import (
	"net"
	"net/http"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

// serveInfo answers /openidm/info/{what}.
func (s *Service) serveInfo(r *route.Request) (*route.Response, error) {
	if len(r.Path) != 2 {
		return nil, route.NotFound(r.Path)
	}
	if r.Operation != route.Read {
		return nil, crest.Errorf(http.StatusBadRequest, "The resource instance %s cannot be %s", r.Path[1], participle[r.Operation])
	}
	var object store.Object
	switch r.Path[1] {
	case "ping":
		object = store.Object{"_id": "", "shortDesc": "OpenIDM ready", "state": "ACTIVE_READY"}
	case "version":
		object = store.Object{
			"_id": "version", "productVersion": "8.1.0-SNAPSHOT", "productBuildDate": "20260401000000", "productRevision": "mockaic",
		}
	case "uiconfig":
		s.store.View(func(tx *store.Tx) {
			object = store.Object{"_id": "", "configuration": tx.Get(configs, "ui/configuration")["configuration"]}
		})
	case "features":
		object = store.Object{"_id": "features"}
		s.store.View(func(tx *store.Tx) {
			enabled := []any{}
			for _, feature := range StockFeatures() {
				enabled = append(enabled, store.Object{"name": feature.ID, "enabled": feature.Installed(tx.Get(configs, managedDoc))})
			}
			object["features"] = enabled
		})
	case "login":
		object = s.login(r)
	default:
		return nil, route.NotFound(r.Path)
	}
	return &route.Response{Object: object, Version: configVersion}, nil
}

// login tells the caller as whom the tenant sees it.
func (s *Service) login(r *route.Request) store.Object {
	component, roles := "managed/teammember", []any{"internal/role/openidm-admin", "internal/role/openidm-authorized"}
	if !r.Caller.Administrator {
		component, roles = "internal/user", []any{"internal/role/platform-provisioning"}
	}
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		address = r.RemoteAddr
	}
	return store.Object{
		"_id": "login", "authenticationId": r.Caller.ID,
		"authorization": map[string]any{
			"id": r.Caller.ID, "component": component, "roles": roles, "ipAddress": address,
			"authLogin": false, "adminUser": true, "moduleId": "RSFILTER", "processesRequired": false,
		},
	}
}
