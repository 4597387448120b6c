package aic

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/sync/errgroup"

	"aicmcp/server/rest"
)

// AtOnce is how many requests for one call are under way at once.
const AtOnce = 8

// A journey is a tree, which says how nodes are connected, and the configurations
// of its nodes, each a resource of its own. So are the nodes within a page.

// QueryJourneys returns the tenant's query envelope of all trees of a realm.
func (c *Client) QueryJourneys(ctx context.Context, realm, fields string) (Object, error) {
	path, err := treesPath(realm, "trees")
	if err != nil {
		return nil, err
	}
	v := url.Values{"_queryFilter": {"true"}}
	if fields != "" {
		v.Set("_fields", fields)
	}
	doc, _, err := c.api.Object(ctx, rest.Request{Method: http.MethodGet, Path: path, Query: v, Header: treeVersion(), Repeatable: true})
	return doc, err
}

// ReadJourney reads the tree of a journey.
func (c *Client) ReadJourney(ctx context.Context, realm, name string) (Object, error) {
	return c.tree(ctx, realm, name, rest.Request{Method: http.MethodGet, Repeatable: true})
}

// LockJourney waits for its turn to change a journey, among clients that share
// Locks.
func (c *Client) LockJourney(ctx context.Context, realm, name string) (unlock func(), err error) {
	return c.lock(ctx, "journeys/"+realm+"/"+name)
}

// JourneyWrite is a tree, and the configurations to write with it: of its nodes
// and of those in its pages.
type JourneyWrite struct {
	Tree  Object
	Nodes map[Node]Object
}

// WriteJourney replaces a journey if it still has the revision, or makes one that
// was not there before if that is empty. The tenant writes the nodes along with the
// tree. AM makes revisions of the content, so that one can come back: a write whose
// answer is lost is not sent again. It succeeded if all of it is there.
func (c *Client) WriteJourney(ctx context.Context, realm, name, revision string, w JourneyWrite) (Object, error) {
	header := http.Header{"If-None-Match": {"*"}}
	if revision != "" {
		header = ifMatch(revision)
	}
	doc, err := c.tree(ctx, realm, name, rest.Request{Method: http.MethodPut, Header: header, Body: w.body(), IfUndone: true})
	if err == nil && !connected(doc, w.Tree) {
		err = &rest.Error{
			API: tenant, Reason: rest.ReasonUnusable, Message: "the tenant reported success, but its journey does not have the nodes that were sent",
			OwnWords: true, Unknown: true,
		}
	}
	if !rest.IsUnknown(err) {
		return doc, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTime)
	defer cancel()
	if found, lookErr := c.ReadJourney(ctx, realm, name); lookErr == nil && HasTree(found, w.Tree) && c.hasNodes(ctx, realm, w.Nodes) {
		return found, nil
	}
	return nil, err
}

// connected reports whether a tree has the nodes of another, and no more.
func connected(tree, other Object) bool {
	nodes, _ := tree["nodes"].(map[string]any)
	others, _ := other["nodes"].(map[string]any)
	if len(nodes) != len(others) || tree["entryNodeId"] != other["entryNodeId"] {
		return false
	}
	for id, v := range others {
		node, _ := v.(map[string]any)
		if String(nodes[id], "nodeType") != String(node, "nodeType") || !Includes(nodes[id], Object{"connections": node["connections"]}) {
			return false
		}
	}
	return true
}

// HasTree reports whether a tree is as it was written.
func HasTree(tree, written Object) bool { return connected(tree, written) && Includes(tree, written) }

var errOther = errors.New("other than written")

func (c *Client) hasNodes(ctx context.Context, realm string, nodes map[Node]Object) bool {
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(AtOnce)
	for n, config := range nodes {
		all.Go(func() error {
			node, err := c.ReadNode(ctx, realm, n)
			if err == nil && !Includes(node, config) {
				err = errOther
			}
			return err
		})
	}
	return all.Wait() == nil
}

// body is the tree with the configurations in it.
func (w JourneyWrite) body() Object {
	body := maps.Clone(w.Tree)
	nodes, _ := body["nodes"].(map[string]any)
	nodes = maps.Clone(nodes)
	for id, v := range nodes {
		node, _ := v.(map[string]any)
		config, given := w.Nodes[NodeOf(node, id)]
		if !given {
			continue
		}
		config = maps.Clone(config)
		config["_id"] = id
		if children := w.children(config); children != nil {
			config["nodes"] = children
		}
		node = maps.Clone(node)
		node["config"] = config
		nodes[id] = node
	}
	body["nodes"] = nodes
	return body
}

// children are the nodes of a page with the configurations in them, nil if it has
// none.
func (w JourneyWrite) children(page Object) []any {
	var out []any
	for _, child := range Children(page) {
		n := NodeOf(child, String(child, "_id"))
		if config, given := w.Nodes[n]; given {
			child = maps.Clone(child)
			child["_properties"] = config
		}
		out = append(out, child)
	}
	return out
}

// Children lists the nodes that a page refers to.
func Children(page Object) []Object {
	elements, _ := page["nodes"].([]any)
	var out []Object
	for _, e := range elements {
		if child, ok := e.(map[string]any); ok && String(child, "_id") != "" && String(child, "nodeType") != "" {
			out = append(out, child)
		}
	}
	return out
}

// DeleteJourney deletes a tree, and with it its nodes. It is never sent twice: if
// the answer is lost, a tree that is gone counts as deleted.
func (c *Client) DeleteJourney(ctx context.Context, realm, name string) error {
	_, err := c.tree(ctx, realm, name, rest.Request{Method: http.MethodDelete, IfUndone: true})
	if !rest.IsUnknown(err) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTime)
	defer cancel()
	if _, readErr := c.ReadJourney(ctx, realm, name); isMissing(readErr) {
		return nil
	}
	return err
}

// tree sends the request for a tree and reads the answer as one.
func (c *Client) tree(ctx context.Context, realm, name string, r rest.Request) (Object, error) {
	path, err := treesPath(realm, "trees", name)
	if err != nil {
		return nil, err
	}
	header := treeVersion()
	maps.Copy(header, r.Header)
	r.Path, r.Header = path, header
	doc, a, err := c.api.Object(ctx, r)
	if err != nil {
		return nil, err
	}
	if doc["_id"] != name {
		return nil, a.Unusable("the answer is not the journey: it has another _id", nil)
	}
	return doc, nil
}

// ReadAuthentication reads how people of a realm log in.
func (c *Client) ReadAuthentication(ctx context.Context, realm string) (Object, error) {
	return c.authentication(ctx, realm, rest.Request{Method: http.MethodGet, Repeatable: true})
}

// LockAuthentication waits for its turn to change that, among clients that share
// Locks.
func (c *Client) LockAuthentication(ctx context.Context, realm string) (unlock func(), err error) {
	return c.lock(ctx, "authentication/"+realm)
}

// WriteAuthentication replaces it if it still has the revision, if it has any. It
// is never sent twice: if the answer is lost, it succeeded if the tenant has it so.
func (c *Client) WriteAuthentication(ctx context.Context, realm, revision string, body Object) (Object, error) {
	r := rest.Request{Method: http.MethodPut, Body: body, IfUndone: true}
	if revision != "" {
		r.Header = ifMatch(revision)
	}
	doc, err := c.authentication(ctx, realm, r)
	if !rest.IsUnknown(err) {
		return doc, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTime)
	defer cancel()
	if found, readErr := c.ReadAuthentication(ctx, realm); readErr == nil && Includes(found, body) {
		return found, nil
	}
	return nil, err
}

func (c *Client) authentication(ctx context.Context, realm string, r rest.Request) (Object, error) {
	path, err := realmPath(realm, "realm-config", "authentication")
	if err != nil {
		return nil, err
	}
	header := http.Header{"Accept-Api-Version": {"resource=1.0"}}
	maps.Copy(header, r.Header)
	r.Path, r.Header = path, header
	doc, a, err := c.api.Object(ctx, r)
	if err != nil {
		return nil, err
	}
	if _, ok := doc["core"].(map[string]any); !ok {
		return nil, a.Unusable("the answer does not tell the realm's default journey", nil)
	}
	return doc, nil
}

// LoginURL is where a browser runs a journey, the realm's default one if name is
// empty.
func (c *Client) LoginURL(realm, name string) string {
	address := c.base.Scheme + "://" + c.base.Host + "/am/XUI/?realm=/" + url.QueryEscape(realm)
	if name != "" {
		// Pages read a plus sign as itself.
		address += "&authIndexType=service&authIndexValue=" + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	}
	return address
}

func treesPath(realm string, segments ...string) (string, error) {
	return realmPath(realm, append([]string{"realm-config", "authentication", "authenticationtrees"}, segments...)...)
}

func treeVersion() http.Header {
	return http.Header{"Accept-Api-Version": {"protocol=2.1,resource=1.0"}}
}

// Includes reports whether a document has all that part says. What is empty may be
// left out.
func Includes(document, part any) bool {
	if document == nil {
		switch part := part.(type) {
		case map[string]any:
			return len(part) == 0
		case []any:
			return len(part) == 0
		}
		return part == nil || part == ""
	}
	switch part := part.(type) {
	case nil:
		return true
	case map[string]any:
		object, ok := document.(map[string]any)
		if !ok {
			return false
		}
		for name, v := range part {
			if !Includes(object[name], v) {
				return false
			}
		}
		return true
	case []any:
		array, ok := document.([]any)
		if !ok || len(array) != len(part) {
			return false
		}
		for i, v := range part {
			if !Includes(array[i], v) {
				return false
			}
		}
		return true
	}
	return Equal(document, part)
}
