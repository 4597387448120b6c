package idm

import (
	"strings"

	"aicmcp/mockaic/internal/store"
)

// StockConfig is the configuration of a new tenant but config/managed, by ID.
// A new tenant has neither config/sync nor mappings. The keys are recorded, and
// most technical values. Inferred are those of cluster, endpoint/linkedView,
// metrics, notification/passwordUpdate, schedule/taskscan_expire, scheduler,
// ui.context/enduser and webserver. Placeholders are stored as they are written.
func StockConfig() map[string]store.Object {
	documents := map[string]store.Object{}
	for _, table := range []map[string]property{stockServer, stockServices, stockSchedules, stockNotifications, stockEndpoints, stockInterfaces} {
		for id, document := range table {
			documents[id] = stockInstance(document, "").(property)
		}
	}
	for _, m := range stockEmails {
		documents["emailTemplate/"+m.id] = m.document()
	}
	for _, realm := range Realms {
		documents["fieldPolicy/"+realm+"_user"] = stockInstance(stockPasswordPolicy, realm).(property)
		documents[realm+"OrgPrivileges"] = stockInstance(organizationPrivileges, realm).(property)
	}
	return documents
}

var stockServices = map[string]property{
	"access":          stockAccess(),
	"authentication":  stockAuthentication,
	"repo.ds":         directoryRepository(),
	"repo.init":       initialObjects(),
	"secrets":         keyStores(),
	"selfservice.kba": securityQuestions,
	"ui/dashboard":    dashboards(),
	"ui/profile":      profileTabs(),
	"ui/themerealm":   stockThemes(),
}

// placeholder is a value that the tenant's environment sets, with a default.
func placeholder(kind, name, initial string) property {
	return property{"$" + kind: "&{" + name + "|" + initial + "}"}
}

// From recordings 09796e4aeeab and 0554a9e89b51, with the mappings of a tenant
// that has administrators in the root realm.
var stockAuthentication = property{"rsFilter": property{
	"augmentSecurityContext": property{
		"type":   "text/javascript",
		"source": "require('auth/orgPrivileges').assignPrivilegesToUser(resource, security, properties, subjectMapping, privileges, security.authorization.component.includes('/alpha_') ? 'alphaOrgPrivileges' : 'bravoOrgPrivileges', 'privilegeAssignments');",
	},
	"cache":  property{"maxTimeout": "300 seconds"},
	"scopes": words("fr:idm:*"),
	"subjectMapping": []any{
		with(property{"realm": "/"}, subjectMapping("managed/teammember", "internal/role/openidm-authorized internal/role/openidm-admin")),
		with(property{"additionalUserFields": words("adminOfOrg ownerOfOrg")}, subjectMapping("managed/{{substring realm 1}}_user", "internal/role/openidm-authorized")),
	},
	"staticUserMapping": []any{
		provisioner("idm-provisioning", "internal/role/platform-provisioning"),
		provisioner("RCSClient", "internal/role/platform-provisioning"),
		provisioner("autoid-resource-server", "internal/role/openidm-admin"),
	},
}}

func subjectMapping(collection, roles string) property {
	return property{
		"queryOnResource": collection,
		"propertyMapping": property{"sub": "_id"},
		"userRoles":       "authzRoles/*",
		"defaultRoles":    words(roles),
	}
}

func provisioner(subject, role string) property {
	return property{"subject": subject, "localUser": "internal/user/idm-provisioning", "roles": words(role)}
}

var securityQuestions = property{
	"kbaPropertyName": "kbaInfo", "minimumAnswersToDefine": 1, "minimumAnswersToVerify": 1,
	"questions": property{"1": property{"en": "What's your favorite color?"}},
}

const passwordSymbols = "0:~!@#$%^&*()-_=+[]{}|;:,.<>/?\"'\\`"

// Tenants differ in their policies: recordings 818cdc35bae0 and bd5b31568ffe also
// match mail, and ask for 10 characters or for one of each set.
var stockPasswordPolicy = property{
	"type": "password-policy", "resourceCollection": "managed/REALM_user", "passwordAttribute": "password",
	"allowPreEncodedPasswords":        true,
	"defaultPasswordStorageScheme":    []any{property{"_id": "PBKDF2-HMAC-SHA256"}},
	"deprecatedPasswordStorageScheme": []any{},
	"validator": []any{
		with(passwordValidator("length-based"), property{"minPasswordLength": 8, "maxPasswordLength": 0}),
		with(passwordValidator("attribute-value"), property{
			"matchAttribute": words("userName givenName sn"), "checkSubstrings": true, "minSubstringLength": 5, "testReversedPassword": true,
		}),
		with(passwordValidator("character-set"), property{
			"characterSet":     append(words("0:abcdefghijklmnopqrstuvwxyz 0:ABCDEFGHIJKLMNOPQRSTUVWXYZ 0:0123456789"), passwordSymbols),
			"minCharacterSets": 4, "allowUnclassifiedCharacters": true,
		}),
	},
}

func passwordValidator(kind string) property {
	return property{"_id": "REALM_userPasswordPolicy-" + kind + "-password-validator", "type": kind, "enabled": true}
}

var stockMailServer = property{
	"auth":              property{"enable": true, "username": "&{aic.customer.sasl.user|donotuse@pingidentity.com}", "password": "&{aic.customer.sasl.pass}"},
	"connectiontimeout": 300000, "timeout": 300000, "writetimeout": 300000,
	"debug": false, "from": "&{email.sender.address}",
	"host": "&{aic.smtp.relay.host|smtp-relay.fr-platform.svc.cluster.local}", "port": 25,
	"smtpProperties": []any{}, "ssl": property{"enable": false}, "starttls": property{"enable": false}, "threadPoolSize": 20,
}

const certificateAlias = "&{openidm.https.keystore.cert.alias|openidm-localhost}"

var stockServer = map[string]property{
	"apiVersion": {"warning": property{
		"enabled":                placeholder("bool", "openidm.apiVersion.warning.enabled", "false"),
		"includeScripts":         placeholder("bool", "openidm.apiVersion.warning.includeScripts", "false"),
		"logFilterResourcePaths": words("audit authentication cluster config consent csv external/rest identityProviders info internal internal/role internal/user internal/usermeta managed managed/assignment managed/organization managed/role managed/user managed/group managed/application notification policy privilege profile recon recon/assoc repo selfservice/kba selfservice/terms scheduler/job scheduler/trigger schema sync sync/mappings system taskscanner"),
	}},
	"audit": {
		"auditServiceConfig": property{
			"availableAuditEventHandlers": words("org.forgerock.audit.handlers.csv.CsvAuditEventHandler org.forgerock.audit.handlers.jms.JmsAuditEventHandler org.forgerock.audit.handlers.json.JsonAuditEventHandler org.forgerock.audit.handlers.json.stdout.JsonStdoutAuditEventHandler org.forgerock.openidm.audit.impl.RepositoryAuditEventHandler org.forgerock.openidm.audit.impl.RouterAuditEventHandler org.forgerock.audit.handlers.syslog.SyslogAuditEventHandler"),
			"caseInsensitiveFields":       words("/access/http/request/headers /access/http/response/headers"),
			"filterPolicies": property{"value": property{
				"excludeIf": words("/access/http/request/cookies/&{com.iplanet.am.cookie.name} /access/http/request/cookies/session-jwt /access/http/request/headers/Authorization /access/http/request/headers/X-OpenIDM-Password /access/http/request/queryParameters/access_token /access/http/request/queryParameters/id_token_hint /access/http/response/headers/Authorization /access/http/response/headers/Set-Cookie /access/http/response/headers/X-OpenIDM-Password"),
				"includeIf": []any{},
			}},
			"handlerForQueries": "json",
		},
		"eventHandlers": []any{property{
			"class":  "org.forgerock.audit.handlers.json.stdout.JsonStdoutAuditEventHandler",
			"config": property{"name": "json", "topics": words("access activity sync authentication config")},
		}},
		"eventTopics": property{
			"activity": property{"filter": auditedActions, "passwordFields": words("password"), "watchedFields": words("*")},
			"config":   property{"filter": auditedActions},
		},
		"exceptionFormatter": property{"type": "text/javascript", "file": "bin/defaults/script/audit/stacktraceFormatter.js"},
	},
	"cluster": {
		"enabled": true, "instanceId": "&{openidm.node.id}", "instanceTimeout": 30000, "instanceRecoveryTimeout": 30000,
		"instanceCheckInInterval": 5000, "instanceCheckInOffset": 0,
	},
	"external.email":        stockMailServer,
	"external.emailDefault": stockMailServer,
	"external.rest":         {"hostnameVerifier": "&{openidm.external.rest.hostnameVerifier}"},
	"internal": {"objects": []any{property{"name": "role", "properties": property{"authzMembers": property{"items": property{
		"resourceCollection": []any{
			with(property{"path": "managed/alpha_user", "label": "User", "query": property{"queryFilter": "true", "fields": words(personFields)}}, conditionalMembers),
		},
	}}}}}},
	"privilegeAssignments": organizationAssignments,
	"privileges":           {"privileges": []any{}},
	"metrics":              {"enabled": false, "prometheusRole": "internal/role/openidm-prometheus"},
	"policy":               {"additionalFiles": []any{}, "resources": []any{}},
	"provisioner.openicf.connectorinfoprovider": {
		"connectorsLocation":     "connectors",
		"remoteConnectorClients": []any{}, "remoteConnectorClientsGroups": []any{},
		"remoteConnectorServers": []any{}, "remoteConnectorServersGroups": []any{},
	},
	"router": {"filters": []any{}},
	"script": {
		"ECMAScript": property{"javascript.optimization.level": 9, "javascript.recompile.minimumInterval": 60000},
		"Groovy": property{
			"groovy.classpath": "&{idm.install.dir}/lib", "groovy.source.encoding": "UTF-8", "groovy.target.directory": "&{idm.install.dir}/classes",
			"groovy.recompile": true, "groovy.recompile.minimumInterval": 60000,
		},
		"properties": property{},
		"sources": property{
			"default":        property{"directory": "&{idm.install.dir}/bin/defaults/script"},
			"install":        property{"directory": "&{idm.install.dir}"},
			"project":        property{"directory": "&{idm.instance.dir}"},
			"project-script": property{"directory": "&{idm.instance.dir}/script"},
		},
	},
	"selfservice.propertymap": {"properties": propertyMap("givenName=givenName familyName=sn email=mail postalAddress=postalAddress? addressLocality=city? addressRegion=stateProvince? postalCode=postalCode? country=country? phone=telephoneNumber? username=userName")},
	"selfservice.terms": {
		"active":   "0.0",
		"uiConfig": property{"displayName": "Our terms have changed", "purpose": "Accept the new terms to go on.", "buttonText": "Accept"},
		"versions": []any{property{"version": "0.0", "createDate": "2019-10-28T04:20:11.320Z", "termsTranslations": property{"en": "These are the terms of an example."}}},
	},
	"servletfilter/cors": {
		"initParams": property{
			"allowCredentials": false, "allowedOrigins": "*", "allowedMethods": "GET,POST,PUT,DELETE,PATCH",
			"allowedHeaders": "authorization,accept,content-type,origin,x-requested-with,cache-control,accept-api-version,if-match,if-none-match",
			"chainPreflight": false, "exposedHeaders": "WWW-Authenticate",
		},
		"urlPatterns": words("/*"),
	},
	"servletfilter/payload": {"initParams": property{"maxRequestSizeInMegabytes": 5}, "urlPatterns": words("&{openidm.servlet.alias}/*")},
	"servletfilter/upload":  {"initParams": property{"maxRequestSizeInMegabytes": 50}, "urlPatterns": words("&{openidm.servlet.upload.alias}/*")},
	"webserver": {
		"gzip":       property{"enabled": placeholder("bool", "openidm.webserver.gzip.enabled", "true"), "includedMethods": words("GET")},
		"maxThreads": placeholder("int", "openidm.webserver.max.threads", "200"),
	},
	"webserver.listener/http": {
		"enabled": placeholder("bool", "openidm.http.enabled", "true"), "port": placeholder("int", "openidm.port.http", "8080"), "proxyLoadBalancerConnection": true,
	},
	"webserver.listener/https": {
		"enabled": placeholder("bool", "openidm.https.enabled", "true"), "port": placeholder("int", "openidm.port.https", "8443"), "proxyLoadBalancerConnection": true,
		"secure": true, "sslCertAlias": certificateAlias,
	},
	"webserver.listener/mutualAuth": {
		"enabled": placeholder("bool", "openidm.mutualauth.enabled", "true"), "port": placeholder("int", "openidm.port.mutualauth", "8444"), "proxyLoadBalancerConnection": true,
		"secure": true, "mutualAuth": true, "sslCertAlias": certificateAlias,
	},
}

var auditedActions = property{"actions": words("create update delete patch action")}

// propertyMap reads pairs source=target; a question mark makes it conditional.
func propertyMap(pairs string) []any {
	list := []any{}
	for pair := range strings.FieldsSeq(pairs) {
		source, target, _ := strings.Cut(pair, "=")
		target, optional := strings.CutSuffix(target, "?")
		entry := property{"source": source, "target": target}
		if optional {
			entry["condition"] = "/object/" + source + "  pr"
		}
		list = append(list, entry)
	}
	return list
}
