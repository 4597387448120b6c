package features

import (
	"context"
	"errors"
	"net/http"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

type enableInput struct{}

type enableOutput struct {
	Note     string `json:"note"`
	Response any    `json:"response,omitempty" jsonschema:"what the tenant answered, if anything"`
}

var enableAIAgent = tool.Define(tool.Spec{
	Name:        "enableAiAgent",
	Title:       "Enable AI Agents",
	Description: "Turn on AI agents in both realms. Nothing turns them off again: ask the person first.",
	Scopes:      []tool.Scope{aic.AM, aic.IDM},
	Effect:      tool.Idempotent,
	Less:        "AI agents were turned on.",
}, func(ctx context.Context, c *aic.Client, _ enableInput) (enableOutput, error) {
	response, err := c.EnableAIAgent(ctx)
	if err != nil {
		var e *rest.Error
		if errors.As(err, &e) && e.Status == http.StatusNotFound {
			return enableOutput{}, tool.WithHint(err, "", "This tenant has no AI agents to enable: they come with a newer release.")
		}
		return enableOutput{}, explain(err)
	}
	return enableOutput{"The tenant accepted it. listFeatures tells whether IDM and both realms have it.", response}, nil
})
