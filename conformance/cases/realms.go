package cases

import (
	"net/http"
	"regexp"
	"strings"

	c "aicmcp/conformance"
)

var (
	realms         = api{"/am/json/global-config/realms", "protocol=2.0,resource=1.0"}
	serverInfo     = api{"/am/json/serverinfo", "protocol=2.1,resource=2.0"}
	authentication = api{inAlpha + "/realm-config/authentication", "protocol=2.1,resource=1.0"}
	oauthProvider  = api{inAlpha + "/realm-config/services/oauth-oidc", "protocol=2.1,resource=1.0"}
	chains         = api{inAlpha + "/realm-config/authentication/chains", "protocol=2.1,resource=2.0"}
	modules        = api{inAlpha + "/realm-config/authentication/modules", "protocol=2.1,resource=2.0"}
)

var realmsNeeded = []c.Feature{c.Realms}

// theRealms are those of every tenant but the root realm. IDs are paths in base64.
var theRealms = map[string]object{
	"alpha": {"_id": "L2FscGhh", "parentPath": "/", "active": true, "name": "alpha", "aliases": []any{}},
	"bravo": {"_id": "L2JyYXZv", "parentPath": "/", "active": true, "name": "bravo", "aliases": []any{}},
}

// realmSettings are the cases about realms, their settings and what AM tells about
// itself. They only read.
var realmSettings = []c.Case{
	{
		ID:    "realms/list/envelope",
		Title: "the realms alpha and bravo are listed, uncounted, below the root realm",
		Level: c.Must, Needs: realmsNeeded, Ref: refRealms,
		Run: func(t *c.T) {
			page := api{realms.path + "/", realms.version}.find(t, "true")
			checkEnvelope(t, page, uncounted, -1, -1)
			for _, want := range theRealms {
				t.Equal("realm", want, without(listed(t, page, want["_id"].(string)), "_rev"))
			}
			t.Equal("Content-API-Version", "protocol=2.0,resource=1.0, resource=1.0", page.Header.Get("Content-API-Version"))
		},
	}, {
		ID:    "realms/read/realm",
		Title: "a realm is read by its path in base64, with its revision as ETag",
		Level: c.Must, Needs: realmsNeeded, Ref: refRealms,
		Run: func(t *c.T) {
			for _, want := range theRealms {
				res := realms.at(want["_id"].(string)).read(t)
				t.Equal("realm", want, without(res.Body, "_rev"))
				checkTag(t, res)
			}
		},
	}, {
		ID:    "realms/info/members",
		Title: "serverinfo tells the name of the session cookie, and is not to be stored",
		Level: c.Must, Needs: realmsNeeded, Ref: refServerInfo,
		Run: func(t *c.T) {
			res := serverInfo.at("*").read(t)
			t.Has("serverinfo", res.Body, "domains", "lang", "socialImplementations", "successfulUserRegistrationDestination", "xuiUserSessionValidationEnabled")
			checkHolds(t, "serverinfo", object{
				"_id": "*", "realm": "/", "secureCookie": true, "userIdAttributes": []string{"fr-idm-uuid"}, "cloudOnlyFeaturesEnabled": true,
				"fileBasedConfiguration": true, "protectedUserAttributes": []string{"telephoneNumber", "mail"}, "forgotPassword": "false",
				"zeroPageLogin": object{"enabled": false, "refererWhitelist": []any{}, "allowedWithoutReferer": true},
			}, res.Body)
			t.True("cookieName is fifteen hexadecimal digits", regexp.MustCompile(`^[0-9a-f]{15}$`).MatchString(res.Text("cookieName")))
			t.True("there is an ETag", res.Header.Get("ETag") != "")
			t.Equal("Cache-Control", "no-store", res.Header.Get("Cache-Control"))
			t.Equal("Content-API-Version", "resource=2.0", res.Header.Get("Content-API-Version"))
		},
	}, {
		ID:    "realms/info/versions",
		Title: "serverinfo answers in the version that is asked for",
		Level: c.Must, Needs: realmsNeeded, Ref: refServerInfo,
		Run: func(t *c.T) {
			for _, version := range []string{"resource=1.1", "resource=2.0"} {
				res := api{serverInfo.path, version}.at("*").read(t)
				t.True("there is a cookieName", res.Text("cookieName") != "")
				t.Equal("Content-API-Version", version, res.Header.Get("Content-API-Version"))
			}
		},
	}, {
		ID:    "realms/info/realm",
		Title: "serverinfo below a realm is about that realm, and is open to everybody",
		Level: c.Should, Needs: realmsNeeded, Ref: "inferred: login pages read it before anybody is logged in; not recorded",
		Run: func(t *c.T) {
			res := api{inAlpha + "/serverinfo", serverInfo.version}.at("*").get(t, c.Anonymous())
			t.Status(http.StatusOK, res)
			t.Equal("realm", "/alpha", res.At("realm"))
			t.Equal("cookieName", serverInfo.at("*").read(t).At("cookieName"), res.At("cookieName"))
		},
	}, {
		ID:    "realms/info/version",
		Title: "serverinfo/version tells the release of AM",
		Level: c.Must, Needs: realmsNeeded, Ref: refServerInfo,
		Run: func(t *c.T) {
			res := api{serverInfo.path, "protocol=2.1,resource=1.0"}.at("version").read(t)
			t.Has("version", res.Body, "version", "fullVersion", "revision", "date")
			t.Equal("_id", "version", res.At("_id"))
			for _, part := range []string{"version", "revision", "date"} {
				t.True(part+" is told", res.Text(part) != "")
				t.Contains("fullVersion", res.Text(part), res.Text("fullVersion"))
			}
			checkTag(t, res)
			t.Equal("Content-API-Version", "resource=1.0", res.Header.Get("Content-API-Version"))
		},
	}, {
		ID:    "realms/authentication/members",
		Title: "the authentication of a realm is seven groups of settings, of an empty ID",
		Level: c.Must, Needs: realmsNeeded, Ref: refAuthentication,
		Run: func(t *c.T) {
			res := authentication.read(t)
			checkHolds(t, "the settings", object{"_id": "", "_type": object{"_id": "EMPTY", "name": "Core", "collection": false}}, res.Body)
			t.Has("settings", res.Body, "security", "postauthprocess", "trees", "accountlockout", "core", "general", "userprofile")
			t.Has("core", res.At("core"), "orgConfig", "adminAuthModule")
			t.Has("trees", res.At("trees"), "authenticationSessionsMaxDuration", "authenticationSessionsStateManagement", "suspendedAuthenticationTimeout")
			t.Has("post-authentication", res.At("postauthprocess"), "loginSuccessUrl", "loginFailureUrl")
			t.Equal("shared secret", "&{am.authentication.shared.secret}", res.At("security", "sharedSecret", "$string"))
			checkTag(t, res)
		},
	}, {
		ID:    "realms/authentication/root",
		Title: "the configuration of the root realm is not available",
		Level: c.Must, Needs: realmsNeeded, Ref: refUnavailable,
		Run: func(t *c.T) {
			for _, closed := range []api{authentication, oauthProvider} {
				checkUnavailable(t, closed.in("/realms/root").get(t))
			}
			checkUnavailable(t, modules.in("/realms/root").act(t, "nextdescendents"))
		},
	}, {
		ID:    "realms/provider/members",
		Title: "the OAuth provider of a realm is a document of an empty ID, whose codeVerifierEnforced is a text",
		Level: c.Must, Needs: realmsNeeded, Ref: refProvider,
		Run: func(t *c.T) {
			res := oauthProvider.read(t)
			checkHolds(t, "the provider", object{"_id": "", "_type": object{"_id": "oauth-oidc", "name": "OAuth2 Provider", "collection": false}}, res.Body)
			t.Has("provider", res.Body, "advancedOIDCConfig", "advancedOAuth2Config", "clientDynamicRegistrationConfig", "coreOIDCConfig", "coreOAuth2Config", "consent", "deviceCodeConfig", "pluginsConfig", "cibaConfig")
			t.True("codeVerifierEnforced is a text", res.Text("advancedOAuth2Config", "codeVerifierEnforced") != "")
			t.True("there are grant types", len(res.List("advancedOAuth2Config", "grantTypes")) > 0)
			t.True("codes have a lifetime", res.Number("coreOAuth2Config", "codeLifetime") > 0)
			checkTag(t, res)
			below := oauthProvider.act(t, "nextdescendents")
			t.Status(http.StatusOK, below)
			t.Equal("what is below", object{"result": []any{}}, below.Body)
		},
	}, {
		ID:    "realms/provider/scripts",
		Title: "the scripts that the provider uses are there",
		Level: c.Must, Needs: []c.Feature{c.Realms, c.Scripts}, Ref: refProvider,
		Run: func(t *c.T) {
			plugins, all := oauthProvider.read(t).At("pluginsConfig"), scripts.find(t, "true")
			t.Has("plugins", plugins, "accessTokenModificationScript", "oidcClaimsScript", "validateScopeScript")
			for name, value := range without(plugins) {
				if id, _ := value.(string); strings.HasSuffix(name, "Script") && id != "[Empty]" {
					t.Has(name, listed(t, all, id), "script")
				}
			}
		},
	}, {
		ID:    "realms/legacy/chains",
		Title: "there are no chains: the list of them is empty",
		Level: c.Must, Needs: realmsNeeded, Ref: refLegacyAuthentication,
		Run: func(t *c.T) { checkEmpty(t, chains.find(t, "true"), -1, "resource=2.0") },
	}, {
		ID:    "realms/legacy/modules",
		Title: "the modules of the time before journeys are listed without an envelope",
		Level: c.Must, Needs: realmsNeeded, Ref: refLegacyAuthentication,
		Run: func(t *c.T) {
			res := modules.act(t, "nextdescendents")
			t.Status(http.StatusOK, res)
			t.Equal("other members", object{}, without(res.Body, "result"))
			for _, id := range []string{"ldap", "datastore", "federation", "hotp"} {
				t.Has("_type of "+id, c.At(listed(t, res, id), "_type"), "_id", "name", "collection")
			}
		},
	},
}
