package journeys

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

type updateInput struct {
	Realm string           `json:"realm"`
	Name  string           `json:"journeyName"`
	Entry string           `json:"entryNodeId,omitempty"`
	Nodes map[string]given `json:"nodes,omitempty" jsonschema:"all nodes, as for createJourney; one without config stays as it is"`
	settings
}

// settings are the attributes of a tree that callers may change.
type settings struct {
	Description        *string    `json:"description,omitempty"`
	IdentityResource   *string    `json:"identityResource,omitempty"`
	Enabled            *bool      `json:"enabled,omitempty"`
	MustRun            *bool      `json:"mustRun,omitempty"`
	InnerTreeOnly      *bool      `json:"innerTreeOnly,omitempty"`
	MaximumSessionTime *int       `json:"maximumSessionTime,omitempty" jsonschema:"minutes"`
	MaximumIdleTime    *int       `json:"maximumIdleTime,omitempty" jsonschema:"minutes"`
	UIConfig           aic.Object `json:"uiConfig,omitempty" jsonschema:"such as {\"categories\":[\"Login\"]}"`
}

var update = tool.Define(tool.Spec{
	Name:        "updateJourney",
	Title:       "Update Journey",
	Description: "Change a journey; what is left out stays. With nodes, which need entryNodeId, all its nodes are replaced, all or nothing. Call getJourney first.",
	Scopes:      scopes,
	Secrets:     secretArguments,
	Keyed:       keyedByID,
	Effect:      tool.Idempotent,
	Params: tool.Params{
		"realm": realmRules, "journeyName": journeyRules,
		"maximumSessionTime": tool.Rules(tool.Range(1, 1<<31-1)), "maximumIdleTime": tool.Rules(tool.Range(1, 1<<31-1)),
	},
	Less: "The journey was changed; read it with getJourney.",
}, func(ctx context.Context, c *aic.Client, in updateInput) (written, error) {
	switch {
	case in.Nodes != nil && in.Entry == "":
		return written{}, tool.Invalid("entryNodeId", "is required with nodes", nothingSent)
	case in.Nodes == nil && in.Entry == "" && in.none():
		return written{}, tool.Invalid("nodes", "or another parameter must say what shall change", nothingSent)
	}
	unlock, err := c.LockJourney(ctx, in.Realm, in.Name)
	if err != nil {
		return written{}, err
	}
	defer unlock()
	if in.Nodes == nil {
		return in.change(ctx, c)
	}
	return in.replace(ctx, c)
})

// change writes the tree alone.
func (in updateInput) change(ctx context.Context, c *aic.Client) (written, error) {
	var now aic.Object
	out := written{Name: in.Name, Result: "updated"}
	both := together()
	both.Go(func() (err error) {
		now, err = c.ReadJourney(ctx, in.Realm, in.Name)
		return explain(err)
	})
	both.Go(func() (err error) {
		out.Warnings, err = in.warnings(ctx, c, in.Realm, in.Name)
		return err
	})
	err := both.Wait()
	if err != nil {
		return written{}, err
	}
	tree := own(now)
	if in.Entry != "" {
		if tree["entryNodeId"], err = in.entryOf(tree); err != nil {
			return written{}, err
		}
	}
	if err := in.set(tree); err != nil {
		return written{}, err
	}
	doc, err := c.WriteJourney(ctx, in.Realm, in.Name, aic.String(now, "_rev"), aic.JourneyWrite{Tree: tree})
	switch {
	case rest.Status(err) == http.StatusPreconditionFailed:
		return written{}, tool.WithHint(err, "", "Somebody else wrote the journey at the same time: read it with getJourney, and decide anew. Nothing was changed.")
	case rest.IsUnknown(err):
		return written{}, tool.WithHint(err, "", "It is not known whether the journey was changed: look with getJourney before trying again.")
	case err != nil:
		return written{}, explain(err)
	}
	out.Mermaid = flowOf(doc).mermaid()
	return out, nil
}

// entryOf is the ID of the node that is to be the first.
func (in updateInput) entryOf(tree aic.Object) (string, error) {
	if _, is := nodesOf(tree)[in.Entry]; !is {
		return "", tool.Invalid("entryNodeId", "is no node of the journey", "getJourney shows them. To add nodes, give nodes too. Nothing was changed.")
	}
	f := flowOf(tree)
	f.entry = in.Entry
	order, distance := f.walk()
	for _, id := range order {
		if _, reached := distance[id]; !reached {
			return "", tool.Invalid("entryNodeId", "would leave nodes that nothing leads to, such as "+tool.Quote(id), "Give nodes too, without those. Nothing was changed.")
		}
	}
	return in.Entry, nil
}

// replace writes the tree with other nodes.
func (in updateInput) replace(ctx context.Context, c *aic.Client) (written, error) {
	found, err := inspect(ctx, c, in.Realm, in.Name, newGraph(in.Entry, in.Nodes))
	switch {
	case err != nil:
		return written{}, err
	case found.before == nil:
		return written{}, &tool.Failure{
			Status: http.StatusNotFound, Reason: "Not Found", Message: "the realm has no journey with that name", Parameter: "journeyName",
			Hint: "Call listJourneys for those that it has, or createJourney to make one. Nothing was changed.",
		}
	}
	if err := found.refuse("nodes"); err != nil {
		return written{}, err
	}
	tree := own(found.before)
	if err := in.set(tree); err != nil {
		return written{}, err
	}
	warnings, err := in.warnings(ctx, c, in.Realm, in.Name)
	if err != nil {
		return written{}, err
	}
	found.warnings = append(found.warnings, warnings...)
	out, err := found.write(ctx, tree)
	if err != nil {
		return written{}, err
	}
	out.Result = "updated"
	return out, nil
}

func (s settings) none() bool {
	return s.Description == nil && s.IdentityResource == nil && s.Enabled == nil && s.MustRun == nil && s.InnerTreeOnly == nil &&
		s.MaximumSessionTime == nil && s.MaximumIdleTime == nil && s.UIConfig == nil
}

// warnings tell if the settings stop the realm's default journey.
func (s settings) warnings(ctx context.Context, c *aic.Client, realm, name string) ([]string, error) {
	if (s.Enabled == nil || *s.Enabled) && (s.InnerTreeOnly == nil || !*s.InnerTreeOnly) {
		return nil, nil
	}
	doc, err := c.ReadAuthentication(ctx, realm)
	if err != nil || defaultIn(doc) != name {
		return nil, err
	}
	return []string{"It is the realm's default journey, which cannot run now: make another one the default with setDefaultJourney, or undo it."}, nil
}

// set changes what is given.
func (s settings) set(tree aic.Object) error {
	put(tree, "description", s.Description)
	put(tree, "identityResource", s.IdentityResource)
	put(tree, "enabled", s.Enabled)
	put(tree, "mustRun", s.MustRun)
	put(tree, "innerTreeOnly", s.InnerTreeOnly)
	for name, minutes := range map[string]*int{"maximumSessionTime": s.MaximumSessionTime, "maximumIdleTime": s.MaximumIdleTime} {
		if minutes != nil {
			tree[name] = number(*minutes)
		}
	}
	if s.UIConfig == nil {
		return nil
	}
	now, _ := tree["uiConfig"].(map[string]any)
	config := aic.Object{}
	maps.Copy(config, now)
	for name, v := range s.UIConfig {
		switch v.(type) {
		case nil:
			delete(config, name)
		case string:
			config[name] = v
		default: // AM keeps these as texts
			data, err := rest.Encode(v)
			if err != nil {
				return err
			}
			config[name] = string(data)
		}
	}
	tree["uiConfig"] = config
	return nil
}

func put[T any](tree aic.Object, name string, v *T) {
	if v != nil {
		tree[name] = *v
	}
}

// number is n as the tenant's documents have it.
func number(n int) json.Number { return json.Number(strconv.Itoa(n)) }
