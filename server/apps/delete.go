package apps

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

type deleteInput struct {
	Realm    string `json:"realm"`
	Name     string `json:"name"`
	ClientID string `json:"clientId,omitempty" jsonschema:"only to delete an OAuth client whose application is gone"`
}

type deleteOutput struct {
	Name        string `json:"name"`
	ClientID    string `json:"clientId"`
	Client      string `json:"oauth2Client"`
	Application string `json:"managedApplication"`
}

const (
	deleted = "deleted"
	gone    = "already gone"
)

var remove = tool.Define(tool.Spec{
	Name:        "deleteOidcApp",
	Title:       "Delete OIDC App",
	Description: "Delete an OIDC application for good: its OAuth client and its managed object.",
	Scopes:      scopes,
	Effect:      tool.Destructive,
	Params:      tool.Params{"realm": realmRules, "name": nameRules, "clientId": clientRules},
	Less:        "The application was deleted.",
}, func(ctx context.Context, c *aic.Client, in deleteInput) (deleteOutput, error) {
	out := deleteOutput{Name: in.Name, ClientID: in.ClientID, Application: gone}
	app, err := find(ctx, c, in.Realm, in.Name)
	if err == nil {
		out.ClientID, out.Application = clientOf(app), deleted
		if err = in.fits(out.ClientID); err == nil {
			err = in.alone(ctx, c, app)
		}
	} else if f := absent(err); f != nil {
		err = in.orphan(ctx, c, f)
	}
	if err != nil {
		return deleteOutput{}, err
	}
	// The client goes first: with the application still there, the same call
	// finds what is left.
	if out.Client, err = outcome(c.DeleteOAuthClient(ctx, in.Realm, out.ClientID)); err != nil {
		return deleteOutput{}, explainDelete(err, app != nil)
	}
	if app == nil {
		return out, nil
	}
	if out.Application, err = outcome(in.removeObject(ctx, c, aic.String(app, "_id"))); err != nil {
		return deleteOutput{}, tool.WithHint(err, "", "The OAuth client is %s, the managed object may be left: call deleteOidcApp again for the rest.", out.Client)
	}
	return out, nil
})

// removeObject deletes the managed half, once: if the answer is lost, one that is
// gone counts as deleted.
func (in deleteInput) removeObject(ctx context.Context, c *aic.Client, id string) error {
	_, err := c.DeleteManaged(ctx, typeOf(in.Realm), id, "")
	if !rest.IsUnknown(err) {
		return err
	}
	if _, readErr := c.ReadManaged(ctx, typeOf(in.Realm), id, "_id"); rest.Status(readErr) == http.StatusNotFound {
		return nil
	}
	return err
}

// fits refuses another application than the one that is meant.
func (in deleteInput) fits(clientID string) error {
	switch {
	case clientID == "":
		return tool.Invalid("name", "is that of an application without an OAuth client", "It is no OIDC application; deleteManagedObject, type "+typeOf(in.Realm)+", deletes it all the same. Nothing was changed.")
	case in.ClientID != "" && in.ClientID != clientID:
		return tool.Invalid("clientId", "is not that of the application, which is "+tool.Quote(clientID), "Leave clientId out. Nothing was changed.")
	}
	return nil
}

// alone refuses an application whose OAuth client others refer to as well.
func (in deleteInput) alone(ctx context.Context, c *aic.Client, app aic.Object) error {
	apps, err := referring(ctx, c, in.Realm, clientOf(app))
	if err != nil {
		return err
	}
	others := slices.DeleteFunc(apps, func(other aic.Object) bool { return other["_id"] == app["_id"] })
	if len(others) == 0 {
		return nil
	}
	return &tool.Failure{
		Reason: "Conflict", Message: "its OAuth client is that of other applications too: " + listed(others[:min(len(others), 10)], "name"), Parameter: "name",
		Hint: "Delete its managed object alone, with deleteManagedObject, type " + typeOf(in.Realm) + ", or the others first. Nothing was changed.",
	}
}

// orphan lets a call go on that names an OAuth client to which no application
// refers.
func (in deleteInput) orphan(ctx context.Context, c *aic.Client, failure *tool.Failure) error {
	if in.ClientID == "" {
		failure.Hint += " If only an OAuth client is left, name it by clientId too."
		return failure
	}
	apps, err := referring(ctx, c, in.Realm, in.ClientID)
	if err != nil || len(apps) == 0 {
		return err
	}
	return tool.Invalid("clientId", "is that of another application, "+tool.Quote(aic.String(apps[0], "name")), "Call again with that name if that is the one to delete. Nothing was changed.")
}

// absent is the failure of an application that is not there, nil for any other.
func absent(err error) *tool.Failure {
	var f *tool.Failure
	if errors.As(err, &f) && f.Reason == reasonMissing {
		return f
	}
	return nil
}

// outcome is what became of a half.
func outcome(err error) (string, error) {
	if rest.Status(err) == http.StatusNotFound {
		return gone, nil
	}
	return deleted, err
}

func explainDelete(err error, hasApplication bool) error {
	switch {
	case !hasApplication:
		return err
	case rest.IsUnknown(err):
		return tool.WithHint(err, "", "It is not known whether the OAuth client was deleted; the managed object was not: call deleteOidcApp again for the rest.")
	}
	return tool.WithHint(err, "", "Nothing was deleted: neither the OAuth client nor the managed object.")
}
