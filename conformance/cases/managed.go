package cases

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	c "aicmcp/conformance"
)

var managed = []c.Case{
	{
		ID:    "managed/create/post",
		Title: "POST _action=create answers 201 with the object, Location and ETag",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refCreate, Writes: true,
		Run: func(t *c.T) {
			role := newRole(t)
			id, res := create(t, roles, role)
			checkHolds(t, "the answer", role, res.Body)
			t.Equal("ETag", `"`+res.Text("_rev")+`"`, res.Header.Get("ETag"))
			checkLocation(t, res, at(roles, id))
			after := read(t, at(roles, id))
			checkHolds(t, "the role", role, after.Body)
			t.Equal("_rev", res.At("_rev"), after.At("_rev"))
		},
	}, {
		ID:    "managed/create/post-plain",
		Title: "POST without an action creates as well",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: "documented: POST without an action is the same as with _action=create; not recorded", Writes: true,
		Run: func(t *c.T) {
			role := newRole(t)
			res := postPlain(t, roles, role)
			t.Status(http.StatusCreated, res)
			checkHolds(t, "the role", role, read(t, at(roles, res.Text("_id"))).Body)
		},
	}, {
		ID:    "managed/create/put-if-none-match",
		Title: "PUT with If-None-Match: * creates an object of that ID",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refCreateOnly, Writes: true,
		Run: func(t *c.T) {
			id := uuid.NewString()
			res := put(t, roles, id, newRole(t), c.IfNoneMatchAny())
			t.Status(http.StatusCreated, res)
			t.Equal("_id", id, res.At("_id"))
			t.Equal("ETag", `"`+res.Text("_rev")+`"`, res.Header.Get("ETag"))
			checkLocation(t, res, at(roles, id))
		},
	}, {
		ID:    "managed/create/put-plain",
		Title: "PUT without conditions creates with 201, then replaces with 200",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refUpsert, Writes: true,
		Run: func(t *c.T) {
			id, role := uuid.NewString(), newRole(t)
			first := put(t, roles, id, role)
			t.Status(http.StatusCreated, first)
			checkLocation(t, first, at(roles, id))
			delete(role, "description")
			second := put(t, roles, id, role)
			t.Status(http.StatusOK, second)
			t.Equal("Location of the replacement", "", second.Header.Get("Location"))
			t.Differs("revision", first.At("_rev"), second.At("_rev"))
			t.Equal("name", role["name"], read(t, at(roles, id)).At("name"))
			t.Equal("description", nil, read(t, at(roles, id)).At("description"))
		},
	}, {
		ID:    "managed/create/body-id",
		Title: "POST takes the body's _id as the new object's",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refBodyID, Writes: true,
		Run: func(t *c.T) {
			id := uuid.NewString()
			res := post(t, open(t), object{"_id": id, "name": "a"})
			t.Status(http.StatusCreated, res)
			t.Equal("_id", id, res.At("_id"))
			t.Equal("name", "a", read(t, at(open(t), id)).At("name"))
		},
	}, {
		ID:    "managed/create/duplicate-put",
		Title: "PUT with If-None-Match: * on an object that is there is 412 and changes nothing",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refCreateOnly, Writes: true,
		Run: func(t *c.T) {
			id, before := stored(t, roles, newRole(t))
			res := put(t, roles, id, newRole(t), c.IfNoneMatchAny())
			checkError(t, res, http.StatusPreconditionFailed)
			t.Contains("message", "Entry Already Exists", res.Text("message"))
			checkUnchanged(t, at(roles, id), before)
		},
	}, {
		ID:    "managed/create/duplicate-post",
		Title: "POST with an _id that is taken is 412 and never an update",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refBodyID, Writes: true,
		Run: func(t *c.T) {
			id, before := stored(t, roles, newRole(t))
			role := newRole(t)
			role["_id"] = id
			res := post(t, roles, role)
			checkError(t, res, http.StatusPreconditionFailed)
			t.Contains("message", "Entry Already Exists", res.Text("message"))
			checkUnchanged(t, at(roles, id), before)
		},
	}, {
		ID:    "managed/create/duplicate-username",
		Title: "a user name that is taken fails the policy VALID_USERNAME",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: refUnique, Writes: true,
		Run: func(t *c.T) {
			first, second := newUser(t), newUser(t)
			create(t, users, first)
			second["userName"], second["_id"] = first["userName"], uuid.NewString()
			checkPolicy(t, post(t, users, second), createRefused, "userName", "VALID_USERNAME", nil)
		},
	}, {
		ID:    "managed/create/if-none-match-value",
		Title: "PUT with If-None-Match and anything but * is 400",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: "documented (CREST): If-None-Match of a PUT takes * and nothing else; not recorded", Writes: true,
		Run: func(t *c.T) {
			id := uuid.NewString()
			res := put(t, open(t), id, object{"name": "a"}, c.Header("If-None-Match", `"1"`))
			checkError(t, res, http.StatusBadRequest)
			t.Status(http.StatusNotFound, t.Get(at(open(t), id)))
		},
	}, {
		ID:    "managed/create/required-missing",
		Title: "a required property that is missing is 403 with a detail, and nothing is created",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPolicy, Writes: true,
		Run: func(t *c.T) {
			user := newUser(t)
			delete(user, "mail")
			checkPolicy(t, post(t, users, user), createRefused, "mail", "REQUIRED", nil)
			t.Equal("users of that name", []any{}, query(t, users, eq("userName", user["userName"].(string))).At("result"))
		},
	}, {
		ID:    "managed/create/all-failures",
		Title: "all failed policies are reported, not only the first",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPolicy, Writes: true,
		Run: func(t *c.T) {
			user := newUser(t)
			delete(user, "mail")
			delete(user, "sn")
			user["frIndexedMultivalued1"] = "text"
			res := post(t, users, user)
			checkPolicy(t, res, createRefused, "mail", "REQUIRED", nil)
			checkPolicy(t, res, createRefused, "sn", "REQUIRED", nil)
			checkPolicy(t, res, createRefused, "frIndexedMultivalued1", "VALID_TYPE",
				object{"invalidType": "string", "validTypes": []string{"array"}})
		},
	}, {
		ID:    "managed/create/wrong-type",
		Title: "a value of the wrong type is 403 VALID_TYPE with the types",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPolicy, Writes: true,
		Run: func(t *c.T) {
			user := newUser(t)
			user["frIndexedMultivalued1"] = object{"a": 1}
			checkPolicy(t, post(t, users, user), createRefused, "frIndexedMultivalued1", "VALID_TYPE",
				object{"invalidType": "object", "validTypes": []string{"array"}})
			t.Equal("users of that name", []any{}, query(t, users, eq("userName", user["userName"].(string))).At("result"))
		},
	}, {
		ID:    "managed/create/null",
		Title: "null for a required property is 403 NOT_NULL",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPolicy, Writes: true,
		Run: func(t *c.T) {
			user := newUser(t)
			user["sn"] = nil
			checkPolicy(t, post(t, users, user), createRefused, "sn", "NOT_NULL", nil)
		},
	}, {
		ID:    "managed/create/default",
		Title: "a property that is left out gets its default",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refDefaults, Writes: true,
		Run: func(t *c.T) {
			id, res := create(t, users, newUser(t))
			t.Equal("accountStatus in the answer", "active", res.At("accountStatus"))
			t.Equal("accountStatus stored", "active", read(t, at(users, id)).At("accountStatus"))
		},
	}, {
		ID:    "managed/create/password-hidden",
		Title: "a password is never returned, even when asked for",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: "documented: a user's password is not returned; that _fields does not change this is inferred", Writes: true,
		Run: func(t *c.T) {
			user, password := newUser(t), "Zq7!"+uuid.NewString()
			t.Secret(password)
			user["password"] = password
			id, res := create(t, users, user)
			t.Lacks("created user", res.Body, "password")
			asked := t.Get(at(users, id), c.Query("_fields", "userName,password"))
			t.Status(http.StatusOK, asked)
			t.Equal("userName", user["userName"], asked.At("userName"))
			t.Lacks("user with _fields=password", asked.Body, "password")
		},
	}, {
		ID:    "managed/create/exact-number",
		Title: "a number of 2^53+1 is stored digit by digit",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refExact, Writes: true,
		Run: func(t *c.T) {
			id, _ := create(t, open(t), object{"count": int64(9007199254740993)})
			t.Equal("count", int64(9007199254740993), read(t, at(open(t), id)).At("count"))
		},
	}, {
		ID:    "managed/create/text",
		Title: "text keeps every character: quotes, line ends, markup, other scripts",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: "RFC 8259 7: a JSON string holds any character", Writes: true,
		Run: func(t *c.T) {
			text := "a\"b\\c\n\t<b>&amp; Ärger 日本 🦊"
			id, _ := create(t, open(t), object{"text": text})
			t.Equal("text", text, read(t, at(open(t), id)).At("text"))
		},
	}, {
		ID:    "managed/read/object",
		Title: "an object is read as it was created, with its revision as ETag",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refRead, Writes: true,
		Run: func(t *c.T) {
			body := object{"name": "a", "n": 1.5, "on": true, "list": []any{"x", nil, 2}, "in": object{"k": "v"}}
			id, created := create(t, open(t), body)
			res := read(t, at(open(t), id))
			t.Equal("object", body, content(res.Body))
			t.Equal("_rev", created.At("_rev"), res.At("_rev"))
			t.Equal("ETag", `"`+res.Text("_rev")+`"`, res.Header.Get("ETag"))
		},
	}, {
		ID:    "managed/error/directory-words",
		Title: "wherever an object is missing or there already, the directory's own words say so, escaped",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: refWords, Writes: true,
		Run: func(t *c.T) {
			missing := uuid.NewString()
			for _, res := range []*c.Response{
				t.Get(at(roles, missing)), put(t, roles, missing, newRole(t), c.IfMatch("1")), t.Delete(at(roles, missing)),
				t.Patch(at(roles, missing), []object{op("replace", "/description", "a")}),
			} {
				checkMessage(t, res, http.StatusNotFound, noSuchEntry("role", missing))
			}
			id, _ := create(t, roles, newRole(t))
			checkMessage(t, put(t, roles, id, newRole(t), c.IfNoneMatchAny()), http.StatusPreconditionFailed, entryExists("role", id))
		},
	}, {
		ID:    "managed/read/fields",
		Title: "_fields limits an object to the fields, _id and _rev",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refRead, Writes: true,
		Run: func(t *c.T) {
			id, created := create(t, open(t), object{"name": "a", "other": "b", "in": object{"k": "v"}})
			res := t.Get(at(open(t), id), c.Query("_fields", "name,absent"))
			t.Status(http.StatusOK, res)
			t.Equal("object", object{"_id": id, "_rev": created.At("_rev"), "name": "a"}, res.Body)
		},
	}, {
		ID:    "managed/read/all-fields",
		Title: "_fields=* is all fields",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: "IDM, _fields: * stands for the default fields; documented, not recorded for a type without a schema", Writes: true,
		Run: func(t *c.T) {
			id, before := stored(t, open(t), object{"name": "a", "in": object{"k": "v"}})
			res := t.Get(at(open(t), id), c.Query("_fields", "*"))
			t.Status(http.StatusOK, res)
			t.Equal("object", before.Body, res.Body)
		},
	}, {
		ID:    "managed/read/nested-field",
		Title: "a field inside another is returned under its own name",
		Level: c.Should, Needs: []c.Feature{c.OpenType}, Ref: refBinding, Writes: true,
		Run: func(t *c.T) {
			id, _ := create(t, open(t), object{"name": "a", "in": object{"k": "v", "l": "w"}})
			res := t.Get(at(open(t), id), c.Query("_fields", "in/k"))
			t.Status(http.StatusOK, res)
			t.Equal("object", object{"k": "v"}, content(res.Body))
		},
	}, {
		ID:    "managed/read/missing",
		Title: "an object that is not there is 404 in the directory's words, escaped",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refMissing,
		Run: func(t *c.T) {
			id := uuid.NewString()
			checkMessage(t, t.Get(at(users, id)), http.StatusNotFound, noSuchEntry("user", id))
		},
	}, {
		ID:    "managed/read/unknown-type",
		Title: "a type that is not there is 404",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: "inferred from the reference implementation's 404 for a path without a route",
		Run: func(t *c.T) {
			query(t, roles, "true", "_pageSize", "1")
			checkError(t, t.Get("/openidm/managed/conformance_nothing/"+uuid.NewString()), http.StatusNotFound)
			checkError(t, t.Get("/openidm/managed/conformance_nothing", c.Query("_queryFilter", "true")), http.StatusNotFound)
		},
	}, {
		ID:    "managed/read/not-modified",
		Title: "a read with If-None-Match of the current revision is 304",
		Level: c.Should, Needs: []c.Feature{c.OpenType}, Ref: refBinding, Writes: true,
		Run: func(t *c.T) {
			id, created := create(t, open(t), object{"name": "a"})
			t.Status(http.StatusNotModified, t.Get(at(open(t), id), c.Header("If-None-Match", `"`+created.Text("_rev")+`"`)))
			t.Status(http.StatusOK, t.Get(at(open(t), id), c.Header("If-None-Match", `"other"`)))
		},
	}, {
		ID:    "managed/replace/whole",
		Title: "PUT with the current revision replaces the whole object",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refStale, Writes: true,
		Run: func(t *c.T) {
			id, created := create(t, open(t), object{"name": "a", "old": true})
			res := t.Put(at(open(t), id), object{"name": "b", "new": 1}, c.IfMatch(created.Text("_rev")))
			t.Status(http.StatusOK, res)
			t.Equal("answer", object{"name": "b", "new": 1}, content(res.Body))
			t.Differs("revision", created.At("_rev"), res.At("_rev"))
			t.Equal("ETag", `"`+res.Text("_rev")+`"`, res.Header.Get("ETag"))
			after := read(t, at(open(t), id))
			t.Equal("object stored", object{"name": "b", "new": 1}, content(after.Body))
			t.Equal("revision stored", res.At("_rev"), after.At("_rev"))
		},
	}, {
		ID:    "managed/replace/identical",
		Title: "PUT of what is there keeps the revision and says X-Not-Modified",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refUnchanged, Writes: true,
		Run: func(t *c.T) {
			id, before := stored(t, roles, newRole(t))
			res := t.Put(at(roles, id), content(before.Body))
			t.Status(http.StatusOK, res)
			t.Equal("revision", before.At("_rev"), res.At("_rev"))
			t.Equal("X-Not-Modified", "true", res.Header.Get("X-Not-Modified"))
		},
	}, {
		ID:    "managed/replace/stale",
		Title: "PUT with a revision that is not current is 412 and changes nothing",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refStale, Writes: true,
		Run: func(t *c.T) {
			id, created := create(t, open(t), object{"name": "a"})
			t.Status(http.StatusOK, t.Put(at(open(t), id), object{"name": "b"}, c.IfMatch(created.Text("_rev"))))
			second := read(t, at(open(t), id))
			res := t.Put(at(open(t), id), object{"name": "c"}, c.IfMatch(created.Text("_rev")))
			checkError(t, res, http.StatusPreconditionFailed)
			checkUnchanged(t, at(open(t), id), second)
		},
	}, {
		ID:    "managed/replace/missing",
		Title: "PUT with If-Match on an object that is not there is 404 and creates nothing",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refStale, Writes: true,
		Run: func(t *c.T) {
			id, created := create(t, roles, newRole(t))
			t.Status(http.StatusOK, t.Delete(at(roles, id)))
			checkError(t, put(t, roles, id, newRole(t), c.IfMatch(created.Text("_rev"))), http.StatusNotFound)
			checkError(t, t.Get(at(roles, id)), http.StatusNotFound)
		},
	}, {
		ID:    "managed/replace/wrong-type",
		Title: "PUT checks the types as a create does",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPolicy, Writes: true,
		Run: func(t *c.T) {
			user := newUser(t)
			id, before := stored(t, users, user)
			user["frIndexedMultivalued1"] = object{"a": 1}
			checkPolicy(t, t.Put(at(users, id), user), createRefused, "frIndexedMultivalued1", "VALID_TYPE",
				object{"invalidType": "object", "validTypes": []string{"array"}})
			checkUnchanged(t, at(users, id), before)
		},
	}, {
		ID:    "managed/replace/duplicate-username",
		Title: "PUT with a user name that is taken fails the policy VALID_USERNAME",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: refUnique, Writes: true,
		Run: func(t *c.T) {
			first, second := newUser(t), newUser(t)
			create(t, users, first)
			id, before := stored(t, users, second)
			second["userName"] = first["userName"]
			checkPolicy(t, t.Put(at(users, id), second), createRefused, "userName", "VALID_USERNAME", nil)
			checkUnchanged(t, at(users, id), before)
		},
	}, {
		ID:    "managed/replace/default-dropped",
		Title: "PUT without a property that has a default does not set it to that again",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refDefaults, Writes: true,
		Run: func(t *c.T) {
			user := newUser(t)
			id, _ := create(t, users, user)
			t.Equal("accountStatus after the create", "active", read(t, at(users, id)).At("accountStatus"))
			t.Status(http.StatusOK, t.Put(at(users, id), user))
			t.Equal("accountStatus after the replacement", nil, read(t, at(users, id)).At("accountStatus"))
		},
	}, {
		ID:    "managed/replace/required-dropped",
		Title: "PUT may leave a required property out, which is gone then",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refRequired, Writes: true,
		Run: func(t *c.T) {
			user := newUser(t)
			id, _ := create(t, users, user)
			delete(user, "givenName")
			t.Status(http.StatusOK, t.Put(at(users, id), user))
			res := read(t, at(users, id))
			t.Equal("userName", user["userName"], res.At("userName"))
			t.Equal("givenName", nil, res.At("givenName"))
		},
	}, {
		ID:    "managed/delete/object",
		Title: "DELETE answers the object as it was, and it is gone",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refDelete, Writes: true,
		Run: func(t *c.T) {
			role := newRole(t)
			id, created := create(t, roles, role)
			res := t.Delete(at(roles, id))
			t.Status(http.StatusOK, res)
			checkHolds(t, "the answer", role, res.Body)
			t.Equal("_id", id, res.At("_id"))
			t.Equal("_rev", created.At("_rev"), res.At("_rev"))
			t.Equal("ETag", `"`+created.Text("_rev")+`"`, res.Header.Get("ETag"))
			checkError(t, t.Get(at(roles, id)), http.StatusNotFound)
			checkError(t, t.Delete(at(roles, id)), http.StatusNotFound)
		},
	}, {
		ID:    "managed/delete/stale",
		Title: "DELETE with a revision that is not current is 412, with the current one it works",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refStale, Writes: true,
		Run: func(t *c.T) {
			id, created := create(t, open(t), object{"name": "a"})
			t.Status(http.StatusOK, t.Put(at(open(t), id), object{"name": "b"}))
			second := read(t, at(open(t), id))
			checkError(t, t.Delete(at(open(t), id), c.IfMatch(created.Text("_rev"))), http.StatusPreconditionFailed)
			checkUnchanged(t, at(open(t), id), second)
			t.Status(http.StatusOK, t.Delete(at(open(t), id), c.IfMatch(second.Text("_rev"))))
		},
	}, {
		ID:    "managed/concurrency/one-winner",
		Title: "of writers with the same revision exactly one wins",
		Level: c.Must, Needs: []c.Feature{c.OpenType}, Ref: refStale, Writes: true,
		Run: func(t *c.T) {
			id, created := create(t, open(t), object{"writer": -1})
			answers := make([]*c.Response, 4)
			var writers []func()
			for i := range answers {
				writers = append(writers, func() {
					answers[i] = t.Put(at(open(t), id), object{"writer": i}, c.IfMatch(created.Text("_rev")))
				})
			}
			t.Together(writers...)
			var winners []int
			for i, res := range answers {
				if res.Status == http.StatusOK {
					winners = append(winners, i)
					continue
				}
				checkError(t, res, http.StatusPreconditionFailed)
			}
			if len(winners) != 1 {
				t.Fatalf("%d of %d writers won", len(winners), len(answers))
			}
			t.Equal("writer", winners[0], read(t, at(open(t), id)).At("writer"))
		},
	}, {
		ID:    "managed/concurrency/no-lost-patch",
		Title: "patches without a revision, sent at the same time, all take effect",
		Level: c.Should, Needs: []c.Feature{c.OpenType}, Ref: "open-source ancestor of IDM: a patch without If-Match is applied to a fresh read when it met another write", Writes: true,
		Run: func(t *c.T) {
			id, _ := create(t, open(t), object{"count": 0})
			one := func() {
				t.Status(http.StatusOK, t.Patch(at(open(t), id), []object{{"operation": "increment", "field": "/count", "value": 1}}))
			}
			t.Together(one, one, one, one)
			t.Equal("count", 4, read(t, at(open(t), id)).At("count"))
		},
	},
}

// checkLocation checks that Location is the absolute address of path.
func checkLocation(t *c.T, res *c.Response, path string) {
	location, err := url.Parse(res.Header.Get("Location"))
	base, errBase := url.Parse(t.Target.BaseURL)
	ok := err == nil && errBase == nil && c.SameOrigin(base, location) && strings.TrimSuffix(location.EscapedPath(), "/") == path
	t.True("Location "+res.Header.Get("Location")+" is the address of "+path, ok)
}
