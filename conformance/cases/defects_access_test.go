package cases

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"aicmcp/mockaic"
)

// registrationDefects are such as registrations have.
var registrationDefects = []defect{
	{
		name:    "what is not said is not told",
		answer:  onProvider("/register", inPattern(`"jwks_cache_timeout":[0-9]+,`, "")),
		noticed: []string{"provider/register/document"},
	}, {
		name:    "all applications are for the web",
		answer:  onProvider("/register", inText(`"application_type":"native"`, `"application_type":"web"`)),
		noticed: []string{"provider/register/inspector"},
	}, {
		name: "registration stays closed",
		ask: inSentTo(oauthProvider.path, func(text string) string {
			return strings.ReplaceAll(text, `"allowDynamicRegistration":true`, `"allowDynamicRegistration":false`)
		}),
		noticed: []string{"provider/register/open"},
	}, {
		name:    "languages are spelled as they were sent",
		answer:  onProvider("/register", inText("#ja-jpan-jp", "#ja-Jpan-JP")),
		noticed: []string{"provider/register/languages"},
	}, {
		name:    "scopes are a text",
		ask:     inSentTo(provider, func(text string) string { return strings.ReplaceAll(text, `"scopes"`, `"conformance"`) }),
		noticed: []string{"provider/register/scopes"},
	}, {
		name:    "what cannot be is registered",
		answer:  onProvider("/register", inStatus("invalid_client_metadata", http.StatusCreated)),
		noticed: []string{"provider/register/keys", "provider/register/scopes"},
	}, {
		name:    "software statements are passed over",
		ask:     inSentTo(provider, func(text string) string { return strings.ReplaceAll(text, `"software_statement"`, `"conformance"`) }),
		noticed: []string{"provider/register/statement"},
	}, {
		name: "a change adds to what was there",
		ask: func(r *http.Request) {
			if r.Method == http.MethodPut {
				inSentTo(provider, func(text string) string {
					return strings.Replace(text, `{`, `{"client_uri":"https://conformance.example.com/",`, 1)
				})(r)
			}
		},
		noticed: []string{"provider/register/replace"},
	}, {
		name:    "a token of before is good still",
		answer:  onProvider("/register", inStatus("invalid_token", http.StatusOK)),
		noticed: []string{"provider/register/spent-token"},
	}, {
		name:    "tokens are gone with their client",
		answer:  onProvider("/tokeninfo", insteadOf("", http.StatusUnauthorized, "{}")),
		noticed: []string{"provider/register/tokens-stay"},
	}, {
		name:    "whoever has a token registers clients",
		answer:  onProvider("/register", inStatus(`"error"`, http.StatusCreated)),
		noticed: []string{"service-accounts/token/registers-nothing"},
	},
}

// robotDefects are such as the tokens of service accounts have.
var robotDefects = []defect{
	{
		name:    "service accounts get tokens like anybody's",
		answer:  onProvider("/access_token", inPattern(`"expires_in":[0-9]+`, `"expires_in":3599`)),
		noticed: []string{"service-accounts/token/answer"},
	}, {
		name:    "tokens of service accounts can be read",
		answer:  onProvider("/access_token", inPattern(`"access_token":"[^"]*"`, `"access_token":"e30.e30.e30"`)),
		noticed: []string{"service-accounts/token/sealed", "service-accounts/token/header-order"},
	}, {
		name:    "tokeninfo does not know service accounts",
		answer:  onProvider("/tokeninfo", inText(robotClient, "conformance")),
		noticed: []string{"service-accounts/token/info"},
	}, {
		name:    "tokens of the root realm are good in all realms",
		ask:     inProviderPath("/realms/root/realms/alpha/tokeninfo", "/tokeninfo"),
		noticed: []string{"service-accounts/token/realm"},
	}, {
		name:    "what a service account lacks is told in other words",
		answer:  onProvider("/access_token", inText(lackingScopes, "Unknown/invalid scope(s): ")),
		noticed: []string{"service-accounts/scope/refused"},
	}, {
		name:    "what a service account lacks is left out",
		answer:  onProvider("/access_token", insteadOf("invalid_scope", http.StatusOK, someTokens)),
		noticed: []string{"service-accounts/scope/refused"},
	}, {
		name:    "any assertion is good",
		answer:  onProvider("/access_token", insteadOf("invalid_grant", http.StatusOK, someTokens)),
		noticed: []string{"service-accounts/assertion/claims", "service-accounts/assertion/forged", "service-accounts/assertion/replay", "service-accounts/account/inactive"},
	}, {
		name: "no assertion is good",
		ask: inForm(func(_ *http.Request, form url.Values) {
			ifThere(form, "assertion", noToken)
		}),
		noticed: []string{"service-accounts/assertion/audience", "service-accounts/token/answer"},
	},
}

// corsDefects are such as CORS has where it was made to work at last.
var corsDefects = []defect{
	{
		name: "every origin is let in",
		answer: func(r *http.Response) error {
			if origin := r.Request.Header.Get("Origin"); origin != "" {
				r.Header.Set(allowOrigin, origin)
			}
			return nil
		},
		noticed: []string{"cors/origin/allowed", "cors/origin/refused", "cors/preflight/refused", "cors/entry/disabled", "cors/idm/apart"},
	}, {
		name:    "every origin is let in, as a star",
		answer:  inHeader(allowOrigin, func(string) string { return "*" }),
		noticed: []string{"cors/origin/allowed", "cors/preflight/allowed", "cors/credentials/allowed"},
	}, {
		name:    "there is no CORS",
		ask:     func(r *http.Request) { r.Header.Del("Origin") },
		noticed: []string{"cors/origin/allowed", "cors/origin/refused", "cors/preflight/allowed", "cors/preflight/refused", "cors/credentials/allowed", "cors/entry/disabled", "cors/idm/apart"},
	}, {
		name:    "caches mix origins up",
		answer:  func(r *http.Response) error { r.Header.Del("Vary"); return nil },
		noticed: []string{"cors/origin/allowed"},
	}, {
		name:    "pages send what headers they like",
		ask:     func(r *http.Request) { r.Header.Del("Access-Control-Request-Headers") },
		noticed: []string{"cors/preflight/refused"},
	}, {
		name: "pages use what methods they like",
		ask: func(r *http.Request) {
			if r.Header.Get("Access-Control-Request-Method") != "" {
				r.Header.Set("Access-Control-Request-Method", http.MethodPost)
			}
		},
		noticed: []string{"cors/preflight/refused"},
	}, {
		name:    "all pages send cookies",
		answer:  func(r *http.Response) error { r.Header.Set(allowCredentials, "true"); return nil },
		noticed: []string{"cors/credentials/allowed", "cors/origin/allowed"},
	}, {
		name:    "preflights are asked for again and again",
		answer:  func(r *http.Response) error { r.Header.Del("Access-Control-Max-Age"); return nil },
		noticed: []string{"cors/preflight/allowed"},
	}, {
		name:    "entries have other defaults",
		answer:  onAM("", "/CorsService/", inText(`"maxAge":600`, `"maxAge":0`)),
		noticed: []string{"cors/entry/answer"},
	},
}

// callbackDefects are such as journeys have that were made for one page.
var callbackDefects = []defect{
	{
		name:    "nothing is chosen beforehand",
		answer:  onAM("", "/authenticate", inText(`"name":"defaultChoice","value":1`, `"name":"defaultChoice","value":0`)),
		noticed: []string{"login/callback/choice"},
	}, {
		name:    "lists that are empty are null",
		answer:  onAM("", "/authenticate", inText(`"failedPolicies","value":[]`, `"failedPolicies","value":null`)),
		noticed: []string{"login/callback/attributes"},
	}, {
		name: "a journey without a name is none",
		ask: belowAM(inQuery(func(q url.Values) {
			if q.Has("authIndexType") && q.Get("authIndexValue") == "" {
				q.Set("authIndexValue", "conformance-nothing")
			}
		})),
		noticed: []string{"login/step/empty-service"},
	}, {
		name:    "tokens of sessions are plain",
		answer:  onAM("", "/authenticate", inPattern(`"tokenId":"[^"]+"`, `"tokenId":"conformance"`)),
		noticed: []string{"login/success/token-form"},
	}, {
		name: "nobody is asked for preferences",
		ask: inSentTo(users, func(text string) string {
			return strings.Replace(text, `"userName"`, `"preferences":{"updates":true,"marketing":true},"userName"`, 1)
		}),
		noticed: []string{"login/success/progressive"},
	}, {
		name: "the password grant has one journey",
		ask: inForm(func(_ *http.Request, form url.Values) {
			if form.Get("grant_type") == grantPassword {
				form.Del("auth_chain")
			}
		}),
		noticed: []string{"provider/password/journey"},
	}, {
		name: "tokens of sessions are compared as far as they go",
		ask: func(r *http.Request) {
			r.Header.Set("Cookie", strings.TrimSuffix(r.Header.Get("Cookie"), "x"))
		},
		noticed: []string{"provider/authorize/session-tricks"},
	},
}

// clockDefects are those of tenants for which time is something else.
var clockDefects = []defect{
	{
		name: "nothing ever ends",
		pace: new(int64),
		noticed: []string{
			"provider/expiry", "provider/device/interval", "service-accounts/expiry", "sessions/expiry/idle", "sessions/expiry/most", "login/expiry",
		},
	}, {
		name: "everything ends too early",
		pace: func() *int64 { pace := int64(1000); return &pace }(),
		noticed: []string{
			"provider/expiry/code", "provider/expiry/access-token", "provider/expiry/refresh-token", "provider/expiry/assertion", "provider/expiry/pushed",
			"provider/expiry/max-age", "service-accounts/expiry/token", "service-accounts/expiry/assertion", "sessions/expiry/idle", "sessions/expiry/used",
			"sessions/expiry/most", "login/expiry/auth-id",
		},
	},
}

// clock is that of the tenant with its defect.
func (d defect) clock(mock *mockaic.Tenant) func(context.Context, time.Duration) error {
	right := clockOf(mock)
	if d.pace == nil {
		return right
	}
	return func(ctx context.Context, by time.Duration) error { return right(ctx, by*time.Duration(*d.pace)/100) }
}
