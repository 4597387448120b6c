package cases

import (
	"net/http"
	"slices"

	c "aicmcp/conformance"
)

// errorForms are the cases about what errors of the token endpoint look like.
var errorForms = []c.Case{
	{
		ID:    "provider/error/order",
		Title: "an error has its description first, is JSON in UTF-8 and not to be stored",
		Level: c.Must, Needs: appsNeeded, Ref: "recorded on tenants: the refusal of a service account's scope", Writes: true,
		Run: func(t *c.T) {
			res := makeApp(t).ask("grant_type", grantRefresh, "refresh_token", noToken)
			t.Status(http.StatusBadRequest, res)
			checkOrder(t, string(res.Raw), "error_description", "error")
			for name, want := range map[string]string{
				"Content-Type": "application/json;charset=UTF-8", "Cache-Control": "no-store", "Pragma": "no-cache", "X-Content-Type-Options": "nosniff", "Content-API-Version": "",
			} {
				t.Equal(name, want, res.Header.Get(name))
			}
		},
	}, {
		ID:    "provider/error/requests",
		Title: "requests without a grant type, of an unknown one, in JSON, or by GET are refused each in its words",
		Level: c.Should, Needs: appsNeeded, Ref: refToken, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t)
			checkOAuthError(t, a.ask("scope", "read"), http.StatusBadRequest, "invalid_request", "Grant type is not set")
			checkOAuthError(t, a.ask("grant_type", "conformance"), http.StatusBadRequest, "unsupported_grant_type", "Grant type is not supported")
			res := t.Post(a.provider+"/access_token", object{"grant_type": grantCode}, basic(t, a.id, a.secret))
			checkOAuthError(t, res, http.StatusBadRequest, "invalid_request", "Invalid Content Type")
			t.Status(http.StatusMethodNotAllowed, t.Get(a.provider+"/access_token", c.Anonymous()))
		},
	}, {
		ID:    "provider/error/grant",
		Title: "a grant that the client's profile has not is refused as such",
		Level: c.Should, Needs: appsNeeded, Ref: "documented: AM, the grant types of a client; RFC 6749 5.2", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, grants(grantCode))
			res := a.ask("grant_type", grantRefresh, "refresh_token", noToken)
			checkOAuthError(t, res, http.StatusBadRequest, "unauthorized_client", "")
		},
	}, {
		ID:    "provider/error/exchange",
		Title: "token exchange is not supported unless the provider's settings have it, and then every fault gets the same answer",
		Level: c.Must, Needs: append([]c.Feature{c.Realms}, appsNeeded...), Ref: "live-verified on tenants: recorded settings have not this grant", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, grants(grantExchange))
			res := a.ask("grant_type", grantExchange, "subject_token", noToken, "subject_token_type", tokenType, "scope", "read")
			if slices.Contains(oauthProvider.get(t).List("advancedOAuth2Config", "grantTypes"), any(grantExchange)) {
				checkOAuthError(t, res, http.StatusBadRequest, "invalid_request", "Invalid token exchange.")
				return
			}
			checkOAuthError(t, res, http.StatusBadRequest, "unsupported_grant_type", "Grant type is not supported")
		},
	}, {
		ID:    "provider/error/unknown-realm",
		Title: "a realm that is not there has no provider: 404",
		Level: c.Should, Needs: appsNeeded, Ref: "known from AM's ancestor",
		Run: func(t *c.T) {
			checkDiscovery(t, inAlphaProvider)
			for _, path := range []string{"/realms/root/realms/conformance", "/realms/root/realms/alpha/realms/bravo"} {
				t.Status(http.StatusNotFound, t.Get(provider+path+"/.well-known/openid-configuration", c.Anonymous()))
			}
		},
	}, {
		ID:    "provider/error/host-root",
		Title: "metadata is not at the host's root, so that clients look where it is",
		Level: c.Should, Needs: appsNeeded, Ref: "inferred from how clients look for it: RFC 8414 3.1",
		Run: func(t *c.T) {
			checkDiscovery(t, inAlphaProvider)
			res := t.Get("/.well-known/oauth-authorization-server"+inAlphaProvider, c.Anonymous())
			checkBetween(t, "status", 400, int64(res.Status), 499)
		},
	},
}
