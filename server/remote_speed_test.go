package server

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"golang.org/x/time/rate"

	"aicmcp/mockaic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

type (
	echoed struct {
		Message string `json:"message"`
	}
	fetchInput  struct{}
	fetchOutput struct {
		Todos []any `json:"todos"`
	}
)

var echoTool = tool.Define(tool.Spec{
	API: "nothing", Name: "echo", Description: "Say it again.", Scopes: []tool.Scope{"todo_api:read"}, Effect: tool.ReadOnly,
}, func(_ context.Context, _ rest.Options, in echoed) (echoed, error) { return in, nil })

// race is between the server, with a tenant that issues its tokens, and one of the SDK
// without anything around its tools: both are in this process and on loopback.
type race struct {
	tenant                 *mockaic.Tenant
	resource, bare, bearer string
}

func newRace(b *testing.B, limit rate.Limit) race {
	b.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"todos":[{"id":"t1","text":"Water the plants","completed":false,"created":"2026-07-28T12:00:00Z"}]}`)
	}))
	b.Cleanup(api.Close)
	p := race{bare: serveBare(b, api.URL)}
	listener, err := (&net.ListenConfig{}).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	p.resource = "http://" + listener.Addr().String() + "/mcp"
	p.tenant = mockaic.Start(b, mockaic.Seed("demo"), mockaic.RemoteMCP(p.resource, api.URL))
	settings := map[string]string{
		"AIC_MCP_RESOURCE": p.resource, "AIC_MCP_ISSUER": p.tenant.URL + "/am/oauth2/alpha", "AIC_MCP_CLIENT_SECRET": mockaic.MCPClientSecret, "AIC_MCP_TODO_URL": api.URL,
	}
	config, err := NewRemoteSettings(func(name string) string { return settings[name] }).Config()
	if err != nil {
		b.Fatal(err)
	}
	config.Rate = limit
	echo := config.Downstreams[0]
	echo.Downstream = declare(Downstream{Name: "echo"}, []tool.Tool[rest.Options]{echoTool}, func(opts rest.Options) (rest.Options, error) { return opts, nil })
	config.Downstreams = append(config.Downstreams, echo)
	// Calls are logged as they are for an operator.
	remote, err := NewRemoteFrom(b.Context(), config, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- remote.Serve(ctx, listener, nil) }()
	b.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	})
	p.bearer = p.token(b, mockaic.MCPClientID, mockaic.MCPClientSecret)
	return p
}

func serveBare(b *testing.B, api string) (address string) {
	b.Helper()
	client := http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	srv := mcp.NewServer(&mcp.Implementation{Name: "bare", Version: "1"}, nil)
	mcp.AddTool(srv, &mcp.Tool{Name: "echo", Description: "Say it again."}, func(_ context.Context, _ *mcp.CallToolRequest, in echoed) (*mcp.CallToolResult, echoed, error) {
		return nil, in, nil
	})
	mcp.AddTool(srv, &mcp.Tool{Name: "fetch", Description: "Fetch what the API has."}, func(ctx context.Context, _ *mcp.CallToolRequest, _ fetchInput) (*mcp.CallToolResult, fetchOutput, error) {
		var out fetchOutput
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, api+"/api/todos", nil)
		if err != nil {
			return nil, out, err
		}
		res, err := client.Do(r)
		if err != nil {
			return nil, out, err
		}
		defer res.Body.Close()
		return nil, out, json.NewDecoder(res.Body).Decode(&out)
	})
	handler := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return srv }, &mcp.StreamableHTTPOptions{Stateless: true, JSONResponse: true})
	site := httptest.NewServer(handler)
	b.Cleanup(site.Close)
	return site.URL + "/mcp"
}

// token is what a client gets for itself and the resource.
func (p race) token(b *testing.B, client, secret string) string {
	b.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"todo_api:read"}, "resource": {p.resource}}
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, p.tenant.URL+"/am/oauth2/alpha/access_token", strings.NewReader(form.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(client, secret)
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	answered := succeed(b, p.tenant.Client(), r)
	if err := json.Unmarshal(answered, &answer); err != nil || answer.AccessToken == "" {
		b.Fatalf("%s %v", answered, err)
	}
	return answer.AccessToken
}

// succeed returns the body of an answer that tells of a success.
func succeed(b *testing.B, client *http.Client, r *http.Request) []byte {
	b.Helper()
	res, err := client.Do(r)
	if err != nil {
		b.Error(err)
		return nil
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 || bytes.Contains(body, []byte(`"isError":true`)) || bytes.Contains(body, []byte(`"error":`)) {
		b.Errorf("%s: %s %s %v", r.URL, res.Status, body, err)
	}
	return body
}

// mcpRequest has no token if the bearer is empty.
func mcpRequest(b *testing.B, address, bearer, method, params string) *http.Request {
	b.Helper()
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":%q,"params":%s}`, method, params)
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	r.Header = http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"}, "Mcp-Protocol-Version": {"2025-11-25"}}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	return r
}

// turn is how many calls a lane makes before the other one does.
const turn = 80

// lane is one of the two that race.
type lane struct {
	address, bearer, params string
	client                  http.Client
	turns, calls            []time.Duration // how long they took
}

// run has clients share the calls of a turn, each making one after the other.
func (l *lane) run(b *testing.B, clients int) {
	calls := make([]time.Duration, turn)
	began := time.Now()
	var wait sync.WaitGroup
	for c := range clients {
		wait.Go(func() {
			for i := c; i < turn; i += clients {
				r := mcpRequest(b, l.address, l.bearer, "tools/call", l.params)
				began := time.Now()
				succeed(b, &l.client, r)
				calls[i] = time.Since(began)
			}
		})
	}
	wait.Wait()
	l.turns = append(l.turns, time.Since(began))
	l.calls = append(l.calls, calls...)
}

// compete lets the lanes take turns, so that what else the machine does troubles both.
func compete(b *testing.B, clients int, lanes ...*lane) {
	for _, l := range lanes {
		l.client.Transport = &http.Transport{MaxIdleConnsPerHost: clients}
		l.run(b, clients) // connects
		l.turns, l.calls = nil, nil
	}
	for b.Loop() {
		for _, l := range lanes {
			l.run(b, clients)
		}
		slices.Reverse(lanes)
	}
	b.ReportMetric(0, "ns/op")
}

func median[T cmp.Ordered](of []T) T {
	slices.Sort(of)
	return of[len(of)/2]
}

// The baseline is a call of a bare server of the SDK whose tool does the same work and
// answers as much.
func BenchmarkRemoteCall(b *testing.B) {
	p := newRace(b, rate.Inf)
	who := succeed(b, http.DefaultClient, mcpRequest(b, p.resource, p.bearer, "tools/call", `{"name":"who_am_I"}`))
	const short = `{"name":"echo","arguments":{"message":"hello"}}`
	for _, c := range []struct{ name, ours, bare string }{
		{"echo", short, short},
		// The answer holds the claims twice: as text, and as structured content.
		{"who_am_I", `{"name":"who_am_I"}`, fmt.Sprintf(`{"name":"echo","arguments":{"message":%q}}`, strings.Repeat("x", len(who)/2))},
		{"get_my_todo_list", `{"name":"get_my_todo_list"}`, `{"name":"fetch","arguments":{}}`},
	} {
		bare, ours := &lane{address: p.bare, params: c.bare}, &lane{address: p.resource, bearer: p.bearer, params: c.ours}
		b.Run(c.name+"/latency", func(b *testing.B) {
			compete(b, 1, bare, ours)
			b.ReportMetric(float64(median(ours.calls))/float64(median(bare.calls)), "p50/bare")
		})
		b.Run(c.name+"/rate", func(b *testing.B) {
			compete(b, 8, bare, ours)
			rates := make([]float64, len(ours.turns))
			for i, took := range ours.turns {
				rates[i] = float64(bare.turns[i]) / float64(took)
			}
			b.ReportMetric(median(rates), "rate/bare")
		})
	}
}

// idleClient connects, lists the tools, and then does nothing. What is left of it is a
// connection, so that what it takes is the server's.
func idleClient(b *testing.B, address, bearer string, answers *bufio.Reader) net.Conn {
	b.Helper()
	u, err := url.Parse(address)
	if err != nil {
		b.Fatal(err)
	}
	conn, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", u.Host)
	if err != nil {
		b.Fatal(err)
	}
	answers.Reset(conn)
	for _, r := range []*http.Request{
		mcpRequest(b, address, bearer, "initialize", `{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"idle","version":"1"}}`),
		mcpRequest(b, address, bearer, "tools/list", `{}`),
	} {
		if err := r.Write(conn); err != nil {
			b.Fatal(err)
		}
		res, err := http.ReadResponse(answers, r)
		if err != nil {
			b.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK || !bytes.Contains(body, []byte(`"result":`)) {
			b.Fatalf("%s %s %v", res.Status, body, err)
		}
		res.Body.Close()
	}
	return conn
}

// memoryInUse is that of the heap and of the stacks after a collection.
func memoryInUse() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // the first one may only find what the second one frees
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc + stats.StackInuse
}

// The baseline is the same number of clients of a bare server of the SDK. Each client
// is a caller of its own.
func BenchmarkRemoteIdleClients(b *testing.B) {
	const clients = 1000
	answers := bufio.NewReader(nil)
	perClient := func(address string, bearer func(int) string) float64 {
		idle := []net.Conn{idleClient(b, address, bearer(0), answers)}
		before := memoryInUse()
		for i := range clients {
			idle = append(idle, idleClient(b, address, bearer(i), answers))
		}
		after := memoryInUse()
		for _, conn := range idle {
			conn.Close()
		}
		return float64(after-before) / clients
	}
	var bare, ours float64
	for b.Loop() {
		// A server that has seen the tokens before keeps nothing more of them.
		p := newRace(b, 0)
		bearers := make([]string, clients)
		for i := range bearers {
			bearers[i] = p.registered(b)
		}
		bare = perClient(p.bare, func(int) string { return "" })
		ours = perClient(p.resource, func(i int) string { return bearers[i] })
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ours, "B/client")
	b.ReportMetric(ours/bare, "x/bare")
}

// registered is the token of a client that has just registered itself.
func (p race) registered(b *testing.B) string {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, p.tenant.URL+"/am/oauth2/alpha/register", strings.NewReader(
		`{"redirect_uris":["http://127.0.0.1/"],"grant_types":["client_credentials"],"scope":"todo_api:read","token_endpoint_auth_method":"client_secret_basic"}`))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	var client struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	if err := json.Unmarshal(succeed(b, p.tenant.Client(), r), &client); err != nil || client.ID == "" || client.Secret == "" {
		b.Fatal(client.ID, err)
	}
	return p.token(b, client.ID, client.Secret)
}
