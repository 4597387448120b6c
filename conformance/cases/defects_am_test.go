package cases

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	c "aicmcp/conformance"
)

// amDefects are such as AM has that is made like IDM, or from memory.
var amDefects = []defect{
	{
		name:    "a new script or client is 200",
		answer:  onAM(http.MethodPut, "", func(r *http.Response) error { r.StatusCode = http.StatusOK; return nil }),
		noticed: []string{"scripts/create/answer", "scripts/create/evaluator", "clients/create/answer", "clients/create/defaults", "clients/create/only"},
	}, {
		name: "a write of a script or client that is there is 201",
		answer: onAM(http.MethodPut, "", func(r *http.Response) error {
			if r.StatusCode == http.StatusOK {
				r.StatusCode = http.StatusCreated
			}
			return nil
		}),
		noticed: []string{"scripts/update/answer", "scripts/update/as-read", "clients/update/answer", "clients/provider/secret-kept"},
	}, {
		name:    "what is made has no Location",
		answer:  onAM(http.MethodPut, "", func(r *http.Response) error { r.Header.Del("Location"); return nil }),
		noticed: []string{"scripts/create/answer", "clients/create/answer"},
	}, {
		name:    "a Location has no host",
		answer:  onAM(http.MethodPut, "", inHeader("Location", func(location string) string { return location[max(0, strings.Index(location, "/am/")):] })),
		noticed: []string{"scripts/create/answer", "clients/create/answer"},
	}, {
		name:    "there are no ETags",
		answer:  onAM("", "", func(r *http.Response) error { r.Header.Del("ETag"); return nil }),
		noticed: []string{"scripts/create/answer", "clients/create/answer", "clients/delete/answer", "realms/read/realm", "realms/info/version", "contexts/engine/configuration"},
	}, {
		name:    "revisions are as IDM makes them",
		answer:  onAM("", "", inPattern(`"_rev":"[^"]*"`, `"_rev":"f90619f5-dd2d-48dd-9107-83847f2351e6-1"`)),
		noticed: []string{"scripts/create/answer", "clients/create/answer", "clients/update/answer", "realms/read/realm", "am-users/list/envelope"},
	}, {
		name:    "scripts have revisions when they are read",
		answer:  onAM(http.MethodGet, "/scripts", inText(`{"_id":"`, `{"_rev":"1","_id":"`)),
		noticed: []string{"scripts/read/members", "scripts/create/answer", "scripts/update/answer"},
	}, {
		name:    "scripts have no revision when they are made",
		answer:  onAM(http.MethodPut, "/scripts", inBody(hasMember("_rev"), func(doc any) any { return without(doc, "_rev") })),
		noticed: []string{"scripts/create/answer", "scripts/create/bytes", "tools/scripts/get"},
	}, {
		name:    "a script that is there is written with an ETag",
		answer:  onAM(http.MethodPut, "/scripts", func(r *http.Response) error { r.Header.Set("ETag", `"1"`); return nil }),
		noticed: []string{"scripts/update/answer", "scripts/create/name-clash"},
	}, {
		name:    "a script that is deleted is answered",
		answer:  onAM(http.MethodDelete, "/scripts", inText(`{"_id":`, `{"name":"gone","_id":`)),
		noticed: []string{"scripts/delete/answer"},
	}, {
		name:    "what is missing is deleted",
		answer:  onAM(http.MethodDelete, "/scripts", inStatus("could not be found", http.StatusOK)),
		noticed: []string{"scripts/delete/missing", "tools/scripts/missing"},
	}, {
		name:    "scripts are answered in the version that is asked for",
		answer:  onAM("", "/scripts", inHeader("Content-API-Version", func(version string) string { return strings.ReplaceAll(version, "1.1", "1.0") })),
		noticed: []string{"scripts/answer/headers", "scripts/list/envelope", "scripts/create/answer", "scripts/delete/answer"},
	}, {
		name:    "a name that is taken is a bad request",
		answer:  onAM("", "/scripts", inStatus("already exist in realm", http.StatusBadRequest)),
		noticed: []string{"scripts/create/name-clash", "scripts/update/name-clash", "tools/scripts/clash", "tools/scripts/quotes"},
	}, {
		name:    "a name that is taken is told in better English",
		answer:  onAM("", "/scripts", inText("already exist in", "already exists in")),
		noticed: []string{"scripts/create/name-clash", "scripts/update/name-clash"},
	}, {
		name: "names can be taken twice",
		ask: inScript(func(script object) {
			script["name"] = script["name"].(string) + script["script"].(string) + script["context"].(string)
		}),
		noticed: []string{"scripts/create/name-clash", "scripts/update/name-clash", "tools/scripts/clash"},
	}, {
		name:    "a script that is missing is Not Found",
		answer:  onAM("", "/scripts", inPattern(`"message":"Script with UUID[^"]*"`, `"message":"Not Found"`)),
		noticed: []string{"scripts/read/missing", "scripts/delete/missing", "scripts/realm/apart", "tools/scripts/missing"},
	}, {
		name: "lines end as they do on Unix",
		ask: inScript(func(script object) {
			source, err := base64.StdEncoding.DecodeString(script["script"].(string))
			if err == nil {
				script["script"] = inBase64(strings.ReplaceAll(string(source), "\r\n", "\n"))
			}
		}),
		noticed: []string{"scripts/create/bytes", "tools/scripts/create", "tools/scripts/get"},
	}, {
		name: "sources are told decoded",
		answer: onAM(http.MethodGet, "/scripts", inBody(hasMember("script"), func(doc any) any {
			source, err := base64.StdEncoding.DecodeString(c.Text(doc, "script"))
			if err != nil || isListing(doc) {
				return doc
			}
			return with(doc, "script", string(source))
		})),
		noticed: []string{"scripts/create/answer", "scripts/create/bytes", "scripts/list/shipped", "tools/scripts/create"},
	}, {
		name:    "a source need not be in base64",
		ask:     inScript(func(script object) { script["script"] = strings.ReplaceAll(script["script"].(string), "%%%", "YQ==") }),
		noticed: []string{"scripts/create/invalid"},
	}, {
		name: "every script is of the next generation",
		ask: inScript(func(script object) {
			if script["evaluatorVersion"] == nil {
				script["evaluatorVersion"] = "2.0"
			}
		}),
		noticed: []string{"scripts/create/evaluator"},
	}, {
		name:    "no script is of the next generation",
		answer:  onAM("", "/scripts", inText(`"evaluatorVersion":"2.0"`, `"evaluatorVersion":"1.0"`)),
		noticed: []string{"scripts/create/answer", "scripts/list/shipped", "tools/scripts/create", "tools/scripts/get"},
	}, {
		name:    "a description that is null is empty",
		answer:  onAM("", "/scripts", inText(`"description":null`, `"description":""`)),
		noticed: []string{"scripts/create/no-description"},
	}, {
		name:    "nobody knows who wrote a script",
		answer:  onAM("", "/scripts", inPattern(`"(createdBy|lastModifiedBy)":"[^"]*"`, `"$1":"null"`)),
		noticed: []string{"scripts/create/signed"},
	}, {
		name:    "scripts are dated in seconds",
		answer:  onAM("", "/scripts", inPattern(`("(?:creation|lastModified)Date":[0-9]{10})[0-9]{3}`, `$1`)),
		noticed: []string{"scripts/create/signed"},
	}, {
		name:    "a write of a script makes it anew",
		answer:  onAM(http.MethodPut, "/scripts", inPattern(`("creationDate":)[0-9]+`, `${1}1`)),
		noticed: []string{"scripts/create/answer", "scripts/create/signed"},
	}, {
		name:    "no script comes with the tenant",
		answer:  onAM("", "/scripts", inText(`"default":true`, `"default":false`)),
		noticed: []string{"scripts/list/shipped", "scripts/list/fields", "contexts/list/default-scripts", "tools/scripts/get-shipped"},
	}, {
		name:    "what is not available is there",
		answer:  onAM("", "", inStatus("not available", http.StatusOK)),
		noticed: []string{"scripts/list/internal", "scripts/realm/root", "clients/realm/root", "realms/authentication/root", "tools/scripts/get-shipped"},
	}, {
		name:    "what is not available is not found",
		answer:  onAM("", "", inStatus("not available", http.StatusNotFound)),
		noticed: []string{"scripts/list/internal", "scripts/realm/root", "clients/realm/root", "realms/authentication/root"},
	}, {
		name: "internal scripts are not listed",
		answer: onAM(http.MethodGet, "/scripts", inBody(isPage, func(page any) any {
			return with(page, "result", slices.DeleteFunc(c.List(page, "result"), func(script any) bool { return slices.Contains(internal, c.Text(script, "_id")) }))
		})),
		noticed: []string{"scripts/list/internal"},
	}, {
		name:    "nothing is known to remain",
		answer:  onAM("", "", inText(`"remainingPagedResults":0`, `"remainingPagedResults":-1`)),
		noticed: []string{"scripts/list/envelope", "scripts/list/by-name", "am-users/list/envelope", "am-users/below/groups"},
	}, {
		name:    "nothing remains of any list",
		answer:  onAM("", "", inText(`"remainingPagedResults":-1`, `"remainingPagedResults":0`)),
		noticed: []string{"clients/list/envelope", "contexts/list/envelope", "realms/list/envelope", "realms/legacy/chains", "am-users/below/devices", "am-users/below/applications"},
	}, {
		name: "lists name their version once",
		answer: onAM("", "", inHeader("Content-API-Version", func(version string) string {
			once, _, _ := strings.Cut(version, ", ")
			return once
		})),
		noticed: []string{"scripts/list/envelope", "realms/list/envelope", "am-users/list/envelope"},
	}, {
		name:    "filters are ignored",
		ask:     belowAM(inQuery(func(q url.Values) { ifThere(q, "_queryFilter", "true") })),
		noticed: []string{"scripts/list/by-name", "clients/list/filter", "am-users/list/entry", "tools/scripts/clash", "tools/scripts/list"},
	}, {
		name:    "all fields are told",
		ask:     belowAM(inQuery(func(q url.Values) { q.Del("_fields") })),
		noticed: []string{"scripts/list/fields"},
	}, {
		name:    "a script in use is deleted",
		answer:  onAM(http.MethodDelete, "/scripts", inStatus("can not be deleted", http.StatusOK)),
		noticed: []string{"scripts/delete/in-use", "scripts/delete/in-use-by-node", "tools/scripts/in-use"},
	}, {
		name:    "a realm has one spelling",
		ask:     inPath("/am/json/alpha/", "/am/json/nowhere/"),
		noticed: []string{"scripts/realm/spellings", "clients/realm/spellings"},
	}, {
		name:    "the realms share what they have",
		ask:     inPath("/realms/bravo/", "/realms/alpha/"),
		noticed: []string{"scripts/realm/apart", "clients/realm/apart"},
	}, {
		name:    "AM is open to everybody",
		ask:     belowAM(func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+devToken) }),
		noticed: []string{"scripts/auth/garbage", "clients/auth/garbage"},
	}, {
		name:    "versions are not read",
		ask:     belowAM(func(r *http.Request) { r.Header.Set("Accept-API-Version", "protocol=2.0,resource=1.0") }),
		noticed: []string{"scripts/answer/version-malformed", "realms/info/versions"},
	}, {
		name:    "AM speaks with the charset of IDM",
		answer:  onAM("", "", inHeader("Content-Type", strings.ToLower)),
		noticed: []string{"scripts/answer/headers"},
	}, {
		name: "bindings have names only",
		answer: onPath(contexts.path, inBody(hasMember("bindings"), func(doc any) any {
			var bare []any
			for _, binding := range c.List(doc, "bindings") {
				bare = append(bare, without(binding, "elements"))
			}
			return with(doc, "bindings", bare)
		})),
		noticed: []string{"contexts/read/elements", "contexts/read/realm", "contexts/read/legacy"},
	}, {
		name:    "scripts find no state",
		answer:  onPath(contexts.path, inText(`"name":"nodeState"`, `"name":"sharedState"`)),
		noticed: []string{"contexts/read/bindings", "contexts/read/elements"},
	}, {
		name:    "classes are told by evaluator, as they were once",
		answer:  onPath(contexts.path, inPattern(`"allowLists":(\[[^\]]*\])`, `"allowLists":{"2.0":$1}`)),
		noticed: []string{"contexts/read/decision-node", "contexts/read/legacy", "contexts/read/realm"},
	}, {
		name:    "legacy scripts are in JavaScript",
		answer:  onPath(contexts.path, inPattern(`"GROOVY":\["1.0"\],`, ``)),
		noticed: []string{"contexts/read/legacy"},
	}, {
		name:    "contexts have no default scripts",
		answer:  onPath(contextSettings.path, inPattern(`"defaultScript":"[^"]*"`, `"defaultScript":"[Empty]"`)),
		noticed: []string{"contexts/list/envelope", "contexts/list/default-scripts"},
	}, {
		name:    "contexts are counted",
		answer:  onPath(contextSettings.path, inText(`"NONE"`, `"EXACT"`)),
		noticed: []string{"contexts/list/envelope"},
	}, {
		name:    "limits of engines are numbers",
		answer:  onPath(contextSettings.path, inPattern(`\{"\$int":"[^"]*"\}`, `10`)),
		noticed: []string{"contexts/engine/configuration"},
	}, {
		name:    "every context has an engine",
		ask:     inPath("/AUTHENTICATION_CLIENT_SIDE/engine", "/LIBRARY/engine"),
		noticed: []string{"contexts/engine/missing"},
	}, {
		name:    "secrets of clients are told",
		answer:  onAM("", clientsPath, inText(`"userpassword":null`, `"userpassword":"a hash"`)),
		noticed: []string{"clients/secret/hidden", "clients/delete/answer"},
	}, {
		name:    "reads of clients have a place for the secret",
		answer:  onAM(http.MethodGet, clientsPath, inText(`"coreOAuth2ClientConfig":{`, `"coreOAuth2ClientConfig":{"userpassword":null,`)),
		noticed: []string{"clients/secret/hidden", "clients/read/wrapped"},
	}, {
		name:    "values of clients are plain",
		answer:  onAM("", clientsPath, inPattern(`\{"inherited":false,"value":("[^"]*"|[0-9]+|true|false|\[[^\]]*\])\}`, `$1`)),
		noticed: []string{"clients/create/answer", "clients/create/defaults", "clients/create/plain", "clients/read/wrapped", "clients/update/answer", "clients/actions/template"},
	}, {
		name:    "lists of clients are as reads of them",
		answer:  onAM(http.MethodGet, clientsPath+"?", inPattern(`"(status|clientType)":("[^"]*")`, `"$1":{"inherited":false,"value":$2}`)),
		noticed: []string{"clients/list/plain"},
	}, {
		name:    "what is not set is null",
		answer:  onAM("", clientsPath, inText(`{"inherited":false}`, `{"inherited":false,"value":null}`)),
		noticed: []string{"clients/create/unset"},
	}, {
		name:    "lists of clients leave out what is not set",
		answer:  onAM(http.MethodGet, clientsPath+"?", inPattern(`"(?:agentgroup|sectorIdentifierUri)":null,|,"userpassword":null`, ``)),
		noticed: []string{"clients/list/plain", "clients/create/unset", "clients/secret/hidden"},
	}, {
		name:    "tokens have no lifetime unless they are given one",
		answer:  onAM("", clientsPath, inText(`"accessTokenLifetime":{"inherited":false,"value":0}`, `"accessTokenLifetime":{"inherited":false}`)),
		noticed: []string{"clients/create/defaults", "clients/actions/template"},
	}, {
		name:    "overrides have no defaults",
		answer:  onAM("", clientsPath, inText(`"providerOverridesEnabled":false,`, ``)),
		noticed: []string{"clients/create/overrides"},
	}, {
		name:    "every client has overrides",
		answer:  onAM(http.MethodGet, clientsPath, inText(`"_type":{`, `"overrideOAuth2ClientConfig":{},"_type":{`)),
		noticed: []string{"clients/create/defaults", "clients/delete/answer"},
	}, {
		name:    "clients are not counted",
		answer:  onAM("", clientsPath, inText(`"EXACT"`, `"NONE"`)),
		noticed: []string{"clients/list/envelope", "clients/list/filter"},
	}, {
		name: "a client that is deleted is told by its ID",
		answer: onAM(http.MethodDelete, clientsPath, inBody(hasMember("_rev"), func(doc any) any {
			return object{"_id": c.At(doc, "_id")}
		})),
		noticed: []string{"clients/delete/answer", "clients/secret/hidden"},
	}, {
		name:    "conditions on clients are ignored",
		ask:     belowAM(func(r *http.Request) { r.Header.Del("If-Match"); r.Header.Del("If-None-Match") }),
		noticed: []string{"clients/update/stale", "clients/create/only"},
	}, {
		name:    "clients take what they do not know",
		ask:     inClient(func(client object) { delete(client, "_rev"); delete(client, "_provider") }),
		noticed: []string{"clients/create/unknown-attribute"},
	}, {
		name: "clients take every lifetime",
		ask: inClient(func(client object) {
			core, _ := client[coreSection].(object)
			if c.Text(core, "accessTokenLifetime", "value") != "" {
				delete(core, "accessTokenLifetime")
			}
		}),
		noticed: []string{"clients/create/wrong-type"},
	}, {
		name: "a secret that is left out is taken away",
		ask: inClient(func(client object) {
			if core, ok := client[coreSection].(object); ok && core[clientSecret] == nil {
				core[clientSecret] = "another one"
			}
		}),
		noticed: []string{"clients/provider/secret-kept", "tools/apps/secret"},
	}, {
		name:    "the schema of clients has no types",
		answer:  onAM(http.MethodPost, clientsPath, inText(`"type":"integer"`, `"type":"any"`)),
		noticed: []string{"clients/actions/schema"},
	}, {
		name:    "the provider knows no client",
		answer:  onPath("/am/oauth2/realms", inOAuthError("invalid_client", http.StatusUnauthorized)),
		noticed: []string{"clients/provider/known", "clients/provider/secret-kept", "clients/provider/inactive", "tools/apps/secret"},
	}, {
		name:    "the provider knows every client",
		answer:  onPath("/am/oauth2/realms", inOAuthError("invalid_grant", http.StatusBadRequest)),
		noticed: []string{"clients/provider/known", "clients/provider/secret-kept", "clients/provider/inactive"},
	}, {
		name:    "realms have their names for IDs",
		answer:  onPath(realms.path, inText("L2FscGhh", "alpha")),
		noticed: []string{"realms/list/envelope", "realms/read/realm"},
	}, {
		name:    "the session cookie is that of AM's ancestor",
		answer:  onAM("", "/serverinfo", inPattern(`"cookieName":"[^"]*"`, `"cookieName":"iPlanetDirectoryPro"`)),
		noticed: []string{"realms/info/members"},
	}, {
		name:    "serverinfo may be stored",
		answer:  onAM("", "/serverinfo", inHeader("Cache-Control", func(string) string { return "private" })),
		noticed: []string{"realms/info/members"},
	}, {
		name:    "serverinfo has real booleans",
		answer:  onAM("", "/serverinfo", inText(`"false"`, `false`)),
		noticed: []string{"realms/info/members"},
	}, {
		name:    "the release of AM is not told",
		answer:  onAM("", "/serverinfo/version", inPattern(`"revision":"[^"]*"`, `"revision":"unknown"`)),
		noticed: []string{"realms/info/version"},
	}, {
		name:    "serverinfo is closed",
		answer:  onAM("", "/realms/alpha/serverinfo", func(r *http.Response) error { r.StatusCode = http.StatusUnauthorized; return nil }),
		noticed: []string{"realms/info/realm"},
	}, {
		name:    "settings have IDs",
		answer:  onAM(http.MethodGet, "/realm-config", inText(`"_id":""`, `"_id":"settings"`)),
		noticed: []string{"realms/authentication/members", "realms/provider/members"},
	}, {
		name:    "verifiers are enforced or not",
		answer:  onAM("", "/oauth-oidc", inText(`"codeVerifierEnforced":"false"`, `"codeVerifierEnforced":false`)),
		noticed: []string{"realms/provider/members"},
	}, {
		name:    "the provider uses scripts that are not there",
		answer:  onAM("", "/oauth-oidc", inPattern(`"oidcClaimsScript":"[^"]*"`, `"oidcClaimsScript":"0"`)),
		noticed: []string{"realms/provider/scripts"},
	}, {
		name:    "there are no chains to list",
		answer:  onAM("", "/chains", inStatus("result", http.StatusNotFound)),
		noticed: []string{"realms/legacy/chains"},
	}, {
		name:    "modules are in an envelope",
		answer:  onAM("", "/modules", inText(`{"result":`, `{"resultCount":8,"result":`)),
		noticed: []string{"realms/legacy/modules"},
	}, {
		name:    "attributes of users are texts",
		answer:  onAM("", "/users", inPattern(`"(sn|mail|inetUserStatus)":\["([^"]*)"\]`, `"$1":"$2"`)),
		noticed: []string{"am-users/list/entry"},
	}, {
		name:    "times of users are RFC 3339",
		answer:  onAM("", "/users", inPattern(`Timestamp":\["(....)(..)(..)(..)(..)(..)Z"`, `Timestamp":["$1-$2-$3T$4:$5:${6}Z"`)),
		noticed: []string{"am-users/list/entry"},
	}, {
		name:    "UMA is not found",
		answer:  onAM("", "/users", inText("UMA is not supported in this realm", "Not Found")),
		noticed: []string{"am-users/below/uma"},
	}, {
		name:    "users have no dashboard",
		answer:  onAM("", "/services", inText(`[{"_id":"dashboard"}]`, `[]`)),
		noticed: []string{"am-users/below/services"},
	}, {
		name:    "groups have IDs of IDM's",
		answer:  onAM("", "/groups", inPattern(`"_id":"[^"]*"`, `"_id":"1"`)),
		noticed: []string{"am-users/below/groups"},
	}, {
		name:    "everybody exists",
		answer:  onAM("", "/users", inStatus(`"Not Found"`, http.StatusOK)),
		noticed: []string{"am-users/below/missing"},
	},
}

const clientsPath = "/OAuth2Client"

// isListing tells a page from a script.
func isListing(doc any) bool { return c.At(doc, "result") != nil }

// onAM changes answers of AM to requests with a method, whose path has a part: one
// that ends in a question mark is its end. Both may be empty.
func onAM(method, part string, change func(*http.Response) error) func(*http.Response) error {
	return onPath("/am/json/", func(r *http.Response) error {
		if (method != "" && method != r.Request.Method) || !strings.Contains(r.Request.URL.Path+"?", part) {
			return nil
		}
		return change(r)
	})
}

// belowAM changes requests of AM.
func belowAM(change func(*http.Request)) func(*http.Request) {
	return func(r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/am/json/") {
			change(r)
		}
	}
}

func inPath(old, changed string) func(*http.Request) {
	return belowAM(func(r *http.Request) {
		r.URL.Path, r.URL.RawPath = strings.Replace(r.URL.Path, old, changed, 1), ""
	})
}

func ifThere(q url.Values, name, value string) {
	if q.Has(name) {
		q.Set(name, value)
	}
}

// inHeader changes a header of answers that have it.
func inHeader(name string, change func(string) string) func(*http.Response) error {
	return func(r *http.Response) error {
		if value := r.Header.Get(name); value != "" {
			r.Header.Set(name, change(value))
		}
		return nil
	}
}

// inScript changes scripts that are written, inClient clients.
func inScript(change func(script object)) func(*http.Request) {
	return inWrite("/scripts/", func(script object) {
		if text, ok := script["script"].(string); ok && text != "" && script["name"] != nil && script["context"] != nil {
			change(script)
		}
	})
}

func inClient(change func(client object)) func(*http.Request) {
	return inWrite(clientsPath, change)
}

func inWrite(part string, change func(object)) func(*http.Request) {
	return belowAM(func(r *http.Request) {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, part) {
			inObject(change)(r)
		}
	})
}

// inOAuthError turns every error of a provider into the same.
func inOAuthError(code string, status int) func(*http.Response) error {
	return func(r *http.Response) error {
		if r.StatusCode < http.StatusBadRequest {
			return nil
		}
		r.StatusCode = status
		r.Header.Set("WWW-Authenticate", `Basic realm="/alpha"`)
		return inPattern(`"error":"[^"]*"`, `"error":"`+code+`"`)(r)
	}
}
