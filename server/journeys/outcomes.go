package journeys

import (
	"context"
	"net/http"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

type outcomesInput struct {
	Realm   string     `json:"realm"`
	Type    string     `json:"nodeType"`
	Config  aic.Object `json:"config"`
	Version string     `json:"version,omitempty"`
}

type outcomesOutput struct {
	Outcomes []any `json:"outcomes"`
}

var outcomes = tool.Define(tool.Spec{
	Name:        "getDynamicNodeOutcomes",
	Title:       "Get Dynamic Node Outcomes",
	Description: "The outcomes that a node with a configuration has, such as those of a ScriptedDecisionNode or a PageNode. Connections must name each of them.",
	Scopes:      scopes,
	Secrets:     secretArguments,
	Keyed:       keyedByID,
	Effect:      tool.ReadOnly,
	Params:      tool.Params{"realm": realmRules, "nodeType": typeRules, "version": versionRules},
	Less:        "There is no shorter answer.",
}, func(ctx context.Context, c *aic.Client, in outcomesInput) (outcomesOutput, error) {
	g := &graph{ids: map[string]string{}}
	n := g.node("node", given{Type: in.Type, Version: in.Version, Config: in.Config})
	if err := g.refuse("config"); err != nil {
		return outcomesOutput{}, err
	}
	for name, id := range g.ids {
		for _, child := range n.children {
			if child.ID == id {
				child.ID = name // an outcome's ID can begin with it
			}
		}
	}
	found, err := c.NodeOutcomes(ctx, in.Realm, n.Type, n.Version, n.asked())
	return outcomesOutput{found}, explainType(err)
})

// explainType adds to an error of a request about a node type what a caller should
// know.
func explainType(err error) error {
	switch rest.Status(err) {
	case http.StatusNotFound:
		return tool.WithHint(err, "nodeType", "Call listNodeTypes for the types that there are.")
	case http.StatusBadRequest:
		return tool.WithHint(err, "config", "Check the configuration against getNodeTypeDetails.")
	}
	return err
}
