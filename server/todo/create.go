package todo

import (
	"context"

	"aicmcp/server/tool"
)

// maxText is the API's limit, in characters.
const maxText = 1000

type createInput struct {
	Text string `json:"text" jsonschema:"what is to be done"`
}

type itemOutput struct {
	Todo item `json:"todo"`
}

var create = tool.Define(tool.Spec{
	API:         API,
	Name:        "create_new_todo",
	Title:       "Create New To-do",
	Description: "Add a to-do to the caller's list.",
	Scopes:      []tool.Scope{Write},
	Effect:      tool.Additive,
	Params:      tool.Params{"text": tool.Rules(tool.Length(1, maxText))},
}, func(ctx context.Context, c *Client, in createInput) (itemOutput, error) {
	todo, err := c.create(ctx, in.Text)
	return itemOutput{todo}, err
})
