// Package telemetry records calls of tools, requests to other servers and lookups in
// caches as OpenTelemetry's spans and measurements, and sends them to a collector.
//
//	providers.go where they go: nowhere, unless a server is set up for it
//	calls.go     a span for each call of a tool; mcp.server.operation.duration
//	requests.go  a span for each request, which the other side is told of by
//	             traceparent; http.client.request.duration
//	caches.go    aic_mcp.cache.lookups
//	otlp.go      Export: to a collector, by OTLP over HTTP
//
// Names are those of OpenTelemetry's semantic conventions, as far as there are any.
// What is recorded has few values: names of declared tools, of hosts and of
// downstreams, methods, statuses. Arguments, results, tokens, people, paths and
// queries are never part of it, even where the conventions want them (url.full,
// jsonrpc.request.id).
package telemetry
