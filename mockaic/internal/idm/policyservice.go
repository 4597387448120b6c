package idm

import (
	"net/http"
	"slices"
	"strings"

	"aicmcp/mockaic/internal/crest"
	"aicmcp/mockaic/internal/route"
	"aicmcp/mockaic/internal/store"
)

// servePolicy answers /openidm/policy: what the policies of a type's properties
// are, and whether an object or some properties would pass them.
func (s *Service) servePolicy(r *route.Request) (*route.Response, error) {
	path := r.Path[1:]
	switch {
	case len(path) == 0 && (r.Operation == route.Read || r.Operation == route.Query):
		return s.listPolicies(r)
	case len(path) != 3 || path[0] != "managed":
		return nil, route.NotFound(r.Path)
	}
	place := collection(path[1])
	if err := allow(r, place, nil); err != nil {
		return nil, err
	}
	switch {
	case r.Operation == route.Read:
		return s.readPolicies(place, path[2])
	case r.Operation == route.Action && (r.Action == "validateObject" || r.Action == "validateProperty"):
		return s.validate(r, place, path[2])
	case r.Operation == route.Action:
		return nil, unknownAction(r.Action)
	}
	return nil, crest.Errorf(http.StatusBadRequest, "The resource instance %s cannot be %s", path[2], participle[r.Operation])
}

func (s *Service) listPolicies(r *route.Request) (*route.Response, error) {
	var resources []any
	var found []store.Object
	var err error
	s.store.View(func(tx *store.Tx) {
		var types map[string]*objectType
		types, err = s.types.all(tx)
		for place, t := range types {
			if t.defect == "" && strings.HasPrefix(place, "managed/") && allow(r, place, nil) == nil {
				found = append(found, t.policies(place+"/*", "*"))
			}
		}
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b store.Object) int {
		return strings.Compare(a["resource"].(string), b["resource"].(string))
	})
	if r.Operation == route.Query {
		for _, object := range found {
			object["_id"] = object["resource"]
		}
		page, err := s.run(r.Query, found)
		return &route.Response{Page: page, Version: configVersion}, err
	}
	for _, object := range found {
		delete(object, "_id")
		resources = append(resources, object)
	}
	return &route.Response{Object: store.Object{"_id": "", "resources": resources}, Version: configVersion}, nil
}

func (s *Service) readPolicies(place, id string) (*route.Response, error) {
	var object store.Object
	var err error
	s.store.View(func(tx *store.Tx) {
		var t *objectType
		if t, err = s.lookupType(tx, place); err == nil {
			object = t.policies(place+"/"+id, id)
		}
	})
	if err != nil {
		return nil, err
	}
	return &route.Response{Object: object, Version: configVersion}, nil
}

// policies lists what the properties of a type demand, those of its schema
// included.
func (t *objectType) policies(resource, id string) store.Object {
	properties := []any{}
	for _, name := range t.names {
		p := t.properties[name]
		uses := slices.Clone(p.policies)
		if slices.Contains(t.required, name) {
			uses = append([]policyUse{{id: "required"}}, uses...)
		}
		if len(p.kinds) > 0 {
			uses = append(uses, policyUse{id: "valid-type", params: map[string]any{"types": anyList(p.kinds)}})
		}
		if len(p.enum) > 0 {
			uses = append(uses, policyUse{id: "enum", params: map[string]any{"enumValues": p.enum}})
		}
		listed, demands := []any{}, []any{}
		for _, use := range uses {
			entry := map[string]any{"policyId": use.id, "policyRequirements": anyList(use.requirements())}
			if use.params != nil {
				entry["params"] = use.params
			}
			listed = append(listed, entry)
			for _, requirement := range use.requirements() {
				if !slices.Contains(demands, any(requirement)) {
					demands = append(demands, requirement)
				}
			}
		}
		properties = append(properties, map[string]any{
			"name": name, "policies": listed, "policyRequirements": demands,
			"fallbackPolicies": nil, "conditionalPolicies": nil,
		})
	}
	return store.Object{"_id": id, "resource": resource, "properties": properties}
}

func (u policyUse) requirements() []string {
	switch u.id {
	case "valid-type":
		return []string{"VALID_TYPE"}
	case "enum":
		return []string{"VALID_ENUM_VALUE"}
	}
	return policyRules[u.id].requirements
}

// validate answers validateObject, whose body is a whole object, and
// validateProperty, whose body holds some properties of an object that may be
// given along: {"object":{...},"properties":{...}}.
func (s *Service) validate(r *route.Request, place, id string) (*route.Response, error) {
	body, ok := r.Body.(map[string]any)
	if !ok {
		return nil, crest.Errorf(http.StatusBadRequest, "The request could not be processed because the provided content is not a JSON object")
	}
	var found failures
	var err error
	s.store.View(func(tx *store.Tx) {
		var t *objectType
		if t, err = s.lookupType(tx, place); err != nil {
			return
		}
		if r.Action == "validateObject" {
			object := t.withoutVirtual(body)
			found = s.check(candidateWrite{tx: tx, t: t, id: id, object: object, required: true}, union(sortedNames(object), t.required))
			return
		}
		found, err = s.validateProperty(tx, t, id, body)
	})
	if err != nil {
		return nil, err
	}
	return &route.Response{Object: found.result(), Version: configVersion}, nil
}

func (s *Service) validateProperty(tx *store.Tx, t *objectType, id string, body map[string]any) (failures, error) {
	object := store.Object{}
	if tx.Get(t.collection, id) != nil {
		object = s.whole(tx, t, id)
	}
	properties := body
	if given, ok := body["properties"].(map[string]any); ok {
		properties = given
		if whole, ok := body["object"].(map[string]any); ok {
			object = withoutIdentity(whole)
		}
	}
	removed, err := stringList(properties["_remove"])
	if err != nil {
		return nil, crest.Errorf(http.StatusBadRequest, "_remove %v", err)
	}
	var names []string
	for name, value := range properties {
		if name != "_remove" {
			object[name] = value
			names = append(names, name)
		}
	}
	for _, name := range removed {
		delete(object, name)
	}
	slices.Sort(names)
	return s.check(candidateWrite{tx: tx, t: t, id: id, object: object, required: true}, union(names, removed)), nil
}

// union is sorted.
func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
