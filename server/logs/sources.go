package logs

import (
	"context"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type sourcesInput struct{}

type sourcesOutput struct {
	Sources []string `json:"sources"`
}

var sources = tool.Define(tool.Spec{
	Name:        "getLogSources",
	Title:       "Get Log Sources",
	Description: "List the logs that the tenant has. Call it before queryLogs.",
	Scopes:      []tool.Scope{aic.Monitoring},
	Effect:      tool.ReadOnly,
	Less:        "The usual sources are am-authentication, am-access, am-core, idm-access and idm-activity.",
}, func(ctx context.Context, c *aic.Client, _ sourcesInput) (sourcesOutput, error) {
	page, err := c.LogSources(ctx)
	if err != nil {
		return sourcesOutput{}, explain(err, queryInput{}, "")
	}
	out := sourcesOutput{Sources: []string{}}
	for _, e := range results(page) {
		if s, ok := e.(string); ok {
			out.Sources = append(out.Sources, s)
		}
	}
	if len(out.Sources) == 0 {
		return sourcesOutput{}, tool.Unusable("the tenant's answer lists no log sources")
	}
	return out, nil
})
