package cases

import (
	"net/http"

	c "aicmcp/conformance"
)

// edges are the cases about TYPE/ID/PROPERTY and the relationships below it.
var edges = []c.Case{
	{
		ID:    "relationships/query/envelope",
		Title: "a query of an object's relationships is a page of references with an ID and revisions of their own",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refEdgePage, Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			res := query(t, at(users, user)+"/roles", "true")
			t.Equal("page", object{
				"resultCount": 1, "pagedResultsCookie": nil, "totalPagedResultsPolicy": "NONE", "totalPagedResults": -1, "remainingPagedResults": -1,
			}, without(res.Body, "result"))
			edge := res.At("result", 0)
			t.Equal("relationship", object{
				"_id": c.At(edge, "_refProperties", "_id"), "_rev": c.At(edge, "_refProperties", "_rev"),
				"_ref": "managed/alpha_role/" + role, "_refResourceCollection": "managed/alpha_role", "_refResourceId": role,
				"_refResourceRev": read(t, at(roles, role)).At("_rev"),
				"_refProperties":  object{"_id": c.At(edge, "_id"), "_rev": c.At(edge, "_rev")},
			}, edge)
			t.Has("relationship", edge, "_id", "_rev")
		},
	}, {
		ID:    "relationships/query/fields",
		Title: "_fields=_ref/*,name adds the name of the object behind each reference",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refFields, Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			res := query(t, at(users, user)+"/roles", "true", "_fields", "_ref/*,name")
			edge := res.At("result", 0)
			t.Equal("name", read(t, at(roles, role)).At("name"), c.At(edge, "name"))
			t.Has("relationship", edge, "_id", "_rev", "_ref", "_refResourceCollection", "_refResourceId", "_refProperties")
			t.Lacks("relationship", edge, "description")
		},
	}, {
		ID:    "relationships/query/empty",
		Title: "an object without relationships has an empty page of them",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refEdgePage, Writes: true,
		Run: func(t *c.T) {
			id, _ := create(t, users, newUser(t))
			res := query(t, at(users, id)+"/roles", "true")
			t.Equal("result", []any{}, res.At("result"))
			t.Equal("resultCount", 0, res.At("resultCount"))
			role, _ := create(t, roles, newRole(t))
			t.Status(http.StatusCreated, t.Post(at(users, id)+"/roles", reference(roles, role), actionCreate))
			t.Equal("IDs listed", []string{role}, column(query(t, at(users, id)+"/roles", "true"), "_refResourceId"))
		},
	}, {
		ID:    "relationships/query/pages",
		Title: "a walk over relationships by cookies visits each once",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: refPaging, Writes: true,
		Run: func(t *c.T) {
			role, _ := create(t, roles, newRole(t))
			var members []string
			for range 3 {
				user := newUser(t)
				user["roles"] = []object{reference(roles, role)}
				id, _ := create(t, users, user)
				members = append(members, id)
			}
			var found []any
			first := query(t, at(roles, role)+"/members", "true", "_pageSize", "2")
			second := query(t, at(roles, role)+"/members", "true", "_pageSize", "2", "_pagedResultsCookie", first.Text("pagedResultsCookie"))
			found = append(column(first, "_refResourceId"), column(second, "_refResourceId")...)
			t.Equal("size of the first page", 2, len(first.List("result")))
			checkSame(t, "members", members, found)
			t.Equal("cookie of the last page", nil, second.At("pagedResultsCookie"))
		},
	}, {
		ID:    "relationships/query/missing-object",
		Title: "the relationships of an object that is not there are 404",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: "inferred from the recorded 404 of a read", Writes: true,
		Run: func(t *c.T) {
			user, _ := holder(t)
			query(t, at(users, user)+"/roles", "true")
			t.Status(http.StatusOK, t.Delete(at(users, user)))
			checkError(t, t.Get(at(users, user)+"/roles", c.Query("_queryFilter", "true")), http.StatusNotFound)
		},
	}, {
		ID:    "relationships/add/post",
		Title: "POST of a reference relates the objects and answers 201 with the relationship",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refEdges, Writes: true,
		Run: func(t *c.T) {
			user, _ := create(t, users, newUser(t))
			group, _ := create(t, groups, newRole(t))
			res := t.Post(at(groups, group)+"/members", reference(users, user), actionCreate)
			t.Status(http.StatusCreated, res)
			t.Equal("_ref", "managed/alpha_user/"+user, res.At("_ref"))
			t.Equal("_refResourceId", user, res.At("_refResourceId"))
			t.Has("relationship", res.Body, "_id", "_rev", "_refProperties")
			t.Equal("members of the group", []string{user}, referredBy(t, at(groups, group), "members"))
			t.Equal("groups of the user", []string{group}, referredBy(t, at(users, user), "groups"))
		},
	}, {
		ID:    "relationships/add/location",
		Title: "the Location of a new relationship is its address",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: "inferred from the Location of other creates; of a relationship none was recorded", Writes: true,
		Run: func(t *c.T) {
			user, _ := create(t, users, newUser(t))
			role, _ := create(t, roles, newRole(t))
			res := t.Post(at(users, user)+"/roles", reference(roles, role), actionCreate)
			t.Status(http.StatusCreated, res)
			checkLocation(t, res, at(at(users, user)+"/roles", res.Text("_id")))
			t.Equal("ETag", `"`+res.Text("_rev")+`"`, res.Header.Get("ETag"))
		},
	}, {
		ID:    "relationships/add/plain",
		Title: "POST of a reference without an action relates the objects as well",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: "documented: POST without an action is the same as with _action=create; not recorded", Writes: true,
		Run: func(t *c.T) {
			user, _ := create(t, users, newUser(t))
			role, _ := create(t, roles, newRole(t))
			t.Status(http.StatusCreated, t.Post(at(users, user)+"/roles", reference(roles, role)))
			t.Equal("members of the role", []string{user}, referredBy(t, at(roles, role), "members"))
		},
	}, {
		ID:    "relationships/add/duplicate",
		Title: "a relationship that is there already is 412 when it is added again",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: refAncestor, Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			res := t.Post(at(users, user)+"/roles", reference(roles, role), actionCreate)
			checkError(t, res, http.StatusPreconditionFailed)
			t.Equal("roles", []string{role}, referredBy(t, at(users, user), "roles"))
		},
	}, {
		ID:    "relationships/add/dangling",
		Title: "POST of a reference to nothing is 400",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: refDangling, Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			gone, _ := create(t, roles, newRole(t))
			t.Status(http.StatusOK, t.Delete(at(roles, gone)))
			checkError(t, t.Post(at(users, user)+"/roles", reference(roles, gone), actionCreate), http.StatusBadRequest)
			t.Equal("roles", []string{role}, referredBy(t, at(users, user), "roles"))
		},
	}, {
		ID:    "relationships/edge/read",
		Title: "one relationship is read by its ID",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refEdges, Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			edge := onlyEdge(t, at(users, user)+"/roles")
			res := read(t, at(at(users, user)+"/roles", c.Text(edge, "_id")))
			t.Equal("relationship", edge, res.Body)
			t.Equal("_refResourceId", role, res.At("_refResourceId"))
		},
	}, {
		ID:    "relationships/edge/missing",
		Title: "a relationship that is not there is 404, be it another object's",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refEdges, Writes: true,
		Run: func(t *c.T) {
			user, _ := holder(t)
			other, _ := holder(t)
			id := c.Text(onlyEdge(t, at(users, user)+"/roles"), "_id")
			t.Status(http.StatusOK, t.Get(at(at(users, user)+"/roles", id)))
			checkError(t, t.Get(at(at(users, other)+"/roles", id)), http.StatusNotFound)
			checkError(t, t.Delete(at(at(users, other)+"/roles", id)), http.StatusNotFound)
			t.Equal("relationship", id, c.Text(onlyEdge(t, at(users, user)+"/roles"), "_id"))
		},
	}, {
		ID:    "relationships/edge/delete",
		Title: "DELETE of a relationship answers it, and both objects are related no longer",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refEdges, Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			edge := onlyEdge(t, at(users, user)+"/roles")
			path := at(at(users, user)+"/roles", c.Text(edge, "_id"))
			res := t.Delete(path)
			t.Status(http.StatusOK, res)
			t.Equal("_id", c.At(edge, "_id"), res.At("_id"))
			t.Equal("_ref", c.At(edge, "_ref"), res.At("_ref"))
			t.Equal("roles", []any{}, related(t, at(users, user), "roles"))
			t.Equal("members", []any{}, related(t, at(roles, role), "members"))
			checkError(t, t.Get(path), http.StatusNotFound)
			t.Status(http.StatusOK, t.Get(at(roles, role)))
		},
	}, {
		ID:    "relationships/edge/other-end",
		Title: "a relationship is removed from either end",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refEdges, Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			edge := onlyEdge(t, at(roles, role)+"/members")
			t.Equal("_refResourceId", user, c.At(edge, "_refResourceId"))
			t.Status(http.StatusOK, t.Delete(at(at(roles, role)+"/members", c.Text(edge, "_id"))))
			t.Equal("roles", []any{}, related(t, at(users, user), "roles"))
		},
	},
}

// onlyEdge is the one relationship that a property has.
func onlyEdge(t *c.T, path string) any {
	res := query(t, path, "true")
	if len(res.List("result")) != 1 {
		t.Fatalf("%s does not have one relationship: %s", path, res.Raw)
	}
	return res.At("result", 0)
}
