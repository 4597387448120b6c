// Package provider names what is set of a realm's OAuth provider: AM keeps it, and the
// OAuth endpoints follow it.
package provider

import "time"

// Settings are how a realm's provider is set for a client. A lifetime below 0 is
// endless.
type Settings struct {
	AccessTokenLifetime, RefreshTokenLifetime, CodeLifetime, IDTokenLifetime time.Duration

	IssueRefreshToken, RenewRefreshToken bool // RenewRefreshToken is for each use
	Stateless                            bool
	SigningAlgorithm                     string
	CodeVerifier                         string // whose clients need one: true, public, passwordless, false
	GrantTypes, Scopes, DefaultScopes    []string
	ScopeTexts                           map[string]string // what people are told of scopes
	ClientsCanSkipConsent                bool
	Discovery                            bool
	PasswordJourney                      string

	DeviceCodeLifetime, DevicePollInterval time.Duration
	UserCodeLength                         int
	UserCodeCharacters                     string
	OpenUserCodeForm                       bool // to those who are not logged in

	RefreshTokenGrace time.Duration // in which a refresh token may be used again
	LeastMaxAge       int           // seconds
	MappedClasses     []string      // the values of acr_values that lead to journeys

	RequestURILifetime    time.Duration
	RequirePushedRequests bool

	ClaimsInIDToken, StoreOperations, IDTokenInfoNeedsClient bool
	ClientIDInTokens, SubjectNameInTokens                    bool
	CredentialsInQuery                                       bool
	AudienceInExchange                                       bool

	OpenRegistration, RegistrationTokens, NeedsSoftwareStatement bool
	RegistrationScope                                            string // of those who may register clients where that is not open
	ResponseTypes                                                []string
	Supported                                                    map[string][]string // what clients may register, by the names of the settings
}
