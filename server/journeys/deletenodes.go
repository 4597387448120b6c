package journeys

import (
	"context"
	"net/http"
	"slices"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

type removeNodesInput struct {
	Realm string `json:"realm"`
	Nodes []node `json:"nodes"`
}

type removeNodesOutput struct {
	Results []fate `json:"results"`
	Deleted int    `json:"deleted" jsonschema:"how many"`
}

// fate is what became of a node.
type fate struct {
	node
	Result string   `json:"result"`
	UsedBy string   `json:"usedBy,omitempty" jsonschema:"journey, or ID of the page, that has it"`
	Error  *problem `json:"error,omitempty"`
}

const (
	deleted = "deleted"
	gone    = "already gone"
	inUse   = "in use"
	failed  = "failed"
)

// failedFate is that of a node that could not be deleted.
func failedFate(n aic.Node, err error) fate {
	f := fate{node: nodeAt(n), Result: failed, Error: &problem{Message: "the request could not be sent"}}
	if p, _ := problemOf(err); p != nil {
		f.Error = p
	}
	return f
}

var removeNodes = tool.Define(tool.Spec{
	Name:        "deleteJourneyNodes",
	Title:       "Delete Journey Nodes",
	Description: "Delete nodes for good that no journey has any more, such as the orphans that updateJourney tells. A node in use stays.",
	Scopes:      scopes,
	Effect:      tool.Destructive,
	Params: tool.Params{
		"realm": realmRules, "nodes": tool.Rules(tool.Items(1, 100)),
		"nodes.nodeType": typeRules, "nodes.nodeId": nodeRules, "nodes.version": versionRules,
	},
	Less: "The nodes were deleted as far as they could be.",
}, func(ctx context.Context, c *aic.Client, in removeNodesInput) (removeNodesOutput, error) {
	nodes := slices.CompactFunc(slices.SortedFunc(slices.Values(in.Nodes), node.compare), func(a, b node) bool { return a == b })
	out := removeNodesOutput{Results: make([]fate, len(nodes))}
	goes := map[string]bool{}
	for _, n := range nodes {
		goes[n.ID] = true
	}
	users, err := usersOf(ctx, c, in.Realm, goes)
	if err != nil {
		return removeNodesOutput{}, err
	}
	all := together()
	for i, n := range nodes {
		all.Go(func() error {
			out.Results[i] = deleteNode(ctx, c, in.Realm, n, users[n.ID])
			return nil
		})
	}
	_ = all.Wait() // no function fails
	for _, f := range out.Results {
		if f.Result == deleted {
			out.Deleted++
		}
	}
	return out, nil
})

func deleteNode(ctx context.Context, c *aic.Client, realm string, n node, user string) fate {
	if user != "" {
		return fate{node: n, Result: inUse, UsedBy: user}
	}
	err := c.DeleteNode(ctx, realm, n.address())
	switch {
	case err == nil:
		return fate{node: n, Result: deleted}
	case rest.Status(err) == http.StatusNotFound:
		return fate{node: n, Result: gone}
	}
	return failedFate(n.address(), err)
}
