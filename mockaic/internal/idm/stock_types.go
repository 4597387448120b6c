package idm

// The types that recordings list without their properties' details carry those
// of frodo-cli's exports of the same tenants.
var stockTypes = []stockType{
	stockUser,
	{
		name: "role", title: "Role",
		about:      property{"$schema": jsonSchema, "icon": "fa-check-square-o", "mat-icon": "assignment_ind", "id": urn + "Role", "description": "", "type": "object"},
		properties: roleProperties,
	},
	{
		name: "assignment", title: "Assignment",
		about:      property{"$schema": jsonSchema, "icon": "fa-key", "mat-icon": "vpn_key", "id": urn + "Assignment", "description": "A role assignment", "type": "object"},
		beside:     property{"attributeEncryption": property{}},
		properties: assignmentProperties,
	},
	{
		name: "organization", title: "Organization",
		about:      property{"$schema": jsonSchema, "icon": "fa-building", "mat-icon": "domain", "description": "An organization and its resources", "type": "object"},
		properties: organizationProperties,
	},
	{
		name: "group", title: "Group",
		about:      property{"$schema": jsonSchema, "icon": "fa-group", "mat-icon": "group", "id": urn + "Group", "viewable": true},
		properties: groupProperties,
	},
	{
		name: "application", title: "Application",
		about:      property{"$schema": jsonSchema, "icon": "fa-folder", "description": "Application Object", "type": "object"},
		properties: applicationProperties,
	},
}

// A change is made known to the objects at the other end.
func notifyRelationships(names string) property { return property{"notifyRelationships": words(names)} }

// From recording e61ac9108d56.
var roleProperties = []stockProperty{
	{"_id", "string", "Name|Role ID", ".n.n....", nil, nil},
	{"name", "string", "Name|The role's name", "yy.y....", policies("unique"), nil},
	{"description", "string", "Description|The role's description", ".y.y....", nil, nil},
	{
		"members", "[]relationship", "Role Members", ".y..n...",
		property{"relationshipGrantTemporalConstraintsEnforced": true},
		stockLink{
			to: "managed/REALM_user", label: "User", fields: personFields, reverse: "roles", title: "Role Members Items", meta: "_grantType",
			more: property{"id": urn + "Role:members:items"}, target: conditionalMembers,
		}.schema(),
	},
	{
		"assignments", "[]relationship", "Managed Assignments", ".y..n...", notifyRelationships("members"),
		stockLink{
			to: "managed/REALM_assignment", label: "Assignment", fields: "name", reverse: "roles", title: "Managed Assignments Items",
			more: with(notifySelf, property{"id": urn + "Role:assignments:items"}),
		}.schema(),
	},
	{
		"applications", "[]relationship", "Applications|Role Applications", ".n..n...",
		with(notifyRelationships("members"), property{"relationshipGrantTemporalConstraintsEnforced": true}),
		stockLink{
			to: "managed/REALM_application", label: "Application", fields: "name", reverse: "roles", title: "Role Application Items",
			more: with(notifySelf, property{"id": urn + "Role:applications:items"}),
		}.schema(),
	},
	{"condition", "string", "Condition|A filter for conditional members", ".n.n....", property{"isConditional": true}, nil},
	{
		"temporalConstraints", "[]object", "Temporal Constraints|When the role is granted", ".n..y...",
		with(notifyRelationships("members"), property{"isTemporalConstraint": true}),
		property{
			"title": "Temporal Constraints Items", "order": words("duration"), "required": words("duration"),
			"properties": property{"duration": property{"description": "Duration", "type": "string"}},
		},
	},
}

// Users match a condition of the object that has these members.
var conditionalMembers = property{"conditionalAssociation": true, "notify": true}

var assignmentProperties = []stockProperty{
	{"_id", "string", "Name|The assignment ID", ".n.n....", nil, nil},
	{"name", "string", "Name|The assignment's name", "yy.y....", nil, nil},
	{"description", "string", "Description|The assignment's description", "yy.y....", nil, nil},
	{"type", "string", "Type|What the assignment stands for", ".y......", nil, nil},
	{"mapping", "string", "Mapping|The mapping the assignment is for", "yy.y....", policies("mapping-exists"), nil},
	{"attributes", "[]object", "Assignment Attributes|The attributes the assignment sets", ".y......", notifyRelationships("roles members"), property{
		"title": "Assignment Attributes Items", "order": words("assignmentOperation unassignmentOperation name value"), "required": []any{},
		"properties": property{
			"assignmentOperation":   property{"description": "Assignment operation", "type": "string"},
			"unassignmentOperation": property{"description": "Unassignment operation", "type": "string"},
			"name":                  property{"description": "Name", "type": "string"},
			"value":                 property{"description": "Value", "type": "string"},
		},
	}},
	{"linkQualifiers", "[]string", "Link Qualifiers|The link qualifiers the assignment is limited to", ".y......", nil, property{"title": "Link Qualifiers Items"}},
	{
		"roles", "[]relationship", "Managed Roles", ".yn.n...", nil,
		stockLink{
			to: "managed/REALM_role", label: "Role", fields: "name", reverse: "assignments", title: "Managed Roles Items", meta: "_accountType",
			more: property{"id": urn + "Assignment:roles:items"}, target: entryNotifies,
		}.schema(),
	},
	{
		"members", "[]relationship", "Assignment Members", ".y..n...", nil,
		stockLink{
			to: "managed/REALM_user", label: "User", fields: personFields, reverse: "assignments", title: "Assignment Members Items",
			meta: "_accountType _grantType _uniqueId", more: property{"id": urn + "Assignment:members:items"}, target: conditionalMembers,
		}.schema(),
	},
	{"condition", "string", "Condition|A filter for conditional members", ".n.n....", property{"isConditional": true}, nil},
	{"weight", "number|null", "Weight|The weight of the assignment", ".y.n....", notifyRelationships("roles members"), nil},
}

var organizationProperties = []stockProperty{
	{"name", "string", "Name|", "yyyy....", nil, nil},
	{"description", "string", "Description|", ".yyy....", nil, nil},
	{"owners", "[]relationship", "Owner|", ".ynnn...", notifyRelationships("children"), organizationMember("ownerOfOrg", notifySelf, entryNotifiesNot)},
	{"admins", "[]relationship", "Administrators|", ".ynnn...", notifyRelationships("children"), organizationMember("adminOfOrg", notifySelf, entryNotifiesNot)},
	{"members", "[]relationship", "Members|", ".ynnn...", nil, organizationMember("memberOfOrg", notifySelfNot, entryNotifies)},
	{
		"parent", "relationship", "Parent Organization", ".ynnn...",
		with(notifyRelationships("children members"), organizationBranch("children", entryNotifiesNot)), nil,
	},
	{"children", "[]relationship", "Child Organizations", ".nnnn...", policies(), organizationBranch("parent", entryNotifies)},
	{"adminIDs", "[]string", "Admin user ids|", ".nnnyy..", computedFrom("_id", true, "admins"), property{"title": "admin ids"}},
	{"ownerIDs", "[]string", "Owner user ids|", ".nnnyy..", computedFrom("_id", true, "owners"), property{"title": "owner ids"}},
	{"parentAdminIDs", "[]string", "user ids of parent admins|", ".nnnyy..", computedFrom("adminIDs parentAdminIDs", true, "parent"), property{"title": "user ids of parent admins"}},
	{"parentOwnerIDs", "[]string", "user ids of parent owners|", ".nnnyy..", computedFrom("ownerIDs parentOwnerIDs", true, "parent"), property{"title": "user ids of parent owners"}},
	{"parentIDs", "[]string", "parent org ids|", ".nnnyy..", computedFrom("_id parentIDs", true, "parent"), property{"title": "parent org ids"}},
}

func organizationMember(reverse string, more, target property) property {
	return stockLink{
		to: "managed/REALM_user", label: "User", fields: personFields, sort: words(""),
		reverse: reverse, plain: true, named: true, more: more, target: target,
	}.schema()
}

func organizationBranch(reverse string, target property) property {
	return stockLink{
		to: "managed/REALM_organization", label: "Organization", fields: "name description", sort: words(""),
		reverse: reverse, plain: true, named: true, more: notifySelf, target: target,
	}.schema()
}

var groupProperties = []stockProperty{
	{"_id", "string", "|Group ID", ".nnn..ny", policies(policy("id-must-equal-property", "propertyName", "name")), nil},
	{"name", "string", "Name|Group Name", "yy.y....", policies("required", policy("cannot-contain-characters", "forbiddenChars", words("/*"))), nil},
	{"description", "string", "Description|Group Description", ".yny....", nil, nil},
	{"condition", "string", "Condition|A filter for conditional members", ".n.n....", with(property{"isConditional": true}, policies("valid-query-filter")), nil},
	{
		"members", "[]relationship", "Members|Group Members", ".ynnn...", policies(),
		stockLink{
			to: "managed/REALM_user", label: "User", fields: personFields, reverse: "groups", title: "Group Members Items", meta: "_grantType",
			more: property{"id": urn + "Group:members:items"}, target: conditionalMembers,
		}.schema(),
	},
}

var applicationProperties = []stockProperty{
	{"name", "string", "Name|Application name", "yyyyy...", with(notifyRelationships("roles members"), policies("unique")), nil},
	{"description", "string", "Description|Application Description", ".y.y....", nil, nil},
	{"url", "string", "Url|", ".yyy....", nil, nil},
	{"icon", "string", "Icon|", ".yyy....", nil, nil},
	{"mappingNames", "[]string", "Sync Mapping Names|The mappings that provision the application", ".y.y....", nil, property{"title": "Mapping Name Items"}},
	{
		"owners", "[]relationship", "Owners|Application Owners", ".ynnn...", nil,
		stockLink{to: "managed/REALM_user", label: "User", fields: personFields, reverse: "ownerOfApp", metaTitle: "Application", plain: true}.schema(),
	},
	{
		"roles", "[]relationship", "Roles|Roles that grant the application", ".ynnn...", nil,
		stockLink{
			to: "managed/REALM_role", label: "Role", fields: "name", sort: words(""), reverse: "applications", meta: "_accountType",
			plain: true, named: true, more: notifySelf, target: entryNotifies,
		}.schema(),
	},
	{
		"members", "[]relationship", "Members|Application Members", ".ynnn...", policies(),
		stockLink{
			to: "managed/REALM_user", label: "User", fields: personFields, reverse: "applications", title: "Group Members Items",
			meta: "_accountType _grantType _uniqueId", more: property{"id": urn + "Application:members:items"}, target: entryNotifies,
		}.schema(),
	},
	{"_id", "string", "|Application ID", "-nnn..n.", nil, nil},
	{"authoritative", "boolean", "Authoritative|Whether the application is authoritative", "-n.n....", nil, nil},
	{"connectorId", "string", "Connector ID|The application's connector", "-nnn....", nil, nil},
	{"ssoEntities", "object", "SSO Entity Id", "-nnn....", property{"properties": ssoEntities()}, nil},
	{"templateName", "string", "Template Name|The template the application was made from", "-nnn....", nil, nil},
	{"templateVersion", "string", "Template Version|The template's version", "-nnn....", nil, nil},
	{"uiConfig", "object", "UI Config", "-n.n..ny", property{"properties": property{}}, nil},
}

func ssoEntities() property {
	entities := property{}
	for _, name := range words("domain federatedDomain idpLocation idpLoginUrl idpPrivateId key oidcId pfApcId pfIdpAdapterId pfPolicyId pfSigningCertId pfSpConnectionId spLocation spPrivate spPrivateId") {
		entities[name.(string)] = property{"type": "string"}
	}
	return entities
}
