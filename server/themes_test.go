package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"aicmcp/mockaic"
)

const (
	themesPath = "/openidm/ui/theme/"
	realmPath  = "/openidm/config/ui/themerealm"
)

// themesOf reads the stored themes of a realm by their names.
func (v *visitedTenant) themesOf(realm string) map[string]map[string]any {
	v.t.Helper()
	out := map[string]map[string]any{}
	list, _ := at(v.configuration("ui/themerealm", nil), "realm", realm).([]any)
	for _, e := range list {
		theme := e.(map[string]any)
		out[theme["name"].(string)] = theme
	}
	return out
}

// setThemes replaces the stored themes of a realm, as somebody else.
func (v *visitedTenant) setThemes(realm string, themes ...any) {
	v.t.Helper()
	doc := v.configuration("ui/themerealm", nil)
	doc["realm"].(map[string]any)[realm] = themes
	v.configuration("ui/themerealm", doc)
}

func TestThemesAreListedAndRead(t *testing.T) {
	v := visit(t)
	v.must("queryManagedObjects", demoUser)
	n := len(v.Requests())
	list := v.must("getThemes", map[string]any{"realm": "alpha"})
	if list["resultCount"] != 2.0 || strings.Contains(fmt.Sprint(list), "Color") {
		t.Errorf("themes %v", list)
	}
	for _, e := range list["themes"].([]any) {
		if at(e, "_id") == nil || at(e, "name") == nil || at(e, "isDefault") == nil || at(e, "linkedTrees") == nil {
			t.Errorf("theme %v", e)
		}
	}
	id := v.themesOf("alpha")["Contrast"]["_id"].(string)
	for _, identifier := range []string{id, "Contrast"} {
		theme := v.must("getTheme", map[string]any{"realm": "alpha", "themeIdentifier": identifier})
		if at(theme, "theme", "_id") != id || at(theme, "theme", "primaryColor") != "#000000" {
			t.Errorf("%s is %v", identifier, theme)
		}
	}
	v.expect(n, "GET "+themesPath+" 200", "GET "+realmPath+" 200", "GET "+themesPath+" 200", "GET "+themesPath+" 200")
	coloured := v.must("getThemes", map[string]any{"realm": "bravo", "fields": "name, primaryColor"})
	if first := coloured["themes"].([]any)[0]; at(first, "primaryColor") == nil || at(first, "linkedTrees") != nil {
		t.Errorf("themes %v", coloured)
	}
	for _, identifier := range []string{"contrast", id[:8], `Contrast" or true or name eq "`} {
		v.refused("getTheme", map[string]any{"realm": "alpha", "themeIdentifier": identifier}, "Not Found", "getThemes")
	}
	v.refused("getTheme", map[string]any{"realm": "alpha", "themeIdentifier": " "}, "must not be blank")
	v.refused("getThemes", map[string]any{"realm": "root"}, "realm must be one of alpha, bravo")
}

func TestAThemeIsMadeChangedAndDeleted(t *testing.T) {
	v := visit(t)
	v.must("queryManagedObjects", demoUser)
	n := len(v.Requests())
	created := v.must("createTheme", map[string]any{"realm": "alpha", "themeData": map[string]any{
		"name": "Harbour", "primaryColor": "#00aaff", "buttonRounded": 12, "logoHeight": "60", "journeyCardShadow": "7",
		"linkedTrees": []any{"Login"}, "favicon": map[string]any{"en": "https://example.com/en.ico", "fr-CA": ""},
		"accountPageSections": map[string]any{"accountSecurity": map[string]any{"enabled": true, "subsections": map[string]any{"password": map[string]any{"enabled": true}}}},
	}})
	v.expect(n, "GET "+realmPath+" 200", "PUT "+realmPath+" 200", "GET "+realmPath+" 200", "GET "+realmPath+" 200")
	if put := v.Requests()[n+1]; created["transactionId"] != put.TransactionID {
		t.Errorf("transaction %v, not that of the write, %s", created["transactionId"], put.TransactionID)
	}
	stored := v.themesOf("alpha")["Harbour"]
	id := created["id"]
	if stored["_id"] != id || stored["isDefault"] != false || stored["primaryColor"] != "#00aaff" || stored["journeyLayout"] != "card" ||
		stored["buttonRounded"] != "12" || stored["journeyCardShadow"] != 7.0 || fmt.Sprint(stored["linkedTrees"]) != "[Login]" {
		t.Errorf("stored %v", stored)
	}
	if fmt.Sprint(created["theme"]) != fmt.Sprint(stored) {
		t.Errorf("created %v, stored %v", created["theme"], stored)
	}
	v.refused("createTheme", map[string]any{"realm": "alpha", "themeData": map[string]any{"name": "Harbour"}}, "another theme", fmt.Sprint(id))
	// The other realm has names of its own.
	v.must("createTheme", map[string]any{"realm": "bravo", "themeData": map[string]any{"name": "Harbour"}})

	n = len(v.Requests())
	updated := v.must("updateTheme", map[string]any{"realm": "alpha", "themeIdentifier": "Harbour", "themeUpdates": map[string]any{"name": "Port", "textColor": "#102030"}})
	v.expect(n, "GET "+realmPath+" 200", "PUT "+realmPath+" 200", "GET "+realmPath+" 200", "GET "+realmPath+" 200")
	stored = v.themesOf("alpha")["Port"]
	if updated["id"] != id || stored["_id"] != id || stored["textColor"] != "#102030" || stored["primaryColor"] != "#00aaff" {
		t.Errorf("updated %v, stored %v", updated, stored)
	}
	n = len(v.Requests())
	v.must("updateTheme", map[string]any{"realm": "alpha", "themeIdentifier": "Port", "themeUpdates": map[string]any{"name": "Port"}})
	v.expect(n, "GET "+realmPath+" 200")
	v.refused("updateTheme", map[string]any{"realm": "alpha", "themeIdentifier": "Port", "themeUpdates": map[string]any{"name": "Contrast"}}, "another theme")
	v.refused("updateTheme", map[string]any{"realm": "alpha", "themeIdentifier": "Nope", "themeUpdates": map[string]any{"name": "x"}}, "Not Found")

	deleted := v.must("deleteTheme", map[string]any{"realm": "alpha", "themeIdentifier": id})
	if deleted["deletedId"] != id || at(deleted, "theme", "name") != "Port" || len(v.themesOf("alpha")) != 2 || len(v.themesOf("bravo")) != 3 {
		t.Errorf("deleted %v", deleted)
	}
	v.refused("deleteTheme", map[string]any{"realm": "alpha", "themeIdentifier": id}, "Not Found")
}

func TestARealmHasOneDefaultTheme(t *testing.T) {
	v := visit(t)
	v.must("queryManagedObjects", demoUser)
	starter, contrast := v.themesOf("alpha")["Starter Theme"], v.themesOf("alpha")["Contrast"]
	v.refused("deleteTheme", map[string]any{"realm": "alpha", "themeIdentifier": "Starter Theme"}, "default", "setDefaultTheme")
	set := v.must("setDefaultTheme", map[string]any{"realm": "alpha", "themeIdentifier": "Contrast"})
	if set["id"] != contrast["_id"] || set["name"] != "Contrast" || fmt.Sprint(set["before"]) != fmt.Sprint([]any{starter["_id"]}) || set["repaired"] != nil {
		t.Errorf("set %v", set)
	}
	if themes := v.themesOf("alpha"); themes["Contrast"]["isDefault"] != true || themes["Starter Theme"]["isDefault"] != false {
		t.Errorf("themes %v", themes)
	}
	n := len(v.Requests())
	v.must("setDefaultTheme", map[string]any{"realm": "alpha", "themeIdentifier": "Contrast"})
	v.expect(n, "GET "+realmPath+" 200")

	for want, defaults := range map[string][2]bool{"had no default": {false, false}, "had 2 default": {true, true}} {
		starter["isDefault"], contrast["isDefault"] = defaults[0], defaults[1]
		v.setThemes("alpha", starter, contrast)
		set := v.must("setDefaultTheme", map[string]any{"realm": "alpha", "themeIdentifier": starter["_id"]})
		if !strings.Contains(fmt.Sprint(set["repaired"]), want) {
			t.Errorf("set %v", set)
		}
		if themes := v.themesOf("alpha"); themes["Contrast"]["isDefault"] != false || themes["Starter Theme"]["isDefault"] != true {
			t.Errorf("themes %v", themes)
		}
	}

	v.setThemes("alpha")
	for i, name := range []string{"First", "Second"} {
		created := v.must("createTheme", map[string]any{"realm": "alpha", "themeData": map[string]any{"name": name}})
		if at(created, "theme", "isDefault") != (i == 0) {
			t.Errorf("%s: %v", name, created)
		}
	}
}

// Whatever is written to a realm that has no default, or several, leaves it one.
func TestAWriteRepairsTheDefault(t *testing.T) {
	v := visit(t)
	v.must("queryManagedObjects", demoUser)
	for _, tc := range []struct {
		defaults, tool, arguments, want, repaired string
	}{
		{"", "createTheme", `{"themeData":{"name":"D"}}`, "D", "had no default"},
		{"", "updateTheme", `{"themeIdentifier":"b","themeUpdates":{"logo":""}}`, "A", "had no default"},
		{"", "deleteTheme", `{"themeIdentifier":"a"}`, "B", "had no default"},
		{"BC", "createTheme", `{"themeData":{"name":"D"}}`, "B", "had 2 default"},
		{"BC", "updateTheme", `{"themeIdentifier":"c","themeUpdates":{"logo":""}}`, "B", "had 2 default"},
		{"BC", "deleteTheme", `{"themeIdentifier":"b"}`, "C", "had 2 default"},
		{"ABC", "deleteTheme", `{"themeIdentifier":"c"}`, "A", "had 3 default"},
		{"ABC", "setDefaultTheme", `{"themeIdentifier":"c"}`, "C", "had 3 default"},
		{"B", "updateTheme", `{"themeIdentifier":"c","themeUpdates":{"logo":""}}`, "B", ""},
	} {
		var themes []any
		for _, name := range []string{"A", "B", "C"} {
			themes = append(themes, map[string]any{"_id": strings.ToLower(name), "name": name, "isDefault": strings.Contains(tc.defaults, name)})
		}
		v.setThemes("alpha", themes...)
		arguments := object(t, tc.arguments)
		arguments["realm"] = "alpha"
		answer := v.must(tc.tool, arguments)
		if repaired, _ := answer["repaired"].(string); (repaired != "") != (tc.repaired != "") || !strings.Contains(repaired, tc.repaired) {
			t.Errorf("%s of %s: %q", tc.tool, tc.defaults, repaired)
		}
		var now []string
		for name, theme := range v.themesOf("alpha") {
			if theme["isDefault"] == true {
				now = append(now, name)
			}
		}
		if strings.Join(now, "") != tc.want {
			t.Errorf("%s of %s: the defaults are %v", tc.tool, tc.defaults, now)
		}
	}
	v.setThemes("alpha", object(t, `{"_id":"a","name":"A"}`))
	if answer := v.must("deleteTheme", map[string]any{"realm": "alpha", "themeIdentifier": "A"}); answer["repaired"] != nil || len(v.themesOf("alpha")) != 0 {
		t.Errorf("deleted %v", answer)
	}
}

func TestANameThatTwoThemesShareIsRefused(t *testing.T) {
	v := visit(t)
	v.must("queryManagedObjects", demoUser)
	v.setThemes("alpha", object(t, `{"_id":"one","name":"Twin","isDefault":true}`), object(t, `{"_id":"two","name":"Twin"}`), object(t, `{"_id":"Twin-3","name":"one"}`))
	for tool, more := range map[string]map[string]any{
		"getTheme": {}, "deleteTheme": {}, "setDefaultTheme": {}, "updateTheme": {"themeUpdates": map[string]any{"logo": ""}},
	} {
		arguments := map[string]any{"realm": "alpha", "themeIdentifier": "Twin"}
		for name, value := range more {
			arguments[name] = value
		}
		if failure := v.refused(tool, arguments, `"one", "two"`, "by its ID"); failure["parameter"] != "themeIdentifier" {
			t.Errorf("%s: %v", tool, failure)
		}
	}
	for _, name := range []string{"Twin", "one", "Twin-3"} {
		v.refused("createTheme", map[string]any{"realm": "alpha", "themeData": map[string]any{"name": name}}, "has that name or ID")
	}
	// An ID wins over a name, and a twin can be changed by its own.
	if theme := v.must("getTheme", map[string]any{"realm": "alpha", "themeIdentifier": "one"}); at(theme, "theme", "name") != "Twin" {
		t.Errorf("theme %v", theme)
	}
	v.must("updateTheme", map[string]any{"realm": "alpha", "themeIdentifier": "two", "themeUpdates": map[string]any{"logo": ""}})
}

// What others change at the same time is neither lost nor passed over.
func TestThemesThatOthersChangeAtTheSameTime(t *testing.T) {
	v := visit(t)
	v.must("queryManagedObjects", demoUser)
	harbour := map[string]any{"realm": "alpha", "themeData": map[string]any{"name": "Harbour"}}

	// Between our write and our look they put back what they had read before.
	v.afterwards = func() { v.setThemes("alpha", object(t, `{"_id":"theirs","name":"Theirs","isDefault":true}`)) }
	_, failure := v.call("createTheme", harbour)
	if failure["reason"] != "Collision" || failure["retryable"] != false || !strings.Contains(fmt.Sprint(failure["hint"]), "getThemes") {
		t.Errorf("failure %v", failure)
	}
	// Something else that they add is no collision.
	v.afterwards = func() {
		themes := []any{object(t, `{"_id":"new","name":"New"}`)}
		for _, theme := range v.themesOf("alpha") {
			themes = append(themes, theme)
		}
		v.setThemes("alpha", themes...)
	}
	v.must("createTheme", harbour)
	if len(v.themesOf("alpha")) != 3 {
		t.Errorf("themes %v", v.themesOf("alpha"))
	}
}

// A slow tenant is no reason to fail, but one to look what else was written.
func TestAWriteThatTookLongWarns(t *testing.T) {
	v := visit(t)
	v.must("queryManagedObjects", demoUser)
	slow := func() { v.advance(3 * time.Second) }
	for _, tc := range []struct {
		tool, arguments, warning string
	}{
		{"createTheme", `{"realm":"alpha","themeData":{"name":"Harbour"}}`, "getThemes"},
		{"updateTheme", `{"realm":"alpha","themeIdentifier":"Harbour","themeUpdates":{"name":"Port"}}`, "getThemes"},
		{"setDefaultTheme", `{"realm":"alpha","themeIdentifier":"Contrast"}`, "getThemes"},
		{"deleteTheme", `{"realm":"alpha","themeIdentifier":"Port"}`, "getThemes"},
		{"createManagedObjectDefinition", `{"objectName":"badge","objectDefinition":` + badge + `}`, ""},
		{"patchManagedObjectDefinition", `{"objectName":"badge","operations":[{"operation":"remove","field":"/schema/title"}]}`, ""},
		{"deleteManagedObjectDefinition", `{"objectName":"badge"}`, "getManagedObjectSchema"},
	} {
		v.meanwhile = slow
		warning, _ := v.must(tc.tool, object(t, tc.arguments))["warning"].(string)
		if (warning != "") != (tc.warning != "") || !strings.Contains(warning, tc.warning) {
			t.Errorf("%s: warning %q", tc.tool, warning)
		}
	}
}

func TestManyThemesMadeAtOnceAreAllThere(t *testing.T) {
	v := visit(t)
	v.must("queryManagedObjects", demoUser)
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			v.must("createTheme", map[string]any{"realm": "bravo", "themeData": map[string]any{"name": fmt.Sprint("Theme ", i)}})
		})
	}
	wg.Wait()
	if n := len(v.themesOf("bravo")); n != 14 {
		t.Errorf("%d themes", n)
	}
}

func TestFailuresOfThemesSayWhatIsKnown(t *testing.T) {
	v := visit(t)
	v.must("queryManagedObjects", demoUser)
	harbour := map[string]any{"realm": "alpha", "themeData": map[string]any{"name": "Harbour"}}
	for _, status := range []int{400, 403, 404, 500} {
		v.Inject(mockaic.Fault{Method: "PUT", Path: realmPath, Status: status})
		_, failure := v.call("createTheme", harbour)
		if failure["status"] != float64(status) || strings.Contains(fmt.Sprint(failure["hint"]), "not known whether") != (status == 500) {
			t.Errorf("%d: failure %v", status, failure)
		}
		v.Inject(mockaic.Fault{Method: "GET", Path: themesPath, Status: status})
		_, failure = v.call("getThemes", map[string]any{"realm": "alpha"})
		if failure["status"] != float64(status) || (status == 400) != (failure["parameter"] == "fields") {
			t.Errorf("%d: failure %v", status, failure)
		}
	}
	// A write that cannot be looked at may have been made all the same.
	v.afterwards = func() { v.Inject(mockaic.Fault{Method: "GET", Path: realmPath, Status: 403, Times: 2}) }
	_, failure := v.call("createTheme", map[string]any{"realm": "bravo", "themeData": map[string]any{"name": "Unseen"}})
	if !strings.Contains(fmt.Sprint(failure["message"]), "could not be looked at") || failure["status"] != nil || !strings.Contains(fmt.Sprint(failure["hint"]), "not known whether") {
		t.Errorf("failure %v", failure)
	}
	// A write whose answer is lost shows in the document.
	n := len(v.Requests())
	v.loseOne("PUT")
	created := v.must("createTheme", harbour)
	v.expect(n, "GET "+realmPath+" 200", "PUT "+realmPath+" 200", "GET "+realmPath+" 200", "GET "+realmPath+" 200")
	if v.themesOf("alpha")["Harbour"]["_id"] != created["id"] {
		t.Errorf("created %v", created)
	}
}

// What no tenant answers.
func TestOddAnswersAboutThemes(t *testing.T) {
	for name, tc := range map[string]struct {
		tool, arguments, body, want string
	}{
		"no list":          {"getThemes", `{"realm":"alpha"}`, `{}`, "no list of themes"},
		"a list of others": {"getTheme", `{"realm":"alpha","themeIdentifier":"x"}`, `{"result":[1]}`, "no list of themes"},
		"broken JSON":      {"getThemes", `{"realm":"alpha"}`, `{"result":[`, "not a JSON object"},
		"an older form":    {"deleteTheme", `{"realm":"alpha","themeIdentifier":"x"}`, `{"realm":{"alpha":{"backgroundColor":"#fff"}}}`, "older form"},
		"odd realms":       {"createTheme", `{"realm":"alpha","themeData":{"name":"x"}}`, `{"realm":[]}`, "does not list them by realm"},
		"no realms":        {"deleteTheme", `{"realm":"alpha","themeIdentifier":"x"}`, `{"_id":"ui/themerealm"}`, "no theme with that ID"},
	} {
		t.Run(name, func(t *testing.T) {
			mock := httpmock.NewMockTransport()
			for _, path := range []string{themesPath, realmPath} {
				mock.RegisterResponder(http.MethodGet, "http://tenant.example"+path, httpmock.NewStringResponder(200, tc.body))
			}
			session := serve(t, "http://tenant.example", &http.Client{Transport: mock})
			result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: tc.tool, Arguments: json.RawMessage(tc.arguments)})
			if err != nil {
				t.Fatal(err)
			}
			if text := result.Content[0].(*mcp.TextContent).Text; !result.IsError || !strings.Contains(text, tc.want) {
				t.Errorf("result %s", text)
			}
		})
	}
}

func TestThemeToolsBoundTheirAnswers(t *testing.T) {
	v := visit(t)
	v.must("queryManagedObjects", demoUser)
	big := object(t, `{"_id":"big","name":"Big","isDefault":true}`)
	big["journeyHeader"] = strings.Repeat("x", 100<<10)
	v.setThemes("alpha", big)
	theme := v.must("getTheme", map[string]any{"realm": "alpha", "themeIdentifier": "Big"})
	if !strings.Contains(fmt.Sprint(theme["notice"]), "too long") {
		t.Errorf("notice %v", theme["notice"])
	}
}
