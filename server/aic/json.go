package aic

import (
	"encoding/json"
	"math"
	"strings"

	"aicmcp/server/rest"
)

// Object is a document of the tenant. Numbers in it are json.Number, so that
// they come back exactly as they were.
type Object = rest.Object

// String returns the string member of an object, empty if there is none.
func String(object any, name string) string {
	o, _ := object.(map[string]any)
	s, _ := o[name].(string)
	return s
}

// IsOf tells whether a JSON value is of a type of JSON Schema.
func IsOf(kind string, value any) bool {
	switch value := value.(type) {
	case string:
		return kind == "string"
	case bool:
		return kind == "boolean"
	case []any:
		return kind == "array"
	case map[string]any:
		return kind == "object"
	case json.Number:
		return kind == "number" || kind == "integer" && !strings.ContainsAny(value.String(), ".eE")
	case float64:
		return kind == "number" || kind == "integer" && value == math.Trunc(value)
	}
	return false
}
