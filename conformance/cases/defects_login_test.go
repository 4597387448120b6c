package cases

import (
	"net/http"
	"net/url"
	"strings"
)

// loginDefects are such as logins have that were made from documentation alone, or
// carelessly.
var loginDefects = []defect{
	{
		name:    "no callback has an ID",
		answer:  onAM("", "/authenticate", inPattern(`,"_id":[0-9]+`, ``)),
		noticed: []string{"login/step/callbacks", "login/step/spellings"},
	}, {
		name:    "every callback has an ID",
		answer:  onAM("", "/authenticate", inPattern(`\{"type":"TextOutputCallback"`, `{"_id":0,"type":"TextOutputCallback"`)),
		noticed: []string{"login/step/bare-node"},
	}, {
		name:    "only inputs are counted",
		answer:  onAM("", "/authenticate", inText(`"IDToken2"`, `"IDToken1"`)),
		noticed: []string{"login/step/callbacks", "login/step/bare-node"},
	}, {
		name:    "what a page says comes first",
		answer:  onAM("", "/authenticate", inPattern(`^\{(.*),("header":"[^"]*")`, `{$2,$1`)),
		noticed: []string{"login/step/order"},
	}, {
		name:    "logins name a charset",
		answer:  onAM("", "/authenticate", inHeader("Content-Type", func(string) string { return "application/json;charset=UTF-8" })),
		noticed: []string{"login/step/headers", "login/success/answer", "login/root/answer"},
	}, {
		name:    "cookies are open to scripts",
		answer:  onAM("", "/authenticate", inHeader("Set-Cookie", func(cookie string) string { return strings.Replace(cookie, "; HttpOnly", "", 1) })),
		noticed: []string{"login/step/cookie", "login/success/cookies", "login/zero-page/answer", "login/root/answer"},
	}, {
		name:    "credentials in headers are not read",
		ask:     belowAM(func(r *http.Request) { r.Header.Del("X-OpenAM-Password") }),
		noticed: []string{"login/zero-page/answer", "login/zero-page/encoded"},
	}, {
		name:    "every login gets a session",
		ask:     belowAM(inQuery(func(q url.Values) { q.Del("noSession") })),
		noticed: []string{"login/success/no-session"},
	}, {
		name: "goto is followed anywhere",
		answer: onAM("", "/authenticate", func(r *http.Response) error {
			target := r.Request.URL.Query().Get("goto")
			return inPattern(`"successUrl":"[^"]*"`, `"successUrl":"`+target+`"`)(r)
		}),
		noticed: []string{"login/success/foreign-goto"},
	}, {
		name:    "a session ends every login",
		ask:     belowAM(inQuery(func(q url.Values) { q.Del("ForceAuth") })),
		noticed: []string{"login/success/force"},
	}, {
		name:    "a journey that is not there fails as others do",
		answer:  onAM("", "/authenticate", inStatus("No Configuration found", http.StatusUnauthorized)),
		noticed: []string{"login/failure/unknown-journey", "login/failure/disabled-journey"},
	}, {
		name:    "a journey that fails is a fault of the tenant",
		answer:  onAM("", "/authenticate", inStatus("Login failure", http.StatusInternalServerError)),
		noticed: []string{"login/failure/answer", "login/failure/loose-end", "login/failure/nobody", "login/failure/lockout", "login/callback/choice-out-of-range"},
	}, {
		name: "a wrong password is told from a wrong name",
		answer: onAM("", "/authenticate", func(r *http.Response) error {
			return inText(`"header":"Sign In"`, `"header":"Try again, `+r.Header.Get("X-Forgerock-Transactionid")+`"`)(r)
		}),
		noticed: []string{"login/failure/unknown-user"},
	}, {
		name:    "accounts can't be closed",
		ask:     inSentTo(users, func(text string) string { return strings.ReplaceAll(text, `"inactive"`, `"active"`) }),
		noticed: []string{"login/failure/inactive"},
	}, {
		name:    "the realms share their logins",
		ask:     inPath("/realms/bravo/authenticate", "/realms/alpha/authenticate"),
		noticed: []string{"login/auth-id/other-realm", "login/failure/other-realm"},
	}, {
		name:    "administrators go where users go",
		answer:  onAM("", "/realms/root/authenticate", inText("/platform", "/enduser/?realm=/alpha")),
		noticed: []string{"login/root/answer"},
	}, {
		name:    "times of sessions have fractions",
		answer:  onAM("", "/sessions", inPattern(`(T[0-9:]{8})Z"`, `$1.000Z"`)),
		noticed: []string{"sessions/info/members", "sessions/info/root"},
	}, {
		name:    "a session is known by its user's name",
		answer:  onAM("", "/sessions", inPattern(`"username":"[^"]*"`, `"username":"conformance"`)),
		noticed: []string{"sessions/info/members", "sessions/info/slash", "sessions/info/cookie"},
	}, {
		name:    "a session that is not valid is an error",
		answer:  onAM("", "/sessions", inStatus(`"valid":false`, http.StatusUnauthorized)),
		noticed: []string{"sessions/validate/invalid", "sessions/validate/other-realm", "sessions/logout/answer"},
	}, {
		name: "a logout ends nothing",
		ask:  belowAM(inQuery(func(q url.Values) { replaceValue(q, "_action", "logout", "getSessionProperties") })),
		answer: onAM("", "/sessions", func(r *http.Response) error {
			return rewrite(r, func(body []byte) []byte {
				if string(body) == "{}" {
					return []byte(`{"result":"Successfully logged out"}`)
				}
				return body
			})
		}),
		noticed: []string{"sessions/logout/answer", "sessions/logout/cookie", "sessions/logout/others"},
	}, {
		name:    "a logout ends all sessions of the person",
		answer:  onAM("", "/sessions", inText(`"valid":true`, `"valid":false`)),
		noticed: []string{"sessions/logout/others", "sessions/manage/user", "sessions/validate/valid"},
	}, {
		name:    "sessions are good in every realm",
		ask:     inPath("/realms/bravo/sessions", "/realms/alpha/sessions"),
		noticed: []string{"sessions/validate/other-realm"},
	}, {
		name: "anybody ends the sessions of others",
		ask: belowAM(func(r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/sessions") {
				r.Header.Set("Authorization", "Bearer "+devToken)
			}
		}),
		noticed: []string{"sessions/manage/handles", "sessions/manage/strangers"},
	},
}

// replaceValue replaces a parameter that has a value.
func replaceValue(q url.Values, name, old, changed string) {
	if q.Get(name) == old {
		q.Set(name, changed)
	}
}
