package cases

import (
	"net/http"
	"regexp"
	"time"

	c "aicmcp/conformance"
)

const (
	refSession       = "recorded on tenants: a session tells about itself to whoever has its token, without a bearer"
	refSessionAction = "documented: AM, managing sessions over REST"
)

// sessions are those of alpha.
var sessions = api{inAlpha + "/sessions", "resource=4.0"}

// ask asks for an action on the session of a token, without a bearer.
func (a api) ask(t *c.T, action, token string, options ...c.Option) *c.Response {
	return t.Post(a.path, object{"tokenId": token}, a.asked(append([]c.Option{c.Anonymous(), c.Query("_action", action)}, options...))...)
}

// sessionCases are the cases about sessions, as AM shows and ends them.
var sessionCases = []c.Case{
	{
		ID:    "sessions/info/members",
		Title: "a session tells whose it is, its realm, its three times and its properties",
		Level: c.Must, Needs: peopleNeeded, Ref: refSession, Writes: true,
		Run: func(t *c.T) {
			p := newPerson(t)
			res := sessions.ask(t, "getSessionInfo", p.session(t))
			checkSession(t, res, p.id, "id="+p.id+",ou=user,o=alpha,ou=services,ou=am-config", "/alpha")
		},
	}, {
		ID:    "sessions/info/root",
		Title: "an administrator's session is one of the root realm, which lasts two hours and half an hour without use",
		Level: c.Must, Needs: []c.Feature{c.FormLogin}, Ref: refSession,
		Run: func(t *c.T) {
			res := sessions.in("/realms/root").ask(t, "getSessionInfo", administratorLogin(t).Text("tokenId"))
			id := res.Text("username")
			t.True("username is a UUID", uuidForm.MatchString(id))
			checkSession(t, res, id, "id="+id+",ou=user,ou=am-config", "/")
			checkTimes(t, res)
		},
	}, {
		ID:    "sessions/info/times",
		Title: "a session of alpha lasts two hours from its login, and half an hour without use",
		Level: c.Should, Needs: peopleNeeded, Ref: refSessionAction + "; the defaults", Writes: true,
		Run: func(t *c.T) {
			res := sessions.ask(t, "getSessionInfo", newPerson(t).session(t))
			t.Status(http.StatusOK, res)
			checkTimes(t, res)
		},
	}, {
		ID:    "sessions/info/headers",
		Title: "answers about sessions are of the version that is asked for, and belong into no frame",
		Level: c.Must, Needs: peopleNeeded, Ref: refSession, Writes: true,
		Run: func(t *c.T) {
			res := sessions.ask(t, "getSessionInfo", newPerson(t).session(t))
			t.Status(http.StatusOK, res)
			for name, want := range map[string]string{
				"Content-Type": "application/json;charset=UTF-8", "Content-API-Version": "resource=4.0", "Cache-Control": "private", "X-Frame-Options": "DENY",
			} {
				t.Equal(name, want, res.Header.Get(name))
			}
		},
	}, {
		ID:    "sessions/info/slash",
		Title: "the path of sessions may end in a slash",
		Level: c.Must, Needs: peopleNeeded, Ref: refSession, Writes: true,
		Run: func(t *c.T) {
			p := newPerson(t)
			res := api{sessions.path + "/", sessions.version}.ask(t, "getSessionInfo", p.session(t))
			t.Status(http.StatusOK, res)
			t.Equal("username", p.id, res.At("username"))
		},
	}, {
		ID:    "sessions/info/cookie",
		Title: "a session is found by its cookie, or by a header of that name",
		Level: c.Should, Needs: peopleNeeded, Ref: "recorded on tenants for other endpoints; documented for sessions", Writes: true,
		Run: func(t *c.T) {
			p := newPerson(t)
			name, token := cookieName(t), p.session(t)
			for _, option := range []c.Option{inCookie(name, token), c.Header(name, token)} {
				res := t.Post(sessions.path, object{}, sessions.asked([]c.Option{c.Anonymous(), option, c.Query("_action", "getSessionInfo")})...)
				t.Status(http.StatusOK, res)
				t.Equal("username", p.id, res.At("username"))
			}
		},
	}, {
		ID:    "sessions/info/invalid",
		Title: "there is nothing to tell of a token that is none: 401",
		Level: c.Should, Needs: []c.Feature{c.Logins}, Ref: "inferred: the refusal was not recorded",
		Run: func(t *c.T) {
			checkError(t, sessions.ask(t, "getSessionInfo", t.Fresh("token")), http.StatusUnauthorized)
		},
	}, {
		ID:    "sessions/info/untouched",
		Title: "getSessionInfo is no use of a session, and getSessionInfoAndResetIdleTime tells the same and is one",
		Level: c.Should, Needs: peopleNeeded, Ref: refSessionAction, Writes: true,
		Run: func(t *c.T) {
			token := newPerson(t).session(t)
			first := sessions.ask(t, "getSessionInfo", token)
			t.Status(http.StatusOK, first)
			t.Equal("session asked for again", first.Body, sessions.ask(t, "getSessionInfo", token).Body)
			used := sessions.ask(t, "getSessionInfoAndResetIdleTime", token)
			t.Status(http.StatusOK, used)
			changing := []string{"latestAccessTime", "maxIdleExpirationTime"}
			t.Equal("session used", without(first.Body, changing...), without(used.Body, changing...))
			t.True("it was used no earlier", !timeOf(t, used, changing[0]).Before(timeOf(t, first, changing[0])))
			t.Equal("session afterwards", used.Body, sessions.ask(t, "getSessionInfo", token).Body)
		},
	}, {
		ID:    "sessions/validate/valid",
		Title: "a session that is there is valid, with its ID, user and realm",
		Level: c.Should, Needs: peopleNeeded, Ref: refSessionAction, Writes: true,
		Run: func(t *c.T) {
			p := newPerson(t)
			token := p.session(t)
			res := sessions.ask(t, "validate", token)
			t.Status(http.StatusOK, res)
			t.Equal("answer", object{"valid": true, "uid": p.id, "realm": "/alpha"}, without(res.Body, "sessionUid"))
			t.True("there is a sessionUid", res.Text("sessionUid") != "")
			again := sessions.ask(t, "validate", token, c.Query("refresh", "false"))
			t.Equal("answer without a use", res.Body, again.Body)
		},
	}, {
		ID:    "sessions/validate/invalid",
		Title: "a token that is none is not valid, and no more is said",
		Level: c.Should, Needs: []c.Feature{c.Logins}, Ref: refSessionAction,
		Run: func(t *c.T) {
			checkInvalid(t, sessions, t.Fresh("token"))
		},
	}, {
		ID:    "sessions/validate/other-realm",
		Title: "a session of alpha is none of bravo",
		Level: c.Should, Needs: peopleNeeded, Ref: "inferred: sessions are of a realm", Writes: true,
		Run: func(t *c.T) {
			token := newPerson(t).session(t)
			t.Equal("valid in alpha", true, sessions.ask(t, "validate", token).At("valid"))
			checkInvalid(t, sessions.in("/realms/root/realms/bravo"), token)
		},
	}, {
		ID:    "sessions/refresh/answer",
		Title: "a session that is used anew tells its limits in minutes, and what is left in seconds",
		Level: c.Should, Needs: peopleNeeded, Ref: refSessionAction, Writes: true,
		Run: func(t *c.T) {
			p := newPerson(t)
			res := sessions.ask(t, "refresh", p.session(t))
			t.Status(http.StatusOK, res)
			t.Equal("answer", object{
				"uid": p.id, "realm": "/alpha", "idletime": 0, "maxidletime": 30, "maxsessiontime": 120,
			}, without(res.Body, "maxtime"))
			checkBetween(t, "maxtime", 7200-justNow, res.Number("maxtime"), 7200)
		},
	}, {
		ID:    "sessions/logout/answer",
		Title: "a logout ends the session, for every action, and a second one says so",
		Level: c.Should, Needs: peopleNeeded, Ref: refSessionAction, Writes: true,
		Run: func(t *c.T) {
			token := newPerson(t).session(t)
			res := sessions.ask(t, "logout", token)
			t.Status(http.StatusOK, res)
			t.Equal("answer", object{"result": "Successfully logged out"}, res.Body)
			checkInvalid(t, sessions, token)
			checkError(t, sessions.ask(t, "getSessionInfo", token), http.StatusUnauthorized)
			t.Equal("answer to another one", object{"result": "Token has expired"}, sessions.ask(t, "logout", token).Body)
		},
	}, {
		ID:    "sessions/logout/cookie",
		Title: "a logout by cookie alone ends the session, as the vendor's SDK does it",
		Level: c.Should, Needs: peopleNeeded, Ref: "the vendor's SDK for JavaScript", Writes: true,
		Run: func(t *c.T) {
			token := newPerson(t).session(t)
			res := t.Post(sessions.path, nil, c.Anonymous(), inCookie(cookieName(t), token), c.Query("_action", "logout"),
				c.Header("Accept-API-Version", "protocol=1.0,resource=2.0"), c.Header("X-Requested-With", "forgerock-sdk"), c.Header("Content-Type", "application/json"))
			t.Status(http.StatusOK, res)
			t.Equal("answer", object{"result": "Successfully logged out"}, res.Body)
			checkInvalid(t, sessions, token)
		},
	}, {
		ID:    "sessions/logout/others",
		Title: "a logout ends one session, not the person's others",
		Level: c.Should, Needs: peopleNeeded, Ref: refSessionAction, Writes: true,
		Run: func(t *c.T) {
			p := newPerson(t)
			first, second := p.session(t), p.session(t)
			t.Differs("token", first, second)
			t.Equal("answer", object{"result": "Successfully logged out"}, sessions.ask(t, "logout", first).Body)
			checkInvalid(t, sessions, first)
			t.Equal("the other session is valid", true, sessions.ask(t, "validate", second).At("valid"))
		},
	}, {
		ID:    "sessions/user/id",
		Title: "idFromSession tells who is logged in by the cookie, and where such people go",
		Level: c.Should, Needs: peopleNeeded, Ref: "how the vendor's login pages ask; the answer is AM's ancestor's", Writes: true,
		Run: func(t *c.T) {
			p := newPerson(t)
			res := t.Post(entries.path, object{}, c.Anonymous(), inCookie(cookieName(t), p.session(t)), c.Query("_action", "idFromSession"),
				c.Header("Accept-API-Version", "protocol=1.0,resource=2.0"))
			t.Status(http.StatusOK, res)
			checkHolds(t, "answer", object{"id": p.id, "realm": "/alpha", "successURL": "/enduser/?realm=/alpha"}, res.Body)
			t.Has("answer", res.Body, "dn", "fullLoginURL")
		},
	}, {
		ID:    "sessions/user/nobody",
		Title: "idFromSession without a session is 401",
		Level: c.Should, Needs: []c.Feature{c.Logins}, Ref: "how the vendor's login pages ask; the refusal is inferred",
		Run: func(t *c.T) {
			res := t.Post(entries.path, object{}, c.Anonymous(), c.Query("_action", "idFromSession"), c.Header("Accept-API-Version", "protocol=1.0,resource=2.0"))
			checkError(t, res, http.StatusUnauthorized)
		},
	}, {
		ID:    "sessions/properties/closed",
		Title: "properties that are on no list are neither told nor set",
		Level: c.Should, Needs: peopleNeeded, Ref: refSessionAction, Writes: true,
		Run: func(t *c.T) {
			token := newPerson(t).session(t)
			newer := api{sessions.path, "resource=3.1"}
			told := newer.ask(t, "getSessionProperties", token)
			t.Status(http.StatusOK, told)
			t.Lacks("properties", told.Body, "AMCtxId", "conformance")
			res := t.Post(sessions.path, object{"tokenId": token, "conformance": "1"},
				newer.asked([]c.Option{c.Anonymous(), c.Query("_action", "updateSessionProperties")})...)
			checkMessage(t, res, http.StatusForbidden, "Forbidden")
		},
	}, {
		ID:    "sessions/manage/handles",
		Title: "whoever runs the tenant finds a user's sessions by handles, without their tokens, and ends them by these",
		Level: c.Should, Needs: []c.Feature{c.Logins, c.Managed, c.Realms}, Ref: refSessionAction, Writes: true,
		Run: func(t *c.T) {
			p := newPerson(t)
			token := p.session(t)
			page := sessions.find(t, eq("username", p.id)+` and realm eq "/alpha"`)
			t.Equal("users", []string{p.id}, column(page, "username"))
			handle := page.Text("result", 0, "sessionHandle")
			t.True("there is a handle", regexp.MustCompile(`^shandle:.`).MatchString(handle))
			t.Has("session", page.At("result", 0), "universalId", "maxSessionExpirationTime", "_rev")
			t.True("the token is not told", !regexp.MustCompile(regexp.QuoteMeta(token)).Match(page.Raw))
			body := object{"sessionHandles": []string{handle}}
			byHandle := sessions.asked([]c.Option{c.Query("_action", "logoutByHandle")})
			t.Status(http.StatusForbidden, t.Post(sessions.path, body, append(byHandle, c.Anonymous())...))
			t.Equal("valid still", true, sessions.ask(t, "validate", token).At("valid"))
			res := t.Post(sessions.path, body, byHandle...)
			t.Status(http.StatusOK, res)
			t.Equal("answer", object{"result": object{handle: true}}, res.Body)
			checkInvalid(t, sessions, token)
		},
	}, {
		ID:    "sessions/manage/user",
		Title: "whoever runs the tenant ends all sessions of a user",
		Level: c.Should, Needs: []c.Feature{c.Logins, c.Managed, c.Realms}, Ref: refSessionAction, Writes: true,
		Run: func(t *c.T) {
			p, other := newPerson(t), newPerson(t)
			first, second, others := p.session(t), p.session(t), other.session(t)
			res := t.Post(sessions.path, object{"username": p.id}, sessions.asked([]c.Option{c.Query("_action", "logoutByUser")})...)
			t.Status(http.StatusOK, res)
			t.Equal("answer", object{"result": true}, res.Body)
			checkInvalid(t, sessions, first)
			checkInvalid(t, sessions, second)
			t.Equal("the other's session is valid", true, sessions.ask(t, "validate", others).At("valid"))
		},
	}, {
		ID:    "sessions/manage/strangers",
		Title: "a user's session does not open the sessions of others",
		Level: c.Should, Needs: peopleNeeded, Ref: refSessionAction, Writes: true,
		Run: func(t *c.T) {
			p, other := newPerson(t), newPerson(t)
			mine, others := inCookie(cookieName(t), p.session(t)), other.session(t)
			closed := func(res *c.Response) {
				t.True("it is refused", res.Status == http.StatusForbidden || res.Status == http.StatusUnauthorized)
				t.Has("refusal", res.Body, "code", "message")
			}
			closed(sessions.get(t, c.Anonymous(), mine, c.Query("_queryFilter", eq("username", other.id)+` and realm eq "/alpha"`)))
			closed(t.Post(sessions.path, object{"username": other.id}, sessions.asked([]c.Option{c.Anonymous(), mine, c.Query("_action", "logoutByUser")})...))
			t.Equal("the other's session is valid", true, sessions.ask(t, "validate", others).At("valid"))
		},
	},
}

// checkSession checks what a session tells of itself.
func checkSession(t *c.T, res *c.Response, id, universalID, realm string) {
	t.Status(http.StatusOK, res)
	times := []string{"latestAccessTime", "maxIdleExpirationTime", "maxSessionExpirationTime"}
	t.Equal("session", object{"username": id, "universalId": universalID, "realm": realm}, without(res.Body, append(times, "properties")...))
	for _, name := range times {
		text := res.Text(name)
		t.True(name+", "+text+", is UTC without a fraction", regexp.MustCompile(`^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$`).MatchString(text))
	}
	context := res.Text("properties", "AMCtxId")
	t.True("AMCtxId, "+context+", is a UUID and a number", regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-[0-9]+$`).MatchString(context))
}

// checkTimes checks the limits of a session that has begun just now.
func checkTimes(t *c.T, res *c.Response) {
	latest := timeOf(t, res, "latestAccessTime")
	t.Equal("time without use", "30m0s", timeOf(t, res, "maxIdleExpirationTime").Sub(latest).String())
	left := timeOf(t, res, "maxSessionExpirationTime").Sub(latest)
	checkBetween(t, "seconds left", 7200-justNow, int64(left.Seconds()), 7200)
}

func timeOf(t *c.T, res *c.Response, member string) time.Time {
	at, err := time.Parse(time.RFC3339, res.Text(member))
	if err != nil {
		t.Fatalf("%s is no time: %v", member, err)
	}
	return at
}

// checkInvalid checks that a token stands for no session.
func checkInvalid(t *c.T, where api, token string) {
	res := where.ask(t, "validate", token)
	t.Status(http.StatusOK, res)
	t.Equal("answer about a token that is none", object{"valid": false}, res.Body)
}
