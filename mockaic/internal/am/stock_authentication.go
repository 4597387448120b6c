package am

import "encoding/json"

// StockAuthentication is how a realm of a new tenant authenticates, the document
// of realm-config/authentication as recorded for a realm that nobody changed.
func StockAuthentication(realm string) map[string]any {
	return map[string]any{
		"accountlockout": map[string]any{
			"lockoutDuration":                 json.Number("0"),
			"lockoutDurationMultiplier":       json.Number("1"),
			"lockoutWarnUserCount":            json.Number("0"),
			"loginFailureCount":               json.Number("5"),
			"loginFailureDuration":            json.Number("300"),
			"loginFailureLockoutMode":         false,
			"storeInvalidAttemptsInDataStore": true,
		},
		"core": map[string]any{"adminAuthModule": "Login", "orgConfig": "Login"},
		"general": map[string]any{
			"defaultAuthLevel":          json.Number("0"),
			"identityType":              words("agent user"),
			"locale":                    "en_US",
			"statelessSessionsEnabled":  false,
			"twoFactorRequired":         false,
			"userStatusCallbackPlugins": []any{},
		},
		"postauthprocess": map[string]any{
			"loginFailureUrl":             []any{},
			"loginPostProcessClass":       []any{},
			"loginSuccessUrl":             words("/enduser/?realm=/" + realm),
			"userAttributeSessionMapping": []any{},
			"usernameGeneratorClass":      "com.sun.identity.authentication.spi.DefaultUserIDGenerator",
			"usernameGeneratorEnabled":    true,
		},
		"security": map[string]any{
			"addClearSiteDataHeader":              true,
			"keyAlias":                            "test",
			"moduleBasedAuthEnabled":              false,
			"sharedSecret":                        map[string]any{"$string": "&{am.authentication.shared.secret}"},
			"zeroPageLoginAllowedWithoutReferrer": true,
			"zeroPageLoginEnabled":                false,
			"zeroPageLoginReferrerWhiteList":      []any{},
		},
		"trees": map[string]any{
			"authenticationSessionsMaxDuration":     json.Number("5"),
			"authenticationSessionsStateManagement": "JWT",
			"authenticationSessionsWhitelist":       true,
			"authenticationTreeCookieHttpOnly":      true,
			"suspendedAuthenticationTimeout":        json.Number("5"),
		},
		"userprofile": map[string]any{
			"aliasAttributeName":     words("uid"),
			"defaultRole":            []any{},
			"dynamicProfileCreation": "false", // a string, as recorded
		},
	}
}
