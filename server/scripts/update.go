package scripts

import (
	"context"
	"maps"
	"strings"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type updateInput struct {
	Realm       string  `json:"realm"`
	ID          string  `json:"scriptId"`
	Name        string  `json:"name,omitempty"`
	Description *string `json:"description,omitempty"`
	Script      string  `json:"script,omitempty" jsonschema:"the whole new source"`
}

var update = tool.Define(tool.Spec{
	Name:        "updateScript",
	Title:       "Update AM Script",
	Description: "Change a script's name, description or source; what is left out stays. JavaScript is checked for syntax.",
	Scopes:      []tool.Scope{aic.AM},
	Effect:      tool.Idempotent,
	Params: tool.Params{
		"realm": realmRules, "scriptId": idRules, "name": nameRules,
		"script": tool.Rules(tool.Length(1, maxSource)),
	},
	Less: "The script was changed; read it with getAMScript.",
}, func(ctx context.Context, c *aic.Client, in updateInput) (written, error) {
	if in.Name == "" && in.Description == nil && in.Script == "" {
		return written{}, tool.Invalid("script", "is required unless name or description is given", "Name what shall change. Nothing was sent to the tenant.")
	}
	var warnings []string
	name := in.Name
	doc, err := c.ChangeScript(ctx, in.Realm, in.ID, func(now aic.Object) (aic.Object, error) {
		if name == "" {
			name = aic.String(now, "name")
		}
		if in.Script != "" && strings.EqualFold(aic.String(now, "language"), javaScript) {
			var err error
			if warnings, err = check(in.Script, aic.String(now, "context"), aic.String(now, "evaluatorVersion")); err != nil {
				return nil, err
			}
		}
		return in.applied(now), nil
	})
	if err != nil {
		return written{}, explainWrite(ctx, c, err, in.Realm, name)
	}
	return written{aboutFrom(doc), warnings}, nil
})

// applied is the script with the changes.
func (in updateInput) applied(now aic.Object) aic.Object {
	body := maps.Clone(now)
	delete(body, "_rev")
	if in.Name != "" {
		body["name"] = in.Name
	}
	if in.Description != nil {
		body["description"] = *in.Description
	}
	if in.Script != "" {
		body["script"] = encode(in.Script)
	}
	return body
}
