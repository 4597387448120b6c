package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aicmcp/conformance/cases"
	"aicmcp/mockaic"
)

const token = "developer-token-of-the-test"

// invoke runs the command with an environment.
func invoke(ctx context.Context, env map[string]string, args ...string) (status int, stdout, stderr string) {
	var out, err strings.Builder
	status = run(ctx, args, func(name string) string { return env[name] }, &out, &err)
	return status, out.String(), err.String()
}

func startTenant(t *testing.T) *mockaic.Tenant {
	t.Helper()
	return mockaic.Start(t, mockaic.Seed("empty"), mockaic.DevToken(token), mockaic.RestartTime(0), mockaic.LogRate(1_000_000))
}

func withBearer() map[string]string {
	return map[string]string{"AIC_CONFORMANCE_BEARER": token, "AIC_CONFORMANCE_PASSWORD": mockaic.Password}
}

func TestList(t *testing.T) {
	status, out, _ := invoke(t.Context(), nil, "list")
	if lines := strings.Count(out, "\n"); status != good || lines != len(cases.All()) {
		t.Errorf("status %d, %d lines for %d cases", status, lines, len(cases.All()))
	}
	status, out, _ = invoke(t.Context(), nil, "list", "--json", "--only", "managed/create")
	type shown struct{ ID, Level, Title, Ref string }
	var got []shown
	if err := json.Unmarshal([]byte(out), &got); err != nil || status != good || len(got) == 0 {
		t.Fatalf("status %d, %v: %s", status, err, out)
	}
	for _, c := range got {
		if !strings.HasPrefix(c.ID, "managed/create/") || c.Level == "" || c.Title == "" || c.Ref == "" {
			t.Errorf("got %+v", c)
		}
	}
}

func TestUsage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "baseline.txt")
	if err := os.WriteFile(file, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	const target = "--target=http://localhost:1"
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, "Usage"},
		{[]string{"walk"}, "Usage"},
		{[]string{"list", "more"}, "unexpected argument"},
		{[]string{"list", "--only", "nothing"}, "no case matches"},
		{[]string{"run"}, "--target is missing"},
		{[]string{"run", "--target", "tenant"}, "not an address"},
		{[]string{"run", "--target", "https://h/path"}, "without a path"},
		{[]string{"run", "--target", "http://tenant.example.com"}, "must be https"},
		{[]string{"run", target, "--bearer-env", "NONE"}, "set NONE"},
		{[]string{"run", target, "--user", "a", "--password-env", "NONE"}, "set NONE"},
		{[]string{"run", target, "--format", "pdf"}, "text, json or junit"},
		{[]string{"run", target, "--without", "magic"}, "the features are"},
		{[]string{"run", target, "--with", "magic"}, "to ask for are restart"},
		{[]string{"run", target, "--with", "esvs"}, "to ask for are restart"},
		{[]string{"run", target, "--clock", "http://tenant.example.com/clock"}, "--clock"},
		{[]string{"run", target, "--mcp-server", "http://mcp.example.com/mcp"}, "--mcp-server"},
		{[]string{"run", target, "--mcp-server", "https://mcp.example.com/mcp?a=b"}, "without a query"},
		{[]string{"run", target, "--with", "remote-rate"}, "needs --mcp-server"},
		{[]string{"run", target, "--timeout", "0s"}, "positive"},
		{[]string{"run", target, "--ca-file", "none.pem"}, "--ca-file"},
		{[]string{"run", target, "--ca-file", file}, "no PEM certificate"},
		{[]string{"run", target, "--baseline", "none.txt"}, "--baseline"},
		{[]string{"run", target, "--baseline", file}, "line 1"},
		{[]string{"run", target, "--only", "["}, "pattern"},
		{[]string{"run", target, "--nonsense"}, "nonsense"},
	} {
		status, out, err := invoke(t.Context(), withBearer(), test.args...)
		if status != broken || !strings.Contains(err, test.want) || out != "" {
			t.Errorf("%v: status %d, output %q, errors %q; want %q", test.args, status, out, err, test.want)
		}
	}
	for _, args := range [][]string{{"help"}, {"run", "-h"}} {
		if status, out, err := invoke(t.Context(), nil, args...); status != good || out+err == "" {
			t.Errorf("%v: status %d", args, status)
		}
	}
}

// knownOfFake is what the fake tenant is known to fail.
const knownOfFake = "../../testdata/baseline/mockaic.txt"

func TestRunWhole(t *testing.T) {
	if testing.Short() {
		t.Skip("TestCases runs the same cases")
	}
	mock, mcpServer := startRemote(t)
	admin := httptest.NewServer(mock.Admin())
	defer admin.Close()
	status, out, errors := invoke(t.Context(), withBearer(), "run", "--target", mock.URL+"/", "--user", "admin@example.com",
		"--mcp-server", mcpServer, "--with", "restart,provider-settings,remote-tenant,remote-introspection,remote-rate", "--clock", admin.URL+"/clock", "--format", "json", "--baseline", knownOfFake)
	var report struct {
		Counts  map[string]int
		Target  string
		Results []map[string]any
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v: %s%s", err, out, errors)
	}
	if status != good || report.Counts["pass"]+report.Counts["known"] != len(cases.All()) || report.Target != mock.URL {
		t.Errorf("status %d, report %+v", status, report)
		for _, result := range report.Results {
			if result["outcome"] != "pass" {
				t.Errorf("%v: %v", result["id"], result["failures"])
			}
		}
	}
	if strings.Contains(out+errors, token) || strings.Contains(out+errors, mockaic.Password) {
		t.Error("a secret is in the output")
	}
}

func TestRunSkipsAndReadsOnly(t *testing.T) {
	mock := startTenant(t)
	status, out, _ := invoke(t.Context(), nil, "run", "--target", mock.URL, "--bearer", token, "--read-only", "--without", "exchange,tools", "--baseline", knownOfFake)
	if status != good || !strings.Contains(out, "skip   managed/create/post") || !strings.Contains(out, "skip   oauth/code/exchange") || !strings.Contains(out, " 0 error") {
		t.Errorf("status %d:\n%s", status, out)
	}
	for _, r := range mock.Requests() {
		// Tokens and AM's actions that only tell something are asked for by POST.
		asks := r.Method == http.MethodPost && strings.HasPrefix(r.Path, "/am/")
		if r.Method != http.MethodGet && !asks {
			t.Errorf("%s %s was sent", r.Method, r.Path)
		}
	}
}

// TestRestartOnRequest shows that a run restarts nothing unless it is told to.
func TestRestartOnRequest(t *testing.T) {
	const restart = "esv/restart/loads"
	for _, test := range []struct {
		args     []string
		want     string
		restarts int
	}{
		{nil, "skip   " + restart, 0},
		{[]string{"--with", "restart", "--read-only"}, "skip   " + restart, 0},
		{[]string{"--with", "restart", "--without", "restart"}, "skip   " + restart, 0},
		{[]string{"--with", "restart"}, "pass   " + restart, 1},
	} {
		mock := startTenant(t)
		args := append([]string{"run", "--target", mock.URL, "--only", restart, "--verbose"}, test.args...)
		status, _, errors := invoke(t.Context(), withBearer(), args...)
		restarts := 0
		for _, r := range mock.Requests() {
			if r.Path == "/environment/startup" && r.Method == http.MethodPost {
				restarts++
			}
		}
		if status != good || restarts != test.restarts || !strings.Contains(errors, test.want) {
			t.Errorf("%v: status %d, %d restarts: %s", test.args, status, restarts, errors)
		}
	}
}

func TestRunWithBaseline(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	dir := t.TempDir()
	baseline, output := filepath.Join(dir, "baseline.txt"), filepath.Join(dir, "report.xml")
	args := []string{"run", "--target", srv.URL, "--only", "managed/read/missing", "--baseline", baseline, "--format", "junit", "--output", output}
	for text, want := range map[string]int{
		"# nothing is known\n":            failed,
		"managed/read/missing # no IDM\n": good,
		"managed/read/mising # a typo\n":  failed,
	} {
		if err := os.WriteFile(baseline, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		status, out, errors := invoke(t.Context(), withBearer(), args...)
		if status != want || out != "" {
			t.Errorf("%q: status %d, want %d; output %s%s", text, status, want, out, errors)
		}
	}
	data, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	var suite struct {
		Tests int `xml:"tests,attr"`
	}
	if err := xml.Unmarshal(data, &suite); err != nil || suite.Tests == 0 {
		t.Errorf("%v: %s", err, data)
	}
	mock := startTenant(t)
	args[2] = mock.URL
	if err := os.WriteFile(baseline, []byte("managed/read/missing # no longer so\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, out, _ := invoke(t.Context(), withBearer(), args...); status != failed {
		t.Errorf("an entry that passes: status %d\n%s", status, out)
	}
}

func TestRunBroken(t *testing.T) {
	// Nothing listens on this port.
	status, _, errors := invoke(t.Context(), withBearer(), "run", "--target", "http://127.0.0.1:1", "--only", "managed/read/missing")
	if status != broken || !strings.Contains(errors, "no answer") {
		t.Errorf("no listener: status %d: %s", status, errors)
	}
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	status, _, errors = invoke(t.Context(), withBearer(), "run", "--target", srv.URL, "--only", "managed/patch/append")
	if status != broken || !strings.Contains(errors, "--open-type") {
		t.Errorf("no type can be added: status %d: %s", status, errors)
	}
	status, _, errors = invoke(t.Context(), withBearer(), "run", "--target", srv.URL, "--only", "managed/patch/append", "--open-type", "mine")
	if status != failed {
		t.Errorf("a type is named: status %d: %s", status, errors)
	}
	interrupted, stop := context.WithCancel(t.Context())
	stop()
	status, _, errors = invoke(interrupted, withBearer(), "run", "--target", srv.URL, "--only", "managed/read/missing")
	if status != broken || !strings.Contains(errors, "interrupted") {
		t.Errorf("interrupted: status %d: %s", status, errors)
	}
}

// front passes requests on to a tenant, but for those that it answers itself.
func front(t *testing.T, mock *mockaic.Tenant, answers func(w http.ResponseWriter, r *http.Request) bool) string {
	t.Helper()
	tenant, err := url.Parse(mock.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(tenant)
		r.Out.Host = r.In.Host
	}}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !answers(w, r) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// TestRemovalRefused lets the removal of the run's type fail: the report is
// written all the same, and the run fails.
func TestRemovalRefused(t *testing.T) {
	address := front(t, startTenant(t), func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPatch || r.URL.Path != "/openidm/config/managed" {
			return false
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if !bytes.Contains(body, []byte(`"remove"`)) {
			return false
		}
		http.Error(w, `{"code":403,"reason":"Forbidden","message":"Access denied"}`, http.StatusForbidden)
		return true
	})
	status, out, errors := invoke(t.Context(), withBearer(), "run", "--target", address, "--only", "managed/read/object")
	if status != broken || !strings.Contains(out, "pass   managed/read/object") {
		t.Errorf("status %d, report %s", status, out)
	}
	if !strings.Contains(errors, "by hand") || !strings.Contains(errors, "conformance_") || !strings.Contains(errors, "403") {
		t.Errorf("errors: %s", errors)
	}
}

// TestObjectsLeftBehind lets the deletion of objects fail.
func TestObjectsLeftBehind(t *testing.T) {
	address := front(t, startTenant(t), func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodDelete {
			http.Error(w, "{}", http.StatusForbidden)
		}
		return r.Method == http.MethodDelete
	})
	baseline := filepath.Join(t.TempDir(), "baseline.txt")
	if err := os.WriteFile(baseline, []byte("managed/create/post # known\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, out, _ := invoke(t.Context(), withBearer(), "run", "--target", address, "--only", "managed/create/post", "--baseline", baseline)
	if status != broken || !strings.Contains(out, "error  managed/create/post") || !strings.Contains(out, "was left behind") {
		t.Errorf("status %d, report %s", status, out)
	}
}

func TestBearerRefused(t *testing.T) {
	mock := startTenant(t)
	status, out, errors := invoke(t.Context(), nil, "run", "--target", mock.URL, "--bearer", "of another tenant")
	if status != broken || out != "" || !strings.Contains(errors, "does not accept the bearer") {
		t.Errorf("status %d: %s%s", status, out, errors)
	}
	if n := len(mock.Requests()); n != 1 {
		t.Errorf("%d requests", n)
	}
}

// TestBearerOfTooFewAPIs shows that a run which needs another API says so at once.
func TestBearerOfTooFewAPIs(t *testing.T) {
	for _, test := range []struct {
		path, cases, want, without string
		status                     int
	}{
		{"/am/json/", "scripts/read/members", "fr:am:*", "scripts", http.StatusForbidden},
		{"/am/json/", "clients/list/envelope", "fr:am:*", "oauth-clients", http.StatusForbidden},
		{"/am/json/", "realms/list", "fr:am:*", "realms", http.StatusUnauthorized},
		{"/am/json/", "journeys/stock/wiring", "fr:am:*", "journeys", http.StatusForbidden},
		{"/environment/", "esv/startup", "fr:idc:esv:*", "esvs", http.StatusForbidden},
		{"/monitoring/", "logs/sources", "fr:idc:monitoring:*", "logs", http.StatusUnauthorized},
		{"/keys", "logs/access/key", "an administrator's", "log-keys", http.StatusForbidden},
	} {
		address := front(t, startTenant(t), func(w http.ResponseWriter, r *http.Request) bool {
			closed := strings.HasPrefix(r.URL.Path, test.path)
			if closed {
				http.Error(w, `{"code":403,"message":"insufficient scope"}`, test.status)
			}
			return closed
		})
		status, out, errors := invoke(t.Context(), withBearer(), "run", "--target", address, "--only", test.cases)
		if status != broken || out != "" || !strings.Contains(errors, test.want) || !strings.Contains(errors, "--without "+test.without) {
			t.Errorf("%s: status %d: %s%s", test.path, status, out, errors)
		}
		for _, args := range [][]string{{"--only", "info/ping"}, {"--only", test.cases, "--without", test.without}} {
			if status, _, errors := invoke(t.Context(), withBearer(), append([]string{"run", "--target", address}, args...)...); status != good {
				t.Errorf("%v: status %d: %s", args, status, errors)
			}
		}
	}
}

func TestOutputIsOpenedFirst(t *testing.T) {
	mock := startTenant(t)
	status, _, errors := invoke(t.Context(), withBearer(), "run", "--target", mock.URL, "--output", filepath.Join(t.TempDir(), "no", "report"))
	if status != broken || !strings.Contains(errors, "--output") {
		t.Errorf("status %d: %s", status, errors)
	}
	for _, r := range mock.Requests() {
		if r.Method != http.MethodGet {
			t.Errorf("%s %s was sent", r.Method, r.Path)
		}
	}
}

func TestProgress(t *testing.T) {
	mock := startTenant(t)
	args := []string{"run", "--target", mock.URL, "--only", "managed/read/missing"}
	if _, _, errors := invoke(t.Context(), withBearer(), args...); errors != "" {
		t.Errorf("a case that passes is told: %s", errors)
	}
	if _, _, errors := invoke(t.Context(), withBearer(), append(args, "--verbose")...); errors != "1 of 1: pass   managed/read/missing\n" {
		t.Errorf("got %q", errors)
	}
}

// TestShortTimeout shows that the type of a run has time of its own.
func TestShortTimeout(t *testing.T) {
	mock := startTenant(t)
	_, _, errors := invoke(t.Context(), withBearer(), "run", "--target", mock.URL, "--timeout", "400ms", "--only", "managed/read/object")
	if strings.Contains(errors, "managed object type") {
		t.Error(errors)
	}
}
