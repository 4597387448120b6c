package scripts

import (
	"context"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type getInput struct {
	Realm string `json:"realm"`
	ID    string `json:"scriptId"`
}

type getOutput struct {
	about
	CreatedBy        string `json:"createdBy,omitempty"`
	CreationDate     string `json:"creationDate,omitempty"`
	LastModifiedBy   string `json:"lastModifiedBy,omitempty"`
	LastModifiedDate string `json:"lastModifiedDate,omitempty"`
	Script           string `json:"script" jsonschema:"the source"`
	Note             string `json:"note,omitempty"`
}

var get = tool.Define(tool.Spec{
	Name:        "getAMScript",
	Title:       "Get AM Script",
	Description: "Read a script, its source decoded. Find IDs with listScripts.",
	Scopes:      []tool.Scope{aic.AM},
	Effect:      tool.ReadOnly,
	Params:      tool.Params{"realm": realmRules, "scriptId": idRules},
	Less:        "There is no way to read a part of a script.",
}, func(ctx context.Context, c *aic.Client, in getInput) (getOutput, error) {
	doc, err := c.ReadScript(ctx, in.Realm, in.ID)
	if err != nil {
		return getOutput{}, explain(err)
	}
	out := getOutput{
		about:            aboutFrom(doc),
		CreatedBy:        known(doc, "createdBy"),
		CreationDate:     date(doc, "creationDate"),
		LastModifiedBy:   known(doc, "lastModifiedBy"),
		LastModifiedDate: date(doc, "lastModifiedDate"),
	}
	out.Script, out.Note = decode(aic.String(doc, "script"))
	return out, nil
})
