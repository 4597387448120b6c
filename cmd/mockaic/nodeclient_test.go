package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"aicmcp/cmd/internal/node"
)

// TestOpenIDClient lets openid-client on Node use the tenant.
func TestOpenIDClient(t *testing.T) {
	command := node.Command(t.Context(), t, node.Version{Major: 18}, filepath.Join("..", "..", "testdata", "clients", "openid-client"), "check.js")
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

	command.Env = append(command.Env, "NODE_EXTRA_CA_CERTS="+r.caFile, "ISSUER="+r.issuer, "REDIRECT_URI="+r.redirect, "CLIENT_SECRET="+clientSecret, "PERSON="+person.URL)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	t.Logf("%s", output)
}
