package idm

// HiddenTypes are the types that a tenant has but config/managed does not list,
// in the form of its objects.
func HiddenTypes() []any {
	types := realmTypes([]stockType{hiddenType("usermeta", "User Meta", trackedProperties)})["objects"].([]any)
	administrator := hiddenType("teammember", "Team Member", teamMemberProperties)
	administrator.beside = property{"meta": trackedIn("managed/teammembermeta")}
	for _, t := range []stockType{
		administrator,
		hiddenType("teammembermeta", "Team Member Meta", trackedProperties),
		hiddenType("svcacct", "Service Account", serviceAccountProperties),
	} {
		types = append(types, t.definition(t.name, ""))
	}
	return types
}

func hiddenType(name, title string, properties []stockProperty) stockType {
	return stockType{name: name, title: title, about: property{"$schema": jsonSchema, "type": "object"}, properties: properties}
}

// trackedIn declares the objects that keep when those of a type were made and changed.
func trackedIn(collection string) property {
	return property{"property": "_meta", "resourceCollection": collection, "trackedProperties": words("createDate lastChanged")}
}

var trackedProperties = []stockProperty{
	{"_id", "string", "|Meta ID", ".nnn....", nil, nil},
	{"createDate", "string", "Create Date", ".yny....", nil, nil},
	{"lastChanged", "object", "Last Changed", ".yny....", property{
		"order": words("date"), "required": []any{},
		"properties": property{"date": property{"title": "Date", "type": "string"}},
	}, nil},
}

// The properties that recording 6981ae6ff50d (config/repo.ds) maps for managed/teammember.
var teamMemberProperties = []stockProperty{
	{"_id", "string", "|Team Member ID", ".nnn....", nil, nil},
	{"userName", "string", "Username", "yyyy....", policies("valid-username"), nil},
	{"password", "string", "Password", ".nyn....", property{"scope": "private", "isProtected": true}, nil},
	{"givenName", "string", "First Name", ".yyy....", nil, nil},
	{"cn", "string", "Common Name", ".nnn....", property{"default": "{{givenName}} {{sn}}", "scope": "private"}, nil},
	{"sn", "string", "Last Name", ".yyy....", nil, nil},
	{"mail", "string", "Email Address", ".yyy....", policies("valid-email-address-format"), nil},
	{"accountStatus", "string", "Status", ".ynn....", property{"default": "active"}, nil},
	{"inviteDate", "string", "Invite Date", ".ynn....", nil, nil},
	{"onboardDate", "string", "Onboard Date", ".ynn....", nil, nil},
	{"jurisdiction", "string", "Jurisdiction", ".ynn....", nil, nil},
}

// The limits are strings, and these are their defaults (recording 27a10141d9fb).
var serviceAccountProperties = []stockProperty{
	{"_id", "string", "|Service Account ID", ".nnn....", nil, nil},
	{"name", "string", "Name", "yyyy....", nil, nil},
	{"description", "string", "Description", ".yyy....", nil, nil},
	{"accountStatus", "string", "Status", ".yny....", property{"default": "Active"}, nil},
	{"scopes", "[]string", "Scopes", ".yyn....", nil, nil},
	{"jwks", "string", "JWKS", ".yyn....", nil, nil},
	{"maxCachingTime", "string", "Max Caching Time", ".ynn....", property{"default": "15"}, nil},
	{"maxIdleTime", "string", "Max Idle Time", ".ynn....", property{"default": "15"}, nil},
	{"maxSessionTime", "string", "Max Session Time", ".ynn....", property{"default": "15"}, nil},
	{"quotaLimit", "string", "Quota Limit", ".ynn....", property{"default": "5"}, nil},
}
