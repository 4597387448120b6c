package idm

import (
	"encoding/json"
	"maps"
	"strconv"
	"strings"

	"aicmcp/mockaic/internal/store"
)

// Realms are the realms that have identities.
var Realms = []string{"alpha", "bravo"}

// property is a part of a JSON document. REALM in its strings is the realm's name.
type property = map[string]any

// stockType declares a type that every realm has.
type stockType struct {
	name, title string
	about       property // of the schema, besides title, order, required and properties
	beside      property // what stands beside the schema
	properties  []stockProperty
}

// stockProperty declares one property of a stock type.
type stockProperty struct {
	name string
	kind string // JSON type; "[]x" is an array of x
	// title is the description as well, unless a bar parts the two. What is
	// empty is absent.
	title string
	// flags are required, viewable, userEditable, searchable, returnByDefault,
	// isVirtual, isPersonal and an empty usageDescription, each y, n or "." for
	// a key that is absent. A property whose first flag is "-" is not in order.
	flags string
	more  property
	items property // more of an array's items
}

const (
	requiredFlag = iota
	usageFlag    = 7
)

var flagKeys = [...]string{1: "viewable", 2: "userEditable", 3: "searchable", 4: "returnByDefault", 5: "isVirtual", 6: "isPersonal"}

const (
	jsonSchema   = "http://forgerock.org/json-schema#"
	draft3Schema = "http://json-schema.org/draft-03/schema"
	urn          = "urn:jsonschema:org:forgerock:openidm:managed:api:"
)

// StockTypes is the configuration of a new tenant's managed objects.
func StockTypes() store.Object {
	return realmTypes(stockTypes)
}

func realmTypes(declared []stockType) store.Object {
	objects := make([]any, 0, len(declared)*len(Realms))
	for _, t := range declared {
		for _, realm := range Realms {
			objects = append(objects, t.in(realm))
		}
	}
	return store.Object{"objects": objects}
}

func (t stockType) in(realm string) property {
	definition := t.definition(realm+"_"+t.name, realm)
	definition["schema"].(property)["title"] = strings.ToUpper(realm[:1]) + realm[1:] + " realm - " + t.title
	return definition
}

func (t stockType) definition(name, realm string) property {
	schema := stockInstance(t.about, realm).(property)
	properties := make(property, len(t.properties))
	order, required := make([]any, 0, len(t.properties)), []any{}
	for _, p := range t.properties {
		properties[p.name] = p.schema(realm)
		if p.ordered() {
			order = append(order, p.name)
		}
		if p.flags[requiredFlag] == 'y' {
			required = append(required, p.name)
		}
	}
	schema["title"] = t.title
	schema["order"] = order
	schema["required"] = required
	schema["properties"] = properties
	definition := property{"name": name, "schema": schema}
	for key, value := range t.beside {
		definition[key] = stockInstance(value, realm)
	}
	return definition
}

func (p stockProperty) ordered() bool { return p.flags[requiredFlag] != '-' }

func (p stockProperty) schema(realm string) property {
	schema := make(property, 12)
	title, description, differ := strings.Cut(p.title, "|")
	if !differ {
		description = title
	}
	if title != "" {
		schema["title"] = title
	}
	if description != "" {
		schema["description"] = description
	}
	for i, key := range flagKeys {
		if key != "" && p.flags[i] != '.' {
			schema[key] = p.flags[i] == 'y'
		}
	}
	if p.flags[usageFlag] == 'y' {
		schema["usageDescription"] = ""
	}
	if item, ok := strings.CutPrefix(p.kind, "[]"); ok {
		items := property{"type": item}
		for key, value := range p.items {
			items[key] = stockInstance(value, realm)
		}
		schema["type"], schema["items"] = "array", items
	} else if kinds := strings.Split(p.kind, "|"); len(kinds) > 1 {
		schema["type"] = []any{kinds[0], kinds[1]}
	} else {
		schema["type"] = p.kind
	}
	for key, value := range p.more {
		schema[key] = stockInstance(value, realm)
	}
	return schema
}

// extensions declares name1, name2 and so on.
func extensions(name, title, kind, flags string, count int) []stockProperty {
	var list []stockProperty
	for i := 1; i <= count; i++ {
		number := strconv.Itoa(i)
		list = append(list, stockProperty{name: name + number, kind: kind, title: title + " " + number, flags: flags})
	}
	return list
}

// stockInstance copies a declaration for one realm. The tables write numbers as Go
// does; documents hold them as JSON does.
func stockInstance(value any, realm string) any {
	switch v := value.(type) {
	case string:
		return strings.ReplaceAll(v, "REALM", realm)
	case int:
		return json.Number(strconv.Itoa(v))
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = stockInstance(v[i], realm)
		}
		return list
	case property:
		object := make(property, len(v))
		for key := range v {
			object[key] = stockInstance(v[key], realm)
		}
		return object
	}
	return value
}

// words is a JSON array of the words of text.
func words(text string) []any {
	list := []any{}
	for word := range strings.FieldsSeq(text) {
		list = append(list, word)
	}
	return list
}

// with joins declarations.
func with(parts ...property) property {
	joined := property{}
	for _, part := range parts {
		maps.Copy(joined, part)
	}
	return joined
}

// policies declares policies by ID, or with a parameter by policy.
func policies(ids ...any) property {
	list := make([]any, len(ids))
	for i, id := range ids {
		if text, ok := id.(string); ok {
			id = property{"policyId": text}
		}
		list[i] = id
	}
	return property{"policies": list}
}

func policy(id, parameter string, value any) property {
	return property{"policyId": id, "params": property{parameter: value}}
}

// computedFrom declares what a virtual property is computed from: fields of the
// objects that the relationships lead to. More than one relationship is a path.
func computedFrom(fields string, flat bool, paths ...string) property {
	config := property{}
	if flat {
		config["flattenProperties"] = true
	}
	if fields != "" {
		config["referencedObjectFields"] = words(fields)
	}
	if len(paths) == 1 {
		config["referencedRelationshipFields"] = words(paths[0])
	} else {
		list := make([]any, len(paths))
		for i, path := range paths {
			list[i] = words(path)
		}
		config["referencedRelationshipFields"] = list
	}
	return property{"queryConfig": config}
}

// stockLink declares a relationship.
type stockLink struct {
	to      string // collection
	label   string // of the target
	fields  string // of the target, to show when choosing one
	sort    []any  // of the targets; nil is absent
	reverse string // property of the target; empty is none
	title   string // of the items
	// The metadata of the reference, _refProperties: its title if that isn't the
	// items', and what it has besides _id.
	metaTitle, meta string
	plain           bool     // without descriptions
	named           bool     // _id with its propName
	more            property // of the relationship
	target          property // more of the entry of resourceCollection
}

var referenceMeta = property{
	"_grantType":   property{"description": "Grant Type", "label": "Grant Type", "type": "string"},
	"_accountType": property{"description": "Account type", "type": "string"},
	"_uniqueId":    property{"description": "Unique identifier", "type": "string"},
}

func (l stockLink) schema() property {
	id := property{"type": "string"}
	if l.named {
		id["propName"], id["required"] = "_id", false
	}
	if !l.named || !l.plain {
		id["description"] = "_refProperties object ID"
	}
	properties := property{"_id": id}
	for name := range strings.FieldsSeq(l.meta) {
		properties[name] = referenceMeta[name]
	}
	reference := property{"type": "string"}
	meta := property{"type": "object", "properties": properties}
	if !l.plain {
		reference["description"] = "References a relationship from a managed object"
		meta["description"] = "Supports metadata within the relationship"
	}
	if metaTitle := l.metaTitle; metaTitle != "" {
		meta["title"] = metaTitle + " _refProperties"
	} else if l.title != "" {
		meta["title"] = l.title + " _refProperties"
	}
	query := property{"fields": words(l.fields), "queryFilter": "true"}
	if l.sort != nil {
		query["sortKeys"] = l.sort
	}
	schema := property{
		"properties":          property{"_ref": reference, "_refProperties": meta},
		"resourceCollection":  []any{with(property{"label": l.label, "path": l.to, "query": query}, l.target)},
		"reverseRelationship": l.reverse != "",
		"validate":            true,
	}
	if l.reverse != "" {
		schema["reversePropertyName"] = l.reverse
	}
	if l.title != "" {
		schema["title"] = l.title
	}
	return with(schema, l.more)
}
