package server

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"aicmcp/server/todo"
	"aicmcp/server/tool"
)

// tables are what documents have between the markers of these names.
func tables() map[string]string {
	return map[string]string{
		"tools":           toolTable(rows(Tools())),
		"remote-tools":    toolTable(rows(selfTools()), rows(todo.Tools())),
		"remote-settings": settingsTable(remoteOptions()),
	}
}

// UpdateDocs puts the tables between their markers in a Markdown document.
func UpdateDocs(doc string) (string, error) {
	for name, table := range tables() {
		begin, end := "<!-- "+name+":begin -->", "<!-- "+name+":end -->"
		before, rest, begins := strings.Cut(doc, begin)
		_, after, ends := strings.Cut(rest, end)
		if !begins || !ends {
			return "", fmt.Errorf("the document lacks the lines %s and %s", begin, end)
		}
		doc = before + begin + "\n" + table + end + after
	}
	return doc, nil
}

func toolTable(areas ...[]string) string {
	return "| Tool | What it does | Parameters (optional in italics) | Effect | Scopes |\n|---|---|---|---|---|\n" +
		strings.Join(slices.Concat(areas...), "")
}

func rows[C any](tools []tool.Tool[C]) []string {
	var rows []string
	for _, t := range tools {
		schema, _ := t.Declaration.InputSchema.(*jsonschema.Schema)
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s | %s | %s |\n", t.Name, t.Description, parameters(schema), t.Effect, listed(names(t.Scopes))))
	}
	return rows
}

func parameters(s *jsonschema.Schema) string {
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

func listed(names []string) string {
	if len(names) == 0 {
		return "–"
	}
	return "`" + strings.Join(names, "`, `") + "`"
}

func settingsTable[C any](options []option[C]) string {
	var b strings.Builder
	b.WriteString("| Flag | Variable | What it sets | Default |\n|---|---|---|---|\n")
	for _, o := range options {
		flag, env := "–", "–"
		if o.flag != "" {
			flag = "`--" + o.flag + "`"
		}
		if o.env != "" {
			env = "`" + o.env + "`"
		}
		help := strings.ReplaceAll(o.help, "`", "")
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", flag, env, strings.ToUpper(help[:1])+help[1:], o.fallback)
	}
	return b.String()
}
