package cases

import (
	"net/http"
	"strings"

	c "aicmcp/conformance"
)

// corsEntries are the entries of the CORS service.
var corsEntries = api{"/am/json/global-config/services/CorsService/configuration", "protocol=2.1,resource=1.0"}

var corsNeeded = []c.Feature{c.CORS}

const refCORS = "documented: AM, the CORS service; recorded on tenants: where its entries are"

// The headers of CORS.
const (
	allowOrigin      = "Access-Control-Allow-Origin"
	allowMethods     = "Access-Control-Allow-Methods"
	allowHeaders     = "Access-Control-Allow-Headers"
	allowCredentials = "Access-Control-Allow-Credentials"
	exposeHeaders    = "Access-Control-Expose-Headers"
)

// corsCases are the cases about what pages of other origins may do.
var corsCases = []c.Case{
	{
		ID:    "cors/entry/answer",
		Title: "an entry is written and read, with the methods and the age that it gets by default",
		Level: c.Should, Needs: corsNeeded, Ref: refCORS, Writes: true,
		Run: func(t *c.T) {
			entry, origin := corsEntries.at(t.Fresh("cors")), freshOrigin(t)
			entry.made(t, object{"enabled": true, "acceptedOrigins": []string{origin}})
			read := entry.read(t)
			t.Equal("acceptedOrigins", []string{origin}, read.At("acceptedOrigins"))
			t.Equal("acceptedMethods", []string{"GET", "POST"}, sortedTexts(read.List("acceptedMethods")))
			t.Equal("maxAge", 600, read.At("maxAge"))
			t.Equal("allowCredentials", false, read.At("allowCredentials"))
			t.Status(http.StatusOK, entry.delete(t))
			t.Status(http.StatusNotFound, entry.get(t))
		},
	}, {
		ID:    "cors/origin/allowed",
		Title: "a page of an origin that has an entry may read what AM answers, and is told which headers",
		Level: c.Must, Needs: corsNeeded, Ref: refCORS, Writes: true,
		Run: func(t *c.T) {
			origin := freshOrigin(t)
			for _, path := range crossedPaths {
				t.Equal("origin without an entry", "", crossed(t, origin, path).Header.Get(allowOrigin))
			}
			makeEntry(t, origin, object{"exposedHeaders": []string{"WWW-Authenticate"}})
			for _, path := range crossedPaths {
				res := crossed(t, origin, path)
				t.Equal("origin allowed for "+path, origin, res.Header.Get(allowOrigin))
				t.Equal("headers exposed", "WWW-Authenticate", res.Header.Get(exposeHeaders))
				t.Equal("credentials", "", res.Header.Get(allowCredentials))
				t.Contains("Vary", "Origin", strings.Join(res.Header.Values("Vary"), ","))
			}
		},
	}, {
		ID:    "cors/origin/refused",
		Title: "an origin has to be the entry's to the letter: its scheme, its host and its port",
		Level: c.Must, Needs: corsNeeded, Ref: refCORS, Writes: true,
		Run: func(t *c.T) {
			origin := freshOrigin(t)
			makeEntry(t, origin, nil)
			t.Equal("origin allowed", origin, crossed(t, origin, crossedPaths[0]).Header.Get(allowOrigin))
			for _, other := range []string{
				strings.Replace(origin, "https", "http", 1), origin + ":8443", origin + ".attacker.example.com", strings.Replace(origin, "//", "//x.", 1),
				strings.TrimSuffix(origin, "m"), "null", "https://attacker.example.com",
			} {
				t.Equal("origin allowed for "+other, "", crossed(t, other, crossedPaths[0]).Header.Get(allowOrigin))
				t.Equal("origin allowed for a preflight of "+other, "", preflight(t, other, "POST", "").Header.Get(allowOrigin))
			}
		},
	}, {
		ID:    "cors/preflight/allowed",
		Title: "a preflight is told the methods, the headers and for how long, before any login",
		Level: c.Must, Needs: corsNeeded, Ref: refCORS + "; how MCP clients in browsers ask", Writes: true,
		Run: func(t *c.T) {
			origin := freshOrigin(t)
			makeEntry(t, origin, object{"acceptedHeaders": []string{"authorization", "content-type", "mcp-protocol-version"}})
			for _, names := range []string{"", "content-type", "authorization,content-type", "Mcp-Protocol-Version"} {
				res := preflight(t, origin, "POST", names)
				checkBetween(t, "status", 200, int64(res.Status), 204)
				t.Equal("origin", origin, res.Header.Get(allowOrigin))
				t.Contains("methods", "POST", res.Header.Get(allowMethods))
				t.Contains("headers", "content-type", strings.ToLower(res.Header.Get(allowHeaders)))
				t.Equal("age", "600", res.Header.Get("Access-Control-Max-Age"))
			}
		},
	}, {
		ID:    "cors/preflight/refused",
		Title: "a preflight for a header or a method that the entry has not is refused",
		Level: c.Must, Needs: corsNeeded, Ref: refCORS, Writes: true,
		Run: func(t *c.T) {
			origin := freshOrigin(t)
			makeEntry(t, origin, object{"acceptedHeaders": []string{"content-type"}})
			t.Equal("origin", origin, preflight(t, origin, "POST", "content-type").Header.Get(allowOrigin))
			for _, one := range [][2]string{{"POST", "authorization"}, {"POST", "content-type,authorization"}, {"DELETE", "content-type"}, {"PUT", ""}} {
				res := preflight(t, origin, one[0], one[1])
				t.Equal("origin for "+one[0]+" with "+one[1], "", res.Header.Get(allowOrigin))
				t.True("it has an answer", res.Status > 0)
			}
		},
	}, {
		ID:    "cors/credentials/allowed",
		Title: "a page may send cookies only where the entry says so",
		Level: c.Must, Needs: corsNeeded, Ref: refCORS, Writes: true,
		Run: func(t *c.T) {
			plain, trusted := freshOrigin(t), freshOrigin(t)
			makeEntry(t, plain, nil)
			makeEntry(t, trusted, object{"allowCredentials": true})
			for origin, want := range map[string]string{plain: "", trusted: "true"} {
				res := crossed(t, origin, crossedPaths[0])
				t.Equal("origin", origin, res.Header.Get(allowOrigin))
				t.Equal("credentials", want, res.Header.Get(allowCredentials))
			}
		},
	}, {
		ID:    "cors/entry/disabled",
		Title: "an entry that is disabled, or deleted, lets nobody in",
		Level: c.Must, Needs: corsNeeded, Ref: refCORS, Writes: true,
		Run: func(t *c.T) {
			origin := freshOrigin(t)
			entry := makeEntry(t, origin, nil)
			t.Equal("origin", origin, crossed(t, origin, crossedPaths[0]).Header.Get(allowOrigin))
			t.Status(http.StatusOK, entry.put(t, newEntry(origin, object{"enabled": false})))
			t.Equal("origin when disabled", "", crossed(t, origin, crossedPaths[0]).Header.Get(allowOrigin))
			t.Status(http.StatusOK, entry.put(t, newEntry(origin, nil)))
			t.Equal("origin when enabled again", origin, crossed(t, origin, crossedPaths[0]).Header.Get(allowOrigin))
			t.Status(http.StatusOK, entry.delete(t))
			t.Equal("origin when deleted", "", crossed(t, origin, crossedPaths[0]).Header.Get(allowOrigin))
		},
	}, {
		ID:    "cors/idm/apart",
		Title: "what pages may do with AM says nothing of IDM, which is configured apart",
		Level: c.Should, Needs: []c.Feature{c.CORS, c.Managed}, Ref: refCORS, Writes: true,
		Run: func(t *c.T) {
			origin := freshOrigin(t)
			makeEntry(t, origin, nil)
			t.Equal("origin for AM", origin, crossed(t, origin, crossedPaths[0]).Header.Get(allowOrigin))
			t.Equal("origin for IDM", "", crossed(t, origin, "/openidm/info/ping").Header.Get(allowOrigin))
		},
	},
}

// crossedPaths are what pages ask for, whose answers may be errors.
var crossedPaths = []string{inAlphaProvider + "/.well-known/openid-configuration", inAlphaProvider + "/userinfo", "/am/json/serverinfo/*"}

// freshOrigin is an origin that nobody has.
func freshOrigin(t *c.T) string { return "https://" + t.Fresh("cors") + ".example.com" }

func newEntry(origin string, members object) object {
	entry := object{
		"enabled": true, "acceptedOrigins": []string{origin}, "acceptedMethods": []string{"POST", "GET"}, "acceptedHeaders": []string{},
		"exposedHeaders": []string{}, "maxAge": 600, "allowCredentials": false,
	}
	for name, value := range members {
		entry[name] = value
	}
	return entry
}

// makeEntry makes an entry for an origin, which is removed in the end.
func makeEntry(t *c.T, origin string, members object) api {
	entry := corsEntries.at(t.Fresh("cors"))
	entry.made(t, newEntry(origin, members))
	return entry
}

// crossed asks as a page of an origin does.
func crossed(t *c.T, origin, path string) *c.Response {
	return t.Get(path, c.Anonymous(), c.Header("Origin", origin))
}

// preflight asks as a browser does before a page's request to the token endpoint.
func preflight(t *c.T, origin, method, names string) *c.Response {
	options := []c.Option{c.Anonymous(), c.Header("Origin", origin), c.Header("Access-Control-Request-Method", method)}
	if names != "" {
		options = append(options, c.Header("Access-Control-Request-Headers", names))
	}
	return t.Send(http.MethodOptions, inAlphaProvider+"/access_token", nil, options...)
}
