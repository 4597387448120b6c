package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel"
	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	"google.golang.org/protobuf/proto"

	"aicmcp/server/telemetry"
)

// collector keeps what it is sent.
type collector struct {
	*httptest.Server
	mu       sync.Mutex
	headers  []http.Header
	paths    []string
	traces   collectortrace.ExportTraceServiceRequest
	metrics  collectormetrics.ExportMetricsServiceRequest
	mistakes []error
}

func newCollector(t *testing.T) *collector {
	c := &collector{}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *collector) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.headers, c.paths = append(c.headers, r.Header), append(c.paths, r.URL.Path)
	merge := proto.UnmarshalOptions{Merge: true}
	switch r.URL.Path {
	case "/otlp/v1/traces":
		err = errors.Join(err, merge.Unmarshal(body, &c.traces))
	case "/otlp/v1/metrics":
		err = errors.Join(err, merge.Unmarshal(body, &c.metrics))
	default:
		err = errors.Join(err, errors.New(r.URL.Path))
	}
	if err != nil {
		c.mistakes = append(c.mistakes, err)
	}
}

// buffer is a log.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func export(t *testing.T, endpoint string, level slog.Level) (telemetry.Providers, *buffer) {
	t.Helper()
	// What reaches this handler would be written to stderr.
	before := otel.GetErrorHandler()
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { t.Errorf("OpenTelemetry's own handler of errors: %v", err) }))
	t.Cleanup(func() { otel.SetErrorHandler(before) })
	log := &buffer{}
	p, err := telemetry.Export(t.Context(), telemetry.ExportOptions{
		Endpoint: endpoint, Service: "aic-mcp", Version: "v1.2.3", HTTPClient: &http.Client{},
		Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: level})),
	})
	if err != nil {
		t.Fatal(err)
	}
	return p, log
}

func values(attributes []*common.KeyValue) map[string]string {
	values := map[string]string{}
	for _, a := range attributes {
		values[a.Key] = a.Value.GetStringValue()
	}
	return values
}

func TestACollectorGetsAllAtTheEnd(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=k%20ey,tenant=x")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
	c := newCollector(t)
	p, log := export(t, c.URL+"/otlp/", slog.LevelDebug)
	if _, err := serve(t, p, nil)(t.Context(), "greet", nil); err != nil {
		t.Fatal(err)
	}
	same(t, "requests before", len(c.paths), 0)
	if err := p.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(c.mistakes) > 0 || len(c.paths) != 2 || log.String() != "" {
		t.Fatalf("%v %v %s", c.mistakes, c.paths, log)
	}
	for _, h := range c.headers {
		same(t, "header", h.Get("api-key")+" "+h.Get("tenant"), "k ey x")
		same(t, "kind", h.Get("Content-Type"), "application/x-protobuf")
	}
	traces, metrics := c.traces.ResourceSpans[0], c.metrics.ResourceMetrics[0]
	instances := map[string]bool{}
	for _, about := range []map[string]string{values(traces.Resource.Attributes), values(metrics.Resource.Attributes)} {
		same(t, "service", about["service.name"]+" "+about["service.version"], "aic-mcp v1.2.3")
		same(t, "the environment's", about["deployment.environment.name"], "test")
		instances[about["service.instance.id"]] = true
	}
	if len(instances) != 1 || instances[""] {
		t.Errorf("instances: %v", instances)
	}
	same(t, "span", traces.ScopeSpans[0].Spans[0].Name, "tools/call greet")
	same(t, "tool", values(traces.ScopeSpans[0].Spans[0].Attributes)["gen_ai.tool.name"], "greet")
	measured := metrics.ScopeMetrics[0].Metrics[0]
	same(t, "metric", measured.Name+" "+measured.Unit, "mcp.server.operation.duration s")
	same(t, "count", measured.GetHistogram().DataPoints[0].Count, uint64(1))

	// Nothing is sent later.
	if err := p.Shutdown(t.Context()); err == nil {
		t.Error("ended twice")
	}
	same(t, "requests", len(c.paths), 2)
}

func TestTheServiceCanBeNamedByTheEnvironment(t *testing.T) {
	t.Setenv("OTEL_SERVICE_NAME", "mcp-of-the-north")
	c := newCollector(t)
	p, _ := export(t, c.URL+"/otlp", slog.LevelDebug)
	_, span := p.Tracers.Tracer("test").Start(t.Context(), "x")
	span.End()
	if err := p.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, "service", values(c.traces.ResourceSpans[0].Resource.Attributes)["service.name"], "mcp-of-the-north")
}

func TestACollectorThatIsAwayDoesNoHarm(t *testing.T) {
	away := httptest.NewServer(http.NotFoundHandler())
	away.Close()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	defer elsewhere.Close()
	for name, answer := range map[string]http.HandlerFunc{
		"away":     nil,
		"refusing": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) },
		"redirected": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		},
		"talkative": func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 1<<20)) },
	} {
		t.Run(name, func(t *testing.T) {
			endpoint := away.URL
			if answer != nil {
				web := httptest.NewServer(answer)
				defer web.Close()
				endpoint = web.URL
			}
			for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo} {
				p, log := export(t, endpoint, level)
				call := serve(t, p, nil)
				for range 10 {
					if _, err := call(t.Context(), "greet", nil); err != nil {
						t.Fatal(err)
					}
				}
				if err := p.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
				told := strings.Contains(log.String(), "did not take traces") && strings.Contains(log.String(), "did not take metrics")
				if told != (level == slog.LevelDebug) || level == slog.LevelInfo && log.String() != "" {
					t.Errorf("%v: %s", level, log)
				}
			}
		})
	}
}

// A collector that takes requests and never answers: calls do not wait for it, and the
// end does not wait longer than it may.
func TestACollectorThatHangsHoldsNothingUp(t *testing.T) {
	reached, release := make(chan struct{}, 100), make(chan struct{})
	web := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		reached <- struct{}{}
		<-release
	}))
	defer web.Close()
	defer close(release)
	p, _ := export(t, web.URL, slog.LevelInfo)
	tracer := p.Tracers.Tracer("test")
	for range 20_000 { // more than are kept
		_, span := tracer.Start(t.Context(), "x")
		span.End()
	}
	if _, err := serve(t, p, nil)(t.Context(), "greet", nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-reached
		cancel()
	}()
	if err := p.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestMistakesInTheEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_HEADERS":         "Authorization: Bearer " + secret,
		"OTEL_EXPORTER_OTLP_TRACES_HEADERS":  "api-key=%zz" + secret,
		"OTEL_EXPORTER_OTLP_METRICS_HEADERS": "a=b,api key=" + secret,
		"OTEL_RESOURCE_ATTRIBUTES":           "nonsense",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			_, err := telemetry.Export(t.Context(), telemetry.ExportOptions{Endpoint: "http://localhost:4318"})
			if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), secret) {
				t.Error(err)
			}
		})
	}
}
