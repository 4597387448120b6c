package server_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"aicmcp/server"
)

func TestShutdownLetsCallsEnd(t *testing.T) {
	s := openSite(t, nil)
	token := s.login(s.register(everyTodoScope), "demo", everyTodoScope)
	s.api.arrived, s.api.release = make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(s.api.release) })
	defer release()
	answers := make(chan string, 1)
	go func() {
		defer close(answers) // a request that fails ends here
		_, answer := s.post(token, callMessage("get_my_todo_list", "{}", "{}"), nil)
		answers <- answer
	}()
	<-s.api.arrived
	s.stop()
	// The listener closes first.
	for {
		connection, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(s.server, "http://"), "/mcp"))
		if err != nil {
			break
		}
		connection.Close()
	}
	select {
	case err := <-s.done:
		t.Fatalf("the server ended before the call: %v", err)
	default:
	}
	release()
	if answer := <-answers; !strings.Contains(answer, "Rest") {
		t.Errorf("%s", answer)
	}
	if err := <-s.done; err != nil {
		t.Error(err)
	}
}

func TestServesHTTPS(t *testing.T) {
	// A certificate for 127.0.0.1 and a client that trusts it.
	other := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	settings := server.NewRemoteSettings(func(string) string { return "" })
	settings.Set("without-authorization", "true")
	config, err := settings.Config()
	if err != nil {
		t.Fatal(err)
	}
	remote, err := server.NewRemoteFrom(t.Context(), config, nil)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- remote.Serve(ctx, listener, &other.TLS.Certificates[0]) }()
	client := other.Client()
	res, err := client.Get("https://" + listener.Addr().String() + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK || res.TLS.Version < tls.VersionTLS12 {
		t.Errorf("%d %x", res.StatusCode, res.TLS.Version)
	}
	client.CloseIdleConnections()
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
