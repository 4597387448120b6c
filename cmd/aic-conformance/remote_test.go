package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"aicmcp/cmd/internal/todo"
	"aicmcp/mockaic"
	"aicmcp/server"
)

// startRemote starts a tenant with a remote MCP server, which is set up with all that
// cases ask for, and the Todo API.
func startRemote(t *testing.T) (mock *mockaic.Tenant, mcpServer string) {
	t.Helper()
	endpoint, api := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	mcpServer = "http://" + endpoint.Listener.Addr().String() + "/mcp"
	audience := "http://" + api.Listener.Addr().String()
	mock = mockaic.Start(t, mockaic.RemoteMCP(mcpServer, audience), mockaic.DevToken(token), mockaic.RestartTime(0), mockaic.LogRate(1_000_000))
	issuer := mock.URL + "/am/oauth2/alpha"

	store, err := todo.Open(filepath.Join(t.TempDir(), "todos.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	api.Config.Handler = todo.NewHandler(todo.Options{Store: store, Verify: todo.NewVerifier(issuer, audience, http.DefaultTransport).Verify})
	api.Start()
	t.Cleanup(api.Close)

	environment := map[string]string{
		"AIC_MCP_RESOURCE": mcpServer, "AIC_MCP_ISSUER": issuer, "AIC_MCP_CLIENT_SECRET": mockaic.MCPClientSecret,
		"AIC_MCP_INTROSPECTION": "all", "AIC_MCP_TODO_URL": audience, "AIC_MCP_AIC_URL": mock.URL,
	}
	config, err := server.NewRemoteSettings(func(name string) string { return environment[name] }).Config()
	if err != nil {
		t.Fatal(err)
	}
	remote, err := server.NewRemoteFrom(t.Context(), config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	// Serve gives requests more time.
	endpoint.Config = &http.Server{Handler: remote.Handler(), ReadHeaderTimeout: time.Second, ReadTimeout: 2 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10}
	endpoint.Start()
	t.Cleanup(endpoint.Close)
	return mock, mcpServer
}
