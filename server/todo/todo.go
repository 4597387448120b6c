// Package todo has the tools for the Todo API, a protected API for demonstrations.
package todo

import (
	"context"
	"net/http"
	"time"

	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

// What the API asks for.
const (
	Read  tool.Scope = "todo_api:read"
	Write tool.Scope = "todo_api:write"
)

// API is what messages call it.
const API = "the Todo API"

// Tools lists the tools for the Todo API.
func Tools() []tool.Tool[*Client] { return []tool.Tool[*Client]{list, create, toggle, remove} }

// Client talks to the API as one caller, who sees their own to-dos only.
type Client struct{ rest *rest.Client }

// New returns a client. It sets what options say of the API itself.
func New(opts rest.Options) (*Client, error) {
	opts.API = API
	opts.Hints = map[int]string{http.StatusNotFound: hintIDs}
	c, err := rest.New(opts)
	return &Client{c}, err
}

const (
	collection = "/api/todos"
	hintIDs    = "Call get_my_todo_list for the IDs that there are."
)

type item struct {
	ID        string    `json:"id"`
	Text      string    `json:"text"`
	Completed bool      `json:"completed"`
	Created   time.Time `json:"created"`
}

func (c *Client) list(ctx context.Context) ([]item, error) {
	var page struct {
		Todos []item `json:"todos"`
	}
	answer, err := c.rest.Do(ctx, rest.Request{Method: http.MethodGet, Path: collection, Repeatable: true})
	if err != nil {
		return nil, err
	}
	if err := rest.Decode(answer.Body, &page); err != nil || page.Todos == nil {
		return nil, answer.Unusable("its answer is no list of to-dos", err)
	}
	return page.Todos, nil
}

func (c *Client) create(ctx context.Context, text string) (item, error) {
	return c.item(ctx, rest.Request{Method: http.MethodPost, Path: collection, Body: map[string]any{"text": text}})
}

func (c *Client) setCompleted(ctx context.Context, id string, completed bool) (item, error) {
	path, err := pathOf(id)
	if err != nil {
		return item{}, err
	}
	return c.item(ctx, rest.Request{Method: http.MethodPatch, Path: path, Body: map[string]any{"completed": completed}, Repeatable: true})
}

func (c *Client) delete(ctx context.Context, id string) error {
	path, err := pathOf(id)
	if err != nil {
		return err
	}
	_, err = c.rest.Do(ctx, rest.Request{Method: http.MethodDelete, Path: path})
	return err
}

// item sends a request whose answer is a to-do.
func (c *Client) item(ctx context.Context, r rest.Request) (item, error) {
	var i item
	answer, err := c.rest.Do(ctx, r)
	if err != nil {
		return item{}, err
	}
	if err := rest.Decode(answer.Body, &i); err != nil || i.ID == "" {
		return item{}, answer.Unusable("its answer is no to-do", err)
	}
	return i, nil
}

func pathOf(id string) (string, error) {
	segment, err := rest.Segment(id)
	if err != nil {
		return "", tool.Invalid("todoId", "is no ID", hintIDs)
	}
	return collection + "/" + segment, nil
}
