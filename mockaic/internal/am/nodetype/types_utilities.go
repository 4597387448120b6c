package nodetype

// utilityTypes steer the journey and set what it leaves behind.
func utilityTypes() []row {
	const tag = "utilities"
	return []row{
		{"AgentDataStoreDecisionNode", "Agent Data Store Decision", tag, "", trueFalse(), "Checks the ID and password of an agent.", attributes{}},
		{"AmsterJwtDecisionNode", "Amster Jwt Decision Node", tag, "newer nohelp", trueFalse(), "", attributes{
			has("authorizedKeys", "string", "&{amster.secrets.keys.path|@BASE_DIR@/security/keys/amster/authorized_keys}", "File of the keys that are accepted."),
		}},
		{"AnonymousSessionUpgradeNode", "Anonymous Session Upgrade", tag, "", single(), "Upgrades an anonymous session.", attributes{}},
		{"AnonymousUserNode", "Anonymous User Mapping", tag, "", single(), "Logs in as an anonymous user.", attributes{
			has("anonymousUserName", "string", "anonymous", "Username of the anonymous user."),
		}},
		named("BackChannelInitNode", "Backchannel Initialize", "utilities, backchannel", "newer"),
		named("BackchannelNotificationNode", "Backchannel Notification", "utilities, backchannel", "newer"),
		named("BackChannelStatusNode", "Backchannel Status", "utilities, backchannel", "newer"),
		{"ChoiceCollectorNode", "Choice Collector", tag, "", each{attribute: "choices"}, "Offers a choice.", attributes{
			has("choices", "[]string", []any{}, "What to choose from."),
			has("defaultChoice", "string", nil, "Choice that is made at first."),
			has("prompt", "string", nil, "Question."),
		}},
		{"ConfigProviderNode", "Configuration Provider", tag, "", ofType{"nodeType"}, "Runs a node that a script configures.", attributes{
			has("nodeType", "string", nil, "Type of the node."),
			has("script", "string", nil, "ID of the script."),
			has("scriptInputs", "[]string", []any{"*"}, "State that the script may read."),
		}},
		{"DebugNode", "Debug Node", "", "", single(), "Logs the state.", attributes{
			has("popupEnabled", "boolean", true, "Show the state in a window, too."),
		}},
		{"EmailSuspendNode", "Email Suspend Node", tag, "", single(), "Sends a link by mail and waits until it is followed.", attributes{
			has("emailTemplateName", "string", "registration", "Template of the mail."),
			has("emailAttribute", "string", "mail", "Attribute that holds the address."),
			has("emailSuspendMessage", "map", map[string]any{"en": "An email has been sent to the address you entered. Click the link in that email to proceed."}, "Message by locale."),
			has("objectLookup", "boolean", false, "Read the user's object for the template."),
			identityBy("userName"),
			has("suspendDuration", "integer?", nil, "Minutes to wait at most."),
		}},
		{"EmailTemplateNode", "Email Template Node", tag, "", ways("EMAIL_SENT Email Sent|EMAIL_NOT_SENT Email Not Sent"), "Sends a mail.", attributes{
			has("emailTemplateName", "string", "welcome", "Template of the mail."),
			has("emailAttribute", "string", "mail", "Attribute that holds the address."),
			identityBy("userName"),
		}},
		{"FlowControlNode", "Flow Control", tag, "newer", labelled{{"A", "outcomeADisplayName"}, {"B", "outcomeBDisplayName"}}, "Splits the logins by chance.", attributes{
			has("percentageA", "integer", 50, "Percentage of the logins that go to A."),
			has("outcomeADisplayName", "string", "A", "Name of the outcome A."),
			has("outcomeBDisplayName", "string", "B", "Name of the outcome B."),
		}},
		{"InnerTreeEvaluatorNode", "Inner Tree Evaluator", tag, "unsupported", when{trueFalse(), "displayErrorOutcome", ways("error Error")}, "Runs another journey.", attributes{
			has("tree", "string", nil, "Journey to run."),
			has("displayErrorOutcome", "boolean", false, "Have an outcome of its own for errors."),
		}},
		{"MessageNode", "Message Node", tag, "", trueFalse(), "Shows a message with two answers.", attributes{
			has("message", "map", map[string]any{}, "Message by locale."),
			has("messageYes", "map", map[string]any{}, "Positive answer by locale."),
			has("messageNo", "map", map[string]any{}, "Negative answer by locale."),
			has("stateField", "string?", nil, "Field of the state that takes the answer."),
		}},
		{"MetadataNode", "State metadata", tag, "", single(), "Sends fields of the state.", attributes{
			has("attributes", "[]string", nil, "Fields of the state."),
		}},
		{"PageNode", "Page Node", tag, "unsupported", lastChild{"nodes"}, "Shows several nodes as one page.", attributes{
			has("nodes", "[]object", []any{}, "Nodes of the page."),
			has("pageHeader", "map", map[string]any{}, "Header by locale."),
			has("pageDescription", "map", map[string]any{}, "Description by locale."),
			has("stage", "string?", nil, "What the page is to its user interface."),
		}},
		{"PollingWaitNode", "Polling Wait Node", tag, "", when{when{ways("DONE Done"), "exitable", ways("EXITED Exited")}, "spamDetectionEnabled", ways("SPAM Spam")}, "Waits.", attributes{
			has("secondsToWait", "integer", 8, "Seconds to wait."),
			has("waitingMessage", "map", map[string]any{}, "Message by locale."),
			has("spamDetectionEnabled", "boolean", false, "Notice who does not wait."),
			has("spamDetectionTolerance", "integer", 3, "Number of early requests to put up with."),
			has("exitable", "boolean", false, "Let users stop waiting."),
			has("exitMessage", "map", map[string]any{}, "Text of the button to stop, by locale."),
		}},
		{"QueryParameterNode", "Query Parameter Node", tag, "", single(), "Takes query parameters into the state.", attributes{
			has("allowedQueryParameters", "map", nil, "Fields of the state by parameter."),
			has("queryParametersToBeDelimited", "[]string", []any{}, "Parameters to split at commas."),
		}},
		{"RegisterLogoutWebhookNode", "Register Logout Webhook", tag, "", single(), "Calls a webhook at logout.", attributes{
			has("webhookName", "string", nil, "Name of the webhook."),
		}},
		{"RemoveSessionPropertiesNode", "Remove Session Properties", tag, "", single(), "Removes properties of the session.", attributes{
			has("propertyNames", "[]string", []any{}, "Properties to remove."),
		}},
		{"RequestHeaderNode", "Request Header Node", tag, "", single(), "Takes headers into the state.", attributes{
			has("allowedHeaders", "map", nil, "Fields of the state by header."),
			has("headersToBeDelimited", "[]string", []any{}, "Headers to split at commas."),
		}},
		{"RetryLimitDecisionNode", "Retry Limit Decision", tag, "", ways("Retry Retry|Reject Reject"), "Lets users pass a number of times.", attributes{
			has("retryLimit", "integer", 3, "Number of times."),
			has("incrementUserAttributeOnFailure", "boolean", true, "Count in the user's object."),
		}},
		{"ScriptedDecisionNode", "Scripted Decision", tag, "", each{attribute: "outcomes"}, "Runs a script.", attributes{
			has("script", "string", nil, "ID of the script."),
			has("outcomes", "[]string", []any{}, "Outcomes that the script sets."),
			has("inputs", "[]string", []any{"*"}, "State that the script may read."),
			has("outputs", "[]string", []any{"*"}, "State that the script must write."),
		}},
		{"SessionDataNode", "Get Session Data", tag, "", single(), "Takes a property of the session into the state.", attributes{
			has("sessionDataKey", "string", nil, "Property of the session."),
			has("sharedStateKey", "string", nil, "Field of the state."),
		}},
		{"SetErrorDetailsNode", "Set Error Details", tag, "newer", single(), "Sets what an error answers.", attributes{
			has("errorMessage", "map", map[string]any{}, "Message by locale."),
			has("errorDetails", "map", map[string]any{}, "More members of the answer."),
		}},
		{"SetFailureDetailsNode", "Set Failure Details", tag, "newer", single(), "Sets what a failed login answers.", attributes{
			has("failureMessage", "map", map[string]any{}, "Message by locale."),
			has("failureDetails", "map", map[string]any{}, "More members of the answer."),
		}},
		{"SetFailureUrlNode", "Failure URL", tag, "", single(), "Sets where a failed login leads.", attributes{
			has("failureUrl", "string", nil, "URL."),
		}},
		named("SetLogoutDetailsNode", "Set Logout Details", tag, "newer"),
		{"SetSessionPropertiesNode", "Set Session Properties", tag, "", single(), "Sets properties of the session.", attributes{
			has("properties", "map", map[string]any{}, "Properties."),
			has("maxSessionTime", "integer?", nil, "Minutes that the session lasts at most."),
			has("maxIdleTime", "integer?", nil, "Minutes that the session lasts unused."),
		}},
		{"SetStateNode", "Set State", tag, "newer", single(), "Writes texts into the state.", attributes{
			has("attributes", "map", map[string]any{}, "Fields of the state."),
		}},
		{"SetSuccessDetailsNode", "Set Success Details", tag, "newer", single(), "Sets what a successful login answers.", attributes{
			has("successDetails", "map", map[string]any{}, "More members of the answer."),
			has("sessionProperties", "map", map[string]any{}, "Members of the answer that properties of the session fill."),
		}},
		{"SetSuccessUrlNode", "Success URL", tag, "", single(), "Sets where a successful login leads.", attributes{
			has("successUrl", "string", nil, "URL."),
		}},
		{"UpdateJourneyTimeoutNode", "Update Journey Timeout", tag, "newer", single(), "Changes how long the journey may last.", attributes{
			has("operation", "SET|MODIFY", nil, "What to do."),
			has("value", "integer", nil, "Minutes."),
		}},
		{"MeterNode", "Meter", "metrics, utilities", "", single(), "Counts passes.", attributes{
			has("metricKey", "string", nil, "Name of the metric."),
		}},
		{"TimerStartNode", "Timer Start", "metrics, utilities", "", single(), "Starts a timer.", attributes{
			has("startTimeProperty", "string", "TimerNodeStartTime", "Field of the state that holds the start."),
		}},
		{"TimerStopNode", "Timer Stop", "metrics, utilities", "", single(), "Stops a timer.", attributes{
			has("startTimeProperty", "string", "TimerNodeStartTime", "Field of the state that holds the start."),
			has("metricKey", "string", nil, "Name of the metric."),
		}},
		named("AppPolicyDecisionNode", "App Policy Decision", "authz", "newer"),
		named("PolicyDecisionNode", "Policy Decision", "authz", "newer"),
		named("IotAuthenticationNode", "Authenticate Thing", "iot, things", ""),
		named("IotRegistrationNode", "Register Thing", "iot, things", ""),
		named("hibpAuthNode", "Have I Been Pwned", "", "newer nohelp"),
		named("provePrefillNode", "Prove Prefill Node", "", "newer nohelp"),
		named("proveTrustNode", "Prove Trust Node", "", "newer nohelp"),
		named("spycloudAuthNode", "SpyCloud Auth Node", "", "newer nohelp"),
	}
}
