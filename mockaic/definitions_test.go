package mockaic_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"aicmcp/mockaic"
)

func TestAChangedDefinitionLeavesObjectsAsTheyAre(t *testing.T) {
	mock := start(t)
	path := users + "/" + person(t, mock, "still")
	before := get(t, mock, path+"?_fields=sn,_meta/*")
	patch(t, mock, "/openidm/config/managed", 200, `[{"operation":"add","field":"/objects/0/schema/properties/custom_note","value":{"type":"string"}},
		{"operation":"replace","field":"/objects/0/schema/properties/sn/scope","value":"private"}]`)
	hidden := get(t, mock, path+"?_fields=sn,_meta/*")
	patch(t, mock, "/openidm/config/managed", 200, `[{"operation":"remove","field":"/objects/0/schema/properties/sn/scope"}]`)
	after := get(t, mock, path+"?_fields=sn,_meta/*")
	if hidden["sn"] != nil || after["sn"] != "Roe" || hidden["_rev"] != before["_rev"] || encode(t, after) != encode(t, before) {
		t.Errorf("before %v, hidden %v, after %v", before, hidden, after)
	}
}

func TestTheTenantsOwnTypesStayClosed(t *testing.T) {
	mock := start(t)
	for name, c := range map[string]struct {
		method, path, body string
		status             int
	}{
		"property":                   {"PUT", "/openidm/schema/managed/svcacct/properties/custom_x", `{"type":"relationship","resourceCollection":[{"path":"managed/alpha_user"}]}`, 403},
		"relationship":               {"PATCH", "/openidm/config/managed", `[{"operation":"add","field":"/objects/-","value":{"name":"spy","schema":{"properties":{"on":{"type":"relationship","resourceCollection":[{"path":"managed/teammember"}]}}}}}]`, 400},
		"sidecar":                    {"PATCH", "/openidm/config/managed", `[{"operation":"add","field":"/objects/-","value":{"name":"spy","meta":{"resourceCollection":"config"},"schema":{}}}]`, 400},
		"other's":                    {"PATCH", "/openidm/config/managed", `[{"operation":"add","field":"/objects/-","value":{"name":"spy","meta":{"resourceCollection":"managed/alpha_user"},"schema":{}}}]`, 400},
		"administrators as sidecars": {"PATCH", "/openidm/config/managed", `[{"operation":"add","field":"/objects/-","value":{"name":"spy","meta":{"resourceCollection":"managed/teammember"},"schema":{}}}]`, 400},
		"policies":                   {"POST", "/openidm/policy/managed/teammember/*?_action=validateProperty", `{"userName":"admin"}`, 403},
		"objects":                    {"GET", "/openidm/managed/teammember?_queryFilter=true", "", 403},
	} {
		if got := call(t, mock, c.method, c.path, jsonHeader, c.body); got.status != c.status {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	if got := call(t, mock, "GET", "/openidm/policy", nil, ""); got.status != 200 || strings.Contains(string(got.body), "managed/teammember/") {
		t.Errorf("policies: %d", got.status)
	}
}

func TestARelationshipThatIsRedefinedLosesItsReverse(t *testing.T) {
	mock := start(t)
	define(t, mock, `{"name":"device","schema":{"properties":{"name":{"type":"string"}}}}`, gadget)
	define := func(target string) answer {
		return call(t, mock, "PUT", "/openidm/schema/managed/device/properties/custom_of", jsonHeader,
			`{"type":"relationship","reverseRelationship":true,"reversePropertyName":"custom_devices","resourceCollection":[{"path":"managed/`+target+`","reverseProperty":{"type":"array"}}]}`)
	}
	for _, target := range []string{"gadget", "alpha_role", "alpha_role"} {
		if got := define(target); got.status >= 300 {
			t.Fatalf("%s: %d %s", target, got.status, got.body)
		}
	}
	if got := get(t, mock, "/openidm/schema/managed/gadget"); strings.Contains(encode(t, got), "custom_devices") {
		t.Errorf("the former target: %v", got)
	}
	if got := get(t, mock, "/openidm/schema/managed/alpha_role"); !strings.Contains(encode(t, got), "custom_devices") {
		t.Error("the new target has no reverse")
	}
	if got := get(t, mock, "/openidm/schema/managed/device"); strings.Count(encode(t, got["order"]), "custom_of") != 1 {
		t.Errorf("order: %v", got["order"])
	}
}

func TestValuesFromAnEarlierDefinitionAreNotShown(t *testing.T) {
	mock := start(t)
	define(t, mock, badge)
	path := "/openidm/managed/badge/1"
	send(t, mock, "PUT", path, `{"holder":"x","_id":"1"}`)
	for _, holder := range []string{`{"type":"relationship","resourceCollection":[{"path":"managed/alpha_user"}]}`, `{"type":"string","isVirtual":true}`} {
		document := get(t, mock, "/openidm/config/managed")
		objects := document["objects"].([]any)
		last := objects[len(objects)-1].(map[string]any)
		last["schema"] = map[string]any{"properties": map[string]any{"_id": map[string]any{"type": "string"}}}
		send(t, mock, "PUT", "/openidm/config/managed", encode(t, document))
		define := `[{"operation":"add","field":"/objects/` + encode(t, len(objects)-1) + `/schema/properties/holder","value":` + holder + `}]`
		patch(t, mock, "/openidm/config/managed", 200, define)
		if got := get(t, mock, path); got["holder"] != nil {
			t.Errorf("%s: %v", holder, got)
		}
	}
}

func TestRelationshipsAreReturnedAsDefined(t *testing.T) {
	mock := start(t)
	define(t, mock, `{"name":"pet","schema":{"properties":{"_id":{"type":"string"},
		"owner":{"type":"relationship","returnByDefault":true,"resourceCollection":[{"path":"managed/alpha_user"}]},
		"vet":{"type":"relationship","resourceCollection":[{"path":"managed/alpha_user"}]}}}}`)
	ref := reference("managed/alpha_user/" + person(t, mock, "owner"))
	created := create(t, mock, "/openidm/managed/pet", `{"_id":"1","owner":`+ref+`,"vet":`+ref+`}`)
	read := get(t, mock, "/openidm/managed/pet/1")
	if len(ids(created["owner"])) != 1 || len(ids(read["owner"])) != 1 || read["vet"] != nil {
		t.Errorf("created %v, read %v", created, read)
	}
}

func TestRegularExpressionsAreJavaScripts(t *testing.T) {
	mock := start(t)
	definition := func(pattern string) string {
		return `[{"operation":"replace","field":"/objects","value":[{"name":"pin","schema":{"properties":{"code":{"type":"string","policies":[{"policyId":"regexpMatches","params":` + pattern + `}]}}}}]}]`
	}
	patch(t, mock, "/openidm/config/managed", 200, definition(`{"regexp":"^(?=.*[a-z])(?=.*\\d)(\\w)(?!\\1).+$","flags":"i"}`))
	for code, status := range map[string]int{"A1": 201, "AA1": 403, "A": 403} {
		if got := call(t, mock, "POST", "/openidm/managed/pin", jsonHeader, `{"code":"`+code+`"}`); got.status != status {
			t.Errorf("%s: %d %s", code, got.status, got.body)
		}
	}
	patch(t, mock, "/openidm/config/managed", 400, definition(`{"regexp":"("}`))
	patch(t, mock, "/openidm/config/managed", 400, definition(`{}`))
	// One that would try every partition of the text gives up.
	patch(t, mock, "/openidm/config/managed", 200, definition(`{"regexp":"^(a+)+$"}`))
	if got := call(t, mock, "POST", "/openidm/managed/pin", jsonHeader, `{"code":"`+strings.Repeat("a", 64)+`!"}`); got.status != http.StatusForbidden {
		t.Errorf("hard to match: %d", got.status)
	}
}

func TestEncodedPasswordsCanBeForbidden(t *testing.T) {
	mock := start(t)
	id := person(t, mock, "jane")
	encoded := `[{"operation":"replace","field":"/password","value":"{SSHA}Aa1!Aa1!Aa1!"}]`
	patch(t, mock, users+"/"+id, 200, encoded)
	patch(t, mock, "/openidm/config/fieldPolicy/alpha_user", 200, `[{"operation":"replace","field":"/allowPreEncodedPasswords","value":false}]`)
	patch(t, mock, users+"/"+id, 200, encoded) // a password like any other
	patch(t, mock, users+"/"+id, 403, `[{"operation":"replace","field":"/password","value":"{SSHA}aaaaaaaaaaaa"}]`)
}

func TestInternalRolesGetTheirDefaultsOnEveryPut(t *testing.T) {
	mock := start(t)
	path := "/openidm/internal/role/auditor"
	for range 2 {
		send(t, mock, "PUT", path, `{"name":"auditor"}`)
		if got := get(t, mock, path); got["temporalConstraints"] == nil || got["privileges"] == nil {
			t.Errorf("%v", got)
		}
	}
}

func TestSeedsHaveOneRelationshipWhereOneIsAllowed(t *testing.T) {
	dir := t.TempDir()
	seed(t, dir, "managed/alpha_user.json", `[{"_id":"a","userName":"x","givenName":"x","sn":"x","mail":"x@example.com","manager":[{"_ref":"managed/alpha_user/a"}]}]`)
	if _, err := mockaic.New(mockaic.Seed(dir)); err == nil || !strings.Contains(err.Error(), "/manager") {
		t.Errorf("%v", err)
	}
}

// redefine changes the definition of a property of the last type.
func redefine(t *testing.T, mock *mockaic.Tenant, operation, property, definition string) {
	t.Helper()
	last := len(get(t, mock, "/openidm/config/managed")["objects"].([]any)) - 1
	patch(t, mock, "/openidm/config/managed", 200, fmt.Sprintf(`[{"operation":%q,"field":"/objects/%d/schema/properties/%s"%s}]`, operation, last, property, definition))
}

func TestWhatWasPrivateCannotBeCopiedOut(t *testing.T) {
	mock := start(t)
	define(t, mock, badge)
	path := "/openidm/managed/badge/1"
	send(t, mock, "PUT", path, `{"note":"secret"}`)
	redefine(t, mock, "remove", "note", "")
	for _, operation := range []string{"copy", "move"} {
		patch(t, mock, path, 400, `[{"operation":"`+operation+`","from":"/note","field":"/holder"}]`)
	}
}

func TestARelationshipInBetweenKeepsAPrivateValueHidden(t *testing.T) {
	mock := start(t)
	define(t, mock, badge)
	send(t, mock, "PUT", "/openidm/managed/badge/1", `{"holder":"x"}`)
	redefine(t, mock, "replace", "holder", `,"value":{"type":"relationship","scope":"private","resourceCollection":[{"path":"managed/alpha_user"}]}`)
	redefine(t, mock, "replace", "holder", `,"value":{"type":"string","scope":"private"}`)
	found := get(t, mock, "/openidm/managed/badge?_queryFilter="+url.QueryEscape(`holder eq "x"`))
	if got := get(t, mock, "/openidm/managed/badge/1"); got["holder"] != nil || found["resultCount"] != 0.0 {
		t.Errorf("%v, found %v", got, found)
	}
}

func TestAPasswordIsHashedWithoutItsDefinition(t *testing.T) {
	mock := start(t)
	define(t, mock, ghost)
	send(t, mock, "PUT", "/openidm/managed/ghost/1", `{"password":"Secret1!"}`)
	redefine(t, mock, "remove", "password", "")
	patch(t, mock, "/openidm/managed/ghost/1", 200, `[{"operation":"add","field":"/password","value":"Plaintext9"}]`)
	redefine(t, mock, "add", "password", `,"value":{"type":"string","scope":"private"}`)
	for name, text := range files(t, exported(t, mock)) {
		if strings.Contains(text, "Plaintext9") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func TestVirtualPropertiesAreFoundByTheirValues(t *testing.T) {
	mock := start(t)
	define(t, mock, badge, `{"name":"pet","schema":{"properties":{"_id":{"type":"string"},
		"owner":{"type":"relationship","resourceCollection":[{"path":"managed/alpha_user"}]},
		"tags":{"type":"relationship","resourceCollection":[{"path":"managed/badge"}]},
		"tag":{"isVirtual":true,"type":"object","queryConfig":{"referencedRelationshipFields":["tags"],"referencedObjectFields":["*"]}},
		"name":{"type":"string","isVirtual":true,"queryConfig":{"referencedRelationshipFields":["owner"],"referencedObjectFields":["userName"],"flattenProperties":true}}}}}`)
	send(t, mock, "PUT", "/openidm/managed/badge/b", `{"holder":"stale"}`)
	owner := person(t, mock, "owner")
	send(t, mock, "PUT", "/openidm/managed/pet/1", `{"owner":`+reference("managed/alpha_user/"+owner)+`,"tags":`+reference("managed/badge/b")+`}`)
	for filter, want := range map[string]float64{`name eq "owner"`: 1, `name sw "own"`: 1, `name co "wne"`: 1, `name eq "x"`: 0} {
		if got := get(t, mock, "/openidm/managed/pet?_queryFilter="+url.QueryEscape(filter))["resultCount"]; got != want {
			t.Errorf("%s finds %v", filter, got)
		}
	}
	// What badge stored before its property became virtual is not part of badge.
	document := get(t, mock, "/openidm/config/managed")
	for _, entry := range document["objects"].([]any) {
		if object := entry.(map[string]any); object["name"] == "badge" {
			object["schema"].(map[string]any)["properties"].(map[string]any)["holder"] = map[string]any{"type": "string", "isVirtual": true, "returnByDefault": true}
		}
	}
	send(t, mock, "PUT", "/openidm/config/managed", encode(t, document))
	if got := get(t, mock, "/openidm/managed/pet/1"); got["tag"] == nil || strings.Contains(encode(t, got), "stale") {
		t.Errorf("%v", got)
	}
}

func TestARelationshipThatLeadsElsewhereNow(t *testing.T) {
	mock := start(t)
	define(t, mock, `{"name":"pet","schema":{"properties":{"_id":{"type":"string"},"owner":{"type":"relationship","resourceCollection":[{"path":"managed/alpha_user"}]}}}}`)
	send(t, mock, "PUT", "/openidm/managed/pet/1", `{"owner":`+reference("managed/alpha_user/"+person(t, mock, "owner"))+`}`)
	redefine(t, mock, "replace", "owner/resourceCollection/0/path", `,"value":"managed/alpha_role"`)
	if got := get(t, mock, "/openidm/managed/pet/1?_fields=owner"); got["owner"] != nil {
		t.Errorf("%v", got)
	}
}

func TestAReverseBelongsToOneProperty(t *testing.T) {
	mock := start(t)
	define(t, mock, `{"name":"lock","schema":{}}`, `{"name":"key","schema":{}}`, `{"name":"card","schema":{}}`)
	define := func(kind string) int {
		return call(t, mock, "PUT", "/openidm/schema/managed/"+kind+"/properties/custom_of", jsonHeader,
			`{"type":"relationship","reverseRelationship":true,"reversePropertyName":"custom_by","resourceCollection":[{"path":"managed/lock","reverseProperty":{"type":"array"}}]}`).status
	}
	if first, again, other := define("key"), define("key"), define("card"); first != 201 || again != 200 || other != 400 {
		t.Errorf("first %d, again %d, by another type %d", first, again, other)
	}
}
