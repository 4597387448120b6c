package idm

import "slices"

const personFields = "userName givenName sn"

var (
	entryNotifies    = property{"notify": true}
	entryNotifiesNot = property{"notify": false}
	onCondition      = property{"conditionalAssociationField": "condition"}
	notifySelf       = property{"notifySelf": true}
	notifySelfNot    = property{"notifySelf": false}
)

// stockUser is the type of the users as recording 28ccd5f0ec73 has it, but for cn
// and telephoneNumber, which e61ac9108d56 and b55886d1eb91 agree on.
var stockUser = stockType{
	name: "user", title: "User",
	about: property{
		"$schema": draft3Schema, "icon": "fa-user", "mat-icon": "people",
		"id": urn + "User", "type": "object", "viewable": true,
	},
	beside: property{
		"lastSync":      property{"effectiveAssignmentsProperty": "effectiveAssignments", "lastSyncProperty": "lastSync"},
		"meta":          trackedIn("managed/REALM_usermeta"),
		"notifications": property{},
	},
	properties: slices.Concat(
		accountProperties, grantProperties, stateProperties, organizationLinks,
		indexedStrings,
		extensions("frUnindexedString", "Generic Unindexed String", "string", ".yy...ny", 5),
		extensions("frIndexedMultivalued", "Generic Indexed Multivalue", "[]string", ".yyy..ny", 5),
		extensions("frUnindexedMultivalued", "Generic Unindexed Multivalue", "[]string", ".yy...ny", 5),
		extensions("frIndexedDate", "Generic Indexed Date", "string", ".yyy..ny", 5),
		extensions("frUnindexedDate", "Generic Unindexed Date", "string", ".yy...ny", 5),
		extensions("frIndexedInteger", "Generic Indexed Integer", "number", ".yyy..ny", 5),
		extensions("frUnindexedInteger", "Generic Unindexed Integer", "number", ".yy...ny", 5),
		signInProperties,
	),
}

var indexedStrings = extensions("frIndexedString", "Generic Indexed String", "string", ".yyy..ny", 20)

var accountProperties = []stockProperty{
	{"_id", "string", "|User ID", ".nnn..ny", policies(policy("cannot-contain-characters", "forbiddenChars", words("/"))), nil},
	{"userName", "string", "Username", "yyyy..yy", with(property{"minLength": 1}, policies(
		"valid-username",
		policy("cannot-contain-characters", "forbiddenChars", words("/")),
		policy("minimum-length", "minLength", 1),
		policy("maximum-length", "maxLength", 255),
	)), nil},
	{"password", "string", "Password", ".nyn..ny", property{"scope": "private", "isProtected": true}, nil},
	{"givenName", "string", "First Name", "yyyy..yy", nil, nil},
	{"cn", "string", "Common Name", ".nnn..y.", property{"default": "{{givenName}} {{sn}}", "scope": "private"}, nil},
	{"sn", "string", "Last Name", "yyyy..yy", nil, nil},
	{"mail", "string", "Email Address", "yyyy..yy", policies("valid-email-address-format"), nil},
	{"profileImage", "string", "Profile Image", ".nyn..yy", nil, nil},
	{"description", "string", "Description", ".yyn..ny", nil, nil},
	{"accountStatus", "string", "Status", ".ynn..ny", property{"default": "active"}, nil},
	{"telephoneNumber", "string", "Telephone Number", ".yy...yy", property{"pattern": `^\+?([0-9\- \(\)])*$`}, nil},
	{"postalAddress", "string", "Address 1", ".yy...yy", nil, nil},
	{"city", "string", "City", ".yy...ny", nil, nil},
	{"postalCode", "string", "Postal Code", ".yy...ny", nil, nil},
	{"country", "string", "Country", ".yy...ny", nil, nil},
	{"stateProvince", "string", "State/Province", ".yy...ny", nil, nil},
}

var grantProperties = []stockProperty{
	{
		"roles", "[]relationship", "Provisioning Roles", ".yn.n.ny",
		property{"id": urn + "User:roles", "relationshipGrantTemporalConstraintsEnforced": true},
		stockLink{
			to: "managed/REALM_role", label: "Role", fields: "name", reverse: "members", title: "Provisioning Roles Items",
			meta: "_grantType", more: with(notifySelf, property{"id": urn + "User:roles:items"}), target: onCondition,
		}.schema(),
	},
	{
		"assignments", "[]relationship", "Assignments", ".yn.n.ny",
		property{"id": urn + "User:assignments"},
		stockLink{
			to: "managed/REALM_assignment", label: "Assignment", fields: "name", reverse: "members", title: "Assignments Items",
			metaTitle: "Provisioning Roles Items", meta: "_accountType _grantType _uniqueId",
			more: with(notifySelf, property{"id": urn + "User:assignments:items"}), target: onCondition,
		}.schema(),
	},
	{
		"groups", "[]relationship", "Groups", ".yn.n.ny",
		property{"id": urn + "User:groups", "relationshipGrantTemporalConstraintsEnforced": false},
		stockLink{
			to: "managed/REALM_group", label: "Group", fields: "name", reverse: "members", title: "Groups Items",
			meta: "_grantType", more: with(notifySelf, property{"id": urn + "User:groups:items"}), target: with(onCondition, entryNotifies),
		}.schema(),
	},
	{
		"applications", "[]relationship", "Applications", ".nn.n.ny",
		property{"id": urn + "User:applications"},
		stockLink{
			to: "managed/REALM_application", label: "Application", fields: "name", sort: words("name"), reverse: "members", title: "Groups Items",
			meta: "_accountType _uniqueId", more: with(notifySelf, property{"id": urn + "User:applications:items"}),
		}.schema(),
	},
	{
		"manager", "relationship", "Manager", ".ynn..ny",
		stockLink{to: "managed/REALM_user", label: "User", fields: personFields, reverse: "reports", metaTitle: "Manager"}.schema(), nil,
	},
	{
		"authzRoles", "[]relationship", "Authorization Roles", ".yn.n.ny",
		property{"id": urn + "User:authzRoles"},
		stockLink{
			to: "internal/role", label: "Internal Role", fields: "name", reverse: "authzMembers", title: "Authorization Roles Items",
			more: property{"id": urn + "User:authzRoles:items"}, target: onCondition,
		}.schema(),
	},
	{
		"reports", "[]relationship", "Direct Reports", ".yn.n.ny", nil,
		stockLink{
			to: "managed/REALM_user", label: "User", fields: personFields, reverse: "manager", title: "Direct Reports Items",
			more: property{"id": urn + "User:reports:items"},
		}.schema(),
	},
	{"effectiveRoles", "[]object", "Effective Roles", ".n..yyny", computedFrom("", false, "roles"), property{"title": "Effective Roles Items"}},
	{"effectiveAssignments", "[]object", "Effective Assignments", ".n..yyny", computedFrom("*", false, "roles assignments", "assignments"), property{"title": "Effective Assignments Items"}},
	{"effectiveGroups", "[]object", "Effective Groups", ".n..yyny", computedFrom("", false, "groups"), property{"title": "Effective Groups Items"}},
	{"effectiveApplications", "[]object", "Effective Applications", ".n..yyn.", computedFrom("name", false, "roles applications", "applications"), property{"title": "Effective Assigned Application Items"}},
}

var stateProperties = []stockProperty{
	{"lastSync", "object", "Last Sync timestamp", ".n.n..ny", property{
		"scope": "private",
		"order": words("effectiveAssignments timestamp"), "required": []any{},
		"properties": property{
			"effectiveAssignments": property{
				"title": "Effective Assignments", "description": "Effective Assignments", "type": "array",
				"items": property{"title": "Effective Assignments Items", "type": "object"},
			},
			"timestamp": property{"description": "Timestamp", "type": "string"},
		},
	}, nil},
	{"kbaInfo", "[]object", "|KBA Info", ".ny...yy", nil, property{
		"title": "KBA Info Items", "order": words("answer customQuestion questionId"), "required": []any{},
		"properties": property{
			"answer":         property{"description": "Answer", "type": "string"},
			"customQuestion": property{"description": "Custom question", "type": "string"},
			"questionId":     property{"description": "Question ID", "type": "string"},
		},
	}},
	{"preferences", "object", "Preferences", ".yyn..ny", property{
		"order": words("updates marketing"), "required": []any{},
		"properties": property{
			"updates":   property{"description": "Send me news and updates", "type": "boolean"},
			"marketing": property{"description": "Send me special offers and services", "type": "boolean"},
		},
	}, nil},
	{"consentedMappings", "[]array", "Consented Mappings", ".nynnnny", nil, property{
		"title": "Consented Mappings Items",
		"items": property{
			"title": "Consented Mappings Item", "type": "object",
			"order": words("mapping consentDate"), "required": words("mapping consentDate"),
			"properties": property{
				"mapping":     property{"title": "Mapping", "description": "Mapping", "type": "string", "viewable": true, "searchable": false, "userEditable": true},
				"consentDate": property{"title": "Consent Date", "description": "Consent Date", "type": "string", "viewable": true, "searchable": false, "userEditable": true},
			},
		},
	}},
}

var organizationLinks = []stockProperty{
	{"ownerOfOrg", "[]relationship", "Organizations I Own|", ".ynnn...", policies(), organizationLink("owners", notifySelfNot, entryNotifies)},
	{"adminOfOrg", "[]relationship", "Organizations I Administer|", ".ynnn...", policies(), organizationLink("admins", notifySelfNot, entryNotifies)},
	{"memberOfOrg", "[]relationship", "Organizations to which I Belong|", ".ynnn...", policies(), organizationLink("members", notifySelf, entryNotifiesNot)},
	{"memberOfOrgIDs", "[]string", "MemberOfOrgIDs|", ".nnnyy..", computedFrom("_id parentIDs", true, "memberOfOrg"), property{"title": "org identifiers"}},
	{
		"ownerOfApp", "[]relationship", "Applications I Own|", ".ynnn...", nil,
		stockLink{to: "managed/REALM_application", label: "Application", fields: "name", sort: words("name"), reverse: "owners", plain: true}.schema(),
	},
	{"passwordLastChangedTime", "string", "Password Last Changed Time", ".yny....", nil, nil},
	{"passwordExpirationTime", "string", "Password Expiration Time", ".yny....", nil, nil},
}

func organizationLink(reverse string, more, target property) property {
	return stockLink{
		to: "managed/REALM_organization", label: "Organization", fields: "name", sort: words(""),
		reverse: reverse, plain: true, named: true, more: more, target: target,
	}.schema()
}

var signInProperties = []stockProperty{
	{"assignedDashboard", "[]string", "Assigned Dashboard|List of items to click on for this user", ".ynn.y..", computedFrom("name", true, "roles applications", "applications"), property{"title": "Assigned Dashboard Items"}},
	{"devicePrintProfiles", "[]string", "Device Print Profiles|Device Print Profiles Information", ".yyn..n.", nil, property{"title": "Profile"}},
	{"deviceProfiles", "[]string", "Device Profiles", ".yyn..ny", nil, property{"title": "Profile"}},
	{"oathDeviceProfiles", "[]string", "Oath Device Profiles", ".yyn..n.", nil, property{"title": "Profile"}},
	{"pushDeviceProfiles", "[]string", "Push Device Profiles", ".yyn..n.", nil, property{"title": "Profile"}},
	{"webauthnDeviceProfiles", "[]string", "Web AuthN Device Profiles", ".yyn..n.", nil, property{"title": "Profile"}},
	{"aliasList", "[]string", "User Alias Names List|Names under which social providers know this user", "-nynnn..", nil, property{"title": "User Alias Names Items"}},
}
