// Package managed holds the tools for managed objects: users, roles, groups,
// organizations and whatever else a tenant defines.
package managed

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

// Tools lists the tools of this area.
func Tools() []tool.Tool[*aic.Client] {
	return []tool.Tool[*aic.Client]{
		list, query, schema, create, get, patch, remove,
		createDefinition, patchDefinition, removeDefinition, patchRelationship,
	}
}

var (
	typeRules = tool.Rules(tool.Pattern(`^[A-Za-z0-9_-]+$`, "must consist of letters, digits, _ and -"))
	// An ID of dots only would be a step in the path.
	idRules = tool.Rules(tool.Pattern(`[^.]`, "must not consist of dots only"))
	// A quote inside would make two revisions of one.
	revisionRules = tool.Rules(tool.Pattern(`^"?[!#-~]+"?$`, "must be a _rev: ASCII without blanks and quotes"))
)

// explain adds to a tenant's error what a caller of these tools should know.
// id says whether the call named an object.
func explain(err error, id bool) error {
	var e *rest.Error
	if !errors.As(err, &e) || e.Unknown {
		return err
	}
	switch e.Status {
	case http.StatusBadRequest:
		return tool.WithHint(err, "", "Check names and values against getManagedObjectSchema.")
	case http.StatusNotFound:
		if id {
			return tool.WithHint(err, "objectId", "Find the object's _id with queryManagedObjects; if the type itself is in doubt, call listManagedObjects.")
		}
		return tool.WithHint(err, "objectType", "Call listManagedObjects for the types that this tenant has.")
	case http.StatusForbidden:
		if failed := policyFailures(e.Detail); failed != "" {
			return tool.WithHint(err, "", "Correct what failed: %s. UNIQUE and VALID_USERNAME mean that another object may have that value; getManagedObjectSchema lists the properties.", failed)
		}
	case http.StatusPreconditionFailed:
		if id {
			return tool.WithHint(err, "revision", "The object is not, or no longer, at that revision: read it with getManagedObject, decide anew, and use its _rev.")
		}
		return tool.WithHint(err, "objectData", "An object with this _id or a unique value exists already: look for it with queryManagedObjects.")
	case http.StatusConflict:
		return tool.WithHint(err, "", "It conflicts with another object or change: look with queryManagedObjects for one that has a value in common.")
	}
	return err
}

// queryHints says how to write each parameter of a read or a query.
var queryHints = []struct{ parameter, hint string }{
	{"pagedResultsCookie", "A cookie is good for the query that it came from, with the same filter and sortKeys; to start over, leave it out."},
	{"queryFilter", `Write it like: userName eq "bjensen" and (age ge 18 or !(mail pr)). Strings in double quotes; there are no other operators than eq co sw gt ge lt le pr.`},
	{"sortKeys", "Sort keys are property names, comma-separated, each with an optional - in front."},
	{"fields", "Fields are property names, comma-separated; a slash steps into an object, * stands for the default ones and *_ref for relationships."},
}

// blame adds to a 400 which of the parameters that were given is wrong: the
// one that the tenant names, or else the first that can be.
func blame(err error, given map[string]string) error {
	var e *rest.Error
	if !errors.As(err, &e) || e.Status != http.StatusBadRequest {
		return err
	}
	for _, named := range []bool{true, false} {
		for _, h := range queryHints {
			if given[h.parameter] != "" && (!named || strings.Contains(e.Message, "parameter '_"+h.parameter+"'")) {
				return tool.WithHint(err, h.parameter, "%s", h.hint)
			}
		}
	}
	return err
}

// policyFailures names each property and the requirements it failed, all of
// it quoted: it comes from the tenant.
func policyFailures(detail any) string {
	doc, _ := detail.(map[string]any)
	entries, _ := doc["failedPolicyRequirements"].([]any)
	var order []string
	failed := map[string][]string{}
	for _, e := range entries {
		entry, _ := e.(map[string]any)
		property, _ := entry["property"].(string)
		requirements, _ := entry["policyRequirements"].([]any)
		for _, r := range requirements {
			requirement, _ := r.(map[string]any)
			name, _ := requirement["policyRequirement"].(string)
			if name == "" {
				continue
			}
			if _, seen := failed[property]; !seen {
				order = append(order, property)
			}
			what := tool.Quote(name)
			if params, ok := requirement["params"].(map[string]any); ok && len(params) > 0 {
				if data, err := rest.Encode(params); err == nil && len(data) < 300 {
					what += " " + string(data)
				}
			}
			failed[property] = append(failed[property], what)
		}
	}
	var parts []string
	for i, property := range order {
		if i == maxHinted {
			parts = append(parts, fmt.Sprintf("and %d more", len(order)-i))
			break
		}
		parts = append(parts, fmt.Sprintf("property %s fails %s", tool.Quote(property), strings.Join(failed[property], ", ")))
	}
	return strings.Join(parts, "; ")
}

// maxHinted is how many properties a hint lists.
const maxHinted = 10

func object(doc aic.Object, name string) aic.Object {
	o, _ := doc[name].(map[string]any)
	return o
}

func stringsOf(v any) []string {
	out := []string{}
	elements, _ := v.([]any)
	for _, e := range elements {
		if s, ok := e.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
