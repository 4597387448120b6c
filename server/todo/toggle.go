package todo

import (
	"context"

	"aicmcp/server/tool"
)

type toggleInput struct {
	ID        string `json:"todoId" jsonschema:"ID of the to-do"`
	Completed bool   `json:"completed" jsonschema:"true when it is done, false to open it again"`
}

var toggle = tool.Define(tool.Spec{
	API:         API,
	Name:        "toggle_todo_status",
	Title:       "Toggle To-do Status",
	Description: "Mark one of the caller's to-dos as done, or as open again. get_my_todo_list has the IDs.",
	Scopes:      []tool.Scope{Write},
	Effect:      tool.Idempotent,
}, func(ctx context.Context, c *Client, in toggleInput) (itemOutput, error) {
	todo, err := c.setCompleted(ctx, in.ID, in.Completed)
	return itemOutput{todo}, err
})
