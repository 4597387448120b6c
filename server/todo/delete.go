package todo

import (
	"context"

	"aicmcp/server/tool"
)

type deleteInput struct {
	ID string `json:"todoId" jsonschema:"ID of the to-do"`
}

type deleteOutput struct {
	Deleted string `json:"deletedTodoId"`
}

var remove = tool.Define(tool.Spec{
	API:         API,
	Name:        "delete_todo",
	Title:       "Delete To-do",
	Description: "Delete one of the caller's to-dos for good. get_my_todo_list has the IDs.",
	Scopes:      []tool.Scope{Write},
	Effect:      tool.Destructive,
}, func(ctx context.Context, c *Client, in deleteInput) (deleteOutput, error) {
	return deleteOutput{in.ID}, c.delete(ctx, in.ID)
})
