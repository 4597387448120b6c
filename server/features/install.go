package features

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

type installOutput struct {
	Name    string `json:"name"`
	Message string `json:"message,omitempty" jsonschema:"the tenant's own words"`
	Note    string `json:"note"`
}

var install = tool.Define(tool.Spec{
	Name:        "installIdmFeature",
	Title:       "Install IDM Feature",
	Description: "Install a feature of IDM. It cannot be undone: call validateIdmFeature first and ask the person. For AI agents call enableAiAgent.",
	Scopes:      []tool.Scope{aic.IDM},
	Effect:      tool.Destructive,
	Params:      tool.Params{"featureName": nameRules},
	Less:        "The feature was installed.",
}, func(ctx context.Context, c *aic.Client, in featureInput) (installOutput, error) {
	doc, err := c.InstallFeature(ctx, in.Name)
	var e *rest.Error
	if errors.As(err, &e) && e.Status == http.StatusBadRequest {
		return installOutput{}, tool.WithHint(err, "featureName", "%s", whatElse)
	}
	if err != nil {
		return installOutput{}, explain(err)
	}
	// A refusal can come with HTTP status 200.
	n, _ := doc["status"].(json.Number)
	status, _ := n.Int64()
	message := aic.String(doc, "message")
	switch {
	case doc["success"] == false || status >= 400:
		return installOutput{}, &tool.Failure{
			Code: int(status), Reason: "Not installed",
			Message: "the tenant answered " + tool.Quote(message), Parameter: "featureName", Hint: whatElse,
		}
	case doc["success"] != true && status != http.StatusOK:
		return installOutput{}, tool.WithHint(tool.Unusable("the tenant's answer does not say whether the feature was installed"), "",
			"It is not known whether it was done: look with listFeatures before trying again.")
	}
	return installOutput{in.Name, message, "The feature is installed and cannot be removed."}, nil
})

const whatElse = "Call validateIdmFeature for what stands in the way, and listFeatures for what is installed already."
