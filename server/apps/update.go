package apps

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

type updateInput struct {
	Realm       string       `json:"realm"`
	Name        string       `json:"name"`
	Client      aic.Object   `json:"oauth2Client,omitempty" jsonschema:"only the values to change, by section, plain or as {inherited,value}; null unsets"`
	Application *application `json:"managedApplication,omitempty" jsonschema:"a patch of the managed object"`
}

type application struct {
	Revision   string      `json:"_rev" jsonschema:"its current one"`
	Operations []operation `json:"operations"`
}

type operation struct {
	Operation string `json:"operation"`
	Field     string `json:"field" jsonschema:"e.g. /description"`
	Value     any    `json:"value,omitempty"`
}

var update = tool.Define(tool.Spec{
	Name:        "updateOidcApp",
	Title:       "Update OIDC App",
	Description: "Change the OAuth client of an OIDC application, its managed object, or both; what is not named stays. Call getOidcApp first.",
	Scopes:      scopes,
	Secrets:     secretArguments,
	Effect:      tool.Idempotent,
	Params: tool.Params{
		"realm": realmRules, "name": nameRules,
		"managedApplication._rev":                 tool.Rules(tool.Pattern(`^"?[!#-~]+"?$`, "must be a _rev: ASCII without blanks and quotes")),
		"managedApplication.operations":           tool.Rules(tool.Items(1, 50)),
		"managedApplication.operations.operation": tool.Rules(tool.Enum("add", "remove", "replace")),
		"managedApplication.operations.field":     tool.Rules(tool.Pattern(`[^/]`, "must name a field")),
	},
	Less: "The application was changed; read it with getOidcApp.",
}, func(ctx context.Context, c *aic.Client, in updateInput) (whole, error) {
	if err := in.check(); err != nil {
		return whole{}, err
	}
	app, err := find(ctx, c, in.Realm, in.Name)
	if err != nil {
		return whole{}, err
	}
	id := clientOf(app)
	if err := in.fits(app); err != nil {
		return whole{}, err
	}
	out := whole{client: client{ID: id}, Application: app}
	var change change
	if len(in.Client) > 0 {
		if change, err = in.plan(ctx, c, id); err != nil {
			return whole{}, err
		}
		out.client = clientFrom(change.now)
	}
	if in.Application != nil {
		if out.Application, err = in.patch(ctx, c, aic.String(app, "_id")); err != nil {
			return whole{}, err
		}
	}
	if change.body != nil {
		doc, err := c.ReplaceOAuthClient(ctx, in.Realm, id, aic.String(change.now, "_rev"), change.body)
		if err != nil {
			return whole{}, in.explain(err, id)
		}
		out.client = clientFrom(doc)
	}
	return out, nil
})

// check refuses what cannot be right, whatever the tenant has.
func (in updateInput) check() error {
	if len(in.Client) == 0 && in.Application == nil {
		return tool.Invalid("oauth2Client", "or managedApplication must say what shall change", nothingSent)
	}
	if in.Application == nil {
		return nil
	}
	for i, o := range in.Application.Operations {
		at := fmt.Sprintf("managedApplication.operations[%d]", i)
		path, err := aic.ParsePointer(o.Field)
		switch {
		case err != nil || len(path) == 0:
			return tool.Invalid(at+".field", "is no JSON pointer to a field", nothingSent)
		case path[0] == "ssoEntities" || strings.HasPrefix(path[0], "_"):
			return tool.Invalid(at+".field", "names what ties the two halves together, which stays", "Leave the operation out: for another clientId, create another application. Nothing was sent to the tenant.")
		case o.Operation != "remove" && o.Value == nil:
			return tool.Invalid(at+".value", "is required for "+o.Operation+", and may not be null: to take a field away, use remove", nothingSent)
		}
	}
	return nil
}

// fits refuses what the application as it is cannot take.
func (in updateInput) fits(app aic.Object) error {
	if len(in.Client) > 0 && clientOf(app) == "" {
		return tool.Invalid("name", "is that of an application without an OAuth client", "Leave oauth2Client out, or create an OIDC application with createOidcApp. Nothing was changed.")
	}
	now := aic.String(app, "_rev")
	if in.Application != nil && strings.Trim(in.Application.Revision, `"`) != now {
		return tool.Invalid("managedApplication._rev", "is not the current one, which is "+tool.Quote(now), "Read the application with getOidcApp, decide anew, and use its _rev. Nothing was changed.")
	}
	return nil
}

// change is the write of a client, without a body if nothing changes.
type change struct{ now, body aic.Object }

func (in updateInput) plan(ctx context.Context, c *aic.Client, id string) (change, error) {
	now, err := c.ReadOAuthClient(ctx, in.Realm, id)
	if rest.Status(err) == http.StatusNotFound {
		return change{}, tool.WithHint(err, "name", "The OAuth client %s that the application refers to is gone: delete the application with deleteOidcApp and create it anew.", tool.Quote(id))
	}
	if err != nil {
		return change{}, err
	}
	if aic.String(now, "_rev") == "" {
		return change{}, tool.Unusable("the tenant's answer is an OAuth client without a revision, which cannot be changed safely")
	}
	given, err := wrapped(in.Client, now)
	if err != nil {
		return change{}, err
	}
	out := change{now: now, body: merged(now, given)}
	if aic.Equal(out.body, merged(now, nil)) {
		out.body = nil
	}
	return out, nil
}

func (in updateInput) patch(ctx context.Context, c *aic.Client, id string) (aic.Object, error) {
	ops := make([]aic.PatchOperation, 0, len(in.Application.Operations))
	for _, o := range in.Application.Operations {
		ops = append(ops, aic.PatchOperation{Operation: o.Operation, Field: o.Field, Value: o.Value})
	}
	app, err := c.PatchManaged(ctx, typeOf(in.Realm), id, in.Application.Revision, ops)
	switch {
	case rest.Status(err) == http.StatusPreconditionFailed:
		return nil, tool.WithHint(err, "managedApplication._rev", "Somebody else changed the application at the same time: read it with getOidcApp, decide anew, and use its _rev. Nothing was changed.")
	case rest.Status(err) >= 400 && rest.Status(err) < 500:
		return nil, tool.WithHint(err, "managedApplication.operations", "Check fields and values against getOidcAppSchema. Nothing was changed.")
	case rest.IsUnknown(err):
		return nil, tool.WithHint(err, "", "It is not known whether the managed object was changed; the OAuth client was not. Look with getOidcApp before trying again.")
	}
	return app, err
}

func (in updateInput) explain(err error, id string) error {
	if in.Application == nil {
		return explainClient(err, id)
	}
	return tool.WithHint(explainClient(err, id), "oauth2Client", "The managed object was changed already, the OAuth client perhaps not: look with getOidcApp, then call again with oauth2Client alone, checked against getOidcAppSchema.")
}
