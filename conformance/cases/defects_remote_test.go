package cases

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/time/rate"

	c "aicmcp/conformance"
	"aicmcp/server"
	"aicmcp/server/resource"
)

// remoteDefect is a fault of a remote MCP server: of what stands in front of it, or of
// its settings.
type remoteDefect struct {
	defect
	change func(*server.RemoteOptions, *resource.Options)
}

// faulty is a fault of what stands in front of the server.
func faulty(name string, ask func(*http.Request), answer func(*http.Response) error, noticed ...string) remoteDefect {
	return remoteDefect{defect: defect{name: name, ask: ask, answer: answer, noticed: noticed}}
}

// remoteDefects are such as remote MCP servers have, or those who guard them.
func remoteDefects() []remoteDefect {
	return []remoteDefect{
		faulty("the server calls itself by another name", nil, onPath(wellKnownResource, inText(`/mcp"`, `/mcp/"`)), "remote/metadata/members"),
		faulty("clients may be offline", nil, onPath(wellKnownResource, inText(`"openid"`, `"openid","offline_access"`)), "remote/metadata/members"),
		faulty("metadata are at one place only", func(r *http.Request) {
			if r.URL.Path == wellKnownResource {
				r.URL.Path = "/nothing"
			}
		}, nil, "remote/metadata/places", "remote/metadata/cors"),
		faulty("pages read nothing", nil, withoutHeader("Access-Control-Allow-Origin"), "remote/metadata/cors", "remote/origin/own"),
		faulty("the issuer is spelled in another way", nil, onPath(wellKnownResource, inText(`servers":["http:`, `servers":["HTTP:`)), "remote/metadata/issuer"),
		faulty("what the issuer lacks is null", nil, onPath(wellKnownServer, inText(`"jwks_uri":"`, `"jwks_uri":null,"jwks":"`)), "remote/metadata/authorization-server"),
		faulty("nobody is told what to do", nil, withoutHeader("WWW-Authenticate"),
			"remote/challenge/none", "remote/challenge/invalid", "remote/challenge/malformed", "remote/token/forged", "remote/scope/step-up", "remote/scope/every-tool"),
		faulty("who sent nothing is told of an error", nil, inHeader("WWW-Authenticate", func(challenge string) string {
			return challenge + `, error="invalid_token"`
		}), "remote/challenge/none"),
		faulty("challenges do not lead to the metadata", nil, inHeader("WWW-Authenticate", func(challenge string) string {
			return strings.ReplaceAll(challenge, "resource_metadata", "metadata")
		}), "remote/challenge/none", "remote/challenge/invalid"),
		faulty("every refusal is 401", nil, insteadOfStatus(http.StatusUnauthorized, http.StatusBadRequest, http.StatusForbidden),
			"remote/challenge/malformed", "remote/scope/step-up", "remote/scope/every-tool", "remote/origin/foreign", "remote/protocol/mismatch"),

		takingAlso("audiences are not compared", func(_, claims object, server string) bool {
			return !slices.Contains(textsIn(claims["aud"]), server)
		}, "remote/token/audience", "remote/token/unasked", "remote/token/kind"),
		takingAlso("audiences are compared by their beginning", func(_, claims object, server string) bool {
			return slices.ContainsFunc(textsIn(claims["aud"]), func(aud string) bool { return strings.HasPrefix(aud, server) })
		}, "remote/token/audience"),
		takingAlso("issuers are not compared", func(_, claims object, _ string) bool {
			issuer, _ := claims["iss"].(string)
			return !strings.HasSuffix(issuer, "/oauth2/alpha")
		}, "remote/token/issuer"),
		takingAlso("tokens last for ever", func(_, claims object, _ string) bool { return c.Number(claims, "exp") < time.Now().Unix() }, "remote/token/expired"),
		takingAlso("tokens are good before their time", func(_, claims object, _ string) bool {
			return c.Number(claims, "nbf") > time.Now().Unix()+1
		}, "remote/token/not-yet-valid"),
		takingAlso("tokens need no signature for the server", func(header, _ object, _ string) bool {
			algorithm, _ := header["alg"].(string)
			return strings.EqualFold(algorithm, "none")
		}, "remote/token/forged"),
		takingAlso("the issuer's public key is a secret", func(header, _ object, _ string) bool { return header["alg"] == "HS256" && header["kid"] != nil }, "remote/token/forged"),
		takingAlso("unknown keys are believed", func(header, _ object, _ string) bool { return header["kid"] == "conformance-foreign" }, "remote/token/forged"),
		takingAlso("claims are not what was signed", func(_, claims object, _ string) bool { return claims["conformance"] == true }, "remote/token/forged"),
		takingAlso("all kinds of tokens will do", func(_, claims object, _ string) bool { return claims["tokenName"] != "access_token" }, "remote/token/kind"),
		{defect{name: "clocks may be off by years", noticed: []string{"remote/token/not-yet-valid"}}, func(_ *server.RemoteOptions, guard *resource.Options) {
			guard.Skew, guard.Introspection = 20_000*time.Hour, resource.Introspection{}
		}},
		{defect{name: "nobody asks whether tokens were revoked", noticed: []string{"remote/token/revoked"}}, func(_ *server.RemoteOptions, guard *resource.Options) {
			guard.Introspection = resource.Introspection{}
		}},
		faulty("tokens are taken from the query", func(r *http.Request) {
			q := r.URL.Query()
			if token := q.Get("access_token"); token != "" {
				r.Header.Set("Authorization", "Bearer "+token)
				q.Del("access_token")
				r.URL.RawQuery = q.Encode()
			}
		}, nil, "remote/token/query"),

		faulty("who_am_I leaves out who may act", nil, inText(`"may_act":`, `"mayAct":`), "remote/token/good", "remote/delegation/claims"),
		faulty("a tool has another name", nil, inText(`"toggle_todo_status"`, `"toggle_todo"`), "remote/tools/offered"),
		faulty("nothing is ever done", inSent(func(text string) string { return strings.ReplaceAll(text, `"completed":true`, `"completed":false`) }), nil, "remote/todo/life"),
		faulty("the caller's own token goes to the API", func(r *http.Request) {
			if r.Header.Get("Mcp-Name") == "peek_api_token_claims" {
				r.Header.Set("Mcp-Name", "who_am_I")
				inSent(func(text string) string { return strings.ReplaceAll(text, "peek_api_token_claims", "who_am_I") })(r)
			}
		}, nil, "remote/delegation/claims", "remote/delegation/narrowed", "remote/isolation/interleaved"),
		faulty("nobody is said to act", nil, inText(`"act":`, `"actor":`), "remote/delegation/claims"),
		faulty("a token is told", nil, func(r *http.Response) error {
			return inText(`"claims":{`, `"claims":{"token":"`+strings.TrimPrefix(r.Request.Header.Get("Authorization"), "Bearer ")+`",`)(r)
		}, "remote/delegation/hidden"),
		faulty("a challenge asks for other scopes", nil, inHeader("WWW-Authenticate", func(challenge string) string {
			return strings.ReplaceAll(challenge, "todo_api:", "api:")
		}), "remote/scope/step-up", "remote/scope/every-tool"),
		{defect{name: "tools are listed for everybody", noticed: []string{"remote/scope/tenant-tools"}}, func(remote *server.RemoteOptions, _ *resource.Options) {
			for i := range remote.Downstreams {
				remote.Downstreams[i].OnlyScoped = false
			}
		}},
		callingAs("tokens for the API are kept for a client", "client_id", "remote/isolation/people", "remote/isolation/interleaved"),
		callingAs("tokens for the API are kept for a person, whatever the scopes", "sub", "remote/isolation/interleaved", "remote/delegation/narrowed"),

		faulty("the newest protocol is not known", nil, inText(`"`+protocol20260728+`"`, `"`+protocol20251125+`"`), "remote/protocol/newest"),
		faulty("headers are not compared with messages", likeMessage, nil, "remote/protocol/mismatch"),
		faulty("an earlier protocol becomes another", nil, inText(`"protocolVersion":"`+protocol20251125, `"protocolVersion":"2025-06-18`), "remote/protocol/earlier"),

		faulty("pages of all sites may send requests", func(r *http.Request) { r.Header.Del("Origin") }, nil, "remote/origin/foreign", "remote/origin/own"),
		faulty("every name leads here", func(r *http.Request) { r.Host = r.URL.Host }, nil, "remote/host/foreign"),
		faulty("a long body is the server's error", nil, insteadOfStatus(http.StatusInternalServerError, http.StatusRequestEntityTooLarge), "remote/limits/body"),
		faulty("headers may be long", func(r *http.Request) { r.Header.Del("Conformance") }, nil, "remote/limits/headers"),
		faulty("the server has all the time in the world", nil, nil, "remote/limits/slow-headers", "remote/limits/slow-body"),
		{defect{name: "callers may send what they like", noticed: []string{"remote/limits/rate"}}, func(_ *server.RemoteOptions, guard *resource.Options) {
			guard.Rate, guard.Introspection = rate.Inf, resource.Introspection{}
		}},
	}
}

// TestRemoteDefectsAreNoticed puts each defect in front of the remote MCP server, or into
// it.
func TestRemoteDefectsAreNoticed(t *testing.T) {
	if testing.Short() {
		t.Skip("takes each case once more")
	}
	var faulty atomic.Pointer[http.Handler]
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*faulty.Load()).ServeHTTP(w, r) }))
	defer front.Close()
	remote := remoteTarget{url: front.URL + "/mcp", todos: &todoAPI{}}
	remote.start(t)
	target := remoteOnly(remote)
	target.Patience = 200 * time.Millisecond
	noticed := map[string]bool{}
	for _, d := range remoteDefects() {
		t.Run(d.name, func(t *testing.T) {
			back := httptest.NewServer(remote.server(t, d.change))
			defer back.Close()
			handler := d.proxy(t, back.URL)
			faulty.Store(&handler)
			for _, id := range d.noticed {
				noticed[id] = true
				selected, err := c.Select(All(), id)
				if err != nil {
					t.Fatal(err)
				}
				if result := c.Run(t.Context(), target, selected[0]); result.Outcome != c.Fail && result.Outcome != c.Warn {
					t.Errorf("%s: %s %s", id, result.Outcome, result.Reason)
				}
			}
		})
	}
	for _, oneCase := range slices.Concat(remoteMetadata, remoteTokens, remoteCalls, remoteLimits) {
		if !noticed[oneCase.ID] {
			t.Errorf("%s: no defect shows that it notices any", oneCase.ID)
		}
	}
}

// bearers are tokens that a server took.
type bearers struct {
	mu   sync.Mutex
	last string
	// by is the first one for each value of a claim.
	by map[any]string
}

// remember keeps the token of a request that was served.
func (b *bearers) remember(claim string) func(*http.Response) error {
	return func(r *http.Response) error {
		token := bearerIn(r.Request)
		if r.StatusCode != http.StatusOK || token == "" {
			return nil
		}
		_, claims := told(token)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.last = token
		if b.by == nil {
			b.by = map[any]string{}
		}
		if value, ok := claims[claim].(string); ok && b.by[value] == "" {
			b.by[value] = token
		}
		return nil
	}
}

// takingAlso is the defect of a server that takes some tokens for good ones.
func takingAlso(name string, takes func(header, claims object, server string) bool, noticed ...string) remoteDefect {
	var seen bearers
	return faulty(name, func(r *http.Request) {
		header, claims := told(bearerIn(r))
		seen.mu.Lock()
		defer seen.mu.Unlock()
		if header != nil && claims != nil && seen.last != "" && takes(header, claims, "http://"+r.Host+"/mcp") {
			r.Header.Set("Authorization", "Bearer "+seen.last)
		}
	}, seen.remember(""), noticed...)
}

// callingAs is the defect of a server that takes callers with the same claim for the
// first of them, at the API.
func callingAs(name, claim string, noticed ...string) remoteDefect {
	var seen bearers
	return faulty(name, func(r *http.Request) {
		_, claims := told(bearerIn(r))
		seen.mu.Lock()
		defer seen.mu.Unlock()
		if first := seen.by[claims[claim]]; first != "" && r.Header.Get("Mcp-Name") != "who_am_I" {
			r.Header.Set("Authorization", "Bearer "+first)
		}
	}, seen.remember(claim), noticed...)
}

func bearerIn(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// told is what a token says, whoever made it.
func told(token string) (header, claims object) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, nil
	}
	for i, into := range []*object{&header, &claims} {
		read, err := decodePart(parts[i])
		if err != nil {
			return nil, nil
		}
		*into, _ = read.(object)
	}
	return header, claims
}

// likeMessage makes a request's headers say what its message does.
func likeMessage(r *http.Request) {
	inSent(func(text string) string {
		var message struct {
			Method string
			Params struct{ Name string }
		}
		if json.Unmarshal([]byte(text), &message) == nil && r.Header.Get("Mcp-Method") != "" {
			r.Header.Set("Mcp-Method", message.Method)
			r.Header.Set("Mcp-Name", message.Params.Name)
			r.Header.Set("Mcp-Protocol-Version", protocol20260728)
		}
		return text
	})(r)
}

func withoutHeader(name string) func(*http.Response) error {
	return func(r *http.Response) error { r.Header.Del(name); return nil }
}

func insteadOfStatus(status int, statuses ...int) func(*http.Response) error {
	return func(r *http.Response) error {
		if slices.Contains(statuses, r.StatusCode) {
			r.StatusCode = status
		}
		return nil
	}
}
