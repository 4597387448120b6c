package apps

import (
	"context"
	"net/http"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

type getInput struct {
	Realm string `json:"realm"`
	Name  string `json:"name"`
}

// whole is both halves of an application.
type whole struct {
	client
	Application aic.Object `json:"managedApplication" jsonschema:"its _rev is for updateOidcApp"`
	Note        string     `json:"note,omitempty"`
}

var get = tool.Define(tool.Spec{
	Name:        "getOidcApp",
	Title:       "Get OIDC App",
	Description: "Read an OIDC application by its name: the OAuth client, its values unwrapped, and the managed object.",
	Scopes:      scopes,
	Effect:      tool.ReadOnly,
	Params:      tool.Params{"realm": realmRules, "name": nameRules},
	Less:        "There is no way to read a part of it.",
}, func(ctx context.Context, c *aic.Client, in getInput) (whole, error) {
	app, err := find(ctx, c, in.Realm, in.Name)
	if err != nil {
		return whole{}, err
	}
	out := whole{client: client{ID: clientOf(app)}, Application: app}
	if out.ID == "" {
		out.Note = "This is no OIDC application: it refers to no OAuth client."
		return out, nil
	}
	doc, err := c.ReadOAuthClient(ctx, in.Realm, out.ID)
	switch {
	case rest.Status(err) == http.StatusNotFound:
		out.Note = "The OAuth client that it refers to is gone: nobody can log in with it."
	case err != nil:
		return whole{}, err
	default:
		out.client = clientFrom(doc)
	}
	return out, nil
})
