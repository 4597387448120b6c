package tool

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"aicmcp/server/rest"
)

// todo connects to an API for tests.
type todo struct{ base *url.URL }

func (t todo) Client(context.Context, []Scope) (*rest.Client, error) {
	return rest.New(rest.Options{
		API:     "the Todo API",
		BaseURL: t.base,
		Token:   func(context.Context) (string, error) { return "t", nil },
	})
}

// thrice is a tool that sends three requests.
var thrice = Define(Spec{Name: "thrice", Scopes: []Scope{"todo"}, Effect: ReadOnly}, func(ctx context.Context, c *rest.Client, _ struct{}) (testOutput, error) {
	for range 3 {
		if _, err := c.Anything(ctx, rest.Request{Method: http.MethodGet, Path: "/"}); err != nil {
			return testOutput{}, err
		}
	}
	return testOutput{Items: []rest.Object{}}, nil
})

// session connects a client to a server with the tool thrice.
func session(t *testing.T, opts *mcp.ClientOptions, sending ...mcp.Middleware) *mcp.ClientSession {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(api.Close)
	base, err := url.Parse(api.URL)
	if err != nil {
		t.Fatal(err)
	}
	srv := mcp.NewServer(&mcp.Implementation{Name: "server", Version: "1"}, nil)
	srv.AddSendingMiddleware(sending...)
	thrice.Register(srv, todo{base}, slog.New(slog.DiscardHandler))
	serverEnd, clientEnd := mcp.NewInMemoryTransports()
	if _, err := srv.Connect(t.Context(), serverEnd, nil); err != nil {
		t.Fatal(err)
	}
	cs, err := mcp.NewClient(&mcp.Implementation{Name: "client", Version: "1"}, opts).Connect(t.Context(), clientEnd, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cs.Close() })
	return cs
}

func TestProgressIsReportedToThoseWhoAsk(t *testing.T) {
	told := make(chan mcp.ProgressNotificationParams, 10)
	cs := session(t, &mcp.ClientOptions{
		ProgressNotificationHandler: func(_ context.Context, req *mcp.ProgressNotificationClientRequest) { told <- *req.Params },
	})
	// The first call asks for nothing, so all that is told is the second's.
	for _, meta := range []mcp.Meta{nil, {"progressToken": "p-1"}} {
		res, err := cs.CallTool(t.Context(), &mcp.CallToolParams{Meta: meta, Name: "thrice"})
		if err != nil || res.IsError {
			t.Fatalf("result %+v, error %v", res, err)
		}
	}
	for n := range 3 {
		got := <-told
		if got.ProgressToken != "p-1" || got.Progress != float64(n+1) || got.Total != 0 || got.Message != "asked the Todo API" {
			t.Errorf("told %+v", got)
		}
	}
	if len(told) > 0 {
		t.Errorf("told %+v too", <-told)
	}
}

func TestProgressThatCannotBeReported(t *testing.T) {
	var tried int
	cs := session(t, nil, func(next mcp.MethodHandler) mcp.MethodHandler {
		return func(ctx context.Context, method string, req mcp.Request) (mcp.Result, error) {
			if method == "notifications/progress" {
				tried++
				return nil, errors.New("nobody listens")
			}
			return next(ctx, method, req)
		}
	})
	res, err := cs.CallTool(t.Context(), &mcp.CallToolParams{Meta: mcp.Meta{"progressToken": 7}, Name: "thrice"})
	if err != nil || res.IsError || tried != 3 {
		t.Errorf("result %+v, error %v, tried %d", res, err, tried)
	}
}
