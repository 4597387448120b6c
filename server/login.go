package server

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"aicmcp/server/auth"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

// Login is one that a person does elsewhere: an auth.Source. Calls that need it
// fail with *auth.Pending.
type Login interface {
	// Await waits until the login is done, but no longer than patience.
	Await(ctx context.Context, patience time.Duration) error
}

const (
	// loginRequest names the only question that clients are asked.
	loginRequest = "login"
	// patience is how long a call waits for a person who said yes: many
	// clients give up a call after a minute.
	patience = 50 * time.Second
)

// loginNote is what a call knows of the login that it needs.
type loginNote struct {
	mu      sync.Mutex
	pending *auth.Pending
	refusal error
	// told is the answer for a client that cannot be asked.
	told *mcp.CallToolResult
}

type loginKey struct{}

// withLoginNote returns a context whose calls note the login that they need. A
// context that has a note already keeps it.
func withLoginNote(ctx context.Context) (context.Context, *loginNote) {
	if n, ok := ctx.Value(loginKey{}).(*loginNote); ok {
		return ctx, n
	}
	n := new(loginNote)
	return context.WithValue(ctx, loginKey{}, n), n
}

// notePending notes the login that a call cannot do without.
func notePending(ctx context.Context, p *auth.Pending) {
	if n, ok := ctx.Value(loginKey{}).(*loginNote); ok {
		n.mu.Lock()
		n.pending = p
		n.mu.Unlock()
	}
}

// refusedLogin is why there will be no login, if that is known.
func refusedLogin(ctx context.Context) error {
	n, ok := ctx.Value(loginKey{}).(*loginNote)
	if !ok {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.refusal
}

// askToLogIn lets the client ask its person to log in, if a call needs that and
// has done nothing yet: the client will make the same call once more. A client
// that cannot ask gets the call's failure, which says what to open.
func askToLogIn(login Login) tool.Around {
	return func(next mcp.ToolHandler) mcp.ToolHandler {
		return func(ctx context.Context, req *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			ctx, note := withLoginNote(ctx)
			ctx, trace := rest.WithTrace(ctx)
			answer, answered := req.Params.InputResponses[loginRequest].(*mcp.ElicitResult)
			if answered {
				refusal := answerTo(ctx, login, answer)
				note.mu.Lock()
				note.pending, note.refusal = nil, refusal
				note.mu.Unlock()
			}
			res, err := next(ctx, req)
			note.mu.Lock()
			defer note.mu.Unlock()
			if err != nil || note.pending == nil || answered || trace.Requests() > 0 {
				return res, err
			}
			question := question(req.ClientCapabilities(), note.pending)
			if question == nil {
				return res, nil
			}
			note.told = res
			return &mcp.CallToolResult{InputRequests: mcp.InputRequestMap{loginRequest: question}}, nil
		}
	}
}

// answerTo waits for a person who said yes. Its error is that of a login that
// has ended; for one that goes on, the call sees for itself.
func answerTo(ctx context.Context, login Login, answer *mcp.ElicitResult) error {
	if answer.Action != "accept" {
		return &auth.Error{Op: "login", Err: auth.ErrDeclined, Description: "the person did not want to log in"}
	}
	err := login.Await(ctx, patience)
	var pending *auth.Pending
	if errors.As(err, &pending) {
		return nil
	}
	return err
}

// question is what the client can ask its person; nil if it cannot.
func question(client *mcp.ClientCapabilities, p *auth.Pending) *mcp.ElicitParams {
	if client == nil || client.Elicitation == nil {
		return nil
	}
	why := fmt.Sprintf("aic-mcp needs you to log in to %s. ", p.Tenant)
	until := p.Expires.UTC().Format(time.TimeOnly + " MST")
	if client.Elicitation.URL != nil {
		return &mcp.ElicitParams{
			Mode: "url", URL: p.URL, ElicitationID: p.ID,
			Message: why + fmt.Sprintf("The page shows the code %s, or asks for it. It is good until %s.", p.Code, until),
		}
	}
	return &mcp.ElicitParams{
		Mode:    "form",
		Message: why + fmt.Sprintf("Open %s on any device; the page shows the code %s, or asks for it. It is good until %s. Confirm here when you have logged in.", p.URL, p.Code, until),
		RequestedSchema: map[string]any{
			"type":       "object",
			"properties": map[string]any{"done": map[string]any{"type": "boolean", "title": "I have logged in", "default": true}},
		},
	}
}

// unasked answers for a client that said it can ask its person and then could
// not: with what it would have been told had it not said so.
func unasked(next mcp.MethodHandler) mcp.MethodHandler {
	return func(ctx context.Context, method string, req mcp.Request) (mcp.Result, error) {
		ctx, note := withLoginNote(ctx)
		res, err := next(ctx, method, req)
		if err == nil || ctx.Err() != nil {
			return res, err
		}
		note.mu.Lock()
		defer note.mu.Unlock()
		if note.told == nil {
			return res, err
		}
		return note.told, nil
	}
}
