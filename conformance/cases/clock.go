package cases

import (
	"net/http"
	"time"

	c "aicmcp/conformance"
)

const (
	refLifetimes    = "documented: AM, the lifetimes of codes, tokens and requests, of the provider and of clients"
	refSessionTimes = "documented: AM, managing sessions over REST: what is a use of a session, and what is none; the defaults"
)

var (
	clockAndApps   = []c.Feature{c.Clock, c.Clients}
	clockAndUsers  = []c.Feature{c.Clock, c.Clients, c.Managed, c.Logins}
	clockAndPeople = []c.Feature{c.Clock, c.Managed, c.Logins}
)

// clockCases are the cases about what ends with time. Each moves the target's clock.
var clockCases = []c.Case{
	{
		ID:    "provider/expiry/code",
		Title: "a code is good for as long as the client's settings say, and no longer",
		Level: c.Must, Needs: clockAndUsers, Ref: refLifetimes + "; RFC 6749 4.1.2", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, setting(coreSection, "authorizationCodeLifetime", 60)).logIn()
			early, late := a.request(), a.request()
			first, second := a.code(early), a.code(late)
			t.Advance(50 * time.Second)
			checkTokens(t, a.redeem(early, first))
			t.Advance(11 * time.Second)
			checkOAuthError(t, a.redeem(late, second), http.StatusBadRequest, "invalid_grant", "")
		},
	}, {
		ID:    "provider/expiry/access-token",
		Title: "an access token that has expired opens nothing, and is inactive",
		Level: c.Must, Needs: clockAndUsers, Ref: refTokenInfo + "; " + refLifetimes, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			token := a.tokens().Text("access_token")
			t.Advance(50 * time.Second)
			t.Status(http.StatusOK, a.tokenInfo(token))
			checkBetween(t, "expires_in of the introspection", 1, a.post("/introspect", "token", token).Number("expires_in"), 10)
			t.Advance(11 * time.Second)
			a.checkBadToken(token)
			checkInactive(t, a.post("/introspect", "token", token))
		},
	}, {
		ID:    "provider/expiry/opaque-token",
		Title: "an opaque access token ends as one that is a JWT does",
		Level: c.Should, Needs: clockAndUsers, Ref: refLifetimes, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, overriding(object{"statelessTokensEnabled": false})).logIn()
			token := a.tokens().Text("access_token")
			t.Status(http.StatusOK, a.tokenInfo(token))
			t.Advance(61 * time.Second)
			a.checkBadToken(token)
		},
	}, {
		ID:    "provider/expiry/refresh-token",
		Title: "a refresh token ends, and the one that comes of it lasts as long again",
		Level: c.Must, Needs: clockAndUsers, Ref: refLifetimes, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, setting(coreSection, "refreshTokenLifetime", 600)).logIn()
			first := a.tokens()
			t.Advance(550 * time.Second)
			second := a.refresh(first.Text("refresh_token"))
			checkTokens(t, second)
			t.Advance(550 * time.Second)
			third := a.refresh(second.Text("refresh_token"))
			checkTokens(t, third)
			t.Advance(601 * time.Second)
			checkOAuthError(t, a.refresh(third.Text("refresh_token")), http.StatusBadRequest, "invalid_grant", "")
		},
	}, {
		ID:    "provider/expiry/id-token",
		Title: "nothing is told of an ID token that has expired",
		Level: c.Should, Needs: clockAndUsers, Ref: refIDTokenInfo + "; " + refLifetimes, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, setting(openIDSection, "jwtTokenLifetime", 60)).logIn()
			token := a.tokens().Text("id_token")
			t.Status(http.StatusOK, a.post("/idtokeninfo", "id_token", token))
			t.Advance(61 * time.Second)
			checkNoTokens(t, a.post("/idtokeninfo", "id_token", token))
		},
	}, {
		ID:    "provider/expiry/exchange",
		Title: "a token that has expired is exchanged no more, neither as subject nor as actor",
		Level: c.Must, Needs: append([]c.Feature{c.Clock}, exchangeNeeded...), Ref: refImpersonation, Writes: true,
		Run: func(t *c.T) {
			actor, agent, a := makeDelegation(t)
			own, acting := a.tokens().Text("access_token"), actor.tokens().Text("access_token")
			checkTokens(t, agent.trade(own, "actor_token", acting, "actor_token_type", tokenType))
			t.Advance(61 * time.Second)
			checkBadExchange(t, "an expired subject", agent.trade(own, "actor_token", actor.tokens().Text("access_token"), "actor_token_type", tokenType))
			checkBadExchange(t, "an expired actor", agent.trade(a.tokens().Text("access_token"), "actor_token", acting, "actor_token_type", tokenType))
		},
	}, {
		ID:    "provider/expiry/exchange-id-token",
		Title: "an ID token that has expired is exchanged no more",
		Level: c.Should, Needs: append([]c.Feature{c.Clock}, exchangeNeeded...), Ref: refImpersonation, Writes: true,
		Run: func(t *c.T) {
			a, agent := makeIdentified(t, setting(openIDSection, "jwtTokenLifetime", 60))
			own := a.tokens().Text("id_token")
			checkTokens(t, agent.trade(own, "subject_token_type", idTokenType))
			t.Advance(61 * time.Second)
			checkBadExchange(t, "an expired ID token", agent.trade(own, "subject_token_type", idTokenType))
		},
	}, {
		ID:    "provider/expiry/assertion",
		Title: "a client's assertion is refused before its time and after it, and taken in between",
		Level: c.Must, Needs: clockAndApps, Ref: refAssertion, Writes: true,
		Run: func(t *c.T) {
			k, now := newKey(t), time.Now().Unix()
			a := makeApp(t, k.registered())
			early := k.assertion(t, a, "nbf", now+300, "exp", now+600)
			late := k.assertion(t, a, "nbf", now+300, "exp", now+600)
			checkBadClient(t, a.assert(early))
			t.Advance(400 * time.Second)
			checkProven(t, a.assert(early))
			t.Advance(300 * time.Second)
			checkBadClient(t, a.assert(late))
		},
	}, {
		ID:    "provider/expiry/pushed",
		Title: "a request that was pushed is forgotten after its time",
		Level: c.Should, Needs: clockAndUsers, Ref: refPushed, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			pushed := a.push(a.request())
			t.Advance(80 * time.Second)
			t.Status(http.StatusFound, a.visit(a.named(pushed), a.browser()))
			late := a.named(a.push(a.request()))
			t.Advance(91 * time.Second)
			checkNotAuthorized(t, late, a.visit(late, a.browser()))
		},
	}, {
		ID:    "provider/expiry/max-age",
		Title: "who logged in longer ago than max_age is sent to log in again",
		Level: c.Should, Needs: clockAndUsers, Ref: "OpenID Connect Core 1.0, 3.1.2.1; documented: AM, max_age", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			t.Advance(100 * time.Second)
			// A login that is too old ends its session.
			for _, one := range []struct{ age, path string }{{"1000", "/callback"}, {"60", "/am/UI/Login"}} {
				r := a.request()
				r.params.Set("max_age", one.age)
				res := a.visit(r, a.browser())
				t.Status(http.StatusFound, res)
				t.Equal("path for max_age="+one.age, one.path, pathOf(t, res.Header.Get("Location")))
			}
		},
	}, {
		ID:    "provider/expiry/session",
		Title: "a session that has ended gets no code",
		Level: c.Must, Needs: clockAndUsers, Ref: refSessionTimes, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			a.code(a.request())
			t.Advance(31 * time.Minute)
			res := a.visit(a.request(), a.browser())
			t.Status(http.StatusFound, res)
			t.Equal("path", "/am/UI/Login", pathOf(t, res.Header.Get("Location")))
		},
	}, {
		ID:    "provider/device/interval",
		Title: "a device that polls just when it was told to is not too early",
		Level: c.Must, Needs: clockAndApps, Ref: "how the vendor's own MCP server polls: it gives up at slow_down", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, public)
			given := a.device()
			for range 3 {
				checkOAuthError(t, a.poll(given.Text("device_code")), http.StatusForbidden, "authorization_pending", "")
				t.Advance(time.Duration(given.Number("interval")) * time.Second)
			}
			checkOAuthError(t, a.poll(given.Text("device_code")), http.StatusForbidden, "authorization_pending", "")
			t.Advance(time.Second)
			checkOAuthError(t, a.poll(given.Text("device_code")), http.StatusBadRequest, "slow_down", "")
		},
	}, {
		ID:    "provider/expiry/device",
		Title: "a device whose code has expired is told so, and people can't type it any more",
		Level: c.Should, Needs: clockAndUsers, Ref: "known from AM's ancestor: expired_token, 401; RFC 8628 3.5", Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t, public).logIn()
			given := a.device()
			checkOAuthError(t, a.poll(given.Text("device_code")), http.StatusForbidden, "authorization_pending", "")
			t.Advance(301 * time.Second)
			page := a.decideDevice(given.Text("user_code"), "allow")
			t.Status(http.StatusOK, page)
			t.Contains("page", "user_code", string(page.Raw))
			checkOAuthError(t, a.poll(given.Text("device_code")), http.StatusUnauthorized, "expired_token", "The request contains a token no longer valid.")
		},
	}, {
		ID:    "service-accounts/expiry/token",
		Title: "a service account's token lasts fifteen minutes",
		Level: c.Must, Needs: []c.Feature{c.Clock, c.ServiceAccounts}, Ref: refServiceAccount, Writes: true,
		Run: func(t *c.T) {
			token := newRobot(t, "fr:idm:*").token("fr:idm:*")
			t.Advance(14 * time.Minute)
			t.Status(http.StatusOK, useToken(t, token))
			t.Advance(2 * time.Minute)
			t.Status(http.StatusUnauthorized, useToken(t, token))
		},
	}, {
		ID:    "service-accounts/expiry/assertion",
		Title: "a service account's assertion is refused before its time and after it, and taken in between",
		Level: c.Must, Needs: []c.Feature{c.Clock, c.ServiceAccounts}, Ref: refServiceAccount, Writes: true,
		Run: func(t *c.T) {
			r, now := newRobot(t, "fr:idm:*"), time.Now().Unix()
			early := r.assertion("nbf", now+300, "exp", now+600)
			late := r.assertion("nbf", now+300, "exp", now+600)
			checkOAuthError(t, r.ask(early, "fr:idm:*"), http.StatusBadRequest, "invalid_grant", "")
			t.Advance(400 * time.Second)
			checkTokens(t, r.ask(early, "fr:idm:*"))
			t.Advance(300 * time.Second)
			checkOAuthError(t, r.ask(late, "fr:idm:*"), http.StatusBadRequest, "invalid_grant", "")
		},
	}, {
		ID:    "sessions/expiry/idle",
		Title: "a session that is not used for half an hour is over, and asking about it is no use",
		Level: c.Should, Needs: clockAndPeople, Ref: refSessionTimes, Writes: true,
		Run: func(t *c.T) {
			token := newPerson(t).session(t)
			t.Advance(20 * time.Minute)
			t.Status(http.StatusOK, sessions.ask(t, "getSessionInfo", token))
			t.Equal("valid, without a use", true, sessions.ask(t, "validate", token, c.Query("refresh", "false")).At("valid"))
			t.Advance(11 * time.Minute)
			checkInvalid(t, sessions, token)
			checkError(t, sessions.ask(t, "getSessionInfo", token), http.StatusUnauthorized)
		},
	}, {
		ID:    "sessions/expiry/used",
		Title: "a session that is used begins its half hour anew: by refresh, validate and getSessionInfoAndResetIdleTime",
		Level: c.Should, Needs: clockAndPeople, Ref: refSessionTimes, Writes: true,
		Run: func(t *c.T) {
			token := newPerson(t).session(t)
			for _, action := range []string{"refresh", "validate", "getSessionInfoAndResetIdleTime"} {
				t.Advance(20 * time.Minute)
				t.Status(http.StatusOK, sessions.ask(t, action, token))
			}
			t.Advance(20 * time.Minute)
			t.Equal("valid", true, sessions.ask(t, "validate", token).At("valid"))
		},
	}, {
		ID:    "sessions/expiry/most",
		Title: "a session is over after two hours, however much it is used",
		Level: c.Should, Needs: clockAndPeople, Ref: refSessionTimes, Writes: true,
		Run: func(t *c.T) {
			token := newPerson(t).session(t)
			for range 5 {
				t.Advance(23 * time.Minute)
				t.Equal("valid", true, sessions.ask(t, "validate", token).At("valid"))
			}
			t.Advance(6 * time.Minute)
			checkInvalid(t, sessions, token)
		},
	}, {
		ID:    "login/expiry/auth-id",
		Title: "a step can be answered until its authId ends; then the login has timed out, as pages know by the code 110",
		Level: c.Must, Needs: append([]c.Feature{c.Realms}, clockAndPeople...), Ref: "recorded on tenants: the lifetime of an authId; documented: the refusal and its errorCode", Writes: true,
		Run: func(t *c.T) {
			p := newPerson(t)
			lifetime := time.Duration(authentication.get(t).Number("trees", "authenticationSessionsMaxDuration")) * time.Minute
			t.True("the setting is there", lifetime > 0)
			early, late := logins.begin(t), logins.begin(t)
			t.Advance(lifetime - 30*time.Second)
			checkLoggedIn(t, logins.reply(t, filled(t, early, p.userName, p.password)))
			t.Advance(31 * time.Second)
			res := logins.reply(t, filled(t, late, p.userName, p.password))
			checkTimedOut(t, res)
			checkNoSession(t, res)
		},
	}, {
		ID:    "login/expiry/root",
		Title: "a step of the root realm can be answered for a day",
		Level: c.Should, Needs: []c.Feature{c.Clock, c.FormLogin}, Ref: refConsole, Writes: true,
		Run: func(t *c.T) {
			step := rootLogins.begin(t)
			t.Advance(25 * time.Hour)
			checkTimedOut(t, rootLogins.reply(t, filled(t, step, t.Target.Username, t.Target.Password)))
		},
	},
}
