package telemetry_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"aicmcp/server/telemetry"
)

const (
	callersTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	httpSpan     = "00f067aa0ba902b7"
	metaSpan     = "00f067aa0ba902b8"
	secret       = "s3cret"
)

// serve is an MCP server over HTTP with three tools, and a client that calls them.
func serve(t testing.TB, p telemetry.Providers, header http.Header) func(ctx context.Context, tool string, meta mcp.Meta) (*mcp.CallToolResult, error) {
	t.Helper()
	srv := mcp.NewServer(&mcp.Implementation{Name: "test"}, nil)
	tools := map[string]mcp.ToolHandler{
		"greet": func(ctx context.Context, _ *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			span := trace.SpanContextFromContext(ctx).SpanID().String()
			return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: span}}}, nil
		},
		"fail": func(context.Context, *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return &mcp.CallToolResult{IsError: true, Content: []mcp.Content{&mcp.TextContent{Text: secret}}}, nil
		},
		"break": func(context.Context, *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return nil, errors.New(secret)
		},
	}
	for name, handler := range tools {
		srv.AddTool(&mcp.Tool{Name: name, InputSchema: json.RawMessage(`{"type":"object"}`)}, handler)
	}
	middleware, err := telemetry.Calls(p, func(name string) bool { return tools[name] != nil })
	if err != nil {
		t.Fatal(err)
	}
	srv.AddReceivingMiddleware(middleware)
	web := httptest.NewServer(mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return srv }, &mcp.StreamableHTTPOptions{Stateless: true, JSONResponse: true}))
	t.Cleanup(web.Close)
	client := &http.Client{Transport: adding{header}}
	session, err := mcp.NewClient(&mcp.Implementation{Name: "test"}, nil).Connect(t.Context(), &mcp.StreamableClientTransport{Endpoint: web.URL, HTTPClient: client}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close() })
	return func(ctx context.Context, tool string, meta mcp.Meta) (*mcp.CallToolResult, error) {
		return session.CallTool(ctx, &mcp.CallToolParams{Meta: meta, Name: tool, Arguments: map[string]any{"password": secret}})
	}
}

// adding sends headers with each request.
type adding struct{ header http.Header }

func (a adding) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, values := range a.header {
		r.Header[name] = values
	}
	return http.DefaultTransport.RoundTrip(r)
}

func parentOf(span string) string { return fmt.Sprintf("00-%s-%s-01", callersTrace, span) }

func TestACallIsRecorded(t *testing.T) {
	for _, c := range []struct{ tool, span, attributes string }{
		{"greet", "tools/call greet", "gen_ai.operation.name=execute_tool,gen_ai.tool.name=greet,mcp.method.name=tools/call"},
		{"fail", "tools/call fail", "error.type=tool_error,gen_ai.operation.name=execute_tool,gen_ai.tool.name=fail,mcp.method.name=tools/call"},
		{"break", "tools/call break", "error.type=_OTHER,gen_ai.operation.name=execute_tool,gen_ai.tool.name=break,mcp.method.name=tools/call"},
		// Whatever a caller makes up has one name.
		{"a-" + secret, "tools/call", "error.type=-32602,gen_ai.operation.name=execute_tool,gen_ai.tool.name=_OTHER,mcp.method.name=tools/call"},
	} {
		r := newRecorder()
		res, err := serve(t, r.Providers, nil)(t.Context(), c.tool, nil)
		spans := r.spans.GetSpans()
		if len(spans) != 1 {
			t.Fatalf("%s: %d spans", c.tool, len(spans))
		}
		span := spans[0]
		same(t, "name", span.Name, c.span)
		same(t, "kind", span.SpanKind, trace.SpanKindServer)
		same(t, "attributes", text(span.Attributes), c.attributes)
		same(t, "parent", span.Parent.IsValid(), false)
		same(t, "events", len(span.Events), 0)
		status := codes.Error
		if c.tool == "greet" {
			status = codes.Unset
			same(t, "error", err, nil)
			same(t, "the tool's context", res.Content[0].(*mcp.TextContent).Text, span.SpanContext.SpanID().String())
		}
		same(t, "status", span.Status.Code, status)
		same(t, "description", span.Status.Description, "")
		same(t, "measured", r.points(t, "mcp.server.operation.duration")[c.attributes], uint64(1))
	}
}

func TestACallBelongsToTheCallersSpan(t *testing.T) {
	for _, c := range []struct {
		name         string
		header       http.Header
		meta         mcp.Meta
		parent, link string
		state        string
	}{
		{name: "of the request", header: http.Header{"Traceparent": {parentOf(httpSpan)}, "Tracestate": {"a=b"}}, parent: httpSpan, state: "a=b"},
		{name: "of the message", meta: mcp.Meta{"traceparent": parentOf(metaSpan), "tracestate": "c=d"}, parent: metaSpan, state: "c=d"},
		{
			name: "of both", header: http.Header{"Traceparent": {parentOf(httpSpan)}}, meta: mcp.Meta{"traceparent": parentOf(metaSpan)},
			parent: metaSpan, link: httpSpan,
		},
		{name: "that is none", header: http.Header{"Traceparent": {"00-no-no-01"}}, meta: mcp.Meta{"traceparent": 7}, parent: "0000000000000000"},
	} {
		r := newRecorder()
		if _, err := serve(t, r.Providers, c.header)(t.Context(), "greet", c.meta); err != nil {
			t.Fatal(err)
		}
		span := r.spans.GetSpans()[0]
		same(t, c.name, span.Parent.SpanID().String(), c.parent)
		same(t, c.name+": trace", span.SpanContext.TraceID().String() == callersTrace, span.Parent.IsValid())
		same(t, c.name+": state", span.SpanContext.TraceState().String(), c.state)
		link := ""
		for _, l := range span.Links {
			link += l.SpanContext.SpanID().String()
		}
		same(t, c.name+": link", link, c.link)
	}
}

func TestOnlyCallsAreRecorded(t *testing.T) {
	r := newRecorder()
	serve(t, r.Providers, nil)
	same(t, "spans", len(r.spans.GetSpans()), 0)
}
