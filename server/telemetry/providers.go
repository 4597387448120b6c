package telemetry

import (
	"context"
	"errors"
	"sync"

	"go.opentelemetry.io/otel/metric"
	nometric "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	notrace "go.opentelemetry.io/otel/trace/noop"
)

// scope names the instrumentation.
const scope = "aicmcp/server/telemetry"

// Providers are where spans and measurements go. With the zero value nothing is
// recorded, and nothing is put in the way of calls and requests.
type Providers struct {
	Tracers trace.TracerProvider
	Meters  metric.MeterProvider

	// stops end what Export began.
	stops []func(context.Context) error
}

// Shutdown sends what was not sent yet, until ctx ends.
func (p Providers) Shutdown(ctx context.Context) error {
	errs := make([]error, len(p.stops))
	var group sync.WaitGroup
	for i, stop := range p.stops {
		group.Go(func() { errs[i] = stop(ctx) })
	}
	group.Wait()
	return errors.Join(errs...)
}

func (p Providers) off() bool { return p.Tracers == nil && p.Meters == nil }

func (p Providers) tracer() trace.Tracer {
	if p.Tracers == nil {
		return notrace.NewTracerProvider().Tracer(scope)
	}
	return p.Tracers.Tracer(scope)
}

func (p Providers) meter() metric.Meter {
	if p.Meters == nil {
		return nometric.NewMeterProvider().Meter(scope)
	}
	return p.Meters.Meter(scope)
}
