package cases

import (
	"net/http"
	"net/url"
	"strings"

	c "aicmcp/conformance"
)

// reference refers to an object, as a client sends it.
func reference(collection, id string) object {
	return object{"_ref": strings.TrimPrefix(collection, "/openidm/") + "/" + url.PathEscape(id)}
}

// related reads a relationship property: a reference, a list of them, or nil.
func related(t *c.T, path, property string) any {
	res := t.Get(path, c.Query("_fields", property))
	t.Status(http.StatusOK, res)
	t.Has(path, res.Body, "_id", "_rev")
	return res.At(property)
}

// referredBy lists the IDs that a relationship property refers to.
func referredBy(t *c.T, path, property string) []any {
	ids := []any{}
	switch value := related(t, path, property).(type) {
	case []any:
		for _, element := range value {
			ids = append(ids, c.At(element, "_refResourceId"))
		}
	case object:
		ids = append(ids, value["_refResourceId"])
	}
	return ids
}
