package cases

import (
	"net/http"
	"slices"

	"github.com/google/uuid"

	c "aicmcp/conformance"
)

const userPolicies = "/openidm/policy/managed/alpha_user"

// policyService are the cases about /openidm/policy.
var policyService = []c.Case{
	{
		ID:    "policies/service/read",
		Title: "policy/managed/alpha_user/* lists the policies of each property and what they demand",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPolicyService,
		Run: func(t *c.T) {
			res := t.Get(userPolicies + "/*")
			t.Status(http.StatusOK, res)
			t.Equal("_id", "*", res.At("_id"))
			t.Equal("resource", "managed/alpha_user/*", res.At("resource"))
			t.True("there are properties", len(res.List("properties")) > 0)
			for _, property := range res.List("properties") {
				t.Has("property", property, "name", "policies", "policyRequirements", "fallbackPolicies", "conditionalPolicies")
				for _, policy := range c.List(property, "policies") {
					t.Has("policy of "+c.Text(property, "name"), policy, "policyId", "policyRequirements")
				}
			}
		},
	}, {
		ID:    "policies/service/read-user-name",
		Title: "the policies of userName are those of the schema, with their parameters",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPolicyService + "; recorded: the schema",
		Run: func(t *c.T) {
			res := t.Get(userPolicies + "/*")
			t.Status(http.StatusOK, res)
			userName := named(t, res.List("properties"), "userName")
			params := map[string]any{}
			for _, policy := range c.List(userName, "policies") {
				params[c.Text(policy, "policyId")] = c.At(policy, "params")
			}
			t.Has("policies of userName", object(params), "valid-username", "cannot-contain-characters", "minimum-length", "maximum-length")
			t.Equal("params of maximum-length", object{"maxLength": 255}, params["maximum-length"])
			for _, requirement := range []string{"REQUIRED", "VALID_USERNAME", "CANNOT_CONTAIN_CHARACTERS", "MIN_LENGTH", "MAX_LENGTH"} {
				t.True("userName demands "+requirement, slices.Contains(c.List(userName, "policyRequirements"), any(requirement)))
			}
		},
	}, {
		ID:    "policies/service/custom-type",
		Title: "the policies of a type that was added are there",
		Level: c.Must, Needs: typesNeeded, Ref: refPolicyService, Writes: true,
		Run: func(t *c.T) {
			badges := addType(t, object{"name": ofKind("string"), "code": withPolicy("minimum-length", object{"minLength": 3})}, "name")
			res := t.Get("/openidm/policy/managed/" + typeOf(badges) + "/*")
			t.Status(http.StatusOK, res)
			t.True("name is required", slices.Contains(c.List(named(t, res.List("properties"), "name"), "policyRequirements"), any("REQUIRED")))
			t.True("code has a length", slices.Contains(c.List(named(t, res.List("properties"), "code"), "policyRequirements"), any("MIN_LENGTH")))
		},
	}, {
		ID:    "policies/service/object",
		Title: "validateObject tells whether a whole object would pass, and writes nothing",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPolicyService, Writes: true,
		Run: func(t *c.T) {
			user := newUser(t)
			path := at(users, uuid.NewString())
			t.Equal("result for a good user", object{"result": true, "failedPolicyRequirements": []any{}}, validated(t, path, "validateObject", user))
			bad := without(with(user, "userName", "a/b"), "mail")
			verdict := validated(t, path, "validateObject", bad)
			t.Equal("result for a bad one", false, c.At(verdict, "result"))
			checkFails(t, verdict, "mail", "REQUIRED")
			checkFails(t, verdict, "userName", "CANNOT_CONTAIN_CHARACTERS")
			t.Status(http.StatusNotFound, t.Get(path))
			t.Equal("users of that name", []any{}, query(t, users, eq("userName", user["userName"].(string))).At("result"))
		},
	}, {
		ID:    "policies/service/object-taken-name",
		Title: "validateObject tells of a user name that is taken",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: refPolicyService + ", which asks the policy valid-username as well", Writes: true,
		Run: func(t *c.T) {
			user := newUser(t)
			create(t, users, user)
			verdict := validated(t, at(users, uuid.NewString()), "validateObject", user)
			t.Equal("result", false, c.At(verdict, "result"))
			checkFails(t, verdict, "userName", "VALID_USERNAME")
		},
	}, {
		ID:    "policies/service/property",
		Title: "validateProperty tells whether some properties would pass",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPolicyService, Writes: true,
		Run: func(t *c.T) {
			id, before := stored(t, users, newUser(t))
			good := validated(t, at(users, id), "validateProperty", object{"mail": "other@example.com"})
			t.Equal("result for a good address", object{"result": true, "failedPolicyRequirements": []any{}}, good)
			bad := validated(t, at(users, id), "validateProperty", object{"mail": "nobody", "userName": "a/b"})
			t.Equal("result for a bad one", false, c.At(bad, "result"))
			checkFails(t, bad, "mail", "VALID_EMAIL_ADDRESS_FORMAT")
			checkFails(t, bad, "userName", "CANNOT_CONTAIN_CHARACTERS")
			checkUnchanged(t, at(users, id), before)
		},
	}, {
		ID:    "policies/service/property-removed",
		Title: "validateProperty with _remove tells whether properties may be removed",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPolicyService, Writes: true,
		Run: func(t *c.T) {
			id, before := stored(t, users, newUser(t))
			verdict := validated(t, at(users, id), "validateProperty", object{"_remove": []string{"mail"}})
			t.Equal("result for a required property", false, c.At(verdict, "result"))
			checkFails(t, verdict, "mail", "REQUIRED")
			other := validated(t, at(users, id), "validateProperty", object{"_remove": []string{"description"}})
			t.Equal("result for another", true, c.At(other, "result"))
			checkUnchanged(t, at(users, id), before)
		},
	}, {
		ID:    "policies/service/property-of-object",
		Title: "validateProperty takes the object along that the properties would belong to",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPolicyService, Writes: true,
		Run: func(t *c.T) {
			path := at(users, uuid.NewString())
			body := func(mail string) object {
				return object{"object": newUser(t), "properties": object{"mail": mail}}
			}
			t.Equal("result for a good address", true, c.At(validated(t, path, "validateProperty", body("other@example.com")), "result"))
			bad := validated(t, path, "validateProperty", body("nobody"))
			t.Equal("result for a bad one", false, c.At(bad, "result"))
			checkFails(t, bad, "mail", "VALID_EMAIL_ADDRESS_FORMAT")
		},
	}, {
		ID:    "policies/service/unknown-type",
		Title: "the policies of a type that is not there are 404",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: "inferred from the 404 of a type that was taken out",
		Run: func(t *c.T) {
			t.Equal("_id", "*", t.Get(userPolicies+"/*").At("_id"))
			checkError(t, t.Get("/openidm/policy/managed/conformance_nothing/*"), http.StatusNotFound)
		},
	},
}

// validated is the verdict of the policy service on a body.
func validated(t *c.T, path, action string, body object) any {
	res := t.Post("/openidm/policy"+path[len("/openidm"):], body, c.Query("_action", action))
	t.Status(http.StatusOK, res)
	t.Has("verdict", res.Body, "result", "failedPolicyRequirements")
	return without(res.Body, "_id", "_rev")
}

// checkFails checks that a verdict has a requirement that a property fails.
func checkFails(t *c.T, verdict any, property, requirement string) {
	t.True(property+" fails "+requirement, slices.ContainsFunc(c.List(verdict, "failedPolicyRequirements"), func(entry any) bool {
		return c.Text(entry, "property") == property && slices.ContainsFunc(c.List(entry, "policyRequirements"), func(failed any) bool {
			return c.Text(failed, "policyRequirement") == requirement
		})
	}))
}

// named is the document of a list that has the name.
func named(t *c.T, list []any, name string) any {
	i := slices.IndexFunc(list, func(entry any) bool { return c.Text(entry, "name") == name })
	if i < 0 {
		t.Fatalf("there is no %s", name)
	}
	return list[i]
}
