package idm

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/store"
)

// objectType is an object type as its definition has it.
type objectType struct {
	name       string
	collection string // such as managed/alpha_user
	properties map[string]propertyType
	names      []string // of the properties, sorted
	required   []string
	schema     map[string]any
	open       bool    // lists no properties, so accepts any
	gives      []grant // by conditions of its own
	gets       []grant // by conditions of others
	meta       string  // collection of the sidecars; "" if the type has none
	defect     string  // why no object of the type can be reached
}

type propertyType struct {
	kinds        []string // permitted JSON types; empty is any
	private      bool     // never returned
	virtual      bool     // computed by the tenant
	asked        bool     // returned only when asked for
	native       bool     // an attribute of the directory: null where it is unset
	nullable     bool
	relationship bool
	many         bool // relationship with several targets
	temporal     bool // relationship whose own temporalConstraints count
	targets      []string
	conditions   map[string]string // by target: its property that says who is related to it
	reverse      string
	initial      any
	enum         []any
	policies     []policyUse
	sources      virtualSources
}

const (
	configs     = "config"
	managedDoc  = "managed"
	passwordKey = "password"
	metaKey     = "_meta"
)

func collection(typeName string) string { return "managed/" + typeName }

// private is where properties of scope private are kept, so that no read,
// filter or sort can reach them.
func private(collection string) string { return "private/" + collection }

// typeCache holds the parsed form of one revision of config/managed.
type typeCache struct {
	hidden map[string]*objectType // types that no configuration lists

	mu       sync.Mutex
	revision any
	types    map[string]*objectType
}

// all returns the types by collection.
func (c *typeCache) all(tx *store.Tx) (map[string]*objectType, error) {
	document := tx.Get(configs, managedDoc)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.types == nil || c.revision != document["_rev"] {
		types, err := parseTypes(document)
		if err != nil {
			return nil, err
		}
		for path, t := range c.hidden {
			own := *t
			types[path] = &own
		}
		linkGrants(types)
		c.types, c.revision = types, document["_rev"]
	}
	return c.types, nil
}

// lookup returns the type of a collection, or nil when the tenant has none.
func (c *typeCache) lookup(tx *store.Tx, collection string) (*objectType, error) {
	types, err := c.all(tx)
	if err != nil {
		return nil, err
	}
	return types[collection], nil
}

var typeName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

// parseTypes checks and parses the document config/managed, which may be nil.
func parseTypes(document store.Object) (map[string]*objectType, error) {
	if document == nil {
		return map[string]*objectType{}, nil
	}
	objects, ok := document["objects"].([]any)
	if !ok {
		return nil, invalidType("objects must be an array of managed object types")
	}
	types, hidden := make(map[string]*objectType, len(objects)), hiddenDefinitions()
	for i, entry := range objects {
		definition, ok := entry.(map[string]any)
		if !ok {
			return nil, invalidType("objects/%d must be an object", i)
		}
		name, _ := definition["name"].(string)
		if !typeName.MatchString(name) {
			return nil, invalidType("objects/%d: name must start with a letter and hold only letters, digits and underscores", i)
		}
		if types[collection(name)] != nil {
			return nil, invalidType("objects/%d: the type %s is defined twice", i, name)
		}
		if hidden[collection(name)] != nil {
			return nil, invalidType("objects/%d: the type %s belongs to the tenant", i, name)
		}
		parsed, err := parseType(collection(name), definition)
		if err != nil {
			return nil, err
		}
		types[parsed.collection] = parsed
	}
	for _, t := range types {
		if t.meta != "" && (types[t.meta] != nil || closed(t.meta) || !strings.HasPrefix(t.meta, "managed/") || !typeName.MatchString(last(t.meta))) {
			return nil, invalidType("%s: meta/resourceCollection must be managed/ and a name that no type has", t.name)
		}
	}
	return types, nil
}

func invalidType(format string, args ...any) error {
	return crest.Errorf(http.StatusBadRequest, "Invalid managed object configuration: %s", fmt.Sprintf(format, args...))
}

func parseType(path string, definition map[string]any) (*objectType, error) {
	name := path[strings.LastIndex(path, "/")+1:]
	schema, ok := definition["schema"].(map[string]any)
	if !ok {
		return nil, invalidType("%s: schema must be an object", name)
	}
	properties, ok := schema["properties"].(map[string]any)
	if !ok && schema["properties"] != nil {
		return nil, invalidType("%s: schema/properties must be an object", name)
	}
	t := &objectType{
		name: name, collection: path, schema: schema,
		open: len(properties) == 0, properties: make(map[string]propertyType, len(properties)),
	}
	if meta, ok := definition["meta"].(map[string]any); ok {
		t.meta, _ = meta["resourceCollection"].(string)
	}
	var err error
	if t.required, err = stringList(schema["required"]); err != nil {
		return nil, invalidType("%s: schema/required %v", name, err)
	}
	for propertyName, value := range properties {
		definition, ok := value.(map[string]any)
		if !ok {
			return nil, invalidType("%s: schema/properties/%s must be an object", name, propertyName)
		}
		p, err := parseProperty(definition)
		if err != nil {
			return nil, invalidType("%s: schema/properties/%s: %v", name, propertyName, err)
		}
		p.native, p.nullable = nativeProperty(name, propertyName)
		t.properties[propertyName] = p
		t.names = append(t.names, propertyName)
		// Recorded: such a definition is stored, and the whole type answers 404.
		if p.initial != nil && len(p.kinds) > 0 && !slices.ContainsFunc(p.kinds, func(kind string) bool { return isKind(p.initial, kind) }) {
			t.defect = fmt.Sprintf("the default of %s is not of its type", propertyName)
		}
	}
	slices.Sort(t.names)
	return t, nil
}

// nativeProperty tells how the directory holds a property of a stock type: as
// an attribute, which reads as null while it is unset, and whether a client may
// write that null. Properties in the JSON part of an entry are left out instead.
func nativeProperty(typeName, name string) (native, nullable bool) {
	_, kind, _ := strings.Cut(typeName, "_")
	switch kind {
	case "user":
		return !strings.HasPrefix(name, "custom_"), false
	case "group":
		return name == "description" || name == "condition", false
	case "aiagent":
		return name == "customAttributes" || name == "description", true
	case "aiagentprivilege":
		return name == "description", true
	}
	return false, false
}

func parseProperty(definition map[string]any) (propertyType, error) {
	kinds, err := stringList(definition["type"])
	if err != nil {
		return propertyType{}, fmt.Errorf("type %w", err)
	}
	p := propertyType{kinds: kinds, private: definition["scope"] == "private", initial: definition["default"]}
	p.virtual, _ = definition["isVirtual"].(bool)
	p.enum, _ = definition["enum"].([]any)
	relation := definition
	if items, ok := definition["items"].(map[string]any); ok && slices.Equal(kinds, []string{"array"}) {
		relation, p.many = items, true
	}
	p.relationship = relation["type"] == "relationship"
	p.asked = definition["returnByDefault"] == false || p.relationship && definition["returnByDefault"] != true
	if p.relationship {
		p.reverse, _ = relation["reversePropertyName"].(string)
		p.temporal, _ = definition["relationshipGrantTemporalConstraintsEnforced"].(bool)
		targets, _ := relation["resourceCollection"].([]any)
		for _, target := range targets {
			if object, ok := target.(map[string]any); ok {
				path, ok := object["path"].(string)
				if !ok {
					continue
				}
				if closed(path) {
					return propertyType{}, fmt.Errorf("a relationship cannot lead to %s", path)
				}
				p.targets = append(p.targets, path)
				if field, ok := object["conditionalAssociationField"].(string); ok {
					if p.conditions == nil {
						p.conditions = map[string]string{}
					}
					p.conditions[path] = field
				}
			}
		}
		if len(p.targets) == 0 {
			return propertyType{}, fmt.Errorf("a relationship needs a resourceCollection with a path")
		}
	}
	if p.sources, err = parseSources(definition["queryConfig"]); err != nil {
		return propertyType{}, fmt.Errorf("queryConfig %w", err)
	}
	if p.policies, err = parsePolicies(definition); err != nil {
		return propertyType{}, err
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

func isKind(value any, kind string) bool {
	switch kind {
	case "integer":
		number, ok := value.(json.Number)
		return ok && !strings.ContainsAny(number.String(), ".eE")
	case "relationship":
		return value == nil || kindOf(value) == "object"
	}
	return kindOf(value) == kind
}

func kindOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return "number"
}

// byDefault tells whether a read without _fields returns a property.
func (p propertyType) byDefault() bool { return !p.asked && !p.private }

// empty is what an unset property of the directory reads as.
func (p propertyType) empty() any {
	if slices.Equal(p.kinds, []string{"array"}) {
		return []any{}
	}
	return nil
}

func (t *objectType) hasPassword() bool { return t.properties[passwordKey].private }

// lookupType returns the type that a request names.
func (s *Service) lookupType(tx *store.Tx, collection string) (*objectType, error) {
	t, err := s.types.lookup(tx, collection)
	if err != nil {
		return nil, fmt.Errorf("stored type definitions: %w", err)
	}
	if t == nil || t.defect != "" {
		return nil, crest.Errorf(http.StatusNotFound, "Resource '%s' not found", collection)
	}
	return t, nil
}
