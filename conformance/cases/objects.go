package cases

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	c "aicmcp/conformance"
)

const (
	users = "/openidm/managed/alpha_user"
	roles = "/openidm/managed/alpha_role"
)

type object = map[string]any

// open is the collection of the type that accepts any property.
func open(t *c.T) string {
	if t.Target.OpenType == "" {
		t.Breakf("the target names no type for the feature %s", c.OpenType)
	}
	return "/openidm/managed/" + t.Target.OpenType
}

// typeOf is the type of a collection.
func typeOf(collection string) string { return collection[strings.LastIndex(collection, "/")+1:] }

func at(collection, id string) string { return collection + "/" + url.PathEscape(id) }

// newUser has what a user must have. The name is fresh.
func newUser(t *c.T) object {
	name := t.Fresh("user")
	return object{"userName": name, "givenName": "Conformance", "sn": name, "mail": name + "@example.com"}
}

func newRole(t *c.T) object {
	return object{"name": t.Fresh("role"), "description": "made by a conformance test"}
}

// post asks for an object to be created. Whatever is created is removed in the
// end.
func post(t *c.T, collection string, body any, options ...c.Option) *c.Response {
	res := t.Post(collection, body, append([]c.Option{c.Query("_action", "create")}, options...)...)
	removeLater(t, collection, res)
	return res
}

// put puts an object. If that creates it, it is removed in the end.
func put(t *c.T, collection, id string, body any, options ...c.Option) *c.Response {
	res := t.Put(at(collection, id), body, options...)
	removeLater(t, collection, res)
	return res
}

func removeLater(t *c.T, collection string, created *c.Response) {
	if id := created.Text("_id"); created.Status == http.StatusCreated && id != "" {
		t.Cleanup(func() { remove(t, at(collection, id)) })
	}
}

// remove deletes an object that may be gone already.
func remove(t *c.T, path string) {
	if res := t.Delete(path); res.Status != http.StatusOK && res.Status != http.StatusNotFound {
		t.Fatalf("%s was left behind: its removal answered %d", path, res.Status)
	}
}

// create creates an object and stops the case if that fails.
func create(t *c.T, collection string, body object) (id string, created *c.Response) {
	res := post(t, collection, body)
	t.Status(http.StatusCreated, res)
	if res.Text("_id") == "" || res.Text("_rev") == "" {
		t.Fatalf("the created object has no _id or no _rev: %s", res.Raw)
	}
	return res.Text("_id"), res
}

// read reads an object and stops the case if that fails.
func read(t *c.T, path string) *c.Response {
	res := t.Get(path)
	t.Status(http.StatusOK, res)
	if res.Text("_id") == "" || res.Text("_rev") == "" {
		t.Fatalf("%s has no _id or no _rev: %s", path, res.Raw)
	}
	return res
}

// without is an object less its identity.
func without(doc any) object {
	rest := object{}
	members, _ := doc.(object)
	for name, value := range members {
		if name != "_id" && name != "_rev" {
			rest[name] = value
		}
	}
	return rest
}

// checkError checks an error answer and stops the case if it is none.
func checkError(t *c.T, res *c.Response, status int) {
	t.Status(status, res)
	t.Equal("code", status, res.At("code"))
	t.Equal("reason", http.StatusText(status), res.At("reason"))
	t.True("there is a message", res.Text("message") != "")
}

// checkMessage is checkError with a message.
func checkMessage(t *c.T, res *c.Response, status int, message string) {
	checkError(t, res, status)
	t.Equal("message", message, res.At("message"))
}

const (
	createRefused = "Policy validation failed"
	patchRefused  = "Failed policy validation"
)

// checkPolicy checks that a write was refused since the property does not meet
// the requirement. params is nil for a requirement without.
func checkPolicy(t *c.T, res *c.Response, message, property, requirement string, params any) {
	checkMessage(t, res, http.StatusForbidden, message)
	t.Equal("detail.result", false, res.At("detail", "result"))
	for _, entry := range res.List("detail", "failedPolicyRequirements") {
		for _, failed := range c.List(entry, "policyRequirements") {
			if c.Text(entry, "property") == property && c.Text(failed, "policyRequirement") == requirement {
				t.Equal("params of "+requirement, params, c.At(failed, "params"))
				return
			}
		}
	}
	t.Fatalf("detail does not say that %s fails %s: %s", property, requirement, res.Raw)
}

// checkUnchanged checks that an object is as it was.
func checkUnchanged(t *c.T, path string, before *c.Response) {
	t.Equal("the object afterwards", before.Body, read(t, path).Body)
}

// eq is a filter for a string, whatever is in it.
func eq(field, value string) string {
	return fmt.Sprintf(`%s eq "%s"`, field, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value))
}

// query runs a query and stops the case if that fails.
func query(t *c.T, collection, filter string, pairs ...string) *c.Response {
	res := t.Get(collection, c.Query(append([]string{"_queryFilter", filter}, pairs...)...))
	t.Status(http.StatusOK, res)
	if _, ok := res.At("result").([]any); !ok {
		t.Fatalf("the query's answer has no result: %s", res.Raw)
	}
	return res
}

// column is one member of each result.
func column(res *c.Response, member string) []any {
	values := []any{}
	for _, entry := range res.List("result") {
		values = append(values, c.At(entry, member))
	}
	return values
}

// noSuchEntry is the directory's message about an object that is not there.
func noSuchEntry(kind, id string) string {
	return "No Such Entry: The search base entry &#39;fr-idm-uuid&#61;" + id + ",ou&#61;" + kind +
		",o&#61;alpha,o&#61;root,ou&#61;identities&#39; does not exist"
}

// entryExists is the directory's message about an object that is there already.
func entryExists(kind, id string) string {
	return "Entry Already Exists: The entry &#39;fr-idm-uuid&#61;" + id + ",ou&#61;" + kind +
		",o&#61;alpha,o&#61;root,ou&#61;identities&#39; cannot be added because an entry with that name already exists"
}
