package nodetype

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"aicmcp/mockaic/internal/crest"
)

// attribute declares a member of the configuration of a type's nodes.
type attribute struct {
	name string
	// kind is string, boolean, integer, number, map (of texts), object, one of them
	// behind [] for a list, or the words of an enumeration with a | between them. A
	// ? behind it says that a node can do without the attribute.
	kind  string
	value any // default; nil is none
	// title is made of the name, and description of the title, if they are "".
	title, description string
	titles             map[string]string // of the words of an enumeration, if they have others
	since              string            // version; "" is the first
}

type attributes []attribute

// has declares an attribute. The text is its description, or "title: description".
func has(name, kind string, value any, text string) attribute {
	title, description, ok := strings.Cut(text, ": ")
	if !ok {
		title, description = "", text
	}
	return attribute{name: name, kind: kind, value: value, title: title, description: description}
}

// from declares that a type has an attribute from a version on.
func (a attribute) from(version string) attribute {
	a.since = version
	return a
}

func (all attributes) at(version string) attributes {
	if all == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(all), func(a attribute) bool { return a.since > version })
}

func (a attribute) required() bool { return !strings.HasSuffix(a.kind, "?") }

func (a attribute) base() string { return strings.TrimSuffix(a.kind, "?") }

// words returns the words of an enumeration, else nil.
func (a attribute) words() []string {
	switch kind := strings.TrimPrefix(a.base(), "[]"); kind {
	case "string", "boolean", "integer", "number", "map", "object":
		return nil
	default:
		return strings.Split(kind, "|")
	}
}

func (a attribute) titleAndDescription() (title, description string) {
	title, description = a.title, a.description
	if title == "" {
		title = Title(a.name)
	}
	if description == "" {
		description = title
	}
	return title, description
}

// Title makes a title of a name: "scanQRCode" is "Scan QR Code", but OAuth is one
// word.
func Title(name string) string {
	var title strings.Builder
	letters := []rune(strings.ReplaceAll(name, "_", " "))
	for i, r := range letters {
		switch {
		case i == 0 || letters[i-1] == ' ':
			r = unicode.ToUpper(r)
		case unicode.IsUpper(r):
			lowerNext := i+1 < len(letters) && unicode.IsLower(letters[i+1])
			if unicode.IsLower(letters[i-1]) || unicode.IsUpper(letters[i-1]) && lowerNext {
				title.WriteByte(' ')
			}
		}
		title.WriteRune(r)
	}
	return strings.ReplaceAll(title.String(), "O Auth", "OAuth")
}

// Schema returns what the action schema answers. Two recordings show its form, of
// ValidatedUsernameNode 2.0 and of a type of the node designer. Neither has
// integers, numbers or lists of objects.
func (t *Type) Schema() (map[string]any, error) {
	if !t.Known() {
		return nil, t.unknown("attributes")
	}
	schema := map[string]any{"type": "object"}
	required := []any{}
	properties := map[string]any{}
	for i, a := range t.attributes {
		properties[a.name] = a.schema((i + 1) * t.step())
		if a.required() {
			required = append(required, a.name)
		}
	}
	if len(properties) > 0 {
		schema["properties"] = properties
	}
	schema["required"] = required
	return schema, nil
}

// step is what lies between the orders of two attributes.
func (t *Type) step() int {
	if IsDesigned(t.ID) {
		return 1
	}
	return 100
}

func (a attribute) schema(order int) map[string]any {
	title, description := a.titleAndDescription()
	schema := map[string]any{"title": title, "description": description, "propertyOrder": order, "exampleValue": ""}
	if a.value != nil {
		schema["default"] = a.value
	}
	into := schema
	kind, isList := strings.CutPrefix(a.base(), "[]")
	if isList {
		into = map[string]any{}
		schema["type"], schema["items"] = "array", into
	}
	switch words := a.words(); {
	case words != nil:
		titles := make([]string, len(words))
		for i, word := range words {
			titles[i] = word
			if named, ok := a.titles[word]; ok {
				titles[i] = named
			}
		}
		into["type"], into["enum"] = "string", words
		into["enumNames"], into["options"] = titles, map[string]any{"enum_titles": titles}
	case kind == "map":
		into["type"], into["patternProperties"] = "object", map[string]any{".*": map[string]any{"type": "string"}}
	default:
		into["type"] = kind
	}
	return normal(schema).(map[string]any)
}

// Template returns what the action template answers: the defaults. No tenant's
// answer is recorded; an attribute without a default is left out.
func (t *Type) Template() (map[string]any, error) {
	if !t.Known() {
		return nil, t.unknown("attributes")
	}
	template := map[string]any{}
	t.fill(template)
	return template, nil
}

func (t *Type) fill(config map[string]any) {
	for _, a := range t.attributes {
		if config[a.name] == nil && a.value != nil {
			config[a.name] = normal(a.value)
		}
	}
}

// derived are members of a node that a client may send and that come to nothing.
func derived(name string) bool {
	return slices.Contains([]string{"_id", "_rev", "_type", "_outcomes"}, name)
}

// Complete returns the configuration that a node has after a client wrote config:
// without derived members, and with the defaults of what it left out.
func (t *Type) Complete(config map[string]any) (map[string]any, error) {
	if !t.Known() {
		return nil, t.unknown("attributes")
	}
	own := crest.Clone(config).(map[string]any)
	maps.DeleteFunc(own, func(name string, value any) bool { return derived(name) || value == nil })
	t.fill(own)
	for _, child := range t.Children(own) {
		if child["nodeVersion"] == nil {
			child["nodeVersion"] = FirstVersion
		}
	}
	return own, nil
}

// Validate holds a configuration that a client sent against the type's attributes.
// No refusal of a node is recorded: the texts are those of trees, which AM checks in
// the same way. An attribute that is left out or null is no error, for nobody has
// seen a tenant refuse it.
func (t *Type) Validate(config map[string]any) error {
	if !t.Known() {
		return t.unknown("attributes")
	}
	names := make([]string, len(t.attributes))
	byName := make(map[string]attribute, len(t.attributes))
	for i, a := range t.attributes {
		names[i], byName[a.name] = a.name, a
	}
	for name := range config {
		if _, ok := byName[name]; !ok && !derived(name) {
			slices.Sort(names)
			return &crest.Error{
				Code: http.StatusBadRequest, Message: "Invalid attribute specified.",
				Detail: map[string]any{"validAttributes": list(names)},
			}
		}
	}
	for _, a := range t.attributes {
		if value := config[a.name]; value != nil && !a.admits(value) {
			title, _ := a.titleAndDescription()
			return crest.Errorf(http.StatusBadRequest, "Data validation failed for the attribute, %s", title)
		}
	}
	return nil
}

func (a attribute) admits(value any) bool {
	if isPlaceholder(value) {
		return true
	}
	kind, isList := strings.CutPrefix(a.base(), "[]")
	if !isList {
		return a.admitsOne(kind, value)
	}
	values, ok := value.([]any)
	return ok && !slices.ContainsFunc(values, func(v any) bool { return !a.admitsOne(kind, v) })
}

func (a attribute) admitsOne(kind string, value any) bool {
	switch v := value.(type) {
	case string:
		return kind == "string" || slices.Contains(a.words(), v)
	case bool:
		return kind == "boolean"
	case json.Number:
		return kind == "number" || kind == "integer" && !strings.ContainsAny(v.String(), ".eE")
	case map[string]any:
		if kind == "map" {
			for _, text := range v {
				if _, ok := text.(string); !ok {
					return false
				}
			}
		}
		return kind == "map" || kind == "object"
	}
	return false
}

// isPlaceholder reports whether a value is one that AM takes from a variable, like
// {"$int": "&{esv.retries}"}.
func isPlaceholder(value any) bool {
	object, ok := value.(map[string]any)
	if !ok || len(object) != 1 {
		return false
	}
	for name, text := range object {
		_, isText := text.(string)
		return isText && slices.Contains([]string{"$string", "$int", "$number", "$bool", "$list", "$array", "$object"}, name)
	}
	return false
}
