package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"aicmcp/mockaic"
)

// buildCommand compiles one of this repository's commands.
func buildCommand(t *testing.T, name string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), name)
	if output, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "aicmcp/cmd/"+name).CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", name, err, output)
	}
	return binary
}

// startTenant runs the built command mockaic, whose client may come back to any
// port unless the arguments name another seed, and returns its HTTPS address and
// the file of its certificate authority.
func startTenant(t *testing.T, args ...string) (address, caFile string) {
	t.Helper()
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	seed := filepath.Join("..", "..", "testdata", "tenants", "login")
	tenant := exec.CommandContext(t.Context(), buildCommand(t, "mockaic"), append([]string{"--http", "", "--https", "127.0.0.1:0", "--ca-file", caFile, "--seed", seed, "--json"}, args...)...)
	tenant.Cancel = func() error { return tenant.Process.Signal(os.Interrupt) }
	stdout, err := tenant.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := tenant.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tenant.Wait() })
	var at struct{ HTTPS string }
	if err := json.NewDecoder(stdout).Decode(&at); err != nil {
		t.Fatalf("the tenant's addresses: %v", err)
	}
	return at.HTTPS, caFile
}

// trusting is a transport that trusts the tenant's certificate authority.
func trusting(t *testing.T, caFile string) *http.Transport {
	t.Helper()
	roots := x509.NewCertPool()
	text, err := os.ReadFile(caFile)
	if err != nil || !roots.AppendCertsFromPEM(text) {
		t.Fatalf("CA file: %v", err)
	}
	return &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
}

// visitor opens the login address that the server prints, as a person would
// copy it from the terminal.
type visitor struct {
	t      *testing.T
	person mockaic.Person
	lines  io.Reader
}

func (v visitor) watch(ctx context.Context) {
	lines := bufio.NewScanner(v.lines)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		address := strings.TrimSpace(lines.Text())
		if !strings.HasPrefix(address, "http") || !strings.Contains(address, "/am/oauth2/authorize?") {
			if strings.Contains(address, "eyJ") {
				v.t.Errorf("a token on stderr: %s", address)
			}
			continue
		}
		page, err := v.person.Visit(ctx, address)
		if err != nil {
			v.t.Errorf("log in: %v", err)
			return
		}
		if page.Status != http.StatusOK || page.URL.Hostname() != "localhost" {
			v.t.Errorf("the login ended with %d at %s", page.Status, page.URL)
		}
	}
}

// connect starts the built server with a real MCP client at its other end.
func connect(t *testing.T, person mockaic.Person, env []string, args ...string) *mcp.ClientSession {
	t.Helper()
	server := exec.Command(buildCommand(t, "aic-mcp"), append(args, "--no-browser", "--log-level", "debug")...)
	server.Env = append(os.Environ(), env...)
	reader, writer := io.Pipe()
	server.Stderr = writer
	t.Cleanup(func() { writer.Close() })
	go visitor{t, person, reader}.watch(t.Context())
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	session, err := client.Connect(t.Context(), &mcp.CommandTransport{Command: server}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := session.Close(); err != nil {
			t.Errorf("end of the session: %v", err)
		}
	})
	return session
}

// call calls a tool that has to succeed.
func call(t *testing.T, session *mcp.ClientSession, tool string, arguments map[string]any) map[string]any {
	t.Helper()
	result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		t.Fatalf("%s: %v", tool, err)
	}
	answer, _ := result.StructuredContent.(map[string]any)
	if result.IsError {
		t.Fatalf("%s: %v", tool, answer)
	}
	if answer["transactionId"] == nil && tool != "getThemeSchema" {
		t.Errorf("%s: the answer has no transaction ID: %v", tool, answer)
	}
	return answer
}

// manageObjects makes someone, and takes them away again.
func manageObjects(t *testing.T, session *mcp.ClientSession) {
	t.Helper()
	const users = "alpha_user"
	if types := list(call(t, session, "listManagedObjects", nil), "types"); len(types) < 12 {
		t.Errorf("%d types", len(types))
	}
	if found := list(call(t, session, "queryManagedObjects", map[string]any{"objectType": users, "queryFilter": `userName eq "DEMO"`}), "objects"); len(found) != 1 {
		t.Errorf("found %v", found)
	}
	if required := list(call(t, session, "getManagedObjectSchema", map[string]any{"objectType": users}), "required"); len(required) != 4 {
		t.Errorf("required %v", required)
	}
	created := call(t, session, "createManagedObject", map[string]any{"objectType": users, "objectData": map[string]any{
		"userName": "e2e", "givenName": "End", "sn": "Toend", "mail": "e2e@example.com", "frIndexedInteger1": json.Number("9007199254740993"),
	}})
	id := created["id"]
	read := object(call(t, session, "getManagedObject", map[string]any{"objectType": users, "objectId": id}), "object")
	if read["userName"] != "e2e" {
		t.Errorf("read %v", read)
	}
	patched := object(call(t, session, "patchManagedObject", map[string]any{
		"objectType": users, "objectId": id, "revision": read["_rev"],
		"operations": []any{map[string]any{"operation": "replace", "field": "sn", "value": "To-End"}},
	}), "object")
	if patched["sn"] != "To-End" || patched["_rev"] == read["_rev"] {
		t.Errorf("patched %v", patched)
	}
	if deleted := call(t, session, "deleteManagedObject", map[string]any{"objectType": users, "objectId": id}); deleted["deletedId"] != id {
		t.Errorf("deleted %v", deleted)
	}
	result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "getManagedObject", Arguments: map[string]any{"objectType": users, "objectId": id}})
	if err != nil || !result.IsError || status(result.StructuredContent.(map[string]any)) != http.StatusNotFound {
		t.Errorf("after the deletion: %v %v", result, err)
	}
}

// TestARealClient runs the built server against the built tenant: stdio, HTTPS
// with the tenant's own certificate authority, and the pages of the login.
func TestARealClient(t *testing.T) {
	address, caFile := startTenant(t)
	person := mockaic.Person{UserName: "admin@example.com", Password: mockaic.Password, Transport: trusting(t, caFile)}
	session := connect(t, person, []string{
		"AIC_BASE_URL=" + address, "AIC_CA_FILE=" + caFile, "AIC_TOKEN_STORE=memory", "REDIRECT_URI_PORT=0",
	})
	manageObjects(t, session)
	bookshop(t, session)
	rebrand(t, session)
	install(t, session)
	configure(t, session)
	investigate(t, session)
	buildJourney(t, session)
	publish(t, session, address, person.Transport)
}

// TestTheEmbeddedTenant is the same with --mock, which needs no setting.
func TestTheEmbeddedTenant(t *testing.T) {
	session := connect(t, mockaic.Person{UserName: "admin@example.com", Password: mockaic.Password}, []string{"AIC_BASE_URL=", "AIC_CA_FILE=", "AIC_TOKEN_STORE="}, "--mock")
	manageObjects(t, session)
}

func TestReadOnlyLeavesOutWhatWrites(t *testing.T) {
	session := connect(t, mockaic.Person{}, nil, "--mock", "--read-only")
	tools, err := session.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, tool := range tools.Tools {
		names = append(names, tool.Name)
	}
	if got := fmt.Sprint(names); got != "[getAMScript getDynamicNodeOutcomes getJourney getJourneyPreviewUrl getLogSources getManagedObject getManagedObjectSchema getNodeTypeDetails getOidcApp getOidcAppSchema getScriptedDecisionNodeBindings getTheme getThemeSchema getThemes getVariable listFeatures listJourneys listManagedObjects listNodeTypes listOidcApps listScripts queryESVs queryLogs queryManagedObjects validateIdmFeature]" {
		t.Errorf("tools %s", got)
	}
}

func TestDemo(t *testing.T) {
	code, out, errs := runIt(t, nil, "demo")
	if code != 0 || errs != "" || strings.Contains(out, "✗") || strings.Count(out, "✓") < 10 || !strings.Contains(out, "refused: 412") || !strings.Contains(out, "refused: 403") {
		t.Errorf("code %d, stderr %q\n%s", code, errs, out)
	}
	if strings.Contains(out, mockaic.Password) || strings.Contains(out, "eyJ") {
		t.Error("the demo prints a secret")
	}
}

func TestRemoteDemo(t *testing.T) {
	code, out, errs := runIt(t, nil, "demo", "--remote")
	if code != 0 || errs != "" || strings.Contains(out, "✗") || strings.Count(out, "✓") < 12 || !strings.Contains(out, "insufficient_scope") {
		t.Errorf("code %d, stderr %q\n%s", code, errs, out)
	}
	if strings.Contains(out, mockaic.MCPClientSecret) || strings.Contains(out, "eyJ") {
		t.Error("the demo prints a secret")
	}
}
