package server

import (
	"encoding/pem"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func load(t *testing.T, env map[string]string, args ...string) (Config, error) {
	t.Helper()
	s := NewSettings(func(k string) string { return env[k] })
	fs := flag.NewFlagSet("x", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	s.Flags(fs)
	if err := fs.Parse(args); err != nil {
		t.Fatal(err)
	}
	return s.Config()
}

func TestBaseURL(t *testing.T) {
	for in, want := range map[string]string{
		"openam-x.forgeblocks.com":       "https://openam-x.forgeblocks.com",
		"https://Tenant.Example.com/":    "https://tenant.example.com",
		"https://tenant.example.com:443": "https://tenant.example.com",
		"http://127.0.0.1:8080":          "http://127.0.0.1:8080",
		"http://localhost":               "http://localhost",
		"localhost:8443":                 "https://localhost:8443",
		"http://[::1]:8080/":             "http://[::1]:8080",
		"http://tenant.example.com":      "!https",
		"https://tenant.example.com:444": "!port",
		"https://localhost.evil.com:444": "!port",
		"http://127.0.0.1.evil.com":      "!https",
		"https://u:p@tenant.example.com": "!password",
		"https://tenant.example.com/am":  "!path",
		"https://t.example.com?x":        "!path",
		"ftp://tenant.example.com":       "!https",
		"tenant example":                 "!host",
		"https://":                       "!host",
		"https://a_b..c":                 "!host",
		"localhost:99999":                "!port",
	} {
		c, err := load(t, map[string]string{"AIC_BASE_URL": in})
		if msg, bad := strings.CutPrefix(want, "!"); bad {
			if err == nil || !strings.HasPrefix(err.Error(), "AIC_BASE_URL must") || !strings.Contains(err.Error(), msg) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %v", in, err)
			}
		} else if err != nil || c.BaseURL.String() != want {
			t.Errorf("%s: %v, %v", in, c.BaseURL, err)
		}
	}
}

func TestConfigPrecedenceAndDefaults(t *testing.T) {
	c, err := load(t, map[string]string{"AIC_BASE_URL": "a.example", "REDIRECT_URI_PORT": "4000"}, "--base-url", "b.example", "--read-only", "--log-level=debug")
	if err != nil {
		t.Fatal(err)
	}
	if c.BaseURL.Host != "b.example" || c.RedirectPort != 4000 || !c.ReadOnly || c.LogLevel != slog.LevelDebug ||
		c.ClientID != "AICMCPClient" || c.ExchangeClientID != "AICMCPExchangeClient" || c.TokenStore != "auto" || c.NoBrowser {
		t.Errorf("config is %+v", c)
	}
	if c, err = load(t, map[string]string{"AIC_BASE_URL": "a.example"}); err != nil || c.RedirectPort != 3000 || c.LogLevel != slog.LevelInfo {
		t.Errorf("config is %+v, %v", c, err)
	}
}

func TestEachMistakeHasALine(t *testing.T) {
	_, err := load(t, map[string]string{"AIC_TOKEN_STORE": "cloud", "REDIRECT_URI_PORT": "x", "AIC_CA_FILE": "/does/not/exist"}, "--log-level", "loud")
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 5 {
		t.Errorf("%d lines:\n%v", len(lines), err)
	}
	for _, want := range []string{"AIC_BASE_URL is not set", "AIC_TOKEN_STORE must be one of", "REDIRECT_URI_PORT must be", "AIC_CA_FILE cannot be read", "--log-level must be"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in\n%v", want, err)
		}
	}
}

func TestCAFileIsTrusted(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://elsewhere.example/", http.StatusFound)
	}))
	defer srv.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := load(t, map[string]string{"AIC_BASE_URL": srv.URL, "AIC_CA_FILE": file})
	if err != nil {
		t.Fatal(err)
	}
	client, err := c.HTTPClient()
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	if client.Transport.(*http.Transport).Proxy == nil {
		t.Error("the environment's proxies are not honoured")
	}
	res, err := client.Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusFound {
		t.Errorf("status %d: the redirect was followed", res.StatusCode)
	}
	if err := os.WriteFile(file, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := load(t, map[string]string{"AIC_BASE_URL": srv.URL, "AIC_CA_FILE": file}); err == nil || !strings.Contains(err.Error(), "no PEM certificate") {
		t.Errorf("error is %v", err)
	}
}
