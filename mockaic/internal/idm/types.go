package idm

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"sync"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/store"
)

// objectType is a managed object type as its definition in config/managed has it.
type objectType struct {
	name       string
	properties map[string]propertyType
	names      []string // of the properties, sorted
	required   []string
	open       bool // lists no properties, so accepts any
}

type propertyType struct {
	kinds        []string // permitted JSON types; empty is any
	private      bool     // never returned
	virtual      bool     // computed by the tenant
	relationship bool
	many         bool // relationship with several targets
	targets      []string
	reverse      string
	initial      any
	policies     []string
	forbidden    []string // characters, by the policy cannot-contain-characters
}

const (
	configs     = "config"
	managedDoc  = "managed"
	passwordKey = "password"
)

func collection(typeName string) string { return "managed/" + typeName }

// private is where properties of scope private are kept, so that no read,
// filter or sort can reach them.
func private(typeName string) string { return "private/" + typeName }

// typeCache holds the parsed form of one revision of config/managed.
type typeCache struct {
	mu       sync.Mutex
	revision any
	types    map[string]*objectType
}

// lookup returns the type, or nil when the tenant has none of that name.
func (c *typeCache) lookup(tx *store.Tx, name string) (*objectType, error) {
	document := tx.Get(configs, managedDoc)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.types == nil || c.revision != document["_rev"] {
		types, err := parseTypes(document)
		if err != nil {
			return nil, err
		}
		c.types, c.revision = types, document["_rev"]
	}
	return c.types[name], nil
}

var typeName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

// parseTypes checks and parses the document config/managed.
func parseTypes(document store.Object) (map[string]*objectType, error) {
	objects, ok := document["objects"].([]any)
	if !ok {
		return nil, invalidType("objects must be an array of managed object types")
	}
	types := make(map[string]*objectType, len(objects))
	for i, entry := range objects {
		definition, ok := entry.(map[string]any)
		if !ok {
			return nil, invalidType("objects/%d must be an object", i)
		}
		name, _ := definition["name"].(string)
		if !typeName.MatchString(name) {
			return nil, invalidType("objects/%d: name must start with a letter and hold only letters, digits and underscores", i)
		}
		if types[name] != nil {
			return nil, invalidType("objects/%d: the type %s is defined twice", i, name)
		}
		parsed, err := parseType(name, definition["schema"])
		if err != nil {
			return nil, err
		}
		types[name] = parsed
	}
	return types, nil
}

func invalidType(format string, args ...any) error {
	return crest.Errorf(http.StatusBadRequest, "Invalid managed object configuration: %s", fmt.Sprintf(format, args...))
}

func parseType(name string, definition any) (*objectType, error) {
	schema, ok := definition.(map[string]any)
	if !ok {
		return nil, invalidType("%s: schema must be an object", name)
	}
	properties, ok := schema["properties"].(map[string]any)
	if !ok && schema["properties"] != nil {
		return nil, invalidType("%s: schema/properties must be an object", name)
	}
	t := &objectType{name: name, open: len(properties) == 0, properties: make(map[string]propertyType, len(properties))}
	var err error
	if t.required, err = stringList(schema["required"]); err != nil {
		return nil, invalidType("%s: schema/required %v", name, err)
	}
	for propertyName, value := range properties {
		definition, ok := value.(map[string]any)
		if !ok {
			return nil, invalidType("%s: schema/properties/%s must be an object", name, propertyName)
		}
		if t.properties[propertyName], err = parseProperty(definition); err != nil {
			return nil, invalidType("%s: schema/properties/%s: %v", name, propertyName, err)
		}
		t.names = append(t.names, propertyName)
	}
	slices.Sort(t.names)
	return t, nil
}

func parseProperty(definition map[string]any) (propertyType, error) {
	kinds, err := stringList(definition["type"])
	if err != nil {
		return propertyType{}, fmt.Errorf("type %w", err)
	}
	p := propertyType{kinds: kinds, private: definition["scope"] == "private", initial: definition["default"]}
	p.virtual, _ = definition["isVirtual"].(bool)
	relation := definition
	if items, ok := definition["items"].(map[string]any); ok && slices.Equal(kinds, []string{"array"}) {
		relation, p.many = items, true
	}
	p.relationship = relation["type"] == "relationship"
	if p.relationship {
		p.reverse, _ = relation["reversePropertyName"].(string)
		targets, _ := relation["resourceCollection"].([]any)
		for _, target := range targets {
			if object, ok := target.(map[string]any); ok {
				if path, ok := object["path"].(string); ok {
					p.targets = append(p.targets, path)
				}
			}
		}
	}
	list, _ := definition["policies"].([]any)
	for _, entry := range list {
		if policy, ok := entry.(map[string]any); ok {
			id, _ := policy["policyId"].(string)
			p.policies = append(p.policies, id)
			if params, ok := policy["params"].(map[string]any); ok && id == "cannot-contain-characters" {
				if p.forbidden, err = stringList(params["forbiddenChars"]); err != nil {
					return propertyType{}, fmt.Errorf("forbiddenChars %w", err)
				}
			}
		}
	}
	return p, nil
}

// stringList reads a string or an array of strings.
func stringList(value any) ([]string, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case string:
		return []string{v}, nil
	case []any:
		list := make([]string, 0, len(v))
		for _, element := range v {
			text, ok := element.(string)
			if !ok {
				return nil, fmt.Errorf("must hold strings only")
			}
			list = append(list, text)
		}
		return list, nil
	}
	return nil, fmt.Errorf("must be a string or an array of strings")
}
