package telemetry_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"aicmcp/server/telemetry"
)

// recorder keeps what is recorded.
type recorder struct {
	telemetry.Providers
	spans  *tracetest.InMemoryExporter
	reader *metric.ManualReader
}

func newRecorder() *recorder {
	r := &recorder{spans: tracetest.NewInMemoryExporter(), reader: metric.NewManualReader()}
	r.Tracers = trace.NewTracerProvider(trace.WithSyncer(r.spans))
	r.Meters = metric.NewMeterProvider(metric.WithReader(r.reader))
	return r
}

// points are the attributes of each point of an instrument, as texts, with how much
// was counted at it.
func (r *recorder) points(t *testing.T, name string) map[string]uint64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := r.reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	points := map[string]uint64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Name != name {
				continue
			}
			switch data := m.Data.(type) {
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					points[text(p.Attributes.ToSlice())] = p.Count
				}
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					points[text(p.Attributes.ToSlice())] = uint64(p.Value)
				}
			}
		}
	}
	return points
}

// text writes attributes sorted by their keys.
func text(attributes []attribute.KeyValue) string {
	set := attribute.NewSet(attributes...)
	return set.Encoded(attribute.DefaultEncoder())
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n%v\nwant\n%v", what, got, want)
	}
}

func TestOnlyOneProviderIsEnough(t *testing.T) {
	r := newRecorder()
	for _, p := range []telemetry.Providers{{Tracers: r.Tracers}, {Meters: r.Meters}} {
		call := serve(t, p, nil)
		call(t.Context(), "greet", nil)
		if err := p.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
	same(t, "spans", len(r.spans.GetSpans()), 1)
	same(t, "points", len(r.points(t, "mcp.server.operation.duration")), 1)
}

func TestLookupsAreCounted(t *testing.T) {
	r := newRecorder()
	tokens, err := telemetry.Lookups(r.Providers, "tokens")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := telemetry.Lookups(r.Providers, "keys")
	if err != nil {
		t.Fatal(err)
	}
	tokens(t.Context(), "todo", false)
	tokens(t.Context(), "todo", true)
	tokens(t.Context(), "todo", true)
	keys(t.Context(), "", true)
	got := r.points(t, "aic_mcp.cache.lookups")
	same(t, "misses", got["aic_mcp.cache.hit=false,aic_mcp.cache.name=tokens,aic_mcp.downstream=todo"], uint64(1))
	same(t, "hits", got["aic_mcp.cache.hit=true,aic_mcp.cache.name=tokens,aic_mcp.downstream=todo"], uint64(2))
	same(t, "hits of keys", got["aic_mcp.cache.hit=true,aic_mcp.cache.name=keys"], uint64(1))

	off, err := telemetry.Lookups(telemetry.Providers{}, "none")
	if err != nil {
		t.Fatal(err)
	}
	off(context.Background(), "todo", true)
	same(t, "kinds", len(r.points(t, "aic_mcp.cache.lookups")), 3)
}
