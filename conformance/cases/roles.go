package cases

import (
	"net/http"

	"github.com/google/uuid"

	c "aicmcp/conformance"
)

const internalRoles = "/openidm/internal/role"

// internals are the cases about internal roles.
var internals = []c.Case{
	{
		ID:    "internal-roles/query/stock",
		Title: "the stock internal roles are listed, each with its ID as the name",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refInternal,
		Run: func(t *c.T) {
			res := query(t, internalRoles, "true", "_pageSize", "1000", "_fields", "condition,description,name,privileges,temporalConstraints")
			t.Equal("page", object{"pagedResultsCookie": nil, "totalPagedResultsPolicy": "NONE", "totalPagedResults": -1, "remainingPagedResults": -1},
				without(res.Body, "result", "resultCount"))
			for _, name := range []string{
				"openidm-admin", "openidm-authorized", "openidm-reg", "openidm-cert", "openidm-tasks-manager", "platform-provisioning", "openidm-prometheus",
			} {
				role := named(t, res.List("result"), name)
				t.Equal("_id", name, c.At(role, "_id"))
				t.Equal("privileges of "+name, []any{}, c.At(role, "privileges"))
				t.Equal("temporalConstraints of "+name, []any{}, c.At(role, "temporalConstraints"))
				t.Equal("condition of "+name, nil, c.At(role, "condition"))
			}
		},
	}, {
		ID:    "internal-roles/read",
		Title: "an internal role is read with its revision as ETag",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refInternal,
		Run: func(t *c.T) {
			res := read(t, internalRoles+"/openidm-authorized")
			t.Equal("_id", "openidm-authorized", res.At("_id"))
			t.Equal("ETag", `"`+res.Text("_rev")+`"`, res.Header.Get("ETag"))
			checkRevision(t, res.Text("_rev"))
			t.Lacks("role", res.Body, "authzMembers")
		},
	}, {
		ID:    "internal-roles/put",
		Title: "PUT of an internal role adds temporalConstraints; an identical one keeps the revision",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refInternal, Writes: true,
		Run: func(t *c.T) {
			id, role := uuid.NewString(), newInternalRole(t)
			res := put(t, internalRoles, id, role)
			if res.Status != http.StatusOK {
				t.Status(http.StatusCreated, res)
			}
			checkHolds(t, "the role", role, res.Body)
			t.Equal("temporalConstraints", []any{}, res.At("temporalConstraints"))
			t.Equal("ETag", `"`+res.Text("_rev")+`"`, res.Header.Get("ETag"))
			before := read(t, at(internalRoles, id))
			t.Equal("role read", res.Body, before.Body)
			again := t.Put(at(internalRoles, id), content(before.Body))
			t.Status(http.StatusOK, again)
			t.Equal("revision", before.At("_rev"), again.At("_rev"))
		},
	}, {
		ID:    "internal-roles/deleted",
		Title: "DELETE of an internal role answers it, and it is gone",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: "inferred from managed objects; not recorded", Writes: true,
		Run: func(t *c.T) {
			id, role := uuid.NewString(), newInternalRole(t)
			put(t, internalRoles, id, role)
			before := read(t, at(internalRoles, id))
			res := t.Delete(at(internalRoles, id))
			t.Status(http.StatusOK, res)
			t.Equal("role", before.Body, res.Body)
			checkError(t, t.Get(at(internalRoles, id)), http.StatusNotFound)
		},
	}, {
		ID:    "internal-roles/members",
		Title: "a user's authzRoles and the role's authzMembers show a grant from both ends",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refBothEnds, Writes: true,
		Run: func(t *c.T) {
			role := uuid.NewString()
			put(t, internalRoles, role, newInternalRole(t))
			user := newUser(t)
			user["authzRoles"] = []object{reference(internalRoles, role)}
			id, _ := create(t, users, user)
			granted := related(t, at(users, id), "authzRoles")
			t.Equal("_ref", "internal/role/"+role, c.At(granted, 0, "_ref"))
			t.Equal("_refResourceCollection", "internal/role", c.At(granted, 0, "_refResourceCollection"))
			t.Equal("members", []string{id}, referredBy(t, at(internalRoles, role), "authzMembers"))
		},
	},
}

// newInternalRole lets nobody do anything.
func newInternalRole(t *c.T) object {
	return object{"name": t.Fresh("role"), "description": "made by a conformance test", "privileges": []any{}, "condition": nil}
}
