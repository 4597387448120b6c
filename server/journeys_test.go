package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

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

func isWriteOf(method, kind string) func(*http.Request) bool {
	return func(r *http.Request) bool { return r.Method == method && strings.HasPrefix(r.URL.Path, treesPath+kind) }
}

func TestALostWriteOfAJourneyIsSettled(t *testing.T) {
	jt := startJourneys(t)
	before := jt.allNodes()
	jt.loses = isWriteOf("PUT", "/trees/")
	made := jt.create("Small", smallJourney)
	if lines := jt.asked(); made["result"] != "created" || len(lines) != 14 {
		t.Errorf("made %v by %v", made, lines)
	}
	jt.loses = isWriteOf("DELETE", "/trees/")
	jt.does("deleteJourney", `{"realm":"alpha","journeyName":"Small"}`)
	if after := jt.allNodes(); !slices.Equal(before, after) {
		t.Errorf("nodes before %v and after %v", before, after)
	}

	jt.loses, jt.drops = nil, isWriteOf("PUT", "/trees/")
	jt.fails("createJourney", `{"realm":"alpha","journeyName":"Small","journeyData":`+smallJourney+`}`, "as it was before", "getJourney")
	jt.drops = isWriteOf("DELETE", "/trees/")
	jt.fails("deleteJourney", `{"realm":"alpha","journeyName":"UpdatePassword"}`, "not known whether", "getJourney")
	if after := jt.allNodes(); !slices.Equal(before, after) {
		t.Errorf("nodes before %v and after %v", before, after)
	}
}

// A tenant that writes nodes and not the tree, or the tree and not all nodes, is
// left as it was.
func TestAHalfWrittenJourneyIsTakenBack(t *testing.T) {
	jt := startJourneys(t)
	first := jt.create("Small", smallJourney)
	page, check := fmt.Sprint(at(first, "nodeIds", "page")), fmt.Sprint(at(first, "nodeIds", "check"))
	tree, nodes := jt.api("GET", treesPath+"/trees/Small", ""), jt.allNodes()
	pageDoc := jt.api("GET", treesPath+"/nodes/PageNode/"+page, "")
	change := fmt.Sprintf(`{"realm":"alpha","journeyName":"Small","entryNodeId":%[1]q,"nodes":{
		%[1]q:{"nodeType":"PageNode","displayName":"Changed","connections":{"outcome":"more"},"config":{"pageHeader":{"en":"Changed"},"nodes":[{"_id":"n","nodeType":"ValidatedUsernameNode","displayName":"N"}]}},
		"more":{"nodeType":"DebugNode","connections":{"outcome":%[2]q}},
		%[2]q:{"nodeType":"DataStoreDecisionNode","connections":{"true":"success","false":"failure"}}}}`, page, check)
	same := func(what string) {
		t.Helper()
		jt.meanwhile, jt.loses, jt.drops = nil, nil, nil
		if now := jt.api("GET", treesPath+"/trees/Small", ""); text(t, now) != text(t, tree) {
			t.Errorf("%s: tree %v", what, now)
		}
		if now := jt.api("GET", treesPath+"/nodes/PageNode/"+page, ""); text(t, now) != text(t, pageDoc) {
			t.Errorf("%s: page %v", what, now)
		}
		if now := jt.allNodes(); !slices.Equal(now, nodes) {
			t.Errorf("%s: nodes %v, want %v", what, now, nodes)
		}
	}
	var once sync.Once
	// The nodes are written, the tree is not.
	jt.meanwhile = func(r *http.Request) {
		if r.Method == "PUT" && strings.HasSuffix(r.URL.Path, "/trees/Small") {
			once.Do(func() { jt.writeNodesOf(r) })
		}
	}
	jt.drops = isWriteOf("PUT", "/trees/")
	jt.fails("updateJourney", change, "as it was before")
	same("nodes only")

	// The tree is written, a node is gone.
	written := isWriteOf("PUT", "/trees/")
	loseNode := func() {
		for _, n := range jt.allNodes() {
			if !slices.Contains(nodes, n) && strings.HasPrefix(n, "DebugNode") {
				jt.api("DELETE", treesPath+"/nodes/"+n, "")
			}
		}
	}
	lost := false
	jt.loses = func(r *http.Request) bool {
		if lost || !written(r) {
			return false
		}
		lost = true
		loseNode()
		return true
	}
	jt.fails("updateJourney", change, "as it was before")
	same("tree only")

	// What cannot be taken back is named.
	jt.loses = func(r *http.Request) bool {
		if !written(r) {
			return false
		}
		loseNode()
		jt.drops = written
		return true
	}
	jt.fails("updateJourney", change, "could not all be taken back", "the journey itself")
}

// writeNodesOf writes the nodes that a write of a tree brings, and not the tree.
func (jt *journeyTenant) writeNodesOf(r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		jt.t.Error(err)
	}
	for id, n := range object(jt.t, string(body))["nodes"].(map[string]any) {
		if config := at(n, "config"); config != nil {
			jt.api("PUT", fmt.Sprint(treesPath, "/nodes/", at(n, "nodeType"), "/", id), text(jt.t, config))
		}
	}
}

func TestARefusedJourneyLeavesNothing(t *testing.T) {
	jt := startJourneys(t)
	nodes := jt.allNodes()
	jt.mock.Inject(mockaic.Fault{Method: "PUT", Path: treesPath + "/trees/*", Status: 400})
	jt.fails("createJourney", `{"realm":"alpha","journeyName":"Small","journeyData":`+smallJourney+`}`, "400", "Nothing was changed")
	// Somebody else makes one of that name.
	var once sync.Once
	jt.meanwhile = func(r *http.Request) {
		if r.Method == "PUT" {
			once.Do(func() { jt.api("PUT", treesPath+"/trees/Small", `{"entryNodeId":"`+successNode+`","nodes":{}}`) })
		}
	}
	jt.fails("createJourney", `{"realm":"alpha","journeyName":"Small","journeyData":`+smallJourney+`}`, "412", "Somebody else", "getJourney")
	if tree := jt.api("GET", treesPath+"/trees/Small", ""); tree["entryNodeId"] != successNode {
		t.Errorf("tree %v", tree)
	}
	if after := jt.allNodes(); !slices.Equal(nodes, after) {
		t.Errorf("nodes %v", after)
	}
}

// Two servers that bring the same nodes, as from another tenant, do not take back
// each other's.
func TestTakingBackSparesWhatOthersWrote(t *testing.T) {
	const id, child = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
	const page = `{"entryNodeId":"` + id + `","nodes":{"` + id + `":{"nodeType":"PageNode","displayName":"P %[1]t","connections":{"outcome":"success"},"config":{"nodes":[{"_id":"` + child + `","nodeType":"ValidatedUsernameNode","displayName":"U","_properties":{"validateInput":%[1]t}}]}}}}`
	jt := startJourneys(t)
	isPut := isWriteOf("PUT", "/trees/Small")
	// before has somebody else send what is about to be sent, to a path.
	before := func(path string) {
		var once sync.Once
		jt.meanwhile = func(r *http.Request) {
			if isPut(r) {
				once.Do(func() {
					body, err := io.ReadAll(r.Body)
					if err != nil {
						t.Error(err)
					}
					r.Body = io.NopCloser(strings.NewReader(string(body)))
					jt.api("PUT", treesPath+path, string(body))
				})
			}
		}
	}
	has := func(what, journey string, validate bool) {
		t.Helper()
		jt.meanwhile, jt.drops = nil, nil
		tree := jt.api("GET", treesPath+"/trees/"+journey, "")
		on := jt.api("GET", treesPath+"/nodes/PageNode/"+id, "")
		node := jt.api("GET", treesPath+"/nodes/ValidatedUsernameNode/"+child, "")
		if tree["entryNodeId"] != id || on["_id"] != id || node["validateInput"] != validate {
			t.Errorf("%s: tree %v, page %v, node %v", what, tree, on, node)
		}
	}
	create := `{"realm":"alpha","journeyName":"Small","journeyData":` + page + `}`

	before("/trees/Other")
	jt.drops = isPut
	jt.fails("createJourney", fmt.Sprintf(create, false), "as it was before")
	has("in another journey", "Other", false)
	jt.api("DELETE", treesPath+"/trees/Other", "")

	before("/trees/Small")
	jt.fails("createJourney", fmt.Sprintf(create, false), "412", "Somebody else")
	has("made at the same time", "Small", false)

	before("/trees/Small")
	jt.fails("createJourney", fmt.Sprintf(create, true), "412", "Somebody else")
	has("changed at the same time", "Small", true)
}

// What the tenant turns away at the door has left nothing.
func TestNothingIsTakenBackOfWhatWasTurnedAway(t *testing.T) {
	jt := startJourneys(t)
	jt.mock.Inject(mockaic.Fault{Method: "PUT", Path: treesPath + "/trees/*", Status: 403})
	jt.mock.Inject(mockaic.Fault{Method: "DELETE", Path: treesPath + "/*", Status: 403})
	jt.fails("createJourney", `{"realm":"alpha","journeyName":"Small","journeyData":`+smallJourney+`}`, "403", "Nothing was changed")
	if lines := jt.asked(); !strings.HasPrefix(lines[len(lines)-1], "PUT") {
		t.Errorf("asked %v", lines)
	}
}

func TestACancelledWriteIsTakenBack(t *testing.T) {
	jt := startJourneys(t)
	nodes := jt.allNodes()
	ctx, cancel := context.WithCancel(t.Context())
	jt.meanwhile = func(r *http.Request) {
		if r.Method == "PUT" {
			jt.writeNodesOf(r)
			cancel()
			<-r.Context().Done()
		}
	}
	done := make(chan struct{}, 100)
	jt.loses = func(r *http.Request) bool {
		if r.Method == "DELETE" {
			done <- struct{}{}
		}
		return false
	}
	_, err := jt.CallTool(ctx, &mcp.CallToolParams{Name: "createJourney", Arguments: json.RawMessage(`{"realm":"alpha","journeyName":"Small","journeyData":` + smallJourney + `}`)})
	if err == nil {
		t.Error("the call was not cancelled")
	}
	for range 4 {
		<-done
	}
	if after := jt.allNodes(); !slices.Equal(nodes, after) {
		t.Errorf("nodes %v", after)
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
