// Package esv holds the tools for environment secrets and variables.
package esv

import (
	"errors"
	"net/http"
	"strings"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

// Tools lists the tools of this area.
func Tools() []tool.Tool[*aic.Client] {
	return []tool.Tool[*aic.Client]{query, get, set, remove}
}

var idRules = tool.Rules(tool.Pattern(`^esv-[a-z0-9_-]{1,124}$`, "must be esv- and up to 124 lowercase letters, digits, _ and -"))

// about is a variable without its value.
type about struct {
	ID              string `json:"id"`
	Type            string `json:"expressionType"`
	Description     string `json:"description,omitempty"`
	Loaded          bool   `json:"loaded" jsonschema:"false until a restart"`
	LastChangeDate  string `json:"lastChangeDate,omitempty"`
	LastChangedBy   string `json:"lastChangedBy,omitempty"`
	InScripts       string `json:"inScripts" jsonschema:"its name in scripts"`
	InConfiguration string `json:"inConfiguration" jsonschema:"its placeholder"`
}

func aboutFrom(id string, doc aic.Object) about {
	return about{
		ID:              id,
		Type:            aic.String(doc, "expressionType"),
		Description:     aic.String(doc, "description"),
		Loaded:          doc["loaded"] == true,
		LastChangeDate:  aic.String(doc, "lastChangeDate"),
		LastChangedBy:   aic.String(doc, "lastChangedBy"),
		InScripts:       scriptName(id),
		InConfiguration: placeholder(id),
	}
}

type variable struct {
	about
	Value any    `json:"value" jsonschema:"decoded, as its type has it"`
	Note  string `json:"note,omitempty"`
}

func variableFrom(id string, doc aic.Object) variable {
	v := variable{about: aboutFrom(id, doc)}
	v.Value, v.Note = decode(v.Type, aic.String(doc, "valueBase64"))
	return v
}

func scriptName(id string) string { return strings.ReplaceAll(id, "-", ".") }

func placeholder(id string) string { return "&{" + scriptName(id) + "}" }

// explain adds to a tenant's error what a caller of these tools should know.
func explain(err error) error {
	var e *rest.Error
	if errors.As(err, &e) && !e.Unknown && e.Status == http.StatusNotFound {
		return tool.WithHint(err, "variableId", "Call queryESVs for the variables that this tenant has; a secret is no variable.")
	}
	return err
}
