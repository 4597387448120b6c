package cases

import (
	"net/http"
	"slices"

	c "aicmcp/conformance"
)

const managedConfig = "/openidm/config/managed"

var config = []c.Case{
	{
		ID:    "config/managed/shape",
		Title: "config/managed lists the types, each with a name and a schema, and has no revision",
		Level: c.Must, Needs: []c.Feature{c.Config}, Ref: refConfig,
		Run: func(t *c.T) {
			res := t.Get(managedConfig)
			t.Status(http.StatusOK, res)
			t.Equal("_id", "managed", res.At("_id"))
			t.Lacks("config/managed", res.Body, "_rev")
			t.Equal("ETag", "", res.Header.Get("ETag"))
			t.True("there are types", len(res.List("objects")) > 0)
			for _, definition := range res.List("objects") {
				t.Has("type", definition, "name", "schema")
			}
		},
	}, {
		ID:    "config/managed/stock-types",
		Title: "the stock types of both realms are there with their required properties",
		Level: c.Must, Needs: []c.Feature{c.Config, c.Managed}, Ref: refConfig,
		Run: func(t *c.T) {
			definitions := readDefinitions(t)
			for _, realm := range []string{"alpha", "bravo"} {
				for kind, required := range map[string][]string{
					"user": {"givenName", "mail", "sn", "userName"}, "role": {"name"}, "group": {"name"}, "organization": {"name"},
					"application": {"name"}, "assignment": {"description", "mapping", "name"},
				} {
					name := realm + "_" + kind
					schema := c.At(findDefinition(t, definitions, name), "schema")
					var got []string
					for _, property := range c.List(schema, "required") {
						text, _ := property.(string)
						got = append(got, text)
						t.Has("properties of "+name, c.At(schema, "properties"), text)
					}
					for _, property := range required {
						t.True(name+" requires "+property, slices.Contains(got, property))
					}
				}
			}
		},
	}, {
		ID:    "config/managed/open-type",
		Title: "a type whose schema lists no properties takes any property, of any type",
		Level: c.Must, Needs: []c.Feature{c.Config, c.OpenType}, Ref: refOpen, Writes: true,
		Run: func(t *c.T) {
			definition := definitionOf(t, t.Target.OpenType)
			t.True("the schema lists no properties", len(without(c.At(definition, "schema", "properties"))) == 0)
			body := object{"anything": "x", "0": 1, "with space": []any{true}, "in": object{"in": object{}}}
			_, after := stored(t, open(t), body)
			t.Equal("object stored", body, content(after.Body))
		},
	},
}

// readDefinitions reads the definitions of all types.
func readDefinitions(t *c.T) []any {
	res := t.Get(managedConfig)
	t.Status(http.StatusOK, res)
	return res.List("objects")
}

// findDefinition is a type's definition. The case stops if there is none.
func findDefinition(t *c.T, definitions []any, name string) any {
	for _, definition := range definitions {
		if c.Text(definition, "name") == name {
			return definition
		}
	}
	t.Fatalf("config/managed does not define %s", name)
	return nil
}

func definitionOf(t *c.T, name string) any { return findDefinition(t, readDefinitions(t), name) }
