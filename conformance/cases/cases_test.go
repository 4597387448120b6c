package cases

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	c "aicmcp/conformance"
	"aicmcp/mockaic"
)

// These name a tenant to test instead of the in-process one.
const (
	targetVariable = "AIC_CONFORMANCE_TARGET"
	bearerVariable = "AIC_CONFORMANCE_BEARER"
)

const devToken = "conformance-developer-token"

// testTarget is a target with a type for the cases, and whether all features
// must be there.
func testTarget(t *testing.T) (target c.Target, complete bool) {
	t.Helper()
	target = c.Target{Features: c.Features(), OAuth: c.DefaultOAuthClients()}
	if address := os.Getenv(targetVariable); address != "" {
		target.BaseURL, target.Bearer = address, os.Getenv(bearerVariable)
		target.Features = slices.DeleteFunc(target.Features, func(f c.Feature) bool { return f == c.FormLogin })
	} else {
		mock := mockaic.Start(t, mockaic.Seed("empty"), mockaic.DevToken(devToken))
		target.BaseURL, target.HTTPClient, target.Bearer = mock.URL, mock.Client(), devToken
		target.Username, target.Password = "admin@example.com", mockaic.Password
		complete = true
	}
	target.Session = newSession(t, target)
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
	return target, complete
}

func TestCases(t *testing.T) {
	target, complete := testTarget(t)
	var baseline c.Baseline
	if complete {
		baseline = readBaseline(t, "mockaic.txt")
	}
	var results []c.Result
	for _, oneCase := range All() {
		t.Run(oneCase.ID, func(t *testing.T) {
			result := c.Run(t.Context(), target, oneCase)
			results = append(results, result)
			report(t, baseline, result, complete)
		})
	}
	for _, problem := range baseline.Apply(All(), results) {
		t.Errorf("baseline: %s", problem)
	}
}

// report makes a test's outcome of a case's. Of a complete target nothing may
// be skipped, and a warning counts.
func report(t *testing.T, baseline c.Baseline, result c.Result, complete bool) {
	t.Helper()
	one := []c.Result{result}
	baseline.Apply(All(), one)
	if one[0].Known {
		t.Skipf("known failure: %s", one[0].Reason)
	}
	var text strings.Builder
	if err := c.NewReport("the target", one, nil).WriteText(&text); err != nil {
		t.Fatal(err)
	}
	switch {
	case result.Outcome == c.Pass:
	case result.Outcome == c.Skip && !complete:
		t.Skip(result.Reason)
	case result.Outcome == c.Warn && !complete:
		t.Log(text.String())
	default:
		t.Error(text.String())
	}
}

// TestNothingIsLeftBehind counts the objects before and after a run.
func TestNothingIsLeftBehind(t *testing.T) {
	target, complete := testTarget(t)
	if !complete {
		t.Skip("others may write to a shared tenant at the same time")
	}
	before := inventory(t, target)
	for _, oneCase := range All() {
		if oneCase.Writes {
			c.Run(t.Context(), target, oneCase)
		}
	}
	if after := inventory(t, target); !c.Same(before, after) {
		t.Errorf("objects by type before: %v, after: %v", before, after)
	}
}

func inventory(t *testing.T, target c.Target) map[string]int64 {
	t.Helper()
	found := map[string]int64{}
	err := c.Do(t.Context(), target, func(t *c.T) {
		for _, definition := range t.Get(managedConfig).List("objects") {
			name := c.Text(definition, "name")
			res := t.Get("/openidm/managed/"+name, c.Query("_queryFilter", "true"))
			if res.Status == http.StatusOK {
				found[name] = res.Number("resultCount")
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestReadOnly shows that a read-only run sends nothing that writes.
func TestReadOnly(t *testing.T) {
	if os.Getenv(targetVariable) != "" {
		t.Skip("the requests of a tenant elsewhere cannot be seen")
	}
	mock := mockaic.Start(t, mockaic.Seed("empty"), mockaic.DevToken(devToken))
	target := c.Target{
		BaseURL: mock.URL, HTTPClient: mock.Client(), Bearer: devToken, ReadOnly: true, Features: c.Features(),
		Username: "admin@example.com", Password: mockaic.Password, OAuth: c.DefaultOAuthClients(),
	}
	target.Session = newSession(t, target)
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
	for _, request := range mock.Requests() {
		if request.Method != http.MethodGet && !strings.HasPrefix(request.Path, "/am/") {
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
