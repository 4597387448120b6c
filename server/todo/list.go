package todo

import (
	"context"

	"aicmcp/server/tool"
)

type listInput struct{}

type listOutput struct {
	Todos []item `json:"todos"`
}

var list = tool.Define(tool.Spec{
	API:         API,
	Name:        "get_my_todo_list",
	Title:       "Get My To-do List",
	Description: "List the caller's to-dos, open ones first, with their IDs.",
	Scopes:      []tool.Scope{Read},
	Effect:      tool.ReadOnly,
}, func(ctx context.Context, c *Client, _ listInput) (listOutput, error) {
	todos, err := c.list(ctx)
	return listOutput{todos}, err
})
