package cases

import (
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	c "aicmcp/conformance"
)

const (
	journeyVersion = "protocol=2.1,resource=1.0"
	successNode    = "70e691a5-1e33-4ac3-a356-e7b6d60d92e0"
	failureNode    = "e301438c-0bd0-429c-ab0c-66126501069a"
)

var (
	journeys = api{inAlpha + "/realm-config/authentication/authenticationtrees/trees", journeyVersion}
	allNodes = api{inAlpha + "/realm-config/authentication/authenticationtrees/nodes", journeyVersion}
)

var journeysNeeded = []c.Feature{c.Journeys}

// stockJourneys are those of a new tenant, with the type of the node that each
// begins with.
var stockJourneys = map[string]string{
	"Login": "PageNode", "Registration": "PageNode", "ResetPassword": "PageNode", "ForgottenUsername": "PageNode",
	"ProgressiveProfile": "LoginCountDecisionNode", "UpdatePassword": "SessionDataNode",
}

const (
	refTrees      = "recorded on tenants: journeys are read, listed, written and deleted at authenticationtrees/trees, with their revisions as ETags"
	refTreeErrors = "recorded on tenants: the refusals of a journey without an entry, with malformed nodes and with an unknown attribute"
	refEmbedded   = "how the vendor's own MCP server makes journeys: a node brings its config, and a page's child its _properties; not recorded"
	refOrphans    = "documented by the vendor's own MCP server: a journey's nodes are deleted with it, and stay if it no longer names them"
	refStock      = "recorded on tenants: the journeys that tenants come with, which administrators may change"
	refAMStale    = "documented (CREST): If-Match names the revision to change; of AM no such refusal was recorded"
	refTreeIDs    = "recorded on tenants: an entry node that is neither in the journey nor static is refused by name"
)

// sketch is a journey with a message that leads to success or to failure.
type sketch struct {
	journey, node string
	body          object
}

// newSketch sends nothing.
func newSketch(t *c.T) sketch {
	s := sketch{journey: t.Fresh("journey"), node: uuid.NewString()}
	s.body = object{
		"_id": s.journey, "entryNodeId": s.node, "description": "made by a conformance test", "identityResource": "managed/alpha_user", "enabled": true,
		"uiConfig": object{"categories": `["Authentication"]`},
		"nodes": object{s.node: object{
			"nodeType": "MessageNode", "displayName": "Ask", "connections": object{"true": successNode, "false": failureNode}, "x": 200, "y": 100,
		}},
		"staticNodes": object{"startNode": object{"x": 50, "y": 100}, successNode: object{"x": 500, "y": 50}, failureNode: object{"x": 500, "y": 200}},
	}
	return s
}

// makeSketch makes the node and then the journey, as most clients do.
func makeSketch(t *c.T) (sketch, *c.Response) {
	s := newSketch(t)
	node("MessageNode", s.node).made(t, object{"message": object{"en": "Go on?"}, "messageYes": object{}, "messageNo": object{}})
	return s, journeys.at(s.journey).made(t, s.body)
}

// withEmbedded is a sketch of a page with two children, which bring their
// configurations.
func withEmbedded(t *c.T) (s sketch, username, password string) {
	s, username, password = newSketch(t), uuid.NewString(), uuid.NewString()
	s.body["nodes"] = object{s.node: object{
		"nodeType": "PageNode", "displayName": "Page", "connections": object{"outcome": successNode},
		"config": object{"_id": s.node, "nodes": []any{
			object{"_id": username, "nodeType": "ValidatedUsernameNode", "displayName": "Name", "_properties": object{"usernameAttribute": "userName", "validateInput": false}},
			object{"_id": password, "nodeType": "ValidatedPasswordNode", "displayName": "Password", "_properties": object{"passwordAttribute": "password", "validateInput": false}},
		}},
	}}
	for kind, id := range map[string]string{"PageNode": s.node, "ValidatedUsernameNode": username, "ValidatedPasswordNode": password} {
		t.Cleanup(func() { node(kind, id).remove(t) })
	}
	return s, username, password
}

// checkNoJourney checks that a refused write left nothing.
func checkNoJourney(t *c.T, name string) {
	checkRefusedByAM(t, journeys.at(name).get(t), http.StatusNotFound, "Not Found")
}

// journeyCases are the cases about journeys as a whole.
var journeyCases = []c.Case{
	{
		ID:    "journeys/stock/wiring",
		Title: "a tenant comes with its journeys, each of which begins with a node that is there",
		Level: c.Should, Needs: journeysNeeded, Ref: refStock,
		Run: func(t *c.T) {
			page := journeys.find(t, "true")
			for name, kind := range stockJourneys {
				tree := listed(t, page, name)
				entry := c.Text(tree, "entryNodeId")
				t.Equal("type of the entry of "+name, kind, c.At(tree, "nodes", entry, "nodeType"))
				node(kind, entry).read(t)
			}
		},
	}, {
		ID:    "journeys/stock/login",
		Title: "Login shows a page with a name and a password, and checks them",
		Level: c.Should, Needs: journeysNeeded, Ref: refStock,
		Run: func(t *c.T) {
			tree := journeys.at("Login").read(t)
			entry := tree.Text("entryNodeId")
			children := node("PageNode", entry).read(t).List("nodes")
			if len(children) != 2 {
				t.Fatalf("the page has %d nodes", len(children))
			}
			t.Equal("first", "ValidatedUsernameNode", c.At(children[0], "nodeType"))
			t.Equal("second", "ValidatedPasswordNode", c.At(children[1], "nodeType"))
			next := tree.Text("nodes", entry, "connections", "outcome")
			t.Equal("then", "IdentityStoreDecisionNode", tree.At("nodes", next, "nodeType"))
		},
	}, {
		ID:    "journeys/list/page",
		Title: "a query of journeys has the envelope without a count, and shows each as a read does",
		Level: c.Must, Needs: journeysNeeded, Ref: refTrees, Writes: true,
		Run: func(t *c.T) {
			s, _ := makeSketch(t)
			page := journeys.find(t, "true")
			checkEnvelope(t, page, uncounted, -1, -1)
			t.Equal("journey", journeys.at(s.journey).read(t).Body, listed(t, page, s.journey))
		},
	}, {
		ID:    "journeys/list/fields",
		Title: "_fields chooses what a query of journeys shows",
		Level: c.Should, Needs: journeysNeeded, Ref: refParams, Writes: true,
		Run: func(t *c.T) {
			s, made := makeSketch(t)
			found := listed(t, journeys.find(t, "true", "_fields", "_id,enabled"), s.journey)
			t.Equal("journey", object{"_id": s.journey, "_rev": made.At("_rev"), "enabled": true}, found)
		},
	}, {
		ID:    "journeys/read/answer",
		Title: "a read of a journey has its revision as ETag, in every version of the API",
		Level: c.Must, Needs: journeysNeeded, Ref: refTrees, Writes: true,
		Run: func(t *c.T) {
			s, made := makeSketch(t)
			for _, version := range []string{journeyVersion, "protocol=2.1,resource=2.0"} {
				res := api{journeys.path, version}.at(s.journey).read(t)
				t.Equal("journey", made.Body, res.Body)
				checkTag(t, res)
			}
		},
	}, {
		ID:    "journeys/read/missing",
		Title: "a journey that is not there is 404, whether it is read or deleted",
		Level: c.Must, Needs: journeysNeeded, Ref: refTrees, Writes: true,
		Run: func(t *c.T) {
			journeys.find(t, "true", "_fields", "_id")
			name := t.Fresh("journey")
			checkNoJourney(t, name)
			checkRefusedByAM(t, journeys.at(name).delete(t), http.StatusNotFound, "Not Found")
		},
	}, {
		ID:    "journeys/realm/spellings",
		Title: "the realm of a journey can be spelled in three ways",
		Level: c.Should, Needs: journeysNeeded, Ref: refSpelling, Writes: true,
		Run: func(t *c.T) {
			s, _ := makeSketch(t)
			journeys.at(s.journey).checkSpellings(t)
			checkRefusedByAM(t, journeys.at(s.journey).in("/realms/root/realms/bravo").get(t), http.StatusNotFound, "Not Found")
		},
	}, {
		ID:    "journeys/realm/root",
		Title: "the journeys of the root realm are not available",
		Level: c.Must, Needs: journeysNeeded, Ref: refTrees,
		Run: func(t *c.T) {
			journeys.find(t, "true", "_fields", "_id")
			checkUnavailable(t, journeys.in("/realms/root").get(t, c.Query("_queryFilter", "true")))
		},
	}, {
		ID:    "journeys/version/unknown",
		Title: "a version of the API that there is none of is 404",
		Level: c.Should, Needs: journeysNeeded, Ref: refBinding, Writes: true,
		Run: func(t *c.T) {
			s, _ := makeSketch(t)
			checkError(t, api{journeys.path, "protocol=2.1,resource=9.0"}.at(s.journey).get(t), http.StatusNotFound)
		},
	}, {
		ID:    "journeys/create/answer",
		Title: "PUT of a new journey is 201 with all of it, its Location and what was left out",
		Level: c.Must, Needs: journeysNeeded, Ref: refTrees, Writes: true,
		Run: func(t *c.T) {
			s, made := makeSketch(t)
			checkTag(t, made)
			t.True("Location", strings.HasSuffix(made.Header.Get("Location"), journeys.at(s.journey).path))
			checkHolds(t, "journey", without(s.body, "nodes"), made.Body)
			checkHolds(t, "journey", object{"innerTreeOnly": false, "noSession": false, "mustRun": false}, made.Body)
			sent, _ := c.At(s.body, "nodes", s.node).(object)
			checkHolds(t, "node", with(sent, "version", "1.0"), made.At("nodes", s.node))
			t.Equal("journey read", made.Body, journeys.at(s.journey).read(t).Body)
		},
	}, {
		ID:    "journeys/create/empty",
		Title: "a journey without nodes may begin with a static one",
		Level: c.Must, Needs: journeysNeeded, Ref: refTrees, Writes: true,
		Run: func(t *c.T) {
			name := t.Fresh("journey")
			made := journeys.at(name).made(t, object{"entryNodeId": successNode, "nodes": object{}, "staticNodes": object{}})
			checkHolds(t, "journey", object{"_id": name, "entryNodeId": successNode, "nodes": object{}, "staticNodes": object{}}, made.Body)
		},
	}, {
		ID:    "journeys/create/no-entry",
		Title: "a journey without entryNodeId is refused in words of its own",
		Level: c.Must, Needs: journeysNeeded, Ref: refTreeErrors, Writes: true,
		Run: func(t *c.T) {
			s := newSketch(t)
			res := journeys.at(s.journey).put(t, object{"nodes": object{}, "staticNodes": object{}})
			checkRefusedByAM(t, res, http.StatusBadRequest, "Node with ID entryNodeId must exist in the tree.")
			checkNoJourney(t, s.journey)
		},
	}, {
		ID:    "journeys/create/entry-elsewhere",
		Title: "an entry node that is not among the nodes is refused by its name",
		Level: c.Should, Needs: journeysNeeded, Ref: refTreeIDs, Writes: true,
		Run: func(t *c.T) {
			s, other := newSketch(t), uuid.NewString()
			s.body["entryNodeId"] = other
			checkRefusedByAM(t, journeys.at(s.journey).put(t, s.body), http.StatusBadRequest, "Node with ID "+other+" must exist in the tree.")
			checkNoJourney(t, s.journey)
		},
	}, {
		ID:    "journeys/create/bad-nodes",
		Title: "nodes that are none are refused, and nothing is stored",
		Level: c.Must, Needs: journeysNeeded, Ref: refTreeErrors, Writes: true,
		Run: func(t *c.T) {
			s := newSketch(t)
			s.body["entryNodeId"], s.body["nodes"] = failureNode, object{"invalid": "bad data"}
			checkRefusedByAM(t, journeys.at(s.journey).put(t, s.body), http.StatusBadRequest, "Data validation failed for the attribute, Nodes")
			checkNoJourney(t, s.journey)
		},
	}, {
		ID:    "journeys/create/unknown-attribute",
		Title: "an attribute that journeys do not have is refused with a list of those that they have",
		Level: c.Must, Needs: journeysNeeded, Ref: refTreeErrors, Writes: true,
		Run: func(t *c.T) {
			s := newSketch(t)
			res := journeys.at(s.journey).put(t, with(s.body, "colour", "red"))
			t.Status(http.StatusBadRequest, res)
			t.Equal("message", "Invalid attribute specified.", res.At("message"))
			valid := res.List("detail", "validAttributes")
			for _, name := range []any{"description", "enabled", "entryNodeId", "identityResource", "innerTreeOnly", "nodes", "staticNodes", "uiConfig"} {
				t.True("valid attributes have "+name.(string), slices.Contains(valid, name))
			}
			checkNoJourney(t, s.journey)
		},
	}, {
		ID:    "journeys/update/answer",
		Title: "PUT of a journey that is there is 200 without Location, and a new revision for new content",
		Level: c.Must, Needs: journeysNeeded, Ref: refTrees, Writes: true,
		Run: func(t *c.T) {
			s, made := makeSketch(t)
			s.body["enabled"] = false
			res := journeys.at(s.journey).put(t, s.body)
			t.Status(http.StatusOK, res)
			checkTag(t, res)
			t.Equal("Location", "", res.Header.Get("Location"))
			t.Equal("enabled", false, res.At("enabled"))
			t.Differs("revision", made.At("_rev"), res.At("_rev"))
			t.Equal("journey read", res.Body, journeys.at(s.journey).read(t).Body)
		},
	}, {
		ID:    "journeys/update/same",
		Title: "the revision of a journey is made of its content",
		Level: c.Should, Needs: journeysNeeded, Ref: refTrees, Writes: true,
		Run: func(t *c.T) {
			s, made := makeSketch(t)
			t.Equal("written again", made.Body, journeys.at(s.journey).put(t, s.body).Body)
		},
	}, {
		ID:    "journeys/update/stale",
		Title: "a write with the revision of before is refused with 412",
		Level: c.Should, Needs: journeysNeeded, Ref: refAMStale, Writes: true,
		Run: func(t *c.T) {
			s, made := makeSketch(t)
			s.body["enabled"] = false
			journeys.at(s.journey).put(t, s.body)
			before := journeys.at(s.journey).read(t)
			s.body["enabled"] = true
			t.Status(http.StatusPreconditionFailed, journeys.at(s.journey).put(t, s.body, c.IfMatch(made.Text("_rev"))))
			journeys.at(s.journey).checkUnchanged(t, before)
		},
	}, {
		ID:    "journeys/embedded/written",
		Title: "nodes that come with their configuration are written with the journey, those of pages too",
		Level: c.Should, Needs: journeysNeeded, Ref: refEmbedded, Writes: true,
		Run: func(t *c.T) {
			s, username, password := withEmbedded(t)
			made := journeys.at(s.journey).made(t, s.body)
			t.Lacks("node of the journey", made.At("nodes", s.node), "config")
			page := node("PageNode", s.node).read(t)
			t.Equal("outcomes", outcomes("outcome", "Outcome"), page.At("_outcomes"))
			var ids []any
			for _, child := range page.List("nodes") {
				ids = append(ids, c.At(child, "_id"))
				t.Lacks("child", child, "_properties")
			}
			t.Equal("children", []any{username, password}, ids)
			t.Equal("attribute", "userName", node("ValidatedUsernameNode", username).read(t).At("usernameAttribute"))
			node("ValidatedPasswordNode", password).read(t)
		},
	}, {
		ID:    "journeys/embedded/orphans",
		Title: "a node that a journey no longer names stays",
		Level: c.Should, Needs: journeysNeeded, Ref: refOrphans, Writes: true,
		Run: func(t *c.T) {
			s, _ := makeSketch(t)
			s.body["entryNodeId"], s.body["nodes"] = successNode, object{}
			t.Status(http.StatusOK, journeys.at(s.journey).put(t, s.body))
			node("MessageNode", s.node).read(t)
		},
	}, {
		ID:    "journeys/delete/answer",
		Title: "DELETE of a journey answers all of it, and then it is gone",
		Level: c.Must, Needs: journeysNeeded, Ref: refTrees, Writes: true,
		Run: func(t *c.T) {
			s, made := makeSketch(t)
			res := journeys.at(s.journey).delete(t)
			t.Status(http.StatusOK, res)
			t.Equal("answer", made.Body, res.Body)
			checkTag(t, res)
			checkNoJourney(t, s.journey)
		},
	}, {
		ID:    "journeys/delete/nodes",
		Title: "the nodes of a journey are deleted with it, and those on its pages",
		Level: c.Should, Needs: journeysNeeded, Ref: refOrphans, Writes: true,
		Run: func(t *c.T) {
			s, username, _ := withEmbedded(t)
			journeys.at(s.journey).made(t, s.body)
			node("ValidatedUsernameNode", username).read(t)
			t.Status(http.StatusOK, journeys.at(s.journey).delete(t))
			t.Status(http.StatusNotFound, node("PageNode", s.node).get(t))
			t.Status(http.StatusNotFound, node("ValidatedUsernameNode", username).get(t))
		},
	},
}
