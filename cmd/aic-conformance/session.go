package main

import (
	"context"
	"net/url"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"aicmcp/conformance"
	"aicmcp/server"
	"aicmcp/server/auth"
)

// newSession connects a client to an MCP server in this process, which acts on
// the target with its bearer.
func newSession(ctx context.Context, target conformance.Target) (*mcp.ClientSession, error) {
	base, err := url.Parse(target.BaseURL)
	if err != nil {
		return nil, err
	}
	connector, err := server.NewConnector(server.ConnectorOptions{
		BaseURL: base, HTTPClient: target.HTTPClient, Bearers: auth.Static(target.Bearer),
	})
	if err != nil {
		return nil, err
	}
	srv, err := server.New(ctx, server.Options{Connector: connector})
	if err != nil {
		return nil, err
	}
	// The session outlives an interruption, and is closed by its user.
	ctx = context.WithoutCancel(ctx)
	serverEnd, clientEnd := mcp.NewInMemoryTransports()
	if _, err := srv.Connect(ctx, serverEnd, nil); err != nil {
		return nil, err
	}
	client := mcp.NewClient(&mcp.Implementation{Name: "aic-conformance", Version: server.Version()}, nil)
	return client.Connect(ctx, clientEnd, nil)
}
