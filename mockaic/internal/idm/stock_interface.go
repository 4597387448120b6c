package idm

// The settings of the user interfaces.
var stockInterfaces = map[string]property{
	"ui.context/admin":   with(interfaceContext("admin", "/admin"), property{"responseHeaders": property{"X-Frame-Options": "SAMEORIGIN"}}),
	"ui.context/api":     with(interfaceContext("api", "/api"), property{"authEnabled": true, "cacheEnabled": false}),
	"ui.context/enduser": {"enabled": true, "urlContextRoot": "/", "defaultDir": "&{idm.install.dir}/ui/enduser", "responseHeaders": property{"X-Frame-Options": "DENY"}},
	"ui.context/oauth":   with(interfaceContext("oauth", "/oauthReturn"), property{"cacheEnabled": true}),
	"ui/configuration": {"configuration": property{
		"lang": "en", "defaultNotificationType": "info", "forgotUsername": false, "passwordReset": true, "passwordResetLink": "", "selfRegistration": true,
		"notificationTypes": property{"error": notificationType("error"), "info": notificationType("info"), "warning": notificationType("warning")},
		"platformSettings":  property{"adminOauthClient": "idmAdminClient", "adminOauthClientScopes": "fr:idm:*", "amUrl": "/am", "loginUrl": ""},
		"roles":             property{roleAdmin: "ui-admin", roleAuthorized: "ui-user"},
	}},
	"ui/themeconfig": {
		"path": "", "icon": "favicon.ico",
		"stylesheets": words("css/bootstrap-3.4.1-custom.css css/structure.css css/theme.css"),
		"settings": property{
			"footer":    property{"mailto": "info@example.com"},
			"logo":      property{"src": "images/logo-horizontal-white.png", "title": "Logo", "alt": "Logo"},
			"loginLogo": property{"src": "images/login-logo-dark.png", "title": "Logo", "alt": "Logo", "height": "104px", "width": "210px"},
		},
	},
}

func interfaceContext(name, root string) property {
	return property{
		"enabled": true, "urlContextRoot": root,
		"defaultDir":   "&{idm.install.dir}/ui/" + name + "/default",
		"extensionDir": "&{idm.install.dir}/ui/" + name + "/extension",
	}
}

func notificationType(name string) property {
	return property{"name": "common.notification.types." + name, "iconPath": "images/notifications/" + name + ".png"}
}

// dashboards are those of the administrators and of everyone, from recording c3545f1f3103.
func dashboards() property {
	card := func(name, icon, href string) any { return property{"name": name, "icon": icon, "href": href} }
	dashboard := func(name string, first bool, widgets ...any) any {
		return property{"name": name, "isDefault": first, "widgets": widgets}
	}
	widget := func(kind, size string, more property) any { return with(property{"type": kind, "size": size}, more) }
	counter := func(selected string) any { return widget("counter", "x-small", property{"selected": selected}) }
	return property{
		"dashboard": property{"widgets": []any{widget("Welcome", "large", nil)}},
		"adminDashboards": []any{
			dashboard("Quick Start", true, widget("quickStart", "large", property{"cards": []any{
				card("Manage Users", "fa-user", "#resource/managed/alpha_user/list/"),
				card("Manage Roles", "fa-check-square-o", "#resource/managed/alpha_role/list/"),
				card("Add Connector", "fa-database", "#connectors/add/"),
				card("Create Mapping", "fa-map-marker", "#mapping/add/"),
			}})),
			dashboard(
				"System Monitoring", false,
				widget("clusterStatus", "large", nil), widget("systemHealthFull", "large", nil), widget("lastRecon", "large", property{"barchart": "false"}),
			),
			dashboard(
				"Resource Report", false,
				counter("activeUsers"), counter("rolesEnabled"), counter("activeConnectors"), widget("resourceList", "large", nil),
			),
		},
	}
}

// profileTabs are those of the end user's profile, from recording 49b146ae3c04.
func profileTabs() property {
	tab := func(name, view string) any {
		return property{"name": name, "view": "org/forgerock/openidm/ui/user/profile/" + view}
	}
	return property{"tabs": []any{
		tab("personalInfoTab", "personalInfo/PersonalInfoTab"),
		tab("signInAndSecurity", "signInAndSecurity/SignInAndSecurityTab"),
		tab("preference", "PreferencesTab"),
		tab("trustedDevice", "TrustedDevicesTab"),
		tab("oauthApplication", "OauthApplicationsTab"),
		tab("privacyAndConsent", "PrivacyAndConsentTab"),
		tab("sharing", "uma/SharingTab"),
		tab("auditHistory", "uma/ActivityTab"),
		tab("accountControls", "accountControls/AccountControlsTab"),
	}}
}
