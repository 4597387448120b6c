package cases

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	c "aicmcp/conformance"
)

var relationships = []c.Case{
	{
		ID:    "relationships/reference/form",
		Title: "a reference has four members: where it leads, in two ways, and the relationship's own ID and revision",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refReferenceForm, Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			list, _ := related(t, at(users, user), "roles").([]any)
			t.Equal("number of roles", 1, len(list))
			edge := c.At(list, 0, "_refProperties")
			checkRevision(t, c.Text(edge, "_id"))
			checkRevision(t, c.Text(edge, "_rev"))
			t.Equal("reference", object{
				"_ref": "managed/alpha_role/" + role, "_refResourceCollection": "managed/alpha_role", "_refResourceId": role,
				"_refProperties": object{"_id": c.At(edge, "_id"), "_rev": c.At(edge, "_rev")},
			}, c.At(list, 0))
		},
	}, {
		ID:    "relationships/reference/both-ends",
		Title: "both objects show a relationship, each with a reference to the other",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refBothEnds, Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			t.Equal("roles of the user", []string{role}, referredBy(t, at(users, user), "roles"))
			t.Equal("members of the role", []string{user}, referredBy(t, at(roles, role), "members"))
			t.Equal("collection of the member", "managed/alpha_user", c.At(related(t, at(roles, role), "members"), 0, "_refResourceCollection"))
		},
	}, {
		ID:    "relationships/reference/one",
		Title: "a property that refers to one object is a reference, its counterpart a list",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refBothEnds, Writes: true,
		Run: func(t *c.T) {
			boss, _ := create(t, users, newUser(t))
			user := newUser(t)
			user["manager"] = reference(users, boss)
			id, _ := create(t, users, user)
			t.Equal("_ref of the manager", "managed/alpha_user/"+boss, c.At(related(t, at(users, id), "manager"), "_ref"))
			t.Equal("reports", []string{id}, referredBy(t, at(users, boss), "reports"))
			t.Equal("manager of the manager", nil, related(t, at(users, boss), "manager"))
		},
	}, {
		ID:    "relationships/view/left-out",
		Title: "relationships are left out of an object unless they are asked for",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refUserSchema, Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			t.Lacks("user", read(t, at(users, user)).Body, userRelationships...)
			t.Lacks("role", read(t, at(roles, role)).Body, "members", "assignments", "applications")
			t.Lacks("user found", query(t, users, eq("_id", user)).At("result", 0), userRelationships...)
			t.Equal("roles", []string{role}, referredBy(t, at(users, user), "roles"))
		},
	}, {
		ID:    "relationships/view/all-references",
		Title: "_fields=*,*_ref adds every relationship as bare references, a list where there may be several",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refFields, Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			res := t.Get(at(users, user), c.Query("_fields", "*,*_ref"))
			t.Status(http.StatusOK, res)
			t.Has("user", res.Body, "userName", "roles", "assignments", "groups", "applications", "reports", "authzRoles", "adminOfOrg", "memberOfOrg")
			t.Equal("ID of the role", role, res.At("roles", 0, "_refResourceId"))
			t.Lacks("role", res.At("roles", 0), "name", "description")
			t.Equal("groups", []any{}, res.At("groups"))
			t.Equal("manager", nil, res.At("manager"))
		},
	}, {
		ID:    "relationships/view/expanded",
		Title: "_fields=roles/* adds the properties of the role to the reference",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refFields, Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			res := t.Get(at(users, user), c.Query("_fields", "roles/*"))
			t.Status(http.StatusOK, res)
			shown, there := res.At("roles", 0), read(t, at(roles, role))
			checkHolds(t, "the role", object{"name": there.At("name"), "description": there.At("description")}, shown)
			t.Has("role", shown, "_ref", "_refResourceId", "_refProperties")
			t.Lacks("user", res.Body, "userName")
		},
	}, {
		ID:    "relationships/view/expanded-field",
		Title: "_fields=roles/name or manager/userName adds this one property to the reference",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refFields, Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			boss := newUser(t)
			bossID, _ := create(t, users, boss)
			t.Status(http.StatusOK, t.Patch(at(users, user), []object{op("replace", "/manager", reference(users, bossID))}))
			res := t.Get(at(users, user), c.Query("_fields", "roles/name,manager/userName"))
			t.Status(http.StatusOK, res)
			t.Equal("name of the role", read(t, at(roles, role)).At("name"), res.At("roles", 0, "name"))
			t.Lacks("role", res.At("roles", 0), "description")
			t.Equal("name of the manager", boss["userName"], res.At("manager", "userName"))
			t.Equal("ID of the manager", bossID, res.At("manager", "_refResourceId"))
			t.Lacks("manager", res.At("manager"), "mail", "password")
		},
	}, {
		ID:    "relationships/view/expanded-in-query",
		Title: "a query expands relationships too",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refFields, Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			res := query(t, users, eq("_id", user), "_fields", "userName,roles/name")
			t.Equal("name of the role", read(t, at(roles, role)).At("name"), res.At("result", 0, "roles", 0, "name"))
			t.Equal("ID of the role", role, res.At("result", 0, "roles", 0, "_refResourceId"))
		},
	}, {
		ID:    "relationships/set/dangling-create",
		Title: "a create with a reference to nothing is 400, and nothing is created",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: refDangling, Writes: true,
		Run: func(t *c.T) {
			user := newUser(t)
			user["roles"] = []object{reference(roles, uuid.NewString())}
			checkError(t, post(t, users, user), http.StatusBadRequest)
			t.Equal("users of that name", []any{}, query(t, users, eq("userName", user["userName"].(string))).At("result"))
		},
	}, {
		ID:    "relationships/set/dangling-patch",
		Title: "a patch with a reference to nothing is 400, and none of it is done",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: refDangling, Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			before := read(t, at(users, user))
			checkError(t, t.Patch(at(users, user), []object{
				op("replace", "/city", "Bonn"), op("add", "/roles/-", reference(roles, uuid.NewString())),
			}), http.StatusBadRequest)
			checkUnchanged(t, at(users, user), before)
			t.Equal("roles", []string{role}, referredBy(t, at(users, user), "roles"))
		},
	}, {
		ID:    "relationships/set/wrong-collection",
		Title: "a reference to an object of another type than the schema names is 400",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: refDangling, Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			group, _ := create(t, groups, newRole(t))
			checkError(t, t.Patch(at(users, user), []object{op("add", "/roles/-", reference(groups, group))}), http.StatusBadRequest)
			checkError(t, t.Post(at(users, user)+"/roles", reference(groups, group), actionCreate), http.StatusBadRequest)
			t.Equal("roles", []string{role}, referredBy(t, at(users, user), "roles"))
		},
	}, {
		ID:    "relationships/set/properties",
		Title: "what a client puts into _refProperties stays with the relationship",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: "documented: the grant of a role has temporalConstraints of its own, in _refProperties; not recorded", Writes: true,
		Run: func(t *c.T) {
			role, _ := create(t, roles, newRole(t))
			user := newUser(t)
			grant, limits := reference(roles, role), []any{object{"duration": longPast}}
			grant["_refProperties"] = object{"temporalConstraints": limits}
			user["roles"] = []object{grant}
			id, _ := create(t, users, user)
			properties := c.At(related(t, at(users, id), "roles"), 0, "_refProperties")
			t.Equal("temporalConstraints", limits, c.At(properties, "temporalConstraints"))
			t.Has("_refProperties", properties, "_id", "_rev")
		},
	}, {
		ID:    "relationships/deleted-object",
		Title: "when an object is deleted, what was related to it is so no longer",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refEdges, Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			t.Equal("roles before", []string{role}, referredBy(t, at(users, user), "roles"))
			t.Status(http.StatusOK, t.Delete(at(roles, role)))
			t.Equal("roles", []any{}, related(t, at(users, user), "roles"))
			t.Equal("effectiveRoles", []any{}, effective(t, user, "effectiveRoles", role))
			t.Equal("roles listed", []any{}, query(t, at(users, user)+"/roles", "true").At("result"))
		},
	}, {
		ID:    "relationships/replace/kept",
		Title: "PUT of an object that does not name its relationships leaves them as they are",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: "inferred: what a read does not return cannot be meant to be removed by writing it back", Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			before := read(t, at(users, user))
			t.Status(http.StatusOK, t.Put(at(users, user), object{
				"userName": before.At("userName"), "givenName": "Other", "sn": before.At("sn"), "mail": before.At("mail"),
			}))
			t.Equal("givenName", "Other", read(t, at(users, user)).At("givenName"))
			t.Equal("roles", []string{role}, referredBy(t, at(users, user), "roles"))
		},
	},
}

// relationshipPatches are the cases about patches of relationship properties.
var relationshipPatches = []c.Case{
	{
		ID:    "relationships/patch/add",
		Title: "add to /roles/- adds one more reference",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPatchEdges, Writes: true,
		Run: func(t *c.T) {
			user, first := holder(t)
			second, _ := create(t, roles, newRole(t))
			before := read(t, at(users, user))
			res := t.Patch(at(users, user), []object{op("add", "/roles/-", reference(roles, second))}, c.IfMatch(before.Text("_rev")))
			t.Status(http.StatusOK, res)
			t.Differs("revision", before.At("_rev"), res.At("_rev"))
			checkSame(t, "roles", []string{first, second}, referredBy(t, at(users, user), "roles"))
			t.Equal("members of the second role", []string{user}, referredBy(t, at(roles, second), "members"))
		},
	}, {
		ID:    "relationships/patch/add-without-list",
		Title: "add of one reference to the list itself fails the policy VALID_TYPE, in the tenant's exact words",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPolicyBody, Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			res := t.Patch(at(users, user), []object{op("add", "/roles", reference(roles, role))})
			t.Status(http.StatusForbidden, res)
			t.Equal("body", failedPolicy(patchRefused, "roles", object{
				"params": object{"invalidType": "object", "validTypes": []string{"array"}}, "policyRequirement": "VALID_TYPE",
			}), res.Body)
			t.Equal("roles", []string{role}, referredBy(t, at(users, user), "roles"))
		},
	}, {
		ID:    "relationships/patch/replace-same",
		Title: "replace by the references that are there changes nothing: same revision, X-Not-Modified",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: "recorded on tenants: replace of a relationship by what it is, one or several", Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			boss, _ := create(t, users, newUser(t))
			t.Status(http.StatusOK, t.Patch(at(users, user), []object{op("replace", "/manager", reference(users, boss))}))
			list, one, before := related(t, at(users, user), "roles"), related(t, at(users, user), "manager"), read(t, at(users, user))
			for field, value := range map[string]any{"/roles": list, "/manager": one} {
				res := t.Patch(at(users, user), []object{op("replace", field, value)})
				t.Status(http.StatusOK, res)
				t.Equal("X-Not-Modified of "+field, "true", res.Header.Get("X-Not-Modified"))
				t.Equal("revision", before.At("_rev"), res.At("_rev"))
			}
			t.Equal("roles", list, related(t, at(users, user), "roles"))
			t.Equal("members of the role", []string{user}, referredBy(t, at(roles, role), "members"))
		},
	}, {
		ID:    "relationships/patch/replace-others",
		Title: "replace by other references leaves these only",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPatchEdges, Writes: true,
		Run: func(t *c.T) {
			user, first := holder(t)
			second, _ := create(t, roles, newRole(t))
			third, _ := create(t, roles, newRole(t))
			res := t.Patch(at(users, user), []object{op("replace", "/roles", []object{reference(roles, second), reference(roles, third)})})
			t.Status(http.StatusOK, res)
			checkSame(t, "roles", []string{second, third}, referredBy(t, at(users, user), "roles"))
			t.Equal("members of the first role", []any{}, related(t, at(roles, first), "members"))
		},
	}, {
		ID:    "relationships/patch/replace-one",
		Title: "replace of a property that refers to one object takes the place of what was there",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPatchEdges, Writes: true,
		Run: func(t *c.T) {
			first, _ := create(t, users, newUser(t))
			second, _ := create(t, users, newUser(t))
			user := newUser(t)
			user["manager"] = reference(users, first)
			id, _ := create(t, users, user)
			t.Status(http.StatusOK, t.Patch(at(users, id), []object{op("replace", "/manager", reference(users, second))}))
			t.Equal("manager", []string{second}, referredBy(t, at(users, id), "manager"))
			t.Equal("reports of the first", []any{}, related(t, at(users, first), "reports"))
			t.Equal("reports of the second", []string{id}, referredBy(t, at(users, second), "reports"))
		},
	}, {
		ID:    "relationships/patch/remove-value",
		Title: "remove with a reference as it was read removes this one",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPatchEdges, Writes: true,
		Run: func(t *c.T) {
			user, first := holder(t)
			second, _ := create(t, roles, newRole(t))
			t.Status(http.StatusOK, t.Patch(at(users, user), []object{op("add", "/roles/-", reference(roles, second))}))
			for _, edge := range c.List(related(t, at(users, user), "roles")) {
				if c.Text(edge, "_refResourceId") == first {
					part := object{"_ref": c.At(edge, "_ref"), "_refProperties": object{"_id": c.At(edge, "_refProperties", "_id")}}
					t.Status(http.StatusOK, t.Patch(at(users, user), []object{op("remove", "/roles", part)}))
				}
			}
			t.Equal("roles", []string{second}, referredBy(t, at(users, user), "roles"))
			t.Equal("members of the first role", []any{}, related(t, at(roles, first), "members"))
		},
	}, {
		ID:    "relationships/patch/remove-without-id",
		Title: "remove with a reference that lacks the relationship's ID removes nothing",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: "documented: the value needs _ref and _refProperties._id; what is answered without was not recorded", Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			t.Patch(at(users, user), []object{op("remove", "/roles", reference(roles, role))})
			t.Equal("roles", []string{role}, referredBy(t, at(users, user), "roles"))
		},
	}, {
		ID:    "relationships/patch/remove-all",
		Title: "remove of a whole list of references is refused with 400",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: refAncestor, Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			res := t.Patch(at(users, user), []object{op("remove", "/roles", nil)})
			checkMessage(t, res, http.StatusBadRequest, "Cannot delete collection: /roles")
			t.Equal("roles", []string{role}, referredBy(t, at(users, user), "roles"))
		},
	}, {
		ID:    "relationships/patch/remove-one",
		Title: "remove of a property that refers to one object ends the relationship",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: refPatch, Writes: true,
		Run: func(t *c.T) {
			boss, _ := create(t, users, newUser(t))
			user := newUser(t)
			user["manager"] = reference(users, boss)
			id, _ := create(t, users, user)
			t.Status(http.StatusOK, t.Patch(at(users, id), []object{op("remove", "/manager", nil)}))
			t.Equal("manager", nil, related(t, at(users, id), "manager"))
			t.Equal("reports", []any{}, related(t, at(users, boss), "reports"))
		},
	},
}

// longPast is an interval that is over.
const longPast = "2001-01-01T00:00:00.000Z/2001-02-01T00:00:00.000Z"

// holder creates a user with a role.
func holder(t *c.T) (user, role string) {
	role, _ = create(t, roles, newRole(t))
	body := newUser(t)
	body["roles"] = []object{reference(roles, role)}
	user, _ = create(t, users, body)
	return user, role
}

// checkSame checks that a list has the texts, in any order.
func checkSame(t *c.T, what string, want []string, got []any) {
	t.Equal(what, sortedWords(strings.Join(want, " ")), sortedTexts(got))
}

// failedPolicy is the whole body of a write that fails one policy.
func failedPolicy(message, property string, requirement object) object {
	return object{
		"code": http.StatusForbidden, "reason": "Forbidden", "message": message,
		"detail": object{"result": false, "failedPolicyRequirements": []object{
			{"policyRequirements": []object{requirement}, "property": property},
		}},
	}
}
