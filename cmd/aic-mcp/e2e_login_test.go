package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"aicmcp/mockaic"
	"aicmcp/server/auth"
)

// devicePage is the tenant's page for a code, with the code in it.
var devicePage = regexp.MustCompile(`https://[^ "]+/device/user\?user_code=\w+`)

// TestClientsLogInByDeviceCode has three clients of the built server, which differ
// in how they can ask their person, log in to the built tenant.
func TestClientsLogInByDeviceCode(t *testing.T) {
	address, caFile := startTenant(t)
	person := mockaic.Person{UserName: "admin@example.com", Password: mockaic.Password, Transport: trusting(t, caFile)}
	binary := buildCommand(t, "aic-mcp")
	for name, can := range map[string]*mcp.ElicitationCapabilities{
		"url":     {URL: &mcp.URLElicitationCapabilities{}},
		"form":    {Form: &mcp.FormElicitationCapabilities{}},
		"neither": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			visit := func(shown string) {
				page, err := person.Visit(t.Context(), devicePage.FindString(shown))
				if err != nil || !strings.Contains(page.Text, "Your device is connected") {
					t.Errorf("log in with %q: %v, %v", shown, page, err)
				}
			}
			asked := ""
			options := &mcp.ClientOptions{Capabilities: &mcp.ClientCapabilities{Elicitation: can}}
			if can != nil {
				options.ElicitationHandler = func(_ context.Context, req *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
					asked += req.Params.Mode
					visit(req.Params.URL + " " + req.Params.Message)
					return &mcp.ElicitResult{Action: "accept"}, nil
				}
			}
			server := exec.Command(binary)
			server.Env = append(os.Environ(), "AIC_BASE_URL="+address, "AIC_CA_FILE="+caFile, "AIC_TOKEN_STORE=memory", "AIC_LOGIN=device")
			reader, writer := io.Pipe()
			server.Stderr = writer
			t.Cleanup(func() { writer.Close() })
			loggedIn := make(chan struct{})
			go watchLogin(reader, loggedIn)
			session, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, options).Connect(t.Context(), &mcp.CommandTransport{Command: server}, nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { session.Close() })
			if can == nil {
				result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "listManagedObjects"})
				if err != nil || !result.IsError {
					t.Fatalf("%v, %v", result, err)
				}
				visit(result.Content[0].(*mcp.TextContent).Text)
				<-loggedIn
			}
			call(t, session, "listManagedObjects", nil)
			if can != nil && asked != name {
				t.Errorf("asked %q", asked)
			}
		})
	}
}

// watchLogin reads the server's log to its end and tells of the login.
func watchLogin(log io.Reader, loggedIn chan struct{}) {
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if strings.Contains(lines.Text(), `msg="logged in"`) {
			close(loggedIn)
		}
	}
}

// TestAServiceAccountRunsConformanceCases runs the built suite, as far as it only
// reads, with a service account's token.
func TestAServiceAccountRunsConformanceCases(t *testing.T) {
	address, caFile := startTenant(t, "--dev-token", "dev", "--seed", "empty")
	client := &http.Client{Transport: trusting(t, caFile)}
	scopes := []string{"fr:am:*", "fr:idc:esv:*", "fr:idm:*"}
	env := hire(t, address, client, scopes...)
	account, err := auth.NewServiceAccount(env["AIC_SERVICE_ACCOUNT_ID"], []byte(env["AIC_SERVICE_ACCOUNT_KEY"]))
	if err != nil {
		t.Fatal(err)
	}
	base, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	source, err := auth.New(auth.Options{Way: auth.ServiceAccounts, Account: account, BaseURL: base, Scopes: scopes, HTTPClient: client})
	if err != nil {
		t.Fatal(err)
	}
	token, err := source.Token(t.Context(), scopes)
	if err != nil {
		t.Fatal(err)
	}
	suite := exec.CommandContext(t.Context(), buildCommand(t, "aic-conformance"), "run", "--target", address, "--ca-file", caFile,
		"--read-only", "--without", "logs,log-keys,service-accounts", "--baseline", "../../testdata/baseline/mockaic.txt")
	suite.Env = append(os.Environ(), "AIC_CONFORMANCE_BEARER="+token)
	out, err := suite.CombinedOutput()
	if err != nil || strings.Contains(string(out), token) {
		t.Errorf("%v\n%s", err, out)
	}
}
