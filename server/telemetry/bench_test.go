package telemetry_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"

	"aicmcp/server/telemetry"
)

// states are no telemetry, and one that drops all at the end.
func states() map[string]telemetry.Providers {
	return map[string]telemetry.Providers{
		"off": {},
		"on":  {Tracers: trace.NewTracerProvider(), Meters: metric.NewMeterProvider(metric.WithReader(metric.NewManualReader()))},
	}
}

func BenchmarkCall(b *testing.B) {
	handler := func(context.Context, string, mcp.Request) (mcp.Result, error) { return &mcp.CallToolResult{}, nil }
	req := &mcp.CallToolRequest{Params: &mcp.CallToolParamsRaw{Name: "greet"}, Extra: &mcp.RequestExtra{Header: http.Header{}}}
	measure := func(b *testing.B, handler mcp.MethodHandler) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := handler(b.Context(), "tools/call", req); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("bare", func(b *testing.B) { measure(b, handler) })
	for name, p := range states() {
		middleware, err := telemetry.Calls(p, func(string) bool { return true })
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) { measure(b, middleware(handler)) })
	}
}

func BenchmarkRequest(b *testing.B) {
	answer := roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
	})
	req, err := http.NewRequestWithContext(b.Context(), "GET", "https://api.example.com/x", nil)
	if err != nil {
		b.Fatal(err)
	}
	measure := func(b *testing.B, t http.RoundTripper) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := t.RoundTrip(req); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("bare", func(b *testing.B) { measure(b, answer) })
	for name, p := range states() {
		wrapped, err := telemetry.Transport(p, answer)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) { measure(b, wrapped) })
	}
}
