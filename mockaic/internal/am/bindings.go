package am

import (
	_ "embed" // for what scripts can use
	"strings"
)

// bindingsText describes what scripts find, one thing a line: a name, its type and
// its class, with what it has in the lines below, which are indented. Methods have
// their parameters in parentheses and the type of what they return.
//
//go:embed bindings.txt
var bindingsText string

// classesText has the classes that scripts may use, each with the letters of the
// lists that it is on.
//
//go:embed classes.txt
var classesText string

// describe returns what is known of bindings, by name.
func describe() map[string]map[string]any {
	described := map[string]map[string]any{}
	var open []map[string]any // the thing of each depth that lines belong to
	for line := range strings.Lines(bindingsText) {
		line = strings.TrimRight(line, "\n")
		depth := len(line) - len(strings.TrimLeft(line, "\t"))
		thing := element(line[depth:])
		if depth == 0 {
			delete(thing, "elementType")
			described[thing["name"].(string)] = thing
		} else {
			above := open[depth-1]
			elements, _ := above["elements"].([]any)
			above["elements"] = append(elements, thing)
		}
		open = append(open[:depth], thing)
	}
	return described
}

func element(line string) map[string]any {
	name, signature, isMethod := strings.Cut(line, "(")
	if isMethod {
		inside, returned, _ := strings.Cut(signature, ") ")
		parameters := []any{}
		for parameter := range strings.SplitSeq(inside, ", ") {
			if name, kind, ok := strings.Cut(parameter, " "); ok {
				parameters = append(parameters, map[string]any{"name": name, "javaScriptType": kind})
			}
		}
		return map[string]any{"elementType": "method", "name": name, "parameters": parameters, "returnType": returned}
	}
	words := strings.Fields(line)
	field := map[string]any{"elementType": "field", "name": words[0], "javaScriptType": words[1]}
	if len(words) > 2 {
		field["elements"] = []any{}
		if words[2] != "-" {
			field["javaClass"] = words[2]
		}
	}
	return field
}

// undescribed is a binding of which only the name is known.
func undescribed(name string) map[string]any {
	return map[string]any{"name": name, "javaScriptType": "unknown"}
}

// classesOn returns the classes of a list.
func classesOn(list string) []any {
	found := []any{}
	for line := range strings.Lines(classesText) {
		if class, lists, _ := strings.Cut(strings.TrimSpace(line), " "); list != "" && strings.Contains(lists, list) {
			found = append(found, class)
		}
	}
	return found
}
