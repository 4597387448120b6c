package mockaic_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"aicmcp/mockaic"
)

// event is an entry of the logs.
type event struct {
	Source    string          `json:"source"`
	Timestamp string          `json:"timestamp"`
	Type      string          `json:"type"`
	Payload   json.RawMessage `json:"payload"`
}

// at is the value at a path of member names, such as "response/status".
func (e event) at(t *testing.T, path string) any {
	t.Helper()
	var value any
	if err := json.Unmarshal(e.Payload, &value); err != nil {
		t.Fatalf("%s: %v", e.Payload, err)
	}
	for name := range strings.SplitSeq(path, "/") {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

type logPage struct {
	Result []event
	Cookie string `json:"pagedResultsCookie"`
}

// logged reads a page of the logs.
func logged(t *testing.T, mock *mockaic.Tenant, query url.Values) logPage {
	t.Helper()
	return logsAt(t, mock, "/monitoring/logs", query)
}

func logsAt(t *testing.T, mock *mockaic.Tenant, path string, query url.Values) logPage {
	t.Helper()
	got := call(t, mock, "GET", path+"?"+query.Encode(), nil, "")
	var page logPage
	if err := json.Unmarshal(got.body, &page); err != nil || got.status != http.StatusOK {
		t.Fatalf("%s %v: %d %s", path, query, got.status, got.body)
	}
	return page
}

const allSources = "am-everything,idm-everything,environment-access"

// traced are the events of a request.
func traced(t *testing.T, mock *mockaic.Tenant, transaction string) []event {
	t.Helper()
	return logged(t, mock, url.Values{"source": {allSources}, "transactionId": {transaction}}).Result
}

// traceOf does a request, which may fail, and returns its events, told by source
// and name.
func traceOf(t *testing.T, mock *mockaic.Tenant, method, path, body string) (answer, []event) {
	t.Helper()
	got := call(t, mock, method, path, map[string]string{"Content-Type": "application/json"}, body)
	return got, traced(t, mock, got.header.Get("X-Forgerock-Transactionid"))
}

func outline(t *testing.T, events []event) string {
	t.Helper()
	var all []string
	for _, e := range events {
		all = append(all, strings.Join([]string{e.Source, fmt.Sprint(e.at(t, "eventName")), fmt.Sprint(e.at(t, "objectId")), fmt.Sprint(e.at(t, "operation"))}, " "))
	}
	return strings.ReplaceAll(strings.Join(all, "\n"), " <nil>", "")
}

func TestLogsAreReadByTime(t *testing.T) {
	clock := newClock()
	mock := start(t, mockaic.Clock(clock.Now), mockaic.LogRate(1000))
	began := clock.Now()
	for range 3 {
		get(t, mock, "/openidm/info/ping")
		clock.advance(time.Hour)
	}
	count := func(query url.Values) int {
		t.Helper()
		query.Set("source", "idm-access")
		return len(logged(t, mock, query).Result)
	}
	at := func(hours time.Duration) string { return began.Add(hours * time.Hour).Format(time.RFC3339) }
	for _, c := range []struct {
		begin, end string
		want       int
	}{
		{"", "", 3},
		{at(0), at(3), 2}, // the begin is not in it
		{at(-1), at(1), 2},
		{at(-1), at(2), 3}, // the end is
		{at(1), "", 1},
		{"", at(1), 2},
		{at(-30), at(-10), 0},
	} {
		query := url.Values{}
		if c.begin != "" {
			query.Set("beginTime", c.begin)
		}
		if c.end != "" {
			query.Set("endTime", c.end)
		}
		if got := count(query); got != c.want {
			t.Errorf("from %q to %q: %d, want %d", c.begin, c.end, got, c.want)
		}
	}
	clock.advance(21*time.Hour + 30*time.Minute) // the first is a day old now, and more
	if got := count(url.Values{}); got != 2 {
		t.Errorf("the last day holds %d", got)
	}
	for query, want := range map[string]string{
		"source=idm-access&beginTime=" + at(-14*24) + "&endTime=" + at(0):              "14.00 days worth of data requested",
		"source=idm-access&beginTime=" + at(-1):                                        "Cannot request more than one days worth of logs",
		"source=idm-access&beginTime=" + at(2) + "&endTime=" + at(1):                   "beginTime must be before endTime",
		"source=idm-access&beginTime=yesterday":                                        "beginTime must be a time",
		"source=idm-access&endTime=2610-11-23T02:36:00Z":                               "endTime must be a time",
		"source=idm-access&_queryFilter=/payload/" + strings.Repeat("x", 9000) + "+pr": "longer than",
		"source=idm-acces":                        "There is no log source 'idm-acces'",
		"":                                        "'source' is missing",
		"source=idm-access&_pageSize=1001":        "_pageSize",
		"source=idm-access&_pageSize=0":           "_pageSize",
		"source=idm-access&_queryFilter=(":        "could not be parsed",
		"source=idm-access&_pagedResultsCookie=x": "not a cookie of this query",
	} {
		if got := call(t, mock, "GET", "/monitoring/logs?"+query, nil, ""); got.status != 400 || !strings.Contains(message(t, got), want) {
			t.Errorf("%s: %d %s", query, got.status, got.body)
		}
	}
}

func TestLogsAreFilteredAndPaged(t *testing.T) {
	mock := start(t, mockaic.LogRate(1000))
	var last string
	for i := range 12 {
		got := call(t, mock, "GET", fmt.Sprintf("%s/none-%d", users, i), map[string]string{"X-ForgeRock-TransactionId": fmt.Sprintf("tx/%d", i)}, "")
		last = got.header.Get("X-Forgerock-Transactionid")
	}
	if last != "tx/11" {
		t.Errorf("transaction %s", last)
	}
	for filter, want := range map[string]int{
		`/payload/response/statusCode eq "404"`:                                                        12,
		`/payload/http/request/path co "none-1"`:                                                       3,
		`/payload/transactionId sw "tx/" and !(/payload/transactionId eq "tx/3")`:                      11,
		`/payload/http/request/headers/host pr and /payload/client/port gt 1`:                          12,
		`/source eq "idm-access" and /type eq "application/json"`:                                      12,
		`/payload/roles eq "internal/role/openidm-admin"`:                                              12,
		`/payload/response/statusCode eq "200" or /payload/nothing pr`:                                 0,
		`(/payload/level eq "INFO") and (/payload/eventName eq "access" or /payload/eventName eq "x")`: 12,
	} {
		if got := len(logged(t, mock, url.Values{"source": {"idm-access"}, "_queryFilter": {filter}}).Result); got != want {
			t.Errorf("%s: %d, want %d", filter, got, want)
		}
	}
	// A field without its slash is the tenant's fault, as the tenant sees it.
	for _, filter := range []string{`payload/level eq "INFO"`, `/payload/level eq "x" and (payload/y pr)`} {
		if got := call(t, mock, "GET", "/monitoring/logs?source=idm-access&_queryFilter="+url.QueryEscape(filter), nil, ""); got.status != 500 || message(t, got) != "Internal server error" {
			t.Errorf("%s: %d %s", filter, got.status, got.body)
		}
	}
	seen := map[string]bool{}
	query := url.Values{"source": {"idm-everything"}, "_pageSize": {"5"}, "_queryFilter": {`/payload/transactionId sw "tx/"`}}
	pages := 0
	for {
		page := logged(t, mock, query)
		pages++
		for _, e := range page.Result {
			seen[fmt.Sprint(e.at(t, "_id"))] = true
		}
		if page.Cookie == "" || pages > 10 {
			break
		}
		query.Set("_pagedResultsCookie", page.Cookie)
	}
	if len(seen) != 12 || pages != 3 {
		t.Errorf("%d events on %d pages", len(seen), pages)
	}
}

// A tail begins a quarter of a minute ago, and each page goes on where the last
// one ended.
func TestTail(t *testing.T) {
	clock := newClock()
	mock := start(t, mockaic.Clock(clock.Now), mockaic.LogRate(1000))
	query := url.Values{"source": {"idm-access"}}
	tail := func() string {
		t.Helper()
		page := logsAt(t, mock, "/monitoring/logs/tail", query)
		if page.Cookie == "" {
			t.Fatal("no cookie to go on with")
		}
		query.Set("_pagedResultsCookie", page.Cookie)
		var paths []string
		for _, e := range page.Result {
			paths = append(paths, last(fmt.Sprint(e.at(t, "http/request/path"))))
		}
		return strings.Join(paths, " ")
	}
	ask := func(name string) { call(t, mock, "GET", "/openidm/managed/alpha_user/"+name, nil, "") }
	ask("old")
	clock.advance(time.Minute)
	ask("a")
	clock.advance(10 * time.Second)
	ask("b")
	if got := tail(); got != "a b" {
		t.Errorf("first %q", got)
	}
	if got := tail(); got != "" {
		t.Errorf("nothing new: %q", got)
	}
	ask("c") // at the same time as b
	clock.advance(time.Hour)
	ask("d")
	if got := tail(); got != "c d" {
		t.Errorf("then %q", got)
	}
}

// A tail that begins while requests come in shows each of them, once.
func TestTailMissesNothing(t *testing.T) {
	mock := start(t, mockaic.LogRate(1_000_000))
	const clients, each = 6, 30
	var asking sync.WaitGroup
	for i := range clients {
		asking.Go(func() {
			for j := range each {
				call(t, mock, "GET", fmt.Sprintf("%s/none", users), map[string]string{"X-ForgeRock-TransactionId": fmt.Sprintf("tx-%d-%d", i, j)}, "")
			}
		})
	}
	done := make(chan struct{})
	go func() { asking.Wait(); close(done) }()
	seen := map[any]int{}
	query := url.Values{"source": {"idm-access"}}
	for ended, left := false, true; left; {
		page := logsAt(t, mock, "/monitoring/logs/tail", query)
		query.Set("_pagedResultsCookie", page.Cookie)
		for _, e := range page.Result {
			seen[e.at(t, "transactionId")]++
		}
		left = !ended || len(page.Result) > 0
		select {
		case <-done:
			ended = true
		default:
		}
	}
	if len(seen) != clients*each {
		t.Errorf("%d of %d requests were seen", len(seen), clients*each)
	}
	for transaction, times := range seen {
		if times != 1 {
			t.Errorf("%v was seen %d times", transaction, times)
		}
	}
}

// The pages of a query are of the window of its first page, wherever the clock
// goes; what is written meanwhile is on none of them.
func TestPagesOfAQueryStayInItsWindow(t *testing.T) {
	clock := newClock()
	mock := start(t, mockaic.Clock(clock.Now), mockaic.LogRate(1000))
	for range 6 {
		get(t, mock, "/openidm/info/ping")
	}
	for _, move := range []time.Duration{25 * time.Hour, -26 * time.Hour, time.Hour} {
		query := url.Values{"source": {"idm-access,environment-access"}, "_queryFilter": {`/source eq "idm-access"`}, "_pageSize": {"4"}}
		if move == time.Hour {
			query = url.Values{"source": {"environment-access"}, "_pageSize": {"1"}}
		}
		first := logged(t, mock, query)
		if first.Cookie == "" {
			t.Fatalf("%s: one page of %d", move, len(first.Result))
		}
		clock.advance(move)
		entries, pages := len(first.Result), 1
		for page := first; page.Cookie != "" && pages < 20; pages++ {
			query.Set("_pagedResultsCookie", page.Cookie)
			page = logged(t, mock, query)
			entries += len(page.Result)
		}
		if move != time.Hour && entries != 6 || pages == 20 {
			t.Errorf("%s: %d entries on %d pages", move, entries, pages)
		}
		clock.advance(-move)
	}
}

// A cookie is of one log: after a reset there is another.
func TestCookiesOfALogThatIsGone(t *testing.T) {
	mock := start(t, mockaic.LogRate(1000))
	query := url.Values{"source": {"idm-access"}}
	query.Set("_pagedResultsCookie", logsAt(t, mock, "/monitoring/logs/tail", query).Cookie)
	if err := mock.Reset(); err != nil {
		t.Fatal(err)
	}
	if got := call(t, mock, "GET", "/monitoring/logs/tail?"+query.Encode(), nil, ""); got.status != 400 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func last(path string) string { return path[strings.LastIndex(path, "/")+1:] }

func TestWhoMayReadLogs(t *testing.T) {
	a := newApp(t, mockaic.DevToken("dev"), mockaic.LogRate(1000))
	login := a.visit(admin, a.authorizeURL(url.Values{"scope": {"fr:idm:* fr:idc:monitoring:*"}}))
	_ = login
	subject := a.redeem(a.received.Get("code")).AccessToken
	monitoring := a.exchange(subject, "fr:idc:monitoring:*").AccessToken
	idm := a.exchange(subject, "fr:idm:*").AccessToken
	made := call(t, a.mock, "POST", "/keys?_action=create", map[string]string{"Authorization": "Bearer " + idm}, `{"name":"ci"}`)
	key := made.object(t)
	id, secret := key["api_key_id"].(string), key["api_key_secret"].(string)
	if made.status != 200 || len(id) != 32 || len(secret) != 64 || key["name"] != "ci" || key["created_at"] == nil {
		t.Fatalf("key: %d %s", made.status, made.body)
	}
	for _, c := range []struct {
		headers map[string]string
		status  int
	}{
		{map[string]string{"Authorization": "none", "x-api-key": id, "X-API-SECRET": secret}, 200},
		{map[string]string{"Authorization": "none", "x-api-key": id, "x-api-secret": secret + "0"}, 401},
		{map[string]string{"Authorization": "none", "x-api-key": "0" + id, "x-api-secret": secret}, 401},
		{map[string]string{"Authorization": "none", "x-api-key": id}, 401},
		{map[string]string{"Authorization": "none"}, 401},
		{map[string]string{"Authorization": "Bearer " + monitoring}, 200},
		{map[string]string{"Authorization": "Bearer " + idm}, 403},
		{map[string]string{"Authorization": "Bearer x"}, 401},
	} {
		if got := call(t, a.mock, "GET", "/monitoring/logs/sources", c.headers, ""); got.status != c.status {
			t.Errorf("%v: %d %s", c.headers, got.status, got.body)
		}
	}
	list := call(t, a.mock, "GET", "/keys", map[string]string{"Authorization": "Bearer " + idm}, "")
	if !strings.HasPrefix(string(list.body), `{"result":[{`) || strings.Contains(string(list.body), secret) || fmt.Sprint(list.object(t)["totalPagedResults"]) != "1" {
		t.Errorf("keys: %s", list.body)
	}
	if got := call(t, a.mock, "GET", "/keys", map[string]string{"Authorization": "Bearer " + monitoring}, ""); got.status != 403 {
		t.Errorf("keys without the scope: %d", got.status)
	}
	if got := call(t, a.mock, "GET", "/keys/"+id, nil, ""); got.status != 200 || strings.Contains(string(got.body), secret) {
		t.Errorf("one key: %d %s", got.status, got.body)
	}
	again := start(t, mockaic.Seed(exported(t, a.mock)))
	headers := map[string]string{"Authorization": "none", "x-api-key": id, "x-api-secret": secret}
	if got := call(t, again, "GET", "/monitoring/logs/sources", headers, ""); got.status != 200 {
		t.Errorf("after an export: %d", got.status)
	}
	if got := call(t, a.mock, "DELETE", "/keys/"+id, nil, ""); got.status != 204 {
		t.Errorf("delete: %d %s", got.status, got.body)
	}
	if got := call(t, a.mock, "GET", "/monitoring/logs/sources", headers, ""); got.status != 401 {
		t.Errorf("a deleted key: %d", got.status)
	}
	if got := call(t, a.mock, "GET", "/keys/"+id, nil, ""); got.status != 404 {
		t.Errorf("a deleted key: %d", got.status)
	}
}

func TestSourcesAndTheRateLimit(t *testing.T) {
	clock := newClock()
	mock := start(t, mockaic.Clock(clock.Now), mockaic.LogRate(2))
	got := call(t, mock, "GET", "/monitoring/logs/sources", nil, "")
	if !strings.Contains(string(got.body), `"am-everything"`) || got.header.Get("Content-Type") != "application/json; charset=utf-8" ||
		got.header.Get("X-Ratelimit-Limit") != "2" || got.header.Get("X-Ratelimit-Remaining") != "2" || got.header.Get("X-Ratelimit-Reset") != fmt.Sprint(clock.Now().Unix()+60) {
		t.Errorf("%s %v", got.body, got.header)
	}
	clock.advance(10 * time.Second)
	call(t, mock, "GET", "/monitoring/logs/sources", nil, "")
	got = call(t, mock, "GET", "/monitoring/logs?source=am-access", nil, "")
	if got.status != 429 || got.header.Get("Retry-After") != "50" || got.header.Get("X-Ratelimit-Remaining") != "0" {
		t.Errorf("%d %v", got.status, got.header)
	}
	clock.advance(50 * time.Second)
	if got := call(t, mock, "GET", "/monitoring/logs?source=am-access", nil, ""); got.status != 200 {
		t.Errorf("a minute later: %d", got.status)
	}
}

// What the logs hold is bounded, and the newest is there.
func TestLogsAreBounded(t *testing.T) {
	mock := start(t, mockaic.LogBytes(64<<10), mockaic.LogRate(1000))
	for i := range 1000 {
		call(t, mock, "GET", fmt.Sprintf("%s/none-%d", users, i), map[string]string{"X-ForgeRock-TransactionId": fmt.Sprintf("tx/%d", i)}, "")
	}
	page := logged(t, mock, url.Values{"source": {"idm-access"}})
	if n := len(page.Result); n < 30 || n > 300 {
		t.Errorf("%d events are left", n)
	}
	if got := page.Result[len(page.Result)-1].at(t, "transactionId"); got != "tx/999" {
		t.Errorf("the last is %v", got)
	}
	if err := mock.Reset(); err != nil {
		t.Fatal(err)
	}
	if page := logged(t, mock, url.Values{"source": {"idm-access"}}); len(page.Result) != 0 {
		t.Errorf("after a reset: %d events", len(page.Result))
	}
	for _, option := range []mockaic.Option{mockaic.LogBytes(1000), mockaic.LogRate(0), mockaic.RestartTime(-1)} {
		if _, err := mockaic.New(option); err == nil {
			t.Error("a setting that makes no sense is taken")
		}
	}
}
