package nodetype

// riskTypes look at where a login comes from and how often.
func riskTypes() []row {
	return []row{
		{"AccountActiveDecisionNode", "Account Active Decision", "risk", "", trueFalse(), "Tells whether the account is active.", attributes{}},
		{"AccountLockoutNode", "Account Lockout", "risk", "", single(), "Locks or unlocks the account.", attributes{
			has("lockAction", "LOCK|UNLOCK", "LOCK", "What to do."),
		}},
		{"AuthLevelDecisionNode", "Auth Level Decision", "risk", "", trueFalse(), "Compares the authentication level.", attributes{
			has("authLevelRequirement", "integer", nil, "Least authentication level."),
		}},
		{"ModifyAuthLevelNode", "Modify Auth Level", "risk", "", single(), "Changes the authentication level.", attributes{
			has("authLevelIncrement", "integer", nil, "What to add."),
		}},
		named("product-CaptchaEnterpriseNode", "reCAPTCHA Enterprise", "risk", "newer"),
		{"product-CaptchaNode", "CAPTCHA", "risk", "", trueFalse(), "Asks for a CAPTCHA.", captchaAttributes()},
		{"product-ReCaptchaNode", "Legacy CAPTCHA", "risk, deprecated", "", trueFalse(), "Asks for a CAPTCHA.", captchaAttributes()},
		// Of the PingOne Protect types only nodes are recorded. Their defaults are values
		// of those nodes that look like defaults, and their enumerations are not known.
		{"product-PingOneProtectEvaluationNode", "PingOne Protect Evaluation", "risk, sdk", "", ways("high High|medium Medium|low Low|exceed Exceeds Score Threshold|failure Failure|clientError ClientError"), "Asks PingOne Protect for the risk.", attributes{
			has("pingOneWorker", "string", nil, "Worker service of PingOne."),
			has("riskPolicySetID", "string?", nil, "Risk policy set."),
			has("dynamicRiskPolicySetID", "boolean", false, "Take the risk policy set from the state."),
			has("flowType", "string", "AUTHENTICATION", "Kind of flow."),
			has("authenticationFlowSubtype", "string", "NONE", "Kind of authentication."),
			has("authorizationFlowSubtype", "string", "NONE", "Kind of authorization."),
			has("deviceSharingType", "string", "SHARED", "Whether devices are shared."),
			has("userType", "string", "EXTERNAL", "Kind of user."),
			has("dynamicTargetResourceID", "boolean", false, "Take the target's ID from the state."),
			has("dynamicTargetResourceName", "boolean", false, "Take the target's name from the state."),
			has("targetedPoliciesEvaluation", "boolean", false, "Evaluate targeted policies."),
			has("recommendedActions", "[]string", []any{}, "Recommended actions with an outcome of their own."),
			has("pauseBehavioralData", "boolean", true, "Stop collecting how the user behaves."),
			has("scoreThreshold", "string", "300", "Score that is too high."),
			has("storeEvaluateResult", "boolean", false, "Keep the result in the state."),
		}},
		{"product-PingOneProtectInitializeNode", "PingOne Protect Initialize", "risk, sdk", "", trueFalse(), "Starts PingOne Protect on the device.", attributes{
			has("pingOneWorker", "string", nil, "Worker service of PingOne."),
			has("enableTrust", "boolean", false, "Tie the data to the device."),
			has("consoleLogEnabled", "boolean", false, "Log to the console."),
			has("deviceAttributesToIgnore", "[]string", []any{}, "What not to collect of the device."),
			has("deviceKeyRsyncIntervals", "integer", 14, "Days between two syncs of the device's key."),
			has("disableHub", "boolean", false, "Keep nothing between pages."),
			has("disableTags", "boolean", false, "Collect no tags."),
			has("lazyMetadata", "boolean", false, "Collect metadata late."),
			has("behavioralDataCollection", "boolean", true, "Collect how the user behaves."),
			has("agentIdentification", "boolean", false, "Collect the agent's data."),
			has("additionalSignalsInitializationOptions", "map", map[string]any{}, "More options."),
		}},
		{"product-PingOneProtectResultNode", "PingOne Protect Result", "risk", "", single(), "Tells PingOne Protect how the login ended.", attributes{
			has("status", "string", "SUCCESS", "How the login ended."),
		}},
		named("AutonomousAccessDecisionNode", "Autonomous Access Decision", "autonomous-access", "newer"),
		named("AutonomousAccessResultNode", "Autonomous Access Result", "autonomous-access", "newer"),
		named("AutonomousAccessSignalNode", "Autonomous Access Signal", "autonomous-access", "newer"),
		{"IncrementLoginCountNode", "Increment Login Count", "behavioral", "", single(), "Counts a login.", attributes{
			identityBy("userName"),
		}},
		{"LoginCountDecisionNode", "Login Count Decision", "behavioral", "", trueFalse(), "Compares the number of logins.", attributes{
			has("interval", "AT|EVERY", "AT", "Once at the amount, or each time it is reached again."),
			has("amount", "integer", 25, "Number of logins."),
			identityBy("userName"),
		}},
		{"CookiePresenceDecisionNode", "Cookie Presence Decision Node", "contextual", "", trueFalse(), "Tells whether there is a cookie.", attributes{
			has("cookieName", "string", "My-Cookie", "Name of the cookie."),
		}},
		{"DeviceGeoFencingNode", "Device Geofencing", "contextual", "nohelp", trueFalse(), "", attributes{
			has("locations", "[]string", []any{}, "Latitudes and longitudes with a comma between them."),
			has("distance", "string", "10", "Kilometers that count as near."),
		}},
		{"DeviceLocationMatchNode", "Device Location Match", "contextual", "nohelp", ways("true True|false False|unknownDevice Unknown Device"), "", attributes{
			has("distance", "string", "10", "Kilometers that count as near."),
		}},
		{"DeviceMatchNode", "Device Match", "contextual", "nohelp", ways("true True|false False|unknownDevice Unknown Device"), "", attributes{
			has("acceptableVariance", "integer", 0, "Number of attributes that may differ."),
			has("expiration", "integer", 30, "Days that a profile counts."),
			has("useScript", "boolean", false, "Have a script compare."),
			has("script", "string", nil, "ID of the script."),
		}},
		{"DeviceProfileCollectorNode", "Device Profile Collector", "contextual", "nohelp", single(), "", attributes{
			has("maximumSize", "string", "3", "Kilobytes of a profile at most."),
			has("deviceMetadata", "boolean", true, "Collect what the device is."),
			has("deviceLocation", "boolean", false, "Collect where the device is."),
			has("message", "map", map[string]any{}, "Message by locale."),
		}},
		{"DeviceSaveNode", "Device Profile Save", "contextual", "nohelp", single(), "", attributes{
			has("variableName", "string", "", "Field of the state that holds the device's name."),
			has("maxSavedProfiles", "integer", 5, "Number of profiles at most."),
			has("saveDeviceMetadata", "boolean", true, "Keep what the device is."),
			has("saveDeviceLocation", "boolean", true, "Keep where the device is."),
		}},
		{"DeviceTamperingVerificationNode", "Device Tampering Verification", "contextual", "nohelp", trueFalse(), "", attributes{
			has("score", "string", "0", "Score that is still accepted."),
		}},
		{"PersistentCookieDecisionNode", "Persistent Cookie Decision", "contextual", "", trueFalse(), "Logs in by a cookie.", cookieAttributes(
			has("enforceClientIp", "boolean", false, "Take the cookie from the address that it was set for only."),
		)},
		named("product-CertificateCollectorNode", "Certificate Collector Node", "contextual", "nohelp"),
		named("product-CertificateUserExtractorNode", "Certificate User Extractor Node", "contextual", "nohelp"),
		named("product-CertificateValidationNode", "Certificate Validation Node", "contextual", "nohelp"),
		{"SetCustomCookieNode", "Set Custom Cookie", "contextual", "", single(), "Sets a cookie.", attributes{
			has("name", "string", nil, "Name of the cookie."),
			has("value", "string", nil, "Value of the cookie."),
			has("maxAge", "integer?", nil, "Seconds that the cookie lasts."),
			has("domain", "string?", nil, "Domain of the cookie."),
			has("path", "string?", nil, "Path of the cookie."),
			has("useSecureCookie", "boolean", false, "Send the cookie over TLS only."),
			has("useHttpOnlyCookie", "boolean", false, "Keep the cookie from scripts."),
			has("sameSite", "string", "LAX", "Which sites' requests carry the cookie."),
		}},
		{"SetPersistentCookieNode", "Set Persistent Cookie", "contextual", "", single(), "Sets a cookie that logs in.", cookieAttributes(
			has("maxLife", "integer", 5, "Hours that the cookie lasts at most."),
		)},
	}
}

func captchaAttributes() attributes {
	return attributes{
		has("siteKey", "string", nil, "Key of the site."),
		has("secretKey", "string?", nil, "Secret of the site."),
		has("secretLabelIdentifier", "string?", nil, "Label of the secret of the site."),
		has("captchaUri", "string", "https://www.google.com/recaptcha/api/siteverify", "Where answers are verified."),
		has("apiUri", "string", "https://www.google.com/recaptcha/api.js", "Script of the CAPTCHA."),
		has("divClass", "string", "g-recaptcha", "Class of the CAPTCHA's element."),
		has("reCaptchaV3", "boolean", false, "Take reCAPTCHA 3."),
		has("scoreThreshold", "string", "0.0", "Least score."),
		has("disableSubmission", "boolean", true, "Wait for the answer."),
	}
}

// cookieAttributes are what both nodes of the persistent cookie have, with one that
// only one of them has.
func cookieAttributes(own attribute) attributes {
	return attributes{
		has("idleTimeout", "integer", 5, "Hours that the cookie lasts unused."),
		own,
		has("useSecureCookie", "boolean", true, "Send the cookie over TLS only."),
		has("useHttpOnlyCookie", "boolean", true, "Keep the cookie from scripts."),
		has("hmacSigningKey", "string?", nil, "Key that signs the cookie."),
		has("hmacSigningKeySecretLabelIdentifier", "string?", nil, "Label of the key that signs the cookie."),
		has("persistentCookieName", "string", "session-jwt", "Name of the cookie."),
	}
}
