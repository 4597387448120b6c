package journeys

import (
	"context"
	"net/http"
	"sync"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type detailsInput struct {
	Realm string   `json:"realm"`
	Types []string `json:"nodeTypes"`
}

type detailsOutput struct {
	Types map[string]*detail `json:"nodeTypes"`
}

type detail struct {
	Schema   any       `json:"schema,omitempty"`
	Template any       `json:"template,omitempty" jsonschema:"default configuration"`
	Outcomes []any     `json:"outcomes,omitempty" jsonschema:"of a node with that configuration"`
	Errors   []problem `json:"errors,omitempty" jsonschema:"why something is missing"`
}

var details = tool.Define(tool.Spec{
	Name:        "getNodeTypeDetails",
	Title:       "Get Node Type Details",
	Description: "The schema, default configuration and outcomes of node types. Outcomes can depend on the configuration: see getDynamicNodeOutcomes.",
	Scopes:      scopes,
	Effect:      tool.ReadOnly,
	Params:      tool.Params{"realm": realmRules, "nodeTypes": tool.Rules(tool.Items(1, 20), tool.Each(typeRules...))},
	Less:        "Call again with fewer types.",
}, func(ctx context.Context, c *aic.Client, in detailsInput) (detailsOutput, error) {
	out := detailsOutput{Types: map[string]*detail{}}
	var mu sync.Mutex
	all := together()
	for _, t := range in.Types {
		if out.Types[t] != nil {
			continue
		}
		d := &detail{}
		out.Types[t] = d
		for _, ask := range []func() (func(), error){
			func() (func(), error) {
				schema, err := c.NodeSchema(ctx, in.Realm, t, "")
				return func() { d.Schema = brief(schema) }, err
			},
			func() (func(), error) {
				template, err := c.NodeTemplate(ctx, in.Realm, t, "")
				return func() { d.Template = template }, err
			},
			func() (func(), error) {
				outcomes, err := c.NodeOutcomes(ctx, in.Realm, t, "", aic.Object{})
				return func() { d.Outcomes = outcomes }, err
			},
		} {
			all.Go(func() error {
				set, err := ask()
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					set()
					return nil
				}
				return d.failed(err)
			})
		}
	}
	return out, all.Wait()
})

// failed notes what went wrong with a type, the same once.
func (d *detail) failed(err error) error {
	p, err := problemOf(err)
	if err != nil {
		return err
	}
	if p.Status == http.StatusNotFound {
		p.Message = "there is no such node type: listNodeTypes lists those that there are"
	}
	for _, known := range d.Errors {
		if known == *p {
			return nil
		}
	}
	d.Errors = append(d.Errors, *p)
	return nil
}
