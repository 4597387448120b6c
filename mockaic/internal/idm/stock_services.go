package idm

import "strings"

var stockEndpoints = map[string]property{
	"endpoint/linkedView":     {"type": "text/javascript", "context": "endpoint/linkedView", "source": "require('linkedView').fetch(request.resourcePath);"},
	"endpoint/mappingDetails": {"type": "text/javascript", "context": "endpoint/mappingDetails", "file": "mappingDetails.js"},
	"endpoint/oauthproxy":     {"type": "text/javascript", "context": "endpoint/oauthproxy", "file": "oauthProxy.js"},
	"endpoint/validateQueryFilter": {
		"type": "text/javascript", "context": "util/validateQueryFilter",
		"source": "try { org.forgerock.openidm.query.StringQueryFilters.parse(request.content._queryFilter).accept(new org.forgerock.util.query.MapFilterVisitor(), null); } catch (e) { throw { 'code' : 400, 'message' : e.message } };\n",
	},
}

var stockNotifications = map[string]property{
	"notificationFactory": {
		"enabled":    placeholder("bool", "openidm.notifications", "false"),
		"threadPool": property{"steadyPoolThreads": 1, "maxPoolThreads": 2, "threadKeepAlive": 60, "maxQueueSize": 20000},
	},
	"notification/passwordUpdate": stockNotification("passwordUpdate", "Your password has been updated.", "password"),
	"notification/profileUpdate":  stockNotification("profileUpdate", "Your profile has been updated.", "userName givenName sn mail description accountStatus telephoneNumber postalAddress city postalCode country stateProvince preferences"),
}

func stockNotification(name, message, properties string) property {
	return property{
		"enabled":      placeholder("bool", "openidm.notifications."+name, "false"),
		"path":         "managed/user/*",
		"methods":      words("update patch"),
		"condition":    property{"type": "groovy", "file": "propertiesModifiedFilter.groovy", "globals": property{"propertiesToCheck": words(properties)}},
		"target":       property{"resource": "managed/user/{{response/_id}}"},
		"notification": property{"notificationType": "info", "message": message},
	}
}

var stockSchedules = map[string]property{
	"scheduler": {
		"scheduler":  property{"executePersistentSchedules": placeholder("bool", "openidm.scheduler.execute.persistent.schedules", "true")},
		"threadPool": property{"threadCount": 10},
	},
	"schedule/taskscan_activate": taskScan(
		"activateAccount", "active",
		`((/activeDate le "${Time.nowWithOffset}") AND (!(/inactiveDate pr) or /inactiveDate ge "${Time.nowWithOffset}"))`,
	),
	"schedule/taskscan_expire": taskScan(
		"expireAccount", "inactive",
		`((/inactiveDate lt "${Time.nowWithOffset}") AND (!(/activeDate pr) or /activeDate le "${Time.nowWithOffset}"))`,
	),
}

// taskScan sets the status of the accounts that the filter finds, once a day.
func taskScan(task, status, filter string) property {
	return property{
		"enabled": false, "persisted": true, "concurrentExecution": false,
		"type": "simple", "repeatInterval": 86400000, "invokeService": "taskscanner",
		"invokeContext": property{
			"numberOfThreads": 5, "waitForCompletion": false,
			"scan": property{
				"_queryFilter": filter, "object": "managed/user",
				"taskState": property{"started": "/" + task + "/task-started", "completed": "/" + task + "/task-completed"},
				"recovery":  property{"timeout": "10m"},
			},
			"task": property{"script": property{
				"type": "text/javascript", "globals": property{},
				"source": "openidm.patch(objectID, null, [{operation: 'replace', field: '/accountStatus', value: '" + status + "'}]); true;\n",
			}},
		},
	}
}

// keyStores says which key is for what, from recording 16f2440d979c.
func keyStores() property {
	const symmetric = "&{openidm.config.crypto.alias|openidm-sym-default}"
	encryption := func(id string, aliases ...any) any {
		return property{"secretId": id, "types": words("ENCRYPT DECRYPT"), "aliases": aliases}
	}
	signing := func(id string, aliases ...any) any {
		return property{"secretId": id, "types": words("SIGN VERIFY"), "aliases": aliases}
	}
	store := func(name, kind, file, provider, storeType string, mappings []any) any {
		return property{"name": name, "class": "org.forgerock.openidm.secrets.config.FileBasedStore", "config": property{
			"file":          "&{openidm." + kind + ".location|&{idm.install.dir}/security/" + file + "}",
			"providerName":  "&{openidm." + kind + ".provider|" + provider + "}",
			"storetype":     "&{openidm." + kind + ".type|" + storeType + "}",
			"storePassword": "&{openidm." + kind + ".password|changeit}",
			"mappings":      mappings,
		}}
	}
	return property{"populateDefaults": true, "stores": []any{
		store("mainKeyStore", "keystore", "keystore.jceks", "SunJCE", "JCEKS", []any{
			encryption("idm.default", symmetric, "openidm-localhost"),
			encryption("idm.config.encryption", symmetric),
			encryption("idm.password.encryption", symmetric),
			encryption("idm.jwt.session.module.encryption", certificateAlias),
			signing("idm.jwt.session.module.signing", "&{openidm.config.crypto.jwtsession.hmackey.alias|openidm-jwtsessionhmac-key}"),
			encryption("idm.selfservice.encryption", "selfservice"),
			signing("idm.selfservice.signing", "&{openidm.config.crypto.selfservice.sharedkey.alias|openidm-selfservice-key}"),
			encryption("idm.assignment.attribute.encryption", symmetric),
		}),
		store("mainTrustStore", "truststore", "truststore", "SUN", "JKS", []any{}),
	}}
}

// directoryRepository is where the directory keeps what, shortened to the users.
func directoryRepository() property {
	filter := func(text string) property { return property{"_queryFilter": text} }
	queries := property{
		"credential-internaluser-query": filter(`/_id eq "${username}"`),
		"credential-query":              filter(`/userName eq "${username}"`),
		"for-userName":                  filter(`/userName eq "${uid}"`),
		"links-for-firstId":             filter(`/linkType eq "${linkType}" AND /firstId = "${firstId}"`),
		"links-for-linkType":            filter(`/linkType eq "${linkType}"`),
		"query-all":                     filter("true"),
		"query-all-ids":                 property{"_fields": "_id,_rev", "_queryFilter": "true"},
	}
	generic := property{"managed/*": property{"dnTemplate": "ou=managed,dc=openidm,dc=example,dc=com"}}
	for _, realm := range Realms {
		generic["managed/"+realm+"_user"] = property{
			"dnTemplate":                    "ou=user,o=" + realm + ",o=root,ou=identities",
			"jsonAttribute":                 "fr-idm-custom-attrs",
			"jsonQueryEqualityMatchingRule": "caseIgnoreJsonQueryMatch",
			"namingStrategy":                property{"dnAttribute": "fr-idm-uuid", "type": "clientDnNaming"},
			"nativeId":                      false,
			"objectClasses":                 words("person organizationalPerson inetOrgPerson fr-idm-managed-user-explicit fr-idm-hybrid-obj fr-ext-attrs"),
			"properties":                    userAttributes(),
		}
	}
	return property{
		"embedded": false, "maxConnectionAttempts": 5,
		"commands": property{
			"delete-mapping-links":        property{"operation": "DELETE", "_queryFilter": `/linkType eq "${mapping}"`},
			"delete-target-ids-for-recon": property{"operation": "DELETE", "_queryFilter": `/reconId eq "${reconId}"`},
		},
		"ldapConnectionFactories": property{
			"bind": property{
				"availabilityCheckIntervalSeconds": 30, "availabilityCheckTimeoutMilliSeconds": 10000, "connectionPoolSize": 50, "connectionSecurity": "none",
				"heartBeatIntervalSeconds": 60, "heartBeatTimeoutMilliSeconds": 10000,
				"primaryLdapServers":   []any{property{"hostname": "userstore-0.userstore", "port": 1389}},
				"secondaryLdapServers": []any{property{"hostname": "userstore-2.userstore", "port": 1389}},
			},
			"root": property{"inheritFrom": "bind", "authentication": property{"simple": property{"bindDn": "uid=admin", "bindPassword": "&{userstore.password}"}}},
		},
		"queries": property{"explicit": queries, "generic": queries},
		"resourceMapping": property{
			"defaultMapping":  property{"dnTemplate": "ou=generic,dc=openidm,dc=example,dc=com"},
			"explicitMapping": property{},
			"genericMapping":  generic,
		},
		"rest2LdapOptions": property{
			"mvccAttribute": "etag", "readOnUpdatePolicy": "controls", "returnNullForMissingProperties": true,
			"useMvcc": true, "usePermissiveModify": true, "useSubtreeDelete": true,
		},
		"security": property{"keyManager": "jvm", "trustManager": "jvm"},
	}
}

// userAttributes are the directory's names of the users' properties (recording
// 6981ae6ff50d).
func userAttributes() property {
	const names = "_id=fr-idm-uuid userName=uid password=userPassword givenName=givenName cn=cn sn=sn mail=mail profileImage=labeledURI description=description " +
		"accountStatus=inetUserStatus telephoneNumber=telephoneNumber postalAddress=street city=l postalCode=postalCode country=co stateProvince=st"
	attributes := property{}
	for pair := range strings.FieldsSeq(names) {
		name, attribute, _ := strings.Cut(pair, "=")
		attributes[name] = property{"type": "simple", "ldapAttribute": attribute}
	}
	for _, p := range indexedStrings {
		attributes[p.name] = property{"type": "simple", "ldapAttribute": "fr-attr-istr" + strings.TrimPrefix(p.name, "frIndexedString")}
	}
	return attributes
}

type stockRole struct{ name, description string }

// From recording 742677bdf639.
var stockRoles = []stockRole{
	{"openidm-admin", "Administrative access"},
	{"openidm-authorized", "Basic minimum user"},
	{"openidm-reg", "Anonymous access"},
	{"openidm-cert", "Authenticated via certificate"},
	{"openidm-tasks-manager", "Allowed to reassign workflow tasks"},
	{"platform-provisioning", "Platform provisioning access"},
	{"openidm-prometheus", "Prometheus access"},
}

// StockInternalRoles are the roles of internal/role that every tenant has.
func StockInternalRoles() []map[string]any {
	roles := make([]map[string]any, len(stockRoles))
	for i, role := range stockRoles {
		roles[i] = property{
			"_id": role.name, "name": role.name, "description": role.description,
			"privileges": []any{}, "condition": nil, "temporalConstraints": []any{},
		}
	}
	return roles
}

func initialObjects() property {
	roles := []any{}
	for _, role := range stockRoles {
		roles = append(roles, property{"id": role.name, "name": role.name, "description": role.description})
	}
	return property{"update": property{}, "delete": property{}, "insert": property{
		"internal/role": roles,
		"internal/user": []any{
			property{"id": "openidm-admin", "password": "&{openidm.admin.password|openidm-admin}"},
			property{"id": "anonymous", "password": "&{openidm.anonymous.password|anonymous}"},
			property{"id": "idm-provisioning"},
			property{"id": "connector-server-client"},
		},
	}}
}
