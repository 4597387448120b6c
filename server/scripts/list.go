package scripts

import (
	"cmp"
	"context"
	"slices"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type listInput struct {
	Realm   string `json:"realm"`
	Context string `json:"context,omitempty" jsonschema:"ALL for scripts of all contexts"`
}

type listOutput struct {
	Scripts []about `json:"scripts"`
	Count   int     `json:"resultCount"`
}

const everyContext = "ALL"

var list = tool.Define(tool.Spec{
	Name:        "listScripts",
	Title:       "List AM Scripts",
	Description: "List a realm's scripts, those of scripted decision nodes unless context says otherwise. getAMScript reads a source.",
	Scopes:      []tool.Scope{aic.AM},
	Effect:      tool.ReadOnly,
	Params: tool.Params{
		"realm":   realmRules,
		"context": tool.Rules(tool.Pattern(`^[A-Z0-9_]+$`, "must be the name of a context, in capitals, or ALL"), tool.Default(`"`+decisionContext+`"`)),
	},
	Count: "resultCount",
	Less:  "Call again with the context of the scripts that you need.",
}, func(ctx context.Context, c *aic.Client, in listInput) (listOutput, error) {
	filter := "context eq " + aic.Literal(cmp.Or(in.Context, decisionContext))
	if in.Context == everyContext {
		filter = "true"
	}
	page, err := c.QueryScripts(ctx, in.Realm, filter, "_id,name,description,context,language,evaluatorVersion,default")
	if err != nil {
		return listOutput{}, err
	}
	result, ok := page["result"].([]any)
	if !ok {
		return listOutput{}, tool.Unusable("the tenant's answer to the query has no list of results")
	}
	out := listOutput{Scripts: make([]about, 0, len(result)), Count: len(result)}
	for _, e := range result {
		doc, ok := e.(map[string]any)
		if !ok {
			return listOutput{}, tool.Unusable("the tenant's answer to the query lists something that is no object")
		}
		out.Scripts = append(out.Scripts, aboutFrom(doc))
	}
	slices.SortFunc(out.Scripts, func(a, b about) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return out, nil
})
