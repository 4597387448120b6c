package telemetry

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Lookup is told of each lookup in a cache: whether what was looked for was there.
// Downstream is whom it is for, "" where that says nothing.
type Lookup func(ctx context.Context, downstream string, hit bool)

// Lookups counts those in the cache of the name.
func Lookups(p Providers, cache string) (Lookup, error) {
	if p.off() {
		return func(context.Context, string, bool) {}, nil
	}
	counter, err := p.meter().Int64Counter("aic_mcp.cache.lookups", metric.WithUnit("{lookup}"),
		metric.WithDescription("How often caches were looked into, and whether what was looked for was there."))
	if err != nil {
		return nil, fmt.Errorf("telemetry of caches: %w", err)
	}
	return func(ctx context.Context, downstream string, hit bool) {
		attributes := []attribute.KeyValue{attribute.String("aic_mcp.cache.name", cache), attribute.Bool("aic_mcp.cache.hit", hit)}
		if downstream != "" {
			attributes = append(attributes, attribute.String("aic_mcp.downstream", downstream))
		}
		counter.Add(ctx, 1, metric.WithAttributes(attributes...))
	}, nil
}
