package conformance

import (
	"encoding/json"
	"encoding/xml"
	"slices"
	"strings"
	"testing"
	"time"
)

func someResults() []Result {
	return []Result{
		{ID: "a/good", Title: "good", Level: Must, Ref: "ref", Outcome: Pass, Duration: time.Second},
		{ID: "a/bad", Title: "bad", Level: Must, Ref: "ref", Outcome: Fail, Failures: []Failure{{"status", "200", "500 <x>"}}},
		{ID: "a/soft", Title: "soft", Level: Should, Ref: "ref", Outcome: Warn, Failures: []Failure{{"header", "x", "y"}}},
		{ID: "a/skipped", Title: "skipped", Level: Must, Ref: "ref", Outcome: Skip, Reason: "read-only"},
		{ID: "a/broken", Title: "broken", Level: Must, Ref: "ref", Outcome: Error, Reason: "no answer"},
	}
}

func casesOf(results []Result) []Case {
	var cases []Case
	for _, r := range results {
		cases = append(cases, Case{ID: r.ID})
	}
	return cases
}

func TestReadBaseline(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "",
		"# a remark\n\n":           "",
		"a/bad # not built yet\n":  "",
		"a/bad":                    "no reason",
		"a/bad #":                  "no reason",
		"a/bad # x\na/bad # x":     "twice",
		"bad # x":                  "not the address",
		"a/bad a/good # x":         "not the address",
		"\xef\xbb\xbfa/bad # mark": "not the address",
	} {
		_, err := ReadBaseline(strings.NewReader(text))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestBaselineApply(t *testing.T) {
	for text, want := range map[string][]string{
		"a/bad # x\na/soft # x":       nil,
		"a/good # x":                  {"line 1: a/good passes, so it is no known failure any more"},
		"# x\na/renamed # x":          {"line 2: there is no case a/renamed"},
		"a/skipped # x\na/broken # x": nil,
	} {
		baseline, err := ReadBaseline(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		results := someResults()
		if got := baseline.Apply(casesOf(results), results); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
		for _, r := range results {
			if known := strings.Contains(text, r.ID) && (r.Outcome == Fail || r.Outcome == Warn); r.Known != known {
				t.Errorf("%q: %s is known: %t", text, r.ID, r.Known)
			}
		}
	}
	// A case that was not run says nothing about its entry.
	baseline, err := ReadBaseline(strings.NewReader("a/good # x"))
	if err != nil {
		t.Fatal(err)
	}
	if got := baseline.Apply(casesOf(someResults()), nil); got != nil {
		t.Errorf("got %q", got)
	}
}

func TestReportVerdict(t *testing.T) {
	results := someResults()
	all := NewReport("x", results, nil)
	if !all.Failed() || !all.Broken() {
		t.Error("a failure or an error is overlooked")
	}
	results[1].Known = true
	known := NewReport("x", results[:4], nil)
	if known.Failed() || known.Broken() {
		t.Error("a known failure, a warning or a skip fails the run")
	}
	if !NewReport("x", nil, []string{"line 1: wrong"}).Failed() {
		t.Error("a wrong baseline does not fail the run")
	}
}

func TestReportText(t *testing.T) {
	var b strings.Builder
	if err := NewReport("http://t", someResults(), []string{"line 1: wrong"}).WriteText(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"pass   a/good  (1s)\n", "fail   a/bad", "- status: expected 200, got 500 <x>\n", "skip   a/skipped", "       read-only\n",
		"baseline, line 1: wrong\n", "http://t: 5 cases: 1 pass, 1 fail, 1 warn, 0 known, 1 skip, 1 error\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, b.String())
		}
	}
}

func TestReportTextOfOneCase(t *testing.T) {
	var b strings.Builder
	if err := NewReport("http://t", someResults()[:1], nil).WriteText(&b); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "http://t: 1 case: 1 pass") {
		t.Errorf("got %s", b.String())
	}
}

func TestReportJSON(t *testing.T) {
	var b strings.Builder
	if err := NewReport("http://t", someResults(), nil).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var doc any
	if err := json.Unmarshal([]byte(b.String()), &doc); err != nil {
		t.Fatal(err)
	}
	if At(doc, "counts", "fail") != 1.0 || At(doc, "counts", "known") != 0.0 || Text(doc, "results", 1, "level") != "must" || Text(doc, "results", 1, "failures", 0, "actual") != "500 <x>" {
		t.Errorf("got %s", b.String())
	}
}

func TestReportJUnit(t *testing.T) {
	var b strings.Builder
	if err := NewReport("http://t", someResults(), []string{"line 1: wrong"}).WriteJUnit(&b); err != nil {
		t.Fatal(err)
	}
	var suite junitSuite
	if err := xml.Unmarshal([]byte(b.String()), &suite); err != nil {
		t.Fatal(err)
	}
	if suite.Tests != 6 || suite.Failures != 2 || suite.Errors != 1 || suite.Skipped != 1 || suite.Cases[1].Failure == nil {
		t.Errorf("got %s", b.String())
	}
}
