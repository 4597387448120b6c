package esv

import (
	"context"
	"errors"
	"net/http"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

type deleteInput struct {
	ID string `json:"variableId"`
}

type deleteOutput struct {
	ID       string    `json:"deletedId"`
	Note     string    `json:"note,omitempty"`
	Variable *variable `json:"variable,omitempty" jsonschema:"as it was"`
}

var remove = tool.Define(tool.Spec{
	Name:        "deleteVariable",
	Title:       "Delete Environment Variable",
	Description: "Delete an environment variable for good. Refused while configuration or scripts refer to it.",
	Scopes:      []tool.Scope{aic.ESVRead, aic.ESVUpdate},
	Effect:      tool.Destructive,
	Params:      tool.Params{"variableId": idRules},
	Less:        "The variable was deleted.",
}, func(ctx context.Context, c *aic.Client, in deleteInput) (deleteOutput, error) {
	doc, err := c.DeleteVariable(ctx, in.ID)
	if err != nil {
		return deleteOutput{}, explainDelete(err, in.ID)
	}
	out := deleteOutput{ID: in.ID}
	if doc != nil {
		was := variableFrom(in.ID, doc)
		out.Variable = &was
	}
	if doc == nil || doc["loaded"] == true {
		out.Note = "Where it was loaded, its value stays in effect until the next restart of the tenant's environment."
	}
	return out, nil
})

// explainDelete goes by the class of the status: which one a tenant answers for
// a variable in use is not documented.
func explainDelete(err error, id string) error {
	var e *rest.Error
	if !errors.As(err, &e) || e.Unknown {
		return err
	}
	const inUse = "A variable stays as long as something refers to it: look for %s in configuration and %s in scripts, and remove these first."
	switch {
	case e.Status == http.StatusUnauthorized, e.Status == http.StatusNotFound, e.Status == http.StatusTooManyRequests:
		return explain(err)
	case e.Status == http.StatusForbidden:
		return tool.WithHint(err, "variableId", "Either the account that is logged in may not do this, or the variable is in use. "+inUse, placeholder(id), scriptName(id))
	case e.Status >= 400 && e.Status < 500:
		return tool.WithHint(err, "variableId", inUse, placeholder(id), scriptName(id))
	}
	return explain(err)
}
