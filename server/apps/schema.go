package apps

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"aicmcp/server/aic"
	"aicmcp/server/tool"
)

type schemaInput struct {
	Realm    string   `json:"realm"`
	Summary  *bool    `json:"summary,omitempty" jsonschema:"false for the full schema"`
	Sections []string `json:"sections,omitempty" jsonschema:"only these of the client; default all"`
	Defaults bool     `json:"includeDefaults,omitempty" jsonschema:"adds the default values"`
}

type schemaOutput struct {
	Client      aic.Object `json:"oauth2Client" jsonschema:"fields by section"`
	Application aic.Object `json:"managedApplication" jsonschema:"fields of the managed object"`
	Required    []string   `json:"requiredOfApplication"`
	Defaults    aic.Object `json:"defaults,omitempty"`
}

var schema = tool.Define(tool.Spec{
	Name:        "getOidcAppSchema",
	Title:       "Get OIDC App Schema",
	Description: "The fields of an OIDC application with types and allowed values. Call it before createOidcApp and updateOidcApp.",
	Scopes:      scopes,
	Effect:      tool.ReadOnly,
	Params: tool.Params{
		"realm":    realmRules,
		"summary":  tool.Rules(tool.Default("true")),
		"sections": tool.Rules(tool.Items(1, len(sections)), tool.Each(tool.Enum(sections...))),
	},
	Less: "Call again with sections, one or a few at a time.",
}, func(ctx context.Context, c *aic.Client, in schemaInput) (schemaOutput, error) {
	var ofClient, ofApplication, template aic.Object
	all, asked := errgroup.WithContext(ctx)
	all.Go(func() (err error) {
		ofClient, err = c.OAuthClientSchema(asked, in.Realm)
		return err
	})
	all.Go(func() (err error) {
		ofApplication, err = c.ManagedSchema(asked, typeOf(in.Realm))
		return err
	})
	if in.Defaults {
		all.Go(func() (err error) {
			template, err = c.OAuthClientDefaults(asked, in.Realm)
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return schemaOutput{}, err
	}
	return in.answer(ofClient, ofApplication, template)
})

func (in schemaInput) answer(ofClient, ofApplication, template aic.Object) (schemaOutput, error) {
	known, ok := ofClient["properties"].(map[string]any)
	if !ok {
		return schemaOutput{}, tool.Unusable("the tenant's answer is no schema: it has no properties")
	}
	whole := in.Summary != nil && !*in.Summary
	out := schemaOutput{Client: aic.Object{}, Application: described(ofApplication, whole), Required: stringsOf(ofApplication["required"])}
	for name, section := range known {
		if in.wants(name) {
			out.Client[name] = described(section, whole)
		}
	}
	if in.Defaults {
		out.Defaults = aic.Object{}
		for name, section := range clientFrom(template).Values {
			if in.wants(name) {
				out.Defaults[name] = section
			}
		}
	}
	return out, nil
}

func (in schemaInput) wants(section string) bool {
	return !strings.HasPrefix(section, "_") && (len(in.Sections) == 0 || slices.Contains(in.Sections, section))
}

// described lists the fields of a schema, whole or in short.
func described(v any, whole bool) aic.Object {
	o, _ := v.(map[string]any)
	fields, _ := o["properties"].(map[string]any)
	out := aic.Object{}
	for name, v := range fields {
		field, _ := v.(map[string]any)
		if out[name] = v; !whole {
			out[name] = inShort(field)
		}
	}
	return out
}

// inShort is a field's title, type and values. What AM wraps is described
// unwrapped.
func inShort(field aic.Object) aic.Object {
	value := field
	if properties, _ := field["properties"].(map[string]any); properties["inherited"] != nil {
		value, _ = properties["value"].(map[string]any)
	}
	out := aic.Object{}
	set := func(name string, v any) {
		if v != nil {
			out[name] = v
		}
	}
	set("type", value["type"])
	set("title", field["title"])
	set("values", value["enum"])
	if items, _ := value["items"].(map[string]any); items != nil {
		set("values", items["enum"])
		set("elements", items["type"])
	}
	return out
}

func stringsOf(v any) []string {
	out := []string{}
	elements, _ := v.([]any)
	for _, e := range elements {
		if s, ok := e.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
