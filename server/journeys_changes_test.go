package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// Secrets are the attributes of these names, whatever nodes and outcomes are called.
func TestNodesCanBeCalledLikeSecrets(t *testing.T) {
	jt := startJourneys(t)
	data := `{"entryNodeId":"secret","nodes":{
		"secret":{"nodeType":"ChoiceCollectorNode","connections":{"password":"password","apiKey":"failure"},"config":{"choices":["password","apiKey"],"prompt":"?","defaultChoice":"apiKey"}},
		"password":{"nodeType":"OneTimePasswordSmtpSenderNode","displayName":"node","connections":{"outcome":"success"},"config":{"hostName":"h","hostPort":25,"username":"u","password":"deepest sea","fromEmailAddress":"f"}}}}`
	made := jt.create("Small", data)
	if !freshID.MatchString(fmt.Sprint(at(made, "nodeIds", "secret"))) || !freshID.MatchString(fmt.Sprint(at(made, "nodeIds", "password"))) {
		t.Errorf("made %v", made)
	}
	e := jt.fails("createJourney", `{"realm":"alpha","journeyName":"Small","journeyData":`+strings.Replace(data, `"success"`, `"deepest sea"`, 1)+`}`, `node "password", connections."outcome": "[redacted]" is no node`)
	if strings.Contains(text(t, e), "deepest sea") {
		t.Errorf("error %v", e)
	}
}

func TestAJourneyIsChanged(t *testing.T) {
	jt := startJourneys(t)
	made := jt.create("Small", smallJourney)
	before := jt.api("GET", treesPath+"/trees/Small", "")
	jt.asked()
	changed := jt.does("updateJourney", `{"realm":"alpha","journeyName":"Small","description":"New","enabled":false,"maximumIdleTime":5,"uiConfig":{"categories":["A","B"]}}`)
	jt.expect("GET /trees/Small", "GET /alpha/realm-config/authentication", "PUT /trees/Small")
	after := jt.api("GET", treesPath+"/trees/Small", "")
	if changed["result"] != "updated" || after["description"] != "New" || after["enabled"] != false || after["maximumIdleTime"] != 5.0 || at(after, "uiConfig", "categories") != `["A","B"]` ||
		text(t, after["nodes"]) != text(t, before["nodes"]) || after["identityResource"] != "managed/alpha_user" {
		t.Errorf("changed %v", after)
	}
	jt.fails("updateJourney", `{"realm":"alpha","journeyName":"Small"}`, "must say what shall change")
	jt.fails("updateJourney", `{"realm":"alpha","journeyName":"Small","nodes":{}}`, "entryNodeId is required with nodes")
	jt.fails("updateJourney", `{"realm":"alpha","journeyName":"Small","entryNodeId":"x"}`, "is no node of the journey")
	jt.fails("updateJourney", fmt.Sprintf(`{"realm":"alpha","journeyName":"Small","entryNodeId":%q}`, at(made, "nodeIds", "check")), "would leave nodes")
	jt.fails("updateJourney", `{"realm":"alpha","journeyName":"None","enabled":true}`, "404", "listJourneys")
	jt.fails("updateJourney", `{"realm":"alpha","journeyName":"None","entryNodeId":"success","nodes":{}}`, "no journey with that name", "createJourney")

	// Somebody else writes in between.
	jt.meanwhile = func(r *http.Request) {
		if r.Method == "PUT" {
			jt.api("PUT", treesPath+"/trees/Small", `{"entryNodeId":"`+successNode+`","nodes":{}}`)
		}
	}
	jt.fails("updateJourney", `{"realm":"alpha","journeyName":"Small","description":"Newer"}`, "412", "Somebody else", "getJourney")
}

func TestChangesOfAJourneyAtTheSameTimeAllStay(t *testing.T) {
	jt := startJourneys(t)
	jt.create("Small", smallJourney)
	var wg sync.WaitGroup
	for _, change := range []string{`"description":"New"`, `"enabled":false`, `"mustRun":true`, `"maximumIdleTime":5`, `"maximumSessionTime":50`, `"uiConfig":{"a":"b"}`} {
		wg.Go(func() {
			if doc, text := jt.call("updateJourney", `{"realm":"alpha","journeyName":"Small",`+change+`}`); doc["error"] != nil {
				t.Error(text)
			}
		})
	}
	wg.Wait()
	tree := jt.api("GET", treesPath+"/trees/Small", "")
	if tree["description"] != "New" || tree["enabled"] != false || tree["mustRun"] != true || tree["maximumIdleTime"] != 5.0 || tree["maximumSessionTime"] != 50.0 || at(tree, "uiConfig", "a") != "b" {
		t.Errorf("tree %v", tree)
	}
}

// Nodes without a configuration stay as they are, with what is on their pages.
func TestAJourneyIsRewired(t *testing.T) {
	jt := startJourneys(t)
	made := jt.create("Small", smallJourney)
	page, check := at(made, "nodeIds", "page"), at(made, "nodeIds", "check")
	before := jt.api("GET", fmt.Sprint(treesPath, "/nodes/PageNode/", page), "")
	out := jt.does("updateJourney", fmt.Sprintf(`{"realm":"alpha","journeyName":"Small","entryNodeId":%[1]q,"nodes":{
		%[1]q:{"nodeType":"PageNode","displayName":"Sign in","connections":{"outcome":"log"}},
		"log":{"nodeType":"IncrementLoginCountNode","connections":{"outcome":%[2]q}},
		%[2]q:{"nodeType":"DataStoreDecisionNode","connections":{"true":"success","false":"failure"}}}}`, page, check))
	if out["orphans"] != nil || !strings.Contains(fmt.Sprint(out["mermaid"]), "+ ValidatedPasswordNode") {
		t.Errorf("rewired %v", out)
	}
	if after := jt.api("GET", fmt.Sprint(treesPath, "/nodes/PageNode/", page), ""); text(t, after) != text(t, before) {
		t.Errorf("page %v", after)
	}
	// What getJourney shows can be given back.
	shown := jt.does("getJourney", `{"realm":"alpha","journeyName":"Small","detail":"configs"}`)
	again := jt.does("updateJourney", text(t, map[string]any{"realm": "alpha", "journeyName": "Small", "entryNodeId": shown["entryNodeId"], "nodes": shown["nodes"]}))
	if again["orphans"] != nil || again["warnings"] != nil {
		t.Errorf("given back %v", again)
	}
	if after := jt.does("getJourney", `{"realm":"alpha","journeyName":"Small","detail":"configs"}`); text(t, after["nodes"]) != text(t, shown["nodes"]) {
		t.Errorf("now %v, before %v", after["nodes"], shown["nodes"])
	}
}

func TestPagesOfVersionTwo(t *testing.T) {
	jt := startJourneys(t)
	data := `{"entryNodeId":"p","nodes":{"p":{"nodeType":"PageNode","version":"2.0","displayName":"P","connections":{"last-outcome":"success"},"config":{"nodes":[{"_id":"last","nodeType":"ValidatedUsernameNode","displayName":"U"}]}}}}`
	jt.fails("createJourney", `{"realm":"alpha","journeyName":"Two","journeyData":`+strings.Replace(data, "last-outcome", "outcome", 1)+`}`,
		`node "p": connections: it has no outcome "outcome"; it has "last-outcome"`, `its outcome "last-outcome" leads nowhere`)
	jt.asked()
	made := jt.create("Two", data)
	tree := jt.api("GET", treesPath+"/trees/Two", "")
	outcome := fmt.Sprint(at(made, "nodeIds", "last"), "-outcome")
	if got := at(tree, "nodes", fmt.Sprint(at(made, "nodeIds", "p")), "connections", outcome); got != successNode {
		t.Errorf("tree %v", tree)
	}
	asked := strings.Join(jt.asked(), "\n")
	if !strings.Contains(asked, "POST /nodes/PageNode/2.0 schema") || !strings.Contains(asked, "POST /nodes/PageNode/2.0 listOutcomes") {
		t.Errorf("asked %s", asked)
	}
	shown := jt.does("getJourney", `{"realm":"alpha","journeyName":"Two"}`)
	if at(shown, "schemas", "PageNode 2.0") == nil || at(shown, "nodes", fmt.Sprint(at(made, "nodeIds", "p")), "error") != nil {
		t.Errorf("shown %v", shown)
	}
	// A node keeps its version.
	again := jt.does("updateJourney", fmt.Sprintf(`{"realm":"alpha","journeyName":"Two","entryNodeId":%[1]q,"nodes":{%[1]q:{"nodeType":"PageNode","displayName":"Q","connections":{%[2]q:"failure"}}}}`, at(made, "nodeIds", "p"), outcome))
	tree = jt.api("GET", treesPath+"/trees/Two", "")
	if n := at(tree, "nodes", fmt.Sprint(at(made, "nodeIds", "p"))); at(n, "version") != "2.0" || at(n, "displayName") != "Q" || again["orphans"] != nil {
		t.Errorf("updated %v, node %v", again, n)
	}
	jt.does("deleteJourney", `{"realm":"alpha","journeyName":"Two"}`)
}

// Nodes of pages may name their version as other nodes do.
func TestANodeOfAPageHasAVersion(t *testing.T) {
	jt := startJourneys(t)
	for _, version := range []string{`"version":"2.0"`, `"nodeVersion":"2.0"`} {
		made := jt.create("Two", `{"entryNodeId":"p","nodes":{"p":{"nodeType":"PageNode","connections":{"outcome":"success"},"config":{"nodes":[
			{"_id":"u","nodeType":"ValidatedUsernameNode","displayName":"U",`+version+`,"_properties":{"prepopulate":true}}]}}}}`)
		if n := jt.api("GET", fmt.Sprint(treesPath, "/nodes/ValidatedUsernameNode/", at(made, "nodeIds", "u")), ""); n["prepopulate"] != true {
			t.Errorf("%s: %v", version, n)
		}
	}
}

// An outcome of a page can begin with a word for its last node, though only the
// tenant knows that the page is of a version in which it does.
func TestAPageKeepsItsVersionWithOtherNodes(t *testing.T) {
	jt := startJourneys(t)
	made := jt.create("Two", `{"entryNodeId":"p","nodes":{"p":{"nodeType":"PageNode","version":"2.0","connections":{"last-outcome":"success"},"config":{"nodes":[{"_id":"last","nodeType":"ValidatedUsernameNode"}]}}}}`)
	jt.does("updateJourney", fmt.Sprintf(`{"realm":"alpha","journeyName":"Two","entryNodeId":%[1]q,"nodes":{%[1]q:{"nodeType":"PageNode","connections":{"other-outcome":"success"},"config":{"nodes":[{"_id":"other","nodeType":"ValidatedPasswordNode"}]}}}}`, at(made, "nodeIds", "p")))
}

func TestTheDefaultJourneyIsSet(t *testing.T) {
	jt := startJourneys(t)
	const settings = "/am/json/realms/root/realms/alpha/realm-config/authentication"
	before := jt.api("GET", settings, "")
	out := jt.does("setDefaultJourney", `{"realm":"alpha","journeyName":"Registration"}`)
	jt.expect("GET /trees/Registration", "GET /alpha/realm-config/authentication", "PUT /alpha/realm-config/authentication")
	if out["defaultJourney"] != "Registration" || out["previous"] != "Login" {
		t.Errorf("set %v", out)
	}
	after := jt.api("GET", settings, "")
	if at(after, "core", "orgConfig") != "Registration" || at(after, "core", "adminAuthModule") != at(before, "core", "adminAuthModule") || text(t, after["security"]) != text(t, before["security"]) {
		t.Errorf("settings %v", after)
	}
	jt.does("setDefaultJourney", `{"realm":"alpha","journeyName":"Registration"}`)
	jt.expect("GET /trees/Registration", "GET /alpha/realm-config/authentication")
	jt.does("updateJourney", `{"realm":"alpha","journeyName":"Login","enabled":false}`)
	jt.fails("setDefaultJourney", `{"realm":"alpha","journeyName":"Login"}`, "not enabled", "updateJourney")
	jt.does("updateJourney", `{"realm":"alpha","journeyName":"Login","enabled":true,"innerTreeOnly":true}`)
	jt.fails("setDefaultJourney", `{"realm":"alpha","journeyName":"Login"}`, "within others only")
	jt.fails("setDefaultJourney", `{"realm":"alpha","journeyName":"None"}`, "404", "listJourneys")
	jt.does("updateJourney", `{"realm":"alpha","journeyName":"Login","innerTreeOnly":false}`)
	put := func(r *http.Request) bool { return r.Method == "PUT" }
	jt.drops = put
	jt.fails("setDefaultJourney", `{"realm":"alpha","journeyName":"Login"}`, "not known whether")
	jt.drops, jt.loses = nil, put
	jt.does("setDefaultJourney", `{"realm":"alpha","journeyName":"Login"}`)
}

// A default journey that cannot run keeps people out.
func TestADefaultJourneyThatStopsIsWarnedOf(t *testing.T) {
	jt := startJourneys(t)
	login := jt.does("getJourney", `{"realm":"alpha","journeyName":"Login","detail":"configs"}`)
	nodes := fmt.Sprintf(`"entryNodeId":%q,"nodes":%s`, login["entryNodeId"], text(t, login["nodes"]))
	for _, call := range []struct{ tool, arguments string }{
		{"updateJourney", `"enabled":false`},
		{"updateJourney", `"innerTreeOnly":true`},
		{"updateJourney", `"enabled":false,` + nodes},
		{"createJourney", `"innerTreeOnly":true,"journeyData":{` + nodes + `}`},
	} {
		out := jt.does(call.tool, `{"realm":"alpha","journeyName":"Login",`+call.arguments+`}`)
		if warnings := fmt.Sprint(out["warnings"]); !strings.Contains(warnings, "default journey") || !strings.Contains(warnings, "setDefaultJourney") {
			t.Errorf("%s %.60s: warnings %s", call.tool, call.arguments, warnings)
		}
	}
	if out := jt.does("updateJourney", `{"realm":"alpha","journeyName":"Registration","enabled":false}`); out["warnings"] != nil {
		t.Errorf("warnings %v", out["warnings"])
	}
	if out := jt.does("updateJourney", `{"realm":"alpha","journeyName":"Login","enabled":true,"innerTreeOnly":false}`); out["warnings"] != nil {
		t.Errorf("warnings %v", out["warnings"])
	}
}

func TestANodeIsChanged(t *testing.T) {
	jt := startJourneys(t)
	made := jt.create("Choice", `{"entryNodeId":"c","nodes":{"c":{"nodeType":"ChoiceCollectorNode","connections":{"a":"success","b":"failure"},"config":{"choices":["a","b"],"prompt":"?","defaultChoice":"a"}}}}`)
	id := at(made, "nodeIds", "c")
	named := fmt.Sprintf(`"realm":"alpha","nodeType":"ChoiceCollectorNode","nodeId":%q`, id)
	jt.asked()
	out := jt.does("updateJourneyNode", `{`+named+`,"config":{"choices":["b","c"],"prompt":"!","defaultChoice":"b"}}`)
	jt.expect(fmt.Sprint("GET /nodes/ChoiceCollectorNode/", id), "POST /nodes/ChoiceCollectorNode schema", fmt.Sprint("PUT /nodes/ChoiceCollectorNode/", id))
	if at(out, "config", "prompt") != "!" || text(t, out["gainedOutcomes"]) != `["c"]` || text(t, out["lostOutcomes"]) != `["a"]` || out["warnings"] == nil {
		t.Errorf("changed %v", out)
	}
	e := jt.fails("updateJourneyNode", `{`+named+`,"config":{"choices":"b","prompts":"!"}}`, "config.choices must be of the type array", `no attribute "prompts": perhaps "prompt" is meant`)
	if len(e["findings"].([]any)) < 2 {
		t.Errorf("error %v", e)
	}
	jt.fails("updateJourneyNode", `{"realm":"alpha","nodeType":"DebugNode","nodeId":"`+scriptID+`","config":{}}`, "404", "makes none", "updateJourney")
	jt.fails("updateJourneyNode", `{"realm":"alpha","nodeType":"PageNode","nodeId":"`+scriptID+`","config":{}}`, "404")
	login := jt.does("getJourney", `{"realm":"alpha","journeyName":"Login"}`)
	page := at(login, "nodes", fmt.Sprint(login["entryNodeId"]), "config").(map[string]any)
	change := func() string {
		return text(t, map[string]any{"realm": "alpha", "nodeType": "PageNode", "nodeId": login["entryNodeId"], "config": page})
	}
	jt.fails("updateJourneyNode", change(), "config.nodes[0] has a configuration, which is not written with the page")
	for _, child := range page["nodes"].([]any) {
		delete(child.(map[string]any), "_properties")
	}
	page["stage"] = "x"
	if out := jt.does("updateJourneyNode", change()); at(out, "config", "stage") != "x" || out["warnings"] != nil {
		t.Errorf("page %v", out)
	}
	jt.meanwhile = func(r *http.Request) {
		if r.Method == "PUT" {
			jt.api("PUT", fmt.Sprint(treesPath, "/nodes/ChoiceCollectorNode/", id), `{"choices":["z"],"prompt":"z","defaultChoice":"z"}`)
		}
	}
	jt.fails("updateJourneyNode", `{`+named+`,"config":{"choices":["b","c"],"prompt":"!","defaultChoice":"b"}}`, "412", "Somebody else")
}

// A page refers to nodes that are there, and what falls off it is named.
func TestAPageIsChanged(t *testing.T) {
	jt := startJourneys(t)
	made := jt.create("Small", smallJourney)
	page, name := at(made, "nodeIds", "page"), at(made, "nodeIds", "name")
	change := func(id any) string {
		return fmt.Sprintf(`{"realm":"alpha","nodeType":"PageNode","nodeId":%q,"config":{"nodes":[{"_id":%q,"nodeType":"ValidatedUsernameNode","displayName":"N"}]}}`, page, id)
	}
	before := jt.api("GET", fmt.Sprint(treesPath, "/nodes/PageNode/", page), "")
	e := jt.fails("updateJourneyNode", change(scriptID), "config.nodes[0]: there is no \"ValidatedUsernameNode\"", scriptID, "updateJourney makes new ones", "Nothing was changed")
	if after := jt.api("GET", fmt.Sprint(treesPath, "/nodes/PageNode/", page), ""); text(t, after) != text(t, before) || len(e["findings"].([]any)) != 1 {
		t.Errorf("page %v, error %v", after, e)
	}
	jt.asked()
	out := jt.does("updateJourneyNode", change(name))
	jt.expect(fmt.Sprint("GET /nodes/PageNode/", page), "POST /nodes/PageNode schema", fmt.Sprint("PUT /nodes/PageNode/", page))
	if orphans := out["orphans"].([]any); len(orphans) != 1 || at(orphans[0], "nodeType") != "ValidatedPasswordNode" {
		t.Errorf("changed %v", out)
	}
	jt.does("deleteJourneyNodes", text(t, map[string]any{"realm": "alpha", "nodes": out["orphans"]}))
	jt.does("deleteJourney", `{"realm":"alpha","journeyName":"Small"}`)
}
