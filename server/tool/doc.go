// Package tool turns a typed function into an MCP tool. Define infers the
// schemas, checks arguments, reports progress, bounds and redacts what goes out,
// and makes every failure one that a model can act on.
package tool
