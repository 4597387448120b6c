package mockaic_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"aicmcp/mockaic"
)

func start(t *testing.T, options ...mockaic.Option) *mockaic.Tenant {
	t.Helper()
	return mockaic.Start(t, append([]mockaic.Option{mockaic.DevToken("dev"), mockaic.Seed("empty")}, options...)...)
}

func (a answer) object(t *testing.T) map[string]any {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(a.body, &object); err != nil {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return object
}

const (
	users = "/openidm/managed/alpha_user"
	jane  = `{"userName":"jane","givenName":"Jane","sn":"Roe","mail":"jane@example.com","password":"S3cret!!"}`
)

func create(t *testing.T, mock *mockaic.Tenant, path, body string) map[string]any {
	t.Helper()
	got := call(t, mock, "POST", path+"?_action=create", jsonHeader, body)
	if got.status != http.StatusCreated {
		t.Fatalf("create: %d %s", got.status, got.body)
	}
	return got.object(t)
}

func TestPasswordsNeverComeBack(t *testing.T) {
	mock := start(t)
	created := create(t, mock, users, jane)
	id := created["_id"].(string)
	answers := map[string]answer{
		"read":          call(t, mock, "GET", users+"/"+id, nil, ""),
		"asked for":     call(t, mock, "GET", users+"/"+id+"?_fields=*,password,cn", nil, ""),
		"queried":       call(t, mock, "GET", users+"?_queryFilter=true&_fields=password", nil, ""),
		"patched":       call(t, mock, "PATCH", users+"/"+id, jsonHeader, `[{"operation":"replace","field":"/password","value":"An0ther!"}]`),
		"replaced":      call(t, mock, "PUT", users+"/"+id, jsonHeader, jane),
		"created again": call(t, mock, "PUT", users+"/other", jsonHeader, strings.ReplaceAll(jane, "jane", "june")),
		"deleted":       call(t, mock, "DELETE", users+"/"+id, nil, ""),
	}
	for how, got := range answers {
		if got.status > 201 || strings.Contains(string(got.body), "ecret") || strings.Contains(string(got.body), `"password"`) || strings.Contains(string(got.body), "PBKDF2") || strings.Contains(string(got.body), "n0ther") {
			t.Errorf("%s: %d %s", how, got.status, got.body)
		}
	}
	if got := call(t, mock, "PATCH", users+"/other", jsonHeader, `[{"operation":"copy","from":"/_id","field":"/description"}]`); got.object(t)["description"] != "other" {
		t.Errorf("copy of the _id: %d %s", got.status, got.body)
	}
	for _, operation := range []string{"copy", "move"} {
		body := `[{"operation":"` + operation + `","from":"/cn","field":"/description"}]`
		if got := call(t, mock, "PATCH", users+"/other", jsonHeader, body); got.status != http.StatusBadRequest {
			t.Errorf("%s of a private property: %d %s", operation, got.status, got.body)
		}
	}
	for _, filter := range []string{"password+pr", "password+sw+%22S%22", "cn+pr"} {
		create := call(t, mock, "GET", users+"?_queryFilter="+filter, nil, "")
		if found := create.object(t)["resultCount"]; found != 0.0 {
			t.Errorf("%s finds %v", filter, found)
		}
	}
}

func TestPolicyFailuresSayWhatIsWrong(t *testing.T) {
	mock := start(t)
	create(t, mock, users, jane)
	id := create(t, mock, users, strings.ReplaceAll(jane, "jane", "john"))["_id"].(string)
	for name, c := range map[string]struct{ method, path, body, message, detail string }{
		"required on create": {
			"POST", users + "?_action=create", `{"userName":"x","givenName":"X","sn":"Y"}`, "Policy validation failed",
			`[{"policyRequirements":[{"policyRequirement":"REQUIRED"}],"property":"mail"}]`,
		},
		"type on create": {
			"PUT", users + "/new", `{"userName":"x","givenName":"X","sn":"Y","mail":["m"]}`, "Policy validation failed",
			`[{"policyRequirements":[{"params":{"invalidType":"array","validTypes":["string"]},"policyRequirement":"VALID_TYPE"}],"property":"mail"}]`,
		},
		"null for a required property": {
			"PUT", users + "/new", `{"userName":"x","givenName":"X","sn":"Y","mail":null}`, "Policy validation failed",
			`[{"policyRequirements":[{"policyRequirement":"NOT_NULL"}],"property":"mail"},{"policyRequirements":[{"params":{"invalidType":"null","validTypes":["string"]},"policyRequirement":"VALID_TYPE"}],"property":"mail"}]`,
		},
		"null for an optional property": {
			"PUT", users + "/new", `{"userName":"x","givenName":"X","sn":"Y","mail":"m@example.com","city":null}`, "Policy validation failed",
			`[{"policyRequirements":[{"policyRequirement":"NOT_NULL"}],"property":"city"}]`,
		},
		"type on patch": {
			"PATCH", users + "/" + id, `[{"operation":"add","field":"/aliasList","value":{"a":1}}]`, "Failed policy validation",
			`[{"policyRequirements":[{"params":{"invalidType":"object","validTypes":["array"]},"policyRequirement":"VALID_TYPE"}],"property":"aliasList"}]`,
		},
		"required removed by a patch": {
			"PATCH", users + "/" + id, `[{"operation":"remove","field":"/mail"}]`, "Failed policy validation",
			`[{"policyRequirements":[{"policyRequirement":"REQUIRED"}],"property":"mail"}]`,
		},
		"user name that is taken": {
			"PATCH", users + "/" + id, `[{"operation":"replace","field":"/userName","value":"JANE"}]`, "Failed policy validation",
			`[{"policyRequirements":[{"policyRequirement":"VALID_USERNAME"}],"property":"userName"}]`,
		},
	} {
		got := call(t, mock, c.method, c.path, jsonHeader, c.body)
		want := fmt.Sprintf(`{"code":403,"reason":"Forbidden","message":"%s","detail":{"failedPolicyRequirements":%s,"result":false}}`, c.message, c.detail)
		if got.status != 403 || string(got.body) != want {
			t.Errorf("%s: %d\ngot  %s\nwant %s", name, got.status, got.body, want)
		}
	}
	if got := call(t, mock, "PUT", users+"/"+id, jsonHeader, `{"userName":"john"}`); got.status != 200 {
		t.Errorf("a replacement without required properties: %d %s", got.status, got.body)
	}
	if got := call(t, mock, "POST", users+"?_action=create", jsonHeader, strings.Replace(jane, "{", `{"shoeSize":7,`, 1)); got.status != 400 || !strings.Contains(string(got.body), "shoeSize") {
		t.Errorf("an unknown property: %d %s", got.status, got.body)
	}
}

func TestRevisionsChangeOnWritesOnly(t *testing.T) {
	mock := start(t)
	first := create(t, mock, users, jane)
	path := users + "/" + first["_id"].(string)
	for how, got := range map[string]answer{
		"read":                  call(t, mock, "GET", path, nil, ""),
		"empty patch":           call(t, mock, "PATCH", path, jsonHeader, `[]`),
		"same value":            call(t, mock, "PATCH", path, jsonHeader, `[{"operation":"replace","field":"/sn","value":"Roe"}]`),
		"removal of nothing":    call(t, mock, "PATCH", path, jsonHeader, `[{"operation":"remove","field":"/city"}]`),
		"the same object again": call(t, mock, "PUT", path, jsonHeader, `{"userName":"jane","givenName":"Jane","sn":"Roe","mail":"jane@example.com","accountStatus":"active"}`),
	} {
		if got.object(t)["_rev"] != first["_rev"] || got.header.Get("ETag") != `"`+first["_rev"].(string)+`"` {
			t.Errorf("%s: revision %v, was %v", how, got.object(t)["_rev"], first["_rev"])
		}
		if how != "read" && got.header.Get("X-Not-Modified") != "true" {
			t.Errorf("%s: not marked as not modified", how)
		}
	}
	changed := call(t, mock, "PATCH", path, jsonHeader, `[{"operation":"replace","field":"/sn","value":"Doe"}]`)
	if changed.object(t)["_rev"] == first["_rev"] || changed.header.Get("X-Not-Modified") != "" {
		t.Error("a change kept the revision")
	}
	secret := call(t, mock, "PATCH", path, jsonHeader, `[{"operation":"replace","field":"/password","value":"An0ther!"}]`)
	if secret.object(t)["_rev"] == changed.object(t)["_rev"] {
		t.Error("a new password kept the revision")
	}
}

func TestConcurrentWritersLoseNothing(t *testing.T) {
	mock := start(t)
	object := create(t, mock, users, `{"userName":"n","givenName":"N","sn":"N","mail":"n@example.com","frIndexedInteger1":0}`)
	path := users + "/" + object["_id"].(string)
	headers := map[string]string{"Content-Type": "application/json", "If-Match": `"` + object["_rev"].(string) + `"`}
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if call(t, mock, "PATCH", path, headers, `[{"operation":"increment","field":"/frIndexedInteger1","value":100}]`).status == 200 {
				won.Add(1)
			}
		})
		wg.Go(func() {
			call(t, mock, "PATCH", path, jsonHeader, `[{"operation":"increment","field":"/frIndexedInteger1","value":1}]`)
		})
	}
	wg.Wait()
	sum := call(t, mock, "GET", path, nil, "").object(t)["frIndexedInteger1"].(float64)
	if won.Load() > 1 || sum != float64(16+100*won.Load()) {
		t.Errorf("%d conditional writers won; the sum is %v", won.Load(), sum)
	}
}

func TestTypesComeAndGo(t *testing.T) {
	mock := start(t)
	add := `[{"operation":"add","field":"/objects/-","value":{"name":"device","schema":{"type":"object","properties":{"name":{"type":"string"},"weight":{"type":["number","null"]}},"required":["name"]}}}]`
	if got := call(t, mock, "PATCH", "/openidm/config/managed", map[string]string{"Content-Type": "application/json", "If-Match": "*"}, add); got.status != 200 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	create(t, mock, "/openidm/managed/device", `{"name":"lamp","weight":null}`)
	if got := call(t, mock, "POST", "/openidm/managed/device", jsonHeader, `{"name":"lamp","weight":"heavy"}`); got.status != 403 {
		t.Errorf("wrong type: %d", got.status)
	}
	for name, body := range map[string]string{
		"twice":       add,
		"no name":     `[{"operation":"add","field":"/objects/-","value":{"schema":{}}}]`,
		"no schema":   `[{"operation":"add","field":"/objects/-","value":{"name":"x"}}]`,
		"bad name":    `[{"operation":"add","field":"/objects/-","value":{"name":"a/b","schema":{}}}]`,
		"not a list":  `[{"operation":"replace","field":"/objects","value":{}}]`,
		"bad require": `[{"operation":"add","field":"/objects/-","value":{"name":"x","schema":{"required":[1]}}}]`,
	} {
		if got := call(t, mock, "PATCH", "/openidm/config/managed", jsonHeader, body); got.status != 400 || !strings.Contains(string(got.body), "Invalid managed object configuration") {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	renamed := `{"objects":[{"name":"gadget","schema":{"properties":{}}}]}`
	if got := call(t, mock, "PUT", "/openidm/config/managed", jsonHeader, renamed); got.status != 200 || string(got.body) != `{"_id":"managed","objects":[{"name":"gadget","schema":{"properties":{}}}]}` {
		t.Errorf("replaced: %d %s", got.status, got.body)
	}
	if got := call(t, mock, "GET", "/openidm/managed/device?_queryFilter=true", nil, ""); got.status != 404 {
		t.Errorf("a type that is gone: %d", got.status)
	}
	create(t, mock, "/openidm/managed/gadget", `{"anything":{"goes":[1,2.0,null]}}`)
	config := call(t, mock, "GET", "/openidm/config/managed", nil, "")
	if config.header.Get("Content-API-Version") != "protocol=2.1,resource=1.0" || config.header.Get("ETag") != "" || config.object(t)["_rev"] != nil {
		t.Errorf("config answer: %v", config.header)
	}
}

func TestRelationshipsOfTheSeedAreSeenFromBothEnds(t *testing.T) {
	mock := start(t, mockaic.Seed("demo"))
	page := call(t, mock, "GET", users+"?_queryFilter=userName+eq+%22demo%22&_fields=roles,*_ref", nil, "").object(t)
	demo := page["result"].([]any)[0].(map[string]any)
	roles := demo["roles"].([]any)
	role := roles[0].(map[string]any)["_ref"].(string)
	if demo["groups"] == nil || demo["manager"] != nil {
		t.Errorf("*_ref gave %v", demo)
	}
	members := call(t, mock, "GET", "/openidm/"+role+"?_fields=members", nil, "").object(t)["members"].([]any)
	before := len(members)
	if got := call(t, mock, "DELETE", users+"/"+demo["_id"].(string), nil, ""); got.status != 200 {
		t.Fatalf("delete: %d", got.status)
	}
	members = call(t, mock, "GET", "/openidm/"+role+"?_fields=members", nil, "").object(t)["members"].([]any)
	if len(members) != before-1 {
		t.Errorf("the role has %d members after one of %d was deleted", len(members), before)
	}
	if plain := call(t, mock, "GET", "/openidm/"+role, nil, "").object(t); plain["members"] != nil {
		t.Error("relationships are returned unasked")
	}
}

func TestAnswersOfAMissingObjectAreTheDirectorys(t *testing.T) {
	mock := start(t)
	got := call(t, mock, "GET", users+"/a'b", nil, "")
	want := `{"code":404,"reason":"Not Found","message":"No Such Entry: The search base entry &#39;fr-idm-uuid&#61;a&#39;b,ou&#61;user,o&#61;alpha,o&#61;root,ou&#61;identities&#39; does not exist"}`
	if got.status != 404 || string(got.body) != want || got.header.Get("Content-API-Version") != "protocol=2.1,resource=1.0" {
		t.Errorf("%d %s %v", got.status, got.body, got.header)
	}
	for path, status := range map[string]int{
		"/openidm/managed/nope":                     404,
		"/openidm/managed/nope/1":                   404,
		"/openidm/managed/teammember":               403,
		"/openidm/managed/svcacct/1":                404,
		"/openidm/managed":                          404,
		"/openidm/nothing":                          404,
		"/openidm/script":                           501,
		"/openidm/config/nothing":                   404,
		"/openidm/config/fidc/federation-EntraID":   403,
		"/am/json/sessions":                         501,
		"/environment/certificates":                 501,
		"/am/oauth2/alpha/connect/checkSession":     501,
		"/am/oauth2/realms/root/realms/bravo/uma/x": 404,
		"/am/oauth2/bc-authorize":                   501,
		"/am/oauth2/realms/root/realms/x/authorize": 404,
		"/somewhere":                                404,
		"/openidmx":                                 404,
	} {
		if got := call(t, mock, "GET", path, nil, ""); got.status != status || len(got.body) == 0 {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
}

func TestConfigHonoursIfMatch(t *testing.T) {
	mock := start(t)
	for _, method := range []string{"PUT", "PATCH"} {
		body := map[string]string{"PUT": `{"objects":[]}`, "PATCH": `[{"operation":"replace","field":"/objects","value":[]}]`}[method]
		got := call(t, mock, method, "/openidm/config/managed", map[string]string{"Content-Type": "application/json", "If-Match": `"stale"`}, body)
		if got.status != 412 {
			t.Errorf("%s: %d %s", method, got.status, got.body)
		}
	}
	if got := call(t, mock, "GET", users+"?_queryFilter=true", nil, ""); got.status != 200 {
		t.Errorf("the types are gone: %d", got.status)
	}
}

func TestVirtualPropertiesAreTheTenants(t *testing.T) {
	mock := start(t)
	created := create(t, mock, users, strings.Replace(jane, "{", `{"effectiveRoles":[{"x":1}],"memberOfOrgIDs":["y"],`, 1))
	path := users + "/" + created["_id"].(string)
	patched := call(t, mock, "PATCH", path, jsonHeader, `[{"operation":"add","field":"/effectiveRoles/-","value":{"x":1}}]`).object(t)
	for how, object := range map[string]map[string]any{"created": created, "patched": patched} {
		if len(object["effectiveRoles"].([]any)) > 0 || len(object["memberOfOrgIDs"].([]any)) > 0 {
			t.Errorf("%s: %v", how, object)
		}
	}
	if patched["_rev"] != created["_rev"] {
		t.Error("a patch that changes nothing of the client's gave a new revision")
	}
}

func TestWhatBecomesPrivateIsHiddenAtOnce(t *testing.T) {
	mock := start(t)
	config := func(scope string) {
		t.Helper()
		body := `{"objects":[{"name":"card","schema":{"properties":{"pin":{"type":"string"` + scope + `},"name":{"type":"string"}}}}]}`
		if got := call(t, mock, "PUT", "/openidm/config/managed", jsonHeader, body); got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
	}
	config("")
	create(t, mock, "/openidm/managed/card", `{"_id":"1","pin":"1234","name":"a"}`)
	config(`,"scope":"private"`)
	for _, path := range []string{"/1", "/1?_fields=pin", "?_queryFilter=true"} {
		if got := call(t, mock, "GET", "/openidm/managed/card"+path, nil, ""); got.status != 200 || strings.Contains(string(got.body), "1234") {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	if got := call(t, mock, "GET", "/openidm/managed/card?_queryFilter=pin+sw+%2212%22", nil, "").object(t); got["resultCount"] != 0.0 {
		t.Error("a filter finds it")
	}
	config("")
	if got := call(t, mock, "GET", "/openidm/managed/card/1", nil, "").object(t); got["pin"] != "1234" || got["name"] != "a" {
		t.Errorf("shown again: %v", got)
	}
}

func TestFieldsAndPathsAtTheEdges(t *testing.T) {
	mock := start(t)
	got := call(t, mock, "PUT", users+"/a%2Fb", jsonHeader, jane)
	if got.status != 403 || !strings.Contains(string(got.body), `"CANNOT_CONTAIN_CHARACTERS"}],"property":"_id"`) {
		t.Errorf("an _id with a slash: %d %s", got.status, got.body)
	}
	id := create(t, mock, users, jane)["_id"].(string)
	if got := call(t, mock, "PUT", users+"/"+id+"/roles", jsonHeader, `{}`); got.status != 400 {
		t.Errorf("PUT of a relationship: %d %s", got.status, got.body)
	}
	if got := call(t, mock, "GET", users+"/"+id+"?_fields="+strings.Repeat("sn,", 1001), nil, ""); got.status != 400 {
		t.Errorf("1001 fields: %d", got.status)
	}
	call(t, mock, "PUT", "/openidm/config/managed", jsonHeader, `{"objects":[{"name":"plain","schema":{}}]}`)
	create(t, mock, "/openidm/managed/plain", `{"_id":"1","a":"text"}`)
	if got := call(t, mock, "GET", "/openidm/managed/plain/1?_fields=*_ref", nil, "").object(t); got["a"] != nil {
		t.Errorf("*_ref of a type without relationships: %v", got)
	}
	for field, want := range map[string]int{"a": 200, "b": 404} {
		if got := call(t, mock, "GET", "/openidm/managed/plain/1?_mimeType=text/plain&_fields="+field, nil, ""); got.status != want {
			t.Errorf("_mimeType of %s: %d %s", field, got.status, got.body)
		}
	}
}

// TestAPatchOfManyOperationsIsQuick would not end in a test's time if the work
// grew with the square of the operations.
func TestAPatchOfManyOperationsIsQuick(t *testing.T) {
	mock := start(t)
	path := users + "/" + create(t, mock, users, jane)["_id"].(string)
	var body strings.Builder
	body.WriteByte('[')
	for i := range 150_000 {
		if i > 0 {
			body.WriteByte(',')
		}
		fmt.Fprintf(&body, `{"operation":"remove","field":"f%06d"}`, i)
	}
	body.WriteByte(']')
	if got := call(t, mock, "PATCH", path, jsonHeader, body.String()); got.status != 200 {
		t.Errorf("%d %.200s", got.status, got.body)
	}
}

func TestWhatWasPrivateStaysHidden(t *testing.T) {
	mock := start(t)
	config := func(types string) {
		t.Helper()
		if got := call(t, mock, "PUT", "/openidm/config/managed", jsonHeader, `{"objects":[`+types+`]}`); got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
	}
	hidden := func(how string) {
		t.Helper()
		if got := call(t, mock, "GET", "/openidm/managed/card/1?_fields=*,pin", nil, ""); got.status != 200 || strings.Contains(string(got.body), "1234") {
			t.Errorf("%s: %d %s", how, got.status, got.body)
		}
	}
	const (
		open   = `{"name":"card","schema":{"properties":{"pin":{"type":"string"},"name":{"type":"string"}}}}`
		closed = `{"name":"card","schema":{"properties":{"pin":{"type":"string","scope":"private"},"name":{"type":"string"}}}}`
	)
	config(open)
	create(t, mock, "/openidm/managed/card", `{"_id":"1","pin":"1234","name":"a"}`)
	config(`{"name":"other","schema":{}}`)
	config(closed)
	hidden("the type was away when the property became private")
	config(`{"name":"card","schema":{"properties":{"name":{"type":"string"}}}}`)
	hidden("the property is defined no longer")
	for _, c := range []struct{ method, body string }{{"PATCH", `[{"operation":"replace","field":"/name","value":"b"}]`}, {"PUT", `{"name":"c"}`}} {
		if got := call(t, mock, c.method, "/openidm/managed/card/1", jsonHeader, c.body); got.status != 200 {
			t.Errorf("%s: %d %s", c.method, got.status, got.body)
		}
		hidden("after " + c.method)
	}
	config(open)
	if got := call(t, mock, "GET", "/openidm/managed/card/1", nil, "").object(t); got["pin"] != "1234" || got["name"] != "c" {
		t.Errorf("shown again: %v", got)
	}
}

func TestVirtualValuesCannotBeCopied(t *testing.T) {
	mock := start(t)
	path := users + "/" + create(t, mock, users, jane)["_id"].(string)
	got := call(t, mock, "PATCH", path, jsonHeader, `[{"operation":"replace","field":"/memberOfOrgIDs","value":["x"]},{"operation":"copy","from":"/memberOfOrgIDs","field":"/aliasList"}]`)
	if got.status != 200 || len(got.object(t)["aliasList"].([]any)) > 0 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestWhatWasReadCanBePutBack(t *testing.T) {
	mock := start(t)
	path := users + "/" + create(t, mock, users, jane)["_id"].(string)
	read := call(t, mock, "GET", path, nil, "")
	put := call(t, mock, "PUT", path, jsonHeader, string(read.body))
	if put.status != 200 || put.header.Get("X-Not-Modified") != "true" || put.object(t)["_rev"] != read.object(t)["_rev"] {
		t.Errorf("%d %v", put.status, put.header)
	}
	queried := get(t, mock, users+"?_queryFilter=true")["result"].([]any)[0].(map[string]any)
	if _, present := queried["frIndexedMultivalued1"]; present {
		t.Error("an unset attribute shows in a query")
	}
}
