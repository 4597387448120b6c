package features

import (
	"context"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type validateOutput struct {
	Name        string `json:"name"`
	Installable bool   `json:"installable"`
	Message     string `json:"message,omitempty" jsonschema:"the tenant's own words, also on why not"`
}

var validate = tool.Define(tool.Spec{
	Name:        "validateIdmFeature",
	Title:       "Validate IDM Feature",
	Description: "Check whether a feature of IDM can be installed, and why not. Changes nothing.",
	Scopes:      []tool.Scope{aic.IDM},
	Effect:      tool.ReadOnly,
	Params:      tool.Params{"featureName": nameRules},
	Less:        "There is nothing to leave out.",
}, func(ctx context.Context, c *aic.Client, in featureInput) (validateOutput, error) {
	doc, err := c.ValidateFeature(ctx, in.Name)
	if err != nil {
		return validateOutput{}, explain(err)
	}
	success, ok := doc["success"].(bool)
	if !ok {
		return validateOutput{}, tool.Unusable("the tenant's answer does not say whether the feature can be installed")
	}
	return validateOutput{in.Name, success, aic.String(doc, "message")}, nil
})
