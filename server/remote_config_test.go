package server_test

import (
	"slices"
	"strings"
	"testing"

	"aicmcp/server"
)

func TestEachMistakeInRemoteSettingsHasALine(t *testing.T) {
	const resource, issuer = "--resource=https://mcp.example.com/mcp", "--issuer=https://tenant.example:443/am/oauth2/alpha"
	for _, c := range []struct {
		given []string
		lines []string // the beginning of each
	}{
		{nil, []string{"AIC_MCP_RESOURCE is not set", "AIC_MCP_ISSUER is not set"}},
		{[]string{resource, issuer, "--todo-url=http://api.example.com"}, []string{"--todo-url must be https"}},
		{[]string{resource, issuer, "--todo-url=nowhere", "--todo-scopes=all"}, []string{"--todo-url must be a URL", "--todo-scopes must be among"}},
		{[]string{resource, issuer, "--todo-audience=x"}, []string{"--todo-url is not set"}},
		{[]string{resource, issuer, "--todo-url=https://api.example.com"}, []string{"the client mcp_server has no secret"}},
		{[]string{resource, issuer, "--tls-cert=c", "--rate=0"}, []string{"--rate must be", "--tls-cert and --tls-key must be set together"}},
		{[]string{"--without-authorization=true", resource}, []string{"--without-authorization protects nothing: leave out --resource"}},
		{[]string{"--without-authorization=true", "--addr=:8200"}, []string{"--without-authorization is for a loopback address"}},
		{[]string{"--without-authorization=true", "--addr=0.0.0.0:8200"}, []string{"--without-authorization is for a loopback address"}},
	} {
		settings := server.NewRemoteSettings(func(string) string { return "" })
		for _, given := range c.given {
			flag, value, _ := strings.Cut(strings.TrimPrefix(given, "--"), "=")
			settings.Set(flag, value)
		}
		_, err := settings.Config()
		if err == nil {
			t.Errorf("%v: no mistake", c.given)
			continue
		}
		if lines := strings.Split(err.Error(), "\n"); !slices.EqualFunc(lines, c.lines, strings.HasPrefix) {
			t.Errorf("%v: %q", c.given, lines)
		}
	}
}
