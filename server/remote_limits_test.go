package server_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"aicmcp/server"
)

// batch is a body with several messages.
func batch(messages ...string) string { return "[" + strings.Join(messages, ",") + "]" }

func numbered(n int) []string {
	messages := make([]string, n)
	for i := range messages {
		messages[i] = fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"get_my_todo_list"}}`, i)
	}
	return messages
}

func TestABatchIsNotAWayAroundTheRate(t *testing.T) {
	s := openSite(t, nil)
	token := s.login(s.register(everyTodoScope), "demo", everyTodoScope)
	if res, answer := s.post(token, batch(numbered(11)...), nil); res.StatusCode != http.StatusBadRequest || !strings.Contains(answer, "10 messages") {
		t.Errorf("%d %s", res.StatusCode, answer)
	}
	if n := len(s.api.tokens()); n != 0 {
		t.Errorf("the API was asked %d times", n)
	}
	if res, answer := s.post(token, batch(numbered(10)...), nil); res.StatusCode != http.StatusOK || strings.Count(answer, "Rest") != 20 {
		t.Errorf("%d %s", res.StatusCode, answer)
	}
}

// What the SDK reads and this server does not would escape the checks before it.
func TestBodiesAreReadAsTheSDKReadsThem(t *testing.T) {
	s := openSite(t, nil)
	token := s.login(s.register(everyTodoScope), "demo", "openid todo_api:read")
	write := callMessage("create_new_todo", `{"text":"x"}`, "{}")
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"more after a message":     {write + "x", 400},
		"more after a batch":       {batch(write) + "x", 400},
		"a batch with odd members": {batch(`{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{"name":1,"_meta":{}}}`, write), 403},
		"a batch after blanks":     {" \n" + batch(write), 403},
		"nothing":                  {"", 400},
		"null":                     {"null", 400},
	} {
		if res, answer := s.post(token, c.body, nil); res.StatusCode != c.status {
			t.Errorf("%s: %d %s", name, res.StatusCode, answer)
		}
	}
}

func TestNamesThatCallersMakeUpDoNotFillTheLog(t *testing.T) {
	s := openSite(t, nil)
	token := s.login(s.register("openid"), "demo", "openid")
	s.post(token, callMessage(strings.Repeat("long", 50_000), "{}", "{}"), nil)
	if log := s.log.String(); !strings.Contains(log, "longlong") || len(log) > 10_000 {
		t.Errorf("the log has %d bytes", len(log))
	}
}

// noting tells whether its connections got a time until which answers must be written.
type noting struct {
	net.Listener
	bounded *atomic.Bool
}

func (n noting) Accept() (net.Conn, error) {
	connection, err := n.Listener.Accept()
	return notingConn{connection, n.bounded}, err
}

type notingConn struct {
	net.Conn
	bounded *atomic.Bool
}

func (n notingConn) SetWriteDeadline(at time.Time) error {
	if !at.IsZero() {
		n.bounded.Store(true)
	}
	return n.Conn.SetWriteDeadline(at)
}

func TestClientsThatDoNotReadAreCutOff(t *testing.T) {
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
	var bounded atomic.Bool
	go func() { _ = remote.Serve(t.Context(), noting{listener, &bounded}, nil) }()
	res, err := http.Get("http://" + listener.Addr().String() + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if !bounded.Load() {
		t.Error("an answer that is not read keeps its place for ever")
	}
}
