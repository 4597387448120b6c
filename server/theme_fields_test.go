package server_test

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestWrongFieldsOfThemesSendNothing(t *testing.T) {
	v := visit(t)
	for _, tc := range []struct{ field, value, want string }{
		{"_id", `"x"`, "themeUpdates._id is chosen by this server"},
		{"isDefault", `true`, "setDefaultTheme"},
		{"name", `" "`, "must be a name"},
		{"name", `7`, "must be a name"},
		{"name", `" x"`, "no blanks at its ends"},
		{"name", `"x\n"`, "no blanks at its ends"},
		{"name", `"x\u0000y"`, "characters that do not show"},
		{"name", `"x\u202ey"`, "characters that do not show"},
		{"name", `"<b>"`, "must be a name"},
		{"name", `"x\\y"`, "must be a name"},
		{"name", `"` + strings.Repeat("ä", 101) + `"`, "at most 100 characters"},
		{"logoAltText", `"` + strings.Repeat("x", 1001) + `"`, "at most 1000 characters"},
		{"logoAltText", `{"en":"` + strings.Repeat("x", 1001) + `"}`, "at most 1000 characters, in every locale"},
		{"journeyHeader", `"` + strings.Repeat("x", 200_001) + `"`, "at most 200000 characters"},
		{"linkedTrees", `["` + strings.Repeat("x", 101) + `"]`, "at most 100 characters"},
		{"primaryColor", `"#fff"`, "must be a colour"},
		{"primaryColor", `"#ffffffff"`, "must be a colour"},
		{"primaryColor", `"red"`, "must be a colour"},
		{"primaryColor", `"#12345"`, "must be a colour"},
		{"primaryColor", `"#123456;}"`, "must be a colour"},
		{"primaryColor", `null`, "must be a colour"},
		{"journeyLayout", `"middle"`, "must be one of card, justified-left, justified-right"},
		{"journeySignInButtonPosition", `true`, "must be one of flex-column"},
		{"buttonRounded", `101`, "must be a whole number from 0 to 100"},
		{"buttonRounded", `-1`, "must be a whole number"},
		{"buttonRounded", `"5px"`, "must be a whole number"},
		{"buttonRounded", `5.5`, "must be a whole number"},
		{"buttonRounded", `1e400`, "must be a whole number"},
		{"buttonRounded", `"1e1"`, "must be a whole number"},
		{"buttonRounded", `"0x10"`, "must be a whole number"},
		{"logoHeight", `"0"`, "must be a whole number from 1 to 1000"},
		{"journeyCardShadow", `true`, "must be a whole number"},
		{"boldLinks", `"yes"`, "must be true or false"},
		{"logo", `"javascript:alert(1)"`, "must be an http or https URL"},
		{"logo", `"data:text/html,x"`, "must be an http or https URL"},
		{"logo", `"data:image/"`, "must be an http or https URL"},
		{"logo", `"data:image/png;base64,"`, "must be an http or https URL"},
		{"logo", `"data:image/svg+xml,<svg/>"`, "must be an http or https URL"},
		{"logo", `"https://example.com/a b"`, "must be an http or https URL"},
		{"logo", `"https://example.com/\u00a0"`, "must be an http or https URL"},
		{"logo", `"https://example.com/'"`, "must be an http or https URL"},
		{"logo", `"https://example.com/\\"`, "must be an http or https URL"},
		{"logo", `"https://exam\u202eple.com/"`, "must be an http or https URL"},
		{"logo", `"https://user:password@example.com/"`, "must be an http or https URL"},
		{"logo", `"https://:443/"`, "must be an http or https URL"},
		{"logo", `"https://example.com/` + strings.Repeat("x", 2000) + `"`, "at most 2000 characters"},
		{"logo", `"data:image/png;base64,` + strings.Repeat("x", 500_000) + `"`, "at most 500000 characters"},
		{"logo", `{"en":"ftp://x"}`, "in every locale"},
		{"logo", `{"../x":""}`, "locales such as en"},
		{"logo", `{}`, "at least one locale"},
		{"backgroundImage", `{"en":""}`, "must be an http or https URL"},
		{"journeyHeader", `["x"]`, "must be a string"},
		{"linkedTrees", `"Login"`, "must be an array"},
		{"linkedTrees", `["Login",""]`, "must be an array"},
		{"accountPageSections", `{"nonsense":{"enabled":true}}`, "must map sections"},
		{"accountPageSections", `{"social":{"enabled":"yes"}}`, "must map sections"},
		{"accountPageSections", `{"social":{"enabled":true,"subsections":{"x":{"enabled":true}}}}`, "must map sections"},
		{"accountPageSections", `{"social":{"enabled":true,"x":1}}`, "must map sections"},
	} {
		value := json.RawMessage(tc.value)
		v.refused("updateTheme", map[string]any{"realm": "alpha", "themeIdentifier": "x", "themeUpdates": map[string]any{tc.field: value}}, tc.want)
		if tc.field != "name" {
			v.refused("createTheme", map[string]any{"realm": "alpha", "themeData": map[string]any{"name": "x", tc.field: value}}, strings.ReplaceAll(tc.want, "themeUpdates", "themeData"))
		}
	}
	v.refused("createTheme", map[string]any{"realm": "alpha", "themeData": map[string]any{}}, "themeData.name is required")
	for field, want := range map[string]string{"primaryColour": "perhaps primaryColor is meant", "nonsense\n": `"nonsense\n" is not a field`} {
		v.refused("createTheme", map[string]any{"realm": "alpha", "themeData": map[string]any{"name": "x", field: "x"}}, want)
	}
	v.refused("updateTheme", map[string]any{"realm": "alpha", "themeIdentifier": "x", "themeUpdates": map[string]any{}}, "no field to change")
	if len(v.Requests()) != 0 {
		t.Errorf("the tenant was asked %v", v.asked(0))
	}
}

// Tenants have fields that this server does not know.
func TestFieldsThatOnlyTheThemeHas(t *testing.T) {
	v := visit(t)
	v.must("queryManagedObjects", demoUser)
	v.setThemes("alpha", object(t, `{"_id":"a","name":"A","isDefault":true,"new":"x","list":[1],"none":null}`))
	update := func(field string, value any) map[string]any {
		return map[string]any{"realm": "alpha", "themeIdentifier": "a", "themeUpdates": map[string]any{field: value}}
	}
	v.must("updateTheme", update("new", "y"))
	if theme := v.themesOf("alpha")["A"]; theme["new"] != "y" {
		t.Errorf("theme %v", theme)
	}
	v.refused("updateTheme", update("new", 1), "must be a string, as it is in this theme")
	v.refused("updateTheme", update("list", map[string]any{}), "must be an array")
	v.refused("updateTheme", update("new", strings.Repeat("x", 200_001)), "too long")
	v.refused("updateTheme", update("primaryColour", "x"), "neither a field in getThemeSchema nor one that this theme has", "perhaps primaryColor is meant")
}

// A number may be written in more ways than one, and is stored in one.
func TestNumbersOfThemes(t *testing.T) {
	v := visit(t)
	v.must("queryManagedObjects", demoUser)
	for _, number := range []string{`7`, `"7"`, `"007"`, `7.0`, `7e0`} {
		v.must("updateTheme", map[string]any{"realm": "alpha", "themeIdentifier": "Contrast", "themeUpdates": map[string]any{
			"journeyCardShadow": json.RawMessage(number), "buttonRounded": json.RawMessage(number),
		}})
		if theme := v.themesOf("alpha")["Contrast"]; theme["journeyCardShadow"] != 7.0 || theme["buttonRounded"] != "7" {
			t.Errorf("%s: %v and %v", number, theme["journeyCardShadow"], theme["buttonRounded"])
		}
		v.must("updateTheme", map[string]any{"realm": "alpha", "themeIdentifier": "Contrast", "themeUpdates": map[string]any{"journeyCardShadow": 1, "buttonRounded": 1}})
	}
}

// The schema says what the check does: its defaults pass, and make a theme.
func TestTheThemeSchema(t *testing.T) {
	v := visit(t)
	schema := v.must("getThemeSchema", nil)
	values := map[string]any{"name": "All defaults"}
	groups := map[string]bool{}
	known := map[string]bool{}
	for _, e := range schema["fields"].([]any) {
		f := e.(map[string]any)
		name, group := f["name"].(string), f["group"].(string)
		if known[name] || f["description"] == "" || at(schema, "kinds", f["kind"].(string)) == nil {
			t.Errorf("field %v", f)
		}
		known[name], groups[group] = true, true
		if f["default"] != nil {
			values[name] = f["default"]
		}
	}
	if len(v.Requests()) != 0 {
		t.Error("the tenant was asked for the schema")
	}
	v.must("createTheme", map[string]any{"realm": "alpha", "themeData": values})
	for _, theme := range v.themesOf("alpha") {
		for name := range theme {
			if name != "_id" && name != "isDefault" && !known[name] {
				t.Errorf("the schema lacks %s", name)
			}
		}
	}
	n := 0
	for group := range groups {
		part := v.must("getThemeSchema", map[string]any{"group": group})
		n += len(part["fields"].([]any))
	}
	if n != len(known) {
		t.Errorf("%d fields in the groups, %d in all", n, len(known))
	}
}
