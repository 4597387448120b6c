package idm

// accessRule lets those with roles use methods and actions on what pattern matches.
type accessRule struct {
	pattern, roles, methods string
	actions                 string // "-" leaves the key out
	condition               string // a script, customAuthz
}

const (
	roleAnyone     = "*"
	roleAuthorized = "internal/role/openidm-authorized"
	roleAdmin      = "internal/role/openidm-admin"
	rolePlatform   = "internal/role/platform-provisioning"
)

// From recording c440abb68024.
var accessRules = []accessRule{
	{"info/*", roleAnyone, "read", "*", ""},
	{"authentication", roleAnyone, "read,action", "login,logout", ""},
	{"config/fidc/*", roleAnyone, "read", "*", ""},
	{"config/fidc/*", roleAdmin, "*", "*", ""},
	{"config/ui/themeconfig", roleAnyone, "read", "*", ""},
	{"config/ui/themerealm", roleAnyone, "read", "*", ""},
	{"config/uilocale/*", roleAnyone, "read", "*", ""},
	{"config/fieldPolicy/*", roleAuthorized, "read", "*", ""},
	{"info/uiconfig", roleAnyone, "read", "*", ""},
	{"config/ui/dashboard", roleAuthorized, "read", "*", ""},
	{"info/features", roleAnyone, "query", "*", ""},
	{"privilege", roleAnyone, "action", "listPrivileges", ""},
	{"privilege/*", roleAnyone, "read", "*", ""},
	{"util/validateQueryFilter", roleAuthorized, "action", "validate", ""},
	{"selfservice/kba", roleAuthorized, "read", "*", "checkIfAnyFeatureEnabled('kba')"},
	{"schema/*", roleAuthorized, "read", "*", ""},
	{"consent", roleAuthorized, "action,query", "*", ""},
	{"*", roleAdmin, "*", "*", ""},
	{"system/*", roleAdmin, "create,read,update,delete,patch,query", "", ""},
	{"system/*", roleAdmin, "script", "*", ""},
	{"system/*", roleAdmin, "action", "test,testConfig,createconfiguration,liveSync,authenticate", ""},
	{"repo", roleAdmin, "*", "*", "disallowCommandAction()"},
	{"repo/*", roleAdmin, "*", "*", "disallowCommandAction()"},
	{"repo/link", roleAdmin, "action", "command", "request.additionalParameters.commandId === 'delete-mapping-links'"},
	{"managed/*", rolePlatform, "create,read,query,patch", "-", ""},
	{"internal/role/*", rolePlatform, "read,query", "-", ""},
	{"profile/*", rolePlatform, "create,read,action,update", "*", ""},
	{"policy/*", rolePlatform, "read,action", "*", ""},
	{"schema/*", rolePlatform, "read", "-", ""},
	{"consent", rolePlatform, "action,query", "*", ""},
	{"selfservice/kba", rolePlatform, "read", "-", ""},
	{"selfservice/terms", rolePlatform, "read", "-", ""},
	{"identityProviders", rolePlatform, "read", "-", ""},
	{"external/email", rolePlatform, "action", "sendTemplate", ""},
	{"system/*", rolePlatform, "action", "authenticate", ""},
	{"policy/*", roleAuthorized, "read,action", "*", ""},
	{"config/ui/*", roleAuthorized, "read", "*", ""},
	{"*", roleAuthorized, "read,action,delete", "bind,unbind", "ownDataOnly()"},
	{"internal/usermeta/*", roleAuthorized, "read", "*", "ownRelationshipProperty('_meta', false)"},
	{"internal/notification/*", roleAuthorized, "read,delete", "*", "ownRelationshipProperty('_notifications', true)"},
	{"notification", roleAuthorized, "action", "deleteNotificationsForTarget", "request.additionalParameters.target === (context.security.authorization.component + '/' + context.security.authorization.id)"},
}

func stockAccess() property {
	configs := []any{}
	for _, r := range accessRules {
		configs = append(configs, r.entry())
	}
	for _, realm := range Realms {
		name := realm + "_user"
		for _, own := range []accessRule{
			{"managed/" + name + "/*", roleAuthorized, "read,delete", "", "ownDataOnly()"},
			{"managed/" + name + "/*", roleAuthorized, "update,patch,action", "patch", "ownDataOnly() && onlyEditableManagedObjectProperties('" + name + "', [])"},
			{"managed/" + name + "/*", roleAuthorized, "read,query", "*", "ownRelationshipCollection(['_meta','_notifications'])"},
		} {
			configs = append(configs, own.entry())
		}
	}
	return property{"configs": configs}
}

func (r accessRule) entry() property {
	entry := property{"pattern": r.pattern, "roles": r.roles, "methods": r.methods}
	if r.actions != "-" {
		entry["actions"] = r.actions
	}
	if r.condition != "" {
		entry["customAuthz"] = r.condition
	}
	if r.pattern == "*" && r.roles == roleAdmin {
		entry["excludePatterns"] = "repo,repo/*"
	}
	return entry
}

// What owners and administrators of organizations may do, from recording
// 7ab00417c79a. The last fields are read-only.
const (
	organizationFields = "name description members parent children"
	organizationFixed  = "owners parentIDs adminIDs parentAdminIDs ownerIDs parentOwnerIDs"
	memberFields       = "userName password givenName sn mail description accountStatus telephoneNumber postalAddress city postalCode country stateProvince " +
		"roles groups manager authzRoles reports effectiveRoles effectiveAssignments effectiveGroups lastSync kbaInfo preferences consentedMappings memberOfOrg"
	memberFixed = "ownerOfOrg memberOfOrgIDs"

	privilegedOrganizations = "managed/REALM_organization"
	privilegedUsers         = "managed/REALM_user"
	privilegedChange        = "VIEW UPDATE DELETE"
	insideOrganization      = `/memberOfOrgIDs eq "__org_id_placeholder__"`
)

var organizationPrivileges = property{"privileges": []any{
	stockPrivilege("owner-view-update-delete-orgs", privilegedOrganizations, privilegedChange, `/ownerIDs eq "{{_id}}" or /parentOwnerIDs eq "{{_id}}"`, organizationFields+" admins", organizationFixed),
	stockPrivilege("owner-create-orgs", privilegedOrganizations, "CREATE", "/parent pr", organizationFields+" admins", organizationFixed),
	stockPrivilege("owner-view-update-delete-admins-and-members", privilegedUsers, privilegedChange, insideOrganization, memberFields+" adminOfOrg", memberFixed),
	stockPrivilege("owner-create-admins", privilegedUsers, "CREATE", "/memberOfOrg/0 pr and /adminOfOrg/0 pr and !(/ownerOfOrg pr)", memberFields+" adminOfOrg", memberFixed),
	stockPrivilege("admin-view-update-delete-orgs", privilegedOrganizations, privilegedChange, `/adminIDs eq "{{_id}}" or /parentAdminIDs eq "{{_id}}"`, organizationFields, organizationFixed+" admins"),
	stockPrivilege("admin-create-orgs", privilegedOrganizations, "CREATE", "/parent pr", organizationFields, organizationFixed+" admins"),
	stockPrivilege("admin-view-update-delete-members", privilegedUsers, privilegedChange, insideOrganization, memberFields, memberFixed+" adminOfOrg"),
	stockPrivilege("admin-create-members", privilegedUsers, "CREATE", "/memberOfOrg/0 pr and !(/adminOfOrg pr) and !(/ownerOfOrg pr)", memberFields, memberFixed+" adminOfOrg"),
}}

func stockPrivilege(name, path, permissions, filter, fields, readOnly string) property {
	flags := []any{}
	for _, field := range words(fields) {
		flags = append(flags, property{"attribute": field, "readOnly": false})
	}
	for _, field := range words(readOnly) {
		flags = append(flags, property{"attribute": field, "readOnly": true})
	}
	return property{
		"name": name, "path": path, "permissions": words(permissions), "actions": []any{},
		"filter": filter, "accessFlags": flags,
	}
}

var organizationAssignments = property{"privilegeAssignments": []any{
	property{"name": "ownerPrivileges", "relationshipField": "ownerOfOrg", "privileges": words(
		"owner-view-update-delete-orgs owner-create-orgs owner-view-update-delete-admins-and-members owner-create-admins admin-view-update-delete-members admin-create-members",
	)},
	property{"name": "adminPrivileges", "relationshipField": "adminOfOrg", "privileges": words(
		"admin-view-update-delete-orgs admin-create-orgs admin-view-update-delete-members admin-create-members",
	)},
}}
