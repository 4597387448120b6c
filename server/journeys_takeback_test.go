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

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"aicmcp/mockaic"
)

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
