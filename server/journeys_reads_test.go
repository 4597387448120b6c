package server_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"aicmcp/mockaic"
)

func TestJourneysAreListed(t *testing.T) {
	jt := startJourneys(t)
	out := jt.does("listJourneys", `{"realm":"alpha"}`)
	jt.expect("GET /trees", "GET /alpha/realm-config/authentication")
	var login any
	for _, j := range out["journeys"].([]any) {
		if at(j, "name") == "Login" {
			login = j
		}
	}
	if out["defaultJourney"] != "Login" || at(login, "nodes") != 6.0 || at(login, "enabled") != true || text(t, at(login, "categories")) != `["Authentication"]` || out["resultCount"] != float64(len(out["journeys"].([]any))) {
		t.Errorf("listed %v", out)
	}
}

func TestAJourneyIsShown(t *testing.T) {
	jt := startJourneys(t)
	drawn := jt.does("getJourney", `{"realm":"alpha","journeyName":"Login","detail":"graph"}`)
	jt.expect("GET /trees/Login")
	if drawn["schemas"] != nil || !strings.Contains(fmt.Sprint(drawn["mermaid"]), "Identity Store Decision<br>IdentityStoreDecisionNode") {
		t.Errorf("drawn %v", drawn)
	}
	whole := jt.does("getJourney", `{"realm":"alpha","journeyName":"Login"}`)
	lines := jt.asked()
	if schemas := whole["schemas"].(map[string]any); len(schemas) != 8 || at(schemas, "ValidatedUsernameNode", "properties", "usernameAttribute", "exampleValue") != nil {
		t.Errorf("schemas %v", schemas)
	}
	// The tree, all nodes and the schemas.
	if len(lines) != 1+1+8 {
		t.Errorf("asked %v", lines)
	}
	page := at(whole, "nodes", fmt.Sprint(whole["entryNodeId"]), "config")
	if at(at(page, "nodes").([]any)[0], "_properties", "usernameAttribute") != "userName" || at(page, "_rev") != nil {
		t.Errorf("page %v", page)
	}
	jt.fails("getJourney", `{"realm":"alpha","journeyName":"login"}`, "404", "listJourneys")
	jt.fails("getJourney", `{"realm":"alpha","journeyName":".."}`, "dots only")
}

func TestAPartThatFailsIsReportedInItsPlace(t *testing.T) {
	jt := startJourneys(t)
	made := jt.create("Small", smallJourney)
	page, check := fmt.Sprint(at(made, "nodeIds", "page")), fmt.Sprint(at(made, "nodeIds", "check"))
	jt.api("DELETE", treesPath+"/nodes/DataStoreDecisionNode/"+check, "")
	jt.mock.Inject(mockaic.Fault{Method: "GET", Path: treesPath + "/nodes/ValidatedUsernameNode/*", Status: 500})
	jt.mock.Inject(mockaic.Fault{Method: "POST", Path: treesPath + "/nodes/ValidatedPasswordNode", Status: 503})
	shown := jt.does("getJourney", `{"realm":"alpha","journeyName":"Small"}`)
	if e := at(shown, "nodes", check, "error"); at(e, "status") != 404.0 || !strings.Contains(fmt.Sprint(at(e, "message")), "no such node") {
		t.Errorf("gone: %v", e)
	}
	children := at(shown, "nodes", page, "config", "nodes").([]any)
	if at(children[0], "error", "status") != 500.0 || at(children[1], "_properties") == nil || at(shown, "schemas", "ValidatedPasswordNode", "error", "status") != 503.0 {
		t.Errorf("shown %v", shown)
	}
}

// A list of all nodes that fails, or lacks some, is made up for.
func TestALongJourneyIsShownWithoutTheList(t *testing.T) {
	jt := startJourneys(t)
	made := jt.create("Long", longJourney(12))
	want := text(t, jt.does("getJourney", `{"realm":"alpha","journeyName":"Long"}`)["nodes"])
	if !slices.Contains(jt.asked(), "POST /nodes nextdescendents") {
		t.Error("the list was not asked for")
	}
	jt.mock.Inject(mockaic.Fault{Method: "POST", Path: treesPath + "/nodes", Status: 500})
	if got := text(t, jt.does("getJourney", `{"realm":"alpha","journeyName":"Long"}`)["nodes"]); got != want || len(made["nodeIds"].(map[string]any)) < 12 {
		t.Errorf("shown %s, want %s", got, want)
	}
}

// longJourney has n nodes: pages, decisions and others.
func longJourney(n int) string {
	nodes := map[string]any{}
	for i := range n {
		next := fmt.Sprintf("n%d", i+1)
		if i == n-1 {
			next = "success"
		}
		node := map[string]any{"displayName": fmt.Sprintf("Node %d", i), "config": map[string]any{}}
		switch kind := i % 10; kind {
		case 0:
			node["nodeType"], node["connections"] = "PageNode", map[string]any{"outcome": next}
			node["config"] = map[string]any{"nodes": []any{
				map[string]any{"nodeType": "ValidatedUsernameNode", "displayName": "U", "_properties": map[string]any{"validateInput": i > 0}},
				map[string]any{"nodeType": "ValidatedPasswordNode", "displayName": "P"},
			}}
		case 1:
			node["nodeType"], node["connections"] = "DataStoreDecisionNode", map[string]any{"true": next, "false": "failure"}
		case 2:
			node["nodeType"], node["connections"] = "RetryLimitDecisionNode", map[string]any{"Retry": next, "Reject": "failure"}
		case 3:
			node["nodeType"], node["connections"] = "InnerTreeEvaluatorNode", map[string]any{"true": next, "false": "failure"}
			node["config"] = map[string]any{"tree": "ProgressiveProfile"}
		default:
			node["nodeType"] = []string{"IncrementLoginCountNode", "AccountLockoutNode", "DebugNode", "SessionDataNode", "UsernameCollectorNode", "PasswordCollectorNode"}[kind-4]
			node["connections"] = map[string]any{"outcome": next}
			if kind == 7 {
				node["config"] = map[string]any{"sessionDataKey": "UserToken", "sharedStateKey": "userName"}
			}
		}
		nodes[fmt.Sprintf("n%d", i)] = node
	}
	data, err := json.Marshal(map[string]any{"entryNodeId": "n0", "nodes": nodes})
	if err != nil {
		panic(err)
	}
	return string(data)
}

func TestAPreviewNeedsNoRequest(t *testing.T) {
	jt := startJourneys(t)
	out := jt.does("getJourneyPreviewUrl", `{"realm":"bravo","journeyName":"Sign & up"}`)
	if out["url"] != jt.mock.URL+"/am/XUI/?realm=/bravo&authIndexType=service&authIndexValue=Sign%20%26%20up" {
		t.Errorf("url %v", out)
	}
	if out := jt.does("getJourneyPreviewUrl", `{"realm":"alpha"}`); out["url"] != jt.mock.URL+"/am/XUI/?realm=/alpha" {
		t.Errorf("url %v", out)
	}
	jt.expect()
}

func TestNodeTypes(t *testing.T) {
	jt := startJourneys(t)
	all := jt.does("listNodeTypes", `{"realm":"alpha"}`)
	some := jt.does("listNodeTypes", `{"realm":"alpha","query":"Store DEC"}`)
	if all["resultCount"].(float64) < 100 || !strings.Contains(text(t, some), `{"id":"IdentityStoreDecisionNode","name":"Identity Store Decision","tags":["basic authn","basic authentication"]}`) || some["resultCount"].(float64) > 10 {
		t.Errorf("%v types, of which %v", all["resultCount"], some)
	}
	out := jt.does("getNodeTypeDetails", `{"realm":"alpha","nodeTypes":["RetryLimitDecisionNode","NoSuchNode","ADDecisionNode","RetryLimitDecisionNode"]}`)
	retry := at(out, "nodeTypes", "RetryLimitDecisionNode")
	if at(retry, "schema", "properties", "retryLimit", "type") != "integer" || at(retry, "template", "retryLimit") == nil || len(at(retry, "outcomes").([]any)) != 2 || at(retry, "errors") != nil {
		t.Errorf("details %v", retry)
	}
	if got := text(t, at(out, "nodeTypes", "NoSuchNode")); got != `{"errors":[{"message":"there is no such node type: listNodeTypes lists those that there are","status":404}]}` {
		t.Errorf("no such type: %s", got)
	}
	if at(at(out, "nodeTypes", "ADDecisionNode", "errors").([]any)[0], "status") != 501.0 {
		t.Errorf("unknown type: %v", out)
	}
	for arguments, want := range map[string]string{
		`"nodeType":"ScriptedDecisionNode","config":{"outcomes":["a","b c"]}`:                                                                                  `[{"displayName":"a","id":"a"},{"displayName":"b c","id":"b c"}]`,
		`"nodeType":"PageNode","config":{"nodes":[{"nodeType":"ChoiceCollectorNode","displayName":"C","choices":["x"]}]}`:                                      `[{"displayName":"x","id":"x"}]`,
		`"nodeType":"PageNode","version":"2.0","config":{"nodes":[{"_id":"c","nodeType":"ChoiceCollectorNode","displayName":"C","config":{"choices":["x"]}}]}`: `[{"displayName":"x","id":"c-x"}]`,
		`"nodeType":"PageNode","config":{"nodes":[{"_id":"u","nodeType":"SelectIdPNode","displayName":"C","_properties":{}}]}`:                                 `[{"displayName":"Social Authentication","id":"socialAuthentication"},{"displayName":"Local Authentication","id":"localAuthentication"}]`,
	} {
		out := jt.does("getDynamicNodeOutcomes", `{"realm":"alpha",`+arguments+`}`)
		if got := text(t, out["outcomes"]); got != want {
			t.Errorf("%s: %s", arguments, got)
		}
	}
	jt.fails("getDynamicNodeOutcomes", `{"realm":"alpha","nodeType":"NoSuchNode","config":{}}`, "404", "listNodeTypes")
	jt.fails("getDynamicNodeOutcomes", `{"realm":"alpha","nodeType":"PageNode","config":{"nodes":[1]}}`, "no object with a nodeType")
}

var drawnLine = regexp.MustCompile(`^(flowchart LR|  (start|success|failure)\(\[(Start|Success|Failure)\]\)|  n\d+\["[^"\n\[\](){}<>|` + "`" + `]*(<br>[^"\n\[\](){}<>|` + "`" + `]*)*"\]|  (start|n\d+) -->(\|"[^"\n\[\](){}<>|` + "`" + `]*"\|)? (n\d+|success|failure)|  %% \d+ more nodes are left out)$`)

// No text of a tenant breaks out of a label.
func TestDiagramsHoldTextsInLabels(t *testing.T) {
	jt := startJourneys(t)
	for _, attack := range append(slices.Clone(attacks), `"]; click n1 "javascript:alert(1)"`, "#34;", "a|b", "end", "%%{init: {}}%%", "`x`", "<b>x</b>") {
		tree := map[string]any{"entryNodeId": "a", "nodes": map[string]any{"a": map[string]any{"nodeType": attack, "displayName": attack, "connections": map[string]any{attack: successNode}, "x": 0, "y": 0}}}
		if made := jt.api("PUT", treesPath+"/trees/Odd", text(t, tree)); made["_id"] != "Odd" {
			t.Fatalf("%q: %v", attack, made)
		}
		shown := jt.does("getJourney", `{"realm":"alpha","journeyName":"Odd","detail":"graph"}`)
		for line := range strings.Lines(fmt.Sprint(shown["mermaid"])) {
			if !drawnLine.MatchString(strings.TrimSuffix(line, "\n")) {
				t.Errorf("%.40q: %q", attack, line)
			}
		}
	}
	// Some releases of Mermaid read labels as Markdown, and none takes an empty one.
	for name, want := range map[string]string{
		"": "", "1. Ask": "1#46; Ask", "- a - b": "#45; a - b", "+1": "#43;1", "_x_": "#95;x_", "a_b": "a_b", "https://a": "https:#47;/a", "www.x": "www#46;x", " -": " #45;",
	} {
		tree := map[string]any{"entryNodeId": "a", "nodes": map[string]any{"a": map[string]any{"nodeType": name, "displayName": name, "connections": map[string]any{name: successNode}}}}
		jt.api("PUT", treesPath+"/trees/Odd", text(t, tree))
		shown := fmt.Sprint(jt.does("getJourney", `{"realm":"alpha","journeyName":"Odd","detail":"graph"}`)["mermaid"])
		node, edge := `["`+want+`<br>`+want+`"]`, `|"`+want+`"|`
		if want == "" {
			node, edge = `[" "]`, `|" "|`
		}
		if !strings.Contains(shown, node) || !strings.Contains(shown, edge) {
			t.Errorf("%q: %s", name, shown)
		}
	}
	jt.api("PUT", treesPath+"/trees/Many", text(t, map[string]any{"entryNodeId": "n0", "nodes": manyNodes(100)}))
	shown := fmt.Sprint(jt.does("getJourney", `{"realm":"alpha","journeyName":"Many","detail":"graph"}`)["mermaid"])
	if strings.Count(shown, "DebugNode") != 60 || !strings.HasSuffix(shown, "%% 40 more nodes are left out\n") {
		t.Errorf("drawn %s", shown)
	}
}

func manyNodes(n int) map[string]any {
	nodes := map[string]any{}
	for i := range n {
		nodes[fmt.Sprintf("n%d", i)] = map[string]any{"nodeType": "DebugNode", "connections": map[string]any{"outcome": fmt.Sprintf("n%d", i+1)}}
	}
	return nodes
}
