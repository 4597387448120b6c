package idm

import (
	"fmt"
	"strings"

	"aicmcp/mockaic/internal/store"
)

// stockProperty declares one property of a stock type. REALM in a target is
// the realm's name.
type stockProperty struct {
	name string
	kind string // JSON type; "[]x" is an array of x
	// flags are required, viewable, userEditable, searchable, returnByDefault,
	// isVirtual and isPersonal, each y, n or "." for a key that is absent.
	flags string
	more  property
}

type property = map[string]any

func relation(target, reverse string) property {
	return property{"resourceCollection": []any{map[string]any{"path": target}}, "reverseRelationship": true, "reversePropertyName": reverse, "validate": true}
}

func policies(ids ...any) property {
	list := make([]any, len(ids))
	for i, id := range ids {
		if text, ok := id.(string); ok {
			id = map[string]any{"policyId": text}
		}
		list[i] = id
	}
	return property{"policies": list}
}

func policy(id, parameter string, value any) map[string]any {
	return map[string]any{"policyId": id, "params": map[string]any{parameter: value}}
}

// The stock types as a tenant of 2026 lists them, from recorded answers.
var userProperties = []stockProperty{
	{"_id", "string", ".nnn..n", policies(policy("cannot-contain-characters", "forbiddenChars", []any{"/"}))},
	{"userName", "string", "yyyy..y", policies("valid-username", policy("cannot-contain-characters", "forbiddenChars", []any{"/"}), policy("minimum-length", "minLength", 1), policy("maximum-length", "maxLength", 255))},
	{"password", "string", ".nyn..n", property{"scope": "private", "isProtected": true}},
	{"givenName", "string", "yyyy..y", nil},
	{"cn", "string", ".nnn..y", property{"default": "{{givenName}} {{sn}}", "scope": "private"}},
	{"sn", "string", "yyyy..y", nil},
	{"mail", "string", "yyyy..y", policies("valid-email-address-format")},
	{"profileImage", "string", ".nyn..y", nil},
	{"description", "string", ".yyn..n", nil},
	{"accountStatus", "string", ".yny..n", property{"default": "active"}},
	{"telephoneNumber", "string", ".yy...y", property{"pattern": `^\+?([0-9\- \(\)])*$`}},
	{"postalAddress", "string", ".yy...y", nil},
	{"city", "string", ".yy...n", nil},
	{"postalCode", "string", ".yy...n", nil},
	{"country", "string", ".yy...n", nil},
	{"stateProvince", "string", ".yy...n", nil},
	{"roles", "[]relationship", ".yn.n.n", relation("managed/REALM_role", "members")},
	{"assignments", "[]relationship", ".yn.n.n", relation("managed/REALM_assignment", "members")},
	{"groups", "[]relationship", ".yn.n.n", relation("managed/REALM_group", "members")},
	{"applications", "[]relationship", ".nn.n.n", relation("managed/REALM_application", "members")},
	{"manager", "relationship", ".ynn..n", relation("managed/REALM_user", "reports")},
	{"authzRoles", "[]relationship", ".yn.n.n", relation("internal/role", "authzMembers")},
	{"reports", "[]relationship", ".yn.n.n", relation("managed/REALM_user", "manager")},
	{"effectiveRoles", "[]object", ".n..yyn", nil},
	{"effectiveAssignments", "[]object", ".n..yyn", nil},
	{"effectiveGroups", "[]object", ".n..yyn", nil},
	{"effectiveApplications", "[]object", ".n..yyn", nil},
	{"lastSync", "object", ".n.n..n", property{"scope": "private"}},
	{"kbaInfo", "[]object", ".ny...y", nil},
	{"preferences", "object", ".yyn..n", nil},
	{"consentedMappings", "[]array", ".nynnnn", nil},
	{"ownerOfOrg", "[]relationship", ".ynnn..", relation("managed/REALM_organization", "owners")},
	{"adminOfOrg", "[]relationship", ".ynnn..", relation("managed/REALM_organization", "admins")},
	{"memberOfOrg", "[]relationship", ".ynnn..", relation("managed/REALM_organization", "members")},
	{"memberOfOrgIDs", "[]string", ".nnnyy.", nil},
	{"ownerOfApp", "[]relationship", ".ynnn..", relation("managed/REALM_application", "owners")},
	{"passwordLastChangedTime", "string", ".yny...", nil},
	{"passwordExpirationTime", "string", ".yny...", nil},
	{"assignedDashboard", "[]string", ".ynn.y.", nil},
	{"devicePrintProfiles", "[]string", ".yyn..n", nil},
	{"deviceProfiles", "[]string", ".yyn..n", nil},
	{"oathDeviceProfiles", "[]string", ".yyn..n", nil},
	{"pushDeviceProfiles", "[]string", ".yyn..n", nil},
	{"webauthnDeviceProfiles", "[]string", ".yyn..n", nil},
	{"aliasList", "[]string", ".nynnn.", nil},
	{"frIndexedString1..20", "string", ".yyy..n", nil},
	{"frUnindexedString1..5", "string", ".yy...n", nil},
	{"frIndexedMultivalued1..5", "[]string", ".yyy..n", nil},
	{"frUnindexedMultivalued1..5", "[]string", ".yy...n", nil},
	{"frIndexedDate1..5", "string", ".yyy..n", nil},
	{"frUnindexedDate1..5", "string", ".yy...n", nil},
	{"frIndexedInteger1..5", "number", ".yyy..n", nil},
	{"frUnindexedInteger1..5", "number", ".yy...n", nil},
}

var roleProperties = []stockProperty{
	{"_id", "string", ".n.n...", nil},
	{"name", "string", "yy.y...", policies("unique")},
	{"description", "string", ".y.y...", nil},
	{"members", "[]relationship", ".y..n..", relation("managed/REALM_user", "roles")},
	{"assignments", "[]relationship", ".y..n..", relation("managed/REALM_assignment", "roles")},
	{"applications", "[]relationship", ".y..n..", relation("managed/REALM_application", "roles")},
	{"condition", "string", ".n.n...", nil},
	{"temporalConstraints", "[]object", ".n..y..", nil},
}

var assignmentProperties = []stockProperty{
	{"_id", "string", ".n.n...", nil},
	{"name", "string", "yy.y...", nil},
	{"description", "string", "yy.y...", nil},
	{"type", "string", ".y.y...", nil},
	{"mapping", "string", "yy.y...", nil},
	{"attributes", "[]object", ".y.n...", nil},
	{"linkQualifiers", "[]string", ".n.n...", nil},
	{"roles", "[]relationship", ".y..n..", relation("managed/REALM_role", "assignments")},
	{"members", "[]relationship", ".y..n..", relation("managed/REALM_user", "assignments")},
	{"condition", "string", ".n.n...", nil},
	{"weight", "number|null", ".n.n...", nil},
}

var organizationProperties = []stockProperty{
	{"name", "string", "yy.y...", nil},
	{"description", "string", ".y.y...", nil},
	{"owners", "[]relationship", ".y..n..", relation("managed/REALM_user", "ownerOfOrg")},
	{"admins", "[]relationship", ".y..n..", relation("managed/REALM_user", "adminOfOrg")},
	{"members", "[]relationship", ".y..n..", relation("managed/REALM_user", "memberOfOrg")},
	{"parent", "relationship", ".y..n..", relation("managed/REALM_organization", "children")},
	{"children", "[]relationship", ".y..n..", relation("managed/REALM_organization", "parent")},
	{"adminIDs", "[]string", ".n.nyy.", nil},
	{"ownerIDs", "[]string", ".n.nyy.", nil},
	{"parentAdminIDs", "[]string", ".n.nyy.", nil},
	{"parentOwnerIDs", "[]string", ".n.nyy.", nil},
	{"parentIDs", "[]string", ".n.nyy.", nil},
}

var groupProperties = []stockProperty{
	{"_id", "string", ".n.n...", nil},
	{"name", "string", "yy.y...", policies("unique")},
	{"description", "string", ".y.y...", nil},
	{"condition", "string", ".n.n...", nil},
	{"members", "[]relationship", ".y..n..", relation("managed/REALM_user", "groups")},
}

var applicationProperties = []stockProperty{
	{"name", "string", "yy.y...", nil},
	{"description", "string", ".y.y...", nil},
	{"url", "string", ".y.n...", nil},
	{"icon", "string", ".y.n...", nil},
	{"mappingNames", "[]string", ".y.n...", nil},
	{"owners", "[]relationship", ".y..n..", relation("managed/REALM_user", "ownerOfApp")},
	{"roles", "[]relationship", ".y..n..", relation("managed/REALM_role", "applications")},
	{"members", "[]relationship", ".y..n..", relation("managed/REALM_user", "applications")},
	{"_id", "string", ".n.n...", nil},
	{"authoritative", "boolean", ".n.n...", nil},
	{"connectorId", "string", ".n.n...", nil},
	{"ssoEntities", "object", ".n.n...", nil},
	{"templateName", "string", ".n.n...", nil},
	{"templateVersion", "string", ".n.n...", nil},
	{"uiConfig", "object", ".n.n...", nil},
}

// Realms are the realms that have identities.
var Realms = []string{"alpha", "bravo"}

// StockTypes is the configuration of a new tenant's managed objects.
func StockTypes() store.Object {
	stock := []struct {
		name, title, icon string
		properties        []stockProperty
	}{
		{"user", "User", "people", userProperties},
		{"role", "Role", "assignment_ind", roleProperties},
		{"assignment", "Assignment", "vpn_key", assignmentProperties},
		{"organization", "Organization", "domain", organizationProperties},
		{"group", "Group", "group", groupProperties},
		{"application", "Application", "fa-folder", applicationProperties},
	}
	var objects []any
	for _, t := range stock {
		for _, realm := range Realms {
			objects = append(objects, map[string]any{
				"name":   realm + "_" + t.name,
				"schema": stockSchema(realm, t.title, t.icon, t.properties),
			})
		}
	}
	return store.Object{"objects": objects}
}

func stockSchema(realm, title, icon string, declared []stockProperty) map[string]any {
	var order, required []any
	properties := map[string]any{}
	for _, p := range declared {
		for _, name := range p.names() {
			order = append(order, name)
			if p.flags[0] == 'y' {
				required = append(required, name)
			}
			properties[name] = p.schema(realm, name)
		}
	}
	return map[string]any{
		"$schema":     "http://forgerock.org/json-schema#",
		"title":       strings.ToUpper(realm[:1]) + realm[1:] + " realm - " + title,
		"description": "",
		"mat-icon":    icon,
		"type":        "object",
		"viewable":    true,
		"order":       order,
		"required":    required,
		"properties":  properties,
	}
}

// names expands "name1..5".
func (p stockProperty) names() []string {
	stem, last, many := strings.Cut(p.name, "1..")
	if !many {
		return []string{p.name}
	}
	var names []string
	var count int
	if _, err := fmt.Sscan(last, &count); err != nil {
		panic(err) // a mistake in the tables above
	}
	for i := 1; i <= count; i++ {
		names = append(names, fmt.Sprint(stem, i))
	}
	return names
}

func (p stockProperty) schema(realm, name string) property {
	schema := property{"title": title(name)}
	keys := []string{1: "viewable", 2: "userEditable", 3: "searchable", 4: "returnByDefault", 5: "isVirtual", 6: "isPersonal"}
	for i, key := range keys {
		if key != "" && p.flags[i] != '.' {
			schema[key] = p.flags[i] == 'y'
		}
	}
	target := schema
	if item, ok := strings.CutPrefix(p.kind, "[]"); ok {
		schema["type"] = "array"
		target = property{"type": item}
		schema["items"] = target
	} else if kinds := strings.Split(p.kind, "|"); len(kinds) > 1 {
		schema["type"] = []any{kinds[0], kinds[1]}
	} else {
		schema["type"] = p.kind
	}
	if !strings.HasSuffix(p.kind, "relationship") {
		target = schema
	}
	for key, value := range p.more {
		target[key] = inRealm(value, realm)
	}
	return schema
}

func inRealm(value any, realm string) any {
	switch v := value.(type) {
	case string:
		return strings.ReplaceAll(v, "REALM", realm)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = inRealm(v[i], realm)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for key := range v {
			object[key] = inRealm(v[key], realm)
		}
		return object
	}
	return value
}

// title spells a property's name for people: givenName is "Given Name".
func title(name string) string {
	var words strings.Builder
	for i, r := range name {
		if i > 0 && r >= 'A' && r <= 'Z' && (name[i-1] < 'A' || name[i-1] > 'Z') {
			words.WriteByte(' ')
		}
		words.WriteRune(r)
	}
	text := strings.TrimPrefix(words.String(), "_")
	return strings.ToUpper(text[:1]) + text[1:]
}
