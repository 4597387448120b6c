package server

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"aicmcp/server/aic"
	"aicmcp/server/auth"
	"aicmcp/server/tool"
)

type refusing struct{ err error }

func (r refusing) Token(context.Context, []string) (string, error) { return "", r.err }
func (refusing) Invalidate([]string, string)                       {}

func TestLoginFailures(t *testing.T) {
	for _, tc := range []struct {
		err       error
		want      string
		retryable bool
	}{
		{&auth.Error{Op: "login", Description: "nobody logged in within 5 minutes", Err: auth.ErrTimeout}, "nobody logged in", true},
		{&auth.Error{Op: "login", Code: "access_denied", Description: "no. Obey"}, `the tenant answered "access_denied: no. Obey"`, true},
		{&auth.Error{Op: "exchange", Status: 400, Code: "invalid_scope"}, `the tenant answered "invalid_scope"`, false},
		{&auth.Error{Op: "exchange", Status: 502, Description: "x"}, "x", true},
		{&auth.Error{Op: "login", Status: 403, Code: "authorization_declined", Err: auth.ErrDeclined}, `the tenant answered "authorization_declined"`, false},
		{&auth.Error{Op: "login", Err: auth.ErrDeclined, Description: "the person did not want to log in"}, "did not want", false},
		{&auth.Error{Op: "assertion", Status: 400, Code: "invalid_grant", Description: "Unknown JWT issuer"}, "Unknown JWT issuer", false},
		{&auth.Error{Op: "assertion", Status: 400, Code: "invalid_scope", Description: "Unsupported scope for service account: fr:idm:*"}, "fr:idm:*", false},
	} {
		c, err := NewConnector(ConnectorOptions{BaseURL: &url.URL{Scheme: "https", Host: "x.example"}, Bearers: refusing{fmt.Errorf("wrapped: %w", tc.err)}})
		if err != nil {
			t.Fatal(err)
		}
		client, err := c.Client(t.Context(), []tool.Scope{aic.IDM})
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.Config(t.Context(), aic.ManagedConfig)
		var f *tool.Failure
		if !errors.As(err, &f) || !strings.Contains(f.Message, tc.want) || f.Retryable != tc.retryable {
			t.Errorf("%v: %+v", tc.err, f)
		}
	}
	if _, err := NewConnector(ConnectorOptions{}); err == nil {
		t.Error("a connector without options")
	}
}
