package server_test

import (
	"strings"
	"testing"

	"aicmcp/server"
)

func TestAKeyThatCannotBeReadIsOneMistake(t *testing.T) {
	env := map[string]string{
		"AIC_MCP_RESOURCE": "http://127.0.0.1:8200/mcp", "AIC_MCP_ISSUER": "http://127.0.0.1:8080/am/oauth2/alpha",
		"AIC_MCP_TODO_URL": "http://127.0.0.1:8100", "AIC_MCP_CLIENT_KEY": "/does/not/exist",
	}
	_, err := server.NewRemoteSettings(func(name string) string { return env[name] }).Config()
	if err == nil || !strings.HasPrefix(err.Error(), "AIC_MCP_CLIENT_KEY must be a JWK or a file that can be read") || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v", err)
	}
}

func TestWhyATokenIsNotToBeHadIsLogged(t *testing.T) {
	s := openSite(t, map[string]string{"AIC_MCP_CLIENT_SECRET": "wrong"})
	session := s.connect(s.login(s.register(everyTodoScope), "demo", everyTodoScope), nil)
	for _, name := range []string{"get_my_todo_list", "peek_api_token_claims"} {
		before := len(s.log.String())
		if answer, failed := callTool(t, session, name, nil); !failed {
			t.Errorf("%s: %v", name, answer)
		}
		if log := s.log.String()[before:]; !strings.Contains(log, "no token for a downstream") || !strings.Contains(log, "invalid_client") {
			t.Errorf("%s: the log says\n%s", name, log)
		}
	}
}
