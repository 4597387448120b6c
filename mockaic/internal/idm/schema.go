package idm

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

const schemaVersion = "2.0"

// serveSchema answers /openidm/schema/managed/{type}[/properties/{name}].
func (s *Service) serveSchema(r *route.Request) (*route.Response, error) {
	path := r.Path[1:]
	if r.NewID != "" {
		path = append(slices.Clip(path), r.NewID)
	}
	if len(path) < 2 || path[0] != "managed" {
		return nil, route.NotFound(path)
	}
	switch {
	case len(path) == 2:
		if r.Operation != route.Read {
			return nil, crest.Errorf(http.StatusBadRequest, "The resource instance %s cannot be %s", path[1], participle[r.Operation])
		}
		return s.readSchema(collection(path[1]))
	case len(path) == 4 && path[2] == "properties" && r.AcceptsVersion(2, 0):
		return s.serveProperty(r, collection(path[1]), path[3])
	}
	return nil, route.NotFound(path)
}

func (s *Service) readSchema(path string) (*route.Response, error) {
	var answer *route.Response
	var err error
	s.store.View(func(tx *store.Tx) {
		var t *objectType
		if t, err = s.lookupType(tx, path); err != nil {
			return
		}
		schema := maps.Clone(t.schema)
		schema["resourceCollection"] = path
		answer = &route.Response{Object: schema, Version: schemaVersion}
	})
	return answer, err
}

// serveProperty reads, makes, changes and removes a custom relationship
// property, and its counterpart in the type that it refers to.
func (s *Service) serveProperty(r *route.Request, path, name string) (*route.Response, error) {
	if !strings.HasPrefix(name, "custom_") {
		return nil, crest.Errorf(http.StatusBadRequest, "Only relationship properties whose name begins with custom_ can be managed here, not '%s'", name)
	}
	return s.answer(r, func(tx *store.Tx) (*route.Response, error) {
		if _, err := s.lookupType(tx, path); err != nil {
			return nil, err
		}
		d := definitions{crest.Clone(tx.Get(configs, managedDoc)).(map[string]any)}
		if d.schema(path) == nil {
			return nil, crest.Errorf(http.StatusForbidden, "The type %s belongs to the tenant: its properties cannot be managed", path)
		}
		before := d.property(path, name)
		if before == nil && r.Operation != route.Upsert && r.Operation != route.Create && (r.Operation != route.Update || r.IfMatch != nil) {
			return nil, crest.Errorf(http.StatusNotFound, "Not Found")
		}
		if before != nil && !isRelationship(before) {
			return nil, crest.Errorf(http.StatusBadRequest, "The property '%s' is not a relationship", name)
		}
		answer := &route.Response{Object: before, Version: schemaVersion}
		switch r.Operation {
		case route.Read:
			return answer, nil
		case route.Create, route.Update, route.Upsert:
			if before != nil && r.Operation == route.Create {
				return nil, crest.Errorf(http.StatusPreconditionFailed, "The property '%s' exists already", name)
			}
			definition := withoutIdentity(r.Body.(map[string]any))
			if before != nil {
				d.unrelate(path, name)
			}
			if err := d.relate(path, name, definition); err != nil {
				return nil, err
			}
			answer.Object = d.property(path, name)
			if before == nil {
				answer.Status = http.StatusCreated
				answer.Location = "/openidm/schema/" + path + "/properties/" + name
			}
		case route.Delete:
			d.unrelate(path, name)
		default:
			return nil, crest.Errorf(http.StatusBadRequest, "The resource instance %s cannot be %s", name, participle[r.Operation])
		}
		if _, err := s.putTypes(tx, withoutIdentity(d.document)); err != nil {
			return nil, err
		}
		return answer, nil
	})
}

// definitions is a copy of the document config/managed, to be changed.
type definitions struct{ document store.Object }

// schema returns that of a type, or nil.
func (d definitions) schema(path string) map[string]any {
	objects, _ := d.document["objects"].([]any)
	for _, entry := range objects {
		definition, _ := entry.(map[string]any)
		if name, _ := definition["name"].(string); collection(name) == path {
			schema, _ := definition["schema"].(map[string]any)
			return schema
		}
	}
	return nil
}

func (d definitions) property(path, name string) map[string]any {
	properties, _ := d.schema(path)["properties"].(map[string]any)
	definition, _ := properties[name].(map[string]any)
	return definition
}

func (d definitions) set(path, name string, definition map[string]any) {
	schema := d.schema(path)
	properties, _ := schema["properties"].(map[string]any)
	if properties == nil {
		properties = map[string]any{}
		schema["properties"] = properties
	}
	properties[name] = definition
	order, _ := schema["order"].([]any)
	if !slices.Contains(order, any(name)) {
		schema["order"] = append(slices.Clip(order), name)
	}
}

func (d definitions) remove(path, name string) {
	schema := d.schema(path)
	properties, _ := schema["properties"].(map[string]any)
	delete(properties, name)
	for _, list := range []string{"order", "required"} {
		if names, ok := schema[list].([]any); ok {
			schema[list] = slices.DeleteFunc(names, func(entry any) bool { return entry == name })
		}
	}
}

// relationOf is the part of a property's definition that describes the
// relationship: the items of an array, or the definition itself.
func relationOf(definition map[string]any) map[string]any {
	if items, ok := definition["items"].(map[string]any); ok && definition["type"] == "array" {
		return items
	}
	return definition
}

func isRelationship(definition map[string]any) bool {
	return relationOf(definition)["type"] == "relationship"
}

// leadsBack tells whether a definition is that of the reverse of a property.
func leadsBack(definition map[string]any, path, name string) bool {
	relation := relationOf(definition)
	targets, _ := relation["resourceCollection"].([]any)
	return isRelationship(definition) && relation["reversePropertyName"] == name && slices.ContainsFunc(targets, func(entry any) bool {
		target, _ := entry.(map[string]any)
		return target["path"] == path
	})
}

// relate defines a relationship property and, as its resourceCollection asks,
// the reverse property of the other type.
func (d definitions) relate(path, name string, definition map[string]any) error {
	definition = crest.Clone(definition).(map[string]any)
	refuse := func(format string, args ...any) error {
		return crest.Errorf(http.StatusBadRequest, "The definition of '%s' is invalid: %s", name, fmt.Sprintf(format, args...))
	}
	relation := relationOf(definition)
	if !isRelationship(definition) {
		return refuse("type must be relationship, or array with items of type relationship")
	}
	// The documentation shows the collections of an array beside its items.
	if outer, ok := definition["resourceCollection"]; ok && definition["type"] == "array" {
		relation["resourceCollection"] = outer
		delete(definition, "resourceCollection")
	}
	targets, ok := relation["resourceCollection"].([]any)
	if !ok || len(targets) == 0 {
		return refuse("resourceCollection must be an array with a path")
	}
	both, _ := relation["reverseRelationship"].(bool)
	reverseName, _ := relation["reversePropertyName"].(string)
	if both && !strings.HasPrefix(reverseName, "custom_") {
		return refuse("reversePropertyName must be a name that begins with custom_")
	}
	for i, entry := range targets {
		target, _ := entry.(map[string]any)
		other, _ := target["path"].(string)
		if d.schema(other) == nil {
			return refuse("resourceCollection/%d/path must name a managed object type, not '%s'", i, other)
		}
		reverse, given := target["reverseProperty"].(map[string]any)
		delete(target, "reverseProperty")
		if !both {
			continue
		}
		if !given { // seen on a tenant: demanded on every write
			return refuse("resourceCollection/%d/reverseProperty: field is required", i)
		}
		if there := d.property(other, reverseName); there != nil && !leadsBack(there, path, name) {
			return refuse("%s has a property '%s' already", other, reverseName)
		}
		d.set(other, reverseName, reverseDefinition(path, name, reverse))
	}
	d.set(path, name, definition)
	return nil
}

// reverseDefinition is the property at the other end, as a client describes it.
func reverseDefinition(path, name string, described map[string]any) map[string]any {
	near := map[string]any{"path": path, "notify": false, "query": map[string]any{"queryFilter": "true", "fields": []any{"_id"}}}
	if more, ok := described["resourceCollection"].(map[string]any); ok {
		maps.Copy(near, more)
	}
	near["path"] = path
	if near["label"] == nil {
		near["label"] = last(path)
	}
	validate, set := described["validate"].(bool)
	relation := map[string]any{
		"type": "relationship", "reverseRelationship": true, "reversePropertyName": name,
		"validate": validate || !set, "notifySelf": false, "resourceCollection": []any{near},
		"properties": map[string]any{
			"_ref": map[string]any{"type": "string", "description": "References a relationship from a managed object"},
			"_refProperties": map[string]any{
				"type": "object", "description": "Supports metadata within the relationship",
				"properties": map[string]any{"_id": map[string]any{"type": "string", "description": "_refProperties object ID"}},
			},
		},
	}
	common := map[string]any{"title": name, "viewable": true, "userEditable": false, "searchable": false, "returnByDefault": false}
	for _, key := range []string{"title", "description", "viewable", "userEditable", "searchable", "returnByDefault"} {
		if value, ok := described[key]; ok {
			common[key] = value
		}
	}
	if described["type"] == "array" {
		common["type"], common["items"] = "array", relation
		return common
	}
	maps.Copy(relation, common)
	return relation
}

// unrelate removes a relationship property and its reverse property. The edges
// stay, unseen, as the objects of a type do that is removed.
func (d definitions) unrelate(path, name string) {
	relation := relationOf(d.property(path, name))
	reverseName, _ := relation["reversePropertyName"].(string)
	targets, _ := relation["resourceCollection"].([]any)
	d.remove(path, name)
	for _, entry := range targets {
		target, _ := entry.(map[string]any)
		other, _ := target["path"].(string)
		if leadsBack(d.property(other, reverseName), path, name) {
			d.remove(other, reverseName)
		}
	}
}
