package cases

import (
	"testing"

	c "aicmcp/conformance"
	"aicmcp/mockaic"
)

// forGood are cases that change a tenant in ways that nothing takes back. They
// are no part of All, so that only the fake is put to them.
var forGood = []c.Case{
	{
		ID:    "tools/features/enable-agents",
		Title: "enableAiAgent turns AI agents on, as listFeatures tells afterwards; doing it again does no harm",
		Level: c.Must, Needs: []c.Feature{c.Tools}, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			agents := func() any {
				answer := t.Call("listFeatures", nil)
				t.Succeeded(answer)
				return named(t, c.List(answer.Body, "features"), "AI Agents")
			}
			t.Equal("status before", "not_installed", c.At(agents(), "status"))
			for range 2 {
				t.Succeeded(t.Call("enableAiAgent", nil))
				t.Equal("status", "installed", c.At(agents(), "status"))
			}
			findDefinition(t, readDefinitions(t), "alpha_aiagent")
			query(t, "/openidm/managed/bravo_aiagentprivilege", "true")
		},
	}, {
		ID:    "tools/features/install",
		Title: "installIdmFeature installs what validateIdmFeature finds installable",
		Level: c.Must, Needs: []c.Feature{c.Tools}, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			call := args{"featureName": "aiagent"}
			checked := t.Call("validateIdmFeature", call)
			t.Succeeded(checked)
			t.Equal("installable", true, checked.At("installable"))
			t.Succeeded(t.Call("installIdmFeature", call))
			again := t.Call("validateIdmFeature", call)
			t.Succeeded(again)
			t.Equal("installable again", false, again.At("installable"))
			t.Refused(t.Call("installIdmFeature", call))
		},
	},
}

func TestForGood(t *testing.T) {
	for _, oneCase := range forGood {
		t.Run(oneCase.ID, func(t *testing.T) {
			// The demo has AI agents already.
			mock := mockaic.Start(t, mockaic.Seed("empty"), mockaic.DevToken(devToken))
			target := c.Target{BaseURL: mock.URL, HTTPClient: mock.Client(), Bearer: devToken, Features: []c.Feature{c.Tools}}
			target.Session = newSession(t, target)
			report(t, c.Baseline{}, c.Run(t.Context(), target, oneCase))
		})
	}
}
