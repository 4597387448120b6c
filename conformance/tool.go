package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// Answer is the result of a call of a tool.
type Answer struct {
	Tool string
	// Failed is the result's isError.
	Failed bool
	// Text is all text content.
	Text string
	// Body is the text decoded if it is JSON, which keeps numbers as they
	// are, or else the structured content.
	Body any
	// Structured is the structured content, numbers as the SDK decodes them.
	Structured any
}

// At walks into the body.
func (a *Answer) At(path ...any) any { return At(a.Body, path...) }

// String is At for a string.
func (a *Answer) String(path ...any) string { return Text(a.Body, path...) }

// Call calls a tool of the MCP server. A refusal by the protocol itself, such
// as for a tool that does not exist, stops the case as a failure.
func (t *T) Call(tool string, args map[string]any) *Answer {
	if t.Target.Session == nil {
		t.Breakf("the target has no MCP session")
	}
	if args == nil {
		args = map[string]any{}
	}
	t.secrets.learnText(asJSON(args))
	for try := 1; ; try++ {
		answer := t.call(tool, args)
		status, _ := At(answer.Structured, "error", "status").(json.Number)
		switch {
		case status != "429" && status != "503":
			return answer
		case status == "503" || try == maxTries || !t.onlyReads(tool):
			t.Breakf("the target has no time for the call of %s: it answered %s to attempt %d", tool, status, try)
		}
		select {
		case <-time.After(busyPause):
		case <-t.ctx.Done():
			t.Breakf("the case's time was over while the target had none for the call of %s: %w", tool, context.Cause(t.ctx))
		}
	}
}

// busyPause is between calls of a tool that met a tenant's limit of requests, which
// is counted by the minute.
const busyPause = 20 * time.Second

// onlyReads tells whether a tool says so, and can be called again whatever it
// did already.
func (t *T) onlyReads(tool string) bool {
	for offered, err := range t.Target.Session.Tools(t.ctx, nil) {
		if err == nil && offered.Name == tool {
			return offered.Annotations != nil && offered.Annotations.ReadOnlyHint
		}
	}
	return false
}

func (t *T) call(tool string, args map[string]any) *Answer {
	started := time.Now()
	result, err := t.Target.Session.CallTool(t.ctx, &mcp.CallToolParams{Name: tool, Arguments: args})
	entry := Exchange{Request: "call " + tool, Sent: asJSON(args), Duration: time.Since(started)}
	if err != nil {
		entry.Error = err.Error()
		t.note(entry)
		var refusal *jsonrpc.Error
		if errors.As(err, &refusal) && context.Cause(t.ctx) == nil {
			t.Fatalf("the MCP server refused the call of %s: %v", tool, err)
		}
		t.Breakf("call of %s: %w", tool, err)
	}
	var texts []string
	for _, content := range result.Content {
		if text, ok := content.(*mcp.TextContent); ok {
			texts = append(texts, text.Text)
		}
	}
	answer := &Answer{Tool: tool, Failed: result.IsError, Text: strings.Join(texts, "\n")}
	if answer.Structured, err = normal(result.StructuredContent); err != nil {
		t.Breakf("structured content of %s: %w", tool, err)
	}
	answer.Body = answer.Structured
	if body, err := decode([]byte(answer.Text)); err == nil {
		answer.Body = body
	}
	entry.Received = answer.Text
	t.note(entry)
	return answer
}

// Succeeded stops the case if the call failed.
func (t *T) Succeeded(a *Answer) {
	if !t.check(!a.Failed, Failure{"result of " + a.Tool, "success", "the error " + asJSON(a.Text)}) {
		panic(stopped{})
	}
}

// Refused stops the case if the call did not fail, or says so without the
// structured error that clients read.
func (t *T) Refused(a *Answer) {
	reason, _ := At(a.Structured, "error", "reason").(string)
	if !t.check(a.Failed && reason != "" && a.Text != "", Failure{"result of " + a.Tool, "isError with a text and a structured error", asJSON(a.Text)}) {
		panic(stopped{})
	}
}
