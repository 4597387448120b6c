package cases

import (
	"net/http"
	"slices"
	"strconv"

	c "aicmcp/conformance"
)

// stock are the cases that need nothing but the stock types.
var stock = append(lives(), []c.Case{
	{
		ID:    "managed/roles/stale-put",
		Title: "PUT of a role with a revision that is not current is 412 and changes nothing",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refStale, Writes: true,
		Run: func(t *c.T) {
			staleRole(t, func(path string, revision c.Option) *c.Response { return t.Put(path, newRole(t), revision) })
		},
	}, {
		ID:    "managed/roles/stale-patch",
		Title: "PATCH of a role with a revision that is not current is 412 and changes nothing",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refStale, Writes: true,
		Run: func(t *c.T) {
			staleRole(t, func(path string, revision c.Option) *c.Response {
				return t.Patch(path, []object{op("replace", "/description", "stale")}, revision)
			})
		},
	}, {
		ID:    "managed/roles/stale-delete",
		Title: "DELETE of a role with a revision that is not current is 412 and changes nothing",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refStale, Writes: true,
		Run: func(t *c.T) {
			staleRole(t, func(path string, revision c.Option) *c.Response { return t.Delete(path, revision) })
		},
	}, {
		ID:    "managed/roles/patch-several",
		Title: "several operations on a role are one write, with one new revision",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPatch, Writes: true,
		Run: func(t *c.T) {
			role := newRole(t)
			id, before := stored(t, roles, role)
			role["name"], role["description"] = role["name"].(string)+"-new", "second"
			res := t.Patch(at(roles, id), []object{
				op("replace", "/description", "first"), op("replace", "/name", role["name"]), op("replace", "description", "second"),
			}, c.IfMatch(before.Text("_rev")))
			t.Status(http.StatusOK, res)
			t.Differs("revision", before.At("_rev"), res.At("_rev"))
			after := read(t, at(roles, id))
			checkHolds(t, "the role", role, after.Body)
			t.Equal("revision stored", res.At("_rev"), after.At("_rev"))
		},
	}, {
		ID:    "query/roles/sort",
		Title: "_sortKeys orders roles by name, - turns it round",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refSort, Writes: true,
		Run: func(t *c.T) {
			names, filter := someRoles(t, 3)
			t.Equal("names", names, column(query(t, roles, filter, "_sortKeys", "name"), "name"))
			slices.Reverse(names)
			t.Equal("names, descending", names, column(query(t, roles, filter, "_sortKeys", "-name"), "name"))
		},
	}, {
		ID:    "query/roles/pages",
		Title: "a walk over roles by cookies visits each once",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPaging, Writes: true,
		Run: func(t *c.T) {
			names, filter := someRoles(t, 5)
			t.Equal("names", names, walk(t, roles, filter, "name", 2, nil, "_sortKeys", "name"))
		},
	},
}...)

// lives are the cases that create, read and delete an object of each stock type.
func lives() []c.Case {
	bodies := map[string]func(t *c.T) object{
		"user": newUser, "role": newRole, "group": newRole, "organization": newRole, "application": newRole,
		"assignment": func(t *c.T) object {
			return object{"name": t.Fresh("assignment"), "description": "made by a conformance test", "mapping": "conformance"}
		},
	}
	var all []c.Case
	for _, realm := range []string{"alpha", "bravo"} {
		for _, kind := range []string{"user", "role", "group", "organization", "assignment", "application"} {
			name := realm + "_" + kind
			all = append(all, c.Case{
				ID:    "managed/life/" + realm + "-" + kind,
				Title: "an object of the type " + name + " is created, read and deleted",
				Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refLife, Writes: true,
				Run: func(t *c.T) { live(t, "/openidm/managed/"+name, bodies[kind](t)) },
			})
		}
	}
	return all
}

func live(t *c.T, collection string, body object) {
	id, created := create(t, collection, body)
	checkHolds(t, "the answer", body, created.Body)
	checkHolds(t, "the object", body, read(t, at(collection, id)).Body)
	t.Status(http.StatusOK, t.Delete(at(collection, id)))
	checkError(t, t.Get(at(collection, id)), http.StatusNotFound)
}

// staleRole checks that a write is refused on a revision before the current one.
func staleRole(t *c.T, write func(path string, revision c.Option) *c.Response) {
	id, created := create(t, roles, newRole(t))
	t.Status(http.StatusOK, t.Patch(at(roles, id), []object{op("replace", "/description", "changed")}))
	current := read(t, at(roles, id))
	t.Differs("revision", created.At("_rev"), current.At("_rev"))
	checkError(t, write(at(roles, id), c.IfMatch(created.Text("_rev"))), http.StatusPreconditionFailed)
	checkUnchanged(t, at(roles, id), current)
}

// someRoles creates roles whose names are in order, and a filter for them.
func someRoles(t *c.T, count int) (names []string, filter string) {
	base := t.Fresh("role")
	for n := range count {
		name := base + "-" + strconv.Itoa(n)
		create(t, roles, object{"name": name})
		names = append(names, name)
	}
	return names, `name sw "` + base + `"`
}
