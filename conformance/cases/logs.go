package cases

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	c "aicmcp/conformance"
)

const (
	logEntries = "/monitoring/logs"
	logTail    = "/monitoring/logs/tail"
	logSources = "/monitoring/logs/sources"
	logKeys    = "/keys"
	// visible is how long an event may take until a query finds it.
	visible = 3 * time.Minute
	day     = 24 * time.Hour
)

// logging are the cases about reading the logs.
var logging = []c.Case{
	{
		ID:    "logs/sources/list",
		Title: "the sources of AM and IDM are listed, on one page, and the list says so",
		Level: c.Must, Needs: []c.Feature{c.Logs}, Ref: refLogSources, Waits: visible,
		Run: func(t *c.T) {
			res := t.Get(logSources)
			t.Status(http.StatusOK, res)
			for _, source := range []string{
				"am-access", "am-activity", "am-authentication", "am-config", "am-core", "am-everything",
				"idm-access", "idm-activity", "idm-authentication", "idm-config", "idm-core", "idm-everything", "idm-sync",
			} {
				t.True("there is "+source, slices.Contains(res.List("result"), any(source)))
			}
			t.Equal("resultCount", len(res.List("result")), res.At("resultCount"))
			t.Equal("the rest", object{"pagedResultsCookie": nil, "totalPagedResultsPolicy": "NONE", "totalPagedResults": 1, "remainingPagedResults": 0},
				without(res.Body, "result", "resultCount"))
			t.Equal("Content-Type", "application/json; charset=utf-8", res.Header.Get("Content-Type"))
		},
	}, {
		ID:    "logs/sources/rate-limit",
		Title: "answers tell the limit of requests, what is left of it, and when it is renewed",
		Level: c.Must, Needs: []c.Feature{c.Logs}, Ref: refLogRate, Waits: visible,
		Run: func(t *c.T) {
			res := t.Get(logSources)
			t.Status(http.StatusOK, res)
			for _, name := range []string{"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset"} {
				t.True(name+" is a number", regexp.MustCompile(`^[0-9]+$`).MatchString(res.Header.Get(name)))
			}
		},
	}, {
		ID:    "logs/query/envelope",
		Title: "a query answers a page whose elements have payload, timestamp, type and source",
		Level: c.Must, Needs: []c.Feature{c.Logs}, Ref: refLogQuery, Waits: visible,
		Run: func(t *c.T) {
			transaction := askIDM(t)
			found := waitForEvents(t, "idm-access", transaction, 1)
			res := t.Get(logEntries, c.Query("source", "idm-access", "transactionId", transaction))
			t.Status(http.StatusOK, res)
			t.Equal("the rest", object{"pagedResultsCookie": nil, "totalPagedResultsPolicy": "NONE", "totalPagedResults": -1, "remainingPagedResults": -1},
				without(res.Body, "result", "resultCount"))
			t.Equal("resultCount", fmt.Sprint(len(res.List("result"))), fmt.Sprint(res.At("resultCount")))
			event := found[0]
			t.Equal("source", "idm-access", c.At(event, "source"))
			t.Equal("type", "application/json", c.At(event, "type"))
			at, err := time.Parse(time.RFC3339Nano, c.Text(event, "timestamp"))
			t.True("timestamp is in UTC", err == nil && strings.HasSuffix(c.Text(event, "timestamp"), "Z"))
			t.True("timestamp is of now", time.Since(at).Abs() < time.Hour)
		},
	}, {
		ID:    "logs/query/no-source",
		Title: "a query without a source is refused",
		Level: c.Should, Needs: []c.Feature{c.Logs}, Ref: refLogWords, Waits: visible,
		Run: func(t *c.T) { checkLogError(t, t.Get(logEntries), http.StatusBadRequest) },
	}, {
		ID:    "logs/query/unknown-source",
		Title: "a query of a source that is not there is refused",
		Level: c.Should, Needs: []c.Feature{c.Logs}, Ref: refLogWords, Waits: visible,
		Run: func(t *c.T) {
			checkLogError(t, t.Get(logEntries, c.Query("source", "conformance-nothing")), http.StatusBadRequest)
		},
	}, {
		ID:    "logs/query/more-than-a-day",
		Title: "a query of more than a day is refused, and told so",
		Level: c.Must, Needs: []c.Feature{c.Logs}, Ref: refLogDay, Waits: visible,
		Run: func(t *c.T) {
			now := time.Now().UTC()
			res := t.Get(logEntries, c.Query("source", "am-access", "beginTime", now.Add(-2*day).Format(time.RFC3339), "endTime", now.Format(time.RFC3339)))
			checkLogError(t, res, http.StatusBadRequest)
			t.Contains("message", "days worth of data requested", res.Text("message"))
			t.Contains("message", "Cannot request more than one days worth of logs", res.Text("message"))
		},
	}, {
		ID:    "logs/query/not-a-time",
		Title: "a time that is none is refused",
		Level: c.Should, Needs: []c.Feature{c.Logs}, Ref: refLogWords, Waits: visible,
		Run: func(t *c.T) {
			checkLogError(t, t.Get(logEntries, c.Query("source", "am-access", "beginTime", "yesterday")), http.StatusBadRequest)
		},
	}, {
		ID:    "logs/query/bare-field",
		Title: "a field of a filter that does not begin with a slash is a fault of the server",
		Level: c.Must, Needs: []c.Feature{c.Logs}, Ref: refLogFilter, Waits: visible,
		Run: func(t *c.T) {
			checkLogError(t, t.Get(logEntries, c.Query("source", "am-access", "_queryFilter", `payload/level eq "INFO"`)), http.StatusInternalServerError)
		},
	}, {
		ID:    "logs/query/page-size",
		Title: "a page has at most 1000 entries",
		Level: c.Should, Needs: []c.Feature{c.Logs}, Ref: refLogWords, Waits: visible,
		Run: func(t *c.T) {
			checkLogError(t, t.Get(logEntries, c.Query("source", "am-access", "_pageSize", "1001")), http.StatusBadRequest)
		},
	}, {
		ID:    "logs/query/transaction",
		Title: "events are found by the whole of the transaction ID that the client chose, and by no part of it",
		Level: c.Must, Needs: []c.Feature{c.Logs, c.Managed}, Ref: refLogTransaction, Waits: visible,
		Run: func(t *c.T) {
			transaction := t.Fresh("transaction")
			res := t.Get(missingUser(t), c.Header("X-ForgeRock-TransactionId", transaction))
			t.Status(http.StatusNotFound, res)
			t.Equal("transaction of the answer", transaction, res.Header.Get("X-Forgerock-Transactionid"))
			for _, event := range waitForEvents(t, "idm-access", transaction, 1) {
				t.Equal("transactionId", transaction, c.At(event, "payload", "transactionId"))
			}
			t.Equal("events of a part of it", 0, len(eventsOf(t, "idm-access", transaction[:len(transaction)-1])))
		},
	}, {
		ID:    "logs/query/roll-up",
		Title: "idm-everything has the events of IDM's logs, which keep their own source",
		Level: c.Must, Needs: []c.Feature{c.Logs, c.Managed}, Ref: refLogRollUp, Waits: visible,
		Run: func(t *c.T) {
			transaction := askIDM(t)
			event := waitForEvents(t, "idm-everything", transaction, 1)[0]
			t.Equal("source", "idm-access", c.At(event, "source"))
			t.Equal("events in am-config", 0, len(eventsOf(t, "am-config", transaction)))
		},
	}, {
		ID:    "logs/query/filter",
		Title: "filters select by fields of the payload: eq, co, sw, pr, and, or, !",
		Level: c.Must, Needs: []c.Feature{c.Logs, c.Managed}, Ref: refLogFilter, Waits: visible,
		Run: func(t *c.T) {
			transaction := askIDM(t)
			waitForEvents(t, "idm-access", transaction, 1)
			for filter, want := range map[string]int{
				`/payload/response/statusCode eq "404"`:                                      1,
				`/payload/response/statusCode eq "200"`:                                      0,
				`/payload/http/request/path co "/openidm/managed/alpha_user/"`:               1,
				`/payload/transactionId sw "` + transaction + `"`:                            1,
				`/payload/userId pr`:                                                         1,
				`/payload/conformance pr`:                                                    0,
				`/payload/http/request/method eq "GET" and /payload/conformance pr`:          0,
				`/payload/http/request/method eq "GET" or /payload/conformance pr`:           1,
				`!(/payload/http/request/method eq "GET")`:                                   0,
				`(/payload/level eq "INFO") and !(/payload/response/status eq "SUCCESSFUL")`: 1,
			} {
				t.Equal("events with "+filter, want, len(eventsOf(t, "idm-access", transaction, "_queryFilter", filter)))
			}
		},
	}, {
		ID:    "logs/query/pages",
		Title: "cookies lead through all pages, to each event once; the last page has none",
		Level: c.Must, Needs: []c.Feature{c.Logs, c.Managed}, Ref: refLogQuery, Waits: visible,
		Run: func(t *c.T) {
			transaction, missing := t.Fresh("transaction"), missingUser(t)
			for range 3 {
				t.Status(http.StatusNotFound, t.Get(missing, c.Header("X-ForgeRock-TransactionId", transaction)))
			}
			want := waitForEvents(t, "idm-access", transaction, 3)
			pairs := []string{"source", "idm-access", "transactionId", transaction, "_pageSize", "2"}
			first := t.Get(logEntries, c.Query(pairs...))
			t.Status(http.StatusOK, first)
			t.Equal("entries of the first page", 2, len(first.List("result")))
			second := t.Get(logEntries, c.Query(append(pairs, "_pagedResultsCookie", first.Text("pagedResultsCookie"))...))
			t.Status(http.StatusOK, second)
			t.Equal("both pages", want, append(slices.Clone(first.List("result")), second.List("result")...))
			t.Equal("cookie of the last page", nil, second.At("pagedResultsCookie"))
		},
	}, {
		ID:    "logs/query/order",
		Title: "entries come in the order of their times",
		Level: c.Must, Needs: []c.Feature{c.Logs, c.Managed}, Ref: refLogQuery, Waits: visible,
		Run: func(t *c.T) {
			transaction, missing := t.Fresh("transaction"), missingUser(t)
			for range 3 {
				t.Get(missing, c.Header("X-ForgeRock-TransactionId", transaction))
			}
			var times []string
			for _, event := range waitForEvents(t, "idm-access", transaction, 3) {
				times = append(times, c.Text(event, "timestamp"))
			}
			t.True("times ascend", slices.IsSorted(times) && times[0] != "")
		},
	}, {
		ID:    "logs/query/window",
		Title: "an event at the end of the window is in it, one at its beginning is not",
		Level: c.Must, Needs: []c.Feature{c.Logs, c.Managed}, Ref: refLogWindow, Waits: visible,
		Run: func(t *c.T) {
			transaction := askIDM(t)
			stamp := c.Text(waitForEvents(t, "idm-access", transaction, 1)[0], "timestamp")
			at, err := time.Parse(time.RFC3339Nano, stamp)
			if err != nil {
				t.Fatalf("the timestamp %q is no time", stamp)
			}
			near := func(d time.Duration) string { return at.Add(d).Format(time.RFC3339Nano) }
			t.Equal("until then", 1, len(eventsOf(t, "idm-access", transaction, "beginTime", near(-time.Minute), "endTime", stamp)))
			t.Equal("from then on", 0, len(eventsOf(t, "idm-access", transaction, "beginTime", stamp, "endTime", near(time.Minute))))
			t.Equal("before", 0, len(eventsOf(t, "idm-access", transaction, "beginTime", near(-time.Minute), "endTime", near(-time.Second))))
		},
	}, {
		ID:    "logs/tail/cookie",
		Title: "each answer of a tail has a cookie, with which the next goes on after its last entry",
		Level: c.Must, Needs: []c.Feature{c.Logs, c.Managed}, Ref: refLogTail, Waits: visible,
		Run: func(t *c.T) {
			needSources(t, "idm-access")
			cookie, seen := "", map[string]int{}
			next := func() {
				pairs := []string{"source", "idm-access", "_queryFilter", `/payload/http/request/path co "/alpha_user/"`}
				if cookie != "" {
					pairs = append(pairs, "_pagedResultsCookie", cookie)
				}
				res := t.Get(logTail, c.Query(pairs...))
				t.Status(http.StatusOK, res)
				if cookie = res.Text("pagedResultsCookie"); cookie == "" {
					t.Fatalf("an answer of the tail has no cookie")
				}
				for _, event := range res.List("result") {
					seen[c.Text(event, "payload", "transactionId")]++
				}
			}
			next()
			transaction := askIDM(t)
			t.Poll(visible, "the tail to show an event", func() bool {
				next()
				return seen[transaction] > 0
			})
			next()
			t.Equal("how often the event was shown", 1, seen[transaction])
		},
	}, {
		ID:    "logs/access/no-credentials",
		Title: "who shows neither a bearer nor a key is refused",
		Level: c.Must, Needs: []c.Feature{c.Logs}, Ref: refLogKeys, Waits: visible,
		Run: func(t *c.T) {
			t.Status(http.StatusOK, t.Get(logSources))
			t.Status(http.StatusUnauthorized, t.Get(logSources, c.Anonymous()))
		},
	}, {
		ID:    "logs/access/wrong-key",
		Title: "a key that is not known is refused",
		Level: c.Must, Needs: []c.Feature{c.Logs}, Ref: refLogKeys, Waits: visible,
		Run: func(t *c.T) {
			t.Status(http.StatusOK, t.Get(logSources))
			t.Status(http.StatusUnauthorized, t.Get(logSources, c.Anonymous(), c.Header("x-api-key", "conformance"), c.Header("x-api-secret", "conformance")))
		},
	}, {
		ID:    "logs/access/key",
		Title: "a key opens the logs, its secret is shown once, and it is of no use when it is deleted",
		Level: c.Must, Needs: []c.Feature{c.Logs, c.LogKeys}, Ref: refLogKeys, Waits: 2 * visible, Writes: true,
		Run: func(t *c.T) {
			name := t.Fresh("key")
			made := t.Post(logKeys, object{"name": name}, actionCreate)
			t.Status(http.StatusOK, made)
			id, secret := made.Text("api_key_id"), made.Text("api_key_secret")
			if id == "" {
				t.Fatalf("the answer has no api_key_id")
			}
			t.Cleanup(func() { removeKey(t, id) })
			if secret == "" {
				t.Fatalf("the answer has no api_key_secret")
			}
			t.Secret(secret)
			t.Equal("name", name, made.At("name"))
			t.True("api_key_id has 32 digits", regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(id))
			t.True("api_key_secret has 64 digits", regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(secret))
			_, err := time.Parse(time.RFC3339Nano, made.Text("created_at"))
			t.True("created_at is a time", err == nil)
			withKey := []c.Option{c.Anonymous(), c.Header("x-api-key", id), c.Header("x-api-secret", secret)}
			t.Poll(visible, "the key to open the logs", func() bool { return t.Get(logSources, withKey...).Status == http.StatusOK })
			t.Status(http.StatusUnauthorized, t.Get(logSources, c.Anonymous(), c.Header("x-api-key", id), c.Header("x-api-secret", secret[1:]+"0")))
			list := t.Get(logKeys)
			t.Status(http.StatusOK, list)
			shown := false
			for _, key := range list.List("result") {
				shown = shown || c.Text(key, "api_key_id") == id
			}
			t.True("the key is listed", shown)
			t.True("the list has no secrets", !strings.Contains(string(list.Raw), "api_key_secret"))
			t.Equal("totalPagedResults, which counts pages", 1, list.At("totalPagedResults"))
			t.Status(http.StatusNoContent, t.Delete(logKeys+"/"+id))
			t.Poll(visible, "the deleted key to be refused", func() bool { return t.Get(logSources, withKey...).Status == http.StatusUnauthorized })
		},
	},
}

// needSources stops the case unless the tenant has the logs, so that nothing is
// waited for that cannot come.
func needSources(t *c.T, names ...string) {
	res := t.Get(logSources)
	t.Status(http.StatusOK, res)
	for _, name := range names {
		if !slices.Contains(res.List("result"), any(name)) {
			t.Fatalf("the tenant has no log %s", name)
		}
	}
}

// eventsOf are the events of a transaction.
func eventsOf(t *c.T, sources, transaction string, pairs ...string) []any {
	res := t.Get(logEntries, c.Query("source", sources, "transactionId", transaction), c.Query(pairs...))
	t.Status(http.StatusOK, res)
	return res.List("result")
}

// waitForEvents waits until a transaction has that many events.
func waitForEvents(t *c.T, sources, transaction string, count int) []any {
	if transaction == "" {
		t.Fatalf("the answer has no transaction ID")
	}
	needSources(t, strings.Split(sources, ",")...)
	var found []any
	t.Poll(visible, fmt.Sprintf("%d events of a transaction in %s", count, sources), func() bool {
		found = eventsOf(t, sources, transaction)
		return len(found) >= count
	})
	return found
}

// removeKey deletes an API key that may be gone already.
func removeKey(t *c.T, id string) {
	if res := t.Delete(logKeys + "/" + id); res.Status != http.StatusNoContent && res.Status != http.StatusNotFound {
		t.Breakf("the API key %s was left behind: its removal answered %d", id, res.Status)
	}
}

func missingUser(t *c.T) string { return at("/openidm/managed/alpha_user", t.Fresh("nobody")) }

// askIDM does a request that changes nothing and is logged, and returns its
// transaction ID.
func askIDM(t *c.T) string {
	res := t.Get(missingUser(t))
	t.Status(http.StatusNotFound, res)
	return res.Header.Get("X-Forgerock-Transactionid")
}

// checkLogError checks a refusal, which has no reason.
func checkLogError(t *c.T, res *c.Response, status int) {
	t.Status(status, res)
	t.Equal("code", status, res.At("code"))
	t.True("there is a message", res.Text("message") != "")
}
