package logs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

type queryInput struct {
	Sources       []string `json:"sources" jsonschema:"e.g. am-authentication, idm-activity"`
	BeginTime     string   `json:"beginTime,omitempty" jsonschema:"RFC 3339; default 24 hours before endTime, which is the most"`
	EndTime       string   `json:"endTime,omitempty" jsonschema:"default now"`
	TransactionID string   `json:"transactionId,omitempty" jsonschema:"the whole ID, as the other tools return it"`
	Filter        string   `json:"queryFilter,omitempty" jsonschema:"e.g. /payload/level eq \"ERROR\" and !(/payload/userId pr). Operators: eq co sw gt ge lt le pr"`
	Cookie        string   `json:"pagedResultsCookie,omitempty" jsonschema:"from the page before"`
	PageSize      int      `json:"pageSize,omitempty"`
}

type queryOutput struct {
	Entries []aic.Object `json:"entries" jsonschema:"oldest first"`
	Count   int          `json:"resultCount" jsonschema:"entries on this page"`
	Cookie  string       `json:"pagedResultsCookie,omitempty" jsonschema:"leads to the next page; absent on the last"`
	Note    string       `json:"note,omitempty"`
}

const (
	// defaultPage is how many entries fit into an answer, as a rule.
	defaultPage = 30
	// longest is the longest time that a tenant searches.
	longest = 24 * time.Hour
)

var query = tool.Define(tool.Spec{
	Name:        "queryLogs",
	Title:       "Query Logs",
	Description: "Find log entries, for instance of a failed call by its transaction ID. Entries can come seconds to minutes late.",
	Scopes:      []tool.Scope{aic.Monitoring},
	Effect:      tool.ReadOnly,
	Params: tool.Params{
		// A comma would make two sources of one.
		"sources":       tool.Rules(tool.Items(1, 50), tool.Each(tool.Pattern(`^[A-Za-z0-9_-]+$`, "must consist of letters, digits, _ and -"))),
		"transactionId": tool.Rules(tool.Length(1, 500)),
		"pageSize":      tool.Rules(tool.Range(1, 1000), tool.Default("30")),
	},
	Cursor: "pagedResultsCookie",
	Count:  "resultCount",
	Less:   "Call again with the same arguments and a smaller pageSize, or with fewer sources, less time or a narrower queryFilter.",
}, func(ctx context.Context, c *aic.Client, in queryInput) (queryOutput, error) {
	begin, end, err := window(in.BeginTime, in.EndTime)
	if err != nil {
		return queryOutput{}, err
	}
	filter, note, err := slashed(in.Filter)
	if err != nil {
		return queryOutput{}, err
	}
	q := aic.LogQuery{
		Sources: in.Sources, Begin: begin, End: end, TransactionID: in.TransactionID,
		Filter: filter, Cookie: in.Cookie, PageSize: in.PageSize,
	}
	if q.PageSize == 0 {
		q.PageSize = defaultPage
	}
	page, err := c.QueryLogs(ctx, q)
	if err != nil {
		return queryOutput{}, explain(err, in, note)
	}
	result := results(page)
	if result == nil {
		return queryOutput{}, tool.Unusable("the tenant's answer to the query has no list of results")
	}
	out := queryOutput{Entries: make([]aic.Object, 0, len(result)), Count: len(result)}
	out.Cookie, _ = page["pagedResultsCookie"].(string)
	for _, e := range result {
		entry, ok := e.(map[string]any)
		if !ok {
			return queryOutput{}, tool.Unusable("the tenant's answer to the query lists something that is no object")
		}
		out.Entries = append(out.Entries, entry)
	}
	notes := []string{}
	if note != "" {
		notes = append(notes, note)
	}
	if out.Count == 0 && out.Cookie == "" && recent(in.EndTime) {
		notes = append(notes, "Entries can come seconds to minutes late: what happened just now may show when you call again.")
		if in.TransactionID != "" {
			notes = append(notes, "Some carry the transaction ID with a suffix such as /0: a queryFilter on /payload/transactionId with sw finds these too.")
		}
	}
	out.Note = strings.Join(notes, " ")
	return out, nil
})

// window checks the times and writes them as other clients do: in UTC, without
// fractions of a second, unless what that searches besides makes more than a day.
func window(begin, end string) (string, string, error) {
	from, err := instant("beginTime", begin)
	if err != nil {
		return "", "", err
	}
	to, err := instant("endTime", end)
	if err != nil {
		return "", "", err
	}
	if begin != "" && end != "" {
		switch d := to.Sub(from); {
		case d <= 0:
			return "", "", tool.Invalid("beginTime", "must lie before endTime", "Correct the times; nothing was sent to the tenant.")
		case d > longest:
			return "", "", tool.Invalid("beginTime", fmt.Sprintf("lies %s before endTime, and a tenant searches at most 24 hours", d),
				"Search day by day, one call each; nothing was sent to the tenant.")
		}
	}
	wideFrom, wideTo := from.Truncate(time.Second), to.Truncate(time.Second)
	if wideTo.Before(to) {
		wideTo = wideTo.Add(time.Second)
	}
	if begin == "" || end == "" || wideTo.Sub(wideFrom) <= longest {
		from, to = wideFrom, wideTo
	}
	return written(begin, from), written(end, to), nil
}

// recent tells whether entries that are not there yet may still come.
func recent(end string) bool {
	to, err := time.Parse(time.RFC3339, end)
	return err != nil || time.Since(to) < time.Hour
}

func instant(parameter, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, tool.Invalid(parameter, "must be a time of RFC 3339, such as 2026-03-01T12:00:00Z", "Correct it and call again; nothing was sent to the tenant.")
	}
	return at, nil
}

func written(given string, at time.Time) string {
	if given == "" {
		return ""
	}
	return at.UTC().Format(time.RFC3339Nano)
}

// slashed mends a filter, and says so.
func slashed(filter string) (mended, note string, err error) {
	bare, ok := bareFields(filter)
	if !ok || len(bare) == 0 {
		return filter, "", nil // what cannot be read is for the tenant to judge
	}
	for _, f := range bare {
		if !f.known() {
			return "", "", tool.Invalid("queryFilter", "has a field that does not begin with /: "+tool.Quote(f.name),
				"Fields are pointers into a log entry, of which /payload holds the event: here perhaps "+tool.Quote(f.suggestion())+". Which logs and which time is for the parameters sources, beginTime and endTime. Nothing was sent to the tenant.")
		}
	}
	mended = insertSlashes(filter, bare)
	return mended, "Fields must begin with /, so this queryFilter was sent: " + tool.Quote(mended) + ".", nil
}

// explain adds to a tenant's error what a caller of these tools should know.
// note says how the filter was mended.
func explain(err error, in queryInput, note string) error {
	var e *rest.Error
	if !errors.As(err, &e) {
		return err
	}
	said := func(words ...string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(strings.ToLower(e.Message), word) })
	}
	const syntax = `Write queryFilter like: /payload/eventName eq "AM-TREE-LOGIN-COMPLETED" and !(/payload/userId pr). Every field begins with /, strings stand in double quotes, elements of arrays have no numbers, and there are no other operators than eq co sw gt ge lt le pr.`
	tooLong := strings.Contains(e.Message, "one days worth")
	switch {
	case e.Status == http.StatusUnauthorized:
		return tool.WithHint(err, "", "The logs are open to administrators who logged in themselves. A service account is refused, whatever its scopes.")
	case e.Status == http.StatusBadRequest && tooLong && in.BeginTime != "" && in.EndTime == "":
		return tool.WithHint(err, "beginTime", "Without endTime the search goes on until now. Give an endTime at most 24 hours after beginTime.")
	case e.Status == http.StatusBadRequest && in.Filter != "" && said("_queryfilter", "query filter"):
		return tool.WithHint(err, "queryFilter", "%s", strings.TrimSpace(syntax+" "+note))
	case e.Status == http.StatusBadRequest && said("log source", "'source'"):
		return tool.WithHint(err, "sources", "getLogSources lists the logs that this tenant has.")
	case e.Status == http.StatusBadRequest && said("begintime") && in.BeginTime != "":
		return tool.WithHint(err, "beginTime", "Give times in the past, at most 24 hours apart.")
	case e.Status == http.StatusBadRequest && said("endtime") && in.EndTime != "":
		return tool.WithHint(err, "endTime", "Give times in the past, at most 24 hours apart.")
	case e.Status == http.StatusBadRequest && in.Cookie != "":
		return tool.WithHint(err, "pagedResultsCookie", "A cookie is good for the query that it came from, with the same arguments; to start over, leave it out.")
	case in.Filter != "" && !tooLong && (e.Status == http.StatusBadRequest || e.Status == http.StatusInternalServerError):
		return tool.WithHint(err, "queryFilter", "%s", strings.TrimSpace(syntax+" "+note))
	case e.Status == http.StatusBadRequest || e.Status == http.StatusNotFound:
		return tool.WithHint(err, "", "Check the sources against getLogSources, and that the times are at most 24 hours apart.")
	}
	return err
}
