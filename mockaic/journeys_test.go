package mockaic_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"aicmcp/mockaic"
)

const (
	trees   = alpha + "/realm-config/authentication/authenticationtrees/trees"
	nodes   = alpha + "/realm-config/authentication/authenticationtrees/nodes"
	success = "70e691a5-1e33-4ac3-a356-e7b6d60d92e0"
	failure = "e301438c-0bd0-429c-ab0c-66126501069a"
	page    = "4dbe2bf3-3d0d-4b44-8d41-7e1fd3d3bb2d"
	name    = "a1f2c3d4-0001-4b44-8d41-7e1fd3d3bb2d"
	word    = "a1f2c3d4-0002-4b44-8d41-7e1fd3d3bb2d"
	decide  = "a1f2c3d4-0003-4b44-8d41-7e1fd3d3bb2d"
)

// api asks for a version of a resource.
func api(version string) map[string]string {
	return map[string]string{"Accept-API-Version": "protocol=2.1,resource=" + version, "Content-Type": "application/json"}
}

// embedded is a journey with the configuration of its nodes: a page with a name and
// a password, and a decision.
var embedded = fmt.Sprintf(`{"_id":"Small","entryNodeId":%[1]q,"nodes":{
	%[1]q:{"nodeType":"PageNode","displayName":"Page","connections":{"outcome":%[4]q},"config":{"_id":%[1]q,"nodes":[
		{"_id":%[2]q,"nodeType":"ValidatedUsernameNode","displayName":"Name","_properties":{"usernameAttribute":"userName"}},
		{"_id":%[3]q,"nodeType":"ValidatedPasswordNode","displayName":"Word","_properties":{}}]}},
	%[4]q:{"nodeType":"DataStoreDecisionNode","displayName":"Check","connections":{"true":%[5]q,"false":%[6]q},"config":{"_id":%[4]q}}}}`,
	page, name, word, decide, success, failure)

func makeEmbedded(t *testing.T, mock *mockaic.Tenant) {
	t.Helper()
	expect(t, call(t, mock, "PUT", trees+"/Small", api("1.0"), embedded), 201, "")
}

func TestAJourneysLife(t *testing.T) {
	mock := start(t)
	body := fmt.Sprintf(`{"entryNodeId":%q,"nodes":{},"description":null}`, success)
	made := call(t, mock, "PUT", trees+"/Plain", api("1.0"), body)
	object := expect(t, made, 201, "")
	want := map[string]any{
		"_id": "Plain", "_rev": object["_rev"], "entryNodeId": success, "nodes": map[string]any{}, "staticNodes": map[string]any{}, "uiConfig": map[string]any{},
		"enabled": true, "innerTreeOnly": false, "mustRun": false, "noSession": false, "transactionalOnly": false,
	}
	if encode(t, object) != encode(t, want) {
		t.Errorf("created: %s", made.body)
	}
	if got := made.header.Get("Location"); got != mock.URL+trees+"/Plain" {
		t.Errorf("location: %s", got)
	}
	if made.header.Get("ETag") != fmt.Sprintf("%q", object["_rev"]) || made.header.Get("Content-API-Version") != "resource=1.0" {
		t.Errorf("headers: %v", made.header)
	}
	// Every spelling of the realm leads to it, and only in that realm.
	for _, realm := range []string{"/alpha", "/realms/alpha", "/realms/root/realms/alpha"} {
		got := call(t, mock, "GET", "/am/json"+realm+"/realm-config/authentication/authenticationtrees/trees/Plain", nil, "")
		if got.status != 200 || encode(t, got.object(t)) != encode(t, want) {
			t.Errorf("%s: %d %s", realm, got.status, got.body)
		}
	}
	expect(t, call(t, mock, "GET", strings.Replace(trees, "alpha", "bravo", 1)+"/Plain", nil, ""), 404, "Not Found")
	// The same content has the same revision.
	again := expect(t, call(t, mock, "PUT", trees+"/Plain", api("1.0"), body), 200, "")
	if again["_rev"] != object["_rev"] {
		t.Errorf("rewritten: %v", again)
	}
	stale := api("1.0")
	stale["If-Match"] = `"7"`
	expect(t, call(t, mock, "PUT", trees+"/Plain", stale, body), 412, "The journey does not have the required version")
	gone := expect(t, call(t, mock, "DELETE", trees+"/Plain", api("1.0"), ""), 200, "")
	if encode(t, gone) != encode(t, want) {
		t.Errorf("deleted: %v", gone)
	}
	expect(t, call(t, mock, "DELETE", trees+"/Plain", api("1.0"), ""), 404, "Not Found")
}

func TestJourneysThatAreRefused(t *testing.T) {
	mock := start(t)
	for body, message := range map[string]string{
		`{"nodes":{}}`: "Node with ID entryNodeId must exist in the tree.",
		`{"entryNodeId":"x","nodes":{"y":{"nodeType":"PageNode","connections":{}}}}`:              "Node with ID x must exist in the tree.",
		`{"entryNodeId":"` + success + `","nodes":{"invalid":"bad data"}}`:                        "Data validation failed for the attribute, Nodes",
		`{"entryNodeId":"` + success + `","nodes":{"y":{"nodeType":"PageNode","connections":1}}}`: "Data validation failed for the attribute, Nodes",
		`{"entryNodeId":"` + success + `","_rev":"1"}`:                                            "Invalid attribute specified.",
		`{"entryNodeId":"` + success + `","enabled":"yes"}`:                                       "Data validation failed for the attribute, Enabled",
	} {
		expect(t, call(t, mock, "PUT", trees+"/Bad", api("1.0"), body), 400, message)
	}
	expect(t, call(t, mock, "GET", trees+"/Bad", nil, ""), 404, "Not Found")
	got := call(t, mock, "PUT", trees+"/Bad", api("1.0"), `{"entryNodeId":"x","colour":1}`)
	valid, _ := got.object(t)["detail"].(map[string]any)["validAttributes"].([]any)
	if len(valid) != 14 || valid[0] != "description" {
		t.Errorf("valid attributes: %s", got.body)
	}
	expect(t, call(t, mock, "GET", "/am/json/realms/root/realm-config/authentication/authenticationtrees/trees?_queryFilter=true", nil, ""), 403, "This operation is not available in PingOne Advanced Identity Cloud.")
	expect(t, call(t, mock, "GET", trees+"/Bad", api("3.0"), ""), 404, "Version 3.0 of the resource is not available")
}

func TestAJourneyBringsItsNodes(t *testing.T) {
	mock := start(t)
	makeEmbedded(t, mock)
	tree := get(t, mock, trees+"/Small")
	node, _ := tree["nodes"].(map[string]any)[page].(map[string]any)
	if node["config"] != nil || node["version"] != "1.0" || node["x"] != 0.0 {
		t.Errorf("in the journey: %v", node)
	}
	shown := get(t, mock, nodes+"/PageNode/"+page)
	want := `[{"_id":"` + name + `","displayName":"Name","nodeType":"ValidatedUsernameNode","nodeVersion":"1.0"},{"_id":"` + word + `","displayName":"Word","nodeType":"ValidatedPasswordNode","nodeVersion":"1.0"}]`
	if encode(t, shown["nodes"]) != want || encode(t, shown["_outcomes"]) != `[{"displayName":"Outcome","id":"outcome"}]` {
		t.Errorf("page: %v", shown)
	}
	if child := get(t, mock, nodes+"/ValidatedUsernameNode/"+name); child["validateInput"] != false || child["usernameAttribute"] != "userName" {
		t.Errorf("child: %v", child)
	}
	// What a journey no longer names stays.
	expect(t, call(t, mock, "PUT", trees+"/Small", api("1.0"), fmt.Sprintf(`{"entryNodeId":%[1]q,"nodes":{%[1]q:{"nodeType":"PageNode","displayName":"Page","connections":{}}}}`, page)), 200, "")
	get(t, mock, nodes+"/DataStoreDecisionNode/"+decide)
	// What it names goes with it, and what is on its pages.
	expect(t, call(t, mock, "DELETE", trees+"/Small", api("1.0"), ""), 200, "")
	for _, path := range []string{"/PageNode/" + page, "/ValidatedUsernameNode/" + name, "/ValidatedPasswordNode/" + word} {
		expect(t, call(t, mock, "GET", nodes+path, nil, ""), 404, "Not Found")
	}
	get(t, mock, nodes+"/DataStoreDecisionNode/"+decide)
}

func TestAJourneyWithABadNodeWritesNothing(t *testing.T) {
	mock := start(t)
	for bad, want := range map[string]int{
		strings.Replace(embedded, `"_properties":{}`, `"_properties":7`, 1):       400,
		strings.Replace(embedded, `"usernameAttribute"`, `"colour"`, 1):           400,
		strings.Replace(embedded, `"DataStoreDecisionNode"`, `"NoNode"`, 1):       404,
		strings.Replace(embedded, `"DataStoreDecisionNode"`, `"hibpAuthNode"`, 1): 501,
	} {
		got := call(t, mock, "PUT", trees+"/Small", api("1.0"), bad)
		expect(t, got, want, "")
		expect(t, call(t, mock, "GET", trees+"/Small", nil, ""), 404, "Not Found")
		expect(t, call(t, mock, "GET", nodes+"/PageNode/"+page, nil, ""), 404, "Not Found")
	}
}

func TestANodesLife(t *testing.T) {
	mock := start(t)
	const path = nodes + "/ChoiceCollectorNode/" + decide
	body := `{"choices":["a","b"],"prompt":"Which?","defaultChoice":"a","_type":{"_id":"PageNode","name":"stale"},"_outcomes":[{"id":"x"}]}`
	made := call(t, mock, "PUT", path, api("1.0"), body)
	object := expect(t, made, 201, "")
	want := map[string]any{
		"_id": decide, "_rev": object["_rev"], "choices": []any{"a", "b"}, "prompt": "Which?", "defaultChoice": "a",
		"_type":     map[string]any{"_id": "ChoiceCollectorNode", "name": "Choice Collector", "collection": true, "version": "1.0"},
		"_outcomes": []any{map[string]any{"id": "a", "displayName": "a"}, map[string]any{"id": "b", "displayName": "b"}},
	}
	if encode(t, object) != encode(t, want) || made.header.Get("Location") != mock.URL+path {
		t.Errorf("created: %s %v", made.body, made.header)
	}
	expect(t, call(t, mock, "POST", nodes+"/ChoiceCollectorNode?_action=create", api("1.0"), `{"_id":"`+decide+`","choices":[]}`), 409, "Unable to save config: Service already exists")
	posted := call(t, mock, "POST", nodes+"/SetStateNode?_action=create", api("1.0"), `{"_id":"`+name+`","attributes":{}}`)
	expect(t, posted, 201, "")
	if got := posted.header.Get("Location"); got != mock.URL+nodes+"/SetStateNode/"+name {
		t.Errorf("location: %s", got)
	}
	for body, message := range map[string]string{
		`{"colour":"red"}`:  "Invalid attribute specified.",
		`{"choices":"one"}`: "Data validation failed for the attribute, Choices",
	} {
		expect(t, call(t, mock, "PUT", path, api("1.0"), body), 400, message)
	}
	list := get(t, mock, nodes+"/ChoiceCollectorNode?_queryFilter=true")
	if encode(t, list["result"]) != encode(t, []any{want}) || list["totalPagedResultsPolicy"] != "NONE" {
		t.Errorf("list: %v", list)
	}
	if deleted := expect(t, call(t, mock, "DELETE", path, api("1.0"), ""), 200, ""); encode(t, deleted) != encode(t, want) {
		t.Errorf("deleted: %v", deleted)
	}
	expect(t, call(t, mock, "GET", path, api("2.0"), ""), 404, "Not Found")
	missing := call(t, mock, "GET", nodes+"/type1/node1", api("2.0"), "")
	expect(t, missing, 404, "Resource 'type1/node1' not found")
	if missing.header.Get("Content-API-Version") != "resource=2.0" {
		t.Errorf("headers: %v", missing.header)
	}
}

func TestNodesHaveVersions(t *testing.T) {
	mock := start(t)
	path := nodes + "/PageNode/2.0/" + page
	child := `{"nodes":[{"_id":"` + name + `","nodeType":"ValidatedUsernameNode","displayName":"Name"}]}`
	made := expect(t, call(t, mock, "PUT", path, api("3.0"), child), 201, "")
	if encode(t, made["_outcomes"]) != `[{"displayName":"Outcome","id":"`+name+`-outcome"}]` || made["_type"].(map[string]any)["version"] != "2.0" {
		t.Errorf("created: %v", made)
	}
	expect(t, call(t, mock, "GET", path, api("1.0"), ""), 404, "Version 1.0 of the resource is not available")
	expect(t, call(t, mock, "GET", nodes+"/PageNode/1.0/"+page, api("3.0"), ""), 404, "Not Found")
	expect(t, call(t, mock, "GET", nodes+"/PageNode/7.0/"+page, api("3.0"), ""), 404, "Resource 'PageNode/7.0/"+page+"' not found")
	// The path without a version knows all of them.
	if read := get(t, mock, nodes+"/PageNode/"+page); read["_rev"] != made["_rev"] {
		t.Errorf("read: %v", read)
	}
	for version, has := range map[string]bool{"1.0": false, "2.0": true} {
		listed := call(t, mock, "GET", nodes+"/PageNode/"+version+"?_queryFilter=true", api("3.0"), "")
		if expect(t, listed, 200, ""); strings.Contains(string(listed.body), page) != has {
			t.Errorf("%s listed: %s", version, listed.body)
		}
	}
	if kind := post(t, mock, "POST", nodes+"/ValidatedUsernameNode/2.0?_action=getType", api("3.0")); kind["_id"] != "2.0" || kind["name"] != "Platform Username" {
		t.Errorf("type: %v", kind)
	}
}

func post(t *testing.T, mock *mockaic.Tenant, method, path string, header map[string]string) map[string]any {
	t.Helper()
	return expect(t, call(t, mock, method, path, header, `{}`), 200, "")
}

func TestWhatATypeTells(t *testing.T) {
	mock := start(t)
	all, _ := post(t, mock, "POST", nodes+"?_action=getAllTypes", api("1.0"))["result"].([]any)
	if len(all) < 230 {
		t.Errorf("%d types", len(all))
	}
	schema := post(t, mock, "POST", nodes+"/RetryLimitDecisionNode?_action=schema", api("1.0"))
	if encode(t, schema["required"]) != `["retryLimit","incrementUserAttributeOnFailure"]` {
		t.Errorf("schema: %v", schema)
	}
	if template := post(t, mock, "POST", nodes+"/RetryLimitDecisionNode?_action=template", api("1.0")); encode(t, template) != `{"incrementUserAttributeOnFailure":true,"retryLimit":3}` {
		t.Errorf("template: %v", template)
	}
	for config, want := range map[string]string{
		`ChoiceCollectorNode {"choices":["x","y"]}`: `[{"displayName":"x","id":"x"},{"displayName":"y","id":"y"}]`,
		`ScriptedDecisionNode {}`:                   `[]`,
		`InnerTreeEvaluatorNode {}`:                 `[{"displayName":"True","id":"true"},{"displayName":"False","id":"false"}]`,
		`PageNode {"nodes":[{"_id":"1","nodeType":"ChoiceCollectorNode","_properties":{"choices":["z"]}}]}`: `[{"displayName":"z","id":"z"}]`,
	} {
		typeID, body, _ := strings.Cut(config, " ")
		got := call(t, mock, "POST", nodes+"/"+typeID+"?_action=listOutcomes", api("1.0"), body)
		if got.status != 200 || strings.TrimSpace(string(got.body)) != want {
			t.Errorf("%s: %d %s", config, got.status, got.body)
		}
	}
	for _, action := range []string{"schema", "template", "listOutcomes"} {
		got := call(t, mock, "POST", nodes+"/hibpAuthNode?_action="+action, api("1.0"), `{}`)
		if got.status != 501 || !strings.Contains(string(got.body), "hibpAuthNode") {
			t.Errorf("%s: %d %s", action, got.status, got.body)
		}
	}
	if list := get(t, mock, nodes+"/hibpAuthNode?_queryFilter=true"); list["resultCount"] != 0.0 {
		t.Errorf("nodes of a type of which little is known: %v", list)
	}
}

const design = `{"serviceName":"c6063fb2f5dc42dd9772bedc93898bd8","displayName":"Sum","description":"adds","outcomes":["Even","Odd"],"errorOutcome":true,
	"script":"action.goTo('Even')","tags":["math"],"properties":{"base":{"title":"Base","description":"of the digits","type":"NUMBER","required":true,"defaultValue":10,"multivalued":false}}}`

func TestTheNodeDesigner(t *testing.T) {
	mock := start(t)
	const path, id = "/am/json/node-designer/node-type", "c6063fb2f5dc42dd9772bedc93898bd8-1"
	made := call(t, mock, "POST", path, api("1.0"), design)
	object := expect(t, made, 201, "")
	if object["_id"] != id || object["version"] != 1.0 || made.header.Get("Location") != mock.URL+path+"/"+id {
		t.Errorf("created: %s %v", made.body, made.header)
	}
	expect(t, call(t, mock, "POST", path, api("1.0"), design), 409, "Node Type with resource id c6063fb2f5dc42dd9772bedc93898bd8 already exists")
	changing := api("1.0")
	changing["If-Match"] = "*"
	expect(t, call(t, mock, "PUT", path+"/other-1", changing, strings.Replace(design, "c6063fb2f5dc42dd9772bedc93898bd8", "other", 1)), 404, "Node Type with resource ID other-1 does not exist")
	expect(t, call(t, mock, "PUT", path+"/"+id, changing, strings.Replace(design, "adds", "adds up", 1)), 200, "")
	if list := get(t, mock, path+"?_queryFilter=true"); list["totalPagedResultsPolicy"] != "EXACT" || list["totalPagedResults"] != 1.0 {
		t.Errorf("list: %v", list)
	}
	// It is a type of nodes at once, in every realm.
	node := nodes + "/designer-c6063fb2f5dc42dd9772bedc93898bd8/" + decide
	written := expect(t, call(t, mock, "PUT", node, api("1.0"), `{}`), 201, "")
	if written["base"] != 10.0 || !strings.Contains(encode(t, written["_outcomes"]), "Script Error") || written["_type"].(map[string]any)["name"] != "Sum" {
		t.Errorf("node: %v", written)
	}
	if using := post(t, mock, "POST", path+"/"+id+"?_action=journeys", api("1.0")); len(using) != 0 {
		t.Errorf("journeys: %v", using)
	}
	expect(t, call(t, mock, "PUT", trees+"/Sums", api("1.0"), fmt.Sprintf(`{"entryNodeId":%[1]q,"nodes":{%[1]q:{"nodeType":"designer-c6063fb2f5dc42dd9772bedc93898bd8","displayName":"Sum","connections":{}}}}`, decide)), 201, "")
	if using := post(t, mock, "POST", path+"/"+id+"?_action=journeys", api("1.0")); encode(t, using) != `{"/alpha":{"Sums":["`+decide+`"]}}` {
		t.Errorf("journeys: %v", using)
	}
	expect(t, call(t, mock, "DELETE", path+"/"+id, api("1.0"), ""), 400, "Cannot delete node type that is in use")
	expect(t, call(t, mock, "DELETE", trees+"/Sums", api("1.0"), ""), 200, "")
	if gone := expect(t, call(t, mock, "DELETE", path+"/"+id, api("1.0"), ""), 200, ""); encode(t, gone) != `{"_id":"`+id+`"}` {
		t.Errorf("deleted: %v", gone)
	}
	expect(t, call(t, mock, "GET", path+"/"+id, api("1.0"), ""), 404, "Node Type with resource ID "+id+" does not exist")
}

func TestNodesOfDesignedTypesCanBeWrittenBack(t *testing.T) {
	mock := start(t)
	for many, want := range map[string]any{"false": map[string]any{}, "true": nil} {
		body := `{"serviceName":"many-` + many + `","displayName":"x","script":"","properties":{"map":{"type":"OBJECT","multivalued":` + many + `}}}`
		expect(t, call(t, mock, "POST", "/am/json/node-designer/node-type", api("1.0"), body), 201, "")
		path := nodes + "/designer-many-" + many + "/" + decide
		made := call(t, mock, "PUT", path, api("1.0"), `{}`)
		if object := expect(t, made, 201, ""); encode(t, object["map"]) != encode(t, want) {
			t.Errorf("multivalued %s: %s", many, made.body)
		}
		expect(t, call(t, mock, "PUT", path, api("1.0"), string(made.body)), 200, "")
	}
}

// A service name is a word: it is part of paths, and of the IDs of nodes.
func TestServiceNamesThatAreRefused(t *testing.T) {
	mock := start(t)
	for _, name := range []string{"", "a/b", "a b", "a\\nb", "..", "ä"} {
		body := strings.Replace(design, "c6063fb2f5dc42dd9772bedc93898bd8", name, 1)
		expect(t, call(t, mock, "POST", "/am/json/node-designer/node-type", api("1.0"), body), 400, "The attribute serviceName of the node type is not valid")
	}
}

func TestAScriptOfANodeStays(t *testing.T) {
	mock := start(t)
	const id = "58c824ae-84ed-4724-82cd-db128fc3f6d"
	expect(t, call(t, mock, "PUT", scripts+"/"+id, jsonHeader, decision("check", "outcome = 'a';")), 201, "")
	expect(t, call(t, mock, "PUT", nodes+"/ScriptedDecisionNode/"+decide, api("1.0"), `{"script":"`+id+`","outcomes":["a"]}`), 201, "")
	expect(t, call(t, mock, "DELETE", scripts+"/"+id, jsonHeader, ""), 409, "Script with UUID "+id+" can not be deleted as it is being used in 1 place(s)")
	expect(t, call(t, mock, "DELETE", nodes+"/ScriptedDecisionNode/"+decide, api("1.0"), ""), 200, "")
	expect(t, call(t, mock, "DELETE", scripts+"/"+id, jsonHeader, ""), 200, "")
}

func TestTheDefaultJourneyCanBeSetAlone(t *testing.T) {
	mock := start(t)
	const path = alpha + "/realm-config/authentication"
	before := get(t, mock, path)
	expect(t, call(t, mock, "PUT", path, api("1.0"), `{"orgConfig":"Other","adminAuthModule":"Login"}`), 200, "")
	after := get(t, mock, path)
	if core, _ := after["core"].(map[string]any); core["orgConfig"] != "Other" || core["adminAuthModule"] != "Login" {
		t.Errorf("core: %v", after["core"])
	}
	for _, section := range []string{"trees", "general", "security", "postauthprocess"} {
		if before[section] == nil || encode(t, before[section]) != encode(t, after[section]) {
			t.Errorf("%s: %v became %v", section, before[section], after[section])
		}
	}
	expect(t, call(t, mock, "PUT", path, api("1.0"), `{"colour":"red"}`), 400, "Invalid attribute specified.")
}

func TestJourneysGoThroughASeed(t *testing.T) {
	mock := start(t)
	makeEmbedded(t, mock)
	expect(t, call(t, mock, "POST", "/am/json/node-designer/node-type", api("1.0"), design), 201, "")
	expect(t, call(t, mock, "PUT", nodes+"/designer-c6063fb2f5dc42dd9772bedc93898bd8/"+decide, api("1.0"), `{}`), 201, "")
	again := start(t, mockaic.Seed(exported(t, mock)))
	for _, path := range []string{
		trees + "/Small", nodes + "/PageNode/" + page, nodes + "/designer-c6063fb2f5dc42dd9772bedc93898bd8/" + decide,
		"/am/json/node-designer/node-type/c6063fb2f5dc42dd9772bedc93898bd8-1",
	} {
		if before, after := get(t, mock, path), get(t, again, path); encode(t, before) != encode(t, after) {
			t.Errorf("%s: %v became %v", path, before, after)
		}
	}
	// So do nodes whose type has other properties now, or is gone.
	for _, change := range [][2]string{
		{"PUT", strings.Replace(design, `"base"`, `"radix"`, 1)},
		{"DELETE", ""},
	} {
		expect(t, call(t, mock, change[0], "/am/json/node-designer/node-type/c6063fb2f5dc42dd9772bedc93898bd8-1", api("1.0"), change[1]), 200, "")
		dir := exported(t, mock)
		sameFiles(t, files(t, exported(t, start(t, mockaic.Seed(dir)))), files(t, dir))
	}
	for file, message := range map[string]string{
		`[{"_id":"NoNode/1","config":{}}]`:                                                  "there is no node type NoNode",
		`[{"_id":"PageNode/1"}]`:                                                            "a node needs an _id, TYPE/ID, and a config",
		`[{"_id":"PageNode/1","config":{"colour":1}}]`:                                      "Invalid attribute specified.",
		`[{"_id":"hibpAuthNode/1","config":{}}]`:                                            "not known to this fake tenant",
		`[{"_id":"PageNode/1","config":{"nodes":[{"_id":"2","nodeType":"hibpAuthNode"}]}}]`: "the outcomes of node type hibpAuthNode 1.0 are not known",
	} {
		dir := t.TempDir()
		seed(t, dir, "am/alpha%2Fnodes.json", file)
		_, err := mockaic.New(mockaic.Seed(dir))
		if err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// What the children of a page bring is read once, however deep pages are in pages.
func TestPagesInPagesAreReadOnce(t *testing.T) {
	mock := start(t)
	var header strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&header, `,"l%d":"x"`, i)
	}
	body := `{"pageHeader":{` + header.String()[1:] + `}}`
	for i := range 160 {
		body = fmt.Sprintf(`{"nodes":[{"_id":"p%d","nodeType":"PageNode","_properties":%s}]}`, i, body)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	expect(t, call(t, mock, "PUT", nodes+"/PageNode/"+page, api("1.0"), body), 201, "")
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 150<<20 {
		t.Errorf("%d MiB for %d KiB", taken>>20, len(body)>>10)
	}
	if inner := get(t, mock, nodes+"/PageNode/p0"); len(inner["pageHeader"].(map[string]any)) != 50_000 {
		t.Errorf("the innermost page: %d", len(inner))
	}
}
