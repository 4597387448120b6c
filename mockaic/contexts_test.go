package mockaic_test

import (
	"net/url"
	"slices"
	"testing"
)

func TestWhatScriptsFind(t *testing.T) {
	mock := start(t)
	context := get(t, mock, "/am/json/contexts/SCRIPTED_DECISION_NODE")
	if encode(t, context["evaluatorVersions"]) != `{"JAVASCRIPT":["2.0"]}` || !slices.Contains(context["allowLists"].([]any), any("java.lang.Object")) {
		t.Errorf("context: %v", context)
	}
	found := map[string]map[string]any{}
	for _, binding := range context["bindings"].([]any) {
		found[binding.(map[string]any)["name"].(string)] = binding.(map[string]any)
	}
	if len(found) != 25 || found["sharedState"] != nil {
		t.Errorf("%d bindings", len(found))
	}
	if got := encode(t, found["httpClient"]["elements"]); got != `[{"elementType":"method","name":"send","parameters":[{"javaScriptType":"string","name":"uri"},{"javaScriptType":"object","name":"requestOptions"}],"returnType":"object"},{"elementType":"method","name":"send","parameters":[{"javaScriptType":"string","name":"uri"}],"returnType":"object"}]` {
		t.Errorf("httpClient: %s", got)
	}
	crypto := found["utils"]["elements"].([]any)
	if !slices.ContainsFunc(crypto, func(element any) bool {
		field := element.(map[string]any)
		return field["elementType"] == "field" && field["name"] == "crypto" && len(field["elements"].([]any)) > 2
	}) {
		t.Errorf("utils: %s", encode(t, crypto))
	}
	if _, isElement := found["logger"]["elementType"]; isElement || found["logger"]["javaClass"] == "" {
		t.Errorf("logger: %v", found["logger"])
	}

	legacy := get(t, mock, "/am/json/contexts/"+decisionTree)
	if encode(t, legacy["bindings"]) != "[]" || encode(t, legacy["evaluatorVersions"]) != `{"GROOVY":["1.0"],"JAVASCRIPT":["1.0"]}` {
		t.Errorf("a context of the first generation: %v", legacy)
	}
	expect(t, call(t, mock, "GET", "/am/json/contexts/KITCHEN", nil, ""), 404, "Not Found")
}

func TestSettingsOfScriptContexts(t *testing.T) {
	mock := start(t)
	const path = "/am/json/global-config/services/scripting/contexts"
	page := get(t, mock, path+"?_queryFilter="+url.QueryEscape(`isHidden eq true`))
	if page["resultCount"] != 1.0 || page["result"].([]any)[0].(map[string]any)["_id"] != "NODE_DESIGNER" {
		t.Errorf("hidden: %v", page)
	}
	// The default script of every context is there.
	for _, entry := range get(t, mock, path+"?_queryFilter=true")["result"].([]any) {
		if script := entry.(map[string]any)["defaultScript"].(string); script != "[Empty]" {
			if got := get(t, mock, scripts+"/"+script); got["default"] != true {
				t.Errorf("%v has the default script %v", entry, got)
			}
		}
	}
	engine := get(t, mock, path+"/SAML2_SP_ADAPTER_NEXTGEN/engineConfiguration")
	if got := at(t, engine, "maxThreads/$int"); got != "&{saml2.sp.adapter.next.gen.script.context.max.threads|100}" {
		t.Errorf("threads: %v", got)
	}
	if engine = get(t, mock, path+"/LIBRARY/engineConfiguration"); engine["maxThreads"] != 50.0 || engine["propertyNamePrefix"] != "script" {
		t.Errorf("engine of libraries: %v", engine)
	}
	expect(t, call(t, mock, "GET", path+"/AUTHENTICATION_CLIENT_SIDE/engineConfiguration", nil, ""), 404, "Not Found")
}
