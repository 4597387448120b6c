package server_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"aicmcp/mockaic"
	"aicmcp/server"
	"aicmcp/server/auth"
)

// distant reaches a tenant with random latency each way, in a bubble's time.
type distant struct {
	tenant http.Handler
	mu     sync.Mutex
	chance *rand.Rand
}

func (d *distant) way() {
	d.mu.Lock()
	latency := time.Duration(d.chance.Int64N(int64(450 * time.Millisecond)))
	d.mu.Unlock()
	time.Sleep(latency)
}

func (d *distant) RoundTrip(r *http.Request) (*http.Response, error) {
	d.way()
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	// The token for development is taken from the loopback interface only.
	seen := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), bytes.NewReader(body))
	seen.Header = r.Header.Clone()
	seen.RemoteAddr = "127.0.0.1:1024"
	w := httptest.NewRecorder()
	d.tenant.ServeHTTP(w, seen)
	d.way()
	return w.Result(), nil
}

// process is a server of its own, with a client.
func process(t *testing.T, ctx context.Context, transport http.RoundTripper) *mcp.ClientSession {
	t.Helper()
	connector, err := server.NewConnector(server.ConnectorOptions{
		BaseURL: &url.URL{Scheme: "http", Host: "localhost"}, HTTPClient: &http.Client{Transport: transport}, Bearers: auth.Static(bearer),
	})
	if err != nil {
		t.Fatal(err)
	}
	srv, err := server.New(ctx, server.Options{Connector: connector})
	if err != nil {
		t.Fatal(err)
	}
	here, there := mcp.NewInMemoryTransports()
	ss, err := srv.Connect(ctx, there, nil)
	if err != nil {
		t.Fatal(err)
	}
	cs, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).Connect(ctx, here, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cs.Close()
		_ = ss.Wait()
	})
	return cs
}

// answerOf is the result of a tool: the structure and the text.
func answerOf(t *testing.T, cs *mcp.ClientSession, tool string, arguments map[string]any) (map[string]any, string) {
	result, err := cs.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		t.Errorf("%s: %v", tool, err)
		return nil, ""
	}
	answer, _ := result.StructuredContent.(map[string]any)
	return answer, result.Content[0].(*mcp.TextContent).Text
}

// Two servers that know nothing of each other make themes in one realm, many
// at once: each is there in the end, or its maker was told of a collision.
func TestNoThemeThatWasMadeIsLost(t *testing.T) {
	for seed := range uint64(5) {
		synctest.Test(t, func(t *testing.T) {
			tenant, err := mockaic.New(mockaic.Seed("empty"), mockaic.DevToken(bearer), mockaic.Chance(seed))
			if err != nil {
				t.Fatal(err)
			}
			transport := &distant{tenant: tenant, chance: rand.New(rand.NewPCG(seed, 2))}
			var mu sync.Mutex
			made := map[string]string{}
			collided := 0
			var wg sync.WaitGroup
			var last *mcp.ClientSession
			for p := range 2 {
				cs := process(t, t.Context(), transport)
				last = cs
				for i := range 20 {
					wg.Go(func() {
						name := fmt.Sprintf("%d-%d", p, i)
						answer, text := answerOf(t, cs, "createTheme", map[string]any{"realm": "alpha", "themeData": map[string]any{"name": name}})
						mu.Lock()
						defer mu.Unlock()
						switch {
						case answer["error"] == nil:
							made[name], _ = answer["id"].(string)
						case strings.HasPrefix(text, "Collision"):
							collided++
						default:
							t.Errorf("%s: %s", name, text)
						}
					})
				}
			}
			wg.Wait()
			there, _ := answerOf(t, last, "getThemes", map[string]any{"realm": "alpha"})
			ids := map[string]string{}
			list, _ := there["themes"].([]any)
			for _, e := range list {
				name, _ := at(e, "name").(string)
				ids[name], _ = at(e, "_id").(string)
			}
			for name, id := range made {
				if ids[name] != id {
					t.Errorf("seed %d: theme %s is lost", seed, name)
				}
			}
			if len(made) == 0 || collided == 0 {
				t.Errorf("seed %d: %d made, %d collided", seed, len(made), collided)
			}
		})
	}
}

// Callers of one server who change different fields are not told of each other,
// and of two who add the same relationship one is refused.
func TestCallersOfOneServerTakeTurns(t *testing.T) {
	for seed := range uint64(3) {
		synctest.Test(t, func(t *testing.T) {
			tenant, err := mockaic.New(mockaic.Seed("empty"), mockaic.DevToken(bearer), mockaic.Chance(seed))
			if err != nil {
				t.Fatal(err)
			}
			cs := process(t, t.Context(), &distant{tenant: tenant, chance: rand.New(rand.NewPCG(seed, 3))})
			theme := func(tool string, more map[string]any) {
				more["realm"] = "alpha"
				if answer, text := answerOf(t, cs, tool, more); answer["error"] != nil {
					t.Errorf("seed %d: %s %v: %s", seed, tool, more, text)
				}
			}
			theme("createTheme", map[string]any{"themeData": map[string]any{"name": "one"}})
			theme("createTheme", map[string]any{"themeData": map[string]any{"name": "two"}})
			fields := []string{"textColor", "linkColor", "primaryColor"}
			var wg sync.WaitGroup
			for _, field := range fields {
				wg.Go(func() {
					theme("updateTheme", map[string]any{"themeIdentifier": "one", "themeUpdates": map[string]any{field: "#123456"}})
				})
			}
			wg.Go(func() { theme("setDefaultTheme", map[string]any{"themeIdentifier": "two"}) })
			added := 0
			var mu sync.Mutex
			for range 2 {
				wg.Go(func() {
					answer, _ := answerOf(t, cs, "patchManagedObjectRelationship", map[string]any{
						"objectType": "alpha_role", "propertyName": "custom_friend", "action": "add",
						"propertyDefinition": map[string]any{"type": "relationship", "resourceCollection": []any{map[string]any{"path": "managed/alpha_user"}}},
					})
					mu.Lock()
					defer mu.Unlock()
					if answer["error"] == nil {
						added++
					}
				})
			}
			wg.Wait()
			one, _ := answerOf(t, cs, "getTheme", map[string]any{"realm": "alpha", "themeIdentifier": "one"})
			for _, field := range fields {
				if at(one, "theme", field) != "#123456" {
					t.Errorf("seed %d: %s is lost: %v", seed, field, one)
				}
			}
			if added != 1 {
				t.Errorf("seed %d: added %d times", seed, added)
			}
		})
	}
}
