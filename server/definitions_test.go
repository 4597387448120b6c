package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"aicmcp/mockaic"
)

const managedPath = "/openidm/config/managed"

// refused calls a tool that must fail without writing anything.
func (v *visitedTenant) refused(tool string, arguments map[string]any, wants ...string) map[string]any {
	v.t.Helper()
	from := len(v.Requests())
	_, failure := v.call(tool, arguments)
	if failure == nil {
		v.t.Fatalf("%s succeeded with %v", tool, arguments)
	}
	text := fmt.Sprint(failure)
	for _, want := range wants {
		if !strings.Contains(text, want) {
			v.t.Errorf("%s: %q is not in %s", tool, want, text)
		}
	}
	for _, r := range v.Requests()[from:] {
		if r.Method != http.MethodGet && !strings.HasPrefix(r.Path, "/am/") {
			v.t.Errorf("%s was refused, but sent %s %s", tool, r.Method, r.Path)
		}
	}
	return failure
}

// object reads JSON into arguments.
func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// text writes JSON.
func text(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// at steps through objects.
func at(v any, path ...string) any {
	for _, name := range path {
		o, _ := v.(map[string]any)
		v = o[name]
	}
	return v
}

func operations(of ...string) []any {
	var out []any
	for i := 0; i+2 < len(of); i += 3 {
		o := map[string]any{"operation": of[i], "field": of[i+1]}
		var value any
		if of[i+2] != "" && json.Unmarshal([]byte(of[i+2]), &value) == nil {
			o["value"] = value
		}
		out = append(out, o)
	}
	return out
}

const badge = `{"name":"other","schema":{"type":"object","title":"Badge","order":["number"],"required":["number"],
	"properties":{"number":{"type":"string","title":"Number","searchable":true},"password":{"type":"string","scope":"private"}}}}`

// define creates the type badge.
func (v *visitedTenant) define() map[string]any {
	v.t.Helper()
	return v.must("createManagedObjectDefinition", map[string]any{"objectName": "badge", "objectDefinition": object(v.t, badge)})
}

func TestATypeIsDefinedUsedAndDeleted(t *testing.T) {
	v := visit(t)
	v.must("queryManagedObjects", demoUser)
	n := len(v.Requests())
	created := v.define()
	v.expect(n, "GET "+managedPath+" 200", "PATCH "+managedPath+" 200", "GET "+managedPath+" 200", "GET "+managedPath+" 200")
	// Its property password is a declaration, and no secret.
	if created["name"] != "badge" || at(created, "definition", "name") != "badge" || at(created, "definition", "schema", "properties", "password", "type") != "string" {
		t.Errorf("created %v", created)
	}
	v.refused("createManagedObjectDefinition", map[string]any{"objectName": "badge", "objectDefinition": object(t, badge)}, "already", "patchManagedObjectDefinition")
	if object := v.must("createManagedObject", map[string]any{"objectType": "badge", "objectData": map[string]any{"number": "7"}}); at(object, "object", "number") != "7" {
		t.Errorf("object %v", object)
	}

	n = len(v.Requests())
	patched := v.must("patchManagedObjectDefinition", map[string]any{"objectName": "badge", "operations": operations(
		"add", "/schema/properties/colour", `{"type":"string","title":"Colour"}`,
		"add", "schema/order/-", `"colour"`,
		"replace", "/schema/title", `"Door badge"`,
		"remove", "/schema/properties/password", "",
	)})
	v.expect(n, "GET "+managedPath+" 200", "PATCH "+managedPath+" 200", "GET "+managedPath+" 200", "GET "+managedPath+" 200")
	if want := `[{"field":"/schema/properties/colour","value":{"title":"Colour","type":"string"}},{"field":"/schema/order","value":["number","colour"]},` +
		`{"field":"/schema/title","value":"Door badge"},{"field":"/schema/properties/password"}]`; text(t, patched["changed"]) != want {
		t.Errorf("patched %v", patched)
	}
	schema := at(v.must("getManagedObjectSchema", map[string]any{"objectType": "badge", "includeFullDefinition": true}), "definition", "schema")
	if at(schema, "title") != "Door badge" || at(schema, "properties", "colour", "title") != "Colour" || at(schema, "properties", "password") != nil || fmt.Sprint(at(schema, "order")) != "[number colour]" {
		t.Errorf("patched to %v", schema)
	}

	n = len(v.Requests())
	deleted := v.must("deleteManagedObjectDefinition", map[string]any{"objectName": "badge"})
	v.expect(n, "GET "+managedPath+" 200", "PUT "+managedPath+" 200", "GET "+managedPath+" 200", "GET "+managedPath+" 200")
	if deleted["deletedName"] != "badge" || at(deleted, "definition", "schema", "title") != "Door badge" || !strings.Contains(fmt.Sprint(deleted["note"]), "can restore the type from") {
		t.Errorf("deleted %v", deleted)
	}
	types := v.must("listManagedObjects", nil)
	if strings.Contains(fmt.Sprint(types), "badge") || len(types["types"].([]any)) < 12 {
		t.Errorf("types %v", types)
	}
	for _, tool := range []string{"deleteManagedObjectDefinition", "patchManagedObjectDefinition"} {
		arguments := map[string]any{"objectName": "badge"}
		if tool == "patchManagedObjectDefinition" {
			arguments["operations"] = operations("remove", "/schema/title", "")
		}
		if failure := v.refused(tool, arguments, "no managed object type", "alpha_user"); failure["parameter"] != "objectName" {
			t.Errorf("failure %v", failure)
		}
	}
}

func TestDefinitionsThatAreRefused(t *testing.T) {
	v := visit(t)
	for _, definition := range []string{`{}`, `{"schema":{}}`, `{"schema":{"properties":[]}}`, `{"properties":{}}`} {
		v.refused("createManagedObjectDefinition", map[string]any{"objectName": "x", "objectDefinition": object(t, definition)}, "schema.properties")
	}
	for _, definition := range []string{
		`{"schema":{"properties":{"x":{"type":"relationship"}}}}`, `{"schema":{"properties":{"x":{"type":"array","items":{"type":["null","relationship"]}}}}}`,
	} {
		v.refused("createManagedObjectDefinition", map[string]any{"objectName": "x", "objectDefinition": object(t, definition)}, "defines a relationship", "patchManagedObjectRelationship")
	}
	for _, property := range []string{`{"type":"string","default":1}`, `{"type":["integer","null"],"default":1.5}`, `{"type":"array","default":{}}`, `{"type":"boolean","default":"no"}`} {
		definition := `{"schema":{"properties":{"a":{"type":"number","default":1},"x":` + property + `}}}`
		v.refused("createManagedObjectDefinition", map[string]any{"objectName": "x", "objectDefinition": object(t, definition)}, `property "x" a default`)
	}
	for _, name := range []string{"", "a-b", "a/b", "../x", "ä"} {
		v.refused("createManagedObjectDefinition", map[string]any{"objectName": name, "objectDefinition": object(t, badge)}, "objectName")
	}
	if len(v.Requests()) != 0 {
		t.Errorf("the tenant was asked %v", v.asked(0))
	}
}

func TestPatchesOfTypesThatAreRefused(t *testing.T) {
	v := visit(t)
	const relation = `{"type":"relationship","resourceCollection":[{"path":"managed/alpha_role"}]}`
	for _, tc := range []struct {
		operation, field, value string
		wants                   []string
	}{
		{"replace", "/name", `"x"`, []string{"name, which cannot change"}},
		{"replace", "/", `{}`, []string{"must name a field"}},
		{"replace", "/schema/%zz", `1`, []string{"no pointer"}},
		{"add", "/schema/title", ``, []string{"is required for add"}},
		{"replace", "/schema/title", `null`, []string{"may not be null"}},
		{"remove", "/schema/order/0", ``, []string{"position in a list", "replace for the whole list"}},
		{"remove", "/schema/order/11", ``, []string{"position in a list"}},
		{"replace", "/schema/order/3", `"x"`, []string{"position in a list"}},
		{"add", "/schema/properties/custom_x", relation, []string{"defines a relationship", "patchManagedObjectRelationship"}},
		{"add", "/schema/properties/custom_x", `{"type":"array","items":` + relation + `}`, []string{"defines a relationship"}},
		{"add", "/schema/properties/custom_x", `{"type":["relationship","null"]}`, []string{"defines a relationship"}},
		{"add", "/schema/properties/custom_x/items", relation, []string{"defines a relationship"}},
		{"add", "/schema/properties/custom_x/type", `"relationship"`, []string{"defines a relationship"}},
		{"replace", "/schema/properties", `{"a":{"type":"string"},"b":` + relation + `}`, []string{"defines a relationship"}},
		{"replace", "/schema", `{"properties":{"b":` + relation + `}}`, []string{"defines a relationship"}},
		{"replace", "/schema/properties", `{"a":{"type":"string"}}`, []string{"contains relationships"}},
		{"remove", "/schema/properties", ``, []string{"contains relationships"}},
		{"replace", "/schema", `{"title":"x"}`, []string{"contains relationships"}},
		{"add", "/schema/properties/sn/type/-", `"relationship"`, []string{"leads into a property's type"}},
		{"remove", "/schema/properties/sn/type/x", ``, []string{"leads into a property's type"}},
		{"add", "/schema/properties/custom_x/type/-", `"relationship"`, []string{"leads into a property's type"}},
		{"replace", "//name", `"x"`, []string{"no pointer"}},
		{"add", "/schema/properties/-", `{"type":"string"}`, []string{"has a -"}},
		{"add", "/-", `1`, []string{"has a -"}},
		{"remove", "/schema/order/-", ``, []string{"has a -"}},
		{"add", "/schema/order/-/x", `1`, []string{"has a -"}},
		{"replace", "/schema/title/x", `1`, []string{`leads through \"title\"`}},
		{"replace", "/schema/order/+0/x", `"z"`, []string{`leads through \"order\"`}},
		{"remove", "/shema/properties/number", ``, []string{"is not there"}},
		{"remove", "/schema/properties~1manager", ``, []string{"is not there"}},
		{"replace", "/schema//title", `"x"`, []string{"no pointer"}},
		{"remove", "/schema/", ``, []string{"contains relationships"}},
		{"remove", "/schema/properties/manager", ``, []string{`the relationship \"manager\"`, "patchManagedObjectRelationship"}},
		{"remove", "/schema/properties/%6danager", ``, []string{`the relationship \"manager\"`}},
		{"replace", "/schema/properties/roles", `{"type":"string"}`, []string{`the relationship \"roles\"`}},
		{"replace", "/schema/properties/manager/type", `"string"`, []string{`the relationship \"manager\"`}},
		{"remove", "/schema/properties/roles/items", ``, []string{"relationship"}},
		{"replace", "/schema/properties/manager/validate", `false`, []string{`the relationship \"manager\"`}},
		{"replace", "/schema/properties/manager/properties", `{}`, []string{`the relationship \"manager\"`}},
		{"replace", "/schema/properties/roles/returnByDefault", `true`, []string{`the relationship \"roles\"`}},
		{"remove", "/schema/properties/manager/notifyRelationships", ``, []string{`the relationship \"manager\"`}},
		{"replace", "/schema/properties/roles/items/reversePropertyName", `"x"`, []string{"relationship"}},
	} {
		// JSON in the failure's text has its quotes as they are.
		for i := range tc.wants {
			tc.wants[i] = strings.ReplaceAll(tc.wants[i], `\"`, `"`)
		}
		v.refused("patchManagedObjectDefinition", map[string]any{"objectName": "alpha_user", "operations": operations(
			"replace", "/schema/icon", `"face"`, tc.operation, tc.field, tc.value,
		)}, append(tc.wants, "operations[1]")...)
	}
	v.refused("patchManagedObjectDefinition", map[string]any{"objectName": "alpha_user", "operations": []any{}}, "at least 1")
	v.refused("patchManagedObjectDefinition", map[string]any{"objectName": "alpha_user", "operations": operations("increment", "/x", "1")}, "must be one of add, remove, replace")

	// A default that is not of its type would hide the whole type.
	for _, list := range []any{
		operations("add", "/schema/properties/sn/default", `1`),
		operations("replace", "/schema/properties/accountStatus/type", `"boolean"`),
		operations("add", "/schema/properties/custom_x", `{"type":"string"}`, "add", "/schema/properties/custom_x/default", `[]`),
		operations("add", "/schema/properties/custom_x", `{"type":"object","default":"x"}`),
	} {
		v.refused("patchManagedObjectDefinition", map[string]any{"objectName": "alpha_user", "operations": list}, "a default that is not of its type", "in one call")
	}
	v.must("patchManagedObjectDefinition", map[string]any{"objectName": "alpha_user", "operations": operations(
		"add", "/schema/properties/custom_x", `{"type":"string","default":"x"}`,
		"replace", "/schema/properties/custom_x/type", `"integer"`, "replace", "/schema/properties/custom_x/default", `7`,
	)})

	// How a relationship is shown is not what it is.
	shown := v.must("patchManagedObjectDefinition", map[string]any{"objectName": "alpha_user", "operations": operations("replace", "/schema/properties/manager/title", `"Boss"`)})
	if want := `[{"field":"/schema/properties/manager/title","value":"Boss"}]`; text(t, shown["changed"]) != want {
		t.Errorf("patched %v", shown)
	}
	// A property may be called type.
	v.must("patchManagedObjectDefinition", map[string]any{"objectName": "alpha_user", "operations": operations("add", "/schema/properties/type", `{"type":"string"}`)})
	v.must("patchManagedObjectDefinition", map[string]any{"objectName": "alpha_user", "operations": operations("add", "/schema/properties/type/title", `"Type"`)})
}

func TestATypeThatOthersReferToStays(t *testing.T) {
	v := visit(t)
	failure := v.refused("deleteManagedObjectDefinition", map[string]any{"objectName": "alpha_role"}, `"alpha_user.roles"`, `"alpha_assignment.roles"`)
	if message := fmt.Sprint(failure["message"]); strings.Contains(message, "bravo_") || strings.Contains(message, "alpha_role.") {
		t.Errorf("failure %v", failure)
	}
}

// configuration reads a document as somebody else or, with a body, replaces it.
func (v *visitedTenant) configuration(id string, body map[string]any) map[string]any {
	v.t.Helper()
	method, text := http.MethodGet, []byte(nil)
	if body != nil {
		var err error
		method = http.MethodPut
		if text, err = json.Marshal(body); err != nil {
			v.t.Fatal(err)
		}
	}
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.URL+"/openidm/config/"+id, bytes.NewReader(text))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+v.bearers[len(v.bearers)-1])
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer response.Body.Close()
	var doc map[string]any
	if err := json.NewDecoder(response.Body).Decode(&doc); err != nil || response.StatusCode != http.StatusOK {
		v.t.Fatalf("%s %s: %d, %v", method, id, response.StatusCode, err)
	}
	return doc
}

// Types that come or go between the read and the write move the others.
func TestAPatchThatHitsAnotherTypeIsReported(t *testing.T) {
	v := visit(t)
	v.define()
	v.meanwhile = func() {
		doc := v.configuration("managed", nil)
		types := doc["objects"].([]any)
		i := slices.IndexFunc(types, func(e any) bool { return at(e, "name") == "badge" })
		doc["objects"] = slices.Concat(types[i:i+1], types[:i], types[i+1:])
		v.configuration("managed", doc)
	}
	_, failure := v.call("patchManagedObjectDefinition", map[string]any{"objectName": "alpha_group", "operations": operations("replace", "/schema/title", `"Oops"`)})
	if failure["reason"] != "Collision" || !strings.Contains(fmt.Sprint(failure), "another type") {
		t.Errorf("failure %v", failure)
	}
}

func TestFailuresOfDefinitionsSayWhatIsKnown(t *testing.T) {
	v := visit(t)
	create := map[string]any{"objectName": "badge", "objectDefinition": object(t, badge)}
	for _, status := range []int{400, 403, 500} {
		v.Inject(mockaic.Fault{Method: "PATCH", Path: managedPath, Status: status})
		_, failure := v.call("createManagedObjectDefinition", create)
		if failure["status"] != float64(status) || failure["hint"] == nil || strings.Contains(fmt.Sprint(failure["hint"]), "not known whether") != (status == 500) {
			t.Errorf("%d: failure %v", status, failure)
		}
	}
	v.Inject(mockaic.Fault{Method: "GET", Path: managedPath, Status: 404})
	if _, failure := v.call("createManagedObjectDefinition", create); failure["status"] != 404.0 {
		t.Errorf("failure %v", failure)
	}
	// What a write whose answer is lost did shows in the document, also if that
	// is not all of the answer that is missing.
	v.loseOne("PATCH")
	v.define()
	v.loseOne("PATCH")
	v.must("patchManagedObjectDefinition", map[string]any{"objectName": "badge", "operations": operations(
		"add", "/schema/order/-", `"a"`, "remove", "/schema/required", `"number"`, "replace", "/schema/title", `"x"`, "remove", "/schema/title", "",
	)})
	v.loseOne("PUT")
	n := len(v.Requests())
	v.must("deleteManagedObjectDefinition", map[string]any{"objectName": "badge"})
	v.expect(n, "GET "+managedPath+" 200", "PUT "+managedPath+" 200", "GET "+managedPath+" 200", "GET "+managedPath+" 200")
}
