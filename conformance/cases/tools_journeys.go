package cases

import (
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	c "aicmcp/conformance"
)

var toolsAndJourneys = []c.Feature{c.Tools, c.Journeys}

// plan is what createJourney takes: a page of a name and a password, and a message.
func plan() object {
	return object{"entryNodeId": "page", "nodes": object{
		"page": object{
			"nodeType": "PageNode", "displayName": "Sign \"in\"", "connections": object{"outcome": "ask"},
			"config": object{"pageHeader": object{"en": "Hello"}, "pageDescription": object{}, "nodes": []any{
				object{"_id": "name", "nodeType": "ValidatedUsernameNode", "displayName": "Name", "_properties": object{}},
				object{"_id": "password", "nodeType": "ValidatedPasswordNode", "displayName": "Password", "_properties": object{}},
			}},
		},
		"ask": object{
			"nodeType": "MessageNode", "displayName": "Ask", "connections": object{"true": "Success", "false": failureNode},
			"config": object{"message": object{"en": "Go on?"}},
		},
	}}
}

// planned are the types of the plan's nodes, with the IDs that it gives them.
var planned = map[string]string{"PageNode": "page", "ValidatedUsernameNode": "name", "ValidatedPasswordNode": "password", "MessageNode": "ask"}

// journeyByTool calls createJourney. What it makes is removed in the end.
func journeyByTool(t *c.T, name string, data object) *c.Answer {
	t.Cleanup(func() { removeJourney(t, name) })
	return t.Call("createJourney", args{"realm": "alpha", "journeyName": name, "journeyData": data})
}

// plannedJourney makes the plan's journey and stops the case if that fails.
func plannedJourney(t *c.T) (name string, ids object) {
	name = t.Fresh("journey")
	answer := journeyByTool(t, name, plan())
	t.Succeeded(answer)
	ids, _ = answer.At("nodeIds").(object)
	for _, given := range planned {
		if _, err := uuid.Parse(c.Text(ids, given)); err != nil {
			t.Fatalf("no UUID stands for %s: %v", given, ids)
		}
	}
	return name, ids
}

// removeJourney deletes a journey of a name of ours, its nodes and those on its pages.
func removeJourney(t *c.T, name string) {
	res := journeys.at(name).get(t)
	if res.Status == http.StatusNotFound {
		return
	}
	nodes, _ := res.At("nodes").(object)
	var left []api
	for id, n := range nodes {
		a := node(c.Text(n, "nodeType"), id)
		left = append(left, a)
		for _, child := range a.get(t).List("nodes") {
			left = append(left, node(c.Text(child, "nodeType"), c.Text(child, "_id")))
		}
	}
	journeys.at(name).remove(t)
	for _, a := range left {
		a.remove(t)
	}
}

// findings are what a refusal finds wrong with a journey.
func findings(a *c.Answer) string { return joined(a.Structured, "error", "findings") }

// journeyTools are the cases about the tools for journeys.
var journeyTools = []c.Case{
	{
		ID:    "tools/journeys/create",
		Title: "createJourney makes the journey and its nodes, whose IDs become UUIDs",
		Level: c.Must, Needs: toolsAndJourneys, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			name, ids := plannedJourney(t)
			tree := journeys.at(name).read(t)
			page, ask := c.Text(ids, "page"), c.Text(ids, "ask")
			checkHolds(t, "journey", object{"entryNodeId": page, "identityResource": "managed/alpha_user", "enabled": true}, tree.Body)
			t.Equal("number of nodes", 2, len(tree.At("nodes").(object)))
			t.Equal("ways of the page", object{"outcome": ask}, tree.At("nodes", page, "connections"))
			t.Equal("ways of the message", object{"true": successNode, "false": failureNode}, tree.At("nodes", ask, "connections"))
			t.Has("places", tree.At("staticNodes"), "startNode", successNode, failureNode)
			children := node("PageNode", page).read(t).List("nodes")
			t.Equal("children", []any{ids["name"], ids["password"]}, []any{c.At(children[0], "_id"), c.At(children[1], "_id")})
			t.Equal("default", "userName", node("ValidatedUsernameNode", c.Text(ids, "name")).read(t).At("usernameAttribute"))
			node("MessageNode", ask).read(t)
		},
	}, {
		ID:    "tools/journeys/diagram",
		Title: "the answers about a journey draw it, and no name in it breaks the diagram",
		Level: c.Must, Needs: toolsAndJourneys, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			name := t.Fresh("journey")
			made := journeyByTool(t, name, plan())
			t.Succeeded(made)
			read := t.Call("getJourney", args{"realm": "alpha", "journeyName": name})
			t.Succeeded(read)
			for _, answer := range []*c.Answer{made, read} {
				diagram := answer.String("mermaid")
				t.True("it is a flowchart", strings.HasPrefix(diagram, "flowchart "))
				for _, part := range []string{"PageNode", "ValidatedUsernameNode", "MessageNode", "true", "false"} {
					t.Contains("diagram", part, diagram)
				}
				t.True("quotes of names are escaped", !strings.Contains(diagram, `Sign "in"`))
			}
		},
	}, {
		ID:    "tools/journeys/findings",
		Title: "all that is wrong with a journey is found before anything is sent",
		Level: c.Must, Needs: toolsAndJourneys, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			name, data := t.Fresh("journey"), plan()
			nodes := data["nodes"].(object)
			nodes["ask"].(object)["connections"] = object{"true": "nowhere", "maybe": "success"}
			nodes["ask"].(object)["config"] = object{"colour": "red"}
			nodes["lonely"] = object{"nodeType": "NoSuchNode", "displayName": "Lonely", "connections": object{}, "config": object{}}
			answer := journeyByTool(t, name, data)
			t.Refused(answer)
			for _, part := range []string{"nowhere", "maybe", "false", "colour", "NoSuchNode", "lonely"} {
				t.Contains("findings", part, findings(answer))
				t.Contains("text", part, answer.Text)
			}
			checkNoJourney(t, name)
		},
	}, {
		ID:    "tools/journeys/entry-missing",
		Title: "a journey whose entry is none of its nodes is refused",
		Level: c.Must, Needs: toolsAndJourneys, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			name := t.Fresh("journey")
			answer := journeyByTool(t, name, with(plan(), "entryNodeId", "door"))
			t.Refused(answer)
			t.Contains("findings", "door", findings(answer))
			checkNoJourney(t, name)
		},
	}, {
		ID:    "tools/journeys/replace",
		Title: "updateJourney with nodes replaces them, and names those that nothing needs any more",
		Level: c.Must, Needs: toolsAndJourneys, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			name, ids := plannedJourney(t)
			before := journeys.at(name).read(t)
			for kind, given := range planned {
				t.Cleanup(func() { node(kind, c.Text(ids, given)).remove(t) })
			}
			answer := t.Call("updateJourney", args{"realm": "alpha", "journeyName": name, "entryNodeId": "only", "nodes": object{
				"only": object{"nodeType": "MessageNode", "displayName": "Only", "connections": object{"true": "success", "false": "failure"}, "config": object{}},
			}})
			t.Succeeded(answer)
			tree := journeys.at(name).read(t)
			t.Equal("entry", answer.At("nodeIds", "only"), tree.At("entryNodeId"))
			t.Equal("number of nodes", 1, len(tree.At("nodes").(object)))
			t.Equal("identityResource", before.At("identityResource"), tree.At("identityResource"))
			var orphans []string
			for _, orphan := range c.List(answer.Body, "orphans") {
				orphans = append(orphans, c.Text(orphan, "nodeId"))
			}
			for _, given := range planned {
				t.True(given+" is an orphan", slices.Contains(orphans, c.Text(ids, given)))
			}
			swept := t.Call("deleteJourneyNodes", args{"realm": "alpha", "nodes": answer.At("orphans")})
			t.Succeeded(swept)
			t.Status(http.StatusNotFound, node("PageNode", c.Text(ids, "page")).get(t))
			t.Status(http.StatusNotFound, node("ValidatedUsernameNode", c.Text(ids, "name")).get(t))
		},
	}, {
		ID:    "tools/journeys/settings",
		Title: "updateJourney without nodes changes what is named, and nothing else",
		Level: c.Must, Needs: toolsAndJourneys, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			name, _ := plannedJourney(t)
			before := journeys.at(name).read(t)
			t.Succeeded(t.Call("updateJourney", args{"realm": "alpha", "journeyName": name, "description": "changed", "enabled": false}))
			want := with(with(before.Body, "description", "changed"), "enabled", false)
			t.Equal("journey", without(want, "_rev"), without(journeys.at(name).read(t).Body, "_rev"))
			missing := t.Call("updateJourney", args{"realm": "alpha", "journeyName": t.Fresh("journey"), "enabled": false})
			checkRefusal(t, missing, http.StatusNotFound)
			t.Refused(t.Call("updateJourney", args{"realm": "alpha", "journeyName": name}))
		},
	}, {
		ID:    "tools/journeys/rewire",
		Title: "a node is rewired by giving its journey again under the IDs that it has",
		Level: c.Must, Needs: toolsAndJourneys, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			name, ids := plannedJourney(t)
			page, ask := c.Text(ids, "page"), c.Text(ids, "ask")
			read := t.Call("getJourney", args{"realm": "alpha", "journeyName": name, "detail": "configs"})
			t.Succeeded(read)
			nodes := object{}
			for id, shown := range read.At("nodes").(object) {
				nodes[id] = object{"nodeType": c.At(shown, "nodeType"), "displayName": c.At(shown, "displayName"), "connections": c.At(shown, "connections"), "config": c.At(shown, "config")}
			}
			nodes[ask].(object)["connections"] = object{"true": "success", "false": page}
			answer := t.Call("updateJourney", args{"realm": "alpha", "journeyName": name, "entryNodeId": page, "nodes": nodes})
			t.Succeeded(answer)
			t.Lacks("answer", answer.Body, "orphans")
			t.Equal("ways", object{"true": successNode, "false": page}, journeys.at(name).read(t).At("nodes", ask, "connections"))
			t.Equal("message", object{"en": "Go on?"}, node("MessageNode", ask).read(t).At("message"))
			t.Equal("children", 2, len(node("PageNode", page).read(t).List("nodes")))
		},
	}, {
		ID:    "tools/journeys/get",
		Title: "getJourney shows nodes with their configurations and schemas, or as much as is asked for",
		Level: c.Must, Needs: toolsAndJourneys, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			name, ids := plannedJourney(t)
			page, ask := c.Text(ids, "page"), c.Text(ids, "ask")
			full := t.Call("getJourney", args{"realm": "alpha", "journeyName": name})
			t.Succeeded(full)
			t.Equal("entry", page, full.At("entryNodeId"))
			t.Equal("message", object{"en": "Go on?"}, full.At("nodes", ask, "config", "message"))
			t.Has("schemas", full.At("schemas"), "PageNode", "MessageNode", "ValidatedUsernameNode", "ValidatedPasswordNode")
			configs := t.Call("getJourney", args{"realm": "alpha", "journeyName": name, "detail": "configs"})
			t.Succeeded(configs)
			t.Lacks("configs", configs.Body, "schemas")
			t.Equal("children", 2, len(c.List(configs.Body, "nodes", page, "config", "nodes")))
			graph := t.Call("getJourney", args{"realm": "alpha", "journeyName": name, "detail": "graph"})
			t.Succeeded(graph)
			t.Lacks("node of the graph", graph.At("nodes", ask), "config")
			t.Equal("ways", object{"true": successNode, "false": failureNode}, graph.At("nodes", ask, "connections"))
		},
	}, {
		ID:    "tools/journeys/get-broken",
		Title: "a node that is not there is reported in its place",
		Level: c.Must, Needs: toolsAndJourneys, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			s, _ := makeSketch(t)
			t.Status(http.StatusOK, node("MessageNode", s.node).delete(t))
			answer := t.Call("getJourney", args{"realm": "alpha", "journeyName": s.journey})
			t.Succeeded(answer)
			t.Equal("status", http.StatusNotFound, answer.At("nodes", s.node, "error", "status"))
			t.Lacks("node", answer.At("nodes", s.node), "config")
		},
	}, {
		ID:    "tools/journeys/list",
		Title: "listJourneys tells of every journey, and which one is the default",
		Level: c.Must, Needs: toolsAndJourneys, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			name, _ := plannedJourney(t)
			answer := t.Call("listJourneys", args{"realm": "alpha"})
			t.Succeeded(answer)
			checkHolds(t, "journey", object{"nodes": 2, "enabled": true, "identityResource": "managed/alpha_user"}, named(t, c.List(answer.Body, "journeys"), name))
			t.Equal("number", len(journeys.find(t, "true").List("result")), answer.At("resultCount"))
			settings := api{inAlpha + "/realm-config/authentication", "protocol=1.0,resource=1.0"}.get(t)
			t.Equal("default", settings.At("core", "orgConfig"), answer.At("defaultJourney"))
		},
	}, {
		ID:    "tools/journeys/delete",
		Title: "deleteJourney deletes the journey and its nodes, those on its pages too",
		Level: c.Must, Needs: toolsAndJourneys, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			name, ids := plannedJourney(t)
			answer := t.Call("deleteJourney", args{"realm": "alpha", "journeyName": name})
			t.Succeeded(answer)
			checkNoJourney(t, name)
			for kind, given := range planned {
				t.Status(http.StatusNotFound, node(kind, c.Text(ids, given)).get(t))
			}
			checkRefusal(t, t.Call("deleteJourney", args{"realm": "alpha", "journeyName": name}), http.StatusNotFound)
		},
	}, {
		ID:    "tools/journeys/delete-default",
		Title: "deleteJourney refuses the journey that is the realm's default",
		Level: c.Must, Needs: toolsAndJourneys, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			listed := t.Call("listJourneys", args{"realm": "alpha"})
			t.Succeeded(listed)
			name := listed.String("defaultJourney")
			before := journeys.at(name).read(t)
			answer := t.Call("deleteJourney", args{"realm": "alpha", "journeyName": name})
			t.Refused(answer)
			t.Contains("hint", "setDefaultJourney", c.Text(answer.Structured, "error", "hint"))
			journeys.at(name).checkUnchanged(t, before)
		},
	}, {
		ID:    "tools/journeys/default-refused",
		Title: "setDefaultJourney refuses a journey that is not there, or not enabled",
		Level: c.Must, Needs: toolsAndJourneys, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			settings := api{inAlpha + "/realm-config/authentication", "protocol=1.0,resource=1.0"}
			before := settings.get(t)
			s := newSketch(t)
			node("MessageNode", s.node).made(t, object{})
			journeys.at(s.journey).made(t, with(s.body, "enabled", false))
			for _, name := range []string{s.journey, t.Fresh("journey")} {
				t.Refused(t.Call("setDefaultJourney", args{"realm": "alpha", "journeyName": name}))
			}
			t.Equal("settings", before.Body, settings.get(t).Body)
		},
	}, {
		ID:    "tools/journeys/node",
		Title: "updateJourneyNode replaces a configuration, and tells which outcomes came and went",
		Level: c.Must, Needs: toolsAndJourneys, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			a, made := newNode(t, "ChoiceCollectorNode", object{"choices": []any{"one", "two"}, "defaultChoice": "one", "prompt": "Which?"})
			call := args{"realm": "alpha", "nodeType": "ChoiceCollectorNode", "nodeId": made.At("_id")}
			answer := t.Call("updateJourneyNode", args(with(object(call), "config", object{"choices": []any{"two", "three"}, "defaultChoice": "two", "prompt": "Now?"})))
			t.Succeeded(answer)
			t.Equal("gained", []any{"three"}, answer.At("gainedOutcomes"))
			t.Equal("lost", []any{"one"}, answer.At("lostOutcomes"))
			after := a.read(t)
			t.Equal("choices", []any{"two", "three"}, after.At("choices"))
			bad := t.Call("updateJourneyNode", args(with(object(call), "config", object{"choices": "two", "colour": "red"})))
			t.Refused(bad)
			for _, part := range []string{"choices", "colour"} {
				t.Contains("findings", part, findings(bad))
			}
			a.checkUnchanged(t, after)
		},
	}, {
		ID:    "tools/journeys/node-missing",
		Title: "updateJourneyNode makes no node that is not there",
		Level: c.Must, Needs: toolsAndJourneys, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			allNodes.at("SetStateNode").find(t, "true")
			id := uuid.NewString()
			t.Cleanup(func() { node("SetStateNode", id).remove(t) })
			answer := t.Call("updateJourneyNode", args{"realm": "alpha", "nodeType": "SetStateNode", "nodeId": id, "config": object{"attributes": object{}}})
			checkRefusal(t, answer, http.StatusNotFound)
			t.Status(http.StatusNotFound, node("SetStateNode", id).get(t))
		},
	}, {
		ID:    "tools/journeys/nodes-in-use",
		Title: "deleteJourneyNodes leaves nodes that a journey or a page uses",
		Level: c.Must, Needs: toolsAndJourneys, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			_, ids := plannedJourney(t)
			orphan, made := newNode(t, "SetStateNode", object{"attributes": object{}})
			answer := t.Call("deleteJourneyNodes", args{"realm": "alpha", "nodes": []any{
				object{"nodeType": "MessageNode", "nodeId": ids["ask"]},
				object{"nodeType": "ValidatedUsernameNode", "nodeId": ids["name"]},
				object{"nodeType": "SetStateNode", "nodeId": made.At("_id")},
			}})
			t.Succeeded(answer)
			node("MessageNode", c.Text(ids, "ask")).read(t)
			node("ValidatedUsernameNode", c.Text(ids, "name")).read(t)
			t.Status(http.StatusNotFound, orphan.get(t))
		},
	}, {
		ID:    "tools/journeys/types",
		Title: "listNodeTypes and getNodeTypeDetails tell what journeys are built of",
		Level: c.Must, Needs: toolsAndJourneys, Ref: refTools,
		Run: func(t *c.T) {
			answer := t.Call("listNodeTypes", args{"realm": "alpha"})
			t.Succeeded(answer)
			for _, id := range []string{"PageNode", "ScriptedDecisionNode"} {
				t.True("there is "+id, slices.ContainsFunc(c.List(answer.Body, "nodeTypes"), func(one any) bool { return c.Text(one, "id") == id }))
			}
			details := t.Call("getNodeTypeDetails", args{"realm": "alpha", "nodeTypes": []any{"RetryLimitDecisionNode", "NoSuchNode"}})
			t.Succeeded(details)
			known := details.At("nodeTypes", "RetryLimitDecisionNode")
			t.Has("schema", c.At(known, "schema", "properties"), "retryLimit")
			t.Equal("template", 3, c.At(known, "template", "retryLimit"))
			t.Equal("outcomes", outcomes("Retry", "Retry", "Reject", "Reject"), c.At(known, "outcomes"))
			t.Equal("status of the unknown", http.StatusNotFound, details.At("nodeTypes", "NoSuchNode", "errors", 0, "status"))
			dynamic := t.Call("getDynamicNodeOutcomes", args{"realm": "alpha", "nodeType": "ChoiceCollectorNode", "config": object{"choices": []any{"a", "b"}}})
			t.Succeeded(dynamic)
			t.Equal("outcomes", outcomes("a", "a", "b", "b"), dynamic.At("outcomes"))
		},
	}, {
		ID:    "tools/journeys/preview",
		Title: "getJourneyPreviewUrl leads to the login pages of the tenant, whatever the name of the journey",
		Level: c.Must, Needs: toolsAndJourneys, Ref: refBounds,
		Run: func(t *c.T) {
			journeys.at("Login").read(t)
			answer := t.Call("getJourneyPreviewUrl", args{"realm": "alpha", "journeyName": "a&b=c d/#"})
			t.Succeeded(answer)
			t.Contains("address", "/am/XUI/?realm=", answer.String("url"))
			t.Contains("address", "a%26b%3Dc", answer.String("url"))
		},
	}, {
		ID:    "tools/journeys/paths",
		Title: "names of journeys and IDs of nodes do not leave their places in paths",
		Level: c.Must, Needs: toolsAndJourneys, Ref: refBounds,
		Run: func(t *c.T) {
			before := journeys.at("Login").read(t)
			for _, name := range []string{"../trees/Login", "Login/../Login", "Login?x=", ".."} {
				t.Refused(t.Call("getJourney", args{"realm": "alpha", "journeyName": name}))
			}
			t.Refused(t.Call("getDynamicNodeOutcomes", args{"realm": "alpha", "nodeType": "../trees/Login", "config": object{}}))
			journeys.at("Login").checkUnchanged(t, before)
		},
	},
}
