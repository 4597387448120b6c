package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"aicmcp/mockaic"
)

const (
	treesPath   = "/am/json/realms/root/realms/alpha/realm-config/authentication/authenticationtrees"
	successNode = "70e691a5-1e33-4ac3-a356-e7b6d60d92e0"
	failureNode = "e301438c-0bd0-429c-ab0c-66126501069a"
)

// journeyTenant is a whole tenant with a server in front of it.
type journeyTenant struct {
	*session
	mock *mockaic.Tenant

	mu    sync.Mutex
	lines []string // of requests
	// Each picks requests: whose answers are lost, that do not arrive, and before
	// which it does something itself.
	loses, drops func(*http.Request) bool
	meanwhile    func(*http.Request)
}

func startJourneys(t *testing.T) *journeyTenant {
	t.Helper()
	mock := mockaic.Start(t, mockaic.DevToken(bearer), mockaic.Chance(7))
	jt := &journeyTenant{mock: mock}
	jt.session = &session{ClientSession: serve(t, mock.URL, &http.Client{Transport: jt}), t: t, settle: func() {}}
	return jt
}

func (jt *journeyTenant) RoundTrip(r *http.Request) (*http.Response, error) {
	jt.mu.Lock()
	line := r.Method + " " + strings.TrimPrefix(strings.TrimPrefix(r.URL.EscapedPath(), treesPath), "/am/json/realms/root/realms")
	if action := r.URL.Query().Get("_action"); action != "" {
		line += " " + action
	}
	jt.lines = append(jt.lines, line)
	loses, drops, meanwhile := jt.loses, jt.drops, jt.meanwhile
	jt.mu.Unlock()
	if meanwhile != nil {
		meanwhile(r)
	}
	if drops != nil && drops(r) {
		return nil, io.ErrUnexpectedEOF
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && loses != nil && loses(r) {
		response.Body.Close()
		return nil, io.ErrUnexpectedEOF
	}
	return response, err
}

// asked returns the requests since the last call.
func (jt *journeyTenant) asked() []string {
	jt.mu.Lock()
	defer jt.mu.Unlock()
	lines := jt.lines
	jt.lines = nil
	return lines
}

// expect compares the requests since the last look, in any order.
func (jt *journeyTenant) expect(want ...string) {
	jt.t.Helper()
	got := jt.asked()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		jt.t.Errorf("asked\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func (jt *journeyTenant) does(name, arguments string) map[string]any {
	jt.t.Helper()
	doc, text := jt.call(name, arguments)
	if doc["error"] != nil {
		jt.t.Fatalf("%s: %s", name, text)
	}
	return doc
}

// api talks to the tenant as somebody else.
func (jt *journeyTenant) api(method, path, body string) map[string]any {
	jt.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, jt.mock.URL+path, strings.NewReader(body))
	if err != nil {
		jt.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+bearer)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept-API-Version", "protocol=2.1,resource=1.0")
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		jt.t.Fatal(err)
	}
	defer response.Body.Close()
	var doc map[string]any
	if err := json.NewDecoder(response.Body).Decode(&doc); err != nil {
		jt.t.Fatal(err)
	}
	return doc
}

// allNodes lists the nodes of the realm, TYPE/ID.
func (jt *journeyTenant) allNodes() []string {
	jt.t.Helper()
	var out []string
	for _, n := range jt.api("POST", treesPath+"/nodes?_action=nextdescendents", "{}")["result"].([]any) {
		out = append(out, fmt.Sprint(at(n, "_type", "_id"), "/", at(n, "_id")))
	}
	slices.Sort(out)
	return out
}

const smallJourney = `{"entryNodeId":"page","nodes":{
	"page":{"nodeType":"PageNode","displayName":"Sign in","connections":{"outcome":"check"},"config":{"pageHeader":{"en":"Hi"},"nodes":[
		{"_id":"name","nodeType":"ValidatedUsernameNode","displayName":"Name","_properties":{"usernameAttribute":"userName"}},
		{"nodeType":"ValidatedPasswordNode","displayName":"Word","validateInput":false}]}},
	"check":{"nodeType":"DataStoreDecisionNode","connections":{"true":"Success","false":"e301438c-0bd0-429c-ab0c-66126501069a"}}}}`

func (jt *journeyTenant) create(name, data string) map[string]any {
	jt.t.Helper()
	return jt.does("createJourney", fmt.Sprintf(`{"realm":"alpha","journeyName":%q,"journeyData":%s}`, name, data))
}

func TestAJourneyIsCreatedWhole(t *testing.T) {
	jt := startJourneys(t)
	made := jt.does("createJourney", `{"realm":"alpha","journeyName":"Small","description":"A small one","mustRun":true,"uiConfig":{"categories":["Login"]},"journeyData":`+smallJourney+`}`)
	jt.expect("GET /trees/Small", "POST /nodes getAllTypes",
		"POST /nodes/PageNode schema", "POST /nodes/ValidatedUsernameNode schema", "POST /nodes/ValidatedPasswordNode schema", "POST /nodes/DataStoreDecisionNode schema",
		"POST /nodes/PageNode listOutcomes", "POST /nodes/DataStoreDecisionNode listOutcomes", "PUT /trees/Small")
	page, check, name := at(made, "nodeIds", "page"), at(made, "nodeIds", "check"), at(made, "nodeIds", "name")
	if made["result"] != "created" || len(made["nodeIds"].(map[string]any)) != 3 || !freshID.MatchString(fmt.Sprint(page)) || made["orphans"] != nil || made["warnings"] != nil {
		t.Errorf("made %v", made)
	}
	tree := jt.api("GET", treesPath+"/trees/Small", "")
	for path, want := range map[string]any{
		"entryNodeId": page, "description": "A small one", "mustRun": true, "enabled": true, "innerTreeOnly": false, "identityResource": "managed/alpha_user",
		"uiConfig.categories":                             `["Login"]`,
		fmt.Sprintf("nodes.%s.connections.outcome", page): check, fmt.Sprintf("nodes.%s.connections.true", check): successNode,
		fmt.Sprintf("nodes.%s.connections.false", check): failureNode, fmt.Sprintf("nodes.%s.displayName", check): "Data Store Decision",
		fmt.Sprintf("nodes.%s.x", page): 290.0, fmt.Sprintf("nodes.%s.x", check): 530.0, "staticNodes.startNode.x": 50.0, "staticNodes." + successNode + ".x": 770.0,
	} {
		if got := at(tree, strings.Split(path, ".")...); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	onPage := jt.api("GET", fmt.Sprint(treesPath, "/nodes/PageNode/", page), "")
	children := onPage["nodes"].([]any)
	if at(onPage, "pageHeader", "en") != "Hi" || len(children) != 2 || at(children[0], "_id") != name || at(children[1], "displayName") != "Word" {
		t.Errorf("page %v", onPage)
	}
	if n := jt.api("GET", fmt.Sprint(treesPath, "/nodes/ValidatedPasswordNode/", at(children[1], "_id")), ""); n["passwordAttribute"] != "password" {
		t.Errorf("child %v", n)
	}
	want := "flowchart LR\n  start([Start])\n  n1[\"Sign in<br>PageNode<br>+ ValidatedUsernameNode<br>+ ValidatedPasswordNode\"]\n  n2[\"Data Store Decision<br>DataStoreDecisionNode\"]\n  success([Success])\n  failure([Failure])\n  start --> n1\n  n1 -->|\"outcome\"| n2\n  n2 -->|\"false\"| failure\n  n2 -->|\"true\"| success\n"
	if made["mermaid"] != want {
		t.Errorf("drawn\n%s", made["mermaid"])
	}
}

func TestAJourneyIsReplacedAndItsOrphansNamed(t *testing.T) {
	jt := startJourneys(t)
	before := jt.allNodes()
	first := jt.create("Small", smallJourney)
	check := at(first, "nodeIds", "check")
	second := jt.create("Small", fmt.Sprintf(`{"entryNodeId":%[1]q,"nodes":{%[1]q:{"nodeType":"DataStoreDecisionNode","connections":{"true":"success","false":"failure"}}}}`, check))
	orphans := second["orphans"].([]any)
	if second["result"] != "replaced" || len(orphans) != 3 || !strings.Contains(fmt.Sprint(second["note"]), "deleteJourneyNodes") {
		t.Errorf("replaced %v", second)
	}
	arguments := text(t, map[string]any{"realm": "alpha", "nodes": orphans})
	swept := jt.does("deleteJourneyNodes", arguments)
	if swept["deleted"] != 3.0 {
		t.Errorf("swept %v", swept)
	}
	if again := jt.does("deleteJourneyNodes", arguments); at(again["results"].([]any)[0], "result") != "already gone" {
		t.Errorf("swept again %v", again)
	}
	used := jt.does("deleteJourneyNodes", fmt.Sprintf(`{"realm":"alpha","nodes":[{"nodeType":"DataStoreDecisionNode","nodeId":%q}]}`, check))
	if result := used["results"].([]any)[0]; at(result, "result") != "in use" || at(result, "usedBy") != "Small" || used["deleted"] != 0.0 {
		t.Errorf("used %v", used)
	}
	jt.does("deleteJourney", `{"realm":"alpha","journeyName":"Small"}`)
	if after := jt.allNodes(); !slices.Equal(before, after) {
		t.Errorf("nodes before %v and after %v", before, after)
	}
}

func TestAFaultyJourneyIsRefusedWithAllItsFaults(t *testing.T) {
	jt := startJourneys(t)
	login := jt.does("getJourney", `{"realm":"alpha","journeyName":"Login","detail":"graph"}`)
	for name, tc := range map[string]struct {
		data string
		want []string
	}{
		"graph": {
			`{"entryNodeId":"nope","nodes":{
				"a":{"nodeType":"DataStoreDecisionNode","connections":{"true":"a","maybe":"b"}},
				"failure":{"nodeType":"DebugNode","connections":{"outcome":"gone"}}}}`,
			[]string{
				`entryNodeId: "nope" is no node of the journey, nor success or failure`,
				`node "a", connections."maybe": "b" is no node of the journey, nor success or failure`,
				`node "a": connections: it has no outcome "maybe"; it has "true", "false"`,
				`node "a": connections: its outcome "false" leads nowhere`,
				`node "failure", connections."outcome": "gone" is no node of the journey, nor success or failure`,
				`node "failure": this ID stands for an end of the journey: choose another`,
			},
		},
		"reach": {
			`{"entryNodeId":"a","nodes":{
				"a":{"nodeType":"DebugNode","connections":{"outcome":"success"}},
				"b":{"nodeType":"DebugNode","connections":{"outcome":"c"}},
				"c":{"nodeType":"DebugNode","connections":{"outcome":"b"}},
				"d":{"nodeType":"MessageNode","connections":{"true":"d","false":"d"}}}}`,
			[]string{
				`node "b": nothing leads to it`, `node "c": nothing leads to it`,
				`node "d": all its connections lead to the node itself, which would never end`, `node "d": nothing leads to it`,
			},
		},
		"types": {
			`{"entryNodeId":"a","nodes":{"a":{"nodeType":"UsernameColector","connections":{"outcome":"b"}},"b":{"nodeType":"../x","version":"x","connections":{"true":"success"}}}}`,
			[]string{
				`node "a": there is no node type "UsernameColector": perhaps "UsernameCollectorNode" is meant`,
				`node "b": its version is not one such as 2.0`,
				`node "b": there is no node type "../x": listNodeTypes lists those that there are`,
			},
		},
		"versions": {
			`{"entryNodeId":"a","nodes":{"a":{"nodeType":"PageNode","version":"9.0","connections":{"outcome":"success"},"config":{"nodes":[{"_id":"u","nodeType":"ValidatedUsernameNode","nodeVersion":"9.1"}]}}}}`,
			[]string{`node "a": there is no version "9.0" of the node type "PageNode"`, `node "u" of a page: there is no version "9.1" of the node type "ValidatedUsernameNode"`},
		},
		"configurations": {
			`{"entryNodeId":"a","nodes":{
				"a":{"nodeType":"RetryLimitDecisionNode","connections":{"Retry":"b","Reject":"failure"},"config":{"retryLimit":"5","incrementUserAttributesOnFailure":true}},
				"b":{"nodeType":"AccountLockoutNode","connections":{"outcome":"c"},"config":{"lockAction":"EXPLODE"}},
				"c":{"nodeType":"AttributeCollectorNode","connections":{"outcome":"success"},"config":{"attributesToCollect":["a",1],"_rev":"ignored"}}}}`,
			[]string{
				`node "a": config has no attribute "incrementUserAttributesOnFailure": perhaps "incrementUserAttributeOnFailure" is meant`,
				`node "a": config.retryLimit must be of the type integer`,
				`node "b": config.lockAction must be one of "LOCK", "UNLOCK"`,
				`node "c": config.attributesToCollect[1] must be of the type string`,
			},
		},
		"pages": {
			`{"entryNodeId":"p","nodes":{
				"p":{"nodeType":"PageNode","connections":{"outcome":"q"},"config":{"nodes":[
					{"_id":"i","nodeType":"InnerTreeEvaluatorNode","displayName":"I","config":{"tree":"Login"}},
					{"_id":"u","nodeType":"ValidatedUsernameNode","displayName":"U","_properties":{"userNameAttribute":"x"}},
					"x"]}},
				"q":{"nodeType":"PageNode","connections":{"outcome":"u"},"config":{"nodes":[]}},
				"u":{"nodeType":"DebugNode","connections":{"outcome":"success"}}}}`,
			[]string{
				`node "i" of a page: no InnerTreeEvaluatorNode can be in a page`,
				`node "p", nodes[2]: it is no object with a nodeType`,
				`node "q": a page needs nodes: config.nodes`,
				`node "q": connections: it has no outcome "outcome"; it has none`,
				`node "u" of a page: config has no attribute "userNameAttribute": perhaps "usernameAttribute" is meant`,
				`node "u": another node has the same ID`,
			},
		},
		"references": {
			`{"entryNodeId":"a","nodes":{
				"a":{"nodeType":"InnerTreeEvaluatorNode","connections":{"true":"b","false":"failure"},"config":{"tree":"Faulty"}},
				"b":{"nodeType":"InnerTreeEvaluatorNode","connections":{"true":"c","false":"failure"},"config":{"tree":"Nowhere"}},
				"c":{"nodeType":"ScriptedDecisionNode","connections":{"yes":"` + fmt.Sprint(login["entryNodeId"]) + `"},"config":{"script":"none","outcomes":["yes"]}},
				"` + fmt.Sprint(login["entryNodeId"]) + `":{"nodeType":"DebugNode","connections":{"outcome":"success"}}}}`,
			[]string{
				`node "` + fmt.Sprint(login["entryNodeId"]) + `": the journey "Login" has a node with this ID: give this one another, such as a word`,
				`node "a": config.tree is the journey itself, which would never end`,
				`node "b": config.tree: the realm has no journey "Nowhere"`,
				`node "c": config.script: the realm has no script with the ID "none"`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			jt.t = t
			jt.asked()
			e := jt.fails("createJourney", `{"realm":"alpha","journeyName":"Faulty","journeyData":`+tc.data+`}`, append(tc.want, "Nothing was changed")...)
			var got []string
			for _, f := range e["findings"].([]any) {
				got = append(got, f.(string))
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("found\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(tc.want, "\n  "))
			}
			for _, line := range jt.asked() {
				if !strings.HasPrefix(line, "GET ") && !strings.HasSuffix(line, " schema") && !strings.HasSuffix(line, " listOutcomes") && !strings.HasSuffix(line, " getAllTypes") {
					t.Errorf("a write was sent: %s", line)
				}
			}
			if e["parameter"] != "journeyData" || e["retryable"] != false {
				t.Errorf("error %v", e)
			}
		})
	}
}

// Who says no is asked again.
func TestANodeCanLeadToItself(t *testing.T) {
	jt := startJourneys(t)
	made := jt.create("Small", `{"entryNodeId":"ask","nodes":{"ask":{"nodeType":"MessageNode","connections":{"true":"success","false":"ask"}}}}`)
	ask := fmt.Sprint(at(made, "nodeIds", "ask"))
	if tree := jt.api("GET", treesPath+"/trees/Small", ""); at(tree, "nodes", ask, "connections", "false") != ask {
		t.Errorf("tree %v", tree)
	}
}

// What a variable will say is not known.
func TestVariablesAreNotHeldAgainstTheRealm(t *testing.T) {
	jt := startJourneys(t)
	jt.create("Small", `{"entryNodeId":"a","nodes":{
		"a":{"nodeType":"ScriptedDecisionNode","connections":{"yes":"b"},"config":{"script":"&{esv.script}","outcomes":["yes"]}},
		"b":{"nodeType":"InnerTreeEvaluatorNode","connections":{"true":"success","false":"failure"},"config":{"tree":"&{esv.journey}"}}}}`)
}

func TestTypesThatCannotBeCheckedAreWarnedOf(t *testing.T) {
	jt := startJourneys(t)
	data := `{"entryNodeId":"a","nodes":{"a":{"nodeType":"DebugNode","connections":{"outcome":"success"},"config":{"popupEnabled":true}}}}`
	jt.mock.Inject(mockaic.Fault{Method: "POST", Path: treesPath + "/nodes/DebugNode", Status: 501, Times: 2})
	made := jt.create("Unchecked", data)
	if got := fmt.Sprint(made["warnings"]); !strings.Contains(got, `no schema of the node type "DebugNode"`) || !strings.Contains(got, `cannot tell the outcomes of the node type "DebugNode"`) {
		t.Errorf("warnings %s", got)
	}
	// Anything else ends the call before a write.
	jt.mock.Inject(mockaic.Fault{Method: "POST", Path: treesPath + "/nodes/DebugNode", Status: 503, Times: 2})
	jt.asked()
	jt.fails("createJourney", `{"realm":"alpha","journeyName":"Other","journeyData":`+data+`}`, "503")
	if lines := jt.asked(); slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, "PUT") }) {
		t.Errorf("asked %v", lines)
	}
}

func TestADeletedJourneyLeavesNothing(t *testing.T) {
	jt := startJourneys(t)
	jt.create("Inner", smallJourney)
	jt.create("Outer", `{"entryNodeId":"i","nodes":{"i":{"nodeType":"InnerTreeEvaluatorNode","connections":{"true":"success","false":"failure"},"config":{"tree":"Inner"}}}}`)
	jt.asked()
	out := jt.does("deleteJourney", `{"realm":"alpha","journeyName":"Inner"}`)
	if len(out["deletedNodes"].([]any)) != 4 || out["leftNodes"] != nil || text(t, out["usedBy"]) != `["Outer"]` || out["warnings"] == nil {
		t.Errorf("deleted %v", out)
	}
	jt.fails("deleteJourney", `{"realm":"alpha","journeyName":"Inner"}`, "404", "listJourneys")
	jt.fails("deleteJourney", `{"realm":"alpha","journeyName":"Login"}`, "default journey", "setDefaultJourney")

	// What the tenant leaves behind is deleted too.
	nodes := jt.allNodes()
	made := jt.create("Inner", smallJourney)
	jt.meanwhile = func(r *http.Request) {
		if r.Method == "DELETE" && strings.HasSuffix(r.URL.Path, "/trees/Inner") {
			jt.api("PUT", treesPath+"/trees/Inner", `{"entryNodeId":"`+successNode+`","nodes":{}}`)
		}
	}
	out = jt.does("deleteJourney", `{"realm":"alpha","journeyName":"Inner"}`)
	if after := jt.allNodes(); !slices.Equal(nodes, after) || len(out["deletedNodes"].([]any)) != 4 || made["result"] != "created" {
		t.Errorf("deleted %v, left %v", out, after)
	}
}

// The tenant deletes the nodes of a journey with it, whoever else has them.
func TestAJourneyThatSharesNodesIsNotDeleted(t *testing.T) {
	jt := startJourneys(t)
	made := jt.create("Small", smallJourney)
	check, name := at(made, "nodeIds", "check"), at(made, "nodeIds", "name")
	for what, body := range map[string]string{
		"node":  fmt.Sprintf(`{"entryNodeId":%[1]q,"nodes":{%[1]q:{"nodeType":"DataStoreDecisionNode","connections":{"true":%[2]q,"false":%[2]q}}}}`, check, successNode),
		"child": fmt.Sprintf(`{"entryNodeId":"p","nodes":{"p":{"nodeType":"PageNode","connections":{"outcome":%q},"config":{"nodes":[{"_id":%q,"nodeType":"ValidatedUsernameNode"}]}}}}`, successNode, name),
	} {
		jt.api("PUT", treesPath+"/trees/Other", body)
		nodes := jt.allNodes()
		jt.fails("deleteJourney", `{"realm":"alpha","journeyName":"Small"}`, "shares nodes with others", "Other", "updateJourney", "Nothing was changed")
		if after := jt.allNodes(); !slices.Equal(nodes, after) {
			t.Errorf("%s: nodes %v", what, after)
		}
	}
	jt.api("PUT", treesPath+"/trees/Other", `{"entryNodeId":"`+successNode+`","nodes":{}}`)
	jt.does("deleteJourney", `{"realm":"alpha","journeyName":"Small"}`)
}

// Somebody else makes the journey anew, with the IDs of the nodes that are deleted.
func TestADeletionSparesWhatIsMadeAnew(t *testing.T) {
	jt := startJourneys(t)
	made := jt.create("Small", smallJourney)
	shown := jt.does("getJourney", `{"realm":"alpha","journeyName":"Small","detail":"configs"}`)
	check := at(shown, "nodes", fmt.Sprint(at(made, "nodeIds", "check"))).(map[string]any)
	check["config"] = map[string]any{}
	anew := text(t, map[string]any{"entryNodeId": shown["entryNodeId"], "nodes": shown["nodes"]})
	var once sync.Once
	jt.loses = func(r *http.Request) bool {
		if r.Method == "DELETE" && strings.HasSuffix(r.URL.Path, "/trees/Small") {
			once.Do(func() { jt.api("PUT", treesPath+"/trees/Small", anew) })
		}
		return false
	}
	out := jt.does("deleteJourney", `{"realm":"alpha","journeyName":"Small"}`)
	delete(check, "config")
	if again := jt.does("getJourney", `{"realm":"alpha","journeyName":"Small","detail":"configs"}`); text(t, again["nodes"]) != text(t, shown["nodes"]) {
		t.Errorf("deleted %v, left %v", out, again["nodes"])
	}
	if left := out["leftNodes"].([]any); len(left) != 4 || at(left[0], "result") != "in use" || at(left[0], "usedBy") == nil || len(out["deletedNodes"].([]any)) != 0 {
		t.Errorf("deleted %v", out)
	}
}
