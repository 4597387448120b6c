package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestMain lets a test run the program itself, so that signals reach it.
func TestMain(m *testing.M) {
	if os.Getenv("MOCKAIC_TEST_RUN") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestMistakesGetOneLineAndStatus2(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	broken := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(broken, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(broken+".key", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"address already in use":                        {"--http", taken.Addr().String()},
		"--https":                                       {"--http", "", "--https", taken.Addr().String(), "--ca-file", filepath.Join(t.TempDir(), "ca.pem")},
		"flag provided but not":                         {"--htp", "x"},
		"unexpected argument":                           {"serve"},
		"nothing to serve":                              {"--http", ""},
		"neither demo nor empty":                        {"--http", "127.0.0.1:0", "--seed", "/nonexistent"},
		"--string-matching":                             {"--http", "127.0.0.1:0", "--string-matching", "fuzzy"},
		"must be a scheme and a":                        {"--http", "127.0.0.1:0", "--public-url", "tenant"},
		"must be absolute":                              {"--http", "127.0.0.1:0", "--redirect-uri", "localhost"},
		"neither a host name":                           {"--http", "", "--https", "127.0.0.1:0", "--hostname", "a/b", "--ca-file", filepath.Join(t.TempDir(), "ca.pem")},
		"must be a loopback address":                    {"--admin", "0.0.0.0:0"},
		"--admin :0: must be":                           {"--admin", ":0"},
		"missing port":                                  {"--admin", "localhost"},
		"--admin " + taken.Addr().String() + ": listen": {"--http", "127.0.0.1:0", "--admin", taken.Addr().String()},
		"certificate authority":                         {"--http", "", "--https", "127.0.0.1:0", "--ca-file", broken},
		`invalid value "x" for flag`:                    {"--chance", "x"},
	} {
		var stdout, stderr bytes.Buffer
		status := run(t.Context(), args, &stdout, &stderr)
		text := stderr.String()
		if status != 2 || !strings.Contains(text, want) || strings.Count(text, "\n") != 1 || stdout.Len() > 0 {
			t.Errorf("%v: status %d, stderr %q", args, status, text)
		}
	}
}

func TestHelpExplainsTheFlags(t *testing.T) {
	var stderr bytes.Buffer
	if status := run(t.Context(), []string{"--help"}, io.Discard, &stderr); status != 0 || !strings.Contains(stderr.String(), "-string-matching") {
		t.Errorf("status %d: %s", status, &stderr)
	}
}

// TestServesUntilSignalled runs the program as a script would.
func TestServesUntilSignalled(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			caFile := filepath.Join(t.TempDir(), "ca.pem")
			command := exec.CommandContext(t.Context(), os.Args[0],
				"--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--ca-file", caFile, "--seed", "empty", "--dev-token", "dev", "--json")
			command.Env = append(os.Environ(), "MOCKAIC_TEST_RUN=1")
			var stderr bytes.Buffer
			command.Stderr = &stderr
			stdout, err := command.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(stdout).ReadString('\n')
			if err != nil {
				t.Fatalf("no line of addresses: %v %s", err, &stderr)
			}
			var at addresses
			if err := json.Unmarshal([]byte(line), &at); err != nil || at.CAFile != caFile {
				t.Fatalf("%q: %v", line, err)
			}
			roots := x509.NewCertPool()
			text, err := os.ReadFile(caFile)
			if err != nil || !roots.AppendCertsFromPEM(text) {
				t.Fatalf("CA file: %v", err)
			}
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}
			for _, address := range []string{at.HTTP, at.HTTPS} {
				checkTenant(t, client, address)
			}
			if err := command.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if err := command.Wait(); err != nil {
				t.Errorf("end: %v", err)
			}
			if !strings.Contains(stderr.String(), "WARNING: --dev-token") {
				t.Errorf("the developer's token was not announced: %q", &stderr)
			}
		})
	}
}

func checkTenant(t *testing.T, client *http.Client, address string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "GET", address+"/openidm/managed/alpha_user?_queryFilter=true", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer dev")
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != 200 {
		t.Errorf("%s: %s", address, response.Status)
	}
}

func TestStartTellsHowToConnect(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reader, writer := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"--http", "127.0.0.1:0"}, writer, io.Discard)
	}()
	lines := bufio.NewScanner(reader)
	var text strings.Builder
	for lines.Scan() {
		text.WriteString(lines.Text() + "\n")
		if strings.HasPrefix(lines.Text(), "Stop with") {
			break
		}
	}
	for _, want := range []string{"http://127.0.0.1:", "admin@example.com / Passw0rd!", "AIC_BASE_URL=http://127.0.0.1:"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, &text)
		}
	}
	cancel()
	if status := <-done; status != 0 {
		t.Errorf("status %d", status)
	}
}

func TestServesASeedDirectory(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reader, writer := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"--http", "127.0.0.1:0", "--json", "--dev-token", "dev", "--seed", filepath.Join("..", "..", "testdata", "tenants", "small")}, writer, io.Discard)
	}()
	var at addresses
	if err := json.NewDecoder(reader).Decode(&at); err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), "GET", at.HTTP+"/openidm/managed/badge/7?_fields=holder", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer dev")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || !strings.Contains(string(text), `"_ref":"managed/person/ann"`) {
		t.Errorf("%s %s %v", response.Status, text, err)
	}
	cancel()
	if status := <-done; status != 0 {
		t.Errorf("status %d", status)
	}
}

func TestServesTheAdminAPI(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reader, writer := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"--http", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--json", "--dev-token", "dev"}, writer, io.Discard)
	}()
	var at addresses
	if err := json.NewDecoder(reader).Decode(&at); err != nil {
		t.Fatal(err)
	}
	if at.Admin == "" || at.Admin == at.HTTP {
		t.Fatalf("addresses %+v", at)
	}
	for address, want := range map[string]int{at.Admin + "/": 200, at.Admin + "/clock": 200, at.HTTP + "/clock": 404} {
		request, err := http.NewRequestWithContext(t.Context(), "GET", address, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: %s", address, response.Status)
		}
	}
	cancel()
	if status := <-done; status != 0 {
		t.Errorf("status %d", status)
	}
}
