// Package journeys holds the tools for journeys and their nodes. A journey is a
// tree, which connects nodes, and the nodes, whose configurations AM keeps apart
// from it.
package journeys

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

// Tools lists the tools of this area.
func Tools() []tool.Tool[*aic.Client] {
	return []tool.Tool[*aic.Client]{
		list, get, create, update, remove, setDefault, previewURL,
		listTypes, details, outcomes, updateNode, removeNodes,
	}
}

var (
	scopes       = []tool.Scope{aic.AM}
	realmRules   = tool.Rules(tool.Enum("alpha", "bravo"))
	journeyRules = tool.Rules(tool.Pattern(`[^.\s]`, "must not be blank or consist of dots only"), tool.Length(1, 200))
	typeRules    = tool.Rules(tool.Pattern(typePattern, "must be the ID of a node type: find it with listNodeTypes"))
	nodeRules    = tool.Rules(tool.Pattern(`^[A-Za-z0-9-]{1,100}$`, "must be the ID of a node, a UUID: find it with getJourney"))
	versionRules = tool.Rules(tool.Pattern(versionPattern, "must be a version such as 2.0"))
)

const (
	typePattern    = `^[A-Za-z0-9_-]{1,200}$`
	versionPattern = `^[0-9]{1,3}\.[0-9]{1,3}$`
)

// secretArguments are the attributes of nodes that hold secrets. Names do not tell:
// passwordAttribute is the name of an attribute.
var secretArguments = []string{"adminPassword", "apiKey", "bindPassword", "clientSecret", "hmacSigningKey", "password", "privateKey", "secret", "secretKey"}

// keyedByID are the members that have nodes or connections in them, by ID.
var keyedByID = []string{"nodes", "connections", "nodeIds"}

const nothingSent = "Correct it and call again; nothing was changed."

const (
	successID = "70e691a5-1e33-4ac3-a356-e7b6d60d92e0"
	failureID = "e301438c-0bd0-429c-ab0c-66126501069a"
	startID   = "startNode"

	pageType   = "PageNode"
	innerType  = "InnerTreeEvaluatorNode"
	scriptType = "ScriptedDecisionNode"
)

// backTime is how long taking back may take, even if the call was cancelled.
const backTime = 20 * time.Second

// about is what a tree says of its journey.
type about struct {
	Name               string   `json:"name"`
	Description        string   `json:"description,omitempty"`
	Enabled            bool     `json:"enabled"`
	IdentityResource   string   `json:"identityResource,omitempty"`
	InnerTreeOnly      bool     `json:"innerTreeOnly,omitempty"`
	MustRun            bool     `json:"mustRun,omitempty"`
	MaximumSessionTime int64    `json:"maximumSessionTime,omitempty"`
	MaximumIdleTime    int64    `json:"maximumIdleTime,omitempty"`
	Categories         []string `json:"categories,omitempty"`
}

func aboutFrom(tree aic.Object) about {
	a := about{
		Name:               aic.String(tree, "_id"),
		Description:        aic.String(tree, "description"),
		Enabled:            enabled(tree),
		IdentityResource:   aic.String(tree, "identityResource"),
		InnerTreeOnly:      tree["innerTreeOnly"] == true,
		MustRun:            tree["mustRun"] == true,
		MaximumSessionTime: minutes(tree["maximumSessionTime"]),
		MaximumIdleTime:    minutes(tree["maximumIdleTime"]),
	}
	// A list as a text; what does not read as one is nobody's category.
	_ = rest.Decode([]byte(aic.String(tree["uiConfig"], "categories")), &a.Categories)
	return a
}

// minutes is a number of them, 0 if there is none.
func minutes(v any) int64 {
	n, _ := v.(json.Number)
	whole, err := n.Int64()
	if err != nil {
		return 0
	}
	return whole
}

// enabled reports whether a journey can be run: older releases do not say.
func enabled(tree aic.Object) bool { return tree["enabled"] != false }

// node is where a node is kept, for callers.
type node struct {
	Type    string `json:"nodeType"`
	ID      string `json:"nodeId"`
	Version string `json:"version,omitempty"`
}

func (n node) address() aic.Node {
	return aic.NodeOf(aic.Object{"nodeType": n.Type, "version": n.Version}, n.ID)
}

func nodeAt(a aic.Node) node { return node{a.Type, a.ID, a.Version} }

func (n node) compare(other node) int {
	return cmp.Or(strings.Compare(n.Type, other.Type), strings.Compare(n.ID, other.ID), strings.Compare(n.Version, other.Version))
}

// problem is what went wrong with a part of what was asked for.
type problem struct {
	Status  int    `json:"status,omitempty"`
	Message string `json:"message"`
}

// problemOf is the error of a tenant as a part of an answer. Any other is of the
// whole call.
func problemOf(err error) (*problem, error) {
	var e *rest.Error
	if !errors.As(err, &e) {
		return nil, err
	}
	return &problem{e.Status, cmp.Or(e.Message, e.Reason)}, nil
}

// results are the objects of a tenant's list.
func results(page aic.Object) ([]aic.Object, error) {
	elements, ok := page["result"].([]any)
	if !ok {
		return nil, tool.Unusable("the tenant's answer has no list of results")
	}
	out := make([]aic.Object, len(elements))
	for i, e := range elements {
		if out[i], ok = e.(map[string]any); !ok {
			return nil, tool.Unusable("the tenant's answer lists something that is no object")
		}
	}
	return out, nil
}

// nodesOf is where the nodes of a tree are kept, by ID.
func nodesOf(tree aic.Object) map[string]aic.Node {
	entries, _ := tree["nodes"].(map[string]any)
	out := make(map[string]aic.Node, len(entries))
	for id, e := range entries {
		entry, _ := e.(map[string]any)
		out[id] = aic.NodeOf(entry, id)
	}
	return out
}

// explain adds to an error of a request for a journey what a caller should know.
func explain(err error) error {
	if rest.Status(err) == http.StatusNotFound {
		return tool.WithHint(err, "journeyName", "Call listJourneys for the journeys that the realm has; capitals count.")
	}
	return err
}

// existing reads a node, nil if there is none.
func existing(ctx context.Context, c *aic.Client, realm string, n aic.Node) (aic.Object, error) {
	doc, err := c.ReadNode(ctx, realm, n)
	if rest.Status(err) == http.StatusNotFound {
		return nil, nil
	}
	return doc, err
}
