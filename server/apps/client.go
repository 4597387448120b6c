package apps

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

const (
	core     = "coreOAuth2ClientConfig"
	override = "overrideOAuth2ClientConfig" // its values are not wrapped
	signEnc  = "signEncOAuth2ClientConfig"
)

// sections are the parts of an OAuth client.
var sections = []any{core, "advancedOAuth2ClientConfig", "coreOpenIDClientConfig", signEnc, "coreUmaClientConfig", override}

// secretFields are never shown.
var secretFields = []string{aic.ClientSecret, "updateAccessToken"}

// secretArguments are those and what callers may write for them.
var secretArguments = append([]string{"password", "secret", "clientSecret", "client_secret"}, secretFields...)

// wrapped is the change of a client as AM takes it: values may be given as they
// are, or wrapped. Sections that neither this server nor the client as it is
// knows are refused.
func wrapped(given, now aic.Object) (aic.Object, error) {
	out := aic.Object{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, there := now[name]; strings.HasPrefix(name, "_") || !there && !slices.Contains(sections, any(name)) {
			return nil, tool.Invalid("oauth2Client", "has "+tool.Quote(short(name))+", which is no section of an OAuth client", "Sections are "+sectionNames()+". "+nothingSent)
		}
		fields, ok := given[name].(map[string]any)
		if !ok {
			return nil, tool.Invalid("oauth2Client."+name, "must be an object of fields", nothingSent)
		}
		section, was := aic.Object{}, object(now[name])
		for field, v := range fields {
			if aic.Unwrap(v) == hiddenKeys {
				return nil, tool.Invalid("oauth2Client."+name, "has what stands for keys that are not shown", "Leave the field out to keep it, or give it whole. Nothing was changed.")
			}
			_, wrapsNow := object(was[field])["inherited"]
			plain := name == override || field == aic.ClientSecret || was[field] != nil && !wrapsNow
			section[field] = wrap(v, plain)
		}
		out[name] = section
	}
	return out, nil
}

// wrap writes a value as AM takes it in a place where values are plain, or not.
func wrap(v any, plain bool) any {
	_, is := object(v)["inherited"]
	switch {
	case plain:
		return aic.Unwrap(v)
	case is:
		return v
	case v == nil:
		return aic.Object{"inherited": false}
	}
	return aic.Object{"inherited": false, "value": v}
}

func object(v any) aic.Object {
	o, _ := v.(map[string]any)
	return o
}

func sectionNames() string {
	names := make([]string, len(sections))
	for i, s := range sections {
		names[i] = s.(string)
	}
	return strings.Join(names, ", ")
}

// short bounds a name that a caller made up.
func short(name string) string {
	if r := []rune(name); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return name
}

// merged is a client with the changes, as AM takes it: without what the tenant
// keeps for itself, and without a secret that was not given.
func merged(now, changes aic.Object) aic.Object {
	out := aic.Object{}
	for name, v := range now {
		fields, ok := v.(map[string]any)
		if !ok || strings.HasPrefix(name, "_") {
			continue
		}
		section := maps.Clone(fields)
		if section[aic.ClientSecret] == nil {
			delete(section, aic.ClientSecret)
		}
		out[name] = section
	}
	for name, v := range changes {
		section := object(out[name])
		if section == nil {
			section = aic.Object{}
			out[name] = section
		}
		for field, change := range v.(map[string]any) {
			section[field] = combined(section[field], change)
		}
	}
	return out
}

// combined is a field with its change. Objects keep the members that the change
// does not name.
func combined(now, change any) any {
	old, ok := aic.Unwrap(now).(map[string]any)
	value, isObject := aic.Unwrap(change).(map[string]any)
	if !ok || !isObject {
		return change
	}
	both := deep(old, value)
	if wrapper := object(change); wrapper["inherited"] != nil {
		out := maps.Clone(wrapper)
		out["value"] = both
		return out
	}
	return both
}

func deep(now, change map[string]any) map[string]any {
	out := maps.Clone(now)
	for name, v := range change {
		old, ok := out[name].(map[string]any)
		if value, isObject := v.(map[string]any); ok && isObject {
			v = deep(old, value)
		}
		out[name] = v
	}
	return out
}

// client is an OAuth client as it is shown: the values that are set, as they
// are.
type client struct {
	ID        string     `json:"clientId"`
	Revision  string     `json:"clientRevision,omitempty"`
	Values    aic.Object `json:"oauth2Client,omitempty" jsonschema:"by section, the values that are set; no secrets"`
	Inherited []string   `json:"inherited,omitempty" jsonschema:"fields whose values come from elsewhere"`
}

func clientFrom(doc aic.Object) client {
	out := client{ID: aic.String(doc, "_id"), Revision: aic.String(doc, "_rev"), Values: aic.Object{}}
	for name, v := range doc {
		fields, ok := v.(map[string]any)
		if !ok || strings.HasPrefix(name, "_") {
			continue
		}
		section := aic.Object{}
		for field, v := range fields {
			if object(v)["inherited"] == true {
				out.Inherited = append(out.Inherited, name+"."+field)
			}
			if value := aic.Unwrap(v); value != nil && !slices.Contains(secretFields, field) {
				section[field] = public(value)
			}
		}
		out.Values[name] = section
	}
	slices.SortFunc(out.Inherited, cmp.Compare)
	return out
}

const hiddenKeys = "[hidden: it holds secret keys]"

// public hides a set of keys of which one is secret.
func public(v any) any {
	text, ok := v.(string)
	if !ok || !strings.Contains(text, `"keys"`) && !strings.Contains(text, `"kty"`) {
		return v
	}
	var doc map[string]any
	if json.Unmarshal([]byte(text), &doc) != nil {
		return v
	}
	keys, _ := doc["keys"].([]any)
	for _, e := range append(keys, any(doc)) {
		if key := object(e); key["d"] != nil || key["k"] != nil {
			return hiddenKeys
		}
	}
	return v
}
