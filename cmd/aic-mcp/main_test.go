package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// runAsMain makes the test binary be the program.
const runAsMain = "AIC_MCP_TEST_RUN_AS_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(runAsMain) != "" {
		main()
	}
	os.Exit(m.Run())
}

func runIt(t *testing.T, env map[string]string, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), args, streams{strings.NewReader(""), &stdout, &stderr}, func(k string) string { return env[k] })
	return code, stdout.String(), stderr.String()
}

func TestUsageMistakes(t *testing.T) {
	for _, tc := range []struct {
		env  map[string]string
		args []string
		want string
	}{
		{nil, nil, "AIC_BASE_URL is not set"},
		{map[string]string{"AIC_BASE_URL": "http://tenant.example"}, nil, "AIC_BASE_URL must be https"},
		{nil, []string{"login"}, "AIC_BASE_URL is not set"},
		{map[string]string{"AIC_BASE_URL": "tenant.example", "AIC_TOKEN_STORE": "memory"}, []string{"login"}, "forgotten at once"},
		{map[string]string{"AIC_BASE_URL": "https://u:secret@["}, nil, "must not hold a user name"},
		{map[string]string{"AIC_BASE_URL": "tenant.example"}, []string{"--read-only=maybe"}, "must be true or false"},
		{nil, []string{"--mock", "--base-url", "tenant.example"}, "leave out --base-url"},
		{nil, []string{"--nonsense"}, "-nonsense"},
		{nil, []string{"--read-only", "extra"}, `unexpected argument "extra"`},
		{nil, []string{"nonsense"}, `no command "nonsense"`},
		{nil, []string{"docs", "a", "b"}, `unexpected argument "b"`},
		{nil, []string{"docs", "/does/not/exist"}, "/does/not/exist"},
	} {
		code, out, errs := runIt(t, tc.env, tc.args...)
		if code != 2 || out != "" || !strings.Contains(errs, tc.want) || strings.Count(errs, "\n") != 1 || strings.Contains(errs, "secret") {
			t.Errorf("%v: code %d, stdout %q, stderr %q", tc.args, code, out, errs)
		}
	}
}

func TestHelpAndVersion(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"login", "-h"}, {"version"}, {"docs", "--help"}} {
		if code, out, errs := runIt(t, nil, args...); code != 0 || out == "" || errs != "" {
			t.Errorf("%v: code %d, stdout %q, stderr %q", args, code, out, errs)
		}
	}
	_, out, _ := runIt(t, nil, "--help")
	for _, want := range []string{"AIC_BASE_URL", "REDIRECT_URI_PORT", "logout"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in the help", want)
		}
	}
}

func TestServingEndsWithStdin(t *testing.T) {
	env := map[string]string{"AIC_BASE_URL": "localhost:1", "AIC_TOKEN_STORE": "memory"}
	if code, out, errs := runIt(t, env); code != 0 || out != "" {
		t.Errorf("code %d, stdout %q, stderr %q", code, out, errs)
	}
}

func TestLogout(t *testing.T) {
	env := map[string]string{"AIC_BASE_URL": "tenant.example", "AIC_TOKEN_STORE": "memory"}
	if code, out, errs := runIt(t, env, "logout"); code != 0 || !strings.Contains(out, "tenant.example") {
		t.Errorf("code %d, stdout %q, stderr %q", code, out, errs)
	}
}

func TestDocs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "README.md")
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(readme), "| `getThemes` |", "| `getTheme` |", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		args []string
		code int
	}{
		{[]string{"docs", "--check", path}, 1},
		{[]string{"docs", path}, 0},
		{[]string{"docs", "--check", path}, 0},
	} {
		if code, _, errs := runIt(t, nil, step.args...); code != step.code {
			t.Errorf("%v: code %d, %s", step.args, code, errs)
		}
	}
}

// A call that waits for a login must not keep the process.
func TestSIGTERMDuringACall(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no SIGTERM")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "--no-browser")
	cmd.Env = append(os.Environ(), runAsMain+"=1", "AIC_BASE_URL=tenant.example", "AIC_TOKEN_STORE=memory", "REDIRECT_URI_PORT=0")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(stdin, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"listManagedObjects","arguments":{}}}
`)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	for lines.Scan() && !strings.Contains(lines.Text(), "https://tenant.example/am/oauth2/authorize?") {
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, stderr) }()
	out, err := io.ReadAll(stdout)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the process ended with %v", err)
	}
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, `{"jsonrpc":"2.0"`) {
			t.Errorf("stdout has %q", line)
		}
	}
}
