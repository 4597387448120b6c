package aic

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"aicmcp/server/rest"
)

// ESVQuery selects environment secrets or variables. The zero value of a field
// leaves it out.
type ESVQuery struct {
	// Term is a part of the ID.
	Term     string
	PageSize int
	Cookie   string
	SortKeys string
}

// QueryVariables returns the tenant's query envelope.
func (c *Client) QueryVariables(ctx context.Context, q ESVQuery) (Object, error) {
	return c.queryESVs(ctx, "variables", q)
}

// QuerySecrets returns the tenant's query envelope, without values.
func (c *Client) QuerySecrets(ctx context.Context, q ESVQuery) (Object, error) {
	return c.queryESVs(ctx, "secrets", q)
}

func (c *Client) queryESVs(ctx context.Context, kind string, q ESVQuery) (Object, error) {
	v := url.Values{"_queryFilter": {"true"}}
	if q.Term != "" {
		v.Set("_queryFilter", "/_id co "+Literal(q.Term))
	}
	if q.PageSize > 0 {
		v.Set("_pageSize", strconv.Itoa(q.PageSize))
	}
	if q.Cookie != "" {
		v.Set("_pagedResultsCookie", q.Cookie)
	}
	if q.SortKeys != "" {
		v.Set("_sortKeys", trimmed(q.SortKeys))
	}
	doc, _, err := c.api.Object(ctx, rest.Request{
		Method: http.MethodGet, Path: "/environment/" + kind, Query: v, Header: esvVersion(), Repeatable: true,
	})
	return doc, err
}

// ReadVariable reads one variable.
func (c *Client) ReadVariable(ctx context.Context, id string) (Object, error) {
	return c.variable(ctx, id, rest.Request{Method: http.MethodGet, Repeatable: true})
}

// ChangeVariable creates or replaces a variable with what plan makes of it as it
// is, nil if there is none, and returns it as it is then. Variables have no
// revision: clients that share Locks do not get between the read and the write,
// others can. A write whose answer is lost is never sent again, since it would
// undo what others wrote meanwhile: it succeeded if the variable is as planned.
func (c *Client) ChangeVariable(ctx context.Context, id string, plan func(now Object) (Object, error)) (Object, error) {
	unlock, err := c.lock(ctx, "variables/"+id)
	if err != nil {
		return nil, err
	}
	defer unlock()
	now, err := c.ReadVariable(ctx, id)
	if err != nil && !isMissing(err) {
		return nil, err
	}
	body, err := plan(now)
	if err != nil {
		return nil, err
	}
	doc, err := c.variable(ctx, id, rest.Request{Method: http.MethodPut, Body: body, IfUndone: true})
	if !rest.IsUnknown(err) {
		return doc, err
	}
	found, readErr := c.ReadVariable(ctx, id)
	if readErr == nil && found["valueBase64"] == body["valueBase64"] && String(found, "description") == String(body, "description") {
		return found, nil
	}
	return nil, err
}

// DeleteVariable deletes the variable and returns it, or nil if the answer was
// lost and the variable was found to be gone. It is never sent twice: somebody
// may have made another of that name.
func (c *Client) DeleteVariable(ctx context.Context, id string) (Object, error) {
	doc, err := c.variable(ctx, id, rest.Request{Method: http.MethodDelete})
	if !rest.IsUnknown(err) {
		return doc, err
	}
	if _, readErr := c.ReadVariable(ctx, id); isMissing(readErr) {
		return nil, nil
	}
	return nil, err
}

// CountPending counts the variables and secrets that wait for a restart.
func (c *Client) CountPending(ctx context.Context) (Object, error) {
	doc, _, err := c.api.Object(ctx, rest.Request{
		Method: http.MethodGet, Path: "/environment/count", Query: url.Values{"_onlyPending": {"true"}}, Header: esvVersion(), Repeatable: true,
	})
	return doc, err
}

// variable sends the request for a variable and reads the answer as one.
func (c *Client) variable(ctx context.Context, id string, r rest.Request) (Object, error) {
	escaped, err := rest.Segment(id)
	if err != nil {
		return nil, err
	}
	r.Path, r.Header = "/environment/variables/"+escaped, esvVersion()
	doc, a, err := c.api.Object(ctx, r)
	if err != nil {
		return nil, err
	}
	if _, hasValue := doc["valueBase64"].(string); doc["_id"] != id || !hasValue {
		return nil, a.Unusable("the answer is not the variable: it has another _id, or no valueBase64", nil)
	}
	return doc, nil
}

func esvVersion() http.Header { return http.Header{"Accept-Api-Version": {"resource=2.0"}} }

func isMissing(err error) bool {
	var e *rest.Error
	return errors.As(err, &e) && e.Status == http.StatusNotFound
}
