package am

import (
	"encoding/json"
	"maps"

	"aicmcp/mockaic/internal/route"
)

// module is an authentication module of the time before journeys: every realm has
// the same, and nothing uses them.
type module struct {
	id, kind, title string
	attributes      map[string]any
}

func modules() []module {
	const servers = "userstore-0.userstore:1389 userstore-1.userstore:1389 userstore-2.userstore:1389"
	return []module{
		{"amster", "amster", "ForgeRock Amster", map[string]any{"enabled": true, "authorizedKeys": "/home/forgerock/openam/security/keys/amster/authorized_keys"}},
		{"datastore", "datastore", "Data Store", nil},
		{"Federation", "federation", "Federation", nil},
		{"federation", "federation", "Federation", nil},
		{"hotp", "hotp", "HOTP", map[string]any{
			"autoSendOTP": false, "otpDeliveryMethod": "SMS and E-mail", "otpLength": "8", "otpMaxRetry": json.Number("3"), "otpValidityDuration": json.Number("5"),
			"smsGatewayClass": "com.sun.identity.authentication.modules.hotp.DefaultSMSGatewayImpl",
			"smtpFromAddress": "no-reply@openam.org", "smtpHostPort": json.Number("465"), "smtpHostname": "smtp.gmail.com", "smtpSslEnabled": "SSL",
			"smtpUserPassword": nil, "smtpUsername": "opensso.sun", "userProfileEmailAttribute": "mail", "userProfileTelephoneAttribute": "telephoneNumber",
		}},
		{"ldap", "ldap", "LDAP", map[string]any{
			"beheraPasswordPolicySupportEnabled": true, "connectionHeartbeatInterval": json.Number("10"), "connectionHeartbeatTimeUnit": "SECONDS",
			"minimumPasswordLength": "8", "openam-auth-ldap-connection-mode": "LDAP", "operationTimeout": json.Number("0"), "primaryLdapServer": words(servers),
			"profileAttributeMappings": []any{}, "returnUserDN": true, "searchScope": "SUBTREE", "secondaryLdapServer": []any{},
			"stopLdapbindAfterInmemoryLockedEnabled": false, "trustAllServerCertificates": false, "userBindDN": "uid=admin", "userBindPassword": nil,
			"userProfileRetrievalAttribute": "uid", "userSearchAttributes": words("uid"), "userSearchStartDN": words("ou=identities"),
		}},
		{"oath", "oath", "OATH", map[string]any{
			"addChecksum": "False", "forgerock-oath-maximum-clock-drift": json.Number("0"),
			"forgerock-oath-sharedsecret-implementation-class": "org.forgerock.openam.authentication.modules.oath.plugins.DefaultSharedSecretProvider",
			"hotpWindowSize": json.Number("100"), "minimumSecretKeyLength": "32", "oathAlgorithm": "HOTP", "oathOtpMaxRetry": json.Number("3"), "passwordLength": "6",
			"stepsInWindow": json.Number("2"), "timeStepSize": json.Number("30"), "truncationOffset": json.Number("-1"),
		}},
		{"sae", "sae", "SAE", nil},
	}
}

func (s *Service) serveModules(c *call) (*route.Response, error) {
	if c.Operation != route.Action || c.Action != nextDescendents {
		return nil, c.refused("authentication modules")
	}
	var all []any
	for _, m := range modules() {
		document := map[string]any{
			"_id": m.id, "authenticationLevel": json.Number("0"),
			"_type": map[string]any{"_id": m.kind, "name": m.title, "collection": true},
		}
		maps.Copy(document, m.attributes)
		all = append(all, document)
	}
	answer := descendents(all...)
	answer.Version = "2.0"
	return answer, nil
}

// serveChains answers for what came before journeys, of which a tenant has none.
func (s *Service) serveChains(c *call) (*route.Response, error) {
	if c.Operation != route.Query {
		return nil, c.refused("authentication chains")
	}
	return s.page(c, nil, "2.0")
}
