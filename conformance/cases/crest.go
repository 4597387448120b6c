package cases

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	c "aicmcp/conformance"
)

var crest = []c.Case{
	{
		ID:    "crest/answer/headers",
		Title: "answers carry the type, the caching and the security headers of a tenant",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refHeaders,
		Run: func(t *c.T) {
			res := query(t, roles, "true", "_pageSize", "1")
			for name, value := range map[string]string{
				"Content-Type":                 "application/json;charset=utf-8",
				"Cache-Control":                "no-store",
				"Pragma":                       "no-cache",
				"Expires":                      "0",
				"X-Content-Type-Options":       "nosniff",
				"X-Frame-Options":              "DENY",
				"Content-Security-Policy":      "default-src 'none';frame-ancestors 'none';sandbox",
				"Cross-Origin-Opener-Policy":   "same-origin",
				"Cross-Origin-Resource-Policy": "same-origin",
			} {
				t.Equal(name, value, res.Header.Get(name))
			}
		},
	}, {
		ID:    "crest/answer/transaction-id",
		Title: "an answer echoes the request's transaction ID, or has one of the tenant's",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refHeaders,
		Run: func(t *c.T) {
			const name = "X-ForgeRock-TransactionId"
			id := t.Fresh("transaction")
			page := c.Query("_queryFilter", "true", "_pageSize", "1")
			given := t.Get(roles, page, c.Header(name, id))
			t.Status(http.StatusOK, given)
			t.Equal("transaction ID", id, given.Header.Get(name))
			refused := t.Get(at(roles, uuid.NewString()), c.Header(name, id))
			t.Status(http.StatusNotFound, refused)
			t.Equal("transaction ID of a refusal", id, refused.Header.Get(name))
			t.True("a request without one gets one", t.Get(roles, page).Header.Get(name) != "")
		},
	}, {
		ID:    "crest/answer/pretty-print",
		Title: "_prettyPrint breaks the lines and changes nothing else",
		Level: c.Should, Needs: []c.Feature{c.OpenType}, Ref: refBinding, Writes: true,
		Run: func(t *c.T) {
			id, plain := stored(t, open(t), object{"name": "a"})
			res := t.Get(at(open(t), id), c.Query("_prettyPrint", "true"))
			t.Status(http.StatusOK, res)
			t.Contains("body", "\n", strings.TrimSpace(string(res.Raw)))
			t.Equal("object", plain.Body, res.Body)
		},
	}, {
		ID:    "crest/error/body",
		Title: "an error has code, reason and message, in this order, and nothing more",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refErrors,
		Run: func(t *c.T) {
			query(t, roles, "true", "_pageSize", "1")
			res := t.Get(roles, c.Query("_queryFilter", "("))
			checkError(t, res, http.StatusBadRequest)
			t.Equal("other members", object{}, without(res.Body, "code", "reason", "message"))
			t.True("the order is code, reason, message", strings.HasPrefix(string(res.Raw), `{"code":400,"reason":"Bad Request","message":`))
			t.Equal("Content-Type", "application/json;charset=utf-8", res.Header.Get("Content-Type"))
		},
	}, {
		ID:    "crest/auth/missing",
		Title: "a request without a bearer is 401, whatever it names",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refNoBearer,
		Run: func(t *c.T) { checkDenied(t, c.Anonymous()) },
	}, {
		ID:    "crest/auth/missing-message",
		Title: "a request without a bearer is told Access Denied, without a challenge",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: refNoBearer,
		Run: func(t *c.T) { checkAccessDenied(t, checkDenied(t, c.Anonymous())) },
	}, {
		ID:    "crest/auth/garbage",
		Title: "a bearer that is none is 401 Access Denied, without a challenge",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refBearer,
		Run: func(t *c.T) {
			checkAccessDenied(t, checkDenied(t, c.Bearer("garbage")))
			checkAccessDenied(t, checkDenied(t, c.Bearer("eyJhbGciOiJub25lIn0.e30.")))
		},
	}, {
		ID:    "crest/auth/basic",
		Title: "credentials of another kind than a bearer are 401",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: refNoBearer,
		Run: func(t *c.T) { checkDenied(t, c.Header("Authorization", "Basic dXNlcjpwYXNz")) },
	}, {
		ID:    "crest/body/malformed",
		Title: "a body that is no JSON, is empty or goes on after its value is 400",
		Level: c.Should, Needs: []c.Feature{c.OpenType}, Ref: refBinding, Writes: true,
		Run: func(t *c.T) {
			name := t.Fresh("body")
			res := postText(t, open(t), name, `{"name":`)
			checkError(t, res, http.StatusBadRequest)
			t.Contains("message", "not valid JSON", res.Text("message"))
			for _, body := range []string{"", "  ", `{'name':'NAME'}`, `{"name":"NAME"} {}`, `{"name":"NAME","n":NaN}`, `<name/>`} {
				checkError(t, postText(t, open(t), name, strings.ReplaceAll(body, "NAME", name)), http.StatusBadRequest)
			}
		},
	}, {
		ID:    "crest/body/no-object",
		Title: "a body to create that is JSON but no object is 400",
		Level: c.Should, Needs: []c.Feature{c.OpenType}, Ref: refBinding, Writes: true,
		Run: func(t *c.T) {
			name := t.Fresh("body")
			for _, body := range []string{`[]`, `"text"`, `1`, `[{"name":"` + name + `"}]`} {
				checkError(t, postText(t, open(t), name, body), http.StatusBadRequest)
			}
		},
	}, {
		ID:    "crest/body/content-type",
		Title: "a body of another content type than JSON is 400",
		Level: c.Should, Needs: []c.Feature{c.OpenType}, Ref: refBinding, Writes: true,
		Run: func(t *c.T) {
			for _, contentType := range []string{"text/plain", "application/x-www-form-urlencoded", "application/json-patch+json", "application/xml"} {
				checkError(t, post(t, open(t), object{"name": "a"}, c.Header("Content-Type", contentType)), http.StatusBadRequest)
			}
		},
	}, {
		ID:    "crest/body/charset",
		Title: "application/json may be spelled in any case and have parameters",
		Level: c.Should, Needs: []c.Feature{c.OpenType}, Ref: refBinding, Writes: true,
		Run: func(t *c.T) {
			res := post(t, open(t), object{"name": "ä"}, c.Header("Content-Type", "Application/JSON; charset=UTF-8"))
			t.Status(http.StatusCreated, res)
			t.Equal("name", "ä", res.At("name"))
		},
	}, {
		ID:    "crest/action/unknown",
		Title: "an action that does not exist is 400",
		Level: c.Should, Needs: []c.Feature{c.OpenType}, Ref: refBinding, Writes: true,
		Run: func(t *c.T) {
			id, before := stored(t, open(t), object{"name": "a"})
			checkError(t, t.Post(at(open(t), id), object{}, c.Query("_action", "conformance")), http.StatusBadRequest)
			checkUnchanged(t, at(open(t), id), before)
		},
	}, {
		ID:    "crest/version/malformed",
		Title: "an Accept-API-Version that is none is 400, a good one is taken in either order",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: refBinding,
		Run: func(t *c.T) {
			page := c.Query("_queryFilter", "true", "_pageSize", "1")
			for _, good := range []string{"resource=1.0", "protocol=2.1,resource=1.0", "resource=1.0, protocol=2.1"} {
				t.Status(http.StatusOK, t.Get(roles, page, c.Header("Accept-API-Version", good)))
			}
			checkError(t, t.Get(roles, page, c.Header("Accept-API-Version", "latest")), http.StatusBadRequest)
		},
	}, {
		ID:    "crest/conditions/both",
		Title: "PUT with both If-Match and If-None-Match is 412",
		Level: c.Should, Needs: []c.Feature{c.OpenType}, Ref: refBinding, Writes: true,
		Run: func(t *c.T) {
			id, before := stored(t, open(t), object{"name": "a"})
			res := t.Put(at(open(t), id), object{"name": "b"}, c.IfMatch(before.Text("_rev")), c.IfNoneMatchAny())
			checkError(t, res, http.StatusPreconditionFailed)
			checkUnchanged(t, at(open(t), id), before)
		},
	}, {
		ID:    "crest/path/empty-element",
		Title: "an empty element in a path is no way around it",
		Level: c.Should, Needs: []c.Feature{c.OpenType}, Ref: refBinding, Writes: true,
		Run: func(t *c.T) {
			id, _ := create(t, open(t), object{"name": "a"})
			checkError(t, t.Get(open(t)+"//"+id), http.StatusBadRequest)
		},
	},
}

// checkDenied checks that requests which the bearer may make are refused
// without it, and returns the refusals.
func checkDenied(t *c.T, option c.Option) (refusals []*c.Response) {
	page := c.Query("_queryFilter", "true", "_pageSize", "1")
	t.Status(http.StatusOK, t.Get(roles, page))
	for _, path := range []string{roles, at(roles, uuid.NewString()), managedConfig} {
		res := t.Get(path, option)
		t.Status(http.StatusUnauthorized, res)
		refusals = append(refusals, res)
	}
	return refusals
}

func checkAccessDenied(t *c.T, refusals []*c.Response) {
	for _, res := range refusals {
		t.Equal("body", object{"code": 401, "reason": "Unauthorized", "message": "Access Denied"}, res.Body)
		t.Equal("WWW-Authenticate", "", res.Header.Get("WWW-Authenticate"))
	}
}
