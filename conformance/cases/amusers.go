package cases

import (
	"net/http"
	"regexp"

	c "aicmcp/conformance"
)

var (
	entries = api{inAlpha + "/users", "protocol=2.0,resource=4.0"}
	// ofUsers has the version that clients ask for of what is below a user.
	ofUsers = api{entries.path, "protocol=2.0,resource=1.0"}
)

var usersNeeded = []c.Feature{c.Realms, c.Managed}

// amUsers are the cases about users as AM shows them, and about what is below them.
var amUsers = []c.Case{
	{
		ID:    "am-users/list/envelope",
		Title: "a list of users is not counted, and nothing remains after it",
		Level: c.Must, Needs: usersNeeded, Ref: refEntries + "; inferred: the filter", Writes: true,
		Run: func(t *c.T) {
			user := newUser(t)
			create(t, users, user)
			page := entries.find(t, eq("username", user["userName"].(string)))
			t.True("there are users", len(page.List("result")) > 0)
			checkEnvelope(t, page, uncounted, -1, 0)
			for _, entry := range page.List("result") {
				t.Has("user", entry, "username", "objectClass", "dn", "universalid")
				t.Equal("_rev", "-1", c.At(entry, "_rev"))
				t.Equal("realm", "/alpha", c.At(entry, "realm"))
			}
			t.Equal("Content-API-Version", "protocol=2.0,resource=4.1, resource=4.1", page.Header.Get("Content-API-Version"))
		},
	}, {
		ID:    "am-users/list/entry",
		Title: "a user is listed as an entry of the directory, whose attributes are arrays, without a password",
		Level: c.Should, Needs: usersNeeded, Ref: "recorded on tenants: the form of an entry; inferred: the filter", Writes: true,
		Run: func(t *c.T) {
			user := newUser(t)
			id, _ := create(t, users, withPassword(t, user))
			create(t, users, newUser(t))
			page := entries.find(t, eq("username", user["userName"].(string)))
			t.Equal("IDs", []string{id}, column(page, "_id"))
			entry := page.At("result", 0)
			checkHolds(t, "the entry", object{
				"_rev": "-1", "realm": "/alpha", "username": user["userName"], "uid": []any{user["userName"]}, "mail": []any{user["mail"]},
				"sn": []any{user["sn"]}, "givenName": []any{user["givenName"]}, "inetUserStatus": []string{"Active"}, "fr-idm-uuid": []string{id},
				"dn":          []string{"fr-idm-uuid=" + id + ",ou=user,o=alpha,o=root,ou=identities"},
				"universalid": []string{"id=" + id + ",ou=user,o=alpha,ou=services,ou=am-config"},
			}, entry)
			t.Lacks("entry", entry, "userPassword", "userpassword", "password")
			for _, name := range []string{"createTimestamp", "modifyTimestamp"} {
				stamp := c.Text(entry, name, 0)
				t.True(name+", "+stamp+", is a time", regexp.MustCompile(`^20[0-9]{12}Z$`).MatchString(stamp))
			}
		},
	}, {
		ID:    "am-users/below/devices",
		Title: "a user who never logged in has no devices, of six kinds",
		Level: c.Must, Needs: usersNeeded, Ref: refBelowUsers, Writes: true,
		Run: func(t *c.T) {
			user := entryOf(t)
			for _, kind := range []string{"profile", "trusted", "2fa/oath", "2fa/push", "2fa/webauthn", "2fa/binding"} {
				checkEmpty(t, user.below("devices/"+kind).find(t, "true"), -1, "resource=1.0")
			}
		},
	}, {
		ID:    "am-users/below/applications",
		Title: "a user who gave no consent has no applications",
		Level: c.Must, Needs: usersNeeded, Ref: refBelowUsers, Writes: true,
		Run: func(t *c.T) {
			checkEmpty(t, entryOf(t).below("oauth2/applications").find(t, "true"), -1, "resource=1.1")
		},
	}, {
		ID:    "am-users/below/groups",
		Title: "the groups of a user are those whose member the user is, by name",
		Level: c.Must, Needs: usersNeeded, Ref: refBelowUsers, Writes: true,
		Run: func(t *c.T) {
			id, _ := create(t, users, newUser(t))
			user := ofUsers.at(id).below("groups")
			checkEmpty(t, user.find(t, "true"), 0, "resource=1.0")
			name := t.Fresh("group")
			create(t, groups, object{"name": name, "members": []object{reference(users, id)}})
			page := user.find(t, "true")
			t.Equal("groups", []object{{"_id": name, "groupname": name}}, []any{without(page.At("result", 0), "_rev")})
			checkEnvelope(t, page, uncounted, -1, 0)
		},
	}, {
		ID:    "am-users/below/uma",
		Title: "UMA is not supported: five resources of a user are 404, and say so",
		Level: c.Must, Needs: usersNeeded, Ref: refBelowUsers, Writes: true,
		Run: func(t *c.T) {
			user := entryOf(t)
			for _, path := range []string{"uma/policies", "uma/auditHistory", "uma/pendingrequests", "oauth2/resources/sets", "oauth2/resources/labels"} {
				res := user.below(path).get(t, c.Query("_queryFilter", "true"))
				checkRefusedByAM(t, res, http.StatusNotFound, "UMA is not supported in this realm")
			}
		},
	}, {
		ID:    "am-users/below/services",
		Title: "the dashboard is the one service of a user",
		Level: c.Must, Needs: usersNeeded, Ref: refBelowUsers, Writes: true,
		Run: func(t *c.T) {
			res := entryOf(t).below("services").act(t, "nextdescendents")
			t.Status(http.StatusOK, res)
			t.Equal("services", object{"result": []object{{"_id": "dashboard"}}}, res.Body)
		},
	}, {
		ID:    "am-users/below/missing",
		Title: "there is nothing below a user who does not exist: 404",
		Level: c.Should, Needs: usersNeeded, Ref: "inferred: no such request was recorded", Writes: true,
		Run: func(t *c.T) {
			user := entryOf(t)
			user.below("groups").find(t, "true")
			nobody := ofUsers.at(t.Fresh("nobody"))
			for _, path := range []string{"groups", "devices/profile", "oauth2/applications"} {
				t.Status(http.StatusNotFound, nobody.below(path).get(t, c.Query("_queryFilter", "true")))
			}
		},
	},
}

// entryOf makes a user.
func entryOf(t *c.T) api {
	id, _ := create(t, users, newUser(t))
	return ofUsers.at(id)
}
