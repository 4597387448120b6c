package cases

import (
	"net/http"

	"github.com/google/uuid"

	c "aicmcp/conformance"
)

var actionPatch = c.Query("_action", "patch")

// actions are the cases about _action=patch, and what a query takes besides
// what those with an open type show.
var actions = []c.Case{
	{
		ID:    "managed/patch-action/object",
		Title: "POST _action=patch on an object patches it",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPatchAction, Writes: true,
		Run: func(t *c.T) {
			id, before := stored(t, roles, newRole(t))
			res := t.Post(at(roles, id), []object{op("replace", "/description", "patched")}, actionPatch)
			t.Status(http.StatusOK, res)
			t.Equal("_id", id, res.At("_id"))
			t.Equal("description", "patched", res.At("description"))
			after := read(t, at(roles, id))
			t.Equal("description stored", "patched", after.At("description"))
			t.Differs("revision", before.At("_rev"), after.At("_rev"))
		},
	}, {
		ID:    "managed/patch-action/found",
		Title: "POST _action=patch with a filter patches the one object that it matches",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPatchAction, Writes: true,
		Run: func(t *c.T) {
			user := newUser(t)
			id, _ := create(t, users, user)
			other, before := stored(t, users, newUser(t))
			res := t.Post(users, []object{op("replace", "/city", "Bonn")}, actionPatch, c.Query("_queryFilter", eq("userName", user["userName"].(string))))
			t.Status(http.StatusOK, res)
			t.Equal("_id", id, res.At("_id"))
			t.Equal("city", "Bonn", read(t, at(users, id)).At("city"))
			checkUnchanged(t, at(users, other), before)
		},
	}, {
		ID:    "managed/patch-action/none",
		Title: "POST _action=patch with a filter that matches nothing is 404",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: refAncestor, Writes: true,
		Run: func(t *c.T) {
			id, before := stored(t, roles, newRole(t))
			res := t.Post(roles, []object{op("replace", "/description", "patched")}, actionPatch, c.Query("_queryFilter", eq("name", t.Fresh("role"))))
			checkMessage(t, res, http.StatusNotFound, "Query returned no results")
			checkUnchanged(t, at(roles, id), before)
		},
	}, {
		ID:    "managed/patch-action/several",
		Title: "POST _action=patch with a filter that matches several objects is refused and patches none",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: refAncestor, Writes: true,
		Run: func(t *c.T) {
			_, filter := someRoles(t, 2)
			before := query(t, roles, filter, "_sortKeys", "name")
			t.Equal("number of roles", 2, len(before.List("result")))
			res := t.Post(roles, []object{op("replace", "/description", "patched")}, actionPatch, c.Query("_queryFilter", filter))
			checkMessage(t, res, http.StatusInternalServerError, "Query result must yield one matching object")
			t.Equal("roles", before.At("result"), query(t, roles, filter, "_sortKeys", "name").At("result"))
		},
	}, {
		ID:    "managed/patch-action/policy",
		Title: "POST _action=patch is held against the policies as PATCH is",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: "inferred: the action is documented as another way to patch", Writes: true,
		Run: func(t *c.T) {
			id, before := stored(t, users, newUser(t))
			res := t.Post(at(users, id), []object{op("remove", "/mail", nil)}, actionPatch)
			checkPolicy(t, res, patchRefused, "mail", "REQUIRED", nil)
			checkUnchanged(t, at(users, id), before)
		},
	}, {
		ID:    "managed/patch-action/missing",
		Title: "POST _action=patch on an object that is not there is 404",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: refWords, Writes: true,
		Run: func(t *c.T) {
			id := uuid.NewString()
			res := t.Post(at(roles, id), []object{op("replace", "/description", "patched")}, actionPatch)
			checkMessage(t, res, http.StatusNotFound, noSuchEntry("role", id))
		},
	}, {
		ID:    "query/filter/in",
		Title: "in takes a list as a quoted text of JSON",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refIn, Writes: true,
		Run: func(t *c.T) {
			names, filter := someRoles(t, 3)
			res := query(t, roles, filter+` and name in '["`+names[0]+`","`+names[2]+`","conformance-nobody"]'`, "_sortKeys", "name")
			t.Equal("names", []string{names[0], names[2]}, column(res, "name"))
		},
	}, {
		ID:    "query/filter/in-unquoted",
		Title: "in with a list that is not quoted is 400",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refIn, Writes: true,
		Run: func(t *c.T) {
			names, filter := someRoles(t, 1)
			t.Equal("names", names, column(query(t, roles, filter), "name"))
			checkError(t, t.Get(roles, c.Query("_queryFilter", `name in ["`+names[0]+`"]`)), http.StatusBadRequest)
		},
	}, {
		ID:    "query/roles/count",
		Title: "a page of roles tells the total if it is asked for, or falls back",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refCount, Writes: true,
		Run: func(t *c.T) {
			_, filter := someRoles(t, 3)
			res := query(t, roles, filter, "_pageSize", "2", "_totalPagedResultsPolicy", "EXACT")
			t.Equal("size of the page", 2, len(res.List("result")))
			switch policy := res.Text("totalPagedResultsPolicy"); policy {
			case "EXACT", "ESTIMATE":
				t.Equal("totalPagedResults", 3, res.At("totalPagedResults"))
			default:
				t.Equal("totalPagedResultsPolicy", "NONE", policy)
				t.Equal("totalPagedResults", -1, res.At("totalPagedResults"))
			}
			t.Equal("policy if none is asked for", "NONE", query(t, roles, filter, "_pageSize", "2").At("totalPagedResultsPolicy"))
		},
	}, {
		ID:    "crest/version/protocol",
		Title: "a protocol that is newer than 2.1 is refused with 400",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: refBinding + "; recorded: answers are of protocol 2.1",
		Run: func(t *c.T) {
			version := func(text string) c.Option { return c.Header("Accept-API-Version", text) }
			empty := c.Query("_queryFilter", eq("name", t.Fresh("role")))
			t.Equal("version answered", "protocol=2.1,resource=1.0", t.Get(roles, empty, version("protocol=2.1,resource=1.0")).Header.Get("Content-API-Version"))
			checkMessage(t, t.Get(roles, empty, version("protocol=2.2")), http.StatusBadRequest, "Unsupported minor version: 2.2")
			checkMessage(t, t.Get(roles, empty, version("protocol=3.0")), http.StatusBadRequest, "Unsupported major version: 3.0")
		},
	},
}
