package aic

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"net/url"

	"aicmcp/server/rest"
)

// firstVersion is the version of nodes whose addresses need not name one.
const firstVersion = "1.0"

// Node is where a node is kept. The version of most is empty, which is the first.
type Node struct{ Type, Version, ID string }

// NodeOf is the node that an entry of a tree or a page stands for.
func NodeOf(entry Object, id string) Node {
	version := cmp.Or(String(entry, "version"), String(entry, "nodeVersion"))
	if version == firstVersion {
		version = ""
	}
	return Node{String(entry, "nodeType"), version, id}
}

// ReadNode reads the configuration of a node, and the outcomes that it has.
func (c *Client) ReadNode(ctx context.Context, realm string, n Node) (Object, error) {
	return c.node(ctx, realm, n, rest.Request{Method: http.MethodGet, Repeatable: true})
}

// WriteNode replaces the configuration of a node if it still has the revision. AM
// makes revisions of the content, so that one can come back: a write whose answer
// is lost is not sent again. It succeeded if the node has the configuration.
func (c *Client) WriteNode(ctx context.Context, realm string, n Node, revision string, config Object) (Object, error) {
	doc, err := c.node(ctx, realm, n, rest.Request{Method: http.MethodPut, Header: ifMatch(revision), Body: config, IfUndone: true})
	if !rest.IsUnknown(err) {
		return doc, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTime)
	defer cancel()
	if found, readErr := c.ReadNode(ctx, realm, n); readErr == nil && Includes(found, config) {
		return found, nil
	}
	return nil, err
}

// DeleteNode deletes a node. It is never sent twice: if the answer is lost, a node
// that is gone counts as deleted.
func (c *Client) DeleteNode(ctx context.Context, realm string, n Node) error {
	_, err := c.node(ctx, realm, n, rest.Request{Method: http.MethodDelete, IfUndone: true})
	if !rest.IsUnknown(err) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTime)
	defer cancel()
	if _, readErr := c.ReadNode(ctx, realm, n); isMissing(readErr) {
		return nil
	}
	return err
}

// QueryNodes returns the tenant's query envelope of all nodes of a type, whatever
// their version.
func (c *Client) QueryNodes(ctx context.Context, realm, nodeType string) (Object, error) {
	path, header, err := nodesPath(realm, nodeType, "")
	if err != nil {
		return nil, err
	}
	doc, _, err := c.api.Object(ctx, rest.Request{Method: http.MethodGet, Path: path, Query: url.Values{"_queryFilter": {"true"}}, Header: header, Repeatable: true})
	return doc, err
}

// AllNodes lists every node of a realm.
func (c *Client) AllNodes(ctx context.Context, realm string) (Object, error) {
	return c.askNodes(ctx, realm, "", "", "nextdescendents")
}

// NodeTypes lists the types of nodes that a realm can have.
func (c *Client) NodeTypes(ctx context.Context, realm string) (Object, error) {
	return c.askNodes(ctx, realm, "", "", "getAllTypes")
}

// NodeSchema describes the configuration of nodes of a type.
func (c *Client) NodeSchema(ctx context.Context, realm, nodeType, version string) (Object, error) {
	return c.askNodes(ctx, realm, nodeType, version, "schema")
}

// NodeTemplate returns the configuration of a node that says nothing.
func (c *Client) NodeTemplate(ctx context.Context, realm, nodeType, version string) (Object, error) {
	return c.askNodes(ctx, realm, nodeType, version, "template")
}

func (c *Client) askNodes(ctx context.Context, realm, nodeType, version, action string) (Object, error) {
	r, err := askRequest(realm, nodeType, version, action, Object{})
	if err != nil {
		return nil, err
	}
	doc, _, err := c.api.Object(ctx, r)
	return doc, err
}

// NodeOutcomes lists the outcomes that a node with the configuration has.
func (c *Client) NodeOutcomes(ctx context.Context, realm, nodeType, version string, config Object) ([]any, error) {
	r, err := askRequest(realm, nodeType, version, "listOutcomes", config)
	if err != nil {
		return nil, err
	}
	a, err := c.api.Do(ctx, r)
	if err != nil {
		return nil, err
	}
	var outcomes []any
	if err := rest.Decode(a.Body, &outcomes); err != nil || outcomes == nil {
		return nil, a.Unusable("its answer is not a list of outcomes", err)
	}
	return outcomes, nil
}

func askRequest(realm, nodeType, version, action string, body Object) (rest.Request, error) {
	path, header, err := nodesPath(realm, nodeType, version)
	if err != nil {
		return rest.Request{}, err
	}
	return rest.Request{
		Method: http.MethodPost, Path: path, Query: url.Values{"_action": {action}}, Header: header, Body: body,
		Repeatable: true, Harmless: true,
	}, nil
}

// node sends the request for a node and reads the answer as one.
func (c *Client) node(ctx context.Context, realm string, n Node, r rest.Request) (Object, error) {
	path, header, err := nodesPath(realm, n.Type, n.Version)
	if err != nil {
		return nil, err
	}
	id, err := rest.Segment(n.ID)
	if err != nil {
		return nil, err
	}
	maps.Copy(header, r.Header)
	r.Path, r.Header = path+"/"+id, header
	doc, a, err := c.api.Object(ctx, r)
	if err != nil {
		return nil, err
	}
	if doc["_id"] != n.ID {
		return nil, a.Unusable("the answer is not the node: it has another _id", nil)
	}
	return doc, nil
}

// nodesPath is the path of all nodes, of those of a type, or of those of a version
// of it, with the version of the API that takes it.
func nodesPath(realm, nodeType, version string) (string, http.Header, error) {
	segments, header := []string{"nodes"}, treeVersion()
	if nodeType != "" {
		segments = append(segments, nodeType)
	}
	if version != "" && version != firstVersion {
		segments = append(segments, version)
		header = http.Header{"Accept-Api-Version": {"protocol=2.1,resource=3.0"}}
	}
	path, err := treesPath(realm, segments...)
	return path, header, err
}
