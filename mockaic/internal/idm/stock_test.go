package idm

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/store"
)

// readLines splits each line of a file of testdata at its first space.
func readLines(t *testing.T, name string) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]string{}
	for line := range strings.Lines(string(text)) {
		key, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		lines[key] = rest
	}
	return lines
}

func schemaOf(t *testing.T, document store.Object, name string) map[string]any {
	t.Helper()
	objects := document["objects"].([]any)
	i := typeIndex(objects, name)
	if i < 0 {
		t.Fatalf("there is no type %s", name)
	}
	return objects[i].(map[string]any)["schema"].(map[string]any)
}

// technical leaves out what is written for people. The members of properties
// are names, whatever they are called.
func technical(value any, named bool) any {
	switch v := value.(type) {
	case map[string]any:
		kept := map[string]any{}
		for key, member := range v {
			if named || !slices.Contains([]string{"title", "description", "label", "usageDescription"}, key) {
				kept[key] = technical(member, key == "properties" && !named)
			}
		}
		return kept
	case []any:
		kept := make([]any, len(v))
		for i := range v {
			kept[i] = technical(v[i], false)
		}
		return kept
	}
	return value
}

// The recordings are 28ccd5f0ec73 for the users (cn and telephoneNumber from
// e61ac9108d56), e61ac9108d56 for the roles, 116f56326979 for the privileges.
func TestStockTypesAreAsRecorded(t *testing.T) {
	document, err := StockTypesWith("aiagent")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"user", "role", "aiagentprivilege"} {
		recorded := readLines(t, "alpha_"+kind+".txt")
		for _, realm := range Realms {
			properties := schemaOf(t, document, realm+"_"+kind)["properties"].(map[string]any)
			if len(properties) != len(recorded) {
				t.Errorf("%s_%s has %d properties, recorded are %d", realm, kind, len(properties), len(recorded))
			}
			for name, text := range recorded {
				want, err := crest.DecodeJSON([]byte(strings.ReplaceAll(text, "/alpha_", "/"+realm+"_")))
				if err != nil {
					t.Fatal(err)
				}
				if got := technical(properties[name], false); !reflect.DeepEqual(got, want) {
					t.Errorf("%s_%s %s:\n got %v\nwant %v", realm, kind, name, got, want)
				}
			}
		}
	}
}

func TestStockTypesInOrder(t *testing.T) {
	var names []string
	for _, entry := range StockTypes()["objects"].([]any) {
		names = append(names, entry.(map[string]any)["name"].(string))
	}
	want := "alpha_user bravo_user alpha_role bravo_role alpha_assignment bravo_assignment " +
		"alpha_organization bravo_organization alpha_group bravo_group alpha_application bravo_application"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("got %s", got)
	}
	user := schemaOf(t, StockTypes(), "bravo_user")
	if user["title"] != "Bravo realm - User" || len(user["order"].([]any)) != 99 ||
		!reflect.DeepEqual(user["required"], words("userName givenName sn mail")) {
		t.Errorf("bravo_user: %v, %d in order, %v required", user["title"], len(user["order"].([]any)), user["required"])
	}
}

// Documents are stored as they come, so they must be what decoding gives.
func TestStockIsNormal(t *testing.T) {
	withAgents, err := StockTypesWith("aiagent")
	if err != nil {
		t.Fatal(err)
	}
	config := map[string]any{}
	for id, document := range StockConfig() {
		config[id] = document
	}
	roles := []any{}
	for _, role := range StockInternalRoles() {
		roles = append(roles, role)
	}
	for name, value := range map[string]any{"types": withAgents, "hidden types": HiddenTypes(), "config": config, "roles": roles} {
		normal, err := crest.Normalize(value)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(value, normal) {
			t.Errorf("%s: not in the form that decoding gives", name)
		}
		if text, err := json.Marshal(value); err != nil || strings.Contains(string(text), "REALM") {
			t.Errorf("%s: a realm was not put in: %v", name, err)
		}
	}
}

// Every relationship that names its other end has one there that leads back.
func TestStockRelationshipsHaveBothEnds(t *testing.T) {
	document, err := StockTypesWith("aiagent")
	if err != nil {
		t.Fatal(err)
	}
	types, err := parseTypes(document)
	if err != nil {
		t.Fatal(err)
	}
	for name, definition := range types {
		for propertyName, p := range definition.properties {
			for _, target := range p.targets {
				if !strings.HasPrefix(target, "managed/") || p.reverse == "" {
					continue
				}
				if types[target] == nil {
					t.Errorf("%s/%s leads to %s, which there is not", name, propertyName, target)
					continue
				}
				back := types[target].properties[p.reverse]
				if back.reverse != propertyName || !slices.Contains(back.targets, name) {
					t.Errorf("%s/%s: %s/%s does not lead back", name, propertyName, target, p.reverse)
				}
			}
		}
	}
}

func TestHiddenTypesParse(t *testing.T) {
	types := map[string]*objectType{}
	for path, definition := range hiddenDefinitions() {
		parsed, err := parseType(path, definition)
		if err != nil {
			t.Fatal(err)
		}
		types[last(path)] = parsed
	}
	for _, name := range []string{"alpha_usermeta", "bravo_usermeta", "teammember", "teammembermeta", "svcacct", "role"} {
		if types[name] == nil {
			t.Errorf("there is no type %s", name)
		}
	}
	if account := types["svcacct"].properties; account["quotaLimit"].initial != "5" || account["maxIdleTime"].initial != "15" {
		t.Errorf("defaults of svcacct: %v", account)
	}
	if !types["teammember"].properties["password"].private {
		t.Error("a team member's password can be read")
	}
}

// config.txt lists the keys and JSON types of the recorded documents.
func TestStockConfigHasTheRecordedKeys(t *testing.T) {
	recorded := readLines(t, "config.txt")
	kinds := map[string]string{"string": "str", "boolean": "bool", "array": "arr", "object": "obj", "number": "int"}
	got := StockConfig()
	for id := range got {
		if _, ok := recorded[id]; !ok && id != "endpoint/linkedView" { // listed, but never read
			t.Errorf("%s is not recorded", id)
		}
	}
	for id, keys := range recorded {
		var have []string
		for key, value := range got[id] {
			have = append(have, key+":"+kinds[kindOf(value)])
		}
		want := strings.Fields(keys)
		slices.Sort(have)
		slices.Sort(want)
		if !slices.Equal(have, want) {
			t.Errorf("%s:\n got %v\nwant %v", id, have, want)
		}
	}
}

func TestStockThemes(t *testing.T) {
	realms := StockConfig()["ui/themerealm"]["realm"].(map[string]any)
	ids := map[any]bool{}
	for _, realm := range Realms {
		defaults := 0
		for _, entry := range realms[realm].([]any) {
			theme := entry.(map[string]any)
			ids[theme["_id"]] = true
			if len(theme) != 103 {
				t.Errorf("%s has %d keys, the newest recorded have 103", theme["name"], len(theme))
			}
			if theme["isDefault"] == true {
				defaults++
			}
		}
		if defaults != 1 {
			t.Errorf("%s has %d default themes", realm, defaults)
		}
	}
	if len(ids) != 4 {
		t.Errorf("%d IDs for 4 themes", len(ids))
	}
}

func TestStockIsNeverShared(t *testing.T) {
	before, err := json.Marshal([]any{StockTypes(), StockConfig(), HiddenTypes(), StockInternalRoles()})
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range []any{StockTypes(), StockConfig()["repo.ds"], StockConfig()["internal"], StockConfig()["emailTemplate/welcome"], HiddenTypes()} {
		spoil(document)
	}
	after, err := json.Marshal([]any{StockTypes(), StockConfig(), HiddenTypes(), StockInternalRoles()})
	if err != nil || string(before) != string(after) {
		t.Error("changing one tenant's documents changes the next one's")
	}
}

// spoil changes every object and array within value.
func spoil(value any) {
	switch v := value.(type) {
	case map[string]any:
		for _, member := range v {
			spoil(member)
		}
		v["spoiled"] = true
	case []any:
		for i := range v {
			spoil(v[i])
			v[i] = "spoiled"
		}
	}
}
