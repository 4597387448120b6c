package cases

import (
	"net/http"

	c "aicmcp/conformance"
)

const userMeta = "/openidm/managed/alpha_usermeta"

// metas are the cases about the sidecars that tell when users changed.
var metas = []c.Case{
	{
		ID:    "meta/user/dates",
		Title: "_fields=_meta/* tells when a user was created and last changed",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refMeta, Writes: true,
		Run: func(t *c.T) {
			id, _ := create(t, users, newUser(t))
			meta := metaOf(t, id)
			t.Equal("_refResourceCollection", "managed/alpha_usermeta", c.At(meta, "_refResourceCollection"))
			t.True("there is a createDate", c.Text(meta, "createDate") != "")
			t.True("there is a date of the last change", c.Text(meta, "lastChanged", "date") != "")
			t.Lacks("user", read(t, at(users, id)).Body, "_meta")
		},
	}, {
		ID:    "meta/user/changed",
		Title: "a change of a user moves lastChanged and leaves createDate",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refMeta, Writes: true,
		Run: func(t *c.T) {
			id, _ := create(t, users, newUser(t))
			before := metaOf(t, id)
			t.Status(http.StatusOK, t.Patch(at(users, id), []object{op("replace", "/city", "Bonn")}))
			after := metaOf(t, id)
			t.Equal("sidecar", c.At(before, "_refResourceId"), c.At(after, "_refResourceId"))
			t.Equal("createDate", c.At(before, "createDate"), c.At(after, "createDate"))
			t.True("lastChanged does not go back", c.Text(after, "lastChanged", "date") >= c.Text(before, "lastChanged", "date"))
		},
	}, {
		ID:    "meta/query",
		Title: "the sidecars are queried and sorted by the date of the last change",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refMeta, Writes: true,
		Run: func(t *c.T) {
			user, _ := create(t, users, newUser(t))
			meta := metaOf(t, user)
			id, changed := c.Text(meta, "_refResourceId"), c.Text(meta, "lastChanged", "date")
			filter := eq("_id", id) + ` and lastChanged/date ge "` + changed + `"`
			t.Equal("sidecars of that date or later", []string{id}, column(query(t, userMeta, filter, "_sortKeys", "-lastChanged/date"), "_id"))
			t.Equal("sidecars that are later", []any{}, query(t, userMeta, eq("_id", id)+` and lastChanged/date gt "`+changed+`"`).At("result"))
			res := read(t, at(userMeta, id))
			t.Equal("createDate", c.At(meta, "createDate"), res.At("createDate"))
			t.Equal("lastChanged", changed, res.At("lastChanged", "date"))
		},
	}, {
		ID:    "meta/deleted",
		Title: "the sidecar goes with its user",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: "inferred: nothing else would remove it", Writes: true,
		Run: func(t *c.T) {
			user, _ := create(t, users, newUser(t))
			id := c.Text(metaOf(t, user), "_refResourceId")
			read(t, at(userMeta, id))
			t.Status(http.StatusOK, t.Delete(at(users, user)))
			checkError(t, t.Get(at(userMeta, id)), http.StatusNotFound)
		},
	}, {
		ID:    "meta/sort",
		Title: "users cannot be sorted by what their sidecars hold: 500",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refMetaQuery, Writes: true,
		Run: func(t *c.T) {
			id, _ := create(t, users, newUser(t))
			t.Equal("users", []string{id}, column(query(t, users, eq("_id", id)), "_id"))
			checkError(t, t.Get(users, c.Query("_queryFilter", eq("_id", id), "_sortKeys", "-_meta/lastChanged")), http.StatusInternalServerError)
		},
	}, {
		ID:    "meta/filter",
		Title: "users cannot be found by what their sidecars hold: the page is empty",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refMetaQuery, Writes: true,
		Run: func(t *c.T) {
			id, _ := create(t, users, newUser(t))
			t.Equal("users", []string{id}, column(query(t, users, eq("_id", id)), "_id"))
			t.Equal("users by date", []any{}, query(t, users, eq("_id", id)+` and _meta/lastChanged/date gt "1970-01-01T00:00:00Z"`).At("result"))
		},
	}, {
		ID:    "meta/roles",
		Title: "roles have no sidecars: alpha_rolemeta is 404",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refMeta,
		Run: func(t *c.T) {
			query(t, userMeta, "true", "_pageSize", "1")
			checkError(t, t.Get("/openidm/managed/alpha_rolemeta", c.Query("_queryFilter", "true")), http.StatusNotFound)
		},
	},
}

// metaOf is the sidecar of a user, with the reference to it.
func metaOf(t *c.T, id string) any {
	res := t.Get(at(users, id), c.Query("_fields", "_meta/*"))
	t.Status(http.StatusOK, res)
	t.Has("_meta", res.At("_meta"), "_refResourceId", "createDate", "lastChanged")
	return res.At("_meta")
}
