// Package features holds the tools for what a tenant can have added to it: the
// features of IDM, and AI agents.
package features

import (
	"errors"
	"net/http"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

// Tools lists the tools of this area.
func Tools() []tool.Tool[*aic.Client] {
	return []tool.Tool[*aic.Client]{list, validate, install, enableAIAgent}
}

var nameRules = tool.Rules(tool.Pattern(`^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$`,
	"must consist of letters, digits, _ and -, with / between segments"))

type featureInput struct {
	Name string `json:"featureName" jsonschema:"e.g. groups or password/timestamps"`
}

// explain adds to an error what a caller of these tools should know.
func explain(err error) error {
	var e *rest.Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case e.Unknown:
		return tool.WithHint(err, "", "It is not known whether it was done: look with listFeatures before trying again.")
	case e.Status == http.StatusNotFound:
		return tool.WithHint(err, "featureName", "Call listFeatures for the names of the features that this tenant has.")
	}
	return err
}
