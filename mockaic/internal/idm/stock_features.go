package idm

import (
	"fmt"
	"maps"
	"slices"

	"aicmcp/mockaic/internal/store"
)

// Feature is something that can be installed, for good, in a tenant.
type Feature struct {
	ID, Version string
	// Stock says that a new tenant has it.
	Stock bool
	// Types are added to config/managed, for every realm.
	types []stockType
	// properties are added to the types of other origin.
	properties []addition
}

type addition struct {
	to         string // type without its realm
	properties []stockProperty
}

// StockFeatures lists the features of a tenant of 2026.
func StockFeatures() []Feature {
	return []Feature{
		{
			ID: "groups", Version: "1", Stock: true,
			types:      typesNamed("group"),
			properties: []addition{{"user", propertiesNamed(stockUser.properties, "groups", "effectiveGroups")}},
		},
		{
			ID: "password/timestamps", Version: "1", Stock: true,
			properties: []addition{{"user", propertiesNamed(stockUser.properties, "passwordLastChangedTime", "passwordExpirationTime")}},
		},
		{
			ID: "indexed/strings/6thru20", Version: "1", Stock: true,
			properties: []addition{{"user", indexedStrings[5:]}},
		},
		{
			ID: "am/2fa/profiles", Version: "1", Stock: true,
			properties: []addition{{"user", propertiesNamed(
				stockUser.properties, "devicePrintProfiles", "deviceProfiles",
				"oathDeviceProfiles", "pushDeviceProfiles", "webauthnDeviceProfiles",
			)}},
		},
		{ID: "aiagent", Version: "1", types: agentTypes, properties: agentReverses},
	}
}

func typesNamed(name string) []stockType {
	return slices.DeleteFunc(slices.Clone(stockTypes), func(t stockType) bool { return t.name != name })
}

func propertiesNamed(all []stockProperty, names ...string) []stockProperty {
	return slices.DeleteFunc(slices.Clone(all), func(p stockProperty) bool { return !slices.Contains(names, p.name) })
}

// StockTypesWith is StockTypes with more features installed.
func StockTypesWith(features ...string) (store.Object, error) {
	document := StockTypes()
	for _, id := range features {
		all := StockFeatures()
		i := slices.IndexFunc(all, func(f Feature) bool { return f.ID == id })
		if i < 0 {
			return nil, fmt.Errorf("there is no feature %q", id)
		}
		var err error
		if document, err = all[i].Install(document); err != nil {
			return nil, err
		}
	}
	return document, nil
}

// Install returns config/managed with what the feature adds.
func (f Feature) Install(document store.Object) (store.Object, error) {
	if conflicts := f.Conflicts(document); len(conflicts) > 0 {
		return nil, fmt.Errorf("feature %s: %s", f.ID, conflicts[0])
	}
	objects, _ := document["objects"].([]any)
	objects = slices.Clone(objects)
	for _, addition := range f.properties {
		for _, realm := range Realms {
			name := realm + "_" + addition.to
			i := typeIndex(objects, name)
			if i < 0 {
				return nil, fmt.Errorf("feature %s: config/managed: %s must already exist", f.ID, name)
			}
			extended, err := extend(objects[i].(map[string]any), addition.properties, realm)
			if err != nil {
				return nil, fmt.Errorf("feature %s: config/managed: %s: %w", f.ID, name, err)
			}
			objects[i] = extended
		}
	}
	objects = append(objects, realmTypes(f.types)["objects"].([]any)...)
	document = maps.Clone(document)
	document["objects"] = objects
	return document, nil
}

// extend returns a copy of a type with more properties.
func extend(definition map[string]any, added []stockProperty, realm string) (map[string]any, error) {
	schema, ok := definition["schema"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("schema must be an object")
	}
	properties, _ := schema["properties"].(map[string]any)
	order, _ := schema["order"].([]any)
	properties, order = maps.Clone(properties), slices.Clone(order)
	if properties == nil {
		properties = map[string]any{}
	}
	for _, p := range added {
		properties[p.name] = p.schema(realm)
		if p.ordered() {
			order = append(order, p.name)
		}
	}
	schema, definition = maps.Clone(schema), maps.Clone(definition)
	schema["properties"], schema["order"] = properties, order
	definition["schema"] = schema
	return definition, nil
}

// Conflicts says what of the feature is there already, as validating it words
// it. What the realms have alike is said once.
func (f Feature) Conflicts(document store.Object) []string {
	var conflicts []string
	f.each(document, func(place, name string, exists bool) {
		message := "config/" + place + ": " + name + " must not already exist."
		if exists && !slices.Contains(conflicts, message) {
			conflicts = append(conflicts, message)
		}
	})
	return conflicts
}

// Installed reports whether all that the feature adds is there.
func (f Feature) Installed(document store.Object) bool {
	installed := true
	f.each(document, func(_, _ string, exists bool) { installed = installed && exists })
	return installed
}

// each goes through what the feature adds. Properties conflict in the
// directory's mapping (documented for frIndexedString6), types in config/managed.
func (f Feature) each(document store.Object, visit func(place, name string, exists bool)) {
	objects, _ := document["objects"].([]any)
	for _, t := range f.types {
		for _, realm := range Realms {
			name := realm + "_" + t.name
			visit("managed", name, typeIndex(objects, name) >= 0)
		}
	}
	for _, addition := range f.properties {
		for _, realm := range Realms {
			properties := propertiesOf(objects, realm+"_"+addition.to)
			for _, p := range addition.properties {
				_, exists := properties[p.name]
				visit("repo.ds", p.name, exists)
			}
		}
	}
}

func propertiesOf(objects []any, name string) map[string]any {
	i := typeIndex(objects, name)
	if i < 0 {
		return nil
	}
	schema, _ := objects[i].(map[string]any)["schema"].(map[string]any)
	properties, _ := schema["properties"].(map[string]any)
	return properties
}

// typeIndex is -1 when there is no such type.
func typeIndex(objects []any, name string) int {
	return slices.IndexFunc(objects, func(entry any) bool {
		definition, ok := entry.(map[string]any)
		return ok && definition["name"] == name
	})
}
