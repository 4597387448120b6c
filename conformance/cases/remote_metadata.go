package cases

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	c "aicmcp/conformance"
)

// remoteMetadata are the cases about what a remote MCP server publishes, and how it sends
// clients there.
var remoteMetadata = []c.Case{
	{
		ID:    "remote/metadata/members",
		Title: "the metadata name the server as clients do, its issuer, and its scopes, none of them for being offline",
		Level: c.Must, Needs: remoteNeeded, Ref: refResource,
		Run: func(t *c.T) {
			res := t.Get(beside(t, wellKnownResource, true), c.Anonymous())
			t.Status(http.StatusOK, res)
			t.Equal("Content-Type", "application/json", res.Header.Get("Content-Type"))
			t.Equal("resource", t.Target.MCP, res.At("resource"))
			t.Equal("number of authorization_servers", 1, len(res.List("authorization_servers")))
			t.True("bearer_methods_supported has header only", c.Same([]string{"header"}, res.At("bearer_methods_supported")))
			t.True("scopes_supported has no offline_access", !slices.Contains(res.List("scopes_supported"), any("offline_access")))
			checkNothingEmpty(t, res.Body)
		},
	}, {
		ID:    "remote/metadata/places",
		Title: "the metadata are at the path of the server and at the root, and nowhere else",
		Level: c.Must, Needs: remoteNeeded, Ref: refResource,
		Run: func(t *c.T) {
			suffixed, root := t.Get(beside(t, wellKnownResource, true), c.Anonymous()), t.Get(beside(t, wellKnownResource, false), c.Anonymous())
			t.Status(http.StatusOK, suffixed)
			t.Status(http.StatusOK, root)
			t.Has("metadata", root.Body, "resource", "authorization_servers")
			t.Equal("the metadata at the root", suffixed.Body, root.Body)
			t.Status(http.StatusNotFound, t.Get(beside(t, wellKnownResource, false)+"/conformance/nothing", c.Anonymous()))
		},
	}, {
		ID:    "remote/metadata/cors",
		Title: "pages of any origin read the metadata, with the header that MCP clients send",
		Level: c.Must, Needs: remoteNeeded, Ref: "how MCP clients in browsers read metadata; Fetch, CORS protocol",
		Run: func(t *c.T) {
			for _, place := range []string{beside(t, wellKnownResource, true), beside(t, wellKnownResource, false), beside(t, wellKnownServer, false)} {
				res := t.Get(place, c.Anonymous(), c.Header("Origin", attacker))
				t.Status(http.StatusOK, res)
				t.Equal("Access-Control-Allow-Origin", "*", res.Header.Get("Access-Control-Allow-Origin"))
				asked := t.Send(http.MethodOptions, place, nil, c.Anonymous(), c.Header("Origin", attacker),
					c.Header("Access-Control-Request-Method", http.MethodGet), c.Header("Access-Control-Request-Headers", "mcp-protocol-version"))
				t.True(fmt.Sprintf("status %d of the preflight is 200 or 204", asked.Status), asked.Status == http.StatusOK || asked.Status == http.StatusNoContent)
				t.Equal("Access-Control-Allow-Origin of the preflight", "*", asked.Header.Get("Access-Control-Allow-Origin"))
				t.Contains("Access-Control-Allow-Methods", http.MethodGet, asked.Header.Get("Access-Control-Allow-Methods"))
				t.Contains("Access-Control-Allow-Headers", "mcp-protocol-version", strings.ToLower(asked.Header.Get("Access-Control-Allow-Headers")))
			}
		},
	}, {
		ID:    "remote/metadata/issuer",
		Title: "the issuer is spelled as its own discovery spells it, its port included",
		Level: c.Must, Needs: remoteNeeded, Ref: "RFC 8414 3.3; MCP clients compare issuers as texts",
		Run: func(t *c.T) {
			r := findRemote(t)
			t.Equal("issuer", r.issuer, r.discovery.At("issuer"))
			t.True("there is a port", strings.HasPrefix(r.issuer, withPort(t)+"/"))
		},
	}, {
		ID:    "remote/metadata/authorization-server",
		Title: "clients that look for the authorization server at the MCP server find the issuer's endpoints, and nothing that is null or empty",
		Level: c.Should, Needs: remoteNeeded, Ref: refRemoteServer,
		Run: func(t *c.T) {
			r := findRemote(t)
			for _, ownPath := range []bool{true, false} {
				res := t.Get(beside(t, wellKnownServer, ownPath), c.Anonymous())
				t.Status(http.StatusOK, res)
				t.Equal("Content-Type", "application/json", res.Header.Get("Content-Type"))
				for _, member := range []string{
					"issuer", "authorization_endpoint", "token_endpoint", "registration_endpoint", "jwks_uri", "response_types_supported", "code_challenge_methods_supported",
				} {
					t.Equal(member, r.discovery.At(member), res.At(member))
				}
				t.True("S256 is supported", slices.Contains(res.List("code_challenge_methods_supported"), any("S256")))
				checkNothingEmpty(t, res.Body)
			}
		},
	}, {
		ID:    "remote/challenge/none",
		Title: "a request without credentials is 401, and is told where the metadata are and which scopes to ask for, but of no error",
		Level: c.Must, Needs: remoteNeeded, Ref: refChallenge,
		Run: func(t *c.T) {
			for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} {
				res := t.Send(method, t.Target.MCP, nil, c.Anonymous(), c.Header("Accept", "application/json, text/event-stream"))
				t.Status(http.StatusUnauthorized, res)
				checkAsksToLogIn(t, res)
			}
			checkAsksToLogIn(t, caller{t: t}.send("tools/list", object{}))
			checkAsksToLogIn(t, caller{t: t}.send("tools/list", object{}, c.Header("Authorization", "Basic Y29uZm9ybWFuY2U6Y29uZm9ybWFuY2U=")))
		},
	}, {
		ID:    "remote/challenge/invalid",
		Title: "a token that is none is 401 with the error invalid_token, and is told where the metadata are",
		Level: c.Must, Needs: remoteNeeded, Ref: refChallenge,
		Run: func(t *c.T) {
			for _, token := range []string{noToken, "conformance.conformance.conformance", strings.Repeat("x", 40_000)} {
				checkBadBearer(t, token[:min(40, len(token))], token)
			}
		},
	}, {
		ID:    "remote/challenge/malformed",
		Title: "credentials that have no form are 400 with the error invalid_request",
		Level: c.Must, Needs: remoteNeeded, Ref: refChallenge,
		Run: func(t *c.T) {
			for _, credentials := range []string{"Bearer", "Bearer " + noToken + " " + noToken, `Bearer "` + noToken + `"`} {
				res := caller{t: t}.whoAmI(c.Header("Authorization", credentials))
				t.Status(http.StatusBadRequest, res)
				t.Equal("error for "+credentials, "invalid_request", challengeOf(res)["error"])
			}
		},
	},
}

// checkAsksToLogIn checks the answer to who has no token.
func checkAsksToLogIn(t *c.T, res *c.Response) {
	t.Status(http.StatusUnauthorized, res)
	challenge := challengeOf(res)
	t.Equal("resource_metadata", beside(t, wellKnownResource, true), challenge["resource_metadata"])
	t.True("there are scopes", len(strings.Fields(challenge["scope"])) > 0)
	t.Equal("error", "", challenge["error"])
}

// checkNothingEmpty checks that a document has no members that clients stumble over.
func checkNothingEmpty(t *c.T, document any) {
	members, ok := document.(object)
	t.True("there are members", ok && len(members) > 0)
	for name, value := range members {
		list, isList := value.([]any)
		t.True(fmt.Sprintf("%s is not empty: %v", name, value), value != nil && value != "" && (!isList || len(list) > 0))
	}
}
