package apps

import (
	"context"
	"errors"
	"net/http"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

type listInput struct {
	Realm    string `json:"realm"`
	Filter   string `json:"queryFilter,omitempty" jsonschema:"CREST filter, e.g. name sw \"my\". Default: all"`
	PageSize int    `json:"pageSize,omitempty"`
	Cookie   string `json:"pagedResultsCookie,omitempty" jsonschema:"from the page before"`
}

type listOutput struct {
	Apps   []summary `json:"applications"`
	Count  int       `json:"resultCount" jsonschema:"OIDC applications on this page"`
	Others int       `json:"otherApplications,omitempty" jsonschema:"matches on this page that are no OIDC applications"`
	Cookie string    `json:"pagedResultsCookie,omitempty" jsonschema:"leads to the next page; absent on the last"`
}

type summary struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	ClientID    string `json:"clientId"`
	Description string `json:"description,omitempty"`
	Template    string `json:"templateName,omitempty"`
}

const defaultPage = 100

var list = tool.Define(tool.Spec{
	Name:        "listOidcApps",
	Title:       "List OIDC Apps",
	Description: "List a realm's OIDC applications with their client IDs. getOidcApp reads one.",
	Scopes:      []tool.Scope{aic.IDM},
	Effect:      tool.ReadOnly,
	Params: tool.Params{
		"realm":    realmRules,
		"pageSize": tool.Rules(tool.Range(1, 250), tool.Default("100")),
	},
	Cursor: "pagedResultsCookie",
	Count:  "resultCount",
	Less:   "Call again with a smaller pageSize, or with queryFilter.",
}, func(ctx context.Context, c *aic.Client, in listInput) (listOutput, error) {
	if in.PageSize == 0 {
		in.PageSize = defaultPage
	}
	// A filter of our own around the caller's could be closed by a bracket in
	// it, so what is no OIDC application is left out here.
	apps, page, err := query(ctx, c, in.Realm, aic.Query{
		Filter: in.Filter, PageSize: in.PageSize, Cookie: in.Cookie, Fields: "name,description,ssoEntities,templateName",
	})
	if err != nil {
		return listOutput{}, blame(err, in)
	}
	out := listOutput{Apps: []summary{}, Cookie: aic.String(page, "pagedResultsCookie")}
	for _, app := range apps {
		if clientOf(app) == "" {
			out.Others++
			continue
		}
		out.Apps = append(out.Apps, summary{
			ID: aic.String(app, "_id"), Name: aic.String(app, "name"), ClientID: clientOf(app),
			Description: aic.String(app, "description"), Template: aic.String(app, "templateName"),
		})
	}
	out.Count = len(out.Apps)
	return out, nil
})

// blame adds to a 400 which parameter is to blame: the first that can be.
func blame(err error, in listInput) error {
	var e *rest.Error
	switch {
	case !errors.As(err, &e) || e.Status != http.StatusBadRequest:
		return err
	case in.Cookie != "":
		return tool.WithHint(err, "pagedResultsCookie", "A cookie is good for the query that it came from, with the same queryFilter; to start over, leave it out.")
	case in.Filter != "":
		return tool.WithHint(err, "queryFilter", `Write it like: name sw "my" and !(description pr). Strings in double quotes; there are no other operators than eq co sw gt ge lt le pr.`)
	}
	return err
}
