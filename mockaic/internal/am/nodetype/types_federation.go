package nodetype

// federationTypes log in elsewhere.
func federationTypes() []row {
	accounts := ways("ACCOUNT_EXISTS Account exists|NO_ACCOUNT No account exists")
	return []row{
		{"OidcNode", "OIDC ID Token Validator", "social, federation", "", accounts, "Takes the ID token of a provider.", nil},
		// Nodes that were recorded without validateIdpEntityId have no ERROR; those with
		// it have, and it is true in all of them.
		{"product-Saml2Node", "SAML2 Authentication", "social, federation", "nohelp", when{accounts, "validateIdpEntityId", ways("ERROR Error")}, "", attributes{
			has("idpEntityId", "string", nil, "Entity of the identity provider."),
			has("metaAlias", "string", nil, "Service provider of the realm."),
			has("allowCreate", "boolean", true, "Let the provider create the user."),
			has("authComparison", "string", "MINIMUM", "How the context is compared."),
			has("authnContextClassRef", "[]string", []any{}, "Classes of authentication contexts."),
			has("authnContextDeclRef", "[]string", []any{}, "Declarations of authentication contexts."),
			has("binding", "string", "HTTP_ARTIFACT", "How the response comes."),
			has("forceAuthn", "boolean", false, "Ask for a new login."),
			has("isPassive", "boolean", false, "Ask the user nothing."),
			has("nameIdFormat", "string", "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", "How the user is named."),
			has("requestBinding", "string", "HTTP_REDIRECT", "How the request is sent."),
			has("validateIdpEntityId", "boolean", true, "Check who the response is from."),
		}},
		named("product-WriteFederationInformationNode", "Write Federation Information", "social, federation", ""),
		{"SocialProviderHandlerNode", "Legacy Social Provider Handler Node", "social, federation, platform, deprecated", "", accounts, "Logs in with a social provider. Superseded.", socialAttributes()},
		{
			"SocialProviderHandlerNodeV2", "Social Provider Handler Node", "social, federation, platform", "",
			append(accounts[:2:2], ways("SOCIAL_AUTH_INTERRUPTED Social auth interrupted")...), "Logs in with a social provider.",
			append(socialAttributes(), has("detectConnectionTimeOut", "boolean", false, "Notice when the provider does not answer.")),
		},
	}
}

func socialAttributes() attributes {
	return attributes{
		has("script", "string", nil, "ID of the script."),
		has("usernameAttribute", "string", "userName", "Attribute that holds the username."),
		has("clientType", "string", "BROWSER", "Kind of client."),
		has("storeTokens", "boolean", false, "Keep the provider's tokens in the state."),
		has("subjectAttribute", "string", "iplanet-am-user-alias-list", "Attribute that links to the provider's account."),
	}
}
