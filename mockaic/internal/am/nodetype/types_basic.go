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
			has("primaryServers", "[]string", nil, "Servers with their ports."),
			has("secondaryServers", "[]string", []any{}, "Servers to go to if no primary one answers."),
			has("accountSearchBaseDn", "[]string", nil, "Where users are searched."),
			has("adminDn", "string?", nil, "Who searches."),
			has("adminPassword", "string?", nil, "Password of who searches."),
			has("userProfileAttribute", "string", nil, "Attribute to find the profile by."),
			has("searchFilterAttributes", "[]string", nil, "Attributes to find the user by."),
			has("userSearchFilter", "string?", nil, "Filter that users must match, too."),
			has("searchScope", "string", "SUBTREE", "How deep to search."),
			has("ldapConnectionMode", "string", "LDAP", "How to connect."),
			has("mtlsEnabled", "boolean", false, "Present a certificate."),
			has("mtlsSecretLabel", "string?", nil, "Label of the certificate."),
			has("returnUserDn", "boolean", true, "Take the DN as the user's name."),
			has("userCreationAttrs", "[]string", []any{}, "Attributes to make a profile of."),
			has("minimumPasswordLength", "integer", 8, "Least number of characters of a new password."),
			has("beheraEnabled", "boolean", true, "Follow password policies."),
			has("trustAllServerCertificates", "boolean", false, "Trust every certificate."),
			has("heartbeatInterval", "integer", 10, "Time between two heartbeats."),
			has("heartbeatTimeUnit", "string", "SECONDS", "Unit of the interval."),
			has("ldapOperationsTimeout", "integer", 0, "Seconds to wait; 0 is for ever."),
			has("mixedCaseForPasswordChangeMessages", "boolean", false, "Leave the case of the messages about a new password as it is."),
			has("affinityLevel", "string", "NONE", "Which requests go to the same server."),
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
