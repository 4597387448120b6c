package cases

import (
	"net/http"
	"regexp"
	"strings"

	c "aicmcp/conformance"
)

// api is a resource of AM, and the version of it that clients ask for: AM takes no
// write without one.
type api struct{ path, version string }

const inAlpha = "/am/json/realms/root/realms/alpha"

// at is a resource below another one.
func (a api) at(id string) api { return api{at(a.path, id), a.version} }

// below is a resource by its path from another one.
func (a api) below(path string) api { return api{a.path + "/" + path, a.version} }

// in is the resource with another spelling of its realm, or in another realm.
func (a api) in(realm string) api {
	return api{strings.Replace(a.path, inAlpha, "/am/json"+realm, 1), a.version}
}

func (a api) asked(options []c.Option) []c.Option {
	return append([]c.Option{c.Header("Accept-API-Version", a.version)}, options...)
}

func (a api) get(t *c.T, options ...c.Option) *c.Response {
	return t.Get(a.path, a.asked(options)...)
}

// act asks for an action, as clients do with an empty object.
func (a api) act(t *c.T, action string) *c.Response {
	return t.Post(a.path, object{}, a.asked([]c.Option{c.Query("_action", action)})...)
}

// put puts the resource, which is removed in the end.
func (a api) put(t *c.T, body any, options ...c.Option) *c.Response {
	t.Cleanup(func() { a.remove(t) })
	return t.Put(a.path, body, a.asked(options)...)
}

// made puts a resource that is not there and stops the case if that fails.
func (a api) made(t *c.T, body any) *c.Response {
	res := a.put(t, body)
	t.Status(http.StatusCreated, res)
	if !strings.HasSuffix(a.path, "/"+res.Text("_id")) || res.Text("_rev") == "" {
		t.Fatalf("the answer to the PUT of %s has another _id, or no _rev: %s", a.path, res.Raw)
	}
	return res
}

func (a api) delete(t *c.T, options ...c.Option) *c.Response {
	return t.Delete(a.path, a.asked(options)...)
}

// remove deletes a resource that may be gone already.
func (a api) remove(t *c.T) {
	if res := a.delete(t); res.Status != http.StatusOK && res.Status != http.StatusNotFound {
		t.Fatalf("%s was left behind: its removal answered %d", a.path, res.Status)
	}
}

// read reads the resource and stops the case if that fails.
func (a api) read(t *c.T) *c.Response {
	res := a.get(t)
	t.Status(http.StatusOK, res)
	if _, ok := res.At("_id").(string); !ok {
		t.Fatalf("%s has no _id: %s", a.path, res.Raw)
	}
	return res
}

// find runs a query and stops the case if that fails.
func (a api) find(t *c.T, filter string, pairs ...string) *c.Response {
	res := a.get(t, c.Query(append([]string{"_queryFilter", filter}, pairs...)...))
	t.Status(http.StatusOK, res)
	if _, ok := res.At("result").([]any); !ok {
		t.Fatalf("the query's answer has no result: %s", res.Raw)
	}
	return res
}

// listed is one of the results of a query. The case stops if it is not there.
func listed(t *c.T, page *c.Response, id string) any {
	for _, one := range page.List("result") {
		if c.Text(one, "_id") == id {
			return one
		}
	}
	t.Fatalf("%s is not listed", id)
	return nil
}

// checkUnchanged checks that the resource still reads as it did before.
func (a api) checkUnchanged(t *c.T, before *c.Response) {
	t.Equal("the resource afterwards", before.Body, a.read(t).Body)
}

// checkSpellings checks that the resource is the same in all spellings of its realm.
func (a api) checkSpellings(t *c.T) {
	res := a.read(t)
	for _, realm := range []string{"/realms/alpha", "/alpha"} {
		t.Equal("the resource in "+realm, res.Body, a.in(realm).read(t).Body)
	}
}

const unavailable = "This operation is not available in PingOne Advanced Identity Cloud."

// checkUnavailable checks the refusal of what stands in front of AM.
func checkUnavailable(t *c.T, res *c.Response) {
	t.Status(http.StatusForbidden, res)
	t.Equal("refusal", object{"code": http.StatusForbidden, "reason": "Forbidden", "message": unavailable}, res.Body)
	t.Equal("Content-API-Version", "", res.Header.Get("Content-API-Version"))
}

// checkRefusedByAM checks a refusal to the letter.
func checkRefusedByAM(t *c.T, res *c.Response, status int, message string) {
	t.Status(status, res)
	t.Equal("refusal", object{"code": status, "reason": http.StatusText(status), "message": message}, res.Body)
	t.Equal("ETag", "", res.Header.Get("ETag"))
}

// checkEnvelope checks all of a page but its results.
func checkEnvelope(t *c.T, page *c.Response, policy string, total, remaining int) {
	t.Equal("page", object{
		"resultCount": len(page.List("result")), "pagedResultsCookie": nil,
		"totalPagedResultsPolicy": policy, "totalPagedResults": total, "remainingPagedResults": remaining,
	}, without(page.Body, "result"))
}

const uncounted = "NONE"

// checkEmpty checks a page without results, and its version.
func checkEmpty(t *c.T, page *c.Response, remaining int, version string) {
	t.Equal("results", []any{}, page.At("result"))
	checkEnvelope(t, page, uncounted, -1, remaining)
	t.Equal("Content-API-Version", version, page.Header.Get("Content-API-Version"))
}

var hashForm = regexp.MustCompile(`^-?[1-9][0-9]{0,9}$`)

// checkTag checks that a resource has a revision as AM makes them, and the ETag.
func checkTag(t *c.T, res *c.Response) {
	revision := res.Text("_rev")
	t.True("revision "+revision+" is a number", hashForm.MatchString(revision))
	t.Equal("ETag", `"`+revision+`"`, res.Header.Get("ETag"))
}

// checkUntagged checks that an answer has no revision.
func checkUntagged(t *c.T, res *c.Response) {
	t.Lacks("answer", res.Body, "_rev")
	t.Equal("ETag", "", res.Header.Get("ETag"))
}
