package journeys

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

type updateNodeInput struct {
	Realm   string     `json:"realm"`
	Type    string     `json:"nodeType"`
	ID      string     `json:"nodeId"`
	Config  aic.Object `json:"config" jsonschema:"all attributes: what is left out gets its default"`
	Version string     `json:"version,omitempty"`
}

type updateNodeOutput struct {
	node
	Config   aic.Object `json:"config"`
	Outcomes []string   `json:"outcomes"`
	Gained   []string   `json:"gainedOutcomes,omitempty"`
	Lost     []string   `json:"lostOutcomes,omitempty"`
	Orphans  []node     `json:"orphans,omitempty" jsonschema:"nodes that the page needs no more"`
	Warnings []string   `json:"warnings,omitempty"`
}

var updateNode = tool.Define(tool.Spec{
	Name:        "updateJourneyNode",
	Title:       "Update Journey Node",
	Description: "Replace the configuration of a node of a journey or a page. It is checked against the schema. Call getJourney first.",
	Scopes:      scopes,
	Secrets:     secretArguments,
	Effect:      tool.Idempotent,
	Params:      tool.Params{"realm": realmRules, "nodeType": typeRules, "nodeId": nodeRules, "version": versionRules},
	Less:        "The node was changed; read it with getJourney.",
}, func(ctx context.Context, c *aic.Client, in updateNodeInput) (updateNodeOutput, error) {
	n := node{in.Type, in.ID, in.Version}.address()
	var before, schema aic.Object
	var schemaErr error
	both := together()
	both.Go(func() (err error) {
		before, err = c.ReadNode(ctx, in.Realm, n)
		return in.explain(err)
	})
	both.Go(func() error {
		schema, schemaErr = c.NodeSchema(ctx, in.Realm, n.Type, n.Version)
		if unchecked(schemaErr) {
			return nil
		}
		return schemaErr
	})
	if err := both.Wait(); err != nil {
		return updateNodeOutput{}, err
	}
	g := &graph{ids: map[string]string{}}
	if schemaErr == nil {
		g.findings = verify(own(in.Config), schema)
	}
	missing, err := in.missing(ctx, c, before)
	if err != nil {
		return updateNodeOutput{}, err
	}
	g.findings = append(append(g.findings, in.checkPage()...), missing...)
	if err := g.refuse("config"); err != nil {
		return updateNodeOutput{}, err
	}
	after, err := c.WriteNode(ctx, in.Realm, n, aic.String(before, "_rev"), own(in.Config))
	if err != nil {
		return updateNodeOutput{}, in.explain(err)
	}
	out := in.answer(before, after)
	if schemaErr != nil {
		out.Warnings = append(out.Warnings, "The tenant has no schema of this node type: the configuration was not checked.")
	}
	return out, nil
})

// checkPage holds the nodes of a page to be references: their configurations are
// not written with it.
func (in updateNodeInput) checkPage() []string {
	if in.Type != pageType {
		return nil
	}
	elements, _ := in.Config["nodes"].([]any)
	if len(elements) == 0 {
		return []string{"config.nodes: a page needs nodes"}
	}
	var findings []string
	for i, e := range elements {
		entry, _ := e.(map[string]any)
		typeID := aic.String(entry, "nodeType")
		switch {
		case aic.String(entry, "_id") == "" || typeID == "":
			findings = append(findings, fmt.Sprintf("config.nodes[%d] needs the _id and nodeType of a node that is there: updateJourney makes new ones", i))
		case entry["_properties"] != nil || entry["config"] != nil:
			findings = append(findings, fmt.Sprintf("config.nodes[%d] has a configuration, which is not written with the page: leave it out, and change that node by a call of its own", i))
		case typeID == pageType || typeID == innerType:
			findings = append(findings, fmt.Sprintf("config.nodes[%d]: no %s can be in a page", i, typeID))
		}
	}
	return findings
}

// missing looks for the nodes that the page has not had so far.
func (in updateNodeInput) missing(ctx context.Context, c *aic.Client, before aic.Object) ([]string, error) {
	if in.Type != pageType {
		return nil, nil
	}
	var mu sync.Mutex
	var findings []string
	had := childNodes(before)
	all := together()
	for i, n := range childNodes(in.Config) {
		if hasID(had, n.ID) {
			continue
		}
		all.Go(func() error {
			doc, err := existing(ctx, c, in.Realm, n)
			if err == nil && doc == nil {
				mu.Lock()
				defer mu.Unlock()
				findings = append(findings, fmt.Sprintf("config.nodes[%d]: there is no %s %s: updateJourney makes new ones", i, tool.Quote(n.Type), tool.Quote(n.ID)))
			}
			return err
		})
	}
	err := all.Wait()
	slices.Sort(findings)
	return findings, err
}

func hasID(nodes []aic.Node, id string) bool {
	return slices.ContainsFunc(nodes, func(n aic.Node) bool { return n.ID == id })
}

func (in updateNodeInput) answer(before, after aic.Object) updateNodeOutput {
	now, _ := after["_outcomes"].([]any)
	was, _ := before["_outcomes"].([]any)
	out := updateNodeOutput{node: node{in.Type, in.ID, in.Version}, Config: own(after), Outcomes: idsOf(now)}
	out.Gained, out.Lost = without(out.Outcomes, idsOf(was)), without(idsOf(was), out.Outcomes)
	if len(out.Gained)+len(out.Lost) > 0 {
		out.Warnings = []string{"The node has other outcomes than before: the connections of its journey must follow. Give nodes to updateJourney."}
	}
	if in.Type != pageType {
		return out
	}
	for _, child := range childNodes(before) {
		if !hasID(childNodes(after), child.ID) {
			out.Orphans = append(out.Orphans, nodeAt(child))
		}
	}
	return out
}

// without is the words that are not among others.
func without(words, others []string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return slices.Contains(others, w) })
}

func (in updateNodeInput) explain(err error) error {
	switch {
	case rest.IsUnknown(err):
		return tool.WithHint(err, "", "It is not known whether the node was changed: look with getJourney before trying again.")
	case rest.Status(err) == http.StatusNotFound:
		return tool.WithHint(err, "nodeId", "There is no such node, and this tool makes none, for no journey would have it. getJourney shows the nodes of a journey with types and versions; updateJourney adds nodes.")
	case rest.Status(err) == http.StatusPreconditionFailed:
		return tool.WithHint(err, "", "Somebody else wrote the node at the same time: read it with getJourney, and decide anew. Nothing was changed.")
	case rest.Status(err) == http.StatusBadRequest:
		return tool.WithHint(err, "config", "Check the configuration against getNodeTypeDetails. Nothing was changed.")
	}
	return err
}
