package server

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"aicmcp/server/aic"
	"aicmcp/server/apps"
	"aicmcp/server/esv"
	"aicmcp/server/features"
	"aicmcp/server/journeys"
	"aicmcp/server/logs"
	"aicmcp/server/managed"
	"aicmcp/server/scripts"
	"aicmcp/server/themes"
	"aicmcp/server/tool"
)

// Tools lists all tools, area by area.
func Tools() []tool.Tool[*aic.Client] {
	return slices.Concat(
		managed.Tools(),
		themes.Tools(),
		journeys.Tools(),
		scripts.Tools(),
		apps.Tools(),
		features.Tools(),
		esv.Tools(),
		logs.Tools(),
	)
}

// Scopes is the sorted union of what all tools need.
func Scopes() []string { return Selection{}.Scopes() }

// The markers between which the README holds Table.
const (
	TableBegin = "<!-- tools:begin -->"
	TableEnd   = "<!-- tools:end -->"
)

// Table is the tools as a Markdown table.
func Table() string {
	var b strings.Builder
	b.WriteString("| Tool | What it does | Parameters (optional in italics) | Effect | Scopes |\n")
	b.WriteString("|---|---|---|---|---|\n")
	for _, t := range Tools() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", t.Name, t.Description, parameters(t), t.Effect, scopes(t))
	}
	return b.String()
}

func parameters(t tool.Tool[*aic.Client]) string {
	s, _ := t.Declaration.InputSchema.(*jsonschema.Schema)
	var names []string
	for _, name := range s.PropertyOrder {
		if slices.Contains(s.Required, name) {
			names = append(names, "`"+name+"`")
		} else {
			names = append(names, "*`"+name+"`*")
		}
	}
	if len(names) == 0 {
		return "–"
	}
	return strings.Join(names, ", ")
}

func scopes(t tool.Tool[*aic.Client]) string {
	var names []string
	for _, s := range t.Scopes {
		names = append(names, "`"+string(s)+"`")
	}
	return strings.Join(names, ", ")
}

// UpdateTable puts Table between the markers of a Markdown document.
func UpdateTable(doc string) (string, error) {
	before, rest, begin := strings.Cut(doc, TableBegin)
	_, after, end := strings.Cut(rest, TableEnd)
	if !begin || !end {
		return "", fmt.Errorf("the document lacks the lines %s and %s", TableBegin, TableEnd)
	}
	return before + TableBegin + "\n" + Table() + TableEnd + after, nil
}
