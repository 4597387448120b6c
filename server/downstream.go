package server

import (
	"context"
	"log/slog"
	"slices"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/todo"
	"aicmcp/server/tool"
)

// Downstream is an API that the HTTP server calls on behalf of its callers.
type Downstream struct {
	// Name begins its settings: NAME-url, NAME-audience and NAME-scopes.
	Name string
	// API is what texts call it.
	API string
	// NoAudience says that the API checks none of its tokens' audiences.
	NoAudience bool
	// OnlyScoped lists a tool for those callers only whose tokens have its scopes.
	// Of an API with few tools all are listed, and a client gets what it lacks by
	// asking its person when it calls one.
	OnlyScoped bool
	// Needs is what else must be set for it, if anything.
	Needs string

	tools []offer
}

// Downstreams lists the APIs that there are tools for. Those that are configured are
// offered.
func Downstreams() []Downstream {
	tenant := &aic.Locks{}
	return []Downstream{
		declare(Downstream{Name: "todo", API: todo.API}, todo.Tools(), todo.New),
		declare(Downstream{Name: "aic", API: "the tenant", NoAudience: true, OnlyScoped: true, Needs: "the issuer of its root realm, where administrators log in"}, Tools(), func(opts rest.Options) (*aic.Client, error) {
			return aic.New(aic.Options{
				BaseURL: opts.BaseURL, HTTPClient: opts.HTTPClient, Token: opts.Token, Invalidate: opts.Invalidate,
				Retry: opts.Retry, Locks: tenant, Logger: opts.Logger,
			})
		}),
	}
}

// offer is what is known of a tool without the type of its client.
type offer struct {
	name     string
	scopes   []string
	effect   tool.Effect
	register func(*mcp.Server, connect, *slog.Logger)
}

// connect says how to reach an API with the scopes, for whoever a call is from.
type connect func(ctx context.Context, scopes []tool.Scope) (rest.Options, error)

// declare adds the tools, whose client is made anew for each call.
func declare[C any](d Downstream, tools []tool.Tool[C], client func(rest.Options) (C, error)) Downstream {
	for _, t := range tools {
		register := func(srv *mcp.Server, connect connect, log *slog.Logger) {
			t.Register(srv, connectorFunc[C](func(ctx context.Context, scopes []tool.Scope) (c C, err error) {
				opts, err := connect(ctx, scopes)
				if err != nil {
					return c, err
				}
				return client(opts)
			}), log)
		}
		d.tools = append(d.tools, offer{t.Name, names(t.Scopes), t.Effect, register})
	}
	return d
}

// Scopes is the sorted union of what the tools need.
func (d Downstream) Scopes() []string {
	var union []string
	for _, o := range d.tools {
		union = append(union, o.scopes...)
	}
	slices.Sort(union)
	return slices.Compact(union)
}

type connectorFunc[C any] func(ctx context.Context, scopes []tool.Scope) (C, error)

func (f connectorFunc[C]) Client(ctx context.Context, scopes []tool.Scope) (C, error) {
	return f(ctx, scopes)
}

func names(scopes []tool.Scope) []string {
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = string(s)
	}
	return names
}
