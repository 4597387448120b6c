package idm

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"aicmcp/mockaic/internal/store"
)

func feature(t *testing.T, id string) Feature {
	t.Helper()
	all := StockFeatures()
	i := slices.IndexFunc(all, func(f Feature) bool { return f.ID == id })
	if i < 0 {
		t.Fatalf("there is no feature %s", id)
	}
	return all[i]
}

func TestNewTenantHasItsFeatures(t *testing.T) {
	document := StockTypes()
	for _, f := range StockFeatures() {
		if f.Installed(document) != f.Stock {
			t.Errorf("%s: installed %v, in a new tenant %v", f.ID, f.Installed(document), f.Stock)
		}
	}
	withAgents, err := StockTypesWith("aiagent")
	if err != nil {
		t.Fatal(err)
	}
	if !feature(t, "aiagent").Installed(withAgents) {
		t.Error("aiagent is not installed")
	}
	if _, err := StockTypesWith("nothing"); err == nil {
		t.Error("an unknown feature was installed")
	}
}

// without takes away what a feature adds.
func without(t *testing.T, document store.Object, f Feature) store.Object {
	t.Helper()
	copied := stockInstance(document, "REALM").(map[string]any)
	objects := copied["objects"].([]any)
	for _, realm := range Realms {
		for _, addition := range f.properties {
			if typeIndex(objects, realm+"_"+addition.to) < 0 {
				continue
			}
			schema := schemaOf(t, copied, realm+"_"+addition.to)
			for _, p := range addition.properties {
				delete(schema["properties"].(map[string]any), p.name)
				schema["order"] = slices.DeleteFunc(schema["order"].([]any), func(name any) bool { return name == p.name })
			}
		}
		for _, added := range f.types {
			i := typeIndex(objects, realm+"_"+added.name)
			objects = slices.Delete(objects, i, i+1)
		}
	}
	copied["objects"] = objects
	return copied
}

// What installing adds is what a tenant that had it from the start has.
func TestInstall(t *testing.T) {
	full, err := StockTypesWith("aiagent")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range StockFeatures() {
		base := without(t, full, f)
		if f.Installed(base) || len(f.Conflicts(base)) > 0 {
			t.Errorf("%s: installed %v, conflicts %v", f.ID, f.Installed(base), f.Conflicts(base))
		}
		before, _ := json.Marshal(base)
		got, err := f.Install(base)
		if err != nil {
			t.Errorf("%s: %v", f.ID, err)
			continue
		}
		if after, _ := json.Marshal(base); string(after) != string(before) {
			t.Errorf("%s: installing changed its argument", f.ID)
		}
		if !f.Installed(got) {
			t.Errorf("%s: not installed", f.ID)
		}
		if _, err := parseTypes(got); err != nil {
			t.Errorf("%s: %v", f.ID, err)
		}
		want, _ := parseTypes(full)
		have, _ := parseTypes(got)
		for _, types := range []map[string]*objectType{want, have} {
			for _, parsed := range types {
				parsed.schema = nil // where the order of what was added may differ
			}
		}
		if f.ID != "groups" && !reflect.DeepEqual(have, want) { // aiagent adds to the groups
			t.Errorf("%s: the types are not those of a tenant that has it", f.ID)
		}
		for _, entry := range got["objects"].([]any) {
			definition := entry.(map[string]any)
			order := definition["schema"].(map[string]any)["order"].([]any)
			unique := map[any]bool{}
			for _, name := range order {
				unique[name] = true
			}
			if len(unique) != len(order) {
				t.Errorf("%s: %s names a property twice in its order", f.ID, definition["name"])
			}
		}
	}
}

func TestConflicts(t *testing.T) {
	strings6 := feature(t, "indexed/strings/6thru20")
	conflicts := strings6.Conflicts(StockTypes())
	if len(conflicts) != 15 || conflicts[0] != "config/repo.ds: frIndexedString6 must not already exist." {
		t.Errorf("got %q", conflicts)
	}
	if _, err := strings6.Install(StockTypes()); err == nil || !strings.HasSuffix(err.Error(), "frIndexedString6 must not already exist.") {
		t.Errorf("got %v", err)
	}

	agents := feature(t, "aiagent")
	custom := StockTypes()
	custom["objects"] = append(custom["objects"].([]any), map[string]any{"name": "bravo_aiagent", "schema": map[string]any{}})
	if got := agents.Conflicts(custom); !slices.Equal(got, []string{"config/managed: bravo_aiagent must not already exist."}) {
		t.Errorf("got %q", got)
	}

	if _, err := agents.Install(without(t, StockTypes(), feature(t, "groups"))); err == nil || !strings.Contains(err.Error(), "alpha_group must already exist") {
		t.Errorf("without groups: %v", err)
	}
	if got := feature(t, "groups").Conflicts(store.Object{}); got != nil {
		t.Errorf("in an empty document: %q", got)
	}
}
