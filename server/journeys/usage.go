package journeys

import (
	"context"

	"golang.org/x/sync/errgroup"

	"aicmcp/server/aic"
)

// usage is what the journeys and pages of a realm use.
type usage struct {
	trees, pages []aic.Object
}

// read adds its requests to all.
func (u *usage) read(ctx context.Context, all *errgroup.Group, c *aic.Client, realm string) {
	all.Go(func() error {
		page, err := c.QueryJourneys(ctx, realm, "_id,nodes")
		if err == nil {
			u.trees, err = results(page)
		}
		return err
	})
	all.Go(func() (err error) {
		u.pages, err = nodesOfType(ctx, c, realm, pageType)
		return err
	})
}

func nodesOfType(ctx context.Context, c *aic.Client, realm, nodeType string) ([]aic.Object, error) {
	page, err := c.QueryNodes(ctx, realm, nodeType)
	if err != nil {
		return nil, err
	}
	return results(page)
}

// owners are the journeys that have nodes, by the IDs of these.
func (u *usage) owners() map[string]string {
	out := map[string]string{}
	for _, tree := range u.trees {
		for id := range nodesOf(tree) {
			out[id] = aic.String(tree, "_id")
		}
	}
	return out
}

// children are the nodes on pages, by the IDs of these.
func (u *usage) children() map[string][]aic.Node {
	out := map[string][]aic.Node{}
	for _, page := range u.pages {
		out[aic.String(page, "_id")] = childNodes(page)
	}
	return out
}

// usersOf reads what has nodes now, by the IDs of these, if those in goes are to go.
func usersOf(ctx context.Context, c *aic.Client, realm string, goes map[string]bool) (map[string]string, error) {
	var u usage
	all := together()
	u.read(ctx, all, c, realm)
	if err := all.Wait(); err != nil {
		return nil, err
	}
	return u.users(goes), nil
}

// users are what has nodes, by the IDs of these. A page that goes too, for no
// journey has it, does not count.
func (u *usage) users(goes map[string]bool) map[string]string {
	users := u.owners()
	for page, children := range u.children() {
		if _, owned := users[page]; !owned && goes[page] {
			continue
		}
		for _, child := range children {
			users[child.ID] = page
		}
	}
	return users
}
