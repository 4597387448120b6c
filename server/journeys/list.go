package journeys

import (
	"cmp"
	"context"
	"slices"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type realmInput struct {
	Realm string `json:"realm"`
}

type listOutput struct {
	Journeys []summary `json:"journeys"`
	Count    int       `json:"resultCount"`
	Default  string    `json:"defaultJourney"`
}

type summary struct {
	about
	Nodes int `json:"nodes" jsonschema:"how many"`
}

var list = tool.Define(tool.Spec{
	Name:        "listJourneys",
	Title:       "List Journeys",
	Description: "List a realm's journeys, and which one is its default. getJourney shows the nodes of one.",
	Scopes:      scopes,
	Effect:      tool.ReadOnly,
	Params:      tool.Params{"realm": realmRules},
	Count:       "resultCount",
	Less:        "Call getJourney with the name of the journey that you need.",
}, func(ctx context.Context, c *aic.Client, in realmInput) (listOutput, error) {
	var page, settings aic.Object
	both := together()
	both.Go(func() (err error) {
		page, err = c.QueryJourneys(ctx, in.Realm, "_id,description,enabled,identityResource,innerTreeOnly,mustRun,maximumSessionTime,maximumIdleTime,uiConfig,nodes")
		return err
	})
	both.Go(func() (err error) {
		settings, err = c.ReadAuthentication(ctx, in.Realm)
		return err
	})
	if err := both.Wait(); err != nil {
		return listOutput{}, err
	}
	trees, err := results(page)
	if err != nil {
		return listOutput{}, err
	}
	out := listOutput{Journeys: []summary{}, Count: len(trees), Default: defaultIn(settings)}
	for _, tree := range trees {
		out.Journeys = append(out.Journeys, summary{aboutFrom(tree), len(nodesOf(tree))})
	}
	slices.SortFunc(out.Journeys, func(a, b summary) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
})

// defaultIn is the default journey of a realm with these settings.
func defaultIn(settings aic.Object) string { return aic.String(settings["core"], "orgConfig") }
