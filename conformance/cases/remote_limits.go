package cases

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	c "aicmcp/conformance"
)

const (
	// tooMuch is more than any request of a client's has, in bytes.
	tooMuch        = 4 << 20
	tooMuchHeaders = 256 << 10
	// floods are as many requests as are sent at most until one is refused, at so
	// many at the same time.
	floods, atOnce = 800, 16
)

// remoteLimits are the cases about requests that a remote MCP server does not serve,
// whoever sends them.
var remoteLimits = []c.Case{
	{
		ID:    "remote/origin/foreign",
		Title: "requests of other sites' pages are 403, though they have a good token, and their pages read nothing",
		Level: c.Must, Needs: remotePeople, Ref: refTransport + ", Origin", Writes: true,
		Run: func(t *c.T) {
			k := findRemote(t).caller("openid")
			k.own()
			for _, origin := range []string{attacker, "null", ownOrigin(t) + ".attacker.example.com", ownOrigin(t) + "@attacker.example.com"} {
				res := k.whoAmI(c.Header("Origin", origin))
				t.Status(http.StatusForbidden, res)
				t.Equal("Access-Control-Allow-Origin", "", res.Header.Get("Access-Control-Allow-Origin"))
				t.True("it is not served", !strings.Contains(string(res.Raw), `"claims"`))
				asked := pagePreflight(t, origin)
				t.Equal("Access-Control-Allow-Origin of a preflight", "", asked.Header.Get("Access-Control-Allow-Origin"))
			}
		},
	}, {
		ID:    "remote/origin/own",
		Title: "pages of the server's own origin may send requests with what MCP clients send, and read the answers",
		Level: c.Should, Needs: remotePeople, Ref: refTransport + "; Fetch, CORS protocol", Writes: true,
		Run: func(t *c.T) {
			k, origin := findRemote(t).caller("openid"), ownOrigin(t)
			asked := pagePreflight(t, origin)
			t.True(fmt.Sprintf("status %d of the preflight is 200 or 204", asked.Status), asked.Status == http.StatusOK || asked.Status == http.StatusNoContent)
			t.Equal("Access-Control-Allow-Origin", origin, asked.Header.Get("Access-Control-Allow-Origin"))
			allowed := strings.FieldsFunc(strings.ToLower(asked.Header.Get("Access-Control-Allow-Headers")), func(r rune) bool { return r == ',' || r == ' ' })
			for _, header := range pageHeaders {
				t.True("the header "+header+" is allowed", slices.Contains(allowed, header))
			}
			res := k.whoAmI(c.Header("Origin", origin))
			k.claims(res)
			t.Equal("Access-Control-Allow-Origin of the answer", origin, res.Header.Get("Access-Control-Allow-Origin"))
			t.Contains("Vary", "Origin", res.Header.Get("Vary"))
			refused := caller{t: t}.whoAmI(c.Header("Origin", origin))
			t.Equal("Access-Control-Allow-Origin of a refusal", origin, refused.Header.Get("Access-Control-Allow-Origin"))
			t.Contains("Access-Control-Expose-Headers of a refusal", "www-authenticate", strings.ToLower(refused.Header.Get("Access-Control-Expose-Headers")))
		},
	}, {
		ID:    "remote/host/foreign",
		Title: "a request for another host is not served, whatever name leads to this one",
		Level: c.Must, Needs: remotePeople, Ref: "MCP 2026-07-28, transports: DNS rebinding", Writes: true,
		Run: func(t *c.T) {
			k := findRemote(t).caller("openid")
			k.own()
			for _, host := range []string{"attacker.example.com", "attacker.example.com:443"} {
				res := k.whoAmI(c.Header("Host", host))
				t.True(fmt.Sprintf("status %d for the host %s is a refusal", res.Status, host), res.Status >= 400 && res.Status < 500)
				t.True("it is not served", !strings.Contains(string(res.Raw), `"claims"`))
			}
		},
	}, {
		ID:    "remote/limits/body",
		Title: "a body of some megabytes is 413, and the next request is served",
		Level: c.Must, Needs: remotePeople, Ref: refRemoteBounds, Writes: true,
		Run: func(t *c.T) {
			k := findRemote(t).caller("openid")
			res := k.send("tools/call", object{"name": "who_am_I", "arguments": object{}, "padding": strings.Repeat("x", tooMuch)})
			t.Status(http.StatusRequestEntityTooLarge, res)
			t.Has("who the caller is", k.own(), "sub")
		},
	}, {
		ID:    "remote/limits/headers",
		Title: "headers of a quarter of a megabyte are refused",
		Level: c.Must, Needs: remotePeople, Ref: refRemoteBounds + "; RFC 6585 5", Writes: true,
		Run: func(t *c.T) {
			k := findRemote(t).caller("openid")
			res := k.whoAmI(c.Header("Conformance", strings.Repeat("x", tooMuchHeaders)))
			t.True(fmt.Sprintf("the status %d is 400, 413 or 431", res.Status),
				slices.Contains([]int{http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusRequestHeaderFieldsTooLarge}, res.Status))
			t.Has("who the caller is", k.own(), "sub")
		},
	}, {
		ID:    "remote/limits/slow-headers",
		Title: "the server hangs up on who does not end the headers of a request",
		Level: c.Must, Needs: remoteNeeded, Ref: refRemoteBounds, Waits: c.DefaultPatience,
		Run: func(t *c.T) {
			t.Status(http.StatusUnauthorized, caller{t: t}.whoAmI())
			checkImpatient(t, "", "Conformance: a header that does not")
		},
	}, {
		ID:    "remote/limits/slow-body",
		Title: "the server hangs up on who does not send all of a body, though they have a good token",
		Level: c.Must, Needs: remotePeople, Ref: refRemoteBounds, Writes: true, Waits: c.DefaultPatience,
		Run: func(t *c.T) {
			k := findRemote(t).caller("openid")
			k.own()
			checkImpatient(t, k.token, "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"+`{"jsonrpc":"2.0",`)
		},
	}, {
		ID:    "remote/limits/rate",
		Title: "who sends too many requests gets 429 with Retry-After, and others are served meanwhile",
		Level: c.Must, Needs: append([]c.Feature{c.RemoteRate}, remotePeople...), Ref: "RFC 6585 4", Writes: true,
		Run: func(t *c.T) {
			r := findRemote(t)
			eager, other := r.caller("openid"), r.caller("openid")
			eager.own()
			var refused atomic.Pointer[c.Response]
			var senders []func()
			for range atOnce {
				senders = append(senders, func() {
					for range floods / atOnce {
						if refused.Load() != nil {
							return
						}
						if res := eager.whoAmI(c.Once()); res.Status != http.StatusOK {
							refused.Store(res)
						}
					}
				})
			}
			t.Together(senders...)
			res := refused.Load()
			if res == nil {
				t.Fatalf("%d requests at once are all served", floods)
			}
			t.Status(http.StatusTooManyRequests, res)
			seconds, err := strconv.Atoi(res.Header.Get("Retry-After"))
			t.True("Retry-After is from 1 to 60 seconds", err == nil && seconds >= 1 && seconds <= 60)
			t.Status(http.StatusOK, other.whoAmI(c.Once()))
		},
	},
}

// ownOrigin is that of the server's address.
func ownOrigin(t *c.T) string { return beside(t, "", false) }

// pageHeaders are those that MCP clients in browsers have to ask for.
var pageHeaders = []string{"authorization", "content-type", "mcp-protocol-version", "mcp-method", "mcp-name", "mcp-session-id", "last-event-id"}

// pagePreflight asks as browsers do before a page's request to the server.
func pagePreflight(t *c.T, origin string) *c.Response {
	return t.Send(http.MethodOptions, t.Target.MCP, nil, c.Anonymous(), c.Header("Origin", origin),
		c.Header("Access-Control-Request-Method", http.MethodPost), c.Header("Access-Control-Request-Headers", strings.Join(pageHeaders, ",")))
}

// checkImpatient checks that the server does not wait for the rest of a request for long.
func checkImpatient(t *c.T, token, beginning string) {
	server, err := url.Parse(t.Target.MCP)
	if err != nil {
		t.Breakf("address of the MCP server: %w", err)
	}
	request := "POST " + server.RequestURI() + " HTTP/1.1\r\nHost: " + server.Host + "\r\nAccept: application/json, text/event-stream\r\n"
	if token != "" {
		request += "Authorization: Bearer " + token + "\r\n"
	}
	status, ended := t.Unfinished(t.Target.MCP, request+beginning)
	t.True("the server does not wait for the rest", ended)
	t.True(fmt.Sprintf("the status %d is none, or a refusal", status), status == 0 || status >= 400)
}
