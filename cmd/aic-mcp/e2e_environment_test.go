package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// configure sets, reads, lists, changes and deletes a variable of every type.
func configure(t *testing.T, session *mcp.ClientSession) {
	t.Helper()
	for kind, values := range map[string][2]any{
		"string":               {"a \"quoted\" é", ""},
		"list":                 {[]any{"a", "b"}, []any{"c"}},
		"array":                {[]any{"a", 1.5, nil}, []any{}},
		"object":               {map[string]any{"a": []any{true}}, map[string]any{}},
		"keyvaluelist":         {map[string]any{"a": "b"}, map[string]any{"c": "d"}},
		"bool":                 {false, true},
		"int":                  {42.0, -7.0},
		"number":               {1.25, -0.5},
		"base64encodedinlined": {"aGVsbG8=", "d29ybGQ="},
	} {
		id := "esv-e2e-" + kind
		made := call(t, session, "setVariable", map[string]any{"variableId": id, "type": kind, "value": values[0], "description": "Made by a test"})
		if made["created"] != true || object(made, "pending")["variables"] != 1.0 {
			t.Errorf("%s: made %v", kind, made)
		}
		if got := call(t, session, "getVariable", map[string]any{"variableId": id}); !reflect.DeepEqual(got["value"], values[0]) {
			t.Errorf("%s: read %v, want %v", kind, got["value"], values[0])
		}
		changed := call(t, session, "setVariable", map[string]any{"variableId": id, "value": values[1]})
		if changed["created"] != false || changed["description"] != "Made by a test" {
			t.Errorf("%s: changed %v", kind, changed)
		}
		listed := list(call(t, session, "queryESVs", map[string]any{"type": "variable", "queryTerm": "e2e"}), "esvs")
		if len(listed) != 1 || !reflect.DeepEqual(listed[0].(map[string]any)["value"], values[1]) {
			t.Errorf("%s: listed %v, want %v", kind, listed, values[1])
		}
		call(t, session, "deleteVariable", map[string]any{"variableId": id})
	}
	secrets := call(t, session, "queryESVs", map[string]any{"type": "secret"})
	text, err := json.Marshal(secrets)
	if err != nil || !strings.Contains(string(text), `"id":"esv-mail-password"`) {
		t.Errorf("secrets: %v %s", err, text)
	}
	for _, hidden := range []string{"nobody-reads-this", "bm9ib2R5LXJlYWRzLXRoaXM", "value"} {
		if strings.Contains(string(text), hidden) {
			t.Errorf("the list of secrets has %s", hidden)
		}
	}
}

// investigate asks the logs why a call failed.
func investigate(t *testing.T, session *mcp.ClientSession) {
	t.Helper()
	if sources := list(call(t, session, "getLogSources", nil), "sources"); len(sources) < 12 {
		t.Errorf("sources %v", sources)
	}
	result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "deleteVariable", Arguments: map[string]any{"variableId": "esv-e2e-nothing"}})
	if err != nil || !result.IsError {
		t.Fatalf("a variable that is not there is deleted: %v %v", result, err)
	}
	failure := object(result.StructuredContent.(map[string]any), "error")
	entries := list(call(t, session, "queryLogs", map[string]any{"sources": []any{"environment-access"}, "transactionId": failure["transactionId"]}), "entries")
	if len(entries) != 1 {
		t.Fatalf("the transaction %v left %v", failure["transactionId"], entries)
	}
	event := object(entries[0].(map[string]any), "payload")
	response := object(event, "response")
	if response["statusCode"] != float64(http.StatusNotFound) || object(response, "detail")["reason"] != failure["message"] ||
		!strings.HasSuffix(fmt.Sprint(object(object(event, "http"), "request")["path"]), "/environment/variables/esv-e2e-nothing") {
		t.Errorf("logged %v", event)
	}
}
