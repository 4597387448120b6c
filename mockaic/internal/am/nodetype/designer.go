package nodetype

import (
	"maps"
	"slices"
	"strings"
)

// designerPrefix begins the IDs of the types that the node designer makes.
const designerPrefix = "designer-"

// IsDesigned tells the ID of a type that the node designer made, or had made.
func IsDesigned(id string) bool { return strings.HasPrefix(id, designerPrefix) }

// FromDesign returns the type that a document of the node designer stands for.
func FromDesign(design map[string]any) *Type {
	text := func(name string) string { value, _ := design[name].(string); return value }
	t := &Type{
		ID: designerPrefix + text("serviceName"), Name: text("displayName"), Version: FirstVersion, help: text("description"),
		tags: []string{"designer"}, attributes: attributes{},
	}
	tags, _ := design["tags"].([]any)
	for _, tag := range tags {
		if tag, ok := tag.(string); ok {
			t.tags = append(t.tags, tag)
		}
	}
	declared, _ := design["outcomes"].([]any)
	ways := fixed{}
	for _, id := range declared {
		if id, ok := id.(string); ok {
			ways = append(ways, Outcome{id, id})
		}
	}
	if design["errorOutcome"] == true {
		ways = append(ways, Outcome{"Script Error", "Script Error"})
	}
	t.outcomes = ways
	properties, _ := design["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if property, ok := properties[name].(map[string]any); ok {
			t.attributes = append(t.attributes, designed(name, property))
		}
	}
	return t
}

// designed declares a property of a document of the node designer.
func designed(name string, property map[string]any) attribute {
	text := func(name string) string { value, _ := property[name].(string); return value }
	a := attribute{name: name, value: property["defaultValue"], title: text("title"), description: text("description"), titles: map[string]string{}}
	options, _ := property["options"].(map[string]any)
	for word, title := range options {
		a.titles[word], _ = title.(string)
	}
	switch {
	case len(options) > 0:
		a.kind = strings.Join(slices.Sorted(maps.Keys(options)), "|")
	case text("type") == "OBJECT":
		a.kind = "map"
		if a.value == nil && property["multivalued"] != true {
			a.value = map[string]any{} // recorded
		}
	default:
		a.kind = strings.ToLower(text("type"))
	}
	if property["multivalued"] == true {
		a.kind = "[]" + a.kind
	}
	if property["required"] != true {
		a.kind += "?"
	}
	return a
}
