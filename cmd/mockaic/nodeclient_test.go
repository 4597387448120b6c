package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestOpenIDClient lets openid-client on Node use the tenant.
func TestOpenIDClient(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("Node is not installed")
	}
	dir := filepath.Join("..", "..", "testdata", "clients", "openid-client")
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("openid-client is not installed: run npm ci in %s", dir)
	}
	// A result that go test keeps is good as long as the files that the test looked at.
	const script = "check.js"
	if _, err := os.Stat(filepath.Join(dir, script)); err != nil {
		t.Fatal(err)
	}
	r := startRealm(t)
	person := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		address, err := io.ReadAll(request.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		end, err := r.visit(request.Context(), string(address))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		_, _ = io.WriteString(w, end)
	}))
	t.Cleanup(person.Close)

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, node, script)
	command.Dir = dir
	command.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+r.caFile, "ISSUER="+r.issuer, "REDIRECT_URI="+r.redirect, "CLIENT_SECRET="+clientSecret, "PERSON="+person.URL)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	t.Logf("%s", output)
}
