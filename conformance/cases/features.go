package cases

import (
	"net/http"
	"slices"

	c "aicmcp/conformance"
)

const idmFeatures = "/openidm/feature"

// features are the cases about IDM's features and what it tells of itself. They
// install nothing: that could not be undone.
var features = []c.Case{
	{
		ID:    "features/list/form",
		Title: "the features are listed with the version that is installed, if one is, and those that could be",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refFeatures,
		Run: func(t *c.T) {
			list := query(t, idmFeatures, "true").List("result")
			t.True("there are features", len(list) > 0)
			for _, feature := range list {
				t.Has("feature", feature, "_id", "installedVersion", "availableVersions")
				t.True("availableVersions is a list", c.List(feature, "availableVersions") != nil)
				version := c.At(feature, "installedVersion")
				_, text := version.(string)
				t.True("installedVersion is a text or null", version == nil || text)
			}
		},
	}, {
		ID:    "features/list/known",
		Title: "the features that tenants are documented to have are listed",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refFeatures,
		Run: func(t *c.T) {
			ids := column(query(t, idmFeatures, "true"), "_id")
			for _, id := range []string{"groups", "password/timestamps", "indexed/strings/6thru20", "am/2fa/profiles"} {
				t.True(id+" is listed", slices.Contains(ids, any(id)))
			}
		},
	}, {
		ID:    "features/validate/installed",
		Title: "the check of a feature that is installed fails, and says what is there already",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refFeatures, Writes: true,
		Run: func(t *c.T) {
			res := t.Post(idmFeatures+"/"+installed(t), nil, c.Query("_action", "validate"))
			t.Status(http.StatusOK, res)
			t.Equal("status", 200, res.At("status"))
			t.Equal("success", false, res.At("success"))
			t.Contains("message", "must not already exist", res.Text("message"))
		},
	}, {
		ID:    "features/validate/unknown",
		Title: "a feature that is not there is 404",
		Level: c.Should, Needs: []c.Feature{c.Managed}, Ref: "inferred: as for other resources that are not there", Writes: true,
		Run: func(t *c.T) {
			installed(t)
			checkError(t, t.Post(idmFeatures+"/conformance-nothing", nil, c.Query("_action", "validate")), http.StatusNotFound)
			checkError(t, t.Post(idmFeatures+"/conformance/nothing", nil, c.Query("_action", "validate")), http.StatusNotFound)
		},
	}, {
		ID:    "info/ping",
		Title: "info/ping says that IDM is ready",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refInfo,
		Run: func(t *c.T) {
			res := t.Get("/openidm/info/ping")
			t.Status(http.StatusOK, res)
			t.Equal("body", object{"_id": "", "shortDesc": "OpenIDM ready", "state": "ACTIVE_READY"}, without(res.Body, "_rev"))
		},
	}, {
		ID:    "info/version",
		Title: "info/version tells the version of the product",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refInfo,
		Run: func(t *c.T) {
			res := t.Get("/openidm/info/version")
			t.Status(http.StatusOK, res)
			t.True("there is a version", res.Text("productVersion") != "")
		},
	}, {
		ID:    "info/login",
		Title: "info/login tells who calls, with roles",
		Level: c.Must, Needs: []c.Feature{c.Managed}, Ref: refInfo,
		Run: func(t *c.T) {
			res := t.Get("/openidm/info/login")
			t.Status(http.StatusOK, res)
			t.True("there is an ID", res.Text("authenticationId") != "")
			t.True("there is an ID to authorize", res.Text("authorization", "id") != "")
			t.True("there is a component", res.Text("authorization", "component") != "")
			t.True("there are roles", len(res.List("authorization", "roles")) > 0)
		},
	},
}

// installed is a feature that the tenant has. The case stops if there is none.
func installed(t *c.T) string {
	for _, feature := range query(t, idmFeatures, "true").List("result") {
		if c.Text(feature, "installedVersion") != "" {
			return c.Text(feature, "_id")
		}
	}
	t.Fatalf("no feature is installed")
	return ""
}
