// Package apps holds the tools for OIDC applications. Each has two halves: an
// OAuth client of AM and a managed object of IDM that refers to it.
package apps

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

// Tools lists the tools of this area.
func Tools() []tool.Tool[*aic.Client] {
	return []tool.Tool[*aic.Client]{schema, list, get, create, update, remove}
}

var (
	realmRules = tool.Rules(tool.Enum("alpha", "bravo"))
	nameRules  = tool.Rules(tool.Pattern(`\S`, "must not be blank"), tool.Length(1, 200))
	// An ID of dots only would be a step in the path.
	clientRules = tool.Rules(tool.Pattern(`[^.\s]`, "must not be blank or consist of dots only"), tool.Length(1, 200))
	scopes      = []tool.Scope{aic.AM, aic.IDM}
)

const nothingSent = "Correct it and call again; nothing was sent to the tenant."

func typeOf(realm string) string { return realm + "_application" }

// clientOf is the ID of an application's OAuth client, empty if it has none.
func clientOf(app aic.Object) string { return aic.String(app["ssoEntities"], "oidcId") }

// query returns the managed halves that match the filter, and the envelope.
func query(ctx context.Context, c *aic.Client, realm string, q aic.Query) (apps []aic.Object, page aic.Object, err error) {
	if page, err = c.QueryManaged(ctx, typeOf(realm), q); err != nil {
		return nil, nil, err
	}
	result, ok := page["result"].([]any)
	if !ok {
		return nil, nil, tool.Unusable("the tenant's answer to the query has no list of results")
	}
	for _, e := range result {
		app, ok := e.(map[string]any)
		if !ok {
			return nil, nil, tool.Unusable("the tenant's answer to the query lists something that is no object")
		}
		apps = append(apps, app)
	}
	return apps, page, nil
}

// named returns the managed halves of that name. Tenants can take capitals and
// small letters for the same; this server does not.
func named(ctx context.Context, c *aic.Client, realm, name string) (same, similar []aic.Object, err error) {
	apps, _, err := query(ctx, c, realm, aic.Query{Filter: "name eq " + aic.Literal(name), Fields: "*,owners", PageSize: 20})
	for _, app := range apps {
		if aic.String(app, "name") == name {
			same = append(same, app)
		} else {
			similar = append(similar, app)
		}
	}
	return same, similar, err
}

// find returns the managed half of the one application with that name.
func find(ctx context.Context, c *aic.Client, realm, name string) (aic.Object, error) {
	same, similar, err := named(ctx, c, realm, name)
	switch {
	case err != nil:
		return nil, err
	case len(same) == 1 && aic.String(same[0], "_id") == "":
		return nil, tool.Unusable("the tenant's answer to the query lists an application without an _id")
	case len(same) == 1:
		return same[0], nil
	case len(same) > 1:
		return nil, &tool.Failure{
			Reason: "Conflict", Message: fmt.Sprintf("%d applications have that name: %s", len(same), listed(same, "_id")), Parameter: "name",
			Hint: "Give all but one another name with patchManagedObject, type " + typeOf(realm) + ".",
		}
	}
	hint := "Call listOidcApps for those that the realm has."
	if len(similar) > 0 {
		hint = "Capitals count: there is " + listed(similar, "name") + "."
	}
	return nil, missing(hint)
}

const reasonMissing = "Not Found"

func missing(hint string) error {
	return &tool.Failure{Reason: reasonMissing, Message: "the realm has no application with that name", Parameter: "name", Hint: hint}
}

const (
	pageOfApps = 1000
	maxPages   = 100
)

// referring returns the applications that refer to an OAuth client. All are
// looked through: that tenants can be asked for them is not documented.
func referring(ctx context.Context, c *aic.Client, realm, clientID string) ([]aic.Object, error) {
	var found []aic.Object
	q := aic.Query{Fields: "name,ssoEntities", PageSize: pageOfApps}
	for range maxPages {
		apps, page, err := query(ctx, c, realm, q)
		if err != nil {
			return nil, err
		}
		for _, app := range apps {
			if clientOf(app) == clientID {
				found = append(found, app)
			}
		}
		if q.Cookie = aic.String(page, "pagedResultsCookie"); q.Cookie == "" {
			return found, nil
		}
	}
	return nil, tool.Unusable("the tenant's list of applications has no end")
}

func listed(apps []aic.Object, member string) string {
	var words []string
	for _, app := range apps {
		words = append(words, tool.Quote(aic.String(app, member)))
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}

// explainClient adds to an error of a client's write what a caller should know.
func explainClient(err error, id string) error {
	switch {
	case rest.IsUnknown(err):
		return tool.WithHint(err, "", "It is not known whether the OAuth client %s was written: look with getOidcApp before trying again.", tool.Quote(id))
	case rest.Status(err) == http.StatusBadRequest:
		return tool.WithHint(err, "oauth2Client", "Check sections, fields and values against getOidcAppSchema.")
	case rest.Status(err) == http.StatusPreconditionFailed:
		return tool.WithHint(err, "", "Somebody else wrote the OAuth client at the same time: read it with getOidcApp, and decide anew.")
	}
	return err
}
