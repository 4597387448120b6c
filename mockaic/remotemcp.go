package mockaic

import (
	"fmt"
	"net/url"
	"slices"

	"aicmcp/mockaic/internal/am"
)

// The demo's realm alpha is ready for a remote MCP server that acts for its callers:
// it has this OAuth client, which may exchange their tokens.
const (
	MCPClientID     = "mcp_server"
	MCPClientSecret = "mcp_server-secret"
)

// The URLs that the demo is ready for if RemoteMCP names no others.
const (
	DefaultMCPServer = "http://127.0.0.1:8200/mcp"
	DefaultAPI       = "http://127.0.0.1:8100"
)

type remoteMCP struct {
	server string
	apis   []string
}

// check refuses what can't be a parameter resource (RFC 8707, section 2).
func (r *remoteMCP) check() error {
	if r == nil {
		return nil
	}
	for _, address := range append(slices.Clone(r.apis), r.server) {
		u, err := url.Parse(address)
		if address != "" && (err != nil || u.Scheme == "" || u.Host == "" || u.Fragment != "") {
			return fmt.Errorf("the MCP server and its APIs must have whole URLs without a fragment, such as %s, unlike %q", DefaultMCPServer, address)
		}
	}
	return nil
}

func (r *remoteMCP) admission() am.MCPServer {
	server, apis := DefaultMCPServer, []string{DefaultAPI}
	if r != nil && r.server != "" {
		server = r.server
	}
	if r != nil && len(r.apis) > 0 {
		apis = r.apis
	}
	return am.MCPServer{
		URL: server, APIs: apis, ClientID: MCPClientID, Secret: MCPClientSecret,
		Scopes: map[string]string{
			"todo_api:read":  "See your to-do list",
			"todo_api:write": "Change your to-do list",
		},
		// The MCP Inspector's.
		Origins: []string{"http://localhost:6274", "http://127.0.0.1:6274"},
	}
}
