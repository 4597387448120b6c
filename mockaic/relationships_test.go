package mockaic_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"aicmcp/mockaic"
)

// patch sends operations and demands a status.
func patch(t *testing.T, mock *mockaic.Tenant, path string, status int, operations string) map[string]any {
	t.Helper()
	got := call(t, mock, "PATCH", path, jsonHeader, operations)
	if got.status != status {
		t.Fatalf("PATCH %s %s: %d %.300s", path, operations, got.status, got.body)
	}
	return got.object(t)
}

func get(t *testing.T, mock *mockaic.Tenant, path string) map[string]any {
	t.Helper()
	got := call(t, mock, "GET", path, nil, "")
	if got.status != http.StatusOK {
		t.Fatalf("GET %s: %d %.300s", path, got.status, got.body)
	}
	return got.object(t)
}

// ids lists the objects that a relationship refers to.
func ids(value any) []string {
	var out []string
	list, many := value.([]any)
	if !many && value != nil {
		list = []any{value}
	}
	for _, element := range list {
		out = append(out, element.(map[string]any)["_refResourceId"].(string))
	}
	return out
}

func person(t *testing.T, mock *mockaic.Tenant, name string) string {
	t.Helper()
	return create(t, mock, users, strings.ReplaceAll(jane, "jane", name))["_id"].(string)
}

func reference(path string) string { return fmt.Sprintf(`{"_ref":%q}`, path) }

func TestARelationshipHasTwoEnds(t *testing.T) {
	mock := start(t)
	boss, worker := person(t, mock, "boss"), person(t, mock, "worker")
	patch(t, mock, users+"/"+worker, 200, `[{"operation":"replace","field":"/manager","value":`+reference("managed/alpha_user/"+boss)+`}]`)
	if got := ids(get(t, mock, users+"/"+boss+"?_fields=reports")["reports"]); len(got) != 1 || got[0] != worker {
		t.Errorf("reports: %v", got)
	}
	other := person(t, mock, "other")
	patch(t, mock, users+"/"+worker, 200, `[{"operation":"replace","field":"/manager","value":`+reference("managed/alpha_user/"+other)+`}]`)
	if got := ids(get(t, mock, users+"/"+boss+"?_fields=reports")["reports"]); len(got) != 0 {
		t.Errorf("reports after a change: %v", got)
	}
	// From the other side a manager takes the place of the one there is.
	call(t, mock, "POST", users+"/"+boss+"/reports?_action=create", jsonHeader, reference("managed/alpha_user/"+worker))
	if got := ids(get(t, mock, users+"/"+worker+"?_fields=manager")["manager"]); len(got) != 1 || got[0] != boss {
		t.Errorf("manager: %v", got)
	}
	patch(t, mock, users+"/"+worker, 200, `[{"operation":"remove","field":"/manager"}]`)
	if got := get(t, mock, users+"/"+boss+"?_fields=reports")["reports"].([]any); len(got) != 0 {
		t.Errorf("reports after removal: %v", got)
	}
	// Somebody may be their own manager, which is one edge with two ends.
	patch(t, mock, users+"/"+worker, 200, `[{"operation":"replace","field":"/manager","value":`+reference("managed/alpha_user/"+worker)+`}]`)
	both := get(t, mock, users+"/"+worker+"?_fields=manager,reports")
	if ids(both["manager"])[0] != worker || len(ids(both["reports"])) != 1 {
		t.Errorf("own manager: %v", both)
	}
	if got := call(t, mock, "DELETE", users+"/"+worker, nil, ""); got.status != 200 {
		t.Errorf("delete: %d", got.status)
	}
}

func TestRelationshipsInWrites(t *testing.T) {
	mock := start(t)
	role := create(t, mock, "/openidm/managed/alpha_role", `{"name":"r1"}`)["_id"].(string)
	second := create(t, mock, "/openidm/managed/alpha_role", `{"name":"r2"}`)["_id"].(string)
	ref := func(id string) string { return reference("managed/alpha_role/" + id) }
	created := create(t, mock, users, strings.Replace(jane, "{", `{"roles":[`+ref(role)+`],`, 1))
	path := users + "/" + created["_id"].(string)
	if created["roles"] != nil || len(created["effectiveRoles"].([]any)) != 1 {
		t.Errorf("created: roles %v, effectiveRoles %v", created["roles"], created["effectiveRoles"])
	}
	same := call(t, mock, "PATCH", path, jsonHeader, `[{"operation":"replace","field":"/roles","value":[`+ref(role)+`]}]`)
	if same.header.Get("X-Not-Modified") != "true" || same.object(t)["_rev"] != created["_rev"] {
		t.Errorf("the same references: %v", same.header)
	}
	added := patch(t, mock, path, 200, `[{"operation":"add","field":"/roles/-","value":`+ref(second)+`}]`)
	if added["_rev"] == created["_rev"] {
		t.Error("a new reference kept the revision")
	}
	roles := get(t, mock, path+"?_fields=roles")["roles"].([]any)
	properties := roles[1].(map[string]any)["_refProperties"].(map[string]any)
	// Without the _id of the relationship nothing is removed.
	patch(t, mock, path, 200, `[{"operation":"remove","field":"/roles","value":`+ref(second)+`}]`)
	if got := ids(get(t, mock, path+"?_fields=roles")["roles"]); len(got) != 2 {
		t.Errorf("after a vague removal: %v", got)
	}
	patch(t, mock, path, 200, fmt.Sprintf(`[{"operation":"remove","field":"/roles","value":{"_ref":"managed/alpha_role/%s","_refProperties":{"_id":%q}}}]`, second, properties["_id"]))
	if got := ids(get(t, mock, path+"?_fields=roles")["roles"]); len(got) != 1 || got[0] != role {
		t.Errorf("after a removal: %v", got)
	}
	// A replacement that does not name a relationship leaves it.
	if got := call(t, mock, "PUT", path, jsonHeader, jane); got.status != 200 || len(ids(get(t, mock, path+"?_fields=roles")["roles"])) != 1 {
		t.Errorf("PUT: %d", got.status)
	}
	for operations, status := range map[string]int{
		`[{"operation":"remove","field":"/roles"}]`:                                                             400,
		`[{"operation":"add","field":"/roles","value":` + ref(second) + `}]`:                                    403,
		`[{"operation":"add","field":"/roles/-","value":` + ref("nobody") + `}]`:                                400,
		`[{"operation":"add","field":"/roles/-","value":` + reference("managed/alpha_user/x") + `}]`:            400,
		`[{"operation":"add","field":"/roles/-","value":"text"}]`:                                               400,
		`[{"operation":"replace","field":"/manager","value":[]}]`:                                               403,
		`[{"operation":"increment","field":"/roles","value":1}]`:                                                400,
		`[{"operation":"replace","field":"/sn","value":"X"},{"operation":"add","field":"/roles/-","value":{}}]`: 400,
	} {
		patch(t, mock, path, status, operations)
	}
	after := get(t, mock, path+"?_fields=roles,sn")
	if after["sn"] != "Roe" || len(ids(after["roles"])) != 1 {
		t.Errorf("refused writes left traces: %v", after)
	}
	again := call(t, mock, "POST", path+"/roles?_action=create", jsonHeader, ref(role))
	if again.status != 412 || !strings.Contains(string(again.body), "already been assigned") {
		t.Errorf("twice the same: %d %s", again.status, again.body)
	}
}

func TestTheEndpointOfARelationship(t *testing.T) {
	mock := start(t)
	group := create(t, mock, "/openidm/managed/alpha_group", `{"name":"g"}`)
	if group["_id"] != "g" {
		t.Errorf("a group's ID: %v", group["_id"])
	}
	member := person(t, mock, "member")
	collection := "/openidm/managed/alpha_group/g/members"
	made := call(t, mock, "POST", collection+"?_action=create", jsonHeader, `{"_ref":"managed/alpha_user/`+member+`","_refProperties":{"note":"n"}}`)
	edge := made.object(t)
	id := edge["_id"].(string)
	if made.status != 201 || !strings.HasSuffix(made.header.Get("Location"), collection+"/"+id) || edge["_refResourceRev"] == nil {
		t.Fatalf("made: %d %s %v", made.status, made.body, made.header)
	}
	page := get(t, mock, collection+"?_queryFilter=true&_fields=_ref/*,userName")["result"].([]any)
	if element := page[0].(map[string]any); element["userName"] != "member" || element["_id"] != id || element["sn"] != nil {
		t.Errorf("listed: %v", element)
	}
	for filter, want := range map[string]float64{`userName eq "member"`: 1, `_refResourceId eq "` + member + `"`: 1, `userName eq "x"`: 0} {
		if got := get(t, mock, collection+"?_queryFilter="+url.QueryEscape(filter))["resultCount"]; got != want {
			t.Errorf("%s finds %v", filter, got)
		}
	}
	one := get(t, mock, collection+"/"+id)
	if one["_refProperties"].(map[string]any)["note"] != "n" {
		t.Errorf("edge: %v", one)
	}
	changed := call(t, mock, "PATCH", collection+"/"+id, jsonHeader, `[{"operation":"replace","field":"/_refProperties/note","value":"m"}]`)
	if changed.status != 200 || changed.object(t)["_rev"] == one["_rev"] {
		t.Errorf("edge patched: %d %s", changed.status, changed.body)
	}
	if got := get(t, mock, users+"/"+member+"?_fields=groups")["groups"].([]any)[0].(map[string]any)["_refProperties"].(map[string]any); got["note"] != "m" {
		t.Errorf("seen from the member: %v", got)
	}
	for request, status := range map[string]int{
		"GET " + collection:                              400,
		"GET " + collection + "/none":                    404,
		"DELETE " + collection + "/none":                 404,
		"GET " + users + "/nobody/groups":                404,
		"GET " + users + "/" + member + "/manager":       404,
		"GET " + users + "/" + member + "/groups/" + id:  200,
		"GET " + users + "/" + member + "/reports/" + id: 404,
		"GET " + users + "/" + member + "/groups/x/y":    404,
	} {
		method, path, _ := strings.Cut(request, " ")
		if got := call(t, mock, method, path, nil, ""); got.status != status {
			t.Errorf("%s: %d %s", request, got.status, got.body)
		}
	}
	if got := call(t, mock, "DELETE", collection+"/"+id, nil, ""); got.status != 200 || got.object(t)["_id"] != id {
		t.Errorf("edge deleted: %d %s", got.status, got.body)
	}
	if got := get(t, mock, users+"/"+member+"?_fields=groups")["groups"].([]any); len(got) != 0 {
		t.Errorf("groups afterwards: %v", got)
	}
}

func TestOrganizationsAndTheirMembers(t *testing.T) {
	mock := start(t)
	const organizations = "/openidm/managed/alpha_organization"
	ref := func(id string) string { return reference("managed/alpha_organization/" + id) }
	top := create(t, mock, organizations, `{"name":"top"}`)["_id"].(string)
	middle := create(t, mock, organizations, `{"name":"middle","parent":`+ref(top)+`}`)["_id"].(string)
	leaf := create(t, mock, organizations, `{"name":"leaf","parent":`+ref(middle)+`}`)["_id"].(string)
	admin := person(t, mock, "admin")
	patch(t, mock, organizations+"/"+top, 200, `[{"operation":"add","field":"/admins/-","value":`+reference("managed/alpha_user/"+admin)+`}]`)
	member := create(t, mock, users, strings.Replace(jane, "{", `{"memberOfOrg":[`+ref(leaf)+`],`, 1))["_id"].(string)
	if got := get(t, mock, users+"/"+member)["memberOfOrgIDs"].([]any); len(got) != 3 {
		t.Errorf("memberOfOrgIDs: %v", got)
	}
	if got := get(t, mock, organizations+"/"+leaf)["parentAdminIDs"].([]any); len(got) != 1 || got[0] != admin {
		t.Errorf("parentAdminIDs: %v", got)
	}
	found := get(t, mock, users+"?_queryFilter="+url.QueryEscape(`/memberOfOrgIDs eq "`+top+`"`)+"&_fields=userName")
	if found["resultCount"] != 1.0 {
		t.Errorf("members of the top: %v", found)
	}
	patch(t, mock, organizations+"/"+leaf, 200, `[{"operation":"remove","field":"/parent"}]`)
	if got := get(t, mock, users+"/"+member)["memberOfOrgIDs"].([]any); len(got) != 1 || got[0] != leaf {
		t.Errorf("after the move: %v", got)
	}
	// A hierarchy can be made a circle; it must still be answered.
	patch(t, mock, organizations+"/"+top, 200, `[{"operation":"replace","field":"/parent","value":`+ref(middle)+`}]`)
	if got := get(t, mock, organizations+"/"+middle)["parentIDs"].([]any); len(got) != 2 {
		t.Errorf("in a circle: %v", got)
	}
}

func TestConditionsGrantRoles(t *testing.T) {
	mock := start(t)
	const roles = "/openidm/managed/alpha_role"
	before := create(t, mock, users, strings.Replace(jane, "{", `{"city":"Oslo",`, 1))["_id"].(string)
	role := create(t, mock, roles, `{"name":"northern","condition":"/city eq \"oslo\""}`)["_id"].(string)
	after := create(t, mock, users, strings.ReplaceAll(strings.Replace(jane, "{", `{"city":"Oslo",`, 1), "jane", "june"))["_id"].(string)
	person(t, mock, "southerner")
	members := get(t, mock, roles+"/"+role+"?_fields=members")["members"].([]any)
	if len(members) != 2 {
		t.Fatalf("members: %v", members)
	}
	if properties := members[0].(map[string]any)["_refProperties"].(map[string]any); properties["_grantType"] != "conditional" {
		t.Errorf("a member by condition: %v", properties)
	}
	// What a condition grants can't be taken away by hand, and goes with the condition.
	patch(t, mock, users+"/"+after, 200, `[{"operation":"replace","field":"/roles","value":[]}]`)
	if got := get(t, mock, users+"/"+after)["effectiveRoles"].([]any); len(got) != 1 {
		t.Errorf("after a removal by hand: %v", got)
	}
	patch(t, mock, users+"/"+after, 200, `[{"operation":"replace","field":"/city","value":"Bergen"}]`)
	if got := ids(get(t, mock, roles+"/"+role+"?_fields=members")["members"]); len(got) != 1 || got[0] != before {
		t.Errorf("after a move: %v", got)
	}
	patch(t, mock, roles+"/"+role, 200, `[{"operation":"remove","field":"/condition"}]`)
	if got := ids(get(t, mock, roles+"/"+role+"?_fields=members")["members"]); len(got) != 0 {
		t.Errorf("without a condition: %v", got)
	}
	if got := call(t, mock, "POST", "/openidm/managed/alpha_group?_action=create", jsonHeader, `{"name":"x","condition":"nonsense"}`); got.status != 403 {
		t.Errorf("a condition that is no filter: %d %s", got.status, got.body)
	}
}

func TestWhatAConditionGrantsIsTheConditions(t *testing.T) {
	mock := start(t)
	const roles = "/openidm/managed/alpha_role"
	boss := person(t, mock, "boss")
	worker := create(t, mock, users, strings.ReplaceAll(strings.Replace(jane, "{", `{"manager":`+reference("managed/alpha_user/"+boss)+`,`, 1), "jane", "worker"))["_id"].(string)
	role := create(t, mock, roles, fmt.Sprintf(`{"name":"team","condition":"/manager/_refResourceId eq \"%s\""}`, boss))["_id"].(string)
	granted := func() []any {
		t.Helper()
		return get(t, mock, users+"/"+worker+"?_fields=roles")["roles"].([]any)
	}
	if len(granted()) != 1 {
		t.Fatalf("by a relationship: %v", granted())
	}
	// A client can neither remove such a grant nor make one.
	edge := granted()[0].(map[string]any)["_refProperties"].(map[string]any)["_id"].(string)
	if got := call(t, mock, "DELETE", users+"/"+worker+"/roles/"+edge, nil, ""); got.status != 200 || len(granted()) != 1 {
		t.Errorf("after a removal: %d %v", got.status, granted())
	}
	own := create(t, mock, roles, `{"name":"own"}`)["_id"].(string)
	patch(t, mock, users+"/"+worker, 200, `[{"operation":"add","field":"/roles/-","value":{"_ref":"managed/alpha_role/`+own+`","_refProperties":{"_grantType":"conditional"}}}]`)
	for _, element := range granted() {
		properties := element.(map[string]any)["_refProperties"].(map[string]any)
		if element.(map[string]any)["_refResourceId"] == own && properties["_grantType"] != nil {
			t.Errorf("a client's grant: %v", properties)
		}
	}
	// What was read can be put back, and the same role can be granted outright, too.
	was := granted()
	same := call(t, mock, "PATCH", users+"/"+worker, jsonHeader, `[{"operation":"replace","field":"/roles","value":`+encode(t, was)+`}]`)
	if same.header.Get("X-Not-Modified") != "true" || encode(t, granted()) != encode(t, was) {
		t.Errorf("put back: %v %v", same.header, granted())
	}
	patch(t, mock, users+"/"+worker, 200, `[{"operation":"add","field":"/roles/-","value":`+reference("managed/alpha_role/"+role)+`}]`)
	if len(granted()) != 3 {
		t.Errorf("granted twice: %v", granted())
	}
	patch(t, mock, users+"/"+worker, 200, `[{"operation":"remove","field":"/manager"}]`)
	if len(granted()) != 2 {
		t.Errorf("without the manager: %v", granted())
	}
}

func TestGrantsCanBeLimitedInTime(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	mock := start(t, mockaic.Clock(func() time.Time { return now }))
	for _, kind := range []string{"role", "group"} {
		id := create(t, mock, "/openidm/managed/alpha_"+kind, `{"name":"summer"}`)["_id"].(string)
		path := users + "/" + create(t, mock, users, strings.ReplaceAll(strings.Replace(jane, "{", `{"`+kind+`s":[{"_ref":"managed/alpha_`+kind+`/`+id+`",
			"_refProperties":{"temporalConstraints":[{"duration":"2026-01-01T00:00:00Z/2026-02-01T00:00:00Z"}]}}],`, 1), "jane", kind))["_id"].(string)
		effective := get(t, mock, path)
		// Of a user's properties roles has relationshipGrantTemporalConstraintsEnforced.
		if roles := effective["effectiveRoles"].([]any); len(roles) != 0 {
			t.Errorf("roles: %v", roles)
		}
		if groups := effective["effectiveGroups"].([]any); kind == "group" && len(groups) != 1 {
			t.Errorf("groups: %v", groups)
		}
	}
}

func TestARelationshipWhoseReverseIsNotDefined(t *testing.T) {
	mock := start(t)
	define(t, mock, `{"name":"device","schema":{"properties":{"_id":{"type":"string"},"users":{"type":"array","items":{"type":"relationship",
		"reverseRelationship":true,"reversePropertyName":"devices","resourceCollection":[{"path":"managed/alpha_user"}]}}}}}`)
	ref := reference("managed/alpha_user/" + person(t, mock, "owner"))
	path := "/openidm/managed/device/1"
	send(t, mock, "PUT", path, `{"users":[`+ref+`]}`)
	again := call(t, mock, "PUT", path, jsonHeader, `{"users":[`+ref+`]}`)
	if again.header.Get("X-Not-Modified") != "true" {
		t.Errorf("the same again: %d %s %v", again.status, again.body, again.header)
	}
	if got := call(t, mock, "POST", path+"/users?_action=create", jsonHeader, ref); got.status != http.StatusPreconditionFailed {
		t.Errorf("twice the same: %d %s", got.status, got.body)
	}
}

func TestOneOfManyRelationshipsIsPatchedAlone(t *testing.T) {
	mock := start(t)
	const members = 1100
	note := strings.Repeat("n", 10_000) // so that all of them are more than a patch may make
	dir := t.TempDir()
	var seeded []string
	for i := range members {
		seeded = append(seeded, fmt.Sprintf(`{"_id":"u%d","userName":"u%d","givenName":"U","sn":"U","mail":"u%d@example.com","roles":[{"_ref":"managed/alpha_role/crowd","_refProperties":{"note":%q}}]}`, i, i, i, note))
	}
	seed(t, dir, "managed/alpha_role.json", `[{"_id":"crowd","name":"crowd"}]`)
	seed(t, dir, "managed/alpha_user.json", "["+strings.Join(seeded, ",")+"]")
	if err := mock.Import(dir); err != nil {
		t.Fatal(err)
	}
	role := "/openidm/managed/alpha_role/crowd"
	newcomer := person(t, mock, "newcomer")
	patch(t, mock, role, 200, `[{"operation":"add","field":"/members/-","value":`+reference("managed/alpha_user/"+newcomer)+`}]`)
	patch(t, mock, role, 412, `[{"operation":"add","field":"/members/-","value":`+reference("managed/alpha_user/"+newcomer)+`}]`)
	edge := get(t, mock, users+"/"+newcomer+"?_fields=roles")["roles"].([]any)[0].(map[string]any)["_refProperties"].(map[string]any)["_id"]
	patch(t, mock, role, 200, fmt.Sprintf(`[{"operation":"remove","field":"/members","value":{"_ref":"managed/alpha_user/%s","_refProperties":{"_id":%q}}}]`, newcomer, edge))
	if got := get(t, mock, role+"?_fields=members")["members"].([]any); len(got) != members {
		t.Errorf("%d members", len(got))
	}
}

func TestASingleRelationshipHonoursIfMatch(t *testing.T) {
	mock := start(t)
	boss, worker := person(t, mock, "boss"), person(t, mock, "worker")
	path := users + "/" + worker + "/manager"
	put := func(revision string) answer {
		return call(t, mock, "PUT", path, map[string]string{"Content-Type": "application/json", "If-Match": revision}, reference("managed/alpha_user/"+boss))
	}
	if got := put(`"1"`); got.status != http.StatusNotFound {
		t.Errorf("nothing there: %d %s", got.status, got.body)
	}
	send(t, mock, "PUT", path, reference("managed/alpha_user/"+boss))
	revision := get(t, mock, path)["_rev"].(string)
	if got := put(`"1"`); got.status != http.StatusPreconditionFailed {
		t.Errorf("another revision: %d %s", got.status, got.body)
	}
	if got := put(`"` + revision + `"`); got.status != http.StatusOK {
		t.Errorf("its revision: %d %s", got.status, got.body)
	}
}

func TestFieldsFollowTwoRelationships(t *testing.T) {
	mock := start(t)
	path := users + "/" + person(t, mock, "jane") + "?_fields="
	for fields, status := range map[string]int{"roles/*_ref": 200, "roles/members/userName": 200, "roles/members/*_ref": 400, "roles/members/roles/name": 400} {
		if got := call(t, mock, "GET", path+fields, nil, ""); got.status != status {
			t.Errorf("%s: %d %s", fields, got.status, got.body)
		}
	}
}

func TestASingleEndKeepsOneEdge(t *testing.T) {
	mock := start(t)
	boss, worker := person(t, mock, "boss"), person(t, mock, "worker")
	send(t, mock, "POST", users+"/"+boss+"/reports?_action=create", reference("managed/alpha_user/"+worker))
	send(t, mock, "POST", users+"/"+boss+"/reports?_action=create", `{"_ref":"managed/alpha_user/`+worker+`","_refProperties":{"note":"x"}}`)
	send(t, mock, "DELETE", users+"/"+worker+"/manager", "")
	if got := get(t, mock, users+"/"+worker+"?_fields=manager"); got["manager"] != nil {
		t.Errorf("manager: %v", got)
	}
	// In a patch the last operation counts, at whichever end it is.
	patch(t, mock, users+"/"+worker, 200, `[{"operation":"replace","field":"/manager","value":`+reference("managed/alpha_user/"+boss)+`},
		{"operation":"add","field":"/reports/-","value":`+reference("managed/alpha_user/"+worker)+`}]`)
	if got := ids(get(t, mock, users+"/"+worker+"?_fields=manager")["manager"]); len(got) != 1 || got[0] != worker {
		t.Errorf("manager: %v", got)
	}
}

func TestReferencesStandForTheEdgesThatFitBest(t *testing.T) {
	mock := start(t)
	role := create(t, mock, "/openidm/managed/alpha_role", `{"name":"r"}`)["_id"].(string)
	path := users + "/" + person(t, mock, "jane")
	bare := reference("managed/alpha_role/" + role)
	noted := `{"_ref":"managed/alpha_role/` + role + `","_refProperties":{"note":"n"}}`
	for _, element := range []string{noted, bare} {
		patch(t, mock, path, 200, `[{"operation":"add","field":"/roles/-","value":`+element+`}]`)
	}
	for _, both := range []string{noted + "," + bare, bare + "," + noted} {
		got := call(t, mock, "PATCH", path, jsonHeader, `[{"operation":"replace","field":"/roles","value":[`+both+`]}]`)
		if got.status != 200 || got.header.Get("X-Not-Modified") != "true" {
			t.Errorf("%s: %d %s", both, got.status, got.body)
		}
	}
}

func TestConditionsFollowRelationships(t *testing.T) {
	mock := start(t)
	const roles = "/openidm/managed/alpha_role"
	boss, worker := person(t, mock, "boss"), person(t, mock, "worker")
	granted := func(want ...string) {
		t.Helper()
		got := ids(get(t, mock, users+"/"+worker+"?_fields=roles")["roles"])
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("granted %v, want %v", got, want)
		}
	}
	send(t, mock, "PUT", roles+"/team", `{"name":"team","condition":"/manager/_refResourceId eq \"`+boss+`\""}`)
	// These depend on what others grant, and sort before and after them.
	send(t, mock, "PUT", roles+"/first", `{"name":"first","condition":"/_id pr and /roles[/_refResourceId eq \"team\"]"}`)
	send(t, mock, "PUT", roles+"/then", `{"name":"then","condition":"/sn pr and /roles[/_refResourceId eq \"first\"]"}`)
	granted()
	send(t, mock, "PUT", users+"/"+worker+"/manager", reference("managed/alpha_user/"+boss))
	granted("first", "team", "then")
	send(t, mock, "DELETE", users+"/"+worker+"/manager", "")
	granted()
	send(t, mock, "POST", users+"/"+boss+"/reports?_action=create", reference("managed/alpha_user/"+worker))
	granted("first", "team", "then")
}

func TestConditionsOfABrokenTypeGrantNothing(t *testing.T) {
	mock := start(t)
	send(t, mock, "PUT", "/openidm/managed/alpha_role/oslo", `{"name":"oslo","condition":"/city eq \"Oslo\""}`)
	for i, definition := range get(t, mock, "/openidm/config/managed")["objects"].([]any) {
		if definition.(map[string]any)["name"] == "alpha_role" {
			patch(t, mock, "/openidm/config/managed", 200, fmt.Sprintf(`[{"operation":"add","field":"/objects/%d/schema/properties/custom_x","value":{"type":"string","default":5}}]`, i))
		}
	}
	create(t, mock, users, strings.Replace(jane, "{", `{"city":"Oslo",`, 1))
}

func TestConditionsCanBeTakenOutOfADefinition(t *testing.T) {
	mock := start(t)
	pet := func(condition string) string {
		return `{"name":"pet","schema":{"properties":{"_id":{"type":"string"},"tag":{"type":"string"},
			"perk":{"type":"relationship","resourceCollection":[{"path":"managed/perk"` + condition + `}]}}}}`
	}
	define(t, mock, `{"name":"perk","schema":{"properties":{"_id":{"type":"string"},"when":{"type":"string"}}}}`, pet(`,"conditionalAssociationField":"when"`))
	for _, id := range []string{"1", "2"} {
		send(t, mock, "PUT", "/openidm/managed/perk/"+id, `{"when":"tag eq \"t\""}`)
	}
	send(t, mock, "PUT", "/openidm/managed/perk/3", `{}`)
	send(t, mock, "PUT", "/openidm/managed/pet/1", `{"tag":"t"}`)
	perk := func() []string { return ids(get(t, mock, "/openidm/managed/pet/1?_fields=perk")["perk"]) }
	if len(perk()) != 1 {
		t.Fatalf("granted %v", perk())
	}
	// Where there is room for one, that of the client counts.
	send(t, mock, "PUT", "/openidm/managed/pet/1/perk", reference("managed/perk/3"))
	if got := perk(); len(got) != 1 || got[0] != "3" {
		t.Errorf("by hand: %v", got)
	}
	send(t, mock, "DELETE", "/openidm/managed/pet/1/perk", "")
	if got := perk(); len(got) != 1 || got[0] == "3" {
		t.Errorf("after the removal: %v", got)
	}
	redefine(t, mock, "remove", "perk/resourceCollection/0/conditionalAssociationField", "")
	if got := perk(); len(got) != 0 {
		t.Errorf("without conditions: %v", got)
	}
}
