package telemetry

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// The semantic conventions for MCP are in development, and not in package semconv.
const (
	methodName    = attribute.Key("mcp.method.name")
	operationName = attribute.Key("gen_ai.operation.name")
	toolName      = attribute.Key("gen_ai.tool.name")

	// other stands for all that has no name of its own.
	other = "_OTHER"
)

// callBounds are the conventions' for durations of MCP operations, in seconds.
func callBounds() []float64 {
	return []float64{0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300}
}

// Calls records each call of a tool. Tools that are not declared share one name: a
// caller can make up any number of them.
func Calls(p Providers, declared func(tool string) bool) (mcp.Middleware, error) {
	if p.off() {
		return func(next mcp.MethodHandler) mcp.MethodHandler { return next }, nil
	}
	tracer := p.tracer()
	durations, err := p.meter().Float64Histogram("mcp.server.operation.duration", metric.WithUnit("s"),
		metric.WithDescription("How long MCP requests took."), metric.WithExplicitBucketBoundaries(callBounds()...))
	if err != nil {
		return nil, fmt.Errorf("telemetry of calls: %w", err)
	}
	return func(next mcp.MethodHandler) mcp.MethodHandler {
		return func(ctx context.Context, method string, req mcp.Request) (mcp.Result, error) {
			call, ok := req.(*mcp.CallToolRequest)
			if !ok {
				return next(ctx, method, req)
			}
			span, tool := method+" "+call.Params.Name, call.Params.Name
			if !declared(tool) {
				span, tool = method, other
			}
			attributes := []attribute.KeyValue{methodName.String(method), operationName.String("execute_tool"), toolName.String(tool)}
			ctx, links := callersSpan(ctx, call)
			ctx, current := tracer.Start(ctx, span, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attributes...), trace.WithLinks(links...))
			defer current.End()
			began := time.Now()
			res, err := next(ctx, method, req)
			if problem := problemOf(res, err); problem != "" {
				// The error's text stays out: it can repeat what the caller sent.
				failed := semconv.ErrorTypeKey.String(problem)
				attributes = append(attributes, failed)
				current.SetAttributes(failed)
				current.SetStatus(codes.Error, "")
			}
			durations.Record(ctx, time.Since(began).Seconds(), metric.WithAttributes(attributes...))
			return res, err
		}
	}, nil
}

// problemOf is the error.type of a call, "" if it went well.
func problemOf(res mcp.Result, err error) string {
	var coded *jsonrpc.Error
	switch r, ok := res.(*mcp.CallToolResult); {
	case errors.As(err, &coded):
		return strconv.FormatInt(coded.Code, 10)
	case err != nil:
		return other
	case ok && r.IsError:
		return "tool_error"
	}
	return ""
}

// callersSpan is the span that the call belongs to. A message can name it by itself;
// then the one that its HTTP request names is only linked.
func callersSpan(ctx context.Context, call *mcp.CallToolRequest) (context.Context, []trace.Link) {
	if call.Extra != nil {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(call.Extra.Header))
	}
	transport := trace.SpanContextFromContext(ctx)
	ctx = propagation.TraceContext{}.Extract(ctx, meta(call.Params.Meta))
	if transport.IsValid() && !transport.Equal(trace.SpanContextFromContext(ctx)) {
		return ctx, []trace.Link{{SpanContext: transport}}
	}
	return ctx, nil
}

// meta carries a span's identity in the _meta of a message.
type meta mcp.Meta

func (m meta) Get(key string) string {
	text, _ := m[key].(string)
	return text
}

func (m meta) Set(key, value string) { m[key] = value }

func (m meta) Keys() []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	return keys
}
