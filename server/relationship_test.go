package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"aicmcp/mockaic"
)

const badges = `{"title":"Badges","type":"array","returnByDefault":false,"items":{"type":"relationship","reverseRelationship":true,
	"reversePropertyName":"custom_holder","validate":true,"resourceCollection":[{"path":"managed/badge","label":"Badge","query":{"queryFilter":"true","fields":["number"]},"reverseProperty":{"type":"array","title":"Holders"}}]}}`

func relationshipArguments(t *testing.T, action, definition string) map[string]any {
	t.Helper()
	out := map[string]any{"objectType": "alpha_user", "propertyName": "custom_badges", "action": action}
	if definition != "" {
		out["propertyDefinition"] = object(t, definition)
	}
	return out
}

func TestARelationshipIsAddedChangedAndRemoved(t *testing.T) {
	v := visit(t)
	v.define()
	const path = "/openidm/schema/managed/alpha_user/properties/custom_badges"
	v.refused("patchManagedObjectRelationship", relationshipArguments(t, "update", badges), "404", "the action add")
	n := len(v.Requests())
	added := v.must("patchManagedObjectRelationship", relationshipArguments(t, "add", badges))
	v.expect(n, "GET "+path+" 404", "PUT "+path+" 201", "GET "+managedPath+" 200", "GET "+managedPath+" 200")
	if at(added, "propertyDefinition", "title") != "Badges" {
		t.Errorf("added %v", added)
	}
	schema := fmt.Sprint(v.must("getManagedObjectSchema", map[string]any{"objectType": "alpha_user"}))
	if !strings.Contains(schema, "custom_badges") {
		t.Errorf("schema %s", schema)
	}
	if far := fmt.Sprint(v.must("getManagedObjectSchema", map[string]any{"objectType": "badge"})); !strings.Contains(far, "custom_holder") {
		t.Errorf("the other end %s", far)
	}
	v.refused("patchManagedObjectRelationship", relationshipArguments(t, "add", badges), "already", "the action update")
	v.refused("deleteManagedObjectDefinition", map[string]any{"objectName": "badge"}, `"alpha_user.custom_badges"`)

	n = len(v.Requests())
	v.must("patchManagedObjectRelationship", relationshipArguments(t, "update", strings.Replace(badges, `"Badges"`, `"Door badges"`, 1)))
	v.expect(n, "GET "+path+" 200", "PUT "+path+" 200", "GET "+managedPath+" 200", "GET "+managedPath+" 200")
	definition := v.must("getManagedObjectSchema", map[string]any{"objectType": "alpha_user", "includeFullDefinition": true})
	if at(definition, "definition", "schema", "properties", "custom_badges", "title") != "Door badges" {
		t.Errorf("updated to %v", at(definition, "definition", "schema", "properties", "custom_badges"))
	}

	n = len(v.Requests())
	v.must("patchManagedObjectRelationship", relationshipArguments(t, "remove", ""))
	v.expect(n, "DELETE "+path+" 200", "GET "+managedPath+" 200", "GET "+managedPath+" 200")
	if _, failure := v.call("patchManagedObjectRelationship", relationshipArguments(t, "remove", "")); failure["status"] != 404.0 || failure["parameter"] != "propertyName" {
		t.Errorf("failure %v", failure)
	}
	if far := fmt.Sprint(v.must("getManagedObjectSchema", map[string]any{"objectType": "badge"})); strings.Contains(far, "custom_holder") {
		t.Errorf("the other end stays: %s", far)
	}
	arguments := relationshipArguments(t, "add", `{"type":"relationship","resourceCollection":[{"path":"managed/alpha_role"}]}`)
	arguments["objectType"] = "badge"
	v.must("patchManagedObjectRelationship", arguments)
	deleted := v.must("deleteManagedObjectDefinition", map[string]any{"objectName": "badge"})
	if note := fmt.Sprint(deleted["note"]); !strings.Contains(note, "but for its relationships") {
		t.Errorf("note %s", note)
	}
}

func TestRelationshipsThatAreRefused(t *testing.T) {
	v := visit(t)
	for _, tc := range []struct{ action, definition, want string }{
		{"add", "", "propertyDefinition is required for add"},
		{"update", "", "propertyDefinition is required for update"},
		{"remove", badges, "is not for remove"},
		{"add", `{"type":"string"}`, "is no relationship"},
		{"add", `{"type":"array","items":{"type":"string"}}`, "is no relationship"},
		{"update", `{"items":{"properties":{"x":{"type":"relationship"}}}}`, "is no relationship"},
		{"replace", badges, "action must be one of add, update, remove"},
	} {
		v.refused("patchManagedObjectRelationship", relationshipArguments(t, tc.action, tc.definition), tc.want)
	}
	for _, name := range []string{"badges", "custom_", "custom_a/b", "custom_..", "xcustom_a"} {
		arguments := relationshipArguments(t, "add", badges)
		arguments["propertyName"] = name
		v.refused("patchManagedObjectRelationship", arguments, "must begin with custom_")
	}
	if len(v.Requests()) != 0 {
		t.Errorf("the tenant was asked %v", v.asked(0))
	}
}

func TestFailuresOfRelationshipsSayWhatIsKnown(t *testing.T) {
	v := visit(t)
	v.define()
	for _, tc := range []struct {
		method       string
		status       int
		hint, action string
	}{
		{"GET", 403, "may not do this", "add"},
		{"PUT", 400, "Compare it", "add"},
		{"PUT", 404, "listManagedObjects", "add"},
		{"PUT", 503, "getManagedObjectSchema", "add"},
		{"DELETE", 400, "cannot be removed", "remove"},
		{"DELETE", 500, "getManagedObjectSchema", "remove"},
	} {
		v.Inject(mockaic.Fault{Method: tc.method, Path: "/openidm/schema/*", Status: tc.status})
		definition := badges
		if tc.action == "remove" {
			definition = ""
		}
		_, failure := v.call("patchManagedObjectRelationship", relationshipArguments(t, tc.action, definition))
		if failure["status"] != float64(tc.status) || !strings.Contains(fmt.Sprint(failure["hint"]), tc.hint) ||
			(failure["parameter"] == "propertyDefinition") != (tc.method == "PUT" && tc.status == 400) ||
			strings.Contains(fmt.Sprint(failure["hint"]), "not known whether") != (tc.status >= 500) {
			t.Errorf("%v: %v", tc, failure)
		}
	}
}

// Another server that deletes a type writes all the others back as it read them.
func TestARelationshipThatIsUndoneIsACollision(t *testing.T) {
	v := visit(t)
	v.define()
	before := v.configuration("managed", nil)
	v.afterwards = func() { v.configuration("managed", before) }
	_, failure := v.call("patchManagedObjectRelationship", relationshipArguments(t, "add", badges))
	if failure["reason"] != "Collision" || !strings.Contains(fmt.Sprint(failure["hint"]), "getManagedObjectSchema") {
		t.Errorf("failure %v", failure)
	}
}

// Version 1 of the schema service has no single properties.
func TestTheSchemaServiceIsAskedForVersion2(t *testing.T) {
	const path = "/openidm/schema/managed/alpha_user/properties/custom_badges"
	property := ""
	check := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if got := r.Header.Get("Accept-API-Version"); got != "resource=2.0" || (r.Method != http.MethodGet) != (r.Header.Get("If-Match") == "*") {
				t.Errorf("%s: headers %v", r.Method, r.Header)
			}
			switch r.Method {
			case http.MethodPut:
				property = `"custom_badges":{}`
			case http.MethodDelete:
				property = ""
			}
			answer(status, body)(w, r)
		}
	}
	s := start(t, map[string]http.HandlerFunc{
		"GET " + managedPath: func(w http.ResponseWriter, r *http.Request) {
			answer(200, `{"objects":[{"name":"alpha_user","schema":{"properties":{`+property+`}}}]}`)(w, r)
		},
		"GET " + path:    check(404, `{"code":404}`),
		"PUT " + path:    check(201, `{"type":"relationship"}`),
		"DELETE " + path: check(204, ``),
	})
	s.ok("patchManagedObjectRelationship", `{"objectType":"alpha_user","propertyName":"custom_badges","action":"add","propertyDefinition":{"type":"relationship"}}`)
	s.ok("patchManagedObjectRelationship", `{"objectType":"alpha_user","propertyName":"custom_badges","action":"remove"}`)
	s.last(7)
}
