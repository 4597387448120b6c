package logs

import (
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"aicmcp/mockaic/internal/route"
)

// What of a request is logged. Tokens, cookies, passwords and codes are not among
// it, nor is anything of a body.
var (
	loggedHeaders = []string{
		"accept", "accept-api-version", "accept-language", "content-length", "content-type", "if-match", "if-none-match",
		"origin", "user-agent", "x-forgerock-transactionid", "x-requested-with",
	}
	loggedParameters = []string{
		"_action", "_countOnly", "_fields", "_onlyPending", "_pageSize", "_pagedResultsOffset", "_queryFilter", "_queryId", "_sortKeys",
		"_totalPagedResultsPolicy", "authIndexType", "authIndexValue", "beginTime", "client_id", "endTime", "prompt", "realm",
		"response_type", "scope", "source", "transactionId", "waitForCompletion",
	}
)

// maxTexts bounds how many values one header or parameter is logged with.
const maxTexts = 8

// Attempt writes what the tenant logs when a request comes in.
func Attempt(t *route.Trail, r *http.Request) {
	if family(r.URL.Path) == "am" {
		t.Write(route.AMAccess, amEvent(t, r, "AM-ACCESS-ATTEMPT", operation(r, "")))
	}
}

// Outcome writes what the tenant logs when a request is answered.
func Outcome(t *route.Trail, r *http.Request, status int, elapsed time.Duration) {
	switch family(r.URL.Path) {
	case "am":
		if t.Operation == route.Upsert && status == http.StatusOK {
			// Recorded: a PUT that may create tries that first.
			t.Write(route.AMAccess, withResponse(amEvent(t, r, "AM-ACCESS-OUTCOME", "CREATE"), t, http.StatusPreconditionFailed, elapsed))
			t.Write(route.AMAccess, amEvent(t, r, "AM-ACCESS-ATTEMPT", "UPDATE"))
		}
		t.Write(route.AMAccess, withResponse(amEvent(t, r, "AM-ACCESS-OUTCOME", outcome(t, r, status)), t, status, elapsed))
	case "idm":
		event := requestEvent(r, "access")
		event["request"] = map[string]any{"operation": outcome(t, r, status), "protocol": "CREST"}
		event["server"] = server(r)
		event["userId"] = t.Caller.ID
		event["roles"] = roles(t.Caller)
		t.Write(route.IDMAccess, withResponse(event, t, status, elapsed))
		if status >= http.StatusInternalServerError {
			t.Write(route.IDMCore, "SEVERE: Resource exception: "+strconv.Itoa(status)+" "+http.StatusText(status)+": \""+route.CutText(t.Reason)+"\"")
		}
	case "environment":
		event := requestEvent(r, environmentEvent(r.URL.Path))
		event["userId"] = t.Caller.ID
		withResponse(event, t, status, elapsed)
		event["response"].(map[string]any)["statusCode"] = status // a number, other than elsewhere (documented)
		t.Write(route.EnvironmentAccess, event)
	}
}

// family says which part of the tenant logs requests to a path.
func family(path string) string {
	first, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch first {
	case "am":
		if strings.HasPrefix(rest, "XUI/") && rest != "XUI/" {
			return "" // what pages are made of
		}
		return "am"
	case "openidm":
		return "idm"
	case "environment", "monitoring", "keys", "feature":
		return "environment"
	}
	return ""
}

func environmentEvent(path string) string {
	if strings.HasPrefix(path, "/monitoring") || strings.HasPrefix(path, "/keys") {
		return "LOG-ACCESS-OUTCOME"
	}
	what, _, _ := strings.Cut(strings.TrimPrefix(path, "/environment/"), "/")
	if slices.Contains([]string{"variables", "secrets", "count", "startup"}, what) {
		return "ESV-ACCESS-OUTCOME"
	}
	return "ENVIRONMENT-ACCESS-OUTCOME"
}

// requestEvent is what all events about a request have.
func requestEvent(r *http.Request, name string) map[string]any {
	request := map[string]any{"method": r.Method, "path": route.CutText(address(r)), "secure": r.TLS != nil}
	headers := chosen(r.Header.Values, loggedHeaders)
	headers["host"] = []any{route.CutText(r.Host)}
	request["headers"] = headers
	query := r.URL.Query()
	if parameters := chosen(func(name string) []string { return query[name] }, loggedParameters); len(parameters) > 0 {
		request["queryParameters"] = parameters
	}
	return map[string]any{
		"eventName": name,
		"client":    endpoint(r.RemoteAddr),
		"http":      map[string]any{"request": request},
	}
}

// address is the URL as it was sent, without its query.
func address(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host + r.URL.EscapedPath()
}

// chosen is what of headers or parameters is logged.
func chosen(values func(string) []string, names []string) map[string]any {
	logged := map[string]any{}
	for _, name := range names {
		var texts []any
		for _, text := range values(name) {
			if len(texts) < maxTexts {
				texts = append(texts, route.CutText(text))
			}
		}
		if texts != nil {
			logged[name] = texts
		}
	}
	return logged
}

func endpoint(hostPort string) map[string]any {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return map[string]any{"ip": hostPort}
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return map[string]any{"ip": host}
	}
	return map[string]any{"ip": host, "port": number}
}

func server(r *http.Request) map[string]any {
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		return endpoint(local.String())
	}
	return map[string]any{}
}

// operation is CREST's word for what a request asks for. It is known once the
// request was read; before, its method tells.
func operation(r *http.Request, known route.Operation) string {
	switch known {
	case "":
	case route.Upsert:
		return "CREATE"
	default:
		return strings.ToUpper(string(known))
	}
	switch r.Method {
	case http.MethodPost:
		return "ACTION"
	case http.MethodPut:
		return "CREATE"
	case http.MethodPatch, http.MethodDelete:
		return r.Method
	}
	return "READ"
}

// outcome is the operation in the end: a PUT that may create was an update if it
// created nothing.
func outcome(t *route.Trail, r *http.Request, status int) string {
	if t.Operation == route.Upsert && (status == http.StatusOK || t.Change == route.Update) {
		return "UPDATE"
	}
	return operation(r, t.Operation)
}

// components are AM's by how a path goes on after the realm; the first that fits
// counts.
var components = []struct{ part, component string }{
	{"/oauth2/", "OAuth"},
	{"/authenticate", "Authentication"},
	{"/UI/Login", "Authentication"},
	{"/XUI", "Authentication"},
	{"/sessions", "Session"},
	{"/serverinfo", "Server Info"},
	{"/users", "Users"},
	{"/scripts", "Script"},
	{"/policies", "Policy"},
}

func amEvent(t *route.Trail, r *http.Request, name, operation string) map[string]any {
	event := requestEvent(r, name)
	event["component"] = "Config"
	for _, c := range components {
		if strings.Contains(r.URL.Path, c.part) {
			event["component"] = c.component
			break
		}
	}
	event["realm"] = realmOf(r)
	if event["component"] == "OAuth" {
		request := map[string]any{}
		if len(t.Details) > 0 {
			request["detail"] = maps.Clone(t.Details)
		}
		event["request"] = request
	} else {
		event["request"] = map[string]any{"operation": operation, "protocol": "CREST"}
	}
	switch {
	case t.Subject != "":
		event["userId"] = route.UniversalIDIn(realmOf(r), t.Subject)
	case t.Caller.ID != "":
		event["userId"] = route.UniversalID(t.Caller.ID)
	}
	if len(t.TrackingIDs) > 0 {
		event["trackingIds"] = slices.Clone(t.TrackingIDs)
	}
	return event
}

// realmOf reads the spellings of a realm in a path and in the query.
func realmOf(r *http.Request) string {
	const nested = "/realms/root/realms/"
	if at := strings.Index(r.URL.Path, nested); at >= 0 {
		name, _, _ := strings.Cut(r.URL.Path[at+len(nested):], "/")
		return "/" + route.CutText(name)
	}
	for _, prefix := range []string{"/am/json/", "/am/oauth2/"} {
		if rest, ok := strings.CutPrefix(r.URL.Path, prefix); ok {
			if name, _, _ := strings.Cut(rest, "/"); slices.Contains([]string{"alpha", "bravo"}, name) {
				return "/" + name
			}
		}
	}
	return "/" + route.CutText(strings.Trim(r.URL.Query().Get("realm"), "/"))
}

// withResponse adds how a request ended.
func withResponse(event map[string]any, t *route.Trail, status int, elapsed time.Duration) map[string]any {
	response := map[string]any{
		"elapsedTime": elapsed.Milliseconds(), "elapsedTimeUnits": "MILLISECONDS",
		"status": "SUCCESSFUL", "statusCode": strconv.Itoa(status),
	}
	if status >= http.StatusBadRequest || t.Reason != "" { // errors may go with a redirect
		response["status"] = "FAILED"
		if t.Reason != "" {
			response["detail"] = map[string]any{"reason": route.CutText(t.Reason)}
		}
	}
	event["response"] = response
	return event
}

// roles are IDM's for a caller.
func roles(caller route.Caller) []any {
	switch {
	case caller.Administrator, caller.ServiceAccount, caller.Developer:
		return []any{"internal/role/openidm-admin", "internal/role/openidm-authorized"}
	}
	return []any{}
}
