package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"aicmcp/mockaic"
)

// feature picks one from what listFeatures returns.
func feature(t *testing.T, list map[string]any, name string) map[string]any {
	t.Helper()
	for _, e := range list["features"].([]any) {
		if at(e, "name") == name {
			return e.(map[string]any)
		}
	}
	t.Fatalf("no feature %s in %v", name, list)
	return nil
}

func providerOf(realm string) string {
	return "/am/json/realms/root/realms/" + realm + "/realm-config/services/oauth-oidc"
}

func TestFeaturesAreListedCheckedAndInstalled(t *testing.T) {
	v := visit(t, mockaic.Seed("empty"))
	list := v.must("listFeatures", nil)
	groups := feature(t, list, "groups")
	if groups["type"] != "idm" || groups["installed"] != true || groups["installedVersion"] != "1" || groups["status"] != "installed" || fmt.Sprint(groups["availableVersions"]) != "[1]" {
		t.Errorf("groups %v", groups)
	}
	agents := feature(t, list, "AI Agents")
	if agents["type"] != "aic" || agents["installed"] != false || agents["status"] != "not_installed" || !strings.Contains(fmt.Sprint(agents["message"]), "enableAiAgent") {
		t.Errorf("AI Agents %v", agents)
	}
	n := len(v.Requests())
	v.must("listFeatures", nil)
	if asked := v.asked(n); len(asked) != 3 {
		t.Errorf("asked %v", asked)
	}

	if again := v.must("validateIdmFeature", map[string]any{"featureName": "password/timestamps"}); again["installable"] != false || !strings.Contains(fmt.Sprint(again["message"]), "must not already exist") {
		t.Errorf("validated %v", again)
	}
	if _, failure := v.call("installIdmFeature", map[string]any{"featureName": "password/timestamps"}); failure["status"] != 400.0 || !strings.Contains(fmt.Sprint(failure["hint"]), "validateIdmFeature") {
		t.Errorf("failure %v", failure)
	}
	if can := v.must("validateIdmFeature", map[string]any{"featureName": "aiagent"}); can["installable"] != true {
		t.Errorf("validated %v", can)
	}
	n = len(v.Requests())
	done := v.must("installIdmFeature", map[string]any{"featureName": "aiagent"})
	v.expect(n, "POST /openidm/feature/aiagent 200")
	if done["message"] != "Install complete." || !strings.Contains(fmt.Sprint(done["note"]), "cannot be removed") {
		t.Errorf("installed %v", done)
	}
	// IDM has it now, AM does not.
	agents = feature(t, v.must("listFeatures", nil), "AI Agents")
	if agents["status"] != "indeterminate" || agents["installed"] != false || at(agents, "details", "idm", "installed") != true || at(agents, "details", "am", "alpha", "configured") != false {
		t.Errorf("AI Agents %v", agents)
	}
	n = len(v.Requests())
	v.must("enableAiAgent", nil)
	v.expect(n, "POST /environment/aiagent 200")
	agents = feature(t, v.must("listFeatures", nil), "AI Agents")
	if agents["status"] != "installed" || agents["installed"] != true || at(agents, "details", "am", "bravo", "configured") != true {
		t.Errorf("AI Agents %v", agents)
	}
	v.must("enableAiAgent", nil)

	for _, tool := range []string{"validateIdmFeature", "installIdmFeature"} {
		_, failure := v.call(tool, map[string]any{"featureName": "nope/nothing"})
		if failure["status"] != 404.0 || failure["parameter"] != "featureName" || !strings.Contains(fmt.Sprint(failure["hint"]), "listFeatures") {
			t.Errorf("%s: %v", tool, failure)
		}
		for _, name := range []string{"", "/groups", "groups/", "a//b", "..", "a/../b", "a%2Fb", "a b"} {
			v.refused(tool, map[string]any{"featureName": name}, "featureName must")
		}
	}
}

func TestARealmThatCannotBeReadLeavesAgentsUndecided(t *testing.T) {
	v := visit(t)
	v.must("enableAiAgent", nil)
	v.Inject(mockaic.Fault{Path: providerOf("bravo"), Status: 403})
	agents := feature(t, v.must("listFeatures", nil), "AI Agents")
	if agents["status"] != "indeterminate" || at(agents, "details", "am", "bravo", "error") != "the tenant answered 403" || at(agents, "details", "am", "alpha", "configured") != true || !strings.Contains(fmt.Sprint(agents["message"]), "bravo") {
		t.Errorf("AI Agents %v", agents)
	}
	if !strings.Contains(fmt.Sprint(agents["message"]), "lack the right") {
		t.Errorf("AI Agents %v", agents)
	}
	v.Inject(mockaic.Fault{Path: providerOf("alpha"), Status: 500})
	agents = feature(t, v.must("listFeatures", nil), "AI Agents")
	if message := fmt.Sprint(agents["message"]); !strings.Contains(message, "alpha") || strings.Contains(message, "lack the right") {
		t.Errorf("AI Agents %v", agents)
	}
	v.Inject(mockaic.Fault{Path: "/openidm/feature", Status: 403})
	if _, failure := v.call("listFeatures", nil); failure["status"] != 403.0 {
		t.Errorf("failure %v", failure)
	}
	v.Inject(mockaic.Fault{Path: "/openidm/feature/*", Status: 500})
	if _, failure := v.call("installIdmFeature", map[string]any{"featureName": "groups"}); !strings.Contains(fmt.Sprint(failure["hint"]), "not known whether") {
		t.Errorf("failure %v", failure)
	}
	// A check that fails leaves nothing in doubt.
	v.Inject(mockaic.Fault{Path: "/openidm/feature/*", Status: 500})
	if _, failure := v.call("validateIdmFeature", map[string]any{"featureName": "groups"}); failure["status"] != 500.0 || strings.Contains(fmt.Sprint(failure["hint"]), "not known whether") {
		t.Errorf("failure %v", failure)
	}
}

// What a tenant can answer, but the fake does not.
func TestAnswersAboutFeatures(t *testing.T) {
	const (
		featurePath = "/openidm/feature/groups"
		groups      = `{"featureName":"groups"}`
	)
	for name, tc := range map[string]struct {
		tool, arguments, method, path string
		status                        int
		body, want                    string
		ok                            bool
	}{
		"nothing to say":      {"enableAiAgent", `{}`, "POST", "/environment/aiagent", 204, "", "accepted", true},
		"an empty body":       {"enableAiAgent", `{}`, "POST", "/environment/aiagent", 200, " \n", "accepted", true},
		"a list":              {"enableAiAgent", `{}`, "POST", "/environment/aiagent", 200, `[1]`, `"response":[1]`, true},
		"a page":              {"enableAiAgent", `{}`, "POST", "/environment/aiagent", 200, `<html>`, "not known whether", false},
		"no right":            {"enableAiAgent", `{}`, "POST", "/environment/aiagent", 403, `{"code":403,"message":"no"}`, "may not do this", false},
		"no verdict":          {"validateIdmFeature", groups, "POST", featurePath, 200, `{"status":200}`, "does not say whether", false},
		"a refusal with 200":  {"installIdmFeature", groups, "POST", featurePath, 200, `{"status":200,"success":false,"message":"in \"use\""}`, `the tenant answered "in \"use\""`, false},
		"an error with 200":   {"installIdmFeature", groups, "POST", featurePath, 200, `{"status":500,"message":"x"}`, "Not installed", false},
		"no status":           {"installIdmFeature", groups, "POST", featurePath, 200, `{"message":"x"}`, "look with listFeatures", false},
		"an odd status":       {"installIdmFeature", groups, "POST", featurePath, 200, `{"status":202}`, "not known whether", false},
		"success alone":       {"installIdmFeature", groups, "POST", featurePath, 200, `{"success":true}`, "is installed", true},
		"broken JSON":         {"installIdmFeature", groups, "POST", featurePath, 200, `{"status":`, "not known whether", false},
		"no list of features": {"listFeatures", `{}`, "GET", "/openidm/feature", 200, `{}`, "no list of features", false},
		"no features, no AM":  {"listFeatures", `{}`, "GET", "/openidm/feature", 200, `{"result":[]}`, `"status":"indeterminate"`, true},
	} {
		t.Run(name, func(t *testing.T) {
			mock := httpmock.NewMockTransport()
			mock.RegisterResponder(tc.method, "http://tenant.example"+tc.path, func(r *http.Request) (*http.Response, error) {
				if body, err := io.ReadAll(orEmpty(r.Body)); r.Method == http.MethodPost && (err != nil || string(body) != "{}") {
					t.Errorf("body %q, %v", body, err)
				}
				return httpmock.NewStringResponse(tc.status, tc.body), nil
			})
			session := serve(t, "http://tenant.example", &http.Client{Transport: mock})
			result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: tc.tool, Arguments: json.RawMessage(tc.arguments)})
			if err != nil {
				t.Fatal(err)
			}
			if text := result.Content[0].(*mcp.TextContent).Text; result.IsError == tc.ok || !strings.Contains(text, tc.want) {
				t.Errorf("result %s", text)
			}
		})
	}
}

func orEmpty(r io.Reader) io.Reader {
	if r == nil {
		return strings.NewReader("")
	}
	return r
}
