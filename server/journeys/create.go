package journeys

import (
	"cmp"
	"context"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type createInput struct {
	Realm            string      `json:"realm"`
	Name             string      `json:"journeyName"`
	Data             journeyData `json:"journeyData"`
	Description      *string     `json:"description,omitempty"`
	IdentityResource string      `json:"identityResource,omitempty" jsonschema:"default managed/alpha_user or managed/bravo_user"`
	MustRun          *bool       `json:"mustRun,omitempty"`
	InnerTreeOnly    *bool       `json:"innerTreeOnly,omitempty"`
	UIConfig         aic.Object  `json:"uiConfig,omitempty"`
}

type journeyData struct {
	Entry string           `json:"entryNodeId"`
	Nodes map[string]given `json:"nodes" jsonschema:"by ID: a UUID, or any word, which becomes one"`
}

var create = tool.Define(tool.Spec{
	Name:        "createJourney",
	Title:       "Create Journey",
	Description: "Create a journey with its nodes, or replace the one of that name, all or nothing. It is checked as a whole first. Call listNodeTypes and getNodeTypeDetails before.",
	Scopes:      scopes,
	Secrets:     secretArguments,
	Keyed:       keyedByID,
	Effect:      tool.Idempotent,
	Params:      tool.Params{"realm": realmRules, "journeyName": journeyRules},
	Less:        "The journey was written; read it with getJourney.",
}, func(ctx context.Context, c *aic.Client, in createInput) (written, error) {
	attributes, err := in.attributes()
	if err != nil {
		return written{}, err
	}
	unlock, err := c.LockJourney(ctx, in.Realm, in.Name)
	if err != nil {
		return written{}, err
	}
	defer unlock()
	found, err := inspect(ctx, c, in.Realm, in.Name, newGraph(in.Data.Entry, in.Data.Nodes))
	if err != nil {
		return written{}, err
	}
	if err := found.refuse("journeyData"); err != nil {
		return written{}, err
	}
	if found.before != nil {
		warnings, err := in.settings().warnings(ctx, c, in.Realm, in.Name)
		if err != nil {
			return written{}, err
		}
		found.warnings = append(found.warnings, warnings...)
	}
	return found.write(ctx, attributes)
})

func (in createInput) attributes() (aic.Object, error) {
	tree := aic.Object{
		"enabled": true, "innerTreeOnly": false,
		"identityResource": cmp.Or(in.IdentityResource, "managed/"+in.Realm+"_user"),
	}
	return tree, in.settings().set(tree)
}

func (in createInput) settings() settings {
	return settings{Description: in.Description, MustRun: in.MustRun, InnerTreeOnly: in.InnerTreeOnly, UIConfig: in.UIConfig}
}
