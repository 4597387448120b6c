// Package managed holds the tools for managed objects: users, roles, groups,
// organizations and whatever else a tenant defines.
package managed

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

// Tools lists the tools of this area.
func Tools() []tool.Tool {
	return []tool.Tool{list, query, schema, create, get, patch, remove}
}

var (
	typeRules = tool.Rules(tool.Pattern(`^[A-Za-z0-9_-]+$`))
	// An ID of dots only would be a step in the path.
	idRules = tool.Rules(tool.Pattern(`[^.]`))
)

// explain adds to a tenant's error what a caller of these tools should know.
// id says whether the call named an object.
func explain(err error, id bool) error {
	var e *aic.Error
	if !errors.As(err, &e) || e.Unknown {
		return err
	}
	switch e.Status {
	case http.StatusNotFound:
		if id {
			return tool.WithHint(err, "objectId", "Find the object's _id with queryManagedObjects; if the type itself is in doubt, call listManagedObjects.")
		}
		return tool.WithHint(err, "objectType", "Call listManagedObjects for the types that this tenant has.")
	case http.StatusForbidden:
		if failed := policyFailures(e.Detail); failed != "" {
			return tool.WithHint(err, "", "Correct what failed: %s. getManagedObjectSchema lists the properties.", failed)
		}
	case http.StatusPreconditionFailed:
		if id {
			return tool.WithHint(err, "revision", "The object has changed since that revision: read it again with getManagedObject, decide anew, and use its new _rev.")
		}
		return tool.WithHint(err, "objectData", "An object with this _id or a unique value exists already: look for it with queryManagedObjects.")
	case http.StatusConflict:
		return tool.WithHint(err, "", "It conflicts with another object, often in a value that must be unique: look for that with queryManagedObjects.")
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
			what := fmt.Sprintf("%q", name)
			if params, ok := requirement["params"].(map[string]any); ok && len(params) > 0 {
				if data, err := json.Marshal(params); err == nil && len(data) < 300 {
					what += " " + string(data)
				}
			}
			failed[property] = append(failed[property], what)
		}
	}
	var parts []string
	for _, property := range order {
		parts = append(parts, fmt.Sprintf("property %q fails %s", property, strings.Join(failed[property], ", ")))
	}
	return strings.Join(parts, "; ")
}

func unusable(message string) error {
	return &tool.Failure{Reason: "Unusable answer", Message: message}
}

func str(doc aic.Object, name string) string {
	s, _ := doc[name].(string)
	return s
}

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
