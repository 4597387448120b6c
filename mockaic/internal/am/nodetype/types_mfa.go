package nodetype

// mfaTypes are about second factors.
func mfaTypes() []row {
	const (
		tag    = "mfa, multi-factor authentication"
		otpTag = "otp, mfa, multi-factor authentication"
	)
	return []row{
		named("CombinedMultiFactorRegistrationNode", "Combined MFA Registration", tag, ""),
		named("DeviceBindingNode", "Device Binding", tag, "nohelp"),
		named("DeviceBindingStorageNode", "Device Binding Storage Node", tag, "nohelp"),
		named("DeviceSigningVerifierNode", "Device Signing Verifier", tag, "nohelp"),
		named("EnableDeviceManagementNode", "Enable Device Management", tag, "newer"),
		{"GetAuthenticatorAppNode", "Get Authenticator App", tag, "", single(), "Shows where to get the app.", attributes{
			has("message", "map", map[string]any{}, "Message by locale."),
			has("continueLabel", "map", map[string]any{}, "Text of the button to go on, by locale."),
			has("appleLink", "string", "https://itunes.apple.com/app/forgerock-authenticator/id1038442926", "Where Apple has the app."),
			has("googleLink", "string", "https://play.google.com/store/apps/details?id=com.forgerock.authenticator", "Where Google has the app."),
		}},
		{"MultiFactorRegistrationOptionsNode", "MFA Registration Options", tag, "", when{when{ways("registerOutcome Register"), "getApp", ways("getAppOutcome Get App")}, "!mandatory", ways("skipOutcome Skip|optOutOutcome Opt-out")}, "Offers to register a device.", attributes{
			has("mandatory", "boolean", false, "Let nobody skip."),
			has("getApp", "boolean", true, "Offer the app."),
			has("message", "map", map[string]any{}, "Message by locale."),
			has("registerDeviceLabel", "map", map[string]any{}, "Text of the button to register, by locale."),
			has("getAppLabel", "map", map[string]any{}, "Text of the button to get the app, by locale."),
			has("skipStepLabel", "map", map[string]any{}, "Text of the button to skip, by locale."),
			has("optOutLabel", "map", map[string]any{}, "Text of the button to opt out, by locale."),
		}},
		{"OathDeviceStorageNode", "OATH Device Storage Node", tag, "", ways("successOutcome Success|failureOutcome Failure"), "Stores the device that was registered.", attributes{}},
		{"OathRegistrationNode", "OATH Registration", tag, "", ways("successOutcome Success|failureOutcome Failure"), "Registers a device that generates one-time passwords.", append(registrationAttributes(),
			has("passwordLength", "string", "SIX_DIGITS", "Number of digits."),
			has("minSharedSecretLength", "integer", 32, "Least number of hexadecimal digits of the secret."),
			has("algorithm", "HOTP|TOTP", "TOTP", "How passwords are generated."),
			has("totpTimeInterval", "integer", 30, "Seconds between two passwords."),
			has("totpHashAlgorithm", "string", "HMAC_SHA1", "Hash of the passwords."),
			has("addChecksum", "boolean", false, "Add a check digit."),
			has("truncationOffset", "integer", -1, "Offset that passwords are cut out at."),
			has("postponeDeviceProfileStorage", "boolean", false, "Leave it to another node to store the device."),
		)},
		{"OathTokenVerifierNode", "OATH Token Verifier", tag, "", when{ways("successOutcome Success|failureOutcome Failure|notRegisteredOutcome Not registered"), "isRecoveryCodeAllowed", ways("recoveryCodeOutcome Recovery Code")}, "Asks for a one-time password of a device.", attributes{
			has("algorithm", "HOTP|TOTP", "TOTP", "How passwords are generated."),
			has("hotpWindowSize", "integer", 100, "Number of passwords that may have been left out."),
			has("totpTimeInterval", "integer", 30, "Seconds between two passwords."),
			has("totpTimeSteps", "integer", 2, "Number of intervals that are accepted on either side."),
			has("totpHashAlgorithm", "string", "HMAC_SHA1", "Hash of the passwords."),
			has("maximumAllowedClockDrift", "integer", 5, "Number of intervals that a clock may be wrong."),
			has("isRecoveryCodeAllowed", "boolean", false, "Have an outcome for recovery codes."),
		}},
		{"OneTimePasswordCollectorDecisionNode", "OTP Collector Decision", otpTag, "", trueFalse(), "Asks for the one-time password.", attributes{
			has("passwordExpiryTime", "integer", 5, "Minutes that the password counts."),
		}},
		{"OneTimePasswordGeneratorNode", "HOTP Generator", otpTag, "", single(), "Generates a one-time password.", attributes{
			has("length", "integer", 8, "Number of digits."),
		}},
		{"OneTimePasswordSmsSenderNode", "OTP SMS Sender", otpTag, "", single(), "Sends the one-time password by text message.", append(mailAttributes(),
			has("mobilePhoneAttributeName", "string", "telephoneNumber", "Attribute that holds the number."),
			has("mobileCarrierAttributeName", "string?", nil, "Attribute that holds the carrier's domain."),
			has("smsSubject", "map", map[string]any{}, "Subject by locale."),
			has("smsContent", "map", map[string]any{}, "Text by locale."),
		)},
		{"OneTimePasswordSmtpSenderNode", "OTP Email Sender", otpTag, "", single(), "Sends the one-time password by mail.", append(mailAttributes(),
			has("emailAttribute", "string", "mail", "Attribute that holds the address."),
			has("emailSubject", "map", map[string]any{}, "Subject by locale."),
			has("emailContent", "map", map[string]any{}, "Text by locale."),
		)},
		{"OptOutMultiFactorAuthenticationNode", "Opt-out Multi-Factor Authentication", tag, "", single(), "Lets the user do without a second factor.", attributes{}},
		named("product-SecurIdNode", "RSA SecurID", tag, "newer"),
		{"PushAuthenticationSenderNode", "Push Sender", tag, "", when{when{ways("SENT Sent|NOT_REGISTERED Not Registered"), "!mandatory", ways("SKIPPED Skipped")}, "captureFailure", ways("FAILURE Failure")}, "Sends a push notification.", attributes{
			has("messageTimeout", "integer", 120000, "Milliseconds that the notification counts."),
			has("userMessage", "map", map[string]any{}, "Message by locale."),
			has("contextInfo", "boolean", false, "Send where the login comes from."),
			has("customPayload", "[]string", []any{}, "State to send along."),
			has("pushType", "string", "DEFAULT", "Kind of notification."),
			has("mandatory", "boolean", false, "Let nobody skip."),
			has("captureFailure", "boolean", false, "Have an outcome for failures."),
		}},
		{"PushRegistrationNode", "Push Registration", tag, "", ways("successOutcome Success|failureOutcome Failure|timeoutOutcome Time Out"), "Registers a device for push notifications.", append(registrationAttributes(),
			has("timeout", "integer", 60, "Seconds to wait."),
		)},
		{"PushResultVerifierNode", "Push Result Verifier Node", tag, "", ways("TRUE Success|FALSE Failure|EXPIRED Expired|WAITING Waiting"), "Looks whether the notification was answered.", attributes{}},
		{"PushWaitNode", "Push Wait Node", tag, "", ways("DONE Done|EXITED Exit"), "Waits for the answer to a notification.", attributes{
			has("secondsToWait", "integer", 5, "Seconds to wait."),
			has("waitingMessage", "map", map[string]any{}, "Message by locale."),
			has("challengeMessage", "map", map[string]any{}, "Message with the number to choose, by locale."),
			has("exitMessage", "map", map[string]any{}, "Text of the button to stop, by locale."),
		}},
		{"RecoveryCodeCollectorDecisionNode", "Recovery Code Collector Decision", tag, "", trueFalse(), "Asks for a recovery code.", attributes{
			has("recoveryCodeType", "OATH|PUSH|WEB_AUTHN", "OATH", "Kind of device that the code stands for."),
		}},
		{"RecoveryCodeDisplayNode", "Recovery Code Display Node", tag, "", single(), "Shows the recovery codes.", attributes{}},
		{"WebAuthnAuthenticationNode", "WebAuthn Authentication Node", tag, "standalone", when{
			when{ways("unsupported Unsupported|noDevice No Device Registered|success Success|failure Failure|error Client Error"), "isRecoveryCodeAllowed", ways("recoveryCode Use Recovery Code")},
			"detectSignCountMismatch", ways("successSignCountMismatch Success - Sign Count Mismatch"),
		}, "Logs in with a FIDO device.", attributes{
			has("relyingPartyDomain", "string?", nil, "Domain of the credentials."),
			has("origins", "[]string", []any{}, "Origins that are accepted."),
			has("userVerificationRequirement", "string", "PREFERRED", "Whether the device verifies the user."),
			has("isRecoveryCodeAllowed", "boolean", false, "Have an outcome for recovery codes."),
			has("timeout", "integer", 60, "Seconds to wait."),
			has("requiresResidentKey", "boolean", false, "Take the username from the device."),
			has("asScript", "boolean", true, "Send a script."),
			has("detectSignCountMismatch", "boolean", false, "Have an outcome for devices that may have been copied."),
		}},
		{"WebAuthnDeviceStorageNode", "WebAuthn Device Storage Node", tag, "", when{ways("success Success|failure Failure"), "maxSavedDevices", ways("exceedDeviceLimit Exceed Device Limit")}, "Stores the device that was registered.", attributes{
			has("generateRecoveryCodes", "boolean", true, "Make recovery codes."),
			has("maxSavedDevices", "integer", 0, "Number of devices at most; 0 is any."),
		}},
		{"WebAuthnRegistrationNode", "WebAuthn Registration Node", tag, "", when{ways("unsupported Unsupported|success Success|failure Failure|error Client Error"), "!postponeDeviceProfileStorage maxSavedDevices", ways("exceedDeviceLimit Exceed Device Limit")}, "Registers a FIDO device.", attributes{
			has("relyingPartyName", "string", "ForgeRock", "Name to show."),
			has("relyingPartyDomain", "string?", nil, "Domain of the credentials."),
			has("origins", "[]string", []any{}, "Origins that are accepted."),
			has("userVerificationRequirement", "string", "PREFERRED", "Whether the device verifies the user."),
			has("attestationPreference", "string", "NONE", "What the device tells of itself."),
			has("acceptedSigningAlgorithms", "[]string", []any{"ES256", "RS256"}, "Algorithms that are accepted."),
			has("authenticatorAttachment", "string", "UNSPECIFIED", "How the device is attached."),
			has("trustStoreAlias", "string?", "trustalias", "Certificates that devices are checked against."),
			has("enforceRevocationCheck", "boolean", false, "Check certificates for revocation."),
			has("timeout", "integer", 60, "Seconds to wait."),
			has("excludeCredentials", "boolean", false, "Register a device once only."),
			has("generateRecoveryCodes", "boolean", true, "Make recovery codes."),
			has("storeAttestationDataInTransientState", "boolean", false, "Keep what the device tells in the state."),
			has("postponeDeviceProfileStorage", "boolean", false, "Leave it to another node to store the device."),
			has("requiresResidentKey", "boolean", false, "Store the username on the device."),
			has("displayNameSharedState", "string?", nil, "Field of the state that holds the name to show."),
			has("asScript", "boolean", true, "Send a script."),
			has("maxSavedDevices", "integer", 0, "Number of devices at most; 0 is any."),
			has("validateFidoU2fAaguid", "boolean", true, "Check the AAGUID of FIDO U2F devices."),
			has("fidoCertificationLevel", "string", "OFF", "Least certification."),
		}},
	}
}

// mailAttributes are what both nodes have that send a one-time password.
func mailAttributes() attributes {
	return attributes{
		has("hostName", "string", nil, "Server that takes the mail."),
		has("hostPort", "integer", nil, "Port of the server."),
		has("username", "string?", nil, "Username on the server."),
		has("password", "string?", nil, "Password on the server."),
		has("secretLabelIdentifier", "string?", nil, "Label of the password on the server."),
		has("fromEmailAddress", "string", nil, "Address to send from."),
		has("sslOption", "NON_SSL|SSL|START_TLS", "SSL", "How to connect."),
		has("smsGatewayImplementationClass", "string", "com.sun.identity.authentication.modules.hotp.DefaultSMSGatewayImpl", "Class that sends."),
	}
}

// registrationAttributes are what all nodes have that show a QR code to register.
func registrationAttributes() attributes {
	return attributes{
		has("issuer", "string", "ForgeRock", "Name to show in the app."),
		has("accountName", "string", "USERNAME", "What accounts are named after."),
		has("bgColor", "string", "032b75", "Background color in the app."),
		has("imgUrl", "string", "", "Logo in the app."),
		has("generateRecoveryCodes", "boolean", true, "Make recovery codes."),
		has("scanQRCodeMessage", "map", map[string]any{}, "Message by locale."),
	}
}
