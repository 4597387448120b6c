package cases

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	c "aicmcp/conformance"
	"aicmcp/mockaic"
)

const (
	devToken = "conformance-developer-token"
	// noLimit is a rate that no run gets to.
	noLimit = 1_000_000
)

// testTarget is the in-process tenant with a type for the cases.
func testTarget(t *testing.T) c.Target {
	t.Helper()
	target, _ := bareTarget(t)
	name, remove, err := AddOpenType(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The test's own context is over by now.
		if err := remove(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	target.OpenType = name
	return target
}

// bareTarget is the in-process tenant, with a remote MCP server and its API.
func bareTarget(t *testing.T) (c.Target, remoteTarget) {
	t.Helper()
	remote := startRemote(t, nil)
	mock := remote.tenant
	t.Cleanup(func() { remote.todos.checkLeftBehind(t) })
	target := c.Target{
		BaseURL: mock.URL, HTTPClient: mock.Client(), Bearer: devToken, Features: c.Features(), MCP: remote.url,
		Username: "admin@example.com", Password: mockaic.Password, OAuth: c.DefaultOAuthClients(), Advance: clockOf(mock),
	}
	target.Session = newSession(t, target)
	return target, remote
}

// clockOf moves the clock of a tenant.
func clockOf(mock *mockaic.Tenant) func(context.Context, time.Duration) error {
	return func(_ context.Context, d time.Duration) error {
		mock.Advance(d)
		return nil
	}
}

func TestCases(t *testing.T) {
	target, baseline := testTarget(t), readBaseline(t, "mockaic.txt")
	var results []c.Result
	for _, oneCase := range All() {
		t.Run(oneCase.ID, func(t *testing.T) {
			result := c.Run(t.Context(), target, oneCase)
			results = append(results, result)
			report(t, baseline, result)
		})
	}
	for _, problem := range baseline.Apply(All(), results) {
		t.Errorf("baseline: %s", problem)
	}
}

// report makes a test's outcome of a case's. Nothing may be skipped, and a
// warning counts.
func report(t *testing.T, baseline c.Baseline, result c.Result) {
	t.Helper()
	one := []c.Result{result}
	baseline.Apply(All(), one)
	if one[0].Known {
		t.Skipf("known failure: %s", one[0].Reason)
	}
	if result.Outcome == c.Pass {
		return
	}
	var text strings.Builder
	if err := c.NewReport("the target", one, nil).WriteText(&text); err != nil {
		t.Fatal(err)
	}
	t.Error(text.String())
}

// TestNothingIsLeftBehind counts the objects, documents, themes, scripts, OAuth clients, CORS
// entries and ESVs before and after a run.
func TestNothingIsLeftBehind(t *testing.T) {
	if testing.Short() {
		t.Skip("TestCases runs the same cases")
	}
	target := testTarget(t)
	before := inventory(t, target)
	for _, oneCase := range All() {
		if oneCase.Writes {
			c.Run(t.Context(), target, oneCase)
		}
	}
	if after := inventory(t, target); !c.Same(before, after) {
		t.Errorf("objects by collection before: %v, after: %v", before, after)
	}
}

func inventory(t *testing.T, target c.Target) map[string]int64 {
	t.Helper()
	found := map[string]int64{}
	err := c.Do(t.Context(), target, func(t *c.T) {
		collections := []string{internalRoles, configuration, userMeta, "/openidm/managed/bravo_usermeta", variables, secrets, logKeys, serviceAccounts}
		for _, definition := range t.Get(managedConfig).List("objects") {
			collections = append(collections, "/openidm/managed/"+c.Text(definition, "name"))
		}
		for _, collection := range collections {
			res := t.Get(collection, c.Query("_queryFilter", "true"))
			if res.Status == http.StatusOK {
				found[collection] = res.Number("resultCount")
			}
		}
		for _, one := range []api{journeys, designs, corsEntries} {
			found[one.path] = one.find(t, "true").Number("resultCount")
		}
		found["length of the settings of alpha's provider"] = int64(len(oauthProvider.read(t).Raw))
		found[allNodes.path] = int64(len(allNodes.act(t, "nextdescendents").List("result")))
		for _, realm := range []string{"alpha", "bravo"} {
			for _, resource := range []api{scripts, clients} {
				inRealm := resource.in("/realms/root/realms/" + realm)
				found[inRealm.path] = inRealm.find(t, "true").Number("resultCount")
			}
			found["themes of "+realm] = int64(len(themesOf(t, realm)))
			found["default themes of "+realm] = int64(len(defaultsIn(themesOf(t, realm))))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestReadOnly shows that a read-only run sends nothing that writes.
func TestReadOnly(t *testing.T) {
	target, remote := bareTarget(t)
	target.ReadOnly = true
	passed := 0
	for _, oneCase := range All() {
		switch result := c.Run(t.Context(), target, oneCase); {
		case oneCase.Writes && result.Outcome != c.Skip:
			t.Errorf("%s is not skipped", oneCase.ID)
		case result.Outcome == c.Pass:
			passed++
		}
	}
	if passed == 0 {
		t.Error("no case passed")
	}
	for _, request := range remote.tenant.Requests() {
		// Logins, tokens and AM's actions that only tell something are asked for by POST.
		asks := request.Method == http.MethodPost && strings.HasPrefix(request.Path, "/am/")
		if request.Method != http.MethodGet && !asks {
			t.Errorf("%s %s was sent", request.Method, request.Path)
		}
	}
}

func TestDeclarations(t *testing.T) {
	if err := c.Validate(All()); err != nil {
		t.Error(err)
	}
}

func readBaseline(t *testing.T, name string) c.Baseline {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "..", "testdata", "baseline", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	baseline, err := c.ReadBaseline(file)
	if err != nil {
		t.Fatal(err)
	}
	return baseline
}
