package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"aicmcp/cmd/internal/todo"
	"aicmcp/mockaic"
	"aicmcp/server"
)

// site is a tenant, an API that its tokens protect, and the MCP server between them.
type site struct {
	resource  string // all that clients know
	api       string
	instances []*instance
	tenant    *mockaic.Tenant
	behind    atomic.Int64 // how far the tenant's clock is, in nanoseconds
}

// startSite runs that many instances of the server behind a load balancer.
func startSite(t *testing.T, instances int) *site {
	t.Helper()
	front, api := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	s := &site{resource: "http://" + front.Listener.Addr().String() + "/mcp", api: "http://" + api.Listener.Addr().String()}
	s.tenant = mockaic.Start(t, mockaic.RemoteMCP(s.resource, s.api), mockaic.Clock(func() time.Time {
		return time.Now().Add(-time.Duration(s.behind.Load()))
	}))
	issuer := s.tenant.URL + "/am/oauth2/alpha"

	store, err := todo.Open(filepath.Join(t.TempDir(), "todo.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	api.Config.Handler = todo.NewHandler(todo.Options{Store: store, Verify: todo.NewVerifier(issuer, s.api, http.DefaultTransport).Verify})

	config := remoteConfig(t, map[string]string{
		"AIC_MCP_RESOURCE": s.resource, "AIC_MCP_ISSUER": issuer, "AIC_MCP_TODO_URL": s.api,
		// The rest takes a second login.
		"AIC_MCP_ASKED_SCOPES": "openid profile todo_api:read",
		"AIC_MCP_CLIENT_ID":    mockaic.MCPClientID, "AIC_MCP_CLIENT_SECRET": mockaic.MCPClientSecret,
	})
	var balance balancer
	for range instances {
		i := startInstance(t, config)
		s.instances = append(s.instances, i)
		balance.addresses = append(balance.addresses, i.Listener.Addr().String())
	}
	front.Config.Handler = balance.proxy()
	for _, server := range []*httptest.Server{front, api} {
		server.Start()
		t.Cleanup(server.Close)
	}
	return s
}

func remoteConfig(t *testing.T, environment map[string]string) server.RemoteConfig {
	t.Helper()
	config, err := server.NewRemoteSettings(func(name string) string { return environment[name] }).Config()
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// instance is one of the servers.
type instance struct {
	*httptest.Server
	served atomic.Int64 // requests
}

func startInstance(t *testing.T, config server.RemoteConfig) *instance {
	t.Helper()
	remote, err := server.NewRemoteFrom(t.Context(), config, nil)
	if err != nil {
		t.Fatal(err)
	}
	i, handler := &instance{}, remote.Handler()
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.served.Add(1)
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(i.Close)
	return i
}

// kill ends it as the end of its process does.
func (i *instance) kill() { i.Config.Close() }

// balancer gives each request to the next of the servers, and to the one after it if
// that refuses the connection.
type balancer struct {
	addresses []string
	last      atomic.Uint64
}

func (b *balancer) proxy() http.Handler {
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: "instances.invalid"})
			r.Out.Host = r.In.Host
			r.SetXForwarded()
		},
		// A connection for each request.
		Transport: &http.Transport{DialContext: b.dial, DisableKeepAlives: true},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// It is read first, as an instance may refuse a request without reading it.
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(w, r)
	})
}

func (b *balancer) dial(ctx context.Context, network, _ string) (conn net.Conn, err error) {
	for range b.addresses {
		address := b.addresses[b.last.Add(1)%uint64(len(b.addresses))]
		conn, err = (&net.Dialer{}).DialContext(ctx, network, address)
		if !errors.Is(err, syscall.ECONNREFUSED) {
			break
		}
	}
	return conn, err
}
