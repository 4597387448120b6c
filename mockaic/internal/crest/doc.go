// Package crest implements ForgeRock Common REST (CREST) without HTTP: JSON values, JSON pointers, query filters, patches,
// query parameters, sorting, paging, projection and the shapes of results and errors.
//
// A JSON value is nil, a bool, a string, a [json.Number], a []any or a map[string]any. Numbers keep their text, because CREST
// tells 1 from 1.0 when it compares values. Functions that take a value never change it.
//
// Strings are ordered by UTF-16 code units, as in Java, which differs from the order of Go strings above U+FFFF.
package crest
