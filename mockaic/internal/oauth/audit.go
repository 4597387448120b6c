package oauth

import (
	"net/http"
	"net/url"

	"aicmcp/mockaic/internal/route"
)

// logRequest says in the access log what an OAuth request is for.
func logRequest(r *http.Request, params url.Values) {
	details := map[string]any{}
	for _, name := range []string{"client_id", "grant_type", "response_type", "scope"} {
		if text := params.Get(name); text != "" {
			details[name] = route.CutText(text)
		}
	}
	route.TrailOf(r.Context()).Details = details
}

// refused says in the logs why a request was refused.
func refused(r *http.Request, err *Error) {
	trail := route.TrailOf(r.Context())
	trail.Reason = err.Error()
	level := "WARN"
	if err.Status >= http.StatusInternalServerError {
		level = "ERROR"
	}
	trail.Debug(level, "org.forgerock.openam.oauth2", err.Error())
}

// logClientLogin logs that a client proved who it is, or did not.
func logClientLogin(r *http.Request, id string, right bool) {
	trail := route.TrailOf(r.Context())
	result := "FAILED"
	if right {
		result = "SUCCESSFUL"
	}
	for _, name := range []string{"AM-LOGIN-MODULE-COMPLETED", "AM-LOGIN-COMPLETED"} {
		event := map[string]any{
			"eventName": name, "component": "Authentication", "realm": realmOf(r), "result": result, "principal": []string{route.CutText(id)},
			"entries": []any{map[string]any{"moduleId": "Application", "info": map[string]any{
				"authIndex": "module_instance", "authControlFlag": "REQUIRED", "moduleClass": "Application", "authLevel": "0", "ipAddress": route.HostOf(r.RemoteAddr),
			}}},
		}
		if right {
			event["userId"] = route.AgentIDIn(realmOf(r), id)
		}
		trail.Write(route.AMAuthentication, event)
	}
}
