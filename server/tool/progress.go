package tool

import (
	"context"
	"log/slog"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"aicmcp/server/rest"
)

// reportProgress has a client that asked for it told of each request that its
// call sends to an API.
func reportProgress(ctx context.Context, req *mcp.CallToolRequest, trace *rest.Trace, log *slog.Logger) {
	token := req.Params.GetProgressToken()
	if token == nil {
		return
	}
	trace.Watch(func(requests int, api string) {
		err := req.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{
			ProgressToken: token,
			Progress:      float64(requests),
			Message:       "asked " + api,
		})
		if err != nil {
			log.DebugContext(ctx, "progress was not reported", "tool", req.Params.Name, "error", err)
		}
	})
}
