package tool

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"aicmcp/server/rest"
)

// Tool is a tool ready to be registered, which acts through clients of type C.
type Tool[C any] struct {
	Spec
	// Declaration is what clients see.
	Declaration *mcp.Tool
	handler     func(Connector[C], *slog.Logger) mcp.ToolHandler
}

// Around is what happens before and after each call.
type Around func(mcp.ToolHandler) mcp.ToolHandler

// Register adds the tool to a server. Calls get their client from conn;
// panics go to the log.
func (t Tool[C]) Register(srv *mcp.Server, conn Connector[C], log *slog.Logger, around ...Around) {
	handler := t.handler(conn, log)
	for _, a := range around {
		handler = a(handler)
	}
	srv.AddTool(t.Declaration, handler)
}

// Define makes a tool of fn. It panics on a declaration that cannot work.
func Define[C, In, Out any](spec Spec, fn func(ctx context.Context, c C, in In) (Out, error)) Tool[C] {
	if spec.Effect < ReadOnly || spec.Effect > Destructive {
		panic(fmt.Sprintf("tool %s: no effect is set", spec.Name))
	}
	if len(spec.Scopes) == 0 && !spec.Unscoped {
		panic(fmt.Sprintf("tool %s: no scopes are set", spec.Name))
	}
	api := cmp.Or(spec.API, defaultAPI)
	in, err := inputSchema[In](spec.Params)
	if err != nil {
		panic(fmt.Sprintf("tool %s: input: %v", spec.Name, err))
	}
	output, err := outputSchema[Out](api)
	if err != nil {
		panic(fmt.Sprintf("tool %s: output: %v", spec.Name, err))
	}
	t := Tool[C]{
		Spec: spec,
		Declaration: &mcp.Tool{
			Meta:         mcp.Meta{"scopes": append([]Scope{}, spec.Scopes...)},
			Name:         spec.Name,
			Title:        spec.Title,
			Description:  spec.Description,
			InputSchema:  in.Schema,
			OutputSchema: output,
			Annotations:  spec.Effect.annotations(),
		},
	}
	t.handler = func(conn Connector[C], log *slog.Logger) mcp.ToolHandler {
		return func(ctx context.Context, req *mcp.CallToolRequest) (res *mcp.CallToolResult, _ error) {
			ctx, trace := rest.WithTrace(ctx)
			reportProgress(ctx, req, trace, log)
			var hidden secrets
			defer func() {
				if p := recover(); p != nil {
					log.ErrorContext(ctx, "tool panicked", "tool", spec.Name, "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
					res = failed(&Failure{
						Reason:  "Internal error",
						Message: "this server has a bug that this call ran into",
						Hint:    "Do not repeat the same call; report the tool's name and the transaction ID.",
					}, trace, hidden)
				}
			}()
			args, failure := in.arguments(req.Params.Arguments, api)
			if failure != nil {
				return failed(failure, trace, hidden), nil
			}
			if !spec.NoSecrets {
				hidden = secretsIn(args, spec.secret(), spec.Keyed...)
			}
			var given In
			if err := convert(args, &given); err != nil {
				return failed(&Failure{Reason: "Invalid arguments", Message: "an argument does not have the form that the schema asks for"}, trace, hidden), nil
			}
			c, err := conn.Client(ctx, spec.Scopes)
			if err != nil {
				return failed(failureOf(err), trace, hidden), nil
			}
			out, err := fn(ctx, c, given)
			var doc map[string]any
			if err == nil {
				err = convert(out, &doc)
			}
			if err == nil {
				res, err = succeeded(spec, doc, trace, hidden)
			}
			if err != nil {
				failure := failureOf(err)
				if failure.Reason == reasonInternal {
					log.ErrorContext(ctx, "tool failed", "tool", spec.Name, "error", err)
				}
				res = failed(failure, trace, hidden)
			}
			return res, nil
		}
	}
	return t
}

// convert moves a value from one JSON-shaped type to another without loss.
func convert(from, to any) error {
	data, err := rest.Encode(from)
	if err != nil {
		return err
	}
	return rest.Decode(data, to)
}

func inputSchema[In any](params Params) (input, error) {
	s, err := jsonschema.For[In](nil)
	if err != nil {
		return input{}, err
	}
	tidy(s)
	if s.Properties == nil {
		s.Properties = map[string]*jsonschema.Schema{}
	}
	in := input{s, map[*jsonschema.Schema]string{}}
	for path, rules := range params {
		target, err := at(s, path)
		if err != nil {
			return input{}, err
		}
		for _, rule := range rules {
			rule(in, target)
		}
	}
	return in, nil
}
