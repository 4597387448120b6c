package cases

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	c "aicmcp/conformance"
	"aicmcp/server"
	"aicmcp/server/auth"
	"aicmcp/server/rest"
)

// newSession connects a client to an MCP server that acts on the target with
// its bearer.
func newSession(t *testing.T, target c.Target) *mcp.ClientSession {
	t.Helper()
	base, err := url.Parse(target.BaseURL)
	if err != nil {
		t.Fatal(err)
	}
	retry := rest.DefaultRetry()
	// The servers of these tests need no time to settle.
	retry.Sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	connector, err := server.NewConnector(server.ConnectorOptions{
		BaseURL: base, HTTPClient: target.HTTPClient, Bearers: auth.Static(target.Bearer), Retry: &retry,
	})
	if err != nil {
		t.Fatal(err)
	}
	srv, err := server.New(t.Context(), server.Options{Connector: connector})
	if err != nil {
		t.Fatal(err)
	}
	serverEnd, clientEnd := mcp.NewInMemoryTransports()
	if _, err := srv.Connect(t.Context(), serverEnd, nil); err != nil {
		t.Fatal(err)
	}
	client := mcp.NewClient(&mcp.Implementation{Name: "conformance", Version: "1"}, nil)
	session, err := client.Connect(t.Context(), clientEnd, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := session.Close(); err != nil {
			t.Errorf("close the MCP session: %v", err)
		}
	})
	return session
}
