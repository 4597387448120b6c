package cases

import (
	"net/http"

	c "aicmcp/conformance"
)

// featureTools are the cases about the tools for features. They install none.
var featureTools = []c.Case{
	{
		ID:    "tools/features/list",
		Title: "listFeatures tells of every feature that the tenant has whether it is installed",
		Level: c.Must, Needs: []c.Feature{c.Tools, c.Managed}, Ref: refTools,
		Run: func(t *c.T) {
			features := query(t, idmFeatures, "true").List("result")
			t.True("there are features", len(features) > 0)
			answer := t.Call("listFeatures", nil)
			t.Succeeded(answer)
			listed := c.List(answer.Body, "features")
			for _, feature := range features {
				if id := c.Text(feature, "_id"); id != "aiagent" {
					shown := named(t, listed, id)
					t.Equal(id+" is installed", c.At(feature, "installedVersion") != nil, c.At(shown, "installed"))
					t.Equal("type of "+id, "idm", c.At(shown, "type"))
				}
			}
			agents := named(t, listed, "AI Agents")
			t.Equal("type of AI agents", "aic", c.At(agents, "type"))
			t.Has("details of AI agents", c.At(agents, "details"), "idm", "am")
		},
	}, {
		ID:    "tools/features/validate",
		Title: "validateIdmFeature tells that an installed feature cannot be installed, in the tenant's words",
		Level: c.Must, Needs: []c.Feature{c.Tools, c.Managed}, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			id := installed(t)
			answer := t.Call("validateIdmFeature", args{"featureName": id})
			t.Succeeded(answer)
			t.Equal("name", id, answer.At("name"))
			t.Equal("installable", false, answer.At("installable"))
			t.Equal("message", t.Post(idmFeatures+"/"+id, nil, c.Query("_action", "validate")).At("message"), answer.At("message"))
		},
	}, {
		ID:    "tools/features/validate-unknown",
		Title: "a feature that is not there is refused with a hint to the features",
		Level: c.Must, Needs: []c.Feature{c.Tools, c.Managed}, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			installed(t)
			answer := t.Call("validateIdmFeature", args{"featureName": "conformance-nothing"})
			checkRefusal(t, answer, http.StatusNotFound)
			t.Contains("hint", "listFeatures", c.Text(answer.Structured, "error", "hint"))
			for _, name := range []string{"", "../config/managed", "groups?_action=install", "groups/", "a b"} {
				t.Refused(t.Call("validateIdmFeature", args{"featureName": name}))
			}
		},
	}, {
		ID:    "tools/features/install-again",
		Title: "installIdmFeature refuses a feature that is installed, and nothing changes",
		Level: c.Must, Needs: []c.Feature{c.Tools, c.Managed, c.Config}, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			id, before := installed(t), readDefinitions(t)
			answer := t.Call("installIdmFeature", args{"featureName": id})
			t.Refused(answer)
			t.True("there is a message", c.Text(answer.Structured, "error", "message") != "")
			t.Equal("definitions", before, readDefinitions(t))
		},
	},
}
