package cases

import (
	"net/http"

	"github.com/google/uuid"

	c "aicmcp/conformance"
)

const groups = "/openidm/managed/alpha_group"

// views are the cases about what is shown of objects, and what is hidden.
var views = []c.Case{
	{
		ID:    "managed/view/created-user",
		Title: "the answer to the create of a user lists what is not set: null, or [] where it is a list",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refUnset, Writes: true,
		Run: func(t *c.T) {
			_, res := create(t, users, newUser(t))
			for _, name := range []string{"country", "city", "description", "telephoneNumber", "postalCode", "preferences"} {
				t.Has("user", res.Body, name)
				t.Equal(name, nil, res.At(name))
			}
			for _, name := range []string{"aliasList", "kbaInfo", "consentedMappings", "memberOfOrgIDs"} {
				t.Equal(name, []any{}, res.At(name))
			}
			for _, name := range []string{"effectiveRoles", "effectiveAssignments", "effectiveGroups", "effectiveApplications", "assignedDashboard"} {
				t.True(name+" is a list", res.List(name) != nil) // the tenant's own roles may be for everybody
			}
			t.Equal("accountStatus", "active", res.At("accountStatus"))
		},
	}, {
		ID:    "managed/view/created-user-hidden",
		Title: "the answer to the create of a user has neither private properties nor relationships",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refUserSchema, Writes: true,
		Run: func(t *c.T) {
			user := newUser(t)
			_, res := create(t, users, user)
			checkHolds(t, "the user", user, res.Body)
			t.Lacks("user", res.Body, "password", "cn", "lastSync")
			t.Lacks("user", res.Body, userRelationships...)
		},
	}, {
		ID:    "managed/view/query-unset",
		Title: "a query leaves out what is not set",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refLeftOut, Writes: true,
		Run: func(t *c.T) {
			user := newUser(t)
			create(t, users, user)
			res := query(t, users, eq("userName", user["userName"].(string)), "_fields", "userName,country,frIndexedString1")
			t.Equal("number of users", 1, len(res.List("result")))
			t.Equal("user", object{"userName": user["userName"]}, content(res.At("result", 0)))
		},
	}, {
		ID:    "managed/view/fields-unset",
		Title: "what is not set is left out even when it is asked for; a relationship that is empty is []",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refLeftOut, Writes: true,
		Run: func(t *c.T) {
			user := newUser(t)
			id, created := create(t, users, user)
			res := t.Get(at(users, id), c.Query("_fields", "userName,country,roles,authzRoles"))
			t.Status(http.StatusOK, res)
			t.Equal("user", object{
				"_id": id, "_rev": created.At("_rev"), "userName": user["userName"], "roles": []any{}, "authzRoles": []any{},
			}, res.Body)
		},
	}, {
		ID:    "managed/view/identity-always",
		Title: "_id and _rev come along whatever is asked for",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refRead, Writes: true,
		Run: func(t *c.T) {
			id, created := create(t, users, newUser(t))
			res := t.Get(at(users, id), c.Query("_fields", "_id"))
			t.Status(http.StatusOK, res)
			t.Equal("user", object{"_id": id, "_rev": created.At("_rev")}, res.Body)
			t.Equal("ETag", `"`+created.Text("_rev")+`"`, res.Header.Get("ETag"))
			found := query(t, users, eq("_id", id), "_fields", "_id")
			t.Equal("users found", []any{res.Body}, found.At("result"))
		},
	}, {
		ID:    "managed/view/revision",
		Title: "revisions of users, roles and groups are of the form UUID-number, and change with each write",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refRevision, Writes: true,
		Run: func(t *c.T) {
			for collection, body := range map[string]object{users: newUser(t), roles: newRole(t), groups: newRole(t)} {
				id, created := create(t, collection, body)
				checkRevision(t, created.Text("_rev"))
				res := t.Patch(at(collection, id), []object{op("replace", "/description", "changed")})
				t.Status(http.StatusOK, res)
				checkRevision(t, res.Text("_rev"))
				t.Differs("revision", created.At("_rev"), res.At("_rev"))
			}
		},
	}, {
		ID:    "managed/view/patch-answer",
		Title: "PATCH answers the whole object after the change, without relationships",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPatchAnswer, Writes: true,
		Run: func(t *c.T) {
			role, _ := create(t, roles, newRole(t))
			user := newUser(t)
			id, _ := create(t, users, user)
			res := t.Patch(at(users, id), []object{op("add", "/roles/-", reference(roles, role)), op("replace", "/city", "Bonn")})
			t.Status(http.StatusOK, res)
			user["city"] = "Bonn"
			checkHolds(t, "the answer", user, res.Body)
			t.Lacks("the answer", res.Body, userRelationships...)
			t.Equal("Location", "", res.Header.Get("Location"))
			t.Equal("ETag", `"`+res.Text("_rev")+`"`, res.Header.Get("ETag"))
		},
	}, {
		ID:    "managed/view/delete-answer",
		Title: "DELETE answers the user as it was, without password and relationships, with its revision as ETag",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refDelete, Writes: true,
		Run: func(t *c.T) {
			role, _ := create(t, roles, newRole(t))
			user := newUser(t)
			user["roles"] = []object{reference(roles, role)}
			id, before := stored(t, users, withPassword(t, user))
			res := t.Delete(at(users, id))
			t.Status(http.StatusOK, res)
			checkHolds(t, "the answer", without(user, "roles", "password"), res.Body)
			t.Equal("_rev", before.At("_rev"), res.At("_rev"))
			t.Equal("ETag", `"`+before.Text("_rev")+`"`, res.Header.Get("ETag"))
			t.Lacks("the answer", res.Body, "password")
			t.Lacks("the answer", res.Body, userRelationships...)
		},
	}, {
		ID:    "managed/view/api-version",
		Title: "answers with objects have no Content-API-Version, empty pages and errors have one",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refAPIVersion, Writes: true,
		Run: func(t *c.T) {
			const header, version = "Content-API-Version", "protocol=2.1,resource=1.0"
			user := newUser(t)
			id, created := create(t, users, user)
			filter := eq("userName", user["userName"].(string))
			t.Equal(header+" of a create", "", created.Header.Get(header))
			t.Equal(header+" of a read", "", read(t, at(users, id)).Header.Get(header))
			t.Equal(header+" of a page", "", query(t, users, filter).Header.Get(header))
			t.Status(http.StatusOK, t.Delete(at(users, id)))
			t.Equal(header+" of an empty page", version, query(t, users, filter).Header.Get(header))
			missing := t.Get(at(users, id))
			checkError(t, missing, http.StatusNotFound)
			t.Equal(header+" of a 404", version, missing.Header.Get(header))
			refused := post(t, users, without(user, "mail"))
			checkError(t, refused, http.StatusForbidden)
			t.Equal(header+" of a failed policy", version, refused.Header.Get(header))
		},
	}, {
		ID:    "managed/view/no-change",
		Title: "PATCH of a user with what is there keeps the revision and says X-Not-Modified",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refUnchanged, Writes: true,
		Run: func(t *c.T) {
			user := newUser(t)
			id, before := stored(t, users, user)
			res := t.Patch(at(users, id), []object{op("replace", "/sn", user["sn"])})
			t.Status(http.StatusOK, res)
			t.Equal("X-Not-Modified", "true", res.Header.Get("X-Not-Modified"))
			t.Equal("revision", before.At("_rev"), res.At("_rev"))
			changed := t.Patch(at(users, id), []object{op("replace", "/sn", "other")})
			t.Status(http.StatusOK, changed)
			t.Equal("X-Not-Modified of a change", "", changed.Header.Get("X-Not-Modified"))
		},
	}, {
		ID:    "managed/view/put-back",
		Title: "PUT of a user as it was read changes nothing",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: "recorded on tenants for other types: an identical PUT changes nothing; that it may bring the nulls of a read is inferred", Writes: true,
		Run: func(t *c.T) {
			id, before := stored(t, users, newUser(t))
			res := t.Put(at(users, id), content(before.Body))
			t.Status(http.StatusOK, res)
			t.Equal("X-Not-Modified", "true", res.Header.Get("X-Not-Modified"))
			checkUnchanged(t, at(users, id), before)
		},
	}, {
		ID:    "managed/view/put-group",
		Title: "an identical PUT of a group keeps the revision and says X-Not-Modified",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refUnchanged, Writes: true,
		Run: func(t *c.T) {
			group := newRole(t)
			id, before := stored(t, groups, group)
			res := t.Put(at(groups, id), group)
			t.Status(http.StatusOK, res)
			t.Equal("X-Not-Modified", "true", res.Header.Get("X-Not-Modified"))
			t.Equal("revision", before.At("_rev"), res.At("_rev"))
			t.Equal("Location", "", res.Header.Get("Location"))
		},
	}, {
		ID:    "managed/create/group-id",
		Title: "a group's _id is its name",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: "documented: managing groups, the _id of a new alpha_group is its name", Writes: true,
		Run: func(t *c.T) {
			group := newRole(t)
			id, _ := create(t, groups, group)
			t.Equal("_id", group["name"], id)
			t.Equal("name", group["name"], read(t, at(groups, id)).At("name"))
		},
	}, {
		ID:    "managed/create/duplicate-put-words",
		Title: "PUT with If-None-Match: * on a user that is there is 412 in the directory's words, escaped",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: refWords, Writes: true,
		Run: func(t *c.T) {
			id, before := stored(t, users, newUser(t))
			res := put(t, users, id, newUser(t), c.IfNoneMatchAny())
			checkMessage(t, res, http.StatusPreconditionFailed, entryExists("user", id))
			checkUnchanged(t, at(users, id), before)
		},
	}, {
		ID:    "managed/create/user-id-slash",
		Title: "a user's _id with a slash fails the policy CANNOT_CONTAIN_CHARACTERS",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: "recorded on tenants: the schema's policy of _id; its refusal was not", Writes: true,
		Run: func(t *c.T) {
			user := newUser(t)
			user["_id"] = t.Fresh("user") + "/" + uuid.NewString()
			checkPolicy(t, post(t, users, user), createRefused, "_id", "CANNOT_CONTAIN_CHARACTERS", object{"forbiddenChars": "/"})
		},
	}, {
		ID:    "managed/virtual/written",
		Title: "virtual properties are the tenant's: what a create or a patch says of them is not kept",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: "documented: virtual properties are computed; whether a write of one is refused or ignored was not recorded", Writes: true,
		Run: func(t *c.T) {
			role, _ := create(t, roles, newRole(t))
			user := newUser(t)
			id, _ := create(t, users, user)
			t.Patch(at(users, id), []object{op("replace", "/effectiveRoles", []object{reference(roles, role)}), op("add", "/memberOfOrgIDs/-", "x")})
			res := read(t, at(users, id))
			t.Equal("userName", user["userName"], res.At("userName"))
			t.Equal("effectiveRoles after PATCH", []any{}, effective(t, id, "effectiveRoles", role))
			t.Equal("memberOfOrgIDs after PATCH", []any{}, res.At("memberOfOrgIDs"))
			other := newUser(t)
			other["memberOfOrgIDs"] = []string{"x"}
			if made := post(t, users, other); made.Status == http.StatusCreated {
				t.Equal("memberOfOrgIDs after create", []any{}, read(t, at(users, made.Text("_id"))).At("memberOfOrgIDs"))
			}
		},
	}, {
		ID:    "managed/password/every-answer",
		Title: "no answer has a user's password: not of create, query, patch, replacement and delete",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPassword, Writes: true,
		Run: func(t *c.T) {
			user := withPassword(t, newUser(t))
			id, created := create(t, users, user)
			for _, res := range []*c.Response{
				created, read(t, at(users, id)), t.Get(at(users, id), c.Query("_fields", "*,password,*_ref")),
				query(t, users, eq("_id", id)), query(t, users, eq("_id", id), "_fields", "userName,password"),
				t.Patch(at(users, id), []object{op("replace", "/password", withPassword(t, object{})["password"])}),
				t.Put(at(users, id), user), t.Delete(at(users, id)),
			} {
				t.True(res.Method+" succeeds", res.Status == http.StatusOK || res.Status == http.StatusCreated)
				shown := res.Body
				if page := res.List("result"); page != nil {
					t.Equal("number of users", 1, len(page))
					shown = page[0]
				}
				t.Equal("_id", id, c.At(shown, "_id"))
				t.Lacks("user", shown, "password")
			}
		},
	}, {
		ID:    "managed/password/filter",
		Title: "a password cannot be found by a filter, nor sorted by",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: refPassword + "; that filters cannot tell either is inferred", Writes: true,
		Run: func(t *c.T) {
			user := withPassword(t, newUser(t))
			id, _ := create(t, users, user)
			t.Equal("users found by their ID", []string{id}, column(query(t, users, eq("_id", id)), "_id"))
			for _, filter := range []string{eq("password", user["password"].(string)), "password pr", `password sw "{"`, `password co "e"`} {
				res := t.Get(users, c.Query("_queryFilter", eq("_id", id)+" and "+filter))
				if res.Status == http.StatusOK {
					t.Equal("users found by "+filter, []any{}, res.At("result"))
				}
			}
		},
	}, {
		ID:    "managed/password/copied",
		Title: "a patch cannot copy or move a password to where it is shown",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: refPassword + "; that patches cannot show it either is inferred", Writes: true,
		Run: func(t *c.T) {
			user := withPassword(t, newUser(t))
			id, _ := create(t, users, user)
			for _, name := range []string{"copy", "move"} {
				t.Patch(at(users, id), []object{from(name, "/password", "/description")})
				res := read(t, at(users, id))
				t.Equal("userName", user["userName"], res.At("userName"))
				t.Equal("description", nil, res.At("description"))
			}
		},
	},
}

// userRelationships are those of the stock type alpha_user.
var userRelationships = []string{
	"roles", "assignments", "groups", "applications", "manager", "reports", "authzRoles", "adminOfOrg", "ownerOfOrg", "memberOfOrg", "ownerOfApp",
}

// withPassword gives a user a fresh password, which is kept out of reports.
func withPassword(t *c.T, user object) object {
	password := "Zq7!" + uuid.NewString()
	t.Secret(password)
	return with(user, "password", password)
}
