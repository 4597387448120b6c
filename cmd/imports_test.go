package cmd_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "aicmcp"

// may says which packages of this module a package may import, directly or
// through others. A name that ends in /... stands for all packages below it; the
// first rule that fits a package counts.
var may = []struct {
	importer string
	imported []string
}{
	{"server/rest", nil},
	{"server/tool", []string{"server/rest"}},
	{"server/auth", []string{"server/tokenstore"}},
	{"server/aic", []string{"server/rest"}},
	{"server/tokenstore", nil},
	{"server/resource", nil},
	{"server/delegate", nil},
	{"server/telemetry", nil},
	{"server/...", []string{"server/tool", "server/aic", "server/rest"}}, // an area, never another
	{"mockaic/internal/crest", nil},
	{"mockaic/internal/store", nil},
	{"mockaic/internal/script", nil},
	{"mockaic/internal/route", []string{"mockaic/internal/crest", "mockaic/internal/store"}},
	{"mockaic/internal/idm", []string{"mockaic/internal/crest", "mockaic/internal/store", "mockaic/internal/route"}},
	{"mockaic/internal/am/nodetype", []string{"mockaic/internal/crest"}},
	{"mockaic/internal/journey", []string{"mockaic/internal/crest", "mockaic/internal/store", "mockaic/internal/route"}},
	{"mockaic/internal/session", []string{"mockaic/internal/crest", "mockaic/internal/store", "mockaic/internal/route"}},
	{"mockaic/internal/login", []string{"mockaic/internal/journey", "mockaic/internal/session", "mockaic/internal/crest", "mockaic/internal/store", "mockaic/internal/route"}},
	{"mockaic/internal/provider", nil},
	{"mockaic/internal/am", []string{"mockaic/internal/provider", "mockaic/internal/am/nodetype", "mockaic/internal/journey", "mockaic/internal/crest", "mockaic/internal/store", "mockaic/internal/route"}},
	{"mockaic/internal/esv", []string{"mockaic/internal/crest", "mockaic/internal/store", "mockaic/internal/route"}},
	{"mockaic/internal/logs", []string{"mockaic/internal/crest", "mockaic/internal/store", "mockaic/internal/route"}},
	{"mockaic/internal/admin", []string{"mockaic/internal/crest", "mockaic/internal/store", "mockaic/internal/route"}},
	{"mockaic/internal/oauth", []string{"mockaic/internal/provider", "mockaic/internal/journey", "mockaic/internal/session", "mockaic/internal/crest", "mockaic/internal/store", "mockaic/internal/route", "mockaic/internal/script"}},
	{"conformance/cases", []string{"conformance"}},
	{"conformance", nil},
	{"server", []string{"server/..."}},
	{"mockaic", []string{"mockaic/..."}},
	{"cmd/internal/todo", nil},
	{"cmd/...", []string{"server", "server/...", "mockaic", "mockaic/...", "conformance", "conformance/...", "cmd/..."}},
}

func TestPackagesImportOnlyWhatTheyMay(t *testing.T) {
	output, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{if .GoFiles}}{{.ImportPath}} {{join .Deps " "}}{{end}}`, module+"/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	fitting := make([]bool, len(may))
	for line := range strings.Lines(string(output)) {
		names := strings.Fields(line)
		if len(names) == 0 {
			continue // tests only
		}
		importer := strings.TrimPrefix(names[0], module+"/")
		rule := slices.IndexFunc(may, func(r struct {
			importer string
			imported []string
		},
		) bool {
			return fits(r.importer, importer)
		})
		if rule < 0 {
			t.Errorf("%s: no rule says what it may import", importer)
			continue
		}
		fitting[rule] = true
		for _, name := range names[1:] {
			imported, ours := strings.CutPrefix(name, module+"/")
			if !ours {
				if name == "testing" && !strings.HasPrefix(importer, "cmd/internal/") {
					t.Errorf("%s links the package testing", importer)
				}
				continue
			}
			if !slices.ContainsFunc(may[rule].imported, func(pattern string) bool { return fits(pattern, imported) }) {
				t.Errorf("%s must not import %s", importer, imported)
			}
		}
	}
	for i, rule := range may {
		if !fitting[i] {
			t.Errorf("%s: the rule fits no package", rule.importer)
		}
	}
}

func fits(pattern, name string) bool {
	below, tree := strings.CutSuffix(pattern, "/...")
	if tree {
		return strings.HasPrefix(name, below+"/")
	}
	return pattern == name
}
