package nodetype_test

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"aicmcp/mockaic/internal/am/nodetype"
	"aicmcp/mockaic/internal/crest"
)

// objects reads a file of testdata, a list of objects.
func objects(t *testing.T, name string) []map[string]any {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	value, err := crest.DecodeJSON(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var all []map[string]any
	for _, object := range value.([]any) {
		all = append(all, object.(map[string]any))
	}
	return all
}

func encode(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// tenant is the catalogue and the recorded types of the node designer.
type tenant struct {
	*nodetype.Catalogue
	designs map[string]*nodetype.Type
}

func newTenant(t *testing.T) tenant {
	all := tenant{nodetype.New(), map[string]*nodetype.Type{}}
	for _, design := range objects(t, "designs.json") {
		own := nodetype.FromDesign(design)
		all.designs[own.ID] = own
	}
	return all
}

func (t tenant) find(id, version string) *nodetype.Type {
	if own := t.designs[id]; own != nil {
		return own
	}
	return t.Find(id, version)
}

func TestRecordedTypes(t *testing.T) {
	// The recording is older than what the table follows.
	renamed := map[string]string{
		"ThreatMetrixSessionQueryNode": "name", "LnrsOtpCollectorNode": "tags", "LnrsOtpDecisionNode": "tags", "LnrsOtpSendNode": "tags",
	}
	catalogue := nodetype.New()
	recorded := objects(t, "types.json")
	for _, want := range recorded {
		id := want["_id"].(string)
		found := catalogue.Find(id, "")
		if found == nil {
			t.Errorf("%s is not in the catalogue", id)
			continue
		}
		if found.Release == "newer" {
			t.Errorf("%s is marked newer, and recorded", id)
		}
		entry := found.Entry()
		if renamed[id] != "name" && entry["name"] != want["name"] {
			t.Errorf("%s: name %v, recorded %v", id, entry["name"], want["name"])
		}
		if renamed[id] != "tags" && encode(t, entry["tags"]) != encode(t, want["tags"]) {
			t.Errorf("%s: tags %v, recorded %v", id, entry["tags"], want["tags"])
		}
		if _, help := entry["help"]; help != want["help"] {
			t.Errorf("%s: help %v, recorded %v", id, help, want["help"])
		}
		if entry["collection"] != true || encode(t, entry["metadata"].(map[string]any)["tags"]) != encode(t, entry["tags"]) {
			t.Errorf("%s: %v", id, entry)
		}
	}
	older := 0
	for _, own := range catalogue.Types() {
		if own.Release != "newer" {
			older++
		}
	}
	if older != len(recorded) {
		t.Errorf("%d types that are not newer, recorded are %d", older, len(recorded))
	}
}

func TestCatalogue(t *testing.T) {
	catalogue := nodetype.New()
	types := catalogue.Types()
	if len(types) != 237 {
		t.Errorf("%d types, known are 237", len(types))
	}
	seen := map[string]bool{}
	for _, own := range types {
		if seen[own.ID] {
			t.Errorf("%s is declared twice", own.ID)
		}
		seen[own.ID] = true
		if compatibility := own.Entry()["metadata"].(map[string]any)["pageNodeCompatibility"]; (compatibility != nil) !=
			slices.Contains([]string{"InnerTreeEvaluatorNode", "PageNode", "SelectIdPNode", "WebAuthnAuthenticationNode"}, own.ID) {
			t.Errorf("%s: pageNodeCompatibility %v", own.ID, compatibility)
		}
		if !own.Known() {
			continue
		}
		template, err := own.Template()
		if err != nil {
			t.Fatal(err)
		}
		if err := own.Validate(template); err != nil {
			t.Errorf("%s refuses its template: %v", own.ID, err)
		}
		schema, err := own.Schema()
		if err != nil {
			t.Fatal(err)
		}
		properties, ok := schema["properties"].(map[string]any)
		if ok != (len(properties) > 0) {
			t.Errorf("%s: empty properties", own.ID)
		}
		for name, property := range properties {
			property := property.(map[string]any)
			if words, ok := property["enum"].([]any); ok && len(words) < 2 {
				t.Errorf("%s.%s is an enumeration of %v", own.ID, name, words)
			}
		}
	}
	for id, want := range map[string][]string{
		"PageNode": {"1.0", "2.0"}, "ValidatedUsernameNode": {"1.0", "2.0"}, "ValidatedPasswordNode": {"1.0"}, "type1": nil,
	} {
		if got := catalogue.Versions(id); !slices.Equal(got, want) {
			t.Errorf("versions of %s: %v, want %v", id, got, want)
		}
	}
	if entry := catalogue.Find("PageNode", "2.0").VersionEntry(); entry["_id"] != "2.0" || entry["name"] != "Page Node" {
		t.Errorf("entry of a version: %v", entry)
	}
	if catalogue.Find("PageNode", "3.0") != nil || catalogue.Find("type1", "") != nil {
		t.Error("found what there is not")
	}
}

func TestUnknown(t *testing.T) {
	catalogue := nodetype.New()
	unknown := catalogue.Unknown()
	if !slices.Contains(unknown, "ClearNode") || slices.Contains(unknown, "DataStoreDecisionNode") {
		t.Errorf("unknown types: %v", unknown)
	}
	for _, id := range unknown {
		own := catalogue.Find(id, "")
		_, schema := own.Schema()
		_, template := own.Template()
		_, complete := own.Complete(nil)
		for _, err := range []error{schema, template, complete, own.Validate(nil)} {
			if unknown := (*nodetype.UnknownError)(nil); !errors.As(err, &unknown) || unknown.Type != id || unknown.What != "attributes" {
				t.Errorf("%s: %v", id, err)
			}
		}
	}
	_, err := catalogue.Find("ClearNode", "").Outcomes(nil, nil)
	if unknown := (*nodetype.UnknownError)(nil); !errors.As(err, &unknown) || unknown.What != "outcomes" {
		t.Errorf("outcomes of ClearNode: %v", err)
	}
}

func TestRecordedNodes(t *testing.T) {
	tenant := newTenant(t)
	nodes := objects(t, "nodes.json")
	// A page of which a child is not recorded has one like those that are.
	configs := map[string]map[string]any{}
	for _, node := range nodes {
		configs[node["_type"].(map[string]any)["_id"].(string)] = node["config"].(map[string]any)
	}
	for _, node := range nodes {
		configs[node["_id"].(string)] = node["config"].(map[string]any)
	}
	lookup := func(typeID, version, id string) (*nodetype.Type, map[string]any) {
		if config, ok := configs[id]; ok {
			return tenant.find(typeID, version), config
		}
		return tenant.find(typeID, version), configs[typeID]
	}
	for _, node := range nodes {
		member := node["_type"].(map[string]any)
		id := member["_id"].(string)
		version, _ := member["version"].(string)
		where := node["recording"].(string) + " " + id
		own := tenant.find(id, version)
		if own == nil {
			t.Errorf("%s is not in the catalogue", where)
			continue
		}
		got := own.Member()
		if version == "" {
			delete(got, "version") // older
		}
		if encode(t, got) != encode(t, member) {
			t.Errorf("%s: _type %v, recorded %v", where, got, member)
		}
		config := node["config"].(map[string]any)
		if err := own.Validate(config); err != nil {
			t.Errorf("%s: %v; recorded %v", where, err, config)
		}
		outcomes, err := own.Outcomes(config, lookup)
		if err != nil || encode(t, outcomes) != encode(t, node["_outcomes"]) {
			t.Errorf("%s: _outcomes %v, %v; recorded %v", where, encode(t, outcomes), err, encode(t, node["_outcomes"]))
		}
		schema, err := own.Schema()
		if err != nil {
			t.Errorf("%s: %v", where, err)
			continue
		}
		for name, value := range config {
			property := schema["properties"].(map[string]any)[name].(map[string]any)
			if want := typeOf(value); property["type"] != want && (want != "integer" || property["type"] != "number") {
				t.Errorf("%s: %s is %v, recorded %v", where, name, property["type"], value)
			}
		}
	}
}

func typeOf(value any) string {
	switch v := value.(type) {
	case string:
		return "string"
	case bool:
		return "boolean"
	case json.Number:
		if strings.Contains(v.String(), ".") {
			return "number"
		}
		return "integer"
	case []any:
		return "array"
	default:
		return "object"
	}
}

// TestRecordedWrites holds what tenants made of what clients wrote against what
// Complete makes of it.
func TestRecordedWrites(t *testing.T) {
	// Older releases do not have these.
	newer := map[string]string{"SocialProviderHandlerNode": "subjectAttribute", "ValidatedUsernameNode": "autocompleteValues"}
	tenant := newTenant(t)
	for _, write := range objects(t, "writes.json") {
		own := tenant.find(write["type"].(string), "")
		got, err := own.Complete(write["sent"].(map[string]any))
		if err != nil {
			t.Errorf("%v: %v", write["recording"], err)
			continue
		}
		want := write["own"].(map[string]any)
		if _, ok := want[newer[own.ID]]; !ok {
			delete(got, newer[own.ID])
		}
		if children, _ := want["nodes"].([]any); len(children) > 0 && children[0].(map[string]any)["nodeVersion"] == nil {
			for _, child := range got["nodes"].([]any) {
				delete(child.(map[string]any), "nodeVersion")
			}
		}
		if encode(t, got) != encode(t, want) {
			t.Errorf("%v %s: %s, recorded %s", write["recording"], own.ID, encode(t, got), encode(t, want))
		}
	}
}

// TestRecordedConnections holds what the nodes of recorded trees lead to other nodes
// by against the outcomes of their types.
func TestRecordedConnections(t *testing.T) {
	tenant := newTenant(t)
	for _, connected := range objects(t, "connections.json") {
		id := connected["type"].(string)
		own := tenant.find(id, "")
		if own == nil {
			t.Errorf("%s is not in the catalogue", id)
			continue
		}
		outcomes, err := own.Outcomes(nil, nil)
		if err != nil {
			t.Errorf("%s: %v", id, err)
		}
		for _, outcome := range connected["outcomes"].([]any) {
			known := slices.ContainsFunc(outcomes, func(o any) bool { return o.(map[string]any)["id"] == outcome })
			// A tree of frodo's tests connects outcomes that its type has lost.
			if !known && !(id == "designer-c605506774a848f7877b4d17a453bd39" && strings.ToLower(outcome.(string)) == outcome) {
				t.Errorf("%s has no outcome %v", id, outcome)
			}
		}
	}
}

func TestRecordedSchemas(t *testing.T) {
	tenant := newTenant(t)
	for _, recorded := range objects(t, "schemas.json") {
		id := recorded["type"].(string)
		schema, err := tenant.find(id, recorded["version"].(string)).Schema()
		if err != nil {
			t.Fatal(err)
		}
		want := recorded["schema"].(map[string]any)
		sortTexts(schema)
		sortTexts(want)
		for name, property := range schema["properties"].(map[string]any) {
			property := property.(map[string]any)
			if text, ok := property["description"].(string); !ok || text == "" {
				t.Errorf("%s: no description of %s", id, name)
			}
			property["description"] = "" // as in testdata
		}
		if encode(t, schema) != encode(t, want) {
			t.Errorf("%s:\n%s, recorded\n%s", id, encode(t, schema), encode(t, want))
		}
	}
	schema, err := tenant.Find("DataStoreDecisionNode", "").Schema()
	if err != nil || encode(t, schema) != `{"required":[],"type":"object"}` {
		t.Errorf("schema without properties: %v, %v", schema, err)
	}
}

// sortTexts sorts the lists of texts in value, which tenants list in any order.
func sortTexts(value any) {
	switch v := value.(type) {
	case map[string]any:
		for member := range maps.Values(v) {
			sortTexts(member)
		}
	case []any:
		slices.SortFunc(v, func(a, b any) int {
			x, _ := a.(string)
			y, _ := b.(string)
			return strings.Compare(x, y)
		})
	}
}

func TestValidate(t *testing.T) {
	catalogue := nodetype.New()
	for _, test := range []struct {
		id, config, message string
		valid               []any
	}{
		{"RetryLimitDecisionNode", `{"retryLimit": 3}`, "", nil},
		{"RetryLimitDecisionNode", `{"_id": "x", "_rev": "1", "_type": {}, "_outcomes": []}`, "", nil},
		{"RetryLimitDecisionNode", `{"retryLimit": null}`, "", nil},
		{"RetryLimitDecisionNode", `{"retryLimit": {"$int": "&{esv.retries}"}}`, "", nil},
		{"RetryLimitDecisionNode", `{"retryLimit": {"$int": 3}}`, "Data validation failed for the attribute, Retry Limit", nil},
		{"RetryLimitDecisionNode", `{"retryLimit": "3"}`, "Data validation failed for the attribute, Retry Limit", nil},
		{"RetryLimitDecisionNode", `{"retryLimit": 3.5}`, "Data validation failed for the attribute, Retry Limit", nil},
		{"RetryLimitDecisionNode", `{"limit": 3}`, "Invalid attribute specified.", []any{"incrementUserAttributeOnFailure", "retryLimit"}},
		{"AccountLockoutNode", `{"lockAction": "BOLT"}`, "Data validation failed for the attribute, Lock Action", nil},
		{"ScriptedDecisionNode", `{"outcomes": "true"}`, "Data validation failed for the attribute, Outcomes", nil},
		{"ScriptedDecisionNode", `{"outcomes": [true]}`, "Data validation failed for the attribute, Outcomes", nil},
		{"PageNode", `{"pageHeader": {"en": 1}}`, "Data validation failed for the attribute, Page Header", nil},
		{"OathRegistrationNode", `{"scanQRCodeMessage": []}`, "Data validation failed for the attribute, Scan QR Code Message", nil},
		{"ValidatedUsernameNode", `{"prepopulate": true}`, "Invalid attribute specified.", []any{"autocompleteValues", "usernameAttribute", "validateInput"}},
	} {
		config, err := crest.DecodeJSON([]byte(test.config))
		if err != nil {
			t.Fatal(err)
		}
		err = catalogue.Find(test.id, "").Validate(config.(map[string]any))
		var failure *crest.Error
		switch {
		case test.message == "":
			if err != nil {
				t.Errorf("%s %s: %v", test.id, test.config, err)
			}
		case !errors.As(err, &failure) || failure.Code != 400 || failure.Message != test.message:
			t.Errorf("%s %s: %v, want %q", test.id, test.config, err, test.message)
		case test.valid != nil && !crest.Equal(failure.Detail, map[string]any{"validAttributes": test.valid}):
			t.Errorf("%s %s: %v, want %v", test.id, test.config, failure.Detail, test.valid)
		}
	}
}

func TestOutcomesOfOtherNodes(t *testing.T) {
	catalogue := nodetype.New()
	lookup := func(typeID, version, id string) (*nodetype.Type, map[string]any) {
		if id == "choice" {
			return catalogue.Find(typeID, version), map[string]any{"choices": []any{"a", "b"}}
		}
		return catalogue.Find(typeID, version), nil
	}
	page := func(typeID, id string) map[string]any {
		return map[string]any{"nodes": []any{
			map[string]any{"_id": "first", "nodeType": "SelectIdPNode"},
			map[string]any{"_id": id, "nodeType": typeID, "nodeVersion": "1.0"},
		}}
	}
	for _, test := range []struct {
		id, version string
		config      map[string]any
		want        string
	}{
		{"PageNode", "1.0", page("ChoiceCollectorNode", "choice"), "a b"},
		{"PageNode", "2.0", page("ChoiceCollectorNode", "choice"), "choice-a choice-b"},
		{"PageNode", "1.0", page("ChoiceCollectorNode", "missing"), ""},
		{"PageNode", "1.0", page("NoNode", "x"), ""},
		{"PageNode", "1.0", page("PageNode", "x"), ""},
		{"PageNode", "1.0", nil, ""},
		{"ConfigProviderNode", "1.0", map[string]any{"nodeType": "EmailTemplateNode"}, "EMAIL_SENT EMAIL_NOT_SENT"},
		{"ConfigProviderNode", "1.0", map[string]any{"nodeType": "ConfigProviderNode"}, ""},
		{"InnerTreeEvaluatorNode", "1.0", map[string]any{"displayErrorOutcome": true}, "true false error"},
		{"PollingWaitNode", "1.0", map[string]any{"exitable": true, "spamDetectionEnabled": true}, "DONE EXITED SPAM"},
		{"PollingWaitNode", "1.0", map[string]any{"spamDetectionEnabled": true}, "DONE SPAM"},
		{"WebAuthnRegistrationNode", "1.0", map[string]any{"maxSavedDevices": json.Number("0")}, "unsupported success failure error"},
		{"WebAuthnRegistrationNode", "1.0", map[string]any{"maxSavedDevices": json.Number("2"), "postponeDeviceProfileStorage": true}, "unsupported success failure error"},
		{"PushAuthenticationSenderNode", "1.0", map[string]any{"captureFailure": true}, "SENT NOT_REGISTERED SKIPPED FAILURE"},
		{"PushAuthenticationSenderNode", "1.0", map[string]any{"mandatory": true}, "SENT NOT_REGISTERED"},
		{"WebAuthnRegistrationNode", "1.0", map[string]any{"maxSavedDevices": json.Number("2")}, "unsupported success failure error exceedDeviceLimit"},
	} {
		outcomes, err := catalogue.Find(test.id, test.version).Outcomes(test.config, lookup)
		ids := []string{}
		for _, outcome := range outcomes {
			ids = append(ids, outcome.(map[string]any)["id"].(string))
		}
		if got := strings.Join(ids, " "); err != nil || got != test.want {
			t.Errorf("%s %s %v: %q, %v, want %q", test.id, test.version, test.config, got, err, test.want)
		}
	}
	_, err := catalogue.Find("PageNode", "").Outcomes(page("ClearNode", "x"), lookup)
	if unknown := (*nodetype.UnknownError)(nil); !errors.As(err, &unknown) || unknown.Type != "ClearNode" {
		t.Errorf("page that ends in an unknown type: %v", err)
	}
}

func TestFromDesign(t *testing.T) {
	tenant := newTenant(t)
	own := tenant.designs["designer-a15e2efb3deb4d4ea338c74a6440b69f"]
	entry := own.Entry()
	if entry["name"] != "Vector ALU - TEST" || encode(t, entry["tags"]) != `["designer","math","vector","utilities"]` {
		t.Errorf("entry: %v", entry)
	}
	outcomes, err := own.Outcomes(nil, nil)
	if want := `[{"displayName":"Success","id":"Success"},{"displayName":"Script Error","id":"Script Error"}]`; err != nil || encode(t, outcomes) != want {
		t.Errorf("outcomes: %v, %v", outcomes, err)
	}
	template, err := own.Template()
	if want := `{"a":[1,2,3],"b":[4,5,6],"operator":"DOT"}`; err != nil || encode(t, template) != want {
		t.Errorf("template: %s, %v", encode(t, template), err)
	}
	if err := own.Validate(template); err != nil {
		t.Errorf("refuses its template: %v", err)
	}
	if err := own.Validate(map[string]any{"operator": "?"}); err == nil || err.Error() != "Data validation failed for the attribute, Operator" {
		t.Errorf("unknown option: %v", err)
	}
	schema, err := own.Schema()
	if err != nil {
		t.Fatal(err)
	}
	property := schema["properties"].(map[string]any)["a"]
	if want := `{"default":[1,2,3],"description":"A","exampleValue":"","items":{"type":"number"},"propertyOrder":1,"title":"A","type":"array"}`; encode(t, property) != want {
		t.Errorf("schema of a: %s", encode(t, property))
	}
}

// TestCallsShareNothing changes what one call returned and calls again.
func TestCallsShareNothing(t *testing.T) {
	own := nodetype.New().Find("ZeroPageLoginNode", "")
	first, _ := own.Template()
	before := encode(t, first)
	first["usernameHeader"] = "X"
	first["referrerWhiteList"] = append(first["referrerWhiteList"].([]any), "x")
	second, _ := own.Template()
	if encode(t, second) != before {
		t.Errorf("template is %v", second)
	}
	entry := own.Entry()
	entry["tags"].([]any)[0] = "x"
	if own.Entry()["tags"].([]any)[0] == "x" {
		t.Error("tags are shared")
	}
	sent := map[string]any{"referrerWhiteList": []any{"a"}}
	completed, _ := own.Complete(sent)
	completed["referrerWhiteList"].([]any)[0] = "b"
	if sent["referrerWhiteList"].([]any)[0] != "a" {
		t.Error("Complete shares what was sent")
	}
}

// The documentation of the fake names the types that it knows too little of.
func TestUnknownTypesAreListed(t *testing.T) {
	text, err := os.ReadFile("../../../doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, listed, _ := strings.Cut(string(text), "# Node types that are only named")
	listed, _, _ = strings.Cut(listed, "package mockaic")
	_, listed, _ = strings.Cut(listed, ":")
	names := strings.FieldsFunc(listed, func(r rune) bool { return strings.ContainsRune("/\t\n, ", r) })
	slices.Sort(names)
	if want := nodetype.New().Unknown(); !slices.Equal(names, want) {
		t.Errorf("mockaic/doc.go lists %d types, and it should be %d: %v", len(names), len(want), want)
	}
}
