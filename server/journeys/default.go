package journeys

import (
	"context"
	"maps"
	"net/http"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

type defaultInput struct {
	Realm string `json:"realm"`
	Name  string `json:"journeyName"`
}

type defaultOutput struct {
	Default  string `json:"defaultJourney"`
	Previous string `json:"previous"`
}

var setDefault = tool.Define(tool.Spec{
	Name:        "setDefaultJourney",
	Title:       "Set Default Journey",
	Description: "Make a journey the one that runs in a realm when none is named. It must be enabled, and not for inner use only.",
	Scopes:      scopes,
	Effect:      tool.Idempotent,
	Params:      tool.Params{"realm": realmRules, "journeyName": journeyRules},
	Less:        "The default was set.",
}, func(ctx context.Context, c *aic.Client, in defaultInput) (defaultOutput, error) {
	unlock, err := c.LockAuthentication(ctx, in.Realm)
	if err != nil {
		return defaultOutput{}, err
	}
	defer unlock()
	var settings, tree aic.Object
	both := together()
	both.Go(func() (err error) {
		settings, err = c.ReadAuthentication(ctx, in.Realm)
		return err
	})
	both.Go(func() (err error) {
		tree, err = c.ReadJourney(ctx, in.Realm, in.Name)
		return explain(err)
	})
	if err := both.Wait(); err != nil {
		return defaultOutput{}, err
	}
	out := defaultOutput{Default: in.Name, Previous: defaultIn(settings)}
	switch {
	case !enabled(tree):
		return defaultOutput{}, tool.Invalid("journeyName", "is that of a journey that is not enabled", "Enable it with updateJourney first. Nothing was changed.")
	case tree["innerTreeOnly"] == true:
		return defaultOutput{}, tool.Invalid("journeyName", "is that of a journey that runs within others only", "Set its innerTreeOnly to false with updateJourney first, or choose another. Nothing was changed.")
	case out.Previous == in.Name:
		return out, nil
	}
	_, err = c.WriteAuthentication(ctx, in.Realm, aic.String(settings, "_rev"), withDefault(settings, in.Name))
	switch {
	case rest.IsUnknown(err):
		return defaultOutput{}, tool.WithHint(err, "", "It is not known whether the default was set: look with listJourneys before trying again.")
	case rest.Status(err) == http.StatusPreconditionFailed:
		return defaultOutput{}, tool.WithHint(err, "", "Somebody else changed the realm's settings at the same time. Nothing was changed: call again.")
	}
	return out, err
})

// withDefault is the settings with another default journey.
func withDefault(settings aic.Object, name string) aic.Object {
	body := own(settings)
	core, _ := body["core"].(map[string]any)
	core = maps.Clone(core)
	core["orgConfig"] = name
	body["core"] = core
	return body
}
