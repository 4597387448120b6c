package managed

import (
	"context"
	"encoding/json"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type queryInput struct {
	ObjectType string `json:"objectType"`
	Filter     string `json:"queryFilter,omitempty" jsonschema:"CREST filter, e.g. sn sw \"Je\" and !(mail pr). Operators: eq co sw gt ge lt le pr. Default: all"`
	PageSize   int    `json:"pageSize,omitempty"`
	Cookie     string `json:"pagedResultsCookie,omitempty" jsonschema:"from the page before"`
	SortKeys   string `json:"sortKeys,omitempty" jsonschema:"comma-separated, - before a key for descending"`
	Fields     string `json:"fields,omitempty" jsonschema:"comma-separated"`
}

type queryOutput struct {
	Objects []aic.Object `json:"objects"`
	Count   int          `json:"resultCount" jsonschema:"objects on this page"`
	Cookie  string       `json:"pagedResultsCookie,omitempty" jsonschema:"leads to the next page; absent on the last"`
	Total   *int64       `json:"totalPagedResults,omitempty"`
	Policy  string       `json:"totalPagedResultsPolicy,omitempty" jsonschema:"EXACT or ESTIMATE"`
}

const defaultPage = 50

var query = tool.Define(tool.Spec{
	Name:        "queryManagedObjects",
	Title:       "Query Managed Objects",
	Description: "Find objects of a type. Name fields to keep the result short.",
	Scopes:      []tool.Scope{aic.IDM},
	Effect:      tool.ReadOnly,
	Params: tool.Params{
		"objectType": typeRules,
		"pageSize":   tool.Rules(tool.Range(1, 250), tool.Default("50")),
	},
	Cursor: "pagedResultsCookie",
	Count:  "resultCount",
	Less:   "Call again with the same arguments and a smaller pageSize, or with fields.",
}, func(ctx context.Context, c *aic.Client, in queryInput) (queryOutput, error) {
	if in.PageSize == 0 {
		in.PageSize = defaultPage
	}
	page, err := c.QueryManaged(ctx, in.ObjectType, aic.Query{
		Filter:   in.Filter,
		PageSize: in.PageSize,
		Cookie:   in.Cookie,
		SortKeys: in.SortKeys,
		Fields:   in.Fields,
		Count:    true,
	})
	if err != nil {
		return queryOutput{}, blame(explain(err, false), map[string]string{
			"pagedResultsCookie": in.Cookie, "queryFilter": in.Filter, "sortKeys": in.SortKeys, "fields": in.Fields,
		})
	}
	result, ok := page["result"].([]any)
	if !ok {
		return queryOutput{}, tool.Unusable("the tenant's answer to the query has no list of results")
	}
	out := queryOutput{Objects: make([]aic.Object, 0, len(result)), Cookie: aic.String(page, "pagedResultsCookie")}
	for _, e := range result {
		o, ok := e.(map[string]any)
		if !ok {
			return queryOutput{}, tool.Unusable("the tenant's answer to the query lists something that is no object")
		}
		out.Objects = append(out.Objects, o)
	}
	out.Count = len(out.Objects)
	// Without a count tenants answer NONE and -1.
	n, _ := page["totalPagedResults"].(json.Number)
	policy := aic.String(page, "totalPagedResultsPolicy")
	if total, err := n.Int64(); err == nil && total >= 0 && policy != "" && policy != "NONE" {
		out.Total, out.Policy = &total, policy
	}
	return out, nil
})
