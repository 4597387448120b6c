package cases

import (
	"crypto/rand"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	c "aicmcp/conformance"
)

const (
	// servers is how many requests are sent at once to learn whether something
	// is so everywhere: a tenant consists of several servers, which take a new
	// configuration over one by one.
	servers   = 6
	pollEvery = 250 * time.Millisecond
)

// newType defines a type of a fresh name. Without properties it accepts any.
func newType(properties object, required ...string) object {
	return object{"name": "conformance_" + strings.ToLower(rand.Text()[:12]), "schema": object{
		"$schema": "http://forgerock.org/json-schema#", "type": "object", "title": "Conformance tests",
		"description": "Temporary: remove it if no conformance test is running.",
		"properties":  properties, "required": append([]string{}, required...), "order": slices.Sorted(maps.Keys(properties)),
	}}
}

// ofKind defines a property of a JSON type.
func ofKind(kind string) object { return object{"type": kind, "title": kind} }

// withPolicy is a property of type string with a policy.
func withPolicy(id string, params object) object {
	property := ofKind("string")
	property["policies"] = []object{{"policyId": id, "params": params}}
	return property
}

// addType adds a type, which is removed in the end, and returns its collection.
func addType(t *c.T, properties object, required ...string) (collection string) {
	definition := newType(properties, required...)
	t.Cleanup(func() { removeType(t, c.Text(definition, "name")) })
	defineTypes(t, definition)
	return "/openidm/managed/" + c.Text(definition, "name")
}

// defineTypes adds definitions to the configuration and waits until the tenant
// serves all of the types.
func defineTypes(t *c.T, definitions ...object) *c.Response {
	res := appendTypes(t, definitions...)
	t.Status(http.StatusOK, res)
	for _, definition := range definitions {
		findDefinition(t, res.List("objects"), c.Text(definition, "name"))
	}
	for _, definition := range definitions {
		awaitType(t, c.Text(definition, "name"), http.StatusOK)
	}
	return res
}

// appendTypes asks for definitions to be added to the configuration.
func appendTypes(t *c.T, definitions ...object) *c.Response {
	var operations []object
	for _, definition := range definitions {
		operations = append(operations, op("add", "/objects/-", definition))
	}
	return t.Patch(managedConfig, operations)
}

// queryType asks for the IDs of some objects of a type.
func queryType(t *c.T, name string) *c.Response {
	return t.Get("/openidm/managed/"+name, c.Query("_queryFilter", "true", "_fields", "_id", "_pageSize", "100"))
}

// awaitType waits until queries of the type have the status wherever they are
// answered: 200 when it is served, 404 when it is not.
func awaitType(t *c.T, name string, status int) {
	eventually(t, func() bool {
		same := true
		for _, res := range everywhere(t, func() *c.Response { return queryType(t, name) }) {
			if res.Status != http.StatusOK && res.Status != http.StatusNotFound {
				t.Status(status, res)
			}
			same = same && res.Status == status
		}
		return same
	})
}

// everywhere sends a request to several servers, as far as that is possible.
func everywhere(t *c.T, send func() *c.Response) []*c.Response {
	answers := make([]*c.Response, servers)
	var senders []func()
	for i := range answers {
		senders = append(senders, func() { answers[i] = send() })
	}
	t.Together(senders...)
	return answers
}

// eventually waits until the tenant has taken a new configuration over.
func eventually(t *c.T, done func() bool) {
	for !done() {
		select {
		case <-time.After(pollEvery):
		case <-t.Context().Done():
			t.Fatalf("the tenant has not taken the new configuration over in time")
		}
	}
}

// removeType deletes the objects of a type, which would be orphaned, and takes
// its definition out of the configuration, if it is there.
func removeType(t *c.T, name string) {
	definition := anyDefinition(t, name)
	if definition == nil {
		return
	}
	removeObjects(t, name)
	eventually(t, func() bool {
		left := takeOut(t, definition)
		if left != nil {
			definition = left // it was stale
		}
		return left == nil
	})
	awaitType(t, name, http.StatusNotFound)
}

// anyDefinition is a type's definition if any server has it.
func anyDefinition(t *c.T, name string) any {
	for range servers {
		res := t.Get(managedConfig)
		if res.Status != http.StatusOK && res.Status != http.StatusNotFound {
			t.Fatalf("the type %s may be left behind: the configuration answers %d", name, res.Status)
		}
		if definition := definitionIn(res, name); definition != nil {
			return definition
		}
	}
	return nil
}

// definitionIn is a type's definition in an answer of config/managed, or nil.
func definitionIn(res *c.Response, name string) any {
	for _, definition := range res.List("objects") {
		if c.Text(definition, "name") == name {
			return definition
		}
	}
	return nil
}

// takeOut removes a definition as the tenant has it, and returns what is left
// of that name. It is one operation by value: the configuration has no revision,
// and reads of it can be stale, so that writing all of it back could undo other
// people's changes.
func takeOut(t *c.T, definition any) (left any) {
	res := t.Patch(managedConfig, []object{op("remove", "/objects", definition)})
	t.Status(http.StatusOK, res)
	t.True("config/managed still has types", len(res.List("objects")) > 0)
	return definitionIn(res, c.Text(definition, "name"))
}

func removeObjects(t *c.T, name string) {
	for {
		res := queryType(t, name)
		if res.Status == http.StatusNotFound || res.Status == http.StatusOK && res.Text("result", 0, "_id") == "" {
			return
		}
		t.Status(http.StatusOK, res)
		for _, id := range column(res, "_id") {
			text, _ := id.(string)
			remove(t, at("/openidm/managed/"+name, text))
		}
	}
}
