package cases

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/google/uuid"

	c "aicmcp/conformance"
)

const (
	refCallbacks   = "documented: AM, callbacks; recorded on tenants: their form on the wire"
	refHostedPages = "recorded on tenants: the addresses of the hosted pages"
	refProgressive = "recorded on tenants: the wiring of the journey ProgressiveProfile"
)

// callbackCases are the cases about what journeys ask, about the pages that they are shown
// on, and about who can't be fooled into a session.
var callbackCases = []c.Case{
	{
		ID:    "login/callback/choice",
		Title: "a choice is asked for by its texts, with the index of the one that is chosen already",
		Level: c.Must, Needs: []c.Feature{c.Logins, c.Journeys}, Ref: refCallbacks, Writes: true,
		Run: func(t *c.T) {
			s := asking(t, "ChoiceCollectorNode", object{"prompt": "Which?", "choices": []string{"a", "b", "c"}, "defaultChoice": "b"},
				object{"a": failureNode, "b": failureNode, "c": failureNode})
			step := logins.begin(t, service(s.journey))
			t.Status(http.StatusOK, step)
			t.Equal("callbacks", []object{{
				"type":   "ChoiceCallback",
				"output": []object{{"name": "prompt", "value": "Which?"}, {"name": "choices", "value": []string{"a", "b", "c"}}, {"name": "defaultChoice", "value": 1}},
				"input":  []object{{"name": "IDToken1", "value": 1}},
			}}, step.At("callbacks"))
			checkNoSession(t, logins.reply(t, filled(t, step, 2), service(s.journey)))
		},
	}, {
		ID:    "login/callback/choice-out-of-range",
		Title: "a choice that there is none of leads nowhere, least of all to a session",
		Level: c.Must, Needs: []c.Feature{c.Logins, c.Journeys}, Ref: refCallbacks, Writes: true,
		Run: func(t *c.T) {
			s := asking(t, "ChoiceCollectorNode", object{"prompt": "Which?", "choices": []string{"a", "b"}, "defaultChoice": "a"},
				object{"a": failureNode, "b": failureNode})
			for _, index := range []any{2, -1, 1 << 31, "conformance", nil} {
				step := logins.begin(t, service(s.journey))
				t.Equal("type", "ChoiceCallback", step.At("callbacks", 0, "type"))
				res := logins.reply(t, filled(t, step, index), service(s.journey))
				checkNoSession(t, res)
				t.True("the tenant does not fail", res.Status < http.StatusInternalServerError)
			}
		},
	}, {
		ID:    "login/callback/attributes",
		Title: "attributes are asked for each by its type, with a name, a prompt, policies and a value, and whether only to validate",
		Level: c.Must, Needs: []c.Feature{c.Logins, c.Journeys}, Ref: refCallbacks, Writes: true,
		Run: func(t *c.T) {
			s := asking(t, "AttributeCollectorNode", object{
				"attributesToCollect": []string{"givenName", "preferences/marketing"}, "required": true, "validateInputs": false, "identityAttribute": "userName",
			}, object{"outcome": failureNode})
			step := logins.begin(t, service(s.journey))
			t.Status(http.StatusOK, step)
			t.Equal("types", []string{"StringAttributeInputCallback", "BooleanAttributeInputCallback"}, membersOf(step.List("callbacks"), "type"))
			for i, want := range []struct {
				name   string
				value  any
				inputs []string
			}{{"givenName", "", []string{"IDToken1", "IDToken1validateOnly"}}, {"preferences/marketing", false, []string{"IDToken2", "IDToken2validateOnly"}}} {
				output := step.List("callbacks", i, "output")
				t.Equal("output", []string{"name", "prompt", "required", "policies", "failedPolicies", "validateOnly", "value"}, membersOf(output, "name"))
				t.Equal("name", want.name, c.At(output, 0, "value"))
				t.Equal("required", true, c.At(output, 2, "value"))
				t.Equal("policies", object{}, c.At(output, 3, "value"))
				t.Equal("failedPolicies", []any{}, c.At(output, 4, "value"))
				t.Equal("value", want.value, c.At(output, 6, "value"))
				inputs := step.List("callbacks", i, "input")
				t.Equal("inputs", want.inputs, membersOf(inputs, "name"))
				t.Equal("values", []any{want.value, false}, membersOf(inputs, "value"))
			}
		},
	}, {
		ID:    "login/step/transaction-id",
		Title: "a step echoes the transaction ID of its request",
		Level: c.Should, Needs: loginsNeeded, Ref: "recorded on tenants: the headers of steps",
		Run: func(t *c.T) {
			id := uuid.NewString()
			res := logins.begin(t, c.Header("X-ForgeRock-TransactionId", id))
			t.Status(http.StatusOK, res)
			t.Equal("X-ForgeRock-TransactionId", id, res.Header.Get("X-Forgerock-Transactionid"))
		},
	}, {
		ID:    "login/step/empty-service",
		Title: "a login that names no journey by its type is the realm's own",
		Level: c.Should, Needs: loginsNeeded, Ref: refLoginParams,
		Run: func(t *c.T) {
			step := logins.begin(t, c.Query("authIndexType", "service"))
			t.Status(http.StatusOK, step)
			t.Equal("callbacks", signInPage, step.At("callbacks"))
		},
	}, {
		ID:    "login/auth-id/foreign-key",
		Title: "an authId that the tenant did not sign is refused, whatever its header says",
		Level: c.Must, Needs: peopleNeeded, Ref: refForgedTokens, Writes: true,
		Run: func(t *c.T) {
			p := newPerson(t)
			good := filled(t, logins.begin(t), p.userName, p.password)
			claims := parseToken(t, c.Text(good, "authId")).claims
			for what, authID := range forgeriesOf(t, keyID, claims, nil) {
				res := logins.reply(t, with(good, "authId", authID))
				t.True("the status for "+what+" is 400 or 401", res.Status == http.StatusBadRequest || res.Status == http.StatusUnauthorized)
				checkNoSession(t, res)
			}
			checkLoggedIn(t, logins.reply(t, good))
		},
	}, {
		ID:    "login/success/token-form",
		Title: "the token of a session is 27 characters and an extension between asterisks",
		Level: c.Must, Needs: peopleNeeded, Ref: "recorded on tenants: the form of tokenId, in AM's own base 64", Writes: true,
		Run: func(t *c.T) {
			token := newPerson(t).session(t)
			t.True("the token is of that form", regexp.MustCompile(`^[A-Za-z0-9_-]{27}\.\*AAJTSQACMD[A-Za-z0-9._-]+\*$`).MatchString(token))
		},
	}, {
		ID:    "login/success/progressive",
		Title: "who logs in for the third time without preferences is asked for them, and gets in then",
		Level: c.Should, Needs: peopleNeeded, Ref: refProgressive, Writes: true,
		Run: func(t *c.T) {
			user := withPassword(t, newUser(t))
			id, _ := create(t, users, user)
			p := person{id, user["userName"].(string), user["password"].(string)}
			for range 2 {
				p.session(t)
			}
			step := p.logIn(t, logins)
			checkNoSession(t, step)
			t.Equal("types", []string{"BooleanAttributeInputCallback", "BooleanAttributeInputCallback"}, membersOf(step.List("callbacks"), "type"))
			checkLoggedIn(t, logins.reply(t, filled(t, step, true, false)))
			t.Equal("preferences", object{"updates": true, "marketing": false}, read(t, at(users, id)).At("preferences"))
		},
	}, {
		ID:    "login/page/addresses",
		Title: "the login's older address leads to the hosted page, with realm, journey and goto, and the host's root to one, too",
		Level: c.Should, Needs: loginsNeeded, Ref: refHostedPages,
		Run: func(t *c.T) {
			res := t.Get("/", c.Anonymous())
			t.Status(http.StatusMovedPermanently, res)
			t.Equal("path", "/login/", pathOf(t, res.Header.Get("Location")))
			back := withPort(t) + "/am/oauth2/authorize?a=b&c=d%20e"
			res = t.Get("/am/UI/Login", c.Anonymous(), c.Query("realm", "/alpha", "service", "Login", "goto", back))
			t.Status(http.StatusFound, res)
			location := ofTenant(t, "Location", res.Header.Get("Location"))
			t.Equal("path of the page", "/am/XUI/", location.Path)
			t.Equal("realm", "/alpha", location.Query().Get("realm"))
			t.Equal("goto", back, location.Query().Get("goto"))
			for _, realm := range []string{"alpha", "/alpha"} {
				page := t.Get("/am/XUI/", c.Anonymous(), c.Query("realm", realm))
				t.Status(http.StatusOK, page)
				t.Contains("Content-Type", "text/html", page.Header.Get("Content-Type"))
			}
		},
	}, {
		ID:    "provider/password/journey",
		Title: "the password grant uses the journey that it names, which must ask nothing else",
		Level: c.Should, Needs: append([]c.Feature{c.Journeys}, appsAndUsers...), Ref: "documented: AM, auth_chain of the password grant", Writes: true,
		Run: func(t *c.T) {
			a, p := makeApp(t), newPerson(t)
			s, _ := makeSketch(t)
			ask := func(journey string) *c.Response {
				return a.ask("grant_type", grantPassword, "username", p.userName, "password", p.password, "scope", "read", "auth_chain", journey)
			}
			checkTokens(t, ask("Login"))
			checkOAuthError(t, ask(s.journey), http.StatusInternalServerError, "server_error", "")
		},
	}, {
		ID:    "provider/authorize/session-tricks",
		Title: "what resembles a session's token is none: a part of it, another realm's, or one that has ended",
		Level: c.Must, Needs: append([]c.Feature{c.FormLogin}, appsAndUsers...), Ref: refRealmBounds, Writes: true,
		Run: func(t *c.T) {
			a := makeApp(t).logIn()
			a.code(a.request())
			short, _, _ := strings.Cut(a.token, ".")
			for what, token := range map[string]string{
				"a part": short, "an addition": a.token + "x", "other letters": strings.ToUpper(a.token), "nothing": "", "an administrator's": administratorLogin(t).Text("tokenId"),
			} {
				res := a.visit(a.request(), inCookie(a.cookie, token))
				t.Status(http.StatusFound, res)
				t.Equal("path for "+what, "/am/UI/Login", pathOf(t, res.Header.Get("Location")))
			}
		},
	},
}

// asking makes a journey of one node.
func asking(t *c.T, kind string, config, connections object) sketch {
	s := newSketch(t)
	node(kind, s.node).made(t, config)
	s.body["nodes"].(object)[s.node] = object{"nodeType": kind, "displayName": "Ask", "connections": connections, "x": 200, "y": 100}
	journeys.at(s.journey).made(t, s.body)
	return s
}
