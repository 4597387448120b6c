package esv

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

type setInput struct {
	ID          string  `json:"variableId"`
	Value       any     `json:"value" jsonschema:"as JSON: 42, true, [\"a\"]; no base64"`
	Type        string  `json:"type,omitempty" jsonschema:"for a new variable; fixed afterwards"`
	Description *string `json:"description,omitempty" jsonschema:"kept if left out"`
}

type setOutput struct {
	about
	Created bool     `json:"created"`
	Note    string   `json:"note"`
	Pending *pending `json:"pending,omitempty" jsonschema:"how many wait for a restart, this one included"`
}

type pending struct {
	Variables int64 `json:"variables"`
	Secrets   int64 `json:"secrets"`
}

var set = tool.Define(tool.Spec{
	Name:        "setVariable",
	Title:       "Set Environment Variable",
	Description: "Create an environment variable or change its value. For passwords and keys, secrets are the place, not variables.",
	Scopes:      []tool.Scope{aic.ESVRead, aic.ESVUpdate},
	Effect:      tool.Idempotent,
	Params: tool.Params{
		"variableId": idRules,
		"type":       tool.Rules(tool.Enum(expressionTypes...)),
	},
	Less: "The variable was set.",
}, func(ctx context.Context, c *aic.Client, in setInput) (setOutput, error) {
	if err := in.check(); err != nil {
		return setOutput{}, err
	}
	var created bool
	doc, err := c.ChangeVariable(ctx, in.ID, func(now aic.Object) (aic.Object, error) {
		created = now == nil
		return in.body(now)
	})
	if err != nil {
		return setOutput{}, explainSet(err)
	}
	out := setOutput{
		about:   aboutFrom(in.ID, doc),
		Created: created,
		Note:    "The value takes effect when the tenant's environment is restarted, which these tools cannot do.",
		Pending: pendingCount(ctx, c),
	}
	if out.Pending == nil {
		out.Note += " The tenant did not tell in time how many variables wait for that."
	}
	return out, nil
})

// check refuses what cannot be right, whatever the tenant has.
func (in setInput) check() error {
	if in.Value == nil {
		return tool.Invalid("value", "must not be null", "To take a variable away, call deleteVariable. Nothing was sent to the tenant.")
	}
	if text, isText := in.Value.(string); isText && len(text) > maxValue {
		return tooLong(len(text))
	}
	if in.Type == "" {
		return nil
	}
	_, err := encode(in.Type, in.Value)
	return err
}

// body is what to send, given the variable as it is.
func (in setInput) body(now aic.Object) (aic.Object, error) {
	kind, description := in.Type, aic.String(now, "description")
	_, isText := in.Value.(string)
	switch stored := aic.String(now, "expressionType"); {
	case now == nil && kind == "" && !isText:
		return nil, tool.Invalid("type", "is required for a new variable whose value is not a string",
			"Name the type: it cannot be changed later. Nothing was changed.")
	case now == nil && kind == "":
		kind = "string"
	case now == nil:
	case kind != "" && kind != stored && (stored != "" || kind != "string"):
		if stored == "" {
			stored = "string"
		}
		return nil, tool.Invalid("type", "is not that of the variable, which is "+tool.Quote(stored)+" and cannot be changed",
			"Leave type out and give a value of that type; or delete the variable with deleteVariable and set it anew. Nothing was changed.")
	default:
		kind = stored
	}
	text, err := encode(kind, in.Value)
	if err != nil {
		return nil, err
	}
	if in.Description != nil {
		description = *in.Description
	}
	body := aic.Object{"valueBase64": base64.StdEncoding.EncodeToString([]byte(text)), "description": description}
	if kind != "" {
		body["expressionType"] = kind
	}
	return body, nil
}

// countTime is how long an answer waits for the count: the variable is set.
const countTime = 3 * time.Second

// pendingCount is nil if the tenant does not tell.
func pendingCount(ctx context.Context, c *aic.Client) *pending {
	ctx, cancel := context.WithTimeout(ctx, countTime)
	defer cancel()
	doc, err := c.CountPending(ctx)
	if err != nil {
		return nil
	}
	variables, err := count(doc, "variables")
	if err != nil {
		return nil
	}
	secrets, err := count(doc, "secrets")
	if err != nil {
		return nil
	}
	return &pending{variables, secrets}
}

func count(doc aic.Object, name string) (int64, error) {
	n, _ := doc[name].(json.Number)
	return n.Int64()
}

func explainSet(err error) error {
	var e *rest.Error
	if errors.As(err, &e) && !e.Unknown && e.Status == http.StatusBadRequest {
		return tool.WithHint(err, "", "The tenant does not take this value, type or description; getVariable shows what it has now, if anything. The variable was not changed.")
	}
	return err
}
