package cases

import (
	"net/http"
	"slices"

	"github.com/google/uuid"

	c "aicmcp/conformance"
)

const (
	themeDocument = "/openidm/config/ui/themerealm"
	themeService  = "/openidm/ui/theme/"
)

var themesNeeded = []c.Feature{c.Themes}

// theming are the cases about themes. They add themes of their own and take
// them away again; the document of all themes has no revision, so a change
// that somebody else makes in the same moment could be lost.
var theming = []c.Case{
	{
		ID:    "themes/document/shape",
		Title: "config/ui/themerealm has the themes by realm; at most one of a realm is the default",
		Level: c.Must, Needs: themesNeeded, Ref: refThemes,
		Run: func(t *c.T) {
			res := t.Get(themeDocument)
			t.Status(http.StatusOK, res)
			t.Equal("_id", "ui/themerealm", res.At("_id"))
			checkNoRevision(t, res)
			for _, realm := range []string{"alpha", "bravo"} {
				defaults := 0
				for _, theme := range res.List("realm", realm) {
					t.Has("theme", theme, "_id", "name", "isDefault", "linkedTrees")
					if c.At(theme, "isDefault") == true {
						defaults++
					}
				}
				t.True("one theme of "+realm+" is the default, or none", defaults <= 1)
			}
		},
	}, {
		ID:    "themes/document/round-trip",
		Title: "the document is written back as it was read, and is that then",
		Level: c.Must, Needs: themesNeeded, Ref: refThemes, Writes: true,
		Run: func(t *c.T) {
			before := t.Get(themeDocument)
			t.Status(http.StatusOK, before)
			t.Has("themes", before.Body, "realm")
			res := t.Put(themeDocument, before.Body)
			t.Status(http.StatusOK, res)
			t.Equal("document answered", before.Body, res.Body)
			t.Equal("document read", before.Body, t.Get(themeDocument).Body)
		},
	}, {
		ID:    "themes/document/added",
		Title: "a theme that is written with the document is in it, as it was sent, beside the others",
		Level: c.Must, Needs: themesNeeded, Ref: refThemes, Writes: true,
		Run: func(t *c.T) {
			others := t.Get(themeDocument).List("realm", "alpha")
			theme := newTheme(t)
			addTheme(t, "alpha", theme)
			res := t.Get(themeDocument)
			t.Status(http.StatusOK, res)
			t.Equal("themes of alpha", append(slices.Clone(others), theme), res.List("realm", "alpha"))
		},
	}, {
		ID:    "themes/service/list",
		Title: "ui/theme lists the themes of one realm",
		Level: c.Should, Needs: themesNeeded, Ref: refThemeService, Writes: true,
		Run: func(t *c.T) {
			theme := newTheme(t)
			addTheme(t, "alpha", theme)
			for realm, want := range map[string]bool{"alpha": true, "bravo": false} {
				res := t.Get(themeService, c.Query("realm", realm, "_queryFilter", "true"))
				t.Status(http.StatusOK, res)
				t.Has("page", res.Body, "result", "resultCount", "pagedResultsCookie")
				ids := column(res, "_id")
				t.Equal("the theme is in "+realm, want, slices.Contains(ids, theme["_id"]))
				var documented []any
				for _, other := range t.Get(themeDocument).List("realm", realm) {
					documented = append(documented, c.At(other, "_id"))
				}
				t.Equal("IDs of "+realm, sortedTexts(documented), sortedTexts(ids))
			}
		},
	}, {
		ID:    "themes/service/filter",
		Title: "ui/theme finds a theme by its name and by its ID, whole",
		Level: c.Should, Needs: themesNeeded, Ref: refThemeService, Writes: true,
		Run: func(t *c.T) {
			theme := newTheme(t)
			addTheme(t, "alpha", theme)
			addTheme(t, "alpha", newTheme(t))
			for _, field := range []string{"name", "_id"} {
				res := t.Get(themeService, c.Query("realm", "alpha", "_queryFilter", eq(field, theme[field].(string))))
				t.Status(http.StatusOK, res)
				t.Equal("number of themes found by "+field, 1, len(res.List("result")))
				t.Equal("theme", without(theme), without(res.At("result", 0), "_rev"))
			}
		},
	}, {
		ID:    "themes/service/fields",
		Title: "ui/theme limits themes to the fields that are asked for",
		Level: c.Should, Needs: themesNeeded, Ref: refThemeService, Writes: true,
		Run: func(t *c.T) {
			theme := newTheme(t)
			addTheme(t, "alpha", theme)
			res := t.Get(themeService, c.Query("realm", "alpha", "_queryFilter", eq("name", theme["name"].(string)), "_fields", "name,isDefault"))
			t.Status(http.StatusOK, res)
			t.Equal("theme", object{"name": theme["name"], "isDefault": false}, content(res.At("result", 0)))
		},
	}, {
		ID:    "themes/service/removed",
		Title: "a theme that is taken out of the document is gone from ui/theme",
		Level: c.Should, Needs: themesNeeded, Ref: refThemeService, Writes: true,
		Run: func(t *c.T) {
			theme := newTheme(t)
			addTheme(t, "alpha", theme)
			find := c.Query("realm", "alpha", "_queryFilter", eq("_id", theme["_id"].(string)))
			t.Equal("number of themes", 1, len(t.Get(themeService, find).List("result")))
			removeTheme(t, theme["_id"])
			t.Equal("themes", []any{}, t.Get(themeService, find).At("result"))
		},
	},
}

// newTheme is a theme of a fresh name that no journey uses.
func newTheme(t *c.T) object {
	return object{
		"_id": uuid.NewString(), "name": t.Fresh("theme"), "isDefault": false, "linkedTrees": []any{},
		"primaryColor": "#324054", "buttonRounded": "50", "journeyHeaderEnabled": false,
	}
}

// addTheme adds a theme to a realm. It is removed in the end.
func addTheme(t *c.T, realm string, theme object) {
	t.Cleanup(func() { removeTheme(t, theme["_id"]) })
	document := t.Get(themeDocument)
	t.Status(http.StatusOK, document)
	t.Equal("_id", "ui/themerealm", document.At("_id"))
	list := append(slices.Clone(document.List("realm", realm)), theme)
	res := t.Put(themeDocument, with(document.Body, "realm", with(document.At("realm"), realm, list)))
	t.Status(http.StatusOK, res)
	t.Equal("theme answered", theme, c.At(res.List("realm", realm), len(list)-1))
}

// removeTheme takes a theme out of the document, if it is there.
func removeTheme(t *c.T, id any) {
	removeThemes(t, func(theme any) bool { return c.At(theme, "_id") == id })
}

func removeThemes(t *c.T, unwanted func(theme any) bool) {
	document := t.Get(themeDocument)
	if document.Status != http.StatusOK && document.Status != http.StatusNotFound {
		t.Fatalf("themes may be left behind: the document of themes answers %d", document.Status)
	}
	realms, _ := document.At("realm").(object)
	left, found := object{}, false
	for realm := range realms {
		themes := document.List("realm", realm)
		kept := slices.DeleteFunc(slices.Clone(themes), unwanted)
		left[realm], found = kept, found || len(kept) < len(themes)
	}
	if found {
		t.Status(http.StatusOK, t.Put(themeDocument, with(document.Body, "realm", left)))
	}
}
