package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"aicmcp/mockaic"
	"aicmcp/server"
	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

// attacks are strings that mean something in a path, a query, a filter, a
// pointer, a header or a log.
var attacks = []string{
	// paths
	".", "..", "...", "../x", "../../config/managed", "x/../../config", "x/..", "/x", "x/", "//x", "/", "./x", "x/.", "~", "..;/x", ";x=y",
	"..\\x", "\\", "\\\\host\\x", "%2e%2e", "%2e%2e%2fx", "%2F", "x%2Fy", "%252F", "%5c", "%00", "%", "%zz", "x?y", "x?_action=delete", "x#y",
	"x&y=z", "x=y", "x+y", "http://evil.example/x", "//evil.example/x", "@evil.example", "x:80",
	// filters
	`"`, `""`, `\"`, `\\"`, `x" or true or "x`, `x" or _id pr or name eq "x`, `x\" or true or "x`, `") or (true`, `' or '1'='1`, "false", `!(true)`, "x eq y", `\`, `x\`, "*", "*)(uid=*",
	// headers, logs, pages
	"x\r\nX-Evil: 1", "x\n", "x\ny", "\tx", "x\x00y", "\x00", "\x1b[31m", "<script>alert(1)</script>", "&{esv.secret}", "${jndi:ldap://x}", "{{x}}", "$(id)", "`id`", "; rm -rf /",
	// pointers
	"-", "0", "/-", "/0", "/_id", "/objects/0", "/../objects/0/name",
	// text
	"ａｌｐｈａ", "․․／x", "∕", "⁄", "\u202ex", "\u200b", "\ufeffx", "é", "e\u0301", "😀", "\U0010ffff", "x\u2028y", strings.Repeat("A", 5000), strings.Repeat("../", 500),
	`{"a":1}`, `[]`, "null", "undefined", "-1", "__proto__", "constructor",
}

// sent is one request as the tenant got it.
type sent struct {
	method, uri, ifMatch, body string
	before                     string // what a PUT replaces
}

// recorder keeps what is sent to a whole tenant.
type recorder struct {
	mu   sync.Mutex
	sent []sent
	next http.Handler
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		panic(err)
	}
	q.Body = io.NopCloser(strings.NewReader(string(body)))
	r.mu.Lock()
	r.sent = append(r.sent, sent{q.Method, q.RequestURI, strings.Join(q.Header.Values("If-Match"), "\n"), string(body), r.replaced(q)})
	r.mu.Unlock()
	r.next.ServeHTTP(w, q)
}

// replaced reads the document that a PUT is about to replace.
func (r *recorder) replaced(q *http.Request) string {
	if q.Method != http.MethodPut {
		return ""
	}
	read := q.Clone(q.Context())
	read.Method, read.Body, read.ContentLength = http.MethodGet, http.NoBody, 0
	read.Header.Del("If-Match")
	w := httptest.NewRecorder()
	r.next.ServeHTTP(w, read)
	return w.Body.String()
}

// samples are arguments that a tool accepts. A parameter that is not here gets
// what its schema suggests.
func samples(t *testing.T) map[string]any {
	return map[string]any{
		"objectType": "alpha_user",
		"createManagedObjectDefinition.objectName":      "fresh",
		"patchManagedObjectDefinition.objectName":       "alpha_group",
		"deleteManagedObjectDefinition.objectName":      "badge",
		"objectDefinition":                              object(t, badge),
		"objectData":                                    map[string]any{"userName": "x", "givenName": "X", "sn": "X", "mail": "x@example.com"},
		"patchManagedObjectDefinition.operations":       operations("add", "/schema/properties/x", `{"type":"string"}`),
		"patchManagedObject.operations":                 operations("replace", "/sn", `"x"`),
		"propertyName":                                  "custom_x",
		"propertyDefinition":                            object(t, `{"type":"relationship","resourceCollection":[{"path":"managed/alpha_role"}]}`),
		"themeIdentifier":                               "Contrast",
		"themeData":                                     map[string]any{"name": "fresh"},
		"themeUpdates":                                  map[string]any{"logoAltText": "x"},
		"queryManagedObjects.queryFilter":               `userName eq "x"`,
		"queryLogs.queryFilter":                         `/payload/level eq "ERROR"`,
		"beginTime":                                     "2026-02-28T18:00:00Z",
		"endTime":                                       "2026-03-01T06:00:00Z",
		"sources":                                       []any{"am-access"},
		"variableId":                                    "esv-sample",
		"value":                                         "sample",
		"queryManagedObjects.pagedResultsCookie":        "c",
		"patchManagedObjectDefinition.operations.field": "/schema/title",
		"scriptId":                                      scriptID,
		"script":                                        "var sample;",
		"clientId":                                      "sample",
		"owners":                                        []any{map[string]any{"_ref": "managed/alpha_user/sample"}},
		"oauth2Client":                                  object(t, `{"coreOAuth2ClientConfig":{"status":"Active"}}`),
		"managedApplication":                            object(t, `{"_rev":"current","operations":[{"operation":"replace","field":"/description","value":"x"}]}`),
		"getOidcAppSchema.sections":                     []any{"coreOAuth2ClientConfig"},
		"listOidcApps.queryFilter":                      `name sw "x"`,
		"listScripts.context":                           "LIBRARY",
		"journeyName":                                   "UpdatePassword",
		"createJourney.journeyName":                     "Sample",
		"updateJourney.journeyName":                     "Sample",
		"journeyData":                                   object(t, sampleJourney),
		"nodes":                                         object(t, sampleJourney)["nodes"],
		"entryNodeId":                                   scriptID,
		"version":                                       "1.0",
		"nodeType":                                      "DebugNode",
		"nodeTypes":                                     []any{"DebugNode"},
		"nodeId":                                        scriptID,
		"config":                                        map[string]any{"popupEnabled": true},
		"deleteJourneyNodes.nodes":                      []any{map[string]any{"nodeType": "DebugNode", "nodeId": scriptID}},
	}
}

const sampleJourney = `{"entryNodeId":"` + scriptID + `","nodes":{"` + scriptID + `":{"nodeType":"DebugNode","connections":{"outcome":"success"},"config":{"popupEnabled":true}}}}`

// target is a server in front of a recorded tenant.
type target struct {
	*recorder
	t       *testing.T
	session *mcp.ClientSession
	current string // the If-Match of a revision that the test does not choose
}

func newTarget(t *testing.T) *target {
	t.Helper()
	mock, err := mockaic.New(mockaic.DevToken(bearer), mockaic.Chance(7))
	if err != nil {
		t.Fatal(err)
	}
	tg := &target{recorder: &recorder{next: mock}, t: t}
	tg.furnish()
	front := httptest.NewServer(tg.recorder)
	t.Cleanup(front.Close)
	tg.session = serve(t, front.URL, front.Client())
	return tg
}

// direct asks a tenant for something, past whoever watches. It returns nil if
// that is not there.
func direct(t *testing.T, tenant http.Handler, method, path, body string) map[string]any {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:1" // the token is good from here only
	r.Header.Set("Authorization", "Bearer "+bearer)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	tenant.ServeHTTP(w, r)
	switch {
	case w.Code == http.StatusNotFound:
		return nil
	case w.Code >= 300:
		t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return object(t, w.Body.String())
}

// removeApps leaves the realm without applications and OAuth clients.
func removeApps(t *testing.T, tenant http.Handler) {
	t.Helper()
	for _, of := range []string{appsPath, clientsPath} {
		for _, e := range direct(t, tenant, "GET", of+"?_queryFilter=true&_fields=_id", "")["result"].([]any) {
			direct(t, tenant, "DELETE", of+"/"+url.PathEscape(fmt.Sprint(at(e, "_id"))), "")
		}
	}
}

// furnish makes the script and the owner that samples name.
func (tg *target) furnish() {
	direct(tg.t, tg.next, "PUT", scriptsPath+"/"+scriptID, `{"name":"sample","script":"eA==","language":"JAVASCRIPT","context":"LIBRARY"}`)
	direct(tg.t, tg.next, "PUT", "/openidm/managed/alpha_user/sample", `{"userName":"sample","givenName":"S","sn":"S","mail":"s@example.com"}`)
}

// stage has the tool find the application that samples name and no other or, to
// create it, none. It returns the arguments with its revision.
func (tg *target) stage(name string, arguments map[string]any) map[string]any {
	tg.t.Helper()
	if !strings.HasSuffix(name, "OidcApp") {
		return arguments
	}
	removeApps(tg.t, tg.next)
	if name == "createOidcApp" {
		return arguments
	}
	direct(tg.t, tg.next, "PUT", clientsPath+"/sample", `{"coreOAuth2ClientConfig":{"status":"Inactive"}}`)
	app := direct(tg.t, tg.next, "PUT", appsPath+"/sample-app", `{"name":"sample","ssoEntities":{"oidcId":"sample"},"templateName":"custom","templateVersion":"1.0"}`)
	if at(arguments, "managedApplication", "_rev") != current {
		return arguments
	}
	tg.current = fmt.Sprintf("%q", app["_rev"])
	return with(arguments, []string{"managedApplication", "_rev"}, fmt.Sprint(app["_rev"]))
}

// current stands for the revision of the application in arguments.
const current = "current"

// call returns what the tenant was asked.
func (tg *target) call(name string, arguments map[string]any) []sent {
	tg.t.Helper()
	arguments = tg.stage(name, arguments)
	tg.mu.Lock()
	tg.sent = nil
	tg.mu.Unlock()
	result, err := tg.session.CallTool(tg.t.Context(), &mcp.CallToolParams{Name: name, Arguments: arguments})
	if err != nil {
		tg.t.Fatalf("%s %v: %v", name, arguments, err)
	}
	if text := result.Content[0].(*mcp.TextContent).Text; result.IsError && strings.HasPrefix(text, "Internal error") {
		tg.t.Errorf("%s %v: %s", name, arguments, text)
	}
	tg.mu.Lock()
	defer tg.mu.Unlock()
	for i := range tg.sent {
		if tg.current != "" && tg.sent[i].ifMatch == tg.current {
			tg.sent[i].ifMatch = current
		}
	}
	return slices.Clone(tg.sent)
}

// places lists the parameters into which a string goes, as paths: those of the
// type string, and values and names within objects.
func places(s *jsonschema.Schema, path []string) [][]string {
	var out [][]string
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		at := append(slices.Clone(path), name)
		switch {
		case p.Type == "string" || p.Type == "":
			out = append(out, at)
		case p.Type == "array" && p.Items != nil && p.Items.Type == "object":
			out = append(out, places(p.Items, append(at, "0"))...)
		case p.Type == "array":
			out = append(out, append(at, "0"))
		case p.Type == "object":
			out = append(out, append(slices.Clone(at), "*"), append(slices.Clone(at), "*key"))
			out = append(out, places(p, at)...)
			if of := p.AdditionalProperties; of != nil && len(of.Properties) > 0 {
				out = append(out, places(of, append(at, "*any"))...)
			}
		}
	}
	return out
}

// baseline makes arguments that the schema accepts.
func baseline(tl tool.Tool[*aic.Client], given map[string]any) map[string]any {
	s := tl.Declaration.InputSchema.(*jsonschema.Schema)
	out := map[string]any{}
	for name, p := range s.Properties {
		v, ok := given[tl.Name+"."+name]
		if !ok {
			v, ok = given[name]
		}
		switch {
		case ok:
		case len(p.Enum) > 0:
			v = p.Enum[0]
		case p.Type == "string":
			v = "sample"
		case p.Type == "object":
			v = map[string]any{"sample": "sample"}
		default:
			continue // numbers and booleans, which have defaults
		}
		out[name] = v
	}
	return out
}

// with returns the arguments with one string changed.
func with(arguments map[string]any, path []string, attack string) map[string]any {
	data, err := json.Marshal(arguments)
	if err != nil {
		panic(err)
	}
	var out map[string]any
	if err := json.Unmarshal(data, &out); err != nil {
		panic(err)
	}
	var v any = out
	for _, name := range path[:len(path)-1] {
		switch x := v.(type) {
		case map[string]any:
			v = x[name]
			for _, e := range x {
				if name == "*any" {
					v = e
				}
			}
		case []any:
			v = x[0]
		}
	}
	switch x := v.(type) {
	case map[string]any:
		switch last := path[len(path)-1]; last {
		case "*":
			for name, e := range x {
				if _, ok := e.(string); ok {
					x[name] = attack
				}
			}
		case "*key":
			x[attack] = "x"
		default:
			x[last] = attack
		}
	case []any:
		x[0] = attack
	}
	return out
}

// shape is what a request addresses, with {} for the string in one segment of
// the path, in one value of the query, or in one literal of a filter.
func (s sent) shape(t *testing.T, attack string) string {
	path, query, _ := strings.Cut(s.uri, "?")
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		key, err := url.PathUnescape(segment)
		switch {
		case err != nil:
			t.Errorf("path %s: %v", path, err)
		case key == attack:
			segments[i] = "{}"
		case s.method == http.MethodPut && key != scriptID && freshID.MatchString(key):
			segments[i] = "{new}"
		default:
			segments[i] = url.PathEscape(key)
		}
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Errorf("query %s: %v", query, err)
	}
	var parameters []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, v := range values[name] {
			if blanks.Replace(v) == blanks.Replace(attack) {
				v = "{}" // the parameter as a whole is the caller's
			} else if name == "_queryFilter" {
				v = filterShape(v, attack)
			}
			parameters = append(parameters, name+"="+v)
		}
	}
	match := s.ifMatch
	if match == `"`+strings.Trim(attack, `"`)+`"` && strings.Count(match, `"`) == 2 {
		match = "{}"
	} else if ownRevision.MatchString(match) {
		match = "{now}"
	}
	return fmt.Sprint(s.method, " ", strings.Join(segments, "/"), " ", parameters, " ", match, " ", s.patched(), s.replaces(t))
}

// freshID is an ID that this server makes up.
var freshID = regexp.MustCompile(`^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// ownRevision is one that this server has read of AM.
var ownRevision = regexp.MustCompile(`^"-?[0-9]{4,}"$`)

// blanks are taken from lists of fields and keys.
var blanks = strings.NewReplacer(" ", "", "\t", "", "\n", "", "\r", "", "\u2028", "")

// filterShape reads a filter's literals as a tenant does: a backslash makes the
// next character literal.
func filterShape(filter, attack string) string {
	var out, literal strings.Builder
	inside, escaped := false, false
	for _, r := range filter {
		switch {
		case !inside && r == '"':
			inside = true
			literal.Reset()
		case !inside:
			out.WriteRune(r)
		case escaped:
			literal.WriteRune(r)
			escaped = false
		case r == '\\':
			escaped = true
		case r == '"':
			inside = false
			if literal.String() == attack {
				out.WriteString("{}")
			} else {
				fmt.Fprintf(&out, "%q", literal.String())
			}
		default:
			literal.WriteRune(r)
		}
	}
	if inside {
		out.WriteString(" unfinished")
	}
	return out.String()
}

// patched is which type a patch of the document of all types is about.
func (s sent) patched() string {
	var operations []struct{ Field string }
	if s.method != http.MethodPatch || !strings.HasPrefix(s.uri, "/openidm/config/") || json.Unmarshal([]byte(s.body), &operations) != nil {
		return ""
	}
	var out []string
	for _, o := range operations {
		parts := strings.SplitN(o.Field, "/", 4)
		out = append(out, strings.Join(parts[:min(3, len(parts))], "/"))
	}
	return strings.Join(slices.Compact(out), " ")
}

// replaces is which types or themes a PUT of their document touches. What it adds
// has an ID that nobody knows before, or the name that was given.
func (s sent) replaces(t *testing.T) string {
	if s.method != http.MethodPut || !strings.HasPrefix(s.uri, "/openidm/config/") {
		return ""
	}
	before, after := parts(t, s.before), parts(t, s.body)
	var out []string
	for name, was := range before {
		if now, there := after[name]; !there {
			out = append(out, "without "+name)
		} else if now != was {
			out = append(out, "other "+name)
		}
	}
	for name := range after {
		if _, there := before[name]; !there {
			out = append(out, "one more "+name[:strings.LastIndex(name, "/")])
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// parts are the themes of a document by realm and ID, its types by name, and
// its other members.
func parts(t *testing.T, document string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for name, member := range object(t, document) {
		switch member := member.(type) {
		case []any:
			for _, e := range member {
				out[fmt.Sprint(name, "/", at(e, "name"))] = text(t, e)
			}
		case map[string]any:
			for realm, themes := range member {
				list, _ := themes.([]any)
				for _, e := range list {
					out[fmt.Sprint(name, "/", realm, "/", at(e, "_id"))] = text(t, e)
				}
			}
		default:
			out[name+"/"] = text(t, member)
		}
	}
	return out
}

// No string that a caller gives, in any parameter of any tool, changes which
// resource a request addresses or which filter is meant.
func TestNoArgumentChangesWhatIsAddressed(t *testing.T) {
	if len(attacks) < 60 {
		t.Fatalf("%d attacks", len(attacks))
	}
	given := samples(t)
	for _, tl := range server.Tools() {
		t.Run(tl.Name, func(t *testing.T) {
			t.Parallel()
			newTarget(t).attack(tl, given)
		})
	}
}

// attack tries every attack in every place of a tool's arguments.
func (tg *target) attack(tl tool.Tool[*aic.Client], given map[string]any) {
	t := tg.t
	const marker = "marker7"
	tg.call("createManagedObjectDefinition", map[string]any{"objectName": "badge", "objectDefinition": given["objectDefinition"]})
	tg.call("createJourney", map[string]any{"realm": "alpha", "journeyName": "Sample", "journeyData": given["journeyData"]})
	usual := baseline(tl, given)
	normal := map[string]bool{}
	note := func(arguments map[string]any, marker string) {
		for _, s := range tg.call(tl.Name, arguments) {
			normal[s.shape(t, marker)] = true
		}
	}
	note(usual, marker)
	if len(normal) == 0 && tl.Name != "getThemeSchema" && tl.Name != "getJourneyPreviewUrl" {
		t.Errorf("%s: the sample arguments %v send nothing: add others to samples", tl.Name, usual)
	}
	for _, place := range places(tl.Declaration.InputSchema.(*jsonschema.Schema), nil) {
		note(with(usual, place, marker), marker)
		note(with(usual, place, marker), marker) // once more: what is made is there already
		note(with(usual, place, "custom_"+marker), marker)
		note(with(usual, place, strings.ToUpper(marker)), strings.ToUpper(marker))
		for i, attack := range attacks {
			if testing.Short() && i%5 != 0 {
				continue
			}
			for _, s := range tg.call(tl.Name, with(usual, place, attack)) {
				if got := s.shape(t, attack); !normal[got] {
					t.Errorf("%s, %s = %.60q: %.300s; usual are\n  %s", tl.Name, strings.Join(place, "."), attack, got,
						strings.Join(slices.Sorted(maps.Keys(normal)), "\n  "))
				}
			}
		}
	}
}

// What is the tenant's own syntax stays in its own parameter.
func TestTheTenantsSyntaxStaysInItsParameter(t *testing.T) {
	tg := newTarget(t)
	for parameter, query := range map[string]string{
		"queryFilter": "_queryFilter", "sortKeys": "_sortKeys", "fields": "_fields", "pagedResultsCookie": "_pagedResultsCookie",
	} {
		for _, attack := range attacks {
			for _, s := range tg.call("queryManagedObjects", map[string]any{"objectType": "alpha_user", parameter: attack}) {
				u, err := url.ParseRequestURI(s.uri)
				if err != nil {
					t.Fatal(err)
				}
				values := u.Query()
				if got := values.Get(query); u.Path != "/openidm/managed/alpha_user" || blanks.Replace(got) != blanks.Replace(attack) {
					t.Errorf("%s = %.60q: %s has %s = %.60q", parameter, attack, u.Path, query, got)
				}
				for name, given := range values {
					if name != query && !slices.Contains([]string{"_queryFilter", "_pageSize", "_totalPagedResultsPolicy"}, name) || len(given) != 1 {
						t.Errorf("%s = %.60q: %s is %q", parameter, attack, name, given)
					}
				}
			}
		}
	}
}
