package scripts

import (
	"context"
	"errors"
	"net/http"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

type deleteInput struct {
	Realm string `json:"realm"`
	ID    string `json:"scriptId"`
}

type deleteOutput struct {
	ID string `json:"deletedId"`
}

var remove = tool.Define(tool.Spec{
	Name:        "deleteScript",
	Title:       "Delete AM Script",
	Description: "Delete a script for good. First see to it that no journey node or OAuth client uses it.",
	Scopes:      []tool.Scope{aic.AM},
	Effect:      tool.Destructive,
	Params:      tool.Params{"realm": realmRules, "scriptId": idRules},
	Less:        "The script was deleted.",
}, func(ctx context.Context, c *aic.Client, in deleteInput) (deleteOutput, error) {
	if err := c.DeleteScript(ctx, in.Realm, in.ID); err != nil {
		return deleteOutput{}, explainDelete(err)
	}
	return deleteOutput{in.ID}, nil
})

// explainDelete goes by the class of the status: which one a tenant answers for
// a script in use is not documented.
func explainDelete(err error) error {
	var e *rest.Error
	if !errors.As(err, &e) {
		return err
	}
	const inUse = "A script stays as long as something uses it: journey nodes refer to it by its ID (see getJourney), and so can OAuth clients and the realm's OAuth provider (see getOidcApp). Take the reference away, then delete."
	switch {
	case e.Unknown:
		return tool.WithHint(err, "", "It is not known whether the script was deleted: look with getAMScript before trying again.")
	case e.Status == http.StatusUnauthorized, e.Status == http.StatusNotFound, e.Status == http.StatusTooManyRequests:
		return explain(err)
	case e.Status == http.StatusForbidden:
		return tool.WithHint(err, "scriptId", "The account that is logged in may not do this, or the script is one of the tenant's own, or it is in use. "+inUse)
	case e.Status >= 400 && e.Status < 500:
		return tool.WithHint(err, "scriptId", inUse)
	}
	return explain(err)
}
