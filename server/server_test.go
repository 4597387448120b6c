package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gkampitakis/go-snaps/snaps"
	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"aicmcp/server"
	"aicmcp/server/aic"
	"aicmcp/server/auth"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

const bearer = "static-bearer-secret"

// tenant answers each "METHOD path" with a handler, and keeps the requests. A path
// may have * for its last segment.
type tenant struct {
	t        *testing.T
	mu       sync.Mutex
	handlers map[string]http.HandlerFunc
	requests []request
}

type request struct {
	line, query, ifMatch, body string
	header                     http.Header
}

func (tn *tenant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		tn.t.Error(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	line := r.Method + " " + r.URL.EscapedPath()
	tn.mu.Lock()
	tn.requests = append(tn.requests, request{line, r.URL.RawQuery, r.Header.Get("If-Match"), string(body), r.Header})
	h := tn.handlers[line]
	if h == nil {
		h = tn.handlers[line[:strings.LastIndex(line, "/")]+"/*"]
	}
	tn.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+bearer {
		tn.t.Errorf("bearer is %q", r.Header.Get("Authorization"))
	}
	if h == nil {
		answer(404, `{"code":404,"reason":"Not Found","message":"Resource &#39;x&#39; not found"}`)(w, r)
		return
	}
	h(w, r)
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json;charset=utf-8")
		w.Header().Set("X-ForgeRock-TransactionId", "tx-"+r.Header.Get("X-ForgeRock-TransactionId"))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

type session struct {
	*mcp.ClientSession
	t      *testing.T
	tenant *tenant
	log    *safeBuffer
	// settle waits until what a call asked of the tenant is done there, also
	// where the connection broke.
	settle func()
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// start connects a client to a server whose tenant answers as told.
func start(t *testing.T, handlers map[string]http.HandlerFunc, change ...func(*server.Options)) *session {
	t.Helper()
	tn := &tenant{t: t, handlers: handlers}
	srv := httptest.NewServer(tn)
	t.Cleanup(srv.Close)
	base, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	retry := rest.DefaultRetry()
	retry.Sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	retry.Now = func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }
	log := &safeBuffer{}
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	connector, err := server.NewConnector(server.ConnectorOptions{BaseURL: base, HTTPClient: srv.Client(), Bearers: auth.Static(bearer), Retry: &retry, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	opts := server.Options{Connector: connector, Logger: logger}
	for _, c := range change {
		c(&opts)
	}
	ctx, cancel := context.WithCancel(t.Context())
	m, err := server.New(ctx, opts)
	if err != nil {
		t.Fatal(err)
	}
	here, there := mcp.NewInMemoryTransports()
	ss, err := m.Connect(ctx, there, nil)
	if err != nil {
		t.Fatal(err)
	}
	cs, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).Connect(ctx, here, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cs.Close()
		_ = ss.Wait()
		cancel()
		if strings.Contains(log.String(), bearer) {
			t.Errorf("the log holds the bearer:\n%s", log.String())
		}
	})
	return &session{cs, t, tn, log, func() {}}
}

// serve connects a client to a server of a tenant, without a login and pauses.
func serve(t testing.TB, address string, client *http.Client) *mcp.ClientSession {
	t.Helper()
	base, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	retry := rest.DefaultRetry()
	retry.Tries = 1
	retry.Sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	retry.Now = func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }
	connector, err := server.NewConnector(server.ConnectorOptions{BaseURL: base, HTTPClient: client, Bearers: auth.Static(bearer), Retry: &retry})
	if err != nil {
		t.Fatal(err)
	}
	srv, err := server.New(t.Context(), server.Options{Connector: connector})
	if err != nil {
		t.Fatal(err)
	}
	here, there := mcp.NewInMemoryTransports()
	if _, err := srv.Connect(t.Context(), there, nil); err != nil {
		t.Fatal(err)
	}
	session, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), here, nil)
	if err != nil {
		t.Fatal(err)
	}
	return session
}

// call calls a tool and checks its result against the tool's output schema.
func (s *session) call(name, args string) (map[string]any, string) {
	s.t.Helper()
	res, err := s.CallTool(s.t.Context(), &mcp.CallToolParams{Name: name, Arguments: json.RawMessage(args)})
	s.settle()
	if err != nil {
		s.t.Fatal(err)
	}
	doc, ok := res.StructuredContent.(map[string]any)
	if !ok {
		s.t.Fatalf("structured content is %T", res.StructuredContent)
	}
	i := slices.IndexFunc(server.Tools(), func(t tool.Tool[*aic.Client]) bool { return t.Name == name })
	schema, err := server.Tools()[i].Declaration.OutputSchema.(*jsonschema.Schema).Resolve(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		s.t.Errorf("%s: %v", name, err)
	}
	if _, isErr := doc["error"]; isErr != res.IsError {
		s.t.Errorf("isError is %t in %v", res.IsError, doc)
	}
	return doc, res.Content[0].(*mcp.TextContent).Text
}

func (s *session) ok(name, args string) (map[string]any, string) {
	s.t.Helper()
	doc, text := s.call(name, args)
	if doc["error"] != nil {
		s.t.Fatalf("%s failed: %s", name, text)
	}
	if id, _ := doc["transactionId"].(string); !strings.HasPrefix(id, "tx-") {
		s.t.Errorf("%s: transaction ID is %q", name, id)
	}
	return doc, text
}

func (s *session) fails(name, args string, wants ...string) map[string]any {
	s.t.Helper()
	doc, text := s.call(name, args)
	e, ok := doc["error"].(map[string]any)
	if !ok {
		s.t.Fatalf("%s succeeded: %s", name, text)
	}
	for _, want := range wants {
		if !strings.Contains(text, want) {
			s.t.Errorf("%s: %q is not in: %s", name, want, text)
		}
	}
	return e
}

func (s *session) last(n int) request {
	s.t.Helper()
	s.tenant.mu.Lock()
	defer s.tenant.mu.Unlock()
	if len(s.tenant.requests) != n {
		s.t.Fatalf("%d requests, want %d: %v", len(s.tenant.requests), n, s.tenant.requests)
	}
	if n == 0 {
		return request{}
	}
	return s.tenant.requests[n-1]
}

// since lists what was asked from the nth request on, and how many there are now.
func (s *session) since(n int) ([]request, int) {
	s.tenant.mu.Lock()
	defer s.tenant.mu.Unlock()
	return slices.Clone(s.tenant.requests[n:]), len(s.tenant.requests)
}

const config = `{"_id":"managed","objects":[
 {"name":"alpha_user","onCreate":{"source":"x"},"schema":{"title":"Alpha User","description":"People","required":["userName"],"properties":{
  "userName":{"type":"string","title":"Username","description":"Username","policies":[{"policyId":"minimum-length","params":{"minLength":1}},{"policyId":"valid-username"}]},
  "roles":{"type":"array","items":{"type":"relationship","resourceCollection":[{"path":"managed/alpha_role"}]}},
  "password":{"type":["string","null"],"scope":"private"},
  "effectiveRoles":{"type":"array","isVirtual":true,"items":{"type":"object"}}}}},
 {"name":"alpha_role","schema":{"properties":{}}}]}`

func TestListAndSchema(t *testing.T) {
	s := start(t, map[string]http.HandlerFunc{"GET /openidm/config/managed": answer(200, config)})
	_, text := s.ok("listManagedObjects", `{}`)
	if want := `"types":[{"name":"alpha_role","properties":0,"required":[]},{"description":"People","name":"alpha_user","properties":4,"required":["userName"],"title":"Alpha User"}]`; !strings.Contains(text, want) {
		t.Errorf("text is %s", text)
	}
	doc, text := s.ok("getManagedObjectSchema", `{"objectType":"alpha_user"}`)
	for _, want := range []string{`"policies":["minimum-length(minLength=1)","valid-username"]`, `"relationship":["managed/alpha_role"]`, `"private":true`, `"virtual":true`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
	if doc["definition"] != nil {
		t.Error("the whole definition was not asked for")
	}
	doc, _ = s.ok("getManagedObjectSchema", `{"objectType":"alpha_user","includeFullDefinition":true}`)
	if d, _ := doc["definition"].(map[string]any); d["onCreate"] == nil {
		t.Errorf("definition is %v", d)
	}
	s.fails("getManagedObjectSchema", `{"objectType":"alpha_usr"}`, `listManagedObjects describes: "alpha_role", "alpha_user"`)
	s.last(4)
}

func TestQuery(t *testing.T) {
	page := `{"result":[{"_id":"1","_rev":"r","n":9007199254740993}],"resultCount":1,"pagedResultsCookie":"c2","totalPagedResultsPolicy":"EXACT","totalPagedResults":7,"remainingPagedResults":-1}`
	s := start(t, map[string]http.HandlerFunc{"GET /openidm/managed/alpha_user": answer(200, page)})
	_, text := s.ok("queryManagedObjects", `{"objectType":"alpha_user"}`)
	if !strings.Contains(text, `"n":9007199254740993`) || !strings.Contains(text, `"totalPagedResults":7`) || !strings.Contains(text, `"pagedResultsCookie":"c2"`) {
		t.Errorf("text is %s", text)
	}
	if got := s.last(1).query; got != "_pageSize=50&_queryFilter=true&_totalPagedResultsPolicy=EXACT" {
		t.Errorf("query is %s", got)
	}
	s.ok("queryManagedObjects", `{"objectType":"alpha_user","queryFilter":"sn eq \"O+&N\"","pageSize":250,"pagedResultsCookie":"c=","sortKeys":"-sn, cn","fields":"sn, mail"}`)
	if got := s.last(2).query; got != "_fields=sn%2Cmail&_pageSize=250&_pagedResultsCookie=c%3D&_queryFilter=sn+eq+%22O%2B%26N%22&_sortKeys=-sn%2Ccn&_totalPagedResultsPolicy=EXACT" {
		t.Errorf("query is %s", got)
	}
	s.fails("queryManagedObjects", `{"objectType":"nope"}`, "listManagedObjects", `404 Not Found: "Resource 'x' not found"`)
	s.fails("queryManagedObjects", `{"objectType":"alpha_user","pageSize":251}`, "pageSize must be at most 250")
	s.fails("queryManagedObjects", `{"objectType":"../x"}`, "objectType")
	s.last(3)
}

func TestQueryMistakesAndOddAnswers(t *testing.T) {
	s := start(t, map[string]http.HandlerFunc{
		"GET /openidm/managed/a":                 answer(400, `{"code":400,"reason":"Bad Request","message":"could not be parsed"}`),
		"GET /openidm/managed/names_queryFilter": answer(400, `{"code":400,"message":"The value 'x' for parameter '_queryFilter' could not be parsed as a valid query filter"}`),
		"GET /openidm/managed/names_sortKeys":    answer(400, `{"code":400,"message":"The value 'x' for parameter '_sortKeys' could not be parsed as a comma separated list of sort keys"}`),
		"GET /openidm/managed/names_fields":      answer(400, `{"code":400,"message":"The value 'x' for parameter '_fields' could not be parsed as a comma separated list of JSON pointers"}`),
		"GET /openidm/managed/names_fields/1":    answer(400, `{"code":400,"message":"The value 'x' for parameter '_fields' could not be parsed as a comma separated list of JSON pointers"}`),
		"GET /openidm/managed/b":                 answer(200, `{}`),
		"GET /openidm/managed/c":                 answer(200, ``),
		"GET /openidm/managed/d":                 answer(200, `{"result":[],"resultCount":0,"pagedResultsCookie":null,"totalPagedResultsPolicy":"NONE","totalPagedResults":-1}`),
	})
	e := s.fails("queryManagedObjects", `{"objectType":"a","queryFilter":"x ne 1"}`, "userName eq")
	if e["parameter"] != "queryFilter" {
		t.Errorf("parameter is %v", e["parameter"])
	}
	given := `"queryFilter":"x ne 1","pagedResultsCookie":"c","sortKeys":"a","fields":"b"`
	for _, tc := range []struct{ objectType, arguments, parameter string }{
		{"a", given, "pagedResultsCookie"},
		{"a", `"sortKeys":"a","fields":"b"`, "sortKeys"},
		{"a", `"fields":"b"`, "fields"},
		{"names_queryFilter", given, "queryFilter"},
		{"names_sortKeys", given, "sortKeys"},
		{"names_fields", given, "fields"},
	} {
		e := s.fails("queryManagedObjects", `{"objectType":"`+tc.objectType+`",`+tc.arguments+`}`, "400")
		if hint, _ := e["hint"].(string); e["parameter"] != tc.parameter || hint == "" {
			t.Errorf("%v: %v", tc, e)
		}
	}
	if e := s.fails("getManagedObject", `{"objectType":"names_fields","objectId":"1","fields":"<"}`, "comma-separated"); e["parameter"] != "fields" {
		t.Errorf("error is %v", e)
	}
	s.fails("queryManagedObjects", `{"objectType":"b"}`, "no list of results")
	s.fails("queryManagedObjects", `{"objectType":"c"}`, "the answer has no body")
	doc, _ := s.ok("queryManagedObjects", `{"objectType":"d"}`)
	if doc["totalPagedResults"] != nil || doc["pagedResultsCookie"] != nil || doc["resultCount"] != 0.0 {
		t.Errorf("result is %v", doc)
	}
}

func TestCreate(t *testing.T) {
	s := start(t, map[string]http.HandlerFunc{
		"POST /openidm/managed/alpha_user": answer(201, `{"_id":"1","_rev":"r1","userName":"bob","password":"Passw0rd!"}`),
		"POST /openidm/managed/bad": answer(403, `{"code":403,"reason":"Forbidden","message":"Policy validation failed","detail":{"result":false,"failedPolicyRequirements":[
			{"policyRequirements":[{"policyRequirement":"REQUIRED"}],"property":"mail"},{"policyRequirements":[{"params":{"minLength":8},"policyRequirement":"MIN_LENGTH"}],"property":"userName"}]}}`),
	})
	doc, text := s.ok("createManagedObject", `{"objectType":"alpha_user","objectData":{"userName":"bob","password":"Passw0rd!","big":9007199254740993}}`)
	if doc["id"] != "1" || doc["revision"] != "r1" || strings.Contains(text, "Passw0rd") {
		t.Errorf("text is %s", text)
	}
	if r := s.last(1); r.query != "_action=create" || !strings.Contains(r.body, `"big":9007199254740993`) || !strings.Contains(r.body, "Passw0rd!") {
		t.Errorf("request is %v", r)
	}
	s.fails("createManagedObject", `{"objectType":"bad","objectData":{}}`, `property "mail" fails "REQUIRED"`, `property "userName" fails "MIN_LENGTH" {"minLength":8}`, "Policy validation failed")
	s.fails("createManagedObject", `{"objectType":"bad"}`, "objectData is required")
	s.last(2)
}

func TestPolicyFailuresAreShortAndTellNoSecrets(t *testing.T) {
	var failed []string
	for i := range 14 {
		failed = append(failed, fmt.Sprintf(`{"policyRequirements":[{"policyRequirement":"UNIQUE","params":{"duplicateValue":"Pa<ss\"w0rd"}}],"property":"p%02d"}`, i))
	}
	s := start(t, map[string]http.HandlerFunc{"POST /openidm/managed/alpha_user": answer(403, `{"code":403,"reason":"Forbidden","message":"Policy validation failed","detail":{"result":false,"failedPolicyRequirements":[`+strings.Join(failed, ",")+`]}}`)})
	e := s.fails("createManagedObject", `{"objectType":"alpha_user","objectData":{"password":"Pa<ss\"w0rd"}}`, `property "p00" fails "UNIQUE" {"duplicateValue":"[redacted]"}`, `property "p09"`, "; and 4 more.")
	if hint := e["hint"].(string); strings.Contains(hint, "p10") || strings.Contains(fmt.Sprint(e), "w0rd") {
		t.Errorf("error is %v", e)
	}
}

func TestPagesThatAreCut(t *testing.T) {
	var objects []string
	for i := range 100 {
		objects = append(objects, fmt.Sprintf(`{"_id":"%d","pad":%q}`, i, strings.Repeat("x", 1000)))
	}
	s := start(t, map[string]http.HandlerFunc{"GET /openidm/managed/alpha_user": answer(200, `{"result":[`+strings.Join(objects, ",")+`],"resultCount":100,"pagedResultsCookie":"next"}`)})
	doc, _ := s.ok("queryManagedObjects", `{"objectType":"alpha_user","pageSize":100}`)
	if n := len(doc["objects"].([]any)); n < 50 || n > 64 || doc["resultCount"] != float64(n) || doc["pagedResultsCookie"] != nil {
		t.Errorf("%d objects, count %v, cookie %v", n, doc["resultCount"], doc["pagedResultsCookie"])
	}
}

func TestGetPatchDelete(t *testing.T) {
	s := start(t, map[string]http.HandlerFunc{
		"GET /openidm/managed/alpha_user/a%2Fb":    answer(200, `{"_id":"a/b","_rev":"r1"}`),
		"PATCH /openidm/managed/alpha_user/1":      answer(200, `{"_id":"1","_rev":"r2","sn":null}`),
		"PATCH /openidm/managed/alpha_user/stale":  answer(412, `{"code":412,"reason":"Precondition Failed","message":"changed"}`),
		"DELETE /openidm/managed/alpha_user/1":     answer(200, `{"_id":"1","_rev":"r2"}`),
		"DELETE /openidm/managed/alpha_user/empty": answer(200, ``),
	})
	s.ok("getManagedObject", `{"objectType":"alpha_user","objectId":"a/b","fields":"*_ref"}`)
	s.fails("getManagedObject", `{"objectType":"alpha_user","objectId":".."}`, "objectId must not consist of dots only")

	doc, _ := s.ok("patchManagedObject", `{"objectType":"alpha_user","objectId":"1","revision":"r1","operations":[{"operation":"replace","field":"/sn","value":false},{"operation":"remove","field":"/mail","from":null},{"operation":"increment","field":"n","value":9007199254740993}]}`)
	if doc["id"] != "1" || doc["revision"] != "r2" {
		t.Errorf("result is %v", doc)
	}
	r := s.last(2)
	if want := `[{"field":"/sn","operation":"replace","value":false},{"field":"/mail","operation":"remove"},{"field":"n","operation":"increment","value":9007199254740993}]`; r.body != want || r.ifMatch != `"r1"` {
		t.Errorf("request is %v, want body %s", r, want)
	}
	e := s.fails("patchManagedObject", `{"objectType":"alpha_user","objectId":"stale","revision":"r0","operations":[{"operation":"remove","field":"/sn"}]}`, "412", "no longer, at that revision", "getManagedObject")
	if e["retryable"] != false || e["parameter"] != "revision" {
		t.Errorf("error is %v", e)
	}
	for args, want := range map[string]string{
		`[{"operation":"test","field":"/sn","value":1}]`:        "revision already guarantees",
		`[{"operation":"add","field":"/sn"}]`:                   "operations[0].value is required for add",
		`[{"operation":"replace","field":"/sn","value":null}]`:  "use remove",
		`[{"operation":"move","field":"/sn"}]`:                  "operations[0].from is required for move",
		`[{"operation":"increment","field":"/sn","value":"1"}]`: "must be a number",
		`[{"operation":"replce","field":"/sn","value":"1"}]`:    "operations[0].operation must be one of",
		`[{"operation":"move","field":"/sn","from":null}]`:      "operations[0].from is required for move",
		`[{"operation":"add","field":"","value":1}]`:            "operations[0].field must not be empty",
		`[]`: "at least 1",
	} {
		s.fails("patchManagedObject", `{"objectType":"alpha_user","objectId":"1","revision":"r1","operations":`+args+`}`, want)
	}
	s.fails("deleteManagedObject", `{"objectType":"alpha_user","objectId":"1","revision":""}`, "revision must not be empty")
	s.fails("deleteManagedObject", `{"objectType":"a/b","objectId":"1"}`, "objectType must consist of letters, digits, _ and -")
	doc, _ = s.ok("deleteManagedObject", `{"objectType":"alpha_user","objectId":"1"}`)
	if doc["deletedId"] != "1" || s.last(4).ifMatch != "" {
		t.Errorf("result is %v", doc)
	}
	s.ok("deleteManagedObject", `{"objectType":"alpha_user","objectId":"1","revision":"r2"}`)
	if got := s.last(5).ifMatch; got != `"r2"` {
		t.Errorf("If-Match is %s", got)
	}
	s.fails("deleteManagedObject", `{"objectType":"alpha_user","objectId":"empty"}`, "not known whether")
	s.fails("deleteManagedObject", `{"objectType":"alpha_user","objectId":"none"}`, "queryManagedObjects")
}

func TestCallsAreLoggedWithoutArguments(t *testing.T) {
	s := start(t, map[string]http.HandlerFunc{"POST /openidm/managed/alpha_user": answer(201, `{"_id":"1"}`)})
	s.ok("createManagedObject", `{"objectType":"alpha_user","objectData":{"password":"Passw0rd!","note":"private"}}`)
	log := s.log.String()
	if !strings.Contains(log, "tool=createManagedObject outcome=ok") || !strings.Contains(log, "transactionIds=[tx-") || !strings.Contains(log, "requests=1") {
		t.Errorf("log is %s", log)
	}
	if strings.Contains(log, "Passw0rd!") || strings.Contains(log, "private") {
		t.Errorf("log holds arguments: %s", log)
	}
}

func TestReadOnly(t *testing.T) {
	s := start(t, nil, func(o *server.Options) { o.ReadOnly = true })
	res, err := s.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tl := range res.Tools {
		if !tl.Annotations.ReadOnlyHint {
			t.Errorf("%s is offered", tl.Name)
		}
	}
	if len(res.Tools) != 25 {
		t.Errorf("%d tools", len(res.Tools))
	}
}

// The declarations, as a client sees them.
func TestSchemas(t *testing.T) {
	s := start(t, nil)
	res, err := s.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Tools) != len(server.Tools()) {
		t.Errorf("%d tools are listed, %d declared", len(res.Tools), len(server.Tools()))
	}
	for _, tl := range res.Tools {
		snaps.WithConfig(snaps.Dir("../testdata/schemas"), snaps.Filename(tl.Name)).MatchStandaloneJSON(t, tl)
	}
	if c, err := json.Marshal(s.InitializeResult().Capabilities); err != nil || string(c) != `{"tools":{}}` {
		t.Errorf("capabilities are %s, %v", c, err)
	}
}

func TestBudget(t *testing.T) {
	total := 0
	for _, tl := range server.Tools() {
		schema, err := json.Marshal(tl.Declaration.InputSchema)
		if err != nil {
			t.Fatal(err)
		}
		n := len(tl.Name) + len(tl.Title) + len(tl.Description) + len(schema)
		if n > 1500 {
			t.Errorf("%s takes %d bytes, more than 1500", tl.Name, n)
		}
		total += n
	}
	if average := total / len(server.Tools()); average > 560 {
		t.Errorf("a tool takes %d bytes on average, more than 560", average)
	}
}

// What holds for every tool.
func TestRules(t *testing.T) {
	seen := map[string]bool{}
	name := regexp.MustCompile(`^[a-z][A-Za-z]+$`)
	for _, tl := range server.Tools() {
		if seen[tl.Name] || !name.MatchString(tl.Name) {
			t.Errorf("name %q is taken or odd", tl.Name)
		}
		seen[tl.Name] = true
		if tl.Title == "" || !strings.HasSuffix(tl.Description, ".") || strings.ContainsAny(tl.Description, "\n|") {
			t.Errorf("%s: title %q, description %q", tl.Name, tl.Title, tl.Description)
		}
		if tl.Less == "" {
			t.Errorf("%s does not say how to ask for less", tl.Name)
		}
		a := tl.Declaration.Annotations
		if a.ReadOnlyHint != (tl.Effect == tool.ReadOnly) || *a.DestructiveHint != (tl.Effect == tool.Destructive || tl.Effect == tool.Idempotent) {
			t.Errorf("%s: annotations %+v for %s", tl.Name, a, tl.Effect)
		}
		in := tl.Declaration.InputSchema.(*jsonschema.Schema)
		if in.Type != "object" || in.AdditionalProperties == nil || in.AdditionalProperties.Not == nil {
			t.Errorf("%s: the input schema is open", tl.Name)
		}
		walk(in, func(s *jsonschema.Schema) {
			if len(s.Types) > 0 {
				t.Errorf("%s: a parameter has the types %v", tl.Name, s.Types)
			}
			if s.Pattern != "" {
				regexp.MustCompile(s.Pattern)
			}
			for _, e := range s.Enum {
				if _, ok := e.(string); !ok || s.Type != "string" {
					t.Errorf("%s: enum %v of a %s", tl.Name, s.Enum, s.Type)
				}
			}
		})
		out := tl.Declaration.OutputSchema.(*jsonschema.Schema)
		if out.Type != "object" || out.Properties["error"] == nil || out.Properties["transactionId"] == nil {
			t.Errorf("%s: output schema admits no error", tl.Name)
		}
		walk(out, func(s *jsonschema.Schema) {
			if len(s.Types) > 0 {
				t.Errorf("%s: an output has the types %v", tl.Name, s.Types)
			}
		})
		for _, name := range []string{tl.Cursor, tl.Count} {
			if name != "" && out.Properties[name] == nil {
				t.Errorf("%s: no output %q", tl.Name, name)
			}
		}
	}
	if got := fmt.Sprint(server.Scopes()); got != "[fr:am:* fr:idc:esv:read fr:idc:esv:update fr:idc:monitoring:* fr:idm:*]" {
		t.Errorf("scopes are %s", got)
	}
}

func walk(s *jsonschema.Schema, f func(*jsonschema.Schema)) {
	if s == nil {
		return
	}
	f(s)
	for _, p := range s.Properties {
		walk(p, f)
	}
	walk(s.Items, f)
}

func TestDocs(t *testing.T) {
	marks := "a\n"
	for _, name := range []string{"tools", "remote-tools", "remote-settings"} {
		marks += "<!-- " + name + ":begin -->\nSTALE\n<!-- " + name + ":end -->\n"
	}
	doc, err := server.UpdateDocs(marks + "b\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a\n<!-- tools:begin -->\n| Tool |", "| `getThemes` |", "| `create_new_todo` |", "| `who_am_I` |", "| `--issuer` | `AIC_MCP_ISSUER` |", "|\n<!-- remote-settings:end -->\nb\n"} {
		if !strings.Contains(doc, want) {
			t.Errorf("%q is missing in %s", want, doc)
		}
	}
	if strings.Contains(doc, "STALE") {
		t.Error("what was there is still there")
	}
	if again, err := server.UpdateDocs(doc); err != nil || again != doc {
		t.Errorf("a second update changes it: %v", err)
	}
	if _, err := server.UpdateDocs("nothing"); err == nil {
		t.Error("a document without markers is accepted")
	}
}

func TestMain(m *testing.M) {
	code := m.Run()
	if _, err := snaps.Clean(m); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}
