package nodetype

// basicTypes collect and check credentials.
func basicTypes() []row {
	return []row{
		{"ADDecisionNode", "AD Decision", "basic authn, basic authentication", "newer", nil, "Checks credentials against an Active Directory.", nil},
		{"DataStoreDecisionNode", "Data Store Decision", "basic authn, basic authentication", "", trueFalse(), "Checks username and password against the realm's data store.", attributes{}},
		{"IdentityStoreDecisionNode", "Identity Store Decision", "basic authn, basic authentication", "", directoryOutcomes(), "Checks username and password against the realm's identity store.", attributes{
			has("minimumPasswordLength", "integer", 8, "Least number of characters of a new password."),
			has("useUniversalIdForUsername", "boolean", false, "Take the universal ID as the username."),
			has("mixedCaseForPasswordChangeMessages", "boolean", false, "Leave the case of the messages about a new password as it is."),
		}},
		{"LdapDecisionNode", "LDAP Decision", "basic authn, basic authentication", "", directoryOutcomes(), "Checks username and password against a directory.", attributes{
			has("primaryServers", "[]string", nil, "Primary LDAP Server: Servers with their ports."),
			has("secondaryServers", "[]string", []any{}, "Secondary LDAP Server: Servers to go to if no primary one answers."),
			has("accountSearchBaseDn", "[]string", nil, "DN to Start User Search: Where users are searched."),
			has("adminDn", "string?", nil, "Bind User DN: Who searches."),
			has("adminPassword", "string?", nil, "Bind User Password: Password of who searches."),
			has("userProfileAttribute", "string", nil, "Attribute to find the profile by."),
			has("searchFilterAttributes", "[]string", nil, "Attributes to find the user by."),
			has("userSearchFilter", "string?", nil, "User Search Filter: Filter that users must match, too."),
			has("searchScope", "string", "SUBTREE", "How deep to search."),
			has("ldapConnectionMode", "string", "LDAP", "LDAP Connection Mode: How to connect."),
			has("mtlsEnabled", "boolean", false, "mTLS Enabled: Present a certificate."),
			has("mtlsSecretLabel", "string?", nil, "mTLS Secret Label: Label of the certificate."),
			has("returnUserDn", "boolean", true, "Return User DN to DataStore: Take the DN as the user's name."),
			has("userCreationAttrs", "[]string", []any{}, "User Creation Attributes: Attributes to make a profile of."),
			has("minimumPasswordLength", "integer", 8, "Least number of characters of a new password."),
			has("beheraEnabled", "boolean", true, "LDAP Behera Password Policy Support: Follow password policies."),
			has("trustAllServerCertificates", "boolean", false, "Trust every certificate."),
			has("heartbeatInterval", "integer", 10, "LDAP Connection Heartbeat Interval: Time between two heartbeats."),
			has("heartbeatTimeUnit", "string", "SECONDS", "LDAP Connection Heartbeat Time Unit: Unit of the interval."),
			has("ldapOperationsTimeout", "integer", 0, "LDAP Operations Timeout: Seconds to wait; 0 is for ever."),
			has("mixedCaseForPasswordChangeMessages", "boolean", false, "Leave the case of the messages about a new password as it is."),
			has("affinityLevel", "string", "NONE", "LDAP Affinity Level: Which requests go to the same server."),
		}},
		{"PasswordCollectorNode", "Password Collector", "basic authn, basic authentication", "", single(), "Asks for a password.", attributes{}},
		{"UsernameCollectorNode", "Username Collector", "basic authn, basic authentication", "", single(), "Asks for a username.", attributes{}},
		{"ZeroPageLoginNode", "Zero Page Login Collector", "basic authn, basic authentication", "", ways("true Has Credentials|false No Credentials"), "Takes credentials from request headers.", attributes{
			has("usernameHeader", "string", "X-OpenAM-Username", "Header that holds the username."),
			has("passwordHeader", "string", "X-OpenAM-Password", "Header that holds the password."),
			has("allowWithoutReferer", "boolean", true, "Accept requests without a Referer header."),
			has("referrerWhiteList", "[]string", []any{}, "Referers that are accepted."),
		}},
		named("product-KerberosNode", "Kerberos Node", "basic authn, basic authentication, kerberos, windows", ""),
		named("IdentityAssertionDecisionNode", "Identity Assertion", "identity assertion, ig, kerberos, windows desktop sso", ""),
		named("JwtPasswordReplayNode", "JWT Password Replay", "ig, utilities", "newer"),
		named("RadiusChallengeCollectorNode", "RADIUS Challenge Collector", "iam, org/forgerock/openam/auth/nodes/radius, authentication", "newer"),
		named("RadiusDecisionNode", "RADIUS Decision", "org/forgerock/openam/auth/nodes/radius, authentication", "newer"),
	}
}

func directoryOutcomes() fixed {
	return ways("TRUE True|FALSE False|LOCKED Locked|CANCELLED Cancelled|EXPIRED Expired")
}
