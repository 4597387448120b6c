package idm

// agentTypes are the types of the feature aiagent. The privilege is as recording
// 116f56326979 has it; of the agent the properties are recorded, not their details.
var agentTypes = []stockType{
	{
		name: "aiagent", title: "AI Agent",
		about: property{"$schema": jsonSchema, "icon": "fa-android", "type": "object"},
		// That there is a hook is recorded, not what it does.
		beside: property{"onDelete": property{
			"type": "text/javascript", "globals": property{},
			"source": "openidm.query(resourceName + '/privileges', {'_queryFilter': 'true'}).result.forEach(function (privilege) { openidm.delete(privilege._ref, null); });",
		}},
		properties: agentProperties,
	},
	{
		name: "aiagentprivilege", title: "AI Agent Privilege",
		about:      property{"$schema": jsonSchema, "icon": "fa-unlock-alt", "type": "object"},
		properties: agentPrivilegeProperties,
	},
}

const agentPrivilegeURN = urn + "AIAgentPrivilege:"

var agentProperties = []stockProperty{
	{"_id", "string", "|Agent ID", ".ynn....", nil, nil},
	{"name", "string", "Name|Agent Name", "yyyy....", nil, nil},
	{"description", "string", "Description|Agent Description", ".yyn....", nil, nil},
	{"oauth2ClientId", "string", "OAuth2 Client ID|The agent's OAuth2 client", "yyyy....", nil, nil},
	{
		"owners", "[]relationship", "Owners|Agent Owners", ".ynnn...", nil,
		stockLink{
			to: "managed/REALM_user", label: "User", fields: "userName", sort: words(""), title: "Agent Owners Items", named: true,
			more: with(notifySelf, property{"id": urn + "AIAgent:owners:items"}), target: entryNotifiesNot,
		}.schema(),
	},
	{
		"privileges", "[]relationship", "Privileges|Agent Privileges", ".ynnn...", nil,
		stockLink{
			to: "managed/REALM_aiagentprivilege", label: "Agent Privilege", fields: "_id", sort: words(""), reverse: "agent", title: "Agent Privileges Items", named: true,
			more: with(notifySelfNot, property{"id": urn + "AIAgent:privileges:items"}), target: entryNotifies,
		}.schema(),
	},
	{"customAttributes", "object", "Custom Attributes", ".yyn....", nil, nil},
}

var agentPrivilegeProperties = []stockProperty{
	{"_id", "string", "|Agent Privilege ID", ".ynn....", nil, nil},
	{"description", "string", "Description|Privilege Description", ".yyn....", nil, nil},
	{"agentID", "string", "Agent ID|ID of the associated AI Agent", ".ynyyy..", computedFrom("_id", true, "agent"), nil},
	{"agentOAuth2ClientId", "string", "Agent OAuth2 Client ID|OAuth2 Client ID of the associated AI Agent", ".ynyyy..", computedFrom("oauth2ClientId", true, "agent"), nil},
	{
		"agent", "relationship", "Agent", "yynnn...",
		stockLink{
			to: "managed/REALM_aiagent", label: "Agent", fields: "_id", sort: words(""), reverse: "privileges", metaTitle: "Agent Privilege Agent", named: true,
			more: with(notifySelf, property{"id": agentPrivilegeURN + "agent"}), target: entryNotifiesNot,
		}.schema(), nil,
	},
	{
		"resource", "relationship", "Resource|The resource the privilege is for", ".ynnn...",
		stockLink{
			to: "managed/REALM_application", label: "Application", fields: "name", sort: words(""), reverse: "aiagentprivileges", metaTitle: "Agent Privilege Resource", named: true,
			more: with(notifySelf, property{"id": agentPrivilegeURN + "resource"}), target: entryNotifies,
		}.schema(), nil,
	},
	{"resourceData", "object", "Resource Data|What privileges are found by", ".ynyyy..", computedFrom("_id ssoEntities", false, "resource"), nil},
	{
		"subjects", "[]relationship", "Subjects|Those on whose behalf the agent may act", ".ynnn...", nil,
		stockLink{
			to: "managed/REALM_user", label: "User", fields: "userName", sort: words(""), title: "Agent Privilege Subjects Items", named: true,
			more: with(notifySelf, property{"id": agentPrivilegeURN + "subjects:items"}), target: entryNotifiesNot,
		}.schema(),
	},
	{
		"subjectGroups", "[]relationship", "Subject Groups|Groups on whose behalf the agent may act", ".ynnn...", nil,
		stockLink{
			to: "managed/REALM_group", label: "Group", fields: "name", sort: words(""), reverse: "aiagentprivileges", title: "Agent Privilege Subject Groups Items", named: true,
			more: with(notifySelf, property{"id": agentPrivilegeURN + "subjectGroups:items"}), target: entryNotifiesNot,
		}.schema(),
	},
	{"subjectIDs", "[]string", "Subject IDs|IDs of the subjects", ".ynyyy..", computedFrom("_id", true, "subjectGroups members", "subjects"), nil},
	{"permissions", "[]object", "Permissions|What the privilege permits", ".yyn....", nil, property{
		"title": "Permission", "order": words("type values"), "required": words("type values"),
		"properties": property{
			"type":   property{"title": "Permission Type", "description": "Type of permission", "type": "string", "viewable": true, "searchable": false, "userEditable": true},
			"values": property{"title": "Values", "description": "Permission values", "type": "array", "items": property{"type": "string"}, "viewable": true, "searchable": false, "userEditable": true},
		},
	}},
}

// agentReverses are the other ends of an agent privilege's relationships.
var agentReverses = []addition{
	{"group", []stockProperty{agentPrivileges("Group", "subjectGroups")}},
	{"application", []stockProperty{agentPrivileges("Application", "resource")}},
}

func agentPrivileges(title, reverse string) stockProperty {
	return stockProperty{
		"aiagentprivileges", "[]relationship", "Agent Privileges|" + title + " Agent Privileges", "-nnnn...", nil,
		stockLink{
			to: "managed/REALM_aiagentprivilege", label: "Agent Privilege", fields: "_id", sort: words(""), reverse: reverse, title: title + " Agent Privileges Items", named: true,
			more: with(notifySelfNot, property{"id": urn + title + ":aiagentprivileges:items"}), target: entryNotifies,
		}.schema(),
	}
}
