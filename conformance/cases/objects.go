package cases

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

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
// end, even if the answer is lost.
func post(t *c.T, collection string, body object, options ...c.Option) *c.Response {
	return postPlain(t, collection, body, append([]c.Option{actionCreate}, options...)...)
}

// postPlain is post without an action.
func postPlain(t *c.T, collection string, body object, options ...c.Option) *c.Response {
	body = findable(body)
	return send(t, collection, body, body, options...)
}

// postText is post of a body that may be anything. If it creates an object, that
// has the name.
func postText(t *c.T, collection, name, body string) *c.Response {
	return send(t, collection, body, object{"name": name}, actionCreate)
}

var actionCreate = c.Query("_action", "create")

// send posts a body. What it creates is removed in the end: by the ID that the
// answer has, or else by what is known of it.
func send(t *c.T, collection string, body any, known object, options ...c.Option) *c.Response {
	var res *c.Response
	t.Cleanup(func() {
		switch {
		case res != nil && res.Status >= 400 && res.Status < 500:
		case res != nil && res.Text("_id") != "":
			remove(t, at(collection, res.Text("_id")))
		default:
			removeFound(t, collection, known)
		}
	})
	res = t.Post(collection, body, options...)
	return res
}

// put puts an object, which is removed in the end.
func put(t *c.T, collection, id string, body any, options ...c.Option) *c.Response {
	t.Cleanup(func() { remove(t, at(collection, id)) })
	return t.Put(at(collection, id), body, options...)
}

// remove deletes an object that may be gone already.
func remove(t *c.T, path string) {
	if res := t.Delete(path); res.Status != http.StatusOK && res.Status != http.StatusNotFound {
		t.Fatalf("%s was left behind: its removal answered %d", path, res.Status)
	}
}

// findable is an object to create that can be found again if the answer is
// lost: by its fresh name, or else by an ID of our own.
func findable(body object) object {
	if _, _, named := freshName(body); named || body["_id"] != nil {
		return body
	}
	body = maps.Clone(body)
	body["_id"] = uuid.NewString()
	return body
}

func freshName(body object) (field, value string, ok bool) {
	for _, field := range []string{"userName", "name"} {
		if value, _ := body[field].(string); strings.HasPrefix(value, c.Prefix) {
			return field, value, true
		}
	}
	return "", "", false
}

// removeFound deletes what became of a findable object, if anything did, and nothing
// else, even if the target's filters do not work.
func removeFound(t *c.T, collection string, body object) {
	if id, ok := body["_id"].(string); ok {
		remove(t, at(collection, id))
		return
	}
	field, value, _ := freshName(body)
	res := t.Get(collection, c.Query("_queryFilter", eq(field, value), "_fields", "_id,"+field))
	if res.Status != http.StatusOK && res.Status != http.StatusNotFound {
		t.Fatalf("%s of the name %s may be left behind: the query for them answered %d", collection, value, res.Status)
	}
	for _, found := range res.List("result") {
		if id := c.Text(found, "_id"); id != "" && c.Text(found, field) == value {
			remove(t, at(collection, id))
		}
	}
}

// create creates an object and stops the case if that fails. The answer may
// list properties that were not sent.
func create(t *c.T, collection string, body object) (id string, created *c.Response) {
	res := post(t, collection, body)
	t.Status(http.StatusCreated, res)
	if res.Text("_id") == "" || res.Text("_rev") == "" {
		t.Fatalf("the created object has no _id or no _rev: %s", res.Raw)
	}
	return res.Text("_id"), res
}

// stored creates an object and reads it, to be compared with what is read later.
func stored(t *c.T, collection string, body object) (id string, before *c.Response) {
	id, _ = create(t, collection, body)
	return id, read(t, at(collection, id))
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

// without is a document less some of its members.
func without(doc any, members ...string) object {
	rest := object{}
	whole, _ := doc.(object)
	for name, value := range whole {
		if !slices.Contains(members, name) {
			rest[name] = value
		}
	}
	return rest
}

var revisionForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-[0-9]+$`)

// checkRevision checks that a revision has the form of those of a tenant.
func checkRevision(t *c.T, revision string) {
	t.True("revision "+revision+" is UUID-number", revisionForm.MatchString(revision))
}

// content is an object less its identity.
func content(doc any) object { return without(doc, "_id", "_rev") }

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

// checkHolds checks that an object has the properties that were sent. It may
// have others: stock types have some of their own.
func checkHolds(t *c.T, what string, sent object, doc any) {
	for name, value := range sent {
		t.Equal(name+" of "+what, value, c.At(doc, name))
	}
}

// checkUnchanged checks that an object still reads as it did before.
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
