// Package themes holds the tools for the themes of a realm's hosted pages.
package themes

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
	"aicmcp/server/tool"
)

// Tools lists the tools of this area.
func Tools() []tool.Tool[*aic.Client] {
	return []tool.Tool[*aic.Client]{schema, list, get, create, update, remove, makeDefault}
}

var (
	realmRules      = tool.Rules(tool.Enum("alpha", "bravo"))
	identifierRules = tool.Rules(tool.Pattern(`\S`, "must not be blank"))
)

// written is what a write of a theme returns.
type written struct {
	ID    string     `json:"id"`
	Theme aic.Object `json:"theme"`
	outcome
}

// find returns where the theme stands that has the identifier for its ID or
// else for its name.
func find(themes []any, identifier string) (int, error) {
	i := slices.IndexFunc(themes, func(e any) bool { return aic.String(e, "_id") == identifier })
	if i >= 0 {
		return i, nil
	}
	var ids []string
	for at, e := range themes {
		if aic.String(e, "name") == identifier {
			i, ids = at, append(ids, tool.Quote(aic.String(e, "_id")))
		}
	}
	switch len(ids) {
	case 0:
		return -1, &tool.Failure{
			Reason: "Not Found", Message: "the realm has no theme with that ID or name", Parameter: "themeIdentifier",
			Hint: "Call getThemes for those that it has; capitals count in names.",
		}
	case 1:
		return i, nil
	}
	slices.Sort(ids)
	return -1, &tool.Failure{
		Reason: "Conflict", Message: "more than one theme has that name: " + strings.Join(ids, ", "), Parameter: "themeIdentifier",
		Hint: "Name the one that you mean by its ID.",
	}
}

// nameFree makes sure that no theme but the one at position except has the name.
// Tools take an ID as well as a name, so that it must not be an ID either.
func nameFree(themes []any, name, parameter string, except int) error {
	for i, e := range themes {
		if i != except && (aic.String(e, "name") == name || aic.String(e, "_id") == name) {
			return &tool.Failure{
				Reason: "Conflict", Message: "another theme of the realm has that name or ID: " + tool.Quote(aic.String(e, "_id")), Parameter: parameter + ".name",
				Hint: "Choose another name, or change that theme with updateTheme. Nothing was changed.",
			}
		}
	}
	return nil
}

// defaults lists the IDs of the themes that are marked as the realm's default.
func defaults(themes []any) []any {
	ids := []any{}
	for _, e := range themes {
		if t, _ := e.(map[string]any); t["isDefault"] == true {
			ids = append(ids, aic.String(t, "_id"))
		}
	}
	return ids
}

// byID returns a theme, nil if there is none.
func byID(themes []any, id string) any {
	i := slices.IndexFunc(themes, func(e any) bool { return aic.String(e, "_id") == id })
	if i < 0 {
		return nil
	}
	return themes[i]
}

// setDefault makes the theme at position i the realm's only default.
func setDefault(themes []any, i int) {
	for at, e := range themes {
		if t, ok := e.(map[string]any); ok && (at == i || t["isDefault"] == true) {
			t["isDefault"] = at == i
		}
	}
}

// repair leaves the realm one default: the first of several or, if there is
// none, the first theme. A realm without themes stays without.
func repair(themes []any) {
	first := slices.IndexFunc(themes, func(e any) bool { t, _ := e.(map[string]any); return t["isDefault"] == true })
	if first < 0 {
		first = slices.IndexFunc(themes, func(e any) bool { _, ok := e.(map[string]any); return ok })
	}
	setDefault(themes, first)
}

// outcome is what a write tells beside what was asked for.
type outcome struct {
	Repaired string `json:"repaired,omitempty" jsonschema:"what was wrong with the realm's default, and no longer is"`
	Warning  string `json:"warning,omitempty" jsonschema:"what to check, when the tenant was slow"`
}

const lateWarning = "The tenant took so long that a change which somebody else made to themes at the same time may be undone: compare the other themes of both realms, by getThemes and getTheme, with what they should be."

// target is what a theme shall have afterwards. Others may change the rest of it
// at the same time.
type target struct {
	id     string
	fields aic.Object // nil if the theme shall be gone
}

func (want target) in(themes []any) bool {
	theme, there := byID(themes, want.id).(map[string]any)
	if !there || want.fields == nil {
		return !there && want.fields == nil
	}
	for name, value := range want.fields {
		if !aic.Equal(theme[name], value) {
			return false
		}
	}
	return true
}

// change edits the themes of a realm, in what concerns one: edit returns all
// and what becomes of that one. The realm has exactly one default afterwards.
func change(ctx context.Context, c *aic.Client, realm string, edit func(themes []any) (after []any, want target, err error)) (outcome, error) {
	var out outcome
	changed, err := c.ChangeConfig(ctx, aic.ThemeConfig, func(doc aic.Object) (aic.ConfigEdit, error) {
		themes, err := of(doc, realm)
		if err != nil {
			return aic.ConfigEdit{}, err
		}
		n, before := len(themes), defaults(themes)
		themes, want, err := edit(themes)
		if err != nil {
			return aic.ConfigEdit{}, err
		}
		repair(themes)
		after := defaults(themes)
		out = outcome{}
		switch {
		case n == 0 || len(after) == 0:
		case len(before) == 0:
			out.Repaired = "the realm had no default theme"
		case len(before) > 1:
			out.Repaired = fmt.Sprintf("the realm had %d default themes", len(before))
		}
		if out.Repaired != "" {
			out.Repaired += "; now it is the one with the ID " + tool.Quote(fmt.Sprint(after[0]))
		}
		realms, _ := doc["realm"].(map[string]any)
		if realms == nil {
			realms = map[string]any{}
			doc["realm"] = realms
		}
		realms[realm] = themes
		return aic.ConfigEdit{Document: doc, Shows: func(doc aic.Object) bool {
			now, err := of(doc, realm)
			return err == nil && want.in(now) && (aic.Equal(before, after) || len(defaults(now)) == len(after))
		}}, nil
	})
	if changed.Late {
		out.Warning = lateWarning
	}
	return out, explain(err)
}

// of returns the themes of a realm in the document of all themes. A realm that
// never had any is missing there.
func of(doc aic.Object, realm string) ([]any, error) {
	realms, ok := doc["realm"].(map[string]any)
	if !ok && doc["realm"] != nil {
		return nil, tool.Unusable("the tenant's document of themes does not list them by realm")
	}
	switch themes := realms[realm].(type) {
	case nil:
		return nil, nil
	case []any:
		return themes, nil
	}
	return nil, tool.WithHint(tool.Unusable("the realm's themes are not a list, but in an older form"), "",
		"Open and save the hosted pages in the admin console, which brings them into the current form.")
}

// explain adds to an error what a caller of these tools should know.
func explain(err error) error {
	var e *rest.Error
	switch {
	case errors.Is(err, aic.ErrOverwritten):
		return tool.WithHint(err, "", "Read the themes with getThemes and getTheme, compare, and repeat what is missing; ask whether somebody else is changing themes at the moment.")
	case !errors.As(err, &e):
		return err
	case e.Unknown:
		return tool.WithHint(err, "", "It is not known whether the change took effect: look with getThemes and getTheme before trying again.")
	case e.Status == http.StatusNotFound:
		return tool.WithHint(err, "", "The tenant has no themes, or not this API: open the hosted pages once in the admin console.")
	}
	return err
}
