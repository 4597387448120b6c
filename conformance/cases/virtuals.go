package cases

import (
	"net/http"
	"slices"

	c "aicmcp/conformance"
)

const (
	organizations = "/openidm/managed/alpha_organization"
	assignments   = "/openidm/managed/alpha_assignment"
	applications  = "/openidm/managed/alpha_application"
)

// virtuals are the cases about properties that follow from relationships.
var virtuals = []c.Case{
	{
		ID:    "virtual/roles/granted",
		Title: "effectiveRoles of a user follows its roles, as references without properties of the grant",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refVirtual, Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			found := effective(t, user, "effectiveRoles", role)
			t.Equal("number of references", 1, len(found))
			checkHolds(t, "effectiveRoles", object{
				"_ref": "managed/alpha_role/" + role, "_refResourceCollection": "managed/alpha_role", "_refResourceId": role,
			}, c.At(found, 0))
			t.Status(http.StatusOK, t.Patch(at(users, user), []object{op("replace", "/roles", []any{})}))
			t.Equal("effectiveRoles without the role", []any{}, effective(t, user, "effectiveRoles", role))
		},
	}, {
		ID:    "virtual/roles/from-other-end",
		Title: "effectiveRoles follows a grant that is made at the role",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refVirtual, Writes: true,
		Run: func(t *c.T) {
			user, _ := create(t, users, newUser(t))
			role, _ := create(t, roles, newRole(t))
			t.Status(http.StatusOK, t.Patch(at(roles, role), []object{op("add", "/members/-", reference(users, user))}))
			t.Equal("number of references", 1, len(effective(t, user, "effectiveRoles", role)))
		},
	}, {
		ID:    "virtual/roles/expired",
		Title: "a role whose temporalConstraints are over is granted, but not effective",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refTemporal, Writes: true,
		Run: func(t *c.T) {
			over, current := newRole(t), newRole(t)
			over["temporalConstraints"] = []object{{"duration": longPast}}
			current["temporalConstraints"] = []object{{"duration": "2001-01-01T00:00:00.000Z/2999-01-01T00:00:00.000Z"}}
			overID, _ := create(t, roles, over)
			currentID, _ := create(t, roles, current)
			user := newUser(t)
			user["roles"] = []object{reference(roles, overID), reference(roles, currentID)}
			id, _ := create(t, users, user)
			checkSame(t, "roles", []string{overID, currentID}, referredBy(t, at(users, id), "roles"))
			t.Equal("references to the current role", 1, len(effective(t, id, "effectiveRoles", currentID)))
			t.Equal("references to the other", []any{}, effective(t, id, "effectiveRoles", overID))
		},
	}, {
		ID:    "virtual/roles/filter",
		Title: "users are found by a role that is effective for them",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: "documented: filters on the elements of effectiveRoles, [/_refResourceId eq \"ID\"]", Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			holder(t)
			filter := `/effectiveRoles[/_refResourceId eq "` + role + `"]`
			t.Equal("users found", []string{user}, column(query(t, users, filter), "_id"))
			t.Status(http.StatusOK, t.Patch(at(users, user), []object{op("replace", "/roles", []any{})}))
			t.Equal("users found without the role", []any{}, query(t, users, filter).At("result"))
		},
	}, {
		ID:    "virtual/groups",
		Title: "effectiveGroups of a user follows its groups",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refVirtual, Writes: true,
		Run: func(t *c.T) {
			group, _ := create(t, groups, newRole(t))
			user := newUser(t)
			user["groups"] = []object{reference(groups, group)}
			id, _ := create(t, users, user)
			t.Equal("number of references", 1, len(effective(t, id, "effectiveGroups", group)))
			t.Status(http.StatusOK, t.Delete(at(groups, group)))
			t.Equal("effectiveGroups without the group", []any{}, effective(t, id, "effectiveGroups", group))
		},
	}, {
		ID:    "virtual/assignments/through-roles",
		Title: "effectiveAssignments of a user has the assignments of its roles, with their properties",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refVirtual, Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			body := newAssignment(t)
			assignment, _ := create(t, assignments, body)
			t.Equal("effectiveAssignments before", []any{}, effective(t, user, "effectiveAssignments", assignment))
			t.Status(http.StatusOK, t.Patch(at(roles, role), []object{op("add", "/assignments/-", reference(assignments, assignment))}))
			found := effective(t, user, "effectiveAssignments", assignment)
			t.Equal("number of assignments", 1, len(found))
			checkHolds(t, "effectiveAssignments", body, c.At(found, 0))
			checkHolds(t, "effectiveAssignments", object{"_refResourceId": assignment, "_id": assignment}, c.At(found, 0))
		},
	}, {
		ID:    "virtual/assignments/direct",
		Title: "effectiveAssignments of a user has its own assignments; one that a role has as well is there once",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refVirtual, Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			assignment, _ := create(t, assignments, newAssignment(t))
			for _, path := range []string{at(users, user), at(roles, role)} {
				t.Status(http.StatusOK, t.Patch(path, []object{op("add", "/assignments/-", reference(assignments, assignment))}))
				t.Equal("number of references", 1, len(effective(t, user, "effectiveAssignments", assignment)))
			}
		},
	}, {
		ID:    "virtual/applications",
		Title: "effectiveApplications and assignedDashboard of a user have the applications of its roles",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refVirtual, Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			body := newRole(t)
			application, _ := create(t, applications, body)
			t.Status(http.StatusOK, t.Patch(at(roles, role), []object{op("add", "/applications/-", reference(applications, application))}))
			found := effective(t, user, "effectiveApplications", application)
			t.Equal("number of references", 1, len(found))
			t.Equal("name of the application", body["name"], c.At(found, 0, "name"))
			t.True("the application is on the dashboard", slices.Contains(read(t, at(users, user)).List("assignedDashboard"), body["name"]))
		},
	}, {
		ID:    "virtual/organizations/parents",
		Title: "parentIDs of an organization has its parent and that one's parents",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refOrganizations, Writes: true,
		Run: func(t *c.T) {
			top, middle, bottom := lineage(t)
			t.Equal("parentIDs at the top", []any{}, read(t, at(organizations, top)).At("parentIDs"))
			t.Equal("parentIDs in the middle", []string{top}, read(t, at(organizations, middle)).At("parentIDs"))
			checkSame(t, "parentIDs at the bottom", []string{top, middle}, read(t, at(organizations, bottom)).List("parentIDs"))
			t.Equal("children of the top", []string{middle}, referredBy(t, at(organizations, top), "children"))
		},
	}, {
		ID:    "virtual/organizations/moved",
		Title: "when an organization gets another parent, parentIDs of those below follow",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refOrganizations, Writes: true,
		Run: func(t *c.T) {
			top, middle, bottom := lineage(t)
			other, _ := create(t, organizations, newRole(t))
			t.Status(http.StatusOK, t.Patch(at(organizations, middle), []object{op("replace", "/parent", reference(organizations, other))}))
			checkSame(t, "parentIDs at the bottom", []string{other, middle}, read(t, at(organizations, bottom)).List("parentIDs"))
			t.Equal("children of the old parent", []any{}, related(t, at(organizations, top), "children"))
		},
	}, {
		ID:    "virtual/organizations/members",
		Title: "memberOfOrgIDs of a user has its organization and those above, as long as it is a member",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refOrganizations, Writes: true,
		Run: func(t *c.T) {
			top, middle, bottom := lineage(t)
			user := newUser(t)
			user["memberOfOrg"] = []object{reference(organizations, bottom)}
			id, _ := create(t, users, user)
			checkSame(t, "memberOfOrgIDs", []string{top, middle, bottom}, read(t, at(users, id)).List("memberOfOrgIDs"))
			edge := onlyEdge(t, at(organizations, bottom)+"/members")
			t.Status(http.StatusOK, t.Delete(at(at(organizations, bottom)+"/members", c.Text(edge, "_id"))))
			t.Equal("memberOfOrgIDs of no member", []any{}, read(t, at(users, id)).At("memberOfOrgIDs"))
		},
	}, {
		ID:    "virtual/organizations/admins",
		Title: "adminIDs and ownerIDs of an organization follow its admins and owners; those below have them as the parents'",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refOrganizations, Writes: true,
		Run: func(t *c.T) {
			top, middle, bottom := lineage(t)
			admin, _ := create(t, users, newUser(t))
			owner, _ := create(t, users, newUser(t))
			t.Status(http.StatusOK, t.Patch(at(organizations, middle), []object{
				op("add", "/admins/-", reference(users, admin)), op("add", "/owners/-", reference(users, owner)),
			}))
			res := read(t, at(organizations, middle))
			t.Equal("adminIDs", []string{admin}, res.At("adminIDs"))
			t.Equal("ownerIDs", []string{owner}, res.At("ownerIDs"))
			below := read(t, at(organizations, bottom))
			t.Equal("parentAdminIDs below", []string{admin}, below.At("parentAdminIDs"))
			t.Equal("parentOwnerIDs below", []string{owner}, below.At("parentOwnerIDs"))
			t.Equal("adminIDs below", []any{}, below.At("adminIDs"))
			t.Equal("parentAdminIDs above", []any{}, read(t, at(organizations, top)).At("parentAdminIDs"))
		},
	}, {
		ID:    "virtual/organizations/filter",
		Title: "the people of an organization and of those below are found by memberOfOrgIDs",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: "documented: IDM, organizations, queries for their members by memberOfOrgIDs", Writes: true,
		Run: func(t *c.T) {
			top, middle, bottom := lineage(t)
			var members []string
			for _, organization := range []string{middle, bottom} {
				user := newUser(t)
				user["memberOfOrg"] = []object{reference(organizations, organization)}
				id, _ := create(t, users, user)
				members = append(members, id)
			}
			checkSame(t, "users of the top", members, column(query(t, users, eq("/memberOfOrgIDs", top)), "_id"))
			t.Equal("users of the bottom", members[1:], column(query(t, users, eq("/memberOfOrgIDs", bottom)), "_id"))
		},
	}, {
		ID:    "virtual/filter/manager",
		Title: "users are found by whom their manager property refers to",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: "inferred: a single reference is an attribute of the user's own entry; not recorded", Writes: true,
		Run: func(t *c.T) {
			boss, _ := create(t, users, newUser(t))
			user := newUser(t)
			user["manager"] = reference(users, boss)
			id, _ := create(t, users, user)
			create(t, users, newUser(t))
			t.Equal("users found", []string{id}, column(query(t, users, eq("manager/_refResourceId", boss)), "_id"))
			t.Status(http.StatusOK, t.Patch(at(users, id), []object{op("remove", "/manager", nil)}))
			t.Equal("users found later", []any{}, query(t, users, eq("manager/_refResourceId", boss)).At("result"))
		},
	}, {
		ID:    "virtual/fields",
		Title: "a virtual property can be asked for alone",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refRead, Writes: true,
		Run: func(t *c.T) {
			user, role := holder(t)
			res := t.Get(at(users, user), c.Query("_fields", "effectiveRoles,memberOfOrgIDs"))
			t.Status(http.StatusOK, res)
			t.True("the role is effective", slices.ContainsFunc(res.List("effectiveRoles"), func(entry any) bool { return c.Text(entry, "_refResourceId") == role }))
			t.Equal("the rest", object{"memberOfOrgIDs": []any{}}, without(res.Body, "_id", "_rev", "effectiveRoles"))
		},
	},
}

func newAssignment(t *c.T) object {
	return object{"name": t.Fresh("assignment"), "description": "made by a conformance test", "mapping": "conformance"}
}

// effective lists what a virtual property of a user has of one object. It may
// have others: the tenant's own roles can be for everybody.
func effective(t *c.T, user, property, id string) []any {
	res := read(t, at(users, user))
	t.True(property+" is a list", res.List(property) != nil)
	found := []any{}
	for _, element := range res.List(property) {
		if c.Text(element, "_refResourceId") == id {
			found = append(found, element)
		}
	}
	return found
}

// lineage creates an organization, one below it, and one below that.
func lineage(t *c.T) (top, middle, bottom string) {
	top, _ = create(t, organizations, newRole(t))
	below := func(parent string) (id string) {
		body := newRole(t)
		body["parent"] = reference(organizations, parent)
		id, _ = create(t, organizations, body)
		return id
	}
	middle = below(top)
	return top, middle, below(middle)
}
