package cases

import (
	"net/http"

	c "aicmcp/conformance"
)

// refreshCases are the cases about refresh tokens.
var refreshCases = []c.Case{
	{
		ID:    "provider/refresh/rotates",
		Title: "a refresh gives another refresh token, and the old one is spent",
		Level: c.Should, Needs: appsAndUsers, Ref: refRefresh, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			first := a.tokens()
			second := a.refresh(first.Text("refresh_token"))
			checkTokens(t, second)
			t.Differs("refresh token", first.At("refresh_token"), second.At("refresh_token"))
			t.Equal("scope", sortedWords(first.Text("scope")), sortedWords(second.Text("scope")))
			checkOAuthError(t, a.refresh(first.Text("refresh_token")), http.StatusBadRequest, "invalid_grant", "")
		},
	}, {
		ID:    "provider/refresh/narrower",
		Title: "a refresh may ask for less, and not for more than was granted",
		Level: c.Must, Needs: appsAndUsers, Ref: refRefresh, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			first := a.tokens()
			checkOAuthError(t, a.refresh(first.Text("refresh_token"), "scope", "openid write"), http.StatusBadRequest, "invalid_scope", "")
			narrow := a.refresh(a.tokens().Text("refresh_token"), "scope", "read")
			checkTokens(t, narrow)
			t.Equal("scope", "read", narrow.At("scope"))
		},
	}, {
		ID:    "provider/refresh/other-client",
		Title: "a refresh token is refused to another client, and in another realm",
		Level: c.Must, Needs: appsAndUsers, Ref: refRefresh, Writes: true,
		Run: func(t *c.T) {
			a, thief := makeApp(t).logIn(), makeApp(t)
			checkOAuthError(t, thief.refresh(a.tokens().Text("refresh_token")), http.StatusBadRequest, "invalid_grant", "")
			checkOAuthError(t, a.twin().refresh(a.tokens().Text("refresh_token")), http.StatusBadRequest, "invalid_grant", "")
		},
	}, {
		ID:    "provider/refresh/not-granted",
		Title: "a client without the refresh grant gets no refresh token",
		Level: c.Should, Needs: appsAndUsers, Ref: "documented: AM, refresh tokens", Writes: true,
		Run: func(t *c.T) {
			t.Lacks("answer", makeApp(t, grants(grantCode)).logIn().tokens().Body, "refresh_token")
		},
	}, {
		ID:    "provider/refresh/access-token",
		Title: "an access token is no refresh token",
		Level: c.Must, Needs: appsAndUsers, Ref: refRefresh, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			checkOAuthError(t, a.refresh(a.tokens().Text("access_token")), http.StatusBadRequest, "invalid_grant", "")
		},
	},
}
