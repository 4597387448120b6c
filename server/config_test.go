package server

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
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

func TestWaysToLogIn(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	private, err := json.Marshal(jose.JSONWebKey{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	public, err := json.Marshal(jose.JSONWebKey{Key: &key.PublicKey})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.json")
	if err := os.WriteFile(file, private, 0o600); err != nil {
		t.Fatal(err)
	}
	type env map[string]string
	for _, tc := range []struct {
		env  env
		want string
	}{
		{nil, "browser, AM true, "},
		{env{"DOCKER_CONTAINER": "true"}, "device, AM false, /app/tokens/token.json"},
		{env{"DOCKER_CONTAINER": "true", "AIC_AM_TOOLS": "true", "AIC_TOKEN_FILE": "/x"}, "device, AM true, /x"},
		{env{"DOCKER_CONTAINER": "true", "AIC_LOGIN": "browser"}, "browser, AM true, /app/tokens/token.json"},
		{env{"AIC_LOGIN": "device"}, "device, AM false, "},
		{env{"AIC_AM_TOOLS": "false"}, "browser, AM false, "},
		{env{"AIC_SERVICE_ACCOUNT_ID": "sa", "AIC_SERVICE_ACCOUNT_KEY": file}, "service-account, AM true, "},
		{env{"AIC_SERVICE_ACCOUNT_ID": "sa", "AIC_SERVICE_ACCOUNT_KEY": string(private), "DOCKER_CONTAINER": "true"}, "service-account, AM true, /app/tokens/token.json"},
		{env{"AIC_SERVICE_ACCOUNT_ID": "sa", "AIC_SERVICE_ACCOUNT_KEY": file, "AIC_LOGIN": "browser"}, "browser, AM true, "},
		{env{"AIC_LOGIN": "magic"}, "!AIC_LOGIN must be one of"},
		{env{"DOCKER_CONTAINER": "perhaps"}, "!DOCKER_CONTAINER must be true or false"},
		{env{"AIC_LOGIN": "service-account"}, "!must both be set"},
		{env{"AIC_SERVICE_ACCOUNT_ID": "sa"}, "!must both be set"},
		{env{"AIC_SERVICE_ACCOUNT_KEY": file}, "!must both be set"},
		{env{"AIC_SERVICE_ACCOUNT_ID": "sa", "AIC_SERVICE_ACCOUNT_KEY": "/does/not/exist"}, "!AIC_SERVICE_ACCOUNT_KEY must be a JWK or a file that can be read: "},
		{env{"AIC_SERVICE_ACCOUNT_ID": "sa", "AIC_SERVICE_ACCOUNT_KEY": `{"d":"secret`}, "!AIC_SERVICE_ACCOUNT_KEY must be a private key"},
		{env{"AIC_SERVICE_ACCOUNT_ID": "sa", "AIC_SERVICE_ACCOUNT_KEY": string(public)}, "!AIC_SERVICE_ACCOUNT_KEY must be a private RSA key"},
	} {
		settings := env{"AIC_BASE_URL": "a.example"}
		maps.Copy(settings, tc.env)
		c, err := load(t, settings)
		if message, bad := strings.CutPrefix(tc.want, "!"); bad {
			if err == nil || !strings.Contains(err.Error(), message) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v: %v", tc.env, err)
			}
			continue
		}
		if got := fmt.Sprintf("%s, AM %t, %s", c.Login, c.AMTools, c.TokenFile); err != nil || got != tc.want {
			t.Errorf("%v: %s, %v", tc.env, got, err)
		}
		text := fmt.Sprintf("%v %+v %#v %s", c, c, c, c.ServiceAccount)
		if secret := key.D.String(); strings.Contains(text, secret) || strings.Contains(text, string(private)) || strings.Contains(text, fmt.Sprint([]byte(private))) {
			t.Errorf("%v: the key is printed", tc.env)
		}
	}
}

func TestAKeyIsNotForTheCommandLine(t *testing.T) {
	env := map[string]string{"AIC_BASE_URL": "a.example", "AIC_SERVICE_ACCOUNT_ID": "sa"}
	_, err := load(t, env, "--service-account-key", `{"d":"secret"}`)
	if err == nil || !strings.HasPrefix(err.Error(), "--service-account-key must be a file") || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error is %v", err)
	}
}
