package aic

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"aicmcp/server/rest"
)

// LogQuery selects log entries. Sources are required; the zero value of another
// field leaves it out. Begin and End are RFC 3339, at most a day apart.
type LogQuery struct {
	Sources       []string
	Begin, End    string
	TransactionID string
	Filter        string
	Cookie        string
	PageSize      int
}

// LogSources returns the tenant's query envelope of the names of its logs.
func (c *Client) LogSources(ctx context.Context) (Object, error) {
	doc, _, err := c.api.Object(ctx, rest.Request{Method: http.MethodGet, Path: "/monitoring/logs/sources", Repeatable: true})
	return doc, err
}

// QueryLogs returns the tenant's query envelope.
func (c *Client) QueryLogs(ctx context.Context, q LogQuery) (Object, error) {
	v := url.Values{"source": {strings.Join(q.Sources, ",")}}
	for name, value := range map[string]string{
		"beginTime":           q.Begin,
		"endTime":             q.End,
		"transactionId":       q.TransactionID,
		"_queryFilter":        q.Filter,
		"_pagedResultsCookie": q.Cookie,
	} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if q.PageSize > 0 {
		v.Set("_pageSize", strconv.Itoa(q.PageSize))
	}
	doc, _, err := c.api.Object(ctx, rest.Request{Method: http.MethodGet, Path: "/monitoring/logs", Query: v, Repeatable: true})
	return doc, err
}
