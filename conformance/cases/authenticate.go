package cases

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"

	c "aicmcp/conformance"
)

const (
	refStep        = "recorded on tenants: the steps of logins, their callbacks and headers"
	refAuthID      = "recorded on tenants: the header and the claims of an authId"
	refLoggedIn    = "recorded on tenants: the answer to a login that has ended well, and its cookies"
	refZeroPage    = "recorded on tenants: X-OpenAM-Username and X-OpenAM-Password fill the first step"
	refLoginFailed = "recorded on tenants: the refusal of a login whose journey has come to Failure, and of a journey that is not there"
	refLoginWords  = "known from AM's ancestor: steps that are none are 400; tenants' words for them were not recorded"
	refLoginParams = "documented: AM, the parameters of authenticate"
	refLoginPage   = "documented: AM, logging in over REST"
	refRetries     = "recorded on tenants: the wiring of the journey Login; how its nodes behave is documented"
	refConsole     = "recorded on tenants: the login of tenant administrators, in the root realm"
)

var (
	loginsNeeded = []c.Feature{c.Logins}
	peopleNeeded = []c.Feature{c.Logins, c.Managed}
)

// signInPage is what the journey Login asks for.
var signInPage = []object{
	{
		"type": "NameCallback", "_id": 0, "output": []object{{"name": "prompt", "value": "User Name"}},
		"input": []object{{"name": "IDToken1", "value": ""}},
	}, {
		"type": "PasswordCallback", "_id": 1, "output": []object{{"name": "prompt", "value": "Password"}},
		"input": []object{{"name": "IDToken2", "value": ""}},
	},
}

// loginCases are the cases about logins over the JSON API.
var loginCases = []c.Case{
	{
		ID:    "login/step/callbacks",
		Title: "a login begins with the page of the realm's journey: a name and a password, numbered in two ways",
		Level: c.Must, Needs: loginsNeeded, Ref: refStep,
		Run: func(t *c.T) {
			step := logins.begin(t)
			t.Status(http.StatusOK, step)
			t.Equal("callbacks", signInPage, step.At("callbacks"))
			checkNoSession(t, step)
		},
	}, {
		ID:    "login/step/order",
		Title: "what a page says of itself comes after its callbacks, and authId before them",
		Level: c.Must, Needs: loginsNeeded, Ref: refStep,
		Run: func(t *c.T) {
			step := logins.begin(t)
			t.Status(http.StatusOK, step)
			checkOrder(t, string(step.Raw), "authId", "callbacks", "header", "description")
		},
	}, {
		ID:    "login/step/headers",
		Title: "a step is JSON without a charset, of version 2.1, for this client only",
		Level: c.Must, Needs: loginsNeeded, Ref: refStep,
		Run: func(t *c.T) {
			step := logins.begin(t)
			t.Status(http.StatusOK, step)
			checkLoginHeaders(t, step)
		},
	}, {
		ID:    "login/step/cookie",
		Title: "a step sets the load balancer's cookie for all paths, which scripts don't see, and no other one",
		Level: c.Must, Needs: loginsNeeded, Ref: refStep,
		Run: func(t *c.T) {
			step := logins.begin(t)
			t.Status(http.StatusOK, step)
			checkCookies(t, step, serverCookie)
			checkNoSession(t, step)
		},
	}, {
		ID:    "login/step/no-body",
		Title: "a login begins without a body, too",
		Level: c.Should, Needs: loginsNeeded, Ref: refLoginPage,
		Run: func(t *c.T) {
			t.Equal("callbacks", signInPage, logins.reply(t, nil).At("callbacks"))
		},
	}, {
		ID:    "login/step/spellings",
		Title: "the realm of a login can be spelled in three ways",
		Level: c.Should, Needs: loginsNeeded, Ref: refSpelling,
		Run: func(t *c.T) {
			for _, realm := range []string{"/realms/alpha", "/alpha"} {
				step := logins.in(realm).begin(t)
				t.Status(http.StatusOK, step)
				t.Equal("callbacks in "+realm, signInPage, step.At("callbacks"))
			}
		},
	}, {
		ID:    "login/step/bare-node",
		Title: "callbacks of a node that is on no page have no _id; those that only tell something have no input, and count",
		Level: c.Must, Needs: []c.Feature{c.Logins, c.Journeys}, Ref: refStep, Writes: true,
		Run: func(t *c.T) {
			s, _ := makeSketch(t)
			step := logins.begin(t, service(s.journey))
			t.Status(http.StatusOK, step)
			t.Lacks("step", step.Body, "stage", "header", "description")
			t.Equal("types", []string{"TextOutputCallback", "ConfirmationCallback"}, membersOf(step.List("callbacks"), "type"))
			message, choice := step.At("callbacks", 0), step.At("callbacks", 1)
			t.Lacks("message", message, "_id", "input")
			t.Lacks("choice", choice, "_id")
			t.Equal("message", []object{{"name": "message", "value": "Go on?"}, {"name": "messageType", "value": "0"}}, c.At(message, "output"))
			t.Equal("names", []string{"prompt", "messageType", "options", "optionType", "defaultOption"}, membersOf(c.List(choice, "output"), "name"))
			t.Equal("messageType, a number here", 0, c.At(choice, "output", 1, "value"))
			t.Equal("optionType", -1, c.At(choice, "output", 3, "value"))
			t.Equal("inputs", []string{"IDToken2"}, membersOf(c.List(choice, "input"), "name"))
		},
	}, {
		ID:    "login/auth-id/claims",
		Title: "an authId is an HS256 JWT with the realm, a one-time key, the journey's state and the time that is left",
		Level: c.Must, Needs: loginsNeeded, Ref: refAuthID,
		Run: func(t *c.T) {
			claims := authIDOf(t, logins.begin(t))
			t.Equal("realm", "/alpha", c.At(claims, "realm"))
			t.True("otk is 26 characters of base 32", regexp.MustCompile(`^[0-9a-v]{26}$`).MatchString(c.Text(claims, "otk")))
			t.Contains("sessionId", "*AAJTSQACMD", c.Text(claims, "sessionId"))
			t.True("it expires", c.Number(claims, "iat") > 0 && c.Number(claims, "exp") > c.Number(claims, "iat"))
			t.Equal("authIndexType of the realm's own journey", nil, c.At(claims, "authIndexType"))
			t.Equal("authIndexValue of the realm's own journey", nil, c.At(claims, "authIndexValue"))
		},
	}, {
		ID:    "login/auth-id/service",
		Title: "an authId names the journey that was asked for",
		Level: c.Must, Needs: loginsNeeded, Ref: refAuthID,
		Run: func(t *c.T) {
			claims := authIDOf(t, logins.begin(t, service("Login")))
			checkHolds(t, "claims", object{"authIndexType": "service", "authIndexValue": "Login", "realm": "/alpha"}, claims)
		},
	}, {
		ID:    "login/auth-id/lifetime",
		Title: "an authId is good as long as the realm's settings say",
		Level: c.Must, Needs: []c.Feature{c.Logins, c.Realms}, Ref: refAuthID,
		Run: func(t *c.T) {
			minutes := authentication.get(t).Number("trees", "authenticationSessionsMaxDuration")
			claims := authIDOf(t, logins.begin(t))
			t.Equal("exp - iat", 60*minutes, c.Number(claims, "exp")-c.Number(claims, "iat"))
		},
	}, {
		ID:    "login/auth-id/fresh",
		Title: "each step has an authId of its own",
		Level: c.Must, Needs: loginsNeeded, Ref: refAuthID,
		Run: func(t *c.T) {
			first, second := authIDOf(t, logins.begin(t)), authIDOf(t, logins.begin(t))
			t.Differs("otk", c.At(first, "otk"), c.At(second, "otk"))
		},
	}, {
		ID:    "login/auth-id/replay",
		Title: "a step can be answered twice unless the realm's settings say that it is good only once",
		Level: c.Should, Needs: []c.Feature{c.Logins, c.Managed, c.Realms}, Ref: "documented: AM, allowlists of authentication sessions", Writes: true,
		Run: func(t *c.T) {
			p, settings := newPerson(t), authentication.get(t)
			once, ok := settings.At("trees", "authenticationSessionsWhitelist").(bool)
			t.True("the setting is there", ok)
			step := filled(t, logins.begin(t), p.userName, p.password)
			checkLoggedIn(t, logins.reply(t, step))
			again := logins.reply(t, step)
			if once {
				checkTimedOut(t, again)
				return
			}
			checkLoggedIn(t, again)
		},
	}, {
		ID:    "login/auth-id/other-realm",
		Title: "a step of one realm is none in another",
		Level: c.Should, Needs: peopleNeeded, Ref: "inferred: an authId names its realm", Writes: true,
		Run: func(t *c.T) {
			p := newPerson(t)
			step := filled(t, logins.begin(t), p.userName, p.password)
			for _, realm := range []string{"/realms/root/realms/bravo", "/realms/root"} {
				res := logins.in(realm).reply(t, step)
				t.True("the step is refused", res.Status == http.StatusUnauthorized || res.Status == http.StatusBadRequest)
				checkNoSession(t, res)
			}
			checkLoggedIn(t, p.logIn(t, logins))
		},
	}, {
		ID:    "login/auth-id/forged",
		Title: "an authId that was changed, or that says that it needs no signature, is refused as such",
		Level: c.Should, Needs: peopleNeeded, Ref: refLoginWords, Writes: true,
		Run: func(t *c.T) {
			p := newPerson(t)
			step := filled(t, logins.begin(t), p.userName, p.password)
			authID := c.Text(step, "authId")
			for _, other := range []string{forged(authID), unsigned(t, authID)} {
				res := logins.reply(t, with(step, "authId", other))
				checkMessage(t, res, http.StatusBadRequest, "AuthId JWT Signature not valid")
				checkNoSession(t, res)
			}
			checkLoggedIn(t, p.logIn(t, logins))
		},
	}, {
		ID:    "login/auth-id/garbage",
		Title: "an authId that is no JWT cannot be parsed",
		Level: c.Should, Needs: loginsNeeded, Ref: refLoginWords,
		Run: func(t *c.T) {
			for _, garbage := range []string{noToken, "a.b.c"} {
				res := logins.reply(t, object{"authId": garbage, "callbacks": []any{}})
				checkError(t, res, http.StatusBadRequest)
				t.Contains("message", "Failed to parse JWT", res.Text("message"))
			}
		},
	}, {
		ID:    "login/success/answer",
		Title: "the right password leads to a token, where to go, and the realm",
		Level: c.Must, Needs: peopleNeeded, Ref: refLoggedIn, Writes: true,
		Run: func(t *c.T) {
			res := newPerson(t).logIn(t, logins)
			token := checkLoggedIn(t, res)
			t.Equal("answer", object{"tokenId": token, "successUrl": "/enduser/?realm=/alpha", "realm": "/alpha"}, res.Body)
			checkOrder(t, string(res.Raw), "tokenId", "successUrl", "realm")
			t.True("the token is 27 characters, a dot, and an extension in asterisks", regexp.MustCompile(`^[\w-]{27}\.\*[\w.-]+\*$`).MatchString(token))
			checkLoginHeaders(t, res)
		},
	}, {
		ID:    "login/success/cookies",
		Title: "a login sets the session's cookie and then the load balancer's, for as long as the browser runs",
		Level: c.Must, Needs: peopleNeeded, Ref: refLoggedIn, Writes: true,
		Run: func(t *c.T) {
			res := newPerson(t).logIn(t, logins)
			token := checkLoggedIn(t, res)
			checkCookies(t, res, cookieName(t), serverCookie)
			if cookies := cookiesOf(res); len(cookies) > 0 {
				t.Equal("the session's cookie", token, cookies[0].Value)
			}
		},
	}, {
		ID:    "login/success/no-output",
		Title: "callbacks can be sent back without what they told",
		Level: c.Should, Needs: peopleNeeded, Ref: refLoginPage, Writes: true,
		Run: func(t *c.T) {
			p := newPerson(t)
			step := filled(t, logins.begin(t), p.userName, p.password)
			var bare []object
			for _, callback := range c.List(step, "callbacks") {
				bare = append(bare, without(callback, "output", "_id"))
			}
			checkLoggedIn(t, logins.reply(t, object{"authId": step["authId"], "callbacks": bare}))
		},
	}, {
		ID:    "login/success/no-session",
		Title: "noSession=true checks the password and gives no session",
		Level: c.Should, Needs: peopleNeeded, Ref: refLoginParams, Writes: true,
		Run: func(t *c.T) {
			res := newPerson(t).logIn(t, logins, c.Query("noSession", "true"))
			t.Status(http.StatusOK, res)
			t.Has("answer", res.Body, "successUrl", "realm")
			t.Lacks("answer", res.Body, "tokenId", "authId")
			for _, cookie := range cookiesOf(res) {
				t.Equal("cookie", serverCookie, cookie.Name)
			}
		},
	}, {
		ID:    "login/success/again",
		Title: "who logs in again with a session in a cookie does not read the token",
		Level: c.Should, Needs: peopleNeeded, Ref: refLoginPage, Writes: true,
		Run: func(t *c.T) {
			p := newPerson(t)
			res := logins.begin(t, inCookie(cookieName(t), p.session(t)))
			t.Status(http.StatusOK, res)
			t.Equal("answer", object{"tokenId": "", "successUrl": "/enduser/?realm=/alpha", "realm": "/alpha"}, res.Body)
		},
	}, {
		ID:    "login/success/force",
		Title: "ForceAuth=true asks for the password although there is a session",
		Level: c.Should, Needs: peopleNeeded, Ref: refLoginParams, Writes: true,
		Run: func(t *c.T) {
			res := logins.begin(t, inCookie(cookieName(t), newPerson(t).session(t)), c.Query("ForceAuth", "true"))
			t.Status(http.StatusOK, res)
			t.Equal("callbacks", signInPage, res.At("callbacks"))
		},
	}, {
		ID:    "login/success/foreign-goto",
		Title: "a login does not lead to another host because goto says so",
		Level: c.Should, Needs: peopleNeeded, Ref: "documented: AM, goto must be on the list of valid URLs", Writes: true,
		Run: func(t *c.T) {
			p := newPerson(t)
			for _, address := range []string{"https://attacker.example.com/", "//attacker.example.com/"} {
				res := p.logIn(t, logins, c.Query("goto", address))
				checkLoggedIn(t, res)
				t.Equal("successUrl", "/enduser/?realm=/alpha", res.At("successUrl"))
			}
		},
	}, {
		ID:    "login/zero-page/answer",
		Title: "name and password in headers lead to a token by one request",
		Level: c.Must, Needs: peopleNeeded, Ref: refZeroPage, Writes: true,
		Run: func(t *c.T) {
			p := newPerson(t)
			res := logins.begin(t, p.credentials())
			token := checkLoggedIn(t, res)
			t.Equal("username", p.id, sessions.ask(t, "getSessionInfo", token).At("username"))
			checkCookies(t, res, cookieName(t), serverCookie)
		},
	}, {
		ID:    "login/zero-page/encoded",
		Title: "headers may be encoded words",
		Level: c.Should, Needs: peopleNeeded, Ref: refLoginPage + "; RFC 2047", Writes: true,
		Run: func(t *c.T) {
			p := newPerson(t)
			encoded := func(text string) string { return "=?UTF-8?B?" + inBase64(text) + "?=" }
			t.Secret(encoded(p.password))
			checkLoggedIn(t, logins.begin(t, person{p.id, encoded(p.userName), encoded(p.password)}.credentials()))
		},
	}, {
		ID:    "login/zero-page/wrong-password",
		Title: "a wrong password in a header gives no session, and the right one still does",
		Level: c.Must, Needs: peopleNeeded, Ref: refZeroPage, Writes: true,
		Run: func(t *c.T) {
			p := newPerson(t)
			checkNoSession(t, logins.begin(t, person{p.id, p.userName, freshSecret(t)}.credentials()))
			checkLoggedIn(t, logins.begin(t, p.credentials()))
		},
	}, {
		ID:    "login/failure/unknown-journey",
		Title: "a journey that is not there has no configuration: 400",
		Level: c.Must, Needs: loginsNeeded, Ref: refLoginFailed,
		Run: func(t *c.T) {
			checkRefusedByAM(t, logins.begin(t, service(t.Fresh("journey"))), http.StatusBadRequest, "No Configuration found")
		},
	}, {
		ID:    "login/failure/disabled-journey",
		Title: "a journey that is disabled has no configuration either",
		Level: c.Must, Needs: []c.Feature{c.Logins, c.Journeys}, Ref: refLoginFailed, Writes: true,
		Run: func(t *c.T) {
			s, _ := makeSketch(t)
			t.Status(http.StatusOK, logins.begin(t, service(s.journey)))
			s.body["enabled"] = false
			t.Status(http.StatusOK, journeys.at(s.journey).put(t, s.body))
			checkRefusedByAM(t, logins.begin(t, service(s.journey)), http.StatusBadRequest, "No Configuration found")
		},
	}, {
		ID:    "login/failure/answer",
		Title: "a journey that comes to Failure is 401, Login failure",
		Level: c.Must, Needs: []c.Feature{c.Logins, c.Journeys}, Ref: refLoginFailed, Writes: true,
		Run: func(t *c.T) { checkMessage(t, failedLogin(t), http.StatusUnauthorized, "Login failure") },
	}, {
		ID:    "login/failure/detail",
		Title: "the refusal says where to go, which is nowhere unless it is set",
		Level: c.Should, Needs: []c.Feature{c.Logins, c.Journeys}, Ref: "recorded on tenants; some releases left the detail out", Writes: true,
		Run: func(t *c.T) {
			res := failedLogin(t)
			t.Equal("refusal", object{
				"code": http.StatusUnauthorized, "reason": "Unauthorized", "message": "Login failure", "detail": object{"failureUrl": ""},
			}, res.Body)
		},
	}, {
		ID:    "login/failure/loose-end",
		Title: "a journey whose node's outcome leads nowhere fails, and the tenant does not",
		Level: c.Should, Needs: []c.Feature{c.Logins, c.Journeys}, Ref: "live-verified on tenants: what goes wrong in a journey is 401, never 500", Writes: true,
		Run: func(t *c.T) {
			s := newSketch(t)
			node("MessageNode", s.node).made(t, object{"message": object{}, "messageYes": object{}, "messageNo": object{}})
			s.body["nodes"].(object)[s.node].(object)["connections"] = object{"true": successNode}
			journeys.at(s.journey).made(t, s.body)
			res := logins.reply(t, filled(t, logins.begin(t, service(s.journey)), 1), service(s.journey))
			checkError(t, res, http.StatusUnauthorized)
			checkNoSession(t, res)
		},
	}, {
		ID:    "login/failure/nobody",
		Title: "a journey that succeeds without having asked who it is logs nobody in",
		Level: c.Should, Needs: []c.Feature{c.Logins, c.Journeys}, Ref: "inferred: a session is somebody's", Writes: true,
		Run: func(t *c.T) {
			s, _ := makeSketch(t)
			res := logins.reply(t, filled(t, logins.begin(t, service(s.journey)), 0), service(s.journey))
			checkError(t, res, http.StatusUnauthorized)
			checkNoSession(t, res)
		},
	}, {
		ID:    "login/failure/wrong-password",
		Title: "after a wrong password Login asks again, with another authId",
		Level: c.Should, Needs: peopleNeeded, Ref: refRetries, Writes: true,
		Run: func(t *c.T) {
			p := newPerson(t)
			first := logins.begin(t)
			again := logins.reply(t, filled(t, first, p.userName, freshSecret(t)))
			t.Status(http.StatusOK, again)
			t.Equal("types", []string{"NameCallback", "PasswordCallback"}, membersOf(again.List("callbacks"), "type"))
			t.Differs("authId", first.At("authId"), again.At("authId"))
			checkNoSession(t, again)
			checkLoggedIn(t, logins.reply(t, filled(t, again, p.userName, p.password)))
		},
	}, {
		ID:    "login/failure/unknown-user",
		Title: "a name that nobody has is refused as a wrong password is",
		Level: c.Should, Needs: peopleNeeded, Ref: refRetries, Writes: true,
		Run: func(t *c.T) {
			p := newPerson(t)
			wrong := person{p.id, p.userName, freshSecret(t)}.logIn(t, logins)
			nobody := person{"", t.Fresh("user"), freshSecret(t)}.logIn(t, logins)
			t.Status(http.StatusOK, nobody)
			t.Equal("types", []string{"NameCallback", "PasswordCallback"}, membersOf(nobody.List("callbacks"), "type"))
			t.Equal("step", membersOf(wrong.List("callbacks"), "type"), membersOf(nobody.List("callbacks"), "type"))
			t.Equal("what the page says", without(wrong.Body, "authId", "callbacks"), without(nobody.Body, "authId", "callbacks"))
		},
	}, {
		ID:    "login/failure/lockout",
		Title: "too many wrong passwords lock the account, to the right one too",
		Level: c.Should, Needs: peopleNeeded, Ref: refRetries, Writes: true,
		Run: func(t *c.T) {
			p, wrong := newPerson(t), freshSecret(t)
			res := logins.begin(t)
			for tries := 0; res.Status == http.StatusOK && tries < maxTries; tries++ {
				res = logins.reply(t, filled(t, res, p.userName, wrong))
				checkNoSession(t, res)
			}
			checkError(t, res, http.StatusUnauthorized)
			t.Equal("accountStatus", "inactive", read(t, at(users, p.id)).At("accountStatus"))
			refused := p.logIn(t, logins)
			checkError(t, refused, http.StatusUnauthorized)
			checkNoSession(t, refused)
		},
	}, {
		ID:    "login/failure/inactive",
		Title: "who is inactive does not get in with the right password, and does when active again",
		Level: c.Should, Needs: peopleNeeded, Ref: "documented: AM, account status; the words were not recorded", Writes: true,
		Run: func(t *c.T) {
			p := newPerson(t)
			set := func(status string) {
				t.Status(http.StatusOK, t.Patch(at(users, p.id), []object{op("replace", "/accountStatus", status)}))
			}
			set("inactive")
			refused := p.logIn(t, logins)
			checkError(t, refused, http.StatusUnauthorized)
			checkNoSession(t, refused)
			set("active")
			checkLoggedIn(t, p.logIn(t, logins))
		},
	}, {
		ID:    "login/failure/changed-password",
		Title: "a password that was changed is good no more",
		Level: c.Should, Needs: peopleNeeded, Ref: "inferred: a login checks the user's password", Writes: true,
		Run: func(t *c.T) {
			p := newPerson(t)
			changed := withPassword(t, nil)["password"].(string)
			t.Status(http.StatusOK, t.Patch(at(users, p.id), []object{op("replace", "/password", changed)}))
			checkNoSession(t, p.logIn(t, logins))
			checkLoggedIn(t, person{p.id, p.userName, changed}.logIn(t, logins))
		},
	}, {
		ID:    "login/failure/other-realm",
		Title: "a user of alpha can't log in to bravo",
		Level: c.Should, Needs: peopleNeeded, Ref: "inferred: realms have users of their own", Writes: true,
		Run: func(t *c.T) {
			p := newPerson(t)
			checkNoSession(t, logins.in("/realms/root/realms/bravo").begin(t, p.credentials()))
			checkLoggedIn(t, logins.begin(t, p.credentials()))
		},
	}, {
		ID:    "login/failure/callbacks",
		Title: "callbacks that are too few, or in another order, are 400 each with its words",
		Level: c.Should, Needs: peopleNeeded, Ref: refLoginWords, Writes: true,
		Run: func(t *c.T) {
			p := newPerson(t)
			for message, order := range map[string][]int{
				"Incorrect number of callbacks found in JSON response": {0},
				"Required callback not found in JSON response":         {1, 0},
			} {
				step := filled(t, logins.begin(t), p.userName, p.password)
				var callbacks []any
				for _, i := range order {
					callbacks = append(callbacks, c.At(step, "callbacks", i))
				}
				checkMessage(t, logins.reply(t, with(step, "callbacks", callbacks)), http.StatusBadRequest, message)
			}
			checkLoggedIn(t, p.logIn(t, logins))
		},
	}, {
		ID:    "login/failure/content-type",
		Title: "a step that is not JSON is 415",
		Level: c.Should, Needs: loginsNeeded, Ref: refLoginWords,
		Run: func(t *c.T) {
			t.Status(http.StatusUnsupportedMediaType, logins.reply(t, "{}", c.Header("Content-Type", "text/plain")))
		},
	}, {
		ID:    "login/failure/unknown-realm",
		Title: "a login to a realm that is not there is refused",
		Level: c.Should, Needs: loginsNeeded, Ref: "known from AM's ancestor: 404, or 400 Invalid Domain",
		Run: func(t *c.T) {
			t.Status(http.StatusOK, logins.begin(t))
			res := logins.in("/realms/root/realms/" + t.Fresh("realm")).begin(t)
			if res.Status != http.StatusNotFound {
				checkError(t, res, http.StatusBadRequest)
			}
			checkNoSession(t, res)
		},
	}, {
		ID:    "login/root/claims",
		Title: "an authId of the root realm is good once, and for a day",
		Level: c.Must, Needs: []c.Feature{c.FormLogin}, Ref: refConsole,
		Run: func(t *c.T) {
			claims := authIDOf(t, rootLogins.begin(t))
			checkHolds(t, "claims", object{"realm": "/", "whitelist-lock-expiry": "0"}, claims)
			t.True("there is a whitelist-state", uuidForm.MatchString(c.Text(claims, "whitelist-state")))
			t.Equal("exp - iat", 86400, c.Number(claims, "exp")-c.Number(claims, "iat"))
		},
	}, {
		ID:    "login/root/answer",
		Title: "an administrator's login leads to the console",
		Level: c.Must, Needs: []c.Feature{c.FormLogin}, Ref: refConsole,
		Run: func(t *c.T) {
			res := administratorLogin(t)
			t.Equal("answer", object{"tokenId": res.At("tokenId"), "successUrl": "/platform", "realm": "/"}, res.Body)
			checkCookies(t, res, cookieName(t), serverCookie)
			checkLoginHeaders(t, res)
		},
	}, {
		ID:    "login/root/user",
		Title: "a user of alpha is no administrator",
		Level: c.Should, Needs: []c.Feature{c.FormLogin, c.Logins, c.Managed}, Ref: "inferred: realms have users of their own", Writes: true,
		Run: func(t *c.T) {
			p := newPerson(t)
			checkNoSession(t, rootLogins.begin(t, p.credentials()))
			checkLoggedIn(t, logins.begin(t, p.credentials()))
		},
	},
}

// maxTries is more than any journey allows.
const maxTries = 12

// rootLogins is where administrators log in.
var rootLogins = logins.in("/realms/root")

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// administratorLogin logs the target's person in, past an offer to set up a second
// factor. The session ends with the case.
func administratorLogin(t *c.T) *c.Response {
	res := rootLogins.begin(t, person{"", t.Target.Username, t.Target.Password}.credentials())
	if callbacks := res.List("callbacks"); len(callbacks) > 0 {
		res = rootLogins.reply(t, with(res.Body, "callbacks", skipped(callbacks)))
	}
	token := checkLoggedIn(t, res)
	t.Cleanup(func() { sessions.in("/realms/root").ask(t, "logout", token) })
	return res
}

// skipped are callbacks of which the hidden one says that the page is to be skipped.
func skipped(callbacks []any) []any {
	var sent []any
	for _, callback := range callbacks {
		if c.Text(callback, "type") == "HiddenValueCallback" {
			callback = with(callback, "input", []any{with(c.At(callback, "input", 0), "value", "Skip")})
		}
		sent = append(sent, callback)
	}
	return sent
}

// failedLogin answers a journey so that it comes to Failure.
func failedLogin(t *c.T) *c.Response {
	s, _ := makeSketch(t)
	res := logins.reply(t, filled(t, logins.begin(t, service(s.journey)), 1), service(s.journey))
	checkNoSession(t, res)
	return res
}

// authIDOf returns the claims of a step's authId.
func authIDOf(t *c.T, step *c.Response) any {
	t.Status(http.StatusOK, step)
	token := parseToken(t, step.Text("authId"))
	t.Equal("header of the authId", object{"typ": "JWT", "alg": "HS256"}, token.header)
	return token.claims
}

// unsigned is a token that says that it has no signature, and has none.
func unsigned(t *c.T, token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("the token is no signed JWT: it has %d parts", len(parts))
	}
	return base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"none"}`)) + "." + parts[1] + "."
}

func checkLoginHeaders(t *c.T, res *c.Response) {
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Content-API-Version": "resource=2.1", "Cache-Control": "private", "Pragma": "no-cache", "Expires": "0",
		"X-Content-Type-Options": "nosniff",
	} {
		t.Equal(name, want, res.Header.Get(name))
	}
}

// checkCookies checks that an answer sets cookies of these names, in their order, for
// all paths, until the browser ends, and closed to scripts.
func checkCookies(t *c.T, res *c.Response, names ...string) {
	var set []string
	for _, cookie := range cookiesOf(res) {
		set = append(set, cookie.Name)
		t.Equal("path of "+cookie.Name, "/", cookie.Path)
		t.True(cookie.Name+" is closed to scripts", cookie.HttpOnly)
		t.True(cookie.Name+" is for the time that the browser runs", cookie.RawExpires == "" && cookie.MaxAge == 0)
	}
	t.Equal("cookies", names, set)
}

// checkTimedOut checks what is said of a step that can't be answered any more.
func checkTimedOut(t *c.T, res *c.Response) {
	t.Equal("refusal", object{
		"code": http.StatusUnauthorized, "reason": "Unauthorized", "message": "Session has timed out", "detail": object{"errorCode": "110"},
	}, res.Body)
	t.Status(http.StatusUnauthorized, res)
}
