package cases

import (
	"net/http"

	c "aicmcp/conformance"
)

// schemas are the cases about /openidm/schema.
var schemas = []c.Case{
	{
		ID:    "schema/read/shape",
		Title: "schema/managed/TYPE is the type's schema with its collection, and is no configuration: it has no _id",
		Level: c.Must, Needs: []c.Feature{c.Config, c.Managed}, Ref: refSchema,
		Run: func(t *c.T) {
			res := t.Get("/openidm/schema/managed/alpha_role")
			t.Status(http.StatusOK, res)
			t.Equal("Content-API-Version", "protocol=2.1,resource=2.0", res.Header.Get("Content-API-Version"))
			t.Equal("resourceCollection", "managed/alpha_role", res.At("resourceCollection"))
			t.Lacks("the schema", res.Body, "_id", "_rev")
			t.Equal("schema", without(c.At(definitionOf(t, "alpha_role"), "schema")), without(res.Body, "resourceCollection"))
		},
	}, {
		ID:    "schema/read/unknown-type",
		Title: "the schema of a type that is not there is 404",
		Level: c.Should, Needs: []c.Feature{c.Config, c.Managed}, Ref: "inferred from the 404 of a type that was taken out",
		Run: func(t *c.T) {
			t.Status(http.StatusOK, t.Get("/openidm/schema/managed/alpha_role"))
			definitionOf(t, "alpha_role")
			checkError(t, t.Get("/openidm/schema/managed/conformance_nothing"), http.StatusNotFound)
		},
	}, {
		ID:    "schema/read/custom-type",
		Title: "the schema of a type that was added is there",
		Level: c.Must, Needs: typesNeeded, Ref: refSchema, Writes: true,
		Run: func(t *c.T) {
			name := typeOf(addType(t, object{"name": ofKind("string")}, "name"))
			res := t.Get("/openidm/schema/managed/" + name)
			t.Status(http.StatusOK, res)
			t.Equal("required", []string{"name"}, res.At("required"))
			t.Equal("property name", ofKind("string"), res.At("properties", "name"))
			t.Equal("resourceCollection", "managed/"+name, res.At("resourceCollection"))
		},
	}, {
		ID:    "schema/property/made",
		Title: "PUT of a property custom_... relates two types: it makes the property and its counterpart",
		Level: c.Must, Needs: typesNeeded, Ref: refProperty, Writes: true,
		Run: func(t *c.T) {
			w := wearers(t)
			w.made()
			here, there := c.At(definitionOf(t, w.person), "schema", "properties", w.badges), c.At(definitionOf(t, w.badge), "schema", "properties", w.wearer)
			t.Equal("type", "array", c.At(here, "type"))
			t.Equal("type of the elements", "relationship", c.At(here, "items", "type"))
			t.Equal("path", "managed/"+w.badge, c.At(here, "items", "resourceCollection", 0, "path"))
			t.Equal("name of the counterpart", w.wearer, c.At(here, "items", "reversePropertyName"))
			t.Equal("type of the counterpart", "relationship", c.At(there, "type"))
			t.Equal("path of the counterpart", "managed/"+w.person, c.At(there, "resourceCollection", 0, "path"))
			t.Equal("counterpart of the counterpart", w.badges, c.At(there, "reversePropertyName"))
		},
	}, {
		ID:    "schema/property/read",
		Title: "GET of a property is its definition, like the one in config/managed",
		Level: c.Must, Needs: typesNeeded, Ref: refProperty, Writes: true,
		Run: func(t *c.T) {
			w := wearers(t)
			w.made()
			res := t.Get(w.path, resourceTwo)
			t.Status(http.StatusOK, res)
			t.Equal("definition", c.At(definitionOf(t, w.person), "schema", "properties", w.badges), without(res.Body, "_id", "_rev"))
			checkError(t, t.Get(w.path+"_other", resourceTwo), http.StatusNotFound)
		},
	}, {
		ID:    "schema/property/relates",
		Title: "objects are related through the new property, and both ends show it",
		Level: c.Must, Needs: typesNeeded, Ref: refProperty, Writes: true,
		Run: func(t *c.T) {
			w := wearers(t)
			w.made()
			people, badges := "/openidm/managed/"+w.person, "/openidm/managed/"+w.badge
			person, _ := create(t, people, object{"name": t.Fresh("person")})
			badge, _ := create(t, badges, object{"name": t.Fresh("badge")})
			t.Status(http.StatusOK, t.Patch(at(people, person), []object{op("add", "/"+w.badges+"/-", reference(badges, badge))}))
			t.Equal("badges of the person", []string{badge}, referredBy(t, at(people, person), w.badges))
			t.Equal("wearer of the badge", []string{person}, referredBy(t, at(badges, badge), w.wearer))
		},
	}, {
		ID:    "schema/property/changed",
		Title: "PUT of a property that is there is 200 and changes it",
		Level: c.Must, Needs: typesNeeded, Ref: refProperty, Writes: true,
		Run: func(t *c.T) {
			w := wearers(t)
			w.made()
			definition := w.definition()
			definition["title"] = "changed"
			t.Status(http.StatusOK, t.Put(w.path, definition, resourceTwo))
			w.await(func(property any) bool { return c.Text(property, "title") == "changed" })
			t.Equal("title", "changed", t.Get(w.path, resourceTwo).At("title"))
		},
	}, {
		ID:    "schema/property/removed",
		Title: "DELETE of a property takes its counterpart away as well",
		Level: c.Must, Needs: typesNeeded, Ref: refProperty, Writes: true,
		Run: func(t *c.T) {
			w := wearers(t)
			w.made()
			t.Status(http.StatusOK, t.Delete(w.path, resourceTwo))
			w.await(func(property any) bool { return property == nil })
			t.Lacks("properties of the one type", c.At(definitionOf(t, w.person), "schema", "properties"), w.badges)
			t.Lacks("properties of the other", c.At(definitionOf(t, w.badge), "schema", "properties"), w.wearer)
			checkError(t, t.Get(w.path, resourceTwo), http.StatusNotFound)
			checkError(t, t.Delete(w.path, resourceTwo), http.StatusNotFound)
		},
	}, {
		ID:    "schema/property/old-version",
		Title: "properties are there in version 2.0 of the resource only: asked for 1.0 they are 404",
		Level: c.Should, Needs: typesNeeded, Ref: "documented: resource=2.0 is needed; the status is the reference implementation's", Writes: true,
		Run: func(t *c.T) {
			w := wearers(t)
			old := c.Header("Accept-API-Version", "resource=1.0")
			checkError(t, t.Put(w.path, w.definition(), old), http.StatusNotFound)
			t.Lacks("properties", c.At(definitionOf(t, w.person), "schema", "properties"), w.badges)
			w.made()
			checkError(t, t.Get(w.path, old), http.StatusNotFound)
			t.Status(http.StatusOK, t.Get(w.path, resourceTwo))
		},
	}, {
		ID:    "schema/property/name",
		Title: "a property whose name does not begin with custom_ is refused with 400",
		Level: c.Should, Needs: typesNeeded, Ref: "documented: the names of custom properties begin with custom_; the status is inferred", Writes: true,
		Run: func(t *c.T) {
			w := wearers(t)
			path := "/openidm/schema/managed/" + w.person + "/properties/badges"
			checkError(t, t.Put(path, w.definition(), resourceTwo), http.StatusBadRequest)
			t.Lacks("properties", c.At(definitionOf(t, w.person), "schema", "properties"), "badges")
		},
	}, {
		ID:    "schema/property/no-counterpart",
		Title: "a definition that does not describe the counterpart is refused with 400",
		Level: c.Must, Needs: typesNeeded, Ref: "live-verified on tenants: reverseProperty is demanded on every write", Writes: true,
		Run: func(t *c.T) {
			w := wearers(t)
			definition := w.definition()
			definition["items"].(object)["resourceCollection"] = []object{{"path": "managed/" + w.badge, "label": "Badge"}}
			res := t.Put(w.path, definition, resourceTwo)
			checkError(t, res, http.StatusBadRequest)
			t.Contains("message", "reverseProperty", res.Text("message"))
			t.Lacks("properties of the one type", c.At(definitionOf(t, w.person), "schema", "properties"), w.badges)
			t.Lacks("properties of the other", c.At(definitionOf(t, w.badge), "schema", "properties"), w.wearer)
		},
	}, {
		ID:    "schema/property/unknown-type",
		Title: "a relationship to a type that is not there is refused with 400",
		Level: c.Should, Needs: typesNeeded, Ref: "inferred from the refusal of other definitions that cannot be used", Writes: true,
		Run: func(t *c.T) {
			w := wearers(t)
			w.badge = "conformance_nothing"
			checkError(t, t.Put(w.path, w.definition(), resourceTwo), http.StatusBadRequest)
			t.Lacks("properties", c.At(definitionOf(t, w.person), "schema", "properties"), w.badges)
		},
	},
}

var resourceTwo = c.Header("Accept-API-Version", "protocol=2.1,resource=2.0")

// relation is what relates two types of a case: a person's badges.
type relation struct {
	t              *c.T
	person, badge  string // names of the types
	badges, wearer string // names of the properties
	path           string // of the property badges
}

// wearers adds two types that are not related yet.
func wearers(t *c.T) relation {
	person := typeOf(addType(t, object{"name": ofKind("string")}, "name"))
	badge := typeOf(addType(t, object{"name": ofKind("string")}, "name"))
	w := relation{t: t, person: person, badge: badge, badges: "custom_badges", wearer: "custom_wearer"}
	w.path = "/openidm/schema/managed/" + person + "/properties/" + w.badges
	return w
}

// definition relates a person to any number of badges, and a badge to one person.
func (w relation) definition() object {
	return object{
		"title": "Badges", "type": "array", "viewable": true, "searchable": false, "userEditable": false, "returnByDefault": false,
		"items": object{
			"type": "relationship", "validate": true, "reverseRelationship": true, "reversePropertyName": w.wearer,
			"notifySelf": false, "resourceCollection": []object{{
				"path": "managed/" + w.badge, "label": "Badge", "notify": false,
				"query":           object{"queryFilter": "true", "fields": []string{"name"}},
				"reverseProperty": object{"type": "relationship", "title": "Wearer", "validate": true},
			}},
		},
	}
}

// made puts the property and waits until the tenant serves it.
func (w relation) made() {
	res := w.t.Put(w.path, w.definition(), resourceTwo)
	if res.Status != http.StatusOK {
		w.t.Status(http.StatusCreated, res)
	}
	w.await(func(property any) bool { return property != nil })
}

// await waits until the property is as it should be.
func (w relation) await(is func(property any) bool) {
	eventually(w.t, func() bool {
		for _, res := range everywhere(w.t, func() *c.Response { return w.t.Get("/openidm/schema/managed/" + w.person) }) {
			w.t.Status(http.StatusOK, res)
			if !is(res.At("properties", w.badges)) {
				return false
			}
		}
		return true
	})
}
