package server_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	metrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	traces "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"aicmcp/mockaic"
	"aicmcp/server"
)

const (
	callersTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	callersSpan  = "00f067aa0ba902b7"
	todoText     = "buy a present for Joe"
)

// observed is what a remote server, which served a few calls of one caller, told a
// collector and the Todo API.
type observed struct {
	// sent is all that the collector got.
	sent    []byte
	spans   []*trace.Span
	metrics metrics.ExportMetricsServiceRequest
	// asked are the requests to the API.
	asked []http.Header
	// secrets must not be told to the collector.
	secrets []string
	api     *url.URL
	log     string
}

// observe serves with the options, and the flag for the collector if that is wanted.
func observe(t *testing.T, collected bool) *observed {
	t.Helper()
	var (
		mu  sync.Mutex
		o   observed
		log safeBuffer
	)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		o.asked = append(o.asked, r.Header.Clone())
		if r.Method == http.MethodPost {
			io.WriteString(w, `{"id":"todo-1","text":"`+todoText+`","completed":false,"created":"2026-01-01T00:00:00Z"}`)
			return
		}
		io.WriteString(w, `{"todos":[]}`)
	}))
	t.Cleanup(api.Close)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		o.sent = append(o.sent, body...)
		var got traces.ExportTraceServiceRequest
		switch r.URL.Path {
		case "/v1/traces":
			if err == nil {
				err = proto.Unmarshal(body, &got)
			}
			for _, resource := range got.ResourceSpans {
				for _, scope := range resource.ScopeSpans {
					o.spans = append(o.spans, scope.Spans...)
				}
			}
		case "/v1/metrics":
			if err == nil {
				err = proto.UnmarshalOptions{Merge: true}.Unmarshal(body, &o.metrics)
			}
		}
		if err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(collector.Close)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	resource := "http://" + listener.Addr().String() + "/mcp"
	mock := mockaic.Start(t, mockaic.Seed("demo"), mockaic.RemoteMCP(resource, api.URL), mockaic.DevToken("dev"))
	settings := server.NewRemoteSettings(func(name string) string {
		return map[string]string{"AIC_MCP_CLIENT_SECRET": mockaic.MCPClientSecret}[name]
	})
	for flag, value := range map[string]string{"resource": resource, "issuer": mock.URL + alphaProvider, "todo-url": api.URL} {
		settings.Set(flag, value)
	}
	if collected {
		settings.Set("otlp-endpoint", collector.URL)
	}
	config, err := settings.Config()
	if err != nil {
		t.Fatal(err)
	}
	remote, err := server.NewRemoteFrom(t.Context(), config, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- remote.Serve(ctx, listener, nil) }()

	token := callersToken(t, mock, resource)
	session, err := mcp.NewClient(&mcp.Implementation{Name: "test"}, nil).Connect(t.Context(), &mcp.StreamableClientTransport{
		Endpoint: resource, DisableStandaloneSSE: true, HTTPClient: &http.Client{Transport: adding{
			"Authorization": {"Bearer " + token}, "Traceparent": {"00-" + callersTrace + "-" + callersSpan + "-01"},
		}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range []*mcp.CallToolParams{
		{Name: "get_my_todo_list"},
		{Name: "get_my_todo_list"},
		{Name: "create_new_todo", Arguments: map[string]any{"text": todoText}},
		{Name: "create_new_todo", Arguments: map[string]any{"text": 7}},
	} {
		if res, err := session.CallTool(t.Context(), call); err != nil || res.IsError != (call.Arguments != nil && call.Arguments.(map[string]any)["text"] == 7) {
			t.Fatalf("%v %v", res, err)
		}
	}
	session.Close()
	stop()
	if err := <-served; err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	o.api, err = url.Parse(api.URL)
	if err != nil {
		t.Fatal(err)
	}
	o.log = log.String()
	o.secrets = []string{token, mockaic.MCPClientSecret, todoText, "/api/todos", "access_token", "todo-1"}
	for _, header := range o.asked {
		o.secrets = append(o.secrets, strings.TrimPrefix(header.Get("Authorization"), "Bearer "))
	}
	o.secrets = append(o.secrets, subjectOf(t, token))
	return &o
}

const alphaProvider = "/am/oauth2/alpha"

// adding are headers that are sent with each request.
type adding http.Header

func (a adding) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, values := range a {
		r.Header[name] = values
	}
	return http.DefaultTransport.RoundTrip(r)
}

// callersToken is what the demo's person has a client log in for.
func callersToken(t *testing.T, mock *mockaic.Tenant, resource string) string {
	t.Helper()
	do := func(method, address, kind, authorization string, body io.Reader) map[string]any {
		req, err := http.NewRequestWithContext(t.Context(), method, address, body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"Content-Type": {kind}, "Authorization": {authorization}}
		res, err := mock.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var doc map[string]any
		if err := json.NewDecoder(res.Body).Decode(&doc); err != nil || res.StatusCode >= 300 {
			t.Fatalf("%s: %d %v %v", address, res.StatusCode, doc, err)
		}
		return doc
	}
	do("PUT", mock.URL+"/am/json/realms/root/realms/alpha/realm-config/agents/OAuth2Client/portal", "application/json", "Bearer dev", strings.NewReader(`{
		"coreOAuth2ClientConfig": {"clientType": "Public", "scopes": ["todo_api:read", "todo_api:write"]},
		"advancedOAuth2ClientConfig": {"grantTypes": ["password"], "tokenEndpointAuthMethod": "none"}}`))
	answer := do("POST", mock.URL+alphaProvider+"/access_token", "application/x-www-form-urlencoded", "", strings.NewReader(url.Values{
		"grant_type": {"password"}, "client_id": {"portal"}, "username": {"demo"}, "password": {mockaic.Password},
		"scope": {"todo_api:read todo_api:write"}, "resource": {resource},
	}.Encode()))
	token, _ := answer["access_token"].(string)
	return token
}

func valuesOf(attributes []*common.KeyValue) map[string]string {
	values := map[string]string{}
	for _, a := range attributes {
		switch v := a.Value.Value.(type) {
		case *common.AnyValue_StringValue:
			values[a.Key] = v.StringValue
		case *common.AnyValue_BoolValue:
			values[a.Key] = map[bool]string{true: "true", false: "false"}[v.BoolValue]
		}
	}
	return values
}

func TestTheCollectorIsToldOfCallsAndRequests(t *testing.T) {
	o := observe(t, true)
	byID, names := map[string]*trace.Span{}, map[string]int{}
	for _, span := range o.spans {
		byID[string(span.SpanId)] = span
		names[span.Name]++
	}
	if names["tools/call get_my_todo_list"] != 2 || names["tools/call create_new_todo"] != 2 {
		t.Fatalf("%v", names)
	}
	// The API can go on with the trace that the caller began.
	if len(o.asked) != 3 {
		t.Fatalf("%d requests to the API", len(o.asked))
	}
	for _, header := range o.asked {
		parts := strings.Split(header.Get("Traceparent"), "-")
		if len(parts) != 4 || parts[1] != callersTrace {
			t.Fatalf("%q", header.Get("Traceparent"))
		}
		i := slices.IndexFunc(o.spans, func(s *trace.Span) bool { return hex.EncodeToString(s.SpanId) == parts[2] })
		if i < 0 {
			t.Fatal("a request without a span")
		}
		request := o.spans[i]
		about := valuesOf(request.Attributes)
		if request.Kind != trace.Span_SPAN_KIND_CLIENT || about["server.address"] != o.api.Hostname() || request.Name != about["http.request.method"] {
			t.Errorf("%v", request)
		}
		call := byID[string(request.ParentSpanId)]
		if call == nil || call.Kind != trace.Span_SPAN_KIND_SERVER || !strings.HasPrefix(call.Name, "tools/call ") || hex.EncodeToString(call.ParentSpanId) != callersSpan {
			t.Errorf("the request's parent: %v", call)
		}
	}
	// The issuer was asked for tokens on behalf of a call, for keys before there was one.
	within, before := 0, 0
	for _, span := range o.spans {
		switch {
		case span.Kind == trace.Span_SPAN_KIND_CLIENT && byID[string(span.ParentSpanId)] == nil:
			before++
		case span.Kind == trace.Span_SPAN_KIND_CLIENT:
			within++
		}
	}
	if within < len(o.asked)+2 || before < 1 {
		t.Errorf("%d requests within calls, %d before: %v", within, before, names)
	}

	counts := map[string]uint64{}
	for _, m := range o.metrics.ResourceMetrics[0].ScopeMetrics[0].Metrics {
		for _, p := range m.GetHistogram().GetDataPoints() {
			about := valuesOf(p.Attributes)
			counts[m.Name+" "+about["gen_ai.tool.name"]+about["http.request.method"]+" "+about["error.type"]] += p.Count
		}
		for _, p := range m.GetSum().GetDataPoints() {
			about := valuesOf(p.Attributes)
			counts[about["aic_mcp.cache.name"]+" "+about["aic_mcp.downstream"]+" "+about["aic_mcp.cache.hit"]] += uint64(p.GetAsInt())
		}
	}
	for name, want := range map[string]uint64{
		"mcp.server.operation.duration get_my_todo_list ":          2,
		"mcp.server.operation.duration create_new_todo ":           1,
		"mcp.server.operation.duration create_new_todo tool_error": 1,
		"delegated tokens todo false":                              2, // for each set of scopes
		"delegated tokens todo true":                               1,
		"keys  false":                                              1,
	} {
		if counts[name] != want {
			t.Errorf("%s: %d, want %d", name, counts[name], want)
		}
	}
	if counts["keys  true"] < 4 || counts["http.client.request.duration GET "] < 4 {
		t.Errorf("%v", counts)
	}
	for _, secret := range o.secrets {
		if secret == "" || bytes.Contains(o.sent, []byte(secret)) {
			t.Errorf("the collector is told %q", secret)
		}
	}
}

func TestWithoutACollectorNothingIsTold(t *testing.T) {
	o := observe(t, false)
	if len(o.sent) > 0 || len(o.asked) != 3 {
		t.Errorf("%d bytes, %d requests", len(o.sent), len(o.asked))
	}
	for _, header := range o.asked {
		if header.Get("Traceparent") != "" {
			t.Errorf("%v", header)
		}
	}
}

func TestWhatACollectorsURLMayBe(t *testing.T) {
	for value, problem := range map[string]string{
		"http://collector:4318":           "",
		"https://otlp.example.com/otlp":   "",
		"https://user:pw@example.com":     "must not hold a user name or password",
		"https://example.com/?api-key=s3": "must have no query",
		"collector:4318":                  "--otlp-endpoint",
	} {
		settings := server.NewRemoteSettings(func(string) string { return "" })
		settings.Set("without-authorization", "true")
		settings.Set("otlp-endpoint", value)
		_, err := settings.Config()
		if problem == "" && err != nil || problem != "" && (err == nil || !strings.Contains(err.Error(), problem) || strings.Contains(err.Error(), "s3")) {
			t.Errorf("%s: %v", value, err)
		}
	}
}

func subjectOf(t *testing.T, token string) string {
	t.Helper()
	var claims struct{ Sub string }
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims.Sub
}
