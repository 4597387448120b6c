package cases

import (
	"net/http"
	"slices"

	c "aicmcp/conformance"
)

var toolsAndThemes = []c.Feature{c.Tools, c.Themes}

// themeTools are the cases about the tools for themes.
var themeTools = []c.Case{
	{
		ID:    "tools/themes/schema",
		Title: "getThemeSchema describes every field that a new theme has, or those of one group",
		Level: c.Must, Needs: toolsAndThemes, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			made := themeByTool(t, "alpha", object{"name": t.Fresh("theme")})
			t.Succeeded(made)
			theme := named(t, themesOf(t, "alpha"), c.Text(made.Body, "theme", "name"))
			all := t.Call("getThemeSchema", nil)
			t.Succeeded(all)
			fields := c.List(all.Body, "fields")
			var names []any
			for _, field := range fields {
				t.Has("field", field, "name", "kind", "group", "description")
				t.Has("kinds", all.At("kinds"), c.Text(field, "kind"))
				names = append(names, c.At(field, "name"))
			}
			for name := range without(theme, "_id", "isDefault") {
				t.True(name+" is a field", slices.Contains(names, any(name)))
			}
			group := c.Text(fields[len(fields)-1], "group")
			some := t.Call("getThemeSchema", args{"group": group})
			t.Succeeded(some)
			t.True("a group has some of the fields", len(c.List(some.Body, "fields")) > 0 && len(c.List(some.Body, "fields")) < len(fields))
			for _, field := range c.List(some.Body, "fields") {
				t.Equal("group of "+c.Text(field, "name"), group, c.At(field, "group"))
			}
		},
	}, {
		ID:    "tools/themes/list",
		Title: "getThemes lists the themes of a realm as the tenant has them, with the fields that are asked for",
		Level: c.Must, Needs: toolsAndThemes, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			theme := newTheme(t)
			addTheme(t, "alpha", theme)
			answer := t.Call("getThemes", args{"realm": "alpha"})
			t.Succeeded(answer)
			listed := c.List(answer.Body, "themes")
			t.Equal("number of themes", len(t.Get(themeDocument).List("realm", "alpha")), len(listed))
			t.Equal("resultCount", len(listed), answer.At("resultCount"))
			t.Equal("theme", without(theme, "primaryColor", "buttonRounded", "journeyHeaderEnabled"), without(named(t, listed, c.Text(theme, "name")), "_rev"))
			some := t.Call("getThemes", args{"realm": "alpha", "fields": "name,primaryColor"})
			t.Succeeded(some)
			found := named(t, c.List(some.Body, "themes"), c.Text(theme, "name"))
			t.Equal("theme with some fields", object{"name": theme["name"], "primaryColor": "#324054"}, content(found))
		},
	}, {
		ID:    "tools/themes/get",
		Title: "getTheme gives a whole theme by its ID or its name",
		Level: c.Must, Needs: toolsAndThemes, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			theme := newTheme(t)
			addTheme(t, "alpha", theme)
			for _, identifier := range []any{theme["_id"], theme["name"]} {
				answer := t.Call("getTheme", args{"realm": "alpha", "themeIdentifier": identifier})
				t.Succeeded(answer)
				t.Equal("theme", theme, without(answer.At("theme"), "_rev"))
			}
			other := t.Call("getTheme", args{"realm": "bravo", "themeIdentifier": theme["name"]})
			t.Refused(other)
			t.Contains("hint", "getThemes", c.Text(other.Structured, "error", "hint"))
		},
	}, {
		ID:    "tools/themes/create",
		Title: "createTheme adds a theme with defaults beside the others, which stay as they are",
		Level: c.Must, Needs: toolsAndThemes, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			others := themesOf(t, "alpha")
			name := t.Fresh("theme")
			answer := themeByTool(t, "alpha", object{"name": name, "primaryColor": "#123456"})
			t.Succeeded(answer)
			after := themesOf(t, "alpha")
			theme := named(t, after, name)
			t.Equal("ID told", c.At(theme, "_id"), answer.At("id"))
			t.Equal("theme told", theme, answer.At("theme"))
			checkHolds(t, "the theme", object{"primaryColor": "#123456", "isDefault": len(others) == 0, "linkedTrees": []any{}}, theme)
			t.Has("theme", theme, "logo", "backgroundColor", "journeyHeader", "accountFooter")
			t.Equal("the other themes", others, otherThan(after, name))
		},
	}, {
		ID:    "tools/themes/create-refused",
		Title: "a theme of a name that is taken, or with a field that is none or has no such value, is refused",
		Level: c.Must, Needs: toolsAndThemes, Ref: refFaults, Writes: true,
		Run: func(t *c.T) {
			theme := newTheme(t)
			addTheme(t, "alpha", theme)
			before := themesOf(t, "alpha")
			checkConflict(t, themeByTool(t, "alpha", object{"name": theme["name"]}), "themeData.name")
			for field, value := range map[string]any{
				"primaryColor": "blue", "conformance": true, "logo": "javascript:x", "journeyHeaderEnabled": "yes", "isDefault": true, "_id": "x",
			} {
				answer := themeByTool(t, "alpha", object{"name": t.Fresh("theme"), field: value})
				t.Refused(answer)
				t.Contains("text", field, answer.Text)
			}
			t.Refused(themeByTool(t, "alpha", object{"primaryColor": "#123456"}))
			t.Equal("themes", before, themesOf(t, "alpha"))
		},
	}, {
		ID:    "tools/themes/update",
		Title: "updateTheme changes the fields that it is told of one theme, and nothing else",
		Level: c.Must, Needs: toolsAndThemes, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			theme := newTheme(t)
			addTheme(t, "alpha", theme)
			others := otherThan(themesOf(t, "alpha"), c.Text(theme, "name"))
			answer := t.Call("updateTheme", args{"realm": "alpha", "themeIdentifier": theme["name"], "themeUpdates": object{"primaryColor": "#abcdef", "pageTitle": "#000000"}})
			t.Succeeded(answer)
			want := with(with(theme, "primaryColor", "#abcdef"), "pageTitle", "#000000")
			t.Equal("theme told", want, answer.At("theme"))
			after := themesOf(t, "alpha")
			t.Equal("theme", want, named(t, after, c.Text(theme, "name")))
			t.Equal("the other themes", others, otherThan(after, c.Text(theme, "name")))
		},
	}, {
		ID:    "tools/themes/update-refused",
		Title: "an update of the ID, of the default or of a theme that is not there is refused",
		Level: c.Must, Needs: toolsAndThemes, Ref: refBounds, Writes: true,
		Run: func(t *c.T) {
			theme := newTheme(t)
			addTheme(t, "alpha", theme)
			before := themesOf(t, "alpha")
			for field, value := range map[string]any{"_id": "x", "isDefault": true} {
				answer := t.Call("updateTheme", args{"realm": "alpha", "themeIdentifier": theme["_id"], "themeUpdates": object{field: value}})
				t.Refused(answer)
				t.Equal("parameter", "themeUpdates."+field, c.At(answer.Structured, "error", "parameter"))
			}
			missing := t.Call("updateTheme", args{"realm": "alpha", "themeIdentifier": t.Fresh("theme"), "themeUpdates": object{"primaryColor": "#abcdef"}})
			t.Refused(missing)
			t.Contains("hint", "getThemes", c.Text(missing.Structured, "error", "hint"))
			t.Equal("themes", before, themesOf(t, "alpha"))
		},
	}, {
		ID:    "tools/themes/delete",
		Title: "deleteTheme removes one theme and tells what it was",
		Level: c.Must, Needs: toolsAndThemes, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			others := themesOf(t, "alpha")
			theme := newTheme(t)
			addTheme(t, "alpha", theme)
			answer := t.Call("deleteTheme", args{"realm": "alpha", "themeIdentifier": theme["name"]})
			t.Succeeded(answer)
			t.Equal("deletedId", theme["_id"], answer.At("deletedId"))
			t.Equal("theme told", theme, answer.At("theme"))
			t.Equal("themes", others, themesOf(t, "alpha"))
			t.Refused(t.Call("deleteTheme", args{"realm": "alpha", "themeIdentifier": theme["name"]}))
		},
	}, {
		ID:    "tools/themes/default",
		Title: "setDefaultTheme makes a theme its realm's only default, which cannot be deleted then",
		Level: c.Must, Needs: toolsAndThemes, Ref: refTools, Writes: true,
		Run: func(t *c.T) {
			theme := newTheme(t)
			before := keepDefault(t, "alpha")
			addTheme(t, "alpha", theme)
			answer := t.Call("setDefaultTheme", args{"realm": "alpha", "themeIdentifier": theme["name"]})
			t.Succeeded(answer)
			t.Equal("ID told", theme["_id"], answer.At("id"))
			t.Equal("defaults told", before, answer.At("before"))
			t.Equal("defaults", []any{theme["_id"]}, defaultsIn(themesOf(t, "alpha")))
			checkConflict(t, t.Call("deleteTheme", args{"realm": "alpha", "themeIdentifier": theme["_id"]}), "themeIdentifier")
			t.Equal("defaults afterwards", []any{theme["_id"]}, defaultsIn(themesOf(t, "alpha")))
		},
	}, {
		ID:    "tools/themes/realm",
		Title: "a realm that is none is refused",
		Level: c.Must, Needs: toolsAndThemes, Ref: refBounds,
		Run: func(t *c.T) {
			themesOf(t, "alpha")
			for _, realm := range []string{"", "charlie", "/", "alpha&_fields=x", "../alpha"} {
				answer := t.Call("getThemes", args{"realm": realm})
				t.Refused(answer)
				t.Contains("text", "realm", answer.Text)
			}
		},
	},
}

// themeByTool creates a theme through the tool. It is removed in the end.
func themeByTool(t *c.T, realm string, data object) *c.Answer {
	var answer *c.Answer
	t.Cleanup(func() {
		removeThemes(t, func(theme any) bool {
			_, name, fresh := freshName(data)
			return fresh && c.Text(theme, "name") == name || answer != nil && answer.String("id") != "" && c.At(theme, "_id") == answer.At("id")
		})
	})
	answer = t.Call("createTheme", args{"realm": realm, "themeData": data})
	return answer
}

// themesOf lists the themes of a realm.
func themesOf(t *c.T, realm string) []any {
	res := t.Get(themeDocument)
	t.Status(http.StatusOK, res)
	t.Equal("_id", "ui/themerealm", res.At("_id"))
	return append([]any{}, res.List("realm", realm)...)
}

func defaultsIn(themes []any) []any {
	ids := []any{}
	for _, theme := range themes {
		if c.At(theme, "isDefault") == true {
			ids = append(ids, c.At(theme, "_id"))
		}
	}
	return ids
}

// keepDefault lists the default themes of a realm, of which there is one at
// most, and makes them the default again in the end.
func keepDefault(t *c.T, realm string) []any {
	before := defaultsIn(themesOf(t, realm))
	t.Cleanup(func() {
		res := t.Get(themeDocument)
		t.Status(http.StatusOK, res)
		var themes []any
		for _, theme := range res.List("realm", realm) {
			themes = append(themes, with(theme, "isDefault", slices.Contains(before, c.At(theme, "_id"))))
		}
		if !c.Same(themes, res.List("realm", realm)) {
			t.Status(http.StatusOK, t.Put(themeDocument, with(res.Body, "realm", with(res.At("realm"), realm, themes))))
		}
	})
	return before
}
