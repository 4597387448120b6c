package am

import (
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"aicmcp/mockaic/internal/store"
)

// MCPServer is a remote MCP server that acts for its callers at APIs.
type MCPServer struct {
	URL              string
	APIs             []string
	ClientID, Secret string
	// Scopes are what it may ask for at the APIs, with the words of the consent page.
	Scopes map[string]string
	// Origins are those of MCP clients in browsers.
	Origins []string
}

//go:embed mcp/asked.js
var askedForMCP string

//go:embed mcp/may_act.js
var mayActForMCP string

//go:embed mcp/audience.js
var audienceForMCP string

// The IDs of the scripts.
const (
	mayActForMCPID   = "6f1f2ad4-3a43-4d0c-9a34-5a3c2bb1d0e1"
	audienceForMCPID = "b7d0c7c2-58f5-4a0e-8f39-0f6a54a4c7d2"
)

// AdmitMCP sets a realm up for an MCP server: clients register themselves, scripts give
// their tokens the server's audience and let it exchange them, and browsers are let in.
func (d Data) AdmitMCP(realm string, m MCPServer) error {
	parameters, err := m.parameters()
	if err != nil {
		return err
	}
	provider := d.Settings[realm+"/"+oauthProvider.kind]
	advanced := groupOf(provider, "advancedOAuth2Config")
	supported, _ := advanced["supportedScopes"].([]any)
	scopes := []any{"am-introspect-all-tokens"} // to notice those that were revoked
	for _, scope := range slices.Sorted(maps.Keys(m.Scopes)) {
		supported = append(supported, scope+"|"+m.Scopes[scope])
		scopes = append(scopes, scope)
	}
	advanced["supportedScopes"] = supported
	groupOf(provider, "clientDynamicRegistrationConfig")["allowDynamicRegistration"] = true
	groupOf(provider, "coreOAuth2Config")["accessTokenMayActScript"] = mayActForMCPID
	plugins := groupOf(provider, "pluginsConfig")
	plugins["accessTokenModificationPluginType"] = "SCRIPTED"
	plugins["accessTokenModificationScript"] = audienceForMCPID

	d.add(realm, scriptKind,
		tokenScript(mayActForMCPID, "MCP Server May Act", "OAUTH2_MAY_ACT_NEXT_GEN", parameters+mayActForMCP),
		tokenScript(audienceForMCPID, "MCP Server Audience", "OAUTH2_ACCESS_TOKEN_MODIFICATION_NEXT_GEN", parameters+audienceForMCP))
	d.add(realm, clientKind, store.Object{
		"_id": m.ClientID,
		"coreOAuth2ClientConfig": map[string]any{
			"clientName": []any{"MCP Server"}, "clientType": "Confidential", "userpassword": m.Secret, "scopes": scopes, "status": "Active",
		},
		"advancedOAuth2ClientConfig": map[string]any{
			"grantTypes":              words("client_credentials urn:ietf:params:oauth:grant-type:token-exchange"),
			"tokenEndpointAuthMethod": "client_secret_basic",
		},
	})
	if len(m.Origins) > 0 {
		origins := make([]any, len(m.Origins))
		for i, origin := range m.Origins {
			origins[i] = origin
		}
		d.add(rootRealm, corsKind, store.Object{
			"_id": "mcp-inspector", "acceptedOrigins": origins,
			"acceptedMethods": words("GET POST"), "acceptedHeaders": words("authorization content-type mcp-protocol-version"),
		})
	}
	return nil
}

func (d Data) add(realm, kind string, documents ...store.Object) {
	d.Lists[realm+"/"+kind] = append(d.Lists[realm+"/"+kind], documents...)
}

// parameters begins both scripts.
func (m MCPServer) parameters() (text string, err error) {
	for _, parameter := range []struct {
		name  string
		value any
	}{{"mcpServer", m.URL}, {"mcpServerClient", m.ClientID}, {"apis", m.APIs}, {"apiScopes", slices.Sorted(maps.Keys(m.Scopes))}} {
		value, err := json.Marshal(parameter.value)
		if err != nil {
			return "", err
		}
		text += fmt.Sprintf("var %s = %s;\n", parameter.name, value)
	}
	return text + "\n" + askedForMCP, nil
}

func tokenScript(id, name, context, source string) store.Object {
	return store.Object{
		"_id": id, "name": name, "description": "For an MCP server that acts for its callers",
		"script": base64.StdEncoding.EncodeToString([]byte(source)), "language": javascript, "context": context, "evaluatorVersion": "2.0",
		"createdBy": nobody, "creationDate": json.Number("0"), "lastModifiedBy": nobody, "lastModifiedDate": json.Number("0"),
	}
}
