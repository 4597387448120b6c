package journeys

import (
	"context"
	"maps"
	"slices"
	"strings"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

type deleteInput struct {
	Realm string `json:"realm"`
	Name  string `json:"journeyName"`
}

type deleteOutput struct {
	Name     string   `json:"deletedJourney"`
	Nodes    []node   `json:"deletedNodes"`
	Left     []fate   `json:"leftNodes,omitempty" jsonschema:"nodes that could not be deleted"`
	UsedBy   []string `json:"usedBy,omitempty" jsonschema:"journeys that call it as an inner tree"`
	Warnings []string `json:"warnings,omitempty"`
}

var remove = tool.Define(tool.Spec{
	Name:        "deleteJourney",
	Title:       "Delete Journey",
	Description: "Delete a journey and its nodes for good. The realm's default journey is refused.",
	Scopes:      scopes,
	Effect:      tool.Destructive,
	Params:      tool.Params{"realm": realmRules, "journeyName": journeyRules},
	Less:        "The journey was deleted.",
}, func(ctx context.Context, c *aic.Client, in deleteInput) (deleteOutput, error) {
	unlockDefault, err := c.LockAuthentication(ctx, in.Realm)
	if err != nil {
		return deleteOutput{}, err
	}
	defer unlockDefault()
	unlock, err := c.LockJourney(ctx, in.Realm, in.Name)
	if err != nil {
		return deleteOutput{}, err
	}
	defer unlock()
	d := deletion{deleteInput: in, client: c}
	if err := d.look(ctx); err != nil {
		return deleteOutput{}, err
	}
	if err := c.DeleteJourney(ctx, in.Realm, in.Name); err != nil {
		if rest.IsUnknown(err) {
			return deleteOutput{}, tool.WithHint(err, "", "It is not known whether the journey was deleted: look with getJourney before trying again.")
		}
		return deleteOutput{}, explain(err)
	}
	out := d.sweep(ctx)
	if out.UsedBy = d.usedBy(); len(out.UsedBy) > 0 {
		out.Warnings = []string{"Other journeys call this one as an inner tree, and fail there now: change them with updateJourney."}
	}
	return out, nil
})

// deletion is a journey to delete, and what else the realm has.
type deletion struct {
	deleteInput
	client *aic.Client
	tree   aic.Object
	usage  usage
	inner  []aic.Object // nodes that call journeys
}

// look reads what there is to know before, and refuses the default journey and one
// whose nodes others have too: the tenant deletes nodes with their journey.
func (d *deletion) look(ctx context.Context) error {
	var settings aic.Object
	all := together()
	all.Go(func() (err error) {
		d.tree, err = d.client.ReadJourney(ctx, d.Realm, d.Name)
		return explain(err)
	})
	all.Go(func() (err error) {
		settings, err = d.client.ReadAuthentication(ctx, d.Realm)
		return err
	})
	all.Go(func() (err error) {
		d.inner, err = nodesOfType(ctx, d.client, d.Realm, innerType)
		return err
	})
	d.usage.read(ctx, all, d.client, d.Realm)
	if err := all.Wait(); err != nil {
		return err
	}
	if defaultIn(settings) == d.Name {
		return tool.Invalid("journeyName", "is that of the realm's default journey", "Make another one the default with setDefaultJourney first. Nothing was changed.")
	}
	d.usage.trees = slices.DeleteFunc(d.usage.trees, func(tree aic.Object) bool { return aic.String(tree, "_id") == d.Name })
	if sharers := d.sharers(); len(sharers) > 0 {
		return tool.Invalid("journeyName", "is that of a journey that shares nodes with others: "+quoted(sharers),
			"They would lose these nodes. Give this one other nodes with updateJourney first, under IDs that are words. Nothing was changed.")
	}
	return nil
}

// nodes are those of the journey and of its pages.
func (d *deletion) nodes() []aic.Node {
	children := d.usage.children()
	var out []aic.Node
	for _, n := range nodesOf(d.tree) {
		out = append(append(out, n), children[n.ID]...)
	}
	return out
}

// sharers are the other journeys that have a node of this one.
func (d *deletion) sharers() []string {
	ids, names := map[string]bool{}, map[string]bool{}
	for _, n := range d.nodes() {
		ids[n.ID] = true
	}
	children := d.usage.children()
	for id, owner := range d.usage.owners() {
		if ids[id] || slices.ContainsFunc(children[id], func(child aic.Node) bool { return ids[child.ID] }) {
			names[owner] = true
		}
	}
	return slices.SortedFunc(maps.Keys(names), strings.Compare)
}

// sweep deletes what the tenant left of the journey's nodes, even if the call was
// cancelled, but for what somebody else has meanwhile.
func (d *deletion) sweep(ctx context.Context) deleteOutput {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), backTime)
	defer cancel()
	nodes := d.nodes()
	fates := make([]fate, len(nodes))
	all := together()
	for i, n := range nodes {
		all.Go(func() error {
			switch doc, err := existing(ctx, d.client, d.Realm, n); {
			case err != nil:
				fates[i] = failedFate(n, err)
			case doc == nil:
				fates[i] = fate{node: nodeAt(n), Result: gone}
			}
			return nil
		})
	}
	_ = all.Wait() // no function fails
	d.sweepLeft(ctx, nodes, fates)
	out := deleteOutput{Name: d.Name, Nodes: []node{}}
	for _, f := range fates {
		if f.Result == deleted || f.Result == gone {
			out.Nodes = append(out.Nodes, f.node)
		} else {
			out.Left = append(out.Left, f)
		}
	}
	slices.SortFunc(out.Nodes, node.compare)
	slices.SortFunc(out.Left, func(a, b fate) int { return a.compare(b.node) })
	return out
}

// sweepLeft deletes the nodes that have no fate yet.
func (d *deletion) sweepLeft(ctx context.Context, nodes []aic.Node, fates []fate) {
	goes := map[string]bool{}
	for i, n := range nodes {
		if fates[i].Result == "" {
			goes[n.ID] = true
		}
	}
	if len(goes) == 0 {
		return
	}
	users, err := usersOf(ctx, d.client, d.Realm, goes)
	all := together()
	for i, n := range nodes {
		switch {
		case fates[i].Result != "":
		case err != nil:
			fates[i] = failedFate(n, err)
		default:
			all.Go(func() error {
				fates[i] = deleteNode(ctx, d.client, d.Realm, nodeAt(n), users[n.ID])
				return nil
			})
		}
	}
	_ = all.Wait() // no function fails
}

// usedBy are the other journeys that call this one.
func (d *deletion) usedBy() []string {
	owners, names := d.usage.owners(), map[string]bool{}
	for _, n := range d.inner {
		if owner := owners[aic.String(n, "_id")]; aic.String(n, "tree") == d.Name && owner != "" {
			names[owner] = true
		}
	}
	return slices.SortedFunc(maps.Keys(names), strings.Compare)
}
