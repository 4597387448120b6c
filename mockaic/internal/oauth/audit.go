package oauth

import (
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"aicmcp/mockaic/internal/route"
)

// treeOf is the journey of a realm that the login page stands for.
func treeOf(realm string) string {
	if realm == root {
		return "FRLogin"
	}
	return "Login"
}

// loginNodes are its nodes in their order, with the outcomes of a right and of a
// wrong password.
var loginNodes = []struct{ kind, name, right, wrong string }{
	{"UsernameCollectorNode", "User Name", "outcome", "outcome"},
	{"PasswordCollectorNode", "Password", "outcome", "outcome"},
	{"DataStoreDecisionNode", "Data Store Decision", "true", "false"},
}

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

// logLogin logs how each node of the login journey ended, and how the journey did.
func (s *Service) logLogin(r *http.Request, userName string, person Identity, right bool) {
	trail, tree := route.TrailOf(r.Context()), treeOf(realmOf(r))
	journey, err := uuid.NewRandomFromReader(s.options.Chance)
	if err != nil {
		panic(err) // the tenant's source of chance never fails
	}
	trail.TrackingIDs = append(trail.TrackingIDs, journey.String())
	event := func(name string, info map[string]any) map[string]any {
		return map[string]any{
			"eventName": name, "component": "Authentication", "realm": realmOf(r), "trackingIds": []string{journey.String()},
			"principal": []string{route.CutText(userName)}, "entries": []any{map[string]any{"info": info}},
		}
	}
	for _, node := range loginNodes {
		outcome := node.right
		if !right {
			outcome = node.wrong
		}
		trail.Write(route.AMAuthentication, event("AM-NODE-LOGIN-COMPLETED", map[string]any{
			"authLevel": "0", "displayName": node.name, "nodeType": node.kind, "nodeOutcome": outcome, "treeName": tree,
			"nodeId": uuid.NewSHA1(uuid.NameSpaceOID, []byte(tree+"/"+node.kind)).String(),
		}))
	}
	end := event("AM-TREE-LOGIN-COMPLETED", map[string]any{"treeName": tree, "authLevel": "0", "ipAddress": route.HostOf(r.RemoteAddr)})
	end["result"] = "FAILED"
	if right {
		trail.Subject = person.ID
		end["result"], end["userId"] = "SUCCESSFUL", universalID(realmOf(r), person.ID)
	} else {
		trail.Reason = "Authentication Failed"
	}
	trail.Write(route.AMAuthentication, end)
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
			event["userId"] = "id=" + route.CutText(id) + ",ou=agent,ou=am-config"
		}
		trail.Write(route.AMAuthentication, event)
	}
}

func sessionID(trail *route.Trail) string {
	if len(trail.TrackingIDs) == 0 {
		return ""
	}
	return trail.TrackingIDs[0]
}
