package mockaic_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"aicmcp/mockaic"
)

// requirements lists what a refusal or a policy answer says was not met.
func requirements(t *testing.T, body []byte) []string {
	t.Helper()
	type failed struct {
		FailedPolicyRequirements []struct {
			Property           string
			PolicyRequirements []struct{ PolicyRequirement string }
		}
	}
	var answer struct {
		failed
		Detail failed
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	var names []string
	for _, entry := range append(answer.FailedPolicyRequirements, answer.Detail.FailedPolicyRequirements...) {
		for _, requirement := range entry.PolicyRequirements {
			names = append(names, entry.Property+" "+requirement.PolicyRequirement)
		}
	}
	return names
}

func TestEachPolicyRefusesWhatItForbids(t *testing.T) {
	mock := start(t)
	cases := []struct{ policy, kind, good, bad, requirement string }{
		{`{"policyId":"required"}`, "string", `"x"`, `""`, "REQUIRED"},
		{`{"policyId":"not-empty"}`, "string", `"x"`, `""`, "REQUIRED"},
		{`{"policyId":"unique"}`, "string", `"fresh"`, `"TAKEN"`, "UNIQUE"},
		{`{"policyId":"valid-username"}`, "string", `"new"`, `""`, "VALID_USERNAME"},
		{`{"policyId":"regexpMatches","params":{"regexp":"^a+$","flags":"i"}}`, "string", `"AA"`, `"b"`, "MATCH_REGEXP"},
		{`{"policyId":"valid-email-address-format"}`, "string", `"a@b.example"`, `"a@b"`, "VALID_EMAIL_ADDRESS_FORMAT"},
		{`{"policyId":"valid-name-format"}`, "string", `"Zoë O'Hara"`, `"x1"`, "VALID_NAME_FORMAT"},
		{`{"policyId":"valid-phone-format"}`, "string", `"+47 (22) 1-2"`, `"none"`, "VALID_PHONE_FORMAT"},
		{`{"policyId":"valid-date"}`, "string", `"2026-02-28"`, `"2026-02-30"`, "VALID_DATE"},
		{`{"policyId":"valid-datetime"}`, "string", `"2026-02-28T10:00:00Z"`, `"10:00"`, "VALID_DATETIME"},
		{`{"policyId":"valid-time"}`, "string", `"10:00:00"`, `"25:00:00"`, "VALID_TIME"},
		{`{"policyId":"valid-duration"}`, "string", `"P1DT2H"`, `"1 day"`, "VALID_DURATION"},
		{`{"policyId":"minimum-length","params":{"minLength":2}}`, "string", `"éé"`, `"é"`, "MIN_LENGTH"},
		{`{"policyId":"maximum-length","params":{"maxLength":2}}`, "string", `"éé"`, `"ééé"`, "MAX_LENGTH"},
		{`{"policyId":"at-least-X-capitals","params":{"numCaps":2}}`, "string", `"ABc"`, `"Abc"`, "AT_LEAST_X_CAPITAL_LETTERS"},
		{`{"policyId":"at-least-X-numbers","params":{"numNums":1}}`, "string", `"a1"`, `"a"`, "AT_LEAST_X_NUMBERS"},
		{`{"policyId":"cannot-contain-characters","params":{"forbiddenChars":["/","#"]}}`, "string", `"a"`, `"a#"`, "CANNOT_CONTAIN_CHARACTERS"},
		{`{"policyId":"cannot-contain-others","params":{"disallowedFields":["other"]}}`, "string", `"free"`, `"with Secret in it"`, "CANNOT_CONTAIN_OTHERS"},
		{`{"policyId":"cannot-contain-duplicates"}`, "array", `[1,"1"]`, `["a","a"]`, "CANNOT_CONTAIN_DUPLICATES"},
		{`{"policyId":"minimumNumber","params":{"minimum":1.5}}`, "number", `1.5`, `1`, "MINIMUM_NUMBER_VALUE"},
		{`{"policyId":"maximumNumber","params":{"maximum":2}}`, "number", `2`, `2.5`, "MAXIMUM_NUMBER_VALUE"},
		{`{"policyId":"valid-query-filter"}`, "string", `"a eq 1"`, `"a is 1"`, "VALID_QUERY_FILTER"},
	}
	for _, c := range cases {
		definition := `{"objects":[{"name":"form","schema":{"properties":{"p":{"type":"` + c.kind + `","policies":[` + c.policy + `]},"other":{"type":"string"}}}}]}`
		if got := call(t, mock, "PUT", "/openidm/config/managed", jsonHeader, definition); got.status != 200 {
			t.Errorf("%s: %d %s", c.policy, got.status, got.body)
			continue
		}
		call(t, mock, "PUT", "/openidm/managed/form/taken", jsonHeader, `{"p":"taken"}`)
		for value, want := range map[string]int{c.good: 201, c.bad: 403} {
			got := call(t, mock, "POST", "/openidm/managed/form?_action=create", jsonHeader, `{"other":"secret","p":`+value+`}`)
			if got.status != want || want == 403 && strings.Join(requirements(t, got.body), ",") != "p "+c.requirement {
				t.Errorf("%s with %s: %d %s", c.policy, value, got.status, got.body)
			}
		}
		call(t, mock, "DELETE", "/openidm/managed/form/taken", nil, "")
	}
	for _, broken := range []string{
		`{"policyId":"minimum-length"}`, `{"policyId":"minimum-length","params":{"minLength":"2"}}`,
		`{"policyId":"cannot-contain-characters","params":{}}`, `{"params":{}}`, `"required"`, `{"policyId":"regexpMatches","params":{}}`,
	} {
		got := call(t, mock, "PUT", "/openidm/config/managed", jsonHeader, `{"objects":[{"name":"form","schema":{"properties":{"p":{"type":"string","policies":[`+broken+`]}}}}]}`)
		if got.status != 400 {
			t.Errorf("%s: %d %s", broken, got.status, got.body)
		}
	}
}

func TestPasswordsObeyTheFieldPolicy(t *testing.T) {
	mock := start(t)
	id := create(t, mock, users, jane)["_id"].(string)
	for password, want := range map[string]string{
		"Sh0rt!":           "LENGTH_BASED",
		"alllowercase":     "CHARACTER_SET",
		"NoSpecial1":       "CHARACTER_SET",
		"My-jennifer-1":    "ATTRIBUTE_VALUE",
		"1-REFINNEJ-my":    "ATTRIBUTE_VALUE",
		"Correct-Horse-1":  "",
		"{SSHA}aGVsbG8=":   "",
		"Jenny-is-short-1": "",
	} {
		patch(t, mock, users+"/"+id, 200, `[{"operation":"replace","field":"/givenName","value":"Jennifer"}]`)
		got := call(t, mock, "PATCH", users+"/"+id, jsonHeader, `[{"operation":"replace","field":"/password","value":"`+password+`"}]`)
		failed := strings.Join(requirements(t, got.body), ",")
		if want == "" && got.status != 200 || want != "" && failed != "password "+want {
			t.Errorf("%s: %d %s", password, got.status, failed)
		}
	}
}

func TestRolesOutOfTheirTimeAreNotEffective(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	mock := start(t, mockaic.Clock(func() time.Time { return now }))
	role := create(t, mock, "/openidm/managed/alpha_role", `{"name":"summer","temporalConstraints":[{"duration":"2026-06-01T00:00:00Z/2026-09-01T00:00:00Z"}]}`)["_id"].(string)
	path := users + "/" + create(t, mock, users, strings.Replace(jane, "{", `{"roles":[`+reference("managed/alpha_role/"+role)+`],`, 1))["_id"].(string)
	for at, want := range map[time.Time]int{now: 1, now.AddDate(0, 6, 0): 0, now.AddDate(0, -1, 0): 0} {
		now = at
		if got := get(t, mock, path)["effectiveRoles"].([]any); len(got) != want {
			t.Errorf("at %s: %v", at, got)
		}
	}
}
