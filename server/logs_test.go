package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"aicmcp/mockaic"
)

const entry = `{"payload":{"_id":"1","level":"INFO","n":9007199254740993},"timestamp":"2026-03-01T11:59:59.123456789Z","type":"application/json","source":"am-access"}`

func TestLogSources(t *testing.T) {
	s := start(t, map[string]http.HandlerFunc{"GET /monitoring/logs/sources": answer(200, `{"result":["am-access","idm-core"],"resultCount":2,"pagedResultsCookie":null}`)})
	if _, text := s.ok("getLogSources", `{}`); !strings.Contains(text, `"sources":["am-access","idm-core"]`) {
		t.Errorf("text is %s", text)
	}
	s = start(t, map[string]http.HandlerFunc{"GET /monitoring/logs/sources": answer(200, `{"result":[]}`)})
	s.fails("getLogSources", `{}`, "lists no log sources")
	s = start(t, map[string]http.HandlerFunc{"GET /monitoring/logs/sources": answer(401, `{"code":401,"message":"Unauthorized"}`)})
	s.fails("getLogSources", `{}`, "service account", "Transaction ID: tx-")
}

func TestLogsAreQueried(t *testing.T) {
	s := start(t, map[string]http.HandlerFunc{"GET /monitoring/logs": answer(200, `{"result":[`+entry+`,{"payload":"a line","timestamp":"x","type":"text/plain","source":"idm-core"}],"resultCount":"2","pagedResultsCookie":"next","totalPagedResults":-1}`)})
	doc, text := s.ok("queryLogs", `{"sources":["am-access"]}`)
	if !strings.Contains(text, `"n":9007199254740993`) || !strings.Contains(text, `"payload":"a line"`) || doc["resultCount"] != 2.0 || doc["pagedResultsCookie"] != "next" || doc["note"] != nil {
		t.Errorf("text is %s", text)
	}
	if got := s.last(1).query; got != "_pageSize=30&source=am-access" {
		t.Errorf("query is %s", got)
	}
	doc, _ = s.ok("queryLogs", `{"sources":["am-access","idm-core"],"beginTime":"2026-03-01T01:00:00.5+01:00","endTime":"2026-03-01T12:00:00Z","transactionId":"a&b/0",
		"queryFilter":"payload/level eq \"type pr\" and !(/payload/x pr)","pagedResultsCookie":"c=","pageSize":1000}`)
	values, err := url.ParseQuery(s.last(2).query)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"source": "am-access,idm-core", "beginTime": "2026-03-01T00:00:00Z", "endTime": "2026-03-01T12:00:00Z", "transactionId": "a&b/0",
		"_queryFilter": `/payload/level eq "type pr" and !(/payload/x pr)`, "_pagedResultsCookie": "c=", "_pageSize": "1000",
	} {
		if got := values[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if note := fmt.Sprint(doc["note"]); len(values) != 7 || !strings.Contains(note, `was sent: "/payload/level eq`) {
		t.Errorf("query is %v, note %s", values, note)
	}
	for _, tc := range []struct{ arguments, want string }{
		{`{}`, "sources is required"},
		{`{"sources":[]}`, "at least 1"},
		{`{"sources":["a,b"]}`, "sources[0] must consist of"},
		{`{"sources":["a"],"pageSize":0}`, "at least 1"},
		{`{"sources":["a"],"pageSize":1001}`, "at most 1000"},
		{`{"sources":["a"],"beginTime":"yesterday"}`, "beginTime must be a time of RFC 3339"},
		{`{"sources":["a"],"beginTime":"2026-03-01T00:00:00Z","endTime":"2026-03-03T00:00:00Z"}`, "48h0m0s before endTime"},
		{`{"sources":["a"],"queryFilter":"level eq \"x\""}`, `perhaps "/payload/level"`},
		{`{"sources":["a"],"queryFilter":"` + strings.Repeat("a", 3000) + ` pr and payload.x eq 1"}`, "does not begin with /"},
	} {
		s.fails("queryLogs", tc.arguments, tc.want)
	}
	s.last(2)
}

func TestNoLogsYet(t *testing.T) {
	s := start(t, map[string]http.HandlerFunc{"GET /monitoring/logs": answer(200, `{"result":[],"resultCount":0,"pagedResultsCookie":null}`)})
	doc, _ := s.ok("queryLogs", `{"sources":["am-access"]}`)
	if note := fmt.Sprint(doc["note"]); !strings.Contains(note, "minutes late") || strings.Contains(note, "suffix") {
		t.Errorf("note %s", note)
	}
	doc, _ = s.ok("queryLogs", `{"sources":["am-access"],"transactionId":"x","queryFilter":"type pr"}`)
	if note := fmt.Sprint(doc["note"]); !strings.Contains(note, "minutes late") || !strings.Contains(note, "suffix") || !strings.Contains(note, "/type pr") {
		t.Errorf("note %s", note)
	}
}

func TestManyLogsAreCut(t *testing.T) {
	var entries []string
	for i := range 200 {
		entries = append(entries, fmt.Sprintf(`{"payload":{"_id":"%d","pad":%q}}`, i, strings.Repeat("x", 1000)))
	}
	s := start(t, map[string]http.HandlerFunc{"GET /monitoring/logs": answer(200, `{"result":[`+strings.Join(entries, ",")+`],"pagedResultsCookie":"next"}`)})
	doc, text := s.ok("queryLogs", `{"sources":["am-access"],"pageSize":1000}`)
	n := len(doc["entries"].([]any))
	if n < 50 || n > 64 || doc["resultCount"] != float64(n) || doc["pagedResultsCookie"] != nil || len(text) > 64<<10 || !strings.Contains(fmt.Sprint(doc["notice"]), "smaller pageSize") {
		t.Errorf("%d entries, %d bytes, notice %v", n, len(text), doc["notice"])
	}
}

func TestFailuresOfLogsSayWhatToDo(t *testing.T) {
	const (
		plain    = `{"sources":["am-access"]}`
		filtered = `{"sources":["am-access"],"queryFilter":"/payload/x[0] eq 1"}`
		since    = `{"sources":["am-access"],"queryFilter":"/payload/x pr","beginTime":"2026-01-01T00:00:00Z"}`
		paged    = `{"sources":["am-access"],"pagedResultsCookie":"c"}`
		tooLong  = `{"code":400,"message":"13.89 days worth of data requested (x) Please limit the scope of your query to within a day: Cannot request more than one days worth of logs"}`
	)
	for _, tc := range []struct {
		arguments    string
		status       int
		body         string
		want         string
		parameter    any
		retryAllowed bool
	}{
		{plain, 401, `{"code":401,"message":"Unauthorized"}`, "service account", nil, false},
		{plain, 403, `{"code":403,"message":"Forbidden"}`, "may not do this", nil, false},
		{plain, 400, `{"code":400,"message":"bad log source"}`, "getLogSources", "sources", false},
		{filtered, 400, `{"code":400,"message":"Invalid query filter '/payload/source ne 1'"}`, "strings stand", "queryFilter", false},
		{since, 400, `{"code":400,"message":"beginTime must be before endTime"}`, "in the past", "beginTime", false},
		{filtered, 400, `{"code":400,"message":"There is no log source 'x'"}`, "getLogSources", "sources", false},
		{plain, 400, `{"code":400,"message":"no"}`, "Check the sources", nil, false},
		{plain, 500, `{"code":500,"message":"Internal server error"}`, "500 Internal Server Error", nil, false},
		{filtered, 500, `{"code":500,"message":"Internal server error"}`, "elements of arrays have no numbers", "queryFilter", false},
		{filtered, 400, `{"code":400,"message":"no"}`, "strings stand in double quotes", "queryFilter", false},
		{since, 400, tooLong, "Give an endTime", "beginTime", false},
		{filtered, 400, tooLong, "Check the sources", nil, false},
		{paged, 400, `{"code":400,"message":"no"}`, "to start over", "pagedResultsCookie", false},
		{plain, 503, ``, "wait a while", nil, true},
		{plain, 200, `{}`, "no list of results", nil, false},
		{plain, 200, `{"result":[1]}`, "no object", nil, false},
	} {
		s := start(t, map[string]http.HandlerFunc{"GET /monitoring/logs": answer(tc.status, tc.body)})
		e := s.fails("queryLogs", tc.arguments, tc.want, "Transaction ID: tx-")
		if e["parameter"] != tc.parameter || e["retryable"] != tc.retryAllowed {
			t.Errorf("%v: %v", tc, e)
		}
	}
	s := start(t, map[string]http.HandlerFunc{"GET /monitoring/logs": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "42")
		answer(429, `{"code":429,"message":"Too Many Requests"}`)(w, r)
	}})
	if e := s.fails("queryLogs", plain, "wait 42 s", "Transaction ID: tx-"); e["retryable"] != true {
		t.Errorf("error is %v", e)
	}
	s.last(1)
}

// The loop that an agent goes: a call fails, its error names a transaction, and
// the logs say of that transaction what went wrong.
func TestAFailedCallIsExplainedByTheLogs(t *testing.T) {
	v := visit(t)
	if sources := fmt.Sprint(v.must("getLogSources", map[string]any{})["sources"]); !strings.Contains(sources, "idm-activity") || !strings.Contains(sources, "am-everything") {
		t.Errorf("sources %s", sources)
	}
	_, failure := v.call("createManagedObject", map[string]any{"objectType": "alpha_user", "objectData": map[string]any{"userName": "x", "givenName": "X", "sn": "Y"}})
	traced := v.must("queryLogs", map[string]any{"sources": []any{"am-everything", "idm-everything"}, "transactionId": failure["transactionId"]})
	entries := traced["entries"].([]any)
	if len(entries) != 2 || at(entries[0], "payload", "objectId") != "managed/alpha_user" || at(entries[0], "payload", "status") != "FAILURE" ||
		at(entries[1], "payload", "response", "statusCode") != "403" || at(entries[1], "payload", "userId") == nil {
		t.Errorf("logged %v", entries)
	}
	if text := fmt.Sprint(entries[0]); !strings.Contains(text, "REQUIRED") || !strings.Contains(text, "mail") {
		t.Errorf("the event does not say which property: %s", text)
	}
	made := v.must("setVariable", map[string]any{"variableId": "esv-traced", "value": "x"})
	traced = v.must("queryLogs", map[string]any{"sources": []any{"environment-access"}, "transactionId": made["transactionId"]})
	if entry := traced["entries"].([]any); len(entry) != 1 || at(entry[0], "payload", "http", "request", "method") != "PUT" || at(entry[0], "payload", "eventName") != "ESV-ACCESS-OUTCOME" {
		t.Errorf("logged %v", entry)
	}
}

func TestLogsOfATenantAreFilteredAndPaged(t *testing.T) {
	v := visit(t)
	for range 5 {
		v.must("queryManagedObjects", demoUser)
	}
	arguments := map[string]any{"sources": []any{"idm-access"}, "queryFilter": `payload/response/statusCode eq "200"`, "pageSize": 2}
	seen := 0
	for {
		page := v.must("queryLogs", arguments)
		if note := fmt.Sprint(page["note"]); !strings.Contains(note, "/payload/response/statusCode eq") {
			t.Errorf("note %s", note)
		}
		seen += len(page["entries"].([]any))
		if page["pagedResultsCookie"] == nil {
			break
		}
		arguments["pagedResultsCookie"] = page["pagedResultsCookie"]
	}
	if seen != 5 {
		t.Errorf("%d entries", seen)
	}
	v.refused("queryLogs", map[string]any{"sources": []any{"idm-access"}, "pagedResultsCookie": "x"}, "400", "to start over")
	v.refused("queryLogs", map[string]any{"sources": []any{"idm-access"}, "queryFilter": `/payload/x ne "a"`}, "there are no other operators")
	v.refused("queryLogs", map[string]any{"sources": []any{"no-such-log"}}, "no log source", "getLogSources")
	v.refused("queryLogs", map[string]any{"sources": []any{"idm-access"}, "beginTime": "2026-01-01T00:00:00Z"}, "one days worth", "endTime")
	v.Inject(mockaic.Fault{Path: "/monitoring/logs", Status: 429, RetryAfter: 50 * time.Second})
	if failure := v.refused("queryLogs", map[string]any{"sources": []any{"idm-access"}}, "429", "wait 50 s"); failure["retryable"] != true {
		t.Errorf("failure %v", failure)
	}
}
