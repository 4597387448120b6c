package cases

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	c "aicmcp/conformance"
)

type args = map[string]any

var toolsAndType = []c.Feature{c.Tools, c.OpenType}

var tools = []c.Case{
	{
		ID:    "tools/list/types",
		Title: "listManagedObjects lists the types that the tenant defines",
		Level: c.Must, Needs: []c.Feature{c.Tools, c.Config}, Ref: refTools,
		Run: func(t *c.T) {
			res := t.Get(managedConfig)
			t.Status(http.StatusOK, res)
			var defined, listed []string
			for _, definition := range res.List("objects") {
				defined = append(defined, c.Text(definition, "name"))
			}
			answer := t.Call("listManagedObjects", nil)
			t.Succeeded(answer)
			for _, summary := range c.List(answer.Body, "types") {
				listed = append(listed, c.Text(summary, "name"))
			}
			slices.Sort(defined)
			slices.Sort(listed)
			t.True("the tenant defines types", len(defined) > 0)
			t.Equal("types", defined, listed)
		},
	}, {
		ID:    "tools/list/summary",
		Title: "listManagedObjects tells each type's title and required properties",
		Level: c.Must, Needs: []c.Feature{c.Tools, c.Config}, Ref: refTools,
		Run: func(t *c.T) {
			definitions := readDefinitions(t)
			t.True("the tenant defines types", len(definitions) > 0)
			answer := t.Call("listManagedObjects", nil)
			t.Succeeded(answer)
			for _, summary := range c.List(answer.Body, "types") {
				name := c.Text(summary, "name")
				schema := c.At(findDefinition(t, definitions, name), "schema")
				t.Equal("title of "+name, c.Text(schema, "title"), c.Text(summary, "title"))
				t.Equal("required of "+name, len(c.List(schema, "required")), len(c.List(summary, "required")))
				for _, property := range c.List(schema, "required") {
					t.True("required of "+name, slices.Contains(c.List(summary, "required"), property))
				}
			}
		},
	}, {
		ID:    "tools/schema/summary",
		Title: "getManagedObjectSchema tells the properties and which are required",
		Level: c.Must, Needs: []c.Feature{c.Tools, c.Config, c.Managed}, Ref: refTools,
		Run: func(t *c.T) {
			schema := c.At(definitionOf(t, "alpha_user"), "schema")
			answer := t.Call("getManagedObjectSchema", args{"objectType": "alpha_user"})
			t.Succeeded(answer)
			t.Equal("required", c.At(schema, "required"), answer.At("required"))
			properties, _ := c.At(schema, "properties").(object)
			t.True("the tenant's schema has properties", len(properties) > 0)
			for name, property := range properties {
				t.Equal("type of "+name, c.At(property, "type"), answer.At("properties", name, "type"))
			}
		},
	}, {
		ID:    "tools/schema/full",
		Title: "getManagedObjectSchema with includeFullDefinition gives the definition as the tenant has it",
		Level: c.Must, Needs: []c.Feature{c.Tools, c.Config, c.Managed}, Ref: refTools,
		Run: func(t *c.T) {
			definition := definitionOf(t, "alpha_role")
			answer := t.Call("getManagedObjectSchema", args{"objectType": "alpha_role", "includeFullDefinition": true})
			t.Succeeded(answer)
			t.Equal("definition", definition, answer.At("definition"))
		},
	}, {
		ID:    "tools/schema/unknown-type",
		Title: "a schema of a type that is not there is refused with a hint to the types",
		Level: c.Must, Needs: []c.Feature{c.Tools, c.Config, c.Managed}, Ref: refFaults,
		Run: func(t *c.T) {
			definitionOf(t, "alpha_user")
			answer := t.Call("getManagedObjectSchema", args{"objectType": "conformance_nothing"})
			t.Refused(answer)
			t.Contains("hint", "listManagedObjects", c.Text(answer.Structured, "error", "hint"))
		},
	}, {
		ID:    "tools/query/pages",
		Title: "queryManagedObjects filters, sorts and leads from page to page",
		Level: c.Must, Needs: toolsAndType, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			f := numbered(t, 3)
			want := f.find("true", "_sortKeys", "-n").At("result")
			call := args{"objectType": t.Target.OpenType, "queryFilter": eq("group", f.group), "sortKeys": "-n", "pageSize": 2}
			first := t.Call("queryManagedObjects", call)
			t.Succeeded(first)
			t.Equal("resultCount of the first page", 2, first.At("resultCount"))
			call["pagedResultsCookie"] = first.String("pagedResultsCookie")
			second := t.Call("queryManagedObjects", call)
			t.Succeeded(second)
			t.Equal("objects", want, append(slices.Clone(c.List(first.Body, "objects")), c.List(second.Body, "objects")...))
			t.Equal("cookie of the last page", nil, second.At("pagedResultsCookie"))
		},
	}, {
		ID:    "tools/query/default-size",
		Title: "queryManagedObjects gives 50 objects a page if not told otherwise",
		Level: c.Must, Needs: toolsAndType, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			const makers, each = 6, 9
			f := newFlock(t)
			var all []func()
			for range makers {
				all = append(all, func() {
					for range each {
						f.add(object{"name": "a"})
					}
				})
			}
			t.Together(all...)
			answer := t.Call("queryManagedObjects", args{"objectType": t.Target.OpenType, "queryFilter": eq("group", f.group), "fields": "name"})
			t.Succeeded(answer)
			t.Equal("objects", 50, len(c.List(answer.Body, "objects")))
			t.True("there is a cookie for the rest", answer.String("pagedResultsCookie") != "")
		},
	}, {
		ID:    "tools/query/total",
		Title: "queryManagedObjects tells the tenant's count, if it counts",
		Level: c.Must, Needs: toolsAndType, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			f := numbered(t, 3)
			want := f.find("true", "_pageSize", "2", "_totalPagedResultsPolicy", "EXACT")
			answer := t.Call("queryManagedObjects", args{"objectType": t.Target.OpenType, "queryFilter": eq("group", f.group), "pageSize": 2})
			t.Succeeded(answer)
			t.Equal("resultCount", 2, answer.At("resultCount"))
			if policy := want.Text("totalPagedResultsPolicy"); policy == "EXACT" || policy == "ESTIMATE" {
				t.Equal("totalPagedResultsPolicy", policy, answer.At("totalPagedResultsPolicy"))
				t.Equal("totalPagedResults", want.At("totalPagedResults"), answer.At("totalPagedResults"))
				return
			}
			t.Lacks("answer", answer.Body, "totalPagedResults", "totalPagedResultsPolicy")
		},
	}, {
		ID:    "tools/query/fields",
		Title: "queryManagedObjects limits objects to the fields",
		Level: c.Must, Needs: toolsAndType, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			f := numbered(t, 1)
			answer := t.Call("queryManagedObjects", args{"objectType": t.Target.OpenType, "queryFilter": eq("group", f.group), "fields": "name"})
			t.Succeeded(answer)
			t.Equal("objects", f.find("true", "_fields", "name").At("result"), answer.At("objects"))
			t.Equal("object without _id and _rev", object{"name": "n0"}, content(answer.At("objects", 0)))
		},
	}, {
		ID:    "tools/query/bad-filter",
		Title: "a filter that is none is refused with the tenant's message and a hint",
		Level: c.Must, Needs: toolsAndType, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			numbered(t, 1).finds("true", "n0")
			answer := t.Call("queryManagedObjects", args{"objectType": t.Target.OpenType, "queryFilter": `name ne "a"`})
			checkRefusal(t, answer, http.StatusBadRequest)
			t.Contains("message", "filter operator", c.Text(answer.Structured, "error", "message"))
			t.Equal("parameter", "queryFilter", c.At(answer.Structured, "error", "parameter"))
			t.Equal("retryable", false, c.At(answer.Structured, "error", "retryable"))
		},
	}, {
		ID:    "tools/query/unknown-type",
		Title: "a query of a type that is not there is refused with a hint to the types",
		Level: c.Must, Needs: toolsAndType, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			numbered(t, 1).finds("true", "n0")
			answer := t.Call("queryManagedObjects", args{"objectType": "conformance_nothing"})
			checkRefusal(t, answer, http.StatusNotFound)
			t.Contains("hint", "listManagedObjects", c.Text(answer.Structured, "error", "hint"))
		},
	}, {
		ID:    "tools/create/stored",
		Title: "createManagedObject stores the object and tells its ID and revision",
		Level: c.Must, Needs: []c.Feature{c.Tools, c.Managed}, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			role := newRole(t)
			answer := createByTool(t, roles, role)
			t.Succeeded(answer)
			stored := read(t, at(roles, answer.String("id")))
			checkHolds(t, "the role", role, stored.Body)
			checkHolds(t, "the answer's object", role, answer.At("object"))
			t.Equal("revision", stored.At("_rev"), answer.At("revision"))
			t.True("the transaction is named", answer.String("transactionId") != "")
		},
	}, {
		ID:    "tools/create/policy",
		Title: "a create that breaks a policy is refused, naming the property and the requirement",
		Level: c.Must, Needs: []c.Feature{c.Tools, c.Managed}, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			user := newUser(t)
			delete(user, "mail")
			answer := createByTool(t, users, user)
			checkRefusal(t, answer, http.StatusForbidden)
			t.Contains("text", "mail", answer.Text)
			t.Contains("text", "REQUIRED", answer.Text)
			t.Contains("hint", "mail", c.Text(answer.Structured, "error", "hint"))
			t.Equal("property in the detail", "mail", c.At(answer.Structured, "error", "detail", "failedPolicyRequirements", 0, "property"))
			t.Equal("users of that name", []any{}, query(t, users, eq("userName", user["userName"].(string))).At("result"))
		},
	}, {
		ID:    "tools/create/taken-id",
		Title: "a create with an _id that is taken is refused and changes nothing",
		Level: c.Must, Needs: []c.Feature{c.Tools, c.Managed}, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			id, before := stored(t, roles, newRole(t))
			role := newRole(t)
			role["_id"] = id
			checkRefusal(t, createByTool(t, roles, role), http.StatusPreconditionFailed)
			checkUnchanged(t, at(roles, id), before)
		},
	}, {
		ID:    "tools/create/unknown-type",
		Title: "a create of a type that is not there is refused with a hint to the types",
		Level: c.Must, Needs: []c.Feature{c.Tools, c.Config, c.Managed}, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			definitionOf(t, "alpha_user")
			answer := createByTool(t, "/openidm/managed/conformance_nothing", newRole(t))
			checkRefusal(t, answer, http.StatusNotFound)
			t.Contains("hint", "listManagedObjects", c.Text(answer.Structured, "error", "hint"))
		},
	}, {
		ID:    "tools/create/exact-number",
		Title: "a number of 2^53+1 goes through the tools digit by digit, there and back",
		Level: c.Must, Needs: toolsAndType, Ref: refExact, Writes: true,
		Run: func(t *c.T) {
			const exact int64 = 9007199254740993
			made := createByTool(t, open(t), object{"n": exact})
			t.Succeeded(made)
			path := at(open(t), made.String("id"))
			t.Equal("n stored by create", exact, read(t, path).At("n"))
			changed := t.Call("patchManagedObject", args{
				"objectType": t.Target.OpenType, "objectId": made.String("id"), "revision": made.String("revision"),
				"operations": []args{{"operation": "replace", "field": "/n", "value": exact + 2}},
			})
			t.Succeeded(changed)
			t.Equal("n stored by patch", exact+2, read(t, path).At("n"))
			got := t.Call("getManagedObject", args{"objectType": t.Target.OpenType, "objectId": made.String("id")})
			t.Succeeded(got)
			t.Equal("n read", exact+2, got.At("object", "n"))
		},
	}, {
		ID:    "tools/create/secret",
		Title: "a password that is given to a tool never comes back",
		Level: c.Must, Needs: []c.Feature{c.Tools, c.Managed}, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			user, password := newUser(t), "Zq7!"+uuid.NewString()
			t.Secret(password)
			user["password"] = password
			answer := createByTool(t, users, user)
			t.Succeeded(answer)
			t.Equal("userName stored", user["userName"], read(t, at(users, answer.String("id"))).At("userName"))
			t.Lacks("object", answer.At("object"), "password")
			t.True("the answer does not hold the password", !holds(answer, password))
			delete(user, "mail")
			user["userName"] = t.Fresh("user")
			refused := createByTool(t, users, user)
			checkRefusal(t, refused, http.StatusForbidden)
			t.True("the refusal does not hold the password", !holds(refused, password))
		},
	}, {
		ID:    "tools/get/object",
		Title: "getManagedObject gives the object as the tenant has it, or some of its fields",
		Level: c.Must, Needs: toolsAndType, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			id, created := stored(t, open(t), object{"name": "<b>ä</b>", "n": 1.5, "list": []any{1, "x", nil}, "in": object{"k": true}})
			whole := t.Call("getManagedObject", args{"objectType": t.Target.OpenType, "objectId": id})
			t.Succeeded(whole)
			t.Equal("object", created.Body, whole.At("object"))
			t.True("the text is JSON", json.Valid([]byte(whole.Text)))
			t.Equal("structured content", whole.Body, whole.Structured)
			some := t.Call("getManagedObject", args{"objectType": t.Target.OpenType, "objectId": id, "fields": "n"})
			t.Succeeded(some)
			t.Equal("object with some fields", object{"_id": id, "_rev": created.At("_rev"), "n": 1.5}, some.At("object"))
		},
	}, {
		ID:    "tools/get/missing",
		Title: "an object that is not there is refused with 404, a hint and the transaction",
		Level: c.Must, Needs: []c.Feature{c.Tools, c.Managed}, Ref: refFaults,
		Run: func(t *c.T) {
			id := uuid.NewString()
			checkMessage(t, t.Get(at(users, id)), http.StatusNotFound, noSuchEntry("user", id))
			answer := t.Call("getManagedObject", args{"objectType": "alpha_user", "objectId": id})
			checkRefusal(t, answer, http.StatusNotFound)
			t.Equal("code", 404, c.At(answer.Structured, "error", "code"))
			t.Contains("message", "No Such Entry", c.Text(answer.Structured, "error", "message"))
			t.True("the transaction is named", c.Text(answer.Structured, "error", "transactionId") != "")
		},
	}, {
		ID:    "tools/patch/applied",
		Title: "patchManagedObject changes the object that has the revision, and tells the new one",
		Level: c.Must, Needs: toolsAndType, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			id, created := create(t, open(t), object{"a": 1, "list": []any{"x"}, "old": "v"})
			answer := patchByTool(t, id, created.Text("_rev"),
				op("replace", "/a", "one"), op("add", "/list/-", "y"), from("move", "/old", "/new"), op("remove", "/list", "x"))
			t.Succeeded(answer)
			stored := read(t, at(open(t), id))
			t.Equal("object stored", object{"a": "one", "list": []any{"y"}, "new": "v"}, content(stored.Body))
			t.Equal("object told", stored.Body, answer.At("object"))
			t.Equal("revision told", stored.At("_rev"), answer.At("revision"))
			t.Differs("revision", created.At("_rev"), stored.At("_rev"))
		},
	}, {
		ID:    "tools/patch/stale",
		Title: "a patch of an old revision is refused as a conflict, with a hint to read again",
		Level: c.Must, Needs: toolsAndType, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			id, created := create(t, open(t), object{"a": 1})
			t.Status(http.StatusOK, t.Put(at(open(t), id), object{"a": 2}))
			second := read(t, at(open(t), id))
			answer := patchByTool(t, id, created.Text("_rev"), op("replace", "/a", 3))
			checkRefusal(t, answer, http.StatusPreconditionFailed)
			t.Equal("parameter", "revision", c.At(answer.Structured, "error", "parameter"))
			t.Contains("hint", "getManagedObject", c.Text(answer.Structured, "error", "hint"))
			checkUnchanged(t, at(open(t), id), second)
		},
	}, {
		ID:    "tools/patch/policy",
		Title: "a patch that breaks a policy is refused, naming the property and the requirement",
		Level: c.Must, Needs: []c.Feature{c.Tools, c.Managed}, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			id, created := stored(t, users, newUser(t))
			answer := t.Call("patchManagedObject", args{
				"objectType": "alpha_user", "objectId": id, "revision": created.Text("_rev"), "operations": []object{op("remove", "/mail", nil)},
			})
			checkRefusal(t, answer, http.StatusForbidden)
			t.Contains("text", "mail", answer.Text)
			t.Contains("text", "REQUIRED", answer.Text)
			checkUnchanged(t, at(users, id), created)
		},
	}, {
		ID:    "tools/patch/test-operation",
		Title: "the operation test is refused, and nothing is changed",
		Level: c.Must, Needs: toolsAndType, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			id, created := stored(t, open(t), object{"a": 1})
			answer := patchByTool(t, id, created.Text("_rev"), op("replace", "/a", 2), op("test", "/a", 2))
			t.Refused(answer)
			t.Contains("hint", "revision", c.Text(answer.Structured, "error", "hint"))
			checkUnchanged(t, at(open(t), id), created)
		},
	}, {
		ID:    "tools/delete/gone",
		Title: "deleteManagedObject deletes the object and tells what it was",
		Level: c.Must, Needs: toolsAndType, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			id, created := stored(t, open(t), object{"name": "a"})
			other, before := stored(t, open(t), object{"name": "b"})
			answer := t.Call("deleteManagedObject", args{"objectType": t.Target.OpenType, "objectId": id})
			t.Succeeded(answer)
			t.Equal("deletedId", id, answer.At("deletedId"))
			t.Equal("object", created.Body, answer.At("object"))
			t.Status(http.StatusNotFound, t.Get(at(open(t), id)))
			checkUnchanged(t, at(open(t), other), before)
		},
	}, {
		ID:    "tools/delete/stale",
		Title: "a delete of an old revision is refused as a conflict, of the current one it works",
		Level: c.Must, Needs: toolsAndType, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			id, created := create(t, open(t), object{"a": 1})
			t.Status(http.StatusOK, t.Put(at(open(t), id), object{"a": 2}))
			second := read(t, at(open(t), id))
			answer := t.Call("deleteManagedObject", args{"objectType": t.Target.OpenType, "objectId": id, "revision": created.Text("_rev")})
			checkRefusal(t, answer, http.StatusPreconditionFailed)
			t.Equal("parameter", "revision", c.At(answer.Structured, "error", "parameter"))
			checkUnchanged(t, at(open(t), id), second)
			t.Succeeded(t.Call("deleteManagedObject", args{"objectType": t.Target.OpenType, "objectId": id, "revision": second.Text("_rev")}))
			t.Status(http.StatusNotFound, t.Get(at(open(t), id)))
		},
	}, {
		ID:    "tools/delete/missing",
		Title: "deleting an object that is not there is refused with 404",
		Level: c.Must, Needs: toolsAndType, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			id, _ := create(t, open(t), object{"name": "a"})
			t.Status(http.StatusOK, t.Delete(at(open(t), id)))
			checkRefusal(t, t.Call("deleteManagedObject", args{"objectType": t.Target.OpenType, "objectId": id}), http.StatusNotFound)
		},
	}, {
		ID:    "tools/arguments/type-injection",
		Title: "an objectType cannot lead to another resource, be it by slashes, dots or a query",
		Level: c.Must, Needs: toolsAndType, Ref: refBounds, Writes: true,
		Run: func(t *c.T) {
			id, created := stored(t, open(t), object{"name": "a"})
			own := t.Target.OpenType
			for _, objectType := range []string{own + "/" + id, "../managed/" + own, own + "?_action=x", own + "%2F" + id, own + "#", "..", "", own + " "} {
				t.Refused(t.Call("deleteManagedObject", args{"objectType": objectType, "objectId": id}))
				t.Refused(t.Call("queryManagedObjects", args{"objectType": objectType}))
			}
			checkUnchanged(t, at(open(t), id), created)
		},
	}, {
		ID:    "tools/arguments/id-injection",
		Title: "an objectId cannot lead to another resource, be it by slashes, dots or a query",
		Level: c.Must, Needs: toolsAndType, Ref: refBounds, Writes: true,
		Run: func(t *c.T) {
			id, created := stored(t, open(t), object{"name": "a"})
			own := t.Target.OpenType
			for _, objectID := range []string{"../" + own + "/" + id, "x/../" + id, id + "?_fields=_id", id + "#x", "%2e%2e/" + own + "/" + id, "./" + id, id + "/", "..", ".", ""} {
				t.Refused(t.Call("getManagedObject", args{"objectType": own, "objectId": objectID}))
				t.Refused(t.Call("deleteManagedObject", args{"objectType": own, "objectId": objectID}))
			}
			checkUnchanged(t, at(open(t), id), created)
		},
	}, {
		ID:    "tools/arguments/filter-literal",
		Title: "a filter with quotes and backslashes reaches the tenant as it is",
		Level: c.Must, Needs: toolsAndType, Ref: refBounds, Writes: true,
		Run: func(t *c.T) {
			const nasty = `x" or true or name eq "\ &_pageSize=1#%22+`
			f := newFlock(t, object{"name": nasty}, object{"name": "other"})
			answer := t.Call("queryManagedObjects", args{"objectType": t.Target.OpenType, "queryFilter": eq("group", f.group) + " and " + eq("name", nasty)})
			t.Succeeded(answer)
			t.Equal("number of objects", 1, len(c.List(answer.Body, "objects")))
			t.Equal("name", nasty, answer.At("objects", 0, "name"))
		},
	}, {
		ID:    "tools/arguments/unknown",
		Title: "an argument that the tool does not have is refused and named",
		Level: c.Must, Needs: toolsAndType, Ref: refBounds, Writes: true,
		Run: func(t *c.T) {
			id, created := stored(t, open(t), object{"name": "a"})
			answer := t.Call("deleteManagedObject", args{"objectType": t.Target.OpenType, "objectId": id, "dryRun": true})
			t.Refused(answer)
			t.Contains("text", "dryRun", answer.Text)
			checkUnchanged(t, at(open(t), id), created)
		},
	},
}

// createByTool creates an object through the tool. It is removed in the end.
func createByTool(t *c.T, collection string, data object) *c.Answer {
	data = findable(data)
	var answer *c.Answer
	t.Cleanup(func() {
		if answer != nil && answer.String("id") != "" {
			remove(t, at(collection, answer.String("id")))
			return
		}
		removeFound(t, collection, data)
	})
	answer = t.Call("createManagedObject", args{"objectType": typeOf(collection), "objectData": data})
	return answer
}

// patchByTool patches an object of the open type.
func patchByTool(t *c.T, id, revision string, operations ...object) *c.Answer {
	return t.Call("patchManagedObject", args{
		"objectType": t.Target.OpenType, "objectId": id, "revision": revision, "operations": operations,
	})
}

// checkRefusal checks that a tool passes on the tenant's refusal: as an error
// with a status, in words, with advice.
func checkRefusal(t *c.T, a *c.Answer, status int) {
	t.Refused(a)
	t.Equal("status of "+a.Tool, status, c.At(a.Structured, "error", "status"))
	t.True("there is a hint", c.Text(a.Structured, "error", "hint") != "")
	t.Has("error", c.At(a.Structured, "error"), "reason", "message", "retryable")
	t.Contains("text", http.StatusText(status), a.Text)
}

// holds tells whether an answer has a text anywhere.
func holds(a *c.Answer, text string) bool {
	structured, err := json.Marshal(a.Structured)
	return err != nil || strings.Contains(a.Text, text) || strings.Contains(string(structured), text)
}
