package aic

import (
	"context"
	"net/http"
	"net/url"

	"aicmcp/server/rest"
)

// QueryScripts returns the tenant's query envelope of a realm's scripts.
func (c *Client) QueryScripts(ctx context.Context, realm, filter, fields string) (Object, error) {
	path, err := realmPath(realm, "scripts")
	if err != nil {
		return nil, err
	}
	v := url.Values{"_queryFilter": {filter}}
	if fields != "" {
		v.Set("_fields", fields)
	}
	doc, _, err := c.api.Object(ctx, rest.Request{Method: http.MethodGet, Path: path, Query: v, Header: scriptVersion(), Repeatable: true})
	return doc, err
}

// ReadScript reads one script, its source in base64.
func (c *Client) ReadScript(ctx context.Context, realm, id string) (Object, error) {
	return c.script(ctx, realm, id, rest.Request{Method: http.MethodGet, Repeatable: true})
}

// CreateScript makes a script under an ID that no other has. A write whose answer
// is lost is not sent again: the script is there by that ID, or it is not.
func (c *Client) CreateScript(ctx context.Context, realm, id string, body Object) (Object, error) {
	return c.putScript(ctx, realm, id, body)
}

// ChangeScript replaces a script with what plan makes of it as it is. Scripts
// have no revision: clients that share Locks do not get between the read and the
// write, others can. A write whose answer is lost is never sent again, since it
// would undo what others wrote meanwhile: it succeeded if the script is as planned.
func (c *Client) ChangeScript(ctx context.Context, realm, id string, plan func(now Object) (Object, error)) (Object, error) {
	unlock, err := c.lock(ctx, "scripts/"+realm+"/"+id)
	if err != nil {
		return nil, err
	}
	defer unlock()
	now, err := c.ReadScript(ctx, realm, id)
	if err != nil {
		return nil, err
	}
	body, err := plan(now)
	if err != nil {
		return nil, err
	}
	return c.putScript(ctx, realm, id, body)
}

// putScript writes a script once. If the answer is lost, the write is settled by a
// read.
func (c *Client) putScript(ctx context.Context, realm, id string, body Object) (Object, error) {
	doc, err := c.script(ctx, realm, id, rest.Request{Method: http.MethodPut, Body: body})
	if !rest.IsUnknown(err) {
		return doc, err
	}
	if found, readErr := c.ReadScript(ctx, realm, id); readErr == nil && hasScript(found, body) {
		return found, nil
	}
	return nil, err
}

// hasScript reports whether a script is what was written, but for what the tenant sets.
func hasScript(script, written Object) bool {
	for _, name := range []string{"name", "description", "script", "language", "context", "evaluatorVersion"} {
		if v, given := written[name]; given && !Equal(script[name], v) {
			return false
		}
	}
	return true
}

// DeleteScript deletes the script. It is never sent twice: if the answer is lost,
// a script that is gone counts as deleted.
func (c *Client) DeleteScript(ctx context.Context, realm, id string) error {
	_, err := c.script(ctx, realm, id, rest.Request{Method: http.MethodDelete})
	if !rest.IsUnknown(err) {
		return err
	}
	if _, readErr := c.ReadScript(ctx, realm, id); isMissing(readErr) {
		return nil
	}
	return err
}

// ScriptContext reads what scripts of a context can use.
func (c *Client) ScriptContext(ctx context.Context, realm, name string) (Object, error) {
	path, err := realmPath(realm, "contexts", name)
	if err != nil {
		return nil, err
	}
	doc, _, err := c.api.Object(ctx, rest.Request{Method: http.MethodGet, Path: path, Header: scriptVersion(), Repeatable: true})
	return doc, err
}

// script sends the request for a script and reads the answer as one.
func (c *Client) script(ctx context.Context, realm, id string, r rest.Request) (Object, error) {
	path, err := realmPath(realm, "scripts", id)
	if err != nil {
		return nil, err
	}
	r.Path, r.Header = path, scriptVersion()
	doc, a, err := c.api.Object(ctx, r)
	if err != nil {
		return nil, err
	}
	_, hasSource := doc["script"].(string)
	if doc["_id"] != id || !hasSource && r.Method != http.MethodDelete {
		return nil, a.Unusable("the answer is not the script: it has another _id, or no source", nil)
	}
	return doc, nil
}

func scriptVersion() http.Header {
	return http.Header{"Accept-Api-Version": {"protocol=2.0,resource=1.0"}}
}

// realmPath is the path of something that AM keeps in a realm, each segment
// escaped as one.
func realmPath(realm string, segments ...string) (string, error) {
	path := "/am/json/realms/root/realms"
	for _, s := range append([]string{realm}, segments...) {
		escaped, err := rest.Segment(s)
		if err != nil {
			return "", err
		}
		path += "/" + escaped
	}
	return path, nil
}
