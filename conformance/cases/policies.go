package cases

import (
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	c "aicmcp/conformance"
)

// policies are the cases about the policies of the stock type alpha_user.
var policies = []c.Case{
	{
		ID:    "policies/body/create",
		Title: "the refusal of a create is, in full, 403 \"Policy validation failed\" with the failed requirement",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPolicy, Writes: true,
		Run: func(t *c.T) {
			res := post(t, users, without(newUser(t), "mail"))
			t.Status(http.StatusForbidden, res)
			t.Equal("body", failedPolicy(createRefused, "mail", object{"policyRequirement": "REQUIRED"}), res.Body)
		},
	}, {
		ID:    "policies/body/patch",
		Title: "the refusal of a patch is, in full, 403 \"Failed policy validation\" with the failed requirement",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPolicyBody, Writes: true,
		Run: func(t *c.T) {
			id, before := stored(t, users, newUser(t))
			res := t.Patch(at(users, id), []object{op("add", "/frIndexedMultivalued1", object{"a": 1})})
			t.Status(http.StatusForbidden, res)
			t.Equal("body", failedPolicy(patchRefused, "frIndexedMultivalued1", object{
				"params": object{"invalidType": "object", "validTypes": []string{"array"}}, "policyRequirement": "VALID_TYPE",
			}), res.Body)
			checkUnchanged(t, at(users, id), before)
		},
	}, {
		ID:    "policies/body/patch-required",
		Title: "a patch that removes a required property is, in full, 403 REQUIRED",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refPolicyPatch, Writes: true,
		Run: func(t *c.T) {
			id, before := stored(t, users, newUser(t))
			res := t.Patch(at(users, id), []object{op("remove", "/sn", nil)})
			t.Status(http.StatusForbidden, res)
			t.Equal("body", failedPolicy(patchRefused, "sn", object{"policyRequirement": "REQUIRED"}), res.Body)
			checkUnchanged(t, at(users, id), before)
		},
	}, {
		ID:    "policies/user/characters",
		Title: "a user name with a slash fails CANNOT_CONTAIN_CHARACTERS",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refUserPolicy, Writes: true,
		Run: func(t *c.T) {
			user := newUser(t)
			user["userName"] = user["userName"].(string) + "/x"
			checkPolicy(t, post(t, users, user), createRefused, "userName", "CANNOT_CONTAIN_CHARACTERS", object{"forbiddenChars": "/"})
		},
	}, {
		ID:    "policies/user/length",
		Title: "a user name has at least one character and at most 255",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refUserPolicy, Writes: true,
		Run: func(t *c.T) {
			user := newUser(t)
			long := user["userName"].(string)
			user["userName"] = long + strings.Repeat("x", 256-len(long))
			checkPolicy(t, post(t, users, user), createRefused, "userName", "MAX_LENGTH", object{"maxLength": 255})
			user["userName"] = user["userName"].(string)[:255]
			id, before := stored(t, users, user)
			checkPolicy(t, t.Patch(at(users, id), []object{op("replace", "/userName", "")}), patchRefused, "userName", "MIN_LENGTH", object{"minLength": 1})
			checkUnchanged(t, at(users, id), before)
		},
	}, {
		ID:    "policies/user/mail",
		Title: "a mail address that is none fails VALID_EMAIL_ADDRESS_FORMAT",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refUserPolicy, Writes: true,
		Run: func(t *c.T) {
			user := newUser(t)
			for _, address := range []string{"nobody", "nobody@", "@example.com", "some body@example.com"} {
				checkPolicy(t, post(t, users, with(user, "mail", address)), createRefused, "mail", "VALID_EMAIL_ADDRESS_FORMAT", nil)
			}
			id, before := stored(t, users, user)
			checkPolicy(t, t.Patch(at(users, id), []object{op("replace", "/mail", "nobody")}), patchRefused, "mail", "VALID_EMAIL_ADDRESS_FORMAT", nil)
			checkUnchanged(t, at(users, id), before)
		},
	}, {
		ID:    "policies/user/name-in-other-case",
		Title: "a user name that is taken in other letters' case fails VALID_USERNAME",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: refUnique + "; that case does not matter is inferred from the directory's matching", Writes: true,
		Run: func(t *c.T) {
			user, other := newUser(t), newUser(t)
			create(t, users, user)
			other["_id"], other["userName"] = uuid.NewString(), strings.ToUpper(user["userName"].(string))
			checkPolicy(t, post(t, users, other), createRefused, "userName", "VALID_USERNAME", nil)
		},
	}, {
		ID:    "policies/user/own-name",
		Title: "a user keeps its own name, also in other letters' case",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refUnique, Writes: true,
		Run: func(t *c.T) {
			user := newUser(t)
			id, _ := create(t, users, user)
			user["givenName"] = "Changed"
			t.Status(http.StatusOK, t.Put(at(users, id), user))
			upper := strings.ToUpper(user["userName"].(string))
			t.Status(http.StatusOK, t.Patch(at(users, id), []object{op("replace", "/userName", upper)}))
			t.Equal("userName", upper, read(t, at(users, id)).At("userName"))
		},
	}, {
		ID:    "policies/user/freed-name",
		Title: "the name of a user that was deleted can be given again",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refUnique, Writes: true,
		Run: func(t *c.T) {
			user := newUser(t)
			first, _ := create(t, users, user)
			t.Status(http.StatusOK, t.Delete(at(users, first)))
			second, _ := create(t, users, user)
			t.Differs("_id", first, second)
		},
	}, {
		ID:    "policies/password/length",
		Title: "a password that is too short fails LENGTH_BASED with the bounds of the field policy",
		Level: c.Should, Needs: []c.Feature{c.Managed, c.Config}, Ref: refPasswordPolicy, Writes: true,
		Run: func(t *c.T) {
			rule := passwordRule(t, "length-based")
			checkPolicy(t, post(t, users, with(newUser(t), "password", "aB1!")), createRefused, "password", "LENGTH_BASED",
				object{"min-password-length": c.At(rule, "minPasswordLength"), "max-password-length": c.At(rule, "maxPasswordLength")})
		},
	}, {
		ID:    "policies/password/characters",
		Title: "a password with too few kinds of characters fails CHARACTER_SET",
		Level: c.Should, Needs: []c.Feature{c.Managed, c.Config}, Ref: refPasswordPolicy, Writes: true,
		Run: func(t *c.T) {
			rule := passwordRule(t, "character-set")
			res := post(t, users, with(newUser(t), "password", "qwfpgjzmxcvk"))
			t.Status(http.StatusForbidden, res)
			t.Equal("sets of characters", c.At(rule, "characterSet"), c.At(failedParams(t, res, "password", "CHARACTER_SET"), "character-set"))
		},
	}, {
		ID:    "policies/password/own-attributes",
		Title: "a password with the user's own name in it, forwards or backwards, fails ATTRIBUTE_VALUE",
		Level: c.Should, Needs: []c.Feature{c.Managed, c.Config}, Ref: refPasswordPolicy, Writes: true,
		Run: func(t *c.T) {
			rule := passwordRule(t, "attribute-value")
			user := newUser(t)
			user["sn"] = "Wintersturm"
			for _, password := range []string{"Aa1!Wintersturm", "Aa1!mrutsretniw"} {
				res := post(t, users, with(user, "password", password))
				t.Status(http.StatusForbidden, res)
				t.Equal("attributes", c.At(rule, "matchAttribute"), c.At(failedParams(t, res, "password", "ATTRIBUTE_VALUE"), "match-attribute"))
			}
		},
	}, {
		ID:    "policies/password/patch",
		Title: "a patch of the password is held against the same policies, and a good one is accepted",
		Level: c.Should, Needs: []c.Feature{c.Managed, c.Config}, Ref: refPasswordPolicy, Writes: true,
		Run: func(t *c.T) {
			passwordRule(t, "length-based")
			id, before := stored(t, users, withPassword(t, newUser(t)))
			res := t.Patch(at(users, id), []object{op("replace", "/password", "aB1!")})
			checkMessage(t, res, http.StatusForbidden, patchRefused)
			t.Has("params", failedParams(t, res, "password", "LENGTH_BASED"), "min-password-length")
			checkUnchanged(t, at(users, id), before)
			changed := t.Patch(at(users, id), []object{op("replace", "/password", withPassword(t, object{})["password"])})
			t.Status(http.StatusOK, changed)
			t.Differs("revision", before.At("_rev"), changed.At("_rev"))
		},
	},
}

// passwordRule is a validator of the field policy of alpha_user.
func passwordRule(t *c.T, kind string) any {
	res := t.Get("/openidm/config/fieldPolicy/alpha_user")
	t.Status(http.StatusOK, res)
	rules := res.List("validator")
	i := slices.IndexFunc(rules, func(rule any) bool { return c.Text(rule, "type") == kind && c.At(rule, "enabled") != false })
	if i < 0 {
		t.Fatalf("the field policy has no validator %s", kind)
	}
	return rules[i]
}

// failedParams are the parameters of a requirement that a property fails.
func failedParams(t *c.T, res *c.Response, property, requirement string) any {
	for _, entry := range res.List("detail", "failedPolicyRequirements") {
		for _, failed := range c.List(entry, "policyRequirements") {
			if c.Text(entry, "property") == property && c.Text(failed, "policyRequirement") == requirement {
				return c.At(failed, "params")
			}
		}
	}
	t.Fatalf("%s does not fail %s: %s", property, requirement, res.Raw)
	return nil
}
