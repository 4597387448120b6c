package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// requestBounds are the conventions' for durations of HTTP requests, in seconds.
func requestBounds() []float64 {
	return []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}
}

// Transport records each request that base sends, until the answer's headers have
// come, and names its span to the other side. Paths and queries, which hold IDs and
// what people look for, are not recorded.
func Transport(p Providers, base http.RoundTripper) (http.RoundTripper, error) {
	if p.off() {
		return base, nil
	}
	durations, err := p.meter().Float64Histogram("http.client.request.duration", metric.WithUnit("s"),
		metric.WithDescription("How long requests to other servers took."), metric.WithExplicitBucketBoundaries(requestBounds()...))
	if err != nil {
		return nil, fmt.Errorf("telemetry of requests: %w", err)
	}
	return &transport{base, p.tracer(), durations}, nil
}

type transport struct {
	base      http.RoundTripper
	tracer    trace.Tracer
	durations metric.Float64Histogram
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	attributes := []attribute.KeyValue{
		semconv.HTTPRequestMethodKey.String(r.Method), semconv.ServerAddress(r.URL.Hostname()), semconv.ServerPort(port(r.URL)),
	}
	ctx, span := t.tracer.Start(r.Context(), r.Method, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attributes...))
	defer span.End()
	r = r.Clone(ctx) // a RoundTripper must not change the request
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(r.Header))
	began := time.Now()
	res, err := t.base.RoundTrip(r)
	var outcome []attribute.KeyValue
	if err != nil {
		outcome = append(outcome, failureOf(err))
	} else {
		status := known(res.StatusCode)
		outcome = append(outcome, semconv.HTTPResponseStatusCode(status))
		if status >= 400 {
			outcome = append(outcome, semconv.ErrorTypeKey.String(strconv.Itoa(status)))
		}
	}
	span.SetAttributes(outcome...)
	if len(outcome) > 1 || err != nil {
		span.SetStatus(codes.Error, "")
	}
	t.durations.Record(ctx, time.Since(began).Seconds(), metric.WithAttributes(append(attributes, outcome...)...))
	return res, err
}

// known is the status, or the one that stands for it in its class if it is not
// registered (RFC 9110, section 15).
func known(status int) int {
	if http.StatusText(status) == "" {
		return status / 100 * 100
	}
	return status
}

// failureOf tells why there was no answer, without the error's text.
func failureOf(err error) attribute.KeyValue {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, context.Canceled):
		return semconv.ErrorTypeKey.String("canceled")
	case errors.As(err, &timeout) && timeout.Timeout():
		return semconv.ErrorTypeKey.String("timeout")
	}
	return semconv.ErrorType(err) // its Go type
}

func port(u *url.URL) int {
	if n, err := strconv.Atoi(u.Port()); err == nil {
		return n
	}
	if u.Scheme == "http" {
		return 80
	}
	return 443
}
