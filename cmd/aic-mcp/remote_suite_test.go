package main

import (
	"encoding/json"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"aicmcp/cmd/internal/node"
	"aicmcp/server"
)

// suites are the official suite, as released and as it comes, with the versions of the
// protocol that each checks.
var suites = []struct {
	name, script string
	versions     []string
}{
	{"conformance", "node_modules/@modelcontextprotocol/conformance/dist/index.js", []string{"2025-11-25"}},
	{"conformance-next", "node_modules/conformance-next/dist/index.js", []string{"2025-11-25", "2026-07-28"}},
}

// Why a scenario is left out, or some of its checks.
const (
	ownTools    = "needs a tool of the suite's own, such as test_simple_text"
	noPrompts   = "needs prompts: the server has none, and refuses the methods"
	noResources = "needs resources: the server has none, and refuses the methods"
	noListings  = "needs prompts and resources: the server has none, and refuses the methods"
	noChanges   = "needs lists that change: the server's do not"
	noLogs      = "needs logging to clients: the server's log is its operator's"
	noValues    = "needs the completion of values: the server has none"
	noSessions  = "needs sessions: any instance answers any request"
	noHeaders   = "needs a tool with x-mcp-header, which none has"
	noSkills    = "an extension that the server does not have: skills"
	noTasks     = "an extension that the server does not have: tasks"
)

// leftOut are checks of a scenario that do not count, or all of them.
type leftOut struct {
	why     string
	checks  []string
	version string // the only one for which it is so
}

// scenarios are all that the suites have for servers. What is not left out must succeed.
var scenarios = map[string][]leftOut{
	"server-initialize":             nil,
	"ping":                          nil,
	"tools-list":                    nil,
	"dns-rebinding-protection":      nil,
	"http-header-validation":        nil,
	"server-sse-multiple-streams":   {{why: noSessions, version: "2025-11-25"}},
	"server-session-lifecycle":      {{why: noSessions}},
	"server-sse-polling":            {{why: noSessions}},
	"logging-set-level":             {{why: noLogs}},
	"completion-complete":           {{why: noValues}},
	"prompts-list":                  {{why: noPrompts}},
	"prompts-get-simple":            {{why: noPrompts}},
	"prompts-get-with-args":         {{why: noPrompts}},
	"prompts-get-embedded-resource": {{why: noPrompts}},
	"prompts-get-with-image":        {{why: noPrompts}},
	"resources-list":                {{why: noResources}},
	"resources-read-text":           {{why: noResources}},
	"resources-read-binary":         {{why: noResources}},
	"resources-templates-read":      {{why: noResources}},
	"resources-subscribe":           {{why: noResources}},
	"resources-unsubscribe":         {{why: noResources}},
	"sep-2164-resource-not-found":   {{why: noResources, checks: []string{"sep-2164-error-code", "sep-2164-data-uri"}}},
	"caching": {{why: noListings, checks: []string{
		"sep-2549-prompts-list-caching-hints", "sep-2549-resources-list-caching-hints",
		"sep-2549-resources-templates-list-caching-hints", "sep-2549-resources-read-caching-hints",
	}}},
	"server-stateless": {
		{why: ownTools, checks: []string{
			"sep-2575-server-rejects-undeclared-capability", "sep-2575-missing-capability-http-400",
			"sep-2575-http-server-no-independent-requests-on-stream", "sep-2575-server-no-log-without-loglevel",
		}},
		{why: noChanges, checks: []string{
			"sep-2575-server-sends-prompts-list-changed-on-subscription", "sep-2575-server-sends-tools-list-changed-on-subscription",
		}},
	},
	"http-custom-header-server-validation": {{why: noHeaders}},

	"tools-call-simple-text":       {{why: ownTools}},
	"tools-call-image":             {{why: ownTools}},
	"tools-call-audio":             {{why: ownTools}},
	"tools-call-embedded-resource": {{why: ownTools}},
	"tools-call-mixed-content":     {{why: ownTools}},
	"tools-call-with-logging":      {{why: ownTools}},
	"tools-call-error":             {{why: ownTools}},
	"tools-call-with-progress":     {{why: ownTools}},
	"tools-call-sampling":          {{why: ownTools}},
	"tools-call-elicitation":       {{why: ownTools}},
	"json-schema-2020-12":          {{why: ownTools}},
	"elicitation-sep1034-defaults": {{why: ownTools}},
	"elicitation-sep1330-enums":    {{why: ownTools}},

	"input-required-result-unsupported-methods":     nil,
	"input-required-result-validate-input":          nil,
	"input-required-result-basic-elicitation":       {{why: ownTools}},
	"input-required-result-basic-sampling":          {{why: ownTools}},
	"input-required-result-basic-list-roots":        {{why: ownTools}},
	"input-required-result-request-state":           {{why: ownTools}},
	"input-required-result-multiple-input-requests": {{why: ownTools}},
	"input-required-result-multi-round":             {{why: ownTools}},
	"input-required-result-missing-input-response":  {{why: ownTools}},
	"input-required-result-non-tool-request":        {{why: noPrompts}},
	"input-required-result-result-type":             {{why: ownTools}},
	"input-required-result-tampered-state":          {{why: ownTools}},
	"input-required-result-capability-check":        {{why: ownTools}},
	"input-required-result-ignore-extra-params":     {{why: ownTools}},

	"sep-2640-skills-directory":    {{why: noSkills}},
	"sep-2640-skills-enumeration":  {{why: noSkills}},
	"sep-2640-skills-manifest":     {{why: noSkills}},
	"tasks-lifecycle":              {{why: noTasks}},
	"tasks-capability-negotiation": {{why: noTasks}},
	"tasks-wire-fields":            {{why: noTasks}},
	"tasks-request-state-removal":  {{why: noTasks}},
	"tasks-mrtr-input":             {{why: noTasks}},
	"tasks-request-headers":        {{why: noTasks}},
	"tasks-dispatch-and-envelope":  {{why: noTasks}},
	"tasks-status-notifications":   {{why: noTasks}},
	"tasks-required-task-error":    {{why: noTasks}},
	"tasks-mrtr-composition":       {{why: noTasks}},
}

// TestOfficialSuite runs the official conformance suite, which can send no token.
func TestOfficialSuite(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs on Node")
	}
	settings := server.NewRemoteSettings(func(string) string { return "" })
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	settings.Flags(flags)
	// All tools that there are, though none can act for anybody.
	if err := flags.Parse([]string{"--without-authorization", "--todo-url", "http://localhost:1", "--aic-url", "http://localhost:1"}); err != nil {
		t.Fatal(err)
	}
	config, err := settings.Config()
	if err != nil {
		t.Fatal(err)
	}
	address := startInstance(t, config).URL + "/mcp"
	known := map[string]bool{}
	for _, suite := range suites {
		run := func(arguments ...string) *exec.Cmd {
			return node.Command(t.Context(), t, oldestNode, mcpClients, suite.script, arguments...)
		}
		listed := listScenarios(t, run("list", "--server"))
		for name := range listed {
			known[name] = true
			if _, ok := scenarios[name]; !ok {
				t.Errorf("suite %s has a scenario that is not in the table: %s", suite.name, name)
			}
		}
		for _, version := range suite.versions {
			t.Run(suite.name+"/"+version, func(t *testing.T) {
				folder := t.TempDir()
				// It fails with the scenarios that are left out: what counts is in the folder.
				output, _ := run("server", "--url", address, "--suite", "all", "--spec-version", version, "--output-dir", folder).CombinedOutput()
				results := readResults(t, folder)
				if len(results) == 0 {
					t.Fatalf("no results:\n%s", output)
				}
				for name, versions := range listed {
					if slices.Contains(versions, version) {
						checkScenario(t, version, name, results[name])
					}
				}
			})
		}
	}
	for name := range scenarios {
		if !known[name] {
			t.Errorf("no suite has the scenario %s", name)
		}
	}
}

// scenarioLine is one of the suite's list: a name, and versions.
var scenarioLine = regexp.MustCompile(`(?m)^\s+- (\S+) \[(.*)\]$`)

// listScenarios returns the versions that each scenario is for.
func listScenarios(t *testing.T, list *exec.Cmd) map[string][]string {
	t.Helper()
	list.Stderr = io.Discard
	output, err := list.Output()
	listed := map[string][]string{}
	for _, line := range scenarioLine.FindAllStringSubmatch(string(output), -1) {
		listed[line[1]] = strings.Split(line[2], ",")
	}
	if err != nil || len(listed) == 0 {
		t.Fatalf("the scenarios: %v\n%s", err, output)
	}
	return listed
}

// outcome is that of one check.
type outcome struct {
	ID          string `json:"id"`
	Description string `json:"description"`
	Status      string `json:"status"`
	Error       string `json:"errorMessage"`
}

// passed also tells of those that only note something.
func (v outcome) passed() bool { return v.Status == "SUCCESS" || v.Status == "INFO" }

// resultFolder is named by scenario and time.
var resultFolder = regexp.MustCompile(`^server-(.+)-\d{4}-\d\d-\d\dT`)

// readResults returns the checks of each scenario.
func readResults(t *testing.T, folder string) map[string][]outcome {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*", "checks.json"))
	if err != nil {
		t.Fatal(err)
	}
	results := map[string][]outcome{}
	for _, file := range files {
		name := resultFolder.FindStringSubmatch(filepath.Base(filepath.Dir(file)))
		text, err := os.ReadFile(file)
		var checks []outcome
		if err == nil {
			err = json.Unmarshal(text, &checks)
		}
		if name == nil || err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		results[name[1]] = checks
	}
	return results
}

// validMessages is the check of all messages in a scenario, whatever it is about.
const validMessages = "wire-schema-valid"

// checkScenario fails the test if a check of a scenario failed that counts, or if one
// passed that is left out.
func checkScenario(t *testing.T, version, name string, checks []outcome) {
	t.Helper()
	if len(checks) == 0 {
		t.Errorf("%s: no check was made", name)
	}
	for _, left := range scenarios[name] {
		if left.version != "" && left.version != version {
			continue
		}
		if slices.ContainsFunc(checks, func(v outcome) bool { return v.ID == validMessages && !v.passed() }) {
			t.Errorf("%s: a message of the server is not as its schema says", name)
		}
		passed := !slices.ContainsFunc(checks, func(v outcome) bool { return !v.passed() })
		if left.checks == nil {
			if passed && slices.ContainsFunc(checks, func(v outcome) bool { return v.Status == "SUCCESS" }) {
				t.Errorf("%s passes, and need not be left out", name)
			}
			return
		}
		for _, id := range left.checks {
			if slices.ContainsFunc(checks, func(v outcome) bool { return v.ID == id && v.Status == "SUCCESS" }) {
				t.Errorf("%s passes %s, which need not be left out", name, id)
			}
		}
		checks = slices.DeleteFunc(checks, func(v outcome) bool { return slices.Contains(left.checks, v.ID) })
	}
	if !slices.ContainsFunc(checks, func(v outcome) bool { return v.Status == "SUCCESS" }) {
		t.Errorf("%s: nothing succeeded", name)
	}
	for _, v := range checks {
		if !v.passed() {
			t.Errorf("%s: %s: %s: %s (%s)", name, v.Status, v.ID, v.Error, v.Description)
		}
	}
}
