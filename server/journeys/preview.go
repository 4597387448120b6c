package journeys

import (
	"context"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type previewInput struct {
	Realm string `json:"realm"`
	Name  string `json:"journeyName,omitempty" jsonschema:"default: the realm's default journey"`
}

type previewOutput struct {
	URL string `json:"url"`
}

var previewURL = tool.Define(tool.Spec{
	Name:        "getJourneyPreviewUrl",
	Title:       "Get Journey Preview URL",
	Description: "The address at which a person can try a journey in a browser. Whether there is such a journey is not checked.",
	Scopes:      scopes,
	Effect:      tool.ReadOnly,
	Params:      tool.Params{"realm": realmRules, "journeyName": journeyRules},
	Less:        "There is no shorter answer.",
}, func(_ context.Context, c *aic.Client, in previewInput) (previewOutput, error) {
	return previewOutput{c.LoginURL(in.Realm, in.Name)}, nil
})
