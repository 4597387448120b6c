package journeys

import (
	"slices"
	"strings"
	"testing"

	"aicmcp/server/aic"
	"aicmcp/server/rest"
)

func decoded(t *testing.T, text string) aic.Object {
	t.Helper()
	var doc aic.Object
	if err := rest.Decode([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

const testSchema = `{"type":"object","required":["must","defaulted"],"properties":{
	"must":{"type":"string"},"defaulted":{"type":"boolean","default":false},
	"count":{"type":"integer"},"ratio":{"type":"number"},"choice":{"type":"string","enum":["a","b"]},
	"list":{"type":"array","items":{"type":"string","enum":["x"]}},
	"texts":{"type":"object","patternProperties":{".*":{"type":"string"}}},
	"section":{"type":"object","required":["inner"],"properties":{"inner":{"type":"boolean"}}},
	"free":{"type":"object"}}}`

func TestConfigurationsAreHeldAgainstSchemas(t *testing.T) {
	schema := decoded(t, testSchema)
	for config, want := range map[string][]string{
		`{"must":"","count":1,"ratio":1,"choice":"a","list":["x"],"texts":{"en":"x"},"section":{"inner":true},"free":{"x":1}}`: nil,
		`{"must":{"$string":"&{esv.x}"},"count":{"$int":"&{esv.n}"},"list":null}`:                                              nil,
		`{}`:            {"config.must is missing"},
		`{"must":null}`: {"config.must is missing"},
		`{"must":"x","count":1.5,"ratio":"1","choice":"c","free":[]}`: {
			`config.choice must be one of "a", "b"`, "config.count must be of the type integer", "config.free must be of the type object", "config.ratio must be of the type number",
		},
		`{"must":"x","count":"&{esv.n}","list":["x","y",1],"texts":{"en":1},"section":{"outer":1}}`: {
			"config.count must be of the type integer", `config.list[1] must be one of "x"`, "config.list[2] must be of the type string",
			`config.section has no attribute "outer": there are "inner"`, "config.section.inner is missing", `config.texts."en" must be of the type string`,
		},
		`{"must":"x","Count":1,"coutn":1,"zzz":1}`: {
			`config has no attribute "Count": perhaps "count" is meant`, `config has no attribute "coutn": there are`, `config has no attribute "zzz": there are`,
		},
	} {
		got := verify(decoded(t, config), schema)
		if !slices.EqualFunc(got, want, strings.HasPrefix) {
			t.Errorf("%s:\n  %s\nwant\n  %s", config, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
		}
	}
	if got := verify(aic.Object{"x": 1}, aic.Object{"type": "object"}); len(got) != 1 || !strings.Contains(got[0], "have none") {
		t.Errorf("without attributes: %q", got)
	}
}

func TestNearestNames(t *testing.T) {
	known := []string{"UsernameCollectorNode", "PasswordCollectorNode", "ValidatedUsernameNode", "PageNode", "retryLimit"}
	for name, want := range map[string]string{
		"UsernameCollector": "UsernameCollectorNode", "username_collector_node": "UsernameCollectorNode", "UsrnameColectorNode": "UsernameCollectorNode",
		"page": "PageNode", "retry-limit": "retryLimit", "x": "", "": "", "Unrelated": "",
	} {
		if got := strings.Join(nearest(name, known), " "); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestSchemasAreShownInShort(t *testing.T) {
	schema := decoded(t, `{"properties":{"a":{"type":"string","enum":["x"],"enumNames":["X"],"options":{"enum_titles":["X"]},"propertyOrder":100,"exampleValue":""},"options":{"type":"array","propertyOrder":1},"propertyOrder":{"type":"string"}}}`)
	data, err := rest.Encode(brief(schema))
	if want := `{"properties":{"a":{"enum":["x"],"type":"string"},"options":{"type":"array"},"propertyOrder":{"type":"string"}}}`; err != nil || string(data) != want {
		t.Errorf("in short %s, %v", data, err)
	}
}
