package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

const (
	// exportTime is how long one request to the collector may take, with its retries.
	exportTime = 10 * time.Second
	maxAnswer  = 64 << 10
)

// ExportOptions are those of Export. Endpoint, Service and Version are required.
type ExportOptions struct {
	// Endpoint is the collector's URL, under which /v1/traces and /v1/metrics are.
	Endpoint string
	// Service and Version say who reports.
	Service, Version string
	// HTTPClient reaches the collector. It must not be one that is recorded.
	HTTPClient *http.Client
	// Logger is told, for debugging, of what the collector did not take.
	Logger *slog.Logger
}

// Export sends spans and measurements to a collector, beside the calls: what it does
// not take in time is dropped. Variables of OpenTelemetry set what is not set here,
// such as OTEL_EXPORTER_OTLP_HEADERS, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER
// and OTEL_METRIC_EXPORT_INTERVAL. Nothing is asked of the collector yet.
func Export(ctx context.Context, o ExportOptions) (Providers, error) {
	if err := checkHeaders(); err != nil {
		return Providers{}, err
	}
	tracesURL, err := url.JoinPath(o.Endpoint, "v1/traces")
	if err != nil {
		return Providers{}, fmt.Errorf("the collector's URL: %w", err)
	}
	metricsURL, err := url.JoinPath(o.Endpoint, "v1/metrics")
	if err != nil {
		return Providers{}, fmt.Errorf("the collector's URL: %w", err)
	}
	client := &http.Client{}
	if o.HTTPClient != nil {
		*client = *o.HTTPClient
	}
	// Following a redirect could carry the headers to another host.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	log := o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	// Instances that serve together tell themselves apart by their ID. What the
	// environment says comes last, so that it counts.
	about, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithAttributes(
		semconv.ServiceName(o.Service), semconv.ServiceVersion(o.Version), semconv.ServiceInstanceID(uuid.NewString()),
	), resource.WithFromEnv())
	if err != nil {
		return Providers{}, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES can't be understood: %w", err)
	}
	traces, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(tracesURL), otlptracehttp.WithHTTPClient(client), otlptracehttp.WithMaxResponseSize(maxAnswer))
	if err != nil {
		return Providers{}, fmt.Errorf("traces: %w", err)
	}
	metrics, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(metricsURL), otlpmetrichttp.WithHTTPClient(client), otlpmetrichttp.WithMaxResponseSize(maxAnswer))
	if err != nil {
		return Providers{}, fmt.Errorf("metrics: %w", err)
	}
	tracers := trace.NewTracerProvider(trace.WithResource(about), trace.WithBatcher(quietTraces{traces, log}, trace.WithExportTimeout(exportTime)))
	meters := metric.NewMeterProvider(metric.WithResource(about), metric.WithReader(metric.NewPeriodicReader(quietMetrics{metrics, log}, metric.WithTimeout(exportTime))))
	return Providers{Tracers: tracers, Meters: meters, stops: []func(context.Context) error{tracers.Shutdown, meters.Shutdown}}, nil
}

// checkHeaders refuses what the exporters would otherwise leave out, and print with
// the keys that it may hold.
func checkHeaders() error {
	var mistakes []error
	for _, name := range []string{"OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_METRICS_HEADERS"} {
		value := strings.TrimSpace(os.Getenv(name))
		if value == "" {
			continue
		}
		for pair := range strings.SplitSeq(value, ",") {
			key, text, found := strings.Cut(pair, "=")
			_, err := url.PathUnescape(text)
			if !found || err != nil || !isToken(strings.TrimSpace(key)) {
				mistakes = append(mistakes, fmt.Errorf("%s must be a list of NAME=VALUE, separated by commas, with values escaped as in URLs", name))
				break
			}
		}
	}
	return errors.Join(mistakes...)
}

// isToken tells whether a text can be the name of a header (RFC 9110, section 5.6.2).
func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

// quietTraces keeps failures from OpenTelemetry's global handler of errors, which
// writes to stderr.
type quietTraces struct {
	trace.SpanExporter
	log *slog.Logger
}

func (q quietTraces) ExportSpans(ctx context.Context, spans []trace.ReadOnlySpan) error {
	if err := q.SpanExporter.ExportSpans(ctx, spans); err != nil {
		q.log.DebugContext(ctx, "the collector did not take traces", "spans", len(spans), "error", err)
	}
	return nil
}

// quietMetrics is the same for measurements.
type quietMetrics struct {
	metric.Exporter
	log *slog.Logger
}

func (q quietMetrics) Export(ctx context.Context, measured *metricdata.ResourceMetrics) error {
	if err := q.Exporter.Export(ctx, measured); err != nil {
		q.log.DebugContext(ctx, "the collector did not take metrics", "error", err)
	}
	return nil
}
