// Package scripts holds the tools for the scripts of journeys and other parts of
// AM.
package scripts

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"time"
	"unicode/utf8"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

// Tools lists the tools of this area.
func Tools() []tool.Tool[*aic.Client] {
	return []tool.Tool[*aic.Client]{list, get, create, update, remove, bindings}
}

var (
	realmRules = tool.Rules(tool.Enum("alpha", "bravo"))
	idRules    = tool.Rules(tool.Pattern(`^[A-Za-z0-9-]{1,100}$`, "must be the ID of a script, a UUID: find it with listScripts"))
	nameRules  = tool.Rules(tool.Pattern(`\S`, "must not be blank"), tool.Length(1, 200))
)

const (
	// decisionContext is the context of the scripts of scripted decision
	// nodes; scripts with nextGen as their evaluator have other bindings.
	decisionContext = "AUTHENTICATION_TREE_DECISION_NODE"
	nextGen         = "2.0"
	javaScript      = "JAVASCRIPT"
)

// about is a script without its source.
type about struct {
	ID               string `json:"id"`
	Name             string `json:"name"`
	Description      string `json:"description,omitempty"`
	Context          string `json:"context"`
	Language         string `json:"language"`
	EvaluatorVersion string `json:"evaluatorVersion,omitempty" jsonschema:"2.0 is next-generation, 1.0 legacy"`
	Default          bool   `json:"default,omitempty" jsonschema:"came with the tenant"`
}

func aboutFrom(doc aic.Object) about {
	return about{
		ID:               aic.String(doc, "_id"),
		Name:             aic.String(doc, "name"),
		Description:      known(doc, "description"),
		Context:          aic.String(doc, "context"),
		Language:         aic.String(doc, "language"),
		EvaluatorVersion: aic.String(doc, "evaluatorVersion"),
		Default:          doc["default"] == true,
	}
}

// known is a text that may be missing, for which a tenant writes "null" too.
func known(doc aic.Object, name string) string {
	if s := aic.String(doc, name); s != "null" {
		return s
	}
	return ""
}

// date is a time in milliseconds, 0 if unknown, for people.
func date(doc aic.Object, name string) string {
	n, _ := doc[name].(json.Number)
	ms, err := n.Int64()
	if err != nil || ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).UTC().Format(time.RFC3339)
}

func encode(source string) string { return base64.StdEncoding.EncodeToString([]byte(source)) }

// decode returns a script's source, or its base64 with a note.
func decode(encoded string) (source, note string) {
	data, err := base64.StdEncoding.DecodeString(encoded)
	switch {
	case err != nil:
		return encoded, "The tenant's answer is not base64; this is what it holds."
	case !utf8.Valid(data):
		return encoded, "The source is not text: this is its base64."
	}
	return string(data), ""
}

// explain adds to a tenant's error what a caller of these tools should know.
func explain(err error) error {
	var e *rest.Error
	if !errors.As(err, &e) || e.Unknown {
		return err
	}
	switch e.Status {
	case http.StatusNotFound:
		return tool.WithHint(err, "scriptId", "Call listScripts, with context ALL, for the scripts that this realm has.")
	case http.StatusForbidden:
		return tool.WithHint(err, "", "Either the account that is logged in may not do this, or the script is one of the tenant's own, which nobody can open.")
	}
	return err
}

// explainWrite is explain for a write of a script with the name; an empty one is
// left as it was.
func explainWrite(ctx context.Context, c *aic.Client, err error, realm, name string) error {
	var e *rest.Error
	switch {
	case !errors.As(err, &e):
		return err
	case e.Unknown:
		return tool.WithHint(err, "", "It is not known whether the script was written: look with listScripts and getAMScript before trying again.")
	case e.Status == http.StatusConflict:
		return clash(ctx, c, err, realm, name)
	case e.Status == http.StatusBadRequest:
		return tool.WithHint(err, "", "The tenant does not take this name, description or script. Nothing was changed.")
	}
	return explain(err)
}

// clash names the script that has the name already.
func clash(ctx context.Context, c *aic.Client, err error, realm, name string) error {
	const free = "Names of scripts are unique in a realm, whatever their context. "
	var other aic.Object
	if page, queryErr := c.QueryScripts(ctx, realm, "name eq "+aic.Literal(name), "_id,name,context"); queryErr == nil {
		if found, _ := page["result"].([]any); len(found) == 1 {
			other, _ = found[0].(map[string]any)
		}
	}
	if other == nil {
		return tool.WithHint(err, "name", "%sChoose another name, or change the script that has it with updateScript: listScripts, with context ALL, finds it. Nothing was changed.", free)
	}
	return tool.WithHint(err, "name", "%sThe script with the ID %s, of the context %s, has it: change that one with updateScript, or choose another name. Nothing was changed.",
		free, tool.Quote(aic.String(other, "_id")), tool.Quote(aic.String(other, "context")))
}
