package cases

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// logDefects are such as logs have that are only about right.
var logDefects = []defect{
	{
		name:    "entries are counted instead of pages",
		answer:  inText(`"totalPagedResults":1,`, `"totalPagedResults":15,`),
		noticed: []string{"logs/sources/list", "logs/access/key"},
	}, {
		name: "the limit is not told",
		answer: func(r *http.Response) error {
			r.Header.Del("X-Ratelimit-Limit")
			return nil
		},
		noticed: []string{"logs/sources/rate-limit"},
	}, {
		name:    "a failure looks like a success",
		answer:  inText(`"status":"FAILED"`, `"status":"SUCCESSFUL"`),
		noticed: []string{"logs/idm-access/read", "logs/am-access/token"},
	}, {
		name:    "what was refused looks done",
		answer:  inText(`"status":"FAILURE"`, `"status":"SUCCESS"`),
		noticed: []string{"logs/idm-activity/refused"},
	}, {
		name:    "new passwords are not told",
		answer:  inText(`"passwordChanged":true`, `"passwordChanged":false`),
		noticed: []string{"logs/idm-activity/password"},
	}, {
		name:    "changes are not named",
		answer:  inText(`"changedFields":["/`, `"changedFields":["`),
		noticed: []string{"logs/idm-activity/life", "logs/idm-config/change"},
	}, {
		name:    "bearers are logged",
		answer:  inText(`"user-agent":[`, `"authorization":["Bearer `+devToken+`"],"user-agent":[`),
		noticed: []string{"logs/idm-access/no-token"},
	}, {
		name:    "nodes do not tell their outcome",
		answer:  inText(`"nodeOutcome"`, `"outcome"`),
		noticed: []string{"logs/am-authentication/login"},
	}, {
		name:    "failed logins look successful",
		answer:  inText(`"result":"FAILED"`, `"result":"SUCCESSFUL"`),
		noticed: []string{"logs/am-authentication/login"},
	}, {
		name:    "sessions are known by another name",
		answer:  inText(`AM-SESSION-CREATED`, `AM-SESSION-MADE`),
		noticed: []string{"logs/am-activity/session"},
	}, {
		name:    "all status codes are texts",
		answer:  inText(`"statusCode":404`, `"statusCode":"404"`),
		noticed: []string{"logs/environment-access/esv"},
	}, {
		name: "transactions are matched by their beginning",
		ask: inLogQuery(func(q url.Values) {
			if q.Has("transactionId") {
				q.Set("_queryFilter", `/payload/transactionId sw "`+q.Get("transactionId")+`"`)
				q.Del("transactionId")
			}
		}),
		noticed: []string{"logs/query/transaction", "logs/query/filter"},
	}, {
		name: "the window has its beginning in it",
		ask: inLogQuery(func(q url.Values) {
			if at, err := time.Parse(time.RFC3339Nano, q.Get("beginTime")); err == nil {
				q.Set("beginTime", at.Add(-time.Microsecond).Format(time.RFC3339Nano))
			}
		}),
		noticed: []string{"logs/query/window"},
	}, {
		name: "times are ignored",
		ask: inLogQuery(func(q url.Values) {
			q.Del("beginTime")
			q.Del("endTime")
		}),
		noticed: []string{"logs/query/window", "logs/query/more-than-a-day", "logs/query/not-a-time"},
	}, {
		name:    "filters are ignored",
		ask:     inLogQuery(func(q url.Values) { q.Del("_queryFilter") }),
		noticed: []string{"logs/query/filter", "logs/query/bare-field"},
	}, {
		name:    "cookies are ignored",
		ask:     inLogQuery(func(q url.Values) { q.Del("_pagedResultsCookie") }),
		noticed: []string{"logs/query/pages", "logs/tail/cookie", "tools/logs/pages"},
	}, {
		name: "page sizes are bounded quietly",
		ask: inLogQuery(func(q url.Values) {
			if len(q.Get("_pageSize")) > 3 {
				q.Set("_pageSize", "1000")
			}
		}),
		noticed: []string{"logs/query/page-size"},
	}, {
		name: "what is not known is another log",
		ask: inLogQuery(func(q url.Values) {
			if source := q.Get("source"); source == "" || strings.HasPrefix(source, "conformance") {
				q.Set("source", "am-core")
			}
		}),
		noticed: []string{"logs/query/no-source", "logs/query/unknown-source", "tools/logs/unknown-source"},
	}, {
		name: "everybody may read the logs",
		ask: func(r *http.Request) {
			if strings.HasPrefix(r.URL.Path, logEntries) {
				r.Header.Del("X-Api-Key")
				r.Header.Del("X-Api-Secret")
				r.Header.Set("Authorization", "Bearer "+devToken)
			}
		},
		noticed: []string{"logs/access/no-credentials", "logs/access/wrong-key", "logs/access/key"},
	}, {
		name: "roll-ups name themselves",
		answer: func(r *http.Response) error {
			if !strings.Contains(r.Request.URL.RawQuery, "idm-everything") {
				return nil
			}
			return inText(`"source":"idm-access"`, `"source":"idm-everything"`)(r)
		},
		noticed: []string{"logs/query/roll-up"},
	}, {
		name:    "times have a zone",
		answer:  inText(`Z","type":"application/json"`, `+00:00","type":"application/json"`),
		noticed: []string{"logs/query/envelope"},
	},
}

func inLogQuery(change func(url.Values)) func(*http.Request) {
	return func(r *http.Request) {
		if strings.HasPrefix(r.URL.Path, logEntries) {
			inQuery(change)(r)
		}
	}
}
