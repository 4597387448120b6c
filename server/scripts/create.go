package scripts

import (
	"context"

	"github.com/google/uuid"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type createInput struct {
	Realm       string `json:"realm"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Script      string `json:"script" jsonschema:"JavaScript source"`
}

// written is what a write of a script returns.
type written struct {
	about
	Warnings []string `json:"warnings,omitempty" jsonschema:"what AM's Rhino engine is known to refuse or to do otherwise"`
}

var create = tool.Define(tool.Spec{
	Name:        "createScript",
	Title:       "Create AM Script",
	Description: "Create a next-generation script for scripted decision nodes. It is checked for syntax. Call getScriptedDecisionNodeBindings first.",
	Scopes:      []tool.Scope{aic.AM},
	Effect:      tool.Additive,
	Params:      tool.Params{"realm": realmRules, "name": nameRules, "script": tool.Rules(tool.Length(1, maxSource))},
	Less:        "The script was created; read it with getAMScript.",
}, func(ctx context.Context, c *aic.Client, in createInput) (written, error) {
	warnings, err := check(in.Script, decisionContext, nextGen)
	if err != nil {
		return written{}, err
	}
	doc, err := c.CreateScript(ctx, in.Realm, uuid.NewString(), aic.Object{
		"name":             in.Name,
		"description":      in.Description,
		"script":           encode(in.Script),
		"language":         javaScript,
		"context":          decisionContext,
		"evaluatorVersion": nextGen,
	})
	if err != nil {
		return written{}, explainWrite(ctx, c, err, in.Realm, in.Name)
	}
	return written{aboutFrom(doc), warnings}, nil
})
