package esv

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

type queryInput struct {
	Type     string `json:"type"`
	Term     string `json:"queryTerm,omitempty" jsonschema:"part of the ID"`
	PageSize int    `json:"pageSize,omitempty"`
	Cookie   string `json:"pagedResultsCookie,omitempty" jsonschema:"from the page before"`
	SortKeys string `json:"sortKeys,omitempty" jsonschema:"comma-separated, - before a key for descending"`
}

type queryOutput struct {
	ESVs   []summary `json:"esvs"`
	Count  int       `json:"resultCount" jsonschema:"ESVs on this page"`
	Cookie string    `json:"pagedResultsCookie,omitempty" jsonschema:"leads to the next page; absent on the last"`
}

// summary lists what is shown of an ESV, so that nothing else of a secret is.
type summary struct {
	ID                string `json:"id"`
	Description       string `json:"description,omitempty"`
	Type              string `json:"type" jsonschema:"a variable's expression type, a secret's encoding"`
	Value             any    `json:"value,omitempty" jsonschema:"of a variable"`
	Note              string `json:"note,omitempty"`
	Loaded            bool   `json:"loaded" jsonschema:"false until a restart"`
	LastChangeDate    string `json:"lastChangeDate,omitempty"`
	LastChangedBy     string `json:"lastChangedBy,omitempty"`
	ActiveVersion     string `json:"activeVersion,omitempty"`
	LoadedVersion     string `json:"loadedVersion,omitempty"`
	UseInPlaceholders *bool  `json:"useInPlaceholders,omitempty"`
}

const (
	kindVariable = "variable"
	kindSecret   = "secret"
	defaultPage  = 50
	// maxListed is how much of a value a list shows, in bytes.
	maxListed = 200
)

var query = tool.Define(tool.Spec{
	Name:        "queryESVs",
	Title:       "Query Environment Secrets and Variables",
	Description: "Find environment variables, with their values, or secrets, whose values nobody can read.",
	Scopes:      []tool.Scope{aic.ESVRead},
	Effect:      tool.ReadOnly,
	Params: tool.Params{
		"type":     tool.Rules(tool.Enum(kindVariable, kindSecret)),
		"pageSize": tool.Rules(tool.Range(1, 100), tool.Default("50")),
	},
	Cursor: "pagedResultsCookie",
	Count:  "resultCount",
	Less:   "Call again with the same arguments and a smaller pageSize, or with queryTerm.",
}, func(ctx context.Context, c *aic.Client, in queryInput) (queryOutput, error) {
	q := aic.ESVQuery{Term: in.Term, PageSize: in.PageSize, Cookie: in.Cookie, SortKeys: in.SortKeys}
	if q.PageSize == 0 {
		q.PageSize = defaultPage
	}
	ask, summarize := c.QueryVariables, summaryOfVariable
	if in.Type == kindSecret {
		ask, summarize = c.QuerySecrets, summaryOfSecret
	}
	page, err := ask(ctx, q)
	if err != nil {
		return queryOutput{}, blame(err, in)
	}
	result, ok := page["result"].([]any)
	if !ok {
		return queryOutput{}, tool.Unusable("the tenant's answer to the query has no list of results")
	}
	out := queryOutput{ESVs: make([]summary, 0, len(result)), Count: len(result), Cookie: aic.String(page, "pagedResultsCookie")}
	for _, e := range result {
		doc, ok := e.(map[string]any)
		if !ok {
			return queryOutput{}, tool.Unusable("the tenant's answer to the query lists something that is no object")
		}
		out.ESVs = append(out.ESVs, summarize(doc))
	}
	return out, nil
})

func summaryOfVariable(doc aic.Object) summary {
	s := summaryOf(doc, "expressionType")
	s.Value, s.Note = decode(s.Type, aic.String(doc, "valueBase64"))
	if short, wasLong := cut(s.Value, maxListed); wasLong {
		s.Value, s.Note = short, strings.TrimSpace(s.Note+" The value is cut: getVariable reads the whole.")
	}
	return s
}

func summaryOfSecret(doc aic.Object) summary {
	s := summaryOf(doc, "encoding")
	s.ActiveVersion, s.LoadedVersion = aic.String(doc, "activeVersion"), aic.String(doc, "loadedVersion")
	if use, ok := doc["useInPlaceholders"].(bool); ok {
		s.UseInPlaceholders = &use
	}
	return s
}

func summaryOf(doc aic.Object, kind string) summary {
	return summary{
		ID:             aic.String(doc, "_id"),
		Description:    aic.String(doc, "description"),
		Type:           aic.String(doc, kind),
		Loaded:         doc["loaded"] == true,
		LastChangeDate: aic.String(doc, "lastChangeDate"),
		LastChangedBy:  aic.String(doc, "lastChangedBy"),
	}
}

// blame adds to a 400 which parameter is to blame: the first that can be.
func blame(err error, in queryInput) error {
	var e *rest.Error
	if !errors.As(err, &e) || e.Status != http.StatusBadRequest {
		return err
	}
	switch {
	case in.Cookie != "":
		return tool.WithHint(err, "pagedResultsCookie", "A cookie is good for the query that it came from, with the same queryTerm and sortKeys; to start over, leave it out.")
	case in.SortKeys != "":
		return tool.WithHint(err, "sortKeys", "Sort keys are members such as _id or lastChangeDate, comma-separated, each with an optional - in front.")
	}
	return err
}
