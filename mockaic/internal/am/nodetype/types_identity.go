package nodetype

// identityBy declares the attribute that a node finds the user's object by.
func identityBy(name string) attribute {
	return has("identityAttribute", "string", name, "Attribute that identifies the user.")
}

// identityTypes work on managed objects.
func identityTypes() []row {
	const tag = "identity management"
	return []row{
		{"AcceptTermsAndConditionsNode", "Accept Terms and Conditions", tag, "", single(), "Asks to accept the current terms and conditions.", attributes{}},
		{"AttributeCollectorNode", "Attribute Collector", tag, "", single(), "Asks for attributes.", attributes{
			has("attributesToCollect", "[]string", []any{}, "Attributes to ask for."),
			has("required", "boolean", false, "Take no empty values."),
			has("validateInputs", "boolean", false, "Hold the values against the policies of the managed object."),
			identityBy("userName"),
		}},
		{"AttributePresentDecisionNode", "Attribute Present Decision", tag, "", trueFalse(), "Tells whether an attribute has a value.", attributes{
			has("presentAttribute", "string", "password", "Attribute to look at."),
			identityBy("userName"),
		}},
		{"AttributeValueDecisionNode", "Attribute Value Decision", tag, "", trueFalse(), "Compares an attribute with a value.", attributes{
			has("comparisonOperation", "PRESENT|EQUALS", "EQUALS", "What to look for."),
			has("comparisonAttribute", "string", nil, "Attribute to compare."),
			has("comparisonValue", "string?", nil, "Value to compare with."),
			identityBy("userName"),
		}},
		{"ConsentNode", "Consent Collector", tag, "", single(), "Asks for consent to share data.", attributes{
			has("allRequired", "boolean", false, "Go on only with consent to everything."),
			has("message", "map", map[string]any{}, "Message by locale."),
		}},
		{"CreateObjectNode", "Create Object", tag, "", ways("CREATED Created|FAILURE Failed"), "Creates a managed object of what was collected.", attributes{
			has("identityResource", "string", "managed/user", "Type of the object."),
		}},
		{"DisplayUserNameNode", "Display Username", tag, "", single(), "Shows the username.", attributes{
			has("userName", "string", "userName", "Attribute that holds the username."),
			identityBy("mail"),
		}},
		{"IdentifyExistingUserNode", "Identify Existing User", tag, "", trueFalse(), "Finds the user by an attribute.", attributes{
			has("identifier", "string", "userName", "Attribute to take into the state."),
			identityBy("mail"),
		}},
		{"KbaCreateNode", "KBA Definition", tag, "", single(), "Has the user choose security questions.", attributes{
			has("message", "map", map[string]any{}, "Message by locale."),
			has("allowUserDefinedQuestions", "boolean", true, "Let users ask questions of their own."),
		}},
		{"KbaDecisionNode", "KBA Decision", tag, "", trueFalse(), "Tells whether the user has answered enough security questions.", attributes{
			identityBy("userName"),
		}},
		{"KbaVerifyNode", "KBA Verification", tag, "", trueFalse(), "Asks the user's security questions.", attributes{
			has("kbaInfoAttribute", "string", "kbaInfo", "Attribute that holds questions and answers."),
			identityBy("userName"),
		}},
		{"PassthroughAuthenticationNode", "Passthrough Authentication", tag, "", ways("AUTHENTICATED Authenticated|MISSING Missing Input|FAILED Failed"), "Checks the password with a connector.", attributes{
			has("systemEndpoint", "string", nil, "Connector."),
			has("objectType", "string", "account", "Type of the connector's object."),
			identityBy("userName"),
			has("passwordAttribute", "string", "password", "Attribute that holds the password."),
		}},
		{"PatchObjectNode", "Patch Object", tag, "", ways("PATCHED Patched|FAILURE Failed"), "Writes what was collected into the user's object.", attributes{
			has("patchAsObject", "boolean", false, "Patch with the rights of the user."),
			has("ignoredFields", "[]string", []any{}, "Fields to leave as they are."),
			has("identityResource", "string", "managed/user", "Type of the object."),
			identityBy("userName"),
		}},
		named("PingOneCreateUserNode", "PingOne Create User", tag, "newer"),
		named("PingOneDeleteUserNode", "PingOne Delete User", tag, "newer"),
		named("PingOneIdentityMatchNode", "PingOne Identity Match", tag, "newer"),
		named("PingOneVerifyCompletionDecisionNode", "PingOne Verify Completion Decision", tag, "newer"),
		named("PingOneVerifyEvaluationNode", "PingOne Verify Evaluation", tag, "newer"),
		{"ProfileCompletenessDecisionNode", "Profile Completeness Decision", tag, "", trueFalse(), "Tells whether enough of the profile is filled in.", attributes{
			has("threshold", "integer", nil, "Percentage of the attributes."),
			identityBy("userName"),
		}},
		{"QueryFilterDecisionNode", "Query Filter Decision", tag, "", trueFalse(), "Holds the user's object against a query filter.", attributes{
			has("queryFilter", "string", nil, "Query filter."),
			identityBy("userName"),
		}},
		{"RequiredAttributesDecisionNode", "Required Attributes Present", tag, "", trueFalse(), "Tells whether attributes are missing that an object must have.", attributes{
			has("identityResource", "string", "managed/user", "Type of the object."),
		}},
		{"SelectIdPNode", "Select Identity Provider", tag, "standalone", ways("socialAuthentication Social Authentication|localAuthentication Local Authentication"), "Has the user choose how to log in.", attributes{
			has("includeLocalAuthentication", "boolean", true, "Offer the login with a password."),
			has("offerOnlyExisting", "boolean", false, "Offer only what the user has used before."),
			has("passwordAttribute", "string", "password", "Attribute that holds the password."),
			identityBy("mail"),
			has("filteredProviders", "[]string", []any{}, "Providers to offer; none stands for all."),
		}},
		{"TermsAndConditionsDecisionNode", "Terms and Conditions Decision", tag, "", trueFalse(), "Tells whether the user has accepted the current terms.", attributes{
			identityBy("userName"),
		}},
		{"TimeSinceDecisionNode", "Time Since Decision", tag, "", trueFalse(), "Tells whether the user's object is old enough.", attributes{
			has("elapsedTime", "string", nil, "Time since the object was made, like \"5 days\"."),
			identityBy("userName"),
		}},
		{"ValidatedPasswordNode", "Platform Password", tag, "", single(), "Asks for a password.", attributes{
			has("validateInput", "boolean", false, "Hold the password against the policies."),
			has("passwordAttribute", "string", "password", "Attribute that holds the password."),
		}},
		// The titles are recorded.
		{"ValidatedUsernameNode", "Platform Username", tag, "", single(), "Asks for a username.", attributes{
			has("validateInput", "boolean", false, "Validate username: Hold the username against the policies."),
			has("usernameAttribute", "string", "userName", "Username Attribute: Attribute that holds the username."),
			has("prepopulate", "boolean", false, "Prepopulate Username: Start with the username of the state.").from("2.0"),
			has("autocompleteValues", "[]string", []any{}, "Autocomplete Values: What the field's autocomplete says."),
		}},
	}
}
