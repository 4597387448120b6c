package crest

import "maps"

// Project returns the fields of object as _fields asks for them: flat, each under the last key of its pointer, later ones
// replacing earlier ones. The root stands for all members, and so does "*", as in IDM. Members _id and _rev always come along.
// Without fields the result is object itself; otherwise it is a new map that shares the values.
func Project(object map[string]any, fields []Pointer) map[string]any {
	if len(fields) == 0 {
		return object
	}
	result := make(map[string]any, len(fields)+2)
	for _, field := range fields {
		if len(field) == 0 || len(field) == 1 && field[0] == "*" {
			maps.Copy(result, object)
			continue
		}
		if v, ok := field.Lookup(object); ok {
			result[field[len(field)-1]] = v
		}
	}
	for _, name := range [...]string{"_id", "_rev"} {
		if v, ok := object[name]; ok {
			result[name] = v
		}
	}
	return result
}
