package journeys

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

// written is what a write of a journey returns.
type written struct {
	Name     string            `json:"name"`
	Result   string            `json:"result" jsonschema:"created, replaced or updated"`
	NodeIDs  map[string]string `json:"nodeIds,omitempty" jsonschema:"UUIDs of nodes by the IDs that were given"`
	Orphans  []node            `json:"orphans,omitempty" jsonschema:"nodes that no journey needs any more"`
	Note     string            `json:"note,omitempty"`
	Warnings []string          `json:"warnings,omitempty"`
	Mermaid  string            `json:"mermaid,omitempty"`
}

// write writes the graph in a tree with the attributes, all or nothing.
func (i *inspection) write(ctx context.Context, attributes aic.Object) (written, error) {
	w := i.graph.write(attributes)
	if _, err := i.client.WriteJourney(ctx, i.realm, i.journey, aic.String(i.before, "_rev"), w); err != nil {
		return written{}, i.takeBack(ctx, err, w)
	}
	out := written{Name: i.journey, Result: "created", NodeIDs: i.ids, Warnings: i.warnings, Mermaid: i.flow().mermaid()}
	if i.before == nil {
		return out, nil
	}
	out.Result = "replaced"
	if out.Orphans = i.orphans(); len(out.Orphans) > 0 {
		out.Note = "The tenant keeps the orphans: delete them with deleteJourneyNodes if nothing else needs them."
	}
	return out, nil
}

// orphans are the nodes that the journey had before and has no more.
func (i *inspection) orphans() []node {
	left := map[aic.Node]bool{}
	for _, n := range nodesOf(i.before) {
		left[n] = true
		for _, child := range i.childrenOf(n) {
			left[child] = true
		}
	}
	for _, n := range i.all() {
		delete(left, n.Node)
	}
	var out []node
	for n := range left {
		out = append(out, nodeAt(n))
	}
	slices.SortFunc(out, node.compare)
	return out
}

// childrenOf is what a page had on it before.
func (i *inspection) childrenOf(n aic.Node) []aic.Node {
	if n.Type != pageType {
		return nil
	}
	return childNodes(i.there[n])
}

func childNodes(page aic.Object) []aic.Node {
	var out []aic.Node
	for _, entry := range aic.Children(page) {
		out = append(out, aic.NodeOf(entry, aic.String(entry, "_id")))
	}
	return out
}

// takeBack undoes what a failed write may have left, even if the call was
// cancelled. What somebody else wrote meanwhile stays.
func (i *inspection) takeBack(ctx context.Context, failure error, w aic.JourneyWrite) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), backTime)
	defer cancel()
	var left []string
	switch {
	case turnedAway(failure):
	case rest.IsUnknown(failure) && i.takeBackTree(ctx, w) != nil:
		left = []string{"the journey itself"}
	default:
		left = i.takeBackNodes(ctx, w, rest.Status(failure) == http.StatusPreconditionFailed)
	}
	switch {
	case len(left) > 0:
		return tool.WithHint(failure, "", "It could not all be taken back: look with getJourney. Left is perhaps %s.", strings.Join(left, ", "))
	case rest.Status(failure) == http.StatusPreconditionFailed:
		return tool.WithHint(failure, "", "Somebody else wrote the journey at the same time: read it with getJourney, and decide anew. Nothing was changed.")
	case rest.IsUnknown(failure):
		return tool.WithHint(failure, "", "The journey is as it was before: what was written of it was taken back. Look with getJourney before trying again.")
	}
	return tool.WithHint(failure, "", "Nothing was changed: the journey and its nodes are as they were before.")
}

// turnedAway reports whether a write failed before the tenant looked at it.
func turnedAway(failure error) bool {
	return !rest.IsUnknown(failure) && slices.Contains([]int{0, http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests}, rest.Status(failure))
}

// takeBackTree restores the tree if it is the one that was to be written.
func (i *inspection) takeBackTree(ctx context.Context, w aic.JourneyWrite) error {
	now, err := i.client.ReadJourney(ctx, i.realm, i.journey)
	switch {
	case rest.Status(err) == http.StatusNotFound:
		return nil
	case err != nil:
		return err
	case !aic.HasTree(now, w.Tree):
		return nil
	case i.before == nil:
		return i.client.DeleteJourney(ctx, i.realm, i.journey)
	case aic.HasTree(now, own(i.before)):
		return nil
	}
	_, err = i.client.WriteJourney(ctx, i.realm, i.journey, aic.String(now, "_rev"), aic.JourneyWrite{Tree: own(i.before)})
	return err
}

// takeBackNodes deletes the nodes that were not there before, restores those that
// were, and names those with which it fails. If somebody else wrote the journey
// first, nodes with what was to be written are theirs as well.
func (i *inspection) takeBackNodes(ctx context.Context, w aic.JourneyWrite, othersFirst bool) []string {
	users, err := i.usersNow(ctx, w)
	var mu sync.Mutex
	var left []string
	all := together()
	for n, config := range w.Nodes {
		_, used := users[n.ID]
		isNew := i.there[n] == nil
		if isNew && used || !isNew && othersFirst {
			continue
		}
		all.Go(func() error {
			failure := err
			if !isNew || !i.named(n) || err == nil {
				failure = i.takeBackNode(ctx, n, config)
			}
			if failure != nil {
				mu.Lock()
				defer mu.Unlock()
				left = append(left, fmt.Sprintf("the %s %s", tool.Quote(n.Type), tool.Quote(n.ID)))
			}
			return nil
		})
	}
	_ = all.Wait() // no function fails
	slices.Sort(left)
	return left
}

// named reports whether a node has the ID that the caller gave it. Nobody else has
// one that was just made up.
func (i *inspection) named(n aic.Node) bool { return i.ids[n.ID] == n.ID }

// usersNow are what uses the nodes to delete, as far as others may have their IDs.
func (i *inspection) usersNow(ctx context.Context, w aic.JourneyWrite) (map[string]string, error) {
	goes := map[string]bool{}
	ask := false
	for n := range w.Nodes {
		if i.there[n] == nil {
			goes[n.ID] = true
			ask = ask || i.named(n)
		}
	}
	if !ask {
		return nil, nil
	}
	return usersOf(ctx, i.client, i.realm, goes)
}

func (i *inspection) takeBackNode(ctx context.Context, n aic.Node, config aic.Object) error {
	before := i.there[n]
	var now aic.Object
	var err error
	if before != nil || i.named(n) {
		now, err = existing(ctx, i.client, i.realm, n)
		if err != nil || now == nil || !aic.Includes(now, config) {
			return err
		}
	}
	switch {
	case before == nil:
		err = i.client.DeleteNode(ctx, i.realm, n)
		if rest.Status(err) == http.StatusNotFound {
			return nil
		}
	case !aic.Equal(own(now), own(before)):
		_, err = i.client.WriteNode(ctx, i.realm, n, aic.String(now, "_rev"), own(before))
	}
	return err
}
