package cases

import (
	"net/http"
	"slices"
	"strings"
	"time"

	c "aicmcp/conformance"
)

// logTools are the cases about the tools for logs. None of them writes.
var logTools = []c.Case{
	{
		ID:    "tools/logs/sources",
		Title: "getLogSources lists the logs that the tenant has",
		Level: c.Must, Needs: []c.Feature{c.Tools, c.Logs}, Ref: refTools, Waits: visible,
		Run: func(t *c.T) {
			needSources(t, "am-access", "idm-access")
			answer := t.Call("getLogSources", nil)
			t.Succeeded(answer)
			t.Equal("sources", t.Get(logSources).At("result"), answer.At("sources"))
		},
	}, {
		ID:    "tools/logs/trace",
		Title: "a call fails and names its transaction, and queryLogs says of that transaction why",
		Level: c.Must, Needs: []c.Feature{c.Tools, c.Logs, c.Managed}, Ref: refTools, Waits: visible,
		Run: func(t *c.T) {
			needSources(t, "idm-access")
			missing := t.Fresh("nobody")
			failed := t.Call("getManagedObject", args{"objectType": "alpha_user", "objectId": missing})
			checkRefusal(t, failed, http.StatusNotFound)
			transaction := c.Text(failed.Structured, "error", "transactionId")
			t.Contains("text", transaction, failed.Text)
			entries := waitForEntries(t, args{"sources": []any{"idm-access"}, "transactionId": transaction})
			event := payload(entries[0])
			t.Equal("transactionId", transaction, c.At(event, "transactionId"))
			t.Equal("statusCode", "404", c.At(event, "response", "statusCode"))
			t.Contains("path", missing, c.Text(event, "http", "request", "path"))
		},
	}, {
		ID:    "tools/logs/slash-added",
		Title: "queryLogs adds the slash that a field of the payload lacks, and says so",
		Level: c.Must, Needs: []c.Feature{c.Tools, c.Logs, c.Managed}, Ref: refTools, Waits: visible,
		Run: func(t *c.T) {
			transaction := askIDM(t)
			want := waitForEvents(t, "idm-access", transaction, 1)
			answer := t.Call("queryLogs", args{"sources": []any{"idm-access"}, "queryFilter": `payload/transactionId eq "` + transaction + `" and !(payload/level eq "payload/x pr")`})
			t.Succeeded(answer)
			t.Equal("entries", want, answer.At("entries"))
			t.Contains("note", `/payload/transactionId eq`, answer.String("note"))
		},
	}, {
		ID:    "tools/logs/slash-missing",
		Title: "queryLogs refuses a field that may be meant in several ways, and tells how to write it",
		Level: c.Must, Needs: []c.Feature{c.Tools, c.Logs}, Ref: refFaults, Waits: visible,
		Run: func(t *c.T) {
			needSources(t, "idm-access")
			answer := t.Call("queryLogs", args{"sources": []any{"idm-access"}, "queryFilter": `level eq "INFO"`})
			t.Refused(answer)
			t.Equal("parameter", "queryFilter", c.At(answer.Structured, "error", "parameter"))
			t.Contains("hint", `"/payload/level"`, c.Text(answer.Structured, "error", "hint"))
		},
	}, {
		ID:    "tools/logs/pages",
		Title: "queryLogs leads from page to page",
		Level: c.Must, Needs: []c.Feature{c.Tools, c.Logs, c.Managed}, Ref: refTools, Waits: visible,
		Run: func(t *c.T) {
			transaction := t.Fresh("transaction")
			for range 3 {
				t.Get(missingUser(t), c.Header("X-ForgeRock-TransactionId", transaction))
			}
			want := waitForEvents(t, "idm-access", transaction, 3)
			arguments := args{"sources": []any{"idm-access"}, "transactionId": transaction, "pageSize": 2}
			first := t.Call("queryLogs", arguments)
			t.Succeeded(first)
			t.Equal("entries of the first page", 2, first.At("resultCount"))
			arguments["pagedResultsCookie"] = first.At("pagedResultsCookie")
			second := t.Call("queryLogs", arguments)
			t.Succeeded(second)
			t.Equal("both pages", want, append(slices.Clone(c.List(first.Body, "entries")), c.List(second.Body, "entries")...))
			t.Equal("cookie of the last page", nil, second.At("pagedResultsCookie"))
		},
	}, {
		ID:    "tools/logs/window",
		Title: "queryLogs refuses times that are none, that are reversed, and that are more than a day apart",
		Level: c.Must, Needs: []c.Feature{c.Tools, c.Logs}, Ref: refFaults, Waits: visible,
		Run: func(t *c.T) {
			needSources(t, "idm-access")
			now := time.Now().UTC()
			for _, times := range [][2]string{
				{"yesterday", ""}, {now.Format(time.RFC3339), now.Add(-time.Hour).Format(time.RFC3339)}, {now.Add(-2 * day).Format(time.RFC3339), now.Format(time.RFC3339)},
			} {
				arguments := args{"sources": []any{"idm-access"}, "beginTime": times[0]}
				if times[1] != "" {
					arguments["endTime"] = times[1]
				}
				answer := t.Call("queryLogs", arguments)
				t.Refused(answer)
				t.Equal("parameter", "beginTime", c.At(answer.Structured, "error", "parameter"))
			}
		},
	}, {
		ID:    "tools/logs/bounds",
		Title: "arguments of queryLogs cannot become other parameters of the query",
		Level: c.Must, Needs: []c.Feature{c.Tools, c.Logs, c.Managed}, Ref: refBounds, Waits: visible,
		Run: func(t *c.T) {
			transaction := askIDM(t)
			waitForEvents(t, "idm-access", transaction, 1)
			for _, source := range []string{"idm-access,am-access", "idm-access&transactionId=x", "", "a b"} {
				refusedUnasked(t, t.Call("queryLogs", args{"sources": []any{source}}), "sources")
			}
			refusedUnasked(t, t.Call("queryLogs", args{"sources": []any{}}), "sources")
			refusedUnasked(t, t.Call("queryLogs", args{"sources": []any{"idm-access"}, "pageSize": 1001}), "pageSize")
			answer := t.Call("queryLogs", args{"sources": []any{"idm-access"}, "transactionId": "x&transactionId=" + transaction})
			t.Succeeded(answer)
			t.Equal("entries", 0, answer.At("resultCount"))
		},
	}, {
		ID:    "tools/logs/unknown-source",
		Title: "a source that is not there is refused, with a hint to those that are",
		Level: c.Should, Needs: []c.Feature{c.Tools, c.Logs}, Ref: refFaults, Waits: visible,
		Run: func(t *c.T) {
			needSources(t, "idm-access")
			answer := t.Call("queryLogs", args{"sources": []any{"conformance-nothing"}})
			checkRefusal(t, answer, http.StatusBadRequest)
			t.Contains("hint", "getLogSources", c.Text(answer.Structured, "error", "hint"))
			t.True("there is a transaction ID", strings.TrimSpace(c.Text(answer.Structured, "error", "transactionId")) != "")
		},
	},
}

// refusedUnasked checks that a call is refused over a parameter before the tenant
// is asked.
func refusedUnasked(t *c.T, a *c.Answer, parameter string) {
	t.Refused(a)
	t.Contains("text", parameter, a.Text)
	t.Equal("status", nil, c.At(a.Structured, "error", "status"))
}

// waitForEntries calls queryLogs until it finds something.
func waitForEntries(t *c.T, arguments args) []any {
	if arguments["transactionId"] == "" {
		t.Fatalf("the failure has no transaction ID")
	}
	var entries []any
	t.Poll(visible, "queryLogs to find an entry", func() bool {
		answer := t.Call("queryLogs", arguments)
		t.Succeeded(answer)
		entries = c.List(answer.Body, "entries")
		return len(entries) > 0
	})
	return entries
}
